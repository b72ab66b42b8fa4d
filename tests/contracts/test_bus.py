"""One suite that every bus passes: bounded, at least once, in order for each camera."""

import threading
from collections.abc import Iterator, Sequence
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.servers.nats import NatsServer, empty_streams, lapse

from plainview.bus import Bus, Delivery, open_bus
from plainview.bus.local import LocalBus
from plainview.clock import ManualClock
from plainview.errors import BusFull
from plainview.record import CameraStatus, LensState, Reading, Stamped, encode

AGAIN_AFTER = 30.0


class Local:
    """The in-machine bus, on a held clock."""

    def __init__(self) -> None:
        """With a clock for all of its buses."""
        self.clock = ManualClock()

    def make(self, bound: int, *, still: bool = False) -> Bus:  # noqa: ARG002 - all of it is still
        """A bus with that bound."""
        return LocalBus(bound, again_after=AGAIN_AFTER, clock=self.clock)

    def lapse(self) -> None:
        """Let the time pass after which what was not acknowledged comes again."""
        self.clock.advance(AGAIN_AFTER)

    def close(self) -> None:
        """Nothing to end."""


class Nats:
    """The bus over a real NATS server."""

    def __init__(self, server: NatsServer) -> None:
        """With nothing on the server."""
        self.server = server
        self._made: list[Bus] = []
        empty_streams(server)

    def make(self, bound: int, *, still: bool = False) -> Bus:
        """A bus with that bound; `still`: nothing leaves it before it is closed."""
        linger = 60 if still else 0.01
        self._made.append(open_bus(f"{self.server.url}?bound={bound}&linger={linger}"))
        return self._made[-1]

    def lapse(self) -> None:
        """Let the time pass after which what was not acknowledged comes again."""
        lapse(self.server)

    def close(self) -> None:
        """End every connection."""
        for bus in self._made:
            bus.close()
            while bus.take(10_000, 5.0):
                pass


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A NATS server for all tests here."""
    server = NatsServer(tmp_path_factory.mktemp("nats") / "server")
    yield server
    server.remove()


@pytest.fixture(params=["local", "nats"])
def buses(request: pytest.FixtureRequest) -> Iterator[Local | Nats]:
    """What makes buses; one for each adapter."""
    made: Local | Nats
    made = Local() if request.param == "local" else Nats(request.getfixturevalue("server"))
    yield made
    made.close()


def taken(bus: Bus, count: int) -> Sequence[Delivery]:
    """`count` messages, as they come."""
    got: list[Delivery] = []
    while len(got) < count and (more := bus.take(count - len(got), 10.0)):
        got += more
    return got


def stamped(camera: str, t: int) -> Stamped:
    """A Reading of `camera` at `t`, with its encoding."""
    reading = Reading(t, 1000, 5, 0, 0, 0, 0, 0, 1, 1, (), (), (), ())
    return Stamped(camera, reading, data=encode(reading))


def test_what_was_published_is_delivered_in_order(buses: Local | Nats) -> None:
    """Each camera's messages come out in the order in which they went in."""
    bus = buses.make(100)
    for t in range(10):
        for camera in ("a", "b", "c"):
            bus.publish(camera, stamped(camera, t))
    got = [*taken(bus, 7), *taken(bus, 23)]
    assert all(len(bus.take(7, 0.0)) <= 7 for _ in range(3))
    by_camera = groupby(sorted(got, key=lambda d: d.camera), key=lambda d: d.camera)
    for _, deliveries in by_camera:
        times = [d.message.reading.t for d in deliveries if isinstance(d.message, Stamped)]
        assert times == list(range(10))
    assert len(got) == 30


def test_a_status_travels_like_a_reading(buses: Local | Nats) -> None:
    """Statuses go the same way, in order with the Readings."""
    bus = buses.make(10)
    status = CameraStatus(1, LensState.RUNNING, True, True, 0, 0, 0, 0)  # noqa: FBT003 - positional record
    bus.publish("a", stamped("a", 1))
    bus.publish("a", status)
    assert [d.message for d in taken(bus, 2)] == [stamped("a", 1), status]


def test_many_are_taken_as_one_by_one(buses: Local | Nats) -> None:
    """By their encodings, each camera's in order, up to the bound; the rest is refused."""
    bus = buses.make(5, still=True)
    assert bus.take(1, 0.0) == []
    bus.publish("a", stamped("a", 0))
    sent = [stamped(camera, t) for t in (1, 2, 3) for camera in ("a", "b")]
    cameras, data = [one.camera for one in sent], [one.data for one in sent]
    assert bus.publish_many(cameras, data, 7) == 4
    assert bus.publish_many(cameras, data) == 0
    stats = bus.stats()
    assert (stats.published, stats.refused, stats.waiting) == (5, 8, 5)
    bus.close()
    assert bus.publish_many(cameras, data) == 0
    got = sorted(taken(bus, 5), key=lambda one: one.camera)  # stable: it keeps their order
    wanted = [stamped("a", 0), *(structs.replace(one, fence=7) for one in sent[:4])]
    assert [d.message for d in got] == sorted(wanted, key=lambda one: one.camera)


