"""`[[sites.zones]]` and `[[sites.thresholds]]` -> what is watched at a site, checked once."""

import math
from collections.abc import Collection, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from plainview.alerts.ground import BOTH, Zone
from plainview.alerts.names import QUANTITIES
from plainview.alerts.patience import ESCALATE, UNSEEN, Patience
from plainview.alerts.thresholds import (
    ABOUT,
    OWN,
    Level,
    Quantity,
    Threshold,
    lead,
    threshold,
    watched,
)
from plainview.config.camera import MAX_CORNERS, CameraConfig
from plainview.config.duration import seconds
from plainview.crowd.levels import Facility
from plainview.document.toml import Document, KeyPath, nearest
from plainview.errors import ConfigError, InputError
from plainview.geometry import Point, check_polygon

GUIDE = "docs/guide/alerts.md"
_WATCHED = {kind.value: kind for kind in BOTH}

_Name = Annotated[str, Meta(min_length=1, max_length=64)]
_Duration = Annotated[str, Meta(min_length=1, max_length=32)]


class ZoneTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a site as written."""

    name: _Name
    polygon: Annotated[tuple[Point, ...], Meta(min_length=3, max_length=MAX_CORNERS)]
    kind: Literal["density", "crowd-movement"] | None = None
    facility: Facility = Facility.WALKWAY


class ThresholdTable(Struct, frozen=True, forbid_unknown_fields=True, rename={"lasts": "for"}):
    """A threshold as written."""

    quantity: Quantity
    level: Level
    above: float | None = None
    below: float | None = None
    zone: _Name | None = None
    lasts: _Duration | None = None
    clear_below: float | None = None
    clear_above: float | None = None


def zones_from(
    document: Document, at: KeyPath, tables: Sequence[ZoneTable], cameras: Sequence[CameraConfig]
) -> tuple[Zone, ...]:
    """The zones that are watched: the site's own, and its cameras'. Raises ConfigError."""
    names: dict[str, int] = {}
    zones = []
    for k, table in enumerate(tables):
        place = (*at, "zones", k)
        if names.setdefault(table.name, k) != k:
            raise ConfigError(
                f"zone {table.name!r} is there twice",
                where=document.where(place),
                mend="Give each its own name",
            )
        try:
            check_polygon(table.polygon, "polygon")
        except InputError as error:
            where = document.where((*place, "polygon"))
            raise ConfigError(error.what, where=where, mend=error.mend) from error
        kinds = BOTH if table.kind is None else frozenset({_WATCHED[table.kind]})
        zones.append(Zone(table.name, table.polygon, kinds, table.facility))
    for camera in cameras:
        zones += [
            Zone(zone.name, zone.polygon, frozenset({_WATCHED[zone.kind]}))
            for zone in camera.view.zones
            if zone.kind in _WATCHED
        ]
    return tuple(zones)


def thresholds_from(
    document: Document, at: KeyPath, tables: Sequence[ThresholdTable], zones: Sequence[Zone]
) -> tuple[Threshold, ...]:
    """All that is watched at a site, the defaults among them. Raises ConfigError."""
    places = {zone.name: zone.kinds for zone in zones}
    for zone in zones:
        places[zone.name] |= zone.kinds
    own: dict[tuple[str | None, Quantity, Level], Threshold] = {}
    for k, table in enumerate(tables):
        place = (*at, "thresholds", k)
        one = _threshold(document, place, table)
        if table.zone is not None and table.zone not in places:
            raise ConfigError(
                f"there is no zone {table.zone!r} at this site",
                where=document.where((*place, "zone")),
                mend=f"They are {', '.join(places)}" if places else "Add a [[sites.zones]] table",
            )
        key = table.zone, table.quantity, table.level
        if key in own:
            raise ConfigError(
                f"{table.quantity} has this {table.level} threshold twice",
                where=document.where(place),
                mend="Keep one of them",
            )
        own[key] = one
    found = watched(list(places.items()), own.values())
    _check_order(document, at, found)
    return found


class PatienceTable(Struct, frozen=True, forbid_unknown_fields=True):
    """How long alerts in one zone may wait, as written."""

    zone: _Name
    escalate: _Duration | None = None
    unseen: _Duration | None = None


def patience_from(
    document: Document,
    at: KeyPath,
    escalate: str | None,
    unseen: str | None,
    otherwise: Patience = Patience(ESCALATE, UNSEEN),  # noqa: B008 - frozen
) -> Patience:
    """How long alerts may wait; `otherwise` where nothing is written. Raises ConfigError."""
    found = {"escalate": otherwise.escalate, "unseen": otherwise.unseen}
    for key, text, most in (("escalate", escalate, 86_400.0), ("unseen", unseen, 604_800.0)):
        if text is not None:
            found[key] = _duration(document, (*at, key), text, least=10.0, most=most)
    return Patience(**found)


def patiences_from(
    document: Document,
    at: KeyPath,
    tables: Sequence[PatienceTable],
    zones: Collection[str],
    site: Patience,
) -> tuple[tuple[str, Patience], ...]:
    """The patience of each zone that has its own; `zones` are those that there are.

    What is not written there is as at the `site`. Raises ConfigError.
    """
    found: dict[str, Patience] = {}
    for k, table in enumerate(tables):
        place = (*at, "patience", k)
        if table.zone not in zones:
            guess = nearest(table.zone, zones)
            raise ConfigError(
                f"there is no zone {table.zone!r} at this site",
                where=document.where((*place, "zone")),
                mend=f"Did you mean {guess!r}?"
                if guess
                else f"They are {', '.join(sorted(zones)) or 'none'}",
            )
        if table.zone in found:
            raise ConfigError(
                f"zone {table.zone!r} has its patience twice",
                where=document.where(place),
                mend="Keep one of them",
            )
        found[table.zone] = patience_from(document, place, table.escalate, table.unseen, site)
    return tuple(found.items())


def _threshold(document: Document, at: KeyPath, table: ThresholdTable) -> Threshold:
    about = ABOUT[table.quantity]
    side, clearing = ("below", "clear_above") if about.falls else ("above", "clear_below")
    for key in ("below", "clear_above") if side == "above" else ("above", "clear_below"):
        if getattr(table, key) is not None:
            raise ConfigError(
                f"{QUANTITIES[table.quantity]} is bad when it is {side} a threshold",
                where=document.where((*at, key)),
                mend=f"Use {side!r} and {clearing!r}",
            )
    limit: float | None = getattr(table, side)
    if limit is None:
        raise ConfigError(
            f"the key {side!r} is missing", where=document.where(at), mend=f"See {GUIDE}"
        )
    clear: float | None = getattr(table, clearing)
    for key, value in ((side, limit), (clearing, clear)):
        # A net inflow may have to be negative before it is over.
        least = 0.0 if key == clearing else about.least
        most = math.inf if key == clearing else about.most
        if value is not None and not (math.isfinite(value) and least <= value <= most):
            raise ConfigError(
                f"{value:g} {about.unit} is no usable threshold of {QUANTITIES[table.quantity]}",
                where=document.where((*at, key)),
                mend=f"Give {about.least:g} to {about.most:g} {about.unit}",
            )
    if clear is not None and ((clear <= limit) if about.falls else (clear >= limit)):
        raise ConfigError(
            f"it would be over at {clear:g}, where it is still {side} {limit:g}",
            where=document.where((*at, clearing)),
            mend=f"Give a number on the other side of {limit:g}",
        )
    default = lead(table.quantity, table.level)
    lasts = 5.0 if default is None else default.lasts
    if table.lasts is not None:
        lasts = _duration(document, (*at, "for"), table.lasts, least=0.0, most=3600.0)
    made = threshold(table.quantity, table.level, limit, lasts, OWN, clear=clear)
    return Threshold(
        made.quantity, made.level, made.limit, made.clear, made.lasts, made.source, table.zone
    )


def _check_order(document: Document, at: KeyPath, found: Sequence[Threshold]) -> None:
    by_key = {(one.zone, one.quantity, one.level): one for one in found}
    for one in found:
        alarm = by_key.get((one.zone, one.quantity, Level.ALARM))
        if one.level is not Level.WARNING or alarm is None:
            continue
        late = one.limit < alarm.limit if one.about.falls else one.limit > alarm.limit
        if late:
            zone = "the site" if one.zone is None else f"zone {one.zone!r}"
            raise ConfigError(
                f"the warning of {QUANTITIES[one.quantity]} in {zone} ({one.limit:g} "
                f"{one.about.unit}) would come after its alarm ({alarm.limit:g})",
                where=document.where((*at, "thresholds")),
                mend="Set both levels, the warning first",
            )


def _duration(document: Document, at: KeyPath, text: str, *, least: float, most: float) -> float:
    found = seconds(text, days=False)
    if found is None or not least <= found <= most:
        raise ConfigError(
            f"{text!r} is not a usable time",
            where=document.where(at),
            mend=f'Write it as "10 s" or "2 min", from {least:g} s to {most:g} s',
        )
    return found
