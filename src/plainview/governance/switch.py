"""The stop switch: one person stops at once, two must agree before it starts again.

A stop must take effect even where it cannot be recorded (a full disk): it then waits beside the
ledger and is recorded as soon as that can be written. Until then nothing can start anyway, because
a start that is not recorded does not happen.
"""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from msgspec import structs

from plainview.errors import AccessRefused, InputError, LedgerError
from plainview.governance.capability import check_capability
from plainview.governance.office import Office
from plainview.governance.order import OrderRefused, Refusal, StopOrder
from plainview.governance.person import RESUMERS, Person, Role
from plainview.governance.standing import CITY, Ordered, Standing, Stop
from plainview.governance.waiting import Unrecorded, Waiting
from plainview.ledger.entry import Entry, EntryKind, legible, plain
from plainview.ledger.lock import alone

_SCOPE = re.compile(r"city|(?:site|camera|capability):[A-Za-z0-9][A-Za-z0-9._:-]{0,80}")
_MOST_WHY = 400
_WAIT = 1.0
"""Seconds for which another process is waited for: what runs obeys a stop after it has tried."""


class Switch:
    """The stop switches of one state folder. Thread-safe through the office's lock."""

    def __init__(self, office: Office, state: Path, *, orders: bool = False) -> None:
        """Take up what could not be recorded before. Raises LedgerError.

        `orders`: each press is an order to the sites, also of what is stopped here already: two
        people may have lifted it there.
        """
        self._office = office
        self._orders = orders
        waiting = state / "governance" / "stops-unrecorded"
        self._waiting = Waiting(waiting)
        self._lock = waiting.with_suffix(".lock")
        self.trouble = ""
        """Why a stop in force is not recorded yet; empty when all are."""

    def close(self) -> None:
        """Close the file of what waits. May be called twice."""
        self._waiting.close()

    def stops(self) -> dict[str, Stop]:
        """Every stop in force, by scope: in the ledger or waiting for it. Raises LedgerError."""
        with self._office.lock:
            pressed = dict(self._office.standing().stops)
            for stop in self._waiting.read():
                waits = Stop(stop.scope, stop.why, stop.t, stop.role, ordered=stop.order)
                pressed.setdefault(stop.scope, waits)
            return pressed

    def obeyed(self) -> dict[str, Ordered]:
        """By scope: the last order of the centre that was obeyed. Raises LedgerError."""
        with self._office.lock:
            waiting = {stop.scope: stop.order for stop in self._waiting.read() if stop.order}
            return self._office.standing().orders | waiting

    def press(self, person: Person, scope: str, why: str) -> bool:
        """Stop what `scope` names; whether it could be recorded at once.

        Raises InputError for a scope that names nothing here, AccessRefused for a commissioner.
        """
        why = reason(why)
        check_scope(scope, self._office.standing())
        if person.role is Role.COMMISSIONER:
            raise AccessRefused("oversight is read-only", where="stop switch")
        with self._office.lock:
            if self._orders or scope not in self.stops():
                name, now = plain(person.name), self._office.now()
                stop = Unrecorded(scope, why, name, person.role, now, again=self._orders)
                # In force from here on, whatever becomes of the ledger.
                self._waiting.add(stop)
            return self.record_waiting()

    def obey(self, order: StopOrder, by: Ordered) -> bool:
        """Press what the centre's `order` names, as a person's press does; whether it was new.

        The same order is obeyed once, also after two people have lifted it here. Raises
        OrderRefused for one that is older than the last, or names nothing here; LedgerError.
        """
        with self._office.lock:
            obeyed = self.obeyed()
            if obeyed.get(order.scope) == by:
                return False
            try:
                check_scope(order.scope, self._office.standing())
            except InputError as error:
                raise OrderRefused(error.what, Refusal.UNKNOWN) from error
            last = last_of(obeyed, by.centre)
            if order.number <= last:
                raise OrderRefused(
                    f"its number is {order.number}, and {last} was obeyed before", Refusal.OLD
                )
            self._waiting.add(
                Unrecorded(
                    scope=order.scope,
                    why=order.why,
                    name="",
                    role=order.role,
                    t=self._office.now(),
                    order=by,
                    who=order.who,
                    given=order.t,
                )
            )
            self.record_waiting()
            return True

    def record_waiting(self) -> bool:
        """Record the stops that could not be before; whether none waits any more."""
        with self._office.lock:
            try:
                if self._waiting.read():
                    with self._alone():
                        self._record_waiting()
            except LedgerError as error:
                self.trouble = error.line()
                return False
            self.trouble = ""
            return True

    def _record_waiting(self) -> None:
        # Read anew: whoever was alone with them before may have recorded them.
        for stop in self._waiting.read():
            self._office.refresh()
            standing = self._office.standing()
            if stop.order is not None:
                if standing.orders.get(stop.scope) != stop.order:
                    self._office.record(self._entry_of(stop, stop.order))
            elif stop.again or stop.scope not in standing.stops:
                person = Person(stop.name, stop.role)
                self._office.record(
                    # Plain anew: one that no entry can hold would wait for ever, and all behind it.
                    self._office.entry(
                        EntryKind.STOP_PRESSED, stop.scope, person, why=plain(stop.why)
                    )
                )
            self._waiting.remove(stop)

    def _entry_of(self, stop: Unrecorded, order: Ordered) -> Entry:
        """Of a stop that the centre ordered: who pressed it is named as there."""
        entry = self._office.entry(
            EntryKind.STOP_PRESSED,
            stop.scope,
            why=stop.why,
            centre=order.centre,
            order=order.number,
            digest=order.digest,
            ordered=stop.given,
        )
        return structs.replace(entry, role=stop.role.value, who=stop.who)

    def _alone(self) -> AbstractContextManager[None]:
        """No other process looks at what is stopped and records what follows, meanwhile.

        What runs takes up within a quarter of a second what a command has just put there: without
        this, both would record it.
        """
        return alone(self._lock, _WAIT)

    def lift(self, person: Person, scope: str, why: str) -> bool:
        """Agree that `scope` may start again; True when the second person has.

        Raises InputError where nothing is stopped or the same person agreed before, AccessRefused
        for a role that may not, LedgerError.
        """
        why = reason(why)
        if person.role not in RESUMERS:
            raise AccessRefused(
                f"who is {person.role} may not start again what was stopped",
                where="stop switch",
                mend=f"It takes two people out of {', '.join(RESUMERS)}",
            )
        with self._office.lock:
            if not self.record_waiting():
                raise LedgerError(
                    "the stop itself is not recorded yet, so nothing can start again",
                    where="stop switch",
                    mend="Make room for the ledger first",
                )
            with self._alone():
                return self._lift(person, scope, why)

    def _lift(self, person: Person, scope: str, why: str) -> bool:
        # Another process may have started it, and somebody stopped it again, meanwhile.
        self._office.refresh()
        stop = self._office.standing().stops.get(scope)
        if stop is None:
            raise InputError(f"{scope} is not stopped", where="stop switch")
        if any(self._office.same_person(who, person) for _, who in stop.agreed):
            raise InputError(
                "the same person has agreed already: it takes two",
                where=f"stop switch of {scope}",
                mend="Ask a second person",
            )
        first: dict[str, str] = {}
        if stop.agreed:
            first = dict(zip(("first_role", "first_who"), stop.agreed[0], strict=True))
        self._office.record(
            self._office.entry(
                EntryKind.STOP_LIFTED,
                scope,
                person,
                why=why,
                complete=int(bool(first)),
                **first,
            )
        )
        return bool(first)


