"""Proves the vault's invariants on a live one, reading only: `plainview vault check`.

What two processes are at work on meanwhile is looked at twice before it is called wrong.
"""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from plainview.errors import VaultError
from plainview.vault import release_keys
from plainview.vault.age import NONCE, unwrap
from plainview.vault.lateness import GRACE
from plainview.vault.layout import PARTIES, Layout, day_of
from plainview.vault.ring import CLOSED, GONE, Ring, Slot
from plainview.vault.segment import SUFFIX, Reader, whole
from plainview.vault.stream import Label

INVARIANTS: Final = {
    "I1": "every key that is there has its recording",
    "I2": "every recording has its key: nothing lies here that nobody can read or account for",
    "I3": "no key is there an hour after its term",
    "I4": "every day's keys have a public half and two sealed shares",
    "I5": "every key is undamaged",
    "I6": "no destruction that was begun is unfinished for an hour",
    "I7": "keys and data are of one vault, closed to others, and marked to be left out of backups",
    "I8": "every recording that ended is a whole number of chunks",
    "I9": "every recording opens, and is of the camera and hour that its name says",
    "I10": "no key of a release is there an hour after the release ended",
}
"""By name. I9 is proved where both custodians give their identities."""
_OTHERS: Final = 0o077


class Finding(NamedTuple):
    """An invariant that does not hold."""

    invariant: str
    what: str


class Checked(NamedTuple):
    """What was looked at, and what was found."""

    keys: int
    recordings: int
    opened: int
    findings: tuple[Finding, ...]


def check(
    layout: Layout, now: float, private: Mapping[str, bytes] | None = None, *, settle: float = 0.0
) -> Checked:
    """Every invariant at `now` (UTC seconds); `private` halves by ring to open recordings with.

    What looks wrong at first is looked at again after `settle` seconds. Raises VaultError where
    there is no vault.
    """
    layout.check_identity()
    first = _look(layout, now, private or {})
    if not first.findings:
        return first
    time.sleep(settle)
    again = _look(layout, now, private or {})
    held = set(first.findings)
    return again._replace(findings=tuple(f for f in again.findings if f in held))


def _look(layout: Layout, now: float, private: Mapping[str, bytes]) -> Checked:
    findings = [*_folders(layout), *_pending(layout, now), *_releases(layout, now)]
    begun = _begun(layout)
    known: set[Path] = set()
    keys = opened = 0
    for folder in layout.rings():
        findings += _shares(folder)
        try:
            ring = Ring(folder)
        except VaultError as error:
            findings.append(Finding("I4", error.line()))
            continue
        try:
            for slot in _slots(ring, findings):
                keys += 1
                path = layout.recording(ring.name, ring.cameras[slot.camera], slot.hour, slot.part)
                known.add(path)
                findings += _slot(path, slot, now)
                if ring.name in private and path.exists():
                    opened += 1
                    findings += _open(path, slot, ring, private[ring.name])
        finally:
            ring.close()
    recordings = 0
    for path in layout.data.rglob(f"*{SUFFIX}"):
        recordings += 1
        if path not in known and path not in begun:
            findings.append(Finding("I2", f"{path}: there is no key for it"))
    return Checked(keys, recordings, opened, tuple(findings))


def _folders(layout: Layout) -> Iterator[Finding]:
    for folder in (layout.keys, layout.data):
        if folder.stat().st_mode & _OTHERS:
            yield Finding("I7", f"{folder}: others may read it")
    if not (layout.keys / "CACHEDIR.TAG").exists():
        yield Finding("I7", f"{layout.keys}: is not marked to be left out of backups")


def _pending(layout: Layout, now: float) -> Iterator[Finding]:
    for path in layout.pending.glob("*.list"):
        if now - path.stat().st_mtime > GRACE:
            yield Finding("I6", f"{path.name}: begun, and not finished or not in the ledger")


def _releases(layout: Layout, now: float) -> Iterator[Finding]:
    for one in release_keys.found(layout):
        if one.ends + GRACE < now:
            yield Finding("I10", f"{one.path.name}: should have gone")


def _begun(layout: Layout) -> set[Path]:
    """Recordings whose destruction has begun."""
    found = set()
    for path in layout.pending.glob("*.list"):
        for line in path.read_text(encoding="utf-8").splitlines():
            _, camera, hour, part, _ = line.split(" ")
            ring = path.name.partition(".")[0]
            found.add(layout.recording(ring, camera, int(hour), int(part)))
    return found


def _shares(folder: Path) -> Iterator[Finding]:
    for party in PARTIES:
        share = folder / f"{party}.age"
        if not share.exists() or not share.stat().st_size:
            yield Finding("I4", f"{folder.name}: the {party}'s share is missing")


def _slots(ring: Ring, findings: list[Finding]) -> Iterator[Slot]:
    for first, block in ring.blocks():
        for k in (block["state"] != GONE).nonzero()[0]:
            try:
                slot = ring.slot(first + int(k))
            except VaultError as error:
                findings.append(Finding("I5", error.line()))
                continue
            if slot is not None and slot.camera < len(ring.cameras):
                yield slot
            elif slot is not None:
                findings.append(Finding("I5", f"{ring.name}: key {first + int(k)} is of no camera"))


def _slot(path: Path, slot: Slot, now: float) -> Iterator[Finding]:
    if slot.due + GRACE < now:
        yield Finding("I3", f"{path}: its key should have gone {(now - slot.due) / 3600:.1f} h ago")
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        yield Finding("I1", f"{path}: is missing, its key is there")
        return
    if slot.state == CLOSED and (whole(size) != size or size <= NONCE):
        yield Finding("I8", f"{path}: {size} bytes are no whole number of chunks")


def _open(path: Path, slot: Slot, ring: Ring, private: bytes) -> Iterator[Finding]:
    camera = ring.cameras[slot.camera]
    label = Label(day_of(slot.hour), camera, slot.hour, slot.part)
    try:
        reader = Reader(path, unwrap(slot.wrapped, private, ring.words(slot)), label)
        try:
            for number in range(reader.chunks):
                reader.chunk(number)
            if slot.state == CLOSED and not reader.complete:
                yield Finding("I9", f"{path}: its end is missing")
        finally:
            reader.close()
    except VaultError as error:
        yield Finding("I9", f"{path}: {error.what}")
