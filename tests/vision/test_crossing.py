"""Flux through a line is exact: whoever passes counts once, in the direction of passing."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plainview.geometry import Line
from plainview.record import CROSSING_STEP
from plainview.vision.crossing import STILL, STRIP, Crossings

Way = NDArray[np.float64]
"""(frames, n, 2) metres."""


def passed(line: Line, way: Way, rate: float, weight: float = 1.0) -> tuple[float, float]:
    """(forward, backward) of bodies that go along `way`, with velocities as they went."""
    crossings = Crossings([line])
    velocities = np.diff(way, axis=0) * rate
    for places, velocity in zip(way[1:], velocities, strict=True):
        crossings.add(places, velocity, np.full(len(places), weight), 1 / rate)
    ((forward, backward),) = crossings.take(CROSSING_STEP)
    return forward * CROSSING_STEP, backward * CROSSING_STEP


def straight(start: Way, end: Way, speed: float, rate: float, phase: float = 0.0) -> Way:
    """One body from `start` to `end` (2,) at `speed` m/s, seen `rate` times a second."""
    length = math.dist(start, end)
    gone = np.arange(phase / rate * speed, length, speed / rate)
    return (start + gone[:, None] / length * (end - start))[:, None, :]


@settings(deadline=None, max_examples=200)
@given(
    speed=st.floats(0.4, 2.2),
    rate=st.floats(4, 15),
    slant=st.floats(-60, 60),
    turn=st.floats(0, 360),
    position=st.floats(0.3, 0.7),
    phase=st.floats(0, 1),
    weight=st.floats(0.1, 1.0),
    ahead=st.booleans(),
)
def test_whoever_passes_counts_once(
    *,
    speed: float,
    rate: float,
    slant: float,
    turn: float,
    position: float,
    phase: float,
    weight: float,
    ahead: bool,
) -> None:
    """At any steady speed, angle and frame rate a body gives its weight within 5 %, one way."""
    # The strip must be looked at often enough for the sum to be the integral.
    across = speed * math.cos(math.radians(slant))
    assume(across > 1.5 * STILL)
    assume(across / rate < STRIP / 2)
    heading = math.radians(turn)
    along = np.array([math.cos(heading), math.sin(heading)])
    end = np.array([3.0, -2.0]) + 8 * along
    line = Line(name="gate", start=(3.0, -2.0), end=(float(end[0]), float(end[1])))
    normal = np.array(line.normal())
    c, s = math.cos(math.radians(slant)), math.sin(math.radians(slant))
    direction = (c * normal + s * along) * (1 if ahead else -1)
    middle = np.array(line.start) + 8 * position * along
    reach = 2.0 / c
    way = straight(middle - reach * direction, middle + reach * direction, speed, rate, phase)
    forward, backward = passed(line, way, rate, weight)
    there, back = (forward, backward) if ahead else (backward, forward)
    assert there == pytest.approx(weight, abs=0.05 * weight + CROSSING_STEP)
    assert back == 0


LINE = Line(name="gate", start=(-3.0, 0.0), end=(3.0, 0.0))


def test_forward_is_the_normals_direction() -> None:
    """Who walks towards the left hand of one who goes from start to end is counted forward."""
    up = straight(np.array([0.0, -2.0]), np.array([0.0, 2.0]), 1.2, 5)
    assert passed(LINE, up, 5) == pytest.approx((1, 0), abs=0.05)
    assert passed(LINE, up[::-1], 5) == pytest.approx((0, 1), abs=0.05)


def test_two_side_by_side_are_two_and_two_ways_are_two_numbers() -> None:
    """People abreast are each counted; people who meet do not cancel."""
    up = straight(np.array([0.0, -2.0]), np.array([0.0, 2.0]), 1.2, 5)
    beside = up + np.array([0.6, 0.0])
    assert passed(LINE, np.concatenate((up, beside), axis=1), 5)[0] == pytest.approx(2, abs=0.1)
    meeting = np.concatenate((up, beside[::-1]), axis=1)
    assert passed(LINE, meeting, 5) == pytest.approx((1, 1), abs=0.05)


@settings(deadline=None, max_examples=50)
@given(swing=st.floats(0.05, 1.5), period=st.floats(1.0, 8.0), rate=st.floats(4, 12))
def test_one_who_dithers_nets_zero(swing: float, period: float, rate: float) -> None:
    """Whole swings to and fro over the line add as much forward as backward."""
    t = np.arange(0, 3 * period + 0.5 / rate, 1 / rate)
    y = swing * np.sin(2 * np.pi * t / period)
    assume(2 * np.pi * swing / period < 2.0)
    way = np.column_stack((np.zeros(len(t)), y))[:, None, :]
    forward, backward = passed(LINE, way, rate)
    assert forward - backward == pytest.approx(0, abs=0.15 + 2 * np.abs(y[-1]))


def test_one_who_stands_on_the_line_does_not_count() -> None:
    """Velocity within its noise adds nothing, for however long someone stands there."""
    generator = np.random.default_rng(3)
    crossings = Crossings([LINE])
    for _ in range(3000):
        velocity = generator.normal(0, 0.03, (1, 2))
        crossings.add(np.array([[0.4, 0.1]]), velocity, np.ones(1), 0.2)
    assert crossings.take(CROSSING_STEP) == ((0, 0),)


@pytest.mark.parametrize("x", [-4.0, 4.0, 9.0])
def test_who_passes_beyond_the_end_does_not_count(x: float) -> None:
    """The line ends where it ends."""
    beyond = straight(np.array([x, -2.0]), np.array([x, 2.0]), 1.2, 5)
    assert passed(LINE, beyond, 5) == (0, 0)


def test_who_walks_along_the_line_does_not_cross() -> None:
    """Walking on it lengthwise is no crossing."""
    along = straight(np.array([-3.0, 0.2]), np.array([3.0, 0.2]), 1.2, 5)
    assert passed(LINE, along, 5) == (0, 0)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=20), st.floats(0.02, 1.0))
def test_what_is_not_said_yet_is_carried_on(weights: list[float], step: float) -> None:
    """Taken in whole steps, the sum of what was said is the flux to within one step."""
    crossings = Crossings([LINE, LINE])
    said = total = 0.0
    for weight in weights:
        crossings.add(np.zeros((1, 2)), np.array([[0.0, 1.0]]), np.array([weight]), 0.1)
        total += weight * 0.1 / STRIP
        taken = crossings.take(step)
        assert taken[0] == taken[1]
        said += taken[0][0] * step
        assert total - step - 1e-6 < said < total + 1e-6


def test_no_lines_and_nobody() -> None:
    """Without lines there are no crossings; nobody gives zero."""
    assert Crossings([]).take(CROSSING_STEP) == ()
    crossings = Crossings([LINE])
    crossings.add(np.empty((0, 2)), np.empty((0, 2)), np.empty(0), 0.2)
    assert crossings.take(CROSSING_STEP) == ((0, 0),)
