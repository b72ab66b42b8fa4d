"""SCENARIO.toml -> a checked scenario; every refusal is one line: what, where, how to mend it."""

from typing import Annotated, Any, Final

import msgspec

from plainview.civic.proposal.figures import (
    Figures,
    Place,
    errs,
    point_of,
    refuse,
    share_of,
    size_of,
)
from plainview.civic.proposal.scenario import (
    FEWEST_FACES,
    MOST_CAMERAS,
    MOST_FACES,
    MOST_LISTED,
    Group,
    Limit,
    Rates,
    Scenario,
)
from plainview.document import Document, KeyPath, convert

GUIDE: Final = "docs/guide/recognition-proposals.md"
_TABLES: Final = ("scheme", "operating_point", "groups", "limit")
_MEANT: Final = {
    "watchlist": "list_size",
    "watch_list": "list_size",
    "watchlist_size": "list_size",
    "watch_list_size": "list_size",
    "gallery_size": "list_size",
    "faces": "faces_per_camera_per_day",
    "faces_seen_per_day": "faces_per_day",
    "fmr": "false_match_rate",
    "fpir": "false_positive_rate",
    "tpir": "true_positive_rate",
    "officer_minutes": "officer_minutes_per_alert",
    "true_alerts": "alerts",
}
"""What the field calls things, and what they are called here."""
_SLACK: Final = 1e-6


_Faces = Annotated[float, msgspec.Meta(ge=FEWEST_FACES, le=MOST_FACES)]
_Harm = Annotated[float, msgspec.Meta(ge=1e-6, le=1e15)]


class _Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    cameras: Annotated[int, msgspec.Meta(ge=1, le=MOST_CAMERAS)]
    faces_per_camera_per_day: _Faces | None = None
    faces_per_day: Annotated[float, msgspec.Meta(gt=0)] | None = None
    list_size: Annotated[int, msgspec.Meta(ge=1, le=MOST_LISTED)] | str | None = None
    prevalence: float | None = None
    stops_per_alert: float | None = None
    officer_minutes_per_alert: Annotated[float, msgspec.Meta(ge=0, le=1440)] | None = None
    officer_minutes_per_stop: Annotated[float, msgspec.Meta(ge=0, le=1440)] = 0.0
    days_per_year: Annotated[int, msgspec.Meta(ge=1, le=366)] = 365


class _Point(Figures, frozen=True, forbid_unknown_fields=True, kw_only=True):
    preset: str | None = None


class _Group(Figures, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    share: float
    times: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] | None = None


class _Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    wrong_stops_per_year: _Harm | None = None
    false_alerts_per_day: _Harm | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)] = "The proposed scheme"
    scheme: _Scheme
    operating_point: _Point = _Point()
    groups: tuple[_Group, ...] = ()
    limit: _Limit | None = None


def read_scenario(document: Document) -> Scenario:
    """The scenario that `document` describes. Raises ConfigError."""
    _hint(document)
    file = convert(document, _whole(document.data), _File, (), guide=GUIDE, wish=False)
    point, place = file.operating_point, Place(document, ("operating_point",))
    own = bool(file.groups) and all(errs(group) for group in file.groups)
    rates = point_of(point, point.preset, place, needed=not own)
    groups = _groups(file, rates, document)
    scheme = file.scheme
    return Scenario(
        name=_plain(file.name) or "The proposed scheme",
        cameras=scheme.cameras,
        faces_per_camera=_faces(scheme, document),
        groups=groups,
        list_size=_list_size(scheme, groups, document),
        prevalence=share_of(scheme.prevalence, Place(document, ("scheme", "prevalence"))),
        stops_per_alert=share_of(
            scheme.stops_per_alert, Place(document, ("scheme", "stops_per_alert"))
        ),
        minutes_per_alert=scheme.officer_minutes_per_alert,
        minutes_per_stop=scheme.officer_minutes_per_stop,
        days_per_year=scheme.days_per_year,
        limit=_limit(file, document),
        preset=point.preset or "",
    )


