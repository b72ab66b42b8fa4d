"""A dark veil over ground that has no structure to be hidden: smoke by its own light alone.

Where a plate is even, by night, in fog, on asphalt from afar, nothing can be lost against it. What
is left is the light: under smoke, ground is darker than it was, look after look, and never twice
alike, cell by cell. Lamps, screens, steam and glare are brighter than the ground; a cloud's shadow
changes all its cells alike; leaves' shadows sway about what the plate shows; people and vehicles
bring edges, of which smoke has hardly more than the place has by its noise.

Under driving clouds a patch of shadow that comes to rest between two others is all that at once, so
nothing is told while light has been running over the scene. Nor while all of a picture is clearer
than its plate: fog that lifts was brighter than the ground, which is dark and restless then.
"""

import math
import statistics
from collections import deque
from typing import Final, NamedTuple

import cv2
import numpy as np

from plainview.vision.events.flicker import step
from plainview.vision.events.parts import parts
from plainview.vision.events.veil import Mask, Veil
from plainview.vision.plate import Image
from plainview.vision.ranks import median, medians

LOOKS: Final = 10
"""Looks that are compared."""
LEAST_CELLS: Final = 20
SLOW: Final = 60.0
"""Seconds in which the usual edges of a place follow those that it has."""
CALMEST: Final = 0.0008
"""Change of light from look to look below which nothing tells a cell's from none."""
UNSTEADY: Final = 0.012
"""Usual change of light from which clouds pass, whose edges make all of a picture restless."""
DRIVING: Final = (0.011, 0.015)
"""Swing of the light of half the cells within the looks, on the average of `SLOW`, up to which it
is steady and from which clouds drive: 0.001 to 0.010 where smoke was told so, by night as well,
0.017 to 0.13 in ordinary life under clouds."""
LIFTS: Final = (1.06, 1.14)
"""Contrast of the whole picture against the plate's, in the middle of the looks, up to which ground
may be dark under smoke, and from which fog lifts: 0.93 to 0.99 where smoke was told so (development
part), 1.16 to 1.20 around a puddle from which it lifted."""
RESTLESS: Final = 3.0
"""Times as much as the picture's usual that a plume's cells change by: in fog and by night noise is
near."""
DARK: Final = -0.03
"""Light against the plate's, less 1, from which a cell is dark."""
MOSTLY: Final = 0.5
"""Part of the looks in which a cell of a plume is dark."""
OFTEN: Final = (0.6, 0.85)
"""Part of its cells and looks in which a plume is dark: as where people pass behind each other far
away, up to, and as under smoke, from."""
ALIVE: Final = (0.35, 0.5)
"""Part of what is dark that changes so: of a cloud's shadow up to, whose rim alone does, and of a
plume from. Under 0.35, for moments 0.5, of shadow, lamps, rain and fog; 0.45 to 1 of smoke."""
COMES: Final = (0.6, 0.8)
"""Change of a cell's light over that by which it is dark: as under smoke, up to, and as under what
passes, from."""
NOISE: Final = 2.4 / 2.2
"""Power of the light that noise's power goes with: pictures show light to the power of 1 / 2.2, and
of noise about as much in the dark as in the light. The ground's own edges go with its square."""
EDGES: Final = (1.5, 2.2)
"""Times the usual power of edges there: as smoke has, up to, and as what passes has, from."""


class Dark(NamedTuple):
    """Ground that lies under a dark veil."""

    where: Mask
    """(h, w) its cells."""
    sure: float
    """0 to 1."""


