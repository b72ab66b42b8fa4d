"""After a crash: minutes whose sums were lost are summed up anew, beside whoever writes."""

import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import structlog
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.pool import NullPool

from plainview.errors import StoreError
from plainview.store import schema
from plainview.store.pg import rolling
from plainview.store.pg.address import Address
from plainview.store.pg.faults import explained
from plainview.store.pg.link import Link
from plainview.store.rollup import minute_of

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 100_000
"""Readings that are summed up before anything else is done; more are left to a thread."""

_PAUSE: Final = 0.1
"""Seconds between two looks at some twenty thousand of them: what waited while nobody stored goes
first, and sums are in no hurry."""


class Summing:
    """Owns the thread that sums up what was stored before the last start, and how it ends.

    It reads the database as it was when the lock was taken (one snapshot), so that each Reading is
    either in what it finds or among those that `Rolling` was given since, and in none twice.
    """

    def __init__(self, address: Address, link: Link, sums: rolling.Rolling) -> None:
        """For `sums`, which are used under the lock of `link`."""
        self._address, self._link, self._sums = address, link, sums
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.left = 0
        """Minutes that are still to be summed up."""
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=lambda: address.connect(read_only=True),
            poolclass=NullPool,
            isolation_level="REPEATABLE READ",
            use_native_hstore=False,
        )

    def begin(self, connection: Connection, dirty: Mapping[int, int]) -> None:
        """Nothing is in memory; `dirty` are the minutes that need it, with how many Readings."""
        self.close()
        self._stop = threading.Event()
        self._add_stragglers(connection)
        wanted = {start: rows for start, rows in dirty.items() if start >= self._sums.readings_from}
        self.left = 0
        if sum(wanted.values()) <= _AT_ONCE:
            for start in wanted:
                base = rolling.sums_in_minute(connection, start)
                before = rolling.stored(connection, schema.minute, start)
                rolling.adopt(self._sums.minute(start), base, before)
            return
        self.left = len(wanted)
        for start in wanted:
            self._sums.minute(start).missing = True
        snapshot = self._engine.connect()
        snapshot.execute(select(1))  # from here on it sees nothing that is added
        turn = self._link.turn
        self._thread = threading.Thread(
            target=self._run,
            args=(snapshot, sorted(wanted), turn, self._stop),
            name="store-sums",
            daemon=True,
        )
        self._thread.start()

    def _add_stragglers(self, connection: Connection) -> None:
        late = schema.straggler.c
        by_minute: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
        for t, camera, data in connection.execute(select(late.t, late.camera, late.data)):
            by_minute[minute_of(t)].append((camera, data))
        for start, rows in by_minute.items():
            rolling.add_encoded(self._sums.minute(start).fresh, rows)

    def _run(
        self, snapshot: Connection, starts: list[int], turn: int, stop: threading.Event
    ) -> None:
        """Sum up `starts`. The one place where its errors end: the lock is then taken anew."""
        try:
            with explained(self._address.where), snapshot:
                for start in starts:
                    base = rolling.sums_in_minute(snapshot, start, lambda: stop.wait(_PAUSE))
                    before = rolling.stored(snapshot, schema.minute, start)
                    with self._link.lock:
                        if stop.is_set() or self._link.turn != turn:
                            return
                        rolling.adopt(self._sums.minute(start), base, before)
                        self.left -= 1
        except StoreError as error:
            log.warning("minutes could not be summed up; tried again with the next batch",
                        why=error.line())  # fmt: skip
            with self._link.lock:
                if self._link.turn == turn:
                    self._link.drop()

    def close(self) -> None:
        """End it; what it has not done stays marked, and is done with the next start."""
        self._stop.set()
        self._thread = None
