"""Velocity in metres per second, at the height of the torso, for bodies of any direction."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.vision.scenes import CAMERA, Luma, view

from plainview.geometry import BODY_HEIGHT, project, to_plane
from plainview.synth.camera import Camera, hung
from plainview.vision.flow import TORSO, Flow, Motion
from plainview.vision.optics import Floats, Optics, optics

DT = 0.2
HALF = 0.24
"""Half the width of the moving body, metres."""
HIGH = hung("high", at=(0.0, -9.0), height=9.0, towards=(0.0, 1.0), hfov=60, size=(320, 180))


def grain(shape: tuple[int, int], seed: int, *, fine: float, level: float, depth: float) -> Luma:
    """A texture, (h, w): patches `fine` pixels in size that vary by `depth` around `level`."""
    noise = np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), fine)
    return np.asarray(np.clip(level + depth * smooth / smooth.std(), 0, 255), dtype=np.uint8)


GROUND = grain((180, 320), 1, fine=1.5, level=140, depth=6)
"""As rough as asphalt."""
COAT = grain((175, 48), 2, fine=9.0, level=70, depth=35)
"""The coat at one centimetre a pixel: what a working picture can resolve of clothes."""


def pictured(
    camera: Camera, place: Floats, noise: int, ground: Luma = GROUND
) -> tuple[Luma, NDArray[np.bool_]]:
    """A board the size of a person, painted with a texture, that faces the camera at `place`."""
    away = place - np.array(camera.position[:2])
    across = np.array([-away[1], away[0]]) / np.hypot(*away) * HALF
    ends = [
        (*(place + side * across), z)
        for z, side in ((BODY_HEIGHT, 1), (BODY_HEIGHT, -1), (0, -1), (0, 1))
    ]
    corners = project(camera.matrix(), ends)[0].astype(np.float32)
    height, width = COAT.shape
    own = np.array([(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)], np.float32)
    transform = cv2.getPerspectiveTransform(own, corners)
    painted = cv2.warpPerspective(COAT, transform, camera.size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full_like(COAT, 255), transform, camera.size) > 127
    picture = np.where(mask, painted, ground).astype(np.float32)
    picture += np.random.default_rng(noise).normal(0, 1.0, picture.shape)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8), mask


def geometry(camera: Camera) -> Optics:
    """At the scale of the pictures here, whatever the working scale is tuned to."""
    one = optics(view(camera), *camera.size)
    return one._replace(
        size=camera.size, projection=camera.matrix(), centre=np.array(camera.position)
    )


def moved(
    camera: Camera, start: Floats, velocity: Floats, frames: int = 14, ground: Luma = GROUND
) -> list[Motion]:
    """The motion measured in each frame while the board goes from `start` at `velocity`."""
    flow = Flow(geometry(camera))
    found, known = [], np.zeros((1, 2))
    for k in range(frames):
        place = start + velocity * DT * k
        luma, mask = pictured(camera, place, k, ground)
        evidence = np.where(mask, 1.0, -1.0).astype(np.float32)
        found.append(flow.measure(luma, evidence, place[None], known, DT))
        known = np.where(np.isnan(found[-1].velocities), known, found[-1].velocities)
    return found


def velocity_of(found: list[Motion]) -> Floats:
    """The median of the later half of what was measured, (2,) m/s."""
    every = np.concatenate([one.velocities for one in found[len(found) // 2 :]])
    known = every[~np.isnan(every[:, 0])]
    assert len(known) >= len(found) // 3
    return np.asarray(np.median(known, axis=0))


@pytest.mark.parametrize("direction", range(0, 360, 45))
@pytest.mark.parametrize("speed", [0.6, 1.3, 2.0])
def test_a_known_velocity_is_recovered(direction: int, speed: float) -> None:
    """In every direction within 10 % and 0.06 m/s; within 15 % and 0.15 m/s, a tenth of a pixel
    towards the camera, where a person is 30 pixels tall.
    """  # noqa: D205 - one sentence
    turn = math.radians(direction)
    velocity = speed * np.array([math.cos(turn), math.sin(turn)])
    for middle, share, floor in ((0.0, 0.0), 0.10, 0.06), ((-2.5, 3.0), 0.15, 0.15):
        found = velocity_of(moved(CAMERA, np.array(middle) - velocity, velocity))
        assert np.hypot(*(found - velocity)) <= share * speed + floor


@pytest.mark.parametrize("direction", [0, 45, 180, 225, 270])
def test_height_parallax_is_corrected(direction: int) -> None:
    """The speed is the torso's; on the ground plane the same shift would be a fifth faster."""
    turn = math.radians(direction)
    velocity = 1.4 * np.array([math.cos(turn), math.sin(turn)])
    start = np.array([0.0, 0.5]) - velocity
    ends = [(*(start + velocity * t), TORSO) for t in (0.8, 1.0)]
    shadows = to_plane(CAMERA.matrix(), project(CAMERA.matrix(), ends)[0])
    on_ground = float(np.hypot(*(shadows[1] - shadows[0]))) / DT
    assert on_ground > 1.2 * 1.4
    found = float(np.hypot(*velocity_of(moved(CAMERA, start, velocity))))
    assert abs(found - 1.4) < 0.4 * (on_ground - 1.4)


