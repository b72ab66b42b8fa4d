"""TOML -> frozen structs: what is right is read, what is wrong is one line with its place."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.config import ZONE_KINDS, beyond, load_camera, load_city
from plainview.config.camera import camera_from
from plainview.document.toml import Document
from plainview.errors import BoundaryError, CalibrationError, ConfigError, InputError

CAMERA = """\
id = "plaza-north"
source = "clips/north.mp4"
frame_rate = 7

[calibration]
image_size = [480, 360]
projection = [
  [16.288503236408854, -13.824256163102453, -2.5412711789517433, 219.91750790089145],
  [-1.5264807257596984, 0.19061266080179512, -21.29036760489315, 110.23023540636851],
  [0.022333645764138335, 0.015339661641563165, -0.007464170447424424, 1.0],
]

[area]
polygon = [[-8.0, 6.0], [-21.0, -9.0], [-16.5, -16.5], [9.5, -9.5], [10.0, -4.0], [2.0, 2.5]]
cell = 1.0

[[lines]]
name = "gate"
from = [-12.0, -14.0]
to = [-12.0, 2.0]

[[zones]]
name = "tramway"
kind = "zone-intrusion"
polygon = [[-10, -8], [-5, -8], [-5, -3]]

[[zones]]
name = "exit"
kind = "one-way"
polygon = [[-10, -8], [-5, -8], [-5, -3]]
direction = [1, 0]
"""

CITY = """\
name = "Harbour"
store = "sqlite:data/readings.db"
state = "var"

[listen]
port = 9000

[retention]
readings = "12 h"
disk = "500 MB"

[[sites]]
id = "plaza"
name = "Old plaza"
location = [4.35, 52.01]
bearing = -350

[[sites.cameras]]
file = "cameras/north.toml"

