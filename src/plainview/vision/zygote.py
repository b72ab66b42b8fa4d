"""The zygote: imports PyAV, OpenCV and NumPy once, then forks taps and lenses that share them.

Started by the fleet as `python -m plainview.vision.zygote FD [TRUST]`; FD is one end of a SEQPACKET
socket pair, TRUST the JSON of a `task.Trust`. It is the second wall of the permits: what it forks
is a pair of tap and lens that its gate admits (vision/gate.py). It stays single-threaded, so that a
fork is whole. When the parent goes away it ends all its children; when it goes away itself, the
kernel does (PR_SET_PDEATHSIG).
"""

import ctypes
import errno
import gc
import importlib
import os
import resource
import select
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import NoReturn, TypeVar

import av.logging
import cv2
import msgspec

from plainview.errors import UNDECODED, PermitRefused, PlainviewError, SealError
from plainview.vision import gate, lens, seal, tap
from plainview.vision.deadline import end_at
from plainview.vision.spec import TapSpec
from plainview.vision.task import (
    MAX_TASK,
    MESSAGE_BYTES,
    Exit,
    Exited,
    Extend,
    Forked,
    Kill,
    LensTask,
    NotForked,
    Ready,
    Refused,
    Reply,
    Trust,
    encoder,
    lens_tasks,
    replies,
    requests,
    tap_specs,
)

_PR_SET_PDEATHSIG = 1
_PIPES = len(lens.Pipes._fields) - 1
_DESCRIPTORS = 5 + _PIPES
"""Of a `task.Start` that neither records nor draws; one more for each."""
_VERDICT = 10.0
"""Seconds in which a child has held its task against what was admitted."""
_FITS = b"fits"
_ARGUMENTS = (2, 3)
_LATE = ("char", "fft", "lib", "linalg", "ma", "polynomial", "random", "rec", "strings")
"""What NumPy imports only when it is first used; a sealed process can open no file."""
_SELDOM = (20_000, 20, 20)
"""Objects that must be new before Python looks for cycles among them (its own number is 700), and
looks before it does so among older ones. Measuring makes thousands in a second, and no cycle."""


_Task = TypeVar("_Task", TapSpec, LensTask)
Work = Callable[[], int]
"""What a child does once its task is checked; its exit code."""
Tap = Callable[..., None]
"""What a tap's process does: (task, packets to write, status to write), and, where it is recorded,
the socket to the recorder."""


