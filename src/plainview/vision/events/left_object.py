"""Left objects: something of a bag's to a suitcase's size that was put down and left alone.

A thing is left when somebody walked away from it and it has stood alone for `PATIENCE.rise`
seconds: nobody attends it (attendance.py). Passers-by do not count, as nobody is followed: only who
is slow there attends it, and of who comes and goes only the balance tells (company.py).
(PETS 2006 calls luggage unattended when its owner is farther than 3 m for 30 s, i-LIDS after 60 s;
both measure whether an owner comes back, which is for people to find out after an alert.)
Once told, it stands until it is taken away, whoever stands beside it.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from plainview.geometry import View
from plainview.record import EventKind
from plainview.vision.events.attendance import LATELY, STOOD, Attendance, attended
from plainview.vision.events.change import Change, State
from plainview.vision.events.coloured import coloured
from plainview.vision.events.detector import Patience, Sighting
from plainview.vision.events.extent import Extent, extents, fits
from plainview.vision.events.founding import Founding
from plainview.vision.events.ground import Ground
from plainview.vision.events.moved import Moved
from plainview.vision.events.outlined import outlined
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import BODY, EVERY, Blob, Stillness, outgrown, surely, touch
from plainview.vision.events.thing import CAME, CARRIER, PLAIN, WENT, Thing
from plainview.vision.events.unshaded import unshaded
from plainview.vision.optics import Optics

PATIENCE: Final = Patience(rise=10.0, fall=2.0, reach=1.0)
MOST: Final = 24
"""Changes that are watched at once."""
YOUNG: Final = 6.0
"""Seconds in which who put a thing down is still near, and in which its outline grows."""
ALONE: Final = 1.6
"""Times its area that may differ around a thing that stands alone: its shadow."""
UNLIKE: Final = 4
"""Looks in a row without it after which it is gone."""
LONG_HIDDEN: Final = 20.0
"""Seconds behind others after which a thing is not taken as there any more."""
SETTLED: Final = 8.0
"""Seconds after it was first sighted at which that is asked: what went is given back by then."""
STAYED: Final = 2
"""Looks after which a ghost is one: what is met now and then lasts for a look only."""
RESTED: Final = 6.0
"""Seconds after which what goes was furniture, not a part of somebody who stood there."""
ABOVE: Final = (0.5, 1.0)
"""Part of its area that must be above it, and metres across the view that both are high together,
from which it is the lower part of somebody: he sits, and between is as light as what is behind."""
SURELY: Final = 0.5
"""Evidence from which that is no shadow."""
BEGINNING: Final = 3.0
"""Seconds from the first look in which a ghost was in the plate from the start."""


class LeftObject:
    """Sees what was put down and left. Owns what stands still before one camera."""

    kind: Final = EventKind.LEFT_OBJECT

    def __init__(self, view: View, optics: Optics) -> None:
        """Look in `view`'s zones of this kind, or in its whole area, through `optics`."""
        self.patience = PATIENCE
        self._optics = optics
        self._ground = Ground(view, self.kind)
        self._stillness = Stillness(optics)
        self._founding = Founding()
        self._attendance = Attendance(optics)
        self._things: list[Thing] = []
        self._moved = Moved(optics)
        self._lost: deque[Thing] = deque(maxlen=MOST)
        self._began: float | None = None
        width, height = optics.size
        self._taken = np.zeros((height, width), dtype=np.uint8)

    @property
    def things(self) -> tuple[Thing, ...]:
        """What is watched now."""
        return tuple(self._things)

    def look(self, seen: Seen) -> list[Sighting]:
        """What lies there alone in `seen`; nothing between two looks."""
        if not self._stillness.due(seen.t):
            return []
        seen = self._attendance.note(seen)
        if self._began is None or seen.t < self._began:
            self._began = seen.t
        # Where the plate was learned with a thing in it, the first seconds are what it came to.
        self._founding.note(seen)
        seen = coloured(self._founding.held(seen))
        behind = self._founding.behind(seen.plate)
        self._moved.follow(seen)
        still = self._stillness.step(seen, self._taken, behind)
        for blob in still:
            self._meet(blob, seen)
        watched = [self._watch(thing, seen) for thing in self._things]
        self._things = [thing for thing in watched if thing is not None]
        self._taken[:] = 0
        for thing in self._things:
            self._taken[thing.change.blob.window] |= thing.grown
        found = [self._sighting(thing, seen) for thing in self._things]
        return [one for one in found if one is not None]

    def _meet(self, blob: Blob, seen: Seen) -> None:
        """Begin to watch `blob`; one that grows on a young thing is met again with it.

        One beside an older thing is a rim of it; a thing beside an older shadow is what casts it.
        """
        reference = self._stillness.reference
        touched = [thing for thing in self._things if touch(thing.change.blob, blob)]
        young = [one for one in touched if seen.t - one.since < YOUNG and not one.sighted]
        full = len(self._things) >= MOST
        if not young and (full or not all(_shadow(one, seen) for one in touched)):
            return
        blob = unshaded(self._optics, self._stillness, blob, seen)
        (size,) = extents(self._optics, [blob])
        if size is None or reference is None:
            return
        if young:
            self._things = [one for one in self._things if one not in young]
            return
        if touched and not (fits(size) and _stands_out(blob, touched, seen)):
            return
        self._things = [one for one in self._things if one not in touched]
        thing = self._thing(Change(blob, seen, reference), size, seen.t)
        thing.moved = thing.moved or any(one.moved for one in touched)
        self._things.append(thing)
        self._taken[blob.window] |= thing.grown

    def _thing(self, change: Change, size: Extent, t: float) -> Thing:
        """`change`, of that size, with who was near it as it came and until `t` seconds."""
        thing = Thing(change, size, self._optics)
        if thing.fits:
            self._attendance.meet(thing, t)
            for lost in self._lost:
                if t - lost.seen < LONG_HIDDEN and touch(lost.change.blob, change.blob):
                    thing.recall(lost)
        return thing

    def _watch(self, thing: Thing, seen: Seen) -> Thing | None:
        """What is to be watched after another look at `thing`: mostly itself; None for nothing."""
        new = thing.looks == 0
        thing.state = State.HERE if new else thing.change.look(seen)
        thing.looks += 1
        if thing.state is State.GONE:
            thing.unlike += 1
            if thing.unlike < UNLIKE:
                return thing
            return self._part(thing, seen)
        thing.unlike = 0
        if thing.state is State.HIDDEN:
            return thing if seen.t - thing.seen < 3 * LONG_HIDDEN else None
        thing.seen = seen.t
        stirred = not new and thing.change.stir(seen) > 0.08
        thing.stirs += (stirred - thing.stirs) / min(thing.looks, LATELY)
        if not thing.sighted and thing.change.shrunk(seen):
            self._shrunk(thing, seen)
            return None
        if thing.looks == STAYED:
            self._note_gone(thing)
        if thing.looks * EVERY > RESTED:
            thing.whole, _ = outgrown(thing.change.blob, seen.evidence)
            thing.lone += 1 if thing.whole <= ALONE else -1
        if thing.fits:
            self._attendance.attend(thing, seen, self._taken)
            thing.change.sway(seen, thing.swaying)
        if (thing.left or not thing.fits) and thing.sighted * EVERY <= self.patience.rise:
            thing = self._outlined(thing, seen)
        if thing.fits and thing.looks * EVERY < YOUNG + 2:
            thing.moved = thing.moved or self._moved.went(thing)
        return thing

    def _outlined(self, thing: Thing, seen: Seen) -> Thing:
        """`thing`, by a new outline where more or less lies there than was met of it."""
        found = outlined(self._optics, self._stillness, thing, seen)
        if found is None:
            return thing
        change, size = found
        anew = thing.outlined(change, size) if thing.fits else self._thing(change, size, seen.t)
        anew.moved = anew.moved or thing.moved
        return anew if anew.fits else thing

    def _shrunk(self, thing: Thing, seen: Seen) -> None:
        """Let `thing` be met again without who stood beside it, or be taken: it was furniture."""
        if thing.carrier > CARRIER:
            self._note_taken(thing, seen.t)
        self._stillness.forget(thing.change.blob, seen)
        self._note_lost(thing)

    def _note_lost(self, thing: Thing) -> None:
        """Note that `thing`, which somebody left or moved, is lost: in fog it comes and goes.

        What may be somebody himself was left by nobody.
        """
        if (thing.left and thing.stood < STOOD and not thing.bodily) or thing.moved:
            self._lost.append(thing)

    def _note_gone(self, thing: Thing) -> None:
        """Note that something went from where `thing` is, if the plate still shows it there."""
        if (
            thing.since > (self._began or 0.0) + BEGINNING
            and thing.traits.arrival < WENT
            and thing.traits.contrast > PLAIN
        ):
            self._moved.note(thing.since, thing.extent)

    def _note_taken(self, thing: Thing, t: float) -> None:
        """Note that `thing`, which rested there, went at `t` seconds."""
        # Mostly: who takes it stands beside it first, and is of one piece with it then.
        if thing.lone > 0 and thing.traits.arrival > CAME and thing.traits.contrast > 2 * PLAIN:
            self._moved.note(t, thing.extent)

    def _part(self, thing: Thing, seen: Seen) -> Thing | None:
        """Note that `thing` went; what the plate has shown all along and has come by now."""
        self._note_lost(thing)
        self._note_taken(thing, seen.t - UNLIKE * EVERY)
        if thing.traits.arrival < WENT and thing.change.restored(seen):
            since = seen.t - UNLIKE * EVERY
            came = Thing(thing.change.reversed(since), thing.extent, self._optics)
            came.carrier = self._attendance.carrier(came)
            came.seen = seen.t
            return came
        return None

    def _sighting(self, thing: Thing, seen: Seen) -> Sighting | None:
        if thing.state is State.GONE or seen.t - thing.seen > LONG_HIDDEN:
            return None
        x, y = (float(v) for v in thing.extent.place)
        zone = self._ground.zone(x, y)
        sure = thing.confidence(self.patience.least)
        told = thing.sighted * EVERY > self.patience.rise
        if zone is None or not (told or (sure >= self.patience.least and self._alone(thing, seen))):
            return None
        thing.sighted += 1
        if thing.sighted == 1:
            thing.settles = seen.t + SETTLED
        if seen.t >= thing.settles:
            thing.settles = np.inf
            thing.moved = self._moved.given_back(thing, seen)
            if thing.moved:
                return None
        return Sighting(x, y, max(sure, self.patience.least), zone)

    def _alone(self, thing: Thing, seen: Seen) -> bool:
        """Whether it is seen, stands apart, and nobody stays near it."""
        if thing.state is not State.HERE:
            return False
        thing.whole, _ = outgrown(thing.change.blob, seen.evidence)
        if thing.whole > ALONE:
            return False
        if thing.stood >= STOOD or self._seated(thing, seen):
            return False
        return not attended(self._optics, thing, seen, self._taken)

    def _seated(self, thing: Thing, seen: Seen) -> bool:
        """Whether what came with it, taken for its shadow, is the rest of who sits there."""
        blob = thing.change.blob
        if blob.shaded is None:
            return False
        rest = (seen.evidence[blob.window] > SURELY) & (blob.shaded > 0)
        rest[int(np.argmax(blob.mask.any(axis=1))) :] = False
        if np.count_nonzero(rest) < ABOVE[0] * np.count_nonzero(blob.mask):
            return False
        both = np.asarray(rest | (blob.mask > 0), np.uint8)
        (size,) = extents(self._optics, [blob._replace(mask=both)])
        return size is not None and size.height > ABOVE[1]


def _shadow(thing: Thing, seen: Seen) -> bool:
    """Whether what is watched as `thing`, and not told yet, is there and mostly as a shadow is."""
    blob = thing.change.blob
    if thing.sighted or thing.state is not State.HERE:
        return False
    return surely(blob, seen.evidence) < BODY * cv2.countNonZero(blob.mask)


def _stands_out(blob: Blob, shadows: Sequence[Thing], seen: Seen) -> bool:
    """Whether `blob` is mostly no shadow, and more of it is none than of each of the `shadows`."""
    least = max(surely(one.change.blob, seen.evidence) for one in shadows)
    return surely(blob, seen.evidence) > max(least, BODY * cv2.countNonZero(blob.mask))
