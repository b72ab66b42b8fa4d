"""The page and the API about how much of a walk is seen: who asks leaves no trace."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient
from msgspec import structs
from structlog.testing import capture_logs
from tests.civic.exposure.cities import at, geojson, streets
from tests.web.conftest import SITES
from tests.web.portal.conftest import HERE, PublicCity
from tests.web.portal.reading import PageReader

from plainview.civic.exposure.files import ExposureFiles
from plainview.civic.exposure.service import Exposures, Occupied
from plainview.governance.words import LANGUAGES
from plainview.store import open_store
from plainview.web.api import Application, create_app
from plainview.web.portal import portal_handlers
from plainview.web.portal.exposure import _example, find_place
from plainview.web.portal.lookup import Lookup

Client = TestClient[Application]
WALK = {"from": "22.2800,114.1700", "to": "22.2809,114.1704"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ExposureFiles:
    """Streets and two districts about the square of the founded city."""
    folder = tmp_path_factory.mktemp("city-files")
    (folder / "paths.geojson").write_bytes(streets(8, 8, 20.0))
    ring = [(-20.0, -30.0), (60.0, -30.0), (60.0, 60.0), (-20.0, 60.0)]
    away = [(2000.0, 0.0), (2100.0, 0.0), (2100.0, 90.0)]
    (folder / "districts.geojson").write_bytes(geojson(ring, away, kind="Polygon"))
    return ExposureFiles(folder / "paths.geojson", folder / "districts.geojson")


@pytest.fixture(scope="module")
def client(
    founded: PublicCity, files: ExposureFiles, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A reader of a city that supplied footpaths and districts."""
    folder = tmp_path_factory.mktemp("exposure")
    store = open_store(f"sqlite:{folder / 'readings.db'}")
    handlers = portal_handlers(founded, exposures=Exposures(files))
    app = create_app(sites=SITES, store=store, static=folder, more=handlers)
    with TestClient(app, base_url=HERE) as opened:
        yield opened
    store.close()


def read(client: Client, language: str = "en", **query: str) -> PageReader:
    """The page, which must be valid HTML."""
    answer = client.get(f"/portal/{language}/exposure", params=query)
    assert answer.status_code == 200, answer.text
    page = PageReader(answer.text)
    assert page.faults == []
    return page


