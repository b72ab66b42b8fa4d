"""A clip through real processes: measured whole, and what happens when its lens misbehaves."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from plainview.errors import LensError, SourceError
from plainview.fleet.clip import MOST_RESTARTS, ClipEnded, ClipStarted, measure_clip
from plainview.fleet.zygote import Zygote
from plainview.geometry import View
from plainview.record import Health, Reading
from plainview.vision.encoder import Encoder
from plainview.vision.spec import LensSpec, TapSpec

Told = tuple[ClipStarted, list[Reading], ClipEnded]


def run(zygote: Zygote, clip: Path, view: View, *, hang: float = 20.0, every: float = 1.0) -> Told:
    """Everything that measuring `clip` tells, in its three parts."""
    tap = TapSpec(source=str(clip), live=False)
    lens = LensSpec(view=view, live=False, every=every)
    first, *readings, last = measure_clip(tap, lens, zygote=zygote, hang=hang)
    assert isinstance(first, ClipStarted)
    assert isinstance(last, ClipEnded)
    assert all(isinstance(reading, Reading) for reading in readings)
    return first, readings, last  # type: ignore[return-value]


def test_clip_is_measured_whole_by_the_real_measurement(
    clip: Path, make_view: Callable[..., View]
) -> None:
    """One Reading for each second of the clip, five frames in each, from a lens that is sealed."""
    tap = TapSpec(source=str(clip), live=False)
    told = list(measure_clip(tap, LensSpec(view=make_view(), live=False)))
    readings = [item for item in told if isinstance(item, Reading)]
    assert isinstance(told[0], ClipStarted)
    assert told[0].sealed is (not told[0].missing)
    assert [reading.t for reading in readings] == [1000 * k for k in range(1, 9)]
    assert [reading.frames for reading in readings] == [5] * 8
    last = told[-1]
    assert isinstance(last, ClipEnded)
    assert (last.restarts, last.refused, last.tap.packets) == (0, 0, 80)


def test_slow_reader_loses_nothing(
    standin: Zygote, clip: Path, make_view: Callable[..., View]
) -> None:
    """While the caller holds the iterator, tap and lens wait; then all comes, without a restart."""
    tap = TapSpec(source=str(clip), live=False)
    lens = LensSpec(view=make_view(), live=False, every=0.1)
    readings = 0
    ended = None
    for item in measure_clip(tap, lens, zygote=standin, hang=0.2):
        if isinstance(item, Reading):
            readings += 1
            if readings == 3:
                signal.sigtimedwait([], 0.5)  # the caller is busy for longer than `hang`
        elif isinstance(item, ClipEnded):
            ended = item
    assert readings == 80
    assert ended is not None
    assert ended.restarts == 0


@pytest.mark.parametrize("deed", ["crash", "abort", "leave", "open", "import", "memory"])
def test_crash_costs_one_restart(
    standin: Zygote, clip: Path, make_view: Callable[..., View], tmp_path: Path, deed: str
) -> None:
    """A lens that dies in the middle is restarted once; the rest is measured, the gap flagged."""
    _, readings, ended = run(standin, clip, make_view(deed, tmp_path / "done"))
    assert ended.restarts == 1
    assert ended.refused == 0
    assert [reading.t for reading in readings] == [1000 * k for k in range(1, 9)]
    flagged = [reading for reading in readings if Health.LOST in reading.health]
    assert 1 <= len(flagged) <= 2
    assert sum(reading.frames for reading in readings) >= 25


def test_hang_costs_one_restart(
    standin: Zygote, clip: Path, make_view: Callable[..., View], tmp_path: Path
) -> None:
    """A lens that loops is killed by the watchdog and restarted; the clip still ends whole."""
    _, readings, ended = run(standin, clip, make_view("loop", tmp_path / "done"), hang=1.0)
    assert ended.restarts == 1
    assert readings[-1].t == 8000


def test_network_that_stops_is_told_at_the_clip_s_end(
    standin: Zygote, clip: Path, make_view: Callable[..., View]
) -> None:
    """The clip is measured whole by one lens; which network stopped on the way is told at last."""
    _, readings, ended = run(standin, clip, make_view("stop"))
    assert (ended.stopped, ended.restarts) == (1, 0)
    assert [reading.frames for reading in readings] == [5] * 8


@pytest.mark.parametrize("deed", ["garbage", "big", "flood"])
def test_broken_contract_is_refused_counted_and_ended(
    standin: Zygote, clip: Path, make_view: Callable[..., View], tmp_path: Path, deed: str
) -> None:
    """What is no Reading, too large or too much is refused and counted, and costs a restart."""
    _, readings, ended = run(standin, clip, make_view(deed, tmp_path / "done"))
    assert ended.refused >= 1
    assert ended.restarts == 1
    assert [reading.t for reading in readings] == sorted({reading.t for reading in readings})


def test_lens_that_always_crashes_is_given_up(
    standin: Zygote, clip: Path, make_view: Callable[..., View]
) -> None:
    """After a bounded number of restarts the clip fails with an error that says so."""
    with pytest.raises(LensError, match=f"{MOST_RESTARTS} restarts"):
        run(standin, clip, make_view("crash"))


def test_plate_comes_up_and_flood_of_plates_does_not(
    standin: Zygote, clip: Path, make_view: Callable[..., View]
) -> None:
    """A plate arrives whole; more than the bound allows are dropped and counted."""
    assert run(standin, clip, make_view("plate"))[2].plate == b"p" * 100_000
    ended = run(standin, clip, make_view("plates"))[2]
    assert ended.plate == b"again"
    assert ended.refused >= 5
    assert ended.restarts == 0


@pytest.mark.parametrize("content", [None, b"", b"not a video" * 100])
def test_wrong_file_is_one_clear_error(
    standin: Zygote, tmp_path: Path, make_view: Callable[..., View], content: bytes | None
) -> None:
    """A missing, empty or senseless file is a SourceError of one line that names the file."""
    path = tmp_path / "wrong.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=r"wrong\.mp4") as caught:
        run(standin, path, make_view())
    assert "\n" not in caught.value.line()


def children(pid: int) -> list[int]:
    """The process's children, in the order in which they were forked."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for text in lists for child in text.read_text().split()]


