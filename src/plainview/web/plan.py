"""A site made ready for use: its grid, what each camera covers, how cells are carried over."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.crowd.fusion import Sight, sight
from plainview.geometry import (
    Grid,
    Point,
    camera_centre,
    cells_inside,
    on_earth,
    project,
    to_plane,
)
from plainview.record import Reading, cell_table
from plainview.web.views import CameraView, SiteView

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def runs(mask: Mask) -> list[tuple[int, int]]:
    """(start, length) of each stretch of true cells of `mask` (ny, nx), in row-major order."""
    flat = np.concatenate(([False], mask.ravel(), [False]))
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    return [(int(a), int(b - a)) for a, b in edges.reshape(-1, 2)]


class _Carrier(NamedTuple):
    """Along one axis: which of the site's cells each sent cell touches, and by what share."""

    places: NDArray[np.intp]
    """(sent cells, most that one touches) in the site's grid."""
    shares: Array
    """As many; 0 where it touches fewer."""


def _carrier(target: tuple[float, float, int], source: tuple[float, float, int]) -> _Carrier:
    """Lay `source` over `target`; each is (origin, cell, cells) in metres."""
    low = target[0] + target[1] * np.arange(target[2])
    begin = (source[0] + source[1] * np.arange(source[2]))[:, None]
    shared = np.minimum(low + target[1], begin + source[1]) - np.maximum(low, begin)
    share = np.clip(shared, 0, None) / target[1]
    touched = share > 1e-9
    # What a sent cell touches lies next to one another.
    most = max(int(touched.sum(axis=1).max(initial=0)), 1)
    places = np.minimum(touched.argmax(axis=1)[:, None] + np.arange(most), target[2] - 1)
    kept = np.take_along_axis(np.where(touched, share, 0.0), places, axis=1)
    # The last cell is named again where there are fewer: once is enough.
    kept[:, 1:][places[:, 1:] == places[:, :-1]] = 0.0
    return _Carrier(places, kept)


class SitePlan:
    """One site's fixed geometry. Owns a cache of the matrices that carry cells to its grid."""

    def __init__(self, site: SiteView) -> None:
        """Lay the site's grid. Raises InputError as `SiteView.grid` does."""
        self.site = site
        self.grid: Grid = site.grid()
        self.areas: tuple[tuple[Point, ...], ...] = (
            (site.polygon,) if site.polygon else tuple(c.view.polygon for c in site.cameras)
        )
        self.inside: Mask = self._cells(self.areas)
        self.covers: dict[str, Mask] = {c.id: self._covered(c) for c in site.cameras}
        stacked = np.stack(list(self.covers.values()))
        self.covered: Mask = np.asarray(stacked.any(axis=0), dtype=np.bool_)
        self.overlapping: bool = bool((stacked.sum(axis=0) > 1).any())
        self._sights: dict[str, Sight] = {}
        self._carriers: dict[tuple[str, int], tuple[_Carrier, _Carrier]] = {}

    def _cells(self, areas: Iterable[tuple[Point, ...]]) -> Mask:
        masks = [cells_inside(self.grid, polygon) for polygon in areas]
        return np.asarray(np.logical_or.reduce(masks), dtype=np.bool_)

    def _covered(self, camera: CameraView) -> Mask:
        """Cells whose centre is in the camera's area and in its picture."""
        area = self._cells((camera.view.polygon,))
        centres = self.grid.centres().reshape(-1, 2)
        ground = np.column_stack((centres, np.zeros(len(centres))))
        pixels, depth = project(camera.view.matrix(), ground)
        width, height = camera.view.calibration.image_size
        seen = (depth > 0) & np.all((pixels >= -0.5) & (pixels <= (width - 0.5, height - 0.5)), 1)
        both = area & seen.reshape(area.shape)
        return both if both.any() else area

    def carry(self, camera: CameraView, reading: Reading) -> tuple[Array, Array, Array, Array]:
        """Density, its two velocity moments and speed variance of `reading` on the site's grid.

        (ny, nx) each: people/m², (people/m²)(m/s) twice, and (people/m²)(m²/s²). The cells of a
        camera and of the site need not line up: people are shared out by area.
        """
        own = camera.view.grid()
        side = own.cell * reading.coarse
        sent_ny = -(-own.shape[1] // reading.coarse)
        key = (camera.id, reading.coarse)
        if key not in self._carriers:
            nx, ny = self.grid.shape
            sent_nx = -(-own.shape[0] // reading.coarse)
            self._carriers[key] = (
                _carrier((self.grid.origin[1], self.grid.cell, ny), (own.origin[1], side, sent_ny)),
                _carrier((self.grid.origin[0], self.grid.cell, nx), (own.origin[0], side, sent_nx)),
            )
        down, across = self._carriers[key]
        table = cell_table(reading)
        ix, iy = table[:, :2].astype(np.intp).T
        on = (iy < len(down.places)) & (ix < len(across.places))
        ix, iy, table = ix[on], iy[on], table[on]
        at = down.places[iy][:, :, None] * self.inside.shape[1] + across.places[ix][:, None, :]
        share = (
            down.shares[iy][:, :, None] * across.shares[ix][:, None, :] * table[:, 2, None, None]
        )
        shape, factors = self.inside.shape, (np.ones(len(table)), *table[:, 3:].T)

        def carried(factor: Array) -> Array:
            weights = share * factor[:, None, None]
            flat = np.bincount(at.ravel(), weights.ravel(), self.inside.size)
            return np.asarray(flat.reshape(shape), np.float64)

        density, vx, vy, variance = map(carried, factors)
        return density, vx, vy, variance

    def sight(self, camera: CameraView) -> Sight:
        """How well `camera` sees each of the site's cells; worked out once."""
        if camera.id not in self._sights:
            self._sights[camera.id] = sight(projection=camera.view.matrix(), grid=self.grid)
        return self._sights[camera.id]

    def camera_place(self, camera: CameraView) -> tuple[float, float, float]:
        """Where the camera is: x, y, and its height, metres."""
        x, y, z = camera_centre(camera.view.matrix())
        return (round(float(x), 2), round(float(y), 2), round(float(z), 2))

    def camera_wedge(self, camera: CameraView) -> tuple[Point, ...]:
        """Far left and far right of what the camera sees of the ground, no farther than its area.

        Empty where an edge of its picture never meets the ground.
        """
        matrix = camera.view.matrix()
        x, y, _ = camera_centre(matrix)
        reach = max(math.dist((x, y), corner) for corner in camera.view.polygon)
        width, height = camera.view.calibration.image_size
        ends: list[Point] = []
        for column in (0.0, width - 1.0):
            rows = np.linspace(0, height - 1, 65)
            ground = to_plane(matrix, np.column_stack((np.full(len(rows), column), rows)))
            ground = ground[np.all(np.isfinite(ground), axis=1)]
            if not len(ground):
                return ()
            way = ground[-1] - (x, y)
            length = math.hypot(*way)
            if length == 0:
                return ()
            ends.append(
                (
                    round(float(x + way[0] / length * reach), 2),
                    round(float(y + way[1] / length * reach), 2),
                )
            )
        return tuple(ends)

    def on_earth(self, point: Point) -> Point:
        """(longitude, latitude) in degrees of a ground point; flat-earth, for a mark on a map."""
        site = self.site
        return on_earth(point, (site.longitude, site.latitude), site.bearing)
