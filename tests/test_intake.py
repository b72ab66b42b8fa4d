import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
import structlog.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainview.bus import Delivery
from plainview.bus.local import LocalBus
from plainview.clock import ManualClock
from plainview.errors import BusFull, StoreError, StoreFull
from plainview.intake import Intake
from plainview.record import (
    CameraStatus,
    Event,
    EventKind,
    EventStanding,
    Health,
    LensState,
    Phase,
    Reading,
    Stamped,
)
from plainview.store import Appended, Retention
from plainview.store.search import EventQuery, Mark, Place
from plainview.store.sqlite import SqliteStore


class MoodyStore(SqliteStore):
    """A real store that can be told to refuse."""

    refuses: StoreError | None = None
    largest: int | None = None
    """The most Readings of one batch that it takes."""
    fails_at: int = 0
    """Which call of `append` fails, once."""
    calls: int = 0

    def append(self, readings: Sequence[Stamped], marks: Sequence[Mark] = ()) -> Appended:
        """Refuse when told to."""
        self.calls += 1
        if self.calls == self.fails_at:
            raise StoreError("a disk that failed for once")
        if self.refuses is not None:
            raise self.refuses
        if self.largest is not None and len(readings) > self.largest:
            raise StoreFull("a batch too large")
        return super().append(readings, marks)


class Turns:
    """A stop signal that is set after so many looks; the clock runs on while one waits for it."""

    def __init__(self, clock: ManualClock, looks: int) -> None:
        """Set after `looks` looks."""
        self._clock = clock
        self.left = looks

    def is_set(self) -> bool:
        """Count down."""
        self.left -= 1
        return self.left < 0

    def wait(self, timeout: float | None = None) -> bool:
        """Let the time pass."""
        self._clock.advance(timeout or 0.0)
        return self.left <= 0


def one(camera: str, t: int) -> Stamped:
    """A Reading of `camera` at `t`."""
    return Stamped(camera, Reading(t, 1000, 5, 0, 16, 0, 32, 8, 1, 10, (), (), (), ()))


@pytest.fixture
def clock() -> ManualClock:
    """Time that the test moves."""
    return ManualClock(1000.0)


@pytest.fixture
def bus(clock: ManualClock) -> LocalBus:
    """A bus for a hundred messages."""
    return LocalBus(100, clock=clock)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MoodyStore]:
    """An empty store."""
    made = MoodyStore(tmp_path / "readings.db", Retention())
    yield made
    made.close()


@pytest.fixture
def intake(bus: LocalBus, store: MoodyStore, clock: ManualClock) -> Intake:
    """Intake between them."""
    return Intake(bus, store, clock)


def test_what_is_published_is_stored_then_acknowledged(
    bus: LocalBus, store: MoodyStore, intake: Intake
) -> None:
    """Readings and statuses arrive in the store, are counted and leave the bus."""
    status = CameraStatus(1, LensState.RUNNING, True, True, 0, 0, 0, 0)  # noqa: FBT003 - positional record
    for t in range(3):
        bus.publish("a", one("a", t))
    bus.publish("a", status)
    bus.publish("a", one("a", 1))
    assert intake.step(0.0) == 5
    assert [r.t for r in store.readings("a", -1, 10)] == [0, 1, 2]
    assert store.statuses() == {"a": status}
    stats = intake.stats()
    assert (stats.stored, stats.duplicates, stats.statuses, stats.refused) == (3, 1, 1, 0)
    assert stats.bus.waiting == 0
    assert stats.numbers()["readings_stored"] == 3


@pytest.mark.parametrize(
    "spoilt",
    [
        {"count": 33},
        {"t": -1},
        {"frames": 1.5},
        {"frames": True},
        {"noise": b"\x00" * 100},
        {"health": ("a man in a red coat",)},
        {"health": (Health.DARK, Health.DARK)},
        {"cells": (0, 1, 0)},
        {"cells": b"\xff\xd8\xff\xe0"},
        {"events": (object(),)},
        {"nx": 2**70},
        {"crossings": ((1, 2),) * 1000},
    ],
)
def test_what_is_not_a_reading_is_refused_and_counted(
    bus: LocalBus, store: MoodyStore, intake: Intake, spoilt: dict[str, object]
) -> None:
    """The schema is checked again before anything is written; the good ones beside it are kept."""
    bad = Stamped("a", msgspec.structs.replace(one("a", 2).reading, **spoilt))
    for message in (one("a", 1), bad, one("b", 5), one("a", 3)):
        bus.publish("a", message)
    with structlog.testing.capture_logs() as logs:
        intake.step(0.0)
    assert [r.t for r in store.readings("a", -1, 10)] == [1, 3]
    assert store.readings("b", -1, 10) == []
    assert intake.stats().refused == 2
    assert bus.stats().waiting == 0
    assert logs[0]["event"] == "message refused"


