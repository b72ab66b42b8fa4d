"""The store in one SQLite file: one writer, many readers, durable when `append` returns."""

import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from sqlalchemy import Connection, Table, delete, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert

from plainview.clock import Clock, SystemClock
from plainview.errors import ReadingRefused, StoreError
from plainview.readings import gathered
from plainview.record import CameraStatus, Reading, Stamped, decode, decoded_before, encode
from plainview.store import (
    AHEAD,
    Appended,
    Counts,
    DiskUse,
    KeptAlert,
    KeptDelivery,
    Retention,
    RollUp,
    Span,
    connect,
    events,
    minute_state,
    outbox,
    rolled,
    schema,
    upkeep,
)
from plainview.store import alerts as kept_alerts
from plainview.store.faults import damaged, explained
from plainview.store.lite.minutes import Minutes
from plainview.store.lite.room import Room, reserve_of
from plainview.store.lite.writing import Writer
from plainview.store.migrate import migrate
from plainview.store.rollup import MINUTE, minute_of
from plainview.store.search import AlertQuery, EventPage, EventQuery, Mark, News
from plainview.store.sheets import columns

_ROW_BYTES = 40
"""Bytes of a Reading's row beside its data: key, sizes, and slack in the tree."""

_insert_reading = str(
    insert(schema.reading).prefix_with("OR IGNORE").compile(dialect=sqlite.dialect())
)


class _Newest(NamedTuple):
    """The newest Reading of a camera: few are ever asked for."""

    t: int
    data: bytes


