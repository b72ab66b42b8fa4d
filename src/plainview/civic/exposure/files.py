"""What a city supplies for the public page about walks: named in CITY.toml, read when asked for."""

from pathlib import Path

from msgspec import Struct


class ExposureFiles(Struct, frozen=True):
    """Files of a city; without footpaths a walk is the straight line."""

    network: Path | None = None
    """Footpaths: .osm or .geojson."""
    districts: Path | None = None
    """Polygons: .geojson."""
