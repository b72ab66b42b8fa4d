"""Readings by the minute in an SQLite file: which minutes are summed up, and which are gone."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert

from plainview.clock import FOREVER
from plainview.readings import Ints
from plainview.store import schema, upkeep
from plainview.store.lately import Lately
from plainview.store.lite.writing import Writer
from plainview.store.rollup import HOUR
from plainview.store.sheets import Columns


class Minutes:
    """Owns the sums of the latest minutes, and the mark below which Readings are gone.

    Its methods expect that nobody else writes meanwhile: that the writer's lock is held.
    """

    def __init__(self, writer: Writer) -> None:
        """Nothing is known before `open`."""
        self._writer = writer
        self._lately = Lately(-1)
        self.readings_from = 0
        """UTC milliseconds up to which Readings were deleted: what comes late is added to sums."""

    def open(self, connection: Connection) -> None:
        """Read where this file stands."""
        mark = schema.mark.c
        said = connection.execute(select(mark.value).where(mark.name == "readings_from")).scalar()
        self.readings_from = said or 0
        last = connection.execute(select(func.max(schema.minute_state.c.start))).scalar()
        self._lately = Lately(-1 if last is None else last)

    def add(self, minutes: Ints, given: Columns) -> None:
        """Readings of `minutes` were stored, all of which were new: they are `given`."""
        self._lately.add(minutes, given)

    def tear(self, minutes: Ints) -> None:
        """Readings of `minutes` were stored, of which only some were new."""
        self._lately.tear(minutes)

    def roll_due(self, now: int = FOREVER) -> int:
        """Roll up what is due at `now` (UTC milliseconds), all of it without one; rows written."""
        return self._roll(self._lately.due(self._dirty(), now))

    def roll_held(self) -> None:
        """Write the sums in memory that are not yet: of a large minute that still runs too."""
        held = self._lately.held
        if held:
            self._roll([start for start in self._dirty() if start in held])

    def recompute(self) -> int:
        """Make every roll-up anew whose Readings are all still kept; the number written."""
        self._lately.clear()
        with self._writer.transaction() as connection:
            connection.execute(update(schema.minute_state).values(dirty=1))
        written = self.roll_due()
        with self._writer.transaction() as connection:
            return written + upkeep.rebuild_hours(connection, self._whole_hours(connection))

    def _dirty(self) -> Sequence[int]:
        """Starts of the minutes whose sums are not written."""
        state = schema.minute_state.c
        with self._writer.transaction() as connection:
            found = connection.execute(select(state.start).where(state.dirty == 1))
            return found.scalars().all()

    def _roll(self, starts: Sequence[int]) -> int:
        written = 0
        for start in starts:
            # Late Readings of a minute whose Readings are gone: in no sums but its old ones.
            known = self._lately.sums(start) if start >= self.readings_from else None
            with self._writer.transaction() as connection:
                written += upkeep.roll_minute(connection, start, self.readings_from, known)
        return written

    def _whole_hours(self, connection: Connection) -> int:
        """Start of the first hour whose minutes are all still kept."""
        first = connection.execute(select(func.min(schema.minute.c.start))).scalar() or 0
        return -(-first // HOUR) * HOUR if self.readings_from else 0

    def delete_readings(self, until: int) -> int:
        """Delete Readings with t <= `until`, rolled up before, in steps that the log can hold."""
        if until <= 0:
            return 0
        with self._writer.transaction() as connection:
            state = schema.minute_state
            mark = insert(schema.mark).values(name="readings_from", value=until)
            connection.execute(
                mark.on_conflict_do_update(
                    index_elements=[schema.mark.c.name],
                    set_={"value": func.max(schema.mark.c.value, until)},
                )
            )
            connection.execute(delete(state).where(state.c.start < until))
        self.readings_from = max(self.readings_from, until)
        deleted = 0
        step = max(self._writer.reserve // 4 // 500, 200)
        while True:
            with self._writer.transaction() as connection:
                gone = upkeep.delete_readings(connection, until, step)
            deleted += gone
            if not gone:
                return deleted
            self._writer.relieve()

    def has_before(self, until: int) -> bool:
        """Whether a Reading with t <= `until` is kept."""
        with self._writer.transaction() as connection:
            first = connection.execute(select(func.min(schema.reading.c.t))).scalar()
            return first is not None and first <= until
