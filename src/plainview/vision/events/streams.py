"""Streams: what goes one way, by the flow of all that moves together, whatever its outline is.

A bus fits a box now and then, a cyclist is a body in one frame and a vehicle in the next, and in
fog or glare half of an outline is missing. But each part that is found has a flow of its own
(flow.Flow), and the parts of one thing go the same way. So bodies that go against a direction side
by side are one stream, at the feet that are nearest to the camera; it is followed by its flow, and
how far its place has come must agree with how far its flow says.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.vision.bodies import Bodies
from plainview.vision.optics import Floats

WINDOW: Final = 4.0
"""Seconds of a stream that are kept."""
LOST: Final = 1.0
"""Seconds unseen after which a stream has ended."""
TOGETHER: Final = 2.0
"""Metres between parts that go together."""
FOREMOST: Final = 0.9
"""Metres behind its nearest feet up to which a part stands on the ground that a stream covers."""
CERTAIN: Final = 0.5
"""Weight from which a body is part of a stream."""
SLOWEST: Final = 0.4
"""m/s against the direction below which nothing streams."""
AGAINST: Final = -0.5
"""Cosine of the angle to the direction: more than 120 degrees."""
SEVERAL: Final = 4
"""Parts that go together from which they are a vehicle's."""
TALLEST: Final = 3.3
"""Metres: nothing on a road is taller, hardly."""
MOST: Final = 16
"""Streams that are followed at once."""


class Front(NamedTuple):
    """The foremost feet of one stream in one frame."""

    x: float
    """Ground metres."""
    y: float
    vx: float
    """m/s by optical flow."""
    vy: float
    weight: float
    """0 to 1, the mean of its parts."""
    middle: tuple[float, float]
    """Metres: between its feet and the middle of its parts, of which the upper ones lie behind."""


class Stream:
    """Owns where one stream was in the last `WINDOW` seconds."""

    def __init__(self, front: Front, t: float) -> None:
        """It begins at `front`, at `t` seconds."""
        self.front, self.last = front, t
        self.path: deque[tuple[float, float, float, float, float]] = deque()
        self.add(front, t)

    def add(self, front: Front, t: float) -> None:
        """It was met again."""
        self.front, self.last = front, t
        self.path.append((t, front.x, front.y, front.vx, front.vy))
        while self.path[0][0] < t - WINDOW:
            self.path.popleft()

    def gap(self, front: Front, t: float) -> float:
        """Metres of `front` from where it is expected at `t`, less what it may be off."""
        dt = t - self.last
        x, y = self.front.x + self.front.vx * dt, self.front.y + self.front.vy * dt
        speed = float(np.hypot(self.front.vx, self.front.vy))
        return float(np.hypot(front.x - x, front.y - y)) - (1.2 + 0.6 * speed * dt)


class Streams:
    """Owns the streams against one direction before one camera. At most `MOST`."""

    def __init__(self, way: Floats, centre: Floats) -> None:
        """Against `way` (2,), a unit vector on the ground, as seen from `centre` (3,), metres."""
        self._way, self._centre = way, centre
        self._streams: list[Stream] = []

    def step(self, bodies: Bodies, t: float) -> list[Stream]:
        """The streams that are met at `t` seconds by the `bodies` of that frame."""
        self._streams = [one for one in self._streams if 0 <= t - one.last <= LOST]
        found = fronts(bodies, self._way, self._centre)
        pairs = sorted(
            (gap, i, j)
            for i, one in enumerate(self._streams)
            for j, front in enumerate(found)
            if (gap := one.gap(front, t)) <= 0
        )
        old: set[int] = set()
        met: set[int] = set()
        for _, i, j in pairs:
            if i not in old and j not in met:
                self._streams[i].add(found[j], t)
                old.add(i)
                met.add(j)
        new = [Stream(front, t) for j, front in enumerate(found) if j not in met]
        self._streams += new[: max(MOST - len(self._streams), 0)]
        return [one for one in self._streams if one.last == t]


