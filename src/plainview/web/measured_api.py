"""`/api/v1` of what was measured: sites and cameras, now and before, and the system itself."""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter, QueryParameter
from litestar.response import ServerSentEvent

from plainview import __version__
from plainview.clock import Clock
from plainview.errors import InputError, StoreError
from plainview.store import Store
from plainview.web.access.gate import Gate
from plainview.web.access.rules import PUBLIC, Action, rule, visible
from plainview.web.edge import (
    CameraEdge,
    CountSeries,
    DiskEdge,
    LineCrossings,
    ReadingEdge,
    Role,
    RollUpEdge,
    SiteField,
    SiteNow,
    SitePlace,
    SystemEdge,
    Trouble,
    UsualEdge,
    named_crossings,
    reading_edge,
)
from plainview.web.live import Hub
from plainview.web.now import (
    HOUR,
    MINUTE,
    camera_now,
    crossings,
    site_cameras,
    site_field,
    site_field_at,
    site_now,
)
from plainview.web.plan import SitePlan
from plainview.web.series import count_series
from plainview.web.usual import usual
from plainview.web.views import CameraView

_FAR = 4_000_000_000
"""UTC seconds in the year 2096: no request is about a later time."""

Name = Annotated[str, PathParameter(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
Since = Annotated[
    float | None,
    QueryParameter(ge=0, le=_FAR, description="UTC seconds. Default: as far back as may be asked."),
]
Until = Annotated[
    float | None, QueryParameter(ge=0, le=_FAR, description="UTC seconds. Default: now.")
]

At = Annotated[
    float | None, QueryParameter(ge=0, le=_FAR, description="UTC seconds. Default: now.")
]

Coarseness = Annotated[Literal["minute", "hour"], QueryParameter()]
Resolution = Annotated[Literal["reading", "minute", "hour"], QueryParameter()]


class Parts:
    """What the handlers share. Frozen but for the store."""

    def __init__(  # noqa: PLR0913, PLR0917 - one for each part that is told of
        self,
        plans: dict[str, SitePlan],
        places: dict[str, SitePlace],
        store: Store,
        stats: Callable[[], dict[str, float]],
        clock: Clock,
        hub: Hub,
        gate: Gate,
        metrics: Callable[[Sequence[SitePlan]], bytes],
        troubles: Callable[[], tuple[Trouble, ...]],
        role: Role,
    ) -> None:
        """Of `plans` and fixed `places` by site; `metrics` is the exposition of some sites."""
        self.plans, self.places, self.store = plans, places, store
        self.stats, self.clock, self.hub, self.gate = stats, clock, hub, gate
        self.metrics, self.troubles, self.role = metrics, troubles, role
        self.cameras: dict[str, CameraView] = {
            camera.id: camera for plan in plans.values() for camera in plan.site.cameras
        }

    def plan(self, site: str) -> SitePlan:
        """The site's plan, or a 404 that says which there are."""
        try:
            return self.plans[site]
        except KeyError:
            raise NotFoundException(f"There is no site {site!r}: see /api/v1/sites") from None

    def camera(self, camera: str) -> CameraView:
        """The camera's view, or a 404 that says where they are listed."""
        try:
            return self.cameras[camera]
        except KeyError:
            raise NotFoundException(
                f"There is no camera {camera!r}: see /api/v1/sites/{{site}}/cameras"
            ) from None

    def span(self, since: float | None, until: float | None, most: float) -> tuple[int, int]:
        """[since, until] in milliseconds; at most `most` seconds. Raises InputError."""
        end = self.clock.utc() if until is None else until
        start = max(end - most, 0.0) if since is None else since
        if not (math.isfinite(start) and math.isfinite(end) and start <= end):
            raise InputError("the range ends before it starts", where="since, until")
        if end - start > most + 1e-3:
            raise InputError(
                f"a range of {end - start:.0f} s is more than the {most:.0f} s allowed here",
                where="since, until",
                mend="Ask for less, or for a coarser resolution",
            )
        return round(start * 1000), round(end * 1000)


_MOST = {"reading": 3600.0, "minute": 7 * 86_400.0, "hour": 400 * 86_400.0}
"""Seconds that one answer may span, by resolution."""


def measured_handlers(parts: Parts) -> list[Any]:
    """Handlers of sites, cameras and system over `parts`."""
    return [
        *_site_handlers(parts),
        *_past_handlers(parts),
        *_camera_handlers(parts),
        *_system_handlers(parts),
    ]


def _site_handlers(parts: Parts) -> list[Any]:
    store, clock = parts.store, parts.clock

    now_of_site = rule(Action.READ_NOW, of="site")

    @get(
        "/api/v1/sites", opt=rule(Action.READ_NOW, of="sites"), tags=["sites"], sync_to_thread=True
    )
    def list_sites(request: Request[Any, Any, Any]) -> list[SiteNow]:
        """All sites that may be seen: where they are, how many people, how their cameras are."""
        now, statuses = clock.utc(), store.statuses()
        shown = [plan for name, plan in parts.plans.items() if visible(request, name)]
        return [site_now(plan, store, now, statuses) for plan in shown]

    @get("/api/v1/sites/{site:str}", opt=now_of_site, tags=["sites"], sync_to_thread=False)
    def get_site(site: Name) -> SitePlace:
        """One site's fixed geometry: ground grid, areas, cameras, lines and zones."""
        parts.plan(site)
        return parts.places[site]

    @get("/api/v1/sites/{site:str}/field", opt=now_of_site, tags=["sites"])
    async def get_field(request: Request[Any, Any, Any], site: Name, at: At = None) -> SiteField:
        """The site now: all cameras' latest Readings on the site's grid, count and health.

        With `at` it is the stored field of that moment, which is history, and how the cameras'
        Readings were then; their pipelines' state is not kept. Where cameras overlap, density is
        their mean weighted by inverse variance and by how well each sees the cell.
        """
        plan = parts.plan(site)
        if at is None:
            return await asyncio.to_thread(site_field, plan, store, clock.utc())
        await parts.gate.require(request, Action.READ_HISTORY, of="site")
        return await asyncio.to_thread(site_field_at, plan, store, at)

    @get("/api/v1/sites/{site:str}/cameras", opt=now_of_site, tags=["cameras"], sync_to_thread=True)
    def list_cameras(site: Name) -> list[CameraEdge]:
        """The site's cameras: health, seal, connection and last count."""
        return site_cameras(parts.plan(site), store, clock.utc())

    @get(
        "/api/v1/sites/{site:str}/live",
        opt=now_of_site,
        tags=["sites"],
        media_type="text/event-stream",
    )
    async def live(
        request: Request[Any, Any, Any],
        site: Name,
        after: Annotated[
            int,
            QueryParameter(ge=0, le=_FAR * 1000, description="UTC milliseconds; 0: no resumption."),
        ] = 0,
    ) -> ServerSentEvent:
        """Server-sent events: `state` is a SiteField, at each change and at least every second.

        `alerts` is the list of the site's open alerts: at the start, and whenever they change.

        A page that comes back with Last-Event-ID or `after` (an event's id) first gets `missed`,
        the CountSeries since then (at most 10 minutes). `problem` is one line of text.
        """
        plan = parts.plan(site)
        missed = None
        last = request.headers.get("last-event-id", "")
        seen = int(last) if last.isascii() and last.isdecimal() and len(last) <= 13 else after
        end = round(clock.utc() * 1000)
        if 0 < seen < end:
            start = max(seen, end - 10 * MINUTE)
            series = await asyncio.to_thread(count_series, plan, store, start, end, "reading")
            missed = msgspec.json.encode(series).decode()
        events = parts.gate.watched(request, parts.hub.join(site, missed))
        return ServerSentEvent(events, headers={"cache-control": "no-store"})

    return [list_sites, get_site, get_field, list_cameras, live]


def _past_handlers(parts: Parts) -> list[Any]:
    store, clock = parts.store, parts.clock
    past_of_site = rule(Action.READ_HISTORY, of="site")

    @get("/api/v1/sites/{site:str}/count", opt=past_of_site, tags=["sites"], sync_to_thread=True)
    def get_count(
        site: Name,
        since: Since = None,
        until: Until = None,
        resolution: Resolution = "reading",
    ) -> CountSeries:
        """The site's count over time with its 90 % interval.

        At most an hour of Readings, a week of minutes or 400 days of hours.
        """
        plan = parts.plan(site)
        start, end = parts.span(since, until, _MOST[resolution])
        return count_series(plan, store, start, end, resolution)

    @get("/api/v1/sites/{site:str}/usual", opt=past_of_site, tags=["sites"], sync_to_thread=True)
    def get_usual(site: Name) -> UsualEdge:
        """The site's count now beside what is usual at this hour of the week."""
        return usual(parts.plan(site), store, clock.utc())

    @get(
        "/api/v1/sites/{site:str}/crossings", opt=past_of_site, tags=["sites"], sync_to_thread=True
    )
    def get_crossings(site: Name, since: Since = None, until: Until = None) -> list[LineCrossings]:
        """People over each line of the site: in the range (at most an hour) and its last minute."""
        plan = parts.plan(site)
        start, end = parts.span(since, until, HOUR / 1000)
        return crossings(plan, store, start, end)

    return [get_count, get_usual, get_crossings]


def _camera_handlers(parts: Parts) -> list[Any]:
    store, clock = parts.store, parts.clock
    now_of_camera, past_of_camera = (
        rule(action, of="camera") for action in (Action.READ_NOW, Action.READ_HISTORY)
    )

    @get("/api/v1/cameras/{camera:str}", opt=now_of_camera, tags=["cameras"], sync_to_thread=True)
    def get_camera(camera: Name) -> CameraEdge:
        """One camera: health, seal, connection and last count."""
        view = parts.camera(camera)
        reading = store.latest([camera]).get(camera)
        return camera_now(view, reading, store.statuses().get(camera), clock.utc())

    @get(
        "/api/v1/cameras/{camera:str}/readings",
        opt=past_of_camera,
        tags=["cameras"],
        sync_to_thread=True,
    )
    def get_readings(
        camera: Name,
        since: Since = None,
        until: Until = None,
        most: Annotated[
            int, QueryParameter(ge=1, le=3600, description="The newest so many; oldest first.")
        ] = 60,
    ) -> list[ReadingEdge]:
        """Readings of one camera with since < t <= until; at most a day's range."""
        view = parts.camera(camera).view
        start, end = parts.span(since, until, 86_400)
        return [reading_edge(reading, view) for reading in store.readings(camera, start, end, most)]

    @get(
        "/api/v1/cameras/{camera:str}/readings/latest",
        opt=now_of_camera,
        tags=["cameras"],
        sync_to_thread=True,
    )
    def get_latest(camera: Name) -> ReadingEdge:
        """The newest Reading of one camera. It may be old: look at `t`."""
        view = parts.camera(camera).view
        reading = store.latest([camera]).get(camera)
        if reading is None:
            raise NotFoundException(f"Camera {camera!r} has not measured yet")
        return reading_edge(reading, view)

    @get(
        "/api/v1/cameras/{camera:str}/rollups",
        opt=past_of_camera,
        tags=["cameras"],
        sync_to_thread=True,
    )
    def get_roll_ups(
        camera: Name,
        resolution: Coarseness = "minute",
        since: Since = None,
        until: Until = None,
    ) -> list[RollUpEdge]:
        """Minute (at most a week) or hour (at most 400 days) roll-ups of one camera."""
        view = parts.camera(camera).view
        start, end = parts.span(since, until, _MOST[resolution])
        return [
            RollUpEdge(
                t=row.start / 1000,
                readings=row.readings,
                unhealthy=row.unhealthy,
                mean=row.mean,
                low=row.low,
                high=row.high,
                peak=row.peak,
                crossings=named_crossings(view, row.crossings, 1.0),
                health=list(row.health),
            )
            for row in store.roll_ups(camera, resolution, start, end)
        ]

    return [get_camera, get_readings, get_latest, get_roll_ups]


def _system_handlers(parts: Parts) -> list[Any]:
    store, clock, stats = parts.store, parts.clock, parts.stats

    @get("/api/v1/system", opt=rule(Action.READ_SYSTEM), tags=["system"], sync_to_thread=True)
    def get_system() -> SystemEdge:
        """Version, Readings per second, and the store's size beside its bound."""
        try:
            disk = store.disk()
        except StoreError:
            disk = None  # Why, is among the troubles.
        counters = {name: float(value) for name, value in stats().items()}
        now = clock.utc()
        rate = counters.get("readings_per_second")
        if rate is None:
            statuses = store.statuses()
            rate = sum(
                camera.readings_per_second
                for plan in parts.plans.values()
                for camera in site_cameras(plan, store, now, statuses)
            )
        return SystemEdge(
            version=__version__,
            t=now,
            readings_per_second=round(rate, 3),
            disk=None
            if disk is None
            else DiskEdge(
                used=disk.used,
                bound=disk.bound,
                free=disk.free,
                oldest=None if disk.oldest is None else disk.oldest / 1000,
            ),
            stats=counters | {"live_pages": float(parts.hub.open)},
            role=parts.role,
        )

    @get("/api/v1/troubles", opt=rule(Action.READ_STANDING), tags=["system"], sync_to_thread=True)
    def get_troubles() -> tuple[Trouble, ...]:
        """The parts of the program that do not do their work now; none: all do."""
        return parts.troubles()

    @get("/healthz", opt=PUBLIC, tags=["system"], sync_to_thread=True)
    def healthz() -> dict[str, str]:
        """Whether this process answers and its store can be read. 503 where it cannot."""
        store.latest([])
        store.statuses()
        return {"status": "ok"}

    @get(
        "/metrics", opt=rule(Action.READ_METRICS, of="sites"), tags=["system"], sync_to_thread=True
    )
    def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Prometheus text format, of the sites that may be seen."""
        shown = [plan for name, plan in parts.plans.items() if visible(request, name)]
        return Response(parts.metrics(shown), media_type="text/plain; version=0.0.4")

    return [get_system, get_troubles, healthz, metrics]
