"""The redacted view on the pages: who may see it, why there is none, and how it is admitted."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import cv2
import httpx
import numpy as np
import pytest
from msgspec import structs
from playwright.sync_api import Browser, expect
from tests.web.access.conftest import SAFETY, KeptDesk
from tests.web.browsing import no_barriers, opened, page_of
from tests.web.conftest import SITES
from tests.web.conftest import World as Cameras

from plainview import redacted
from plainview.alerts.names import KINDS
from plainview.app.view_files import ViewPlates
from plainview.app.views import RunningViews
from plainview.clock import ManualClock
from plainview.governance.office import Office
from plainview.governance.person import Person, Role
from plainview.ledger.entry import EntryKind
from plainview.record import EventKind, Health
from plainview.redacted import LEAST_SPAN, RULES, Picture, ViewPlate, ViewState, read_admitted
from plainview.store import Store, open_store
from plainview.vision.view.draw import _LETTERS
from plainview.web.access.service import Access, AccessSettings
from plainview.web.api import create_app
from plainview.web.desk import Desk
from plainview.web.server import Served, bind
from plainview.web.view import view_now

NORTH, SOUTH, QUAY = "plaza-north", "plaza-south", "quay-east"
ALL = ("count", "flow", "view")
PHONE = {"width": 390, "height": 844}
MASK = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.4], [0.1, 0.4]]


def scene() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """(180, 320) an empty place."""
    rows = np.linspace(60, 170, 180, dtype=np.uint8)[:, None].repeat(320, axis=1)
    rows[60:90, 200:260] = 210
    return rows


def picture(state: ViewState = ViewState.SHOWN, **changes: Any) -> Picture:  # noqa: ANN401 - fields
    """A picture of a place."""
    ok, jpeg = cv2.imencode(".jpg", scene())
    assert ok
    told = Picture(1_000_000, state, 48, 32, 64, (), (EventKind.LEFT_OBJECT,), jpeg.tobytes())
    return structs.replace(told, **changes)


class World(NamedTuple):
    """A running server, and what is behind it."""

    served: Served
    views: RunningViews
    plates: ViewPlates
    access: Access
    office: Office
    desk: KeptDesk
    clock: ManualClock
    capabilities: dict[str, tuple[str, str, tuple[str, ...]]]
    shown: list[tuple[str, bytes | None]]
    store: Store

    def cookie(self, role: Role, purpose: str = SAFETY.id) -> tuple[str, str]:
        """Token and CSRF of somebody who has signed in."""
        token, session = self.access.sessions.open(Person("Kim", role), "Kim", "link")
        self.access.sessions.choose(session, purpose)
        return token, session.csrf

    def ask(self, method: str, path: str, role: Role, body: Any = None) -> httpx.Response:  # noqa: ANN401 - JSON
        """What is answered to somebody in `role`."""
        token, csrf = self.cookie(role)
        return httpx.request(
            method,
            f"{self.served.url}api/v1/cameras/{path}",
            json=body,
            cookies={f"plainview-{self.served.port}": token},
            headers={"Plainview-CSRF": csrf},
        )


def store_of(folder: Path) -> Store:
    """An empty store."""
    return open_store(f"sqlite:{folder / 'x.db'}")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two sites in which people are; a plate was learned at the north of the plaza."""
    folder = tmp_path_factory.mktemp("view")
    clock, store = ManualClock(utc=1_000.0), store_of(folder)
    plates, desk = ViewPlates(folder), KeptDesk()
    capabilities = {
        NORTH: ("running", "", ALL),
        SOUTH: ("running", "", ALL[:2]),
        QUAY: ("stopped", "the stop switch of city is pressed", ()),
    }
    shown: list[tuple[str, bytes | None]] = []
    with Office(folder, clock) as office:
        views = RunningViews(
            office,
            plates,
            clock,
            states=lambda: capabilities,
            show=lambda camera, plate: shown.append((camera, plate)),
        )
        ok, png = cv2.imencode(".png", scene())
        assert ok
        plate = ViewPlate(RULES, 320, 180, 0, LEAST_SPAN, 9, 0.97, png.tobytes())
        plates.keep(NORTH, redacted.encode(plate))
        access = Access(AccessSettings(), folder / "access", clock)
        app = create_app(
            sites=tuple(structs.replace(site, simulated=False) for site in SITES),
            store=store,
            clock=clock,
            access=access,
            desk=cast("Desk", desk),
            views=views,
        )
        with Served(app, bind(port=0)) as served:
            behind = (views, plates, access, office, desk, clock, capabilities, shown, store)
            yield World(served, *behind)
    store.close()


