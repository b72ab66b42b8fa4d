"""Whether a veil boils: smoke is never the same from look to look, cell by cell.

What was in the plate and has gone, a cloud's shadow, rain and hard coding veil too, and where they
do the light changes as well. But a cloud's light changes many cells alike, and rain and coding
stir the whole picture. So each cell's change of light is taken against that of the cells around it,
and what a plume stirs by against what the rest of the picture does. A shadow's edge that passes
goes one way, smoke to and fro; under driving clouds the rest of the picture swings as much; and
what coding blurs whenever the light changes, it has blurred before. The measures are summed as log
odds. The weights are those of a logistic regression (bench/event_odds.py) on looks at fires of the
development part and at two hours of ordinary life, but steeper in boil and against spread: a
regression asks for few errors in looks, a watch for few in days. In ordinary life rain and coding
stir what is hidden more than any fire does, so that counts to a limit.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np

from plainview.vision.events.veil import THIN, Mask, Veil, share
from plainview.vision.plate import Image
from plainview.vision.ranks import mean, median, medians

AROUND: Final = np.ones((9, 9), np.uint8)
"""Cells around a plume that are not the rest of the picture."""
CALMEST: Final = 0.001
"""Change of light from look to look below which nothing tells the rest of a picture's from none."""
UNKNOWN_CALM: Final = 0.004
"""The same where no rest of the picture can be told: hard coding's."""
UNKNOWN_SWING: Final = 0.01
"""How much the light swings where no rest of the picture can be told."""
RESTLESS: Final = 3.0
"""Times as much as the picture's usual that a plume's cells change by, apart from each other."""
USUAL: Final = 0.05
"""Change of the part that is hidden, from look to look, of no certain meaning."""
MOST_STIR: Final = 0.6
"""Log of such changes over USUAL from which they say no more: rain's and hard coding's are so."""


class Measures(NamedTuple):
    """What tells a plume from other veils."""

    boil: float
    """Log of how much a plume's cells change apart from each other, over the picture's rest."""
    stir: float
    """Log of how much the part that they hide changes, over USUAL; MOST_STIR at most."""
    spread: float
    """Part of the picture that is veiled, 0 to 1."""
    drift: float
    """How far its light went from the first look to the last, as a part of all its ways, 0 to 1."""
    swing: float
    """Log of how much its light swings over the looks, over the picture's rest; in SWINGS."""
    habit: float
    """Part of the contrast that its cells used to lose before."""


SWINGS: Final = (-1.0, 3.0)
"""Swing below and above which it says no more."""
STILL: Final = 0.001
"""Log of light below which a swing, or a way, is none."""
BIAS: Final = -3.5
WEIGHTS: Final = Measures(boil=2.5, stir=1.5, spread=-2.0, drift=-3.0, swing=0.7, habit=-25.0)


class Boil:
    """What the last looks at one picture show; asked of each of its plumes."""

    def __init__(self, veils: Sequence[Veil], lost: Image, habit: Image) -> None:
        """Of `veils`, oldest first, and what they hide beyond the usual: `lost` (looks, h, w).

        `habit` (h, w) is what of each cell was hidden so before, on the average.
        """
        shifts = np.stack([veil.shift for veil in veils])
        moves = np.diff(shifts, axis=0)
        self._own = np.abs(moves - np.stack([cv2.blur(one, (5, 5)) for one in moves]))
        # Of light as a cloud's shadow takes it: alike from all that stands under it.
        self._light = np.log(np.maximum(shifts + 1.0, 0.05))
        self._swing = self._light.std(axis=0)
        self._habit = habit
        self._lost = np.abs(np.diff(lost, axis=0))
        self._plain: Mask = share(np.stack([veil.plain for veil in veils])) > 0.6
        often = share(lost > THIN)[self._plain]
        self._spread = mean(often > 0.3) if often.size else 0.5

    @property
    def restless(self) -> Mask:
        """(h, w) where light changes apart from that around it much more than it mostly does."""
        stirs = medians(self._own)
        return np.asarray(stirs > RESTLESS * max(median(stirs), CALMEST))

    def measures(self, core: Mask) -> Measures:
        """Of the plume over the cells of `core` (h, w), at least one."""
        near = cv2.dilate(core.astype(np.uint8), AROUND) > 0
        elsewhere = self._plain & ~near
        rest = self._own[:, elsewhere]
        calm = max(median(rest), CALMEST) if rest.size else UNKNOWN_CALM
        restless = max(median(self._own[:, core]), 0.1 * CALMEST)
        stir = max(median(medians(self._lost[:, core])), 0.1 * USUAL)
        return Measures(
            math.log(restless / calm),
            min(math.log(stir / USUAL), MOST_STIR),
            self._spread,
            self._drift(core),
            self._swings(core, elsewhere),
            float(self._habit[core].mean()),
        )

    def _drift(self, core: Mask) -> float:
        light = self._light[:, core]
        way = median(np.abs(np.diff(light, axis=0)).sum(axis=0))
        return median(np.abs(light[-1] - light[0])) / max(way, STILL)

    def _swings(self, core: Mask, elsewhere: Mask) -> float:
        rest = median(self._swing[elsewhere]) if elsewhere.any() else UNKNOWN_SWING
        swing = math.log(max(median(self._swing[core]), STILL) / max(rest, STILL))
        return min(max(swing, SWINGS[0]), SWINGS[1])

    def likely(self, core: Mask) -> float:
        """0 to 1: how likely it is smoke rather than another veil."""
        odds = BIAS + sum(w * one for w, one in zip(WEIGHTS, self.measures(core), strict=True))
        return 1.0 / (1.0 + math.exp(-odds))
