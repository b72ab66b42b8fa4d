"""Batches until a server has them: the bound, the size, and ids that never change."""

import random
from collections.abc import Sequence

import pytest
from msgspec import structs

from plainview.bus import Sender, wire
from plainview.bus.outgoing import Outgoing, Sealed
from plainview.errors import BusFull
from plainview.record import CameraStatus, LensState, Reading, Stamped, encode

HERE = Sender("north", "plaza")
READING = Reading(1, 1000, 5, 0, 0, 0, 0, 0, 1, 1, (), (), (), ())


def test_a_batch_is_closed_when_it_is_due_and_when_it_is_full() -> None:
    """One second after its first message, or with 1,024 Readings; each with the next number."""
    outgoing = Outgoing(10_000, 1.0, publisher=7)
    assert outgoing.add(HERE, "a", Stamped("a", READING), fence=0, now=0.0)
    assert not outgoing.add(HERE, "b", Stamped("b", READING), fence=0, now=0.5)
    assert outgoing.next_due() == 1.0
    assert outgoing.seal(0.9, 10) == []
    (first,) = outgoing.seal(1.0, 10)
    assert (first.id, first.messages) == ("7-1", 2)
    for k in range(wire.MAX_READINGS):
        woken = outgoing.add(HERE, "a", Stamped("a", READING), fence=0, now=2.0)
        assert woken == (k in {0, wire.MAX_READINGS - 1})
    (second,) = outgoing.seal(2.0, 10)
    assert (second.id, second.messages) == ("7-2", wire.MAX_READINGS)
    assert [one.number for one in outgoing.flying()] == [1, 2]
    assert outgoing.done(1) is first
    assert outgoing.done(1) is None
    assert outgoing.waiting == wire.MAX_READINGS


def test_many_are_added_as_one_by_one() -> None:
    """By their senders, in order; who sends is woken by the first of all and by a full batch."""
    there = Sender("north", "bridge")
    outgoing = Outgoing(2000, 1.0, publisher=7)
    data = encode(READING)
    senders = [HERE, there] * 2 + [HERE] * (wire.MAX_READINGS - 2)
    many = len(senders)
    lanes = outgoing.lanes(senders)
    assert outgoing.add_many(lanes[:4], ["a"] * 4, [data] * 4, fence=3, now=0.0) == (4, True)
    rest = many - 4
    assert outgoing.add_many(lanes[4:], ["a"] * rest, [data] * rest, fence=3, now=0.5) == (
        rest, True,
    )  # fmt: skip
    assert outgoing.add_many(lanes[:1], ["a"], [data], fence=3, now=0.6) == (1, False)
    sealed = outgoing.seal(2.0, 10)
    assert [one.messages for one in sealed] == [wire.MAX_READINGS, 2, 1]
    assert outgoing.add_many(lanes[:1] * 2000, ["a"] * 2000, [data] * 2000, fence=3, now=3.0) == (
        2000 - many - 1, True,
    )  # fmt: skip
    assert (outgoing.refused, outgoing.waiting) == (many + 1, 2000)


def sent(sealed: Sequence[Sealed]) -> list[list[tuple[str, int]]]:
    """(camera, milliseconds) of each Reading of each batch."""
    got = [wire.unpack([one.packed]).readings for one in sealed]
    return [[(one.camera, one.reading.t) for one in readings] for readings in got]


@pytest.mark.parametrize("many", [False, True])
def test_each_batch_of_a_second_has_one_reading_of_each_camera(many: bool) -> None:  # noqa: FBT001
    """Whoever is first in one and however moments differ; in the order of the cameras' names."""
    outgoing = Outgoing(10_000, 1.0, publisher=7)
    chance = random.Random(3)  # noqa: S311 - noise, not a secret
    sealed: list[Sealed] = []
    for second in range(5):
        for k, camera in enumerate("dbace"):
            now = second + k / 5 + chance.uniform(-0.03, 0.03)
            reading = structs.replace(READING, t=1000 * second + k)
            if many:
                lanes = outgoing.lanes([HERE])
                outgoing.add_many(lanes, [camera], [encode(reading)], fence=0, now=now)
            else:
                outgoing.add(HERE, camera, Stamped(camera, reading), fence=0, now=now)
            sealed += outgoing.seal(now, 10)
    sealed += outgoing.seal(9.0, 10)
    assert sent(sealed) == [
        [(camera, 1000 * second + "dbace".index(camera)) for camera in "abcde"]
        for second in range(5)
    ]


def test_what_a_camera_says_stays_in_its_order() -> None:
    """Also where it says much between two batches, and others say something else."""
    outgoing = Outgoing(10_000, 1.0, publisher=7)
    for t, camera in enumerate("bab" + "aab" * 2):
        reading = structs.replace(READING, t=t)
        outgoing.add(HERE, camera, Stamped(camera, reading), fence=0, now=t / 20)
    ordered = [("a", t) for t in (1, 3, 4, 6, 7)] + [("b", t) for t in (0, 2, 5, 8)]
    assert sent(outgoing.seal(5.0, 10)) == [ordered]


def test_whatever_is_in_it_a_batch_fits_the_wire() -> None:
    """The largest messages, that zstd cannot shrink, still make batches that may be sent."""
    chance = random.Random(7)  # noqa: S311 - noise, not a secret
    note = "".join(chr(chance.randrange(0x10000, 0x10FFFF)) for _ in range(200))
    outgoing = Outgoing(10_000, 1.0, publisher=7)
    status = CameraStatus(
        1, LensState.RUNNING, sealed=True, connected=True, restarts=0, reconnects=0, late=0,
        refused=0, note=note,
    )  # fmt: skip
    camera = "c" * 64
    for _ in range(300):
        data = chance.randbytes(4096)
        outgoing.add(HERE, camera, Stamped(camera, READING, data=data), fence=0, now=0.0)
        outgoing.add(HERE, camera, status, fence=1 << 53, now=0.0)
    sealed = outgoing.seal(5.0, 10)
    assert sum(one.messages for one in sealed) == 600
    assert all(len(one.packed) <= wire.MAX_PACKED for one in sealed)


def test_nothing_is_taken_after_the_end_and_what_is_open_is_due() -> None:
    """Closing sends what there is at once."""
    outgoing = Outgoing(10, 60.0, publisher=7)
    outgoing.add(HERE, "a", Stamped("a", READING), fence=0, now=0.0)
    outgoing.end()
    with pytest.raises(BusFull, match="closed"):
        outgoing.add(HERE, "a", Stamped("a", READING), fence=0, now=0.0)
    (only,) = outgoing.seal(0.0, 10)
    assert not outgoing.finished
    outgoing.done(only.number)
    assert outgoing.finished
