"""What time it is for those who delete: a clock that leaps is not believed at once.

Nothing is deleted early when a clock leaps ahead, and what is late is known when one is set back.
The wall clock is held against the monotonic one; both are followed while they agree. Where they
part, the earlier of the two decides what is due and the later one what is late, until the kernel's
clock has been disciplined for `TRUST` seconds (adjtimex(2): not TIME_ERROR) or a person says that
it is right. Instants are UTC seconds: daylight saving and time zones have no part in it, and a
leap second is one second, which is within `SLACK`.
"""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from plainview.clock import Clock
from plainview.durable import put

SLACK: Final = 30.0
"""Seconds by which the clocks may differ from one look to the next."""
TRUST: Final = 600.0
AWAY: Final = 86_400.0
"""Seconds for which a machine may have been off without its clock being doubted."""
_TIME_ERROR: Final = 5
_TIMEX_BYTES: Final = 512


class Times(NamedTuple):
    """What time it is, at the earliest and at the latest: UTC seconds."""

    earliest: float
    latest: float
    trouble: str
    """Why the two differ; empty where they do not."""


def disciplined() -> bool:
    """Whether the kernel's clock follows a time server (adjtimex(2))."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)  # modes = 0: read only
    state = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    return bool(0 <= state != _TIME_ERROR)


class Watch:
    """Owns the offset between wall and monotonic clock that is believed."""

    def __init__(
        self, clock: Clock, saved: Path, *, synchronised: Callable[[], bool] = disciplined
    ) -> None:
        """`saved` keeps the last time that was believed, over restarts."""
        self._clock = clock
        self._saved = saved
        self._synchronised = synchronised
        self._offset = clock.utc() - clock.monotonic()
        self._since: float | None = None
        try:
            last = float(saved.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        if not -SLACK <= clock.utc() - last <= AWAY:
            self._offset = last - clock.monotonic()

    def look(self) -> Times:
        """The times now."""
        monotonic = self._clock.monotonic()
        offset = self._clock.utc() - monotonic
        leap = offset - self._offset
        if abs(leap) <= SLACK:
            self._offset, self._since, leap = offset, None, 0.0
        elif not self._synchronised():
            self._since = None
        elif self._since is None:
            self._since = monotonic
        elif monotonic - self._since >= TRUST:
            self.confirm()
            leap = 0.0
        if not leap:
            self._save()
            return Times(offset + monotonic, offset + monotonic, "")
        ways = "ahead" if leap > 0 else "back"
        return Times(
            min(offset, self._offset) + monotonic,
            max(offset, self._offset) + monotonic,
            f"the clock leapt {ways} by {abs(leap) / 3600:.2f} hours: only what is due by both is "
            "deleted, until a time server or 'plainview vault clock' confirms it",
        )

    def confirm(self) -> None:
        """The wall clock is right."""
        self._offset = self._clock.utc() - self._clock.monotonic()
        self._since = None

    def _save(self) -> None:
        try:
            put(self._saved, f"{self._clock.utc():.0f}".encode())
        except OSError:
            return  # it only makes the next start more careless by what is missing
