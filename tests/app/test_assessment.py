"""`plainview assessment` from an empty form to a permit, as a person would type it."""

import datetime as dt
import json
import resource
import shutil
from pathlib import Path

import pytest
from msgspec import structs

from plainview.app.cities import configured
from plainview.cli import execute
from plainview.config import load_city
from plainview.governance.assessment import AssessedCamera, Assessment, load_assessment
from plainview.governance.draft import written
from plainview.governance.jsonschema import schema_text

EXAMPLES = Path(__file__).parents[1] / "governance" / "examples"
CAMERA = """\
id = "square-north"
source = "rtsp://viewer:secret@127.0.0.1:9/north"
[calibration]
image_size = [320, 240]
projection = [[200.0, -160.0, 0.0, 1600.0], [0.0, -120.0, -200.0, 2200.0], [0.0, -1.0, 0.0, 10.0]]
[area]
polygon = [[-3.0, -2.0], [3.0, -2.0], [3.0, 3.0], [-3.0, 3.0]]
"""
CITY = """\
[[sites]]
id = "market-square"
location = [4.0, 52.0]
[[sites.cameras]]
file = "north.toml"
[[sites.cameras]]
file = "north.toml"
id = "square-south"
source = "rtsp://127.0.0.1:9/south"
"""


class Desk:
    """Owns a folder with a city in it, and types commands there."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        """Write the city's files."""
        self.folder = folder
        self.city = folder / "city.toml"
        self.city.write_text(CITY)
        (folder / "north.toml").write_text(CAMERA)
        self._capture = capture

    def types(self, *words: str | Path) -> tuple[int, list[str], str]:
        """The exit code, the lines on standard output, and what is on standard error."""
        code = execute([str(word) for word in words])
        said = self._capture.readouterr()
        return code, said.out.splitlines(), said.err

    def assessment(self) -> Path:
        """A complete assessment of this city's cameras, begun today."""
        example = load_assessment(EXAMPLES / "eu.toml")
        views = {
            name: camera.seen.fingerprint
            for name, camera in configured(load_city(self.city)).items()
        }
        today = dt.datetime.now(dt.UTC).date()
        day = dt.timedelta(days=1)
        ready = structs.replace(
            example,
            cameras=tuple(structs.replace(c, fingerprint=views[c.id]) for c in example.cameras),
            period=structs.replace(example.period, begins=today, ends=today + 300 * day),
            notice=structs.replace(example.notice, date=today - 30 * day),
            privacy_officer=structs.replace(example.privacy_officer, advice_date=today),
            residual=structs.replace(example.residual, authority_date=today),
            consultation=structs.replace(example.consultation, begins=None, ends=None),
            review_date=today + 200 * day,
        )
        return self.written(ready, "square.toml")

    def written(self, assessment: Assessment, name: str) -> Path:
        """`assessment` in a file of that name."""
        path = self.folder / name
        path.write_text(written(assessment))
        return path


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A city's folder to type commands in."""
    return Desk(tmp_path, capsys)


def test_a_new_assessment_has_the_citys_cameras(desk: Desk) -> None:
    """Every camera is in it with its site and the fingerprint of its view, and no password."""
    out = desk.folder / "new.toml"
    code, lines, _ = desk.types(
        "assessment", "new", "--city", desk.city, "--pack", "eu", "--pack", "nyc", "--out", out
    )
    assert code == 0
    assert lines[0].startswith(f"{out}: 2 cameras, ")
    made = load_assessment(out)
    assert made.packs == ("eu", "nyc")
    expected = [
        AssessedCamera(name, camera.seen.site, camera.seen.fingerprint)
        for name, camera in configured(load_city(desk.city)).items()
    ]
    assert list(made.cameras) == expected
    assert "secret" not in out.read_text()

    code, lines, _ = desk.types("assessment", "check", out, "--city", desk.city)
    assert code == 1
    assert len(lines) > 50
    assert any(line.startswith("aims[0].evidence: is missing") for line in lines)
    assert all("[" in line and "]" in line for line in lines)

    code, _, error = desk.types("assessment", "new", "--pack", "eu", "--out", out)
    assert code == 2
    assert "there is a file already" in error


