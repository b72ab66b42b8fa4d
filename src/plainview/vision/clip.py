"""A clip through the tap: as fast as the lens takes it, nothing dropped, times from its start."""

import contextlib
import heapq
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import av
from av.container import InputContainer

from plainview.errors import SourceError
from plainview.vision import sources
from plainview.vision.growing import GrowingFile
from plainview.vision.packets import MAX_PACKET, Gap, Packet, StreamStart
from plainview.vision.sources import Source
from plainview.vision.turned import is_turned

LOOKAHEAD = 34
"""Packets held to learn their order of presentation. H.264 and H.265 reorder at most 16 frames
(Rec. H.264 A.3.1, `max_dec_frame_buffering`); fields double that."""
HELD = 64_000_000
"""Bytes of packets held at most."""
LONGEST = 1e15
"""Microseconds (thirty years) beyond which a clip's time stays where it is."""
OPEN = 10.0
"""Seconds that a step of reading a local file may take."""
_ATTEMPTS = 64
"""Unreadable places in a row after which the rest of a clip is given up."""

VideoStream = av.video.stream.VideoStream
Compressed: TypeAlias = "av.Packet[Any]"
"""A packet (generic in the type stubs only, hence the quotes)."""


@contextlib.contextmanager
def opened(
    source: Source, descriptor: int | None, growing: GrowingFile | None = None
) -> Iterator[InputContainer]:
    """The clip from its start; `descriptor` is the open file where it is one. Raises SourceError.

    FFmpeg gets the descriptor (or a `growing` file), not the path: whatever the file says, it leads
    to no other file.
    """
    address: str | GrowingFile = source.address
    options = source.options
    if growing is not None:
        address = growing
    elif descriptor is not None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        address, options = "fd:", options | {"fd": str(descriptor)}
    with sources.connect(address, source, options, (OPEN, OPEN)) as container:
        yield container


def data(packet: "Compressed") -> bytes:
    """The packet's bytes without a copy.

    msgspec takes any buffer for bytes, and copies it once, into what goes down the pipe.
    """
    return memoryview(packet)  # type: ignore[return-value]


def video(container: InputContainer, source: Source) -> VideoStream:
    """The stream to measure: the first that is moving pictures.

    Raises SourceError when there is none, when no decoder here knows it, or where a player shows
    its pictures otherwise than they are measured.
    """
    for stream in container.streams.video:
        if stream.disposition & av.stream.Disposition.attached_pic:
            continue
        if stream.codec_context is None:
            raise SourceError(
                "its pictures are in a form that FFmpeg here cannot decode",
                where=source.name,
                mend="Convert it to H.264",
            )
        if is_turned(stream):
            raise SourceError(
                "its pictures are turned or mirrored when they are played, and stored otherwise",
                where=source.name,
                mend="Turn them for good, as by 'ffmpeg -i IN.mp4 OUT.mp4', and calibrate on that",
            )
        return stream
    held = "sound, no pictures" if container.streams.audio else "no pictures"
    raise SourceError(f"holds {held}", where=source.name, mend="Give a video")


def start(stream: VideoStream, source: Source, extradata: bytes | None = None) -> StreamStart:
    """What the lens needs to make a decoder, with `extradata` where the stream changed its own.

    Raises SourceError when it cannot be carried.
    """
    context = stream.codec_context
    if context.name == "rawvideo":
        raise SourceError(
            "gives raw pictures, and pictures exist only inside the lens",
            where=source.name,
            mend="Set it to H.264 or MJPEG",
        )
    extradata = context.extradata or b"" if extradata is None else extradata
    width, height = context.width, context.height
    if not (0 <= width <= 16384 and 0 <= height <= 16384 and len(extradata) <= 1_000_000):
        raise SourceError(
            f"says that its pictures are {width}x{height}",
            where=source.name,
            mend="Plainview takes up to 16384x16384",
        )
    return StreamStart(codec=context.name, extradata=extradata, width=width, height=height)


def length(container: InputContainer, stream: VideoStream, rate: float | None) -> float | None:
    """Seconds of the clip where known; `rate` as TapSpec.frame_rate."""
    if rate is not None:
        frames = stream.frames or _frames(stream)
        seconds = frames / rate
        return seconds if 0 < seconds <= LONGEST / 1e6 else None
    if stream.duration is not None and stream.duration > 0 and stream.time_base:
        return min(float(stream.duration * stream.time_base), LONGEST / 1e6)
    whole = container.duration
    if whole is not None and "matroska" in container.format.name:
        # It says when the last picture ends, by a clock that may begin long before the first.
        whole -= max(container.start_time or 0, 0)
    return whole / 1_000_000 if whole is not None and 0 < whole <= LONGEST else None


