from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.vault.conftest import HOUR, Custodians
from tests.vault.machine import DAYS, Machine

from plainview.durable import sync_folder
from plainview.errors import LedgerError
from plainview.ledger.merkle import leaf_hash, root_of
from plainview.vault import expiry
from plainview.vault.check import check
from plainview.vault.expiry import Batch
from plainview.vault.layout import Layout
from plainview.vault.ring import Ring


def test_what_is_due_goes_and_nothing_else(machine: Machine) -> None:
    """By the hour and each camera's own term; then the day's keys as a whole."""
    machine.frames("short", 3 * 3600, 3)
    machine.frames("long", 2 * DAYS, 3)
    machine.hours(1)
    machine.frames("short", 3 * 3600, 3)
    machine.recorder.close()
    assert machine.sweeper.turn().trouble == ""
    assert len(machine.files()) == machine.keys() == 3
    machine.clock.advance(HOUR + 3 * 3600 - machine.clock.utc())
    assert machine.sweeper.turn().swept == expiry.Swept(1, 0, 0, HOUR + 4 * 3600)
    assert [p.parent.name for p in machine.files()] == ["long", "short"]
    machine.hours(1)
    machine.sweeper.turn()
    assert [p.parent.name for p in machine.files()] == ["long"]
    machine.hours(48)
    assert machine.sweeper.turn().swept == expiry.Swept(1, 1, 0, None)
    assert machine.layout.rings() == []
    assert [p.name for p in machine.layout.data.iterdir()] == ["vault-id"]


def test_the_ledger_gets_a_root_that_proves_each_key(machine: Machine) -> None:
    """The list that stays has a line for each camera-hour, and the entry its Merkle root."""
    machine.frames("a", 3 * 3600, 2)
    machine.frames("b", 3 * 3600, 2)
    machine.recorder.close()
    machine.hours(3)
    machine.sweeper.turn()
    (batch,) = machine.recorded
    (kept,) = machine.layout.destroyed.iterdir()
    lines = kept.read_bytes().splitlines(keepends=True)
    assert batch == Batch(
        "2026-11-18", 2, 2, HOUR, HOUR, root_of(leaf_hash(line) for line in lines).hex()
    )
    assert [line.split()[1] for line in lines] == [b"a", b"b"]


def test_deletion_does_not_wait_for_the_ledger(machine: Machine) -> None:
    """Where it cannot be written, what is due goes all the same, and is recorded later."""

    def refuse(_: Batch) -> None:
        raise LedgerError("no")

    machine.frames("a", 3 * 3600, 2)
    machine.recorder.close()
    machine.record = refuse
    machine.hours(3)
    assert "1 deletions are not in the ledger" in machine.sweeper.turn().trouble
    assert machine.files() == []
    assert machine.keys() == 0
    machine.record = machine.recorded.append
    assert machine.sweeper.turn().trouble == ""
    assert len(machine.recorded) == 1
    assert list(machine.layout.pending.iterdir()) == []


class Killed(BaseException):
    """As kill -9 at this step."""


@pytest.mark.parametrize("step", range(14))
def test_a_kill_at_any_step_is_finished_by_the_next_pass(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Keys first, files after; nothing readable stays, and the ledger knows of all of it."""
    machine.frames("a", 3 * 3600, 2)
    machine.frames("b", 3 * 3600, 2)
    machine.frames("c", 9 * 3600, 2)
    machine.recorder.close()
    machine.hours(3)
    left = step

    def dying(act: Callable[..., object]) -> Callable[..., object]:
        def once(*arguments: object, **options: object) -> object:
            nonlocal left
            if left == 0:
                left = -1
                raise Killed
            left -= 1
            return act(*arguments, **options)

        return once

    with monkeypatch.context() as patched:
        patched.setattr("plainview.vault.expiry.sync_folder", dying(sync_folder))
        patched.setattr(Ring, "destroy", dying(Ring.destroy))
        patched.setattr(Path, "rename", dying(Path.rename))
        patched.setattr(Path, "unlink", dying(Path.unlink))
        machine.record = dying(machine.recorded.append)
        try:
            machine.sweeper.turn()
        except Killed:
            # Files are never gone before their keys are.
            assert len(machine.files()) >= machine.keys()
    machine.record = machine.recorded.append
    machine.restart()
    assert machine.sweeper.turn().trouble == ""
    assert [p.parent.name for p in machine.files()] == ["c"]
    assert machine.keys() == 1
    assert {batch.keys for batch in machine.recorded} == {2}
    assert len({batch.root for batch in machine.recorded}) == 1
    assert check(machine.layout, machine.clock.utc()).findings == ()


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("record"), st.integers(2, 30)),
            st.tuples(st.just("pass"), st.integers(1, 20)),
            st.tuples(st.just("kill"), st.just(0)),
        ),
        max_size=8,
    )
)
def test_nothing_is_deleted_early_and_nothing_is_kept_late(
    tmp_path_factory: pytest.TempPathFactory,
    custodians: Custodians,
    acts: list[tuple[str, int]],
) -> None:
    """Whatever is recorded, whenever it is killed: each file is there exactly until it is due."""
    layout = Layout(tmp_path_factory.mktemp("vault"))
    layout.make()
    machine = Machine(layout, custodians.recipients(), HOUR)
    dues: list[tuple[Path, int]] = []
    for act, number in acts:
        if act == "record":
            before = set(machine.files())
            hour = int(machine.clock.utc()) // 3600 * 3600
            machine.frames("one", number * 3600.0, 5)
            machine.recorder.close()
            dues += [(path, hour + number * 3600) for path in set(machine.files()) - before]
        elif act == "pass":
            machine.hours(number)
        else:
            machine.restart()
        assert machine.sweeper.turn().trouble == ""
        now = machine.clock.utc()
        assert set(machine.files()) == {path for path, due in dues if due > now}
        assert machine.keys() == len(machine.files())
    assert check(layout, machine.clock.utc()).findings == ()


def test_a_permit_that_shortens_its_term_counts_at_once(machine: Machine) -> None:
    """What was recorded under a longer term goes by the shorter one, never by a longer."""
    machine.frames("a", 9 * 3600, 2)
    machine.frames("b", 9 * 3600, 2)
    machine.recorder.close()
    machine.hours(3)
    machine.terms = {"a": 3 * 3600.0, "b": 99 * 3600.0}
    machine.sweeper.turn()
    assert [p.parent.name for p in machine.files()] == ["b"]
    machine.hours(6)
    machine.sweeper.turn()
    assert machine.files() == []
