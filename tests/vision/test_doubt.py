"""What a count's variance is made of: what evens out over bodies, and what does not."""

import numpy as np
import pytest

from plainview.vision.doubt import BESIDES, UNFOUND, Counted, besides, variance

NOBODY = Counted(np.empty(0), np.empty(0), still=0.0, read=0.0, apart=0.0, unseen=0.0)


def people(n: int, *, weight: float = 1.0, visible: float = 1.0) -> Counted:
    """`n` bodies alike."""
    return NOBODY._replace(weights=np.full(n, weight), visible=np.full(n, visible))


def test_a_count_of_nobody_is_sure() -> None:
    """Nothing of a body's doubt is there without one."""
    assert variance(NOBODY) == 0


def test_each_bodys_own_doubt_evens_out_and_the_scenes_does_not() -> None:
    """Relative to the count the former shrinks with the number of bodies, the latter stays."""
    one, many = (variance(people(n, weight=0.8, visible=0.5)) ** 0.5 / n for n in (1, 100))
    assert many < one / 4
    sure = [variance(people(n)) ** 0.5 / n for n in (1, 100)]
    assert sure[0] == pytest.approx(sure[1])


def test_who_is_only_read_is_more_doubtful_than_who_is_found() -> None:
    """As many again may be there, or nobody; hidden people lie between."""
    found = variance(people(6)._replace(still=6.0))
    unseen = variance(NOBODY._replace(unseen=6.0))
    read = variance(NOBODY._replace(read=6.0))
    assert found < unseen < read
    assert read == pytest.approx(36)


def test_two_witnesses_that_differ_make_those_in_the_plate_doubtful() -> None:
    """Who stands before it is told by the plate, whatever the network reads."""
    before, within = people(6), people(6)._replace(still=6.0)
    assert variance(before._replace(apart=-4.0)) == pytest.approx(variance(before))
    assert variance(within._replace(apart=-4.0)) == pytest.approx(variance(within) + 4)


def test_beside_who_is_found_somebody_may_be_who_is_not() -> None:
    """Once, however many are found; and half as many again as are hidden."""
    assert besides(NOBODY) == 0
    assert besides(people(1, weight=0.5)) == pytest.approx(UNFOUND / 2)
    assert besides(people(1)) == besides(people(40)) == pytest.approx(UNFOUND)
    assert besides(NOBODY._replace(unseen=6.0)) == pytest.approx(6 * BESIDES)
