"""A lane as a picture of its own: its places against time, in which what drives is a line.

What shows there is what differs from the frame before and from the next one alike, in noises of
its place, where somebody would be seen who drives in the middle of the lane. Who drives beside the
lane is seen there as well, above it: so a line counts by where it has its feet, the nearest to the
camera that the ground shows along it, in its first half and in its second. And what the wind drives
along a lane, shades of clouds or fog, it drives over the ground between lane and camera, too, where
of somebody in the lane nothing is seen but his shadow.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import project
from plainview.vision.events.lines import ENOUGH, STEP, Line, Lines, enough
from plainview.vision.optics import Floats, Optics
from plainview.vision.plate import Image, Luma

HEIGHTS: Final = (0.3, 0.7, 1.1, 1.5)
"""Metres above the ground at which somebody in the lane is looked for."""
BESIDE: Final = (-0.8, 0.0, 0.8)
"""Metres from the middle of the lane at which he is."""
ACROSS: Final = 8.0
"""Metres to both sides of the middle of the lane over which its ground is looked at."""
FLOOR: Final = np.float32(0.7)
"""Grey levels that what shows must differ by, beside the noise."""
NOISES: Final = np.float32(1.5)
"""Noises of its place that it must."""
MOST: Final = np.float32(5.0)
"""In these, the most that one place may speak for something."""
SLOW: Final = 0.05
"""Weight of one frame in the noise of a place: four seconds."""
LEARNED: Final = 10
"""Frames from which the noise is known."""
DRIFT: Final = 1.0
"""Deviations taken from each frame's evidence: where nothing drives, lines come to none."""
CAPPED: Final = (-2.0, 4.0)
"""Deviations that one frame may speak against a line, and for it."""
LEAST: Final = 0.12
"""Deviation of what shows along a lane, at least."""
KEPT: Final = 25
"""Frames that are kept to ask where a line has its feet: five seconds."""
BODY: Final = 4
"""Places before and behind a line that are of what drives along it."""
AROUND: Final = 24
"""Places before and behind it within which all of it is: a long bus, and its upper parts."""
FEW: Final = 5
"""Frames by which it is told where along the lane it is."""
SHORT: Final = 4.0
"""Metres from its nearest end at which its middle is, at most: upper parts lie behind."""
WHEELS: Final = 0.5
"""Metres that feet may be outside the lane towards the camera; a nearer lane's are 2 m and more."""
KEEPS: Final = 1.0
"""Metres by which its feet may be apart in both halves, each known to one place: patches of light
that clouds drive along a lane have theirs here and there."""
EVEN: Final = 2.5
"""Metres of it that may show nothing between its feet and what shows most: an even side."""
FOOT: Final = 0.5
"""Part of what shows most that shows at the feet."""
NEARER: Final = (1.0, 4.0)
"""Metres from the lane's border towards the camera at which that ground is looked at."""
MOSTLY: Final = 0.7
"""Part of a line's frames in which a line there is in the picture."""
LIKEWISE: Final = 0.5
"""Part of what speaks for a line, a frame, that speaks for the best one there as fast, of what is
weather: 0.5 to 1.2 in five of six that clouds drove, 0.1 to 0.44 of eleven bicycles that hardly
showed (development part)."""
DRIVES: Final = 20.0
"""Seconds for which what drove it goes on to: of two patches one is as wide as the lane only."""
GAP: Final = 1.0
"""Seconds between two frames beyond which all begins anew."""


class Driven(NamedTuple):
    """What drives against a lane, by its line."""

    x: float
    """Ground metres."""
    y: float
    vx: float
    """m/s."""
    vy: float
    confidence: float
    """0 to 1: how much speaks for it, over what speaks for lines that go the lane's way."""


