"""Minutes and hours kept up to date in memory, written in steps, and found again after a crash.

The truth is the Readings; sums are a cache. Each minute's state in the database says whether its
sums lack Readings (`dirty`). Sums in memory are what came since they were last written; where they
are lost, or the process died, the minute is summed up anew from its Readings.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from sqlalchemy import Connection, Table, delete, func, select

from plainview.readings import Ints, read
from plainview.store import schema
from plainview.store.dialects import among
from plainview.store.lately import GRACE, LARGE
from plainview.store.pg import copying
from plainview.store.pg.link import raw
from plainview.store.rollup import HOUR, MINUTE, Sums
from plainview.store.sheets import Columns, Sheet, columns
from plainview.store.upkeep import sums_of

_HOT: Final = 3
"""Minutes and hours, of the newest, whose whole sums stay in memory."""
_PIECE: Final = 2048
"""Cameras of a minute that are written in one moment, a tenth of a second in which nothing else is
written. A minute of 60,000 written at once would hold up their Readings for two."""
_PIECES: Final = 40
"""Into no more pieces than that: one is written a second, and the next minute comes."""
_CHUNK: Final = 20_000


class Stretch:
    """A minute or an hour: what it adds up to, and what of it is not written yet."""

    def __init__(self, *, known: bool) -> None:
        """`known`: there may be sums of it in the database."""
        self.fresh = Sheet()
        self.parts: list[Sheet] = []
        """What was fresh when it began to be written piece by piece."""
        self.total = Sheet()
        self.known = known
        self.missing = False
        """Whether Readings from before the last start are still being summed up."""

    @property
    def unwritten(self) -> list[Sheet]:
        """All that is not written."""
        return [*self.parts, self.fresh] if self.fresh.used else self.parts


class Piece(NamedTuple):
    """Sums that are written at once: of the minute at `start`, or of some cameras in it."""

    start: int
    sums: Sheet


class Rolled(NamedTuple):
    """What was written, to be put on record once that is durable."""

    rows: int
    pieces: Sequence[Piece]
    cameras: Ints


class Rolling:
    """Owns the sums that are in memory. Used under the lock of the writing link."""

    def __init__(self) -> None:
        """Of nothing."""
        self.readings_from = -1
        """Readings up to this time are deleted: their minutes only grow."""
        self._minutes: dict[int, Stretch] = {}
        self._hours: dict[int, Stretch] = {}
        self._known: set[int] = set()

    def forget(self, known: Iterable[int], readings_from: int) -> None:
        """Begin anew, where the database has states of the minutes `known`."""
        self._minutes.clear()
        self._hours.clear()
        self._known = set(known)
        self.readings_from = readings_from

    def minute(self, start: int) -> Stretch:
        """The minute at `start`."""
        found = self._minutes.get(start)
        if found is None:
            written = start < self.readings_from or start in self._known
            found = self._minutes[start] = Stretch(known=written)
            self._known.add(start)
        return found

    def _hour(self, start: int) -> Stretch:
        found = self._hours.get(start)
        if found is None:
            known = start < self.readings_from or any(
                start <= minute < start + HOUR for minute in self._known
            )
            found = self._hours[start] = Stretch(known=known)
        return found

    def add(self, minutes: Ints, given: Columns) -> None:
        """Add Readings that are stored; `minutes` are the starts that they belong to."""
        starts = np.unique(minutes)
        for start in starts.tolist():
            # An hour that begins now has no sums anywhere: to be seen before its minute is known.
            self._hour(start // HOUR * HOUR)
            part = given if len(starts) == 1 else given.of(minutes == start)
            self.minute(start).fresh.add(part)

    def due(self, now: int | None) -> list[int]:
        """Minutes to be written; all that can be without `now` (UTC milliseconds)."""
        newest = max(self._minutes, default=0)
        return sorted(
            start
            for start, minute in self._minutes.items()
            if minute.unwritten
            and not minute.missing
            and (
                now is None
                or minute.fresh.used < LARGE
                or start + MINUTE + GRACE <= now
                or start + MINUTE < newest
            )
        )

    @property
    def many(self) -> int:
        """Minutes that are not written."""
        return sum(bool(minute.unwritten) for minute in self._minutes.values())

    @property
    def missing(self) -> list[int]:
        """Minutes whose Readings are still being summed up."""
        return sorted(start for start, one in self._minutes.items() if one.missing)

    def pieces(self, starts: Iterable[int]) -> list[Piece]:
        """All that is not written of the minutes `starts`."""
        return [Piece(start, part) for start in starts for part in self._minutes[start].unwritten]

    def piece(self, starts: Sequence[int]) -> list[Piece]:
        """What to write of the minutes `starts` in one moment: a piece of the first."""
        for start in starts[:1]:
            minute = self._minutes[start]
            if not minute.parts:
                minute.parts, minute.fresh = _pieces(minute.fresh), Sheet()
            return [Piece(start, minute.parts[0])]
        return []

    def write(self, connection: Connection, pieces: Sequence[Piece]) -> Rolled:
        """Write `pieces` and their hours. If that fails, all must be forgotten.

        Of each camera in them its minute and its hour are written in one transaction, so that a
        minute of which only some cameras are written is no less right: it is still said to be
        dirty, and what it lacks is found by taking what is written from what its Readings say.
        """
        rows = 0
        cameras: list[Ints] = []
        hours: defaultdict[int, list[Ints]] = defaultdict(list)
        for start, sums in pieces:
            minute, at = self._minutes[start], start // HOUR * HOUR
            touched = sums.cameras.copy()
            rows += self._grow(connection, schema.minute, start, minute, sums)
            hour = self._hour(at)
            _complete(connection, schema.hour, at, hour, touched)
            hour.total.merge(sums)
            hours[at].append(touched)
            cameras.append(touched)
        for start, parts in hours.items():
            touched = np.unique(np.concatenate(parts))
            held = self._hours[start].total.held(touched)
            rows += copying.put_sums(connection, "hour", start, held)
        self._settle(connection, self._finished(pieces))
        return Rolled(rows, pieces, np.unique(np.concatenate(cameras or [np.zeros(0, int)])))

    def _finished(self, pieces: Sequence[Piece]) -> list[int]:
        """The minutes of which nothing is left to write after `pieces`."""
        written = Counter(piece.start for piece in pieces)
        return [
            start for start, many in written.items()
            if many == len(self._minutes[start].unwritten)
        ]  # fmt: skip

    def _grow(
        self, connection: Connection, table: Table, start: int, whole: Stretch, by: Sheet
    ) -> int:
        touched = by.cameras.copy()
        _complete(connection, table, start, whole, touched)
        whole.total.merge(by)
        return copying.put_sums(connection, table.name, start, whole.total.held(touched))

    def _settle(self, connection: Connection, starts: Sequence[int]) -> None:
        """Say that the sums of `starts` are whole, and let stragglers go that are in them."""
        state, late = schema.minute_state, schema.straggler
        gone = [start for start in starts if start < self.readings_from]
        for start in gone:
            connection.execute(
                delete(late).where(late.c.t > (start or -1), late.c.t <= start + MINUTE)
            )
            connection.execute(delete(state).where(state.c.start == start))
        kept = [start for start in starts if start >= self.readings_from]
        if kept:
            connection.execute(
                state.update().where(among(state.c.start, kept, "postgresql")).values(dirty=0)
            )

    def written(self, done: Rolled) -> None:
        """`done` is durable: what is old leaves the memory."""
        for start, sums in done.pieces:
            minute = self._minutes[start]
            minute.parts = [part for part in minute.parts if part is not sums]
            if minute.fresh is sums:
                minute.fresh = Sheet()
            # Of a minute that is being written nothing is there but what is in its `total` too.
            minute.known = minute.known or not minute.parts
        for stretches in (self._minutes, self._hours):
            for start in sorted(stretches)[:-_HOT]:
                if not stretches[start].unwritten and not stretches[start].missing:
                    del stretches[start]
        if not any(minute.parts for minute in self._minutes.values()):
            for hour in self._hours.values():
                hour.known = True
        self._known = {start for start in self._known if start >= self.readings_from}


def _pieces(sums: Sheet) -> list[Sheet]:
    return sums.split(max(_PIECE, -(-sums.used // _PIECES)))


def _complete(
    connection: Connection, table: Table, start: int, whole: Stretch, cameras: Ints
) -> None:
    """See that the sums of `cameras` that are in the database are in `whole` too."""
    if whole.known and len(lacking := whole.total.lacks(cameras)):
        whole.total.put(stored(connection, table, start, lacking))


def adopt(minute: Stretch, base: Sheet, before: dict[int, Sums]) -> None:
    """Take the sums `base` of all that was stored before the last start; `before` is written."""
    written = Sheet()
    written.put(before)
    minute.fresh.merge(base)
    minute.fresh.merge(written, -1)
    minute.total = written
    minute.missing = False


def stored(
    connection: Connection, table: Table, start: int, cameras: Ints | None = None
) -> dict[int, Sums]:
    """The sums of `cameras` (of all) in the minute or hour at `start`."""
    wanted = select(table).where(table.c.start == start)
    if cameras is not None:
        wanted = wanted.where(among(table.c.camera, cameras.tolist(), "postgresql"))
    return {row.camera: sums_of(row) for row in connection.execute(wanted)}


_IN_MINUTE: Final = (
    "FROM reading WHERE t / 1000 >= %(since)s / 1000 AND t / 1000 <= %(until)s / 1000 "
    "AND t > %(since)s AND t <= %(until)s"
)


def bounds(start: int) -> dict[str, int]:
    """A minute's bounds; a Reading at 0 belongs to the first minute, as none ends before it."""
    return {"since": start or -1, "until": start + MINUTE}


