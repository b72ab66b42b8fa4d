"""A small city with a real clip, and a running `plainview run` to talk to."""

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from tests.app.permitted import permit

from plainview.synth.catalogue import SCENES
from plainview.synth.scene import render_scene

CAMERA = """\
id = "yard"
source = "yard.mp4"
loop = true
every = 0.5
[calibration]
image_size = [320, 240]
projection = [[200.0, -160.0, 0.0, 1600.0], [0.0, -120.0, -200.0, 2200.0], [0.0, -1.0, 0.0, 10.0]]
[area]
polygon = [[-3.0, -2.0], [3.0, -2.0], [3.0, 3.0], [-3.0, 3.0]]
"""
CITY = """\
[[sites]]
id = "yard-site"
location = [4.0, 52.0]
[[sites.cameras]]
file = "yard.toml"
[[sites.cameras]]
file = "yard.toml"
id = "gone"
source = "rtsp://user:secret@127.0.0.1:9/none"
"""
PATIENCE = 60.0
PURPOSE = "market-square-uk@1/crush"


class Running:
    """Owns a `plainview run` process and knows its address."""

    def __init__(self, process: "subprocess.Popen[str]", url: str, link: str) -> None:
        """`url` is what it printed, `link` signs in."""
        self.process = process
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=10)
        page = self.client.get(link).raise_for_status().text
        form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))
        self.client.post("/login/link", data=form).raise_for_status()

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON is any shape
        """The JSON at `path` of its API."""
        answer = self.client.get(f"api/v1/{path}", headers={"Plainview-Purpose": PURPOSE})
        return answer.raise_for_status().json()

    def until(self, path: str, holds: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - as above
        """Ask for `path` until `holds`; fails after PATIENCE or when the process ends."""
        late = time.monotonic() + PATIENCE
        while True:
            answer = self.get(path)
            if holds(answer):
                return answer
            assert self.process.poll() is None, "it ended"
            assert time.monotonic() < late, f"waited in vain: {answer}"
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.1)


Start = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A CITY.toml of two cameras: one plays a clip, the other cannot be reached."""
    with av.open(str(tmp_path / "yard.mp4"), "w") as file:
        stream = file.add_stream("libx264", rate=10, options={"preset": "ultrafast", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        base = np.random.default_rng(1).integers(60, 120, (240, 320), dtype=np.uint8)
        for k in range(60):
            picture = base.copy()
            picture[90:130, 5 * k : 5 * k + 14] = 230
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = k, Fraction(1, 10)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    (tmp_path / "yard.toml").write_text(CAMERA, encoding="utf-8")
    path = tmp_path / "city.toml"
    path.write_text(CITY, encoding="utf-8")
    return path


@pytest.fixture
def start(city: Path) -> Start:
    """Start `plainview run` on the city; leaving the context kills what still runs."""
    permit(city, city.parent / "state")

    @contextlib.contextmanager
    def started(*options: str) -> Iterator[Running]:
        command = [sys.executable, "-m", "plainview", "run", str(city), "--port", "0", *options]
        with subprocess.Popen(
            [*command, "--no-open", "--state", str(city.parent / "state")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                found = re.search(r"http://127\.0\.0\.1:\d+/", line)
                if found is None:
                    _, said = process.communicate(timeout=PATIENCE)
                    pytest.fail(f"it printed no address: {line}{said}")
                link = re.search(r"http://\S+/login/link\?token=\S+", process.stdout.readline())
                assert link is not None
                running = Running(process, found[0], link[0])
                with contextlib.closing(running.client):
                    yield running
            finally:
                process.kill()

    return started


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a rendered passage, with its truth."""
    (folder,) = render_scene(
        SCENES["corridor-overhead"], tmp_path_factory.mktemp("scene"), seconds=4
    )
    return folder
