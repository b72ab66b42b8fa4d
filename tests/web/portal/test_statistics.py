"""The page of published statistics: figures, intervals, files; with nothing, and with much."""

import math
import shutil
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from litestar.testing import TestClient
from tests.web.portal.conftest import PublicCity
from tests.web.portal.reading import PageReader

from plainview.civic.statistics.occupancy import Bounds, Counted, Noisy, Scales, estimate
from plainview.civic.statistics.release import (
    FORMAT,
    CrossingGuarantee,
    LeftOut,
    Named,
    Release,
    areas,
    guarantee,
)
from plainview.civic.statistics.tables import FILES
from plainview.governance.words import LANGUAGES, load
from plainview.web.api import Application
from plainview.web.portal.statistics import HEIGHT, chart, days_of

HOUR = 3_600_000
HOSTILE = "=<script>alert(1)</script>"
DAYS = ("2026-11-22", "2026-11-23")


def release(day: str, zones: int = 14) -> Release:
    """A day of `zones` cameras in two districts, one of them with a hostile name."""
    chance = np.random.default_rng(3)
    share = np.ones((zones, 24))
    share[0, :3] = 0.0
    district = np.arange(zones, dtype=np.int64) % 2
    time = np.zeros((zones, 24), dtype=np.int64)
    counted = Counted(time, share, district, 2)
    unit = 57_600_000

    def drawn(
        shape: tuple[int, ...], mean: float
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return np.asarray(chance.normal(mean, 5.0, shape) * unit, dtype=np.int64)

    noisy = Noisy(drawn((zones, 24), 3.0), drawn((2, 24), 21.0), drawn((24,), 42.0), 0.6)
    bounds, scale = Bounds(24, 1, 1.0), Scales(4.5, 20.0, 20.0)
    names = [Named(f"camera-{k}", "quay", HOSTILE if k % 2 else "Harbour") for k in range(zones)]
    return Release(
        format=FORMAT, city="Sampleton", simulated=False, day=day, timezone="Asia/Hong_Kong",
        hours=tuple(1_795_276_800_000 + k * HOUR for k in range(24)), software="0.2.0", ledger="l",
        guarantee=guarantee(
            bounds, epsilon=6.0, delta=1e-6, rho=0.6, margin=1.0, most=(1.0, 6.0),
            deviation=msgspec.structs.asdict(scale),
        ),
        crossing_guarantee=CrossingGuarantee("one crossing", 1.0, "Laplace", 1.0, 1.0),
        areas=areas(estimate(noisy, counted, scale), names, ["Harbour", HOSTILE], "Sampleton"),
        lines=(), left_out=(LeftOut("camera-99", "not granted"),),
    )  # fmt: skip


@pytest.fixture
def days(founded: PublicCity) -> Iterator[tuple[str, ...]]:
    """Two published days in the city's folder, for one test."""
    for day in DAYS:
        folder = founded.statistics_folder / day
        folder.mkdir(parents=True)
        made = release(day)
        for name, write in FILES.items():
            (folder / name).write_bytes(write(made) if "parquet" not in name else b"PAR1")
        (folder / "entry.json").write_bytes(b'{"index":7,"document":"%s"}' % (b"a" * 64))
    (founded.statistics_folder / f".{DAYS[0]}.part").mkdir()
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
    assert len(drawings) == 13
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
    assert b",'=<script>" in client.get(f"/portal/statistics/{days[0]}/occupancy.csv").content
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
