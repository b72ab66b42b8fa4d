"""Why nothing goes through to a server: known to whoever asks, and told in the log now and then."""

import math
from typing import Final

import structlog

from plainview.clock import Clock

log = structlog.get_logger(__name__)

AGAIN: Final = 60.0
"""Seconds between two lines in the log, at least: a full server takes a batch now and then."""
MEND: Final = (
    "See that the server runs, and that its disk and streams have room: docs/guide/nats.md"
)


class Trouble:
    """Owns one way's trouble, which is empty when all is well."""

    def __init__(self, clock: Clock, what: str) -> None:
        """`what` does not happen while there is trouble, in a few words for the log."""
        self._clock, self._what = clock, what
        self._told = -math.inf
        self.why = ""

    def note(self, why: str) -> None:
        """It is so for this reason; for none: all is well."""
        self.why = why
        if why and self._clock.monotonic() - self._told >= AGAIN:
            self._told = self._clock.monotonic()
            log.warning(self._what, why=why, mend=MEND)
