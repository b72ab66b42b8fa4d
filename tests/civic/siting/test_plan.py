"""Schemes as people write them, plans of them, and what would help instead."""

from itertools import pairwise
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec import structs
from tests.civic.exposure.cities import at

from plainview.civic.siting.alternatives import CAPACITY, alternatives
from plainview.civic.siting.plan import Plan, make_plan, problem_of
from plainview.civic.siting.refused import forbidden
from plainview.civic.siting.review import Record, make_review, records_of
from plainview.civic.siting.scheme import Candidate, Kind, Need, Scheme, load_scheme
from plainview.errors import BoundaryError, ConfigError, InputError


def need(name: str, x: float, y: float, measured: float = 10.0, **more: object) -> Need:
    """A need at metres."""
    longitude, latitude = at(x, y)
    kind = Kind(str(more.pop("kind", "level-of-service")))
    return Need(name, kind, latitude, longitude, measured, **more)  # type: ignore[arg-type]


def candidate(name: str, x: float, y: float, exposure: float = 100.0, **more: object) -> Candidate:
    """A candidate at metres that sees all within 60 m."""
    longitude, latitude = at(x, y)
    return Candidate(name, latitude, longitude, 1000.0, exposure, reach=60.0, **more)  # type: ignore[arg-type]


SCHEME = Scheme(
    name="Harbour",
    phases=(2, 4),
    needs=(
        need("stairs", 0, 0, 60, kind="bottleneck", flow=4.2, width=2.4, counterflow=0.3),
        need("square", 50, 0, 30, people=900.0),
        need("quay", 500, 0, 10, kind="hazard"),
        need("far", 5000, 0, 5, kind="hazard"),
    ),
    candidates=(
        candidate("both", 25, 0),
        candidate("left", -30, 0, 20.0),
        candidate("quay", 510, 0, 900.0),
        candidate("empty", 900, 900, 1.0),
    ),
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The front of SCHEME, the most covering plan told."""
    return make_plan(SCHEME, seconds=30, show=0)


def test_the_plan_covers_what_was_measured_and_nothing_else_stands(plan: Plan) -> None:
    """All that is in reach is covered; who sees nothing that was measured is never chosen."""
    assert [one.id for one in plan.placements] == ["both", "quay"]
    last = plan.front[0].phases[-1]
    assert last.covered == plan.reachable == pytest.approx(100 / 105, abs=1e-3)
    assert (last.exposure, last.cost, last.cameras) == (1000.0, 2000.0, 2)
    assert [(one.id, one.reachable) for one in plan.uncovered] == [("far", False)]
    assert all(point.optimal and point.gap <= 1e-3 for point in plan.front)


def test_each_camera_says_why_it_would_stand_and_what_would_help_instead(plan: Plan) -> None:
    """What only it covers is named, with the risk that is lost without it."""
    both = plan.placements[0]
    assert both.only == both.covers == ("stairs", "square")
    assert both.lost == pytest.approx(90 / 105)
    assert [one.kind for one in both.instead["stairs"]] == ["one-way", "wider-gate"]
    assert [one.kind for one in both.instead["square"]] == ["stewards"]


def test_no_plan_of_the_front_is_beaten_in_all_three(plan: Plan) -> None:
    """Coverage falls along the front, and each later plan exposes or costs less."""
    ends = [point.phases[-1] for point in plan.front]
    assert len(ends) >= 2
    for before, after in pairwise(ends):
        assert after.covered <= before.covered
        assert after.exposure < before.exposure or after.cost < before.cost


def test_alternatives_follow_from_flow_and_width() -> None:
    """A way that carries its flow needs nothing; one-way is enough where the main stream fits."""
    assert CAPACITY == 1.33
    one_way, gate = alternatives(SCHEME.needs[0], SCHEME)
    assert one_way.enough
    assert "2.94 people/s" in one_way.text
    assert f"{2.4 * 1.33:.2f}" in one_way.text
    assert gate.text.startswith(f"{4.2 / (1.33 * 0.75) - 2.4:.1f} m wider")
    assert not alternatives(need("wide", 0, 0, flow=4.2, width=5.0), SCHEME)
    (only_gate,) = alternatives(need("gate", 0, 0, kind="bottleneck", flow=4.0, width=2.0), SCHEME)
    assert only_gate.kind == "wider-gate"
    paid = structs.replace(SCHEME, steward_hour=20.0)
    (stewards,) = alternatives(need("fair", 0, 0, 8, people=900.0), paid)
    assert (stewards.enough, stewards.cost) == (False, 8 * 4 * 20)
    assert not alternatives(need("always", 0, 0, 4000, people=900.0), SCHEME)


def test_exposure_without_a_figure_is_people_times_the_mean_chord() -> None:
    """Pi * area / perimeter of a circle of radius r is pi r / 2."""
    walked = structs.replace(SCHEME.candidates[0], exposure=None, people_per_hour=134.0)
    found = problem_of(structs.replace(SCHEME, candidates=(walked,))).exposure[0]
    assert found == pytest.approx(134 * 24 * (3.14159 * 60 / 2) / 1.34 / 3600, rel=0.01)


@pytest.mark.parametrize(
    "name",
    [
        "crime",
        "recordedCrime",
        "arrests_2025",
        "calls-to-police",
        "median-income",
        "ethnicity",
        "deprivation_index",
        "IMD",
        "stop_and_search",
        "hot-spots",
        "gang",
        "age",
        "predicted_risk",
    ],
)
def test_crime_and_what_people_are_like_are_refused_by_name(name: str, tmp_path: Path) -> None:
    """As a key, a kind, a column, a source or a file's name; the line names the boundary."""
    assert forbidden(name)
    table = '[[needs]]\nid = "a"\nlatitude = 1.0\nlongitude = 1.0\nmeasured = 1\n'
    texts = (
        f'{table}kind = "hazard"\n"{name}" = 3\n',
        f'{table}kind = "{name}"\n',
        f'{table}kind = "hazard"\nsource = "from {name}"\n{PLACE}',
        f'"{name}" = 1\n',
        f'needs = "{name}.csv"\n',
        'needs = "table.csv"\n',
    )
    (tmp_path / "table.csv").write_text(
        f"id,kind,latitude,longitude,measured,{name}\n1,hazard,1,1,1,1\n"
    )
    for text in texts:
        path = tmp_path / "plan.toml"
        path.write_text(text)
        with pytest.raises(BoundaryError, match=r"DESIGN\.md section 1"):
            load_scheme(path)


def test_our_own_words_are_not_refused() -> None:
    """Nothing that a scheme may say is taken for what it may not."""
    words = [
        *Candidate.__struct_fields__,
        *Need.__struct_fields__,
        *Scheme.__struct_fields__,
        *Kind,
    ]
    assert not [word for word in words if forbidden(word)]


def test_tables_in_files_of_their_own_give_the_same_scheme(tmp_path: Path) -> None:
    """CSV, Parquet and GeoJSON of one table are one table."""
    rows = [
        {
            "id": f"c{k}",
            "latitude": 22.28 + k / 1e4,
            "longitude": 114.17,
            "cost": 5.5,
            "exposure": 9.0,
        }
        for k in range(3)
    ]
    head = ",".join(rows[0])
    lines = [",".join(map(str, row.values())) for row in rows]
    (tmp_path / "c.csv").write_text("\n".join([f"{head},covers", *(f"{line},n" for line in lines)]))
    listed = [{**row, "covers": ["n"]} for row in rows]
    pq.write_table(pa.Table.from_pylist(listed), tmp_path / "c.parquet")
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]},
            "properties": {k: v for k, v in row.items() if k not in {"latitude", "longitude"}},
        }
        for row in listed
    ]
    collection = {"type": "FeatureCollection", "features": features}
    (tmp_path / "c.geojson").write_bytes(msgspec.json.encode(collection))
    found = []
    for name in ("c.csv", "c.parquet", "c.geojson"):
        (tmp_path / "plan.toml").write_text(
            f'candidates = "{name}"\n[[needs]]\nid = "n"\nkind = "hazard"\nlatitude = 22.28\n'
            "longitude = 114.17\nmeasured = 1\n"
        )
        found.append(load_scheme(tmp_path / "plan.toml"))
    assert found[0] == found[1] == found[2]
    assert found[0].candidates[2].covers == ("n",)
    assert found[0].phases == (4_000, 20_000, 40_000, 60_000)


