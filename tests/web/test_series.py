import datetime as dt
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from msgspec import structs

from plainview.clock import ManualClock
from plainview.record import COUNT_STEP, Health, Reading
from plainview.web.now import HOUR
from plainview.web.plan import SitePlan
from plainview.web.series import count_series, counts_in_hours
from plainview.web.usual import hours_before
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World

NORTH, SOUTH = "plaza-north", "plaza-south"
PEOPLE: tuple[dict[str, int], ...] = ({NORTH: 4, SOUTH: 2}, {NORTH: 5}, {}, {NORTH: 1, SOUTH: 3})
"""Minute by minute, what each camera counts; one that is not there is blind."""
SPREAD = 2.0


@pytest.fixture
def plan(world: "World", sites: tuple[SiteView, ...]) -> SitePlan:
    """The plaza after those minutes, each rolled up."""
    assert isinstance(world.clock, ManualClock)
    world.clock.advance((HOUR - world.now() % HOUR) / 1000 + 1)
    for minute in PEOPLE:
        for camera in (NORTH, SOUTH):
            health = () if camera in minute else (Health.BLIND,)
            world.say(camera, counting(world, camera, minute.get(camera, 0), health))
        world.clock.advance(60)
    world.store.roll_up(world.now())
    return SitePlan(sites[0])


def counting(world: "World", camera: str, people: int, health: tuple[Health, ...]) -> Reading:
    """A Reading of so many, wherever they are."""
    ends = max(people - SPREAD, 0), people + SPREAD
    said = {"count": people, "low": ends[0], "high": ends[1]}
    units = {name: round(value / COUNT_STEP) for name, value in said.items()}
    return structs.replace(world.reading(camera, health=health), **units)


def shared(plan: SitePlan, cameras: Iterable[str]) -> tuple[dict[str, float], float]:
    """What each counts for where just these measured, and the share of the ground they know."""
    layers = np.sum([plan.covers[name] for name in cameras], axis=0, dtype=float)
    shares = {name: float((1 / layers[plan.covers[name]]).mean()) for name in cameras}
    return shares, float(((layers > 0) & plan.covered).sum() / plan.covered.sum())


def expected(plan: SitePlan, minute: dict[str, int]) -> list[float | None]:
    """Count, low, high and known share of ground, camera by camera."""
    if not minute:
        return [None, None, None, 0.0]
    shares, known = shared(plan, minute)
    count = sum(shares[n] * people for n, people in minute.items())
    below = math.hypot(*(shares[n] * min(SPREAD, people) for n, people in minute.items()))
    above = math.hypot(*(shares[n] * SPREAD for n in minute))
    return [count, max(count - below, 0.0), count + above, known]


def test_a_site_s_minutes_are_its_cameras_by_what_each_alone_accounts_for(
    world: "World", plan: SitePlan
) -> None:
    """Overlap is shared among those that measured then; where none did, a gap is told."""
    assert plan.overlapping
    now = world.now()
    series = count_series(plan, world.store, now - HOUR, now, "minute")
    assert [point.t for point in series.points] == [
        (now - now % HOUR) / 1000 + 60 * k for k in range(len(PEOPLE))
    ]
    for point, minute in zip(series.points, PEOPLE, strict=True):
        told = [point.count, point.low, point.high, point.known]
        assert told == pytest.approx(expected(plan, minute), abs=0.01)


def test_of_hours_past_those_count_of_which_enough_is_known(world: "World", plan: SitePlan) -> None:
    """One hour was measured, by both cameras; of the others nothing is told."""
    hour = world.now() // HOUR * HOUR
    starts = [hour - 7 * 24 * HOUR, hour]
    (count,) = counts_in_hours(plan, world.store, starts, known=0.5)
    means = {NORTH: 10 / 3, SOUTH: 5 / 2}
    shares, _ = shared(plan, means)
    assert count == pytest.approx(sum(shares[n] * mean for n, mean in means.items()), abs=0.01)
    assert counts_in_hours(plan, world.store, starts, known=1.01) == []
    assert counts_in_hours(plan, world.store, [], known=0.0) == []


def test_the_usual_hour_is_the_same_by_the_places_clock_in_summer_and_winter() -> None:
    """At five on a Monday people go home at five, whatever that is in UTC."""
    paris = ZoneInfo("Europe/Paris")
    hours = hours_before(dt.datetime(2026, 11, 2, 17, tzinfo=paris), every=7, many=2)
    assert [f"{dt.datetime.fromtimestamp(t / 1000, dt.UTC):%d %H:%M}" for t in hours] == [
        "26 16:00",
        "19 15:00",
    ]
    half = ZoneInfo("Asia/Kolkata")
    (hour,) = hours_before(dt.datetime(2026, 11, 2, 17, 30, tzinfo=half), every=1, many=1)
    assert hour % HOUR == 0
    assert dt.datetime.fromtimestamp(hour / 1000, half).strftime("%d %H:%M") == "01 17:30"
