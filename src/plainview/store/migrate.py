"""Bring a database to this version's schema, from inside the program."""

import functools
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from plainview.errors import StoreError


def migrate(connection: Connection, where: str, to: str = "head") -> None:
    """Upgrade the database of `connection` (in its transaction) to schema `to`: the newest.

    Raises StoreError if it was written by a newer Plainview; it is then left as it is.
    """
    config, known = _scripts()
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise StoreError(
            f"the database has schema {current}, which this Plainview does not know",
            where=where,
            mend="It was written by a newer version: install that one, or give another file",
        )
    if connection.dialect.name == "sqlite":
        _check_search(connection, where)
    if current != known[0]:
        config.attributes["connection"] = connection
        command.upgrade(config, to)


@functools.cache
def _scripts() -> tuple[Config, list[str]]:
    """Alembic's configuration, and the schemas that it knows, the newest first."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    return config, [script.revision for script in scripts.walk_revisions()]


def _check_search(connection: Connection, where: str) -> None:
    """Raise StoreError where this SQLite cannot keep the notes of alerts so that they are found."""
    built = set(connection.exec_driver_sql("PRAGMA compile_options").scalars())
    version = tuple(
        map(int, connection.exec_driver_sql("SELECT sqlite_version()").scalar_one().split("."))
    )
    if "ENABLE_FTS5" not in built or version < (3, 38):
        raise StoreError(
            "this Python's SQLite has no full text search (FTS5), or is older than 3.38",
            where=where,
            mend="Run Plainview with a Python from python.org, uv or Debian 12 and later",
        )
