"""The plane at head height, seen from above at a fixed metric scale, with "away" always up.

Whatever the camera, a head lies at its person's place on the ground, a metre is as many pixels
everywhere, and the body hangs from the head towards the camera, that is downwards. So one small
estimator serves every calibrated camera: it is told how long bodies hang (the ray's elevation),
how they lean (its azimuth) and how sharp the camera sees there.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import Point, camera_centre, plane_homography
from plainview.vision.plate import Image, Luma

HEAD = 1.6
"""Metres above the ground at which heads are looked for."""
SCALE = 0.08
"""Metres of a pixel."""
STRIDE = 4
"""Pixels of a cell's side, over which the estimator says how many people there are."""
CELL = SCALE * STRIDE
"""Metres of a cell's side."""
MARGIN = 2.4
"""Metres around the area that are looked at, so that its edges are seen in their surroundings."""
MOST = 384
"""Pixels of a side at most: what is farther away than 30 m is left to the first estimator."""
LEAST_HEIGHT = 0.8
"""Metres above the heads at which a camera must hang to look down on them."""
LEAST_SHARP = 5.0
"""Working pixels per metre at which a head is still more than a pixel."""
NEAR = 31
"""Pixels over which brightness and contrast are evened out: 2.5 m."""
_CONTRAST = 6.0
"""Grey levels of contrast below which a picture counts as plain."""
_HANGING = 4.0
"""Metres of a hanging body that the geometry's first plane calls 1."""
_NEAREST = 0.1
"""Metres before the camera within which nothing is looked at."""

Mask = NDArray[np.bool_]


Maps = tuple[NDArray[np.int16], NDArray[np.uint16]]
"""OpenCV's fixed-point maps."""


