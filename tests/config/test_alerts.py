from pathlib import Path

import pytest

from plainview.alerts.patience import ESCALATE, Patience
from plainview.alerts.thresholds import DEFAULTS, OWN, Level, Quantity
from plainview.config import load_city
from plainview.crowd.levels import Facility
from plainview.errors import ConfigError

CAMERA = """
[[sites.cameras]]
id = "north"
source = "rtsp://camera.example/north"
[sites.cameras.calibration]
image_size = [1280, 720]
projection = [
  [700.0, 426.3, -426.3, 9000.0],
  [0.0, -320.0, -820.0, 9000.0],
  [0.0, 0.88, -0.47, 15.0],
]
[sites.cameras.area]
polygon = [[-6, 0], [6, 0], [6, 12], [-6, 12]]
[[sites.cameras.zones]]
name = "gate"
kind = "density"
polygon = [[-2, 0], [2, 0], [2, 4], [-2, 4]]
"""


def city(tmp_path: Path, tables: str = "", site: str = "") -> Path:
    """A CITY.toml of one site with one camera, and `tables` below its site."""
    path = tmp_path / "city.toml"
    head = f'[[sites]]\nid = "plaza"\nlocation = [4.0, 52.0]\n{site}\n'
    path.write_text(f"{head}{tables}{CAMERA}", encoding="utf-8")
    return path


def test_defaults_are_watched_everywhere_with_their_source(tmp_path: Path) -> None:
    """The whole site for all of them, a camera's density zone for those of density."""
    (site,) = load_city(city(tmp_path)).sites
    whole = [one for one in site.thresholds if one.zone is None]
    assert whole == list(DEFAULTS)
    gate = {one.quantity for one in site.thresholds if one.zone == "gate"}
    assert gate == {Quantity.DENSITY, Quantity.REACH}
    assert all(one.source for one in site.thresholds)


def test_a_site_says_its_own_thresholds_and_zones(tmp_path: Path) -> None:
    """In plain units; what it does not say stays as it is."""
    tables = """
[[sites.zones]]
name = "stairs"
polygon = [[3, 3], [5, 3], [5, 6], [3, 6]]
facility = "stairs"
[[sites.thresholds]]
quantity = "density"
level = "alarm"
zone = "stairs"
above = 4.0
clear_below = 3.0
for = "8 s"
[[sites.thresholds]]
quantity = "reach"
level = "warning"
below = 600
"""
    (site,) = load_city(city(tmp_path, tables, 'escalate = "5 min"')).sites
    found = {(one.zone, one.quantity, one.level): one for one in site.thresholds}
    stairs = found["stairs", Quantity.DENSITY, Level.ALARM]
    assert (stairs.limit, stairs.clear, stairs.lasts, stairs.source) == (4.0, 3.0, 8.0, OWN)
    assert found["stairs", Quantity.DENSITY, Level.WARNING].limit == 3.5
    assert {found[zone, Quantity.REACH, Level.WARNING].limit for zone in (None, "gate")} == {600}
    assert site.escalate == 300.0
    facilities = {zone.name: zone.facility for zone in site.zones}
    assert facilities == {"stairs": Facility.STAIRS, "gate": Facility.WALKWAY}
    with pytest.raises(ConfigError, match="escalator"):
        load_city(city(tmp_path, tables.replace('facility = "stairs"', 'facility = "escalator"')))


@pytest.mark.parametrize(
    ("lines", "key", "says"),
    [
        ('quantity = "density"\nlevel = "alarm"\nabove = 50', "above", "no usable threshold"),
        ('quantity = "pressure"\nlevel = "alarm"\nabove = nan', "above", "not a number"),
        ('quantity = "density"\nlevel = "alarm"\nbelow = 5', "below", "bad when it is above"),
        ('quantity = "reach"\nlevel = "alarm"\nabove = 60', "above", "bad when it is below"),
        ('quantity = "density"\nlevel = "alarm"', "thresholds", "'above' is missing"),
        (
            'quantity = "density"\nlevel = "alarm"\nabove = 5\nclear_below = 6',
            "clear_below",
            "would be over at 6",
        ),
        ('quantity = "density"\nlevel = "alarm"\nabove = 5\nfor = "a while"', "for", "usable time"),
        (
            'quantity = "density"\nlevel = "alarm"\nabove = 5\nzone = "gaet"',
            "zone",
            "no zone 'gaet'",
        ),
        ('quantity = "anger"\nlevel = "alarm"\nabove = 5', "quantity", "none of density"),
        (
            'quantity = "density"\nlevel = "warning"\nabove = 6',
            "thresholds",
            "come after its alarm",
        ),
    ],
)
def test_an_absurd_threshold_is_one_clear_error(
    tmp_path: Path, lines: str, key: str, says: str
) -> None:
    """One line with the file, the line and the key, and what to write instead."""
    with pytest.raises(ConfigError) as caught:
        load_city(city(tmp_path, f"[[sites.thresholds]]\n{lines}\n"))
    line = caught.value.line()
    assert says in line
    assert key in line
    assert "city.toml, line" in line
    assert "\n" not in line


def test_two_of_a_kind_are_refused(tmp_path: Path) -> None:
    """The same level of the same quantity twice, and a zone twice."""
    one = '[[sites.thresholds]]\nquantity = "density"\nlevel = "alarm"\nabove = 5\n'
    with pytest.raises(ConfigError, match="twice"):
        load_city(city(tmp_path, one + one))
    zone = '[[sites.zones]]\nname = "a"\npolygon = [[0, 0], [1, 0], [1, 1]]\n'
    with pytest.raises(ConfigError, match="twice"):
        load_city(city(tmp_path, zone + zone))
    with pytest.raises(ConfigError, match="not simple"):
        load_city(city(tmp_path, zone.replace("[1, 1]", "[1, 1], [0.5, -1]")))


def test_a_zone_has_its_own_patience(tmp_path: Path) -> None:
    """Of the site or of its cameras; what it does not say is as at the site."""
    own = '[[sites.patience]]\nzone = "gate"\nescalate = "30 s"\n'
    (site,) = load_city(city(tmp_path, own, 'unseen = "2 h"')).sites
    assert (site.escalate, site.unseen) == (ESCALATE, 7200.0)
    assert site.patience == (("gate", Patience(30.0, 7200.0)),)
    for tables, wrong in (
        (own.replace("gate", "gat"), "there is no zone 'gat'.*Did you mean 'gate'"),
        (own + own, "zone 'gate' has its patience twice"),
        (own.replace("30 s", "1 s"), "'1 s' is not a usable time"),
    ):
        with pytest.raises(ConfigError, match=wrong):
            load_city(city(tmp_path, tables))
