"""Something that came and stayed: where, how large, and how sure it is a thing that was put down.

What speaks against: a light or shadow (its ratio to the ground is even and the ground's structure
shows through), a puddle (flat), a person who sits, sleeps or stands (a body's size and outline, or
it stirs), furniture that was moved (something of its size went nearby at that moment), and that
nobody was there to put it down or to walk away from it. Each takes its share of the confidence.
"""

import math
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.change import Change, State, Traits
from plainview.vision.events.extent import Extent, fits
from plainview.vision.events.figures import fit
from plainview.vision.events.flicker import step
from plainview.vision.events.lit import lit
from plainview.vision.events.stillness import Blob
from plainview.vision.events.swaying import Sway, Swaying
from plainview.vision.optics import Floats, Optics

SURE: Final = 0.92
"""Confidence where nothing speaks against."""
CAME: Final = 0.4
"""`Traits.arrival` from which something surely came; of what has less outline than before it is
below 0."""
WENT: Final = -0.3
"""Most `Traits.arrival` of what went."""
PLAIN: Final = 4.0
"""Least contrast, in standard deviations of noise, that anything is said of."""
PERSON: Final = (0.28, 0.4)
"""m² across the view from which a thing may be, and is, as large as a person who crouches."""
ALIKE: Final = 0.58
"""Overlap with a posture's silhouette from which something that large may be a person."""
PART: Final = (0.07, 0.14)
"""m² across the view from which what sways may be a part of somebody, and surely is."""
CARRIER: Final = 1.5
"""Metres within which somebody must have been as it came."""
FEW: Final = (20.0, 40.0)
"""Working pixels up to which what does not sway may be a part of somebody who sits far away, and
from which it is none: of bags that were told 46 to 628 (development part), of the knees of one who
sat on a bench 26 m away, by night, 18."""
TINY: Final = 0.4
"""What so few pixels take away."""
TRAITS_EVERY: Final = 5
"""Looks for which what a change looks like is taken to stay as it is."""
MEAN: Final = 8
"""Measurements over which the evenness of a change is the mean."""


def posture(optics: Optics, blob: Blob, size: Extent) -> float:
    """Overlap with the best silhouette of a person in any posture; 0 where it is too small."""
    found = fit(optics, blob.mask, blob.corner) if size.area > PERSON[0] else {}
    return max((one.overlap for one in found.values()), default=0.0)


