"""Nobody dissolves: what vanished where nobody got up is no person, and will come again."""

import numpy as np
import pytest
from tests.vision.events.stage import Moment, Stage, lying, standing

from plainview.vision.events.person_down import PersonDown
from plainview.vision.events.vanished import MOST, SPAN, Vanished

PLACE = np.array([3.0, 7.0])


def test_what_vanished_twice_is_surely_such_a_thing() -> None:
    """Near it, and for a while; how long one stayed is the longest of them."""
    by = Vanished()
    assert by.near(PLACE, 10.0) == (0.0, 0.0)
    by.note(PLACE, 20.0, 14.0)
    assert by.near(PLACE + 0.5, 30.0) == (0.5, 14.0)
    by.note(PLACE + 0.3, 50.0, 9.0)
    by.note(PLACE + 5.0, 60.0, 90.0)
    assert by.near(PLACE, 70.0) == (1.0, 14.0)
    assert by.near(PLACE - 3.0, 70.0) == (0.0, 0.0)
    assert by.near(PLACE, 20.0 + SPAN) == (0.5, 9.0)
    assert by.near(PLACE, 50.0 + SPAN) == (0.0, 0.0)


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    """The latest."""
    by = Vanished()
    for k in range(3 * MOST):
        by.note(np.array([10.0 * k, 0.0]), float(k), 5.0)
    assert len(by._gone) == MOST
    assert by.near(np.array([10.0 * (3 * MOST - 1), 0.0]), 3.0 * MOST)[0] > 0


COMES, STAYS, CYCLE = 6.0, 14.0, 30.0
"""Seconds: when it is there, for how long it stays, and from one to the next."""


def walking_up(t: float) -> Moment:
    """Somebody who comes from the left, and is at (0, 1) when it is there."""
    x = 1.2 * (t - COMES)
    return standing(x, 1.0), [(x, 1.0, 1.2, 0.0)]


@pytest.mark.parametrize("before", [0, 2])
def test_who_lies_where_things_vanish_is_looked_at_for_longer(before: int) -> None:
    """Twice what looks like a person was gone with nobody near: the third has to outlast them."""

    def what(t: float) -> Moment:
        since = t % CYCLE if t < before * CYCLE else t - before * CYCLE
        if since < COMES:
            return walking_up(since)
        stays = t >= before * CYCLE or since < COMES + STAYS
        return (lying(0.6, 1.0, 0.6) if stays else []), []

    stage = Stage()
    by = PersonDown(stage.view, stage.optics)
    seen = stage.seen(before * CYCLE + 45.0, what)
    told = [one.t - before * CYCLE for one in seen if by.look(one)]
    first = min(t for t in told if t > 0)
    assert COMES < first < COMES + 5 if before == 0 else COMES + STAYS < first < COMES + 2 * STAYS


def test_who_gets_up_has_not_vanished() -> None:
    """He is seen upright there, then going: who falls at that place later is told as soon."""

    def what(t: float) -> Moment:
        since = t % CYCLE
        if since < COMES:
            return walking_up(since)
        if since < COMES + STAYS:
            return lying(0.6, 1.0, 0.6), []
        x = 1.2 * (since - COMES - STAYS)
        return standing(x, 1.0), [(x, 1.0, 1.2, 0.0)]

    stage = Stage()
    by = PersonDown(stage.view, stage.optics)
    told = [one.t for one in stage.seen(3 * CYCLE, what) if by.look(one)]
    assert by._vanished.near(np.array([0.6, 1.0]), 3 * CYCLE) == (0.0, 0.0)
    assert [any(k * CYCLE < t < k * CYCLE + COMES + 5 for t in told) for k in range(3)] == [
        True
    ] * 3
