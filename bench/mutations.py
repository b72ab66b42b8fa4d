"""Break each rule of each policy pack in a valid assessment; is it refused with the right clause?

For every pack, every rule and every field of the rule at least one assessment is made that breaks
this rule, starting from the pack's complete example (tests/governance/examples). It counts as
refused with the right clause if `check` names this rule, its clause and the field that was broken.

    .venv/bin/python bench/mutations.py
"""

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from msgspec import Struct, structs

from plainview.errors import InputError
from plainview.governance.assessment import Assessment, Processor, load_assessment
from plainview.governance.check import applies, check
from plainview.governance.durations import seconds_of
from plainview.governance.fields import places, value_of
from plainview.governance.pack import BASE, Pack, Rule, load_pack, pack_names

EXAMPLES: Final = Path(__file__).resolve().parent.parent / "tests" / "governance" / "examples"
TODAY: Final = dt.date(2026, 9, 15)
"""The day on which the examples are about to be approved."""


class Mutation(NamedTuple):
    """An assessment that breaks one rule, and where."""

    rule: Rule
    field: str
    how: str
    assessment: Assessment


class Result(NamedTuple):
    """What became of the mutations of one pack."""

    pack: str
    rules: int
    covered: int
    mutations: int
    refused: int
    right: int
    wrong: tuple[Mutation, ...]


def example(pack: str) -> Assessment:
    """The complete assessment of `pack`; for Plainview's own rules, one that names no pack."""
    if pack != BASE:
        return load_assessment(EXAMPLES / f"{pack}.toml")
    return structs.replace(load_assessment(EXAMPLES / "eu.toml"), packs=(), simulated=True)


def put(value: Any, steps: list[str], new: object) -> Any:  # noqa: ANN401 - any field
    """The struct `value` with `new` at `steps`; `[]` goes into a list's first entry."""
    if not steps:
        return new
    name = steps[0].removesuffix("[]")
    inner = getattr(value, name)
    if steps[0].endswith("[]"):
        inner = (put(inner[0], steps[1:], new), *inner[1:])
    else:
        inner = put(inner, steps[1:], new)
    assert isinstance(value, Struct)  # noqa: S101 - a path goes through structs
    return structs.replace(value, **{name: inner})


def changed(assessment: Assessment, field: str, new: object) -> Assessment:
    """`assessment` with `new` at `field`."""
    result = put(assessment, field.split("."), new)
    assert isinstance(result, Assessment)  # noqa: S101 - what went in comes out
    return result


def arranged(assessment: Assessment, rule: Rule) -> Assessment:
    """`assessment`, made one that `rule` applies to and that nothing is wrong with."""
    if applies(rule, assessment) or rule.when is None:
        return assessment
    if rule.when.longer:
        longer = seconds_of(rule.when.longer) + 1
        return changed(assessment, rule.when.field, f"{longer:.0f} s")
    ready = changed(assessment, rule.when.field, rule.when.values[0])
    fitting = {"law-enforcement": "law-enforcement", "legitimate-interests": "private-body"}
    if rule.when.field == "legal.basis" and rule.when.values[0] in fitting:
        # Other rules say which body may rely on which basis.
        ready = changed(ready, "controller.capacity", fitting[rule.when.values[0]])
    return ready


def emptied(value: object) -> object:
    """What stands where nothing was written, of the same type as `value`."""
    if isinstance(value, (str, dict, tuple)):
        return type(value)()
    return None


def mutations(rule: Rule, start: Assessment) -> Iterator[Mutation]:
    """Assessments that break `rule` and are otherwise `start`."""
    for field, how, assessment in _BREAKS[rule.check](rule, start):
        yield Mutation(rule, field, how, assessment)


Broken = Iterator[tuple[str, str, Assessment]]


def _required(rule: Rule, start: Assessment) -> Broken:
    for field in rule.fields:
        if field.startswith("processors[]") and not start.processors:
            start = structs.replace(start, processors=(Processor("x", "x", "x"),))
        value = places(start, field)[0].value
        yield field, "empty", changed(start, field, emptied(value))
        if isinstance(value, str):
            yield field, "blank", changed(start, field, "  \n ")
            if rule.least > 1:
                yield field, "short", changed(start, field, "x" * (rule.least - 1))
        if isinstance(value, dict) and rule.least > 1:
            short = dict.fromkeys(value, "x" * (rule.least - 1))
            yield field, "short", changed(start, field, short)


def _languages(rule: Rule, start: Assessment) -> Broken:
    for field in rule.fields:
        for language in rule.languages:
            text = dict(value_of(start, field))
            del text[language]
            yield field, f"without {language}", changed(start, field, text)


def _retention(rule: Rule, start: Assessment) -> Broken:
    for field in rule.fields:
        longer = seconds_of(rule.span) + 1
        yield field, "longer", changed(start, field, f"{longer:.0f} s")


