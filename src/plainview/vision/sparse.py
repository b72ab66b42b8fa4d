"""The estimator for scenes in which the floor can be seen: plate, evidence, bodies, flow.

Where a crowd covers the floor, the dense estimator joins in (dense.py).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import View
from plainview.vision.bodies import NONE, Bodies, BodyModel, update
from plainview.vision.dense import Dense
from plainview.vision.detectability import Detectability
from plainview.vision.doubt import Counted, besides, variance
from plainview.vision.estimate import Estimate
from plainview.vision.flow import TORSO, Flow
from plainview.vision.foreground import Foreground, air
from plainview.vision.hidden import NOBODY, HiddenPeople
from plainview.vision.optics import Floats, Optics
from plainview.vision.overlooked import NOTHING, Overlooked
from plainview.vision.patches import Patches
from plainview.vision.plate import Image, Luma, Plate
from plainview.vision.rain import Rain
from plainview.vision.scene import FOLLOW_EVERY, Keeper
from plainview.vision.shadow import Cast
from plainview.vision.standing import Standing
from plainview.vision.sundial import Sundial
from plainview.vision.tint import Colour, Tint

LOOK_EVERY = 1.0
"""Seconds between two estimates of who stands behind others."""
FAST = 3.2
"""m/s that nobody walks at."""
COMPANY = 3
"""Fast bodies beside a fast one that make it part of a vehicle."""
SUNDIAL = 8
"""Frames of a plate from which on the direction of shadows is looked for in them."""
REACH = 2.0
"""Metres between parts of one vehicle."""
COMPANY_REACH = 1.5
"""Metres within which people hide each other."""
FULL_COMPANY = 4.0
"""People within that reach who hide as much as a crowd does."""
GATHERED = 0.75
"""Part of a full company at which the dense estimator looks soon whether there is a crowd."""
CROWDED = 0.1
"""People overlooked for each one found in a crowd, at most, at the 90 % level, beyond those that
detectability.py adds."""
PACKED = 2.0
"""people/m² allowed for on ground that moves and is not explained."""


class _Before(NamedTuple):
    """The frame before the last, as it was measured."""

    luma: Luma
    background: Luma
    """The plate in its light."""
    mask: Luma


class SparseEstimator:
    """Owns the plate of one view and the mixture of bodies before it."""

    def __init__(
        self,
        view: View,
        optics: Optics,
        plate: Plate,
        *,
        frames: Sequence[Luma] = (),
        tint: Tint | None = None,
        spare: bool = False,
    ) -> None:
        """Measure `view` through its `optics` against `plate`, learned from `frames` (h, w).

        `tint` is the plate's colour, where it is known. `spare`: see `dense.Dense`.
        """
        self._optics = optics
        self._polygon = Polygon(view.polygon)
        shapely.prepare(self._polygon)
        self.plate = plate
        haze = air(optics, plate, frames)
        self._foreground = Foreground(optics, plate, haze, tint)
        if (
            not haze.sure
            and len(frames) >= SUNDIAL
            and (sun := Sundial(optics, plate).read(frames))
        ):
            self._foreground.shadows.tell(sun)
        self._keeper = Keeper(plate)
        self._model = BodyModel(optics)
        self._flow = Flow(optics)
        self._hidden = HiddenPeople(view, optics)
        self._dense = Dense(view, optics, spare=spare)
        cells = self._dense.cells
        self._overlooked = None if cells is None else Overlooked(cells, optics.size)
        self._standing = Standing(optics, plate, frames)
        self._detectability = Detectability(optics)
        self._patches = Patches(optics)
        self._rain = Rain()
        self._in_plate = NONE
        self._beyond = NOTHING
        self._bodies = NONE
        self._behind = NOBODY
        self._read = (np.empty((0, 2)), np.empty(0))
        self._before: _Before | None = None
        self._missed = 0.0
        self._company = False
        self._since_look = LOOK_EVERY
        self._since_keep = 0.0
        self._noise = 0.05
        self.relit = False
        self.mask: Luma | None = None
        """(h, w) non-zero where bodies stood in the last frame."""
        self.evidence: Image | None = None
        """(h, w) log-odds of the last frame (see foreground.Foreground.evidence)."""

    @property
    def background(self) -> Luma:
        """(h, w) the plate in the last frame's light."""
        return self._foreground.background

    @property
    def tint(self) -> Tint | None:
        """The colour of the empty scene, where it is known."""
        return self._foreground.tint

    @property
    def tinted(self) -> Luma | None:
        """(h, w) what the last frame's colour says (see tint.Tint.differs); None for nothing."""
        return self._foreground.told

    @property
    def veil(self) -> float:
        """Part of the ground's luma that is that of a veil before it (see haze.py)."""
        return self._foreground.haze.veil

    @property
    def cast(self) -> Cast | None:
        """How dark shadows are thrown; None where none are, or nobody knows."""
        return self._foreground.shadows.dark()

    @property
    def bodies(self) -> Bodies:
        """The mixture after the last frame."""
        return self._bodies

    def frame(
        self, luma: Luma, dt: float, *, colour: Colour | None = None, trusted: bool = True
    ) -> Estimate:
        """Measure a working frame; see `estimate.Estimator`. Its `colour`, where it has one."""
        gap = dt > 1.5
        if gap:
            self._flow.forget()
        evidence = self._foreground.evidence(luma, self.mask, colour)
        self.evidence = evidence
        weighed = self._rain.dried(self._patches.weighed(self._foreground.weighed(evidence)), dt)
        self._model.begin(weighed, self._foreground.shadows.cast())
        bodies = update(self._model, self._bodies, min(dt, 2.0))
        self.mask = self._model.closed()
        motion = self._flow.measure(luma, evidence, bodies.places, bodies.velocities, dt)
        if motion.noise is not None:
            metres = self._metres_per_pixel(bodies.places)
            self._noise += 0.1 * (motion.noise * metres / max(dt, 0.04) - self._noise)
        self._bodies = _steer(bodies, motion.velocities, dt) if motion.tried else bodies
        if trusted:
            cast = self._foreground.shadows.cast()
            self._standing.frame(luma, self.background, self._bodies, cast, dt)
        self._since_look += dt
        if self._since_look >= LOOK_EVERY:
            if trusted:
                self._detectability.learn(self._bodies, evidence)
                self._patches.look(self._bodies, evidence)
            self._look_into_the_plate()
            self._missed = self._allowance(luma)
            # Before its first reading the network agrees on nobody: the next frame asks again.
            if self._overlooked is None or self._dense.bare is not None:
                self._since_look = 0.0
        self._before = _Before(luma, self.background, self.mask)
        self._since_keep += dt
        if trusted and self._since_keep >= FOLLOW_EVERY:
            light = self._foreground.light
            tinted = self._foreground.tinted(colour)
            upkeep = self._keeper.step(luma, evidence, self.mask, light, self._since_keep, tinted)
            self.relit = upkeep.relit
            self._since_keep = 0.0
            self._model.learn_occluders(self._bodies, weighed)
            self._foreground.learn(luma, self._bodies, self.mask)
        background, sharpness = self._foreground.background, self.plate.sharpness
        crowd = self._dense.frame(luma, background, sharpness, dt, company=self._company)
        if self._dense.fresh:
            self._read = (
                np.concatenate((self._bodies.places, self._behind.places)),
                np.concatenate((self._bodies.weights, self._behind.weights)),
            )
        estimate = self._estimate()
        return estimate if crowd is None else self._dense.blended(estimate, crowd)

    def _allowance(self, luma: Luma) -> float:
        """People that may be there beyond the mixture: an allowance for the interval's upper end.

        In company part of the people stand where no pixel of theirs shows; others stand in the
        plate itself; and where the picture moves on ground that no body explains, the plate may
        never have been seen empty.
        """
        everybody = self._everybody()
        places, weights = everybody.places, everybody.weights
        gap = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
        company = ((gap < COMPANY_REACH) @ weights - weights) / FULL_COMPANY
        gathered = bool(company.max(initial=0.0) >= GATHERED)
        self._company = gathered or self._standing.new()
        close = weights * np.minimum(company, 1.0)
        crowded = CROWDED * float(close[self._inside(places)].sum())
        crowded += self._beyond.missed
        before = self._before
        if before is None or before.luma.shape != luma.shape or self.mask is None:
            return crowded
        change = cv2.blur(_changed(luma, self.background, before), (3, 3))
        moving = np.asarray(change > 4.0 * self.plate.usual_noise, dtype=np.uint8)
        # Where somebody has just been the picture changes as well as where he is.
        return crowded + PACKED * self._hidden.unexplained(moving, self.mask | before.mask)

    def _metres_per_pixel(self, places: Floats) -> float:
        """Mean metres of one working pixel at the torsos of bodies at `places`."""
        projection = self._optics.projection
        depth = places @ projection[2, :2] + projection[2, 3] + projection[2, 2] * TORSO
        focal = float(np.linalg.norm(projection[0, :3]))
        return float(np.mean(np.maximum(depth, 0.0))) / focal if len(places) else 0.0

    def _look_into_the_plate(self) -> None:
        """Who stands in the plate, who stands behind others, and who may be there beyond both."""
        bare = self._dense.bare
        if self._overlooked is None or bare is None:
            self._behind = self._hidden.estimate(self._bodies)
            return
        agreed = self._overlooked.finds(bare, self._standing.bodies.places)
        self._in_plate = self._standing.beside(self._bodies, agreed)
        everybody = self._everybody()
        self._behind = self._hidden.estimate(everybody)
        # The reading may be a minute old, and those before the plate have walked on since.
        still = (self._in_plate.places, self._in_plate.weights)
        places, weights = (np.concatenate(pair) for pair in zip(self._read, still, strict=True))
        self._beyond = self._overlooked.beyond(bare, (places, weights), still, self._standing.alive)

    def _inside(self, places: Floats) -> NDArray[np.bool_]:
        """(n,) whether `places` (n, 2) lie in the area."""
        return np.asarray(shapely.contains_xy(self._polygon, places[:, 0], places[:, 1]))

    def _everybody(self) -> Bodies:
        """Those before the plate and those in it."""
        if len(self._in_plate.weights) == 0:
            return self._bodies
        pairs = zip(self._bodies, self._in_plate, strict=True)
        return Bodies(*(np.concatenate(pair) for pair in pairs))

    def _estimate(self) -> Estimate:
        bodies = self._everybody()
        weights = np.where(_vehicles(bodies), 0.0, bodies.weights)
        first = len(self._bodies.weights)
        veiled = weights * (self._detectability.stand_for(bodies, weights, first) - 1)
        hidden = self._behind
        inside = self._inside(bodies.places)
        beyond = self._beyond
        made_of = Counted(
            weights[inside],
            bodies.visible[inside],
            still=float((weights * inside)[first:].sum()),
            read=float(beyond.weights.sum()),
            apart=0.0 if self._dense.crowded else beyond.apart,
            unseen=float(hidden.weights[self._inside(hidden.places)].sum() + veiled[inside].sum()),
        )
        weights = weights + veiled
        return Estimate(
            np.concatenate((bodies.places, hidden.places, beyond.places)),
            np.concatenate((bodies.velocities, hidden.velocities, 0 * beyond.places)),
            np.concatenate((weights, hidden.weights, beyond.weights)),
            variance(made_of),
            self._missed + besides(made_of),
            self._noise,
        )


