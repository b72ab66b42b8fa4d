"""How many of the count's 90 % intervals hold the truth, on scenes that nothing was set by.

    python bench/coverage.py [CLIPS] [--scenes N] [--first K] [--cores N]

Each scene is a place drawn at random, as those of events are (camera, ground, light, weather,
coder, benches and posts), through which 3 to 70 people walk in a minute, alone or in company, some
of whom stop. No estimator was trained on these; thresholds were set by some of the first 120, which
are left out, as by the ten scenes of `plainview evaluate`. One row for each scene and one for
all: error of the count, the share of intervals that hold the truth, with an interval over scenes (a
bootstrap: seconds of one scene are no trials of their own), and their width. CLIPS gets the films,
which are not drawn again.
"""

import argparse
import math
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from job import run
from plainview.app.clips import Clip, measure_clip, tell
from plainview.evaluate.score import score
from plainview.evaluate.table import table
from plainview.synth.events.site import Site, draw_site
from plainview.synth.scene import Scene, render_scene
from plainview.synth.simulate import scripted
from plainview.synth.trajectories import Trajectories

SEED = 20261129
LOOKED_AT = 120
"""Scenes, the first, that were looked at while something was mended."""
SECONDS = 60.0
PEOPLE = (3, 70)
"""In a minute, drawn evenly by the logarithm."""
STOPS = 0.25
"""Part of them who stop on their way."""
COMPANY = 0.3
"""Part of them who have somebody beside them."""
TIMES = 2000
"""Draws of the bootstrap."""
HEAD = ("scene", "people", "MAE", "bias", "inside", "width / people")


class Row(NamedTuple):
    """One scene."""

    name: str
    intervals: int
    truth: float
    mae: float
    bias: float
    inside: float
    """Share of the intervals that hold the truth."""
    width: float
    """People."""


def scene(number: int) -> Scene:
    """Scene `number`: the same wherever it is drawn."""
    g = np.random.default_rng((SEED, number))
    site = draw_site(g, wide=bool(g.random() < 0.4))
    people = round(math.exp(g.uniform(*np.log(PEOPLE))))
    walks = _walks(site, people)
    return Scene(
        f"coverage-{number:03d}", ", ".join(site.conditions), lambda _s, _k: walks,
        site.world, site.light, (site.camera,), site.area,
        frame_rate=site.frame_rate, seconds=SECONDS, bitrate=site.bitrate,
        sensor=site.sensor, effects=site.weather, seed=number,
    )  # fmt: skip


def _walks(site: Site, people: int) -> Trajectories:
    g = site.generator
    ways: list[tuple[tuple[float, float, float], ...]] = []
    while len(ways) < people:
        start, middle = site.edge(), site.spot()
        end, speed, begin = site.edge(start), g.uniform(0.7, 1.7), g.uniform(-15, SECONDS - 4)
        stay = float(g.uniform(5, 40)) if g.random() < STOPS else 0.0
        there = begin + math.dist(start, middle) / speed
        left = there + stay
        way = ((begin, *start), (there, *middle), (left + 0.01, *middle),
               (left + 0.01 + math.dist(middle, end) / speed, *end))  # fmt: skip
        ways.append(way)
        if g.random() < COMPANY:
            dx, dy = g.uniform(0.4, 0.7), g.uniform(-0.3, 0.3)
            ways.append(tuple((t, x + dx, y + dy) for t, x, y in way))
    return scripted(ways)


def row(number: int, clips: Path) -> Row:
    """Draw scene `number` into `clips` unless it is there, measure it, and score its count."""
    one = scene(number)
    place = clips / one.name
    if not (place / "scene.json").is_file():
        render_scene(one, place)
    seen = measure_clip(Clip(place / "video.mp4", place / "camera.toml", place / "truth.csv"))
    counted = score(*seen).counts
    tell(f"{one.name} ({one.about}): {counted.coverage:.0%} of {counted.intervals}")
    return Row(
        f"{number:03d}: {one.about}", counted.intervals, counted.truth, counted.mae, counted.bias,
        counted.coverage, counted.width,
    )  # fmt: skip


def shown(rows: list[Row]) -> str:
    """The table, and what it comes to over all scenes."""
    cells = [
        (one.name, f"{one.truth:.1f}", f"{one.mae:.2f}", f"{one.bias:+.2f}", f"{one.inside:.0%}",
         f"{one.width / max(one.truth, 0.1):.0%}")
        for one in rows
    ]  # fmt: skip
    inside = np.array([one.inside for one in rows])
    weights = np.array([one.intervals for one in rows], dtype=np.float64)
    g = np.random.default_rng(1)
    drawn = g.integers(len(rows), size=(TIMES, len(rows)))
    means = (inside[drawn] * weights[drawn]).sum(axis=1) / weights[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.05, 0.95))
    said = (
        f"{float(inside @ weights / weights.sum()):.0%} of {weights.sum():.0f} intervals of "
        f"{len(rows)} scenes hold the truth (90 %, over scenes: {low:.0%} to {high:.0%}); "
        "asked: 85 to 95 %."
    )
    return f"{table(HEAD, cells)}\n\n{said}"


def main() -> None:
    """Draw and measure them all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", type=Path, nargs="?", help="gets a folder for each scene")
    parser.add_argument("--scenes", type=int, default=30)
    parser.add_argument("--first", type=int, default=LOOKED_AT, help="how many to leave out")
    parser.add_argument("--cores", type=int, default=1)
    given = parser.parse_args()
    wanted = range(given.first, given.first + given.scenes)
    with (
        tempfile.TemporaryDirectory(prefix="plainview-coverage-") as scratch,
        ProcessPoolExecutor(given.cores, mp_context=get_context("spawn")) as pool,
    ):
        clips = given.clips or Path(scratch)
        clips.mkdir(parents=True, exist_ok=True)
        rows = list(pool.map(row, wanted, [clips] * len(wanted)))
    print(shown(rows))


if __name__ == "__main__":
    sys.exit(run(main))
