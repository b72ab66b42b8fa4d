"""What an alert of each kind is for people: how bad it is, and what to check (see `names`)."""

import enum
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from plainview.alerts.thresholds import Level
from plainview.record import EventKind


class AlertKind(enum.StrEnum):
    """What an alert may be about: the kinds of event, and what goes wrong with telling of them."""

    DENSITY = EventKind.DENSITY.value
    CROWD_MOVEMENT = EventKind.CROWD_MOVEMENT.value
    ZONE_INTRUSION = EventKind.ZONE_INTRUSION.value
    WRONG_WAY = EventKind.WRONG_WAY.value
    LEFT_OBJECT = EventKind.LEFT_OBJECT.value
    PERSON_DOWN = EventKind.PERSON_DOWN.value
    FIRE = EventKind.FIRE.value
    WEAPON = EventKind.WEAPON.value
    ROUTE = "route"
    """A way by which alerts are delivered does not work."""
    DELETION = "deletion"
    """Footage is kept beyond its term."""


OF_NO_PLACE: Final = frozenset({AlertKind.ROUTE, AlertKind.DELETION})
"""What is wrong with the program itself, wherever it is told: no site is worse off by it."""


class Kind(Struct, frozen=True):
    """One kind of event as an alert."""

    level: Level
    """Alarm where minutes decide about a life, warning where somebody has to go and see."""
    reach: float
    """Metres within which two events are of the same happening: what a place on the ground may be
    wrong by from two cameras, and how far that kind of thing reaches or moves in a few seconds."""
    check: tuple[str, ...]
    """What to check, in plain words."""


KINDS: Final[Mapping[str, Kind]] = {
    EventKind.DENSITY: Kind(
        Level.WARNING,
        10.0,
        (
            "Look at the place with your own eyes: can people still choose where they step?",
            "Hold back those who still want in, and open a way out",
        ),
    ),
    EventKind.CROWD_MOVEMENT: Kind(
        Level.WARNING,
        25.0,
        (
            "Look for what people run to or from",
            "Keep the ways out open and free of those who come in",
        ),
    ),
    EventKind.ZONE_INTRUSION: Kind(
        Level.WARNING,
        6.0,
        (
            "Look whether it is somebody who belongs there: staff, cleaning, delivery",
            "Where trains, trams or cars go, tell those who can stop them first",
        ),
    ),
    EventKind.WRONG_WAY: Kind(
        Level.WARNING,
        30.0,
        (
            "Look whether it goes on, has turned, or the lane's direction was changed by works",
            "Warn those who come towards it",
        ),
    ),
    EventKind.LEFT_OBJECT: Kind(
        Level.WARNING,
        4.0,
        (
            "Look whether it is furniture, rubbish, a puddle or a reflection",
            "Ask on the spot whose it is, before anything is closed off",
        ),
    ),
    EventKind.PERSON_DOWN: Kind(
        Level.ALARM,
        4.0,
        (
            "Look whether they sit, sleep or need help; when in doubt, they need help",
            "Send whoever is nearest, and tell medical services the place",
        ),
    ),
    EventKind.FIRE: Kind(
        Level.ALARM,
        12.0,
        (
            "Look whether it is steam, fog, a lamp, a beacon or the low sun",
            "When in doubt call the fire service, and keep the ways out free",
        ),
    ),
    EventKind.WEAPON: Kind(
        Level.ALARM,
        12.0,
        (
            "Look yourself before anybody acts on it: such detectors are often wrong",
            "If it is one, tell the police the place; send nobody near",
        ),
    ),
    AlertKind.ROUTE: Kind(
        Level.ALARM,
        0.0,
        (
            "Reach those who are told by this route in another way",
            "See the page Deliveries of the console for what is wrong and how to mend it",
        ),
    ),
    AlertKind.DELETION: Kind(
        Level.ALARM,
        0.0,
        (
            "Nothing new is recorded until this is mended; measuring goes on",
            "Look at the log, then run 'plainview vault sweep' and 'plainview vault check'",
        ),
    ),
}
"""By kind, which is an EventKind or an AlertKind. Density and crowd movement as a camera tells of
them; those of whole sites are about quantities (`thresholds`)."""