class HeadPlane:
    """How one working picture is seen on the head plane of (h, w) pixels, multiples of 8.

    Owns what a look at it takes, megabytes, from the first until it rests().
    """

    def __init__(
        self,
        projection: NDArray[np.float64],
        ground: NDArray[np.float64],
        valid: Mask,
    ) -> None:
        """Of `ground` (2, 3) where it is `valid` (h, w), through `projection` (3, 4)."""
        height, width = valid.shape
        self.size = (width, height)
        """(width, height) pixels."""
        self.ground = ground
        """(2, 3): (column, row, 1) -> ground metres."""
        self.valid = valid
        """(h, w) whether the camera sees the plane there, sharply enough and steeply enough."""
        self._projection = projection
        self._maps: Maps | None = None
        self._geometry: Image | None = None

    @property
    def maps(self) -> Maps:
        """Those of the plane at twice the pixels."""
        if self._maps is None:
            fine = self.ground.copy()
            fine[:, :2] /= 2
            fine[:, 2] = self.ground @ (-0.25, -0.25, 1.0)
            width, height = self.size
            whole = plane_homography(self._projection, HEAD)
            self._maps = _fixed(_projected(whole, fine, (2 * height, 2 * width)))
        return self._maps

    @property
    def geometry(self) -> Image:
        """(3, h, w) metres that a body hangs towards the camera / 4, and two numbers more.

        The sine of its lean from the column, and the logarithm of sharpness; 0 where not valid.
        """
        if self._geometry is None:
            self._geometry = _geometry(self._projection, self.ground, self.valid)
        return self._geometry

    def rest(self) -> None:
        """Give back what a look takes: the next one is far away."""
        self._maps = self._geometry = None

    def doubled(self, picture: Luma) -> Luma:
        """(2 h, 2 w) `picture`, of the working size, on the plane at twice the pixels."""
        return np.asarray(cv2.remap(picture, *self.maps, cv2.INTER_LINEAR), dtype=np.uint8)

    def halved(self, doubled: Luma) -> Luma:
        """(h, w) what is `doubled`."""
        return np.asarray(cv2.resize(doubled, self.size, interpolation=cv2.INTER_AREA))

    def seen(self, picture: Luma) -> Luma:
        """(h, w) `picture`, of the working size, on the plane."""
        return self.halved(self.doubled(picture))

    def centres(self) -> NDArray[np.float64]:
        """(h / STRIDE, w / STRIDE, 2) ground metres of the cells' centres."""
        columns, rows = (np.arange(n // STRIDE) * STRIDE + 0.5 * (STRIDE - 1) for n in self.size)
        pixels = np.stack((*np.meshgrid(columns, rows), np.ones((len(rows), len(columns)))), -1)
        return np.asarray(pixels @ self.ground.T)

    def pixels(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) column and row of ground `places` (n, 2) metres."""
        return np.asarray((places - self.ground[:, 2]) @ np.linalg.inv(self.ground[:, :2]).T)

    def turned(self, velocities: NDArray[np.floating]) -> NDArray[np.float64]:
        """(..., 2) m/s in the ground's axes of `velocities` (..., 2) along columns and rows."""
        return np.asarray(velocities @ (self.ground[:, :2] / SCALE).T)


def head_plane(
    projection: NDArray[np.float64], size: tuple[int, int], polygon: tuple[Point, ...]
) -> HeadPlane | None:
    """The head plane over `polygon` (ground metres) in a working picture of `size` (w, h).

    `projection` (3, 4) maps world metres to working pixels, w the depth. None where the camera
    hangs no higher than heads, or sees none of the plane.
    """
    centre = camera_centre(projection)
    if centre[2] < HEAD + LEAST_HEIGHT:
        return None
    ground, shape = _laid(projection, centre, polygon)
    u, v, depth = _projected(plane_homography(projection, HEAD), ground, shape)
    width, height = size
    inside = (u > -0.5) & (u < width - 0.5) & (v > -0.5) & (v < height - 0.5)
    valid = (depth > _NEAREST) & inside & (_sharp(projection, depth) >= LEAST_SHARP)
    return HeadPlane(projection, ground, valid) if valid.any() else None


def _sharp(projection: NDArray[np.float64], depth: Image) -> Image:
    """Working pixels per metre at a `depth` (h, w) in metres."""
    focal = float(np.linalg.norm(projection[0, :3]))
    return np.asarray(focal / np.maximum(depth, np.float32(1e-3)), dtype=np.float32)


def _geometry(projection: NDArray[np.float64], ground: NDArray[np.float64], valid: Mask) -> Image:
    """HeadPlane.geometry."""
    centre = camera_centre(projection)
    sharp = _sharp(
        projection, _projected(plane_homography(projection, HEAD), ground, valid.shape)[2]
    )
    right = ground[:, 0] / SCALE
    geometry = np.empty((3, *valid.shape), dtype=np.float32)
    pixels = np.ones((valid.shape[1], 3))
    pixels[:, 0] = np.arange(valid.shape[1])
    for row in range(valid.shape[0]):
        pixels[:, 1] = row
        away = pixels @ ground.T - centre[:2]
        distance = np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-6)
        hanging = np.minimum(HEAD * distance / (centre[2] - HEAD), 3 * _HANGING) / _HANGING
        lean = (away @ right) / distance
        geometry[:, row] = (hanging, lean, 0.5 * np.log2(sharp[row] / 16)) * valid[row]
    return geometry


def _fixed(seen: Image) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """`seen` (3, h, w), as `_projected` gives it and spoilt, as maps of whole and 32nd pixels."""
    for plane in seen[:2]:
        plane[seen[2] <= _NEAREST] = -1e4
        np.clip(plane, -1e4, 1e4, out=plane)
    first, second = cv2.convertMaps(seen[0], seen[1], cv2.CV_16SC2)
    return np.asarray(first, dtype=np.int16), np.asarray(second, dtype=np.uint16)


def _laid(
    projection: NDArray[np.float64], centre: NDArray[np.float64], polygon: tuple[Point, ...]
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """The plane's pixels on the ground (2, 3), and its (h, w): the area turned, and its margin."""
    area = Polygon(polygon)
    away = np.array([area.centroid.x, area.centroid.y]) - centre[:2]
    if math.hypot(*away) < 0.25 * centre[2]:
        # Straight down there is no "away": the picture's own up serves.
        away = -projection[1, :2] + projection[2, :2] * projection[1, 2] / (projection[2, 2] or 1)
    up = away / max(math.hypot(*away), 1e-9)
    right = np.array([up[1], -up[0]])
    corners = np.array(area.buffer(MARGIN).exterior.coords) @ np.stack((right, up), axis=1)
    low, high = corners.min(axis=0), corners.max(axis=0)
    cells = np.ceil((high - low) / SCALE / 8).astype(int) * 8
    width, height = (int(n) for n in np.minimum(cells, MOST))
    left = (low[0] + high[0]) / 2 - SCALE * (width - 1) / 2
    top = low[1] + SCALE * (height - 0.5)
    origin = right * left + up * top
    return np.column_stack((right * SCALE, -up * SCALE, origin)), (height, width)


def _projected(
    homography: NDArray[np.float64], ground: NDArray[np.float64], shape: tuple[int, int]
) -> Image:
    """(3, h, w): working pixel x and y, and depth, of the plane's pixels."""
    whole = homography @ np.vstack((ground, (0.0, 0.0, 1.0)))
    found = np.empty((3, *shape), dtype=np.float32)
    pixels = np.ones((3, shape[1]))
    pixels[0] = np.arange(shape[1])
    # Row by row: all at once takes ten times the memory of the outcome.
    for row in range(shape[0]):
        pixels[1] = row
        seen = whole @ pixels
        seen[2][np.abs(seen[2]) < 1e-9] = 1e-9
        np.divide(seen[:2], seen[2], out=found[:2, row], casting="same_kind")
        found[2, row] = seen[2]
    return found


def evened(seen: Luma, valid: Mask) -> Image:
    """(h, w) `seen` with brightness and contrast evened out over NEAR pixels, -3 to 3."""
    inside = valid.astype(np.float32)
    even = seen * inside
    share = cv2.blur(inside, (NEAR, NEAR)) + np.float32(1e-3)
    mean = cv2.blur(even, (NEAR, NEAR)) / share
    contrast = cv2.blur(even * even, (NEAR, NEAR)) / share - mean * mean
    np.sqrt(np.maximum(contrast, 0, out=contrast), out=contrast)
    contrast += np.float32(_CONTRAST)
    # In place: the lens has little memory to spare.
    even -= mean
    even /= contrast
    np.clip(even, -3, 3, out=even)
    even *= inside
    return np.asarray(even, dtype=np.float32)


def difference(luma: Luma, background: Luma, sharpness: Image) -> Luma:
    """(h, w) how much `luma` differs from `background` in 32nds of its standard deviation.

    `sharpness` (h, w) is one over that deviation, grey levels (`Plate.sharpness`).
    """
    signed = cv2.multiply(cv2.subtract(luma, background, dtype=cv2.CV_32F), sharpness)
    return np.asarray(cv2.convertScaleAbs(cv2.blur(signed, (3, 3)), alpha=32))


def channels(plane: HeadPlane, seen: Luma, differs: Luma | None, known: Mask | None) -> Image:
    """(7, h, w) what the network is given.

    `seen` and `differs` (h, w) are the picture and its `difference` from the plate, on the plane;
    `known` (h, w) is False where the plate is not to be believed, None where it is everywhere.
    """
    valid = plane.valid.astype(np.float32)
    out = np.zeros((7, *valid.shape), dtype=np.float32)
    out[0] = evened(seen, plane.valid)
    if differs is not None:
        out[2] = valid if known is None else valid * known
        out[1] = differs * out[2] / np.float32(64)
    out[3:6] = plane.geometry
    out[6] = valid
    return out
