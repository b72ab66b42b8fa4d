"""The portal in a real, headless Chromium: barriers, phones, zoom, keyboard, paper, no script."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.web.browsing import PATIENCE, faults_of_colour, opened, violations
from tests.web.portal.conftest import PublicCity
from tests.web.portal.published import put

from plainview.governance.words import words
from plainview.web.api import Application
from plainview.web.server import Served, bind

PAGES = (
    "",
    "sites/market-square",
    "cameras/square-north",
    "cameras/quay-east",
    "cameras/hostile",
    "assessments",
    "assessments/harbour-square-hk@2",
    "changes",
    "ask",
    "verify",
    "never",
    "exposure?from=22.2800,114.1700&to=22.2809,114.1704",
    "nothing-here",
)
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
ZOOMED = {"width": 320, "height": 256}
"""1280 x 1024 at 400 %: what WCAG 2.2, 1.4.10 asks to work without scrolling both ways."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    yield from opened()


@pytest.fixture(scope="module")
def served(app: Application) -> Iterator[Served]:
    """The city's pages, served."""
    with Served(app, bind(port=0)) as server:
        yield server


@contextmanager
def shown(
    browser: Browser,
    served: Served,
    path: str = "en/",
    **options: Any,  # noqa: ANN401 - Playwright's own
) -> Iterator[Page]:
    """A page that asks nothing of anyone else and of which the browser has nothing to report."""
    faults: list[str] = []
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(served.url) else faults.append(asked.url),
    )
    page.on(
        "console",
        lambda said: None if "404" in said.text else faults.append(said.text),
    )
    page.goto(f"{served.url}portal/{path}")
    yield page
    context.close()
    assert faults == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("language", "sizes"),
    [("en", (DESK, PHONE)), ("zh-Hant", (PHONE,)), ("fr", ()), ("de", ())],
)
def test_no_known_barrier_and_nothing_wider_than_the_screen(
    browser: Browser, served: Served, language: str, sizes: tuple[dict[str, int], ...]
) -> None:
    """On any page: axe-core finds nothing, in light and dark; at 400 % one scrolls one way only."""
    told = {}
    with shown(browser, served) as page:
        for path in PAGES:
            page.goto(f"{served.url}portal/{language}/{path}")
            for size in (DESK, PHONE, ZOOMED):
                page.set_viewport_size(size)  # type: ignore[arg-type]  # Playwright's dictionary
                told[path, size["width"], "wide"] = wider(page)
                if size in sizes:
                    told[path, size["width"], "light"] = violations(page, "best-practice")
                    page.emulate_media(color_scheme="dark")
                    told[path, size["width"], "dark"] = faults_of_colour(page)
                    page.emulate_media(color_scheme="light")
    told = {where: found for where, found in told.items() if found}
    assert told == {}, told


def wider(page: Page) -> list[str]:
    """What is cut off or reaches beyond the screen: "all" where the page itself does."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter(e => {
            const box = e.getBoundingClientRect();
            return !e.closest("svg, .skip, .hidden") && box.width
                && (box.right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 1
                    && getComputedStyle(e).overflowX === "hidden");
        }).map(e => e.outerHTML.slice(0, 90))
            .concat(document.documentElement.scrollWidth > innerWidth ? ["all"] : [])"""
    )
    return found


def test_bigger_text_and_wider_spacing_lose_nothing(browser: Browser, served: Served) -> None:
    """Text at 200 % and the spacing of WCAG 2.2, 1.4.12: still one column, nothing covered."""
    with shown(browser, served, viewport=DESK, bypass_csp=True) as page:
        for path in PAGES:
            page.goto(f"{served.url}portal/en/{path}")
            page.add_style_tag(
                content="html{font-size:200%!important}*{line-height:1.5!important;"
                "letter-spacing:.12em!important;word-spacing:.16em!important}"
                "p{margin-bottom:2em!important}"
            )
            assert page.evaluate("document.documentElement.scrollWidth") <= DESK["width"], path


