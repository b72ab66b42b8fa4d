import datetime as dt
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.alerts.delivery.examples import BEGAN, PLACE, alert, route, threshold
from tests.alerts.full_store import FullStore

from plainview.alerts import lifecycle
from plainview.alerts.book import Book
from plainview.alerts.delivery.courier import AGAIN, LATEST, Courier
from plainview.alerts.delivery.notice import Notice, trial
from plainview.alerts.delivery.outbox import Outbox
from plainview.alerts.delivery.route import Quiet, Refused, Route, RouteKind, Sender
from plainview.alerts.lifecycle import Alert, State
from plainview.alerts.watch import Look
from plainview.clock import ManualClock
from plainview.crowd.field import normal
from plainview.errors import DeliveryFailed
from plainview.store import KeptDelivery, Retention


class Receiver:
    """The other side, in memory: takes notices, or fails as it is told to."""

    def __init__(self) -> None:
        """Take everything."""
        self.got: list[Notice] = []
        self.failure: DeliveryFailed | None = None
        self.refused: set[str] = set()
        """Ids of alerts that alone are refused."""
        self.opened = self.closed = 0
        self.whole = False
        self.given: list[list[str]] = []
        """Keys of what each new connection was given again."""
        self.came = threading.Event()

    def open(self) -> Sender:
        """A connection."""
        self.opened += 1
        return self

    def send(self, notice: Notice) -> None:
        """Take it."""
        if self.failure is not None:
            raise self.failure
        if notice.id in self.refused:
            raise Refused("not this one")
        self.got.append(notice)
        self.came.set()

    def tend(self, told: Callable[[], Sequence[Notice]]) -> None:
        """Be there, unless it fails; a new connection is given what was told."""
        if self.failure is not None:
            raise self.failure
        if not self.whole:
            self.given.append([one.key for one in told()])
        self.whole = True

    def close(self) -> None:
        """Count."""
        self.whole = False
        self.closed += 1


class World:
    """A store, one route and its courier; turns are made by hand."""

    def __init__(self, store: FullStore, out: Route) -> None:
        """The courier of `out`."""
        self.clock, self.store = ManualClock(BEGAN), store
        self.receiver = Receiver()
        self.troubles: list[str] = []
        self.outbox = Outbox(store, self.clock, (out,), {"plaza": PLACE})
        self.courier = Courier(
            out,
            self.receiver.open,
            self.outbox,
            self.clock,
            chance=random.Random(1),  # noqa: S311 - no secret
            on_broken=lambda _route, why: self.troubles.append(why),
        )

    def put(self, *alerts: Alert) -> None:
        """They are written, with what is to be told of them."""
        for one in alerts:
            told = self.outbox.prepare(one)
            self.store.put_alerts([lifecycle.packed(one)], deliveries=told)
            self.outbox.take(told, durable=True)

    def turn(self) -> list[str]:
        """What a turn hands over: ids and states."""
        before = len(self.receiver.got)
        self.courier.turn()
        return [f"{one.id} {one.state}" for one in self.receiver.got[before:]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FullStore]:
    """An empty store."""
    opened = FullStore(tmp_path / "readings.db", Retention())
    yield opened
    opened.close()


def escalated(name: str) -> Alert:
    """One that is escalated."""
    return lifecycle.escalated(alert(name), BEGAN + 1, "Ada", "it grows")


def test_what_is_put_is_handed_over_once_and_in_order(store: FullStore) -> None:
    """Escalated ones first; what was delivered is not told again, a further step is."""
    world = World(store, route())
    world.put(alert("2"), alert("1"), escalated("3"))
    assert world.turn() == ["3 escalated", "1 raised", "2 raised"]
    assert world.turn() == []
    world.put(escalated("1"), alert("2"))
    assert world.turn() == ["1 escalated"]
    assert world.courier.state.delivered == 4
    assert world.outbox.waiting() == {}


def test_of_an_alert_that_moves_on_only_the_newest_step_is_told(store: FullStore) -> None:
    """A receiver that was away is not flooded with the past."""
    world = World(store, route())
    found = alert()
    for second in range(8):
        world.put(found)
        found = lifecycle.risen(found, threshold(), BEGAN + second)
    world.put(lifecycle.cleared(found, BEGAN + 60, "Ada", "over"))
    assert world.turn() == [f"{found.id} cleared"]


