"""A city in which people are, a desk that keeps what it is told, and ways to be signed in."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from litestar.testing import TestClient
from msgspec import structs

from plainview.clock import ManualClock
from plainview.errors import LedgerError
from plainview.governance.person import Person, Role
from plainview.web.access.service import Access, AccessSettings
from plainview.web.api import Application, create_app
from plainview.web.city.answer import City
from plainview.web.city.ground import CitySite
from plainview.web.city.totals import CityTotals
from plainview.web.desk import Desk, PurposeEdge
from plainview.web.views import SiteView

HERE = "http://127.0.0.1:8765"
COOKIE = "plainview-8765"
SAFETY = PurposeEdge("plaza@1/safety", "Keep the plaza safe", ("plaza",))
EVENT = PurposeEdge("fair@2/flow", "Plan the fair's entrances", ("fair",))


class KeptDesk:
    """The desk's part that access needs, in memory. Thread-safe."""

    def __init__(self) -> None:
        """Two live purposes, nothing recorded."""
        self.live = [SAFETY, EVENT]
        self.recorded: list[tuple[Person, str, str, str]] = []
        self.fails = False
        self.before: Callable[[], None] = lambda: None
        """Called when a record is asked for, before it is kept."""
        self._lock = threading.Lock()

    def purposes(self) -> list[PurposeEdge]:
        """Those that are live."""
        return list(self.live)

    def record_access(self, person: Person, purpose: str, what: str, reference: str = "") -> None:
        """Keep it, or fail as a full disk makes the ledger fail."""
        self.before()
        if self.fails:
            raise LedgerError("the ledger cannot be written", mend="Free some space")
        with self._lock:
            self.recorded.append((person, purpose, what, reference))


@pytest.fixture
def real(sites: tuple[SiteView, ...]) -> tuple[SiteView, ...]:
    """A plaza and a fair in which people are, and a quay in which nobody exists."""
    plaza, quay = sites
    fair = structs.replace(
        plaza,
        id="fair",
        name="Fair",
        simulated=False,
        cameras=(structs.replace(plaza.cameras[0], id="fair-gate"),),
    )
    return structs.replace(plaza, simulated=False), fair, quay


@pytest.fixture
def desk() -> KeptDesk:
    """What governance would answer."""
    return KeptDesk()


@pytest.fixture
def access(world: Any, tmp_path: Path) -> Access:  # noqa: ANN401 - the World of tests/web
    """Sign-in by one-time links on this machine."""
    return Access(AccessSettings(), tmp_path / "access", world.clock)


@pytest.fixture
def app(
    world: Any,  # noqa: ANN401 - the World of tests/web
    real: tuple[SiteView, ...],
    access: Access,
    desk: KeptDesk,
    tmp_path: Path,
) -> Application:
    """The application of that city."""
    return create_app(
        sites=real,
        store=world.store,
        clock=world.clock,
        static=tmp_path / "static",
        access=access,
        desk=cast("Desk", desk),
        city=City(CityTotals([_ground(site) for site in real], world.clock), "City"),
    )


def _ground(site: SiteView) -> CitySite:
    names = tuple(camera.id for camera in site.cameras)
    return CitySite(site.id, site.name, site.id, names, (9.0,) * len(names))


class Someone:
    """A client, signed in through the front door of the session store."""

    def __init__(self, client: TestClient[Application], access: Access) -> None:
        """Not signed in yet."""
        self.client, self._access = client, access
        self.csrf = ""

    def sign_in(self, role: Role, purpose: str = "", name: str = "Kim") -> "Someone":
        """Signed in as `name` in `role`, with `purpose`."""
        token, session = self._access.sessions.open(Person(name, role), name, "link")
        self._access.sessions.choose(session, purpose)
        self.client.cookies.clear()
        self.client.cookies.set(COOKIE, token, domain="127.0.0.1")
        self.csrf = session.csrf
        return self

    def get(self, path: str, **headers: str) -> Any:  # noqa: ANN401 - an answer of httpx
        """The answer to GET `path`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=named, follow_redirects=False)


@pytest.fixture
def someone(app: Application, access: Access) -> Iterator[Someone]:
    """Somebody who has not signed in, at this machine's own name."""
    with TestClient(app, base_url=HERE) as client:
        yield Someone(client, access)


@pytest.fixture
def clock(world: Any) -> ManualClock:  # noqa: ANN401 - the World of tests/web
    """The clock that everything here goes by."""
    assert isinstance(world.clock, ManualClock)
    return world.clock
