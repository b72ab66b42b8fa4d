"""How many detections one person is: rendered scenes with that person and without, measured.

Run: python bench/detections_per_person.py [--scenes plaza-sunny ...] [--people 5] [--seconds 40]
[--json out.json].
Two clips that differ by one person are neighbours in the sense of differential privacy. An hour's
mean sees the sum of what they change: the table gives that, in absolute value, divided by how long
they stood in the measured area. Every interval of the clip is in the sum, so that what a person
leaves behind (a ghost of the plate, another whom they hid) is theirs too. Published statistics
claim a bound on this number (docs/guide/statistics.md). The last columns are changes of single
intervals, in which the counting's own unrest is not averaged out: no bound rests on them.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from shapely import contains_xy
from shapely.geometry import Polygon

from plainview.app.clips import Clip, measure_clip
from plainview.synth.catalogue import scene_named
from plainview.synth.scene import Scene, render_scene
from plainview.synth.trajectories import Trajectories

SCENES = ("plaza-sunny", "street-low", "snow-bright", "night-lamps", "standing-crowd")
AWAY = -3000.0
"""Metres: where who is left out stands. The others keep their looks, which go by number."""
LEAST_STAY = 8.0
"""Seconds that a chosen person stays in the area."""


class Stay(NamedTuple):
    """What one person changed."""

    scene: str
    seconds: float
    """In the measured area."""
    detections: float
    """Size of the sum of the changes of the counts, over the seconds."""
    restless: float
    """The same with every change taken as positive."""
    most: float
    """The greatest change of one interval's count."""


def without(walks: Trajectories, person: int) -> Trajectories:
    """`walks` with the person of that row out of everybody's sight."""
    x, y = walks.x.copy(), walks.y.copy()
    rows = slice(int(walks.offset[person]), int(walks.offset[person + 1]))
    x[rows], y[rows] = AWAY, AWAY
    return replace(walks, x=x, y=y)


def stays(scene: Scene, walks: Trajectories, seconds: float) -> NDArray[np.float64]:
    """(p,) seconds that each person stands in the measured area within the clip."""
    inside = contains_xy(Polygon(scene.polygon), walks.x, walks.y)
    inside &= walks.frame < seconds * walks.rate
    return np.add.reduceat(inside, walks.offset[:-1]) / walks.rate


def counted(scene: Scene, walks: Trajectories, seconds: float) -> NDArray[np.float64]:
    """(n,) the count of each interval of a clip of these people, as a person would measure it."""
    with tempfile.TemporaryDirectory(prefix="plainview-neighbours-") as scratch:
        folder = Path(scratch)
        one = replace(scene, walks=lambda _seconds, _seed: walks, cameras=scene.cameras[:1])
        render_scene(one, folder, seconds=seconds)
        clip = Clip(
            folder / "video.mp4", folder / "camera.toml", folder / "truth.csv", scene.frame_rate
        )
        return np.array([one.count for one in measure_clip(clip).measured.intervals])


def measured(name: str, people: int, seconds: float, chance: np.random.Generator) -> list[Stay]:
    """The stays of `people` persons of the scene `name`, drawn from those who stay for a while."""
    scene = scene_named(name)
    walks = scene.walks(seconds, scene.seed)
    there = stays(scene, walks, seconds)
    long = np.flatnonzero(there >= LEAST_STAY)
    chosen = chance.permutation(long)[:people]
    whole = counted(scene, walks, seconds)
    found = []
    for person in chosen:
        less = counted(scene, without(walks, int(person)), seconds)
        change = whole - less[: len(whole)]
        stay = float(there[person])
        sizes = np.abs(change)
        found.append(
            Stay(
                name,
                stay,
                float(abs(change.sum()) / stay),
                float(sizes.sum() / stay),
                float(sizes.max()),
            )
        )
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", nargs="+", default=SCENES)
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    chance = np.random.default_rng(8)
    found: list[Stay] = []
    table = Table(title="Detections that one person is, over their stay in the measured area")
    for column in (
        "scene",
        "people",
        "mean",
        "95th percentile",
        "most",
        "unsigned",
        "one second",
    ):
        table.add_column(column, justify="left" if column == "scene" else "right")
    for name in given.scenes:
        of_scene = measured(name, given.people, given.seconds, chance)
        found += of_scene
        table.add_row(name, *_row(of_scene))
        if given.json:
            given.json.write_text(json.dumps([one._asdict() for one in found], indent=1))
    table.add_row("all", *_row(found))
    Console(width=110).print(table)


def _row(found: list[Stay]) -> list[str]:
    each = np.array([one.detections for one in found])
    # Who is there all day is many stays: their mean by time is what the day comes to.
    whole = np.average(each, weights=[one.seconds for one in found])
    return [
        str(len(found)),
        *(f"{value:.2f}" for value in (whole, *np.percentile(each, (95, 100)))),
        f"{max(one.restless for one in found):.2f}",
        f"{max(one.most for one in found):.1f}",
    ]


if __name__ == "__main__":
    main()
