"""The private memory of a ledger: which tree was signed last, and every batch of entries since.

`ledger-private/journal` is a header, which says which tree is wholly durable in the public files,
and a record for each batch of entries since then. A record is durable before its tree is signed;
so whatever a crash leaves of the public files can be made again, and no other tree of that size is
ever signed. Each is framed: length in four bytes, SHA-256, MessagePack.
"""

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from plainview.errors import UNDECODED, LedgerError, LedgerLie

NAME: Final = "journal"
RESTORE: Final = "Keep the folder as it is for who looks into it, and restore a backup of all of it"
_FRAME: Final = 4 + 32
_MAX_HEADER_BYTES: Final = 65_536


class Header(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a journal begins."""

    identity: bytes
    """Random: no two journals have the same header."""
    origin: str
    size: int
    """Entries of the tree whose files are all durable."""
    root: bytes


class Batch(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Entries that were added at once, and the tree they led to."""

    size: int
    """Entries of the tree with them."""
    root: bytes
    entries: list[bytes]


_encoder = msgspec.msgpack.Encoder()
_header = msgspec.msgpack.Decoder(Header)
_batch = msgspec.msgpack.Decoder(Batch)


def new_header(origin: str, size: int, root: bytes) -> Header:
    """A header unlike any other."""
    return Header(secrets.token_bytes(16), origin, size, root)


def encode(record: Header | Batch) -> bytes:
    """The record in its frame."""
    payload = _encoder.encode(record)
    return len(payload).to_bytes(4, "big") + hashlib.sha256(payload).digest() + payload


class Journal:
    """Reads one journal file; remembers how far. Its owner holds the lock whenever it reads."""

    def __init__(self, path: Path) -> None:
        """Nothing is read yet."""
        self._path = path
        self._begin = b""
        self.end = 0
        """Bytes of what is whole: where the next record belongs."""

    def is_same(self) -> bool:
        """Whether the file is still the journal that was read, perhaps with more at its end."""
        try:
            with self._path.open("rb") as file:
                return bool(self._begin) and file.read(len(self._begin)) == self._begin
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._unreadable(error) from error

    def begin(self) -> Header:
        """Read the header. Raises LedgerError, or LedgerLie if the journal is damaged."""
        try:
            with self._path.open("rb") as file:
                data = file.read(_FRAME + _MAX_HEADER_BYTES)
        except OSError as error:
            raise self._unreadable(error) from error
        payload, end = _unframe(data, 0)
        try:
            header = None if payload is None else _header.decode(payload)
        except UNDECODED:
            header = None
        if header is None:
            raise self._damaged()
        self._begin, self.end = data[:end], end
        return header

    def more(self) -> Iterator[Batch]:
        """The batches from where reading stopped; one that is not whole ends them.

        A record that is not whole was never acknowledged, if it is the last one. Raises
        LedgerError; LedgerLie where others follow it.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self.end)
                data = file.read()
        except OSError as error:
            raise self._unreadable(error) from error
        at = 0
        while at < len(data):
            payload, end = _unframe(data, at)
            try:
                batch = None if payload is None else _batch.decode(payload)
            except UNDECODED:
                batch = None
            if batch is None:
                self._require_torn(data[at:])
                return
            self.end += end - at
            at = end
            yield batch

    def _require_torn(self, rest: bytes) -> None:
        """Refuse a damaged record: a torn one ends with the file, or is zeros throughout."""
        length = _FRAME + int.from_bytes(rest[:4], "big")
        if len(rest) > length and rest.strip(b"\0"):
            raise self._damaged()

    def size(self) -> int:
        """Bytes of the file, what is not whole included. Raises LedgerError."""
        try:
            return self._path.stat().st_size
        except OSError as error:
            raise self._unreadable(error) from error

    def _damaged(self) -> LedgerLie:
        return LedgerLie(
            "the ledger's private memory is damaged", where=str(self._path), mend=RESTORE
        )

    def _unreadable(self, error: OSError) -> LedgerError:
        return LedgerError(f"cannot be read: {error.strerror}", where=str(self._path))


def _unframe(data: bytes, at: int) -> tuple[bytes | None, int]:
    """The payload of the frame at `at`, None if it is not whole; and where the frame ends."""
    end = at + _FRAME + int.from_bytes(data[at : at + 4], "big")
    payload = data[at + _FRAME : end]
    if end > len(data) or hashlib.sha256(payload).digest() != data[at + 4 : at + _FRAME]:
        return None, at
    return payload, end
