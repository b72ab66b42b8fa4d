"""Alarms against truth: how many run-ups are told in time, and how often nothing is wrong."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from plainview.evaluate.score import local_density
from plainview.evaluate.simulated import Course
from plainview.evaluate.table import ABSENT, number, percent, table

Floats = NDArray[np.float64]

CRUSH_DENSITY = 7.0
"""people/m² under the kernel of `score.KERNEL_RADIUS` from which a crowd is called crushed: past
about 7 people are lifted off their feet (Fruin, Causes and prevention of crowd disasters, 1993)."""
CRUSH_PRESSURE = 0.02
"""1/s² of true pressure that is called a crush when it lasts (Helbing et al. 2007)."""
CRUSH_SECONDS = 10
"""How long the pressure must last."""
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


class RunUpTrial(NamedTuple):
    """One simulated run-up, once through a camera that errs."""

    crush: float
    """Seconds from the start to the crush; NaN where it never comes."""
    raised: tuple[Raised, ...]


class AlarmScore(NamedTuple):
    """How one quantity at one level did."""

    quantity: str
    level: str
    runs: int
    """Run-ups that came to a crush."""
    told: float
    """Share of them in which it was raised before the crush."""
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


def crush_moment(truth: Course, pressure: Floats) -> float:
    """Seconds to the crush in `truth`: 7 people/m² reached, or pressure past its limit for 10 s.

    `pressure` (n,) is the true pressure's greatest value of each second, 1/s². It counts where the
    crowd is past 5 people/m²: walkers who pass each other have a greater one without any danger.
    NaN where neither comes.
    """
    inside = np.ones(truth.density.shape[1:], dtype=np.bool_)
    peak = np.array([local_density(now, inside, 1.0).max() for now in truth.density])
    moments = [_first(peak >= CRUSH_DENSITY, 1), _first(pressure > CRUSH_PRESSURE, CRUSH_SECONDS)]
    known = [moment for moment in moments if not math.isnan(moment)]
    return min(known) if known else math.nan


def _first(said: NDArray[np.bool_], seconds: int) -> float:
    """The end of the first stretch of `seconds` in which all of `said` (n,) holds; NaN: none."""
    if len(said) < seconds:
        return math.nan
    lasting = np.lib.stride_tricks.sliding_window_view(said, seconds).all(axis=1)
    return float(np.argmax(lasting) + seconds) if lasting.any() else math.nan


def poisson_interval(events: int, share: float = 0.90) -> tuple[float, float]:
    """The exact interval on a Poisson process's expected count when `events` were seen.

    Garwood, Biometrika 28 (1936): chi-square quantiles. From 0 where none were seen.
    """
    tail = (1 - share) / 2
    low = float(chi2.ppf(tail, 2 * events)) / 2 if events else 0.0
    return low, float(chi2.ppf(1 - tail, 2 * events + 2)) / 2


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

        leads, runs = [], 0
        for trial in trials:
            if math.isnan(trial.crush):
                continue
            runs += 1
            first = min((one.t for one in trial.raised if chosen(one)), default=math.inf)
            if first < trial.crush:
                leads.append(trial.crush - first)
        wrong = sum(1 for one in false if chosen(one))
        ends = poisson_interval(wrong)
        scores.append(
            AlarmScore(
                quantity=quantity,
                level=level,
                runs=runs,
                told=len(leads) / runs if runs else math.nan,
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
            percent(score.told),
            f"≥ {percent(SHARE_LIMIT)}",
            f"{number(score.lead, 0)} s" if score.runs and score.told > 0 else ABSENT,
            f"{number(score.least, 0)} s" if score.runs and score.told > 0 else ABSENT,
            str(score.false),
            f"{number(score.rate)} ({number(score.low)} to {number(score.high)})",
            f"< {FALSE_LIMIT:g}",
        )
        for score in scores
    ]
    head = ("quantity", "level", "run-ups", "told before", "limit", "median lead", "9 in 10 over",
            "false", "per 100 h (90 %)", "limit")  # fmt: skip
    return table(head, rows, words=2)
