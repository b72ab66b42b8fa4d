"""How people who stand, crouch, sit or lie look from one camera: silhouettes, fitted to a blob.

A figure is a few capsules in metres. Seen by the calibrated camera each is a line as thick as it
is wide, so a silhouette is drawn in microseconds. Which posture a blob shows is told by the
overlap (intersection over union) of the best silhouette of each. One view cannot tell who lies
straight away from a low camera from who crouches: then the two overlaps are near each other.
Sizes are those of a median adult of 1.72 m (NASA-STD-3000, vol. I, section 3.3.1).
"""

import math
from enum import StrEnum
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import project
from plainview.vision.optics import Floats, Optics

Mask = NDArray[np.uint8]
"""(h, w) non-zero where it is set."""


class Posture(StrEnum):
    """What a silhouette may be of."""

    STANDING = "standing"
    CROUCHING = "crouching"
    SITTING = "sitting"
    LYING = "lying"


# (from, to, radius): forward, left and up in metres, of a figure that faces forward.
_Limb = tuple[tuple[float, float, float], tuple[float, float, float], float]
_STANDING: Final[tuple[_Limb, ...]] = (
    ((0, 0, 0.08), (0, 0, 0.85), 0.15),
    ((0, 0, 0.85), (0, 0, 1.35), 0.21),
    ((0, 0, 1.55), (0, 0, 1.62), 0.10),
)
_CROUCHING: Final[tuple[_Limb, ...]] = (
    ((0, 0, 0.12), (0.25, 0, 0.30), 0.18),
    ((-0.10, 0, 0.30), (0.18, 0, 0.68), 0.22),
    ((0.28, 0, 0.82), (0.32, 0, 0.86), 0.11),
)
_STOOPING: Final[tuple[_Limb, ...]] = (
    ((0, 0, 0.08), (-0.05, 0, 0.80), 0.15),
    ((-0.05, 0, 0.85), (0.42, 0, 0.90), 0.19),
    ((0.62, 0, 0.82), (0.66, 0, 0.80), 0.10),
)
_ON_A_SEAT: Final[tuple[_Limb, ...]] = (
    ((0, 0, 0.55), (0, 0, 0.98), 0.20),
    ((0.05, 0, 0.50), (0.42, 0, 0.48), 0.15),
    ((0.42, 0, 0.42), (0.45, 0, 0.08), 0.11),
    ((0.02, 0, 1.18), (0.02, 0, 1.24), 0.10),
)
_ON_THE_GROUND: Final[tuple[_Limb, ...]] = (
    ((0, 0, 0.18), (-0.05, 0, 0.58), 0.21),
    ((0, 0, 0.14), (0.85, 0, 0.12), 0.12),
    ((-0.05, 0, 0.80), (-0.05, 0, 0.84), 0.10),
)
_HUDDLED: Final[tuple[_Limb, ...]] = (
    ((0, 0, 0.16), (-0.05, 0, 0.58), 0.22),
    ((0.15, 0, 0.35), (0.38, 0, 0.38), 0.16),
    ((-0.02, 0, 0.80), (-0.02, 0, 0.84), 0.10),
)
_KNEES_UP: Final[tuple[_Limb, ...]] = (
    ((0, 0, 0.16), (-0.20, 0, 0.58), 0.20),
    ((0.05, 0, 0.18), (0.38, 0, 0.42), 0.13),
    ((0.40, 0, 0.40), (0.66, 0, 0.08), 0.11),
    ((-0.28, 0, 0.80), (-0.28, 0, 0.84), 0.10),
)
_KNEELING: Final[tuple[_Limb, ...]] = (
    ((-0.05, 0, 0.10), (0, 0, 0.50), 0.15),
    ((0, 0, 0.55), (0.05, 0, 0.95), 0.20),
    ((0, 0, 0.08), (-0.40, 0, 0.08), 0.09),
    ((0.06, 0, 1.17), (0.06, 0, 1.22), 0.10),
)
_LYING: Final[tuple[_Limb, ...]] = (
    ((-0.82, 0, 0.10), (-0.10, 0, 0.11), 0.13),
    ((-0.10, 0, 0.13), (0.42, 0, 0.14), 0.20),
    ((0.66, 0, 0.11), (0.72, 0, 0.11), 0.10),
)
_SPRAWLED: Final[tuple[_Limb, ...]] = (
    ((-0.78, 0.16, 0.10), (-0.08, 0.03, 0.11), 0.12),
    ((-0.74, -0.18, 0.10), (-0.08, -0.03, 0.11), 0.12),
    ((-0.08, 0, 0.13), (0.42, 0, 0.14), 0.21),
    ((0.30, -0.42, 0.08), (0.30, 0.42, 0.08), 0.08),
    ((0.62, 0, 0.11), (0.68, 0, 0.11), 0.11),
)
_ARMS_OUT: Final[tuple[_Limb, ...]] = (
    ((-0.80, 0, 0.10), (-0.10, 0, 0.11), 0.13),
    ((-0.10, 0, 0.13), (0.42, 0, 0.14), 0.19),
    ((0.40, 0.20, 0.08), (-0.02, 0.46, 0.06), 0.06),
    ((0.40, -0.20, 0.08), (-0.02, -0.46, 0.06), 0.06),
    ((0.66, 0, 0.11), (0.72, 0, 0.11), 0.10),
)
_MOST_LIMBS: Final = 5


