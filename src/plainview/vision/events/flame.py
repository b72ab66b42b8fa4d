"""Flame: light of glowing soot that stays where it burns and never takes the same shape twice.

Colour alone is no flame: lamps, signs, brake lights and clothes have it too. What they have not is
disorder in place. Over a window of some seconds, what glows is brought to a common centre and a
common brightness; the differences from its mean shape are then

- large, in a flame (lamps, signs and a setting sun keep their shape);
- without memory: gas that rises some metres a second has left its place after 0.2 s, whereas what
  moves, walks or drives past looks nearly as it did one frame ago;
- never the same twice: a beacon, an indicator or a neon sign that steps through states comes back
  to each of them, a flame to none.

A flame's base burns without a gap while its tip comes and goes (the persistent and intermittent
flame of McCaffrey, NBSIR 79-1910, 1979): what changes lies above what lasts. Glitter on water,
cloth in the wind, screens and signs change all over. At 5 frames a second the flicker itself, 1 to
12 Hz, is folded down and says nothing by its frequency.

The colour is that of soot at 1000 to 1900 K, given as hue between red and yellow in YCbCr, and of
its core, too bright for the sensor, beside it (Celik & Demirel, Fire Safety Journal 44, 2009).
"""

from collections import deque
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.events.warmth import WARM, at_size, warm_part
from plainview.vision.plate import Image, Luma

Floats = NDArray[np.float64]
F32 = NDArray[np.float32]

