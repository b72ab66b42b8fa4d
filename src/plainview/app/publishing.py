"""Whose figures may be published, and what was counted: from permits, stops and the store's hours.

Nothing here draws noise; what it returns is exact and is not to leave the service.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from shapely.geometry import Polygon

from plainview.app.governor import Configured
from plainview.civic.statistics.claims import DENSEST, LEAST_SHARE, MOST_READINGS
from plainview.civic.statistics.noise import Whole
from plainview.civic.statistics.occupancy import HOUR_MS, UNITS, Counted, Real
from plainview.civic.statistics.release import LeftOut, Named
from plainview.config import CityConfig
from plainview.errors import LedgerError, PermitRefused
from plainview.governance.cameras import Seen
from plainview.governance.capability import PUBLISH
from plainview.governance.office import LivePermit, Office
from plainview.governance.permit import OUTSIDE_HOURS, NotCovered, Permit, covers
from plainview.governance.standing import PermitRecord, Standing, stopped_by
from plainview.store.rollup import Sums

Hours = Mapping[int, Sums]


class Day(NamedTuple):
    """What was counted in a day by the cameras that may be published."""

    zones: tuple[Named, ...]
    districts: tuple[str, ...]
    counted: Counted
    lines: tuple[tuple[str, str, str], ...]
    """(zone, line, direction)."""
    crossings: Whole
    """(lines, H), CROSSING_STEP each."""
    crossing_share: Real
    """(lines, H) part of the hour that was measured."""
    left_out: tuple[LeftOut, ...]


def timezone_of(city: CityConfig) -> str:
    """The time zone that most sites have: whose day a release is of."""
    return Counter(site.timezone for site in city.sites).most_common(1)[0][0]


class Permits:
    """Which cameras may be published now, and from which hours. Reads each document once."""

    def __init__(self, office: Office, standing: Standing) -> None:
        """Of `standing`, with stops that are not recorded yet. Raises LedgerError, LedgerLie."""
        self._office = office
        self._standing = standing
        self._now = office.now()
        self._live: list[LivePermit] = list(
            office.live_permits(self._now, unsound=lambda _error: None)
        )
        self._granting = list(self._documents())
        self.simulated = any(one.permit.simulated for one in self._live)
        """Whether somebody is permitted who does not exist: a demonstration."""

    def _documents(self) -> list[tuple[PermitRecord, Permit]]:
        """Every permit that grants publishing, also those that are over."""
        found = []
        for record in self._standing.permits.values():
            try:
                permit, _ = self._office.permit(record.digest)
            except (LedgerError, PermitRefused):
                continue  # what cannot be read grants nothing
            if permit.capabilities.get(PUBLISH):
                found.append((record, permit))
        return found

    def refusal(self, camera: str, seen: Seen) -> str:
        """Why nothing of `camera` may be published now; empty where it may."""
        stop = stopped_by(self._standing.stops, camera, seen.site, (PUBLISH,))
        if stop is not None:
            return f"the stop switch of {stop.scope} is pressed"
        if camera in self._standing.suspensions:
            return "it is suspended until it is assessed again"
        why = "no current permit covers it"
        for one in self._live:
            if camera not in one.permit.cameras:
                continue
            try:
                covers(
                    one.permit,
                    camera=camera,
                    fingerprint=seen.fingerprint,
                    needs=(PUBLISH,),
                    now=self._now,
                    software=self._office.software,
                )
            except NotCovered as error:
                # Its hours say when it may measure; figures of them may be published at night.
                if error.reason != OUTSIDE_HOURS:
                    why = error.what
                    continue
            return ""
        return why

    def granted(self, camera: str, seen: Seen, hour: int) -> bool:
        """Whether all of the hour from `hour` on was measured with leave to publish it."""
        known = self._standing.cameras.get(camera)
        if known is None or known.changed > hour or known.fingerprint != seen.fingerprint:
            return False
        return any(
            max(record.begins, record.granted) <= hour
            and hour + HOUR_MS <= _until(record)
            and permit.cameras.get(camera) == seen.fingerprint
            and camera in permit.capabilities[PUBLISH]
            for record, permit in self._granting
        )


def _until(record: PermitRecord) -> int:
    return min(record.ends, record.over_since) if record.over else record.ends


def permitted(
    configured: Mapping[str, Configured], permits: Permits
) -> tuple[list[str], list[LeftOut]]:
    """The cameras of which figures may be published, and the others with the reason."""
    allowed, left_out = [], []
    for camera, one in configured.items():
        why = permits.refusal(camera, one.seen)
        if why:
            left_out.append(LeftOut(camera, why))
        else:
            allowed.append(camera)
    return allowed, left_out


def gathered(
    city: CityConfig,
    configured: Mapping[str, Configured],
    cameras: Sequence[str],
    hours: Sequence[int],
    sums: Mapping[str, Hours],
    permits: Permits,
) -> Day:
    """What `cameras` counted in `hours`; one that measured too little in each is left out."""
    zones, left_out, times, shares = [], [], [], []
    lines: list[tuple[str, str, str]] = []
    crossings: list[Whole] = []
    crossing_shares: list[Real] = []
    district_of = {site.id: site.district or site.id for site in city.sites}
    for camera in cameras:
        one = configured[camera]
        share, weight = _measured(one, hours, sums.get(camera, {}), permits)
        if not share.any():
            left_out.append(LeftOut(camera, "it measured too little under a permit to publish"))
            continue
        found = sums.get(camera, {})
        zones.append(Named(camera, one.seen.site, district_of[one.seen.site]))
        shares.append(share)
        times.append(_person_time(one, hours, found, weight))
        for k, line in enumerate(one.config.view.lines):
            for way, direction in enumerate(("forward", "backward")):
                lines.append((camera, line.name, direction))
                crossings.append(_crossed(hours, found, share, (k, way)))
                crossing_shares.append(share)
    districts = sorted({zone.district for zone in zones})
    shape = (-1, len(hours))
    return Day(
        tuple(zones),
        tuple(districts),
        Counted(
            np.array(times, dtype=np.int64).reshape(shape),
            np.array(shares, dtype=np.float64).reshape(shape),
            np.array([districts.index(zone.district) for zone in zones], dtype=np.int64),
            len(districts),
        ),
        tuple(lines),
        np.array(crossings, dtype=np.int64).reshape(shape),
        np.array(crossing_shares, dtype=np.float64).reshape(shape),
        tuple(left_out),
    )


def _measured(
    one: Configured, hours: Sequence[int], found: Hours, permits: Permits
) -> tuple[Real, Whole]:
    """(H,) part of each hour that counts, and milliseconds that each Reading of it stands for."""
    every = max(round(one.config.every * 1000), 1)
    share, weight = np.zeros(len(hours)), np.zeros(len(hours), dtype=np.int64)
    for k, hour in enumerate(hours):
        part = found.get(hour, Sums())
        most = MOST_READINGS * HOUR_MS / every
        if not part.readings or part.readings + part.unhealthy > max(most, 1.0):
            continue
        # Rounded down, so that all Readings together never stand for more than the hour.
        stands = min(every, HOUR_MS // part.readings)
        fraction = part.readings * stands / HOUR_MS
        if fraction >= LEAST_SHARE and permits.granted(one.config.id, one.seen, hour):
            share[k], weight[k] = fraction, stands
    return share, weight


def _person_time(one: Configured, hours: Sequence[int], found: Hours, weight: Whole) -> Whole:
    """(H,) in units of `occupancy`, each hour cut off at what its ground can hold."""
    most = int(DENSEST * Polygon(one.config.view.polygon).area * UNITS)
    times = [found[hour].total * int(w) if w else 0 for hour, w in zip(hours, weight, strict=True)]
    return np.array([min(time, most) for time in times], dtype=np.int64)


def _crossed(hours: Sequence[int], found: Hours, share: Real, which: tuple[int, int]) -> Whole:
    line, way = which
    counts = []
    for hour, part in zip(hours, share, strict=True):
        crossings = found[hour].crossings if part else ()
        counts.append(crossings[line][way] if line < len(crossings) else 0)
    return np.array(counts, dtype=np.int64)