class Strip:
    """Owns the picture of one lane in the last seconds, and the lines through it."""

    def __init__(self, optics: Optics, polygon: Floats, way: Floats) -> None:
        """Of the lane `polygon` (n, 2), metres, with the direction `way` (2,), a unit vector."""
        self._way, self._left = way, np.array([-way[1], way[0]])
        along, left = polygon @ way, polygon @ self._left
        self.half = float(np.ptp(left)) / 2
        """Metres of half the lane's width."""
        self._middle = (left.min() + left.max()) / 2 * self._left
        self._along = np.arange(along.min() + STEP / 2, along.max(), STEP)
        self._offsets = np.arange(-ACROSS, ACROSS + STEP / 2, STEP)
        camera = optics.centre[:2]
        self._camera = float(camera @ way), float((camera - self._middle) @ self._left)
        self._bodies = len(HEIGHTS) * len(BESIDE)
        self._x, self._y, self._seen = self._samples(optics)
        self._lane = slice(self._bodies)
        self._shown = self._mostly_seen(self._lane)
        nearer = np.copysign(1.0, self._camera[1]) * self._offsets - self.half
        there = self._bodies + np.nonzero((nearer >= NEARER[0]) & (nearer <= NEARER[1]))[0]
        self._nearer = slice(there[0], there[-1] + 1) if len(there) else slice(0)
        """Those of the samples that are of the ground between the lane and the camera."""
        self._open = self._mostly_seen(self._nearer)
        self._begin()

    def _samples(self, optics: Optics) -> tuple[Image, Image, NDArray[np.bool_]]:
        """(places, samples) working pixels of somebody in the lane, then of the ground across it.

        And which of them are in the picture.
        """
        spots = [(beside, z) for z in HEIGHTS for beside in BESIDE]
        spots += [(float(offset), 0.0) for offset in self._offsets]
        offset, z = np.array(spots).T
        x, y = (
            self._middle[k] + self._along[:, None] * self._way[k] + offset * self._left[k]
            for k in (0, 1)
        )
        world = np.stack((x, y, np.broadcast_to(z, x.shape)), axis=-1).reshape(-1, 3)
        pixels, depth = project(optics.projection, world)
        u, v = pixels.T.reshape(2, *x.shape).astype(np.float32)
        width, height = optics.size
        seen = (depth.reshape(x.shape) > 0) & (u >= 0) & (v >= 0)
        seen &= (u <= width - 1) & (v <= height - 1)
        outside = np.float32(-1.0)
        return np.where(seen, u, outside), np.where(seen, v, outside), seen

    def _mostly_seen(self, samples: slice) -> NDArray[np.bool_]:
        """(places,) whether more than half of those `samples` are in the picture."""
        seen = self._seen[:, samples]
        mostly: NDArray[np.bool_] = np.count_nonzero(seen, axis=1) > 0.5 * seen.shape[1]
        return mostly

    def _begin(self) -> None:
        self._frames: deque[tuple[float, Image]] = deque(maxlen=3)
        self._shows: deque[tuple[float, Image]] = deque(maxlen=KEPT)
        self._noise: Image | None = None
        self._spread = LEAST
        self._looked = 0
        self._drove = -np.inf
        """Seconds at which a line was weather, the last time."""
        self._lines = Lines(len(self._along))

    def look(self, t: float, luma: Luma) -> None:
        """Add what `luma` (h, w) shows at `t` seconds: of the frame before it, all told."""
        if self._frames and not 0 < t - self._frames[-1][0] <= GAP:
            self._begin()
        strip = cv2.remap(cv2.blur(luma, (3, 3)), self._x, self._y, cv2.INTER_LINEAR)
        self._frames.append((t, strip.astype(np.float32)))
        if len(self._frames) < 3:
            return
        (before, first), (then, this), (_, last) = self._frames
        shows = self._showing(np.minimum(self._differs(this, first), self._differs(this, last)))
        self._shows.append((then, shows))
        self._looked += 1
        if self._looked > LEARNED:
            self._lines.add(self._speaks(shows), then, then - before)

    def _differs(self, this: Image, other: Image) -> Image:
        """(places, samples) grey levels between two frames, less what the light did all across."""
        change = this - other
        light = np.median(change[:, self._bodies :: 3], axis=1, keepdims=True)
        differs: Image = np.abs(change - light)
        return differs

    def _showing(self, differs: Image) -> Image:
        """What `differs`, grey levels, in noises of its place; those are learned of it."""
        if self._noise is None:
            self._noise = differs.copy()
        weight = np.float32(max(SLOW, 1 / (self._looked + 1)))
        self._noise += weight * (np.minimum(differs, 2 * self._noise + FLOOR) - self._noise)
        shows = np.minimum(differs / (NOISES * self._noise + FLOOR), MOST)
        return np.where(self._seen, shows, np.float32(0.0))

    def _speaks(self, shows: Image) -> Floats:
        """(places,) how many deviations speak for somebody at each place, less the drift."""
        bodies, now = _apart(shows[:, self._lane], self._shown)
        self._spread += SLOW * (now - self._spread)
        speaks = np.clip(bodies / max(self._spread, now, LEAST), *CAPPED)
        return np.where(self._shown, speaks, 0.0) - DRIFT

    def driven(self, t: float) -> Driven | None:
        """What drives against the lane, where it has come to at `t` seconds; None where nothing."""
        line = self._lines.best()
        if line is None or not enough(line):
            return None
        feet = self._feet(line)
        if len(feet) < 2 or not all(self._inside(one) for one in feet):
            return None
        if abs(feet[1] - feet[0]) > KEEPS or self._weather(line):
            return None
        along = self._body(line) - line.speed * (t - self._shows[-1][0])
        x, y = self._middle + along * self._way + feet[-1] * self._left
        vx, vy = -line.speed * self._way
        sure = line.evidence / (line.evidence + line.control + ENOUGH / 2)
        return Driven(float(x), float(y), float(vx), float(vy), sure)

    def _weather(self, line: Line) -> bool:
        """Whether `line` is weather: the ground towards the camera shows what goes as it does."""
        now = self._shows[-1][0]
        if self._open.any():
            lane = self._along_with(line, self._lane, self._shown)[line.place]
            nearer = self._along_with(line, self._nearer, self._open)
            if nearer.max() >= LIKEWISE * lane:
                self._drove = now
        return now - self._drove <= DRIVES

    def _along_with(self, line: Line, samples: slice, seen: NDArray[np.bool_]) -> Floats:
        """(places,) deviations, on the mean, for what ends there and goes as `line` does.

        By those of the `samples`, where they are `seen` (places,); 0 for what was hardly there.
        """
        total, frames = np.zeros(len(seen)), np.zeros(len(seen))
        aligned = self._aligned(line)
        for place, shows in aligned:
            come = min(place - line.place, len(seen))
            apart, spread = _apart(shows[:, samples], seen)
            speaks = np.clip(apart / max(spread, LEAST), *CAPPED)
            total[: len(seen) - come] += speaks[come:]
            frames[: len(seen) - come] += seen[come:]
        return np.where(frames >= MOSTLY * len(aligned), total / np.maximum(frames, 1), 0.0)

    def _inside(self, foot: float) -> bool:
        """Whether what has its feet `foot` metres left of the lane's middle is in the lane.

        Towards the camera wheels stand before its middle, and a shadow lies before them.
        """
        towards = float(np.copysign(1.0, self._camera[1] - foot))
        return -self.half <= towards * foot <= self.half + WHEELS

    def _feet(self, line: Line) -> tuple[float, ...]:
        """Metres left of the lane's middle where `line` has its feet: first half, second half.

        None of them where its ground shows nothing.
        """
        aligned = self._aligned(line)
        half = len(aligned) // 2
        shows = [self._ground(part, BODY).mean(axis=0) for part in (aligned[:half], aligned[half:])]
        found = [_edges(self._offsets, one, self._camera[1]) for one in shows]
        return tuple(one[0] for one in found if one is not None)

    def _body(self, line: Line) -> float:
        """Metres along the lane where the middle of that is now which drives along `line`.

        Its upper parts lie behind its feet: it is short of what shows, from its nearest end on.
        """
        there = np.abs(self._offsets) <= self.half
        aligned = self._aligned(line)[-FEW:]
        shows = self._ground(aligned, AROUND)[:, there].mean(axis=1)
        middle = float(self._along[line.place])
        places = self._along[line.place] + STEP * np.arange(-AROUND, AROUND + 1.0)
        found = _edges(places, shows, self._camera[0])
        if found is None:
            return middle
        near, far = found
        return near + float(np.clip((far - near) / 2, -SHORT, SHORT))

    def _aligned(self, line: Line) -> list[tuple[int, Image]]:
        """For each frame since `line` begins: its place in it, and what showed then."""
        now = self._shows[-1][0]
        return [
            (round(line.place + line.speed * (now - t) / STEP), shows)
            for t, shows in self._shows
            if now - t <= line.seconds
        ]

    def _ground(self, aligned: Sequence[tuple[int, Image]], around: int) -> Image:
        """(2 `around` + 1, offsets) what the ground shows around a line, on the mean."""
        total = np.zeros((2 * around + 1, len(self._offsets)), dtype=np.float32)
        for place, shows in aligned:
            first, last = max(place - around, 0), min(place + around + 1, len(shows))
            if first < last:
                start = first - place + around
                total[start : start + last - first] += shows[first:last, self._bodies :]
        return total / np.float32(max(len(aligned), 1))


