"""Who hardly stands out, or hardly shows, is found less surely: each one found stands for more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vision.scenes import CAMERA, view

from plainview.vision.bodies import NONE, Bodies
from plainview.vision.detectability import (
    CHANCE,
    EVIDENCE,
    LOOSE,
    MOST,
    SPREAD,
    USUAL,
    Detectability,
    chance,
    crowding,
    middle,
)
from plainview.vision.optics import Floats, optics

OPTICS = optics(view(), *CAMERA.size)
SIZE = (OPTICS.size[1], OPTICS.size[0])
APART = [(-3.0, 0.0), (3.0, 2.0), (0.0, 4.0), (-1.0, -2.0)]


def found(*, visible: float = 1.0) -> Bodies:
    """Certain bodies that stand apart."""
    n = len(APART)
    return Bodies(np.array(APART), np.zeros((n, 2)), np.ones(n), np.full(n, visible))


def learned(evidence: float, *, visible: float = 1.0, looks: int = 40) -> Detectability:
    """What `looks` at bodies with that mean evidence taught."""
    one = Detectability(OPTICS)
    for _ in range(looks):
        one.learn(found(visible=visible), np.full(SIZE, evidence, np.float32))
    return one


def whole(one: Detectability) -> float:
    """The chance to find somebody who shows whole."""
    return float(one.chances(np.ones(1))[0])


def test_before_anybody_is_seen_all_who_show_are_found() -> None:
    """A scene in which nobody was seen yet adds nobody."""
    one = Detectability(OPTICS)
    one.learn(NONE, np.ones(SIZE, np.float32))
    assert whole(one) == 1.0


def test_where_people_stand_out_nobody_is_added_and_where_they_do_not_some_are() -> None:
    """As clear as usual: none; half as clear: a tenth; hardly: more, but never twice as many."""
    assert whole(learned(USUAL)) == pytest.approx(1.0, abs=1e-6)
    assert 0.85 < whole(learned(0.45)) < 0.95
    assert 1 / MOST <= whole(learned(0.1)) < 0.8


def test_those_half_hidden_say_nothing_of_how_well_people_stand_out() -> None:
    """What is hidden of a body is not taken for its contrast."""
    assert whole(learned(0.2, visible=0.6)) == 1.0


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.3, 1), st.floats(0.3, 1))
def test_the_chance_rises_with_contrast_and_is_one_at_most(
    a: float, b: float, v: float, w: float
) -> None:
    """More contrast never makes somebody harder to find; a chance is a chance."""
    low, high = (float(chance(np.array([v]), m)[0]) for m in sorted((a, b)))
    assert 1 / MOST <= low <= high <= 1
    less, more = (float(chance(np.array([x]), 0.6)[0]) for x in sorted((v, w)))
    assert less <= more + 0.02


@pytest.mark.parametrize("median", [0.4, 0.6, 0.8])
def test_weighed_by_their_chance_those_found_tell_how_many_there_are(median: float) -> None:
    """Of simulated people, found by chance, the true number comes back within 3 %."""
    g = np.random.default_rng(7)
    people: Floats = np.clip(g.normal(median, SPREAD, 20_000), -1, 1)
    sure = np.interp(USUAL + SPREAD * g.normal(size=20_000), EVIDENCE, CHANCE).mean()
    seen = people[g.random(len(people)) < np.interp(people, EVIDENCE, CHANCE) / sure]
    assert middle(seen) == pytest.approx(median, abs=0.05)
    estimated = len(seen) / float(chance(np.ones(1), middle(seen))[0])
    assert estimated == pytest.approx(len(people), rel=0.03)


LOW, STEEP = np.array([0.0, -12.0, 4.0]), np.array([0.0, -3.0, 12.0])


def grid(step: float) -> Floats:
    """Places `step` metres apart on a square of 8 m."""
    line = np.arange(-4, 4.01, step)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def middle_of(step: float, camera: Floats) -> float:
    """People that the one in the middle of a grid stands for."""
    places = grid(step)
    people = crowding(places, np.ones(len(places)), camera)
    return float(people[np.hypot(*places.T).argmin()])


def test_in_a_crowd_one_stands_for_more_and_the_lower_the_camera_the_more() -> None:
    """Nothing where people are few; then more with density, least seen from above."""
    assert middle_of(1 / LOOSE**0.5 + 0.5, LOW) == 1.0
    assert 1.0 < middle_of(1.6, LOW) < middle_of(1.3, LOW) <= MOST
    assert 1.0 < middle_of(1.0, STEEP) < 1.3
    assert middle_of(0.5, LOW) == MOST


def test_nobody_and_a_camera_on_the_ground_are_taken() -> None:
    """No places give no numbers; a camera without height gives proper ones."""
    assert crowding(np.empty((0, 2)), np.empty(0), LOW).shape == (0,)
    flat = crowding(grid(1.0), np.ones(len(grid(1.0))), np.array([0.0, -12.0, 0.0]))
    assert np.all((flat >= 1) & (flat <= MOST))


def test_only_contrast_of_those_before_the_plate_counts() -> None:
    """Who stands in the plate is found by swaying: what stands out before it tells nothing."""
    one = learned(0.3)
    bodies = found()
    people = one.stand_for(bodies, bodies.weights, 2)
    assert np.all(people[:2] > 1.05)
    assert people[2:] == pytest.approx(1.0)
    assert one.stand_for(NONE, NONE.weights, 0).shape == (0,)
