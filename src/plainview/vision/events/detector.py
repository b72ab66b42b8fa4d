"""The seam of detectors: what each says of one frame, and how sure it must be for how long."""

import math
from typing import Final, NamedTuple, Protocol

from plainview.record import EventKind
from plainview.vision.events.seen import Seen

LIKELY: Final = 0.5
"""Confidence, as it is told, from which there is rather an event than none."""


class Sighting(NamedTuple):
    """Something in one frame that speaks for an event, without saying who."""

    x: float
    """Ground metres."""
    y: float
    confidence: float
    """0 to 1: how sure this frame is by itself."""
    zone: int = -1
    """Index into the camera's zones; -1 for none."""
    spread: float = 0.0
    """Metres around it within which all is of the same thing: a vehicle's length."""
    another: bool = False
    """Whether it was seen to be elsewhere while the first was sighted: they are two events."""
    clear: float | None = None
    """0 to 1: how clearly it stands out, less by night, in bad weather, glare and shake (clear.py),
    by which an event is told less surely. None: not known."""


class Patience(NamedTuple):
    """How sightings of one kind become an event."""

    rise: float
    """Seconds of sightings before an event starts."""
    fall: float
    """Seconds without any before it ends."""
    reach: float
    """Metres within which two sightings are of the same event."""
    least: float = 0.5
    """Mean confidence below which nothing starts."""
    likely: float = 0.0
    """The same of how sure it is told to be, which is less where nothing is clear (clear.py)."""
    apart: float = math.inf
    """Metres from which two sightings in one frame are of two events."""


class Detector(Protocol):
    """One way to see one kind of event. Owns its state; for one camera, in order of time."""

    @property
    def kind(self) -> EventKind:
        """What it sees."""
        ...

    @property
    def patience(self) -> Patience:
        """How long it must be seen."""
        ...

    def look(self, seen: Seen) -> list[Sighting]:
        """What speaks for an event in `seen`. Called for each analysed frame."""
        ...
