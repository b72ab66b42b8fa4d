"""Clips, a view for them, and zygotes whose lenses misbehave on request."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.fleet.grants import Issuer

from plainview.fleet.zygote import Zygote
from plainview.geometry import Calibration, View, Zone
from plainview.vision.encoder import encode_clip

STANDIN = (sys.executable, "-P", str(Path(__file__).with_name("standin.py")))
_SIZE = (96, 64)
_HEIGHT = 10.0
_FOCAL = 80.0


def view(deed: str = "", marker: Path | None = None) -> View:
    """A camera that looks straight down on a few metres; `deed` as in standin.py."""
    cx, cy = (_SIZE[0] - 1) / 2, (_SIZE[1] - 1) / 2
    polygon = ((-4.0, -2.5), (4.0, -2.5), (4.0, 2.5), (-4.0, 2.5))
    kind = f"{deed}:{marker or ''}"
    return View(
        calibration=Calibration(
            image_size=_SIZE,
            projection=(
                (_FOCAL, 0.0, -cx, cx * _HEIGHT),
                (0.0, -_FOCAL, -cy, cy * _HEIGHT),
                (0.0, 0.0, -1.0, _HEIGHT),
            ),
        ),
        polygon=polygon,
        zones=(Zone(name="deed", kind=kind, polygon=polygon),) if deed else (),
    )


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds of a bright square that moves, at 10 frames/s with a key frame each second."""
    path = tmp_path_factory.mktemp("clip") / "square.mp4"

    def frames() -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
        for number in range(80):
            frame = np.full((_SIZE[1], _SIZE[0], 3), 80, np.uint8)
            frame[20:40, number : number + 12] = 220
            yield frame

    encode_clip(frames(), path, 10, gop=10)
    return path


@pytest.fixture(scope="session")
def make_view() -> Callable[..., View]:
    """Make a view whose lens does a deed: `make_view(deed, marker)`."""
    return view


@pytest.fixture(scope="module")
def standin() -> Iterator[Zygote]:
    """A zygote of stand-in lenses, shared by a module's tests."""
    zygote = Zygote(STANDIN)
    yield zygote
    zygote.close()


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    """An authority and a ledger that grant what a test asks for."""
    with Issuer(tmp_path_factory.mktemp("state")) as one:
        yield one


@pytest.fixture(scope="session")
def standin_command() -> tuple[str, ...]:
    """How to start a zygote of stand-in lenses."""
    return STANDIN
