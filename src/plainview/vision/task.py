"""What parent and zygote say to each other, and the file descriptors that go with it.

One SEQPACKET message each, MessagePack; descriptors by SCM_RIGHTS. Nothing heavy is imported here,
so that the fleet can.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from plainview.geometry import MAX_NETWORKS, View
from plainview.record import EventKind
from plainview.vision.spec import LensSpec, TapSpec

MAX_PLATE = 1 << 20
"""Bytes of one plate, in and out of a lens."""
MAX_ADMITTED = MAX_PLATE + (1 << 17)
"""Bytes of an admitted plate of the view, with its masks."""
MESSAGE_BYTES = 65_536
"""Bound on one message; tasks are larger and come as a file descriptor."""
MAX_TASK = 1 << 23
"""Bytes of one task or claim: a permit of a whole city has some megabytes."""
MAX_REASON = 400
"""Characters of one part of a refusal."""


class LensTask(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a lens is ever told."""

    spec: LensSpec
    plate: Annotated[bytes, Meta(max_length=MAX_PLATE)] | None = None
    """The plate to start from."""
    admitted: Annotated[bytes, Meta(max_length=MAX_ADMITTED)] | None = None
    """The plate that the redacted view is drawn over (a `redacted.AdmittedPlate`)."""
    looks: Annotated[bytes, Meta(max_length=MAX_PLATE)] | None = None
    """What was seen for its next plate (a `redacted.ViewLooks`)."""
    skip: Annotated[int, Meta(ge=0)] = 0
    """Messages at the head of the stream that another lens has taken before: not decoded."""
    since: int | None = None
    """End, in milliseconds, of the last interval that another lens has told of."""
    cpu_seconds: Annotated[int, Meta(ge=1)] = 20
    """The CPU leash: killed after so much, unless the parent extends it."""
    without: Annotated[int, Meta(ge=0, le=15)] = 0
    """One bit for each of its networks, the lowest for the first, that stopped in a lens before."""


class Trust(Struct, frozen=True, forbid_unknown_fields=True):
    """By which public keys a zygote judges what it is asked to start; given to it once."""

    authority: str
    """Verifier key (C2SP signed-note) of whoever signs permits."""
    ledger: str
    """Verifier key of the ledger that holds what was started."""


class Claim(Struct, frozen=True, forbid_unknown_fields=True):
    """What a live camera's start says it is, and by what right. It holds no secret and no pixel.

    All that the zygote itself reads of a start: tasks are read by the processes they are for, which
    hold them against this (see vision/gate.py).
    """

    camera: str
    source: str
    """Without credentials (`governance.fingerprint.bare_source`)."""
    view: View
    grant: bytes
    """MessagePack of a `governance.permit.Grant`."""
    events: Annotated[tuple[EventKind, ...], Meta(max_length=8)] = ()
    """What the lens is to look for: each kind must be in the grant."""
    record: bool = False
    """Whether the tap is to hand its packets to a recorder too, which the grant must hold."""
    picture: bool = False
    """Whether the lens is to draw the redacted view, which the grant must hold."""


class Start(Struct, frozen=True, tag="start", forbid_unknown_fields=True):
    """Fork one camera's tap and lens, if they are permitted.

    Descriptors, in their order: claim (a `Claim`, or nil for a recording), tap's task (a
    `TapSpec`), packets (to write), status (to write), lens's task (a `LensTask`), then those of
    `lens.Pipes` but the last; then, where the claim says `record`, the tap's socket to the
    recorder, and at last, where it says `picture`, the pipe for the lens's pictures.
    """


class Kill(Struct, frozen=True, tag="kill", forbid_unknown_fields=True):
    """End a child of the zygote; nothing happens when it has ended already."""

    pid: int


class Extend(Struct, frozen=True, tag="extend", forbid_unknown_fields=True):
    """Let a lens that shows progress use `cpu_seconds` more than it has used so far."""

    pid: int
    cpu_seconds: Annotated[int, Meta(ge=1, le=3600)]


Request = Start | Kill | Extend


class Ready(Struct, frozen=True, tag="ready", forbid_unknown_fields=True):
    """Everything is imported; the zygote waits for requests."""

    pid: int


class Forked(Struct, frozen=True, tag="forked", forbid_unknown_fields=True):
    """The two children asked for."""

    tap: int
    lens: int


class Refused(Struct, frozen=True, tag="refused", forbid_unknown_fields=True):
    """It was not permitted; nothing runs."""

    what: Annotated[str, Meta(max_length=MAX_REASON)]
    where: Annotated[str, Meta(max_length=MAX_REASON)] = ""
    mend: Annotated[str, Meta(max_length=MAX_REASON)] = ""


class NotForked(Struct, frozen=True, tag="not-forked", forbid_unknown_fields=True):
    """The kernel refused another process."""

    errno: int


class Exited(Struct, frozen=True, tag="exited", forbid_unknown_fields=True):
    """A child ended: exit status as `os.waitstatus_to_exitcode` gives it (negative: signal)."""

    pid: int
    code: int


Reply = Ready | Forked | Refused | NotForked | Exited

encoder = msgspec.msgpack.Encoder()
requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)
claims: msgspec.msgpack.Decoder[Claim | None] = msgspec.msgpack.Decoder(Claim | None)
lens_tasks = msgspec.msgpack.Decoder(LensTask)
tap_specs = msgspec.msgpack.Decoder(TapSpec)


class Exit:
    """How a lens ends by itself: its exit codes."""

    ENDED = 10
    """The stream ended as it should. Not 0, which a library that calls exit() would leave."""
    TAP_GONE = 3
    """The tap's pipe closed in the middle of the stream."""
    BAD_PIPE = 4
    """The tap's pipe held something else than packets."""
    PARENT_GONE = 5
    """Nobody reads the Readings."""
    NO_MEMORY = 6
    LATE_IMPORT = 7
    """Code that was not loaded before the seal was wanted after it (see vision/zygote.py)."""
    REFUSED = 8
    """What it was told to be is not what was permitted (see vision/gate.py)."""
    NETWORKS = 16
    """And one bit for each network of the site's that has stopped, the lowest for the first. A clip
    has ended as it should; a live lens is to be started anew without them."""
    BUG = 70
    """An error of ours; its text stays in the lens."""


def networks_stopped(code: int) -> int:
    """One bit for each network that a lens which ended with `code` has stopped; 0 for none."""
    stopped = code - Exit.NETWORKS
    return stopped if 0 < stopped < 1 << MAX_NETWORKS else 0
