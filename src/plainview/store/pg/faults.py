"""What PostgreSQL's errors mean to a person."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from plainview.errors import StoreError, StoreFull

_AGAIN: Final = "what was acknowledged is safe, and writing goes on by itself"
_KNOWN: Final = {
    "28": ("the server does not let this user in", "Check user, password and pg_hba.conf"),
    "3D000": ("there is no such database", "Make it: CREATE DATABASE (docs/guide/postgresql.md)"),
    "42501": (
        "this user may not do that",
        "Give it the rights of docs/guide/postgresql.md",
    ),
    "42P01": (
        "the tables of Plainview are not there",
        "Start 'plainview run' with this store once: it makes them",
    ),
    "25006": ("this server only lets read", "Give the address of the primary server"),
    "53300": ("the server has no connection left", "Raise max_connections, or start fewer"),
    "57P": ("the server is stopping or starting", f"Wait for it: {_AGAIN}"),
    "57014": ("the answer took too long", "Ask for a shorter stretch of time"),
    "55P03": ("another program holds a lock on a table", "End it; this is tried again"),
}
"""By SQLSTATE or its beginning (PostgreSQL's manual, appendix A)."""


def explain(error: BaseException | None, where: str) -> StoreError:
    """The StoreError (StoreFull where it is one) for what psycopg raised on the server `where`."""
    said = _first_line(error)
    state = getattr(error, "sqlstate", None) or _refused(said)
    if state in {"53100", "53200"}:
        return StoreFull(
            f"the server has no room to write ({said})",
            where=where,
            mend=f"Free disk space there, or lower 'disk' of [retention]; {_AGAIN}",
        )
    for start, (what, mend) in _KNOWN.items():
        if state is not None and state.startswith(start):
            return StoreError(f"{what} ({said})", where=where, mend=mend)
    if state is None or state.startswith("08"):
        return StoreError(
            f"the server cannot be reached ({said})",
            where=where,
            mend=f"See that PostgreSQL runs there and listens; {_AGAIN}",
        )
    return StoreError(
        f"the server failed: {said} ({state})", where=where, mend="See PostgreSQL's log"
    )


_PHRASES: Final = {
    "authentication failed": "28",
    "pg_hba.conf": "28",
    'role "': "28",
    "does not exist": "3D000",
    "starting up": "57P",
    "shutting down": "57P",
    "too many clients": "53300",
    "connection slots": "53300",
}
"""libpq gives no SQLSTATE for a connection that was refused."""


def _refused(said: str) -> str | None:
    return next((state for phrase, state in _PHRASES.items() if phrase in said), None)


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines() or ["no reason given"]
    return lines[0].rstrip(".")


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn the server's errors inside into StoreError or StoreFull."""
    try:
        yield
    except DBAPIError as error:
        raise explain(error.orig, where) from error
    except NoConnection as error:
        raise StoreError(
            "too many are reading at once",
            where=where,
            mend="Try again; if it stays so, ask for shorter stretches of time",
        ) from error
    except psycopg.Error as error:
        raise explain(error, where) from error
