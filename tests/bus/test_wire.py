import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from plainview import record
from plainview.bus import wire
from plainview.bus.wire import Batch, Opened
from plainview.errors import InputError, ReadingRefused
from plainview.record import CameraStatus, LensState, Reading

STATUS = CameraStatus(1, LensState.RUNNING, sealed=True, connected=True, restarts=0, reconnects=0,
                      late=0, refused=0)  # fmt: skip


def encoded(t: int) -> bytes:
    """A Reading's one encoding."""
    return record.encode(Reading(t, 1000, 5, 0, 16, 0, 32, 8, 1, 9, (3, 16, 0, 0, 0), (), (), ()))


def batch(number: int = 1, readings: int = 3, **changes: object) -> Batch:
    """A site's batch of so many Readings."""
    cameras = tuple(f"north-{k}" for k in range(readings))
    data = tuple(encoded(1000 + k) for k in range(readings))
    made = Batch(1, 77, number, cameras, (4,) * readings, data, (("north-0", 4, STATUS),))
    return msgspec.structs.replace(made, **changes)


def packed(plain: object) -> bytes:
    """Anything, as a batch would travel."""
    return zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(plain))


@given(st.integers(0, 30))
def test_what_is_packed_is_received(readings: int) -> None:
    """Every Reading comes with its camera, its token and its own bytes; statuses as well."""
    sent = batch(readings=readings)
    got = wire.unpack([wire.pack(sent)])
    (opened,) = got.batches
    assert isinstance(opened, Opened)
    assert (opened.roster.names, opened.statuses) == (sent.cameras, sent.statuses)
    assert got.owners.tolist() == [0] * readings
    assert not got.refused
    assert [(one.camera, one.fence, one.data) for one in got.readings] == [
        *zip(sent.cameras, sent.fences, sent.data, strict=True)
    ]
    assert [record.encode(one.reading) for one in got.readings] == [*sent.data]


HOSTILE = {
    "nothing": b"",
    "noise": b"\x28\xb5\x2f\xfd" + bytes(range(200)),
    "another version": packed([2, 77, 1, [], [], [], []]),
    "a word more": packed([1, 77, 1, [], [], [], [], "who"]),
    "columns of different length": packed([1, 77, 1, ["a"], [1, 1], [encoded(1)], []]),
    "a camera that is none": packed([1, 77, 1, ["a b"], [1], [encoded(1)], []]),
    "a camera that is no text": zstandard.ZstdCompressor().compress(
        msgspec.msgpack.encode(batch()).replace(b"north-0", b"nort\xff-0")
    ),
    "too many": packed([1, 77, 1, ["a"] * 1025, [1] * 1025, [b""] * 1025, []]),
    "a Reading too long": packed([1, 77, 1, ["a"], [1], [b"\0" * 4097], []]),
    "two frames": wire.pack(batch()) + wire.pack(batch()),
    "a frame cut short": wire.pack(batch())[:-3],
    "a frame of unknown size": zstandard.ZstdCompressor().compressobj().compress(b"x" * 300_000)
    + zstandard.ZstdCompressor(write_content_size=False).compress(b"x"),
    "a bomb": zstandard.ZstdCompressor().compress(bytes(wire.MAX_PLAIN + 1)),
    "too large": bytes(wire.MAX_PACKED + 1),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_batch_is_refused(what: str) -> None:
    """Nothing of it is taken, it costs bounded memory, and the batches beside it are received."""
    good = wire.pack(batch())
    got = wire.unpack([good, HOSTILE[what], good])
    first, refused, last = got.batches
    assert isinstance(refused, ReadingRefused)
    assert isinstance(first, Opened)
    assert isinstance(last, Opened)
    assert first.roster is last.roster
    assert first.roster.names == batch().cameras
    assert got.owners.tolist() == [0] * 3 + [2] * 3
    assert got.readings[:3] == got.readings[3:] == wire.unpack([good]).readings


def test_a_reading_that_is_none_spoils_only_itself() -> None:
    """It is refused by its camera's name; the rest of the batch is received."""
    sent = batch(data=(encoded(1), b"\x01", encoded(3)))
    got = wire.unpack([wire.pack(batch()), wire.pack(sent)])
    assert [one.camera for one in got.readings[3:]] == ["north-0", "north-2"]
    assert got.owners.tolist() == [0] * 3 + [1] * 2
    assert [camera for camera, _ in got.refused] == ["north-1"]


def test_names_that_were_read_once_are_known_by_their_bytes() -> None:
    """A batch of the same cameras has the same roster, and one of others another."""
    one, same, fewer = wire.unpack(
        [wire.pack(batch(1)), wire.pack(batch(2)), wire.pack(batch(3, readings=2))]
    ).batches
    assert isinstance(one, Opened)
    assert isinstance(same, Opened)
    assert isinstance(fewer, Opened)
    assert one.roster is same.roster
    assert fewer.roster.names == one.roster.names[:2]
    for _ in range(2):  # what is refused once is not known the next time
        (refused,) = wire.unpack([packed([1, 77, 1, ["a\nb"], [1], [encoded(1)], []])]).batches
        assert isinstance(refused, ReadingRefused)


def test_a_batch_is_named_for_good() -> None:
    """Sent again it has the same name; no two batches of a publisher share one."""
    assert wire.message_id(batch(5)) == wire.message_id(batch(5))
    assert len({wire.message_id(batch(k, publisher=p)) for k in range(9) for p in (1, 11)}) == 18


@pytest.mark.parametrize("name", ["", "a.b", "*", ">", "a b", "é", "x" * 65])
def test_a_subject_has_no_room_for_another(name: str) -> None:
    """A district's or site's name is one token, or refused: dots and wildcards reach further."""
    assert wire.subject("north", "plaza-1") == "plainview.readings.north.plaza-1"
    for names in ((name, "plaza"), ("north", name)):
        with pytest.raises(InputError):
            wire.subject(*names)