def last_of(obeyed: Mapping[str, Ordered], centre: str) -> int:
    """The highest number of `centre` among the orders that were `obeyed`; -1: none."""
    return max((one.number for one in obeyed.values() if one.centre == centre), default=-1)


def reason(why: str) -> str:
    """`why` on one line, as the ledger can hold it. Raises InputError where none is given."""
    why = legible(why)
    if not 3 <= len(why) <= _MOST_WHY:
        raise InputError(
            "a reason is needed", where="why", mend=f"Give one of 3 to {_MOST_WHY} characters"
        )
    return why


def check_scope(scope: str, standing: Standing) -> None:
    """Raise InputError or BoundaryError unless `scope` names something that can be stopped."""
    kind, _, name = scope.partition(":")
    if not _SCOPE.fullmatch(scope):
        raise InputError(
            f"{scope[:80]!r} is nothing that can be stopped",
            where="scope",
            mend="Write city, site:ID, camera:ID or capability:NAME",
        )
    if kind == "capability":
        check_capability(name, "scope")
    known = {
        "site": {camera.site for camera in standing.cameras.values()},
        "camera": set(standing.cameras),
    }.get(kind)
    if known is not None and name not in known:
        raise InputError(
            f"there is no {kind} {name!r}",
            where="scope",
            mend=f"Known are {', '.join(sorted(known)[:10]) or 'none yet'}",
        )
    if scope == CITY and not standing.cameras:
        raise InputError(
            "no camera is registered here",
            where="scope",
            mend="Give the state folder of what runs (--state; the demonstration's: .state/demo)",
        )
