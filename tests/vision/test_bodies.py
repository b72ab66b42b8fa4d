"""People from evidence: as many as there are, kept while they are hidden, nobody named."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.vision.scenes import CAMERA, NOBODY, counts, estimator, film, view, watch

from plainview.geometry import Point
from plainview.synth.light import OVERCAST, SUNNY, Light
from plainview.synth.simulate import scripted, side_by_side, stander, walker
from plainview.synth.trajectories import Trajectories, joined
from plainview.vision.bodies import APART, MOST, NONE, Bodies, BodyModel, update
from plainview.vision.estimate import Estimate
from plainview.vision.optics import Optics, optics, outline

Evidence = NDArray[np.float32]

LENS = optics(view(CAMERA), *CAMERA.size)


def seen(places: list[Point], lens: Optics = LENS) -> Evidence:
    """Evidence of a perfect picture of bodies at `places`."""
    width, height = lens.size
    evidence = np.full((height, width), -1, np.float32)
    for place in places:
        polygon = outline(lens.projection, lens.centre, np.array(place, dtype=np.float64))
        cv2.fillPoly(evidence, [polygon], 1.0)
    return evidence


def fitted(model: BodyModel, frames: list[Evidence], dt: float = 0.2) -> Bodies:
    """The mixture after `frames`."""
    bodies = NONE
    for evidence in frames:
        model.begin(evidence)
        bodies = update(model, bodies, dt)
    return bodies


def test_nobody_is_nobody() -> None:
    """Where nothing speaks for a body there is none, and none is left of those who have gone."""
    model = BodyModel(LENS)
    empty = seen([])
    assert len(fitted(model, [empty] * 3).weights) == 0
    gone = fitted(model, [seen([(0.6, 1.0)])] * 5 + [empty] * 10)
    assert gone.weights.sum() < 0.1
    assert counts(watch(film(NOBODY, 4), estimator()), 0, 4).max() == 0


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), n=st.integers(0, 60))
def test_the_mixture_is_bounded_and_proper(seed: int, n: int) -> None:
    """Weights and visible parts lie between 0 and 1; everything is finite; at most MOST bodies."""
    generator = np.random.default_rng(seed)
    model = BodyModel(LENS)
    bodies = NONE
    for _ in range(4):
        people = [(float(x), float(y)) for x, y in generator.uniform((-5, -3), (5, 5), (n, 2))]
        model.begin(seen(people))
        bodies = update(model, bodies, float(generator.uniform(0.05, 2.0)))
        assert len(bodies.weights) <= MOST
        assert np.all((bodies.weights >= 0) & (bodies.weights <= 1))
        assert np.all((bodies.visible >= 0) & (bodies.visible <= 1))
        assert all(np.all(np.isfinite(part)) for part in bodies)
        assert {len(part) for part in bodies} == {len(bodies.weights)}


def noise(kind: str, k: int) -> Evidence:
    """Evidence that no people make, (h, w)."""
    width, height = LENS.size
    generator = np.random.default_rng(k)
    if kind == "pixels":
        return generator.uniform(-1, 1, (height, width)).astype(np.float32)
    if kind == "blotches":
        coarse = generator.uniform(-1, 1, (height // 20, width // 20)).astype(np.float32)
        return np.asarray(cv2.resize(coarse, (width, height)), dtype=np.float32)
    level = {"all": 1.0, "none": -1.0, "undecided": 0.0}[kind]
    return np.full((height, width), level, np.float32)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("kind", ["pixels", "blotches", "all", "none", "undecided"])
def test_evidence_that_no_people_make_is_bounded(kind: str) -> None:
    """Noise or a picture that differs wholly gives no more bodies than there is room, in time."""
    model = BodyModel(LENS)
    bodies = NONE
    for k in range(8):
        model.begin(noise(kind, k))
        bodies = update(model, bodies, 0.2)
        assert len(bodies.weights) <= MOST
    if kind in ("none", "undecided"):
        assert len(bodies.weights) == 0


def test_two_bodies_never_stand_in_one_place() -> None:
    """Components that were just fitted are at least a body apart."""
    model = BodyModel(LENS)
    bodies = fitted(model, [noise("all", 0)])
    gap = np.hypot(*(bodies.places[:, None] - bodies.places[None]).transpose(2, 0, 1))
    assert len(bodies.places) > 20
    assert gap[~np.eye(len(gap), dtype=bool)].min() >= APART - 1e-9


WAYS: dict[str, Trajectories] = {
    "across": walker((-7, 1), (7, 1), 1.2),
    "back": walker((7, 2.5), (-7, 2.5), 1.4),
    "away": walker((-1, -6), (2, 9), 1.2),
    "towards": walker((-2, 9), (1, -6), 1.2),
    "slow": walker((-5.5, 0), (5.5, 0), 0.7),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("light", [OVERCAST, SUNNY], ids=["overcast", "sunny"])
def test_one_who_walks_is_one(way: str, light: Light) -> None:
    """After a second in the area a walker is one person, wherever they go, in sun and shade."""
    frames = film(WAYS[way], 9, light=light)
    found = counts(watch(frames, estimator(light=light)), 4.5, 7.5)
    assert found.mean() == pytest.approx(1, abs=0.15)
    assert found.max() < 1.5


def test_a_walker_is_where_they_walk() -> None:
    """The place is within a third of a metre, and the velocity turns to the walker's."""
    walks = WAYS["across"]
    watched = watch(film(walks, 9), estimator())
    off = []
    for one in watched:
        if 3 <= one.t < 8:
            true = walks.at(one.t)
            best = int(np.argmax(one.estimate.weights))
            off.append(np.hypot(*(one.estimate.places[best] - true.position[0])))
            assert np.hypot(*(one.estimate.velocities[best] - true.velocity[0])) < 0.6
    assert np.median(off) < 0.33


