"""The zygote: forks on request, tells who ended, and leaves nothing behind."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from plainview.fleet.zygote import Zygote, ZygoteGone
from plainview.geometry import Calibration, View
from plainview.vision import zygote as module
from plainview.vision.measure import Measurer
from plainview.vision.seal import SealReport
from plainview.vision.spec import LensSpec, TapSpec
from plainview.vision.task import Exit, Exited, Forked, LensTask
from plainview.vision.view import draw

VIEW = View(
    calibration=Calibration((64, 48), ((50, 0, -32, 320), (0, -50, -24, 240), (0, 0, -1, 10))),
    polygon=((-2, -2), (2, -2), (2, 2), (-2, 2)),
)
TASK = LensTask(LensSpec(view=VIEW, live=False))
TAP = TapSpec(source="none.mp4", live=False)
IDLE = (sys.executable, "-P", str(Path(__file__).with_name("idle.py")))


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """A real zygote with the real measurement, and taps that send nothing."""
    started = Zygote(IDLE)
    yield started
    started.close()


class Pipes:
    """A lens's pipes; owns both ends."""

    def __init__(self) -> None:
        """Make them."""
        self.packets, self.tap = os.pipe()
        self.readings, self.to_readings = os.pipe()
        self.plates, self.to_plates = os.pipe()
        self.report, self.to_report = os.pipe()
        self.status, self.to_status = os.pipe()
        self.pulse = os.eventfd(0)
        self.theirs = (self.packets, self.to_readings, self.to_plates, self.to_report, self.pulse)

    def start(self, zygote: Zygote) -> Forked:
        """Start tap and lens as a recording's."""
        return zygote.start(None, TAP, TASK, ((self.tap, self.to_status), self.theirs))

    def close(self, *fds: int) -> None:
        """Close some; the rest with `end`."""
        for fd in fds:
            os.close(fd)

    def end(self, *but: int) -> None:
        """Close all that are not in `but`."""
        every = {*self.theirs, self.tap, self.readings, self.plates, self.report}
        every |= {self.status, self.to_status}
        self.close(*(every - {*but}))


def ended(zygote: Zygote, count: int) -> list[Exited]:
    """Wait until `count` children have ended; by number."""
    exits: list[Exited] = []
    while len(exits) < count:
        assert select.select([zygote], [], [], 20)[0], exits
        exits += zygote.exits()
    return sorted(exits, key=lambda exited: exited.pid)


def test_lens_reports_its_seal_before_it_reads(zygote: Zygote) -> None:
    """The report comes while the packets' pipe is still empty, and the kernel confirms it."""
    pipes = Pipes()
    forked = pipes.start(zygote)
    pipes.close(pipes.to_report, pipes.tap)
    report = msgspec.msgpack.decode(os.read(pipes.report, 4096), type=SealReport)
    assert os.read(pipes.report, 1) == b""
    status = Path(f"/proc/{forked.lens}/status").read_text()
    assert report.seccomp is ("Seccomp:\t2" in status)
    assert "NoNewPrivs:\t1" in status
    assert "Threads:\t1" in status
    held = {
        os.readlink(f"/proc/{forked.lens}/fd/{n}")  # noqa: PTH115 - links to no path
        for n in os.listdir(f"/proc/{forked.lens}/fd")  # noqa: PTH208 - numbers, not paths
    }
    assert held - {"/dev/null"} == {
        os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115 - the same
        for fd in (pipes.packets, pipes.to_readings, pipes.to_plates, pipes.pulse)
    }
    zygote.kill(forked.tap)
    assert Exited(forked.lens, Exit.TAP_GONE) in ended(zygote, 2)
    pipes.end(pipes.to_report, pipes.tap)


def test_tap_holds_its_two_pipes_and_no_more(zygote: Zygote) -> None:
    """A tap has the packets' and the status's pipe: not the lens's, nor any task."""
    pipes = Pipes()
    forked = pipes.start(zygote)
    theirs = {os.readlink(f"/proc/self/fd/{fd}") for fd in (pipes.tap, pipes.to_status)}  # noqa: PTH115 - links to no path
    begun = time.monotonic()
    while True:
        folder = f"/proc/{forked.tap}/fd"
        held: set[str] = set()
        # One that closes while it is looked at is looked for again.
        with contextlib.suppress(FileNotFoundError):
            held = {os.readlink(f"{folder}/{n}") for n in os.listdir(folder) if int(n) > 2}  # noqa: PTH115, PTH208 - the same
        if held == theirs:
            break
        assert time.monotonic() - begun < 10, held
    for pid in (forked.tap, forked.lens):
        zygote.kill(pid)
    ended(zygote, 2)
    pipes.end()


