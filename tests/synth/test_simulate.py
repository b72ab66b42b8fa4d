"""Scripted walks are what their names say."""

import numpy as np
import pytest

from plainview.synth.simulate import empty, heights, scripted, side_by_side, stander


def test_empty_is_empty() -> None:
    """Nobody is there, ever, and asking is no error."""
    walks = empty()
    assert walks.duration == 0.0
    assert len(walks.at(0.0).rows) == len(walks.at(9.0).rows) == 0
    assert len(walks.walked()) == 0


def test_who_stands_still_stands_still() -> None:
    """For the whole stay the velocity is zero; before and after it is the walking speed."""
    walks = stander((-2.6, 0.0), (0.0, 0.0), (2.6, 0.0), stay=5.0)
    speeds = [float(np.hypot(*walks.at(t).velocity[0])) for t in (1.0, 3.0, 6.0, 8.0)]
    assert speeds == pytest.approx([1.3, 0.0, 0.0, 1.3], abs=1e-6)
    assert walks.walked()[-1] == pytest.approx(5.2, abs=0.15)


def test_two_abreast_keep_their_gap() -> None:
    """They walk `gap` metres apart all along."""
    walks = side_by_side((0, 0), (3, 3), 1.2, gap=0.6)
    for t in (0.0, 1.0, 2.5):
        assert np.hypot(*np.diff(walks.at(t).position, axis=0)[0]) == pytest.approx(0.6, abs=1e-6)


def test_heights_are_people_s() -> None:
    """Heights lie between 1.55 and 1.95 m and repeat for a seed."""
    drawn = heights(500, np.random.default_rng(1))
    assert min(drawn.values()) >= 1.55
    assert max(drawn.values()) <= 1.95
    assert 1.70 < np.mean(list(drawn.values())) < 1.78
    assert drawn == heights(500, np.random.default_rng(1))
    walks = scripted([((0.0, 0.0, 0.0), (1.0, 1.0, 0.0))], height=[1.6])
    assert walks.height.tolist() == [1.6]
