"""Makes video: frames in, a compressed file or stream out. For rendered scenes and for tests."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from plainview.errors import InputError, PlainviewError

Frame = NDArray[np.uint8]
"""(h, w) luma, or (h, w, 3) red, green, blue."""

_ENCODERS = {
    "h264": "libx264",
    "hevc": "libx265",
    "mjpeg": "mjpeg",
    "mpeg4": "mpeg4",
    "mpeg2": "mpeg2video",
    "vp8": "libvpx",
    "ffv1": "ffv1",
}
_AUDIO_RATE = 8000


class Encoder:
    """Writes one video. Owns its file until `close`; use it as a context manager.

    Args:
        path: the file, its suffix telling the container (.mp4, .mkv, .ts, .avi, .h264), or an open
            binary file, for which `container` must be given.
        width: pixels of each frame. Even, except for ffv1.
        height: pixels of each frame. Even, except for ffv1.
        frame_rate: frames per second; frame k is at k / frame_rate unless `write` is told when.
        codec: h264, hevc, mjpeg, mpeg4, mpeg2, vp8 or ffv1 (lossless).
        bitrate: bits per second; None for constant quality.
        crf: constant quality of h264 and hevc where no bitrate is given: 18 fine, 28 coarse.
        gop: frames from one key frame to the next; None for two seconds.
        b_frames: frames between references that no other frame needs.
        audio: whether a silent audio stream goes along.
        preset: speed of h264 and hevc.
        container: FFmpeg's name of the container where the path does not tell it.
        flush: whether each frame is in the file when `write` returns (.ts, .h264), so that it can
            be read while it grows.

    Raises InputError for sizes, rates, codecs and containers that cannot be, PlainviewError for a
    file that cannot be written.
    """

    def __init__(  # noqa: PLR0913 - the knobs of a real encoder, all but four with a default
        self,
        path: Path | str | IO[bytes],
        width: int,
        height: int,
        frame_rate: float,
        *,
        codec: str = "h264",
        bitrate: int | None = None,
        crf: float = 23,
        gop: int | None = None,
        b_frames: int = 0,
        audio: bool = False,
        preset: str = "veryfast",
        container: str | None = None,
        flush: bool = False,
    ) -> None:
        """Open the file and its streams. Nothing is encoded yet."""
        _check(width, height, frame_rate, codec)
        self._size = (height, width)
        rate = Fraction(frame_rate).limit_denominator(60_000)
        target = str(path) if isinstance(path, (Path, str)) else path
        self._where = target if isinstance(target, str) else "the stream"
        try:
            self._container: OutputContainer = av.open(
                target, "w", format=container, options={"flush_packets": "1"} if flush else {}
            )
        except ValueError as error:  # PyAV's word for a container that it cannot tell
            raise InputError(
                "cannot tell the kind of video to write",
                where=self._where,
                mend="Use a name ending in .mp4, .mkv, .ts or .avi",
            ) from error
        except OSError as error:
            raise self._unwritable(error) from error
        video = self._container.add_stream(_ENCODERS[codec], rate=rate)
        if not isinstance(video, VideoStream):  # the table above holds video codecs only
            raise TypeError(codec)
        self._video = video
        video.width, video.height = width, height
        video.pix_fmt = {"mjpeg": "yuvj420p", "ffv1": "yuv444p"}.get(codec, "yuv420p")
        # The MPEG codecs and AVI know a frame's number only; the others a time of their own.
        counted = codec in ("mpeg4", "mpeg2", "mjpeg") or self._container.format.name == "avi"
        self._base = 1 / rate if counted else Fraction(1, 90_000)
        video.time_base = video.codec_context.time_base = self._base
        video.codec_context.gop_size = gop or max(1, round(2 * frame_rate))
        video.codec_context.max_b_frames = b_frames
        video.codec_context.thread_count = 1
        if bitrate is not None:
            video.bit_rate = bitrate
        if codec in ("h264", "hevc"):
            options: dict[str, object] = {"preset": preset}
            if bitrate is None:
                options["crf"] = f"{crf:g}"
            if codec == "hevc":
                options["x265-params"] = f"log-level=none:bframes={b_frames}"
            else:
                # Key frames and B-frames as asked for, not where the encoder finds them due.
                options["x264-params"] = "b-adapt=0:scenecut=0"
                if b_frames == 0:
                    options["tune"] = "zerolatency"
            video.options = options
        elif bitrate is None and codec not in ("ffv1", "vp8"):
            video.options = {"qscale": "4"}
            video.bit_rate = width * height * 3
        self._rate = rate
        self._index = 0
        self._audio = self._add_audio() if audio else None
        self._audio_done = 0

    def _add_audio(self) -> AudioStream:
        stream = self._container.add_stream("aac", rate=_AUDIO_RATE)
        if not isinstance(stream, AudioStream):  # aac is audio
            raise TypeError(stream)
        stream.layout = "mono"
        return stream

    def write(self, frame: Frame, *, t: float | None = None) -> None:
        """Encode `frame`, (h, w) luma or (h, w, 3) RGB, to be shown at `t` seconds.

        `t` must grow from frame to frame; None continues at the frame rate. AVI and the MPEG codecs
        round it to whole frames. Raises InputError for another size than the encoder's.
        """
        if frame.shape[:2] != self._size or frame.ndim not in (2, 3):
            raise InputError(
                f"a frame of shape {frame.shape}, not {self._size}", mend="Keep one size in a video"
            )
        kind = "gray" if frame.ndim == 2 else "rgb24"
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format=kind)
        seconds = self._index / self._rate if t is None else Fraction(t)
        picture.pts = round(seconds / self._base)
        picture.time_base = self._base
        try:
            self._container.mux(self._video.encode(picture))
        except OSError as error:
            raise self._unwritable(error) from error
        self._index += 1
        if self._audio is not None:
            self._silence(float(seconds))

    def _unwritable(self, error: OSError) -> PlainviewError:
        return PlainviewError(
            f"cannot write a video ({error.strerror or error})",
            where=self._where,
            mend="Name a writable place with room, ending in .mp4, .mkv, .ts or .avi",
        )

    def _silence(self, until: float) -> None:
        stream = self._audio
        if stream is None:
            return
        while self._audio_done < until * _AUDIO_RATE:
            quiet = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono"
            )
            quiet.sample_rate = _AUDIO_RATE
            quiet.pts = self._audio_done
            self._container.mux(stream.encode(quiet))
            self._audio_done += 1024

    def close(self) -> None:
        """Flush what is buffered and finish the file. When this returns, the file is whole."""
        try:
            if self._index:
                self._container.mux(self._video.encode(None))
                if self._audio is not None:
                    self._container.mux(self._audio.encode(None))
            self._container.close()
        except OSError as error:
            raise self._unwritable(error) from error

    def __enter__(self) -> Self:
        """The encoder itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file, also after an error, so that what was written can be read."""
        self.close()


def _check(width: int, height: int, frame_rate: float, codec: str) -> None:
    if codec not in _ENCODERS:
        raise InputError(f"no encoder for '{codec}'", mend=f"Use one of {', '.join(_ENCODERS)}")
    even = codec == "ffv1" or (width % 2 == 0 and height % 2 == 0)
    if not (16 <= width <= 8192 and 16 <= height <= 8192 and even):
        raise InputError(
            f"a video of {width} x {height} pixels cannot be encoded",
            mend="Use even sizes from 16 to 8192",
        )
    if not 0.05 <= frame_rate <= 1000:
        raise InputError(
            f"a frame rate of {frame_rate:g} cannot be encoded", mend="Use 0.05 to 1000"
        )


def encode_clip(
    frames: Iterable[Frame], path: Path | str, frame_rate: float, **options: object
) -> int:
    """Encode all `frames` into `path`; the number written. `options` are those of `Encoder`.

    Raises InputError where there is no frame, and as `Encoder` does.
    """
    encoder: Encoder | None = None
    written = 0
    try:
        for frame in frames:
            if encoder is None:
                height, width = frame.shape[:2]
                encoder = Encoder(path, width, height, frame_rate, **options)  # type: ignore[arg-type]
            encoder.write(frame)
            written += 1
    finally:
        if encoder is not None:
            encoder.close()
    if encoder is None:
        raise InputError("there is no frame to encode", where=str(path), mend="Give at least one")
    return written
