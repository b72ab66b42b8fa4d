"""What lies in a recording's chunks: framed messages, and how a moment is found among them. Pure.

A chunk's plaintext is a prefix of 12 bytes, big-endian, and messages. The prefix: the time of the
first entry that begins in the chunk, or of the last before it (8 bytes, microseconds UTC), and
where in the chunk that entry begins (4 bytes; 0: none does). An entry is a message from which
decoding can begin.

A message is its length (4 bytes, big-endian) and so many bytes, over as many chunks as it takes. A
length of 0, or fewer than 4 bytes left: the rest of the chunk is empty. The first message is a
`Label`.
"""

import struct
from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, VaultError
from plainview.vault.age import CHUNK

PREFIX: Final = struct.Struct(">QI")
MOST: Final = 8_100_000
"""Bytes of one message; a tap's packet has at most 8,000,000."""
_LENGTH: Final = struct.Struct(">I")


class Label(Struct, frozen=True, forbid_unknown_fields=True):
    """What a recording is of; sealed in it, so that files that were exchanged are found out."""

    ring: Annotated[str, Meta(max_length=200)]
    camera: Annotated[str, Meta(max_length=200)]
    hour: int
    """UTC seconds at which its hour begins."""
    part: int
    """0, 1, …: which of the recordings of that hour."""


def words(camera: str, hour: int, part: int) -> bytes:
    """What a data key is for, as its header says. The ring is left out: it is who it is sealed to.

    Raises VaultError for a camera whose name cannot stand there.
    """
    told = camera.encode()
    if not told or not all(0x21 <= byte <= 0x7E for byte in told):
        raise VaultError("its name cannot be written into a key", where=camera)
    return b"%s %d %d" % (told, hour, part)


_encoder = msgspec.msgpack.Encoder()
_labels = msgspec.msgpack.Decoder(Label)


class Chunker:
    """Owns the chunk that is being filled."""

    def __init__(self, label: Label) -> None:
        """The label is its first message."""
        self._t = label.hour * 1_000_000
        self._begin()
        self._write(_encoder.encode(label), [])

    def _begin(self) -> None:
        self._chunk = bytearray(PREFIX.size)
        self._first = 0
        self._stamp = self._t

    @property
    def waiting(self) -> int:
        """Bytes of messages that are in no sealed chunk."""
        return len(self._chunk) - PREFIX.size

    def add(self, message: bytes, t: int | None, *, entry: bool) -> list[bytearray]:
        """Take a message of the time `t`; the chunks that are full now."""
        if not 0 < len(message) <= MOST:
            raise VaultError(f"a message of {len(message)} bytes", where="recording")
        full: list[bytearray] = []
        if CHUNK - len(self._chunk) < _LENGTH.size:
            full.append(self.fill())
        if entry:
            self._t = max(self._t, self._t if t is None else t)
            if not self._first:
                self._first, self._stamp = len(self._chunk), self._t
        self._write(message, full)
        return full

    def _write(self, message: bytes, full: list[bytearray]) -> None:
        self._chunk += _LENGTH.pack(len(message))
        rest = memoryview(message)
        while rest:
            room = CHUNK - len(self._chunk)
            self._chunk += rest[:room]
            rest = rest[room:]
            if len(self._chunk) == CHUNK:
                full.append(self.fill())

    def fill(self) -> bytearray:
        """The chunk as it is, filled up with nothing. The next message begins the next one."""
        chunk = self._chunk
        PREFIX.pack_into(chunk, 0, self._stamp, self._first)
        chunk += bytes(CHUNK - len(chunk))
        self._begin()
        return chunk


def entry_of(chunk: bytes) -> tuple[int, int]:
    """(time in microseconds, place of its first entry or 0) of a chunk."""
    stamp, first = PREFIX.unpack_from(chunk)
    return int(stamp), int(first)


def messages(chunks: Iterator[bytes], start: int = PREFIX.size) -> Iterator[bytes]:
    """The messages in `chunks`, from the place `start` of the first of them.

    The last one is left out where its end is missing. Raises VaultError where there are none.
    """
    body, wanted = bytearray(), 0
    for chunk in chunks:
        at, start = start, PREFIX.size
        while at < CHUNK:
            if not wanted:
                wanted = _LENGTH.unpack_from(chunk, at)[0] if CHUNK - at >= _LENGTH.size else 0
                at += _LENGTH.size
                if not wanted:
                    break
                if wanted > MOST:
                    raise VaultError("holds something that is no recording", where="recording")
            piece = chunk[at : at + wanted - len(body)]
            body += piece
            at += len(piece)
            if len(body) == wanted:
                yield bytes(body)
                body, wanted = bytearray(), 0


def label_of(message: bytes) -> Label:
    """The label in a recording's first message. Raises VaultError if it is none."""
    try:
        return _labels.decode(message)
    except UNDECODED as error:
        raise VaultError("does not say what it is of", where="recording") from error
