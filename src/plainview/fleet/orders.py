"""What the head of a fleet and its nodes say to each other: one exchange at a time, MessagePack.

Every exchange is safe to repeat. Orders say what is to begin and to end; news say what a node holds
and bring what its lenses told, each with the token of the placement it was told under.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, LensError
from plainview.governance.permit import Grant
from plainview.record import MAX_BYTES_PER_SECOND
from plainview.vision.spec import LensSpec, TapSpec
from plainview.vision.task import MAX_PLATE

_Name = Annotated[str, Meta(min_length=1, max_length=64)]
_Fence = Annotated[int, Meta(ge=0, le=1 << 53)]
_Reason = Annotated[str, Meta(max_length=1000)]
_Seconds = Annotated[float, Meta(ge=0)]

READING, STATUS, PLATE, PICTURE = 0, 1, 2, 3
"""Kinds of `Item`."""


class Begin(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Run a camera. The node's own zygote judges `grant` again."""

    camera: _Name
    fence: _Fence
    tap: TapSpec
    """It may hold credentials, and is never logged."""
    lens: LensSpec
    grant: Grant
    plate: Annotated[bytes, Meta(max_length=MAX_PLATE)] | None = None
    admitted: Annotated[bytes, Meta(max_length=2 * MAX_PLATE)] | None = None
    """The plate that its redacted view is drawn over."""
    looks: Annotated[bytes, Meta(max_length=MAX_PLATE)] | None = None
    """What was seen for its next one."""
    age: _Seconds | None = None
    """Seconds since a looped file began to play: monotonic clocks of two machines differ."""


class Orders(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a node is asked."""

    acknowledged: int = 0
    """Number of the last news that arrived; 0: none."""
    begin: tuple[Begin, ...] = ()
    end: tuple[tuple[_Name, _Fence], ...] = ()
    """Cameras to end, where they run under no later token than this."""
    look: tuple[str, ...] = ()
    """Files and devices to look for."""
    wait: Annotated[float, Meta(ge=0, le=5)] = 0.0
    """Seconds that the node may wait for something to tell."""


class Item(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Something that came from a camera: its Reading, status, plate or picture, encoded."""

    camera: _Name
    fence: _Fence
    kind: Annotated[int, Meta(ge=0, le=3)]
    data: Annotated[bytes, Meta(max_length=max(MAX_PLATE, MAX_BYTES_PER_SECOND))]


class Used(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a camera's two processes took since the last news of it."""

    cpu: Annotated[float, Meta(ge=0, le=1e4)]
    """Cores."""
    memory: Annotated[float, Meta(ge=0, le=1e13)]
    """Bytes of their own."""


class News(Struct, frozen=True, forbid_unknown_fields=True):
    """What a node answers."""

    number: int
    version: Annotated[str, Meta(max_length=64)]
    items: tuple[Item, ...] = ()
    holds: dict[_Name, _Fence] = {}
    """What runs here, or is being ended: the token by camera."""
    refused: dict[_Name, tuple[_Fence, _Reason]] = {}
    """Why a camera that was begun under this token does not run, nor will."""
    found: tuple[str, ...] = ()
    """Which of the files and devices that were looked for are here."""
    used: dict[_Name, Used] = {}
    """Where it was measured."""
    processes: dict[str, list[int]] = {}
    counts: dict[str, float] = {}
    """What the node counts of itself, since it began."""
    trouble: _Reason = ""
    """Why nothing can run here now; empty while something can."""


encoder = msgspec.msgpack.Encoder()
orders = msgspec.msgpack.Decoder(Orders)
_news = msgspec.msgpack.Decoder(News)


def decode_news(data: bytes) -> News:
    """The News in `data`. Raises LensError where it is none."""
    try:
        return _news.decode(data)
    except UNDECODED as error:
        raise LensError(f"not a node's news: {error}", where="fleet") from error
