"""One place of the picture that changed and stayed so: what it was, what it is, what that means.

A change may be a thing that came, a thing that went (the plate still shows it), or light: a
shadow, a lamp, a reflection, a wet floor. A thing that came has its outline in the frame, one that
went in the plate. Light multiplies what is there: its ratio to the plate is even, and the
structure of the ground shows through it.
"""

from copy import copy
from enum import StrEnum
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import Blob
from plainview.vision.events.swaying import Swaying
from plainview.vision.haze import log_ratio
from plainview.vision.plate import Image, Luma, gradient
from plainview.vision.ranks import mean, ranked

HIDDEN: Final = 0.5
"""Part of a place that bodies hide when nothing can be said of it."""
FOLLOW: Final = 0.05
"""Part of the difference that one look takes over into what the place shows now."""
GRAIN: Final = 4.0
"""Pixels that fine structure is as one in: a picture has so many fewer independent ones."""
LIKE: Final = 0.6
"""Likeness by chance (two standard deviations) from which a place is too small to tell by."""
CORE: Final = 6
"""Pixels of a place without its border that tell what it shows, at least."""
SHRUNK: Final = 0.25
"""Part of a place that is as before when its outline is not the thing's."""


class State(StrEnum):
    """What a place shows in one frame."""

    HERE = "here"
    """What came is still there."""
    GONE = "gone"
    """It is as it was before, or something else is there."""
    HIDDEN = "hidden"
    """Bodies stand before it."""


class Traits(NamedTuple):
    """What a change looks like: numbers without unit unless said."""

    arrival: float
    """Log of how much more outline the frame has there than the plate: positive for what came."""
    even: float
    """Standard deviation (robust) of the log of the ratio of now to before, beyond noise."""
    ratio: float
    """Median ratio of now to before."""
    texture: float
    """Correlation of the fine structure now and before; 0 where the ground has none to tell by."""
    sharp: float
    """Steepest part of the border: part of the contrast that one pixel's step takes."""
    contrast: float
    """Mean difference of now and before in standard deviations of the noise."""
    darker: float
    """Part of the place, without its border, that is darker than before, beyond noise."""
    tinted: float = 0.0
    """Part of the place that is of another colour than before: light hardly tints."""


