"""When each of a camera's zones is watched."""

import datetime as dt
import zoneinfo
from collections.abc import Sequence

from msgspec import UNSET

from plainview.geometry import Zone
from plainview.schedule import Hours, within


class OpenHours:
    """Owns the clocks of a camera's zones. Made before the lens is sealed: it reads time zones."""

    def __init__(self, zones: Sequence[Zone], *, live: bool) -> None:
        """Of `zones`. Without UTC, as in a clip, there are no hours: every zone is watched.

        Raises zoneinfo.ZoneInfoNotFoundError for a clock that config has not checked.
        """
        self._hours: dict[int, tuple[tuple[Hours, ...], zoneinfo.ZoneInfo]] = {}
        for k, zone in enumerate(zones):
            if live and zone.schedule is not UNSET:
                name = "UTC" if zone.timezone is UNSET else zone.timezone
                self._hours[k] = (zone.schedule, zoneinfo.ZoneInfo(name))

    def watched(self, zone: int, t: float) -> bool:
        """Whether the zone with the index `zone` is watched at `t`, UTC seconds."""
        if zone not in self._hours:
            return True
        hours, clock = self._hours[zone]
        return within(hours, dt.datetime.fromtimestamp(t, tz=clock))
