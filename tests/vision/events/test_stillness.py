import numpy as np
import pytest

from plainview.vision.events.stillness import Blob, apart, outgrown
from plainview.vision.foreground import SHADOW


def _case() -> tuple[Blob, np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    """A case of 10 by 10 pixels with its shadow of 8 by 12 beside it, and evidence for both."""
    evidence = np.full((60, 60), -1.0, np.float32)
    evidence[20:30, 20:30] = 1.0
    evidence[22:30, 30:42] = SHADOW
    mask = (evidence[10:40, 10:50] > 0).astype(np.uint8)
    return Blob((10, 10), mask, 3.0), evidence


def test_a_thing_is_told_from_its_shadow() -> None:
    """What is darker than a shadow may be is the thing; the rest stays known as its."""
    blob, evidence = _case()
    thing = apart(blob, evidence)
    assert thing.mask.sum() == 100
    assert thing.whole.sum() == blob.mask.sum() == 196
    assert (thing.corner, thing.since) == (blob.corner, blob.since)


@pytest.mark.parametrize("level", [SHADOW, 0.07])
def test_what_is_all_as_a_shadow_stays_whole(level: float) -> None:
    """At night a dark bag differs no more than a shadow; a speck that does is not the thing."""
    blob, evidence = _case()
    dim = np.minimum(evidence, np.float32(level))
    dim[24:28, 24:28] = 1.0
    assert apart(blob, dim) == blob


def test_more_than_a_thing_and_its_shadow_is_seen() -> None:
    """All that differs and is of one piece with it, as a factor on both; its whole outline."""
    blob, evidence = _case()
    thing = apart(blob, evidence)
    assert outgrown(thing, evidence)[0] == 1.0
    evidence[10:20, 20:30] = 1.0
    factor, whole = outgrown(thing, evidence)
    assert factor == pytest.approx(296 / 196)
    assert whole.mask.sum() == 296


def test_a_shadow_that_went_with_who_put_a_thing_down_is_not_the_things() -> None:
    """What is of one piece with it is held against what is still there."""
    blob, evidence = _case()
    thing = apart(blob, evidence)
    evidence[22:30, 30:42] = -1.0
    evidence[18:20, 20:30] = 1.0
    factor, whole = outgrown(thing, evidence)
    assert factor == pytest.approx(1.2)
    assert whole.mask.sum() == 120
