"""The named scenes: geometries and lights unlike each other (docs/reference/scenes.md)."""

from dataclasses import replace

from plainview.document.toml import nearest
from plainview.errors import InputError
from plainview.geometry import Line, Point
from plainview.synth import blind, crowd, plaza
from plainview.synth.camera import hung, mast, overhead, roof, street
from plainview.synth.cast import Mover
from plainview.synth.crowded import CROWDED
from plainview.synth.light import OVERCAST, SUNNY, Lamp, Light
from plainview.synth.picture import Fault, Sensor
from plainview.synth.recorded import juelich, passage
from plainview.synth.scene import Scene
from plainview.synth.scenery import Box, Mark, Post, World
from plainview.synth.simulate import empty
from plainview.synth.trajectories import Trajectories


def _rect(x0: float, y0: float, x1: float, y1: float) -> tuple[Point, ...]:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


_GATE_X, (_GATE_LOW, _GATE_HIGH) = plaza.GATE_X, plaza.GATE
_FENCE_END, _FENCE_TOP = plaza.GROUND[1], plaza.GROUND[3]
PLAZA_WORLD = World(
    ground="paving",
    boxes=(
        Box(0, 22, 60, 3, 11, shade=0.4, tint=(1.1, 0.97, 0.85), pattern="windows"),
        Box(-19, 8, 3, 26, 7, shade=0.3, tint=(1.25, 0.85, 0.7), pattern="brick"),
        Box(_GATE_X, (_FENCE_END + _GATE_LOW) / 2, 0.12, _GATE_LOW - _FENCE_END, 1.05, shade=0.45),
        Box(
            _GATE_X, (_GATE_HIGH + _FENCE_TOP) / 2, 0.12, _FENCE_TOP - _GATE_HIGH, 1.05, shade=0.45
        ),
        Box(-7, 13.5, 2.2, 0.5, 0.45, shade=0.2, tint=(1.25, 0.9, 0.6)),
        Box(9.5, 13.0, 2.4, 1.8, 2.5, shade=0.35, tint=(0.8, 1.0, 0.85)),
    ),
    posts=(
        Post(-3.5, 2.0, 0.08, 6.5),
        Post(9.0, 1.5, 0.08, 6.5),
        Post(_GATE_X, _GATE_LOW, 0.1, 2.2),
        Post(_GATE_X, _GATE_HIGH, 0.1, 2.2),
        Post(-10.5, 6.0, 0.16, 4.5, tint=(1.2, 0.9, 0.7)),
    ),
    marks=(
        Mark(-1.0, 6.5, 0.75, shade=0.14),
        Mark(8.5, 9.0, 2.6, 1.7, shade=0.2, angle=12),
        Mark(-6.0, 0.5, 9.0, 0.12, shade=0.6),
    ),
)
_STATION = World(
    ground="tiles",
    boxes=(
        Box(0, 5.6, 40, 1.0, 4.0, shade=0.45, pattern="plain"),
        Box(0, -0.35, 40, 0.3, 1.0, shade=0.4),
        Box(-4, 5.0, 1.6, 0.35, 2.1, shade=0.5, tint=(0.7, 0.9, 1.2)),
        Box(5, 5.0, 1.0, 0.4, 1.9, shade=0.25, tint=(1.3, 0.7, 0.6)),
    ),
    marks=(Mark(0, 2.5, 26, 0.3, shade=0.6),),
    sky=0.35,
    seed=11,
)
_SQUARE = World(
    ground="asphalt",
    boxes=(
        Box(0, 17, 50, 3, 9, shade=0.36, tint=(1.0, 0.95, 0.9), pattern="windows"),
        Box(-15, 4, 3, 22, 6, shade=0.32, tint=(1.25, 0.82, 0.7), pattern="brick"),
        Box(4.5, 6.0, 2.0, 0.5, 0.45, shade=0.2, tint=(1.25, 0.9, 0.6)),
    ),
    posts=(Post(-5, -3.5, 0.09, 6.0), Post(6, 2.5, 0.12, 5.0), Post(2.2, -5.5, 0.07, 1.0),
           Post(3.8, -5.5, 0.07, 1.0)),
    marks=(
        *(Mark(-4.0 + 1.1 * k, 0.0, 0.5, 3.2, shade=0.62) for k in range(8)),
        Mark(3.0, -2.5, 0.7, shade=0.08), Mark(-6, 4, 4, 2.6, shade=0.1, angle=20),
    ),
    seed=5,
)  # fmt: skip
_STANDS = replace(
    _SQUARE,
    ground="concrete",
    boxes=(
        Box(0, 14, 12, 3, 3.2, shade=0.2, tint=(0.8, 0.9, 1.1)),
        Box(-14, 8, 2, 12, 5, shade=0.35, pattern="brick"),
    ),
    posts=(Post(-6.5, 0.5, 0.09, 6.0), Post(6.5, 9.5, 0.09, 6.0)),
    marks=(Mark(0, -1.5, 14, 0.12, shade=0.65), Mark(-2, 5, 0.7, shade=0.15)),
)
_SNOW = World(
    ground="snow",
    boxes=(
        Box(0, 17, 50, 3, 9, shade=0.45, pattern="windows"),
        Box(-6, 7, 2.0, 0.5, 0.5, shade=0.5),
    ),
    posts=(Post(4, 6, 0.15, 5.0), Post(-8, 1, 0.12, 5.0), Post(8, -3, 0.1, 6.0)),
    seed=9,
)
_NIGHT = Light(
    sky=0.035,
    lamps=(Lamp(-5, -3.5, 6.0, 0.7), Lamp(6, 2.5, 5.0, 0.7), Lamp(-4, 9, 6.0, 0.5)),
    flicker=0.02,
    brightness=0.3,
    noise=0.06,
)
_CORRIDOR_AREA = _rect(-7.0, 0.2, 7.0, 4.8)
_CROSS_AREA = _rect(-7.5, -7.0, 7.5, 8.0)
_CROSS_LINES = (
    Line(name="middle", start=(-7.0, 0.0), end=(7.0, 0.0)),
    Line(name="east", start=(5.0, -7.0), end=(5.0, 7.0)),
)
_BIG = (1280, 720)
_CAR = Mover("car", ((12.0, -22.0, -6.5), (22.0, 22.0, -6.5)), 0.35)
_DOG = Mover("dog", ((5.0, -9.0, 1.0), (17.0, 9.0, 3.0), (18.0, 9.0, 4.0), (30.0, -9.0, 5.0)), 0.2)


