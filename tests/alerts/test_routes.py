import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.alerts.delivery.examples import PLACE, route
from tests.alerts.full_store import FullStore

from plainview.alerts.book import Book, Filter
from plainview.alerts.deletion import DeletionAlert
from plainview.alerts.delivery.notice import ROUTE
from plainview.alerts.delivery.outbox import Outbox
from plainview.alerts.kinds import AlertKind
from plainview.alerts.lifecycle import SELF, State
from plainview.alerts.routes import RouteAlerts
from plainview.alerts.thresholds import Level
from plainview.clock import ManualClock
from plainview.record import EventKind
from plainview.store import Retention


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FullStore]:
    """A new store that is not full yet."""
    opened = FullStore(tmp_path / "x.db", Retention())
    yield opened
    opened.close()


def test_a_kind_of_alert_is_a_kind_of_event_or_about_the_program_itself() -> None:
    """By the same words, so that whoever knows the events knows the alerts."""
    own = ["route", "deletion"]
    assert [kind.value for kind in AlertKind] == [*(kind.value for kind in EventKind), *own]


def test_footage_beyond_its_term_is_one_alert_until_it_is_gone(store: FullStore) -> None:
    """Told once however often it is looked at, by every route; cleared by itself, with why."""
    clock, names = ManualClock(), itertools.count()
    outbox = Outbox(store, clock, (route(name="mail"),), {"plaza": PLACE}, "")
    book = Book(store, clock, lambda: f"{next(names)}", outgoing=outbox)
    one = DeletionAlert(book, clock, "plaza")
    one.look("")
    assert book.open() == []
    for _ in range(3):
        one.look("a key of 2026-11-16 should have been deleted 1.2 hours ago, and is there")
    (alert,) = [shown.alert for shown in book.open()]
    assert alert.message.startswith("Footage is kept too long: a key of 2026-11-16")
    assert alert.level is Level.ALARM
    assert store.waiting_deliveries() == {"mail": 1}
    one.look("")
    (over,) = [shown.alert for shown in book.page(Filter(), 5)]
    assert over.message == "Over: nothing is kept beyond its term any more."


def test_a_broken_route_is_one_alert_told_by_the_others_only(store: FullStore) -> None:
    """However often it fails, over a restart, and never by itself; cleared when it works."""
    clock, names = ManualClock(), itertools.count()
    routes = (route(name="mail"), route(name="hook"))
    outbox = Outbox(store, clock, routes, {"plaza": PLACE}, "https://crowd.example")
    book = Book(store, clock, lambda: f"{next(names)}", outgoing=outbox)
    alerts = RouteAlerts(book, clock)
    for _ in range(3):
        alerts.broken("mail", "plaza", "nobody answers. See whether that server runs")
    (alert,) = alerts.open().values()
    assert (alert.kind, alert.about, alert.state) == (ROUTE, "mail", State.RAISED)
    assert "do not arrive by the route mail: nobody answers" in alert.message
    assert store.waiting_deliveries() == {"hook": 1}
    clock.advance(121)
    book.tick()
    book = Book(store, clock, lambda: "later", outgoing=outbox)
    alerts = RouteAlerts(book, clock)
    assert alerts.open()["mail"].state is State.ESCALATED
    alerts.over("mail")
    assert alerts.open() == {}
    (over,) = [shown.alert for shown in book.page(Filter(), 5)]
    assert (over.history[-1].who, over.history[-1].state) == (SELF, State.CLEARED)
    assert store.waiting_deliveries() == {"hook": 1}
    alerts.over("mail")
    alerts.broken("mail", "plaza", "again")
    assert alerts.open()["mail"].id != alert.id


def test_a_full_disk_hides_no_broken_route(store: FullStore) -> None:
    """It is shown as not durable, as any alert, and its own notices go out from memory."""
    clock = ManualClock()
    outbox = Outbox(store, clock, (route(name="hook"),), {"plaza": PLACE})
    book = Book(store, clock, lambda: "a", outgoing=outbox)
    store.full = True
    RouteAlerts(book, clock).broken("mail", "plaza", "nobody answers")
    assert [shown.durable for shown in book.open()] == [False]
    assert len(outbox.due("hook", 5)) == 1
