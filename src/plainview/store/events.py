"""Events in the database: functions over a connection that is in a transaction.

They are searched backwards in time, in windows that grow: each looks up every camera, kind and
standing that is asked for in one index, and stops when the page is full. So the cost of a page is
its own rows and a few thousand look-ups, however many events there are (bench/search.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)

from plainview.record import PLACE_STEP, EventKind, EventStanding, Phase
from plainview.store import schema
from plainview.store.dialects import INSERTS, among
from plainview.store.search import Band, EventKey, EventPage, EventQuery, KeptEvent, Mark, News

KINDS: Final = tuple(EventKind)
"""A kind's place here is its number in the file: only ever add at the end."""
STANDINGS: Final = (EventStanding.EXPERIMENTAL, EventStanding.VALIDATED)
"""As above."""
ROW_BYTES: Final = 130
"""Bytes that one event takes, its indexes and their slack included."""
_VALIDATED: Final = STANDINGS.index(EventStanding.VALIDATED)
_KIND: Final = {kind: number for number, kind in enumerate(KINDS)}
_STANDING: Final = {standing: number for number, standing in enumerate(STANDINGS)}

_FIRST_WINDOW: Final = 10_000
_GROWTH: Final = 8
"""Milliseconds of the first window, and how many times longer each next one is."""
_MOST_LOOK_UPS: Final = 10_000
"""Look-ups of one window; where there would be more, the events of its time are gone through."""

_table = schema.event
_event = _table.c
_key = (_event.t, _event.camera, _event.kind, _event.x, _event.y, _event.zone)


class Numbers(NamedTuple):
    """Short numbers of names."""

    cameras: Mapping[str, int]
    zones: Mapping[str, int]


# --- written -----------------------------------------------------------------------------------


def put(connection: Connection, marks: Sequence[Mark], numbers: Numbers) -> int:
    """Keep `marks`: starts make events, ends end them; the number of events that are new.

    What comes again changes nothing. An end without a start is of an event that was not kept.
    """
    rows = {_key_of(mark, numbers): mark for mark in marks if mark.event.phase is Phase.START}
    fresh = 0
    if rows:
        starts = [_values(key, mark) for key, mark in rows.items()]
        called = [row for row in starts if row["standing"] == _VALIDATED]
        if called:
            connection.execute(_NEWS_OF_START, called)
        fresh = connection.execute(_START[connection.dialect.name], starts).rowcount
    ends = [_values(_key_of(m, numbers), m) for m in marks if m.event.phase is Phase.END]
    # In order of time, so that of two ends the first ends what was open.
    bound = [{f"of_{k}": v for k, v in end.items()} for end in sorted(ends, key=_time)]
    if bound:
        connection.execute(_NEWS_OF_END, bound)
        connection.execute(_END, bound)
    return fresh


def _time(values: Mapping[str, int]) -> int:
    return values["t"]


def _key_of(mark: Mark, numbers: Numbers) -> EventKey:
    event = mark.event
    zone = 0 if mark.zone is None else numbers.zones[mark.zone]
    return event.t, numbers.cameras[mark.camera], _KIND[event.kind], event.x, event.y, zone


def _values(key: EventKey, mark: Mark) -> dict[str, int]:
    names = ("t", "camera", "kind", "x", "y", "zone")
    return {
        **dict(zip(names, key, strict=True)),
        "confidence": mark.event.confidence,
        "standing": _STANDING[mark.standing],
    }


_START: Final = {
    name: insert_into(_table).on_conflict_do_nothing() for name, insert_into in INSERTS.items()
}
_known = select(literal(1)).where(*(column == bindparam(column.name) for column in _key))
_NEWS_OF_START: Final = insert(schema.event_news).from_select(
    [*(column.name for column in _key), "over"],
    select(*(bindparam(column.name, type_=column.type) for column in _key), false()).where(
        ~_known.exists()
    ),
)
"""Before the event is there, so that one that comes again is no news."""
_ended = and_(
    *(_event[name] == bindparam(f"of_{name}") for name in ("camera", "kind", "x", "y", "zone")),
    _event.ended.is_(None),
    _event.t <= bindparam("of_t"),
)
_NEWS_OF_END: Final = insert(schema.event_news).from_select(
    [*(column.name for column in _key), "over"],
    select(*_key, true())
    .where(_ended, _event.standing == _VALIDATED)
    .with_hint(_table, "INDEXED BY event_open", "sqlite"),
)
_END: Final = (
    update(_table)
    .where(_ended)
    .values(ended=bindparam("of_t"), confidence=bindparam("of_confidence"))
)


def delete_before(connection: Connection, until: int, most: int) -> int:
    """Delete at most `most` events that started before `until`, oldest first; the number deleted.

    Events of one moment go together, so it may be some more.
    """
    last = connection.execute(
        select(_event.t).where(_event.t < until).order_by(_event.t).limit(1).offset(most)
    ).scalar()
    bound = until if last is None else last
    first = connection.execute(select(func.min(_event.t))).scalar()
    if first is None:
        return 0
    bound = max(bound, min(first + 1, until))
    connection.execute(delete(schema.event_news).where(schema.event_news.c.t < bound))
    return connection.execute(delete(_table).where(_event.t < bound)).rowcount


# --- read --------------------------------------------------------------------------------------


def news(connection: Connection, most: int, after: int) -> list[News]:
    """The oldest `most` news after number `after` that no alert was made of, oldest first."""
    rows = connection.execute(_NEWS, {"after": after, "most": most})
    return [News(row[0], _read(row[2:]), row[1]) for row in rows]


