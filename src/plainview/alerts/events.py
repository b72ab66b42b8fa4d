"""Events of a city's cameras -> alerts: one for each happening, however many cameras see it.

Only news of validated events comes here; what is experimental calls nobody. Nothing is decided by a
camera's clock, so one that is wrong or set makes and ends no alert.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import structlog
from msgspec import structs

from plainview.alerts import lifecycle
from plainview.alerts.book import Book, Group
from plainview.alerts.kinds import KINDS, AlertKind
from plainview.alerts.lifecycle import SELF, Alert, Sighting, Unseen
from plainview.alerts.unseen import QUIET, Sight
from plainview.clock import Clock
from plainview.geometry import Point
from plainview.store import Store
from plainview.store.search import KeptEvent, News

CALM: Final = 20.0
"""Seconds for which all events of an alert must be over before it ends by itself."""
MOST_SIGHTINGS: Final = 32
"""Events that one alert tells one by one; beyond, they are counted."""
MOST_OPEN: Final = 20
"""Alerts of one kind that are open at one site at once. More events are a flood: they are counted
in the newest of these, and found one by one in the search."""
BATCH: Final = 8000
"""News taken at once. In a flood nearly every open alert is written once for each batch, so that a
larger one costs less for each event; one takes most of a second (bench/event_flood.py)."""
EVERY: Final = 0.5
"""Seconds between looks at what is over or unseen: in a flood news comes faster than that."""
ROUNDS: Final = 1
"""Batches in one look: a flood must not hold up what else is looked at."""

_log = structlog.get_logger(__name__)


class Told(NamedTuple):
    """News of an event, and its site."""

    site: str
    event: KeptEvent
    ended: bool
    """Whether it is news of its end."""


class EventAlerts:
    """Owns since when each alert's events are all over, or unseen. For one thread."""

    def __init__(
        self,
        store: Store,
        book: Book,
        clock: Clock,
        site_of: Mapping[str, str],
        timezones: Mapping[str, str] | None = None,
    ) -> None:
        """`site_of` is the site of each camera. News that nobody has heard yet is heard first.

        `timezones` are the sites', for what is told in hours; UTC where a site is not in it.
        Raises StoreError.
        """
        self._store, self._book, self._clock = store, book, clock
        self._site_of = site_of
        self.heard = 0
        """The last news that was taken in."""
        self._calm: dict[str, float] = {}
        before = [event.event for one in book.open() for event in one.alert.sightings]
        self._sight = Sight(store, clock, tuple(site_of), before)
        self._due = float("-inf")
        self._timezones = dict(timezones or {})
        self._waits: dict[str, tuple[float, float]] = {}
        """Since when an alert that nobody sees waits, in UTC and in monotonic seconds."""

    def look(self) -> None:
        """Take in what is new, and end what has been over for long enough. Raises StoreError."""
        self._sight.look()
        for _ in range(ROUNDS):
            news = self._store.event_news(BATCH, after=self.heard)
            if news:
                self._hear(news)
            if len(news) < BATCH:
                break
        now = self._clock.monotonic()
        if now >= self._due:
            self._due = now + EVERY
            self._end()
        if len(news) < BATCH:
            self._sight.heard_all()

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
        groups = {(one.site, one.event.kind) for one in told}
        self._book.revise(
            groups, lambda found: heard(found, told, now, self._book.name), heard=last
        )
        self.heard = last

    def _end(self) -> None:
        now = self._clock.monotonic()
        alerts = [one.alert for one in self._book.open() if one.alert.sightings]
        self._sight.know(one for alert in alerts for one in alert.sightings)
        still = {alert.id: self._sight.still(alert) for alert in alerts}
        over = [alert for alert in alerts if not still[alert.id]]
        self._calm = {alert.id: self._calm.get(alert.id, now) for alert in over}
        for alert in over:
            if now - self._calm[alert.id] >= CALM:
                self._book.fall(alert.key, f"all its events were over for {CALM:.0f} s")
        waits: dict[str, tuple[float, float]] = {}
        for alert in alerts:
            if still[alert.id]:
                self._seek(alert, still[alert.id], waits)
        self._waits = waits

    def _seek(
        self, alert: Alert, still: Sequence[Sighting], waits: dict[str, tuple[float, float]]
    ) -> None:
        """Say that nobody sees `alert` any more, that somebody does again, or give it up."""
        if alert.unseen is None:
            since = self._sight.lost(still)
            if since is not None:
                self._lose(alert, still, since)
            return
        if self._sight.seen(still):
            self._book.step(alert.key, lifecycle.in_sight)
            return
        now, allowed = self._clock.monotonic(), self._book.patience(alert).unseen
        # Who decides about it knows that nobody sees it, and has the whole time again.
        people = [step.at for step in alert.history if step.who != SELF]
        since = max([alert.unseen.since, *people])
        waited = min(max(self._clock.utc() - since, 0.0), allowed)
        known = self._waits.get(alert.id)
        # After a start it goes on where it was; a clock that is set later changes nothing.
        waits[alert.id] = known if known and known[0] == since else (since, now - waited)
        if now - waits[alert.id][1] >= allowed:
            why = f"not seen since {alert.unseen.clock}, and nobody saw it end"
            self._book.fall(alert.key, f"{why}: {names(still)} told nothing more")

    def _lose(self, alert: Alert, still: Sequence[Sighting], since: float) -> None:
        unseen = Unseen(since, self._hour(alert.site, since))
        why = f"{names(still)} told nothing for {QUIET:.0f} s, or began anew"
        self._book.step(alert.key, lambda one, now: lifecycle.out_of_sight(one, now, unseen, why))

    def _hour(self, site: str, at: float) -> str:
        """`at` by the clock of `site`; with its day where that is not plain."""
        local = dt.datetime.fromtimestamp(at, tz=ZoneInfo(self._timezones.get(site, "UTC")))
        long_ago = abs(self._clock.utc() - at) > 43_200
        return f"{local:%Y-%m-%d %H:%M}" if long_ago else f"{local:%H:%M}"


