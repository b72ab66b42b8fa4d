"""Alerts in the database: functions over a connection that is in a transaction."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    delete,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from plainview.store import KeptAlert, schema
from plainview.store.dialects import Insert, InsertInto, positional
from plainview.store.search import AlertQuery, Band, Place

_FIELDS = ("id", "site", "t", "open", "data", "kind", "raised", "zone", "x", "y", "state")


def _upsert(insert: InsertInto) -> Insert:
    """The statement of `put`, made once: a flood has no time to make it for each batch."""
    fresh = insert(schema.alert).inline()
    taken = {name: fresh.excluded[name] for name in _FIELDS if name != "id"}
    # Not OR REPLACE: the number stays the same, and with it the row of its note.
    return fresh.on_conflict_do_update(index_elements=[schema.alert.c.id], set_=taken)


_put = positional(_upsert, _FIELDS)
_NAMED: Final = "SELECT number FROM alert WHERE id IN (SELECT value FROM json_each(?))"
"""Numbers of the alerts in a JSON array of ids: one statement, however many there are."""
_NOTED: Final = f"SELECT rowid FROM alert_note WHERE rowid IN ({_NAMED})"  # noqa: S608 - ours
_ADD_NOTE: Final = "INSERT INTO alert_note (rowid, note) SELECT number, ? FROM alert WHERE id = ?"
_FORGET: Final = (
    "DELETE FROM alert_note USING alert WHERE alert_note.rowid = alert.number AND id = ANY(%s)"
)
_NOTE_DOWN: Final = (
    "INSERT INTO alert_note (rowid, note, folded, signs) "
    "SELECT number, %s, %s, %s FROM alert WHERE id = %s"
)


def put(connection: Connection, alerts: Sequence[KeptAlert]) -> None:
    """Keep `alerts`, each in place of what was kept under its id."""
    if alerts:
        connection.exec_driver_sql(_put[connection.dialect.name], [_row(one) for one in alerts])
        _put_notes(connection, {one.id: one.note for one in alerts})


def _put_notes(connection: Connection, notes: Mapping[str, str]) -> None:
    """Keep the text of `notes`, by the alerts' ids; an alert without one has no row."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_FORGET, (list(notes),))
        kept = [(*_searchable(text), name) for name, text in notes.items() if text]
        if kept:
            connection.exec_driver_sql(_NOTE_DOWN, kept)
        return
    ids = msgspec.json.encode(list(notes)).decode()
    noted = connection.exec_driver_sql(_NOTED, (ids,)).all()
    if noted:
        connection.exec_driver_sql(
            "DELETE FROM alert_note WHERE rowid = ?", [(n,) for (n,) in noted]
        )
    rows = [(text, name) for name, text in notes.items() if text]
    if rows:
        connection.exec_driver_sql(_ADD_NOTE, rows)


def _searchable(text: str) -> tuple[str, str, list[str]]:
    """A note (PostgreSQL keeps no NUL), the same in one case, and its runs of three signs."""
    plain = text.replace("\0", "")
    folded = plain.casefold()
    return plain, folded, sorted(_runs(folded))


def _runs(text: str) -> set[str]:
    return {text[k : k + _TRIGRAM] for k in range(len(text) - _TRIGRAM + 1)}


def _row(one: KeptAlert) -> tuple[object, ...]:
    x, y = one.at or (None, None)
    return (
        one.id,
        one.site,
        one.t,
        one.open,
        one.data,
        str(one.kind),
        one.raised,
        one.zone,
        x,
        y,
        one.state,
    )


def all_fields() -> Select[Any]:
    """A select of whole alerts, for `kept`."""
    columns, note = schema.alert.c, schema.alert_note
    joined = schema.alert.outerjoin(note, note.c.rowid == columns.number)
    return select(*(columns[name] for name in _FIELDS), note.c.note).select_from(joined)