def _whole(data: Any) -> Any:  # noqa: ANN401 - parsed TOML is any shape
    """`data` with numbers such as 6e4 and 1000.0 as the whole numbers that they are."""
    if isinstance(data, dict):
        return {key: _whole(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_whole(value) for value in data]
    if isinstance(data, float) and data.is_integer() and 1 <= data <= MOST_LISTED:
        return int(data)
    return data


def _plain(name: str) -> str:
    """`name` on one line, without what would steer a terminal."""
    shown = "".join(sign if sign.isprintable() else " " for sign in name)
    return " ".join(shown.split())


def _hint(document: Document) -> None:
    """Refuse a key that the field knows under another name, by the name that it has here."""
    for table, at in _tables(document):
        for key in table:
            meant = _MEANT.get(key.lower().replace("-", "_"))
            if meant is None or (key == "faces" and "scheme" not in at):
                continue
            mend = f"Did you mean {meant!r}?"
            refuse(f"unknown key {key!r}", Place(document, (*at, key)), mend)


def _tables(document: Document) -> list[tuple[dict[str, object], KeyPath]]:
    found: list[tuple[dict[str, object], KeyPath]] = []
    for name in _TABLES:
        value = document.data.get(name)
        if isinstance(value, dict):
            found.append((value, (name,)))
        elif isinstance(value, list):
            found += [(one, (name, k)) for k, one in enumerate(value) if isinstance(one, dict)]
    return found


def _faces(scheme: _Scheme, document: Document) -> float:
    """Faces per camera and day, however they were given."""
    place = Place(document, ("scheme",))
    if (scheme.faces_per_camera_per_day is None) == (scheme.faces_per_day is None):
        refuse(
            "how many faces are seen must be given once",
            place,
            "Give faces_per_camera_per_day, or faces_per_day for all cameras together",
        )
    if scheme.faces_per_camera_per_day is not None:
        return scheme.faces_per_camera_per_day
    each = (scheme.faces_per_day or 0.0) / scheme.cameras
    if not FEWEST_FACES <= each <= MOST_FACES:
        refuse(
            f"{each:g} faces a day for each camera cannot be",
            place.at("faces_per_day"),
            f"Give from {FEWEST_FACES:g} to {MOST_FACES:,} for each camera",
        )
    return each


def _list_size(scheme: _Scheme, groups: tuple[Group, ...], document: Document) -> int | None:
    """The list's size; None where every rate is good for one unknown size only."""
    place = Place(document, ("scheme", "list_size"))
    size = size_of(scheme.list_size, place)
    tied = [group for group in groups if group.rates.per_comparison is None]
    if tied and len(tied) < len(groups):
        refuse(
            "some rates are known for any list and some only for one of unknown size",
            Place(document, ("groups",)),
            "Give measured_list_size for all, or for none",
        )
    if tied and size is not None:
        refuse(
            "the size of the list at which the rate was measured is not known, so it cannot be "
            f"carried over to a list of {size:,}",
            place,
            'Write list_size = "unknown" for that same list, or give figures with '
            "their measured_list_size",
        )
    if not tied and size is None:
        refuse("the size of the list is missing", place, "Write it as list_size = 10_000")
    return size


def _groups(file: _File, rates: Rates, document: Document) -> tuple[Group, ...]:
    if not file.groups:
        return (Group("", 1.0, rates),)
    found: list[Group] = []
    for k, written in enumerate(file.groups):
        place = Place(document, ("groups", k))
        group = _measured(written, file.operating_point)
        share = share_of(group.share, place.at("share")) or 0.0
        own = point_of(group, None, place, instead=rates, times=group.times)
        name = _plain(group.name) or str(k + 1)
        if name in {other.name for other in found}:
            refuse(f"the group {name!r} is there twice", place, "Name each group once")
        found.append(Group(name, share, own))
    whole = sum(group.share for group in found)
    if abs(whole - 1) > _SLACK:
        refuse(
            f"the shares of the groups add up to {whole:g}, not to 1",
            Place(document, ("groups",)),
            "Add a group for everybody else",
        )
    return tuple(found)


def _measured(group: _Group, point: _Point) -> _Group:
    """`group` with the list at which its rate was measured: that of the operating point without."""
    if (
        group.measured_list_size is not None
        or group.false_match_rate is not None
        or not errs(group)
    ):
        return group
    return msgspec.structs.replace(group, measured_list_size=point.measured_list_size)


def _limit(file: _File, document: Document) -> Limit | None:
    limit = file.limit
    if limit is None:
        return None
    place = Place(document, ("limit",))
    if (limit.wrong_stops_per_year is None) == (limit.false_alerts_per_day is None):
        refuse(
            "a limit is one number",
            place,
            "Give wrong_stops_per_year or false_alerts_per_day",
        )
    if limit.wrong_stops_per_year is not None and not file.scheme.stops_per_alert:
        refuse(
            "a limit of wrong stops says nothing without the stops that an alert leads to",
            place.at("wrong_stops_per_year"),
            "Give stops_per_alert above 0 in [scheme], or false_alerts_per_day here",
        )
    return Limit(limit.wrong_stops_per_year, limit.false_alerts_per_day)
