from types import SimpleNamespace
from typing import cast

import cv2
import numpy as np
import pytest
from tests.vision.events.stage import Stage

from plainview.geometry import project
from plainview.vision.events.seen import Seen
from plainview.vision.events.stillness import Blob, Stillness, apart
from plainview.vision.events.unshaded import unshaded
from plainview.vision.foreground import SHADOW

STAGE = Stage()


def cut(metres: tuple[float, float], shade: int = 30) -> tuple[Blob, Blob]:
    """A cloud's shadow, and what is told from it where something so wide and high stands in it.

    It leaves 70 grey levels of 100, the thing `shade`.
    """
    optics = STAGE.optics
    width, height = optics.size
    corners = [(0.4 + x, 0.8, z) for x in (-metres[0] / 2, metres[0] / 2) for z in (0, metres[1])]
    pixels, _ = project(optics.projection, corners)
    x0, y0, x1, y1 = (round(float(v)) for v in (*pixels.min(axis=0), *pixels.max(axis=0)))
    evidence = np.full((height, width), SHADOW, np.float32)
    luma = np.full((height, width), 70, np.uint8)
    evidence[y0 : y1 + 1, x0 : x1 + 1], luma[y0 : y1 + 1, x0 : x1 + 1] = 1.0, shade
    ground = np.full((height, width), 100, np.uint8)
    cloud = Blob((0, 0), np.ones((height, width), np.uint8), 2.0)
    seen = cast(Seen, SimpleNamespace(evidence=evidence, luma=luma, background=ground, t=9.0))
    return cloud, unshaded(optics, Stillness(optics), cloud, seen)


def test_a_thing_in_a_clouds_shadow_is_told_from_it_and_came_when_it_did() -> None:
    """However little of the shadow it is; the shadow had come before."""
    cloud, thing = cut((0.5, 0.4))
    assert 0 < thing.mask.sum() < 0.1 * cloud.mask.sum()
    assert thing.whole.sum() == cloud.mask.sum()
    assert thing.since == 9.0


@pytest.mark.parametrize("metres", [(0.03, 0.03), (0.6, 1.75)], ids=["speck", "person"])
def test_what_is_of_no_things_size_stays_in_its_shadow(metres: tuple[float, float]) -> None:
    """A speck is not cut out of a shadow, nor is somebody."""
    cloud, thing = cut(metres)
    assert thing is cloud


def test_what_is_as_dark_as_its_shadow_is_a_piece_of_it() -> None:
    """The rim of a large dark thing surely differs, and the rest of it as a shadow does."""
    cloud, thing = cut((0.5, 0.4), shade=66)
    assert thing is cloud


def test_a_bag_of_which_little_is_surely_no_shadow_is_the_whole() -> None:
    """By night its side is as dark as a shadow: its rim alone is no thing."""
    optics = STAGE.optics
    width, height = optics.size
    whole, rim = np.zeros((2, height, width), np.uint8)
    cv2.rectangle(whole, (150, 100), (164, 110), 1, -1)
    cv2.rectangle(rim, (150, 100), (164, 103), 1, -1)
    evidence = np.where(rim > 0, 1.0, np.where(whole > 0, SHADOW, -1.0)).astype(np.float32)
    seen = cast(Seen, SimpleNamespace(evidence=evidence))
    bag = Blob((0, 0), whole, 2.0)
    assert apart(bag, evidence) is not bag
    assert unshaded(optics, Stillness(optics), bag, seen) is bag
