"""The parent's end of the recorder: starts it, gives it each camera's socket, hears how it goes.

Both ends of every camera's socket stay open here. So a tap writes on while the recorder is started
anew, and the recorder reads on while a tap is: neither notices, and what does not fit is a gap.
"""

import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import structlog

from plainview.clock import Clock
from plainview.fleet.recorder import MESSAGE, Answer, Attach, Detach, Hello, Order, Refused, Task
from plainview.vault.recorder import CameraReport

COMMAND: Final = (sys.executable, "-P", "-m", "plainview.fleet.recorder")
_KEPT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "HOME")
_SINGLE: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_FIRST_RETRY, _LAST_RETRY = 1.0, 30.0
_SETTLED: Final = 60.0
_LEAVE: Final = 10.0
_SILENT: Final = 10.0
"""Seconds without a report after which nothing counts as recorded."""
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
_encoder = msgspec.msgpack.Encoder()
_log = structlog.get_logger(__name__)


def _next(channel: socket.socket) -> bytes:
    """What comes next through `channel`; empty at its end.

    One that ended with orders unread counts as reset, and the kernel says so once *before* it
    hands over what was last said: why it ended comes only after that.
    """
    try:
        return channel.recv(MESSAGE)
    except ConnectionError:
        with contextlib.suppress(ConnectionError):
            return channel.recv(MESSAGE)
    return b""


class _Ends(NamedTuple):
    write: socket.socket
    read: socket.socket
    term: float


class Recording:
    """Owns the recorder's process, the cameras' sockets, and the thread that watches over both."""

    def __init__(
        self,
        folder: Path,
        *,
        bound: int,
        clock: Clock,
        longest: float = float("inf"),
        command: Sequence[str] = COMMAND,
    ) -> None:
        """Record below `folder`, at most `bound` bytes, for at most `longest` seconds.

        Does not wait for the recorder.
        """
        self._task = Task(str(folder), bound)
        self._clock = clock
        self._longest = longest
        self._command = tuple(command)
        self._lock = threading.RLock()
        self._ends: dict[str, _Ends] = {}
        self._reports: dict[str, CameraReport] = {}
        self._heard = clock.monotonic()
        self._why = "the recorder is starting"
        self.restarts = 0
        """Times that the recorder had to be started anew."""
        self.hello: Hello | None = None
        """How the recorder that runs is confined, and what it put in order."""
        self._closing = threading.Event()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._launch()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def attach(self, camera: str, term: float) -> int:
        """The socket that `camera`'s tap is to write to. It stays open here; `term` in seconds."""
        term = min(term, self._longest)
        with self._lock:
            known = self._ends.get(camera)
            if known is None:
                write, read = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                for end in (write, read):
                    with contextlib.suppress(OSError):
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
                known = _Ends(write, read, term)
            if camera not in self._ends or known.term != term:
                self._ends[camera] = known._replace(term=term)
                self._order(Attach(camera, term), [known.read.fileno()])
            return known.write.fileno()

    def detach(self, camera: str) -> None:
        """End `camera`'s recording."""
        with self._lock:
            ends = self._ends.pop(camera, None)
            self._reports.pop(camera, None)
            if ends is not None:
                self._order(Detach(camera), [])
                ends.write.close()
                ends.read.close()

    def why(self, camera: str) -> str:
        """Why `camera` is not being recorded; empty while it is."""
        with self._lock:
            if self._why:
                return self._why
            if self._clock.monotonic() - self._heard > _SILENT:
                return "the recorder does not answer"
            report = self._reports.get(camera)
            if report is None or report.recording:
                return ""
            return report.why

    def reports(self) -> dict[str, CameraReport]:
        """What was last heard of each camera's recording."""
        with self._lock:
            return dict(self._reports)

    def close(self) -> None:
        """End the recorder in order: every recording is closed. May be called twice."""
        if self._closing.is_set():
            return
        self._closing.set()
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        self._end()
        for camera in list(self._ends):
            self.detach(camera)
        os.close(self._wake)

    def _launch(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= dict.fromkeys(_SINGLE, "1")
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*self._command, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the parent, which ends it in order
            )
        with contextlib.suppress(BrokenPipeError):  # it ended at once: its end is told
            assert process.stdin is not None  # noqa: S101 - asked for above
            process.stdin.write(msgspec.json.encode(self._task))
            process.stdin.close()
        with self._lock:
            self._process, self._channel = process, ours
            for camera, ends in self._ends.items():
                self._order(Attach(camera, ends.term), [ends.read.fileno()])

    def _order(self, order: Order, descriptors: list[int]) -> None:
        if self._channel is not None:
            # One that is gone is told all of it again when it has been started anew.
            with contextlib.suppress(OSError):
                socket.send_fds(self._channel, [_encoder.encode(order)], descriptors)

    def _run(self) -> None:
        retry, since = _FIRST_RETRY, self._clock.monotonic()
        while not self._closing.is_set():
            channel = self._channel
            assert channel is not None  # noqa: S101 - only `close` and this thread take it away
            ready, _, _ = select.select([channel.fileno(), self._wake], [], [], 1.0)
            if channel.fileno() not in ready:
                continue
            data = _next(channel)
            if data:
                self._hear(_answers.decode(data))
                continue
            self._end()
            if self._clock.monotonic() - since > _SETTLED:
                retry = _FIRST_RETRY
            _log.error("recorder ended", why=self._why, again=retry)
            if self._closing.wait(retry):
                return
            retry, since = min(retry * 2, _LAST_RETRY), self._clock.monotonic()
            self.restarts += 1
            self._launch()

    def _hear(self, answer: Answer) -> None:
        with self._lock:
            self._heard = self._clock.monotonic()
            if isinstance(answer, Refused):
                self._why = answer.why
            elif isinstance(answer, Hello):
                self._why = ""
                self.hello = answer
                if answer.missing:
                    _log.warning("the recorder is not wholly confined", lacks=answer.missing)
                if any(answer.recovered):
                    _log.warning("the vault was put in order", recovered=answer.recovered)
            else:
                self._reports |= {
                    camera: report
                    for camera, report in answer.cameras.items()
                    if camera in self._ends
                }

    def _end(self) -> None:
        with self._lock:
            process, channel = self._process, self._channel
            self._why = self._why or "the recorder ended, and is being started anew"
            self._reports.clear()
            self.hello = None
        if channel is not None:
            channel.close()
        if process is not None:
            try:
                process.wait(_LEAVE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