NEED = '[[needs]]\nid = "n"\nkind = "hazard"\nlatitude = 1.0\nlongitude = 1.0\nmeasured = 1\n'
PLACE = '[[candidates]]\nid = "c"\nlatitude = 1.0\nlongitude = 1.0\nexposure = 1\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (NEED, "no candidate"),
        (PLACE, "no camera is needed"),
        (f"phases = [9, 4]\n{NEED}{PLACE}", "must not shrink"),
        (f"phases = []\n{NEED}{PLACE}", "phases"),
        (f"budget = [9]\n{NEED}{PLACE}", "1 budgets for 4 phases"),
        (NEED + PLACE + PLACE, "twice"),
        (NEED + PLACE.replace("exposure = 1\n", ""), "how many people"),
        (NEED + PLACE + 'covers = ["m"]', "no need 'm'"),
        (NEED + PLACE.replace("latitude = 1.0", "latitude = 114.0"), "swapped"),
        (NEED + PLACE.replace("exposure = 1", "exposure = nan"), "nan is not a number"),
        (NEED + PLACE.replace("exposure = 1", "exposure = -1"), "at least 0"),
        (NEED + PLACE + "colour = 1", "unknown key 'colour'"),
        (f'candidates = "none.csv"\n{NEED}', "no such file"),
        (f'candidates = "none.xls"\n{NEED}', "CSV, Parquet or GeoJSON"),
        (NEED.replace("hazard", "sunshine") + PLACE, "'sunshine' is none of"),
    ],
)
def test_a_scheme_that_is_wrong_is_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    """Each says what, where and how to mend it."""
    (tmp_path / "plan.toml").write_text(text)
    with pytest.raises((InputError, ConfigError), match=said) as error:
        load_scheme(tmp_path / "plan.toml")
    assert error.value.where
    assert error.value.mend


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,latitude\nc,1,2\n", "other fields"),
        ("id,latitude,colour\nc,1,2\n", "unknown column 'colour'"),
        ("id,latitude,longitude,exposure\nc,north,1,1\n", "row 1"),
        ("id,latitude,longitude,exposure\nc,nan,1,1\n", "no number"),
        ("id,latitude,longitude,exposure\nc,1,1,inf\n", "exposure"),
    ],
)
def test_a_table_that_is_wrong_names_its_row(tmp_path: Path, text: str, said: str) -> None:
    """The file and the row are in the line."""
    (tmp_path / "c.csv").write_text(text)
    (tmp_path / "plan.toml").write_text(f'candidates = "c.csv"\n{NEED}')
    with pytest.raises(InputError, match=said):
        load_scheme(tmp_path / "plan.toml")


