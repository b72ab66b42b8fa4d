import pytest
from tests.vault.conftest import HOUR, Custodians
from tests.vault.machine import DAYS, PACKET, Machine
from tests.vault.test_recorder import opened

from plainview.errors import InputError, VaultError
from plainview.vault import daykey
from plainview.vault.check import check
from plainview.vault.hold import Hold, check_hold, ended, held
from plainview.vault.ring import Ring

HOLD = Hold("case-7", frozenset({"a"}), HOUR, HOUR + 1800, HOUR + 30 * DAYS)


def hold(machine: Machine, custodians: Custodians, wanted: Hold = HOLD) -> int:
    """Set it with both custodians' keys."""

    def private(ring: str) -> bytes:
        return custodians.private(Ring(machine.layout.keys / ring))

    return held(
        machine.layout,
        wanted,
        lambda folder: daykey.Task(str(folder), *custodians.recipients()),
        private,
    )


def test_a_hold_outlives_the_term_and_ends_by_itself(
    machine: Machine, custodians: Custodians
) -> None:
    """Only what it names; under a key of its own that both must open; then the sweeper takes it."""
    machine.frames("a", DAYS, 5)
    machine.frames("b", DAYS, 5)
    machine.hours(1)
    machine.frames("a", DAYS, 5)
    machine.recorder.close()
    assert hold(machine, custodians) == 1
    assert hold(machine, custodians) == 1, "set twice, it holds the same"
    machine.hours(30)
    machine.sweeper.turn()
    (path,) = machine.files()
    assert path.parent.parent.name == "hold-case-7"
    ((complete, messages),) = opened(machine, custodians).values()
    assert complete
    assert messages.count(PACKET) == 5
    assert machine.restart() == (0, 0, 0, 0)
    assert check(machine.layout, machine.clock.utc()).findings == ()
    machine.hours(24 * 30)
    machine.sweeper.turn()
    assert machine.files() == []
    assert machine.layout.rings() == []
    assert [batch.ring for batch in machine.recorded][-1] == "hold-case-7"


def test_a_hold_ends_early_by_both(machine: Machine, custodians: Custodians) -> None:
    """The next pass destroys it; with another key than its own nothing changes."""
    machine.frames("a", DAYS, 5)
    machine.recorder.close()
    hold(machine, custodians)
    machine.hours(30)
    machine.sweeper.turn()
    now = machine.clock.utc()
    ring = Ring(machine.layout.keys / "hold-case-7")
    with pytest.raises(VaultError, match="do not make its key"):
        ended(machine.layout, "case-7", bytes(range(32)), now)
    with pytest.raises(InputError, match="no hold"):
        ended(machine.layout, "case-8", custodians.private(ring), now)
    machine.sweeper.turn()
    assert len(machine.files()) == 1
    assert ended(machine.layout, "case-7", custodians.private(ring), now) == 1
    ring.close()
    machine.sweeper.turn()
    assert machine.files() == []
    assert machine.layout.rings() == []
    assert check(machine.layout, now).findings == ()


def test_no_hold_without_both(machine: Machine, custodians: Custodians) -> None:
    """One custodian's share alone unwraps nothing, so that nothing is held."""
    machine.frames("a", DAYS, 5)
    machine.recorder.close()

    def private(ring: str) -> bytes:
        return daykey.open_share(machine.layout.keys / ring, "operator", [custodians.operator])

    with pytest.raises(VaultError, match="does not open"):
        held(
            machine.layout,
            HOLD,
            lambda folder: daykey.Task(str(folder), *custodians.recipients()),
            private,
        )
    machine.hours(30)
    machine.sweeper.turn()
    assert machine.files() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"case": "../up"},
        {"case": ""},
        {"until": HOUR - 1.0},
        {"ends": HOUR - 1},
        {"ends": HOUR + 400 * DAYS},
    ],
)
def test_a_hold_names_a_case_a_span_and_an_end(wrong: dict[str, object]) -> None:
    """Anything else is an error of input."""
    check_hold(HOLD, HOUR)
    with pytest.raises(InputError):
        check_hold(HOLD._replace(**wrong), HOUR)  # type: ignore[arg-type]
