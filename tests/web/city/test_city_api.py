"""The city's answer, its metrics and its page over a real application."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from msgspec import structs
from playwright.sync_api import Browser, ViewportSize, expect
from tests.web.browsing import no_barriers, opened, page_of
from tests.web.standin_alerts import RealAlerts

from plainview.alerts.routes import RouteAlerts
from plainview.clock import ManualClock
from plainview.record import CameraStatus, Health, LensState, Stamped
from plainview.web.api import create_app
from plainview.web.city.answer import Answers, City
from plainview.web.city.ground import city_site
from plainview.web.city.totals import CityTotals
from plainview.web.plan import SitePlan
from plainview.web.server import Served, bind
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World

DISTRICTS = {"plaza": "Old town", "quay": "Harbour"}
UNSEALED = CameraStatus(
    t=0,
    state=LensState.RUNNING,
    sealed=False,
    connected=True,
    restarts=0,
    reconnects=0,
    late=0,
    refused=0,
)


def added_up(world: "World", sites: tuple[SiteView, ...]) -> City:
    """The two sites of these tests; one camera of three is dark, the others measure."""
    totals = CityTotals(
        [city_site(SitePlan(site), DISTRICTS[site.id]) for site in sites], world.clock
    )
    totals.add(
        [
            Stamped("plaza-north", world.reading("plaza-north", [(0, 0, 1, 0)] * 4)),
            Stamped("plaza-south", world.reading("plaza-south", health=(Health.DARK,))),
            Stamped("quay-east", world.reading("quay-east", [(0, 0, 1, 0)] * 9)),
        ]
    )
    totals.said("quay-east", UNSEALED)
    return City(totals, "Lyon", expected=3.0, simulated=True)


def test_what_calls_is_told_before_what_somebody_has_acknowledged(
    world: "World", sites: tuple[SiteView, ...]
) -> None:
    """Alarms first, then the newest, of ten; how many there are in all is told beside them."""
    alerts = RealAlerts(world.store)
    for k in range(12):
        alerts.rise(structs.replace(alerts.warning, zone=f"zone {k}"), 4.0)
    alerts.rise(alerts.alarm, 6.0)
    alerts.rise(alerts.alarm, 6.0, "quay")
    (quay,) = alerts.open("quay")
    alerts.decide(quay.alert.id, "acknowledge", "Kim", "Seen")
    answer = Answers(added_up(world, sites), world.store, dict, world.clock, alerts).now("", None)
    assert (answer.alerts.alarms, answer.alerts.warnings) == (2, 12)
    told = [(one.level, one.zone) for one in answer.gravest_alerts]
    assert told == [("alarm", None), *(("warning", f"zone {k}") for k in range(11, 2, -1))]


def test_a_broken_route_is_no_sites_alarm(world: "World", sites: tuple[SiteView, ...]) -> None:
    """It counts in the city and in no district, for whatever part of the city one looks."""
    alerts = RealAlerts(world.store)
    RouteAlerts(alerts.book, world.clock).broken("mail", "plaza", "nobody answers")
    answers = Answers(added_up(world, sites), world.store, dict, world.clock, alerts)
    for answer in (answers.now("", None), answers.now("h@1/safety", frozenset({"quay"}))):
        assert answer.alerts.alarms == 1
        assert all(one.alerts.alarms == 0 for one in answer.districts)
        (told,) = answer.gravest_alerts
        assert (told.kind, told.site, told.site_name) == ("route", None, None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser."""
    yield from opened()


def test_an_answer_stands_for_a_second_and_is_for_a_purpose(
    world: "World", sites: tuple[SiteView, ...]
) -> None:
    """In one second all are told the same; a purpose for one site is told of that alone."""
    assert isinstance(world.clock, ManualClock)
    city = added_up(world, sites)
    answers = Answers(city, world.store, dict, world.clock, None)
    assert answers.now("", None).crowd.count == 13
    world.clock.advance(0.4)
    again = world.reading("quay-east", [(0, 0, 1, 0)] * 2)
    city.totals.add([Stamped("quay-east", again)])
    assert answers.now("any", None).crowd.count == 13
    part = answers.now("harbour@1/safety", frozenset({"quay"}))
    assert part.part
    assert (part.crowd.count, part.sites, part.unhealthy, part.minutes) == (2, 1, [], [])
    assert [one.name for one in part.districts] == ["Harbour"]
    world.clock.advance(0.7)
    assert answers.now("", None).crowd.count == 6
    world.clock.advance(60)
    gone = answers.now("", None)
    assert (gone.crowd.count, gone.crowd.known, gone.hottest) == (None, 0, [])


