"""Maps as plain numbers for an SVG: north up, metres true, no map service asked.

Units are those of the drawing, `WIDTH` across; a phone shows one as about 0.85 CSS pixels, so that
a round mark of `MARK` is at least 24 pixels wide there (WCAG 2.2, 2.5.8).
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from plainview.geometry import METRES_PER_DEGREE
from plainview.governance.places import LonLat
from plainview.governance.register import RUNNING, RegisterCamera
from plainview.web.portal.lookup import Box, Group

WIDTH: Final = 400
MARK: Final = 15.0
"""Radius of a mark that can be chosen."""
_CELL: Final = 34.0
_MARGIN: Final = 54.0
_LOWEST, _HIGHEST = 200.0, 420.0
_NARROWEST: Final = 30.0
"""Metres across that a map shows at least."""
_WEDGE: Final = 40.0
_HALF_ANGLE: Final = 28.0
_NUMBERED: Final = 60
"""More cameras than this on one map are drawn as dots without a number."""
_LABELLED: Final = 12

Spot = tuple[float, float]


class Scale(NamedTuple):
    """A bar of a round length."""

    length: float
    """In the drawing's units."""
    metres: float


class CameraMark(NamedTuple):
    """One camera on its site's map."""

    camera: RegisterCamera
    number: int
    """0: too many to be numbered."""
    x: float
    y: float
    wedge: str
    """SVG path of the direction that it looks in; empty where it is not known."""
    area: str
    """SVG points of the ground that it measures."""
    here: bool
    """The camera that the page is about."""


class SiteMap(NamedTuple):
    """One site from above."""

    height: float
    marks: tuple[CameraMark, ...]
    scale: Scale


class PlaceMark(NamedTuple):
    """One or more sites that lie close together."""

    x: float
    y: float
    groups: tuple[Group, ...]
    cameras: int
    running: int
    box: Box
    """The sites of it, with a little room."""
    label: str
    """Name beside it; empty where it would cover another."""
    anchor: str


class CityMap(NamedTuple):
    """Several sites from above."""

    height: float
    marks: tuple[PlaceMark, ...]
    scale: Scale


class _Projection(NamedTuple):
    """Degrees to the drawing: equirectangular about the middle, good to 0.1 % within 100 km."""

    west: float
    north: float
    east_scale: float
    """Units per degree of longitude."""
    north_scale: float
    per_metre: float
    offset: Spot
    height: float

    def __call__(self, place: LonLat) -> Spot:
        return (
            round(self.offset[0] + (place[0] - self.west) * self.east_scale, 1),
            round(self.offset[1] + (self.north - place[1]) * self.north_scale, 1),
        )


def _project(places: Sequence[LonLat]) -> _Projection:
    west, east = min(p[0] for p in places), max(p[0] for p in places)
    south, north = min(p[1] for p in places), max(p[1] for p in places)
    shrink = max(math.cos(math.radians((south + north) / 2)), 0.01)
    wide = (east - west) * METRES_PER_DEGREE * shrink
    high = (north - south) * METRES_PER_DEGREE
    inner = WIDTH - 2 * _MARGIN
    per_metre = min(
        inner / max(wide, _NARROWEST), (_HIGHEST - 2 * _MARGIN) / max(high, _NARROWEST / 2)
    )
    height = min(max(high * per_metre + 2 * _MARGIN, _LOWEST), _HIGHEST)
    return _Projection(
        west=west,
        north=north,
        east_scale=METRES_PER_DEGREE * shrink * per_metre,
        north_scale=METRES_PER_DEGREE * per_metre,
        per_metre=per_metre,
        offset=((WIDTH - wide * per_metre) / 2, (height - high * per_metre) / 2),
        height=round(height, 1),
    )


def scale_bar(per_metre: float, most: float = WIDTH / 4) -> Scale:
    """The longest bar of 1, 2 or 5 times a power of ten metres that is at most `most` units."""
    metres = 10.0 ** math.floor(math.log10(most / per_metre))
    for times in (5, 2):
        if metres * times * per_metre <= most:
            metres *= times
            break
    return Scale(round(metres * per_metre, 1), metres)


