"""Findings: what cannot be true together is named, whatever the law of the place."""

import ast
import datetime as dt
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from plainview.governance import contradictions
from plainview.governance.assessment import (
    Approver,
    AssessedCamera,
    AssessedCapability,
    Assessment,
    Measure,
    Weekday,
    Window,
    load_assessment,
)
from plainview.governance.capability import CAPABILITIES
from plainview.governance.check import Finding, check
from plainview.governance.pack import pack_names
from plainview.governance.person import Role

TODAY = dt.date(2026, 9, 15)
VALID = load_assessment(Path(__file__).parent / "examples" / "eu.toml")
VIEWS = {camera.id: camera.fingerprint for camera in VALID.cameras}
replace = structs.replace


def inside(name: str, **change: Any) -> Callable[[Assessment], Assessment]:  # noqa: ANN401
    """A change of what stands inside the table `name`."""
    return lambda a: replace(a, **{name: replace(getattr(a, name), **change)})


def first(name: str, **change: Any) -> Callable[[Assessment], Assessment]:  # noqa: ANN401
    """A change of the first entry of the list `name`."""
    return lambda a: replace(
        a, **{name: (replace(getattr(a, name)[0], **change), *getattr(a, name)[1:])}
    )


def put(**change: Any) -> Callable[[Assessment], Assessment]:  # noqa: ANN401
    """A change of top-level fields."""
    return lambda a: replace(a, **change)


def doubled(name: str) -> Callable[[Assessment], Assessment]:
    """The first entry of the list `name` twice."""
    return lambda a: replace(a, **{name: (*getattr(a, name), getattr(a, name)[0])})


def hours(*windows: Window) -> Callable[[Assessment], Assessment]:
    """Other hours."""
    return inside("period", hours=windows)


def with_approver(a: Assessment, role: Role, name: str) -> Assessment:
    """A third who is to approve."""
    return replace(a, approvers=(*a.approvers, Approver(role=role, name=name)))


def same_person(a: Assessment) -> Assessment:
    """One person in both roles, written a little differently."""
    return replace(a, approvers=(a.approvers[0], replace(a.approvers[1], name=" ada  EXAMPLE")))


def same_account(a: Assessment) -> Assessment:
    """Two names, and one account behind them."""
    ben = replace(a.approvers[1], account="\uff41da example")
    return replace(a, approvers=(a.approvers[0], ben))