def fronts(bodies: Bodies, way: Floats, centre: Floats) -> list[Front]:
    """The streams of `bodies` against `way` (2,) in one frame, seen from `centre` (3,)."""
    along = bodies.velocities @ way
    speed = np.hypot(*bodies.velocities.T)
    there = bodies.weights >= CERTAIN
    goes = np.nonzero(there & (along < -SLOWEST) & (along < AGAINST * speed))[0]
    if len(goes) == 0:
        return []
    away = np.hypot(*(bodies.places - centre[:2]).T)
    found: list[Front] = []
    before: list[Floats] = []
    parts = [goes[part] for part in _together(bodies.places[goes])]
    for part in sorted(parts, key=lambda part: float(away[part].min())):
        leans = any(_leans(bodies.places[part], foot, centre) for foot in before)
        before += list(bodies.places[part])
        if leans:
            continue
        whole = _nearer(part, bodies.places, away, there)
        feet = whole[away[whole] <= away[whole].min() + FOREMOST]
        x, y = bodies.places[feet].mean(axis=0)
        vx, vy = np.median(bodies.velocities[part], axis=0)
        mx, my = (bodies.places[part].mean(axis=0) + bodies.places[feet].mean(axis=0)) / 2
        weight = float(bodies.weights[part].mean())
        found.append(
            Front(float(x), float(y), float(vx), float(vy), weight, (float(mx), float(my)))
        )
    return found


def middle(bodies: Bodies, part: Floats, way: Floats) -> tuple[float, float]:
    """Where that is of which one `part` (2,) goes along `way` (2,): metres, of its middle.

    That is between those of its parts that go along with that one; what joins them may be even,
    and have no flow.
    """
    there = bodies.weights >= CERTAIN
    places, velocities = bodies.places[there], bodies.velocities[there]
    along = velocities @ way / max(float(np.hypot(*way)), 1e-6)
    goes = (along > SLOWEST) & (along > -AGAINST * np.hypot(*velocities.T))
    gap = np.hypot(*(places - part).T)
    ends = [
        places[group[goes[group]]] for group in _together(places) if gap[group].min() < TOGETHER
    ]
    parts = np.concatenate(ends) if ends else places[:0]
    if len(parts) < SEVERAL:
        return float(part[0]), float(part[1])
    x, y = (parts.min(axis=0) + parts.max(axis=0)) / 2
    return float(x), float(y)


def _nearer(
    part: NDArray[np.intp], places: Floats, away: Floats, there: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Indices of `part`, and of all that is `there` before it, nearer to the camera.

    An even side has no flow: of a bus that comes closer only some parts are seen to move.
    """
    rest = there.copy()
    rest[part] = False
    whole = [int(k) for k in part]
    for k in whole:
        gap = np.hypot(*(places - places[k]).T)
        near = np.nonzero(rest & (away < away[k]) & (gap < TOGETHER))[0]
        rest[near] = False
        whole += near.tolist()
    return np.array(whole, dtype=np.intp)


def _leans(places: Floats, foot: Floats, centre: Floats) -> bool:
    """Whether `places` (n, 2) may be the upper parts of what stands at `foot` (2,), on the ground.

    They lie behind it, no farther than the shadow that a lamp at the camera would cast of it.
    """
    nearest = places[int(np.argmin(np.hypot(*(places - foot).T)))]
    (behind,), (beside,), (lean,) = aslant(nearest, foot[None], centre)
    return bool(beside < TOGETHER and -TOGETHER < behind < lean)


def aslant(place: Floats, feet: Floats, centre: Floats) -> tuple[Floats, Floats, Floats]:
    """Metres (n,) by which `place` (2,) is behind `feet` (n, 2), and beside them; and a shadow's.

    It is as long as a lamp at `centre` (3,) would cast it of what is TALLEST there.
    """
    away = feet - centre[:2]
    far = np.maximum(np.hypot(*away.T), 1e-6)
    along = away / far[:, None]
    offset = place - feet
    behind = (offset * along).sum(axis=1)
    beside = np.abs(offset[:, 0] * along[:, 1] - offset[:, 1] * along[:, 0])
    height = float(centre[2])
    lean = far * TALLEST / (height - TALLEST) if height > TALLEST else np.full(len(far), np.inf)
    return behind, beside, lean


def _together(places: Floats) -> Sequence[NDArray[np.intp]]:
    """Indices of `places` (n, 2), in groups whose members are near one another."""
    rest = np.ones(len(places), dtype=np.bool_)
    groups = []
    while rest.any():
        group = [int(np.argmax(rest))]
        rest[group] = False
        for k in group:
            near = np.nonzero(rest & (np.hypot(*(places - places[k]).T) < TOGETHER))[0]
            rest[near] = False
            group += near.tolist()
        groups.append(np.array(sorted(group), dtype=np.intp))
    return groups
