"""What changed between two revisions, and whether it goes further."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from plainview.governance.assessment import (
    Aim,
    AssessedCamera,
    AssessedCapability,
    Assessment,
    Processor,
    load_assessment,
)
from plainview.governance.diff import Change, diff
from plainview.governance.fields import known

OLD = load_assessment(Path(__file__).parent / "examples" / "eu.toml")
replace = structs.replace
CAMERA = AssessedCamera("gate", "market-square", "3" * 64, "The gate.", "none")


def inside(name: str, **change: Any) -> Assessment:  # noqa: ANN401 - any field
    """The old one with a change inside the table `name`."""
    return replace(OLD, **{name: replace(getattr(OLD, name), **change)})


def capability(index: int, **change: Any) -> Assessment:  # noqa: ANN401 - any field
    """The old one with a change of one capability."""
    asked = list(OLD.capabilities)
    asked[index] = replace(asked[index], **change)
    return replace(OLD, capabilities=tuple(asked))


def hours(**change: str) -> Assessment:
    """The old one with a change of its one window."""
    return inside("period", hours=(replace(OLD.period.hours[0], **change),))


WIDER: list[tuple[str, Callable[[], Assessment]]] = [
    ("cameras[gate]", lambda: replace(OLD, cameras=(CAMERA, *OLD.cameras))),
    (
        "cameras[square-north].fingerprint",
        lambda: replace(
            OLD, cameras=(replace(OLD.cameras[0], fingerprint="4" * 64), OLD.cameras[1])
        ),
    ),
    (
        "capabilities[view]",
        lambda: replace(
            OLD, capabilities=(*OLD.capabilities, AssessedCapability("view", ("crush",)))
        ),
    ),
    ("capabilities[record].cameras", lambda: capability(3, cameras=())),
    (
        "capabilities[record].cameras",
        lambda: capability(3, cameras=("square-north", "square-south")),
    ),
    ("capabilities[flow].aims", lambda: capability(1, aims=("crush", "plan"))),
    ("aims[sell]", lambda: replace(OLD, aims=(*OLD.aims, Aim("sell", {"en": "Sell counts."})))),
    ("period.begins", lambda: inside("period", begins=dt.date(2026, 9, 30))),
    ("period.ends", lambda: inside("period", ends=dt.date(2027, 10, 1))),
    ("period.hours[0].until", lambda: hours(until="02:01")),
    ("period.hours[0].since", lambda: hours(since="16:59")),
    ("period.timezone", lambda: inside("period", timezone="Europe/London")),
    ("retention.footage", lambda: inside("retention", footage="8 d")),
    ("retention.access", lambda: inside("retention", access="2 y")),
    ("retention.readings", lambda: inside("retention", readings="for ever")),
    ("processing.recipients", lambda: inside("processing", recipients="The police, too.")),
    ("processors[x]", lambda: replace(OLD, processors=(*OLD.processors, Processor("x")))),
    ("oversight.automatic", lambda: inside("oversight", automatic=True)),
]
NOT_WIDER: list[tuple[str, Callable[[], Assessment]]] = [
    ("cameras[square-south]", lambda: replace(OLD, cameras=OLD.cameras[:1])),
    ("capabilities[record]", lambda: replace(OLD, capabilities=OLD.capabilities[:3])),
    ("capabilities[count].cameras", lambda: capability(0, cameras=("square-north",))),
    (
        "capabilities[count].cameras",
        lambda: capability(0, cameras=("square-north", "square-south")),
    ),
    ("capabilities[count].aims", lambda: capability(0, aims=("crush",))),
    ("capabilities[count].need", lambda: capability(0, need="Other words for the same need.")),
    ("period.begins", lambda: inside("period", begins=dt.date(2026, 10, 2))),
    ("period.ends", lambda: inside("period", ends=dt.date(2027, 9, 29))),
    ("period.hours[0].until", lambda: hours(until="01:59")),
    ("period.hours[0].since", lambda: hours(since="17:01")),
    ("retention.footage", lambda: inside("retention", footage="24 h")),
    ("retention.footage", lambda: inside("retention", footage="none")),
    ("title.en", lambda: replace(OLD, title={"en": "Another title"})),
    ("title.zh-Hant", lambda: replace(OLD, title={**OLD.title, "zh-Hant": "廣場"})),
    ("harms[recognised].likelihood", lambda: _harm("low")),
    ("revision", lambda: replace(OLD, revision=2)),
    ("review_date", lambda: replace(OLD, review_date=dt.date(2027, 4, 1))),
]


def _harm(likelihood: str) -> Assessment:
    return replace(OLD, harms=(replace(OLD.harms[0], likelihood=likelihood), OLD.harms[1]))


def one(new: Assessment) -> Change:
    """The one change from the old one."""
    (change,) = diff(OLD, new)
    return change


@pytest.mark.parametrize(("field", "made"), WIDER, ids=[field for field, _ in WIDER])
def test_what_goes_further_is_marked(field: str, made: Callable[[], Assessment]) -> None:
    """More cameras, capabilities, aims, hours, days or time kept: one change, marked wider."""
    change = one(made())
    assert change.field == field
    assert change.wider
    assert change.line().startswith(f"wider: {field}: ")


@pytest.mark.parametrize(("field", "made"), NOT_WIDER, ids=[field for field, _ in NOT_WIDER])
def test_what_does_not_is_not(field: str, made: Callable[[], Assessment]) -> None:
    """Less, or other words for the same: one change, not marked."""
    change = one(made())
    assert change.field == field
    assert not change.wider
    assert change.line().startswith(f"{field}: ")


def test_nothing_changed() -> None:
    """An assessment does not differ from itself, nor from itself with its lists turned round."""
    assert diff(OLD, OLD) == []
    turned = replace(
        OLD, cameras=OLD.cameras[::-1], aims=OLD.aims[::-1], capabilities=OLD.capabilities[::-1]
    )
    assert diff(OLD, turned) == []


def test_entries_are_matched_by_name() -> None:
    """A camera put in the middle is one change; what became of the others is told by their ids."""
    new = replace(
        OLD, cameras=(replace(OLD.cameras[0], sees="The library."), CAMERA, OLD.cameras[1])
    )
    assert [change.field for change in diff(OLD, new)] == [
        "cameras[square-north].sees",
        "cameras[gate]",
    ]


def test_lines_say_before_and_after() -> None:
    """What was and what is; new and gone are said so; no cameras named means all."""
    assert one(inside("retention", footage="8 d")).line() == (
        "wider: retention.footage: 7 d -> 8 d"
    )
    assert one(capability(3, cameras=())).line() == (
        "wider: capabilities[record].cameras: square-north -> all"
    )
    assert (
        one(replace(OLD, cameras=OLD.cameras[:1]))
        .line()
        .startswith("cameras[square-south]: gone: id = square-south;")
    )
    assert one(inside("controller", website="")).line().startswith("controller.website: gone: http")
    assert one(inside("privacy_officer", advice_date=None)).after == ""
    assert one(hours(until="01:00\n")).after == "01:00"


def test_only_a_capability_that_names_no_camera_asks_for_all() -> None:
    """The form says of that one list that empty means all; nothing else that is empty does."""
    listed = known("capabilities[].cameras")
    assert listed is not None
    assert "empty: all of them" in listed.help
    told = one(replace(OLD, capabilities=(*OLD.capabilities, AssessedCapability("view")))).after
    assert "aims = none" in told
    assert "cameras = all" in told
    assert one(inside("people", groups=())).after == "none"


def test_both_ways_name_the_same_fields() -> None:
    """What changed from one to the other changed back from the other to the one."""
    for _, made in (*WIDER, *NOT_WIDER):
        new = made()
        there, back = diff(OLD, new), diff(new, OLD)
        assert [(c.field, c.before, c.after) for c in there] == [
            (c.field, c.after, c.before) for c in back
        ]
