import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs
from tests.alerts.full_store import FullStore

from plainview.alerts.book import REMEMBERED, Book, Filter
from plainview.alerts.lifecycle import MOST_STEPS, SELF, Alert, State
from plainview.alerts.patience import ESCALATE as PATIENCE
from plainview.alerts.patience import Patience
from plainview.alerts.routes import RouteAlerts
from plainview.alerts.thresholds import Level, Quantity, threshold
from plainview.alerts.watch import Look
from plainview.clock import ManualClock
from plainview.crowd.field import UNKNOWN, Estimate
from plainview.errors import InputError, StoreError
from plainview.store import Retention, Store, open_store

WARNING = threshold(Quantity.DENSITY, Level.WARNING, 3.5, 10.0, "a test")
ALARM = threshold(Quantity.DENSITY, Level.ALARM, 5.0, 3.0, "a test")
SEEN = Look(0.0, Estimate(6.0, 5.5, 6.5), (1.0, 2.0), whole=True)
KEY = ("plaza", None, Quantity.DENSITY)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FullStore]:
    """A new store that is not full yet."""
    opened = FullStore(tmp_path / "readings.db", Retention())
    yield opened
    opened.close()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test holds."""
    return ManualClock()


@pytest.fixture
def opened(store: Store, clock: ManualClock) -> Callable[[], Book]:
    """Opens the book over the store, as at each start."""
    tokens = (f"{k:04d}" for k in itertools.count())
    return lambda: Book(store, clock, lambda: next(tokens))


def steps(alert: Alert) -> list[tuple[State, str]]:
    """What happened to it, and by whom."""
    return [(step.state, step.who) for step in alert.history]


def test_an_open_alert_outlives_the_process(opened: Callable[[], Book], clock: ManualClock) -> None:
    """Raised, acknowledged, and all of it there after a start anew that nobody prepared."""
    alert = opened().rise("plaza", ALARM, SEEN)
    clock.advance(5)
    opened().decide(alert.id, "acknowledge", "Ada", "I look at camera 3")
    (shown,) = opened().open()
    assert shown.durable
    assert shown.alert.id == alert.id
    assert (shown.alert.value, shown.alert.at) == (6.0, (1.0, 2.0))
    assert steps(shown.alert) == [(State.RAISED, SELF), (State.ACKNOWLEDGED, "Ada")]
    assert shown.alert.history[1].why == "I look at camera 3"


def test_a_reason_is_one_line_that_can_be_read(opened: Callable[[], Book]) -> None:
    """What steers a terminal or turns the text after it is left out; nothing to be seen is none."""
    book = opened()
    alert = book.rise("plaza", ALARM, SEEN)
    for why in ("", " \n ", "\u200b\u200b", "\u202e\u00ad", "x" * 501):
        with pytest.raises(InputError, match="a reason has 1 to 500 signs"):
            book.decide(alert.id, "acknowledge", "Ada", why)
    shown = book.decide(alert.id, "acknowledge", "Ada", "I\x00 go\x1b[31m\n \u202eand see\u2069")
    assert shown.history[-1].why == "I go [31m and see"


def test_one_place_and_number_has_one_open_alert(opened: Callable[[], Book]) -> None:
    """A higher level raises the same alert, which must be looked at anew; another zone its own."""
    book = opened()
    first = book.rise("plaza", WARNING, SEEN)
    book.decide(first.id, "acknowledge", "Ada", "seen")
    again = book.rise("plaza", ALARM, SEEN)
    assert again.id == first.id
    assert (again.level, again.state, again.threshold) == (Level.ALARM, State.RAISED, 5.0)
    other = structs.replace(ALARM, zone="gate")
    assert book.rise("plaza", other, SEEN).id != first.id
    assert [shown.alert.zone for shown in book.open("plaza")] == ["gate", None]
    assert book.open("quay") == []


def test_a_flood_stays_one_alert_of_bounded_memory(opened: Callable[[], Book]) -> None:
    """A thousand times past its threshold: one alert, its first step and the newest."""
    book = opened()
    for _ in range(1000):
        alert = book.rise("plaza", ALARM, SEEN)
    assert len(book.open()) == 1
    assert len(alert.history) == MOST_STEPS
    assert "for 3 s" in alert.history[0].why


def test_nobody_heeds_it_and_it_escalates(opened: Callable[[], Book], clock: ManualClock) -> None:
    """After its time, by the program and with a reason; the wait goes on over a restart."""
    opened().rise("plaza", ALARM, SEEN)
    clock.advance(PATIENCE / 2)
    book = opened()
    book.tick()
    assert book.open()[0].alert.state is State.RAISED
    clock.advance(PATIENCE / 2)
    book.tick()
    alert = book.open()[0].alert
    assert steps(alert)[-1] == (State.ESCALATED, SELF)
    assert "nobody" in alert.history[-1].why
    clock.advance(10 * PATIENCE)
    book.tick()
    assert len(book.open()[0].alert.history) == 2


def test_what_is_noticed_meanwhile_does_not_begin_the_wait_anew(
    opened: Callable[[], Book], clock: ManualClock
) -> None:
    """A threshold that is passed again is a step, too: after a restart it was waited from there."""
    book = opened()
    book.rise("plaza", ALARM, SEEN)
    clock.advance(PATIENCE * 0.75)
    book.rise("plaza", ALARM, SEEN)
    clock.advance(PATIENCE * 0.25)
    book = opened()
    book.tick()
    assert book.open()[0].alert.state is State.ESCALATED


def test_each_zone_has_its_own_patience(store: Store, clock: ManualClock) -> None:
    """That of its site where it has none, and the default elsewhere."""
    tokens = (f"{k}" for k in itertools.count())
    patience = {("plaza", None): Patience(60.0), ("plaza", "gate"): Patience(10.0)}
    book = Book(store, clock, lambda: next(tokens), patience=patience)
    for site, zone in (("plaza", "gate"), ("plaza", "stairs"), ("quay", "gate")):
        book.rise(site, structs.replace(ALARM, zone=zone), SEEN)
    waits: list[list[tuple[str, str | None]]] = []
    for _ in range(3):
        clock.advance(10 if not waits else 50)
        book.tick()
        escalated = [s.alert for s in book.open() if s.alert.state is State.ESCALATED]
        waits.append(sorted((one.site, one.zone) for one in escalated))
    assert waits[0] == [("plaza", "gate")]
    assert waits[1] == [("plaza", "gate"), ("plaza", "stairs")]


def test_who_acknowledges_stops_the_wait(opened: Callable[[], Book], clock: ManualClock) -> None:
    """Somebody looks at it: it does not escalate by itself."""
    book = opened()
    alert = book.rise("plaza", ALARM, SEEN)
    book.decide(alert.id, "acknowledge", "Ada", "seen")
    clock.advance(10 * PATIENCE)
    book.tick()
    assert book.open()[0].alert.state is State.ACKNOWLEDGED


def test_a_clock_that_is_set_neither_escalates_nor_turns_history(
    opened: Callable[[], Book], clock: ManualClock
) -> None:
    """A day ahead or back: nobody waited longer, and the steps stay in order."""
    book = opened()
    alert = book.rise("plaza", ALARM, SEEN)
    for days in (1, -2):
        clock.step(days * 86_400)
        book.tick()
        assert book.open()[0].alert.state is State.RAISED
    done = book.decide(alert.id, "clear", "Ada", "seen")
    assert [step.at for step in done.history] == sorted(step.at for step in done.history)


def test_two_people_at_once_are_both_in_its_history(opened: Callable[[], Book]) -> None:
    """Neither overwrites the other."""
    book = opened()
    alert = book.rise("plaza", ALARM, SEEN)
    people = [f"person {k}" for k in range(8)]
    threads = [
        threading.Thread(target=book.decide, args=(alert.id, "acknowledge", who, "seen"))
        for who in people
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (shown,) = opened().open()
    assert sorted(step.who for step in shown.alert.history[1:]) == people


def test_what_is_over_cannot_be_decided_about(opened: Callable[[], Book]) -> None:
    """And a reason must be given: nothing changes otherwise."""
    book = opened()
    alert = book.rise("plaza", ALARM, SEEN)
    for why in ("", "   ", "x" * 501):
        with pytest.raises(InputError, match="reason"):
            book.decide(alert.id, "clear", "Ada", why)
    book.decide(alert.id, "clear", "Ada", "seen with my own eyes: nobody there")
    with pytest.raises(InputError, match="no open alert"):
        book.decide(alert.id, "acknowledge", "Bob", "seen")
    (shown,) = book.page(Filter(("plaza",), nowhere=False), 10)
    assert shown.alert.state is State.CLEARED
    assert shown.alert.cleared_at is not None


def test_a_page_is_full_where_there_are_enough(opened: Callable[[], Book]) -> None:
    """What does not fit is left out before the page is cut; pages follow one another."""
    book = opened()
    routes = RouteAlerts(book, ManualClock())
    for k in range(12):
        alert = book.rise("quay" if k % 3 else "plaza", ALARM, SEEN)
        book.decide(alert.id, "clear", "Ada", "over")
        routes.broken(f"mail {k}", "plaza", "nobody answers")
    book.rise("plaza", ALARM, SEEN)

    def pages(wanted: Filter, most: int) -> list[list[str]]:
        found = []
        while page := book.page(wanted, most):
            found.append([one.alert.id for one in page])
            wanted = wanted._replace(before=found[-1][-1])
        return found

    plaza = Filter(("plaza",), nowhere=False, over=True)
    first, last = pages(plaza, 3)
    assert (len(first), len(last)) == (3, 1)
    assert [*first, *last] == [one.alert.id for one in book.page(plaza, 100)]
    assert len(book.page(plaza._replace(over=False), 100)) == 5
    assert len(book.page(plaza._replace(over=False, nowhere=True), 100)) == 17
    assert [len(one) for one in pages(Filter(), 10)] == [10, 10, 5]


def test_what_a_person_cleared_is_told_once_and_over_a_restart_for_a_while(
    opened: Callable[[], Book], clock: ManualClock
) -> None:
    """So that it is not raised again at once; long after, it is."""
    book = opened()
    book.decide(book.rise("plaza", ALARM, SEEN).id, "clear", "Ada", "seen")
    assert book.handed_back("plaza") == {KEY}
    assert book.handed_back("plaza") == set()
    assert opened().handed_back("plaza") == {KEY}
    clock.advance(REMEMBERED + 1)
    assert opened().handed_back("plaza") == set()


def test_a_full_store_hides_no_alert_and_takes_no_decision(
    opened: Callable[[], Book], store: FullStore
) -> None:
    """It is shown as not durable, written when there is room; a person's step is refused whole."""
    book = opened()
    store.full = True
    alert = book.rise("plaza", ALARM, SEEN)
    assert [shown.durable for shown in book.open()] == [False]
    assert [shown.alert.id for shown in book.page(Filter(), 10)] == [alert.id]
    assert "no room" in book.trouble
    with pytest.raises(StoreError):
        book.decide(alert.id, "acknowledge", "Ada", "seen")
    assert book.open()[0].alert == alert
    store.full = False
    book.tick()
    assert (book.open()[0].durable, book.trouble) == (True, "")
    assert opened().open()[0].alert == alert


