"""What was measured as needs of a scheme: hours too dense, and alarms of crowd pressure."""

import contextlib
import csv
import io
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import shapely

from plainview.alerts.lifecycle import Alert, unpacked
from plainview.alerts.thresholds import Quantity
from plainview.app.cities import places
from plainview.app.output import replaced
from plainview.app.state import existing
from plainview.civic.siting.scheme import Kind, Need
from plainview.config import CityConfig, load_city
from plainview.config.city import SiteConfig
from plainview.crowd.levels import Facility, Level, bounds
from plainview.errors import InputError
from plainview.governance.places import Place, on_map
from plainview.store import RollUp, Store, open_store

_FAR: Final = 1 << 52
_MOST_ALERTS: Final = 100_000
_YEAR: Final = 365.0
"""Days."""
_MINUTES: Final = 1440
_DAY: Final = 86_400_000
COLUMNS: Final = ("id", "kind", "latitude", "longitude", "measured", "people", "source")


def measured_needs(city: Path, *, state: Path | None, level: str, out: Path | None) -> str:
    """Needs of the city in the file `city` as CSV, from the store of `state`; written to `out`.

    `level` is the level of service (B to F) from which a walkway is held to be too dense. Raises
    InputError, StoreError.
    """
    levels = [one.value for one in Level][1:]
    if level.upper() not in levels:
        raise InputError(
            f"{level!r} is no level of service", where="--level", mend=f"Give {', '.join(levels)}"
        )
    found = load_city(city)
    folder = existing(state)
    with contextlib.closing(open_store(found.store or f"sqlite:{folder}/plainview.db")) as store:
        needs = list(needs_of(found, store, Level(level.upper())))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for need in needs:
        values = [getattr(need, name) for name in COLUMNS]
        table.writerow(["" if value is None else value for value in values])
    if out is not None:
        with replaced(out.resolve(), shown=out) as part:
            part.write_text(text.getvalue(), encoding="utf-8")
    return text.getvalue()


def needs_of(city: CityConfig, store: Store, level: Level) -> Iterator[Need]:
    """The needs of each camera's ground and of each zone with alarms, as rates for a year."""
    at = {place.camera: place for place in places(city)}
    for site in city.sites:
        for camera in site.cameras:
            need = _dense(at[camera.id], store, level)
            if need is not None:
                yield need
        place = at[site.cameras[0].id]
        yield from _alarms(site, place, store, city.retention.events / 86_400)


def _dense(place: Place, store: Store, level: Level) -> Need | None:
    """Hours a year in which a camera's ground is, on average, at `level` of service or worse.

    None where nothing was measured in health, or no minute was so dense.
    """
    shape = shapely.Polygon(place.view.polygon)
    bound = bounds(Facility.WALKWAY)[list(Level).index(level) - 1]
    rows = [row for row in store.roll_ups(place.camera, "minute", 0, _FAR) if row.mean is not None]
    dense = sum((row.mean or 0.0) / shape.area > bound for row in rows)
    if not dense:
        return None
    longitude, latitude = on_map(place, shape.centroid.x, shape.centroid.y)
    return Need(
        id=f"{place.camera[:50]}-dense",
        kind=Kind.LEVEL_OF_SERVICE,
        latitude=latitude,
        longitude=longitude,
        measured=round(dense / 60 * _YEAR * _MINUTES / len(rows), 1),
        people=math.ceil(max(row.peak or 0.0 for row in rows)),
        source=f"{dense} of {len(rows)} measured minutes at level of service {level} or worse "
        f"({bound:.2f} people/m2 on average over {shape.area:.0f} m2)",
    )


def _alarms(site: SiteConfig, place: Place, store: Store, kept: float) -> Iterator[Need]:
    """Alarms of pressure a year, zone by zone; `kept` is for how many days alerts are."""
    alerts = [unpacked(one) for one in store.alerts(site=site.id, most=_MOST_ALERTS)]
    by_zone: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        if alert.quantity is Quantity.PRESSURE:
            by_zone[alert.zone or ""].append(alert)
    hours = [row.start for camera in site.cameras for row in _hours(store, camera.id)]
    if not hours:
        return
    days = min(max((max(hours) - min(hours)) / _DAY, 1.0), kept)
    for number, (zone, found) in enumerate(sorted(by_zone.items()), 1):
        spots = [one.at for one in found if one.at is not None] or [(0.0, 0.0)]
        x, y = (sum(spot[axis] for spot in spots) / len(spots) for axis in (0, 1))
        longitude, latitude = on_map(place, x, y)
        yield Need(
            id=f"{site.id[:45]}-pressure-{number}",
            kind=Kind.PRESSURE,
            latitude=latitude,
            longitude=longitude,
            measured=round(len(found) * _YEAR / days, 1),
            source=f"{len(found)} alarms of pressure in {zone or 'the site'}, {days:.0f} days",
        )


def _hours(store: Store, camera: str) -> Iterator[RollUp]:
    yield from store.roll_ups(camera, "hour", 0, _FAR)
