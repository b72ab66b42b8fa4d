"""Whom a zone is for and when it is watched, as a CAMERA.toml says it."""

from pathlib import Path

import pytest
from msgspec import UNSET

from plainview.calibrate.output import camera_toml
from plainview.config import load_camera
from plainview.errors import ConfigError
from plainview.geometry import Zone
from plainview.schedule import DAYS, Hours

CAMERA = """\
id = "lane"
timezone = "Europe/Paris"

[calibration]
image_size = [768, 432]
projection = [
  [705.0, 246.5, -293.75, 2085.6],
  [0.0, -374.83, -618.22, 4389.4],
  [0.0, 0.642788, -0.766044, 5.438915],
]

[area]
polygon = [[-4.0, 3.0], [4.0, 3.0], [5.0, 8.0], [-5.0, 8.0]]

[[zones]]
name = "tracks"
kind = "zone-intrusion"
polygon = [[-2, 4], [2, 4], [2, 7]]
"""


def load(folder: Path, more: str = "") -> tuple[Zone, ...]:
    """The zones of the camera with `more` said of its last one."""
    file = folder / "camera.toml"
    file.write_text(CAMERA + more)
    return load_camera(file).view.zones


def test_a_zone_that_says_no_more_is_for_all_and_always(tmp_path: Path) -> None:
    """Nothing is filled in: the zone is as it was before there were such keys."""
    (zone,) = load(tmp_path)
    assert (zone.sizes, zone.length, zone.crossing, zone.schedule, zone.timezone) == (UNSET,) * 5


def test_what_a_zone_says_comes_through_and_is_written_as_it_was(tmp_path: Path) -> None:
    """Sizes, length, crossing and hours by the camera's clock, or by the zone's own."""
    (zone,) = load(
        tmp_path,
        'sizes = ["vehicle"]\nlength = [4, 20]\ncrossing = [0, 1]\n'
        'schedule = [{since = "22:00", until = "05:30"},'
        ' {days = ["sat", "sun"], since = "00:00", until = "24:00"}]\n',
    )
    assert zone.sizes == ("vehicle",)
    assert zone.length == (4.0, 20.0)
    assert zone.crossing == (0.0, 1.0)
    assert zone.schedule == (Hours(DAYS, 1320, 330), Hours(("sat", "sun"), 0, 1440))
    assert zone.timezone == "Europe/Paris"
    file = tmp_path / "camera.toml"
    view = load_camera(file).view
    file.write_text(camera_toml("lane", view))
    assert load_camera(file).view == view


REFUSED = [
    ('sizes = ["dog"]', "sizes"),
    ("sizes = []", "sizes"),
    ("length = [5, 2]", "no range of lengths"),
    ("length = [0, 400]", "no range of lengths"),
    ("crossing = [0, 0]", "no direction"),
    ('schedule = [{since = "9:00", until = "17:00"}]', "not a time of day"),
    ('schedule = [{since = "25:00", until = "26:00"}]', "not a time of day"),
    ('schedule = [{since = "12:00", until = "12:00"}]', "no time at all"),
    ('schedule = [{days = ["monday"], since = "08:00", until = "12:00"}]', "days"),
    ('schedule = [{since = "08:00"}]', "until"),
    ('schedule = [{since = "08:00", until = "09:00"}]\ntimezone = "Mars/Base"', "no time zone"),
    ('timezone = "Europe/Paris"', "without a schedule"),
    ("direction = [1, 0]", "has no direction"),
]


@pytest.mark.parametrize(("line", "why"), REFUSED)
def test_nonsense_is_refused_with_its_place(tmp_path: Path, line: str, why: str) -> None:
    """One line with the file, the line and the key."""
    with pytest.raises(ConfigError, match=why) as caught:
        load(tmp_path, line + "\n")
    assert "camera.toml" in caught.value.where
    assert "zones[0]" in caught.value.where


def test_only_zones_for_what_moves_have_sizes_and_hours(tmp_path: Path) -> None:
    """A zone for lost things has no vehicles in it to tell from people."""
    text = CAMERA.replace('"zone-intrusion"', '"left-object"')
    (tmp_path / "camera.toml").write_text(text + 'sizes = ["person"]\n')
    with pytest.raises(ConfigError, match="left-object zone has no sizes"):
        load_camera(tmp_path / "camera.toml")
