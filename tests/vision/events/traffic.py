"""What the tests of movers share: a camera over a street, moments with movers, and real traffic."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from plainview.geometry import Calibration, Points, Zone
from plainview.vision.bodies import NONE
from plainview.vision.events.movers import Mover
from plainview.vision.events.paths import Size
from plainview.vision.events.seen import Seen
from plainview.vision.plate import Image, Luma, Plate

CLIPS = Path(__file__).resolve().parents[4] / "shared" / "data" / "clips"
BLANK = np.zeros((240, 320), dtype=np.uint8)
NOTHING = np.full((240, 320), -1.0, dtype=np.float32)
PLATE = Plate(BLANK, np.full((240, 320), 2.0, dtype=np.float32))
SQUARE = ((-5.0, 10.0), (5.0, 10.0), (5.0, 20.0), (-5.0, 20.0))


def hanging(size: tuple[int, int], focal: float, height: float, pitch: float) -> Calibration:
    """A camera `height` metres above the origin that looks along y, `pitch` degrees down.

    `focal` in pixels. What the real clips' cameras are was estimated from lane and car widths.
    """
    s, c = math.sin(math.radians(pitch)), math.cos(math.radians(pitch))
    inner = np.array([[focal, 0, (size[0] - 1) / 2], [0, focal, (size[1] - 1) / 2], [0, 0, 1]])
    turn = np.array([[1, 0, 0], [0, -s, -c], [0, c, -s]])
    matrix = inner @ np.column_stack((turn, -turn @ np.array([0, 0, height])))
    rows = tuple(tuple(float(v) for v in row) for row in matrix)
    return Calibration(size, rows)  # type: ignore[arg-type]


def mover(path: Sequence[tuple[float, float, float]], size: Size) -> Mover:
    """What has come along `path` (seconds, x, y), evenly."""
    points = np.array(path, dtype=np.float64)
    step = points[-1] - points[0]
    velocity = step[1:] / step[0] if step[0] else np.zeros(2)
    car = size is Size.VEHICLE
    return Mover(
        x=float(points[-1, 1]),
        y=float(points[-1, 2]),
        vx=float(velocity[0]),
        vy=float(velocity[1]),
        size=size,
        width=1.85 if car else 0.5,
        length=4.6 if car else 0.5,
        height=1.5 if car else 1.75,
        heading=math.atan2(velocity[1], velocity[0]) % math.pi,
        other=None,
        flow=None if car else (float(velocity[0]), float(velocity[1])),
        confidence=0.9,
        moved=True,
        seconds=3.0,
        path=points,
    )


def along(
    start: tuple[float, float], end: tuple[float, float], seconds: float, t: float = 0.0
) -> list[tuple[float, float, float]]:
    """A path at five frames a second that is at `end` at `t` seconds."""
    steps = max(round(seconds * 5), 1)
    shares = [k / steps for k in range(steps + 1)]
    return [
        (
            t + seconds * (k - 1),
            start[0] + k * (end[0] - start[0]),
            start[1] + k * (end[1] - start[1]),
        )
        for k in shares
    ]


def moment(t: float, *movers: Mover, evidence: Image = NOTHING) -> Seen:
    """A frame at `t` seconds in which there are `movers`."""
    return Seen(
        t=t,
        dt=0.2,
        luma=BLANK,
        chroma=None,
        background=BLANK,
        evidence=evidence,
        mask=BLANK,
        bodies=NONE,
        plate=PLATE,
        trusted=True,
        movers=movers,
    )


def zone(kind: str = "zone-intrusion", polygon: Points | None = None, **keys: object) -> Zone:
    """A zone of ten metres a side, ten metres before the camera."""
    corners = SQUARE if polygon is None else tuple((float(x), float(y)) for x, y in polygon)
    return Zone(name="zone", kind=kind, polygon=corners, **keys)  # type: ignore[arg-type]


def film(name: str, rate: float = 5.0) -> Iterator[tuple[float, Luma]]:
    """(seconds, luma) of a real clip, at most `rate` frames a second; skipped where it is not."""
    path = CLIPS / name
    if not path.is_file():
        pytest.skip(f"no clip {name} in ../shared/data/clips")
    due = 0.0
    with av.open(str(path)) as container:
        for k, frame in enumerate(container.decode(video=0)):
            t = k / float(container.streams.video[0].average_rate or 25)
            if t >= due - 1e-6:
                due = t + 1 / rate
                yield t, np.ascontiguousarray(frame.to_ndarray(format="gray"))
