"""Does anybody who sleeps, sits or stands for hours get into the plate of a redacted view?

    python bench/view_sleepers.py [--seed N] [--keep FOLDER]

A square is rendered at each even hour of two days: sun that goes round and throws shadows of
posts, boxes and people, a day without it, and lamps at night. Six people lie, sit and stand
there, as still as statues, so that each look takes them for ground: what finds people and
movement is left out. What is asked is whether the day's vote alone keeps them out, in each plate
that it offers. `shown` are the pixels of people that any plate shows, of those that are to be
told from the ground; the last column is what the last plate knows of the whole picture. `--keep`
writes each last plate into a folder.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.evaluate.table import percent, table
from plainview.redacted import read_view_plate
from plainview.synth.camera import hung
from plainview.synth.events.person import Key, Person, looks
from plainview.synth.light import Lamp, Light
from plainview.synth.render import Renderer
from plainview.synth.scenery import Box, Mark, Post, World
from plainview.synth.simulate import empty
from plainview.vision.view.day import EVERY, Day
from plainview.vision.view.learn import Look
from plainview.vision.view.scenery import FLAT

Luma = NDArray[np.uint8]
CAMERA = hung("mast", at=(0.0, -12.0), height=5.0, towards=(0.0, 1.0), hfov=60, size=(640, 360))
WORLD = World(
    ground="paving",
    boxes=(
        Box(0, 12, 20, 2, 6, shade=0.4, pattern="windows"),
        Box(5, 4, 1.6, 0.5, 0.45, shade=0.3),
    ),
    posts=(Post(-5, 2, 0.1, 5.0), Post(3, 6, 0.15, 6.0)),
    marks=(Mark(0, 0, 8, 0.2, shade=0.6),),
)
LAMPS = (Lamp(-5, -3.5, 6.0, 0.5), Lamp(6, 2.5, 6.0, 0.5), Lamp(-3, 8, 6.0, 0.5))
LIE: Final = (
    ("back", -3.0, 0.5),
    ("side", 0.5, -1.5),
    ("front", 2.5, 1.5),
    ("sit-ground", -1.0, 4.0),
    ("sleep-bench", 5.0, 3.6),
    ("stand", -5.5, -0.5),
)
"""Poses and places, metres, of those who are there."""
FRAMES: Final = 8
TOLD: Final = 0.08
"""Of the ground's light, by which a pixel of somebody must differ to be told from it."""
HOURS: Final = 24
"""Looks: two days."""
NOBODY, AS_THEY_LIE, TURNED = 0, 1, 2


def light(k: int) -> Light:
    """That of look `k`: two hours each, from six in the morning on."""
    hour = (6 + 2 * k) % 24
    if not 6 <= hour < 20:
        return Light(sky=0.03, lamps=LAMPS, brightness=0.3, noise=0.05)
    high = float(np.sin(np.pi * (hour - 5) / 16))
    clear = k // 12 == 0
    return Light(
        sun=0.9 * high if clear else 0.0,
        sky=0.15 + 0.35 * high,
        elevation=8 + 48 * high,
        azimuth=15 + 13 * (hour - 6),
    )


def people(seed: int, turn: float) -> tuple[Person, ...]:
    """Those who lie there, `turn` degrees from how they first lay."""
    found = []
    for k, (pose, x, y) in enumerate(LIE):
        drawn = looks(np.random.default_rng(seed + k))
        keys = [Key(t, x, y, pose, 40.0 * k + turn) for t in (-10.0, 1e5)]
        found.append(Person(drawn, keys, fidget=0.0))
    return tuple(found)


class Scene(NamedTuple):
    """A look's picture without anybody, with them, and with them turned."""

    pictures: tuple[Luma, Luma, Luma]

    def of(self, who: int) -> Luma:
        """(h, w) of NOBODY, AS_THEY_LIE or TURNED."""
        return self.pictures[who]

    def told(self, who: int) -> NDArray[np.bool_]:
        """(h, w) where those who are there differ from the ground."""
        ground = self.pictures[NOBODY].astype(np.float32)
        return np.asarray(np.abs(self.pictures[who] - ground) > TOLD * ground + 2)


