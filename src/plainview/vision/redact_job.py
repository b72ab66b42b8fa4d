"""What a released film is to be, and what became of it: plain values, without FFmpeg."""

from typing import Annotated

from msgspec import Meta, Struct

Rect = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels."""


class Key(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a region is at one moment, as a person drew it."""

    t: int
    """Microseconds UTC."""
    rect: Rect


class Job(Struct, frozen=True, forbid_unknown_fields=True):
    """What film is to be made of the messages that follow."""

    camera: Annotated[str, Meta(max_length=140)]
    text: Annotated[str, Meta(max_length=200)]
    """The watermark, in plain letters."""
    since: int
    """Microseconds UTC: pictures before it are decoded and not shown."""
    until: int
    """Not in it."""
    redacted: bool
    visible: Annotated[float, Meta(ge=0, le=1)]
    """Share of a picture that regions may show at most."""
    tracks: tuple[tuple[Key, ...], ...] = ()
    """Hand-drawn regions."""


class Told(Struct, frozen=True, forbid_unknown_fields=True):
    """What became of it."""

    frames: int
    first: int
    """Microseconds UTC of the first and the last picture; 0 where there is none."""
    last: int
    broken: int
    """Packets that could not be decoded whole."""
    sealed: bool
    missing: tuple[str, ...] = ()
