"""What was found frame by frame, followed for a few seconds: how fast, which way, how far.

Pixels may be associated from frame to frame for a few seconds inside one lens (DESIGN.md section
1). Nothing of it leaves: a path holds `WINDOW` seconds at most, and has no name.
"""

import enum
import math
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from plainview.vision.optics import Floats

WINDOW: Final = 4.0
"""Seconds of a path that are kept."""
RECENT: Final = 1.0
"""Seconds over which a velocity is fitted."""
LOST: Final = 0.7
"""Seconds unseen after which the path of what moves has ended."""
LOST_STANDING: Final = 2.5
"""The same of what stood."""
FIRST: Final = 4.5
"""m/s that somebody is looked for at when nothing is known of his way: he may run, or ride."""
STANDING: Final = 0.3
"""m/s below which something stands."""
SWIFT: Final = 2.0
"""m/s from which something may be of a person's size in one frame and a vehicle's in the next."""
MOST: Final = 64
"""Paths at once."""
STRAIGHT: Final = 0.75
"""Part of its way, point by point, that somebody must have come whose flow does not say that he
goes: rain and a puddle's ragged border make bodies and outlines that jump to and fro."""
POINTS: Final = 4
"""Points of such a path, at least; one less where it has come as far as `LEAP`."""
LEAP: Final = 1.5
"""Metres: farther than what jumps to and fro within one outline."""
AGREES: Final = 0.8
"""Cosine of the angle between a way by places and a way by flow that are the same, at least."""
ALIKE: Final = (0.4, 2.0)
"""Speed by flow over that by places between which the two agree: flow lags behind who is met."""
FASTEST: Final = 45.0
"""m/s that a vehicle is looked for at when nothing is known of its way."""


def agree(way: tuple[float, float], flow: tuple[float, float]) -> bool:
    """Whether somebody is swift by his `way`, m/s by places, and by his `flow` alike."""
    fast, by_flow = math.hypot(*way), math.hypot(*flow)
    along = way[0] * flow[0] + way[1] * flow[1]
    return (
        fast > SWIFT
        and ALIKE[0] * fast <= by_flow <= ALIKE[1] * fast
        and along >= AGREES * fast * by_flow
    )


class Size(enum.Enum):
    """Whether something is of a person's or of a vehicle's size."""

    PERSON = "person"
    VEHICLE = "vehicle"


UNDER_WAY: Final = {Size.PERSON: 0.6, Size.VEHICLE: 1.2}
"""Metres from where it was met first that tell what moves from what only differs."""


BY_OUTLINE: Final = 1.2
"""The same of somebody of whom only an outline is found: the shade of leaves sways that far, if not
`POINTS_MORE` times on end the same way."""
POINTS_MORE: Final = 2
"""Points of such a path beyond `POINTS`."""


class Found(NamedTuple):
    """Something in one frame, on the ground."""

    x: float
    y: float
    size: Size
    width: float
    length: float
    height: float
    heading: float
    """Radians; NaN where it has none."""
    confidence: float
    blur: float
    """Metres on the ground of one working pixel there: how well its place is known."""
    other: tuple[float, float] | None = None
    """Ground metres where it stands if what is below it is its shadow or its reflection."""
    flow: tuple[float, float] | None = None
    """m/s by optical flow, where that was measured: knows nothing of other frames' places."""
    given: bool = False
    """Whether most of it was veiled, and has proved a thing by its sharp ends (keen.py)."""
    part: bool = False
    """Whether what is of a person's size is a part of a vehicle."""
    lift: float = 0.0
    """Heights of a person by which his feet are found lower than anything shows of him."""
    bodies: tuple[tuple[float, float], ...] = ()
    """m/s by optical flow of each body that is surely in a vehicle's outline."""


