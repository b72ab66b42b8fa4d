"""A small grid of streets with cameras whose views are known, in metres about one place."""

import math

from plainview.civic.exposure.plane import Plane
from plainview.governance.places import LonLat
from plainview.governance.register import (
    Contact,
    Register,
    RegisterCamera,
    RegisterCapability,
    RegisterSite,
)

PLANE = Plane(114.17, 22.28)


def at(x: float, y: float) -> LonLat:
    """The place `x` metres east and `y` metres north of the plane's origin."""
    ((longitude, latitude),) = PLANE.degrees([(x, y)])
    return longitude, latitude


def camera(
    name: str,
    x: float,
    y: float,
    *,
    view: tuple[float, float, float, float] | None = None,
    running: bool = True,
    direction: float | None = None,
    capabilities: tuple[str, ...] = ("count", "flow"),
) -> RegisterCamera:
    """A camera that sees the box `view` (x, y, x, y) or, without one, nobody knows what."""
    longitude, latitude = at(x, y)
    area: tuple[LonLat, ...] = ()
    if view is not None:
        west, south, east, north = view
        area = (at(west, south), at(east, south), at(east, north), at(west, north))
    return RegisterCamera(
        id=name,
        site="square",
        name=name,
        state="running" if running else "stopped",
        why="",
        longitude=longitude,
        latitude=latitude,
        direction=direction,
        area=area,
        capabilities=tuple(RegisterCapability(one, True, running) for one in capabilities),  # noqa: FBT003 - permitted
    )


def register(*cameras: RegisterCamera) -> Register:
    """A register of `cameras` at one site."""
    longitude, latitude = at(0, 0)
    return Register(
        name="Sampleton",
        t=1_700_000_000_000,
        origin="sampleton.example/ledger",
        checkpoint=7,
        software="0.2.0",
        simulated=True,
        contact=Contact(),
        sites=(RegisterSite("square", "Square", longitude, latitude),),
        cameras=cameras,
    )


def geojson(*lines: list[tuple[float, float]], kind: str = "LineString") -> bytes:
    """Lines (or rings) of metres as GeoJSON, named after their number."""
    import msgspec  # noqa: PLC0415 - only here

    features = [
        {
            "type": "Feature",
            "properties": {"name": f"number {k}"},
            "geometry": {
                "type": kind,
                "coordinates": [at(*p) for p in line]
                if kind == "LineString"
                else [[at(*p) for p in line]],
            },
        }
        for k, line in enumerate(lines)
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def streets(columns: int = 3, rows: int = 3, side: float = 100.0) -> bytes:
    """A grid of streets, `side` metres apart, as GeoJSON."""
    across = [[(i * side, j * side) for i in range(columns)] for j in range(rows)]
    along = [[(i * side, j * side) for j in range(rows)] for i in range(columns)]
    return geojson(*across, *along)


def osm(nodes: dict[int, tuple[float, float]], ways: list[tuple[list[int], dict[str, str]]]) -> str:
    """An OpenStreetMap extract with `nodes` at metres."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="test">']
    for name, place in nodes.items():
        longitude, latitude = at(*place)
        parts.append(f'<node id="{name}" lat="{latitude}" lon="{longitude}"/>')
    for number, (refs, tags) in enumerate(ways, 1):
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        inner += "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        parts.append(f'<way id="{number}">{inner}</way>')
    return "\n".join([*parts, "</osm>"])


def metres(one: LonLat, other: LonLat) -> float:
    """Distance of two places."""
    (a, b) = PLANE.metres([one, other])
    return math.dist(a, b)
