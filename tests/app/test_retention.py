"""Deletion follows the shortest term that a permit allows, and stands in the ledger."""

from pathlib import Path

import pytest
from msgspec import structs
from tests.governance.offices import OFFICER, UTC, assessment_of, grant, open_office

from plainview.app.retention import EVERY, Keeping
from plainview.clock import ManualClock
from plainview.errors import LedgerError
from plainview.governance import approving
from plainview.ledger.entry import EntryKind
from plainview.record import Reading, Stamped
from plainview.store import Retention, open_store

DAY = 86_400.0


def reading(t: float) -> Stamped:
    """An empty Reading at UTC seconds `t`."""
    return Stamped("north", Reading(int(t * 1000), 1000, 5, 0, 0, 0, 0, 0, 1, 1, (), (), (), ()))


def test_the_shortest_term_holds_and_is_recorded_before(tmp_path: Path) -> None:
    """The assessment allows a day; a configured week does not make it longer."""
    clock = ManualClock(UTC)
    configured = Retention(readings=7 * DAY, minutes=300 * DAY, hours=3000 * DAY)
    store = open_store(f"sqlite:{tmp_path / 'store.db'}", configured)
    with open_office(tmp_path, clock) as office:
        keeping = Keeping(office, store, configured)
        assert keeping.terms(office.now()) == configured
        assessment = assessment_of()
        terms = structs.replace(assessment.retention, readings="24 h")
        grant(office, structs.replace(assessment, retention=terms))
        allowed = keeping.terms(office.now())
        assert allowed.readings == DAY
        assert allowed.hours < configured.hours
        store.append([reading(UTC - 2 * DAY), reading(UTC - 10)])
        keeping.before_deletion(office.now())
        told = [e for _, e in office.ledger.entries() if e.kind is EntryKind.RETENTION_EXECUTED]
        assert [e.detail["readings_before"] for e in told] == [round((UTC - DAY) * 1000)]
        assert store.prune(office.now()) > 0
        left = store.readings("north", 0, office.now())
        assert [one.t for one in left] == [round((UTC - 10) * 1000)]
        # What goes on all the time is told once an hour, and not at all where nothing is due.
        store.append([reading(UTC - 2 * DAY)])
        keeping.before_deletion(office.now())
        clock.advance(EVERY)
        keeping.before_deletion(office.now())
        kinds = [e.kind for _, e in office.ledger.entries()]
        assert kinds.count(EntryKind.RETENTION_EXECUTED) == 2
    store.close()


def test_what_is_due_goes_even_where_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The promise is kept, and recorded as soon as the ledger can be written."""
    clock = ManualClock(UTC)
    store = open_store(f"sqlite:{tmp_path / 'store.db'}", Retention(readings=DAY))
    store.append([reading(UTC - 2 * DAY), reading(UTC - 1)])
    with open_office(tmp_path, clock) as office:
        keeping = Keeping(office, store, Retention(readings=DAY))

        def full(_entries: object) -> list[int]:
            raise LedgerError("the disk is full")

        with monkeypatch.context() as broken:
            broken.setattr(office.ledger, "append", full)
            keeping.before_deletion(office.now())
        assert keeping.unrecorded == 1
        keeping.before_deletion(office.now())
        assert keeping.unrecorded == 0
        told = [e for _, e in office.ledger.entries() if e.kind is EntryKind.RETENTION_EXECUTED]
        assert [e.detail["deletions"] for e in told] == [2]
    store.close()


def test_what_was_measured_under_a_permit_keeps_its_term_when_that_ends(tmp_path: Path) -> None:
    """A revoked permit does not make its data live longer; once they are gone, its term is too."""
    clock = ManualClock(UTC)
    configured = Retention(readings=7 * DAY, minutes=7 * DAY, hours=7 * DAY)
    store = open_store(f"sqlite:{tmp_path / 'store.db'}", configured)
    with open_office(tmp_path, clock) as office:
        keeping = Keeping(office, store, configured)
        assessment = assessment_of()
        terms = structs.replace(assessment.retention, readings="24 h")
        name = grant(office, structs.replace(assessment, retention=terms))
        clock.advance(3600)
        approving.revoke(office, OFFICER, name, "ordered by the court")
        clock.advance(3600)
        assert keeping.terms(office.now()).readings == DAY
        clock.advance(DAY)
        assert keeping.terms(office.now()).readings == 7 * DAY
    store.close()
