"""The built console in a real, headless Chromium over a real server and scripted Readings."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs
from playwright.sync_api import Browser, Locator, Page, expect
from tests.web.browsing import no_barriers_in_light_and_dark, opened, page_of

from plainview.record import Health
from plainview.web.api import create_app
from plainview.web.edge import Trouble
from plainview.web.server import Served, bind
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World

NORTH, SOUTH, QUAY = "plaza-north", "plaza-south", "quay-east"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    yield from opened()


@pytest.fixture
def served(live_world: "World", sites: tuple[SiteView, ...]) -> Iterator[Served]:
    """The console over cameras that all measure."""
    live_world.say(NORTH, live_world.reading(NORTH, [(0.5, 0.5, 1, 0)] * 3))
    live_world.say(SOUTH, live_world.reading(SOUTH, [(2.5, 20.5, 0, -1)] * 2))
    live_world.say(QUAY, live_world.reading(QUAY, [(0, 0, 0, 0)]))
    for camera in (NORTH, SOUTH, QUAY):
        live_world.status(camera)
    with Served(create_app(sites=sites, store=live_world.store), bind(port=0)) as server:
        yield server


@contextmanager
def shown(
    browser: Browser,
    served: Served,
    path: str = "sites/plaza",
    **options: Any,  # noqa: ANN401 - Playwright's own
) -> Iterator[Page]:
    """A page that may ask nothing of anyone else and that may report no error."""
    with page_of(browser, served.url, path, **options) as page:
        yield page


def count(page: Page) -> Locator:
    """The number of people now."""
    return page.locator(".big")


def camera(page: Page, name: str) -> Locator:
    """A camera's row."""
    return page.locator(".cameras tbody tr", has_text=name)


def test_a_site_shows_its_people_and_follows_them(
    browser: Browser, served: Served, live_world: "World"
) -> None:
    """The count with its interval is there on load, and a new Reading changes it."""
    with shown(browser, served) as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("Station plaza")
        expect(count(page)).to_have_text("5")
        expect(page.locator(".big-range")).to_have_text("(2 to 8)")
        expect(page.locator("#link-text")).to_have_text("Live")
        expect(camera(page, "Plaza north")).to_contain_text("Measuring")
        expect(camera(page, "Plaza north")).to_contain_text("Sealed")
        live_world.say(NORTH, live_world.reading(NORTH, [(0.5, 0.5, 1, 0)] * 40))
        expect(count(page)).to_have_text("42")
        expect(page.locator(".facts")).to_contain_text("Level F")
        live_world.status(NORTH, sealed=False)
        expect(camera(page, "Plaza north")).to_contain_text("UNSEALED")
        assert page.locator("main img, video, picture").count() == 0


def test_a_blind_camera_is_shown_as_blind_and_its_ground_as_unknown(
    browser: Browser, served: Served, live_world: "World"
) -> None:
    """Words and what to do in the table; the part's count is named a part; cells are not empty."""
    with shown(browser, served) as page:
        expect(count(page)).to_have_text("5")
        live_world.say(SOUTH, live_world.reading(SOUTH, health=(Health.BLIND,)))
        row = camera(page, "Plaza south")
        expect(row).to_contain_text("Cannot see: covered or sprayed")
        expect(row).to_contain_text("Send someone")
        expect(row).to_contain_text("not known")
        expect(page.locator("#now")).to_have_text("People now, on 53 % of the ground")
        expect(count(page)).to_have_text("3")
        expect(page.locator("#announce")).to_contain_text("Plaza south: Cannot see")
        page.get_by_text("The plan as a table").click()
        expect(page.locator(".plan tr", has_text="Not known")).to_contain_text("288 m²")
        live_world.say(NORTH, live_world.reading(NORTH, health=(Health.DARK,)))
        expect(count(page)).to_have_text("Not known")
        expect(page.locator(".now .note")).to_contain_text("does not mean that it is empty")


def test_when_readings_stop_the_page_says_so(
    browser: Browser, served: Served, live_world: "World"
) -> None:
    """Nothing is sent, nothing failed: the camera's row and the count grow stale by themselves."""
    with shown(browser, served, "sites/quay") as page:
        expect(page.locator("#banner")).to_contain_text("its people do not exist")
        expect(count(page)).to_have_text("1")
        last = live_world.reading(QUAY, [(0, 0, 0, 0)])
        live_world.say(QUAY, structs.replace(last, span=1000))
        expect(camera(page, "quay-east")).to_contain_text("No measurement for")
        expect(count(page)).to_have_text("Not known")


@pytest.mark.parametrize("path", ["", "sites/plaza", "events"])
def test_what_is_simulated_is_said_to_be_so(browser: Browser, served: Served, path: str) -> None:
    """On each page that shows numbers or events of it, not on the site's alone."""
    with shown(browser, served, path) as page:
        expect(page.locator("#banner")).to_contain_text("Demonstration.")