class Murk:
    """Owns the last looks at the light and the edges of each cell. Bounded: 2 LOOKS small maps."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._shifts: deque[Image] = deque(maxlen=LOOKS)
        self._edges: deque[Image] = deque(maxlen=LOOKS)
        self._apart: deque[Image] = deque(maxlen=LOOKS - 2)
        self._logs: deque[Image] = deque(maxlen=LOOKS)
        self._clear: deque[float] = deque(maxlen=LOOKS)
        self._usual: Image | None = None
        self._swing = self._seconds = 0.0

    def look(self, veil: Veil, dt: float) -> list[Dark]:
        """The dark veils of the last looks; the one before `veil` was `dt` seconds ago."""
        if self._shifts and self._shifts[0].shape != veil.shift.shape:
            self._shifts.clear()
            self._edges.clear()
            self._apart.clear()
            self._logs.clear()
            self._clear.clear()
            self._usual = None
            self._seconds = 0.0
        self._take(veil.shift)
        self._clear.append(veil.clear)
        # In the plate's light, as noise goes with it: in deep smoke at night there is little else.
        self._edges.append(veil.own / np.power(np.maximum(veil.shift + 1.0, 0.2), NOISE))
        if len(self._shifts) < LOOKS:
            return []
        edges = np.mean(self._edges, axis=0)
        if self._usual is None:
            # Who stands there from the first look on has more edges than the plate has.
            self._usual = veil.behind + max(median(edges - veil.behind), 0.0)
        self._remember(dt)
        stirs = medians(self._apart)
        calm = max(median(stirs), CALMEST)
        told = self.steady * (1.0 - step(statistics.median(self._clear), *LIFTS))
        if calm > UNSTEADY or told == 0:
            return []
        shifts = np.stack(self._shifts)
        often = (shifts < DARK).mean(axis=0) > MOSTLY
        restless = stirs > RESTLESS * calm
        found = []
        for dark in _plumes(often):
            where = dark & restless
            if np.count_nonzero(where) >= LEAST_CELLS:
                sure = self._sure(where, shifts, edges)
                alive = step(float(restless[dark].mean()), *ALIVE)
                if alive * sure > 0:
                    found.append(Dark(where, told * alive * sure))
        rise = (1.0 - math.exp(-dt / SLOW)) * ~often
        self._usual = np.asarray(self._usual + rise * (edges - self._usual), dtype=np.float32)
        return found

    @property
    def steady(self) -> float:
        """0 to 1: whether no light has been running over the scene lately."""
        return 1.0 - step(self._swing, *DRIVING)

    def _take(self, shift: Image) -> None:
        """Keep one more look's light, and how it moved in each cell apart from those around it."""
        self._shifts.append(shift)
        self._logs.append(np.log(np.maximum(shift + 1.0, 0.05)))
        if len(self._shifts) > 2:
            before, last = self._shifts[-3], self._shifts[-2]
            # Twice: what a cloud's edge does as it passes is nearly the same from look to look.
            move = (shift - last) - (last - before)
            self._apart.append(np.abs(move - cv2.blur(move, (5, 5))))

    def _remember(self, dt: float) -> None:
        """By how much the light swung within the looks."""
        swing = median(np.std(self._logs, axis=0))
        self._seconds = min(self._seconds + dt, SLOW)
        self._swing += min(dt / max(self._seconds, 1e-3), 1.0) * (swing - self._swing)

    def _sure(self, where: Mask, shifts: Image, edges: Image) -> float:
        """0 to 1: whether a dark veil lies over the cells `where`."""
        if self._usual is None:
            return 0.0
        light = shifts[:, where]
        dark = float((light < DARK).mean())
        # A shadow comes and goes within the looks.
        comes = float(light.std(axis=0).mean()) / max(abs(float(light.mean())), 1e-3)
        more = float(edges[where].sum()) / max(float(self._usual[where].sum()), 1e-9)
        return step(dark, *OFTEN) * (1.0 - step(more, *EDGES)) * (1.0 - step(comes, *COMES))


def _plumes(dark: Mask) -> list[Mask]:
    """The connected parts of what is `dark` (h, w), without its specks and gaps."""
    whole = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    whole = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    labels, stats = parts(np.asarray(whole, dtype=np.uint8))
    return [labels == k for k in range(1, len(stats)) if stats[k][4] >= LEAST_CELLS]