def test_killed_child_is_told_with_its_signal(zygote: Zygote) -> None:
    """A child ended on request is told of once, with the signal that ended it."""
    pipes = Pipes()
    forked = pipes.start(zygote)
    for pid in (forked.lens, forked.tap):
        zygote.kill(pid)
    assert ended(zygote, 2) == sorted(
        [Exited(pid, -signal.SIGKILL) for pid in (forked.lens, forked.tap)],
        key=lambda exited: exited.pid,
    )
    zygote.kill(forked.lens)  # it is gone: nothing happens, to nobody
    zygote.kill(os.getpid())  # not its child: nothing happens either
    zygote.extend(os.getpid(), 1)
    pipes.end()


def test_leash_is_extended_by_what_was_used(zygote: Zygote) -> None:
    """Extending sets the soft CPU limit a little beyond what the lens has used."""
    pipes = Pipes()
    forked = pipes.start(zygote)
    os.read(pipes.report, 4096)
    zygote.extend(forked.lens, 77)
    other = Pipes()
    beside = other.start(zygote)  # answered after the extension was done
    limits = Path(f"/proc/{forked.lens}/limits").read_text()
    soft = next(line for line in limits.splitlines() if line.startswith("Max cpu time"))
    assert 77 <= int(soft.split()[3]) <= 77 + 10
    for pid in (*msgspec.structs.astuple(forked), *msgspec.structs.astuple(beside)):
        zygote.kill(pid)
    ended(zygote, 4)
    pipes.end()
    other.end()


def test_cpu_seconds_are_this_process_s() -> None:
    """The CPU clock of a process is the one that the kernel accounts to it."""
    times = os.times()
    assert module.cpu_seconds(os.getpid()) == pytest.approx(times.user + times.system, abs=2)


def test_tap_that_fails_says_nothing_of_its_path(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of a file that is no video its tap tells the name, and where it lies nowhere."""
    started = Zygote()
    pipes = Pipes()
    path = tmp_path / "secret" / "none.mp4"
    spec = TapSpec(source=str(path), live=False)
    started.start(None, spec, TASK, ((pipes.tap, pipes.to_status), pipes.theirs))
    pipes.close(pipes.tap, pipes.to_status)
    told = b""
    while part := os.read(pipes.status, 65536):
        told += part
    assert b"none.mp4" in told
    assert b"secret" not in told
    ended(started, 2)
    started.close()
    assert "secret" not in capfd.readouterr().err
    pipes.end(pipes.tap, pipes.to_status)


def test_children_end_with_a_killed_zygote() -> None:
    """When the zygote is killed the kernel ends its children; the parent is told."""
    started = Zygote(IDLE)
    pipes = Pipes()
    forked = pipes.start(started)
    pidfds = [os.pidfd_open(pid) for pid in (forked.lens, forked.tap)]
    os.kill(started.pid, signal.SIGKILL)
    for pidfd in pidfds:
        assert select.select([pidfd], [], [], 20)[0], "a child outlived its zygote"
        os.close(pidfd)
    with pytest.raises(ZygoteGone):
        pipes.start(started)
    started.close()
    pipes.end()


def test_everything_ends_with_a_killed_parent() -> None:
    """When the parent is killed, zygote, lens and tap end too."""
    script = """
        import os, sys, time
        from plainview.fleet.zygote import Zygote
        from plainview.vision.spec import TapSpec
        from plainview.vision.task import LensTask
        import msgspec
        task = msgspec.json.decode(sys.argv[1].encode(), type=LensTask)
        pairs = [os.pipe() for _ in range(5)]
        zygote = Zygote(sys.argv[2:])
        forked = zygote.start(
            None,
            TapSpec(source="none.mp4", live=False),
            task,
            (
                (pairs[0][1], pairs[4][1]),
                (pairs[0][0], pairs[1][1], pairs[2][1], pairs[3][1], os.eventfd(0)),
            ),
        )
        print(zygote.pid, forked.lens, forked.tap, flush=True)
        sys.stdin.read()
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), msgspec.json.encode(TASK).decode(), *IDLE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    pidfds = [os.pidfd_open(int(pid)) for pid in parent.stdout.readline().split()]
    assert len(pidfds) == 3
    parent.kill()
    for pidfd in pidfds:
        assert select.select([pidfd], [], [], 20)[0], "a process outlived its parent"
        os.close(pidfd)
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()


def test_wrong_call_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Started by hand without its socket it says in one line that the fleet starts it."""
    assert module.main(Measurer, ["zygote"]) == 2
    assert "started by the fleet" in capsys.readouterr().err


@pytest.mark.parametrize("live", [True, False])
def test_only_who_may_draw_loads_a_font(live: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a parameter
    """A font takes longer than all other imports of ours, and no clip's lens draws."""
    loaded: list[int] = []
    monkeypatch.setattr(draw, "load_font", lambda: loaded.append(1))
    assert module._measure(live=live) is Measurer
    assert bool(loaded) == live
