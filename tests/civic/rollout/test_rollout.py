"""Roll-out plans: figures that are measured, arithmetic that grows as it should, clear refusals."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.civic.rollout.figures import load_figures
from plainview.civic.rollout.phases import Phase, Phases, example, load_phases
from plainview.civic.rollout.sizing import LINK_FULL, Rollout, cost, plan
from plainview.cli import execute
from plainview.errors import ConfigError

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def phases(tmp_path_factory: pytest.TempPathFactory) -> Phases:
    """The example of the package."""
    path = tmp_path_factory.mktemp("rollout") / "phases.toml"
    path.write_text(example())
    return load_phases(path)


@pytest.fixture(scope="module")
def found(phases: Phases) -> Rollout:
    """Its plan."""
    return plan(phases, load_figures())


def test_every_figure_is_of_a_script_that_is_here() -> None:
    """Each names a benchmark of this repository and a class of machine; ids are used once."""
    figures = load_figures()
    assert len({figure.id for figure in figures.figures}) == len(figures.figures)
    for figure in figures.figures:
        assert (ROOT / figure.script).is_file(), figure.script
        assert figure.machine in figures.machines


def test_the_four_phases_of_the_city_are_planned(found: Rollout) -> None:
    """4,000 to 60,000: never less for more cameras, and no link or machine falls short."""
    assert [one.cameras for one in found.needs] == [4_000, 20_000, 40_000, 60_000]
    for before, after in zip(found.needs, found.needs[1:], strict=False):
        assert after.site_machines >= before.site_machines
        assert after.centre.readings_per_second > before.centre.readings_per_second
    assert all(not one.short for one in found.needs)
    last = found.needs[-1]
    assert last.total == sum(item.price or 0 for item in last.bill)


def test_a_plan_can_be_worked_out_by_hand(phases: Phases, found: Rollout) -> None:
    """Cores, disks and links of the first phase, from the figures alone."""
    figures, site, centre = load_figures(), found.needs[0].site, found.needs[0].centre
    cpu = (
        0.8 * (figures["stream-1080p25"] * 1.16 * 1.5 + 0.1 * figures["sealing"])
        + 0.2 * figures["stream-360p25-reference"] * 1.16 * 1.5
    )
    assert site.cores == pytest.approx(200 * cpu / 1000, abs=0.06)
    assert site.machines == math.ceil(site.cores / (32 * 0.7)) + 1
    assert site.recordings_tb == pytest.approx(
        200 * 0.8 * 0.1 * 4.1e6 / 8 * 72 * 3600 / 1e12, abs=0.01
    )
    assert centre.readings_per_second == 4_000
    assert centre.in_mbit == pytest.approx(4_000 * 2 * figures["reading-wire"] * 8 / 1e6, abs=0.1)
    assert centre.intake_cores == pytest.approx(
        8_000 * (figures["intake"] + figures["city"]) / 1e6, abs=0.01
    )
    assert centre.centres == math.ceil(8_000 * figures["intake"] / 1e6 / 0.7)
    assert phases.headroom.spare == 1


@given(st.integers(1, 200_000), st.integers(1, 200_000), st.integers(1, 50))
def test_more_cameras_never_need_less(phases: Phases, cameras: int, more: int, sites: int) -> None:
    """With as many sites: cores, memory, machines, disks and links grow, or stay."""
    few, many = (
        plan(
            msgspec.structs.replace(phases, phases=(Phase(n, min(sites, n)),)), load_figures()
        ).needs[0]
        for n in (max(cameras, sites), max(cameras, sites) + more)
    )
    for name in ("cores", "memory_gb", "machines", "disks", "to_centre_mbit", "held_gb"):
        assert getattr(few.site, name) <= getattr(many.site, name)
    for name in ("brokers", "intake", "centres", "database_disk_tb", "in_mbit"):
        assert getattr(few.centre, name) <= getattr(many.centre, name)


def test_what_is_not_measured_needs_the_citys_own_cost(phases: Phases) -> None:
    """A city's own cost is taken as it is, with where it is from; sizes between are in between."""
    figures, street = load_figures(), phases.streams[0]
    own = msgspec.structs.replace(street, codec="h265", cpu_ms=321.0, cpu_source="ours")
    assert cost(own, figures) == (321.0, "ours")
    middle = msgspec.structs.replace(street, resolution=(1280, 720))
    small = msgspec.structs.replace(street, resolution=(320, 240))
    low, mid, high = (cost(one, figures)[0] for one in (small, middle, street))
    assert low < mid < high
    assert low == pytest.approx(figures["stream-360p25"] * 1.16 * 1.5)


