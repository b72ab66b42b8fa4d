"""What the errors of a dense crowd consist of, on the scenes drawn for calibration.

    python bench/dense_errors.py --keep CLIPS

Measures each calibration scene (`plainview.synth.blind`) as `plainview measure` does and compares
every cell of every second with the truth under the kernel of `score.local_density`, as `plainview
evaluate crowd` does. The first second is left out: a lens has no velocity yet. Density: what is
left when each scene's gain is taken out, then a curve by density that other scenes gave, then what
lasts in a cell. Velocity: ours, and the walkers' own averaged over windows in place of ours, under
the density that we said: no measurement on such windows could do better.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.app.clips import Clip, clips_of, measure_clip
from plainview.evaluate.measured import fields
from plainview.evaluate.samples import local_velocity
from plainview.evaluate.score import local_density, true_fields
from plainview.evaluate.table import number, percent, table
from plainview.evaluate.truth import Truth
from plainview.geometry import cells_inside
from plainview.synth import blind

Floats = NDArray[np.float64]
Row = tuple[str, ...]
LIMIT, FASTEST_ERROR = 0.15, 0.1
"""Of issue 3: mean relative error of density from 0.5 to 5 people/m²; m/s."""
LEAST, MOST, MOST_WALKED = 0.5, 8.0, 5.0
"""people/m² between which cells are compared: density, and the upper end for velocity."""
WINDOWS = (1.5, 0.5)
"""Metres across: windows over which the walkers' own velocities are averaged."""
BANDS = 12
"""Points of the curve by density."""
COUNTED = 0.3
"""Part of the people that a scene must be told at least: under it, it was not taken for a crowd."""


class Compared(NamedTuple):
    """One clip: s seconds by n cells inside its area."""

    kind: str
    true: Floats
    """(s, n) people/m²."""
    said: Floats
    """(s, n) people/m²."""
    walked: Floats
    """(s, n, 2) m/s."""
    told: Floats
    """(s, n, 2) m/s."""
    perfect: tuple[Floats, ...]
    """(s, n, 2) m/s: for each of WINDOWS, the walkers' own under the density said."""

    @property
    def on(self) -> NDArray[np.bool_]:
        """(s, n) which cells are compared."""
        return np.asarray((self.true >= LEAST) & (self.true < MOST))

    @property
    def gain(self) -> float:
        """People said for each true one."""
        return float(self.said[self.on].sum() / max(self.true[self.on].sum(), 1e-9))


def compared(folder: Path) -> Compared:
    """Measure the clip in `folder` and lay it beside its truth."""
    scene = json.loads((folder / "scene.json").read_text(encoding="utf-8"))
    clip = Clip(
        folder / "video.mp4", folder / "camera.toml", folder / "truth.csv",
        float(scene["frame_rate"]),
    )  # fmt: skip
    seen = measure_clip(clip)
    grid = seen.measured.grid
    inside = cells_inside(grid, seen.view.polygon)
    centres = grid.centres()
    rows: list[tuple[Floats, ...]] = []
    for start, end, interval in list(seen.measured.spans())[1:]:
        density, velocity = fields(grid, interval)
        true, walked = true_fields(seen.truth, grid, start, end)
        row = [local_density(one, inside, grid.cell)[inside] for one in (true, density)]
        row.append(local_velocity(true, walked, inside, grid.cell)[inside])
        own = [walkers(seen.truth, centres, one, (start, end)) for one in WINDOWS]
        row.extend(
            np.nan_to_num(local_velocity(density, field, inside, grid.cell)[inside])
            for field in (velocity, *own)
        )
        rows.append(tuple(row))
    columns = [np.stack(column) for column in zip(*rows, strict=True)]
    about = scene["about"]
    kind = "packed" if "packed" in about else "one way" if "drawn: uo" in about else "two ways"
    true, said, walked, told, *perfect = columns
    return Compared(kind, true, said, walked, told, tuple(perfect))


