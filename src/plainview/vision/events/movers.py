"""Movers: what moves before the camera, person-sized or vehicle-sized, in ground metres.

People are the bodies that the measurement has found. Vehicles fit no upright body: they are blobs
of evidence whose outline in the picture is that of a box on the ground of a vehicle's size. Both
are followed for a few seconds, inside the lens, to know how fast and which way they go; nothing of
that association is told.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from msgspec import UNSET
from shapely.geometry import Polygon

from plainview.geometry import BODY_HEIGHT, Point, Zone
from plainview.vision.bodies import Bodies
from plainview.vision.events.blobs import AROUND, window
from plainview.vision.events.boxes import Boxes, Rectangle
from plainview.vision.events.feet import (
    TALL,
    Standing,
    above,
    footed,
    found_anew,
    lifts,
    other_place,
    tops,
)
from plainview.vision.events.paths import STANDING, SWIFT, Found, Path, Paths, Size
from plainview.vision.events.shapes import flows, given, outlined, somebody, vehicle, within
from plainview.vision.optics import Floats, Optics
from plainview.vision.plate import Image

FASTEST: Final = 8.0
"""m/s beyond which a body is no person, nor someone on a bicycle."""
CERTAIN: Final = 0.6
"""Weight from which a body counts as somebody."""
MAYBE: Final = 0.25
"""Weight from which a body may be somebody."""
SHOWN: Final = 0.3
"""Part of a body that must be visible."""
EVERY: Final = 0.4
"""Seconds between two looks while no vehicle is under way: who walks is met again within a step."""
NEARLY_ALWAYS: Final = 0.75
"""Part of the looks in which somebody must be met of whom only an outline is found: what sways
makes one now and then."""
MOSTLY: Final = 0.5
"""The same in haze, where no leaves cast a shade: a few grey levels are all that is seen there of
somebody, now and then too few."""
LONG: Final = 5.0
"""Metres around a vehicle within which bodies are parts of it."""
FEW: Final = 3
"""Fast bodies within `LONG` of somebody, himself among them: more are one vehicle's parts."""


class Mover(NamedTuple):
    """Something that moves, or has moved and stands. Identity-free."""

    x: float
    """Ground metres of its foot, or of the middle of its footprint."""
    y: float
    vx: float
    """m/s."""
    vy: float
    size: Size
    width: float
    """Metres across its length, along it, and upwards; of a person those of an average one."""
    length: float
    height: float
    other: tuple[float, float] | None
    """Ground metres where a person stands if what is below is a shadow or a reflection."""
    heading: float
    """Radians of its length on the ground, from the x axis."""
    flow: tuple[float, float] | None
    """m/s by optical flow alone, of a person."""
    confidence: float
    """0 to 1, that it is there and of this size."""
    moved: bool
    """Whether it was under way since it was met: furniture and lights never are."""
    seconds: float
    """Since when it is there."""
    path: Floats
    """(n, 3) seconds, x and y: where it was in the last few seconds, oldest first."""
    share: float = 1.0
    """In which part of the looks of these seconds it was met."""
    given: bool = False
    """Whether most of it was veiled, and has proved a thing by its sharp ends (keen.py)."""
    part: bool = False
    """Whether what is of a person's size is a part of a vehicle, by how many are fast around it."""

    lift: float = 0.0
    """Heights of a person by which his feet are found lower than anything shows of him."""

    @property
    def outlined(self) -> bool:
        """Whether only the outline of somebody is found, and no body."""
        return self.size is Size.PERSON and self.flow is None

    @property
    def large(self) -> bool:
        """Whether it is a vehicle, or a part of one."""
        return self.part or self.size is Size.VEHICLE

    @property
    def speed(self) -> float:
        """m/s on the ground."""
        return math.hypot(self.vx, self.vy)

    def counts(self, zone: Zone) -> bool:
        """Whether it is of a size that `zone` is for."""
        if zone.sizes is not UNSET and self.size.value not in zone.sizes:
            return False
        return zone.length is UNSET or zone.length[0] <= self.length <= zone.length[1]

    def footprint(self) -> Polygon:
        """The ground that it stands on."""
        c, s = np.cos(self.heading), np.sin(self.heading)
        along = np.array([c, s]) * self.length / 2
        across = np.array([-s, c]) * self.width / 2
        middle = np.array([self.x, self.y])
        signs = ((1, 1), (1, -1), (-1, -1), (-1, 1))
        return Polygon([middle + a * along + b * across for a, b in signs])


