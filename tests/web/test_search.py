import csv
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient
from msgspec import structs
from tests.web.conftest import PLAZA, SITES

from plainview.alerts.book import Book
from plainview.alerts.events import EventAlerts
from plainview.alerts.routes import RouteAlerts
from plainview.clock import ManualClock
from plainview.intake.gate import AHEAD
from plainview.record import Event, EventKind, EventStanding, Phase, Reading, Stamped
from plainview.store import open_store
from plainview.store.search import Mark
from plainview.web import downloads
from plainview.web.api import Application, create_app
from plainview.web.downloads import Row
from plainview.web.plan import SitePlan
from plainview.web.search import Asked, alert_query, event_query, places

Client = TestClient[Application]
NOW = 1_700_000_000


def mark(
    camera: str,
    kind: EventKind,
    at: tuple[float, float],
    t: float,
    *,
    zone: str | None = None,
    validated: bool = False,
    ended: bool = False,
) -> Mark:
    """Something that starts or ends `t` seconds after NOW."""
    phase = Phase.END if ended else Phase.START
    standing = EventStanding.VALIDATED if validated else EventStanding.EXPERIMENTAL
    x, y = (round(v * 10) for v in at)
    event = Event(kind, phase, round((NOW + t) * 1000), x, y, -1, 75)
    return Mark(camera, event, zone, standing)


