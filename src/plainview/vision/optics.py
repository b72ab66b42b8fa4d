"""Where bodies can stand in one picture and which of its pixels each would cover.

The working picture is the frame decimated so that a person is about `WORK_HEIGHT` pixels tall:
the metric scale on which all measurement runs. A body is an upright figure of the calibrated
height, seen as a billboard that faces the camera, sampled at `SAMPLES` points of its silhouette.
"""

import math
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import BODY_HEIGHT, View, camera_centre, project

Floats = NDArray[np.float64]

WORK_HEIGHT = 40.0
"""Pixels of a median person in the working picture."""
FAR_HEIGHT = 18.0
"""Pixels that nine in ten people have at least in the working picture, where the frame can."""
MAX_WIDTH = 640
"""The working picture is never wider."""
_RUN = 256
"""Bodies whose silhouettes are worked out at once: all of an area's take megabytes."""
SPACING = 0.30
"""Metres between candidate places."""
MARGIN = 2.5
"""Metres around the area where people are explained, though not counted."""
MAX_CANDIDATES = 16_000
MIN_VISIBLE = 0.3
"""Least part of a body inside the picture for it to be looked for."""

# Half-width of a clothed adult by height, as fractions of the body's height, with both legs and
# arms in their mean walking pose (NASA-STD-3000, vol. I, section 3.3.1: shoulder breadth 0.27 H,
# hip breadth 0.20 H, head breadth 0.09 H).
_PROFILE_Z = np.array([0.02, 0.10, 0.22, 0.34, 0.46, 0.56, 0.66, 0.75, 0.82, 0.90, 0.97])
_PROFILE_W = np.array([0.085, 0.080, 0.080, 0.085, 0.100, 0.115, 0.125, 0.130, 0.120, 0.055, 0.045])
_HIP = 0.45
"""Height of the crotch as a fraction of the body's (ibid.)."""
_ACROSS = np.array([-0.8, -0.4, 0.0, 0.4, 0.8])
SAMPLES = len(_PROFILE_Z) * len(_ACROSS)
SAMPLE_Z = np.repeat(_PROFILE_Z, len(_ACROSS))
"""(SAMPLES,) height of each sample as a fraction of the body's."""
SAMPLE_U = (_PROFILE_W[:, None] * _ACROSS).ravel()
_TURN = np.array([-1.0, 1.0])
"""Turns (y, x) to the left."""
_NEAREST = 0.1
"""Metres before the camera from which on anything is seen."""
FARTHEST = 32_000.0
"""Pixels beyond which all is alike: OpenCV draws no farther."""


class Optics(NamedTuple):
    """Precomputed geometry of one camera for frames of one size."""

    size: tuple[int, int]
    """(width, height) of the working picture."""
    projection: Floats
    """(3, 4) world -> working pixels, w = depth in metres."""
    centre: Floats
    """(3,) the camera's place, metres."""
    places: Floats
    """(n, 2) candidate places on the ground, metres."""
    samples: NDArray[np.int32]
    """(n, SAMPLES) flat pixel index of each silhouette sample; the index past the last pixel for
    samples outside the picture."""
    seen: NDArray[np.float32]
    """(n,) part of the silhouette inside the picture."""
    tall: NDArray[np.float32]
    """(n,) height in working pixels."""


def silhouettes(
    projection: Floats, centre: Floats, places: Floats, height: float = BODY_HEIGHT
) -> Floats:
    """(n, SAMPLES, 2) working pixels of the bodies that stand at `places` (n, 2)."""
    return np.moveaxis(_planes(projection, centre, places, height), 0, -1)


def _planes(
    projection: Floats, centre: Floats, places: Floats, height: float = BODY_HEIGHT
) -> Floats:
    """(2, n, SAMPLES) x and y of `silhouettes`."""
    feet, across = _upright(projection, centre, places, height)
    # Homogeneous pixels are linear in the foot, the step across and the height: three products.
    spread = np.ones((3, len(places), 3))
    spread[:, :, 0], spread[:, :, 1] = feet.T, across.T
    basis = np.ones((3, 3, SAMPLES))
    basis[:, 1] = SAMPLE_U
    basis[:, 2] = (projection[:, 2] * height)[:, None] * SAMPLE_Z
    planes = spread @ basis
    depth, pixels = planes[2], planes[:2]
    behind = depth.min(initial=1.0) <= _NEAREST
    if behind:
        hidden = depth <= _NEAREST
        depth[hidden] = 1.0
    pixels /= depth
    if behind:
        pixels[:, hidden] = -1e6
    return np.asarray(pixels)


