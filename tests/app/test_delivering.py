import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from tests.alerts.delivery.examples import BEGAN, alert, route, threshold
from tests.servers.receivers import HttpReceiver, http_receiver

from plainview.alerts import lifecycle
from plainview.alerts.book import Book, Filter
from plainview.alerts.delivery.notice import Notice, Purpose
from plainview.alerts.delivery.route import Route, RouteKind, Secret, Sender
from plainview.alerts.watch import Look
from plainview.app.delivering import Delivering, listing, pages_of, try_route
from plainview.clock import Clock, ManualClock
from plainview.config import CityConfig, SiteConfig
from plainview.crowd.field import normal
from plainview.errors import DeliveryFailed, InputError
from plainview.store import Store, open_store

SITE = SiteConfig("plaza", "Plaza", (4.8, 45.7), (), timezone="Europe/Paris", actual=True)
CHANCE = random.Random(1)  # noqa: S311 - it spreads tries, and guards nothing
ROUTES = (route(name="one"), route(RouteKind.EMAIL, "two"))


class Receivers:
    """The other sides of all routes, in memory."""

    def __init__(self) -> None:
        """All take everything."""
        self.got: dict[str, list[Notice]] = {}
        self.down: set[str] = set()
        self.changed = threading.Condition()

    def open(self, out: Route, clock: Clock) -> Sender:
        """A connection to the other side of `out`."""
        del clock
        return _Receiver(self, out.name)

    def wait(self, name: str, many: int) -> list[Notice]:
        """What `name` has got, once that are `many`."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.got.get(name, [])) >= many, 20)
            return list(self.got[name])


class _Receiver:
    def __init__(self, all_of_them: Receivers, name: str) -> None:
        self._all, self._name = all_of_them, name

    def send(self, notice: Notice) -> None:
        """Take it, unless this one is down."""
        if self._name in self._all.down:
            raise DeliveryFailed("nobody answers")
        with self._all.changed:
            self._all.got.setdefault(self._name, []).append(notice)
            self._all.changed.notify_all()

    def tend(self, _told: object) -> None:
        """There."""

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = open_store(f"sqlite:{tmp_path / 'readings.db'}")
    yield opened
    opened.close()


def test_alerts_reach_each_route_and_a_broken_one_is_told_of_by_the_others(store: Store) -> None:
    """From the book to both; what was open before a route was there is told to it, once."""
    receivers, clock = Receivers(), ManualClock(BEGAN)
    city = CityConfig("City", (SITE,), routes=ROUTES[:1])
    first = Delivering(city, store, clock, chance=CHANCE, open_sender=receivers.open)
    book = Book(store, clock, lambda: "a", outgoing=first.outbox)
    first.start(book)
    book.rise("plaza", threshold(), Look(BEGAN, normal(6.0, 0.2)))
    (told,) = receivers.wait("one", 1)
    assert told.purpose is Purpose.ACTUAL
    first.close()

    city = structs.replace(city, routes=ROUTES)
    both = Delivering(city, store, clock, chance=CHANCE, open_sender=receivers.open)
    book = Book(store, clock, lambda: "b", outgoing=both.outbox)
    both.start(book)
    receivers.wait("two", 1)
    receivers.down = {"two"}
    (shown,) = book.open()
    assert shown.alert.route == ""
    book.decide(shown.alert.id, "escalate", "Ada", "it grows")
    for _ in range(3):
        with pytest.raises(DeliveryFailed):
            both.test("two")
        clock.advance(1)
    _, escalated, trouble = receivers.wait("one", 3)
    assert escalated.state == "escalated"
    assert trouble.kind == "route"
    assert trouble.about == "two"
    assert "nobody answers" in trouble.headline
    assert both.stats()["routes_broken"] == 1
    assert [shown.alert.about for shown in book.open()] == ["two", "density"]
    assert [shown.alert.about for shown in book.open("plaza")] == ["density"], "of no place"
    assert [shown.alert.about for shown in book.page(Filter(("plaza",), nowhere=False), 9)] == [
        "density"
    ]
    receivers.down = set()
    both.test("two")
    mended = receivers.wait("one", 4)[-1]
    assert (mended.id, mended.open) == (trouble.id, False)
    receivers.wait("two", 3)
    both.close()
    assert [one.purpose for one in receivers.got["two"]].count(Purpose.TEST) == 1


def test_an_alert_that_moves_on_is_never_missing_from_its_feed(
    store: Store, tmp_path: Path
) -> None:
    """Its newest step is read although the feed's courier has not come to it yet."""
    (tmp_path / "key").write_text("open sesame")
    out = structs.replace(route(RouteKind.FEED, "feed"), secret=Secret(tmp_path / "key"))
    city = CityConfig("City", (SITE,), routes=(out,))
    made = Delivering(city, store, ManualClock(BEGAN), chance=CHANCE)
    for one in (alert("1"), lifecycle.acknowledged(alert("1"), BEGAN + 1, "Ada", "I look")):
        store.put_alerts([lifecycle.packed(one)], deliveries=made.outbox.prepare(one))
        found = made.feed("feed", "open sesame")
        assert found is not None
        assert [told.state for told in found[1]] == [one.state]
        made.outbox.delivered(store.due_deliveries("feed", 0, 10))


