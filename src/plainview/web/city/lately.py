"""What is remembered for a while: the city's minutes, and how late Readings became durable."""

from collections import deque
from typing import Final, NamedTuple

from plainview.web.city.sums import Interval

KEPT: Final = 180
"""Minutes. Since the start of the program at most: days and weeks are the roll-ups' matter."""
LAG_FOR: Final = 10.0
"""Seconds of which the slowest batch is told."""


class Minute(NamedTuple):
    """The mean of the seconds of a minute; None where nothing was known in it."""

    start: int
    """UTC seconds."""
    people: float | None
    low: float | None
    high: float | None
    known: float
    """Share of the ground, 0 to 1: what is not known is never read as empty."""


class Minutes:
    """Owns the last minutes of the city. Not thread-safe."""

    def __init__(self) -> None:
        """None yet."""
        self._over: deque[Minute] = deque(maxlen=KEPT)
        self._start = -1
        self._sums = [0.0, 0.0, 0.0, 0.0]
        self._seconds = self._seen = 0

    def add(self, second: int, found: Interval, known: float) -> None:
        """The city at `second` (UTC)."""
        start = second // 60 * 60
        if start != self._start:
            if self._seen:
                self._over.append(self._mean())
            self._start, self._seconds, self._seen = start, 0, 0
            self._sums = [0.0, 0.0, 0.0, 0.0]
        self._seen += 1
        self._sums[3] += known
        if found.people is not None:
            self._seconds += 1
            for k, value in enumerate((found.people, found.low, found.high)):
                self._sums[k] += value or 0.0

    def _mean(self) -> Minute:
        known = self._sums[3] / self._seen
        if not self._seconds:
            return Minute(self._start, None, None, None, known)
        people, low, high = (value / self._seconds for value in self._sums[:3])
        return Minute(self._start, people, low, high, known)

    def last(self) -> list[Minute]:
        """Those that are over, the oldest first. A minute in which nobody asked is missing."""
        return list(self._over)


class Lag:
    """Owns how late the slowest batch of the last seconds was. Not thread-safe."""

    def __init__(self) -> None:
        """No batch yet."""
        self._batches: list[tuple[float, float]] = []

    def note(self, moment: float, lag: float) -> None:
        """A batch whose middle Reading was `lag` seconds old; `moment` is monotonic seconds."""
        kept = (one for one in self._batches if 0 <= moment - one[0] < LAG_FOR and one[1] > lag)
        self._batches = [*kept, (moment, max(lag, 0.0))]

    def slowest(self, moment: float) -> float | None:
        """The largest of the last LAG_FOR seconds; None where none came."""
        return max(
            (lag for then, lag in self._batches if 0 <= moment - then < LAG_FOR), default=None
        )
