"""An SQLite file within its bound: what makes room for a batch, and what gives pages back."""

from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from plainview.clock import FOREVER
from plainview.errors import StoreFull
from plainview.store import connect, events, minute_state, schema
from plainview.store.lite.minutes import Minutes
from plainview.store.lite.writing import Writer

SOFT: Final = 0.85
"""Readings may fill this share of the pages; the rest is for roll-ups and for the tree's slack."""
DROP: Final = 0.10
"""Share of the pages that is freed at once when they are full, so that it is seldom done."""
_WAL_SHARE, _LEAST_WAL, _MOST_WAL = 4, 400_000, 64_000_000


def reserve_of(bound: int) -> int:
    """Bytes of a `bound` that are kept for the write-ahead log."""
    return min(max(bound // _WAL_SHARE, _LEAST_WAL), _MOST_WAL)


class Room:
    """Owns the bound of a file, and the number of its events.

    Its methods expect that nobody else writes meanwhile: that the writer's lock is held.
    """

    def __init__(self, writer: Writer, minutes: Minutes, bound: int) -> None:
        """`bound`: bytes of the file with its log."""
        self._writer = writer
        self._minutes = minutes
        self._bound = bound
        self._pages = (bound - writer.reserve) // connect.PAGE
        self.events = 0
        """Events that are kept; counting them would take long."""

    def open(self, connection: Connection) -> None:
        """Read how many events there are."""
        mark = schema.mark.c
        said = connection.execute(select(mark.value).where(mark.name == "events")).scalar()
        self.events = said or 0

    def make(self, size: int) -> None:
        """See that `size` bytes of rows fit: in the log, and within the bound. Raises StoreFull."""
        writer, needed = self._writer, size * 3 // 2 + 16 * connect.PAGE
        if needed > writer.reserve:
            raise StoreFull(
                f"a batch of {size} bytes is too large for a store of {self._bound} bytes",
                where=str(writer.path),
                mend="Raise 'disk' of [retention]",
            )
        if writer.log_bytes + needed > writer.reserve:
            writer.checkpoint()
            if writer.log_bytes + needed > writer.reserve:
                raise StoreFull(
                    "the write-ahead log has reached its bound, as a reader holds it",
                    where=str(writer.path),
                    mend="End programs that keep a transaction open on the database",
                )
        if self.drop_beyond(needed // connect.PAGE)[1] > 0:
            raise StoreFull(
                f"the store has reached its bound of {self._bound} bytes, and "
                "no older Readings are left to drop",
                where=str(writer.path),
                mend="Raise 'disk' of [retention], or keep roll-ups for a shorter time",
            )

    def drop_beyond(self, needed: int = 0) -> tuple[int, int]:
        """Drop the oldest Readings until `needed` pages fit; (deleted, pages still too many)."""
        deleted = 0
        while True:
            with self._writer.transaction() as connection:
                over = _used_pages(connection) + needed - int(self._pages * SOFT)
            gone = self._drop(over + int(self._pages * DROP)) if over > 0 else 0
            deleted += gone
            if not gone:
                return deleted, over

    def _drop(self, pages: int) -> int:
        """Delete the oldest Readings, or of events where these fill half of the store; how many.

        So a flood of events cannot drive out all Readings, nor Readings the events that are kept
        for longer.
        """
        if self.events * events.ROW_BYTES * 2 < self._pages * connect.PAGE:
            gone = self._drop_oldest(pages)
            if gone:
                return gone
        return self.delete_events(FOREVER)

    def _drop_oldest(self, pages: int) -> int:
        """Delete the oldest whole minutes of Readings, worth `pages`; the number deleted."""
        self._minutes.roll_due()
        state = schema.minute_state
        with self._writer.transaction() as connection:
            minutes = connection.execute(select(state).order_by(state.c.start)).all()
            total = sum(row.rows for row in minutes)
            wanted = total * pages / max(_used_pages(connection), 1)
        return self._minutes.delete_readings(minute_state.oldest(minutes, wanted))

    def count_events(self, connection: Connection, rows: int) -> None:
        """In a transaction that adds or deletes events: there are `rows` of them now."""
        values = {"name": "events", "value": rows}
        connection.execute(insert(schema.mark).prefix_with("OR REPLACE"), [values])

    def delete_events(self, until: int) -> int:
        """Delete the oldest events that started before `until`, as many as the log can hold."""
        with self._writer.transaction() as connection:
            step = max(self._writer.reserve // 8 // events.ROW_BYTES, 200)
            gone = events.delete_before(connection, until, step)
            if gone:
                self.count_events(connection, max(self.events - gone, 0))
        if gone:
            self.events = max(self.events - gone, 0)
            self._writer.relieve()
        return gone

    def give_back(self) -> None:
        """Return free pages to the file system when they are many; a few are kept for reuse."""
        before = None
        while True:
            with self._writer.transaction() as connection:
                free: int = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
                pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                too_large = pages > self._pages  # the bound was lowered
                few = not too_large and (free * 4 <= pages or free < 64)
                if few or free in (0, before):
                    break
                before = free
            kept = 0 if too_large else pages // 8
            step = min(free - kept, max(self._writer.reserve // 4 // connect.PAGE, 16))
            self._writer.outside(f"PRAGMA incremental_vacuum({step})")
        self._writer.checkpoint()
        self.limit()

    def limit(self) -> None:
        """Hold the file to its bound; one that is past a lowered bound gets a little more room.

        It is needed to roll up what is to be dropped.
        """
        with self._writer.transaction() as connection:
            pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        limit = self._pages if pages <= self._pages else pages + max(pages // 16, 256)
        self._writer.outside(f"PRAGMA max_page_count = {limit}")


def _used_pages(connection: Connection) -> int:
    pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    free: int = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    return pages - free