WINDOW: Final = 14
"""Analysed frames that are compared."""
ENOUGH: Final = 9
"""The least that say anything."""
MOST_SURE: Final = 0.95
"""Nothing is certain from a few seconds of one camera."""
LOOK_EVERY: Final = 0.35
"""Seconds between two comparisons, at least."""
MOST_PLACES: Final = 6
"""Places compared at once, the liveliest first."""
SIDE: Final = 24
"""A place's side, at most, once it is shrunk for comparison."""
LEAST_PIXELS: Final = 10
"""Below which a shape cannot be told from noise."""
DIM: Final = 100
"""Luma that a flame is always brighter than where it shows."""
LEAST: Final = 0.02
"""Confidence below which nothing is said."""
SMALL: Final = 140_000
"""Pixels of a working picture up to which it is looked at in full; larger ones at half size."""
CALM: Final = 0.01
"""Change below which nothing is lively any more."""
PLAIN: Final = -0.5
"""Evidence below which a pixel shows what the plate shows."""
WHITE: Final = 222
"""Luma from which the sensor loses colour."""


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
        self._warmth: deque[Luma] = deque(maxlen=WINDOW)
        self._plain: deque[Luma] = deque(maxlen=WINDOW)
        self._lively: F32 | None = None
        self._dark: F32 | None = None
        self._cold: Luma = np.zeros((0, 0), np.uint8)
        self._stirred = False
        self._since = 0.0
        self._scale = 2

    def look(self, seen: Seen) -> list[Flame] | None:
        """The flames of the last seconds; None in a frame after which no comparison was due."""
        if seen.chroma is None:
            return []
        self._take(seen.luma, seen.chroma, seen.evidence)
        self._since += seen.dt
        if self._since < LOOK_EVERY or len(self._glow) < ENOUGH:
            return None
        self._since = 0.0
        if self._lively is None or float(self._lively.max()) <= 0:
            return []
        return [flame for box in self._places() if (flame := self._compare(box, seen)) is not None]

    def _take(self, luma: Luma, chroma: Luma, evidence: Image) -> None:
        """Keep one more frame: how strongly each pixel glows, its luma, where it is the plate's."""
        self._scale = 1 if luma.size <= SMALL else 2
        half = luma
        if self._scale == 2:
            size = (chroma.shape[2], chroma.shape[1])
            half = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
        if self._dark is None or self._dark.shape != half.shape:
            self._glow.clear()
            self._bright.clear()
            self._warmth.clear()
            self._plain.clear()
            self._lively = np.zeros(half.shape, np.float32)
            self._dark = np.zeros(half.shape, np.float32)
            self._cold = np.zeros(half.shape, np.uint8)
            self._stirred = False
        glow, warmth, plain = self._dark, self._cold, self._cold
        part = warm_part(half, chroma)
        if part is not None:
            glow, warmth, plain = np.zeros_like(glow), np.zeros_like(warmth), np.zeros_like(warmth)
            bright = half[part[0]]
            colour = at_size(bright, chroma[(slice(None), *part[1])])
            glow[part[0]] = glowing(bright, colour)
            warmth[part[0]] = cv2.subtract(colour[1], colour[0])
            whole = evidence[:: self._scale, :: self._scale][: half.shape[0], : half.shape[1]]
            plain[part[0]] = whole[part[0]] < PLAIN
        same = glow is self._dark and (not self._glow or self._glow[-1] is self._dark)
        if self._glow and self._lively is not None and (self._stirred or not same):
            change = np.minimum(cv2.absdiff(glow, self._glow[-1]), np.float32(60))
            cv2.accumulateWeighted(change, self._lively, 0.15)
            self._stirred = bool(self._lively.max() > CALM)
        self._glow.append(glow)
        self._bright.append(half)
        self._warmth.append(warmth)
        self._plain.append(plain)

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
        mean = stack.mean(axis=0)
        body = mean > 0.25 * mean.max()
        if len(stack) < ENOUGH or int(body.sum()) < LEAST_PIXELS:
            return None
        # Also what may hardly be a flame is told: doubt lowers the mean that an event starts by.
        sure = MOST_SURE * lasting(stack) * licking(stack)
        if sure > 0:
            sure *= self._luminous(rows, columns, body, seen.plate.luma)
            sure *= self._soot(rows, columns) * self._new(rows, columns, body)
        if sure > 0:
            sure *= disorder(stack)
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

    def _luminous(self, rows: slice, columns: slice, body: NDArray[np.bool_], plate: Luma) -> float:
        """0 to 1: whether it gives light, rather than being lit."""
        bright = np.stack([half[rows, columns] for half in self._bright])[:, body]
        peak = float(np.percentile(bright, 92))
        k = self._scale
        part = plate[k * rows.start : k * rows.stop, k * columns.start : k * columns.stop]
        return _step(peak, 120.0, 170.0) * _step(peak - float(part.mean()), 15.0, 50.0)

    def _soot(self, rows: slice, columns: slice) -> float:
        """0 to 1: whether what glows has the colour of soot, somewhere without doubt.

        Paint whose colour lies where doubt begins glows and fades by the noise of its chroma alone,
        at random places and without memory, like a flame. A flame has parts that are soot for sure.
        """
        warm = np.stack([warmth[rows, columns] for warmth in self._warmth])
        glow = np.stack([glow[rows, columns] for glow in self._glow])
        where = glow > 10.0
        if not where.any():
            return 0.0
        bright = np.stack([half[rows, columns] for half in self._bright])[where]
        certain = float(np.percentile(glow[where] / (bright - np.float32(DIM)), 90))
        soot = _step(float(np.percentile(warm[where], 75)), 14.0, 24.0)
        return soot * _step(certain, 0.6, 0.9)

    def _new(self, rows: slice, columns: slice, body: NDArray[np.bool_]) -> float:
        """0 to 1: whether what glows is other than what the plate shows there.

        A sign or a yellow door before which somebody passes loses its shape and has it back, at no
        two moments alike; but as long as nobody passes it looks as it always does.
        """
        plain = np.stack([one[rows, columns] for one in self._plain])[:, body]
        as_ever = float((plain.mean(axis=1) > 0.7).mean())
        return _step(0.5 - as_ever, 0.0, 0.3)


def glowing(half: Luma, chroma: Luma) -> F32:
    """(h, w) luma above `DIM` where soot may glow, 0 elsewhere; soft where colour is in doubt.

    `half` (h, w) and `chroma` (2, h, w) are of one size.
    """
    glow = np.zeros(half.shape, np.float32)
    likely = (cv2.subtract(chroma[1], chroma[0]) > WARM) & (half > DIM)
    x, y, w, h = cv2.boundingRect(likely.astype(np.uint8))
    if w == 0:
        return glow
    # Around what may glow only: most pictures hold nothing of the kind.
    box = slice(max(y - 3, 0), y + h + 3), slice(max(x - 3, 0), x + w + 3)
    glow[box] = _glow(half[box], chroma[(slice(None), *box)])
    return glow


def _glow(half: Luma, chroma: Luma) -> F32:
    blue, red = (plane.astype(np.float32) - 128 for plane in chroma)
    warmth = red - blue
    # Hue between deep orange and yellow: purer reds are lamps and paint, greener yellows clothes.
    hue = np.clip((red + 0.02 * warmth) / 3.0, 0.0, 1.0)
    hue *= np.clip((-2.2 * blue - red) / 4.0, 0.0, 1.0)
    warm = np.clip((warmth - 14.0) / 12.0, 0.0, 1.0) * hue
    beside = cv2.dilate(warm, np.ones((5, 5), np.uint8))
    core = np.clip((half.astype(np.float32) - WHITE + 12.0) / 12.0, 0.0, 1.0) * beside
    lit = np.clip(half.astype(np.float32) - DIM, 0.0, None)
    return np.asarray(lit * np.maximum(warm, core), dtype=np.float32)


