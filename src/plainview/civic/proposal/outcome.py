"""What a scheme would do: alerts, errors, people stopped, people missed, hours. Pure."""

import math
from typing import Final, NamedTuple

from plainview.civic.proposal.formulas import (
    Estimate,
    chance_right,
    false_alerts,
    hours,
    per_comparison,
    propagate,
    rate_needed,
    total,
    true_alerts,
)
from plainview.civic.proposal.scenario import MOST_CAMERAS, MOST_LISTED, Group, Scenario

CAMERA_STEPS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
LIST_STEPS: Final = (0.1, 1.0, 10.0, 100.0)


class GroupOutcome(NamedTuple):
    """What it would do to one group. None: cannot be said from what was given."""

    name: str
    share: float
    rate: Estimate
    """False positives per face of somebody not listed."""
    false_alerts: Estimate
    wrong_stops: Estimate | None
    true_alerts: Estimate | None
    missed: Estimate | None
    right: Estimate | None

    @property
    def one_in(self) -> float:
        """Faces to one false alert."""
        return 1 / self.rate.value if self.rate.value > 0 else math.inf


class Needed(NamedTuple):
    """What the system would have to reach to keep to a limit."""

    per_face: float
    per_comparison: float | None
    """None where the size of the list is not known."""
    times: float
    """By how much the rate now is too high; at most 1 where the limit is kept."""


class Outcome(NamedTuple):
    """All that can be said. Per day, but for stops and hours, which are per year."""

    faces: float
    alerts: Estimate | None
    false_alerts: Estimate
    true_alerts: Estimate | None
    right: Estimate | None
    """The chance that an alert is right."""
    wrong_stops: Estimate | None
    missed: Estimate | None
    """Times a day that somebody listed passes unnoticed."""
    hours: Estimate | None
    per_face: Estimate
    """False positives per face over all groups."""
    per_comparison: Estimate | None
    """The one false-match rate, where all people are taken alike and the list is known."""
    groups: tuple[GroupOutcome, ...]
    needed: Needed | None


class Step(NamedTuple):
    """One row of how it grows."""

    cameras: int
    list_size: int | None
    outcome: Outcome


def assess(scenario: Scenario) -> Outcome:
    """What `scenario` would do. Prevalence that nobody gave counts as none for false alerts."""
    groups = tuple(_group(scenario, group) for group in scenario.groups)
    false = total(tuple(group.false_alerts for group in groups))
    true = _sum(tuple(group.true_alerts for group in groups))
    alerts = None if true is None else total((true, false))
    unlisted = scenario.faces * (1 - (scenario.prevalence or 0.0))
    one = scenario.groups[0].rates.per_comparison if len(groups) == 1 else None
    per_person = _scaled(false, 1 / unlisted) if unlisted else groups[0].rate
    return Outcome(
        faces=scenario.faces,
        alerts=alerts,
        false_alerts=false,
        true_alerts=true,
        right=None if true is None else _right(true, false),
        wrong_stops=_stops(scenario, false),
        missed=_sum(tuple(group.missed for group in groups)),
        hours=_hours(scenario, alerts),
        per_face=per_person,
        per_comparison=one,
        groups=groups if scenario.named_groups else (),
        needed=_needed(scenario, per_person.value),
    )


def growth(scenario: Scenario) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """How it grows: with the cameras, then with the list (empty where its size is not known).

    All else stays: the rates, who passes, and the share of them that is listed.
    """
    cameras = sorted(
        {min(max(round(scenario.cameras * by), 1), MOST_CAMERAS) for by in CAMERA_STEPS}
    )
    lists = (
        []
        if scenario.list_size is None
        else sorted({min(max(round(scenario.list_size * by), 1), MOST_LISTED) for by in LIST_STEPS})
    )
    return (
        tuple(_step(scenario._replace(cameras=number)) for number in cameras),
        tuple(_step(scenario._replace(list_size=size)) for size in lists),
    )


def _step(scenario: Scenario) -> Step:
    return Step(scenario.cameras, scenario.list_size, assess(scenario))


def _group(scenario: Scenario, group: Group) -> GroupOutcome:
    faces = scenario.faces * group.share
    rate = group.rates.at(scenario.list_size)
    listed = scenario.prevalence
    false = propagate(lambda value: false_alerts(faces, listed or 0.0, value), rate)
    true = missed = None
    if listed is not None and group.rates.true is not None:
        true = propagate(lambda value: true_alerts(faces, listed, value), group.rates.true)
        missed = propagate(lambda value: true_alerts(faces, listed, 1 - value), group.rates.true)
    return GroupOutcome(
        name=group.name,
        share=group.share,
        rate=rate,
        false_alerts=false,
        wrong_stops=_stops(scenario, false),
        true_alerts=true,
        missed=missed,
        right=None if true is None else _right(true, false),
    )


def _right(true: Estimate, false: Estimate) -> Estimate | None:
    """None where there would be no alert at all to be right."""
    found = propagate(chance_right, true, false)
    return None if any(math.isnan(one) for one in found if one is not None) else found


def _stops(scenario: Scenario, false: Estimate) -> Estimate | None:
    """People wrongly stopped a year: false alerts a day, stops per alert, days a year."""
    if scenario.stops_per_alert is None:
        return None
    return _scaled(false, scenario.stops_per_alert * scenario.days_per_year)


def _hours(scenario: Scenario, alerts: Estimate | None) -> Estimate | None:
    per_alert, per_stop = scenario.minutes_per_alert, scenario.minutes_per_stop
    stops = scenario.stops_per_alert
    if alerts is None or per_alert is None or (stops is None and per_stop):
        return None
    days = scenario.days_per_year
    return propagate(lambda number: days * hours(number, stops or 0.0, per_alert, per_stop), alerts)


def _needed(scenario: Scenario, now: float) -> Needed | None:
    limit = scenario.limit
    if limit is None:
        return None
    alerts = limit.false_alerts_per_day
    if alerts is None:
        yearly = (scenario.stops_per_alert or 0.0) * scenario.days_per_year
        if not yearly or limit.wrong_stops_per_year is None:
            return None
        alerts = limit.wrong_stops_per_year / yearly
    rate = rate_needed(alerts, scenario.faces, scenario.prevalence or 0.0)
    size = scenario.list_size
    return Needed(rate, None if size is None else per_comparison(rate, size), now / rate)


def _scaled(one: Estimate, by: float) -> Estimate:
    return propagate(lambda value: value * by, one)


def _sum(parts: tuple[Estimate | None, ...]) -> Estimate | None:
    known = tuple(part for part in parts if part is not None)
    return total(known) if len(known) == len(parts) else None
