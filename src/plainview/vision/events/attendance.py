"""Who attends what was put down: who stays near it, and who is himself what is taken for a thing.

Somebody who stands still is a body to the measurement, and his legs, or all of him with his
shadow, are to `stillness` something that came and stays. His figure covers it, and his head shows
above it; a thing's outline reaches no higher than its own. Far away the foot of an outline, or of
its shadow, is metres from where he stands: what covers what is asked in the picture. Who walked
away is known by a balance (company.py).
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.company import LEAST, Company
from plainview.vision.events.dim import Dim
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import DIFFERS
from plainview.vision.events.thing import PART, Thing
from plainview.vision.foreground import SHADOW
from plainview.vision.optics import SAMPLE_Z, Floats, Optics, flat_samples
from plainview.vision.plate import Image

NEAR: Final = 2.0
"""Metres within which somebody who stays attends a thing."""
BESIDE: Final = 1.2
"""Metres within which somebody is with a thing, and may walk away from it yet."""
SLOW: Final = 0.4
"""m/s below which somebody stays."""
MORE: Final = 0.3
"""Part of a body's silhouette that shows, besides the thing, of somebody who attends it."""
WITHIN: Final = 5.0
"""Metres from a thing of somebody who may be what is taken for it."""
VEHICLE: Final = 6.0
"""m² across the view, of one piece, from which what is there is a vehicle or its light."""
SIDE: Final = 2.5
"""Metres on each side of a thing in which that is looked for."""
COVERED: Final = 0.5
"""Part of it that figures cover, at least."""
HEAD: Final = SAMPLE_Z > 0.72
"""(SAMPLES,) what of a body's silhouette is higher than a thing that people leave."""
HEADED: Final = 0.25
"""Part of that which shows of somebody; of a thing that is taken for a body nothing does."""
LEFT: Final = 0.6
"""People, net, who must have walked away from a thing since it came: whoever put it down did."""
HALF: Final = (0.5, 0.42)
"""The same where nobody is about since: who is lost for a moment as he goes takes a part along, and
so does who comes by meanwhile. The second where no body is laid into it either, or it is too small
for what shows of one who sits: such a one was taken for one who stands two metres before, and to
have come that far (0.45 to 0.49 in three ordinary hours; of one 0.21 m² were seen). Of 90 scenes of
the development part it was 0.46 of the one thing so left, and 0.32 at most of what nobody left."""
ABOUT: Final = (3.5, 12)
"""Metres within which somebody is about, and looks in a row without anybody that tell."""
ITS: Final = 0.05
"""Part of a body's silhouette that a thing covers, below which it is not what is taken for him: by
night two who stand beside it hardly differ from the ground."""
STOOD: Final = 0.3
"""Part of the looks, of late, in which somebody stood there, from which it is he that is seen."""
WITH: Final = 2
"""Looks in a row in which somebody is beside it who is with it: in one, a body may be guessed."""
SOON: Final = 12.0
"""Seconds after it came, or after somebody was with it, in which somebody must walk away from it.
"""
LATELY: Final = 25
"""Looks over which it is said how often something was so."""
Pixels = tuple[NDArray[np.int32], NDArray[np.int32]]


class Attendance:
    """Owns who was about of late, however dimly he is seen."""

    def __init__(self, optics: Optics) -> None:
        """Nobody was."""
        self._optics = optics
        self._company = Company()
        self._dim = Dim(optics)

    def note(self, seen: Seen) -> Seen:
        """Remember who is about in `seen`; it, with whom the measurement is too dim to find."""
        seen = seen._replace(bodies=self._dim.bodies(seen))
        self._company.note(seen.t, seen.bodies)
        return seen

    def carrier(self, thing: Thing) -> float:
        """Metres to who was nearest to `thing` as it came."""
        return self._company.nearest(thing.extent.place, thing.since - 4, thing.since + 1)

    def meet(self, thing: Thing, t: float) -> None:
        """Note who brought `thing`, which is met at `t` seconds, and who was with it until now."""
        thing.carrier = self.carrier(thing)
        stayed = self._company.stayed(thing.extent.place, BESIDE, SLOW)
        if thing.since < stayed < t - 1:
            # Who stood with it for long hid what it is: he has brought it, or watched it.
            thing.carrier = min(thing.carrier, BESIDE)
            thing.with_it = stayed
            # What looks still already as he comes would count that, too: he comes and goes, 0.
            place, centre = thing.extent.place, self._optics.centre
            thing.away[1] -= self._company.gone(place, centre, thing.since, stayed)

    def attend(self, thing: Thing, seen: Seen, taken: NDArray[np.uint8]) -> None:
        """Note who is with `thing`, and who walked away from it soon after it came or after that.

        One who waits beside it for long and then goes has left it as well. `taken` (h, w): where
        there are things.
        """
        if covered(thing, seen.evidence):
            thing.beside, thing.counted = 0, seen.t
            return
        optics = self._optics
        there = stands(optics, thing, seen)
        thing.stood += (there - thing.stood) / min(thing.looks, LATELY)
        if thing.left:
            return
        _count_alone(optics, thing, seen)
        if there or attended(optics, thing, seen, taken, BESIDE):
            thing.beside += 1
        else:
            thing.beside = 0
        until = min(seen.t, thing.with_it + SOON)
        if thing.beside >= WITH:
            thing.with_it, thing.away = seen.t, np.zeros((2, 2))
        elif thing.counted < until:
            place = thing.extent.place
            thing.away += self._company.gone(place, optics.centre, thing.counted, until)
        least = LEFT
        if thing.alone >= ABOUT[1]:
            nobody = thing.bare >= ABOUT[1] or thing.extent.area <= PART[1]
            least = HALF[nobody]
        thing.left = bool(thing.away.min(axis=1).max() >= least)
        thing.counted = seen.t


