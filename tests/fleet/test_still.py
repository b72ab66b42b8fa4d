"""One picture of a video, from a sealed process, for the person who calibrates."""

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from plainview.errors import InputError
from plainview.fleet.still import still


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Three seconds that get brighter by the second."""
    path = tmp_path / "steps.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=10, options={"preset": "ultrafast", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for k in range(30):
            picture = np.full((48, 64), 60 + 60 * (k // 10), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = k, Fraction(1, 10)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("at", [0.0, 1.5, 2.5, 2.9])
def test_the_picture_is_that_of_the_time_asked_for(at: float, clip: Path) -> None:
    """Its size is the video's, its light that of the second."""
    png, size = still(clip, at=at)
    assert size == (64, 48)
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    first = float(cv2.imdecode(np.frombuffer(still(clip).png, np.uint8), 0).mean())  # type: ignore[union-attr]
    steps = round((float(picture.mean()) - first) / 60)
    assert steps == int(at)


@pytest.mark.parametrize("at", [2.91, 3.0, 1e6])
def test_beyond_its_end_a_video_has_no_picture(at: float, clip: Path) -> None:
    """The last one, of another moment than was asked for, would be marked unawares."""
    with pytest.raises(InputError, match=r"last picture is at 2\.90 s.* Give --at fewer") as caught:
        still(clip, at=at)
    assert caught.value.line().startswith(f"{clip}: its last")


@pytest.mark.parametrize("name", ["none.mp4", "notes.mp4", "."])
def test_what_gives_no_picture_is_wrong_input(name: str, tmp_path: Path) -> None:
    """One line that names the file as it was given."""
    (tmp_path / "notes.mp4").write_text("no video", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        still(tmp_path / name)
    assert caught.value.line().startswith(str(tmp_path))
    assert "Error" not in caught.value.line()


def _device(folder: Path) -> Path:
    (folder / "clip.mp4").symlink_to("/dev/zero")
    return folder / "clip.mp4"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.mp4")
    return folder / "pipe.mp4"


@pytest.mark.parametrize(
    "live",
    [
        lambda _: Path("rtsp://127.0.0.1:9/cam"),
        lambda _: Path("http://127.0.0.1:9/cam.mjpg"),
        lambda _: Path("/dev/video0"),
        _device,
        _pipe,
    ],
)
def test_no_picture_is_taken_of_anything_live(live: Callable[[Path], Path], tmp_path: Path) -> None:
    """A look at a live camera is no calibration: it has no permit, and there is no way to it."""
    with pytest.raises(InputError):
        still(live(tmp_path))