def test_where_there_is_no_view_it_is_said_why(world: World) -> None:
    """Not permitted, starting, grey by its state, stale: each in words, never as empty."""

    def told(camera: str) -> dict[str, Any]:
        answer = world.ask("GET", f"{camera}/view", Role.OPERATOR)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        return cast("dict[str, Any]", answer.json())

    assert (told(SOUTH)["state"], told(SOUTH)["picture"]) == ("no-permit", None)
    world.capabilities[SOUTH] = ("elsewhere", "it runs at its site", ALL[:2])
    assert told(SOUTH)["why"] == "No view here: it runs at its site"
    world.capabilities[SOUTH] = ("running", "", ALL[:2])
    assert told(NORTH)["state"] == "starting"
    world.views.put(NORTH, picture(ViewState.NO_PLATE))
    assert "waits for somebody to look at it" in told(NORTH)["why"]
    world.views.put(NORTH, picture(ViewState.UNHEALTHY, health=(Health.MOVED,)))
    grey = told(NORTH)
    assert grey["state"] == "unhealthy"
    assert "moved" in grey["why"]
    assert grey["count"] is None
    assert grey["marks"] == []
    world.views.put(NORTH, picture())
    shown = told(NORTH)
    assert (shown["state"], shown["why"], shown["count"]) == ("shown", "", 3.0)
    assert base64.b64decode(shown["picture"]) == picture().jpeg
    world.clock.advance(6.0)
    stale = told(NORTH)
    assert (stale["state"], stale["picture"], stale["count"]) == ("stale", None, None)
    assert world.ask("GET", "nowhere/view", Role.OPERATOR).status_code == 404
    # What stands at another site is not covered by the purpose.
    assert world.ask("GET", f"{QUAY}/view", Role.OPERATOR).status_code == 403


def test_a_view_of_a_simulated_place_says_so(world: World) -> None:
    """Whoever sees it alone must not take its people for real ones."""
    world.views.put(NORTH, picture())
    assert world.ask("GET", f"{NORTH}/view", Role.OPERATOR).json()["simulated"] is False
    site = structs.replace(SITES[0], simulated=True)
    told = view_now(world.views, site, site.cameras[0])
    assert (told.camera, told.site, told.simulated) == (NORTH, site.id, True)


def test_a_look_is_for_a_purpose_and_recorded(world: World) -> None:
    """Without one, or signed out, nothing is shown; with one it is in the ledger first."""
    url = f"{world.served.url}api/v1/cameras/{NORTH}/view"
    assert httpx.get(url).status_code == 401
    token, _ = world.cookie(Role.OPERATOR, purpose="")
    cookies = {f"plainview-{world.served.port}": token}
    assert httpx.get(url, cookies=cookies).status_code == 403
    world.desk.recorded.clear()
    assert world.ask("GET", f"{NORTH}/view", Role.SUPERVISOR).status_code == 200
    assert [what for _, _, what, _ in world.desk.recorded] == ["read-now"]
    assert world.desk.recorded[0][3] == "site:plaza"


def test_each_new_picture_is_told_live(world: World) -> None:
    """As server-sent events that nothing may store."""
    world.views.put(NORTH, picture())
    token, _ = world.cookie(Role.OPERATOR)
    cookies = {f"plainview-{world.served.port}": token}
    url = f"{world.served.url}api/v1/cameras/{NORTH}/view/live"
    seen: list[float] = []
    with httpx.stream("GET", url, cookies=cookies, timeout=10) as answer:
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if not line.startswith("data:"):
                continue
            seen.append(json.loads(line[5:])["t"])
            if len(seen) == 2:
                break
            world.views.put(NORTH, picture(t=1_001_000))
    assert seen == [1000.0, 1001.0]


