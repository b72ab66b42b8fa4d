"""What the processes of a simulation are told, and say to the one that runs them: JSON lines."""

from typing import Literal

from msgspec import Struct

from plainview.store import Retention
from plainview.synth.city.shape import City

KEEPS = Retention(disk_bytes=10**12)
"""A simulation drops nothing: its count of what is stored is of all that was said, and a city of
60,000 says a gigabyte a minute."""
BIN = 0.005
"""Seconds of one bin of latencies."""


class Task(Struct, frozen=True):
    """What one process does."""

    role: Literal["speak", "store"]
    city: City
    bus: str
    store: str
    seconds: int
    leaf: str = ""
    """The bus of the sites behind a leaf; empty: there are none."""
    base: int = 0
    """UTC milliseconds of the beginning; 0: it is told later, on standard input."""


class Spoken(Struct, frozen=True, tag=True):
    """Counts so far of the process that speaks."""

    offered: int = 0
    """Readings."""
    offered_bytes: int = 0
    """Of their encodings."""
    statuses: int = 0
    held_back: int = 0
    """Times that the bus had no room, and the city waited."""
    seconds: int = 0
    """Whole seconds that every camera has spoken of."""
    late: float = 0.0
    """The most seconds by which the city spoke too late: more than a moment, and it was too large
    for this machine."""
    wire_bytes: int = 0
    """Of batches that a broker has."""
    waiting: int = 0
    """Messages that no broker has yet."""
    dropped: int = 0
    """Batches that a full site has let go of."""
    over: bool = False
    """Everything is said, and at a broker."""


class Kept(Struct, frozen=True, tag=True):
    """What was stored since the last line of this kind."""

    at: float
    """UTC seconds."""
    stored: int = 0
    duplicates: int = 0
    refused: dict[str, int] = {}
    """By reason."""
    latencies: dict[int, int] = {}
    """Readings by seconds from their time until they were durable, in bins of `BIN`."""
    newest: float = 0.0
    """UTC seconds: the time of the newest Reading; 0.0 where none was stored."""
    worst: float = 0.0
    """The largest of the latencies."""
    alerts: list[tuple[str, float]] = []
    """(what about, seconds from the Reading's time until the alert was durable)."""
    behind: int = 0
    """Messages that were taken and not stored, and batches that were not taken."""
    unsummed: int = 0
    """Minutes whose sums a crash took, and which are not made anew yet."""
    trouble: str = ""


class Ready(Struct, frozen=True, tag=True):
    """The process is waiting for the beginning."""


Line = Spoken | Kept | Ready
