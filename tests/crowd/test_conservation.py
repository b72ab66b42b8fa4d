import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.crowd.conservation import CONTRADICTION, Conserved, reconcile
from plainview.errors import InputError

BORDER = np.array([[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])
"""Two zones in a row: in over line 0, from one to the other over line 1, out over line 2."""


def made(seed: int, *, steps: int = 6, error: float = 1.0, extra: float = 0.0) -> Conserved:
    """Measurements of a crowd that really flows, off by about `error`; `extra` people appear."""
    rng = np.random.default_rng(seed)
    flow = rng.integers(0, 20, (steps, 3)).astype(float)
    people = np.cumsum(np.vstack(([[100.0, 50.0]], flow @ BORDER.T)), axis=0)
    people[-1, 0] += extra
    return reconcile(
        occupancy=people + error * rng.normal(size=people.shape),
        occupancy_sigma=np.full(people.shape, error),
        flow=flow + error * rng.normal(size=flow.shape),
        flow_sigma=np.full(flow.shape, error),
        border=BORDER,
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_people_are_conserved_and_errors_shrink(seed: int) -> None:
    """The reconciled numbers add up exactly, and none is less sure than it was measured."""
    found = made(seed)
    change = np.diff(found.occupancy, axis=0)
    assert change == pytest.approx(found.flow @ BORDER.T, abs=1e-6)
    assert np.all(found.occupancy_sigma <= 1 + 1e-9)
    assert np.all(found.flow_sigma <= 1 + 1e-9)


def test_honest_measurements_seldom_contradict_each_other() -> None:
    """As often as the probability says, about one in a hundred."""
    wrong = sum(made(seed).contradictory for seed in range(300))
    assert wrong <= 300 * CONTRADICTION + 6


def test_people_who_come_from_nowhere_are_a_contradiction() -> None:
    """Thirty more than came in, by errors of one: said, with when and where."""
    found = made(1, extra=30.0)
    assert found.contradictory
    assert found.worst == (5, 0)


def test_what_was_not_measured_follows_from_the_rest() -> None:
    """A line without a camera: what crossed it is what is missing; nothing is tested by it."""
    found = reconcile(
        occupancy=np.array([[10.0], [25.0]]),
        occupancy_sigma=np.ones((2, 1)),
        flow=np.array([[np.nan]]),
        flow_sigma=np.array([[np.inf]]),
        border=np.array([[1.0]]),
    )
    assert found.flow[0, 0] == pytest.approx(15.0, abs=1e-3)
    assert not found.contradictory


def test_a_zone_without_a_border_is_left_alone() -> None:
    """Nothing binds it: its numbers stay."""
    occupancy = np.array([[10.0], [90.0]])
    found = reconcile(
        occupancy=occupancy,
        occupancy_sigma=np.ones((2, 1)),
        flow=np.zeros((1, 1)),
        flow_sigma=np.ones((1, 1)),
        border=np.zeros((1, 1)),
    )
    assert np.array_equal(found.occupancy, occupancy)
    assert found.probability == 1.0


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    """With what is wrong, not a traceback of NumPy."""
    with pytest.raises(InputError, match="do not belong"):
        reconcile(
            occupancy=np.zeros((2, 1)),
            occupancy_sigma=np.ones((2, 1)),
            flow=np.zeros((2, 1)),
            flow_sigma=np.ones((2, 1)),
            border=np.ones((1, 1)),
        )
