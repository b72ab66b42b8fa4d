"""The one connection that writes an SQLite file, its transactions and its write-ahead log."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection

from plainview.errors import StoreError
from plainview.store import connect
from plainview.store.faults import explained


class Writer:
    """Owns the writing connection of the file at `path` until `dispose`. Thread-safe."""

    def __init__(self, path: Path, reserve: int) -> None:
        """`reserve` bounds the write-ahead log in bytes. Raises StoreError."""
        self.path = path
        self.reserve = reserve
        self.closed = False
        self.lock = threading.RLock()
        """Held by each transaction; whoever needs several as one holds it around them."""
        self.engine = connect.writer(path, reserve=reserve)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """The connection in a transaction: committed, or nothing of it is kept.

        Raises StoreError, StoreFull among them.
        """
        with self.lock, explained(self.path):
            if self.closed:
                raise StoreError("the store is closed", where=str(self.path))
            with self.engine.begin() as connection:
                yield connection

    def outside(self, pragma: str) -> None:
        """Run `pragma` to its end outside of a transaction (execute() would stop after a step)."""
        with self.lock, explained(self.path):
            raw = self.engine.raw_connection()
            try:
                raw.cursor().executescript(pragma)
            finally:
                raw.close()

    @property
    def log_bytes(self) -> int:
        """Bytes of the write-ahead log."""
        return connect.size(Path(f"{self.path}-wal"))

    def checkpoint(self) -> None:
        """Bring the write-ahead log into the file, and empty it, if no reader holds it."""
        self.outside("PRAGMA wal_checkpoint(TRUNCATE)")

    def relieve(self) -> None:
        """Bring the log into the file where it is more than half full."""
        if self.log_bytes > self.reserve // 2:
            self.checkpoint()

    def dispose(self) -> None:
        """Close the connection."""
        self.engine.dispose()