def test_a_city_without_districts_is_told_once(
    live_world: "World", sites: tuple[SiteView, ...], browser: Browser
) -> None:
    """No card that says the same as that of the whole, and no "No district" beside a site."""
    totals = CityTotals(
        [city_site(SitePlan(site), "No district") for site in sites], live_world.clock
    )
    totals.add([Stamped("quay-east", live_world.reading("quay-east", [(0, 0, 1, 0)] * 9))])
    city = City(totals, "Lyon", simulated=True)
    app = create_app(sites=sites, store=live_world.store, clock=live_world.clock, city=city)
    with (
        Served(app, bind(port=0)) as server,
        page_of(browser, server.url, "city") as page,
    ):
        expect(page.locator("#hottest")).to_contain_text("Harbour quay")
        expect(page.locator("#unhealthy")).to_contain_text("plaza-north")
        expect(page.get_by_role("heading", name="Districts")).to_be_hidden()
        expect(page.locator("body")).not_to_contain_text("No district", use_inner_text=True)


def test_api_metrics_and_page_tell_what_is_not_known(
    live_world: "World", sites: tuple[SiteView, ...], browser: Browser
) -> None:
    """Totals, districts, the densest site and the dark camera: as JSON, as metrics, on a phone."""
    city = added_up(live_world, sites)
    city.totals.said("plaza-south", structs.replace(UNSEALED, state=LensState.STARTING))
    app = create_app(
        sites=sites,
        store=live_world.store,
        clock=live_world.clock,
        city=city,
        stats=lambda: {"bus_waiting": 2.0},
    )
    with Served(app, bind(port=0)) as server:
        answer = httpx.get(f"{server.url}api/v1/city").json()
        assert (answer["name"], answer["sites"], answer["part"]) == ("Lyon", 2, False)
        assert answer["crowd"]["count"] == 13
        assert (answer["crowd"]["cameras"], answer["crowd"]["believed"]) == (3, 2)
        assert 0.5 < answer["crowd"]["known"] < 1
        assert answer["bounds"]["low_together"] < answer["crowd"]["low"]
        assert answer["bounds"]["low_independent"] > answer["crowd"]["low"]
        assert answer["faults"] == {"dark": 1}
        assert [one["name"] for one in answer["districts"]] == ["Harbour", "Old town"]
        assert answer["districts"][1]["faults"] == {"dark": 1}
        assert [one["id"] for one in answer["hottest"]] == ["quay", "plaza"]
        (dark,) = answer["unhealthy"]
        assert (dark["id"], dark["faults"], dark["site"]) == ("plaza-south", ["dark"], "plaza")
        assert answer["capacity"]["readings_expected"] == 3
        assert answer["capacity"]["bus_waiting"] == 2
        assert answer["capacity"]["unsealed"] == 1
        text = httpx.get(f"{server.url}metrics").text
        for line in (
            'plainview_district_people{district="Harbour"} 9.0',
            'plainview_cameras{district="Old town",health="dark"} 1.0',
            'plainview_cameras{district="Old town",health="believed"} 1.0',
            "plainview_city_cameras 3.0",
            'plainview_lenses{state="running"} 1.0',
            "plainview_lenses_unsealed 1.0",
            "plainview_cameras_without_families 0.0",
        ):
            assert line in text, line
        phone: ViewportSize = {"width": 390, "height": 844}
        with page_of(browser, server.url, "city", viewport=phone) as page:
            expect(page.locator("h1")).to_have_text("Lyon")
            expect(page.locator(".city-people .figure")).to_have_text("13")
            expect(page.locator(".city-people")).to_contain_text("2 of 3 cameras")
            expect(page.get_by_role("row", name="Harbour")).to_contain_text("9")
            expect(page.locator("#unhealthy")).to_contain_text("plaza-south")
            expect(page.locator("#hottest")).to_contain_text("Harbour quay")
            expect(page.locator(".city-alerts")).to_contain_text("but 1 of 3 cameras cannot be")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            no_barriers(page)
            # Told anew each second, and who is there by keyboard stays there.
            link = page.locator("#hottest").get_by_role("link", name="Harbour quay")
            link.focus()
            more = live_world.reading("quay-east", [(0, 0, 1, 0)] * 11)
            city.totals.add([Stamped("quay-east", more)])
            expect(page.locator("#hottest")).to_contain_text("11 people")
            expect(link).to_be_focused()
            # What has ended is said to have, also where its last picture was dark.
            expect(page.locator("#unhealthy")).to_contain_text("Too dark")
            city.totals.said("plaza-south", structs.replace(UNSEALED, state=LensState.ENDED))
            expect(page.locator("#unhealthy")).to_contain_text("Ended")
            city.totals.said("plaza-south", structs.replace(UNSEALED, state=LensState.STOPPED))
            expect(page.locator("#unhealthy")).to_contain_text("Stopped")
