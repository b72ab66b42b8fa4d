"""The store's version: grows with what this process writes, and with what others do (LISTEN)."""

import os
import select
import threading
from collections.abc import Callable
from typing import Any, Final

import psycopg
import structlog

from plainview.errors import StoreError
from plainview.store.pg.address import Address

log = structlog.get_logger(__name__)

_AGAIN: Final = 2.0
"""Seconds between attempts to listen while the server is away."""


def channel(connection: psycopg.Connection[Any]) -> str:
    """The name under which writers of these tables tell that there is something new."""
    found = connection.execute(b"SELECT 'reading'::regclass::oid::bigint").fetchone()
    return f"plainview_{found[0]}" if found else ""


class Watch:
    """Owns the version, and once somebody asks for it a thread that hears of other processes."""

    def __init__(self, address: Address, mine: Callable[[], set[int]]) -> None:
        """`mine` says which of the server's processes write for this one: their news are known."""
        self._address, self._mine = address, mine
        self.changed = threading.Condition()
        self._version = 0
        self._closed = False
        self._wake: int | None = None
        self._thread: threading.Thread | None = None

    def grow(self) -> None:
        """There is something new."""
        with self.changed:
            self._version += 1
            self.changed.notify_all()

    def version(self) -> int:
        """The number of changes that were seen."""
        with self.changed:
            self._listen()
            return self._version

    def wait(self, version: int, timeout: float) -> int:
        """The version as soon as it is past `version`, or after `timeout` seconds."""
        with self.changed:
            self._listen()
            self.changed.wait_for(lambda: self._version > version or self._closed, timeout)
            return self._version

    def _listen(self) -> None:
        if self._thread is None and not self._closed:
            asleep, self._wake = os.pipe()
            self._thread = threading.Thread(
                target=self._run, args=(asleep,), name="store-watch", daemon=True
            )
            self._thread.start()

    def _run(self, asleep: int) -> None:
        """Hear of changes until `close`; the one place where losing the server ends up."""
        told = False
        try:
            while not self._closed:
                try:
                    with self._address.connect(read_only=True) as connection:
                        self._hear(connection, asleep, again=told)
                except (psycopg.Error, StoreError) as error:
                    if not told:
                        log.warning("changes by other processes are not heard of", why=str(error))
                    told = True
                    select.select([asleep], [], [], _AGAIN)
        finally:
            os.close(asleep)

    def _hear(self, connection: psycopg.Connection[Any], asleep: int, *, again: bool) -> None:
        connection.autocommit = True
        connection.execute(f"LISTEN {channel(connection)}".encode())
        if again:
            self.grow()
        while not self._closed:
            ready, _, _ = select.select([connection.fileno(), asleep], [], [])
            if connection.fileno() in ready:
                mine = self._mine()
                others = [one for one in connection.notifies(timeout=0) if one.pid not in mine]
                if others:
                    self.grow()

    def close(self) -> None:
        """Wake whoever waits, and end the thread."""
        with self.changed:
            self._closed = True
            self.changed.notify_all()
            thread, wake, self._wake = self._thread, self._wake, None
        if wake is not None:
            os.close(wake)
        if thread is not None:
            thread.join()
