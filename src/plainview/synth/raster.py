"""Draws capsules: a capsule's picture is close to a tapered band with round ends.

Coverage and shading of a band come in closed form for each pixel of its patch. Patches of like size
are computed together; only putting them onto the picture, which must go by depth, is done singly.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.synth.scenery import Stage

F = NDArray[np.float64]
F32 = NDArray[np.float32]

_PATCHES = (6, 9, 13, 18, 26, 38, 56, 84, 128, 192, 288, 432, 648, 972, 1458, 2187)


class Bands(NamedTuple):
    """Capsules as the camera sees them, far ones first. All (m, ...)."""

    ends: F
    """(m, 4) u0, v0, u1, v1 pixels"""
    radii: F
    """(m, 2) pixels"""
    colour: F
    """(m, 3)"""
    depth: F
    soft: F
    key: F
    towards: F
    """(m, 3) to the light, in the camera's axes"""
    up: F
    """(m, 3) world up in the camera's axes"""
    screened: NDArray[np.bool_]
    """(m,) whether scenery may stand in front"""


def screened(stage: Stage, pixels: F, reach: float, depth: float) -> bool:
    """Whether above-ground scenery nearer than `depth` is near any of `pixels` (n, 2)."""
    height, width = stage.nearest.shape
    x0, y0 = np.clip(pixels.min(axis=0) - reach - 1, 0, (width, height)).astype(int).tolist()
    x1, y1 = np.clip(pixels.max(axis=0) + reach + 2, 0, (width, height)).astype(int).tolist()
    window = stage.nearest[y0:y1, x0:x1]
    return bool(window.size and window.min() < depth)


def paint(image: F32, stage: Stage, bands: Bands) -> None:
    """Composite all bands onto `image` in their order, scenery in front hiding them."""
    height, width = image.shape[:2]
    u, v = bands.ends[:, 0::2], bands.ends[:, 1::2]
    reach = bands.radii + 1.0
    left = np.clip(np.floor((u - reach).min(axis=1)), 0, width).astype(np.int64)
    right = np.clip(np.ceil((u + reach).max(axis=1)) + 1, 0, width).astype(np.int64)
    top = np.clip(np.floor((v - reach).min(axis=1)), 0, height).astype(np.int64)
    bottom = np.clip(np.ceil((v + reach).max(axis=1)) + 1, 0, height).astype(np.int64)
    wide, tall = right - left, bottom - top
    shown = np.flatnonzero((wide > 0) & (tall > 0))
    sizes = np.array(_PATCHES)
    size_u, size_v = np.searchsorted(sizes, wide), np.searchsorted(sizes, tall)
    bins: dict[tuple[int, int], list[int]] = {}
    for k in shown.tolist():
        bins.setdefault((int(size_u[k]), int(size_v[k])), []).append(k)
    patches: dict[int, tuple[F32, F32]] = {}
    for (bw, bh), members in bins.items():
        index = np.array(members)
        cover, shade = _shade(bands, index, left, top, int(sizes[bw]), int(sizes[bh]))
        for i, k in enumerate(members):
            patches[k] = (cover[i, : tall[k], : wide[k]], shade[i, : tall[k], : wide[k]])
    colours = bands.colour.astype(np.float32)
    corners = np.column_stack((top, bottom, left, right)).tolist()
    screened, depths = bands.screened.tolist(), bands.depth.tolist()
    for k in shown.tolist():
        cover, shade = patches[k]
        y0, y1, x0, x1 = corners[k]
        window = (slice(y0, y1), slice(x0, x1))
        if screened[k]:
            cover = cover * (1 - stage.cover[window] * (stage.nearest[window] < depths[k]))
        there = image[window]
        there += cover[..., None] * (shade[..., None] * colours[k] - there)


def _shade(
    bands: Bands, index: NDArray[np.int64], left: NDArray[np.int64], top: NDArray[np.int64],
    width: int, height: int,
) -> tuple[F32, F32]:  # fmt: skip
    """(m, height, width) coverage and irradiance of bands `index`, from their patches' corners."""
    ends, radii = bands.ends[index], bands.radii[index]
    corner = np.column_stack((left[index], top[index], left[index], top[index]))
    local = (ends - corner).astype(np.float32)
    u0, v0 = local[:, 0, None, None], local[:, 1, None, None]
    axis_u, axis_v = local[:, 2, None, None] - u0, local[:, 3, None, None] - v0
    r = radii.astype(np.float32)[:, :, None, None]
    r0, dr = r[:, 0], r[:, 1] - r[:, 0]
    px = np.arange(width, dtype=np.float32)[None, None, :] - u0
    py = np.arange(height, dtype=np.float32)[None, :, None] - v0
    scale = np.float32(1) / (axis_u * axis_u + axis_v * axis_v + np.float32(1e-4))
    along = np.clip(px * (axis_u * scale) + py * (axis_v * scale), 0, 1)
    ex, ey = px - along * axis_u, py - along * axis_v
    radius = r0 + along * dr
    off = np.sqrt(ex * ex + ey * ey)
    cover = np.clip(radius - off + np.float32(0.5), 0, 1)
    cover *= np.minimum(1, 2 * r0)
    inverse = np.float32(1) / np.maximum(radius, np.float32(0.5))
    nx, ny = ex * inverse, ey * inverse
    # A band narrower than a pixel has no side; bounding the offset keeps its shading in range.
    nz = np.sqrt(np.clip(1 - nx * nx - ny * ny, 0, 1))
    up = bands.up[index].astype(np.float32)[:, :, None, None]
    to = bands.towards[index].astype(np.float32)[:, :, None, None]
    soft = bands.soft[index].astype(np.float32)[:, None, None]
    key = bands.key[index].astype(np.float32)[:, None, None]
    rise = nx * up[:, 0] + ny * up[:, 1] - nz * up[:, 2]
    facing = nx * to[:, 0] + ny * to[:, 1] - nz * to[:, 2]
    shade = soft * (np.float32(0.68) + np.float32(0.32) * np.clip(rise, -1, 1))
    shade += key * np.clip(facing, 0, 1)
    return cover, np.asarray(shade, dtype=np.float32)
