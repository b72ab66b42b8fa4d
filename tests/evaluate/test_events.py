"""Told events against true ones: every verdict, and exact intervals."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.evaluate.card import Clip, scorecard
from plainview.evaluate.event_table import event_report, ordinary_report
from plainview.evaluate.event_truth import EventTruth, SceneNote, Spell, TrueEvent
from plainview.evaluate.events import LATE, Told, Verdict, judge, score, told_events
from plainview.evaluate.measured import Doubted, parse_measured
from plainview.evaluate.proportion import rate, share
from plainview.geometry import View
from plainview.record import EventKind
from plainview.synth.camera import mast

KIND = EventKind.PERSON_DOWN


def _truth(*events: TrueEvent) -> EventTruth:
    note = SceneNote(KIND, "falls", "tune", positive=True)
    return EventTruth(
        100.0, events, (KIND,), (Spell(0.0, 100.0, "sun"),), note
    )  # fmt: skip


def _true(start: float, x: float = 0.0, zone: str | None = None) -> TrueEvent:
    return TrueEvent(KIND, start, (x, 0.0), start + 30, zone)


def _told(start: float, x: float = 0.0, zone: str | None = None) -> Told:
    return Told(KIND, start, None, (x, 0.0), zone, 0.8)


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        (_told(10.0 + 0.5 * LATE[KIND]), Verdict.HIT),
        (_told(8.5), Verdict.HIT),
        (_told(7.5), Verdict.FALSE),
        (_told(10.5 + LATE[KIND]), Verdict.LATE),
        (_told(43.0), Verdict.FALSE),
        (_told(12.0, x=2.9), Verdict.HIT),
        (_told(12.0, x=3.1), Verdict.FALSE),
    ],
)
def test_time_and_place_decide(told: Told, verdict: Verdict) -> None:
    """Told in time and near is a hit; too late is a miss that is no false alarm; else false."""
    judged = judge([told], _truth(_true(10.0)), KIND)
    assert [one for _, one in judged.told] == [verdict]
    assert (judged.found[0][1] is not None) == (verdict is Verdict.HIT)


def test_the_zone_must_be_right_where_the_truth_names_one() -> None:
    """An event told for another zone is false."""
    truth = _truth(_true(10.0, zone="a"))
    assert judge([_told(12.0, zone="b")], truth, KIND).count(Verdict.FALSE) == 1
    assert judge([_told(12.0, zone="a")], truth, KIND).count(Verdict.HIT) == 1


def test_what_is_told_twice_is_found_once() -> None:
    """The second is a repeat, not a false alarm; other kinds are not looked at."""
    fire = Told(EventKind.FIRE, 11.0, None, (0.0, 0.0), None, 1.0)
    judged = judge([_told(12.0), _told(15.0), fire], _truth(_true(10.0)), KIND)
    assert [one for _, one in judged.told] == [Verdict.HIT, Verdict.REPEAT]


@given(
    st.lists(st.tuples(st.floats(0, 90), st.floats(-9, 9)), max_size=5),
    st.lists(st.tuples(st.floats(0, 99), st.floats(-9, 9)), max_size=8),
)
def test_each_true_event_is_found_at_most_once(
    true: list[tuple[float, float]], told: list[tuple[float, float]]
) -> None:
    """Hits are as many as found events, and every told event has a verdict."""
    truth = _truth(*(_true(t, x) for t, x in true))
    judged = judge([_told(t, x) for t, x in told], truth, KIND)
    assert len(judged.told) == len(told)
    assert judged.count(Verdict.HIT) == sum(delay is not None for _, delay in judged.found)
    found = score([judged])
    assert found.hits + found.false + found.late + found.repeats == len(told)


def test_something_that_moves_is_judged_where_it_is() -> None:
    """A vehicle told two seconds late is near where it then was, or a second or two before."""
    path = ((10.0, 0.0, 0.0), (15.0, 40.0, 0.0))
    event = TrueEvent(EventKind.WRONG_WAY, 10.0, (0.0, 0.0), 15.0, None, path)
    truth = EventTruth(60.0, (event,), (EventKind.WRONG_WAY,))
    told = Told(EventKind.WRONG_WAY, 12.0, None, (14.0, 0.0), None, 0.9)
    assert judge([told], truth, EventKind.WRONG_WAY).count(Verdict.HIT) == 1
    assert judge([told._replace(at=(30.0, 0.0))], truth, EventKind.WRONG_WAY).count(
        Verdict.FALSE
    ) == 1  # fmt: skip


def test_events_of_a_measurement() -> None:
    """A start is joined to the end of the same kind, place and zone."""
    head = (
        '{"plainview":"1","camera":"c","every":1.0,"grid":{"origin":[0,0],"cell":1,"shape":[2,2]},'
        '"sealed":true}'
    )
    event = '{{"kind":"fire","phase":"{}","t":{},"at":[1,2],"zone":null,"confidence":0.7}}'
    line = '{{"t":{},"count":0,"low":0,"high":0,"events":[{}]}}'
    lines = [
        head,
        line.format(1.0, event.format("start", 0.6)),
        line.format(2.0, event.format("end", 1.8)),
        line.format(3.0, event.format("start", 2.5)),
    ]
    told = told_events(parse_measured(lines))
    assert [(one.start, one.end) for one in told] == [(0.6, 1.8), (2.5, None)]


def test_intervals_are_exact() -> None:
    """Against the closed forms at the ends: x^n = 5 % and exp(-m) = 5 %."""
    assert share(0, 10).high == pytest.approx(1 - 0.05 ** (1 / 10))
    assert share(10, 10).low == pytest.approx(0.05 ** (1 / 10))
    _, low, high = share(9, 10)
    assert low == pytest.approx(0.6058, abs=1e-4)
    assert high == pytest.approx(0.9949, abs=1e-4)
    assert rate(0, 1.0).high == pytest.approx(-math.log(0.05))
    assert rate(4, 2.0).low == pytest.approx(1.3663 / 2, abs=1e-3)
    assert math.isnan(share(0, 0).value)


@given(st.integers(0, 60), st.integers(0, 60))
def test_an_interval_holds_its_value(hits: int, misses: int) -> None:
    """Both ends lie around the value, within 0 and 1."""
    found = share(hits, hits + misses)
    if hits + misses:
        assert 0 <= found.low <= found.value <= found.high <= 1


def test_tables_and_card_say_the_same() -> None:
    """What the tables count is on the card; the light's hours are those of the clips."""
    judged = [judge([_told(12.0), _told(80.0)], _truth(_true(10.0)), KIND)]
    text = event_report(judged)
    assert "| person-down | 1 | 1 | 1.00" in text
    assert "| person-down | falls | 1 | 1/1 | 1 |" in text
    assert "864.0" in ordinary_report(judged)
    camera = mast("m", at=(0.0, -12.0), towards=(0.0, 0.0))
    view = View(camera.calibration(), ((-3.0, -3.0), (3.0, -3.0), (0.0, 3.0)))
    card = scorecard(judged, [Clip(judged[0].truth, ())], camera="m", view=view, made="2026-01-01")
    (kind,) = card.kinds
    assert (kind.events, kind.hits, kind.false) == (1, 1, 1)
    assert card.light == {"sun": pytest.approx(100 / 3600, abs=1e-3)}
    assert kind.false_per_day.value == pytest.approx(864.0)


