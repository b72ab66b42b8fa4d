"""A picture beside its plate is set right; one that is not, or says nothing, is left alone."""

import cv2
import numpy as np
import pytest
from tests.vision.scenes import view

from plainview.record import EventKind
from plainview.vision.events.eyes import Eyes
from plainview.vision.events.seen import Seen
from plainview.vision.measure import Measurer
from plainview.vision.plate import Luma, Plate
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


@pytest.mark.parametrize("shift", [(1.6, -1.1), (-2.0, 0.4), (0.3, 2.2)])
def test_a_shift_of_a_pixel_or_two_is_found_and_taken_back(shift: tuple[float, float]) -> None:
    """In another light too, and where somebody stands before a tenth of it."""
    now = np.asarray(0.8 * textured(*shift), dtype=np.uint8)
    now[20:110, 100:160] = 30
    found = Steady().shift(now, textured())
    assert found == pytest.approx(shift, abs=0.15)
    inside = np.s_[6:-6, 6:-6]
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
