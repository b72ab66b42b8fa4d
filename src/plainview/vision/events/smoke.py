"""Smoke: a grey veil that hides part of what is behind it, stays over its source and boils.

Where a veil of transmission c and of its own light d hangs before the plate P, a frame shows
c P + d (Koschmieder, 1924), in linear light. Over each metre or so the frame's fine structure is
regressed on the plate's for c, and the means give d. The part of the plate's contrast that is lost,
d / (c P + d), knows neither exposure nor shadow:

- smoke: lost where it hangs, more now and less then, with little structure of its own;
- a shadow, however dark, and more light: nothing lost, for d = 0;
- a person, a vehicle, a thing: all is lost, and there are edges and structure of its own;
- steam, pale as well: gone within metres of its vent, and it comes in puffs;
- fog, rain on the glass, loss of focus: lost nearly everywhere;
- what coding blurs is lost always.

Where the plate has no structure that could be lost, murk.py looks at the light alone.

Attenuated edges as a sign of smoke: Toreyin, Dedeoglu & Cetin, EUSIPCO 2005. Nothing here was held
against film of a real fire.
"""

import math
from collections import deque
from typing import Final, NamedTuple

import cv2
import numpy as np

from plainview.vision.events.boil import Boil
from plainview.vision.events.first import FirstPicture
from plainview.vision.events.flicker import step
from plainview.vision.events.murk import Dark, Murk
from plainview.vision.events.parts import parts
from plainview.vision.events.seen import Seen
from plainview.vision.events.veil import (
    CELL,
    THIN,
    Mask,
    Structure,
    Veil,
    colours_of,
    dry,
    grey,
    share,
    structured,
    veil_of,
)
from plainview.vision.plate import Image, Luma, Plate
from plainview.vision.ranks import mean, median, medians

LOOK_EVERY: Final = 0.6
"""Seconds between two looks, at least."""
ENOUGH: Final = 7
"""Looks that smoke must last."""
LEAST_CELLS: Final = 12
"""Cells that it must lie over."""
LASTS: Final = 13
"""Looks over which a plume must be likely: what only passes, or flickers up, is not."""
LONGER: Final = 18
"""The same where light runs over the scene, as under driving clouds: a patch of it lasts that long.
"""
LIKELY: Final = 0.7
"""Mean likelihood over these looks from which smoke is as sure as it can be."""
DRIFT: Final = np.ones((5, 5), np.uint8)
"""Cells around a plume in which the next look's is the same one."""
GONE: Final = 0.5
"""Part of a cell's contrast that is usually lost from which nothing is left to be hidden."""
CLEAR: Final = (0.65, 0.85)
"""Contrast of the whole picture against the plate's, in the worst of the looks: up to which what a
part of it has lost means nothing, and from which all. Broken clouds, rain and night take so much.
"""
STEAM: Final = 4.5
"""Brightness against the ground from which a veil is steam: it throws back all light."""
PALE: Final = (0.85, 1.1)
"""Brightness against the ground up to which a veil is no steam, and from which it may be: then it
must last as under driving clouds, and rise higher than steam does (fire.py)."""
FADED: Final = 0.3
"""Part of what a plume hides at most in one row, below which it has faded out."""
HAZE: Final = 0.88
"""Part of its usual contrast below which the whole picture is hazy."""
PLATE_EVERY: Final = 2.0
"""Seconds for which the plate, which follows the scene slowly, is taken to stay as it is."""
SLOW: Final = 60.0
"""Seconds in which what is usual grows."""
HABIT: Final = 120.0
"""Seconds over which it is remembered what a cell lost before a plume could be there."""


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


