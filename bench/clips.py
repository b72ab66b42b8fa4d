"""The clips that benchmarks measure: real content at the size and rate of a street camera, kept.

They are made once, from a public recording where it is at hand and from a rendered scene otherwise,
and lie in a folder of their own under the system's temporary folder.
"""

import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from plainview.synth.camera import mast
from plainview.synth.catalogue import SCENES
from plainview.synth.scene import Scene, render_scene

ROOT = Path(__file__).parents[1]
RECORDING = ROOT.parent / "shared" / "data" / "clips" / "people-one-by-one.mp4"
FOLDER = Path(tempfile.gettempdir()) / "plainview-bench"
RATE = 25
SECONDS = 55
HEAD_SECONDS = 15
"""Length of the clip's first part; the difference of the two is free of start-up."""
BITRATE = {1080: 4_000_000, 360: 800_000}


class BenchClip(NamedTuple):
    """One clip, its first part, and how to measure it."""

    name: str
    video: Path
    head: Path
    camera: Path
    reference_camera: Path
    """The same with `decode = "reference-frames"`."""
    seconds: float
    about: str


def _frames(limit: int) -> Iterator[NDArray[np.uint8]]:
    """Frames (h, w, 3) of the recording, taken as if it had been made at RATE."""
    source = RECORDING
    if not source.is_file():
        scene = FOLDER / f"scene-{limit}"
        source = scene / "video.mp4"
        if not (scene / "scene.json").is_file():  # what is written last
            render_scene(_fallback(), scene, seconds=limit / RATE)
    with av.open(str(source)) as container:
        for k, frame in enumerate(container.decode(video=0)):
            if k == limit:
                return
            yield np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)


def _fallback() -> Scene:
    scene = SCENES["plaza-sunny"]
    return Scene(**{**vars(scene), "frame_rate": float(RATE), "name": "bench"})


def _encode(path: Path, width: int, height: int, seconds: int) -> None:
    part = path.with_suffix(".part.mp4")
    with av.open(str(part), "w") as container:
        options = {"preset": "faster", "profile": "high"}
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate = BITRATE[height]
        stream.codec_context.gop_size = 2 * RATE
        for k, picture in enumerate(_frames(seconds * RATE)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame = frame.reformat(width, height, format="yuv420p", interpolation="BICUBIC")
            frame.pts, frame.time_base = k, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    part.replace(path)


def _camera(path: Path, width: int, height: int, decode: str) -> None:
    projection = mast("bench", at=(0.0, -14.0), towards=(0.0, 0.0)).calibration()
    scaled = projection.scaled(width, height)
    rows = ",\n".join(str(list(row)) for row in scaled.projection)
    path.write_text(
        f'id = "bench"\ndecode = "{decode}"\n\n[calibration]\nimage_size = [{width}, {height}]\n'
        f"projection = [\n{rows},\n]\n\n[area]\npolygon = [[-7, -6], [7, -6], [9, 9], [-9, 9]]\n"
        '\n[[lines]]\nname = "middle"\nfrom = [-7.0, 0.0]\nto = [7.0, 0.0]\n'
    )


def clip(height: int) -> BenchClip:
    """The clip of `height` (1080 or 360) lines at 25 frames/s, made if it is not there yet."""
    width = height * 16 // 9
    FOLDER.mkdir(parents=True, exist_ok=True)
    video = FOLDER / f"{height}p{RATE}-{SECONDS}s.mp4"
    head = FOLDER / f"{height}p{RATE}-{HEAD_SECONDS}s.mp4"
    for path, seconds in ((video, SECONDS), (head, HEAD_SECONDS)):
        if not path.is_file():
            sys.stderr.write(f"making {path.name}\n")
            _encode(path, width, height, seconds)
    camera = FOLDER / f"{height}p-all.toml"
    reference_camera = FOLDER / f"{height}p-reference-frames.toml"
    _camera(camera, width, height, "all")
    _camera(reference_camera, width, height, "reference-frames")
    kind = "people-one-by-one (Intel IoT DevKit, CC BY 4.0)" if RECORDING.is_file() else "rendered"
    with av.open(str(video)) as container:
        length = float((container.duration or 0) / av.time_base)
    rate = video.stat().st_size * 8 / length / 1e6
    about = (
        f"{width}x{height}, {RATE} frames/s, H.264 High with B-frames, {rate:.1f} Mbit/s, {kind}"
    )
    return BenchClip(f"{height}p{RATE}", video, head, camera, reference_camera, length, about)
