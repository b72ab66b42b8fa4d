"""How the estimator errs, measured on dense scenes.

What `plainview evaluate crowd` measures here, `plainview evaluate alarms` puts on truth (`erring`).
Nothing of it reaches an estimator.
"""

import math
from collections.abc import Callable, Sequence
from importlib import resources
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from plainview.errors import InputError
from plainview.evaluate.measured import Measured, fields
from plainview.evaluate.score import local_density, true_fields
from plainview.evaluate.truth import Truth
from plainview.geometry import View, cells_inside

Floats = NDArray[np.float64]

EDGES = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, math.inf)
"""Edges of the density bands, people/m²."""
_LEAST = 30
"""Cells below which a band says nothing and takes its neighbour's numbers."""


class ErrorModel(Struct, frozen=True, forbid_unknown_fields=True):
    """Errors of a measured field of 1 m cells and 1 s; bands as in EDGES, by true local density."""

    ratio: tuple[float, ...]
    """Measured over true people, by band."""
    spread: tuple[float, ...]
    """Standard deviation of what is left in one cell, people/m², by band."""
    velocity: tuple[float, ...]
    """Standard deviation of what is left of one component of a cell's velocity, m/s, by band."""
    slope: tuple[float, ...]
    """Measured over true velocity, by band."""
    camera: float
    """Standard deviation of the logarithm of a camera's own lasting factor on all its densities."""
    common: float
    """Relative standard deviation of what all cells of one second share."""
    memory: float
    """Correlation of densities' errors from one second to the next, 0 to 1."""
    neighbour: float
    """Correlation of densities' errors of two neighbouring cells, 0 to 1."""
    flow_memory: float
    """As `memory`, of velocities."""
    flow_neighbour: float
    """As `neighbour`, of velocities."""
    width: float
    """Half of the 90 % interval on the count, over the count."""
    clips: int
    """How many clips all of this was measured on."""


Seen = tuple[Measured, Truth, View]
"""A measured clip with its truth."""


class _Clip(Struct, frozen=True):
    true: Floats
    """(k, m) people/m² in each of m cells in each of k intervals."""
    said: Floats
    near: Floats
    """(k, m) true local density."""
    off: Floats
    """(k, m, 2) error of velocity, m/s; NaN where either is unknown."""
    going: Floats
    """(k, m, 2) true velocity, NaN where the error is."""
    shape: NDArray[np.bool_]
    """(ny, nx) which cells those are."""


def _clip_of(measured: Measured, truth: Truth, view: View) -> _Clip:
    grid = measured.grid
    inside = cells_inside(grid, view.polygon)
    columns: list[tuple[Floats, ...]] = []
    for start, end, interval in measured.spans():
        people, moved = true_fields(truth, grid, start, end)
        counted, told = fields(grid, interval)
        around = local_density(people, inside, grid.cell)
        wrong = told - moved
        moved = np.where(np.isfinite(wrong), moved, np.nan)
        planes = (people, counted, around, wrong, moved)
        columns.append(tuple(plane[inside] for plane in planes))
    true, said, near, off, going = (np.stack(column) for column in zip(*columns, strict=True))
    return _Clip(true, said, near, off, going, inside)


