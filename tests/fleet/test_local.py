"""Live cameras through real processes: each one's trouble stays its own."""

import itertools
import os
import queue
import select
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from tests.fleet.grants import GrantedFleet, Issuer

from plainview.errors import BusFull, LensError
from plainview.fleet.camera import TICK
from plainview.geometry import View
from plainview.record import CameraStatus, Health, LensState, Reading
from plainview.vision.encoder import encode_clip
from plainview.vision.spec import LensSpec, TapSpec

LIMIT = 30.0
"""Seconds after which a test gives up; nothing is asserted to be that quick."""
Heard = tuple[str, Reading | CameraStatus | bytes]


class Ears:
    """Hears a fleet; owns what it heard."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self.all: list[Heard] = []
        self._new: queue.SimpleQueue[Heard] = queue.SimpleQueue()

    def hear(self, camera: str, item: Reading | CameraStatus | bytes) -> None:
        """Be a callback of the fleet."""
        self._new.put((camera, item))

    def until(self, seen: Callable[[str, Reading | CameraStatus | bytes], bool]) -> Heard:
        """Wait for something of which `seen` is true."""
        end = time.monotonic() + LIMIT
        while True:
            try:
                heard = self._new.get(timeout=max(end - time.monotonic(), 0.01))
            except queue.Empty:
                pytest.fail(f"not heard within {LIMIT} s; last: {self.all[-4:]}")
            self.all.append(heard)
            if seen(*heard):
                return heard

    def reading(self, camera: str) -> Reading:
        """The next healthy Reading of `camera`."""
        _, item = self.until(lambda c, i: c == camera and isinstance(i, Reading) and i.healthy)
        assert isinstance(item, Reading)
        return item

    def status(self, camera: str, seen: Callable[[CameraStatus], bool]) -> CameraStatus:
        """The next status of `camera` of which `seen` is true."""
        _, item = self.until(lambda c, i: c == camera and isinstance(i, CameraStatus) and seen(i))
        assert isinstance(item, CameraStatus)
        return item


@pytest.fixture
def ears() -> Ears:
    """What hears the fleet."""
    return Ears()


@pytest.fixture
def fleet(ears: Ears, standin_command: tuple[str, ...], issuer: Issuer) -> Iterator[GrantedFleet]:
    """A fleet of stand-in lenses that hang after two seconds."""
    with GrantedFleet(
        issuer,
        on_reading=ears.hear,
        on_status=ears.hear,
        on_plate=ears.hear,
        hang=2.0,
        command=standin_command,
    ) as fleet:
        yield fleet


@pytest.fixture
def tap(clip: Path) -> TapSpec:
    """A camera that plays the clip over and over."""
    return TapSpec(source=str(clip), live=True, loop=True)


def lens(view: View) -> LensSpec:
    """A live lens with short intervals."""
    return LensSpec(view=view, every=0.2, rate=10)


def children(fleet: GrantedFleet) -> list[int]:
    """The zygote's children."""
    assert fleet._zygote is not None
    pid = fleet._zygote.pid
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_camera_runs_and_stops(
    fleet: GrantedFleet, ears: Ears, tap: TapSpec, make_view: Callable[..., View]
) -> None:
    """Readings of UTC intervals come from a running camera; after stop none, and no process."""
    fleet.begin("north", tap, lens(make_view()))
    first = ears.reading("north")
    assert first.t % 200 == 0
    assert abs(first.t / 1000 - time.time()) < 10
    assert ears.reading("north").t > first.t
    status = ears.status("north", lambda s: s.connected)
    assert status.state is LensState.RUNNING
    assert (status.restarts, status.refused) == (0, 0)
    fleet.stop("north")
    ears.status("north", lambda s: s.state is LensState.STOPPED)
    ears.hear("mark", b"")
    ears.until(lambda c, _: c == "mark")
    assert fleet._zygote is not None
    fleet.begin("other", tap, lens(make_view()))
    ears.until(lambda c, i: c == "north" or (c == "other" and isinstance(i, Reading)))
    assert ears.all[-1][0] == "other"
    assert len(children(fleet)) == 2


