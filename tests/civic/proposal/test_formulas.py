"""The arithmetic, held to published figures and to what must be true of any numbers."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from plainview.civic.proposal.formulas import (
    Estimate,
    chance_right,
    counted,
    false_alerts,
    per_comparison,
    per_face,
    propagate,
    rate_needed,
    total,
)

RATES = st.floats(1e-12, 0.999)
SIZES = st.integers(1, 10**8)


def test_both_points_of_the_npl_test_are_one_rate() -> None:
    """1 in 6,000 at 10,000 people and 1 in 60,000 at 1,000: 1.67e-8 per comparison."""
    assert per_comparison(1 / 6000, 10_000) == pytest.approx(1.67e-8, rel=2e-3)
    assert per_comparison(1 / 60_000, 1_000) == pytest.approx(1.67e-8, rel=2e-3)


@settings(max_examples=30)
@given(RATES, SIZES)
def test_a_rate_survives_the_way_to_one_comparison_and_back(rate: float, size: int) -> None:
    """The two formulas are each other's inverse, however long the list."""
    assert per_face(per_comparison(rate, size), size) == pytest.approx(rate, rel=1e-9)


@settings(max_examples=30)
@given(RATES, SIZES)
def test_a_longer_list_errs_more_but_never_more_than_in_proportion(rate: float, size: int) -> None:
    """Twice the list: between once and twice as many false alerts, and never above one a face."""
    once, twice = per_face(rate, size), per_face(rate, 2 * size)
    assert once <= twice <= min(2 * once * (1 + 1e-12), 1.0)


def test_a_system_that_always_errs_stays_so() -> None:
    """The ends of the scale are reached without an error of arithmetic."""
    assert per_comparison(1.0, 7) == per_face(1.0, 7) == 1.0


@settings(max_examples=15)
@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_clopper_and_pearsons(counts: tuple[int, int]) -> None:
    """As SciPy's exact one, and it holds the share that was counted."""
    hits, trials = counts
    found = counted(hits, trials)
    low, high = found.ends
    exact = binomtest(hits, trials).proportion_ci(0.95, method="exact")
    assert (low, high) == pytest.approx((exact.low, exact.high), rel=1e-6, abs=1e-15)
    assert low <= found.value <= high


def test_the_metropolitan_polices_counts_on_60_000_cameras() -> None:
    """10 false in 3,147,436 faces: 954 a day on 60,000 cameras, 457 to 1,753 to within one."""
    rate = counted(10, 3_147_436)
    found = propagate(lambda value: false_alerts(60_000 * 5_000, 0.0, value), rate)
    assert found == pytest.approx((954, 457, 1753), abs=1.0)


@settings(max_examples=30)
@given(RATES, st.floats(1, 1e9), st.floats(0, 0.99), st.floats(0.001, 1e6))
def test_the_rate_that_is_needed_keeps_the_limit(
    rate: float, faces: float, prevalence: float, limit: float
) -> None:
    """At that rate the limit is met, and a higher one breaks it."""
    needed = rate_needed(limit, faces, prevalence)
    assert false_alerts(faces, prevalence, needed) <= limit * (1 + 1e-9)
    if rate > needed * (1 + 1e-9):
        assert false_alerts(faces, prevalence, rate) > limit


def test_no_alert_has_no_chance_to_be_right() -> None:
    """A share of nothing is not a number."""
    assert math.isnan(chance_right(0.0, 0.0))
    assert chance_right(3.0, 1.0) == 0.75


@settings(max_examples=30)
@given(st.lists(st.tuples(RATES, RATES), min_size=1, max_size=4))
def test_intervals_propagate_to_the_widest_corner(pairs: list[tuple[float, float]]) -> None:
    """A sum lies between the sums of its ends; what has no interval gives none."""
    parts = tuple(Estimate(low, low, max(low, high)) for low, high in pairs)
    whole = total(parts)
    assert whole.low is not None
    assert whole.high is not None
    assert whole.low <= whole.value <= whole.high
    assert total(tuple(Estimate(part.value) for part in parts)).low is None
    assert propagate(lambda value: -value, parts[0]) == (
        -parts[0].value,
        -max(parts[0].ends),
        -min(parts[0].ends),
    )
