"""One connection to a source, in a thread of its own, which alone may wait for the network.

The thread only reads; its owner keeps the time, drops, and decides when a connection is lost.
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import av
from av.container import InputContainer
from av.stream import Stream

from plainview.errors import SourceError
from plainview.vision import clip, sources
from plainview.vision.clip import VideoStream
from plainview.vision.growing import GrowingFile, grows
from plainview.vision.packets import MAX_PACKET, Packet, StreamStart
from plainview.vision.playback import Playback
from plainview.vision.sources import Source
from plainview.vision.spec import TapSpec
from plainview.vision.streamclock import JUMP

FIRST_ANSWER = 5.0
"""Seconds that each step of opening may take at least: a connection is slower than a packet."""
_INVENTED = frozenset({"mpjpeg", "mjpeg", "h264", "hevc", "m4v", "mpegvideo", "image2pipe"})
"""Formats without time stamps: FFmpeg counts frames at a rate of its own."""
_PICTURES = ("h264", "mjpeg")


class Opened(NamedTuple):
    """The connection stands."""

    start: StreamStart
    time_base: float
    own_clock: bool
    scale: float
    """What camera time is to be stretched by."""


class Arrived(NamedTuple):
    """A packet came."""

    data: bytes
    key: bool
    pts: int | None
    dts: int | None
    arrival: float
    """Monotonic seconds."""


class Changed(NamedTuple):
    """The stream goes on in another form."""

    start: StreamStart


class Broken(NamedTuple):
    """A packet came that cannot be used."""

    arrival: float


class Reported(NamedTuple):
    """The camera told its own UTC of time stamp 0, microseconds (RTCP sender report)."""

    realtime: int


class Closed(NamedTuple):
    """The connection ended. None: the file came to its end, which is no failure."""

    error: SourceError | None


Item = Opened | Arrived | Changed | Broken | Reported | Closed


class Pace:
    """Lets packets that come in pieces of several seconds (HLS) go at their own pace."""

    MOST = 30.0
    """Seconds of waiting for one packet that no playlist explains."""

    def __init__(self) -> None:
        """No packet has come yet."""
        self._begun: float | None = None

    def wait(self, packet: "av.Packet[Stream]", now: float) -> float:
        """Seconds to wait with `packet`, which came at `now`."""
        if packet.dts is None or packet.time_base is None:
            return 0.0
        moment = float(packet.dts * packet.time_base)
        if self._begun is None or not -JUMP <= self._begun + moment - now <= self.MOST:
            self._begun = now - moment  # the first one, a jump of its clock, or we fell behind
        return max(0.0, self._begun + moment - now)


class Feed:
    """Owns the connection's thread and what it brought; `wake` is an eventfd it signals."""

    def __init__(self, spec: TapSpec, source: Source, wake: int, descriptor: int | None) -> None:
        """Start connecting at once. `descriptor` is the open file where the source is one."""
        self._spec = spec
        self._source = source
        self._wake = wake
        self._descriptor = descriptor
        self._items: deque[Item] = deque()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._thread.start()

    def items(self) -> Iterator[Item]:
        """What came since the last call."""
        while self._items:
            yield self._items.popleft()

    def cancel(self) -> None:
        """Bring nothing more; the connection closes as soon as FFmpeg lets go of it."""
        self._cancelled.set()

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def _put(self, item: Item) -> None:
        if not self._cancelled.is_set():
            self._items.append(item)
            os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        try:
            if self._source.kind == "file":
                self._play()
            else:
                self._receive()
        except SourceError as error:
            self._put(Closed(error))
        except sources.FAILURES as error:
            self._put(Closed(sources.failure(error, self._source)))
        else:
            self._put(Closed(None))

    def _receive(self) -> None:
        answer = max(FIRST_ANSWER, self._spec.stall)
        waits = (answer, self._spec.stall)
        with _connected(self._source, waits) as container:
            stream = clip.video(container, self._source)
            self._put(
                Opened(
                    start=clip.start(stream, self._source),
                    time_base=float(stream.time_base or 1e-6),
                    own_clock=container.format.name not in _INVENTED,
                    scale=_scale(stream, self._spec.frame_rate),
                )
            )
            told = False
            pace = Pace() if container.format.name.startswith("hls") else None
            for packet in clip.demuxed(container):
                if self._cancelled.is_set():
                    return
                if packet.stream_index != stream.index or packet.size == 0:
                    continue
                if pace is not None and self._cancelled.wait(pace.wait(packet, time.monotonic())):
                    return
                self._take(packet, stream, time.monotonic())
                realtime = None if told else container.start_time_realtime
                if realtime is not None:
                    told = True
                    self._put(Reported(realtime))
        raise EOFError

    def _take(self, packet: "av.Packet[Stream]", stream: VideoStream, arrival: float) -> None:
        if packet.is_corrupt or packet.size > MAX_PACKET:
            self._put(Broken(arrival))
            return
        if packet.has_sidedata("new_extradata"):
            extradata = bytes(packet.get_sidedata("new_extradata"))
            self._put(Changed(clip.start(stream, self._source, extradata)))
        data = clip.data(packet)
        self._put(Arrived(data, packet.is_keyframe, packet.pts, packet.dts, arrival))

    def _play(self) -> None:
        """Play the file at its own pace, over and over where it loops, time going on."""
        began = self._spec.began
        playback = Playback(time.monotonic() if began is None else began)
        opened = False
        while True:
            growing = self._growing()
            with clip.opened(self._source, self._descriptor, growing) as container:
                stream = clip.video(container, self._source)
                if not opened:
                    start = clip.start(stream, self._source)
                    self._put(Opened(start, time_base=1e-6, own_clock=True, scale=1.0))
                    opened = True
                if growing is not None:
                    growing.wait = True
                for message in clip.messages(container, stream, self._spec.frame_rate):
                    now = time.monotonic()
                    if not isinstance(message, Packet):
                        self._put(Broken(now))
                        continue
                    waited = 0.0 if growing is None else growing.waited
                    place = playback.place(message.t, key=message.key, waited=waited, now=now)
                    if place is None:
                        continue
                    if self._cancelled.wait(place[1]):
                        return
                    arrival = time.monotonic()
                    self._put(Arrived(message.data, message.key, place[0], None, arrival))
            if not playback.over(time.monotonic()):
                raise SourceError("holds no pictures", where=self._source.name, mend="Give a video")
            if not self._spec.loop:
                return

    def _growing(self) -> GrowingFile | None:
        """The file to play where somebody still writes it."""
        if self._descriptor is None or not grows(self._descriptor):
            return None
        return GrowingFile(self._descriptor, self._cancelled)


@contextlib.contextmanager
def _connected(source: Source, waits: tuple[float, float]) -> Iterator[InputContainer]:
    if source.kind != "device":
        with sources.connect(source.address, source, source.options, waits) as container:
            yield container
        return
    refused: SourceError | None = None
    for form in _PICTURES:
        options = source.options | {"input_format": form}
        with contextlib.ExitStack() as stack:
            try:
                container = stack.enter_context(
                    sources.connect(source.address, source, options, waits)
                )
            except SourceError as error:
                refused = error
                continue
            yield container
            return
    raise refused or SourceError("gives no pictures", where=source.name)


def _scale(stream: VideoStream, rate: float | None) -> float:
    """How far to stretch camera time so that the stream's nominal rate becomes `rate`."""
    nominal = stream.average_rate or stream.base_rate
    return float(nominal) / rate if rate is not None and nominal else 1.0
