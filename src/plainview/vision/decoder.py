"""Compressed packets in, luma planes out: one decoder on one thread, without a needless copy."""

import heapq
from fractions import Fraction

import av
import numpy as np
from av.codec import Codec
from av.error import FFmpegError
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from plainview.errors import LensError
from plainview.vision.packets import Packet, StreamStart

Luma = NDArray[np.uint8]
"""(h, w) brightness as the camera coded it; a view into the decoder's frame."""

_PROVING = 48
"""Packets decoded whole before any is skipped: enough to see whether times are in order."""
_REORDER = 16
"""Frames that H.264 and H.265 may hold back (max_dec_frame_buffering)."""
_HEALS = 300
"""Packets after a broken one from which frames are believed without a whole picture since: twelve
seconds at 25 a second. Cameras send one every few seconds, or refresh a picture strip by strip."""
_MICROSECONDS = Fraction(1, 1_000_000)
_EIGHT_BIT = frozenset(
    f"{kind}{layout}p"
    for kind in ("yuv", "yuvj", "yuva")
    for layout in ("410", "411", "420", "422", "440", "444")
) | frozenset(("gray", "nv12", "nv21", "nv16", "nv24"))
"""Planar or semi-planar formats whose first plane is eight-bit luma."""
_PLANAR_420 = frozenset(("yuv420p", "yuvj420p", "yuva420p"))
_DEEPER = {
    f"{name}{depth}le": depth - 8
    for depth in (9, 10, 12, 14, 16)
    for name in ("yuv420p", "yuv422p", "yuv444p", "gray")
} | {"p010le": 8, "p012le": 8, "p016le": 8, "p210le": 8, "p410le": 8}
"""Formats of 16-bit words, with the bits to drop. The p0 family is aligned to the high bits."""


def luma(frame: VideoFrame) -> Luma:
    """The luma plane (h, w) of `frame`, uint8.

    A view that is valid as long as it is held; only deeper than eight bits, packed and RGB formats
    are copied. Raises LensError for a frame that cannot be brought to luma.
    """
    name = frame.format.name
    try:
        if name in _DEEPER:
            words: NDArray[np.uint16] = _rows(frame).view("<u2")[:, : frame.width]
            return np.right_shift(words, _DEEPER[name]).astype(np.uint8)
        flat = frame if name in _EIGHT_BIT else frame.reformat(format="gray", threads=1)
        return _rows(flat)[:, : frame.width]
    except (FFmpegError, ValueError, OSError, MemoryError) as error:
        raise LensError(f"a frame of format {name} cannot be read") from error


def chroma(frame: VideoFrame) -> tuple[Luma, Luma]:
    """Cb and Cr of `frame`, (h/2, w/2) uint8 each, valid as long as they are held.

    Views where the frame is 4:2:0 planar, as nearly every camera's is; else converted. Raises
    LensError for a frame that cannot be.
    """
    try:
        same = frame.format.name in _PLANAR_420
        flat = frame if same else frame.reformat(format="yuv420p", threads=1)
        width, height = -(-frame.width // 2), -(-frame.height // 2)
        cb, cr = (_rows(flat, k)[:height, :width] for k in (1, 2))
    except (FFmpegError, ValueError, OSError, MemoryError) as error:
        raise LensError(f"a frame of format {frame.format.name} has no colour to read") from error
    return cb, cr


def _rows(frame: VideoFrame, number: int = 0) -> Luma:
    """A plane's bytes (h, line size), with the padding of its lines."""
    plane = frame.planes[number]
    if plane.line_size < 0:
        raise LensError("a frame that is stored bottom-up")
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height]


