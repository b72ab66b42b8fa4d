"""What a lens is told before it is sealed. Frozen, serialisable; nothing heavy is imported here."""

import enum
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from plainview.geometry import View
from plainview.record import EventKind


class NetworkState(enum.StrEnum):
    """How a lens found a network of the site's own: all that it says of it."""

    READY = "ready"
    ABSENT = "absent"
    TOO_LARGE = "too-large"
    OTHER = "other"
    UNREADABLE = "unreadable"
    MISSHAPEN = "misshapen"
    NO_NUMBERS = "no-numbers"
    SLOW = "slow"
    STOPPED = "stopped"


NETWORK_FAULTS: Final[dict[NetworkState, tuple[str, str]]] = {
    NetworkState.ABSENT: ("its file cannot be read", "Check path and who may read it"),
    NetworkState.TOO_LARGE: ("its file is larger than 64 MiB", "Supply a smaller network"),
    NetworkState.OTHER: (
        "its file is not the one of sha256",
        "Put the assessed file back, or assess the new one and write its sha256",
    ),
    NetworkState.UNREADABLE: (
        "it is no ONNX network that can be run here",
        "Export it as one ONNX file of standard operators, weights inside",
    ),
    NetworkState.MISSHAPEN: (
        "it does not take 1 x 3 x height x width, or give n x 6",
        "See docs/guide/detectors.md for the shapes, and check size",
    ),
    NetworkState.NO_NUMBERS: ("it answers with what is no number", "Export it anew"),
    NetworkState.SLOW: ("it takes more than two seconds a picture", "Supply a smaller network"),
    NetworkState.STOPPED: (
        "it answered wrongly or too slowly to a later picture",
        "Ask its maker, or supply another",
    ),
}
"""What is wrong, and how to mend it."""


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
    events: Annotated[tuple[EventKind, ...], Meta(max_length=8)] = ()
    """The kinds of event that are looked for."""
    picture: bool = False
    """Live: whether the redacted view is drawn, and its plate learned."""
    address_space: int = 1_500_000_000
    """RLIMIT_AS of the lens, bytes."""


class TapSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """One tap's whole task. `source` may hold credentials: it is never logged or shown."""

    source: Annotated[str, Meta(min_length=1, max_length=2048)]
    """A file's path, an rtsp://, rtsps://, http:// or https:// address, or a V4L2 device."""
    live: bool = True
    """Live: keep the clock, drop late packets, reconnect. Otherwise (a clip): as fast as the lens
    takes it, nothing dropped, end at the end."""
    loop: bool = False
    """Live, and the source is a file: play it at its own pace, over and over (demonstrations)."""
    began: float | None = None
    """Monotonic seconds at which a looped file began to play; None: when its tap starts. So a tap
    that is started anew goes on where it would be, in step with the site's other cameras."""
    frame_rate: Annotated[float, Meta(gt=0, le=1000)] | None = None
    """Overrides the container's clock: packet k is at k / frame_rate seconds."""
    transport: Literal["tcp", "udp"] = "tcp"
    """RTSP's transport."""
    stall: Annotated[float, Meta(gt=0, le=60)] = 3.0
    """Seconds without a packet after which the connection counts as lost."""
    record: bool = False
    """Live: whether packets go to a recorder as well, by the descriptor that comes with this."""
    late: Annotated[float, Meta(gt=0, le=60)] = 2.0
    """Seconds behind the clock (or of blocked pipe) after which packets are dropped as late."""


class TapStatus(Struct, frozen=True, forbid_unknown_fields=True):
    """What a tap tells its parent, on change and at least once a second.

    MessagePack with a 4-byte big-endian length.
    """

    connected: bool
    packets: int
    """Since the tap started, as are all counts."""
    late: int
    broken: int
    reconnects: int
    ended: bool = False
    """A clip's end was reached, or the source can never work."""
    failed: bool = False
    """The source cannot be opened at all (not a video, no video stream): see note."""
    duration: float | None = None
    """Seconds of a clip, where known."""
    t: float = 0.0
    """Seconds from a clip's start of the last packet, for progress."""
    drift_ppm: float = 0.0
    """Measured drift of the camera's clock against ours, parts per million."""
    note: Annotated[str, Meta(max_length=200)] = ""
    """One line for a person: what is wrong and how to mend it; no credentials."""
