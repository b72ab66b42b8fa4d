"""The ground that is watched: a site's grid, what its cameras cover, its zones, their borders."""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from plainview.crowd.field import Array, Mask
from plainview.crowd.levels import Facility
from plainview.geometry import Grid, Line, Point, cells_inside
from plainview.record import BY_THRESHOLDS, EventKind

BOTH = frozenset(BY_THRESHOLDS)


class Zone(Struct, frozen=True):
    """A named part of a site that is watched."""

    name: str
    polygon: tuple[Point, ...]
    """Ground metres."""
    kinds: frozenset[EventKind] = BOTH
    """Which of the two kinds it is for."""
    facility: Facility = Facility.WALKWAY
    """What kind of place it is: whose levels of service are told of it."""


class Place(Struct, frozen=True, eq=False):
    """A zone, or the whole site, on the grid."""

    name: str | None
    cells: Mask
    """(ny, nx) cells of it that a camera covers; there may be none."""
    kinds: frozenset[EventKind]
    border: Array
    """(lines,) +1 where forward over the line leads in, -1 where it leads out, 0 elsewhere."""
    facility: Facility = Facility.WALKWAY


class Ground(Struct, frozen=True, eq=False):
    """All that is fixed about a site's ground."""

    grid: Grid
    covered: Mask
    """(ny, nx) cells that a camera covers."""
    lines: tuple[Line, ...]
    places: tuple[Place, ...]
    """The whole site first."""

    def place(self, zone: str | None) -> Place | None:
        """The zone of that name (None: the whole site), if there is one."""
        return next((place for place in self.places if place.name == zone), None)


def ground(
    *, grid: Grid, covered: Mask, zones: Sequence[Zone], lines: Sequence[Line] = ()
) -> Ground:
    """The ground of a site whose cameras cover `covered` (ny, nx). Zones of one name are joined."""
    names = list(dict.fromkeys(zone.name for zone in zones))
    places = [Place(None, covered, BOTH, _border(grid, covered, lines))]
    for name in names:
        parts = [zone for zone in zones if zone.name == name]
        inside = np.logical_or.reduce([cells_inside(grid, zone.polygon) for zone in parts])
        kinds = frozenset(kind for zone in parts for kind in zone.kinds)
        whole: Mask = np.asarray(inside, dtype=np.bool_)
        # A site's own zones stand first; those of cameras say nothing of it.
        facility, border = parts[0].facility, _border(grid, whole, lines)
        places.append(Place(name, whole & covered, kinds, border, facility))
    return Ground(grid, covered, tuple(lines), tuple(places))


def _border(grid: Grid, cells: Mask, lines: Sequence[Line]) -> Array:
    """For each line whether its middle is a border of `cells`, and which way leads in."""
    found = np.zeros(len(lines))
    for k, line in enumerate(lines):
        normal = line.normal()
        ahead, behind = (_inside(grid, cells, line, normal, way) for way in (1, -1))
        found[k] = float(ahead) - float(behind)
    return found


def _inside(grid: Grid, cells: Mask, line: Line, normal: Point, way: int) -> bool:
    """Whether a cell's length off the line's middle, forward for `way` 1, is among `cells`."""
    reach = way * max(grid.cell, 1.0)
    x = (line.start[0] + line.end[0]) / 2 + normal[0] * reach
    y = (line.start[1] + line.end[1]) / 2 + normal[1] * reach
    ix = int((x - grid.origin[0]) // grid.cell)
    iy = int((y - grid.origin[1]) // grid.cell)
    nx, ny = grid.shape
    return bool(0 <= ix < nx and 0 <= iy < ny and cells[iy, ix])