def test_statuses_come_each_second(
    fleet: GrantedFleet, ears: Ears, tap: TapSpec, make_view: Callable[..., View]
) -> None:
    """A status comes at least once a second (more is allowed to a busy machine)."""
    fleet.begin("north", tap, lens(make_view()))
    times = [ears.status("north", lambda _: True).t for _ in range(6)]
    assert max(b - a for a, b in itertools.pairwise(times)) < 5000


@pytest.mark.parametrize("deed", ["crash", "loop", "garbage"])
def test_trouble_costs_one_restart_and_nothing_else(
    fleet: GrantedFleet,
    ears: Ears,
    tap: TapSpec,
    make_view: Callable[..., View],
    tmp_path: Path,
    deed: str,
) -> None:
    """A lens that crashes, hangs or lies is restarted once; the camera beside notices nothing."""
    fleet.begin("good", tap, lens(make_view()))
    ears.reading("good")
    before = len(ears.all)
    fleet.begin("bad", tap, lens(make_view(deed, tmp_path / "done")))
    fallen = ears.status("bad", lambda s: s.restarts == 1)
    assert fallen.state is LensState.RESTARTING
    assert fallen.note
    assert not fallen.connected
    ears.reading("bad")
    back = ears.status("bad", lambda s: s.state is LensState.RUNNING)
    assert back.restarts == 1
    assert back.refused == (1 if deed == "garbage" else 0)
    ears.reading("good")
    beside = [i for c, i in ears.all[before:] if c == "good"]
    assert all(i.restarts == 0 for i in beside if isinstance(i, CameraStatus))
    times = [i.t for i in beside if isinstance(i, Reading)]
    assert times == list(range(times[0], times[-1] + 1, 200)), "an interval is missing"


def test_network_that_stops_is_told_and_left_out(
    fleet: GrantedFleet, ears: Ears, tap: TapSpec, make_view: Callable[..., View]
) -> None:
    """A lens whose network stops is started anew without it, once, and the camera's note says so.

    Each lens of this view would stop it; one that is told that it has stopped before does not.
    """
    fleet.begin("north", tap, lens(make_view("stop")))
    assert "network" in ears.status("north", lambda s: s.restarts == 1).note
    for _ in range(8):  # of 0.2 s, of which the network's end takes three
        ears.reading("north")
    back = ears.status("north", lambda s: s.state is LensState.RUNNING)
    assert back.restarts == 1
    assert back.note.startswith("network 1 is off")


def test_stopped_lens_is_noticed(
    fleet: GrantedFleet, ears: Ears, tap: TapSpec, make_view: Callable[..., View]
) -> None:
    """A lens that neither runs nor ends (here: stopped) is killed and restarted."""
    fleet.begin("north", tap, lens(make_view()))
    ears.reading("north")
    os.kill(fleet.processes()["lens"][0], signal.SIGSTOP)
    ears.status("north", lambda s: s.restarts == 1 and "no packet" in s.note)
    ears.reading("north")


def test_tap_s_death_is_survived(
    fleet: GrantedFleet, ears: Ears, tap: TapSpec, make_view: Callable[..., View]
) -> None:
    """A tap that is killed is restarted with its lens."""
    fleet.begin("north", tap, lens(make_view()))
    ears.reading("north")
    os.kill(fleet.processes()["tap"][0], signal.SIGKILL)
    ears.status("north", lambda s: s.restarts == 1)
    ears.reading("north")


def test_zygote_s_death_is_survived(
    fleet: GrantedFleet, ears: Ears, tap: TapSpec, make_view: Callable[..., View]
) -> None:
    """When the zygote is killed a new one is started, and with it every camera."""
    for name in ("north", "south"):
        fleet.begin(name, tap, lens(make_view()))
    for name in ("north", "south"):
        ears.reading(name)
    assert fleet._zygote is not None
    os.kill(fleet._zygote.pid, signal.SIGKILL)
    ears.status("south", lambda s: s.restarts == 1)
    ears.reading("north")
    ears.reading("south")
    assert fleet.zygote_restarts == 1


