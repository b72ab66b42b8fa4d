"""What SQLite's errors mean to a person."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from plainview.errors import StoreError, StoreFull

_FULL = {
    sqlite3.SQLITE_FULL,
    # Over a quota or a file size limit, writing fails with these instead of with FULL.
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_TRUNCATE,
}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_SHUT = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def damaged(path: Path, how: str) -> StoreError:
    """The error for a database that cannot be read as one."""
    return StoreError(
        f"the database is damaged ({how})",
        where=str(path),
        mend=f"Nothing was changed. Keep a copy of it and of its -wal file; 'sqlite3 {path.name} "
        ".recover' saves what can be read. Move it away to start anew",
    )


def explain(error: BaseException | None, path: Path) -> StoreError:
    """The StoreError (StoreFull where it is one) for what SQLite raised on `path`."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in _FULL:
        return StoreFull(
            f"there is no room to write ({error})",
            where=str(path),
            mend="Free disk space, or lower 'disk' of [retention]; what was acknowledged is safe, "
            "and a running Plainview goes on by itself",
        )
    plain = code & 0xFF
    if plain in _DAMAGED:
        return damaged(path, str(error))
    if plain in _SHUT:
        return StoreError(
            f"the database cannot be opened for writing ({error})",
            where=str(path),
            mend="Check that the folder exists and that this user may write to it",
        )
    if plain in _BUSY:
        return StoreError(
            "the database is held by another program",
            where=str(path),
            mend="End that program (perhaps a database browser with an open transaction)",
        )
    return StoreError(f"the database failed: {error}", where=str(path), mend="See the disk's state")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors inside into StoreError or StoreFull. `path` is the database's."""
    try:
        yield
    except DBAPIError as error:
        raise explain(error.orig, path) from error
    except NoConnection as error:
        raise StoreError(
            "too many are reading at once",
            where=str(path),
            mend="Try again; if it stays so, ask for shorter stretches of time",
        ) from error
    except sqlite3.Error as error:
        raise explain(error, path) from error
