"""The zygote: forks on request, tells who ended, and leaves nothing behind."""

import os
import select
import signal
import subprocess
import sys
import textwrap
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
from plainview.vision.task import Exit, Exited, ForkLens, ForkTap, LensTask

VIEW = View(
    calibration=Calibration((64, 48), ((50, 0, -32, 320), (0, -50, -24, 240), (0, 0, -1, 10))),
    polygon=((-2, -2), (2, -2), (2, 2), (-2, 2)),
)
TASK = LensTask(LensSpec(view=VIEW, live=False))


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """A real zygote with the real measurement."""
    started = Zygote()
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
        self.pulse = os.eventfd(0)
        self.theirs = (self.packets, self.to_readings, self.to_plates, self.to_report, self.pulse)

    def close(self, *fds: int) -> None:
        """Close some; the rest with `end`."""
        for fd in fds:
            os.close(fd)

    def end(self, *but: int) -> None:
        """Close all that are not in `but`."""
        every = {*self.theirs, self.tap, self.readings, self.plates, self.report}
        self.close(*(every - {*but}))


def ended(zygote: Zygote) -> list[Exited]:
    """Wait for the next ends."""
    while True:
        select.select([zygote], [], [], 20)
        exits = zygote.exits()
        if exits:
            return exits


def test_lens_reports_its_seal_before_it_reads(zygote: Zygote) -> None:
    """The report comes while the packets' pipe is still empty, and the kernel confirms it."""
    pipes = Pipes()
    pid = zygote.fork(ForkLens, TASK, pipes.theirs)
    pipes.close(pipes.to_report)
    report = msgspec.msgpack.decode(os.read(pipes.report, 4096), type=SealReport)
    assert os.read(pipes.report, 1) == b""
    status = Path(f"/proc/{pid}/status").read_text()
    assert report.seccomp is ("Seccomp:\t2" in status)
    assert "NoNewPrivs:\t1" in status
    assert "Threads:\t1" in status
    held = {os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")}  # noqa: PTH115, PTH208 - links to no path
    assert held - {"/dev/null"} == {
        os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115 - the same
        for fd in (pipes.packets, pipes.to_readings, pipes.to_plates, pipes.pulse)
    }
    os.close(pipes.tap)
    assert ended(zygote) == [Exited(pid, Exit.TAP_GONE)]
    pipes.end(pipes.to_report, pipes.tap)


def test_killed_child_is_told_with_its_signal(zygote: Zygote) -> None:
    """A child ended on request is told of once, with the signal that ended it."""
    pipes = Pipes()
    pid = zygote.fork(ForkLens, TASK, pipes.theirs)
    zygote.kill(pid)
    assert ended(zygote) == [Exited(pid, -signal.SIGKILL)]
    zygote.kill(pid)  # it is gone: nothing happens, to nobody
    zygote.kill(os.getpid())  # not its child: nothing happens either
    zygote.extend(os.getpid(), 1)
    pipes.end()


def test_leash_is_extended_by_what_was_used(zygote: Zygote) -> None:
    """Extending sets the soft CPU limit a little beyond what the lens has used."""
    pipes = Pipes()
    pid = zygote.fork(ForkLens, TASK, pipes.theirs)
    os.read(pipes.report, 4096)
    zygote.extend(pid, 77)
    other = Pipes()
    zygote.kill(zygote.fork(ForkLens, TASK, other.theirs))  # answered after the extension was done
    limits = Path(f"/proc/{pid}/limits").read_text()
    soft = next(line for line in limits.splitlines() if line.startswith("Max cpu time"))
    assert 77 <= int(soft.split()[3]) <= 77 + 10
    zygote.kill(pid)
    left = 2
    while left:
        left -= len(ended(zygote))
    pipes.end()
    other.end()


def test_cpu_seconds_are_this_process_s() -> None:
    """The CPU clock of a process is the one that the kernel accounts to it."""
    times = os.times()
    assert module.cpu_seconds(os.getpid()) == pytest.approx(times.user + times.system, abs=2)


def test_tap_that_fails_says_nothing_of_its_address(
    zygote: Zygote, capfd: pytest.CaptureFixture[str]
) -> None:
    """A source's credentials appear in no message of a failing tap."""
    packets, to_packets = os.pipe()
    status, to_status = os.pipe()
    spec = TapSpec(source="rtsp://user:secret@127.0.0.1:9/x", live=False)
    pid = zygote.fork(ForkTap, spec, (to_packets, to_status))
    os.close(to_status)
    os.close(to_packets)
    told = b""
    while part := os.read(status, 65536):
        told += part
    assert ended(zygote)[0].pid == pid
    assert b"secret" not in told
    assert "secret" not in capfd.readouterr().err
    os.close(packets)
    os.close(status)


def test_children_end_with_a_killed_zygote() -> None:
    """When the zygote is killed the kernel ends its children; the parent is told."""
    started = Zygote()
    pipes = Pipes()
    pid = started.fork(ForkLens, TASK, pipes.theirs)
    pidfd = os.pidfd_open(pid)
    os.kill(started.pid, signal.SIGKILL)
    assert select.select([pidfd], [], [], 20)[0], "the lens outlived its zygote"
    with pytest.raises(ZygoteGone):
        started.fork(ForkLens, TASK, pipes.theirs)
    started.close()
    os.close(pidfd)
    pipes.end()


def test_everything_ends_with_a_killed_parent() -> None:
    """When the parent is killed, zygote and lens end too."""
    script = """
        import os, sys, time
        from plainview.fleet.zygote import Zygote
        from plainview.vision.task import ForkLens, LensTask
        import msgspec
        task = msgspec.json.decode(sys.argv[1].encode(), type=LensTask)
        pairs = [os.pipe() for _ in range(4)]
        zygote = Zygote()
        lens = zygote.fork(
            ForkLens, task, (pairs[0][0], pairs[1][1], pairs[2][1], pairs[3][1], os.eventfd(0))
        )
        print(zygote.pid, lens, flush=True)
        sys.stdin.read()
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), msgspec.json.encode(TASK).decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    pidfds = [os.pidfd_open(int(pid)) for pid in parent.stdout.readline().split()]
    assert len(pidfds) == 2
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
