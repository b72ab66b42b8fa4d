"""What is wrong with an assessment: each thing by field, with the clause that asks for it.

No finding means that it may be approved. `check` is pure: the same assessment, day and views give
the same findings in the same order.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from plainview.errors import InputError
from plainview.governance.assessment import Assessment
from plainview.governance.contradictions import contradictions
from plainview.governance.durations import in_words, seconds_of
from plainview.governance.fields import is_empty, known, places, size, value_of
from plainview.governance.pack import BASE, Pack, Rule, load_pack


class Finding(Struct, frozen=True):
    """One thing that keeps an assessment from being approved."""

    field: str
    """Where it is: `period.ends`, `aims[0].evidence`."""
    what: str
    clause: str
    """What asks for it: article or section; `Plainview, ...` where the program itself does."""
    pack: str
    mend: str = ""
    rule: str = ""
    """Id of the rule in its pack."""

    def line(self) -> str:
        """As the command line prints it."""
        text = f"{self.field}: {self.what} [{self.clause}]"
        return " ".join((f"{text}. {self.mend}" if self.mend else text).split())


Wrong = tuple[str, str]
"""A field, and what is wrong with it."""


def check(
    assessment: Assessment, *, today: dt.date, views: Mapping[str, str] | None
) -> list[Finding]:
    """What keeps `assessment` from being approved on the day `today`, in the order of its fields.

    Where a named pack finds something in a field, what Plainview itself asks there is left out.
    `views` are the fingerprints of the cameras as they are configured, by id; None where they are
    not known, and then no camera is compared.
    """
    found: list[Finding] = []
    for name in dict.fromkeys(assessment.packs):
        try:
            found += pack_findings(load_pack(name), assessment)
        except InputError as error:
            found.append(
                Finding(
                    "packs",
                    error.what,
                    "Plainview, DESIGN.md section 2 (assessment)",
                    BASE,
                    error.mend,
                    "pack-known",
                )
            )
    named = {finding.field for finding in found}
    found += [f for f in pack_findings(load_pack(BASE), assessment) if f.field not in named]
    found += [
        Finding(field, what, clause, BASE, mend, rule)
        for rule, field, what, clause, mend in contradictions(assessment, today, views)
    ]
    return sorted(found, key=_place)


def pack_findings(pack: Pack, assessment: Assessment) -> Iterator[Finding]:
    """What the rules of one `pack` find."""
    for rule in pack.rules:
        if applies(rule, assessment):
            for field, what in _CHECKS[rule.check](rule, assessment):
                yield Finding(field, what, rule.clause, pack.id, _mend(rule, field), rule.id)


def applies(rule: Rule, assessment: Assessment) -> bool:
    """Whether `rule` holds for this assessment at all."""
    if rule.when is None:
        return True
    value = value_of(assessment, rule.when.field)
    if not rule.when.longer:
        return str(value) in rule.when.values
    try:
        return seconds_of(value) > seconds_of(rule.when.longer)
    except InputError:
        return False  # empty or malformed: named by rules of their own


def _mend(rule: Rule, field: str) -> str:
    """How to mend it: as the rule says, as its kind says, or by the field's own help."""
    about = known(re.sub(r"\[\d+\]", "[]", field))
    return rule.mend or _MENDS.get(rule.check, "") or (about.help if about else "")


