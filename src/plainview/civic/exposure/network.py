"""The footpaths of a place as a graph of straight pieces, from lines that share their corners."""

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from plainview.civic.exposure.plane import Plane, Points, checked, plane_over
from plainview.errors import UNDECODED, InputError

MOST_BYTES: Final = 400_000_000
MOST_PIECES: Final = 5_000_000
"""More than the paths of the largest cities have."""

Edges = NDArray[np.int64]
Metres = NDArray[np.float64]


class Network(NamedTuple):
    """Footpaths, both ways."""

    plane: Plane
    nodes: Points
    """(n, 2) metres on the plane."""
    edges: Edges
    """(m, 2) indices of nodes; each pair once, none with itself."""
    lengths: Metres
    """(m,) metres, more than 0."""
    parts: NDArray[np.int32]
    """(n,) which connected part a node is of; 0 is the largest."""
    tree: shapely.STRtree
    """Over the straight pieces, in the order of `edges`."""

    @property
    def pieces(self) -> NDArray[np.object_]:
        """(m,) shapely lines."""
        return np.asarray(self.tree.geometries)


def read_network(path: Path) -> Network:
    """The footpaths in `path`: an OpenStreetMap extract (.osm) or lines in GeoJSON.

    Raises InputError for any other file, one that is too large or holds no path.
    """
    name = path.name.lower()
    if name.endswith(".osm"):
        from plainview.civic.exposure.osm import read_osm  # noqa: PLC0415 - one reader is enough

        return build(*read_osm(path), where=str(path))
    if name.endswith((".geojson", ".json")):
        return build(*_geojson_paths(path), where=str(path))
    mend = "Give an OpenStreetMap extract as .osm, or lines as .geojson"
    if name.endswith((".pbf", ".osm.gz", ".osm.bz2")):
        mend = "Turn it into plain .osm first: 'osmium cat IN -o OUT.osm'"
    raise InputError("this is no file of footpaths that can be read", where=str(path), mend=mend)


def build(places: Points, edges: Edges, *, where: str) -> Network:
    """A network of `places` (n, 2), longitudes and latitudes, joined by `edges` (m, 2).

    Pieces that are there twice or have no length are left out. Raises InputError where none is
    left, there are too many, or they are too far apart.
    """
    if len(edges) > MOST_PIECES:
        raise InputError(
            f"{len(edges):,} pieces of path are more than {MOST_PIECES:,}",
            where=where,
            mend="Cut out the part that is asked about",
        )
    used, inverse = np.unique(edges, return_inverse=True)
    places, edges = places[used], inverse.reshape(-1, 2)
    if len(edges):
        plane = plane_over(places, where)
        nodes = plane.metres(places)
        edges = np.unique(np.sort(edges, axis=1), axis=0)
        lengths = np.linalg.norm(nodes[edges[:, 0]] - nodes[edges[:, 1]], axis=1)
        edges, lengths = edges[lengths > 1e-6], lengths[lengths > 1e-6]
    if not len(edges):
        raise InputError(
            "it holds no footpath", where=where, mend="Give lines on which people may walk"
        )
    return Network(
        plane,
        nodes,
        edges,
        lengths,
        _parts(len(nodes), edges),
        shapely.STRtree(lines(nodes[edges])),
    )


def lines(pieces: Points) -> NDArray[np.object_]:
    """(m,) shapely lines of pieces (m, 2, 2)."""
    return np.asarray(shapely.linestrings(pieces))


def _parts(count: int, edges: Edges) -> NDArray[np.int32]:
    """(n,) connected part of each node, numbered by size."""
    ones = np.ones(len(edges), dtype=np.int8)
    graph = csr_array((ones, (edges[:, 0], edges[:, 1])), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    order = np.argsort(-np.bincount(labels), kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return np.asarray(rank[labels], dtype=np.int32)


def _geojson_paths(path: Path) -> tuple[Points, Edges]:
    """Places and edges of every line in a GeoJSON file; lines meet where they share a corner."""
    numbers: dict[tuple[float, float], int] = {}
    edges: list[tuple[int, int]] = []
    for _, line in geojson_lines(path):
        ends = [numbers.setdefault(place, len(numbers)) for place in line]
        edges += itertools.pairwise(ends)
    places = np.array(list(numbers), dtype=np.float64).reshape(-1, 2)
    return places, np.array(edges, dtype=np.int64).reshape(-1, 2)


def geojson_lines(path: Path) -> Iterable[tuple[str, list[tuple[float, float]]]]:
    """(name, corners to 1 cm) of every line in a GeoJSON file. Raises InputError."""
    for name, kind, coordinates, where in geojson_shapes(path):
        if kind == "LineString":
            yield name, places_of(coordinates, where)
        elif kind == "MultiLineString":
            for line in coordinates if isinstance(coordinates, list) else ():
                yield name, places_of(line, where)


def read_districts(file: Path) -> list[tuple[str, list[tuple[float, float]]]]:
    """(name, corners) of every polygon in a GeoJSON file; holes are not cut out. InputError."""
    rings = []
    for name, kind, coordinates, where in geojson_shapes(file):
        shapes = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind, [])
        for shape in shapes if isinstance(shapes, list) else []:
            ring = places_of(shape[0] if isinstance(shape, list) and shape else None, where)
            rings.append((name, ring[:-1] if ring[:1] == ring[-1:] else ring))
    if not rings:
        raise InputError("it holds no polygon", where=str(file), mend="Give districts as Polygons")
    return rings


def geojson_shapes(path: Path) -> Iterable[tuple[str, str, Any, str]]:
    """(name, kind of geometry, coordinates, where it stands) of each feature. Raises InputError."""
    data = read_json(path)
    kind = data.get("type") if isinstance(data, dict) else None
    features = data.get("features") if kind == "FeatureCollection" else [data]
    if kind is None or not isinstance(features, list):
        raise InputError(
            "this is no GeoJSON", where=str(path), mend="Give a FeatureCollection (RFC 7946)"
        )
    for number, feature in enumerate(features):
        where = f"{path}, feature {number}"
        if not isinstance(feature, dict):
            raise InputError("this is no feature", where=where, mend="See RFC 7946, section 3.2")
        properties = feature.get("properties") or {}
        given = properties.get("name") if isinstance(properties, dict) else None
        name = str(given)[:100] if given else str(number + 1)
        shape = feature.get("geometry") if feature.get("type") == "Feature" else feature
        if isinstance(shape, dict):
            yield name, str(shape.get("type")), shape.get("coordinates"), where


def places_of(coordinates: object, where: str) -> list[tuple[float, float]]:
    """Longitudes and latitudes, to 1 cm, of a list of GeoJSON positions. Raises InputError."""
    found = []
    for position in coordinates if isinstance(coordinates, list) else ():
        match position:
            case [int() | float() as longitude, int() | float() as latitude, *_]:
                place = checked((float(longitude), float(latitude)), where)
                found.append((round(place[0], 7), round(place[1], 7)))
            case _:
                raise InputError(
                    "a position is not two numbers", where=where, mend="Give [longitude, latitude]"
                )
    return found


def read_json(path: Path) -> Any:  # noqa: ANN401 - what a file of others holds
    """What the JSON file at `path` holds. Raises InputError."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(
                f"larger than {MOST_BYTES // 1_000_000} MB",
                where=str(path),
                mend="Cut out the part that is asked about",
            )
        return msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"cannot be read ({error.strerror or error})", where=str(path), mend="Check the path"
        ) from error
    except UNDECODED as error:
        raise InputError(f"this is no JSON ({error})", where=str(path), mend="Mend it") from error
