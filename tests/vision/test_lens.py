"""What a lens makes of the tap's messages; the processes around it are tested in tests/fleet."""

import os
import threading
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from plainview.errors import LensError
from plainview.geometry import Calibration, View
from plainview.record import Health
from plainview.vision.lens import Colour, Lens, watch
from plainview.vision.packets import Gap, Message, Packet, StreamEnd, StreamStart, Tick, frame
from plainview.vision.spec import LensSpec, NetworkState
from plainview.vision.task import Exit, LensTask, networks_stopped

VIEW = View(
    calibration=Calibration((50, 38), ((1, 0, 0, 0), (0, -1, 0, 0), (0, 0, -1, 10))),
    polygon=((0, 0), (1, 0), (1, 1)),
)
Coded = Callable[..., tuple[StreamStart, list[Packet]]]
Told = tuple[int, int, int, int, tuple[Health, ...]]


class Counting:
    """A measurer that only writes down what it is given."""

    colour = False

    def __init__(self) -> None:
        """Nothing yet."""
        self.frames: list[float] = []
        self.told: list[Told] = []
        self.shapes: set[tuple[int, ...]] = set()
        self._count = 0
        self.stops = 1000
        """Intervals after which two networks stop."""

    def frame(
        self,
        luma: NDArray[np.uint8],
        t: float,
        *,
        key: bool,  # noqa: ARG002 - the interface
        chroma: Colour | None = None,  # noqa: ARG002 - the interface
    ) -> None:
        """Note it."""
        self.frames.append(t)
        self.shapes.add(luma.shape)
        self._count += 1

    def interval(
        self, end_ms: int, span_ms: int, *, dropped: int, health: tuple[Health, ...]
    ) -> list[bytes]:
        """Note it, and tell its number."""
        self.told.append((end_ms, span_ms, self._count, dropped, health))
        self._count = 0
        return [str(end_ms).encode()]

    def finish(self) -> list[bytes]:
        """One that waited."""
        return [b"rest"]

    def open_networks(self, without: int = 0) -> tuple[NetworkState, ...]:  # noqa: ARG002 - the interface
        """None are supplied."""
        return ()

    @property
    def stopped(self) -> int:
        """The first and the third from a number of intervals on."""
        return 5 if len(self.told) >= self.stops else 0

    def plate(self) -> bytes | None:
        """None."""
        return None


def lens(measurer: Counting, *, live: bool = False, **task: int) -> tuple[Lens, list[bytes]]:
    """A lens over `measurer`, and the list that it tells into."""
    told: list[bytes] = []
    spec = LensSpec(view=VIEW, live=live)
    return Lens(LensTask(spec, **task), measurer, told.append, lambda _: None), told  # type: ignore[arg-type]


def feed(watched: Lens, *messages: Message) -> None:
    """Let a lens take `messages`."""
    for message in messages:
        watched.take(message)


def clip(coded: Coded, *, seconds: float = 2.0) -> list[Message]:
    """The messages of a clip at 25 frames/s."""
    start, packets = coded("h264", b_frames=2, frames=round(25 * seconds))
    return [start, *packets, StreamEnd(round(seconds * 1e6))]


def test_clip_gives_an_interval_each_second(coded: Coded) -> None:
    """Five frames in each second, an interval at each end, the last one when the clip ends."""
    measurer = Counting()
    watched, told = lens(measurer)
    for message in clip(coded, seconds=3):
        watched.take(message)
    assert watched.ended
    assert measurer.told == [(1000 * k, 1000, 5, 0, ()) for k in (1, 2, 3)]
    assert told == [b"1000", b"2000", b"3000", b"rest"]
    assert measurer.shapes == {(38, 50)}


@pytest.mark.parametrize(("seconds", "ends"), [(2.4, [1000, 2000]), (2.6, [1000, 2000, 2600])])
def test_last_partial_interval_needs_half(coded: Coded, seconds: float, ends: list[int]) -> None:
    """A clip's rest is told from half an interval on."""
    measurer = Counting()
    watched, _ = lens(measurer)
    for message in clip(coded, seconds=seconds):
        watched.take(message)
    assert [end for end, *_ in measurer.told] == ends