def cpu_seconds(pid: int) -> float:
    """Processor time that process `pid` has used (its CPU clock: clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def _read_task(fd: int) -> bytes:
    """What the memory file `fd` holds. Raises PermitRefused beyond the bound."""
    size = os.fstat(fd).st_size
    if size > MAX_TASK:
        raise PermitRefused(f"a task of more than {MAX_TASK} bytes", where="zygote")
    return os.pread(fd, size, 0)


class Zygote:
    """Owns the socket to the parent and the children."""

    def __init__(
        self, channel: socket.socket, measure: lens.Measure, tap: Tap, judge: gate.Gate
    ) -> None:
        """Serve the parent at the other end of `channel` with what `judge` admits.

        Taps run `tap`, lenses `measure`.
        """
        self._channel = channel
        self._measure = measure
        self._tap = tap
        self._gate = judge
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
            self._channel, MESSAGE_BYTES, _DESCRIPTORS + 2
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
            self._reply(self._start(descriptors))
        for fd in descriptors:
            os.close(fd)
        return True

    def _extend(self, request: Extend) -> None:
        # Safe against a reused number: the child is ours and not yet waited for.
        if request.pid in self._lenses:
            leash = int(cpu_seconds(request.pid)) + 1 + request.cpu_seconds
            hard = resource.prlimit(request.pid, resource.RLIMIT_CPU)[1]
            if hard != resource.RLIM_INFINITY:
                leash = min(leash, hard)
            resource.prlimit(request.pid, resource.RLIMIT_CPU, (leash, hard))

    def _start(self, descriptors: list[int]) -> Reply:
        """Fork tap and lens, both or none, if the gate admits them."""
        if not _DESCRIPTORS <= len(descriptors) <= _DESCRIPTORS + 2:
            return Refused("a start without all of its descriptors", "zygote")
        lens_pid = 0
        try:
            claim, tap_task, packets, status, lens_task, *pipes = descriptors[:_DESCRIPTORS]
            gate.check_pipe(packets, lens.Pipes(*pipes).packets)
            admitted = self._gate.admit(_read_task(claim))
            more = descriptors[_DESCRIPTORS:]
            recording, pictures = more[: admitted.record], more[admitted.record :]
            gate.check_recording(recording, admitted)
            gate.check_pictures(pictures, admitted)
            pipes += pictures
            lens_pid = self._fork(
                lambda: self._lens_of(lens_task, admitted, lens.Pipes(*pipes)),
                keep=tuple(pipes),
                admitted=admitted,
            )
            tap_pid = self._fork(
                lambda: self._tap_of(tap_task, admitted, packets, status, *recording),
                keep=(packets, status, *recording),
                admitted=admitted,
            )
        except (PermitRefused, OSError) as error:
            if lens_pid:
                os.kill(lens_pid, signal.SIGKILL)
                os.waitpid(lens_pid, 0)
            if isinstance(error, PermitRefused):
                return gate.refusal(error)
            return NotForked(error.errno or 0)
        self._taps.add(tap_pid)
        self._lenses.add(lens_pid)
        return Forked(tap=tap_pid, lens=lens_pid)

    def _fork(
        self, prepare: Callable[[], Work], *, keep: tuple[int, ...], admitted: gate.Admitted
    ) -> int:
        """A child that has found its task to be what was `admitted`.

        It goes on with the descriptors `keep`. Raises PermitRefused, then there is none; OSError.
        """
        mine = os.getpid()
        reading, writing = os.pipe2(os.O_CLOEXEC)
        with os.fdopen(reading, "rb", 0) as verdict:
            with os.fdopen(writing, "wb", 0) as tell:
                pid = os.fork()
                if pid == 0:
                    self._child(mine, prepare, keep, tell.fileno(), admitted.until)
            ready, _, _ = select.select([verdict], [], [], _VERDICT)
            told = os.read(reading, MESSAGE_BYTES) if ready else b""
        if told == _FITS:
            return pid
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        if not told:  # it died before it came to look; that says nothing of what is permitted
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        why = replies.decode(told)
        assert isinstance(why, Refused)  # noqa: S101 - `_child` writes no other
        raise PermitRefused(why.what, where=why.where, mend=why.mend)

    def _reap(self) -> None:
        for pid in sorted(self._lenses | self._taps):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._lenses.discard(pid)
                self._taps.discard(pid)
                self._reply(Exited(pid, os.waitstatus_to_exitcode(status)))

    def _child(
        self,
        zygote: int,
        prepare: Callable[[], Work],
        keep: tuple[int, ...],
        tell: int,
        until: int | None,
    ) -> NoReturn:
        code = Exit.BUG
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ctypes.CDLL(None).prctl(ctypes.c_int(_PR_SET_PDEATHSIG), ctypes.c_ulong(signal.SIGKILL))
            if os.getppid() != zygote:  # it died before the line above
                os._exit(Exit.PARENT_GONE)
            try:
                if until is not None:
                    end_at(until)
                work = prepare()
            except PlainviewError as error:
                os.write(tell, encoder.encode(gate.refusal(error)))
                os._exit(Exit.REFUSED)
            os.write(tell, _FITS)
            seal.close_all_but({0, 1, 2, *keep})
            code = work()
        except BaseException as error:  # noqa: BLE001 - the last frame of a forked process: it must never return into the zygote's loop
            _say(error)
        finally:
            os._exit(code)

    def _tap_of(self, task: int, admitted: gate.Admitted, *descriptors: int) -> Work:
        spec = _decoded(tap_specs, task)
        gate.check_tap(spec, admitted)

        def work() -> int:
            self._tap(spec, *descriptors)
            return 0

        return work

    def _lens_of(self, task: int, admitted: gate.Admitted, pipes: lens.Pipes) -> Work:
        told = _decoded(lens_tasks, task)
        gate.check_lens(told, admitted)
        return lambda: lens.run(told, pipes, self._measure)


def _decoded(decoder: msgspec.msgpack.Decoder[_Task], fd: int) -> _Task:
    try:
        return decoder.decode(_read_task(fd))
    except UNDECODED as error:
        raise PermitRefused("this is no task", where="zygote") from error


def _say(error: BaseException) -> None:
    """Where `error` arose, without its text: a source's address may hold credentials."""
    what = error.line() if isinstance(error, PlainviewError) else type(error).__name__
    where = traceback.extract_tb(error.__traceback__)[-3:]
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(where))
    # A sealed lens's standard error leads nowhere.
    os.write(2, f"plainview: a process ended with {what} ({places})\n".encode())


def main(measure: lens.Measure, arguments: list[str] | None = None, *, tap: Tap = tap.run) -> int:
    """Serve on the socket whose number is the first argument, until its other end closes."""
    given = sys.argv if arguments is None else arguments
    if len(given) not in _ARGUMENTS or not given[1].isdecimal():
        sys.stderr.write(
            "usage: python -m plainview.vision.zygote FD [TRUST] (started by the fleet)\n"
        )
        return 2
    trust = msgspec.json.decode(given[2], type=Trust) if given[2:] else None
    # OpenCV's and FFmpeg's own threads and messages: none in any process from here on.
    for name in _LATE:
        importlib.import_module(f"numpy.{name}")
    cv2.setNumThreads(1)
    cv2.ocl.setUseOpenCL(False)
    av.logging.set_level(None)
    with socket.socket(fileno=int(given[1])) as channel:
        inheritable = False
        os.set_inheritable(channel.fileno(), inheritable)
        zygote = Zygote(channel, measure, tap, gate.Gate(trust))
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_SELDOM)
        try:
            zygote.serve()
        except (BrokenPipeError, ConnectionResetError):
            return 0  # the parent went away while it was being told something
        finally:
            zygote.end_children()
    return 0


def _measure(*, live: bool) -> Callable[..., lens.Measurer]:
    from plainview.vision.measure import Measurer  # noqa: PLC0415 - heavy, and tests bring their own
    from plainview.vision.view.draw import load_font  # noqa: PLC0415 - likewise

    if live:  # no clip's lens draws
        load_font()
    return Measurer


if __name__ == "__main__":
    sys.exit(main(_measure(live=len(sys.argv) == max(_ARGUMENTS))))
