"""Connections to PostgreSQL: some that read, and one for each kind of thing that is written."""

import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import NullPool, QueuePool

from plainview.errors import StoreError
from plainview.store.pg.address import Address
from plainview.store.pg.faults import explained

LOCKS: Final = 0x706C76
"""Class of our advisory locks; the object is the table that is written."""
_PATIENCE: Final = "2s"
"""How long to wait for the lock of a writer that was killed a moment ago, and for other locks."""


def readers(address: Address) -> Engine:
    """The engine of the reading connections, each looked at before it is used.

    Each statement sees the last commit before it began; there is no transaction to begin and end,
    so that an answer is one way to the server and back.
    """
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: address.connect(read_only=True),
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=12,
        isolation_level="AUTOCOMMIT",
        use_native_hstore=False,
    )
    event.listen(engine, "checkout", _look_at)
    return engine


def _look_at(connection: psycopg.Connection[Any], _record: object, _proxy: object) -> None:
    if _gone(connection):
        raise DisconnectionError


def raw(connection: Connection) -> psycopg.Connection[Any]:
    """Psycopg's connection beneath SQLAlchemy's, for COPY."""
    found: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]  # the dialect's own
    return found


class Link:
    """Owns the one connection by which `table` is written, and the lock that makes it the only one.

    Both are taken when first needed, and taken anew after the server was away. Thread-safe.
    """

    def __init__(
        self,
        address: Address,
        table: str,
        claimed: Callable[[Connection], None] = lambda _connection: None,
    ) -> None:
        """`claimed` is called in a transaction each time that the lock is ours anew."""
        self._address, self._table, self._claimed = address, table, claimed
        self.lock = threading.RLock()
        self.turn = 0
        """Grows each time that the lock is taken: what was known before may not hold."""
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=address.connect,
            poolclass=NullPool,
            use_native_hstore=False,
        )
        self._connection: Connection | None = None
        self._closed = False

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """The connection in a transaction: committed, or nothing of it is kept.

        Raises StoreError where another process holds the lock, or the server is away.
        """
        with self.lock, explained(self._address.where):
            connection = self._held()
            try:
                with connection.begin():
                    yield connection
            except (DBAPIError, psycopg.Error):
                if raw(connection).closed:
                    self.drop()
                raise

    @property
    def pid(self) -> int | None:
        """The server's process at the other end; None while there is no connection."""
        connection = self._connection
        return None if connection is None else raw(connection).info.backend_pid

    def claim(self) -> None:
        """Take the lock now. Raises StoreError as `begin`."""
        with self.lock, explained(self._address.where):
            self._held()

    def _held(self) -> Connection:
        if self._closed:
            raise StoreError("the store is closed", where=self._address.where)
        if self._connection is not None and _gone(raw(self._connection)):
            self.drop()
        if self._connection is None:
            connection = self._engine.connect()
            self._connection = connection
            try:
                self._take_lock(connection)
                self.turn += 1
                with connection.begin():
                    self._claimed(connection)
            except BaseException:
                self.drop()
                raise
        return self._connection

    def _take_lock(self, connection: Connection) -> None:
        try:
            with connection.begin():
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
                connection.exec_driver_sql(
                    "SELECT pg_advisory_lock(%s, %s::regclass::oid::int)", (LOCKS, self._table)
                )
            with connection.begin():
                connection.exec_driver_sql(f"SET lock_timeout = '{_PATIENCE}'")
        except DBAPIError as error:
            if isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise StoreError(
                    "another Plainview is writing to this store",
                    where=self._address.where,
                    mend="Stop it, or give this one a store of its own",
                ) from error
            raise

    def drop(self) -> None:
        """Let the connection go, and with it the lock; it is taken anew when it is needed."""
        with self.lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.invalidate()
                connection.close()

    def close(self) -> None:
        """Let it go for good."""
        with self.lock:
            self._closed = True
            self.drop()
            self._engine.dispose()


def _gone(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server has ended `connection`: it then says so before it is asked anything."""
    if connection.closed:
        return True
    try:
        # What it said at last, and then the end; a setting that was changed there has no end.
        while select.select([connection], [], [], 0)[0]:
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return connection.closed
