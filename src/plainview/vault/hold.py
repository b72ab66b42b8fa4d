"""A legal hold: chosen hours, their keys wrapped again under a key of the hold's own, until a day.

A hold is a ring like a day's, sealed to the same two parties; its keys are due when it ends, and
the same sweeper destroys them. The recordings are linked, not copied: the day's own expiry takes
its name away and leaves the hold's. It needs both custodians, since without them no key can be
unwrapped.
"""

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final, NamedTuple

from plainview.durable import sync_folder
from plainview.errors import InputError, VaultError
from plainview.vault import daykey
from plainview.vault.age import Random, Wrapped, public_of, unwrap, wrap
from plainview.vault.layout import HOLD, HOUR, Layout, end_of
from plainview.vault.ring import Ring, Slot

CASE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
LONGEST: Final = 366 * 86_400
"""Seconds that a hold may be set for; it can be set again."""


class Hold(NamedTuple):
    """What is to be held."""

    case: str
    cameras: frozenset[str]
    since: float
    """UTC seconds."""
    until: float
    ends: int
    """UTC seconds at which the hold ends by itself."""


def check_hold(hold: Hold, now: float) -> None:
    """Raise InputError unless `hold` can be set at `now`."""
    if not CASE.fullmatch(hold.case):
        raise InputError(
            f"{hold.case[:60]!r} names no case",
            mend="Use small letters, digits and hyphens, 40 at most",
        )
    if not hold.since < hold.until:
        raise InputError("it holds nothing", where="--from", mend="Give a later --to")
    if not now < hold.ends <= now + LONGEST:
        raise InputError(
            "a hold ends, within a year", where="--ends", mend="Set it again when it is over"
        )


def wanted(layout: Layout, hold: Hold) -> list[str]:
    """The rings of days that have recordings for `hold`."""
    found = []
    for folder in layout.rings():
        end = end_of(folder.name)
        if end is not None and hold.since < end and end - 86_400 < hold.until:
            found.append(folder.name)
    return found


def held(
    layout: Layout,
    hold: Hold,
    task: Callable[[Path], daykey.Task],
    private: Callable[[str], bytes],
    *,
    random: Random = os.urandom,
) -> int:
    """Set `hold`; the recordings that it holds now. Wants the sweeper's lock. May be repeated.

    `task` says to whom the hold's ring is sealed; `private` gives a day's private half. Raises
    VaultError, InputError; what was held by then stays held.
    """
    folder = layout.keys / f"{HOLD}{hold.case}"
    daykey.make(task(folder), random)
    ring = Ring(folder)
    count = 0
    try:
        there = {(ring.cameras[s.camera], s.hour, s.part) for _, s in ring.live()}
        for name in wanted(layout, hold):
            day = Ring(layout.keys / name)
            try:
                key = private(name)
                for slot in _chosen(day, hold, there):
                    of = day.words(slot)
                    new = wrap(unwrap(slot.wrapped, key, of), ring.public, of, random)
                    _hold_one(layout, day, ring, slot, hold.ends, new)
                    count += 1
            finally:
                day.close()
        return count + len(there)
    finally:
        ring.close()


def ended(layout: Layout, case: str, private: bytes, now: float) -> int:
    """End the hold `case` at `now` (UTC seconds); the recordings that are due by that.

    `private` is its ring's private half, as proof that both custodians agree. What is due is
    destroyed by the next pass of the sweeper, whose lock this wants. May be repeated. Raises
    InputError where there is no such hold, VaultError where `private` is not its own.
    """
    folder = layout.keys / f"{HOLD}{case}"
    if not CASE.fullmatch(case) or not folder.is_dir():
        raise InputError(f"there is no hold {case[:60]!r}", where="vault")
    ring = Ring(folder)
    try:
        if public_of(private) != ring.public:
            raise VaultError("both custodians' shares do not make its key", where=ring.name)
        return ring.hasten(int(now))
    finally:
        ring.close()


def _chosen(day: Ring, hold: Hold, there: Collection[tuple[str, int, int]]) -> list[Slot]:
    return [
        slot
        for _, slot in day.live()
        if (camera := day.cameras[slot.camera]) in hold.cameras
        and slot.hour < hold.until
        and slot.hour + HOUR > hold.since
        and slot.due < hold.ends
        and (camera, slot.hour, slot.part) not in there
    ]


def _hold_one(layout: Layout, day: Ring, ring: Ring, slot: Slot, ends: int, new: Wrapped) -> None:
    camera = day.cameras[slot.camera]
    source = layout.recording(day.name, camera, slot.hour, slot.part)
    link = layout.recording(ring.name, camera, slot.hour, slot.part)
    try:
        link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        link.unlink(missing_ok=True)  # of an attempt that a crash ended
        os.link(source, link)
        for folder in (link.parent, link.parent.parent, layout.data):
            sync_folder(folder)
        place = ring.add(camera, slot.hour, slot.part, ends, new)
    except OSError as error:
        raise VaultError(f"cannot be held ({error.strerror})", where=str(source)) from error
    ring.end(place, slot.state)
