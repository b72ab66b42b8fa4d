"""Obscuring: nothing finer than a block, nothing but what was drawn, a mark on every picture."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plainview.vision.redact_job import Key
from plainview.vision.redact_mark import Mark
from plainview.vision.redact_picture import (
    EVERY,
    FINEST,
    GREY,
    Obscurer,
    block_size,
    blocks,
    bounded,
    shown_at,
)

SIZE = (160, 120)
TRACK = (Key(0, (10, 10, 50, 60)), Key(1_000_000, (40, 20, 80, 70)))


def planes(seed: int, size: tuple[int, int] = SIZE) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture of noise."""
    chance = np.random.default_rng(seed)
    width, height = size
    shapes = ((height, width), (height // 2, width // 2), (height // 2, width // 2))
    one, two, three = (chance.integers(0, 256, shape, dtype=np.uint8) for shape in shapes)
    return one, two, three


@given(st.integers(16, 400), st.integers(16, 400), st.integers(0, 9))
def test_a_block_is_flat_and_coarse(height: int, width: int, seed: int) -> None:
    """Each block has one brightness out of 16, and is 32 pixels or a twelfth of the height."""
    luma = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    side = block_size(height)
    assert side >= max(FINEST, height / 12)
    shown = blocks(luma, side)
    assert shown.shape == luma.shape
    assert set(np.unique(shown)) <= set(range(8, 256, 16))
    for y in range(0, height, side):
        for x in range(0, width, side):
            assert len(np.unique(shown[y : y + side, x : x + side])) == 1


@given(st.integers(0, 2**31), st.integers(0, 2_000_000))
def test_outside_of_a_region_only_means_of_blocks_are_left(seed: int, t: int) -> None:
    """Pixels changed outside without changing a block's step change nothing; no colour there."""
    obscurer = Obscurer(SIZE, (TRACK,), 0.25)
    picture = planes(seed)
    luma, *chroma = obscurer.obscure(picture, t)
    rect = shown_at(TRACK, t)
    inside = np.zeros(luma.shape, bool)
    if rect is not None:
        x0, y0, x1, y1 = bounded(rect, SIZE)
        inside[y0:y1, x0:x1] = True
        assert x0 >= rect[0]
        assert y1 <= rect[3]
    assert np.array_equal(luma[inside], picture[0][inside])
    assert np.array_equal(luma[~inside], blocks(picture[0], block_size(120))[~inside])
    for plane in chroma:
        assert (plane[~inside[::2, ::2]] == GREY).all()
    assert (rect is None) == (t > 1_000_000)


def test_blocks_stay_for_half_a_second() -> None:
    """A mosaic that changed with every picture could be put together again."""
    obscurer = Obscurer(SIZE, (), 0.25)
    first = obscurer.obscure(planes(1), 0)[0]
    assert np.array_equal(obscurer.obscure(planes(2), EVERY - 1)[0], first)
    assert not np.array_equal(obscurer.obscure(planes(2), EVERY)[0], first)


def test_regions_beyond_their_share_or_of_another_size_show_nothing() -> None:
    """Fail closed: more than was approved, or a picture on which they were not drawn."""
    picture = planes(1)
    narrow = Obscurer(SIZE, (TRACK,), 0.05).obscure(picture, 500_000)[0]
    assert np.array_equal(narrow, blocks(picture[0], block_size(120)))
    other = planes(1, (320, 240))
    assert np.array_equal(
        Obscurer(SIZE, (TRACK,), 1.0).obscure(other, 500_000)[0], blocks(other[0], block_size(240))
    )


def test_every_picture_names_its_release() -> None:
    """Over a black, a white and a grey picture; the time moves with it."""
    mark = Mark(SIZE, "PLAINVIEW RELEASE 3f9a1c2b7d", ruler=True)
    shown = []
    for level in (0, 255, 128):
        drawn = tuple(np.full(p.shape, level, np.uint8) for p in planes(1))
        mark.draw(drawn, 1_795_000_000_000_000, camera="north")  # type: ignore[arg-type]
        assert (drawn[0][:-20] != level).mean() > 0.01
        shown.append(drawn[0])
    again = tuple(np.full(p.shape, 128, np.uint8) for p in planes(1))
    mark.draw(again, 1_795_000_007_000_000, camera="north")  # type: ignore[arg-type]
    assert not np.array_equal(again[0], shown[2])
    assert np.array_equal(again[0][:-20], shown[2][:-20])
