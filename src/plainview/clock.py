"""Time comes from here, so that tests can hold it. UTC seconds and monotonic seconds."""

import threading
import time
from typing import Final, Protocol

FOREVER: Final = 1 << 60
"""UTC milliseconds after which nothing comes."""


class Clock(Protocol):
    """A source of time."""

    def utc(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z. May step."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, from an arbitrary start."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait that long by this clock."""
        ...


class SystemClock:
    """The machine's clock."""

    def utc(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep for that many seconds."""
        time.sleep(seconds)


class ManualClock:
    """A clock that moves only when told: `advance` moves both times, `step` the UTC alone."""

    def __init__(self, utc: float = 1_700_000_000.0) -> None:
        """Start at `utc` seconds."""
        self._lock = threading.Lock()
        self._utc = utc
        self._monotonic = 0.0

    def utc(self) -> float:
        """The held UTC time in seconds."""
        with self._lock:
            return self._utc

    def monotonic(self) -> float:
        """The held monotonic time in seconds."""
        with self._lock:
            return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Advance instead of waiting."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass (not negative)."""
        if seconds < 0:
            message = "time does not run backwards; use step() for a clock that is set"
            raise ValueError(message)
        with self._lock:
            self._utc += seconds
            self._monotonic += seconds

    def step(self, seconds: float) -> None:
        """Set the UTC clock forward or back, as an NTP step does."""
        with self._lock:
            self._utc += seconds