def test_check_says_what_is_wrong_or_that_nothing_is(desk: Desk) -> None:
    """Exit code 0 and the digest where nothing is wrong; 1 and each finding where something is."""
    path = desk.assessment()
    code, lines, _ = desk.types("assessment", "check", path, "--city", desk.city)
    assert (code, len(lines)) == (0, 1)
    assert load_assessment(path).digest() in lines[0]

    moved = desk.city.read_text().replace("/south", "/elsewhere")
    desk.city.write_text(moved)
    code, lines, _ = desk.types("assessment", "check", path, "--city", desk.city)
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("cameras[1].fingerprint: 'square-south' sees something else now")
    code, lines, _ = desk.types("assessment", "check", path, "--city", desk.city, "--json")
    assert code == 1
    (finding,) = json.loads("\n".join(lines))
    assert finding["rule"] == "camera-view"
    assert finding["clause"] == "Plainview, DESIGN.md section 2 (permit)"
    assert desk.types("assessment", "check", path)[0] == 0


def test_diff_names_what_goes_further(desk: Desk) -> None:
    """Each change is a line, what goes further is marked, and none is said to be none."""
    old = desk.assessment()
    after = load_assessment(old)
    new = desk.written(
        structs.replace(
            after, revision=2, retention=structs.replace(after.retention, footage="8 d")
        ),
        "two.toml",
    )
    assert desk.types("assessment", "diff", old, new) == (
        0,
        ["revision: 1 -> 2", "wider: retention.footage: 7 d -> 8 d"],
        "",
    )
    assert desk.types("assessment", "diff", old, old)[1] == ["nothing changed"]


def test_the_schema_is_printed(desk: Desk) -> None:
    """It is the published one, and every field in it carries its help."""
    code, lines, _ = desk.types("assessment", "schema")
    assert code == 0
    text = "\n".join(lines) + "\n"
    assert text == schema_text()
    schema = json.loads(text)
    assert schema["$schema"].endswith("2020-12/schema")
    for name, definition in schema["$defs"].items():
        if "enum" in definition:
            continue
        assert definition["additionalProperties"] is False
        for field, about in definition["properties"].items():
            assert about.get("description"), f"{name}.{field}"


def test_two_people_make_a_permit(desk: Desk) -> None:
    """Nothing is granted until controller and privacy officer have both approved with their key."""
    path, state = desk.assessment(), desk.folder / "state"
    keys = {}
    for name, role in (
        ("Ada Example", "controller"),
        ("Ben Sample", "privacy-officer"),
        ("Cy", "operator"),
    ):
        keys[role] = desk.folder / f"{name}.key"
        code, _, error = desk.types(
            "officer", "enrol", name, "--role", role, "--out", keys[role], "--state", state
        )
        assert code == 0, error

    code, _, error = desk.types("assessment", "publish", path, "--state", state)
    assert code == 2
    assert "the approval of the controller and the privacy-officer is missing" in error
    code, _, error = desk.types(
        "assessment", "approve", path, "--key", keys["operator"], "--state", state
    )
    assert code == 1
    assert "does not approve assessments" in error

    code, lines, error = desk.types(
        "assessment", "approve", path, "--key", keys["controller"], "--state", state
    )
    assert (code, lines) == (0, ["market-square@1: approved by the controller"]), error
    code, _, error = desk.types("assessment", "publish", path, "--state", state)
    assert code == 2
    assert "the approval of the privacy-officer is missing" in error

    code, lines, _ = desk.types(
        "assessment", "approve", path, "--key", keys["privacy-officer"], "--state", state
    )
    assert lines == ["market-square@1: approved by the controller and the privacy-officer"]
    code, lines, error = desk.types("assessment", "publish", path, "--state", state)
    assert code == 0, error
    assert lines[0].startswith("market-square@1: granted")
    period = load_assessment(path).period
    # By the clock of Brussels, two hours before which its first and last day begin in UTC.
    assert desk.types("assessment", "list", "--state", state)[1] == [
        f"market-square@1: in force, {period.begins} to {period.ends}"
    ]

    code, lines, error = desk.types(
        "assessment",
        "revoke",
        "market-square@1",
        "--key",
        keys["controller"],
        "--why",
        "the works are over",
        "--state",
        state,
    )
    assert code == 0, error
    assert desk.types("assessment", "list", "--state", state)[1][0].startswith(
        "market-square@1: revoked, "
    )


