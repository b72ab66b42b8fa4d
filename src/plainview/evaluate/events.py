"""Told events against true ones: what was found, when, and what was told for nothing."""

import enum
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from plainview.evaluate.event_truth import EventTruth, TrueEvent
from plainview.evaluate.measured import Doubted, Measured
from plainview.evaluate.proportion import Estimate, rate, share
from plainview.geometry import Point
from plainview.record import EventKind, Phase

EARLY = 2.0
"""Seconds before its true start at which an event may be told: when something is put down, or is
down, is itself known to about a second."""
LATE = {
    EventKind.ZONE_INTRUSION: 6.0,
    EventKind.WRONG_WAY: 8.0,
    EventKind.LEFT_OBJECT: 40.0,
    EventKind.PERSON_DOWN: 15.0,
    EventKind.FIRE: 20.0,
}
"""Seconds after its true start by which it must have been told. Left objects must first have been
left, and someone down must have stayed down; for other kinds it is LATEST."""
LATEST = 20.0
REACH = {EventKind.WRONG_WAY: 6.0, EventKind.ZONE_INTRUSION: 4.0, EventKind.FIRE: 4.0}
"""Metres between the true place and the told one; a vehicle's middle and its wheels are both it."""
REACH_ELSE = 3.0
DAY = 86_400.0


class Told(NamedTuple):
    """One event that `plainview measure` told."""

    kind: EventKind
    start: float
    end: float | None
    at: Point
    zone: str | None
    confidence: float


class Verdict(enum.StrEnum):
    """What a told event was."""

    HIT = "hit"
    REPEAT = "repeat"
    """Of an event that had been told already, and still was."""
    LATE = "late"
    """Right, but not in time: the event counts as missed."""
    FALSE = "false"


class Judged(NamedTuple):
    """One clip, one kind."""

    kind: EventKind
    truth: EventTruth
    told: tuple[tuple[Told, Verdict], ...]
    found: tuple[tuple[TrueEvent, float | None], ...]
    """Each true event, with the seconds after its start at which it was told; None: missed."""
    doubted: tuple[Doubted, ...] = ()
    """When the camera must not be believed: no time in which it could have told a false alarm."""

    @property
    def watched(self) -> float:
        """Seconds of the clip in which the camera could be believed."""
        return self.truth.seconds - unseen(self.doubted, 0.0, self.truth.seconds)

    def count(self, verdict: Verdict) -> int:
        """How many told events were that."""
        return sum(one is verdict for _, one in self.told)


class EventScore(NamedTuple):
    """One kind over some clips, with 90 % intervals."""

    clips: int
    true: int
    hits: int
    false: int
    late: int
    repeats: int
    hours: float
    """In which the cameras could be believed."""
    recall: Estimate
    precision: Estimate
    false_per_day: Estimate
    delay: float
    """Median seconds from the true start; NaN without a hit."""
    doubted: int
    """True ones that began while the camera was doubted. They count like any other."""
    doubted_hits: int
    believed_recall: Estimate
    """Of the true ones that began while it could be believed."""


def told_events(measured: Measured) -> list[Told]:
    """The events of a measurement, each start with its end; None where the clip ends first."""
    return paired(
        (
            Told(
                EventKind(event["kind"]),
                float(event["t"]),
                None,
                (float(event["at"][0]), float(event["at"][1])),
                event.get("zone"),
                float(event["confidence"]),
            ),
            Phase(event["phase"]),
        )
        for interval in measured.intervals
        for event in interval.events
    )


def paired(marks: Iterable[tuple[Told, Phase]]) -> list[Told]:
    """Starts and ends in the order of time, of which an end's time is its `start`, as events."""
    told: list[Told] = []
    for mark, phase in marks:
        if phase is Phase.START:
            told.append(mark)
            continue
        for k, one in enumerate(told):
            if one.end is None and (one.kind, one.at, one.zone) == (mark.kind, mark.at, mark.zone):
                told[k] = one._replace(end=mark.start)
                break
    return told


