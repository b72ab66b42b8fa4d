import queue
import shutil
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from plainview.app.camera import zone_warnings
from plainview.calibrate import Solution, run_page
from plainview.calibrate.pinhole import Pinhole
from plainview.config.camera import load_camera
from plainview.errors import InputError
from plainview.geometry import BODY_HEIGHT, to_plane

WIDTH, HEIGHT = 640, 360
CAMERA = Pinhole(560.0, 6.0, float(np.radians(25)), 0.0, ((WIDTH - 1) / 2, (HEIGHT - 1) / 2))
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
COUNT_CLICKS = """
window.clicks = 0;
document.getElementById("picture").addEventListener("click", () => { window.clicks += 1; });
"""


def png() -> bytes:
    """A grey picture."""
    rows = b"".join(b"\0" + b"\x80" * WIDTH for _ in range(HEIGHT))
    out = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        tail = struct.pack(">I", zlib.crc32(kind + body))
        out += struct.pack(">I", len(body)) + kind + body + tail
    return out


class Desk(NamedTuple):
    """A page that is being served."""

    url: str
    out: Path
    thread: threading.Thread
    results: "queue.Queue[Solution | None]"
    said: queue.Queue[str]

    @property
    def base(self) -> str:
        """The address without its token."""
        return self.url.partition("/?")[0]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A served page, closed at the end whatever happened."""
    said: queue.Queue[str] = queue.Queue()
    results: queue.Queue[Solution | None] = queue.Queue()
    out = tmp_path / "plaza.toml"

    def serve() -> None:
        results.put(
            run_page(
                "plaza.mp4",
                out,
                frame_png=png(),
                image_size=(WIDTH, HEIGHT),
                open_browser=False,
                judge=zone_warnings,
                say=said.put,
            )
        )

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    served = Desk(said.get(timeout=10).split()[-1], out, thread, results, said)
    yield served
    # A test that used the token closed the page itself, or saved; it may be just ending.
    thread.join(2)
    if thread.is_alive():
        with httpx.Client(follow_redirects=True) as client:
            client.get(served.url)
            client.post(f"{served.base}/api/close", json={})
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def page(desk: Desk) -> Iterator[Page]:
    """The page in a real browser, without a single error in its console."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        tab = chromium.new_page(viewport={"width": 1200, "height": 800})
        wrong: list[str] = []
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        tab.goto(desk.url)
        tab.wait_for_selector("html[data-ready=yes]", state="attached")
        tab.evaluate(COUNT_CLICKS)
        yield tab
        if desk.thread.is_alive() and desk.results.empty():
            # The token was spent by this browser, so that only it can close what was left open.
            tab.click("#close")
        chromium.close()
        assert not wrong


