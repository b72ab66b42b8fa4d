"""How what glows in one place flickers: measures of a flame over some seconds, and their odds.

Each measure alone leaves doubt: a small flame behind a car has hardly a core, one in glare hardly a
colour. So they are summed as log odds, with the weights of a logistic regression, rounded, on 888
looks at flames of 16 scenes and 1,343 at what glows in 26 others of the development part
(bench/event_odds.py). What never burns is excluded apart: what goes out again and again, or is not
where it was.
"""

import math
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.parts import parts

Floats = NDArray[np.float64]
F32 = NDArray[np.float32]

ENOUGH: Final = 9
"""The least frames that say anything."""
SIDE: Final = 24
"""A place's side, at most, once it is shrunk for comparison."""
SETTLED: Final = 0.04
"""Disorder of no certain meaning."""
LEAST: Final = 0.002
"""Disorder below which nothing tells it from none."""
LICKS: Final = (0.02, 0.07)
"""Licking of what changes all over, up to which, and of most flames, from which."""
UNLIKE: Final = (-2.5, -1.5)
"""Log of disorder over SETTLED up to which it is a tube's whose camera sways, and from which nearly
all flames'."""
FOOT: Final = (0.0, 0.06)
"""Part that always burns of a screen, of which each part goes out, up to, and of flames, from."""
PASSING: Final = 0.05
"""Part of the brightest mean glow up to which something glows now and then only."""
MOST_LIGHT: Final = 100.0
"""Grey levels over the plate, and more, that a flame may well have."""


class Flicker(NamedTuple):
    """What tells a flame from what glows."""

    disorder: float
    """Log of how unlike each shape is to all others, over SETTLED."""
    licking: float
    """How far above its middle it changes, in its heights."""
    light: float
    """Of its brightest parts over the plate, in MOST_LIGHT at most."""
    soot: float
    """Whether a part of it has soot's colour without doubt, 0 to 1."""
    core: float
    """Part of where it is at times in which it always is."""


BIAS: Final = -4.9
WEIGHTS: Final = Flicker(disorder=0.8, licking=9.6, light=2.4, soot=1.6, core=4.1)


def flickering(stack: F32, over: float, soot: float) -> float:
    """0 to 1: how likely what glows in `stack` (n, h, w) is a flame, where it stays().

    `over`: grey levels of its brightest parts over the plate; `soot`: the surest colour, 0 to 1.
    """
    seen = measured(stack, over, soot)
    # What changes as much below its middle as above is a screen, whatever else speaks for it.
    alight = step(seen.licking, *LICKS) * step(seen.disorder, *UNLIKE) * step(seen.core, *FOOT)
    odds = BIAS + sum(weight * one for weight, one in zip(WEIGHTS, seen, strict=True))
    return alight / (1.0 + math.exp(-odds))


def measured(stack: F32, over: float, soot: float) -> Flicker:
    """The measures of `stack` (n, h, w), `over` and `soot` as flickering() takes them."""
    return Flicker(
        math.log(max(disorder(stack), LEAST) / SETTLED),
        min(max(licking(stack), -0.1), 0.3),
        min(over / MOST_LIGHT, 1.0),
        soot,
        min(core(stack), 0.3),
    )


def since_lit(stack: F32) -> F32:
    """`stack` (n, h, w) without the frames before something began to glow there."""
    total = stack.sum(axis=(1, 2))
    lit = np.nonzero(total > 0.25 * np.median(total[-5:]))[0]
    return stack[int(lit[0]) :] if len(lit) else stack[:0]


def surest(mean: F32) -> F32:
    """What of the `mean` glow (h, w) hangs together with most of it, 0 elsewhere.

    Who passes a flame in warm clothes glows beside it now and then.
    """
    labels, _ = parts((mean > PASSING * mean.max()).astype(np.uint8))
    glows = np.bincount(labels.ravel(), weights=mean.ravel())
    glows[0] = 0.0
    return np.where(labels == int(glows.argmax()), mean, np.float32(0))


def stays(stack: F32) -> float:
    """0 to 1: whether what glows in `stack` (n, h, w) was always there, and in one place."""
    total = stack.sum(axis=(1, 2))
    usual = float(np.median(total))
    if usual <= 0:
        return 0.0
    gaps = float((total < 0.2 * usual).mean())
    # The old half against the new one: what drives past is not where it was.
    middle = len(stack) // 2
    then, now = stack[:middle].mean(axis=0).ravel(), stack[middle:].mean(axis=0).ravel()
    like = float(then @ now) / max(float(np.linalg.norm(then) * np.linalg.norm(now)), 1e-6)
    return step(0.35 - gaps, 0.0, 0.2) * step(like, 0.5, 0.75)


def core(stack: F32) -> float:
    """Part of where `stack` (n, h, w) glows at times in which it always does."""
    on = (stack > 0.2 * float(np.percentile(stack, 98))).mean(axis=0)
    return float((on > 0.8).sum()) / max(float((on > 0.15).sum()), 1.0)


def licking(stack: F32) -> float:
    """How much nearer to its top than to its foot `stack` (n, h, w) changes, in its heights."""
    mean = stack.mean(axis=0)
    part = np.where(mean > 0.1 * mean.max(), stack.var(axis=0) / np.maximum(mean, 1.0), 0.0)
    steady, changing = mean.sum(axis=1), part.sum(axis=1)
    rows = np.arange(len(steady))
    tall = int((steady > 0.1 * steady.max()).sum())
    middle = float(steady @ rows) / max(float(steady.sum()), 1e-6)
    above = middle - float(changing @ rows) / max(float(changing.sum()), 1e-6)
    return above / max(tall, 1)


def disorder(stack: F32) -> float:
    """How unlike each shape of `stack` (n, h, w) is to the one most like it; 0 if it has memory.

    As a part of the power of their mean. A flame takes no shape twice, and forgets each at once.
    """
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
    return nearest * step(0.65 - memory, 0.0, 0.25)


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


def step(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high` on, straight between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)