DAYS: tuple[Weekday, ...] = ("fri",)
CASES: list[tuple[str, str, Callable[[Assessment], Assessment]]] = [
    ("packs-named", "packs", put(packs=())),
    ("packs-once", "packs[1]", put(packs=("eu", "eu"))),
    ("pack-known", "packs", put(packs=("eu", "mars"))),
    ("ids-once", "aims[2]", doubled("aims")),
    ("ids-once", "cameras[2]", doubled("cameras")),
    ("ids-once", "capabilities[4]", doubled("capabilities")),
    ("ids-once", "harms[2]", doubled("harms")),
    ("ids-once", "measures[2]", doubled("measures")),
    ("title-language", "title", put(language="de")),
    ("languages-agree", "summary", inside("legal")),
    ("software-version", "software", put(software="latest")),
    ("fingerprint-form", "cameras[0].fingerprint", first("cameras", fingerprint="11:22")),
    ("camera-configured", "cameras[0].id", first("cameras", id="square-nord")),
    ("camera-view", "cameras[0].fingerprint", first("cameras", fingerprint="3" * 64)),
    ("capability-camera", "capabilities[0].cameras", first("capabilities", cameras=("nowhere",))),
    (
        "capability-camera-once",
        "capabilities[0].cameras",
        first("capabilities", cameras=("square-north", "square-south", "square-north")),
    ),
    ("capability-aim", "capabilities[0].aims", first("capabilities", aims=("crush", "plans"))),
    (
        "capability-aim-once",
        "capabilities[0].aims",
        first("capabilities", aims=("crush", "plan", "plan")),
    ),
    ("capability-purpose", "capabilities[0].aims", first("capabilities", aims=())),
    ("aim-served", "aims[1]", first("capabilities", aims=("crush",))),
    ("camera-measures", "cameras[1]", first("capabilities", cameras=("square-north",))),
    (
        "release-recorded",
        "capabilities",
        put(
            capabilities=(
                *VALID.capabilities,
                AssessedCapability(
                    name="release",
                    aims=("crush",),
                    need="After an accident, to see how it arose.",
                    longest="2 h",
                ),
            )
        ),
    ),
    ("release-span", "capabilities[0].longest", first("capabilities", longest="2 h")),
    ("no-automatic-decision", "oversight.automatic", inside("oversight", automatic=True)),
    (
        "measure-harm",
        "measures[2].harms",
        put(
            measures=(
                *VALID.measures,
                Measure(id="more", text="Something that helps a little.", harms=("recognized",)),
            )
        ),
    ),
    ("measure-harm-once", "measures[0].harms", first("measures", harms=("recognised",) * 2)),
    (
        "basis-capacity",
        "legal.basis",
        lambda a: inside("controller", capacity="private-body")(
            inside("legal", basis="law-enforcement")(a)
        ),
    ),
    ("period-order", "period.ends", inside("period", ends=dt.date(2026, 9, 30))),
    (
        "period-over",
        "period.ends",
        inside("period", begins=dt.date(2025, 9, 14), ends=dt.date(2026, 9, 14)),
    ),
    ("timezone-known", "period.timezone", inside("period", timezone="Europe/Brusels")),
    ("hours-days", "period.hours[0].days", hours(Window((), "10:00", "11:00"))),
    ("hours-days", "period.hours[0].days", hours(Window(("fri", "fri"), "10:00", "11:00"))),
    ("hours-form", "period.hours[0].since", hours(Window(DAYS, "10", "11:00"))),
    ("hours-form", "period.hours[0].until", hours(Window(DAYS, "10:00", "24:30"))),
    ("hours-empty", "period.hours[0]", hours(Window(DAYS, "10:00", "10:00"))),
    ("notice-late", "notice.date", inside("notice", date=dt.date(2026, 10, 2))),
    ("review-late", "review_date", put(review_date=dt.date(2027, 10, 1))),
    ("review-due", "review_date", put(review_date=dt.date(2026, 9, 14))),
    (
        "advice-late",
        "privacy_officer.advice_date",
        inside("privacy_officer", advice_date=dt.date(2026, 9, 16)),
    ),
    (
        "authority-late",
        "residual.authority_date",
        inside("residual", authority_date=dt.date(2026, 9, 16)),
    ),
    ("consultation-late", "consultation.ends", inside("consultation", ends=dt.date(2026, 10, 2))),
    (
        "consultation-order",
        "consultation.begins",
        inside("consultation", begins=dt.date(2026, 8, 1)),
    ),
    (
        "authorisation-ends",
        "period.ends",
        inside("authorisation", date=dt.date(2026, 9, 1), ends=dt.date(2027, 9, 29)),
    ),
    (
        "authorisation-date",
        "authorisation.date",
        inside("authorisation", date=dt.date(2026, 10, 2)),
    ),
    ("retention-form", "retention.readings", inside("retention", readings="a while")),
    ("retention-order", "retention.minutes", inside("retention", minutes="29 d")),
    ("retention-order", "retention.hours", inside("retention", hours="89 d")),
    ("footage-unrecorded", "retention.footage", put(capabilities=VALID.capabilities[:3])),
    ("record-unkept", "retention.footage", inside("retention", footage="none")),
    ("approver-role", "approvers[2].role", lambda a: with_approver(a, Role.OPERATOR, "Cy")),
    ("approver-role-once", "approvers[2].role", lambda a: with_approver(a, Role.CONTROLLER, "Cy")),
    ("approver-other", "approvers[1].name", same_person),
    ("approver-other", "approvers[1].account", same_account),
    ("hidden-signs", "title", put(title={"en": "Crowds \u202eytefas"})),
    ("hidden-signs", "processing.data", inside("processing", data="Counts,\x1b[8m faces")),
]


def found_in(a: Assessment, views: Mapping[str, str] | None = VIEWS) -> list[Finding]:
    """What is found on the day of the tests."""
    return check(a, today=TODAY, views=views)


def test_the_example_is_clean() -> None:
    """Nothing is found in it, with its cameras as configured or not asked about."""
    assert found_in(VALID) == found_in(VALID, None) == []


