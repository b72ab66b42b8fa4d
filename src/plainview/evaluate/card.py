"""A site calibration report: judged clips of one camera as a scorecard (governance.scorecard)."""

import math
from collections import defaultdict
from collections.abc import Sequence

from plainview import __version__
from plainview.evaluate.event_table import by_kind
from plainview.evaluate.event_truth import EventTruth
from plainview.evaluate.events import Judged, score
from plainview.evaluate.proportion import Estimate
from plainview.geometry import View
from plainview.governance.scorecard import FORMAT, Interval, KindCard, Scorecard, seen_as


def scorecard(
    judged: Sequence[Judged], truths: Sequence[EventTruth], *, camera: str, view: View, made: str
) -> Scorecard:
    """The card of `judged`, which are of the clips that `truths` tell of. `made`: the UTC date."""
    light: defaultdict[str, float] = defaultdict(float)
    weather: defaultdict[str, float] = defaultdict(float)
    for truth in truths:
        left = truth.seconds
        for spell in truth.conditions:
            length = max(min(spell.end, truth.seconds) - spell.start, 0.0)
            light[spell.light] += length / 3600
            weather[spell.weather] += length / 3600
            left -= length
        if left > 1.0:
            light["unknown"] += left / 3600
            weather["unknown"] += left / 3600
    return Scorecard(
        format=FORMAT,
        camera=camera,
        fingerprint=seen_as(view),
        version=__version__,
        made=made,
        hours=round(sum(truth.seconds for truth in truths) / 3600, 3),
        light={name: round(hours, 3) for name, hours in sorted(light.items())},
        weather={name: round(hours, 3) for name, hours in sorted(weather.items())},
        kinds=tuple(_kind_card(ones) for ones in by_kind(judged).values()),
    )


def _kind_card(ones: Sequence[Judged]) -> KindCard:
    found = score(ones)
    return KindCard(
        kind=ones[0].kind,
        events=found.true,
        hits=found.hits,
        false=found.false,
        late=found.late,
        repeats=found.repeats,
        recall=_interval(found.recall),
        precision=_interval(found.precision),
        false_per_day=_interval(found.false_per_day),
    )


def _interval(found: Estimate) -> Interval:
    return Interval(
        value=None if math.isnan(found.value) else round(found.value, 4),
        low=round(found.low, 4),
        high=None if math.isinf(found.high) else round(found.high, 4),
    )
