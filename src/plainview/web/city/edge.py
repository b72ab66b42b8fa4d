"""JSON of the city: what `/api/v1/city` answers."""

from typing import Annotated

from msgspec import Meta, Struct

from plainview.alerts.kinds import AlertKind
from plainview.alerts.lifecycle import State
from plainview.alerts.thresholds import Level
from plainview.record import LensState
from plainview.web.city.conditions import Fault
from plainview.web.edge import CountPoint, Known, Seconds

People = Annotated[
    float | None,
    Meta(description="On the ground that is known; null: no camera can be believed."),
]
Faults = Annotated[
    dict[str, int],
    Meta(
        description="Cameras that cannot be believed, by reason; one with two reasons is in both."
    ),
]


class Crowd(Struct, frozen=True):
    """People now, never without the share of the ground and of the cameras that it is about."""

    count: People
    low: Annotated[float | None, Meta(description="Lower end of the 90 % interval.")]
    high: Annotated[float | None, Meta(description="Upper end of the 90 % interval.")]
    known: Known
    cameras: int
    believed: Annotated[int, Meta(description="Cameras that can be believed.")]


class Bounds(Struct, frozen=True):
    """What the total's interval would be if sites' errors had nothing, or everything, in common."""

    correlation: Annotated[
        float, Meta(description="Of two sites' errors, as low and high of the totals assume it.")
    ]
    low_independent: float | None
    high_independent: float | None
    low_together: float | None
    high_together: float | None


class OpenAlerts(Struct, frozen=True):
    """How many alerts are not over."""

    alarms: int
    warnings: int


class DistrictNow(Struct, frozen=True):
    """A district now."""

    name: str
    sites: int
    crowd: Crowd
    faults: Faults
    alerts: OpenAlerts


class HotSite(Struct, frozen=True):
    """A site with many people on its ground."""

    id: str
    name: str
    district: str
    count: float
    low: float
    high: float
    density: Annotated[float, Meta(description="People/m² of the ground that is known, its mean.")]
    known: Known


class UnhealthyCamera(Struct, frozen=True):
    """A camera whose numbers do not count."""

    id: str
    site: str
    site_name: str
    district: str
    faults: list[Fault]
    since: Annotated[float | None, Meta(description="UTC seconds; null: since the start.")]
    state: Annotated[
        LensState | None, Meta(description="Of its lens, as last heard; null: nothing was.")
    ]


class CityAlert(Struct, frozen=True):
    """An open alert in one line."""

    id: str
    site: Annotated[
        str | None, Meta(description="null: of no place, as a route or late deletion is.")
    ]
    site_name: str | None
    zone: str | None
    kind: AlertKind
    level: Level
    state: State
    raised_at: Seconds
    message: str


class Capacity(Struct, frozen=True):
    """How much of what there is, is used."""

    readings_per_second: Annotated[float | None, Meta(description="Stored lately.")]
    readings_expected: Annotated[
        float, Meta(description="Readings a second if every camera of the file measured.")
    ]
    lag: Annotated[
        float | None,
        Meta(
            description="Seconds from an interval's end until it is stored: the slowest batch "
            "of the last ten seconds, by its middle Reading; null: none came."
        ),
    ]
    bus_waiting: float | None
    bus_bound: float | None
    lenses: Annotated[dict[str, int], Meta(description="By state, as the fleet last said.")]
    unsealed: Annotated[int, Meta(description="Lenses that run without the kernel's seal.")]
    disk_used: int
    disk_bound: int
    disk_free: Annotated[int | None, Meta(description="null: the store cannot tell.")]
    oldest: Annotated[float | None, Meta(description="UTC seconds of the oldest Reading kept.")]


class CityNow(Struct, frozen=True):
    """The city at this moment. It is made anew once a second at most."""

    t: Seconds
    name: str
    simulated: Annotated[bool, Meta(description="A demonstration: these people do not exist.")]
    part: Annotated[
        bool,
        Meta(
            description="Whether the purpose covers a part of the sites only; then all of this is "
            "about that part, but for capacity."
        ),
    ]
    sites: int
    crowd: Crowd
    bounds: Bounds
    faults: Faults
    districts: list[DistrictNow]
    districts_left_out: int
    hottest: Annotated[list[HotSite], Meta(description="The densest first.")]
    unhealthy: Annotated[
        list[UnhealthyCamera], Meta(description="Those that have not been believed for longest.")
    ]
    alerts: OpenAlerts
    gravest_alerts: Annotated[
        list[CityAlert],
        Meta(
            description="Ten: what nobody has acknowledged first, of it alarms, of them the newest."
        ),
    ]
    capacity: Capacity
    minutes: Annotated[
        list[CountPoint],
        Meta(
            description="Means of minutes since the start, three hours at most; of the whole city."
        ),
    ]
