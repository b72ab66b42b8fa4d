"""Spans of time and times of day as people write them in an assessment."""

import re
from typing import Final

from plainview.errors import InputError

NONE: Final = "none"
"""What is not kept at all."""
DAY: Final = 86_400.0
LONGEST: Final = 100 * 366 * DAY
"""A span beyond a hundred years is a mistake."""
MIDNIGHT: Final = 1440

_SPAN = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*(s|min|h|d|y)\s*")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": DAY, "y": 365 * DAY}
_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")


def seconds_of(text: str) -> float:
    """`text` ("90 min", "24 h", "30 d", "1 y", "none") in seconds; a year is 365 days.

    Raises InputError for anything else, and for more than a hundred years.
    """
    if text.strip() == NONE:
        return 0.0
    found = _SPAN.fullmatch(text)
    seconds = float(found[1]) * _SECONDS[found[2]] if found else -1.0
    if not 0.0 <= seconds <= LONGEST:
        raise InputError(
            f"{text[:80]!r} is not a span of time" if text.strip() else "no span of time is given",
            mend='Write it as "90 min", "24 h", "30 d", "1 y" or "none"',
        )
    return seconds


def minutes_of(text: str) -> int:
    """`text` ("08:30", up to "24:00") in minutes since midnight. Raises InputError otherwise."""
    found = _CLOCK.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else MIDNIGHT + 1
    if minutes > MIDNIGHT:
        raise InputError(
            f"{text[:80]!r} is not a time of day" if text.strip() else "no time of day is given",
            mend='Write it as "08:30", at most "24:00"',
        )
    return minutes


def in_words(seconds: float) -> str:
    """`seconds` as a person would write them, in the largest unit that fits without a fraction."""
    for unit in ("d", "h", "min"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:g} {unit}"
    return f"{seconds:g} s" if seconds else NONE
