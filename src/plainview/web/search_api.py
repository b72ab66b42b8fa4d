"""The API of the search: events and alerts by place, time, kind, state and notes; as files too.

What was is history: for who may read it, at the sites that they may see.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from litestar import Request, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Stream
from msgspec import structs

from plainview.alerts.kinds import AlertKind
from plainview.alerts.lifecycle import unpacked
from plainview.clock import Clock
from plainview.document import nearest
from plainview.errors import InputError
from plainview.record import EventStanding
from plainview.store import KeptAlert, Store
from plainview.store.search import KeptEvent, Place
from plainview.web.access.rules import Action, rule, visible
from plainview.web.downloads import Row, csv_lines, geojson_parts
from plainview.web.plan import SitePlan
from plainview.web.search import (
    AlertStateAsked,
    Asked,
    FoundAlerts,
    FoundEvents,
    alert_query,
    cursor_after,
    event_query,
    found_alert,
    found_event,
    later,
    numbers,
    places,
)

_FAR: Final = 4_000_000_000
_PAGE: Final = 100
_CHUNK: Final = 2000
"""Rows that an export reads at once."""

Http = Request[Any, Any, Any]
Names = Annotated[list[str] | None, QueryParameter(max_items=1000)]
Standings = Literal["validated", "experimental"]
Limit = Annotated[int, QueryParameter(ge=1, le=1000)]
Cursor = Annotated[
    str | None, QueryParameter(max_length=400, description="Of the page before; opaque.")
]

EVENT_COLUMNS: Final = (
    "id", "site", "camera", "kind", "start", "end", "x", "y", "zone", "confidence", "standing",
)  # fmt: skip
ALERT_COLUMNS: Final = (
    "id", "site", "zone", "kind", "quantity", "level", "state", "raised", "cleared", "peak", "x",
    "y", "cameras", "message", "notes",
)  # fmt: skip


_COMMON: Final = frozenset(
    {"bbox", "ground", "site", "camera", "zone", "kind", "since", "until", "state"}
    | {"limit", "cursor"}
)
"""Parameters that events and alerts have in common."""
_MANY: Final = frozenset({"site", "camera", "zone", "kind"})
"""Those of them that may be given more than once: any of the values is looked for."""


def _only(request: Http, own: str, many: frozenset[str]) -> None:
    """Raise InputError for a parameter that is none: its filter would be left out unsaid.

    As would the first of two that only one can be of, which all are but `many`. And for one that no
    text of a store can hold, at which a store would stop midway.
    """
    known = _COMMON | {own}
    given = list(request.query_params.multi_items())
    for name, value in given:
        if name not in known:
            guess = nearest(name, known)
            raise InputError(
                "the search has no such parameter",
                where=name[:80],
                mend=f"Did you mean {guess!r}?"
                if guess
                else f"They are {', '.join(sorted(known))}",
            )
        if "\0" in value:
            raise InputError("a sign of it is no letter (U+0000)", where=name, mend="Leave it out")
        if name not in _MANY | many and sum(name == other for other, _ in given) > 1:
            raise InputError("is given twice, and only one can be", where=name, mend="Give it once")


def _where(
    bbox: Annotated[
        str | None,
        QueryParameter(max_length=200, description="Map area: west,south,east,north in degrees."),
    ] = None,
    ground: Annotated[
        str | None,
        QueryParameter(max_length=200, description="x0,y0,x1,y1 in metres; of one `site`."),
    ] = None,
    site: Names = None,
    camera: Names = None,
    zone: Names = None,
    kind: Annotated[list[AlertKind] | None, QueryParameter(max_items=10)] = None,
    since: Annotated[
        float | None,
        QueryParameter(ge=0, le=_FAR, description="UTC seconds. Default: a day before `until`."),
    ] = None,
    until: Annotated[
        float | None,
        QueryParameter(
            ge=0,
            le=_FAR,
            description="UTC seconds. Default: now, and what cameras say whose clocks are ahead.",
        ),
    ] = None,
) -> Asked:
    """The part that events and alerts have in common."""
    return Asked(
        bbox=numbers(bbox, "bbox"),
        ground=numbers(ground, "ground"),
        sites=tuple(site or ()),
        cameras=tuple(camera or ()),
        zones=tuple(zone or ()),
        kinds=tuple(kind or ()),
        since=since,
        until=until,
    )


def _events(
    request: Http,
    where: NamedDependency[Asked],
    which: Annotated[Literal["open", "ended"] | None, QueryParameter(name="state")] = None,
    standing: Annotated[list[Standings] | None, QueryParameter(max_items=2)] = None,
) -> Asked:
    _only(request, "standing", frozenset({"standing"}))
    standings = tuple(EventStanding(one) for one in standing or ())
    return structs.replace(where, state=(which,) if which else (), standing=standings)


def _alerts(
    request: Http,
    where: NamedDependency[Asked],
    which: Annotated[
        list[AlertStateAsked] | None, QueryParameter(name="state", max_items=5)
    ] = None,
    text: Annotated[
        str,
        QueryParameter(max_length=200, description="Each word is in what persons wrote about it."),
    ] = "",
) -> Asked:
    _only(request, "text", frozenset({"state"}))
    return structs.replace(where, state=tuple(which or ()), text=text)


def search_handlers(plans: Mapping[str, SitePlan], store: Store, clock: Clock) -> list[Any]:
    """The handlers of the search over the sites of `plans`."""
    by_camera = {c.id: plan for plan in plans.values() for c in plan.site.cameras}

    def seen(request: Http, asked: NamedDependency[Asked]) -> tuple[Place, ...]:
        return places((plan for name, plan in plans.items() if visible(request, name)), asked)

    return [
        *_event_handlers(seen, by_camera, store, clock),
        *_alert_handlers(seen, plans, store, clock),
    ]


Seen = Callable[[Http, Asked], tuple[Place, ...]]


def _kept(asked: Callable[..., Asked]) -> dict[str, Any]:
    return {
        "opt": rule(Action.READ_HISTORY, of="sites"),
        "tags": ["search"],
        "sync_to_thread": True,
        "dependencies": {
            "where": Provide(_where, sync_to_thread=False),
            "asked": Provide(asked, sync_to_thread=False),
        },
    }


def _event_handlers(
    seen: Seen, by_camera: Mapping[str, SitePlan], store: Store, clock: Clock
) -> list[Any]:
    common = _kept(_events)

    @get("/api/v1/search/events", **common)
    def search_events(
        request: Http, asked: NamedDependency[Asked], limit: Limit = _PAGE, cursor: Cursor = None
    ) -> FoundEvents:
        """Events by place, time, kind and state, the latest start first."""
        query = event_query(asked, seen(request, asked), cursor, clock.utc(), limit)
        page = store.find_events(query)
        after = None if page.last is None else cursor_after(asked, query, page.last)
        return FoundEvents([found_event(event, by_camera) for event in page.events], after)

    def rows(request: Http, asked: Asked) -> Iterator[Row]:
        query = event_query(asked, seen(request, asked), None, clock.utc(), _CHUNK)

        def read() -> Iterator[Row]:
            page = store.find_events(query)
            while True:
                yield from (_event_row(event, by_camera) for event in page.events)
                if page.last is None:
                    return
                page = store.find_events(later(query, page.last))

        return read()

    return [search_events, *_files("events", EVENT_COLUMNS, rows, common)]


def _alert_handlers(
    seen: Seen, plans: Mapping[str, SitePlan], store: Store, clock: Clock
) -> list[Any]:
    common = _kept(_alerts)

    @get("/api/v1/search/alerts", **common)
    def search_alerts(
        request: Http, asked: NamedDependency[Asked], limit: Limit = _PAGE, cursor: Cursor = None
    ) -> FoundAlerts:
        """Alerts by place, time, kind, state and notes, the latest first.

        An alert without a place of its own is found in an area that holds all of its site. What is
        of no site, as a broken route is, is found where no place is asked for.
        """
        query = alert_query(asked, seen(request, asked), cursor, clock.utc(), limit)
        found = store.find_alerts(query)
        after = cursor_after(asked, query, found[-1].id) if len(found) == limit else None
        return FoundAlerts([found_alert(kept) for kept in found], after)

    def rows(request: Http, asked: Asked) -> Iterator[Row]:
        query = alert_query(asked, seen(request, asked), None, clock.utc(), _CHUNK)

        def read() -> Iterator[Row]:
            found = store.find_alerts(query)
            while found:
                yield from (_alert_row(kept, plans) for kept in found)
                found = store.find_alerts(structs.replace(query, before=found[-1].id))

        return read()

    return [search_alerts, *_files("alerts", ALERT_COLUMNS, rows, common)]


def _files(
    what: str,
    columns: tuple[str, ...],
    rows: Callable[[Http, Asked], Iterator[Row]],
    common: dict[str, Any],
) -> list[Any]:
    def sent(name: str, parts: Iterator[str], kind: str) -> Stream:
        shown = {"content-disposition": f'attachment; filename="{name}"'}
        return Stream(parts, media_type=kind, headers=shown | {"cache-control": "no-store"})

    @get(f"/api/v1/search/{what}.csv", **common)
    def as_csv(request: Http, asked: NamedDependency[Asked]) -> Stream:
        """The same as CSV, at most 100,000 rows; times are ISO 8601 in UTC."""
        lines = csv_lines(columns, rows(request, asked))
        return sent(f"{what}.csv", lines, "text/csv")

    @get(f"/api/v1/search/{what}.geojson", **common)
    def as_geojson(request: Http, asked: NamedDependency[Asked]) -> Stream:
        """The same as GeoJSON, at most 100,000 features; `complete` says whether these are all."""
        return sent(f"{what}.geojson", geojson_parts(rows(request, asked)), "application/geo+json")

    return [as_csv, as_geojson]


def _utc(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _event_row(event: KeptEvent, by_camera: Mapping[str, SitePlan]) -> Row:
    found = found_event(event, by_camera)
    values: dict[str, str | float | int | None] = {
        "id": found.id,
        "site": found.site,
        "camera": found.camera,
        "kind": found.kind.value,
        "start": _utc(found.start),
        "end": _utc(found.end),
        "x": found.at[0],
        "y": found.at[1],
        "zone": found.zone,
        "confidence": found.confidence,
        "standing": found.standing.value,
    }
    return Row(values, (found.longitude, found.latitude))


def _alert_row(kept: KeptAlert, plans: Mapping[str, SitePlan]) -> Row:
    alert = unpacked(kept)
    x, y = alert.at or (None, None)
    values: dict[str, str | float | int | None] = {
        "id": alert.id,
        "site": alert.place,
        "zone": alert.zone,
        "kind": alert.kind.value,
        "quantity": alert.quantity and alert.quantity.value,
        "level": alert.level.value,
        "state": alert.state.value,
        "raised": _utc(alert.raised_at),
        "cleared": _utc(alert.cleared_at),
        "peak": alert.peak,
        "x": x,
        "y": y,
        "cameras": " ".join(alert.cameras),
        "message": alert.message,
        "notes": kept.note,
    }
    return Row(values, None if alert.at is None else plans[alert.site].on_earth(alert.at))
