"""One site under watch: each new field against every threshold, and what that does to alerts."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from plainview.alerts import measures, slow
from plainview.alerts.book import Book
from plainview.alerts.book import Key as BookKey
from plainview.alerts.ground import Ground
from plainview.alerts.measures import Key, Moment, Window
from plainview.alerts.thresholds import Level, Quantity, Threshold
from plainview.alerts.watch import Look, Standing, Turn, WatchState, off, resumed, step
from plainview.clock import Clock
from plainview.crowd.field import Estimate, Field
from plainview.crowd.pressure import LEAST_DENSITY
from plainview.record import EventKind

SPAN: Final = 120.0
"""Seconds of field that are kept: what the slowest quantity looks at, and some."""
SPACING: Final = 0.5
"""Seconds between fields that are kept, at least; a site of many cameras makes more of them."""
MOST_FIELDS: Final = 600
SLOW_EVERY: Final = 5.0
"""Seconds between looks at what shows in a window of a minute and more."""
_SHARE = 4.0
"""A slow look that took s seconds is not made again for this many times s: it must not hold up the
fast ones."""
_OF_CROWDS: Final = (Quantity.DENSITY, Quantity.PRESSURE, Quantity.REACH)
_RANK: Final = {Level.WARNING: 0, Level.ALARM: 1}


class Watch(Struct, frozen=True):
    """One threshold, and where it stands."""

    threshold: Threshold
    state: WatchState
    seen: Estimate
    why: str


class SiteWatch:
    """Owns what is remembered of one site: its last fields, and each threshold's standing.

    `look` is for one thread; `watches` and `window` may be asked from any.
    """

    def __init__(
        self,
        site: str,
        ground: Ground,
        thresholds: Sequence[Threshold],
        book: Book,
        clock: Clock,
    ) -> None:
        """Go on with the open alerts of `book`."""
        self.site, self.ground = site, ground
        self._thresholds = tuple(thresholds)
        self._book, self._clock = book, clock
        self._fields: deque[Field] = deque(maxlen=MOST_FIELDS)
        self._moments: dict[str | None, deque[Moment]] = {
            place.name: deque(maxlen=MOST_FIELDS) for place in ground.places
        }
        self._around: measures.Patches | None = None
        self._slow: dict[Key, Look] = {}
        self._slow_due = float("-inf")
        self._lock = threading.Lock()
        handed = book.handed_back(site)
        self._standings = {one: self._begin(one, handed) for one in self._thresholds}

    def _begin(self, one: Threshold, handed: set[BookKey]) -> Standing:
        key = self.site, one.zone, one.quantity
        alert = self._book.of(key)
        if alert is not None and _RANK[one.level] <= _RANK[alert.level]:
            return resumed(held=False)
        return resumed(held=True) if key in handed else Standing()

    # --- asked -----------------------------------------------------------------------------------

    def watches(self) -> list[Watch]:
        """Every threshold and where it stands."""
        with self._lock:
            return [Watch(one, s.state, s.seen, s.why) for one, s in self._standings.items()]

    @property
    def calm(self) -> bool:
        """Whether no threshold is passed, or about to be."""
        with self._lock:
            return not any(one.raised or one.passed is not None for one in self._standings.values())

    @property
    def calm_below(self) -> float:
        """people/m²: where no cell is as dense, nothing is near what is watched for.

        Half of the least density that is, and of what pressure takes; 0 where a quantity is watched
        for that says something of a sparse crowd too.
        """
        if any(one.quantity not in _OF_CROWDS for one in self._thresholds):
            return 0.0
        limits = [one.limit for one in self._thresholds if one.quantity is Quantity.DENSITY]
        return min([*limits, LEAST_DENSITY]) / 2

    def window(self) -> Window | None:
        """What was seen lately; None before the first field."""
        with self._lock:
            if not self._fields:
                return None
            moments = {name: tuple(kept) for name, kept in self._moments.items()}
            return Window(tuple(self._fields), moments, self._around)

    # --- told ------------------------------------------------------------------------------------

    def look(self, field: Field, refused: Mapping[EventKind, str]) -> None:
        """Take in `field`, and raise and clear what it says. `refused`: kinds not permitted, why.

        An alert that was raised stays open while its kind is not permitted: nothing was seen to
        end it.
        """
        self._take(field)
        window = self.window()
        if window is None:
            return
        wanted = [one for one in self._thresholds if one.about.kind not in refused]
        looks = measures.fast(self.ground, window, wanted) | self._slow_looks(window, wanted)
        handed = self._book.handed_back(self.site)
        turns: list[tuple[Threshold, Turn, Look]] = []
        for one in self._thresholds:
            key = self.site, one.zone, one.quantity
            before = self._standings[one]
            if key in handed:
                before = resumed(held=True)
            if one.about.kind in refused:
                now, turn = off(refused[one.about.kind]), Turn.NONE
            else:
                if before.state is WatchState.OFF:
                    before = self._begin(one, set())
                look = looks.get((one.zone, one.quantity), Look(field.t, why="not looked at yet"))
                now, turn = step(before, one, look)
                turns.append((one, turn, look))
            with self._lock:
                self._standings[one] = now
        self._tell(turns)

    def _tell(self, turns: Sequence[tuple[Threshold, Turn, Look]]) -> None:
        """Let the book know: warnings before alarms, so that an alert ends at its highest level."""
        for one, turn, look in sorted(turns, key=lambda turn: _RANK[turn[0].level]):
            key = self.site, one.zone, one.quantity
            if turn is Turn.RISE:
                self._book.rise(self.site, one, look)
            elif turn is Turn.FALL and not self._still(one):
                side = "above" if one.about.falls else "below"
                lasted = f"{side} {one.clear:g} {one.about.unit} on all of the ground"
                self._book.fall(key, lasted)
            else:
                self._book.looked(key, look)

    def _still(self, over: Threshold) -> bool:
        """Whether another level of the same quantity and zone is still raised."""
        return any(
            standing.raised
            for one, standing in self._standings.items()
            if (one.zone, one.quantity) == (over.zone, over.quantity)
        )

    def _take(self, field: Field) -> None:
        with self._lock:
            newest = self._fields[-1] if self._fields else None
            if newest is not None and field.t < newest.t:
                # Another camera's Reading of the same moment, or a clock that was set back.
                if newest.t - field.t < 1.0:
                    return
                self._fields.clear()
                for kept in self._moments.values():
                    kept.clear()
                newest = None
            if newest is not None and (field.t == newest.t or self._crowded()):
                self._fields.pop()
                for kept in self._moments.values():
                    kept.pop()
            self._fields.append(field)
            while field.t - self._fields[0].t > SPAN:
                self._fields.popleft()
            self._around = around = measures.patches(field)
            for place in self.ground.places:
                self._moments[place.name].append(measures.moment(field, place, around))

    def _crowded(self) -> bool:
        """Whether the last two fields are so near in time that one of them does for both."""
        return len(self._fields) > 1 and self._fields[-1].t - self._fields[-2].t < SPACING

    def _slow_looks(self, window: Window, wanted: Sequence[Threshold]) -> dict[Key, Look]:
        began = self._clock.monotonic()
        if began >= self._slow_due:
            self._slow = slow.looks(self.ground, window, wanted)
            now = self._clock.monotonic()
            self._slow_due = now + max(SLOW_EVERY, _SHARE * (now - began))
        return self._slow
