from pathlib import Path

import pytest
from tests.config.test_alerts import city

from plainview.config import load_city
from plainview.errors import ConfigError


@pytest.mark.parametrize(
    "url", ["local", "ray:local", "ray:auto", "ray://head.example:6379", "ray://[2001:db8::1]:6379"]
)
def test_cameras_run_here_unless_the_city_says_where(tmp_path: Path, url: str) -> None:
    """And then on a Ray cluster."""
    path = city(tmp_path)
    assert load_city(path).fleet == "local"
    path.write_text(f'fleet = "{url}"\n{path.read_text()}')
    assert load_city(path).fleet == url


@pytest.mark.parametrize("url", ["ray", "ray://head", "ray://me:word@head:6379", "k8s:", "Local"])
def test_an_address_that_no_fleet_speaks_is_refused(tmp_path: Path, url: str) -> None:
    """In one line, with its place, and without repeating what may be a secret."""
    path = city(tmp_path)
    path.write_text(f'fleet = "{url}"\n{path.read_text()}')
    with pytest.raises(ConfigError, match="no fleet speaks this address") as caught:
        load_city(path)
    assert "fleet" in caught.value.where
    assert "word" not in caught.value.line()


def test_ray_s_nodes_do_not_record(tmp_path: Path) -> None:
    """A city that records says so at once, not when a camera starts."""
    path = city(tmp_path)
    path.write_text(f'fleet = "ray:local"\n{path.read_text()}\n[recording]\n')
    with pytest.raises(ConfigError, match="do not record"):
        load_city(path)
