"""Makes a released film: packets in, an MP4 out, everybody obscured but where a person drew.

Started by `fleet.release` as `python -m plainview.vision.redact CPU_SECONDS`. Standard input holds,
framed as a tap's pipe is, a `Job` and then the recording's messages; standard output the film,
fragmented, as it comes; standard error at the end one line of JSON (`Told`), or one on what is
wrong. Before it reads anything, it seals itself as a lens does: what falls to a hostile packet has
pictures and nowhere to take them but into a film that is counted and bounded.
"""

import os
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
import av.logging
import cv2
import msgspec
import numpy as np
from av import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from plainview.errors import UNDECODED, LensError, PlainviewError, SourceError
from plainview.vision import packets, seal
from plainview.vision.decoder import Decoder
from plainview.vision.packets import HEADER, Packet, StreamEnd, StreamStart
from plainview.vision.redact_job import Job, Told
from plainview.vision.redact_mark import Mark
from plainview.vision.redact_picture import Obscurer, Plane

ADDRESS_SPACE: Final = 3_000_000_000
_TICK: Final = Fraction(1, 90_000)
_MUX: Final = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
_ENCODE: Final = {
    "preset": "veryfast",
    "crf": "21",
    "tune": "zerolatency",
    "x264-params": "scenecut=0",
}
_MOST_SIDE: Final = 8192


class _Out:
    """The film's way out: written as it comes, never sought in."""

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while view:
            view = view[os.write(1, view) :]
        return len(data)


