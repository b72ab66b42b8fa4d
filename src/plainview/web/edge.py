"""JSON at the edge: what the API answers, as closed structs, and how Readings become it.

Numbers are SI, times UTC seconds. An interval's form is that of `plainview measure` (DESIGN.md
section 5). Nothing here can hold a picture or a person: only numbers, enumerations and the names
that the operator gave to sites, cameras, lines and zones.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from plainview.geometry import Point, View
from plainview.record import (
    COUNT_STEP,
    CROSSING_STEP,
    NOISE_STEP,
    PLACE_STEP,
    EventKind,
    Health,
    LensState,
    Phase,
    Reading,
    unpack_cells,
)

Seconds = Annotated[float, Meta(description="UTC, seconds since 1970-01-01T00:00:00Z.")]
People = Annotated[float, Meta(description="Number of people.")]
Known = Annotated[
    float,
    Meta(description="Share (0 to 1) of the covered ground that a believed camera measures."),
]
Cells = Annotated[
    list[tuple[int, int, float, float, float, float]],
    Meta(
        description="Non-empty ground cells: [ix, iy, people/m², vx m/s, vy m/s, speed variance "
        "m²/s²]. Cell (ix, iy) covers origin + cell * [ix, ix+1) x [iy, iy+1)."
    ),
]
Runs = Annotated[
    list[tuple[int, int]],
    Meta(description="Cells as [start, length] stretches of iy * nx + ix."),
]


class EventEdge(Struct, frozen=True):
    """Something that a camera saw happen in the scene. Identity-free."""

    kind: EventKind
    phase: Phase
    t: Seconds
    at: Annotated[Point, Meta(description="Ground metres.")]
    zone: Annotated[str | None, Meta(description="The zone's name.")]
    confidence: Annotated[float, Meta(description="0 to 1.")]


class GridEdge(Struct, frozen=True):
    """A ground grid."""

    origin: Annotated[Point, Meta(description="Metres: the corner of cell (0, 0).")]
    cell: Annotated[float, Meta(description="Side of a cell, metres.")]
    shape: Annotated[tuple[int, int], Meta(description="[nx, ny]")]


class ReadingEdge(Struct, frozen=True):
    """What one camera measured in one interval."""

    t: Annotated[float, Meta(description="UTC seconds of the interval's end.")]
    span: Annotated[float, Meta(description="Length of the interval, seconds.")]
    count: People
    low: Annotated[float, Meta(description="Lower end of the count's 90 % interval.")]
    high: Annotated[float, Meta(description="Upper end of the count's 90 % interval.")]
    grid: Annotated[
        GridEdge,
        Meta(description="Of `cells`. Coarser than configured when the scene was too full."),
    ]
    cells: Cells
    crossings: Annotated[
        dict[str, tuple[float, float]],
        Meta(description="People over each line in the interval: [forward, backward]."),
    ]
    health: Annotated[
        list[Health],
        Meta(description="Not empty: the numbers may not be believed, nor read as 'no people'."),
    ]
    events: list[EventEdge]
    noise: Annotated[float, Meta(description="Noise floor of a velocity component, m/s.")]
    frames: Annotated[int, Meta(description="Frames analysed in the interval.")]
    dropped: Annotated[int, Meta(description="Packets too late or broken to be decoded.")]


class CameraEdge(Struct, frozen=True):
    """How one camera is doing, and what it last measured."""

    id: str
    name: str
    believed: Annotated[
        bool, Meta(description="Whether its numbers count at this moment: healthy and fresh.")
    ]
    health: Annotated[list[Health], Meta(description="Flags of its last Reading.")]
    stale: Annotated[
        bool, Meta(description="No Reading for three intervals (at least 5 s), or none ever.")
    ]
    measured: Annotated[float | None, Meta(description="UTC seconds of its last Reading.")]
    count: float | None
    low: float | None
    high: float | None
    sealed: Annotated[
        bool | None,
        Meta(description="Whether its lens is walled off by the kernel; null while none runs."),
    ]
    connected: bool | None
    state: LensState | None
    restarts: int
    reconnects: int
    late: Annotated[int, Meta(description="Packets dropped as late.")]
    refused: Annotated[int, Meta(description="Messages of its lens that were not a Reading.")]
    readings_per_second: float
    plate: Annotated[str, Meta(description="none, learning, learned or approved.")]
    note: Annotated[str, Meta(description="For the operator: what is wrong and how to mend it.")]


class LineEdge(Struct, frozen=True):
    """A line on the ground. Forward is to the left of one who walks from `start` to `end`."""

    name: str
    start: Point
    end: Point


class ZoneEdge(Struct, frozen=True):
    """A named part of the ground."""

    name: str
    kind: str
    polygon: list[Point]


class CameraPlace(Struct, frozen=True):
    """Where a camera stands and what it measures. Fixed while Plainview runs."""

    id: str
    name: str
    at: Annotated[Point, Meta(description="Ground metres under the camera.")]
    height: Annotated[float, Meta(description="Metres above the ground.")]
    wedge: Annotated[
        list[Point],
        Meta(description="Far left and far right of its picture on the ground; may be empty."),
    ]
    area: Annotated[list[Point], Meta(description="Polygon that it measures, ground metres.")]
    every: Annotated[float, Meta(description="Seconds of one interval.")]
    grid: GridEdge
    lines: list[LineEdge]
    zones: list[ZoneEdge]


class SiteNow(Struct, frozen=True):
    """One line about a site, for a list of sites."""

    id: str
    name: str
    simulated: Annotated[bool, Meta(description="A demonstration: these people do not exist.")]
    longitude: float
    latitude: float
    footprint: Annotated[
        list[list[Point]], Meta(description="Measured areas as [longitude, latitude] rings.")
    ]
    count: Annotated[float | None, Meta(description="null: no camera can be believed.")]
    low: float | None
    high: float | None
    known: Known
    measured: Annotated[float | None, Meta(description="UTC seconds of the newest used Reading.")]
    cameras: int
    believed: Annotated[int, Meta(description="Cameras that can be believed.")]
    unsealed: Annotated[int, Meta(description="Cameras whose lens is known not to be sealed.")]
    health: Annotated[list[Health], Meta(description="Every flag that a camera raises.")]


class SitePlace(Struct, frozen=True):
    """A site's fixed geometry."""

    id: str
    name: str
    simulated: bool
    longitude: float
    latitude: float
    bearing: Annotated[float, Meta(description="Of the y axis, degrees clockwise from true north.")]
    grid: GridEdge
    areas: Annotated[list[list[Point]], Meta(description="Polygons in ground metres.")]
    inside: Annotated[Runs, Meta(description="Cells that belong to the site.")]
    uncovered: Annotated[Runs, Meta(description="Cells of the site that no camera can see.")]
    zones: Annotated[
        list[ZoneEdge], Meta(description="Those of the site itself; cameras have their own.")
    ]
    cameras: list[CameraPlace]


