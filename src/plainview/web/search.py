"""What is searched for as it was asked, and what is found as JSON: events, and alerts."""

import base64
import hashlib
import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, structs

from plainview.alerts.book import Shown
from plainview.alerts.kinds import OF_NO_PLACE, AlertKind
from plainview.alerts.lifecycle import State, unpacked
from plainview.errors import UNDECODED, InputError
from plainview.geometry import METRES_PER_DEGREE, Point
from plainview.intake.gate import AHEAD
from plainview.record import EventKind, EventStanding
from plainview.store import KeptAlert
from plainview.store.search import AlertQuery, Band, EventKey, EventQuery, KeptEvent, Place
from plainview.web.alerts import AlertEdge, alert_edge
from plainview.web.plan import SitePlan

DAY = 86_400.0
"""Seconds before `until` that are searched where nothing else is asked for."""
Box = tuple[float, float, float, float]
AlertStateAsked = Literal["open", "raised", "acknowledged", "escalated", "cleared"]
_OPEN = (State.RAISED, State.ACKNOWLEDGED, State.ESCALATED)


class Asked(Struct, frozen=True):
    """One search, as asked for. None and empty: any."""

    bbox: Box | None = None
    """West, south, east, north in degrees."""
    ground: Box | None = None
    """x0, y0, x1, y1 in ground metres of the one site."""
    sites: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    kinds: tuple[AlertKind, ...] = ()
    """Nothing that happens is of the kinds `route` and `deletion`."""
    since: float | None = None
    until: float | None = None
    """UTC seconds: since <= start < until."""
    state: tuple[str, ...] = ()
    standing: tuple[EventStanding, ...] = ()
    text: str = ""


class FoundEvent(Struct, frozen=True):
    """What a camera saw happen. About a place, never about a person."""

    id: Annotated[str, Meta(description="Opaque; ids sort as events started.")]
    site: str
    camera: str
    kind: EventKind
    start: Annotated[float, Meta(description="UTC seconds, by the camera's clock.")]
    end: Annotated[
        float | None,
        Meta(description="null: not over, or its end was not told (a lens that died)."),
    ]
    at: Annotated[Point, Meta(description="Ground metres of the site.")]
    longitude: float
    latitude: float
    zone: str | None
    confidence: Annotated[float, Meta(description="0 to 1.")]
    standing: Annotated[
        EventStanding,
        Meta(description="validated: good enough at this camera to call people, when it happened."),
    ]


class FoundEvents(Struct, frozen=True):
    """A page of events, the latest start first."""

    events: list[FoundEvent]
    cursor: Annotated[str | None, Meta(description="For the next page; null: these were all.")]


class FoundAlerts(Struct, frozen=True):
    """A page of alerts, the latest first."""

    alerts: list[AlertEdge]
    cursor: Annotated[str | None, Meta(description="For the next page; null: these were all.")]


class _Cursor(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page ended, of which search, and the times that it began with."""

    search: bytes
    since: int
    until: int
    after: EventKey | str


_decoder = msgspec.msgpack.Decoder(_Cursor)


def numbers(text: str | None, name: str) -> Box | None:
    """Four numbers as `1,2,3,4`, the lower ones first. Raises InputError."""
    if text is None:
        return None
    try:
        low_x, low_y, high_x, high_y = (float(part) for part in text.split(","))
    except ValueError:
        low_x = low_y = high_x = high_y = math.nan
    box = (low_x, low_y, high_x, high_y)
    if not all(map(math.isfinite, box)) or low_x > high_x or low_y > high_y:
        raise InputError(
            "an area is four numbers, the lower ones first",
            where=name,
            mend=f"Write {name}=4.80,45.70,4.90,45.80",
        )
    return box


def places(plans: Iterable[SitePlan], asked: Asked) -> tuple[Place, ...]:
    """Where is searched: the parts of `plans` that `asked` is about.

    Raises InputError for an area on the ground of no or of several sites.
    """
    if asked.ground is not None and len(asked.sites) != 1:
        raise InputError(
            "an area in ground metres is of one site", where="ground", mend="Give that site too"
        )
    found = []
    for plan in plans:
        if asked.sites and plan.site.id not in asked.sites:
            continue
        cameras = tuple(
            camera.id for camera in plan.site.cameras
            if not asked.cameras or camera.id in asked.cameras
        )  # fmt: skip
        bands = _bands(plan, asked)
        if cameras and bands is not None:
            found.append(Place(plan.site.id, cameras, bands))
    return tuple(found)


def _bands(plan: SitePlan, asked: Asked) -> tuple[Band, ...] | None:
    """The part of the site's ground; empty: all of it, None: nothing of it."""
    bands: tuple[Band, ...] = ()
    if asked.bbox is not None:
        found = _on_map(plan, asked.bbox)
        if found is None:
            return None
        bands += found
    if asked.ground is not None:
        x0, y0, x1, y1 = asked.ground
        bands += (Band(1.0, 0.0, x0, x1), Band(0.0, 1.0, y0, y1))
    return bands


def _on_map(plan: SitePlan, bbox: Box) -> tuple[Band, ...] | None:
    """As `_bands`. A box of degrees is two bands on a ground plane, whatever its bearing."""
    west, south, east, north = bbox
    corners = [plan.on_earth(corner) for area in plan.areas for corner in area]
    if all(west <= x <= east and south <= y <= north for x, y in corners):
        return ()
    xs, ys = zip(*corners, strict=True)
    if min(xs) > east or max(xs) < west or min(ys) > north or max(ys) < south:
        return None
    site = plan.site
    turn = math.radians(site.bearing)
    across = METRES_PER_DEGREE * math.cos(math.radians(site.latitude))
    return (
        Band(
            math.cos(turn),
            math.sin(turn),
            (west - site.longitude) * across,
            (east - site.longitude) * across,
        ),
        Band(
            -math.sin(turn),
            math.cos(turn),
            (south - site.latitude) * METRES_PER_DEGREE,
            (north - site.latitude) * METRES_PER_DEGREE,
        ),
    )


# --- queries -----------------------------------------------------------------------------------


def _digest(asked: Asked) -> bytes:
    return hashlib.blake2b(msgspec.msgpack.encode(asked), digest_size=8).digest()


def _begin(asked: Asked, cursor: str | None, now: float) -> _Cursor:
    """Where to go on, and the times. Raises InputError for a cursor of another search."""
    if cursor is None:
        # A camera's clock may be ahead, and what it says now happened later than now.
        until = now + AHEAD + 1.0 if asked.until is None else asked.until
        ends = now if asked.until is None else until
        since = max(ends - DAY, 0.0) if asked.since is None else asked.since
        if not since <= until:
            raise InputError("the range ends before it starts", where="since, until")
        return _Cursor(b"", round(since * 1000), round(until * 1000), "")
    try:
        found = _decoder.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, *UNDECODED) as error:
        raise _strange() from error
    if found.search != _digest(asked):
        raise _strange()
    return found


