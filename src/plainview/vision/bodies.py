"""From evidence per pixel to people on the ground: a mixture of upright bodies without identity.

The state is a Gaussian-mixture intensity in the sense of the PHD filter (Vo & Ma, IEEE Trans.
Signal Processing 54, 2006): each component is a place, a velocity and a weight, the expected
number of people there; there are no labels, and nothing tells which component was which before.
In each analysed frame the components are moved by their velocity, then weighed by how much of the
evidence their silhouette explains that bodies nearer to the camera do not; what remains
unexplained gives birth to new ones, best first. A body that others hide from the camera keeps its
weight for some seconds: hidden is not gone.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.optics import FARTHEST, SAMPLES, Floats, Optics, Outlines, flat_samples

EVIDENCE = 14.0
"""Log-odds of a wholly visible body whose every sample speaks for it (correlated pixels count as
about this many independent looks)."""
BIRTH = -4.8
"""Log-odds of an unexpected body at one place."""
DUE = 0.05
"""Mean evidence that the visible part of a body owes in every frame: errors of the plate, of light
and of shadows stay where they are, and must not add up over time."""
SURVIVAL = 0.97
"""Probability per analysed frame (0.2 s) that a hidden body is still there."""
LEAST = 0.05
"""Components lighter than this are dropped."""
APART = 0.38
"""Metres: two bodies cannot stand closer."""
MOST = 400
"""Bound on components."""
SHADOW_HALF = 0.3
"""Half-width of a body's shadow, metres."""
HALO = -0.15
"""Evidence of what differs within an arm's swing of a body that is already explained."""
ALPHA = 0.7
"""Part of the difference between a body's fitted and predicted place that corrects its place."""
BETA = 0.2
"""The same, over the time between frames, for its velocity."""
PROMISING = 0.4
"""Part of the log-odds of a birth from which a place of the grid is looked at closely."""
TRIES = 8
"""Places looked at in vain in one frame before the rest is left to the next."""
_STEP = 0.12
_PROBES = np.arange(2, SAMPLES, 10)
"""Samples on the body's axis, one of every second height."""
_REACH = np.array([(x, y) for x in range(-2, 3) for y in range(-2, 3)], dtype=np.float64) * _STEP
_MIDDLE = len(_REACH) // 2


class Bodies(NamedTuple):
    """The mixture after a frame: n components."""

    places: Floats
    """(n, 2) metres."""
    velocities: Floats
    """(n, 2) m/s."""
    weights: NDArray[np.float64]
    """(n,) expected people, 0 to 1."""
    visible: NDArray[np.float64]
    """(n,) part of the silhouette that is in the picture and not hidden by nearer bodies."""


NONE = Bodies(np.empty((0, 2)), np.empty((0, 2)), np.empty(0), np.empty(0))


def _logit(p: float) -> float:
    p = min(max(p, 1e-4), 1 - 1e-4)
    return math.log(p / (1 - p))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


