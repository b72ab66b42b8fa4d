"""A lit patch and weather on the ground are no things, though their outline is a thing's."""

import cv2
import numpy as np
from numpy.typing import NDArray
from tests.vision.events.traffic import along, hanging, moment, mover

from plainview.geometry import View
from plainview.vision.events.movers import Mover
from plainview.vision.events.paths import Size
from plainview.vision.events.seen import Seen
from plainview.vision.events.solid import noise_of, solid
from plainview.vision.optics import optics
from plainview.vision.plate import Plate

SIZE = (192, 108)
SQUARE = ((-5.0, 8.0), (5.0, 8.0), (5.0, 20.0), (-5.0, 20.0))
OPTICS = optics(View(calibration=hanging(SIZE, 170.0, 5.0, 20.0), polygon=SQUARE), *SIZE)
WALKER = mover(along((-3.0, 13.0), (0.0, 13.0), 2.0), Size.PERSON)
CAR = mover(along((-8.0, 14.0), (0.0, 14.0), 2.0), Size.VEHICLE)
GRAIN = np.random.default_rng(3).normal(0, 2, SIZE[::-1]).astype(np.float32)


def shown(factor: NDArray[np.float32]) -> Seen:
    """The ground of 60 grey levels times `factor` (h, w), with a sensor's noise."""
    background = np.full(SIZE[::-1], 60, np.uint8)
    luma = np.clip(background * factor + GRAIN, 0, 255).astype(np.uint8)
    evidence = np.where(np.abs(factor - 1) > 0.08, 0.8, -1.0).astype(np.float32)
    noise = np.full(SIZE[::-1], 2.0, np.float32)
    return moment(0.0)._replace(
        luma=luma, background=background, evidence=evidence, plate=Plate(background, noise)
    )


def patch(lightest: float, blur: int) -> Seen:
    """The middle of the picture `lightest` times as light, with a border of `blur` pixels."""
    factor = np.ones(SIZE[::-1], np.float32)
    factor[20:90, 40:150] = lightest
    return shown(np.asarray(cv2.GaussianBlur(factor, (0, 0), blur), np.float32))


def is_thing(seen: Seen, one: Mover) -> bool:
    """Whether `one` is a thing in `seen`."""
    return solid(OPTICS.projection, seen, one, noise_of(seen))


def test_a_lit_patch_is_no_thing() -> None:
    """A headlight's patch brightens the ground and ends over many pixels, whatever its size."""
    for one in (WALKER, CAR):
        assert not is_thing(patch(2.0, 9), one)


def test_what_has_edges_is_a_thing() -> None:
    """Somebody in dark clothes, or in light ones: legs, a coat, a face."""
    for shades in ((0.4, 0.7, 0.5), (1.5, 2.2, 1.8)):
        factor = np.ones(SIZE[::-1], np.float32)
        for k, shade in enumerate(shades):
            factor[40 + 9 * k : 49 + 9 * k, 91 + k : 101 - k] = shade
        assert is_thing(shown(factor), WALKER)


def test_where_nothing_differs_nothing_is_said_against_it() -> None:
    """The measurement has found a body: that is for others to doubt."""
    assert is_thing(shown(np.ones(SIZE[::-1], np.float32)), WALKER)


def test_a_van_behind_a_veil_is_a_thing() -> None:
    """Fog evens out its sides as it does the ground: without its light they differ as they did."""
    factor = np.ones(SIZE[::-1], np.float32)
    factor[20:90, 40:150] = 0.86
    factor[45:60, 40:150] = 0.78
    seen = shown(np.asarray(cv2.GaussianBlur(factor, (0, 0), 5), np.float32))
    assert not is_thing(seen, CAR)
    assert is_thing(seen._replace(veil=0.72), CAR)