@pytest.mark.parametrize(("rule", "field", "change"), CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_a_contradiction_is_named(
    rule: str, field: str, change: Callable[[Assessment], Assessment]
) -> None:
    """It is found by its name, at its field, with Plainview's own clause and how to mend it."""
    broken = change(VALID)
    if rule == "languages-agree":
        broken = replace(broken, title={**VALID.title, "zh-Hant": "廣場"})
    found = [f for f in found_in(broken) if f.rule == rule]
    assert field in {f.field for f in found}
    for finding in found:
        assert finding.clause.startswith("Plainview, DESIGN.md section ")
        assert finding.pack == "plainview"
        assert finding.mend
        assert finding.line().startswith(f"{finding.field}: {finding.what} [{finding.clause}]. ")


def test_every_contradiction_has_a_case() -> None:
    """No rule of the module is without a case above."""
    tree = ast.parse(inspect.getsource(contradictions))
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    named = {
        argument.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in {"Contradiction", "_unknown"}
        for argument in call.args[:1]
        if isinstance(argument, ast.Constant)
    }
    in_table = {
        entry.elts[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Tuple)
        for entry in node.value.elts
        if isinstance(entry, ast.Tuple) and isinstance(entry.elts[0], ast.Constant)
    }
    assert len(named) > 25
    assert len(in_table) == 8
    assert (named | in_table) - {case[0] for case in CASES} == set()


def test_a_simulated_one_may_name_no_pack() -> None:
    """No law applies where nobody exists; what Plainview asks of everybody is asked still."""
    free = replace(VALID, packs=(), simulated=True)
    assert found_in(free) == []
    left = inside("necessity", necessity="")(free)
    assert [(f.field, f.pack) for f in found_in(left)] == [("necessity.necessity", "plainview")]


def test_a_camera_that_was_moved_is_found() -> None:
    """With the cameras as they are now, a changed view and a missing camera are findings."""
    moved = {**VIEWS, "square-north": "f" * 64}
    assert [f.rule for f in found_in(VALID, moved)] == ["camera-view"]
    assert "f" * 64 in found_in(VALID, moved)[0].mend
    gone = {"square-nord": VIEWS["square-north"], "square-south": VIEWS["square-south"]}
    (finding,) = found_in(VALID, gone)
    assert finding.rule == "camera-configured"
    assert finding.mend == "Did you mean 'square-nord'?"


def test_an_empty_one_is_named_field_by_field() -> None:
    """Nothing written: every pack names what it asks, in the order of the form, once per rule."""
    order = Assessment.__struct_fields__
    for name in pack_names():
        found = found_in(Assessment(id="x", packs=(name,)), None)
        assert len(found) > 30
        tops = [order.index(f.field.partition(".")[0].partition("[")[0]) for f in found]
        assert tops == sorted(tops)
        assert len({(f.field, f.pack, f.rule) for f in found}) == len(found)
        # What a named pack asks is not said again in Plainview's own name.
        asked = {f.field for f in found if f.pack == name}
        assert asked.isdisjoint({f.field for f in found if f.pack == "plainview" and f.rule != "x"})


def test_the_day_decides() -> None:
    """The same assessment is clean until its last day, and not on the next."""
    late = replace(VALID, review_date=VALID.period.ends)
    ends = VALID.period.ends
    assert ends is not None
    late = replace(late, packs=(), simulated=True)
    assert check(late, today=ends, views=None) == []
    after = check(late, today=ends + dt.timedelta(days=1), views=None)
    assert [f.rule for f in after] == ["review-due", "period-over"]


def test_twenty_thousand_cameras_are_checked_quickly() -> None:
    """A whole phase of a city is checked without work that grows with the square of cameras."""
    many = tuple(
        AssessedCamera(f"camera-{k}", "site", f"{k:064x}", "a street", "none")
        for k in range(20_000)
    )
    big = replace(
        VALID,
        cameras=many,
        capabilities=tuple(replace(c, cameras=()) for c in VALID.capabilities),
    )
    assert check(big, today=TODAY, views={c.id: c.fingerprint for c in many}) == []


@given(
    st.builds(
        Assessment,
        id=st.just("x"),
        packs=st.lists(st.sampled_from(["eu", "fr", "hk", "nyc", "uk", "?"])).map(tuple),
        cameras=st.lists(
            st.builds(AssessedCamera, id=st.sampled_from(["a", "b"]), fingerprint=st.text())
        ).map(tuple),
        capabilities=st.lists(
            st.builds(
                AssessedCapability,
                name=st.sampled_from(CAPABILITIES),
                cameras=st.lists(st.sampled_from(["a", "c"])).map(tuple),
            )
        ).map(tuple),
        software=st.text(),
        review_date=st.none() | st.dates(),
    ),
    st.dates(),
)
def test_any_assessment_can_be_checked(a: Assessment, today: dt.date) -> None:
    """Checking never fails, is the same twice, and every finding has its field and clause."""
    found = check(a, today=today, views={"a": "1" * 64})
    assert found == check(a, today=today, views={"a": "1" * 64})
    assert found
    for finding in found:
        assert finding.field
        assert finding.clause
        assert finding.what
        assert "\n" not in finding.line()


def test_the_guides_lines_are_real() -> None:
    """The findings that the guide shows are what is printed for those mistakes."""
    broken = inside("retention", footage="60 d")(first("measures", harms=())(VALID))
    broken = replace(
        broken,
        measures=(broken.measures[0], replace(VALID.measures[1], harms=("recording-leaks",))),
    )
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "assessments.md").read_text()
    lines = [finding.line() for finding in found_in(broken)]
    assert len(lines) == 2
    for line in lines:
        assert line in guide


def test_what_is_missing_is_said_in_sentences() -> None:
    """Two who are missing *are* not named; one *is* not."""
    both = found_in(replace(VALID, approvers=()))
    assert any("the controller and the privacy-officer are not named" in f.what for f in both)
    one = found_in(replace(VALID, approvers=VALID.approvers[:1]))
    assert any("the privacy-officer is not named" in f.what for f in one)
