"""Movers: what moves before the camera, person-sized or vehicle-sized, in ground metres.

People are the bodies that the measurement has found. Vehicles fit no upright body: they are blobs
of evidence whose outline in the picture is that of a box on the ground of a vehicle's size. Both
are followed for a few seconds, inside the lens, to know how fast and which way they go; nothing of
that association is told.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely
from msgspec import UNSET
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import BODY_HEIGHT, Point, Zone, project, to_plane
from plainview.vision.bodies import Bodies
from plainview.vision.events.blobs import AROUND, DIFFERS, blobs, window
from plainview.vision.events.boxes import KINDS, Box, Rectangle, fit_boxes
from plainview.vision.events.paths import STANDING, Found, Path, Paths, Size
from plainview.vision.optics import Floats, Optics
from plainview.vision.plate import Image

FASTEST: Final = 8.0
"""m/s beyond which a body is no person, nor someone on a bicycle."""
TALL: Final = 1.12
"""Heights of a body above which nobody is."""
NEARER: Final = 0.3
"""Metres by which who hides another is nearer to the camera."""
HALF_WIDTH: Final = 0.13
"""Of a body, as a part of its height: shoulder to middle."""
CERTAIN: Final = 0.6
"""Weight from which a body counts as somebody."""
SHOWN: Final = 0.3
"""Part of a body that must be visible."""
EVERY: Final = 0.4
"""Seconds between two looks while no vehicle is under way: who walks is met again within a step."""
NARROWEST: Final = 1.2
"""Metres across a blob's foot below which it is no vehicle."""


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

    @property
    def speed(self) -> float:
        """m/s on the ground."""
        return float(np.hypot(self.vx, self.vy))

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
        self.window = window(optics, grounds)
        """Rows and columns of the working picture that are looked at; None for none."""
        self._near = shapely.union_all([Polygon(ground) for ground in grounds]).buffer(AROUND)
        shapely.prepare(self._near)
        self._paths = Paths()
        self._looked = -np.inf

    def due(self, t: float) -> bool:
        """Whether it is time for another look: for each frame while a vehicle is under way."""
        return not 0 <= t - self._looked < EVERY - 0.05 or any(
            path.found.size is Size.VEHICLE
            and (not path.known or float(np.hypot(*path.velocity)) > STANDING)
            for path in self._paths.paths
        )

    def step(
        self, t: float, evidence: Image, bodies: Bodies, veiled: Image | None = None
    ) -> tuple[Mover, ...]:
        """What is there at `t` seconds, by a frame's `evidence` (h, w) and the `bodies` in it.

        `veiled` is the evidence with what is veiled given back (keen.py).
        """
        self._looked = t
        if self.window is None:
            return ()
        keen = evidence if veiled is None else veiled
        found, wide, slim = self._outlined(keen, self.window)
        found += self._people(evidence, bodies, wide)
        if keen is not evidence:
            found += self._veiled(slim, bodies)
        places = np.array([(one.x, one.y) for one in found]).reshape(-1, 2)
        inside = shapely.contains_xy(self._near, places)
        near = [one for one, is_near in zip(found, inside, strict=True) if is_near]
        self._paths.step(near, t)
        return tuple(_mover(path) for path in self._paths.paths if path.last == t)

    def _outlined(
        self, evidence: Image, part: tuple[slice, slice]
    ) -> tuple[list[Found], list[Rectangle], list[tuple[Box, Rectangle]]]:
        """What is of a vehicle's outline, the blobs that are, and those of a person's."""
        projection = self._optics.projection
        wide = _wide(projection, blobs(evidence, part))
        boxes = [
            (box, blob)
            for box, blob in zip(fit_boxes(projection, wide), wide, strict=True)
            if box is not None
        ]
        large = [one for one in boxes if one[0].vehicle]
        slim = [one for one in boxes if not one[0].vehicle]
        return [_vehicle(box, projection) for box, _ in large], [blob for _, blob in large], slim

    def _veiled(self, slim: Sequence[tuple[Box, Rectangle]], bodies: Bodies) -> list[Found]:
        """People by their outlines `slim` alone, where none of the `bodies` is."""
        places = bodies.places[bodies.weights >= CERTAIN / 2]
        foot, _ = project(self._optics.projection, np.column_stack((places, np.zeros(len(places)))))
        return [
            Found(
                x=box.x,
                y=box.y,
                size=Size.PERSON,
                width=0.5,
                length=0.5,
                height=BODY_HEIGHT,
                heading=0.0,
                confidence=float(np.exp(-box.misfit)),
                blur=BODY_HEIGHT / max(blob.y1 - blob.y0, 1.0),
            )
            for box, blob in slim
            if not any(_within(one, blob) for one in foot)
        ]

    def _people(
        self, evidence: Image, bodies: Bodies, vehicles: Sequence[Rectangle]
    ) -> list[Found]:
        """The `bodies` that are surely there, on feet that can be seen, and no vehicle's parts."""
        speed = np.hypot(*bodies.velocities.T)
        sure = (bodies.weights >= CERTAIN) & (bodies.visible >= SHOWN) & (speed < FASTEST)
        places, weights = bodies.places[sure], bodies.weights[sure]
        feet = np.column_stack((places, np.zeros(len(places))))
        foot, depth = project(self._optics.projection, feet)
        head, _ = project(self._optics.projection, feet + np.array([0.0, 0.0, BODY_HEIGHT]))
        middle = (foot + head) / 2
        tall = np.maximum(np.hypot(*(foot - head).T), 1.0)
        hides = _hides(foot, head, depth)
        hidden = np.asarray(hides.any(axis=0))
        tops = _tops(evidence, foot, head)
        others = to_plane(
            self._optics.projection, foot + tops[:, None] * (head - foot), BODY_HEIGHT
        )
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
                blur=BODY_HEIGHT / float(tall[k]),
                other=_other(places, hides[k], others[k], above=bool(tops[k] > TALL)),
                flow=(float(velocity[0]), float(velocity[1])),
            )
            for k, velocity in enumerate(bodies.velocities[sure])
            if not hidden[k]
            and not any(_within(foot[k], one) and _within(middle[k], one) for one in vehicles)
        ]


