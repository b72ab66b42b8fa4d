"""Patches of light that drive over the ground, as under broken clouds, and pass for people.

Where a pixel may be darker or brighter by light alone, it speaks hardly more for a body than
against one (foreground.SHADOW). That little is a shadow's due beside who casts it, and of somebody
in a grey coat the other pixels speak louder. But far away a ragged patch of light is as large as
people are, and dozens of them add up to a crowd. So where a third as many people are made of such
pixels as of others, for some seconds, these speak against bodies, for as long as there are more of
them than shadows would be.
"""

from typing import Final

import numpy as np

from plainview.vision.bodies import Bodies
from plainview.vision.detectability import shown
from plainview.vision.foreground import SHADOW
from plainview.vision.optics import Optics
from plainview.vision.plate import Image

FAINT: Final = 0.25
"""Mean evidence below which somebody is made of what may be light alone."""
CROWD: Final = 2.0
"""People who must be so in the mean of the last looks."""
SHARE: Final = 0.35
"""The same for each of all others, in LASTS looks in a row; in one, where they are as many."""
LASTS: Final = 5
"""Looks for which a bus, whose shaded side is made into people, has passed."""
DIFFERS: Final = 0.3
"""Evidence of what is more than light."""
BESIDE: Final = 1.5
"""Times what is more than light that shadows take, at most: once, where most was seen."""
LEAST: Final = 0.03
"""Part of the picture that they may take besides."""
AGAINST: Final = np.float32(-0.5)
"""Evidence of what may be light alone, while patches pass for people."""
SLOWLY: Final = 0.3
"""Weight of one look, of which there is about one a second."""


class Patches:
    """Owns whether patches of light pass for people lately."""

    def __init__(self, optics: Optics) -> None:
        """Nothing was looked at yet."""
        self._optics = optics
        self._faint = self._solid = self._spare = 0.0
        self._row = 0
        self.passing = False
        """Whether they do."""

    def weighed(self, evidence: Image) -> Image:
        """`evidence` (h, w) as it speaks for bodies; itself where no patches pass for people."""
        if not self.passing:
            return evidence
        return np.where(evidence == np.float32(SHADOW), AGAINST, evidence)

    def look(self, bodies: Bodies, evidence: Image) -> None:
        """Learn from the `bodies` that were found in a frame with `evidence` (h, w)."""
        soft = np.count_nonzero(evidence == np.float32(SHADOW)) / evidence.size
        differs = np.count_nonzero(evidence > DIFFERS) / evidence.size
        self._spare += SLOWLY * (soft - BESIDE * differs - LEAST - self._spare)
        faint, solid = self._made_of(bodies, evidence)
        self._faint += SLOWLY * (faint - self._faint)
        self._solid += SLOWLY * (solid - self._solid)
        many = self._faint > max(CROWD, SHARE * self._solid)
        self._row = self._row + 1 if many and self._spare > 0 else 0
        most = self._faint > max(CROWD, self._solid)
        self.passing = (self.passing or most or self._row >= LASTS) and bool(self._spare > 0)

    def _made_of(self, bodies: Bodies, evidence: Image) -> tuple[float, float]:
        """People of `bodies` who are made of what may be light alone, and all others."""
        if not len(bodies.places):
            return 0.0, 0.0
        faint = shown(self._optics, bodies.places, evidence) < FAINT
        return float(bodies.weights[faint].sum()), float(bodies.weights[~faint].sum())