def test_the_bound_is_kept_and_refusals_are_counted(buses: Local | Nats) -> None:
    """At the bound BusFull is raised, counted, and nothing that was taken in is lost."""
    bus = buses.make(3, still=True)
    assert bus.take(1, 0.0) == []
    for t in range(3):
        bus.publish("a", stamped("a", t))
    for _ in range(2):
        with pytest.raises(BusFull, match="bound of 3"):
            bus.publish("a", stamped("a", 3))
    stats = bus.stats()
    assert (stats.published, stats.refused, stats.waiting, stats.bound) == (3, 2, 3, 3)
    bus.close()
    assert [d.message for d in taken(bus, 3)] == [stamped("a", t) for t in range(3)]


def test_what_was_not_acknowledged_comes_again_first(buses: Local | Nats) -> None:
    """A taker that dies loses nothing: its messages come again, before newer ones, in order."""
    bus = buses.make(10)
    for t in range(4):
        bus.publish("a", stamped("a", t))
    lost = taken(bus, 3)
    bus.acknowledge(lost[:1])
    assert [d.message for d in taken(bus, 1)] == [stamped("a", 3)]
    assert bus.take(10, 0.0) == []
    buses.lapse()
    assert [d.message for d in taken(bus, 3)] == [stamped("a", t) for t in (1, 2, 3)]


def test_acknowledged_messages_never_come_again(buses: Local | Nats) -> None:
    """Once acknowledged, gone; acknowledging twice does no harm."""
    bus = buses.make(10)
    bus.publish("a", stamped("a", 1))
    got = taken(bus, 1)
    bus.acknowledge(got)
    bus.acknowledge(got)
    buses.lapse()
    assert bus.take(10, 0.0) == []
    assert bus.stats().waiting == 0


def test_close_wakes_a_waiting_taker_and_refuses(buses: Local | Nats) -> None:
    """Whoever waits is woken at once; new messages are refused; what is held can be taken."""
    bus = buses.make(10)
    got: list[object] = []
    waiting = threading.Thread(target=lambda: got.append(bus.take(1, 60.0)))
    waiting.start()
    bus.close()
    waiting.join(10)
    assert got == [[]]
    assert bus.stats().closed
    with pytest.raises(BusFull, match="closed"):
        bus.publish("a", stamped("a", 1))


def test_close_leaves_what_is_held(buses: Local | Nats) -> None:
    """Closing loses nothing: it can still be taken."""
    bus = buses.make(10)
    assert bus.take(10, 0.0) == []
    bus.publish("a", stamped("a", 1))
    bus.close()
    assert len(bus.take(10, 60.0)) == 1
    assert bus.take(10, 60.0) == []


def test_publishing_wakes_a_waiting_taker(buses: Local | Nats) -> None:
    """A taker that waits gets the first message without waiting for its timeout."""
    bus = buses.make(10)
    got: list[int] = []
    waiting = threading.Thread(target=lambda: got.append(len(bus.take(5, 60.0))))
    waiting.start()
    bus.publish("a", stamped("a", 1))
    waiting.join(10)
    assert got == [1]


def test_many_threads_lose_nothing(buses: Local | Nats) -> None:
    """Four publishers and two takers: each message is delivered exactly once while none is late."""
    bus = buses.make(5000)
    got: list[int] = []

    def publish(first: int) -> None:
        for t in range(first, first + 500):
            bus.publish("a", stamped("a", t))

    def take() -> None:
        while deliveries := bus.take(17, 60.0):
            got.extend(d.message.reading.t for d in deliveries if isinstance(d.message, Stamped))
            bus.acknowledge(deliveries)

    takers = [threading.Thread(target=take) for _ in range(2)]
    publishers = [threading.Thread(target=publish, args=(k * 500,)) for k in range(4)]
    for thread in (*takers, *publishers):
        thread.start()
    for thread in publishers:
        thread.join(30)
    bus.close()
    for thread in takers:
        thread.join(30)
    assert sorted(got) == list(range(2000))


actions = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.sampled_from("abc")),
        st.tuples(st.just("take"), st.integers(1, 5)),
        st.tuples(st.just("acknowledge"), st.integers(0, 5)),
        st.tuples(st.just("advance"), st.sampled_from((1.0, AGAIN_AFTER))),
    ),
    max_size=60,
)


@given(actions)
def test_nothing_is_lost_whatever_happens(steps: list[tuple[str, object]]) -> None:
    """Whatever the order of calls, what was accepted and not acknowledged is there in the end."""
    clock = ManualClock()
    bus = LocalBus(8, again_after=AGAIN_AFTER, clock=clock)
    owed: set[int] = set()
    held: list[Delivery] = []
    for t, (what, value) in enumerate(steps):
        if what == "publish":
            try:
                bus.publish(str(value), stamped(str(value), t))
                owed.add(t)
            except BusFull:
                assert bus.stats().waiting == 8
        elif what == "take" and isinstance(value, int):
            held = list(bus.take(value, 0.0))
        elif what == "acknowledge" and isinstance(value, int):
            bus.acknowledge(held[:value])
            owed -= {d.message.reading.t for d in held[:value] if isinstance(d.message, Stamped)}
            held = held[value:]
        elif isinstance(value, float):
            clock.advance(value)
            if value == AGAIN_AFTER:
                held = []
        assert bus.stats().waiting == len(owed) <= 8
    clock.advance(AGAIN_AFTER)
    left = {d.message.reading.t for d in bus.take(100, 0.0) if isinstance(d.message, Stamped)}
    assert left == owed
