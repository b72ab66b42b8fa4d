"""A whole store from SQLite into PostgreSQL: can be cut short and begun again, and is compared."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from sqlalchemy import Connection, Engine, Table, delete, inspect, select, text

from plainview.errors import ConfigError, StoreError
from plainview.store import alerts, connect, schema
from plainview.store.dialects import INSERTS
from plainview.store.faults import explained as explained_file
from plainview.store.migrate import migrate
from plainview.store.pg import copying, partitions
from plainview.store.pg.address import Address
from plainview.store.pg.link import Link
from plainview.store.postgres import bring_up_to_date

Told = Callable[[str, int], None]
"""(what is being moved, how many so far)."""

_MOVING: Final = "moved"
"""The mark of a target that is being filled: Readings up to its value are there."""
_STEP: Final = 20_000
_WHOLE: Final = (
    schema.camera,
    schema.zone,
    schema.minute_state,
    schema.minute,
    schema.hour,
    schema.status,
    schema.fence,
    schema.event,
    schema.event_news,
    schema.delivery,
    schema.mark,
)
"""Tables that are the same in both. Readings and alerts have ways of their own."""


def _parts(rows: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """`rows` in steps; itertools.batched is younger than the oldest Python that we run on."""
    left = iter(rows)
    while part := tuple(islice(left, _STEP)):
        yield part


class Moved(NamedTuple):
    """Rows of each table, the same on both sides."""

    rows: dict[str, int]
    digest: str
    """SHA-256 over all rows in the order of their keys."""


def move(source: str, target: str, told: Told = lambda _what, _many: None) -> Moved:
    """Copy all of the store at `source` (sqlite:PATH) into the empty database at `target`.

    The source is left as it is. What was cut short goes on where it was. Raises ConfigError for
    other addresses, StoreError while either is written by a Plainview, where the target is not
    empty, or where in the end it does not hold the same.
    """
    scheme, _, name = source.partition(":")
    if scheme != "sqlite" or not Path(name).is_file():
        raise ConfigError(
            "there is no store to move", where="FROM", mend="Give sqlite:PATH of one that is there"
        )
    if not target.startswith(("postgresql://", "postgres://")):
        raise ConfigError(
            "a store is moved into PostgreSQL only", where="TO", mend="Give postgresql://..."
        )
    path, address = Path(name), Address(target)
    with ExitStack() as stack:
        stack.enter_context(closing(connect.lock(path)))
        stack.enter_context(explained_file(path))
        engine = connect.readers(path)
        stack.callback(engine.dispose)
        _refuse_what_is_none(engine, path)
        writer = connect.writer(path, reserve=64_000_000)
        stack.callback(writer.dispose)
        with writer.begin() as connection:
            migrate(connection, str(path))
        bring_up_to_date(address)
        links = Link(address, "reading"), Link(address, "alert")
        for link in links:
            stack.callback(link.close)
            link.claim()
        return _moved(engine, links[0], address.where, told)


def _refuse_what_is_none(engine: Engine, path: Path) -> None:
    """Raise ConfigError unless there is a store in the file: another's is not to be changed."""
    if not inspect(engine).has_table(schema.camera.name):
        raise ConfigError(
            "this database is no store of Plainview; nothing was changed",
            where=f"FROM, {path}",
            mend="Give the one of the state folder: sqlite:STATE/plainview.db",
        )


def _moved(engine: Engine, link: Link, where: str, told: Told) -> Moved:
    with engine.begin() as old:
        begun = _begin(link, where)
        for table in _WHOLE:
            _move_rows(old, link, table, told)
        _move_alerts(old, link, told)
        _move_readings(old, link, begun, told)
        with link.begin() as new:
            _finish(new)
            ours, theirs = _summary(old, told), _summary(new, told)
            if ours != theirs:
                wrong = [name for name in ours.rows if ours.rows[name] != theirs.rows.get(name)]
                raise StoreError(
                    f"what was moved is not the same ({', '.join(wrong) or 'contents'} differ)",
                    where=where,
                    mend="Drop that database, make it anew and move again; the source is whole",
                )
            new.execute(delete(schema.mark).where(schema.mark.c.name == _MOVING))
    return ours