def site_map(
    cameras: Sequence[RegisterCamera], numbers: Sequence[int], here: str = ""
) -> SiteMap | None:
    """The map of one site's `cameras`, `here` being the one told about; None if none has a place.

    `numbers` are what the list beside it calls them.
    """
    placed = [
        (camera, number, (camera.longitude, camera.latitude))
        for camera, number in zip(cameras, numbers, strict=True)
        if camera.longitude is not None and camera.latitude is not None
    ]
    if not placed:
        return None
    spots = [place for _, _, place in placed]
    spots += [corner for camera, _, _ in placed for corner in camera.area]
    projection = _project([(x, y) for x, y in spots if x is not None and y is not None])
    marks = []
    for camera, number, _ in placed:
        x, y = projection((camera.longitude or 0.0, camera.latitude or 0.0))
        marks.append(
            CameraMark(
                camera=camera,
                number=number if len(placed) <= _NUMBERED else 0,
                x=x,
                y=y,
                wedge="" if camera.direction is None else _wedge(x, y, camera.direction),
                area=" ".join(f"{a:g},{b:g}" for a, b in (projection(p) for p in camera.area)),
                here=camera.id == here,
            )
        )
    marks.sort(key=lambda mark: mark.here)
    return SiteMap(projection.height, tuple(marks), scale_bar(projection.per_metre))


def _wedge(x: float, y: float, direction: float) -> str:
    """A sector from the camera at `x`, `y` about the compass direction."""

    def rim(angle: float) -> str:
        turn = math.radians(angle)
        return f"{x + _WEDGE * math.sin(turn):.1f} {y - _WEDGE * math.cos(turn):.1f}"

    start, end = rim(direction - _HALF_ANGLE), rim(direction + _HALF_ANGLE)
    return f"M{x:g} {y:g}L{start}A{_WEDGE:g} {_WEDGE:g} 0 0 1 {end}Z"


def city_map(groups: Iterable[Group]) -> CityMap | None:
    """The map of `groups`; sites that would cover one another share a mark. None without places."""
    placed = [
        (group, (group.site.longitude, group.site.latitude))
        for group in groups
        if group.site.longitude is not None and group.site.latitude is not None
    ]
    if not placed:
        return None
    projection = _project([place for _, place in placed])
    spots = [(group, projection(place)) for group, place in placed]
    marks = _single(spots) if _apart(spots) else _clustered(spots)
    return CityMap(projection.height, tuple(marks), scale_bar(projection.per_metre))


def _apart(spots: Sequence[tuple[Group, Spot]]) -> bool:
    """Whether each can have a mark of its own. Quadratic, so only asked of few."""
    return len(spots) <= _LABELLED and all(
        math.dist(a, b) >= 2 * MARK for i, (_, a) in enumerate(spots) for _, b in spots[:i]
    )


def _single(spots: Sequence[tuple[Group, Spot]]) -> list[PlaceMark]:
    marks = []
    for group, (x, y) in spots:
        left = x > WIDTH * 0.6
        crowded = any(other is not group and abs(y - b) < MARK + 4 for other, (_, b) in spots)
        marks.append(
            _mark(x, y, (group,), "" if crowded else group.site.name, "end" if left else "start")
        )
    return marks


def _clustered(spots: Sequence[tuple[Group, Spot]]) -> list[PlaceMark]:
    """One mark for each cell of a grid so wide that no two marks touch."""
    cells: dict[tuple[int, int], list[tuple[Group, Spot]]] = {}
    for group, (x, y) in spots:
        cells.setdefault((math.floor(x / _CELL), math.floor(y / _CELL)), []).append((group, (x, y)))
    marks = []
    for (column, row), members in sorted(cells.items()):
        x = sum(spot[0] for _, spot in members) / len(members)
        y = sum(spot[1] for _, spot in members) / len(members)
        marks.append(
            _mark(
                _within(x, column * _CELL),
                _within(y, row * _CELL),
                tuple(group for group, _ in members),
                "",
                "start",
            )
        )
    return marks


def _within(value: float, start: float) -> float:
    return round(min(max(value, start + MARK), start + _CELL - MARK), 1)


def _mark(x: float, y: float, groups: tuple[Group, ...], label: str, anchor: str) -> PlaceMark:
    cameras = [camera for group in groups for camera in group.cameras]
    longitudes = [group.site.longitude or 0.0 for group in groups]
    latitudes = [group.site.latitude or 0.0 for group in groups]
    room = 1e-6
    return PlaceMark(
        x=x,
        y=y,
        groups=groups,
        cameras=len(cameras),
        running=sum(camera.state == RUNNING for camera in cameras),
        box=(
            min(longitudes) - room,
            min(latitudes) - room,
            max(longitudes) + room,
            max(latitudes) + room,
        ),
        label=label if len(label) <= 28 else f"{label[:27]}…",
        anchor=anchor,
    )
