"""Deleting what is past its term, or beyond the bound: partitions where it can be."""

from typing import Final

from sqlalchemy import Connection, Table, delete, func, select, text

from plainview.clock import FOREVER
from plainview.errors import StoreFull
from plainview.store import alerts as kept_alerts
from plainview.store import events, minute_state, outbox, schema
from plainview.store.dialects import INSERTS
from plainview.store.pg import partitions
from plainview.store.pg.address import Address
from plainview.store.pg.faults import explained
from plainview.store.pg.writer import Writer
from plainview.store.rollup import minute_of

_insert = INSERTS["postgresql"]
_FEW: Final = 200_000
"""Rows that are deleted one by one; where there are more, they go with their partition."""
_STEP: Final = 50_000
"""Events that are deleted in one transaction."""
_SHARE: Final = 0.10
"""Of the bound: what is dropped at once when it is reached, so that it is seldom done."""
_GROWTH: Final = 1.7
"""Bytes on the server's disk for each byte of a Reading's row: its index, and slack."""
_ROW: Final = 48
"""Bytes of a row beside its data."""


class Pruning:
    """Owns how much the store may take, and what goes when it is too much."""

    def __init__(self, address: Address, writer: Writer) -> None:
        """Of what `writer` writes."""
        self._address, self._writer = address, writer
        self._room = 0
        """Bytes that may come before the store is measured again."""
        self._reusable = 0
        """Bytes inside of tables that deleted Readings have left free."""

    def prune(self, now: int) -> int:
        """See `Store.prune`."""
        writer = self._writer
        with writer.link.lock:
            keep = writer.retention
            until = minute_of(max(now - int(keep.readings * 1000), 0) + 1)
            writer.roll_up(now, before=until)
            writer.roll_some(now)
            deleted = self._drop_readings(until, only_if_there=True)
            self._make_ahead(now)
            self._room = 0
            deleted += self._drop_beyond(0)
            for table, seconds in ((schema.minute, keep.minutes), (schema.hour, keep.hours)):
                deleted += self._delete_sums(table, now - int(seconds * 1000))
            until = now - int(keep.events * 1000)
            with writer.link.begin() as connection:
                deleted += kept_alerts.delete_ended(connection, until)
                deleted += outbox.delete_old(connection, until)
            return deleted + self._delete_events(until)

    def _make_ahead(self, now: int) -> None:
        """Partitions for the next hour or day, so that no batch has to wait for them."""
        writer = self._writer
        with writer.link.begin() as connection:
            ahead = [now, now + writer.length]
            lacking = writer.readings.lacking(ahead, writer.length)
            made = partitions.make(connection, writer.readings, lacking)
        writer.readings = made

    def _drop_readings(self, until: int, *, only_if_there: bool = False) -> int:
        """Delete Readings with t <= `until`, rolled up before; how many.

        They are out of sight at once. Their partitions go when all in them is; what is left of one
        goes row by row where that is little.
        """
        writer = self._writer
        missing = writer.rolling.missing
        until = min([until, *missing])
        if until <= max(writer.rolling.readings_from, 0):
            return 0
        state, mark = schema.minute_state, _insert(schema.mark)
        with writer.link.begin() as connection:
            old = state.c.start < until
            rows = connection.execute(select(func.sum(state.c.rows)).where(old)).scalar()
            if only_if_there and not rows:
                return 0
            connection.execute(delete(state).where(old))
            connection.execute(
                mark.values(name="readings_from", value=until).on_conflict_do_update(
                    index_elements=[schema.mark.c.name], set_={"value": until}
                )
            )
            if int(rows or 0) <= _FEW:
                deleted = connection.execute(_DELETE, {"until": until}).rowcount
                self._reusable += deleted * 100
        writer.rolling.readings_from = until
        self._drop_partitions("reading", until)
        return int(rows or 0)

    def _drop_partitions(self, table: str, until: int) -> None:
        with self._writer.link.begin() as link:
            found = partitions.known(link, table)
        if found.pending or any(span.until <= until for span in found.spans):
            with explained(self._address.where), self._address.connect() as connection:
                connection.autocommit = True
                connection.execute(b"SET lock_timeout = '5s'")
                partitions.drop(connection, found, until)
            with self._writer.link.begin() as link:
                found = partitions.known(link, table)
        setattr(self._writer, "readings" if table == "reading" else "minutes", found)

    def _delete_sums(self, table: Table, until: int) -> int:
        if table is schema.minute:
            self._drop_partitions("minute", until)
        with self._writer.link.begin() as connection:
            few = select(table.c.start).where(table.c.start < until).limit(_FEW + 1).subquery()
            found = connection.execute(select(func.count()).select_from(few)).scalar_one()
            if not found or (found > _FEW and table is schema.minute):
                return 0
            return connection.execute(delete(table).where(table.c.start < until)).rowcount

    def _delete_events(self, until: int) -> int:
        deleted = 0
        while True:
            with self._writer.link.begin() as connection:
                gone = events.delete_before(connection, until, _STEP)
            deleted += gone
            if not gone:
                return deleted

    # --- bounded -------------------------------------------------------------------------------

    def used(self, connection: Connection) -> int:
        """Bytes that the database takes on the server's disk."""
        size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        return int(size)

    def make_room(self, size: int, rows: int) -> None:
        """See that `size` bytes in `rows` fit within the bound, or raise StoreFull."""
        needed = int((size + rows * _ROW) * _GROWTH)
        self._room -= needed
        if self._room < 0:
            self._drop_beyond(needed)

    def _drop_beyond(self, needed: int) -> int:
        """Drop the oldest Readings until `needed` bytes fit, or raise StoreFull; how many went."""
        writer, deleted = self._writer, 0
        bound = writer.retention.disk_bytes
        while True:
            with writer.link.begin() as connection:
                used = self.used(connection)
            over = used - min(self._reusable, used) + needed - bound
            if over <= 0:
                # Measured again long before what is left is filled.
                self._room = min(-over // 4, 1 << 28)
                return deleted
            gone = self._drop_oldest(over + int(bound * _SHARE), used)
            if not gone and not self._delete_oldest_events():
                raise StoreFull(
                    f"the store has reached its bound of {bound} bytes, and no older Readings "
                    "are left to drop",
                    where=self._address.where,
                    mend="Raise 'disk' of [retention], or keep roll-ups for a shorter time",
                )
            deleted += gone

    def _drop_oldest(self, size: int, used: int) -> int:
        """Drop the oldest Readings, worth `size` of the `used` bytes; how many."""
        writer = self._writer
        writer.roll_up(None)
        spans = writer.readings.spans
        state = schema.minute_state
        with writer.link.begin() as connection:
            minutes = connection.execute(select(state).order_by(state.c.start)).all()
        if len(minutes) < 2:
            return 0
        # Whole partitions, as these give their room back to the disk.
        newest = minutes[-1].start
        for span in spans:
            if minutes[0].start < span.until <= newest:
                return self._drop_readings(span.until)
        wanted = sum(row.rows for row in minutes) * size / max(used, 1)
        gone = self._drop_readings(minute_state.oldest(minutes, wanted))
        self._vacuum()
        return gone

    def _vacuum(self) -> None:
        """Let the room of deleted rows be used again."""
        with explained(self._address.where), self._address.connect() as connection:
            connection.autocommit = True
            connection.execute(b"VACUUM reading")

    def _delete_oldest_events(self) -> int:
        with self._writer.link.begin() as connection:
            return events.delete_before(connection, FOREVER, _STEP)


_DELETE: Final = text("DELETE FROM reading WHERE t / 1000 <= :until / 1000 AND t <= :until")