def test_a_route_that_fails_is_tried_again_ever_later_and_told_of(store: FullStore) -> None:
    """Twice as long each time, up to the bound; after three failures it counts as broken."""
    world = World(store, route())
    world.put(alert("1"), alert("2"))
    world.receiver.failure = DeliveryFailed("nobody answers", where="there", mend="Look")
    waits = []
    for _ in range(14):
        assert world.turn() == []
        state = world.courier.state
        assert state.retry is not None
        waits.append(state.retry - world.clock.utc())
        world.clock.advance(waits[-1] - 0.01)
        world.turn()
        assert world.courier.state.failed == len(waits)
        world.clock.advance(0.02)
    for k, wait in enumerate(waits):
        longest = min(2.0**k, LATEST)
        assert longest / 2 <= wait <= longest
    assert world.troubles == ["there: nobody answers. Look"]
    assert world.courier.state.broken
    (first, _) = store.due_deliveries("out", 2**60, 10)
    assert first.tries == 14
    assert first.error == "there: nobody answers. Look"
    assert world.receiver.closed == world.receiver.opened == 14
    world.receiver.failure = None
    assert world.turn() == ["1 raised", "2 raised"]
    assert world.troubles[1:] == [""]
    assert world.courier.state.trouble == ""


def test_something_new_does_not_wait_for_what_failed_before(store: FullStore) -> None:
    """After an hour of failures the next try is minutes away; an alarm is tried after seconds."""
    world = World(store, route())
    world.put(alert("a"))
    world.receiver.failure = DeliveryFailed("nobody answers")
    for _ in range(20):
        world.turn()
        world.clock.advance(LATEST)
    world.turn()
    world.receiver.failure = None
    world.put(alert("b"))
    world.clock.advance(AGAIN / 2)
    assert not world.courier.turn(new=True)
    assert world.receiver.got == []
    world.clock.advance(AGAIN / 2)
    assert world.turn() == ["a raised", "b raised"]


def test_a_broker_that_goes_is_missed_before_it_is_needed(store: FullStore) -> None:
    """Nothing is to be told, and the route is known to be broken; one that is back is given all."""
    world = World(store, route(RouteKind.MQTT))
    world.put(alert("a"))
    assert world.turn() == ["a raised"]
    assert world.receiver.given == [[]]
    world.receiver.failure = DeliveryFailed("nobody answers")
    for _ in range(3):
        assert world.turn() == []
        assert world.troubles == []
        world.clock.advance(10)
    assert world.turn() == []
    assert world.troubles == ["nobody answers"]
    world.clock.advance(10)
    world.receiver.failure = None
    assert world.turn() == []
    assert world.troubles[1:] == [""]
    assert world.courier.state.delivered == 1
    (notice,) = world.receiver.got
    assert world.receiver.given[1:] == [[notice.key]]


def test_a_broker_that_is_needed_and_not_there_is_broken_at_once(store: FullStore) -> None:
    """There is something to tell: three tries do."""
    world = World(store, route(RouteKind.MQTT))
    world.put(alert("a"))
    world.receiver.failure = DeliveryFailed("nobody answers")
    for _ in range(3):
        world.turn()
        world.clock.advance(2)
    assert world.troubles == ["nobody answers"]


def test_a_webhook_is_not_asked_whether_it_is_there(store: FullStore) -> None:
    """Only what was told shows that it is not."""
    world = World(store, route())
    world.turn()
    assert (world.receiver.opened, world.receiver.given) == (0, [])


def test_one_notice_that_is_refused_holds_up_no_other(store: FullStore) -> None:
    """It waits by itself, visibly."""
    world = World(store, route())
    world.put(alert("1"), alert("2"))
    world.receiver.refused = {"1"}
    assert world.turn() == ["2 raised"]
    assert world.outbox.waiting() == {"out": 1}
    assert world.turn() == []
    world.receiver.refused = set()
    world.clock.advance(2)
    assert world.turn() == ["1 raised"]


def test_quiet_hours_hold_back_all_but_what_is_escalated(store: FullStore) -> None:
    """Then one notice of each alert comes."""
    local = dt.datetime.fromtimestamp(BEGAN, tz=dt.UTC) + dt.timedelta(hours=1)  # Paris in winter
    until = (local + dt.timedelta(minutes=30)).time().replace(second=0, microsecond=0)
    world = World(store, route(quiet=(Quiet(dt.time(22), until),)))
    world.put(alert("1"), alert("2"))
    assert world.turn() == []
    world.put(escalated("2"))
    assert world.turn() == ["2 escalated"]
    world.clock.advance(31 * 60)
    assert world.turn() == ["1 raised"]


def test_a_notice_refers_to_what_its_route_took_and_to_nothing_else(store: FullStore) -> None:
    """What was raised and is over while nobody was told stands for itself: nothing is cancelled."""
    world = World(store, route())
    world.receiver.failure = DeliveryFailed("nobody answers")
    world.put(one := alert("1"), two := alert("2"))
    world.turn()
    world.receiver.failure = None
    world.put(lifecycle.cleared(one, BEGAN + 3, "Ben", "over"))
    world.clock.advance(600)
    assert world.turn() == ["1 cleared", "2 raised"]
    over, raised = world.receiver.got
    assert (over.earlier, raised.earlier) == ((), ())
    world.put(seen := lifecycle.acknowledged(two, BEGAN + 4, "Ben", "I look"))
    world.put(gone := lifecycle.cleared(seen, BEGAN + 5, "Ben", "over"))
    assert world.turn() == ["2 cleared"]
    last = world.receiver.got[-1]
    assert [step.revision for step in last.earlier] == [raised.revision]
    assert len(gone.history) == 3
    assert world.outbox.told("out")[0].earlier == last.earlier


