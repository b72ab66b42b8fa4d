"""All that is wrong with a document at once: for a form, where each answer has its own place."""

from typing import get_type_hints

from plainview.document.strict import convert, form_of, item_of, struct_of
from plainview.document.toml import Document, KeyPath
from plainview.errors import InputError


def faults(
    document: Document, data: object, kind: type, at: KeyPath, *, guide: str
) -> list[InputError]:
    """Each error for which `convert` refuses `data`, which stands at `at`; none where it does not.

    Every value is read for itself, so that one that is wrong hides no other. What `convert` finds
    in a table or list only as a whole is told where all within it can be read.
    """
    known = form_of(kind)
    inner, item = struct_of(known), struct_of(item_of(known))
    if inner is not None and isinstance(data, dict):
        found = _of_table(document, data, inner.cls, at, guide)
    elif item is not None and isinstance(data, list):
        found = [
            error
            for k, value in enumerate(data)
            for error in faults(document, value, item.cls, (*at, k), guide=guide)
        ]
    else:
        found = []
    return found or _refused(document, data, kind, at, guide)


def _of_table(
    document: Document, data: dict[str, object], kind: type, at: KeyPath, guide: str
) -> list[InputError]:
    hints = get_type_hints(kind, include_extras=True)
    found: list[InputError] = []
    for key, value in data.items():
        if key in hints:
            found += faults(document, value, hints[key], (*at, key), guide=guide)
        else:
            found += _refused(document, {key: value}, kind, at, guide)
    return found


def _refused(
    document: Document, data: object, kind: type, at: KeyPath, guide: str
) -> list[InputError]:
    """The first error for which `convert` refuses `data`; none where it does not."""
    try:
        convert(document, data, kind, at, guide=guide)
    except InputError as error:
        return [error]
    return []
