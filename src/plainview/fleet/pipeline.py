"""One camera's two processes, tap and lens, and the pipes between them, seen from the parent."""

import fcntl
import os
import struct
import termios
from collections.abc import Iterator

import msgspec

from plainview.errors import UNDECODED, LensError, PermitRefused
from plainview.fleet.channel import Frames, PlateChannel, ReadingChannel
from plainview.fleet.view import PictureChannel
from plainview.fleet.zygote import Zygote
from plainview.record import Reading
from plainview.redacted import Picture
from plainview.vision.seal import SealReport
from plainview.vision.spec import TapSpec, TapStatus
from plainview.vision.task import MAX_PLATE, Claim, LensTask

_READ = 1 << 16
_MOST_STATUS = 4096
_MOST_REPORT = 4096

Item = Reading | Picture | TapStatus | SealReport | bytes
"""What comes up from a camera; bytes are a plate."""


class Pipeline:
    """Owns one tap, one lens and the parent's ends of their pipes, from start to `close`."""

    def __init__(
        self,
        zygote: Zygote,
        tap: TapSpec,
        task: LensTask,
        *,
        now: float,
        claim: Claim | None = None,
        recording: int | None = None,
    ) -> None:
        """Start both processes, by the right of `claim` or, without, as a recording's.

        `recording` is a socket to the recorder for the tap; it is copied and stays open.

        `now`: monotonic seconds. Raises PermitRefused, LensError; then nothing runs.
        """
        self._zygote = zygote
        self._live = task.spec.live
        self.readings = ReadingChannel(live=self._live, now=now, kinds=task.spec.events)
        self.plates = PlateChannel(MAX_PLATE, now=now if self._live else 0.0)
        self.pictures = PictureChannel(now=now)
        self.seal: SealReport | None = None
        self.status: TapStatus | None = None
        self.garbled = False
        """Whether the tap said something that is not a status."""
        self.taken = 0
        """Messages that the lens has taken from the tap (see `beat`)."""
        self._statuses = Frames(_MOST_STATUS)
        self._report = b""
        self._heard = 0.0
        self._open: set[int] = set()
        self._painted = -1
        self.lens = self.tap = 0
        self._start(claim, tap, task, () if recording is None else (recording,))

    def _pipe(self) -> tuple[int, int]:
        reading, writing = os.pipe2(os.O_CLOEXEC)
        self._open |= {reading, writing}
        return reading, writing

    def _start(
        self, claim: Claim | None, tap: TapSpec, task: LensTask, recording: tuple[int, ...]
    ) -> None:
        try:
            self._packets, packets = self._pipe()
            self._readings, readings = self._pipe()
            self._plates, plates = self._pipe()
            self._reports, report = self._pipe()
            self._state, state = self._pipe()
            self._pulse = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self._open.add(self._pulse)
            theirs = (self._packets, readings, plates, report, self._pulse)
            painted = self._picture_pipe() if task.spec.picture else ()
            ours = (packets, state, *recording)
            forked = self._zygote.start(claim, tap, task, (ours, theirs), painted)
            self.tap, self.lens = forked.tap, forked.lens
        except (LensError, PermitRefused, OSError) as error:
            self.close()
            if isinstance(error, OSError):
                raise LensError(
                    f"no pipe for a lens: {error.strerror}", mend="Raise the limit on open files"
                ) from error
            raise
        for fd in (packets, readings, plates, report, state, *painted):
            self._shut(fd)

    def _picture_pipe(self) -> tuple[int, ...]:
        """The lens's end of a pipe for pictures."""
        self._painted, painted = self._pipe()
        return (painted,)

    def _shut(self, fd: int) -> None:
        self._open.discard(fd)
        os.close(fd)

    def sources(self) -> tuple[int, ...]:
        """Descriptors to wait on; give a readable one to `receive`."""
        watched = (self._readings, self._plates, self._reports, self._state, self._painted)
        return tuple(fd for fd in watched if fd in self._open)

    @property
    def unreported(self) -> bool:
        """Whether the lens has still to say how it is sealed."""
        return self.seal is None and self._reports in self._open

    def receive(self, fd: int, now: float) -> Iterator[Item]:
        """What came through `fd`, once; closes it at its end (then `sources` lacks it)."""
        data = os.read(fd, _READ)
        if not data:
            self._shut(fd)
        if fd == self._readings:
            for reading in self.readings.feed(data, now):
                self._heard = reading.t / 1000
                yield reading
        elif fd == self._plates:
            # A clip's minutes are the stream's.
            yield from self.plates.feed(data, now if self._live else self._heard)
        elif fd == self._painted:
            yield from self.pictures.feed(data, now)
        elif fd == self._state:
            yield from self._told(data)
        else:
            yield from self._reported(data)

    def _told(self, data: bytes) -> Iterator[TapStatus]:
        for body in self._statuses.feed(data):
            try:
                self.status = msgspec.msgpack.decode(body, type=TapStatus)
            except UNDECODED:
                self.garbled = True
            else:
                yield self.status
        self.garbled |= self._statuses.broken

    def _reported(self, data: bytes) -> Iterator[SealReport]:
        self._report = (self._report + data)[: _MOST_REPORT + 1]
        if not data and self._report:
            try:
                self.seal = msgspec.msgpack.decode(self._report, type=SealReport)
            except UNDECODED:
                return  # stays None: never called sealed
            yield self.seal

    def beat(self) -> bool:
        """Whether the lens has taken a message from the tap since the last call."""
        try:
            told = os.eventfd_read(self._pulse)
        except BlockingIOError:
            return False
        # Only the lens writes it; a false number could do no more than skip its own stream.
        self.taken += min(told, 1 << 32)
        return True

    def waiting(self) -> int:
        """Bytes of packets that lie in the pipe, not yet taken by the lens."""
        room = fcntl.ioctl(self._packets, termios.FIONREAD, b"\0" * 4)
        return int(struct.unpack("=i", room)[0])

    def leash(self, cpu_seconds: int) -> None:
        """Let the lens, which shows progress, use more processor time."""
        self._zygote.extend(self.lens, cpu_seconds)

    def kill(self) -> None:
        """End both processes now; the zygote tells when they have ended."""
        for pid in (self.lens, self.tap):
            if pid:
                self._zygote.kill(pid)

    def release_packets(self) -> None:
        """Let go of the packets' pipe, so that a tap whose lens has ended notices."""
        if self._packets in self._open:
            self._shut(self._packets)

    def close(self) -> None:
        """Close every descriptor. The processes are ended by `kill`."""
        for fd in sorted(self._open):
            os.close(fd)
        self._open.clear()
