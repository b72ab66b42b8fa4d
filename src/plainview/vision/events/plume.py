"""What in the last looks at the plate's veils is as soft, strong and restless as a plume of smoke.

One look's answer; smoke.py says how long it must last.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.boil import Boil
from plainview.vision.events.flicker import step
from plainview.vision.events.murk import Dark
from plainview.vision.events.parts import parts
from plainview.vision.events.veil import (
    CELL,
    THIN,
    Mask,
    Veil,
    colours_of,
    grey,
    share,
)
from plainview.vision.plate import Image, Luma
from plainview.vision.ranks import mean, median, medians

LEAST_CELLS: Final = 12
"""Cells that it must lie over."""
STEAM: Final = 4.5
"""Brightness against the ground from which a veil is steam: it throws back all light."""
LEAST_TONE: Final = 0.1
"""Brightness of a veil away from the ground's below which light does not tell what it hides."""
CALM: Final = 0.25
"""Part of the change of light in its lively cells, from look to look, below which one is calm."""
LIVELY: Final = 80
"""Per cent of a plume's cells that change less than its lively ones."""
FADED: Final = 0.3
"""Part of what a plume hides at most in one row, below which it has faded out."""
CUT: Final = 0.65
"""The same at the picture's border, from which it is cut rather than about to fade: smoke spreads
as it rises and hides nearly as much in each row, steam dissolves."""


class Smoke(NamedTuple):
    """Something in the last seconds that looks like smoke."""

    column: float
    """Of its foot, working pixels."""
    row: float
    area: float
    """Working pixels that are surely veiled."""
    tone: float
    """Brightness against the ground behind it, at most lately; 0 where that is too even to tell."""
    confidence: float
    rise: float = math.inf
    """Working pixels from its foot to its top; infinite where the picture's border cuts it."""


def plumes(
    veils: Sequence[Veil],
    lost: Image,
    habit: Image,
    chroma: Luma | None,
    *,
    clear: float,
    steady: bool,
) -> list[tuple[Mask, Smoke]]:
    """What looks like smoke in the last looks: its sure cells, and itself.

    `veils`, oldest first, and what they hide beyond the usual: `lost` (looks, h, w); `habit`
    (h, w) as Boil takes it. `clear`: 0 to 1, how far the whole picture has kept its contrast;
    `steady`: whether no light runs over the scene.
    """
    often = share(lost > THIN)
    sure = often > 0.6
    if np.count_nonzero(sure) < LEAST_CELLS:
        return []
    known = veils[-1].known
    if not known.any() or mean(often[known] > 0.5) > 0.5:
        return []  # nearly everywhere: fog, rain on the glass, a picture out of focus
    # Where the plate is too even to tell, another light of its own carries the plume on.
    near = cv2.dilate((often > 0.3).view(np.uint8), np.ones((5, 5), np.uint8)) > 0
    shifts = np.stack([veil.shift for veil in veils])
    tinted = share(np.abs(shifts) > 0.06) > 0.6
    free = share(np.stack([veil.plain | ~veil.known for veil in veils])) > 0.6
    joined = ((often > 0.3) | (near & tinted & free)).astype(np.uint8)
    whole = cv2.morphologyEx(joined, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    labels, stats = parts(whole)
    cells = np.bincount(labels[sure], minlength=len(stats))
    large = [k for k in range(1, len(stats)) if cells[k] >= LEAST_CELLS]
    if not large:
        return []
    colours = colours_of(chroma, sure.shape)
    boil: Boil | None = None
    restless: Mask = np.zeros_like(sure)
    found = []
    for where, core in _alive(labels, large, sure, shifts):
        if grey(colours, core):
            plume = _plume(where & (joined > 0), core, veils, lost)
            likely = 0.0
            if clear * plume.confidence > 0:
                if boil is None:
                    boil = Boil(veils, lost, habit)
                    restless = ~known & tinted & boil.restless if steady else restless
                likely = clear * boil.likely(core) * plume.confidence
                if steady:
                    plume = _farther(plume, core, _beyond(core, restless), veils, lost)
            found.append((core, plume._replace(confidence=likely)))
    return found


def _alive(
    labels: NDArray[np.int32], large: Sequence[int], sure: Mask, shifts: Image
) -> Iterator[tuple[Mask, Mask]]:
    """Each `large` part of what is veiled and its `sure` cells, without what hangs on it calmly.

    `shifts` (looks, h, w) are of the light. Whoever stood there while the plate was learned is a
    part of it: where he was looks veiled for good, and joins a plume with ground far before it.
    """
    stirs = cv2.blur(medians(np.abs(np.diff(shifts, axis=0))), (3, 3))
    for k in large:
        where = labels == k
        core = where & sure
        alive = where & (stirs >= CALM * np.percentile(stirs[core], LIVELY))
        apart, stats = parts(alive.astype(np.uint8))
        cells = np.bincount(apart[core], minlength=len(stats))
        for j in range(1, len(stats)):
            if cells[j] >= LEAST_CELLS:
                yield apart == j, core & (apart == j)


def _beyond(core: Mask, may: Mask) -> Mask:
    """What of the cells that `may` be veiled hangs together with the `core` that surely is."""
    whole = cv2.morphologyEx(
        (core | may).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)
    )
    labels, stats = parts(np.asarray(whole, dtype=np.uint8))
    ours = np.zeros(len(stats), np.bool_)
    ours[labels[core]] = True
    ours[0] = False
    return np.asarray(may & ours[labels])


