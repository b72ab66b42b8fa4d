from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from tests.vision.events.stage import Solid, Stage, box, hull, limb, lying, sitting, standing

from plainview.vision.events.fallen import fell
from plainview.vision.events.falling import EVERY, Falling
from plainview.vision.events.stillness import Blob
from plainview.vision.plate import Image

STAGE = Stage()
HERE = np.array([0.0, 1.0])


def evidence(solids: Sequence[Solid]) -> Image:
    """(h, w) 1 where `solids` are seen, else -1."""
    width, height = STAGE.optics.size
    image = np.zeros((height, width), np.uint8)
    for solid in solids:
        cv2.fillPoly(image, [hull(STAGE.optics, solid)], 1, cv2.LINE_8, 4)
    return np.where(image > 0, np.float32(1), np.float32(-1))


def sank(moments: Sequence[Sequence[Solid]], rests: Sequence[Solid]) -> float:
    """Metres that the top sank where `rests` is in the end, after one of `moments` a frame."""
    falling = Falling(STAGE.optics)
    for k, solids in enumerate([*moments, *[rests] * 8]):
        falling.note(k * EVERY, evidence(solids))
    mask = np.asarray(evidence(rests) > 0, dtype=np.uint8)
    return falling.sank(Blob((0, 0), mask, 0.0), HERE)[0]


def test_who_falls_sinks_faster_than_who_sits_down() -> None:
    """One upright who lies half a second later fell; who came down as far as a seat did not."""
    upright = [standing(0.0, 1.0)] * 12
    assert fell(sank(upright, lying(0.8, 1.0, 0.0))) == 1.0
    assert fell(sank(upright, sitting(0.0, 1.0))) < 0.25


def test_who_passes_one_who_lay_there_did_not_fall() -> None:
    """Where somebody lay before another stood there, nobody fell as the other went."""
    lies = lying(0.8, 1.0, 0.0)
    passes = [*lies, *standing(0.2, 0.9)]
    assert sank([lies] * 12 + [passes] * 6, lies) == 0.0


def test_a_streak_of_rain_is_nobody_upright() -> None:
    """What is high above the ground for one frame stood nowhere."""
    lies = lying(0.8, 1.0, 0.0)
    empty: list[list[Solid]] = [[]] * 12
    assert sank([*empty, [*lies, *standing(0.2, 0.9)]], lies) == 0.0


def test_who_passed_before_anybody_came_did_not_fall_there() -> None:
    """Where nobody was for seconds after somebody sank from sight, he is not who lies there."""
    upright, litter = [standing(0.0, 1.0)] * 12, [[box(0.1, 1.0, (0.3, 0.3, 0.3))]] * 10
    lies = lying(0.8, 1.0, 0.0)
    assert sank([*upright, *litter], lies) == 0.0


def test_a_coat_that_differs_now_and_then_hides_no_trunk() -> None:
    """Who sits down in a pale coat is as high as what has differed there, not only his legs."""
    falling = Falling(STAGE.optics)
    sits = sitting(0.0, 1.0)
    for k, solids in enumerate([*[standing(0.0, 1.0)] * 12, *[sits[1:2]] * 8]):
        falling.note(k * EVERY, evidence(solids))
    legs, whole = (np.asarray(evidence(one) > 0, np.uint8) for one in (sits[1:2], sits[1:]))
    assert fell(falling.sank(Blob((0, 0), legs, 0.0), HERE)[0]) > 0.8
    assert fell(falling.sank(Blob((0, 0), whole, 0.0), HERE)[0]) < 0.4


def test_one_of_whom_a_third_differs_fell() -> None:
    """A coat as grey as the ground leaves little of him, and that stays."""
    falling = Falling(STAGE.optics)
    lies, shins = lying(0.8, 1.0, 0.0), [limb((0.02, 1.0, 0.1), (0.48, 1.0, 0.11), 0.13, 60)]
    for k, solids in enumerate([*[standing(0.0, 1.0)] * 12, *[shins] * 8]):
        falling.note(k * EVERY, evidence(solids))
    mask = np.asarray(evidence(lies) > 0, np.uint8)
    assert 0.3 < (evidence(shins)[mask > 0] > 0).mean() < 0.4
    assert fell(falling.sank(Blob((0, 0), mask, 0.0), HERE)[0]) == 1.0


def test_who_falls_away_from_the_camera_stood_nearer() -> None:
    """He seems short above where he lies then: he was an adult, and he fell."""
    falling = Falling(STAGE.optics)
    lies = lying(0.0, 1.8, np.pi / 2)
    for k, solids in enumerate([*[standing(0.0, 1.0)] * 12, *[lies] * 8]):
        falling.note(k * EVERY, evidence(solids))
    mask = np.asarray(evidence(lies) > 0, np.uint8)
    assert fell(falling.sank(Blob((0, 0), mask, 0.0), np.array([0.0, 1.8]))[0]) > 0.4


@pytest.mark.parametrize("gap", [30.0, -5.0])
def test_what_was_seen_too_long_ago_is_forgotten(gap: float) -> None:
    """After a pause, or a clock set back, nothing is known of before."""
    falling = Falling(STAGE.optics)
    for k in range(12):
        falling.note(k * EVERY, evidence(standing(0.0, 1.0)))
    lies = evidence(lying(0.8, 1.0, 0.0))
    for k in range(8):
        falling.note(11 * EVERY + gap + k * EVERY, lies)
    assert falling.sank(Blob((0, 0), np.asarray(lies > 0, np.uint8), 0.0), HERE)[0] == 0.0