def _upright(
    projection: Floats, centre: Floats, places: Floats, height: float
) -> tuple[Floats, Floats]:
    """(n, 3) homogeneous pixels of feet at `places` (n, 2), and of `height` across the view."""
    away = places - centre[:2]
    away *= (height / np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-6))[:, None]
    plan = projection[:, :2].T
    return places @ plan + projection[:, 3], away[:, ::-1] * _TURN @ plan


def flat_samples(
    projection: Floats, centre: Floats, size: tuple[int, int], places: Floats
) -> tuple[NDArray[np.int32], Floats]:
    """(n, SAMPLES) flat pixel indices of the bodies at `places` (n, 2), and depth (n,) in metres.

    Samples outside the picture of `size` (width, height) get the index past the last pixel.
    """
    width, height = size
    flat = np.empty((len(places), SAMPLES), dtype=np.int32)
    for first in range(0, len(places), _RUN):
        some = slice(first, first + _RUN)
        pixels = _planes(projection, centre, places[some])
        np.clip(pixels, -FARTHEST, FARTHEST, out=pixels)
        x, y = np.rint(pixels, out=pixels).astype(np.int32)
        # What is negative is larger than any picture where its sign is read as a digit.
        outside = (x.view(np.uint32) >= width) | (y.view(np.uint32) >= height)
        y *= np.int32(width)
        np.add(x, y, out=flat[some])
        if outside.any():
            flat[some][outside] = width * height
    return flat, places @ projection[2, :2] + projection[2, 3]


def outline(
    projection: Floats, centre: Floats, place: Floats, widen: float = 1.0
) -> NDArray[np.int32]:
    """(m, 1, 2) closed polygon, whole working pixels, around the body at `place` (2,).

    `widen` scales its width.
    """
    return Outlines(projection, centre).around(place, (widen,))[0]


class Outlines:
    """Owns what the outlines of all bodies have in common that one camera sees."""

    def __init__(self, projection: Floats, centre: Floats) -> None:
        """Seen by `projection` (3, 4) from `centre` (3,)."""
        self._plan, self._origin = projection[:, :2].copy(), projection[:, 3:].copy()
        self._centre = float(centre[0]), float(centre[1])
        # Up the axis, and up the right side: its outermost samples lie at 0.8 of the half-width.
        self._up = np.tile(np.multiply.outer(projection[:, 2], _PROFILE_Z * BODY_HEIGHT), 2)
        self._wide = np.concatenate((0 * _PROFILE_W, _ACROSS[-1] * _PROFILE_W))

    def around(self, place: Floats, widen: tuple[float, ...]) -> list[NDArray[np.int32]]:
        """(m, 1, 2) closed polygon around the body at `place` (2,) for each factor in `widen`."""
        x, y = place.tolist()
        east, north = x - self._centre[0], y - self._centre[1]
        scale = BODY_HEIGHT / max(math.hypot(east, north), 1e-6)
        foot, across = (self._plan @ np.array(((x, -north * scale), (y, east * scale)))).T
        points = self._up + self._wide * across[:, None]
        points += self._origin + foot[:, None]
        high = len(_PROFILE_Z)
        pixels = _pixels(points.T)
        middle, side = pixels[:high], (pixels[high:] - pixels[:high]) * (1 / _ACROSS[-1])
        return list(_around(middle, side * np.array(widen)[:, None, None]))


def trunks(projection: Floats, centre: Floats, places: Floats) -> list[NDArray[np.int32]]:
    """(m, 1, 2) polygon, whole working pixels, around trunk and head of each of `places` (n, 2).

    Legs and feet, which swing, are left out.
    """
    upper = _PROFILE_Z > _HIP
    return list(_around(*_edges(projection, centre, places, _PROFILE_Z[upper], _PROFILE_W[upper])))


def _edges(
    projection: Floats, centre: Floats, places: Floats, heights: Floats, widths: Floats
) -> tuple[Floats, Floats]:
    """(n, h, 2) working pixels of the axes of bodies at `places` (n, 2), and from there to a side.

    `heights` and half `widths` (h,) as fractions of a body's height.
    """
    feet, across = _upright(projection, centre, places, BODY_HEIGHT)
    axis = feet[:, None] + np.multiply.outer(heights * BODY_HEIGHT, projection[:, 2])
    # The outermost samples lie at 0.8 of the half-width.
    edge = axis + (_ACROSS[-1] * widths)[:, None] * across[:, None]
    middle, outer = _pixels(axis), _pixels(edge)
    return middle, (outer - middle) * (1 / _ACROSS[-1])