def _frames(stream: VideoStream) -> int:
    if stream.duration and stream.time_base and stream.average_rate:
        return round(stream.duration * stream.time_base * stream.average_rate)
    return 0


def messages(
    container: InputContainer, stream: VideoStream, rate: float | None
) -> Iterator[Packet | Gap]:
    """A clip's packets and gaps in decoding order, times in microseconds from its start."""
    timing = Timing(stream.time_base or Fraction(1, 1_000_000), rate)
    for packet in packets(container, stream):
        yield from timing.add(packet)
    yield from timing.end()


def packets(container: InputContainer, stream: VideoStream) -> "Iterator[Compressed | None]":
    """The compressed packets in decoding order; None where a place could not be read.

    Raises what FFmpeg raises when the clip's rest cannot be read at all.
    """
    failures = 0
    while failures < _ATTEMPTS:
        try:
            for packet in demuxed(container, stream):
                if packet.size == 0:
                    continue
                failures = 0
                if packet.is_corrupt or packet.size > MAX_PACKET:
                    yield None
                else:
                    yield packet
        except av.InvalidDataError:
            failures += 1
            yield None
        else:
            return


def demuxed(container: InputContainer, *streams: VideoStream) -> "Iterator[Compressed]":
    """The packets of `streams`, of all where none are named, as FFmpeg reads them.

    A damaged transport stream, or one whose programme changes, can have more streams at its end
    than it was opened with. Those PyAV does not know, and fails to flush: all is read by then.
    """
    with contextlib.suppress(IndexError):
        yield from container.demux(*streams)


@dataclass(slots=True)
class _Held:
    """A packet that waits for its time, or (packet None) the place of one that was broken."""

    packet: "Compressed | None"
    t: int | None = None
    placed: bool = False


class Timing:
    """Packets' times from a clip's start in microseconds, given in decoding order.

    The start is the earliest presentation time. With `rate` the packet that is k-th in order of
    presentation is at k / rate, whatever the container's clock says: the order is learnt from a
    look ahead, so that frames that are sent before they are shown keep their place.
    """

    def __init__(self, time_base: Fraction, rate: float | None) -> None:
        """Times in `time_base` seconds; `rate` as TapSpec.frame_rate."""
        self._scale = float(time_base) * 1_000_000
        self._rate = rate
        self._held: deque[_Held] = deque()
        self._order: list[tuple[int, int, _Held]] = []
        self._bytes = 0
        self._origin: int | None = None
        self._when: int | None = None
        self._rank = 0
        self._serial = 0
        self._latest = 0

    def add(self, packet: "Compressed | None") -> Iterator[Packet | Gap]:
        """Take the next packet (None: a broken one); what is known by now comes out."""
        if packet is None:
            self._held.append(_Held(packet=None, placed=True))
            return self._ready()
        when = packet.pts if packet.pts is not None else packet.dts
        held = _Held(packet=packet)
        self._held.append(held)
        self._bytes += packet.size
        self._serial += 1
        if when is None and self._rate is None:
            held.placed = True  # the container gives no time: neither do we
            return self._ready()
        self._when = self._when if when is None else when
        key = self._serial if self._when is None else self._when
        heapq.heappush(self._order, (key, self._serial, held))
        while self._order and (
            len(self._order) > LOOKAHEAD or self._bytes > HELD or self._is_next(packet.dts)
        ):
            self._place()
        return self._ready()

    def _is_next(self, decoded: int | None) -> bool:
        """Whether no packet after that of decoding time `decoded` can be shown before the first.

        No picture is shown before it is decoded. Where a rate replaces the container's clock, that
        clock is wrong, and decides nothing.
        """
        return self._rate is None and decoded is not None and self._order[0][0] <= decoded

    def end(self) -> Iterator[Packet | Gap]:
        """No more packets come; the rest comes out."""
        while self._order:
            self._place()
        return self._ready()

    def _place(self) -> None:
        when, _, held = heapq.heappop(self._order)
        if self._origin is None:
            self._origin = when
        if self._rate is not None:
            t = self._rank * 1_000_000 / self._rate
        else:
            t = max(0.0, (when - self._origin) * self._scale)
        held.t = round(min(t, LONGEST))
        held.placed = True
        self._rank += 1
        self._bytes -= held.packet.size if held.packet is not None else 0

    def _ready(self) -> Iterator[Packet | Gap]:
        while self._held and self._held[0].placed:
            held = self._held.popleft()
            if held.packet is None:
                yield Gap(dropped=1, t=self._latest, reason="broken")
                continue
            if held.t is not None:
                self._latest = max(self._latest, held.t)
            yield Packet(data=data(held.packet), t=held.t, key=held.packet.is_keyframe)
