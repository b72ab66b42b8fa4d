"""From parsed TOML to a frozen struct, strictly; every refusal is one clear line with its place."""

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from plainview.document.boundary import refuse_beyond
from plainview.document.plainly import parted, plain, steps_of
from plainview.document.toml import Document, KeyPath, nearest
from plainview.errors import ConfigError

T = TypeVar("T")


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
        text, steps = parted(str(error))
        path = steps_of(steps)
        value = _follow(data, path)
        raise ConfigError(
            plain(text, value, allowed(form_of(kind), path)),
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


def at_path(kind: inspect.Type, path: KeyPath) -> inspect.Type:
    """What may stand at `path` below a value of `kind`."""
    for step in path:
        if isinstance(step, int):
            kind = item_of(kind)
            continue
        struct = struct_of(kind)
        fields = {} if struct is None else {f.encode_name: f.type for f in struct.fields}
        kind = fields.get(step, inspect.AnyType())
    return kind


def allowed(kind: inspect.Type, path: KeyPath) -> tuple[str, ...]:
    """The words that may stand at `path`, if only certain words may."""
    for option in options(at_path(kind, path)):
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
