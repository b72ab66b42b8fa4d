import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.routes import HTTPRoute
from litestar.testing import TestClient
from msgspec import structs

from plainview.clock import ManualClock
from plainview.errors import StoreError
from plainview.record import Event, EventKind, Health, LensState, Phase
from plainview.store import Store
from plainview.web.api import Application, create_app
from plainview.web.edge import Trouble
from plainview.web.heads import answers_head
from plainview.web.server import Served, bind
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World

HERE = "http://127.0.0.1:8765"
Client = TestClient[Application]


@pytest.fixture
def app(world: "World", sites: tuple[SiteView, ...], tmp_path: Path) -> Application:
    """The application over the scripted world, without a built console."""
    return create_app(
        sites=sites,
        store=world.store,
        stats=lambda: {"bus_waiting": 3.0},
        clock=world.clock,
        static=tmp_path / "static",
    )


@pytest.fixture
def client(app: Application) -> Iterator[Client]:
    """A client that comes by the machine's own name."""
    with TestClient(app, base_url=HERE) as opened:
        yield opened


def get(client: Client, path: str, **params: Any) -> Any:  # noqa: ANN401 - JSON
    """The JSON at `path`, which must be there."""
    answer = client.get(f"/api/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(client: Client, path: str, status: int) -> dict[str, Any]:
    """The problem at `path`, which must have that status and be told as RFC 9457 says."""
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    told = json.loads(answer.text)
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    assert isinstance(told, dict)
    return told


def test_before_anything_was_measured_nothing_is_known(client: Client) -> None:
    """A site without Readings has no count: null, not zero; its cameras have not measured."""
    site, _ = get(client, "sites")
    assert (site["count"], site["low"], site["high"], site["known"]) == (None, None, None, 0)
    field = get(client, "sites/plaza/field")
    assert field["count"] is None
    assert sum(length for _, length in field["unknown"]) == 24 * 26
    assert [camera["believed"] for camera in field["cameras"]] == [False, False]
    assert get(client, "sites/plaza/count")["points"] == []
    problem(client, "/api/v1/cameras/plaza-north/readings/latest", 404)


def test_a_sites_count_is_that_of_all_its_cameras(client: Client, world: "World") -> None:
    """Counts add up, the interval's halves in quadrature, and cells lie where the people are."""
    world.say("plaza-north", world.reading("plaza-north", [(0.5, 0.5, 1, 0)] * 3, spread=3))
    world.say("plaza-south", world.reading("plaza-south", [(2.5, 20.5, 0, -1)] * 2, spread=4))
    field = get(client, "sites/plaza/field")
    assert field["count"] == pytest.approx(5)
    assert field["high"] - field["count"] == pytest.approx(5, abs=0.02)
    assert field["known"] == 1
    assert field["unknown"] == []
    cells = {(cell[0], cell[1]): cell[2:] for cell in field["cells"]}
    assert set(cells) == {(12, 4), (14, 24)}
    assert cells[12, 4][:3] == pytest.approx([3, 1, 0])


def test_a_blind_cameras_part_is_unknown_in_count_field_and_list(
    client: Client, world: "World"
) -> None:
    """Its last count is not used, its flag is told, its ground is unknown."""
    world.say("plaza-north", world.reading("plaza-north", [(0.5, 0.5, 1, 0)]))
    world.say("plaza-south", world.reading("plaza-south", health=(Health.BLIND,)))
    site, _ = get(client, "sites")
    assert site["count"] == pytest.approx(1)
    assert site["known"] < 1
    assert site["believed"] == 1
    assert site["health"] == ["blind"]
    field = get(client, "sites/plaza/field")
    assert sum(length for _, length in field["unknown"]) == 24 * 12
    south = get(client, "cameras/plaza-south")
    assert south["believed"] is False
    assert south["health"] == ["blind"]


def test_old_readings_do_not_stand_for_the_present(client: Client, world: "World") -> None:
    """When Readings stop coming, the site becomes unknown by itself."""
    assert isinstance(world.clock, ManualClock)
    world.say("quay-east", world.reading("quay-east", [(0, 0, 0, 0)]))
    assert get(client, "cameras/quay-east")["believed"]
    world.clock.advance(6)
    camera = get(client, "cameras/quay-east")
    assert (camera["stale"], camera["believed"]) == (True, False)
    assert get(client, "sites/quay/field")["count"] is None


def test_a_cameras_pipeline_is_shown(client: Client, world: "World") -> None:
    """Seal, connection, restarts and the operator's note come from the fleet's status.

    A lens that does not run is not called unsealed.
    """
    world.status(
        "plaza-north",
        sealed=False,
        connected=False,
        restarts=2,
        state=LensState.RESTARTING,
        late=7,
        note="the decoder crashed",
    )
    camera, other = get(client, "sites/plaza/cameras")
    assert (camera["restarts"], camera["late"], camera["state"]) == (2, 7, "restarting")
    assert camera["note"] == "the decoder crashed"
    assert (camera["sealed"], other["sealed"]) == (None, None)
    assert get(client, "sites")[0]["unsealed"] == 0
    world.status("plaza-north", sealed=False)
    assert get(client, "sites/plaza/cameras")[0]["sealed"] is False
    assert get(client, "sites")[0]["unsealed"] == 1


def test_a_sites_geometry_holds_all_that_a_plan_needs(client: Client) -> None:
    """Grid, areas, cameras with place, wedge and lines, in the site's metres."""
    site = get(client, "sites/plaza")
    assert site["grid"] == {"origin": [-12, -4], "cell": 1, "shape": [24, 26]}
    north = site["cameras"][0]
    assert north["at"] == pytest.approx([0, -14], abs=0.01)
    assert [line["name"] for line in north["lines"]] == ["North gate", "Tram stop"]
    assert len(north["wedge"]) == 2


def test_readings_have_the_form_of_measure(client: Client, world: "World") -> None:
    """Times in seconds, SI cells, crossings and zones by name, events with their place."""
    event = Event(EventKind.LEFT_OBJECT, Phase.START, world.now(), 15, -20, -1, 80)
    reading = structs.replace(
        world.reading("plaza-north", [(0.5, 0.5, 1, 0)], crossings=((1.5, 0.25), (0, 2))),
        events=(event,),
    )
    world.say("plaza-north", reading)
    latest = get(client, "cameras/plaza-north/readings/latest")
    assert latest["t"] == pytest.approx(world.clock.utc())
    assert latest["crossings"] == {"North gate": [1.5, 0.25], "Tram stop": [0, 2]}
    assert latest["cells"] == [[12, 4, 1.0, 1.0, 0.0, pytest.approx(0.0469)]]
    assert latest["events"][0]["at"] == [1.5, -2.0]
    assert latest["events"][0]["zone"] is None
    assert get(client, "cameras/plaza-north/readings") == [latest]


def test_a_gap_in_the_count_is_told(client: Client, world: "World") -> None:
    """Blind seconds are points of null between the measured ones, and nothing is bridged."""
    assert isinstance(world.clock, ManualClock)
    for second in range(12):
        health = (Health.BLIND,) if 4 <= second < 8 else ()
        world.say("quay-east", world.reading("quay-east", [(0, 0, 0, 0)], health=health))
        world.clock.advance(1)
    series = get(client, "sites/quay/count")
    assert series["step"] == 1
    assert [point[1] for point in series["points"]] == [1.0] * 4 + [None] * 4 + [1.0] * 4


def test_crossings_add_up_and_tell_what_was_not_measured(client: Client, world: "World") -> None:
    """Totals over the range and over its last minute; unhealthy time is told, not counted."""
    assert isinstance(world.clock, ManualClock)
    for second in range(90):
        health = (Health.DARK,) if second < 10 else ()
        world.say(
            "plaza-north",
            world.reading("plaza-north", crossings=((0.5, 0), (0, 0.25)), health=health),
        )
        world.clock.advance(1)
    gate, tram = get(client, "sites/plaza/crossings")
    assert (gate["line"], gate["forward"], gate["backward"]) == ("North gate", 40.0, 0.0)
    assert gate["last_forward"] == pytest.approx(30, abs=0.5)
    assert tram["backward"] == 20.0
    assert gate["unhealthy"] == 10


def test_a_line_that_two_cameras_have_is_one_line(
    world: "World", sites: tuple[SiteView, ...]
) -> None:
    """Its people are the mean of the cameras that could be believed at that moment, never a sum."""
    assert isinstance(world.clock, ManualClock)
    north, south = sites[0].cameras
    south = structs.replace(south, view=structs.replace(south.view, lines=north.view.lines))
    site = structs.replace(sites[0], cameras=(north, south))
    for second in range(20):
        blind = (Health.BLIND,) if second >= 10 else ()
        world.say(north.id, world.reading(north.id, crossings=((1.0, 0), (0, 0))))
        world.say(south.id, world.reading(south.id, crossings=((2.0, 0), (0, 0)), health=blind))
        world.clock.advance(1)
    app = create_app(sites=[site], store=world.store, clock=world.clock)
    with TestClient(app, base_url=HERE) as client:
        gate, _ = get(client, "sites/plaza/crossings")
    assert gate["cameras"] == [north.id, south.id]
    assert gate["forward"] == pytest.approx(10 * 1.5 + 10 * 1.0)
    assert gate["unhealthy"] == 0


def test_roll_ups_reach_the_page(client: Client, world: "World") -> None:
    """Minutes of a camera, and the site's count made from them."""
    assert isinstance(world.clock, ManualClock)
    for _ in range(150):
        world.say("quay-east", world.reading("quay-east", [(0, 0, 0, 0)] * 4))
        world.clock.advance(1)
    world.store.roll_up(world.now())
    rows = get(client, "cameras/quay-east/rollups")
    assert rows[0]["mean"] == pytest.approx(4)
    points = get(client, "sites/quay/count", resolution="minute")["points"]
    assert len(points) >= 2
    assert all(point[1] == pytest.approx(4) for point in points)


def test_the_systems_state(client: Client, world: "World") -> None:
    """Disk beside its bound, Readings per second from the cameras, counters as they are."""
    world.say("quay-east", world.reading("quay-east"))
    system = get(client, "system")
    assert 0 < system["disk"]["used"] < system["disk"]["bound"]
    assert system["readings_per_second"] == 1
    assert system["stats"]["bus_waiting"] == 3
    assert client.get("/healthz").json() == {"status": "ok"}


def test_prometheus_tells_the_same(client: Client, world: "World") -> None:
    """A site without a count has no sample; flags, seal and counters are there by camera."""
    world.say("quay-east", world.reading("quay-east", [(0, 0, 0, 0)] * 4))
    world.say("plaza-north", world.reading("plaza-north", health=(Health.MOVED,)))
    world.status("plaza-north", sealed=False, restarts=3)
    answer = client.get("/metrics")
    # Prometheus reads nothing whose type it cannot parse: a parameter that is there twice, say.
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = answer.text
    assert 'plainview_site_count{site="quay"} 4.0' in text
    assert 'plainview_site_count{site="plaza"}' not in text
    assert 'plainview_camera_health{camera="plaza-north",flag="moved",site="plaza"} 1.0' in text
    assert 'plainview_camera_sealed{camera="plaza-north",site="plaza"} 0.0' in text
    assert 'plainview_camera_restarts_total{camera="plaza-north",site="plaza"} 3.0' in text
    assert "plainview_bus_waiting 3.0" in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/nothing", 404),
        ("/api/v1/sites/nowhere/field", 404),
        ("/api/v1/cameras/none", 404),
        ("/api/v1/sites/plaza/count?since=nan", 400),
        ("/api/v1/sites/plaza/count?since=-1", 400),
        ("/api/v1/sites/plaza/count?since=1e99", 400),
        ("/api/v1/sites/plaza/count?since=20&until=10", 400),
        ("/api/v1/sites/plaza/count?since=0", 400),
        ("/api/v1/sites/plaza/count?resolution=second", 400),
        ("/api/v1/cameras/plaza-north/readings?most=0", 400),
        ("/api/v1/cameras/plaza-north/readings?most=3601", 400),
        ("/api/v1/cameras/plaza-north/readings?most=many", 400),
        ("/api/v1/cameras/plaza-north/rollups?resolution=reading", 400),
        ("/api/v1/sites/" + "x" * 65 + "/field", 400),
        ("/assets/../../api.py", 404),
        ("/assets/%2e%2e/%2e%2e/api.py", 404),
    ],
)
def test_what_cannot_be_answered_is_one_clear_problem(
    client: Client, path: str, status: int
) -> None:
    """Title, status and detail; never a traceback, never a file's text."""
    told = problem(client, path, status)
    assert "Traceback" not in json.dumps(told)


