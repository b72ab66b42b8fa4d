"""The keys of one day, or of one hold: a public key, two shares, and a slot for each data key.

A ring is a folder: `ring.json`, the shares, `cameras` (a name on each line; its number is the
line's) and `slots`. A slot has 128 bytes, so that none straddles a sector, and is overwritten to
destroy its key. One process adds slots, another destroys them: they never write the same one.
"""

import json
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.errors import VaultError
from plainview.vault.age import Wrapped
from plainview.vault.stream import words

GONE, OPEN, CLOSED, CUT = range(4)
"""A slot's state: destroyed; being recorded; ended in order; ended by a crash."""
SLOT: Final = 128
_LAYOUT: Final = struct.Struct(">BBHIQQ32s32s32sI4x")
_TYPE: Final = np.dtype(
    [
        ("state", "u1"),
        ("kind", "u1"),
        ("part", ">u2"),
        ("camera", ">u4"),
        ("due", ">u8"),
        ("hour", ">u8"),
        ("rest", "V104"),
    ]
)
_BLOCK: Final = 8192
"""Slots that are looked at together: one mebibyte."""

Slots = np.ndarray[Any, np.dtype[np.void]]


class Slot(NamedTuple):
    """One data key and what it is for."""

    state: int
    part: int
    camera: int
    """Line in the ring's `cameras`."""
    due: int
    """UTC seconds at which it must be destroyed."""
    hour: int
    """UTC seconds at which its hour begins."""
    wrapped: Wrapped


class Ring:
    """Owns the open slots of one ring."""

    def __init__(self, folder: Path) -> None:
        """Open it. Raises VaultError where it is none."""
        self.folder = folder
        self.name = folder.name
        try:
            self.public = bytes.fromhex(json.loads((folder / "ring.json").read_bytes())["public"])
            self._fd = os.open(folder / "slots", os.O_RDWR | os.O_CLOEXEC)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise VaultError("the keys of a day cannot be read", where=str(folder)) from error
        self.cameras = (folder / "cameras").read_text(encoding="utf-8").split("\n")[:-1]
        self._numbers: dict[str, int] | None = None

    def close(self) -> None:
        """Close it."""
        os.close(self._fd)

    def __len__(self) -> int:
        """Slots that were ever made, destroyed ones among them."""
        return os.fstat(self._fd).st_size // SLOT

    def add(self, camera: str, hour: int, part: int, due: int, wrapped: Wrapped) -> int:
        """Keep a data key, durably; the slot's number. Raises OSError."""
        # Made by the first who adds: who only destroys has no use for it.
        if self._numbers is None:
            self._numbers = {name: number for number, name in enumerate(self.cameras)}
        number = self._numbers.get(camera)
        if number is None:
            self._numbers[camera] = number = self._name(camera)
        index = len(self)
        _write_at(self._fd, _packed(Slot(OPEN, part, number, due, hour, wrapped)), index * SLOT)
        os.fdatasync(self._fd)
        return index

    def _name(self, camera: str) -> int:
        names = os.open(self.folder / "cameras", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            os.write(names, f"{camera}\n".encode())
            os.fdatasync(names)
        finally:
            os.close(names)
        self.cameras.append(camera)
        return len(self.cameras) - 1

    def end(self, index: int, state: int = CLOSED) -> None:
        """The recording of this slot ended. Not durable: a crash leaves it open for recovery."""
        if os.pread(self._fd, 1, index * SLOT) == bytes([OPEN]):
            os.pwrite(self._fd, bytes([state]), index * SLOT)

    def slot(self, index: int) -> Slot | None:
        """The slot, or None where it is destroyed. Raises VaultError where it is damaged."""
        return _unpacked(os.pread(self._fd, SLOT, index * SLOT), f"{self.folder}: key {index}")

    def words(self, slot: Slot) -> bytes:
        """What the key in `slot` is for, as its header says."""
        return words(self.cameras[slot.camera], slot.hour, slot.part)

    def blocks(self) -> Iterator[tuple[int, Slots]]:
        """Every slot, in order: (number of the first, a mebibyte's worth) at a time."""
        first = 0
        while data := os.pread(self._fd, _BLOCK * SLOT, first * SLOT):
            block = np.frombuffer(data[: len(data) // SLOT * SLOT], _TYPE)
            if not len(block):
                return
            yield first, block
            first += len(block)

    def live(self) -> Iterator[tuple[int, Slot]]:
        """The slots whose keys are there. Raises VaultError at a damaged one."""
        for first, block in self.blocks():
            for place in np.flatnonzero(block["state"] != GONE):
                slot = self.slot(first + int(place))
                if slot is not None:
                    yield first + int(place), slot

    def first_due(self) -> int | None:
        """UTC seconds at which the first of its keys must go; None where all are gone."""
        found = [
            int(block["due"][there].min())
            for _, block in self.blocks()
            if (there := block["state"] != GONE).any()
        ]
        return min(found, default=None)

    def destroy(self, places: Sequence[int] | NDArray[np.int64]) -> None:
        """Overwrite these slots. When this returns, their keys are gone from this file."""
        ordered = np.unique(np.asarray(places, np.int64))
        nothing = bytes(min(len(ordered), _BLOCK) * SLOT)
        for run in np.split(ordered, np.flatnonzero(np.diff(ordered) > 1) + 1):
            for first in range(0, len(run), _BLOCK):
                some = min(_BLOCK, len(run) - first)
                _write_at(self._fd, nothing[: some * SLOT], (int(run[0]) + first) * SLOT)
        os.fdatasync(self._fd)

    def hasten(self, due: int) -> int:
        """Make every key due at `due` (UTC seconds) at the latest, durably; how many there are.

        For a hold that ends early: no other process writes its slots. Wants the sweeper's lock.
        """
        count = 0
        for index, slot in self.live():
            count += 1
            if slot.due > due:
                _write_at(self._fd, _packed(slot._replace(due=due)), index * SLOT)
        os.fdatasync(self._fd)
        return count

    def bytes_of(self, places: Sequence[int]) -> Iterator[bytes]:
        """The slots as they are on disk."""
        for place in places:
            yield os.pread(self._fd, SLOT, place * SLOT)


def _packed(slot: Slot) -> bytes:
    body = _LAYOUT.pack(
        slot.state, 0, slot.part, slot.camera, slot.due, slot.hour, *slot.wrapped, 0
    )
    return body[:-8] + zlib.crc32(body[1:-8]).to_bytes(4, "big") + bytes(4)


def _unpacked(data: bytes, where: str) -> Slot | None:
    if len(data) != SLOT or data[0] == GONE:
        return None
    state, _, part, camera, due, hour, share, body, mac, told = _LAYOUT.unpack(data)
    if zlib.crc32(data[1:-8]) != told:
        raise VaultError("is damaged", where=where, mend="Run 'plainview vault check'")
    return Slot(state, part, camera, due, hour, Wrapped(share, body, mac))


def _write_at(fd: int, data: bytes, at: int) -> None:
    rest = memoryview(data)
    while rest:
        done = os.pwrite(fd, rest, at)
        rest, at = rest[done:], at + done
