"""What box on the ground a blob in the picture could be: its place, heading and size in metres.

A vehicle is near enough a cuboid that stands on the ground. For each kind and each heading the
cuboid is moved over the ground until the lower edge and the middle of its outline's bounding
rectangle are those of the blob; how well the other sides then agree tells the kinds apart.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Points, to_plane
from plainview.vision.optics import Floats

KINDS: Final = np.array(
    [
        # length, width, height in metres: a person, a slim one, a pair abreast, someone on a
        # bicycle, a small car, a car, a van, a lorry, a coach or a tram's car.
        (0.5, 0.5, 1.75),
        (0.3, 0.3, 1.65),
        (0.5, 1.3, 1.75),
        (1.8, 0.6, 1.75),
        (3.6, 1.7, 1.5),
        (4.6, 1.85, 1.5),
        (5.6, 2.1, 2.3),
        (8.5, 2.5, 3.2),
        (13.0, 2.6, 3.3),
    ]
)
FIRST_VEHICLE: Final = 4
"""Index of the first kind that is vehicle-sized."""
HEADINGS: Final = 12
"""Headings tried over half a turn: 15 degrees amiss put the middle of a bus two metres aside."""
AGREES: Final = 0.55
"""Sum of the logarithms of the ratios of widths and heights up to which an outline is a kind's."""
_LARGER: Final = 0.025
"""Misfit that each larger kind must make up for: what is cut off could be anything."""
_WHOLE: Final = 0.5
"""Pixels by which whole pixels are said to be more than their outline: one where each counts that
is touched, none where its middle has to be inside. Without, a small car past 29 m was a bicycle."""
_STEPS: Final = 6
_FIRST: Final = 2
"""Steps after which what is hopeless is left where it is."""
_HOPELESS: Final = 1.5
"""Misfit then that is no longer made good: near its place a box is as large as it will be."""
_NEAREST: Final = 0.3
"""Metres of depth before the camera."""
_Mask = NDArray[np.bool_]


class Rectangle(NamedTuple):
    """A blob's bounding rectangle in working pixels, and which of its sides are cut off."""

    x0: float
    y0: float
    x1: float
    """Past the last column."""
    y1: float
    left: bool = False
    """Whether more of it may be beyond this side of what is looked at."""
    top: bool = False
    right: bool = False
    bottom: bool = False


class Box(NamedTuple):
    """A cuboid on the ground that explains a blob."""

    x: float
    """Metres of its footprint's middle."""
    y: float
    heading: float
    """Radians of its length, from the x axis, 0 to pi."""
    kind: int
    """Row of KINDS."""
    misfit: float
    """0: the outlines agree. Logarithms of ratios, see AGREES."""

    @property
    def vehicle(self) -> bool:
        """Whether it is of a vehicle's size."""
        return self.kind >= FIRST_VEHICLE


class Boxes:
    """Every kind of box in every heading, as one camera sees them. Nothing is kept of a frame."""

    def __init__(self, projection: Points) -> None:
        """Seen by `projection` (3, 4) to the pixels of blobs."""
        self.projection = projection
        """(3, 4) world to working pixels."""
        kinds = np.repeat(np.arange(len(KINDS), dtype=np.int64), HEADINGS)
        steps = np.tile(np.arange(HEADINGS), len(KINDS))
        # What is as long as it is wide is the same turned by a right angle.
        other = (KINDS[kinds, 0] != KINDS[kinds, 1]) | (2 * steps < HEADINGS)
        self._kinds, self._headings = kinds[other], steps[other] * np.pi / HEADINGS
        self._about = _about(projection, _corners(self._kinds, self._headings))
        self._ground = projection[:, [0, 1, 3]]
        self._back = np.linalg.inv(self._ground)

    def fit(self, blobs: Sequence[Rectangle]) -> list[Box | None]:
        """The box that explains each of `blobs` best.

        None where no box does: the blob is at the horizon, is cut off on opposite sides, or nothing
        of the kinds has such an outline.
        """
        if not blobs:
            return []
        each = len(self._kinds)
        about = np.tile(self._about, len(blobs))
        rows = np.repeat(np.array(blobs, dtype=np.float64), each, axis=0)
        sides = _Sides.of(rows)
        places = to_plane(self.projection, sides.start())
        self._move(places, sides, about, _FIRST)
        off = sides.misfit(_outlined(self.projection, places, about))
        some = np.nonzero(~(off > _HOPELESS))[0]
        nearer, sides, about = places[some], _Sides.of(rows[some]), about[:, :, some]
        self._move(nearer, sides, about, _STEPS - _FIRST)
        places[some] = nearer
        misfit = np.full(len(places), np.inf)
        misfit[some] = sides.misfit(_outlined(self.projection, nearer, about))
        misfit[~np.isfinite(misfit)] = np.inf
        best = np.argmin(misfit.reshape(-1, each) + _LARGER * self._kinds, axis=1)
        chosen = best + np.arange(len(blobs)) * each
        return [
            Box(
                float(places[row, 0]),
                float(places[row, 1]),
                float(self._headings[k]),
                int(self._kinds[k]),
                float(misfit[row]),
            )
            if misfit[row] <= AGREES
            else None
            for row, k in zip(chosen, best, strict=True)
        ]

    def _move(self, places: Floats, sides: "_Sides", about: Floats, steps: int) -> None:
        """Move `places` (n, 2), metres, to where boxes seen `about` the origin have such `sides`.

        `about` is (3, 8, n). In so many `steps`.
        """
        ground, back = self._ground, self._back
        for _ in range(steps):
            outline = _outlined(self.projection, places, about)
            x, y, depth = ground[:, :2] @ places.T + ground[:, 2:]
            right, down = sides.off(outline)
            moved = (x / depth - right, y / depth - down)
            along, across, nearness = back[:, :2] @ moved + back[:, 2:]
            # One over the depth where it moves to: not above zero at and behind the horizon.
            fine = (nearness > 0) & (depth > _NEAREST)
            np.divide(along, nearness, out=places[:, 0], where=fine)
            np.divide(across, nearness, out=places[:, 1], where=fine)