def _farther(plume: Smoke, core: Mask, beyond: Mask, veils: Sequence[Veil], lost: Image) -> Smoke:
    """`plume` as large and as high as it is with what is `beyond` ground that can lose contrast.

    What it hides there is told by its light: a veil that hides h changes light by h (tone - 1).
    """
    by = math.copysign(max(abs(plume.tone - 1.0), LEAST_TONE), plume.tone - 1.0)
    hides = np.mean([veil.shift for veil in veils], axis=0) / by
    beyond = beyond & (hides > THIN)
    whole = np.where(beyond, np.minimum(hides, 1.0), lost.mean(axis=0) * core)
    side = 2.0 * CELL
    return plume._replace(
        area=float(np.count_nonzero(core | beyond)) * side * side,
        # Steam that fades at the picture's border is not seen to go on.
        rise=max(plume.rise, side * _height(whole)),
    )


def _around(core: Mask) -> Mask:
    return np.asarray(cv2.dilate(core.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def _plume(whole: Mask, core: Mask, veils: Sequence[Veil], lost: Image) -> Smoke:
    tone = median(np.array([median(veil.tone[core]) for veil in veils]))
    hides = lost.mean(axis=0)
    rows, columns = _foot(whole & _around(core))
    weight = 0.05 + hides[rows, columns]
    column = float(weight @ columns / float(weight.sum()))
    side = 2.0 * CELL
    return Smoke(
        (column + 0.5) * side,
        (float(rows.max()) + 1.0) * side,
        float(core.sum()) * side * side,
        tone,
        _sure(core, veils, lost, tone),
        side * _rise(hides * whole),
    )


def _sure(core: Mask, veils: Sequence[Veil], lost: Image, tone: float) -> float:
    """0 to 1: whether what veils the cells of `core` is as soft, strong and restless as smoke.

    `tone`: its brightness against the ground.
    """
    depth = lost[:, core]
    soft = step(mean((depth > THIN) & (depth < 0.8)), 0.3, 0.6)
    # A moving shadow loses some contrast to coding in the dark, but gives hardly any light.
    pale, lit = step(STEAM - tone, 0.0, 1.5), step(tone, 0.4, 0.6)
    if soft * pale * lit == 0:
        return 0.0
    shifts = np.stack([veil.shift[core] for veil in veils])
    shift = median(np.abs(shifts.mean(axis=0)))
    strong = max(step(shift, 0.02, 0.05), step(mean(depth), 0.25, 0.4))
    # Who passes before a ghost changes its light much, but once: smoke stirs from look to look.
    stirs = median(medians(np.abs(np.diff(shifts, axis=0))))
    steadily = stirs / max(median(shifts.std(axis=0)), 1e-6)
    return soft * strong * pale * lit * (step(stirs, 0.002, 0.004) * step(steadily, 0.1, 0.25))


def of_dark(dark: Dark) -> Smoke:
    """A dark veil as the smoke that it may be. It is told by its light, however blurred."""
    rows, columns = _foot(dark.where)
    side = 2.0 * CELL
    return Smoke(
        (float(columns.mean()) + 0.5) * side,
        (float(rows.max()) + 1.0) * side,
        float(np.count_nonzero(dark.where)) * side * side,
        0.0,
        dark.sure,
        side * _rise(dark.where.astype(np.float32)),
    )


def _foot(where: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the lowest fifth of the cells `where` (h, w) something is."""
    rows, columns = np.nonzero(where)
    foot = rows >= rows.max() - int(np.ptp(rows)) // 5
    return rows[foot], columns[foot]


def _rise(hides: Image) -> float:
    """Cells from the foot of what `hides` (h, w) to its end; infinite if cut by the border."""
    rows = hides.sum(axis=1)
    return math.inf if rows[0] >= CUT * rows.max() else _height(hides)


def _height(hides: Image) -> float:
    """Cells from the foot of what `hides` (h, w) to its end, or to the border."""
    rows = hides.sum(axis=1)
    ends = np.nonzero(rows >= FADED * rows.max())[0][0]
    return float(np.nonzero(rows)[0].max() - ends) + 1.0
