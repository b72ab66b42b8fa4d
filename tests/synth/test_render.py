"""The renderer: bodies, shadows and faults stand in the picture where the truth says."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.geometry import project
from plainview.synth.body import dressed, people
from plainview.synth.camera import hung
from plainview.synth.cast import Mover
from plainview.synth.light import OVERCAST, SUNNY, Lamp, Light
from plainview.synth.picture import Fault, FaultKind, Sensor
from plainview.synth.render import Renderer
from plainview.synth.scenery import Box, World
from plainview.synth.simulate import empty, stander, walker
from plainview.synth.trajectories import Trajectories

CAMERA = hung("c", at=(0, -9), height=4, towards=(0, 0), hfov=60, size=(320, 180))
CLEAN = replace(OVERCAST, noise=0.0, drift=0.0)
PLAIN = World(ground="concrete")
WALK = walker((-4.0, 0.0), (4.0, 0.0), 1.2)


def _luma(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(picture.astype(np.float64).mean(axis=2))


def _changed(
    walks: Trajectories, t: float, *, light: Light = CLEAN, world: World = PLAIN
) -> NDArray[np.float64]:
    """(h, w) how far the picture with people differs from the picture without."""
    there = Renderer(world, CAMERA, walks, light, seed=1).frame(t)
    bare = Renderer(world, CAMERA, empty(), light, seed=1).frame(t)
    return np.abs(_luma(there) - _luma(bare))


@pytest.mark.parametrize("t", [0.5, 2.0, 4.5, 6.0])
def test_a_body_is_in_its_box_and_fills_it(t: float) -> None:
    """Almost all change lies in the true box, which reaches from the feet to the head's top."""
    renderer = Renderer(PLAIN, CAMERA, WALK, CLEAN, seed=1)
    _, (box,) = renderer.boxes(t)
    change = _changed(WALK, t) > 14
    rows, columns = np.nonzero(change)
    inside = (np.abs(columns - box.x) <= box.width / 2 + 2) & (
        np.abs(rows - box.y) <= box.height / 2 + 2
    )
    assert inside.mean() > 0.92, "what is left is the shadow at the feet"
    assert np.ptp(rows) > 0.85 * box.height
    place = WALK.at(t).position[0]
    pixels, _ = project(CAMERA.matrix(), [(*place, 0.0), (*place, float(WALK.height[0]))])
    assert box.y + box.height / 2 == pytest.approx(pixels[0, 1], abs=3)
    assert box.y - box.height / 2 == pytest.approx(pixels[1, 1], abs=3)


def test_equal_arguments_give_equal_frames() -> None:
    """A seed repeats every pixel, the noise too; another seed does not."""
    a, b, c = (Renderer(PLAIN, CAMERA, WALK, SUNNY, seed=s) for s in (5, 5, 6))
    assert np.array_equal(a.frame(2.0), b.frame(2.0))
    assert not np.array_equal(a.frame(3.0), c.frame(3.0))


def test_the_sun_casts_a_shadow_from_the_feet_away_from_it() -> None:
    """In the sun the ground beside the feet, away from the sun, is darkened; not when overcast."""
    light = replace(SUNNY, noise=0.0, azimuth=180.0, elevation=35.0)
    walk = stander((0.0, 3.0), (0.0, 0.0), (0.0, -3.0), stay=9.0)
    bare = Renderer(PLAIN, CAMERA, empty(), light, seed=1).frame(5.0)
    there = Renderer(PLAIN, CAMERA, walk, light, seed=1).frame(5.0)
    darker = _luma(bare) - _luma(there)
    # The sun stands in the west (azimuth 180), so the shadow of the trunk falls eastwards.
    east, west = (
        project(CAMERA.matrix(), [(1.6, 0.0, 0.0), (-1.6, 0.0, 0.0)])[0].round().astype(int)
    )
    assert darker[east[1], east[0]] > 12
    assert abs(darker[west[1], west[0]]) < 5
    assert _changed(walk, 5.0)[east[1], east[0]] < 5


def test_scenery_in_front_hides_people() -> None:
    """A wall between camera and person hides all; behind the person it hides nothing."""
    front = World(ground="concrete", boxes=(Box(0, -2.0, 14, 0.3, 2.6),))
    behind = World(ground="concrete", boxes=(Box(0, 2.0, 14, 0.3, 2.6),))
    assert (_changed(WALK, 3.0, world=front) > 14).sum() == 0
    assert (_changed(WALK, 3.0, world=behind) > 14).sum() > 200


def test_the_nearer_person_hides_the_farther() -> None:
    """Two in one line of sight are drawn far one first."""
    looks = dressed(np.array([1.8, 1.8]), np.random.default_rng(1))
    place, zero = np.array([[0.0, -2.0], [0.0, 1.0]]), np.zeros(2)
    parts = people(looks, place, zero, zero, zero, 0.0)
    assert parts.start.shape[0] == 2
    assert parts.end[..., 2].max() < 1.8
    assert parts.start[0, :, 1].mean() == pytest.approx(-2.0, abs=0.1)
    near = _changed(walker((-1, -2.0), (1, -2.0), 0.5), 2.0) > 14
    far = _changed(walker((-1, 1.0), (1, 1.0), 0.5), 2.0) > 14
    assert near.sum() > far.sum() > 50