def _other(
    places: Floats, hides: NDArray[np.bool_], top: Floats, *, above: bool
) -> tuple[float, float] | None:
    """Where a body stands if it was laid into a shadow or a reflection; None where nothing says so.

    That is at the place of the one whose feet it `hides` (n,), or at `top` (2,), by what goes on
    `above` it.
    """
    if hides.any():
        x, y = places[int(np.argmax(hides))]
    elif above:
        x, y = top
    else:
        return None
    return float(x), float(y)


def _tops(evidence: Image, foot: Floats, head: Floats) -> Floats:
    """(n,) how far up what differs goes on from a body's chest, in its heights above its foot.

    1 for who stands alone; more where somebody stands behind, or where the body was laid into
    somebody's shadow or reflection: those begin at his feet, and he goes on above.
    """
    height, width = evidence.shape
    steps = np.arange(0.7, 2.2, 0.04)
    up = head - foot
    side = np.hypot(*up.T) * 0.04 * np.array([[-1.0], [0.0], [1.0]])
    # (3, n, steps) columns: three side by side; (n, steps) rows, one for all three.
    x = np.rint((foot[:, 0] + side)[..., None] + steps * up[:, :1]).astype(np.int64)
    y = np.rint(foot[:, 1:] + steps * up[:, 1:]).astype(np.int64)
    values = evidence[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    shown = (inside & (values > DIFFERS)).any(axis=0)
    # A run ends at the second step in a row that does not show it.
    gap = ~shown[:, :-1] & ~shown[:, 1:]
    ends = np.where(gap.any(axis=1), gap.argmax(axis=1), len(steps) - 1)
    return np.asarray(steps[ends])


def _hides(foot: Floats, head: Floats, depth: Floats) -> NDArray[np.bool_]:
    """(n, n) whether the first stands before the second's feet: nothing tells where those are.

    Or the first is the second's shadow or reflection, taken for a body.
    """
    tall = foot[:, 1] - head[:, 1]
    beside = np.abs(foot[:, None, 0] - (foot[None, :, 0] + head[None, :, 0]) / 2)
    above = foot[None, :, 1] - foot[:, None, 1]
    nearer = depth[None, :] < depth[:, None] - NEARER
    before = (beside < HALF_WIDTH * tall[None, :]) & (above > 0) & (above < tall[None, :])
    return np.asarray((nearer & before).T)


def _within(pixel: Floats, blob: Rectangle) -> bool:
    """Whether `pixel` (2,) lies in `blob`, or little beside it."""
    return bool(blob.x0 - 2 <= pixel[0] <= blob.x1 + 2 and blob.y0 - 3 <= pixel[1] <= blob.y1 + 3)


def _wide(projection: Floats, blobs: Sequence[Rectangle]) -> list[Rectangle]:
    """Those of `blobs` that are broad enough at their foot for a vehicle, seen from wherever."""
    feet = [(x, blob.y1 - 1) for blob in blobs for x in (blob.x0, blob.x1)]
    ground = to_plane(projection, feet).reshape(-1, 2, 2)
    broad = ~(np.hypot(*(ground[:, 1] - ground[:, 0]).T) < NARROWEST)
    return [
        blob
        for blob, is_broad in zip(blobs, broad, strict=True)
        if is_broad or blob.left or blob.right or blob.bottom
    ]


def _vehicle(box: Box, projection: Floats) -> Found:
    length, width, height = (float(side) for side in KINDS[box.kind])
    foot = np.array([[box.x, box.y, 0.0]])
    here, _ = project(projection, foot)
    steps = [project(projection, foot + np.array([dx, dy, 0.0]))[0] for dx, dy in ((1, 0), (0, 1))]
    # Pixels of a metre in the direction in which the ground is seen most flatly.
    jacobian = np.stack([(step - here)[0] for step in steps], axis=-1)
    least = float(np.linalg.svd(jacobian, compute_uv=False)[-1])
    return Found(
        x=box.x,
        y=box.y,
        size=Size.VEHICLE,
        width=width,
        length=length,
        height=height,
        heading=box.heading,
        confidence=float(np.exp(-box.misfit)),
        blur=1.0 / max(least, 0.02),
    )


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
    )