def click(page: Page, pixels: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    """Click the picture at each of `pixels` (n, 2), again where the browser dropped the click.

    Chromium gives no page what is clicked before that page's first picture is on the screen, and
    a busy machine may be long in showing it: asking for a screenshot makes it show one.
    """
    for u, v in pixels:
        before, end = page.evaluate("window.clicks"), time.monotonic() + 20
        while page.evaluate("window.clicks") == before:
            assert time.monotonic() < end, "the picture takes no click"
            page.screenshot()
            # Where it is by now: what was drawn last may have moved it.
            box = page.locator("#picture").bounding_box()
            assert box is not None
            scale = box["width"] / WIDTH
            page.mouse.click(box["x"] + (u + 0.5) * scale, box["y"] + (v + 0.5) * scale)


def test_only_the_browser_with_the_token_is_answered(desk: Desk) -> None:
    """No token, a wrong one, a used one, another Host, no cookie: nothing of the frame is shown."""
    with httpx.Client() as stranger:
        for path in ("/", "/frame.png", "/api/frame", "/page.js", "/?token=guess", "/?token="):
            assert stranger.get(desk.base + path).status_code == 403
        assert stranger.post(desk.base + "/api/solve", json={}).status_code == 403
    with httpx.Client() as ours:
        assert ours.get(desk.url).status_code == 303
        shown = ours.get(desk.base + "/")
        assert shown.status_code == 200
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert ours.get(desk.base + "/frame.png").content == png()
        assert ours.get(desk.base + "/frame.png", headers={"Host": "evil.test"}).status_code == 403
        assert ours.get(desk.base + "/marks.py").status_code == 404
        assert httpx.get(desk.url).status_code == 403, "the token is good once"
        assert ours.post(desk.base + "/api/solve", json={"image_size": 3}).status_code == 400
        ours.post(desk.base + "/api/close", json={})
    assert desk.results.get(timeout=10) is None
    assert not desk.out.exists()


def test_a_body_that_cannot_be_read_is_one_clear_message(
    desk: Desk, capfd: pytest.CaptureFixture[str]
) -> None:
    """What and where, in plain words; nothing on the terminal, and the page goes on."""
    with httpx.Client() as ours:
        assert ours.get(desk.url).status_code == 303
        for body, told in (
            (b'{"image_size": "\xff\xfe"}', "what was sent is no text in UTF-8"),
            (b'{"points": ' + b"[" * 9_000, "what was sent is nested too deeply"),
            (b"hello", "what was sent is no JSON: invalid character at byte 0"),
            (b"", "nothing was sent, where a JSON object is asked for"),
            (b"{}", "'image_size' is missing"),
            (b'{"image_size": 3}', "image_size: should be a list, not a whole number"),
            (b'{"image_size": [99, 99], "point": []}', "'point' is not asked for. Did you mean"),
        ):
            for path in ("/api/solve", "/api/save", "/api/look"):
                answer = ours.post(
                    desk.base + path, content=body, headers={"content-type": "application/json"}
                )
                assert answer.status_code == 400, answer.text
                assert set(answer.json()) == {"detail"}
                if path == "/api/solve":
                    assert answer.json()["detail"].startswith(told)
        assert ours.get(desk.base + "/api/no/such").json() == {"detail": "Not Found"}
        assert ours.get(desk.base + "/api/frame").status_code == 200
        ours.post(desk.base + "/api/close", json={})
    assert "Traceback" not in "".join(capfd.readouterr())


def test_the_page_is_for_this_machine_only(tmp_path: Path) -> None:
    """An address that others could reach is refused: the page shows the scene."""
    with pytest.raises(InputError, match="this machine only"):
        run_page("a", tmp_path / "a", frame_png=b"", image_size=(16, 16), host="0.0.0.0")  # noqa: S104 - refused


def _mark_a_zone(page: Page) -> None:
    page.click("#tab-zones")
    click(page, np.array([[200.0, 250], [430, 250]]))
    page.wait_for_selector("#hint:has-text('needs 1 more corner.')")
    click(page, np.array([[300.0, 300]]))
    page.wait_for_selector("#hint:has-text('Mark more, start the next zone, or save.')")
    shown = page.locator("#zones option:checked").inner_text()
    assert shown == "nobody may be here"
    wide = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(wide), "the words of a purpose make the page no wider"
    assert page.locator("#amiss li").count() == 0, "deep enough"
    page.click("#new-zone")
    click(page, np.array([[200.0, 130], [430, 130], [315, 136]]))
    told = page.locator("#amiss li")
    told.wait_for()
    assert told.inner_text().startswith("Zone 'zone 2': seen from the camera it is ")
    assert " m deep along the line of sight (it is " in told.inner_text()
    page.get_by_role("button", name="Delete 2").click()
    told.wait_for(state="detached")


def _try_what_is_no_id(page: Page) -> None:
    page.fill("#id", "no id!")
    page.click("#save-button")
    said = page.locator("#id").evaluate("input => input.validationMessage")
    assert said.startswith("An id has letters, digits")


def test_ground_points_are_marked_and_saved(desk: Desk, page: Page) -> None:
    """Four clicks and six distances give a camera, whose file the rest of Plainview loads."""
    metres = np.array([[-3.0, 9], [3, 9], [4, 20], [-4, 18]])
    pixels = CAMERA.image(np.column_stack((metres, np.zeros(4))))
    click(page, pixels)
    page.wait_for_selector("#verdict:has-text('nothing is known of them yet')")
    assert page.locator("#verdict").get_attribute("class") == "", "what comes next is no error"
    for i in range(4):
        for j in range(i + 1, 4):
            length = float(np.linalg.norm(metres[i] - metres[j]))
            page.fill(f"input[aria-label^='Distance from {i + 1} to {j + 1} ']", f"{length:.2f}")
    page.wait_for_selector("#verdict:has-text('RMS error')")
    page.wait_for_selector("#residuals tbody tr:nth-child(6):last-child", state="attached")
    page.wait_for_selector("#hint:has-text('Then save')")
    page.click("#tab-lines")
    click(page, np.array([[200.0, 250], [430, 250]]))
    page.wait_for_selector("#hint:has-text('the next line, or save')")
    _mark_a_zone(page)
    page.click("#tab-points")
    page.locator("#picture").focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    desk.out.write_text("old", encoding="utf-8")
    _try_what_is_no_id(page)
    page.fill("#id", "plaza")
    page.click("#save-button")
    page.wait_for_selector("#overwrite[open]")
    assert desk.out.read_text(encoding="utf-8") == "old"
    page.click("#yes")
    page.wait_for_selector("#saved:has-text('Saved')")
    style = "tab => [getComputedStyle(tab).color, getComputedStyle(tab).backgroundColor]"
    ink, paper = page.locator("#tab-points").evaluate(style)
    assert (ink, paper) == ("rgb(255, 255, 255)", "rgb(11, 106, 128)"), "the chosen tab is read"
    saved = desk.results.get(timeout=10)
    assert saved is not None
    assert desk.said.get(timeout=10).startswith(f"{desk.out}: saved, RMS error ")
    command = f"plainview measure plaza.mp4 --camera {desk.out} --every 1"
    assert desk.said.get(timeout=10) == f"Then: {command}"
    view = load_camera(desk.out).view
    assert [line.name for line in view.lines] == ["line 1"]
    assert [(zone.name, zone.kind) for zone in view.zones] == [("zone 1", "zone-intrusion")]
    found = to_plane(view.calibration.matrix(), pixels)
    assert np.linalg.norm(found[0] - found[2]) == pytest.approx(
        np.linalg.norm(metres[0] - metres[2]), rel=0.03
    )


def test_people_are_marked_and_saved(desk: Desk, page: Page) -> None:
    """Feet and heads of six people, and one mark that was deleted again, give a camera."""
    metres = np.array([[-2.5, 8], [2, 9], [0, 13], [5, 17], [-5, 19], [1, 24.0]])
    feet = CAMERA.image(np.column_stack((metres, np.zeros(6))))
    heads = CAMERA.image(np.column_stack((metres, np.full(6, BODY_HEIGHT))))
    page.click("#tab-people")
    click(page, np.array([[320.0, 300]]))
    page.keyboard.press("Delete")
    click(page, np.stack((feet, heads), axis=1).reshape(-1, 2))
    page.wait_for_selector("#verdict:has-text('RMS error')")
    page.wait_for_selector("#residuals tbody tr:nth-child(6):last-child", state="attached")
    page.set_viewport_size({"width": 390, "height": 700})
    page.click("#save-button")
    page.wait_for_selector("#saved:has-text('Saved')")
    expect(page.locator("#saved")).to_be_in_viewport(ratio=1)
    saved = desk.results.get(timeout=10)
    assert saved is not None
    assert saved.height == pytest.approx(CAMERA.height, rel=0.15)
    assert load_camera(desk.out).id == "plaza"
