"""What `plainview evaluate events` says of a run that did not come to its end."""

from plainview.app import events
from plainview.evaluate.event_truth import EventTruth, SceneNote, Spell
from plainview.evaluate.events import judge
from plainview.record import EventKind


def test_a_run_that_was_stopped_tells_what_it_measured() -> None:
    """The tables are of the scenes that were measured, and say how many were wanted."""
    note = SceneNote("fire", "neon", "tune", positive=False)
    truth = EventTruth(40.0, (), (EventKind.FIRE,), (Spell(0.0, 40.0, "night"),), note)
    one = [judge((), truth, EventKind.FIRE)]
    report = events._report(events._Found([one], [], [], 30, 6), ("fire",))
    assert "1 of 30 scenes" in report
    assert "| fire | neon | 1 | - | 0 |" in report
    assert "Ordinary life" not in report
    whole = events._report(events._Found([one], [[*one]], [], 1, 6), ("fire",))
    assert "1 of 1 " not in whole
    assert "1 of 6 scenes" in whole