def since_lit(stack: F32) -> F32:
    """`stack` (n, h, w) without the frames before something began to glow there."""
    total = stack.sum(axis=(1, 2))
    lit = np.nonzero(total > 0.25 * np.median(total[-5:]))[0]
    return stack[int(lit[0]) :] if len(lit) else stack[:0]


def lasting(stack: F32) -> float:
    """0 to 1: whether what glows in `stack` (n, h, w) was always there, and has a lasting core."""
    total = stack.sum(axis=(1, 2))
    usual = float(np.median(total))
    if usual <= 0:
        return 0.0
    gaps = float((total < 0.2 * usual).mean())
    on = (stack > 0.2 * float(np.percentile(stack, 98))).mean(axis=0)
    union = float((on > 0.15).sum())
    core = float((on > 0.8).sum()) / max(union, 1.0)
    # The old half against the new one: what drives past is not where it was.
    middle = len(stack) // 2
    then, now = stack[:middle].mean(axis=0).ravel(), stack[middle:].mean(axis=0).ravel()
    like = float(then @ now) / max(float(np.linalg.norm(then) * np.linalg.norm(now)), 1e-6)
    return _step(0.35 - gaps, 0.0, 0.2) * _step(core, 0.1, 0.22) * _step(like, 0.5, 0.75)


def licking(stack: F32) -> float:
    """0 to 1: whether `stack` (n, h, w) changes more towards its top than towards its foot."""
    mean = stack.mean(axis=0)
    part = np.where(mean > 0.1 * mean.max(), stack.var(axis=0) / np.maximum(mean, 1.0), 0.0)
    steady, changing = mean.sum(axis=1), part.sum(axis=1)
    rows = np.arange(len(steady))
    tall = int((steady > 0.1 * steady.max()).sum())
    middle = float(steady @ rows) / max(float(steady.sum()), 1e-6)
    above = middle - float(changing @ rows) / max(float(changing.sum()), 1e-6)
    return _step(above / max(tall, 1), 0.06, 0.16)


def disorder(stack: F32) -> float:
    """0 to 1: how sure it is that `stack` (n, h, w) never takes a shape twice, and forgets it."""
    shapes = _centred(stack)
    if len(shapes) < ENOUGH - 2:
        return 0.0
    mean = shapes.mean(axis=0)
    differences = shapes - mean
    gram = differences @ differences.T
    power = np.diagonal(gram)
    apart = power[:, None] + power[None] - 2.0 * gram
    np.fill_diagonal(apart, np.inf)
    nearest = float(np.median(apart.min(axis=1))) / max(float(mean @ mean), 1e-12)
    memory = float(np.diagonal(gram, 1).sum()) / max(float(power.sum()), 1e-12)
    return _step(nearest, 0.03, 0.07) * _step(0.65 - memory, 0.0, 0.25)


def _centred(stack: F32) -> Floats:
    """(m, p) the shapes of `stack` (n, h, w) about their own centre, each of sum 1; dark ones out.

    Taking out place and brightness takes out the camera's shake, its exposure, lamps that blink.
    """
    scale = min(SIDE / stack.shape[1], SIDE / stack.shape[2], 1.0)
    if scale < 1.0:
        size = max(round(stack.shape[2] * scale), 2), max(round(stack.shape[1] * scale), 2)
        stack = np.stack([cv2.resize(s, size, interpolation=cv2.INTER_AREA) for s in stack])
    total = stack.sum(axis=(1, 2))
    stack, total = stack[total > 0.2 * np.median(total)], total[total > 0.2 * np.median(total)]
    if not len(stack):
        return np.zeros((0, 1))
    height, width = stack.shape[1:]
    x = stack.sum(axis=1) @ np.arange(width) / total
    y = stack.sum(axis=2) @ np.arange(height) / total
    shapes = []
    for shape, dx, dy, sum_ in zip(stack, x.mean() - x, y.mean() - y, total, strict=True):
        move = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
        moved = cv2.warpAffine(shape, move, (width, height), flags=cv2.INTER_LINEAR)
        shapes.append(moved.ravel() / sum_)
    return np.array(shapes, dtype=np.float64)


def _step(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on, straight between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)