def names(still: Iterable[Sighting]) -> str:
    """The cameras of `still`, for people."""
    return ", ".join(dict.fromkeys(one.camera for one in still))


def heard(
    found: Iterable[Alert], told: Sequence[Told], now: float, name: Callable[[], str]
) -> list[Alert]:
    """The alerts that `told` makes or changes, of those open (`found`) and new ones.

    An event belongs to an open alert of its site, kind and zone that has an event near it
    (`Kind.reach`): the same happening, seen from elsewhere or again. `name` makes new ids.
    """
    drafts: dict[Group, _Drafts] = {}
    for alert in sorted(found, key=lambda alert: alert.id):
        drafts.setdefault((alert.site, alert.kind), _Drafts()).add(_Draft(alert))
    for one in told:
        group = drafts.setdefault((one.site, one.event.kind), _Drafts())
        name_of = one.event.id
        known = group.of.get(name_of)
        if known is not None and name_of in known.sightings:
            known.see(one.event, name_of)
        elif not one.ended:
            _place(group, one, name_of, now, name)
    return [draft.done(now) for group in drafts.values() for draft in group.all if draft.changed]


def _place(group: "_Drafts", one: Told, name_of: str, now: float, name: Callable[[], str]) -> None:
    event = one.event
    reach = KINDS[event.kind].reach
    found, nearest = None, math.inf
    for draft in group.all:
        if draft.zone is None or event.zone is None or draft.zone == event.zone:
            far = draft.distance(event.at)
            if far < nearest:
                found, nearest = draft, far
    if found is not None and nearest <= reach:
        if found.see(event, name_of):
            group.of[name_of] = found
    elif len(group.all) >= MOST_OPEN:
        group.all[-1].count()
    else:
        group.add(_Draft(_raised(one, name_of, now, name()), new=True))


def _raised(one: Told, name_of: str, now: float, name: str) -> Alert:
    event = one.event
    bare = lifecycle.numberless(
        name,
        one.site,
        AlertKind(event.kind.value),
        now,
        source="Validated at this camera: see its scorecard",
        why=f"camera {event.camera} saw it, {100 * event.confidence:.0f} % sure",
    )
    return structs.replace(
        bare, zone=event.zone, at=event.at, sightings=(_sighting(event, name_of),)
    )


def _sighting(event: KeptEvent, name_of: str) -> Sighting:
    until = None if event.end is None else event.end / 1000
    return Sighting(name_of, event.camera, event.start / 1000, until, event.at, event.confidence)


class _Drafts:
    """The alerts of one group while a batch of news is worked into them, oldest first."""

    def __init__(self) -> None:
        self.all: list[_Draft] = []
        self.of: dict[str, _Draft] = {}
        """Which of them tells of an event, by the event's id."""

    def add(self, draft: "_Draft") -> None:
        """One more."""
        self.all.append(draft)
        self.of |= dict.fromkeys(draft.sightings, draft)


class _Draft:
    """An alert while a batch of news is worked into it. Owns its sightings until `done`."""

    __slots__ = ("_alert", "_high", "_low", "_more", "changed", "sightings", "zone")

    def __init__(self, alert: Alert, *, new: bool = False) -> None:
        self._alert, self.zone = alert, alert.zone
        self.changed = new
        self.sightings = {one.event: one for one in alert.sightings}
        self._more = alert.more
        # A box, so that a flood costs the same for an alert of one event and of many.
        x0, y0 = x1, y1 = alert.sightings[0].at if alert.sightings else alert.at or (0.0, 0.0)
        for one in alert.sightings:
            x, y = one.at
            x0, x1, y0, y1 = min(x0, x), max(x1, x), min(y0, y), max(y1, y)
        self._low, self._high = (x0, y0), (x1, y1)

    def distance(self, at: Point) -> float:
        """Metres from the box around its events."""
        (x, y), (x0, y0), (x1, y1) = at, self._low, self._high
        dx = x0 - x if x < x0 else x - x1 if x > x1 else 0.0
        dy = y0 - y if y < y0 else y - y1 if y > y1 else 0.0
        return math.hypot(dx, dy)

    def see(self, event: KeptEvent, name_of: str) -> bool:
        """One more event, or what is new of one that it has; whether it is told one by one."""
        if name_of not in self.sightings and len(self.sightings) >= MOST_SIGHTINGS:
            self.count()
            ended = next((k for k, one in self.sightings.items() if one.until is not None), None)
            if ended is None:
                return False
            del self.sightings[ended]
        self.changed = True
        self.sightings[name_of] = _sighting(event, name_of)
        (x, y), (x0, y0), (x1, y1) = event.at, self._low, self._high
        self._low, self._high = (min(x0, x), min(y0, y)), (max(x1, x), max(y1, y))
        return True

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
