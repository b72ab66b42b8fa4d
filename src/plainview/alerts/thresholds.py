"""What is watched, at which number and by whose word: quantities, levels, defaults with sources."""

import enum
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from plainview.record import BY_THRESHOLDS, EventKind


class Quantity(enum.StrEnum):
    """What can have a threshold."""

    DENSITY = "density"
    PRESSURE = "pressure"
    OSCILLATION = "oscillation"
    STOP_AND_GO = "stop-and-go"
    SURGE = "surge"
    DISPERSAL = "dispersal"
    COUNTERFLOW = "counterflow"
    SHEAR = "shear"
    INFLOW = "inflow"
    REACH = "reach"


class Level(enum.StrEnum):
    """How bad it is."""

    WARNING = "warning"
    """Look, and be ready."""
    ALARM = "alarm"
    """Act."""


class About(Struct, frozen=True):
    """One quantity: what its numbers mean."""

    kind: EventKind
    """The event kind, and so the permission, that it needs."""
    unit: str
    least: float
    most: float
    """Bounds of a threshold that is no slip of the pen."""
    falls: bool = False
    """Bad when it falls below its threshold, not when it rises above."""
    sure: float | None = None
    """Share of its threshold that it must surely be past (`Estimate.past`); None: of all of it."""
    slow: bool = False
    """Seen in a window of a minute and more: looked at every few seconds only."""


SURE: Final = 0.65
"""Of density: its error is mostly more than a quarter of it (in a crowd two fifths,
docs/science.md), and people fall meanwhile. With 0.5, cameras that read a standing audience half
too high alarmed falsely six times in 250 h of other days than `plainview evaluate alarms` shows,
with 0.6 once, with 0.7 never, but one run-up in 22 was no longer told of in time."""
SURE_OF_PRESSURE: Final = 0.3
"""A density times a spread of velocities errs by more than either. With 0.4 the alarm comes 10 s
before the crush at the median of those run-ups, with 0.35 12 s, with 0.3 16 s; none came falsely in
250 h with any. What noise alone does is in bench/pressure.py."""
_D, _M = EventKind.DENSITY, EventKind.CROWD_MOVEMENT

ABOUT: Final[Mapping[Quantity, About]] = {
    Quantity.DENSITY: About(_D, "people/m²", 0.1, 12, sure=SURE),
    Quantity.PRESSURE: About(_M, "1/s²", 0.001, 1, sure=SURE_OF_PRESSURE),
    Quantity.OSCILLATION: About(_M, "m/s", 0.01, 5, slow=True),
    Quantity.STOP_AND_GO: About(_M, "m/s", 0.01, 5, slow=True),
    Quantity.SURGE: About(_M, "m/s", 0.1, 10, slow=True),
    Quantity.DISPERSAL: About(_M, "m/s", 0.1, 10, slow=True),
    Quantity.COUNTERFLOW: About(_M, "share", 0.05, 1, slow=True),
    Quantity.SHEAR: About(_M, "1/s", 0.05, 10, slow=True),
    Quantity.INFLOW: About(_D, "people/min", 1, 100_000),
    Quantity.REACH: About(_D, "s", 10, 86_400, falls=True),
}

CHECK: Final[Mapping[Quantity, tuple[str, ...]]] = {
    Quantity.DENSITY: (
        "Look at the place with your own eyes: can people still choose where they step?",
        "Is something holding them back: a barrier, a closed exit, a stage?",
        "Hold back those who still want in, and open a way out",
    ),
    Quantity.PRESSURE: (
        "Look for people who are pushed from side to side or lifted off their feet",
        "Stop whatever pushes into the crowd; do not send anybody in from behind",
        "Open a way out at the side with most room, and tell medical services",
    ),
    Quantity.OSCILLATION: (
        "Look whether the whole crowd sways or turns together",
        "Stop the inflow and open every way out: this has come before crushes",
    ),
    Quantity.STOP_AND_GO: (
        "Look for the narrow place that people wait for, ahead of the waves",
        "Slow down the inflow before that place fills",
    ),
    Quantity.SURGE: (
        "Look for what people run to or from",
        "Keep the way ahead of them open",
    ),
    Quantity.DISPERSAL: (
        "Look for what people move away from",
        "Keep the ways out open and free of those who come in",
    ),
    Quantity.COUNTERFLOW: (
        "Look whether two streams block each other",
        "Separate them, or make the way one-way",
    ),
    Quantity.SHEAR: (
        "Look at the border between the streams: do people stumble or get turned around?",
        "Separate the streams, or stop one of them",
    ),
    Quantity.INFLOW: (
        "Look at the entrances: are more people coming than the place was planned for?",
        "Slow down entry, or open another place",
    ),
    Quantity.REACH: (
        "There is still time: decide now where to hold people back",
        "Slow down entry until the time grows again",
    ),
}
"""What to check, in plain words, by quantity."""

