"""What in an assessment cannot be true together, whatever the law of the place."""

import datetime as dt
import functools
import re
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from plainview.document import nearest
from plainview.errors import InputError
from plainview.governance.assessment import Assessment
from plainview.governance.capability import MEASURING, RECORD, RELEASE
from plainview.governance.durations import minutes_of, seconds_of
from plainview.governance.fields import is_empty, places
from plainview.governance.person import APPROVERS, same_name
from plainview.governance.signs import hidden

PERMIT: Final = "Plainview, DESIGN.md section 2 (permit)"
ASSESSMENT: Final = "Plainview, DESIGN.md section 2 (assessment)"
CAPABILITY: Final = "Plainview, DESIGN.md section 2 (capability)"
BOUNDARY: Final = "Plainview, DESIGN.md section 1 (boundary)"
TEXTS: Final = ("summary", "aims[].text", "legal.text", "notice.text", "complaints.text")
SPANS: Final = ("readings", "minutes", "hours", "events", "footage", "access")

_VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


class Contradiction(NamedTuple):
    """One thing that cannot be true together with another."""

    rule: str
    field: str
    what: str
    clause: str
    mend: str


Found = Iterator[Contradiction]


def contradictions(
    assessment: Assessment, today: dt.date, views: Mapping[str, str] | None
) -> Found:
    """Every contradiction in `assessment` on the day `today`; see `check.check` for `views`."""
    yield from _packs(assessment)
    yield from _ids(assessment)
    yield from _texts(assessment)
    yield from _software(assessment)
    yield from _cameras(assessment, views)
    yield from _capabilities(assessment)
    yield from _harms(assessment)
    yield from _period(assessment, today)
    yield from _hours(assessment)
    yield from _dates(assessment, today)
    yield from _retention(assessment)
    yield from _people(assessment)
    for field, sign in hidden(assessment):
        yield Contradiction(
            "hidden-signs",
            field,
            f"has the sign {sign}, which nobody sees and which can make it read otherwise",
            ASSESSMENT,
            "Write the text anew instead of pasting it",
        )


def _packs(a: Assessment) -> Found:
    if not a.packs and not a.simulated:
        yield Contradiction(
            "packs-named",
            "packs",
            "no pack is named, so no law would be asked",
            ASSESSMENT,
            "Name whose rules it must meet, such as eu",
        )
    for k in _twice(a.packs):
        yield Contradiction(
            "packs-once",
            f"packs[{k}]",
            f"{a.packs[k]!r} is there twice",
            ASSESSMENT,
            "Name it once",
        )


def _ids(a: Assessment) -> Found:
    lists: dict[str, list[str]] = {
        "aims": [aim.id for aim in a.aims],
        "cameras": [camera.id for camera in a.cameras],
        "capabilities": [capability.name for capability in a.capabilities],
        "harms": [harm.id for harm in a.harms],
        "measures": [measure.id for measure in a.measures],
    }
    for field, ids in lists.items():
        for k in _twice(ids):
            yield Contradiction(
                "ids-once",
                f"{field}[{k}]",
                f"{ids[k]!r} is there twice",
                ASSESSMENT,
                "Give each its own name, or join the two",
            )


def _texts(a: Assessment) -> Found:
    languages = [name for name, text in a.title.items() if not is_empty(text)]
    if languages and a.language not in languages:
        yield Contradiction(
            "title-language",
            "title",
            f"is not there in {a.language}, the language of the answers",
            ASSESSMENT,
            "Write it in that language too, or change 'language'",
        )
    for field in TEXTS:
        for place in places(a, field):
            lacking = [name for name in languages if is_empty(place.value.get(name))]
            if lacking and not is_empty(place.value):
                yield Contradiction(
                    "languages-agree",
                    place.field,
                    f"is not there in {', '.join(lacking)}, in which the title is",
                    ASSESSMENT,
                    "Write it in each language of the title",
                )


def _software(a: Assessment) -> Found:
    if a.software and not _VERSION.fullmatch(a.software):
        yield Contradiction(
            "software-version",
            "software",
            f"{a.software!r} is no version",
            PERMIT,
            "Write it as '0.2' (every 0.2.x) or '0.2.1'",
        )


def _cameras(a: Assessment, views: Mapping[str, str] | None) -> Found:
    for k, camera in enumerate(a.cameras):
        field = f"cameras[{k}].fingerprint"
        if camera.fingerprint and not _FINGERPRINT.fullmatch(camera.fingerprint):
            yield Contradiction(
                "fingerprint-form",
                field,
                "is no fingerprint",
                PERMIT,
                "Let 'plainview assessment new --city' fill it in",
            )
        if views is None:
            continue
        if camera.id not in views:
            guess = nearest(camera.id, views)
            yield Contradiction(
                "camera-configured",
                f"cameras[{k}].id",
                f"no camera {camera.id!r} is configured",
                PERMIT,
                f"Did you mean {guess!r}?" if guess else "Take it out, or configure it",
            )
        elif camera.fingerprint and camera.fingerprint != views[camera.id]:
            yield Contradiction(
                "camera-view",
                field,
                f"{camera.id!r} sees something else now than what was assessed",
                PERMIT,
                f"Look at its view again; as configured now it is {views[camera.id]}",
            )


