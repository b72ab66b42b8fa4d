"""Connections to one SQLite file: one that writes, some that read, and the lock on the file."""

import fcntl
import sqlite3
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.pool import QueuePool, StaticPool

from plainview.errors import StoreError
from plainview.store.faults import damaged

PAGE = 4096
"""Bytes of a database page."""
_BUSY_SECONDS = 10.0
_CHECKED_WHOLE = 32_000_000
"""Databases up to this many bytes are checked page by page on opening: it takes under a second."""


def lock(path: Path) -> IO[bytes]:
    """Make the folder of `path` and hold the lock beside it until the result is closed.

    A record lock: unlike flock it does not pass to forked children, so a lens that outlives us
    cannot keep it. Raises StoreError when the folder cannot be written or another process has it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = Path(f"{path}.lock").open("ab")  # noqa: SIM115 - the caller owns and closes it
    except OSError as error:
        raise StoreError(
            f"the store's folder cannot be written ({error.strerror})",
            where=str(path),
            mend="Check that it is a folder and that this user may write to it",
        ) from error
    try:
        fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise StoreError(
            "another Plainview is writing to this store",
            where=str(path),
            mend="Stop it, or give this one a store of its own",
        ) from error
    return held


def _begin(connection: Connection, how: str) -> None:
    connection.exec_driver_sql(how)


class _Hinting(SQLiteCompiler):
    """SQLite takes hints (INDEXED BY), which SQLAlchemy leaves out for it."""

    def get_from_hint_text(self, table: object, text: str | None) -> str | None:
        """The hint as it was given."""
        del table
        return text


def writer(path: Path, *, reserve: int) -> Engine:
    """The engine of the one writing connection.

    `reserve` bounds the write-ahead log in bytes. synchronous=FULL: a commit returns when the log
    is on the disk, so it survives power loss.
    """

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        if size(path) == 0:  # on one that exists, even setting what is set would write
            connection.execute(f"PRAGMA page_size = {PAGE}")
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            connection.close()
            raise StoreError(
                "this file system cannot hold a write-ahead log",
                where=str(path),
                mend="Put the store on a local disk",
            )
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {max(reserve // 4 // PAGE, 16)}")
        connection.execute(f"PRAGMA journal_size_limit = {reserve // 2}")
        connection.execute("PRAGMA cache_size = -65536")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    engine.dialect.statement_compiler = _Hinting
    event.listen(engine, "begin", lambda connection: _begin(connection, "BEGIN IMMEDIATE"))
    return engine


def readers(path: Path) -> Engine:
    """The engine of the reading connections. Each sees the last commit before it began."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA query_only = ON")
        return connection

    engine = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=4, max_overflow=12
    )
    engine.dialect.statement_compiler = _Hinting
    event.listen(engine, "begin", lambda connection: _begin(connection, "BEGIN"))
    return engine


def check_whole(connection: Connection, path: Path) -> None:
    """Raise StoreError if the database is damaged (looked for in small ones only)."""
    if path.stat().st_size <= _CHECKED_WHOLE:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if found != "ok":
            raise damaged(path, str(found))


def file_bytes(path: Path) -> int:
    """Bytes of the database, its write-ahead log and their index on disk."""
    return sum(size(Path(f"{path}{suffix}")) for suffix in ("", "-wal", "-shm"))


def size(path: Path) -> int:
    """Bytes of the file at `path`, 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
