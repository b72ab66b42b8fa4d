"""Bring a database to this version's schema, from inside the program."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from plainview.errors import StoreError


def migrate(connection: Connection, where: str) -> None:
    """Upgrade the database of `connection` (in its transaction) to the newest schema.

    Raises StoreError if it was written by a newer Plainview; it is then left as it is.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise StoreError(
            f"the database has schema {current}, which this Plainview does not know",
            where=where,
            mend="It was written by a newer version: install that one, or give another file",
        )
    if current != scripts.get_current_head():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
