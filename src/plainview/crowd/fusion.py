"""Site fusion: what several cameras say of one ground becomes one field, and nobody is matched.

Only densities and velocities of ground cells are put together, never people or objects: a camera
says how many stand in a cell, and where two cameras see that cell, the surer one weighs more.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from plainview.crowd.field import Array, Field, Mask, common_doubt, own_doubt
from plainview.geometry import BODY_HEIGHT, Grid, Points, camera_centre, project
from plainview.record import DENSITY_STEP

HEAD_PIXELS = 15.0
"""Pixels per metre at head height below which a head (0.25 m) is under four pixels: half the weight
of a camera that sees it large."""
SHOULDERS = 0.45
"""Width of a standing adult across the shoulders, metres."""
_LEAST_CLEAR = 0.2
"""Least share of a cell that is taken as seen past others, however dense and flat the view."""


class Sight(NamedTuple):
    """How well a camera sees each cell, (ny, nx) each."""

    resolution: Array
    """Pixels per metre at head height, in the direction in which it is least: distance and
    obliqueness are both in it."""
    shadow: Array
    """Metres of ground that one standing adult hides behind them."""

    def doubt(self, density: Array) -> Array:
        """Relative error variance of a cell seen like this in a crowd of `density` (people/m²).

        (1 + (HEAD_PIXELS / resolution)²) / clear², where clear = exp(-density * SHOULDERS * shadow)
        is the share of a cell that is not behind others: people stood at random (Boolean model of
        occlusion; Stoyan, Kendall & Mecke, Stochastic Geometry, chapter 3).
        """
        clear = np.exp(-density * SHOULDERS * self.shadow)
        small = 1 + (HEAD_PIXELS / np.maximum(self.resolution, 1e-3)) ** 2
        return np.asarray(small / np.maximum(clear, _LEAST_CLEAR) ** 2, dtype=np.float64)


def sight(*, projection: Points, grid: Grid) -> Sight:
    """How well the camera of `projection` (3, 4; metres to pixels) sees the cells of `grid`."""
    nx, ny = grid.shape
    centres = grid.centres().reshape(-1, 2)
    steps = np.array(((0.0, 0.0), (0.1, 0.0), (0.0, 0.1)))
    places = np.concatenate([centres + step for step in steps])
    world = np.column_stack((places, np.full(len(places), BODY_HEIGHT)))
    pixels, _ = project(projection, world)
    here, right, up = pixels.reshape(3, -1, 2)
    jacobian = np.stack(((right - here) / 0.1, (up - here) / 0.1), axis=-1)
    least = np.linalg.svd(np.nan_to_num(jacobian), compute_uv=False)[..., -1]
    eye = camera_centre(projection)
    away = np.linalg.norm(centres - eye[:2], axis=1)
    above = max(float(eye[2]) - BODY_HEIGHT, 0.1)
    return Sight(least.reshape(ny, nx), (BODY_HEIGHT * away / above).reshape(ny, nx))


class Layer(Struct, frozen=True, eq=False):
    """What one believed camera says, on the site's grid."""

    moments: Array
    """(4, ny, nx): density people/m², and density times vx, vy (m/s) and speed variance (m²/s²)."""
    cover: Mask
    """(ny, nx) cells that it measures."""
    count: float
    """People that it counts on all its ground."""
    deviation: float
    """Standard deviation of that count's error."""
    noise: float
    """Standard deviation of the error of one velocity component of a cell, m/s."""
    sight: Sight | None = None
    """How well it sees each cell; None: all alike."""


class Fused(NamedTuple):
    """One field of several cameras."""

    field: Field
    shares: tuple[float, ...]
    """For each layer, the share of its people that the fused field takes from it."""


