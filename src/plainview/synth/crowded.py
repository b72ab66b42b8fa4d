"""Dense scenes that only `plainview evaluate` sees: no estimator is trained or set on them.

Recorded walks (Juelich) and packed crowds up to 8 people/m², from cameras 4.5 to 12 m up that
differ in tilt, lens, roll, light, floor and compression.
"""

from dataclasses import replace

from plainview.geometry import Line, Point
from plainview.synth.camera import Camera, hung
from plainview.synth.crowd import Maker
from plainview.synth.light import OVERCAST, SUNNY, Lamp, Light
from plainview.synth.packed import STILL, Rect, Surge, packed
from plainview.synth.picture import Sensor
from plainview.synth.recorded import juelich, passage
from plainview.synth.scene import Scene
from plainview.synth.scenery import Box, Mark, Post, World


def _corners(rect: Rect) -> tuple[Point, ...]:
    x0, y0, x1, y1 = rect
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


_WIDE = (960, 540)
_NARROW, _BROAD = 1.8, 3.6
"""Metres: how wide the passages are."""
_LOW_SUN = Light(sun=0.8, sky=0.3, elevation=25, azimuth=60, brightness=0.45)
_EVENING = Light(
    sky=0.03, lamps=(Lamp(-1.5, -3.0, 5.0, 0.8), Lamp(5.0, 2.5, 5.5, 0.7)), flicker=0.02,
    brightness=0.32, noise=0.05,
)  # fmt: skip
_YARD = World(
    ground="asphalt",
    boxes=(
        Box(0, 9.0, 9, 1.2, 1.4, shade=0.2, tint=(0.9, 0.95, 1.1)),
        Box(-7, 3, 0.3, 14, 1.1, shade=0.4, tint=(1.1, 0.9, 0.8)),
    ),
    posts=(Post(3.4, 5.6, 0.08, 5.0), Post(-3.5, -2.5, 0.1, 1.0)),
    marks=(Mark(0, -3.5, 12, 0.15, shade=0.6), Mark(1.5, 1.0, 0.7, shade=0.12)),
    seed=31,
)
_COURT = replace(_YARD, ground="paving", seed=37, marks=(Mark(-1, 0, 3.0, 2.0, shade=0.2),))


def _walked(  # noqa: PLR0913 - a scene has that many sides
    name: str, about: str, walks: Maker, width: float, camera: Camera, light: Light, *,
    ground: str, seconds: float, bitrate: int = 900_000, shake: float = 0.0,
) -> Scene:  # fmt: skip
    return Scene(
        name, f"Recorded walks: {about}", walks, passage(0.0, width, -4.0, 4.0, ground=ground),
        light, (camera,), _corners((0.0, -3.5, width, 3.5)),
        (Line(name="middle", start=(width + 0.5, 0.0), end=(-0.5, 0.0)),),
        frame_rate=8, seconds=seconds, bitrate=bitrate, sensor=Sensor(shake=shake),
    )  # fmt: skip


def _pack(  # noqa: PLR0913 - a scene has that many sides
    name: str, about: str, crowd: Rect, density: tuple[float, float], camera: Camera, light: Light,
    *, world: World, surge: Surge = STILL, bitrate: int = 900_000,
) -> Scene:  # fmt: skip
    return Scene(
        name, about, lambda seconds, seed: packed(crowd, density, seconds, seed, surge=surge),
        world, light, (camera,), _corners((-2.5, -3.0, 2.5, 3.0)),
        (Line(name="middle", start=(3.0, 0.0), end=(-3.0, 0.0)),),
        frame_rate=6, seconds=16, bitrate=bitrate,
    )  # fmt: skip


