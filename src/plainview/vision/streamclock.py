"""A camera's own time mapped to UTC: drift corrected, jumps survived, never backwards. Pure.

The path from camera to tap delays each packet by at least some least time. Packets that meet it lie
on the lower edge of (camera time, delay); the slope of that edge is the drift of the camera's clock
against ours. Moon, Skelly and Towsley, "Estimation and removal of clock skew from network delay
measurements", INFOCOM 1999.
"""

import bisect
from collections import deque
from typing import NamedTuple

BUCKET = 2.0
"""Seconds over which the least delay is one point of the edge."""
WINDOW = 150
"""Points kept: five minutes."""
SPAN = 20.0
"""Seconds of points from which the slope is believed; before, there is no drift."""
STEEPEST = 0.2
"""A slope beyond this is no clock."""
JUMP = 1.0
"""Seconds by which camera time may leave the edge before it counts as a jump."""
SETTLED = 3
"""Buckets in a row whose every packet is late by more than JUMP: the path or the clock changed."""
DISTRUST, WITHIN = 5, 60.0
"""This many jumps within so many seconds: the camera's time is not used any more."""
STEP = 1.0
"""Seconds by which UTC must be off to be followed at once; less is followed slowly."""
SLEW = 0.02
"""Seconds per second of following slowly."""
_WRAP = 1 << 33
"""MPEG-TS time stamps have 33 bits (ISO/IEC 13818-1, 2.4.3.7)."""
_RECENT = 64
LATENCY = 2.0
"""Seconds of delay that a camera's report of its own UTC may show and be believed."""


class Wall:
    """UTC from the monotonic clock; owns their offset. Small errors are followed slowly."""

    def __init__(self, monotonic: float, utc: float) -> None:
        """Start with both clocks read at the same moment, seconds."""
        self.offset = utc - monotonic
        self._last = monotonic

    def update(self, monotonic: float, utc: float) -> bool:
        """Follow UTC. True when it was set back so far that time must start anew."""
        error = utc - monotonic - self.offset
        reach = SLEW * max(0.0, monotonic - self._last)
        self._last = max(self._last, monotonic)
        if abs(error) < STEP:
            self.offset += min(reach, max(-reach, error))
            return False
        self.offset += error
        return error < 0

    def at(self, monotonic: float) -> int:
        """UTC in microseconds at a moment of the monotonic clock."""
        return round((monotonic + self.offset) * 1_000_000)


class Stamp(NamedTuple):
    """When a packet's picture was taken, as far as can be known here."""

    t: int
    """UTC in microseconds; not after the packet's arrival."""
    behind: float
    """Seconds by which it came later than the path makes needful."""


class Edge:
    """The lower edge of (camera time, delay) over the last minutes; owns its points."""

    def __init__(self) -> None:
        """Start without a point."""
        self.slope = 0.0
        """Seconds of delay gained per second of camera time: minus the camera's drift."""
        self._level: float | None = None
        self._points: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self._bucket: tuple[float, float] | None = None
        self._opened = self._started = 0.0
        self._low = float("inf")
        self._raised = 0

    def at(self, moment: float) -> float:
        """The least delay at camera time `moment`, seconds."""
        return (self._level or 0.0) + self.slope * moment

    def observe(self, moment: float, arrival: float) -> tuple[float, bool]:
        """Take a packet of camera time `moment`.

        Returns the seconds by which it came later than the edge, and whether camera time jumped.
        """
        delay = arrival - moment
        if self._level is None:
            self._level, self._opened, self._started = delay, arrival, arrival
        behind = delay - self.at(moment)
        # A stream's first packets may be a burst of older ones: they lower the edge, no jump.
        if behind < -JUMP and arrival - self._started > BUCKET:
            self._restart(delay, arrival, ())
            return 0.0, True
        if behind < 0:
            self._level += behind
            behind = 0.0
        if self._bucket is None or delay < self._bucket[1]:
            self._bucket = (moment, delay)
        self._low = min(self._low, behind)
        if arrival - self._opened < BUCKET:
            return behind, False
        jumped = self._close(delay, arrival, self._bucket)
        return max(0.0, delay - self.at(moment)), jumped

    def _close(self, delay: float, arrival: float, lowest: tuple[float, float]) -> bool:
        self._points.append(lowest)
        self._raised = self._raised + 1 if self._low > JUMP else 0
        jumped = self._raised >= SETTLED
        if jumped:
            self._restart(delay, arrival, tuple(self._points)[-SETTLED:])
        self._opened, self._bucket, self._low = arrival, None, float("inf")
        self._level, self.slope = lower_edge(list(self._points))
        return jumped

    def _restart(self, delay: float, arrival: float, kept: tuple[tuple[float, float], ...]) -> None:
        self._points.clear()
        self._points.extend(kept)
        self._level, self.slope = delay, 0.0
        self._opened, self._bucket, self._low, self._raised = arrival, None, float("inf"), 0


