"""What msgspec says of a wrong value, in plain words."""

import re
from collections.abc import Callable
from typing import Final

from plainview.document.forms import form_asked, pattern_in
from plainview.document.toml import KeyPath, nearest

_AT = re.compile(r"^(?P<text>.*?)(?: - at `(?:key` in `)?\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"(?:^|\.)([^.\[\]]+)|\[(\d+)\]")
_WORDS: Final = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "array": "a list",
    "object": "a table",
    "bool": "true or false",
    "datetime": "a date with a time of day",
    "date": "a date",
    "time": "a time of day",
}


def parted(said: str) -> tuple[str, str]:
    """What msgspec `said` without where that is; and the path of that, empty for the whole."""
    match = _AT.match(said)
    return (match["text"], match["path"] or "") if match else (said, "")


def steps_of(path: str) -> KeyPath:
    """`.zones[0].name` in steps."""
    return tuple(int(index) if index else name for name, index in _STEP.findall(path))


def _words(text: str) -> str:
    return " or ".join(_WORDS.get(part.strip(), part.strip()) for part in text.split("|"))


def _of_kind(found: re.Match[str], value: object) -> str:
    wanted, given = found[1].replace(" | null", ""), _words(found[2])
    if (wanted, found[2]) == ("int", "float"):
        # "Not a number" is said of something else.
        given = repr(value) if isinstance(value, float) else "one with a point"
    return f"should be {_words(wanted)}, not {given}"


def _bounded(found: re.Match[str], value: object) -> str:
    bound = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}[found[1]]
    has = f", not {value}" if isinstance(value, (int, float)) else ""
    return f"must be {bound} {float(found[2]):g}{has}"


def _of_length(found: re.Match[str], value: object) -> str:
    bound = {">= ": "at least ", "<= ": "at most "}.get(found[2] or "", "")
    unit, size = ("values", "list") if found[1] == "array" else ("characters", "text")
    has = f", this {size} has {len(value)}" if isinstance(value, (list, str)) else ""
    return f"needs {bound}{found[3]} {unit}{has}"


def _of_form(found: re.Match[str], value: object) -> str:
    form = form_asked(pattern_in(found[1])) or "of another form"
    if isinstance(value, dict):
        return f"each of the keys {', '.join(map(repr, value))} should be {form}"
    return f"should be {form}" + (f", not {value!r}" if isinstance(value, str) else "")


_PLAINLY: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], object], str]], ...] = (
    (
        re.compile(r"Object missing required field `(.+)`"),
        lambda found, _: f"the key {found[1]!r} is missing",
    ),
    (re.compile(r"Expected `(.+?)`, got `(.+?)`"), _of_kind),
    (
        re.compile(r"Expected `(array|str)` of (?:at least |at most )?length (>= |<= )?(\d+)"),
        _of_length,
    ),
    (re.compile(r"Expected `str` matching regex (.+)", re.DOTALL), _of_form),
    (re.compile(r"Expected `\w+` (>=|<=|>|<) ([-0-9.e+]+)"), _bounded),
    (
        re.compile(r"Invalid RFC3339 encoded date"),
        lambda _, value: (
            f"{value!r} is no date; a date is written as 2026-03-31"
            if isinstance(value, str)
            else "is no date; a date is written as 2026-03-31"
        ),
    ),
)


def plain(text: str, value: object, allowed: tuple[str, ...]) -> str:
    """The message `text` of msgspec about `value` in plain words; `allowed` are all that may be.

    `value` is None where it is not at hand.
    """
    if allowed and isinstance(value, str):
        guess = nearest(value, allowed)
        hint = f"; the nearest is {guess!r}" if guess else ""
        return f"{value!r} is none of {', '.join(allowed)}{hint}"
    for pattern, say in _PLAINLY:
        if found := pattern.match(text):
            return say(found, value)
    return text[:1].lower() + text[1:].replace("`", "'")
