"""From parsed TOML to a frozen struct, strictly; every refusal is one clear line with its place."""

import functools
import math
import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from plainview.document.boundary import refuse_beyond
from plainview.document.toml import Document, KeyPath, nearest
from plainview.errors import ConfigError

T = TypeVar("T")

_AT = re.compile(r"^(?P<text>.*?)(?: - at `(?:key` in `)?\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_WORDS = {
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


def convert(
    document: Document,
    data: object,
    kind: type[T],
    at: KeyPath,
    *,
    guide: str,
    wish: bool = True,
) -> T:
    """`data`, which stands at `at` in `document`, as a `kind`.

    Raises ConfigError or BoundaryError for an unknown key (naming the nearest right one), a missing
    key, a wrong type, a number out of range or not finite. `guide` is the page that explains it, if
    any. `wish` is False where a key asks nothing of Plainview: it is then unknown, never a wish
    beyond the boundary.
    """
    mend = f"See {guide}" if guide else ""
    _check_keys(document, data, form_of(kind), at, mend, wish=wish)
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        match = _AT.match(str(error))
        text, steps = (match["text"], match["path"] or "") if match else (str(error), "")
        path: KeyPath = tuple(int(index) if index else name for name, index in _STEP.findall(steps))
        value = _follow(data, path)
        raise ConfigError(
            _plain(text, value, _allowed(form_of(kind), path)),
            where=document.where(at + path),
            mend=mend,
        ) from error


def _check_keys(
    document: Document, data: object, kind: inspect.Type, at: KeyPath, mend: str, *, wish: bool
) -> None:
    """Refuse keys that no struct has, and numbers that are not finite, anywhere in `data`."""
    if isinstance(data, float) and not math.isfinite(data):
        raise ConfigError(
            f"{data} is not a number to measure with", where=document.where(at), mend=mend
        )
    if isinstance(data, dict):
        struct = struct_of(kind)
        if struct is None:
            return
        fields = {field.encode_name: field.type for field in struct.fields}
        for key, value in data.items():
            if key not in fields:
                where = document.where((*at, key))
                if wish:
                    refuse_beyond(key, where)
                guess = nearest(key, fields)
                raise ConfigError(
                    f"unknown key {key!r}",
                    where=where,
                    mend=f"Did you mean {guess!r}?"
                    if guess
                    else f"The keys here are {', '.join(fields)}",
                )
            _check_keys(document, value, fields[key], (*at, key), mend, wish=wish)
    elif isinstance(data, list):
        for k, value in enumerate(data):
            _check_keys(document, value, item_of(kind), (*at, k), mend, wish=wish)


form_of: Callable[[Any], inspect.Type] = functools.cache(inspect.type_info)
"""What a value of a type is made of. Kept: to find it out takes longer than to read a file."""


def options(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """What a value of `kind` may be, each without the help text that may be attached to it."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        return tuple(option for inner in kind.types for option in options(inner))
    return (kind,)


def struct_of(kind: inspect.Type) -> inspect.StructType | None:
    """The table that a value of `kind` may be; None where it is none."""
    return next((k for k in options(kind) if isinstance(k, inspect.StructType)), None)


def item_of(kind: inspect.Type) -> inspect.Type:
    """What each entry of a list is that a value of `kind` may be."""
    for option in options(kind):
        if isinstance(option, inspect.VarTupleType):
            return option.item_type
    return inspect.AnyType()


def _allowed(kind: inspect.Type, path: KeyPath) -> tuple[str, ...]:
    """The words that may stand at `path`, if only certain words may."""
    for step in path:
        if isinstance(step, int):
            kind = item_of(kind)
            continue
        struct = struct_of(kind)
        fields = {} if struct is None else {f.encode_name: f.type for f in struct.fields}
        kind = fields.get(step, inspect.AnyType())
    for option in options(kind):
        if isinstance(option, inspect.LiteralType):
            return tuple(str(value) for value in option.values if value != "")
        if isinstance(option, inspect.EnumType):
            return tuple(str(member.value) for member in option.cls)
    return ()


def _follow(data: Any, path: KeyPath) -> object:  # noqa: ANN401 - parsed TOML is any shape
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _words(text: str) -> str:
    return " or ".join(_WORDS.get(part.strip(), part.strip()) for part in text.split("|"))


def _bounded(found: re.Match[str], value: object) -> str:
    bound = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}[found[1]]
    return f"must be {bound} {float(found[2]):g}, not {value}"


def _of_length(found: re.Match[str], value: object) -> str:
    bound = {">= ": "at least ", "<= ": "at most "}.get(found[2] or "", "")
    unit, size = ("values", "list") if found[1] == "array" else ("characters", "text")
    has = f", this {size} has {len(value)}" if isinstance(value, (list, str)) else ""
    return f"needs {bound}{found[3]} {unit}{has}"


_PLAINLY: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], object], str]], ...] = (
    (
        re.compile(r"Object missing required field `(.+)`"),
        lambda found, _: f"the key {found[1]!r} is missing",
    ),
    (
        re.compile(r"Expected `(.+?)`, got `(.+?)`"),
        lambda found, _: (
            f"should be {_words(found[1].replace(' | null', ''))}, not {_words(found[2])}"
        ),
    ),
    (
        re.compile(r"Expected `(array|str)` of (?:at least |at most )?length (>= |<= )?(\d+)"),
        _of_length,
    ),
    (
        re.compile(r"Expected `str` matching regex"),
        lambda _, value: (
            f"one of the keys {', '.join(map(repr, value))} does not have the form of a key here"
            if isinstance(value, dict)
            else f"{value!r} has other signs than letters, digits, '.', '_' and '-'"
        ),
    ),
    (re.compile(r"Expected `\w+` (>=|<=|>|<) ([-0-9.e+]+)"), _bounded),
    (
        re.compile(r"Invalid RFC3339 encoded date"),
        lambda _, value: f"{value!r} is no date; a date is written as 2026-03-31",
    ),
)


def _plain(text: str, value: object, allowed: tuple[str, ...]) -> str:
    """The message `text` of msgspec in plain words."""
    if allowed and isinstance(value, str):
        guess = nearest(value, allowed)
        hint = f"; the nearest is {guess!r}" if guess else ""
        return f"{value!r} is none of {', '.join(allowed)}{hint}"
    for pattern, say in _PLAINLY:
        if found := pattern.match(text):
            return say(found, value)
    return text[:1].lower() + text[1:].replace("`", "'")
