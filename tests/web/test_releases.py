"""Asking for sealed footage and approving it, over HTTP: who may, and what is answered."""

import contextlib
from collections.abc import Iterator

import pytest
from litestar.testing import TestClient
from tests.governance.offices import CONTROLLER, OFFICER, OPERATOR
from tests.vault.released import BEGIN, World
from tests.web.test_desk_api import HERE, Somebody

from plainview.app.release_desk import RunningReleases
from plainview.governance.person import Person, Role
from plainview.store import open_store
from plainview.web.access.service import Access, AccessSettings
from plainview.web.api import create_app
from plainview.web.releases import release_handlers

WISH = {
    "case": "24-118",
    "purpose": "how the fall came about",
    "basis": "Example Act, section 15",
    "cameras": ["north"],
    "since": BEGIN + 1,
    "until": BEGIN + 3,
}
HERE_IT_IS = "/../releases"


@pytest.fixture(scope="module")
def somebody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Somebody]:
    """A client of a city that records and may release ten minutes at once."""
    folder = tmp_path_factory.mktemp("releases")
    world = World(folder)
    access = Access(AccessSettings(), folder / "access", world.clock)
    with contextlib.closing(open_store(f"sqlite:{folder / 'store.db'}")) as store:
        app = create_app(
            sites=(),
            store=store,
            clock=world.clock,
            static=folder / "static",
            access=access,
            more=release_handlers(RunningReleases(world.office)),
        )
        with TestClient(app, base_url=HERE) as client:
            yield Somebody(client, access)
    world.office.close()


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
