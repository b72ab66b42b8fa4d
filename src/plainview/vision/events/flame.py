"""Flame: light of glowing soot that stays where it burns and never takes the same shape twice.

Colour alone is no flame: lamps, signs, brake lights and clothes have it too. What they have not is
disorder in place. Over a window of some seconds, what glows is brought to a common centre and a
common brightness; the differences from its mean shape are then

- large, in a flame (lamps, signs and a setting sun keep their shape);
- without memory: gas that rises some metres a second has left its place after 0.2 s, whereas what
  moves, walks or drives past looks nearly as it did one frame ago;
- never the same twice: a beacon, an indicator or a neon sign that steps through states comes back
  to each of them, a flame to none;
- in place: what has come there, as a vest has, has left a trail of its glow (warmth.py).

A flame's base burns without a gap while its tip comes and goes (the persistent and intermittent
flame of McCaffrey, NBSIR 79-1910, 1979): what changes lies above what lasts. Glitter on water,
cloth in the wind, screens and signs change all over. At 5 frames a second the flicker itself, 1 to
12 Hz, is folded down and says nothing by its frequency.

The colour is that of soot at 1000 to 1900 K, given as hue between red and yellow in YCbCr, and of
its core, too bright for the sensor, beside it (Celik & Demirel, Fire Safety Journal 44, 2009).
"""

from collections import deque
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.flicker import ENOUGH, flickering, since_lit, stays, step, surest
from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.events.warmth import Early, Trail, at_size, glowing, warm_part
from plainview.vision.plate import Luma

F32 = NDArray[np.float32]

WINDOW: Final = 14
"""Analysed frames that are compared."""
MOST_SURE: Final = 0.95
"""Nothing is certain from a few seconds of one camera."""
LOOK_EVERY: Final = 0.35
"""Seconds between two comparisons, at least."""
MOST_PLACES: Final = 6
"""Places compared at once, the liveliest first."""
LEAST_PIXELS: Final = 10
"""Below which a shape cannot be told from noise."""
DIM: Final = (60, 100)
"""Luma that a flame is always brighter than where it shows: by night, as far as the place is
darker, and by day."""
LEAST: Final = 0.02
"""Confidence below which nothing is said."""
SMALL: Final = 140_000
"""Pixels of a working picture up to which it is looked at in full; larger ones at half size."""
CALM: Final = 0.01
"""Change below which nothing is lively any more."""
DOUBTFUL: Final = (0.55, 0.7)
"""How surely the surest part has soot's colour: paint, up to which, and a flame, from which."""
FLARING: Final = (0.12, 0.22)
"""Part of its light over the plate by which paint's and a lamp's light changes, up to which, by
noise, and a flame's, from which."""
LEAST_OVER: Final = 30.0
"""Grey levels over the plate, at least, that this is a part of."""
FLARES: Final = 0.25
"""How much less of soot's colour is asked of what flares: glare and fog whiten a flame."""
PLAIN: Final = -0.5
"""Evidence below which a pixel shows what the plate shows."""


class Flame(NamedTuple):
    """Something in the last seconds that looks like a flame."""

    column: float
    """Of its foot, working pixels."""
    row: float
    width: float
    """Working pixels."""
    height: float
    confidence: float
    """0 to 1."""


