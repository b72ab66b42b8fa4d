"""Somebody who may be down: what speaks for it, look by look.

What speaks for it is summed: how much better one who lies explains a place than any other posture,
that somebody was upright there before, how large it is, and whether somebody upright is found there
still. On the development part, bags that people put down span 0.25 to 0.34 m² across the view, who
lies 0.37 to 1.13; of 71 scenes of other kinds three were told of before that was asked.
"""

from statistics import median_high
from typing import Final, NamedTuple

import numpy as np

from plainview.vision.events.change import Change, Traits
from plainview.vision.events.extent import Extent
from plainview.vision.events.flicker import step
from plainview.vision.events.lit import COLOURED, EVEN, lamplit
from plainview.vision.events.stillness import Blob
from plainview.vision.optics import Floats

LARGE: Final = (0.3, 0.38)
"""m² across the view up to which it may be a bag, and from which it is none."""
SMALLER: Final = 0.4
"""What it takes away that it is as small as a bag."""
SITS: Final = 0.3
"""What it takes away that somebody upright is found there in every look."""
WELL: Final = 0.66
"""Overlap past which it is somebody, whatever he does, and no surer that he lies."""
WORSE: Final = 3.0
"""What it takes away for each part that another posture overlaps more: far more people sit."""
SHADED: Final = 0.5
"""What it takes away that it may be a shadow: as dark as one, and evenly so."""
EVENLY: Final = (0.1, 0.14)
"""Spread of the log ratio up to which and from which it may be, and is, none, if all of it is
DARK: of 32 who lay (development part) it was 0.13 to 0.57 but for three who were seen to fall, 0.06
and more; of one who slept on a bench, a long shadow by night and legs stretched out 0.07 to 0.09.
"""
DARK: Final = (0.85, 0.95)
"""Part of it that is darker than the ground from which it may be, and is, a shadow throughout."""
LIT: Final = 1.0
"""What it takes away that it may be a lamp's light: nobody is brighter evenly, or all over."""
SINKS: Final = (0.85, 1.0)
"""Metres that somebody's top sank within half a second from which what is bright may be, and is, he
himself: no light sinks, and whether he sits or lies is not what it says."""
FAST: Final = (0.95, 1.15)
"""Metres that somebody's top sank within half a second from which it may be, and is, a fall: up to
1.0 m in the median of looks of 28 of 30 who sat or crouched, from 1.03 m of 22 of 26 who fell."""
DEEP: Final = (1.05, 1.2)
"""The same from which nobody may, and does, sit, kneel or crouch: heads are at 1.7 m, and then at
0.8 m or more. So it is a fall in whatever direction he lies.
"""
FLAT: Final = (1.3, 1.45)
"""The same from which it may be, and is, no fall: a trunk is a quarter of a metre thick, and what
ends lower where somebody was is his shadow, or what he left, and he went.
"""
FELL: Final = (0.15, 0.12)
"""What a fall adds, and by how much overlap less another posture explains who fell."""
POSED: Final = (0.7, 0.82)
"""Overlap with another posture from which that may be, and is, what is seen, however fast he came
into it: who bends down to his shoe sinks nearly as fast as who falls.
"""
SURER: Final = 0.7
"""Part of the doubts about its size, its shade and who is upright there that a fall takes away."""
ACROSS: Final = (0.6, 0.8)
"""Cosine of the angle to the line of sight up to which one view tells who lies, and from which it
does not: of nine who sat down with their legs out four were told where a fall counted across it."""
LONGER: Final = 4.0
"""Seconds longer until he is told of who was not seen to fall, or lies along the line of sight and
may as well crouch: who ties his shoe has risen by then, mostly."""
CLEARLY: Final = (0.6, 0.7)
"""Confidence up to which it takes them, and from which it takes none."""
UP: Final = (0.1, 0.15)
"""Overlap by which another posture must explain one who was down better: he has risen. The second
where he was seen to fall."""
SETTLES: Final = 10.0
"""Seconds at rest from which it is less likely that somebody fell who was not made out to lie."""
SETTLED: Final = 30.0
"""Seconds at rest after which nothing speaks for a fall that did not before: what stays is given to
the plate bit by bit, and what is left of who sits may look like anything."""
FEW: Final = (150.0, 350.0)
"""Pixels of a body up to which and from which its outline tells one who lies along the line of
sight from who sits: of 172 rests as small that both explained alike seven were of who lay, of 75
larger ones 26."""
ALIKE: Final = (0.74, 0.8)
"""Overlap with another posture from which it may be, and is, too good a reason for anything else:
of who lies so straight away that others explain him as well, none shows any of them that well."""
APART: Final = (0.05, 0.1)
"""Overlap by which lying explains better from which they matter less, and not at all."""
VAGUE: Final = 0.12
"""What they take away."""
UNSURE: Final = (20.0, 30.0)
"""Seconds at rest from which it takes more, in full past the second, that it still is not clear:
who fell has been told of by then, and whom sitting explains as well would be, of half a minute's
looks, once."""
WAVERS: Final = 0.15
"""What that takes away."""
SAT: Final = 0.3
"""What it takes away that he has been there so long before he is made out to lie."""
FAINT: Final = (80.0, 140.0)
"""Pixels of a body up to which nothing tells a fall from a crouch, and from which all that is asked
here does: of who lay 169 to 1711 (34 scenes of the development part), of who crouched by night 28 m
away, and seemed to have sunk by 1.3 m, 66."""
VANISHES: Final = 0.25
"""What it takes away that at its place what looked so has vanished before, and nobody got up."""
OUTLASTS: Final = 1.5
"""Times as long as that stayed, for which what is there now is looked at before it is told of."""
WAITS: Final = 45.0
"""Seconds of that at most: who did fall there must not wait for as long as a cloud stays."""
SPECK: Final = 0.4
"""What so few take away."""
LATELY: Final = 3.0
"""Seconds since one look held it to lie, past which it must have been OFTEN. Of who lay it was 2 at
most in the seven seconds until he was told of (12 scenes of the development part); of a bend of a
motorway, where now and then a car has the outline, 6."""
OFTEN: Final = 8
"""Looks that held it to lie from which it may be hidden for a while: of who lay 9 to 20 until he
was told of."""
SEVERAL: Final = 5
"""Sightings after which it is made out that somebody is down, if they are sure enough on average.
"""
CLOSE: Final = 2.0
"""Metres from one who is down to where somebody was upright before, with the error of both."""