def _pixels(points: Floats) -> Floats:
    """(..., 2) pixels of homogeneous `points` (..., 3); far outside for those behind the camera."""
    depth = points[..., 2]
    if depth.min(initial=1.0) > _NEAREST:
        return np.asarray(points[..., :2] / depth[..., None])
    shown = depth > _NEAREST
    pixels = np.full((*depth.shape, 2), -1e6)
    pixels[shown] = points[shown, :2] / depth[shown, None]
    return pixels


def _around(middle: Floats, side: Floats) -> NDArray[np.int32]:
    """(..., 2 h, 1, 2) closed polygon, whole working pixels, by `side` (..., h, 2) of `middle`."""
    points = np.concatenate((middle - side, (middle + side)[..., ::-1, :]), axis=-2)
    np.rint(points, out=points)
    np.minimum(np.maximum(points, -FARTHEST, out=points), FARTHEST, out=points)
    return points.astype(np.int32)[..., None, :]


def _area(view: View) -> tuple[Floats, float]:
    """Candidate places over the area and its margin, and their spacing in metres."""
    polygon = Polygon(view.polygon).buffer(MARGIN)
    x0, y0, x1, y1 = polygon.bounds
    spacing = max(SPACING, (polygon.area / MAX_CANDIDATES) ** 0.5)
    xs = np.arange(x0 + spacing / 2, x1, spacing)
    ys = np.arange(y0 + spacing / 2, y1, spacing)
    gx, gy = (a.ravel() for a in np.meshgrid(xs, ys))
    inside = shapely.contains_xy(polygon, gx, gy)
    return np.column_stack((gx[inside], gy[inside])), spacing


def _work_size(width: int, height: int, tall: Floats) -> tuple[int, int]:
    """(width, height) of the working picture for people `tall` (n,) pixels in the frame.

    A whole divisor of the frame's size where there is one near: it shrinks several times faster.
    """
    usual = float(np.median(tall)) if len(tall) else WORK_HEIGHT
    # The farthest people must not vanish: the lower decile keeps FAR_HEIGHT where the frame can.
    far = float(np.percentile(tall, 10)) if len(tall) else FAR_HEIGHT
    most = max(width / MAX_WIDTH, 1.0)
    ideal = max(min(usual / WORK_HEIGHT, far / FAR_HEIGHT), most)
    whole = [
        k
        for k in range(math.ceil(most), math.floor(1.3 * ideal) + 1)
        if k >= 0.8 * ideal and width % k == 0 and height % k == 0
    ]
    factor = float(whole[-1]) if whole else ideal
    return max(round(width / factor), 16), max(round(height / factor), 16)


def working(view: View, width: int, height: int) -> View:
    """`view` in its working picture, for decoded frames of `width` x `height` pixels."""
    return view.scaled(*_sized(view, width, height, _area(view)[0]))


def _sized(view: View, width: int, height: int, places: Floats) -> tuple[int, int]:
    """(width, height) of the working picture; people stand at `places` (n, 2)."""
    full = view.scaled(width, height)
    projection = full.matrix()
    feet = np.column_stack((places, np.zeros(len(places))))
    heads = feet + np.array([0.0, 0.0, BODY_HEIGHT])
    foot, depth = project(projection, feet)
    head, _ = project(projection, heads)
    visible = (
        (depth > 0.1)
        & (foot[:, 0] > 0)
        & (foot[:, 0] < width)
        & (head[:, 1] < height)
        & (foot[:, 1] > 0)
    )
    return _work_size(width, height, np.hypot(*(foot - head)[visible].T))


def optics(view: View, width: int, height: int) -> Optics:
    """The geometry of `view` for decoded frames of `width` x `height` pixels."""
    places, _ = _area(view)
    size = _sized(view, width, height, places)
    work = view.scaled(*size)
    projection = work.matrix()
    centre = camera_centre(projection)
    flat, _ = flat_samples(projection, centre, size, places)
    seen = (flat < size[0] * size[1]).mean(axis=1)
    keep = seen >= MIN_VISIBLE
    foot, _ = project(projection, np.column_stack((places, np.zeros(len(places)))))
    head, _ = project(projection, np.column_stack((places, np.full(len(places), BODY_HEIGHT))))
    return Optics(
        size,
        projection,
        centre,
        places[keep],
        np.ascontiguousarray(flat[keep]),
        seen[keep].astype(np.float32),
        np.hypot(*(foot - head)[keep].T).astype(np.float32),
    )
