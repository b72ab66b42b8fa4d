"""Alerts, the past on the plan and the quantities in the built console, in a real Chromium."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.web.browsing import no_barriers_in_light_and_dark, opened, page_of
from tests.web.standin_alerts import PRESSURE_SOURCE, RealAlerts, StandinAlerts, watch, zone

from plainview.alerts.book import Book, Filter
from plainview.clock import SystemClock
from plainview.web.api import create_app
from plainview.web.server import Served, bind
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World

PHONE = {"viewport": {"width": 390, "height": 844}}
CANNOT_TELL = "The interval is wider than the threshold."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    yield from opened()


@pytest.fixture
def served(live_world: "World", sites: tuple[SiteView, ...]) -> Iterator[Served]:
    """The console over cameras that all measure."""
    live_world.say("plaza-north", live_world.reading("plaza-north", [(4.0, 6.0, 0.5, 0)] * 9))
    live_world.say("plaza-south", live_world.reading("plaza-south", [(2.5, 20.5, 0, -1)] * 2))
    live_world.say("quay-east", live_world.reading("quay-east", [(0, 0, 0, 0)]))
    for camera in ("plaza-north", "plaza-south", "quay-east"):
        live_world.status(camera)
    with Served(create_app(sites=sites, store=live_world.store), bind(port=0)) as server:
        yield server


@pytest.fixture
def alerts() -> StandinAlerts:
    """One alarm at the north gate, and what is watched there."""
    told = StandinAlerts()
    told.raise_one()
    told.watches = [
        watch("raised", value=6.1, low=5.4, high=6.8),
        watch("cannot-tell", quantity="pressure", source=PRESSURE_SOURCE, why=CANNOT_TELL),
        watch("off", zone=None, quantity="oscillation", value=None, why="Nobody has approved it."),
    ]
    told.zones = [
        zone(None),
        zone("North gate", pressure=None, why="Too noisy.", facility="stairs"),
    ]
    told.usual = {
        "hour_of_week": "Thursdays, 09:00 to 10:00",
        "now": {"count": 158.0, "low": 146.0, "high": 171.0},
        "usual": {"median": 4.0, "low": 2.0, "high": 5.0, "days": 6},
        "why": None,
    }
    return told


def keep_every_moment(served: Served, alerts: StandinAlerts, **other: float) -> None:
    """The field of any moment asked for is that of now, but for what is `other` in it."""
    field = httpx.get(f"{served.url}api/v1/sites/plaza/field").json()
    alerts.fields = lambda at: field | {"t": at, "measured": at} | other


@contextmanager
def shown(
    browser: Browser,
    served: Served,
    alerts: StandinAlerts,
    path: str = "sites/plaza",
    **options: Any,  # noqa: ANN401 - Playwright's own
) -> Iterator[Page]:
    """The page at `path`, which hears of `alerts`."""
    with page_of(browser, served.url, "healthz", **options) as page:
        alerts.put_before(page)
        page.goto(served.url + path)
        yield page


def card(page: Page) -> Locator:
    """Where alerts are listed and opened."""
    return page.locator(".alerts")


def rows(page: Page) -> Locator:
    """The alerts of the list."""
    return page.locator(".alert-row")


def test_an_alert_says_what_where_since_when_and_beside_which_threshold(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """In the list, at the foot of the window and in the title; the source and what to check."""
    with shown(browser, served, alerts) as page:
        expect(rows(page)).to_have_count(1)
        expect(rows(page)).to_contain_text("ALARM")
        expect(rows(page)).to_contain_text("Density, North gate")
        expect(rows(page)).to_contain_text("6.1 people/m² (5.4 to 6.8); alarm from 5.0 people/m²")
        expect(rows(page)).to_contain_text("Not acknowledged")
        expect(page).to_have_title(re.compile(r"^\(1 ALARM\) Station plaza"))
        expect(page.locator(".call")).to_contain_text("Alarm: Density, North gate, Station plaza")
        expect(page.locator("[role=alert]", has_text="It is too dense")).to_have_count(1)
        page.get_by_role("button", name="Look at it").click()
        expect(card(page).get_by_role("heading", name="Density, North gate")).to_be_focused()
        expect(card(page)).to_contain_text("Can people leave at North gate?")
        expect(card(page)).to_contain_text("Fruin 1993")
        expect(card(page)).to_contain_text("Raised by Plainview: over 5.0")
        expect(page.locator(".call")).to_be_hidden()


def test_the_home_page_lists_the_alerts_of_all_sites(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """Alarms first, each with its site's name; a site's card counts its own."""
    alerts.raise_one(site="quay", zone=None, level="warning", quantity="inflow", unit="people/min")
    with shown(browser, served, alerts, "") as page:
        expect(rows(page)).to_have_count(2)
        expect(rows(page).first).to_contain_text("Density, North gate, Station plaza")
        expect(rows(page).last).to_contain_text("Net inflow, whole site, Harbour quay")
        quay = page.locator(".site-card", has_text="Harbour")
        expect(quay).to_contain_text("1 warning")
        rows(page).first.click()
        card(page).get_by_role("link", name="See the plan at that moment").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Station plaza")
        expect(card(page).get_by_role("heading", name="Density, North gate")).to_be_visible()


def test_a_broken_route_is_of_no_place(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """It is told once, by its reason, and leads to Deliveries: no plan shows it."""
    stuck = {"at": 0.0, "state": "raised", "who": "Plainview", "why": "nobody answers"}
    alerts.alerts.clear()
    alerts.raise_one(
        kind="route", route="mail", site=None, quantity=None, unit=None, value=None, low=None,
        high=None, peak=None, threshold=None, at=None, zone=None, source="See the page Deliveries",
        message="Alerts do not arrive by the route mail: nobody answers.", history=[stuck],
    )  # fmt: skip
    with shown(browser, served, alerts, "") as page:
        expect(rows(page).first.locator("strong")).to_have_text("Alerts do not arrive by mail")
        expect(rows(page).first).to_contain_text("Nobody answers.")
        rows(page).first.click()
        one = page.get_by_role("article", name="Alert")
        expect(one.locator(".alert-now")).to_have_text("Nobody answers.")
        expect(one.get_by_role("link", name="Open Deliveries")).to_have_attribute(
            "href", "/deliveries"
        )
        for never in ("See the plan", "Stewards", "Whole site"):
            expect(one).not_to_contain_text(never)


def test_alerts_come_with_the_live_stream(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """Without waiting for the next question; they replace what was known of this site."""
    (alert,) = alerts.alerts
    alerts.refusal = (503, "Ask the stream")
    with page_of(browser, served.url, "healthz") as page:
        alerts.put_before(page)
        told = f"retry: 100\nevent: alerts\ndata: {json.dumps([alert | {'value': 7.7}])}\n\n"
        page.route(
            "**/sites/plaza/live*",
            lambda route: route.fulfill(status=200, content_type="text/event-stream", body=told),
        )
        page.goto(f"{served.url}sites/plaza")
        expect(rows(page)).to_contain_text("7.7 people/m²")


def test_the_program_s_own_alerts_come_live_and_are_decided_for_good(
    browser: Browser, live_world: "World", sites: tuple[SiteView, ...]
) -> None:
    """Through the real API: raised, graver, acknowledged; a second page and the store know it."""
    alerts = RealAlerts(live_world.store)
    app = create_app(sites=sites, store=live_world.store, alerts=alerts)
    with (
        Served(app, bind(port=0)) as served,
        page_of(browser, served.url, "sites/plaza") as page,
        page_of(browser, served.url, "") as home,
    ):
        expect(card(page)).to_contain_text("No open alerts.")
        alerts.rise(alerts.warning, 4.0)
        expect(rows(page)).to_contain_text("4.0 people/m² (3.5 to 4.5); warning from 3.5")
        alerts.rise(alerts.alarm, 6.0)
        expect(rows(page)).to_contain_text("6.0 people/m² (5.5 to 6.5); alarm from 5.0")
        rows(page).click()
        card(page).get_by_role("button", name="Entry is held back").click()
        card(page).get_by_role("button", name="Acknowledge").click()
        expect(card(page)).to_contain_text("Acknowledged by demonstration")
        expect(rows(home)).to_contain_text("Acknowledged by demonstration")
        card(page).get_by_label("What is done about it, or why not?").fill("It is over")
        card(page).get_by_role("button", name="Clear").click()
        expect(card(page)).to_contain_text("Cleared by demonstration: It is over")
        expect(card(home)).to_contain_text("No open alerts")
    (kept,) = Book(live_world.store, SystemClock(), lambda: "b").page(
        Filter(("plaza",), nowhere=False), 10
    )
    assert [step.why for step in kept.alert.history][-2:] == ["Entry is held back", "It is over"]


def test_a_person_decides_by_keyboard_with_a_reason(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """No reason, no decision; then acknowledge, escalate and clear, each in the history."""
    with shown(browser, served, alerts) as page:
        rows(page).focus()
        page.keyboard.press("Enter")
        why = card(page).get_by_label("What is done about it, or why not?")
        acknowledge = card(page).get_by_role("button", name="Acknowledge")
        acknowledge.press("Enter")
        expect(card(page).get_by_role("alert")).to_contain_text("Say why in a few words")
        expect(why).to_be_focused()
        assert alerts.decided == []
        card(page).get_by_role("button", name="Stewards are on their way").press("Enter")
        expect(acknowledge).to_be_focused()
        page.keyboard.press("Enter")
        expect(card(page)).to_contain_text("Acknowledged by demonstration")
        expect(card(page)).to_contain_text("demonstration: Stewards are on their way")
        expect(acknowledge).to_be_hidden()
        expect(page).to_have_title(re.compile("^Station plaza"))
        why.fill("It grows")
        card(page).get_by_role("button", name="Escalate").press("Enter")
        expect(card(page)).to_contain_text("Escalated by demonstration")
        why.fill("Gone")
        card(page).get_by_role("button", name="Clear").press("Enter")
        expect(card(page)).to_contain_text("Cleared by demonstration")
        expect(why).to_be_hidden()
        assert [what for _, what, _ in alerts.decided] == ["acknowledge", "escalate", "clear"]
        card(page).get_by_role("button", name="All alerts").press("Enter")
        for what in ("No open alerts, but 1 of 3 thresholds cannot", "1 of 3 thresholds is off"):
            expect(card(page)).to_contain_text(what)
        card(page).get_by_role("button", name="Earlier").press("Enter")
        expect(rows(page)).to_contain_text("Cleared by demonstration")
        # How bad it was, as on the page of events.
        expect(rows(page)).to_contain_text(re.compile("Highest .* people/m²; alarm from"))


def test_earlier_alerts_are_shown_page_by_page(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """Fifty of those that are over, then the next; the keyboard is at the first of them."""
    alerts.alerts = [
        alerts.alerts[0]
        | {"id": f"{k:03d}", "state": "cleared", "cleared_at": alerts.clock.utc(), "zone": f"Z{k}"}
        for k in range(99, 19, -1)
    ]
    with shown(browser, served, alerts) as page:
        card(page).get_by_role("button", name="Earlier").click()
        expect(rows(page)).to_have_count(50)
        more = card(page).get_by_role("button", name="Show more")
        more.press("Enter")
        expect(rows(page)).to_have_count(80)
        expect(rows(page).nth(50)).to_contain_text("Z49")
        expect(rows(page).nth(50)).to_be_focused()
        expect(more).to_be_hidden()
        card(page).get_by_role("button", name="Open", exact=True).click()
        expect(rows(page)).to_have_count(0)
        expect(more).to_be_hidden()


def test_what_is_chosen_shows_in_a_persons_own_colours(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """Where the system gives two colours, what is pressed is still told from what is not."""
    with shown(browser, served, alerts, forced_colors="active") as page:
        paper = "button => getComputedStyle(button).backgroundColor"
        pressed = card(page).get_by_role("button", name="Open", exact=True).evaluate(paper)
        assert pressed != card(page).get_by_role("button", name="Earlier").evaluate(paper)
        # The plan keeps its colours, so what explains them does.
        levels = page.locator(".swatch[data-level]")
        assert len({levels.nth(k).evaluate(paper) for k in range(6)}) == 6


def test_the_gravest_site_comes_first_and_is_whole_on_the_map(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """The quay's alarm puts it before the plaza, in the list and where both have no room."""
    alerts.alerts.clear()
    with shown(browser, served, alerts, "") as page:
        names = page.locator(".site-card h2")
        expect(names).to_have_text(["Station plaza", "Harbour quay"])
        # Whether a camera can be believed by now hangs on how fast the machine is: words.test.ts.
        expect(card(page)).to_contain_text("No open alerts")
        expect(page.locator(".pin")).to_have_count(2)
        for _ in range(6):
            page.get_by_role("button", name="Zoom out").click()
        alerts.raise_one(site="quay", zone=None)
        page.locator("h1").hover()
        expect(names).to_have_text(["Harbour quay", "Station plaza"])
        small = page.locator(".pin[data-small]")
        expect(small).to_have_attribute("href", "/sites/plaza")
        expect(page.locator("#map").get_by_role("link", name="Station plaza")).to_have_count(1)
        name = small.locator("span").first
        assert name.evaluate("span => span.offsetWidth") == 1
        small.focus()
        expect(name).not_to_have_css("width", "1px")
        assert name.evaluate("span => span.offsetWidth") > 30


