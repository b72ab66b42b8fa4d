"""What a crash left, put in order before anything is recorded. Every step can be done again."""

from pathlib import Path
from typing import NamedTuple

from plainview.durable import sync_folder
from plainview.errors import VaultError
from plainview.vault.age import NONCE
from plainview.vault.layout import Layout
from plainview.vault.ring import CUT, GONE, OPEN, Ring
from plainview.vault.segment import SUFFIX, whole


class Recovered(NamedTuple):
    """What was put in order."""

    cut: int
    """Recordings closed at their last whole chunk."""
    empty: int
    """Keys destroyed that no recording belongs to."""
    orphans: int
    """Files deleted whose keys are gone: nobody could read them."""
    damaged: int
    """Keys destroyed because they were unreadable."""


def recover(layout: Layout) -> Recovered:
    """Put the vault in order. Wants both locks. Raises VaultError, OSError.

    Where keys or data are not there as a whole (a disk that is not mounted), nothing is touched.
    """
    layout.check_identity()
    cut = empty = damaged = 0
    known: set[Path] = set()
    for folder in layout.rings():
        ring = Ring(folder)
        try:
            found = _of_ring(layout, ring, known)
        finally:
            ring.close()
        cut, empty, damaged = cut + found[0], empty + found[1], damaged + found[2]
    orphans = [path for path in layout.data.rglob(f"*{SUFFIX}") if path not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    for parent in {path.parent for path in orphans}:
        sync_folder(parent)
    return Recovered(cut, empty, len(orphans), damaged)


def _of_ring(layout: Layout, ring: Ring, known: set[Path]) -> tuple[int, int, int]:
    cut, empty, damaged = 0, [], []
    for first, block in ring.blocks():
        for place in (int(k) + first for k in (block["state"] != GONE).nonzero()[0]):
            try:
                slot = ring.slot(place)
            except VaultError:
                damaged.append(place)
                continue
            if slot is None:
                continue
            camera = ring.cameras[slot.camera]
            path = layout.recording(ring.name, camera, slot.hour, slot.part)
            size = path.stat().st_size if path.exists() else 0
            if whole(size) <= NONCE:
                empty.append(place)  # its file, if any, is an orphan now
                continue
            known.add(path)
            if slot.state == OPEN:
                cut += _close(ring, place, path, size)
    ring.destroy([*empty, *damaged])
    return cut, len(empty), len(damaged)


def _close(ring: Ring, place: int, path: Path, size: int) -> int:
    if whole(size) < size:
        with path.open("r+b") as file:
            file.truncate(whole(size))
    ring.end(place, CUT)
    return 1
