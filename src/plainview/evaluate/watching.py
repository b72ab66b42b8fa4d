"""The real watch, with its physics, thresholds and alerts, run over simulated Readings."""

from collections.abc import Sequence

from plainview.alerts.book import Book
from plainview.alerts.ground import Ground
from plainview.alerts.site import SiteWatch
from plainview.alerts.thresholds import watched
from plainview.alerts.watch import WatchState
from plainview.clock import ManualClock
from plainview.crowd.field import Field, Mask, field_of, last, series
from plainview.crowd.pressure import pressure, worst
from plainview.evaluate.alarms import Raised
from plainview.geometry import View
from plainview.record import Reading
from plainview.store import Store

TRUE_WINDOW = 20.0
"""Seconds over which the true pressure's variance is taken, as the watch takes it."""
_SITE = "simulated"


class Watching:
    """One camera's watch over its whole area, with the default thresholds. Owns their standing."""

    def __init__(self, ground: Ground, view: View, inside: Mask, store: Store) -> None:
        """For `view`, which measures the cells `inside` (ny, nx); alerts are kept in `store`."""
        self._view, self._inside = view, inside
        self._clock = ManualClock(0.0)
        book = Book(store, self._clock, lambda: "0")
        self._watch = SiteWatch(_SITE, ground, watched((), ()), book, self._clock)
        self._raised: set[tuple[str, str]] = set()

    def look(self, reading: Reading) -> list[Raised]:
        """What rises over a threshold with the next `reading`; an alert that stays counts once."""
        field = field_of(reading, self._view, inside=self._inside)
        self._clock.advance(reading.span / 1000)
        self._watch.look(field, {})
        now = {
            (watch.threshold.quantity.value, watch.threshold.level.value)
            for watch in self._watch.watches()
            if watch.state is WatchState.RAISED
        }
        new = sorted(now - self._raised)
        self._raised = now
        return [Raised(quantity, level, field.t) for quantity, level in new]


def true_pressure(fields: Sequence[Field], least: float) -> list[float]:
    """The greatest pressure of each moment where `least` people/m² are, 1/s²; 0 where nobody is.

    `fields` are the truth: without noise and without doubt.
    """
    found = []
    for k in range(len(fields)):
        window = last(fields[: k + 1], TRUE_WINDOW)
        if len(window) < TRUE_WINDOW / 2:
            found.append(0.0)
            continue
        squeezed = pressure(series=series(window))
        value, _ = worst(field=squeezed, centres=fields[k].grid.centres(), least=least)
        found.append(value.value if value.known else 0.0)
    return found
