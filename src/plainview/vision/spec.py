"""What a lens is told before it is sealed. Frozen, serialisable; nothing heavy is imported here."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from plainview.geometry import View


class LensSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """One lens's whole task. Measurements go up; nothing else ever comes down."""

    view: View
    every: Annotated[float, Meta(ge=0.1, le=3600)] = 1.0
    """Seconds of one interval (one Reading)."""
    rate: Annotated[float, Meta(gt=0, le=60)] = 5.0
    """Frames analysed per second, at most."""
    decode: Literal["all", "reference-frames"] = "all"
    """Whether frames that no other frame refers to are decoded."""
    live: bool = True
    """Whether `t` in Readings is UTC (live) or time from the clip's start (measure)."""
    address_space: int = 1_500_000_000
    """RLIMIT_AS of the lens, bytes."""
