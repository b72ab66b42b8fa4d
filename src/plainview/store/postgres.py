"""The store in a PostgreSQL server: one process writes Readings, any number read."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import create_engine, delete, select, text
from sqlalchemy.pool import NullPool

from plainview.clock import Clock
from plainview.errors import StoreError
from plainview.record import CameraStatus, Reading, Stamped
from plainview.store import (
    Appended,
    Counts,
    DiskUse,
    KeptAlert,
    KeptDelivery,
    Retention,
    RollUp,
    Span,
    events,
    outbox,
    schema,
)
from plainview.store import alerts as kept_alerts
from plainview.store.migrate import migrate
from plainview.store.pg.address import Address
from plainview.store.pg.faults import explained
from plainview.store.pg.link import LOCKS, Link
from plainview.store.pg.lookup import Lookup
from plainview.store.pg.pruning import Pruning
from plainview.store.pg.watch import Watch
from plainview.store.pg.writer import Writer
from plainview.store.search import AlertQuery, EventPage, EventQuery, Mark, News

_MIGRATING = 0
"""Object of the lock that is held while the schema is changed."""


class PostgresStore:
    """Owns this process's connections to the database at `url`. Thread-safe; see `Store`.

    It may be open in many processes. The first that appends, rolls up or prunes takes the lock on
    Readings, the first that writes alerts the lock on those: any other that wants to gets
    StoreError. Both are free when their process ends, however it does.
    """

    def __init__(self, url: str, retention: Retention, clock: Clock, *, claim: bool) -> None:
        """Connect, and bring the schema up to date. With `claim` take the lock on Readings now.

        Raises ConfigError, or StoreError where the server is away or another process has the lock.
        """
        self._address = address = Address(url)
        bring_up_to_date(address)
        self._watch = Watch(address, self._pids)
        self._writer = Writer(address, retention, self._watch.grow, clock)
        self._desk = Link(address, "alert")
        self._lookup = Lookup(address)
        self._pruning = Pruning(address, self._writer)
        self._silent: set[str] = set()
        """Cameras that are known to have no Reading left; looked up once by the writer."""
        if claim:
            try:
                self._writer.link.claim()
            except StoreError:
                self.close()
                raise

    def _pids(self) -> set[int]:
        return {pid for pid in (self._writer.link.pid, self._desk.pid) if pid is not None}

    @property
    def _writes(self) -> bool:
        return self._writer.link.pid is not None

    # --- written -------------------------------------------------------------------------------

    def append(self, readings: Sequence[Stamped], marks: Sequence[Mark] = ()) -> Appended:
        """Keep `readings` and events in one transaction. When this returns they are durable.

        At the bound, the oldest Readings are dropped for them. Raises StoreFull when that makes no
        room or the disk is full, StoreError on other failures; then nothing of the batch is kept.
        """
        if not readings and not self._writer.unsaved:
            return Appended(0, 0)
        with self._writer.link.lock:
            self._pruning.make_room(len(readings) * self._writer.row_bytes, len(readings))
            return self._writer.append(readings, marks)

    def put_status(self, camera: str, status: CameraStatus) -> None:
        """Replace what is known of a camera's pipeline. Written with the next batch or roll-up."""
        self._writer.put_status(camera, status)

    def put_alerts(
        self,
        alerts: Sequence[KeptAlert],
        *,
        heard: int = 0,
        deliveries: Sequence[KeptDelivery] = (),
    ) -> None:
        """Keep `alerts` and their `deliveries`, and forget the news of events; one transaction.

        Raises StoreFull or StoreError; then all stays as it was.
        """
        with self._desk.begin() as connection:
            kept_alerts.put(connection, alerts)
            outbox.put(connection, deliveries)
            if heard:
                number = schema.event_news.c.number
                connection.execute(delete(schema.event_news).where(number <= heard))
            connection.exec_driver_sql(_TELL)
        self._watch.grow()

    def settle_deliveries(self, deliveries: Sequence[KeptDelivery]) -> None:
        """Keep what became of `deliveries`; one that a newer revision has replaced is left alone.

        Durable when this returns. Raises StoreFull or StoreError; then all stays as it was.
        """
        with self._desk.begin() as connection:
            outbox.settle(connection, deliveries)

    def hurry_deliveries(self, route: str) -> None:
        """Whatever waits for `route` is due now."""
        with self._desk.begin() as connection:
            outbox.hurry(connection, route)

    def next_fence(self, camera: str) -> int:
        """A token for a new placement of `camera`, larger than all before; durable at once.

        Any process may ask for one, without a lock.
        """
        with explained(self._address.where), self._address.connect() as connection:
            found = connection.execute(_FENCE, (camera,)).fetchone()
            return int(found[0]) if found else 0

    def roll_up(self, now: int) -> int:
        """Bring minute and hour roll-ups up to date with the Readings; the number written.

        A running minute of thousands of cameras is written when it is over, in one go.
        """
        return self._writer.roll_up(now)

    def roll_some(self, now: int) -> bool:
        """Write a piece of a city's minute, or all of smaller ones; whether there is more."""
        return self._writer.roll_some(now)

    def recompute(self) -> int:
        """Make every roll-up anew whose Readings are all still kept; the number written."""
        return self._writer.recompute()

    def keep(self, retention: Retention) -> None:
        """From the next `prune` on, these are the terms."""
        with self._writer.link.lock:
            self._writer.retention = retention

    def prune(self, now: int) -> int:
        """Delete what is past its retention, and the oldest beyond the disk bound; rows deleted.

        No Reading is seen past its term, and a minute at most. Where there are very many they stay
        on the disk until their partition's hour (or day, where they are kept for days) is over.
        """
        return self._pruning.prune(now)

    # --- read ----------------------------------------------------------------------------------

    def statuses(self) -> dict[str, CameraStatus]:
        """The last status of every camera."""
        if self._writes:
            return self._writer.all_statuses()
        return {**self._lookup.statuses(), **self._writer.all_statuses()}

    def latest(self, cameras: Sequence[str]) -> dict[str, Reading]:
        """The newest Reading of each of `cameras` that has one."""
        found = self._writer.newest(cameras) if self._writes else {}
        missing = [name for name in cameras if name not in found and name not in self._silent]
        if missing or self._lookup.closed:
            looked_up = self._lookup.latest(missing)
            found |= looked_up
            if self._writes:
                self._silent.update(name for name in missing if name not in looked_up)
        return found

    def readings(self, camera: str, since: int, until: int, most: int = 3600) -> list[Reading]:
        """Readings with since < t <= until (UTC milliseconds), oldest first, the newest `most`."""
        return self._lookup.readings(camera, since, until, most)

    def roll_ups(
        self, camera: str, resolution: Literal["minute", "hour"], since: int, until: int
    ) -> list[RollUp]:
        """Roll-ups with since <= start < until, oldest first."""
        return self._lookup.roll_ups(camera, resolution, Span(since, until))

    def counts_of(
        self, cameras: Sequence[str], resolution: Literal["minute", "hour"], spans: Sequence[Span]
    ) -> dict[str, Counts]:
        """What each of `cameras` counted in roll-ups that start in one of `spans`: one look-up."""
        return self._lookup.counts_of(cameras, resolution, spans)

    def alerts(
        self, *, site: str | None = None, only_open: bool = False, most: int = 1000
    ) -> list[KeptAlert]:
        """Alerts of `site` (None: of all), the newest id first, at most `most`."""
        with self._lookup.reading() as connection:
            return kept_alerts.listed(connection, site, only_open=only_open, most=most)

    def find_alerts(self, wanted: AlertQuery) -> list[KeptAlert]:
        """Alerts that fit `wanted`, the newest id first; `most` of them where there are more."""
        with self._lookup.reading() as connection:
            return kept_alerts.find(connection, wanted)

    def find_events(self, wanted: EventQuery) -> EventPage:
        """Events that fit `wanted`, the latest start first."""
        with self._lookup.reading() as connection:
            return events.find(connection, wanted, self._lookup.numbers(connection))

    def event_news(self, most: int, *, after: int = 0) -> list[News]:
        """The oldest `most` news of validated events that no alert was made of, oldest first."""
        with self._lookup.reading() as connection:
            return events.news(connection, most, after)

    def due_deliveries(self, route: str, now: int, most: int) -> list[KeptDelivery]:
        """What waits for `route` and is due at `now`: urgent first, then as alerts were raised."""
        with self._lookup.reading() as connection:
            return outbox.due(connection, route, now, most)

    def delivered(self, route: str, most: int) -> list[KeptDelivery]:
        """What `route` has delivered, the newest alert first."""
        with self._lookup.reading() as connection:
            return outbox.delivered(connection, route, most)

    def waiting_deliveries(self) -> dict[str, int]:
        """How many wait, by route; a route of which none waits is not in it."""
        with self._lookup.reading() as connection:
            return outbox.waiting(connection)

    def fences(self) -> dict[str, int]:
        """The last token of every camera that was given one."""
        fence = schema.fence.c
        with self._lookup.reading() as connection:
            rows = connection.execute(select(fence.camera, fence.token))
            return {row.camera: row.token for row in rows}

    def disk(self) -> DiskUse:
        """Size of the database beside the bound; what is free there, a server does not tell."""
        with self._lookup.reading() as connection:
            used = self._pruning.used(connection)
        bound = self._writer.retention.disk_bytes
        return DiskUse(used=used, bound=bound, free=None, oldest=self._lookup.oldest())

    def unsummed(self) -> int:
        """Minutes whose sums a crash took, and which are being summed up anew beside all else."""
        return self._writer.summing.left

    def version(self) -> int:
        """A number that grows with every append, status or alert, for waiting on."""
        return self._watch.version()

    def wait(self, version: int, timeout: float) -> int:
        """Return the version as soon as it is past `version`, or after `timeout` seconds."""
        return self._watch.wait(version, timeout)

    def close(self) -> None:
        """Write what is only in memory, and let the server go. Doing it twice does no harm."""
        try:
            self._writer.close()
        finally:
            self._desk.close()
            self._watch.close()
            self._lookup.close()


_FENCE = (
    b"INSERT INTO fence (camera, token) VALUES (%s, 1) "
    b"ON CONFLICT (camera) DO UPDATE SET token = fence.token + 1 RETURNING token"
)
_TELL = "SELECT pg_notify('plainview_' || 'reading'::regclass::oid::bigint, '')"


def bring_up_to_date(address: Address) -> None:
    """Bring the schema of the database at `address` up to date; one process at a time."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=address.connect,
        poolclass=NullPool,
        use_native_hstore=False,
    )
    with explained(address.where), engine.begin() as connection:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCKS}, {_MIGRATING})"))
        migrate(connection, address.where)
    engine.dispose()
