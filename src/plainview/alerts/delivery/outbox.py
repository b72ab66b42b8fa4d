"""From an alert to what waits for each route: in the store and, where that fails, in memory."""

import contextlib
import threading
from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from msgspec import structs

from plainview.alerts.delivery.notice import Notice, Place, notice_of, packed, unpacked
from plainview.alerts.delivery.route import Route, urgent, wants
from plainview.alerts.lifecycle import Alert
from plainview.clock import Clock
from plainview.errors import StoreError
from plainview.store import KeptDelivery, Store

MOST_HERE: Final = 10_000
"""Deliveries of one route that are held in memory while the store takes nothing."""
MOST_TOLD: Final = 1000
"""Alerts whose newest notice is given again to who keeps what holds now."""
UNKNOWN: Final = -1
"""For a revision: the store cannot be asked which one a route took last."""
_log = structlog.get_logger(__name__)

Key = tuple[str, str]
"""Route and alert."""


def opened(one: KeptDelivery) -> Notice:
    """The notice of `one`, which refers to what its route took last about the alert, if anything.

    Steps in quiet hours, or while a route was away, were never told there: nobody can update or
    cancel what he never got. Raises StoreError.
    """
    notice = unpacked(one.data, f"route {one.route}, alert {one.alert}")
    earlier = tuple(step for step in notice.earlier if step.revision == one.told)
    if one.told and not earlier:
        return notice  # what it took is not known, or is no longer among the alert's steps
    return structs.replace(notice, earlier=earlier)


