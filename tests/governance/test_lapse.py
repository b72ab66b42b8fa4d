"""Until when a start may go on: exactly as long as the permit is in force from then on."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from plainview.governance.lapse import until
from plainview.governance.permit import Permit, in_hours
from plainview.schedule import DAYS, Hours

MINUTE = 60_000
FAR = 4_102_444_800_000
PERMIT = Permit(
    id="a@1",
    assessment="a" * 64,
    aims=(),
    capabilities={},
    cameras={},
    begins=0,
    ends=FAR,
    software="0.2",
)
ZONES = ("UTC", "Asia/Hong_Kong", "Europe/Paris", "America/New_York", "Australia/Lord_Howe")


def utc(*moment: int) -> int:
    """UTC milliseconds of year, month, day, hour, minute."""
    return round(dt.datetime(*moment, tzinfo=dt.UTC).timestamp() * 1000)  # type: ignore[arg-type,misc]


def plainly(permit: Permit, now: int) -> int:
    """The same, minute by minute."""
    for minute in range(now // MINUTE + 1, now // MINUTE + 8 * 1440):
        if minute * MINUTE >= permit.ends:
            break
        if not in_hours(permit, minute * MINUTE):
            return minute * MINUTE
    return permit.ends


hours = st.builds(
    Hours,
    days=st.lists(st.sampled_from(DAYS), min_size=1, unique=True).map(tuple),
    since=st.integers(0, 1440),
    until=st.integers(0, 1440),
)
# Around the nights on which clocks are set in Paris, New York and on Lord Howe, and between.
moments = st.sampled_from(
    [utc(2026, 3, 29), utc(2026, 10, 25), utc(2026, 3, 8), utc(2026, 11, 1), utc(2026, 4, 5)]
).flatmap(lambda day: st.integers(day - 36 * 60 * MINUTE, day + 36 * 60 * MINUTE))


@settings(max_examples=150, deadline=None)
@given(st.lists(hours, min_size=1, max_size=3).map(tuple), st.sampled_from(ZONES), moments)
def test_it_is_the_first_minute_that_is_not_in_force(
    stretches: tuple[Hours, ...], zone: str, now: int
) -> None:
    """Whatever the hours and whenever clocks are set, it is as looking at every minute tells."""
    permit = structs.replace(PERMIT, hours=stretches, timezone=zone)
    if in_hours(permit, now):
        assert until(permit, now) == plainly(permit, now)


def test_without_hours_it_is_the_permit_s_end() -> None:
    """A permit for the whole day ends when it ends."""
    assert until(PERMIT, utc(2026, 11, 23, 12)) == FAR


def test_the_permit_s_end_comes_before_that_of_its_hours() -> None:
    """Whichever is first."""
    now = utc(2026, 11, 23, 12)
    permit = structs.replace(PERMIT, hours=(Hours(DAYS, 0, 1200),), ends=now + 90 * MINUTE)
    assert until(permit, now) == now + 90 * MINUTE
    assert until(structs.replace(permit, ends=FAR), now) == utc(2026, 11, 23, 20)


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        # Clocks go from 02:00 to 03:00 (01:00 UTC): the stretch to 02:30 ends where time jumps.
        (utc(2026, 3, 29, 0, 30), utc(2026, 3, 29, 1, 0)),
        # They go from 03:00 back to 02:00 (01:00 UTC): it ends at the first 02:30.
        (utc(2026, 10, 25, 0, 15), utc(2026, 10, 25, 0, 30)),
    ],
)
def test_clocks_that_are_set(moment: int, end: int) -> None:
    """Hours are local time, as a person reads it from the wall."""
    permit = structs.replace(PERMIT, hours=(Hours(DAYS, 60, 150),), timezone="Europe/Paris")
    assert until(permit, moment) == end
