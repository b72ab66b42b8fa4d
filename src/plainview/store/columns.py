"""Kinds of columns that are the same in SQLite and in PostgreSQL."""

from typing import Final

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.types import TypeEngine

LONG: Final[TypeEngine[int]] = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits: SQLite's INTEGER, PostgreSQL's bigint."""


def label(length: int) -> TypeEngine[str]:
    """Text that sorts by its bytes, as SQLite does: ids sort as what they name was raised."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")
