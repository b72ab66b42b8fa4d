"""Plans of where cameras belong, and the review of those that run: from files, for a person."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import shapely

from plainview.alerts.lifecycle import SELF, Alert, State, unpacked
from plainview.app.output import replaced
from plainview.app.state import existing
from plainview.civic.siting.plan import SECONDS, Plan, make_plan
from plainview.civic.siting.review import LEAST_DAYS, Record, Review, make_review, records_of
from plainview.civic.siting.scheme import load_scheme
from plainview.config import CityConfig, load_city
from plainview.errors import InputError
from plainview.plural import counted
from plainview.store import RollUp, Store, open_store

_FAR: Final = 1 << 52
_MOST_ALERTS: Final = 100_000
_SHOWN: Final = 30


def plan_sites(
    file: Path, *, seconds: float = SECONDS, show: int | None = None, out: Path | None = None
) -> Plan:
    """The front of plans for the scheme in `file`, written to `out` as JSON if given.

    Raises InputError, and BoundaryError for data that no plan is made from.
    """
    plan = make_plan(load_scheme(file), seconds=seconds, show=show)
    if out is not None:
        with replaced(out.resolve(), shown=out) as part:
            part.write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n")
    return plan


def review_sites(
    file: Path | None,
    *,
    state: Path | None = None,
    city: Path | None = None,
    least: float = LEAST_DAYS,
) -> Review:
    """The review of running cameras: from the scheme in `file`, from what was measured, or both.

    With `city`, the store of the state folder says how many people were in view, for how long each
    camera measured and what became of its alerts. Raises InputError, StoreError.
    """
    if file is None and city is None:
        raise InputError(
            "nothing says which cameras run",
            where="review",
            mend="Give CANDIDATES.toml, or --city and --state, or all of them",
        )
    scheme = load_scheme(file) if file else None
    if city is None:
        assert scheme is not None  # noqa: S101 - one of both was given
        records = records_of(scheme)
        if not records:
            raise InputError(
                "no candidate runs", where=str(file), mend="Mark those that do: running = true"
            )
        return make_review(scheme.name, records, scheme, least=least)
    found = load_city(city)
    folder = existing(state)
    with contextlib.closing(open_store(found.store or f"sqlite:{folder}/plainview.db")) as store:
        records = measured_records(found, store)
    return make_review(found.name, records, scheme, least=least)


def measured_records(city: CityConfig, store: Store) -> list[Record]:
    """What each camera of `city` did, as far back as `store` keeps hours and alerts."""
    records = []
    for site in city.sites:
        alerts = [unpacked(one) for one in store.alerts(site=site.id, most=_MOST_ALERTS)]
        for camera in site.cameras:
            shape = shapely.Polygon(camera.view.polygon)
            mine = [alert for alert in alerts if _concerns(alert, camera.id, shape)]
            hours = store.roll_ups(camera.id, "hour", 0, _FAR)
            records.append(
                Record(
                    camera.id,
                    round(sum(row.readings for row in hours) * camera.every / 86_400, 2),
                    _person_hours(hours),
                    len(mine),
                    sum(_acted_on(alert) for alert in mine),
                )
            )
    return records


def plan_lines(plan: Plan) -> Iterator[str]:
    """`plan` for a person, line by line."""
    yield (
        f"{plan.name}: {counted(plan.candidates, 'candidate')}, "
        f"{counted(plan.needs, 'need')}; all candidates "
        f"together would cover {plan.reachable:.1%} of the risk"
    )
    weights = ", ".join(
        f"{name.replace('_', '-')} {value:g}" for name, value in plan.weights.items()
    )
    yield f"weights (a judgement: change them): {weights}"
    yield "plan phase    most cameras  covered  person-h/day           cost      gap"
    for number, point in enumerate(plan.front):
        for k, phase in enumerate(point.phases, 1):
            gap = f"{point.gap:.2%}" if k == 1 else ""
            yield (
                f"{number:4d} {k:5d} {phase.most:7,d} {phase.cameras:7,d} {phase.covered:8.1%} "
                f"{phase.exposure:13,.1f} {phase.cost:14,.0f} {gap:>8}"
            )
    yield f"plan {plan.shown}, camera by camera{_more(len(plan.placements))}:"
    for one in plan.placements[:_SHOWN]:
        why = (
            f"alone covers {', '.join(one.only[:5])}{' …' * (len(one.only) > 5)} "
            f"({one.lost:.2%} of the risk)"
            if one.only
            else "alone covers nothing: others see it all"
        )
        yield f"  phase {one.phase} {one.id}{' (runs)' * one.running}: {why}"
        for need, told in one.instead.items():
            for other in told:
                enough = "would be enough" if other.enough else "would help"
                yield f"      {need} without a camera: {other.kind} {enough}: {other.text}"
    if plan.uncovered:
        yield f"left without a camera: {len(plan.uncovered):,} needs"


def review_lines(review: Review) -> Iterator[str]:
    """`review` for a person, line by line."""
    due = review.due
    unknown = sum(one.earns is None for one in review.findings)
    yield (
        f"{review.name}: {len(review.findings)} running cameras; {len(due)} no longer earn their "
        f"place, {unknown} cannot be judged yet. People decide; nothing was stopped"
    )
    words = {False: "review", None: "not yet", True: "earns"}
    for one in review.findings:
        yield f"  {words[one.earns]:8} {one.record.id}: {'; '.join(one.reasons)}"
        for need, told in one.instead.items():
            for other in told:
                yield f"      {need} without a camera: {other.kind}: {other.text}"


def _more(count: int) -> str:
    return f" (the first {_SHOWN} of {count:,}; all with --json or --out)" if count > _SHOWN else ""


def _person_hours(hours: list[RollUp]) -> float:
    """Person-hours a day in view: the mean of the hours in which it measured, times 24."""
    means = [row.mean for row in hours if row.mean is not None and row.readings]
    return round(24 * sum(means) / len(means), 1) if means else 0.0


def _concerns(alert: Alert, camera: str, shape: shapely.Polygon) -> bool:
    """Whether `camera` contributed: it saw the event, or the place lies in what it measures."""
    if alert.place is None:
        return False
    if alert.sightings:
        return camera in alert.cameras
    return alert.at is None or bool(shape.intersects(shapely.Point(alert.at)))


def _acted_on(alert: Alert) -> bool:
    """Whether a person acknowledged or escalated it, rather than only clearing it."""
    return any(
        step.who != SELF and step.state in {State.ACKNOWLEDGED, State.ESCALATED}
        for step in alert.history
    )
