"""The centre's stop orders: one for each stop switch that is pressed there, given to whoever asks.

There is no list of orders. The stops in the centre's ledger are the orders in force, so that one
that is lifted there is given to nobody any more, and none is lost that was recorded.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from plainview.app.orders import cameras_of, keep, kept
from plainview.bus import Sender
from plainview.bus.address import NatsAddress, sender_of
from plainview.bus.orders import Answering
from plainview.bus.trouble import AGAIN
from plainview.clock import Clock
from plainview.config import CityConfig
from plainview.errors import InputError, LedgerError
from plainview.governance.office import Office
from plainview.governance.order import note_of
from plainview.governance.orders import (
    Answer,
    Heard,
    Mark,
    Said,
    Told,
    due,
    encode,
    mark_of,
    read_said,
    told,
    wanted,
)
from plainview.governance.standing import Stop

_KEEP = 1.0
"""Seconds between two writings of what sites say, where one said something new."""
_KEEP_ANYWAY = 30.0
"""Seconds likewise, for when each site last asked."""
_UNKNOWN: Final = encode(Answer(1, known=False))

_log = structlog.get_logger(__name__)


class _Table(NamedTuple):
    """What is to be answered, worked out when the stops or the city change."""

    stops: Mapping[str, Stop]
    city: CityConfig
    where: Mapping[str, str]
    """The site of each camera."""
    sites: Mapping[Sender, str]
    given: Mapping[str, Sequence[Mark]]
    """By site: the orders that are for it, oldest first."""
    marks: Mapping[int, Mark]
    """By the place of the stop."""
    notes: Mapping[Mark, str]


class Ordering:
    """Owns the answers to the sites and what they have said. Thread-safe."""

    def __init__(
        self, office: Office, city: Callable[[], CityConfig], state: Path, clock: Clock
    ) -> None:
        """Of the stops in the ledger of `office`. Nothing is answered before `start`."""
        self._office, self._city, self._clock = office, city, clock
        self._state = state
        try:
            self._heard = dict(kept(state) or {})
        except LedgerError as error:
            _log.warning("what sites have said is asked for anew", why=error.line())
            self._heard = {}
        self._last: dict[str, tuple[_Table, bytes, Said, bytes]] = {}
        self._notes: dict[int, str] = {}
        self._table = self._worked_out()
        self._changed, self._written = True, float("-inf")
        self._complained = float("-inf")
        self.foreign = 0
        self.garbled = 0
        self._answering: Answering | None = None

    def start(self, address: NatsAddress) -> None:
        """Answer over the bus at `address`, until `close`."""
        self.look()
        self._answering = Answering(address, self.answer, self.look)

    def close(self) -> None:
        """Answer no more, and keep what was said."""
        if self._answering is not None:
            self._answering.close()
            self._changed, self._written = True, float("-inf")
            with contextlib.suppress(OSError):
                self._keep()

    @property
    def trouble(self) -> str:
        """Why no site can ask; empty while they can."""
        return self._answering.trouble if self._answering else ""

    def stats(self) -> dict[str, float]:
        """Counts since the start, and what is not confirmed now."""
        stops = self._table.stops.values()
        confirmed = [one.state == "confirmed" for stop in stops for one in self.told(stop)]
        return {
            "orders_foreign": float(self.foreign),
            "orders_garbled": float(self.garbled),
            "orders_unconfirmed": float(len(confirmed) - sum(confirmed)),
        }

    def told(self, stop: Stop) -> list[Told]:
        """What became of the order that `stop` is, at each site that it is for."""
        table = self._table
        return told(stop, table.marks.get(stop.index, ""), self._now_heard(), table.where)

    def _now_heard(self) -> dict[str, Heard]:
        heard = dict(self._heard)
        return {site.id: heard.get(site.id, Heard()) for site in self._table.city.sites}

    # --- answering -----------------------------------------------------------------------------

    def answer(self, sender: Sender, data: bytes) -> bytes:
        """What a site is answered that says `data`, in whose name the bus vouches for."""
        table = self._table
        site = table.sites.get(sender)
        if site is None:
            self.foreign += 1
            self._complain("of a site that is not in CITY.toml", sender.site)
            return _UNKNOWN
        last = self._last.get(site)
        if last is not None and last[1] == data:
            said = last[2]
        else:
            try:
                said = read_said(data)
            except InputError as error:
                self.garbled += 1
                self._complain(error.what, site)
                said = self._heard.get(site, Heard()).said
                return self._answered(table, site, said)
        before = self._heard.get(site)
        self._heard[site] = Heard(self._clock.utc(), said)
        if before is None or before.said != said:
            self._changed = True  # after it is there: who keeps it clears this before looking
        if last is not None and last[0] is table and last[1] == data:
            return last[3]
        answer = self._answered(table, site, said)
        self._last[site] = (table, data, said, answer)
        return answer

    @staticmethod
    def _answered(table: _Table, site: str, said: Said) -> bytes:
        marks = due(table.given[site], said)
        return encode(Answer(1, known=True, orders=tuple(table.notes[mark] for mark in marks)))

    def _complain(self, why: str, site: str) -> None:
        now = self._clock.monotonic()
        if now - self._complained >= AGAIN:
            self._complained = now
            _log.warning("a question for stop orders is refused", site=site, why=why[:200])

    # --- on another thread ---------------------------------------------------------------------

    def look(self) -> None:
        """Take up what was pressed or lifted since, and keep what was said. Raises OSError."""
        table, stops = self._table, self._office.standing().stops
        # Most entries of a ledger are of something else, and a city has many cameras.
        if table.city is not self._city() or (table.stops is not stops and table.stops != stops):
            self._table = self._worked_out()
            self._changed = True
        self._keep()

    def _worked_out(self) -> _Table:
        pressed, city = self._office.standing().stops, self._city()
        stops = sorted(pressed.values(), key=lambda stop: stop.index)
        where = cameras_of(city)
        given: dict[str, list[Mark]] = {site.id: [] for site in city.sites}
        self._notes = {stop.index: self._note(stop) for stop in stops}
        marks = {index: mark_of(note) for index, note in self._notes.items()}
        for stop in stops:
            for site in wanted(stop, given, where):
                given[site].append(marks[stop.index])
        notes = {marks[index]: note for index, note in self._notes.items()}
        sites = {sender_of(site.district, site.id): site.id for site in city.sites}
        return _Table(pressed, city, where, sites, given, marks, notes)

    def _note(self, stop: Stop) -> str:
        return self._notes.get(stop.index) or note_of(stop, self._office.authority)

    def _keep(self) -> None:
        now = self._clock.monotonic()
        due_after = _KEEP if self._changed else _KEEP_ANYWAY
        if now - self._written < due_after:
            return
        self._changed, self._written = False, now
        try:
            keep(self._state, self._now_heard())
        except OSError:
            self._changed = True
            raise
