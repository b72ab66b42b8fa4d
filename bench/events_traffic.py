"""Real traffic, as it is and with its lanes reversed: what `plainview measure` tells of each clip.

The clips' cameras are unknown: height, pitch and focal length are estimates from the widths of
lanes and cars. No clip shows anybody going the wrong way; with a lane's direction reversed every
vehicle in it does. Zones in which somebody is seen must raise, empty ones must not.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from plainview.calibrate.output import camera_toml
from plainview.evaluate.table import table
from plainview.geometry import Calibration, Point, View, Zone, to_plane

CLIPS = Path(__file__).parents[2] / "shared" / "data" / "clips"


class Eye(NamedTuple):
    """A camera above the origin that looks along y."""

    size: tuple[int, int]
    focal: float
    """Pixels."""
    height: float
    """Metres."""
    pitch: float
    """Degrees down."""

    def calibration(self) -> Calibration:
        """Its projection."""
        s, c = np.sin(np.radians(self.pitch)), np.cos(np.radians(self.pitch))
        middle = [(side - 1) / 2 for side in self.size]
        inner = np.array([[self.focal, 0, middle[0]], [0, self.focal, middle[1]], [0, 0, 1]])
        turn = np.array([[1, 0, 0], [0, -s, -c], [0, c, -s]])
        matrix = inner @ np.column_stack((turn, -turn @ [0, 0, self.height]))
        rows = tuple(tuple(float(v) for v in row) for row in matrix)
        return Calibration(self.size, rows)  # type: ignore[arg-type]


class Case(NamedTuple):
    """One clip with the zones that are laid into it, by corners in its pixels."""

    clip: str
    eye: Eye
    lanes: tuple[tuple[str, tuple[Point, ...], Point], ...]
    """Name, corners in pixels, direction on the ground."""
    entered: tuple[tuple[str, tuple[Point, ...]], ...] = ()
    """Zones that somebody enters."""
    empty: tuple[tuple[str, tuple[Point, ...]], ...] = ()
    """Zones that nobody enters."""


CASES = (
    Case(
        "cars.mp4",
        Eye((768, 432), 705, 7.1, 50),
        (
            ("left", ((130, 420), (350, 420), (350, 20), (200, 20)), (0, -1)),
            ("right", ((360, 420), (520, 420), (470, 20), (355, 20)), (0, 1)),
        ),
        (("middle", ((280, 300), (460, 300), (460, 150), (300, 150))),),
        (("aside", ((560, 300), (700, 300), (650, 150), (560, 150))),),
    ),
    Case(
        "motorway.avi",
        Eye((320, 240), 497, 7.2, 18.8),
        (("lane", ((55, 190), (215, 205), (288, 30), (222, 30)), (-0.2, -1)),),
        empty=(("verge", ((285, 230), (318, 230), (318, 120), (285, 120))),),
    ),
    Case(
        "cyclist-on-motorway.avi",
        Eye((320, 240), 450, 10.8, 24.5),
        (
            ("out", ((140, 230), (235, 230), (300, 80), (270, 80)), (0.3, 1)),
            ("back", ((0, 120), (60, 120), (150, 70), (110, 70)), (-0.8, -0.6)),
        ),
        (("shoulder", ((250, 238), (285, 238), (315, 90), (302, 90))),),
    ),
    Case(
        "bicycle-and-car.mp4",
        Eye((480, 270), 600, 12.0, 45),
        (("yard", ((5, 265), (250, 265), (230, 60), (5, 60)), (0, 1)),),
        empty=(("never", ((200, 250), (400, 250), (400, 150), (200, 150))),),
    ),
)


def zones(case: Case, *, reverse: bool) -> tuple[Zone, ...]:
    """The zones of `case` on the ground."""
    matrix = case.eye.calibration().matrix()

    def ground(pixels: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple((float(x), float(y)) for x, y in to_plane(matrix, np.array(pixels, float)))

    sign = -1.0 if reverse else 1.0
    lanes = [
        Zone(name, "one-way", ground(pixels), (sign * way[0], sign * way[1]))
        for name, pixels, way in case.lanes
    ]
    shut = [Zone(name, "zone-intrusion", ground(p)) for name, p in (*case.entered, *case.empty)]
    return (*lanes, *shut)


def told(case: Case, *, reverse: bool) -> dict[str, int]:
    """How many events of each zone `plainview measure` tells as started."""
    width, height = case.eye.size
    calibration = case.eye.calibration()
    ring = [(2, height - 2), (width - 2, height - 2), (width - 2, 0.2 * height), (2, 0.2 * height)]
    area = tuple((float(x), float(y)) for x, y in to_plane(calibration.matrix(), np.array(ring)))
    view = View(calibration, area, zones=zones(case, reverse=reverse))
    with tempfile.TemporaryDirectory() as folder:
        camera, out = Path(folder) / "camera.toml", Path(folder) / "out.jsonl"
        camera.write_text(camera_toml("clip", view))
        command = [sys.executable, "-m", "plainview", "measure", str(CLIPS / case.clip)]
        subprocess.run([*command, "--camera", camera, "--out", out], check=True)
        lines = [json.loads(line) for line in out.read_text().splitlines()[1:]]
    found = dict.fromkeys((zone.name for zone in view.zones), 0)
    for line in lines:
        for event in line["events"]:
            if event["phase"] == "start" and event["zone"] in found:
                found[event["zone"]] += 1
    return found


def main() -> None:
    """Print the table."""
    rows = []
    for case in CASES:
        if not (CLIPS / case.clip).is_file():
            sys.stderr.write(f"left out: {case.clip} is not in {CLIPS}\n")
            continue
        right, wrong = told(case, reverse=False), told(case, reverse=True)
        rows += [
            (case.clip, f"{name}, as it is", "wrong-way", str(right[name]), "0")
            for name, _, _ in case.lanes
        ]
        rows += [
            (case.clip, f"{name}, reversed", "wrong-way", str(wrong[name]), "1 or more")
            for name, _, _ in case.lanes
        ]
        for name, _ in case.entered:
            rows.append((case.clip, name, "zone-intrusion", str(right[name]), "1 or more"))
        for name, _ in case.empty:
            rows.append((case.clip, name, "zone-intrusion", str(right[name]), "0"))
    print(table(["clip", "zone", "kind", "events told", "should be"], rows, words=3))


if __name__ == "__main__":
    main()
