"""The sign-in pages in a real browser, with scripts switched off: usable by everyone."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from plainview.governance.person import Person, Role
from plainview.web.access.service import Access
from plainview.web.api import Application
from plainview.web.server import Served, bind

if TYPE_CHECKING:
    from tests.web.access.conftest import KeptDesk

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[3] / "console" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
SIZES = ((1440, 900), (320, 640))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser: {CHROMIUM} is missing (Debian package chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def served(app: Application) -> Iterator[Served]:
    """The city's pages."""
    with Served(app, bind(port=0)) as server:
        yield server


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """A page without JavaScript."""
    with browser.new_context(java_script_enabled=False, base_url=served.url) as context:
        opened = context.new_page()
        opened.set_default_timeout(10_000)
        yield opened


def test_one_signs_in_chooses_a_purpose_and_signs_out_without_scripts(
    page: Page, access: Access, desk: "KeptDesk"
) -> None:
    """Link, purpose, whose session it is, out: in a browser with its own rules for cookies."""
    token = access.links.make(Person("Kim Lee", Role.SUPERVISOR))
    page.goto(f"/login/link?token={token}")
    page.get_by_role("button", name="Sign in as supervisor").click()
    expect(page.get_by_role("heading", name="Why do you look?")).to_be_visible()
    page.get_by_label("Keep the plaza safe").check()
    page.get_by_role("button", name="Go on").click()
    page.goto("/login")
    expect(page.locator("dl")).to_contain_text("Kim Lee")
    expect(page.locator("dl")).to_contain_text("Keep the plaza safe")
    assert page.goto("/api/v1/sites/plaza/field").status == 200  # type: ignore[union-attr]
    assert len(desk.recorded) == 1
    page.goto("/login")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert page.goto("/api/v1/sites/plaza/field").status == 401  # type: ignore[union-attr]
    assert page.goto("/sites/plaza").url.endswith("/login?next=/sites/plaza")  # type: ignore[union-attr]


def test_it_goes_by_keyboard_alone(page: Page, access: Access) -> None:
    """Tab, space and return are enough."""
    token = access.links.make(Person("Kim Lee", Role.OPERATOR))
    page.goto(f"/login/link?token={token}")
    page.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Why do you look?")).to_be_visible()
    page.locator("input[type=radio]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.goto("/login")
    expect(page.locator("dl")).to_contain_text("fair")


@pytest.mark.parametrize("which", ["login", "link", "purpose", "signed-in", "problem"])
def test_no_known_barrier_and_no_sideways_scroll(
    browser: Browser, served: Served, access: Access, which: str
) -> None:
    """axe-core finds no violation of WCAG 2.2 A and AA, light or dark; a narrow phone shows all."""
    if not AXE.exists():
        pytest.skip(f"no axe-core: {AXE} is missing (run 'make console')")
    person = Person("Kim " + "Lee" * 30, Role.PRIVACY_OFFICER)
    with browser.new_context(base_url=served.url, bypass_csp=True) as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        token = access.links.make(person)
        if which in {"link", "purpose", "signed-in"}:
            page.goto(f"/login/link?token={token}")
        if which in {"purpose", "signed-in"}:
            page.get_by_role("button").click()
            page.wait_for_url("**/login/purpose**")
        paths = {"login": "/login", "signed-in": "/login", "problem": "/login/link?token=x"}
        if which in paths:
            page.goto(paths[which])
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                assert barriers(page) == [], (width, scheme)


def barriers(page: Page) -> list[list[str]]:
    """What axe-core finds by the rules of WCAG 2.2 A and AA on what is shown now."""
    found = page.evaluate(
        "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
    )
    assert len(found["passes"]) > 5
    return [
        [violation["id"], *map(str, node["target"]), node["failureSummary"]]
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
