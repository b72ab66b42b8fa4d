"""Clips that are wrong, each in one way, and the command that has to say so."""

import os
import resource
import subprocess
import sys
import wave
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

CAMERA = """\
id = "yard"
[calibration]
image_size = [320, 240]
projection = [
  [200.0, -160.0, 0.0, 1600.0],
  [0.0, -120.0, -200.0, 2200.0],
  [0.0, -1.0, 0.0, 10.0],
]
[area]
polygon = [[-3.0, -2.0], [3.0, -2.0], [3.0, 3.0], [-3.0, 3.0]]
[[lines]]
name = "gate"
from = [-2.0, 0.0]
to = [2.0, 0.0]
"""


@pytest.fixture
def plainview() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the real `plainview` command in a child process, to its end."""

    def call(
        *arguments: str | Path, file_bytes: int | None = None, seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """`file_bytes` is the most that it can write to one file: a full disk."""

        def limit() -> None:
            if file_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

        return subprocess.run(
            [sys.executable, "-m", "plainview", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            preexec_fn=limit,
        )

    return call


@pytest.fixture
def make_clip() -> Callable[..., Path]:
    """`encode`."""
    return encode


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    """A CAMERA.toml that is right, for pictures of 320x240."""
    path = tmp_path / "camera.toml"
    path.write_text(CAMERA, encoding="utf-8")
    return path


def encode(
    path: Path,
    *,
    times: Sequence[float],
    size: tuple[int, int] = (320, 240),
    rate: int = 10,
    container: str | None = None,
) -> Path:
    """A clip with a moving bright block, its frames at `times` seconds; gives its path."""
    rng = np.random.default_rng(1)
    base = rng.integers(60, 120, (size[1], size[0]), dtype=np.uint8)
    scale = 90_000
    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "g": "10"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, scale)
        for k, t in enumerate(times):
            picture = base.copy()
            x = (k * 7) % max(size[0] - 20, 1)
            picture[size[1] // 3 : 2 * size[1] // 3, x : x + 20] = 230
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts = round(t * scale)
            frame.time_base = Fraction(1, scale)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def good_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 10 frames/s that can be measured."""
    folder = tmp_path_factory.mktemp("clips")
    return encode(folder / "good.mp4", times=[k / 10 for k in range(40)])


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A file that holds sound only."""
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\1" * 8000)
    return path


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe that nobody writes to."""
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    return path


@pytest.fixture
def city(camera: Path, tmp_path: Path) -> Path:
    """A CITY.toml of one camera whose source is not there."""
    path = tmp_path / "city.toml"
    path.write_text(
        '[[sites]]\nid = "yard"\nlocation = [4.0, 52.0]\n'
        f'[[sites.cameras]]\nfile = "{camera.name}"\nsource = "none.mp4"\n',
        encoding="utf-8",
    )
    return path
