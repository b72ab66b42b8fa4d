"""How much of a walk or a district is seen: by how many cameras, for how long, doing what.

Seconds are metres within a view divided by the walking speed. Two sums are told apart everywhere:
*time seen* (by one camera or more) and *camera-seconds* (each camera's seconds added up).
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import shapely
from msgspec import Struct
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from plainview.civic.exposure.network import Metres, Network
from plainview.civic.exposure.views import Sights
from plainview.errors import InputError
from plainview.governance.places import LonLat

WALKING: Final = 1.34
"""m/s, mean of free walking. U. Weidmann, Transporttechnik der Fussgänger, 2nd edition, ETH Zürich
(IVT 90), 1993, section 3.2."""


class Seen(Struct, frozen=True):
    """How much one camera sees of a walk."""

    camera: str
    seconds: float
    running: bool
    assumed: str
    """Empty for a calibrated view; `sector` or `circle` where its view is not known."""
    capabilities: tuple[str, ...]
    """What runs there now."""


class Doing(Struct, frozen=True):
    """What is done along a walk or in a district."""

    capability: str
    cameras: int
    seconds: float
    """Time of the walk within the view of at least one camera that does it; 0 for a district."""


class Sum(Struct, frozen=True):
    """One count of cameras over a walk."""

    cameras: int
    seconds_seen: float
    """Time within the view of at least one of them."""
    camera_seconds: float
    """Each camera's seconds, added up."""
    assumed: int
    """Those of `cameras` whose view is not known, and assumed."""


class WalkExposure(Struct, frozen=True):
    """How much of a walk is seen."""

    name: str
    metres: float
    seconds: float
    """At WALKING."""
    running: Sum
    registered: Sum
    """The same with the cameras that stand there and do not run now."""
    cameras: tuple[Seen, ...]
    """Who sees longest comes first."""
    doing: tuple[Doing, ...]
    unplaced: int
    """Cameras of which the register has no place: they may see it or not."""
    path: tuple[LonLat, ...] = ()


class DistrictExposure(Struct, frozen=True):
    """How much of a district is seen."""

    name: str
    square_metres: float
    running: int
    """Running cameras that see a part of it."""
    registered: int
    assumed: int
    """Those of `registered` whose view is not known, and assumed."""
    share_seen: float
    """Share of its ground that running cameras see, 0 to 1."""
    doing: tuple[Doing, ...]
    path_metres: float | None = None
    """Metres of footpath in it; None where no footpaths were given."""
    path_share_seen: float | None = None
    """Share of those that at least one running camera sees."""
    camera_seconds_per_km: float | None = None
    """Camera-seconds of running cameras for each kilometre walked on them."""


def walk_exposure(line: LineString, sights: Sights, *, name: str = "walk") -> WalkExposure:
    """How much of walking along `line` (metres on the plane of `sights`) is seen.

    Raises InputError for a line that has no length.
    """
    if not line.length > 0:
        raise InputError("the walk has no length", where=name, mend="Give two different places")
    inside: dict[int, float] = {}
    for k in np.sort(sights.tree.query(line, predicate="intersects")):
        metres = line.intersection(sights.sights[k].shape).length
        if metres > 0:
            inside[int(k)] = metres
    cameras = [
        Seen(
            sights.sights[k].camera,
            _seconds(metres),
            sights.sights[k].running,
            sights.sights[k].assumed,
            sights.sights[k].capabilities,
        )
        for k, metres in inside.items()
    ]
    running = [k for k in inside if sights.running[k]]
    return WalkExposure(
        name=name,
        metres=round(line.length, 1),
        seconds=_seconds(line.length),
        running=_sum(line, sights, {k: inside[k] for k in running}),
        registered=_sum(line, sights, inside),
        cameras=tuple(sorted(cameras, key=lambda one: (-one.seconds, one.camera))),
        doing=_doing(sights, running, line),
        unplaced=len(sights.unplaced),
        path=sights.plane.degrees(np.asarray(line.coords)),
    )


def district_exposure(
    shape: Polygon, sights: Sights, *, name: str, network: Network | None = None
) -> DistrictExposure:
    """How much of the ground `shape` (metres) is seen, and of the footpaths in it if given."""
    touching = np.sort(sights.tree.query(shape, predicate="intersects"))
    within = [int(k) for k in touching if sights.sights[k].shape.intersection(shape).area > 0]
    running = [k for k in within if sights.running[k]]
    seen = _union(sights, running)
    paths: tuple[float | None, float | None, float | None] = (None, None, None)
    if network is not None:
        paths = _paths(shape, seen, sights, running, network)
    return DistrictExposure(
        name=name,
        square_metres=round(shape.area, 1),
        running=len(running),
        registered=len(within),
        assumed=sum(bool(sights.sights[k].assumed) for k in within),
        share_seen=round(min(seen.intersection(shape).area / shape.area, 1.0), 4),
        doing=_doing(sights, running, None),
        path_metres=paths[0],
        path_share_seen=paths[1],
        camera_seconds_per_km=paths[2],
    )


def seen_metres(pieces: NDArray[np.object_], sights: Sights, *, every: bool) -> Metres:
    """(m,) camera-metres of each of the shapely lines `pieces` (m,): metres seen, by each camera.

    Of running cameras, or of `every` registered one.
    """
    total = np.zeros(len(pieces))
    if not len(sights.sights) or not len(pieces):
        return total
    piece, sight = sights.tree.query(pieces, predicate="intersects")
    if not every:
        runs = sights.running[sight]
        piece, sight = piece[runs], sight[runs]
    parts = shapely.intersection(pieces[piece], np.asarray(sights.tree.geometries)[sight])
    np.add.at(total, piece, shapely.length(parts))
    return total


def _seconds(metres: float) -> float:
    return round(metres / WALKING, 1)


def _union(sights: Sights, chosen: Iterable[int]) -> BaseGeometry:
    found: BaseGeometry = shapely.union_all([sights.sights[k].shape for k in chosen])
    return found


def _sum(line: LineString, sights: Sights, inside: dict[int, float]) -> Sum:
    return Sum(
        cameras=len(inside),
        seconds_seen=_seconds(line.intersection(_union(sights, inside)).length),
        camera_seconds=_seconds(sum(inside.values())),
        assumed=sum(bool(sights.sights[k].assumed) for k in inside),
    )


def _doing(sights: Sights, running: list[int], line: LineString | None) -> tuple[Doing, ...]:
    by_name: dict[str, list[int]] = {}
    for k in running:
        for name in sights.sights[k].capabilities:
            by_name.setdefault(name, []).append(k)
    return tuple(
        Doing(
            name,
            len(members),
            0.0 if line is None else _seconds(line.intersection(_union(sights, members)).length),
        )
        for name, members in sorted(by_name.items())
    )


def _paths(
    shape: Polygon, seen: BaseGeometry, sights: Sights, running: list[int], network: Network
) -> tuple[float, float | None, float | None]:
    inside = network.pieces[np.sort(network.tree.query(shape, predicate="intersects"))]
    parts = shapely.intersection(inside, shape)
    metres = float(shapely.length(parts).sum())
    if metres <= 0:
        return 0.0, None, None
    shapely.prepare(seen)
    once = float(shapely.length(shapely.intersection(parts, seen)).sum())
    each = sum(
        float(shapely.length(shapely.intersection(parts, sights.sights[k].shape)).sum())
        for k in running
    )
    return (
        round(metres, 1),
        round(min(once / metres, 1.0), 4),
        round(each / WALKING / metres * 1000, 1),
    )
