"""What is usual at this hour: the site's count beside the same hour of other weeks or days."""

import datetime as dt
import statistics
from typing import Final
from zoneinfo import ZoneInfo

from plainview.store import Store
from plainview.web.edge import CountNow, UsualCount, UsualEdge
from plainview.web.now import HOUR, site_now
from plainview.web.plan import SitePlan
from plainview.web.series import counts_in_hours

WEEKS: Final = 8
DAYS: Final = 14
LEAST: Final = 3
"""Hours below which nothing is called usual."""
_KNOWN: Final = 0.5
"""Share of the ground that must have been measured for an hour to count."""


def usual(plan: SitePlan, store: Store, now: float) -> UsualEdge:
    """The site's count at `now` (UTC seconds) beside the mean counts of hours like this one.

    Like it are the same hour of the same weekday in the last eight weeks; where fewer than three of
    them were measured, the same hour of the last 14 days: by the site's clock, as people live.
    """
    site = site_now(plan, store, now)
    zone = ZoneInfo(plan.site.timezone)
    hour = int(now * 1000) // HOUR * HOUR
    begins, ends = (dt.datetime.fromtimestamp(t / 1000, tz=zone) for t in (hour, hour + HOUR))
    label = f"{begins:%A %H:%M} to {ends:%H:%M %Z}"
    found = _counts(plan, store, hours_before(begins, every=7, many=WEEKS))
    why = None
    if len(found) < LEAST:
        found = _counts(plan, store, hours_before(begins, every=1, many=DAYS))
        why = "the same hour of the last days: there are too few weeks yet"
    of_now = CountNow(site.count, site.low, site.high)
    if len(found) < LEAST:
        return UsualEdge(label, of_now, None, "this hour was measured on too few days yet")
    low, middle, high = statistics.quantiles(found, n=4, method="inclusive")
    made = UsualCount(round(middle, 2), round(low, 2), round(high, 2), len(found))
    return UsualEdge(label, of_now, made, why)


def hours_before(begins: dt.datetime, *, every: int, many: int) -> list[int]:
    """Starts of the hours (UTC milliseconds, as roll-ups have them) that `begins` is like.

    At the same time by its clock, so many times `every` days before, over a change of clocks too.
    """
    past = (begins - dt.timedelta(days=every * k) for k in range(1, many + 1))
    return [round(one.timestamp() * 1000) // HOUR * HOUR for one in past]


def _counts(plan: SitePlan, store: Store, hours: list[int]) -> list[float]:
    """Mean counts of those of `hours` (UTC milliseconds of their start) that were measured."""
    past = [start for start in hours if start >= 0]
    return counts_in_hours(plan, store, past, known=_KNOWN)
