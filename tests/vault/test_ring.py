import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pyrage
import pytest
from tests.vault.conftest import HOUR, NOW, Custodians, MakeRing

from plainview.errors import InputError, VaultError
from plainview.vault import daykey
from plainview.vault.age import unwrap, wrap
from plainview.vault.layout import Layout
from plainview.vault.ring import SLOT, Ring
from plainview.vault.stream import words


def filled(ring: Ring, count: int) -> list[bytes]:
    """`count` data keys in `ring`, due one after another."""
    keys = [os.urandom(16) for _ in range(count)]
    for k, key in enumerate(keys):
        camera = f"camera-{k % 3}"
        wrapped = wrap(key, ring.public, words(camera, HOUR, k), os.urandom)
        ring.add(camera, HOUR, k, HOUR + 100 + k, wrapped)
    return keys


def test_both_custodians_together_open_a_day(make_ring: MakeRing, custodians: Custodians) -> None:
    """The data keys open with both shares, and the private half is in no file."""
    ring = make_ring()
    keys = filled(ring, 4)
    private = custodians.private(ring)
    assert [unwrap(slot.wrapped, private, ring.words(slot)) for _, slot in ring.live()] == keys
    assert not any(private in path.read_bytes() for path in ring.folder.iterdir())


def test_one_custodian_alone_opens_nothing(make_ring: MakeRing, custodians: Custodians) -> None:
    """Neither has the other's share, and a share by itself is no key."""
    ring = make_ring()
    filled(ring, 1)
    ((_, slot),) = ring.live()
    for party, identity in zip(("operator", "commissioner"), custodians, strict=True):
        share = daykey.open_share(ring.folder, party, [identity])
        with pytest.raises(VaultError, match="does not open"):
            unwrap(slot.wrapped, share, ring.words(slot))
        others = {"operator": "commissioner", "commissioner": "operator"}[party]
        with pytest.raises(VaultError, match="does not open"):
            daykey.open_share(ring.folder, others, [identity])


def test_a_share_of_another_day_is_refused(make_ring: MakeRing, custodians: Custodians) -> None:
    """Shares that were exchanged between days are told, not joined."""
    one, other = make_ring(), make_ring(NOW + 86_400)
    (one.folder / "operator.age").write_bytes((other.folder / "operator.age").read_bytes())
    with pytest.raises(VaultError, match="another day"):
        daykey.open_share(one.folder, "operator", [custodians.operator])


def test_a_destroyed_key_is_not_in_the_file(make_ring: MakeRing) -> None:
    """Its slot is nothing but zeros; the others are as they were."""
    ring = make_ring()
    filled(ring, 10)
    before = (ring.folder / "slots").read_bytes()
    ring.destroy([7, 2, 3])
    after = (ring.folder / "slots").read_bytes()
    for k in range(10):
        gone = k in {2, 3, 7}
        assert after[k * SLOT : (k + 1) * SLOT] == (
            bytes(SLOT) if gone else before[k * SLOT : (k + 1) * SLOT]
        )
    assert [index for index, _ in ring.live()] == [0, 1, 4, 5, 6, 8, 9]
    assert ring.first_due() == HOUR + 100


def test_slots_outlast_their_process(make_ring: MakeRing) -> None:
    """Names, order and state are the same when the ring is opened again."""
    ring = make_ring()
    filled(ring, 5)
    ring.end(1)
    ring.destroy([0])
    ring.end(0)
    again = Ring(ring.folder)
    assert list(again.live()) == list(ring.live())
    assert [again.cameras[slot.camera] for _, slot in again.live()] == [
        "camera-1", "camera-2", "camera-0", "camera-1"
    ]  # fmt: skip
    assert [slot.state for _, slot in again.live()] == [2, 1, 1, 1]


def test_half_a_slot_is_none(make_ring: MakeRing) -> None:
    """What a crash left of a slot is written over by the next one; a damaged one is told."""
    ring = make_ring()
    filled(ring, 2)
    with (ring.folder / "slots").open("ab") as file:
        file.write(b"\x01half")
    assert len(ring) == 2
    filled(ring, 1)
    assert len(list(ring.live())) == 3
    with (ring.folder / "slots").open("r+b") as file:
        file.seek(SLOT + 40)
        file.write(b"????")
    with pytest.raises(VaultError, match="damaged"):
        list(ring.live())


def test_a_day_is_made_by_a_process_of_its_own(layout: Layout, custodians: Custodians) -> None:
    """As the program does it; and only once: a second one changes nothing."""
    operator, commissioner = custodians.recipients()
    task = daykey.Task(str(layout.keys / "2026-11-18"), operator, commissioner)
    command = [sys.executable, "-P", "-m", "plainview.vault.daykey"]
    subprocess.run(command, input=msgspec.json.encode(task), check=True)
    ring = Ring(Path(task.folder))
    assert custodians.private(ring)
    daykey.make(task)
    assert Ring(Path(task.folder)).public == ring.public


def test_who_is_no_recipient_is_told_before_anything_is_made(layout: Layout) -> None:
    """A misspelt recipient is an error of input; no ring is half made."""
    good = str(pyrage.x25519.Identity.generate().to_public())
    task = daykey.Task(str(layout.keys / "2026-11-18"), (good,), (good[:-1] + "!",))
    with pytest.raises(InputError, match="no age recipient"):
        daykey.make(task)
    assert layout.rings() == []
