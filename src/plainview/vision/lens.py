"""The lens: a sealed process that turns one camera's packets into Readings, and nothing else."""

import ctypes
import os
import struct
from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from plainview.errors import LensError
from plainview.record import Health
from plainview.vision import seal
from plainview.vision.decoder import Decoder, chroma, luma
from plainview.vision.packets import (
    HEADER,
    Gap,
    Message,
    Packet,
    StreamEnd,
    StreamStart,
    Tick,
    length,
    parse,
)
from plainview.vision.spec import LensSpec, NetworkState
from plainview.vision.task import MAX_PLATE, Exit, LensTask
from plainview.vision.timeline import Intervals, Pace, Timeline

READ_BYTES = 1 << 18
"""Bytes taken from the tap's pipe at once."""
_FRAME = struct.Struct(">I")
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGE = 1 << 19
"""Bytes from which a live lens returns a freed block to the kernel."""
_REORDER = {True: 1.5, False: 5.0}
"""Seconds that frames may come behind their packets, live and not; then the packets keep time."""
_KEYLESS = 300
"""Packets without a key frame after which a resumed stream is decoded from anywhere."""


Colour = tuple[NDArray[np.uint8], NDArray[np.uint8]]


class Measurer(Protocol):
    """What a lens asks of the measurement (see vision/measure.py)."""

    def open_networks(self, without: int = 0) -> tuple[NetworkState, ...]:
        """Open the networks that the site supplies: how each was found. Called once, sealed.

        `without`: one bit for each that is not to be used, the lowest for the first.
        """
        ...

    @property
    def stopped(self) -> int:
        """One bit for each network that was used and is no more, the lowest for the first."""
        ...

    def frame(
        self, luma: NDArray[np.uint8], t: float, *, key: bool, chroma: Colour | None = None
    ) -> None:
        """Measure one luma plane (h, w), valid during the call, of the time `t` seconds.

        `key`: a key frame was decoded since the last one measured. `chroma`: Cb and Cr
        (h/2, w/2).
        """
        ...

    def interval(
        self, end_ms: int, span_ms: int, *, dropped: int, health: tuple[Health, ...]
    ) -> list[bytes]:
        """Close an interval: the encoded Readings that are ready, each once, in order."""
        ...

    def finish(self) -> list[bytes]:
        """The Readings that still wait when the stream has ended."""
        ...

    def plate(self) -> bytes | None:
        """A new plate worth saving, if there is one."""
        ...

    def picture(self) -> bytes | None:
        """A new picture of the redacted view, if there is one (see `redacted.Picture`)."""
        ...


class Measure(Protocol):
    """Makes the measurer of a lens, before it is sealed."""

    def __call__(
        self,
        spec: LensSpec,
        *,
        plate: bytes | None = None,
        admitted: bytes | None = None,
        looks: bytes | None = None,
    ) -> Measurer:
        """A measurer for `spec` that starts from `plate` and draws over `admitted`.

        It goes on from the `looks` that were taken for its view's next plate.
        """
        ...


class Pipes(NamedTuple):
    """A lens's file descriptors: all that it has."""

    packets: int
    """To read: framed messages of vision/packets.py."""
    readings: int
    """To write: encoded Readings, each with a 4-byte big-endian length."""
    plates: int
    """To write: plates, likewise."""
    report: int
    """To write once: the SealReport; closed before the first packet is read."""
    pulse: int
    """An eventfd: one is added for each message taken. Tells a slow lens from one that hangs."""
    pictures: int = -1
    """To write: encoded pictures, likewise; -1 where none may be drawn: then there is no way out
    for one."""


