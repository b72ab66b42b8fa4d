"""People whom other people hide: what a camera cannot see is estimated from what it can.

Each place of the ground is seen with a probability that follows from the bodies between it and the
camera. With local density taken over the ground that is seen, the expected number on the ground
that is not seen is that density times its area (the Horvitz-Thompson principle, JASA 47, 1952, as
distance sampling applies it). Where nobody is, nobody is added.
"""

from typing import NamedTuple

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import View
from plainview.vision.bodies import APART, Bodies
from plainview.vision.optics import MARGIN, Floats, Optics, Outlines, flat_samples
from plainview.vision.plate import Luma

STEP = 0.5
"""Metres between the nodes of the lattice."""
REACH = 1.25
"""Standard deviation of the kernel that density is taken with, metres."""
UNSEEN, SEEN = 0.15, 0.60
"""Visible part of a body below which it is never found and above which it always is."""
UNEXPLAINED = 0.5
"""Part of a silhouette that must change, unexplained, for somebody to be there perhaps."""
_FAINT = 0.03
"""people/m² below which hidden people are gathered into the places where there are more."""


class Hidden(NamedTuple):
    """Expected people out of sight: n places with weights; `total` is their sum."""

    places: Floats
    velocities: Floats
    weights: Floats
    total: float


NOBODY = Hidden(np.empty((0, 2)), np.empty((0, 2)), np.empty(0), 0.0)