def test_intervals_are_told_once_across_a_restart(
    fleet: GrantedFleet, ears: Ears, tap: TapSpec, make_view: Callable[..., View]
) -> None:
    """After a crash the Readings go on behind those told before: none comes twice."""
    fleet.begin("north", tap, lens(make_view()))
    ears.reading("north")
    os.kill(fleet.processes()["lens"][0], signal.SIGKILL)
    ears.status("north", lambda s: s.restarts == 1)
    ears.reading("north")
    ears.reading("north")
    times = [i.t for _, i in ears.all if isinstance(i, Reading)]
    assert times == sorted(set(times))


def test_camera_that_always_crashes_backs_off_alone(
    fleet: GrantedFleet, ears: Ears, tap: TapSpec, make_view: Callable[..., View]
) -> None:
    """Restarts grow further apart, and the camera beside runs on."""
    fleet.begin("bad", tap, lens(make_view("crash")))
    fleet.begin("good", tap, lens(make_view()))
    at = [ears.status("bad", lambda s, k=k: s.restarts == k).t for k in (1, 2, 3)]  # type: ignore[misc]
    assert at[2] - at[1] > at[1] - at[0] - 500
    assert at[2] - at[1] >= 1000
    ears.reading("good")


def test_source_that_can_never_work_is_told(
    fleet: GrantedFleet, ears: Ears, tmp_path: Path, make_view: Callable[..., View]
) -> None:
    """A source that is no video ends with a note for the operator, and counts as no restart."""
    wrong = tmp_path / "wrong.mp4"
    wrong.write_bytes(b"not a video" * 1000)
    fleet.begin("bad", TapSpec(source=str(wrong), live=True), lens(make_view()))
    status = ears.status("bad", lambda s: s.state is LensState.ENDED)
    assert "wrong.mp4" in status.note
    assert status.restarts == 0


def test_video_that_is_over_says_so(
    fleet: GrantedFleet, ears: Ears, tmp_path: Path, make_view: Callable[..., View]
) -> None:
    """Somebody who tries a file as a camera reads why nothing comes any more."""
    short = tmp_path / "short.mp4"
    grey = np.full((64, 96, 3), 80, np.uint8)
    encode_clip((grey for _ in range(4)), short, 10, gop=2)
    fleet.begin("north", TapSpec(source=str(short), live=True), lens(make_view()))
    status = ears.status("north", lambda s: s.state is LensState.ENDED)
    assert (status.note, status.restarts) == ("its video is over", 0)