[[sites.cameras]]
file = "cameras/north.toml"
id = "plaza-again"
source = "rtsp://user:secret@camera.example/stream"
"""


def _camera(tmp_path: Path, text: str = CAMERA) -> Path:
    path = tmp_path / "camera.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _city(tmp_path: Path, text: str = CITY) -> Path:
    (tmp_path / "cameras").mkdir(exist_ok=True)
    (tmp_path / "cameras" / "north.toml").write_text(CAMERA, encoding="utf-8")
    path = tmp_path / "city.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _line(text: str, needle: str) -> int:
    """The number of the line of `text` that holds `needle`."""
    return next(k for k, line in enumerate(text.splitlines(), 1) if needle in line)


def test_a_camera_is_read_whole(tmp_path: Path) -> None:
    """Every key of DESIGN.md section 5 arrives, and paths are relative to the file."""
    camera = load_camera(_camera(tmp_path))
    assert camera.id == "plaza-north"
    assert camera.source == str(tmp_path / "clips/north.mp4")
    assert camera.frame_rate == 7
    assert camera.transport == "tcp"
    assert camera.view.cell == 1.0
    assert camera.view.calibration.image_size == (480, 360)
    assert [line.name for line in camera.view.lines] == ["gate"]
    assert camera.view.lines[0].start == (-12.0, -14.0)
    assert [zone.kind for zone in camera.view.zones] == ["zone-intrusion", "one-way"]


def test_wrong_way_is_another_word_for_one_way(tmp_path: Path) -> None:
    """A zone named by its event kind is the same zone, with one spelling downstream."""
    camera = load_camera(_camera(tmp_path, CAMERA.replace('"one-way"', '"wrong-way"')))
    assert camera.view.zones[1].kind == "one-way"


def test_the_data_camera_is_read() -> None:
    """The camera file of the real recording stays valid."""
    path = Path("../shared/data/pets2009-s2l1/camera.toml")
    if not path.exists():
        pytest.skip("no ../shared/data/pets2009-s2l1/camera.toml")
    assert load_camera(path).source is None


WRONG_KEYS = [
    ("frame_rate = 7", "frame_rat = 7", "frame_rate"),
    ("cell = 1.0", "cel = 1.0", "cell"),
    ("from = [", "form = [", "from"),
    ("image_size =", "imagesize =", "image_size"),
    ("direction = [1, 0]", "directon = [1, 0]", "direction"),
    ("[[lines]]", "[[line]]", "lines"),
    ("[area]", "[Area]", "area"),
]


@pytest.mark.parametrize(("right", "wrong", "meant"), WRONG_KEYS)
def test_an_unknown_key_names_the_nearest(
    tmp_path: Path, right: str, wrong: str, meant: str
) -> None:
    """A misspelt key is refused with the key that was meant and the line it stands on."""
    text = CAMERA.replace(right, wrong)
    with pytest.raises(ConfigError) as caught:
        load_camera(_camera(tmp_path, text))
    line = caught.value.line()
    assert f"Did you mean {meant!r}?" in line
    assert f"camera.toml, line {_line(text, wrong)}," in line


WRONG_VALUES = [
    ("frame_rate = 7", 'frame_rate = "7"', "should be a number, not text"),
    ("frame_rate = 7", "frame_rate = nan", "nan is not a number"),
    ("frame_rate = 7", "frame_rate = -inf", "-inf is not a number"),
    ("frame_rate = 7", "frame_rate = 0", "must be at least 0.002"),
    ("frame_rate = 7", "frame_rate = 1e9", "must be at most 1000"),
    ("frame_rate = 7", "frame_rate = true", "not true or false"),
    ("frame_rate = 7", 'transport = "tpc"', "the nearest is 'tcp'"),
    ("frame_rate = 7", "rate = 1000", "must be at most 60"),
    ("frame_rate = 7", "every = 0", "must be at least 0.1"),
    ("[480, 360]", "[480, 360, 3]", "needs 2 values, this list has 3"),
    ("[480, 360]", "[480, 1]", "must be at least 16"),
    ("[480, 360]", "[480, 10000000]", "must be at most 16384"),
    ('id = "plaza-north"', 'id = "plaza north"', "should be nothing but letters"),
    ('id = "plaza-north"', 'id = ".."', "should be nothing but letters"),
    ('id = "plaza-north"', 'id = "a\\n"', "should be nothing but letters"),
    ('id = "plaza-north"', 'id = ""', "at least 1"),
    ('id = "plaza-north"', "", "the key 'id' is missing"),
    ('"clips/north.mp4"', '"rtps://camera"', "Did you mean rtsps://?"),
    ('"clips/north.mp4"', '"rtsp:///stream"', "names no host"),
    ('"clips/north.mp4"', '"a\\u0000b"', "no address or path has"),
    ("cell = 1.0", "cell = 0.0", "not usable"),
    ("cell = 1.0", "cell = 1e308", "not usable"),
    ('"tramway"', '"exit"', "is there twice"),
    ('"zone-intrusion"', '"left-objct"', "Did you mean 'left-object'?"),
    ("direction = [1, 0]", "direction = [0, 0]", "needs the direction"),
    ("direction = [1, 0]", "", "needs the direction"),
    ('"one-way"', '"fire"', "has no direction"),
    ("to = [-12.0, 2.0]", "to = [-12.0, -14.0]", "two different points"),
    ("to = [-12.0, 2.0]", "to = [-12.0, 2e9]", "metres from the site's origin"),
    ("[-5, -8], [-5, -3]]", "[-5, -3], [-5, -8], [-10, -3]]", "not simple"),
    ("[-10, -8], [-5, -8], [-5, -3]]", "[-10, -8], [-5, -8]]", "at least three"),
    ("[-8.0, 6.0]", "[-80000.0, 6.0]", "Use larger cells"),
    ("[2.0, 2.5]]", "[2.0, 2.5], [-20, -9], [5, -12]]", "not simple"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG_VALUES)
def test_a_wrong_value_is_one_clear_line(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    """A wrong type, range or combination says file, key and what would be right."""
    assert right in CAMERA
    with pytest.raises(InputError) as caught:
        load_camera(_camera(tmp_path, CAMERA.replace(right, wrong)))
    line = caught.value.line()
    assert said in line
    assert line.startswith(str(tmp_path / "camera.toml"))
    assert "\n" not in line
    assert "`" not in line
    assert caught.value.exit_code == 2


def test_an_area_outside_the_picture_is_refused(tmp_path: Path) -> None:
    """An area that the camera cannot see is an error, not an empty scene."""
    away = "polygon = [[500, 500], [520, 500], [520, 520]]\ncell"
    text = CAMERA.replace(CAMERA[CAMERA.index("polygon") : CAMERA.index("cell")], "")
    with pytest.raises(ConfigError, match="no part of the area is in the camera's picture"):
        load_camera(_camera(tmp_path, text.replace("cell", away, 1)))


SINGULAR = [
    ("0.022333645764138335, 0.015339661641563165, -0.007464170447424424, 1.0", "0, 0, 0, 1"),
    ("0.022333645764138335, 0.015339661641563165, -0.007464170447424424, 1.0", "0, 0, 0, 0"),
    ("[16.288503236408854", "[1e300"),
    (
        "0.022333645764138335, 0.015339661641563165, -0.007464170447424424, 1.0",
        "16.288503236408854, -13.824256163102453, -2.5412711789517433, 219.91750790089145",
    ),
]


@pytest.mark.parametrize(("right", "wrong"), SINGULAR)
def test_a_projection_that_cannot_be_is_refused(tmp_path: Path, right: str, wrong: str) -> None:
    """Singular and absurd projections name the key, its line and how to make a right one."""
    text = CAMERA.replace(right, wrong)
    with pytest.raises(CalibrationError) as caught:
        load_camera(_camera(tmp_path, text))
    assert f"line {_line(text, 'projection =')}, calibration.projection" in caught.value.line()
    assert "plainview calibrate" in caught.value.line()


BEYOND = [
    "face_detection",
    "faces",
    "plate-reader",
    "number_plate",
    "anpr",
    "LPR",
    "re-id",
    "reid",
    "emotion",
    "watchlist",
    "watch_list",
    "genderEstimate",
    "track_id",
    "fAcE",
    "f_a_c_e",
    "face2",
    "em0tion",
    "Kennzeichen",
]


@pytest.mark.parametrize("wish", BEYOND)
def test_a_wish_beyond_the_boundary_is_refused_by_name(tmp_path: Path, wish: str) -> None:
    """As a key or as a zone's kind, it is a BoundaryError that names the section."""
    for text in (f"{wish} = true\n{CAMERA}", CAMERA.replace("zone-intrusion", wish)):
        with pytest.raises(BoundaryError, match=r"DESIGN\.md section 1") as caught:
            load_camera(_camera(tmp_path, text))
        assert wish in caught.value.line()
        assert caught.value.exit_code == 2


