"""A real recording as other cameras would have sent it: other codecs, forms, sizes, and damaged.

    python bench/recoded.py [--data ../shared/data] [--only WORD...]

PETS 2009 S2.L1 is coded anew as cameras code: H.264, H.265, MPEG-4 and motion JPEG, at a bitrate
that is good and at one that is poor; then bytes of the H.264 file are turned over, as a bad line
does; then other depths, sizes, containers and clocks (`shaped.py`); then what lesser cameras would
have seen in worse weather (`sights.py`). Each is measured as a person would. One table: the mean
absolute error of the count where the camera is believed, its bias, and in how many of the
intervals it is not. Nothing else changes: the first row is the recording
as it came.
"""

import argparse
import math
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

import shaped
from job import run
from plainview.app.clips import PETS, Clip, measure_clip, tell
from plainview.evaluate.score import true_counts
from plainview.evaluate.table import table
from plainview.record import Health
from plainview.vision.encoder import Encoder
from sights import SIGHTS


class Form(NamedTuple):
    """A way to code a video, and to spoil it."""

    name: str
    codec: str
    suffix: str
    kilobits: int
    """A second of ten frames of 480 x 360."""
    b_frames: int = 0
    turned: int = 0
    """Bytes that are turned over."""


FORMS = (
    Form("H.264, good", "h264", ".mkv", 800),
    Form("H.264, good, B-frames", "h264", ".mkv", 800, b_frames=2),
    Form("H.264, poor", "h264", ".mkv", 60),
    Form("H.265, good", "hevc", ".mkv", 500),
    Form("H.265, poor", "hevc", ".mkv", 40),
    Form("MPEG-4, good", "mpeg4", ".avi", 1500),
    Form("MPEG-4, poor", "mpeg4", ".avi", 150),
    Form("motion JPEG, good", "mjpeg", ".avi", 3000),
    Form("motion JPEG, middling", "mjpeg", ".avi", 1000),
    Form("motion JPEG, poor", "mjpeg", ".avi", 300),
    Form("H.264, good, 10 bytes wrong", "h264", ".mkv", 800, turned=10),
    Form("H.264, good, 40 bytes wrong", "h264", ".mkv", 800, turned=40),
)


def coded(source: Path, form: Form, folder: Path) -> Path:
    """`source` in another `form`, in `folder`."""
    path = folder / f"video{form.suffix}"
    with av.open(str(source), "r") as film:
        stream = film.streams.video[0]
        size, rate = (stream.width, stream.height), float(stream.average_rate or 10)
        with Encoder(
            path, *size, rate, codec=form.codec, bitrate=1000 * form.kilobits,
            b_frames=form.b_frames,
        ) as encoder:  # fmt: skip
            for frame in film.decode(stream):
                encoder.write(np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8))
    if form.turned:
        data = bytearray(path.read_bytes())
        chosen = random.Random(1)  # noqa: S311 - the same bytes each time
        # The head and the index are spared: a bad line, not a bad disk.
        for place in chosen.sample(range(len(data) // 10, 9 * len(data) // 10), form.turned):
            data[place] ^= 0xFF
        path.write_bytes(data)
    return path


def row(name: str, video: Path, folder: Path, *, camera: Path | None = None) -> list[str]:
    """What measuring `video`, whose truth and (if none is given) camera lie in `folder`, gives."""
    tell(f"measuring {name}")
    own = camera or folder / "camera.toml"
    seen = measure_clip(Clip(video, own, folder / "truth.csv", frame_rate=shaped.RATE))
    intervals = seen.measured.intervals
    true = true_counts(seen.measured, seen.truth, seen.view.polygon)
    believed = [
        (one, people)
        for one, people in zip(intervals, true.tolist(), strict=True)
        if Health.LOST not in one.health and not math.isnan(people)
    ]
    error = np.array([one.count - people for one, people in believed])
    inside = [one.low <= people <= one.high for one, people in believed]
    return [
        name, f"{video.stat().st_size / 1000:,.0f} kB", f"{np.abs(error).mean():.2f}",
        f"{error.mean():+.2f}", f"{np.mean(inside):.0%}",
        f"{len(intervals) - len(believed)} of {len(intervals)}",
    ]  # fmt: skip


def rows(folder: Path, only: Sequence[str] = ("",)) -> Iterator[list[str]]:
    """The table, row by row: as it came, and the forms whose names have one of the words `only`."""
    source = folder / "video.mp4"

    def wanted(form: Form | shaped.Shape) -> bool:
        return any(word in form.name for word in only)

    yield row("as it came", source, folder)
    for form in filter(wanted, FORMS):
        with tempfile.TemporaryDirectory(prefix="plainview-recoded-") as scratch:
            yield row(form.name, coded(source, form, Path(scratch)), folder)
    for shape in filter(wanted, (*shaped.SHAPES, *SIGHTS)):
        with tempfile.TemporaryDirectory(prefix="plainview-recoded-") as scratch:
            camera = shaped.believing(folder / "camera.toml", Path(scratch))
            made = shaped.made(source, shape, Path(scratch))
            yield row(shape.name, made, folder, camera=camera)


def main() -> None:
    """Measure all of them, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", nargs="+", default=[""], help="words of the forms' names")
    given = parser.parse_args()
    head = ("PETS 2009 S2.L1 as", "size", "MAE", "bias", "inside", "lost")
    print(table(head, [*rows(given.data / PETS, given.only)]))


if __name__ == "__main__":
    sys.exit(run(main))
