from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainview.record import COUNT_STEP, Health
from plainview.web.fuse import fuse, fuse_count, stale
from plainview.web.plan import SitePlan
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World

NORTH, SOUTH = "plaza-north", "plaza-south"


@pytest.fixture
def plan(sites: tuple[SiteView, ...]) -> SitePlan:
    """Two cameras that both see the ground from y = 8 to y = 10."""
    return SitePlan(sites[0])


def test_one_camera_alone_gives_its_own_count_and_interval(
    world: "World", sites: tuple[SiteView, ...]
) -> None:
    """Fusing adds nothing to a single camera's numbers."""
    plan = SitePlan(sites[1])
    reading = world.reading("quay-east", [(0, 0, 1, 0), (3, 1, 0, 0)], spread=1.5)
    _, count = fuse(plan, {"quay-east": reading})
    assert (count.people, count.low, count.high) == pytest.approx((2, 0.5, 3.5))
    assert count.known == 1


def test_people_on_ground_that_two_cameras_see_count_once(world: "World", plan: SitePlan) -> None:
    """Five people in the overlap, seen by both cameras, are five."""
    people = [(x, 9.0, 0.0, 1.0) for x in (-4.5, -2.5, 0.5, 2.5, 4.5)]
    readings = {name: world.reading(name, people) for name in (NORTH, SOUTH)}
    field, count = fuse(plan, readings)
    assert count.people == pytest.approx(5, abs=0.1)
    assert field.density.sum() == pytest.approx(5, abs=0.1)


def test_the_surer_camera_weighs_more_where_both_see(world: "World", plan: SitePlan) -> None:
    """In a cell of the overlap the density is nearer to what the narrower interval belongs to."""
    sure = world.reading(NORTH, [(0.5, 9.0, 0, 0)], spread=0.5)
    unsure = world.reading(SOUTH, [(0.5, 9.0, 0, 0)] * 3, spread=3.0)
    field, _ = fuse(plan, {NORTH: sure, SOUTH: unsure})
    assert 1.0 < field.density.max() < 1.2


@pytest.mark.parametrize("flag", list(Health))
def test_an_unhealthy_cameras_ground_is_unknown_never_empty(
    world: "World", plan: SitePlan, flag: Health
) -> None:
    """Whatever the flag: its cells are unknown, and its numbers are left out."""
    readings = {
        NORTH: world.reading(NORTH, [(0, 0, 0, 0)]),
        SOUTH: world.reading(SOUTH, [(0, 20, 0, 0)] * 7, health=(flag,)),
    }
    field, count = fuse(plan, readings)
    alone = plan.covers[SOUTH] & ~plan.covers[NORTH]
    assert np.array_equal(field.unknown, alone)
    assert count.people == pytest.approx(1)
    assert 0 < count.known < 1


def test_nothing_believed_is_no_count_at_all(world: "World", plan: SitePlan) -> None:
    """No camera, or only blind ones: the count is None, not zero, and all ground is unknown."""
    blind = {name: world.reading(name, health=(Health.BLIND,)) for name in (NORTH, SOUTH)}
    for readings in ({}, blind):
        field, count = fuse(plan, readings)
        assert (count.people, count.low, count.high, count.known) == (None, None, None, 0.0)
        assert np.array_equal(field.unknown, plan.covered)


people = st.lists(
    st.tuples(st.floats(-11.9, 11.9), st.floats(-3.9, 21.9), st.floats(-2, 2), st.floats(-2, 2)),
    max_size=30,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(crowd=people, spread=st.floats(0, 20), other=st.floats(0, 20))
def test_what_is_fused_stays_within_reason(
    world: "World",
    plan: SitePlan,
    crowd: list[tuple[float, float, float, float]],
    spread: float,
    other: float,
) -> None:
    """The count is the crowd, within its interval, and never more than both cameras together."""
    parts = {
        NORTH: [p for p in crowd if p[1] < 10],
        SOUTH: [p for p in crowd if p[1] >= 8],
    }
    readings = {
        NORTH: world.reading(NORTH, parts[NORTH], spread=spread),
        SOUTH: world.reading(SOUTH, parts[SOUTH], spread=other),
    }
    field, count = fuse(plan, readings)
    assert count.people is not None
    assert count.low is not None
    assert count.high is not None
    assert 0 <= count.low <= count.people <= count.high
    assert count.people <= sum(r.count for r in readings.values()) * COUNT_STEP + 1e-6
    assert count.people == pytest.approx(len(crowd), abs=0.1 + 0.02 * len(crowd))
    assert np.isfinite(field.vx).all()
    assert np.abs(field.vx).max() <= 2.1
    assert fuse_count(plan, readings).people == pytest.approx(count.people)


def test_a_reading_grows_stale(world: "World") -> None:
    """After 5 s and three intervals it does not stand for the present; nor does one from ahead."""
    reading = world.reading(NORTH)
    now = world.clock.utc()
    assert not stale(reading, now + 4.9)
    assert stale(reading, now + 5.1)
    assert stale(reading, now - 5.1)
