"""CANDIDATES.toml: where cameras might stand, what there is to cover, how many and at what cost."""

import enum
import itertools
import math
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from plainview.civic.exposure.plane import checked
from plainview.civic.exposure.views import ASSUMED_ANGLE, ASSUMED_REACH
from plainview.civic.siting.refused import refuse
from plainview.civic.siting.tables import read_rows
from plainview.document.strict import convert
from plainview.document.toml import Document, read_document
from plainview.errors import InputError

GUIDE: Final = "docs/guide/siting.md"
PHASES: Final = (4_000, 20_000, 40_000, 60_000)
MOST_ROWS: Final = 500_000

_Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+\Z")]
_Positive = Annotated[float, Meta(ge=0, le=1e12)]


class Kind(enum.StrEnum):
    """What there is to cover. Nothing else is a ground for a camera."""

    LEVEL_OF_SERVICE = "level-of-service"
    """`measured`: hours a year above the level of service that is held to be too dense."""
    PRESSURE = "pressure"
    """`measured`: alarms of crowd pressure a year."""
    ENTRANCE = "entrance"
    """`measured`: hours a year in which a queue stood at it."""
    BOTTLENECK = "bottleneck"
    """`measured`: hours a year in which more came than it lets through."""
    HAZARD = "hazard"
    """`measured`: hours a year in which the hazard is there (a platform edge, water, works)."""


