"""All that is wrong with a document at once: for a form, where each answer has its own place."""

from typing import get_type_hints

from msgspec import inspect

from plainview.document.boundary import refuse_beyond
from plainview.document.strict import convert, options
from plainview.document.toml import Document, KeyPath
from plainview.errors import ConfigError, InputError


def faults(
    document: Document, data: object, kind: type, at: KeyPath, *, guide: str
) -> list[InputError]:
    """Each error for which `convert` refuses `data`, which stands at `at`; none where it does not.

    Every value is read for itself, so that one that is wrong hides no other. What `convert` finds
    in a table or list only as a whole is told where all within it can be read.
    """
    inner = _struct(inspect.type_info(kind))
    if inner is not None and isinstance(data, dict):
        found = _of_table(document, data, inner.cls, at, guide)
    elif (item := _entry(inspect.type_info(kind))) is not None and isinstance(data, list):
        found = [
            error
            for k, value in enumerate(data)
            for error in faults(document, value, item.cls, (*at, k), guide=guide)
        ]
    else:
        found = []
    if not found:
        try:
            convert(document, data, kind, at, guide=guide)
        except InputError as error:
            found = [error]
    return found


def _of_table(
    document: Document, data: dict[str, object], kind: type, at: KeyPath, guide: str
) -> list[InputError]:
    hints = get_type_hints(kind, include_extras=True)
    found: list[InputError] = []
    for key, value in data.items():
        path = (*at, key)
        if key in hints:
            found += faults(document, value, hints[key], path, guide=guide)
            continue
        where = document.where(path)
        try:
            refuse_beyond(key, where)
        except InputError as error:
            found.append(error)
        else:
            found.append(ConfigError(f"unknown key {key!r}", where=where, mend=f"See {guide}"))
    return found


def _struct(kind: inspect.Type) -> inspect.StructType | None:
    return next((one for one in options(kind) if isinstance(one, inspect.StructType)), None)


def _entry(kind: inspect.Type) -> inspect.StructType | None:
    """What each entry of a list of tables is; None for anything else."""
    lists = (one for one in options(kind) if isinstance(one, inspect.VarTupleType))
    return next((one for found in lists if (one := _struct(found.item_type)) is not None), None)
