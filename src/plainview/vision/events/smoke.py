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
from typing import Final

import cv2
import numpy as np

from plainview.vision.events.first import FirstPicture
from plainview.vision.events.flicker import step
from plainview.vision.events.murk import Murk
from plainview.vision.events.plume import Smoke, of_dark, plumes
from plainview.vision.events.seen import Seen
from plainview.vision.events.veil import (
    Mask,
    Structure,
    Veil,
    colours_of,
    dry,
    grey,
    structured,
    veil_of,
)
from plainview.vision.plate import Image, Luma, Plate
from plainview.vision.ranks import median

LOOK_EVERY: Final = 0.6
"""Seconds between two looks, at least."""
ENOUGH: Final = 7
"""Looks that smoke must last."""
LASTS: Final = 13
"""Looks over which a plume must be likely: what only passes, or flickers up, is not."""
LONGER: Final = 20
"""The same where light runs over the scene, as under driving clouds: a patch of it lasts that long.
"""
LIKELY: Final = (0.7, 1.0)
"""Mean likelihood over these looks from which smoke is as sure as it can be; under driving clouds,
whose patches of light are likely smoke for half of that time."""
FAINT: Final = 1.0
"""Sum of how likely a place was in the last looks, up to which every second look is enough: what is
told has three times as much."""
DRIFT: Final = np.ones((5, 5), np.uint8)
"""Cells around a plume in which the next look's is the same one."""
GONE: Final = 0.5
"""Part of a cell's contrast that is usually lost from which nothing is left to be hidden."""
CLEAR: Final = (0.65, 0.85)
"""Contrast of the whole picture against the plate's, in the worst of the looks: up to which what a
part of it has lost means nothing, and from which all. Broken clouds, rain and night take so much.
"""
PALE: Final = (0.85, 1.1)
"""Brightness against the ground up to which a veil is no steam, and from which it may be: then it
must last as under driving clouds, and rise higher than steam does (fire.py)."""
BRIGHT: Final = 3
"""Looks in which a veil was as bright as it is said to be at most: a single one may be noise's."""
HAZE: Final = 0.88
"""Part of its usual contrast below which the whole picture is hazy."""
PLATE_EVERY: Final = 2.0
"""Seconds for which the plate, which follows the scene slowly, is taken to stay as it is."""
SLOW: Final = 60.0
"""Seconds in which what is usual grows."""
BEFORE: Final = 25
"""Looks after which what a cell lost is older than any plume that is not told yet."""
HABIT: Final = 120.0
"""Seconds over which it is remembered what a cell lost before a plume could be there."""


class SmokeWatch:
    """Owns the last looks at what veils the plate. Bounded: MEMORY maps of a few thousand cells."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._frames: deque[Luma] = deque(maxlen=3)
        self._veils: deque[Veil] = deque(maxlen=ENOUGH)
        self._lost: deque[Image] = deque(maxlen=BEFORE)
        self._likely: deque[Image] = deque(maxlen=LONGER)
        self._light: deque[Image] = deque(maxlen=LONGER)
        self._usual: Image | None = None
        self._habit: Image = np.zeros((0, 0), np.float32)
        self._plate: tuple[Plate, float, Structure] | None = None
        self._first = FirstPicture()
        self._murk = Murk()
        self._clear = 0.0
        self._since = 0.0
        self._rests = False

    def look(self, seen: Seen) -> list[Smoke] | None:
        """The smoke of the last seconds; None in a frame in which no look was due."""
        self._since += seen.dt
        self._frames.append(seen.luma)
        if self._since < LOOK_EVERY - 1e-3:
            return None
        seen = seen._replace(luma=dry(self._frames))
        self._first.note(seen)
        veil = veil_of(structured(seen.luma), self._structure_of(seen))
        seconds, self._since = self._since, 0.0
        return self._step(veil, seen.chroma, seconds)

    def _step(self, veil: Veil, chroma: Luma | None, seconds: float) -> list[Smoke]:
        """The smoke of the last seconds, of which `veil` is seen `seconds` after the last one."""
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
        rise = 1.0 - math.exp(-seconds / SLOW)
        follow = np.where(veil.lost < usual, 0.5, rise) * veil.plain
        usual = usual + (follow * (veil.lost - usual)).astype(np.float32)
        self._usual = usual
        self._clear += (0.5 if veil.clear > self._clear else rise) * (veil.clear - self._clear)
        dark = self._murk.look(veil, seconds)
        veil = veil._replace(plain=veil.plain & (usual < GONE))
        self._veils.append(veil)
        more = np.clip((veil.lost - usual) / np.maximum(1.0 - usual, 0.1), 0.0, 1.0)
        if len(self._lost) == BEFORE:
            self._habit += min(seconds / HABIT, 1.0) * (self._lost[0] - self._habit)
        self._lost.append((more * veil.plain).astype(np.float32))
        if len(self._veils) < ENOUGH:
            return []
        clear = step(min(veil.clear for veil in self._veils), *CLEAR)
        colours = colours_of(chroma, veil.lost.shape) if dark else None
        found = [(one.where, of_dark(one)) for one in dark if grey(colours, one.where)]
        likely = np.sum(self._likely, axis=0).max(initial=0.0) if self._likely else 0.0
        self._rests = not self._rests and bool(likely < FAINT)
        if veil.clear >= HAZE * self._clear and not self._rests:
            lost = np.stack(list(self._lost)[-ENOUGH:])
            steady = self._murk.steady > 0
            found += plumes(self._veils, lost, self._habit, chroma, clear=clear, steady=steady)
        return self._lasting(found, veil.lost.shape)

    def _lasting(self, found: list[tuple[Mask, Smoke]], shape: tuple[int, ...]) -> list[Smoke]:
        """What was `found` in this look, as sure as they were on the average of the last looks."""
        now, light = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for where, plume in found:
            now[where] = np.maximum(now[where], plume.confidence)
            light[where] = np.maximum(light[where], plume.tone)
        # A gap of one plume is another's place: each look counts where any plume was near.
        self._likely.append(np.asarray(cv2.dilate(now, DRIFT), dtype=np.float32))
        self._light.append(np.asarray(cv2.dilate(light, DRIFT), dtype=np.float32))
        lit = min(BRIGHT, len(self._light))
        brightest = np.partition(np.stack(self._light), -lit, axis=0)[-lit]
        steady = self._murk.steady
        usual = round(LONGER - steady * (LONGER - LASTS))
        surest = LIKELY[1] - steady * (LIKELY[1] - LIKELY[0])
        lasting = []
        for where, plume in found:
            # Steam comes in puffs, and where the plate shows some, what is clear looks dark.
            tone = max(median(brightest[where]), plume.tone)
            lasts = LONGER if tone > PALE[0] else usual
            mean = np.sum([one[where] for one in list(self._likely)[-lasts:]], axis=0) / lasts
            sure = step(float(mean.max()), 0.0, surest)
            lasting.append(plume._replace(confidence=sure, tone=tone))
        return lasting

    def _structure_of(self, seen: Seen) -> Structure:
        """The plate's structure as it was at most PLATE_EVERY seconds ago."""
        known = self._plate
        of, at, structure = known or (seen.plate, -math.inf, None)
        if structure is None or of is not seen.plate or not 0 <= seen.t - at < PLATE_EVERY:
            structure = self._first.structure(seen.plate.luma)
            self._plate = (seen.plate, seen.t, structure)
        return structure
