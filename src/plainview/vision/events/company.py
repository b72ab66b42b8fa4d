"""Who was near a place a little while ago: places of bodies over some seconds, and no identity.

Who walked away from a place is known by a balance, without following anybody: what moves outwards
through a ring around it from one moment to the next, less what moves inwards. Who passes by does
both, who comes and stays only the one.
"""

from collections import deque
from typing import Final

import numpy as np

from plainview.vision.bodies import Bodies
from plainview.vision.optics import Floats

SPAN: Final = 24.0
"""Seconds that are remembered."""
EVERY: Final = 0.4
"""Seconds between two moments that are remembered."""
LEAST: Final = 0.35
"""Weight of a body that counts as somebody."""
RING: Final = (0.9, 3.5)
"""Metres from a place of one who walks away from it: nearer may be what stands there itself."""
SEEN: Final = (0.5, 1.5)
"""The same across the view, where depth counts by its slope to the line of sight: along it
somebody's place is so uncertain, far away, that who stands seems to walk for metres."""
STEP: Final = 0.8
"""Metres between where somebody is and where he was, or was going, a moment before, at most."""
FAST: Final = 3.0
"""m/s above which nobody walks."""


class Company:
    """Owns the places of bodies in the last `SPAN` seconds: bounded, and told apart by nothing."""

    def __init__(self) -> None:
        """Nobody was there."""
        self._moments: deque[tuple[float, Floats, Floats]] = deque(maxlen=round(SPAN / EVERY) + 1)
        self._all: tuple[Floats, Floats, Floats] | None = None

    def note(self, t: float, bodies: Bodies) -> None:
        """Remember where `bodies` are at `t` seconds, unless the last moment was just before."""
        if self._moments and 0 <= t - self._moments[-1][0] < EVERY - 0.05:
            return
        there = bodies.weights > LEAST
        self._moments.append((t, bodies.places[there], bodies.velocities[there]))
        self._all = None

    def nearest(self, place: Floats, start: float, end: float) -> float:
        """Least distance in metres of anybody from `place` (2,) in [`start`, `end`] seconds.

        Infinite where nobody was there, or it is too long ago.
        """
        times, places, _ = self._anybody()
        there = places[(start <= times) & (times <= end)]
        return float(np.hypot(*(there - place).T).min(initial=np.inf))

    def stayed(self, place: Floats, reach: float, slow: float) -> float:
        """Seconds at which somebody below `slow` m/s was last within `reach` m of `place` (2,).

        Minus infinity where nobody was, or it is too long ago.
        """
        times, places, speeds = self._anybody()
        near = np.nonzero(speeds < slow)[0]
        near = near[np.hypot(*(places[near] - place).T) < reach]
        return float(times[near[-1]]) if len(near) else -np.inf

    def _anybody(self) -> tuple[Floats, Floats, Floats]:
        """(n,) seconds, (n, 2) metres and (n,) m/s of everybody at all moments, in their order."""
        if self._all is None:
            nobody = (0.0, np.zeros((0, 2)), np.zeros((0, 2)))
            moments, where, ways = zip(nobody, *self._moments, strict=True)
            times = np.repeat(moments, [len(places) for places in where])
            speeds = np.hypot(*np.concatenate(ways).T)
            self._all = times, np.concatenate(where), speeds
        return self._all

    def gone(self, place: Floats, centre: Floats, start: float, end: float) -> Floats:
        """(2,) how many people, net, walked away from `place` (2,) in (`start`, `end`] seconds.

        `centre` (3,) is the camera's. About 1 for one who left and 0 for one who passed by; below 0
        for one who came; once by the ground and once as the camera sees it, where depth counts
        little. What is summed is how far somebody came through a ring from one moment to the next,
        not how fast he seemed: one who stands, and whose place is uncertain, adds nothing.
        """
        sight = place - centre[:2]
        far = max(float(np.hypot(*sight)), 0.1)
        ahead = sight / far
        side = np.array([-ahead[1], ahead[0]])
        view = np.stack((ahead * centre[2] / np.hypot(far, centre[2]), side))
        total = np.zeros(2)
        last: tuple[float, Floats, Floats] | None = None
        for t, places, speeds in self._moments:
            if not start - 2.5 * EVERY < t <= end:
                continue  # nobody goes from there to a moment that counts
            # Who is lost for a moment, in fog or as he passes before a thing, is met again then.
            near = np.hypot(*(places - place).T) < 2 * RING[1]
            if not near.any():
                continue
            now = places[near] - place
            if last is not None and start < t <= end and t - last[0] < 2.5 * EVERY:
                total += _outwards(last[1], last[2], now, t - last[0], view)
            last = t, now, speeds[near]
        return total


def _outwards(was: Floats, speeds: Floats, now: Floats, gap: float, view: Floats) -> Floats:
    """(2,) parts of the ring that were crossed outwards, less inwards: on the ground, and seen.

    Those at `was` (n, 2) metres from the place, going at `speeds` (n, 2), are at `now` (m, 2) after
    `gap` seconds; who is not met again counts for nothing. `view` (2, 2) takes metres of the ground
    to metres across the view.
    """
    total = np.zeros(2)
    moved = np.hypot(*(was[:, None] - now).transpose(2, 0, 1))
    missed = np.hypot(*((was + gap * speeds)[:, None] - now).transpose(2, 0, 1))
    apart = np.where(moved <= FAST * gap, np.minimum(moved, missed), np.inf)
    before, after = _through(was, view), _through(now, view)
    # Where there is nobody else it is he, however he was set down as long as something hid him.
    most = FAST * gap if apart.size == 1 else STEP
    for _ in range(min(apart.shape)):
        k, m = divmod(int(apart.argmin()), apart.shape[1])
        if apart[k, m] > most:
            break
        total += after[m] - before[k]
        apart[k], apart[:, m] = np.inf, np.inf
    return total


def _through(places: Floats, view: Floats) -> Floats:
    """(n, 2) how far through the ring, 0 to 1, `places` (n, 2) are: on the ground, and seen."""
    far = np.stack((np.hypot(*places.T), np.hypot(*(view @ places.T))), axis=1)
    least, most = np.array([RING, SEEN]).T
    part: Floats = (np.clip(far, least, most) - least) / (most - least)
    return part