class BodyModel:
    """Owns the evidence of one frame while bodies are fitted to it."""

    def __init__(self, optics: Optics) -> None:
        """Fit bodies seen through `optics`."""
        self.optics = optics
        self._outlines = Outlines(optics.projection, optics.centre)
        width, height = optics.size
        self._probes = np.ascontiguousarray(optics.samples[:, _PROBES])
        # One element past the last pixel stands for all that lies outside the picture.
        self._evidence = np.zeros(width * height + 1, dtype=np.float32)
        self._open = np.zeros(width * height + 1, dtype=np.uint8)
        self._evidence_2d = self._evidence[:-1].reshape(height, width)
        self._open_2d = self._open[:-1].reshape(height, width)
        # How often a pixel inside a certain body differed from the plate: posts, signs and walls
        # in front of people never do, and must not speak against them.
        self._trials = np.full((height, width), 4.0, dtype=np.float32)
        self._hits = np.full((height, width), 2.8, dtype=np.float32)
        self._shown = np.ones((height, width), dtype=np.float32)
        self.shadow: Floats | None = None
        """(4, 3) homogeneous pixels from a body's feet to the corners of its shadow's strip."""

    def begin(self, evidence: NDArray[np.float32], shadow: Floats | None = None) -> None:
        """Take a frame's `evidence` (h, w), -1 to 1, and the shadow (2,) that each body casts."""
        self.shadow = None
        if shadow is not None:
            self.shade(shadow)
        # What speaks against somebody counts by how much is shown there, which is 1 at most.
        np.minimum(evidence, 0, out=self._evidence_2d)
        self._evidence_2d *= self._shown
        np.maximum(evidence, self._evidence_2d, out=self._evidence_2d)
        self._open_2d[:] = 1

    def shade(self, cast: Floats) -> None:
        """Let each body cast a shadow that ends at `cast` (2,) metres from its feet."""
        self.shadow = _strip(cast) @ self.optics.projection[:, :2].T

    def flat(self, places: Floats) -> NDArray[np.int32]:
        """(n, SAMPLES) flat pixel indices of the bodies at `places` (n, 2)."""
        optics = self.optics
        return flat_samples(optics.projection, optics.centre, optics.size, places)[0]

    def gather(self, flat: NDArray[np.int32]) -> tuple[Floats, Floats]:
        """Log-odds (n,) from unexplained evidence of samples `flat` (n, SAMPLES), visible part."""
        total = self._evidence.take(flat).sum(axis=1) * (EVIDENCE / SAMPLES)
        visible = self._open.take(flat).mean(axis=1, dtype=np.float32)
        return total.astype(np.float64), visible.astype(np.float64)

    def around(self, places: Floats) -> tuple[Floats, NDArray[np.int32]]:
        """Places (n, m, 2) around each of `places` (n, 2), and their samples (n, m, SAMPLES)."""
        near = places[:, None, :] + _REACH
        flat = self.flat(near.reshape(-1, 2))
        return near, flat.reshape(len(places), len(_REACH), SAMPLES)

    def beside(self, index: int) -> tuple[Floats, NDArray[np.int32]]:
        """Places (m, 2) around the grid's place `index`, and their samples (m, SAMPLES)."""
        near, flat = self.around(self.optics.places[index][None])
        return near[0], flat[0]

    def best(self, near: Floats, flat: NDArray[np.int32]) -> tuple[Floats, float, float]:
        """The best of the places `near` (m, 2), its log-odds and its visible part.

        The middle one is kept unless another is better.
        """
        score = np.add.reduce(self._evidence.take(flat), axis=1)
        k = int(score.argmax())
        if score[k] <= score[_MIDDLE] + 1e-6:
            k = _MIDDLE
        visible = float(np.float32(np.count_nonzero(self._open.take(flat[k])) / SAMPLES))
        return near[k], float(score[k]) * (EVIDENCE / SAMPLES), visible

    def explain(self, place: Floats) -> None:
        """Take the silhouette of a body at `place` (2,) out of the evidence.

        What lies within its outline speaks for and against no other body; what lies in a halo of
        an arm's swing around it does not speak for one.
        """
        core, halo = self.outline(place)
        x, y, w, h = cv2.boundingRect(halo)
        x0, y0 = max(x - 1, 0), max(y - 2, 0)
        x1, y1 = min(x + w + 1, self.optics.size[0]), min(y + h + 2, self.optics.size[1])
        if x1 <= x0 or y1 <= y0:
            return
        self._cap(halo, HALO, (x0, y0, x1, y1))
        cv2.fillPoly(self._evidence_2d, [core], 0.0)
        cv2.fillPoly(self._open_2d, [core], 0)
        if self.shadow is not None:
            self._explain_shadow(place, self.shadow)

    def outline(self, place: Floats) -> list[NDArray[np.int32]]:
        """What lies within the body at `place` (2,), and its halo: polygons (m, 1, 2)."""
        return self._outlines.around(place, (1.1, 2.0))

    def _explain_shadow(self, place: Floats, strip: Floats) -> None:
        """Let what lies in the `strip` (4, 3) beside `place` (2,) speak for no body."""
        projection = self.optics.projection
        corners = strip + (projection[:, :2] @ place + projection[:, 3])
        if corners[:, 2].min() < 0.5:
            return
        pixels = np.rint(corners[:, :2] / corners[:, 2:])
        np.minimum(np.maximum(pixels, -FARTHEST, out=pixels), FARTHEST, out=pixels)
        polygon = pixels.astype(np.int32)[:, None, :]
        x, y, w, h = cv2.boundingRect(polygon)
        x0, y0 = max(x, 0), max(y, 0)
        x1, y1 = min(x + w, self.optics.size[0]), min(y + h, self.optics.size[1])
        if x1 > x0 and y1 > y0:
            self._cap(polygon, 0.0, (x0, y0, x1, y1))

    def _cap(self, polygon: NDArray[np.int32], most: float, box: tuple[int, int, int, int]) -> None:
        """Leave `most` evidence at most in `polygon`, of which `box` (x0, y0, x1, y1) shows all."""
        x0, y0, x1, y1 = box
        bound = np.full((y1 - y0, x1 - x0), math.inf, dtype=np.float32)
        cv2.fillPoly(bound, [polygon], most, offset=(-x0, -y0))
        evidence = self._evidence_2d[y0:y1, x0:x1]
        np.minimum(evidence, bound, out=evidence)

    def learn_occluders(self, bodies: Bodies, evidence: NDArray[np.float32]) -> None:
        """Note which pixels of certain, unhidden bodies showed them in a frame's `evidence`."""
        certain = (bodies.weights > 0.9) & (bodies.visible > 0.8)
        if not certain.any():
            return
        mask = np.zeros(evidence.shape, dtype=np.uint8)
        for place in bodies.places[certain]:
            cv2.fillPoly(mask, self._outlines.around(place, (0.7,)), 1)
        covered = mask > 0
        self._trials[covered] += 1
        self._hits[covered] += evidence[covered] > 0
        share = self._hits / self._trials
        share -= np.float32(0.1)
        share /= np.float32(0.4)
        np.clip(share, 0.0, 1.0, out=self._shown)
        if float(self._trials.max()) > 200:
            # Scenery changes: what was learned fades by half.
            self._trials *= 0.5
            self._hits *= 0.5

    def closed(self) -> NDArray[np.uint8]:
        """(h, w) non-zero where bodies were explained."""
        return np.asarray(self._open_2d == 0, dtype=np.uint8)

    def candidates(
        self, least: float, among: NDArray[np.intp] | None = None
    ) -> tuple[NDArray[np.intp], Floats]:
        """Indices of grid places whose unexplained log-odds pass `least`, and those.

        `among` are those that passed before: within one frame evidence is only ever taken away.
        """
        # A few samples of the trunk tell where a look at all of them is worth it.
        worth = self.promising() if among is None else among
        total = self._evidence.take(self.optics.samples[worth]).sum(axis=1) * (EVIDENCE / SAMPLES)
        good = total > least
        return worth[good], total[good].astype(np.float64)

    def promising(self) -> NDArray[np.intp]:
        """Indices of grid places with any evidence at a sample of the trunk."""
        some = (self._evidence > 0).take(self._probes)
        return np.nonzero(some.any(axis=1))[0]


