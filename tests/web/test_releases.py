"""Asking for sealed footage and approving it, over HTTP: who may, and what is answered."""

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from litestar.testing import TestClient
from msgspec import structs
from playwright.sync_api import Browser, expect
from tests.governance.offices import CONTROLLER, OFFICER, OPERATOR
from tests.vault.released import BEGIN, World
from tests.web import conftest as standing
from tests.web.access.conftest import SAFETY
from tests.web.browsing import no_barriers, opened, page_of
from tests.web.test_desk_api import HERE, Somebody

from plainview.app.release_desk import RunningReleases
from plainview.governance.person import Person, Role
from plainview.record import Event, EventKind, EventStanding, Phase, Reading, Stamped
from plainview.store import Store, open_store
from plainview.store.search import Mark
from plainview.web.access.service import Access, AccessSettings
from plainview.web.api import Application, create_app
from plainview.web.releases import release_handlers
from plainview.web.server import Served, bind
from plainview.web.views import CameraView

WISH = {
    "case": "24-118",
    "purpose": "how the fall came about",
    "basis": "Example Act, section 15",
    "cameras": ["north"],
    "since": BEGIN + 1,
    "until": BEGIN + 3,
}
HERE_IT_IS = "/../releases"
PHONE = {"width": 390, "height": 844}
PLAZA = structs.replace(
    standing.PLAZA,
    cameras=(CameraView("north", standing.NORTH), CameraView("south", standing.SOUTH, "South")),
)
FALL = Event(EventKind.PERSON_DOWN, Phase.START, (BEGIN + 1) * 1000, 0, 60, -1, 60)


class City(NamedTuple):
    """A city that records and may release ten minutes at once."""

    world: World
    access: Access
    store: Store

    def app(self, **more: Any) -> Application:  # noqa: ANN401 - create_app's own
        """Its pages."""
        return create_app(
            sites=(PLAZA,),
            store=self.store,
            clock=self.world.clock,
            access=self.access,
            more=release_handlers(RunningReleases(self.world.office)),
            **more,
        )


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """One for all tests here."""
    folder = tmp_path_factory.mktemp("releases")
    world = World(folder)
    access = Access(AccessSettings(), folder / "access", world.clock)
    with contextlib.closing(open_store(f"sqlite:{folder / 'store.db'}")) as store:
        told = Reading(FALL.t, 1000, 5, 0, 0, 0, 0, 8, 1, 10, (), (), (), ())
        fall = Mark("south", FALL, None, EventStanding.EXPERIMENTAL)
        store.append([Stamped("south", told)], [fall])
        yield City(world, access, store)
    world.office.close()


@pytest.fixture(scope="module")
def somebody(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Somebody]:
    """A client of it."""
    app = city.app(static=tmp_path_factory.mktemp("static"))
    with TestClient(app, base_url=HERE) as client:
        yield Somebody(client, city.access)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    yield from opened()


def become(somebody: Somebody, person: Person) -> Somebody:
    """Signed in as that person."""
    return somebody.become(person.role, person.name)


def test_one_asks_and_two_others_approve(somebody: Somebody) -> None:
    """By their roles and names; the case is told here and nobody's name; nothing is opened."""
    one = become(somebody, OPERATOR).send("POST", HERE_IT_IS, WISH)
    assert (one["state"], one["case"], one["approved"]) == ("asked", "24-118", [])
    path = f"{HERE_IT_IS}/{one['id']}/approve"
    somebody.send("POST", path, {}, 403)
    become(somebody, Person(OPERATOR.name, Role.SUPERVISOR)).send("POST", path, {}, 400)
    for person in (CONTROLLER, OFFICER):
        one = become(somebody, person).send("POST", path, {})
    assert one["approved"] == ["controller", "privacy-officer"]
    now = become(somebody, Person("Eve", Role.COMMISSIONER)).get(HERE_IT_IS)
    assert now["cameras"] == {"north": 600.0, "south": 600.0}
    assert [release["id"] for release in now["releases"]] == [one["id"]]
    assert "Example" not in str(now).replace("Example Act", "")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"since": BEGIN - 700}, 403),
        ({"cameras": ["nowhere"]}, 403),
        ({"case": "<b>"}, 400),
        ({"face": "a red coat"}, 400),
    ],
)
def test_what_may_not_be_asked_for(
    somebody: Somebody, change: dict[str, object], status: int
) -> None:
    """More than a permit lets, of another camera, a case that is none, or by anybody's looks."""
    become(somebody, OPERATOR).send("POST", HERE_IT_IS, WISH | change, status)


