"""Is the camera's picture to be believed: blind, moved, blurred, dark or frozen, with hysteresis.

The static structure of the picture (its gradients, in tiles) is compared with the plate's. Each
flag rests on something that people, vehicles and light do not do to that structure:

- a tile is *lost* when its gradients are gone and what is left does not agree with the plate's: the
  camera is *blind* when most are, those of a part that something hangs into, or those that lie
  behind blots of paint all over the picture (cover.py);
- the camera has *moved* when another place of the picture agrees better with the plate than its own
  (a crowd agrees nowhere, a change of light agrees in place), or when the whole structure was
  replaced at once and what came stays;
- it is *blurred* when fine gradients fell and the coarse contrast did not;
- it is *dark* when little light is left and no structure stands above the measured noise, or none
  at all;
- it is *frozen* when nothing changes, not even the noise, longer than a codec skips blocks.

How two pictures are held against each other: structure.py; with what: remembered.py; what is dearer
to see, a camera knocked aside, turned away or out of focus: knocked.py.

What it cannot tell: a cover from a lamp that goes out so that nothing is left to see (both are
raised, blind and dark); a bus that stays over most of the view from a cover; a camera that was
blurred or moved before its plate was learned; one that sags by less than `knocked.MOVED_SHARE` each
time the plate is learned anew (an approved plate, which stays, does tell); any of it in a scene
without structure, such as bare asphalt; a sensor that stopped behind a burned-in clock that runs
on; a blur by less than a hundred and fiftieth of the picture's width.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.record import Health
from plainview.vision.cover import SUDDEN, THIN, Cover, Tiled, clearest
from plainview.vision.frozen import Frozen
from plainview.vision.knocked import Turned, has_moved, is_blurred
from plainview.vision.latch import Latch, Timing
from plainview.vision.ranks import mean, median
from plainview.vision.remembered import Remembered
from plainview.vision.structure import (
    FLOOR,
    SMALL,
    TILES_X,
    TILES_Y,
    Look,
    Picture,
    Reference,
    Tiles,
    agreement_of,
    look_of,
    resized,
    tiles,
)

SLOW = 1.0
"""Seconds between two of the expensive looks (moved, blurred)."""
BLIND_SHARE = 0.55
"""Share of the structured tiles that must be lost."""
HALF = 0.5
"""The same where something hangs into the picture that came at once, and has no structure."""
BLACK = 24
"""Luma that even lamps do not reach in a picture that is as good as black."""
DROWNED = 12.0
"""Standard deviation of noise, in luma of the small picture, that hides most structure."""
_SOBEL_NOISE = 0.375
"""Energy |g|^2 that white noise of variance 1 leaves in a Sobel gradient scaled by 1/8."""


TIMING = {
    Health.BLIND: Timing(1.5, 2.0),
    Health.MOVED: Timing(3.0, 3.0),
    Health.BLURRED: Timing(3.0, 3.0),
    Health.DARK: Timing(1.5, 2.0),
    Health.FROZEN: Timing(0.0, 0.4),
}


def _is_white(change: Picture, sigma: float) -> bool:
    """Whether what changed, `sigma` by the median, is noise: a mean of four halves only that."""
    half = cv2.resize(change, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return median(np.abs(half)) / 0.954 < 0.65 * sigma


class HealthMonitor:
    """Watches one camera's frames. Owns the reference, the latches, and what tells of a standstill.

    Feed it every analysed frame, in order. It never keeps more than two small pictures and the
    reference; nothing of them leaves it but flags.
    """

    def __init__(self) -> None:
        """Start with nothing known.

        Until a plate or a few seconds have come, only darkness, freezing and a wholly uniform
        picture can be told.
        """
        self._latches = {kind: Latch(timing) for kind, timing in TIMING.items()}
        self._held: set[Health] = set()
        self._shape: tuple[int, ...] = ()
        self._remembered = Remembered()
        self._turned = Turned()
        self._previous: Picture | None = None
        self._last: NDArray[np.uint8] | None = None
        self._noise = 1.0
        self._drowned = False
        self._t = -1e9
        self._slow_t = -1e9
        self._well_t = -1e9
        self._cover = Cover()
        self._frozen = Frozen()

    def flags(self) -> frozenset[Health]:
        """The flags that are up now."""
        raised = frozenset(kind for kind, latch in self._latches.items() if latch.raised)
        return raised | {Health.BLIND} if self._cover.raised else raised

    def interval_flags(self) -> frozenset[Health]:
        """Every flag that was up at some time since the last call."""
        held = frozenset(self._held | self.flags())
        self._held.clear()
        return held

    def suspected(self) -> frozenset[Health]:
        """Flags with evidence in the newest frames, raised or not: learn no plate meanwhile."""
        suspected = {
            kind for kind, latch in self._latches.items() if latch.raised or latch.suspected
        }
        covered = self._cover.raised or self._cover.suspected
        return frozenset(suspected | {Health.BLIND} if covered else suspected)

    def update(
        self,
        luma: NDArray[np.uint8],
        t: float,
        plate: NDArray[np.uint8] | Picture | None = None,
        foreground: NDArray[np.bool_] | None = None,
        *,
        key: bool | None = None,
        sways: bool = False,
    ) -> None:
        """Take one frame.

        Args:
            luma: (h, w) luma, 320 to 640 pixels wide.
            t: seconds, of any origin, never decreasing but for a new stream.
            plate: (h, w) luma of the empty scene, as far as it is known.
            foreground: (h, w), where the frame differs from the plate.
            key: whether a key frame was decoded since the last update; None if not known.
            sways: whether the camera goes to and fro: it was not knocked aside then.
        """
        if luma.shape != self._shape:
            self._restart(luma.shape)
        dt = min(max(t - self._t, 0.0), 1.0) if self._t > -1e8 else 0.0
        self._t = t
        before = luma if self._last is None else self._last
        look = look_of(resized(luma, SMALL))
        change = self._change(look.small)
        # Whatever is wrong with the camera must not become what it is compared with.
        wrong = bool(self.suspected() - {Health.FROZEN}) or self._turned.suspected
        reference = self._remembered.follow(luma, look, t, dt, plate, wrong=wrong)
        blind, dark, agreement = self._structure(reference, look, dt)
        latches = self._latches
        latches[Health.DARK].feed(dark, dt)
        # A hand may give a part of it back: what covers the rest is still there.
        latches[Health.BLIND].feed(
            blind or (latches[Health.BLIND].raised and self._cover.suspected), dt
        )
        seen = not (blind or dark or self._cover.suspected)
        latches[Health.FROZEN].feed(self._frozen.look(luma, t, change, key=key, seen=seen), dt)
        unseen = blind or dark or latches[Health.BLIND].raised or latches[Health.DARK].raised
        if not unseen and reference is not None:
            turned = self._turned.look(reference, agreement, change, self._noise, t)
            slow = t - self._slow_t
            if slow >= SLOW or slow < 0:
                step = slow if 0 < slow <= 2 * SLOW else 0.0
                self._slow_t = t
                moved = turned or (not sways and has_moved(reference, luma, look, agreement))
                latches[Health.MOVED].feed(moved, step)
                blurred = is_blurred(reference, luma, agreement, before, foreground)
                latches[Health.BLURRED].feed(None if moved else blurred, step)
        self._last = luma.copy()
        self._held |= self.flags()

    def _restart(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._previous = self._last = None
        self._remembered = Remembered()
        self._turned.forget()
        self._cover = Cover()
        self._frozen.clear()

    def _change(self, small: Picture) -> Picture | None:
        """|change| of the small picture since the last one; keeps the noise (sigma) up to date."""
        previous, self._previous = self._previous, small
        if previous is None:
            return None
        change = np.asarray(cv2.absdiff(small, previous), dtype=np.float32)
        # The median of |difference| of two normal samples is 0.954 sigma; movement is the tail.
        now = median(change[::3, ::3]) / 0.954
        self._noise += 0.2 * (now - self._noise)
        self._drowned = now > DROWNED and _is_white(small - previous, now)
        return change

    def _structure(
        self, reference: Reference | None, look: Look, dt: float
    ) -> tuple[bool, bool, Tiles]:
        """Whether the picture is blind or dark now, and the tiles' agreement with the reference."""
        noise = _SOBEL_NOISE * self._noise**2
        energy = np.maximum(look.energy - noise, 0.0)
        usable = mean(energy > max(FLOOR, 1.5 * noise))
        low = median(look.small[::3, ::3]) < 45
        bright = mean(look.small > 70)
        dark = low and (usable < 0.2 or mean(look.small > BLACK) < 0.02) and bright < 0.05
        if reference is None:
            uniform = usable < 0.03 and float(look.small.std()) < 12
            return uniform and not low, dark, np.zeros((TILES_Y, TILES_X), np.float32)
        agreement = agreement_of(look, reference.look)
        structured = reference.structured
        if np.count_nonzero(structured) < 8:
            return False, dark, agreement
        least = np.maximum(reference.look.energy, np.float32(1e-6))
        clear = np.divide(look.energy, least, dtype=np.float32)
        best = clearest(clear, agreement)
        lost = (energy < 0.25 * reference.look.energy) & (agreement < 0.4)
        if self._drowned:
            lost |= agreement < 0.4
        if not dark:
            flat = energy <= max(FLOOR, 1.5 * noise)
            held = self._latches[Health.BLIND]
            lost |= self._cover.look(
                Tiled(lost, flat, clear, best, agreement, structured), self._t, dt,
                held=held.raised or held.suspected,
            )  # fmt: skip
        lost |= (clear < THIN * best) & self._lit(reference.look, look)
        blind = mean(lost[structured]) > (HALF if self._cover.suspected else BLIND_SHARE)
        if not blind and not dark:
            self._well_t = self._t
        # Dusk ends in the dark as a cover does; only what came at once is called a cover too.
        sudden = self._t - self._well_t < SUDDEN or self._latches[Health.BLIND].raised
        return blind and (not dark or sudden), dark, agreement

    @staticmethod
    def _lit(reference: Look, look: Look) -> NDArray[np.bool_]:
        """Tiles that do not want for light: what is faint there is so for another reason."""
        return np.asarray(tiles(look.small) > 0.7 * tiles(reference.small), dtype=bool)