def _strange() -> InputError:
    return InputError(
        "this cursor is not of this search",
        where="cursor",
        mend="Ask the same as before with it, or begin without it",
    )


def cursor_after(asked: Asked, begun: EventQuery | AlertQuery, after: EventKey | str) -> str:
    """The opaque cursor of the page after the one that ended at `after`."""
    cursor = _Cursor(_digest(asked), begun.since, begun.until, after)
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def event_query(
    asked: Asked, where: tuple[Place, ...], cursor: str | None, now: float, most: int
) -> EventQuery:
    """The query of the store. Raises InputError."""
    begun = _begin(asked, cursor, now)
    if begun.search and isinstance(begun.after, str):
        raise _strange()
    known = {kind.value for kind in EventKind}
    kinds = tuple(EventKind(kind.value) for kind in asked.kinds if kind.value in known)
    return EventQuery(
        places=where if kinds or not asked.kinds else (),
        since=begun.since,
        until=begun.until,
        kinds=kinds,
        zones=asked.zones,
        standings=asked.standing,
        open={(): None, ("open",): True, ("ended",): False}.get(asked.state),
        before=None if isinstance(begun.after, str) else begun.after,
        most=most,
    )


def alert_query(
    asked: Asked, where: tuple[Place, ...], cursor: str | None, now: float, most: int
) -> AlertQuery:
    """The query of the store. Raises InputError."""
    begun = _begin(asked, cursor, now)
    if not isinstance(begun.after, str):
        raise _strange()
    wanted = asked.kinds or tuple(AlertKind)
    kinds = tuple(kind for kind in wanted if kind not in OF_NO_PLACE)
    # What is of no place is in none that is searched; else it is there for whoever may see any.
    placed = asked.sites or asked.cameras or asked.zones or asked.bbox or asked.ground
    anywhere = tuple(kind for kind in wanted if kind in OF_NO_PLACE and where and not placed)
    states = dict.fromkeys(
        state for name in asked.state for state in (_OPEN if name == "open" else (State(name),))
    )
    return AlertQuery(
        places=where if kinds else (),
        since=begun.since,
        until=begun.until,
        kinds=kinds,
        anywhere=anywhere,
        zones=asked.zones,
        states=tuple(state.value for state in states),
        words=tuple(asked.text.split()),
        before=begun.after or None,
        most=most,
    )


# --- answers -----------------------------------------------------------------------------------


def found_event(event: KeptEvent, plans: Mapping[str, SitePlan]) -> FoundEvent:
    """`event` as JSON; `plans` by camera."""
    plan = plans[event.camera]
    longitude, latitude = plan.on_earth(event.at)
    return FoundEvent(
        id=event.id,
        site=plan.site.id,
        camera=event.camera,
        kind=event.kind,
        start=event.start / 1000,
        end=None if event.end is None else event.end / 1000,
        at=event.at,
        longitude=longitude,
        latitude=latitude,
        zone=event.zone,
        confidence=event.confidence,
        standing=event.standing,
    )


def found_alert(kept: KeptAlert) -> AlertEdge:
    """A kept alert as JSON. Raises StoreError where it cannot be read."""
    return alert_edge(Shown(unpacked(kept), durable=True))


def later(query: EventQuery, after: EventKey) -> EventQuery:
    """`query` from where a page ended."""
    return structs.replace(query, before=after)
