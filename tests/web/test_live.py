import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import structlog

from plainview.errors import StoreError
from plainview.record import Health
from plainview.web.api import create_app
from plainview.web.server import Served, serve
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World

Event = dict[str, str]


@pytest.fixture
def served(live_world: "World", sites: tuple[SiteView, ...]) -> Iterator[Served]:
    """The application on a free port; two pages may be live at once."""
    with serve(create_app(sites=sites, store=live_world.store, most_live=2), port=0) as server:
        yield server


@contextmanager
def listening(
    server: Served,
    path: str = "plaza/live",
    **options: Any,  # noqa: ANN401 - httpx's own
) -> Iterator[Iterator[Event]]:
    """The events of one live page."""
    with httpx.stream("GET", f"{server.url}api/v1/sites/{path}", timeout=10, **options) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")

        def events() -> Iterator[Event]:
            event: Event = {}
            for line in answer.iter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    event[name] = value
                elif event:
                    yield event
                    event = {}

        yield events()


def state_where(events: Iterator[Event], wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - a test on JSON
    """The first state for which `wanted` holds, of the next 60 events."""
    for _, event in zip(range(60), events, strict=False):
        if event["event"] == "state":
            state: dict[str, Any] = json.loads(event["data"])
            if wanted(state):
                return state
    pytest.fail("no such state came")


def test_a_reading_reaches_a_live_page(live_world: "World", served: Served) -> None:
    """The first state is sent at once; a Reading stored later arrives without being asked for."""
    with listening(served) as events:
        assert state_where(events, lambda _: True)["count"] is None
        live_world.say("plaza-north", live_world.reading("plaza-north", [(0, 0, 1, 0)] * 3))
        state = state_where(events, lambda s: s["count"] is not None)
        assert state["count"] == pytest.approx(3)


def test_a_camera_that_goes_blind_is_told(live_world: "World", served: Served) -> None:
    """Its flag arrives, and the count becomes unknown, not zero."""
    live_world.say("quay-east", live_world.reading("quay-east", [(0, 0, 1, 0)]))
    with listening(served, "quay/live") as events:
        state_where(events, lambda s: s["count"] is not None)
        live_world.say("quay-east", live_world.reading("quay-east", health=(Health.BLIND,)))
        state = state_where(events, lambda s: s["cameras"][0]["health"] == ["blind"])
        assert state["count"] is None


def test_states_come_although_nothing_changes(served: Served) -> None:
    """A page can tell a quiet site from a cut connection."""
    with listening(served) as events:
        first = json.loads(next(events)["data"])["t"]
        second = json.loads(next(events)["data"])["t"]
    assert 0.5 < second - first < 5


@pytest.mark.parametrize("by", ["header", "query"])
def test_a_page_that_comes_back_first_gets_what_it_missed(
    live_world: "World", served: Served, by: str
) -> None:
    """The count since the last event it saw, then the present."""
    now = live_world.now()
    for k in range(10, 0, -1):
        reading = live_world.reading("quay-east", [(0, 0, 0, 0)] * k, t=now - 1000 * k)
        live_world.say("quay-east", reading)
    last = str(now - 5500)
    options = {"headers": {"last-event-id": last}} if by == "header" else {}
    path = "quay/live" if by == "header" else f"quay/live?after={last}"
    with listening(served, path, **options) as events:
        first = next(events)
    assert first["event"] == "missed"
    points = json.loads(first["data"])["points"]
    assert [point[1] for point in points] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("last", ["x", "-1", "9" * 40, "²", "0"])
def test_a_senseless_event_id_is_no_error(served: Served, last: str) -> None:
    """The page gets the present."""
    with listening(served, headers={"last-event-id": last.encode()}) as events:
        assert next(events)["event"] == "state"


def test_live_pages_are_bounded(served: Served) -> None:
    """One too many is a 503 that says what to do, and the others go on."""
    with listening(served) as one, listening(served) as two:
        next(one)
        next(two)
        answer = httpx.get(f"{served.url}api/v1/sites/plaza/live")
        assert answer.status_code == 503
        assert "live" in answer.json()["detail"]
        assert next(one)["event"] == "state"


def test_a_page_that_leaves_makes_room(live_world: "World", served: Served) -> None:
    """More pages than the bound, one after the other, are all answered."""
    for _ in range(6):
        with listening(served) as events:
            next(events)
        live_world.status("plaza-north")
        # The server sees that a page left when it next sends to it, within a heartbeat.
        for _ in range(100):
            if httpx.get(f"{served.url}api/v1/system").json()["stats"]["live_pages"] == 0:
                break
        else:
            pytest.fail("the page that left is still counted")


def test_a_store_that_fails_is_told_and_the_page_goes_on(
    live_world: "World", served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`problem` while it lasts, then states again; the log says so once, and how long it was."""

    def failing(_: object) -> None:
        raise StoreError("the disk does not answer")

    def problem(events: Iterator[Event]) -> str:
        return next(event["data"] for event in events if event["event"] == "problem")

    with structlog.testing.capture_logs() as logs, listening(served) as events:
        next(events)
        with monkeypatch.context() as patch:
            patch.setattr(live_world.store, "latest", failing)
            assert all("disk" in problem(events) for _ in range(3))
        assert state_where(events, lambda _: True)
    stood, went_on = (entry for entry in logs if entry.get("site") == "plaza")
    assert (stood["log_level"], stood["why"]) == ("warning", "the disk does not answer")
    assert went_on["after_seconds"] > 1


def test_the_server_stops_although_pages_are_live(
    live_world: "World", sites: tuple[SiteView, ...]
) -> None:
    """Live pages end when the server is told to stop; they do not hold it."""
    server = serve(create_app(sites=sites, store=live_world.store), port=0)
    ended = threading.Event()
    began = threading.Event()

    def page() -> None:
        with listening(server) as events:
            for _ in events:
                began.set()
        ended.set()

    reader = threading.Thread(target=page)
    reader.start()
    assert began.wait(10)
    server.stop()
    assert not server.alive
    assert ended.wait(10)
    reader.join()