def _apart(shows: Image, seen: NDArray[np.bool_]) -> tuple[Floats, float]:
    """(places,) by how much the mean of what `shows` there differs from most; its deviation.

    By the places that are `seen` (places,) alone; at others it says nothing.
    """
    apart = shows.mean(axis=1).astype(np.float64)
    if seen.any():
        apart -= np.median(apart[seen])
    apart = np.convolve(np.where(seen, apart, 0.0), (0.25, 0.5, 0.25), "same")
    return apart, 1.48 * float(np.median(np.abs(apart)))


def _edges(places: Floats, shows: Floats | Image, camera: float) -> tuple[float, float] | None:
    """Of `places`, metres, those nearest to and farthest from the `camera` where something `shows`.

    None where nothing does.
    """
    if not shows.any():
        return None
    floor = float(np.percentile(shows, 20))
    found = np.nonzero(shows >= floor + FOOT * (float(shows.max()) - floor))[0]
    most = int(np.searchsorted(found, int(np.argmax(shows))))
    apart = np.diff(found) * STEP > EVEN
    first = int(np.nonzero(apart[:most])[0].max(initial=-1)) + 1
    last = most + int(np.nonzero(np.append(apart[most:], True))[0][0])
    near, far = sorted(
        (float(places[found[first]]), float(places[found[last]])), key=lambda one: abs(one - camera)
    )
    return (camera if min(near, far) < camera < max(near, far) else near), far
