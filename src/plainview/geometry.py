"""Calibration and ground grid: world metres <-> pixels. Pure functions over frozen values.

World: metres, x and y on the ground plane, z up. Pixels: x to the right, y down, the centre of the
top-left pixel at (0, 0). A projection is the 3x4 matrix of Hartley & Zisserman, Multiple View
Geometry, 2nd ed., section 6.1, and may come with any sign and scale.
"""

import math
from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple

import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType, structs
from numpy.typing import ArrayLike, NDArray
from shapely import contains_xy
from shapely.geometry import Polygon
from shapely.validation import explain_validity

from plainview.errors import CalibrationError, InputError
from plainview.schedule import Hours

Points = NDArray[np.float64]
"""(n, 2) or (n, 3) coordinates."""

BODY_HEIGHT = 1.75
"""Height of an average standing adult with shoes, metres: the 'calibrated height' of DESIGN.md."""

METRES_PER_DEGREE = 111_319.49
"""Of latitude, on the sphere with WGS 84's equatorial radius (6,378,137 m)."""

Point = tuple[float, float]
MoverSize = Literal["person", "vehicle"]
Row = tuple[float, float, float, float]


class Calibration(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the camera is and how it sees: a projection and the picture size it refers to."""

    image_size: tuple[Annotated[int, Meta(ge=16, le=16384)], Annotated[int, Meta(ge=16, le=16384)]]
    """(width, height) in pixels that `projection` refers to."""
    projection: tuple[Row, Row, Row]
    """3x4: homogeneous world metres -> homogeneous pixels."""

    def matrix(self) -> Points:
        """The projection, (3, 4), scaled so that points in front of the camera have w > 0."""
        return oriented(np.array(self.projection, dtype=np.float64))

    def scaled(self, width: int, height: int) -> "Calibration":
        """The same view for frames of another size (pixel centres kept in place)."""
        sx, sy = width / self.image_size[0], height / self.image_size[1]
        scale = np.array(
            [[sx, 0.0, 0.5 * sx - 0.5], [0.0, sy, 0.5 * sy - 0.5], [0.0, 0.0, 1.0]],
        )
        p = scale @ np.array(self.projection, dtype=np.float64)
        rows = tuple(tuple(float(v) for v in row) for row in p)
        return Calibration(image_size=(width, height), projection=rows)  # type: ignore[arg-type]


def oriented(projection: Points) -> Points:
    """`projection` (3, 4) with its sign and scale fixed: w is the depth in metres in front.

    Raises CalibrationError if it is not finite or its left 3x3 block is singular.
    """
    m = projection[:, :3]
    if projection.shape != (3, 4) or not np.all(np.isfinite(projection)):
        raise CalibrationError(
            "the projection must be 3 rows of 4 finite numbers",
            where="calibration.projection",
            mend="Run 'plainview calibrate' to make one",
        )
    norms = np.linalg.norm(m, axis=1)
    if np.any(norms == 0) or abs(np.linalg.det(m / norms[:, None])) < 1e-9:
        raise CalibrationError(
            "the projection is singular: it maps the world to a line or a point",
            where="calibration.projection",
            mend="Run 'plainview calibrate' to make one",
        )
    # det(M) > 0 and |m3| = 1 make w the depth along the principal axis (Hartley & Zisserman 6.2.3)
    # for a picture whose y runs down and a right-handed world.
    sign = 1.0 if np.linalg.det(m) > 0 else -1.0
    return np.asarray(projection * (sign / norms[2]), dtype=np.float64)


def camera_centre(projection: Points) -> Points:
    """The camera's place (3,) in world metres, from `projection` (3, 4)."""
    return np.asarray(-np.linalg.solve(projection[:, :3], projection[:, 3]), dtype=np.float64)


def project(projection: Points, points: ArrayLike) -> tuple[Points, NDArray[np.float64]]:
    """Pixels (n, 2) and depth (n,) in metres of world `points` (n, 3). Behind: depth <= 0."""
    world = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    homogeneous = world @ projection[:, :3].T + projection[:, 3]
    depth = homogeneous[:, 2]
    safe = np.where(np.abs(depth) < 1e-12, 1e-12, depth)
    return homogeneous[:, :2] / safe[:, None], depth


def plane_homography(projection: Points, z: float = 0.0) -> Points:
    """(3, 3): (x, y, 1) on the plane at height `z` metres -> homogeneous pixels."""
    return np.column_stack(
        (projection[:, 0], projection[:, 1], projection[:, 2] * z + projection[:, 3])
    )


@lru_cache(maxsize=256)
def _unprojection(projection: bytes, z: float) -> tuple[Points, Points]:
    """(3,) depth by (x, y, 1), and (3, 3) the inverse of plane_homography: few for each camera."""
    h = plane_homography(np.frombuffer(projection).reshape(3, 4), z)
    return h[2], np.asarray(np.linalg.inv(h), dtype=np.float64)


def to_plane(projection: Points, pixels: ArrayLike, z: float = 0.0) -> Points:
    """World x, y (n, 2) where the rays through `pixels` (n, 2) meet the plane at height `z`.

    NaN for a ray that does not meet the plane in front of the camera (at or above the horizon).
    """
    depth, back = _unprojection(projection.tobytes(), float(z))
    image = np.asarray(pixels, dtype=np.float64).reshape(-1, 2)
    homogeneous = np.ones((len(image), 3))
    homogeneous[:, :2] = image
    rays = homogeneous @ back.T
    with np.errstate(divide="ignore", invalid="ignore"):
        ground = rays[:, :2] / rays[:, 2:]
    away = ground @ depth[:2] + depth[2]
    ground[~((away > 0) & (away < np.inf))] = np.nan
    return np.asarray(ground, dtype=np.float64)


class Line(Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    """A line on the ground. Forward is towards the left hand of one who walks from start to end."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    start: Point
    end: Point

    def normal(self) -> Point:
        """Unit vector of the forward direction."""
        dx, dy = self.end[0] - self.start[0], self.end[1] - self.start[1]
        length = math.hypot(dx, dy)
        return (-dy / length, dx / length)


ONE_WAY = "one-way"
"""The kind of a zone with a direction; what it raises is an event of kind wrong-way."""


class Zone(Struct, frozen=True, forbid_unknown_fields=True):
    """A named part of the ground that an event kind is for.

    What is UNSET is not written at all, so that zones that do not use it, and the permits that were
    signed for them, stay as they were (governance.fingerprint).
    """

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: str
    polygon: tuple[Point, ...]
    direction: Point | None = None
    """Ground metres: where a one-way zone is to be gone through."""
    sizes: tuple[MoverSize, ...] | UnsetType = UNSET
    """Who counts of what moves; unset: all."""
    length: tuple[float, float] | UnsetType = UNSET
    """Metres of what moves, along its longest side, at least and at most; unset: any."""
    crossing: Point | UnsetType = UNSET
    """Ground metres: only who comes in this way counts; unset: however he came."""
    schedule: tuple[Hours, ...] | UnsetType = UNSET
    """When it is watched; unset: always."""
    timezone: str | UnsetType = UNSET
    """IANA name of the clock of `schedule`."""


class Grid(NamedTuple):
    """The ground grid. Cell (ix, iy) covers origin + cell * [ix, ix+1) x [iy, iy+1)."""

    origin: Point
    """World metres of the corner of cell (0, 0) with the least x and y."""
    cell: float
    """Side of a cell, metres."""
    shape: tuple[int, int]
    """(nx, ny)."""

    def centres(self) -> Points:
        """(ny, nx, 2) world metres of the cells' centres."""
        nx, ny = self.shape
        x = self.origin[0] + (np.arange(nx) + 0.5) * self.cell
        y = self.origin[1] + (np.arange(ny) + 0.5) * self.cell
        return np.stack(np.meshgrid(x, y), axis=-1)


MAX_CELLS = 200_000
"""Bound on a grid's cells: a square of 447 m at 1 m."""


def grid_over(polygon: tuple[Point, ...], cell: float) -> Grid:
    """The least grid aligned to multiples of `cell` that covers `polygon`.

    Raises InputError if it would have more than MAX_CELLS cells.
    """
    xs, ys = zip(*polygon, strict=True)
    ix0, iy0 = math.floor(min(xs) / cell + 1e-9), math.floor(min(ys) / cell + 1e-9)
    nx = max(math.ceil(max(xs) / cell - 1e-9) - ix0, 1)
    ny = max(math.ceil(max(ys) / cell - 1e-9) - iy0, 1)
    if nx * ny > MAX_CELLS:
        raise InputError(
            f"the area needs {nx} x {ny} cells of {cell:g} m, more than {MAX_CELLS}",
            where="area",
            mend="Use larger cells, or check that the polygon is in metres",
        )
    return Grid((ix0 * cell, iy0 * cell), cell, (nx, ny))


class Sought(Struct, frozen=True, forbid_unknown_fields=True):
    """One class of things that a site's own network finds, and the event that it speaks for."""

    index: Annotated[int, Meta(ge=0, le=9999)]
    """Its number in the network's output."""
    name: Annotated[str, Meta(min_length=1, max_length=32)]
    kind: str


MAX_NETWORKS: Final = 4
"""Of one camera."""


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """A network that a site supplies to find things of its own (docs/guide/detectors.md)."""

    path: Annotated[str, Meta(min_length=1, max_length=1024)]
    """Of its ONNX file."""
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    size: tuple[Annotated[int, Meta(ge=16, le=2048)], Annotated[int, Meta(ge=16, le=2048)]]
    """(width, height) pixels of its input."""
    classes: Annotated[tuple[Sought, ...], Meta(min_length=1, max_length=32)]
    least: Annotated[float, Meta(ge=0.05, le=1)] = 0.5
    """Score from which a find counts."""


class View(Struct, frozen=True, forbid_unknown_fields=True):
    """What one camera measures: its calibration, its part of the ground, lines and zones."""

    calibration: Calibration
    polygon: tuple[Point, ...]
    cell: float = 1.0
    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()
    networks: tuple[Network, ...] = ()
    """The site's own, that look for things there."""

    def grid(self) -> Grid:
        """The ground grid over the area."""
        return grid_over(self.polygon, self.cell)

    def scaled(self, width: int, height: int) -> "View":
        """The same view for frames of another size."""
        return structs.replace(self, calibration=self.calibration.scaled(width, height))

    def matrix(self) -> Points:
        """The projection (3, 4) with w the depth, positive for the part of the area in the picture.

        Unlike `Calibration.matrix` this holds for left-handed worlds too (y measured southwards).
        """
        projection = self.calibration.matrix()
        corners = np.array(self.polygon, dtype=np.float64)
        weights = np.linspace(0, 1, 9)[:, None, None]
        points = (weights * corners + (1 - weights) * corners.mean(axis=0)).reshape(-1, 2)
        pixels, depth = project(projection, np.column_stack((points, np.zeros(len(points)))))
        inside = np.all((pixels >= 0) & (pixels < np.array(self.calibration.image_size)), axis=1)
        behind = np.count_nonzero(inside & (depth < 0))
        return -projection if 2 * behind > np.count_nonzero(inside) else projection


def on_earth(point: Point, origin: tuple[float, float], bearing: float) -> tuple[float, float]:
    """(longitude, latitude) in WGS 84 degrees of the ground point `point` (m).

    `origin` is that of the ground plane's origin, `bearing` the compass degrees of its y axis. The
    earth is taken as flat, which is right to a decimetre within a kilometre: for marks on maps.
    """
    turn = math.radians(bearing)
    east = point[0] * math.cos(turn) + point[1] * math.sin(turn)
    north = point[1] * math.cos(turn) - point[0] * math.sin(turn)
    shrink = math.cos(math.radians(origin[1]))
    return (
        round(origin[0] + east / (METRES_PER_DEGREE * shrink), 7),
        round(origin[1] + north / METRES_PER_DEGREE, 7),
    )


def cells_inside(grid: Grid, polygon: tuple[Point, ...]) -> NDArray[np.bool_]:
    """(ny, nx): whether a cell's centre lies inside `polygon`."""
    centres = grid.centres()
    return np.asarray(contains_xy(Polygon(polygon), centres[..., 0], centres[..., 1]), dtype=bool)


def check_polygon(polygon: tuple[Point, ...], where: str) -> None:
    """Raise InputError, with the key `where`, unless `polygon` is finite, simple and has area."""
    if len(polygon) < 3 or not np.all(np.isfinite(np.array(polygon))):
        raise InputError(
            "a polygon needs at least three finite points", where=where, mend="Add points"
        )
    shape = Polygon(polygon)
    if not shape.is_valid or shape.area <= 0:
        raise InputError(
            f"the polygon is not simple ({explain_validity(shape)})",
            where=where,
            mend="List its corners in order around the area, without crossing edges",
        )


def check_view(view: View) -> None:
    """Raise InputError or CalibrationError, with the key at fault, if `view` cannot be measured.

    Checked: projection finite and regular; polygons simple; the cell's size; that the area lies in
    front of the camera and at least partly in the picture; lines with a length.
    """
    view.calibration.matrix()
    if not (math.isfinite(view.cell) and 0.1 <= view.cell <= 20):
        raise InputError(
            f"a cell of {view.cell:g} m is not usable", where="area.cell", mend="Use 0.1 to 20"
        )
    check_polygon(view.polygon, "area.polygon")
    for k, zone in enumerate(view.zones):
        check_polygon(zone.polygon, f"zones[{k}].polygon")
    for k, line in enumerate(view.lines):
        ends = (*line.start, *line.end)
        if not np.all(np.isfinite(ends)) or math.dist(line.start, line.end) < 0.1:
            raise InputError(
                "a line needs two different points", where=f"lines[{k}]", mend="Mend from or to"
            )
    grid = view.grid()
    centres = grid.centres()[cells_inside(grid, view.polygon)]
    if len(centres) == 0:
        centres = np.array(view.polygon)
    ground = np.column_stack((centres, np.zeros(len(centres))))
    pixels, depth = project(view.matrix(), ground)
    width, height = view.calibration.image_size
    seen = (
        (depth > 0)
        & (pixels[:, 0] >= -0.5)
        & (pixels[:, 1] >= -0.5)
        & (pixels[:, 0] <= width - 0.5)
        & (pixels[:, 1] <= height - 0.5)
    )
    if not np.any(seen):
        raise InputError(
            "no part of the area is in the camera's picture",
            where="area.polygon",
            mend="Check the polygon against the calibration: both are in ground metres",
        )
