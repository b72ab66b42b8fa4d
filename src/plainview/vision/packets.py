"""The pipe from tap to lens: one way, framed, bounded. Compressed packets only, never pixels.

A frame is a 4-byte big-endian length and that many bytes of MessagePack: one `StreamStart`,
`Packet`, `Gap` or `StreamEnd`.
"""

import struct
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, LensError

MAX_PACKET = 8_000_000
"""Bytes of one compressed packet; a larger one is dropped by the tap and counted."""
_MAX_FRAME = MAX_PACKET + 65_536


class StreamStart(Struct, frozen=True, tag="start", forbid_unknown_fields=True):
    """A new stream: the lens makes a new decoder."""

    codec: Annotated[str, Meta(max_length=32)]
    extradata: Annotated[bytes, Meta(max_length=1_000_000)]
    width: Annotated[int, Meta(ge=0, le=16384)]
    """As the container says; frames may differ."""
    height: Annotated[int, Meta(ge=0, le=16384)]


class Packet(Struct, frozen=True, tag="packet", forbid_unknown_fields=True):
    """One compressed packet, in decoding order."""

    data: bytes
    t: int | None
    """Presentation time in microseconds: UTC when live, from the clip's start otherwise; None where
    the container gives none."""
    key: bool = False


class Gap(Struct, frozen=True, tag="gap", forbid_unknown_fields=True):
    """Packets were lost or dropped before this point."""

    dropped: Annotated[int, Meta(ge=0)]
    t: int
    """Microseconds, as `Packet.t`: now."""
    reason: Annotated[str, Meta(max_length=16)] = "late"
    """late, lost or broken."""


class Tick(Struct, frozen=True, tag="tick", forbid_unknown_fields=True):
    """Nothing came for a while: the time is `t` all the same (microseconds). Sent when live."""

    t: int
    connected: bool


class StreamEnd(Struct, frozen=True, tag="end", forbid_unknown_fields=True):
    """The stream ended; what is buffered is to be flushed."""

    t: int | None = None
    """The clip's length in microseconds where known."""


Message = StreamStart | Packet | Gap | Tick | StreamEnd

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
HEADER = struct.Struct(">I")


def frame(message: Message) -> bytes:
    """`message` as it goes through the pipe, length first."""
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body


def parse(body: bytes | memoryview) -> Message:
    """The message in a frame's `body`. Raises LensError if it is none."""
    try:
        return _decoder.decode(body)
    except UNDECODED as error:
        raise LensError(f"the tap's pipe holds something that is not a packet: {error}") from error


def length(header: bytes) -> int:
    """The body's length from a frame's 4-byte header. Raises LensError when out of bounds."""
    (size,) = HEADER.unpack(header)
    if size > _MAX_FRAME:
        raise LensError(f"a frame of {size} bytes in the tap's pipe")
    return int(size)
