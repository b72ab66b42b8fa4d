"""The static structure of a picture: its gradients in tiles, held against those of another.

Agreement is the correlation of two gradient fields over a tile, which neither gain nor offset
change; shifts come from phase correlation (Kuglin & Hines 1975) of gradient magnitudes.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.plate import gradients

Picture = NDArray[np.float32]
"""(h, w) luma or one of its derivatives."""
Tiles = NDArray[np.float32]
"""(TILES_Y, TILES_X), one number for each tile."""

TILES_X, TILES_Y = 16, 9
SMALL = (160, 90)
"""(w, h) of the picture that every frame is judged on."""
MEDIUM = (240, 136)
"""(w, h) of the picture that shifts are looked for on."""
_BLOCKS_X, _BLOCKS_Y = 4, 3
_SHADES = (32, 18)
"""(w, h) of the picture that says how much contrast there is in the large."""
FLOOR = 0.15
"""Energy |g|^2 below which a tile has no structure to speak of (codec ripple, grain)."""
_STRUCTURE = 0.8
"""Energy of a tile of the reference from which on its loss means something."""


class Look(NamedTuple):
    """One picture's structure at the small scale."""

    small: Picture
    gx: Picture
    gy: Picture
    energy: Tiles
    """Mean |g|^2 of each tile, luma levels squared."""


class Reference(NamedTuple):
    """What the scene looks like when all is well."""

    look: Look
    structured: NDArray[np.bool_]
    """(TILES_Y, TILES_X): tiles in which something can be missed."""
    edges: Picture
    """Compressed gradient magnitude at the medium scale."""
    fine: Tiles
    """Mean |g|^2 of each tile at the frame's own scale."""
    shades: Picture
    """The large-scale picture, mean removed."""


def tiles(picture: Picture) -> Tiles:
    """(h, w) to the mean of each tile."""
    return np.asarray(
        cv2.resize(picture, (TILES_X, TILES_Y), interpolation=cv2.INTER_AREA), dtype=np.float32
    )


def resized(luma: NDArray[np.uint8] | Picture, size: tuple[int, int]) -> Picture:
    """(h, w) to `size` (w, h), by area."""
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def look_of(small: Picture) -> Look:
    """The structure of a picture of SMALL size."""
    gx, gy = gradients(small)
    return Look(small, gx, gy, tiles(gx * gx + gy * gy))


def agreement_of(a: Look, b: Look) -> Tiles:
    """Correlation of the two gradient fields in each tile, -1 to 1."""
    cross = tiles(a.gx * b.gx + a.gy * b.gy)
    return np.asarray(cross / np.sqrt(a.energy * b.energy + 1e-6), dtype=np.float32)


def edges_of(luma: NDArray[np.uint8] | Picture) -> Picture:
    """Compressed gradient magnitude of a picture, at the medium scale."""
    gx, gy = gradients(resized(luma, MEDIUM))
    # Compressed, so that one lamp does not outshout all the masonry.
    return np.asarray(np.sqrt(cv2.magnitude(gx, gy)), dtype=np.float32)


def fine_of(luma: NDArray[np.uint8] | Picture) -> Tiles:
    """Mean |g|^2 of each tile at the scale of the picture itself, luma levels squared."""
    gx, gy = gradients(np.asarray(luma, dtype=np.float32))
    return tiles(gx * gx + gy * gy)


def shades_of(luma: NDArray[np.uint8] | Picture) -> Picture:
    """The picture at the largest scale, mean removed."""
    picture = resized(luma, _SHADES)
    return np.asarray(picture - picture.mean(), dtype=np.float32)


def reference_of(luma: NDArray[np.uint8] | Picture, least: Tiles | None = None) -> Reference:
    """The reference from the plate, or from a history whose tiles never had less than `least`."""
    look = look_of(resized(luma, SMALL))
    energy = look.energy if least is None else np.minimum(look.energy, least)
    return Reference(
        look=look,
        structured=energy > max(_STRUCTURE, 0.05 * float(np.median(look.energy))),
        edges=edges_of(luma),
        fine=fine_of(luma),
        shades=shades_of(luma),
    )


def _hann(shape: tuple[int, ...]) -> Picture:
    window = cv2.createHanningWindow((shape[1], shape[0]), cv2.CV_32F)
    return np.asarray(window, dtype=np.float32)


def displacements(reference: Picture, edges: Picture) -> list[NDArray[np.float64]]:
    """Candidate 2x3 transforms (medium pixels) that carry the reference onto `edges`."""
    (dx, dy), _ = cv2.phaseCorrelate(reference, edges, _hann(reference.shape))
    candidates = [np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])]
    height, width = reference.shape[0] // _BLOCKS_Y, reference.shape[1] // _BLOCKS_X
    window = _hann((height, width))
    places, shifts = [], []
    for j in range(_BLOCKS_Y):
        for i in range(_BLOCKS_X):
            part = np.s_[j * height : (j + 1) * height, i * width : (i + 1) * width]
            here, there = reference[part].copy(), edges[part].copy()
            (bx, by), response = cv2.phaseCorrelate(here, there, window)
            if response > 0.05:
                places.append(((i + 0.5) * width, (j + 0.5) * height))
                shifts.append((bx, by))
    if len(places) >= 4:
        start = np.array(places, dtype=np.float64)
        end = start + np.array(shifts, dtype=np.float64)
        found, inliers = cv2.estimateAffinePartial2D(start, end, ransacReprojThreshold=1.5)
        if found is not None and int(np.count_nonzero(inliers)) >= 4:
            candidates.append(np.asarray(found, dtype=np.float64))
    return candidates


def mean_displacement(transform: NDArray[np.float64]) -> float:
    """Mean length by which `transform` moves a grid of points, as a share of the width."""
    w, h = MEDIUM
    x, y = np.meshgrid(np.linspace(0, w, 5), np.linspace(0, h, 4))
    points = np.stack((x.ravel(), y.ravel(), np.ones(x.size)))
    moved = transform @ points
    return float(np.hypot(*(moved - points[:2])).mean() / w)
