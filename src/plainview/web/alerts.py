"""What the pages may ask of alerts, and how these become JSON; `app` gives an implementation."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Protocol

from msgspec import Meta, Struct

from plainview.alerts.book import Decision, Filter, Shown
from plainview.alerts.kinds import AlertKind
from plainview.alerts.lifecycle import State
from plainview.alerts.site import Watch
from plainview.alerts.thresholds import ABOUT, Level, Quantity
from plainview.alerts.watch import WatchState
from plainview.crowd.field import Estimate
from plainview.crowd.levels import Facility
from plainview.crowd.levels import Level as Service
from plainview.geometry import Point

GRAVEST: Final = 20
"""As many alerts are told to a page that does not list them."""
CALLS: Final = frozenset({State.RAISED, State.ESCALATED})
"""States in which somebody must still look at an alert."""


class Alerts(Protocol):
    """Alerts as the web layer sees them. Thread-safe."""

    def open(self, site: str | None = None) -> list[Shown]:
        """Open alerts about `site` (None: all, of no place too), newest first."""
        ...

    def page(self, wanted: Filter, most: int) -> list[Shown]:
        """The newest `most` alerts that fit `wanted`, the newest first. Raises StoreError."""
        ...

    def site_of(self, alert: str) -> str | None:
        """The site that an open alert is about; None: of no place."""
        ...

    def decide(self, alert: str, decision: Decision, who: str, why: str) -> Shown:
        """What a person decides. Durable on return. Raises InputError, StoreError."""
        ...

    def watches(self, site: str) -> list[Watch]:
        """Every threshold of `site` and where it stands."""
        ...

    def quantities(self, site: str) -> list["ZoneQuantities"]:
        """What is measured in each zone now, the whole site first."""
        ...


class IntervalEdge(Struct, frozen=True):
    """A number with the ends of its 90 % interval."""

    value: float
    low: float
    high: float | None
    """null: without end."""


class StepEdge(Struct, frozen=True):
    """What happened to an alert."""

    at: float
    state: State
    who: Annotated[str, Meta(description="`Plainview`: what it did by itself.")]
    why: str


class AlertEdge(Struct, frozen=True):
    """Something that people must look at. About a place and a number, never about a person."""

    id: Annotated[str, Meta(description="Opaque; ids sort as alerts were raised.")]
    site: Annotated[
        str | None, Meta(description="null: of no place, as a route or late deletion is.")
    ]
    zone: Annotated[str | None, Meta(description="null: the whole site.")]
    kind: AlertKind
    quantity: Annotated[Quantity | None, Meta(description="null: it is about events, or a route.")]
    level: Annotated[Level, Meta(description="The highest that it reached.")]
    state: State
    raised_at: float
    updated_at: float
    cleared_at: float | None
    value: Annotated[float | None, Meta(description="Of the newest look; null: not known.")]
    low: float | None
    high: float | None
    peak: float | None
    unit: str | None
    threshold: float | None
    source: Annotated[str, Meta(description="Where the threshold comes from.")]
    at: Annotated[Point | None, Meta(description="Ground metres, where it is worst.")]
    cameras: Annotated[list[str], Meta(description="Those that saw its events.")]
    confidence: Annotated[float | None, Meta(description="Of the surest of its events, 0 to 1.")]
    unseen_since: Annotated[
        float | None,
        Meta(description="Since when no camera sees its events, which nobody saw end."),
    ]
    route: Annotated[str | None, Meta(description="The route that does not work.")]
    message: str
    check: Annotated[list[str], Meta(description="What to check, in plain words.")]
    history: list[StepEdge]
    durable: Annotated[
        bool, Meta(description="false: the store takes nothing now; a power cut would lose it.")
    ]


class CallsEdge(Struct, frozen=True):
    """The open alerts in short: for a page that calls to them and does not list them."""

    alarms: Annotated[int, Meta(description="Open, whether acknowledged or not.")]
    warnings: int
    calling: Annotated[int, Meta(description="Those of them that nobody has acknowledged.")]
    gravest: Annotated[
        list[AlertEdge],
        Meta(description="Of those that call: alarms first, then the newest; at most 20."),
    ]
    names: Annotated[dict[str, str], Meta(description="What the sites of `gravest` are called.")]


class WatchEdge(Struct, frozen=True):
    """One threshold, and where it stands."""

    zone: str | None
    quantity: Quantity
    level: Level
    threshold: float
    unit: str
    source: str
    state: WatchState
    value: float | None
    low: float | None
    high: float | None
    why: Annotated[str, Meta(description="Why it cannot be told, is off, or has not risen yet.")]


class ZoneQuantities(Struct, frozen=True):
    """What is measured in one zone; null where it is not known."""

    zone: Annotated[str | None, Meta(description="null: the whole site.")]
    density: Annotated[
        IntervalEdge | None, Meta(description="95th percentile of the cells, people/m².")
    ]
    peak: Annotated[
        IntervalEdge | None, Meta(description="Densest square of 3 m by 3 m, people/m².")
    ]
    level: Annotated[Service | None, Meta(description="Fruin's level of service of `facility`.")]
    speed: Annotated[float | None, Meta(description="Mean over people, m/s.")]
    flow: Annotated[float | None, Meta(description="Density times speed, people/(m s).")]
    pressure: Annotated[IntervalEdge | None, Meta(description="Crowd pressure, 1/s².")]
    occupancy: Annotated[IntervalEdge | None, Meta(description="People.")]
    inflow: Annotated[float | None, Meta(description="Over the zone's lines, people/min.")]
    outflow: float | None
    dwell: Annotated[float | None, Meta(description="Mean stay, s (Little's law).")]
    reach: Annotated[
        IntervalEdge | None, Meta(description="Seconds until the density of an alarm; null: never.")
    ]
    why: Annotated[str | None, Meta(description="Why something is not known.")]
    facility: Facility = Facility.WALKWAY


class QuantitiesEdge(Struct, frozen=True):
    """What is measured in each zone of a site."""

    t: float
    zones: list[ZoneQuantities]


class Decided(Struct, frozen=True, forbid_unknown_fields=True):
    """Why somebody decides so."""

    why: Annotated[str, Meta(min_length=1, max_length=500)]


def told(value: float, digits: int = 4) -> float | None:
    """`value` as JSON can say it: null where it is not known or has no end."""
    return round(value, digits) if math.isfinite(value) else None


def interval(found: Estimate) -> IntervalEdge | None:
    """`found` as JSON; null where there is no number."""
    value, low = told(found.value), told(found.low)
    return None if value is None or low is None else IntervalEdge(value, low, told(found.high))


def alert_edge(shown: Shown) -> AlertEdge:
    """An alert as JSON."""
    alert = shown.alert
    numbers: Mapping[str, float | None] = {
        name: None if value is None else told(value)
        for name, value in (
            ("value", alert.value),
            ("low", alert.low),
            ("high", alert.high),
            ("peak", alert.peak),
        )
    }
    return AlertEdge(
        id=alert.id,
        site=alert.place,
        zone=alert.zone,
        kind=alert.kind,
        quantity=alert.quantity,
        level=alert.level,
        state=alert.state,
        raised_at=alert.raised_at,
        updated_at=alert.updated_at,
        cleared_at=alert.cleared_at,
        unit=None if alert.quantity is None else ABOUT[alert.quantity].unit,
        threshold=alert.threshold,
        source=alert.source,
        at=alert.at,
        cameras=list(alert.cameras),
        confidence=alert.confidence,
        unseen_since=None if alert.unseen is None else alert.unseen.since,
        route=alert.route or None,
        message=alert.message,
        check=list(alert.check),
        history=[StepEdge(step.at, step.state, step.who, step.why) for step in alert.history],
        durable=shown.durable,
        **numbers,
    )


def calls_edge(shown: Sequence[Shown], names: Mapping[str, str]) -> CallsEdge:
    """`shown`, which are open and newest first, in short; `names` are the sites'."""
    alarms = sum(one.alert.level is Level.ALARM for one in shown)
    calling = [one for one in shown if one.alert.state in CALLS]
    gravest = sorted(calling, key=lambda one: one.alert.level is not Level.ALARM)[:GRAVEST]
    sites = {place for one in gravest if (place := one.alert.place) is not None}
    return CallsEdge(
        alarms=alarms,
        warnings=len(shown) - alarms,
        calling=len(calling),
        gravest=[alert_edge(one) for one in gravest],
        names={site: names[site] for site in sorted(sites) if site in names},
    )


def watch_edge(watch: Watch) -> WatchEdge:
    """A threshold and its standing as JSON."""
    one = watch.threshold
    return WatchEdge(
        zone=one.zone,
        quantity=one.quantity,
        level=one.level,
        threshold=one.limit,
        unit=one.about.unit,
        source=one.source,
        state=watch.state,
        value=told(watch.seen.value),
        low=told(watch.seen.low),
        high=told(watch.seen.high),
        why=watch.why,
    )