@pytest.mark.parametrize("word", [*ZONE_KINDS, "calibration", "image_size", "plate", "stage"])
def test_our_own_words_are_within_the_boundary(word: str) -> None:
    """The check does not cry wolf over the terms of the design."""
    assert not beyond(word)


def test_bad_files_are_one_clear_line(tmp_path: Path) -> None:
    """Missing, a folder, not text, too large, not TOML: each says which and where."""
    binary = tmp_path / "video.mp4"
    binary.write_bytes(b"\x00\x00\x00\x20ftyp\xff\xfe")
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * 5_000_000)
    broken = _camera(tmp_path, 'id = "a"\nframe_rate = = 7\n')
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 5000, encoding="utf-8")
    below = broken / "camera.toml"
    for path, said in [
        (tmp_path / "none.toml", "no such file"),
        (tmp_path, "not a file"),
        (Path("/dev/zero"), "not a file"),
        (Path("\0"), "no such file"),
        (binary, "not UTF-8"),
        (large, "larger than"),
        (broken, "line 2, column"),
        (deep, "TOML"),
        (below, "no such file"),
    ]:
        with pytest.raises(ConfigError, match=said):
            load_camera(path)


def test_a_city_is_read_whole(tmp_path: Path) -> None:
    """Sites, cameras in files, overrides, listen, retention and paths arrive."""
    city = load_city(_city(tmp_path))
    assert city.name == "Harbour"
    assert city.store == f"sqlite:{tmp_path / 'data/readings.db'}"
    assert city.state == tmp_path / "var"
    assert (city.address, city.port) == ("127.0.0.1", 9000)
    assert city.retention.readings == 12 * 3600
    assert city.retention.disk_bytes == 500_000_000
    (site,) = city.sites
    assert site.location == (4.35, 52.01)
    assert site.bearing == 10
    assert [camera.id for camera in city.cameras()] == ["plaza-north", "plaza-again"]
    assert site.cameras[0].source == str(tmp_path / "cameras/clips/north.mp4")
    assert city.program == ""