def test_gap_in_a_clip_reads_as_lost_not_as_empty(coded: Coded) -> None:
    """Seconds of a clip without any frame are told, and say lost."""
    measurer = Counting()
    watched, _ = lens(measurer)
    start, packets = coded("mjpeg", frames=50)
    for packet in packets[25:]:
        assert packet.t is not None
    late = [Packet(p.data, (p.t or 0) + 3_000_000) for p in packets[25:]]
    feed(watched, start, *packets[:25], *late, StreamEnd(5_000_000))
    assert [(end, health) for end, _, _, _, health in measurer.told] == [
        (1000, ()),
        (2000, (Health.LOST,)),
        (3000, (Health.LOST,)),
        (4000, (Health.LOST,)),
        (5000, ()),
    ]


def test_broken_packets_are_dropped_and_counted(coded: Coded) -> None:
    """A second whose packets are all broken says lost, with their number."""
    measurer = Counting()
    watched, _ = lens(measurer)
    start, packets = coded("mjpeg", frames=75)
    broken = [Packet(b"\xff\xd8 broken", p.t) for p in packets[25:50]]
    feed(watched, start, *packets[:25], *broken, *packets[50:], StreamEnd(3_000_000))
    assert [told[2:] for told in measurer.told] == [(5, 0, ()), (0, 25, (Health.LOST,)), (5, 0, ())]


@pytest.mark.parametrize("end", [StreamEnd(6_000_000), StreamEnd()])
def test_a_tail_that_cannot_be_decoded_is_a_part_of_the_clip(coded: Coded, end: StreamEnd) -> None:
    """Each second of it is told, and says lost, whether or not the clip says how long it is."""
    measurer = Counting()
    watched, _ = lens(measurer)
    start, packets = coded("mjpeg", frames=150)
    broken = [Packet(b"\xff\xd8 broken", p.t) for p in packets[50:]]
    feed(watched, start, *packets[:50], *broken, end)
    assert [(told[2], told[4]) for told in measurer.told] == [
        *[(5, ())] * 2,
        *[(0, (Health.LOST,))] * 4,
    ]
    assert measurer.told[-1][0] == pytest.approx(6000, abs=50)


def test_stream_without_a_decoder_is_all_dropped() -> None:
    """A codec that does not exist gives intervals that say lost, and no crash."""
    measurer = Counting()
    watched, _ = lens(measurer)
    watched.take(StreamStart("no-such-codec", b"", 0, 0))
    for k in range(25):
        watched.take(Packet(b"x", k * 40_000))
    watched.take(StreamEnd(1_000_000))
    assert all(health == (Health.LOST,) for *_, health in measurer.told)


def test_size_may_change_in_mid_stream(coded: Coded) -> None:
    """A second stream of another size is decoded by a new decoder."""
    measurer = Counting()
    watched, _ = lens(measurer)
    start, packets = coded("h264", frames=25)
    feed(watched, start, *packets)
    again, more = coded("mpeg4", frames=25)
    moved = [Packet(p.data, (p.t or 0) + 1_000_000, key=p.key) for p in more]
    feed(watched, again, *moved, StreamEnd(2_000_000))
    assert [told[2] for told in measurer.told] == [5, 5]


def test_live_intervals_come_without_a_frame() -> None:
    """A live camera that is gone still has a Reading each second, and each says lost."""
    measurer = Counting()
    watched, _ = lens(measurer, live=True)
    for k in range(20):
        watched.take(Tick(1_000_000_000_000 + k * 250_000, connected=False))
    assert [(end, health) for end, _, _, _, health in measurer.told] == [
        (1_000_000_000 + 1000 * k, (Health.LOST,)) for k in (1, 2, 3, 4)
    ]


def test_late_packets_flag_their_interval_only(coded: Coded) -> None:
    """Dropped as late: counted and flagged in that interval; the next one is healthy again."""
    measurer = Counting()
    watched, _ = lens(measurer, live=True)
    zero = 1_000_000_000_000
    start, packets = coded("mjpeg", frames=75)
    watched.take(start)
    for number, packet in enumerate(packets):
        if number == 30:
            watched.take(Gap(4, zero + (packet.t or 0), "late"))
        watched.take(Packet(packet.data, zero + (packet.t or 0)))
    watched.take(Tick(zero + 3_000_000, connected=True))
    assert [told[3:] for told in measurer.told] == [(0, ()), (4, (Health.LATE,)), (0, ())]


