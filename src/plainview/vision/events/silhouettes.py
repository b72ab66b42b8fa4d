"""Silhouettes of people as one camera sees them: figures of a few capsules, and their shadows.

A figure is a few capsules in metres (limbs.py). Seen by the calibrated camera each is a line as
thick as it is wide, so a silhouette is drawn in microseconds; so is the shadow of each, which lies
on the ground.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.limbs import MORE, PARTLY, WHOLE, Limb, Posture
from plainview.vision.optics import Floats

Mask = NDArray[np.uint8]
"""(h, w) non-zero where it is set."""
_NONE: Final = 1e-12
"""Depth that stands for none: nothing is divided by it."""
_FINE: Final = 4
"""Bits of a fraction of a pixel in what is drawn."""


class Figures(NamedTuple):
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


def _arrays(figures: list[tuple[Posture, list[Limb]]]) -> Figures:
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
    return Figures(of, ends, radii, owners, own, shares, middle, ways)


_WHOLE: Final = _arrays(WHOLE)
_ALL: Final = _arrays([*WHOLE, *PARTLY, *MORE])


class Window(NamedTuple):
    """The part of the working picture in which silhouettes are drawn, and how."""

    corner: tuple[int, int]
    """(x, y) of its first pixel."""
    shape: tuple[int, int]
    """(h, w) pixels."""
    soft: float
    """Pixels by which all that is drawn is wider."""


class Shown(NamedTuple):
    """Figures as one camera shows them. A homogeneous pixel is linear in the place."""

    figures: Figures
    """Which are shown."""
    back: Floats
    """(3, 3, figures): (x, y, 1) of a pixel to each one's middle height, homogeneous metres."""
    middles: Floats
    """(3, figures, limbs) the limbs' middles about the origin."""
    ends: Floats
    """(3, all limbs, 2) the limbs' ends about the origin, as Figures.owners."""
    along: Floats
    """(3, 2) what a metre on the ground adds."""
    origin: Floats
    """(3,) the ground's origin."""
    focal: float
    """Working pixels."""

    def shadows(self, slope: Floats) -> Floats:
        """(3, all limbs, 2) as `ends`, of the shadows: `slope` (2,) metres for each of height."""
        ends = self.figures.ends[self.figures.owners, self.figures.limbs]
        places = ends[..., :2] + ends[..., 2:] * slope
        return np.ascontiguousarray(np.moveaxis(places @ self.along.T + self.origin, -1, 0))


@lru_cache(maxsize=4)
def shown(projection: bytes, *, partly: bool) -> Shown:
    """All figures, or only the whole ones, through `projection` (3, 4): once for each camera."""
    figures = _ALL if partly else _WHOLE
    seen = np.frombuffer(projection).reshape(3, 4)
    homography = np.empty((len(figures.middle), 3, 3))
    homography[:, :, :2] = seen[:, :2]
    homography[:, :, 2] = seen[:, 2] * figures.middle[:, None] + seen[:, 3]
    return Shown(
        figures,
        np.ascontiguousarray(np.moveaxis(np.linalg.inv(homography), 0, -1)),
        _about(seen, figures.ends.mean(axis=2)),
        _about(seen, figures.ends[figures.owners, figures.limbs]),
        np.ascontiguousarray(seen[:, :2]),
        np.ascontiguousarray(seen[:, 3]),
        float(np.linalg.norm(seen[0, :3])),
    )


def _about(projection: Floats, points: Floats) -> Floats:
    """(3, ...) homogeneous pixels of `points` (..., 3) metres."""
    pixels = points @ projection[:, :3].T + projection[:, 3]
    return np.ascontiguousarray(np.moveaxis(pixels, -1, 0))


def grounded(by: Shown, pixels: Floats) -> Floats:
    """(2, figures) metres where the ray through each figure's `pixels` meets its middle height.

    `pixels` is (2, figures), or (2, 1) for all. NaN where it meets none before the camera.
    """
    x, y = pixels
    ground = by.back[:, 0] * x + by.back[:, 1] * y + by.back[:, 2]
    # The third component is one over the depth: negative behind the camera.
    nearness = np.where(ground[2] < 1e-9, np.nan, ground[2])
    return np.asarray(ground[:2] / nearness)


def middles(by: Shown, places: Floats) -> Floats:
    """(2, figures) pixels: about the middle of the silhouette of each figure at `places`."""
    x, y, depth = by.middles + (by.along @ places)[:, :, None]
    depth[np.abs(depth) < _NONE] = _NONE
    weight = by.figures.shares / depth
    return np.stack(((x * weight).sum(axis=1), (y * weight).sum(axis=1)))


def drawn(by: Shown, ends: Floats, places: Floats, window: Window) -> Mask:
    """(figures, h, w): the silhouettes of the figures at `places` (2, figures), 1 where they are.

    `ends` (3, all limbs, 2) are those of Shown, or of their shadows.
    """
    owners, corner = by.figures.owners, window.corner
    x, y, depth = ends + (by.along @ places)[:, owners, None]
    depth[np.abs(depth) < _NONE] = _NONE
    pixels = np.stack((x / depth - corner[0], y / depth - corner[1]), axis=-1)
    depth = np.maximum(depth, 0.5)
    whole = np.clip(np.rint(pixels * (1 << _FINE)), -60_000, 60_000).astype(np.int32)
    radii = by.figures.radii[owners, by.figures.limbs]
    across = 2 * radii * by.focal / depth.mean(axis=1) + window.soft
    wide = np.clip(np.rint(across), 1, 200).astype(int)
    found = np.zeros((places.shape[1], *window.shape), dtype=np.uint8)
    pictures = list(found)
    # Flat lists of numbers: a thousand small lists would set off the garbage collector.
    columns = (*whole.reshape(-1, 4).T.tolist(), wide.tolist())
    for k, x0, y0, x1, y1, thick in zip(owners.tolist(), *columns, strict=True):
        cv2.line(pictures[k], (x0, y0), (x1, y1), 1, thick, cv2.LINE_8, _FINE)
    return found
