"""A zone is watched in its hours, by its own clock."""

import datetime as dt

import pytest
from tests.vision.events.traffic import zone

from plainview.schedule import DAYS, Hours, within
from plainview.vision.events.hours import OpenHours

NIGHT = Hours(("fri",), 1320, 360)
"""Friday from ten in the evening until six on Saturday."""


def at(text: str) -> float:
    """UTC seconds."""
    return dt.datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("moment", "watched"),
    [
        ("2026-07-03T21:59+02:00", False),
        ("2026-07-03T22:00+02:00", True),
        ("2026-07-04T05:59+02:00", True),
        ("2026-07-04T06:00+02:00", False),
        ("2026-07-04T23:00+02:00", False),
        ("2026-12-04T22:00+01:00", True),
        ("2026-12-04T21:30+01:00", False),
    ],
)
def test_hours_are_of_the_place_in_summer_and_winter(moment: str, *, watched: bool) -> None:
    """Over midnight a stretch belongs to the day on which it began."""
    zones = [zone(schedule=(NIGHT,), timezone="Europe/Paris"), zone()]
    hours = OpenHours(zones, live=True)
    assert hours.watched(0, at(moment)) == watched
    assert hours.watched(1, at(moment))


def test_a_clip_has_no_hours() -> None:
    """Its time is from its start: nothing tells the day."""
    assert OpenHours([zone(schedule=(NIGHT,), timezone="Asia/Tokyo")], live=False).watched(0, 5.0)


def test_whole_days_are_whole() -> None:
    """From 00:00 until 24:00 every minute counts; no hours are never."""
    every = [Hours(DAYS, 0, 1440)]
    for minute in range(0, 1440, 7):
        local = dt.datetime(2026, 7, 5, minute // 60, minute % 60, tzinfo=dt.UTC)
        assert within(every, local)
        assert not within([], local)
