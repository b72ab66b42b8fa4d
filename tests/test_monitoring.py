"""deploy/prometheus and deploy/grafana: checked by their own tools, over metrics that we export."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import grafana_foundation_sdk.cog.plugins
import pytest
import yaml  # type: ignore[import-untyped]
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from plainview.bus.local import LocalBus
from plainview.clock import ManualClock
from plainview.intake import Intake
from plainview.store import open_store
from plainview.web.city.ground import CitySite
from plainview.web.city.totals import CityTotals
from plainview.web.metrics import exposition

DEPLOY = Path(__file__).parents[1] / "deploy"
RULES = DEPLOY / "prometheus" / "plainview.rules.yml"
DASHBOARD = DEPLOY / "grafana" / "plainview.json"
GUIDE = Path(__file__).parents[1] / "docs" / "guide" / "city.md"
METRIC = re.compile(r"\bplainview_\w+")


def promtool(*arguments: str | Path) -> str:
    """What promtool says; skips where it is missing. Fails where it finds anything wrong."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("no promtool: the Debian package prometheus is missing")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rules() -> list[dict[str, Any]]:
    """Every rule of the file."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions() -> list[str]:
    """Every PromQL expression of the dashboard."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], str]:
    """Names of metrics that a running Plainview exports, and an exposition with most of them."""
    clock = ManualClock()
    store = open_store(f"sqlite:{tmp_path_factory.mktemp('monitoring') / 'x.db'}")
    totals = CityTotals([CitySite("a", "A", "Old town", ("a-0",), (9.0,))], clock)
    stats = Intake(LocalBus(16), store, clock).stats().numbers()
    text = exposition([], store, lambda: stats, clock, city=totals)().decode()
    store.close()
    sources = DEPLOY.parent / "src" / "plainview"
    said = "".join(
        (sources / name).read_text()
        for name in ("app/ordering.py", "app/running.py", "app/watching.py", "fleet/placed.py")
    )
    names = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    names |= {f"plainview_{key}" for key in re.findall(r'"([a-z_]+)":', said)}
    # Families of alerts and routes are there where a city has any.
    names |= {"plainview_alerts_open"}
    names |= {f"plainview_route_{name}" for name in ("waiting", "broken", "failed_total")}
    return names, text


def test_promtool_takes_the_rules_and_they_do_as_they_are_tried() -> None:
    """Checked, then run over scripted series: a healthy city is silent, each failure is told."""
    promtool("check", "rules", RULES)
    promtool("test", "rules", RULES.with_name("plainview.rules.test.yml"))


def test_promtool_takes_the_dashboards_expressions(tmp_path: Path) -> None:
    """Every expression is PromQL."""
    recorded = [{"record": f"tried:{k}", "expr": one} for k, one in enumerate(expressions())]
    path = tmp_path / "tried.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "tried", "rules": recorded}]}))
    promtool("check", "rules", path)


def test_rules_and_dashboard_ask_for_metrics_that_there_are(
    exported: tuple[set[str], str],
) -> None:
    """No expression waits for what is never exported."""
    names, _ = exported
    asked = " ".join([*(rule["expr"] for rule in rules()), *expressions()])
    assert set(METRIC.findall(asked)) <= names


def test_promtool_finds_nothing_wrong_with_what_is_exported(
    exported: tuple[set[str], str],
) -> None:
    """Text, types and help are as Prometheus wants them."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("no promtool: the Debian package prometheus is missing")
    done = subprocess.run(
        [found, "check", "metrics"], input=exported[1], capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 3}, done.stderr
    assert "error" not in done.stdout.lower(), done.stdout


def lost(kept: object, given: object, path: str = "") -> list[str]:
    """Paths in `given` that are missing or other in `kept`."""
    if isinstance(given, dict) and isinstance(kept, dict):
        return [
            found
            for key, value in given.items()
            for found in (
                lost(kept[key], value, f"{path}/{key}") if key in kept else [f"{path}/{key}"]
            )
        ]
    if isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        return [
            found
            for k, (one, other) in enumerate(zip(kept, given, strict=True))
            for found in lost(one, other, f"{path}[{k}]")
        ]
    return [] if kept == given else [path]


def test_grafanas_own_models_take_the_dashboard_whole() -> None:
    """Read and written by Grafana's SDK nothing is lost; a key that it does not know would be."""
    grafana_foundation_sdk.cog.plugins.register_default_plugins()

    def through(given: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        return json.loads(JSONEncoder().encode(Dashboard.from_json(given)))

    given = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert lost(through(given), given) == []
    given["panels"][1]["titel"] = "misspelt"
    assert lost(through(given), given) == ["/panels[1]/titel"]


def test_panels_do_not_overlap() -> None:
    """Each has its own place on the grid of 24 columns, and its own id."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_the_guide_tells_what_each_alert_means() -> None:
    """docs/guide/city.md names every rule."""
    text = GUIDE.read_text(encoding="utf-8")
    for rule in rules():
        assert f"`{rule['alert']}`" in text, rule["alert"]
