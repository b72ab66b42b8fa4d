"""What is read from the store in PostgreSQL, by the process that writes it and by any other."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Literal

import msgspec
from sqlalchemy import Connection, select, text

from plainview.errors import ReadingRefused, StoreError
from plainview.record import CameraStatus, Reading, decode
from plainview.store import Counts, RollUp, Span, events, rolled, schema
from plainview.store.dialects import among
from plainview.store.pg import counts, partitions
from plainview.store.pg.address import Address
from plainview.store.pg.faults import explained
from plainview.store.pg.link import raw, readers
from plainview.store.pg.names import Names
from plainview.store.rollup import MINUTE

_HOUR: Final = 3_600_000
_NEWEST_MINUTES: Final = 10
"""Of those that are not rolled up: in these a camera's newest Reading is looked for."""

_ONE_CAMERA: Final = text(
    "SELECT data FROM reading WHERE t / 1000 = ANY(ARRAY(SELECT generate_series("
    "CAST(:since AS bigint) / 1000, CAST(:until AS bigint) / 1000))) "
    "AND camera = :camera AND t > :since AND t <= :until ORDER BY t DESC LIMIT :most"
)
"""A look-up in the index for each second, however many other cameras there are."""
_PAST_OTHERS: Final = text(
    "SELECT data FROM reading WHERE camera = :camera AND t > :since AND t <= :until "
    "ORDER BY t DESC LIMIT :most"
)
"""Where there are times of all kinds (partitions.py), past all other cameras' Readings."""
_OF_TIMES: Final = text(
    "SELECT camera, t, data FROM reading WHERE t / 1000 = ANY(CAST(:seconds AS bigint[])) "
    "AND camera = ANY(CAST(:cameras AS int[])) AND t >= :since AND t <= :until"
)
_NEWEST_OF: Final = text(
    "SELECT DISTINCT ON (camera) camera, t, data FROM reading "
    "WHERE t / 1000 = ANY(CAST(:seconds AS bigint[])) AND camera = ANY(CAST(:cameras AS int[])) "
    "AND t >= :since AND t <= :until ORDER BY camera, t DESC"
)
_OLDEST: Final = text(
    "SELECT min(t) FROM reading WHERE t > :since AND t / 1000 = (SELECT t / 1000 FROM reading "
    "WHERE t > :since AND t / 1000 >= :since / 1000 ORDER BY t / 1000 LIMIT 1)"
)