def unseen(doubted: Iterable[Doubted], start: float, end: float) -> float:
    """Seconds between `start` and `end` that fall into one of `doubted`."""
    return sum(max(min(one.end, end) - max(one.start, start), 0.0) for one in doubted)


def judge(
    told: Iterable[Told], truth: EventTruth, kind: EventKind, doubted: tuple[Doubted, ...] = ()
) -> Judged:
    """Told events of `kind` against the true ones, in the order of time.

    A told event is a hit if it is told between EARLY before and LATE after a true one's start, not
    more than EARLY after its end, in its zone (where the truth names one) and within REACH of where
    it then is; each true event is hit once. What happens, or is told, while the camera is `doubted`
    counts as at any other time.
    """
    true = [event for event in truth.events if event.kind is kind]
    delays: list[float | None] = [None] * len(true)
    verdicts: list[tuple[Told, Verdict]] = []
    for one in sorted((one for one in told if one.kind is kind), key=lambda one: one.start):
        about = [k for k, event in enumerate(true) if _about(one, event)]
        timely = [
            k for k in about if delays[k] is None
            and one.start - true[k].start <= LATE.get(kind, LATEST)
        ]  # fmt: skip
        if timely:
            k = min(timely, key=lambda k: _distance(one, true[k]))
            delays[k] = one.start - true[k].start
            verdicts.append((one, Verdict.HIT))
        elif about:
            known = any(delays[k] is not None for k in about)
            verdicts.append((one, Verdict.REPEAT if known else Verdict.LATE))
        else:
            verdicts.append((one, Verdict.FALSE))
    return Judged(kind, truth, tuple(verdicts), tuple(zip(true, delays, strict=True)), doubted)


def began_doubted(event: TrueEvent, doubted: Iterable[Doubted]) -> bool:
    """Whether `event` began in one of `doubted`."""
    return any(one.start <= event.start < one.end for one in doubted)


def _about(told: Told, true: TrueEvent) -> bool:
    """Whether `told` is of `true`, timely or not."""
    end = math.inf if true.end is None else true.end
    if not true.start - EARLY <= told.start <= end + EARLY:
        return False
    if true.zone is not None and told.zone != true.zone:
        return False
    return _distance(told, true) <= REACH.get(true.kind, REACH_ELSE)


def _distance(told: Told, true: TrueEvent) -> float:
    """Metres to where it truly was within the last two seconds: it is told a little late."""
    return min(
        math.dist(told.at, true.place(told.start - lag)) for lag in (0.0, 0.5, 1.0, 1.5, 2.0)
    )


def score(judged: Sequence[Judged]) -> EventScore:
    """All of `judged`, which are of one kind, together."""
    hits = sum(one.count(Verdict.HIT) for one in judged)
    false = sum(one.count(Verdict.FALSE) for one in judged)
    true = sum(len(one.found) for one in judged)
    seconds = sum(one.watched for one in judged)
    delays = sorted(delay for one in judged for _, delay in one.found if delay is not None)
    in_doubt = [
        delay is not None
        for one in judged for event, delay in one.found if began_doubted(event, one.doubted)
    ]  # fmt: skip
    doubted, doubted_hits = len(in_doubt), sum(in_doubt)
    return EventScore(
        clips=len(judged),
        true=true,
        hits=hits,
        false=false,
        late=sum(one.count(Verdict.LATE) for one in judged),
        repeats=sum(one.count(Verdict.REPEAT) for one in judged),
        hours=seconds / 3600,
        recall=share(hits, true),
        precision=share(hits, hits + false),
        false_per_day=rate(false, seconds / DAY),
        delay=delays[len(delays) // 2] if delays else math.nan,
        doubted=doubted,
        doubted_hits=doubted_hits,
        believed_recall=share(hits - doubted_hits, true - doubted),
    )