def test_everything_works_without_script(browser: Browser, served: Served) -> None:
    """The phone's menu, search, a camera, another language, the assessment: no script is on."""
    with shown(browser, served, java_script_enabled=False, viewport=PHONE) as page:
        menu = page.locator("nav.pages")
        expect(menu).to_be_hidden()
        page.get_by_role("link", name="Menu").click()
        menu.get_by_role("link", name="Cameras").click()
        page.get_by_label("Find a camera by its name or place").fill("harbour north")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("status")).to_contain_text("1 camera found")
        expect(page.get_by_role("status")).to_be_in_viewport()
        page.locator(".rows").get_by_role("link", name="Square north").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Square north")
        page.get_by_role("link", name="繁體中文").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
        expect(page.get_by_role("heading", name="法律依據")).to_be_visible()
        page.get_by_role("link", name="海濱廣場人群安全").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("海濱廣場人群安全")
        expect(page.locator("#legal")).to_be_visible()


def test_a_place_is_chosen_on_the_map_and_by_keyboard(browser: Browser, served: Served) -> None:
    """Marks of the city's map are links with names; focus can be seen; the skip link skips."""
    with shown(browser, served, viewport=DESK) as page:
        expect(page.locator("nav.pages")).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        mark = page.get_by_role("link", name="Old quay 3 cameras, 0 running")
        mark.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        expect(mark).to_be_focused()
        assert "rgb" in mark.locator("circle").evaluate("e => getComputedStyle(e).stroke")
        assert mark.locator("circle").evaluate("e => getComputedStyle(e).strokeWidth") == "4px"
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Old quay")
    with shown(browser, served, viewport=PHONE) as page:
        boxes = [box.bounding_box() for box in page.locator(".map a circle").all()]
        assert boxes
        assert all(box and min(box["width"], box["height"]) >= 23.9 for box in boxes)


def test_the_drawing_agrees_with_the_list(browser: Browser, served: Served) -> None:
    """Each camera with a place has its number on the map and in the list."""
    with shown(browser, served, "en/sites/market-square") as page:
        drawn = page.locator(".map > svg .mark text").all_text_contents()
        listed = page.locator(".rows .number").all_text_contents()
        assert sorted(drawn) == sorted(listed) == ["1", "2"]
        running = page.locator('.map > svg .mark[data-state="running"]')
        expect(running).to_have_count(1)


@pytest.mark.parametrize("path", ["", "cameras/square-north", "assessments/harbour-square-hk@2"])
def test_it_can_be_printed(browser: Browser, served: Served, path: str) -> None:
    """On paper: black on white even in the dark, no navigation, everything that is said."""
    with shown(browser, served, f"en/{path}", color_scheme="dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        expect(page.locator("nav.pages")).to_be_hidden()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        back = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert back == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert page.pdf().startswith(b"%PDF-")


def test_the_form_about_recognition_works_on_a_phone(browser: Browser, served: Served) -> None:
    """A bad number is told beside its field; the answer fits 360 pixels; no barrier is known."""
    with shown(browser, served, "en/recognition", viewport=PHONE, bypass_csp=True) as page:
        page.get_by_label("Faces a day for each camera").fill("few")
        page.get_by_role("button", name="Work it out").click()
        wrong = page.get_by_label("Faces a day for each camera")
        expect(wrong).to_have_accessible_description(words("en").text("proposal.wrong.number"))
        wrong.fill("5000")
        page.get_by_role("button", name="Work it out").click()
        expect(page.get_by_role("status")).to_contain_text("50,000 times a day")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert violations(page, "best-practice") == []


def test_bars_of_a_published_day_can_be_read_on_a_phone(
    browser: Browser, served: Served, founded: PublicCity
) -> None:
    """No barrier, nothing beside the screen, and the numbers as a table without a script."""
    put(founded.statistics_folder)
    with shown(browser, served, "en/statistics", viewport=PHONE, bypass_csp=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert page.locator("svg.hourly").first.is_visible()
        page.locator("summary").first.click()
        expect(page.locator("details table").first).to_be_visible()
        assert violations(page, "best-practice") == []
    shutil.rmtree(founded.statistics_folder)