@pytest.mark.parametrize(
    ("method", "path", "detail", "mend"),
    [
        ("GET", "/api/v1/nothing", "there is nothing at this address", "See /schema"),
        ("GET", "/schema/nothing", "there is nothing at this address", "See /schema"),
        ("GET", "/schema/none.json", "there is nothing at this address", "See /schema"),
        ("PUT", "/api/v1/sites", "this address does not take PUT", "It takes GET"),
        ("GET", "/api/v1/sites/plaza/field?at=1e999", "should be a number that is not beyond", ""),
        ("GET", "/api/v1/sites/plaza/live?after=1e999", "should be a number that is not", ""),
        ("GET", "/api/v1/cameras/plaza-north/rollups?resolution=%27", '"\'" is none of what may',
         "Send one of"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_as_a_sentence(
    client: Client, method: str, path: str, detail: str, mend: str
) -> None:
    """Also where the web framework has only a title for it, or a library its own words."""
    told = client.request(method, path).json()
    assert told["detail"].startswith(detail), told
    assert told.get("mend", "").startswith(mend), told


def test_a_mistyped_address_is_a_page_in_a_browser(client: Client) -> None:
    """Who typed it reads where to go on; what the API lacks stays a problem even there."""
    browser = {"accept": "text/html,application/xhtml+xml"}
    answer = client.get("/nothing", headers=browser)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<a href="/">all sites</a>' in answer.text
    for path, headers in (("/nothing", {}), ("/api/v1/nothing", browser), ("/schema/x", {})):
        answer = client.get(path, headers=headers)
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", [
    "/api/v1/sites", "/api/v1/sites/plaza", "/api/v1/session", "/api/v1/nothing", "/metrics",
    "/schema", "/schema/openapi.yaml", "/login", "/healthz", "/", "/sites/plaza", "/favicon.svg",
    "/portal", "/portal/en", "/portal/register.json", "/ledger/checkpoint", "/nowhere",
])  # fmt: skip
def test_a_head_is_that_of_the_answer(client: Client, path: str) -> None:
    """Status and headers are those of GET, and nothing comes after them."""
    head, whole = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    same = ["content-type", "cache-control", "x-content-type-options"]
    if path != "/metrics":  # what it counts grows from one to the next
        same.append("content-length")
    for name in same:
        assert head.headers.get(name) == whole.headers.get(name), name
    assert int(head.headers["content-length"]) > 0


def test_no_head_is_of_what_never_ends_or_happens_once(
    client: Client, world: "World", sites: tuple[SiteView, ...]
) -> None:
    """Live pages would be held for nobody; a way in is used up by GET. Allow says which can."""
    for path in ("/api/v1/sites/plaza/live", "/api/v1/sites/plaza//live//", "/login/oidc"):
        answer = client.head(path)
        assert answer.status_code == 405, path
        assert "HEAD" not in answer.headers["allow"]
    endless = [
        route.path
        for route in create_app(sites=sites, store=world.store).litestar.routes
        if isinstance(route, HTTPRoute)
        and any(one.media_type == "text/event-stream" for one in route.route_handlers)
    ]
    assert endless
    assert not [path for path in endless if answers_head(path)]
    answer = client.post("/api/v1/sites")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.json()["mend"] == "It takes GET, HEAD, OPTIONS"


def test_the_api_only_reads(client: Client) -> None:
    """There is no method that changes anything."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/api/v1/sites", "/api/v1/cameras/plaza-north/readings", "/"):
            assert client.request(method, path).status_code == 405


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_request_makes_a_server_error(
    client: Client, name: str, since: str, resolution: str
) -> None:
    """Any text as name or parameter is answered below 500."""
    for path in (
        f"/api/v1/sites/{name.encode('utf-8', 'surrogateescape').hex()}/count",
        "/api/v1/sites/plaza/count",
        "/api/v1/cameras/plaza-north/rollups",
    ):
        answer = client.get(path, params={"since": since, "until": name, "resolution": resolution})
        assert answer.status_code < 500, answer.text


def test_a_store_that_fails_is_a_503_that_explains_itself(
    client: Client, world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    """What, where and how to mend it come through; the process goes on."""

    def failing(_: object) -> None:
        raise StoreError("the disk does not answer", where="readings.db", mend="Look at the disk")

    monkeypatch.setattr(world.store, "latest", failing)
    told = problem(client, "/api/v1/sites/plaza/field", 503)
    assert told["where"] == "readings.db"
    assert told["mend"] == "Look at the disk"
    assert client.get("/healthz").status_code == 503


@pytest.mark.parametrize("kind", [ZeroDivisionError, RecursionError])
def test_a_defect_is_a_500_that_tells_nothing(
    app: Application, world: "World", monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """No traceback, no file name, no exception's text."""

    def broken(_: object) -> None:
        raise kind("secret inner detail")

    monkeypatch.setattr(world.store, "latest", broken)
    with TestClient(app, base_url=HERE, raise_server_exceptions=False) as client:
        answer = client.get("/api/v1/sites")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text


@pytest.mark.parametrize("path", ["/", "/api/v1/sites", "/nothing", "/metrics", "/schema"])
def test_every_answer_carries_the_guards_headers(client: Client, path: str) -> None:
    """Nothing inline, nothing framed, nothing sniffed, no other origin."""
    headers = client.get(path, headers={"origin": "http://elsewhere.example"}).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert not [name for name in headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8765", 200),
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:8765", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("evil.example:8765", 421),
        ("[]", 421),
        (":8765", 421),
        ("[::1", 421),
        ("[::1].evil.example", 421),
        ("127.0.0.1:99999", 421),
        ("127.0.0.1:no", 421),
        ("[::1]:99999", 421),
        ("localhost:", 200),
    ],
)
def test_only_the_machines_own_names_are_answered_to(
    client: Client, host: str, status: int
) -> None:
    """A page elsewhere that has its name resolve to this machine reads nothing."""
    assert client.get("/api/v1/sites", headers={"host": host}).status_code == status


