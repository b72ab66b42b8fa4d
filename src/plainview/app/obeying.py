"""A site that obeys the stop orders of its centre: each presses the site's own stop switch.

What comes is hostile. What is refused is counted and told in one line, and keeps nothing else from
being obeyed; what is obeyed stands in the site's ledger as a person's press does.
"""

from collections.abc import Callable, Mapping
from typing import Final

import structlog

from plainview.app.governor import CameraState
from plainview.app.orders import cameras_of
from plainview.bus.address import NatsAddress
from plainview.bus.orders import Asking
from plainview.config import CityConfig
from plainview.errors import ConfigError, InputError
from plainview.governance.order import OrderRefused, Refusal, StopOrder, ordered, read_order
from plainview.governance.orders import (
    MARK,
    MOST_MARKS,
    MOST_ORDERS,
    Mark,
    Said,
    encode,
    mark_of,
    read_answer,
)
from plainview.governance.standing import Stop, stopped_by
from plainview.governance.switch import Switch
from plainview.ledger.note import Verifier

_MOST_KNOWN: Final = 1000
"""Refused orders that are remembered, so that each is counted and told once."""

_log = structlog.get_logger(__name__)


class Obeying:
    """Owns a site's questions for stop orders, and what became of the answers."""

    def __init__(
        self,
        switch: Switch,
        centre: Verifier,
        city: Callable[[], CityConfig],
        states: Callable[[], Mapping[str, CameraState]],
        wake: Callable[[], None],
    ) -> None:
        """Press `switch` as `centre` orders; `wake` whoever stops the cameras, whose `states` tell.

        Nothing is asked before `start`.
        """
        self._switch, self._centre = switch, centre
        self._city, self._states, self._wake = city, states, wake
        self._asking: Asking | None = None
        self._refused: tuple[tuple[Mark, Refusal], ...] = ()
        self._amiss: Refusal | None = None
        self._why = ""
        self._known: set[object] = set()
        self.obeyed = 0
        self.refused = 0

    def start(self, address: NatsAddress) -> None:
        """Ask over the bus at `address`, in the name of its site, until `close`."""
        self._asking = Asking(address, self.say, self.hear)

    def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.close()

    @property
    def trouble(self) -> str:
        """Why orders do not come, or are refused; empty when all is well."""
        return self._why or (self._asking.trouble if self._asking else "")

    def stats(self) -> dict[str, float]:
        """Counts since the start."""
        return {"orders_obeyed": float(self.obeyed), "orders_refused": float(self.refused)}

    def told(self, stop: Stop) -> None:
        """A site orders nothing, `stop` neither."""

    def say(self) -> bytes:
        """What this site tells the centre: which orders stand here, and are done. LedgerError."""
        name = self._centre.name
        obeyed, stops = self._switch.obeyed(), self._switch.stops()
        own = {scope: one.digest[:MARK] for scope, one in obeyed.items() if one.centre == name}
        hit = self._hit({scope: stops[scope] for scope in own if scope in stops})
        stopped = [mark for scope, mark in own.items() if scope in stops and scope not in hit]
        lifted = [mark for scope, mark in own.items() if scope not in stops]
        return encode(
            Said(
                1,
                tuple(stopped[-MOST_MARKS:]),
                tuple(lifted[-MOST_MARKS:]),
                self._refused,
                self._amiss,
            )
        )

    def _hit(self, stops: Mapping[str, Stop]) -> set[str]:
        """The scopes of `stops` of which something runs still."""
        if not stops:
            return set()
        sites = cameras_of(self._city())
        runs = [
            (name, sites.get(name, ""), state.capabilities)
            for name, state in self._states().items()
            if state.state == "running"
        ]
        return {
            scope
            for scope, stop in stops.items()
            if any(stopped_by({scope: stop}, *one) is not None for one in runs)
        }

    def hear(self, data: bytes) -> bool:
        """Obey what the centre answers; whether it waits for something to be done here.

        Raises ConfigError where the centre knows no such site, InputError for what is no answer,
        LedgerError.
        """
        try:
            answer = read_answer(data)
        except InputError:
            self._amiss = Refusal.MALFORMED
            self._count(Refusal.MALFORMED)
            raise
        if not answer.known:
            raise ConfigError(
                "the centre gives no stop orders to this site, which is not in its CITY.toml",
                mend="Let district and site in the bus address be those of the centre's file",
            )
        read, self._amiss, self._why = self._read(answer.orders)
        refused: list[tuple[Mark, Refusal]] = []
        for order, note in read:
            try:
                if self._switch.obey(order, ordered(order, note)):
                    self.obeyed += 1
                    self._wake()
                    _log.warning(
                        "stopped from the centre",
                        what=order.scope,
                        number=order.number,
                        why=order.why,
                    )
            except OrderRefused as error:
                refused.append((mark_of(note), error.reason))
                self._tell(error, note)
        self._refused = tuple(refused)
        return len(read) > len(refused)

    def _read(
        self, notes: tuple[str, ...]
    ) -> tuple[list[tuple[StopOrder, str]], Refusal | None, str]:
        """The orders in `notes` by their number; why one of them is none, as a word and a line."""
        read: dict[int, tuple[StopOrder, str]] = {}
        amiss, why = None, ""
        for note in notes[:MOST_ORDERS]:
            try:
                order = read_order(note, self._centre)
            except OrderRefused as error:
                amiss, why = error.reason, error.line()
                self._tell(error, note)
            else:
                read[order.number] = (order, note)
        return [read[number] for number in sorted(read)], amiss, why

    def _tell(self, error: OrderRefused, note: str) -> None:
        if self._count(note):
            _log.error("a stop order is refused", why=error.line())

    def _count(self, what: object) -> bool:
        """Count what is refused, once while it is the same; whether it is new."""
        if what in self._known:
            return False
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known.add(what)
        self.refused += 1
        return True
