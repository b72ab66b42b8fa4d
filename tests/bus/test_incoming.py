import threading
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from plainview.bus import Delivery, wire
from plainview.bus.incoming import Incoming, Raw
from plainview.clock import ManualClock
from plainview.record import Reading, encode

DATA = encode(Reading(0, 1000, 5, 0, 0, 0, 0, 0, 1, 1, (), (), (), ()))


def batch(sequence: int, *, reply: str, again: bool = False) -> Raw:
    """A batch of three Readings at that place of the stream."""
    whole = wire.Batch(1, 7, sequence, ("a", "b", "c"), (0,) * 3, (DATA,) * 3)
    return Raw(sequence, "plainview.readings.d.s", reply, wire.pack(whole), again)


def many(sequence: int) -> Raw:
    """A batch of two hundred."""
    names = tuple(f"c{k}" for k in range(200))
    whole = wire.Batch(1, 7, sequence, names, (0,) * 200, (DATA,) * 200)
    return Raw(sequence, "plainview.readings.d.s", f"r{sequence}", wire.pack(whole), again=False)


class Broker:
    """Hears what an `Incoming` answers."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.answers: list[tuple[str, str]] = []
        self.clock = ManualClock()
        self.incoming = Incoming(
            self.clock,
            lambda reply, verdict: self.answers.append((reply, verdict)),
            lambda: None,
        )

    def take(self, most: int = 100) -> Sequence[Delivery]:
        """What there is."""
        return self.incoming.take(most, 0.0)


def test_what_comes_again_unread_is_read_once_and_answered_where_it_came_last() -> None:
    """An intake that falls behind does not do the same work twice."""
    broker = Broker()
    for reply in ("first", "second"):
        broker.incoming.put("live", batch(1, reply=reply, again=reply == "second"))
    got = broker.take()
    assert [one.camera for one in got] == ["a", "b", "c"]
    broker.incoming.acknowledge(got)
    assert broker.answers == [("second", "durable")]
    assert not broker.take()


def test_what_comes_again_after_it_was_stored_is_only_acknowledged() -> None:
    """Its acknowledgement and it crossed on the way. In a stream that is new, its place is new."""
    broker = Broker()
    broker.incoming.put("live", batch(1, reply="first"))
    broker.incoming.acknowledge(broker.take())
    broker.incoming.put("live", batch(1, reply="again", again=True))
    assert broker.answers == [("first", "durable"), ("again", "durable")]
    assert not broker.take()
    broker.incoming.put("live", batch(1, reply="anew"))
    assert len(broker.take()) == 3


def test_a_broker_is_told_for_a_while_that_a_batch_is_being_worked_on() -> None:
    """Unread or taken, under its newest reply; not at once, not for ever, not when it is done."""
    broker = Broker()
    broker.incoming.put("live", batch(1, reply="one"))
    broker.incoming.put("live", batch(2, reply="two"))
    assert broker.incoming.at_work() == []
    broker.clock.advance(5)
    assert sorted(broker.incoming.at_work()) == ["one", "two"]
    broker.incoming.put("live", batch(2, reply="again", again=True))
    got = broker.take()
    assert sorted(broker.incoming.at_work()) == ["again", "one"]
    broker.incoming.acknowledge(got[:4])
    assert broker.incoming.at_work() == ["again"]
    broker.clock.advance(60)
    assert broker.incoming.at_work() == []


def test_what_waits_in_plenty_is_read_while_nobody_takes() -> None:
    """In pieces, up to a bound; given out in order, each once; the reader ends with all else."""
    broker = Broker()
    reader = threading.Thread(target=broker.incoming.read_ahead)
    reader.start()
    for sequence in range(1, 201):
        broker.incoming.put("live", many(sequence))
    got: list[Delivery] = []
    while len(got) < 40_000:
        more = broker.take(30_000)
        broker.incoming.acknowledge(more)
        got += more
    assert sorted(one.token for one in got) == [
        sequence << 12 | k for sequence in range(1, 201) for k in range(200)
    ]
    assert len(broker.answers) == 200
    broker.incoming.ended()
    reader.join(10)
    assert not reader.is_alive()


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["put", "take", "ack"])), max_size=30))
def test_every_batch_is_stored_whatever_comes_again(happenings: list[tuple[int, str]]) -> None:
    """Each is given out, and answered as durable under its newest reply, in the end."""
    broker = Broker()
    put: dict[int, str] = {}
    taken: list[Delivery] = []
    stored: set[int] = set()
    for number, (sequence, what) in enumerate([*happenings, (4, "take"), (4, "ack")]):
        if what == "put":
            broker.incoming.put("live", batch(sequence, reply=str(number), again=sequence in put))
            put[sequence] = str(number)
        elif what == "take":
            taken += broker.take(100 if sequence == 4 else 2)
        else:
            broker.incoming.acknowledge(taken)
            stored |= {one.token for one in taken}
            taken = []
    while got := broker.take():
        broker.incoming.acknowledge(got)
        stored |= {one.token for one in got}
    assert len(stored) == 3 * len(put)
    assert {(reply, "durable") for reply in put.values()} <= set(broker.answers)
