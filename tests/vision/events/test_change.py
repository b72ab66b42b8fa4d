"""What a change looks like, in clear air and behind a veil of fog."""

import numpy as np
import pytest
from tests.vision.events.traffic import moment

from plainview.vision.events.change import Change, Traits
from plainview.vision.events.stillness import Blob
from plainview.vision.plate import Plate

SHAPE = (60, 80)
BAG = np.s_[20:32, 30:44]
GRAIN = np.random.default_rng(5).normal(0, 1, SHAPE)
OWN, DIRECT = 90.0, 0.3
"""The veil's own grey, and what comes through it."""


def traits(*, veil: bool, known: bool, later: bool = False) -> Traits:
    """Of a bag of two dark greys on ground of 120 grey levels.

    Whether its veil is `known` as it comes, or `later`, or not at all.
    """
    ground, now = np.full(SHAPE, 120.0), np.full(SHAPE, 120.0)
    now[BAG] = 30.0
    now[20:26, 30:44] = 60.0
    if veil:
        ground, now = OWN + DIRECT * ground, OWN + DIRECT * now
    plate = np.asarray(ground, dtype=np.uint8)
    mask = np.zeros(SHAPE, np.uint8)
    mask[BAG] = 1
    seen = moment(0.0)._replace(
        luma=np.asarray(np.rint(now + GRAIN), dtype=np.uint8),
        background=plate,
        plate=Plate(plate, np.ones(SHAPE, np.float32)),
        mask=np.zeros(SHAPE, np.uint8),
        veil=OWN / (OWN + DIRECT * 120.0) if known else 0.0,
    )
    change = Change(Blob((0, 0), mask, 0.0), seen, plate)
    if later:
        change.look(seen._replace(veil=OWN / (OWN + DIRECT * 120.0)))
        change.look(seen)
    return change.traits()


def test_what_a_veil_evens_out_is_told_without_its_light() -> None:
    """A bag in fog is as little darker as a shadow, and as even, until its light is taken off."""
    clear, fog = traits(veil=False, known=False), traits(veil=True, known=False)
    assert fog.ratio > 0.75
    assert clear.ratio < 0.4
    assert fog.even < 0.12 < clear.even
    for without in (traits(veil=True, known=True), traits(veil=True, known=False, later=True)):
        assert without.ratio == pytest.approx(clear.ratio, abs=0.15)
        assert without.even > 0.12
