"""Why somebody looks: what a purpose is worth now, and the mark that each access leaves."""

import threading
from collections import OrderedDict
from typing import Final

from plainview.clock import Clock
from plainview.errors import LedgerError
from plainview.governance.person import Person
from plainview.web.access.policy import Resource, Worth
from plainview.web.access.rules import Action
from plainview.web.desk import Desk, PurposeEdge

_FRESH: Final = 1.0
"""Seconds for which the live assessments' aims are not asked for again."""
WINDOW: Final = 600.0
"""Seconds for which accesses of one session, purpose and kind of resource are one record."""
_MOST: Final = 10_000


class Purposes:
    """The purposes that live assessments allow now. Thread-safe; may wait on the desk."""

    def __init__(self, desk: Desk | None, clock: Clock) -> None:
        """Ask `desk`; without one there is no purpose."""
        self._desk, self._clock = desk, clock
        self._known: tuple[float, dict[str, PurposeEdge]] | None = None

    def all(self) -> dict[str, PurposeEdge]:
        """By id, at most a second old."""
        now = self._clock.monotonic()
        known = self._known
        if known is None or not 0 <= now - known[0] < _FRESH:
            found = () if self._desk is None else self._desk.purposes()
            known = self._known = (now, {purpose.id: purpose for purpose in found})
        return known[1]

    def sorted(self) -> list[PurposeEdge]:
        """All of them, by id, for people to choose from."""
        return sorted(self.all().values(), key=lambda purpose: purpose.id)

    def worth(self, purpose: str, resource: Resource) -> Worth:
        """What `purpose` (an id, or empty) is worth for `resource` now.

        The city as a whole is covered by any live purpose: only what says nothing about one site
        is asked of it.
        """
        if not purpose:
            return Worth.NONE
        found = self.all().get(purpose)
        if found is None:
            return Worth.ENDED
        site = {"City": None, "Site": resource.id, "Camera": resource.site}[resource.kind]
        return Worth.COVERS if site is None or site in found.sites else Worth.ELSEWHERE


class Recorder:
    """Puts accesses in the ledger before what was asked for is given. Thread-safe."""

    def __init__(self, desk: Desk | None, clock: Clock) -> None:
        """Record at `desk`."""
        self._desk, self._clock = desk, clock
        self._lock = threading.Lock()
        self._done: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def record(
        self, session: str, person: Person, purpose: str, action: Action, reference: str
    ) -> None:
        """Durable on return. Raises LedgerError (or what the desk raises): then give nothing.

        Accesses of one `session` and `purpose` that do the same `action` to the same `reference`
        (`site:ID` or `city`) within ten minutes are one entry.
        """
        key = (session, purpose, action.value, reference)
        if self._recorded(key):
            return
        if self._desk is None:
            raise LedgerError(
                "the access cannot be recorded, so nothing is shown", mend="Open the ledger"
            )
        with self._lock:
            # Another request of the same page may have waited here for the same record.
            if self._recorded(key):
                return
            self._desk.record_access(person, purpose, action.value, reference)
            self._done[key] = self._clock.monotonic()
            self._done.move_to_end(key)
            if len(self._done) > _MOST:
                self._done.popitem(last=False)

    def _recorded(self, key: tuple[str, ...]) -> bool:
        then = self._done.get(key)
        return then is not None and 0 <= self._clock.monotonic() - then < WINDOW
