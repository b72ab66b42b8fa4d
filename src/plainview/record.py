"""Reading, Event and CameraStatus: all that may leave a camera (DESIGN.md sections 1 and 4).

A `Reading` is a closed record of bounded numbers and enumerations: no text, no bytes, no images.
One definition serves lens, bus, store and API; MessagePack on the wire, JSON at the edges.
Quantities are quantised to small integers, so that a typical Reading is about a hundred bytes.
"""

import enum
import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Annotated, Any, Final, NamedTuple, Protocol

import msgspec
import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from plainview.errors import UNDECODED, ReadingRefused

MAX_BYTES_PER_SECOND = 4096
"""Bound on what one camera may say in one second, encoded (DESIGN.md section 1)."""

DENSITY_STEP = 1 / 16
"""people/m² per unit of a cell's density."""
VELOCITY_STEP = 1 / 16
"""m/s per unit of a cell's velocity components."""
VARIANCE_STEP = 1 / 64
"""m²/s² per unit of a cell's speed variance."""
COUNT_STEP = 1 / 16
"""People per unit of count, low and high."""
CROSSING_STEP = 1 / 64
"""People per unit of a line's flux in one interval."""
NOISE_STEP = 1 / 256
"""m/s per unit of the flow's noise floor."""
PLACE_STEP = 1 / 10
"""Metres per unit of an event's place."""


class Health(enum.StrEnum):
    """What keeps a camera from being believed. None of these reads as an empty scene."""

    BLIND = "blind"
    MOVED = "moved"
    BLURRED = "blurred"
    DARK = "dark"
    FROZEN = "frozen"
    LATE = "late"
    LOST = "lost"


class EventKind(enum.StrEnum):
    """The eight kinds of French law 2023-380, article 10."""

    DENSITY = "density"
    CROWD_MOVEMENT = "crowd-movement"
    ZONE_INTRUSION = "zone-intrusion"
    WRONG_WAY = "wrong-way"
    LEFT_OBJECT = "left-object"
    PERSON_DOWN = "person-down"
    FIRE = "fire"
    WEAPON = "weapon"


BY_THRESHOLDS: Final = (EventKind.DENSITY, EventKind.CROWD_MOVEMENT)
"""Kinds that thresholds tell of what all cameras of a site measure: no camera looks for them."""


class EventStanding(enum.StrEnum):
    """What a camera's events of one kind are good for, as its scorecard says."""

    VALIDATED = "validated"
    """Measured at this camera and good enough: it calls people."""
    EXPERIMENTAL = "experimental"
    """Not measured, or not good enough: kept and shown, and calls nobody."""
    OFF = "off"
    """Not looked for, and not kept should one come."""


class Phase(enum.StrEnum):
    """Whether an event starts or ends."""

    START = "start"
    END = "end"


_Millis = Annotated[int, Meta(ge=0, le=10_000_000_000_000)]
_Place = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
_People = Annotated[int, Meta(ge=0, le=16_000_000)]
_Flux = Annotated[int, Meta(ge=0, le=6_400_000)]


class Event(Struct, frozen=True, forbid_unknown_fields=True, array_like=True, gc=False):
    """Something that the lens saw happen in the scene. Identity-free."""

    kind: EventKind
    phase: Phase
    t: _Millis
    """UTC milliseconds."""
    x: _Place
    """Ground x in units of `PLACE_STEP` metres."""
    y: _Place
    zone: Annotated[int, Meta(ge=-1, le=254)]
    """Index into the camera's zones; -1 for none."""
    confidence: Annotated[int, Meta(ge=0, le=100)]
    """Percent."""


class Cell(NamedTuple):
    """One non-empty ground cell, in SI units."""

    ix: int
    iy: int
    density: float
    """people/m²"""
    vx: float
    """m/s"""
    vy: float
    """m/s"""
    variance: float
    """Variance of speed within the cell, m²/s²."""


MAX_PACKED_CELLS = 819
"""Most cells of one Reading: 4,096 numbers, five for each cell."""