class Movers:
    """Owns what is followed before one camera, around the ground that matters to it."""

    def __init__(self, optics: Optics, grounds: Sequence[Sequence[Point]]) -> None:
        """Follow what is on or near the polygons `grounds`, seen through `optics`."""
        self._optics = optics
        self._boxes = Boxes(optics.projection)
        self.window = window(optics, grounds)
        """Rows and columns of the working picture that are looked at; None for none."""
        self._near = shapely.union_all([Polygon(ground) for ground in grounds]).buffer(AROUND)
        shapely.prepare(self._near)
        self._paths = Paths()
        self._looked = -np.inf

    def due(self, t: float, bodies: Bodies) -> bool:
        """Whether it is time for another look: for each frame while a vehicle is under way.

        Or while any of `bodies` is swift: who runs or rides may be inside for half a second.
        """
        if not 0 <= t - self._looked < EVERY - 0.05:
            return True
        return any(_under_way(path) for path in self._paths.paths) or self._swift(bodies)

    def _swift(self, bodies: Bodies) -> bool:
        """Whether any of `bodies` near the ground that matters may run or ride."""
        fast = (bodies.weights >= MAYBE) & (np.hypot(*bodies.velocities.T) > SWIFT)
        return bool(fast.any()) and bool(shapely.contains_xy(self._near, bodies.places[fast]).any())

    def step(
        self,
        t: float,
        evidence: Image,
        bodies: Bodies,
        veiled: Image | None = None,
        *,
        light: float = 0.0,
    ) -> tuple[Mover, ...]:
        """What is there at `t` seconds, by a frame's `evidence` (h, w) and the `bodies` in it.

        `veiled` is the evidence with what is veiled given back (keen.py). Where any `light` runs
        over the ground (seen.Seen) nobody counts by his outline alone.
        """
        self._looked = t
        if self.window is None:
            return ()
        keen = evidence if veiled is None else veiled
        maybe = Standing(self._optics.projection, bodies.places[bodies.weights >= CERTAIN / 2])
        shapes = outlined(self._boxes, keen, self.window, maybe, light)
        sure = bodies.weights >= CERTAIN
        there = Standing(self._optics.projection, bodies.places[sure])
        large = [(box, blob) for box, blob in shapes if box.vehicle]
        found = [
            vehicle(box, self._optics.projection)._replace(
                given=given(evidence, keen, blob),
                bodies=flows(blob, there, bodies.velocities[sure]),
            )
            for box, blob in large
        ]
        found += self._people(evidence, bodies, [blob for _, blob in large])
        found += [
            somebody(box, blob)._replace(given=given(evidence, keen, blob))
            for box, blob in shapes
            if not box.vehicle
        ]
        places = np.array([(one.x, one.y) for one in found]).reshape(-1, 2)
        inside = shapely.contains_xy(self._near, places)
        near = [one for one, is_near in zip(found, inside, strict=True) if is_near]
        self._paths.step(near, t)
        return tuple(_mover(path) for path in self._paths.paths if path.last == t)

    def footed(self, evidence: Image, bodies: Bodies) -> Bodies:
        """Those of `bodies` that `evidence` (h, w) shows down to the ground (feet.py)."""
        return footed(self._optics.projection, evidence, bodies)

    def _people(
        self, evidence: Image, bodies: Bodies, vehicles: Sequence[Rectangle]
    ) -> list[Found]:
        """The `bodies` that are surely there, on feet that can be seen, and no vehicle's parts."""
        speed = np.hypot(*bodies.velocities.T)
        sure = (bodies.weights >= CERTAIN) & (bodies.visible >= SHOWN) & (speed < FASTEST)
        if not sure.any():
            return []
        places, own = found_anew(self._optics, evidence, bodies.places[sure])
        places, weights = places[own], bodies.weights[sure][own]
        velocities = bodies.velocities[sure][own]
        projection = self._optics.projection
        standing = Standing(projection, places)
        middle = (standing.foot + standing.head) / 2
        hides = standing.hides()
        hidden = np.asarray(hides.any(axis=0))
        ends, lift = tops(evidence, standing), lifts(evidence, standing)
        others = above(projection, standing, ends) if (ends > TALL).any() else places
        fast = bodies.places[speed > SWIFT]
        gaps = np.hypot(*(places[:, None] - fast[None]).transpose(2, 0, 1))
        crowded = np.count_nonzero(gaps < LONG, axis=1) > FEW
        return [
            Found(
                x=float(places[k, 0]),
                y=float(places[k, 1]),
                size=Size.PERSON,
                width=0.5,
                length=0.5,
                height=BODY_HEIGHT,
                heading=0.0,
                confidence=float(weights[k]),
                blur=BODY_HEIGHT / float(standing.tall[k]),
                other=other_place(places, hides[k], others[k], above=bool(ends[k] > TALL)),
                flow=(float(velocity[0]), float(velocity[1])),
                part=bool(crowded[k]),
                lift=float(lift[k]),
            )
            for k, velocity in enumerate(velocities)
            if not hidden[k]
            and not any(
                within(standing.foot[k], one) and within(middle[k], one) for one in vehicles
            )
        ]


def _under_way(path: Path) -> bool:
    """Whether `path` is that of a vehicle that does not stand, or of somebody swift."""
    if path.found.size is Size.VEHICLE:
        return not path.known or math.hypot(*path.velocity) > STANDING
    if path.found.flow is None:
        return path.swift
    if path.known:
        return path.runs
    return math.hypot(*path.found.flow) > SWIFT


def _mover(path: Path) -> Mover:
    found = path.found
    vx, vy = path.velocity
    return Mover(
        x=found.x,
        y=found.y,
        vx=vx,
        vy=vy,
        size=found.size,
        width=found.width,
        length=found.length,
        height=found.height,
        heading=found.heading,
        other=found.other,
        flow=found.flow,
        confidence=found.confidence,
        moved=path.moved,
        seconds=path.last - path.since,
        path=np.array(path.points),
        share=path.share,
        given=found.given,
        part=found.part,
        lift=found.lift,
    )