def test_an_assessment_with_a_finding_is_not_approved(desk: Desk) -> None:
    """Approving one that lacks an answer is refused with its field and clause, and nothing granted.

    What was approved before does not count once the text has changed.
    """
    path, state = desk.assessment(), desk.folder / "state"
    key = desk.folder / "ada.key"
    enrol = ("--role", "controller", "--out", key, "--state", state)
    desk.types("officer", "enrol", "Ada Example", *enrol)
    whole = load_assessment(path)
    lacking = desk.written(
        structs.replace(whole, necessity=structs.replace(whole.necessity, necessity="")),
        "lacking.toml",
    )
    code, _, error = desk.types("assessment", "approve", lacking, "--key", key, "--state", state)
    assert code == 2
    assert "necessity.necessity: is missing" in error
    assert "GDPR art. 35(7)(b)" in error
    assert desk.types("assessment", "approve", path, "--key", key, "--state", state)[0] == 0
    other = desk.written(structs.replace(whole, language="en", title={"en": "Other"}), "o.toml")
    code, _, error = desk.types("assessment", "publish", other, "--state", state)
    assert code == 2
    assert "the approval of the controller and the privacy-officer is missing" in error
    assert desk.types("assessment", "list", "--state", state)[1] == [
        "no permit was granted yet: see 'plainview assessment new --help'"
    ]


def test_render_writes_a_page_and_a_document(desk: Desk) -> None:
    """HTML and PDF by suffix; another suffix or language is refused in one line."""
    path = desk.assessment()
    page, document = desk.folder / "a.html", desk.folder / "a.pdf"
    assert desk.types("assessment", "render", path, "--out", page)[0] == 0
    assert "Crowd safety on the market square" in page.read_text()
    assert desk.types("assessment", "render", path, "--out", document)[0] == 0
    assert document.read_bytes().startswith(b"%PDF-")
    code, _, error = desk.types("assessment", "render", path, "--out", desk.folder / "a.doc")
    assert code == 2
    assert ".html or .pdf" in error
    code, _, error = desk.types("assessment", "render", path, "--out", page, "--language", "tlh")
    assert code == 2
    assert "'tlh'" in error


def test_what_cannot_be_written_whole_is_not_there(desk: Desk) -> None:
    """A full disk leaves no empty file that the next try would take for somebody's answers."""
    path, page = desk.assessment(), desk.folder / "a.html"
    page.write_text("the one of yesterday")
    there = sorted(desk.folder.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
    try:
        made = desk.types("assessment", "new", "--pack", "eu", "--out", desk.folder / "new.toml")
        drawn = desk.types("assessment", "render", path, "--out", page)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [code for code, _, _ in (made, drawn)] == [1, 1]
    assert sorted(desk.folder.iterdir()) == there
    assert page.read_text() == "the one of yesterday"
    assert (
        desk.types("assessment", "new", "--pack", "eu", "--out", desk.folder / "new.toml")[0] == 0
    )


def test_wrong_input_is_one_line(desk: Desk) -> None:
    """What cannot be read, or lies beyond the boundary, ends with code 2 and one line."""
    wrong = desk.folder / "wrong.toml"
    wrong.write_text('id = "x"\n[[capabilities]]\nname = "face-match"\n')
    code, lines, error = desk.types("assessment", "check", wrong)
    assert (code, lines) == (2, [])
    assert error.count("\n") == 1
    assert "'face-match' is beyond the boundary (DESIGN.md section 1)" in error
    code, _, error = desk.types("assessment", "check", desk.folder / "none.toml")
    assert code == 2
    assert "there is no such file" in error
    code, _, error = desk.types("assessment", "new", "--pack", "ue", "--out", wrong)
    assert code == 2
    assert "there is no pack 'ue'" in error
    code, _, error = desk.types("assessment", "new", "--pack", "eu", "--out", "/proc/none/x.toml")
    assert code == 1
    assert error.count("\n") == 1
    shutil.copy(EXAMPLES / "eu.toml", desk.folder / "eu.yaml")
    code, _, error = desk.types("assessment", "check", desk.folder / "eu.yaml")
    assert code == 2
    assert "not valid YAML" in error or "unknown key" in error or "not a table" in error
