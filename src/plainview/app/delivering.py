"""Deliveries of a running Plainview: a courier for each route, and what the pages ask of them."""

import hmac
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from plainview.alerts.book import Book
from plainview.alerts.delivery import senders
from plainview.alerts.delivery.courier import Courier, close_all
from plainview.alerts.delivery.notice import Notice, Place, trial, unpacked
from plainview.alerts.delivery.outbox import Outbox
from plainview.alerts.delivery.route import Route, RouteKind, Sender
from plainview.alerts.routes import GONE, RouteAlerts
from plainview.clock import FOREVER, Clock, SystemClock
from plainview.config import CityConfig, SiteConfig, load_city
from plainview.errors import InputError
from plainview.store import Store
from plainview.web.address import base_url
from plainview.web.deliveries import RouteNow, route_now, takes
from plainview.web.guard import LOOPBACK

KEPT_IN_FEED: Final = 100


class Delivering:
    """Owns the outbox and the couriers of a city."""

    def __init__(
        self,
        city: CityConfig,
        store: Store,
        clock: Clock,
        *,
        chance: random.Random,
        open_sender: Callable[[Route, Clock], Sender] = senders.open_sender,
    ) -> None:
        """Deliver from `start` on. `chance` spreads the times of further tries."""
        self._store, self._clock, self._routes = store, clock, city.routes
        self._places = [place_of(site) for site in city.sites]
        places = {place.id: place for place in self._places}
        self._base = pages_of(city)
        self.outbox = Outbox(store, clock, city.routes, places, self._base)
        self._alerts: RouteAlerts | None = None
        self._couriers = {
            route.name: Courier(
                route,
                lambda route=route: open_sender(route, clock),  # type: ignore[misc]  # its default
                self.outbox,
                clock,
                chance=chance,
                on_broken=self._on_broken,
            )
            for route in city.routes
        }

    def start(self, book: Book) -> None:
        """Deliver from now on; of what is open in `book` what a route was not told yet.

        So a new route hears of what stands open. A route that does not work is an alert in `book`,
        over restarts too. Raises StoreError.
        """
        self._alerts = RouteAlerts(book, self._clock)
        stuck = self._alerts.open()
        for name in stuck.keys() - self._couriers.keys():
            self._alerts.over(name, GONE)
        told = [one for shown in book.open() for one in self.outbox.prepare(shown.alert)]
        self._store.put_alerts([], deliveries=told)
        for name, courier in self._couriers.items():
            before = stuck.get(name)
            courier.start(broken="" if before is None else before.history[0].why)

    def close(self) -> None:
        """Deliver no more. What waits is in the store."""
        close_all(list(self._couriers.values()))

    def _on_broken(self, route: Route, why: str) -> None:
        """Raise an alert that `route` is broken, or (without `why`) clear it: it works again."""
        if self._alerts is None:
            return
        if why:
            self._alerts.broken(route.name, self._place(route).id, why)
        else:
            self._alerts.over(route.name)

    def _place(self, route: Route) -> Place:
        """A site that `route` is for; the city's first where it is for all."""
        mine = [one for one in self._places if one.id in route.wanted.sites]
        return (mine or self._places)[0]

    # --- asked by the pages ----------------------------------------------------------------------

    def routes(self) -> list[RouteNow]:
        """Each route and how it does. Raises StoreError."""
        waiting = self.outbox.waiting()
        return [
            route_now(route, self._couriers[route.name].state, waiting.get(route.name, 0))
            for route in self._routes
        ]

    def test(self, name: str) -> Notice:
        """Send a notice that is marked as a test by the route `name`; what was sent.

        Raises InputError where there is no such route, DeliveryFailed where it did not arrive.
        """
        route = self._route(name)
        notice = trial(name, self._place(route), self._base, self._clock.utc())
        self._couriers[name].test(notice)
        return notice

    def _route(self, name: str) -> Route:
        for route in self._routes:
            if route.name == name:
                return route
        raise InputError("there is no such route", where=name, mend="See the page Deliveries")

    def feed(self, name: str, token: str) -> tuple[Route, list[Notice]] | None:
        """The feed `name` and what it holds, newest first; None unless `token` opens it.

        Raises StoreError, and DeliveryFailed where its own secret cannot be read.
        """
        found = next(
            (one for one in self._routes if one.name == name and one.kind is RouteKind.FEED), None
        )
        if found is None or found.secret is None:
            return None
        if not hmac.compare_digest(found.secret.read().encode(), token.encode()):
            return None
        # An alert that has just moved on waits for a moment: it must not be missing meanwhile.
        kept = {one.alert: one for one in self._store.due_deliveries(name, FOREVER, KEPT_IN_FEED)}
        kept |= {one.alert: one for one in self._store.delivered(name, KEPT_IN_FEED)}
        newest = sorted(kept, reverse=True)[:KEPT_IN_FEED]
        return found, [unpacked(kept[one].data, f"route {name}, alert {one}") for one in newest]

    def stats(self) -> dict[str, float]:
        """Counts, for the console's line."""
        states = [courier.state for courier in self._couriers.values()]
        return {
            "routes": float(len(states)),
            "routes_broken": float(sum(state.broken for state in states)),
            "deliveries_overflowed": float(self.outbox.overflowed),
        }


def place_of(site: SiteConfig) -> Place:
    """`site` as a notice needs it."""
    return Place(
        id=site.id,
        name=site.name,
        origin=site.location,
        bearing=site.bearing,
        timezone=site.timezone,
        actual=site.actual,
    )


def pages_of(city: CityConfig) -> str:
    """Where the pages of `city` are, for links; empty where that is not known beforehand.

    Without a public address they are on this machine, and the links are for who sits at it.
    """
    if city.access.url or not (city.port and city.address in LOOPBACK):
        return city.access.url
    return base_url(city.address, city.port)


def listing(city_file: Path) -> Iterator[str]:
    """A line for each route of the city in `city_file`. Raises ConfigError."""
    city = load_city(city_file)
    if not city.routes:
        yield f"{city_file}: no [[routes]]; alerts are shown in the console alone"
    for route in city.routes:
        where = route.address or f"read at /feeds/{route.name}"
        yield f"{route.name}: {route.kind}, {where}. {takes(route)}"


def try_route(city_file: Path, name: str, clock: Clock | None = None) -> str:
    """Send a test by the route `name` of the city in `city_file`; one line that says so.

    Raises ConfigError, InputError where there is no such route or none that a test could be sent
    by, DeliveryFailed where it did not arrive.
    """
    clock = clock or SystemClock()
    city = load_city(city_file)
    known = {one.name: one for one in city.routes}
    route = known.get(name)
    if route is None:
        raise InputError(
            f"there is no route {name!r}",
            where=str(city_file),
            mend=f"There are {', '.join(known) or 'none'}",
        )
    if route.kind is RouteKind.FEED:
        raise InputError(
            "a feed is read, not sent",
            where=name,
            mend=f"Read /feeds/{name} of a running Plainview with its secret",
        )
    notice = trial(name, place_of(city.sites[0]), pages_of(city), clock.utc())
    sender = senders.open_sender(route, clock)
    try:
        sender.send(notice)
    finally:
        sender.close()
    return f"{name}: {route.address} has taken it, marked as a test: {notice.key}"
