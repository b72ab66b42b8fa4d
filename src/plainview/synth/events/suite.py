"""The numbered scenes of each kind: a number is a seed, and tells for good what is in the scene.

Even numbers are for tuning, odd ones are held out; every third of each is positive. `ordinary` is a
kind of its own: ten minutes in which nothing happens, whatever the number.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plainview.errors import InputError
from plainview.geometry import View
from plainview.synth.events import burning, intrusion, left_object, person_down, wrong_way
from plainview.synth.events.ordinary import ordinary_play
from plainview.synth.events.site import draw_site
from plainview.synth.events.story import Play, Story
from plainview.synth.events.truth import Conditions, Happening, truth_json
from plainview.synth.scene import Scene, camera_toml
from plainview.synth.whole import whole
from plainview.vision.encoder import Encoder

_MODULES: Final[dict[str, ModuleType]] = {
    module.KIND: module for module in (intrusion, wrong_way, left_object, person_down, burning)
}
KINDS: Final = tuple(_MODULES)
"""Kinds of events that the suite has scenes of."""
ORDINARY: Final = "ordinary"
PARTS: Final = ("tune", "held-out")
PER_PART: Final = 60
"""Scenes of one kind in each part: 20 positive, 40 negative."""


@dataclass(frozen=True)
class EventScene:
    """One scene with its truth."""

    name: str
    kind: str
    """Of the events it is about; ORDINARY: of all of KINDS."""
    story: str
    part: str
    conditions: Conditions
    scene: Scene
    happenings: tuple[Happening, ...]

    @property
    def view(self) -> View:
        """What its camera measures."""
        return self.scene.view(self.scene.cameras[0])


def numbers(part: str, count: int = PER_PART) -> list[int]:
    """The first `count` scene numbers of `part`, of any kind. Raises InputError for no part."""
    if part not in PARTS:
        raise InputError(f"there is no part '{part}'", where="--part", mend="Use tune or held-out")
    return [2 * k + PARTS.index(part) for k in range(count)]


def story_of(kind: str, number: int) -> tuple[Story, bool]:
    """What scene `number` of `kind` is about, and whether the event happens in it.

    Raises InputError for a kind that the suite has no scenes of.
    """
    if kind not in _MODULES:
        raise InputError(
            f"the suite has no scenes of '{kind}'", where="--kind", mend=f"Use {', '.join(KINDS)}"
        )
    module, k = _MODULES[kind], number // 2
    if k % 3 == 0:
        stories: tuple[Story, ...] = module.POSITIVE
        return stories[(k // 3) % len(stories)], True
    stories = module.NEGATIVE
    return stories[(k - k // 3 - 1) % len(stories)], False


def event_scene(kind: str, number: int) -> EventScene:
    """Scene `number` of `kind`: equal arguments give equal scenes.

    Raises InputError for a kind that the suite has no scenes of.
    """
    g = np.random.default_rng((zlib.crc32(kind.encode()), number))
    if kind == ORDINARY:
        return _scene(kind, ORDINARY, number, ordinary_play(g))
    story, _ = story_of(kind, number)
    site = draw_site(g, light=story.light, weather=story.weather, wide=story.wide)
    play = story.play(site)
    return _scene(kind, story.name, number, play if play.site else replace(play, site=site))


def _scene(kind: str, story: str, number: int, play: Play) -> EventScene:
    site = play.site
    if site is None:
        raise TypeError(story)  # every way to here gives one
    name = f"{kind}-{number:03d}"
    scene = Scene(
        name, f"{story}, {', '.join(site.conditions)}", lambda _s, _k: play.walks,
        site.world, site.light, (site.camera,), site.area,
        frame_rate=site.frame_rate, seconds=play.seconds, bitrate=site.bitrate,
        sensor=site.sensor, zones=play.zones, actors=play.actors,
        effects=(*play.effects, *site.weather), seed=number,
    )  # fmt: skip
    part = PARTS[number % 2]
    return EventScene(name, kind, story, part, site.conditions, scene, play.happenings)


def _truth_of(one: EventScene) -> str:
    return truth_json(
        one.happenings, one.conditions, one.scene.seconds, kind=one.kind, story=one.story,
        part=one.part, judged=KINDS if one.kind == ORDINARY else (one.kind,),
    )  # fmt: skip


def is_rendered(one: EventScene, folder: Path) -> bool:
    """Whether `folder` holds this scene, whole and as it is drawn today."""
    wanted = {
        "camera.toml": camera_toml(one.scene, one.scene.cameras[0]), "events.json": _truth_of(one),
    }  # fmt: skip
    return all(
        (folder / name).is_file() and (folder / name).read_text(encoding="utf-8") == text
        for name, text in wanted.items()
    )


def render_event_scene(one: EventScene, folder: Path) -> Path:
    """Write video.mp4, camera.toml and events.json into `folder`, made for it; the folder.

    Raises PlainviewError where it cannot be written.
    """
    scene = one.scene
    renderer = scene.renderer(scene.cameras[0], scene.walks(scene.seconds, scene.seed), scene.seed)
    times = (k / scene.frame_rate for k in range(round(scene.seconds * scene.frame_rate)))
    return write_clip(scene, map(renderer.frame, times), _truth_of(one), folder)


def write_clip(scene: Scene, frames: Iterable[NDArray[np.uint8]], truth: str, folder: Path) -> Path:
    """Write `frames` (h, w, 3) of the only camera of `scene`, its file and `truth`; the `folder`.

    It has all of them or none. Raises PlainviewError where it cannot be written.
    """
    camera = scene.cameras[0]
    width, height = camera.size
    with whole(folder, "events.json") as part:
        with Encoder(
            part / "video.mp4", width, height, scene.frame_rate, bitrate=scene.bitrate
        ) as encoder:
            for frame in frames:
                encoder.write(frame)
        (part / "camera.toml").write_text(camera_toml(scene, camera), encoding="utf-8")
        (part / "events.json").write_text(truth, encoding="utf-8")
    return folder
