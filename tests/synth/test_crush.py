"""Run-ups to a crush grow from an easy crowd to one past 5 people/m², and repeat for a seed."""

import numpy as np
import pytest

from plainview.synth.crush import RunUp, run_up


@pytest.fixture(scope="module")
def short() -> RunUp:
    """The first 100 seconds of a run-up in a dead end."""
    return run_up(0, 100.0)


def _people(run: RunUp, t: float) -> int:
    return len(run.walks.at(t).rows)


def test_more_people_come_than_leave(short: RunUp) -> None:
    """The crowd only grows, and stays on its ground but for what a wave pushes."""
    counts = [_people(short, t) for t in (20.0, 50.0, 95.0)]
    assert counts == sorted(counts)
    assert counts[-1] > 100
    x0, y0, x1, y1 = short.rect
    place = short.walks.at(95.0).position
    assert ((place > (x0 - 0.5, y0 - 0.5)) & (place < (x1 + 0.5, y1 + 0.5))).all()


def test_nobody_is_thrown(short: RunUp) -> None:
    """Waves push at some tenths of a metre per second, whatever the density does."""
    speeds = np.hypot(*short.walks.at(90.0).velocity.T)
    assert np.median(speeds) < 0.4
    assert speeds.max() < 2.0


def test_a_seed_repeats(short: RunUp) -> None:
    """Equal seeds, equal walks."""
    again = run_up(0, 8.0)
    assert again.rect == short.rect
    first = run_up(0, 8.0)
    assert np.array_equal(first.walks.x, again.walks.x)
