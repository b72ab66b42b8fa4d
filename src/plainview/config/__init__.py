"""TOML -> frozen structs, parsed once; impossible combinations are refused in one clear line.

What a city's file needs (routes, keys, stores) is imported only where one is read: who measures a
clip starts without.
"""

from typing import TYPE_CHECKING

from plainview.config.camera import CameraConfig, load_camera
from plainview.config.zones import ZONE_KINDS
from plainview.document.boundary import beyond, refuse_beyond
from plainview.document.toml import nearest

if TYPE_CHECKING:
    from plainview.config.city import CityConfig, SiteConfig, load_city, load_state

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


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from plainview.config import city  # noqa: PLC0415 - see above

    return getattr(city, name)
