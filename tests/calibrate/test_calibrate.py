import os
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from plainview.calibrate import EXAMPLE, from_points
from plainview.calibrate.marks import read
from plainview.calibrate.output import camera_toml, visible_area
from plainview.calibrate.pinhole import Pinhole
from plainview.config.camera import load_camera
from plainview.errors import CalibrationError, InputError, PlainviewError
from plainview.geometry import Calibration, Line, View, Zone, project

SQUARE = """\
id = "plaza"
image_size = [1280, 720]
"""


def camera() -> Pinhole:
    """6 m up, 25 degrees down, level."""
    return Pinhole(1100.0, 6.0, float(np.radians(25)), 0.0, (639.5, 359.5))


def points_toml() -> str:
    """Five points with coordinates as that camera sees them."""
    metres = np.array([[-3.0, 9], [3, 9], [3, 18], [-3, 18], [0, 13]])
    pixels = camera().image(np.column_stack((metres, np.zeros(5))))
    return SQUARE + "".join(
        f"[[points]]\npixel = [{u}, {v}]\nground = [{x}, {y}]\n"
        for (u, v), (x, y) in zip(pixels, metres, strict=True)
    )


def calibration() -> Calibration:
    """The same camera's calibration."""
    rows = tuple(tuple(float(v) for v in row) for row in camera().projection())
    return Calibration(image_size=(1280, 720), projection=rows)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", [".toml", ".csv"])
def test_a_points_file_becomes_a_camera_that_loads(tmp_path: Path, suffix: str) -> None:
    """What is written is read by the rest of Plainview and projects as the marks say."""
    file, out, said = tmp_path / f"points{suffix}", tmp_path / "CAMERA.toml", list[str]()
    if suffix == ".toml":
        file.write_text(points_toml(), encoding="utf-8")
    else:
        points = tomllib.loads(points_toml())["points"]
        rows = [[*p["pixel"], *p["ground"]] for p in points]
        lines = ["u,v,x,y", *(",".join(map(str, row)) for row in rows)]
        file.write_text("\n".join(lines), encoding="utf-8")
    from_points(file, out=out, image_size=(1280, 720), say=said.append)
    loaded = load_camera(out)
    assert loaded.id == ("plaza" if suffix == ".toml" else "CAMERA")
    pixels, _ = project(loaded.view.calibration.matrix(), [[1.0, 11.0, 0.0], [0.0, 12.0, 1.75]])
    truth = camera().image(np.array([[1.0, 11.0, 0.0], [0.0, 12.0, 1.75]]))
    assert np.abs(pixels - truth).max() < 0.5
    assert "RMS error 0.0 cm" in said[0]


