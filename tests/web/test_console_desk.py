"""Governance in the console, in a real browser: session, purpose, stop switch, assessments."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec import structs
from playwright.sync_api import Browser, Dialog, Locator, Page, Route, expect
from tests.web.browsing import no_barriers, no_barriers_in_light_and_dark, opened, page_of
from tests.web.standin_alerts import RealAlerts
from tests.web.standin_desk import EXAMPLE, TODAY, StandinDesk, in_force, running

from plainview.clock import SystemClock
from plainview.governance.assessment import Assessment, load_assessment
from plainview.governance.draft import written
from plainview.governance.person import Person, Role
from plainview.record import EventKind, EventStanding, LensState
from plainview.web.access.service import Access, AccessSettings
from plainview.web.api import create_app
from plainview.web.desk import EventStandingEdge, OrderEdge, SiteAnswerEdge
from plainview.web.desk_api import desk_handlers
from plainview.web.desk_documents import data_of
from plainview.web.server import Served, bind
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World

CAMERAS = {"plaza-north": "plaza", "plaza-south": "plaza", "quay-east": "quay"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    yield from opened()


class City:
    """A running console over a desk in memory, and ways to be somebody in it."""

    def __init__(
        self, browser: Browser, world: "World", desk: StandinDesk, served: Served, access: Access
    ) -> None:
        """Everything here is made by the fixtures."""
        self.browser, self.world, self.desk = browser, world, desk
        self.served, self.access = served, access
        self.purpose = ""

    def show(self, path: str, role: Role, name: str = "Kim", **options: Any) -> Any:  # noqa: ANN401 - a context
        """The page at `path` as `name` sees it, with a purpose unless there is none."""
        token, session = self.access.sessions.open(Person(name, role), name, "link")
        self.access.sessions.choose(session, self.purpose)
        cookie = {
            "name": f"plainview-{self.served.port}",
            "value": token,
            "url": self.served.url,
        }
        return page_of(self.browser, self.served.url, path, [cookie], **options)


@pytest.fixture
def desk() -> StandinDesk:
    """Three cameras on two sites, all of which run."""
    names = {
        "plaza-north": ("Plaza north", "Station plaza"),
        "plaza-south": ("Plaza south", "Station plaza"),
        # Nobody has named it: it stands there as it is written.
        "quay-east": ("quay-east", "Harbour quay"),
    }
    cameras = tuple(running(one, site, *names[one]) for one, site in CAMERAS.items())
    return StandinDesk(cameras, SystemClock(), today=TODAY)


@pytest.fixture
def live(desk: StandinDesk) -> Assessment:
    """An assessment of all cameras that is in force."""
    return in_force(desk, CAMERAS)


@pytest.fixture
def city(
    browser: Browser,
    live_world: "World",
    sites: tuple[SiteView, ...],
    desk: StandinDesk,
    tmp_path: Path,
) -> Iterator[City]:
    """The console over cameras that measured a moment ago, in places where people are."""
    for camera, y in {"plaza-north": 0.5, "plaza-south": 20.5, "quay-east": 0.5}.items():
        live_world.say(camera, live_world.reading(camera, [(2.5, y, 1, 0)] * 3))
        live_world.status(camera)
    access = Access(AccessSettings(), tmp_path / "access", SystemClock())
    app = create_app(
        sites=tuple(structs.replace(site, simulated=False) for site in sites),
        store=live_world.store,
        access=access,
        desk=desk,
        more=desk_handlers(desk),
    )
    with Served(app, bind(port=0)) as served:
        yield City(browser, live_world, desk, served, access)


@pytest.fixture
def measured(city: City, live: Assessment) -> City:
    """The same, where an assessment is in force and each has chosen its aim as purpose."""
    city.purpose = f"{live.name}/{live.aims[0].id}"
    return city


def stop_card(page: Page) -> Locator:
    """Where the stop switch is pressed."""
    return page.locator(".stop-card")


def pressed(page: Page) -> Locator:
    """The cards of what is stopped."""
    return page.locator(".pressed > li")


def test_one_person_stops_and_two_agree_before_it_starts_again(measured: City) -> None:
    """A reason and one confirmation; the effect is told; lifting shows who has agreed."""
    with measured.show("sites/plaza", Role.OPERATOR, "Ada") as page:
        expect(page.locator(".big")).to_have_text("6")
        page.get_by_role("link", name="Stop this site").click()
        button = stop_card(page).get_by_role("button", name="Stop Station plaza")
        expect(stop_card(page)).to_contain_text("Stops 2 cameras: Plaza north, Plaza south.")
        button.click()
        assert measured.desk.stops() == []
        page.get_by_role("button", name="It does not do what was assessed").click()
        button.click()
        page.wait_for_timeout(600)
        page.get_by_role("button", name="Do not stop").click()
        assert measured.desk.stops() == []
        button.click()
        page.wait_for_timeout(600)
        before = time.monotonic()
        page.get_by_role("button", name="Stop now").click()
        expect(page.get_by_text("after you pressed: both cameras stand still")).to_be_visible()
        assert time.monotonic() - before < 5
        (stop,) = measured.desk.stops()
        assert (stop.scope, stop.why) == ("site:plaza", "It does not do what was assessed")
        expect(pressed(page)).to_contain_text("Nobody has agreed yet")
        expect(pressed(page)).to_contain_text("Supervisors, privacy officers")
        expect(pressed(page).get_by_role("button")).to_have_count(0)
    with measured.show("stop", Role.SUPERVISOR, "Bo") as page:
        pressed(page).get_by_label("Why may it start again?").fill("Looked at, and mended")
        pressed(page).get_by_role("button", name="Agree that it may start again").click()
        expect(pressed(page)).to_contain_text("Agreed: Supervisor")
        expect(pressed(page)).to_contain_text("Another person must sign in and agree too")
    with measured.show("stop", Role.SUPERVISOR, "Bo") as page:
        pressed(page).get_by_label("Why may it start again?").fill("Once more")
        pressed(page).get_by_role("button", name="Agree that it may start again").click()
        expect(pressed(page).get_by_role("alert")).to_contain_text("another person must agree")
        assert len(measured.desk.stops()) == 1
    with measured.show("stop", Role.PRIVACY_OFFICER, "Cleo") as page:
        expect(pressed(page)).to_contain_text("One more person must agree")
        pressed(page).get_by_label("Why may it start again?").fill("I looked too")
        pressed(page).get_by_role("button", name="Agree that it may start again").click()
        expect(page.get_by_text("Two people have agreed")).to_be_visible()
        expect(page.get_by_role("heading", name="Nothing is stopped")).to_be_focused()
        assert measured.desk.stops() == []


def test_what_is_stopped_is_not_known_where_plainview_does_not_answer(measured: City) -> None:
    """Nothing is said to be stopped, or not to be, that the page cannot know."""
    with measured.show("stop", Role.SUPERVISOR) as page:
        expect(page.get_by_role("heading", name="Nothing is stopped")).to_be_visible()
        page.context.set_offline(True)
        expect(page.get_by_role("heading", name="Not known what is stopped")).to_be_visible()
        page.get_by_label("Why?").fill("A drill")
        page.get_by_role("button", name="Stop Station plaza").click()
        page.wait_for_timeout(600)
        page.get_by_role("button", name="Stop now").click()
        said = "Whether it stopped is not known: Plainview does not answer. Press again, or"
        expect(stop_card(page).get_by_role("alert")).to_contain_text(said)
        page.context.set_offline(False)
        expect(page.get_by_role("heading", name="Nothing is stopped")).to_be_visible()


def test_a_double_click_is_no_confirmation(measured: City) -> None:
    """The second press of a double click, wherever it lands, stops nothing."""
    with measured.show("stop?scope=city", Role.OPERATOR) as page:
        page.get_by_role("button", name="Drill").click()
        stop_card(page).get_by_role("button", name="Stop the whole city").click()
        page.get_by_role("button", name="Stop now").click()
        page.wait_for_timeout(300)
        assert measured.desk.stops() == []
        expect(page.get_by_role("alertdialog")).to_be_visible()


def test_what_a_stop_does_is_said_of_one_camera_and_of_several(measured: City) -> None:
    """In words that agree with the number."""
    for scope, name, says in (
        ("camera:quay-east", "Stop camera quay-east", "1 camera stops measuring"),
        ("site:plaza", "Stop Station plaza", "2 cameras stop measuring"),
    ):
        with measured.show(f"stop?scope={scope}", Role.OPERATOR) as page:
            page.get_by_role("button", name="Drill").click()
            stop_card(page).get_by_role("button", name=name).click()
            expect(page.get_by_role("alertdialog")).to_contain_text(says)


def test_one_thing_that_cameras_do_is_stopped_at_all_of_them(measured: City) -> None:
    """What they go on with is said, and that none does this any more; not that they stand still."""
    measured.desk.permit("view")
    with measured.show("stop", Role.OPERATOR) as page:
        card = stop_card(page)
        expect(card).not_to_contain_text("capability")
        card.get_by_text("One thing that cameras do, at every camera").click()
        card.get_by_label("What should no camera do?").select_option("view")
        expect(card).to_contain_text("3 cameras stop doing this and go on with the rest: Plaza")
        page.get_by_role("button", name="Drill").click()
        name = "Stop “showing the redacted view” at every camera"
        card.get_by_role("button", name=name).click()
        dialog = page.get_by_role("alertdialog")
        expect(dialog).to_contain_text("3 cameras stop showing the redacted view at once.")
        page.wait_for_timeout(600)
        page.get_by_role("button", name="Stop now").click()
        expect(card.get_by_role("status")).to_contain_text("no camera does this any more.")
        expect(pressed(page)).to_contain_text(name.removeprefix("Stop "))
        card.get_by_label("What should no camera do?").select_option("count")
        expect(card).to_contain_text("Stops 3 cameras, which measure nothing without it: Plaza")
        page.get_by_role("button", name="Drill").click()
        card.get_by_role("button", name="Stop “counting people” at every camera").click()
        expect(dialog).to_contain_text("3 cameras stop measuring at once.")
        page.wait_for_timeout(600)
        page.get_by_role("button", name="Stop now").click()
        expect(card.get_by_role("status")).to_contain_text("all 3 cameras stand still.")


def test_the_stop_switch_needs_no_mouse(measured: City) -> None:
    """From the site's page to the stop by keyboard alone; Esc leaves everything as it is."""
    with measured.show("sites/plaza", Role.OPERATOR) as page:
        tab_to(page, "Stop this site")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Stop switch")).to_be_visible()
        tab_to(page, "Drill")
        page.keyboard.press("Enter")
        expect(stop_card(page).get_by_role("button", name="Stop Station plaza")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Stop now")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("alertdialog")).to_have_count(0)
        assert measured.desk.stops() == []
        expect(stop_card(page).get_by_role("button", name="Stop Station plaza")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_timeout(600)
        page.keyboard.press("Enter")
        expect(page.get_by_text("cameras stand still")).to_be_visible()
        assert [stop.scope for stop in measured.desk.stops()] == ["site:plaza"]


def test_how_far_events_are_proved(measured: City) -> None:
    """By the words that the search of events has, each a sentence of its own."""
    measured.desk.judge(
        "plaza-north",
        EventStandingEdge(EventKind.PERSON_DOWN, EventStanding.VALIDATED, "its card says so"),
        EventStandingEdge(EventKind.FIRE, EventStanding.OFF, "the file switches it off"),
    )
    with measured.show("sites/plaza", Role.OPERATOR) as page:
        rows = page.locator(".judged tbody tr")
        expect(rows).to_have_count(2)
        for row, words in zip(
            rows.all(),
            (
                ("Somebody on the ground", "Validated", "Its card says so."),
                ("Smoke or flames", "Off"),
            ),
            strict=True,
        ):
            for word in words:
                expect(row).to_contain_text(word)


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what is focused says `words`."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if words in (page.evaluate("document.activeElement.textContent") or ""):
            return
    pytest.fail(f"{words!r} is not reached with the Tab key")


@pytest.mark.parametrize(
    ("state", "says", "many", "then"),
    [
        ("waiting", "Waits for a permit", "Wait for a permit", "approved by two people"),
        ("suspended", "Suspended", "Suspended", "revise its assessment"),
        ("stopped", *["Stopped by the stop switch"] * 2, "Two people must agree"),
        (
            "outside-hours",
            "Outside its permitted hours",
            "Outside their permitted hours",
            "starts by itself",
        ),
    ],
)
def test_what_does_not_run_is_never_nobody(
    measured: City, state: str, says: str, many: str, then: str
) -> None:
    """Each state in words, why, and what to do next, on the site's page and on the home page."""
    measured.desk.set_state("plaza-south", state, "as it was told")
    measured.world.say("plaza-south", measured.world.reading("plaza-south", []))
    with measured.show("sites/plaza", Role.SUPERVISOR) as page:
        strip = page.locator(".strip")
        expect(strip).to_contain_text(says)
        expect(strip).to_contain_text("Plaza south: As it was told.")
        expect(strip).to_contain_text(then)
        expect(strip).to_contain_text("not the same as “no people”")
        row = page.locator(".cameras tbody tr", has_text="Plaza south")
        expect(row).to_contain_text(says)
        expect(row).to_contain_text("not known")
        expect(page.locator("#announce")).to_contain_text(f"Plaza south: {says}")
        measured.desk.set_state("plaza-south", "running")
        measured.world.say("plaza-south", measured.world.reading("plaza-south", []))
        expect(strip).to_be_hidden()
        expect(row).to_contain_text("Measuring")
    measured.desk.set_state("plaza-north", state, "as it was told")
    measured.desk.set_state("plaza-south", state, "as it was told")
    with measured.show("", Role.SUPERVISOR) as page:
        card = page.locator(".site-card", has_text="Station plaza")
        expect(card).to_contain_text(f"Both cameras: {many.lower()}")
    with measured.show("sites/plaza", Role.SUPERVISOR) as page:
        strip = page.locator(".strip")
        expect(strip).to_contain_text(many)
        expect(strip).to_contain_text("Both cameras. Each of them: As it was told.")


def test_a_long_reason_is_read_to_its_end_on_a_telephone(measured: City) -> None:
    """One word of the length of a sentence, as it was pasted: no table hides what follows it."""
    measured.desk.press_stop(Person("Ada", Role.OPERATOR), "site:plaza", "x" * 300)
    with measured.show("sites/plaza", Role.SUPERVISOR) as page:
        page.set_viewport_size({"width": 390, "height": 844})
        expect(page.locator(".cameras tbody").first).to_contain_text("x" * 300)
        hidden = "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
        assert page.locator(".cameras .scroll, .stacked .scroll").evaluate_all(hidden) == 0


def test_a_sites_own_pages_claim_nothing_of_what_is_stored_at_the_centre(
    browser: Browser, live_world: "World", sites: tuple[SiteView, ...], desk: StandinDesk,
    live: Assessment, tmp_path: Path,
) -> None:  # fmt: skip
    """No number, no threshold that is clear, no camera that cannot be believed; what may run is."""
    access = Access(AccessSettings(), tmp_path / "own", SystemClock())
    app = create_app(
        sites=tuple(structs.replace(site, simulated=False) for site in sites),
        store=live_world.store, access=access, desk=desk, role="site",
        alerts=RealAlerts(live_world.store), more=desk_handlers(desk),
    )  # fmt: skip
    desk.set_state("plaza-south", "stopped", "a drill")
    with Served(app, bind(port=0)) as served:
        city = City(browser, live_world, desk, served, access)
        city.purpose = f"{live.name}/{live.aims[0].id}"
        for path, title in (("sites/plaza", "Station plaza"), ("", "Sites")):
            with city.show(path, Role.SUPERVISOR) as page:
                expect(page.get_by_role("heading", level=1)).to_have_text(title)
                expect(page.locator("#banner")).to_contain_text("watched at the centre")
                rows = page.locator(".own tbody tr")
                expect(rows.filter(has_text="Plaza north")).to_contain_text("Running")
                expect(rows.filter(has_text="Plaza south")).to_contain_text("Stopped by the stop")
                expect(page.locator("#alerts-mark")).to_have_text(re.compile("^No alerts here"))
                expect(page.locator(".alert-none")).to_contain_text("raised at the centre")
                for never in ("Clear", "believed:", "Not known", "No open alerts"):
                    expect(page.locator("body")).not_to_contain_text(never)
                expect(page.locator("#link")).to_be_hidden()
                for elsewhere in ("City", "Events"):
                    expect(page.get_by_role("link", name=elsewhere, exact=True)).to_have_count(0)
                no_barriers(page)
                # Tables below one another have the same columns, however long what they say.
                for width in (1280, 390):
                    page.set_viewport_size({"width": width, "height": 844})
                    states = page.locator(".own td").all()
                    left = {round(box["x"]) for one in states if (box := one.bounding_box())}
                    assert len(left) == 1, (path, width)
                # It may run, and is started; of a video that is over that is no "Running".
                desk.set_lens("plaza-north", LensState.ENDED, "its video is over")
                row = rows.filter(has_text="Plaza north")
                expect(row).to_contain_text("Ended")
                expect(row).to_contain_text("its video is over")
                expect(row).not_to_contain_text("Running")
                desk.set_lens("plaza-north", LensState.RUNNING)
                expect(row).to_contain_text("Running")
        with city.show("sites/nowhere", Role.SUPERVISOR) as page:
            expect(page.locator("main")).to_contain_text("There is no")


def test_what_is_pressed_at_the_centre_is_said_to_be_an_order_and_what_became_of_it(
    measured: City,
) -> None:
    """It measures, as its Readings say, until its site confirms; the page follows that."""
    for camera in ("plaza-north", "plaza-south"):
        measured.desk.set_state(camera, "elsewhere", "it runs at its site")
    with measured.show("", Role.OPERATOR) as page:
        expect(page.locator(".site-card", has_text="Station plaza")).to_contain_text(
            "All cameras measuring"
        )
    with measured.show("sites/plaza", Role.OPERATOR) as page:
        expect(page.locator(".big")).to_have_text("6")
        expect(page.locator(".strip")).to_be_hidden()
        page.get_by_role("link", name="Stop this site").click()
        expect(page.get_by_text("presses here is an order to the sites")).to_be_visible()
        expect(page.get_by_text("not enrolled measures on")).to_be_visible()
        expect(page.get_by_text("One person can stop")).to_have_count(0)
        page.get_by_role("button", name="Drill").click()
        stop_card(page).get_by_role("button", name="Stop Station plaza").click()
        expect(page.get_by_role("alertdialog")).to_contain_text("A site that obeys this centre")
        expect(page.get_by_role("alertdialog")).to_contain_text("Two people at each site")
        page.wait_for_timeout(600)
        page.get_by_role("button", name="Stop now").click()
        status, card = stop_card(page).get_by_role("status"), pressed(page)
        expect(status).to_have_text("Its site has not confirmed yet.")
        expect(card).to_contain_text("Station plaza: has never asked for orders.")
        expect(card).not_to_contain_text("start again")
        expect(card).not_to_contain_text("starts again")
        # Pressed again it is a new order.
        expect(stop_card(page)).to_contain_text("Pressed again it is a new order")
        expect(stop_card(page).get_by_role("button", name="Stop Station plaza")).to_be_enabled()
        _follow(measured, page)
        measured.desk.set_stop("site:plaza", order=OrderEdge(1, 1, (), unheard=1))
        expect(status).to_contain_text("Its site has confirmed: nothing of it runs there any more.")
        expect(status).to_contain_text("It was not heard for two minutes")
        expect(status).to_contain_text("It took")
        expect(card.get_by_role("listitem")).to_have_count(2)
        assert [stop.scope for stop in measured.desk.stops()] == ["site:plaza"]


def _follow(measured: City, page: Page) -> None:
    """What sites answer stands on the page while one looks."""
    for order, says in [
        (OrderEdge(1, 0, (), given=False), "Not yet in the centre's ledger"),
        (_order("waits", 1.0), "Station plaza: not yet. Last heard at"),
        (_order("lifted", 1.0), "Station plaza: lifted there since, by two people."),
        (_order("refused", 1.0, "key"), "refused, it obeys another key than this centre's."),
        (_order("refused", 1.0, "unknown"), "refused, it knows nothing of that name."),
        (_order("waits", 1.0, sites=1200, confirmed=900), "900 of 1,200 sites have confirmed"),
        (_order("waits", 1.0, sites=1200, confirmed=900), "299 more that have not confirmed."),
    ]:
        measured.desk.set_stop("site:plaza", order=order)
        expect(pressed(page)).to_contain_text(says)


def _order(
    state: str, heard: float, refusal: str = "", *, sites: int = 1, confirmed: int = 0
) -> OrderEdge:
    answer = SiteAnswerEdge("plaza", "Station plaza", state, heard, refusal)
    return OrderEdge(sites, confirmed, (answer,))


def test_a_site_says_that_the_centre_has_stopped_it(measured: City) -> None:
    """Its own two people start it again, as they do after a stop of its own."""
    measured.desk.press_stop(Person("Ada", Role.OPERATOR), "site:plaza", "drill")
    measured.desk.set_stop("site:plaza", centre=True)
    with measured.show("stop", Role.SUPERVISOR) as page:
        expect(pressed(page)).to_contain_text("Stopped from the centre since")
        expect(pressed(page).get_by_role("button", name="Agree that it may start")).to_be_visible()


def test_a_camera_without_a_name_stands_there_as_it_is_written(measured: City) -> None:
    """An id is no sentence: its first letter stays small."""
    measured.desk.set_state("quay-east", "waiting", "as it was told")
    with measured.show("sites/quay", Role.SUPERVISOR) as page:
        expect(page.locator(".strip")).to_contain_text("quay-east: As it was told.")


def test_a_purpose_is_asked_and_can_be_changed(measured: City, live: Assessment) -> None:
    """Without one the page asks before it shows anything; the line below the header names it."""
    chosen, measured.purpose = measured.purpose, ""
    with measured.show("sites/plaza", Role.OPERATOR, "Ada") as page:
        dialog = page.get_by_role("dialog", name="For which purpose do you look?")
        expect(dialog).to_be_visible()
        expect(page.locator(".who")).to_contain_text("none chosen")
        expect(page.locator(".big")).to_have_count(0)
        dialog.get_by_role("button", name="Not now").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("For which purpose?")
        page.get_by_role("button", name="Choose a purpose").click()
        dialog.get_by_role("button", name="Use this purpose").click()
        expect(dialog.get_by_role("alert")).to_have_text("Choose one of them.")
        dialog.get_by_role("radio", name=live.aims[0].text["en"]).check()
        dialog.get_by_role("button", name="Use this purpose").click()
        expect(page.locator(".big")).to_have_text("6")
        expect(page.locator(".who")).to_contain_text(live.aims[0].text["en"])
        expect(page.locator(".who")).to_contain_text("Operator Ada")
        page.get_by_role("button", name="Change purpose").click()
        expect(dialog.get_by_role("radio", name=live.aims[0].text["en"])).to_be_checked()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    with measured.show("assessments", Role.CONTROLLER, "Cora") as page:
        page.get_by_role("button", name="Choose purpose").press("Enter")
        page.get_by_role("radio", name=live.aims[0].text["en"]).check()
        page.get_by_role("button", name="Use this purpose").press("Enter")
        expect(page.get_by_role("button", name="Change purpose")).to_be_focused()
    assert chosen


def test_a_city_without_an_assessment_says_what_to_do(city: City, request: Any) -> None:  # noqa: ANN401 - pytest's own
    """What is missing, and no dialog without a choice; the page goes on when it is there."""
    with city.show("", Role.PRIVACY_OFFICER, "Ben") as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("Nothing may be measured yet")
        expect(page.get_by_role("dialog")).to_have_count(0)
        link = page.get_by_role("link", name="Write or approve an assessment")
        expect(link).to_have_attribute("href", "/assessments")
        request.getfixturevalue("live")
        expect(page.get_by_role("dialog", name="For which purpose do you look?")).to_be_visible()


def test_signing_out_ends_the_session(measured: City) -> None:
    """The button leads to the sign-in page, and the way back leads there again."""
    with measured.show("stop", Role.OPERATOR) as page:
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/login?left=1")
        page.goto(measured.served.url + "stop?scope=city")
        page.wait_for_url("**/login?next=/stop*")


def test_what_is_refused_while_one_signs_out_leads_nowhere_else(measured: City) -> None:
    """A question that is on its way when the session ends is refused before the answer is there."""
    with measured.show("stop", Role.OPERATOR) as page:
        expect(page.get_by_role("heading", name="Nothing is stopped")).to_be_visible()

        def late(route: Route) -> None:
            answer = route.fetch()
            time.sleep(2.0)  # The page asks every second whether it is stopped.
            route.fulfill(response=answer)

        page.route("**/logout", late)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/login?left=1")


def test_a_session_that_ends_leads_to_the_sign_in_page(measured: City) -> None:
    """A page that is open when its session ends does not go on showing the past as the present."""
    with measured.show("stop", Role.OPERATOR) as page:
        expect(page.get_by_role("heading", name="Nothing is stopped")).to_be_visible()
        measured.access.sessions.close_all()
        page.wait_for_url("**/login?next=%2Fstop")


def test_oversight_sees_and_presses_nothing(measured: City) -> None:
    """A commissioner reads the switch and the assessments, and is offered no way to change them."""
    with measured.show("stop", Role.COMMISSIONER) as page:
        expect(stop_card(page)).to_contain_text("Your role may not press")
        expect(page.locator(".stop-big")).to_have_count(0)
        page.get_by_role("link", name="Assessments").click()
        expect(page.get_by_role("link", name="Read Crowd safety")).to_be_visible()
        expect(page.get_by_role("link", name="Write a new")).to_have_count(0)
        page.get_by_role("link", name="Read Crowd safety").click()
        expect(page.get_by_text("Read only")).to_be_visible()
        expect(page.get_by_label("Short name", exact=True)).to_be_disabled()
        expect(page.get_by_role("button", name="Save the draft")).to_be_hidden()


HIDDEN = """() => {
    const at = document.activeElement;
    if (at === document.body || at.closest(".save-bar, .call")) return "";
    const seen = at.closest(".option") || at;
    if (getComputedStyle(seen).outlineStyle === "none") return `${at.id}: shows no focus`;
    const bar = document.querySelector(".save-bar").getBoundingClientRect();
    const { top, bottom } = at.getBoundingClientRect();
    const behind = Math.min(bottom, top + 40) > bar.top + 1;
    return behind || bottom < 0 ? `${at.id || at.textContent}: ${top}, ${bar.top}` : "";
}"""
"""Why what has the focus is not seen by who has eyes; empty where it is."""


@pytest.mark.parametrize("height", [844, 600])
@pytest.mark.parametrize("width", [1280, 390])
def test_what_has_the_focus_is_seen(
    measured: City, live: Assessment, width: int, height: int
) -> None:
    """By Tab through a form: nothing hides behind what stays at the window's foot."""
    path = f"assessments/edit/{live.id}"
    size = {"width": width, "height": height}
    with measured.show(path, Role.PRIVACY_OFFICER, viewport=size) as page:
        expect(page.get_by_role("button", name="Save the draft")).to_be_visible()
        hidden = []
        for _ in range(60):
            page.keyboard.press("Tab")
            hidden.append(page.evaluate(HIDDEN))
        assert [one for one in hidden if one] == []
        expect(page.locator("#foot")).to_have_text(re.compile("^Times here: UTC"))
        for link in page.locator(".steps a").all():
            link.press("Enter")
            expect(page.locator(".step-head")).to_be_focused()


# --- the editor ----------------------------------------------------------------------------------


def as_json(assessment: Assessment) -> Any:  # noqa: ANN401 - JSON
    """The assessment as the form gets and sends it."""
    return msgspec.json.decode(msgspec.json.encode(data_of(assessment)))


def control(page: Page, path: str) -> Locator:
    """The control of the field at `path`."""
    return page.locator(f'[id="f-{path}"]')


def fill(page: Page, path: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    """Answer the field at `path`, and everything below it, as a person would."""
    if isinstance(value, dict):
        for key, inner in value.items():
            fill(page, f"{path}.{key}", inner)
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        fill_list(page, path, value)
    elif isinstance(value, list):
        fill_table(page, path, value)
    else:
        fill_one(control(page, path), value)


def box_of(page: Page, mark: str) -> Locator:
    """The innermost group of fields that has the element with the id `mark`."""
    return page.locator("fieldset", has=page.locator(f'[id="{mark}"]')).last


def fill_list(page: Page, path: str, value: list[str]) -> None:
    """Write one for each line, or tick them."""
    if control(page, path).count():
        control(page, path).fill("\n".join(value))
        return
    for tick in box_of(page, f"h-{path}").get_by_role("checkbox").all():
        set_tick(tick, to=tick.get_attribute("value") in value)


def set_tick(tick: Locator, *, to: bool) -> None:
    """Tick it or not, by keyboard: what is found wrong meanwhile may move it from under a mouse."""
    if tick.is_checked() != to:
        tick.press("Space")
    expect(tick).to_be_checked(checked=to)


def fill_table(page: Page, path: str, value: list[Any]) -> None:
    """Add or remove entries until there are as many, and answer each."""
    table = box_of(page, f"w-{path}")
    entries = table.locator(":scope > .entries > li")
    while entries.count() < len(value):
        table.locator(":scope > button").click()
    while entries.count() > len(value):
        entries.last.get_by_role("button", name="Remove").click()
    for k, inner in enumerate(value):
        fill(page, f"{path}[{k}]", inner)


def fill_one(found: Locator, value: str | float | None) -> None:
    """Answer one question; what cannot be written is left."""
    text = "" if value is None else str(value)
    if found.get_attribute("readonly") is not None:
        return
    if found.get_attribute("type") == "checkbox":
        set_tick(found, to=bool(value))
    elif found.evaluate("element => element.tagName") == "SELECT":
        found.select_option(text.lower() if isinstance(value, bool) else text)
    else:
        found.fill(text)


def test_an_assessment_from_nothing_to_a_permit(city: City) -> None:
    """Written in the form, step by step; approved by two different people; published."""
    answers = as_json(load_assessment(EXAMPLE))
    cameras = [
        {**answers["cameras"][0], "id": camera, "site": site} for camera, site in CAMERAS.items()
    ]
    answers["cameras"] = cameras
    for capability in answers["capabilities"]:
        capability["cameras"] = []
    with city.show("assessments", Role.CONTROLLER, "Ada Example") as page:
        page.get_by_role("link", name="Write a new assessment").click()
        page.get_by_role("checkbox", name="European Union").check()
        page.get_by_role("button", name="Begin").click()
        expect(page.locator(".counted")).to_contain_text("to mend")
        while True:
            for path in page.evaluate(
                "[...document.querySelectorAll('.step-body .plain > *')]"
                ".map(e => e.querySelector('[id^=\"w-\"]')?.id.slice(2)).filter(Boolean)"
            ):
                fill(page, path, answers[path])
            following = page.locator(".step-foot .next")
            if "Review" in following.inner_text():
                break
            following.click()
        expect(page.locator(".counted")).to_have_text("Nothing to mend")
        page.get_by_role("button", name="Save the draft").click()
        expect(page.locator(".save-state")).to_have_text("Saved")
        page.locator(".step-foot .next").click()
        expect(page.get_by_role("button", name="Publish")).to_be_disabled()
        page.get_by_role("button", name="Approve as controller").click()
        expect(page.locator(".agreed")).to_contain_text("Controller (Ada Example) approved on")
        expect(page.get_by_role("button", name="Publish")).to_be_disabled()
    assert city.desk.purposes() == []
    with city.show(
        f"assessments/edit/{answers['id']}#review", Role.PRIVACY_OFFICER, "Ada Example"
    ) as page:
        page.get_by_role("button", name="Approve as privacy officer").click()
        expect(page.get_by_role("alert").filter(has_text="names somebody else")).to_be_visible()
    with city.show("assessments", Role.PRIVACY_OFFICER, "Ben Sample") as page:
        expect(page.locator(".row")).to_contain_text("Waits for the privacy officer")
        page.get_by_role("link", name="Edit").click()
        page.locator(".steps").get_by_role("link", name="Review and approve").click()
        with page.expect_popup() as popup:
            page.get_by_role("link", name="Read it as a whole").click()
        expect(popup.value.get_by_role("heading", level=1)).to_have_text(answers["title"]["en"])
        expect(popup.value.locator("body")).to_contain_text(answers["aims"][0]["evidence"][:60])
        page.get_by_role("button", name="Approve as privacy officer").click()
        page.get_by_role("button", name="Publish").click()
        expect(
            page.get_by_role("heading", name=f"Permit {answers['id']}@1 is granted")
        ).to_be_focused()
    (published,) = city.desk.drafts().found
    assert published.published
    assert published.assessment is not None
    kept = as_json(published.assessment)
    for camera in kept["cameras"]:
        assert camera.pop("fingerprint") == city.desk.views[camera["id"]]
    for camera in answers["cameras"]:
        camera.pop("fingerprint")
    for measure in (*kept["measures"], *answers["measures"]):
        measure["harms"].sort()  # what is ticked has the order of the form
    assert kept == answers


def test_a_finding_stands_beside_its_field_and_leads_to_it(city: City, live: Assessment) -> None:
    """While one writes; named with its clause; the review lists it with a way to the field."""
    with city.show(f"assessments/edit/{live.id}#data", Role.CONTROLLER) as page:
        expect(page.get_by_text("Revision 1 stays in force")).to_be_visible()
        expect(page.locator(".counted")).to_have_text("Nothing to mend")
        kept = control(page, "retention.readings")
        kept.fill("for ever")
        group = page.locator(".field", has=kept).last
        expect(group.locator(".findings")).to_contain_text("for ever")
        expect(kept).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_role("link", name="Data")).to_contain_text("to mend")
        page.locator(".steps").get_by_role("link", name="Review and approve").click()
        expect(page.get_by_role("button", name="Approve as controller")).to_have_count(0)
        page.get_by_role("button", name="How long data are kept, readings").first.click()
        expect(kept).to_be_focused()
        kept.fill("30 d")
        expect(page.locator(".counted")).to_have_text("Nothing to mend")
        expect(group.locator(".findings")).to_be_hidden()


def test_all_that_cannot_be_kept_is_told_at_once(city: City, live: Assessment) -> None:
    """Saving leads to a list of it, which leads to each field; it shrinks as they are mended."""
    with city.show(f"assessments/edit/{live.id}#what", Role.CONTROLLER) as page:
        control(page, "revision").fill("0")
        control(page, "summary.en").fill("")
        page.locator(".steps").get_by_role("link", name="Aims and law").click()
        control(page, "aims[0].id").fill("a b")
        control(page, "aims[1].id").fill("")
        page.get_by_role("button", name="Save the draft").click()
        listed = page.get_by_role("region", name="Not saved: 3 answers cannot be kept")
        expect(listed).to_be_focused()
        expect(listed.get_by_role("listitem")).to_have_count(3)
        expect(listed).to_contain_text("Should be nothing but letters, digits, '.', '_' and '-'")
        for k in (0, 1):
            beside = page.locator(".field", has=control(page, f"aims[{k}].id")).last
            expect(beside.locator(".findings li")).to_have_count(1)
        assert all(one.published for one in city.desk.drafts().found)
        no_barriers(page)
        listed.get_by_role("button", name="Revision").press("Enter")
        expect(control(page, "revision")).to_be_focused()
        control(page, "revision").fill("2")
        page.locator(".steps").get_by_role("link", name="Aims and law").click()
        control(page, "aims[0].id").fill("ab")
        expect(page.get_by_role("heading", name="Not saved: one answer cannot")).to_be_visible()
        control(page, "aims[1].id").fill("other")
        expect(page.locator(".unread")).to_be_hidden()
        expect(page.locator(".counted")).to_contain_text("to mend")
        page.get_by_role("button", name="Save the draft").click()
        expect(page.locator(".save-state")).to_have_text("Saved")


def test_leaving_asks_only_if_something_was_changed(city: City, live: Assessment) -> None:
    """A revision that nobody touched goes without a word; one that somebody did asks once."""
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    def leave(page: Page) -> None:
        page.locator(".crumb a").click()
        expect(page.get_by_role("heading", name="Assessments", exact=True)).to_be_visible()

    with city.show(f"assessments/edit/{live.id}", Role.CONTROLLER) as page:
        page.on("dialog", answer)
        # No browser asks before somebody has used the page.
        page.locator(".step-foot .next").click()
        leave(page)
        assert asked == []
        page.goto(f"{city.served.url}assessments/edit/{live.id}")
        expect(page.locator(".save-state")).to_have_text("Not saved")
        control(page, "software").fill("0.0")
        leave(page)
        assert asked == ["beforeunload"]
        page.goto(f"{city.served.url}assessments/edit/{live.id}")
        control(page, "software").fill("0.0")
        page.get_by_role("button", name="Save the draft").click()
        expect(page.locator(".save-state")).to_have_text("Saved")
        leave(page)
        assert asked == ["beforeunload"]


def test_a_draft_is_deleted_after_one_question(city: City, live: Assessment) -> None:
    """Who may write may delete; the revision in force stays; what another changed is not lost."""
    where = f"assessments/edit/{live.id}"
    with city.show(where, Role.ADMINISTRATOR) as page:
        control(page, "software").fill("0.0")
        page.get_by_role("button", name="Save the draft").click()
        expect(page.locator(".save-state")).to_have_text("Saved")
    with city.show(f"{where}#review", Role.SUPERVISOR) as page:
        expect(page.get_by_role("heading", name="Approval and permit")).to_be_visible()
        expect(page.get_by_role("button", name="Delete this draft")).to_have_count(0)
    with city.show(f"{where}#review", Role.CONTROLLER) as page:
        delete = page.get_by_role("button", name="Delete this draft")
        delete.click()
        expect(page.get_by_role("alertdialog")).to_contain_text("Revision 1 stays in force.")
        expect(page.get_by_role("button", name="Keep it")).to_be_focused()
        no_barriers(page)
        page.keyboard.press("Enter")
        assert len(city.desk.drafts().found) == 2
        draft, _ = city.desk.draft(live.id)
        assert draft is not None
        assert draft.assessment is not None
        changed = structs.replace(draft.assessment, software="0.1")
        city.desk.write_draft(Person("Ada", Role.CONTROLLER), written(changed))
        delete.click()
        page.wait_for_timeout(600)
        page.get_by_role("button", name="Delete it").click()
        expect(page.get_by_role("alert").filter(has_text="Not deleted")).to_contain_text("changed")
        page.reload()
        delete.click()
        page.wait_for_timeout(600)
        page.get_by_role("button", name="Delete it").click()
        expect(page.get_by_text("Nothing is being written.")).to_be_visible()
    (left,) = city.desk.drafts().found
    assert left.published


def test_a_draft_that_cannot_be_read_is_listed_and_can_be_deleted(
    city: City, live: Assessment
) -> None:
    """It was left out of the list as if nobody had written it; what is in force is still read."""
    fault = "governance/drafts/torn.toml, line 3: this is not TOML. Mend the line"
    city.desk.damage("torn", fault)
    city.desk.damage(live.id, "governance/drafts: half of a draft")
    with city.show("assessments", Role.SUPERVISOR) as page:
        rows = page.get_by_role("region", name="Being written").get_by_role("listitem")
        expect(rows).to_have_count(2)
        torn = rows.filter(has=page.get_by_role("heading", name="torn"))
        expect(torn).to_contain_text("Cannot be read")
        expect(torn).to_contain_text(fault)
        expect(page.get_by_role("button", name="Delete this draft")).to_have_count(0)
        expect(page.locator(".left-out")).to_have_count(0)
        city.desk.unread, city.desk.later = 3, 2
        page.reload()
        expect(page.locator(".left-out").first).to_contain_text("2 more are in force and end later")
        expect(page.locator(".left-out").last).to_contain_text("3 older drafts are not shown")
    with city.show("assessments", Role.CONTROLLER) as page:
        no_barriers(page)
        torn = page.get_by_role("listitem").filter(has_text="torn.toml")
        torn.get_by_role("button", name="Delete this draft").click()
        page.wait_for_timeout(600)
        page.get_by_role("button", name="Delete it").click()
        expect(torn).to_have_count(0)
        expect(page.get_by_text("half of a draft")).to_be_visible()
    assert list(city.desk.broken) == [live.id]
    with city.show(f"assessments/edit/{live.id}?live=1", Role.CONTROLLER) as page:
        expect(page.locator(".save-state")).to_have_text("Read only")


def test_what_allows_more_than_before_is_named(city: City, live: Assessment) -> None:
    """The draft beside the revision in force: what widens it comes first and is marked."""
    with city.show(f"assessments/edit/{live.id}#cameras", Role.CONTROLLER) as page:
        city.desk.views["quay-east"] = "9" * 64
        page.get_by_role("button", name="Take the cameras as they are now").click()
        expect(page.locator(".camera-fill")).to_contain_text("0 added, 1 with another view")
        control(page, "cameras[0].sees").fill("The northern half of the plaza and its gate")
        page.get_by_role("button", name="Save the draft").click()
        expect(page.locator(".save-state")).to_have_text("Saved")
        page.locator(".steps").get_by_role("link", name="Review and approve").click()
        rows = page.locator(".changes tbody tr")
        expect(rows.first).to_contain_text("Allows more")
        expect(page.locator("section", has=rows.first)).to_contain_text("allows more than before")
        expect(rows.filter(has_text="Camera plaza-north, what it sees")).to_have_count(1)
    phone = {"width": 390, "height": 844}
    with city.show(f"assessments/edit/{live.id}#review", Role.CONTROLLER, viewport=phone) as page:
        expect(page.locator(".changes tbody tr").first).to_contain_text("Allows more")
        changes = page.locator(".stacked", has=page.locator(".changes"))
        assert changes.evaluate("one => one.scrollWidth <= one.clientWidth"), "read to its end"
        now = page.locator(".steps").get_by_role("link", name="Review and approve")
        assert now.evaluate("one => one.getBoundingClientRect().right <= innerWidth")


def test_names_that_refer_to_another_part_follow_it(city: City, live: Assessment) -> None:
    """An aim that gets another name is still the one that its capabilities serve."""
    with city.show(f"assessments/edit/{live.id}#why", Role.CONTROLLER) as page:
        control(page, "aims[0].id").fill("safety")
        control(page, "aims[0].id").blur()
        page.locator(".steps").get_by_role("link", name="Cameras and time").click()
        served = page.locator("fieldset", has=page.locator('[id="h-capabilities[0].aims"]')).last
        expect(served.get_by_role("checkbox", name="safety")).to_be_checked()
        expect(page.get_by_text("(unknown)")).to_have_count(0)


WIDTHS = (360, 1280)


@pytest.mark.timeout(300)
def test_no_known_barrier_and_no_sideways_scroll(measured: City, live: Assessment) -> None:
    """axe-core finds nothing on any page, in any state, wide or narrow, in light and dark."""
    desk = measured.desk
    desk.press_stop(Person("Ada", Role.OPERATOR), "camera:quay-east", "a drill")
    desk.lift_stop(Person("Bo", Role.SUPERVISOR), "camera:quay-east", "it is over")
    desk.set_state("plaza-south", "suspended", "it was moved")

    def check(page: Page) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            # Colours are the same at both widths: they are looked at in the dark once.
            (no_barriers if width == WIDTHS[0] else no_barriers_in_light_and_dark)(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width

    with measured.show("stop?scope=camera:plaza-north", Role.SUPERVISOR) as page:
        expect(pressed(page)).to_contain_text("Agreed: Supervisor")
        check(page)
        page.get_by_role("button", name="Drill").click()
        stop_card(page).get_by_role("button", name="Stop camera Plaza north").click()
        check(page)
    with measured.show("sites/plaza", Role.SUPERVISOR) as page:
        expect(page.locator(".strip")).to_be_visible()
        check(page)
        page.get_by_role("button", name="Change purpose").click()
        check(page)
    with measured.show("", Role.SUPERVISOR) as page:
        expect(page.locator(".strip")).to_contain_text("Camera quay-east")
        check(page)
    with measured.show("assessments", Role.CONTROLLER) as page:
        expect(page.locator(".row")).to_have_count(1)
        check(page)
    with measured.show(f"assessments/edit/{live.id}", Role.CONTROLLER) as page:
        for name in (
            "what",
            "answers",
            "why",
            "cameras",
            "data",
            "people",
            "need",
            "public",
            "review",
        ):
            page.evaluate(f"location.hash = '{name}'")
            expect(page.locator(".steps [aria-current=step]")).to_have_attribute("href", f"#{name}")
            if name == "data":
                control(page, "retention.readings").fill("for ever")
                expect(page.locator(".step-body .findings:not([hidden])")).to_have_count(1)
            check(page)
    with measured.show("assessments/new", Role.CONTROLLER) as page:
        expect(page.get_by_role("checkbox", name="Hong Kong")).to_be_visible()
        check(page)


def test_who_may_not_write_an_assessment_is_offered_no_form(measured: City) -> None:
    """What can be begun and never kept is work lost."""
    with measured.show("assessments/new", Role.SUPERVISOR) as page:
        expect(page.get_by_text("Your role does not write assessments.")).to_be_visible()
        expect(page.get_by_role("button", name="Begin")).to_have_count(0)
        no_barriers(page)