class Lens:
    """Owns one stream's decoder, time and interval; the measurement is the measurer's."""

    def __init__(
        self,
        task: LensTask,
        measurer: Measurer,
        tell: Callable[[bytes], None],
        show: Callable[[bytes], None],
        paint: Callable[[bytes], None] | None = None,
    ) -> None:
        """`tell` takes encoded Readings, `show` takes plates, `paint` pictures of the view."""
        self._spec = task.spec
        self._measurer = measurer
        self._tell = tell
        self._show = show
        self._paint = paint
        self._skip = task.skip
        self._keyless = 0 if task.skip == 0 else _KEYLESS
        self._decoder: Decoder | None = None
        self._timeline = Timeline(live=task.spec.live)
        self._pace = Pace(task.spec.rate)
        self._intervals = Intervals(task.spec.every, live=task.spec.live, since=task.since)
        self._heard = self._looks = 0
        self._dropped: list[tuple[float, int]] = []
        self._health: set[Health] = {Health.LOST} if task.skip else set()
        self._connected = True
        self._key = False
        self._now = 0.0
        self._sent = 0.0
        """Seconds of the latest packet, decoded or not."""
        self.ended = False

    def take(self, message: Message) -> None:
        """Do what one message of the tap asks."""
        if isinstance(message, Packet):
            self._packet(message)
        elif isinstance(message, StreamStart):
            self._start(message)
        elif isinstance(message, Gap):
            self._gap(message)
        elif isinstance(message, Tick):
            self._tick(message)
        else:
            self._end(message)

    @property
    def code(self) -> int:
        """The exit code of a lens that has ended (see `task.Exit`)."""
        stopped = self._measurer.stopped
        return Exit.NETWORKS + stopped if stopped else Exit.ENDED

    def close(self) -> None:
        """The tap is gone without an end: what was decoded so far still counts, as lost."""
        if not self.ended:
            self._health.add(Health.LOST)
            self._end(StreamEnd())

    def _start(self, start: StreamStart) -> None:
        self._flush()
        self._connected = True
        if self._skip:
            self._skip -= 1
        try:
            self._decoder = Decoder(start, reference_only=self._spec.decode == "reference-frames")
        except LensError:
            # Every packet of this stream will count as broken: told, not silent.
            self._decoder = None

    def _packet(self, packet: Packet) -> None:
        if self._skip:
            self._skip -= 1
            return
        if self._keyless:
            self._keyless = 0 if packet.key else self._keyless - 1
            if self._keyless:
                self._drop(1, packet.t)
                return
        self._connected = True
        expected = self._timeline.expect(packet.t)
        if self._decoder is None:
            self._drop(1, packet.t)
        else:
            needed = expected is None or self._pace.may_want(expected)
            frames = self._decoder.decode(packet, needed=needed)
            if self._decoder.broken:
                self._drop(self._decoder.broken, packet.t)
                self._decoder.broken = 0
            elif not needed and not self._decoder.spoilt:
                self._heard += 1
            self._frames(frames)
        if expected is not None:
            self._sent = max(self._sent, expected)
            self._advance(expected - _REORDER[self._spec.live])

    def _drop(self, count: int, t: int | None) -> None:
        """Note that `count` packets of about `t` µs were not decoded, for their own interval."""
        time = self._timeline.expect(t)
        self._dropped.append((self._now if time is None else time, count))

    def _frames(self, frames: list[VideoFrame]) -> None:
        for frame in frames:
            t = self._timeline.place(frame.pts)
            self._advance(t)
            self._heard += 1
            self._key = self._key or bool(frame.key_frame)
            if self._pace.wants(t):
                key, self._key = self._key, False
                try:
                    self._measurer.frame(luma(frame), t, key=key, chroma=chroma(frame))
                    self._looks += 1
                except LensError:
                    self._dropped.append((t, 1))

    def _gap(self, gap: Gap) -> None:
        if self._skip:
            self._skip -= 1
            return
        self._drop(gap.dropped, gap.t)
        if gap.reason == "broken" and self._decoder is not None:
            self._decoder.spoil()
        if gap.reason == "lost":
            self._health.add(Health.LOST)
        elif gap.dropped:
            self._health.add(Health.LATE)
        if self._spec.live:
            self._advance(gap.t / 1e6)

    def _tick(self, tick: Tick) -> None:
        if self._skip:
            self._skip -= 1
        self._connected = tick.connected
        if not tick.connected:
            self._health.add(Health.LOST)
        self._advance(tick.t / 1e6)

    def _advance(self, t: float) -> None:
        self._now = max(self._now, t) if not self._spec.live else t
        for end in self._intervals.until(t):
            self._close_interval(end, self._intervals.span)

    def _close_interval(self, end: int, span: int) -> None:
        dropped = min(sum(n for t, n in self._dropped if t * 1000 < end), 1_000_000)
        unseen = dropped > 0 and self._looks == 0
        if self._heard == 0 or unseen or not self._connected:
            self._health.add(Health.LOST)
        health = tuple(flag for flag in Health if flag in self._health)
        for reading in self._measurer.interval(end, span, dropped=dropped, health=health):
            self._tell(reading)
        self._dropped = [(t, n) for t, n in self._dropped if t * 1000 >= end]
        self._heard = self._looks = 0
        self._health.clear()
        self._offer()
        # A Reading has no room for it, and a lens says nothing else: how it ends tells it.
        self.ended = self.ended or (self._spec.live and self._measurer.stopped > 0)

    def _offer(self) -> None:
        plate = self._measurer.plate()
        if plate is not None and len(plate) <= MAX_PLATE:
            self._show(plate)
        picture = None if self._paint is None else self._measurer.picture()
        if picture is not None and self._paint is not None:
            self._paint(picture)

    def _flush(self) -> None:
        if self._decoder is not None:
            self._frames(self._decoder.flush())
            self._decoder = None

    def _end(self, end: StreamEnd) -> None:
        self._flush()
        self.ended = True
        if self._spec.live:
            return
        # What could not be decoded at its end is a part of a clip as well.
        self._now = max(self._now, self._sent)
        if end.t is not None:
            # A clip whose clock was mended is as long as its frames say.
            self._now = max(self._now, min(end.t / 1e6, self._now + self._spec.every))
        self._advance(self._now)
        rest = self._intervals.rest(self._now)
        if rest is not None:
            self._close_interval(*rest)
        for reading in self._measurer.finish():
            self._tell(reading)
        self._offer()


