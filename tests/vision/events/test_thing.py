from types import SimpleNamespace
from typing import cast

import numpy as np
from tests.vision.events.stage import Stage

from plainview.vision.events.change import Change, Traits
from plainview.vision.events.stillness import Blob
from plainview.vision.events.thing import EVEN, TRAITS_EVERY, Extent, Thing

STAGE = Stage()


def test_how_even_a_thing_is_does_not_hang_on_one_look() -> None:
    """A box about as even as a shadow is as sure in each look: noise does not end and begin it."""
    evens = iter(EVEN + 0.025 * (-1) ** k for k in range(99))

    def traits() -> Traits:
        return Traits(2.0, next(evens), 0.6, 0.0, 0.6, 12.0, 1.0)

    blob = Blob((0, 0), np.ones((9, 9), np.uint8), 0.0)
    change = cast(Change, SimpleNamespace(blob=blob, traits=traits))
    thing = Thing(change, Extent(np.array([0.0, 1.0]), 0.5, 0.5, 0.2, 1.5), STAGE.optics)
    thing.carrier, thing.left = 0.5, True
    sure = []
    for _ in range(60):
        thing.looks += 1
        sure.append(thing.confidence())
    settled = sure[4 * TRAITS_EVERY :]
    assert max(settled) - min(settled) < 0.1
