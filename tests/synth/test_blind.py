"""Drawn scenes: always the same, seen whole, and those to set on apart from those to measure on."""

from dataclasses import replace

import numpy as np
import pytest

from plainview.errors import InputError
from plainview.geometry import check_view, project
from plainview.synth import blind
from plainview.synth.catalogue import SCENES, scene_named

ALL = (*blind.CALIBRATION, *blind.ALONG, *blind.BLIND)


def test_what_is_set_on_is_not_measured_on() -> None:
    """No number is in both sets, no name in the catalogue, and a table holds one set only."""
    assert len(set(ALL)) == len(ALL)
    assert not {blind.name_of(k) for k in ALL} & SCENES.keys()
    assert blind.chosen(["packed-still", "blind"])[1:] == [blind.name_of(k) for k in blind.BLIND]
    with pytest.raises(InputError, match="blind"):
        blind.chosen(["blind", "calibration"])


@pytest.mark.parametrize("number", [*blind.CALIBRATION[:3], *blind.BLIND[:3]])
def test_a_drawn_scene_is_the_same_each_time_and_seen_whole(number: int) -> None:
    """Its name gives it back; feet and heads of all who count are in the picture."""
    scene = blind.scene(number)
    again = scene_named(blind.name_of(number))
    assert (scene.cameras, scene.light, scene.polygon) == (
        again.cameras,
        again.light,
        again.polygon,
    )
    (camera,) = scene.cameras
    check_view(scene.view(camera))
    corners = [(*corner, z) for corner in scene.polygon for z in (0.0, 1.8)]
    pixels, depth = project(camera.matrix(), corners)
    assert (depth > 0).all()
    assert ((pixels >= 0) & (pixels < np.array(camera.size))).all()


def test_a_crowd_seen_along_hides_metres_of_itself() -> None:
    """Those of the set do, and from above nobody hides anybody."""
    assert min(blind.along(blind.scene(k)) for k in blind.ALONG) > 2.6
    (camera,) = blind.scene(blind.ALONG[0]).cameras
    scene = replace(blind.scene(blind.ALONG[0]), cameras=(replace(camera, position=(0, 0, 60)),))
    assert blind.along(scene) < 0.2


def test_other_names_are_no_drawn_scenes() -> None:
    """A recorded walk's name with a packed crowd's number is nothing."""
    assert blind.named("juelich-blind-001") is None
    assert blind.named("packed-still") is None
    with pytest.raises(InputError, match="no scene"):
        scene_named("packed-blind-000")
