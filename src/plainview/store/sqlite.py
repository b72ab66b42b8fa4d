"""The store in one SQLite file: one writer, many readers, durable when `append` returns."""

import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from sqlalchemy import Connection, Table, delete, func, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert

from plainview.errors import ReadingRefused, StoreError, StoreFull
from plainview.readings import Ints, gathered
from plainview.record import CameraStatus, Reading, Stamped, decode, decoded_before, encode
from plainview.store import (
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
    outbox,
    rolled,
    schema,
    upkeep,
)
from plainview.store import alerts as kept_alerts
from plainview.store.faults import damaged, explained
from plainview.store.lately import Lately
from plainview.store.migrate import migrate
from plainview.store.rollup import HOUR, MINUTE, minute_of
from plainview.store.search import AlertQuery, EventPage, EventQuery, Mark, News
from plainview.store.sheets import columns

_WAL_SHARE, _LEAST_WAL, _MOST_WAL = 4, 400_000, 64_000_000
_SOFT = 0.85
"""Readings may fill this share of the pages; the rest is for roll-ups and for the tree's slack."""
_DROP = 0.10
"""Share of the pages that is freed at once when they are full, so that it is seldom done."""
_STEP_BACK = 60_000
"""Milliseconds. A Reading that much older than the newest known means that the clock was set back;
it is the newest then."""
_FOREVER = 1 << 60
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

    def __init__(self, path: Path, retention: Retention) -> None:
        """Open or make it. Raises StoreError when it cannot be, and changes nothing then."""
        self._path = path
        self._retention = retention
        self._reserve = min(max(retention.disk_bytes // _WAL_SHARE, _LEAST_WAL), _MOST_WAL)
        self._pages = (retention.disk_bytes - self._reserve) // connect.PAGE
        self._write_lock = threading.RLock()
        self._changed = threading.Condition()
        self._version = 0
        self._latest: dict[str, _Newest] = {}
        self._silent: set[str] = set()
        """Cameras that are known to have no Reading left; looked up once."""
        self._statuses: dict[str, CameraStatus] = {}
        self._unsaved: set[str] = set()
        self._cameras: dict[str, int] = {}
        self._zones: dict[str, int] = {}
        self._events = 0
        """Events that are kept; counting them would take long."""
        self._readings_from = 0
        self._lately = Lately(-1)
        self._closed = False
        self._lock_file = connect.lock(path)
        self._writer = connect.writer(path, reserve=self._reserve)
        self._readers = connect.readers(path)
        try:
            self._open()
        except StoreError:
            self._dispose()
            raise

    def _open(self) -> None:
        with self._writing() as connection:
            connect.check_whole(connection, self._path)
            migrate(connection, str(self._path))
        with self._writing() as connection:
            for number, name in connection.execute(select(schema.camera)):
                self._cameras[name] = number
            for name, data, _ in connection.execute(select(schema.status)):
                self._statuses[name] = msgspec.msgpack.decode(data, type=CameraStatus)
            for number, name in connection.execute(select(schema.zone)):
                self._zones[name] = number
            marks = {row.name: row.value for row in connection.execute(select(schema.mark))}
            self._readings_from = marks.get("readings_from", 0)
            self._events = marks.get("events", 0)
            last = connection.execute(select(func.max(schema.minute_state.c.start))).scalar()
            self._lately = Lately(-1 if last is None else last)
        self._limit_pages()
        # A deletion that was cut short is finished first: what lies before the mark is in the
        # roll-ups already, and must not be taken for late arrivals.
        self._delete_readings(self._readings_from)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """The writing connection in a transaction: committed, or nothing of it is kept."""
        with self._write_lock, explained(self._path):
            if self._closed:
                raise StoreError("the store is closed", where=str(self._path))
            with self._writer.begin() as connection:
                yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._closed:
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
        with self._write_lock:
            size = sum(map(len, given.data)) + _ROW_BYTES * len(given)
            self._make_room(size + events.ROW_BYTES * len(marks))
            with self._writing() as connection:
                named = {*given.cameras, *(mark.camera for mark in marks)}
                added = self._add_numbers(connection, schema.camera, self._cameras, named)
                numbers = self._cameras | added if added else self._cameras
                cameras = map(numbers.__getitem__, given.cameras)
                rows = [*zip(given.columns.t.tolist(), cameras, given.data, strict=True)]
                stored = connection.exec_driver_sql(_insert_reading, rows).rowcount
                minutes = np.maximum(given.columns.t - 1, 0) // MINUTE * MINUTE
                if stored:
                    self._note_minutes(connection, minutes)
                names, fresh = self._put_marks(connection, marks, numbers)
            self._cameras.update(added)
            self._zones.update(names)
            self._events += fresh
            if stored == len(rows):
                numbered = columns([camera for _, camera, _ in rows], given.columns)
                self._lately.add(minutes, numbered)
            elif stored:
                self._lately.tear(minutes)
        with self._changed:
            for camera, (t, _, data) in zip(given.cameras, rows, strict=True):
                self._see(camera, t, data)
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
        self._mark_events(connection, self._events + fresh)
        return names, fresh

    def _mark_events(self, connection: Connection, rows: int) -> None:
        values = {"name": "events", "value": rows}
        connection.execute(insert(schema.mark).prefix_with("OR REPLACE"), [values])

    def _note_minutes(self, connection: Connection, minutes: Ints) -> None:
        state = schema.minute_state
        fresh = insert(state)
        note = fresh.on_conflict_do_update(
            index_elements=[state.c.start],
            set_={"rows": state.c.rows + fresh.excluded.rows, "dirty": 1},
        )
        starts, rows = np.unique(minutes, return_counts=True)
        said = zip(starts.tolist(), rows.tolist(), strict=True)
        connection.execute(note, [{"start": start, "rows": n, "dirty": 1} for start, n in said])

    def _see(self, camera: str, t: int, data: bytes) -> None:
        known = self._latest.get(camera)
        if known is None or t >= known.t or t < known.t - _STEP_BACK:
            self._latest[camera] = _Newest(t, data)

    def _grow_version(self) -> None:
        self._version += 1
        self._changed.notify_all()

    def _used_pages(self, connection: Connection) -> int:
        pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        free: int = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
        return pages - free

    def _make_room(self, size: int) -> None:
        """See that `size` bytes of rows fit: in the log, and within the bound."""
        needed = size * 3 // 2 + 16 * connect.PAGE
        if needed > self._reserve:
            raise StoreFull(
                f"a batch of {size} bytes is too large for a store of "
                f"{self._retention.disk_bytes} bytes",
                where=str(self._path),
                mend="Raise 'disk' of [retention]",
            )
        if connect.size(Path(f"{self._path}-wal")) + needed > self._reserve:
            self._checkpoint()
            if connect.size(Path(f"{self._path}-wal")) + needed > self._reserve:
                raise StoreFull(
                    "the write-ahead log has reached its bound, as a reader holds it",
                    where=str(self._path),
                    mend="End programs that keep a transaction open on the database",
                )
        if self._drop_beyond(needed // connect.PAGE)[1] > 0:
            raise StoreFull(
                f"the store has reached its bound of {self._retention.disk_bytes} bytes, and "
                "no older Readings are left to drop",
                where=str(self._path),
                mend="Raise 'disk' of [retention], or keep roll-ups for a shorter time",
            )

    def _drop_beyond(self, needed: int) -> tuple[int, int]:
        """Drop the oldest Readings until `needed` pages fit; (deleted, pages still too many)."""
        deleted = 0
        while True:
            with self._writing() as connection:
                over = self._used_pages(connection) + needed - int(self._pages * _SOFT)
            gone = self._drop(over + int(self._pages * _DROP)) if over > 0 else 0
            deleted += gone
            if not gone:
                return deleted, over

    def _drop(self, pages: int) -> int:
        """Delete the oldest Readings, or of events where these fill half of the store; how many.

        So a flood of events cannot drive out all Readings, nor Readings the events that are kept
        for longer.
        """
        if self._events * events.ROW_BYTES * 2 < self._pages * connect.PAGE:
            gone = self._drop_oldest(pages)
            if gone:
                return gone
        return self._delete_events(_FOREVER)

    def _checkpoint(self) -> None:
        self._outside("PRAGMA wal_checkpoint(TRUNCATE)")

    def _outside(self, pragma: str) -> None:
        """Run `pragma` to its end outside of a transaction (execute() would stop after a step)."""
        with self._write_lock, explained(self._path):
            raw = self._writer.raw_connection()
            try:
                raw.cursor().executescript(pragma)
            finally:
                raw.close()

    def _drop_oldest(self, pages: int) -> int:
        """Delete the oldest whole minutes of Readings, worth `pages`; the number deleted."""
        self._roll_dirty()
        state = schema.minute_state
        with self._writing() as connection:
            minutes = connection.execute(select(state).order_by(state.c.start)).all()
            total = sum(row.rows for row in minutes)
            wanted = total * pages / max(self._used_pages(connection), 1)
        until = 0
        for row in minutes[:-1]:
            if wanted <= 0:
                break
            wanted -= row.rows
            until = row.start + MINUTE
        return self._delete_readings(until)

    def _delete_readings(self, until: int) -> int:
        """Delete Readings with t <= `until`, rolled up before, in steps that the log can hold."""
        if until <= 0:
            return 0
        with self._writing() as connection:
            state = schema.minute_state
            mark = insert(schema.mark).values(name="readings_from", value=until)
            connection.execute(
                mark.on_conflict_do_update(
                    index_elements=[schema.mark.c.name],
                    set_={"value": func.max(schema.mark.c.value, until)},
                )
            )
            connection.execute(delete(state).where(state.c.start < until))
        self._readings_from = max(self._readings_from, until)
        deleted = 0
        step = max(self._reserve // 4 // 500, 200)
        while True:
            with self._writing() as connection:
                gone = upkeep.delete_readings(connection, until, step)
            deleted += gone
            if not gone:
                return deleted
            if connect.size(Path(f"{self._path}-wal")) > self._reserve // 2:
                self._checkpoint()

    def _give_back(self) -> None:
        """Return free pages to the file system when they are many; a few are kept for reuse."""
        before = None
        while True:
            with self._writing() as connection:
                free: int = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
                pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                too_large = pages > self._pages  # the bound was lowered
                few = not too_large and (free * 4 <= pages or free < 64)
                if few or free in (0, before):
                    break
                before = free
            kept = 0 if too_large else pages // 8
            step = min(free - kept, max(self._reserve // 4 // connect.PAGE, 16))
            self._outside(f"PRAGMA incremental_vacuum({step})")
        self._checkpoint()
        self._limit_pages()

    def _limit_pages(self) -> None:
        """Hold the file to its bound; one that is past a lowered bound gets a little more room.

        It is needed to roll up what is to be dropped.
        """
        with self._writing() as connection:
            pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        limit = self._pages if pages <= self._pages else pages + max(pages // 16, 256)
        self._outside(f"PRAGMA max_page_count = {limit}")

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
            with self._writing() as connection:
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
        with self._writing() as connection:
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
        with self._writing() as connection:
            outbox.settle(connection, deliveries)

    def hurry_deliveries(self, route: str) -> None:
        """Whatever waits for `route` is due now."""
        with self._writing() as connection:
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
        with self._writing() as connection:
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

    def _roll_dirty(self, now: int = _FOREVER) -> int:
        """Roll up what is due at `now` (UTC milliseconds); all of it without one."""
        return self._roll(self._lately.due(self._dirty(), now))

    def _roll_held(self) -> None:
        """Write the sums in memory that are not yet: of a large minute that still runs too."""
        held = self._lately.held
        if held:
            self._roll([start for start in self._dirty() if start in held])

    def _dirty(self) -> Sequence[int]:
        """Starts of the minutes whose sums are not written."""
        state = schema.minute_state.c
        with self._writing() as connection:
            found = connection.execute(select(state.start).where(state.dirty == 1))
            return found.scalars().all()

    def _roll(self, starts: Sequence[int]) -> int:
        written = 0
        for start in starts:
            # Late Readings of a minute whose Readings are gone: in no sums but its old ones.
            known = self._lately.sums(start) if start >= self._readings_from else None
            with self._writing() as connection:
                written += upkeep.roll_minute(connection, start, self._readings_from, known)
        return written

    def roll_up(self, now: int) -> int:
        """Bring minute and hour roll-ups up to date with the Readings; the number written.

        The running minute too, unless it is of thousands of cameras: it is rolled up again when
        more arrives, as is any minute that Readings came late for.
        """
        with self._write_lock:
            self._save_statuses()
            return self._roll_dirty(now)

    def roll_some(self, now: int) -> bool:
        """Bring roll-ups up to date: one machine's are not so many that they are cut in pieces."""
        self.roll_up(now)
        return False

    def recompute(self) -> int:
        """Make every roll-up anew whose Readings are all still kept; the number written."""
        state = schema.minute_state
        with self._write_lock:
            self._lately.clear()
            with self._writing() as connection:
                connection.execute(update(state).values(dirty=1))
            written = self._roll_dirty()
            with self._writing() as connection:
                return written + upkeep.rebuild_hours(connection, self._whole_hours(connection))

    def _whole_hours(self, connection: Connection) -> int:
        """Start of the first hour whose minutes are all still kept."""
        first = connection.execute(select(func.min(schema.minute.c.start))).scalar() or 0
        return -(-first // HOUR) * HOUR if self._readings_from else 0

    def keep(self, retention: Retention) -> None:
        """From the next `prune` on, these are the terms."""
        with self._write_lock:
            self._retention = retention

    def prune(self, now: int) -> int:
        """Delete what is past its retention, and the oldest beyond the disk bound; rows deleted.

        Readings go by whole minutes, so one is kept for its term and at most a minute more.
        """
        with self._write_lock:
            self.roll_up(now)
            keep = self._retention
            term = minute_of(max(now - int(keep.readings * 1000), 0) + 1)
            deleted = self._delete_readings(term) if self._has_before(term) else 0
            deleted += self._drop_beyond(0)[0]
            for table, seconds in ((schema.minute, keep.minutes), (schema.hour, keep.hours)):
                until = now - int(seconds * 1000)
                numbers = sorted(self._cameras.values())
                for k in range(0, len(numbers), 64):
                    with self._writing() as connection:
                        deleted += upkeep.delete_roll_ups(
                            connection, table, until, numbers[k : k + 64]
                        )
            with self._writing() as connection:
                until = now - int(keep.events * 1000)
                deleted += kept_alerts.delete_ended(connection, until)
                deleted += outbox.delete_old(connection, until)
            while gone := self._delete_events(until):
                deleted += gone
            self._give_back()
            return deleted

    def _delete_events(self, until: int) -> int:
        """Delete the oldest events that started before `until`, as many as the log can hold."""
        with self._writing() as connection:
            step = max(self._reserve // 8 // events.ROW_BYTES, 200)
            gone = events.delete_before(connection, until, step)
            if gone:
                self._mark_events(connection, max(self._events - gone, 0))
        if gone:
            self._events = max(self._events - gone, 0)
            if connect.size(Path(f"{self._path}-wal")) > self._reserve // 2:
                self._checkpoint()
        return gone

    def _has_before(self, until: int) -> bool:
        with self._writing() as connection:
            first = connection.execute(select(func.min(schema.reading.c.t))).scalar()
            return first is not None and first <= until

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
            self._changed.wait_for(lambda: self._version > version or self._closed, timeout)
            return self._version

    def close(self) -> None:
        """Write what is only in memory (statuses, sums), and close. Doing it twice does no harm."""
        with self._write_lock:
            if self._closed:
                return
            try:
                self._save_statuses()
                self._roll_held()
            finally:
                with self._changed:
                    self._closed = True
                    self._changed.notify_all()
                self._dispose()

    def _dispose(self) -> None:
        self._readers.dispose()
        self._writer.dispose()
        self._lock_file.close()
