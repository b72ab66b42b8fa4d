"""Evidence with hysteresis: what has lasted raises a flag, and what has lasted clears it."""

from typing import NamedTuple


class Timing(NamedTuple):
    """Seconds of unbroken evidence that raise and that clear a flag."""

    rise: float
    fall: float


class Latch:
    """Turns evidence into a flag: owns how long evidence for or against it has lasted."""

    def __init__(self, timing: Timing) -> None:
        """Neither raised nor suspected."""
        self.timing = timing
        self.raised = False
        self.suspected = False
        self._since = 0.0

    def feed(self, evidence: bool | None, dt: float) -> None:  # noqa: FBT001 - three-valued on purpose
        """None: it cannot be told now, so all stays as it was."""
        if evidence is None:
            return
        self.suspected = evidence
        self._since = self._since + dt if evidence != self.raised else 0.0
        limit = self.timing.fall if self.raised else self.timing.rise
        if evidence != self.raised and self._since >= limit:
            self.raised = evidence
            self._since = 0.0
