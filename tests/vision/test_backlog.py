from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.vision import backlog
from plainview.vision.backlog import Backlog
from plainview.vision.packets import Gap, Message, Packet, StreamStart

START = StreamStart("h264", b"", 64, 48)
LATE = 2.0


def packet(number: int, *, key: bool, size: int = 10) -> Packet:
    """A packet whose time is its number."""
    return Packet(bytes(size), number, key)


def drain(waiting: Backlog, now: float) -> list[Message]:
    """All that may be taken now."""
    return list(iter(lambda: waiting.take(now), None))


@settings(deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.floats(0, 1.5),
            st.integers(0, 3).map(lambda n: n == 0),
            st.integers(0, 9).map(lambda n: n == 0),
            st.booleans(),
            st.sampled_from([10, 3_000_000]),
        ),
        max_size=80,
    )
)
def test_a_decoder_survives_whatever_is_dropped(
    steps: list[tuple[float, bool, bool, bool, int]],
) -> None:
    """Each packet comes out or is told as dropped; none comes after a gap but a key frame.

    Whatever comes in at whatever times, and however seldom the lens takes something. (All within
    the time after which a stream counts as having no key frames.)
    """
    waiting = Backlog(LATE)
    waiting.begin(START, 0.0)
    now, said, entered = 0.0, [], 0
    heard: list[Message] = []
    begun = False
    last_key = 0.0
    for number, (pause, key, late, takes, size) in enumerate(steps):
        now += pause
        key = key or now - last_key > backlog.KEY_WAIT / 2  # noqa: PLW2901 - streams have key frames
        last_key = now if key else last_key
        begun = begun or (key and not late)
        entered += begun
        waiting.add(packet(number, key=key, size=size), now, int(now * 1e6), late=late)
        waiting.shed(now, int(now * 1e6))
        assert waiting.bytes <= backlog.LIMIT
        if takes:
            heard += drain(waiting, now)
    heard += drain(waiting, now + backlog.GAP_EVERY)
    heard += drain(waiting, now + backlog.GAP_EVERY * 2)
    said = [m for m in heard if isinstance(m, Packet)]
    told = sum(m.dropped for m in heard if isinstance(m, Gap))
    assert told == waiting.dropped
    assert len(said) + told == entered
    assert [m.t for m in said] == sorted(m.t or 0 for m in said)
    expected: int | None = None
    for message in said:
        number = message.t or 0
        assert message.key or number == expected, "it refers to one that was dropped"
        expected = number + 1
    assert isinstance(heard[0], StreamStart) if heard else not steps


def test_nothing_before_the_first_key_frame_counts() -> None:
    """A camera joined in mid-stream sends pictures that no decoder can show: they are left out."""
    waiting = Backlog(LATE)
    waiting.begin(START, 0.0)
    for number in range(5):
        waiting.add(packet(number, key=number == 3), 0.1, 0)
    assert drain(waiting, 0.1) == [START, packet(3, key=True), packet(4, key=False)]
    assert waiting.dropped == 0


def test_a_stream_without_key_frames_is_passed_on_in_the_end() -> None:
    """Periodic intra refresh has no key frames; after a while its packets go through."""
    waiting = Backlog(LATE)
    waiting.begin(START, 0.0)
    waiting.add(packet(1, key=False), 1.0, 0)
    waiting.add(packet(2, key=False), backlog.KEY_WAIT + 0.1, 0)
    assert drain(waiting, backlog.KEY_WAIT + 0.1) == [START, packet(2, key=False)]


def test_what_is_too_old_goes_up_to_a_key_frame_that_is_not() -> None:
    """A blocked lens gets, after the gap, the stream from a key frame that is young enough."""
    waiting = Backlog(LATE)
    waiting.begin(START, 0.0)
    drain(waiting, 0.0)
    for number in range(40):
        waiting.add(packet(number, key=number % 10 == 0), number / 10, 0)
        waiting.shed(number / 10, 7)
    heard = drain(waiting, 3.9)
    assert heard[0] == Gap(dropped=20, t=7)
    assert heard[1] == packet(20, key=True)
    assert waiting.dropped == 20
    assert waiting.bytes == 0


def test_a_new_stream_is_never_dropped() -> None:
    """However long the lens is blocked, it hears of the newest stream before its packets."""
    waiting = Backlog(LATE)
    newer = StreamStart("hevc", b"", 64, 48)
    waiting.begin(START, 0.0)
    waiting.add(packet(0, key=True), 0.0, 0)
    waiting.begin(newer, 1.0)
    waiting.add(packet(1, key=True), 1.0, 0)
    waiting.shed(9.0, 5)
    assert drain(waiting, 9.0) == [newer, Gap(dropped=2, t=5)]
