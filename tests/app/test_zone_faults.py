"""What `plainview run` says of zones at its start."""

import subprocess
import sys
from pathlib import Path

from msgspec import structs
from tests.app.test_camera import VIEW, around

from plainview.alerts.ground import Zone as Watched
from plainview.app.zone_faults import LOOKED, MOST, zone_faults
from plainview.config import CameraConfig, CityConfig, SiteConfig
from plainview.geometry import Zone
from plainview.record import EventKind


def city(*cameras: CameraConfig, zones: tuple[Watched, ...] = ()) -> CityConfig:
    """One site."""
    site = SiteConfig("plaza", "Plaza", (4.8, 45.7), cameras, zones=zones)
    return CityConfig("City", (site,))


def camera(name: str, *zones: Zone, east: float = 0.0) -> CameraConfig:
    """A camera with `zones`; its area is `east` metres aside."""
    corners = tuple((x + east, y) for x, y in VIEW.polygon)
    return CameraConfig(name, structs.replace(VIEW, zones=zones, polygon=corners))


def test_each_zone_that_is_not_seen_whole_and_each_overlap_has_one_line() -> None:
    """Of a camera what it sees itself; of a site what all of its cameras see together."""
    tracks = Zone("tracks", "zone-intrusion", around(0, 15))
    over = Zone("over", "zone-intrusion", around(0.5, 15))
    away = Zone("away", "fire", around(0, 400))
    sites = (
        Watched("middle", around(0, 15)),
        Watched("edge", around(5, 15)),
        Watched("stairs", around(0, 300)),
        Watched("landing", around(0, 16), frozenset({EventKind.DENSITY})),
    )
    found = zone_faults(city(camera("a", tracks, over, away), zones=sites))
    edge, stairs, twice, gone, both = found
    assert edge.startswith("site 'plaza', zone 'edge': ")
    assert "% of it is ground that no camera of the site sees" in edge
    assert "'stairs': all of it" in stairs
    assert "'middle' and 'landing' are both for density and share" in twice
    assert gone.startswith("site 'plaza', camera 'a', zone 'away': all of it is outside")
    assert "camera 'a', zones 'tracks' and 'over' are both for zone-intrusion" in both


def test_what_one_camera_does_not_see_another_may() -> None:
    """A crowd is watched on the field of all cameras, whichever of them has the zone."""
    crowd = Zone("queue", "density", around(5, 15))
    watched = (Watched("queue", around(5, 15), frozenset({EventKind.DENSITY})),)
    (alone,) = zone_faults(city(camera("a", crowd), zones=watched))
    assert alone.startswith("site 'plaza', zone 'queue': ")
    assert zone_faults(city(camera("a", crowd), camera("b", east=4), zones=watched)) == []


def test_many_faults_are_counted_and_not_all_said() -> None:
    """A start of a large city is no page of warnings, and what is left out is said."""
    cameras = [camera(f"c{k}", Zone("z", "fire", around(0, 400))) for k in range(LOOKED + 2)]
    found = zone_faults(city(*cameras))
    assert len(found) == MOST + 1
    assert found[-1].startswith(f"{LOOKED + 1 - MOST} more faults of zones")
    clean = [camera(f"c{k}", Zone("z", "fire", around(0, 15))) for k in range(LOOKED + 2)]
    assert zone_faults(city(*clean)) == ["the zones of 2 more cameras were not looked at"]


def test_run_says_it_once(tmp_path: Path) -> None:
    """Before anything is measured; the exit is as ever."""
    projection = [list(row) for row in VIEW.calibration.projection]
    (tmp_path / "a.toml").write_text(
        f"""id = "a"
source = "rtsp://127.0.0.1:9/none"
[calibration]
image_size = [640, 360]
projection = {projection}
[area]
polygon = {[list(corner) for corner in VIEW.polygon]}
[[zones]]
name = "away"
kind = "fire"
polygon = {[list(corner) for corner in around(0, 400)]}
""",
        encoding="utf-8",
    )
    (tmp_path / "city.toml").write_text(
        """[[sites]]
id = "plaza"
location = [45.7, 4.8]
[[sites.cameras]]
file = "a.toml"
""",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "plainview", "run", str(tmp_path / "city.toml")]
    options = ["--no-open", "--port", "0", "--for", "1", "--state", str(tmp_path / "state")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("warning: ")]
    assert "camera 'a', zone 'away': all of it is outside the picture" in line