class _Broken(Exception):
    """Nobody reads what the lens writes."""


def _writer(fd: int) -> Callable[[bytes], None]:
    def write(data: bytes) -> None:
        left = memoryview(_FRAME.pack(len(data)) + data)
        try:
            while left:
                left = left[os.write(fd, left) :]
        except BrokenPipeError as error:
            raise _Broken from error

    return write


def watch(lens: Lens, packets: int, pulse: Callable[[], None]) -> int:
    """Feed `lens` from the pipe `packets` until it ends; the exit code (see `task.Exit`)."""
    buffer = bytearray()
    while True:
        data = os.read(packets, READ_BYTES)
        if not data:
            lens.close()
            return Exit.TAP_GONE
        buffer += data
        at = 0
        with memoryview(buffer) as view:
            while len(view) - at >= HEADER.size:
                size = length(bytes(view[at : at + HEADER.size]))
                if len(view) - at - HEADER.size < size:
                    break
                at += HEADER.size
                message = parse(view[at : at + size])
                at += size
                pulse()
                lens.take(message)
                if lens.ended:
                    return lens.code
        del buffer[:at]


def _spare_memory() -> None:
    """Give large blocks back as soon as they are free; see mallopt(3).

    For a live lens, of which there are many, memory is dearer than the page faults that this
    costs; a clip's one lens keeps its memory instead. Without effect on another C library.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)
        libc.mallopt(_M_TRIM_THRESHOLD, _LARGE)


def run(task: LensTask, pipes: Pipes, measure: Measure) -> int:
    """Be a lens: prepare, seal, say what held, then decode and measure until the stream ends.

    Returns the exit code. Standard input, output and error lead nowhere from the seal on.
    """
    if task.spec.live:
        _spare_memory()
    measurer = measure(task.spec, plate=task.plate, admitted=task.admitted, looks=task.looks)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    given = [fd for fd in pipes if fd >= 0]
    seal.close_all_but({0, 1, 2, *given})
    report = seal.seal(
        address_space=task.spec.address_space,
        cpu_seconds=task.cpu_seconds,
        files=max(pipes) + 1,
    )
    # What a site supplies is not parsed where it could reach anything.
    report = msgspec.structs.replace(report, networks=measurer.open_networks(task.without))
    os.write(pipes.report, msgspec.msgpack.encode(report))
    os.close(pipes.report)
    one = (1).to_bytes(8, "little")

    def pulse() -> None:
        os.write(pipes.pulse, one)

    paint = _writer(pipes.pictures) if pipes.pictures >= 0 else None
    lens = Lens(task, measurer, _writer(pipes.readings), _writer(pipes.plates), paint)
    try:
        return watch(lens, pipes.packets, pulse)
    except LensError:
        return Exit.BAD_PIPE
    except _Broken:
        return Exit.PARENT_GONE
    except MemoryError:
        return Exit.NO_MEMORY
    except ImportError:
        return Exit.LATE_IMPORT