def attended(
    optics: Optics, thing: Thing, seen: Seen, taken: NDArray[np.uint8], reach: float = NEAR
) -> bool:
    """Whether somebody stays within `reach` metres of `thing`, who is not what is known as a thing.

    `taken` (h, w): where there are things.
    """
    places = _staying(thing, seen, reach)
    return len(places) > 0 and _anybody(_silhouettes(optics, places), seen, taken)


def _anybody(pixels: Pixels, seen: Seen, taken: NDArray[np.uint8]) -> bool:
    """Whether the silhouettes at `pixels` (n, SAMPLES) show any who is not known as a thing.

    A large thing, or a small one with its shadow, may itself be taken for a body: of a person there
    is more to see. `taken` (h, w): where there are things.
    """
    shown = (seen.evidence[pixels] > DIFFERS) & (taken[pixels] == 0)
    return bool(np.any(shown.mean(axis=1) >= MORE))


def stands(optics: Optics, thing: Thing, seen: Seen) -> bool:
    """Whether somebody stands where `thing` is seen: it may be he, or a part of him."""
    rows, columns = thing.change.blob.window
    covered = seen.mask[rows, columns][thing.change.inside] != 0
    if np.count_nonzero(covered) < COVERED * covered.size:
        return False
    places = _staying(thing, seen, WITHIN)
    if len(places) == 0:
        return False
    y, x = _silhouettes(optics, places)
    inside = (y >= rows.start) & (y < rows.stop) & (x >= columns.start) & (x < columns.stop)
    # A case with its shadow may be taken for a body too: his head is no part of it.
    its = np.zeros_like(inside)
    its[inside] = thing.grown[y[inside] - rows.start, x[inside] - columns.start] > 0
    shown = (seen.evidence[y, x] > SHADOW) & ~its
    heads = shown[:, HEAD].mean(axis=1) > HEADED
    return bool(np.any(heads & inside.any(axis=1)))


def covered(thing: Thing, evidence: Image) -> bool:
    """Whether `thing` is of one piece with a vehicle or its light, by what differs in (h, w).

    Bodies are laid into those by the dozen: none of them is with the thing, or leaves it.
    """
    blob = thing.change.blob
    rows, columns = blob.window
    metre = float(np.sqrt(cv2.countNonZero(blob.mask) / thing.extent.area))
    side = round(SIDE * metre)
    y0, x0 = max(rows.start - side, 0), max(columns.start - side, 0)
    part = np.s_[y0 : rows.stop + side, x0 : columns.stop + side]
    differs = np.asarray(evidence[part] > DIFFERS, dtype=np.uint8)
    if np.count_nonzero(differs) < VEHICLE * metre**2:
        return False
    _, labels = cv2.connectedComponents(differs, connectivity=4)
    own = labels[rows.start - y0 : rows.stop - y0, columns.start - x0 : columns.stop - x0]
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    return bool(areas[own[blob.whole > 0]].max(initial=0) >= VEHICLE * metre**2)


def _count_alone(optics: Optics, thing: Thing, seen: Seen) -> None:
    """Count for how many looks nobody is about `thing`, who stays or walks, and is not it.

    And for how many not even it is taken for somebody.
    """
    bodies = seen.bodies
    near = np.hypot(*(bodies.places - thing.extent.place).T) < ABOUT[0]
    there = bodies.places[near & (bodies.weights > LEAST)]
    thing.bare = 0 if len(there) > 0 else thing.bare + 1
    if len(there) > 0:
        own = np.zeros(seen.luma.shape, np.uint8)
        own[thing.change.blob.window] = thing.grown
        pixels = _silhouettes(optics, there)
        others = (own[pixels] > 0).mean(axis=1) < ITS
        if others.any() or _anybody(pixels, seen, own):
            thing.alone = 0
            return
    thing.alone += 1


def _staying(thing: Thing, seen: Seen, reach: float) -> Floats:
    """(n, 2) the places of those who stay within `reach` metres of `thing`."""
    bodies = seen.bodies
    slow = np.hypot(*bodies.velocities.T) < SLOW
    near = np.hypot(*(bodies.places - thing.extent.place).T) < reach
    there: Floats = bodies.places[slow & near & (bodies.weights > LEAST)]
    return there


def _silhouettes(optics: Optics, places: Floats) -> Pixels:
    """Rows and columns (n, SAMPLES) of the silhouettes of those who stand at `places` (n, 2)."""
    width, height = optics.size
    flat, _ = flat_samples(optics.projection, optics.centre, optics.size, places)
    rows, columns = np.divmod(flat, width)
    return np.minimum(rows, height - 1), columns
