"""What a view showed first, where its plate shows what came only later."""

import cv2
import numpy as np
from tests.vision.events.stage import Stage

from plainview.vision.bodies import NONE
from plainview.vision.events.founding import LOOKS, Founding
from plainview.vision.events.seen import Seen
from plainview.vision.plate import Luma, Plate

STAGE = Stage()
HEAD = np.s_[56:63, 100:107]
TAPE = np.s_[70:73, 20:300]


def _empty() -> Luma:
    return STAGE.picture([])


def _founded(first: Luma, plate: Plate) -> Founding:
    """What is known of a view that showed `first` (h, w) at first, and has `plate`."""
    founding = Founding()
    for k in range(LOOKS + 1):
        seen = Seen(
            0.6 * k, 0.6, first, None, plate.luma, np.full(first.shape, -1.0, np.float32),
            np.zeros_like(first), NONE, plate, trusted=True,
        )  # fmt: skip
        founding.note(seen)
    return founding


def _striped(luma: Luma, bright: int) -> Luma:
    """`luma` (h, w) with a tape whose stripes begin at pixel `bright`."""
    out = luma.copy()
    out[TAPE][:, bright::14] = out[TAPE][:, bright + 1 :: 14] = 240
    out[TAPE][:, bright + 2 :: 14] = 240
    return out


def test_a_head_is_of_the_plate_though_a_tape_that_moved_joins_it() -> None:
    """The tape has as much outline in both; the head over it has one in the plate alone."""
    first = _striped(_empty(), 0)
    learned = _striped(_empty(), 7)
    learned[HEAD] = 20
    learned = np.asarray(cv2.GaussianBlur(learned, (3, 3), 0.7), np.uint8)
    first = np.asarray(cv2.GaussianBlur(first, (3, 3), 0.7), np.uint8)
    plate = Plate(learned, np.full(learned.shape, 1.5, np.float32))
    behind = _founded(first, plate).behind(plate)
    assert abs(float(behind[HEAD].mean()) - float(first[HEAD].mean())) < 6
    assert np.array_equal(behind[80:, :], learned[80:, :])


def test_what_went_after_the_first_seconds_is_no_ghost() -> None:
    """Who stood there first has his outline in the first picture: the plate is true."""
    first = _empty()
    first[HEAD] = 20
    learned = _empty()
    plate = Plate(learned, np.full(learned.shape, 1.5, np.float32))
    assert np.array_equal(_founded(first, plate).behind(plate), learned)