def test_a_link_that_is_too_slow_is_said(phases: Phases) -> None:
    """With what it would take."""
    links = msgspec.structs.replace(phases.links, cameras=1000.0)
    needs = plan(msgspec.structs.replace(phases, links=links), load_figures()).needs[-1]
    (line,) = needs.short
    assert "from the cameras to a site's machines has 1,000 Mbit/s" in line
    assert f"{needs.site.from_cameras_mbit / LINK_FULL:,.0f}" in line


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("share = 0.2", "share = 0.3"), "add up to 1.1"),
        (lambda text: text.replace("cameras = 20_000", "cameras = 4_000"), "4,000 cameras after"),
        (lambda text: text.replace("sites = 20 ", "sites = 5_000 "), "some would have none"),
        (lambda text: text.replace("bus_hours = 24", "bus_hours = 1"), "less than the cut"),
        (lambda text: text.replace('codec = "h264"', 'codec = "h265"', 1), "measured h265"),
        (lambda text: text.replace("[1920, 1080]", "[3840, 2160]"), "so large a stream"),
        (lambda text: text.replace("share = 0.8", "share = 0.8\ncpu_ms = 9"), "where this cost"),
        (lambda text: text.replace("minutes_days = 30", "minutes_days = 0.5"), "coarser"),
        (lambda text: text.replace("utilisation = 0.7", "utilisation = 1.7"), "0.9"),
        (lambda text: text.replace("cores = 32", "cores = -1", 1), "1"),
        (lambda text: text.replace("utilisation", "utilization"), "utilisation"),
    ],
)
def test_absurd_files_are_refused_in_one_line(
    tmp_path: Path, change: Callable[[str], str], says: str
) -> None:
    """What is wrong, where, and how to mend it."""
    path = tmp_path / "phases.toml"
    path.write_text(change(example()))
    with pytest.raises(ConfigError) as refused:
        load_phases(path)
    assert says in refused.value.line()
    assert "\n" not in refused.value.line()
    assert "phases.toml" in refused.value.line()


def test_the_command_takes_a_file_where_a_command_would_stand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`plan FILE` is `plan rollout FILE`; what is neither is refused as before."""
    assert execute(["plan", "rollout", "--example"]) == 0
    path = tmp_path / "mine.toml"
    path.write_text(capsys.readouterr().out)
    assert execute(["plan", str(path)]) == 0
    text = capsys.readouterr().out
    assert "| 60,000 cameras |" in text
    guide = (ROOT / "docs" / "guide" / "city.md").read_text(encoding="utf-8")
    shown = [row for row in guide.partition("the example gives")[2].splitlines() if row[:1] == "|"]
    assert set(shown[:10]) <= set(text.splitlines()), "the guide shows another plan"
    assert "bench/streams_per_core.py, 2026-11-22, epyc-2" in text
    assert execute(["plan", "rollout", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["needs"][3]["cameras"] == 60_000
    assert execute(["plan", str(path.parent)]) == 2
    assert "this is not a file" in capsys.readouterr().err
    assert execute(["plan", "reviw"]) == 2
    assert "review" in capsys.readouterr().err
    assert execute(["plan", "rollout"]) == 2
    assert "--example" in capsys.readouterr().err
