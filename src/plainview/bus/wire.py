"""What a site's batch is on the wire: Readings of one second, MessagePack within zstd.

A batch comes from another machine, so it is hostile until `unpack` has read it: the site that it is
from is what its subject says, which the broker's permissions guard, and never what it says itself.
"""

import re
from collections.abc import Sequence
from itertools import chain, islice
from typing import Annotated, Literal

import msgspec
import zstandard
from msgspec import Meta, Struct

from plainview.errors import InputError, ReadingRefused
from plainview.record import (
    MAX_BYTES_PER_SECOND,
    CameraStatus,
    Reading,
    Stamped,
    decode_many,
)

MAX_READINGS = 1024
"""Readings of one batch, at most; a larger site sends several a second."""
MAX_PACKED = 1_000_000
"""Bytes of a batch on the wire, at most: what a broker takes without being told otherwise."""
MAX_PLAIN = 8_000_000
"""Bytes of a batch before compression, at most: a small bomb must not fill the memory."""

Kind = Literal["readings", "status"]

_PREFIX = "plainview"
_LEVEL = 1
"""zstd's fastest: a level more costs twice the CPU for a tenth of the bytes."""

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
"""Of a district or site on the bus: one token of a subject, so without dots."""
_CAMERA = r"[A-Za-z0-9._-]{1,64}"
_Camera = Annotated[str, Meta(min_length=1, max_length=64)]
"""Its signs are looked at for all cameras of a batch at once: `_named`."""
_Fence = Annotated[int, Meta(ge=0, le=1 << 53)]
_Data = Annotated[bytes, Meta(max_length=MAX_BYTES_PER_SECOND)]


class Batch(Struct, frozen=True, forbid_unknown_fields=True, array_like=True, gc=False):
    """What one publisher at a site says at once. Columns: one entry for each Reading."""

    version: Literal[1]
    publisher: Annotated[int, Meta(ge=0, le=1 << 53)]
    """Drawn by chance when its process started; with `number` it names the batch for good."""
    number: Annotated[int, Meta(ge=0, le=1 << 53)]
    cameras: Annotated[tuple[_Camera, ...], Meta(max_length=MAX_READINGS)]
    fences: Annotated[tuple[_Fence, ...], Meta(max_length=MAX_READINGS)]
    data: Annotated[tuple[_Data, ...], Meta(max_length=MAX_READINGS)]
    """The Readings' one encoding each."""
    statuses: Annotated[
        tuple[tuple[_Camera, _Fence, CameraStatus], ...], Meta(max_length=MAX_READINGS)
    ] = ()


class Received(Struct, frozen=True, gc=False):
    """A batch that was read strictly."""

    batch: Batch
    readings: tuple[Stamped, ...]
    """With `fence` and `data`."""
    refused: tuple[tuple[str, str], ...]
    """(camera, why) of Readings that are none."""


_names = re.compile(rf"{_CAMERA}(?:\n{_CAMERA})*")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


def subject(kind: Kind, district: str, site: str) -> str:
    """Where a site's batches go: `plainview.readings.DISTRICT.SITE`. Raises InputError."""
    for name in (district, site):
        try:
            msgspec.convert(name, Name)
        except msgspec.ValidationError as error:
            raise InputError(
                f"{name!r} cannot name a district or site on the bus",
                mend="Use 1 to 64 letters, digits, _ and -, without dots",
            ) from error
    return f"{_PREFIX}.{kind}.{district}.{site}"


def message_id(batch: Batch) -> str:
    """Names `batch` for good: who sends it again, sends it under the same."""
    return f"{batch.publisher:x}-{batch.number:x}"


def pack(batch: Batch) -> bytes:
    """`batch` on the wire. Raises ReadingRefused where it is larger than may be sent."""
    packed = zstandard.ZstdCompressor(level=_LEVEL).compress(_encoder.encode(batch))
    if len(packed) > MAX_PACKED:
        raise ReadingRefused(f"a batch of {len(packed)} bytes, more than {MAX_PACKED}")
    return packed


def unpack(packed: bytes) -> Received:
    """The batch in `packed`, whose Readings are each decoded as strictly as `record.decode`.

    Raises ReadingRefused for what is no batch: too large before or after decompression, not in
    one whole frame, another version, columns of different lengths.
    """
    return _received(_opened(packed))


def unpack_many(packed: Sequence[bytes]) -> list[Received | ReadingRefused]:
    """`unpack` of each of `packed`, in their order; what it would raise stands in its place.

    Small batches together cost half of what they cost one by one.
    """
    opened = [*map(_attempted, packed)]
    batches = [one for one in opened if isinstance(one, Batch)]
    readings = iter(decode_many([*chain.from_iterable(batch.data for batch in batches)]))
    return [
        _received(one, [*islice(readings, len(one.data))]) if isinstance(one, Batch) else one
        for one in opened
    ]


def _attempted(packed: bytes) -> Batch | ReadingRefused:
    try:
        return _opened(packed)
    except ReadingRefused as error:
        return error


def _opened(packed: bytes) -> Batch:
    if len(packed) > MAX_PACKED:
        raise ReadingRefused(f"a batch of {len(packed)} bytes, more than {MAX_PACKED}")
    try:
        size = zstandard.frame_content_size(packed)
        if not 0 < size <= MAX_PLAIN:
            raise ReadingRefused(f"a batch that claims {size} bytes, of {MAX_PLAIN} allowed")
        plain = zstandard.ZstdDecompressor().decompress(packed, allow_extra_data=False)
        batch = _decoder.decode(plain)
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise ReadingRefused(f"not a batch: {error}") from error
    if not len(batch.cameras) == len(batch.fences) == len(batch.data):
        raise ReadingRefused("not a batch: its columns differ in length")
    if not _named(batch):
        raise ReadingRefused("not a batch: a camera's id has signs that no id has")
    return batch


def _named(batch: Batch) -> bool:
    names = [*batch.cameras, *(camera for camera, _, _ in batch.statuses)]
    joined = "\n".join(names)
    # A name with the sign that joins them would read as two.
    whole = joined.count("\n") == len(names) - 1
    return not names or (whole and _names.fullmatch(joined) is not None)


def _received(batch: Batch, decoded: Sequence[Reading | ReadingRefused] | None = None) -> Received:
    if decoded is None:
        decoded = decode_many(batch.data)
    sound = [one for one in decoded if isinstance(one, Reading)]
    if len(sound) == len(decoded):
        stamped = map(Stamped, batch.cameras, sound, batch.fences, batch.data)
        return Received(batch, tuple(stamped), ())
    readings, refused = [], []
    columns = zip(batch.cameras, batch.fences, batch.data, decoded, strict=True)
    for camera, fence, data, reading in columns:
        if isinstance(reading, Reading):
            readings.append(Stamped(camera, reading, fence, data))
        else:
            refused.append((camera, reading.what))
    return Received(batch, tuple(readings), tuple(refused))