def model_of(clips: Sequence[Seen]) -> ErrorModel:
    """The error model of the estimator that measured `clips`.

    A clip's cells are said = true * ratio(band) * camera * (1 + common) + spread(band) * noise; the
    factors are found in that order, each from what the ones before leave over.
    Raises InputError without clips.
    """
    if not clips:
        raise InputError("no clip to measure errors on", where="error model", mend="Give scenes")
    parts = [_clip_of(*clip) for clip in clips]
    flat = [np.concatenate([getattr(p, name).ravel() for p in parts]) for name in _FLAT]
    true, said, near = flat
    ratio = _by_band(near, lambda k: _over(float(said[k].sum()), float(true[k].sum())))
    factors, shared, left = [], [], []
    for part in parts:
        expected = part.true * pick(ratio, part.near)
        factor = float(part.said.sum()) / max(float(expected.sum()), 1e-9)
        factors.append(max(factor, 1e-3))
        sums = np.maximum(expected.sum(axis=1) * factor, 1e-9)
        common = part.said.sum(axis=1) / sums - 1
        shared.append(common)
        left.append(part.said - expected * factor * (1 + common[:, None]))
    rest = np.concatenate([part.ravel() for part in left])
    slope, velocity = _flow(parts)
    wrong = [_standard(p, slope, velocity) for p in parts]
    widths = [
        (i.high - i.low) / 2 / i.count for m, _, _ in clips for i in m.intervals if i.count >= 1
    ]
    return ErrorModel(
        ratio=ratio,
        spread=_by_band(near, lambda k: float(rest[k].std())),
        velocity=velocity,
        slope=slope,
        camera=float(np.std(np.log(factors))) if len(factors) > 1 else 0.0,
        common=float(np.sqrt(np.mean(np.concatenate(shared) ** 2))),
        memory=_correlation([(x[1:].ravel(), x[:-1].ravel()) for x in left]),
        neighbour=_correlation(
            [pair for x, p in zip(left, parts, strict=True) for pair in _beside(x, p.shape)]
        ),
        flow_memory=_correlation([pair for x in wrong for pair in _after(x)]),
        flow_neighbour=_correlation(
            [
                pair
                for x, p in zip(wrong, parts, strict=True)
                for k in (0, 1)
                for pair in _beside(x[..., k], p.shape)
            ]
        ),
        width=float(np.mean(widths)) if widths else 0.0,
        clips=len(clips),
    )


_FLAT = ("true", "said", "near")