def test_file_that_comes_back_is_played(
    fleet: GrantedFleet,
    ears: Ears,
    tap: TapSpec,
    make_view: Callable[..., View],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A live camera's file that is not there is looked for again."""
    monkeypatch.setattr("plainview.fleet.camera._LAST_RETRY", 0.2)
    path = tmp_path / "later.mp4"
    fleet.begin("north", structs.replace(tap, source=str(path)), lens(make_view()))
    ears.status("north", lambda s: s.state is LensState.ENDED and "no such file" in s.note)
    os.link(tap.source, path)
    ears.reading("north")


def test_lost_camera_never_reads_as_empty(
    fleet: GrantedFleet, ears: Ears, make_view: Callable[..., View]
) -> None:
    """A camera that cannot be reached tells Readings all the same, and each says lost."""
    unreachable = TapSpec(source="rtsp://127.0.0.1:9/none", live=True)
    fleet.begin("north", unreachable, lens(make_view()))
    for _ in range(3):
        _, item = ears.until(lambda _, i: isinstance(i, Reading))
        assert isinstance(item, Reading)
        assert Health.LOST in item.health


def test_plates_come_up_and_go_down_again(
    fleet: GrantedFleet, ears: Ears, tap: TapSpec, make_view: Callable[..., View]
) -> None:
    """A learned plate is told, and a lens that is restarted gets it back."""
    fleet.begin("north", tap, lens(make_view("plate")))
    assert ears.until(lambda _, i: isinstance(i, bytes)) == ("north", b"p" * 100_000)
    assert ears.status("north", lambda s: s.plate == "learned").restarts == 0
    os.kill(fleet.processes()["lens"][0], signal.SIGKILL)
    ears.status("north", lambda s: s.restarts == 1)
    before = len(ears.all)
    ears.reading("north")
    ears.reading("north")
    assert not [i for _, i in ears.all[before:] if isinstance(i, bytes)], "it was not given back"


def test_callback_that_raises_harms_nobody(
    ears: Ears,
    tap: TapSpec,
    make_view: Callable[..., View],
    standin_command: tuple[str, ...],
    issuer: Issuer,
) -> None:
    """A full bus is counted and logged; the cameras go on."""

    def full(camera: str, reading: Reading) -> None:
        ears.hear(camera, reading)
        raise BusFull("full")

    with GrantedFleet(
        issuer, on_reading=full, on_status=ears.hear, on_plate=ears.hear, command=standin_command
    ) as fleet:
        fleet.begin("north", tap, lens(make_view()))
        ears.reading("north")
        ears.reading("north")
        assert fleet.failed_callbacks >= 1


def test_stop_returns_when_the_processes_are_gone(
    fleet: GrantedFleet, ears: Ears, tap: TapSpec, make_view: Callable[..., View]
) -> None:
    """Once stop has returned neither process exists."""
    fleet.begin("north", tap, lens(make_view()))
    ears.reading("north")
    pids = children(fleet)
    assert len(pids) == 2
    fleet.stop("north")
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.parametrize("busy", [False, True])
def test_stop_does_not_wait_for_a_zygote_that_hangs(
    fleet: GrantedFleet,
    ears: Ears,
    tap: TapSpec,
    make_view: Callable[..., View],
    busy: bool,  # noqa: FBT001 - drawn
) -> None:
    """With its zygote hung, and even while the fleet waits for it, a stop holds within 5 s.

    The camera beside comes back with the next zygote; the one that was stopped does not.
    """
    for name in ("north", "south"):
        fleet.begin(name, tap, lens(make_view()))
    for name in ("north", "south"):
        ears.reading(name)
    watched = [os.pidfd_open(pid) for pid in children(fleet)]
    os.kill(fleet.processes()["zygote"][0], signal.SIGSTOP)
    if busy:
        fleet.begin("east", tap, lens(make_view()))
        signal.sigtimedwait([], 2 * TICK)
    begun = time.monotonic()
    fleet.stop("north")
    took = time.monotonic() - begun
    ends = [bool(select.select([pidfd], [], [], 1.0)[0]) for pidfd in watched]
    for pidfd in watched:
        os.close(pidfd)
    assert took < 5
    assert all(ends)
    ears.status("south", lambda s: s.restarts >= 1)
    ears.reading("south")
    assert "north" not in fleet._cameras


def test_closed_fleet_leaves_nothing(
    ears: Ears,
    tap: TapSpec,
    make_view: Callable[..., View],
    standin_command: tuple[str, ...],
    issuer: Issuer,
) -> None:
    """After close no descriptor is open and no process left; starting then is an error."""
    before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not paths
    fleet = GrantedFleet(
        issuer,
        on_reading=ears.hear,
        on_status=ears.hear,
        on_plate=ears.hear,
        command=standin_command,
    )
    fleet.begin("north", tap, lens(make_view()))
    ears.reading("north")
    processes = [*children(fleet), fleet._zygote.pid if fleet._zygote else 0]
    fleet.close()
    fleet.close()
    assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - the same
    for pid in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with pytest.raises(LensError, match="closed"):
        fleet.begin("north", tap, lens(make_view()))