class Change:
    """Owns the two pictures of one place, in the plate's light. Small: a window of the picture."""

    def __init__(self, blob: Blob, seen: Seen, reference: Luma) -> None:
        """What `blob` shows in `seen`, before `reference` (h, w), the plate without it."""
        self.blob = blob
        self.inside: NDArray[np.bool_] = blob.mask > 0
        self.before: Image = reference[blob.window].astype(np.float32)
        self.after: Image = self._unlit(seen)
        self._light = self._now(seen)
        self._veil = seen.veil
        self._noise: Image = seen.plate.noise[blob.window].copy()
        self._tinted = self._told(seen)
        self._looks = 1

    def _now(self, seen: Seen) -> float:
        """How bright the ground is here in the light of now, in that of the plate."""
        window = self.blob.window
        return (mean(seen.background[window]) + 1) / (mean(seen.plate.luma[window]) + 1)

    def _unlit(self, seen: Seen) -> Image:
        return np.asarray(seen.luma[self.blob.window] / np.float32(self._now(seen)), np.float32)

    def _told(self, seen: Seen) -> float:
        """Part of the place that `seen` shows in another colour."""
        if seen.tinted is None:
            return 0.0
        return mean((seen.tinted[self.blob.window] > 0)[self.inside])

    def _shown(self, seen: Seen) -> Image:
        """(h, w) what `seen` shows, as like `after` as the change of light since lets it be.

        A camera that adapts shows all by a curve of its own: what is white stays as it was while
        the ground gets darker by a third, what is black goes as far down as the ground.
        """
        now, was = self._now(seen), self._light
        luma = seen.luma[self.blob.window].astype(np.float32)
        ground = mean(seen.plate.luma[self.blob.window]) + 1
        might = (luma / now, luma / was, (luma + ground * (was - now)) / was)
        low = np.minimum(np.minimum(might[0], might[1]), might[2])
        high = np.maximum(np.maximum(might[0], might[1]), might[2])
        return np.asarray(np.clip(self.after, low, high), np.float32)

    def look(self, seen: Seen) -> State:
        """Whether what came is still there in `seen`; what it looks like is followed slowly."""
        now, hidden = self._shown(seen), seen.mask[self.blob.window] != 0
        # What looks as it did is there, even where a body was found: that may be the thing itself.
        if not self._alike(now, self.inside):
            free = self.inside & ~hidden
            if np.count_nonzero(free) < (1 - HIDDEN) * np.count_nonzero(self.inside):
                return State.HIDDEN
            if not self._alike(now, free):
                return State.GONE
        # How thick the air is, is known only after a while; that it is thick does not pass soon.
        self._veil = seen.veil or self._veil
        self._looks += 1
        rate = max(1.0 / self._looks, FOLLOW)
        open_ = ~hidden | self.inside
        self.after[open_] += rate * (now - self.after)[open_]
        self._light += rate * (self._now(seen) - self._light)
        self._tinted += rate * (self._told(seen) - self._tinted)
        return State.HERE

    def _alike(self, now: Image, where: NDArray[np.bool_]) -> bool:
        """Whether `now` (h, w) is more like after than like before `where` (h, w) is true."""
        now, after, before = now[where], self.after[where], self.before[where]
        as_after = np.abs(now - after)
        nearer = np.count_nonzero(as_after <= np.abs(now - before))
        if nearer < 0.5 * as_after.size:
            return False
        return mean(as_after) <= 0.7 * mean(np.abs(after - before)) + 2.0

    def shrunk(self, seen: Seen) -> bool:
        """Whether a good part of the place is in `seen` as it was before: it came with more."""
        back = (seen.evidence[self.blob.window] <= 0) & self.inside
        return bool(np.count_nonzero(back) > SHRUNK * np.count_nonzero(self.inside))

    def restored(self, seen: Seen) -> bool:
        """Whether the place shows in `seen` what it was before."""
        now = self._unlit(seen)[self.inside]
        change = np.abs(self.after - self.before)[self.inside].mean()
        return bool(np.abs(now - self.before[self.inside]).mean() < 0.35 * change + 2.0)

    def reversed(self, since: float) -> "Change":
        """The change from what this place shows to what it was before, still since `since`."""
        other = copy(self)
        other.blob = self.blob._replace(since=since)
        other.before, other.after = self.after.copy(), self.before.copy()
        return other

    def stir(self, seen: Seen) -> float:
        """Part of the place, with its border, that moves: differs from what it has shown so far."""
        grown = cv2.dilate(self.blob.mask, np.ones((3, 3), np.uint8)) > 0
        free = grown & (seen.mask[self.blob.window] == 0)
        if np.count_nonzero(free) < 4:
            return 0.0
        most = 4.0 * self._noise + 0.25 * gradient(self.after) + 3.0
        return mean((np.abs(self._shown(seen) - self.after) > most)[free])

    def sway(self, seen: Seen, swaying: Swaying) -> None:
        """Let `swaying` note how far the place is shifted in `seen`."""
        ground = cv2.dilate(self.blob.whole, np.ones((7, 7), np.uint8)) == 0
        ground &= seen.mask[self.blob.window] == 0
        swaying.look(self._shown(seen), self.after, self.blob.mask, ground)

    def traits(self) -> Traits:
        """What the change looks like by now."""
        grown = cv2.dilate(self.blob.mask, np.ones((5, 5), np.uint8))
        core = core_of(self.blob)
        rim = (grown > 0) & ~core
        near = (cv2.dilate(grown, np.ones((7, 7), np.uint8)) > 0) & (grown == 0)
        outline = _outline(self.after, self.before, core, rim, near)
        noise = mean(self._noise[core])
        own = np.float32(self._veil * mean(self.before[core]))
        log = log_ratio(self.after[core], self.before[core], own)
        middle, even = spread(log, noise, mean(np.maximum(self.after[core] - own, 0)))
        change = self.after - self.before
        contrast = mean(np.abs(change[core]))
        steps = gradient(change)[rim]
        sharp = ranked(steps, 0.8) / max(contrast, 1.0) if steps.size else 0.0
        return Traits(
            outline,
            even,
            float(np.exp(middle)),
            _likeness(self.before, self.after, core, noise),
            sharp,
            contrast / max(noise, 1.0),
            mean(change[core] < -noise),
            self._tinted,
        )


def core_of(blob: Blob) -> NDArray[np.bool_]:
    """(h, w) where `blob` is, without its border; with it where too little is left to tell by."""
    core = cv2.erode(blob.mask, np.ones((3, 3), np.uint8)) > 0
    return core if np.count_nonzero(core) >= CORE else blob.mask > 0


def spread(log: Image, noise: float, level: float) -> tuple[float, float]:
    """Median of the `log` ratio (n,), and its standard deviation (robust) beyond the `noise`.

    `noise` and `level` in grey levels: how bright the place is.
    """
    middle = ranked(log, 0.5)
    grain = 0.5 * noise / max(level, 8.0)
    return middle, max(1.4826 * ranked(np.abs(log - middle), 0.5) - grain, 0.0)


def _outline(
    after: Image,
    before: Image,
    core: NDArray[np.bool_],
    rim: NDArray[np.bool_],
    near: NDArray[np.bool_],
) -> float:
    """Log of the outline and of the contrast to its surroundings, now over before."""
    if not rim.any() or not near.any():
        return 0.0
    edge = [mean(gradient(image)[rim]) + 1.0 for image in (after, before)]
    step = [abs(float(image[core].mean() - image[near].mean())) + 3.0 for image in (after, before)]
    return float(np.log(edge[0] / edge[1]) + 0.5 * np.log(step[0] / step[1]))


def _likeness(before: Image, after: Image, core: NDArray[np.bool_], noise: float) -> float:
    """Correlation (-1 to 1) of two pictures' fine structure; 0 where there is too little of it."""
    fine = [(image - cv2.blur(image, (7, 7)))[core] for image in (before, after)]
    spread = [float(part.std()) for part in fine]
    if spread[0] < 1.0 + 0.3 * noise or spread[1] < 1e-6:
        return 0.0
    both = float(np.mean((fine[0] - fine[0].mean()) * (fine[1] - fine[1].mean())))
    alike = both / (spread[0] * spread[1])
    # Of few pixels, any two pictures are alike by chance.
    chance = 2.0 * float(np.sqrt(GRAIN / np.count_nonzero(core)))
    return alike if chance < LIKE and not 0 < alike < chance else 0.0
