"""The program behind a plan, against every plan that there is."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from plainview.civic.siting.greedy import greedy, worth
from plainview.civic.siting.optimise import solve, undominated
from plainview.civic.siting.problem import Problem
from plainview.errors import InputError


def problem(
    covers: list[list[int]],
    risk: list[float],
    exposure: list[float],
    cost: list[float],
    *,
    phases: tuple[int, ...] = (2,),
    budgets: tuple[float, ...] = (),
    standing: tuple[int, ...] = (),
) -> Problem:
    """The problem in which candidate j covers the needs `covers[j]`."""
    matrix = np.zeros((len(risk), len(covers)))
    for j, needs in enumerate(covers):
        matrix[needs, j] = 1
    return Problem(
        csr_array(matrix),
        np.array(risk),
        np.array(exposure),
        np.array(cost),
        np.array([j in standing for j in range(len(covers))]),
        phases,
        budgets,
    )


def value(given: Problem, chosen: tuple[int, ...], prices: tuple[float, float]) -> float:
    """What one set of cameras is worth, as shares of all risk, exposure and cost."""
    seen = given.covers.toarray()[:, list(chosen)].any(axis=1)
    found = float(given.risk[seen].sum() / given.risk.sum())
    for price, burden in zip(prices, (given.exposure, given.cost), strict=True):
        if burden.sum() > 0:
            found -= price * float(burden[list(chosen)].sum() / burden.sum())
    return found


NUMBERS = st.integers(1, 9).map(float)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.sets(st.integers(0, 4), max_size=3), NUMBERS, NUMBERS), min_size=2, max_size=6
    ),
    st.lists(NUMBERS, min_size=5, max_size=5),
    st.sampled_from([(0.0, 0.0), (0.5, 0.0), (0.3, 0.9), (2.0, 2.0)]),
    st.sampled_from([(), (9.0,), (14.0,)]),
)
def test_no_plan_is_better_than_the_one_that_is_found(
    candidates: list[tuple[set[int], float, float]],
    risk: list[float],
    prices: tuple[float, float],
    budgets: tuple[float, ...],
) -> None:
    """Every set of at most two cameras within the budget is tried; none beats it."""
    given_ = problem(
        [sorted(needs) for needs, _, _ in candidates],
        risk,
        [exposure for _, exposure, _ in candidates],
        [cost for _, _, cost in candidates],
        budgets=budgets,
    )
    found = solve(given_, exposure_price=prices[0], cost_price=prices[1], seconds=10)
    assert found.optimal
    chosen = tuple(int(j) for j in np.flatnonzero(found.chosen[0]))
    sets = [
        some
        for size in range(3)
        for some in itertools.combinations(range(len(candidates)), size)
        if not budgets or given_.cost[list(some)].sum() <= budgets[0]
    ]
    assert chosen in sets
    best = max(value(given_, some, prices) for some in sets)
    assert value(given_, chosen, prices) == pytest.approx(best, abs=1e-3)


def test_what_stands_stays_and_phases_keep_their_limits() -> None:
    """Each phase holds the one before and what ran already; none is larger than allowed."""
    chance = np.random.default_rng(1)
    covers = [sorted(set(chance.integers(0, 40, 4).tolist())) for _ in range(60)]
    given_ = problem(
        covers,
        chance.uniform(1, 9, 40).tolist(),
        chance.uniform(1, 9, 60).tolist(),
        [1.0] * 60,
        phases=(3, 6, 30),
        budgets=(3.0, 5.0, 30.0),
        standing=(7,),
    )
    found = solve(given_, exposure_price=0.01, cost_price=0.0, seconds=20)
    sizes = found.chosen.sum(axis=1)
    assert sizes[0] == 3
    assert sizes[1] == 5
    assert sizes[2] <= 30
    assert found.chosen[:, 7].all()
    assert (found.chosen[:-1] <= found.chosen[1:]).all()
    assert found.gap <= 1e-4


def test_when_time_is_over_the_plan_has_an_honest_gap() -> None:
    """The greedy plan keeps all limits, and the best is never further away than its gap says."""
    chance = np.random.default_rng(2)
    covers = [sorted(set(chance.integers(0, 90, 6).tolist())) for _ in range(120)]
    given_ = problem(
        covers,
        chance.uniform(1, 9, 90).tolist(),
        chance.uniform(1, 9, 120).tolist(),
        chance.uniform(1, 2, 120).tolist(),
        phases=(5, 15),
        budgets=(8.0, 21.0),
        standing=(5,),
    )
    hurried = solve(given_, exposure_price=0.5, cost_price=0.0, seconds=1e-4)
    assert not hurried.optimal
    assert hurried.gap > 0
    assert hurried.chosen[:, 5].all()
    assert (hurried.chosen[0] <= hurried.chosen[1]).all()
    assert (hurried.chosen.sum(axis=1) <= (5, 15)).all()
    assert (hurried.chosen @ given_.cost <= (8.0, 21.0)).all()
    best = solve(given_, exposure_price=0.5, cost_price=0.0, seconds=1.0)
    shares = given_._replace(risk=given_.risk / given_.risk.sum())
    burden = 0.5 * given_.exposure / given_.exposure.sum()
    found, quick = (worth(shares, burden, plan) for plan in (best.chosen, hurried.chosen))
    assert quick == pytest.approx(worth(shares, burden, greedy(shares, burden)))
    assert quick <= found <= quick * (1 + hurried.gap) + 1e-9


def test_who_sees_no_more_and_weighs_no_less_is_left_out() -> None:
    """Of equals one is kept; what covers nothing goes; what stands already is always kept."""
    given_ = problem([[0, 1], [0], [1], [0, 1], [], []], [1, 1], [2, 1, 2, 2, 1, 1], [1] * 6)
    burden = given_.exposure
    assert undominated(given_.covers, burden, given_.cost, given_.standing).tolist() == [0, 1]
    standing = np.array([False, False, True, False, True, False])
    assert undominated(given_.covers, burden, given_.cost, standing).tolist() == [0, 1, 2, 4]


def test_what_cannot_hold_is_one_clear_line() -> None:
    """More stands than a phase or its budget has room for."""
    with pytest.raises(InputError, match="2 cameras stand already"):
        solve(
            problem([[0], [0]], [1], [1, 1], [1, 1], phases=(1,), standing=(0, 1)),
            exposure_price=0,
            cost_price=0,
            seconds=1,
        )
    with pytest.raises(InputError, match="costs 5"):
        solve(
            problem([[0]], [1], [1], [5], budgets=(4,), standing=(0,)),
            exposure_price=0,
            cost_price=0,
            seconds=1,
        )
