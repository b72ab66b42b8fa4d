"""A lens's view over a day: when it looks, what it tells, what is drawn without a plate."""

import cv2
import numpy as np
from numpy.typing import NDArray
from tests.vision.scenes import view

from plainview.record import Cell, Health, Reading, encode, pack_cells
from plainview.redacted import (
    LEARNED_TAG,
    LOOKS_TAG,
    NEEDED_LOOKS,
    ViewState,
    read_picture,
    read_view_looks,
    read_view_plate,
)
from plainview.vision.view.blocks import Blocks
from plainview.vision.view.day import EVERY
from plainview.vision.view.draw import STRIP, touched
from plainview.vision.view.learn import MOMENT_EVERY, MOMENTS, VOTES
from plainview.vision.view.redactor import Redactor

VIEW = view()
SIZE = (112, 63)
RANDOM = np.random.default_rng(3)
SCENE = RANDOM.integers(60, 180, SIZE[::-1], np.uint8)
NONE = np.zeros(SIZE[::-1], np.uint8)
NX = VIEW.grid().shape[0]


def told(redactor: Redactor, hours: range) -> list[bytes]:
    """What it tells in those two-hour parts of a day, of each its first quarter of an hour."""
    found = []
    for part in hours:
        for k in range(VOTES * MOMENTS + 8):
            t = 1e9 + part * EVERY / 1000 + k * MOMENT_EVERY
            redactor.look(SCENE, NONE.astype(np.float32), NONE, t, trusted=True)
            while (one := redactor.plate()) is not None:
                found.append(one)
    return found


def seen(jpeg: bytes) -> NDArray[np.uint8]:
    """(h, w, 3) of a picture."""
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def test_looks_are_told_as_they_come_and_a_plate_after_sixteen_hours() -> None:
    """A lens that is started anew in between goes on from what the last one told."""
    half = NEEDED_LOOKS // 2
    first = told(Redactor(VIEW, SIZE, None), range(half))
    assert [one.startswith(LOOKS_TAG) for one in first] == [True] * half
    looks = first[-1].removeprefix(LOOKS_TAG)
    assert read_view_looks(looks).looks == half
    rest = told(Redactor(VIEW, SIZE, None, looks), range(half, NEEDED_LOOKS))
    assert [one.startswith(LEARNED_TAG) for one in rest[-2:]] == [True, False]
    assert sum(one.startswith(LEARNED_TAG) for one in rest) == 1
    assert read_view_plate(rest[-2].removeprefix(LEARNED_TAG)).votes == NEEDED_LOOKS


def test_without_a_plate_ground_and_numbers_are_drawn_and_nothing_of_the_picture() -> None:
    """Blocks over plain ground, whatever was looked at; grey where the camera is not believed."""
    blocks = Blocks(VIEW, SIZE)
    empty = Reading(1000, 1000, 5, 0, 0, 0, 0, 8, 1, NX, (), (), (), ())
    cells = pack_cells([Cell(NX // 2, VIEW.grid().shape[1] // 2, 2.0, 1.0, 0.0, 0.0)], NX)
    full = Reading(3000, 1000, 5, 0, 48, 16, 90, 8, 1, NX, cells, (), (), ())
    drawn = []
    for scene in (SCENE, 255 - SCENE):
        redactor = Redactor(VIEW, SIZE, None)
        redactor.look(scene, NONE.astype(np.float32), NONE, 1e9, trusted=True)
        pictures = [redactor.picture(encode(one)) for one in (empty, full)]
        assert redactor.picture(encode(full)) is None
        drawn.append(pictures)
    assert drawn[0] == drawn[1]
    bare, people = (read_picture(one) for one in drawn[0] if one is not None)
    assert (bare.state, people.state) == (ViewState.NO_PLATE, ViewState.NO_PLATE)
    a, b = (seen(p.jpeg)[:-STRIP] for p in (bare, people))
    changed = np.abs(a.astype(int) - b).max(axis=2) > 40
    assert changed.any()
    assert not np.any(changed & ~touched(blocks, full, SIZE))
    ill = Reading(5000, 1000, 5, 0, 48, 16, 90, 8, 1, NX, cells, (), (Health.BLIND,), ())
    grey = redactor.picture(encode(ill))
    assert grey is not None
    assert read_picture(grey).state is ViewState.UNHEALTHY