class SiteField(Struct, frozen=True):
    """A site at this moment: its count, its ground and its cameras."""

    t: Annotated[float, Meta(description="UTC seconds at which this was put together.")]
    measured: Annotated[float | None, Meta(description="UTC seconds of the newest used Reading.")]
    count: Annotated[
        float | None,
        Meta(description="People on the known part of the ground; null: nothing is known."),
    ]
    low: float | None
    high: float | None
    known: Known
    cells: Cells
    unknown: Annotated[
        Runs, Meta(description="Covered ground that no believed camera measures. Never empty.")
    ]
    cameras: list[CameraEdge]


class CountPoint(Struct, frozen=True, array_like=True):
    """[t, count, low, high, known]: the site's count at t; nulls where nothing was known."""

    t: float
    count: float | None
    low: float | None
    high: float | None
    known: float


class CountSeries(Struct, frozen=True):
    """A site's count over time."""

    since: float
    until: float
    step: Annotated[float, Meta(description="Seconds between points.")]
    points: Annotated[
        list[CountPoint],
        Meta(description="[t, count, low, high, known]; count, low and high null: not known."),
    ]


class CountNow(Struct, frozen=True):
    """A site's count with its interval; nulls where nothing is known."""

    count: float | None
    low: float | None
    high: float | None


class UsualCount(Struct, frozen=True):
    """What the count of a whole hour was on other days."""

    median: float
    low: Annotated[float, Meta(description="Lower quartile.")]
    high: Annotated[float, Meta(description="Upper quartile.")]
    days: Annotated[int, Meta(description="Days that it is made of.")]


