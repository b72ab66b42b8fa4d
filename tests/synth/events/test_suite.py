"""The numbered scenes: what each is about is fixed, its truth lies in its view, its files agree."""

from dataclasses import replace
from pathlib import Path

import pytest
from shapely.geometry import Point as Dot
from shapely.geometry import Polygon

from plainview.config import load_camera
from plainview.errors import InputError
from plainview.evaluate.event_truth import read_event_truth
from plainview.geometry import check_view
from plainview.synth.events.suite import (
    KINDS,
    ORDINARY,
    PARTS,
    event_scene,
    numbers,
    render_event_scene,
    story_of,
)

NAMED = {
    "left-object": {"chair-moved", "reflection", "puddle", "lamp-switched", "shadow",
                    "sleeps-on-bench", "sits-on-ground", "stands", "parks", "headlights"},
    "person-down": {"sits-on-bench", "crouches", "ties-shoe", "coat-dropped"},
    "fire": {"headlights", "neon", "beacon", "sunset", "steam", "fog", "vests"},
    "zone-intrusion": {"passes-behind", "shadow", "headlights", "pigeons"},
    "wrong-way": {"traffic", "reverses-to-park", "people-cross", "stops-and-goes"},
}  # fmt: skip
"""What scenes like these are known to be taken for."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_its_scenes(kind: str, part: str) -> None:
    """20 positive and 40 negative ones, every named failure among them, in both parts."""
    stories = [story_of(kind, number) for number in numbers(part)]
    assert sum(positive for _, positive in stories) == 20
    assert len(stories) == 60
    assert NAMED[kind] <= {story.name for story, positive in stories if not positive}


def test_the_parts_share_no_scene() -> None:
    """What is held out is never tuned on."""
    assert not set(numbers("tune")) & set(numbers("held-out"))
    with pytest.raises(InputError):
        numbers("both")


@pytest.mark.parametrize("kind", [*KINDS, ORDINARY])
@pytest.mark.parametrize("number", [0, 2, 5])
def test_the_truth_is_in_the_view(kind: str, number: int) -> None:
    """Equal numbers give equal scenes; each view can be measured; events are in it, in time."""
    scene, again = event_scene(kind, number), event_scene(kind, number)
    assert (scene.happenings, scene.view) == (again.happenings, again.view)
    check_view(scene.view)
    positive = kind != ORDINARY and story_of(kind, number)[1]
    assert bool(scene.happenings) == positive
    area = Polygon(scene.scene.polygon)
    for zone in scene.scene.zones:
        assert area.buffer(0.01).contains(Polygon(zone.polygon))
    for one in scene.happenings:
        assert 0 < one.start < scene.scene.seconds - 5
        assert area.buffer(0.5).contains(Dot(one.at))
        assert one.zone in {None, *(zone.name for zone in scene.scene.zones)}


def test_a_kind_that_there_is_not() -> None:
    """It is wrong input, and the message says which there are."""
    with pytest.raises(InputError, match="left-object"):
        event_scene("weapon", 0)


def test_the_files_agree(tmp_path: Path) -> None:
    """camera.toml and events.json can be read, and say what the scene is."""
    scene = event_scene("left-object", 0)
    short = replace(scene, scene=replace(scene.scene, seconds=1.0), happenings=())
    folder = render_event_scene(short, tmp_path / "one")
    truth = read_event_truth(folder / "events.json")
    assert truth.seconds == 1.0
    assert truth.scene is not None
    assert truth.scene.story == scene.story
    assert [str(kind) for kind in truth.judged] == ["left-object"]
    view = load_camera(folder / "camera.toml").view
    assert [zone.name for zone in view.zones] == [zone.name for zone in scene.view.zones]
    assert (folder / "video.mp4").stat().st_size > 1000