def _turned(limbs: tuple[_Limb, ...], turns: int) -> list[list[_Limb]]:
    """`limbs` in `turns` directions, evenly over the circle."""
    found = []
    for k in range(turns):
        c, s = math.cos(2 * math.pi * k / turns), math.sin(2 * math.pi * k / turns)

        def turn(p: tuple[float, float, float], c: float = c, s: float = s) -> tuple[float, ...]:
            return (c * p[0] - s * p[1], s * p[0] + c * p[1], p[2])

        found.append([(turn(a), turn(b), r) for a, b, r in limbs])
    return found  # type: ignore[return-value]


_FIGURES: Final = [
    *((Posture.STANDING, f) for f in _turned(_STANDING, 1)),
    *((Posture.CROUCHING, f) for f in _turned(_CROUCHING, 4)),
    *((Posture.CROUCHING, f) for f in _turned(_STOOPING, 4)),
    *((Posture.SITTING, f) for f in _turned(_ON_A_SEAT, 4)),
    *((Posture.SITTING, f) for f in _turned(_ON_THE_GROUND, 8)),
    *((Posture.SITTING, f) for f in _turned(_HUDDLED, 4)),
    *((Posture.SITTING, f) for f in _turned(_KNEES_UP, 8)),
    *((Posture.CROUCHING, f) for f in _turned(_KNEELING, 4)),
    *((Posture.LYING, f) for f in _turned(_LYING, 12)),
    *((Posture.LYING, f) for f in _turned(_SPRAWLED, 8)),
    *((Posture.LYING, f) for f in _turned(_ARMS_OUT, 8)),
]
_POSTURES: Final = [posture for posture, _ in _FIGURES]
# (figures, limbs, 2 ends, 3) and (figures, limbs): a limb that a figure has not has radius 0.
_ENDS: Final = np.array(
    [[(a, b) for a, b, _ in [*f, *[f[0]] * (_MOST_LIMBS - len(f))]] for _, f in _FIGURES]
)
_RADII: Final = np.array(
    [[r for _, _, r in f] + [0.0] * (_MOST_LIMBS - len(f)) for _, f in _FIGURES]
)
_LIMBS: Final = [np.nonzero(radii)[0].tolist() for radii in _RADII]
_LONG = np.linalg.norm(_ENDS[:, :, 1] - _ENDS[:, :, 0], axis=2)
_AREA = (_LONG + 0.5 * np.pi * _RADII) * _RADII
_AREAS: Final = _AREA / _AREA.sum(axis=1, keepdims=True)
_MIDDLE_Z: Final = (_ENDS[..., 2].mean(axis=2) * _AREAS).sum(axis=1)
_FINE: Final = 4
"""Bits of a fraction of a pixel in what is drawn."""


class Fit(NamedTuple):
    """The best silhouette of one posture over a blob."""

    overlap: float
    """Intersection over union, 0 to 1."""
    place: Floats
    """(2,) metres: below the middle of the figure."""


