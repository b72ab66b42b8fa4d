"""A site at this moment and over time, from the store: the answers behind the API's handlers."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Line
from plainview.record import COUNT_STEP, CROSSING_STEP, CameraStatus, LensState, Reading
from plainview.store import Store
from plainview.web.edge import (
    CameraEdge,
    CameraPlace,
    GridEdge,
    LineCrossings,
    LineEdge,
    SiteField,
    SiteNow,
    SitePlace,
    ZoneEdge,
)
from plainview.web.fuse import Count, fuse, fuse_count, stale
from plainview.web.plan import SitePlan, runs
from plainview.web.views import CameraView

MINUTE = 60_000
HOUR = 3_600_000
_LOOK_BACK = 3 * 3_600_000
"""Milliseconds before a moment in which its Readings are looked for: three of the longest
intervals."""


def camera_now(
    camera: CameraView, reading: Reading | None, status: CameraStatus | None, now: float
) -> CameraEdge:
    """How `camera` is doing at `now` (UTC seconds)."""
    old = reading is None or stale(reading, now)
    # A lens that does not run is neither sealed nor unsealed: there is none.
    runs = status is not None and status.state is LensState.RUNNING
    return CameraEdge(
        id=camera.id,
        name=camera.name or camera.id,
        believed=reading is not None and reading.healthy and not old,
        health=list(reading.health) if reading else [],
        stale=old,
        measured=reading.t / 1000 if reading else None,
        count=reading.count * COUNT_STEP if reading else None,
        low=reading.low * COUNT_STEP if reading else None,
        high=reading.high * COUNT_STEP if reading else None,
        sealed=status.sealed if status and runs else None,
        connected=status.connected if status else None,
        state=status.state if status else None,
        restarts=status.restarts if status else 0,
        reconnects=status.reconnects if status else 0,
        late=status.late if status else 0,
        refused=status.refused if status else 0,
        readings_per_second=round(1000 / reading.span, 3) if reading and not old else 0.0,
        plate=status.plate if status else "none",
        note=status.note if status else "",
    )


def _believed(plan: SitePlan, readings: Mapping[str, Reading], now: float) -> dict[str, Reading]:
    names = {camera.id for camera in plan.site.cameras}
    return {
        name: reading
        for name, reading in readings.items()
        if name in names and reading.healthy and not stale(reading, now)
    }


def _newest(readings: Iterable[Reading]) -> float | None:
    return max((reading.t / 1000 for reading in readings), default=None)


def rounded(count: Count) -> tuple[float | None, float | None, float | None]:
    """People and both ends of the interval, as they are shown; Nones where nothing is known."""
    if count.people is None or count.low is None or count.high is None:
        return None, None, None
    return round(count.people, 2), round(count.low, 2), round(count.high, 2)


def site_cameras(
    plan: SitePlan,
    store: Store,
    now: float,
    statuses: Mapping[str, CameraStatus] | None = None,
) -> list[CameraEdge]:
    """Every camera of the site at `now`, in the site's order.

    Who asks for many sites gives the `statuses` of all cameras, read once.
    """
    readings = store.latest([camera.id for camera in plan.site.cameras])
    statuses = store.statuses() if statuses is None else statuses
    return [
        camera_now(camera, readings.get(camera.id), statuses.get(camera.id), now)
        for camera in plan.site.cameras
    ]


def site_now(
    plan: SitePlan,
    store: Store,
    now: float,
    statuses: Mapping[str, CameraStatus] | None = None,
) -> SiteNow:
    """One line about the site at `now`; `statuses` as in `site_cameras`."""
    site = plan.site
    readings = store.latest([camera.id for camera in site.cameras])
    used = _believed(plan, readings, now)
    count = fuse_count(plan, used)
    people, low, high = rounded(count)
    cameras = site_cameras(plan, store, now, statuses)
    return SiteNow(
        id=site.id,
        name=site.name,
        simulated=site.simulated,
        longitude=site.longitude,
        latitude=site.latitude,
        footprint=[[plan.on_earth(point) for point in area] for area in plan.areas],
        count=people,
        low=low,
        high=high,
        known=round(count.known, 4),
        measured=_newest(used.values()),
        cameras=len(cameras),
        believed=sum(camera.believed for camera in cameras),
        unsealed=sum(camera.sealed is False for camera in cameras),
        health=sorted({flag for camera in cameras for flag in camera.health}),
    )


def site_place(plan: SitePlan) -> SitePlace:
    """The site's fixed geometry."""
    site = plan.site
    return SitePlace(
        id=site.id,
        name=site.name,
        simulated=site.simulated,
        longitude=site.longitude,
        latitude=site.latitude,
        bearing=site.bearing,
        grid=GridEdge(plan.grid.origin, plan.grid.cell, plan.grid.shape),
        areas=[list(area) for area in plan.areas],
        inside=runs(plan.inside),
        uncovered=runs(plan.inside & ~plan.covered),
        zones=[ZoneEdge(zone.name, zone.kind, list(zone.polygon)) for zone in site.zones],
        cameras=[_camera_place(plan, camera) for camera in site.cameras],
    )


