"""From evidence per pixel to people on the ground: a mixture of upright bodies without identity.

The state is a Gaussian-mixture intensity in the sense of the PHD filter (Vo & Ma, IEEE Trans.
Signal Processing 54, 2006): each component is a place, a velocity and a weight, the expected
number of people there; there are no labels, and nothing tells which component was which before.
In each analysed frame the components are moved by their velocity, then weighed by how much of the
evidence their silhouette explains that bodies nearer to the camera do not; what remains
unexplained gives birth to new ones, best first. A body that others hide from the camera keeps its
weight for some seconds: hidden is not gone.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.optics import SAMPLES, Floats, Optics, outline, silhouettes

EVIDENCE = 14.0
"""Log-odds of a wholly visible body whose every sample speaks for it (correlated pixels count as
about this many independent looks)."""
BIRTH = -4.5
"""Log-odds of an unexpected body at one place."""
SURVIVAL = 0.985
"""Probability per analysed frame (0.2 s) that a hidden body is still there."""
LEAST = 0.05
"""Components lighter than this are dropped."""
APART = 0.38
"""Metres: two bodies cannot stand closer."""
MOST = 400
"""Bound on components."""
HALO = -0.15
"""Evidence of what differs within an arm's swing of a body that is already explained."""
ALPHA = 0.7
"""Part of the difference between a body's fitted and predicted place that corrects its place."""
BETA = 0.3
"""The same, over the time between frames, for its velocity."""
_STEP = 0.12
_REACH = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)], dtype=np.float64) * _STEP


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
    return float(np.log(p / (1 - p)))


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


class BodyModel:
    """Owns the evidence of one frame while bodies are fitted to it."""

    def __init__(self, optics: Optics) -> None:
        """Fit bodies seen through `optics`."""
        self.optics = optics
        width, height = optics.size
        # One element past the last pixel stands for all that lies outside the picture.
        self._evidence = np.zeros(width * height + 1, dtype=np.float32)
        self._open = np.zeros(width * height + 1, dtype=np.float32)
        self._evidence_2d = self._evidence[:-1].reshape(height, width)
        self._open_2d = self._open[:-1].reshape(height, width)

    def begin(self, evidence: NDArray[np.float32]) -> None:
        """Take a frame's `evidence` (h, w), -1 to 1."""
        self._evidence_2d[:] = evidence
        self._open_2d[:] = 1

    def flat(self, places: Floats) -> NDArray[np.int32]:
        """(n, SAMPLES) flat pixel indices of the bodies at `places` (n, 2)."""
        width, height = self.optics.size
        pixels = np.rint(silhouettes(self.optics.projection, self.optics.centre, places))
        x, y = pixels[..., 0], pixels[..., 1]
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        return np.where(inside, y * width + x, width * height).astype(np.int32)

    def score(self, places: Floats) -> tuple[Floats, Floats]:
        """Log-odds (n,) from unexplained evidence, and the visible part (n,)."""
        flat = self.flat(places)
        total = self._evidence[flat].sum(axis=1) * (EVIDENCE / SAMPLES)
        return total.astype(np.float64), self._open[flat].mean(axis=1).astype(np.float64)

    def refine(self, place: Floats, steps: int) -> tuple[Floats, float, float]:
        """Climb from `place` (2,) to the best near place; it, its log-odds, its visible part."""
        best = place
        for _ in range(steps):
            around = best + _REACH
            score, visible = self.score(around)
            k = int(np.argmax(score))
            if score[k] <= score[4] + 1e-6:
                return best, float(score[4]), float(visible[4])
            best = around[k]
        score, visible = self.score(best[None])
        return best, float(score[0]), float(visible[0])

    def explain(self, place: Floats) -> None:
        """Take the silhouette of a body at `place` (2,) out of the evidence.

        What lies within its outline speaks for and against no other body; what lies in a halo of
        an arm's swing around it does not speak for one.
        """
        optics = self.optics
        core = outline(optics.projection, optics.centre, place, 1.1)
        halo = outline(optics.projection, optics.centre, place, 2.0)
        x, y, w, h = cv2.boundingRect(halo)
        x0, y0 = max(x - 1, 0), max(y - 2, 0)
        x1, y1 = min(x + w + 1, optics.size[0]), min(y + h + 2, optics.size[1])
        if x1 <= x0 or y1 <= y0:
            return
        mask = np.zeros((y1 - y0, x1 - x0), dtype=np.uint8)
        cv2.fillPoly(mask, [halo], 1, offset=(-x0, -y0))
        cv2.fillPoly(mask, [core], 2, offset=(-x0, -y0))
        evidence = self._evidence_2d[y0:y1, x0:x1]
        np.minimum(evidence, HALO, out=evidence, where=mask == 1)
        evidence[mask == 2] = 0
        self._open_2d[y0:y1, x0:x1][mask == 2] = 0

    def closed(self) -> NDArray[np.uint8]:
        """(h, w) non-zero where bodies were explained."""
        return (self._open_2d == 0).astype(np.uint8)

    def candidates(self, least: float) -> tuple[NDArray[np.intp], Floats]:
        """Indices of grid places whose unexplained log-odds pass `least`, and those."""
        total = self._evidence[self.optics.samples].sum(axis=1) * (EVIDENCE / SAMPLES)
        index = np.nonzero(total > least)[0]
        return index, total[index].astype(np.float64)


