"""The least-seen ways between two places, weighed against how much longer they are.

Each way is a shortest path (Dijkstra) for the weight `metres + price * camera-metres`; prices are
chosen as in Aneja & Nair, Management Science 25, 73 (1979), which finds the ways on the convex
front of length and exposure, each of which no other way beats in both.
"""

import itertools
import math
from typing import Final, NamedTuple

import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry import LineString, Point

from plainview.civic.exposure.measure import seen_metres
from plainview.civic.exposure.network import Edges, Metres, Network, lines
from plainview.civic.exposure.plane import Points
from plainview.civic.exposure.views import Sights
from plainview.errors import InputError
from plainview.governance.places import LonLat

NEAREST: Final = 300.0
"""Metres from which a place is taken onto the next footpath."""
_MOST_WAYS: Final = 12
_SHORTEST_PIECE: Final = 1e-6
"""A piece of no length would not be an edge at all."""


class Way(NamedTuple):
    """One way between two places."""

    line: LineString
    """Metres on the network's plane."""
    metres: float
    camera_metres: float


class _Graph(NamedTuple):
    """A network with the two places as its last two nodes."""

    nodes: Points
    edges: Edges
    lengths: Metres
    seen: Metres


def ways(
    network: Network,
    sights: Sights,
    seen: Metres,
    places: tuple[LonLat, LonLat],
    *,
    detour: float = 1.0,
    every: bool = False,
) -> list[Way]:
    """Ways from the first of `places` to the second: the shortest first, the least seen last.

    `seen` (m,) are the camera-metres of the network's pieces (`measure.seen_metres`), of running
    cameras or of `every` one; `sights` lie on the network's plane. No way is more than `detour`
    times longer than the shortest. Ways between two on the convex front are not looked for.
    Raises InputError where a place is far from any path, or no path joins the two.
    """
    graph = _joined(network, sights, seen, places, every=every)
    # Of several that are equally short the least seen: camera-metres count a millionth.
    first = _cheapest(graph, 1e-6)
    if first is None:
        raise InputError(
            "the footpaths do not join these two places",
            where="network",
            mend="Give a larger extract, or one in which lines that meet share a corner",
        )
    graph = _within(graph, first.metres * (1 + detour) + 1e-6)
    # The least seen at any length, and of those the shortest: metres count a millionth.
    last = _cheapest(graph, 1e6) or first
    found = [first]
    if last.camera_metres < first.camera_metres - 1e-6:
        found = _between(graph, first, last, [_MOST_WAYS])
    longest = first.metres * (1 + detour)
    return [way for way in found if way.metres <= longest + 1e-6]


def _between(graph: _Graph, short: Way, hidden: Way, left: list[int]) -> list[Way]:
    """The front from `short` to `hidden`, both included; at most `left[0]` further searches."""
    price = (hidden.metres - short.metres) / (short.camera_metres - hidden.camera_metres)
    if left[0] > 0:
        left[0] -= 1
        middle = _cheapest(graph, price)
        if middle is not None and (
            middle.metres + price * middle.camera_metres
            < short.metres + price * short.camera_metres - 1e-3
        ):
            before = _between(graph, short, middle, left)
            return before[:-1] + _between(graph, middle, hidden, left)
    return [short, hidden]


def _cheapest(graph: _Graph, price: float) -> Way | None:
    """The way for which metres + price * camera-metres is least; None where there is none."""
    n = len(graph.nodes)
    start, end = n - 2, n - 1
    # Divided by the price where that is large, so that metres and weights stay within a double.
    weights = (graph.lengths + price * graph.seen) / (1 + price)
    matrix = csr_array((weights, (graph.edges[:, 0], graph.edges[:, 1])), shape=(n, n))
    costs, before = dijkstra(
        matrix, directed=False, indices=np.array([start]), return_predecessors=True
    )
    if not math.isfinite(costs[0, end]):
        return None
    trail = [end]
    while trail[-1] != start:
        trail.append(int(before[0, trail[-1]]))
    trail.reverse()
    return _way(graph, trail)