def test_resumed_clip_passes_over_what_was_taken(coded: Coded) -> None:
    """A lens that follows another starts at the next key frame and says what it missed."""
    measurer = Counting()
    watched, _ = lens(measurer, skip=30, since=1000)
    start, packets = coded("h264", frames=150)
    first = next(k for k, packet in enumerate(packets) if packet.key and k >= 29)
    feed(watched, start, *packets, StreamEnd(6_000_000))
    assert [told[0] for told in measurer.told] == [2000, 3000, 4000, 5000, 6000]
    assert measurer.told[0][3:] == (first - 29, (Health.LOST,))
    assert measurer.frames[0] == (packets[first].t or 0) / 1e6
    assert [told[2] for told in measurer.told[1:]] == [5, 5, 5, 5]


def through_a_pipe(data: bytes, watched: Lens) -> tuple[int, int]:
    """(exit code, messages taken) of a lens that reads `data` from a pipe."""
    reading, writing = os.pipe()

    def write() -> None:
        with open(writing, "wb") as pipe:  # noqa: PTH123 - a descriptor
            pipe.write(data)

    taken: list[int] = []
    writer = threading.Thread(target=write)
    writer.start()
    try:
        return watch(watched, reading, lambda: taken.append(1)), len(taken)
    finally:
        # Drained, so that the writer ends whatever the lens thought of it.
        while os.read(reading, 1 << 16):
            pass
        writer.join()
        os.close(reading)


def test_whole_clip_through_a_pipe(coded: Coded) -> None:
    """Framed messages of any size come through whole, and each is counted by the pulse."""
    messages = clip(coded)
    measurer = Counting()
    watched, _ = lens(measurer)
    data = b"".join(map(frame, messages))
    assert through_a_pipe(data, watched) == (Exit.ENDED, len(messages))
    assert len(measurer.told) == 2


def test_live_lens_ends_where_a_network_stops() -> None:
    """It tells its interval, then ends, and its exit code names the networks and nothing else."""
    measurer = Counting()
    measurer.stops = 2
    watched, told = lens(measurer, live=True)
    data = b"".join(frame(Tick(1_000_000 * k, connected=True)) for k in range(9))
    code, _ = through_a_pipe(data, watched)
    assert [networks_stopped(one) for one in (code, Exit.ENDED, Exit.BUG, -9)] == [5, 0, 0, 0]
    assert len(told) == 2


def test_tap_that_vanishes_is_told(coded: Coded) -> None:
    """A pipe that closes in the middle: what was decoded is told, as lost."""
    messages = clip(coded, seconds=2)[:-10]
    measurer = Counting()
    watched, _ = lens(measurer)
    code, _ = through_a_pipe(b"".join(map(frame, messages)) + b"\0\0", watched)
    assert code == Exit.TAP_GONE
    assert measurer.told[-1][4] == (Health.LOST,)


@pytest.mark.parametrize(
    "data",
    [b"\xff\xff\xff\xff", b"\0\0\0\5hello", frame(Tick(0, connected=True))[:4] + b"\xc1" * 40],
)
def test_pipe_of_something_else_is_refused(data: bytes) -> None:
    """What is no packet raises LensError; a lens then ends with an exit code that says so."""
    watched, _ = lens(Counting())
    with pytest.raises(LensError):
        through_a_pipe(data, watched)


def test_what_follows_a_broken_packet_is_lost_not_heard(coded: Coded) -> None:
    """No interval reads as an empty scene, for nothing was measured; a key frame mends it."""
    measurer = Counting()
    watched, _ = lens(measurer)
    start, packets = coded("h264", frames=75)
    feed(watched, start, *packets[:24], Gap(dropped=1, t=960_000, reason="broken"))
    feed(watched, *packets[25:], StreamEnd(3_000_000))
    assert packets[50].key
    said = [(told[2], told[4]) for told in measurer.told]
    assert said[1:] == [(0, (Health.LOST,)), (5, ())]


def test_an_interval_of_which_no_frame_was_seen_is_lost(coded: Coded) -> None:
    """Though packets of it, which nobody had to see, came whole before the broken one."""
    start, packets = coded("h264", frames=75)
    slow = [Packet(p.data, 142_857 * k, key=p.key) for k, p in enumerate(packets)]
    slow[12] = Packet(b"\0\0\0\1\x41" + b"\xff" * 40, slow[12].t)
    measurer = Counting()
    watched, _ = lens(measurer)
    feed(watched, start, *slow, StreamEnd(75 * 142_857))
    assert [Health.LOST in told[4] for told in measurer.told] == [
        told[2] == 0 for told in measurer.told
    ]
    assert [told[2] for told in measurer.told][:8] == [5, 3, 0, 0, 0, 0, 0, 5]
