"""The alert about footage that is kept beyond its term: a promise to the public that is broken."""

from collections.abc import Sequence
from typing import Final

from plainview.alerts import lifecycle
from plainview.alerts.book import Book
from plainview.alerts.kinds import AlertKind
from plainview.alerts.lifecycle import MOST_WHY, Alert, reason
from plainview.clock import Clock

GONE: Final = "nothing is kept beyond its term any more"
"""Why such an alert is over."""


class DeletionAlert:
    """The one alert about late deletion in `book`, at one site. Thread-safe as that is."""

    def __init__(self, book: Book, clock: Clock, site: str) -> None:
        """Of the vault of this machine; `site` is whose people are told."""
        self._book, self._clock, self._site = book, clock, site

    def look(self, why: str) -> None:
        """Raise it for the reason `why`, or clear it where there is none. May be repeated."""
        if why:
            self._book.revise(
                [(self._site, AlertKind.DELETION)], lambda found: self._new(found, why)
            )
            return
        for alert in [shown.alert for shown in self._book.open()]:
            if alert.kind is AlertKind.DELETION and alert.site == self._site:
                self._book.fall(alert.key, GONE)

    def _new(self, found: Sequence[Alert], why: str) -> Sequence[Alert]:
        if found:
            return ()
        return (
            lifecycle.numberless(
                self._book.name(),
                self._site,
                AlertKind.DELETION,
                self._clock.utc(),
                source="The vault's keys, read each half minute",
                why=reason(why[:MOST_WHY]),
            ),
        )
