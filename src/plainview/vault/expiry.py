"""Destroys what is due: keys first, then files, then the ledger is told. All can be repeated.

A list in `pending/` says, durably and before anything happens, which keys are to go. Only when
their slots are overwritten, the files unlinked, both synced, and the ledger has the list's Merkle
root, does it go to `destroyed/`. Whatever a crash interrupts is done again from the list, also the
ledger's entry: it may then be there twice, with the same root.

A list has a line for each key: place in the ring, camera, hour (UTC seconds), part, and the
SHA-256 of the slot that was overwritten. The leaf hashes of its lines (RFC 9162) make the root.
A list is read from its file, line by line, each time that it is needed, and recordings go in runs
of `_RUN`, so that a pass takes as much memory for a million keys as for fifty thousand.
"""

import hashlib
import itertools
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from plainview.durable import put, sweep, sync_folder
from plainview.errors import LedgerError, VaultError
from plainview.ledger.merkle import leaf_hash, root_of
from plainview.vault.layout import PARTIES, Layout, end_of
from plainview.vault.ring import GONE, Ring, Slots

MOST: Final = 50_000
"""Keys of one list."""
_RUN: Final = 1024
"""Files that are unlinked before their folders are synced."""
_AFTER: Final = 7200
"""Seconds after a day in which its ring may still get recordings."""


class Batch(NamedTuple):
    """What one list destroyed."""

    ring: str
    keys: int
    cameras: int
    first: int
    """UTC seconds at which the first of its hours began."""
    last: int
    root: str
    """Merkle root over the list's lines, hex."""


class Swept(NamedTuple):
    """What one pass did."""

    keys: int
    """Destroyed in this pass."""
    rings: int
    """Rings that are gone as a whole."""
    unrecorded: int
    """Lists whose destruction the ledger does not tell of yet."""
    next_due: int | None
    """UTC seconds at which there is something to do again."""
    unreadable: tuple[str, ...] = ()
    """Rings whose keys could not be looked at, and why."""


Record = Callable[[Batch], object]
"""Puts a batch in the ledger; raises LedgerError where it cannot."""