_CELL_STRIDE = 5
_CELL_STEPS = np.array((DENSITY_STEP, VELOCITY_STEP, VELOCITY_STEP, VARIANCE_STEP))
_MAX_SKIP = 200_000
"""Also the bound on a sent cell's place: no ground grid has more cells (geometry.MAX_CELLS)."""
_MAX_DENSITY = 640
_MAX_VELOCITY = 1023
_MAX_VARIANCE = 65_535
_MAX_ROW = 4096
_MAX_COARSE = 4096

_CellNumber = Annotated[int, Meta(ge=-_MAX_VELOCITY, le=_MAX_SKIP)]


class Reading(Struct, frozen=True, forbid_unknown_fields=True, array_like=True, gc=False):
    """What one camera measured in one interval.

    `cells` is flat: for each non-empty cell of the grid, in row-major order (iy, then ix), five
    integers: cells skipped since the last one, density, vx, vy, variance, in the units of the
    `*_STEP` constants. Use `pack_cells` and `unpack_cells`.
    """

    t: _Millis
    """End of the interval, UTC milliseconds (for `measure`: milliseconds from the clip's start)."""
    span: Annotated[int, Meta(ge=1, le=3_600_000)]
    """Length of the interval, milliseconds."""
    frames: Annotated[int, Meta(ge=0, le=1_000_000)]
    """Frames analysed in the interval."""
    dropped: Annotated[int, Meta(ge=0, le=1_000_000)]
    """Packets that came too late or broken and were not decoded."""
    count: _People
    low: _People
    """Lower end of the 90 % interval on the count."""
    high: _People
    noise: Annotated[int, Meta(ge=0, le=65_535)]
    """Noise floor of a cell's velocity component, in `NOISE_STEP`."""
    coarse: Annotated[int, Meta(ge=1, le=_MAX_COARSE)]
    """Grid cells per side of one sent cell: 1 as configured, more when the scene was too full."""
    nx: Annotated[int, Meta(ge=1, le=_MAX_ROW)]
    """Sent cells per row (after coarsening)."""
    cells: Annotated[tuple[_CellNumber, ...], Meta(max_length=4096)]
    crossings: Annotated[tuple[tuple[_Flux, _Flux], ...], Meta(max_length=32)]
    """For each line of the camera, in its order: people forward and backward in the interval."""
    health: Annotated[tuple[Health, ...], Meta(max_length=7)]
    events: Annotated[tuple[Event, ...], Meta(max_length=32)]

    @property
    def healthy(self) -> bool:
        """Whether the numbers may be believed: the camera is well, and a picture was measured."""
        return not self.health and self.frames > 0


class LensState(enum.StrEnum):
    """Where a camera's pipeline stands."""

    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    STOPPED = "stopped"
    ENDED = "ended"


