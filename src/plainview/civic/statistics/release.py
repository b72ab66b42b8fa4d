"""What is published of one day: one closed document, whose digest stands in the ledger."""

import functools
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import Struct

from plainview.civic.statistics.crossings import HALF_WIDTH_90, NoisyCrossings
from plainview.civic.statistics.occupancy import QUANTILE_90, Bounds, Estimates, Level, Real
from plainview.errors import UNDECODED, InputError
from plainview.record import CROSSING_STEP

FORMAT: Final = "plainview.statistics/v1"
DECIMALS: Final = 2

Figures = tuple[float | None, ...]
"""One for each hour, in order; null where nothing is said."""


class Guarantee(Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for whoever was there, and what it rests on."""

    unit: str
    """Whom or what it protects."""
    epsilon: float
    delta: float
    rho: float
    """The cost in zero-concentrated differential privacy, which adds up over days."""
    mechanism: str
    hours: int
    overlap: int
    """c: the most registered views, of those published, that share a point of the ground."""
    margin: float
    """Metres by which each view was widened before c was counted."""
    detections: float
    """d: the most detections that somebody is in one view, as claimed."""
    detections_most: float
    """The most that was measured of anybody in the evaluation's scenes."""
    epsilon_most: float
    """Epsilon for somebody who is that many."""
    deviation: dict[str, float]
    """Standard deviation of the noise drawn for each zone, district and city hour, people."""
    assumed: tuple[str, ...]
    """What must be true for it to hold."""


class CrossingGuarantee(Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for one crossing of one line."""

    unit: str
    epsilon: float
    mechanism: str
    detections: float
    scale: float
    """Of the noise, people."""


class Area(Struct, frozen=True, forbid_unknown_fields=True):
    """Hourly mean occupancy of a zone, a district or the city."""

    level: str
    """zone, district or city."""
    id: str
    site: str
    """Of a zone; else empty."""
    district: str
    zones: tuple[int, ...]
    """How many zones are in each hour's figure."""
    measured: Figures
    """Part of the hour that was measured; the figures stand for the whole of it."""
    occupancy: Figures
    """People on average: the unbiased figure, or 0 where that is negative. To be read."""
    unbiased: Figures
    """With its noise as drawn, negative at times. To be added up and averaged."""
    error: Figures
    """Half of the 90 % interval: how far noise alone moves the figure, nine times out of ten."""


class Line(Struct, frozen=True, forbid_unknown_fields=True):
    """Hourly crossings of one line in one direction."""

    zone: str
    line: str
    direction: str
    """forward or backward."""
    measured: Figures
    crossings: Figures
    unbiased: Figures
    error: Figures


class LeftOut(Struct, frozen=True, forbid_unknown_fields=True):
    """A camera of which nothing is published, and why."""

    camera: str
    why: str


class Release(Struct, frozen=True, forbid_unknown_fields=True):
    """Public statistics of one day."""

    format: str
    city: str
    simulated: bool
    """Whether nobody in it exists."""
    day: str
    timezone: str
    """Whose day it is."""
    hours: tuple[int, ...]
    """Starts of its hours, UTC milliseconds."""
    software: str
    ledger: str
    """Name of the ledger that its entry is in."""
    guarantee: Guarantee
    crossing_guarantee: CrossingGuarantee
    areas: tuple[Area, ...]
    lines: tuple[Line, ...]
    left_out: tuple[LeftOut, ...]


_encoder: Final = msgspec.json.Encoder(order="deterministic")
_decoder: Final = msgspec.json.Decoder(Release)


def encode_release(release: Release) -> bytes:
    """The one encoding of `release`."""
    return _encoder.encode(release)


def decode_release(data: bytes) -> Release:
    """The release in `data`. Raises InputError if it is none."""
    try:
        release = _decoder.decode(data)
    except UNDECODED as error:
        raise InputError(f"these are no published statistics ({error})") from error
    if release.format != FORMAT:
        raise InputError(f"its format is {release.format[:80]!r}, not {FORMAT!r}")
    return release


@functools.cache
def schema() -> bytes:
    """JSON Schema of a release."""
    found: dict[str, Any] = msgspec.json.schema(Release)
    told = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": FORMAT, **found}
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"


class Named(Struct, frozen=True):
    """A zone's names."""

    zone: str
    site: str
    district: str


def areas(
    estimates: Estimates, zones: Sequence[Named], districts: Sequence[str], city: str
) -> tuple[Area, ...]:
    """City, districts and zones, in the order in which people read."""
    top = estimates.city
    whole = Level(top.value[None], top.deviation[None], top.share[None], top.zones[None])
    return (
        *_areas("city", whole, [Named(city, "", "")]),
        *_areas("district", estimates.districts, [Named(name, "", name) for name in districts]),
        *_areas("zone", estimates.zones, zones),
    )


def _areas(level: str, found: Level, names: Sequence[Named]) -> list[Area]:
    return [
        Area(
            level=level,
            id=name.zone,
            site=name.site,
            district=name.district,
            zones=tuple(found.zones[k].tolist()),
            measured=_figures(found.share[k]),
            occupancy=_figures(np.maximum(found.value[k], 0.0)),
            unbiased=_figures(found.value[k]),
            error=_figures(QUANTILE_90 * found.deviation[k]),
        )
        for k, name in enumerate(names)
    ]


def lines(
    noisy: NoisyCrossings, share: Real, names: Sequence[tuple[str, str, str]]
) -> tuple[Line, ...]:
    """Lines of `names` (zone, line, direction); `noisy` and `share` are (lines, hours)."""
    found = []
    for k, (zone, line, direction) in enumerate(names):
        part = np.where(share[k] > 0, share[k], np.nan)
        people = noisy.people[k] * CROSSING_STEP / part
        found.append(
            Line(
                zone=zone,
                line=line,
                direction=direction,
                measured=_figures(share[k]),
                crossings=_figures(np.maximum(people, 0.0)),
                unbiased=_figures(people),
                error=_figures(HALF_WIDTH_90 * noisy.scale / part),
            )
        )
    return tuple(found)


def _figures(values: Real) -> Figures:
    return tuple(
        None if np.isnan(value) else round(value, DECIMALS) + 0.0 for value in values.tolist()
    )


def guarantee(
    bounds: Bounds, *, epsilon: float, delta: float, rho: float, margin: float,
    most: tuple[float, float], deviation: dict[str, float],
) -> Guarantee:  # fmt: skip
    """The guarantee of the occupancies; `most` is (detections, epsilon) of the worst measured."""
    return Guarantee(
        unit="one person's whole day in the whole city",
        epsilon=epsilon,
        delta=delta,
        rho=rho,
        mechanism="discrete Gaussian noise (OpenDP)",
        hours=bounds.hours,
        overlap=bounds.overlap,
        margin=margin,
        detections=bounds.detections,
        detections_most=most[0],
        epsilon_most=most[1],
        deviation={name: round(value, DECIMALS) for name, value in deviation.items()},
        assumed=(
            f"nobody is seen by more than {bounds.overlap} published views at once",
            f"nobody is more than {bounds.detections:g} detections in a view, on average",
            "nobody changes by their presence when a camera measured and in health",
            "a camera keeps its interval within an hour",
        ),
    )