class _Film:
    """Owns the encoder; begun with the first picture."""

    def __init__(self, job: Job, out: object) -> None:
        self._job = job
        self._out = out
        self._container: av.container.OutputContainer | None = None
        self._last_tick = -1
        self.frames = self.first = self.last = 0

    def _begin(self, width: int, height: int) -> None:
        job = self._job
        self._size = (width & ~1, height & ~1)
        self._container = av.open(self._out, "w", format="mp4", options=_MUX)
        stream = self._container.add_stream("libx264", rate=25)
        if not isinstance(stream, VideoStream):
            raise TypeError(stream)
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = _TICK
        stream.codec_context.gop_size = 50
        stream.codec_context.thread_count = 1
        stream.options = dict(_ENCODE)
        self._video = stream
        self._obscurer = Obscurer(self._size, job.tracks, job.visible) if job.redacted else None
        self._mark = Mark(self._size, job.text, ruler=job.redacted and not job.tracks)

    def add(self, frame: VideoFrame, t: int) -> None:
        """Take the picture at `t`; a time that does not grow is left out."""
        tick = (t - self._job.since) * 9 // 100
        if tick <= self._last_tick:
            return
        if self._container is None:
            if (
                not 16
                <= min(frame.width, frame.height)
                <= max(frame.width, frame.height)
                <= _MOST_SIDE
            ):
                raise SourceError("pictures of a size that no film has")
            self._begin(frame.width, frame.height)
        planes = _planes(frame)
        if self._obscurer is not None:
            planes = self._obscurer.obscure(planes, t)
        planes = _fitted(planes, self._size)
        self._mark.draw(planes, t, camera=self._job.camera)
        self._write(planes, tick)
        self._last_tick = tick
        self.first = self.first or t
        self.last = t
        self.frames += 1

    def _write(self, planes: tuple[Plane, Plane, Plane], tick: int) -> None:
        width, height = self._size
        flat = np.concatenate([plane.reshape(-1) for plane in planes])
        picture = VideoFrame.from_ndarray(flat.reshape(height * 3 // 2, width), format="yuv420p")
        picture.pts, picture.time_base = tick, _TICK
        assert self._container is not None  # noqa: S101 - begun by `add`
        self._container.mux(self._video.encode(picture))

    def close(self) -> None:
        """End the film."""
        if self._container is not None:
            self._container.mux(self._video.encode(None))
            self._container.close()


def _planes(frame: VideoFrame) -> tuple[Plane, Plane, Plane]:
    """Luma and chroma of `frame`, each of even size, as copies."""
    same = frame.format.name in {"yuv420p", "yuvj420p"}
    flat = frame if same else frame.reformat(format="yuv420p", threads=1)
    width, height = frame.width & ~1, frame.height & ~1

    def rows(number: int, wide: int, high: int) -> Plane:
        plane = flat.planes[number]
        if plane.line_size <= 0:
            raise LensError("a frame that is stored bottom-up")
        whole: NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8)
        return whole.reshape(-1, plane.line_size)[:high, :wide].copy()

    half = (width // 2, height // 2)
    return rows(0, width, height), rows(1, *half), rows(2, *half)


def _fitted(
    planes: tuple[Plane, Plane, Plane], size: tuple[int, int]
) -> tuple[Plane, Plane, Plane]:
    """The planes in the film's size: a camera that was set up anew may send another one."""
    luma, one, other = planes
    if luma.shape == size[::-1]:
        return planes
    half = (size[0] // 2, size[1] // 2)
    scaled = (cv2.resize(luma, size), cv2.resize(one, half), cv2.resize(other, half))
    return tuple(np.asarray(plane, np.uint8) for plane in scaled)  # type: ignore[return-value]  # three of three


def _read(count: int) -> bytes:
    parts, left = [], count
    while left:
        data = os.read(0, min(left, 1 << 20))
        if not data:
            break
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def _bodies() -> Iterator[bytes]:
    while len(header := _read(HEADER.size)) == HEADER.size:
        size = packets.length(header)
        body = _read(size)
        if len(body) < size:
            return
        yield body


def run(job: Job, bodies: Iterator[bytes], film: _Film) -> int:
    """Decode what comes, and show what is asked for; the packets that were broken."""
    decoder: Decoder | None = None
    start: StreamStart | None = None
    broken = 0

    def take(frames: list[VideoFrame]) -> bool:
        for frame in frames:
            if frame.pts is not None and job.since <= frame.pts < job.until:
                film.add(frame, frame.pts)
        return bool(frames) and (frames[-1].pts or 0) >= job.until

    for body in bodies:
        message = packets.parse(body)
        if isinstance(message, StreamEnd):
            break
        if isinstance(message, StreamStart) and message != start:
            if decoder is not None:
                take(decoder.flush())
                broken += decoder.broken
            decoder, start = Decoder(message, reference_only=False), message
        elif isinstance(message, Packet) and decoder is not None and take(decoder.decode(message)):
            return broken + decoder.broken
    if decoder is not None:
        take(decoder.flush())
        broken += decoder.broken
    return broken


class _Nowhere:
    def write(self, data: bytes) -> int:
        return len(data)


def _warm() -> None:
    """Load what is loaded at the first use: no library can be opened behind the seal."""
    film = _Film(Job("", "warm", 0, 10, redacted=True, visible=0.0), _Nowhere())
    for k in range(2):
        picture = VideoFrame.from_ndarray(np.zeros((64, 64), np.uint8), format="gray")
        film.add(picture, 1 + 40_000 * k)
    film.close()


def main(arguments: list[str]) -> int:
    """Make the film that standard input asks for; the exit code."""
    try:
        cv2.setNumThreads(1)
        av.logging.set_level(None)
        _warm()
        seal.close_all_but({0, 1, 2})
        report = seal.seal(address_space=ADDRESS_SPACE, cpu_seconds=int(arguments[0]))
        bodies = _bodies()
        job = msgspec.json.decode(next(bodies, b""), type=Job)
        film = _Film(job, _Out())
        broken = run(job, bodies, film)
        film.close()
        told = Told(film.frames, film.first, film.last, broken, report.sealed, report.missing)
        os.write(2, msgspec.json.encode(told) + b"\n")
    except (PlainviewError, *UNDECODED, av.error.FFmpegError) as error:
        os.write(2, f"{error}\n".encode()[:400])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