def _begin(link: Link, where: str) -> int:
    """The time up to which Readings are there already. Raises StoreError where others are."""
    with link.begin() as new:
        mark = schema.mark.c
        begun = new.execute(select(mark.value).where(mark.name == _MOVING)).scalar()
        if begun is not None:
            return int(begun)
        for table in (schema.camera, schema.alert):
            if new.execute(select(table).limit(1)).first() is not None:
                raise StoreError(
                    "this database is not empty",
                    where=where,
                    mend="Give a new one: what is in two stores cannot be joined",
                )
        new.execute(schema.mark.insert(), [{"name": _MOVING, "value": -1}])
        return -1


def _move_rows(old: Connection, link: Link, table: Table, told: Told) -> None:
    keep = INSERTS["postgresql"](table).on_conflict_do_nothing()
    rows = old.execute(select(table).execution_options(yield_per=_STEP)).mappings()
    moved = 0
    for part in _parts(rows):
        with link.begin() as new:
            if table is schema.minute:
                known = partitions.known(new, "minute")
                starts = sorted({row["start"] for row in part})
                partitions.make(new, known, known.lacking(starts, partitions.DAY))
            new.execute(keep, [dict(row) for row in part])
        moved += len(part)
        told(table.name, moved)


def _move_alerts(old: Connection, link: Link, told: Told) -> None:
    moved = 0
    rows = old.execute(alerts.all_fields().order_by(schema.alert.c.number))
    for part in _parts(rows):
        with link.begin() as new:
            alerts.put(new, [alerts.kept(row) for row in part])
        moved += len(part)
        told("alert", moved)


def _move_readings(old: Connection, link: Link, begun: int, told: Told) -> None:
    reading, mark = schema.reading.c, schema.mark
    wanted = select(reading.t, reading.camera, reading.data).where(reading.t >= begun)
    wanted = wanted.order_by(reading.t, reading.camera).execution_options(yield_per=_STEP)
    rows = old.execute(wanted)
    moved = 0
    for part in _parts(rows):
        times, cameras, data = zip(*part, strict=True)
        given = copying.rows(np.array(times), np.array(cameras), list(data))
        with link.begin() as new:
            known = partitions.known(new, "reading")
            hours = sorted({t // partitions.HOUR * partitions.HOUR for t in times})
            partitions.make(new, known, known.lacking(hours, partitions.HOUR))
            if not copying.add_new(new, given):
                copying.merge(new, given)
            new.execute(mark.update().where(mark.c.name == _MOVING).values(value=times[-1]))
        moved += len(part)
        told("reading", moved)


def _finish(new: Connection) -> None:
    """Numbers go on after those that were moved, and each camera's newest Reading is known."""
    new.execute(
        text(
            "SELECT setval(pg_get_serial_sequence('event_news', 'number'), "
            "greatest((SELECT max(number) FROM event_news), 1))"
        )
    )
    new.execute(
        text(
            "INSERT INTO newest SELECT camera, max(t) FROM reading GROUP BY camera "
            "ON CONFLICT (camera) DO UPDATE SET t = excluded.t"
        )
    )


def _summary(connection: Connection, told: Told) -> Moved:
    digest = hashlib.sha256()
    rows: dict[str, int] = {}
    for table in (*_WHOLE, schema.reading):
        wanted = select(table).order_by(*table.primary_key.columns)
        if table is schema.mark:
            wanted = wanted.where(table.c.name != _MOVING)
        rows[table.name] = _add(digest, connection, wanted)
        told(f"comparing {table.name}", rows[table.name])
    rows["alert"] = 0
    for row in connection.execute(alerts.all_fields().order_by(schema.alert.c.id)):
        digest.update(msgspec.msgpack.encode(alerts.kept(row)))
        rows["alert"] += 1
    return Moved(rows, digest.hexdigest())


def _add(digest: Any, connection: Connection, wanted: Any) -> int:  # noqa: ANN401 - hashlib's and a select
    many = 0
    for row in connection.execute(wanted.execution_options(yield_per=_STEP)):
        digest.update(msgspec.msgpack.encode(tuple(row)))
        many += 1
    return many
