"""What came lately: things that drifting fog hides from who compares with the plate alone.

Fog drifts: against a plate that was learned minutes ago it differs by as much as the coat or the
car that it veils, and both are one part then (keen.py). Against what the camera showed one to three
seconds ago it hardly differs, and what moves does. So the median of three such pictures is held
against what is there now. A part that ends sharply in that, and differs from the plate too, is a
thing; where such a thing has just left, the plate is as it was.

In haze, where fog takes so much contrast that the picture counts as blurred, the plate says nothing
of that: what is there ends sharply now, what has left ended so then. Somebody is a few grey levels
off the fog behind him, which drifts by as many; but its banks are large and soft. So what differs
is held against what differs around it there, and there is no sun that could make it brighter.
"""

from collections import deque
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.plate import Image, Luma, gradients, median_of_three
from plainview.vision.ranks import median, median_of_bytes, ranked
from plainview.vision.shadow import SOFT

AGO: Final = (0.8, 1.6, 2.4)
"""Seconds before now of the pictures that are compared with: whatever moves is in one, at most."""
APART: Final = 0.35
"""Seconds between two that are kept."""
CLEAR: Final = 4.0
"""Standard deviations of the difference from which a pixel belongs to a part."""
LEAST: Final = 40
"""Pixels of a part, at least."""
PLATE: Final = 0.0
"""Evidence against the plate that most of a part must have."""
CALM: Final = 0.1
"""Part of what is looked at that may have changed: more is a cloud's edge, or the camera."""
SHARP: Final = 0.22
"""Part of the contrast that one pixel takes at the sharper fifth of a thing's border (keen.py)."""
EDGE: Final = 0.8
"""Quantile of the border's steps that is compared."""
MOSTLY: Final = 0.13
"""The same of the median step: rain that falls through a patch of light makes a part of its end
sharp. Things in fog have 0.14 to 0.25, such patches 0.10 to 0.15."""
RATIO: Final = (SOFT + 0.08, 1.05)
"""Luma against what was there: darker may be the sun's shadow, brighter may be its light."""
HAZED: Final = (RATIO[0], 1.0 / RATIO[0])
"""The same in haze, where the sun casts neither."""
BANK: Final = (31, 31)
"""Working pixels, across and down, over which fog is about even: three quarters of a body's height
(optics.WORK_HEIGHT), and three times its breadth."""
SOME: Final = 0.05
"""Part of those that must be fog, at least, for its level to be known."""
FINEST: Final = 0.6
"""Grey levels below which the spread of what differs from around it is the picture's own steps."""
CAST: Final = 0.1
"""Part of it that is somebody who is known, from which the rest may be his shadow."""
GIVEN: Final = 0.6
"""Evidence of what is taken for a thing."""
ALONE: Final = 0.5
"""Part of all that has come that one part must be where light runs over the ground: in many places
at once, as no car does."""
MOST: Final = 8
"""Parts that are looked at, the largest first."""
_THREE: Final = np.ones((3, 3), np.uint8)
_UPRIGHT: Final = np.ones((11, 5), np.uint8)
"""Pixels down and across within which parts are one: a door or a coat can look like the fog."""


