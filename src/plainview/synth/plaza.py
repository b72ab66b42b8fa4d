"""The demonstration plaza's plan: ground, gate, cameras and lines. Light to import: no pictures."""

from plainview.geometry import Line, Point, View
from plainview.synth.camera import Camera, hung

GROUND = (-14.0, -3.0, 14.0, 17.0)
"""Least x and y, greatest x and y that people use, metres."""
GATE_X = 5.0
"""Where a barrier crosses the plaza, along y."""
GATE = (7.4, 8.6)
"""The y between which the barrier is open."""
PERIOD = 96.0
"""Seconds after which everything repeats."""
AREA: tuple[Point, ...] = ((-6.0, 1.5), (9.0, 1.5), (10.5, 13.0), (-8.0, 13.0))
"""What both cameras see whole, heads included."""
LINES = (
    Line(name="gate", start=(GATE_X, GATE[1] + 0.4), end=(GATE_X, GATE[0] - 0.4)),
    Line(name="west", start=(-5.0, 13.0), end=(-5.0, 1.5)),
)
"""Forward is eastwards: through the gate, with the stream."""
SOUTH = hung("south", at=(1.5, -9.0), height=8.0, towards=(1.3, 5.6), hfov=64)
EAST = hung("east", at=(17.0, -5.0), height=8.0, towards=(2.8, 6.4), hfov=62, aim=0.6)
CAMERAS: tuple[Camera, ...] = (SOUTH, EAST)


def view(camera: Camera) -> View:
    """What `camera` measures on the plaza."""
    return View(calibration=camera.calibration(), polygon=AREA, lines=LINES)
