"""What a site's batch is on the wire: Readings of one second, MessagePack within zstd.

A batch comes from another machine, so it is hostile until `unpack` has read it: the site that it is
from is what its subject says, which the broker's permissions guard, and never what it says itself.
"""

import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Annotated, Literal, NamedTuple

import msgspec
import numpy as np
import zstandard
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, InputError, ReadingRefused
from plainview.readings import Ints, Readings, read
from plainview.record import MAX_BYTES_PER_SECOND, CameraStatus
from plainview.rosters import Roster, Rosters, Shelf

MAX_READINGS = 1024
"""Readings of one batch, at most; a larger site sends several a second."""
MAX_PACKED = 1_000_000
"""Bytes of a batch on the wire, at most: what a broker takes without being told otherwise."""
MAX_PLAIN = 8_000_000
"""Bytes of a batch before compression, at most: a small bomb must not fill the memory."""

_PREFIX = "plainview"
_LEVEL = 1
"""zstd's fastest: a level more costs twice the CPU for a tenth of the bytes."""

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""Of a district or site on the bus: one token of a subject, so without dots."""
_CAMERA = r"[A-Za-z0-9._-]{1,64}"
_Camera = Annotated[str, Meta(min_length=1, max_length=64)]
"""Its signs are looked at for all cameras of a batch at once: `_named`."""
_Fence = Annotated[int, Meta(ge=0, le=1 << 53)]
_Number = Annotated[int, Meta(ge=0, le=1 << 53)]
_Data = Annotated[bytes, Meta(max_length=MAX_BYTES_PER_SECOND)]
_Cameras = Annotated[tuple[_Camera, ...], Meta(max_length=MAX_READINGS)]
_Fences = Annotated[tuple[_Fence, ...], Meta(max_length=MAX_READINGS)]
_Encodings = Annotated[tuple[_Data, ...], Meta(max_length=MAX_READINGS)]
_Statuses = Annotated[
    tuple[tuple[_Camera, _Fence, CameraStatus], ...], Meta(max_length=MAX_READINGS)
]
_SIGNS = "not a batch: a camera's id has signs that no id has"


class Batch(Struct, frozen=True, forbid_unknown_fields=True, array_like=True, gc=False):
    """What one publisher at a site says at once. Columns: one entry for each Reading."""

    version: Literal[1]
    publisher: _Number
    """Drawn by chance when its process started; with `number` it names the batch for good."""
    number: _Number
    cameras: _Cameras
    fences: _Fences
    data: _Encodings
    """The Readings' one encoding each."""
    statuses: _Statuses = ()


class _Packed(Struct, frozen=True, forbid_unknown_fields=True, array_like=True, gc=False):
    """A batch whose cameras are not read yet: they are nearly always known by their bytes."""

    version: Literal[1]
    publisher: _Number
    number: _Number
    cameras: msgspec.Raw
    fences: _Fences
    data: _Encodings
    statuses: _Statuses = ()


class Opened(NamedTuple):
    """A batch that was read."""

    roster: Roster
    """The cameras of its Readings: the same object for the same names, if that may be."""
    batch: _Packed

    @property
    def statuses(self) -> _Statuses:
        """(camera, fence, status) of each."""
        return self.batch.statuses


class Received(NamedTuple):
    """What some batches hold, read strictly."""

    batches: list[Opened | ReadingRefused]
    """In their order; or why one is none."""
    readings: Readings
    """Of all batches, in their order."""
    owners: Ints
    """(readings,) the place of its batch."""
    refused: list[tuple[str, str]]
    """(camera, why) of Readings that are none."""


