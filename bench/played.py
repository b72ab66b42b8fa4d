"""Events drawn into a real recording: what is found of them, and what real people pass for.

    python bench/played.py [--data ../shared/data] [--part tune] [--scenes 60] [--keep FOLDER]

No event happens in the real clips. So the stories of the suite of rendered scenes, those that need
neither night nor weather nor a bench, are played into PETS 2009 S2.L1: the square, the eight people
at most who walk there, the camera and its noise are real; the bag and who leaves it, who falls, the
flame, the car that burns are drawn. A number is a seed, as in the suite, and tells where and when
in the recording it happens; even numbers are for tuning, odd ones are held out. Closed zones and
lanes are left out: real people walk in them. Tables as `plainview evaluate events` prints them.
"""

import argparse
import itertools
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from plainview.app.clips import PETS, tell
from plainview.app.event_clips import measured_events
from plainview.config import load_camera
from plainview.errors import PlainviewError
from plainview.evaluate.event_table import event_report
from plainview.evaluate.event_truth import read_event_truth
from plainview.evaluate.events import Judged
from plainview.geometry import Point
from plainview.synth.cast import Cast
from plainview.synth.events import burning, left_object, person_down
from plainview.synth.events.site import Site
from plainview.synth.events.story import Play, Story
from plainview.synth.events.suite import PARTS, PER_PART, numbers, story_of, write_clip
from plainview.synth.events.truth import Conditions, truth_json
from plainview.synth.film import Calibrated, Film, Tone, faced
from plainview.synth.light import Light
from plainview.synth.picture import Sensor
from plainview.synth.scene import Scene
from plainview.synth.scenery import Box, World
from plainview.synth.simulate import empty

MODULES: Final[tuple[ModuleType, ...]] = (left_object, person_down, burning)
RATE: Final = 7.0
"""Frames a second of the recording, which its container does not tell."""
FRAMES: Final = 795
BITRATE: Final = 500_000
LIGHT: Final = Light(sky=0.55)
"""An even grey sky, as on that day."""
TONE: Final = Tone.through((0.03, 0.08), (0.2, 0.68))
"""Dark clothes and the tarmac, by their reflectance and by eye."""
BENCH: Final = Box(0.0, 0.0, 1.8, 0.5, 0.45)
CONDITIONS: Final = Conditions("overcast", "dry", "good")


class Place(NamedTuple):
    """The recording's square."""

    video: Path
    camera: Calibrated
    area: tuple[Point, ...]


def can_be_played(story: Story) -> bool:
    """Whether `story` may happen by day, in dry air, where no bench is."""
    return (
        story.light not in {"night", "dusk"} and story.weather is None and "bench" not in story.name
    )


def played(place: Place, module: ModuleType, number: int) -> tuple[Story, Play] | None:
    """Scene `number` of a kind; None where its story cannot be played."""
    story, _ = story_of(module.KIND, number)
    if not can_be_played(story):
        return None
    seed = (zlib.crc32(module.KIND.encode()), number, 77)
    site = Site(
        place.camera, place.area, World(), LIGHT, Sensor(), (), CONDITIONS, BITRATE, RATE, BENCH,
        np.random.default_rng(seed),
    )  # fmt: skip
    return story, story.play(site)


def frames(video: Path, first: int, count: int) -> Iterator[NDArray[np.uint8]]:
    """`count` frames (h, w, 3) of `video` from `first` on."""
    with av.open(str(video), "r") as film:
        for frame in itertools.islice(film.decode(video=0), first, first + count):
            yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


def draw(place: Place, module: ModuleType, number: int, folder: Path) -> bool:
    """Write scene `number` into `folder`, if it is not there; False where it cannot be played."""
    made = played(place, module, number)
    if made is None:
        return False
    if (folder / "events.json").is_file():
        return True
    story, play = made
    count = round(play.seconds * RATE)
    first = int(np.random.default_rng(number).integers(0, max(1, FRAMES - count)))
    cast = Cast(World(), LIGHT, empty(), actors=play.actors, effects=play.effects, seed=number)
    film = Film(place.camera, LIGHT, cast, TONE, number)
    drawn = (
        film.over(frame, k / RATE) for k, frame in enumerate(frames(place.video, first, count))
    )
    scene = Scene(
        f"{module.KIND}-{number:03d}", f"{story.name}, played into {PETS}",
        lambda _s, _k: empty(), World(), LIGHT, (place.camera,), place.area,
        frame_rate=RATE, seconds=play.seconds, bitrate=BITRATE, zones=play.zones,
    )  # fmt: skip
    truth = truth_json(
        play.happenings, CONDITIONS, play.seconds, kind=module.KIND, story=story.name,
        part=PARTS[number % 2], judged=(module.KIND,),
    )  # fmt: skip
    write_clip(scene, drawn, truth, folder)
    return True


def judged(place: Place, part: str, count: int, keep: Path) -> Iterator[Judged]:
    """Every scene of `part` that can be played, drawn into `keep` and measured."""
    for module in MODULES:
        for number in numbers(part, count):
            folder = keep / f"{module.KIND}-{number:03d}"
            if draw(place, module, number, folder):
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
    given = parser.parse_args(arguments)
    try:
        real = load_camera(given.data / PETS / "camera.toml")
        camera, area = faced("pets", real.view.calibration, real.view.polygon)
        place = Place(given.data / PETS / "video.mp4", camera, area)
        with tempfile.TemporaryDirectory(prefix="plainview-played-") as scratch:
            found = [*judged(place, given.part, given.scenes, given.keep or Path(scratch))]
        print(event_report(found))
    except PlainviewError as error:
        print(error.line(), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