class Lookup:
    """Owns the reading connections."""

    def __init__(self, address: Address) -> None:
        """Of the database at `address`; nothing is connected yet."""
        self._address = address
        self._engine = readers(address)
        self.cameras, self.zones = Names(schema.camera), Names(schema.zone)
        self._statuses: dict[str, CameraStatus] = {}
        self._changes = -1
        self._noting = threading.Lock()
        self.closed = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read by. Raises StoreError."""
        if self.closed:
            raise StoreError("the store is closed", where=self._address.where)
        with explained(self._address.where), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let the connections go."""
        self.closed = True
        self._engine.dispose()

    def number(self, connection: Connection, camera: str) -> int | None:
        """The number of `camera`, None where it has never been heard of."""
        if camera not in self.cameras.numbers:
            self.cameras.load(connection)
        return self.cameras.numbers.get(camera)

    def numbers(self, connection: Connection) -> events.Numbers:
        """All numbers, those of names that came by now too."""
        self.cameras.load(connection)
        self.zones.load(connection)
        return events.Numbers(self.cameras.numbers, self.zones.numbers)

    def decoded(self, data: bytes) -> Reading:
        """The Reading in `data`. Raises StoreError where it can no longer be read."""
        try:
            return decode(data)
        except ReadingRefused as error:
            raise StoreError(
                f"a stored Reading is damaged ({error.what})",
                where=self._address.where,
                mend="Restore the database from a backup, or let the Reading reach its term",
            ) from error

    # --- Readings ------------------------------------------------------------------------------

    def readings(self, camera: str, since: int, until: int, most: int) -> list[Reading]:
        """See `Store.readings`."""
        found: list[bytes] = []
        with self.reading() as connection:
            number = self.number(connection, camera)
            if number is None:
                return []
            since = max(since, deleted_until(connection))
            known = None if until - since <= _HOUR else partitions.known(connection, "reading")
            if known is not None and known.rest:
                given = {"since": since, "until": until, "camera": number, "most": most}
                found += connection.execute(_PAST_OTHERS, given).scalars()
                known = known._replace(spans=())
            for after, upto in _stretches(known, since, until):
                given = {"since": after, "until": upto, "camera": number, "most": most - len(found)}
                found += connection.execute(_ONE_CAMERA, given).scalars()
                if len(found) >= most:
                    break
        return [self.decoded(data) for data in reversed(found)]

    def latest(self, cameras: Sequence[str]) -> dict[str, Reading]:
        """See `Store.latest`: where the last roll-up points to, or in a minute after it."""
        with self.reading() as connection:
            found = {name: n for name in cameras if (n := self.number(connection, name))}
            if not found:
                return {}
            rows = self._newest(connection, list(found.values()))
        return {name: self.decoded(rows[n]) for name, n in found.items() if n in rows}

    def _newest(self, connection: Connection, cameras: list[int]) -> dict[int, bytes]:
        gone, newest = deleted_until(connection), schema.newest.c
        wanted = select(newest.camera, newest.t).where(
            among(newest.camera, cameras, "postgresql"), newest.t > gone
        )
        pointed = {camera: t for camera, t in connection.execute(wanted)}  # noqa: C416 - rows
        found: dict[int, tuple[int, bytes]] = {}
        for times in _near(sorted(set(pointed.values()))):
            for camera, t, data in connection.execute(_OF_TIMES, _given(times, cameras)):
                if pointed.get(camera) == t:
                    found[camera] = (t, data)
        state = schema.minute_state.c
        dirty = select(state.start).where(state.dirty == 1, state.start > gone - MINUTE)
        starts = connection.execute(dirty.order_by(state.start.desc()).limit(_NEWEST_MINUTES))
        for times in _near(sorted(starts.scalars())):
            within = sorted({t + k for t in times for k in range(0, MINUTE + 1, 1000)})
            for camera, t, data in connection.execute(_NEWEST_OF, _given(within, cameras, 999)):
                if t > max(found.get(camera, (-1, b""))[0], gone):
                    found[camera] = (t, data)
        return {camera: data for camera, (_, data) in found.items()}

    def oldest(self) -> int | None:
        """UTC milliseconds of the oldest Reading."""
        with self.reading() as connection:
            since = deleted_until(connection)
            found: int | None = connection.execute(_OLDEST, {"since": since}).scalar()
            return found

    # --- other things --------------------------------------------------------------------------

    def roll_ups(
        self, camera: str, resolution: Literal["minute", "hour"], span: Span
    ) -> list[RollUp]:
        """See `Store.roll_ups`."""
        with self.reading() as connection:
            number = self.number(connection, camera)
            if number is None:
                return []
            return rolled.roll_ups(connection, number, camera, resolution, span)

    def counts_of(
        self, cameras: Sequence[str], resolution: Literal["minute", "hour"], spans: Sequence[Span]
    ) -> dict[str, Counts]:
        """See `Store.counts_of`."""
        with self.reading() as connection:
            known = {n: one for one in cameras if (n := self.number(connection, one)) is not None}
            if not known or not spans:
                return {}
            found = counts.counts_of(raw(connection), resolution, [*known], spans)
        return {known[number]: one for number, one in found.items()}

    def statuses(self) -> dict[str, CameraStatus]:
        """The last status of every camera, as they are in the database."""
        status, found, last = schema.status.c, dict[str, CameraStatus](), -1
        with self.reading() as connection:
            fresh = select(status.camera, status.data, status.changed)
            for name, data, changed in connection.execute(
                fresh.where(status.changed > self._changes).order_by(status.changed)
            ):
                said = msgspec.msgpack.decode(data, type=CameraStatus)
                found[name] = said
                last = changed
        with self._noting:
            if last > self._changes:
                self._changes, self._statuses = last, self._statuses | found
            return dict(self._statuses)


def deleted_until(connection: Connection) -> int:
    """Readings up to this time are deleted, and must not be seen; -1 where none is."""
    mark = schema.mark.c
    found = connection.execute(select(mark.value).where(mark.name == "readings_from")).scalar()
    return -1 if found is None else int(found)


def _stretches(
    known: partitions.Partitions | None, since: int, until: int
) -> Iterator[tuple[int, int]]:
    """Since < t <= until in hours, the newest first, where `known` has anything; None: as it is."""
    if known is None:
        yield since, until
        return
    spans = [
        (max(span.since - 1, since), min(span.until, until)) for span in known.within(since, until)
    ]
    for first, last in reversed(spans):
        upto = last
        while upto > first:
            after = max(upto - _HOUR, first)
            yield after, upto
            upto = after


def _near(times: Sequence[int]) -> Iterator[list[int]]:
    """`times`, in order, in parts of an hour at most: few partitions are looked into at a time."""
    part: list[int] = []
    for t in times:
        if part and t - part[0] > _HOUR:
            yield part
            part = []
        part.append(t)
    if part:
        yield part


def _given(times: Sequence[int], cameras: Sequence[int], slack: int = 0) -> dict[str, object]:
    return {
        "seconds": sorted({t // 1000 for t in times}),
        "cameras": list(cameras),
        "since": times[0],
        "until": times[-1] + slack,
    }