class Path:
    """Owns where one thing was in the last seconds."""

    def __init__(self, found: Found, t: float) -> None:
        """It begins where it was `found`, at `t` seconds."""
        self.found = found
        self.points: deque[tuple[float, float, float]] = deque([(t, found.x, found.y)])
        self.since = self.last = t
        self.velocity = (0.0, 0.0)
        self.known = False
        self.moved = False
        """Whether it has been under way since it was met."""
        self.share = 1.0
        """Of the looks since it was met, in the last `WINDOW` seconds: in which part it was."""

    def add(self, found: Found, t: float) -> None:
        """It was met again."""
        self.found = found
        self.last = t
        self.points.append((t, found.x, found.y))
        while self.points[0][0] < t - WINDOW:
            self.points.popleft()
        recent = np.array([p for p in self.points if p[0] >= t - RECENT - 1e-6])
        if len(recent) >= 2:
            self.velocity = _slope(recent)
            self.known = True
        _, x, y = self.points[0]
        far = max(UNDER_WAY[found.size], 3 * found.blur)
        if found.size is Size.PERSON and found.flow is None:
            far = max(far, BY_OUTLINE)
        gone = np.array([found.x - x, found.y - y])
        self.moved = self.moved or (float(np.hypot(*gone)) >= far and self._goes(gone))

    def _goes(self, gone: Floats) -> bool:
        """Whether it goes somewhere, now that it is `gone` (2,) metres from where it was."""
        far = float(np.hypot(*gone))
        if self.found.size is Size.VEHICLE:
            # People who stand together are as broad, and what passes them shifts their outline.
            ways = [float(gone @ way) for way in self.found.bodies]
            return max(ways, default=np.inf) >= STANDING * far
        if self.found.flow is not None and float(gone @ self.found.flow) >= STANDING * far:
            return True
        places = np.array(self.points)[:, 1:]
        way = float(np.hypot(*np.diff(places, axis=0).T).sum())
        enough = POINTS if far < LEAP else POINTS - 1
        if self.found.flow is None and not self.swift:
            enough += POINTS_MORE
        return len(places) >= enough and far >= STRAIGHT * way

    @property
    def runs(self) -> bool:
        """Whether it is swift by its places, and its flow says so too."""
        return self.found.flow is not None and agree(self.velocity, self.found.flow)

    @property
    def swift(self) -> bool:
        """Whether it is faster than who walks: a cyclist is as large as a person, or a car."""
        return self.known and math.hypot(*self.velocity) > SWIFT

    @property
    def patience(self) -> float:
        """Seconds unseen after which it has ended."""
        return LOST_STANDING if math.hypot(*self.velocity) < STANDING else LOST

    def expected(self, t: float) -> tuple[float, float]:
        """Ground metres at `t` seconds."""
        dt = t - self.last
        _, x, y = self.points[-1]
        return x + self.velocity[0] * dt, y + self.velocity[1] * dt

    def reach(self, t: float) -> float:
        """Metres around the place that is expected within which it may be met."""
        dt = t - self.last
        if self.found.size is Size.PERSON:
            if not self.known:
                return 0.6 + FIRST * dt
            return 0.6 + (2.0 + 0.3 * math.hypot(*self.velocity)) * dt
        blur = min(4 * self.found.blur, 3.0)
        if self.known:
            return 1.5 + blur + (4.0 + 0.3 * math.hypot(*self.velocity)) * dt
        return 1.5 + blur + FASTEST * dt


class Paths:
    """Owns the paths of what is before one camera. At most `MOST`, each `WINDOW` seconds long."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.paths: list[Path] = []
        self._looks: deque[float] = deque()

    def step(self, found: Sequence[Found], t: float) -> None:
        """Join what was `found` at `t` seconds to the paths, nearest first; the rest begins."""
        self.paths = [path for path in self.paths if t - path.last <= path.patience]
        pairs = []
        for i, path in enumerate(self.paths):
            ex, ey = path.expected(t)
            reach = path.reach(t)
            for j, one in enumerate(found):
                if abs(one.x - ex) > reach or abs(one.y - ey) > reach:
                    continue
                gap = math.hypot(one.x - ex, one.y - ey)
                alike = one.size is path.found.size
                if gap <= reach and (alike or path.swift):
                    # A path with a way of its own goes before one that may go anywhere, and what
                    # is as large as it was before what is not.
                    doubt = (0.0 if path.known else 3.0) + (0.0 if alike else 6.0)
                    pairs.append((gap + doubt, i, j))
        taken: set[int] = set()
        met: set[int] = set()
        for _, i, j in sorted(pairs):
            if i not in taken and j not in met:
                self.paths[i].add(found[j], t)
                taken.add(i)
                met.add(j)
        self._looks.append(t)
        while self._looks[0] < t - WINDOW:
            self._looks.popleft()
        for i in taken:
            points = self.paths[i].points
            looks = sum(look >= points[0][0] for look in self._looks)
            self.paths[i].share = len(points) / max(looks, 1)
        new = [Path(one, t) for j, one in enumerate(found) if j not in met]
        self.paths += new[: max(MOST - len(self.paths), 0)]


def _slope(points: Floats) -> tuple[float, float]:
    """Least-squares velocity of `points` (n, 3): t, x, y."""
    t = points[:, 0] - points[:, 0].mean()
    square = float(t @ t)
    if square <= 0:
        return 0.0, 0.0
    return float(t @ points[:, 1]) / square, float(t @ points[:, 2]) / square