def test_nothing_is_overwritten_or_half_written(tmp_path: Path) -> None:
    """An existing file stays unless told; an error leaves the folder as it was."""
    file, out = tmp_path / "points.toml", tmp_path / "camera.toml"
    file.write_text(points_toml(), encoding="utf-8")
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="exists already"):
        from_points(file, out=out, say=lambda _: None)
    assert out.read_text(encoding="utf-8") == "mine"
    from_points(file, out=out, overwrite=True, say=lambda _: None)
    assert load_camera(out).id == "plaza"
    with pytest.raises(PlainviewError, match="cannot be written"):
        from_points(file, out=tmp_path / "none" / "camera.toml", say=lambda _: None)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["camera.toml", "points.toml"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.toml", "points = 3", "line 1, points: should be a list, not a whole number"),
        ("a.toml", "[[points]]\npixel = [1, 2]\nfoo = 1", "foo"),
        ("a.toml", "not toml", "a.toml"),
        ("a.toml", "[[points]]\npixel = [1, 2]", "size is not known"),
        ("a.toml", SQUARE + "[[points]]\npixel = [9999, 2]", "far outside"),
        ("a.toml", SQUARE + "[[points]]\npixel = [nan, 2]", "nan is not a number"),
        ("a.toml", "image_size = [1, 2, 3]", "needs 2 values, this list has 3"),
        ("a.toml", SQUARE + '[[distances]]\nbetween = ["A", "B"]\nmetres = 2', "no point called"),
        ("a.toml", SQUARE + "[[people]]\nfoot = [5, 5]\nhead = [5, 5]", "in one place"),
        ("a.csv", "u,v,x\n1,2,3", "columns must be"),
        ("a.csv", "u,v,x,y\n1,2,3,4", "give the video as well"),
        ("a.csv", "u,v,x,y\n1,2,3,four", "not a number"),
        ("a.csv", "u,v,x,y\n1,2,3", "differ in length"),
        ("a.csv", "u,v,x,y\n1,2,3," + "9" * 200_000, "not CSV"),
        ("a.toml", "a = " + "[" * 100_000, "nested too deeply"),
        ("a.toml", "a" * 4_000_001, "larger than 4 MB"),
    ],
)
def test_a_wrong_points_file_is_one_clear_line(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    """What is wrong and how to mend it, never a stack of calls."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(file)
    assert re.search(told, caught.value.line())
    assert caught.value.mend
    with pytest.raises(InputError, match="there is no such file"):
        read(tmp_path / "missing.toml")


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe that nobody writes to, an endless device, a folder: refused at once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(InputError, match="this is not a file"):
            read(path)
    latin = tmp_path / "latin.csv"
    latin.write_bytes("u,v,x,y\n1,2,3,4\nñ".encode("latin-1"))
    with pytest.raises(InputError, match=r"not UTF-8 text \(line 3\)"):
        read(latin)


def test_the_example_in_the_help_parses(tmp_path: Path) -> None:
    """The example that --help shows is a valid points file."""
    file = tmp_path / "example.toml"
    file.write_text(EXAMPLE, encoding="utf-8")
    marks, _ = read(file)
    assert (len(marks.points), len(marks.distances), len(marks.people)) == (2, 1, 1)


def test_the_guide_s_points_file_gives_a_good_camera(tmp_path: Path) -> None:
    """The example in docs/guide/calibrate.md works as it stands."""
    guide = Path(__file__).resolve().parents[2] / "docs" / "guide" / "calibrate.md"
    file, out = tmp_path / "marks.toml", tmp_path / "plaza.toml"
    file.write_text(
        guide.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0],
        encoding="utf-8",
    )
    solution = from_points(file, out=out, say=lambda _: None)
    assert solution.rms_cm < 8
    assert solution.height == pytest.approx(6.0, rel=0.05)
    assert load_camera(out).id == "plaza-north"


def test_the_proposed_area_is_seen_and_near() -> None:
    """All corners of the area are in the picture, in front, and no further than is measurable."""
    area = np.array(visible_area(calibration()))
    pixels, depth = project(calibration().matrix(), np.column_stack((area, np.zeros(len(area)))))
    assert np.all(depth > 0)
    assert np.all((pixels >= 0) & (pixels <= [1280, 720]))
    assert depth.max() <= 80.1
    sky = Pinhole(1100.0, 6.0, float(np.radians(-40)), 0.0, (639.5, 359.5)).projection()
    rows = tuple(tuple(float(v) for v in row) for row in sky)
    with pytest.raises(CalibrationError, match="no ground"):
        visible_area(Calibration(image_size=(1280, 720), projection=rows))  # type: ignore[arg-type]


def test_lines_zones_and_odd_names_survive(tmp_path: Path) -> None:
    """What the page adds comes back as it was when the file is loaded."""
    view = View(
        calibration=calibration(),
        polygon=visible_area(calibration()),
        lines=(Line(name='the "gate" \\ é', start=(-2.0, 12.0), end=(2.0, 12.0)),),
        zones=(
            Zone(
                name="tram",
                kind="one-way",
                polygon=((-1.0, 10.0), (1.0, 10.0), (1.0, 14.0)),
                direction=(0.0, 1.0),
            ),
        ),
    )
    file = tmp_path / "camera.toml"
    file.write_text(camera_toml("a-1", view, note="by hand"), encoding="utf-8")
    assert load_camera(file).view == view
    with pytest.raises(InputError, match="cannot be a camera's id"):
        camera_toml("no spaces", view)