class _Sides(NamedTuple):
    """The sides of n rectangles, (n,) each, as they are compared with outlines."""

    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    left: _Mask
    top: _Mask
    right: _Mask
    bottom: _Mask

    @classmethod
    def of(cls, rows: Floats) -> "_Sides":
        """Of rectangles as `rows` (n, 8)."""
        x0, y0, x1, y1, left, top, right, bottom = rows.T
        cut = (side > 0 for side in (left, top, right, bottom))
        return cls(x0, y0, x1 - 1, y1 - 1, *cut)

    def start(self) -> Floats:
        """(n, 2) pixels at which a box is looked for first."""
        middle = (self.x0 + self.x1) / 2
        across = np.where(self.left, self.x1, np.where(self.right, self.x0, middle))
        return np.column_stack((across, np.where(self.bottom, self.y0, self.y1)))

    def off(self, outline: Floats) -> tuple[Floats, Floats]:
        """(n,) pixels by which outlines (4, n) are too far right, and down; by whole sides."""
        x0, y0, x1, y1 = outline
        low, high = x0 - self.x0, x1 - self.x1
        across = np.where(self.left, high, np.where(self.right, low, (low + high) / 2))
        down = np.where(self.bottom, y0 - self.y0, y1 - self.y1)
        return across, down

    def misfit(self, outline: Floats) -> Floats:
        """(n,) how much the outlines (4, n) differ in width and height."""
        wide, tall = outline[2:] - outline[:2]
        across = np.log(np.maximum(wide + _WHOLE, 0.5) / np.maximum(self.x1 - self.x0 + 1, 1))
        up = np.log(np.maximum(tall + _WHOLE, 0.5) / np.maximum(self.y1 - self.y0 + 1, 1))
        # What is cut off can only be longer than what is seen of it.
        across = np.where(self.left | self.right, np.minimum(across, 0), across)
        up = np.where(self.top | self.bottom, np.minimum(up, 0), up)
        hopeless = (self.left & self.right) | (self.top & self.bottom)
        return np.asarray(np.where(hopeless, np.inf, np.abs(across) + np.abs(up)))


def _corners(kinds: NDArray[np.int64], headings: Floats) -> Points:
    """(n, 8, 3) metres from the middle of the footprint."""
    unit = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.0, 1.0)])
    local = unit * KINDS[kinds][:, None, :]
    c, s = np.cos(headings)[:, None], np.sin(headings)[:, None]
    x = c * local[..., 0] - s * local[..., 1]
    y = s * local[..., 0] + c * local[..., 1]
    return np.stack((x, y, local[..., 2]), axis=-1)


def _about(projection: Points, corners: Points) -> Floats:
    """(3, 8, n) `corners` (n, 8, 3) seen about the origin, without the projection's offset.

    A homogeneous pixel is linear in the place, so that these serve for boxes at every place.
    """
    return np.ascontiguousarray(np.moveaxis(corners @ projection[:, :3].T, 0, 2).swapaxes(0, 1))


def _outlined(projection: Points, places: Floats, about: Floats) -> Floats:
    """(4, n) x0, y0, x1, y1 of the boxes at `places` (n, 2), NaN where one is behind the camera.

    Their corners are seen `about` (3, 8, n) the origin.
    """
    x, y, depth = about + (projection[:, :2] @ places.T + projection[:, 3:])[:, None, :]
    # The eight corners are the first axis: the least and the most of rows are found fast.
    depth[~(depth > _NEAREST)] = np.nan
    x /= depth
    y /= depth
    outline = np.empty((4, len(places)))
    for k, pixels in enumerate((x, y)):
        np.min(pixels, axis=0, out=outline[k])
        np.max(pixels, axis=0, out=outline[k + 2])
    return outline