def _too_near(place: Floats, taken: list[Floats]) -> bool:
    return any(np.hypot(*(place - other)) < APART for other in taken)


def update(model: BodyModel, prior: Bodies, dt: float) -> Bodies:
    """The mixture after a frame whose evidence `model` holds, `dt` seconds after `prior`."""
    survival = SURVIVAL ** (dt / 0.2)
    places: list[Floats] = []
    velocities: list[Floats] = []
    weights: list[float] = []
    visibles: list[float] = []
    if len(prior.weights):
        moved = prior.places + prior.velocities * dt
        first, _ = model.score(moved)
        order = np.argsort(-(first + 2 * prior.weights), kind="stable")
        for k in order:
            place, score, visible = model.refine(moved[k], 3)
            if _too_near(place, places):
                place, visible = moved[k], 0.0
                score = model.score(place[None])[0][0]
                if _too_near(place, places):
                    continue
            log_odds = _logit(float(prior.weights[k]) * survival) + score
            weight = _sigmoid(min(max(log_odds, -6.0), 6.0))
            if weight < LEAST:
                continue
            # Alpha-beta filter: the fitted place corrects both the place and the velocity.
            residual = place - moved[k]
            places.append(moved[k] + ALPHA * residual)
            velocities.append(prior.velocities[k] + BETA * residual / max(dt, 0.05))
            weights.append(weight)
            visibles.append(visible)
            if weight > 0.5:
                model.explain(place)
    while len(places) < MOST:
        index, score = model.candidates(-BIRTH + _logit(0.2))
        if len(index) == 0:
            break
        taken = np.array(places).reshape(-1, 2)
        found = model.optics.places[index]
        if len(taken):
            gap = np.hypot(*(found[:, None] - taken[None]).transpose(2, 0, 1)).min(axis=1)
            score = np.where(gap < APART, -np.inf, score)
        k = int(np.argmax(score))
        if not np.isfinite(score[k]):
            break
        place, value, visible = model.refine(found[k], 3)
        if _too_near(place, places):
            place, value = found[k], float(score[k])
        weight = _sigmoid(min(BIRTH + value, 6.0))
        places.append(place)
        velocities.append(np.zeros(2))
        weights.append(weight)
        visibles.append(visible)
        model.explain(place)
        if weight < LEAST:
            break
    if not places:
        return NONE
    return Bodies(np.array(places), np.array(velocities), np.array(weights), np.array(visibles))
