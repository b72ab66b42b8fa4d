"""Open alerts are called to on every page of the built console, in a real Chromium."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import httpx
import pytest
from msgspec import structs
from playwright.sync_api import Browser, Page, expect
from tests.web.browsing import PATIENCE, no_barriers_in_light_and_dark, opened, page_of
from tests.web.standin_alerts import RealAlerts
from tests.web.standin_desk import TODAY, StandinDesk, in_force, running

from plainview.clock import SystemClock
from plainview.governance.person import Person, Role
from plainview.web.access.service import Access, AccessSettings
from plainview.web.alerts import GRAVEST
from plainview.web.api import create_app
from plainview.web.city.answer import City
from plainview.web.city.ground import city_site
from plainview.web.city.totals import CityTotals
from plainview.web.desk_api import desk_handlers
from plainview.web.plan import SitePlan
from plainview.web.server import Served, bind
from plainview.web.view import Stands, Views
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World

CAMERAS = {"plaza-north": "plaza", "plaza-south": "plaza", "quay-east": "quay"}
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PAGES = {
    "events": Role.OPERATOR,
    "city": Role.OPERATOR,
    "cameras/plaza-north": Role.OPERATOR,
    "stop": Role.OPERATOR,
    "assessments": Role.SUPERVISOR,
}
"""Pages that list no alerts, and who looks."""


class NoViews:
    """No camera may show a view."""

    def stands(self, camera: str) -> Stands:
        """It runs, and shows none."""
        assert camera
        return Stands(permitted=False, running=True, why="")


class Place(NamedTuple):
    """A running console, its alerts, and ways to be somebody in it."""

    browser: Browser
    served: Served
    access: Access
    alerts: RealAlerts
    purpose: str

    def show(
        self,
        path: str,
        role: Role = Role.OPERATOR,
        purpose: str | None = None,
        **options: Any,  # noqa: ANN401 - Playwright's own
    ) -> AbstractContextManager[Page]:
        """The page at `path` as somebody in `role` sees it."""
        token, session = self.access.sessions.open(Person("Kim", role), "Kim", "link")
        self.access.sessions.choose(session, self.purpose if purpose is None else purpose)
        name = f"plainview-{self.served.port}"
        cookie = {"name": name, "value": token, "url": self.served.url}
        return page_of(self.browser, self.served.url, path, [cookie], **options)

    def alarm(self, site: str = "plaza") -> None:
        """It is far too dense there."""
        self.alerts.rise(self.alerts.alarm, 6.0, site)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    yield from opened()


@pytest.fixture
def place(
    browser: Browser, live_world: "World", sites: tuple[SiteView, ...], tmp_path: Path
) -> Iterator[Place]:
    """Two sites in which people are; what is open there is kept by the program's own book."""
    clock = SystemClock()
    desk = StandinDesk(tuple(running(*one) for one in CAMERAS.items()), clock, today=TODAY)
    assessment = in_force(desk, CAMERAS)
    access = Access(AccessSettings(), tmp_path / "access", clock)
    alerts = RealAlerts(live_world.store)
    real = tuple(structs.replace(site, simulated=False) for site in sites)
    totals = CityTotals([city_site(SitePlan(site), "Lyon") for site in real], clock)
    app = create_app(
        sites=real,
        store=live_world.store,
        access=access,
        desk=desk,
        alerts=alerts,
        views=cast("Views", NoViews()),
        city=City(totals, "Lyon", expected=3.0, simulated=False),
        more=desk_handlers(desk),
    )
    purpose = f"{assessment.name}/{assessment.aims[0].id}"
    with Served(app, bind(port=0)) as served:
        yield Place(browser, served, access, alerts, purpose)


def feet(page: Page) -> list[str]:
    """What lies at the foot of the window, from the top one down, each by its class."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(".save-bar, .call")]
            .filter((bar) => bar.checkVisibility())
            .map((bar) => [bar.getBoundingClientRect(), bar.className])
            .filter(([box]) => box.top < innerHeight && box.bottom > innerHeight - 200)
            .sort(([one], [other]) => one.top - other.top)
            .map(([, name]) => name)"""
    )
    return found


