import threading
from xml.etree import ElementTree as ET

import msgspec
import pytest
from litestar.testing import TestClient
from msgspec import structs
from tests.web.portal.conftest import PublicCity

from plainview.clock import ManualClock
from plainview.governance.exports import EXPORTS
from plainview.governance.register import Register
from plainview.governance.render.fonts import can_print
from plainview.web.api import Application
from plainview.web.portal import downloads, portal_handlers
from plainview.web.portal.downloads import Busy, Downloads, Press
from plainview.web.portal.lookup import Lookup

Client = TestClient[Application]


@pytest.mark.parametrize(
    ("file", "media_type"),
    [
        ("register.json", "application/json"),
        ("register.geojson", "application/geo+json"),
        ("register.osm", "application/xml"),
        ("register.dtpr.json", "application/json"),
        ("register.atrs.json", "application/json"),
    ],
)
def test_the_register_is_there_as_data(client: Client, file: str, media_type: str) -> None:
    """In each form, readable by any page anywhere, tagged, and with what runs in it."""
    answer = client.get(f"/portal/{file}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "sandbox" in answer.headers["content-security-policy"]
    tag = answer.headers["etag"]
    assert client.get(f"/portal/{file}", headers={"if-none-match": tag}).status_code == 304
    if file != "register.atrs.json":
        assert "square-north" in answer.text


def test_the_register_as_data_is_the_register(client: Client, founded: PublicCity) -> None:
    """Nothing is lost on the way: what programs read is what the pages show."""
    data = client.get("/portal/register.json").content
    assert msgspec.json.decode(data, type=Register) == founded.made


def test_exports_name_the_public_address(founded: PublicCity) -> None:
    """With a configured address they lead there, whatever name the reader asked under."""
    made = Downloads(founded).register("register.geojson", founded.made, "https://city.example")
    assert b"https://city.example/portal/en/cameras/square-north" in made.data
    assert len(portal_handlers(founded, url="https://city.example/")) > 10


def test_an_export_costs_little_however_often_it_is_asked_for(
    founded: PublicCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow one is given again for twenty times as long as it took; the register never is."""
    clock = ManualClock()
    written = []

    def write(register: Register, _: str) -> bytes:
        written.append(register)
        clock.advance(3.0)
        return str(len(written)).encode()

    slow = EXPORTS["geojson"]._replace(write=write)
    monkeypatch.setitem(EXPORTS, "geojson", slow)
    files = Downloads(founded, clock)

    def ask(file: str = "register.geojson", url: str = "https://city.example") -> bytes:
        return files.register(file, structs.replace(founded.made), url).data

    assert ask() == ask() == b"1"
    clock.advance(59.0)
    assert ask() == b"1"
    clock.advance(2.0)
    assert ask() == b"2"
    assert ask(url="https://other.example") == b"3"
    newer = structs.replace(founded.made, checkpoint=founded.made.checkpoint + 1)
    assert ask("register.json") == msgspec.json.encode(founded.made)
    told = files.register("register.json", newer, "https://city.example").data
    assert msgspec.json.decode(told, type=Register) == newer


def test_a_camera_and_a_site_have_a_notice(client: Client) -> None:
    """As PDF and as SVG, with safe headers; in two languages at once where fonts allow."""
    pdf = client.get("/portal/notices/square-north.pdf?lang=en")
    assert pdf.status_code == 200
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-disposition"] == 'inline; filename="square-north.pdf"'
    assert pdf.content.startswith(b"%PDF-")
    svg = client.get("/portal/notices/square-north.svg?lang=en")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in svg.headers["content-security-policy"]
    assert ET.fromstring(svg.text).tag.endswith("svg")  # noqa: S314 - our own
    assert client.get("/portal/notices/sites/quay.pdf").content.startswith(b"%PDF-")
    small, large = (
        client.get(f"/portal/notices/sites/quay.svg?paper={paper}") for paper in ("a4", "a3")
    )
    assert small.headers["content-type"].startswith("image/svg+xml")
    assert b"<svg" in small.content
    assert small.content != large.content
    if can_print("zh-Hant"):
        both = client.get("/portal/notices/square-north.pdf?lang=zh-Hant,en")
        assert both.status_code == 200
        assert both.content != pdf.content


def test_a_notice_that_cannot_be_made_is_refused(client: Client) -> None:
    """Unknown camera, site, form or language; the answer says what there is."""
    for path, status in (
        ("none.pdf", 404),
        ("square-north.png", 404),
        ("square-north", 404),
        ("sites/none.pdf", 404),
        ("sites/quay.png", 404),
        ("sites/quay.svg?paper=a5", 404),
        ("square-north.pdf?lang=tlh", 400),
        ("square-north.pdf?lang=en,fr,de", 400),
        ("square-north.pdf?lang=en,en", 400),
    ):
        assert client.get(f"/portal/notices/{path}").status_code == status, path


def test_there_is_no_notice_of_what_nothing_permits(client: Client) -> None:
    """Its address says so in one sentence."""
    answer = client.get("/portal/notices/quay-west.pdf?lang=en")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "nothing permits camera quay-west now" in answer.json()["detail"]


def test_an_assessment_can_be_kept_as_pdf(client: Client) -> None:
    """Both revisions, by the name that the ledger gives them; no other."""
    name = "harbour-square-hk"
    for revision in (1, 2):
        answer = client.get(f"/portal/en/assessments/{name}@{revision}.pdf")
        assert answer.status_code == 200
        assert answer.content.startswith(b"%PDF-")
        assert f'filename="{name}@{revision}.pdf"' in answer.headers["content-disposition"]
    missing = client.get(f"/portal/en/assessments/{name}@3.pdf")
    assert missing.status_code == 404
    assert missing.headers["content-type"].startswith("text/html")


def test_a_notice_is_set_once_while_nothing_of_it_changes(
    founded: PublicCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Health and uptime are not on it; the permit is, and then it is set anew."""
    made = []

    def set_notice(register: Register, *_: object, paper: str) -> bytes:
        assert paper == "a4"
        made.append(register)
        return b"notice"

    monkeypatch.setattr(downloads, "notice_pdf", set_notice)
    files = Downloads(founded)

    def ask(**changes: object) -> None:
        cameras = tuple(
            structs.replace(c, **changes) if c.id == "square-north" else c
            for c in founded.made.cameras
        )
        lookup = Lookup(structs.replace(founded.made, cameras=cameras))
        found = files.notice(lookup, "square-north", "pdf", ("en",), "https://city.example")
        assert found is not None

    ask()
    ask(uptime_today=0.5, health=("dark",), sealed=False, connected=False)
    assert len(made) == 1
    ask(permit="other@1", assessment="other@1")
    assert len(made) == 2


def test_the_press_sets_one_at_a_time_and_forgets_the_oldest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who waits too long is told so; what was set is not set again; memory is bounded."""
    press = Press(kept=2)
    assert press.get(("a",), lambda: b"1") == b"1"
    assert press.get(("a",), lambda: b"2") == b"1"
    press.get(("b",), lambda: b"3")
    press.get(("c",), lambda: b"4")
    assert press.get(("a",), lambda: b"5") == b"5"
    monkeypatch.setattr(downloads, "_PATIENCE", 0.01)
    inside, go = threading.Event(), threading.Event()

    def slow() -> bytes:
        inside.set()
        assert go.wait(10)
        return b"slow"

    thread = threading.Thread(target=press.get, args=(("slow",), slow))
    thread.start()
    assert inside.wait(10)
    with pytest.raises(Busy):
        press.get(("other",), lambda: b"")
    assert press.get(("a",), lambda: b"6") == b"5"
    go.set()
    thread.join(10)
    assert press.get(("slow",), lambda: b"7") == b"slow"


def test_what_fails_is_not_kept() -> None:
    """The next one may try again, and nobody is locked out."""
    press = Press()

    def fail() -> bytes:
        message = "no"
        raise OSError(message)

    with pytest.raises(OSError, match="no"):
        press.get(("a",), fail)
    assert press.get(("a",), lambda: b"1") == b"1"
