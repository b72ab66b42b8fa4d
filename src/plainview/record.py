"""Reading, Event and CameraStatus: all that may leave a camera (DESIGN.md sections 1 and 4).

A `Reading` is a closed record of bounded numbers and enumerations: no text, no bytes, no images.
One definition serves lens, bus, store and API; MessagePack on the wire, JSON at the edges.
Quantities are quantised to small integers, so that a typical Reading is about a hundred bytes.
"""

import enum
from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from plainview.errors import ReadingRefused

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


class Phase(enum.StrEnum):
    """Whether an event starts or ends."""

    START = "start"
    END = "end"


_Millis = Annotated[int, Meta(ge=0, le=10_000_000_000_000)]
_Place = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
_People = Annotated[int, Meta(ge=0, le=16_000_000)]
_Flux = Annotated[int, Meta(ge=0, le=6_400_000)]


class Event(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
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


_CELL_STRIDE = 5
_MAX_SKIP = 65_535
_MAX_DENSITY = 640
_MAX_VELOCITY = 1023
_MAX_VARIANCE = 65_535

_CellNumber = Annotated[int, Meta(ge=-_MAX_VELOCITY, le=_MAX_SKIP)]


class Reading(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
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
    coarse: Annotated[int, Meta(ge=1, le=64)]
    """Grid cells per side of one sent cell: 1 as configured, more when the scene was too full."""
    nx: Annotated[int, Meta(ge=1, le=4096)]
    """Sent cells per row (after coarsening)."""
    cells: Annotated[tuple[_CellNumber, ...], Meta(max_length=4096)]
    crossings: Annotated[tuple[tuple[_Flux, _Flux], ...], Meta(max_length=32)]
    """For each line of the camera, in its order: people forward and backward in the interval."""
    health: Annotated[tuple[Health, ...], Meta(max_length=7)]
    events: Annotated[tuple[Event, ...], Meta(max_length=32)]

    @property
    def healthy(self) -> bool:
        """Whether the numbers may be believed."""
        return not self.health


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


def decode(data: bytes | memoryview, *, limit: int = MAX_BYTES_PER_SECOND) -> Reading:
    """The Reading in `data`, strictly.

    Raises ReadingRefused for more than `limit` bytes, an unknown or missing field, a number out of
    range, text or bytes where numbers belong, and an interval that is not one (low > high).
    """
    if len(data) > limit:
        raise ReadingRefused(f"{len(data)} bytes, more than the {limit} that a Reading may have")
    try:
        reading = _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise ReadingRefused(f"not a Reading: {error}") from error
    if not reading.low <= reading.count <= reading.high:
        raise ReadingRefused("not a Reading: the count lies outside its own interval")
    if len(reading.cells) % _CELL_STRIDE:
        raise ReadingRefused("not a Reading: a ground cell is incomplete")
    return reading


def _quantise(value: float, step: float, low: int, high: int) -> int:
    return min(max(round(value / step), low), high)


def pack_cells(cells: Iterable[Cell], nx: int) -> tuple[int, ...]:
    """Quantise, drop the empty and flatten `cells` (row-major, unique) of rows `nx` long.

    Density is error-diffused along the order, so that the cells' sum keeps the people.
    """
    packed: list[int] = []
    last = -1
    carried = 0.0
    for cell in cells:
        wanted = cell.density + carried
        density = _quantise(wanted, DENSITY_STEP, 0, _MAX_DENSITY)
        carried = wanted - density * DENSITY_STEP
        if density == 0:
            continue
        index = cell.iy * nx + cell.ix
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
    flat = reading.cells
    cells = []
    index = -1
    for k in range(0, len(flat), _CELL_STRIDE):
        skip, density, vx, vy, variance = flat[k : k + _CELL_STRIDE]
        index += skip + 1
        iy, ix = divmod(index, reading.nx)
        cells.append(
            Cell(
                ix,
                iy,
                density * DENSITY_STEP,
                vx * VELOCITY_STEP,
                vy * VELOCITY_STEP,
                variance * VARIANCE_STEP,
            )
        )
    return cells


def fit(versions: Sequence[Reading], limit: int) -> bytes:
    """Encode the first of `versions` (finest first) that takes at most `limit` bytes.

    Raises ReadingRefused if none does.
    """
    for reading in versions:
        data = encode(reading)
        if len(data) <= limit:
            return data
    raise ReadingRefused(f"no version of this Reading fits in {limit} bytes")


class Stamped(Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A Reading with the camera it came from, as the bus carries it. The fleet adds the name."""

    camera: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
    reading: Reading
