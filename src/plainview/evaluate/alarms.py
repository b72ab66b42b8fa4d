"""Alarms against truth: how many run-ups are told in time, and how often nothing is wrong."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plainview.evaluate.proportion import poisson_interval, share_interval
from plainview.evaluate.score import local_density
from plainview.evaluate.simulated import Course
from plainview.evaluate.table import ABSENT, number, percent, table

Floats = NDArray[np.float64]

TURBULENT = 0.02
"""1/s² of true pressure past which a crowd is turbulent (Helbing et al. 2007, section III)."""
CRUSH_DENSITY = 7.0
"""people/m² under the kernel of `score.KERNEL_RADIUS` from which a crowd is called crushed: past
about 7 people are lifted off their feet (Fruin, Causes and prevention of crowd disasters, 1993)."""
CRUSH_PRESSURE = 0.06
"""1/s² of true pressure that is called a crush: three times that at which turbulence begins. At
Mina the accident began not then, but when the pressure reached its peak (Helbing et al. 2007)."""
CRUSH_SECONDS = 10
"""How long either must last."""
SHARE_LIMIT = 0.80
"""Share of run-ups that must be told before the crush (issue 3)."""
FALSE_LIMIT = 1.0
"""False alarms per 100 camera-hours of busy normal traffic that must not be reached (issue 3)."""


class Raised(NamedTuple):
    """One alert that the engine raised."""

    quantity: str
    level: str
    t: float
    """Seconds from the start."""


class Moments(NamedTuple):
    """When it becomes dangerous, seconds from the start; NaN where it never does."""

    turbulence: float
    """True pressure past TURBULENT for CRUSH_SECONDS, or CRUSH_DENSITY reached for a second."""
    crush: float
    """Pressure past CRUSH_PRESSURE, or CRUSH_DENSITY, for CRUSH_SECONDS."""


class RunUpTrial(NamedTuple):
    """One simulated run-up, once through a camera that errs."""

    moments: Moments
    raised: tuple[Raised, ...]


class AlarmScore(NamedTuple):
    """How one quantity at one level did."""

    quantity: str
    level: str
    runs: int
    """Run-ups that came to a crush."""
    told: float
    """Share of them in which it was raised before the crush."""
    told_low: float
    """Ends of the 90 % interval of that share, as if every run-up had been seen once."""
    told_high: float
    early: float
    """Share in which it was raised before turbulence had lasted."""
    lead: float
    """Median seconds from the alert to the crush, where it was raised before."""
    least: float
    """A tenth of those leads are shorter, seconds."""
    false: int
    """Raised in normal traffic."""
    rate: float
    """Per 100 camera-hours."""
    low: float
    """Ends of the 90 % interval of that rate, if false alarms come as a Poisson process."""
    high: float


def moments(truth: Course, pressure: Floats) -> Moments:
    """When `truth` becomes turbulent, and when people are crushed in it.

    `pressure` (n,) is the true pressure's greatest value of each second, 1/s². It counts where the
    crowd is past 5 people/m²: walkers who pass each other have a greater one without any danger.
    """
    inside = np.ones(truth.density.shape[1:], dtype=np.bool_)
    peak = np.array([local_density(now, inside, 1.0).max() for now in truth.density])
    packed = peak >= CRUSH_DENSITY
    return Moments(
        _either(_first(packed, 1), _first(pressure > TURBULENT, CRUSH_SECONDS)),
        _either(_first(packed, CRUSH_SECONDS), _first(pressure > CRUSH_PRESSURE, CRUSH_SECONDS)),
    )


def _either(*seconds: float) -> float:
    return min((one for one in seconds if not math.isnan(one)), default=math.nan)


def _first(said: NDArray[np.bool_], seconds: int) -> float:
    """The end of the first stretch of `seconds` in which all of `said` (n,) holds; NaN: none."""
    if len(said) < seconds:
        return math.nan
    lasting = np.lib.stride_tricks.sliding_window_view(said, seconds).all(axis=1)
    return float(np.argmax(lasting) + seconds) if lasting.any() else math.nan


def alarm_scores(
    trials: Sequence[RunUpTrial],
    false: Sequence[Raised],
    hours: float,
    kinds: Sequence[tuple[str, str]],
) -> tuple[AlarmScore, ...]:
    """The score of each of `kinds` (quantity, level), over `hours` camera-hours of normal days.

    The last row is whatever alarm comes first, of any quantity.
    """
    scores = []
    for quantity, level in (*kinds, ("any", "alarm")):

        def chosen(one: Raised, quantity: str = quantity, level: str = level) -> bool:
            return one.level == level and quantity in {one.quantity, "any"}

        leads, runs, early = [], 0, 0
        for (turbulence, crush), raised in trials:
            if math.isnan(crush):
                continue
            runs += 1
            first = min((one.t for one in raised if chosen(one)), default=math.inf)
            early += first < turbulence
            if first < crush:
                leads.append(crush - first)
        share = share_interval(len(leads), runs)
        wrong = sum(1 for one in false if chosen(one))
        ends = poisson_interval(wrong)
        scores.append(
            AlarmScore(
                quantity=quantity,
                level=level,
                runs=runs,
                told=len(leads) / runs if runs else math.nan,
                told_low=share[0],
                told_high=share[1],
                early=early / runs if runs else math.nan,
                lead=float(np.median(leads)) if leads else math.nan,
                least=float(np.quantile(leads, 0.1)) if leads else math.nan,
                false=wrong,
                rate=100 * wrong / hours,
                low=100 * ends[0] / hours,
                high=100 * ends[1] / hours,
            )
        )
    return tuple(scores)


def alarm_table(scores: Sequence[AlarmScore]) -> str:
    """Every quantity and level beside the limits."""
    rows = [
        (
            score.quantity,
            score.level,
            str(score.runs),
            f"{percent(score.told)} ({percent(score.told_low)} to {percent(score.told_high)})",
            f"≥ {percent(SHARE_LIMIT)}",
            percent(score.early),
            f"{number(score.lead, 0)} s" if score.runs and score.told > 0 else ABSENT,
            f"{number(score.least, 0)} s" if score.runs and score.told > 0 else ABSENT,
            str(score.false),
            f"{number(score.rate)} ({number(score.low)} to {number(score.high)})",
            f"< {FALSE_LIMIT:g}",
        )
        for score in scores
    ]
    head = ("quantity", "level", "run-ups", "told before (90 %)", "limit", "before turbulence",
            "median lead", "9 in 10 over", "false", "per 100 h (90 %)", "limit")  # fmt: skip
    return table(head, rows, words=2)
