"""Real cars that go the wrong way, because their lane was turned round.

    python bench/wrong_way.py [--data ../shared/data]

Nobody drives the wrong way in the real clips. But a lane's direction is a line in the camera's
file: turned round, each car that was noted in it goes against it. One table: of how many of them
the lane was told while they were in it, and what is told with the lanes as they are, where
nothing may be. Cars that follow one another are one event, which stands for three seconds after
the last that was seen in it; a car counts where an event began, or was still seen, with it there.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from plainview.app.event_clips import ROADS, measured_events
from plainview.app.road_clips import Road
from plainview.calibrate.output import camera_toml
from plainview.evaluate.event_truth import EventTruth, Spell
from plainview.evaluate.events import Told
from plainview.evaluate.table import table
from plainview.record import EventKind

QUIET = 3.0
"""Seconds for which an event stands after the last that was seen in it."""
LATE = 0.3
"""Seconds after a car has left within which it may still be told of."""


class Passed(NamedTuple):
    """The cars of one road, whether each was told of, and the events that were told."""

    road: Road
    told: tuple[bool, ...]
    turned: int
    unturned: int


def told_of(road: Road, told: Sequence[Told]) -> tuple[bool, ...]:
    """Whether an event of its lane began in, or stood through, each passage of `road`."""
    here = [one for one in told if one.zone == road.passing]
    return tuple(
        any(
            one.start <= end + LATE and (one.end is None or one.end - QUIET >= begin)
            for one in here
        )
        for begin, end in road.passages
    )


def look(video: Path, road: Road, scratch: Path) -> list[Told]:
    """What is told of wrong ways in `video` by the camera of `road`."""
    camera = scratch / f"{video.stem}.toml"
    camera.write_text(camera_toml(video.stem, road.view()), encoding="utf-8")
    seconds = max(end for _, end in road.passages)
    truth = EventTruth(seconds, (), (EventKind.WRONG_WAY,), (Spell(0.0, seconds, "daylight"),))
    (judged,) = measured_events(video, camera, truth)
    return [one for one, _ in judged.told]


def passed(video: Path, road: Road) -> Passed:
    """`video` measured twice: with the lanes turned round, and as they are."""
    with tempfile.TemporaryDirectory(prefix="plainview-wrong-way-") as scratch:
        turned = look(video, road.turned(), Path(scratch))
        unturned = look(video, road, Path(scratch))
    here = [one for one in turned if one.zone == road.passing]
    return Passed(road, told_of(road, turned), len(here), len(unturned))


def row(name: str, one: Passed) -> list[str]:
    """One line of the table; what was missed is named on standard error."""
    for (begin, end), told in zip(one.road.passages, one.told, strict=True):
        if not told:
            sys.stderr.write(f"{name}: not told, {begin} to {end} s\n")
    return [
        name, one.road.passing, f"{sum(one.told)}/{len(one.told)}",
        str(one.turned), str(one.unturned),
    ]  # fmt: skip


def main() -> None:
    """Measure both roads both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default)
    clips = parser.parse_args().data / "clips"
    rows = []
    for name, road in ROADS.items():
        if not (clips / name).is_file():
            sys.stderr.write(f"left out: {name}, because {clips / name} is not there\n")
            continue
        rows.append(row(name, passed(clips / name, road)))
    head = ["clip", "lane", "cars told of", "events", "told, lanes as they are"]
    sys.stdout.write(table(head, rows) + "\n")


if __name__ == "__main__":
    main()