def _required(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    for field in rule.fields:
        for place in places(assessment, field):
            if is_empty(place.value):
                yield place.field, f"is missing: {rule.asks}"
                continue
            texts = place.value.values() if isinstance(place.value, dict) else (place.value,)
            shortest = min(
                (size(text) for text in texts if isinstance(text, str)), default=rule.least
            )
            if shortest < rule.least:
                yield (
                    place.field,
                    f"says too little ({shortest} letters, at least {rule.least}): {rule.asks}",
                )


def _languages(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    for field in rule.fields:
        for place in places(assessment, field):
            lacking = [name for name in rule.languages if is_empty(place.value.get(name))]
            if lacking:
                yield place.field, f"is missing in {', '.join(lacking)}: {rule.asks}"


def _retention(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    most = seconds_of(rule.span)
    for field in rule.fields:
        try:
            kept = seconds_of(value_of(assessment, field))
        except InputError:
            continue  # empty or malformed: named by rules of their own
        if kept > most:
            yield field, f"{in_words(kept)} is longer than {in_words(most)}: {rule.asks}"


def _most(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    for field in rule.fields:
        value = value_of(assessment, field)
        if value is not None and value > _number(rule.days):
            yield field, f"{value} is more than {rule.days}: {rule.asks}"


def _one_of(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    for field in rule.fields:
        for place in places(assessment, field):
            value = str(place.value).lower() if isinstance(place.value, bool) else place.value
            if not is_empty(value) and value not in rule.values:
                yield place.field, f"is {value!r}, not {' or '.join(rule.values)}: {rule.asks}"


def _dates(rule: Rule, assessment: Assessment) -> Iterator[tuple[str, dt.date, dt.date]]:
    first, second = (value_of(assessment, field) for field in rule.fields)
    if first is not None and second is not None:
        yield rule.fields[0], first, second


def _before(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    for field, first, second in _dates(rule, assessment):
        days = (second - first).days
        if days < _number(rule.days):
            apart = f"{first} is {_days(days)} before {rule.fields[1]} ({second})"
            yield field, f"{apart}, at least {rule.days} are asked: {rule.asks}"


def _within(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    for _, first, second in _dates(rule, assessment):
        days = (second - first).days
        if days > _number(rule.days):
            apart = f"{second} is {_days(days)} after {rule.fields[0]} ({first})"
            yield rule.fields[1], f"{apart}, at most {rule.days} are allowed: {rule.asks}"


def _until(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    for field in rule.fields:
        value = value_of(assessment, field)
        if value is not None and rule.date is not None and value > rule.date:
            yield field, f"{value} is after {rule.date}: {rule.asks}"


def _capabilities(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    for k, capability in enumerate(assessment.capabilities):
        if capability.name not in rule.values:
            yield f"capabilities[{k}].name", f"{capability.name!r} is not allowed: {rule.asks}"


def _approvers(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    named = {approver.role.value for approver in assessment.approvers}
    lacking = [role for role in rule.values if role not in named]
    if lacking:
        verb = "is" if len(lacking) == 1 else "are"
        yield "approvers", f"the {' and the '.join(lacking)} {verb} not named: {rule.asks}"


def _answered(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    answered = {harm for measure in assessment.measures for harm in measure.harms}
    for k, harm in enumerate(assessment.harms):
        if harm.id not in answered:
            yield f"harms[{k}]", f"no measure acts against {harm.id!r}: {rule.asks}"


def _packs(rule: Rule, assessment: Assessment) -> Iterator[Wrong]:
    lacking = [name for name in rule.values if name not in assessment.packs]
    if lacking:
        verb = "is" if len(lacking) == 1 else "are"
        yield "packs", f"{', '.join(lacking)} {verb} not named: {rule.asks}"


def _number(value: int | None) -> int:
    return 0 if value is None else value


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


_CHECKS: Final[dict[str, Callable[[Rule, Assessment], Iterator[Wrong]]]] = {
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
_MENDS: Final = {
    "languages": "Write it in that language too",
    "retention": "Keep it for a shorter time",
    "most": "Make it fewer days",
    "one-of": "Choose one of them, if it is true",
    "before": "Make it an earlier day, or the other a later one",
    "within": "Make it an earlier day",
    "until": "Make it an earlier day",
    "capabilities": "Take it out",
    "approvers": "Name somebody in that role",
    "answered": "Name it in 'harms' of a measure that acts against it",
    "packs": "Add it to 'packs'",
}
_ORDER: Final = {name: k for k, name in enumerate(Assessment.__struct_fields__)}


def _place(finding: Finding) -> tuple[Any, ...]:
    """Findings are sorted by where their field stands in the form; the sort keeps pack order."""
    top = re.split(r"[.\[]", finding.field, maxsplit=1)[0]
    numbers = [int(number) for number in re.findall(r"\[(\d+)\]", finding.field)]
    return _ORDER.get(top, len(_ORDER)), numbers