def test_a_configured_name_is_answered_to(world: "World", sites: tuple[SiteView, ...]) -> None:
    """`hosts` adds names; others stay refused."""
    app = create_app(sites=sites, store=world.store, clock=world.clock, hosts=["crowd.city"])
    with TestClient(app, base_url="http://crowd.city") as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/healthz", headers={"host": "crowd.town"}).status_code == 421


def test_a_console_that_is_not_built_says_how_to_build_it(client: Client) -> None:
    """The page tells the command; the API answers all the same."""
    answer = client.get("/")
    assert answer.status_code == 503
    assert "make console" in answer.text
    assert client.get("/api/v1/sites").status_code == 200


def test_a_built_console_is_served_with_its_assets(
    world: "World", sites: tuple[SiteView, ...], tmp_path: Path
) -> None:
    """Pages are looked up anew, hashed assets are kept for ever, an unknown site is a 404 page."""
    static = tmp_path / "built"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>x</title>")
    (static / "assets" / "a-1234.js").write_text("export {}")
    app = create_app(sites=sites, store=world.store, clock=world.clock, static=static)
    with TestClient(app, base_url=HERE) as client:
        assert client.get("/").headers["cache-control"] == "no-cache"
        assert client.get("/sites/plaza").status_code == 200
        assert client.get("/sites/nowhere").status_code == 404
        for path in ("/", "/sites/plaza", "/stop", "/healthz"):
            assert client.head(path).status_code == client.get(path).status_code == 200, path
        script = client.get("/assets/a-1234.js")
        assert "javascript" in script.headers["content-type"]
        assert "immutable" in script.headers["cache-control"]
        for name in ("none.js", "%00", "a%00b.js", "x" * 300, "%2e%2e%2findex.html", "a%0db"):
            told = problem(client, f"/assets/{name}", 404)
            assert told["detail"] == "The console has no such file", name


