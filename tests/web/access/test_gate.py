"""What passes the gate, for which purpose, and what it leaves in the ledger first."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from litestar.connection import ASGIConnection
from litestar.testing import TestClient
from msgspec import structs

from plainview.clock import ManualClock
from plainview.errors import AccessRefused
from plainview.governance.person import Person, Role
from plainview.web.access.gate import AGAIN, Gate, check_origin
from plainview.web.access.purposes import WINDOW, Recorder
from plainview.web.access.rules import Action, Rule
from plainview.web.access.service import Access, AccessSettings
from plainview.web.api import create_app
from plainview.web.desk import Desk
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.access.conftest import KeptDesk, Someone
    from tests.web.conftest import World

SAFETY, EVENT = "plaza@1/safety", "fair@2/flow"
FIELD = "/api/v1/sites/plaza/field"
NON_PUBLIC = [
    "/api/v1/sites/plaza",
    FIELD,
    "/api/v1/sites/plaza/cameras",
    "/api/v1/sites/plaza/count",
    "/api/v1/sites/plaza/crossings",
    "/api/v1/sites/plaza/live",
    "/api/v1/cameras/plaza-north",
    "/api/v1/cameras/plaza-north/readings",
    "/api/v1/cameras/plaza-north/readings/latest",
    "/api/v1/cameras/plaza-north/rollups",
    "/api/v1/system",
    "/api/v1/city",
]


def told(answer: Any, status: int) -> dict[str, Any]:  # noqa: ANN401 - an answer of httpx
    """The problem that `answer` is."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    return cast("dict[str, Any]", answer.json())


@pytest.mark.parametrize("path", NON_PUBLIC)
def test_a_visitor_sees_nothing_of_places_where_people_are(someone: "Someone", path: str) -> None:
    """401, and where to sign in."""
    problem = told(someone.get(path), 401)
    assert "/login" in problem["mend"]


def test_a_visitor_sees_where_nobody_exists_even_beside_real_places(someone: "Someone") -> None:
    """The simulated quay, alone in the lists; what is about the whole city is refused."""
    assert someone.get("/api/v1/sites/quay/field").status_code == 200
    assert [site["id"] for site in someone.get("/api/v1/sites").json()] == ["quay"]
    metrics = someone.get("/metrics").text
    assert 'site="quay"' in metrics
    assert 'site="plaza"' not in metrics
    assert "plaza-north" not in metrics


def test_a_visitor_cannot_find_out_which_sites_there_are(someone: "Someone") -> None:
    """A site that is not there is refused in the same words as one that is."""
    there, not_there = (someone.get(f"/api/v1/sites/{name}/field") for name in ("plaza", "none"))
    assert there.status_code == not_there.status_code == 401
    assert there.json() == not_there.json()


@pytest.mark.parametrize("path", ["/", "/sites/plaza"])
def test_a_page_sends_a_visitor_to_sign_in_and_back(someone: "Someone", path: str) -> None:
    """The console's page itself holds no data, but is for people who work here."""
    answer = someone.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?next={path}"


@pytest.mark.parametrize("path", ["/healthz", "/schema", "/login", "/api/v1/session"])
def test_what_is_public_needs_nothing(someone: "Someone", path: str) -> None:
    """The API's description, the sign-in page, whether the program works."""
    assert someone.get(path).status_code == 200


@pytest.mark.parametrize("path", NON_PUBLIC)
def test_nobody_sees_anything_without_a_purpose(
    someone: "Someone", desk: "KeptDesk", path: str
) -> None:
    """403 that says how to mend it; nothing is recorded, for nothing was shown."""
    problem = told(someone.sign_in(Role.SUPERVISOR).get(path), 403)
    assert "purpose" in problem["detail"]
    assert "/login/purpose" in problem["mend"]
    assert desk.recorded == []


def test_with_a_purpose_that_covers_the_site_it_is_shown_and_recorded(
    someone: "Someone", desk: "KeptDesk"
) -> None:
    """Who, why, what kind of data, of which site."""
    someone.sign_in(Role.OPERATOR, SAFETY)
    assert someone.get(FIELD).status_code == 200
    assert desk.recorded == [(Person("Kim", Role.OPERATOR), SAFETY, "read-now", "site:plaza")]


def test_a_purpose_may_come_with_the_request(someone: "Someone", desk: "KeptDesk") -> None:
    """A program names it in a header; it counts before the session's."""
    someone.sign_in(Role.OPERATOR)
    assert someone.get(FIELD, plainview_purpose=SAFETY).status_code == 200
    someone.sign_in(Role.OPERATOR, SAFETY)
    told(someone.get(FIELD, plainview_purpose=EVENT), 403)
    assert [purpose for _, purpose, _, _ in desk.recorded] == [SAFETY]


