"""`plainview plan` as a person runs it, and the review of what really ran."""

import json
from pathlib import Path

import pytest
from tests.web.conftest import NORTH, QUAY, SOUTH, World

from plainview.alerts import lifecycle
from plainview.alerts.thresholds import DEFAULTS, Quantity
from plainview.app.needs import needs_of
from plainview.app.siting import measured_records
from plainview.civic.siting.refused import forbidden
from plainview.civic.siting.review import make_review
from plainview.cli import execute
from plainview.clock import ManualClock
from plainview.config import CityConfig
from plainview.config.camera import CameraConfig
from plainview.config.city import SiteConfig
from plainview.crowd.field import Estimate
from plainview.crowd.levels import Level
from plainview.record import Stamped
from plainview.store import open_store

CROWD = [(x - 11.5, y - 3.5, 0.0, 0.0) for y in range(14) for x in range(24)]
SCHEME = """
name = "Harbour"
phases = [1, 2]
currency = "GBP"
[[needs]]
id = "stairs"
kind = "bottleneck"
latitude = 22.2801
longitude = 114.1701
measured = 210
flow = 4.2
width = 2.4
[[candidates]]
id = "a"
latitude = 22.2802
longitude = 114.1702
cost = 5000
exposure = 157
running = true
alerts = 3
acted_on = 0
days = 300
[[candidates]]
id = "b"
latitude = 22.2805
longitude = 114.1805
cost = 6000
exposure = 20
running = true
alerts = 0
acted_on = 0
days = 300
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """One command: exit code, standard output, standard error."""
    code = execute(["plan", *(str(argument) for argument in arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_plan_and_a_review_are_told_in_words_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Necessity, alternatives, gap; the review names who is due; refusals end with 2."""
    path = tmp_path / "plan.toml"
    path.write_text(SCHEME.replace("running = true", "running = false"))
    out = tmp_path / "plan.json"
    code, text, wrong = run(capsys, "sites", path, "--out", out, "--seconds", "20")
    assert (code, wrong) == (0, "")
    assert "a: alone covers stairs (100.00% of the risk)" in text
    assert "stairs without a camera: wider-gate would be enough: 0.8 m wider" in text
    told = json.loads(out.read_text())
    assert told["v"] == "plainview.plan/v1"
    assert [one["id"] for one in told["placements"]] == ["a"]
    assert all("gap" in point for point in told["front"])
    path.write_text(SCHEME)
    code, text, wrong = run(capsys, "review", path)
    assert (code, wrong) == (2, "") or code == 0
    assert "1 no longer earn their place" in text
    assert "review   b: it covers no measured need; nobody acted on an alert" in text
    assert json.loads(run(capsys, "review", path, "--json")[1])["findings"][0]["earns"] is False
    code, _, wrong = run(capsys, "sites", path)
    assert (code, "2 cameras stand already" in wrong) == (2, True)
    path.write_text(SCHEME.replace("measured = 210", "measured = 210\ncrime_rate = 3"))
    code, _, wrong = run(capsys, "sites", path)
    assert (code, wrong.count("\n"), "DESIGN.md section 1" in wrong) == (2, 1, True)
    assert run(capsys, "review")[0] == 2


def test_a_review_of_what_was_measured(tmp_path: Path) -> None:
    """Mean people in view, healthy days and what became of alerts, from a real store."""
    cameras = tuple(
        CameraConfig(name, view)
        for name, view in (("plaza-north", NORTH), ("plaza-south", SOUTH), ("quay-east", QUAY))
    )
    city = CityConfig(
        "City",
        (
            SiteConfig("plaza", "Plaza", (4.8, 45.7), cameras[:2]),
            SiteConfig("quay", "Quay", (4.8, 45.7), cameras[2:]),
        ),
    )
    store = open_store(f"sqlite:{tmp_path / 'readings.db'}")
    clock = ManualClock()
    world = World(clock, store)
    start = world.now()
    crowds = {"plaza-north": 110, "plaza-south": 2, "quay-east": 0}
    store.append(
        [
            Stamped(
                name,
                world.reading(
                    name,
                    CROWD[:people] if people > 2 else [(0.0, 9.0, 0.0, 0.0)] * people,
                    t=start + k * 200_000,
                ),
            )
            for k in range(40)
            for name, people in crowds.items()
        ]
    )
    store.roll_up(start + 9 * 3_600_000)
    seen = Estimate(5.0, 4.0, 6.0)
    threshold = DEFAULTS[0]
    for number, at in enumerate([(0.0, 0.0), (0.0, 20.0)]):
        alert = lifecycle.raised(
            name=f"{number:04d}", site="plaza", threshold=threshold, now=1.0, seen=seen, at=at
        )
        if number == 0:
            alert = lifecycle.acknowledged(alert, 2.0, "op", "stewards sent")
        store.put_alerts([lifecycle.packed(lifecycle.cleared(alert, 3.0, "op", "over"))])
    records = {one.id: one for one in measured_records(city, store)}
    pressed = next(one for one in DEFAULTS if one.quantity is Quantity.PRESSURE)
    for number in range(2):
        alert = lifecycle.raised(
            name=f"p{number}", site="plaza", threshold=pressed, now=1.0, seen=seen, at=(2.0, 9.0)
        )
        store.put_alerts([lifecycle.packed(alert)])
    needs = {need.id: need for need in needs_of(city, store, Level.B)}
    worse = {need.id for need in needs_of(city, store, Level.C)}
    store.close()
    dense, pressure = needs["plaza-north-dense"], needs["plaza-pressure-1"]
    # 110 people on 336 m2 are 0.33 people/m2: level B from 0.31 on, C from 0.43 on.
    assert worse == {"plaza-pressure-1"}
    assert set(needs) == {"plaza-north-dense", "plaza-pressure-1"}
    assert dense.measured == pytest.approx(365 * 24)
    assert dense.people == 110
    assert pressure.measured == 2 * 365
    assert "2 alarms" in pressure.source
    assert not any(forbidden(need.source) for need in needs.values())
    north, south, quay = (records[camera.id] for camera in cameras)
    assert north.exposure == pytest.approx(24 * 110, rel=0.05)
    assert south.exposure == pytest.approx(24 * 2, rel=0.05)
    assert (north.alerts, north.acted_on) == (1, 1)
    assert (south.alerts, south.acted_on) == (1, 0)
    assert (quay.alerts, quay.acted_on, quay.exposure) == (0, 0, 0.0)
    assert (north.exposure > 0, len(records)) == (True, 3)
    found = make_review("City", records.values(), least=0.0)
    assert [one.record.id for one in found.due] == ["plaza-south", "quay-east"]
    assert not make_review("City", records.values()).due
