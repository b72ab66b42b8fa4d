from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from tests.vision.events.stage import Stage

from plainview.vision.events import thing as things
from plainview.vision.events.change import Change, Traits
from plainview.vision.events.extent import Extent
from plainview.vision.events.lit import EVEN
from plainview.vision.events.stillness import Blob
from plainview.vision.events.swaying import UNKNOWN, Sway, Swaying
from plainview.vision.events.thing import TRAITS_EVERY, Thing

STAGE = Stage()


def brought(
    traits: Callable[[], Traits], upright: float = 1.5, area: float = 0.2, side: int = 9
) -> Thing:
    """A change of these traits and `area`, m², that somebody was near to and walked away from.

    It is `side` pixels wide and high.
    """
    blob = Blob((0, 0), np.ones((side, side), np.uint8), 0.0)
    change = cast(Change, SimpleNamespace(blob=blob, traits=traits))
    thing = Thing(change, Extent(np.array([0.0, 1.0]), 0.5, 0.5, area, upright), STAGE.optics)
    thing.carrier, thing.left = 0.5, True
    return thing


def test_what_joins_somebody_makes_him_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sits beside him is no part of his outline; who walked off left a part of it behind."""
    overlaps = iter((0.7, 0.3, 0.3))
    monkeypatch.setattr(things, "posture", lambda *_: next(overlaps))
    sits = brought(lambda: Traits(2.0, 0.2, 0.6, 0.0, 0.6, 9.0, 1.0), area=0.45)
    assert sits.posture == 0.7
    larger, smaller = (sits.extent._replace(area=area) for area in (0.8, 0.2))
    assert sits.outlined(sits.change, larger).posture == 0.7
    assert sits.outlined(sits.change, smaller).posture == 0.3


@pytest.mark.parametrize(("texture", "told"), [(0.0, True), (0.2, True), (0.5, False)])
def test_what_may_be_light_is_a_thing_where_somebody_left_it(*, texture: float, told: bool) -> None:
    """Smooth ground and a plain bag look as light does; only ground that shows through is light."""
    thing = brought(lambda: Traits(2.0, 0.01, 0.6, texture, 0.6, 6.0, 1.0))
    assert (thing.confidence() >= 0.5) is told


@pytest.mark.parametrize(
    ("arrival", "even", "contrast", "told"),
    [
        (0.3, 0.05, 6.0, True),
        (0.1, 0.3, 9.0, True),
        (0.1, 0.01, 4.3, False),
        (-0.1, 0.3, 20.0, False),
    ],
    ids=["as-the-ground", "little-outline", "faint-and-even", "went"],
)
def test_doubts_add_up_and_no_slight_one_decides(
    *, arrival: float, even: float, contrast: float, told: bool
) -> None:
    """A case as bright as the ground has little more outline than that.

    A patch of light is all at once: of little outline, even and faint.
    """
    thing = brought(lambda: Traits(arrival, even, 0.95, 0.0, 0.6, contrast, 0.5))
    assert (thing.confidence() >= 0.5) is told


def test_whom_fog_hid_may_have_brought_it() -> None:
    """Who walked away was there before, though nobody was seen; not he who came to it later."""
    thing = brought(lambda: Traits(2.0, 0.01, 0.8, 0.0, 0.6, 9.0, 1.0), 2.0)
    thing.carrier = np.inf
    assert thing.confidence() >= 0.5
    thing.with_it = thing.since + 5.0
    assert thing.confidence() < 0.5


def test_how_even_a_thing_is_does_not_hang_on_one_look() -> None:
    """A box about as even as a shadow is as sure in each look: noise does not end and begin it."""
    evens = iter(EVEN + 0.025 * (-1) ** k for k in range(99))
    thing = brought(lambda: Traits(2.0, next(evens), 0.6, 0.0, 0.6, 12.0, 1.0))
    sure = []
    for _ in range(60):
        thing.looks += 1
        sure.append(thing.confidence())
    settled = sure[4 * TRAITS_EVERY :]
    assert max(settled) - min(settled) < 0.1


@pytest.mark.parametrize(
    ("sway", "bodily", "told"),
    [
        (UNKNOWN, 0.0, True),
        (UNKNOWN, 1.0, False),
        (Sway(0.0, 1.0), 1.0, True),
        (Sway(1.0, 0.0), 0.0, False),
    ],
)
def test_somebody_who_crouches_sways(sway: Sway, *, bodily: float, told: bool) -> None:
    """A case with its shadow has his outline, but holds still; who has not his outline sways."""
    thing = brought(lambda: Traits(2.0, 0.3, 0.6, 0.0, 0.6, 20.0, 1.0))
    vars(thing)["bodily"] = bodily
    thing.swaying = cast(Swaying, SimpleNamespace(sway=lambda _: sway))
    assert (thing.confidence() >= 0.5) is told


@pytest.mark.parametrize(
    ("area", "contrast", "told"), [(0.06, 20.0, True), (0.06, 5.0, False), (0.15, 20.0, False)]
)
def test_what_is_too_small_to_be_a_part_of_somebody_does_not_sway(
    *, area: float, contrast: float, told: bool
) -> None:
    """A bag of a few pixels drifts by hundredths of one where a picture is coarsely coded.

    What is faint as well is rather light, which drifts as its lamp does.
    """
    thing = brought(lambda: Traits(2.0, 0.3, 0.6, 0.0, 0.6, contrast, 1.0), area=area)
    thing.swaying = cast(Swaying, SimpleNamespace(sway=lambda _: Sway(1.0, 0.0)))
    assert (thing.confidence() >= 0.5) is told


@pytest.mark.parametrize(
    ("side", "sway", "told"),
    [(9, UNKNOWN, True), (4, UNKNOWN, False), (4, Sway(0.0, 1.0), True)],
)
def test_few_pixels_may_be_the_knees_of_somebody_far_away(
    *, side: int, sway: Sway, told: bool
) -> None:
    """Who sits on a far bench by night is some dark pixels, which are not seen to sway."""
    thing = brought(lambda: Traits(2.0, 0.1, 0.8, 0.0, 0.6, 9.0, 1.0), side=side)
    thing.swaying = cast(Swaying, SimpleNamespace(sway=lambda _: sway))
    assert (thing.confidence() >= 0.5) is told
