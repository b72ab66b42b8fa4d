"""The bound on what a lens may say, held by the parent whatever the lens does."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from plainview.fleet.channel import Frames, PlateChannel, ReadingChannel
from plainview.record import MAX_BYTES_PER_SECOND, Event, EventKind, Phase, Reading, encode


def reading(t: int, *, crowded: int = 0, events: tuple[Event, ...] = ()) -> bytes:
    """An encoded Reading that ends at `t` milliseconds, of about `crowded` bytes more."""
    return encode(
        Reading(
            t=t,
            span=1000,
            frames=5,
            dropped=0,
            count=0,
            low=0,
            high=0,
            noise=0,
            coarse=1,
            nx=1,
            cells=(0, 1, 0, 0, 0) * (crowded // 5),
            crossings=(),
            health=(),
            events=events,
        )
    )


def framed(body: bytes) -> bytes:
    """`body` with its length before it."""
    return struct.pack(">I", len(body)) + body


@given(st.lists(st.binary(max_size=40), max_size=20), st.lists(st.integers(1, 9), min_size=1))
def test_frames_come_whole_however_they_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    """Frames do not depend on how the pipe cut the bytes."""
    stream = b"".join(framed(body) for body in bodies)
    frames = Frames(40)
    whole: list[bytes] = []
    at = k = 0
    while at < len(stream):
        step = cuts[k % len(cuts)]
        whole += frames.feed(stream[at : at + step])
        at += step
        k += 1
    assert whole == bodies
    assert not frames.broken


@given(st.integers(41, 2**32 - 1), st.binary(max_size=60))
def test_frame_too_large_breaks_for_good(size: int, rest: bytes) -> None:
    """A length beyond the bound is never waited for, and nothing after it is believed."""
    frames = Frames(40)
    assert frames.feed(struct.pack(">I", size) + rest) == []
    assert frames.broken
    assert frames.feed(framed(b"x")) == []


@given(st.lists(st.binary(max_size=200), max_size=30), st.booleans())
def test_garbage_is_refused_and_never_raises(pieces: list[bytes], live: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever a lens sends, the channel counts and goes on; what passes is a Reading."""
    channel = ReadingChannel(live=live, now=0.0)
    for k, piece in enumerate(pieces):
        for item in channel.feed(piece, float(k)):
            assert isinstance(item, Reading)
    assert channel.bytes == sum(map(len, pieces))


def test_readings_pass_in_order() -> None:
    """Readings that keep the contract all pass, and none is refused."""
    channel = ReadingChannel(live=False, now=0.0)
    data = b"".join(framed(reading(1000 * k)) for k in range(1, 100))
    assert [r.t for r in channel.feed(data, 0.0)] == [1000 * k for k in range(1, 100)]
    assert channel.trusted


def test_refusal_stops_what_comes_after() -> None:
    """What follows a refused message is not believed: the lens is to be restarted."""
    channel = ReadingChannel(live=False, now=0.0)
    data = framed(reading(1000)) + framed(b"picture") + framed(reading(2000))
    assert [r.t for r in channel.feed(data, 0.0)] == [1000]
    assert not channel.trusted
    assert channel.refused == 1
    assert channel.feed(framed(reading(3000)), 1.0) == []
    assert "not a Reading" in channel.why


def test_a_lens_that_tells_of_another_kind_of_event_is_refused() -> None:
    """What it was not told to look for is a breach, whatever else the Reading says."""
    told = [
        Event(kind, Phase.START, t=900, x=0, y=0, zone=-1, confidence=90)
        for kind in (EventKind.FIRE, EventKind.PERSON_DOWN)
    ]
    channel = ReadingChannel(live=False, now=0.0, kinds=(EventKind.FIRE,))
    assert len(channel.feed(framed(reading(1000, events=(told[0],))), 0.0)) == 1
    assert channel.refused == 0
    assert channel.feed(framed(reading(2000, events=tuple(told))), 0.0) == []
    assert not channel.trusted
    assert "person-down" in channel.why


def test_clip_bound_holds_in_stream_time() -> None:
    """Two large Readings of one second of a clip are more than its 4,096 bytes."""
    large = len(reading(500, crowded=3000))
    assert MAX_BYTES_PER_SECOND / 2 < large <= MAX_BYTES_PER_SECOND
    channel = ReadingChannel(live=False, now=0.0)
    data = framed(reading(500, crowded=3000)) + framed(reading(600, crowded=3000))
    assert len(channel.feed(data, 0.0)) == 1
    assert channel.refused == 1
    apart = ReadingChannel(live=False, now=0.0)
    data = framed(reading(500, crowded=3000)) + framed(reading(1500, crowded=3000))
    assert len(apart.feed(data, 0.0)) == 2


def test_clip_time_does_not_run_back() -> None:
    """An interval told twice, or out of order, is refused for a clip."""
    channel = ReadingChannel(live=False, now=0.0)
    assert len(channel.feed(framed(reading(2000)) + framed(reading(2000)), 0.0)) == 1
    assert not channel.trusted


def test_live_bound_holds_in_wall_time() -> None:
    """A live lens that invents stream time to say more is held by the wall clock."""
    channel = ReadingChannel(live=True, now=0.0)
    passed = 0
    for k in range(1, 200):
        passed += len(channel.feed(framed(reading(10_000 * k, crowded=3000)), 0.01 * k))
    assert not channel.trusted
    assert passed * 3000 <= 9 * MAX_BYTES_PER_SECOND


def test_live_lens_at_its_bound_is_not_refused_after_a_pause() -> None:
    """A full Reading each second passes, also when five seconds of them come at once."""
    channel = ReadingChannel(live=True, now=0.0)
    now, t = 0.0, 0
    for k in range(300):
        now += 1.0
        t += 1000
        data = framed(reading(t, crowded=4000))
        if k % 20 == 10:
            now += 4.0
            for _ in range(4):
                t += 1000
                data += framed(reading(t, crowded=4000))
        channel.feed(data, now)
        assert channel.trusted, channel.why


def test_live_clock_may_be_set_back() -> None:
    """A step of the UTC clock is no offence of the lens."""
    channel = ReadingChannel(live=True, now=0.0)
    assert len(channel.feed(framed(reading(9_000_000)), 0.0)) == 1
    assert len(channel.feed(framed(reading(1_000_000)), 1.0)) == 1
    assert channel.trusted


def test_plates_are_one_a_minute() -> None:
    """Four plates may come at once, then one a minute; the others are dropped and counted."""
    channel = PlateChannel(100, now=0.0)
    passed = [len(channel.feed(framed(b"p"), float(second))) for second in range(0, 300, 10)]
    assert sum(passed) <= 4 + 5
    assert passed[:4] == [1, 1, 1, 1]
    assert sum(passed[6:]) >= 4
    assert channel.refused == len(passed) - sum(passed)
    assert channel.trusted


def test_plate_too_large_is_refused() -> None:
    """A plate beyond its bound is refused, counted once, and ends the trust."""
    channel = PlateChannel(100, now=0.0)
    assert channel.feed(framed(b"p" * 101), 0.0) == []
    assert channel.feed(framed(b"p"), 1.0) == []
    assert channel.refused == 1
    assert not channel.trusted
