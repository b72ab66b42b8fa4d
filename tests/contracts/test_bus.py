"""One suite that every bus passes: bounded, at least once, in order for each camera."""

import threading
from collections.abc import Callable
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.bus import Bus, Delivery
from plainview.bus.local import LocalBus
from plainview.clock import ManualClock
from plainview.errors import BusFull
from plainview.record import CameraStatus, LensState, Reading, Stamped

AGAIN_AFTER = 30.0

MakeBus = Callable[[int, ManualClock], Bus]


def local(bound: int, clock: ManualClock) -> Bus:
    """The in-machine bus."""
    return LocalBus(bound, again_after=AGAIN_AFTER, clock=clock)


@pytest.fixture(params=[local])
def make(request: pytest.FixtureRequest) -> MakeBus:
    """Makes a bus with a bound and a clock; one for each adapter."""
    made: MakeBus = request.param
    return made


def stamped(camera: str, t: int) -> Stamped:
    """A Reading of `camera` at `t`."""
    return Stamped(camera, Reading(t, 1000, 5, 0, 0, 0, 0, 0, 1, 1, (), (), (), ()))


def test_what_was_published_is_delivered_in_order(make: MakeBus) -> None:
    """Each camera's messages come out in the order in which they went in."""
    bus = make(100, ManualClock())
    for t in range(10):
        for camera in ("a", "b", "c"):
            bus.publish(camera, stamped(camera, t))
    got = [*bus.take(7, 1.0), *bus.take(100, 1.0)]
    by_camera = groupby(sorted(got, key=lambda d: d.camera), key=lambda d: d.camera)
    for _, deliveries in by_camera:
        times = [d.message.reading.t for d in deliveries if isinstance(d.message, Stamped)]
        assert times == list(range(10))
    assert len(got) == 30


def test_a_status_travels_like_a_reading(make: MakeBus) -> None:
    """Statuses go the same way, in order with the Readings."""
    bus = make(10, ManualClock())
    status = CameraStatus(1, LensState.RUNNING, True, True, 0, 0, 0, 0)  # noqa: FBT003 - positional record
    bus.publish("a", stamped("a", 1))
    bus.publish("a", status)
    assert [d.message for d in bus.take(10, 1.0)] == [stamped("a", 1), status]


def test_the_bound_is_kept_and_refusals_are_counted(make: MakeBus) -> None:
    """At the bound BusFull is raised, counted, and nothing that was taken in is lost."""
    bus = make(3, ManualClock())
    for t in range(3):
        bus.publish("a", stamped("a", t))
    with pytest.raises(BusFull, match="bound of 3"):
        bus.publish("a", stamped("a", 3))
    taken = bus.take(2, 1.0)
    with pytest.raises(BusFull):
        bus.publish("a", stamped("a", 3))
    bus.acknowledge(taken)
    bus.publish("a", stamped("a", 4))
    stats = bus.stats()
    assert (stats.published, stats.refused, stats.waiting, stats.bound) == (4, 2, 2, 3)


def test_what_was_not_acknowledged_comes_again_first(make: MakeBus) -> None:
    """A taker that dies loses nothing: its messages come again, before newer ones, in order."""
    clock = ManualClock()
    bus = make(10, clock)
    for t in range(4):
        bus.publish("a", stamped("a", t))
    lost = bus.take(3, 1.0)
    bus.acknowledge(lost[:1])
    assert [d.message for d in bus.take(10, 1.0)] == [stamped("a", 3)]
    assert bus.take(10, 0.0) == []
    clock.advance(AGAIN_AFTER)
    assert [d.message for d in bus.take(10, 1.0)] == [stamped("a", t) for t in (1, 2, 3)]


def test_acknowledged_messages_never_come_again(make: MakeBus) -> None:
    """Once acknowledged, gone; acknowledging twice does no harm."""
    clock = ManualClock()
    bus = make(10, clock)
    bus.publish("a", stamped("a", 1))
    got = bus.take(10, 1.0)
    bus.acknowledge(got)
    bus.acknowledge(got)
    clock.advance(2 * AGAIN_AFTER)
    assert bus.take(10, 0.0) == []
    assert bus.stats().waiting == 0


def test_close_wakes_a_waiting_taker_and_refuses(make: MakeBus) -> None:
    """Whoever waits is woken at once; new messages are refused; what is held can be taken."""
    bus = make(10, ManualClock())
    got: list[object] = []
    waiting = threading.Thread(target=lambda: got.append(bus.take(1, 60.0)))
    waiting.start()
    bus.close()
    waiting.join(10)
    assert got == [[]]
    assert bus.stats().closed
    with pytest.raises(BusFull, match="closed"):
        bus.publish("a", stamped("a", 1))


def test_close_leaves_what_is_held(make: MakeBus) -> None:
    """Closing loses nothing: it can still be taken."""
    bus = make(10, ManualClock())
    bus.publish("a", stamped("a", 1))
    bus.close()
    assert len(bus.take(10, 60.0)) == 1
    assert bus.take(10, 60.0) == []


def test_publishing_wakes_a_waiting_taker(make: MakeBus) -> None:
    """A taker that waits gets the first message without waiting for its timeout."""
    bus = make(10, ManualClock())
    got: list[int] = []
    waiting = threading.Thread(target=lambda: got.append(len(bus.take(5, 60.0))))
    waiting.start()
    bus.publish("a", stamped("a", 1))
    waiting.join(10)
    assert got == [1]


def test_many_threads_lose_nothing(make: MakeBus) -> None:
    """Four publishers and two takers: each message is delivered exactly once while none is late."""
    bus = make(5000, ManualClock())
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
    bus = local(8, clock)
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
