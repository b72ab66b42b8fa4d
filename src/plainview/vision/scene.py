"""The plate over time: learned at the start, followed, and kept true against ghosts.

A ghost is a place where the plate shows something that has gone: a person who stood there while
the plate was learned. It differs from the frame for as long as it is left alone, but the edges that
surround it are the plate's, not the frame's; something that really stands there has its edges in
the frame (Cucchiara, Grana, Piccardi & Prati, IEEE PAMI 25, 2003, reason on ghosts by their motion;
here it is edges, since people who stand for minutes do not move either).
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.light import Light
from plainview.vision.plate import Image, Luma, Plate, gradient
from plainview.vision.steady import LEAST, Steady, steadied
from plainview.vision.tint import Colour, Tint, Tinted, moved_back

BOOTSTRAP = 30.0
"""Seconds of frames that a plate is learned from."""
SHARPER = 2
"""Times that frames of a camera that sways are set right: the first plate is a smeared one."""
OFTEN = 0.25
"""Part of the frames that must be beside the plate for it: a few do not smear it."""
MOST_FRAMES = 28
"""Frames that a plate is learned from."""
STAGES = (2.0, 5.0, 12.0, BOOTSTRAP)
"""Seconds after the first frame at which a live lens learns its plate, each time from more."""
FOLLOW_EVERY = 1.0
"""Seconds between two steps of following the background."""
FOLLOW_RATE = 0.06
"""Part of the difference that one step takes over: a time constant of about 16 s."""
GHOST_AGE = 2.5
"""Seconds that a place must differ before it is examined."""
ABSORB_AGE = 90.0
"""Seconds after which what differs, stands still and is no body becomes background."""
RELIT_SHARE = 0.5
"""Part of the picture that differs when the light, not people, has changed."""


class FrameStore:
    """Owns a bounded sample of working frames, evenly spread over the time it has seen."""

    def __init__(self) -> None:
        """Start empty."""
        self._frames: list[Luma] = []
        self._colours: list[Colour] = []
        self._stride = 1
        self._seen = 0

    def add(self, luma: Luma, colour: Colour | None = None) -> None:
        """Offer a frame; every `stride`-th is kept, and the stride doubles when full.

        With their `colour` all of them or none.
        """
        if self._seen % self._stride == 0:
            if len(self._frames) == MOST_FRAMES:
                del self._frames[1::2], self._colours[1::2]
                self._stride *= 2
            if self._seen % self._stride == 0:
                self._frames.append(luma)
                if colour is not None:
                    self._colours.append(colour)
        self._seen += 1

    def __len__(self) -> int:
        """Frames held."""
        return len(self._frames)

    @property
    def frames(self) -> Sequence[Luma]:
        """Those held, in order of time."""
        return self._frames

    def learn(self) -> Plate:
        """The plate of what was seen; where the camera sways, from its middle."""
        plate = Plate.learn(self._frames)
        for _ in range(SHARPER):
            by = Steady()
            found = [by.shift(frame, plate.luma) for frame in self._frames]
            if sum(shift is not None for shift in found) < OFTEN * len(found):
                break
            shifts = np.stack([np.zeros(2) if shift is None else shift for shift in found])
            # The first plate is that of an end of its way, where a mast stays longest.
            shifts -= np.median(shifts, axis=0)
            self._frames = [
                steadied(frame, shift) if np.hypot(*shift) >= LEAST else frame
                for frame, shift in zip(self._frames, shifts, strict=True)
            ]
            # Without colours there are none to set right.
            self._colours = [
                moved_back(colour, shift) if np.hypot(*shift) >= LEAST else colour
                for colour, shift in zip(self._colours, shifts, strict=False)
            ]
            plate = Plate.learn(self._frames)
        return plate

    def tint(self) -> Tint | None:
        """The colour of what was seen, once the plate was learned; None where it has none."""
        return Tint.learn(self._colours) if len(self._colours) > 2 else None

    def clear(self) -> None:
        """Forget all."""
        self._frames.clear()
        self._colours.clear()
        self._stride, self._seen = 1, 0


class Upkeep(NamedTuple):
    """What one step of keeping the plate did."""

    ghosts: int
    """Places given back to the background because nothing is there."""
    relit: bool
    """Whether most of the picture differs: the plate is of another light."""


class Keeper:
    """Owns how long each place of the working picture has differed from the plate, in seconds."""

    def __init__(self, plate: Plate) -> None:
        """Keep `plate` true."""
        self._plate = plate
        self._age = np.zeros(plate.luma.shape, dtype=np.float32)
        self._still = plate.luma.copy()
        self._relit = 0.0

    def step(
        self,
        luma: Luma,
        evidence: Image,
        bodies: Luma,
        light: Light,
        dt: float,
        tinted: Tinted | None = None,
    ) -> Upkeep:
        """Follow what is free, age what is not, and give ghosts back to the background.

        `evidence` (h, w); `bodies` (h, w) non-zero where bodies stand; `light` of the
        frame; `dt` seconds since the last step; `tinted`, where it has colours.
        """
        plate = self._plate
        # The plate stays in its own light: the frame is brought to it before it is taken over.
        own = light.unlit(luma)
        differs = evidence > 0
        share = float(differs.mean())
        moving = cv2.absdiff(luma, self._still) > 12
        self._still = luma
        self._age += np.float32(dt)
        self._age[~differs] = 0
        self._age[moving] = np.minimum(self._age[moving], 2.0)
        free = np.where((evidence < 0) & (bodies == 0), 255, 0).astype(np.uint8)
        ghosts = self._ghosts(luma, bodies, own, light.gain, tinted)
        rate = 1 - (1 - FOLLOW_RATE) ** (dt / FOLLOW_EVERY)
        plate.follow(own, free, rate)
        if tinted is not None:
            tinted.tint.follow(tinted.colour, free, rate)
        self._relit = self._relit + dt if share > RELIT_SHARE else 0.0
        return Upkeep(ghosts, self._relit > 2.0)

    def _ghosts(
        self, luma: Luma, bodies: Luma, own: Luma, gain: float, tinted: Tinted | None
    ) -> int:
        """Give back each old place whose outline is the plate's, or that is no body; how many."""
        old = (self._age > GHOST_AGE).astype(np.uint8)
        if not np.any(old):
            return 0
        plate = self._plate
        whole = cv2.morphologyEx(old, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(whole)
        outlines, given = _Outlines(luma, plate, gain, tinted), 0
        back = np.zeros(luma.shape, dtype=np.uint8)
        for k in range(1, count):
            x, y, w, h, area = stats[k]
            x0, y0 = max(x - 3, 0), max(y - 3, 0)
            window = np.s_[y0 : y + h + 3, x0 : x + w + 3]
            blob = (labels[window] == k).astype(np.uint8)
            grown = cv2.dilate(blob, np.ones((5, 5), np.uint8))
            rim = (grown - cv2.erode(blob, np.ones((3, 3), np.uint8))) > 0
            if not rim.any():
                continue  # the whole picture differs: there is nothing around it to compare with
            age = float(self._age[window][blob > 0].mean())
            lifeless = age > ABSORB_AGE and bodies[window][blob > 0].mean() < 0.3
            if area >= 6 and (lifeless or outlines.gone(window, rim)):
                target = grown > 0
                plate.mean[window][target] = own[window][target]
                self._age[window][target] = 0
                back[window][target] = 1
                given += 1
        if tinted is not None and given:
            tinted.tint.show(tinted.colour, back)
        return given


class _Outlines:
    """The edges of a frame and of the plate, in grey levels and, where it has them, in colours."""

    def __init__(self, luma: Luma, plate: Plate, gain: float, tinted: Tinted | None) -> None:
        self._luma, self._edges, self._gain = luma, gradient(plate.luma), gain
        self._colours = None if tinted is None else tinted.outlines(luma.shape)

    def gone(self, window: tuple[slice, slice], rim: NDArray[np.bool_]) -> bool:
        """Whether what the `rim` surrounds in `window` has its outline in the plate alone."""
        here = gradient(self._luma[window])[rim].mean()
        there = self._edges[window][rim].mean() * self._gain
        if there > 1.3 * here + 0.5:
            return True
        if self._colours is None or here > 1.3 * there + 0.5:
            return False
        # As light as the ground: its outline, or the ghost's, is one of colour.
        now, was = (one[window][rim].mean() for one in self._colours)
        return bool(was > 1.3 * now + 1.0)