def test_where_the_program_is_had_is_read_as_it_is(tmp_path: Path) -> None:
    """A page links there."""
    text = CITY.replace("[listen]", 'program = "https://code.example/p?v=1"\n[listen]')
    assert load_city(_city(tmp_path, text)).program == "https://code.example/p?v=1"


def test_an_inline_camera_takes_its_sites_cell(tmp_path: Path) -> None:
    """A camera in the city file is checked like one of its own; its cell is the site's."""
    tables = re.sub(r"(?m)^(\[+)(?=[a-z])", r"\1sites.cameras.", CAMERA)
    inline = "[[sites.cameras]]\n" + tables.replace("cell = 1.0\n", "")
    head = '[[sites]]\nid = "plaza"\nlocation = [0, 0]\ncell = 2.0\n'
    city = load_city(_city(tmp_path, head + inline))
    assert city.sites[0].cameras[0].view.cell == 2.0
    wrong = head + inline.replace("[-12.0, 2.0]", '"north"')
    with pytest.raises(ConfigError) as caught:
        load_city(_city(tmp_path, wrong))
    assert f"line {_line(wrong, 'to = ')}," in caught.value.line()


WRONG_CITIES = [
    ("[listen]", 'bus = "nats://u:secret@host"\n[listen]', "it holds a password"),
    ("[listen]", 'program = "ftp://secret"\n[listen]', "no address at which everyone"),
    ("[listen]", 'program = "https://me:secret@h/"\n[listen]', "no address at which everyone"),
    ("[listen]", 'program = "javascript:secret()"\n[listen]', "no address at which everyone"),
    ("[listen]", 'program = "https://[secret"\n[listen]', "no address at which everyone"),
    ("[listen]", 'role = "site"\n[listen]', "needs a bus between machines"),
    ('id = "plaza-again"\n', "", "is there twice"),
    ('id = "plaza-again"\n', 'id = "PLAZA-north"\n', "is there twice"),
    ("cameras/north.toml", "cameras/nroth.toml", "no camera file"),
    ("cameras/north.toml", f"{'n' * 300}.toml", "no camera file"),
    ("cameras/north.toml", "~no-such-person/north.toml", "no camera file"),
    ("bearing = -350", "baering = 10", "Did you mean 'bearing'?"),
    ("[4.35, 52.01]", "[4.35, 152.01]", "at most 85"),
    ("location = [4.35, 52.01]\n", "", "'location' is missing"),
    ("port = 9000", "port = 90000", "at most 65535"),
    ("port = 9000", 'port = "http"', "should be a whole number"),
    ('"12 h"', '"12 weeks"', "not a usable time"),
    ('"12 h"', '"900 d"', "readings <= minutes <= hours"),
    ('"500 MB"', '"5 MB"', "not a usable size"),
    ("sqlite:data", "mysql://u:secret@db", "no store speaks"),
    ('id = "plaza-again"', "frame_rate = 7", "cannot have 'frame_rate' here"),
    ('id = "plaza-again"', 'sorce = "x"', "Did you mean 'source'?"),
    ("bearing = -350", "cell = 2.0", "one ground plane has one grid"),
    ("bearing = -350", "watch_list = []", "DESIGN.md section 1"),
    ("rtsp://user:secret@camera.example", "ftp://user:secret@camera.example", "no camera speaks"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG_CITIES)
def test_a_wrong_city_is_one_clear_line(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    """Impossible combinations are refused with their place; no password is repeated."""
    assert right in CITY
    with pytest.raises(InputError) as caught:
        load_city(_city(tmp_path, CITY.replace(right, wrong)))
    assert said in caught.value.line()
    assert "secret" not in caught.value.line()
    assert str(tmp_path) in caught.value.line()


@pytest.mark.parametrize(
    "text", ["", "sites = []", '[[sites]]\nid = "a"\nlocation = [0, 0]', "sites = 3"]
)
def test_a_city_without_cameras_is_refused(tmp_path: Path, text: str) -> None:
    """Nothing to run is an error, not a silent idle process."""
    with pytest.raises(ConfigError):
        load_city(_city(tmp_path, text))


def test_a_camera_of_a_city_needs_a_source(tmp_path: Path) -> None:
    """`source` is optional for measure only."""
    path = _city(tmp_path)
    north = tmp_path / "cameras" / "north.toml"
    north.write_text(CAMERA.replace('source = "clips/north.mp4"', ""), encoding="utf-8")
    with pytest.raises(ConfigError, match="'plaza-north' has no source"):
        load_city(path)


def test_lines_are_told_through_lists_strings_and_comments(tmp_path: Path) -> None:
    """Brackets inside values, strings and comments do not confuse the line of a key."""
    text = (
        'a = [\n  [1, 2], # [x]\n  ["]", "["],\n]\nb = """\n[not]\nc = 1\n"""\n'
        "[[t]]\nd = 1\n[[t]]\n[t.u]\nd = 2\n"
    )
    document = Document(tmp_path / "f.toml", text)
    assert document.where(("a",)).endswith("line 1, a")
    assert document.where(("b",)).endswith("line 5, b")
    assert document.where(("t", 0, "d")).endswith("line 10, t[0].d")
    assert document.where(("t", 1, "u", "d")).endswith("line 13, t[1].u.d")
    assert document.where(("t", 1, "u", "x")).endswith("line 12, t[1].u.x")


def _refusal(document: Document, data: dict[str, object]) -> str:
    """What is said of `data`; empty where it is a camera."""
    try:
        camera_from(document, data, (), default_cell=1.0)
    except InputError as error:
        return error.line()
    return ""


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(key=st.sampled_from(["id", "source", "frame_rate", "lines", "zones", "area"]), value=_values)
def test_any_value_is_read_or_refused_in_one_line(key: str, value: object) -> None:
    """Whatever stands at a key, the answer is a camera or an InputError, never a traceback."""
    document = Document(Path("camera.toml"), CAMERA)
    data = {**document.data, key: value}
    assert _refusal(document, data).count("\n") == 0


_numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(_numbers, min_size=12, max_size=12))
def test_any_projection_is_read_or_refused(values: list[float]) -> None:
    """Any twelve numbers give a camera or an InputError: no overflow, no warning."""
    document = Document(Path("camera.toml"), CAMERA)
    rows = [values[k : k + 4] for k in (0, 4, 8)]
    data = {**document.data, "calibration": {"image_size": [480, 360], "projection": rows}}
    assert _refusal(document, data).count("\n") == 0
