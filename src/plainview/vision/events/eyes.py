"""The detectors that one camera is for, and the events they told of since the last Reading."""

from collections.abc import Sequence
from typing import Final

from plainview.geometry import ONE_WAY, View
from plainview.record import Event, EventKind, Phase
from plainview.vision.events.clear import Clear
from plainview.vision.events.detector import Detector, Sighting
from plainview.vision.events.episodes import Episodes
from plainview.vision.events.fire import Fire
from plainview.vision.events.hours import OpenHours
from plainview.vision.events.keen import Keen
from plainview.vision.events.lately import Lately
from plainview.vision.events.left_object import LeftObject
from plainview.vision.events.movers import Movers
from plainview.vision.events.person_down import PersonDown
from plainview.vision.events.seen import Seen
from plainview.vision.events.solid import noise_of
from plainview.vision.events.wrong_way import WrongWay
from plainview.vision.events.zone_intrusion import ZoneIntrusion
from plainview.vision.optics import Optics

MOVING: Final = (EventKind.ZONE_INTRUSION, EventKind.WRONG_WAY)
"""Kinds that look at movers: with their looks."""
MOST_TOLD: Final = 32
"""Events in one Reading (record.Reading.events)."""


def detectors(
    view: View, optics: Optics, kinds: Sequence[EventKind], hours: OpenHours
) -> list[Detector]:
    """The built-in detectors of `kinds` that `view` gives something to look for, in its `hours`.

    A kind whose detector is built in looks in the zones of that kind, and in the whole area where
    there are none and it needs none.
    """
    of_zones = {zone.kind for zone in view.zones}
    found: list[Detector] = []
    if EventKind.ZONE_INTRUSION in kinds and EventKind.ZONE_INTRUSION in of_zones:
        found.append(ZoneIntrusion(view, optics, hours))
    if EventKind.WRONG_WAY in kinds and ONE_WAY in of_zones:
        found.append(WrongWay(view, optics, hours))
    if EventKind.FIRE in kinds:
        found.append(Fire(view, optics))
    if EventKind.LEFT_OBJECT in kinds:
        found.append(LeftObject(view, optics))
    if EventKind.PERSON_DOWN in kinds:
        found.append(PersonDown(view, optics))
    return found


def movers(view: View, optics: Optics) -> Movers:
    """What follows all that moves around the zones of `view` that are for it."""
    kinds = (EventKind.ZONE_INTRUSION, ONE_WAY)
    return Movers(optics, [zone.polygon for zone in view.zones if zone.kind in kinds])


class Eyes:
    """Owns a camera's detectors, and the events that wait for the next Reading."""

    def __init__(
        self,
        found: Sequence[Detector],
        told: Sequence[Event] = (),
        *,
        follow: Movers | None = None,
        clear: Clear | None = None,
    ) -> None:
        """Look with each of `found`; `told` waits for the next Reading already.

        `follow` finds what moves, where a detector asks for it; `clear` says how clearly that is
        seen which is told of, without which all of it is.
        """
        self._movers = follow if any(one.kind in MOVING for one in found) else None
        self._clear = clear
        self._keen = Keen()
        self._lately = Lately()
        self._watched = [(one, Episodes(one.kind, one.patience)) for one in found]
        self._told = list(told)
        self._last = 0.0

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self._watched)

    def frame(self, seen: Seen) -> None:
        """Look at one frame. What may not be believed is not looked at, and ends nothing.

        What moves is believed through haze: where it is does not hang on fine contrast.
        """
        self._last = seen.t
        if not (seen.trusted or seen.hazy):
            return
        moving = self._movers is None or self._movers.due(seen.t, seen.bodies)
        moved = seen
        if moving and self._movers is not None:
            moved = self._moved(seen, self._movers)
        for detector, episodes in self._watched:
            if isinstance(detector, WrongWay):
                detector.glance(seen)
            given, due = (moved, moving) if detector.kind in MOVING else (seen, seen.trusted)
            if due:
                self._told += episodes.step(seen.t, self._cleared(seen, detector.look(given)))

    def _cleared(self, seen: Seen, found: list[Sighting]) -> list[Sighting]:
        if self._clear is None:
            return found
        return [one._replace(clear=self._clear.of(seen, one)) for one in found]

    def _moved(self, seen: Seen, movers: Movers) -> Seen:
        """`seen` with what moves in it by `movers`, what is veiled, and no bodies made of light."""
        veiled, bodies, light = seen.evidence, seen.bodies, 0.0
        if movers.window is not None:
            veiled = self._keen.look(seen, movers.window, noise_of(seen))
            # No sun shines through haze: what is patchy there is fog.
            light = 0.0 if seen.hazy else self._keen.light
            veiled = self._lately.look(seen, movers.window, veiled, patchy=light > 0)
        if self._keen.patchy:
            bodies = movers.footed(seen.evidence, bodies)
        moves = movers.step(seen.t, seen.evidence, bodies, veiled, light=light)
        return seen._replace(movers=moves, veiled=veiled, light=light, bodies=bodies)

    def take(self) -> tuple[Event, ...]:
        """Events for the next Reading, at most `MOST_TOLD`; starts go before ends, the rest waits.

        What waits is bounded too: an episode tells twice, and there are at most so many.
        """
        self._told.sort(key=lambda event: event.phase is Phase.END)
        taken, self._told = self._told[:MOST_TOLD], self._told[MOST_TOLD:]
        return tuple(sorted(taken, key=lambda event: event.t))

    def finish(self) -> list[Event]:
        """Nothing more will be seen: all that waits, and the end of all that is open."""
        for _, episodes in self._watched:
            self._told += episodes.finish(self._last)
        return self._told