class Weights(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What one unit of each kind is worth beside the others: a judgement, told with each plan."""

    level_of_service: _Positive = 1.0
    pressure: _Positive = 10.0
    entrance: _Positive = 1.0
    bottleneck: _Positive = 1.0
    hazard: _Positive = 1.0

    def of(self, kind: Kind) -> float:
        """The weight of `kind`."""
        return float(getattr(self, kind.value.replace("-", "_")))


class Candidate(Struct, frozen=True, forbid_unknown_fields=True):
    """A place where a camera might stand, or stands."""

    id: _Id
    latitude: float
    longitude: float
    cost: _Positive = 0.0
    """A year, in the scheme's currency."""
    exposure: _Positive | None = None
    """Person-hours a day that people spend in its view; without, from `people_per_hour`."""
    people_per_hour: _Positive | None = None
    """Who walk through its view, as the mean of a day."""
    direction: Annotated[float, Meta(ge=0, le=360)] | None = None
    """Compass degrees; without, it sees all round."""
    angle: Annotated[float, Meta(gt=0, le=360)] = ASSUMED_ANGLE
    reach: Annotated[float, Meta(gt=0, le=1000)] = ASSUMED_REACH
    """Metres."""
    covers: tuple[_Id, ...] = ()
    """Ids of needs; without, those that lie in its view."""
    view: tuple[tuple[float, float], ...] = ()
    """Corners of the ground that it sees, [longitude, latitude]; without, the sector above."""
    running: bool = False
    """It stands already, and stays in every phase."""
    alerts: Annotated[int, Meta(ge=0)] | None = None
    """For a review: alerts that it raised in the period, as people judged them true."""
    acted_on: Annotated[int, Meta(ge=0)] | None = None
    """For a review: those of the alerts upon which somebody did something."""
    days: Annotated[float, Meta(gt=0, le=4000)] | None = None
    """For a review: days in which it measured in health."""


class Need(Struct, frozen=True, forbid_unknown_fields=True):
    """A place with measured crowd risk, or a hazard."""

    id: _Id
    kind: Kind
    latitude: float
    longitude: float
    measured: _Positive
    """As its kind says."""
    flow: _Positive | None = None
    """People a second at its busiest, both ways together."""
    width: Annotated[float, Meta(gt=0, le=1000)] | None = None
    """Metres of clear width."""
    counterflow: Annotated[float, Meta(ge=0, le=0.5)] | None = None
    """Share of those who go the lesser way."""
    people: _Positive | None = None
    """How many are there at its busiest."""
    source: Annotated[str, Meta(max_length=500)] = ""
    """How it was measured."""


class Scheme(Struct, frozen=True, forbid_unknown_fields=True):
    """All that a plan is made from."""

    name: Annotated[str, Meta(min_length=1, max_length=200)] = "plan"
    phases: Annotated[tuple[Annotated[int, Meta(gt=0, le=10_000_000)], ...], Meta(min_length=1)] = (
        PHASES
    )
    budget: tuple[_Positive, ...] = ()
    """A year, for all that stand at the end of each phase."""
    currency: Annotated[str, Meta(max_length=10)] = ""
    steward_hour: _Positive | None = None
    """What a steward costs an hour, in the same currency."""
    people_per_steward: Annotated[float, Meta(ge=1)] = 250.0
    """SGSA, Guide to Safety at Sports Grounds (Green Guide), 6th edition, 2018, chapter 4."""
    weights: Weights = Weights()
    candidates: tuple[Candidate, ...] = ()
    needs: tuple[Need, ...] = ()


def load_scheme(path: Path) -> Scheme:
    """The scheme in the TOML file at `path`; `candidates` and `needs` may name a file beside it.

    Raises BoundaryError by name for what no plan is made from (`refused`), and InputError for all
    else that is wrong: an unknown key, a place that is none, ids twice, no candidate at all.
    """
    document = read_document(path)
    _refuse_names(document.data, document)
    data = dict(document.data)
    for table, kind in (("candidates", Candidate), ("needs", Need)):
        given = data.get(table)
        if isinstance(given, str):
            data.pop(table)
            refuse(given, document.where((table,)))
            data[f"_{table}"] = _rows(document.relative(given), kind)
    tables = {name: data.pop(f"_{name}", None) for name in ("candidates", "needs")}
    scheme = convert(document, data, Scheme, (), guide=GUIDE)
    scheme = msgspec.structs.replace(
        scheme, **{name: rows for name, rows in tables.items() if rows is not None}
    )
    _check(scheme, str(path))
    return scheme


def _rows(path: Path, kind: type[Candidate] | type[Need]) -> tuple[Any, ...]:
    """The rows of a table in a file of its own, each a `kind`."""
    names = set(kind.__struct_fields__)
    found = []
    for number, row in enumerate(read_rows(path), 1):
        where = f"{path}, row {number}"
        if number > MOST_ROWS:
            raise InputError(f"more than {MOST_ROWS:,} rows", where=str(path), mend="Split it")
        for name in row:
            if name not in names:
                refuse(name, where)
                raise InputError(
                    f"unknown column {name[:60]!r}",
                    where=where,
                    mend=f"The columns are {', '.join(kind.__struct_fields__)}",
                )
        if isinstance(row.get("kind"), str):
            refuse(row["kind"], where)
        try:
            found.append(msgspec.convert(row, kind, strict=False))
        except msgspec.ValidationError as error:
            raise InputError(
                str(error).replace("`", "'"), where=where, mend=f"See {GUIDE}"
            ) from error
    return tuple(found)


def _refuse_names(data: object, document: Document, at: tuple[str | int, ...] = ()) -> None:
    """Refuse keys and kinds of need that no plan is made from, anywhere in the file."""
    if isinstance(data, dict):
        for key, value in data.items():
            refuse(key, document.where((*at, key)))
            if key == "kind" and isinstance(value, str):
                refuse(value, document.where((*at, key)))
            _refuse_names(value, document, (*at, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            _refuse_names(value, document, (*at, number))


def _check(scheme: Scheme, where: str) -> None:
    if not scheme.candidates:
        raise InputError("there is no candidate", where=where, mend="Add [[candidates]]")
    if not scheme.needs:
        raise InputError(
            "there is nothing to cover, so that no camera is needed",
            where=where,
            mend="Add [[needs]]",
        )
    if any(b < a for row in (scheme.phases, scheme.budget) for a, b in itertools.pairwise(row)):
        raise InputError(
            "phases and budgets must not shrink: what stands stays", where=where, mend="Order them"
        )
    if scheme.budget and len(scheme.budget) != len(scheme.phases):
        raise InputError(
            f"{len(scheme.budget)} budgets for {len(scheme.phases)} phases",
            where=where,
            mend="Give one for each phase",
        )
    for table in (scheme.candidates, scheme.needs):
        seen: set[str] = set()
        for one in table:
            place = f"{where}, {one.id}"
            if one.id in seen:
                raise InputError("this id is there twice", where=place, mend="Rename one")
            seen.add(one.id)
            checked((one.longitude, one.latitude), place)
    needs = {need.id for need in scheme.needs}
    for need in scheme.needs:
        refuse(need.source, f"{where}, {need.id}, source")
    for one in scheme.candidates:
        _check_candidate(one, needs, f"{where}, {one.id}")


def _check_candidate(one: Candidate, needs: set[str], where: str) -> None:
    if one.exposure is None and one.people_per_hour is None:
        raise InputError(
            "nobody says how many people it would see",
            where=where,
            mend="Give people_per_hour, or exposure in person-hours a day",
        )
    numbers = [one.cost, one.exposure or 0.0, one.people_per_hour or 0.0, one.reach, one.angle]
    if not all(map(math.isfinite, numbers)):
        raise InputError("a number is not finite", where=where, mend="Give a number")
    unknown = next((name for name in one.covers if name not in needs), None)
    if unknown is not None:
        raise InputError(f"there is no need {unknown!r}", where=where, mend="Check 'covers'")
