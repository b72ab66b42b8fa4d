"""Alerts about routes: one that does not work is somebody's business, as a crush or a fire is."""

from collections.abc import Sequence
from typing import Final

from plainview.alerts import lifecycle
from plainview.alerts.book import Book
from plainview.alerts.kinds import AlertKind
from plainview.alerts.lifecycle import Alert
from plainview.clock import Clock

WORKS: Final = "it works again"
"""Why an alert about a route is over."""
GONE: Final = "no such route is configured any more"


class RouteAlerts:
    """The alerts about routes in `book`: one for each that does not work. Thread-safe as it is.

    They leave by all other routes as any alert does, and never by the route that they are about
    (`route.wants`), so that none can be the reason for another.
    """

    def __init__(self, book: Book, clock: Clock) -> None:
        """None is raised or cleared yet."""
        self._book, self._clock = book, clock

    def open(self) -> dict[str, Alert]:
        """The open alert about each route that has one."""
        alerts = [shown.alert for shown in self._book.open()]
        return {alert.route: alert for alert in alerts if alert.route}

    def broken(self, route: str, site: str, why: str) -> None:
        """`route`, which tells of `site`, does not work. Where an alert says so, it is enough."""
        if route in self.open():
            return

        def change(found: Sequence[Alert]) -> Sequence[Alert]:
            if any(one.route == route for one in found):
                return ()
            now = self._clock.utc()
            return (lifecycle.stuck(self._book.name(), site, route, now, why),)

        self._book.revise([(site, AlertKind.ROUTE)], change)

    def over(self, route: str, why: str = WORKS) -> None:
        """Clear the alert about `route`, where there is one."""
        alert = self.open().get(route)
        if alert is not None:
            self._book.fall(alert.key, why)