def walkers(truth: Truth, centres: Floats, side: float, span: tuple[float, float]) -> Floats:
    """(ny, nx, 2) m/s: mean velocity in a square of `side` metres about each of `centres`.

    Over `span` seconds; the nearest walkers' where the square is empty, NaN where nobody is.
    """
    rows, _ = truth.between(*span)
    place, velocity = truth.place[rows], truth.velocity[rows]
    if len(place) == 0:
        return np.full(centres.shape, np.nan)
    away = np.abs(centres.reshape(-1, 1, 2) - place).max(axis=-1)
    near = away <= np.maximum(side / 2, away.min(axis=1))[:, None]
    return np.asarray((near @ velocity / near.sum(axis=1)[:, None]).reshape(centres.shape))


def relative(clips: Sequence[Compared], said: Sequence[Floats]) -> float:
    """Mean relative error of densities `said` of `clips`."""
    parts = [(np.abs(m - c.true) / c.true)[c.on] for c, m in zip(clips, said, strict=True)]
    return float(np.concatenate(parts).mean())


def curved(clips: Sequence[Compared], said: Sequence[Floats]) -> list[Floats]:
    """`said` through a curve by density that all clips but the one itself give."""
    found = []
    for k, one in enumerate(said):
        others = [(c.true[c.on], m[c.on]) for j, (c, m) in enumerate(zip(clips, said, strict=True))
                  if j != k]  # fmt: skip
        true, told = (np.concatenate(part) for part in zip(*others, strict=True))
        order = np.array_split(np.argsort(told), BANDS)
        found.append(
            np.interp(one, [told[i].mean() for i in order], [true[i].mean() for i in order])
        )
    return found


def density_row(name: str, clips: Sequence[Compared]) -> Row:
    """The errors of `clips` as they are, and as parts are taken out one after another."""
    said = [c.said for c in clips]
    even = [c.said / c.gain for c in clips]
    still = [m - (m - c.true).mean(axis=0) for c, m in zip(clips, even, strict=True)]
    gains = np.log([c.gain for c in clips])
    return (
        name, str(len(clips)), f"{percent(relative(clips, said))} (≤ {percent(LIMIT)})",
        percent(relative(clips, curved(clips, said))), number(float(np.exp(gains.mean()))),
        number(float(gains.std())), percent(relative(clips, even)),
        percent(relative(clips, still)),
    )  # fmt: skip


def velocity_row(name: str, clips: Sequence[Compared]) -> Row:
    """The length of the velocities' errors, m/s, of ours and of what cannot be bettered."""

    def error(fields_: Sequence[Floats]) -> str:
        parts = [
            np.linalg.norm(m - c.walked, axis=-1)[c.on & (c.true < MOST_WALKED)]
            for c, m in zip(clips, fields_, strict=True)
        ]
        return number(float(np.concatenate(parts).mean()))

    ours = error([c.told for c in clips])
    best = [error([c.perfect[k] for c in clips]) for k in range(len(WINDOWS))]
    return (name, str(len(clips)), f"{ours} (≤ {FASTEST_ERROR:g})", *best)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, required=True, help="folder in which clips stay")
    parser.add_argument("--scenes", type=int, default=len(blind.CALIBRATION), help="first so many")
    given = parser.parse_args()
    clips = []
    for name in map(blind.name_of, list(blind.CALIBRATION)[: given.scenes]):
        (folder,) = clips_of(name, given.keep / name)
        found = compared(folder)
        if found.gain < COUNTED:
            sys.stdout.write(f"left out: {name}, not taken for a crowd\n")
            continue
        clips.append(found)
    kinds = [
        (kind, [c for c in clips if c.kind == kind]) for kind in ("one way", "two ways", "packed")
    ]
    kinds = [(kind, some) for kind, some in kinds if len(some) > 1]
    walked = [c for c in clips if c.kind != "packed"]
    head: Row = ("crowd", "scenes", "error", "by a curve of others", "gain", "its spread (log)",
            "without scenes' gains", "nor what lasts in a cell")  # fmt: skip
    both = [("recorded", walked), *kinds] if len(walked) > 1 else kinds
    print(table(head, [density_row(*one) for one in both]))
    head = ("crowd", "scenes", "error, m/s", *(f"walkers' own in {one:g} m" for one in WINDOWS))
    print(table(head, [velocity_row(*one) for one in both]))


if __name__ == "__main__":
    main()