def test_the_example_is_a_place_of_this_city_and_may_be_typed(
    client: Client, founded: PublicCity
) -> None:
    """In every language, and it is where a camera stands; with no camera it is a place, too."""
    example = _example(Lookup(founded.made))
    assert re.fullmatch(r"-?\d+\.\d{5}, -?\d+\.\d{5}", example)
    for language in LANGUAGES:
        assert example in read(client, language).text, language
        page = read(client, language, **{"from": example, "to": "Harbour square"})
        assert not [given for _, given in page.tags if given.get("aria-invalid")]
    longitude, latitude = find_place(example, Lookup(founded.made))
    assert any(
        (camera.longitude, camera.latitude) == pytest.approx((longitude, latitude), abs=1e-5)
        for camera in founded.made.cameras
        if camera.longitude is not None
    )
    nowhere = structs.replace(founded.made, cameras=())
    assert find_place(_example(Lookup(nowhere)), Lookup(nowhere)) == (0.0, 0.0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_all_in_the_readers_language(client: Client, language: str) -> None:
    """Ways, cameras, what is done and districts; the links to other languages keep the question."""
    page = read(client, language, **WALK, district="number 0")
    assert page.language == language
    assert 'lang="en"' not in str([tags for tag, tags in page.tags if tag == "span"])
    headings = [text for level, text in page.headings if level == "h2"]
    assert len(headings) == 5
    assert any("/cameras/square-north" in link for link in page.links)
    other = next(link for link in page.links if link.startswith("/portal/fr/exposure"))
    assert "from=22.2800" in other
    assert [tag for tag, _ in page.tags].count("svg") >= 2


def test_the_api_says_what_the_page_says(client: Client) -> None:
    """Both count the same cameras and seconds; `all` avoids what does not run as well."""
    found = client.get("/api/v1/exposure", params=WALK)
    assert found.status_code == 200
    told = found.json()
    assert told["register"] == "Sampleton"
    assert told["assumptions"]["walking"] == 1.34
    first = told["journey"]["shortest"]
    assert first["running"]["cameras"] == 1
    assert first["registered"]["cameras"] == 2
    assert {one["camera"] for one in first["cameras"]} == {"square-north", "square-south"}
    assert first["running"]["seconds_seen"] > 0
    page = read(client, **WALK)
    assert f"{round(first['metres'])} m" in page.text
    part = f"{first['running']['seconds_seen']:.0f} of {first['seconds']:.0f} s"
    assert f"1 running camera sees the shortest way: {part}." in page.text
    assert "Square north" in page.text
    assert "square-north" not in page.text
    every = client.get("/api/v1/exposure", params={**WALK, "all": "yes"}).json()
    around = every["journey"]["shortest"]
    assert around["metres"] == first["metres"]
    assert around["registered"]["camera_seconds"] < first["registered"]["camera_seconds"]
    districts = client.get("/api/v1/exposure/districts").json()["districts"]
    assert [one["name"] for one in districts] == ["number 0", "number 1"]
    assert districts[0]["running"] == 1
    assert districts[1]["share_seen"] == 0


def test_nothing_of_who_asks_or_what_is_left_behind(client: Client) -> None:
    """No log line, no cache, no cookie; also where what was asked is wrong."""
    with capture_logs() as logged:
        for query in (WALK, {"from": "secret-place", "to": "22.2801,114.1701"}, {"from": "4,4"}):
            answer = client.get("/portal/en/exposure", params=query)
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "set-cookie" not in answer.headers
            data = client.get("/api/v1/exposure", params=query)
            assert data.headers["cache-control"] == "no-store"
    assert logged == []
    assert client.get("/portal/en/exposure").headers["cache-control"].startswith("public")


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("nowhere", "22.2801,114.1701", "no place that the register knows"),
        ("114.17,22.28", "22.2801,114.1701", "swapped"),
        ("22.28,114.17", "", "no place"),
        ("22.28,114.17", "22.38,114.17", "no footpath within 300 m"),
        ('"><script>', "x", "no place"),
    ],
)
def test_what_makes_no_sense_is_said_on_the_page(
    client: Client, start: str, end: str, said: str
) -> None:
    """The form comes back with what was typed, and one line on what is wrong."""
    page = read(client, **{"from": start, "to": end})
    assert said in page.text
    typed = {tags["name"]: tags["value"] for tag, tags in page.tags if tags.get("type") == "text"}
    assert typed == {"from": start, "to": end}
    answer = client.get("/api/v1/exposure", params={"from": start, "to": end})
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_names_of_places_and_cameras_can_be_typed(founded: PublicCity) -> None:
    """Whatever their case; a name that is also no place is refused."""
    lookup = Lookup(founded.register())
    assert find_place("harbour SQUARE", lookup) == (114.17, 22.28)
    assert find_place("square-north", lookup) == find_place("Square north", lookup)
    assert find_place("22.5, 114.2", lookup) == (114.2, 22.5)


def test_a_file_that_cannot_be_used_leaves_the_page_standing(
    founded: PublicCity, tmp_path: Path
) -> None:
    """The city's fault is logged, and the reader is told that no way can be told."""
    (tmp_path / "broken.geojson").write_text("{")
    broken = Exposures(ExposureFiles(tmp_path / "broken.geojson", tmp_path / "broken.geojson"))
    store = open_store(f"sqlite:{tmp_path / 'readings.db'}")
    app = create_app(
        sites=SITES, store=store, static=tmp_path, more=portal_handlers(founded, exposures=broken)
    )
    with TestClient(app, base_url=HERE) as client, capture_logs() as logged:
        page = read(client, **WALK)
        assert "No way can be told" in page.text
        assert "No districts were supplied" in page.text
    assert {entry["event"] for entry in logged} == {"portal.districts"}
    store.close()


def test_one_at_a_time_and_what_changed_is_looked_at_anew(
    founded: PublicCity, files: ExposureFiles
) -> None:
    """Who gets no turn is told so; what was worked out holds until a camera changes."""
    exposures = Exposures(files, patience=0.0)
    register = founded.register()
    first = exposures.districts(register)
    assert exposures.districts(register) == first
    later = structs.replace(register, checkpoint=register.checkpoint + 1, cameras=register.cameras)
    known = exposures.district(register, "number 0")
    assert exposures.district(later, "number 0") is known
    stopped = structs.replace(
        register,
        checkpoint=register.checkpoint + 1,
        cameras=tuple(structs.replace(one, state="stopped") for one in register.cameras),
    )
    assert exposures.districts(stopped)[0].running == 0
    with exposures._in_turn(), pytest.raises(Occupied):
        exposures.walk(register, (at(0, 0), at(20, 0)), every=False)