class Thing:
    """One change that is watched. Owns its pictures, and what was seen of it and around it."""

    def __init__(self, change: Change, extent: Extent, optics: Optics) -> None:
        """Nothing is known yet of who was near."""
        self.change, self.extent = change, extent
        self._optics = optics
        self.carrier = float("inf")
        """Metres to who was nearest as it came."""
        self.with_it = change.blob.since
        """Seconds at which somebody was with it last: as it came, or later."""
        self.away: Floats = np.zeros((2, 2))
        """(2, 2) people, net, who walked away from it since it came, and since somebody was seen to
        stay with it (Company.gone)."""
        self.counted = change.blob.since
        """Seconds until which they are counted."""
        self.left = False
        """Whether somebody did."""
        self.stirs = 0.0
        """Part of the looks, of late, in which it moved."""
        self.whole = 1.0
        """All that differs around it, as a factor on its area: 1 where it stands alone."""
        self.lone = 0
        """Looks in which it stood alone, less those in which it was of one piece with more."""
        self.swaying = Swaying()
        self.stood = 0.0
        """Part of the looks, of late, in which somebody stood where it is."""
        self.moved = False
        """Whether something of its size went nearby as it came."""
        self.beside = 0
        """Looks in a row in which somebody was beside it."""
        self.alone = 0
        """Looks in a row in which nobody else was about it."""
        self.bare = 0
        """Looks in a row in which it was taken for nobody either."""
        self.factors = (1.0, 1.0)
        """All that lies there, and that without its shadow, as factors on its area, at the last
        look."""
        self.entire = 0
        """Looks in which nothing but it lay there."""
        self.outgrown = 0
        """Looks in a row in which more than it and its shadow lay there."""
        self._posed = 0.0
        """`posture` of what it was a part of already: what joins somebody makes him nobody else."""
        self._traits: tuple[int, Traits] | None = None
        self._measured = 0
        self.state = State.HERE
        self.looks = self.sighted = self.unlike = 0
        self.settles = math.inf
        """Seconds at which it is asked whether something went, if that is still to be asked."""
        self.seen = change.blob.since
        """Seconds at which it was last seen to be there."""

    def outlined(self, change: Change, extent: Extent) -> "Thing":
        """The same thing by another outline: what was seen around it stays known."""
        other = Thing(change, extent, self._optics)
        other.carrier, other.with_it, other.away = self.carrier, self.with_it, self.away
        other.counted, other.left, other.moved = self.counted, self.left, self.moved
        other.looks, other.sighted, other.seen = self.looks, self.sighted, self.seen
        other.settles, other.stood = self.settles, self.stood
        if extent.area > self.extent.area:
            other._posed = self.posture
        return other

    def recall(self, lost: "Thing") -> None:
        """Know of `lost`, which was there a little while ago, what was seen around it."""
        self.carrier = min(self.carrier, lost.carrier)
        self.left, self.moved = self.left or lost.left, self.moved or lost.moved

    @property
    def traits(self) -> Traits:
        """What the change looks like, at most TRAITS_EVERY looks ago; how even, in the mean."""
        known = self._traits
        if known is None or self.looks - known[0] >= TRAITS_EVERY:
            now = self.change.traits()
            self._measured = min(self._measured + 1, MEAN)
            if known is not None:
                # A dark box is hardly less even than a shadow: the noise of one look decided.
                even = known[1].even + (now.even - known[1].even) / self._measured
                now = now._replace(even=even)
            known = self._traits = (self.looks, now)
        return known[1]

    @property
    def since(self) -> float:
        """Seconds at which it became still."""
        return self.change.blob.since

    @cached_property
    def posture(self) -> float:
        """Overlap with the best silhouette of a person in any posture; 0 where it is too small."""
        return max(posture(self._optics, self.change.blob, self.extent), self._posed)

    @cached_property
    def bodily(self) -> float:
        """How much speaks for somebody who sits, crouches or lies, 0 to 1."""
        if self.posture <= ALIKE:
            return 0.0
        large = (self.extent.area - PERSON[0]) / (PERSON[1] - PERSON[0])
        return min(max(large, 0.0), 1.0)

    @property
    def sway(self) -> Sway:
        """How surely it sways as a body does, and how surely it does not."""
        metre = math.sqrt(cv2.countNonZero(self.change.blob.mask) / self.extent.area)
        return self.swaying.sway(metre)

    @cached_property
    def grown(self) -> NDArray[np.uint8]:
        """(h, w) it and its shadow in its window, two pixels wider."""
        return np.asarray(cv2.dilate(self.change.blob.whole, np.ones((5, 5), np.uint8)), np.uint8)

    @property
    def fits(self) -> bool:
        """Whether it is as large as a thing that people leave."""
        return fits(self.extent)

    def confidence(self, least: float = 0.0) -> float:
        """How sure it is that this is a thing which was put down, 0 to 1.

        Where nobody put it down its looks are not looked at: it is below `least` already.
        """
        if not self.fits or self.moved:
            return 0.0
        sure = SURE
        if self.carrier > CARRIER:
            # Who walked away, and had not come since, was there: fog or the dark hid him before.
            sure -= 0.15 if self.with_it == self.since else 0.35
        if not self.left:
            sure -= 0.45
        if sure < least:
            return sure
        traits = self.traits
        if traits.arrival < 0 or traits.contrast < PLAIN:
            return 0.0
        sure -= 0.4 * (1 - step(traits.arrival, 0, CAME))
        sure -= 0.1 * (1 - step(traits.contrast, PLAIN, 2 * PLAIN))
        sure -= lit(traits, self.extent.upright)
        sway = self.sway
        few = 1.0 - step(float(cv2.countNonZero(self.change.blob.mask)), *FEW)
        sure -= TINY * few * (1.0 - sway.still)
        # A few pixels of a coarse picture drift as far: what is plain and as small is nobody.
        plain = traits.contrast >= 2 * PLAIN
        somebody = step(self.extent.area, *PART) if plain else 1.0
        sure -= 0.5 * max(self.bodily * (1 - sway.still), sway.alive * somebody)
        sure -= min(1.5 * self.stirs, 0.5)
        return max(sure, 0.0)
