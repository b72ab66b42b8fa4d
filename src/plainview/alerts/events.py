"""Events of a city's cameras -> alerts: one for each happening, however many cameras see it.

Only news of validated events comes here; what is experimental calls nobody. Nothing is decided by a
camera's clock, so one that is wrong or set makes and ends no alert.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import structlog
from msgspec import structs

from plainview.alerts.book import Book
from plainview.alerts.kinds import KINDS
from plainview.alerts.lifecycle import SELF, Alert, Sighting, State, Step
from plainview.clock import Clock
from plainview.geometry import Point
from plainview.record import EventKind
from plainview.store import Store
from plainview.store.search import KeptEvent, News

CALM: Final = 20.0
"""Seconds for which all events of an alert must be over before it ends by itself."""
MOST_SIGHTINGS: Final = 32
"""Events that one alert tells one by one; beyond, they are counted."""
MOST_OPEN: Final = 20
"""Alerts of one kind that are open at one site at once. More events are a flood: they are counted
in the newest of these, and found one by one in the search."""
BATCH: Final = 1000
"""News taken at once."""
ROUNDS: Final = 2
"""Batches in one look: a flood must not hold up what else is looked at."""

_log = structlog.get_logger(__name__)


class Told(NamedTuple):
    """News of an event, and its site."""

    site: str
    event: KeptEvent
    ended: bool
    """Whether it is news of its end."""


class EventAlerts:
    """Owns since when each alert's events are all over. For one thread."""

    def __init__(self, store: Store, book: Book, clock: Clock, site_of: Mapping[str, str]) -> None:
        """`site_of` is the site of each camera. News that nobody has heard yet is heard first."""
        self._store, self._book, self._clock = store, book, clock
        self._site_of = site_of
        self.heard = 0
        """The last news that was taken in."""
        self._calm: dict[str, float] = {}

    def look(self) -> None:
        """Take in what is new, and end what has been over for long enough. Raises StoreError."""
        for _ in range(ROUNDS):
            news = self._store.event_news(BATCH, after=self.heard)
            if not news:
                break
            self._hear(news)
        self._end()

    def _hear(self, news: Sequence[News]) -> None:
        told = [
            Told(self._site_of[one.event.camera], one.event, one.ended)
            for one in news
            if one.event.camera in self._site_of
        ]
        if len(told) < len(news):
            strangers = len(news) - len(told)
            _log.warning("cameras that are no longer configured call nobody", events=strangers)
        last, now = news[-1].number, self._clock.utc()
        self._book.revise(lambda found: heard(found, told, now, self._book.name), heard=last)
        self.heard = last

    def _end(self) -> None:
        now = self._clock.monotonic()
        alerts = [one.alert for one in self._book.open() if one.alert.quantity is None]
        over = [alert for alert in alerts if over_by_now(alert)]
        self._calm = {alert.id: self._calm.get(alert.id, now) for alert in over}
        for alert in over:
            if now - self._calm[alert.id] >= CALM:
                self._book.fall(alert.key, f"all its events were over for {CALM:.0f} s")


def over_by_now(alert: Alert) -> bool:
    """Whether every event that `alert` tells of has ended."""
    return all(one.until is not None for one in alert.sightings)


def heard(
    found: Iterable[Alert], told: Sequence[Told], now: float, name: Callable[[], str]
) -> list[Alert]:
    """The alerts that `told` makes or changes, of those open (`found`) and new ones.

    An event belongs to an open alert of its site, kind and zone that has an event near it
    (`Kind.reach`): the same happening, seen from elsewhere or again. `name` makes new ids.
    """
    drafts: dict[tuple[str, EventKind], list[_Draft]] = {
        (one.site, one.event.kind): [] for one in told
    }
    for alert in sorted(found, key=lambda alert: alert.id):
        group = drafts.get((alert.site, alert.kind))
        if alert.quantity is None and group is not None:
            group.append(_Draft(alert))
    for one in told:
        group = drafts[one.site, one.event.kind]
        name_of = one.event.id
        known = next((draft for draft in group if name_of in draft.sightings), None)
        if known is not None:
            known.see(one.event)
        elif not one.ended:
            _place(group, one, now, name)
    return [draft.done(now) for group in drafts.values() for draft in group if draft.changed]


def _place(group: "list[_Draft]", one: Told, now: float, name: Callable[[], str]) -> None:
    event = one.event
    fit = [draft for draft in group if draft.zone in {None, event.zone} or event.zone is None]
    far, k = min(((draft.distance(event.at), k) for k, draft in enumerate(fit)), default=(0.0, -1))
    if k >= 0 and far <= KINDS[event.kind].reach:
        fit[k].see(event)
    elif len(group) >= MOST_OPEN:
        group[-1].count()
    else:
        group.append(_Draft(_raised(one, now, name()), new=True))


def _raised(one: Told, now: float, name: str) -> Alert:
    event = one.event
    kind = KINDS[event.kind]
    why = f"camera {event.camera} saw it, {event.confidence:.0%} sure"
    return Alert(
        id=name,
        site=one.site,
        zone=event.zone,
        kind=event.kind,
        quantity=None,
        level=kind.level,
        state=State.RAISED,
        raised_at=now,
        updated_at=now,
        cleared_at=None,
        value=None,
        low=None,
        high=None,
        peak=None,
        threshold=None,
        source="Validated at this camera: see its scorecard",
        at=event.at,
        history=(Step(now, State.RAISED, SELF, why),),
        sightings=(_sighting(event),),
    )


def _sighting(event: KeptEvent) -> Sighting:
    until = None if event.end is None else event.end / 1000
    return Sighting(event.id, event.camera, event.start / 1000, until, event.at, event.confidence)


class _Draft:
    """An alert while a batch of news is worked into it. Owns its sightings until `done`."""

    def __init__(self, alert: Alert, *, new: bool = False) -> None:
        self._alert, self.zone = alert, alert.zone
        self.changed = new
        self.sightings = {one.event: one for one in alert.sightings}
        self._more = alert.more
        # A box, so that a flood costs the same for an alert of one event and of many.
        places = [one.at for one in alert.sightings] or [alert.at or (0.0, 0.0)]
        self._low = min(x for x, _ in places), min(y for _, y in places)
        self._high = max(x for x, _ in places), max(y for _, y in places)

    def distance(self, at: Point) -> float:
        """Metres from the box around its events."""
        (x, y), (x0, y0), (x1, y1) = at, self._low, self._high
        return math.hypot(max(x0 - x, x - x1, 0.0), max(y0 - y, y - y1, 0.0))

    def see(self, event: KeptEvent) -> None:
        """One more event, or what is new of one that it has."""
        name = event.id
        if name not in self.sightings and len(self.sightings) >= MOST_SIGHTINGS:
            self.count()
            ended = next((k for k, one in self.sightings.items() if one.until is not None), None)
            if ended is None:
                return
            del self.sightings[ended]
        self.changed = True
        self.sightings[name] = _sighting(event)
        self._low = min(self._low[0], event.at[0]), min(self._low[1], event.at[1])
        self._high = max(self._high[0], event.at[0]), max(self._high[1], event.at[1])

    def count(self) -> None:
        """One more event that is not told by itself."""
        if not self._more:
            _log.warning("more events at once than alerts tell one by one", site=self._alert.site,
                         kind=self._alert.kind.value, alert=self._alert.id)  # fmt: skip
        self.changed = True
        self._more += 1

    def done(self, now: float) -> Alert:
        """The alert with all of it."""
        return structs.replace(
            self._alert,
            updated_at=max(now, self._alert.updated_at),
            sightings=tuple(self.sightings.values()),
            more=self._more,
        )
