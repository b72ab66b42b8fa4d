"""What is veiled: things that fog, glare or dusk make hardly darker than the ground behind them.

Behind a veil of stray light a coat or a car is a few grey levels off the ground and even: to the
measurement, which judges pixel by pixel, it may as well be a shadow (foreground.SHADOW). But what
is only a soft shadow, a cloud's or a patch of fog, ends over many pixels; and the sun's own shadow,
which ends sharply, is darker than a veiled thing and hangs on what casts it. So a part that ends
sharply, and differs no more than a soft shadow does, is taken for a thing. For what moves alone:
what lies still may be a shadow for minutes.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.foreground import SHADOW
from plainview.vision.plate import Image, Luma
from plainview.vision.shadow import SOFT

SHARP: Final = 0.22
"""Part of the contrast that one pixel takes at the sharper fifth of a thing's border."""
EDGE: Final = 80
"""Percentile of the border's steps that is compared."""
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
MOST: Final = 8
"""Parts that are looked at, the largest first."""
_THREE: Final = np.ones((3, 3), np.uint8)


def keen(seen: Seen, part: tuple[slice, slice], noise: float) -> Image:
    """(h, w) the evidence of `seen` with what is veiled in a `part` of it given back.

    What may be shadow beside somebody who was found is his; `noise` is in grey levels. It is the
    evidence itself where nothing is veiled.
    """
    luma, background, evidence = seen.luma[part], seen.background[part], seen.evidence[part]
    soft = cv2.inRange(evidence, SHADOW - 1e-3, SHADOW + 1e-3)
    if cv2.countNonZero(soft) < LEAST:
        return seen.evidence
    differs = np.asarray(evidence > SHADOW - 1e-3, dtype=np.uint8)
    labels, stats = parts(cv2.morphologyEx(differs, cv2.MORPH_CLOSE, _THREE))
    found = seen.evidence
    for k in np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")[:MOST] + 1:
        x, y, w, h, area = (int(v) for v in stats[k])
        if area < LEAST:
            break
        window = np.s_[max(y - 3, 0) : y + h + 3, max(x - 3, 0) : x + w + 3]
        mask = np.asarray(labels[window] == k, dtype=np.uint8)
        may = np.asarray((mask > 0) & (soft[window] > 0))
        if np.count_nonzero(may) < MOSTLY * area or _hangs(mask, seen.mask[part][window]):
            continue
        if _thing(luma[window], background[window], mask, noise):
            found = found.copy() if found is seen.evidence else found
            found[part][window][may] = GIVEN
    return found


def _hangs(mask: NDArray[np.uint8], known: Luma) -> bool:
    """Whether a part of what `mask` (h, w) shows is somebody who is `known`."""
    return bool(np.count_nonzero((mask > 0) & (known > 0)) > CAST * np.count_nonzero(mask))


def _thing(luma: Luma, background: Luma, mask: NDArray[np.uint8], noise: float) -> bool:
    """Whether what `mask` (h, w) shows ends sharply, and is no darker than a veil allows."""
    signed = cv2.blur(cv2.subtract(luma, background, dtype=cv2.CV_32F), (3, 3))
    core = cv2.erode(mask, _THREE, iterations=2) > 0
    inside = core if np.count_nonzero(core) >= 10 else mask > 0
    contrast = float(np.abs(signed[inside]).mean())
    ratio = float(np.median(luma[inside] / np.maximum(background[inside], 1.0)))
    if contrast < PLAIN * noise or not RATIO[0] <= ratio <= RATIO[1]:
        return False
    rim = (cv2.dilate(mask, _THREE) > 0) & (cv2.erode(mask, _THREE) == 0)
    gx = cv2.Sobel(signed, cv2.CV_32F, 1, 0, scale=0.125)
    gy = cv2.Sobel(signed, cv2.CV_32F, 0, 1, scale=0.125)
    steps = cv2.magnitude(gx, gy)[rim]
    return bool(steps.size and float(np.percentile(steps, EDGE)) >= SHARP * contrast)
