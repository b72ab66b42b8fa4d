"""Persons down: somebody who fell, or lay down, on the ground and stays there.

What differs from the plate for some seconds is cut into blobs, and each of a person's size is held
against silhouettes of people who stand, crouch, sit and lie in all directions (figures.py). It is
somebody who is down where one who lies explains the blob best, and somebody was upright there just
before. What one view cannot tell (a low camera, and a body that lies straight away from it) is told
by how fast somebody sank there (falling.py); without that, with less confidence, or not at all. One
who is down may move: only the place stays.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from plainview.geometry import View
from plainview.record import EventKind
from plainview.vision.bodies import Bodies
from plainview.vision.events.change import Change, State, core_of
from plainview.vision.events.coloured import coloured
from plainview.vision.events.company import Company
from plainview.vision.events.detector import LIKELY, Patience, Sighting
from plainview.vision.events.extent import Extent
from plainview.vision.events.fallen import CLOSE, UP, Down, Judged, fell, witness
from plainview.vision.events.falling import Falling
from plainview.vision.events.figures import Shade
from plainview.vision.events.founding import Founding
from plainview.vision.events.gain import Gain
from plainview.vision.events.ground import Ground
from plainview.vision.events.lasting import MEAN, Lasting, meet
from plainview.vision.events.lit import shines
from plainview.vision.events.outline import apart, gap, held, shaded
from plainview.vision.events.rests import BESIDE, EVERY, Rests
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import Blob
from plainview.vision.events.thing import PLAIN
from plainview.vision.events.vanished import Vanished
from plainview.vision.optics import Floats, Optics
from plainview.vision.plate import Image, Luma

PATIENCE: Final = Patience(rise=7.0, fall=3.0, reach=1.5, least=0.53, likely=LIKELY)
MOST: Final = 6
"""Blobs that are held against silhouettes in one look."""
RESTED: Final = 1.1
"""Seconds at rest from which something is held against silhouettes: who strolls by is at one place
for two looks, and who fell is still on his way down.
"""
AGAIN: Final = 2.0
"""Seconds after which what has not changed is held against silhouettes again: the mean gap still
showed who had walked there."""
SURE: Final = 0.6
"""Weight of a body that is surely somebody."""
LIES: Final = 0.55
"""Least overlap of one who lies."""
LEAST: Final = 0.45
"""The same of one who was seen to fall."""
BETTER: Final = 0.03
"""Overlap by which another posture may explain better who was not seen to fall."""
FRESH: Final = 5
"""Looks in which the fall is looked for."""
WENT: Final = 0.4
"""People, net, who walked away as somebody sank, from which he did not: he passed, or left a thing.
"""
STAYS: Final = 0.6
"""Part of the place of one who is down that still differs."""
BEFORE: Final = 8.0
"""Seconds before it came to rest in which somebody was upright there."""
REFUTED: Final = 0.3
"""Confidence below which nothing speaks for anybody."""
THROUGH: Final = 0.6
"""Likeness of its fine structure to the plate's from which that is what is seen: of 19 who lay it
was 0.0 at most (development part), of a bench from which fog lifted 0.8."""
PRESENT: Final = (3.0, 1.5)
"""Seconds and metres within which somebody upright may have been who was down: he got up."""
LOST: Final = 3
"""Looks in a row without it after which nobody is down there."""


class PersonDown:
    """Sees who is down. Owns what differs for some seconds before one camera."""

    kind: Final = EventKind.PERSON_DOWN

    def __init__(self, view: View, optics: Optics) -> None:
        """Look in `view`'s zones of this kind, or in its whole area, through `optics`."""
        self.patience = PATIENCE
        self._optics = optics
        self._ground = Ground(view, self.kind)
        self._company = Company()
        self._falling = Falling(optics)
        self._founding = Founding()
        self._gain = Gain()
        self._steady = 1.0
        self._lasting = Lasting(optics)
        self._looked = -np.inf
        self._judged: list[Judged] = []
        self._rests = Rests()
        self._vanished = Vanished()
        self._down: list[Down] = []
        self._parted = False

    def look(self, seen: Seen) -> list[Sighting]:
        """Who is down in `seen`; nothing between two looks."""
        self._company.note(seen.t, seen.bodies)
        # Who fell while the plate was learned is a part of it.
        self._falling.note(seen.t, self._founding.evidence(seen))
        passed = seen.t - self._looked
        if 0 <= passed < EVERY - 0.05:
            return []
        self._looked = seen.t
        seen = coloured(seen)
        self._founding.note(seen)
        self._steady = self._gain.steady(seen)
        if not 0 <= passed < 10 * EVERY:
            self._lasting.forget()
        evidence = self._founding.evidence(seen)
        behind = self._founding.behind(seen.plate)
        self._lasting.follow(evidence, gap(seen, behind))
        self._judged = self._judge(seen.plate.noise, shaded(self._lasting.gap, behind, seen.cast))
        for one in self._judged:
            self._meet(one, seen, behind)
        down = self._down
        self._down = [one for one in down if self._stays(one, seen)]
        for old in down:
            if old.lost >= LOST and self._dissolved(old, seen):
                self._vanished.note(old.judged.place, seen.t, seen.t - old.began)
        found = [self._sighting(one) for one in self._down]
        return [one for one in found if one is not None]

    def _judge(self, noise: Image, shade: Shade | None) -> list[Judged]:
        """The blobs of a person's size, held against silhouettes.

        `noise` (h, w) is a frame's, `shade` where the picture may show shadows.
        """
        self._rests.look(self._looked)
        found: list[Judged] = []
        for blob, size in self._lasting.of_a_person(self._looked):
            if len(found) == MOST:
                break
            one = self._rested(blob, size, noise, shade)
            if one is not None:
                found.append(one)
        # Of whoever walks some parts differ more: while nobody may be down, every second look does.
        self._parted = bool(self._down) or not self._parted
        for blob, size in self._lasting.in_parts(self._looked) if self._parted else ():
            if len(found) == MOST:
                break
            one = self._rested(blob, size, noise, shade)
            parts = [other for other in found if meet(blob, other.blob)]
            if one is not None and len(parts) < 2 and all(_better(one, other) for other in parts):
                found = [other for other in found if other not in parts] + [one]
        return found

    def _rested(self, blob: Blob, size: Extent, noise: Image, shade: Shade | None) -> Judged | None:
        """`blob` held against silhouettes, where it has come to rest."""
        rests = self._rests.note(size.place, self._looked)
        if not rests or self._looked - self._rests.since(size.place, self._looked) < RESTED:
            return None
        fresh = (one for one in self._judged if self._looked - one.blob.since < AGAIN)
        known = next((one for one in fresh if _same(one.blob, blob)), None)
        return known or self._held(blob, size, noise, shade)

    def _held(self, blob: Blob, size: Extent, noise: Image, shade: Shade | None) -> Judged | None:
        part = blob.window
        far = apart(self._lasting.gap[part], noise[part])
        shade = shade and shade.within(part)
        return held(self._optics, blob, size, self._lasting.mean[part], far, shade)

    def _meet(self, judged: Judged, seen: Seen, behind: Luma) -> None:
        """Take `judged` for somebody who is down already, or for one more, if it lies.

        `behind` (h, w) is the empty scene, in the plate's light.
        """
        # Who is made out late was upright before he came to rest, not just now.
        since = self._rests.since(judged.extent.place, seen.t)
        stayed = self._rests.stayed(judged.extent.place, seen.t)
        upright = self._company.nearest(judged.place, since - BEFORE, seen.t - 1.0)
        now = _upright(seen.bodies, judged.place)
        # What was there before anybody came says nothing of who lies there now.
        self._down = [one for one in self._down if not (one.upright > CLOSE >= upright)
                      or not _near(one.judged, judged)]  # fmt: skip
        for one in self._down:
            if _near(one.judged, judged):
                # One look may speak for another posture: it is their mean that tells.
                if one.explains(judged):
                    if one.looks < FRESH and one.upright <= CLOSE:
                        one.sinks(self._sank(judged))
                    helped = self._lasting.joined(judged.blob)
                    one.again(
                        judged, stayed, upright_now=None if helped else now,
                        shines=self._shines(judged.blob, seen, behind), t=seen.t,
                    )  # fmt: skip
                return
        if judged.lies < LEAST or judged.other > judged.lies + UP[1]:
            return
        sank = self._sank(judged) if upright <= CLOSE else 0.0
        sure = witness(sank, judged.witnessed)
        least, better = LIES - sure * (LIES - LEAST), BETTER + sure * (UP[1] - BETTER)
        if judged.lies < least or judged.other > judged.lies + better:
            return
        if len(self._down) < MOST:
            change = Change(judged.blob, seen, behind)
            traits = change.traits()
            if traits.arrival < 0 or traits.texture > THROUGH or traits.contrast < PLAIN:
                return  # the plate shows who is not there, or shows through, or hardly differs
            self._down.append(
                Down(judged, change, upright, stayed, sank, upright_now=now, t=seen.t)
            )

    def _shines(self, blob: Blob, seen: Seen, behind: Luma) -> bool:
        """Whether `blob` looks like a lamp's light, by the mean gap: one frame's noise is none.

        By night light is a few grey levels brighter, as noise is.
        """
        part, core = blob.window, core_of(blob)
        ground = behind[part][core].astype(np.float32)
        return shines(self._lasting.gap[part][core], ground, MEAN * seen.plate.noise[part][core])

    def _sank(self, judged: Judged) -> float:
        """Metres that somebody sank fast where `judged` is; 0 where somebody went meanwhile."""
        sank, when = self._falling.sank(judged.blob, judged.place)
        if fell(sank) > 0:
            gone = self._company.gone(judged.place, self._optics.centre, when - 0.8, when + 2.0)
            if gone.max() > WENT:
                return 0.0
        return sank

    def _stays(self, one: Down, seen: Seen) -> bool:
        """Whether somebody is still down there: seen again, or its place still differs."""
        if any(one.judged is judged for judged in self._judged):
            return True
        blob = one.change.blob
        inside = blob.mask > 0
        still = float((self._lasting.mean[blob.window][inside] > 0).mean()) > STAYS
        up = any(
            not one.explains(judged) and float(np.hypot(*(judged.place - one.judged.place))) < 0.8
            for judged in self._judged
        )
        if one.looks > 3 and not up and (still or one.change.look(seen) is State.HERE):
            one.lost = 0
            return True
        one.lost += 1
        return one.lost < LOST

    def _dissolved(self, one: Down, seen: Seen) -> bool:
        """Whether `one`, which is no more, went without anybody: its place is as it was before."""
        place, (lately, close) = one.judged.place, PRESENT
        if one.looks < FRESH or not one.change.restored(seen):
            return False
        if self._company.nearest(place, seen.t - lately, seen.t) <= close:
            return False
        gone = self._company.gone(place, self._optics.centre, seen.t - lately, seen.t)
        return bool(gone.max() <= WENT)

    def _sighting(self, one: Down) -> Sighting | None:
        x, y = (float(v) for v in one.judged.place)
        zone = self._ground.zone(x, y)
        one.vanishes(*self._vanished.near(one.judged.place, self._looked))
        # Who was made out while the gain was steady does not rise as it swings.
        sure = one.confidence() * (1.0 if one.made_out else self._steady)
        # What is surely nobody is no doubt about who lies there later.
        t = self._looked
        if zone is None or one.lost or sure < REFUTED or not (one.shown(t) and one.asked(t)):
            return None
        one.sighted(sure, PATIENCE.least)
        return Sighting(x, y, sure, zone)


def _better(one: Judged, other: Judged) -> bool:
    """Whether `one` is more than the `other`, and a silhouette explains it better than any that."""
    better = max(one.lies, one.other) > max(other.lies, other.other)
    return better and one.extent.area > other.extent.area


def _near(one: Judged, other: Judged) -> bool:
    """Whether two are of one who is down."""
    return float(np.hypot(*(one.place - other.place))) < PATIENCE.reach


def _upright(bodies: Bodies, place: Floats) -> bool:
    """Whether somebody upright is found at `place` (2,): who lies explains no upright body."""
    gaps = np.hypot(*(bodies.places - place).T)
    return bool(np.any((gaps < BESIDE) & (bodies.weights > SURE)))


def _same(one: Blob, other: Blob) -> bool:
    """Whether a blob is where and as large as another: it need not be looked at again."""
    if max(abs(a - b) for a, b in zip(one.corner, other.corner, strict=True)) > 1:
        return False
    if max(abs(a - b) for a, b in zip(one.mask.shape, other.mask.shape, strict=True)) > 2:
        return False
    area: NDArray[np.intp] = np.array([np.count_nonzero(b.mask) for b in (one, other)])
    return bool(area.min() > 0.94 * area.max())