class FlameWatch:
    """Owns the last frames of what glows. Bounded: WINDOW frames of at most SMALL pixels."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._glow: deque[F32] = deque(maxlen=WINDOW)
        self._bright: deque[Luma] = deque(maxlen=WINDOW)
        self._plain: deque[Luma] = deque(maxlen=WINDOW)
        self._lively: F32 | None = None
        self._dark: F32 | None = None
        self._trail = Trail((0, 0))
        self._none: Luma = np.zeros((0, 0), np.uint8)
        self._early = Early((0, 0))
        self._stirred = False
        self._since = 0.0
        self._scale = 2
        self._dim = float(DIM[1])

    def look(self, seen: Seen) -> list[Flame] | None:
        """The flames of the last seconds; None in a frame after which no comparison was due."""
        if seen.chroma is None:
            return []
        self._take(seen, seen.chroma)
        self._since += seen.dt
        if self._since < LOOK_EVERY or len(self._glow) < ENOUGH:
            return None
        self._since = 0.0
        if self._lively is None or float(self._lively.max()) <= 0:
            return []
        return [flame for box in self._places() if (flame := self._compare(box, seen)) is not None]

    def _take(self, seen: Seen, chroma: Luma) -> None:
        """Keep one more frame: how strongly each pixel glows, its luma, where it is the plate's."""
        luma = seen.luma
        self._scale = 1 if luma.size <= SMALL else 2
        if self._since == 0.0:
            usual = float(np.median(seen.plate.luma[::8, ::8]))
            self._dim = min(max(usual, float(DIM[0])), float(DIM[1]))
        half = luma
        if self._scale == 2:
            size = (chroma.shape[2], chroma.shape[1])
            half = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
        if self._dark is None or self._dark.shape != half.shape:
            for kept in (self._glow, self._bright, self._plain):
                kept.clear()
            self._lively = np.zeros(half.shape, np.float32)
            self._dark = np.zeros(half.shape, np.float32)
            self._none = np.zeros(half.shape, np.uint8)
            self._trail = Trail(half.shape)
            self._early = Early(half.shape)
            self._stirred = False
        glow, plain = self._dark, self._none
        part = warm_part(half, chroma)
        if part is not None:
            glow, plain = np.zeros_like(glow), np.zeros_like(plain)
            where = part[0]
            bright = half[where]
            colour = at_size(bright, chroma[(slice(None), *part[1])])
            warm = glowing(bright, colour, self._dim)
            self._early.note(warm, where)
            # What glows in the plate, too, as a brick wall does, is no fire by that: only by more.
            more = cv2.subtract(bright, self._small(seen.background, half)[where])
            glow[where] = np.where(self._early.known(where), np.minimum(warm, more), warm)
            plain[where] = self._small(seen.evidence, half)[where] < PLAIN
        same = glow is self._dark and (not self._glow or self._glow[-1] is self._dark)
        if self._glow and self._lively is not None and (self._stirred or not same):
            change = np.minimum(cv2.absdiff(glow, self._glow[-1]), np.float32(60))
            cv2.accumulateWeighted(change, self._lively, 0.15)
            self._stirred = bool(self._lively.max() > CALM)
        self._trail.note(None if part is None else glow, seen.dt)
        self._early.age(seen.dt)
        self._glow.append(glow)
        self._bright.append(half)
        self._plain.append(plain)

    def _small(self, whole: NDArray[Any], half: Luma) -> NDArray[Any]:
        """`whole` (h, w) by the rows and columns of `half`."""
        k = self._scale
        return whole[::k, ::k][: half.shape[0], : half.shape[1]]

    def _places(self) -> list[tuple[slice, slice]]:
        """Rows and columns around each place where what glows has changed again and again."""
        lively = self._lively
        if lively is None:
            return []
        alive = np.asarray(lively > 5.0, dtype=np.uint8)
        joined = cv2.dilate(alive, np.ones((5, 3), np.uint8))
        _, stats = parts(joined)
        found = []
        for k in range(1, len(stats)):
            x, y, w, h, _ = (int(v) for v in stats[k])
            box = slice(y, y + h), slice(x, x + w)
            if int(alive[box].sum()) >= 4:
                found.append((float(lively[box].sum()), box))
        found.sort(key=lambda one: -one[0])
        return [box for _, box in found[:MOST_PLACES]]

    def _compare(self, box: tuple[slice, slice], seen: Seen) -> Flame | None:
        shape = self._glow[-1].shape
        rows = slice(max(box[0].start - 2, 0), min(box[0].stop + 2, shape[0]))
        columns = slice(max(box[1].start - 2, 0), min(box[1].stop + 2, shape[1]))
        stack = since_lit(np.stack([glow[rows, columns] for glow in self._glow]))
        mean = surest(stack.mean(axis=0))
        stack = stack * (mean > 0)
        body = mean > 0.25 * mean.max()
        if len(stack) < ENOUGH or int(body.sum()) < LEAST_PIXELS:
            return None
        # Also what may hardly be a flame is told: doubt lowers the mean that an event starts by.
        sure = MOST_SURE * stays(stack)
        if sure > 0:
            sure *= self._new(rows, columns, body)
        if sure > 0:
            over = self._over(rows, columns, body, seen.plate.luma)
            soot = self._soot(rows, columns)
            flaring = self._flares(rows, columns, body) / max(over, LEAST_OVER)
            flares = FLARES * step(flaring, *FLARING)
            sure *= flickering(stack, over, soot) * step(soot + flares, *DOUBTFUL)
        if sure >= LEAST:
            sure = max(sure * self._trail.rests(body, (rows, columns), self._glow), LEAST)
        if sure < LEAST:
            return None
        across, down = np.nonzero(body.any(axis=0))[0], np.nonzero(body.any(axis=1))[0]
        weight = mean[int(down[-1]) - len(down) // 4 :].sum(axis=0)
        column = float(weight @ np.arange(len(weight)) / max(float(weight.sum()), 1e-6))
        scale = float(self._scale)
        return Flame(
            scale * (columns.start + column + 0.5) - 0.5,
            scale * (rows.start + int(down[-1]) + 1.0) - 0.5,
            scale * (int(across[-1] - across[0]) + 1),
            scale * (int(down[-1] - down[0]) + 1),
            sure,
        )

    def _over(self, rows: slice, columns: slice, body: NDArray[np.bool_], plate: Luma) -> float:
        """Grey levels by which its brightest parts are over the `plate`: what is lit has few."""
        bright = np.stack([half[rows, columns] for half in self._bright])[:, body]
        k = self._scale
        part = plate[k * rows.start : k * rows.stop, k * columns.start : k * columns.stop]
        return float(np.percentile(bright, 92)) - float(part.mean())

    def _flares(self, rows: slice, columns: slice, body: NDArray[np.bool_]) -> float:
        """Grey levels by which what glows is brighter now and darker then."""
        bright = np.stack([half[rows, columns] for half in self._bright])[:, body]
        return float(np.median(bright.std(axis=0)))

    def _soot(self, rows: slice, columns: slice) -> float:
        """0 to 1: whether what glows has the colour of soot, where it has it most surely.

        Paint whose colour lies where doubt begins glows and fades by the noise of its chroma alone,
        at random places and without memory, like a flame. A flame has parts that are soot for sure.
        """
        glow = np.stack([glow[rows, columns] for glow in self._glow])
        where = glow > 10.0
        if not where.any():
            return 0.0
        bright = np.stack([half[rows, columns] for half in self._bright])[where]
        return float(np.percentile(glow[where] / np.maximum(bright - np.float32(self._dim), 1), 90))

    def _new(self, rows: slice, columns: slice, body: NDArray[np.bool_]) -> float:
        """0 to 1: whether what glows is other than what the plate shows there.

        A sign or a yellow door before which somebody passes loses its shape and has it back, at no
        two moments alike; but as long as nobody passes it looks as it always does. What burns
        while the plate is learned is a part of it, but was not there in the first seconds.
        """
        plain = np.stack([one[rows, columns] for one in self._plain])[:, body]
        as_ever = float((plain.mean(axis=1) > 0.7).mean())
        return max(step(0.5 - as_ever, 0.0, 0.3), self._early.came(body, (rows, columns)))
