"""All that is told about one scheme, in one language: what text, HTML, PDF and page are made of."""

from typing import Final, NamedTuple

from plainview.civic.proposal.chart import chart
from plainview.civic.proposal.formulas import Estimate
from plainview.civic.proposal.outcome import GroupOutcome, Outcome, Step, assess, growth
from plainview.civic.proposal.presets import Preset, presets
from plainview.civic.proposal.scenario import Scenario
from plainview.civic.proposal.words import in_plain_words, number, one_in, percent, ranged
from plainview.governance.words import Words

NOTHING: Final = "\u2013"
"""In a table: it cannot be said, and the numbers above say why."""


class Table(NamedTuple):
    """A heading, the names of the columns, and the rows as texts."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Source(NamedTuple):
    """Published figures: what they are, where they stand, and what they do not say."""

    title: str
    citation: str
    caveat: str
    right: str
    """The share of its alerts that were right, where they were counted; else empty."""
    links: tuple[str, ...]


class Report(NamedTuple):
    """One scheme. Every text is in the language of the `Words` it was made with."""

    kind: str
    name: str
    boundary: str
    plain: str
    result: Table
    tables: tuple[Table, ...]
    """Groups, where there are any; growth with cameras; growth with the list."""
    given: Table
    care: tuple[str, ...]
    source: Source | None
    chart: str
    """SVG; empty where nothing would be drawn."""
    chart_title: str


def report(scenario: Scenario, words: Words) -> Report:
    """All that is told about `scenario`."""
    outcome = assess(scenario)
    by_cameras, by_list = growth(scenario)
    tables = [_growth("cameras", by_cameras, words)]
    if by_list:
        tables.append(_growth("list", by_list, words))
    if outcome.groups:
        tables.insert(0, _groups(outcome.groups, words))
    return Report(
        kind=words.text("proposal.title"),
        name=scenario.name,
        boundary=words.text("proposal.boundary"),
        plain=in_plain_words(scenario, outcome, words),
        result=Table(words.text("proposal.heading.result"), (), _result(scenario, outcome, words)),
        tables=tuple(tables),
        given=Table(words.text("proposal.heading.given"), (), _given(scenario, words)),
        care=_care(scenario, words),
        source=source(scenario.preset, words) if scenario.preset else None,
        chart=chart(scenario, words),
        chart_title=words.text("proposal.chart.title"),
    )


def source(name: str, words: Words) -> Source:
    """The published figures `name`, with what they do not say."""
    preset = presets()[name]
    return Source(
        title=words.text(f"proposal.preset.{name}"),
        citation=preset.citation,
        caveat=words.text(f"proposal.caveat.{name}", **_counts(preset, words)),
        right="" if preset.right is None else ranged(preset.right, words, share=True),
        links=preset.links,
    )


def _counts(preset: Preset, words: Words) -> dict[str, str]:
    found = {"false": preset.false_alerts, "alerts": preset.alerts, "faces": preset.faces}
    return {key: words.number(value) for key, value in found.items() if value is not None}


def _unsaid(words: Words, why: str) -> str:
    return words.text("proposal.unsaid", why=words.text(f"proposal.why.{why}"))


def _result(scenario: Scenario, outcome: Outcome, words: Words) -> tuple[tuple[str, ...], ...]:
    def told(one: Estimate | None, why: str, *, share: bool = False) -> str:
        return _unsaid(words, why) if one is None else ranged(one, words, share=share)

    no_chance = "listed" if outcome.true_alerts is None else "none"
    values = {
        "faces": number(outcome.faces, words),
        "alerts": told(outcome.alerts, "listed"),
        "false": ranged(outcome.false_alerts, words),
        "right": told(outcome.right, no_chance, share=True),
        "stops": told(outcome.wrong_stops, "stops"),
        "missed": told(outcome.missed, "listed"),
        "hours": told(outcome.hours, "hours"),
        "per-face": one_in(outcome.per_face, words),
        "per-comparison": _per_comparison(scenario, outcome, words),
        **_needed(outcome, words),
    }
    return tuple((words.text(f"proposal.row.{key}"), value) for key, value in values.items())


def _per_comparison(scenario: Scenario, outcome: Outcome, words: Words) -> str:
    if scenario.list_size is None:
        return _unsaid(words, "list")
    if outcome.per_comparison is None:
        return _unsaid(words, "groups")
    return one_in(outcome.per_comparison, words)


def _needed(outcome: Outcome, words: Words) -> dict[str, str]:
    needed = outcome.needed
    if needed is None:
        return {"needed": _unsaid(words, "limit")}
    if needed.per_comparison is None:
        return {
            "needed-face": one_in(Estimate(needed.per_face), words),
            "needed": _unsaid(words, "list"),
        }
    return {"needed": one_in(Estimate(needed.per_comparison), words)}


def _cells(one: GroupOutcome | Outcome, words: Words) -> tuple[str, ...]:
    """False alerts, wrong stops, missed and chance: the same columns in each table."""
    return tuple(
        NOTHING if value is None else ranged(value, words, share=share)
        for value, share in (
            (one.false_alerts, False),
            (one.wrong_stops, False),
            (one.missed, False),
            (one.right, True),
        )
    )


def _columns(words: Words, *first: str) -> tuple[str, ...]:
    rows = ("row.false", "row.stops", "row.missed", "row.right")
    return tuple(words.text(f"proposal.{key}") for key in (*first, *rows))


def _groups(groups: tuple[GroupOutcome, ...], words: Words) -> Table:
    rows = tuple(
        (group.name, percent(group.share, words), one_in(group.rate, words), *_cells(group, words))
        for group in groups
    )
    columns = _columns(words, "column.group", "column.share", "row.per-face")
    return Table(words.text("proposal.heading.groups"), columns, rows)


def _growth(kind: str, steps: tuple[Step, ...], words: Words) -> Table:
    rows = tuple(
        (
            words.number(step.cameras if kind == "cameras" else step.list_size or 0),
            *_cells(step.outcome, words),
        )
        for step in steps
    )
    heading = words.text(f"proposal.heading.{kind}")
    return Table(heading, _columns(words, f"column.{kind}"), rows)


def _given(scenario: Scenario, words: Words) -> tuple[tuple[str, ...], ...]:
    """Every input, also those that nobody gave."""
    missing = words.text("proposal.not-given")
    size, listed, stops = scenario.list_size, scenario.prevalence, scenario.stops_per_alert
    minutes = scenario.minutes_per_alert
    noticed = scenario.groups[0].rates.true if len(scenario.groups) == 1 else None
    values = {
        "cameras": words.number(scenario.cameras),
        "faces": number(scenario.faces_per_camera, words),
        "list": words.text("proposal.unknown") if size is None else words.number(size),
        "prevalence": missing if listed is None else number(listed * 1_000_000, words),
        "noticed": missing if noticed is None else ranged(noticed, words, share=True),
        "stops": missing if stops is None else percent(stops, words),
        "minutes": missing
        if minutes is None
        else f"{number(minutes, words)} + {number(scenario.minutes_per_stop, words)}",
        "days": words.number(scenario.days_per_year),
    }
    if len(scenario.groups) > 1:
        # Each group has its own: the table of groups shows what follows from it.
        del values["noticed"]
    limit = scenario.limit
    if limit is not None and limit.wrong_stops_per_year is not None:
        values["limit-stops"] = number(limit.wrong_stops_per_year, words)
    elif limit is not None and limit.false_alerts_per_day is not None:
        values["limit-alerts"] = number(limit.false_alerts_per_day, words)
    return tuple((words.text(f"proposal.given.{key}"), value) for key, value in values.items())


def _care(scenario: Scenario, words: Words) -> tuple[str, ...]:
    keys = ["interval", "place", "occasions"]
    if scenario.stops_per_alert is not None:
        keys.append("stops")
    keys += ["unknown-list"] if scenario.list_size is None else ["list"]
    if scenario.prevalence is None:
        keys.append("prevalence")
    keys.append("growth")
    return tuple(words.text(f"proposal.care.{key}") for key in keys)
