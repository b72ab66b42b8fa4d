import numpy as np
import pytest

from plainview.geometry import Point
from plainview.vision.bodies import Bodies
from plainview.vision.events.company import EVERY, Company

PLACE = np.array([0.0, 0.0])
CENTRE = np.array([0.0, -9.0, 6.0])


def company(*ways: tuple[float, Point, Point]) -> Company:
    """What is remembered of those who walk from `begin` on, from a place, at m/s, for 20 s."""
    found = Company()
    for t in np.arange(0.0, 20.0, EVERY):
        rows = np.array(
            [
                (x + vx * (t - begin), y + vy * (t - begin), vx, vy)
                for begin, (x, y), (vx, vy) in ways
                if t >= begin
            ]
        ).reshape(-1, 4)
        ones = np.ones(len(rows))
        found.note(float(t), Bodies(rows[:, :2], rows[:, 2:], ones, ones))
    return found


@pytest.mark.parametrize(
    ("way", "people"),
    [
        ((5.0, (0.2, 0.3), (0.9, 0.8)), 1.0),
        ((2.0, (-5.0, 0.4), (1.2, 0.0)), 0.0),
        ((2.0, (-7.0, 1.6), (1.4, 0.0)), 0.0),
        ((2.0, (-5.0, 0.2), (6.0, 0.0)), 0.0),
        ((2.0, (-6.0, 0.0), (0.6, 0.0)), -1.0),
    ],
    ids=["leaves", "passes", "passes-aside", "drives", "comes"],
)
def test_who_walks_away_is_counted_by_what_moves_outwards(
    way: tuple[float, Point, Point], people: float
) -> None:
    """One who leaves counts; who passes, stands near, drives or comes does not count as leaving."""
    until = 11.0 if people < 0 else 20.0
    assert company(way).gone(PLACE, CENTRE, 0.0, until).min() == pytest.approx(people, abs=0.25)


def test_one_who_comes_and_one_who_leaves_balance() -> None:
    """A second one's coming takes away what the first one's leaving gave: net, nobody left."""
    both = company((3.0, (0.0, 0.2), (1.2, 0.0)), (3.0, (0.3, 6.0), (0.0, -1.0)))
    assert both.gone(PLACE, CENTRE, 0.0, 8.5).min() == pytest.approx(0.0, abs=0.25)


def test_one_who_stands_and_seems_to_walk_left_nothing() -> None:
    """A place that a body is found at again and again is not left, whatever its velocity says."""
    still = Company()
    for k in range(50):
        places = np.array([[1.5, 0.5 + 0.2 * (k % 2)]])
        still.note(k * EVERY, Bodies(places, np.array([[0.5, 0.3]]), np.ones(1), np.ones(1)))
    assert np.abs(still.gone(PLACE, CENTRE, 0.0, 20.0)).max() < 0.1


def test_who_seems_to_walk_away_along_the_line_of_sight_must_be_seen_to_do_so() -> None:
    """Far from a low camera two metres of depth are a pixel or two: they are no walk."""
    ways = ((5.0, (0.0, 0.5), (0.0, 1.2)),)
    for centre, people in ((np.array([0.0, -60.0, 4.0]), 0.0), (np.array([0.0, -6.0, 8.0]), 0.9)):
        assert company(*ways).gone(PLACE, centre, 0.0, 7.5).min() == pytest.approx(people, abs=0.25)


def test_who_stayed_with_a_place_last_is_remembered_and_who_passed_is_not() -> None:
    """The last moment at which somebody slow was within reach; none where people only pass."""
    assert company((0.0, (0.6, 0.3), (0.0, 0.0))).stayed(PLACE, 1.2, 0.4) > 19.0
    assert company((2.0, (-5.0, 0.2), (1.2, 0.0))).stayed(PLACE, 1.2, 0.4) == -np.inf


@pytest.mark.parametrize("lost", [5.6, 6.0, 6.4])
def test_who_is_lost_for_a_moment_as_he_leaves_has_left(lost: float) -> None:
    """In fog, or where he is one with what he left, nobody is found for a moment."""
    found = Company()
    for t in np.arange(0.0, 12.0, EVERY):
        places = np.array([[0.2 + 1.2 * max(t - 5.0, 0.0), 0.3]])
        if abs(t - lost) < 0.1:
            places = places[:0]
        ones = np.ones(len(places))
        # Where he has just been found again it is not known how he moves.
        found.note(float(t), Bodies(places, np.zeros_like(places), ones, ones))
    assert found.gone(PLACE, CENTRE, 0.0, 12.0).min() == pytest.approx(1.0, abs=0.25)