def test_hours_of_a_camera_that_sees_nothing_are_not_watched() -> None:
    """Neither as hours nor for their light; what was told and missed in them counts as ever."""
    truth = _truth(_true(10.0), _true(70.0))
    doubted = (Doubted(60.0, 90.0, ("blind",)), Doubted(99.0, 120.0, ("lost",)))
    judged = [judge([_told(12.0), _told(80.0, x=50.0)], truth, KIND, doubted)]
    assert judged[0].watched == pytest.approx(100.0 - 30.0 - 1.0)
    found = score(judged)
    assert (found.true, found.hits, found.false) == (2, 1, 1)
    assert found.false_per_day.value == pytest.approx(86_400 / 69)
    camera = mast("m", at=(0.0, -12.0), towards=(0.0, 0.0))
    view = View(camera.calibration(), ((-3.0, -3.0), (3.0, -3.0), (0.0, 3.0)))
    card = scorecard(judged, [Clip(truth, doubted)], camera="m", view=view, made="2026-01-01")
    assert (card.hours, card.left_out) == (round(69 / 3600, 3), round(31 / 3600, 3))
    assert card.light == {"sun": round(69 / 3600, 3)}
    (kind,) = card.kinds
    assert (kind.events, kind.hits, kind.doubted, kind.doubted_hits) == (2, 1, 1, 0)
    assert kind.recall.value == pytest.approx(0.5)
    assert kind.believed_recall.value == pytest.approx(1.0)


@pytest.mark.parametrize(("start", "in_doubt"), [(59.9, 0), (60.0, 1), (89.9, 1), (90.0, 0)])
def test_an_event_is_of_doubted_time_by_its_start(start: float, in_doubt: int) -> None:
    """Not by how long it lasts: what began in sight was there to be found."""
    truth = _truth(_true(start))
    doubted = (Doubted(60.0, 90.0, ("blind",)),)
    found = score([judge([_told(start + 1.0)], truth, KIND, doubted)])
    assert (found.doubted, found.doubted_hits, found.hits) == (in_doubt, in_doubt, 1)
    assert math.isnan(found.believed_recall.value) == bool(in_doubt)
