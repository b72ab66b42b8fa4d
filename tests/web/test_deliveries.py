"""Deliveries on the pages: API, feed for machines, metrics, and the console in a real Chromium."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from lxml import etree
from playwright.sync_api import Browser, ViewportSize, expect
from tests.alerts.delivery.examples import route
from tests.servers.receivers import HttpReceiver, free_port, http_receiver
from tests.web.browsing import no_barriers, opened, page_of

from plainview.alerts.book import Book
from plainview.alerts.delivery.route import Route, RouteKind, Secret, Wanted
from plainview.alerts.thresholds import DEFAULTS, Level
from plainview.alerts.watch import Look
from plainview.app.delivering import Delivering
from plainview.clock import SystemClock
from plainview.config import CityConfig, SiteConfig
from plainview.crowd.field import normal
from plainview.store import Store, open_store
from plainview.web.api import create_app
from plainview.web.server import Served, bind

TOKEN = "a long word that opens the feed"  # noqa: S105 - of this test's own server


class World(NamedTuple):
    """A running server over one alert, three routes, and the receiver of one of them."""

    url: str
    store: Store
    receiver: HttpReceiver
    delivering: Delivering


def routes(folder: Path, receiver: HttpReceiver) -> tuple[Route, ...]:
    """A webhook that works, a CAP receiver that is not there, and a feed."""
    (folder / "key").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    (folder / "token").write_text(TOKEN)
    return (
        route(
            RouteKind.WEBHOOK,
            "control-room",
            address=receiver.url,
            secret=Secret(folder / "key"),
            wanted=Wanted(levels=frozenset({Level.ALARM})),
        ),
        route(RouteKind.CAP, "ministry", address=f"http://127.0.0.1:{free_port()}/cap"),
        route(RouteKind.FEED, "public-feed", secret=Secret(folder / "token")),
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser."""
    yield from opened()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Served until the last test here; one alarm is delivered, or cannot be."""
    from tests.web.conftest import SITES  # noqa: PLC0415 - a conftest is no module of tests

    folder = tmp_path_factory.mktemp("web-deliveries")
    clock, store = SystemClock(), open_store(f"sqlite:{folder / 'readings.db'}")
    with http_receiver() as receiver:
        city = CityConfig(
            "City",
            (SiteConfig("plaza", "Station plaza", (4.8357, 45.764), ()),),
            routes=routes(folder, receiver),
        )
        delivering = Delivering(city, store, clock, chance=random.Random(1))  # noqa: S311 - no secret
        book = Book(store, clock, lambda: "a", outgoing=delivering.outbox)
        alarm = next(one for one in DEFAULTS if one.level is Level.ALARM)
        book.rise("plaza", alarm, Look(clock.utc(), normal(6.1, 0.2), (4.0, 6.0)))
        delivering.start(book)
        app = create_app(sites=SITES, store=store, deliveries=delivering)
        with Served(app, bind(port=0)) as server:
            yield World(server.url, store, receiver, delivering)
        delivering.close()
    store.close()


def until_tried(world: World) -> dict[str, dict[str, object]]:
    """The routes by name, once each has done what it can."""
    while True:
        found = {one["name"]: one for one in httpx.get(f"{world.url}api/v1/routes").json()}
        tried = found["ministry"]["broken"] and found["control-room"]["delivered"] == 2
        if tried and found["public-feed"]["delivered"] == 2:
            return found


def test_routes_and_metrics_tell_how_each_does(world: World) -> None:
    """What failed, why, and what waits; the others were told that one is broken."""
    found = until_tried(world)
    assert "Connection refused" in str(found["ministry"]["trouble"])
    assert found["ministry"]["waiting"] == 1
    assert found["control-room"]["takes"] == "Alerts at level alarm"
    text = httpx.get(f"{world.url}metrics").text
    assert 'plainview_route_broken{kind="cap",route="ministry"} 1.0' in text
    assert 'plainview_route_delivered_total{kind="webhook",route="control-room"} 2.0' in text
    assert 'plainview_route_waiting{kind="cap",route="ministry"} 1.0' in text


def test_a_feed_is_for_who_has_its_secret(world: World) -> None:
    """Newest first, each entry with an address at which the message stands by itself."""
    until_tried(world)
    refused = httpx.get(f"{world.url}feeds/public-feed")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert "this is not its secret" in refused.json()["detail"]
    for name, token in (("public-feed", "wrong"), ("control-room", TOKEN), ("none", TOKEN)):
        headers = {"authorization": f"Bearer {token}"}
        assert httpx.get(f"{world.url}feeds/{name}", headers=headers).status_code == 401
    headers = {"authorization": f"Bearer {TOKEN}"}
    answer = httpx.get(f"{world.url}feeds/public-feed", headers=headers)
    assert answer.headers["content-type"].startswith("application/atom+xml")
    names = {"a": "http://www.w3.org/2005/Atom"}
    links = [
        str(link.get("href"))
        for link in etree.fromstring(answer.content).findall("a:entry/a:link", names)
    ]
    assert len(links) == 2
    assert "ministry" in httpx.get(links[0], headers=headers).text
    message = httpx.get(links[1], headers=headers)
    assert message.headers["content-type"].startswith("application/cap+xml")
    assert etree.fromstring(message.content).findtext("{*}status") == "Exercise"
    assert httpx.get(links[1]).status_code == 401
    assert httpx.get(f"{links[1]}0", headers=headers).status_code == 404


def test_the_page_shows_each_route_and_tries_it(world: World, browser: Browser) -> None:
    """By keyboard, without barriers, on a phone; what goes wrong stands in plain words."""
    until_tried(world)
    phone: ViewportSize = {"width": 390, "height": 844}
    with page_of(browser, world.url, "deliveries", viewport=phone) as page:
        expect(page.locator("h1")).to_have_text("Deliveries")
        expect(page.locator(".lede")).to_contain_text("do not arrive by the route ministry.")
        broken = page.locator(".route", has_text="ministry")
        expect(broken.locator(".pill")).to_have_text("Broken")
        expect(broken.locator(".error")).to_contain_text("Connection refused")
        expect(page.get_by_role("button", name="Menu")).to_have_text(re.compile("Menu +1 broken"))
        page.get_by_role("button", name="Menu").click()
        expect(page.locator("#pages .pill")).to_be_visible()
        expect(page.locator("#pages .pill")).to_have_text("1 broken")
        works = page.locator(".route", has_text="control-room")
        works.get_by_role("button", name="Send a test by control-room").press("Enter")
        expect(works.get_by_role("status")).to_contain_text("It arrived")
        assert b'"purpose":"test"' in world.receiver.posted[-1].body
        broken.get_by_role("button").click()
        expect(broken.get_by_role("status")).to_contain_text("It did not arrive")
        assert page.locator(".route", has_text="public-feed").get_by_role("button").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        no_barriers(page)


def test_what_was_not_used_yet_is_not_said_to_work(world: World, browser: Browser) -> None:
    """A route that fails, one that works and one of which nothing is known: each by its name."""
    changes: dict[str, dict[str, object]] = {
        "control-room": {"delivered": 1},
        "ministry": {"trouble": "It was refused"},
        "public-feed": {"delivered": 0},
    }
    calm = {"trouble": "", "broken": False}
    asked = httpx.get(f"{world.url}api/v1/routes").json()
    told = [one | calm | changes[one["name"]] for one in asked]
    fine = [one | calm | {"delivered": 2} for one in asked]
    answers = [told]
    with page_of(browser, world.url, "healthz") as page:
        page.route("**/api/v1/routes", lambda asking: asking.fulfill(json=answers[-1]))
        page.goto(f"{world.url}deliveries")
        expect(page.locator(".lede")).to_have_text(
            "The last try failed by ministry. Not used since the start, so that it is not known to "
            "work: public-feed. Alerts are kept until each route has taken them."
        )
        answers.append(fine)
        expect(page.locator(".lede")).to_contain_text("Every route works, as far as is known.")