def fit(
    optics: Optics, blob: Mask, corner: tuple[int, int], unknown: Mask | None = None
) -> dict[Posture, Fit]:
    """How well each posture explains `blob` (h, w), a window of the working picture.

    `corner` is the window's (x, y) in the working picture; what is set in `unknown` (h, w) speaks
    neither way. Empty where the blob is, or lies where no ground is seen.
    """
    middle = _centroid(blob)
    if middle is None:
        return {}
    wanted = middle + corner
    places = _grounded(optics, np.tile(wanted, (len(_FIGURES), 1)))
    if not np.all(np.isfinite(places)):
        return {}
    known = np.ones_like(blob) if unknown is None else np.asarray(unknown == 0, dtype=np.uint8)
    own = np.asarray((blob > 0) & (known > 0))
    shift = places - _grounded(optics, _middles(optics, places))
    places = places + np.where(np.isfinite(shift), shift, 0.0)
    shown = (_drawn(optics, places, corner, (blob.shape[0], blob.shape[1])) > 0) & (known > 0)
    both = (shown & own).sum(axis=(1, 2))
    either = (shown | own).sum(axis=(1, 2))
    best: dict[Posture, Fit] = {}
    for k, overlap in enumerate(both / np.maximum(either, 1)):
        posture = _POSTURES[k]
        if posture not in best or overlap > best[posture].overlap:
            best[posture] = Fit(float(overlap), places[k])
    return best


def _centroid(mask: Mask) -> Floats | None:
    m = cv2.moments(mask, binaryImage=True)
    if m["m00"] <= 0:
        return None
    return np.array([m["m10"] / m["m00"], m["m01"] / m["m00"]])


def _grounded(optics: Optics, pixels: Floats) -> Floats:
    """(figures, 2) metres where the ray through each figure's `pixels` meets its middle height.

    NaN where it meets none before the camera.
    """
    projection = optics.projection
    homography = np.empty((len(_FIGURES), 3, 3))
    homography[:, :, :2] = projection[:, :2]
    homography[:, :, 2] = projection[:, 2] * _MIDDLE_Z[:, None] + projection[:, 3]
    rays = np.column_stack((pixels, np.ones(len(pixels))))[..., None]
    ground = np.linalg.solve(homography, rays)[..., 0]
    # The third component is one over the depth: negative behind the camera.
    ground[ground[:, 2] < 1e-9] = np.nan
    return np.asarray(ground[:, :2] / ground[:, 2:])


def _middles(optics: Optics, places: Floats) -> Floats:
    """(figures, 2) pixels: about the middle of the silhouette of each figure at `places`."""
    middles = _ENDS.mean(axis=2)
    middles[..., :2] += places[:, None, :]
    pixels, _ = project(optics.projection, middles.reshape(-1, 3))
    return np.asarray((pixels.reshape((*_AREAS.shape, 2)) * _AREAS[..., None]).sum(axis=1))


def _drawn(optics: Optics, places: Floats, corner: tuple[int, int], shape: tuple[int, int]) -> Mask:
    """(figures, h, w): the silhouettes of the figures at `places` (figures, 2)."""
    ends = _ENDS.copy()
    ends[..., :2] += places[:, None, None, :]
    pixels, depth = project(optics.projection, ends.reshape(-1, 3))
    depth = np.maximum(depth.reshape(ends.shape[:3]), 0.5)
    pixels = pixels.reshape((*ends.shape[:3], 2)) - corner
    whole = np.clip(np.rint(pixels * (1 << _FINE)), -60_000, 60_000).astype(np.int32)
    focal = float(np.linalg.norm(optics.projection[0, :3]))
    # Evidence is smoothed over three pixels: a blob is a pixel wider than the body.
    wide = np.minimum(np.rint(2 * _RADII * focal / depth.mean(axis=2) + 1), 200).astype(int)
    drawn = np.zeros((len(places), *shape), dtype=np.uint8)
    for picture, limbs, ends_, thick in zip(
        drawn, _LIMBS, whole.tolist(), wide.tolist(), strict=True
    ):
        for limb in limbs:
            a, b = ends_[limb]
            cv2.line(picture, a, b, 1, thick[limb], cv2.LINE_8, _FINE)
    return drawn
