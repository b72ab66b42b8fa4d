"""Documents that people write (TOML), read strictly; a wish beyond the boundary is refused."""

from plainview.document.boundary import beyond, refuse_beyond
from plainview.document.faults import faults
from plainview.document.strict import convert
from plainview.document.toml import (
    Document,
    KeyPath,
    expanded,
    is_there,
    nearest,
    read_document,
    shown,
)

__all__ = [
    "Document",
    "KeyPath",
    "beyond",
    "convert",
    "expanded",
    "faults",
    "is_there",
    "nearest",
    "read_document",
    "refuse_beyond",
    "shown",
]
