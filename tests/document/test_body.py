"""What is wrong with JSON that was sent, in words that no library has."""

import enum
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from plainview.document.body import fault
from plainview.document.plainly import parted


class Kind(enum.StrEnum):
    """Two words."""

    FIRE = "fire"
    WEAPON = "weapon"


class Inner(Struct, frozen=True, forbid_unknown_fields=True):
    """A part."""

    at: tuple[float, float]


class Sent(Struct, frozen=True, forbid_unknown_fields=True):
    """One of each sort."""

    why: Annotated[str, Meta(min_length=1, max_length=5)]
    times: Annotated[int, Meta(ge=0, le=9)] = 0
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{4}\Z")] = "abcd"
    kind: Kind = Kind.FIRE
    level: Literal["alarm", "warning"] = "alarm"
    parts: tuple[Inner, ...] = ()
    sure: bool | None = None
    day: str = ""


def told(body: bytes) -> tuple[str, str, str]:
    """What is wrong with `body`, where, and how to mend it."""
    with pytest.raises(msgspec.DecodeError) as caught:
        msgspec.json.decode(body, type=Sent)
    _, path = parted(str(caught.value))
    what, mend = fault(str(caught.value), kind=Sent)
    return what, path.lstrip("."), mend


SEND = "Send one JSON object, as text in UTF-8"
KNOWN = "What is asked for: why, times, digest, kind, level, parts, sure, day"


@pytest.mark.parametrize(
    ("body", "what", "where", "mend"),
    [
        (b"{}", "'why' is missing", "", "Send it too"),
        (b"[]", "should be an object, not a list", "", ""),
        (b"null", "should be an object, not null", "", ""),
        (b"{", "what was sent is no whole JSON: it ends early, or is not finite", "", SEND),
        (b'{"why": "\\ud800"}', "what was sent is no whole JSON: it ends early, or is not finite",
         "", SEND),
        (b"nope", "what was sent is no JSON: invalid character at byte 4", "", SEND),
        (b'{"why": 3}', "should be text, not a whole number", "why", ""),
        (b'{"why": ""}', "must not be empty", "why", ""),
        (b'{"why": "123456"}', "needs at most 5 characters", "why", ""),
        (b'{"why": "a", "times": -1}', "must be at least 0", "times", ""),
        (b'{"why": "a", "digest": "z"}', "should be 4 hexadecimal digits, with small letters",
         "digest", ""),
        (b'{"why": "a", "kind": "fires"}', "'fires' is none of what may stand here", "kind",
         "Did you mean 'fire'?"),
        (b'{"why": "a", "kind": "it\'s"}', '"it\'s" is none of what may stand here', "kind",
         "Send one of fire, weapon"),
        (b'{"why": "a", "level": "x"}', "'x' is none of what may stand here", "level",
         "Send one of alarm, warning"),
        (b'{"why": "a", "x": 1}', "'x' is not asked for", "", KNOWN),
        (b'{"why": "a", "tims": 1}', "'tims' is not asked for", "", "Did you mean 'times'?"),
        (b'{"why": "a", "parts": [{"at": [1]}]}', "needs 2 values", "parts[0].at", ""),
        (b'{"why": "a", "parts": [{"to": 1}]}', "'to' is not asked for", "parts[0]",
         "What is asked for: at"),
        (b'{"why": "a", "sure": 3}', "should be true or false, not a whole number", "sure", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_plain_words(
    body: bytes, what: str, where: str, mend: str
) -> None:
    """What, where, and how to mend it where the first does not say so."""
    assert told(body) == (what, where, mend)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["why", "times", "parts", "at", "kind", "x"]), inner),
    max_leaves=9,
))  # fmt: skip
def test_no_body_is_told_of_in_the_librarys_words(body: object) -> None:
    """Whatever it holds; and without knowing what was asked for, too."""
    try:
        msgspec.json.decode(msgspec.json.encode(body), type=Sent)
    except msgspec.ValidationError as error:
        for said in (fault(str(error), kind=Sent), fault(str(error))):
            assert said.what
            for never in ("Expected `", "Object ", "Invalid enum", " at `$", "`"):
                assert never not in said.what.replace(str(body), "")
