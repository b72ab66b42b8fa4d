"""A lens's redacted view: looks at the light, learns a plate, and has a picture drawn per Reading.

Frames come in by `look` and reach two places: `Relighter`, of which six quantised numbers remain,
and `ViewLearner`, whose looks a `Day` makes a plate of, which waits for a person. The picture is
drawn by `draw`, which gets neither frame nor estimator.
"""

import math
from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plainview.errors import InputError
from plainview.geometry import View
from plainview.record import Reading, decode
from plainview.redacted import (
    LEARNED_TAG,
    LOOKS_TAG,
    MAX_PICTURE,
    MOST_RATE,
    Picture,
    ViewState,
    encode,
)
from plainview.vision.plate import Image, Luma
from plainview.vision.view import marks
from plainview.vision.view.blocks import Blocks
from plainview.vision.view.day import Day
from plainview.vision.view.draw import bare, draw, encoded, grey
from plainview.vision.view.learn import ViewLearner
from plainview.vision.view.relight import PLAIN, Relighter
from plainview.vision.view.scenery import Scenery, fitted, scenery

_ENVELOPE: Final = 512
"""Bytes of a picture's numbers, at most."""


class Redactor:
    """Owns the view of one lens for one size of working picture."""

    def __init__(
        self,
        view: View,
        size: tuple[int, int],
        admitted: bytes | None,
        looks: bytes | None = None,
    ) -> None:
        """Draw `view` in working pictures of `size` (width, height) over an `admitted` plate.

        `looks` are those that an older lens of this camera took for the next plate.
        """
        self._size = size
        self._state, self._plate = _fitting(admitted, size)
        self._blocks = Blocks(view, size)
        self._ground = bare(self._blocks, size) if self._plate is None else self._plate
        self._light = None if self._plate is None else Relighter(self._plate)
        self._learner = ViewLearner(size)
        self._day = Day(size, looks)
        self._marks: tuple[marks.Mark, ...] = ()
        self._drawn = -math.inf
        self._learned: deque[bytes] = deque()

    def look(self, luma: Luma, evidence: Image, bodies: Luma, t: float, *, trusted: bool) -> None:
        """Take a measured working frame (h, w) of `t` seconds.

        `evidence` (h, w) is above zero where it differs from the measuring plate, `bodies` (h, w)
        non-zero where they stand. `trusted`: the camera is healthy and its plate learned.
        """
        if not trusted:
            return
        occupied = (evidence > 0) | (bodies > 0)
        if self._light is not None:
            self._light.look(luma, ~occupied, t)
        if self._day.due(t):
            self._learn(luma, occupied, t)

    def _learn(self, luma: Luma, occupied: NDArray[np.bool_], t: float) -> None:
        look = self._learner.look(luma, occupied, t)
        if look is None:
            return
        self._learned.clear()
        plate = self._day.add(look)
        if plate is not None:
            self._learned.append(LEARNED_TAG + plate)
        looks = self._day.to_bytes()
        if looks is not None:
            self._learned.append(LOOKS_TAG + looks)

    def plate(self) -> bytes | None:
        """A newly learned plate or the looks it is to come of, with its tag, each once; or None."""
        return self._learned.popleft() if self._learned else None

    def picture(self, data: bytes) -> bytes | None:
        """The encoded picture of the Reading in `data`, as it goes out; None where it is too soon.

        It is drawn from those bytes, decoded again, so that it cannot tell more than they do.
        """
        reading = decode(data)
        self._marks = marks.after(self._marks, reading)
        if 0 <= reading.t - self._drawn < 1000.0 / MOST_RATE:
            return None
        self._drawn = reading.t
        state, colours = self._drawing(reading)
        return encode(
            Picture(
                t=reading.t,
                state=state,
                count=reading.count,
                low=reading.low,
                high=reading.high,
                health=reading.health,
                marks=tuple(mark.kind for mark in self._marks),
                jpeg=encoded(colours, MAX_PICTURE - _ENVELOPE),
            )
        )

    def _drawing(self, reading: Reading) -> tuple[ViewState, NDArray[np.uint8]]:
        if not reading.healthy:
            return ViewState.UNHEALTHY, grey(self._size, reading.t)
        gains = PLAIN if self._light is None else self._light.gains
        return self._state, draw(self._ground, gains, self._blocks, reading, self._marks)


def _fitting(admitted: bytes | None, size: tuple[int, int]) -> tuple[ViewState, Scenery | None]:
    """What may be shown, or why nothing may."""
    if admitted is None:
        return ViewState.NO_PLATE, None
    try:
        plate = scenery(admitted)
    except InputError:
        return ViewState.UNFIT, None
    shown = fitted(plate, size)
    return (ViewState.UNFIT, None) if shown is None else (ViewState.SHOWN, shown)