def _strip(cast: Floats) -> Floats:
    """(4, 2) metres from a body's feet to the corners of its shadow, which ends at `cast` (2,)."""
    side = np.array([-cast[1], cast[0]]) * (SHADOW_HALF / max(float(np.hypot(*cast)), 1e-6))
    return np.array([side, cast + side, cast - side, -side])


class _Mixture:
    """Owns the components of the mixture that is being made for one frame."""

    def __init__(self, model: BodyModel) -> None:
        self._model = model
        self.places: list[Floats] = []
        self._taken = np.empty((MOST, 2))
        """Of its first rows, one is each of `places`."""
        self.velocities: list[Floats] = []
        self.weights: list[float] = []
        self.visible: list[float] = []

    def near(self, place: Floats) -> bool:
        """Whether a body at `place` (2,) would stand inside one that is there already."""
        many = len(self.places)
        gap = self._taken[:many] - place
        return many > 0 and bool(np.einsum("ij,ij->i", gap, gap).min() < APART**2)

    def add(self, place: Floats, velocity: Floats, weight: float, visible: float) -> None:
        self._taken[len(self.places)] = place
        self.places.append(place)
        self.velocities.append(velocity)
        self.weights.append(weight)
        self.visible.append(visible)

    def keep(self, prior: Bodies, dt: float) -> None:
        """Move the components of `prior` on by `dt` seconds and weigh them anew."""
        model = self._model
        moved = prior.places + prior.velocities * dt
        survival = SURVIVAL ** (dt / 0.2)
        near, flat = model.around(moved)
        first, _ = model.gather(flat[:, _MIDDLE])
        for k in np.argsort(-(first + 2 * prior.weights), kind="stable"):
            expected = moved[k]
            place, score, visible = model.best(near[k], flat[k])
            if self.near(place):
                place = expected
                if self.near(place):
                    continue
                scores, visibles = model.gather(flat[k, _MIDDLE][None])
                score, visible = float(scores[0]), float(visibles[0])
            need = DUE * EVIDENCE * visible
            log_odds = _logit(float(prior.weights[k]) * survival) + score - need
            weight = _sigmoid(min(max(log_odds, -6.0), 6.0))
            if weight < LEAST:
                continue
            # Alpha-beta filter: the fitted place corrects both the place and the velocity.
            residual = place - expected
            velocity = prior.velocities[k] + BETA * residual / max(dt, 0.05)
            self.add(expected + ALPHA * residual, velocity, weight, visible)
            if weight > 0.5:
                model.explain(place)

    def bear(self) -> None:
        """Add bodies where evidence is left, best first, until none is worth it."""
        model = self._model
        enough = -BIRTH + _logit(0.2)
        vain: list[Floats] = []
        index = None
        while len(self.places) < MOST and len(vain) < TRIES:
            # Somebody between places of the grid scores little at each of them: look around first.
            index, score = model.candidates(PROMISING * enough, index)
            if len(index) == 0:
                return
            found = model.optics.places[index]
            if self.places or vain:
                taken = np.array(self.places + vain)
                east = found[:, 0, None] - taken[:, 0]
                north = found[:, 1, None] - taken[:, 1]
                gap = (east * east + north * north).min(axis=1)
                score[gap < APART**2] = -np.inf
            k = int(score.argmax())
            if score[k] == -np.inf:
                return
            place, value, visible = model.best(*model.beside(int(index[k])))
            if self.near(place):
                place, value = found[k], float(score[k])
            if value < enough:
                vain.append(found[k])
                continue
            self.add(place, np.zeros(2), _sigmoid(min(BIRTH + value, 6.0)), visible)
            model.explain(place)

    def bodies(self) -> Bodies:
        """The mixture."""
        if not self.places:
            return NONE
        return Bodies(
            np.array(self.places),
            np.array(self.velocities),
            np.array(self.weights),
            np.array(self.visible),
        )


def update(model: BodyModel, prior: Bodies, dt: float) -> Bodies:
    """The mixture after a frame whose evidence `model` holds, `dt` seconds after `prior`."""
    mixture = _Mixture(model)
    if len(prior.weights):
        mixture.keep(prior, dt)
    mixture.bear()
    return mixture.bodies()