@pytest.mark.parametrize("gap", [0.6, 0.8, 1.2])
def test_two_abreast_are_two(gap: float) -> None:
    """Two who walk side by side, as the camera sees them, are two."""
    walks = side_by_side((0, -6), (0, 8), 1.2, gap=gap)
    found = counts(watch(film(walks, 9.5), estimator()), 4.5, 9)
    assert found.mean() == pytest.approx(2, abs=0.3)


def test_three_abreast_are_three() -> None:
    """A group of three is three."""
    walks = joined(side_by_side((0, -6), (0, 8), 1.2, gap=1.6), walker((0, -6), (0, 8), 1.2))
    found = counts(watch(film(walks, 9.5), estimator()), 4.5, 9)
    assert found.mean() == pytest.approx(3, abs=0.4)


def test_one_who_passes_behind_another_is_kept() -> None:
    """A person whom another hides for two seconds stays in the count."""
    front = stander((-6, -1), (0.2, -1.0), (6, -1), stay=30)
    behind = walker((-7, 1.5), (7, 1.5), 0.6, begin=4.0)
    found = counts(watch(film(joined(front, behind), 22), estimator()), 9, 21)
    assert found.min() > 1.6
    assert found.max() < 2.5


def test_half_a_person_at_the_pictures_edge_is_a_person() -> None:
    """One who stands where the picture cuts their body in two is counted."""
    area = ((-14.0, -3.0), (14.0, -3.0), (14.0, 5.0), (-14.0, 5.0))
    walks = stander((-3, 1), (-6.95, 1.0), (-3, 1), stay=10)
    watched = watch(film(walks, 9), estimator(area=area), area=area)
    found = counts(watched, 5, 9)
    assert 0.5 < found.mean() < 1.3


def test_a_dark_gap_of_a_second_forgets_nobody_who_is_still_there() -> None:
    """Frames that come late (1 s apart) still follow one who walks."""
    found = counts(watch(film(WAYS["slow"], 15, rate=1), estimator(), rate=1), 4, 13)
    assert found.mean() == pytest.approx(1, abs=0.25)


def test_no_identity_is_kept() -> None:
    """What is known of bodies is where, how fast, how many and how visible: no names or numbers."""
    assert Bodies._fields == ("places", "velocities", "weights", "visible")
    assert set(Estimate._fields) <= {
        "places", "velocities", "weights", "variance", "settled", "noise", "missed", "overlooked",
        "unseen",
    }  # fmt: skip
    watched = watch(film(scripted([((0.0, -4.0, 1.0), (3.0, 0.0, 1.0))]), 2), estimator())
    estimate = watched[-1].estimate
    for part in (estimate.places, estimate.velocities, estimate.weights):
        assert part.dtype == np.float64
