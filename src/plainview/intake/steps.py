"""This machine's own clock, watched: what was set a moment ago is not judged by."""

import threading

import structlog

from plainview.clock import Clock

STEP = 60.0
"""Seconds that UTC may move against the steady clock before it counts as a step."""
DOUBT = 900.0
"""Seconds for which, after a step, both the clock before it and the clock after it may be right."""

_log = structlog.get_logger(__name__)


class ClockWatch:
    """Owns the last known offset of UTC against the steady clock. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        """Trust `clock` as it stands."""
        self._clock = clock
        self._lock = threading.RLock()
        self._offset = clock.utc() - clock.monotonic()
        self._moved = 0.0
        self.steps = 0
        self.trusted_from = float("-inf")
        """Monotonic seconds from which on the clock may be judged by."""

    def look(self) -> float:
        """Notice a step; monotonic seconds."""
        with self._lock:
            return self._look()

    def _look(self) -> float:
        now = self._clock.monotonic()
        offset = self._clock.utc() - now
        moved, self._offset = offset - self._offset, offset
        if now >= self.trusted_from:
            self._moved = 0.0
        if abs(moved) > STEP:
            # Set twice within the doubt: what held before the first may still be what is right.
            self._moved += moved
            self.trusted_from = now + DOUBT
            self.steps += 1
            _log.warning("the clock was set; deletion waits", by_seconds=round(moved, 1))
        return now

    def bounds(self) -> tuple[int, int]:
        """The earliest and the latest that it may be now, UTC milliseconds: mostly the same."""
        with self._lock:
            self._look()
            now = self._clock.utc()
            before = now - self._moved
        return int(min(now, before) * 1000), int(max(now, before) * 1000)