class Lately:
    """Owns the pictures of the last seconds, eight at most."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._kept: deque[tuple[float, Luma]] = deque()

    def look(
        self, seen: Seen, part: tuple[slice, slice], given: Image, *, patchy: bool = False
    ) -> Image:
        """(h, w) the evidence `given`, with what came lately in a `part` of `seen` given as well.

        It is `given` itself where nothing did; where the light is `patchy`, only what came alone.
        """
        now = np.asarray(cv2.blur(seen.luma[part], (3, 3)), dtype=np.uint8)
        before = self._before(seen.t)
        self._keep(seen.t, now)
        if before is None:
            return given
        return _given(seen, part, given, _Pair(now, before, seen.hazy), ALONE if patchy else 0.0)

    def _keep(self, t: float, now: Luma) -> None:
        if self._kept and 0 <= t - self._kept[-1][0] < APART:
            return
        self._kept.append((t, now))
        while not 0 <= t - self._kept[0][0] <= AGO[-1] + APART:
            self._kept.popleft()

    def _before(self, t: float) -> Luma | None:
        """(h, w) the median of what was there `AGO`; None where too little is kept."""
        if not self._kept or t - self._kept[0][0] < AGO[-1] - APART:
            return None
        a, b, c = (min(self._kept, key=lambda one: abs(t - s - one[0]))[1] for s in AGO)
        return median_of_three(a, b, c)


class _Pair(NamedTuple):
    """A part of the picture as it is, and as it was lately, (h, w) each."""

    now: Luma
    before: Luma
    hazy: bool

    def part(self, where: tuple[slice, slice]) -> "_Pair":
        """The part of it at `where`."""
        return _Pair(self.now[where], self.before[where], self.hazy)

    def change(self) -> tuple[Luma | Image, float]:
        """(h, w) grey levels by which it has changed, and their spread (robust)."""
        if self.hazy:
            signed = np.asarray(cv2.subtract(self.now, self.before, dtype=cv2.CV_32F))
            lone = np.abs(signed - cv2.blur(signed, BANK))
            spread = max(1.4826 * median(lone[::4, ::4]), FINEST)
            # What has come is no fog: else fog would seem to have come around it, the other way.
            fog = np.asarray(lone <= CLEAR * spread, dtype=np.float32)
            level = cv2.blur(signed * fog, BANK) / np.maximum(cv2.blur(fog, BANK), SOME)
            return np.minimum(lone, np.abs(signed - level)), spread
        change = np.asarray(cv2.absdiff(self.now, self.before), dtype=np.uint8)
        return change, max(1.4826 * median_of_bytes(change[::4, ::4]), 1.0)


def _given(seen: Seen, part: tuple[slice, slice], given: Image, pair: _Pair, alone: float) -> Image:
    """What has come given back; of parts that are at least `alone` of it all."""
    change, spread = pair.change()
    # Whole grey levels are compared several times faster than numbers.
    clear = min(CLEAR * spread, 255.0)
    came = change > (np.float32(clear) if pair.hazy else np.uint8(clear))
    many = int(np.count_nonzero(came))
    if many > CALM * came.size:
        return given
    if not pair.hazy:
        came &= seen.evidence[part] > PLATE
    if not came.any():
        return given
    mask = cv2.morphologyEx(came.view(np.uint8), cv2.MORPH_CLOSE, _UPRIGHT)
    labels, stats = parts(np.asarray(mask, dtype=np.uint8))
    found = given
    for k in np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:MOST] + 1:
        x, y, w, h, area = (int(v) for v in stats[k])
        if area < max(LEAST, alone * many):
            break
        near = np.s_[max(y - 3, 0) : y + h + 3, max(x - 3, 0) : x + w + 3]
        only = np.asarray(labels[near] == k, dtype=np.uint8)
        if np.count_nonzero((only > 0) & (seen.mask[part][near] > 0)) > CAST * area:
            continue
        if not _thing(pair.part(near), change[near], only, spread):
            continue
        found = found.copy() if found is given else found
        found[part][near][(only > 0) & (found[part][near] < GIVEN)] = GIVEN
    return found


def _thing(pair: _Pair, change: Luma | Image, mask: NDArray[np.uint8], spread: float) -> bool:
    """Whether what `mask` (h, w) shows ends sharply, and is no darker than a veil allows.

    `change` (h, w) is in grey levels.
    """
    core = cv2.erode(mask, _THREE)
    inside = core if cv2.countNonZero(core) >= 10 else mask
    contrast = cv2.mean(change, inside)[0]
    lowest, highest = HAZED if pair.hazy else RATIO
    before = cv2.mean(pair.before, inside)[0]
    ratio = cv2.mean(pair.now, inside)[0] / max(before, 1.0)
    if contrast < CLEAR * spread or not lowest <= ratio <= highest:
        return False
    # Light multiplies: where its patch crosses from stone to asphalt it ends in no ratio.
    now, then = (np.log(one + np.float32(4.0)) for one in (pair.now, pair.before))
    rim = (cv2.dilate(mask, _THREE) > 0) & (cv2.erode(mask, _THREE) == 0)
    steps = _steps(now - then)[rim]
    deep = contrast / (before + 4.0) if pair.hazy else cv2.mean(np.abs(now - then), inside)[0]
    sharp = steps.size and ranked(steps, EDGE) >= SHARP * deep
    if not sharp or ranked(steps, 0.5) < MOSTLY * deep:
        return False
    return not pair.hazy or ranked(_steps(now)[rim], EDGE) > ranked(_steps(then)[rim], EDGE)


def _steps(values: Image) -> Image:
    """(h, w) by how much `values` (h, w) differ from pixel to pixel."""
    return np.asarray(cv2.magnitude(*gradients(values)), dtype=np.float32)
