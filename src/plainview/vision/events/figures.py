"""Which posture explains a blob: silhouettes of people, as one camera sees them, fitted to it.

A figure is a few capsules in metres (limbs.py). Seen by the calibrated camera each is a line as
thick as it is wide, so a silhouette is drawn in microseconds. Which posture a blob shows is told by
the overlap (intersection over union) of the best silhouette of each. One view cannot tell who lies
straight away from a low camera from who crouches: then the two overlaps are near each other.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.limbs import MORE, PARTLY, WHOLE, Limb, Posture
from plainview.vision.optics import Floats, Optics

Mask = NDArray[np.uint8]
"""(h, w) non-zero where it is set."""
_NONE: Final = 1e-12
"""Depth that stands for none: nothing is divided by it."""
_FINE: Final = 4
"""Bits of a fraction of a pixel in what is drawn."""
SOFT: Final = 1.0
"""Pixels by which a blob of evidence is wider than the body: evidence is smoothed over three."""


class _Figures(NamedTuple):
    """Figures in arrays; a limb that one has not is its first again, of radius 0."""

    of: dict[Posture, NDArray[np.intp]]
    """Which show each posture."""
    ends: Floats
    """(figures, limbs, 2 ends, 3) metres."""
    radii: Floats
    """(figures, limbs) metres."""
    owners: NDArray[np.intp]
    """(all limbs,) whose each is, of those that a figure has."""
    limbs: NDArray[np.intp]
    """(all limbs,) which of his."""
    shares: Floats
    """(figures, limbs) part of the area that each is."""
    middle: Floats
    """(figures,) metres above the ground."""
    ways: Floats
    """(figures, 2) metres on the ground from the first limb's beginning to the last one's end."""


def _arrays(figures: list[tuple[Posture, list[Limb]]]) -> _Figures:
    most = max(len(limbs) for _, limbs in figures)
    filled = [[*limbs, *[(*limbs[0][:2], 0.0)] * (most - len(limbs))] for _, limbs in figures]
    ends = np.array([[(a, b) for a, b, _ in limbs] for limbs in filled])
    radii = np.array([[radius for _, _, radius in limbs] for limbs in filled])
    long = np.linalg.norm(ends[:, :, 1] - ends[:, :, 0], axis=2)
    area = (long + 0.5 * np.pi * radii) * radii
    shares = area / area.sum(axis=1, keepdims=True)
    middle = (ends[..., 2].mean(axis=2) * shares).sum(axis=1)
    owners, own = np.nonzero(radii)
    ways = np.array([np.subtract(limbs[-1][1], limbs[0][0])[:2] for _, limbs in figures])
    named = [posture for posture, _ in figures]
    of = {one: np.array([k for k, name in enumerate(named) if name is one]) for one in Posture}
    return _Figures(of, ends, radii, owners, own, shares, middle, ways)


_WHOLE: Final = _arrays(WHOLE)
_ALL: Final = _arrays([*WHOLE, *PARTLY, *MORE])


class Fit(NamedTuple):
    """The best silhouette of one posture over a blob."""

    overlap: float
    """Intersection over union, 0 to 1."""
    place: Floats
    """(2,) metres: below the middle of the figure."""
    way: Floats
    """(2,) metres on the ground from its first limb to its last: from the feet of one who lies."""


def fit(
    optics: Optics,
    blob: Mask,
    corner: tuple[int, int],
    unknown: Mask | None = None,
    *,
    partly: bool = False,
    soft: float = SOFT,
) -> dict[Posture, Fit]:
    """How well each posture explains `blob` (h, w), a window of the working picture.

    `corner` is the window's (x, y) in the working picture; what is set in `unknown` (h, w) speaks
    neither way. `partly`: with those of whom only a part differs, and more who lie. `soft` is how
    many pixels wider than the body the blob is. Empty where the blob is, or lies where no ground is
    seen.
    """
    middle = _centroid(blob)
    if middle is None:
        return {}
    figures = _ALL if partly else _WHOLE
    shown = _shown(optics.projection.tobytes(), partly=partly)
    places = _grounded(shown, (middle + corner)[:, None])
    if not np.all(np.isfinite(places)):
        return {}
    known = np.ones(blob.shape, np.bool_) if unknown is None else np.asarray(unknown == 0)
    own = np.asarray((blob > 0) & known)
    shift = places - _grounded(shown, _middles(shown, places, figures))
    places = places + np.where(np.isfinite(shift), shift, 0.0)
    drawn = _drawn(shown, places, figures, corner, (blob.shape[0], blob.shape[1]), soft)
    # One product counts the pixels of all figures, exactly: there are fewer than 2^24 of each.
    asked = np.stack((own.ravel(), known.ravel()), axis=1).astype(np.float32)
    pixels = drawn.reshape(len(drawn), -1).astype(np.float32)
    both, all_ = (pixels @ asked).T.astype(np.float64)
    either = all_ + np.count_nonzero(own) - both
    overlaps = both / np.maximum(either, 1)
    best = {posture: some[int(overlaps[some].argmax())] for posture, some in figures.of.items()}
    return {
        posture: Fit(float(overlaps[k]), places[:, k], figures.ways[k])
        for posture, k in best.items()
    }


def _centroid(mask: Mask) -> Floats | None:
    m = cv2.moments(mask, binaryImage=True)
    if m["m00"] <= 0:
        return None
    return np.array([m["m10"] / m["m00"], m["m01"] / m["m00"]])


class _Shown(NamedTuple):
    """Figures as one camera shows them. A homogeneous pixel is linear in the place."""

    back: Floats
    """(3, 3, figures): (x, y, 1) of a pixel to each one's middle height, homogeneous metres."""
    middles: Floats
    """(3, figures, limbs) the limbs' middles about the origin."""
    ends: Floats
    """(3, all limbs, 2) the limbs' ends about the origin, as _Figures.owners."""
    along: Floats
    """(3, 2) what a metre on the ground adds."""
    focal: float
    """Working pixels."""