def kept(row: Sequence[Any]) -> KeptAlert:
    """The alert in a row of `all_fields`."""
    name, site, t, is_open, data, kind, raised, zone, x, y, state, note = row
    at = None if x is None or y is None else (x, y)
    return KeptAlert(name, site, t, is_open, data, kind, raised, zone, at, note or "", state)


def delete_ended(connection: Connection, until: int) -> int:
    """Delete the alerts that ended before `until` (UTC milliseconds); the number deleted."""
    alert, note = schema.alert.c, schema.alert_note
    old = (~alert.open) & (alert.t < until)
    numbers = select(alert.number).where(old)
    connection.execute(delete(note).where(note.c.rowid.in_(numbers)))
    return connection.execute(delete(schema.alert).where(old)).rowcount


def listed(
    connection: Connection, site: str | None, *, only_open: bool, most: int
) -> list[KeptAlert]:
    """Alerts of `site` (None: of all), the newest id first."""
    alert = schema.alert.c
    wanted = all_fields().order_by(alert.id.desc()).limit(most)
    if site is not None:
        wanted = wanted.where(alert.site == site)
    if only_open:
        wanted = wanted.where(alert.open)
    return [kept(row) for row in connection.execute(wanted)]


_TRIGRAM = 3
"""Signs that a word needs to be found by the index of notes; shorter ones are looked for in all."""


def find(connection: Connection, wanted: AlertQuery) -> list[KeptAlert]:
    """Alerts that fit `wanted`, the newest id first."""
    alert = schema.alert.c
    conditions = _conditions(wanted, connection.dialect.name)
    query = all_fields().where(*conditions).order_by(alert.id.desc()).limit(wanted.most)
    return [kept(row) for row in connection.execute(query)]


def _conditions(wanted: AlertQuery, dialect: str) -> Iterator[ColumnElement[bool]]:
    alert = schema.alert.c
    here = and_(true(), *_here(wanted))
    besides = alert.kind.in_([str(kind) for kind in wanted.anywhere])
    yield or_(here, besides) if wanted.anywhere else here
    yield alert.raised >= wanted.since
    yield alert.raised < wanted.until
    if wanted.zones:
        yield alert.zone.in_(wanted.zones)
    if wanted.states:
        yield alert.state.in_(wanted.states)
    if wanted.before is not None:
        yield alert.id < wanted.before
    for word in wanted.words:
        yield from _noted_in_postgresql(word) if dialect == "postgresql" else _noted(word)


def _here(wanted: AlertQuery) -> Iterator[ColumnElement[bool]]:
    """In one of the places, and of one of the kinds that are looked for there."""
    alert = schema.alert.c
    if wanted.places is not None:
        yield alert.site.in_([place.site for place in wanted.places])
        if any(place.bands for place in wanted.places):
            yield or_(*map(_inside, wanted.places))
    if wanted.kinds:
        yield alert.kind.in_([str(kind) for kind in wanted.kinds])


def _noted(word: str) -> Iterator[ColumnElement[bool]]:
    alert, note = schema.alert.c, schema.alert_note
    if len(word) >= _TRIGRAM:
        quoted = '"' + word.replace('"', '""') + '"'
        yield alert.number.in_(select(note.c.rowid).where(note.c.note.match(quoted)))
    else:
        yield func.instr(func.lower(note.c.note), word.lower()) > 0


def _noted_in_postgresql(word: str) -> Iterator[ColumnElement[bool]]:
    folded, note = word.replace("\0", "").casefold(), schema.alert_note.c
    if runs := sorted(_runs(folded)):
        yield note.signs.contains(literal(runs, ARRAY(Text)))
    yield func.strpos(note.folded, folded) > 0


def _inside(place: Place) -> ColumnElement[bool]:
    alert = schema.alert.c
    return and_(alert.site == place.site, *map(_within, place.bands))


def _within(band: Band) -> ColumnElement[bool]:
    alert = schema.alert.c
    return (alert.x * band.a + alert.y * band.b).between(band.low, band.high)