class Decoder:
    """Owns one FFmpeg decoder. Never raises for what is in a packet: it counts it as broken."""

    def __init__(self, start: StreamStart, *, reference_only: bool) -> None:
        """Make the decoder for a stream. Raises LensError if there is none for its codec."""
        try:
            context = Codec(start.codec, "r").create("video")
            if start.extradata:
                context.extradata = start.extradata
            if isinstance(context, VideoCodecContext) and start.width and start.height:
                # Some forms (FFV1, Windows Media) leave their pictures' size to the container.
                context.width, context.height = start.width, start.height
        except (FFmpegError, ValueError, TypeError) as error:
            raise LensError(f"there is no video decoder for {start.codec!r}") from error
        if not isinstance(context, VideoCodecContext):
            raise LensError(f"{start.codec!r} is not a video codec")
        # One thread: a sealed process cannot start another, and cameras fill the cores.
        context.thread_count = 1
        context.thread_type = "NONE"
        self._context = context
        self._reference_only = reference_only
        self._skipping = False
        self.broken = 0
        """Packets and frames that could not be decoded whole; the owner may reset it."""
        self._spoilt: int | None = None
        # Some files give every packet its decoding time for a presentation time. Frames still come
        # out in the order of presentation, with those times shuffled among them.
        self._sent = 0
        self._shown = 0
        self._times: list[int] = []
        self._last: int | None = None
        self._shuffled = False

    def _skip(self, skip: bool) -> None:  # noqa: FBT001 - a private switch
        if skip != self._skipping:
            self._context.skip_frame = "NONREF" if skip else "DEFAULT"
            self._skipping = skip

    def decode(self, packet: Packet, *, needed: bool = True) -> list[VideoFrame]:
        """The frames that `packet` completes, in presentation order; `pts` is `Packet.t`.

        A packet that is not `needed` is decoded only if other frames refer to it.
        """
        proven = self._sent >= _PROVING and not self._shuffled
        self._skip(self._reference_only or (not needed and proven))
        self._sent += 1
        if packet.t is not None and not proven and not self._reference_only:
            heapq.heappush(self._times, packet.t)
        # A packet of FFmpeg's own: its buffer has the zeroed padding that decoders read into.
        compressed = av.Packet(len(packet.data))
        if packet.data:
            compressed.update(packet.data)
        compressed.pts = packet.t
        compressed.time_base = _MICROSECONDS
        compressed.is_keyframe = packet.key
        return self._take(compressed)

    @property
    def spoilt(self) -> bool:
        """Whether what comes is built on what was broken."""
        return self._spoilt is not None

    def spoil(self) -> None:
        """A packet before the next is missing: what is built on it shows what nobody saw.

        Frames are broken until one comes that is whole by itself.
        """
        self._spoilt = self._sent

    def flush(self) -> list[VideoFrame]:
        """The frames still held back for reordering. The decoder takes nothing after this."""
        return self._take(None)

    def _take(self, compressed: "av.Packet[Stream] | None") -> list[VideoFrame]:
        try:
            frames = self._context.decode(compressed)
        except (FFmpegError, ValueError, OSError, MemoryError):
            # MemoryError: FFmpeg's, for an absurd size within the address-space limit.
            self.broken += 1
            self.spoil()
            return []
        whole = [frame for frame in frames if self._is_whole(frame)]
        self.broken += len(frames) - len(whole)
        for frame in whole:
            self._settle(frame)
        return whole

    def _is_whole(self, frame: VideoFrame) -> bool:
        """Whether `frame` shows what the camera saw: neither broken nor built on what was."""
        if frame.is_corrupt:
            self.spoil()
        elif frame.key_frame or (self._spoilt is not None and self._sent - self._spoilt > _HEALS):
            self._spoilt = None
        return self._spoilt is None

    def _settle(self, frame: VideoFrame) -> None:
        """Give `frame` its own time where the stream's times turn out to be shuffled."""
        t, last = frame.pts, self._last
        self._shown += 1
        if self._reference_only or (self._sent > _PROVING and not self._shuffled):
            self._times.clear()
            return
        if not self._shuffled and t is not None and last is not None and t < last:
            self._shuffled = True
            for _ in range(min(self._shown - 1, len(self._times))):
                heapq.heappop(self._times)
        self._last = t
        if self._shuffled and self._times:
            frame.pts = heapq.heappop(self._times)
            # Packets that gave no frame leave their times behind; reordering needs at most 16.
            while len(self._times) > _REORDER:
                heapq.heappop(self._times)
