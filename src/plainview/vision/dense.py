"""The estimator for crowds in which no floor is to be seen: a density, not bodies.

At most twice a second, and only where it is crowded or the plate may never have been empty, the
network (density.py) reads the head plane twice: with the plate and without. The mean of both is the
density; their difference is part of what is not known. The outcome joins the first estimator's
weighted points as blend.py says, with velocities by particle image velocimetry (piv.py).
"""

import math
from typing import NamedTuple

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from plainview.geometry import View
from plainview.vision.blend import share
from plainview.vision.density import Density
from plainview.vision.estimate import Estimate
from plainview.vision.headplane import CELL, SCALE, STRIDE, channels, difference, head_plane
from plainview.vision.optics import Floats, Optics
from plainview.vision.piv import Piv, PivField
from plainview.vision.plate import Image, Luma

EVERY = 0.5
"""Seconds between two estimates of a crowd."""
SOON, RARELY = 4.0, 64.0
"""Seconds between two looks at a scene that is not crowded: at first, and where people gather; and
at most, for each look that finds no crowd doubles the wait."""
CROWD = 0.9
"""people/m² over a smoothed cell that make a crowd."""
SMOOTH = 0.7
"""Metres: standard deviation of the kernel over which densities are compared."""
EDGE = 5
"""Cells of the square whose densest cell says how dense a place is."""
MEMORY = 1.0
"""Seconds over which estimates are averaged."""
GAP = 0.4
"""Part of the difference between the two readings that counts as standard deviation."""
RELATIVE = 0.2
"""Standard deviation of a crowd's number, as part of it: docs/design/0016-dense-crowds.md."""
LEAST = 0.02
"""People in a cell below which it is left out."""


class Crowd(NamedTuple):
    """What the dense estimator knows of one moment, by cell of the head plane (rows, columns)."""

    people: Floats
    """People by cell, outside the area too."""
    velocities: Floats
    """(rows, columns, 2) m/s on the ground."""
    doubt: Floats
    """People by cell that the reading with the plate finds beyond the one without."""


