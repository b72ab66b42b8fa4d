"""Events are marked from their start to their end, at their place, and never for ever."""

import numpy as np
from msgspec import structs
from tests.vision.scenes import view

from plainview.record import Event, EventKind, Phase, Reading
from plainview.vision.view.blocks import Blocks
from plainview.vision.view.draw import STRIP, draw
from plainview.vision.view.marks import LONGEST, MOST, after
from plainview.vision.view.relight import PLAIN
from plainview.vision.view.scenery import Scenery

QUIET = Reading(1_000, 1000, 5, 0, 0, 0, 0, 8, 1, view().grid().shape[0], (), (), (), ())


def event(phase: Phase, x: float, t: int = 1_000, kind: EventKind = EventKind.FIRE) -> Event:
    """An event at (x, 1) metres."""
    return Event(kind, phase, t, round(10 * x), 10, -1, 80)


def told(*events: Event, t: int = 1_000) -> Reading:
    """A Reading of the time `t` that tells of them."""
    return structs.replace(QUIET, t=t, events=events)


def test_a_mark_goes_with_the_end_that_is_nearest_or_in_time() -> None:
    """Of its kind and zone; another kind's end ends nothing; without an end it goes in time."""
    marks = after((), told(event(Phase.START, 0.0), event(Phase.START, 4.0)))
    assert [mark.x for mark in marks] == [0.0, 4.0]
    other = event(Phase.END, 4.0, kind=EventKind.LEFT_OBJECT)
    assert after(marks, told(other)) == marks
    assert [mark.x for mark in after(marks, told(event(Phase.END, 3.8)))] == [0.0]
    assert after(marks, told(t=1_000 + LONGEST)) == marks
    assert after(marks, told(t=1_001 + LONGEST)) == ()
    many = tuple(event(Phase.START, float(k)) for k in range(32))
    assert len(after(marks, told(*many))) == MOST


def test_a_mark_is_drawn_at_its_place_and_nowhere_else() -> None:
    """Within a frame around its place on the ground, as large as a person there; or not at all."""
    size = (320, 180)
    blocks = Blocks(view(), size)
    plate = Scenery(np.full((180, 320), 90, np.uint8), np.ones((180, 320), bool))
    bare = draw(plate, PLAIN, blocks, QUIET, ())
    marks = after((), told(event(Phase.START, 0.0)))
    drawn = draw(plate, PLAIN, blocks, QUIET, marks)
    rows, columns = np.nonzero(np.any(bare != drawn, axis=2)[:-STRIP])
    (at,), _ = blocks.pixels(np.array([[0.0, 1.0]]))
    reach = max(0.4 * blocks.person((0.0, 1.0)), 14) + 3  # the pen, and whole pixels
    assert len(rows) > 50
    assert max(np.abs(columns - at[0]).max(), np.abs(rows - at[1]).max()) <= reach
    away = after((), told(event(Phase.START, 9_000.0)))
    assert np.array_equal(draw(plate, PLAIN, blocks, QUIET, away), bare)