def scenes(seed: int) -> Iterator[Scene]:
    """Rendered, one for each look."""
    groups = ((), people(seed, 0.0), people(seed, 35.0))
    for k in range(HOURS):
        pictures = []
        for actors in groups:
            renderer = Renderer(WORLD, CAMERA, empty(), light(k), actors=actors, seed=seed + k)
            frames = [renderer.frame(n / 5).astype(np.float32) for n in range(FRAMES)]
            luma = np.mean(frames, axis=0) @ np.array([0.299, 0.587, 0.114], np.float32)
            pictures.append(np.clip(np.rint(luma), 0, 255).astype(np.uint8))
        yield Scene((pictures[0], pictures[1], pictures[2]))


CASES: Final[Mapping[str, Sequence[int]]] = {
    "nobody": [0] * 24,
    "arrive at noon, stay six hours": [0, 0, 0, 1, 1, 1, *[0] * 18],
    "there from the start, four hours": [1, 1, *[0] * 22],
    "the whole night": [*[0] * 7, *[1] * 5, *[0] * 12],
    "each night, at one place": [*[0] * 7, *[1] * 5, *[0] * 7, *[1] * 5],
    "came last, ten hours ago": [*[0] * 19, *[1] * 5],
    "every second look": [0, 1] * 12,
    "two days, turning every two hours": [1, 2] * 12,
    "two days, turning twice a day": ([1] * 6 + [2] * 6) * 2,
}


class Row(NamedTuple):
    """What came of a case."""

    plates: int
    shown: int
    """Pixels of people in any plate."""
    of: int
    """Pixels of people to be told, in the looks that plates show."""
    known: float
    plate: Luma | None


def case(there: Sequence[int], day_scenes: Sequence[Scene]) -> Row:
    """Let the looks of a case vote; `there` says who is in each."""
    width, height = CAMERA.size
    day, plates, most, of = Day((width, height)), 0, 0, 0
    picture: Luma | None = None
    for k, (who, scene) in enumerate(zip(there, day_scenes, strict=True)):
        begin = 1_000_000_000_000 + k * EVERY
        settled = np.ones((height, width), dtype=np.bool_)
        plate = day.add(Look(scene.of(who), settled, begin, begin + 660_000))
        if plate is None:
            continue
        plates += 1
        png = np.frombuffer(read_view_plate(plate).png, np.uint8)
        picture = np.asarray(cv2.imdecode(png, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
        n = _shown(picture, there[: k + 1], day_scenes)
        told = day_scenes[n].told(there[n])
        of = max(of, int(told.sum()))
        most = max(most, int((told & (picture > FLAT)).sum()))
    known = 0.0 if picture is None else float((picture > FLAT).mean())
    return Row(plates, most, of, known, picture)


def _shown(picture: Luma, there: Sequence[int], day_scenes: Sequence[Scene]) -> int:
    """Which of the looks a plate shows: it is the same to the last bit."""
    at = picture > FLAT
    away = [
        float(np.abs(picture[at].astype(int) - day_scenes[k].of(who)[at]).mean())
        for k, who in enumerate(there)
    ]
    return int(np.argmin(away))


def main() -> int:
    """Print the table; 0 if no plate shows anybody."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the last plates")
    arguments = parser.parse_args()
    rendered = list(scenes(arguments.seed))
    rows, worst = [], 0
    for number, (name, there) in enumerate(CASES.items()):
        row = case(there, rendered)
        worst = max(worst, row.shown)
        rows.append([name, str(row.plates), str(row.of), str(row.shown), "0", percent(row.known)])
        if arguments.keep is not None and row.plate is not None:
            arguments.keep.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(arguments.keep / f"{number}.png"), row.plate)
    print(table(["who is there", "plates", "pixels of people", "shown", "limit", "known"], rows))
    return 0 if worst == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
