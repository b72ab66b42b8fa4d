"""Minutes and hours from Readings: pure sums, so that parts can be added and taken away exactly."""

from collections.abc import Iterable
from itertools import zip_longest
from typing import NamedTuple

from plainview.readings import BIT, Measured

MINUTE = 60_000
"""Milliseconds."""
HOUR = 3_600_000


def minute_of(t: int) -> int:
    """Start of the minute that a Reading at `t` belongs to: `t` is its interval's end."""
    return max(t - 1, 0) // MINUTE * MINUTE


class Sums(NamedTuple):
    """What a stretch of one camera's Readings adds up to, in the units of record.py."""

    readings: int = 0
    """Healthy ones: only these are in the sums below."""
    unhealthy: int = 0
    total: int = 0
    low: int = 0
    high: int = 0
    peak: int | None = None
    crossings: tuple[tuple[int, int], ...] = ()
    health: int = 0
    """Bits of the flags raised, in the order of Health."""


def sums(readings: Iterable[Measured]) -> Sums:
    """The sums of one camera's `readings`. Unhealthy ones are counted, and nothing else."""
    n = unhealthy = total = low = high = health = 0
    peak: int | None = None
    crossings: list[list[int]] = []
    for one in readings:
        if one.health or not one.frames:
            unhealthy += 1
            for flag in one.health:
                health |= BIT[flag]
            continue
        n += 1
        total += one.count
        low += one.low
        high += one.high
        if peak is None or one.count > peak:
            peak = one.count
        crossings += ([0, 0] for _ in range(len(one.crossings) - len(crossings)))
        for line, (forward, backward) in zip(crossings, one.crossings, strict=False):
            line[0] += forward
            line[1] += backward
    lines = tuple((forward, backward) for forward, backward in crossings)
    return Sums(n, unhealthy, total, low, high, peak, lines, health)


def _peak(a: int | None, b: int | None) -> int | None:
    return max((p for p in (a, b) if p is not None), default=None)


def _combine(a: Sums, b: Sums, sign: int) -> Sums:
    return Sums(
        a.readings + sign * b.readings,
        a.unhealthy + sign * b.unhealthy,
        a.total + sign * b.total,
        a.low + sign * b.low,
        a.high + sign * b.high,
        _peak(a.peak, b.peak),
        tuple(
            (p[0] + sign * q[0], p[1] + sign * q[1])
            for p, q in zip_longest(a.crossings, b.crossings, fillvalue=(0, 0))
        ),
        a.health | b.health,
    )


def add(a: Sums, b: Sums) -> Sums:
    """The sums of two stretches together."""
    return _combine(a, b, 1)


def replace(whole: Sums, old: Sums, new: Sums) -> Sums:
    """`whole` with its part `old` grown to `new`.

    `new` must hold all Readings of `old` and perhaps more: then the peak only rises and flags are
    only added, so that nothing else of `whole` must be known.
    """
    return add(_combine(whole, old, -1), new)