def test_who_only_runs_the_machine_reads_nothing(somebody: Somebody) -> None:
    """An administrator has no part in it."""
    become(somebody, Person("Eve", Role.ADMINISTRATOR)).get(HERE_IT_IS, 403)


def cookie(city: City, served: Served, person: Person) -> dict[str, str]:
    """Of a session in which `person` has signed in."""
    token, session = city.access.sessions.open(person, person.name, "link")
    city.access.sessions.choose(session, SAFETY.id)
    return {"name": f"plainview-{served.port}", "value": token, "url": served.url}


def test_the_page_asks_for_the_span_of_an_event_and_two_approve(
    browser: Browser, city: City
) -> None:
    """What a search found leads to its plan view, and to a filled-in form; on a phone too."""
    with Served(city.app(), bind(port=0)) as served:
        with page_of(
            browser,
            served.url,
            "events?from=2001-01-01T00:00",
            [cookie(city, served, OPERATOR)],
            viewport=PHONE,
        ) as page:
            found = page.locator(".found > li")
            expect(found).to_have_count(1)
            found.get_by_role("link", name="See the plan").click()
            page.wait_for_url(f"**/sites/plaza?at={BEGIN + 1}.000")
            expect(page.get_by_role("heading", name="Station plaza")).to_be_visible()
            page.go_back()
            found.get_by_role("link", name="Request the sealed minutes").click()
            expect(page.get_by_label("Case")).to_be_focused()
            assert page.url.endswith(f"?camera=south&since={BEGIN - 9}&until={BEGIN + 41}#ask")
            assert page.get_by_label("Camera").input_value() == "south"
            page.get_by_label("Case").fill("24-119")
            page.get_by_label("Purpose").fill("how it arose")
            page.get_by_label("Legal basis").fill("Example Act, section 15")
            page.get_by_role("button", name="Ask").press("Enter")
            expect(page.get_by_text("Two others must approve it.")).to_be_visible()
            asked = page.get_by_role("listitem").filter(has_text="24-119")
            expect(asked).to_contain_text("0 of 2 have approved")
            assert asked.get_by_role("button").count() == 0
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            headings = page.get_by_role("heading", level=2)
            assert headings.all_inner_texts() == ["Ask for footage", "What was asked for"]
            no_barriers(page)
        for person, now in ((CONTROLLER, "1 of 2"), (OFFICER, "2 of 2")):
            with page_of(browser, served.url, "releases", [cookie(city, served, person)]) as page:
                asked = page.get_by_role("listitem").filter(has_text="24-119")
                expect(page.get_by_role("heading", level=2).first).to_have_text(
                    "What was asked for"
                )
                asked.get_by_role("button", name="Approve").click()
                sure = page.get_by_role("alertdialog")
                expect(sure).to_contain_text(
                    "obscured, but for regions drawn by hand, of at most 25 %"
                )
                page.wait_for_timeout(600)  # a second press of a double click confirms nothing
                no_barriers(page)
                sure.get_by_role("button", name="Approve", exact=True).click()
                expect(asked).to_contain_text(f"{now} have approved")
                # Who agreed is not asked again, and no third is.
                expect(asked.get_by_role("button")).to_have_count(0)
