import json
from dataclasses import replace
from pathlib import Path

import pytest

from plainview.app.clips import FLAGS, PETS, faults_beside
from plainview.app.evaluate import CROWD_SCENES, DEFAULT_SCENES, Outputs, all_scenes, count, crowd
from plainview.cli import execute
from plainview.config import load_camera
from plainview.errors import InputError
from plainview.evaluate.score import true_crossings
from plainview.evaluate.truth import Fault, read_truth
from plainview.record import Health
from plainview.synth.catalogue import SCENES
from plainview.synth.scene import render_scene


def test_a_clip_is_measured_and_scored(rendered: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`evaluate count` runs the real command on a clip and prints numbers of that clip."""
    count(
        rendered / "video.mp4",
        rendered / "camera.toml",
        rendered / "truth.csv",
        as_json=True,
    )
    (result,) = json.loads(capfd.readouterr().out)
    counts = result["score"]["counts"]
    assert counts["intervals"] == 4
    assert 0 <= counts["mae"] < counts["truth"] + 1
    assert result["score"]["health"]["sound"] == 4


def test_the_faults_of_a_simulated_scene_are_true_faults(tmp_path: Path) -> None:
    """What `simulate` wrote is given as it is: a flag in its fault is right, not a false one."""
    truth = tmp_path / "truth.csv"
    assert faults_beside(truth) == ()
    told = {"faults": [{"start": 5.0, "end": 9, "kind": "sprayed"}]}
    (tmp_path / "scene.json").write_text(json.dumps(told))
    assert faults_beside(truth) == (Fault(5.0, 9.0, "blind"),)
    (tmp_path / "scene.json").write_text('{"faults": "of somebody else"}')
    assert faults_beside(truth) == ()


def test_true_crossings_are_those_of_the_walks(rendered: Path) -> None:
    """Counted frame by frame without knowing anybody, they are the ones that were walked."""
    told = json.loads((rendered / "scene.json").read_text())
    view = load_camera(rendered / "camera.toml").view
    truth = read_truth(rendered / "truth.csv", told["frame_rate"])
    found = {line.name: list(true_crossings(truth, line)) for line in view.lines}
    assert found == told["crossings"]
    assert sum(map(sum, found.values())) > 0


def test_a_truth_without_time_is_refused(rendered: Path, tmp_path: Path) -> None:
    """Nothing says how many frames a second: wrong input, before measuring, after a missing file.

    What `simulate` wrote says it itself.
    """
    truth = tmp_path / "truth.csv"
    with pytest.raises(InputError, match="truth cannot be read"):
        count(rendered / "video.mp4", rendered / "camera.toml", truth)
    truth.write_bytes((rendered / "truth.csv").read_bytes())
    with pytest.raises(InputError, match="--frame-rate"):
        count(rendered / "video.mp4", rendered / "camera.toml", truth)


@pytest.mark.parametrize("page", [None, "", "no markers here", b"\xff\xfe\x00"])
def test_a_page_that_cannot_be_written_is_told_before_anything_is_measured(
    tmp_path: Path, page: str | bytes | None
) -> None:
    """A folder, a page without its markers, no text: not after hours of work."""
    path = tmp_path / "page.md"
    path.mkdir() if page is None else path.write_bytes(
        page if isinstance(page, bytes) else page.encode()
    )
    for job in ("all", "crowd", "alarms", "events"):
        assert execute(["evaluate", job, "--write", str(path)]) == InputError.exit_code


def test_what_measure_refuses_is_refused(
    rendered: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 of measure stays exit 2, and its own line is shown."""
    video = tmp_path / "broken.mp4"
    video.write_bytes(b"this is no video")
    arguments = ["--video", str(video), "--camera", str(rendered / "camera.toml")]
    arguments += ["--truth", str(rendered / "truth.csv"), "--frame-rate", "12.5"]
    assert execute(["evaluate", "count", *arguments]) == 2
    said = capfd.readouterr().err
    assert said.startswith(f"plainview: {video}: cannot be read as video.")
    assert said.count("\n") == 1, "it is said once"


def test_all_evaluates_what_is_there_and_names_what_is_not(
    rendered: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A recording that is absent is named; rendered clips that were kept are used again."""
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "corridor-overhead").symlink_to(rendered)
    (rendered / "rendered").write_text(".\n")
    page = tmp_path / "page.md"
    page.write_text("<!-- evaluate:begin -->\n<!-- evaluate:end -->\n")
    all_scenes(data=tmp_path, scenes=["corridor-overhead"], write=page, keep=kept, as_json=False)
    out, err = capfd.readouterr()
    assert f"left out: {PETS}" in err
    assert "rendering" not in err
    assert "corridor-overhead" in out
    assert out.strip() in page.read_text()


def test_dense_scenes_are_set_beside_pedpy(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two seconds of a packed crowd: table and JSON agree; page, plots and model are written."""
    scene = SCENES["packed-still"]
    small = replace(scene, cameras=tuple(c.sized(320, 180) for c in scene.cameras))
    keep = tmp_path / "kept"
    render_scene(small, keep / scene.name, seconds=2)
    (keep / scene.name / "rendered").write_text(".\n")
    pages = {name: tmp_path / f"{name}.md" for name in ("crowd", "fundamental")}
    for name, page in pages.items():
        page.write_text(f"<!-- {name}:begin -->\n<!-- {name}:end -->\n")
    outputs = Outputs(
        pages["crowd"], tmp_path / "plots", pages["fundamental"], tmp_path / "f.png",
        tmp_path / "model.json",
    )  # fmt: skip
    wanted = {"data": tmp_path, "scenes": [scene.name], "keep": keep}
    crowd(**wanted, outputs=outputs, as_json=True)  # type: ignore[arg-type]
    told = json.loads(capfd.readouterr().out)
    text = pages["crowd"].read_text()
    (row,) = told["strata"]["scene"]
    (compared,) = told["pedpy"]
    assert f"{told['scenes'][0]['score']['counts']['mae']:.2f}" in text
    assert f"{100 * row['bands'][-1]['relative']:.0f} %" in text
    assert f"{compared['voronoi']['ours']:.2f} / {compared['voronoi']['pedpy']:.2f}" in text
    assert 3 < compared["voronoi"]["pedpy"] < 7
    assert "](f.png)" in pages["fundamental"].read_text()
    assert len(list((tmp_path / "plots").glob("*.png"))) == 4
    assert json.loads((tmp_path / "model.json").read_text())["clips"] == 1


def test_an_unknown_scene_is_refused(tmp_path: Path) -> None:
    """Before anything is rendered, with the names there are."""
    with pytest.raises(InputError, match="plaza-sunny"):
        all_scenes(data=tmp_path, scenes=["mars"], write=None, keep=None, as_json=False)


def test_every_fault_of_a_scene_has_its_flag() -> None:
    """Faults that scenes render are named by health flags that exist."""
    kinds = {fault.kind for scene in SCENES.values() for fault in scene.faults}
    assert kinds <= FLAGS.keys()
    assert set(FLAGS.values()) <= {flag.value for flag in Health}
    assert {*DEFAULT_SCENES, *CROWD_SCENES} <= SCENES.keys()