def sums_in_minute(connection: Connection, start: int, stop: Callable[[], bool] = bool) -> Sheet:
    """Each camera's sums over the stored Readings of the minute at `start`.

    One that can no longer be read counts as unhealthy: there was an interval, nothing is known of
    it. Ends early, and with less, when `stop` says True.
    """
    sheet = Sheet()
    with raw(connection).cursor("minute") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(f"SELECT camera, data {_IN_MINUTE}".encode(), bounds(start))
        while rows := cursor.fetchmany(_CHUNK):
            add_encoded(sheet, rows)
            if stop():
                break
    return sheet


def add_encoded(sheet: Sheet, rows: Iterable[tuple[int, bytes]]) -> None:
    """Add Readings, as they are stored, to `sheet`: (camera's number, encoding)."""
    given = [*rows]
    data = [one for _, one in given]
    # By columns: there are a million of them after a crash, and what is live has to be stored too.
    found, refused = read([""] * len(data), [0] * len(data), data)
    sound = np.ones(len(data), np.bool_)
    sound[[*refused]] = False
    cameras = np.fromiter((camera for camera, _ in given), np.int64, len(data))
    if len(found):
        sheet.add(columns(cameras[sound], found.columns))
    for camera, many in Counter(cameras[~sound].tolist()).items():
        sheet.add_unreadable(camera, many)


def rewrite(connection: Connection, start: int) -> int:
    """Put the sums of the Readings of the minute at `start` in place of what was written; rows."""
    sheet = sums_in_minute(connection, start)
    return copying.put_sums(connection, "minute", start, sheet.held(sheet.cameras))


def rewrite_hours(connection: Connection, readings_from: int) -> int:
    """Make the hours whose minutes are all still kept anew from these; the number written.

    With `readings_from` below 0 nothing was ever deleted.
    """
    table, rows = schema.minute.c, 0
    first: int = connection.execute(select(func.min(table.start))).scalar() or 0
    whole = -(-first // HOUR) * HOUR if readings_from >= 0 else 0
    starts = connection.execute(select(table.start).where(table.start >= whole).distinct())
    hours: defaultdict[int, Sheet] = defaultdict(Sheet)
    for start in sorted(starts.scalars()):
        minute = Sheet()
        minute.put(stored(connection, schema.minute, start))
        hours[start // HOUR * HOUR].merge(minute)
    for start, hour in hours.items():
        rows += copying.put_sums(connection, "hour", start, hour.held(hour.cameras))
    return rows