class _Codecs(threading.local):
    """zstd's working memory, which costs more to make than a batch to compress: one a thread."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=_LEVEL).compress
        self.decompress = zstandard.ZstdDecompressor().decompress


_codecs = _Codecs()
_shelf = Shelf(1 << 18)
"""A city has 60,000 cameras; some of its batches lack one."""
_names = re.compile(rf"{_CAMERA}(?:\n{_CAMERA})*")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Packed)
_cameras = msgspec.msgpack.Decoder(_Cameras)


@lru_cache(maxsize=1 << 16)
def subject(district: str, site: str) -> str:
    """Where a site's batches go: `plainview.readings.DISTRICT.SITE`. Raises InputError."""
    for name in (district, site):
        try:
            msgspec.convert(name, Name)
        except msgspec.ValidationError as error:
            raise InputError(
                f"{name!r} cannot name a district or site on the bus",
                mend="Use 1 to 64 letters, digits, _ and -, without dots",
            ) from error
    return f"{_PREFIX}.readings.{district}.{site}"


def message_id(batch: Batch) -> str:
    """Names `batch` for good: who sends it again, sends it under the same."""
    return f"{batch.publisher:x}-{batch.number:x}"


def pack(batch: Batch) -> bytes:
    """`batch` on the wire. Raises ReadingRefused where it is larger than may be sent."""
    packed = _codecs.compress(_encoder.encode(batch))
    if len(packed) > MAX_PACKED:
        raise ReadingRefused(f"a batch of {len(packed)} bytes, more than {MAX_PACKED}")
    return packed


def unpack(packed: Sequence[bytes]) -> Received:
    """The batches in `packed`, whose Readings are each read as strictly as by `record.decode`.

    Refused is what is no batch: too large before or after decompression, not in one whole frame,
    another version, columns of different lengths. It spoils none of the others.
    """
    batches = [*map(_attempted, packed)]
    good = [(k, one) for k, one in enumerate(batches) if isinstance(one, Opened)]
    cameras = Rosters([one.roster for _, one in good])
    readings, refused = read(
        cameras,
        [*chain.from_iterable(one.batch.fences for _, one in good)],
        [*chain.from_iterable(one.batch.data for _, one in good)],
    )
    sizes = np.array([len(one.roster) for _, one in good], np.int64)
    owners = np.repeat(np.array([k for k, _ in good], np.int64), sizes)
    if refused:
        owners = np.delete(owners, [*refused])
    whys = [(cameras[k], why) for k, why in refused.items()]
    return Received(batches, readings, owners, whys)


def _attempted(packed: bytes) -> Opened | ReadingRefused:
    try:
        return _opened(packed)
    except ReadingRefused as error:
        return error


def _opened(packed: bytes) -> Opened:
    if len(packed) > MAX_PACKED:
        raise ReadingRefused(f"a batch of {len(packed)} bytes, more than {MAX_PACKED}")
    try:
        size = zstandard.frame_content_size(packed)
        if not 0 < size <= MAX_PLAIN:
            raise ReadingRefused(f"a batch that claims {size} bytes, of {MAX_PLAIN} allowed")
        plain = _codecs.decompress(packed, allow_extra_data=False)
        batch = _decoder.decode(plain)
        roster = _roster(bytes(batch.cameras))
    except (zstandard.ZstdError, *UNDECODED) as error:
        raise ReadingRefused(f"not a batch: {error}") from error
    if not len(roster) == len(batch.fences) == len(batch.data):
        raise ReadingRefused("not a batch: its columns differ in length")
    if batch.statuses and not _named([camera for camera, _, _ in batch.statuses]):
        raise ReadingRefused(_SIGNS)
    return Opened(roster, batch)


def _roster(data: bytes) -> Roster:
    found = _shelf.get(data)
    if found is None:
        names = _cameras.decode(data)
        if not _named(names):
            raise ReadingRefused(_SIGNS)
        found = _shelf.put(data, names)
    return found


def _named(names: Sequence[str]) -> bool:
    joined = "\n".join(names)
    # A name with the sign that joins them would read as two.
    whole = joined.count("\n") == len(names) - 1
    return not names or (whole and _names.fullmatch(joined) is not None)