def test_a_decision_that_fails_says_so_and_loses_no_word(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """The reason stays in its field, through the list and back, until it is taken."""
    with shown(browser, served, alerts) as page:
        rows(page).click()
        why = card(page).get_by_label("What is done about it, or why not?")
        why.fill("I am there")
        alerts.refusal = (409, "Somebody else has just decided")
        card(page).get_by_role("button", name="Acknowledge").click()
        expect(card(page).get_by_role("alert")).to_contain_text("Somebody else has just decided")
        expect(why).to_have_value("I am there")
        alerts.refusal = None
        card(page).get_by_role("button", name="All alerts").click()
        expect(rows(page)).to_be_focused()
        rows(page).click()
        expect(why).to_have_value("I am there")
        why.press("Enter")
        expect(card(page)).to_contain_text("Acknowledged by demonstration")


def test_an_alert_that_ends_while_it_is_open_says_so(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """Cleared by Plainview itself: the open alert tells it, and asks for nothing more."""
    with shown(browser, served, alerts) as page:
        rows(page).click()
        alerts.end(alerts.alerts[0])
        expect(card(page)).to_contain_text("Cleared by Plainview: below its threshold")
        expect(card(page).get_by_role("button", name="Acknowledge")).to_be_hidden()
        expect(page.locator(".call")).to_be_hidden()


def test_sound_is_off_until_it_is_switched_on_and_is_remembered(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """An alarm and a warning have their own tones; an acknowledged one has none."""
    alerts.alerts.clear()
    with shown(browser, served, alerts) as page:
        sound = page.locator(".sound")
        expect(sound).to_have_text("Switch sound on")
        sound.click()
        expect(sound).to_have_text("Switch sound off")
        expect(sound).to_have_attribute("data-sounded", "warning")
        alerts.raise_one()
        expect(sound).to_have_attribute("data-sounded", "alarm")
        page.reload()
        expect(page.locator(".sound")).to_have_attribute("data-state", re.compile("on|waits"))
        page.locator(".sound").press("Enter")
        expect(page.locator(".sound")).to_have_text("Switch sound on")


def test_an_alert_opens_with_the_field_of_its_moment(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """The plan shows what is kept of then, marked as not live, and goes back to now."""
    keep_every_moment(served, alerts, count=77.0, high=80.0)
    alerts.alerts.clear()
    alerts.raise_one(raised_at=alerts.clock.utc() - 600)
    with shown(browser, served, alerts) as page:
        expect(page.locator(".scrub-when")).to_have_text("Live")
        rows(page).click()
        expect(page.locator(".scrub-when")).to_contain_text("10 min ago")
        expect(page.locator(".ribbon")).to_contain_text("Not live: ")
        expect(page.locator("#plan")).to_contain_text("The ground from above, at ")
        expect(page.locator(".scrub-said")).to_contain_text("People then: 77")
        expect(page.locator(".big")).to_have_text("11")
        page.get_by_role("button", name="Live", exact=True).click()
        expect(page.locator(".scrub-when")).to_have_text("Live")
        expect(page.locator(".ribbon")).to_be_empty()
        expect(page.locator("#plan")).to_have_text("The ground from above")


def test_a_notices_link_opens_at_the_moment_of_its_step(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """What moved on five minutes ago; chosen in the list, when it was raised ten minutes ago."""
    keep_every_moment(served, alerts)
    alerts.alerts.clear()
    one = alerts.raise_one(raised_at=alerts.clock.utc() - 600)
    path = f"sites/plaza?at={alerts.clock.utc() - 300:.3f}&alert={one['id']}"
    with shown(browser, served, alerts, path) as page:
        expect(page.locator(".alert-detail")).to_be_visible()
        expect(page.locator(".scrub-when")).to_contain_text("5 min ago")
        page.get_by_role("button", name="All alerts").click()
        rows(page).click()
        expect(page.locator(".scrub-when")).to_contain_text("10 min ago")


def test_the_past_is_reached_by_keyboard(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """Arrow keys step, Home goes to the start, Escape returns to now; each value is spoken."""
    field = httpx.get(f"{served.url}api/v1/sites/plaza/field").json()
    alerts.fields = lambda at: field | {"t": at, "measured": None if at < at // 1 else at}
    with shown(browser, served, alerts) as page:
        slider = page.get_by_label("Moment that the plan shows")
        expect(slider).to_have_attribute("aria-valuetext", "Live")
        slider.press("ArrowLeft")
        slider.press("ArrowLeft")
        expect(slider).to_have_attribute("aria-valuetext", re.compile(r"1\d s ago"))
        slider.press("Home")
        expect(slider).to_have_attribute("aria-valuetext", re.compile("60 min ago"))
        page.get_by_role("button", name="Last day").press("Enter")
        slider.press("Home")
        expect(slider).to_have_attribute("aria-valuetext", re.compile("24 h ago"))
        slider.press("Escape")
        expect(slider).to_have_attribute("aria-valuetext", "Live")
        page.get_by_role("button", name="One step earlier").press("Enter")
        expect(slider).to_have_attribute("aria-valuetext", re.compile("ago"))
        page.get_by_role("button", name="One step later").press("Enter")
        expect(slider).to_have_attribute("aria-valuetext", "Live")
        expect(slider).to_be_focused()


@pytest.mark.parametrize(
    ("now", "before", "day"),
    [
        ("2026-10-25T01:20:00Z", "02:50:00 CEST, 30 min ago", "24 October, 03:20:00, 24 h ago"),
        ("2026-03-29T01:20:00Z", "01:50:00, 30 min ago", "28 March, 02:20:00, 24 h ago"),
    ],
)
def test_the_past_is_told_over_midnight_and_over_summer_time(
    browser: Browser, served: Served, alerts: StandinAlerts, now: str, before: str, day: str
) -> None:
    """A step is a time that passed, whatever the clocks did; the hour that was twice says which."""
    keep_every_moment(served, alerts)
    with shown(browser, served, alerts, timezone_id="Europe/Paris") as page:
        page.clock.set_fixed_time(now)
        page.reload()
        slider = page.get_by_label("Moment that the plan shows")
        slider.fill(str(720 - 360))
        expect(slider).to_have_attribute("aria-valuetext", before)
        expect(page.locator(".ribbon")).to_contain_text(f"Not live: {before.partition(',')[0]}")
        page.get_by_role("button", name="Last day").click()
        slider.press("Home")
        expect(slider).to_have_attribute("aria-valuetext", day)


def test_a_click_on_the_curve_shows_its_moment_on_the_plan(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """The curve and the slider are about the same time."""
    keep_every_moment(served, alerts)
    with shown(browser, served, alerts) as page:
        page.locator(".chart .u-over").click()
        expect(page.locator(".scrub-when")).to_contain_text(" ago")
        expect(page.locator(".ribbon")).to_contain_text("Not live: ")


def test_the_plan_is_not_said_to_show_what_it_does_not(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """Of a moment that is being fetched, or refused, the ribbon says that it is not shown."""
    keep_every_moment(served, alerts)
    with shown(browser, served, alerts) as page:
        slider = page.get_by_label("Moment that the plan shows")
        slider.fill(str(720 - 60))
        expect(page.locator(".ribbon")).to_contain_text("Not live: ")
        page.route("**/field?at=*", lambda route: route.fulfill(status=503))
        slider.fill(str(720 - 120))
        expect(page.locator(".scrub-said")).to_contain_text("cannot be shown")
        expect(page.locator(".ribbon")).to_contain_text("Not shown: ")
        expect(page.get_by_role("heading", name="The ground from above, at ")).to_be_visible()


def test_what_is_no_longer_kept_is_told_by_its_average(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """Where no field is kept, the plan is not known and the words say so."""
    field = httpx.get(f"{served.url}api/v1/sites/plaza/field").json()
    gone: dict[str, Any] = {"measured": None, "count": None, "low": None, "high": None, "cells": []}
    alerts.fields = lambda at: field | gone | {"t": at}
    with shown(browser, served, alerts) as page:
        page.get_by_role("button", name="Last day").click()
        page.get_by_label("Moment that the plan shows").press("Home")
        said = page.locator(".scrub-said")
        expect(said).to_contain_text("Nothing was measured in this minute.")
        expect(said).to_contain_text("The field of this moment is not kept")


def test_quantities_watches_and_the_usual_are_told_with_what_cannot_be(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """Each zone with intervals; what cannot be told or is off says why; now beside the usual."""
    with shown(browser, served, alerts) as page:
        gate = page.locator(".quantities tbody tr", has_text="North gate")
        expect(gate).to_be_visible()
        # At 1280 pixels nothing of it is cut off at its side.
        wide = "part => part.scrollWidth - part.clientWidth"
        assert page.locator(".quantities .scroll").evaluate(wide) <= 0
        expect(gate).to_contain_text("4.2 (3.8 to 4.7)")
        expect(gate).to_contain_text("5 min (4 min to 8 min)")
        expect(gate).to_contain_text("Too noisy.")
        expect(gate.locator("[data-head^=Pressure]")).to_have_text("not known")
        expect(gate.locator("[data-head=Level]")).to_have_text("Fstairs")
        watches = page.locator(".watches tbody tr")
        expect(watches.nth(1)).to_contain_text("Cannot tell")
        expect(watches.nth(1)).to_contain_text(CANNOT_TELL)
        expect(watches.nth(1)).to_contain_text("Helbing")
        expect(watches.nth(2)).to_contain_text("Off")
        expect(watches.nth(2)).to_contain_text("Nobody has approved it.")
        expect(card(page)).to_contain_text("3 thresholds are watched: 1 raised, 1 cannot be told")
        expect(page.locator(".usual")).to_contain_text("More people than usual")
        expect(page.locator(".usual-bar")).to_be_visible()
        expect(page.locator(".usual")).to_contain_text("Usually about 4: on half of the 6 days")
        # The page's own count, not the one that came with what is usual: that is old by then.
        expect(page.locator(".usual")).to_contain_text("Now 11 (")
        expect(page.locator(".big")).to_have_text("11")


def test_where_what_is_usual_is_not_known_no_room_is_kept_for_it(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """The card says so in words alone; it had a gap where the bar would stand."""
    assert alerts.usual is not None
    alerts.usual |= {"usual": None, "why": "this hour was measured on too few days yet"}
    with shown(browser, served, alerts) as page:
        expect(page.locator(".usual")).to_contain_text("on too few days yet.")
        expect(page.locator(".usual-bar")).to_be_hidden()


def test_a_phone_lists_no_reason_where_there_is_none(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """A table's empty cell has a dash; in a list of one threshold each, the line is left out."""
    with shown(browser, served, alerts, "sites/plaza", **PHONE) as page:
        why = page.locator(".watches [data-head=Why]")
        expect(why.nth(1)).to_contain_text(CANNOT_TELL)
        expect(why.nth(0)).to_have_text("\u2013")
        expect(why.nth(0)).to_be_hidden()
        page.set_viewport_size({"width": 1280, "height": 800})
        expect(why.nth(0)).to_be_visible()


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "It may be older than this page"), (403, "You may not see alerts: Not for visitors")],
)
def test_a_server_that_tells_no_alerts_is_said_to_and_the_page_goes_on(
    browser: Browser, served: Served, alerts: StandinAlerts, status: int, words: str
) -> None:
    """Each part says what it lacks; count, plan and cameras are as ever."""
    alerts.refusal = (status, "Not for visitors")
    with shown(browser, served, alerts) as page:
        expect(card(page)).to_contain_text(words)
        expect(card(page)).to_contain_text("Alerts are not known.")
        for part in (".quantities", ".watches", ".usual"):
            expect(page.locator(part)).to_contain_text(words[:12])
        expect(page.locator(".big")).to_have_text("11")
        expect(page.locator("#link-text")).to_have_text("Live")


def test_an_alert_moves_nothing_else_on_the_page(
    browser: Browser, served: Served, alerts: StandinAlerts
) -> None:
    """What stood where before an alarm came stands there afterwards."""
    alerts.alerts.clear()
    where = "[...document.querySelectorAll('.now, .plan, .scrub')].map((e) => e.offsetTop)"
    with shown(browser, served, alerts) as page:
        expect(card(page)).to_contain_text("3 thresholds are watched")
        expect(page.locator(".big")).to_have_text("11")
        before = page.evaluate(where)
        alerts.raise_one()
        expect(rows(page)).to_have_count(1)
        assert page.evaluate(where) == before


@pytest.mark.parametrize("path", ["", "sites/plaza"])
def test_a_phone_needs_no_sideways_scroll(
    browser: Browser, served: Served, alerts: StandinAlerts, path: str
) -> None:
    """With an alert open and the plan in the past, nothing is wider than the page."""
    with shown(browser, served, alerts, path, **PHONE) as page:
        rows(page).click()
        expect(card(page)).to_contain_text("What to check")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("path", ["", "sites/plaza"])
def test_no_known_barrier_for_people_with_disabilities(
    browser: Browser, served: Served, alerts: StandinAlerts, path: str
) -> None:
    """axe-core finds no violation of WCAG 2.2 A and AA: the list at a site, an alert at home."""
    alerts.raise_one(level="warning", quantity="inflow", unit="people/min", state="escalated")
    with shown(browser, served, alerts, path) as page:
        expect(rows(page)).to_have_count(2)
        if path:
            expect(page.locator(".watches")).to_contain_text("Off")
            expect(page.locator(".quantities")).to_contain_text("Too noisy.")
        else:
            rows(page).first.click()
            expect(card(page)).to_contain_text("Who did what")
        no_barriers_in_light_and_dark(page)
