"""What is to be delivered: functions over a connection that is in a transaction."""

from collections.abc import Sequence

from msgspec.structs import astuple
from sqlalchemy import (
    Boolean,
    Connection,
    RowMapping,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)

from plainview.store import KeptDelivery, schema
from plainview.store.dialects import Insert, InsertInto, positional

_table = schema.delivery
_columns = _table.c
_TOLD = ("t", "waiting", "due", "tries", "error")
"""What may change of a delivery while its revision stays."""


def _upsert(insert: InsertInto) -> Insert:
    """The statement of `put`, made once: a flood has no time to make it for each row.

    Its values are those of a KeptDelivery, in its order.
    """
    fresh = insert(_table).values(
        {
            "calm" if name == "urgent" else name: ~bindparam(name, type_=Boolean)
            if name == "urgent"
            else bindparam(name)
            for name in KeptDelivery.__struct_fields__
        }
    )
    return fresh.on_conflict_do_update(
        index_elements=[_columns.route, _columns.alert],
        set_={name: fresh.excluded[name] for name in ("revision", "data", "calm", *_TOLD)}
        | {"told": case((~_columns.waiting, _columns.revision), else_=_columns.told)},
        where=fresh.excluded.revision > _columns.revision,
    )


_put = positional(_upsert)


def put(connection: Connection, deliveries: Sequence[KeptDelivery]) -> None:
    """Keep `deliveries`, each in place of an older revision for its route and alert."""
    if deliveries:
        # In the order of the key, one place of the tree after the other.
        rows = sorted(map(astuple, deliveries))
        connection.exec_driver_sql(_put[connection.dialect.name], rows)


def due(connection: Connection, route: str, now: int, most: int) -> list[KeptDelivery]:
    """What waits for `route` and is due at `now`: urgent first, then as alerts were raised."""
    wanted = (
        select(_table)
        .where(_columns.waiting, _columns.route == route, _columns.due <= now)
        .order_by(_columns.calm, _columns.alert)
        .limit(most)
    )
    return [_kept(row) for row in connection.execute(wanted).mappings()]


def delivered(connection: Connection, route: str, most: int) -> list[KeptDelivery]:
    """What `route` has delivered, the newest alert first."""
    wanted = (
        select(_table)
        .where(_columns.route == route, ~_columns.waiting)
        .order_by(_columns.alert.desc())
        .limit(most)
    )
    return [_kept(row) for row in connection.execute(wanted).mappings()]


def _kept(row: RowMapping) -> KeptDelivery:
    values = dict(row)
    return KeptDelivery(urgent=not values.pop("calm"), **values)


def waiting(connection: Connection) -> dict[str, int]:
    """How many wait, by route."""
    counted = select(_columns.route, func.count()).where(_columns.waiting).group_by(_columns.route)
    return {route: number for route, number in connection.execute(counted)}  # noqa: C416 - rows


def settle(connection: Connection, deliveries: Sequence[KeptDelivery]) -> None:
    """Keep what became of `deliveries`; one that a newer revision has replaced is left alone."""
    if not deliveries:
        return
    keep = (
        update(_table)
        .where(
            _columns.route == bindparam("of_route"),
            _columns.alert == bindparam("of_alert"),
            _columns.revision == bindparam("of_revision"),
        )
        .values({name: bindparam(f"now_{name}") for name in _TOLD})
    )
    rows = [
        {"of_route": one.route, "of_alert": one.alert, "of_revision": one.revision}
        | {f"now_{name}": getattr(one, name) for name in _TOLD}
        for one in deliveries
    ]
    connection.execute(keep, rows)


def hurry(connection: Connection, route: str) -> None:
    """Whatever waits for `route` is due now."""
    late = update(_table).where(_columns.waiting, _columns.route == route, _columns.due > 0)
    connection.execute(late.values(due=0))


def delete_old(connection: Connection, until: int) -> int:
    """Delete what was put, tried or delivered last before `until` (UTC milliseconds).

    What is about an open alert stays: without it the alert would be told anew. The number deleted.
    """
    open_ones = select(schema.alert.c.id).where(schema.alert.c.open)
    old = delete(_table).where(_columns.t < until, _columns.alert.not_in(open_ones))
    return connection.execute(old).rowcount
