"""A site calibration report: judged clips of one camera as a scorecard (governance.scorecard)."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from plainview import __version__
from plainview.evaluate.event_table import by_kind
from plainview.evaluate.event_truth import EventTruth
from plainview.evaluate.events import Judged, score, unseen
from plainview.evaluate.measured import Doubted
from plainview.evaluate.proportion import Estimate
from plainview.geometry import View
from plainview.governance.scorecard import FORMAT, Interval, KindCard, Scorecard, seen_as


class Clip(NamedTuple):
    """One of a camera's recordings."""

    truth: EventTruth
    doubted: tuple[Doubted, ...]
    """When the camera must not be believed."""


def scorecard(
    judged: Sequence[Judged], clips: Sequence[Clip], *, camera: str, view: View, made: str
) -> Scorecard:
    """The card of `judged`, which are of `clips`. `made`: the UTC date.

    Hours in which the camera said that it must not be believed are no hours that were watched: who
    sees nothing tells no false alarm. True events that began in them count all the same: nobody was
    told of them. How many they were is told besides.
    """
    light: defaultdict[str, float] = defaultdict(float)
    weather: defaultdict[str, float] = defaultdict(float)
    left_out = 0.0
    for truth, doubted in clips:
        lost = unseen(doubted, 0.0, truth.seconds)
        left_out += lost
        left = truth.seconds - lost
        for spell in truth.conditions:
            end = min(spell.end, truth.seconds)
            length = max(end - spell.start, 0.0) - unseen(doubted, spell.start, end)
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
        hours=round((sum(clip.truth.seconds for clip in clips) - left_out) / 3600, 3),
        light={name: round(hours, 3) for name, hours in sorted(light.items())},
        weather={name: round(hours, 3) for name, hours in sorted(weather.items())},
        kinds=tuple(_kind_card(ones) for ones in by_kind(judged).values()),
        left_out=round(left_out / 3600, 3),
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
        doubted=found.doubted,
        doubted_hits=found.doubted_hits,
        believed_recall=_interval(found.believed_recall),
    )


def _interval(found: Estimate) -> Interval:
    return Interval(
        value=None if math.isnan(found.value) else round(found.value, 4),
        low=round(found.low, 4),
        high=None if math.isinf(found.high) else round(found.high, 4),
    )
