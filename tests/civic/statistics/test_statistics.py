"""Published statistics: the bound on a person, noise that fits together, the account, the audit."""

import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, box

from plainview.civic.statistics.account import Overspent, check, spent
from plainview.civic.statistics.audit import lower_bound, scores, worst_pair
from plainview.civic.statistics.crossings import release_crossings
from plainview.civic.statistics.day import hours_of
from plainview.civic.statistics.noise import epsilon_of, gaussian, laplace, rho_for
from plainview.civic.statistics.occupancy import (
    HOUR_MS,
    SLACK,
    UNITS,
    Bounds,
    Counted,
    Noisy,
    Scales,
    epsilon_if,
    estimate,
    measure,
    scales,
)
from plainview.civic.statistics.presence import apart, overlap
from plainview.errors import InputError
from plainview.governance.standing import StatisticsRelease

DELTA = 1e-6
BOUNDS = Bounds(24, 2, 1.5)
HONEST = scales(BOUNDS, epsilon=6.0, delta=DELTA)
BOXES = st.lists(
    st.tuples(*[st.integers(0, 9)] * 2, *[st.integers(1, 6)] * 2).map(
        lambda b: box(b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    min_size=1,
    max_size=9,
)


@settings(deadline=None, max_examples=30)
@given(BOXES, st.integers(1, 3))
def test_the_overlap_is_the_deepest_point_and_no_view_too_many_is_kept(
    grounds: list[Polygon], most: int
) -> None:
    """Against every cell of the integer grid that the boxes are drawn on."""
    middles = [Point(x + 0.5, y + 0.5) for x in range(16) for y in range(16)]
    deepest = max(sum(ground.contains(at) for ground in grounds) for at in middles)
    assert overlap(grounds) == deepest
    kept = [grounds[k] for k in apart(grounds, most)]
    assert 1 <= overlap(kept) <= most
    if deepest <= most:
        assert len(kept) == len(grounds)


def test_no_view_overlaps_nothing() -> None:
    """And to keep none is not to be asked for."""
    assert overlap([]) == 0
    with pytest.raises(ValueError, match="at most 0"):
        apart([box(0, 0, 1, 1)], 0)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.floats(0.5, 3.0), st.integers(1, 6))
def test_no_persons_day_changes_more_than_the_bounds(
    seed: int, overlaps: int, detections: float, zones: int
) -> None:
    """However somebody wanders: at most c views at each moment, at most d detections in each."""
    chance = np.random.default_rng(seed)
    bounds = Bounds(24, overlaps, detections)
    moments = 6
    change = np.zeros((zones + overlaps, 24))
    still = chance.random() < 0.5
    for hour in range(24):
        for _ in range(moments):
            seen = min(overlaps, change.shape[0])
            views = np.arange(seen) if still else chance.permutation(change.shape[0])[:seen]
            change[views, hour] += detections / moments
    assert np.linalg.norm(change) <= bounds.zones
    assert np.linalg.norm(change.sum(axis=0)) <= bounds.sums
    assert change.sum() <= bounds.total
    if still:
        assert np.linalg.norm(change) == pytest.approx(bounds.zones / SLACK)


def test_the_price_is_opendps_own() -> None:
    """All that a day may cost is spent and no more; twice the detections cost more."""
    nobody, _ = worst_pair(BOUNDS)
    noisy = measure(nobody, BOUNDS, HONEST)
    assert 5.99 < epsilon_of(noisy.rho, DELTA) <= 6.0 + 1e-9
    assert epsilon_if(BOUNDS, HONEST, DELTA, detections=1.5) == pytest.approx(6.0)
    assert epsilon_if(BOUNDS, HONEST, DELTA, detections=3.0) > 10
    assert rho_for(6.0, DELTA) == pytest.approx(0.6386, abs=1e-4)
    assert epsilon_of(0.0, DELTA) == 0.0
    values = np.zeros((2, 3), dtype=np.int64)
    assert gaussian(values, scale=10.0, sensitivity=1.0)[1] == pytest.approx(1 / 200)
    assert laplace(values, scale=10.0, sensitivity=5)[1] == pytest.approx(0.5)


def test_without_opendp_there_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no other noise takes its place."""
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(InputError, match="uv sync --extra publish"):
        rho_for(1.0, DELTA)


def test_noise_is_as_wide_as_it_is_said_to_be() -> None:
    """Many hours at once: deviation of zones, of a district and of crossings, and no bias."""
    hours, zones = 400, 4
    bounds = Bounds(hours, 1, 1.0)
    scale = Scales(3.0, 5.0, 5.0)
    time = np.full((zones, hours), round(7 * UNITS), dtype=np.int64)
    counted = Counted(time, np.ones((zones, hours)), np.zeros(zones, dtype=np.int64), 1)
    found = estimate(measure(counted, bounds, scale), counted, scale)
    for level, people in ((found.zones, 7.0), (found.districts, 28.0), (found.city, 28.0)):
        off = level.value - people
        assert off.std() == pytest.approx(level.deviation.mean(), rel=0.15)
        assert abs(off.mean()) < 5 * off.std() / math.sqrt(hours)
    crossed = release_crossings(np.zeros(4000, dtype=np.int64), detections=1.0, epsilon=0.5)
    assert crossed.epsilon == pytest.approx(0.5)
    assert crossed.scale == 2.0
    assert (crossed.people / 64).std() == pytest.approx(2 * math.sqrt(2), rel=0.15)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 7), st.integers(1, 3))
def test_estimates_are_least_squares_and_add_up(seed: int, zones: int, districts: int) -> None:
    """Against the whole linear system solved at once, variances included."""
    chance = np.random.default_rng(seed)
    there = chance.random(zones) < 0.8
    of = chance.integers(0, districts, zones)
    scale = Scales(*(chance.uniform(1, 9, 3)))
    units = [
        np.round(chance.normal(0, 20, shape) * UNITS).astype(np.int64)
        for shape in ((zones, 1), (districts, 1), (1,))
    ]
    counted = Counted(
        np.zeros((zones, 1), dtype=np.int64), there[:, None].astype(np.float64), of, districts
    )
    found = estimate(Noisy(units[0], units[1], units[2], 0.0), counted, scale)
    if not there.any():
        assert np.isnan(found.city.value).all()
        return
    index = np.flatnonzero(there)
    design = np.vstack(
        [
            np.eye(len(index)) / scale.zone,
            np.stack([of[index] == k for k in range(districts)]) / scale.district,
            np.ones((1, len(index))) / scale.city,
        ]
    )
    target = np.concatenate(
        [
            units[0][index, 0] / scale.zone,
            units[1][:, 0] / scale.district,
            units[2] / scale.city,
        ]
    )
    solved = np.linalg.lstsq(design, target / UNITS, rcond=None)[0]
    cover = np.linalg.inv(design.T @ design)
    np.testing.assert_allclose(found.zones.value[index, 0], solved, atol=1e-6)
    np.testing.assert_allclose(found.zones.deviation[index, 0] ** 2, cover.diagonal(), rtol=1e-6)
    assert found.city.value[0] == pytest.approx(solved.sum(), abs=1e-6)
    assert found.city.deviation[0] ** 2 == pytest.approx(cover.sum(), rel=1e-6)
    for k in range(districts):
        members = of[index] == k
        if members.any():
            assert found.districts.value[k, 0] == pytest.approx(solved[members].sum(), abs=1e-6)
            variance = cover[np.ix_(members, members)].sum()
            assert found.districts.deviation[k, 0] ** 2 == pytest.approx(variance, rel=1e-6)
        else:
            assert np.isnan(found.districts.value[k, 0])


def test_the_audit_keeps_below_the_claim_and_finds_what_is_broken() -> None:
    """The worst pair of days, released again and again: shown epsilon <= claimed epsilon."""
    bounds, many = Bounds(24, 1, 1.0), 60
    without, with_them = worst_pair(bounds)
    assert (with_them.time - without.time).sum() == 24 * UNITS
    honest = scales(bounds, epsilon=3.0, delta=DELTA)
    shown = lower_bound(
        scores(without, many, bounds, honest), scores(with_them, many, bounds, honest), delta=DELTA
    )
    assert 0.0 <= shown <= 3.0
    broken = scales(bounds, epsilon=60.0, delta=DELTA)
    caught = lower_bound(
        scores(without, many, bounds, broken), scores(with_them, many, bounds, broken), delta=DELTA
    )
    assert caught > 1.0


def spending(day: str, begins: int, rho: int = 638_597) -> StatisticsRelease:
    """A release of 24 hours."""
    return StatisticsRelease(
        day, begins, begins + 24 * HOUR_MS, rho, 6_000_000, "1e-06", 1_000_000, "d" * 64, 0, 9
    )


def test_the_account_pays_each_hour_once() -> None:
    """Days that share an edge are two; any hour twice is refused, whatever it cost."""
    one = spending("2026-11-16", 24 * HOUR_MS)
    check([one], 0, 24 * HOUR_MS, epsilon=6.0, crossing=1.0)
    check([one], 48 * HOUR_MS, 72 * HOUR_MS, epsilon=0.1, crossing=0.1)
    for begins in (1, 24, 47):
        with pytest.raises(Overspent, match="released already"):
            check([one], begins * HOUR_MS, (begins + 24) * HOUR_MS, epsilon=0.1, crossing=0.1)
    for epsilon, crossing in ((6.01, 1.0), (6.0, 1.01), (-1.0, 1.0), (6.0, math.inf)):
        with pytest.raises(Overspent, match="not in the account"):
            check([], 0, HOUR_MS, epsilon=epsilon, crossing=crossing)


def test_days_add_up_in_rho() -> None:
    """Two days cost less than twice the epsilon; what lies before the stretch is not in it."""
    day = 24 * HOUR_MS
    releases = [spending(str(k), k * day) for k in range(2)]
    both = spent(releases, 3 * day, 30)
    assert both.days == 2
    assert 6.0 < both.epsilon < 12.0
    assert spent(releases, 3 * day, 1).days == 0
    assert spent([], 3 * day, 30).epsilon == 0.0


@pytest.mark.parametrize(
    ("day", "timezone", "hours"),
    [
        ("2026-11-25", "Asia/Hong_Kong", 24),
        ("2026-03-29", "Europe/Paris", 23),
        ("2026-10-25", "Europe/Paris", 25),
        ("2026-11-25", "Asia/Kolkata", 24),
    ],
)
def test_days_follow_each_other_without_gap(day: str, timezone: str, hours: int) -> None:
    """By the local clock, in the store's own hours."""
    found = hours_of(day, timezone)
    assert len(found) == hours
    assert all(start % HOUR_MS == 0 for start in found)
    after = hours_of(f"{day[:8]}{int(day[8:]) + 1:02}", timezone)
    assert after[0] == found[-1] + HOUR_MS
    with pytest.raises(InputError, match="no date"):
        hours_of("25.11.2026", timezone)