@pytest.mark.parametrize(
    ("size", "then"), [(DESKTOP, ["save-bar", "call"]), (PHONE, ["call"])], ids=["desktop", "phone"]
)
def test_a_form_keeps_its_window_while_an_alert_calls(
    place: Place, size: dict[str, int], then: list[str]
) -> None:
    """On a telephone the alert's bar stands alone at the foot; what is saved by is at the end."""
    with place.show("assessments/new", Role.PRIVACY_OFFICER, viewport=size) as page:
        page.get_by_role("checkbox", name="European Union").check()
        page.get_by_role("button", name="Begin").click()
        save = page.get_by_role("button", name="Save the draft")
        expect(save).to_be_in_viewport()
        assert feet(page) == ["save-bar"]
        place.alarm()
        expect(page.locator(".call")).to_be_visible()
        assert feet(page) == then
        save.scroll_into_view_if_needed()
        save.click(trial=True)


def questions(page: Page) -> list[str]:
    """The addresses at which the page asks for alerts from now on."""
    asked: list[str] = []

    def note(url: str) -> None:
        if "/api/v1/alerts" in url:
            asked.append(url)

    page.on("request", lambda request: note(request.url))
    return asked


def mark(page: Page) -> Any:  # noqa: ANN401 - a Locator
    """The number of open alerts in the header."""
    return page.locator("#alerts-mark")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("path", PAGES)
def test_an_alert_calls_on_every_page(place: Place, path: str, size: dict[str, int]) -> None:
    """Number, bar, title and voice; F8 leads to it and back; nothing lies under the bar."""
    with place.show(path, PAGES[path], viewport=size) as page:
        expect(mark(page)).to_have_text("0 alerts open, 0 not acknowledged")
        expect(page.locator("main h1")).to_be_visible()
        bar = page.locator(".call")
        expect(bar).to_be_hidden()
        title = page.title()
        place.alerts.rise(place.alerts.warning, 4.0, "quay")
        place.alarm()
        expect(mark(page)).to_have_text("▲ 2 alerts open, 2 not acknowledged")
        expect(bar).to_have_count(1)
        expect(bar).to_contain_text("Alarm: Density, whole site, Station plaza")
        expect(bar).to_contain_text(re.compile(r"Since \d\d:\d\d:\d\d \(.*\)"))
        expect(bar).to_contain_text("2 alerts call.")
        expect(page).to_have_title(f"(2 ALARM) {title}")
        expect(page.locator("body > [role=alert]", has_text="Station plaza: ")).to_have_count(1)
        page.locator(".brand").focus()
        page.keyboard.press("F8")
        link = bar.get_by_role("link", name="Look at it")
        expect(link).to_be_focused()
        page.keyboard.press("F8")
        expect(page.locator(".brand")).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        assert page.evaluate(
            "document.querySelector('#foot').getBoundingClientRect().bottom"
            " <= document.querySelector('.call').getBoundingClientRect().top + 1"
        )
        no_barriers_in_light_and_dark(page)
        page.keyboard.press("F8")
        page.keyboard.press("Enter")
        page.wait_for_url("**/sites/plaza?alert=*")
        expect(page.locator(".alert-one h3")).to_have_text("Density, whole site")
        expect(page.locator(".call")).to_have_count(1)
        expect(page.locator(".sound")).to_have_count(1)


@pytest.mark.parametrize("path", ["", "sites/plaza"])
def test_where_alerts_are_listed_nothing_is_asked_or_shown_twice(place: Place, path: str) -> None:
    """One bar, one switch of the sound, and no second question: the list's own answer calls."""
    place.alarm()
    with place.show("healthz") as page:
        asked = questions(page)
        page.goto(place.served.url + path)
        expect(page.locator(".alert-row")).to_have_count(1)
        expect(page.locator(".call")).to_have_count(1)
        expect(page.locator(".sound")).to_have_count(1)
        expect(mark(page)).to_have_text("▲ 1 alert open, 1 not acknowledged")
        expect(page.locator(".call")).to_contain_text("Alarm: ")
        page.wait_for_timeout(3500)
        assert {url.partition("?")[2] for url in asked} == {"state=open&limit=1000"}