def _changed(luma: Luma, background: Luma, before: _Before) -> NDArray[Any]:
    """(h, w) grey levels by which a frame differs from the one before, but for the light's change.

    Lamps on the mains flicker, and a camera sets its gain: `background`, the plate in the light of
    `luma`, follows both.
    """
    if background is before.background:
        return np.asarray(cv2.absdiff(luma, before.luma))
    now = cv2.subtract(luma, background, dtype=cv2.CV_16S)
    then = cv2.subtract(before.luma, before.background, dtype=cv2.CV_16S)
    return np.asarray(cv2.absdiff(now, then))


def _vehicles(bodies: Bodies) -> NDArray[np.bool_]:
    """(n,) whether a body is part of something that is no person: many as one, faster than people.

    A car or tram is explained by several bodies side by side that all move at its speed.
    """
    n = len(bodies.weights)
    found = np.zeros(n, dtype=np.bool_)
    fast = np.nonzero(np.hypot(*bodies.velocities.T) > FAST)[0]
    if len(fast) <= COMPANY:
        return found
    gap = np.hypot(*(bodies.places[fast, None] - bodies.places[None, fast]).transpose(2, 0, 1))
    turn = bodies.velocities[fast, None] - bodies.velocities[None, fast]
    alike = (gap < REACH) & (np.hypot(turn[..., 0], turn[..., 1]) < 1.5)
    parts = fast[alike.sum(axis=1) > COMPANY]
    if len(parts) == 0:
        return found
    # What was only just found beside it belongs to it: its own motion is not measured yet.
    near = np.hypot(*(bodies.places[:, None] - bodies.places[None, parts]).transpose(2, 0, 1))
    still = ~np.any(bodies.velocities, axis=1)
    found[parts] = True
    return np.asarray(found | (still & (near.min(axis=1) < REACH)))


def _steer(bodies: Bodies, measured: Floats, dt: float) -> Bodies:
    """Give bodies their `measured` velocities (n, 2); where NaN, what they had fades."""
    known = ~np.isnan(measured[:, 0])
    velocities = bodies.velocities.copy()
    velocities[known] = measured[known]
    velocities[~known] *= 0.95 ** (dt / 0.2)
    return bodies._replace(velocities=velocities)
