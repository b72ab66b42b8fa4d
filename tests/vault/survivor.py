"""A vault that records and destroys, and what must hold of it after a power cut at any moment."""

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.vault.powercut import Trace, image, marks

from plainview.clock import ManualClock
from plainview.errors import VaultError
from plainview.vault import daykey
from plainview.vault.age import unwrap
from plainview.vault.check import check
from plainview.vault.expiry import Batch, Expiry
from plainview.vault.layout import DAY, HOUR, Layout, day_of
from plainview.vault.recorder import Recorder
from plainview.vault.recover import recover
from plainview.vault.ring import Ring
from plainview.vault.segment import Reader

BEGIN = 1_795_046_400
"""2026-11-19 00:00 UTC."""
TERM = 2 * HOUR
Hour = tuple[str, int]
"""A camera, and the UTC second at which an hour begins."""
Recipients = tuple[tuple[str, ...], tuple[str, ...]]


class Kept(NamedTuple):
    """A message that is on disk."""

    due: int
    number: int


class Begun(NamedTuple):
    """A pass of the sweeper began at this UTC second."""

    now: int


class Ended(NamedTuple):
    """A pass of the sweeper ended, that began at this UTC second."""

    now: int


class Destroyed(NamedTuple):
    """The ledger was told that the keys of these are destroyed."""

    hours: frozenset[Hour]


class Broken(NamedTuple):
    """What does not hold of an image; nothing where all is empty or 0."""

    lost: int
    """Messages that were acknowledged, are not due, and cannot be read."""
    late: int
    """Messages that can be read, though a pass that was to destroy their keys had ended."""
    told: int
    """Messages that can be read, though the ledger was told that their keys are destroyed."""
    untold: int
    """Hours that are gone and in no list."""
    check: tuple[str, ...]
    """What `plainview vault check` finds after recovery and a pass."""


NOTHING = Broken(0, 0, 0, 0, ())


def lived(
    root: Path, recipients: Recipients, opened: Callable[[Ring], bytes], hours: int = 5
) -> tuple[Trace, dict[str, bytes]]:
    """Two cameras record over midnight and keys are destroyed, the first day's ring with them.

    `opened` gives a ring's private half; these too, by ring.
    """
    trace, private = Trace(root), dict[str, bytes]()
    clock = ManualClock(BEGIN + DAY - 3 * HOUR)
    layout = Layout(root / "vault")

    def record(batch: Batch) -> None:
        (path,) = (p for p in layout.pending.iterdir() if p.name.startswith(batch.ring))
        trace.mark(Destroyed(frozenset(hours_of(path))))

    with trace.tracing():
        layout.make()
        expiry, number = Expiry(layout, record), 0
        recorder = Recorder(layout, clock, bound=10**12, reserve=0)
        for camera in ("a", "b"):
            recorder.expect(camera, float(TERM))
        for _ in range(2 * hours):
            folder = layout.keys / day_of(clock.utc())
            daykey.make(daykey.Task(str(folder), *recipients))
            private[folder.name] = opened(Ring(folder))
            due = int(clock.utc()) // HOUR * HOUR + TERM
            for camera in ("a", "b"):
                number += 1
                body = number.to_bytes(8, "big") + bytes(70_000)
                recorder.put(camera, body, round(clock.utc() * 1e6), entry=True)
            clock.advance(5.0)
            recorder.turn()
            trace.mark([Kept(due, number - 1), Kept(due, number)])
            clock.advance(HOUR / 2 - 5.0)
            recorder.turn()
            _sweep(trace, expiry, clock)
        recorder.close()
        clock.advance(TERM + HOUR)
        _sweep(trace, expiry, clock)
    return trace, private


def _sweep(trace: Trace, expiry: Expiry, clock: ManualClock) -> None:
    trace.mark(Begun(int(clock.utc())))
    expiry.sweep(clock.utc())
    trace.mark(Ended(int(clock.utc())))


def broken(
    trace: Trace, until: int, chance: random.Random, folder: Path, private: dict[str, bytes]
) -> Broken:
    """What does not hold when the power fails before step `until`; each part unsynced by chance.

    `private` halves by ring. The vault starts anew in the new `folder`.
    """
    share = chance.choice((0.0, 0.5, 1.0, chance.random()))
    image(trace, until, lambda: chance.random() < share, folder)
    told = list(marks(trace, until))
    begun = max((one.now for one in told if isinstance(one, Begun)), default=0)
    ended = max((one.now for one in told if isinstance(one, Ended)), default=0)
    acknowledged = {one for many in told if isinstance(many, list) for one in many}
    destroyed = {hour for one in told if isinstance(one, Destroyed) for hour in one.hours}
    layout = Layout(folder / "vault")
    layout.make()
    early = _readable(layout, private)
    recover(layout)
    there = {one for _, one in _readable(layout, private)}
    Expiry(layout, lambda _: None).sweep(begun)
    listed = {hour for path in layout.destroyed.glob("*.list") for hour in hours_of(path)}
    return Broken(
        sum(one.due > begun and one not in there for one in acknowledged),
        sum(one.due <= ended for _, one in early),
        sum(hour in destroyed for hour, _ in early),
        len(destroyed - listed),
        tuple(f"{one.invariant}: {one.what}" for one in check(layout, begun).findings),
    )


def hours_of(path: Path) -> set[Hour]:
    """What the list at `path` names."""
    lines = path.read_text().splitlines()
    return {(camera, int(hour)) for _, camera, hour, _, _ in (line.split(" ") for line in lines)}


def _readable(layout: Layout, private: dict[str, bytes]) -> list[tuple[Hour, Kept]]:
    """Every message that can be read with both custodians' keys."""
    found: list[tuple[Hour, Kept]] = []
    for folder in layout.rings():
        ring = Ring(folder)
        for place, _ in ring.live():
            with contextlib.suppress(VaultError):  # cut off before recovery, or its key damaged
                found += _messages(layout, ring, place, private[ring.name])
        ring.close()
    return found


def _messages(
    layout: Layout, ring: Ring, place: int, private: bytes
) -> Iterator[tuple[Hour, Kept]]:
    slot = ring.slot(place)
    if slot is None:
        return
    camera = ring.cameras[slot.camera]
    path = layout.recording(ring.name, camera, slot.hour, slot.part)
    reader = Reader(path, unwrap(slot.wrapped, private, ring.words(slot)))
    try:
        for message in reader.messages():
            yield (camera, slot.hour), Kept(slot.due, int.from_bytes(message[:8], "big"))
    finally:
        reader.close()