def heard_by(page: Page, calls: int) -> None:
    """Wait until so many calls are known to have sounded, in this tab or another."""
    # Not `wait_for_function`: it looks again by what the page's policy does not let be.
    kept = "(sessionStorage.getItem('plainview-heard') ?? '').split('\\n').filter(Boolean).length"
    for _ in range(PATIENCE // 100):
        if page.evaluate(kept) == calls:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not {calls} calls, but {page.evaluate(kept)}")


def test_the_sound_is_switched_and_heard_on_any_page_once(place: Place) -> None:
    """Switched on in the bar; a warning sounds there, and not again on the next page."""
    place.alerts.rise(place.alerts.warning, 4.0)
    with place.show("events") as page:
        sound = page.locator(".call .sound")
        sound.click()
        expect(sound).to_have_text("Switch sound off")
        expect(sound).to_have_attribute("data-sounded", "warning")
        place.alarm("quay")
        expect(sound).to_have_attribute("data-sounded", "alarm")
        heard_by(page, 2)
        page.get_by_role("link", name="City").click()
        expect(page.locator("h1")).to_have_text("Lyon")
        newest = page.locator(".city-alerts a").first
        expect(newest).to_have_attribute("href", re.compile(r"^/sites/quay\?alert=."))
        expect(page.locator(".call .sound")).to_have_attribute("data-state", re.compile("on|waits"))
        page.locator("h1").click()
        page.wait_for_timeout(1500)
        assert page.locator(".call .sound").get_attribute("data-sounded") != "warning"
        # Who heard them is told once more how many wait, and by which key they are reached.
        expect(page.locator("body > [role=status]", has_text="F8")).to_contain_text("2 alerts")


def sounded(page: Page, level: str) -> None:
    """The page's own loudspeaker gave that tone last."""
    expect(page.locator(".call .sound")).to_have_attribute("data-sounded", level)


def taken_over(place: Place, page: Page) -> Page:
    """Another tab beside `page`, which heard a warning: an alarm is heard in the new one alone."""
    # Browsers without a window have every page in sight: the second takes the turn as it comes.
    other = page.context.new_page()
    other.goto(place.served.url + "stop")
    other.locator("h1").click()
    expect(other.locator(".call .sound")).to_have_text("Switch sound off")
    other.wait_for_timeout(1500)
    assert other.locator(".call .sound").get_attribute("data-sounded") is None
    place.alarm("quay")
    sounded(other, "alarm")
    heard_by(page, 2)
    page.wait_for_timeout(1500)
    sounded(page, "warning")
    return other


def test_of_two_tabs_one_sounds(place: Place) -> None:
    """The one that came into sight last, and the other once that is closed; of what is new only."""
    place.alerts.rise(place.alerts.warning, 4.0)
    with place.show("events") as page:
        page.locator(".call .sound").click()
        sounded(page, "warning")
        heard_by(page, 1)
        other = taken_over(place, page)
        # It comes into sight again: the turn is its.
        silence = "document.querySelector('.call .sound').removeAttribute('data-sounded')"
        other.evaluate(silence)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_timeout(500)
        place.alarm()
        sounded(page, "alarm")
        other.wait_for_timeout(1500)
        assert other.locator(".call .sound").get_attribute("data-sounded") is None
        page.close()
        place.alerts.rise(structs.replace(place.alerts.alarm, zone="Pier"), 6.0, "quay")
        expect(other.locator(".call .sound")).to_have_attribute("data-sounded", re.compile("."))


def test_of_two_tabs_one_sounds_where_a_browser_has_no_locks(place: Place) -> None:
    """As over plain HTTP from another machine: the same turn, the next tab within seconds."""
    no_locks = "delete Navigator.prototype.locks"
    place.alerts.rise(place.alerts.warning, 4.0)
    with place.show("events") as page:
        page.context.add_init_script(no_locks)
        page.reload()
        assert page.evaluate("navigator.locks") is None
        page.locator(".call .sound").click()
        sounded(page, "warning")
        heard_by(page, 1)
        other = taken_over(place, page)
        other.close()
        place.alerts.rise(structs.replace(place.alerts.alarm, zone="Pier"), 6.0, "quay")
        sounded(page, "alarm")


def test_an_alert_calls_in_a_tab_out_of_sight(place: Place) -> None:
    """There the page's own timers run once a minute."""
    with place.show("events") as page:
        expect(mark(page)).to_contain_text("0 alerts")
        page.evaluate(
            """() => {
                const real = window.setTimeout;
                window.setTimeout = (what, ms) => real(what, Math.max(ms ?? 0, 600_000));
                Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
            }"""
        )
        page.wait_for_timeout(4000)  # whatever was set before has run
        place.alarm()
        expect(mark(page)).to_contain_text("1 alert")
        expect(page).to_have_title(re.compile(r"^\(1 ALARM\) "))


def test_the_sound_is_switched_off_in_every_tab(place: Place) -> None:
    """Else the next tab would take the turn of the one in which somebody wanted silence."""
    place.alarm()
    with place.show("events") as page:
        page.locator(".call .sound").click()
        other = page.context.new_page()
        other.goto(place.served.url + "stop")
        other.locator(".call .sound").click()
        expect(other.locator(".call .sound")).to_have_text("Switch sound on")
        expect(page.locator(".call .sound")).to_have_text("Switch sound on")


def test_what_cannot_be_asked_is_not_called_calm(place: Place) -> None:
    """The mark at once, then the bar; what called before goes on calling; then it is over."""
    with place.show("stop") as page:
        # The page's own time can be put forward: the bar waits for ten seconds of it.
        page.clock.install()
        page.reload()
        expect(mark(page)).to_have_text(re.compile("^0 alerts"))
        page.route("**/api/v1/alerts/calling", lambda route: route.abort())
        page.clock.run_for(3000)
        expect(mark(page)).to_have_text("Alerts not known: Plainview does not answer")
        bar = page.locator(".call")
        page.clock.run_for(11_000)
        expect(bar).to_contain_text("Alerts are not known")
        expect(bar).to_contain_text(re.compile(r"since \d\d:\d\d:\d\d"))
        expect(bar.get_by_role("link")).to_have_count(0)
        no_barriers_in_light_and_dark(page)
        page.unroute("**/api/v1/alerts/calling")
        page.clock.run_for(3000)
        expect(mark(page)).to_have_text(re.compile("^0 alerts"))
        expect(bar).to_be_hidden()
        place.alarm()
        page.clock.run_for(3000)
        expect(bar).to_contain_text("Alarm: Density")
        page.route("**/api/v1/alerts/calling", lambda route: route.abort())
        page.clock.run_for(14_000)
        expect(bar).to_contain_text("Nothing has been heard of alerts since")
        expect(bar).to_contain_text("Alarm: Density")


def test_an_answer_that_breaks_off_is_none_and_the_next_is_asked_for(place: Place) -> None:
    """Read as nothing, it ended the page's questions for good: no later alert was called."""
    with place.show("stop") as page:
        expect(mark(page)).to_have_text(re.compile("^0 alerts"))
        half = '{"alarms": 0, "warnings": 0, "calling": 0, "gravest": ['
        json = "application/json"
        page.route("**/alerts/calling", lambda route: route.fulfill(body=half, content_type=json))
        expect(mark(page)).to_have_text("Alerts not known: Plainview does not answer")
        page.unroute("**/alerts/calling")
        place.alarm()
        expect(page.locator(".call")).to_contain_text("Alarm: Density")


def test_whose_role_reads_no_measurement_hears_of_none(place: Place) -> None:
    """A controller's pages have neither number nor bar, and do not ask."""
    place.alarm()
    with place.show("healthz", Role.CONTROLLER) as page:
        asked = questions(page)
        page.goto(place.served.url + "assessments")
        expect(page.locator("main h1")).to_have_text("Assessments")
        page.wait_for_timeout(1500)
        expect(mark(page)).to_be_hidden()
        expect(page.locator(".call")).to_have_count(0)
        assert asked == []


def test_without_a_purpose_it_is_said_and_nobody_is_interrupted(place: Place) -> None:
    """No dialog opens over an assessment; once a purpose is chosen, the alerts are there."""
    place.alarm()
    with place.show("assessments", Role.SUPERVISOR, "") as page:
        expect(mark(page)).to_have_text("Alerts: no purpose is chosen, so none is shown")
        expect(page.locator("main h1")).to_have_text("Assessments")
        expect(page.locator(".call")).to_be_hidden()
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Choose purpose").click()
        page.get_by_role("radio").first.check()
        page.get_by_role("button", name="Use this purpose").click()
        expect(page.locator(".call")).to_contain_text("Alarm: Density")
        expect(mark(page)).to_have_text(re.compile("^▲ 1 alert"))


@pytest.mark.parametrize("width", [768, 1024, 1280])
def test_the_names_of_the_pages_stay_in_one_line_beside_the_number(
    place: Place, width: int
) -> None:
    """On a tablet they were one below the other, for want of room beside all else."""
    size = {"width": width, "height": 800}
    with place.show("cameras/plaza-north", Role.SUPERVISOR, viewport=size) as page:
        expect(mark(page)).to_have_text(re.compile("^0 alerts"))
        tops = page.locator("#pages a").evaluate_all("links => links.map((one) => one.offsetTop)")
        assert len(tops) >= 6
        assert len(set(tops)) == 1


def test_on_a_telephone_the_head_is_two_lines_and_nothing_of_it_is_lost(place: Place) -> None:
    """Names of pages, who is signed in and the way out are one button away; it took a quarter."""
    with place.show("city", Role.SUPERVISOR, viewport=PHONE) as page:
        for always in (
            mark(page),
            page.get_by_role("link", name="Stop switch"),
            page.locator("#link"),
        ):
            expect(always).to_be_visible()
        expect(page.get_by_role("button", name="Change purpose")).to_be_visible()
        menu = page.get_by_role("button", name="Menu")
        folded = (
            page.locator("#pages"),
            page.get_by_text("Kim"),
            page.get_by_role("button", name="Sign out"),
        )
        for one in folded:
            expect(one).to_be_hidden()
        assert page.evaluate("document.getElementById('head').offsetHeight") < 110
        menu.press("Enter")
        expect(menu).to_have_attribute("aria-expanded", "true")
        for one in folded:
            expect(one).to_be_visible()
        no_barriers_in_light_and_dark(page)
        whole = "one => one.scrollWidth <= one.clientWidth && one.clientWidth > 150"
        assert page.locator(".purpose").evaluate(whole), "the purpose is read to its end"
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Sites")).to_be_focused()
        page.keyboard.press("Escape")
        expect(menu).to_be_focused()
        for one in folded:
            expect(one).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    with place.show("events", Role.SUPERVISOR, viewport=DESKTOP) as page:
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        expect(page.get_by_role("link", name="Events")).to_be_visible()
        expect(page.locator("#menu")).to_be_hidden()


def test_a_broken_route_leaves_the_head_on_a_telephone_two_lines_high(place: Place) -> None:
    """Beside the menu its number alone is seen: "1 broken" moved the menu to a third line."""
    routes = [{"name": "mail", "broken": True}, {"name": "hook", "broken": False}]
    with place.show("healthz", Role.SUPERVISOR, viewport=PHONE) as page:
        page.route("**/api/v1/routes", lambda route: route.fulfill(json=routes))
        page.goto(place.served.url + "city")
        menu = page.get_by_role("button", name="Menu 1 broken")
        expect(menu).to_be_visible()
        expect(page.locator("#link-text")).to_have_text("Live")
        assert page.evaluate("document.getElementById('head').offsetHeight") < 110
        menu.click()
        link = page.get_by_role("link", name="Deliveries 1 broken")
        whole = "one => one.querySelector('.pill').offsetWidth > 50"
        assert link.evaluate(whole), "there it is written out"


def test_on_a_telephone_the_head_is_two_lines_when_plainview_does_not_answer(place: Place) -> None:
    """Four it was: since when nothing came stands beside the menu, and the purpose in it."""
    with place.show("city", Role.SUPERVISOR, viewport=PHONE) as page:
        expect(page.locator("#link-text")).to_have_text("Live")
        page.context.set_offline(True)
        expect(page.locator("#link-text")).to_have_text(
            re.compile("^Not live since .* Trying again")
        )
        expect(mark(page)).to_contain_text("Alerts not known")
        assert page.evaluate("document.getElementById('head').offsetHeight") < 110
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.get_by_role("button", name="Menu").click()
        expect(page.get_by_role("button", name="Change purpose")).to_be_visible()


def test_signing_out_ends_it_and_who_comes_next_hears_all_anew(place: Place) -> None:
    """The sign-in page calls to nothing; what one person heard in this tab is not kept."""
    place.alarm()
    with place.show("stop") as page:
        expect(page.locator(".call")).to_contain_text("Alarm: Density")
        assert "alarm" in page.evaluate("sessionStorage.getItem('plainview-said')")
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/login?left=1")
        expect(page.locator(".call")).to_have_count(0)
        assert page.evaluate("sessionStorage.getItem('plainview-said')") is None
        page.go_back()
        page.wait_for_url("**/login?*")


def test_the_answer_is_as_long_with_many_alerts_as_with_few(
    live_world: "World", sites: tuple[SiteView, ...]
) -> None:
    """All are counted, the gravest told: alarms before warnings, the newest first, and named."""
    alerts = RealAlerts(live_world.store)
    zones = [f"zone {k}" for k in range(GRAVEST + 5)]
    for zone in zones:
        alerts.rise(structs.replace(alerts.warning, zone=zone), 4.0)
    alerts.rise(alerts.alarm, 6.0, "quay")
    alerts.decide(alerts.open("plaza")[0].alert.id, "acknowledge", "Kim", "Seen")
    app = create_app(sites=sites, store=live_world.store, alerts=alerts)
    with Served(app, bind(port=0)) as served:
        answer = httpx.get(f"{served.url}api/v1/alerts/calling").json()
    assert (answer["alarms"], answer["warnings"]) == (1, len(zones))
    assert answer["calling"] == len(zones)
    first, *rest = answer["gravest"]
    assert (first["level"], first["site"]) == ("alarm", "quay")
    assert [one["zone"] for one in rest] == zones[::-1][1:GRAVEST]
    assert answer["names"] == {"plaza": "Station plaza", "quay": "Harbour quay"}
