"""Names of an assessment's fields: what stands at `aims[].evidence`, and what its help says."""

import functools
import unicodedata
from typing import Any, NamedTuple

from msgspec import inspect

from plainview.document.strict import form_of, options
from plainview.governance.assessment import Assessment

EACH = "[]"
"""In a field's name: every entry of that list."""


class Place(NamedTuple):
    """One value of an assessment."""

    field: str
    """As a person would write it: `aims[0].evidence`."""
    value: Any


class Known(NamedTuple):
    """What the form of an assessment says of one field."""

    help: str
    kinds: tuple[inspect.Type, ...]


def places(assessment: Assessment, field: str) -> list[Place]:
    """Every value that `field` names; none where a list on the way is empty."""
    found = [Place("", assessment)]
    for step in field.split("."):
        name = step.removesuffix(EACH)
        found = [
            Place(f"{place.field}.{name}" if place.field else name, getattr(place.value, name))
            for place in found
        ]
        if step.endswith(EACH):
            found = [
                Place(f"{place.field}[{k}]", value)
                for place in found
                for k, value in enumerate(place.value)
            ]
    return found


def value_of(assessment: Assessment, field: str) -> Any:  # noqa: ANN401 - any field
    """The one value of a `field` that goes through no list."""
    return places(assessment, field)[0].value


@functools.cache
def known(field: str) -> Known | None:
    """What is known of `field`; None if no assessment has it."""
    kind: inspect.Type = form_of(Assessment)
    description = ""
    for step in field.split("."):
        struct = next((o for o in options(kind) if isinstance(o, inspect.StructType)), None)
        name = step.removesuffix(EACH)
        fields = {} if struct is None else {f.encode_name: f.type for f in struct.fields}
        if name not in fields:
            return None
        kind = fields[name]
        if isinstance(kind, inspect.Metadata):
            description = (kind.extra_json_schema or {}).get("description", description)
        if step.endswith(EACH):
            listed = next((o for o in options(kind) if isinstance(o, inspect.VarTupleType)), None)
            if listed is None:
                return None
            kind = listed.item_type
    return Known(description, options(kind))


def is_empty(value: object) -> bool:
    """Whether nothing was written there. False and 0 are answers."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, dict):
        return all(is_empty(inner) for inner in value.values())
    return value == ()


def size(text: str) -> int:
    """Length of `text` in letters; a Chinese, Japanese or Korean sign says as much as three."""
    return sum(3 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text.strip())