class UsualEdge(Struct, frozen=True):
    """A site's count now beside what is usual at this hour of the week."""

    hour_of_week: str
    now: CountNow
    usual: UsualCount | None
    why: Annotated[str | None, Meta(description="Why there is no usual, or what it is made of.")]


class LineCrossings(Struct, frozen=True):
    """People over one line of the site."""

    line: str
    start: Point
    end: Point
    cameras: Annotated[
        list[str],
        Meta(description="Those that measure it; their mean is told where there are several."),
    ]
    forward: Annotated[float, Meta(description="In the whole range.")]
    backward: float
    last_forward: Annotated[float, Meta(description="In the last minute of the range.")]
    last_backward: float
    unhealthy: Annotated[
        float,
        Meta(description="Seconds of the range that were not measured: the totals are too low."),
    ]


class RollUpEdge(Struct, frozen=True):
    """One camera's minute or hour. Unhealthy intervals are counted, never averaged in."""

    t: Annotated[float, Meta(description="UTC seconds of its start.")]
    readings: Annotated[int, Meta(description="Healthy Readings that went in.")]
    unhealthy: int
    mean: float | None
    low: float | None
    high: float | None
    peak: float | None
    crossings: dict[str, tuple[float, float]]
    health: list[Health]


class DiskEdge(Struct, frozen=True):
    """The store's size."""

    used: Annotated[int, Meta(description="Bytes.")]
    bound: Annotated[int, Meta(description="Bytes that it may use at most.")]
    free: Annotated[
        int | None,
        Meta(description="Free bytes of its file system; null: a database server does not tell."),
    ]
    oldest: Annotated[float | None, Meta(description="UTC seconds of the oldest Reading.")]


Role = Literal["all", "site", "centre"]
"""What of a city runs in this process: `role` of CITY.toml."""
Part = Literal["bus", "store", "permits", "alerts", "recordings", "files", "orders"]
"""What can be in trouble as a whole, rather than a camera or a route."""


class Trouble(Struct, frozen=True):
    """A part of this Plainview that does not do its work now."""

    part: Part
    why: Annotated[str, Meta(description="As the log says it.")]


class SystemEdge(Struct, frozen=True):
    """What the whole of this Plainview is doing."""

    version: str
    t: Seconds
    readings_per_second: float
    disk: Annotated[DiskEdge | None, Meta(description="null: the store cannot be asked now.")]
    stats: Annotated[dict[str, float], Meta(description="Counters of bus and intake, by name.")]
    role: Annotated[
        Role,
        Meta(description="site: what is measured is stored at the centre; centre: nothing runs."),
    ]


def named_crossings(
    view: View, crossings: tuple[tuple[float, float], ...], step: float
) -> dict[str, tuple[float, float]]:
    """`crossings` in units of `step` people, by the name of the view's line."""
    return {
        line.name: (round(forward * step, 3), round(backward * step, 3))
        for line, (forward, backward) in zip(view.lines, crossings, strict=False)
    }


def reading_edge(reading: Reading, view: View) -> ReadingEdge:
    """`reading` of the camera that has `view`, in SI units and with names."""
    grid = view.grid()
    side = grid.cell * reading.coarse
    zones: Mapping[int, str] = {k: zone.name for k, zone in enumerate(view.zones)}
    return ReadingEdge(
        t=reading.t / 1000,
        span=reading.span / 1000,
        count=reading.count * COUNT_STEP,
        low=reading.low * COUNT_STEP,
        high=reading.high * COUNT_STEP,
        grid=GridEdge(grid.origin, side, (reading.nx, -(-grid.shape[1] // reading.coarse))),
        cells=[
            (c.ix, c.iy, c.density, c.vx, c.vy, round(c.variance, 4)) for c in unpack_cells(reading)
        ],
        crossings=named_crossings(view, reading.crossings, CROSSING_STEP),
        health=list(reading.health),
        events=[
            EventEdge(
                kind=event.kind,
                phase=event.phase,
                t=event.t / 1000,
                at=(round(event.x * PLACE_STEP, 1), round(event.y * PLACE_STEP, 1)),
                zone=zones.get(event.zone),
                confidence=event.confidence / 100,
            )
            for event in reading.events
        ],
        noise=round(reading.noise * NOISE_STEP, 4),
        frames=reading.frames,
        dropped=reading.dropped,
    )
