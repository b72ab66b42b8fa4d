"""What CITY.toml says of footpaths and districts."""

from pathlib import Path

import pytest
from tests.civic.exposure.cities import streets

from plainview.config import load_city
from plainview.errors import ConfigError

CITY = """
[[sites]]
id = "square"
location = [114.17, 22.28]
[[sites.cameras]]
id = "north"
source = "rtsp://camera.example/north"
[sites.cameras.calibration]
image_size = [768, 576]
projection = [[700.0, 0.0, 384.0, 0.0], [0.0, -300.0, 288.0, 2000.0], [0.0, 0.7, 0.7, 8.0]]
[sites.cameras.area]
polygon = [[-3, 4], [3, 4], [3, 9], [-3, 9]]
"""


def test_files_are_found_beside_the_city_or_refused(tmp_path: Path) -> None:
    """Relative to CITY.toml; a file that is not there or of another kind is one clear line."""
    path = tmp_path / "city.toml"
    (tmp_path / "paths.geojson").write_bytes(streets())
    path.write_text('[exposure]\nnetwork = "paths.geojson"\n' + CITY)
    found = load_city(path).exposure
    assert (found.network, found.districts) == (tmp_path / "paths.geojson", None)
    path.write_text(CITY)
    assert load_city(path).exposure.network is None
    for text in ('network = "none.osm"', 'districts = "city.toml"', 'network = "../x.pbf"'):
        path.write_text(f"[exposure]\n{text}\n{CITY}")
        with pytest.raises(ConfigError, match=r"exposure\..*no file that ends in"):
            load_city(path)
