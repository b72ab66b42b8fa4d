import contextlib
import fcntl
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.clock import SystemClock
from plainview.vision import sources
from plainview.vision.feed import Arrived, Closed, Feed, Pace
from plainview.vision.live import GROWTH, LONGEST_RETRY, Backoff, Live
from plainview.vision.outlet import Outlet
from plainview.vision.packets import HEADER, Message, Packet, StreamStart, length, parse
from plainview.vision.playback import BURST
from plainview.vision.spec import TapSpec
from plainview.vision.status import Status


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_retries_begin_within_a_second_and_go_on_for_ever(seed: int) -> None:
    """The first attempt comes within 1 s, each later one within 5 s, and none in a tight loop."""
    backoff = Backoff(random.Random(seed))  # noqa: S311 - not a secret
    waits = [backoff.wait() for _ in range(50)]
    assert waits[0] <= 1.0
    assert all(0.3 <= wait <= LONGEST_RETRY for wait in waits)
    assert all(wait >= LONGEST_RETRY * 0.8 for wait in waits[25:])
    assert all(b <= a * GROWTH / 0.8 for a, b in pairwise(waits))
    backoff.reset()
    assert backoff.wait() <= 1.0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.floats(0, 60)), max_size=40))
def test_a_pace_never_waits_long(packets: list[tuple[int, float]]) -> None:
    """Whatever time stamps pieces of a stream carry, no packet is held for more than 30 s."""
    pace = Pace()
    now = 0.0
    for dts, pause in packets:
        now += pause
        packet = av.Packet(b"x")
        packet.dts, packet.time_base = dts, Fraction(1, 90)
        assert 0.0 <= pace.wait(packet, now) <= Pace.MOST


def test_a_piece_of_six_seconds_is_spread_over_six_seconds() -> None:
    """Packets that come at once are let go as their time stamps say."""
    pace = Pace()
    waits = []
    for number in range(60):
        packet = av.Packet(b"x")
        packet.dts, packet.time_base = number * 9000, Fraction(1, 90_000)
        waits.append(pace.wait(packet, 100.0))
    assert waits == pytest.approx([number / 10 for number in range(60)])


class SteppedClock(SystemClock):
    """The machine's clock, whose UTC can be set."""

    step = 0.0

    def utc(self) -> float:
        """UTC as somebody set it."""
        return super().utc() + self.step


def listen(end: int) -> Iterator[Message]:
    """What a live lens hears."""
    with os.fdopen(end, "rb") as pipe:
        while head := pipe.read(HEADER.size):
            yield parse(pipe.read(length(head)))


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_step_of_utc_is_followed_at_once(make_clip: Callable[..., Path], step: float) -> None:
    """When the machine's clock is set, times follow it with the next picture.

    Back, a new stream begins, since within one time never runs back; forward, the stream goes on.
    """
    path = make_clip("clock.mp4", 20, rate=20, options={"bf": "0", "g": "5"})
    spec = TapSpec(source=str(path), loop=True)
    source, clock = sources.resolve(spec), SteppedClock()
    end, start = os.pipe()
    status = Status(os.open(os.devnull, os.O_WRONLY))

    def run() -> None:
        with sources.file(source) as descriptor, contextlib.suppress(BrokenPipeError):
            Live(spec, source, Outlet(start, 1 << 16), status, clock).run(descriptor)

    tap = threading.Thread(target=run)
    tap.start()
    streams: list[list[int]] = []
    for message in listen(end):
        if isinstance(message, StreamStart):
            streams.append([])
        elif isinstance(message, Packet):
            streams[-1].append(message.t or 0)
            if sum(map(len, streams)) == 20:
                clock.step = step
            if sum(map(len, streams)) >= 35:
                break
    tap.join(10)
    os.close(start)
    assert not tap.is_alive()
    assert len(streams) == (2 if step < 0 else 1)
    assert all(times == sorted(times) for times in streams)
    assert abs(streams[-1][-1] - streams[0][0] - step * 1e6) < 10e6


def test_a_looped_file_goes_on_where_it_would_be(make_clip: Callable[..., Path]) -> None:
    """A tap that starts anew plays from a key frame near now, and not from the file's start."""
    path = make_clip("round.mp4", 80, rate=20, options={"bf": "0", "g": "5"})
    began = time.monotonic() - 10.0
    spec = TapSpec(source=str(path), loop=True, began=began)
    wake = os.eventfd(0)
    source = sources.resolve(spec)
    with sources.file(source) as descriptor:
        feed = Feed(spec, source, wake, descriptor)
        first: Arrived | None = None
        while first is None:
            os.eventfd_read(wake)
            first = next((item for item in feed.items() if isinstance(item, Arrived)), None)
        feed.cancel()
        feed._thread.join(10)
    os.close(wake)
    assert first.key
    assert first.pts is not None
    assert first.arrival - began - first.pts / 1e6 <= BURST + 0.1
    assert first.pts >= 8_900_000


def test_a_file_is_played_to_its_real_end_while_it_grows(
    make_clip: Callable[..., Path], tmp_path: Path
) -> None:
    """What its writer adds while the player waits is played on; each packet comes once."""
    whole = make_clip("whole.ts", 60, rate=60, options={"bf": "0", "g": "10"}).read_bytes()
    path, half = tmp_path / "growing.ts", len(whole) // 2
    spec = TapSpec(source=str(path))
    wake = os.eventfd(0)
    source = sources.resolve(spec)
    times: list[int] = []
    with path.open("wb", buffering=0) as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        writer.write(whole[:half])
        with sources.file(source) as descriptor:
            feed = Feed(spec, source, wake, descriptor)
            ended = False
            while not ended:
                os.eventfd_read(wake)
                for item in feed.items():
                    if isinstance(item, Arrived):
                        times.append(item.pts or 0)
                    ended = ended or isinstance(item, Closed)
                if len(times) > 20 and not writer.closed:
                    writer.write(whole[half:])
                    writer.close()
            feed._thread.join(10)
    os.close(wake)
    assert len(times) == 60
    assert times == sorted(set(times))
