"""The clips that benchmarks measure: real people at the size and rate of a street camera, kept.

They are made once, from the public recording where it is at hand and from a rendered scene
otherwise, and lie in a folder of their own under the system's temporary folder. Frames are enlarged
and held to the camera's rate, people walk at their real speed, and each frame gets sensor noise of
its own, so that an encoder has as much to tell as with a real camera.
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

from plainview.config import load_camera
from plainview.errors import InputError
from plainview.geometry import View
from plainview.synth.catalogue import SCENES
from plainview.synth.scene import render_scene

ROOT = Path(__file__).parents[1]
RECORDING = ROOT.parent / "shared" / "data" / "pets2009-s2l1"
FOLDER = Path(tempfile.gettempdir()) / "plainview-bench"
RATE = 25
SECONDS = 55
HEAD_SECONDS = 15
"""Length of the clip's first part; the difference of the two is free of start-up."""
BITRATE = {1080: 4_000_000, 360: 800_000}
NOISE = 1.5
"""Grey levels, standard deviation."""


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


class Source(NamedTuple):
    """What a clip is made from."""

    video: Path
    camera: Path
    rate: float
    """Its true frames/s."""


def _source() -> Source:
    """Of the bench's own clips."""
    if (RECORDING / "video.mp4").is_file():
        camera = RECORDING / "camera.toml"
        return Source(RECORDING / "video.mp4", camera, load_camera(camera).frame_rate or RATE)
    scene = SCENES["plaza-sunny"]
    folder = FOLDER / scene.name
    if not (folder / "scene.json").is_file():  # what is written last
        sys.stderr.write(f"rendering {scene.name}\n")
        render_scene(scene, folder, seconds=SECONDS + 1)
    return Source(folder / "video.mp4", folder / "camera.toml", scene.frame_rate)


def _crop(view: View) -> tuple[int, int]:
    """First row and number of rows of the widest 16:9 part in the middle of the picture."""
    width, height = view.calibration.image_size
    rows = min(width * 9 // 16, height)
    return (height - rows) // 2, rows


def _frames(source: Source, width: int, height: int, seconds: float) -> Iterator[av.VideoFrame]:
    """Frames at RATE: the source's, cropped to 16:9, enlarged, each with its own noise."""
    video, camera, rate = source
    first, rows = _crop(load_camera(camera).view)
    random = np.random.default_rng(1)
    noise = random.normal(0, NOISE, (16, height, width)).astype(np.int8)
    wanted = 0
    with av.open(str(video)) as container:
        for k, frame in enumerate(container.decode(video=0)):
            luma = np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8)[first : first + rows]
            large = av.VideoFrame.from_ndarray(np.ascontiguousarray(luma), format="gray").reformat(
                width, height, format="gray", interpolation="BICUBIC"
            )
            picture = np.asarray(large.to_ndarray(), dtype=np.int16)
            while wanted < min((k + 1) / rate, seconds) * RATE:
                yield _noisy(picture + noise[random.integers(len(noise))])
                wanted += 1
            if wanted >= seconds * RATE:
                return


def _noisy(picture: NDArray[np.int16]) -> av.VideoFrame:
    luma = np.clip(picture, 0, 255).astype(np.uint8)
    return av.VideoFrame.from_ndarray(luma, format="gray").reformat(format="yuv420p")


def _encode(path: Path, source: Source, height: int, seconds: float) -> None:
    width = height * 16 // 9
    part = path.with_suffix(".part.mp4")
    with av.open(str(part), "w") as container:
        options = {"preset": "faster", "profile": "high"}
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate = BITRATE[height]
        stream.codec_context.gop_size = 2 * RATE
        for k, frame in enumerate(_frames(source, width, height, seconds)):
            frame.pts, frame.time_base = k, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    part.replace(path)


def enlarged(folder: Path, path: Path, rate: float, seconds: float) -> Path:
    """The clip of `plainview simulate` in `folder`, of `rate` frames/s, at 1080p25 in `path`.

    Its camera's file holds for it as for the smaller one, which has to be 16:9.
    """
    source = Source(folder / "video.mp4", folder / "camera.toml", rate)
    if _crop(load_camera(source.camera).view)[0]:
        raise InputError("only a picture of 16:9 can be enlarged", where=str(folder))
    _encode(path, source, 1080, seconds)
    return path


def _camera(path: Path, decode: str) -> None:
    """CAMERA.toml of the cropped picture; it holds for every size of it."""
    view = load_camera(_source().camera).view
    first, rows = _crop(view)
    p = np.array(view.calibration.projection)
    p[1] -= first * p[2]
    projection = ",\n".join(f"  {row}" for row in p.tolist())
    text = f'id = "bench"\ndecode = "{decode}"\n\n[calibration]\n'
    text += f"image_size = [{view.calibration.image_size[0]}, {rows}]\n"
    text += f"projection = [\n{projection},\n]\n\n"
    text += f"[area]\npolygon = {[list(point) for point in view.polygon]}\n"
    for line in view.lines:
        text += f'\n[[lines]]\nname = "{line.name}"\n'
        text += f"from = {list(line.start)}\nto = {list(line.end)}\n"
    path.write_text(text)


def clip(height: int) -> BenchClip:
    """The clip of `height` (1080 or 360) lines at 25 frames/s, made if it is not there yet."""
    width = height * 16 // 9
    FOLDER.mkdir(parents=True, exist_ok=True)
    real = RECORDING.is_dir()
    stem = f"{'pets2009' if real else 'rendered'}-{height}p{RATE}"
    video, head = (FOLDER / f"{stem}-{seconds}s.mp4" for seconds in (SECONDS, HEAD_SECONDS))
    for path, seconds in ((video, SECONDS), (head, HEAD_SECONDS)):
        if not path.is_file():
            sys.stderr.write(f"making {path.name}\n")
            _encode(path, _source(), height, seconds)
    camera, reference = FOLDER / f"{stem}-all.toml", FOLDER / f"{stem}-reference.toml"
    _camera(camera, "all")
    _camera(reference, "reference-frames")
    with av.open(str(video)) as container:
        length = float((container.duration or 0) / av.time_base)
    rate = video.stat().st_size * 8 / length / 1e6
    kind = "PETS 2009 S2.L1 enlarged" if real else "rendered plaza enlarged"
    about = (
        f"{width}x{height}, {RATE} frames/s, H.264 High with B-frames, {rate:.1f} Mbit/s, "
        f"{kind}, with sensor noise"
    )
    return BenchClip(f"{height}p{RATE}", video, head, camera, reference, length, about)