def test_what_stands_still_is_below_the_noise() -> None:
    """A standing body has no speed to speak of, and the noise floor says how little."""
    found = moved(CAMERA, np.array([0.5, 1.0]), np.zeros(2), frames=40)
    assert np.hypot(*velocity_of(found)) < 0.05
    noises = [one.noise for one in found if one.noise is not None]
    assert noises
    assert max(noises) < 0.5, "working pixels"


def test_seen_steeply_from_above_it_is_the_same() -> None:
    """A high camera measures the same velocity."""
    velocity = np.array([0.8, -0.9])
    found = velocity_of(moved(HIGH, np.array([-0.8, 2.0]), velocity))
    assert found == pytest.approx(velocity, abs=0.22)


@pytest.mark.parametrize("fine", [1.5, 4.0])
def test_rough_ground_does_not_slow_what_moves_over_it(fine: float) -> None:
    """Paving with as much contrast as people stands still around a walker 20 m away."""
    rough = grain((180, 320), 3, fine=fine, level=120, depth=35)
    velocity = np.array([1.2, 0.0])
    found = velocity_of(moved(CAMERA, np.array([-1.0, 8.0]), velocity, ground=rough))
    assert found == pytest.approx(velocity, abs=0.12)


def test_a_picture_smaller_than_a_window_is_measured() -> None:
    """A camera close above people has a working picture of some 256 by 144."""
    near = hung("near", at=(0.0, -6.0), height=6.0, towards=(0.0, 1.0), hfov=60, size=(256, 144))
    velocity = np.array([0.0, 1.1])
    ground = GROUND[:144, :256]
    found = velocity_of(moved(near, np.array([0.3, -1.0]), velocity, ground=ground))
    assert found == pytest.approx(velocity, abs=0.15)


def test_what_drives_in_is_measured_at_once() -> None:
    """Ten metres a second, and nothing known of it before."""
    velocity = np.array([10.0, 0.0])
    found = moved(CAMERA, np.array([-3.0, 4.0]), velocity, frames=4)
    assert found[1].velocities[0] == pytest.approx(velocity, abs=1.0)


def test_a_flash_does_not_move() -> None:
    """What was in no place of the frame before has no velocity."""
    flow, place = Flow(geometry(CAMERA)), np.array([[0.0, 1.0]])
    _, mask = pictured(CAMERA, place[0], 1)
    evidence = np.where(mask, 1.0, -1.0).astype(np.float32)
    for lit in (0, 90):
        luma = np.clip(GROUND.astype(np.int16) + lit * mask, 0, 255).astype(np.uint8)
        motion = flow.measure(luma, evidence, place, np.zeros((1, 2)), DT)
    assert motion.tried
    assert np.isnan(motion.velocities).all()


def test_after_forgetting_nothing_is_claimed() -> None:
    """The first frame, and the first after a gap, have no velocity."""
    lens = geometry(CAMERA)
    flow = Flow(lens)
    place = np.array([[0.0, 1.0]])
    still = np.zeros((1, 2))
    for _ in range(3):
        flow.forget()
        luma, mask = pictured(CAMERA, place[0], 1)
        motion = flow.measure(luma, np.where(mask, 1, -1).astype(np.float32), place, still, DT)
        assert np.isnan(motion.velocities).all()
        assert motion.noise is None


@pytest.mark.parametrize("size", [(16, 16), (40, 400), (400, 40), (71, 73), (320, 180)])
def test_pictures_and_windows_of_any_size(size: tuple[int, int]) -> None:
    """Bodies anywhere in and beyond pictures of any size give a velocity or none, never a crash."""
    lens = optics(view(CAMERA), *size)
    flow = Flow(lens)
    generator = np.random.default_rng(1)
    places = generator.uniform(-12, 12, (25, 2))
    known = generator.choice([0.0, 1.0], (25, 1)) * generator.normal(0, 2, (25, 2))
    for _ in range(12):
        luma = generator.integers(0, 256, lens.size[::-1], np.uint8)
        evidence = generator.uniform(-1, 1, luma.shape).astype(np.float32)
        motion = flow.measure(luma, evidence, places, known, DT)
        assert motion.velocities.shape == (25, 2)
        fast = np.hypot(*motion.velocities.T)
        assert not np.any(fast[~np.isnan(fast)] > 12)


def test_nobody_moves_nowhere() -> None:
    """No bodies, no velocities."""
    lens = geometry(CAMERA)
    flow = Flow(lens)
    empty = np.empty((0, 2))
    for _ in range(3):
        motion = flow.measure(GROUND, np.full(GROUND.shape, -1, np.float32), empty, empty, DT)
        assert motion.velocities.shape == (0, 2)
