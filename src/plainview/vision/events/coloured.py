"""Colour as grey levels, for detectors that compare those: some things are as light as the ground.

A grey case on green turf can be as light as the turf. What its colour sets apart (see tint.py) is
shown as much brighter than it is; as much darker where it is darker than the ground anyway.
"""

from typing import Final

import cv2
import numpy as np

from plainview.vision.events.seen import Seen
from plainview.vision.plate import box
from plainview.vision.tint import FULL

LEVELS: Final = (12.0, 24.0)
"""Grey levels that the least colour, and FULL of it, are worth."""
DARKER: Final = -4.0
"""Mean grey levels, from the empty scene, below which a place is darker than that."""
AROUND: Final = 9
"""Pixels a side of the square over which they are the mean."""
_WORTH: Final = np.where(
    np.arange(256) > 0, LEVELS[0] + np.arange(256) * ((LEVELS[1] - LEVELS[0]) / FULL), 0
)


def coloured(seen: Seen) -> Seen:
    """`seen` with its colour in its luma; itself where it has none that is not the scene's."""
    if seen.tinted is None:
        return seen
    x, y, w, h = cv2.boundingRect(seen.tinted)
    part = np.s_[y : y + h, x : x + w]
    gap = cv2.subtract(seen.luma[part], seen.background[part], dtype=cv2.CV_32F)
    darker = box(np.asarray(gap, np.float32), AROUND) < DARKER
    worth = np.rint(_WORTH[seen.tinted[part]]).astype(np.uint8)
    luma = seen.luma.copy()
    lit, dimmed = cv2.add(luma[part], worth), cv2.subtract(luma[part], worth)
    luma[part] = np.where(darker, dimmed, lit)
    return seen._replace(luma=luma)
