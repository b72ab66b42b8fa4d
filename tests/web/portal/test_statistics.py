"""The page of published statistics: figures, intervals, files; with nothing, and with much."""

import math
import shutil
from collections.abc import Iterator

import pytest
from litestar.testing import TestClient
from tests.web.portal.conftest import PublicCity
from tests.web.portal.published import DAYS, HOSTILE, put, release
from tests.web.portal.reading import PageReader

from plainview.civic.statistics.tables import FILES
from plainview.governance.words import LANGUAGES, load
from plainview.web.api import Application
from plainview.web.portal.statistics import HEIGHT, chart, days_of


@pytest.fixture
def days(founded: PublicCity) -> Iterator[tuple[str, ...]]:
    """Two published days in the city's folder, for one test."""
    put(founded.statistics_folder)
    yield DAYS
    shutil.rmtree(founded.statistics_folder)


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_anything_is_published_the_page_says_so(
    client: TestClient[Application], language: str
) -> None:
    """In every language, all words of it."""
    answer = client.get(f"/portal/{language}/statistics")
    page = PageReader(answer.text)
    assert (answer.status_code, page.faults) == (200, [])
    assert load(language).texts["statistics.none"][0] in page.text
    keys = {key for key in load("en").texts if key.startswith("statistics.")}
    assert keys <= set(load(language).texts)


def test_a_day_is_shown_with_its_noise_its_guarantee_and_its_entry(
    client: TestClient[Application], days: tuple[str, ...]
) -> None:
    """The latest by itself, others by their date; hostile names stay names; pages of places."""
    for path in ("statistics", *(f"statistics/{day}" for day in days), "statistics?page=2"):
        answer = client.get(f"/portal/en/{path}")
        page = PageReader(answer.text)
        assert (answer.status_code, page.faults) == (200, []), path
    page = PageReader(client.get("/portal/en/statistics").text)
    assert "23 November 2026" in page.text
    for told in ("epsilon 6 at delta 0.000001", "at most 1 of these cameras", "too little was"):
        assert told in page.text
    assert HOSTILE in page.text
    assert {"/ledger/entry/7", "/ledger/proof/7"} <= set(page.links)
    drawings = [given for tag, given in page.tags if given.get("class") == "hourly"]
    assert len(drawings) == 15
    assert f"Line {HOSTILE} of camera camera-0, forwards" in page.text
    assert drawings[-1]["aria-label"].startswith("Crossings in each hour, with the interval")
    assert page.text.count("Crossings 90 % interval") == 2
    second = PageReader(client.get("/portal/en/statistics?page=2").text)
    assert ("lines" in page.ids, "lines" in second.ids) == (True, False)
    assert {"Entry 7", "Proof of 7"} <= {word.strip() for word in page.words}
    assert all(given["aria-label"] for given in drawings)
    assert not [tag for tag, _ in page.tags if tag == "script"]
    assert client.get("/portal/en/statistics/2026-11-21").status_code == 404
    assert client.get(f"/portal/en/statistics/{days[0]}/more/still").status_code == 404


def test_files_are_served_as_they_were_published_and_no_other(
    client: TestClient[Application], days: tuple[str, ...], founded: PublicCity
) -> None:
    """By their names alone; anybody's page may read them."""
    for name in (*FILES, "entry.json"):
        answer = client.get(f"/portal/statistics/{days[0]}/{name}")
        assert answer.status_code == 200
        assert answer.content == (founded.statistics_folder / days[0] / name).read_bytes()
        assert answer.headers["access-control-allow-origin"] == "*"
    # A spreadsheet takes no name for a formula.
    table = client.get(f"/portal/statistics/{days[0]}/occupancy.csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert b",'=<script>" in table.content
    for path in ("2026-11-21/occupancy.csv", f"{days[0]}/other.csv", "..%2f..%2fkeys/ledger.key"):
        assert client.get(f"/portal/statistics/{path}").status_code == 404
    assert days_of(founded.statistics_folder) == sorted(days, reverse=True)


def test_bars_stand_on_the_axis_and_end_below_the_top() -> None:
    """Every bar and whisker is inside the drawing; steps are round; midnight is the local one."""
    made = release(DAYS[0])
    for area in made.areas:
        drawn = chart(made, area)
        assert len(drawn.bars) == 24 - sum(value is None for value in area.occupancy)
        for bar in drawn.bars:
            assert bar.y + bar.height == pytest.approx(drawn.base)
            assert 0 <= bar.high <= bar.low <= drawn.base < HEIGHT
        steps = [people for _, people in drawn.ticks]
        assert 2 <= len(steps) <= 7
        assert steps[0] == 0
        assert math.isclose(steps[1] / 10 ** math.floor(math.log10(steps[1])) % 1, 0)
    assert [hour for _, hour in chart(made, made.areas[0]).hours] == ["00", "06", "12", "18"]
