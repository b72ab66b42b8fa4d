"""Busy but ordinary traffic that repeats without a seam: what no alarm may be raised over."""

from typing import NamedTuple

import numpy as np
from shapely import box

from plainview.synth import crowd, plaza
from plainview.synth.crowd import Stream, arrivals, simulated, wrapped
from plainview.synth.packed import Rect, Surge, packed
from plainview.synth.trajectories import Trajectories

PERIOD = 120.0
"""Seconds after which a simulated loop repeats."""


class Loop(NamedTuple):
    """One stretch of ordinary traffic that may be played over and over."""

    name: str
    walks: Trajectories
    rect: Rect
    """The ground, metres."""
    period: float
    """Seconds."""


def passage(rate: float, seed: int) -> Loop:
    """Two ways through a passage 5 m wide, `rate` people per second each way."""
    generator = np.random.default_rng(seed)

    def times() -> tuple[float, ...]:
        return arrivals(lambda _: rate, PERIOD, generator, rate)

    streams = (
        Stream((-8.8, 0.4, -7.8, 4.6), (8.0, 0.2, 8.9, 4.8), times()),
        Stream((7.8, 0.4, 8.8, 4.6), (-8.9, 0.2, -8.0, 4.8), times()),
    )
    walks = simulated(box(-9, 0, 9, 5), streams, PERIOD + 40, seed)
    return Loop("passage, two ways", wrapped(walks, PERIOD), (-6.0, 0.0, 6.0, 5.0), PERIOD)


def crossing(rate: float, seed: int) -> Loop:
    """Streams of `rate` people per second each that cross on a square."""
    generator = np.random.default_rng(seed)
    west, east = (-7.8, -3.0, -7.0, 3.0), (7.0, -3.0, 7.8, 3.0)
    south, north = (-3.0, -7.8, 3.0, -7.0), (-3.0, 7.0, 3.0, 7.8)
    pairs = ((west, east), (east, west), (south, north), (north, south))
    streams = tuple(
        Stream(a, b, arrivals(lambda _: rate, PERIOD, generator, rate)) for a, b in pairs
    )
    walks = simulated(box(-8, -8, 8, 8), streams, PERIOD + 40, seed)
    return Loop("crossing streams", wrapped(walks, PERIOD), (-5.0, -5.0, 5.0, 5.0), PERIOD)


def gate(seed: int) -> Loop:
    """The demonstration's square: a jam before a gate that grows and clears in each lap."""
    x, (low, high) = plaza.GATE_X, plaza.GATE
    rect = (x - 10.0, low - 4.0, x + 2.0, high + 4.0)
    return Loop("jam at a gate", crowd.plaza(seed), rect, plaza.PERIOD)


def audience(density: tuple[float, float], seed: int) -> Loop:
    """People who stand and sway before a stage, `density` people/m² behind and in front."""
    sway = Surge(speed=0.03, length=8.0, period=8.0)
    walks = packed((0.0, 0.0, 10.0, 8.0), density, PERIOD, seed, surge=sway)
    return Loop("standing audience", walks, (0.0, 0.0, 10.0, 8.0), PERIOD)


def loops(seed: int = 0) -> tuple[Loop, ...]:
    """Ordinary traffic from moderate to as busy as it gets without danger."""
    return (
        passage(0.6, seed), passage(1.1, seed + 1), passage(2.0, seed + 2),
        crossing(0.5, seed + 3), crossing(0.9, seed + 4),
        gate(seed + 5), gate(seed + 6),
        audience((1.0, 2.0), seed + 7), audience((1.5, 2.8), seed + 8),
    )  # fmt: skip
