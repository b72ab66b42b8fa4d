"""The outcome for programs: every number unrounded, every unit in its name, null for the unsaid."""

from typing import Any

from plainview.civic.proposal.formulas import LEVEL, Estimate
from plainview.civic.proposal.outcome import GroupOutcome, Needed, Outcome, Step, assess, growth
from plainview.civic.proposal.presets import presets
from plainview.civic.proposal.scenario import Scenario
from plainview.civic.proposal.words import in_plain_words
from plainview.governance.words import Words

Data = dict[str, Any]


def as_data(scenario: Scenario, words: Words) -> Data:
    """All that is told about `scenario`, as a tree that JSON can say.

    An estimate is `{"value", "low", "high"}`; its ends are null where its source allows no
    interval, and all of it is null where it cannot be said.
    """
    outcome = assess(scenario)
    by_cameras, by_list = growth(scenario)
    return {
        "about": words.text("proposal.boundary"),
        "name": scenario.name,
        "interval_level": LEVEL,
        "given": _given(scenario),
        **_outcome(outcome),
        "groups": [_group(group) for group in outcome.groups],
        "limit": _limit(scenario, outcome.needed),
        "growth": {
            "cameras": [_step(step) for step in by_cameras],
            "list_size": [_step(step) for step in by_list],
        },
        "plain_words": in_plain_words(scenario, outcome, words),
        "source": _source(scenario.preset),
    }


def _one(estimate: Estimate | None) -> Data | None:
    return None if estimate is None else dict(estimate._asdict())


def _given(scenario: Scenario) -> Data:
    return {
        "cameras": scenario.cameras,
        "faces_per_camera_per_day": scenario.faces_per_camera,
        "list_size": scenario.list_size,
        "prevalence": scenario.prevalence,
        "stops_per_alert": scenario.stops_per_alert,
        "officer_minutes_per_alert": scenario.minutes_per_alert,
        "officer_minutes_per_stop": scenario.minutes_per_stop,
        "days_per_year": scenario.days_per_year,
        "preset": scenario.preset or None,
    }


def _outcome(outcome: Outcome) -> Data:
    return {
        "faces_per_day": outcome.faces,
        "alerts_per_day": _one(outcome.alerts),
        "false_alerts_per_day": _one(outcome.false_alerts),
        "true_alerts_per_day": _one(outcome.true_alerts),
        "chance_alert_is_right": _one(outcome.right),
        "people_wrongly_stopped_per_year": _one(outcome.wrong_stops),
        "missed_per_day": _one(outcome.missed),
        "officer_hours_per_year": _one(outcome.hours),
        "false_positive_rate": _one(outcome.per_face),
        "false_match_rate": _one(outcome.per_comparison),
    }


def _group(group: GroupOutcome) -> Data:
    return {
        "name": group.name,
        "share": group.share,
        "false_positive_rate": _one(group.rate),
        "false_alerts_per_day": _one(group.false_alerts),
        "true_alerts_per_day": _one(group.true_alerts),
        "chance_alert_is_right": _one(group.right),
        "people_wrongly_stopped_per_year": _one(group.wrong_stops),
        "missed_per_day": _one(group.missed),
    }


def _step(step: Step) -> Data:
    return {"cameras": step.cameras, "list_size": step.list_size, **_outcome(step.outcome)}


def _limit(scenario: Scenario, needed: Needed | None) -> Data | None:
    if scenario.limit is None or needed is None:
        return None
    return {
        **scenario.limit._asdict(),
        "false_positive_rate_needed": needed.per_face,
        "false_match_rate_needed": needed.per_comparison,
        "times_too_often": needed.times,
    }


def _source(name: str) -> Data | None:
    if not name:
        return None
    preset = presets()[name]
    return {"preset": name, "citation": preset.citation, "links": list(preset.links)}
