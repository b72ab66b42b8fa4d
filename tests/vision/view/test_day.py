"""A day of looks: who stands, sits or sleeps through some of them is not in the plate."""

from collections.abc import Callable, Iterable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from numpy.typing import NDArray

from plainview.errors import InputError
from plainview.redacted import (
    LEAST_SPAN,
    MOST_LOOKS,
    NEEDED_LOOKS,
    OLDEST_LOOK,
    RULES,
    AdmittedPlate,
    check_masks,
    encode,
    read_admitted,
    read_view_looks,
    read_view_plate,
)
from plainview.vision.view.day import EVERY, Day
from plainview.vision.view.learn import Look
from plainview.vision.view.scenery import FLAT, GREY, looked_at, scenery

Luma = NDArray[np.uint8]
SIZE = (240, 136)
LONG = 660_000
"""Milliseconds of a look."""
RANDOM = np.random.default_rng(7)
ROUGH = cv2.GaussianBlur(RANDOM.normal(0, 1, SIZE[::-1]), (0, 0), 2) * 40
COARSE = cv2.GaussianBlur(RANDOM.normal(0, 1, SIZE[::-1]), (0, 0), 25) * 600
SCENE = np.clip(120 + ROUGH + COARSE, 45, 200).astype(np.float32)
"""Ground with a texture, and things of several sizes on it."""
BENCH = np.s_[60:78, 90:136]
"""Where somebody lies in these tests."""
CLOTHES = np.full((18, 46), 0.6, np.float32)
"""What of the light on them somebody throws back, next to the ground: jacket, arm, legs, head."""
CLOTHES[:, 20:] = 0.8
CLOTHES[2:6, 8:30] = 1.2
CLOTHES[5:14, :8] = 1.25
CLOTHES *= 1 + 0.1 * cv2.GaussianBlur(RANDOM.normal(0, 2, (18, 46)), (0, 0), 2).astype(np.float32)
FAINT = 1 + 0.5 * (CLOTHES - 1)
"""The same in the ground's own colours."""

Put = Callable[[NDArray[np.float32], int], None]
"""Puts somebody into the reflectance of look number k."""


def light(k: int) -> NDArray[np.float32]:
    """The light of look k: by day with another slope at each hour, by night from lamps."""
    height, width = SIZE[::-1]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    if k % 12 >= 6:  # night: lamps, on the left in the evening and on the right before dawn
        lamp = 60 if k % 12 < 9 else 180
        return np.asarray(0.35 + 0.5 * np.exp(-((x - lamp) ** 2 + (y - 40) ** 2) / 120**2))
    slope = (k % 12 - 3) / 10
    return np.asarray(1.0 + slope * (x / width - 0.5) - 0.2 * (y / height - 0.5))


def look_of(put: Put, k: int, begin: int) -> Look:
    """Look k, at `begin` milliseconds."""
    ground = np.ones(SIZE[::-1], np.float32)
    put(ground, k)
    grain = np.random.default_rng((7, k)).normal(0, 0.7, SIZE[::-1])
    luma = SCENE * ground * light(k) + grain
    settled = np.ones(SIZE[::-1], bool)
    return Look(np.clip(luma, 0, 255).astype(np.uint8), settled, begin, begin + LONG)


def of_day(put: Put, looks: Iterable[int], day: Day | None = None) -> bytes | None:
    """The plate that the last of `looks` gives."""
    day = day or Day(SIZE)
    plate = None
    for k in looks:
        plate = day.add(look_of(put, k, 1_000_000_000_000 + k * EVERY))
    return plate