STILL: Final = (
    "Still, Introduction to Crowd Science (2014); Fruin, The Causes of Crowd Disasters (1993)"
)
HELBING: Final = "Helbing, Johansson & Al-Abideen, Phys. Rev. E 75, 046109 (2007)"
GU: Final = "Gu et al., Nature 638, 112 (2025)"
OWN: Final = "Set for this site"


class Threshold(Struct, frozen=True):
    """One number that must not be passed, on one part of a site."""

    quantity: Quantity
    level: Level
    limit: float
    """In the quantity's unit."""
    clear: float
    """On its other side: what must be reached before it is over (hysteresis)."""
    lasts: float
    """Seconds of measurement for which it must be passed before it is raised."""
    source: str
    zone: str | None = None
    """None: the whole site."""

    @property
    def about(self) -> About:
        """What its quantity means."""
        return ABOUT[self.quantity]


def threshold(
    quantity: Quantity,
    level: Level,
    limit: float,
    lasts: float,
    source: str,
    *,
    clear: float | None = None,
) -> Threshold:
    """A threshold for the whole site; `clear` is a fifth on the safe side unless it is given."""
    share = 1.25 if ABOUT[quantity].falls else 0.8
    return Threshold(
        quantity, level, limit, limit * share if clear is None else clear, lasts, source
    )


DEFAULTS: Final = (
    threshold(Quantity.DENSITY, Level.WARNING, 3.5, 10, STILL),
    threshold(Quantity.DENSITY, Level.ALARM, 5.0, 3, STILL),
    threshold(Quantity.PRESSURE, Level.WARNING, 0.01, 5, f"Half of the alarm; {HELBING}"),
    threshold(Quantity.PRESSURE, Level.ALARM, 0.02, 3, HELBING),
    threshold(
        Quantity.REACH, Level.WARNING, 300, 20, f"Five minutes to act before an alarm; {STILL}"
    ),
)
"""Watched everywhere unless CITY.toml says otherwise. Inflow, surge, shear and the like depend on
the place: they are watched where a threshold is set for them."""


def lead(quantity: Quantity, level: Level) -> Threshold | None:
    """The default of `quantity` at `level`."""
    return next((d for d in DEFAULTS if d.quantity is quantity and d.level is level), None)


def watched(
    zones: Iterable[tuple[str, frozenset[EventKind]]], own: Iterable[Threshold]
) -> tuple[Threshold, ...]:
    """Every threshold of a site: defaults for the whole and for each zone by what it is for.

    `own` replace the default of their quantity, level and zone. One without a zone holds for the
    whole site and for every zone that has none of its own.
    """
    places: list[tuple[str | None, frozenset[EventKind]]] = [
        (None, frozenset(BY_THRESHOLDS)),
        *zones,
    ]
    said = tuple(own)
    found: dict[tuple[str | None, Quantity, Level], Threshold] = {}
    for source in (DEFAULTS, [t for t in said if t.zone is None]):
        for one in source:
            for zone, kinds in places:
                if one.about.kind in kinds:
                    found[zone, one.quantity, one.level] = _at(one, zone)
    for one in said:
        if one.zone is not None:
            found[one.zone, one.quantity, one.level] = one
    return tuple(found.values())


def _at(one: Threshold, zone: str | None) -> Threshold:
    return Threshold(one.quantity, one.level, one.limit, one.clear, one.lasts, one.source, zone)
