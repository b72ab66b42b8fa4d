import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.vault.conftest import Custodians
from tests.vault.machine import DAYS, Machine

from plainview.errors import VaultError
from plainview.vault.check import INVARIANTS, check
from plainview.vault.recover import recover
from plainview.vault.ring import SLOT, Ring


def flip(path: Path, at: int) -> None:
    """Change one byte."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


HARMS: dict[str, Callable[[Machine], object]] = {
    "I1": lambda m: m.files()[0].unlink(),
    "I2": lambda m: shutil.copy(m.files()[0], m.files()[0].with_name("23-9.sealed")),
    "I3": lambda m: m.hours(27),
    "I4": lambda m: (m.layout.rings()[0] / "operator.age").unlink(),
    "I5": lambda m: flip(m.layout.rings()[0] / "slots", SLOT + 30),
    "I7": lambda m: m.layout.data.chmod(0o755),
    "I8": lambda m: m.files()[0].write_bytes(m.files()[0].read_bytes()[:-1]),
    "I9": lambda m: flip(m.files()[0], 5000),
}


@pytest.mark.parametrize("invariant", HARMS)
def test_each_broken_invariant_is_found(
    machine: Machine, custodians: Custodians, invariant: str
) -> None:
    """And no other one is accused; before the harm, nothing is found."""
    machine.frames("a", DAYS, 5)
    machine.frames("b", DAYS, 5)
    machine.recorder.close()
    ring = Ring(machine.layout.rings()[0])
    private = {ring.name: custodians.private(ring)}
    fine = check(machine.layout, machine.clock.utc(), private)
    assert fine == (2, 2, 2, ())
    HARMS[invariant](machine)
    found = check(machine.layout, machine.clock.utc(), private)
    told = {finding.invariant for finding in found.findings}
    # A file that is cut does not open; one whose key is damaged has none.
    also = {"I8": {"I9"}, "I5": {"I2"}}.get(invariant, set())
    assert told == {invariant, *also}
    assert told <= set(INVARIANTS)


def test_a_live_vault_is_as_it_must_be(machine: Machine) -> None:
    """While recordings are open, and after each kill and recovery."""
    machine.frames("a", DAYS, 5)
    assert check(machine.layout, machine.clock.utc()).findings == ()
    machine.restart()
    machine.frames("a", DAYS, 5)
    assert check(machine.layout, machine.clock.utc()).findings == ()


def test_recovery_clears_what_nobody_can_read(machine: Machine) -> None:
    """A key without a recording, a recording without a key, a damaged key: gone, and told."""
    for camera in "abc":
        machine.frames(camera, DAYS, 5)
    machine.recorder.close()
    machine.files()[0].unlink()
    flip(machine.layout.rings()[0] / "slots", 2 * SLOT + 30)
    shutil.copy(machine.files()[0], machine.files()[0].with_name("23-9.sealed"))
    assert recover(machine.layout) == (0, 1, 2, 1)
    assert check(machine.layout, machine.clock.utc()).findings == ()
    assert [p.parent.name for p in machine.files()] == ["b"]


def test_a_disk_that_is_not_mounted_is_not_taken_for_an_empty_one(machine: Machine) -> None:
    """Nothing is deleted as unreadable because the keys are elsewhere, or of another vault."""
    machine.frames("a", DAYS, 5)
    machine.recorder.close()
    elsewhere = machine.layout.root / "elsewhere"
    machine.layout.keys.rename(elsewhere)
    with pytest.raises(VaultError, match="not there"):
        recover(machine.layout)
    machine.layout.make()
    with pytest.raises(VaultError, match="not there"):
        recover(machine.layout)
    assert "not there" in machine.sweeper.turn().trouble
    (machine.layout.keys / "vault-id").write_text("other")
    with pytest.raises(VaultError, match="not of one vault"):
        recover(machine.layout)
    assert len(machine.files()) == 1
