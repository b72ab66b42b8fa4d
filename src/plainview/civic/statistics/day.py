"""A day of published statistics: its hours, which no other day has."""

import datetime as dt
import zoneinfo

from plainview.civic.statistics.occupancy import HOUR_MS
from plainview.errors import InputError


def hours_of(day: str, timezone: str) -> tuple[int, ...]:
    """Starts of the hours of `day` (YYYY-MM-DD) by the clock of `timezone`, UTC milliseconds.

    23 to 25 of them. They are the store's hours, which are UTC's: where local midnight is not the
    start of one, the day begins with the hour it falls in. Raises InputError for no date.
    """
    zone = zoneinfo.ZoneInfo(timezone)
    try:
        date = dt.datetime.strptime(day, "%Y-%m-%d").date()  # noqa: DTZ007 - a date, no moment
        begin, end = (_hour_of(date + dt.timedelta(days=k), zone) for k in (0, 1))
    except (ValueError, OverflowError) as error:
        raise InputError(f"{day!r} is no date", where="--day", mend="Write 2026-11-25") from error
    if day != date.isoformat():
        raise InputError(f"{day!r} is no date", where="--day", mend=f"Write {date.isoformat()}")
    return tuple(range(begin, end, HOUR_MS))


def _hour_of(date: dt.date, zone: zoneinfo.ZoneInfo) -> int:
    midnight = dt.datetime(date.year, date.month, date.day, tzinfo=zone)
    return round(midnight.timestamp() * 1000) // HOUR_MS * HOUR_MS