def test_openapi_describes_every_answer(client: Client) -> None:
    """Each path has a summary or description, and each field of the site's state is described."""
    schema = client.get("/schema").json()
    assert "/api/v1/sites/{site}/live" in schema["paths"]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), (method, path)
    field = next(
        body for name, body in schema["components"]["schemas"].items() if name.endswith("SiteField")
    )
    assert "never" in field["properties"]["unknown"]["description"].lower()
    assert client.get("/schema/openapi.yaml").status_code == 200
    assert not re.search(r"https?://(?!json-schema)[a-z.]*(cdn|unpkg|jsdelivr)", json.dumps(schema))


def test_what_is_amiss_is_told_while_the_store_is_away(
    sites: tuple[SiteView, ...], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That nothing can be stored is heard of when it is so, and not once it is mended."""

    def away() -> None:
        raise StoreError("the server cannot be reached")

    monkeypatch.setattr(store, "disk", away)
    amiss = Trouble("store", "the server cannot be reached")
    app = create_app(
        sites=sites,
        store=store,
        stats=lambda: {"readings_per_second": 0.0},
        troubles=lambda: (amiss,),
    )
    with Served(app, bind(port=0)) as served:
        system, told = (httpx.get(f"{served.url}api/v1/{path}") for path in ("system", "troubles"))
    assert system.status_code == 200
    assert system.json()["disk"] is None
    assert told.json() == [{"part": "store", "why": "the server cannot be reached"}]