def test_nothing_in_reach_and_no_such_plan_are_refused() -> None:
    """Candidates that see no need, and a view that crosses itself."""
    away = structs.replace(SCHEME, candidates=(SCHEME.candidates[3],))
    with pytest.raises(InputError, match="covers any measured risk"):
        make_plan(away, seconds=5)
    bow = structs.replace(
        SCHEME.candidates[0], view=(at(0, 0), at(9, 9), at(9, 0), at(0, 9)), exposure=None
    )
    with pytest.raises(InputError, match="crosses itself"):
        make_plan(structs.replace(SCHEME, candidates=(bow,)), seconds=5)


def test_the_review_lists_who_no_longer_earns_a_place() -> None:
    """Of two that see the same the more exposing is listed; acted upon or alone, a camera stays."""
    known = {"running": True, "alerts": 4, "days": 300.0}
    scheme = structs.replace(
        SCHEME,
        candidates=(
            candidate("both", 25, 0, 100.0, acted_on=0, **known),
            candidate("same", 26, 0, 200.0, acted_on=0, **known),
            candidate("helped", 24, 0, 300.0, acted_on=2, **known),
            candidate("quay", 510, 0, 900.0, acted_on=0, **known),
            candidate("empty", 900, 900, 7.0, acted_on=0, **known),
            candidate("new", 905, 900, 9.0, **{**known, "days": 20.0}, acted_on=0),
            candidate("wish", 905, 905, 9.0),
        ),
    )
    found = make_review("Harbour", records_of(scheme), scheme)
    assert [one.record.id for one in found.due] == ["same", "both", "empty"]
    verdicts = {one.record.id: one.earns for one in found.findings}
    assert verdicts == {
        "same": False,
        "both": False,
        "empty": False,
        "new": None,
        "helped": True,
        "quay": True,
    }
    without = structs.replace(scheme, candidates=scheme.candidates[:2])
    alone = make_review("Harbour", records_of(without), without)
    assert [one.record.id for one in alone.due] == ["same"]
    assert alone.findings[1].only == ("stairs", "square")
    assert set(alone.findings[1].instead) == {"stairs", "square"}


def test_a_review_without_a_scheme_goes_by_what_was_done() -> None:
    """What is not known is not held against a camera."""
    records = [
        Record("idle", 200.0, 5.0, 3, 0),
        Record("helped", 200.0, 5.0, 3, 1),
        Record("unknown", None, 5.0, None, None),
        Record("young", 10.0, 5.0, 0, 0),
    ]
    found = {one.record.id: one.earns for one in make_review("x", records).findings}
    assert found == {"idle": False, "helped": True, "unknown": None, "young": None}
