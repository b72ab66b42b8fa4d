"""People who stand from the first frame on: counted by their sway, and posts are not."""

import numpy as np
import pytest
from tests.vision.scenes import counts, film, scaled, view, watch

from plainview.geometry import Point, View
from plainview.synth.camera import hung
from plainview.synth.simulate import scripted
from plainview.synth.trajectories import Trajectories
from plainview.vision.optics import optics
from plainview.vision.plate import Luma, Plate
from plainview.vision.sparse import SparseEstimator
from plainview.vision.standing import Standing

PLACES: tuple[Point, ...] = ((-2.0, 0.0), (0.2, 1.0), (2.0, -0.5))
CAMERA = hung("mast", at=(0.0, -9.0), height=6.5, towards=(0.0, 0.5), hfov=50, size=(400, 224))
VIEW: View = view(CAMERA)
GLASS = optics(VIEW, *CAMERA.size)


def people(*, leaves: float | None = None) -> Trajectories:
    """Three who sway by 2 cm; the last walks off at `leaves` seconds."""
    ways = []
    for k, (x, y) in enumerate(PLACES):
        end = leaves if leaves is not None and k == 2 else 60.0
        times = np.arange(0.0, end, 1.0)
        way = [(t, x + 0.02 * np.sin(0.9 * t + k), y + 0.02 * np.sin(0.6 * t)) for t in times]
        ways.append((*way, (way[-1][0] + 6.0, x + 8.0, y)) if end < 60 else tuple(way))
    return scripted(ways)


def looks(walks: Trajectories) -> list[Luma]:
    """A picture a second of half a minute, as a plate is learned from."""
    return [scaled(luma, GLASS.size) for _, luma in film(walks, 28, camera=CAMERA, rate=1)]


@pytest.fixture(scope="module")
def stood() -> list[Luma]:
    """Three people stand there all the time."""
    return looks(people())


def test_who_sways_in_the_plate_is_found_where_they_stand(stood: list[Luma]) -> None:
    """Three people, each within half a metre."""
    by = Standing(GLASS, Plate.learn(stood), stood)
    certain = by.bodies.places[by.bodies.weights > 0.5]
    assert len(certain) == 3
    for place in PLACES:
        assert np.hypot(*(certain - place).T).min() < 0.5
    assert not by.bodies.velocities.any()
    assert by.new()
    assert not by.new()


def test_what_stands_like_a_post_is_nobody(stood: list[Luma]) -> None:
    """The same picture over and over, with the camera's noise, shows nobody; and is known to."""
    generator = np.random.default_rng(1)
    still = [
        np.clip(stood[0] + generator.normal(0, 2, stood[0].shape), 0, 255).astype(np.uint8)
        for _ in range(28)
    ]
    by = Standing(GLASS, Plate.learn(still), still)
    assert len(by.bodies.weights) == 0
    assert by.alive.mean() < 0.02


def test_who_stands_from_the_first_frame_on_is_counted_until_they_go() -> None:
    """Three are counted in the plate; when one has walked off, two, and no ghost in their place."""
    walks = people(leaves=34.0)
    frames = looks(walks)
    by = SparseEstimator(VIEW, GLASS, Plate.learn(frames), frames=frames)
    seen = watch(film(walks, 26, camera=CAMERA, rate=2, begin=28), by, rate=2)
    assert counts(seen, 28.4, 33).min() == pytest.approx(3, abs=0.3)
    assert counts(seen, 48, 54).mean() == pytest.approx(2, abs=0.3)


def test_what_sways_around_a_body_as_well_is_not_alone(stood: list[Luma]) -> None:
    """Each of three who stand apart is alone; in a picture that sways all over, nobody is."""
    by = Standing(GLASS, Plate.learn(stood), stood)
    assert by.alone().all()
    by._sway._sum[:] = by._sway._looks
    assert not by.alone().any()


def test_without_its_frames_a_plate_is_looked_into_over_time() -> None:
    """A saved plate comes without pictures: who stands in it is found after some looks."""
    frames = looks(people())
    by = SparseEstimator(VIEW, GLASS, Plate.learn(frames))
    seen = watch(film(people(), 30, camera=CAMERA, rate=2), by, rate=2)
    assert counts(seen, 0, 2).mean() < 0.5
    assert counts(seen, 26, 30).mean() == pytest.approx(3, abs=0.5)
