"""`[[zones]]` of a CAMERA.toml -> Zone: what a zone is for, for whom, and when it is watched."""

import zoneinfo
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from plainview.document.boundary import refuse_beyond
from plainview.document.toml import Document, KeyPath, nearest
from plainview.errors import ConfigError, InputError
from plainview.geometry import ONE_WAY, MoverSize, Point, Zone
from plainview.governance.durations import minutes_of
from plainview.record import EventKind
from plainview.schedule import DAYS, Hours

ZONE_KINDS = (*(kind.value for kind in EventKind if kind is not EventKind.WRONG_WAY), ONE_WAY)
MOVING = (EventKind.ZONE_INTRUSION.value, ONE_WAY)
"""The kinds of zone that are for what moves."""
LONGEST = 100.0
"""Metres: nothing that moves over the ground of a city is longer."""

_Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_Clock = Annotated[str, Meta(max_length=5)]


class HoursTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of a zone's `schedule` as written."""

    since: _Clock
    until: _Clock
    days: Annotated[tuple[_Day, ...], Meta(min_length=1, max_length=7)] = DAYS


class ZoneTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A zone as written."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: str
    polygon: tuple[Point, ...]
    direction: Point | None = None
    sizes: Annotated[tuple[MoverSize, ...], Meta(min_length=1, max_length=2)] | None = None
    length: tuple[float, float] | None = None
    crossing: Point | None = None
    schedule: Annotated[tuple[HoursTable, ...], Meta(min_length=1, max_length=20)] | None = None
    timezone: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


def zone_from(document: Document, at: KeyPath, table: ZoneTable, timezone: str | None) -> Zone:
    """The zone whose `table` stands at `at`; `timezone` is its camera's.

    Raises ConfigError or BoundaryError.
    """
    kind = _kind(document, at, table.kind)
    _check_direction(document, at, table, kind)
    if kind not in MOVING:
        for key in ("sizes", "length", "schedule", "timezone"):
            if getattr(table, key) is not None:
                raise ConfigError(
                    f"a {kind} zone has no {key}",
                    where=document.where((*at, key)),
                    mend=f"Take it out: it is for {' and '.join(MOVING)} zones",
                )
    if table.crossing is not None and kind != EventKind.ZONE_INTRUSION:
        raise ConfigError(
            f"a {kind} zone has no crossing",
            where=document.where((*at, "crossing")),
            mend="Take it out, or make it a zone-intrusion zone",
        )
    if table.crossing is not None and not any(table.crossing):
        raise ConfigError(
            "[0, 0] is no direction",
            where=document.where((*at, "crossing")),
            mend="Write [dx, dy], in ground metres: the way in that counts",
        )
    return Zone(
        name=table.name,
        kind=kind,
        polygon=table.polygon,
        direction=table.direction,
        sizes=UNSET if table.sizes is None else tuple(sorted(set(table.sizes))),
        length=_length(document, at, table),
        crossing=UNSET if table.crossing is None else table.crossing,
        schedule=_schedule(document, at, table),
        timezone=_timezone(document, at, table, timezone),
    )


def _kind(document: Document, at: KeyPath, written: str) -> str:
    """The kind of zone; `wrong-way` is another word for `one-way`."""
    kind = ONE_WAY if written == EventKind.WRONG_WAY else written
    if kind not in ZONE_KINDS:
        where = document.where((*at, "kind"))
        refuse_beyond(kind, where)
        guess = nearest(kind, ZONE_KINDS)
        hint = f"Did you mean {guess!r}? " if guess else ""
        raise ConfigError(
            f"no zone is for {kind!r}", where=where, mend=f"{hint}Use {', '.join(ZONE_KINDS)}"
        )
    return kind


def _check_direction(document: Document, at: KeyPath, table: ZoneTable, kind: str) -> None:
    if kind == ONE_WAY and (table.direction is None or not any(table.direction)):
        raise ConfigError(
            "a one-way zone needs the direction people are to go",
            where=document.where((*at, "direction") if table.direction else at),
            mend="Add direction = [dx, dy], in ground metres",
        )
    if kind != ONE_WAY and table.direction is not None:
        raise ConfigError(
            f"a {kind} zone has no direction",
            where=document.where((*at, "direction")),
            mend="Take it out, or make it a one-way zone",
        )


def _length(document: Document, at: KeyPath, table: ZoneTable) -> tuple[float, float] | UnsetType:
    if table.length is None:
        return UNSET
    low, high = table.length
    if not 0 <= low < high <= LONGEST:
        raise ConfigError(
            f"[{low:g}, {high:g}] is no range of lengths",
            where=document.where((*at, "length")),
            mend=f"Write [least, most] in metres, from 0 to {LONGEST:g}",
        )
    return low, high


def _schedule(document: Document, at: KeyPath, table: ZoneTable) -> tuple[Hours, ...] | UnsetType:
    if table.schedule is None:
        return UNSET
    hours = []
    for k, entry in enumerate(table.schedule):
        minutes = []
        for key in ("since", "until"):
            try:
                minutes.append(minutes_of(getattr(entry, key)))
            except InputError as error:
                raise ConfigError(
                    error.what, where=document.where((*at, "schedule", k, key)), mend=error.mend
                ) from error
        if minutes[0] == minutes[1] or minutes[0] == minutes_of("24:00"):
            raise ConfigError(
                f"from {entry.since} until {entry.until} is no time at all",
                where=document.where((*at, "schedule", k)),
                mend='Write since = "00:00", until = "24:00" for whole days',
            )
        hours.append(Hours(entry.days, minutes[0], minutes[1]))
    return tuple(hours)


def _timezone(
    document: Document, at: KeyPath, table: ZoneTable, camera: str | None
) -> str | UnsetType:
    if table.schedule is None:
        if table.timezone is not None:
            raise ConfigError(
                "a timezone without a schedule",
                where=document.where((*at, "timezone")),
                mend="Add a schedule, or take it out",
            )
        return UNSET
    if table.timezone is None:
        return camera or "UTC"
    return check_timezone(document, (*at, "timezone"), table.timezone)


def check_timezone(document: Document, at: KeyPath, name: str) -> str:
    """`name`, which stands at `at`. Raises ConfigError unless it is a time zone's."""
    try:
        zoneinfo.ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise ConfigError(
            f"no time zone is called {name!r}",
            where=document.where(at),
            mend="Use a name such as Europe/Paris",
        ) from error
    return name
