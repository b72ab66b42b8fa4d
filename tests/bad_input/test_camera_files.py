"""Camera files that are wrong, given to every command that reads one: one line, exit code 2."""

from pathlib import Path

import pytest

from plainview.cli import execute

POLYGON = "[[-3.0, -2.0], [3.0, -2.0], [3.0, 3.0], [-3.0, 3.0]]"
WRONG = [
    ("[0.0, -1.0, 0.0, 10.0]", "[0.0, 0.0, 0.0, 0.0]", "singular"),
    ("[0.0, -1.0, 0.0, 10.0]", "[400.0, -320.0, 0.0, 3200.0]", "singular"),
    ("[0.0, -1.0, 0.0, 10.0]", "[0.0, -1.0, 0.0]", "needs 4 values"),
    ("[0.0, -1.0, 0.0, 10.0]", "[0.0, -1.0, 0.0, inf]", "inf is not a number"),
    (POLYGON, "[[500, 500], [510, 500], [510, 510]]", "no part of the area"),
    (POLYGON, "[[-3, -2], [3, 3], [3, -2], [-3, 3]]", "not simple"),
    (POLYGON, "[[0, 0], [1, 0]]", "at least three"),
    (POLYGON, "[[-1e5, -1e5], [1e5, -1e5], [0, 1e5]]", "Use larger cells"),
    ("image_size = [320, 240]", "image_size = [320, 0]", "must be at least 16"),
    ("image_size = [320, 240]", "image_size = [320.5, 240]", "should be a whole number, not 320.5"),
    ("image_size = [320, 240]", "imagesize = [320, 240]", "Did you mean 'image_size'?"),
    ('id = "yard"', 'id = "yard"\nframerate = 7', "Did you mean 'frame_rate'?"),
    ('id = "yard"', 'id = "yard"\nframe_rate = 1e12', "must be at most 1000"),
    ('id = "yard"', 'id = "yard"\nframe_rate = -7', "must be at least 0.002, not -7"),
    ('id = "yard"', 'id = "yard"\nframe_rate = 1e-9', "must be at least 0.002"),
    ('id = "yard"', 'id = "yard"\nfaces = true', "DESIGN.md section 1"),
    ('id = "yard"', 'id = "yard', "line 1, column"),
    ("to = [2.0, 0.0]", "to = [-2.0, 0.0]", "two different points"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG)
def test_a_wrong_camera_file(
    right: str, wrong: str, said: str, camera: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`measure` and `camera check` refuse it alike, before anything starts."""
    text = camera.read_text(encoding="utf-8")
    assert right in text
    camera.write_text(text.replace(right, wrong), encoding="utf-8")
    for arguments in (
        ["measure", __file__, "--camera", str(camera)],
        ["camera", "check", str(camera)],
    ):
        assert execute(arguments) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith(f"plainview: {camera}")
        assert said in captured.err
        assert captured.err.count("\n") == 1
