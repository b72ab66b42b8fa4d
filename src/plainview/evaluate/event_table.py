"""Tables of told and true events: by kind, by light, weather and picture, by what fooled it."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from statistics import median

from plainview.evaluate.events import EventScore, Judged, Verdict, score
from plainview.evaluate.proportion import LEVEL, Estimate
from plainview.governance.scorecard import BAR_ELSE, BARS, MOST_FALSE
from plainview.record import EventKind


def by_kind(judged: Iterable[Judged]) -> dict[EventKind, list[Judged]]:
    """`judged` by kind, in the kinds' own order."""
    found: dict[EventKind, list[Judged]] = {}
    for one in judged:
        found.setdefault(one.kind, []).append(one)
    return {kind: found[kind] for kind in EventKind if kind in found}


def event_report(judged: Sequence[Judged]) -> str:
    """Markdown: the table of kinds, then of conditions, then of stories where any has one."""
    about = (
        f"In brackets: {LEVEL:.0%} intervals. Told after: the median, from the true start. "
        "Sure: how sure what was found was told to be, the median."
    )
    tables = [_kinds(judged), about, _conditions(judged)]
    # A site's own hours have no story.
    if any(one.truth.scene is not None for one in judged):
        tables.append(_stories(judged))
    return "\n\n".join(tables)


def ordinary_report(judged: Sequence[Judged]) -> str:
    """Markdown: false alarms per camera-day of ordinary life, by kind, with 90 % intervals."""
    lines = [
        "| kind | camera-hours | false alarms | a camera-day | limit |",
        "|---|---|---|---|---|",
    ]
    for kind, ones in by_kind(judged).items():
        found = score(ones)
        lines.append(
            f"| {kind} | {found.hours:.1f} | {found.false} | {_rate(found.false_per_day)} "
            f"| {MOST_FALSE:g} |"
        )
    return "\n".join(lines)


def _kinds(judged: Sequence[Judged]) -> str:
    lines = [
        "| kind | scenes | events | recall | precision | bar | false | late | again | told after |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for kind, ones in by_kind(judged).items():
        found = score(ones)
        delay = "-" if math.isnan(found.delay) else f"{found.delay:.1f} s"
        bar = BARS.get(kind, BAR_ELSE)
        lines.append(
            f"| {kind} | {found.clips} | {found.true} | {_share(found.recall)} "
            f"| {_share(found.precision)} | {bar:g} | {found.false} | {found.late} "
            f"| {found.repeats} | {delay} |"
        )
    return "\n".join(lines)


def _conditions(judged: Sequence[Judged]) -> str:
    """Recall and false alarms by light, weather and picture."""
    lines = [
        "| kind | condition | scenes | recall | precision | false | sure |",
        "|---|---|---|---|---|---|---|",
    ]
    words: tuple[Callable[[Judged], str], ...] = (
        lambda one: one.truth.spell_at(0.0).light,
        lambda one: one.truth.spell_at(0.0).weather,
        lambda one: f"{one.truth.spell_at(0.0).quality} picture",
    )
    for kind, ones in by_kind(judged).items():
        for word in words:
            groups: defaultdict[str, list[Judged]] = defaultdict(list)
            for one in ones:
                groups[word(one)].append(one)
            lines += [
                f"| {kind} | {name} | {_short(score(groups[name]))} | {_sure(groups[name])} |"
                for name in sorted(groups)
            ]
    return "\n".join(lines)


def _short(found: EventScore) -> str:
    return (
        f"{found.clips} | {_fraction(found.hits, found.true)} "
        f"| {_fraction(found.hits, found.hits + found.false)} | {found.false}"
    )


def _sure(judged: Iterable[Judged]) -> str:
    """How sure the hits were told to be, in the median."""
    told = [
        said.confidence for one in judged for said, verdict in one.told if verdict is Verdict.HIT
    ]
    return f"{median(told):.2f}" if told else "-"


def _stories(judged: Sequence[Judged]) -> str:
    """What was found and what fooled it, story by story."""
    lines = [
        "| kind | story | scenes | found | scenes with a false alarm |",
        "|---|---|---|---|---|",
    ]
    for kind, ones in by_kind(judged).items():
        groups: defaultdict[tuple[bool, str], list[Judged]] = defaultdict(list)
        for one in ones:
            if one.truth.scene is not None:
                groups[not one.truth.scene.positive, one.truth.scene.story].append(one)
        for (negative, story), some in sorted(groups.items()):
            found = score(some)
            fooled = sum(one.count(Verdict.FALSE) > 0 for one in some)
            hit = "-" if negative else _fraction(found.hits, found.true)
            lines.append(f"| {kind} | {story} | {len(some)} | {hit} | {fooled} |")
    return "\n".join(lines)


def _fraction(a: int, b: int) -> str:
    return f"{a}/{b}" if b else "-"


def _share(found: Estimate) -> str:
    if math.isnan(found.value):
        return "-"
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def _rate(found: Estimate) -> str:
    if math.isnan(found.value):
        return "-"
    return f"{found.value:.1f} ({found.low:.1f} to {found.high:.1f})"
