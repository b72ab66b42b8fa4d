# /// script
# requires-python = ">=3.11"
# dependencies = ["plainview"]
# ///
"""How far off the dense estimator is on scenes that are drawn for setting it, and what that asks.

    python train/interval.py --keep clips [--along]

Measures each of the calibration scenes (`plainview.synth.blind`) as `plainview measure` does, and
prints count beside truth, and by how much density and interval would have to change for the counts
to be right on the whole and nine in ten intervals to hold the truth; then how far single places err
once what the whole moment errs by is taken out. GAIN, RELATIVE and GAP in vision/dense.py are set
by the former, the bound of a cell's own doubt in crowd/field.py by the latter, on these scenes
only; the blind scenes are for measuring.
"""

import argparse
import json
from itertools import pairwise
from pathlib import Path

import numpy as np

from plainview.app.clips import Clip, clips_of, measure_clip
from plainview.evaluate.samples import cell_samples
from plainview.evaluate.score import true_counts
from plainview.evaluate.table import number, table
from plainview.synth import blind

LEAST = 0.8
"""people/m² from which a clip is dense enough to set anything by."""
SPREADS = (0.0, 0.8, 1.2, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0)
"""people/m², as said: edges of the bands that single places' spread is told by."""


def measured(name: str, keep: Path) -> tuple[float, np.ndarray, np.ndarray]:
    """What was measured of the scene `name`.

    The area in m²; true count, count, low and high of each interval; and for each cell and interval
    the density said, under the kernel of `score.local_density`, and what it errs by on its own.
    """
    (folder,) = clips_of(name, keep / name)
    rate = json.loads((folder / "scene.json").read_text(encoding="utf-8"))["frame_rate"]
    seen = measure_clip(
        Clip(folder / "video.mp4", folder / "camera.toml", folder / "truth.csv", float(rate))
    )
    true = true_counts(seen.measured, seen.truth, seen.view.polygon)
    told = [(one.count, one.low, one.high) for one in seen.measured.intervals]
    (x0, y0), _, (x1, y1), _ = seen.view.polygon
    cells = cell_samples(*seen)
    own = [own_errors(cells.true[on], cells.said[on]) for on in each(cells.interval)]
    return (x1 - x0) * (y1 - y0), np.column_stack((true, told)), np.concatenate(own)


def each(numbers: np.ndarray) -> list[np.ndarray]:
    """(n,) where each of the different `numbers` (n,) is."""
    return [numbers == one for one in np.unique(numbers)]


def own_errors(true: np.ndarray, said: np.ndarray) -> np.ndarray:
    """(n, 2) density said, and its error without what all cells of the moment have in common."""
    ratio = said.sum() / max(true.sum(), 1e-9)
    return np.column_stack((said, said - ratio * true))


def spread_table(own: np.ndarray) -> str:
    """Root mean square of cells' own errors by the density said, people/m²."""
    rows = []
    for low, high in pairwise(SPREADS):
        on = (own[:, 0] >= low) & (own[:, 0] < high)
        if on.any():
            spread = float(np.sqrt(np.mean(own[on, 1] ** 2)))
            rows.append((f"{low:g} to {high:g}", str(int(on.sum())), number(spread)))
    return table(("people/m² said", "cells", "own error"), rows)


def main() -> None:
    """Print the table and what follows from it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, required=True, help="folder in which clips stay")
    parser.add_argument(
        "--along", action="store_true", help="of crowds seen along, by which nothing is set"
    )
    given = parser.parse_args()
    rows, ratios, needed, held, own = [], [], [], [], []
    for name in map(blind.name_of, blind.ALONG if given.along else blind.CALIBRATION):
        area, found, alone = measured(name, given.keep)
        true, count, low, high = found.T
        error = np.abs(count - true)
        half = np.where(true > count, high - count, count - low)
        inside = (low <= true) & (true <= high)
        density = float(true.mean()) / area
        ratio = float(count.mean() / max(true.mean(), 1e-9))
        row = (name, number(density), number(float(true.mean())), number(float(count.mean())))
        row += (number(ratio), f"{inside.mean():.0%}", number(float((high - low).mean())))
        rows.append(row)
        if density >= LEAST:
            ratios.append(ratio)
            needed.extend(error / np.maximum(half, 1e-9))
            held.extend(inside)
            own.append(alone)
    head = ("scene", "people/m²", "true", "counted", "ratio", "inside", "width")
    print(table(head, rows))
    print(f"median ratio {np.median(ratios):.3f}; its logarithm: {np.std(np.log(ratios)):.2f}")
    print(f"{np.mean(held):.0%} of {len(held)} intervals hold the truth; nine in ten would with")
    print(f"half-widths times {np.quantile(needed, 0.9):.2f}")
    print(spread_table(np.concatenate(own)))


if __name__ == "__main__":
    main()
