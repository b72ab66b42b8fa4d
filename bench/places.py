"""The real recordings that events are played into (played.py): what each shows, and how."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from plainview.app.clips import PETS
from plainview.config import load_camera
from plainview.geometry import Point, to_plane
from plainview.synth.camera import Camera
from plainview.synth.events.site import Site
from plainview.synth.film import Tone, faced
from plainview.synth.light import Light


class Stretch(NamedTuple):
    """The part of a recording that is played into."""

    video: Path
    """Under the data's folder."""
    rate: float
    """Frames a second that are shown."""
    frames: int
    """Of the frames that are shown."""
    step: int = 1
    """Of the recording's frames, every so many is shown."""
    first: int = 0
    """The recording's frame that is shown first."""
    again: bool = False
    """Whether it is shown forth and back, over and over: shorter than a story is."""


class Place(NamedTuple):
    """What a recording shows, and how."""

    stretch: Stretch
    camera: Camera
    area: tuple[Point, ...]
    light: Light
    tone: Tone
    roads: bool
    """Whether vehicles come there."""
    usual: float | None = None
    """The picture's median, 0 to 1, while nothing bright is there; of a camera that adapts."""
    ways: tuple[Point, ...] = ()
    """Where one comes from (see Sided)."""


@dataclass(frozen=True)
class Sided(Site):
    """A place that one comes to on some sides only: there is a wall, or cars drive there."""

    ways: tuple[Point, ...] = ()
    """Places out of the picture; none: from wherever."""

    def edge(self, away_from: Point | None = None) -> Point:
        """A place from which one may come, or to which one may go."""
        if not self.ways:
            return super().edge(away_from)
        some = [self.ways[int(k)] for k in self.generator.integers(0, len(self.ways), 3)]
        return max(some, key=lambda way: math.dist(way, away_from or way))


def square(data: Path) -> Place:
    """PETS 2009 S2.L1: eight people at most walk over a square under an even grey sky."""
    real = load_camera(data / PETS / "camera.toml")
    camera, area = faced("pets", real.view.calibration, real.view.polygon)
    # Frames a second of the recording, which its container does not tell.
    stretch = Stretch(Path(PETS, "video.mp4"), 7.0, 795)
    # Dark clothes and the tarmac, by their reflectance and by eye.
    tone = Tone.through((0.03, 0.08), (0.2, 0.68))
    return Place(stretch, camera, area, Light(sky=0.55), tone, roads=True)


def room(_data: Path) -> Place:
    """People who step up to a small table, one by one, so near that they fill the picture.

    The camera by the table's height (1.1 m) and the people's, who stand 0.75 m before it; the area
    is the floor that is seen. One comes from the left or the right: behind is a wall.
    """
    camera = Camera("room", (0.0, -3.2, 2.15), (0.0, 1.41, 0.0), 60.0, (384, 216))
    stretch = Stretch(Path("clips", "people-one-by-one.mp4"), 5.0, 697, step=2)
    # Black clothes and the white wall.
    tone = Tone.through((0.03, 0.05), (0.8, 0.86))
    area = _floor(camera, (0.03, 0.97), (0.61, 0.97))
    ways = ((-4.5, -0.5), (-4.5, 0.4), (4.5, -0.5), (4.5, 0.4))
    return Place(stretch, camera, area, Light(sky=0.55), tone, roads=False, ways=ways)


def car_park(_data: Path) -> Place:
    """Tarmac from a roof 18 m up: cars pass, so bright that the camera dims the whole picture.

    The camera by the size of a car (4.48 by 1.75 m) near and far. It sways over the whole of the
    recording, by 12 pixels; in this stretch by 3. The area is what is beside the cars' way.
    """
    camera = Camera("car-park", (0.0, -17.7, 17.7), (0.0, 0.0, 0.0), 23.7, (384, 216))
    stretch = Stretch(Path("clips", "cars.mp4"), 6.25, 65, step=2, first=104, again=True)
    # Tyres and the tarmac.
    tone = Tone.through((0.03, 0.08), (0.12, 0.44))
    area = _floor(camera, (0.62, 0.97), (0.05, 0.97))
    ways = ((7.0, -3.0), (7.0, 0.0), (7.0, 3.0), (3.0, 8.0), (3.0, -7.0))
    return Place(stretch, camera, area, Light(sky=0.55), tone, roads=True, usual=0.44, ways=ways)


PLACES: Final = {"square": square, "room": room, "car-park": car_park}


def _floor(
    camera: Camera, columns: tuple[float, float], rows: tuple[float, float]
) -> tuple[Point, ...]:
    """The ground in a part of the picture, from shares of its width and of its height."""
    width, height = camera.size
    (left, right), (top, low) = columns, rows
    pixels = [(left, low), (right, low), (right, top), (left, top)]
    corners = to_plane(camera.matrix(), np.array(pixels) * (width, height))
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in corners)
