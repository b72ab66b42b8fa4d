"""The register from the command line: exports and notices, from the ledger of a state folder."""

import datetime as dt
import json
from pathlib import Path

import pytest
from tests.app.permitted import permit
from tests.governance.offices import OPERATOR

from plainview.app.address import announce
from plainview.app.register import FORMATS, checked, register_of
from plainview.cli import execute
from plainview.clock import SystemClock
from plainview.config import load_city
from plainview.errors import InputError
from plainview.governance.exports import EXPORTS
from plainview.governance.office import Office
from plainview.governance.register import STOPPED
from plainview.governance.render.fonts import can_print
from plainview.governance.switch import Switch

URL = "https://crowd.example/"


@pytest.fixture
def state(city: Path, tmp_path: Path) -> Path:
    """A state folder whose ledger permits both cameras of `city`."""
    folder = tmp_path / "state"
    permit(city, folder)
    return folder


def cameras(city: Path) -> list[str]:
    """The ids in the file."""
    return sorted(camera.id for camera in load_city(city).cameras())


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """One command: exit code, standard output, standard error."""
    code = execute(["register", *(str(argument) for argument in arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_every_camera(
    city: Path, state: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard output and in a file; with places and without; no half file beside it."""
    options = ("--city", city, "--url", URL, "--state", state)
    code, printed, wrong = run(capsys, "export", form, *options)
    assert (code, wrong) == (0, "")
    # ATRS asks about the tool as a whole, not about each camera.
    assert all(camera in printed for camera in cameras(city)) == (form != "atrs")
    out = tmp_path / "export"
    assert run(capsys, "export", form, *options, "--out", out) == (0, "", "")
    assert out.stat().st_size == pytest.approx(len(printed.encode()), abs=200)
    assert not list(tmp_path.glob(".*.new"))
    code, printed, wrong = run(capsys, "export", form, "--state", state)
    assert (code, wrong) == (0, "")
    # A map has no room for what has no place.
    without = {"atrs", "openstreetmap"}
    assert all(camera in printed for camera in cameras(city)) == (form not in without)


def test_an_export_leads_to_the_pages(
    city: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To the address that was given; without, to where this folder's pages were last."""
    announce(state, "http://127.0.0.1:9123")
    options = ("--city", city, "--state", state)
    assert (
        '"http://127.0.0.1:9123/portal/en/cameras/' in run(capsys, "export", "geojson", *options)[1]
    )
    _, printed, _ = run(capsys, "export", "geojson", *options, "--url", URL)
    assert '"https://crowd.example/portal/en/cameras/' in printed
    features = json.loads(printed)["features"]
    assert [feature["id"] for feature in features] == cameras(city)
    assert all(feature["geometry"]["type"] == "Point" for feature in features)


def test_it_works_beside_whoever_holds_the_ledger(city: Path, state: Path) -> None:
    """While another process has the ledger open, and with a stop that was just pressed."""
    with Office(state, SystemClock()) as office:
        before = register_of(state, load_city(city))
        assert STOPPED not in {camera.state for camera in before.cameras}
        switch = Switch(office, state)
        switch.press(OPERATOR, "city", "by court order")
        after = register_of(state, load_city(city))
        switch.close()
    assert {camera.state for camera in after.cameras} == {STOPPED}
    assert after.checkpoint > before.checkpoint
    assert after.name == load_city(city).name


@pytest.mark.parametrize("paper", ["A4", "a3"])
@pytest.mark.parametrize("suffix", ["pdf", "svg"])
@pytest.mark.parametrize("zone", [False, True])
def test_a_notice_of_a_camera_and_of_a_zone(
    city: Path,
    state: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    paper: str,
    suffix: str,
    zone: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """In both forms and sizes; the file is what its name says."""
    (site,) = load_city(city).sites
    what = ("--zone", site.id) if zone else (cameras(city)[0],)
    out = tmp_path / f"notice.{suffix}"
    options = ("--paper", paper, "--url", URL, "--state", state, "--city", city, "--out", out)
    code, said, wrong = run(capsys, "notice", *what, *options)
    assert (code, wrong) == (0, "")
    assert what[-1] in said
    assert paper.upper() in said
    data = out.read_bytes()
    width = {"A4": "595.2", "A3": "841.8"}[paper.upper()]
    if suffix == "svg":
        assert b"<desc" in data
        assert f'width="{width}' in data.decode()[:400]
    else:
        assert data.startswith(b"%PDF")
    assert not list(tmp_path.glob(".*.new"))


@pytest.mark.skipif(not can_print("zh-Hant"), reason="no font with Chinese letters is installed")
def test_a_notice_in_two_languages(
    city: Path, state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are set, the first one leads."""
    out = tmp_path / "n.svg"
    options = ("--lang", "zh-Hant", "--lang", "en", "--url", URL, "--state", state, "--out", out)
    assert run(capsys, "notice", cameras(city)[0], *options)[0] == 0
    assert 'lang="zh-Hant"' in out.read_text(encoding="utf-8")


def test_a_notice_hangs_before_what_it_tells_of_begins(
    city: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its permit begins in ten days: there is none for today, and one for that day."""
    today = dt.datetime.now(dt.UTC).date()
    begins = today + dt.timedelta(days=10)
    folder, out = tmp_path / "later", tmp_path / "n.svg"
    permit(city, folder, begins=begins)
    options = (cameras(city)[0], "--url", URL, "--state", folder, "--out", out)
    for more in ((), ("--on", today.isoformat())):
        code, _, wrong = run(capsys, "notice", *options, *more)
        assert code == 2
        assert "give a day with --on" in wrong
        assert wrong.count("\n") == 1
    assert not out.exists()
    assert run(capsys, "notice", *options, "--on", begins.isoformat())[0] == 0
    assert "<desc" in out.read_text(encoding="utf-8")


def test_what_cannot_be_made_is_one_line(
    city: Path, state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each says what to do instead, and no file appears."""
    first, out = cameras(city)[0], tmp_path / "n.pdf"
    good = ("--url", URL, "--state", state, "--out", out)
    there = {path.name for path in tmp_path.iterdir()}
    for arguments, said in (
        (("export", "csv", "--state", state), "The formats are json, geojson"),
        (("export", "json", "--state", tmp_path / "none"), "no state folder"),
        (("export", "json", "--state", state, "--url", "crowd"), "https://crowd.example/"),
        (("export", "json", "--state", state, "--out", tmp_path), "a folder"),
        (("export", "json", "--state", state, "--out", tmp_path / "no/x"), "cannot be written"),
        (("notice", *good), "--zone"),
        (("notice", first, "--zone", "plaza", *good), "--zone"),
        (("notice", "elsewhere", *good), "no camera 'elsewhere'"),
        (("notice", "--zone", "elsewhere", *good), "no site 'elsewhere'"),
        (("notice", first, "--lang", "tlh", *good), "The languages are"),
        (("notice", first, "--paper", "A5", *good), "'a4', 'a3'"),
        (("notice", first, *good[:-1], tmp_path / "n.png"), "PDF or an SVG"),
        (("notice", first, "--url", "javascript:1", *good[2:]), "address of a portal"),
        (("notice", first, *good, "--on", "Monday"), "Write 2026-12-24"),
        (("notice", first, *good, "--on", "2026-02-30"), "Write 2026-12-24"),
        (("notice", first, *good, "--on", "2020-01-01"), "is over"),
    ):
        code, printed, wrong = run(capsys, *arguments)
        assert (code, printed) == (2, ""), arguments
        assert said in wrong
        assert wrong.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == there


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://crowd.example/", "https://crowd.example"),
        ("https://crowd.example/portal/", "https://crowd.example"),
        ("http://127.0.0.1:8420", "http://127.0.0.1:8420"),
        ("https://city.example/crowd/", "https://city.example/crowd"),
    ],
)
def test_an_address_takes_the_pages_paths(given: str, base: str) -> None:
    """Whether the portal's own page or the root of the pages was given."""
    assert checked(given) == base


@pytest.mark.parametrize(
    "given",
    ["", "crowd.example", "ftp://x", "https://", "https://x:99999", "https://u:p@x", "https://x?a"],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    """A QR code that leads nowhere must not be printed."""
    with pytest.raises(InputError):
        checked(given)


def test_the_exports_are_the_portals() -> None:
    """The command line offers what the portal offers, and the register itself."""
    assert set(FORMATS) == {"json", *EXPORTS}
