"""What is veiled: things that fog, glare or dusk make hardly darker than the ground behind them.

Behind a veil of stray light a coat or a car is a few grey levels off the ground and even: to the
measurement, which judges pixel by pixel, it may as well be a shadow (foreground.SHADOW). But what
is only a soft shadow, a cloud's or a patch of fog, ends over many pixels; and the sun's own shadow,
which ends sharply, is darker than a veiled thing and hangs on what casts it. So a part that ends
sharply, and differs no more than a soft shadow does, is taken for a thing. For what moves alone:
what lies still may be a shadow for minutes.

A veiled thing comes and goes, and the ground is as it was. Where clouds drive, patches of sun and
shade run over the whole of it all the time, and from far away one of them ends as sharply as a car
does: there nothing is given back.
"""

from typing import Final, NamedTuple

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.foreground import SHADOW
from plainview.vision.plate import Image, Luma, gradients
from plainview.vision.ranks import ranked
from plainview.vision.shadow import SOFT

SHARP: Final = 0.22
"""Part of the contrast that one pixel takes at the sharper fifth of a thing's border."""
EDGE: Final = 0.8
"""Quantile of the border's steps that is compared."""
LEAST: Final = 60
"""Pixels of a part, at least."""
MOSTLY: Final = 0.3
"""Part of its pixels that may be shadow: of less, the rest tells by itself."""
PLAIN: Final = 3.0
"""Least contrast, in standard deviations of the noise."""
RATIO: Final = (SOFT + 0.08, 1.0 / SOFT)
"""Luma against that of the ground: darker may be the sun's shadow, brighter is no veiled thing."""
CAST: Final = 0.1
"""Part of it that is somebody, from which the rest may be his shadow."""
GIVEN: Final = 0.6
"""Evidence of what is taken for a thing."""
LARGEST: Final = 0.25
"""Part of what is looked at from which it is a cloud's shadow, or the air itself."""
WEATHER: Final = 0.06
"""Part of what is looked at that is no more than soft, in many parts, where it is the weather."""
USUAL: Final = 0.01
"""Part of what is looked at that is no more than soft beside the largest such part, on average over
`MEMORY`, from which light runs over the ground: 0.014 to 0.046 under driving clouds, 0.0004 to
0.006 in sun, rain, dusk, glare and fog with traffic, by day and by night."""
MEMORY: Final = 60.0
"""Seconds over which that average is taken."""
MOST: Final = 6
"""Parts that are looked at, the largest first."""
_THREE: Final = np.ones((3, 3), np.uint8)


class Keen:
    """Owns how much of the ground was soft lately: two numbers."""

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self._usual = self._seconds = 0.0
        self._last: float | None = None

    def look(self, seen: Seen, part: tuple[slice, slice], noise: float) -> Image:
        """(h, w) the evidence of `seen` with what is veiled in a `part` of it given back.

        What may be shadow beside somebody who was found is his; `noise` is in grey levels. It is
        the evidence itself where nothing is veiled.
        """
        # Every second pixel of every second row shows what parts there are.
        coarse = np.ascontiguousarray(seen.evidence[part][::2, ::2])
        soft = cv2.inRange(coarse, SHADOW - 1e-3, SHADOW + 1e-3)
        many = cv2.countNonZero(soft)
        if 4 * many < LEAST:
            self._remember(0.0, seen.t)
            return seen.evidence
        labels, stats = parts(np.asarray(coarse > SHADOW - 1e-3, dtype=np.uint8))
        each = np.bincount(labels[soft > 0], minlength=len(stats))
        self._remember((many - int(each.max())) / coarse.size, seen.t)
        largest = 2 * int(stats[1:, cv2.CC_STAT_AREA].max(initial=0))
        # Rain under a passing cloud leaves flecks of any size, and sharp ones, all over the ground.
        flecked = many > WEATHER * coarse.size and largest < many
        if flecked or self.patchy:
            return seen.evidence
        return _given(seen, part, noise, _Parts(labels, stats, soft))

    @property
    def patchy(self) -> bool:
        """Whether light runs over the ground lately: what is lit tells of nothing."""
        return self._usual > USUAL

    @property
    def light(self) -> float:
        """Part of what is looked at over which light runs lately; 0 where it is not patchy."""
        return self._usual if self.patchy else 0.0

    def _remember(self, share: float, t: float) -> None:
        """That `share` of what is looked at is soft at `t`, beside the largest part."""
        dt = 0.0 if self._last is None else min(max(t - self._last, 0.0), MEMORY)
        self._last = t
        self._seconds = min(self._seconds + dt, MEMORY)
        weight = dt / self._seconds if self._seconds > 0 else 1.0
        self._usual += weight * (share - self._usual)


