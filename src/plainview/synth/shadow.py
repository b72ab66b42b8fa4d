"""Keeps light off the ground: cast shadows and the dark of contact, at half the picture's size."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Points, project
from plainview.synth.body import Parts

F = NDArray[np.float64]
F32 = NDArray[np.float32]

NEAR = 0.4
"""Metres before the camera within which nothing is drawn."""


class Body(NamedTuple):
    """One body in the world."""

    parts: Parts
    """of one body: arrays (k, ...)"""
    place: F
    """(3,) x, y, height"""
    wide: float
    """Area that it keeps the sky's light off, in units of a person's."""


class Lit(NamedTuple):
    """Light on each body."""

    soft: F
    """(n,) irradiance from all around"""
    key: F
    """(n,) from one direction"""
    towards: F
    """(n, 3) that direction, to the light"""


class Half(NamedTuple):
    """Ground places at half the picture's size, for shadows, which are soft."""

    gx: F32
    gy: F32
    under_x: F32
    under_y: F32


def ground_shadow(
    half: Half, matrix: Points, body: Body, lit: Lit, k: int, block: F32, touch: F32
) -> None:
    """Darken `block` (key light) and `touch` (light from around) where the body keeps it off."""
    place, parts = body.place, body.parts
    towards = lit.towards[k]
    casting = lit.key[k] > 1e-3 and towards[2] > 0.1
    x, y = float(place[0]), float(place[1])
    side = 0.7 * math.sqrt(body.wide)
    reach = [(x + i * side, y + j * side) for i in (-1, 1) for j in (-1, 1)]
    if casting:
        c = parts.casts
        lean = -towards[:2] / towards[2]
        a = parts.start[c, :2] + parts.start[c, 2:] * lean
        b = parts.end[c, :2] + parts.end[c, 2:] * lean
        width = np.column_stack((parts.start_radius[c], parts.end_radius[c]))
        high = 0.5 * (parts.start[c, 2] + parts.end[c, 2]) / towards[2]
        low, top = np.minimum(a, b).min(axis=0) - 0.3, np.maximum(a, b).max(axis=0) + 0.3
        reach += [(low[0], low[1]), (low[0], top[1]), (top[0], low[1]), (top[0], top[1])]
    corners = np.column_stack((np.array(reach), np.zeros(len(reach))))
    pixels, depth = project(matrix, corners)
    if depth.min() < NEAR:
        return
    rows, columns = block.shape
    u0, v0 = np.floor(pixels.min(axis=0) / 2).astype(int)
    u1, v1 = np.ceil(pixels.max(axis=0) / 2).astype(int) + 1
    window = (slice(max(v0, 0), min(v1, rows)), slice(max(u0, 0), min(u1, columns)))
    if window[0].start >= window[0].stop or window[1].start >= window[1].stop:
        return
    gx, gy = half.gx[window], half.gy[window]
    near = (gx - np.float32(x)) ** 2 + (gy - np.float32(y)) ** 2
    wide = np.float32(body.wide)
    touch[window] *= 1 - np.float32(0.45) * np.exp(-near / (np.float32(0.045) * wide))
    touch[window] *= 1 - np.float32(0.22) * np.exp(-near / (np.float32(0.25) * wide))
    if not casting:
        return
    footprint = float(depth.mean()) / float(np.linalg.norm(matrix[0, :3]))
    block[window] *= 1 - _capsule_cover(gx, gy, a, b, width, 0.02 + 0.012 * high + footprint)


def _capsule_cover(gx: F32, gy: F32, a: F, b: F, width: F, soft: F) -> F32:
    """(h, w) how much of the light the flattened capsules take at each ground place."""
    s = [v.astype(np.float32)[:, None, None] for v in (*a.T, *(b - a).T, *width.T, soft)]
    ax, ay, dx, dy, r0, r1, edge = s
    px, py = gx[None] - ax, gy[None] - ay
    along = (px * dx + py * dy) / (dx * dx + dy * dy + np.float32(1e-6))
    np.clip(along, 0, 1, out=along)
    # In place: this is most of what a sunny crowd takes to draw.
    px -= along * dx
    py -= along * dy
    px *= px
    py *= py
    px += py
    inside = r0 + along * (r1 - r0) - np.sqrt(px, out=px)
    inside /= edge
    cover = np.clip(inside.max(axis=0) * np.float32(0.5) + np.float32(0.5), 0, 1)
    return np.asarray(cover, dtype=np.float32)


def doubled(small: F32, like: F32) -> F32:
    """`small` (h/2, w/2) at twice the size, linear between: (h, w, 1) for `like` (h, w)."""
    rows = np.empty((2 * small.shape[0], small.shape[1]), dtype=np.float32)
    rows[0::2] = small
    rows[1:-1:2] = (small[1:] + small[:-1]) * np.float32(0.5)
    rows[-1] = small[-1]
    out = np.empty((rows.shape[0], 2 * rows.shape[1]), dtype=np.float32)
    out[:, 0::2] = rows
    out[:, 1:-1:2] = (rows[:, 1:] + rows[:, :-1]) * np.float32(0.5)
    out[:, -1] = rows[:, -1]
    return out[: like.shape[0], : like.shape[1], None]
