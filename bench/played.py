"""Events drawn into real recordings: what is found of them, and what real people pass for.

    python bench/played.py [--data ../shared/data] [--part tune] [--scenes 60] [--keep FOLDER]
                           [--place square] ...

No event happens in the real clips. So the stories of the suite of rendered scenes, those that need
neither night nor weather nor a bench, are played into the places of places.py: who and what is
there, the camera, its noise and its exposure are real; the bag and who leaves it, who falls, the
flame, the car that burns are drawn. A number is a seed, as in the suite, and tells where and when
in the recording it happens; even numbers are for tuning, odd ones are held out. Closed zones and
lanes are left out: real people walk in them. For each place the tables that `plainview evaluate
events` prints.
"""

import argparse
import itertools
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from places import PLACES, Place, Sided
from plainview.app.clips import tell
from plainview.app.event_clips import measured_events
from plainview.errors import PlainviewError
from plainview.evaluate.event_table import event_report
from plainview.evaluate.event_truth import read_event_truth
from plainview.evaluate.events import Judged
from plainview.synth.cast import Cast
from plainview.synth.events import burning, left_object, person_down
from plainview.synth.events.story import Play, Story
from plainview.synth.events.suite import PARTS, PER_PART, numbers, story_of, write_clip
from plainview.synth.events.truth import Conditions, truth_json
from plainview.synth.film import Film
from plainview.synth.picture import Sensor
from plainview.synth.scene import Scene
from plainview.synth.scenery import Box, World
from plainview.synth.simulate import empty

Picture = NDArray[np.uint8]
MODULES: Final[tuple[ModuleType, ...]] = (left_object, person_down, burning)
BITRATE: Final = 500_000
BENCH: Final = Box(0.0, 0.0, 1.8, 0.5, 0.45)
CONDITIONS: Final = Conditions("overcast", "dry", "good")


def can_be_played(story: Story, place: Place) -> bool:
    """Whether `story` may happen in `place` by day, in dry air, where no bench is."""
    return (
        story.light not in {"night", "dusk"}
        and story.weather is None
        and "bench" not in story.name
        and (place.roads or not story.wide)
    )


def played(place: Place, module: ModuleType, number: int) -> tuple[Story, Play] | None:
    """Scene `number` of a kind; None where its story cannot be played."""
    story, _ = story_of(module.KIND, number)
    if not can_be_played(story, place):
        return None
    seed = (zlib.crc32(module.KIND.encode()), number, 77)
    site = Sided(
        place.camera, place.area, World(), place.light, Sensor(), (), CONDITIONS, BITRATE,
        place.stretch.rate, BENCH, np.random.default_rng(seed), place.ways,
    )  # fmt: skip
    return story, story.play(site)


def frames(data: Path, place: Place, first: int, count: int) -> Iterator[Picture]:
    """`count` frames (h, w, 3) of the place's recording, from the shown frame `first` on."""
    stretch, (width, height) = place.stretch, place.camera.size
    with av.open(str(data / stretch.video), "r") as film:
        taken = itertools.islice(film.decode(video=0), stretch.first, None, stretch.step)
        shown: Iterator[Picture] = (
            np.asarray(
                frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA"),
                dtype=np.uint8,
            )
            for frame in itertools.islice(taken, stretch.frames)
        )
        if stretch.again:
            forth = list(shown)
            shown = itertools.cycle([*forth, *forth[-2:0:-1]])
        yield from itertools.islice(shown, first, first + count)


def draw(data: Path, place: Place, module: ModuleType, number: int, folder: Path) -> bool:
    """Write scene `number` into `folder`, if it is not there; False where it cannot be played."""
    made = played(place, module, number)
    if made is None:
        return False
    if (folder / "events.json").is_file():
        return True
    story, play = made
    rate, light = place.stretch.rate, place.light
    count = round(play.seconds * rate)
    last = place.stretch.frames - (0 if place.stretch.again else count)
    first = int(np.random.default_rng(number).integers(0, max(1, last)))
    cast = Cast(World(), light, empty(), actors=play.actors, effects=play.effects, seed=number)
    film = Film(place.camera, light, cast, place.tone, number, usual=place.usual)
    drawn = (
        film.over(frame, k / rate) for k, frame in enumerate(frames(data, place, first, count))
    )
    scene = Scene(
        f"{module.KIND}-{number:03d}", f"{story.name}, played into {place.stretch.video}",
        lambda _s, _k: empty(), World(), light, (place.camera,), place.area,
        frame_rate=rate, seconds=play.seconds, bitrate=BITRATE, zones=play.zones,
    )  # fmt: skip
    truth = truth_json(
        play.happenings, CONDITIONS, play.seconds, kind=module.KIND, story=story.name,
        part=PARTS[number % 2], judged=(module.KIND,),
    )  # fmt: skip
    write_clip(scene, drawn, truth, folder)
    return True


def judged(data: Path, place: Place, part: str, count: int, keep: Path) -> Iterator[Judged]:
    """Every scene of `part` that can be played, drawn into `keep` and measured."""
    for module in MODULES:
        for number in numbers(part, count):
            folder = keep / f"{module.KIND}-{number:03d}"
            if draw(data, place, module, number, folder):
                tell(f"measuring {folder.name}")
                truth = read_event_truth(folder / "events.json")
                yield from measured_events(folder / "video.mp4", folder / "camera.toml", truth)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--part", choices=PARTS, default=PARTS[1])
    parser.add_argument("--scenes", type=int, default=PER_PART, help="numbers of each kind")
    parser.add_argument("--keep", type=Path, help="where drawn clips stay, and are used again")
    parser.add_argument("--place", choices=PLACES, action="append", help="default: all of them")
    given = parser.parse_args(arguments)
    try:
        for name in given.place or PLACES:
            with tempfile.TemporaryDirectory(prefix="plainview-played-") as scratch:
                keep = (given.keep or Path(scratch)) / name
                place = PLACES[name](given.data)
                found = [*judged(given.data, place, given.part, given.scenes, keep)]
            print(f"{name}: {place.stretch.video}\n\n{event_report(found)}")
    except PlainviewError as error:
        print(error.line(), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
