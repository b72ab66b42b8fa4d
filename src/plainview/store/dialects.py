"""What SQLite and PostgreSQL say differently, for statements that both are given."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, any_, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

Insert = Any
"""An INSERT that may say what to do on a conflict; each dialect has a class of its own for it."""
InsertInto = Callable[..., Insert]
INSERTS: Final[Mapping[str, InsertInto]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


def positional(
    make: Callable[[InsertInto], Insert], columns: Sequence[str] | None = None
) -> dict[str, str]:
    """The statement that `make` makes, by dialect, with its values in their order.

    For `exec_driver_sql`, where there is no time to make it for each batch.
    """
    dialects = {
        "sqlite": sqlite.dialect(),
        "postgresql": psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]
    }
    keys = None if columns is None else list(columns)
    return {
        name: str(make(INSERTS[name]).compile(dialect=dialect, column_keys=keys))
        for name, dialect in dialects.items()
    }


def among(column: ColumnElement[int], numbers: Sequence[int], dialect: str) -> ColumnElement[bool]:
    """Whether `column` is one of `numbers`: PostgreSQL is given them as one array."""
    if dialect == "postgresql":
        return column == any_(literal(list(numbers), postgresql.ARRAY(column.type)))
    return column.in_(numbers)
