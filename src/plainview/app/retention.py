"""How long data are kept: what the city configures, shortened to what every permit allows."""

from collections.abc import Mapping

import structlog
from msgspec import structs

from plainview.errors import LedgerError, PermitRefused, PlainviewError
from plainview.governance.office import Office
from plainview.ledger.entry import EntryKind
from plainview.store import Retention, Store

EVERY = 3600.0
"""Seconds between two entries about deletion that goes on all the time."""
_KINDS = ("readings", "minutes", "hours", "events")
_log = structlog.get_logger(__name__)


class Keeping:
    """Told before each deletion: sets the store's terms, and puts the deletion in the ledger.

    Where the ledger cannot be written, what is due is deleted all the same, and recorded when it
    can be again: that a promise to the public is kept does not wait for its being written down.
    """

    def __init__(self, office: Office, store: Store, configured: Retention) -> None:
        """Of `store`, which opened with the terms `configured`."""
        self._office = office
        self._store = store
        self._configured = configured
        self._last = float("-inf")
        self._latest = configured
        self.unrecorded = 0
        """Deletions that are not in the ledger yet."""

    def before_deletion(self, now: int) -> None:
        """What is past its term at `now` (UTC milliseconds) is deleted next."""
        try:
            terms = self.terms(now)
            self._store.keep(terms)
            self._record(now, terms)
        except PlainviewError as error:
            _log.error("deletion is not in the ledger yet", why=error.line())

    def terms(self, now: int) -> Retention:
        """The configured terms, none longer than the shortest that a permit allows.

        A permit that is over counts for as long as what was measured under it can still be there.
        Where one cannot be read, no term is longer than at the last look.
        """
        terms = self._configured
        for record in self._office.standing().permits.values():
            if now < record.begins:
                continue
            until = min(record.ends, record.over_since) if record.over else record.ends
            try:
                allowed = self._office.permit(record.digest)[0].retention
            except (LedgerError, PermitRefused) as error:
                _log.error("a permit's terms cannot be read", why=error.line())
                allowed = {kind: getattr(self._latest, kind) for kind in _KINDS}
            terms = _shorter(
                terms, {k: s for k, s in allowed.items() if now < until + round(s * 1000)}
            )
        self._latest = terms
        return terms

    def _record(self, now: int, terms: Retention) -> None:
        oldest = self._store.disk().oldest
        due = oldest is not None and oldest <= now - terms.readings * 1000
        if not due or self._office.clock.monotonic() - self._last < EVERY:
            return
        self.unrecorded += 1
        entry = self._office.entry(
            EntryKind.RETENTION_EXECUTED,
            "city",
            **{f"{kind}_before": now - round(getattr(terms, kind) * 1000) for kind in _KINDS},
            deletions=self.unrecorded,
        )
        self._office.record(entry)
        self._last = self._office.clock.monotonic()
        self.unrecorded = 0


def _shorter(terms: Retention, allowed: Mapping[str, float]) -> Retention:
    """`terms`, none longer than `allowed` (seconds by kind)."""
    for kind in _KINDS:
        if kind in allowed and allowed[kind] < getattr(terms, kind):
            terms = structs.replace(terms, **{kind: allowed[kind]})
    return terms
