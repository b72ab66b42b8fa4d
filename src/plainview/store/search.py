"""Events as the store takes and keeps them, and what events and alerts are searched for by."""

import hashlib
from typing import NamedTuple

from msgspec import Struct

from plainview.geometry import Point
from plainview.record import Event, EventKind, EventStanding


class Mark(Struct, frozen=True, gc=False):
    """The start or the end of an event, let through by what decides about its camera and kind."""

    camera: str
    event: Event
    zone: str | None
    """The name of its zone at that time: zones are configured anew, events are not."""
    standing: EventStanding
    """Never `off`: such an event is not kept."""


class KeptEvent(Struct, frozen=True, gc=False):
    """What one camera saw happen, from its start to its end."""

    camera: str
    kind: EventKind
    start: int
    """UTC milliseconds, by the camera's clock."""
    end: int | None
    """None: it has not ended, or its end was never told (a lens that died)."""
    at: Point
    """Ground metres of the camera's site."""
    zone: str | None
    confidence: float
    """0 to 1: at its end the mean over all of it."""
    standing: EventStanding

    @property
    def id(self) -> str:
        """Opaque, the same for ever, and sorts by start."""
        x, y = self.at
        said = f"{self.camera} {self.kind.value} {x:.1f} {y:.1f} {self.zone or ''}"
        digest = hashlib.blake2b(said.encode(), digest_size=6).hexdigest()
        return f"{self.start:013d}-{digest}"


class News(NamedTuple):
    """A validated event that started or ended, as it is now."""

    number: int
    """Grows with each, also over restarts."""
    event: KeptEvent
    ended: bool
    """Whether it is news of its end; news of its start may come when it has ended already."""


class Band(NamedTuple):
    """The ground points (x, y) with low <= a x + b y <= high; metres."""

    a: float
    b: float
    low: float
    high: float


class Place(Struct, frozen=True):
    """A site, or the part of it that lies in all `bands`."""

    site: str
    cameras: tuple[str, ...]
    """Those of the site that are searched."""
    bands: tuple[Band, ...] = ()


EventKey = tuple[int, int, int, int, int, int]
"""Where a page ended, in the order of the store: start and five numbers that tell ties apart."""


class EventQuery(Struct, frozen=True):
    """Which events: all conditions hold; an empty tuple of names or kinds asks for any."""

    places: tuple[Place, ...]
    """No place, no events."""
    since: int
    until: int
    """since <= start < until, UTC milliseconds."""
    kinds: tuple[EventKind, ...] = ()
    zones: tuple[str, ...] = ()
    standings: tuple[EventStanding, ...] = ()
    open: bool | None = None
    """True: those without an end; False: those with one."""
    before: EventKey | None = None
    """Go on where a page ended."""
    most: int = 100


class EventPage(NamedTuple):
    """Some events, the latest start first."""

    events: list[KeptEvent]
    last: EventKey | None
    """For `EventQuery.before`; None: these were all."""


class AlertQuery(Struct, frozen=True):
    """Which alerts: all conditions hold; an empty tuple of names or kinds asks for any."""

    places: tuple[Place, ...] | None
    """By site; an alert without a place of its own is in a whole site only. None: anywhere."""
    since: int
    until: int
    """since <= raised < until, UTC milliseconds."""
    kinds: tuple[str, ...] = ()
    """Of what is looked for in `places`."""
    anywhere: tuple[str, ...] = ()
    """Kinds that are found besides, whatever site they were kept under."""
    zones: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """Each must be in what persons wrote about it; upper and lower case are one."""
    before: str | None = None
    """Ids below this one."""
    most: int = 100
