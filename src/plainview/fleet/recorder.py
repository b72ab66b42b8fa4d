"""The recorder's process: packets from every tap of this machine into the vault, and nothing else.

Started by `recording.Recording` as `python -m plainview.fleet.recorder FD`, its `Task` on standard
input. Before it hears of any camera it gives up the network, exec, and every path but the vault's.
It ends, in order, when its parent does.
"""

import contextlib
import os
import selectors
import socket
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy.linalg
import numpy.ma  # noqa: F401 - both, because NumPy loads them only when they are first used
from msgspec import Meta, Struct

from plainview.clock import Clock, SystemClock
from plainview.errors import LensError, PlainviewError, VaultError
from plainview.vault.age import Payload, public_of, wrap
from plainview.vault.daykey import harden
from plainview.vault.disk import RESERVE
from plainview.vault.layout import Layout, alone
from plainview.vault.recorder import CameraReport, Recorder
from plainview.vault.recover import Recovered, recover
from plainview.vision.branch import FIRST, LAST, PIECE
from plainview.vision.confine import confine_to
from plainview.vision.packets import Gap, Packet, StreamStart, parse

MESSAGE: Final = 1 << 16
"""Bound on a message between parent and recorder."""
_TURN: Final = 0.25
_REPORT: Final = 1.0
_AT_ONCE: Final = 32
"""Datagrams of one camera before the next one has its turn."""
_TOGETHER: Final = 50
"""Cameras of one report."""
_LOCK_WAIT: Final = 30.0
_MOST: Final = 8_100_000


class Task(Struct, frozen=True, forbid_unknown_fields=True):
    """What a recorder is told once."""

    folder: str
    bound: Annotated[int, Meta(gt=0)]
    """Bytes that recordings may take."""
    reserve: int = RESERVE
    """Bytes of the disk that stay free."""


class Attach(Struct, frozen=True, tag="attach", forbid_unknown_fields=True):
    """A camera's socket comes with this: record what comes through it for `term` seconds."""

    camera: str
    term: float


class Detach(Struct, frozen=True, tag="detach", forbid_unknown_fields=True):
    """Nothing more comes of this camera."""

    camera: str


class Hello(Struct, frozen=True, tag="hello", forbid_unknown_fields=True):
    """The recorder is ready."""

    missing: tuple[str, ...]
    """What the kernel refused of its confinement."""
    locked: bool
    """Whether its memory is kept from swap."""
    recovered: tuple[int, ...]
    """`vault.recover.Recovered`."""


class Reports(Struct, frozen=True, tag="reports", forbid_unknown_fields=True):
    """How some cameras' recordings are, by camera."""

    cameras: dict[str, CameraReport]


class Refused(Struct, frozen=True, tag="refused", forbid_unknown_fields=True):
    """It cannot record at all, and ends."""

    why: str


Order = Attach | Detach
Answer = Hello | Reports | Refused
_orders: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Order)
_encoder = msgspec.msgpack.Encoder()


class _Inlet:
    """Owns one camera's socket and the message that is coming through it."""

    def __init__(self, camera: str, fd: int) -> None:
        self.camera = camera
        self.channel = socket.socket(fileno=fd)
        self.channel.settimeout(0)
        self._body: bytearray | None = None
        self._start: bytes | None = None

    def read(self, recorder: Recorder) -> None:
        """Take what is there."""
        for _ in range(_AT_ONCE):
            try:
                data = self.channel.recv(PIECE + 1)
            except (BlockingIOError, ConnectionError):
                return
            if not data:
                return
            if data[0] & FIRST:
                self._body = bytearray()
            if self._body is None or len(self._body) > _MOST:
                continue  # the middle of a message whose beginning another recorder had
            self._body += data[1:]
            if data[0] & LAST:
                body, self._body = bytes(self._body), None
                self._take(body, recorder)

    def _take(self, body: bytes, recorder: Recorder) -> None:
        try:
            message = parse(body)
        except LensError:
            return
        if isinstance(message, StreamStart):
            self._start = body
        elif isinstance(message, Packet):
            if self._start is not None:
                recorder.put(self.camera, self._start, message.t, entry=True)
                self._start = None
            recorder.put(self.camera, body, message.t, entry=False)
        elif isinstance(message, Gap):
            recorder.put(self.camera, body, message.t, entry=False)


