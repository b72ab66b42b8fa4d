"""What came lately: things that drifting fog hides from who compares with the plate alone.

Fog drifts: against a plate that was learned minutes ago it differs by as much as the coat or the
car that it veils, and both are one part then (keen.py). Against what the camera showed one to three
seconds ago it hardly differs, and what moves does. So the median of three such pictures is held
against what is there now. A part that ends sharply in that, and differs from the plate too, is a
thing; where such a thing has just left, the plate is as it was.
"""

from collections import deque
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.plate import Image, Luma, gradients, median_of_three
from plainview.vision.ranks import median_of_bytes, ranked
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
        return _given(seen, part, given, _Pair(now, before), ALONE if patchy else 0.0)

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


def _given(seen: Seen, part: tuple[slice, slice], given: Image, pair: _Pair, alone: float) -> Image:
    """What has come given back; of parts that are at least `alone` of it all."""
    change = np.asarray(cv2.absdiff(pair.now, pair.before), dtype=np.uint8)
    spread = max(1.4826 * median_of_bytes(change[::4, ::4]), 1.0)
    # Whole grey levels: bytes are compared several times faster than numbers.
    came = change > np.uint8(min(CLEAR * spread, 255.0))
    many = int(np.count_nonzero(came))
    if many > CALM * came.size:
        return given
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
        if not _thing(_Pair(pair.now[near], pair.before[near]), change[near], only, spread):
            continue
        found = found.copy() if found is given else found
        found[part][near][(only > 0) & (found[part][near] < GIVEN)] = GIVEN
    return found


def _thing(pair: _Pair, change: Luma, mask: NDArray[np.uint8], spread: float) -> bool:
    """Whether what `mask` (h, w) shows ends sharply, and is no darker than a veil allows.

    `change` (h, w) is in grey levels.
    """
    core = cv2.erode(mask, _THREE)
    inside = core if cv2.countNonZero(core) >= 10 else mask
    contrast = cv2.mean(change, inside)[0]
    ratio = cv2.mean(pair.now, inside)[0] / max(cv2.mean(pair.before, inside)[0], 1.0)
    if contrast < CLEAR * spread or not RATIO[0] <= ratio <= RATIO[1]:
        return False
    # Light multiplies: where its patch crosses from stone to asphalt it ends in no ratio.
    ratios = np.log((pair.now + np.float32(4.0)) / (pair.before + np.float32(4.0)))
    contrast = cv2.mean(np.abs(ratios), inside)[0]
    rim = (cv2.dilate(mask, _THREE) > 0) & (cv2.erode(mask, _THREE) == 0)
    steps = cv2.magnitude(*gradients(ratios))[rim]
    sharp = steps.size and ranked(steps, EDGE) >= SHARP * contrast
    return bool(sharp and ranked(steps, 0.5) >= MOSTLY * contrast)