@pytest.mark.parametrize("path", ["", "sites/plaza", "deliveries", "stop"])
def test_what_is_amiss_with_the_program_stands_above_every_page(
    browser: Browser, live_world: "World", sites: tuple[SiteView, ...], path: str
) -> None:
    """In words, on a phone as well, and only as long as it lasts."""
    amiss = [Trouble("bus", "no servers available for connection")]
    app = create_app(sites=sites, store=live_world.store, troubles=lambda: tuple(amiss))
    with (
        Served(app, bind(port=0)) as server,
        shown(browser, server, path, viewport={"width": 390, "height": 844}) as page,
    ):
        told = page.locator("#troubles")
        expect(told).to_have_text(
            "Measurements do not get through: no servers available for connection. They wait where"
            " they are while there is room, and are stored later."
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        amiss.clear()
        expect(told).to_be_hidden()


def test_a_page_outlives_a_restart_of_the_server(
    browser: Browser, live_world: "World", sites: tuple[SiteView, ...]
) -> None:
    """Cut off, it says since when and marks its numbers; it comes back with the present."""
    app = create_app(sites=sites, store=live_world.store)
    live_world.say(QUAY, live_world.reading(QUAY, [(0, 0, 0, 0)]))
    first = Served(app, bind(port=0))
    try:
        with shown(browser, first, "sites/quay") as page:
            expect(count(page)).to_have_text("1")
            first.stop()
            expect(page.locator("#link-text")).to_contain_text("Not live since")
            expect(page.locator("body")).to_have_class(re.compile("stale"))
            expect(page.locator(".stale-note")).to_be_visible()
            when = page.locator(".scrub-when")
            expect(when).to_have_text("Not live: the last known state")
            live_world.say(QUAY, live_world.reading(QUAY, [(0, 0, 0, 0)] * 4))
            again = create_app(sites=sites, store=live_world.store)
            with Served(again, bind(port=first.port)):
                expect(page.locator("#link-text")).to_have_text("Live")
                expect(count(page)).to_have_text("4")
                expect(when).to_have_text("Live")
                expect(page.locator("body")).not_to_have_class(re.compile("stale"))
    finally:
        first.stop()


def test_everything_is_reached_by_keyboard(browser: Browser, served: Served) -> None:
    """Skip link first; the plan reads itself cell by cell; the time shown is chosen."""
    with shown(browser, served) as page:
        expect(count(page)).to_have_text("5")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.locator(".stage")).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(page.locator(".readout")).to_contain_text("people/m²")
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "1 hour":
                break
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="1 hour")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("path", ["", "sites/plaza"])
def test_a_phone_needs_no_sideways_scroll(browser: Browser, served: Served, path: str) -> None:
    """At 320 pixels nothing is wider than the page."""
    options = {"viewport": {"width": 320, "height": 740}, "device_scale_factor": 2}
    with shown(browser, served, path, **options) as page:
        expect(page.locator("#link-text")).to_have_text("Live")
        expect(page.get_by_text("Readings per second")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_home_lists_the_sites_and_marks_them_on_the_map(
    browser: Browser, served: Served, live_world: "World"
) -> None:
    """Count, interval and state in the list; a link for each site on the map; both lead to it."""
    live_world.status(QUAY, sealed=False)
    with shown(browser, served) as page:
        page.get_by_role("link", name="Sites").click()
        plaza = page.locator(".site-card", has_text="Station plaza")
        expect(plaza).to_contain_text("people (2 to 8)")
        expect(plaza).to_contain_text("All cameras measuring")
        expect(page.locator(".site-card", has_text="Harbour")).to_contain_text("UNSEALED")
        expect(page.locator(".pin")).to_have_count(2)
        expect(page.locator("#map canvas")).to_be_visible()
        live_world.say(SOUTH, live_world.reading(SOUTH, health=(Health.MOVED,)))
        expect(plaza).to_contain_text("1 of 2 cameras cannot be believed: has been moved")
        plaza.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Station plaza")


def test_a_site_that_is_not_there_is_said_to_be_so(browser: Browser, served: Served) -> None:
    """A wrong address is one clear sentence and a way out."""
    with shown(browser, served, "sites/nowhere") as page:
        expect(page.locator("main [role=alert]")).to_contain_text(
            "There is no site named “nowhere”"
        )
        expect(page.get_by_role("link", name="all sites")).to_be_visible()


@pytest.mark.parametrize("path", ["", "sites/plaza"])
def test_no_known_barrier_for_people_with_disabilities(
    browser: Browser, served: Served, live_world: "World", path: str
) -> None:
    """axe-core finds no violation of WCAG 2.2 A and AA, with a blind, unsealed camera shown."""
    live_world.say(SOUTH, live_world.reading(SOUTH, health=(Health.BLIND, Health.LATE)))
    live_world.status(SOUTH, sealed=False, connected=False)
    with shown(browser, served, path) as page:
        expect(page.locator("#link-text")).to_have_text("Live")
        if path:
            expect(camera(page, "Plaza south")).to_contain_text("UNSEALED")
            for words in ("The plan as a table", "The curve as a table"):
                page.get_by_text(words).click()
        else:
            expect(page.locator(".pin")).to_have_count(2)
        no_barriers_in_light_and_dark(page)
