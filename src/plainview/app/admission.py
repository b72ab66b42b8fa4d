"""Which events of which cameras are kept: by what is permitted, and by what they are good for."""

from collections import Counter
from collections.abc import Callable, Mapping

import structlog

from plainview.clock import Clock
from plainview.config import CityConfig
from plainview.errors import PlainviewError
from plainview.record import Event, EventKind, EventStanding, Phase
from plainview.store.search import Mark

Permission = Callable[[str, EventKind], str]
"""(camera, kind) -> why it is not permitted now; empty where it is."""
StandingOf = Callable[[str, EventKind], EventStanding]
"""(camera, kind) -> what its events are good for, by its scorecard."""

_FRESH = 1.0
"""Seconds for which what is permitted, and what is validated, is not asked for again."""
_COMPLAIN = 60.0
"""Seconds between two lines in the log about the same camera and kind."""
_MOST_REMEMBERED = 100_000

_log = structlog.get_logger(__name__)


def experimental(_camera: str, _kind: EventKind) -> EventStanding:
    """Nothing is validated: kept and shown, and calls nobody."""
    return EventStanding.EXPERIMENTAL


class Admission:
    """Owns a second's memory of what is decided. For one thread: intake's."""

    def __init__(
        self,
        permission: Permission,
        city: Callable[[], CityConfig],
        clock: Clock,
        standing_of: StandingOf = experimental,
    ) -> None:
        """Zones are named as `city` is configured now."""
        self._permission, self._standing_of = permission, standing_of
        self._city, self._clock = city, clock
        self._known: dict[tuple[str, EventKind], tuple[float, str, EventStanding]] = {}
        self._zones_of: CityConfig | None = None
        self._zones: Mapping[str, tuple[str, ...]] = {}
        self._refused: Counter[tuple[str, EventKind]] = Counter()
        self._complained: dict[tuple[str, EventKind], float] = {}

    def admit(self, camera: str, event: Event) -> Mark | None:
        """What is kept of `event`; None where it is not permitted, or off.

        An end is let through whatever is permitted by now: it only ends what was kept.
        """
        if event.phase is Phase.END:
            return Mark(camera, event, self._zone(camera, event), EventStanding.EXPERIMENTAL)
        why, standing = self._decided(camera, event.kind)
        if why or standing is EventStanding.OFF:
            self._tell(camera, event.kind, why or "this kind of event is off at this camera")
            return None
        return Mark(camera, event, self._zone(camera, event), standing)

    def _decided(self, camera: str, kind: EventKind) -> tuple[str, EventStanding]:
        now = self._clock.monotonic()
        known = self._known.get((camera, kind))
        if known is None or not 0 <= now - known[0] < _FRESH:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            known = self._known[camera, kind] = now, *self._asked(camera, kind)
        return known[1], known[2]

    def _asked(self, camera: str, kind: EventKind) -> tuple[str, EventStanding]:
        try:
            why = self._permission(camera, kind)
            return why, EventStanding.OFF if why else self._standing_of(camera, kind)
        except PlainviewError as error:
            # Any doubt is a refusal, and no reason to store nothing at all.
            return error.line(), EventStanding.OFF

    def _zone(self, camera: str, event: Event) -> str | None:
        city = self._city()
        if city is not self._zones_of:
            self._zones_of = city
            self._zones = {c.id: tuple(z.name for z in c.view.zones) for c in city.cameras()}
        names = self._zones.get(camera, ())
        if event.zone < 0:
            return None
        return names[event.zone] if event.zone < len(names) else f"#{event.zone + 1}"

    def _tell(self, camera: str, kind: EventKind, why: str) -> None:
        about, now = (camera, kind), self._clock.monotonic()
        self._refused[about] += 1
        if now >= self._complained.get(about, now):
            if len(self._complained) >= _MOST_REMEMBERED:
                self._complained.clear()
            self._complained[about] = now + _COMPLAIN
            _log.warning(
                "events are not kept", camera=camera, kind=kind.value, why=why,
                since_the_last_line=self._refused.pop(about),
            )  # fmt: skip
