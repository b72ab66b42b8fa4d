"""TOML -> frozen structs, parsed once; impossible combinations are refused in one clear line."""

from plainview.config.camera import CameraConfig, load_camera
from plainview.config.city import CityConfig, SiteConfig, load_city, load_state
from plainview.config.zones import ZONE_KINDS
from plainview.document.boundary import beyond, refuse_beyond
from plainview.document.toml import nearest

__all__ = [
    "ZONE_KINDS",
    "CameraConfig",
    "CityConfig",
    "SiteConfig",
    "beyond",
    "load_camera",
    "load_city",
    "load_state",
    "nearest",
    "refuse_beyond",
]
