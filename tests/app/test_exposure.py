"""`plainview exposure` as a person runs it: text, JSON, maps and refusals."""

import json
from pathlib import Path

import msgspec
import pytest
from tests.civic.exposure.cities import at, camera, geojson, register, streets

from plainview.cli import execute

SEEN = register(
    camera("middle", 100, 0, view=(60, -20, 140, 20)),
    camera("off", 100, 100, view=(60, 80, 140, 120), running=False),
    camera("bare", 400, 400),
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a register, streets, walks and districts."""
    (tmp_path / "register.json").write_bytes(msgspec.json.encode(SEEN))
    (tmp_path / "paths.geojson").write_bytes(streets())
    (tmp_path / "walks.geojson").write_bytes(geojson([(0, 0), (200, 0)], [(0, 200), (50, 200)]))
    ring = [(0.0, -50.0), (200.0, -50.0), (200.0, 50.0), (0.0, 50.0)]
    (tmp_path / "wards.geojson").write_bytes(geojson(ring, kind="Polygon"))
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """One command: exit code, standard output, standard error."""
    code = execute(["exposure", *(str(argument) for argument in arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def place(x: float, y: float) -> str:
    """`LAT,LON` of metres."""
    longitude, latitude = at(x, y)
    return f"{latitude},{longitude}"


def test_a_walk_is_told_in_words_as_json_and_as_a_map(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The least-seen way with its extra length; the map draws both and all views near them."""
    walk = ("--from", place(0, 0), "--to", place(200, 0), "--register", files / "register.json")
    paths = ("--network", files / "paths.geojson")
    svg = files / "walk.svg"
    code, text, wrong = run(capsys, *walk, *paths, "--map", svg)
    assert (code, wrong) == (0, "")
    assert "shortest: 200 m" in text
    assert "least seen: 400 m, 200 m more, 60 camera-seconds fewer" in text
    drawing = svg.read_text()
    assert drawing.count("<polyline") >= 8
    assert 'class="running"' in drawing
    code, text, _ = run(capsys, *walk, *paths, "--json", "--all", "--detour", "3")
    told = json.loads(text)
    assert told["v"] == "plainview.exposure/v1"
    assert told["journey"]["ways"][-1]["extra_metres"] == pytest.approx(400, abs=1)
    code, text, _ = run(capsys, *walk)
    assert (code, "straight line" in text) == (0, True)


def test_walks_and_districts_of_a_file(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each walk by its name; a district with its ground and its paths; both with a map."""
    known = ("--register", files / "register.json")
    code, text, _ = run(
        capsys, "--walks", files / "walks.geojson", *known, "--map", files / "w.svg"
    )
    assert code == 0
    assert "number 0: 200 m, 149 s on foot; 1 running camera sees it for 60 s" in text
    assert "number 1: 50 m" in text
    code, text, _ = run(
        capsys,
        *("--districts", files / "wards.geojson", "--network", files / "paths.geojson"),
        *known,
        *("--map", files / "d.svg"),
    )
    assert code == 0
    # 80 m x 40 m of 200 m x 100 m; 80 + 20 m of 200 + 3 * 50 m.
    assert "16.0%" in text
    assert "28.6%" in text
    assert (files / "d.svg").read_text().count("<polygon") >= 2


def test_what_is_wrong_is_one_line_and_exit_code_2(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing asked, two things asked, half a walk, no register, another version, no place."""
    known = ("--register", files / "register.json")
    (files / "old.json").write_bytes(msgspec.json.encode(SEEN).replace(b"register/v1", b"x/v9"))
    (files / "none.json").write_text("{}")
    walk = ("--from", place(0, 0), "--to", place(200, 0))
    cases: list[tuple[list[object], str]] = [
        ([*known], "of one walk, of walks in a file, or of districts"),
        ([*known, "--from", place(0, 0)], "--from and --to"),
        ([*known, *walk, "--walks", files / "walks.geojson"], "one walk"),
        ([*walk, "--register", files / "missing"], "no state folder"),
        ([*walk, "--register", files / "old.json"], "another version"),
        ([*walk, "--register", files / "none.json"], "no register"),
        ([*known, "--from", "91.0,4", "--to", place(0, 0)], "no place here|swapped"),
        ([*known, "--districts", files / "walks.geojson"], "no polygon"),
        ([*known, "--walks", files / "wards.geojson"], "no line"),
        ([*walk, "--register", "http://[::1"], "no address|cannot be had"),
    ]
    for arguments, said in cases:
        code, out, wrong = run(capsys, *arguments)
        assert (code, out) == (2, ""), arguments
        assert wrong.count("\n") == 1
        assert any(part in wrong for part in said.split("|")), wrong