CROWDED = (
    _walked(
        "juelich-uo-wall", "one way, filling up, low on a wall at 4.5 m.",
        juelich("uo-180-180-070", 22.0), _NARROW,
        hung("wall", at=(0.9, -9.0), height=4.5, towards=(0.9, 0.5), hfov=63, size=_WIDE),
        replace(OVERCAST, brightness=0.45), ground="asphalt", seconds=32, shake=0.2,
    ),
    _walked(
        "juelich-uo-gantry", "one way, dense, steep from 9 m in full sun.",
        juelich("uo-180-180-070", 45.0), _NARROW,
        hung("gantry", at=(4.5, -2.5), height=9.0, towards=(0.9, 0.0), hfov=59, size=_WIDE,
             roll=-4.0),
        replace(SUNNY, brightness=0.48), ground="tiles", seconds=20,
    ),
    _walked(
        "juelich-bo-roof", "two ways, from a roof 12 m up with a long lens, low sun.",
        juelich("bo-360-120-120", 55.0), _BROAD,
        hung("roof", at=(-14.0, -14.0), height=12.0, towards=(1.8, 0.0), hfov=25, size=_WIDE),
        _LOW_SUN, ground="paving", seconds=20,
    ),
    _walked(
        "juelich-bo-lamps", "two ways, at night under two lamps, 6 m up.",
        juelich("bo-360-120-120", 50.0), _BROAD,
        hung("lamp", at=(8.5, -4.0), height=6.0, towards=(1.8, 0.0), hfov=68, size=_WIDE),
        _EVENING, ground="asphalt", seconds=20, bitrate=600_000,
    ),
    _walked(
        "juelich-bot-mast", "two ways, filling up, 7.5 m up, small and hard compressed.",
        juelich("bot-360-160-160", 12.0), _BROAD,
        hung("mast", at=(1.8, -11.0), height=7.5, towards=(1.8, 0.0), hfov=51, roll=2.0),
        replace(OVERCAST, brightness=0.4), ground="concrete", seconds=32, bitrate=300_000,
    ),
    _walked(
        "juelich-bot-steep", "two ways, dense, steep from 10 m in sun, high definition.",
        juelich("bot-360-160-160", 38.0), _BROAD,
        hung("steep", at=(-2.5, 3.0), height=10.0, towards=(1.8, 0.0), hfov=68, size=(1280, 720)),
        replace(SUNNY, azimuth=100, elevation=55, brightness=0.5), ground="paving", seconds=20,
        bitrate=1_800_000,
    ),
    _pack(
        "packed-still", "A packed crowd before a stage that hardly moves, 2 to 8 people/m².",
        (-2.8, -3.4, 2.8, 3.3), (2.0, 8.0),
        hung("mast", at=(0.0, -10.5), height=8.0, towards=(0.0, 0.0), hfov=46, size=_WIDE),
        replace(OVERCAST, brightness=0.45), world=_YARD,
    ),
    _pack(
        "packed-still-low", "A packed crowd that hardly moves, from 5 m up in full sun.",
        (-2.8, -2.0, 2.8, 3.3), (7.5, 3.0),
        hung("wall", at=(-9.5, -4.0), height=5.0, towards=(0.0, 0.0), hfov=51, size=_WIDE),
        replace(SUNNY, azimuth=300, brightness=0.46), world=_COURT,
    ),
    _pack(
        "packed-drift", "A packed crowd that moves up slowly together, from 11 m up.",
        (-2.8, -8.0, 2.8, 3.4), (6.0, 3.0),
        hung("roof", at=(6.0, -9.5), height=11.0, towards=(0.0, 0.0), hfov=50, size=_WIDE),
        replace(OVERCAST, brightness=0.5), world=_COURT, surge=Surge((0.0, 0.25)),
        bitrate=500_000,
    ),
    _pack(
        "packed-surge", "A packed crowd pushed to and fro by waves, 5 to 7 people/m², clouds.",
        (-3.4, -3.8, 3.4, 3.8), (5.0, 7.0),
        hung("mast", at=(2.0, -9.0), height=6.5, towards=(0.0, 0.0), hfov=58, size=_WIDE, roll=3.0),
        replace(SUNNY, clouds=0.6, azimuth=150, brightness=0.44), world=_YARD,
        surge=Surge(speed=0.2, length=7.0),
    ),
)  # fmt: skip
"""The scenes of `plainview evaluate crowd`."""

REFERENCE: dict[str, Rect] = {
    scene.name: (0.0, -2.0, max(p[0] for p in scene.polygon), 2.0)
    if scene.name.startswith("juelich-")
    else (-2.0, -2.0, 2.0, 2.0)
    for scene in CROWDED
}
"""Where density and speed are compared with PedPy, by scene: made of whole cells, but for walls."""
