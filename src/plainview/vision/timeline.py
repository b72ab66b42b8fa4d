"""A stream's time: made steady, thinned to the frames that are due, cut into intervals."""

import math
from collections.abc import Iterator

_FIRST_STEP = 0.04
"""Seconds between frames until the stream has shown its own."""


class Timeline:
    """Turns presentation times as they come into seconds that never run back (a clip's)."""

    def __init__(self, *, live: bool) -> None:
        """Live time is the tap's (UTC) and only repaired where missing; a clip's is made steady."""
        self._live = live
        self._last: float | None = None
        self._step = _FIRST_STEP
        self._offset = 0.0

    _LEAP = 600.0
    """Seconds ahead at which a clip's clock counts as broken, not as a pause."""

    def expect(self, t: int | None) -> float | None:
        """Seconds that a frame of presentation time `t` µs will get; None if that cannot be said.

        Before a clip's first frame, and beyond its leaps, nothing can.
        """
        if t is None:
            return None
        time = t / 1e6 + self._offset
        if self._live:
            return time
        last = self._last
        return time if last is not None and abs(time - last) <= self._LEAP else None

    def place(self, t: int | None) -> float:
        """Seconds of the next frame in presentation order, whose time is `t` µs."""
        last = self._last
        if t is None:
            time = self._offset if last is None else last + self._step
        else:
            time = t / 1e6 + self._offset
            if last is None:
                if not self._live:
                    time = self._first(time)
            elif not self._live:
                time = self._steady(time, last)
        if last is not None and 0 < time - last < 1:
            self._step = time - last
        self._last = time
        return time

    def _first(self, time: float) -> float:
        if time > self._LEAP:
            self._offset -= time
            return 0.0
        return max(time, 0.0)

    def _steady(self, time: float, last: float) -> float:
        if last < time <= last + self._LEAP:
            return time
        if last - 1.0 < time <= last:
            return last  # two frames on one tick, or jitter
        mended = last + self._step
        self._offset += mended - time
        return mended


class Pace:
    """Which frames are analysed: about the first in presentation order in each 1/rate seconds.

    Known before a frame is decoded, so that most of the others need not be. A frame that is sent
    behind a later one leans on it (it is a B-frame): where that one comes soon, it does as well,
    and what leans on it need not be decoded if nothing else leans on that.
    """

    _KEPT = 64
    _SOON = 0.25
    """Part of 1/rate seconds that the analysed frame may be later than the first."""

    def __init__(self, rate: float) -> None:
        """`rate` frames a second, at most."""
        self._rate = rate
        self._earliest: dict[int, float] = {}
        self._taken: int | None = None

    def _slot(self, t: float) -> int:
        return math.floor(t * self._rate + 1e-3)

    def may_want(self, t: float) -> bool:
        """Whether the frame at `t` seconds may be due; told in decoding order, of each packet.

        False only if one of the same slot was told of, and may be due, that is earlier or soon.
        """
        slot = self._slot(t)
        earliest = self._earliest.get(slot)
        if earliest not in {None, t} and (earliest - t) * self._rate < self._SOON:
            return False
        self._earliest[slot] = t
        if len(self._earliest) > self._KEPT:
            del self._earliest[next(iter(self._earliest))]
        return True

    def wants(self, t: float) -> bool:
        """Whether the frame at `t` seconds is due; told in presentation order, of each frame."""
        slot = self._slot(t)
        taken = self._taken
        if taken is not None and taken - self._rate * 2 - 1 < slot <= taken:
            return False
        self._taken = slot
        return True


class Intervals:
    """Which intervals have ended when the stream is at a time. Multiples of their length."""

    MOST_AT_ONCE = 10
    """Live intervals told of at once after silence; a longer one was a step of the clock."""

    def __init__(self, every: float, *, live: bool, since: int | None = None) -> None:
        """`every` seconds each, the first after `since` milliseconds (for a clip, 0 if None)."""
        self.span = max(round(every * 1000), 1)
        self._live = live
        self._since = since
        self._end = None if live else self.span + (since or 0)

    def until(self, time: float) -> Iterator[int]:
        """Ends (milliseconds) of the intervals that are over at `time` seconds, each once."""
        now = int(time * 1000 + 0.5)
        if self._live and (self._end is None or now < self._end - self.span - 2000):
            # The first time heard, or the clock was set back.
            self._end = (now // self.span + 1) * self.span
            if self._since is not None and self._end <= self._since < self._end + 5000:
                self._end = self._since + self.span
            self._since = None
        assert self._end is not None  # noqa: S101 - set above when live, from the start otherwise
        told = 0
        while self._end <= now:
            if self._live and told == self.MOST_AT_ONCE:
                self._end = (now // self.span + 1) * self.span
                return
            end = self._end
            self._end += self.span
            told += 1
            yield end

    def rest(self, time: float) -> tuple[int, int] | None:
        """(end, length) in milliseconds of a clip's last, partial interval; None if under half."""
        if self._end is None:
            return None
        start = self._end - self.span
        length = int(time * 1000 + 0.5) - start
        return (start + length, length) if 2 * length >= self.span else None