def test_an_alert_of_a_site_that_is_gone_stops_nothing(store: Store) -> None:
    """It cannot be told where that is, and the others are told."""
    city = CityConfig("City", (SITE,), routes=ROUTES)
    made = Delivering(city, store, ManualClock(), chance=CHANCE)
    gone = structs.replace(alert(), site="quay")
    assert made.outbox.prepare(gone) == []
    assert len(made.outbox.prepare(lifecycle.escalated(alert(), BEGAN, "Ada", "why"))) == 2
    with pytest.raises(InputError, match="no such route"):
        made.test("three")


def test_links_lead_to_the_pages_wherever_these_are() -> None:
    """To the public address; without one to this machine; nowhere where the port is not known."""
    city = CityConfig("City", (SITE,), address="127.0.0.1", port=8420)
    assert pages_of(city) == "http://127.0.0.1:8420"
    assert pages_of(structs.replace(city, address="::1")) == "http://[::1]:8420"
    for unknown in (structs.replace(city, port=0), structs.replace(city, address="10.0.0.1")):
        assert pages_of(unknown) == ""
    public = structs.replace(city.access, url="https://crowd.example")
    assert pages_of(structs.replace(city, access=public)) == "https://crowd.example"


def city_file(folder: Path, address: str) -> Path:
    """CITY.toml with a webhook and a feed."""
    (folder / "north.mp4").touch()
    (folder / "key").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    path = folder / "city.toml"
    path.write_text(f"""\
[[routes]]
name = "hook"
kind = "webhook"
address = "{address}"
secret_file = "key"
[[routes]]
name = "feed"
kind = "feed"
from = "alerts@city.example"
secret_file = "key"
[[sites]]
id = "plaza"
location = [4.8, 45.7]
[[sites.cameras]]
id = "north"
source = "north.mp4"
[sites.cameras.calibration]
image_size = [480, 360]
projection = [
  [16.288503236408854, -13.824256163102453, -2.5412711789517433, 219.91750790089145],
  [-1.5264807257596984, 0.19061266080179512, -21.29036760489315, 110.23023540636851],
  [0.022333645764138335, 0.015339661641563165, -0.007464170447424424, 1.0],
]
[sites.cameras.area]
polygon = [[-8.0, 6.0], [-21.0, -9.0], [-16.5, -16.5], [9.5, -9.5], [10.0, -4.0], [2.0, 2.5]]
""")
    return path


def test_a_route_is_tried_without_a_running_plainview(tmp_path: Path) -> None:
    """What arrives is marked as a test; what cannot be tried is said in one line."""
    receiver: HttpReceiver
    with http_receiver() as receiver:
        path = city_file(tmp_path, receiver.url)
        assert "has taken it, marked as a test: " in try_route(path, "hook", ManualClock(BEGAN))
        (posted,) = receiver.posted
        assert b'"purpose":"test"' in posted.body
        receiver.answers = [500]
        with pytest.raises(DeliveryFailed, match="500 Internal Server Error"):
            try_route(path, "hook")
    with pytest.raises(InputError, match="a feed is read, not sent"):
        try_route(path, "feed")
    with pytest.raises(InputError, match=r"no route 'hock'.*There are hook, feed"):
        try_route(path, "hock")
    assert list(listing(path)) == [
        f"hook: webhook, {receiver.url}. All alerts",
        "feed: feed, read at /feeds/feed. All alerts",
    ]
