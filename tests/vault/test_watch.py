from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.vault.conftest import HOUR
from tests.vault.machine import DAYS, Machine

from plainview.clock import ManualClock
from plainview.vault.watch import SLACK, TRUST, Watch, disciplined


def test_a_leap_ahead_deletes_nothing(machine: Machine) -> None:
    """Until it is confirmed; then what is due by the clock that is right goes."""
    machine.synchronised = False
    machine.frames("a", 2 * DAYS, 2)
    machine.recorder.close()
    machine.sweeper.turn()
    machine.clock.step(3 * DAYS)
    for _ in range(5):
        machine.hours(1)
        assert "leapt ahead by 72.00 hours" in machine.sweeper.turn().trouble
        assert machine.files()
    (machine.layout.root / "clock-confirmed").touch()
    assert machine.sweeper.turn().trouble == ""
    assert machine.files() == []


def test_a_time_server_confirms_a_leap_after_ten_minutes(machine: Machine) -> None:
    """As on a machine whose clock starts wrong and is set from the network."""
    machine.frames("a", 2 * DAYS, 2)
    machine.recorder.close()
    machine.sweeper.turn()
    machine.clock.step(3 * DAYS)
    assert machine.sweeper.turn().trouble
    assert machine.files()
    machine.clock.advance(TRUST + 1)
    assert machine.sweeper.turn().trouble == ""
    assert machine.files() == []


def test_time_that_passes_deletes_though_the_clock_leapt(machine: Machine) -> None:
    """A leap ahead does not hold up for ever: what is due by both clocks goes."""
    machine.synchronised = False
    machine.frames("a", 5 * 3600, 2)
    machine.recorder.close()
    machine.sweeper.turn()
    machine.clock.step(3 * DAYS)
    machine.hours(5)
    machine.sweeper.turn()
    assert machine.files() == []


def test_a_clock_that_is_set_back_stops_recording_in_time(machine: Machine) -> None:
    """What would be kept late by it is told by the dead man's check, by the later one."""
    machine.synchronised = False
    machine.frames("a", 3 * 3600, 2)
    machine.recorder.close()
    machine.clock.step(-2 * DAYS)
    machine.hours(4.2)
    assert "leapt back" in machine.sweeper.turn().trouble
    assert machine.files()
    machine.frames("b", DAYS, 2)
    assert "should have been deleted" in machine.why("b")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.floats(0, 9e5), st.floats(-9e5, 9e5)), min_size=1, max_size=12))
def test_the_true_time_is_never_outside_what_is_told(
    tmp_path: Path, steps: list[tuple[float, float]]
) -> None:
    """If the clock was right at the start: whatever it is set to, the truth lies between."""
    clock, true = ManualClock(1e9), 1e9
    (tmp_path / "saved").unlink(missing_ok=True)
    watch = Watch(clock, tmp_path / "saved", synchronised=lambda: False)
    for passes, leap in steps:
        clock.advance(passes)
        true += passes
        clock.step(leap)
        times = watch.look()
        slack = SLACK * len(steps) + 1
        assert times.earliest - slack <= true <= times.latest + slack


def test_a_restart_does_not_launder_a_leap(tmp_path: Path) -> None:
    """A machine that was off for a day is believed, one whose clock is a month ahead is not."""
    clock = ManualClock(1e9)
    Watch(clock, tmp_path / "saved", synchronised=lambda: False).look()
    clock.step(80_000)
    assert Watch(clock, tmp_path / "saved", synchronised=lambda: False).look().trouble == ""
    clock.step(31 * DAYS)
    again = Watch(clock, tmp_path / "saved", synchronised=lambda: False).look()
    assert again.earliest == pytest.approx(1e9 + 80_000, abs=1)
    assert again.latest == pytest.approx(1e9 + 80_000 + 31 * DAYS)


def test_daylight_saving_and_leap_seconds_are_not_seen(machine: Machine) -> None:
    """Hours are UTC's. A clock that repeats a second is followed."""
    machine.frames("a", 3 * 3600, 2)
    machine.sweeper.turn()
    machine.clock.step(-1.0)
    assert machine.sweeper.turn().trouble == ""
    assert HOUR % 3600 == 0


def test_the_kernel_says_whether_its_clock_is_disciplined() -> None:
    """Adjtimex answers, whatever it says on this machine."""
    assert disciplined() in {True, False}