class _Loop:
    """Owns the sockets of parent and cameras."""

    def __init__(self, channel: socket.socket, recorder: Recorder, clock: Clock) -> None:
        self._channel = channel
        self._recorder = recorder
        self._clock = clock
        self._inlets: dict[str, _Inlet] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ)
        self._reported = float("-inf")

    def run(self) -> None:
        """Record until the parent is gone."""
        while True:
            for key, _ in self._selector.select(_TURN):
                if isinstance(key.data, _Inlet):
                    key.data.read(self._recorder)
                elif not self._obey():
                    return
            self._recorder.turn()
            if self._clock.monotonic() - self._reported >= _REPORT:
                self._reported = self._clock.monotonic()
                self._report()

    def _obey(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._channel, MESSAGE, 1)
        if not data:
            return False
        order = _orders.decode(data)
        old = self._inlets.pop(order.camera, None)
        if old is not None:
            self._selector.unregister(old.channel)
            if isinstance(order, Detach):
                old.read(self._recorder)
            old.channel.close()
        if isinstance(order, Detach):
            self._recorder.forget(order.camera)
        elif descriptors:
            inlet = self._inlets[order.camera] = _Inlet(order.camera, descriptors[0])
            self._recorder.expect(order.camera, order.term)
            self._selector.register(inlet.channel, selectors.EVENT_READ, inlet)
        return True

    def _report(self) -> None:
        reports = list(self._recorder.reports().items())
        for k in range(0, len(reports), _TOGETHER):
            _answer(self._channel, Reports(dict(reports[k : k + _TOGETHER])))


def _answer(channel: socket.socket, answer: Answer) -> None:
    # A parent that does not listen must not hold up recording; it hears the next report.
    with contextlib.suppress(BlockingIOError, ConnectionError):
        channel.send(_encoder.encode(answer), socket.MSG_DONTWAIT)


def _recovered(layout: Layout, clock: Clock) -> Recovered:
    """Put the vault in order; what sweeps at the moment is waited for."""
    until = clock.monotonic() + _LOCK_WAIT
    while True:
        try:
            with alone(layout.root / "sweeper.lock", "sweeper"):
                return recover(layout)
        except VaultError:
            if clock.monotonic() > until:
                raise
        clock.sleep(0.2)


def _warm() -> None:
    """Have everything loaded that sealing needs: no library can be opened later."""
    wrapped = wrap(bytes(16), public_of(bytes(range(32))), b"warm 0 0", os.urandom)
    Payload(wrapped.share[:16], bytes(16)).seal(0, b"", final=True)
    str(time.strftime("%Y", time.gmtime(0))).encode("utf-8").decode("ascii")


def serve(channel: socket.socket, task: Task, clock: Clock) -> None:
    """Confine this process to the vault, and record until the other end of `channel` is closed."""
    layout = Layout(Path(task.folder))
    layout.make()
    with alone(layout.root / "recorder.lock", "recorder"):
        locked = harden()
        _warm()
        missing = confine_to(task.folder)
        recovered = _recovered(layout, clock)
        recorder = Recorder(layout, clock, bound=task.bound, reserve=task.reserve)
        _answer(channel, Hello(tuple(missing), locked, tuple(recovered)))
        try:
            _Loop(channel, recorder, clock).run()
        finally:
            recorder.close()


def main() -> int:
    """Be the recorder on the socket whose number is the first argument."""
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        try:
            serve(channel, msgspec.json.decode(sys.stdin.buffer.read(), type=Task), SystemClock())
        except PlainviewError as error:
            _answer(channel, Refused(error.line()[:400]))
            return 1
        except OSError as error:
            _answer(channel, Refused(f"{error.strerror or error}"[:400]))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