class Judged(NamedTuple):
    """A blob that was held against silhouettes."""

    blob: Blob
    extent: Extent
    lies: float
    """Overlap of the best silhouette of one who lies."""
    other: float
    """The same of any other posture."""
    place: Floats
    """(2,) metres: below the middle of one who lies."""
    along: float
    """How far he who lies would lie along the line of sight: 1 along it, 0 across."""
    shaded: float = 0.0
    """Part of what speaks for another posture that does so by its shadow."""

    @property
    def pixels(self) -> float:
        """How many show it."""
        return float(np.count_nonzero(self.blob.mask))

    @property
    def vague(self) -> float:
        """How little so few pixels, or an outline that is anybody's, tell of him, 0 to 1."""
        few = 1.0 - step(self.pixels, *FEW)
        better = step(self.lies - self.other, *APART)
        anybody = max(few, step(self.other, *ALIKE))
        return max(self.unclear, self.shaded) * anybody * (1.0 - better)

    @property
    def unclear(self) -> float:
        """How little one view tells of him, 0 to 1: who lies across it looks like nobody else."""
        return step(self.along, *ACROSS)

    @property
    def witnessed(self) -> float:
        """How much a fast fall tells of him, 0 to 1: nothing of who sits beside his shadow."""
        return self.unclear * (1.0 - self.shaded)


