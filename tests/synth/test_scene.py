"""Scenes: the catalogue can be measured, and what is written agrees with itself."""

import csv
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from plainview.errors import InputError, PlainviewError
from plainview.geometry import Calibration, check_view, project
from plainview.synth import recorded
from plainview.synth.catalogue import SCENES, scene_named
from plainview.synth.crowded import CROWDED
from plainview.synth.job import simulate
from plainview.synth.recorded import juelich
from plainview.synth.scene import Scene, render_scene
from plainview.synth.trajectories import crossings


def _small(name: str) -> Scene:
    scene = SCENES[name]
    return replace(scene, cameras=tuple(c.sized(160, 90) for c in scene.cameras))


def test_there_are_enough_scenes() -> None:
    """At least eight scenes, each under its own name."""
    assert len(SCENES) >= 8
    assert all(name == scene.name for name, scene in SCENES.items())


@pytest.mark.parametrize("name", sorted(SCENES))
def test_each_scene_can_be_measured(name: str) -> None:
    """Every view passes the check that CAMERA.toml must pass, and sees its lines."""
    scene = SCENES[name]
    for camera in scene.cameras:
        view = scene.view(camera)
        check_view(view)
        middle = [[*np.mean((line.start, line.end), axis=0), 0.0] for line in scene.lines]
        pixels, depth = project(camera.matrix(), middle)
        assert (depth > 0).all()
        assert ((pixels > 0) & (pixels < camera.size)).all()


@pytest.mark.parametrize("scene", CROWDED, ids=lambda scene: scene.name)
def test_dense_scenes_are_seen_whole(scene: Scene) -> None:
    """Feet and heads of all who count are in the picture: what is missed is the estimator's."""
    for height in (0.0, 1.8):
        corners = [(x, y, height) for x, y in scene.polygon]
        pixels, _ = project(scene.cameras[0].matrix(), corners)
        assert ((pixels >= 0) & (pixels < scene.cameras[0].size)).all()


def test_files_agree_with_each_other(tmp_path: Path) -> None:
    """Video, truth, CAMERA.toml and scene.json of a rendered clip tell one story."""
    scene = _small("street-low")
    shares: list[float] = []
    (folder,) = render_scene(scene, tmp_path / "out", seconds=1.2, on_progress=shares.append)
    with av.open(str(folder / "video.mp4")) as container:
        frames = [f.to_ndarray(format="gray") for f in container.decode(video=0)]
        assert container.streams.video[0].codec_context.name == "h264"
    assert len(frames) == len(shares) == 15
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    camera = tomllib.loads((folder / "camera.toml").read_text())
    calibration = Calibration(
        image_size=tuple(camera["calibration"]["image_size"]),
        projection=tuple(tuple(row) for row in camera["calibration"]["projection"]),  # type: ignore[arg-type]
    )
    assert calibration == scene.cameras[0].calibration()
    assert [line["name"] for line in camera["lines"]] == [line.name for line in scene.lines]
    with (folder / "truth.csv").open() as stream:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(stream)]
    walks = scene.walks(1.2, scene.seed)
    for row in rows[:: max(1, len(rows) // 20)]:
        place = walks.at(row["frame"] / scene.frame_rate).position
        assert np.hypot(*(place - (row["x_m"], row["y_m"])).T).min() < 0.001
        foot, _ = project(calibration.matrix(), [(row["x_m"], row["y_m"], 0.0)])
        bottom = row["box_yc_px"] + row["box_h_px"] / 2
        assert bottom == pytest.approx(foot[0, 1], abs=0.12 * row["box_h_px"] + 1)
    told = json.loads((folder / "scene.json").read_text())
    assert told["rendered"] is True
    for line in scene.lines:
        assert tuple(told["crossings"][line.name]) == crossings(walks, line, 0.0, 1.2)


def test_two_cameras_get_a_folder_each(tmp_path: Path) -> None:
    """A scene with several cameras shows the same moment from each."""
    folders = render_scene(_small("plaza-pair"), tmp_path, seconds=0.5)
    assert [folder.name for folder in folders] == ["south", "east"]
    truths = []
    for folder in folders:
        with (folder / "truth.csv").open() as stream:
            truths.append([row[:5] for row in csv.reader(stream)])
    assert truths[0] == truths[1]
    assert len(truths[0]) > 5


@pytest.mark.parametrize("name", sorted(n for n in SCENES if not n.startswith("juelich-")))
def test_walks_of_every_scene_last(name: str) -> None:
    """People are in the area from the first frame (nobody in the empty one)."""
    walks = SCENES[name].walks(4.0, 1)
    assert (len(walks.at(0.0).rows) > 0) == (name != "empty-clouds")
    assert name == "empty-clouds" or walks.duration >= 4.0


def test_wrong_wishes_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown scene, no length, absent data, a folder that is a file: one line each."""
    with pytest.raises(InputError, match="plaza-sunny"):
        scene_named("plaza-sunnny")
    with pytest.raises(InputError, match="seconds"):
        simulate("plaza-sunny", tmp_path, seconds=0)
    with pytest.raises(InputError, match="seconds"):
        simulate("plaza-sunny", tmp_path, seconds=float("nan"))
    monkeypatch.setattr(recorded, "TRAJECTORIES", tmp_path / "absent")
    with pytest.raises(InputError, match="absent"):
        juelich("uo-180-180-070", 0.0)(1.0, 0)
    (tmp_path / "file").write_text("")
    with pytest.raises(PlainviewError, match="file"):
        render_scene(_small("empty-clouds"), tmp_path / "file", seconds=0.3)