def _capabilities(a: Assessment) -> Found:
    cameras = {camera.id for camera in a.cameras}
    aims = {aim.id for aim in a.aims}
    asked = {capability.name: set(a.cameras_of(capability)) for capability in a.capabilities}
    for k, capability in enumerate(a.capabilities):
        at = f"capabilities[{k}]"
        yield from _unknown(
            "capability-camera", f"{at}.cameras", "camera", capability.cameras, cameras
        )
        yield from _unknown("capability-aim", f"{at}.aims", "aim", capability.aims, aims)
        if not capability.aims:
            yield Contradiction(
                "capability-purpose",
                f"{at}.aims",
                f"{capability.name!r} serves no aim",
                CAPABILITY,
                "Name the aims that it serves, or take it out",
            )
    for k, aim in enumerate(a.aims):
        if a.capabilities and all(aim.id not in c.aims for c in a.capabilities):
            yield Contradiction(
                "aim-served",
                f"aims[{k}]",
                f"no capability serves {aim.id!r}",
                CAPABILITY,
                "Name it at a capability, or take it out",
            )
    for k, camera in enumerate(a.cameras):
        lacking = [name for name in MEASURING if camera.id not in asked.get(name, ())]
        if lacking and a.capabilities:
            yield Contradiction(
                "camera-measures",
                f"cameras[{k}]",
                f"{camera.id!r} may not {' and '.join(lacking)}, without which no lens starts",
                CAPABILITY,
                "Ask for both count and flow, or take the camera out",
            )
    unrecorded = asked.get(RELEASE, set()) - asked.get(RECORD, set())
    if unrecorded & cameras:
        yield Contradiction(
            "release-recorded",
            "capabilities",
            "release is asked for where nothing is recorded",
            CAPABILITY,
            "Ask for record on the same cameras, or take release out",
        )
    yield from _release_span(a)
    if a.oversight.automatic:
        yield Contradiction(
            "no-automatic-decision",
            "oversight.automatic",
            "Plainview tells nothing about persons on which a machine could decide",
            BOUNDARY,
            "Make it false, and say in 'decisions' what people decide",
        )


def _harms(a: Assessment) -> Found:
    harms = {harm.id for harm in a.harms}
    for k, measure in enumerate(a.measures):
        yield from _unknown("measure-harm", f"measures[{k}].harms", "harm", measure.harms, harms)
    if a.legal.basis == "law-enforcement" and a.controller.capacity == "private-body":
        yield Contradiction(
            "basis-capacity",
            "legal.basis",
            "a private body enforces no law",
            ASSESSMENT,
            "Name the basis on which that body itself acts",
        )


def _period(a: Assessment, today: dt.date) -> Found:
    begins, ends = a.period.begins, a.period.ends
    if begins and ends and ends < begins:
        yield Contradiction(
            "period-order",
            "period.ends",
            f"{ends} is before it begins ({begins})",
            PERMIT,
            "Make the last day the first day or a later one",
        )
    elif ends and ends < today:
        yield Contradiction(
            "period-over", "period.ends", f"{ends} is over", PERMIT, "Give it a day to come"
        )
    if a.period.timezone and a.period.timezone not in _timezones():
        guess = nearest(a.period.timezone, _timezones())
        yield Contradiction(
            "timezone-known",
            "period.timezone",
            f"{a.period.timezone!r} is no time zone",
            PERMIT,
            f"Did you mean {guess!r}?" if guess else "Write it as Asia/Hong_Kong",
        )


def _hours(a: Assessment) -> Found:
    for k, window in enumerate(a.period.hours):
        at = f"period.hours[{k}]"
        if not window.days or _twice(window.days):
            what = "names no day" if not window.days else "names a day twice"
            yield Contradiction(
                "hours-days", f"{at}.days", what, PERMIT, "Name each day once: mon to sun"
            )
        times: list[int] = []
        for name, text in (("since", window.since), ("until", window.until)):
            try:
                times.append(minutes_of(text))
            except InputError as error:
                yield Contradiction("hours-form", f"{at}.{name}", error.what, PERMIT, error.mend)
        if len(times) == 2 and times[0] == times[1]:
            yield Contradiction(
                "hours-empty",
                at,
                "begins when it ends",
                PERMIT,
                "Write '00:00' and '24:00' for the whole day",
            )