def test_the_newest_number_is_shown_and_its_worst_kept(
    opened: Callable[[], Book], clock: ManualClock
) -> None:
    """Not known is not nought; the peak is there after a restart."""
    book = opened()
    book.rise("plaza", ALARM, SEEN)
    clock.advance(11)
    book.looked(KEY, Look(1.0, Estimate(8.0, 7.0, 9.0), (3.0, 4.0)))
    book.looked(KEY, Look(2.0, UNKNOWN))
    alert = book.open()[0].alert
    assert (alert.value, alert.peak, alert.at) == (None, 8.0, (3.0, 4.0))
    assert "not known" in alert.message
    assert opened().open()[0].alert.peak == 8.0
    book.fall(KEY, "below 4 people/m²")
    assert opened().open() == []
    assert steps(book.page(Filter(), 5)[0].alert)[-1] == (State.CLEARED, SELF)


def test_a_number_that_is_back_within_its_threshold_says_what_it_came_to(
    opened: Callable[[], Book],
) -> None:
    """Such an alert waits to be sure that it is over: its newest number alone explains nothing."""
    book = opened()
    book.rise("plaza", ALARM, SEEN)
    assert "highest" not in book.open()[0].alert.message
    book.looked(KEY, Look(1.0, Estimate(-2.5, -3.0, -2.0), (3.0, 4.0)))
    alert = book.open()[0].alert
    said = "is \N{MINUS SIGN}2.5 people/m², 6 at its highest; alarm from 5."
    assert said in alert.message


def test_a_book_over_an_ordinary_store(tmp_path: Path, clock: ManualClock) -> None:
    """The store of `open_store` does."""
    store = open_store(f"sqlite:{tmp_path / 'other.db'}")
    Book(store, clock, lambda: "x").rise("plaza", ALARM, SEEN)
    assert len(store.alerts(only_open=True)) == 1
    store.close()
