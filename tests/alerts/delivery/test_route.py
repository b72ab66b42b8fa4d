import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.alerts.delivery.examples import BEGAN, PLACE, alert, broken, notice, route

from plainview.alerts import lifecycle
from plainview.alerts.delivery.route import (
    Quiet,
    RouteKind,
    Wanted,
    may_send,
    quiet_until,
    urgent,
    wants,
)
from plainview.alerts.lifecycle import State
from plainview.alerts.thresholds import Level

TIMES = st.times(min_value=dt.time(0), max_value=dt.time(23, 59)).map(
    lambda time: time.replace(second=0, microsecond=0)
)


@given(
    since=TIMES,
    until=TIMES,
    zone=st.sampled_from(("UTC", "Europe/Paris", "Asia/Hong_Kong", "America/New_York")),
    now=st.floats(1.69e9, 1.76e9),
)
def test_quiet_hours_end_and_nothing_is_quiet_outside(
    since: dt.time, until: dt.time, zone: str, now: float
) -> None:
    """Quiet ends within a day and an hour, at the hour that was given if the clock has it."""
    out = route(quiet=(Quiet(since, until),))
    end = quiet_until(out, zone, now)

    def local(at: float) -> dt.datetime:
        return dt.datetime.fromtimestamp(at, tz=ZoneInfo(zone))

    time = local(now).time()
    inside = since <= time < until if since < until else time >= since or time < until
    assert (end is not None) == inside
    if end is not None:
        assert now < end <= now + 25 * 3600
        shifted = local(end - 7200).utcoffset() != local(end + 7200).utcoffset()
        assert local(end).time() == until or shifted


def test_quiet_hours_are_the_sites_own() -> None:
    """Ten in the evening in Paris is another hour in Hong Kong, and summer time shifts it."""
    out = route(quiet=(Quiet(dt.time(22), dt.time(6)),))
    paris = ZoneInfo("Europe/Paris")
    for day, hour, quiet in ((1, 23, True), (1, 5, True), (1, 6, False), (1, 21, False)):
        for month in (1, 7):
            now = dt.datetime(2026, month, day, hour, tzinfo=paris).timestamp()
            end = quiet_until(out, "Europe/Paris", now)
            assert (end is not None) == quiet
            if end is not None:
                assert dt.datetime.fromtimestamp(end, tz=paris).hour == 6


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (Wanted(), True),
        (Wanted(sites=frozenset({"plaza"}), levels=frozenset({Level.ALARM})), True),
        (Wanted(sites=frozenset({"quay"})), False),
        (Wanted(zones=frozenset({"North gate"})), False),
        (Wanted(kinds=frozenset({"fire"})), False),
        (Wanted(levels=frozenset({Level.WARNING})), False),
        (Wanted(states=frozenset({State.ESCALATED})), False),
    ],
)
def test_a_route_takes_what_it_wants(wanted: Wanted, *, taken: bool) -> None:
    """Every filter that is set must agree; one that is not set excludes nothing."""
    assert wants(route(wanted=wanted), notice()) == taken


def test_a_broken_route_is_told_of_by_all_others() -> None:
    """Whatever site or state they are for, unless they are for certain kinds only."""
    told = broken("mail", PLACE, "nobody answers", BEGAN)
    narrow = Wanted(sites=frozenset({"quay"}), states=frozenset({State.ESCALATED}))
    assert wants(route(wanted=narrow), told)
    assert not wants(route(RouteKind.EMAIL, "mail"), told)
    fires = Wanted(kinds=frozenset({"fire"}))
    assert not wants(route(wanted=fires), told)
    assert wants(route(wanted=structs.replace(fires, kinds=frozenset({"fire", "route"}))), told)


def test_only_what_is_escalated_is_urgent() -> None:
    """That passes quiet hours and rate limits, and so does the end of what was."""
    assert not urgent(alert())
    assert not urgent(lifecycle.cleared(alert(), BEGAN + 1, "Ada", "over"))
    grows = lifecycle.escalated(alert(), BEGAN + 1, "Ada", "it grows")
    seen = lifecycle.acknowledged(grows, BEGAN + 2, "Ben", "I look")
    assert [urgent(one) for one in (grows, seen)] == [True, False]
    assert urgent(lifecycle.cleared(seen, BEGAN + 3, "Ben", "over"))


@given(st.lists(st.floats(0, 300), max_size=20), st.integers(1, 10), st.floats(0, 400))
def test_a_rate_limit_counts_the_last_minute(sent: list[float], most: int, now: float) -> None:
    """So many in any sixty seconds, and without a limit any number."""
    before = [at for at in sent if at <= now]
    assert may_send(before, most, now) == (len([at for at in before if at > now - 60]) < most)
    assert may_send(before, 0, now)