def _dates(a: Assessment, today: dt.date) -> Found:
    begins, ends = a.period.begins, a.period.ends
    later: Sequence[tuple[str, str, dt.date | None, str, dt.date | None]] = (
        ("notice-late", "notice.date", a.notice.date, "it begins", begins),
        ("review-late", "review_date", a.review_date, "it ends", ends),
        (
            "advice-late",
            "privacy_officer.advice_date",
            a.privacy_officer.advice_date,
            "today",
            today,
        ),
        ("authority-late", "residual.authority_date", a.residual.authority_date, "today", today),
        ("consultation-late", "consultation.ends", a.consultation.ends, "it begins", begins),
        (
            "consultation-order",
            "consultation.begins",
            a.consultation.begins,
            "the consultation ends",
            a.consultation.ends,
        ),
        ("authorisation-ends", "period.ends", ends, "the authorisation ends", a.authorisation.ends),
        ("authorisation-date", "authorisation.date", a.authorisation.date, "it begins", begins),
    )
    for rule, field, date, limit, most in later:
        if date and most and date > most:
            yield Contradiction(
                rule,
                field,
                f"{date} is after {limit} ({most})",
                ASSESSMENT,
                "Make it that day or an earlier one",
            )
    if a.review_date and a.review_date < today:
        yield Contradiction(
            "review-due",
            "review_date",
            f"{a.review_date} is over",
            ASSESSMENT,
            "Look at it again, and set the next date",
        )


def _release_span(a: Assessment) -> Found:
    """One request may open so much and no more: said where release is asked for, only there."""
    for k, capability in enumerate(a.capabilities):
        try:
            span = seconds_of(capability.longest) if capability.longest else 0.0
        except InputError as error:
            yield Contradiction(
                "release-span", f"capabilities[{k}].longest", error.what, ASSESSMENT, error.mend
            )
            continue
        if (capability.name == RELEASE) != bool(span):
            asked = capability.name == RELEASE
            yield Contradiction(
                "release-span",
                f"capabilities[{k}].longest",
                "how much one request may open at most is not said" if asked else "is of release",
                CAPABILITY,
                "Write longest = '2 h', or less" if asked else "Leave it out",
            )


def _retention(a: Assessment) -> Found:
    kept: dict[str, float] = {}
    for name in SPANS:
        text = getattr(a.retention, name)
        if not text:
            continue
        try:
            kept[name] = seconds_of(text)
        except InputError as error:
            yield Contradiction(
                "retention-form", f"retention.{name}", error.what, ASSESSMENT, error.mend
            )
    for finer, coarser in (("readings", "minutes"), ("minutes", "hours")):
        if finer in kept and coarser in kept and kept[finer] > kept[coarser]:
            yield Contradiction(
                "retention-order",
                f"retention.{coarser}",
                f"is shorter than {finer}, from which it is made",
                ASSESSMENT,
                "Keep what is coarser at least as long as what it is made from",
            )
    records = any(capability.name == RECORD for capability in a.capabilities)
    if kept.get("footage") and not records:
        yield Contradiction(
            "footage-unrecorded",
            "retention.footage",
            "is kept, but no camera may record",
            CAPABILITY,
            "Write 'none', or ask for record",
        )
    if records and kept.get("footage") == 0.0:
        yield Contradiction(
            "record-unkept",
            "retention.footage",
            "is 'none', but record is asked for",
            CAPABILITY,
            "Say how long recordings are kept, or take record out",
        )


def _people(a: Assessment) -> Found:
    roles: set[str] = set()
    for k, approver in enumerate(a.approvers):
        at = f"approvers[{k}]"
        if approver.role not in APPROVERS:
            yield Contradiction(
                "approver-role",
                f"{at}.role",
                f"the {approver.role} does not approve assessments",
                ASSESSMENT,
                f"It takes the {' and the '.join(APPROVERS)}",
            )
        if approver.role in roles:
            yield Contradiction(
                "approver-role-once",
                f"{at}.role",
                f"{approver.role} is there twice",
                ASSESSMENT,
                "Name one person for each role",
            )
        roles.add(approver.role)
        for j, other in enumerate(a.approvers[:k]):
            for field in ("name", "account"):
                if _alike(getattr(approver, field), other.name, other.account):
                    yield Contradiction(
                        "approver-other",
                        f"{at}.{field}",
                        f"is the same person as in approvers[{j}]: it takes two",
                        ASSESSMENT,
                        "Name somebody else",
                    )


def _alike(name: str, *others: str) -> bool:
    return any(other and same_name(name, other) for other in others)


def _twice(names: Sequence[str]) -> list[int]:
    """Places of those that were there before."""
    first: dict[str, int] = {}
    return [k for k, name in enumerate(names) if first.setdefault(name, k) != k]


@functools.cache
def _timezones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _unknown(rule: str, field: str, kind: str, names: Sequence[str], known: set[str]) -> Found:
    for name in names:
        if name not in known:
            guess = nearest(name, known)
            yield Contradiction(
                rule,
                field,
                f"there is no {kind} {name!r} here",
                ASSESSMENT,
                f"Did you mean {guess!r}?" if guess else f"Name one of the {kind}s here",
            )
    for k in _twice(names):
        yield Contradiction(
            f"{rule}-once", field, f"{names[k]!r} is there twice", ASSESSMENT, "Name it once"
        )
