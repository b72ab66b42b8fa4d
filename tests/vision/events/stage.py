"""A drawn place with people and things on it, as a detector of events is shown it."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Point, View, Zone, project
from plainview.record import Event
from plainview.synth.camera import Camera, hung
from plainview.synth.scenery import noise_tile
from plainview.vision.bodies import NONE, Bodies
from plainview.vision.events.detector import Detector
from plainview.vision.events.episodes import Episodes
from plainview.vision.events.seen import Seen
from plainview.vision.foreground import Foreground
from plainview.vision.optics import Optics, optics, outline
from plainview.vision.plate import Luma, Plate
from plainview.vision.tint import Colour, Tint

SIZE = (320, 180)
AREA: tuple[Point, ...] = ((-5.0, -4.0), (5.0, -4.0), (5.0, 6.0), (-5.0, 6.0))
MAST = hung("mast", at=(0.0, -9.0), height=5.5, towards=(0.0, 0.5), hfov=52, size=SIZE)
STEP = 0.4
_NOISE = 1.5
_ROUND = np.linspace(0, 2 * np.pi, 16, endpoint=False)


class Solid(NamedTuple):
    """The convex hull of balls: a bag, a body, a limb."""

    balls: NDArray[np.float64]
    """(n, 4) x, y, z and radius, metres."""
    shade: float
    """Luma of its side; its top is lighter, unless it has a colour."""
    tint: int = 0
    """Cr that it has more than grey."""


Moment = tuple[list[Solid], list[tuple[float, float, float, float]]]
"""What stands there, and the bodies (x, y, vx, vy) that the measurement finds, metres and m/s."""
Light = Callable[[NDArray[np.float32], float], None]


def box(x: float, y: float, size: tuple[float, float, float], shade: float = 45) -> Solid:
    """A block of `size` (width, depth, height) metres that stands at (x, y)."""
    w, d, h = (v / 2 - 0.03 for v in size)
    corners = [(x + a * w, y + b * d, 0.03 + c * 2 * h, 0.03)
               for a in (-1, 1) for b in (-1, 1) for c in (0, 1)]  # fmt: skip
    return Solid(np.array(corners), shade)


def limb(a: Sequence[float], b: Sequence[float], radius: float, shade: float) -> Solid:
    """A capsule from `a` to `b`, metres."""
    return Solid(np.array([[*a, radius], [*b, radius]], dtype=np.float64), shade)


def standing(x: float, y: float) -> list[Solid]:
    """Somebody upright, 1.75 m tall."""
    return [
        limb((x, y, 0.1), (x, y, 0.9), 0.13, 60),
        limb((x, y, 0.9), (x, y, 1.4), 0.2, 30),
        limb((x, y, 1.58), (x, y, 1.64), 0.11, 150),
    ]


def lying(x: float, y: float, angle: float) -> list[Solid]:
    """Somebody on the ground, head towards `angle` radians."""
    c, s = np.cos(angle), np.sin(angle)

    def at(along: float, up: float) -> tuple[float, float, float]:
        return (x + along * c, y + along * s, up)

    return [
        limb(at(-0.78, 0.1), at(0, 0.12), 0.13, 60),
        limb(at(0, 0.14), at(0.45, 0.15), 0.2, 30),
        limb(at(0.68, 0.12), at(0.74, 0.12), 0.11, 150),
    ]


def sitting(x: float, y: float) -> list[Solid]:
    """Somebody who sits on the ground and hugs the knees."""
    return [
        limb((x, y, 0.18), (x, y + 0.05, 0.6), 0.21, 30),
        limb((x, y - 0.15, 0.3), (x, y - 0.4, 0.35), 0.15, 60),
        limb((x, y, 0.8), (x, y, 0.85), 0.11, 150),
    ]


def view(camera: Camera = MAST, zones: tuple[Zone, ...] = ()) -> View:
    """What `camera` measures."""
    return View(calibration=camera.calibration(), polygon=AREA, zones=zones)


def hull(
    geometry: Optics, solid: Solid, lift: float = 0.0, swell: float = 1.0
) -> NDArray[np.int32]:
    """(n, 1, 2) the outline of `solid`, raised by `lift` metres, in sixteenths of a pixel."""
    places = solid.balls[:, :3] + np.array([0, 0, lift])
    pixels, depth = project(geometry.projection, places)
    radii = swell * solid.balls[:, 3] * np.linalg.norm(geometry.projection[0, :3]) / depth
    ring = np.column_stack((np.cos(_ROUND), np.sin(_ROUND)))
    points = pixels[:, None] + np.maximum(radii, 0.4)[:, None, None] * ring
    whole = np.rint(points.reshape(-1, 1, 2) * 16).astype(np.int32)
    return np.asarray(cv2.convexHull(whole), dtype=np.int32)


class Stage:
    """A textured ground before one camera. Owns its plate and the noise of its pictures."""

    def __init__(
        self, camera: Camera = MAST, *, began: Sequence[Solid] = (), coloured: bool = False
    ) -> None:
        """`began`: what the plate shows. `coloured`: whether colours are seen."""
        self.view = view(camera)
        self.optics = optics(self.view, *camera.size)
        width, height = self.optics.size
        self._generator = np.random.default_rng(3)
        tile = noise_tile(3, 512, 0.7)[:height, :width]
        self._ground = np.asarray(110 + 7 * tile, dtype=np.float32)
        self.plate = Plate.learn([self.picture(began) for _ in range(7)])
        tint = Tint.learn([self.colour(began) for _ in range(7)]) if coloured else None
        self._foreground = Foreground(self.optics, self.plate, tint=tint)

    def picture(self, solids: Sequence[Solid], light: Light | None = None, t: float = 0.0) -> Luma:
        """Luma (h, w) with `solids`, nearer ones last, under `light` at `t` seconds."""
        image = self._ground.copy()
        if light is not None:
            light(image, t)
        for solid in solids:
            cv2.fillPoly(image, [hull(self.optics, solid)], solid.shade, cv2.LINE_AA, 4)
            if solid.tint == 0:
                top = hull(self.optics, solid, 0.0, 0.5)
                cv2.fillPoly(image, [top], 1.5 * solid.shade + 10, cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(image, (3, 3), 0.7)
        soft = soft + self._generator.normal(0, _NOISE, soft.shape)
        return np.asarray(soft.clip(0, 255) + 0.5, dtype=np.uint8)

    def colour(self, solids: Sequence[Solid]) -> Colour:
        """(2, h/2, w/2) Cb and Cr of the same, of a grey ground."""
        height, width = self._ground.shape
        red = np.zeros(self._ground.shape, np.float32)
        for solid in solids:
            cv2.fillPoly(red, [hull(self.optics, solid)], float(solid.tint), cv2.LINE_AA, 4)
        half = (width // 2, height // 2)
        planes = [np.zeros_like(red), red]
        small = np.stack([cv2.resize(one, half, interpolation=cv2.INTER_AREA) for one in planes])
        noise = self._generator.normal(0, 0.7, small.shape)
        return np.rint(128 + small + noise).astype(np.uint8)

    def spot(self, x: float, y: float, size: tuple[float, float]) -> NDArray[np.float32]:
        """(h, w) 0 to 1: an ellipse of `size` metres on the ground."""
        angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        ring = np.column_stack((
            x + size[0] / 2 * np.cos(angles), y + size[1] / 2 * np.sin(angles), np.zeros(40)
        ))  # fmt: skip
        pixels, _ = project(self.optics.projection, ring)
        mask = np.zeros(self._ground.shape, np.float32)
        whole = np.rint(pixels * 16).astype(np.int32)[:, None, :]
        cv2.fillPoly(mask, [whole], 1.0, cv2.LINE_AA, 4)
        return mask

    def seen(
        self, seconds: float, what: Callable[[float], Moment], light: Light | None = None
    ) -> Iterator[Seen]:
        """All frames of `seconds`."""
        mask = np.zeros(self._ground.shape, np.uint8)
        for k in range(round(seconds / STEP)):
            t = k * STEP
            solids, people = what(t)
            luma = self.picture(solids, light, t)
            colour = self.colour(solids) if self._foreground.tint else None
            evidence = self._foreground.evidence(luma, mask, colour)
            mask = np.zeros_like(mask)
            for x, y, _, _ in people:
                figure = outline(self.optics.projection, self.optics.centre, np.array([x, y]), 1.1)
                cv2.fillPoly(mask, [figure], 1)
            rows = np.array(people, dtype=np.float64).reshape(-1, 4)
            ones = np.ones(len(rows))
            bodies = Bodies(rows[:, :2], rows[:, 2:], ones, ones) if len(rows) else NONE
            yield Seen(
                t, STEP, luma, None, self._foreground.background, evidence, mask, bodies,
                self.plate, trusted=True, tinted=self._foreground.told,
            )  # fmt: skip

    def events(
        self,
        by: Detector,
        seconds: float,
        what: Callable[[float], Moment],
        light: Light | None = None,
    ) -> list[Event]:
        """What `by` tells of."""
        episodes = Episodes(by.kind, by.patience)
        return [
            event
            for seen in self.seen(seconds, what, light)
            for event in episodes.step(seen.t, by.look(seen))
        ]


def walk(t: float, begin: float, stop: float, leave: float) -> Moment:
    """One who comes from the left at `begin`, stands at (0, 1) from `stop` to `leave`, and goes."""
    if t < begin or t > leave + 5:
        return [], []
    if t < stop:
        x, v = -1.2 * (stop - t), 1.2
    elif t < leave:
        x, v = 0.0, 0.0
    else:
        x, v = 1.2 * (t - leave), 1.2
    return standing(x, 1.0), [(x, 1.0, v, 0.0)]