def test_people_of_all_heights_reach_their_height() -> None:
    """A standing body's highest point is its height within two per cent, its lowest the ground."""
    heights = np.linspace(1.55, 1.95, 9)
    looks = dressed(heights, np.random.default_rng(3))
    zero = np.zeros(9)
    parts = people(looks, np.zeros((9, 2)), zero, zero, zero, 0.0)
    top = np.maximum(
        parts.start[..., 2] + parts.start_radius, parts.end[..., 2] + parts.end_radius
    ).max(axis=1)
    low = np.minimum(
        parts.start[..., 2] - parts.start_radius, parts.end[..., 2] - parts.end_radius
    ).min(axis=1)
    assert np.allclose(top / heights, 1.0, atol=0.02)
    assert np.allclose(low, 0.0, atol=0.03)


@pytest.mark.parametrize(
    ("kind", "amount"),
    [("covered", 1.0), ("partly-covered", 0.6), ("sprayed", 1.0), ("moved", 6.0),
     ("defocus", 4.0), ("dark", 1.0), ("frozen", 1.0)],
)  # fmt: skip
def test_each_fault_does_what_it_says(kind: FaultKind, amount: float) -> None:
    """During the fault the picture changes as its name says; after it the scene is back."""
    fault = Fault(kind, 2.0, 3.0, amount)
    renderer = Renderer(PLAIN, CAMERA, WALK, OVERCAST, faults=(fault,), seed=1)
    sound = _luma(renderer.frame(1.9))
    faulty = _luma(renderer.frame(2.5))
    back = _luma(renderer.frame(3.1))
    assert np.abs(back - sound).mean() < 8
    detail = [float(np.abs(np.diff(p, axis=1))[:, 40:-40].mean()) for p in (sound, faulty)]
    if kind == "frozen":
        assert np.array_equal(sound, faulty)
    elif kind == "dark":
        assert faulty.mean() < 0.4 * sound.mean()
    elif kind in ("covered", "sprayed", "defocus"):
        blocks = [p[:180, :320].reshape(18, 10, 32, 10).mean(axis=(1, 3)) for p in (sound, faulty)]
        assert kind != "covered" or blocks[1].std() < 0.3 * blocks[0].std()
        assert kind != "defocus" or detail[1] < detail[0]
        assert kind != "sprayed" or np.abs(blocks[1] - blocks[0]).mean() > 10
    elif kind == "partly-covered":
        assert faulty[:, :80].mean() < 0.5 * sound[:, :80].mean()
        assert np.abs(faulty - sound)[:, 300:].mean() < 8
    else:
        assert np.abs(faulty - sound).mean() > 3


def test_light_over_time() -> None:
    """Exposure steps, clouds, lamps and drift change the picture as told."""
    stepped = replace(CLEAN, steps=((2.0, 0.5),))
    r = Renderer(PLAIN, CAMERA, empty(), stepped, seed=1)
    assert _luma(r.frame(1.0)).mean() > 1.2 * _luma(r.frame(4.0)).mean()
    cloudy = Renderer(PLAIN, CAMERA, empty(), replace(SUNNY, clouds=0.9, noise=0), seed=1)
    means = [_luma(cloudy.frame(t)).mean() for t in (0.0, 15.0, 30.0, 45.0)]
    assert np.ptp(means) > 4
    night = Light(sky=0.02, lamps=(Lamp(-3, 0, 5, 1.0),), noise=0.0, brightness=0.3)
    dim = _luma(Renderer(PLAIN, CAMERA, WALK, night, seed=1).frame(2.0))
    under, off = project(CAMERA.matrix(), [(-3, 0, 0), (5, 0, 0)])[0].round().astype(int)
    assert dim[under[1], under[0]] > 1.5 * dim[off[1], off[0]]
    assert night.level(1.0) == 1.0
    assert replace(night, flicker=0.1, flicker_hz=1.0).level(0.25) == pytest.approx(1.1)


@pytest.mark.parametrize(("kind", "least"), [("car", 1500), ("dog", 60)])
def test_movers_are_drawn_and_leave(kind: str, least: int) -> None:
    """A car and a dog cross the picture, are in no box, and are gone when their way ends."""
    mover = Mover(kind, ((0.0, -4.0, 0.0), (4.0, 4.0, 0.0)), 0.5)
    r = Renderer(PLAIN, CAMERA, empty(), CLEAN, movers=(mover,), seed=1)
    bare = _luma(Renderer(PLAIN, CAMERA, empty(), CLEAN, seed=1).frame(2.0))
    assert (np.abs(_luma(r.frame(2.0)) - bare) > 12).sum() > least
    assert r.boxes(2.0)[1] == []
    assert (np.abs(_luma(r.frame(9.0)) - bare) > 12).sum() == 0


def test_people_at_the_camera_and_behind_it_do_no_harm() -> None:
    """Someone right under or behind the camera, or far outside the picture, breaks nothing."""
    walks = walker((0.0, -16.0), (0.0, 30.0), 4.0)
    r = Renderer(PLAIN, CAMERA, walks, SUNNY, sensor=Sensor(shake=0.7), seed=1)
    for t in np.arange(0.0, 11.0, 0.5):
        assert r.frame(float(t)).shape == (180, 320, 3)
