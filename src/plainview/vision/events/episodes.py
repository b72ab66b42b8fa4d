"""From sightings, frame by frame, to events that start and end."""

from typing import Final

import numpy as np

from plainview.record import PLACE_STEP, Event, EventKind, Phase
from plainview.vision.events.detector import Patience, Sighting

MOST: Final = 16
"""Events of one kind that can be open, or about to, at once. More are one flood, not more news."""
GAP: Final = 0.5
"""Part of the time of rising that may pass without a sighting before it starts anew."""
BESIDE: Final = 3.0
"""Times as long that what is seen beside an event must be seen: it may be a part of it."""
_MOST_PLACE: Final = 1_000_000
"""Of record.Event.x, in PLACE_STEP."""


class _Episode:
    """Something that is sighted again and again near one place. Owns its times and its sum."""

    def __init__(self, sighting: Sighting, t: float, *, beside: bool = False) -> None:
        self.beside = beside
        self.first = t
        self.zone = sighting.zone
        self.total, self.sightings = 0.0, 0
        self.clear, self.clears = 0.0, 0
        self.started: Event | None = None
        self.add(sighting, t)

    def add(self, sighting: Sighting, t: float) -> None:
        self.last = t
        self.total += sighting.confidence
        self.sightings += 1
        if sighting.clear is not None:
            self.clear += sighting.clear
            self.clears += 1
        # What moves is met again where it was last; its place of starting is told at its end.
        self.x, self.y = sighting.x, sighting.y

    @property
    def confidence(self) -> float:
        """Of the sightings, as if all of them were clear: whether there is an event."""
        return self.total / self.sightings

    @property
    def sure(self) -> float:
        """The same, less where they are not clear: what is told."""
        return self.confidence * (self.clear / self.clears if self.clears else 1.0)


class Episodes:
    """Owns the open episodes of one kind of event on one camera. At most `MOST`, always."""

    def __init__(self, kind: EventKind, patience: Patience) -> None:
        """None open."""
        self._kind, self._patience = kind, patience
        self._open: list[_Episode] = []

    def step(self, t: float, sightings: list[Sighting]) -> list[Event]:
        """The events that start or end at `t` seconds, which grows from call to call."""
        placed: list[tuple[Sighting, _Episode]] = []
        for sighting in sightings:
            beside = [one for other, one in placed if self._apart(sighting, other)]
            episode = self._place(sighting, t, beside)
            if episode is not None:
                placed.append((sighting, episode))
        told = [event for one in self._open if (event := self._start(one, t)) is not None]
        kept = []
        for one in self._open:
            quiet = t - one.last
            if one.started is not None and quiet >= self._patience.fall:
                told.append(self._event(one, Phase.END, t))
            elif one.started is not None or quiet <= max(GAP * self._patience.rise, 0.6):
                kept.append(one)
        self._open = kept
        return told

    def finish(self, t: float) -> list[Event]:
        """End at `t` all that is open: nothing more will be seen."""
        told = [self._event(one, Phase.END, t) for one in self._open if one.started is not None]
        self._open = []
        return told

    def _apart(self, one: Sighting, other: Sighting) -> bool:
        """Whether two sightings in one frame are of two events."""
        least = self._patience.apart + max(one.spread, other.spread)
        return float(np.hypot(one.x - other.x, one.y - other.y)) >= least

    def _place(self, sighting: Sighting, t: float, others: list[_Episode]) -> _Episode | None:
        """The episode that `sighting` is of, none of `others`; None where there are too many."""
        near = [
            (float(np.hypot(one.x - sighting.x, one.y - sighting.y)), k)
            for k, one in enumerate(self._open)
            if one.zone == sighting.zone
            and one not in others
            and (one.beside or not sighting.another)
        ]
        distance, k = min(near, default=(np.inf, -1))
        if distance <= self._patience.reach + sighting.spread:
            self._open[k].add(sighting, t)
            return self._open[k]
        if len(self._open) >= MOST:
            return None
        self._open.append(_Episode(sighting, t, beside=sighting.another or bool(others)))
        return self._open[-1]

    def _start(self, one: _Episode, t: float) -> Event | None:
        patience = self._patience
        rise = patience.rise * (BESIDE if one.beside else 1.0)
        long = one.last - one.first >= rise - 1e-6
        if one.started is not None or not long or one.confidence < patience.least:
            return None
        if _percent(one) < 100 * patience.likely:
            return None
        one.started = self._event(one, Phase.START, t)
        return one.started

    def _event(self, one: _Episode, phase: Phase, t: float) -> Event:
        x, y = one.x, one.y
        if phase is Phase.END and one.started is not None:
            # The same place as at its start: that is how the two are known to belong together.
            return Event(
                self._kind, phase, _millis(t), one.started.x, one.started.y, one.zone, _percent(one)
            )
        return Event(self._kind, phase, _millis(t), _place(x), _place(y), one.zone, _percent(one))


def _millis(t: float) -> int:
    return max(round(t * 1000), 0)


def _place(metres: float) -> int:
    return min(max(round(metres / PLACE_STEP), -_MOST_PLACE), _MOST_PLACE)


def _percent(one: _Episode) -> int:
    return min(max(round(100 * one.sure), 0), 100)
