"""Cells beside the truth: what was measured as it is has no error, in any band."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from plainview.evaluate.measured import Measured
from plainview.evaluate.samples import Sight, cell_samples, local_velocity, tilt
from plainview.evaluate.score import score
from plainview.evaluate.strata import by_distance, by_tilt, coverage_table, strata, strata_report
from plainview.evaluate.table import Result
from plainview.evaluate.truth import Fault, Truth
from plainview.geometry import View
from plainview.synth.camera import hung

Walking = Callable[..., Truth]
Perfect = Callable[[Truth, int], Measured]
CROWD = [(5 + 0.6 * i, 3 + 0.6 * j, 0.5, 0.1 * j) for i in range(5) for j in range(5)]


def sight(view: View, walking: Walking, perfect: Perfect, **told: object) -> Sight:
    """A perfect camera's sight of a small crowd."""
    truth = walking(CROWD, 4, 5.0)
    samples = cell_samples(perfect(truth, 4), truth, view)
    known = {"scene": "plaza", "group": "simulated", "light": "sun", "tilt": 35.0} | told
    return Sight(samples=samples, **known)  # type: ignore[arg-type]


def test_a_perfect_camera_has_no_error(view: View, walking: Walking, perfect: Perfect) -> None:
    """Density and velocity are the truth's in every cell of every interval."""
    found = sight(view, walking, perfect).samples
    assert len(found.true) == 4 * 200
    assert found.said == pytest.approx(found.true, abs=1e-9)
    crowd = found.true > 0.5
    assert found.said_velocity[crowd] == pytest.approx(found.true_velocity[crowd], abs=1e-9)
    assert (found.distance > 5).all()
    for row in strata([sight(view, walking, perfect)]).group:
        for band in row.bands:
            assert not band.cells or band.relative == pytest.approx(0, abs=1e-9)
            assert not band.cells or band.velocity == pytest.approx(0, abs=1e-9)


def test_what_lies_in_a_fault_is_left_out(view: View, walking: Walking, perfect: Perfect) -> None:
    """A blind second has no cells; a clip of nothing else has none at all."""
    truth = walking(CROWD, 4, 5.0)
    measured = perfect(truth, 4)
    some = cell_samples(measured, truth, view, [Fault(1.2, 1.9, "blind")])
    assert set(some.interval.tolist()) == {0, 2, 3}
    assert len(cell_samples(measured, truth, view, [Fault(0, 9, "blind")]).true) == 0


def test_momentum_over_density() -> None:
    """A uniform crowd that moves alike keeps its velocity up to the area's edge."""
    inside = np.ones((6, 8), dtype=np.bool_)
    velocity = np.broadcast_to([0.3, -0.2], (6, 8, 2)).copy()
    density = np.full((6, 8), 2.0)
    density[:, 5:], velocity[:, 5:] = 0.0, np.nan
    found = local_velocity(density, velocity, inside, 1.0)
    assert found[:, :5] == pytest.approx(velocity[:, :5])
    assert np.isnan(local_velocity(0 * density, velocity, inside, 1.0)).all()


def test_tilt_is_the_camera_s() -> None:
    """Looking down from 10 m at a point 10 m away on the ground is 45 degrees."""
    camera = hung("a", at=(0, 0), height=10, towards=(6, 8), hfov=60, aim=0)
    square = ((5.0, 7.0), (7.0, 7.0), (7.0, 9.0), (5.0, 9.0))
    assert tilt(View(camera.calibration(), square)) == pytest.approx(45.0)


def test_a_band_s_error_is_what_was_done(view: View, walking: Walking, perfect: Perfect) -> None:
    """Densities said a fifth too low, velocities 0.1 m/s off: exactly that is found."""
    whole = sight(view, walking, perfect)
    s = whole.samples
    worse = s._replace(said=0.8 * s.true, said_velocity=s.true_velocity + np.array([0.1, 0.0]))
    (row,) = strata([whole._replace(samples=worse)]).light
    band = row.bands[-2]
    assert row.name == "sun"
    assert band.cells > 0
    assert band.relative == pytest.approx(0.2)
    assert band.bias == pytest.approx(-0.2)
    assert band.velocity == pytest.approx(0.1)
    assert band.component == pytest.approx(0.1 / math.sqrt(2))


def test_rows_share_what_their_name_says(view: View, walking: Walking, perfect: Perfect) -> None:
    """Distances part the cells; tilts part the scenes; no cell is lost."""
    low = sight(view, walking, perfect, tilt=12.0, scene="low")
    steep = sight(view, walking, perfect, tilt=80.0, scene="steep")
    assert [row.name for row in by_tilt([steep, low])] == ["0 to 20 °", "45 to 90 °"]
    cells = sum(row.bands[-1].cells for row in by_distance([low, steep]))
    assert cells == 2 * strata([low]).scene[0].bands[-1].cells


def test_the_report_says_whether_intervals_are_honest(
    view: View, walking: Walking, perfect: Perfect
) -> None:
    """All truths inside is wider than a 90 % interval should be; the limits stand beside."""
    truth = walking(CROWD, 4, 5.0)
    result = Result("plaza", "rendered", score(perfect(truth, 4), truth, view))
    table = coverage_table([result])
    assert "85 to 95 %" in table
    assert "wide" in table
    text = strata_report(strata([sight(view, walking, perfect)]), [result])
    assert "limit (≤ 15 %, aim 8 %)" in text
    assert "limit 0.10 m/s" in text