def _camera_place(plan: SitePlan, camera: CameraView) -> CameraPlace:
    x, y, z = plan.camera_place(camera)
    grid = camera.view.grid()
    return CameraPlace(
        id=camera.id,
        name=camera.name or camera.id,
        at=(x, y),
        height=z,
        wedge=list(plan.camera_wedge(camera)),
        area=list(camera.view.polygon),
        every=camera.every,
        grid=GridEdge(grid.origin, grid.cell, grid.shape),
        lines=[LineEdge(line.name, line.start, line.end) for line in camera.view.lines],
        zones=[ZoneEdge(zone.name, zone.kind, list(zone.polygon)) for zone in camera.view.zones],
    )


def site_field(plan: SitePlan, store: Store, now: float) -> SiteField:
    """The site's ground, count and cameras at `now`."""
    readings = store.latest([camera.id for camera in plan.site.cameras])
    return _field(plan, readings, site_cameras(plan, store, now), now)


def site_field_at(plan: SitePlan, store: Store, at: float) -> SiteField:
    """The stored ground and count at `at` (UTC seconds). What no Reading tells of is unknown.

    What was fresh then counts, as at that moment; the cameras' pipelines are not kept.
    """
    until = round(at * 1000)
    since = max(until - _LOOK_BACK, -1)
    readings: dict[str, Reading] = {}
    for camera in plan.site.cameras:
        for reading in store.readings(camera.id, since, until, 1):
            readings[camera.id] = reading
    cameras = [
        camera_now(camera, readings.get(camera.id), None, at) for camera in plan.site.cameras
    ]
    return _field(plan, readings, cameras, at)


def believed(plan: SitePlan, store: Store, now: float) -> dict[str, Reading]:
    """The newest Readings of the site's cameras that count at `now`: healthy and fresh."""
    return _believed(plan, store.latest([camera.id for camera in plan.site.cameras]), now)


def _field(
    plan: SitePlan, readings: Mapping[str, Reading], cameras: list[CameraEdge], now: float
) -> SiteField:
    used = _believed(plan, readings, now)
    field, count = fuse(plan, used)
    people, low, high = rounded(count)
    rows, columns = np.nonzero(field.density >= 0.005)
    values = np.stack((field.density, field.vx, field.vy, field.variance))[:, rows, columns]
    cells = [
        (
            int(ix),
            int(iy),
            round(float(d), 3),
            round(float(vx), 3),
            round(float(vy), 3),
            round(float(s), 4),
        )
        for ix, iy, d, vx, vy, s in zip(columns, rows, *values, strict=True)
    ]
    return SiteField(
        t=now,
        measured=_newest(used.values()),
        count=people,
        low=low,
        high=high,
        known=round(count.known, 4),
        cells=cells,
        unknown=runs(field.unknown),
        cameras=cameras,
    )


def crossings(plan: SitePlan, store: Store, since: int, until: int) -> list[LineCrossings]:
    """People over each line from `since` to `until` (UTC milliseconds), at most an hour.

    A line that several cameras have (same name and ends, same interval) is one line: at each
    interval it is the mean of those that could be believed then.
    """
    lines: dict[tuple[Line, float], list[tuple[str, int]]] = {}
    readings: dict[str, list[Reading]] = {}
    for camera in plan.site.cameras:
        for index, line in enumerate(camera.view.lines):
            lines.setdefault((line, camera.every), []).append((camera.id, index))
            if camera.id not in readings:
                readings[camera.id] = store.readings(camera.id, since, until)
    return [
        _line_crossings(line, every, [(name, k, readings[name]) for name, k in places], until)
        for (line, every), places in lines.items()
    ]


def _line_crossings(
    line: Line, every: float, places: Sequence[tuple[str, int, list[Reading]]], until: int
) -> LineCrossings:
    said: dict[int, dict[str, NDArray[np.int64]]] = {}
    for name, index, readings in places:
        for reading in readings:
            step = said.setdefault(round(reading.t / (every * 1000)), {})
            if reading.healthy and index < len(reading.crossings):
                # Intervals need not start on whole steps: two that end in one step both count.
                flux = np.array(reading.crossings[index], dtype=np.int64)
                step[name] = step[name] + flux if name in step else flux
    total, last = np.zeros(2), np.zeros(2)
    for k, fluxes in said.items():
        if fluxes:
            mean = np.mean(list(fluxes.values()), axis=0) * CROSSING_STEP
            total += mean
            if k * every * 1000 > until - MINUTE:
                last += mean
    return LineCrossings(
        line=line.name,
        start=line.start,
        end=line.end,
        cameras=[name for name, _, _ in places],
        forward=round(float(total[0]), 2),
        backward=round(float(total[1]), 2),
        last_forward=round(float(last[0]), 2),
        last_backward=round(float(last[1]), 2),
        unhealthy=sum(not fluxes for fluxes in said.values()) * every,
    )
