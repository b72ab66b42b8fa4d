import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.crowd.scenes import block

from plainview.crowd.field import Mask, Series
from plainview.crowd.oscillation import Finding, Oscillation, least_span, oscillations, tiles
from plainview.errors import InputError
from plainview.geometry import Grid

SHAPE = (121, 6, 6)
ALL = {"all": np.ones((6, 6), dtype=np.bool_)}


def _orbit(
    turning: float,
    *,
    seed: int = 1,
    speed: float = 0.3,
    density: float = 5.0,
    known: Mask | None = None,
    flatness: float = 1.0,
) -> Series:
    """A crowd that turns at `turning` rad/s; noise of the same power in every cell."""
    chance = np.random.default_rng(seed)
    phase = turning * np.arange(121)[:, None, None] + chance.uniform(0, 2 * math.pi)
    sigma = 0.3 / math.sqrt(2)
    vx, vy = sigma * chance.normal(size=(2, *SHAPE))
    vx += speed * np.cos(phase)
    vy += speed * flatness * np.sin(phase)
    return block(vx, vy, density=density, noise=sigma, known=known)


def _look(series: Series) -> Oscillation:
    return oscillations(series=series, regions=ALL)["all"]


@settings(max_examples=10, deadline=None)
@given(st.floats(0.25, 0.7), st.sampled_from([-1, 1]), st.integers(0, 999))
def test_an_orbit_is_found_with_its_pace_and_sense(pace: float, sense: int, seed: int) -> None:
    """At signal-to-noise 1 in 120 s, whatever the frequency: none is built in."""
    found = _look(_orbit(sense * pace, seed=seed))
    assert found.finding is Finding.FOUND
    assert found.angular_frequency.value == pytest.approx(sense * pace, rel=0.1)
    assert found.chirality * sense > 0.8
    assert found.speed.value == pytest.approx(0.3, rel=0.2)
    assert found.radius == pytest.approx(0.3 / pace, rel=0.25)
    assert found.coherence > 0.8


def test_a_mirror_turns_chirality_and_nothing_else() -> None:
    """Seen in a mirror the crowd turns the other way at the same pace."""
    one = _orbit(0.35)
    two = block(-one.vx[..., ::-1], one.vy[..., ::-1], noise=one.noise)
    a, b = _look(one), _look(two)
    assert a.chirality == pytest.approx(-b.chirality)
    assert a.angular_frequency.value == pytest.approx(-b.angular_frequency.value)
    assert a.probability == pytest.approx(b.probability)


def test_a_turned_view_changes_nothing() -> None:
    """Axes turned by a right angle: the same orbit."""
    one = _orbit(0.35)
    a, b = _look(one), _look(block(-one.vy, one.vx, noise=one.noise))
    assert a.probability == pytest.approx(b.probability)
    assert a.chirality == pytest.approx(b.chirality)


def test_clocks_in_other_units_scale_the_pace() -> None:
    """Fields twice as far apart: half the frequency; none is built in."""
    one = _orbit(0.35)
    slow = block(one.vx, one.vy, noise=one.noise, step=2.0)
    assert _look(slow).angular_frequency.value == pytest.approx(
        _look(one).angular_frequency.value / 2
    )


@pytest.mark.parametrize("seed", range(10))
def test_noise_is_no_oscillation(seed: int) -> None:
    """Nor a steady drift under it."""
    series = _orbit(0.35, seed=seed, speed=0.0)
    drifting = block(series.vx + 0.5, series.vy, noise=series.noise)
    assert _look(drifting).finding is Finding.NOT_FOUND


def test_swinging_along_a_line_is_no_orbit() -> None:
    """A crowd that sways to and fro, strongly and periodically, is not found."""
    found = _look(_orbit(0.35, flatness=0.0, speed=0.6))
    assert found.finding is Finding.NOT_FOUND
    assert abs(found.chirality) < 0.5


