"""Who is not found and may be there: what the network reads without the plate, beyond those found.

Who stands from the first frame on is learned into the plate and differs from it no more. The
reading without the plate still finds a part of them, but it takes a parked car for people, too, and
leaks a little on any floor. What sways in the plate (sway.py) tells them apart.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.cells import Cells, smoothed
from plainview.vision.headplane import CELL, Mask
from plainview.vision.optics import Floats
from plainview.vision.plate import Luma

FAINT = 0.1
"""people/m² that the reading without a plate must find beyond those known for them to count."""
AGREED = 0.2
"""people/m² that it must find near a place for somebody who sways there to be a person's, not a
shadow's. One who stands alone is 0.3 at their own place."""
LEAK = 0.04
"""people/m² that the network finds on empty floor: docs/reference/density-model.md."""
UNSEEN = 2.0
"""People that may stand in the plate for each one that the reading without it finds there."""
VOUCHED = 2.0
"""People read beside each one found in the plate that are believed at most."""
SURE = 0.5
"""Weight from which on a body in the plate says that what does not sway beside it may be people."""
NEAR = 5
"""Cells of a square within which what is read and what is found belong together."""


class Beyond(NamedTuple):
    """Who may be there beyond those found: n points."""

    places: Floats
    """(n, 2) metres."""
    weights: Floats
    """(n,) people."""
    missed: float
    """People that may be there beyond those."""
    apart: float = 0.0
    """People in the area whom the network reads beyond those found and these; negative where it
    reads fewer."""


NOTHING = Beyond(np.empty((0, 2)), np.empty(0), 0.0)


class Overlooked:
    """Owns which cells of the head plane may hold somebody who stands in the plate."""

    def __init__(self, cells: Cells, size: tuple[int, int]) -> None:
        """Look at `cells` that are seen in a working picture of `size` (w, h)."""
        self._cells = cells
        self._size = size
        self._living: tuple[Luma | None, Mask] = (None, cells.seen)

    def finds(self, bare: Floats, places: Floats) -> Mask:
        """(n,) whether the reading `bare`, people by cell, finds people at `places` (n, 2)."""
        node, on = self._cells.node(places)
        near = cv2.dilate(smoothed(bare), np.ones((NEAR, NEAR), np.uint8))
        return np.asarray(on & (near[node[:, 1], node[:, 0]] > AGREED))

    def beyond(
        self,
        bare: Floats,
        found: tuple[Floats, Floats],
        in_plate: tuple[Floats, Floats],
        alive: Luma,
    ) -> Beyond:
        """Who may be there beyond those `found`, places (n, 2) and weights (n,).

        `bare` is people by cell, of whom a floor leaks a few. `in_plate` are places (m, 2) and
        weights (m,) of those who stand in the plate; each vouches for others by its weight, so
        that the count does not jump where one comes to be believed in. `alive`, of any size, is 0
        where nobody can. On connected ground with some of them, what is read and sways are people,
        and what does not sway may be; elsewhere only what sways may be.
        """
        places, weights = found
        known = self._cells.binned(*self._cells.node(places), weights)
        dense, living, inside = smoothed(bare), self._alive(alive), self._cells.inside
        there = smoothed(known)
        gap = np.where(inside & (dense - there > FAINT), dense - there, 0.0)
        ground = dense > FAINT
        still, by = in_plate
        sure = self._cells.binned(*self._cells.node(still), by)
        more = np.zeros(self._cells.shape)
        grounds = self._grounds(ground & living, still)
        for k in np.unique(grounds[grounds > 0]):
            one = grounds == k
            room = float(gap[one].sum()) * CELL**2
            spare = float((bare - known - LEAK * CELL**2)[one].sum())
            # Nobody vouches for a crowd: whatever is read beside them may be texture.
            spare = min(spare, VOUCHED * float(sure[one].sum()))
            if spare > 0 and room > 0:
                more[one] = gap[one] * CELL**2 * min(spare / room, 1.0)
        # Somebody is read a little beside where he was found, and as a wider spot.
        near = cv2.dilate(there, np.ones((NEAR, NEAR), np.uint8))
        ours = living | (self._grounds(ground, still[by > SURE]) > 0)
        odd = inside & (dense - near > FAINT) & ours
        possible = (float((dense - near)[odd].sum()) - LEAK * np.count_nonzero(inside)) * CELL**2
        missed = UNSEEN * max(possible - float(more.sum()), 0.0)
        added = more.ravel() > 0
        differ = float((bare - known - more)[inside].sum())
        # What a floor leaks may be among what is read, and need not be.
        apart = differ - min(max(differ, 0.0), LEAK * CELL**2 * np.count_nonzero(inside))
        return Beyond(self._cells.centres[added], more.ravel()[added], missed, apart)

    def _grounds(self, ground: Mask, places: Floats) -> NDArray[np.int32]:
        """(rows, columns) numbers of connected parts of `ground` with some of `places`, else 0."""
        _, labels = cv2.connectedComponents(ground.astype(np.uint8))
        node, on = self._cells.node(places)
        return np.where(np.isin(labels, labels[node[on, 1], node[on, 0]]), labels, 0)

    def _alive(self, alive: Luma) -> Mask:
        """(rows, columns) cells near which `alive` is not 0 at head height."""
        if alive is not self._living[0]:
            whole = cv2.resize(alive * np.uint8(255), self._size, interpolation=cv2.INTER_NEAREST)
            seen = self._cells.plane.seen(np.asarray(whole, dtype=np.uint8))
            shape = self._cells.shape[::-1]
            cells = cv2.resize(seen, shape, interpolation=cv2.INTER_AREA)
            near = cv2.dilate(cells, np.ones((NEAR, NEAR), np.uint8)) > 0
            self._living = (alive, np.asarray(near))
        return self._living[1]
