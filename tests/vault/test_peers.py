"""What went wrong in others' recorders, once each, under the number of the report."""

from tests.vault.machine import DAYS, Machine

from plainview.errors import LedgerError
from plainview.vault.check import check
from plainview.vault.expiry import Batch
from plainview.vault.ring import Ring


def test_frigate_24182_deletion_never_runs(machine: Machine) -> None:
    """The disk filled, unnoticed. Here recording stops an hour after a deletion is missed."""
    machine.frames("a", 2 * DAYS, 3)
    machine.recorder.forget("a")
    for _ in range(6):
        machine.hours(8)
        machine.frames("b", 9 * DAYS, 2)
        assert machine.recorder.reports()["b"].recording
    machine.hours(2)
    machine.frames("b", 9 * DAYS, 3)
    report = machine.recorder.reports()["b"]
    assert not report.recording
    assert "should have been deleted" in report.why
    assert {f.invariant for f in check(machine.layout, machine.clock.utc()).findings} == {"I3"}
    machine.sweeper.turn()
    machine.clock.advance(60)
    machine.frames("b", 9 * DAYS, 3)
    assert machine.recorder.reports()["b"].recording


def test_frigate_7299_a_camera_that_is_no_longer_configured(machine: Machine) -> None:
    """Its recordings stayed for good. Here nothing that is configured decides about deletion."""
    machine.frames("renamed", DAYS, 3)
    machine.recorder.forget("renamed")
    machine.restart()
    machine.terms = {"another": 3600.0}
    machine.hours(25)
    machine.sweeper.turn()
    assert machine.files() == []
    assert machine.keys() == 0


def test_frigate_2502_a_restart_after_a_long_pause(machine: Machine) -> None:
    """Cleaning did not start again. Here the first pass after a start does all that is due."""
    for _ in range(5):
        machine.frames("a", DAYS, 2)
        machine.hours(20)
    machine.restart()
    machine.hours(50)
    assert machine.sweeper.turn().swept is not None
    assert machine.files() == []


def test_zoneminder_3611_files_that_the_database_does_not_know(machine: Machine) -> None:
    """They stayed on disk. Here what has no key is found by the check and cleared at a start."""
    machine.frames("a", DAYS, 3)
    machine.recorder.close()
    ring = Ring(machine.layout.rings()[0])
    ring.destroy([0])
    assert {f.invariant for f in check(machine.layout, machine.clock.utc()).findings} == {"I2"}
    assert machine.restart().orphans == 1
    assert machine.files() == []


def test_zoneminder_748_deleted_in_the_interface_alone(machine: Machine) -> None:
    """The files stayed. Here a deletion that was begun is finished, files too, by the next pass."""

    def refuse(_: Batch) -> None:
        raise LedgerError("the ledger is full")

    machine.frames("a", 3 * 3600, 3)
    machine.recorder.close()
    kept = machine.files()[0].read_bytes()
    machine.record = refuse
    machine.hours(3)
    machine.sweeper.turn()
    path = next(machine.layout.data.parent.glob("pending/*.list"))
    # As if the files' deletion had been lost with the power, after the keys' destruction.
    _, camera, hour, part, _ = path.read_text().split()
    file = machine.layout.recording("2026-11-18", camera, int(hour), int(part))
    file.parent.mkdir(parents=True)
    file.write_bytes(kept)
    machine.record = machine.recorded.append
    machine.sweeper.turn()
    assert machine.files() == []
    assert not file.parent.exists(), "nor do empty folders stay"


def test_zoneminder_4474_the_bound_is_met_by_stopping(machine: Machine) -> None:
    """Purging when full took what was to be kept. Here a full disk deletes nothing early."""
    machine.bound = 200_000
    machine.recorder = machine._recorder()
    machine.frames("a", 2 * DAYS, 40)
    machine.sweeper.turn()
    assert len(machine.files()) == machine.keys() == 1
    assert not machine.recorder.reports()["a"].recording


def test_mediamtx_3556_each_camera_has_its_own_term(machine: Machine) -> None:
    """The default's term was used for all. Here each key carries the term of its own permit."""
    machine.frames("office", 14 * DAYS, 2)
    machine.frames("office-sub", 7 * DAYS, 2)
    machine.recorder.close()
    machine.hours(24 * 8)
    machine.sweeper.turn()
    assert [path.parent.name for path in machine.files()] == ["office"]
    machine.hours(24 * 7)
    machine.sweeper.turn()
    assert machine.files() == []