FIRE, LEFT, DOWN = EventKind.FIRE, EventKind.LEFT_OBJECT, EventKind.PERSON_DOWN
MARKS = (
    mark("plaza-north", FIRE, (0.0, 0.0), -500, validated=True),
    mark("plaza-south", LEFT, (10.0, 20.0), -400, zone="=bench"),
    mark("plaza-north", DOWN, (-10.0, 1.0), -300),
    mark("plaza-north", DOWN, (-10.0, 1.0), -200, ended=True),
    mark("quay-east", LEFT, (1.0, 1.0), -100, zone="steps"),
    mark("gone", LEFT, (1.0, 1.0), -100),
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The API over five events and an alert that was cleared with a reason."""
    folder = tmp_path_factory.mktemp("search")
    store, clock = open_store(f"sqlite:{folder / 'x.db'}"), ManualClock(NOW)
    empty = Reading(NOW * 1000, 1000, 5, 0, 0, 0, 0, 8, 1, 10, (), (), (), ())
    readings = [Stamped(m.camera, structs.replace(empty, t=m.event.t)) for m in MARKS]
    store.append(readings, MARKS)
    book = Book(store, clock, iter("ab").__next__)
    EventAlerts(store, book, clock, {"plaza-north": "plaza"}).look()
    (shown,) = book.open()
    book.decide(shown.alert.id, "clear", "Ada", "a sausage stand, seen on site")
    RouteAlerts(book, clock).broken("mail", "plaza", "nobody answers")
    app = create_app(sites=SITES, store=store, clock=clock, static=folder)
    with TestClient(app, base_url="http://127.0.0.1:8765") as opened:
        yield opened
    store.close()


def found(client: Client, what: str = "events", **params: Any) -> Any:  # noqa: ANN401 - JSON
    """The page of what fits."""
    answer = client.get(f"/api/v1/search/{what}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def kinds(client: Client, **params: Any) -> list[str]:  # noqa: ANN401 - of any kind
    """Cameras and kinds of the events that fit."""
    return [f"{one['camera']} {one['kind']}" for one in found(client, **params)["events"]]


def test_events_are_found_by_place_time_kind_and_state(client: Client) -> None:
    """Each condition alone, and together; cameras of no site are nobody's."""
    quay, down, left, fire = everything = [
        "quay-east left-object",
        "plaza-north person-down",
        "plaza-south left-object",
        "plaza-north fire",
    ]
    assert kinds(client) == everything
    assert kinds(client, site="plaza") == [down, left, fire]
    assert kinds(client, site=["plaza", "quay"], camera=["quay-east", "gone"]) == [quay]
    assert kinds(client, zone=["=bench", "steps"]) == [quay, left]
    assert kinds(client, kind=["fire", "person-down"]) == [down, fire]
    assert kinds(client, since=NOW - 400, until=NOW - 200) == [down, left]
    assert kinds(client, until=NOW - 400) == [fire]
    assert kinds(client, state="ended") == [down]
    assert kinds(client, state="open", standing="experimental") == [quay, left]
    assert kinds(client, standing="validated") == [fire]
    assert kinds(client, site="plaza", ground="-1,-1,11,21") == [left, fire]
    first = found(client, kind="person-down")["events"][0]
    assert (first["site"], first["start"], first["end"]) == ("plaza", NOW - 300, NOW - 200)
    assert (first["at"], first["confidence"], first["standing"]) == ([-10, 1], 0.75, "experimental")


@given(bearing=st.floats(0, 360), half=st.floats(1e-6, 3e-4), dx=st.floats(-3e-4, 3e-4))
@settings(max_examples=40, deadline=None)
def test_a_map_area_is_exact_whatever_the_bearing(bearing: float, half: float, dx: float) -> None:
    """A place is searched if, and only if, it is in the area on the map."""
    site = structs.replace(PLAZA, bearing=bearing)
    plan = SitePlan(site)
    west, south = site.longitude + dx - half, site.latitude - half
    box = (west, south, west + 2 * half, south + 2 * half)
    (where,) = places([plan], Asked(bbox=box)) or (None,)
    for at in ((0.0, 0.0), (3.0, -7.5), (12.0, 22.0), (-12.0, -4.0), (5.0, 5.0)):
        x, y = plan.on_earth(at)
        edge = min(abs(v - w) for v, w in zip((x, y, x, y), box, strict=True))
        if edge > 1e-6:  # a place on the map is told to seven digits
            inside = box[0] <= x <= box[2] and box[1] <= y <= box[3]
            bands = () if where is None else where.bands
            sums = [(b.low <= b.a * at[0] + b.b * at[1] <= b.high) for b in bands]
            assert (where is not None and all(sums)) == inside


def test_pages_follow_one_another_and_belong_to_their_search(client: Client) -> None:
    """All events once; a cursor is refused with another search, or where it is none."""
    first = found(client, limit=3)
    rest = found(client, limit=3, cursor=first["cursor"])
    assert rest["cursor"] is None
    assert [one["id"] for one in first["events"] + rest["events"]] == [
        one["id"] for one in found(client)["events"]
    ]
    for cursor in (first["cursor"], "x", "AAAA", "€"):
        answer = client.get(
            "/api/v1/search/events", params={"limit": 3, "kind": "fire", "cursor": cursor}
        )
        assert answer.status_code == 400, answer.text
        assert "not of this search" in answer.json()["detail"]
    answer = client.get("/api/v1/search/alerts", params={"cursor": first["cursor"]})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("bbox=4,45,3,46", "lower ones first"),
        ("bbox=a", "four numbers"),
        ("ground=0,0,1,nan", "four numbers"),
        ("ground=0,0,1,1", "one site"),
        ("since=5&until=4", "ends before"),
        ("kind=face", "face"),
        ("state=raised", '"where":"state"'),
        ("limit=0", "limit"),
        ("camra=quay-east", "Did you mean 'camera'?"),
        ("text=stewards", "no such parameter"),
        ("zone=a%00b", "no letter"),
        ("state=open&state=ended", "given twice"),
        ("since=1&since=2", "given twice"),
    ],
)
def test_a_search_that_makes_no_sense_is_one_clear_problem(
    client: Client, wrong: str, why: str
) -> None:
    """What is wrong, in words."""
    answer = client.get(f"/api/v1/search/events?{wrong}")
    assert answer.status_code == 400
    assert why in answer.text


