"""A release before its noise is drawn, and the drawing: from a day's counts to the document."""

from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from plainview.app import cities
from plainview.app.publishing import Day, Permits, gathered, permitted, timezone_of
from plainview.civic.statistics.account import CROSSING_LIMIT, DELTA, LIMIT
from plainview.civic.statistics.claims import DETECTIONS, DETECTIONS_MOST
from plainview.civic.statistics.crossings import release_crossings
from plainview.civic.statistics.noise import epsilon_of
from plainview.civic.statistics.occupancy import (
    HOUR_MS,
    Bounds,
    Scales,
    epsilon_if,
    estimate,
    measure,
    scales,
)
from plainview.civic.statistics.presence import MARGIN, apart, footprints, overlap
from plainview.civic.statistics.release import (
    FORMAT,
    CrossingGuarantee,
    LeftOut,
    Release,
    areas,
    guarantee,
    lines,
)
from plainview.config import CityConfig
from plainview.errors import InputError, PermitRefused
from plainview.plural import counted
from plainview.store.hours import hour_sums


class Terms(NamedTuple):
    """What a release may cost, and what it claims."""

    epsilon: float = LIMIT
    crossing: float = CROSSING_LIMIT
    detections: float = DETECTIONS
    overlap: int | None = None
    """Views are left out until no point of the ground is seen by more; None: none is."""


LEAST_DETECTIONS, MOST_DETECTIONS = 1.0, 100.0
ORDINARY: Final = Terms()
"""All that a person-day has, and every view."""


class Draw(NamedTuple):
    """Everything that a release is made of, before any noise."""

    city: CityConfig
    day: str
    hours: tuple[int, ...]
    timezone: str
    found: Day
    bounds: Bounds
    scale: Scales
    terms: Terms
    simulated: bool
    left_out: tuple[LeftOut, ...]

    def words(self) -> list[str]:
        """What it is, for the person who publishes. Nothing of the counts."""
        bounds, found = self.bounds, self.found
        return [
            (
                f"{self.day}: {counted(len(found.zones), 'zone')} in "
                f"{counted(len(found.districts), 'district')}, {counted(bounds.hours, 'hour')}, "
                f"{counted(len(found.lines), 'direction')} of lines"
            ),
            (
                f"epsilon {self.terms.epsilon:g} at delta {DELTA:g} for a person's whole day in "
                f"the whole city, with c = {bounds.overlap} and d = {bounds.detections:g}; "
                f"{self.terms.crossing:g} for each single crossing of a line"
            ),
            (
                f"noise (RMSE): {self.scale.zone:.1f} people in a zone-hour, "
                f"{self.scale.district:.1f} in a district's or the city's own figure, before they "
                "are fitted together"
            ),
            *(f"left out: {one.camera}: {one.why}" for one in self.left_out),
        ]

    def release(self, *, software: str, ledger: str) -> tuple[Release, float]:
        """Draw the noise; the release, and what it costs a person-day in rho."""
        found, bounds, scale = self.found, self.bounds, self.scale
        noisy = measure(found.counted, bounds, scale)
        crossed = release_crossings(
            found.crossings, detections=bounds.detections, epsilon=self.terms.crossing
        )
        release = Release(
            format=FORMAT,
            city=self.city.name,
            simulated=self.simulated,
            day=self.day,
            timezone=self.timezone,
            hours=self.hours,
            software=software,
            ledger=ledger,
            guarantee=guarantee(
                bounds, epsilon=epsilon_of(noisy.rho, DELTA), delta=DELTA, rho=noisy.rho,
                margin=MARGIN, deviation=msgspec.structs.asdict(scale),
                most=(
                    DETECTIONS_MOST, epsilon_if(bounds, scale, DELTA, detections=DETECTIONS_MOST)
                ),
            ),
            crossing_guarantee=CrossingGuarantee(
                unit="one crossing of one line; k crossings cost k times as much",
                epsilon=crossed.epsilon,
                mechanism="discrete Laplace noise (OpenDP)",
                detections=bounds.detections,
                scale=crossed.scale,
            ),
            areas=areas(
                estimate(noisy, found.counted, scale), found.zones, found.districts, self.city.name
            ),
            lines=lines(crossed, found.crossing_share, found.lines),
            left_out=self.left_out,
        )  # fmt: skip
        return release, noisy.rho


def prepared(
    city: CityConfig,
    folder: Path,
    when: tuple[str, tuple[int, ...]],
    terms: Terms,
    permits: Permits,
) -> Draw:
    """What may be released of a day. Raises PermitRefused, StoreError, InputError."""
    day, hours = when
    if not LEAST_DETECTIONS <= terms.detections <= MOST_DETECTIONS:
        raise InputError(
            f"{terms.detections:g} detections of one person are no bound",
            where="--detections",
            mend=f"Give {LEAST_DETECTIONS:g} to {MOST_DETECTIONS:g}",
        )
    configured = cities.configured(city)
    allowed, left_out = permitted(configured, permits)
    places = {place.camera: place for place in cities.places(city)}
    grounds = footprints([places[camera] for camera in allowed])
    if terms.overlap is not None:
        kept = set(apart(grounds, terms.overlap))
        left_out += [
            LeftOut(camera, f"{terms.overlap} other views see a part of its ground")
            for k, camera in enumerate(allowed)
            if k not in kept
        ]
        grounds = [grounds[k] for k in sorted(kept)]
        allowed = [allowed[k] for k in sorted(kept)]
    if not allowed:
        raise PermitRefused(
            "of no camera anything may be published",
            where=left_out[0].camera if left_out else "city",
            mend=f"{left_out[0].why.capitalize() if left_out else 'There is none'}; an assessment "
            "must ask for 'publish'",
        )
    url = city.store or f"sqlite:{folder / 'plainview.db'}"
    sums = hour_sums(url, allowed, hours[0], hours[-1] + HOUR_MS)
    found = gathered(city, configured, allowed, hours, sums, permits)
    if not found.zones:
        raise InputError(
            f"nothing that may be published was measured on {day}", where="--day",
            mend=f"{found.left_out[0].camera}: {found.left_out[0].why}",
        )  # fmt: skip
    bounds = Bounds(len(hours), overlap(grounds), terms.detections)
    return Draw(
        city=city,
        day=day,
        hours=hours,
        timezone=timezone_of(city),
        found=found,
        bounds=bounds,
        scale=scales(bounds, epsilon=terms.epsilon, delta=DELTA),
        terms=terms,
        simulated=city.simulated or permits.simulated,
        left_out=(*left_out, *found.left_out),
    )
