"""People and things of flat colours, drawn without the project's renderer: what is found of them.

    python bench/flat.py [--crowds 9] [--scenes 6] [--first K] [--kind KIND] ... [--keep FOLDER]

All that is rendered for training, tuning and evaluation comes from one renderer, whose people wear
greys. The scenes of `flat_scenes.py` share nothing with it but the cameras' geometry: capsules and
blocks of flat, strong colours on a ground of noise or tiles, without shadows. Crowds of a minute
are counted; of 100 s each in which somebody leaves a bag, falls, is where nobody may, drives the
wrong way or burns something, and of half as many in which none of it happens, events are told.
Each film is measured twice, as it is and with its colours taken away: the columns stand side by
side. A number is a seed.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from flat_scenes import KINDS, Scene, crowd, story, write
from plainview.app.clips import Clip, measure_clip, tell
from plainview.app.event_clips import measured_events
from plainview.errors import PlainviewError
from plainview.evaluate.event_truth import read_event_truth
from plainview.evaluate.events import Verdict
from plainview.evaluate.score import score
from plainview.evaluate.table import table
from plainview.record import EventKind

WAYS = ("in colour", "in greys")


class Counted(NamedTuple):
    """One crowd, one way."""

    truth: float
    mae: float
    bias: float
    inside: float


class Found(NamedTuple):
    """One scene, one way."""

    told: int
    """True events that were told in time."""
    true: int
    false: tuple[str, ...]


def counted(scene: Scene, folder: Path, *, colours: bool) -> Counted:
    """Its count against the truth."""
    place = write(scene, folder, colours=colours)
    seen = measure_clip(
        Clip(place / "video.mp4", place / "camera.toml", place / "truth.csv", scene.rate)
    )
    one = score(*seen).counts
    return Counted(one.truth, one.mae, one.bias, one.coverage)


def found(scene: Scene, folder: Path, *, colours: bool) -> Found:
    """Its events against the truth."""
    place = write(scene, folder, colours=colours)
    truth = read_event_truth(place / "events.json")
    judged = measured_events(place / "video.mp4", place / "camera.toml", truth)
    false = [
        f"{told.kind} at {told.start:.1f} s ({told.at[0]:.1f}, {told.at[1]:.1f}) m"
        for one in judged for told, verdict in one.told if verdict is Verdict.FALSE
    ]  # fmt: skip
    late = [late for one in judged for _, late in one.found]
    return Found(sum(one is not None for one in late), len(late), tuple(false))


def crowds(numbers: Sequence[int], folder: Path) -> Iterator[tuple[str, ...]]:
    """A row for each crowd, and one for all."""
    rows = []
    for number in numbers:
        scene = crowd(number)
        both = [counted(scene, folder, colours=colours) for colours in (True, False)]
        rows.append(both)
        tell(f"{scene.name}: {both[0].mae:.2f} of {both[0].truth:.1f}, in greys {both[1].mae:.2f}")
        yield (scene.name, *_row(both))
    if rows:
        means = [
            Counted(*(sum(values) / len(rows) for values in zip(*column, strict=True)))
            for column in zip(*rows, strict=True)
        ]
        yield ("mean", *_row(means))


def _row(both: Sequence[Counted]) -> tuple[str, ...]:
    cells = [f"{both[0].truth:.1f}"]
    for one in both:
        cells += [f"{one.mae:.2f}", f"{one.bias:+.2f}", f"{one.inside:.0%}"]
    return tuple(cells)


def stories(kinds: Sequence[EventKind], numbers: Sequence[int], folder: Path) -> Iterator[str]:
    """A line of Markdown for each kind; each miss and each false alarm on standard error."""
    rows = []
    for kind in kinds:
        sums: list[list[Found]] = [[], []]
        for number in numbers:
            scene = story(kind, number)
            for all_, colours, way in zip(sums, (True, False), WAYS, strict=True):
                one = found(scene, folder, colours=colours)
                all_.append(one)
                missed = ["missed"] if one.told < one.true else []
                for what in (*missed, *(f"false {false}" for false in one.false)):
                    tell(f"{scene.name} {way}: {what}")
        cells = [
            f"{sum(one.told for one in all_)} of {sum(one.true for one in all_)}, "
            f"{sum(len(one.false) for one in all_)} false"
            for all_ in sums
        ]
        rows.append((str(kind), *cells))
    yield table(("scenes of", *WAYS), rows)


def main() -> int:
    """Print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--crowds", type=int, default=9)
    parser.add_argument("--scenes", type=int, default=6, help="of each kind")
    parser.add_argument("--first", type=int, default=0, help="number of the first of each")
    parser.add_argument("--kind", action="append", choices=[str(kind) for kind in KINDS])
    parser.add_argument("--keep", type=Path, help="folder in which the films stay")
    asked = parser.parse_args()
    kinds = [EventKind(kind) for kind in asked.kind] if asked.kind else list(KINDS)
    with tempfile.TemporaryDirectory(prefix="plainview-flat-") as scratch:
        folder = asked.keep or Path(scratch)
        try:
            rows = list(crowds(range(asked.first, asked.first + asked.crowds), folder))
            if rows:
                head = ("crowd", "people", *(f"{what}, {way}" for way in WAYS
                                             for what in ("MAE", "bias", "inside")))  # fmt: skip
                print(table(head, rows), end="\n\n")
            if asked.scenes:
                numbers = range(asked.first, asked.first + asked.scenes)
                print(*stories(kinds, numbers, folder))
        except PlainviewError as error:
            tell(error.line())
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
