"""What an event of each kind is for people: its words, how bad it is, and what to check."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from plainview.alerts.thresholds import Level
from plainview.record import EventKind


class Kind(Struct, frozen=True):
    """One kind of event as an alert."""

    name: str
    """For people, the beginning of a sentence."""
    level: Level
    """Alarm where minutes decide about a life, warning where somebody has to go and see."""
    reach: float
    """Metres within which two events are of the same happening: what a place on the ground may be
    wrong by from two cameras, and how far that kind of thing reaches or moves in a few seconds."""
    check: tuple[str, ...]
    """What to check, in plain words."""


KINDS: Final[Mapping[EventKind, Kind]] = {
    EventKind.DENSITY: Kind(
        "Too dense a crowd",
        Level.WARNING,
        10.0,
        (
            "Look at the place with your own eyes: can people still choose where they step?",
            "Hold back those who still want in, and open a way out",
        ),
    ),
    EventKind.CROWD_MOVEMENT: Kind(
        "A crowd that moves out of the ordinary",
        Level.WARNING,
        25.0,
        (
            "Look for what people run to or from",
            "Keep the ways out open and free of those who come in",
        ),
    ),
    EventKind.ZONE_INTRUSION: Kind(
        "Something that moves where nothing may",
        Level.WARNING,
        6.0,
        (
            "Look whether it is somebody who belongs there: staff, cleaning, delivery",
            "Where trains, trams or cars go, tell those who can stop them first",
        ),
    ),
    EventKind.WRONG_WAY: Kind(
        "Traffic against its direction",
        Level.WARNING,
        30.0,
        (
            "Look whether it goes on, has turned, or the lane's direction was changed by works",
            "Warn those who come towards it",
        ),
    ),
    EventKind.LEFT_OBJECT: Kind(
        "Something that was put down and left",
        Level.WARNING,
        4.0,
        (
            "Look whether it is furniture, rubbish, a puddle or a reflection",
            "Ask on the spot whose it is, before anything is closed off",
        ),
    ),
    EventKind.PERSON_DOWN: Kind(
        "Somebody on the ground",
        Level.ALARM,
        4.0,
        (
            "Look whether they sit, sleep or need help; when in doubt, they need help",
            "Send whoever is nearest, and tell medical services the place",
        ),
    ),
    EventKind.FIRE: Kind(
        "Smoke or flames",
        Level.ALARM,
        12.0,
        (
            "Look whether it is steam, fog, a lamp, a beacon or the low sun",
            "When in doubt call the fire service, and keep the ways out free",
        ),
    ),
    EventKind.WEAPON: Kind(
        "What a detector of this site takes for a weapon",
        Level.ALARM,
        12.0,
        (
            "Look yourself before anybody acts on it: such detectors are often wrong",
            "If it is one, tell the police the place; send nobody near",
        ),
    ),
}
"""By kind. Density and crowd movement as a camera tells of them; those of whole sites are about
quantities (`thresholds`)."""