def _most(rule: Rule, start: Assessment) -> Broken:
    for field in rule.fields:
        yield field, "more", changed(start, field, (rule.days or 0) + 1)


def _one_of(rule: Rule, start: Assessment) -> Broken:
    others: dict[str, tuple[Any, ...]] = {
        "legal.basis": (
            "public-task", "legal-obligation", "vital-interests", "legitimate-interests", "consent",
            "law-enforcement", "lawful-function",
        ),
        "controller.capacity": ("public-authority", "law-enforcement", "private-body", "joint"),
        "oversight.automatic": (True,),
    }  # fmt: skip
    for field in rule.fields:
        for other in others[field]:
            if str(other).lower() not in rule.values:
                broken = changed(start, field, other)
                if applies(rule, broken):
                    yield field, f"{other}", broken


def _before(rule: Rule, start: Assessment) -> Broken:
    first, second = rule.fields
    late = value_of(start, second) - dt.timedelta(days=(rule.days or 0) - 1)
    yield first, "a day too late", changed(start, first, late)


def _within(rule: Rule, start: Assessment) -> Broken:
    first, second = rule.fields
    late = value_of(start, first) + dt.timedelta(days=(rule.days or 0) + 1)
    yield second, "a day too late", changed(start, second, late)


def _until(rule: Rule, start: Assessment) -> Broken:
    for field in rule.fields:
        late = (rule.date or TODAY) + dt.timedelta(days=1)
        yield field, "a day too late", changed(start, field, late)


def _capabilities(_: Rule, start: Assessment) -> Broken:
    yield "capabilities[].name", "publish", changed(start, "capabilities[].name", "publish")


def _approvers(rule: Rule, start: Assessment) -> Broken:
    for role in rule.values:
        left = tuple(a for a in start.approvers if a.role.value != role)
        yield "approvers", f"without {role}", changed(start, "approvers", left)


def _answered(_: Rule, start: Assessment) -> Broken:
    gone = start.harms[0].id
    left = tuple(
        structs.replace(m, harms=tuple(h for h in m.harms if h != gone)) for m in start.measures
    )
    yield "harms[]", "unanswered", changed(start, "measures", left)


def _packs(rule: Rule, start: Assessment) -> Broken:
    for pack in rule.values:
        left = tuple(name for name in start.packs if name != pack)
        yield "packs", f"without {pack}", changed(start, "packs", left)


_BREAKS: Final[dict[str, Callable[[Rule, Assessment], Broken]]] = {
    "required": _required,
    "languages": _languages,
    "retention": _retention,
    "most": _most,
    "one-of": _one_of,
    "before": _before,
    "within": _within,
    "until": _until,
    "capabilities": _capabilities,
    "approvers": _approvers,
    "answered": _answered,
    "packs": _packs,
}


def refused(mutation: Mutation, pack: Pack) -> tuple[bool, bool]:
    """Whether `mutation` is refused at all, and whether with this rule, its clause and field."""
    found = check(mutation.assessment, today=TODAY, views=None)
    field = mutation.field.replace("[]", "[0]")
    right = any(
        (f.pack, f.rule, f.clause, f.field)
        == (pack.id, mutation.rule.id, mutation.rule.clause, field)
        for f in found
    )
    return bool(found), right


def tried(name: str) -> Result:
    """Every mutation of the pack `name`. Raises InputError if an example is not valid."""
    pack = load_pack(name)
    count = good = right = covered = 0
    wrong: list[Mutation] = []
    for rule in pack.rules:
        start = arranged(example(name), rule)
        faults = check(start, today=TODAY, views=None)
        if faults:
            raise InputError(
                f"the example is not valid: {faults[0].line()}", where=f"{name} {rule.id}"
            )
        made = list(mutations(rule, start))
        covered += bool(made)
        for mutation in made:
            is_refused, is_right = refused(mutation, pack)
            count, good, right = count + 1, good + is_refused, right + is_right
            if not is_right:
                wrong.append(mutation)
    return Result(name, len(pack.rules), covered, count, good, right, tuple(wrong))


def _row(name: str, results: Sequence[Result]) -> str:
    made = sum(r.mutations for r in results)
    shares = [sum(r.refused for r in results) / made, sum(r.right for r in results) / made]
    counts = [sum(r.rules for r in results), sum(r.covered for r in results), made]
    return f"| {' | '.join([name, *map(str, counts), *(f'{share:.1%}' for share in shares)])} |"


def main() -> int:
    """Print the table; 1 if anything was not refused with the right clause."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    results = [tried(name) for name in (BASE, *pack_names())]
    print("| pack | rules | with a mutation | mutations | refused | with the right clause |")
    print("|---|---|---|---|---|---|")
    for r in results:
        print(_row(r.pack, [r]))
    print(_row("all", results))
    for r in results:
        for m in r.wrong:
            print(f"not refused with its clause: {r.pack} {m.rule.id}, {m.field}, {m.how}")
    return 0 if all(r.right == r.mutations and r.covered == r.rules for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
