"""A scene: what happens, in which light, seen by which cameras; and its files with the truth."""

import csv
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from shapely import contains_xy
from shapely.geometry import Polygon

from plainview.errors import InputError
from plainview.geometry import Line, Point, View, Zone
from plainview.synth.camera import Camera
from plainview.synth.cast import Mover
from plainview.synth.crowd import Maker
from plainview.synth.events.actor import Actor, Effect
from plainview.synth.light import Light
from plainview.synth.picture import Fault, Sensor
from plainview.synth.render import Renderer
from plainview.synth.scenery import World
from plainview.synth.trajectories import Trajectories, crossings
from plainview.synth.whole import whole
from plainview.vision.encoder import Encoder

Progress = Callable[[float], None]
"""Told the share done, 0 to 1."""


@dataclass(frozen=True)
class Scene:
    """Everything that a rendered clip is made of."""

    name: str
    about: str
    walks: Maker
    """From seconds and seed to the people."""
    world: World
    light: Light
    cameras: tuple[Camera, ...]
    polygon: tuple[Point, ...]
    """What is measured, ground metres."""
    lines: tuple[Line, ...] = ()
    frame_rate: float = 10.0
    seconds: float = 60.0
    bitrate: int = 900_000
    """Bits per second of the H.264 stream."""
    sensor: Sensor = field(default_factory=Sensor)
    faults: tuple[Fault, ...] = ()
    movers: tuple[Mover, ...] = ()
    zones: tuple[Zone, ...] = ()
    actors: tuple[Actor, ...] = ()
    effects: tuple[Effect, ...] = ()
    seed: int = 1

    def view(self, camera: Camera) -> View:
        """What `camera` measures in this scene."""
        return View(
            calibration=camera.calibration(), polygon=self.polygon, lines=self.lines,
            zones=self.zones,
        )  # fmt: skip

    def renderer(self, camera: Camera, walks: Trajectories, seed: int) -> Renderer:
        """What draws this scene for `camera` with the people of `walks`."""
        return Renderer(
            self.world, camera, walks, self.light, sensor=self.sensor, faults=self.faults,
            movers=self.movers, actors=self.actors, effects=self.effects, seed=seed,
        )  # fmt: skip


def render_scene(
    scene: Scene,
    folder: Path,
    *,
    seconds: float | None = None,
    seed: int | None = None,
    on_progress: Progress | None = None,
) -> list[Path]:
    """Write the scene's clips into `folder`; the folders written, one for each camera.

    With several cameras each has a folder of its own name, with one `folder` itself:
    video.mp4 (H.264), camera.toml (DESIGN.md section 5), truth.csv (one row for each person within
    the area and each frame: frame, foot point and velocity in metres and m/s, box in pixels) and
    scene.json (light, faults and crossings). A clip appears whole or not at all.
    Raises InputError for a length that is none, PlainviewError where a file cannot be written.
    """
    length = scene.seconds if seconds is None else seconds
    if not 0.2 <= length <= 86_400:
        raise InputError(f"a clip of {length:g} seconds", mend="Use 0.2 seconds to a day")
    used = scene.seed if seed is None else seed
    walks = scene.walks(length, used)
    several = len(scene.cameras) > 1
    folders = []
    for k, camera in enumerate(scene.cameras):
        place = folder / camera.name if several else folder
        with whole(place, "scene.json") as part:
            _render_camera(scene, camera, walks, part, (length, used), k, on_progress)
        folders.append(place)
    return folders


