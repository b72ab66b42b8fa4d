"""A picture beside its plate is set right; one that is not, or says nothing, is left alone."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from tests.vision.scenes import view

from plainview.record import EventKind, Health, decode
from plainview.vision.events.eyes import Eyes
from plainview.vision.events.seen import Seen
from plainview.vision.measure import Measurer
from plainview.vision.plate import Luma, Plate
from plainview.vision.scene import FrameStore
from plainview.vision.spec import LensSpec
from plainview.vision.steady import Steady, steadied

SIZE = (320, 180)


def textured(x: float = 0.0, y: float = 0.0) -> Luma:
    """Paving, seen by a camera that has swayed so that all is `x`, `y` pixels farther on."""
    rough = np.random.default_rng(1).uniform(0, 255, (SIZE[1] // 6, SIZE[0] // 6))
    scene = cv2.resize(rough.astype(np.float32), SIZE, interpolation=cv2.INTER_CUBIC)
    back = np.array([[1.0, 0.0, x], [0.0, 1.0, y]])
    moved = cv2.warpAffine(scene, back, SIZE, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(np.clip(0.5 * moved + 60, 0, 255), dtype=np.uint8)


@pytest.mark.parametrize("shift", [(1.6, -1.1), (-2.0, 0.4), (0.3, 2.2), (-6.5, 3.0), (2.0, 8.0)])
def test_a_shift_of_some_pixels_is_found_and_taken_back(shift: tuple[float, float]) -> None:
    """In another light too, and where somebody stands before a tenth of it."""
    now = np.asarray(0.8 * textured(*shift), dtype=np.uint8)
    now[20:110, 100:160] = 30
    found = Steady().shift(now, textured())
    assert found == pytest.approx(shift, abs=0.15)
    inside = np.s_[12:-12, 12:-12]
    back = steadied(textured(*shift), np.array(shift))
    assert np.abs(back[inside].astype(int) - textured()[inside]).mean() < 2.0


def test_what_is_hardly_beside_its_plate_or_says_nothing_is_left_alone() -> None:
    """Half a pixel is within what each edge may differ by; plain ground and noise tell of none."""
    noise = np.random.default_rng(2).normal(0, 4, SIZE[::-1])
    assert Steady().shift(textured(0.2, 0.1), textured()) is None
    assert Steady().shift(textured(40.0, 9.0), textured()) is None
    plain = np.full(SIZE[::-1], 120, dtype=np.uint8)
    assert Steady().shift(np.asarray(plain + noise, dtype=np.uint8), plain) is None
    assert Steady().shift(plain, textured()) is None


def test_light_on_one_side_of_an_edge_is_no_shift() -> None:
    """A cloud's shadow leaves the wall and not the ground: the edge between them seems to move."""
    wall = np.full(SIZE[::-1], 80, dtype=np.uint8)
    wall[:60] = 140
    lit = wall.copy()
    lit[:60] = 160
    plate, now = (np.asarray(cv2.GaussianBlur(one, (0, 0), 2.0), np.uint8) for one in (wall, lit))
    assert Steady().shift(now, plate) is None


def test_a_camera_that_sways_sees_the_scene_and_not_its_edges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before its plate nothing differs, and what detectors of events are given is set right."""
    given: list[Seen] = []
    monkeypatch.setattr(Eyes, "frame", lambda _, seen: given.append(seen))
    noise = np.full(SIZE[::-1], 2.0, dtype=np.float32)
    spec = LensSpec(view=view(), live=True, events=(EventKind.FIRE,))
    measurer = Measurer(spec, plate=Plate(textured(), noise).to_bytes())
    for k in range(4):
        measurer.frame(textured(1.8 * np.sin(1.7 * k), 1.2 * np.cos(1.7 * k)), k / 5)
    assert len(given) == 4
    for seen in given:
        assert (seen.evidence[8:-8, 8:-8] > 0).mean() < 0.01


def swaying(k: int, far: float) -> Luma:
    """Picture `k` of five a second from a mast in a gale, `far` pixels to and fro."""
    return textured(far * np.sin(0.35 * k), 0.7 * far * np.cos(0.35 * k))


def test_a_plate_is_learned_from_a_camera_that_sways() -> None:
    """It is as sharp as the scene, and shows the camera's middle."""
    store = FrameStore()
    for k in range(28):
        store.add(swaying(k, 4.0))
    inside = np.s_[12:-12, 12:-12]
    learned = store.learn().luma
    back = Steady().shift(learned, textured())
    assert back is None or np.hypot(*back) < 1.5
    learned = learned if back is None else steadied(learned, back)
    assert np.abs(learned[inside].astype(int) - textured()[inside]).mean() < 4.0
    smeared = Plate.learn([swaying(k, 4.0) for k in range(28)]).luma
    assert np.abs(smeared[inside].astype(int) - textured()[inside]).mean() > 8.0


def told(pictures: Sequence[Luma]) -> list[bool]:
    """For each picture, five a second, whether the camera is said to have moved."""
    noise = np.full(SIZE[::-1], 2.0, dtype=np.float32)
    measurer = Measurer(LensSpec(view=view(), live=True), plate=Plate(textured(), noise).to_bytes())
    said = []
    for k, picture in enumerate(pictures):
        measurer.frame(picture, k / 5)
        if k % 5 == 4:
            (data,) = measurer.interval(1000 * (k + 1) // 5, 1000, dropped=0, health=())
            said.append(Health.MOVED in decode(data).health)
    return said


def test_a_camera_in_a_gale_is_not_said_to_be_knocked_aside() -> None:
    """It is for longer than three seconds beside its plate, by more than such a move."""
    assert not any(told([swaying(k, 7.0) for k in range(150)]))
    knocked = [swaying(k, 7.0) for k in range(75)] + [textured(6.0, -4.0)] * 75
    assert any(told(knocked)[18:28])
