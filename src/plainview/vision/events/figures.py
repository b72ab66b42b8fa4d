"""Which posture explains a blob: silhouettes of people, as one camera sees them, fitted to it.

A figure is a few capsules in metres (limbs.py). Seen by the calibrated camera each is a line as
thick as it is wide, so a silhouette is drawn in microseconds. Which posture a blob shows is told by
the overlap (intersection over union) of the best silhouette of each. One view cannot tell who lies
straight away from a low camera from who crouches: then the two overlaps are near each other.
"""

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import project
from plainview.vision.events.limbs import PARTLY, WHOLE, Limb, Posture
from plainview.vision.optics import Floats, Optics

Mask = NDArray[np.uint8]
"""(h, w) non-zero where it is set."""
_FINE: Final = 4
"""Bits of a fraction of a pixel in what is drawn."""
SOFT: Final = 1.0
"""Pixels by which a blob of evidence is wider than the body: evidence is smoothed over three."""


class _Figures(NamedTuple):
    """Figures in arrays; a limb that one has not is its first again, of radius 0."""

    postures: list[Posture]
    ends: Floats
    """(figures, limbs, 2 ends, 3) metres."""
    radii: Floats
    """(figures, limbs) metres."""
    limbs: list[list[int]]
    """Those that each has."""
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
    own = [np.nonzero(row)[0].tolist() for row in radii]
    ways = np.array([np.subtract(limbs[-1][1], limbs[0][0])[:2] for _, limbs in figures])
    return _Figures([posture for posture, _ in figures], ends, radii, own, shares, middle, ways)


_WHOLE: Final = _arrays(WHOLE)
_ALL: Final = _arrays([*WHOLE, *PARTLY])


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
    neither way. `partly`: with those of whom only a part differs. `soft` is how many pixels wider
    than the body the blob is. Empty where the blob is, or lies where no ground is seen.
    """
    middle = _centroid(blob)
    if middle is None:
        return {}
    figures = _ALL if partly else _WHOLE
    wanted = np.tile(middle + corner, (len(figures.postures), 1))
    places = _grounded(optics, wanted, figures)
    if not np.all(np.isfinite(places)):
        return {}
    known = np.ones_like(blob) if unknown is None else np.asarray(unknown == 0, dtype=np.uint8)
    own = np.asarray((blob > 0) & (known > 0))
    shift = places - _grounded(optics, _middles(optics, places, figures), figures)
    places = places + np.where(np.isfinite(shift), shift, 0.0)
    drawn = _drawn(optics, places, figures, corner, (blob.shape[0], blob.shape[1]), soft)
    shown = (drawn > 0) & (known > 0)
    both = (shown & own).sum(axis=(1, 2))
    either = (shown | own).sum(axis=(1, 2))
    best: dict[Posture, Fit] = {}
    for k, overlap in enumerate(both / np.maximum(either, 1)):
        posture = figures.postures[k]
        if posture not in best or overlap > best[posture].overlap:
            best[posture] = Fit(float(overlap), places[k], figures.ways[k])
    return best


def _centroid(mask: Mask) -> Floats | None:
    m = cv2.moments(mask, binaryImage=True)
    if m["m00"] <= 0:
        return None
    return np.array([m["m10"] / m["m00"], m["m01"] / m["m00"]])


def _grounded(optics: Optics, pixels: Floats, figures: _Figures) -> Floats:
    """(figures, 2) metres where the ray through each figure's `pixels` meets its middle height.

    NaN where it meets none before the camera.
    """
    projection = optics.projection
    homography = np.empty((len(pixels), 3, 3))
    homography[:, :, :2] = projection[:, :2]
    homography[:, :, 2] = projection[:, 2] * figures.middle[:, None] + projection[:, 3]
    rays = np.column_stack((pixels, np.ones(len(pixels))))[..., None]
    ground = np.linalg.solve(homography, rays)[..., 0]
    # The third component is one over the depth: negative behind the camera.
    ground[ground[:, 2] < 1e-9] = np.nan
    return np.asarray(ground[:, :2] / ground[:, 2:])


def _middles(optics: Optics, places: Floats, figures: _Figures) -> Floats:
    """(figures, 2) pixels: about the middle of the silhouette of each figure at `places`."""
    middles = figures.ends.mean(axis=2)
    middles[..., :2] += places[:, None, :]
    pixels, _ = project(optics.projection, middles.reshape(-1, 3))
    limbs = pixels.reshape((*figures.shares.shape, 2))
    return np.asarray((limbs * figures.shares[..., None]).sum(axis=1))


def _drawn(
    optics: Optics,
    places: Floats,
    figures: _Figures,
    corner: tuple[int, int],
    shape: tuple[int, int],
    soft: float,
) -> Mask:
    """(figures, h, w): the silhouettes of the figures at `places` (figures, 2)."""
    ends = figures.ends.copy()
    ends[..., :2] += places[:, None, None, :]
    pixels, depth = project(optics.projection, ends.reshape(-1, 3))
    depth = np.maximum(depth.reshape(ends.shape[:3]), 0.5)
    pixels = pixels.reshape((*ends.shape[:3], 2)) - corner
    whole = np.clip(np.rint(pixels * (1 << _FINE)), -60_000, 60_000).astype(np.int32)
    focal = float(np.linalg.norm(optics.projection[0, :3]))
    across = 2 * figures.radii * focal / depth.mean(axis=2) + soft
    wide = np.clip(np.rint(across), 1, 200).astype(int)
    drawn = np.zeros((len(places), *shape), dtype=np.uint8)
    for picture, limbs, ends_, thick in zip(
        drawn, figures.limbs, whole.tolist(), wide.tolist(), strict=True
    ):
        for limb in limbs:
            a, b = ends_[limb]
            cv2.line(picture, a, b, 1, thick[limb], cv2.LINE_8, _FINE)
    return drawn
