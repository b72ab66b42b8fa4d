"""What intake does to the store in PostgreSQL: Readings, events, statuses, roll-ups."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from plainview.clock import Clock
from plainview.readings import Columns, Ints, Readings, gathered
from plainview.record import CameraStatus, Reading, Stamped
from plainview.store import Appended, Retention, events, minute_state, schema
from plainview.store.dialects import INSERTS
from plainview.store.lately import LARGE
from plainview.store.pg import copying, partitions, rolling
from plainview.store.pg.address import Address
from plainview.store.pg.latest import Latest
from plainview.store.pg.link import Link, raw
from plainview.store.pg.names import Names
from plainview.store.pg.summing import Summing
from plainview.store.pg.watch import channel
from plainview.store.rollup import MINUTE
from plainview.store.search import Mark
from plainview.store.sheets import columns

_insert = INSERTS["postgresql"]
_LONG_TERM: Final = 3 * 86_400
"""Seconds. Readings that are kept for less lie in partitions of an hour, others in those of a day:
what is past its term is gone from the disk soon after."""
_WARY: Final = 8
"""Batches after one with duplicates that are looked through before they are added."""
_MOST_MINUTES: Final = 64
"""Minutes that may be in memory only; a site that tells of hours at once is written in between."""


class _Batch(NamedTuple):
    """Readings in the order of the index."""

    columns: Columns
    rows: copying.Rows

    def at(self, places: Ints) -> copying.Rows:
        """The rows at `places`."""
        times, cameras, data, sizes = self.rows
        at = [data[k] for k in places.tolist()]
        return copying.Rows(times[places], cameras[places], at, sizes[places])


class Writer:
    """Owns the one connection by which Readings are written, and what is known through it."""

    def __init__(
        self, address: Address, retention: Retention, changed: Callable[[], None], clock: Clock
    ) -> None:
        """To the database at `address`; `changed` is told after each change that is durable."""
        self.retention = retention
        self.link = Link(address, "reading", self._claimed)
        self.cameras, self.zones = Names(schema.camera), Names(schema.zone)
        self.rolling = rolling.Rolling()
        self.summing = Summing(address, self.link, self.rolling)
        self.readings: partitions.Partitions
        self.minutes: partitions.Partitions
        self.latest = Latest(clock)
        """The newest of each camera that this process has stored."""
        self.row_bytes = 100
        """Bytes of a Reading, as in the last batch."""
        self.statuses: dict[str, CameraStatus] = {}
        self.unsaved: set[str] = set()
        """Cameras whose status is not written yet."""
        self._noting = threading.Lock()
        self._changes = 0
        self._wary = 0
        self._changed = changed
        self._channel = ""

    @property
    def pid(self) -> int | None:
        """The server's process that writes for this one."""
        return self.link.pid

    # --- begun ---------------------------------------------------------------------------------

    def _claimed(self, connection: Connection) -> None:
        """The lock is ours (anew): what is in memory is what the database says, and no more."""
        self.cameras.load(connection)
        self.zones.load(connection)
        self.readings = partitions.known(connection, "reading")
        self.minutes = partitions.known(connection, "minute")
        self._channel = channel(raw(connection))
        found = connection.execute(select(func.max(schema.status.c.changed))).scalar()
        self._changes = found or 0
        if not self.statuses:
            for row in connection.execute(select(schema.status)):
                self.statuses[row.camera] = msgspec.msgpack.decode(row.data, type=CameraStatus)
        mark = select(schema.mark.c.value).where(schema.mark.c.name == "readings_from")
        readings_from = connection.execute(mark).scalar()
        states = connection.execute(select(schema.minute_state)).all()
        self.rolling.forget(
            [row.start for row in states], -1 if readings_from is None else readings_from
        )
        self.summing.begin(connection, {row.start: row.rows for row in states if row.dirty})

    # --- appended ------------------------------------------------------------------------------

    def append(self, readings: Sequence[Stamped], marks: Sequence[Mark]) -> Appended:
        """See `Store.append`."""
        with self.link.lock:
            with self.link.begin() as connection:
                added = self.cameras.add(connection, {mark.camera for mark in marks})
                given = gathered(readings)
                try:
                    batch = _ordered(given, self.cameras.of(given.cameras, added))
                except KeyError:  # seldom: looking first would take as long as all the rest
                    added |= self.cameras.add(connection, set(given.cameras), added)
                    batch = _ordered(given, self.cameras.of(given.cameras, added))
                made = self._cover(connection, batch.rows.times)
                stored = self._store(connection, batch)
                minutes = np.maximum(batch.rows.times - 1, 0) // MINUTE * MINUTE
                minute_state.note(connection, minutes[stored])
                zones = self._put_marks(connection, marks, added)
                said = self._save_statuses(connection)
                self._tell(connection)
            self.cameras.keep(added)
            self.zones.keep(zones)
            self.readings = made
            self._saved(said)
            self._sum(batch, stored, minutes)
            self.latest.see(batch.rows.cameras, batch.rows.times, batch.rows.data)
            if batch.rows.data:
                self.row_bytes = int(batch.rows.sizes.mean()) + 1
        self._changed()
        if self.rolling.many > _MOST_MINUTES:
            self.roll_up(None)
        many = int(stored.sum())
        return Appended(many, len(readings) - many)

    def _cover(self, connection: Connection, times: Ints) -> partitions.Partitions:
        """See that there are partitions for all of `times`."""
        if not len(times):
            return self.readings
        hours = np.unique(times[times > self.rolling.readings_from] // partitions.HOUR)
        lacking = self.readings.lacking((hours * partitions.HOUR).tolist(), self.length)
        return partitions.make(connection, self.readings, lacking)

    @property
    def length(self) -> int:
        """Milliseconds of a partition of Readings."""
        return partitions.DAY if self.retention.readings >= _LONG_TERM else partitions.HOUR

    def _store(self, connection: Connection, batch: _Batch) -> NDArray[np.bool_]:
        """Which of `batch` are new; they are kept."""
        late = batch.rows.times <= self.rolling.readings_from
        stored = ~late
        if late.any():
            places = np.flatnonzero(late)
            stored[places[copying.add_late(connection, batch.at(places))]] = True
        places = np.flatnonzero(~late)
        if not len(places):
            return stored
        rows = batch.at(places) if late.any() else batch.rows
        if self._wary:
            self._wary -= 1
        elif copying.add_new(connection, rows):
            return stored
        else:
            self._wary = _WARY
        stored[places] = False
        stored[places[copying.merge(connection, rows)]] = True
        return stored

    def _put_marks(
        self, connection: Connection, marks: Sequence[Mark], added: dict[str, int]
    ) -> dict[str, int]:
        if not marks:
            return {}
        zones = self.zones.add(connection, {m.zone for m in marks if m.zone is not None})
        cameras = self.cameras.numbers
        cameras = cameras | added if added else cameras
        numbers = events.Numbers(cameras, self.zones.numbers | zones)
        events.put(connection, marks, numbers)
        return zones

    def _tell(self, connection: Connection) -> None:
        connection.exec_driver_sql("SELECT pg_notify(%s, '')", (self._channel,))

    def _sum(self, batch: _Batch, stored: NDArray[np.bool_], minutes: Ints) -> None:
        if not stored.any():
            return
        given = columns(batch.rows.cameras, batch.columns)
        if stored.all():
            self.rolling.add(minutes, given)
        else:
            self.rolling.add(minutes[stored], given.of(stored))

    def newest(self, cameras: Sequence[str]) -> dict[str, Reading]:
        """The newest Readings of `cameras` that this process has stored."""
        numbers = self.cameras.numbers
        known = {name: numbers[name] for name in cameras if name in numbers}
        found = ((name, self.latest.get(number)) for name, number in known.items())
        return {name: reading for name, reading in found if reading is not None}

    # --- statuses ------------------------------------------------------------------------------

    def put_status(self, camera: str, status: CameraStatus) -> None:
        """See `Store.put_status`: written with the next batch, or roll-up."""
        with self._noting:
            self.statuses[camera] = status
            self.unsaved.add(camera)
        self._changed()

    def all_statuses(self) -> dict[str, CameraStatus]:
        """The statuses that this process knows."""
        with self._noting:
            return dict(self.statuses)

    def _save_statuses(self, connection: Connection) -> dict[str, CameraStatus]:
        """Write what changed; it is to be told to `_saved` once it is durable."""
        with self._noting:
            said = {name: self.statuses[name] for name in sorted(self.unsaved)}
        if said:
            encoded = {name: msgspec.msgpack.encode(status) for name, status in said.items()}
            copying.put_statuses(connection, self._changes + 1, encoded)
        return said

    def _saved(self, said: Mapping[str, CameraStatus]) -> None:
        self._changes += bool(said)
        with self._noting:
            self.unsaved -= {name for name, one in said.items() if self.statuses[name] is one}

    # --- rolled up -----------------------------------------------------------------------------

    def roll_up(self, now: int | None, *, before: int | None = None) -> int:
        """Write sums of minutes and hours; without `now` those of running minutes too.

        With `before` only those of minutes that start before it.
        """
        with self.link.lock:
            self.link.claim()
            due = self.rolling.due(now)
            due = due if before is None else [start for start in due if start < before]
            return self._roll(self.rolling.pieces(due), now)

    def roll_some(self, now: int) -> bool:
        """Write as much of them as takes a moment; whether there is more."""
        with self.link.lock:
            self.link.claim()
            due = self.rolling.due(now)
            pieces = self.rolling.pieces(due)
            few = sum(piece.sums.used for piece in pieces) < LARGE
            self._roll(pieces if few else self.rolling.piece(due), now)
            return not few

    def _roll(self, pieces: Sequence[rolling.Piece], now: int | None) -> int:
        if not pieces and not self.unsaved:
            return 0
        try:
            with self.link.begin() as connection:
                said = self._save_statuses(connection)
                made = self._cover_minutes(connection, pieces, now)
                done = self.rolling.write(connection, pieces)
                self._point(connection, done)
                if said:
                    self._tell(connection)
        except BaseException:
            # Sums in memory have grown by what was not written: they are found anew.
            self.link.drop()
            raise
        self._saved(said)
        self.minutes = made
        self.rolling.written(done)
        return done.rows

    def _cover_minutes(
        self, connection: Connection, pieces: Sequence[rolling.Piece], now: int | None
    ) -> partitions.Partitions:
        starts = [piece.start for piece in pieces]
        ahead = [] if now is None else [now, now + partitions.HOUR]
        lacking = self.minutes.lacking([*starts, *ahead] if starts else [], partitions.DAY)
        return partitions.make(connection, self.minutes, lacking)

    def _point(self, connection: Connection, done: rolling.Rolled) -> None:
        """Keep where the newest Readings of the cameras are whose sums were written."""
        cameras, times = self.latest.times_of(done.cameras)
        copying.point(connection, cameras, times)

    def recompute(self) -> int:
        """Make every roll-up anew whose Readings are all still kept; the number written."""
        state = schema.minute_state
        with self.link.lock:
            self.roll_up(None)
            with self.link.begin() as connection:
                # Their old sums are taken out of the hours with them.
                starts = connection.execute(select(state.c.start).order_by(state.c.start))
                whole = [t for t in starts.scalars() if t >= self.rolling.readings_from]
            rows = 0
            for start in whole:
                with self.link.begin() as connection:
                    rows += rolling.rewrite(connection, start)
            with self.link.begin() as connection:
                rows += rolling.rewrite_hours(connection, self.rolling.readings_from)
            self.link.drop()
            return rows

    def close(self) -> None:
        """Write what is only in memory, and let go."""
        with self.link.lock:
            try:
                if self.link.pid is not None:
                    self.summing.close()
                    self.roll_up(None)
            finally:
                self.link.close()


def _ordered(given: Readings, cameras: Ints) -> _Batch:
    """`given`, of the cameras of these numbers."""
    places = (given.columns.t // 1000 << 32) + cameras
    columns, data, sizes = given.columns, given.data, given.sizes
    if len(given) and (places[1:] < places[:-1]).any():
        order = np.argsort(places, kind="stable")
        columns, cameras, sizes = columns.of(order), cameras[order], sizes[order]
        data = [*map(data.__getitem__, order.tolist())]
    return _Batch(columns, copying.Rows(columns.t, cameras, data, sizes))