class Down:
    """Somebody who may be down. Owns what its place showed, and what speaks for it so far."""

    def __init__(
        self,
        judged: Judged,
        change: Change,
        upright: float,
        stayed: float,
        sank: float = 0.0,
        *,
        upright_now: bool,
        t: float,
    ) -> None:
        """`upright`: metres to where somebody was before; `upright_now`: somebody is there.

        `stayed`: seconds for which something has rested there already; `sank`: metres that somebody
        sank there within half a second; `t`: seconds, now.
        """
        self.judged, self.change, self.upright = judged, change, upright
        self.lies, self.other = judged.lies, judged.other
        self.looks, self.lost = 1, 0
        self._sank = [sank]
        self._vanishes, self._outlasts = 0.0, 0.0
        self._met = t
        self.made_out, self._sightings, self._mean = False, 0, 0.0
        self.began, self._asked, self._stayed = judged.blob.since, False, stayed
        traits = change.traits()
        self.lit = float(lamplit(traits.ratio, traits.even, traits.darker))
        shadow = traits.ratio <= 1 and traits.tinted <= COLOURED
        self.shaded = _shaded(traits) if shadow else 0.0
        self.area, self.seated = judged.extent.area, float(upright_now)
        self.pixels = judged.pixels
        self.unclear, self.vague = judged.unclear, judged.vague
        self.witnessed = judged.witnessed
        self._late = step(stayed, SETTLES, SETTLED)
        self._most = self._sure() if stayed < SETTLED else 1.0

    def again(
        self,
        judged: Judged,
        stayed: float,
        *,
        upright_now: bool | None,
        shines: bool = False,
        t: float,
    ) -> None:
        """It was `judged` once more at `t` seconds, `stayed` after something came to rest there.

        `upright_now`: None where somebody passes or helps, and may be who is upright. `shines`:
        it looks like a lamp's light.
        """
        self.judged, self._stayed, self._met = judged, stayed, t
        self.looks += 1
        self.lost = 0
        rate = max(1.0 / self.looks, 0.2)
        self.lies += rate * (judged.lies - self.lies)
        self.other += rate * (judged.other - self.other)
        self.area += rate * (judged.extent.area - self.area)
        self.pixels += rate * (judged.pixels - self.pixels)
        self.lit += rate * (shines - self.lit)
        self.seated += 0.0 if upright_now is None else rate * (upright_now - self.seated)
        self.unclear += rate * (judged.unclear - self.unclear)
        self.vague += rate * (judged.vague - self.vague)
        self.witnessed += rate * (judged.witnessed - self.witnessed)
        if stayed < SETTLED:
            self._most = max(self._most, self._sure())

    @property
    def sank(self) -> float:
        """Metres that somebody sank there, by the middle one of the looks: one may err, in rain.

        None where things surely vanish now and then: light that comes seems to sink, too.
        """
        return median_high(self._sank) if self._vanishes < 1 else 0.0

    def sinks(self, sank: float) -> None:
        """By one more look he `sank` so many metres."""
        self._sank.append(sank)

    def vanishes(self, surely: float, stayed: float) -> None:
        """How `surely`, 0 to 1, it is what vanishes at its place now and then: vanished.py.

        And for how many seconds that `stayed` at most.
        """
        self._vanishes, self._outlasts = surely, min(OUTLASTS * surely * stayed, WAITS)

    def sighted(self, sure: float, least: float) -> None:
        """It was sighted once more, so `sure`; from `least` on average it is made out."""
        self._sightings += 1
        self._mean += (sure - self._mean) / self._sightings
        self.made_out |= self._sightings >= SEVERAL and self._mean >= least

    def explains(self, judged: Judged) -> bool:
        """Whether one who lies, or who fell, may still be what `judged` shows: he has not risen."""
        return judged.other <= judged.lies + UP[0] + self._witness() * (UP[1] - UP[0])

    def confidence(self) -> float:
        """How sure it is that this is somebody who lies on the ground, 0 to 1."""
        sure = min(self._sure(), self._most) - SAT * self._late
        sure -= WAVERS * step(self._stayed, *UNSURE) * (1.0 - step(sure, *CLEARLY))
        return min(max(sure, 0.0), 0.97)

    def shown(self, t: float) -> bool:
        """Whether it has been held to lie lately at `t` seconds, or often: what passes is neither.

        That its place differs says that somebody is there, not that he lies.
        """
        return self.looks >= OFTEN or t - self._met <= LATELY

    def asked(self, t: float) -> bool:
        """Whether it has been looked at for long enough at `t` seconds to be told of."""
        sure = max(step(self.confidence(), *CLEARLY), self._witness())
        # Who bends down along the line of sight seems to fall, and looks like one who lies so.
        sure *= 1.0 - self.unclear * (1.0 - step(self.lies - self.other, *APART))
        longer = max(LONGER * (1.0 - sure), self._outlasts)
        self._asked = self._asked or t - self.began >= longer
        return self._asked

    def _witness(self) -> float:
        return witness(self.sank, self.witnessed)

    def _sure(self) -> float:
        witness = self._witness()
        other = self.other - FELL[1] * witness * (1.0 - step(self.other, *POSED))
        sure = 0.55 + 1.2 * (min(self.lies, WELL) - 0.62) + 1.6 * (self.lies - other - 0.04)
        sure += FELL[0] * witness - WORSE * max(other - self.lies, 0.0)
        sure -= VAGUE * self.vague * (1.0 - deep(self.sank))
        sure -= VANISHES * self._vanishes
        clear = step(self.pixels, *FAINT)
        sure -= SPECK * (1.0 - clear)
        if self.upright > CLOSE:
            sure -= 0.33
        # No shadow and no bag was upright and fell, and who fell may be found upright on. Of few
        # pixels it is not known: a lamp far away was lit as somebody passed, and seemed to sink.
        doubt = 1.0 - SURER * fell(self.sank) * clear
        sinks = step(self.sank, *SINKS) * (1.0 - step(self.sank, *FLAT)) * clear
        sure -= min(doubt, 1.0 - sinks) * LIT * self.lit
        # Where somebody is upright still, what is as dark and even as a shadow is his.
        cast = min(self.seated, self.shaded)
        sure -= (doubt + cast * (1.0 - doubt)) * SHADED * self.shaded
        # A bag that was put down is smaller; who sits still looks upright, in part.
        small = step(LARGE[1] - self.area, 0.0, LARGE[1] - LARGE[0])
        sure -= doubt * SMALLER * small + (1.0 - SURER * witness) * SITS * self.seated
        return sure


def _shaded(traits: Traits) -> float:
    """How much it may be a shadow what has those `traits` and is darker than the ground, 0 to 1."""
    dark = max(step(traits.darker, *DARK), float(traits.even < EVEN))
    return dark * (1.0 - step(traits.even, *EVENLY))


def fell(sank: float) -> float:
    """How surely somebody fell whose top `sank` so many metres within half a second, 0 to 1."""
    return step(sank, *FAST)


def witness(sank: float, witnessed: float) -> float:
    """How far it tells what one view does not that somebody's top `sank` so many metres, 0 to 1.

    Across the view legs stretched out and their shadow are as long as who lies, and some sit down
    as fast as others fall, but not as deep: `witnessed` is Judged's.
    """
    return max(fell(sank) * witnessed, deep(sank))


def deep(sank: float) -> float:
    """How surely nobody sits, kneels or crouches whose top `sank` so many metres, 0 to 1."""
    return step(sank, *DEEP) * (1.0 - step(sank, *FLAT))
