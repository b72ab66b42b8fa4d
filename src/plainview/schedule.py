"""Hours of the week by a place's own clock: when something is permitted, or watched for."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_Minute = Annotated[int, Meta(ge=0, le=1440)]


class Hours(Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of some weekdays, in minutes since local midnight; `until` is not in it."""

    days: tuple[str, ...]
    since: _Minute
    until: _Minute


def within(hours: Sequence[Hours], local: dt.datetime) -> bool:
    """Whether the time `local` of a place lies in one of its `hours`; none: never."""
    minute = local.hour * 60 + local.minute
    today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    return any(
        (today in stretch.days and stretch.since <= minute < stretch.until)
        # A stretch over midnight belongs to the day on which it starts.
        or (
            stretch.until <= stretch.since
            and (
                (today in stretch.days and minute >= stretch.since)
                or (yesterday in stretch.days and minute < stretch.until)
            )
        )
        for stretch in hours
    )


def clock(minute: int) -> str:
    """A minute of the day as clocks show it: `07:00`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def spelled(hours: Sequence[Hours]) -> str:
    """`hours` as a message names them: `mon, tue 07:00 to 16:00; sat 22:00 to 02:00`."""
    return "; ".join(
        f"{'every day' if set(one.days) == set(DAYS) else ', '.join(one.days)} "
        f"{clock(one.since)} to {clock(one.until)}"
        for one in hours
    )
