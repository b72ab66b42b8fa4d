"""The dead man's check: whether any key outlives its term by more than an hour. Reads only.

The recorder asks it by itself, whatever the sweeper says or does not say.
"""

from pathlib import Path

from plainview.clock import Clock
from plainview.errors import VaultError
from plainview.vault.layout import Layout
from plainview.vault.ring import Ring
from plainview.vault.watch import SLACK

GRACE = 3600.0
"""Seconds after its term in which a key must be gone."""
_AGAIN = 30.0


class Lateness:
    """Owns what was last seen of each ring, so that most looks read nothing."""

    def __init__(self, layout: Layout, clock: Clock) -> None:
        """Of the vault `layout`."""
        self._layout = layout
        self._clock = clock
        self._latest = clock.utc() - clock.monotonic()
        self._due: dict[str, int | None] = {}
        self._said = ""
        self._next = float("-inf")

    def added(self, ring: str, due: int) -> None:
        """A key of that ring, due then, is there now."""
        known = self._due.get(ring)
        self._due[ring] = due if known is None else min(known, due)

    def why(self) -> str:
        """Why nothing may be recorded; empty while every deletion is in time."""
        if self._clock.monotonic() >= self._next:
            self._next = self._clock.monotonic() + _AGAIN
            self._said = self._look()
        return self._said

    def _look(self) -> str:
        # The latest time that can be: a clock that was set back makes nothing younger.
        offset = self._clock.utc() - self._clock.monotonic()
        if abs(offset - self._latest) <= SLACK:
            self._latest = offset
        self._latest = max(self._latest, offset)
        now = self._clock.monotonic() + self._latest
        rings = self._layout.rings()
        self._due = {r.name: self._due[r.name] for r in rings if r.name in self._due}
        for folder in rings:
            try:
                if folder.name not in self._due or _late(self._due[folder.name], now):
                    self._due[folder.name] = _first_due(folder)
            except VaultError as error:
                return f"it cannot be told whether keys are deleted in time: {error.line()}"
            due = self._due[folder.name]
            if due is not None and _late(due, now):
                return (
                    f"a key of {folder.name} should have been deleted {(now - due) / 3600:.1f} "
                    "hours ago, and is there"
                )
        return ""


def _late(due: int | None, now: float) -> bool:
    return due is not None and due + GRACE < now


def _first_due(folder: Path) -> int | None:
    ring = Ring(folder)
    try:
        return ring.first_due()
    finally:
        ring.close()