def test_alerts_are_found_by_what_people_wrote(client: Client) -> None:
    """And by kind, state, place and time; one that is about events says so."""
    (alert,) = found(client, "alerts", text="SAUSAGE stand")["alerts"]
    assert (alert["kind"], alert["quantity"], alert["cameras"]) == ("fire", None, ["plaza-north"])
    assert alert["message"] == "Over: smoke or flames at this site (75 % sure)."
    assert found(client, "alerts", kind="fire", state=["cleared"], site="plaza")["alerts"]
    assert found(client, "alerts", ground="-1,-1,1,1", site="plaza", since=NOW)["alerts"]
    for nothing in (
        {"text": "sausage fire"},
        {"state": "raised", "kind": "fire"},
        {"site": "quay"},
        {"until": NOW},
    ):
        assert found(client, "alerts", **nothing)["alerts"] == []


def test_a_broken_route_is_found_where_no_place_is_asked_for(client: Client) -> None:
    """It is kept under the city's first site, and of no site as it is told."""
    (alert,) = found(client, "alerts", kind="route", state="open")["alerts"]
    assert (alert["site"], alert["route"]) == (None, "mail")
    assert len(found(client, "alerts")["alerts"]) == 2
    west, south = PLAZA.longitude - 1, PLAZA.latitude - 1
    for where in ({"site": "plaza"}, {"bbox": f"{west},{south},{west + 2},{south + 2}"}):
        assert [one["kind"] for one in found(client, "alerts", **where)["alerts"]] == ["fire"]
        assert found(client, "alerts", kind="route", **where)["alerts"] == []


def test_what_a_clock_that_is_ahead_says_is_found_at_once() -> None:
    """Intake takes it up to a minute ahead; a search for all until now left it out till then."""
    for query in (event_query, alert_query):
        found = query(Asked(), (), None, float(NOW), 10)
        assert found.since == (NOW - 86_400) * 1000
        assert found.until > (NOW + AHEAD) * 1000
        asked = query(Asked(until=NOW - 5.0), (), None, float(NOW), 10)
        assert (asked.since, asked.until) == ((NOW - 86_405) * 1000, (NOW - 5) * 1000)


@pytest.mark.parametrize("ending", ["", ".csv", ".geojson"])
def test_a_sign_that_no_text_has_is_refused_before_an_answer_begins(
    client: Client, ending: str
) -> None:
    """A file's answer would break off in its middle, a page's be a fault of the store."""
    answer = client.get(f"/api/v1/search/alerts{ending}?text=a%00bc")
    assert answer.status_code == 400
    assert "no letter" in answer.text


def test_what_is_found_comes_as_files_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """CSV that no spreadsheet runs, GeoJSON that maps show; and a file that is cut says so."""
    lines = list(csv.DictReader(client.get("/api/v1/search/events.csv").text.splitlines()))
    assert [line["kind"] for line in lines][1:3] == ["person-down", "left-object"]
    assert lines[1]["end"] == "2023-11-14T22:10:00.000+00:00"
    assert lines[2]["zone"] == "'=bench"
    answer = client.get("/api/v1/search/events.geojson", params={"kind": "fire"})
    assert answer.headers["content-type"] == "application/geo+json"
    collection = answer.json()
    assert collection["complete"] is True
    (feature,) = collection["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [4.8357, 45.764]}
    assert feature["properties"]["standing"] == "validated"
    broken, line = csv.DictReader(client.get("/api/v1/search/alerts.csv").text.splitlines())
    assert (broken["kind"], broken["site"]) == ("route", "")
    assert (line["notes"], line["state"]) == ("a sausage stand, seen on site", "cleared")
    assert client.get("/api/v1/search/alerts.geojson").json()["features"][1]["id"] == line["id"]
    rows = [Row({"id": f"{k}"}, None) for k in range(4)]
    monkeypatch.setattr(downloads, "MOST", 3)
    assert "cut: more than 3 rows" in list(downloads.csv_lines(["id"], rows))[-1]
    cut = json.loads("".join(downloads.geojson_parts(rows)))
    assert (len(cut["features"]), cut["complete"]) == (3, False)