def _name(table: Table, number: ColumnElement[int]) -> ScalarSelect[Any]:
    """The name that `number` stands for: looked up for the rows that are read, and no others."""
    return select(table.c.name).where(table.c.id == number).scalar_subquery()


_RESTS: Final = (
    _event.ended,
    _event.confidence,
    _event.standing,
    _name(schema.camera, _event.camera),
    _name(schema.zone, _event.zone),
)
_told = schema.event_news
_NEWS: Final = (
    select(_told.c.number, _told.c.over, *_key, *_RESTS)
    .select_from(_told.join(_table, and_(*(_told.c[c.name] == c for c in _key))))
    .where(_told.c.number > bindparam("after"))
    .order_by(_told.c.number)
    .limit(bindparam("most"))
)


def find(connection: Connection, wanted: EventQuery, numbers: Numbers) -> EventPage:
    """The page of `wanted`, the latest start first."""
    within = _asked(wanted, numbers, connection.dialect.name).where(
        _event.t >= bindparam("window_since"), _event.t < bindparam("window_until")
    )
    query = _whole(within.limit(bindparam("window_most")))
    rows: list[Any] = []
    for since, until in _windows(wanted):
        bounds = {"since": since, "until": until, "most": wanted.most - len(rows)}
        window = {f"window_{name}": bound for name, bound in bounds.items()}
        rows += connection.execute(query, window).all()
        if len(rows) >= wanted.most:
            t, camera, kind, x, y, zone = rows[-1][:6]
            return EventPage([*map(_read, rows)], (t, camera, kind, x, y, zone))
    return EventPage([*map(_read, rows)], None)


def _windows(wanted: EventQuery) -> Iterator[tuple[int, int]]:
    until = wanted.until if wanted.before is None else min(wanted.until, wanted.before[0] + 1)
    # Those that are open are few and have an index of their own.
    length = max(until - wanted.since, 1) if wanted.open else _FIRST_WINDOW
    while until > wanted.since:
        since = max(until - length, wanted.since)
        yield since, until
        until, length = since, length * _GROWTH


def _whole(keys: Select[Any]) -> Select[Any]:
    """The whole rows of `keys`. The index alone tells which they are, so only these are read."""
    found = keys.subquery("found")
    same = and_(*(found.c[column.name] == column for column in _key))
    whole = select(*_key, *_RESTS).select_from(found).join(_table, same)
    return whole.order_by(*(column.desc() for column in _key))


def _asked(wanted: EventQuery, numbers: Numbers, dialect: str) -> Select[Any]:
    """Keys of the events that are asked for, but for the window of time, newest first."""
    cameras = sorted(
        {numbers.cameras[c] for p in wanted.places for c in p.cameras if c in numbers.cameras}
    )
    kinds = [_KIND[kind] for kind in wanted.kinds] or list(_KIND.values())
    standings = [_STANDING[s] for s in wanted.standings if s in _STANDING] or list(
        _STANDING.values()
    )
    few = len(cameras) * len(kinds) * len(standings) <= _MOST_LOOK_UPS
    keys = select(*_key).order_by(*(column.desc() for column in _key))
    if wanted.open:
        keys = keys.with_hint(_table, "INDEXED BY event_open", "sqlite")
    elif few:
        keys = keys.with_hint(_table, "INDEXED BY event_camera", "sqlite")
    keys = keys.where(among(_event.camera, cameras, dialect))
    if few or wanted.open or wanted.kinds:
        keys = keys.where(_event.kind.in_(kinds))
    if few or wanted.standings:
        keys = keys.where(_event.standing.in_(standings))
    return keys.where(*_conditions(wanted, numbers, dialect))


def _conditions(
    wanted: EventQuery, numbers: Numbers, dialect: str
) -> Iterator[ColumnElement[bool]]:
    if any(place.bands for place in wanted.places):
        yield _inside(wanted, numbers, dialect)
    if wanted.zones:
        yield _event.zone.in_([numbers.zones[z] for z in wanted.zones if z in numbers.zones])
    if wanted.open is not None:
        yield _event.ended.is_(None) if wanted.open else _event.ended.is_not(None)
    if wanted.before is not None:
        yield tuple_(*_key) < wanted.before


def _inside(wanted: EventQuery, numbers: Numbers, dialect: str) -> ColumnElement[bool]:
    whole: list[int] = []
    parts: list[ColumnElement[bool]] = [false()]
    for place in wanted.places:
        cameras = [numbers.cameras[name] for name in place.cameras if name in numbers.cameras]
        if not place.bands:
            whole += cameras
        elif cameras:
            parts.append(and_(among(_event.camera, cameras, dialect), *map(_within, place.bands)))
    return or_(among(_event.camera, whole, dialect), *parts)


def _within(band: Band) -> ColumnElement[bool]:
    return (_event.x * (band.a * PLACE_STEP) + _event.y * (band.b * PLACE_STEP)).between(
        band.low, band.high
    )


def _read(row: Sequence[Any]) -> KeptEvent:
    t, _, kind, x, y, _, ended, confidence, standing, camera, zone = row
    return KeptEvent(
        camera=camera,
        kind=KINDS[kind],
        start=t,
        end=ended,
        at=(round(x * PLACE_STEP, 1), round(y * PLACE_STEP, 1)),
        zone=zone,
        confidence=confidence / 100,
        standing=STANDINGS[standing],
    )