def _render_camera(
    scene: Scene,
    camera: Camera,
    walks: Trajectories,
    folder: Path,
    run: tuple[float, int],
    number: int,
    on_progress: Progress | None,
) -> None:
    seconds, seed = run
    renderer = scene.renderer(camera, walks, seed)
    frames = max(1, round(seconds * scene.frame_rate))
    width, height = camera.size
    with (
        Encoder(
            folder / "video.mp4", width, height, scene.frame_rate, bitrate=scene.bitrate
        ) as encoder,
        (folder / "truth.csv").open("w", newline="", encoding="utf-8") as stream,
    ):
        truth = csv.writer(stream, lineterminator="\n")
        truth.writerow(TRUTH_COLUMNS)
        for k in range(frames):
            t = k / scene.frame_rate
            encoder.write(renderer.frame(t))
            truth.writerows(_truth_rows(k, t, walks, renderer, scene.polygon))
            if on_progress is not None:
                on_progress((number + (k + 1) / frames) / len(scene.cameras))
    (folder / "camera.toml").write_text(camera_toml(scene, camera), encoding="utf-8")
    (folder / "scene.json").write_text(
        json.dumps(_description(scene, walks, seconds, seed), indent=1) + "\n", encoding="utf-8"
    )


TRUTH_COLUMNS = (
    "frame", "x_m", "y_m", "vx_mps", "vy_mps",
    "box_xc_px", "box_yc_px", "box_w_px", "box_h_px",
)  # fmt: skip


def _truth_rows(
    frame: int, t: float, walks: Trajectories, renderer: Renderer, polygon: tuple[Point, ...]
) -> list[tuple[object, ...]]:
    moment = walks.at(t)
    _, boxes = renderer.boxes(t)
    x, y = moment.position[:, 0], moment.position[:, 1]
    inside = contains_xy(Polygon(polygon).buffer(2.0), x, y)
    rows: list[tuple[object, ...]] = []
    for k in np.flatnonzero(inside):
        box, v = boxes[k], moment.velocity[k]
        numbers = (x[k], y[k], v[0], v[1], box.x, box.y, box.width, box.height)
        rows.append((frame, *(f"{number:.3f}" for number in numbers)))
    return rows


def camera_toml(scene: Scene, camera: Camera) -> str:
    """CAMERA.toml of `camera` in `scene`."""

    def numbers(values: tuple[float, ...]) -> str:
        return "[" + ", ".join(repr(float(v)) for v in values) + "]"

    calibration = camera.calibration()
    rows = ",\n".join(f"  {numbers(row)}" for row in calibration.projection)
    corners = ", ".join(numbers(p) for p in scene.polygon)
    name = scene.name if len(scene.cameras) == 1 else f"{scene.name}-{camera.name}"
    text = (
        f"# Rendered scene, not a real place: {scene.about}\n"
        f'id = "{name}"\n'
        f'source = "video.mp4"\n\n'
        f"[calibration]\nimage_size = [{camera.size[0]}, {camera.size[1]}]\n"
        f"projection = [\n{rows},\n]\n\n"
        f"[area]\npolygon = [{corners}]\ncell = 1.0\n"
    )
    for line in scene.lines:
        text += (
            f'\n[[lines]]\nname = "{line.name}"\n'
            f"from = {numbers(line.start)}\nto = {numbers(line.end)}\n"
        )
    for zone in scene.zones:
        around = ", ".join(numbers(p) for p in zone.polygon)
        text += f'\n[[zones]]\nname = "{zone.name}"\nkind = "{zone.kind}"\npolygon = [{around}]\n'
        if zone.direction is not None:
            text += f"direction = {numbers(zone.direction)}\n"
    return text


def _description(scene: Scene, walks: Trajectories, seconds: float, seed: int) -> dict[str, object]:
    crossed = {line.name: crossings(walks, line, 0.0, seconds) for line in scene.lines}
    return {
        "name": scene.name,
        "about": scene.about,
        "rendered": True,
        "seconds": seconds,
        "frame_rate": scene.frame_rate,
        "seed": seed,
        "light": asdict(scene.light),
        "sensor": asdict(scene.sensor),
        "faults": [asdict(fault) for fault in scene.faults],
        "movers": [mover.kind for mover in scene.movers],
        "crossings": crossed,
    }