def test_a_full_store_holds_the_bus_back_and_recovers(
    bus: LocalBus, store: MoodyStore, intake: Intake, clock: ManualClock
) -> None:
    """While the store is full nothing is acknowledged, the bus fills and refuses, one line a minute
    is logged, the trouble is shown; with room again everything is written, in order.
    """  # noqa: D205 - one sentence
    for t in range(100):
        bus.publish("a", one("a", t))
    store.refuses = StoreFull("there is no room", where="readings.db", mend="Free disk space")
    with structlog.testing.capture_logs() as logs:
        intake.run(Turns(clock, 150))
    full = [line for line in logs if line["event"] == "the store is full"]
    assert 2 <= len(full) <= 4
    assert intake.stats().failed == 151
    assert "Free disk space" in intake.stats().trouble
    assert intake.stats().bus.waiting == 100
    with pytest.raises(BusFull):
        bus.publish("a", one("a", 100))
    store.refuses = None
    intake.run(Turns(clock, 1))
    assert [r.t for r in store.readings("a", -1, 1000)] == list(range(100))
    assert intake.stats().trouble == ""
    assert intake.stats().bus.waiting == 0


def test_a_batch_too_large_is_written_in_pieces(
    bus: LocalBus, store: MoodyStore, intake: Intake, clock: ManualClock
) -> None:
    """A store that is too tight for a whole batch still takes it, piece by piece."""
    for t in range(40):
        bus.publish("a", one("a", t))
    store.largest = 7
    intake.run(Turns(clock, 20))
    assert len(store.readings("a", -1, 1000)) == 40
    assert intake.stats().bus.waiting == 0


def test_other_failures_are_survived_too(
    bus: LocalBus, store: MoodyStore, intake: Intake, clock: ManualClock
) -> None:
    """A failing store does not end intake; it is told apart from a full one."""
    bus.publish("a", one("a", 1))
    store.refuses = StoreError("the database failed")
    with structlog.testing.capture_logs() as logs:
        intake.run(Turns(clock, 3))
    assert [line["event"] for line in logs] == ["the store failed"]
    store.refuses = None
    assert intake.step(0.0) == 1


def test_roll_ups_and_deletion_happen_when_due(
    bus: LocalBus, store: MoodyStore, intake: Intake, clock: ManualClock
) -> None:
    """By the clock: minutes appear, and Readings past their term go."""
    now = int(clock.utc() * 1000)
    bus.publish("a", one("a", now))
    intake.step(0.0)
    intake.upkeep()
    clock.advance(25)
    intake.upkeep()
    assert [m.readings for m in store.roll_ups("a", "minute", 0, now + 1)] == [1]
    clock.advance(2 * 86_400)
    intake.upkeep()
    assert store.readings("a", 0, now) == []
    assert intake.stats().disk is not None
    assert intake.stats().numbers()["disk_used_bytes"] > 0


def test_a_stepped_clock_deletes_nothing(
    bus: LocalBus, store: MoodyStore, intake: Intake, clock: ManualClock
) -> None:
    """A clock that jumps years ahead for a moment must not delete; if it stays there, it counts."""
    now = int(clock.utc() * 1000)
    bus.publish("a", one("a", now))
    intake.step(0.0)
    intake.upkeep()
    clock.step(10 * 365 * 86_400)
    clock.advance(120)
    intake.upkeep()
    assert len(store.readings("a", 0, now)) == 1
    assert intake.stats().clock_steps == 1
    clock.advance(901)
    intake.upkeep()
    assert store.readings("a", 0, now) == []


def test_the_rate_is_measured(
    bus: LocalBus, store: MoodyStore, intake: Intake, clock: ManualClock
) -> None:
    """Readings per second, over the last seconds."""
    assert store.disk().used > 0
    for t in range(50):
        bus.publish("a", one("a", t))
    clock.advance(10)
    intake.step(0.0)
    assert intake.stats().rate == 5.0


def test_a_closed_bus_ends_the_loop_after_the_last_message(
    bus: LocalBus, store: MoodyStore, intake: Intake
) -> None:
    """Closing the bus lets intake write what is there, and end by itself."""
    for t in range(100):
        bus.publish("a", one("a", t))
    bus.close()
    thread = threading.Thread(target=intake.run, args=(threading.Event(),))
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert len(store.readings("a", -1, 1000)) == 100
    assert store.roll_ups("a", "minute", 0, 1)[0].readings == 100