def _plaza(seconds: float, seed: int) -> Trajectories:
    walks = crowd.plaza(seed)
    return walks if seconds <= plaza.PERIOD else crowd.repeated(walks, seconds)


_CATALOGUE = (
    Scene(
        "plaza-sunny", "A square in full sun with hard shadows and a jam at a gate, mast camera.",
        _plaza, PLAZA_WORLD, replace(SUNNY, brightness=0.5), (plaza.SOUTH,), plaza.AREA,
        plaza.LINES, seconds=96, frame_rate=8,
    ),
    Scene(
        "plaza-pair", "The same square under clouds that pass, two cameras on one ground.",
        _plaza, PLAZA_WORLD, replace(SUNNY, clouds=0.75, brightness=0.5),
        plaza.CAMERAS, plaza.AREA, plaza.LINES, seconds=96, frame_rate=8,
    ),
    Scene(
        "corridor-overhead", "A two-way passage indoors, steep camera on a gantry.",
        crowd.corridor, _STATION, Light(sky=0.6, flicker=0.01, noise=0.015, brightness=0.5),
        (overhead("gantry", over=(0.0, 2.6)),), _rect(-5.0, 0.2, 5.0, 4.8),
        (Line(name="passage", start=(0.0, 0.0), end=(0.0, 5.0)),), frame_rate=12.5,
    ),
    Scene(
        "street-low", "A low camera on a wall, 3.5 m up: people hide each other; a car and a dog.",
        crowd.crossing, _SQUARE, OVERCAST, (street("wall", at=(-1.5, -14.0), towards=(0.0, 2.0)),),
        _CROSS_AREA, _CROSS_LINES, frame_rate=12.5, movers=(_CAR, _DOG), sensor=Sensor(shake=0.3),
    ),
    Scene(
        "station-dim", "A dim passage with flickering tubes, looking along it.",
        crowd.corridor, _STATION,
        Light(sky=0.18, flicker=0.05, flicker_hz=100.3, brightness=0.33, noise=0.035),
        (hung("end", at=(-12.5, 2.5), height=4.2, towards=(0.0, 2.5), hfov=62),), _CORRIDOR_AREA,
        (Line(name="passage", start=(0.0, 0.0), end=(0.0, 5.0)),), frame_rate=15,
    ),
    Scene(
        "snow-bright", "Snow under a low sun: bright ground, long shadows, from a roof.",
        crowd.crossing, _SNOW,
        Light(sun=0.75, sky=0.35, elevation=22, azimuth=160, brightness=0.68),
        (roof("roof", at=(2.0, -30.0), towards=(0.0, 1.0)),), _CROSS_AREA, _CROSS_LINES,
    ),
    Scene(
        "night-lamps", "A street at night under three lamps, strong sensor noise.",
        crowd.crossing, _SQUARE, _NIGHT, (mast("mast", at=(0.0, -13.5), towards=(0.0, 0.0)),),
        _CROSS_AREA, _CROSS_LINES,
    ),
    Scene(
        "exposure-steps", "Auto-exposure steps, drifting light and clouds.",
        crowd.crossing, _SQUARE,
        Light(sun=0.8, sky=0.3, clouds=0.7, drift=0.06, drift_period=40, elevation=50, azimuth=250,
              brightness=0.47, steps=((15, 1.35), (28, 0.8), (41, 1.15), (52, 0.9))),
        (mast("mast", at=(9.0, -11.0), towards=(0.0, 0.5)),), _CROSS_AREA, _CROSS_LINES,
    ),
    Scene(
        "standing-crowd", "People who stand before a stage for four minutes, others walk by.",
        crowd.standing, _STANDS, replace(OVERCAST, brightness=0.46),
        (mast("mast", at=(1.0, -12.0), towards=(0.0, 3.5)),), _rect(-7, -2.5, 7, 10),
        (Line(name="front", start=(-6.0, -1.5), end=(6.0, -1.5)),), frame_rate=7, seconds=240,
    ),
    Scene(
        "queue", "A queue that moves up every 16 s, in high definition.",
        crowd.queue, _STANDS, replace(SUNNY, elevation=30, azimuth=120, brightness=0.5),
        (hung("mast", at=(0.0, -9.0), height=6.0, towards=(0.0, 4.5), hfov=66, size=_BIG),),
        _rect(-7, 0, 8, 9), (Line(name="served", start=(2.0, 2.0), end=(12.0, 2.0)),), seconds=120,
        bitrate=1_800_000,
    ),
    Scene(
        "empty-clouds", "Nobody: clouds, shaking camera and a dog. Every count is wrong but zero.",
        lambda _s, _k: empty(), _SQUARE, replace(SUNNY, clouds=0.8, cloud_size=25, brightness=0.47),
        (mast("mast", at=(0.0, -13.5), towards=(0.0, 0.0)),), _CROSS_AREA, _CROSS_LINES,
        movers=(_DOG,), sensor=Sensor(shake=0.5), seconds=40,
    ),
    Scene(
        "faults", "One fault after another: moved, defocused, dark, sprayed, covered, frozen.",
        crowd.crossing, _SQUARE, replace(OVERCAST, brightness=0.46),
        (mast("mast", at=(0.0, -13.5), towards=(0.0, 0.0)),), _CROSS_AREA, _CROSS_LINES,
        seconds=120, faults=(
            Fault("covered", 20, 30), Fault("defocus", 38, 48, 4.0), Fault("dark", 56, 64),
            Fault("frozen", 72, 80), Fault("sprayed", 88, 96),
            Fault("partly-covered", 100, 106, 0.6),
            Fault("moved", 110, 1e9, 4.0),
        ),
    ),
    Scene(
        "juelich-uo", "Recorded walks: one way through a passage 1.8 m wide, dense.",
        juelich("uo-180-180-070", 28.0), passage(0.0, 1.8, -4.0, 4.0),
        Light(sky=0.6, brightness=0.45),
        (hung("high", at=(0.9, -8.5), height=7.5, towards=(0.9, 0.0), hfov=50, size=_BIG),),
        _rect(0.0, -3.5, 1.8, 3.5), (Line(name="middle", start=(2.3, 0.0), end=(-0.5, 0.0)),),
        frame_rate=16, bitrate=2_500_000,
    ),
    Scene(
        "juelich-bo", "Recorded walks: two ways through a passage 3.6 m wide.",
        juelich("bo-360-120-120", 30.0), passage(0.0, 3.6, -4.0, 4.0),
        Light(sky=0.6, brightness=0.45),
        (hung("high", at=(-6.5, -7.0), height=7.0, towards=(1.8, 0.0), hfov=52, size=_BIG),),
        _rect(0.0, -3.5, 3.6, 3.5), (Line(name="middle", start=(4.1, 0.0), end=(-0.5, 0.0)),),
        frame_rate=16, bitrate=2_500_000, seconds=45,
    ),
)  # fmt: skip

SCENES: dict[str, Scene] = {scene.name: scene for scene in (*_CATALOGUE, *CROWDED)}
"""By name."""


def scene_named(name: str) -> Scene:
    """The scene `name`, of the catalogue or drawn (blind.py). Raises InputError with the names."""
    drawn = blind.named(name)
    if drawn is not None:
        return drawn
    if name not in SCENES:
        guess = nearest(name, SCENES)
        hint = f"Did you mean {guess!r}? " if guess else ""
        raise InputError(
            f"there is no scene {name!r}", mend=f"{hint}Use one of {', '.join(sorted(SCENES))}"
        )
    return SCENES[name]
