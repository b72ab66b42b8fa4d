"""The arithmetic of a search of every face against a list; pure. Sources: the guide's table.

The words are those of ISO/IEC 19795-1: a false match is one comparison that wrongly succeeds; a
false positive identification is one face, of somebody who is not on the list, with at least one.
"""

import itertools
import math
from collections.abc import Callable
from typing import Final, NamedTuple

from plainview.proportion import share_interval

LEVEL: Final = 0.95
"""Of every interval here."""
MINUTES_PER_HOUR: Final = 60.0


class Estimate(NamedTuple):
    """A number with the ends of its 95 % interval; None where its source allows no interval."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def ends(self) -> tuple[float, ...]:
        """Both ends, or the value alone where there is no interval."""
        return (self.value,) if self.low is None or self.high is None else (self.low, self.high)


def counted(hits: int, trials: int) -> Estimate:
    """The share `hits` of `trials` with its exact interval.

    Clopper & Pearson, Biometrika 26 (1934) 404. `trials` at least 1, `hits` at most `trials`.
    """
    return Estimate(hits / trials, *share_interval(hits, trials, LEVEL))


def propagate(formula: Callable[..., float], *inputs: Estimate) -> Estimate:
    """`formula` of `inputs`, with an interval from its values at every corner of their intervals.

    Exact for one uncertain input in which `formula` is monotone; with several it is cautious, as
    all of them would have to be off to the same side at once. No interval if no input has one.
    """
    value = formula(*(one.value for one in inputs))
    if all(one.low is None for one in inputs):
        return Estimate(value)
    corners = [formula(*corner) for corner in itertools.product(*(one.ends for one in inputs))]
    return Estimate(value, min(corners), max(corners))


def total(parts: tuple[Estimate, ...]) -> Estimate:
    """The sum of `parts`, all at their low or all at their high end: a cautious interval."""
    value = math.fsum(part.value for part in parts)
    if all(part.low is None for part in parts):
        return Estimate(value)
    return Estimate(
        value,
        math.fsum(part.ends[0] for part in parts),
        math.fsum(part.ends[-1] for part in parts),
    )


def per_comparison(per_face: float, list_size: int) -> float:
    """The false-match rate behind a false positive rate that was measured at `list_size`.

    1 - (1 - FPIR)^(1/N), the inverse of `per_face`.
    """
    if per_face >= 1:
        return 1.0
    return -math.expm1(math.log1p(-per_face) / list_size)


def per_face(false_match: float, list_size: int) -> float:
    """The share of faces of people not on a list of `list_size` that match somebody on it.

    1 - (1 - FMR)^N, for independent comparisons: Daugman, Statistical demands of identification
    versus verification (www.cl.cam.ac.uk/~jgd1000/veri/veri.html).
    """
    if false_match >= 1:
        return 1.0
    return -math.expm1(math.log1p(-false_match) * list_size)


def false_alerts(faces: float, prevalence: float, rate: float) -> float:
    """False alerts a day among `faces` a day: F (1 - p) FPIR."""
    return faces * (1 - prevalence) * rate


def true_alerts(faces: float, prevalence: float, rate: float) -> float:
    """True alerts a day: F p TPIR."""
    return faces * prevalence * rate


def chance_right(true: float, false: float) -> float:
    """The share of alerts that are right, Bayes' rule in counts: T / (T + F). NaN without any."""
    return true / (true + false) if true + false > 0 else math.nan


def hours(alerts: float, stops_per_alert: float, per_alert: float, per_stop: float) -> float:
    """Officers' hours a day for `alerts` a day, with `per_alert` and `per_stop` minutes each."""
    return alerts * (per_alert + stops_per_alert * per_stop) / MINUTES_PER_HOUR


def rate_needed(limit: float, faces: float, prevalence: float) -> float:
    """The false positive rate at which `faces` a day give `limit` false alerts a day; at most 1.

    `limit` / (F (1 - p)): `false_alerts`, solved for the rate.
    """
    unlisted = faces * (1 - prevalence)
    return min(limit / unlisted, 1.0) if unlisted > 0 else 1.0