class HiddenPeople:
    """Owns a lattice over the area, each node with the pixels that a body there would cover."""

    def __init__(self, view: View, optics: Optics) -> None:
        """Look behind the bodies seen through `optics`."""
        area = Polygon(view.polygon)
        polygon = area.buffer(MARGIN)
        x0, y0, x1, y1 = polygon.bounds
        step = max(STEP, float(polygon.area / 8000) ** 0.5)
        self._step = step
        self._origin = np.array([x0, y0])
        xs = np.arange(x0 + step / 2, x1, step)
        ys = np.arange(y0 + step / 2, y1, step)
        self._shape = (max(len(ys), 1), max(len(xs), 1))
        gx, gy = np.meshgrid(xs, ys)
        self._places = np.stack((gx, gy), axis=-1).reshape(-1, 2)
        self._optics = optics
        self._outlines = Outlines(optics.projection, optics.centre)
        inside = shapely.contains_xy(polygon, gx.ravel(), gy.ravel())
        flat, depth = flat_samples(optics.projection, optics.centre, optics.size, self._places)
        last = optics.size[0] * optics.size[1]
        within = (flat < last).mean(axis=1)
        # Ground that the picture does not show is neither seen nor hidden: it is not measured.
        self._measured = inside & (within >= SEEN)
        self._nodes = np.flatnonzero(self._measured)
        places = self._places[self._nodes]
        self._area = np.asarray(shapely.contains_xy(area, places[:, 0], places[:, 1]))
        # Of what is measured alone, in the order of `_nodes`.
        self._flat = flat[self._nodes, ::2]
        self._depth = depth[self._nodes].astype(np.float32)
        self._sigma = REACH / step

    def estimate(self, bodies: Bodies) -> Hidden:
        """Who may stand behind `bodies`, beyond those of them that are out of sight themselves."""
        if len(bodies.weights) < 2:
            return NOBODY
        shape, area = self._shape, self._step**2
        hidden, hider = self._hidden_part(bodies)
        chance = np.clip((1 - hidden - UNSEEN) / (SEEN - UNSEEN), 0, 1)
        seen = np.where(self._measured, chance, 0.0)
        unseen = np.where(self._measured, 1 - chance, 0.0)
        node = self._node(bodies.places)
        in_sight = np.clip((bodies.visible - UNSEEN) / (SEEN - UNSEEN), 0, 1)
        found = np.zeros((4, len(self._places)))
        np.add.at(found[0], node, bodies.weights * in_sight)
        np.add.at(found[1], node, bodies.weights * (1 - in_sight))
        np.add.at(found[2], node, bodies.weights * bodies.velocities[:, 0])
        np.add.at(found[3], node, bodies.weights * bodies.velocities[:, 1])
        # Ground that a body stands on is seen, and has no room for another.
        room = np.maximum(1 - found[0] * (np.pi * APART**2 / area), 0.0)
        seen = np.maximum(seen, np.minimum(found[0], 1.0))
        smooth = [self._blur(plane.reshape(shape)) for plane in (*found, seen)]
        near, kept, vx, vy, ground = smooth
        # The body that hides a place says nothing of how many stand there: only others do.
        away = np.square(self._places - bodies.places[hider]).sum(axis=1)
        own = (
            bodies.weights[hider] * np.exp(-away / (2 * REACH**2)) * (area / (2 * np.pi * REACH**2))
        )
        near_others = np.maximum(near.ravel() - own, 0.0)
        expected = near_others / np.maximum(ground.ravel(), 0.15) * unseen * room
        spare = np.maximum(1 - kept / np.maximum(self._blur(expected.reshape(shape)), 1e-9), 0)
        expected *= spare.ravel()
        total = float(expected.sum())
        keep = expected > _FAINT * area
        kept_total = float(expected[keep].sum())
        if kept_total < 1e-3:
            return NOBODY
        both = np.maximum(near + kept, 1e-9)
        velocities = np.stack((vx / both, vy / both), axis=-1).reshape(-1, 2)[keep]
        return Hidden(self._places[keep], velocities, expected[keep] * (total / kept_total), total)

    def unexplained(self, moving: Luma, closed: Luma) -> float:
        """m² of the area where bodies could stand and something moves that none explains.

        `moving` and `closed` (h, w) are non-zero where the picture changed and where bodies are.
        """
        odd = np.append((moving > 0) & (closed == 0), np.False_)
        share = np.count_nonzero(odd.take(self._flat), axis=1) / self._flat.shape[1]
        nodes = int(np.count_nonzero(self._area & (share > UNEXPLAINED)))
        return float(nodes * self._step**2)

    def _hidden_part(self, bodies: Bodies) -> tuple[Floats, NDArray[np.intp]]:
        """(nodes,) part of a body at each node that nearer ones cover, and which covers most."""
        optics = self._optics
        width, height = optics.size
        whole = np.full(width * height + 1, len(bodies.weights), dtype=np.float32)
        screen = whole[:-1].reshape(height, width)
        projection = optics.projection
        depth = bodies.places @ projection[2, :2] + projection[2, 3]
        # Who is not seen himself hides no more than who is before him. Right under the camera,
        # where no picture shows him, he would hide all of it.
        hides = (bodies.weights > 0.5) & (bodies.visible > UNSEEN)
        for k in np.argsort(-depth):
            if hides[k]:
                polygon = self._outlines.around(bodies.places[k], (1.0,))
                cv2.fillPoly(screen, polygon, float(k))
        seen = whole.take(self._flat).astype(np.intp)
        behind = np.append(depth, np.inf).take(seen) < self._depth[:, None] - 0.2
        middle = seen.shape[1] // 2
        first = np.where(
            behind[:, middle], seen[:, middle], seen[np.arange(len(seen)), behind.argmax(axis=1)]
        )
        hidden, hider = np.zeros(len(self._places)), np.zeros(len(self._places), dtype=np.intp)
        hidden[self._nodes] = np.count_nonzero(behind, axis=1) / seen.shape[1]
        hider[self._nodes] = np.minimum(first, len(depth) - 1)
        return hidden, hider

    def _node(self, places: Floats) -> NDArray[np.intp]:
        """(n,) index of the node nearest to each place."""
        at = np.floor((places - self._origin) / self._step).astype(np.intp)
        rows = np.clip(at[:, 1], 0, self._shape[0] - 1)
        columns = np.clip(at[:, 0], 0, self._shape[1] - 1)
        return np.asarray(rows * self._shape[1] + columns)

    def _blur(self, plane: Floats) -> Floats:
        """`plane` (rows, columns) smoothed by the kernel; nothing lies beyond its edges."""
        blurred = cv2.GaussianBlur(plane, (0, 0), self._sigma, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(blurred, dtype=np.float64)