class Expiry:
    """Owns when each ring is due next, so that a pass reads those alone that are."""

    def __init__(self, layout: Layout, record: Record) -> None:
        """Of `layout`; `record` tells the ledger."""
        self._layout = layout
        self._record = record
        self._next: dict[str, int | None] = {}
        self._size: dict[str, int] = {}
        self._terms: dict[str, float] = {}

    def sweep(self, now: float, terms: Mapping[str, float] | None = None) -> Swept:
        """Destroy what is due at `now` (UTC seconds). Wants the sweeper's lock.

        `terms`: seconds by camera where they are shorter now than when it was recorded. Raises
        VaultError where the vault is not there as a whole, OSError.
        """
        self._layout.check_identity()
        unrecorded = self._finish()
        shorter = dict(terms or {})
        if shorter != self._terms:
            self._terms = shorter
            self._next.clear()
        keys, rings, unreadable = 0, 0, []
        folders = self._layout.rings()
        for folder in folders:
            try:
                done, late, gone = self._ring(folder, now)
            except VaultError as error:
                unreadable.append(error.line())
                continue
            keys, unrecorded, rings = keys + done, unrecorded + late, rings + gone
        self._next = {f.name: self._next[f.name] for f in folders if f.name in self._next}
        due = min((t for t in self._next.values() if t is not None), default=None)
        return Swept(keys, rings, unrecorded, due, tuple(unreadable))

    def _ring(self, folder: Path, now: float) -> tuple[int, int, bool]:
        """(keys destroyed, lists unrecorded, whether the ring is gone)."""
        name = folder.name
        size = _written(folder / "slots", hold=end_of(name) is None)
        known = self._next.get(name)
        if name in self._next and size == self._size[name] and known is not None and known > now:
            return 0, 0, False
        ring = Ring(folder)
        keys = unrecorded = 0
        try:
            for places in self._due(ring, now):
                keys += len(places)
                unrecorded += not self._destroy(ring, places)
            self._size[name] = size
            self._next[name] = first = self._first(ring)
        finally:
            ring.close()
        end = end_of(name)
        over = first is None and (end is None or now > end + _AFTER)
        if over and not any(self._layout.pending.glob(f"{name}.*")):
            self._remove(folder)
            return keys, unrecorded, True
        return keys, unrecorded, False

    def _dues(self, ring: Ring, block: Slots) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """When each slot of `block` is due, by the terms of now where they are shorter."""
        due = block["due"].astype(np.int64)
        if self._terms and end_of(ring.name) is not None:
            none = 1 << 40
            table = np.array([self._terms.get(c, none) for c in ring.cameras] or [none], np.int64)
            number = np.minimum(block["camera"].astype(np.int64), len(table) - 1)
            due = np.minimum(due, block["hour"].astype(np.int64) + table[number])
        return due

    def _due(self, ring: Ring, now: float) -> Iterator[list[int]]:
        places: list[int] = []
        for first, block in ring.blocks():
            ripe = (block["state"] != GONE) & (self._dues(ring, block) <= now)
            places += (np.flatnonzero(ripe) + first).tolist()
            while len(places) >= MOST:
                yield places[:MOST]
                del places[:MOST]
        if places:
            yield places

    def _first(self, ring: Ring) -> int | None:
        found = [
            int(self._dues(ring, block)[there].min())
            for _, block in ring.blocks()
            if (there := block["state"] != GONE).any()
        ]
        return min(found, default=None)

    def _destroy(self, ring: Ring, places: list[int]) -> bool:
        """Both phases for one list; False where the ledger was not told."""
        path = self._layout.pending / f"{ring.name}.{places[0]}-{places[-1]}.list"
        slots = zip(places, ring.bytes_of(places), strict=True)
        put(path, (_line(ring, place, data) for place, data in slots))
        return self._carry_out(ring, path)

    def _finish(self) -> int:
        """Carry out what was begun before; the lists that are still unrecorded."""
        sweep(self._layout.pending)
        unrecorded = 0
        for path in sorted(self._layout.pending.glob("*.list")):
            folder = self._layout.keys / path.name.partition(".")[0]
            ring = Ring(folder) if folder.is_dir() else None
            try:
                unrecorded += not self._carry_out(ring, path)
            finally:
                if ring is not None:
                    ring.close()
        return unrecorded

    def _carry_out(self, ring: Ring | None, path: Path) -> bool:
        name = path.name.partition(".")[0]
        if ring is not None:
            ring.destroy(np.fromiter((one.place for one in _told(path)), np.int64))
        lines = _told(path)
        while run := list(itertools.islice(lines, _RUN)):
            self._unlink(name, run)
        batch = _batch(name, path)
        try:
            self._record(batch)
        except LedgerError:
            return False
        path.rename(self._layout.destroyed / path.name)
        sync_folder(self._layout.destroyed)
        sync_folder(self._layout.pending)
        return True

    def _unlink(self, ring: str, run: Iterable["_Told"]) -> None:
        touched = set()
        for one in run:
            file = self._layout.recording(ring, one.camera, one.hour, one.part)
            file.unlink(missing_ok=True)
            touched.add(file.parent)
        for folder in touched:
            _tidy(folder)

    def _remove(self, folder: Path) -> None:
        """No key is in it any more: overwrite the shares, and remove it."""
        for party in PARTIES:
            share = folder / f"{party}.age"
            if share.exists():
                with share.open("r+b") as file:
                    file.write(bytes(share.stat().st_size))
                    file.flush()
                    os.fdatasync(file.fileno())
        gone = folder.with_name(f".{folder.name}.gone")
        folder.rename(gone)
        sync_folder(folder.parent)
        shutil.rmtree(gone)
        sync_folder(folder.parent)
        self._next.pop(folder.name, None)


def _written(slots: Path, *, hold: bool) -> int:
    """What tells that keys came since the last look; of a hold, which may end early, any change."""
    try:
        found = slots.stat()
    except FileNotFoundError:
        return -1
    return found.st_mtime_ns if hold else found.st_size


def _line(ring: Ring, place: int, data: bytes) -> bytes:
    """What is told of one key, for ever: not the key, and nobody's picture."""
    number = int.from_bytes(data[4:8], "big")
    camera = ring.cameras[number] if number < len(ring.cameras) else "unknown"
    part, hour = int.from_bytes(data[2:4], "big"), int.from_bytes(data[16:24], "big")
    return f"{place} {camera} {hour} {part} {hashlib.sha256(data).hexdigest()}\n".encode()


class _Told(NamedTuple):
    """What a list's line says of a key."""

    place: int
    camera: str
    hour: int
    part: int


def _told(path: Path) -> Iterator[_Told]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            place, camera, hour, part, _ = line.split(" ")
            yield _Told(int(place), camera, int(hour), int(part))


def _batch(ring: str, path: Path) -> Batch:
    """What the ledger is told of the list at `path`."""
    cameras, hours, keys = set(), set(), 0
    for one in _told(path):
        keys += 1
        cameras.add(one.camera)
        hours.add(one.hour)
    with path.open("rb") as lines:
        root = root_of(map(leaf_hash, lines)).hex()
    return Batch(ring, keys, len(cameras), min(hours), max(hours), root)


def _tidy(folder: Path) -> None:
    """Make the unlinking durable, and leave no empty folder."""
    if not folder.is_dir():
        return
    sync_folder(folder)
    for empty in (folder, folder.parent):
        if any(empty.iterdir()):
            return
        empty.rmdir()
        sync_folder(empty.parent)