@lru_cache(maxsize=4)
def _shown(projection: bytes, *, partly: bool) -> _Shown:
    """All figures, or only the whole ones, through `projection` (3, 4): once for each camera."""
    figures = _ALL if partly else _WHOLE
    seen = np.frombuffer(projection).reshape(3, 4)
    homography = np.empty((len(figures.middle), 3, 3))
    homography[:, :, :2] = seen[:, :2]
    homography[:, :, 2] = seen[:, 2] * figures.middle[:, None] + seen[:, 3]
    middles = figures.ends.mean(axis=2)
    ends = figures.ends[figures.owners, figures.limbs]
    return _Shown(
        np.ascontiguousarray(np.moveaxis(np.linalg.inv(homography), 0, -1)),
        _about(seen, middles),
        _about(seen, ends),
        np.ascontiguousarray(seen[:, :2]),
        float(np.linalg.norm(seen[0, :3])),
    )


def _about(projection: Floats, points: Floats) -> Floats:
    """(3, ...) homogeneous pixels of `points` (..., 3) metres."""
    shown = points @ projection[:, :3].T + projection[:, 3]
    return np.ascontiguousarray(np.moveaxis(shown, -1, 0))


def _grounded(shown: _Shown, pixels: Floats) -> Floats:
    """(2, figures) metres where the ray through each figure's `pixels` meets its middle height.

    `pixels` is (2, figures), or (2, 1) for all. NaN where it meets none before the camera.
    """
    x, y = pixels
    ground = shown.back[:, 0] * x + shown.back[:, 1] * y + shown.back[:, 2]
    # The third component is one over the depth: negative behind the camera.
    nearness = np.where(ground[2] < 1e-9, np.nan, ground[2])
    return np.asarray(ground[:2] / nearness)


def _middles(shown: _Shown, places: Floats, figures: _Figures) -> Floats:
    """(2, figures) pixels: about the middle of the silhouette of each figure at `places`."""
    x, y, depth = shown.middles + (shown.along @ places)[:, :, None]
    depth[np.abs(depth) < _NONE] = _NONE
    weight = figures.shares / depth
    return np.stack(((x * weight).sum(axis=1), (y * weight).sum(axis=1)))


def _drawn(
    shown: _Shown,
    places: Floats,
    figures: _Figures,
    corner: tuple[int, int],
    shape: tuple[int, int],
    soft: float,
) -> Mask:
    """(figures, h, w): the silhouettes of the figures at `places` (2, figures)."""
    x, y, depth = shown.ends + (shown.along @ places)[:, figures.owners, None]
    depth[np.abs(depth) < _NONE] = _NONE
    pixels = np.stack((x / depth - corner[0], y / depth - corner[1]), axis=-1)
    depth = np.maximum(depth, 0.5)
    whole = np.clip(np.rint(pixels * (1 << _FINE)), -60_000, 60_000).astype(np.int32)
    radii = figures.radii[figures.owners, figures.limbs]
    across = 2 * radii * shown.focal / depth.mean(axis=1) + soft
    wide = np.clip(np.rint(across), 1, 200).astype(int)
    drawn = np.zeros((places.shape[1], *shape), dtype=np.uint8)
    pictures = list(drawn)
    # Flat lists of numbers: a thousand small lists would set off the garbage collector.
    columns = (*whole.reshape(-1, 4).T.tolist(), wide.tolist())
    for k, x0, y0, x1, y1, thick in zip(figures.owners.tolist(), *columns, strict=True):
        cv2.line(pictures[k], (x0, y0), (x1, y1), 1, thick, cv2.LINE_8, _FINE)
    return drawn