def test_a_purpose_for_another_site_does_not_do(someone: "Someone", desk: "KeptDesk") -> None:
    """A live assessment of the fair opens nothing of the plaza, and the lists leave it out."""
    someone.sign_in(Role.OPERATOR, EVENT)
    problem = told(someone.get(FIELD), 403)
    assert "does not cover" in problem["detail"]
    told(someone.get("/api/v1/cameras/plaza-north"), 403)
    assert someone.get("/api/v1/cameras/fair-gate").status_code == 200
    assert [site["id"] for site in someone.get("/api/v1/sites").json()] == ["fair", "quay"]
    assert "plaza" not in {r.removeprefix("site:") for _, _, _, r in desk.recorded}


def test_the_city_is_told_of_the_sites_of_the_purpose_alone(
    someone: "Someone", desk: "KeptDesk"
) -> None:
    """District by district; it is recorded as an access to the city."""
    someone.sign_in(Role.OPERATOR, EVENT)
    answer = someone.get("/api/v1/city").json()
    assert (answer["part"], answer["sites"]) == (True, 1)
    assert [one["name"] for one in answer["districts"]] == ["fair"]
    assert {one["site"] for one in answer["unhealthy"]} == {"fair"}
    assert [record[2:] for record in desk.recorded] == [("read-now", "city")]
    assert someone.get("/api/v1/city", plainview_purpose=SAFETY).json()["sites"] == 1


def test_when_the_assessment_ends_so_does_its_purpose(
    someone: "Someone", desk: "KeptDesk", clock: ManualClock
) -> None:
    """Within a second, in a session that had it."""
    someone.sign_in(Role.OPERATOR, SAFETY)
    assert someone.get(FIELD).status_code == 200
    desk.live = []
    clock.advance(1.1)
    problem = told(someone.get(FIELD), 403)
    assert "no live assessment" in problem["detail"]


def test_an_invented_purpose_does_not_do(someone: "Someone", desk: "KeptDesk") -> None:
    """Nor one with strange signs, nor a very long one."""
    someone.sign_in(Role.OPERATOR)
    for purpose in ("curiosity", "plaza@1", SAFETY + " ", "x" * 5000, "' OR 1=1"):
        if purpose.strip() != SAFETY:
            told(someone.get(FIELD, plainview_purpose=purpose), 403)
    assert desk.recorded == []


def test_a_role_that_may_not_is_told_so(someone: "Someone", desk: "KeptDesk") -> None:
    """A controller sees no measurement whatever the purpose, and learns that it is the role."""
    for purpose in ("", SAFETY):
        problem = told(someone.sign_in(Role.CONTROLLER, purpose).get(FIELD), 403)
        assert "controller" in problem["detail"]
    told(someone.sign_in(Role.ADMINISTRATOR, SAFETY).get("/api/v1/sites/plaza/count"), 403)
    assert desk.recorded == []


