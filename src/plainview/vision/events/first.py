"""What a view showed first, where its plate was learned through a veil.

A clip's plate is learned from its first half minute: smoke that hangs from the tenth second on is a
part of it, and nothing is lost against that. The first seconds show that place clear (compare
founding.py, which does this for who lies down; a veil has no outline to be known by).
"""

import math
from typing import Final

import cv2
import numpy as np

from plainview.vision.events.seen import Seen
from plainview.vision.events.veil import THIN, Structure, structured, veil_of
from plainview.vision.plate import Image, Luma, Plate

LOOKS: Final = 3
"""Looks that the first picture is the mean of."""
STALE: Final = 300.0
"""Seconds after which the first picture says nothing any more: shadows have moved."""
ANEW: Final = 60.0
"""Seconds after which another plate is one of another light, and has a first picture of its own."""
LEAST: Final = 12
"""Cells that are veiled in the plate, at least."""


class FirstPicture:
    """Owns the first picture of one view."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._plate: Plate | None = None
        self._luma: Image = np.zeros((0, 0), np.float32)
        self._structure: Structure | None = None
        self._looks = 0
        self._since = -math.inf

    def note(self, seen: Seen) -> None:
        """Take `seen` into the first picture, if it is one of the first."""
        stale = not 0 <= seen.t - self._since < STALE
        anew = self._plate is not seen.plate and seen.t - self._since > ANEW
        if stale or anew or self._luma.shape != seen.luma.shape:
            self._since, self._looks = seen.t, 0
            self._luma = np.zeros(seen.luma.shape, np.float32)
        self._plate = seen.plate
        if self._looks >= LOOKS:
            return
        self._looks += 1
        self._structure = None
        lit = (seen.plate.luma + np.float32(1)) / (seen.background + np.float32(1))
        self._luma += (seen.luma * lit - self._luma) / self._looks

    def structure(self, plate: Luma) -> Structure:
        """The structure of `plate` (h, w) with the first picture where that shows it veiled."""
        own = structured(plate)
        behind = self._behind(plate, own)
        return own if behind is plate else structured(behind)

    def behind(self, plate: Luma) -> Luma:
        """(h, w) `plate`, in its own light, with the first picture where that shows it veiled."""
        return self._behind(plate, structured(plate))

    def _behind(self, plate: Luma, own: Structure) -> Luma:
        if self._looks < LOOKS or self._luma.shape != plate.shape:
            return plate
        if self._structure is None:
            self._structure = structured(np.clip(self._luma, 0, 255).astype(np.uint8))
        veil = veil_of(own, self._structure)
        single = np.asarray((veil.lost > THIN) & veil.plain, dtype=np.uint8)
        hides = cv2.morphologyEx(single, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        if cv2.countNonZero(hides) < LEAST:
            return plate
        grown = cv2.dilate(hides, np.ones((3, 3), np.uint8)).astype(np.float32)
        height, width = plate.shape
        share = cv2.resize(grown, (width, height), interpolation=cv2.INTER_LINEAR)
        mixed = np.rint(plate + share * (self._luma - plate))
        return np.asarray(np.clip(mixed, 0, 255), dtype=np.uint8)