def picture(plate: bytes | None) -> Luma:
    """What of a plate is shown; FLAT elsewhere."""
    assert plate is not None
    found = cv2.imdecode(np.frombuffer(read_view_plate(plate).png, np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(found, dtype=np.uint8)


def nobody(_ground: NDArray[np.float32], _k: int) -> None:
    """An empty place."""


def lies(
    ground: NDArray[np.float32], shift: int = 0, clothes: NDArray[np.float32] = CLOTHES
) -> None:
    """Somebody lies on the bench, turned by `shift` pixels."""
    ground[BENCH] = np.roll(clothes, (shift, 3 * shift), axis=(0, 1))


def strange(shown: Luma) -> NDArray[np.bool_]:
    """(h, w) what is shown and is not the ground in the light that fits best; no single pixels."""
    known = shown > FLAT
    lit = [SCENE * light(k) for k in range(12)]
    ground = min(lit, key=lambda one: float(np.median(np.abs(one - shown)[known])))
    other = known & (np.abs(shown / ground - 1) > 0.08)
    return np.asarray(cv2.erode(other.astype(np.uint8), np.ones((2, 2), np.uint8)) > 0)


def test_an_empty_place_is_learned_in_sixteen_hours_by_day_and_night_and_not_before() -> None:
    """Nine looks are needed, two hours apart; most is shown though the light is another."""
    day = Day(SIZE)
    assert of_day(nobody, range(NEEDED_LOOKS - 1), day) is None
    plate = of_day(nobody, [NEEDED_LOOKS - 1], day)
    assert plate is not None
    told = read_view_plate(plate)
    assert told.settled > 0.9
    assert told.votes == NEEDED_LOOKS
    assert told.until - told.since >= LEAST_SPAN
    last = SCENE * light(NEEDED_LOOKS - 1)
    shown = picture(plate)
    assert np.median(np.abs(shown - last)[shown > FLAT]) <= 2


@pytest.mark.parametrize(
    ("there", "looks"),
    [
        pytest.param(range(2, 6), range(12), id="arrives during the vote and sleeps for six hours"),
        pytest.param(range(5), range(9), id="is there from the start, for eight hours"),
        pytest.param(range(7, 12), range(12), id="came last, and sleeps still"),
        pytest.param([*range(6, 11), *range(18, 23)], range(24), id="comes back each night"),
        pytest.param([*range(6, 12), *range(18, 24)], range(24), id="is there now, as each night"),
        pytest.param([0, 2, 4, 6, 8, 10], range(12), id="comes and goes"),
    ],
)
@pytest.mark.parametrize("clothes", [CLOTHES, FAINT], ids=["seen well", "hardly seen"])
def test_who_sleeps_there_is_in_no_plate(
    there: Iterable[int], looks: Iterable[int], clothes: NDArray[np.float32]
) -> None:
    """Motionless in each look, and as settled as the ground: no plate of the day shows them."""
    there = set(there)

    def put(ground: NDArray[np.float32], k: int) -> None:
        if k in there:
            lies(ground, clothes=clothes)

    day, seen = Day(SIZE), 0
    for k in looks:
        plate = of_day(put, [k], day)
        if plate is None:
            continue
        seen += 1
        shown = picture(plate)
        assert not strange(shown).any()
        assert (shown > FLAT).mean() > 0.6
    assert seen


@pytest.mark.parametrize("turns", [1, 3])
def test_who_lies_there_day_and_night_but_turns_is_not_known(turns: int) -> None:
    """Two whole days on one bench, lying otherwise in every second or each look."""
    plate = of_day(lambda ground, k: lies(ground, 4 * (k * turns // 2)), range(24))
    shown = picture(plate)
    assert (shown[BENCH] == FLAT).mean() > 0.9
    assert not strange(shown).any()


@settings(max_examples=5, deadline=None)
@given(there=st.sets(st.integers(0, 11), min_size=1, max_size=9), last=st.integers(8, 11))
def test_who_is_there_for_less_than_sixteen_hours_is_in_no_plate(
    there: set[int], last: int
) -> None:
    """In whichever looks they lie there, if not in nearly all."""
    looks = range(last + 1)
    if len(there & set(looks)) >= 0.75 * len(looks):
        there = set(list(there)[:6])

    def put(ground: NDArray[np.float32], k: int) -> None:
        if k in there:
            lies(ground)

    plate = of_day(put, looks)
    assert plate is None or not strange(picture(plate)).any()


def test_a_place_that_is_too_dark_or_never_settled_is_not_known() -> None:
    """A look that cannot tell of it is no vote; six that can are needed, over sixteen hours."""
    day = Day(SIZE)
    for k in range(12):
        look = look_of(nobody, k, 1_000_000_000_000 + k * EVERY)
        look.luma[:, :60] //= 1 if k < 5 else 12
        look.settled[:, 190:] = k < 5
        plate = day.add(look)
    shown = picture(plate)
    assert (shown[:, :60] == FLAT).all()
    assert (shown[:, 190:] == FLAT).all()
    assert (shown[:, 105:165] > FLAT).mean() > 0.8


def test_a_lens_that_is_started_anew_goes_on_where_the_last_one_was() -> None:
    """Byte for byte; what is of another size or rules, too old or broken begins anew."""
    first = Day(SIZE)
    of_day(nobody, range(8), first)
    kept = first.to_bytes()
    assert kept is not None
    assert len(kept) < 400_000
    told = read_view_looks(kept)
    assert (told.looks, told.width) == (8, SIZE[0])
    state = RANDOM.bit_generator.state
    went_on = of_day(nobody, [8], Day(SIZE, kept))
    RANDOM.bit_generator.state = state
    assert went_on == of_day(nobody, [8], first)
    assert went_on is not None
    body = bytearray(told.body)
    body[len(body) // 2] ^= 255
    for bad in (
        b"",
        kept[:-1],
        encode(structs.replace(told, rules=RULES - 1)),
        encode(structs.replace(told, width=SIZE[0] + 2)),
        encode(structs.replace(told, body=b"\xc0")),
        encode(structs.replace(told, body=bytes(body))),
    ):
        assert of_day(nobody, [8], Day(SIZE, bad)) is None
    assert of_day(nobody, [8 + OLDEST_LOOK // EVERY], Day(SIZE, kept)) is None


def test_what_is_not_settled_leaves_no_lens() -> None:
    """What is kept for the next lens is the same whoever stood where a look is not settled."""
    settled = np.ones((SIZE[1], SIZE[0]), dtype=np.bool_)
    settled[40:90, 60:100] = False
    kept = []
    for there in (30, 220):
        luma = np.full(settled.shape, 120, np.uint8)
        luma[~settled] = there
        day = Day(SIZE)
        day.add(Look(luma, settled, 1_000, 700_000))
        kept.append(day.to_bytes())
    assert kept[0] is not None
    assert kept[0] == kept[1]


def test_looks_are_two_hours_apart_and_the_oldest_go() -> None:
    """Whatever the clock does: one that goes back by much makes all begin anew."""
    day = Day(SIZE)
    begin = 1_000_000_000_000
    assert day.due(begin / 1000)
    of_day(nobody, range(MOST_LOOKS + 2), day)
    kept = day.to_bytes()
    assert kept is not None
    told = read_view_looks(kept)
    assert (told.looks, told.since) == (MOST_LOOKS, begin + 2 * EVERY)
    last = begin + (MOST_LOOKS + 1) * EVERY
    assert not day.due((last + EVERY - 1) / 1000)
    assert not day.due((last - 1000) / 1000)
    assert day.due((last + EVERY) / 1000)
    assert day.due((last - 2 * EVERY) / 1000)
    assert day.to_bytes() is None


def test_masks_are_flat_whatever_is_below_and_older_rules_are_not_shown() -> None:
    """A mask covers its corners; a plate by other rules, or learned too quickly, is refused."""
    plate = of_day(nobody, range(9))
    assert plate is not None
    mask = ((0.25, 0.25), (0.5, 0.25), (0.5, 0.5), (0.25, 0.5))
    shown = scenery(encode(AdmittedPlate(RULES, 0, plate, (mask,))))
    assert (shown.luma[36:66, 62:118] == GREY).all()
    assert not shown.shown[36:66, 62:118].any()
    assert shown.shown[:30].mean() > 0.9
    assert looked_at(plate, (mask,)).startswith(b"\x89PNG")
    told = read_view_plate(plate)
    older = structs.replace(told, rules=RULES + 1)
    hasty = structs.replace(told, since=told.until - LEAST_SPAN + 1)
    for other in (
        b"",
        b"\xc1",
        encode(AdmittedPlate(RULES + 1, 0, plate, ())),
        encode(AdmittedPlate(RULES, 0, encode(older), ())),
        encode(AdmittedPlate(RULES, 0, encode(hasty), ())),
    ):
        with pytest.raises(InputError):
            read_admitted(other)
    with pytest.raises(InputError, match="covers nothing"):
        check_masks((((0.1, 0.1), (0.2, 0.2), (0.3, 0.3)),))