class SmokeWatch:
    """Owns the last looks at what veils the plate. Bounded: MEMORY maps of a few thousand cells."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._frames: deque[Luma] = deque(maxlen=3)
        self._veils: deque[Veil] = deque(maxlen=ENOUGH)
        self._lost: deque[Image] = deque(maxlen=LASTS)
        self._likely: deque[Image] = deque(maxlen=LONGER)
        self._light: deque[Image] = deque(maxlen=LONGER)
        self._usual: Image | None = None
        self._habit: Image = np.zeros((0, 0), np.float32)
        self._plate: tuple[Plate, float, Structure] | None = None
        self._first = FirstPicture()
        self._murk = Murk()
        self._clear = 0.0
        self._since = 0.0

    def look(self, seen: Seen) -> list[Smoke] | None:
        """The smoke of the last seconds; None in a frame in which no look was due."""
        self._since += seen.dt
        self._frames.append(seen.luma)
        if self._since < LOOK_EVERY - 1e-3:
            return None
        seen = seen._replace(luma=dry(self._frames))
        self._first.note(seen)
        veil = veil_of(structured(seen.luma), self._structure_of(seen))
        usual = self._usual
        if usual is None or usual.shape != veil.lost.shape:
            self._veils.clear()
            self._lost.clear()
            self._likely.clear()
            self._light.clear()
            usual = veil.lost.copy()
            self._habit = np.zeros_like(usual)
            self._clear = veil.clear
        # What coding always blurs is no smoke: the least that a cell loses is its own usual.
        rise = 1.0 - math.exp(-self._since / SLOW)
        follow = np.where(veil.lost < usual, 0.5, rise) * veil.plain
        usual = usual + (follow * (veil.lost - usual)).astype(np.float32)
        self._usual = usual
        self._clear += (0.5 if veil.clear > self._clear else rise) * (veil.clear - self._clear)
        dark = self._murk.look(veil, self._since)
        seconds, self._since = self._since, 0.0
        veil = veil._replace(plain=veil.plain & (usual < GONE))
        self._veils.append(veil)
        more = np.clip((veil.lost - usual) / np.maximum(1.0 - usual, 0.1), 0.0, 1.0)
        if len(self._lost) == LASTS:
            # What is older than any plume that could be told now.
            self._habit += min(seconds / HABIT, 1.0) * (self._lost[0] - self._habit)
        self._lost.append((more * veil.plain).astype(np.float32))
        if len(self._veils) < ENOUGH:
            return []
        clear = step(min(veil.clear for veil in self._veils), *CLEAR)
        colours = colours_of(seen.chroma, veil.lost.shape) if dark else None
        found = [(one.where, _of_dark(one, clear)) for one in dark if grey(colours, one.where)]
        return self._lasting(self._plumes(seen.chroma, clear) + found, veil.lost.shape)

    def _lasting(self, plumes: list[tuple[Mask, Smoke]], shape: tuple[int, ...]) -> list[Smoke]:
        """The `plumes` of this look, as sure as they were on the average of the last looks."""
        now, light = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for where, plume in plumes:
            now[where] = np.maximum(now[where], plume.confidence)
            light[where] = np.maximum(light[where], plume.tone)
        # A gap of one plume is another's place: each look counts where any plume was near.
        self._likely.append(np.asarray(cv2.dilate(now, DRIFT), dtype=np.float32))
        self._light.append(np.asarray(cv2.dilate(light, DRIFT), dtype=np.float32))
        brightest = np.max(self._light, axis=0)
        usual = round(LONGER - self._murk.steady * (LONGER - LASTS))
        found = []
        for where, plume in plumes:
            # Steam comes in puffs, and where the plate shows some, what is clear looks dark.
            tone = max(median(brightest[where]), plume.tone)
            lasts = LONGER if tone > PALE[0] else usual
            mean = np.sum([one[where] for one in list(self._likely)[-lasts:]], axis=0) / lasts
            sure = step(float(mean.max()), 0.0, LIKELY)
            found.append(plume._replace(confidence=sure, tone=tone))
        return found

    def _structure_of(self, seen: Seen) -> Structure:
        """The plate's structure as it was at most PLATE_EVERY seconds ago."""
        known = self._plate
        of, at, structure = known or (seen.plate, -math.inf, None)
        if structure is None or of is not seen.plate or not 0 <= seen.t - at < PLATE_EVERY:
            structure = self._first.structure(seen.plate.luma)
            self._plate = (seen.plate, seen.t, structure)
        return structure

    def _plumes(self, chroma: Luma | None, clear: float) -> list[tuple[Mask, Smoke]]:
        """What looks like smoke in the last few looks: its sure cells, and itself."""
        lost = np.stack(list(self._lost)[-ENOUGH:])
        often = share(lost > THIN)
        sure = often > 0.6
        if np.count_nonzero(sure) < LEAST_CELLS:
            return []
        known = self._veils[-1].known
        hazy = self._veils[-1].clear < HAZE * self._clear
        if hazy or not known.any() or mean(often[known] > 0.5) > 0.5:
            return []  # nearly everywhere: fog, rain on the glass, a picture out of focus
        # Where the plate is too even to tell, another light of its own carries the plume on.
        near = cv2.dilate((often > 0.3).view(np.uint8), np.ones((5, 5), np.uint8)) > 0
        tinted = share(np.abs(np.stack([veil.shift for veil in self._veils])) > 0.06) > 0.6
        free = share(np.stack([veil.plain | ~veil.known for veil in self._veils])) > 0.6
        joined = ((often > 0.3) | (near & tinted & free)).astype(np.uint8)
        whole = cv2.morphologyEx(joined, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        labels, stats = parts(whole)
        cells = np.bincount(labels[sure], minlength=len(stats))
        large = [k for k in range(1, len(stats)) if cells[k] >= LEAST_CELLS]
        if not large:
            return []
        colours = colours_of(chroma, sure.shape)
        boil: Boil | None = None
        found = []
        for k in large:
            where = labels == k
            core = where & sure
            if grey(colours, core):
                plume = self._plume(where & (joined > 0), core, lost)
                likely = 0.0
                if clear * plume.confidence > 0:
                    boil = boil or Boil(self._veils, lost, self._habit)
                    likely = clear * boil.likely(core) * plume.confidence
                found.append((core, plume._replace(confidence=likely)))
        return found

    def _plume(self, whole: Mask, core: Mask, lost: Image) -> Smoke:
        tone = median(np.array([median(veil.tone[core]) for veil in self._veils]))
        reach = cv2.dilate(core.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        rows, columns = np.nonzero(whole & reach)
        foot = rows >= rows.max() - int(np.ptp(rows)) // 5
        weight = 0.05 + lost.mean(axis=0)[rows[foot], columns[foot]]
        column = float(weight @ columns[foot] / float(weight.sum()))
        side = 2.0 * CELL
        return Smoke(
            (column + 0.5) * side,
            (float(rows.max()) + 1.0) * side,
            float(core.sum()) * side * side,
            tone,
            self._sure(core, lost, tone),
            side * _rise(lost.mean(axis=0) * whole),
        )

    def _sure(self, core: Mask, lost: Image, tone: float) -> float:
        """0 to 1: whether what veils the cells of `core` is as soft, strong and restless as smoke.

        `tone`: its brightness against the ground.
        """
        depth = lost[:, core]
        soft = step(mean((depth > THIN) & (depth < 0.8)), 0.3, 0.6)
        # A moving shadow loses some contrast to coding in the dark, but gives hardly any light.
        pale, lit = step(STEAM - tone, 0.0, 1.5), step(tone, 0.4, 0.6)
        if soft * pale * lit == 0:
            return 0.0
        shifts = np.stack([veil.shift[core] for veil in self._veils])
        shift = median(np.abs(shifts.mean(axis=0)))
        strong = max(step(shift, 0.02, 0.05), step(mean(depth), 0.25, 0.4))
        # Who passes before a ghost changes its light much, but once: smoke stirs from look to look.
        stirs = median(medians(np.abs(np.diff(shifts, axis=0))))
        steadily = stirs / max(median(shifts.std(axis=0)), 1e-6)
        return soft * strong * pale * lit * (step(stirs, 0.002, 0.004) * step(steadily, 0.1, 0.25))


def _of_dark(dark: Dark, clear: float) -> Smoke:
    rows, columns = np.nonzero(dark.where)
    foot = rows >= rows.max() - int(np.ptp(rows)) // 5
    side = 2.0 * CELL
    return Smoke(
        (float(columns[foot].mean()) + 0.5) * side,
        (float(rows.max()) + 1.0) * side,
        float(len(rows)) * side * side,
        0.0,
        clear * dark.sure,
        side * _rise(dark.where.astype(np.float32)),
    )


def _rise(hides: Image) -> float:
    """Cells from the foot of what `hides` (h, w) to its end; infinite if beyond the border."""
    rows = hides.sum(axis=1)
    dense = np.nonzero(rows >= FADED * rows.max())[0]
    return math.inf if dense[0] == 0 else float(np.nonzero(rows)[0].max() - dense[0]) + 1.0
