"""A plate that was learned through smoke is held against what the view showed first."""

import cv2
import numpy as np
from tests.vision.events.traffic import moment

from plainview.vision.events.first import LOOKS, FirstPicture
from plainview.vision.plate import Luma, Plate

GROUND: Luma = np.random.default_rng(3).integers(90, 150, (160, 240)).astype(np.uint8)
GROUND = np.asarray(cv2.resize(GROUND[::2, ::2], (240, 160)), dtype=np.uint8)


def smoky() -> Luma:
    """The ground behind a veil that takes half of its contrast, in the middle."""
    image = GROUND.astype(np.float32)
    image[40:120, 60:180] = 0.5 * image[40:120, 60:180] + 60
    return np.asarray(image, dtype=np.uint8)


def behind(first: Luma, plate: Luma) -> Luma:
    """What is taken for the scene behind, where `first` was seen before `plate` was learned."""
    picture = FirstPicture()
    known = Plate(plate, np.full(plate.shape, 2.0, np.float32))
    for k in range(LOOKS):
        picture.note(moment(k * 0.6)._replace(luma=first, background=plate, plate=known))
    return picture.behind(plate)


def test_where_the_plate_is_veiled_the_first_picture_counts() -> None:
    """Elsewhere it is the plate; and a clear plate stays as it is."""
    found = behind(GROUND, smoky())
    assert np.abs(found[60:100, 80:160].astype(int) - GROUND[60:100, 80:160]).max() <= 1
    assert np.array_equal(found[:20], GROUND[:20])
    assert behind(GROUND, GROUND) is GROUND


def test_what_was_veiled_first_is_not_brought_back() -> None:
    """Fog that has gone since: the plate is the clear one."""
    assert np.array_equal(behind(smoky(), GROUND), GROUND)
