"""Small rendered scenes with known truth, shared by the tests of the measurement."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import Line, Point, View
from plainview.record import COUNT_STEP, Reading, decode
from plainview.synth.camera import Camera, hung
from plainview.synth.light import OVERCAST, Light
from plainview.synth.render import Renderer
from plainview.synth.scenery import World
from plainview.synth.simulate import empty
from plainview.synth.trajectories import Trajectories
from plainview.vision.estimate import Estimate
from plainview.vision.measure import Measurer
from plainview.vision.optics import Floats, optics
from plainview.vision.plate import Plate
from plainview.vision.sparse import SparseEstimator
from plainview.vision.spec import LensSpec

Luma = NDArray[np.uint8]

CAMERA = hung("mast", at=(0.0, -11.0), height=5.0, towards=(0.0, 0.5), hfov=58, size=(320, 180))
AREA: tuple[Point, ...] = ((-5.0, -3.0), (5.0, -3.0), (5.0, 5.0), (-5.0, 5.0))
WORLD = World(ground="paving")
NOBODY = empty()
RATE = 5.0
"""Frames per second."""


class Seen(NamedTuple):
    """What one frame was measured as."""

    t: float
    estimate: Estimate
    people: float
    """People within the area."""


def view(
    camera: Camera = CAMERA, area: tuple[Point, ...] = AREA, lines: tuple[Line, ...] = ()
) -> View:
    """What `camera` measures."""
    return View(calibration=camera.calibration(), polygon=area, lines=lines)


def film(
    walks: Trajectories,
    seconds: float,
    *,
    light: Light = OVERCAST,
    world: World = WORLD,
    camera: Camera = CAMERA,
    rate: float = RATE,
    begin: float = 0.0,
    seed: int = 1,
) -> Iterator[tuple[float, Luma]]:
    """(seconds, luma (h, w)) of the rendered scene, `rate` frames per second from `begin` on."""
    renderer = Renderer(world, camera, walks, light, seed=seed)
    for k in range(round(seconds * rate)):
        t = begin + k / rate
        yield t, grey(renderer.frame(t))


def grey(picture: NDArray[np.uint8]) -> Luma:
    """Luma (h, w) of an RGB picture (ITU-R BT.601)."""
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return np.asarray(np.rint(picture @ weights), dtype=np.uint8)


def estimator(
    *,
    light: Light = OVERCAST,
    world: World = WORLD,
    camera: Camera = CAMERA,
    seed: int = 1,
    area: tuple[Point, ...] = AREA,
) -> SparseEstimator:
    """One whose plate was learned from the empty scene."""
    quiet = _quiet(light, world, camera, seed)
    height, width = quiet[0].shape
    geometry = optics(view(camera, area), width, height)
    plate = Plate.learn([scaled(luma, geometry.size) for luma in quiet])
    return SparseEstimator(view(camera, area), geometry, plate)


@lru_cache(maxsize=8)
def _quiet(light: Light, world: World, camera: Camera, seed: int) -> tuple[Luma, ...]:
    """The empty scene: most tests begin with the same one, which takes longer than to look at."""
    frames = film(NOBODY, 2.4, light=light, world=world, camera=camera, seed=seed)
    return tuple(luma for _, luma in frames)


def scaled(luma: Luma, size: tuple[int, int]) -> Luma:
    """`luma` at another (width, height), as the measurement scales it."""
    if luma.shape[::-1] == size:
        return luma
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def watch(
    frames: Iterable[tuple[float, Luma]],
    by: SparseEstimator,
    *,
    rate: float = RATE,
    area: tuple[Point, ...] = AREA,
) -> list[Seen]:
    """Each of `frames` as measured by `by`."""
    polygon = Polygon(area)
    seen = []
    for t, luma in frames:
        estimate = by.frame(scaled(luma, by._optics.size), 1.0 / rate)
        seen.append(Seen(t, estimate, people_in(estimate.places, estimate.weights, polygon)))
    return seen


def people_in(places: Floats, weights: Floats, polygon: Polygon) -> float:
    """Expected people inside."""
    return float(weights[shapely.contains_xy(polygon, places[:, 0], places[:, 1])].sum())


def counts(seen: Sequence[Seen], start: float, end: float) -> NDArray[np.float64]:
    """The counts from `start` to `end` seconds."""
    return np.array([one.people for one in seen if start <= one.t < end])


def readings(
    frames: Iterable[tuple[float, Luma]], measurer: Measurer, spec: LensSpec, *, start: float = 0.0
) -> list[Reading]:
    """All that `measurer` says of `frames`, an interval closed each `spec.every` seconds."""
    said: list[bytes] = []
    end = start + spec.every
    span = round(spec.every * 1000)
    for t, luma in frames:
        while t >= end - 1e-9:
            said += measurer.interval(round(end * 1000), span, dropped=0, health=())
            end += spec.every
        measurer.frame(luma, t)
    said += measurer.interval(round(end * 1000), span, dropped=0, health=())
    said += measurer.finish()
    return [decode(data, shape=spec.view.grid().shape) for data in said]


def count_of(reading: Reading) -> float:
    """People."""
    return reading.count * COUNT_STEP
