"""PHASES.toml: how many cameras when, what they send, over which links, to which machines."""

import math
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from plainview.document.strict import convert
from plainview.document.toml import Document, KeyPath, read_document
from plainview.errors import ConfigError

GUIDE: Final = "docs/guide/city.md"
MEASURED_CODEC: Final = "h264"
MEASURED_PIXELS: Final = 1920 * 1080 * 30.0
"""Pixels a second up to which the benchmarks' costs are used."""

_Name = Annotated[str, Meta(min_length=1, max_length=100)]
_Hours = Annotated[float, Meta(gt=0, le=24 * 3660)]
_Days = Annotated[float, Meta(gt=0, le=3660)]
_Speed = Annotated[float, Meta(gt=0, le=1_000_000)]
_Share = Annotated[float, Meta(ge=0, le=1)]


class Headroom(Struct, frozen=True, forbid_unknown_fields=True):
    """What is left free on purpose."""

    utilisation: Annotated[float, Meta(ge=0.1, le=0.9)] = 0.7
    """Share of the cores that is planned full."""
    spare: Annotated[int, Meta(ge=0, le=10)] = 1
    """Machines in each place beyond what is needed there."""
    base_memory_gb: Annotated[float, Meta(ge=0.5, le=64)] = 2.0


class Machine(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of machine that the city buys."""

    cores: Annotated[int, Meta(ge=1, le=1024)]
    memory_gb: Annotated[float, Meta(ge=1, le=16_384)]
    disks: Annotated[int, Meta(ge=1, le=200)]
    """Places for disks."""
    disk_tb: Annotated[float, Meta(gt=0, le=200)]
    speed: Annotated[float, Meta(ge=0.2, le=5)] = 1.0
    """Of a core, beside one of the machine class of the figures."""
    price: Annotated[float, Meta(ge=0, le=1e9)] | None = None


class Machines(Struct, frozen=True, forbid_unknown_fields=True):
    """Both kinds."""

    site: Machine
    centre: Machine


class Links(Struct, frozen=True, forbid_unknown_fields=True):
    """Mbit/s that there are."""

    cameras: _Speed
    site: _Speed
    centre: _Speed
    cut_hours: _Hours = 6.0
    replay: Annotated[float, Meta(gt=0, le=10)] = 1.0
    """What was held back comes at this share of the live rate, beside it."""


class Kept(Struct, frozen=True, forbid_unknown_fields=True):
    """How long what is kept."""

    readings_hours: _Hours = 24.0
    minutes_days: _Days = 30.0
    hours_days: _Days = 400.0
    bus_hours: _Hours = 24.0
    recordings_hours: _Hours = 72.0


class Stream(Struct, frozen=True, forbid_unknown_fields=True):
    """A class of cameras."""

    name: _Name
    share: Annotated[float, Meta(gt=0, le=1)]
    resolution: tuple[
        Annotated[int, Meta(ge=160, le=16_384)], Annotated[int, Meta(ge=120, le=16_384)]
    ]
    frame_rate: Annotated[float, Meta(ge=1, le=120)]
    bitrate_mbit: Annotated[float, Meta(gt=0, le=200)]
    codec: Literal["h264", "h265", "mjpeg", "av1"] = "h264"
    decode: Literal["all", "reference-frames"] = "all"
    every: Annotated[float, Meta(ge=0.1, le=3600)] = 1.0
    recorded: _Share = 0.0
    cpu_ms: Annotated[float, Meta(gt=0, le=100_000)] | None = None
    """CPU ms for a second of video, as the city measured; instead of the figures' cost."""
    cpu_source: Annotated[str, Meta(max_length=200)] = ""

    @property
    def pixels(self) -> float:
        """Pixels a second."""
        return self.resolution[0] * self.resolution[1] * self.frame_rate


class Phase(Struct, frozen=True, forbid_unknown_fields=True):
    """All that stand at the end of a phase."""

    cameras: Annotated[int, Meta(ge=1, le=10_000_000)]
    sites: Annotated[int, Meta(ge=1, le=1_000_000)]
    """Places where lenses' machines stand; each has its link to the centre."""


class Phases(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    machines: Machines
    links: Links
    streams: Annotated[tuple[Stream, ...], Meta(min_length=1, max_length=100)]
    phases: Annotated[tuple[Phase, ...], Meta(min_length=1, max_length=100)]
    name: _Name = "city"
    currency: Annotated[str, Meta(max_length=10)] = ""
    headroom: Headroom = Headroom()
    retention: Kept = Kept()


def example() -> str:
    """The text of an example."""
    return (resources.files(__package__) / "example.toml").read_text(encoding="utf-8")


def load_phases(path: Path) -> Phases:
    """The phases in the TOML file at `path`.

    Raises ConfigError, one line, for an unknown key, a number out of range, shares that are not the
    whole, phases that shrink, a stream that no figure and no cost of the city's speaks of, and
    terms that contradict each other.
    """
    document = read_document(path)
    found = convert(document, document.data, Phases, (), guide=GUIDE)
    _check_streams(document, found)
    _check_phases(document, found)
    kept = found.retention
    if not kept.readings_hours / 24 <= kept.minutes_days <= kept.hours_days:
        raise _refusal(
            document,
            ("retention",),
            "what is coarser must be kept at least as long as what it is made from",
            "Make readings_hours <= minutes_days <= hours_days",
        )
    if kept.bus_hours < found.links.cut_hours:
        raise _refusal(
            document,
            ("retention", "bus_hours"),
            f"the bus keeps {kept.bus_hours:g} h, less than the cut of {found.links.cut_hours:g} h "
            "that must lose nothing",
            "Make bus_hours at least links.cut_hours",
        )
    return found


def _check_streams(document: Document, found: Phases) -> None:
    whole = math.fsum(stream.share for stream in found.streams)
    if abs(whole - 1) > 1e-6:
        raise _refusal(
            document,
            ("streams",),
            f"the shares of the streams add up to {whole:g}, not to 1",
            "Give each class its share of all cameras",
        )
    for k, stream in enumerate(found.streams):
        at: KeyPath = ("streams", k)
        if stream.cpu_ms is not None:
            if not stream.cpu_source:
                raise _refusal(
                    document,
                    (*at, "cpu_ms"),
                    "nothing says where this cost was measured",
                    "Add cpu_source = script, machine and date",
                )
        elif stream.codec != MEASURED_CODEC or stream.pixels > MEASURED_PIXELS:
            what = stream.codec if stream.codec != MEASURED_CODEC else "so large a stream"
            raise _refusal(
                document,
                at,
                f"no benchmark of Plainview measured {what}",
                "Measure it (bench/measure_cost.py) and give cpu_ms with cpu_source",
            )


def _check_phases(document: Document, found: Phases) -> None:
    before = 0
    for k, phase in enumerate(found.phases):
        if phase.cameras <= before:
            raise _refusal(
                document,
                ("phases", k, "cameras"),
                f"{phase.cameras:,} cameras after {before:,}: a phase has all that stand then",
                "Order the phases by their number of cameras",
            )
        if phase.sites > phase.cameras:
            raise _refusal(
                document,
                ("phases", k, "sites"),
                f"{phase.sites:,} sites for {phase.cameras:,} cameras: some would have none",
                "Give the places where lenses' machines stand",
            )
        before = phase.cameras


def _refusal(document: Document, at: KeyPath, what: str, mend: str) -> ConfigError:
    return ConfigError(what, where=document.where(at), mend=mend)
