"""The real recording in other depths, sizes, containers and clocks, for recoded.py.

Its own clock is wrong (10 frames a second are written where 7 were taken), so each form gets the
right one, and is measured by that: what a file says of time is on trial here as well.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

RATE = 7.0
"""Frames per second at which it was taken, and its truth is told."""
Frame = NDArray[np.uint8]
"""(h, w, 3) red, green, blue."""
Seen = Callable[[Frame, int, float], Frame]
"""A frame, its number and its time in seconds: the frame as it is seen."""
Pairs = tuple[tuple[str, str], ...]
_QUIET = (("preset", "veryfast"), ("x265-params", "log-level=none"))
_LEFT_OUT = np.random.default_rng(0).random(2000) < 0.4
_LATE = np.random.default_rng(1).uniform(-0.06, 0.06, 2000)
_WRAP = 2**33 / 90_000
"""Seconds after which a transport stream's clock begins anew."""
_INTERLACED = 1 << 18 | 1 << 29
"""FFmpeg's flags for frames that are coded as two fields."""


class Shape(NamedTuple):
    """A form of a film."""

    name: str
    codec: str = "libx264"
    pixels: str = "yuv420p"
    suffix: str = ".mkv"
    sizes: tuple[tuple[int, int], ...] = ((480, 360),)
    """One after the other, each for the same number of frames, as files that are joined."""
    options: Pairs = ()
    """Of the coder."""
    container: Pairs = ()
    """Options of the file."""
    flags: int = 0
    time: Callable[[int], float] = lambda k: k / RATE
    """Seconds at which frame k is shown."""
    left_out: Callable[[int], bool] = lambda _: False
    seen: Seen | None = None
    """What is shown in place of frame k, where it is not the same (sights.py)."""


SHAPES = (
    Shape("H.265, 10 bit", "libx265", "yuv420p10le", options=_QUIET),
    Shape("H.264, 4:2:2, 10 bit", pixels="yuv422p10le"),
    Shape("H.264, grey", pixels="gray"),
    Shape("H.264, interlaced", flags=_INTERLACED),
    Shape(
        "VP9", "libvpx-vp9", suffix=".webm", options=(("deadline", "realtime"), ("cpu-used", "8"))
    ),
    Shape("AV1", "libsvtav1", options=(("preset", "10"),)),
    Shape("ProRes", "prores_ks", "yuv422p10le", ".mov"),
    Shape("FFV1", "ffv1"),
    Shape("Windows Media", "wmv2", suffix=".asf"),
    Shape("twice as large", sizes=((960, 720),)),
    Shape("half as large", sizes=((240, 180),)),
    Shape("squeezed to 352 x 360", sizes=((352, 360),)),
    Shape("of 767 x 575 pixels", pixels="yuv444p", sizes=((767, 575),)),
    Shape("another size midway", suffix=".ts", sizes=((480, 360), (640, 480))),
    Shape("two frames of five left out", left_out=lambda k: bool(_LEFT_OUT[k])),
    Shape("times that jitter by 60 ms", time=lambda k: k / RATE + float(_LATE[k])),
    Shape("a clock that begins at 10⁶ s", time=lambda k: k / RATE + 1e6),
    Shape("a clock that wraps", suffix=".ts", time=lambda k: k / RATE + _WRAP - 50),
    Shape("in fragments", suffix=".mp4", container=(("movflags", "frag_keyframe+empty_moov"),)),
    Shape("one key frame in all", options=(("g", "6000"), ("x264-params", "scenecut=0"))),
)


def believing(camera: Path, folder: Path) -> Path:
    """`camera` without its own frame rate, in `folder`: the file's clock is believed."""
    lines = camera.read_text("utf-8").splitlines(keepends=True)
    path = folder / "camera.toml"
    path.write_text("".join(one for one in lines if not one.startswith("frame_rate")), "utf-8")
    return path


def made(source: Path, shape: Shape, folder: Path) -> Path:
    """`source` in another `shape`, in `folder`."""
    with av.open(str(source)) as film:
        last = film.streams.video[0].frames
    cuts = [round(k * last / len(shape.sizes)) for k in range(len(shape.sizes) + 1)]
    parts = [
        _part(source, shape, size, (cuts[k], cuts[k + 1]), folder / f"{k}{shape.suffix}")
        for k, size in enumerate(shape.sizes)
    ]
    path = folder / f"video{shape.suffix}"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def _part(
    source: Path, shape: Shape, size: tuple[int, int], frames: tuple[int, int], path: Path
) -> Path:
    """Those `frames` (from, until) of `source`, `size` pixels large, at `path`."""
    # Times in 90 kHz, but where a form counts milliseconds or knows no clock but its own.
    base = Fraction(1, 1000) if shape.suffix in {".mkv", ".webm", ".asf"} else Fraction(1, 90_000)
    with (
        av.open(str(source)) as film,
        av.open(str(path), "w", options=dict(shape.container)) as out,
    ):
        stream = out.add_stream(shape.codec, rate=round(RATE), options=dict(shape.options))
        assert isinstance(stream, av.video.stream.VideoStream)  # noqa: S101 - all of these are
        stream.width, stream.height = size
        stream.pix_fmt = shape.pixels
        stream.bit_rate = 2_000_000
        stream.time_base = stream.codec_context.time_base = base
        stream.codec_context.flags |= shape.flags
        for k, frame in enumerate(film.decode(video=0)):
            if not frames[0] <= k < frames[1] or shape.left_out(k):
                continue
            picture = _shown(frame, shape, k).reformat(*size, format=shape.pixels)
            picture.pts, picture.time_base = round(shape.time(k) / base), base
            picture.pict_type = av.video.frame.PictureType.NONE
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


def _shown(frame: av.VideoFrame, shape: Shape, k: int) -> av.VideoFrame:
    """`frame`, which is the kth, as it is seen in that `shape`."""
    if shape.seen is None:
        return frame
    rgb = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    seen = shape.seen(rgb, k, k / RATE)
    return av.VideoFrame.from_ndarray(seen, format="rgb24")