def test_a_plate_is_admitted_by_who_may_and_looked_at_it(world: World) -> None:
    """Not by an operator, unseen, or another one; then the ledger and the lens have it."""
    path = f"{NORTH}/view/plates"
    for role in (Role.OPERATOR, Role.COMMISSIONER, Role.ADMINISTRATOR):
        assert world.ask("GET", path, role).status_code == 403
        assert world.ask("GET", f"{path}/learned", role).status_code == 403
    found = world.ask("GET", path, Role.PRIVACY_OFFICER).json()
    assert found["admitted"] is None
    digest = found["learned"]["digest"]
    seen = world.ask("GET", f"{path}/learned", Role.PRIVACY_OFFICER)
    assert seen.content.startswith(b"\x89PNG")
    assert seen.headers["cache-control"] == "no-store"
    good = {"digest": digest, "nobody": True, "masks": [MASK]}
    for bad, status in (
        ({**good, "nobody": False}, 400),
        ({**good, "digest": "0" * 64}, 400),
        ({**good, "masks": [MASK[:2]]}, 400),
        ({**good, "masks": [[[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]]}, 400),
    ):
        assert world.ask("POST", f"{path}/admit", Role.SUPERVISOR, bad).status_code == status
    assert world.shown == []
    answer = world.ask("POST", f"{path}/admit", Role.SUPERVISOR, good)
    assert answer.status_code == 200
    assert answer.json()["admitted"]["masks"] == [MASK]
    camera, given = world.shown[-1]
    assert camera == NORTH
    assert given is not None
    assert read_admitted(given)[0].masks == (tuple(map(tuple, MASK)),)
    entries = [entry for _, entry in world.office.ledger.entries()]
    assert entries[-1].kind is EntryKind.PLATE_ADMITTED
    assert entries[-1].detail["plate"] == digest
    assert entries[-1].role == "supervisor"
    gone = world.ask("POST", f"{path}/withdraw", Role.SUPERVISOR, {"why": "A poster was missed"})
    assert gone.json()["admitted"] is None
    assert world.shown[-1] == (NORTH, None)
    assert [entry for _, entry in world.office.ledger.entries()][
        -1
    ].kind is EntryKind.PLATE_WITHDRAWN
    assert world.views.latest(NORTH) is None


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser."""
    yield from opened()


def test_the_page_shows_the_view_and_admits_a_plate(browser: Browser, world: World) -> None:
    """Live, in words for who cannot see it, by keyboard alone, on a phone too, without barriers."""
    world.views.put(NORTH, picture())
    token, _ = world.cookie(Role.PRIVACY_OFFICER)
    name = f"plainview-{world.served.port}"
    cookie = {"name": name, "value": token, "url": world.served.url}
    size = {"width": 1280, "height": 1100}
    with page_of(browser, world.served.url, f"cameras/{NORTH}", [cookie], viewport=size) as page:
        expect(page.get_by_role("heading", name="Plaza north")).to_be_visible()
        shown = page.locator(".view-picture")
        expect(shown).to_have_attribute(
            "alt",
            "Plan-like picture of the scene. People now: 3 (2 to 4). Marked: Object left behind.",
        )
        for kind, letter in _LETTERS.items():
            expect(page.locator(".view-notes")).to_contain_text(f"{letter}: {KINDS[kind]}")
        no_barriers(page)
        page.get_by_label("Right edge, per cent").fill("40")
        page.get_by_label("Bottom edge, per cent").fill("50")
        page.get_by_role("button", name="Add this mask").press("Enter")
        expect(page.get_by_text("Mask 1:")).to_be_visible()
        page.get_by_label("I looked at all of this picture").check()
        page.get_by_role("button", name="Admit it to the view").press("Enter")
        expect(page.get_by_text("Admitted. The camera starts anew")).to_be_visible()
        world.views.put(NORTH, picture(ViewState.UNHEALTHY, t=1_002_000, health=(Health.BLIND,)))
        expect(page.locator(".view-absent")).to_contain_text("does not mean that it is empty")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # Playwright's own dictionary
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        no_barriers(page)


def test_where_no_view_is_drawn_the_page_tells_what_the_camera_measures(
    browser: Browser, world: World
) -> None:
    """A camera that may count and show nothing is no camera of which nothing is known."""
    name = f"plainview-{world.served.port}"
    token, _ = world.cookie(Role.OPERATOR)
    cookie = {"name": name, "value": token, "url": world.served.url}
    with page_of(browser, world.served.url, f"cameras/{SOUTH}", [cookie]) as page:
        people = page.locator(".view-facts div", has_text="People").locator("dd")
        expect(people).to_have_text("Not known")
        cameras = Cameras(world.clock, world.store)
        cameras.say(SOUTH, cameras.reading(SOUTH, [(2.5, 20.5, 0, -1)] * 7))
        expect(people).to_have_text("7 (5 to 9)")
        expect(page.locator(".view-absent")).to_contain_text("no assessment in force")
