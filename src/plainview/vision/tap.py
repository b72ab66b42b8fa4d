"""The tap: the process that reaches a camera. It demuxes, keeps the clock, and never decodes.

One way: packets to its lens, its own state to its parent. Whatever a camera sends, the tap's answer
is a message or a status; it raises nothing.
"""

import contextlib
import os
import struct
import time
from collections.abc import Iterator

import av
import msgspec
from av.container import InputContainer

from plainview.errors import PlainviewError, SourceError
from plainview.vision import clip, sources
from plainview.vision.outlet import BATCH, Outlet
from plainview.vision.packets import Packet, StreamEnd
from plainview.vision.sources import Source
from plainview.vision.spec import TapSpec, TapStatus

_LENGTH = struct.Struct(">I")
_BEAT = 0.5
"""Seconds between statuses at least (the contract is one second)."""


def run(spec: TapSpec, packets_fd: int, status_fd: int) -> None:
    """Be the tap of one camera until its source ends or its lens or parent is gone.

    Takes over both file descriptors; returns nothing and raises nothing that a source could cause.
    """
    status = Status(status_fd)
    av.logging.set_level(None)  # FFmpeg's log repeats addresses
    try:
        source = sources.resolve(spec)
        outlet = Outlet(packets_fd)
        _clip(spec, source, outlet, status)
    except BrokenPipeError:
        return  # the lens is gone; the parent knows
    except PlainviewError as error:
        status.fail(error)
    finally:
        os.close(packets_fd)
        os.close(status_fd)


class Status:
    """Owns what the parent was last told, and the pipe to it."""

    def __init__(self, fd: int) -> None:
        """Take `fd`, the writing end of the status pipe."""
        self._fd = fd
        self._sent = float("-inf")
        os.set_blocking(fd, False)
        self.now = TapStatus(connected=False, packets=0, late=0, broken=0, reconnects=0)

    def set(self, **changes: object) -> None:
        """Change the state and tell the parent at once."""
        self.now = msgspec.structs.replace(self.now, **changes)
        self.tell()

    def tell(self) -> None:
        """Tell the parent now. A parent that does not listen misses it: the next one comes."""
        self._sent = time.monotonic()
        body = msgspec.msgpack.encode(self.now)
        # Shorter than PIPE_BUF, so it goes whole or not at all (pipe(7)).
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self._fd, _LENGTH.pack(len(body)) + body)

    def count(self, **changes: object) -> None:
        """Change the state; the parent hears of it with the next status."""
        self.now = msgspec.structs.replace(self.now, **changes)

    def due(self) -> bool:
        """Whether the parent is to be told again."""
        return time.monotonic() - self._sent >= _BEAT

    def fail(self, error: PlainviewError) -> None:
        """Tell the parent that the source cannot work, and why."""
        note = sources.redact(error.line())[:200]
        self.set(connected=False, ended=True, failed=True, note=note)


def _clip(spec: TapSpec, source: Source, outlet: Outlet, status: Status) -> None:
    count = broken = 0
    latest = 0
    with sources.file(source) as descriptor, clip.opened(source, descriptor) as container:
        stream = clip.video(container, source)
        outlet.add(clip.start(stream, source))
        duration = clip.length(container, stream, spec.frame_rate)
        status.set(connected=True, duration=duration)
        for message in clip.messages(container, stream, spec.frame_rate):
            outlet.add(message)
            if isinstance(message, Packet):
                count += 1
                latest = message.t if message.t is not None else latest
            else:
                broken += 1
            if outlet.pending >= BATCH or status.due():
                status.count(packets=count, broken=broken, t=latest / 1_000_000)
                _flush(outlet, status)
    if not count:
        raise SourceError("holds no pictures", where=source.name, mend="Give a video")
    outlet.add(StreamEnd(t=None if duration is None else round(duration * 1_000_000)))
    _flush(outlet, status)
    status.set(connected=False, ended=True, packets=count, broken=broken, t=latest / 1_000_000)


def _flush(outlet: Outlet, status: Status) -> None:
    while not outlet.write(_BEAT):
        status.tell()
    if status.due():
        status.tell()