def test_whoever_was_woken_is_told_of_the_end(store: FullStore) -> None:
    """What was escalated in quiet hours and is over in them, is told as over at once."""
    world = World(store, route(quiet=(Quiet(dt.time(22), dt.time(6)),)))
    world.put(grows := escalated("1"))
    assert world.turn() == ["1 escalated"]
    world.put(seen := lifecycle.acknowledged(grows, BEGAN + 2, "Ben", "I look"))
    assert world.turn() == []
    world.put(lifecycle.cleared(seen, BEGAN + 3, "Ben", "over"))
    assert world.turn() == ["1 cleared"]


def test_a_rate_limit_spreads_what_is_not_escalated(store: FullStore) -> None:
    """Two a minute; escalated ones pass and do not count."""
    world = World(store, route(most_per_minute=2))
    world.put(*(alert(str(k)) for k in range(5)), escalated("9"))
    assert world.turn() == ["9 escalated", "0 raised", "1 raised"]
    assert world.turn() == []
    world.clock.advance(60)
    assert world.turn() == ["2 raised", "3 raised"]


def test_a_clock_that_is_set_back_delays_nothing(store: FullStore) -> None:
    """What waits for a time of the old clock is tried at once."""
    world = World(store, route())
    world.receiver.refused = {"1"}
    world.put(alert("1"))
    world.turn()
    world.receiver.refused = set()
    world.clock.step(-86_400)
    assert world.turn() == ["1 raised"]


def test_an_alert_that_cannot_be_written_is_told_all_the_same_and_once(store: FullStore) -> None:
    """A full disk hides nothing; and what was told from memory is not told again when it is not."""
    world = World(store, route())
    book = Book(store, world.clock, lambda: "a", outgoing=world.outbox)
    store.full = True
    book.rise("plaza", threshold(), Look(BEGAN, normal(6.0, 0.2)))
    assert len(world.turn()) == 1
    for _ in range(3):
        book.tick()
        assert world.turn() == []
    store.full = False
    book.tick()
    assert book.open()[0].durable
    assert world.turn() == []
    assert world.outbox.waiting() == {}
    store.full = True
    (shown,) = book.open()
    book.fall(shown.alert.key, "over")
    assert world.turn() == [f"{shown.alert.id} cleared"]


def test_what_was_handed_over_but_not_noted_is_not_handed_over_in_a_storm(store: FullStore) -> None:
    """The store may be full just then: it is remembered, and noted later."""
    world = World(store, route())
    world.put(alert("1"))
    store.full = True
    assert world.turn() == ["1 raised"]
    assert world.turn() == []
    store.full = False
    assert world.turn() == []
    assert world.outbox.waiting() == {}


def test_memory_for_what_cannot_be_written_has_a_bound(
    store: FullStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is dropped beyond it is counted."""
    monkeypatch.setattr("plainview.alerts.delivery.outbox.MOST_HERE", 3)
    world = World(store, route())
    for k in range(5):
        world.outbox.take(world.outbox.prepare(alert(str(k))), durable=False)
    assert world.outbox.overflowed == 2
    assert world.turn() == ["0 raised", "1 raised", "2 raised"]


def test_a_notice_that_cannot_be_read_holds_up_no_other(store: FullStore) -> None:
    """It stays, with the reason."""
    world = World(store, route())
    world.put(alert("2"))
    store.put_alerts([], deliveries=[KeptDelivery("out", "1", 1, b"?", 0)])
    assert world.turn() == ["2 raised"]
    (left,) = store.due_deliveries("out", 2**60, 10)
    assert "cannot be read" in left.error


def test_a_test_goes_at_once_and_mends_a_pause(store: FullStore) -> None:
    """Past quiet hours and pauses, and it is no alert."""
    world = World(store, route(quiet=(Quiet(dt.time(0), dt.time(23, 59)),)))
    world.receiver.failure = DeliveryFailed("nobody answers")
    told = trial("out", PLACE, "", BEGAN)
    with pytest.raises(DeliveryFailed):
        world.courier.test(told)
    world.receiver.failure = None
    world.courier.test(told)
    assert world.receiver.got == [told]
    assert world.outbox.waiting() == {}


def test_a_running_courier_delivers_and_ends(store: FullStore) -> None:
    """Its thread is woken by what is put; what waits when it ends is there for the next."""
    world = World(store, route())
    world.courier.start()
    world.put(alert("1"))
    assert world.receiver.came.wait(10)
    world.courier.close()
    assert [one.state for one in world.receiver.got] == [State.RAISED]
    world.put(alert("2"))
    assert World(store, route()).turn() == ["2 raised"]