def test_closing_the_iterator_ends_every_process(
    clip: Path, make_view: Callable[..., View]
) -> None:
    """When the caller stops early nothing is left running and no descriptor stays open."""
    others = children(os.getpid())
    before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not paths
    tap = TapSpec(source=str(clip), live=False)
    told = measure_clip(tap, LensSpec(view=make_view(), live=False))
    assert isinstance(next(told), ClipStarted)
    told.close()  # type: ignore[attr-defined]
    assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - the same
    assert children(os.getpid()) == others


def test_tap_that_dies_is_told_after_what_was_measured(
    standin: Zygote, tmp_path: Path, make_view: Callable[..., View]
) -> None:
    """If the reader of the file is killed, the Readings so far come, then a SourceError."""
    # Long enough that the pipes fill while nobody reads, so that the tap is still at work.
    long = tmp_path / "long.h264"
    with Encoder(long, 96, 64, 10) as encoder:
        for number in range(50):
            encoder.write(np.full((64, 96, 3), number, np.uint8))
    long.write_bytes(long.read_bytes() * 1500)
    tap = TapSpec(source=str(long), live=False, frame_rate=10)
    told = measure_clip(tap, LensSpec(view=make_view(), live=False, every=0.1), zygote=standin)
    assert isinstance(next(told), ClipStarted)
    assert isinstance(next(told), Reading)
    os.kill(children(standin.pid)[-1], signal.SIGKILL)
    readings: list[object] = []
    with pytest.raises(SourceError, match="SIGKILL"):
        readings.extend(told)
    assert len(readings) > 100


def test_progress_grows_to_the_clip_s_length(
    standin: Zygote, clip: Path, make_view: Callable[..., View]
) -> None:
    """Progress never goes back and ends near the end; the length is known."""
    seen: list[tuple[float, float | None]] = []
    tap = TapSpec(source=str(clip), live=False)
    lens = LensSpec(view=make_view(), live=False)
    for _ in measure_clip(
        tap, lens, zygote=standin, on_progress=lambda done, whole: seen.append((done, whole))
    ):
        pass
    done = [d for d, _ in seen]
    assert done == sorted(done)
    assert done[-1] > 7
    assert seen[-1][1] == pytest.approx(8, abs=0.2)


def test_many_clips_with_one_zygote_leave_nothing(
    standin: Zygote, clip: Path, make_view: Callable[..., View]
) -> None:
    """Runs that share a zygote do not add up: no descriptor and no child is left."""
    run(standin, clip, make_view())
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not paths
    theirs = len(os.listdir(f"/proc/{standin.pid}/fd"))  # noqa: PTH208 - the same
    started = time.monotonic()
    for _ in range(5):
        run(standin, clip, make_view())
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - the same
    assert len(os.listdir(f"/proc/{standin.pid}/fd")) == theirs  # noqa: PTH208 - the same
    assert not children(standin.pid)
    assert time.monotonic() - started < 60