def lower_edge(points: list[tuple[float, float]]) -> tuple[float, float]:
    """(level, slope) of the line under all `points` (camera time, delay) that lies nearest to them.

    It is the side of their convex hull below their mean time (Moon et al., section 4). Points that
    span less than SPAN seconds give no slope.
    """
    times = [moment for moment, _ in points]
    if max(times) - min(times) < SPAN:
        return min(delay for _, delay in points), 0.0
    hull: list[tuple[float, float]] = []
    for point in sorted(points):
        while len(hull) > 1 and _turn(hull[-2], hull[-1], point) <= 0:
            hull.pop()
        hull.append(point)
    middle = sum(times) / len(times)
    right = min(bisect.bisect_left(hull, (middle, float("-inf"))), len(hull) - 1)
    (x0, y0), (x1, y1) = hull[max(right, 1) - 1], hull[max(right, 1)]
    slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
    return min(delay - slope * moment for moment, delay in points), slope


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    """Positive where the way from `a` over `b` to `c` turns left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


class StreamClock:
    """One stream's time; owns its edge. Times of arrival are monotonic seconds.

    Within the stream a packet with a later presentation time never gets an earlier `t`; where there
    is no trusted camera time, a packet that came later never does.
    """

    def __init__(
        self, time_base: float, *, own: bool = True, scale: float = 1.0, not_before: int = 0
    ) -> None:
        """Start a stream whose time stamps count `time_base` seconds.

        `own` is False where the time stamps are FFmpeg's invention; `scale` stretches a clock known
        to be wrong; no `t` is before `not_before` (UTC microseconds).
        """
        self.trusted = own
        """Whether camera time is used; else times of arrival are."""
        self._unit = time_base * scale
        self._wraps = abs(time_base - 1 / 90_000) < 1e-9
        self._edge = Edge()
        self._jumps: deque[float] = deque(maxlen=DISTRUST)
        self._zero: int | None = None
        self._order: int | None = None
        self._latency = 0.0
        self._floor = not_before
        self._recent: list[tuple[int, int]] = []

    @property
    def drift_ppm(self) -> float:
        """How much faster the camera's clock runs than ours, parts per million."""
        return 0.0 - self._edge.slope * 1e6 if self.trusted else 0.0

    def stamp(self, pts: int | None, dts: int | None, arrival: float, offset: float) -> Stamp:
        """The time of a packet that came at `arrival`; `offset` is Wall.offset.

        Packets come in decoding order; either time stamp may be missing.
        """
        latest = round((arrival + offset) * 1_000_000)
        shown = pts if pts is not None else dts
        if shown is None or not self.trusted:
            return Stamp(self._arrived(latest), 0.0)
        ticks = self._unwrapped(shown)
        order = self._unwrapped(dts if dts is not None else shown)
        if self._zero is None:
            self._zero = ticks
        back = self._order is not None and (self._order - order) * self._unit > JUMP
        self._order = order
        if back:
            self._edge = Edge()
        moment = (ticks - self._zero) * self._unit
        behind, jumped = self._edge.observe(moment, arrival)
        if back or jumped:
            self._jumped(arrival)
        self.trusted = self.trusted and abs(self._edge.slope) <= STEEPEST
        if not self.trusted:
            return Stamp(self._arrived(latest), 0.0)
        t = round((arrival - behind - self._latency + offset) * 1_000_000)
        return Stamp(self._ordered(ticks, min(t, latest)), behind)

    def report(self, realtime: int, offset: float) -> None:
        """Use the camera's own report that its time stamp 0 was at `realtime` (UTC microseconds).

        It tells the delay of the path, which arrivals alone cannot. A report that is further off
        than a path can explain comes from a clock that is not set, and is not used.
        """
        if self._zero is None or self._order is None or not self.trusted:
            return
        moment = (self._order - self._zero) * self._unit
        arrived = moment + self._edge.at(moment) + offset
        delay = arrived - (realtime / 1e6 + self._order * self._unit)
        self._latency = delay if 0.0 <= delay <= LATENCY else 0.0

    def _unwrapped(self, ticks: int) -> int:
        if self._order is not None and self._wraps:
            ticks += _WRAP * round((self._order - ticks) / _WRAP)
        return ticks

    def _jumped(self, arrival: float) -> None:
        """Presentation times before and after the jump cannot be compared."""
        self._floor = max([self._floor, *(t for _, t in self._recent)])
        self._recent.clear()
        self._jumps.append(arrival)
        if len(self._jumps) == DISTRUST and arrival - self._jumps[0] <= WITHIN:
            self.trusted = False

    def _arrived(self, latest: int) -> int:
        self._floor = max([self._floor, latest, *(t for _, t in self._recent)])
        self._recent.clear()
        return self._floor

    def _ordered(self, ticks: int, t: int) -> int:
        """`t` moved between those of the neighbours in presentation order."""
        place = bisect.bisect_left(self._recent, (ticks, 0))
        if place < len(self._recent):
            shown, limit = self._recent[place]
            if shown == ticks:
                return limit
            t = min(t, limit)
        t = max(t, self._recent[place - 1][1] if place else self._floor)
        self._recent.insert(place, (ticks, t))
        if len(self._recent) > _RECENT:
            self._floor = max(self._floor, self._recent.pop(0)[1])
        return t
