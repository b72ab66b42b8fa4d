"""PedPy on trajectories and our fields of the same people say the same."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from plainview.evaluate.alarms import AlarmScore
from plainview.evaluate.figures import draw_alarms, draw_evaluation, draw_fundamental
from plainview.evaluate.fundamental import curve_table, curves, page, weidmann
from plainview.evaluate.measured import Measured
from plainview.evaluate.reference import (
    Compared,
    Course,
    Walks,
    agreement,
    compare,
    compared_table,
)
from plainview.evaluate.samples import Sight, cell_samples
from plainview.evaluate.score import score
from plainview.evaluate.strata import strata
from plainview.evaluate.table import Result
from plainview.evaluate.truth import Truth
from plainview.geometry import View

Walking = Callable[..., Truth]
Perfect = Callable[[Truth, int], Measured]
AREA, FLOOR = (6.0, 2.0, 14.0, 8.0), (0.0, 0.0, 20.0, 10.0)


@pytest.fixture
def marched(view: View, walking: Walking, perfect: Perfect) -> Compared:
    """A marching block, a person on every square metre, measured perfectly."""
    block = [(x + 0.5, y + 0.5, -0.8, 0.0) for x in range(2, 20) for y in range(10)]
    truth = walking(block, 3, 5.0)
    n = len(block)
    x, y = truth.place.T
    walks = Walks(np.tile(np.arange(n), 15), truth.frame, x, y, 5.0)
    return compare("juelich-uo-x", perfect(truth, 3), walks, AREA, FLOOR, view.lines[0])


def test_a_marching_block_is_measured_alike(marched: Compared) -> None:
    """One person per square metre at 0.8 m/s: density, speed and flow agree with PedPy."""
    assert marched.voronoi.pedpy == pytest.approx(1.0, abs=0.05)
    assert marched.voronoi.ratio == pytest.approx(1.0, abs=0.05)
    assert marched.classic.ratio == pytest.approx(1.0, abs=0.08)
    assert marched.speed.pedpy == pytest.approx(0.8, abs=0.01)
    assert marched.speed.ratio == pytest.approx(1.0, abs=0.02)
    assert marched.flow.ratio == pytest.approx(1.0, abs=0.01)
    assert "juelich-uo-x" in compared_table([marched])


def test_agreement_leaves_out_what_is_not_known() -> None:
    """Intervals without people there are in neither mean; nothing at all is NaN, not zero."""
    found = agreement(np.array([1.0, math.nan, 3.0]), np.array([2.0, 2.0, 2.0]))
    assert (found.ours, found.pedpy, found.ratio, found.relative) == (2.0, 2.0, 1.0, 0.5)
    assert math.isnan(agreement(np.empty(0), np.empty(0)).ratio)


def test_each_source_is_binned_by_its_own_density(marched: Compared) -> None:
    """Video and trajectories fill the bins that they say, and the page shows figure and table."""
    (curve,) = curves([marched])
    assert curve.name == "one way"
    assert sum(one.video_seconds for one in curve.bins) == 3
    assert sum(one.pedpy_seconds for one in curve.bins) == 3
    assert "0.80" in curve_table([curve])
    text = page([curve], Path("docs/images/f.png"), Path("docs/science.md"))
    assert "](images/f.png)" in text
    assert weidmann(np.array([5.4]))[0] == pytest.approx(0.0)


def test_plots_are_written(
    marched: Compared, view: View, walking: Walking, perfect: Perfect, tmp_path: Path
) -> None:
    """PNG files, equal for equal numbers."""
    empty = marched._replace(scene="juelich-bo", video=Course(np.empty(0), np.empty(0)))
    a = draw_fundamental([marched, empty], tmp_path / "a.png")
    b = draw_fundamental([marched, empty], tmp_path / "b.png")
    assert a.read_bytes() == b.read_bytes()
    truth = walking([(5 + 0.5 * i, 4, 0.3, 0) for i in range(8)], 3, 5.0)
    measured = perfect(truth, 3)
    sight = Sight("s", "simulated", "sun", 30.0, cell_samples(measured, truth, view))
    result = Result("s", "rendered", score(measured, truth, view))
    files = draw_evaluation(strata([sight]), [result], [sight], tmp_path / "plots")
    lost = AlarmScore("density", "alarm", 1, 0.0, 0.0, 0.9, 0.0, math.nan, math.nan, 1, 1.0, 0.1, 5)
    told = lost._replace(quantity="any", told=1.0, lead=90.0, least=20.0, false=0, rate=0.0)
    files.append(draw_alarms([lost, told], tmp_path / "plots" / "alarms.png"))
    assert all(file.stat().st_size > 1000 for file in files)