def _flow(parts: Sequence[_Clip]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Slope and what is left, m/s, of velocities, by band: off = (slope - 1) going + the rest."""
    near = np.concatenate([p.near.ravel() for p in parts])
    off = np.concatenate([p.off.reshape(-1, 2) for p in parts])
    going = np.concatenate([p.going.reshape(-1, 2) for p in parts])
    known = np.isfinite(off).all(axis=1)

    def grown(k: NDArray[np.bool_]) -> float:
        a, b = off[k & known], going[k & known]
        return 1.0 + float((a * b).sum() / max((b**2).sum(), 1e-9))

    slope = _by_band(near, grown)
    rest = off - (pick(slope, near)[:, None] - 1) * going
    return slope, _by_band(near, lambda k: _root(rest[k & known]))


def _standard(part: _Clip, slope: Sequence[float], velocity: Sequence[float]) -> Floats:
    """(k, m, 2) what is left of the velocities' errors over its deviation; NaN where unknown."""
    rest = part.off - (pick(slope, part.near)[..., None] - 1) * part.going
    return rest / np.maximum(pick(velocity, part.near), 1e-9)[..., None]


def _after(left: Floats) -> list[tuple[Floats, Floats]]:
    """Pairs of one cell's error and that of the next second."""
    known = np.isfinite(left[1:]) & np.isfinite(left[:-1])
    return [(left[1:][known], left[:-1][known])]


def _over(said: float, true: float) -> float:
    return said / true if true > 0 else math.nan


def _root(errors: Floats) -> float:
    return float(np.sqrt(np.mean(errors**2))) if len(errors) else math.nan


def _by_band(near: Floats, value: Callable[[NDArray[np.bool_]], float]) -> tuple[float, ...]:
    """`value` of each band's cells; a band with too few takes the next lower one's, or higher."""
    found = []
    for low, high in pairwise(EDGES):
        chosen = (near >= low) & (near < high)
        found.append(value(chosen) if np.count_nonzero(chosen) >= _LEAST else math.nan)
    for k in range(1, len(found)):
        if math.isnan(found[k]):
            found[k] = found[k - 1]
    for k in range(len(found) - 2, -1, -1):
        if math.isnan(found[k]):
            found[k] = found[k + 1]
    return tuple(found)


def pick(values: Sequence[float], near: Floats) -> Floats:
    """The band's value for each local density."""
    return np.asarray(values)[np.searchsorted(EDGES[1:-1], near, side="right")]


def _beside(left: Floats, shape: NDArray[np.bool_]) -> list[tuple[Floats, Floats]]:
    """Pairs of neighbouring cells' errors, along rows and along columns."""
    whole = np.full((len(left), *shape.shape), np.nan)
    whole[:, shape] = left
    pairs = []
    for a, b in ((whole[:, 1:], whole[:, :-1]), (whole[:, :, 1:], whole[:, :, :-1])):
        known = np.isfinite(a) & np.isfinite(b)
        pairs.append((a[known], b[known]))
    return pairs


def _correlation(pairs: Sequence[tuple[Floats, Floats]]) -> float:
    """Correlation of all pairs together, within 0 and 0.98."""
    a = np.concatenate([pair[0] for pair in pairs])
    b = np.concatenate([pair[1] for pair in pairs])
    power = math.sqrt(float((a**2).sum()) * float((b**2).sum()))
    return min(max(float((a * b).sum()) / power, 0.0), 0.98) if power > 0 else 0.0


def write_model(model: ErrorModel, path: Path) -> None:
    """Write `model` as JSON. Raises OSError as the system says."""
    text = msgspec.json.format(msgspec.json.encode(_rounded(model)), indent=1)
    path.write_bytes(text + b"\n")


def _rounded(model: ErrorModel) -> ErrorModel:
    values: dict[str, object] = {}
    for name in model.__struct_fields__:
        value = getattr(model, name)
        values[name] = (
            tuple(round(v, 4) for v in value) if isinstance(value, tuple) else round(value, 4)
        )
    return msgspec.convert(values, ErrorModel)


def measured_model() -> ErrorModel:
    """The model in the package: what `plainview evaluate crowd --model` last wrote there."""
    file = resources.files("plainview.evaluate") / "error_model.json"
    return msgspec.json.decode(file.read_bytes(), type=ErrorModel)


def exact_model() -> ErrorModel:
    """An estimator without errors: what physics and thresholds are good for by themselves."""
    bands = len(EDGES) - 1
    ones, noughts = (1.0,) * bands, (0.0,) * bands
    return ErrorModel(
        ratio=ones, spread=noughts, velocity=noughts, slope=ones, camera=0.0, common=0.0,
        memory=0.0, neighbour=0.0, flow_memory=0.0, flow_neighbour=0.0, width=0.0, clips=0,
    )  # fmt: skip


def limit_model() -> ErrorModel:
    """An estimator whose density just keeps to the limits of issue 3; velocities as measured.

    To see what the watch makes of it. Density is off by 15 % in the mean from 0.5 to 5 people/m²
    and by 25 % above (a third of the variance lasts with the camera, a third is common to a second,
    a third is each cell's own), and the 90 % interval is as wide as what is lasting and common asks
    for; memory and likeness of neighbours are assumed. Velocities in dense crowds are measured to
    keep to their limit with room, and an error as large as it would hide a pressure of 0.02 /s².
    """
    flow = measured_model()
    third = 1 / math.sqrt(3)
    # The mean of |normal| is sqrt(2 / pi) of its standard deviation.
    relative = [limit / math.sqrt(2 / math.pi) for limit in (0.15,) * 5 + (0.25,)]
    middle = (0.25, 0.75, 1.5, 2.5, 4.0, 6.5)
    bands = len(EDGES) - 1
    return ErrorModel(
        ratio=(1.0,) * bands,
        spread=tuple(m * r * third for m, r in zip(middle, relative, strict=True)),
        velocity=flow.velocity,
        camera=relative[0] * third,
        common=relative[0] * third,
        slope=flow.slope,
        memory=0.6,
        neighbour=0.3,
        flow_memory=flow.flow_memory,
        flow_neighbour=flow.flow_neighbour,
        width=1.6449 * relative[0] * third * math.sqrt(2),
        clips=0,
    )