def _way(graph: _Graph, trail: list[int]) -> Way:
    n = len(graph.nodes)
    steps = np.sort(np.column_stack((trail[:-1], trail[1:])), axis=1)
    keys = graph.edges[:, 0] * n + graph.edges[:, 1]
    order = np.argsort(keys)
    found = order[np.searchsorted(keys[order], steps[:, 0] * n + steps[:, 1])]
    return Way(
        LineString(graph.nodes[trail]),
        float(graph.lengths[found].sum()),
        float(graph.seen[found].sum()),
    )


def _within(graph: _Graph, longest: float) -> _Graph:
    """Only what a way of at most `longest` metres can use: an ellipse about both places."""
    start, end = graph.nodes[-2], graph.nodes[-1]
    reach = np.linalg.norm(graph.nodes - start, axis=1) + np.linalg.norm(graph.nodes - end, axis=1)
    near = reach[graph.edges].max(axis=1) <= longest + 1.0
    return graph._replace(
        edges=graph.edges[near], lengths=graph.lengths[near], seen=graph.seen[near]
    )


def _joined(
    network: Network,
    sights: Sights,
    seen: Metres,
    places: tuple[LonLat, LonLat],
    *,
    every: bool,
) -> _Graph:
    """The graph in which both places are nodes, on the pieces of path nearest to them."""
    points = network.plane.metres(places)
    onto = _nearest(network, points)
    n = len(network.nodes)
    nodes = [network.nodes]
    cuts: dict[int, list[tuple[float, int]]] = {}
    for number, (point, piece) in enumerate(zip(points, onto, strict=True)):
        line: LineString = network.pieces[piece]
        along = line.project(Point(point))
        nodes.append(np.asarray(line.interpolate(along).coords)[:1])
        cuts.setdefault(piece, []).append((along, n + number))
    all_nodes = np.vstack(nodes)
    kept = np.ones(len(network.edges), dtype=np.bool_)
    kept[list(cuts)] = False
    added = [
        pair
        for piece, marks in cuts.items()
        for pair in _chain(network.edges[piece], sorted(marks))
    ]
    fresh = np.sort(np.array(added, dtype=np.int64), axis=1)
    pieces = all_nodes[fresh]
    lengths = np.maximum(np.linalg.norm(pieces[:, 0] - pieces[:, 1], axis=1), _SHORTEST_PIECE)
    return _Graph(
        all_nodes,
        np.vstack((network.edges[kept], fresh)),
        np.concatenate((network.lengths[kept], lengths)),
        np.concatenate((seen[kept], seen_metres(lines(pieces), sights, every=every))),
    )


def _chain(edge: Edges, marks: list[tuple[float, int]]) -> list[tuple[int, int]]:
    stops = [int(edge[0]), *(node for _, node in marks), int(edge[1])]
    return list(itertools.pairwise(stops))


def _nearest(network: Network, points: Points) -> list[int]:
    """The piece of path nearest to each of two points; of the largest part if theirs differ."""
    shapes = [Point(point) for point in points]
    found = [int(k) for k in network.tree.nearest(shapes)]
    for name, point, shape, piece in zip(("from", "to"), points, shapes, found, strict=True):
        away = shape.distance(network.pieces[piece])
        if away > NEAREST:
            raise InputError(
                f"no footpath within {NEAREST:g} m of this place; the nearest is "
                f"{away / 1000:,.1f} km away{_swapped(network, point)}",
                where=f"--{name}",
                mend="Give a place in the extract",
            )
    if len({int(network.parts[network.edges[k, 0]]) for k in found}) > 1:
        largest = np.flatnonzero(network.parts[network.edges[:, 0]] == 0)
        tree = shapely.STRtree(network.pieces[largest])
        moved = [int(largest[k]) for k in tree.nearest(shapes)]
        if all(
            shape.distance(network.pieces[k]) <= NEAREST
            for shape, k in zip(shapes, moved, strict=True)
        ):
            return moved
    return found


def _swapped(network: Network, point: Points) -> str:
    """What to say where the place would lie in the network with its two numbers exchanged."""
    ((longitude, latitude),) = network.plane.degrees([point])
    other = network.plane.metres([(latitude, longitude)])[0]
    low, high = network.nodes.min(axis=0) - NEAREST, network.nodes.max(axis=0) + NEAREST
    inside = bool(((other >= low) & (other <= high)).all())
    return "; latitude and longitude may be swapped" if inside else ""
