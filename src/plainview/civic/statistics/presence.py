"""How many views can see one person at once: the overlap of the grounds that cameras measure."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from shapely import STRtree
from shapely.geometry import Polygon
from shapely.ops import polygonize, unary_union

from plainview.geometry import METRES_PER_DEGREE
from plainview.governance.places import Place, stand

MARGIN: Final = 1.0
"""Metres by which each ground is widened: calibration errs, and a body reaches past its feet."""
_SLIVER: Final = 1e-6
"""Square metres below which a face of the arrangement is rounding."""


def footprints(places: Sequence[Place]) -> list[Polygon]:
    """The ground of each camera of `places`, widened by MARGIN, metres on one common plane.

    Flat earth about the mean latitude: far apart it bends, but only what is near can overlap.
    Raises CalibrationError for a view that cannot be.
    """
    areas = [stand(place).area for place in places]
    corners = [corner for area in areas for corner in area]
    middle = sum(latitude for _, latitude in corners) / max(len(corners), 1)
    shrink = math.cos(math.radians(middle))
    return [
        Polygon(
            [
                (longitude * METRES_PER_DEGREE * shrink, latitude * METRES_PER_DEGREE)
                for longitude, latitude in area
            ]
        ).buffer(MARGIN, join_style="mitre")
        for area in areas
    ]


def overlap(grounds: Sequence[Polygon]) -> int:
    """The largest number of `grounds` that share one point: c. 0 where there are none.

    The faces of the arrangement of all outlines are counted one by one, group by group of grounds
    that touch, so the number is exact.
    """
    return max((_deepest([grounds[k] for k in group]) for group in _groups(grounds)), default=0)


def _groups(grounds: Sequence[Polygon]) -> Iterator[list[int]]:
    """Indices of grounds that hang together."""
    if not grounds:
        return
    pairs = STRtree(grounds).query(grounds, predicate="intersects")
    size = len(grounds)
    links = coo_matrix((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=(size, size))
    many, label = connected_components(links, directed=False)
    members: list[list[int]] = [[] for _ in range(many)]
    for index, group in enumerate(label):
        members[group].append(index)
    yield from members


def _deepest(grounds: list[Polygon]) -> int:
    if len(grounds) == 1:
        return 1
    outlines: Any = unary_union([ground.boundary for ground in grounds])
    faces = [face.representative_point() for face in polygonize(outlines) if face.area > _SLIVER]
    inside = STRtree(grounds).query(faces, predicate="within")[0]
    return int(np.bincount(inside).max(initial=1))


def apart(grounds: Sequence[Polygon], most: int) -> list[int]:
    """Indices of `grounds`, the largest first, so many that no point has more than `most`.

    Raises ValueError for a `most` below 1.
    """
    if most < 1:
        message = f"no ground can be kept with at most {most} views of a point"
        raise ValueError(message)
    order = sorted(range(len(grounds)), key=lambda k: (-grounds[k].area, k))
    tree = STRtree(grounds)
    kept: set[int] = set()
    for k in order:
        beside = [
            shared
            for other in tree.query(grounds[k], predicate="intersects")
            if int(other) in kept
            for shared in _polygons(grounds[k].intersection(grounds[int(other)]))
        ]
        if overlap(beside) < most:
            kept.add(k)
    return sorted(kept)


def _polygons(shape: Any) -> Iterator[Polygon]:  # noqa: ANN401 - any geometry of Shapely
    for part in getattr(shape, "geoms", (shape,)):
        if isinstance(part, Polygon) and part.area > _SLIVER:
            yield part