class NotingBus(LocalBus):
    """A bus that knows who takes."""

    takers: frozenset[str] = frozenset()

    def take(self, most: int, timeout: float) -> Sequence[Delivery]:
        """Note the thread."""
        self.takers |= {threading.current_thread().name.partition("_")[0]}
        return super().take(most, timeout)


@pytest.mark.parametrize("fails_at", range(6))
def test_what_waits_is_taken_while_a_batch_is_written_and_written_in_its_turn(
    store: MoodyStore, clock: ManualClock, fails_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order and once, also where a batch fails while the next one is already in hand."""
    monkeypatch.setattr("plainview.intake._BATCH", 8)
    bus = NotingBus(100, clock=clock)
    store.fails_at = fails_at
    intake = Intake(bus, store, clock)
    for t in range(90):
        bus.publish("a", one("a", t))
    bus.publish("a", one("b", 90))  # in another's name
    bus.close()
    intake.run(Turns(clock, 100))
    assert bus.takers == {"MainThread", "intake ahead"}
    assert [r.t for r in store.readings("a", -1, 1000)] == [*range(90)]
    stats = intake.stats()
    assert (stats.stored, stats.duplicates, stats.refused, stats.bus.waiting) == (90, 0, 1, 0)
    assert stats.failed == (fails_at > 0)


def test_a_stop_writes_what_was_accepted(
    bus: LocalBus, store: MoodyStore, intake: Intake, clock: ManualClock
) -> None:
    """What the bus accepted before the stop is in the store after it."""
    bus.publish("a", one("a", 1))
    intake.run(Turns(clock, 0))
    assert len(store.readings("a", 0, 10)) == 1


@given(
    st.lists(st.one_of(st.integers(1, 9), st.sampled_from(["full", "room", "step"])), max_size=30)
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_accepted_is_lost(
    tmp_path_factory: pytest.TempPathFactory, happenings: list[int | str]
) -> None:
    """However room comes and goes: all that the bus accepted is in the store in the end, once."""
    clock = ManualClock(1000.0)
    bus = LocalBus(20, clock=clock)
    store = MoodyStore(tmp_path_factory.mktemp("store") / "readings.db", Retention())
    intake = Intake(bus, store, clock)
    accepted: list[int] = []
    t = 0
    for what in happenings:
        if isinstance(what, int):
            for _ in range(what):
                t += 1
                try:
                    bus.publish("a", one("a", t))
                    accepted.append(t)
                except BusFull:
                    assert bus.stats().waiting == 20
        elif what == "step":
            intake.run(Turns(clock, 1))
            clock.advance(40)
        else:
            store.refuses = StoreFull("full") if what == "full" else None
    store.refuses = None
    bus.close()
    intake.run(Turns(clock, 10))
    assert [r.t for r in store.readings("a", 0, 10**6)] == accepted
    assert intake.stats().stored == len(accepted)
    store.close()


def test_only_admitted_events_are_kept(
    bus: LocalBus, store: MoodyStore, clock: ManualClock
) -> None:
    """One that is not permitted is no event, and is not in the Reading that brought it either."""
    kept = Event(EventKind.FIRE, Phase.START, 5000, 10, 0, -1, 90)
    refused = Event(EventKind.LEFT_OBJECT, Phase.START, 5000, 10, 0, -1, 90)
    reading = msgspec.structs.replace(one("a", 5000).reading, events=(refused, kept))

    def admit(camera: str, event: Event) -> Mark | None:
        experimental = Mark(camera, event, "stage", EventStanding.EXPERIMENTAL)
        return experimental if event.kind is EventKind.FIRE else None

    for intake in (Intake(bus, store, clock, admit=admit), Intake(bus, store, clock, admit=admit)):
        bus.publish("a", Stamped("a", reading))
        intake.step(0.0)
        assert (intake.stats().events, intake.stats().events_refused) == (1, 1)
    assert [r.events for r in store.readings("a", 0, 9000)] == [(kept,)]
    wanted = EventQuery((Place("plaza", ("a",)),), 0, 9000)
    assert [(e.kind, e.zone) for e in store.find_events(wanted).events] == [("fire", "stage")]
    bus.publish("b", Stamped("b", reading))
    Intake(bus, store, clock).step(0.0)
    assert store.latest(["b"])["b"].events == ()
