"""What the answers of an assessment are made of, and a public text in one of its languages."""

from typing import Annotated, Final, Literal

from msgspec import Meta

MAX_CAMERAS: Final = 20_000
Word = Annotated[str, Meta(max_length=200)]
"""A name or one line."""
Prose = Annotated[str, Meta(max_length=20_000)]
"""An answer in a person's own words."""
Identifier = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")
]
Language = Annotated[str, Meta(max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]
"""A language as BCP 47 writes it: `en`, `zh-Hant`, `fr`."""
Text = dict[Language, Prose]
"""A public text by language."""
References = Annotated[tuple[Word, ...], Meta(max_length=MAX_CAMERAS)]
"""Ids of other parts of the same assessment."""

Days = Annotated[int, Meta(ge=1, le=3650)]

Basis = Literal[
    "",
    "public-task",
    "legal-obligation",
    "vital-interests",
    "legitimate-interests",
    "consent",
    "law-enforcement",
    "lawful-function",
]
Capacity = Literal["", "public-authority", "law-enforcement", "private-body", "joint"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Level = Literal["", "low", "medium", "high"]


def say(text: Text, language: str, fallback: str = "en") -> str:
    """`text` in `language`, or the nearest there is; empty if there is none at all."""
    for wanted in (language, language.partition("-")[0], fallback):
        if text.get(wanted):
            return text[wanted]
    return next((said for said in text.values() if said), "")