class SqliteStore:
    """Owns the database at `path` until `close`. Thread-safe; see plainview.store.Store."""

    def __init__(self, path: Path, retention: Retention, clock: Clock | None = None) -> None:
        """Open or make it. Raises StoreError when it cannot be, and changes nothing then."""
        self._path = path
        self._retention, self._clock = retention, clock or SystemClock()
        self._changed = threading.Condition()
        self._version = 0
        self._latest: dict[str, _Newest] = {}
        self._silent: set[str] = set()
        """Cameras that are known to have no Reading left; looked up once."""
        self._statuses: dict[str, CameraStatus] = {}
        self._unsaved: set[str] = set()
        self._cameras: dict[str, int] = {}
        self._zones: dict[str, int] = {}
        self._lock_file = connect.lock(path)
        self._writer = Writer(path, reserve_of(retention.disk_bytes))
        self._minutes = Minutes(self._writer)
        self._room = Room(self._writer, self._minutes, retention.disk_bytes)
        self._readers = connect.readers(path)
        try:
            self._open()
        except StoreError:
            self._dispose()
            raise

    def _open(self) -> None:
        with self._writer.transaction() as connection:
            connect.check_whole(connection, self._path)
            migrate(connection, str(self._path))
        with self._writer.transaction() as connection:
            for number, name in connection.execute(select(schema.camera)):
                self._cameras[name] = number
            for name, data, _ in connection.execute(select(schema.status)):
                self._statuses[name] = msgspec.msgpack.decode(data, type=CameraStatus)
            for number, name in connection.execute(select(schema.zone)):
                self._zones[name] = number
            self._minutes.open(connection)
            self._room.open(connection)
        self._room.limit()
        # A deletion that was cut short is finished first: what lies before the mark is in the
        # roll-ups already, and must not be taken for late arrivals.
        self._minutes.delete_readings(self._minutes.readings_from)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._writer.closed:
            raise StoreError("the store is closed", where=str(self._path))
        with explained(self._path), self._readers.begin() as connection:
            yield connection

    def append(self, readings: Sequence[Stamped], marks: Sequence[Mark] = ()) -> Appended:
        """Keep `readings` and events in one transaction. When this returns they are on the disk.

        At the bound, the oldest Readings are dropped for them. Raises StoreFull when that makes no
        room or the disk is full, StoreError on other failures; then nothing of the batch is kept.
        """
        if not readings:
            return Appended(0, 0)
        given = gathered(readings)
        with self._writer.lock:
            size = sum(map(len, given.data)) + _ROW_BYTES * len(given)
            self._room.make(size + events.ROW_BYTES * len(marks))
            with self._writer.transaction() as connection:
                named = {*given.cameras, *(mark.camera for mark in marks)}
                added = self._add_numbers(connection, schema.camera, self._cameras, named)
                numbers = self._cameras | added if added else self._cameras
                cameras = map(numbers.__getitem__, given.cameras)
                rows = [*zip(given.columns.t.tolist(), cameras, given.data, strict=True)]
                stored = connection.exec_driver_sql(_insert_reading, rows).rowcount
                minutes = np.maximum(given.columns.t - 1, 0) // MINUTE * MINUTE
                if stored:
                    minute_state.note(connection, minutes)
                names, fresh = self._put_marks(connection, marks, numbers)
            self._cameras.update(added)
            self._zones.update(names)
            self._room.events += fresh
            if stored == len(rows):
                numbered = columns([camera for _, camera, _ in rows], given.columns)
                self._minutes.add(minutes, numbered)
            elif stored:
                self._minutes.tear(minutes)
        ahead = self._clock.utc() * 1000 + AHEAD
        with self._changed:
            for camera, (t, _, data) in zip(given.cameras, rows, strict=True):
                known = self._latest.get(camera)
                if known is None or t >= known.t or known.t > ahead:
                    self._latest[camera] = _Newest(t, data)
            self._grow_version()
        return Appended(stored, len(rows) - stored)

    def _add_numbers(
        self, connection: Connection, table: Table, known: Mapping[str, int], names: set[str]
    ) -> dict[str, int]:
        new = sorted(names - known.keys())
        first = max(known.values(), default=0) + 1
        added = {name: number for number, name in enumerate(new, first)}
        if added:
            connection.execute(
                insert(table), [{"id": n, "name": name} for name, n in added.items()]
            )
        return added

    def _put_marks(
        self, connection: Connection, marks: Sequence[Mark], cameras: Mapping[str, int]
    ) -> tuple[dict[str, int], int]:
        """Keep `marks`: (names of zones that are new, events that are new)."""
        if not marks:
            return {}, 0
        named = {mark.zone for mark in marks if mark.zone is not None}
        names = self._add_numbers(connection, schema.zone, self._zones, named)
        numbers = events.Numbers(cameras, self._zones | names)
        fresh = events.put(connection, marks, numbers)
        self._room.count_events(connection, self._room.events + fresh)
        return names, fresh

    def _grow_version(self) -> None:
        self._version += 1
        self._changed.notify_all()

    def put_status(self, camera: str, status: CameraStatus) -> None:
        """Replace what is known of a camera's pipeline. Written with the next roll-up."""
        with self._changed:
            self._statuses[camera] = status
            self._unsaved.add(camera)
            self._grow_version()

    def statuses(self) -> dict[str, CameraStatus]:
        """The last status of every camera."""
        with self._changed:
            return dict(self._statuses)

    def _save_statuses(self) -> None:
        with self._changed:
            names = sorted(self._unsaved)
            rows = [
                {"camera": name, "data": msgspec.msgpack.encode(self._statuses[name])}
                for name in names
            ]
        if rows:
            with self._writer.transaction() as connection:
                connection.execute(insert(schema.status).prefix_with("OR REPLACE"), rows)
            with self._changed:
                self._unsaved.difference_update(names)

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
        with self._writer.transaction() as connection:
            kept_alerts.put(connection, alerts)
            outbox.put(connection, deliveries)
            if heard:
                number = schema.event_news.c.number
                connection.execute(delete(schema.event_news).where(number <= heard))
        with self._changed:
            self._grow_version()

    def alerts(
        self, *, site: str | None = None, only_open: bool = False, most: int = 1000
    ) -> list[KeptAlert]:
        """Alerts of `site` (None: of all), the newest id first, at most `most`."""
        with self._reading() as connection:
            return kept_alerts.listed(connection, site, only_open=only_open, most=most)

    def find_alerts(self, wanted: AlertQuery) -> list[KeptAlert]:
        """Alerts that fit `wanted`, the newest id first; `most` of them where there are more."""
        with self._reading() as connection:
            return kept_alerts.find(connection, wanted)

    def find_events(self, wanted: EventQuery) -> EventPage:
        """Events that fit `wanted`, the latest start first."""
        with self._reading() as connection:
            return events.find(connection, wanted, self._numbers())

    def event_news(self, most: int, *, after: int = 0) -> list[News]:
        """The oldest `most` news of validated events that no alert was made of, oldest first."""
        with self._reading() as connection:
            return events.news(connection, most, after)

    def _numbers(self) -> events.Numbers:
        # Only ever added to, in one step each: a copy is enough.
        return events.Numbers(dict(self._cameras), dict(self._zones))

    def due_deliveries(self, route: str, now: int, most: int) -> list[KeptDelivery]:
        """What waits for `route` and is due at `now`: urgent first, then as alerts were raised."""
        with self._reading() as connection:
            return outbox.due(connection, route, now, most)

    def delivered(self, route: str, most: int) -> list[KeptDelivery]:
        """What `route` has delivered, the newest alert first."""
        with self._reading() as connection:
            return outbox.delivered(connection, route, most)

    def waiting_deliveries(self) -> dict[str, int]:
        """How many wait, by route; a route of which none waits is not in it."""
        with self._reading() as connection:
            return outbox.waiting(connection)

    def settle_deliveries(self, deliveries: Sequence[KeptDelivery]) -> None:
        """Keep what became of `deliveries`; one that a newer revision has replaced is left alone.

        On the disk when this returns. Raises StoreFull or StoreError; then all stays as it was.
        """
        with self._writer.transaction() as connection:
            outbox.settle(connection, deliveries)

    def hurry_deliveries(self, route: str) -> None:
        """Whatever waits for `route` is due now."""
        with self._writer.transaction() as connection:
            outbox.hurry(connection, route)

    def _decode(self, data: bytes) -> Reading:
        try:
            return decode(data)
        except ReadingRefused as error:
            raise damaged(self._path, error.what) from error

    def latest(self, cameras: Sequence[str]) -> dict[str, Reading]:
        """The newest Reading of each of `cameras` that has one."""
        with self._changed:
            known = {name: self._latest[name] for name in cameras if name in self._latest}
            found = {name: decoded_before(one.data) for name, one in known.items()}
            missing = [
                name
                for name in cameras
                if name not in found and name not in self._silent and name in self._cameras
            ]
        for name in missing:
            reading = self._last_stored(self._cameras[name])
            with self._changed:
                if reading is None:
                    self._silent.add(name)
                else:
                    newest = self._latest.setdefault(name, _Newest(reading.t, encode(reading)))
                    found[name] = decoded_before(newest.data)
        return found

    def _last_stored(self, camera: int) -> Reading | None:
        """From the file: in a minute that is not rolled up yet, or in the camera's last one.

        Both are few rows of all; a camera that fell silent long ago must not cost a whole scan.
        """
        minute, reading, state = schema.minute, schema.reading, schema.minute_state
        newest = select(reading.c.data).where(reading.c.camera == camera)
        newest = newest.order_by(reading.c.t.desc()).limit(1)
        with self._reading() as connection:
            dirty = connection.execute(
                select(func.min(state.c.start)).where(state.c.dirty == 1)
            ).scalar()
            rolled = connection.execute(
                select(func.max(minute.c.start)).where(minute.c.camera == camera)
            ).scalar()
            data = None
            if dirty is not None:
                data = connection.execute(newest.where(reading.c.t >= dirty)).scalar()
            if data is None and rolled is not None:
                within = reading.c.t.between(rolled, rolled + MINUTE)
                data = connection.execute(newest.where(within)).scalar()
        return None if data is None else self._decode(data)

    def readings(self, camera: str, since: int, until: int, most: int = 3600) -> list[Reading]:
        """Readings with since < t <= until (UTC milliseconds), oldest first, the newest `most`."""
        number = self._cameras.get(camera)
        if number is None:
            return []
        reading = schema.reading.c
        with self._reading() as connection:
            rows = connection.execute(
                select(reading.data)
                .where(reading.t > since, reading.t <= until, reading.camera == number)
                .order_by(reading.t.desc())
                .limit(most)
            ).scalars()
            return [self._decode(data) for data in rows][::-1]

    def next_fence(self, camera: str) -> int:
        """A token for a new placement of `camera`, larger than all before; durable at once."""
        fence = schema.fence
        fresh = insert(fence).values(camera=camera, token=1)
        keep = fresh.on_conflict_do_update(
            index_elements=[fence.c.camera], set_={"token": fence.c.token + 1}
        )
        with self._writer.transaction() as connection:
            return int(connection.execute(keep.returning(fence.c.token)).scalar_one())

    def fences(self) -> dict[str, int]:
        """The last token of every camera that was given one."""
        with self._reading() as connection:
            rows = connection.execute(select(schema.fence.c.camera, schema.fence.c.token))
            return {row.camera: row.token for row in rows}

    def roll_ups(
        self, camera: str, resolution: Literal["minute", "hour"], since: int, until: int
    ) -> list[RollUp]:
        """Roll-ups with since <= start < until, oldest first."""
        number = self._cameras.get(camera)
        if number is None:
            return []
        with self._reading() as connection:
            return rolled.roll_ups(connection, number, camera, resolution, Span(since, until))

    def counts_of(
        self, cameras: Sequence[str], resolution: Literal["minute", "hour"], spans: Sequence[Span]
    ) -> dict[str, Counts]:
        """What each of `cameras` counted in roll-ups that start in one of `spans`: one look-up."""
        known = {self._cameras[camera]: camera for camera in cameras if camera in self._cameras}
        if not known or not spans:
            return {}
        with self._reading() as connection:
            found = rolled.counts_of(connection, [*known], resolution, spans)
        return {known[number]: one for number, one in found.items()}

    def roll_up(self, now: int) -> int:
        """Bring minute and hour roll-ups up to date with the Readings; the number written.

        The running minute too, unless it is of thousands of cameras: it is rolled up again when
        more arrives, as is any minute that Readings came late for.
        """
        with self._writer.lock:
            self._save_statuses()
            return self._minutes.roll_due(now)

    def roll_some(self, now: int) -> bool:
        """Bring roll-ups up to date: one machine's are not so many that they are cut in pieces."""
        self.roll_up(now)
        return False

    def recompute(self) -> int:
        """Make every roll-up anew whose Readings are all still kept; the number written."""
        with self._writer.lock:
            return self._minutes.recompute()

    def keep(self, retention: Retention) -> None:
        """From the next `prune` on, these are the terms."""
        with self._writer.lock:
            self._retention = retention

    def prune(self, now: int) -> int:
        """Delete what is past its retention, and the oldest beyond the disk bound; rows deleted.

        Readings go by whole minutes, so one is kept for its term and at most a minute more.
        """
        with self._writer.lock:
            self.roll_up(now)
            keep = self._retention
            term = minute_of(max(now - int(keep.readings * 1000), 0) + 1)
            deleted = self._minutes.delete_readings(term) if self._minutes.has_before(term) else 0
            deleted += self._room.drop_beyond()[0]
            for table, seconds in ((schema.minute, keep.minutes), (schema.hour, keep.hours)):
                until = now - int(seconds * 1000)
                numbers = sorted(self._cameras.values())
                for k in range(0, len(numbers), 64):
                    with self._writer.transaction() as connection:
                        deleted += upkeep.delete_roll_ups(
                            connection, table, until, numbers[k : k + 64]
                        )
            with self._writer.transaction() as connection:
                until = now - int(keep.events * 1000)
                deleted += kept_alerts.delete_ended(connection, until)
                deleted += outbox.delete_old(connection, until)
            while gone := self._room.delete_events(until):
                deleted += gone
            self._room.give_back()
            return deleted

    def disk(self) -> DiskUse:
        """Size on disk beside the bound."""
        with self._reading() as connection:
            oldest = connection.execute(select(func.min(schema.reading.c.t))).scalar()
        return DiskUse(
            used=connect.file_bytes(self._path),
            bound=self._retention.disk_bytes,
            free=shutil.disk_usage(self._path.parent).free,
            oldest=oldest,
        )

    def unsummed(self) -> int:
        """None: what is not in memory is summed up from the file when its minute is due."""
        return 0

    def version(self) -> int:
        """A number that grows with every append, status or alert, for waiting on."""
        with self._changed:
            return self._version

    def wait(self, version: int, timeout: float) -> int:
        """Return the version as soon as it is past `version`, or after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > version or self._writer.closed, timeout)
            return self._version

    def close(self) -> None:
        """Write what is only in memory (statuses, sums), and close. Doing it twice does no harm."""
        with self._writer.lock:
            if self._writer.closed:
                return
            try:
                self._save_statuses()
                self._minutes.roll_held()
            finally:
                with self._changed:
                    self._writer.closed = True
                    self._changed.notify_all()
                self._dispose()

    def _dispose(self) -> None:
        self._readers.dispose()
        self._writer.dispose()
        self._lock_file.close()