class Dense:
    """Owns the head plane of one view, the network's last outcome and the velocities' state."""

    def __init__(self, view: View, optics: Optics) -> None:
        """See `view` through its `optics`."""
        self._plane = head_plane(optics.projection, optics.size, view.polygon)
        self._net: Density | None = None
        self._since = SOON
        self._wait = SOON
        self._crowd: Crowd | None = None
        self._elapsed = 0.0
        self.crowded = False
        """Whether a crowd was seen at the last look."""
        self.noise: float | None = None
        """m/s: noise floor of one velocity component over the crowd."""
        if self._plane is None:
            return
        polygon = Polygon(view.polygon)
        centres = self._plane.centres()
        self._centres = centres.reshape(-1, 2)
        inside = shapely.contains_xy(polygon, self._centres[:, 0], self._centres[:, 1])
        valid = self._plane.valid.astype(np.float32)
        size = (centres.shape[1], centres.shape[0])
        seen = cv2.resize(valid, size, interpolation=cv2.INTER_AREA)
        self._seen = np.asarray(seen > 0.5)
        self._inside = inside.reshape(self._seen.shape) & self._seen
        self._piv = Piv(SCALE)
        self._velocities = np.zeros((*self._seen.shape, 2))

    def frame(
        self, luma: Luma, background: Luma, sharpness: Image, dt: float, *, company: bool
    ) -> Crowd | None:
        """Look at a working frame, `dt` seconds after the last, if it is time to; the crowd if any.

        `background` (h, w) is the plate in the frame's light, `sharpness` (h, w) one over its
        standard deviation; `company`: people were found close to each other.
        """
        if self._plane is None:
            return None
        self._since += dt
        self._elapsed += dt
        if self.crowded:
            seen = self._plane.seen(luma)
            if self._since < EVERY - 0.01:
                self._piv.see(seen, self._elapsed, self._plane.valid)
                self._elapsed = 0.0
                return self._crowd
        elif self._since < (SOON if company else self._wait):
            return None
        else:
            seen = self._plane.seen(luma)
        differs = self._plane.seen(difference(luma, background, sharpness))
        people, doubt = self._read(seen, differs)
        if self.crowded and self._crowd is not None:
            part = 1 - np.exp(-self._since / MEMORY)
            people = self._crowd.people + part * (people - self._crowd.people)
        self._since = 0.0
        was = self.crowded
        self.crowded = bool((smoothed(people) * self._inside).max() > CROWD)
        self._wait = SOON if self.crowded else min(2 * self._wait, RARELY)
        if not self.crowded:
            self._crowd = None
            self._net = None  # its buffers are several megabytes, and the next look is far away
            self._piv.forget()
            return None
        if was:
            self._steer(self._piv.measure(seen, self._elapsed, self._plane.valid), seen.shape)
        else:
            self._piv.see(seen, 0.0, self._plane.valid)
        self._elapsed = 0.0
        self._crowd = Crowd(people, self._velocities, doubt)
        return self._crowd

    def _read(self, seen: Luma, differs: Luma) -> tuple[Floats, Floats]:
        """People by cell, and what the reading with the plate finds beyond the one without."""
        assert self._plane is not None  # noqa: S101 - `frame` looked
        if self._net is None:
            self._net = Density()
        with_plate = self._net.people(channels(self._plane, seen, differs, None))
        without = self._net.people(channels(self._plane, seen, None, None))
        mean = 0.5 * (with_plate + without) * self._seen
        return mean.astype(np.float64), ((with_plate - without) * self._seen).astype(np.float64)

    def _steer(self, field: PivField, shape: tuple[int, ...]) -> None:
        """Take the velocities of the windows nearest to each cell, where they were measured."""
        assert self._plane is not None  # noqa: S101
        at = self._piv.centres((shape[0], shape[1]))
        rows, columns = self._seen.shape
        x = np.arange(columns) * STRIDE + 0.5 * (STRIDE - 1)
        y = np.arange(rows) * STRIDE + 0.5 * (STRIDE - 1)
        ix = np.abs(at[0, :, 0][None] - x[:, None]).argmin(axis=1)
        iy = np.abs(at[:, 0, 1][None] - y[:, None]).argmin(axis=1)
        valid = field.valid[np.ix_(iy, ix)]
        found = self._plane.turned(field.velocities[np.ix_(iy, ix)])
        self._velocities = np.where(valid[..., None], found, 0.9 * self._velocities)
        noise = field.noise[np.ix_(iy, ix)][valid & self._inside]
        self.noise = float(np.median(noise)) if len(noise) else None

    def blended(self, estimate: Estimate, crowd: Crowd) -> Estimate:
        """`estimate` of the first estimator with the `crowd` where that is to be believed more."""
        plane = self._plane
        assert plane is not None  # noqa: S101 - there is a crowd
        shape = self._seen.shape
        at = (plane.pixels(estimate.places) + 0.5) / STRIDE - 0.5
        node = np.rint(at).astype(np.intp)
        on = ((node >= 0) & (node < (shape[1], shape[0]))).all(axis=1)
        node = np.clip(node, 0, (shape[1] - 1, shape[0] - 1))
        sparse = np.zeros(shape)
        np.add.at(sparse, (node[on, 1], node[on, 0]), estimate.weights[on])
        # A crowd's edge belongs to it: there, too, people hide each other and the floor.
        near = np.ones((EDGE, EDGE), np.uint8)
        found = (cv2.dilate(smoothed(one), near) for one in (sparse, crowd.people))
        part = share(*(np.asarray(one, dtype=np.float64) for one in found)) * self._seen
        kept = estimate.weights * (1 - np.where(on, part[node[:, 1], node[:, 0]], 0.0))
        people = (crowd.people * part).ravel()
        add = people > LEAST
        inside = (crowd.people * part)[self._inside]
        gap = float((crowd.doubt * part)[self._inside].sum())
        deviation = math.hypot(RELATIVE * float(inside.sum()), GAP * gap)
        noise = estimate.noise if self.noise is None else max(self.noise, estimate.noise or 0.0)
        return Estimate(
            np.concatenate((estimate.places, self._centres[add])),
            np.concatenate((estimate.velocities, crowd.velocities.reshape(-1, 2)[add])),
            np.concatenate((kept, people[add])),
            estimate.variance + deviation**2,
            estimate.missed * (1 - float(part[self._inside].mean())),
            noise,
        )


def smoothed(people: NDArray[np.floating]) -> Floats:
    """people/m² from `people` by cell, smoothed by the kernel of SMOOTH metres."""
    plane = cv2.GaussianBlur(np.asarray(people, dtype=np.float64), (0, 0), SMOOTH / CELL)
    return np.asarray(plane / CELL**2)
