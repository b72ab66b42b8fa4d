"""The search of events and alerts in the built console, in a real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from playwright.sync_api import Browser, Page, expect
from tests.web.browsing import no_barriers, opened, page_of
from tests.web.conftest import SITES

from plainview.alerts.book import Book
from plainview.alerts.events import EventAlerts
from plainview.clock import SystemClock
from plainview.record import Event, EventKind, EventStanding, Phase, Reading, Stamped
from plainview.store import open_store
from plainview.store.search import Mark
from plainview.web.api import create_app
from plainview.web.server import Served, bind

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Seventy events of the last hour, one of them validated, with an alert that was cleared."""
    store, clock = open_store(f"sqlite:{tmp_path_factory.mktemp('search') / 'x.db'}"), SystemClock()
    now = round(clock.utc() * 1000)
    empty = Reading(now, 1000, 5, 0, 0, 0, 0, 8, 1, 10, (), (), (), ())
    kinds = (EventKind.LEFT_OBJECT, EventKind.WRONG_WAY)
    marks = [
        Mark("plaza-north", Event(kinds[k % 2], Phase.START, now - 40_000 * k - 9000, k, k, -1, 60),
             "Tram stop", EventStanding.EXPERIMENTAL)
        for k in range(69)
    ]  # fmt: skip
    fire = Event(EventKind.FIRE, Phase.START, now - 5000, 10, -10, -1, 91)
    marks.append(Mark("quay-east", fire, None, EventStanding.VALIDATED))
    readings = [Stamped(m.camera, structs.replace(empty, t=m.event.t)) for m in marks]
    store.append(readings, marks)
    book = Book(store, clock, lambda: "a")
    EventAlerts(store, book, clock, {"quay-east": "quay"}).look()
    book.decide(book.open()[0].alert.id, "clear", "Kim", "A sausage stand, seen on site")
    with Served(create_app(sites=SITES, store=store, clock=clock), bind(port=0)) as server:
        yield server
    store.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser."""
    yield from opened()


def test_events_and_alerts_are_searched_for(browser: Browser, served: Served) -> None:
    """By kind, place, map and notes; page after page; as files; by keyboard and on a phone."""
    with page_of(browser, served.url, "events", viewport={"width": 1280, "height": 900}) as page:
        rows = page.locator(".found > li")
        expect(rows).to_have_count(50)
        expect(page.locator(".search-found [role=status]")).to_contain_text("there are more")
        expect(rows.first).to_contain_text("Smoke or flames")
        expect(rows.first).to_contain_text("Validated")
        expect(rows.first).to_contain_text("Harbour quay")
        pins = page.locator(".pin")
        expect(pins).to_have_count(len(SITES))  # by name: people there now are not what was found
        expect(pins.locator("strong")).to_have_text([""] * len(SITES))
        no_barriers(page)
        page.get_by_role("button", name="Show more").press("Enter")
        expect(rows).to_have_count(70)
        expect(rows.nth(50).get_by_role("link")).to_be_focused()
        page.get_by_label("Site", exact=True).select_option("plaza")
        page.get_by_label("Kind").select_option("wrong-way")
        page.get_by_role("button", name="Search").press("Enter")
        expect(rows).to_have_count(34)
        _files(page)
        assert "kind=wrong-way" in page.url
        page.reload()
        expect(rows).to_have_count(34)
        page.get_by_label("Site", exact=True).select_option("quay")
        page.get_by_role("button", name="Search").click()
        expect(page.locator(".search-found [role=status]")).to_contain_text("No events fit")
        expect(page.locator(".search-files")).to_be_hidden()
        page.get_by_label("Kind").select_option("")
        page.get_by_role("button", name="Alerts", exact=True).click()
        page.get_by_label("Words in notes").fill("SAUSAGE")
        page.keyboard.press("Enter")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("Kim: A sausage stand, seen on site")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # Playwright's own dictionary
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        _map_waits(page)
        no_barriers(page)
        rows.get_by_role("link").click()
        page.wait_for_url("**/sites/quay?at=*")


def test_an_address_that_names_what_is_not_there_shows_what_is_searched(
    browser: Browser, served: Served
) -> None:
    """No field is left empty."""
    with page_of(browser, served.url, "events?site=none&span=9&kind=none") as page:
        expect(page.get_by_label("Site", exact=True).locator(":checked")).to_have_text("All sites")
        expect(page.get_by_label("Time").locator(":checked")).to_have_text("Last hour")
        expect(page.get_by_label("Kind").locator(":checked")).to_have_text("Any kind")


def _map_waits(page: Page) -> None:
    """On a phone the list follows the form, a search leads to it, and the map comes when asked."""
    found, place = page.locator(".search-found"), page.locator("#map-card")
    expect(place).to_be_hidden()
    expect(page.get_by_label("Only what the map shows")).to_be_hidden()
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Search").press("Enter")
    expect(found).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Show the map").click()
    expect(place.locator("canvas")).to_be_visible()
    expect(page.get_by_label("Only what the map shows")).to_be_visible()
    page.get_by_role("button", name="Hide the map").click()
    expect(place).to_be_hidden()


def _files(page: Page) -> None:
    """The links give what the list has."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name="CSV").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert len(text.splitlines()) == 35