class Outbox:
    """Owns what waits to be delivered and could not be written. Thread-safe; sends nothing itself.

    Whoever writes an alert asks `prepare` what is to be told of it, writes both in one step, and
    says so to `take`. So nothing is lost by a kill, and an alert that cannot be written, on a full
    disk, is told all the same.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        routes: Sequence[Route],
        places: Mapping[str, Place],
        base: str = "",
    ) -> None:
        """Notices by `routes` about the sites in `places`; `base` is the pages' address."""
        self._store, self._clock, self._base = store, clock, base
        self._routes = tuple(routes)
        self._places = dict(places)
        self._lock = threading.Lock()
        self._here: dict[Key, KeptDelivery] = {}
        self._sent: dict[Key, int] = {}
        """Revisions that were delivered, which the store does not know yet."""
        self._woken = {route.name: threading.Event() for route in self._routes}
        self.overflowed = 0
        """Deliveries that were dropped: neither store nor memory had room."""

    # --- told by what writes alerts --------------------------------------------------------------

    def prepare(self, alert: Alert) -> list[KeptDelivery]:
        """What is to be told of `alert` as it stands, one for each route that wants it."""
        place = self._places.get(alert.site)
        if place is None or not self._routes:
            return []
        notice, first = notice_of(alert, place, self._base), urgent(alert)
        data, t = packed(notice), round(self._clock.utc() * 1000)
        return [
            KeptDelivery(route.name, notice.id, notice.revision, data, t, urgent=first)
            for route in self._routes
            if wants(route, notice)
        ]

    def take(self, deliveries: Sequence[KeptDelivery], *, durable: bool) -> None:
        """Wake the routes. What is not `durable` is held here until it is delivered."""
        with self._lock:
            for one in deliveries:
                key = one.route, one.alert
                if durable:
                    self._here.pop(key, None)
                elif self._sent.get(key, 0) < one.revision:
                    self._hold(key, one)
        for name in {one.route for one in deliveries}:
            self.wake(name)

    def _hold(self, key: Key, one: KeptDelivery) -> None:
        before = self._here.get(key)
        if before is not None and before.revision >= one.revision:
            return
        if before is None and sum(of == one.route for of, _ in self._here) >= MOST_HERE:
            if not self.overflowed:
                _log.error("notices are dropped: the store takes nothing", route=one.route)
            self.overflowed += 1
            return
        self._here[key] = one

    # --- asked and told by what delivers ---------------------------------------------------------

    def due(self, route: str, most: int) -> list[KeptDelivery]:
        """What waits for `route` and is due now: urgent first, then as alerts were raised.

        Raises StoreError only where nothing is held here either.
        """
        now = round(self._clock.utc() * 1000)
        with self._lock:
            here = [
                structs.replace(one, told=self._sent.get(key, UNKNOWN))
                for key, one in self._here.items()
                if key[0] == route and one.due <= now
            ]
        try:
            stored = self._store.due_deliveries(route, now, most)
        except StoreError:
            if not here:
                raise
            stored = []
        told = self._settle_sent(stored)
        newest = {one.alert: one for one in stored if (one.route, one.alert) not in told}
        for one in here:
            known = newest.get(one.alert)
            if known is None or known.revision < one.revision:
                newest[one.alert] = one
        found = sorted(newest.values(), key=lambda one: (not one.urgent, one.alert))
        return found[:most]

    def told(self, route: str) -> list[Notice]:
        """What `route` has told, the newest alert first; without what cannot be read.

        Raises StoreError.
        """
        found: list[Notice] = []
        for one in self._store.delivered(route, MOST_TOLD):
            with contextlib.suppress(StoreError):
                found.append(opened(one))
        return found

    def _settle_sent(self, stored: Sequence[KeptDelivery]) -> set[Key]:
        """Keys of `stored` that were delivered already; the store is told so."""
        with self._lock:
            told = [
                one for one in stored if self._sent.get((one.route, one.alert), 0) >= one.revision
            ]
        keys = {(one.route, one.alert) for one in told}
        if told and self._write([structs.replace(one, waiting=False, error="") for one in told]):
            with self._lock:
                for key in keys:
                    self._sent.pop(key, None)
        return keys

    def delivered(self, done: Sequence[KeptDelivery]) -> None:
        """These were handed over. What the store cannot be told of it is remembered here."""
        t = round(self._clock.utc() * 1000)
        written = self._write(
            [
                structs.replace(one, waiting=False, tries=one.tries + 1, error="", t=t)
                for one in done
            ]
        )
        with self._lock:
            for one in done:
                key = one.route, one.alert
                held = self._here.get(key)
                if held is not None and held.revision <= one.revision:
                    del self._here[key]
                # Who writes alerts offers what was held until it is durable: not to be told twice.
                if held is not None or not written:
                    self._sent[key] = max(self._sent.get(key, 0), one.revision)

    def postponed(self, deliveries: Sequence[KeptDelivery]) -> None:
        """These were not handed over: each says until when, and why."""
        with self._lock:
            for one in deliveries:
                held = self._here.get((one.route, one.alert))
                if held is not None and held.revision == one.revision:
                    self._here[one.route, one.alert] = one
        self._write(deliveries)

    def _write(self, deliveries: Sequence[KeptDelivery]) -> bool:
        if deliveries:
            try:
                self._store.settle_deliveries(deliveries)
            except StoreError as error:
                _log.error("what became of notices cannot be written", why=error.line())
                return False
        return True

    def resume(self, route: str) -> None:
        """All that waits for `route` is due: after a start, and when the clock was set."""
        with self._lock:
            for key, one in self._here.items():
                if key[0] == route:
                    self._here[key] = structs.replace(one, due=0)
        self._store.hurry_deliveries(route)

    # --- waiting ---------------------------------------------------------------------------------

    def wake(self, route: str) -> None:
        """Let who waits for `route` look now."""
        self._woken[route].set()

    def wait(self, route: str, seconds: float) -> bool:
        """Return when something came for `route`, or after `seconds`; whether something came."""
        woken = self._woken[route]
        came = woken.wait(seconds)
        woken.clear()
        return came

    def waiting(self) -> dict[str, int]:
        """How many wait, by route, in the store or here. Raises StoreError."""
        counts = self._store.waiting_deliveries()
        with self._lock:
            for route, _ in self._here:
                counts[route] = counts.get(route, 0) + 1
        return counts
