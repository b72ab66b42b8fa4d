"""The zygote: imports PyAV, OpenCV and NumPy once, then forks taps and lenses that share them.

Started by the fleet as `python -m plainview.vision.zygote FD`; FD is one end of a SEQPACKET socket
pair. It stays single-threaded, so that a fork is whole. When the parent goes away it ends all its
children; when it goes away itself, the kernel does (PR_SET_PDEATHSIG).
"""

import ctypes
import gc
import importlib
import os
import resource
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

import av.logging
import cv2

from plainview.errors import PlainviewError, SealError
from plainview.vision import lens, seal, tap
from plainview.vision.spec import TapSpec
from plainview.vision.task import (
    MESSAGE_BYTES,
    Exit,
    Exited,
    Extend,
    Forked,
    ForkLens,
    ForkTap,
    Kill,
    NotForked,
    Ready,
    Reply,
    encoder,
    lens_tasks,
    requests,
    tap_specs,
)

_PR_SET_PDEATHSIG = 1
_MOST_DESCRIPTORS = 8
_ARGUMENTS = 2
_LATE = ("char", "fft", "lib", "linalg", "ma", "polynomial", "random", "rec", "strings")
"""What NumPy imports only when it is first used; a sealed process can open no file."""


Tap = Callable[[TapSpec, int, int], None]
"""What a tap's process does: (task, packets to write, status to write)."""


def cpu_seconds(pid: int) -> float:
    """Processor time that process `pid` has used (its CPU clock: clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def _read_all(fd: int) -> bytes:
    parts = []
    while part := os.read(fd, 1 << 20):
        parts.append(part)
    os.close(fd)
    return b"".join(parts)


class Zygote:
    """Owns the socket to the parent and the children."""

    def __init__(self, channel: socket.socket, measure: lens.Measure, tap: Tap) -> None:
        """Serve the parent at the other end of `channel`; taps run `tap`, lenses `measure`."""
        self._channel = channel
        self._measure = measure
        self._tap = tap
        self._lenses: set[int] = set()
        self._taps: set[int] = set()
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def serve(self) -> None:
        """Fork on request until the parent is gone. Raises SealError if this is not one thread."""
        if seal.threads() != 1:
            raise SealError(
                "the zygote has more than one thread, so that its children could not be sealed",
                where="zygote",
                mend="Leave OMP_NUM_THREADS and OPENBLAS_NUM_THREADS as the fleet sets them",
            )
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with selectors.DefaultSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            self._reply(Ready(os.getpid()))
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._channel:
                        if not self._request():
                            return
                    else:
                        os.read(self._wake_read, 4096)
                        self._reap()

    def end_children(self) -> None:
        """Kill what still runs and wait for it."""
        for pid in self._lenses | self._taps:
            os.kill(pid, signal.SIGKILL)
        for pid in self._lenses | self._taps:
            os.waitpid(pid, 0)

    def _reply(self, reply: Reply) -> None:
        self._channel.send(encoder.encode(reply))

    def _request(self) -> bool:
        data, descriptors, _flags, _address = socket.recv_fds(
            self._channel, MESSAGE_BYTES, _MOST_DESCRIPTORS
        )
        if not data:
            return False
        request = requests.decode(data)
        if isinstance(request, Kill):
            if request.pid in self._lenses | self._taps:
                os.kill(request.pid, signal.SIGKILL)
        elif isinstance(request, Extend):
            self._extend(request)
        else:
            self._fork(request, descriptors)
        return True

    def _extend(self, request: Extend) -> None:
        # Safe against a reused number: the child is ours and not yet waited for.
        if request.pid in self._lenses:
            leash = int(cpu_seconds(request.pid)) + 1 + request.cpu_seconds
            hard = resource.prlimit(request.pid, resource.RLIMIT_CPU)[1]
            if hard != resource.RLIM_INFINITY:
                leash = min(leash, hard)
            resource.prlimit(request.pid, resource.RLIMIT_CPU, (leash, hard))

    def _fork(self, request: ForkTap | ForkLens, descriptors: list[int]) -> None:
        mine = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            self._reply(NotForked(error.errno or 0))
        else:
            if pid == 0:
                self._child(mine, request, descriptors)
            (self._lenses if isinstance(request, ForkLens) else self._taps).add(pid)
            self._reply(Forked(pid))
        for fd in descriptors:
            os.close(fd)

    def _reap(self) -> None:
        for pid in sorted(self._lenses | self._taps):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._lenses.discard(pid)
                self._taps.discard(pid)
                self._reply(Exited(pid, os.waitstatus_to_exitcode(status)))

    def _child(self, zygote: int, request: ForkTap | ForkLens, descriptors: list[int]) -> NoReturn:
        code = Exit.BUG
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ctypes.CDLL(None).prctl(ctypes.c_int(_PR_SET_PDEATHSIG), ctypes.c_ulong(signal.SIGKILL))
            if os.getppid() != zygote:  # it died before the line above
                os._exit(Exit.PARENT_GONE)
            seal.close_all_but({0, 1, 2, *descriptors})
            task, *pipes = descriptors
            code = self._work(request, _read_all(task), pipes)
        except BaseException as error:  # noqa: BLE001 - the last frame of a forked process: it must never return into the zygote's loop
            _say(error)
        finally:
            os._exit(code)

    def _work(self, request: ForkTap | ForkLens, task: bytes, pipes: list[int]) -> int:
        if isinstance(request, ForkLens):
            return lens.run(lens_tasks.decode(task), lens.Pipes(*pipes), self._measure)
        packets, status = pipes
        self._tap(tap_specs.decode(task), packets, status)
        return 0


def _say(error: BaseException) -> None:
    """Where `error` arose, without its text: a source's address may hold credentials."""
    what = error.line() if isinstance(error, PlainviewError) else type(error).__name__
    where = traceback.extract_tb(error.__traceback__)[-3:]
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(where))
    # A sealed lens's standard error leads nowhere.
    os.write(2, f"plainview: a process ended with {what} ({places})\n".encode())


def main(measure: lens.Measure, arguments: list[str] | None = None, *, tap: Tap = tap.run) -> int:
    """Serve on the socket whose number is the one argument, until its other end closes."""
    given = sys.argv if arguments is None else arguments
    if len(given) != _ARGUMENTS or not given[1].isdecimal():
        sys.stderr.write("usage: python -m plainview.vision.zygote FD (started by the fleet)\n")
        return 2
    # OpenCV's and FFmpeg's own threads and messages: none in any process from here on.
    for name in _LATE:
        importlib.import_module(f"numpy.{name}")
    cv2.setNumThreads(1)
    cv2.ocl.setUseOpenCL(False)
    av.logging.set_level(None)
    with socket.socket(fileno=int(given[1])) as channel:
        inheritable = False
        os.set_inheritable(channel.fileno(), inheritable)
        zygote = Zygote(channel, measure, tap)
        gc.collect()
        gc.freeze()
        try:
            zygote.serve()
        except (BrokenPipeError, ConnectionResetError):
            return 0  # the parent went away while it was being told something
        finally:
            zygote.end_children()
    return 0


def _measure() -> Callable[..., lens.Measurer]:
    from plainview.vision.measure import Measurer  # noqa: PLC0415 - heavy, and tests bring their own

    return Measurer


if __name__ == "__main__":
    sys.exit(main(_measure()))