def test_an_access_is_recorded_before_the_answer(
    someone: "Someone", desk: "KeptDesk", world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is not even read before the record is there."""
    order: list[str] = []
    latest = world.store.latest

    def reading(*names: Any, **more: Any) -> Any:  # noqa: ANN401 - the store's own
        order.append("read")
        return latest(*names, **more)

    monkeypatch.setattr(world.store, "latest", reading)
    desk.before = lambda: order.append("recorded")
    assert someone.sign_in(Role.OPERATOR, SAFETY).get(FIELD).status_code == 200
    assert order[0] == "recorded"
    assert "read" in order


@pytest.mark.parametrize("path", [*NON_PUBLIC, "/metrics"])
def test_what_cannot_be_recorded_is_not_shown(
    someone: "Someone", desk: "KeptDesk", path: str
) -> None:
    """503, and no number in the answer. When the ledger can be written again, it goes on."""
    someone.sign_in(Role.SUPERVISOR, SAFETY)
    desk.fails = True
    problem = told(someone.get(path), 503)
    assert problem["detail"] == "the ledger cannot be written"
    assert set(problem) <= {"title", "status", "detail", "type", "where", "mend"}
    desk.fails = False
    if not path.endswith(("/live", "/latest")):
        assert someone.get(path).status_code == 200


def test_what_is_amiss_needs_no_purpose(someone: "Someone", desk: "KeptDesk") -> None:
    """It is about the program: whoever has signed in is told, and nobody else; it is no access."""
    assert someone.get("/api/v1/troubles").status_code == 401
    for role in Role:
        someone.sign_in(role)
        answer = someone.get("/api/v1/troubles")
        assert (answer.status_code, answer.json()) == (200, [])
    assert desk.recorded == []


def test_what_nobody_exists_in_is_not_recorded(someone: "Someone", desk: "KeptDesk") -> None:
    """Nor does it need a purpose from somebody who has signed in."""
    desk.fails = True
    someone.sign_in(Role.CONTROLLER)
    assert someone.get("/api/v1/sites/quay/field").status_code == 200
    assert desk.recorded == []


def test_accesses_are_one_record_per_session_purpose_kind_and_site_in_ten_minutes(
    someone: "Someone", desk: "KeptDesk", clock: ManualClock
) -> None:
    """And a new one as soon as any of these differs, or ten minutes have passed."""
    someone.sign_in(Role.OPERATOR, SAFETY)
    for path in (FIELD, FIELD, "/api/v1/cameras/plaza-south", "/api/v1/sites/plaza/cameras"):
        assert someone.get(path).status_code == 200
    assert [(what, about) for _, _, what, about in desk.recorded] == [("read-now", "site:plaza")]
    assert someone.get("/api/v1/sites/plaza/count").status_code == 200
    assert someone.get("/api/v1/system").status_code == 200
    assert [(what, about) for _, _, what, about in desk.recorded[1:]] == [
        ("read-history", "site:plaza"),
        ("read-system", "city"),
    ]
    someone.sign_in(Role.OPERATOR, SAFETY)
    assert someone.get(FIELD).status_code == 200
    assert len(desk.recorded) == 4
    clock.advance(WINDOW - 1)
    assert someone.get(FIELD).status_code == 200
    assert len(desk.recorded) == 4
    clock.advance(1)
    assert someone.get(FIELD).status_code == 200
    assert len(desk.recorded) == 5


def test_requests_that_come_together_are_one_record(desk: "KeptDesk", clock: ManualClock) -> None:
    """While the first is being written the others wait for it, and are not answered before."""
    recorder = Recorder(cast("Desk", desk), clock)
    kim = Person("Kim", Role.OPERATOR)
    begun, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(10)

    desk.before = wait
    answered: list[int] = []

    def ask(number: int) -> None:
        recorder.record("session", kim, SAFETY, Action.READ_NOW, "site:plaza")
        answered.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    assert answered == []
    go_on.set()
    for thread in threads:
        thread.join()
    assert sorted(answered) == [0, 1, 2, 3]
    assert len(desk.recorded) == 1


@pytest.mark.parametrize("minutes", [29, 31])
def test_a_session_in_which_nobody_does_anything_ends(
    someone: "Someone", clock: ManualClock, minutes: int
) -> None:
    """After 30 minutes. What a page asks for by itself does not count as somebody being there."""
    someone.sign_in(Role.OPERATOR, SAFETY)
    for _ in range(minutes):
        clock.advance(60)
        last = someone.get(FIELD).status_code
    assert last == (200 if minutes < 30 else 401)


def test_a_session_that_is_used_ends_after_ten_hours(
    someone: "Someone", clock: ManualClock
) -> None:
    """Whatever its person does."""
    someone.sign_in(Role.OPERATOR, SAFETY)
    for _ in range(10 * 60 // 20 - 1):
        clock.advance(20 * 60)
        assert someone.get("/api/v1/session").json()["role"] == "operator"
    clock.advance(20 * 60)
    assert someone.get("/api/v1/session").json()["role"] is None


def test_the_session_says_who_and_what_for(someone: "Someone", clock: ManualClock) -> None:
    """All that the console needs; the visitor's has no token and no purposes."""
    edge = someone.sign_in(Role.SUPERVISOR, SAFETY).get("/api/v1/session").json()
    assert (edge["role"], edge["name"], edge["purpose"]) == ("supervisor", "Kim", SAFETY)
    assert [purpose["id"] for purpose in edge["purposes"]] == [EVENT, SAFETY]
    assert {"stop", "resume", "read-now"} <= set(edge["may"])
    assert "approve" not in edge["may"]
    assert edge["csrf"] == someone.csrf
    assert edge["expires"] == pytest.approx(clock.utc() + 1800)
    someone.client.cookies.clear()
    edge = someone.get("/api/v1/session").json()
    assert (edge["role"], edge["csrf"], edge["purposes"]) == (None, None, [])
    assert edge["sign_in"] is True


def post(someone: "Someone", purpose: str, **headers: str) -> Any:  # noqa: ANN401
    """The answer to choosing `purpose`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return someone.client.post("/api/v1/session/purpose", json={"purpose": purpose}, headers=named)


def test_a_change_needs_the_sessions_own_token(someone: "Someone") -> None:
    """None, a wrong one, another session's and the cookie's own value are refused."""
    other = someone.sign_in(Role.OPERATOR).csrf
    someone.sign_in(Role.OPERATOR)
    told(post(someone, SAFETY), 403)
    for token in ("", "x", other, someone.csrf + "x", someone.client.cookies["plainview-8765"]):
        told(post(someone, SAFETY, plainview_csrf=token), 403)
    assert someone.get("/api/v1/session").json()["purpose"] is None
    assert post(someone, SAFETY, plainview_csrf=someone.csrf).json()["purpose"] == SAFETY
    assert someone.get(FIELD).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "same-origin", "origin": "null"}, 200),
        ({"sec_fetch_site": "same-origin", "origin": "http://127.0.0.1:8765"}, 200),
        ({"origin": "http://127.0.0.1:8765"}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "none"}, 403),
        ({"sec_fetch_site": ""}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:8766"}, 403),
        ({"origin": "http://localhost:8765"}, 403),
        ({"origin": "http://127.0.0.1.evil.example:8765"}, 403),
        ({"origin": "http://127.0.0.1:8765@evil.example"}, 403),
        ({"origin": "file://127.0.0.1:8765"}, 403),
        ({"origin": "http://127.0.0.1:port"}, 403),
        ({"sec_fetch_site": "same-origin", "origin": "http://evil.example"}, 403),
    ],
)
def test_a_change_from_a_page_elsewhere_is_refused(
    someone: "Someone", headers: dict[str, str], status: int
) -> None:
    """Even with the right token: Sec-Fetch-Site and Origin must be of this very page."""
    someone.sign_in(Role.OPERATOR)
    answer = post(someone, SAFETY, plainview_csrf=someone.csrf, **headers)
    assert answer.status_code == status, answer.text


def test_reading_from_a_page_elsewhere_changes_nothing(someone: "Someone") -> None:
    """A GET needs no token; no answer may be read by a page elsewhere."""
    someone.sign_in(Role.OPERATOR, SAFETY)
    answer = someone.get(FIELD, origin="http://evil.example")
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["//api/v1/sites/plaza/field", "/api/v1//sites/plaza/field", FIELD + "/", "/portal/.." + FIELD],
)
def test_no_spelling_of_a_path_goes_around_the_gate(someone: "Someone", path: str) -> None:
    """More slashes or dots than usual: refused or not there, and never kept by anyone."""
    answer = someone.get("http://127.0.0.1:8765" + path)
    assert answer.status_code in {401, 404}
    assert answer.headers["cache-control"] == "no-store"
    someone.sign_in(Role.OPERATOR, SAFETY)
    assert someone.get("http://127.0.0.1:8765" + path).status_code in {200, 404}


def test_a_body_is_taken_only_where_one_is_expected(someone: "Someone") -> None:
    """And no more of it than that needs."""
    someone.sign_in(Role.OPERATOR, SAFETY)
    big = post(someone, "x" * 10_000, plainview_csrf=someone.csrf)
    assert big.status_code == 413
    junk = someone.client.post(
        "/api/v1/session/purpose", content=b"{", headers={"plainview-csrf": someone.csrf}
    )
    assert junk.status_code == 400
    unknown = post(someone, "curiosity", plainview_csrf=someone.csrf)
    told(unknown, 403)


def test_without_access_only_what_nobody_exists_in_is_shown(
    world: "World", real: tuple[SiteView, ...]
) -> None:
    """A forgotten argument shows nothing."""
    app = create_app(sites=real, store=world.store, clock=world.clock)
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        told(client.get(FIELD), 403)
        assert client.get("/api/v1/sites/quay/field").status_code == 200
        assert client.get("/login").status_code == 403


def test_a_desk_that_is_missing_shows_nothing_either(
    world: "World", real: tuple[SiteView, ...], access: Access
) -> None:
    """No desk, no purposes, no records: no data."""
    app = create_app(sites=real, store=world.store, clock=world.clock, access=access)
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        token, session = access.sessions.open(Person("Kim", Role.OPERATOR), "Kim", "link")
        access.sessions.choose(session, SAFETY)
        client.cookies.set("plainview-8765", token, domain="127.0.0.1")
        told(client.get(FIELD), 403)


def test_sessions_ask_no_faster_than_they_may(someone: "Someone", clock: ManualClock) -> None:
    """429 with how long to wait; then it goes on."""
    someone.sign_in(Role.OPERATOR, SAFETY)
    statuses = {someone.get("/api/v1/session").status_code for _ in range(5)}
    assert statuses == {200}
    for _ in range(1100):
        last = someone.get(FIELD)
        if last.status_code == 429:
            break
    assert last.status_code == 429
    wait = int(last.headers["retry-after"])
    assert wait > 0
    assert last.json()["mend"] == f"Wait {wait} s"
    clock.advance(wait)
    assert someone.get(FIELD).status_code == 200


def connection(
    host: str, *, headers: dict[str, str] | None = None, site: str = ""
) -> ASGIConnection[Any, Any, Any, Any]:
    """A connection as the gate gets it."""
    named = {"host": host, **(headers or {})}
    scope: Any = {
        "type": "http",
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
        "path": "/",
        "path_params": {"site": site},
        "client": ("127.0.0.1", 1),
        "query_string": b"",
    }
    return ASGIConnection(scope)


@pytest.mark.parametrize("end", ["purpose", "session", "ledger", "nothing"])
def test_a_live_page_ends_with_its_purpose_its_session_or_the_ledger(
    real: tuple[SiteView, ...], desk: "KeptDesk", access: Access, clock: ManualClock, end: str
) -> None:
    """Looked at again every few seconds; what it would have shown then is not sent any more."""
    gate = Gate(real, access, cast("Desk", desk), clock)
    token, session = access.sessions.open(Person("Kim", Role.OPERATOR), "Kim", "link")
    access.sessions.choose(session, SAFETY)
    live = connection("127.0.0.1:8765", headers={"cookie": f"plainview-8765={token}"}, site="plaza")

    async def events() -> AsyncIterator[int]:
        for number in range(900):
            if number == 50 and end == "purpose":
                desk.live = []
            if number == 50 and end == "session":
                access.sessions.close(session)
            if number == 50 and end == "ledger":
                desk.fails = True
            clock.advance(1)
            yield number

    async def all_of() -> list[int]:
        rule = Rule(Action.READ_NOW, "site")
        return [number async for number in gate._watched(live, rule, events())]

    seen = len(asyncio.run(all_of()))
    if end in {"purpose", "session"}:
        assert 50 <= seen <= 50 + AGAIN + 1
        assert len(desk.recorded) == 1
    elif end == "ledger":
        # The next record is due ten minutes after the first.
        assert WINDOW <= seen <= WINDOW + 2 * AGAIN + 1
        assert len(desk.recorded) == 1
    else:
        assert seen == 900
        assert len(desk.recorded) == 2


@pytest.mark.parametrize(
    ("host", "origin", "fine"),
    [
        ("crowd.example", "https://crowd.example", True),
        ("crowd.example", "http://crowd.example", True),
        ("crowd.example:8443", "https://crowd.example:8443", True),
        ("crowd.example:8443", "https://crowd.example", False),
        ("crowd.example", "https://other.example", False),
        ("[::1]:80", "http://[::1]", True),
    ],
)
def test_a_proxy_that_speaks_https_is_understood(host: str, origin: str, fine: bool) -> None:  # noqa: FBT001 - a parameter
    """Its Host names no port; the browser's Origin is https."""
    asked = connection(host, headers={"origin": origin})
    if fine:
        check_origin(asked)
    else:
        with pytest.raises(AccessRefused):
            check_origin(asked)


def test_https_pages_keep_to_https(
    world: "World",
    real: tuple[SiteView, ...],
    tmp_path: Path,
) -> None:
    """Strict-Transport-Security, and cookies that a browser sends nowhere else."""
    settings = AccessSettings(url="https://crowd.example", links="off")
    access = Access(settings, tmp_path / "access", world.clock)
    sites = tuple(structs.replace(site, simulated=False) for site in real)
    app = create_app(
        sites=sites, store=world.store, clock=world.clock, access=access, hosts=["crowd.example"]
    )
    with TestClient(app, base_url="https://crowd.example") as client:
        answer = client.get("/login")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        token, _ = access.sessions.open(Person("Kim", Role.OPERATOR), "Kim", "oidc")
        client.cookies.set("plainview-443", token)
        client.cookies.set("plainview", token)
        assert client.get("/api/v1/session").json()["role"] is None
        client.cookies.set("__Host-plainview", token)
        assert client.get("/api/v1/session").json()["role"] == "operator"