class _Parts(NamedTuple):
    """The parts of what differs at all, at half the size of what is looked at."""

    labels: NDArray[np.int32]
    """(h, w) the part of each pixel."""
    stats: NDArray[np.int32]
    """(parts, 5) as parts.parts."""
    soft: MatLike
    """(h, w) non-zero where there is no more than may be shadow."""


def _given(seen: Seen, part: tuple[slice, slice], noise: float, known: _Parts) -> Image:
    """(h, w) the evidence of `seen` with those of the parts `known` given back that are things."""
    luma, background, evidence = seen.luma[part], seen.background[part], seen.evidence[part]
    labels, stats, soft = known
    found = seen.evidence
    for k in np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:MOST] + 1:
        x, y, w, h, area = (int(v) for v in stats[k])
        if 4 * area < LEAST:
            break
        if area > LARGEST * labels.size:
            continue
        near = np.s_[max(y - 2, 0) : y + h + 2, max(x - 2, 0) : x + w + 2]
        only = np.asarray(labels[near] == k)
        if np.count_nonzero(only & (soft[near] > 0)) < MOSTLY * area:
            continue
        window = np.s_[2 * near[0].start : 2 * near[0].stop, 2 * near[1].start : 2 * near[1].stop]
        mask = _fine(only, evidence[window])
        if _hangs(mask, seen.mask[part][window]):
            continue
        if _thing(luma[window], background[window], mask, noise):
            found = found.copy() if found is seen.evidence else found
            found[part][window][(mask > 0) & (evidence[window] < GIVEN)] = GIVEN
    return found


def _fine(only: NDArray[np.bool_], evidence: Image) -> NDArray[np.uint8]:
    """What differs in `evidence` (h, w) beside the pixels of a part at half its size."""
    height, width = evidence.shape
    twice = np.repeat(np.repeat(only, 2, axis=0), 2, axis=1)[:height, :width].astype(np.uint8)
    whole = cv2.dilate(twice, _THREE) & np.asarray(evidence > SHADOW - 1e-3, dtype=np.uint8)
    return np.asarray(cv2.morphologyEx(whole, cv2.MORPH_CLOSE, _THREE), dtype=np.uint8)


def _hangs(mask: NDArray[np.uint8], known: Luma) -> bool:
    """Whether a part of what `mask` (h, w) shows is somebody who is `known`."""
    return bool(np.count_nonzero((mask > 0) & (known > 0)) > CAST * np.count_nonzero(mask))


def _thing(luma: Luma, background: Luma, mask: NDArray[np.uint8], noise: float) -> bool:
    """Whether what `mask` (h, w) shows ends sharply, and is no darker than a veil allows."""
    core = cv2.erode(mask, _THREE, iterations=2)
    inside = core if cv2.countNonZero(core) >= 10 else mask
    contrast = cv2.mean(cv2.absdiff(luma, background), inside)[0]
    ratio = cv2.mean(luma, inside)[0] / max(cv2.mean(background, inside)[0], 1.0)
    if contrast < PLAIN * noise or not RATIO[0] <= ratio <= RATIO[1]:
        return False
    differs = cv2.blur(cv2.subtract(luma, background, dtype=cv2.CV_32F), (3, 3))
    signed = np.asarray(differs, dtype=np.float32)
    rim = (cv2.dilate(mask, _THREE) > 0) & (cv2.erode(mask, _THREE) == 0)
    steps = cv2.magnitude(*gradients(signed))[rim]
    return bool(steps.size and ranked(steps, EDGE) >= SHARP * contrast)