def fuse(*, grid: Grid, t: float, layers: Sequence[Layer]) -> Fused:
    """The field at `t` (seconds) that `layers` make together; ground that none covers is unknown.

    Cell by cell the mean weighted by 1 / variance, the best linear unbiased estimate for
    independent errors (Aitken 1935). A camera's count variance is spread over its ground by how
    well it sees each part (`Sight.doubt`, mean 1), so a weight does not depend on what that camera
    itself says of the cell: else an empty answer would always seem the surest. Velocity and
    variance are weighted by people too.

    `sigma` is propagated from the layers' own (see `field_of`), and is no less than what their
    disagreement shows: s² = sum w (d - mean)² / (k - 1) with weights w that add up to 1 (Birge,
    Phys. Rev. 40, 207, 1932), for k cameras that see the cell. Of that, what they disagree by in
    how many stand on all the ground that they share is `common` to its cells; the rest, who stands
    in which of two cells, is not.
    """
    nx, ny = grid.shape
    sums: Array = np.zeros((4, ny, nx))
    if not layers:
        blank = np.zeros((ny, nx))
        unseen = np.zeros((ny, nx), dtype=np.bool_)
        return Fused(Field(grid, t, blank, blank, blank, blank, blank, blank, unseen, blank), ())
    crowd = np.max([layer.moments[0] for layer in layers], axis=0)
    covers = [layer.cover | (layer.moments[0] > 0) for layer in layers]
    doubts = [_doubt(layer, crowd) for layer in layers]
    weights = np.stack(
        [
            cover * max(int(layer.cover.sum()), 1) / (max(layer.deviation, 1e-3) ** 2 * doubt)
            for layer, cover, doubt in zip(layers, covers, doubts, strict=True)
        ]
    )
    total = weights.sum(axis=0)
    known: Mask = total > 0
    parts = np.divide(weights, total, out=np.zeros_like(weights), where=known)
    for part, layer in zip(parts, layers, strict=True):
        sums += part * layer.moments
    density = sums[0]
    vx, vy, variance = np.divide(sums[1:], density, out=np.zeros_like(sums[1:]), where=density > 0)
    noise = sum(part * layer.noise for part, layer in zip(parts, layers, strict=True))
    sigma, common = _sigma(layers, covers, doubts, parts, density, grid.cell**2)
    field = Field(
        grid,
        t,
        density,
        vx,
        vy,
        variance,
        sigma,
        np.asarray(noise, dtype=np.float64),
        known,
        common,
    )
    shares = tuple(
        _share(layer, part, cover) for layer, part, cover in zip(layers, parts, covers, strict=True)
    )
    return Fused(field, shares)


def _doubt(layer: Layer, crowd: Array) -> Array:
    if layer.sight is None:
        return np.ones_like(crowd)
    doubt = layer.sight.doubt(crowd)
    own = doubt[layer.cover]
    return np.asarray(doubt / (float(own.mean()) if own.size else 1.0), dtype=np.float64)


def _sigma(
    layers: Sequence[Layer],
    covers: Sequence[Mask],
    doubts: Sequence[Array],
    parts: Array,
    density: Array,
    area: float,
) -> tuple[Array, Array]:
    """Standard deviation of the fused density (ny, nx), people/m², and what is `common` of it."""
    carried, spread, alike = np.zeros((3, *density.shape))
    for layer, doubt, part in zip(layers, doubts, parts, strict=True):
        people = layer.moments[0]
        common = common_doubt(people, layer.count, layer.deviation, area)
        own = own_doubt(layer.deviation, int(layer.cover.sum()), area, people)
        weight = part * part
        # Spread by how well each cell is seen: the variance of all of them stays the camera's.
        carried += weight * (doubt * (common * common + own * own) + DENSITY_STEP**2 / 12)
        alike += weight * (common if layer.sight is None else _tilted(common, doubt)) ** 2
        if len(layers) > 1:
            spread += part * (people - density) ** 2
    many = np.sum(covers, axis=0)
    shared = many > 1
    if shared.any():
        others = np.where(shared, many - 1, np.inf)
        carried = np.maximum(carried, spread / others)
        off = _disagreement(layers, covers, parts, density, shared) / others
        alike = np.maximum(alike, density * density * off)
    return np.sqrt(np.maximum(carried, alike)), np.sqrt(alike)


def _tilted(common: Array, doubt: Array) -> Array:
    """(ny, nx) the error of a camera's count, `common`, more of it where it sees worse."""
    tilted = np.sqrt(doubt) * common
    whole = float(tilted.sum())
    return np.asarray(tilted * (float(common.sum()) / whole)) if whole > 0 else tilted


def _disagreement(
    layers: Sequence[Layer], covers: Sequence[Mask], parts: Array, density: Array, shared: Mask
) -> Array:
    """(ny, nx) the mean square of what cameras are off by in all that they share, `parts` weighing.

    Each camera's people on the ground that it shares with others, against those of the fused
    `density` there, as a share of them.
    """
    squares: Array = np.zeros_like(density)
    for layer, cover, part in zip(layers, covers, parts, strict=True):
        ground = cover & shared
        fused = float(density[ground].sum())
        if fused > 0:
            squares += part * (float(layer.moments[0][ground].sum()) / fused - 1) ** 2
    return squares


def _share(layer: Layer, part: Array, cover: Mask) -> float:
    total = float(layer.moments[0].sum())
    if total > 0:
        return float((part * layer.moments[0]).sum()) / total
    return float(part.sum()) / max(int(cover.sum()), 1)