class CameraStatus(Struct, frozen=True, forbid_unknown_fields=True):
    """What the fleet knows of a camera's pipeline. Never made by a lens."""

    t: _Millis
    state: LensState
    sealed: bool
    connected: bool
    restarts: Annotated[int, Meta(ge=0)]
    """Lens restarts since the fleet started."""
    reconnects: Annotated[int, Meta(ge=0)]
    late: Annotated[int, Meta(ge=0)]
    """Packets dropped as late, since the fleet started."""
    refused: Annotated[int, Meta(ge=0)]
    """Messages of the lens that were not a Reading, or too large."""
    plate: Annotated[str, Meta(max_length=16)] = "none"
    """none, learning, learned or approved."""
    note: Annotated[str, Meta(max_length=200)] = ""
    """For the operator: why it is not running, and how to mend it. Never holds credentials."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Reading)


def encode(reading: Reading) -> bytes:
    """MessagePack bytes of `reading`. Does not check the byte bound: see `fit`."""
    return _encoder.encode(reading)


def decode(
    data: bytes | memoryview,
    *,
    limit: int = MAX_BYTES_PER_SECOND,
    shape: tuple[int, int] | None = None,
) -> Reading:
    """The Reading in `data`, strictly: there is exactly one encoding of each Reading.

    `shape` is the camera's grid (nx, ny) before coarsening; whoever knows it gives it, so that a
    cell outside of the grid is refused. Raises ReadingRefused for more than `limit` bytes, an
    unknown or missing field, a number out of range, text or bytes where numbers belong, an interval
    that is not one (low > high), cells outside of any grid, and bytes that say the same in another
    way than `encode` would.
    """
    if len(data) > limit:
        raise ReadingRefused(f"{len(data)} bytes, more than the {limit} that a Reading may have")
    try:
        reading = _decoder.decode(data)
    except UNDECODED as error:
        raise ReadingRefused(f"not a Reading: {error}") from error
    # A second way to say the same would be room for something that is not a measurement.
    if _encoder.encode(reading) != data:
        raise ReadingRefused("not a Reading: not encoded in the one way that a Reading is")
    check(reading, shape=shape)
    return reading


def decoded_before(data: bytes) -> Reading:
    """The Reading in `data`, which `decode` or `readings.read` has accepted before."""
    return _decoder.decode(data)


def check(reading: Reading, *, shape: tuple[int, int] | None = None) -> None:
    """Raise ReadingRefused if fields that are each in range contradict each other.

    `shape` as in `decode`. Without it a cell's place is bounded by the largest grid there can be.
    """
    if not reading.low <= reading.count <= reading.high:
        raise ReadingRefused("not a Reading: the count lies outside its own interval")
    if len(set(reading.health)) != len(reading.health):
        raise ReadingRefused("not a Reading: a health flag is there twice")
    room = _MAX_SKIP
    if shape is not None:
        nx, ny = coarse_shape(shape, reading.coarse)
        if reading.nx != nx:
            raise ReadingRefused(f"not of this camera: rows of {reading.nx} cells, not {nx}")
        room = nx * ny
    if reading.cells:
        _check_cells(reading.cells, room)


def _check_cells(flat: tuple[int, ...], room: int) -> None:
    if len(flat) % _CELL_STRIDE:
        raise ReadingRefused("not a Reading: a ground cell is incomplete")
    skips, densities, variances = flat[0::5], flat[1::5], flat[4::5]
    if min(skips) < 0 or sum(skips) + len(skips) > room:
        raise ReadingRefused("not a Reading: a ground cell lies outside the grid")
    if min(densities) < 1 or max(densities) > _MAX_DENSITY:
        raise ReadingRefused("not a Reading: a cell's density is out of range")
    if max(*flat[2::5], *flat[3::5]) > _MAX_VELOCITY:
        raise ReadingRefused("not a Reading: a cell's velocity is out of range")
    if min(variances) < 0 or max(variances) > _MAX_VARIANCE:
        raise ReadingRefused("not a Reading: a cell's variance is out of range")


def _quantise(value: float, step: float, low: int, high: int) -> int:
    return min(max(round(value / step), low), high)


def pack_cells(cells: Iterable[Cell], nx: int) -> tuple[int, ...]:
    """Quantise, drop the empty and flatten `cells` (row-major, unique) of rows `nx` long.

    Density is error-diffused along the order, so that the cells' sum keeps the people to within
    half a step in one cell (unless cells are fuller than the 40 people/m² that can be said).
    Raises ValueError for cells that are out of order, outside their row, or not finite.
    """
    packed: list[int] = []
    last = before = -1
    carried = 0.0
    for cell in cells:
        index = cell.iy * nx + cell.ix
        if not 0 <= cell.ix < nx or index <= before:
            message = f"cell ({cell.ix}, {cell.iy}) is out of order or outside rows of {nx}"
            raise ValueError(message)
        if not math.isfinite(cell.density + cell.vx + cell.vy + cell.variance):
            message = f"cell ({cell.ix}, {cell.iy}) is not finite"
            raise ValueError(message)
        before = index
        wanted = cell.density + carried
        density = _quantise(wanted, DENSITY_STEP, 0, _MAX_DENSITY)
        carried = wanted - density * DENSITY_STEP
        if density == 0:
            continue
        packed += (
            index - last - 1,
            density,
            _quantise(cell.vx, VELOCITY_STEP, -_MAX_VELOCITY, _MAX_VELOCITY),
            _quantise(cell.vy, VELOCITY_STEP, -_MAX_VELOCITY, _MAX_VELOCITY),
            _quantise(cell.variance, VARIANCE_STEP, 0, _MAX_VARIANCE),
        )
        last = index
    return tuple(packed)


def unpack_cells(reading: Reading) -> list[Cell]:
    """The cells of `reading` in SI units, on the sent grid (see `Reading.coarse`)."""
    return [Cell(int(ix), int(iy), *rest) for ix, iy, *rest in cell_table(reading).tolist()]


def cell_table(reading: Reading) -> NDArray[np.float64]:
    """(n, 6) what `unpack_cells` says, a row for each cell: ix, iy, density, vx, vy, variance."""
    flat = np.array(reading.cells, np.int64).reshape(-1, _CELL_STRIDE)
    places = np.cumsum(flat[:, 0] + 1) - 1
    return np.column_stack((places % reading.nx, places // reading.nx, flat[:, 1:] * _CELL_STEPS))


def coarse_shape(shape: tuple[int, int], factor: int) -> tuple[int, int]:
    """(nx, ny) of a grid of `shape` whose cells are joined `factor` by `factor`."""
    return -(-shape[0] // factor), -(-shape[1] // factor)


def coarsen(cells: Iterable[Cell], shape: tuple[int, int], factor: int) -> list[Cell]:
    """`cells` of a grid of `shape` (nx, ny), joined `factor` by `factor`, row-major.

    A joined cell's density is its people over the whole joined square (also where that reaches past
    the grid), so people are conserved: sum of density times the sent cell's area. Velocity is
    weighted by density. Variance is pooled: the mean of the variances within the cells and the
    variance of speed between them (law of total variance, weighted by density).
    Raises ValueError for a cell outside of `shape`.
    """
    rows = np.fromiter(chain.from_iterable(cells), np.float64).reshape(-1, 6)
    outside = np.any((rows[:, :2] < 0) | (rows[:, :2] >= shape), axis=1)
    if np.any(outside):
        ix, iy = rows[outside][0, :2].astype(int)
        message = f"cell ({ix}, {iy}) is outside the grid of {shape[0]} x {shape[1]}"
        raise ValueError(message)
    places = rows[:, :2].astype(np.int64) // factor
    nx, _ = coarse_shape(shape, factor)
    at, inverse = np.unique(places[:, 1] * nx + places[:, 0], return_inverse=True)
    d, vx, vy, variance = rows[:, 2:].T
    speed = np.hypot(vx, vy)
    terms = (d, d * vx, d * vy, d * variance, d * speed, d * speed * speed)
    sums = np.array([np.bincount(inverse, term, len(at)) for term in terms])
    some = sums[0] > 0
    d, vx, vy, variance, speed, squared = sums[:, some]
    between = np.maximum(squared / d - (speed / d) ** 2, 0.0)
    variance = np.maximum(variance / d, 0.0) + between
    columns = np.column_stack((d / factor**2, vx / d, vy / d, variance))
    return [
        Cell(int(k % nx), int(k // nx), *row)
        for k, row in zip(at[some], columns.tolist(), strict=True)
    ]


def fit(versions: Iterable[Reading], limit: int) -> bytes:
    """Encode the first of `versions` (finest first) that takes at most `limit` bytes.

    Versions that have too many cells for a Reading, or rows too long, are passed over.
    Raises ReadingRefused if none does.
    """
    for reading in versions:
        if len(reading.cells) > MAX_PACKED_CELLS * _CELL_STRIDE or reading.nx > _MAX_ROW:
            continue
        data = encode(reading)
        if len(data) <= limit:
            return data
    raise ReadingRefused(f"no version of this Reading fits in {limit} bytes")


def fit_cells(
    bare: Reading,
    cells: Sequence[Cell],
    shape: tuple[int, int],
    limit: int = MAX_BYTES_PER_SECOND,
) -> bytes:
    """`bare` (a Reading without cells) with `cells` of a grid of `shape`, encoded within `limit`.

    The finest of 1, 2, 4, ... 4,096 grid cells per side that fits is sent, and says so in `coarse`.
    Raises ReadingRefused if not even the coarsest fits, ValueError as `pack_cells` and `coarsen`.
    """

    def versions() -> Iterable[Reading]:
        factor = 1
        while factor <= _MAX_COARSE:
            nx, _ = coarse_shape(shape, factor)
            joined = cells if factor == 1 else coarsen(cells, shape, factor)
            yield msgspec.structs.replace(bare, coarse=factor, nx=nx, cells=pack_cells(joined, nx))
            factor *= 2

    return fit(versions(), limit)


class GridShape(Protocol):
    """What JSON needs of a ground grid (see geometry.Grid)."""

    @property
    def shape(self) -> tuple[int, int]:
        """(nx, ny)."""
        ...


def _fine_cells(
    reading: Reading, shape: tuple[int, int], inside: NDArray[np.bool_] | None
) -> list[list[float]]:
    """Rows `[ix, iy, density, vx, vy, variance]` on the grid as configured, people conserved."""
    k = reading.coarse
    rows: list[list[float]] = []
    for cell in unpack_cells(reading):
        numbers = [round(v, 6) for v in (cell.vx, cell.vy, cell.variance)]
        if k == 1:
            rows.append([cell.ix, cell.iy, round(cell.density, 6), *numbers])
            continue
        places = [
            (ix, iy)
            for iy in range(cell.iy * k, min((cell.iy + 1) * k, shape[1]))
            for ix in range(cell.ix * k, min((cell.ix + 1) * k, shape[0]))
        ]
        # A cell that holds people but no measured ground can only come of another area: keep them.
        kept = [at for at in places if inside is None or inside[at[1], at[0]]] or places
        if kept:
            density = round(cell.density * k * k / len(kept), 6)
            rows.extend([ix, iy, density, *numbers] for ix, iy in kept)
    rows.sort(key=lambda row: (row[1], row[0]))
    return rows


def _name(names: Sequence[str], index: int) -> str:
    return names[index] if index < len(names) else f"#{index + 1}"


def interval_json(
    reading: Reading,
    grid: GridShape,
    line_names: Sequence[str],
    zone_names: Sequence[str],
    start_ms: int = 0,
    *,
    inside: NDArray[np.bool_] | None = None,
) -> dict[str, Any]:
    """`reading` as one line of `plainview measure` (DESIGN.md section 5), in SI units.

    `t` is seconds since `start_ms`. A coarse Reading is spread over the cells of `grid` that are
    `inside` (ny, nx) the area, all of them when None, so that the sum of density times cell area
    is still its people; it then carries `"coarse": k`. A line or zone without a name (the Reading
    was made under another configuration) is called by its number: `#1`.
    """
    line: dict[str, Any] = {
        "t": (reading.t - start_ms) / 1000,
        "count": reading.count * COUNT_STEP,
        "low": reading.low * COUNT_STEP,
        "high": reading.high * COUNT_STEP,
        "cells": _fine_cells(reading, grid.shape, inside),
        "crossings": {
            _name(line_names, k): [forward * CROSSING_STEP, backward * CROSSING_STEP]
            for k, (forward, backward) in enumerate(reading.crossings)
        },
        "health": [flag.value for flag in _health(reading)],
        "events": [
            {
                "kind": event.kind.value,
                "phase": event.phase.value,
                "t": (event.t - start_ms) / 1000,
                "at": [round(event.x * PLACE_STEP, 1), round(event.y * PLACE_STEP, 1)],
                "zone": None if event.zone < 0 else _name(zone_names, event.zone),
                "confidence": event.confidence / 100,
            }
            for event in reading.events
        ],
    }
    if reading.coarse > 1:
        line["coarse"] = reading.coarse
    return line


def _health(reading: Reading) -> tuple[Health, ...]:
    """What is wrong with `reading`: a line does not say of how many frames it is.

    Of an interval without any nobody may read that nobody was there.
    """
    return reading.health if reading.frames or reading.health else (Health.LOST,)


class Stamped(Struct, frozen=True, forbid_unknown_fields=True, array_like=True, gc=False):
    """A Reading with the camera it came from, as the bus carries it. The fleet adds the name."""

    camera: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
    reading: Reading
    fence: Annotated[int, Meta(ge=0, le=1 << 53)] = 0
    """The token of the lens's placement (`Store.next_fence`): a camera's Reading under a lower one
    than was seen before comes from a lens that should be gone, and is refused. 0: one machine."""
    data: bytes = b""
    """The Reading's one encoding, where it was strictly decoded from it; empty: not at hand."""