def test_parts_that_do_not_move_as_one_are_no_orbit() -> None:
    """One cell that turns fast, as a flickering lamp might, is not the crowd."""
    series = _orbit(0.35, speed=0.0)
    phase = 0.35 * np.arange(121)
    series.vx[:, 2, 2] += 8 * np.cos(phase)
    series.vy[:, 2, 2] += 8 * np.sin(phase)
    found = _look(series)
    assert found.finding is Finding.NOT_FOUND
    assert found.coherence < 0.1


def test_a_swaying_mast_is_not_told_from_a_crowd() -> None:
    """An orbit slower than the flow's noise in one cell cannot be told."""
    chance = np.random.default_rng(1)
    phase = 0.9 * np.arange(121)[:, None, None]
    noise = 0.01 * chance.normal(size=(2, *SHAPE))
    series = block(0.04 * np.cos(phase) + noise[0], 0.04 * np.sin(phase) + noise[1], noise=0.05)
    assert _look(series).finding is Finding.CANNOT_TELL


def test_a_thin_crowd_is_not_looked_at_unless_asked() -> None:
    """Below 3.5/m² it is not expected; with a least density of nought it is seen all the same."""
    thin = _orbit(0.35, density=2.0)
    assert _look(thin).finding is Finding.NOT_FOUND
    found = oscillations(series=thin, regions=ALL, least_density=0.0)["all"]
    assert found.finding is Finding.FOUND


def test_a_crowd_that_a_camera_may_undercount_is_looked_at() -> None:
    """3/m², by a camera whose whole count may be a quarter off: that is no thin crowd for sure."""
    orbit = _orbit(0.4, density=3.0)
    bias = structs.replace(orbit, common=0.25 * orbit.density, sigma=0.25 * orbit.density)
    found = _look(bias)
    assert found.finding is Finding.FOUND
    assert found.density.high == pytest.approx(3 + 1.645 * 0.75, abs=0.01)
    alone = structs.replace(orbit, sigma=0.25 * orbit.density)
    assert _look(alone).finding is Finding.NOT_FOUND


def test_what_cannot_be_told_says_why() -> None:
    """Under 90 s, unknown ground, nobody moves."""
    known = np.ones(SHAPE, dtype=np.bool_)
    known[40:] = False
    one = _orbit(0.35)
    still = np.zeros(SHAPE)
    for series in (
        block(one.vx[:80], one.vy[:80]),
        _orbit(0.35, known=known),
        block(still, still),
    ):
        found = _look(series)
        assert found.finding is Finding.CANNOT_TELL
        assert found.why


def test_gaps_in_time_do_not_hide_it() -> None:
    """A tenth of the moments lost: still found at its pace."""
    known = np.ones(SHAPE, dtype=np.bool_)
    known[np.random.default_rng(2).random(121) < 0.1] = False
    found = _look(_orbit(0.35, known=known))
    assert found.finding is Finding.FOUND
    assert found.angular_frequency.value == pytest.approx(0.35, rel=0.1)


def test_the_confining_length_goes_with_the_pace() -> None:
    """0.35 rad/s goes with 23 m."""
    assert _look(_orbit(0.35)).confinement == pytest.approx(23, rel=0.1)


def test_tiles_share_out_the_cells() -> None:
    """Every cell is in exactly one region."""
    regions = tiles(grid=Grid((0, 0), 1.0, (7, 5)), side=3.0)
    assert len(regions) == 6
    np.testing.assert_array_equal(sum(part.astype(int) for part in regions.values()), 1)


def test_a_region_of_another_grid_is_refused() -> None:
    """A mask of another shape or without cells is a mistake."""
    for wrong in (np.ones((2, 2), dtype=np.bool_), np.zeros((6, 6), dtype=np.bool_)):
        with pytest.raises(InputError):
            oscillations(series=_orbit(0.35), regions={"wrong": wrong})


def test_slow_oscillation_needs_longer() -> None:
    """Three turns, and never under 90 s."""
    assert least_span(period=18) == 90
    assert least_span(period=60) == 180
