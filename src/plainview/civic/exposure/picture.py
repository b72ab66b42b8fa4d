"""A walk or a district as an SVG map: what is seen, by whom, and which ways lead round it."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from plainview.civic.exposure.plane import Points
from plainview.civic.exposure.views import Sights

WIDTH: Final = 400.0
_MARGIN: Final = 54.0
_LOWEST, _HIGHEST = 200.0, 420.0
_NARROWEST: Final = 40.0
_MOST_VIEWS: Final = 2000


class Shape(NamedTuple):
    """One line or area."""

    kind: str
    """running, idle, path, shortest, between, least or district."""
    points: str
    """As SVG writes them."""
    assumed: bool = False


class Picture(NamedTuple):
    """A map, north up, `WIDTH` units wide."""

    height: float
    views: tuple[Shape, ...]
    walks: tuple[Shape, ...]
    """The shortest first."""
    ends: tuple[tuple[float, float], ...]
    """Where the walk begins and ends; none for a district."""
    bar: float
    """Length of the scale's bar, units."""
    metres: float
    """What the bar stands for."""


def picture(
    sights: Sights,
    walks: Sequence[tuple[str, Points]],
    *,
    paths: NDArray[np.object_] | None = None,
    closed: bool = False,
) -> Picture:
    """The map of `walks`, each a kind with its corners (n, 2) in metres, `closed` ones as areas.

    Views that reach into it are drawn, at most 2,000 of them, and what lies within of the shapely
    lines `paths` where that is no more.
    """
    everything = np.vstack([points for _, points in walks])
    (west, south), (east, north) = everything.min(axis=0), everything.max(axis=0)
    wide, high = max(east - west, _NARROWEST), max(north - south, _NARROWEST / 2)
    per_metre = min((WIDTH - 2 * _MARGIN) / wide, (_HIGHEST - 2 * _MARGIN) / high)
    height = min(max(high * per_metre + 2 * _MARGIN, _LOWEST), _HIGHEST)
    middle = np.array(((west + east) / 2, (south + north) / 2))

    def drawn(points: Points) -> str:
        spots = (points - middle) * (per_metre, -per_metre) + (WIDTH / 2, height / 2)
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)

    room = np.array((WIDTH, height)) / per_metre / 2
    frame = shapely.box(*(middle - room), *(middle + room))
    views = []
    for k in np.sort(sights.tree.query(frame, predicate="intersects"))[:_MOST_VIEWS]:
        sight = sights.sights[k]
        corners = np.asarray(sight.shape.exterior.coords)[:-1]
        views.append(
            Shape("running" if sight.running else "idle", drawn(corners), bool(sight.assumed))
        )
    lines = [
        Shape("path", drawn(np.asarray(part.coords)))
        for path in _within(paths, frame)
        for part in shapely.get_parts(shapely.intersection(path, frame))
        if len(part.coords) > 1
    ]
    lines += [Shape(kind, drawn(points)) for kind, points in walks]
    ends = () if closed else (walks[0][1][0], walks[0][1][-1])
    metres = _round_length(WIDTH / 4 / per_metre)
    return Picture(
        round(height, 1),
        tuple(views),
        tuple(lines),
        tuple(
            (round(float(x), 1), round(float(y), 1))
            for x, y in (
                (end - middle) * (per_metre, -per_metre) + (WIDTH / 2, height / 2) for end in ends
            )
        ),
        round(metres * per_metre, 1),
        metres,
    )


def _within(paths: NDArray[np.object_] | None, frame: BaseGeometry) -> NDArray[np.object_]:
    if paths is None:
        return np.array([], dtype=object)
    inside = paths[shapely.intersects(paths, frame)]
    return inside if len(inside) <= _MOST_VIEWS else inside[:0]


def _round_length(most: float) -> float:
    """The longest of 1, 2 or 5 times a power of ten that is at most `most`."""
    base: float = 10.0 ** math.floor(math.log10(most))
    return base * max(times for times in (1, 2, 5) if times * base <= most)


_VIEWS: Final = "red: seen now; grey: a camera that does not run; broken edge: view assumed"
_STYLE: Final = """
.paper{fill:#f4f5f6}.running{fill:#b3261e;fill-opacity:.18;stroke:#b3261e}
.idle{fill:#6f7e8a;fill-opacity:.12;stroke:#6f7e8a}.assumed{stroke-dasharray:4 3}
.path{fill:none;stroke:#c3cbd1;stroke-width:1}.district{fill:none;stroke:#16212a;stroke-width:2}
.shortest,.between,.least{fill:none;stroke-width:3.5;stroke-linejoin:round}
.shortest{stroke:#16212a;stroke-dasharray:7 4}.between{stroke:#6f7e8a;stroke-width:1.5}
.least{stroke:#0b6a80}text{font:11px sans-serif;fill:#16212a}
"""


def as_svg(drawing: Picture, *, title: str) -> bytes:
    """The map as a file that stands by itself, with its legend."""
    h = drawing.height
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {h + 44:g}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect class="paper" width="{WIDTH:g}" height="{h + 44:g}"/>',
        f'<svg width="{WIDTH:g}" height="{h:g}">',
    ]
    for shape in drawing.views:
        assumed = " assumed" if shape.assumed else ""
        parts.append(f'<polygon class="{shape.kind}{assumed}" points="{shape.points}"/>')
    for shape in drawing.walks:
        tag = "polygon" if shape.kind == "district" else "polyline"
        parts.append(f'<{tag} class="{shape.kind}" points="{shape.points}"/>')
    parts += [f'<circle cx="{x:g}" cy="{y:g}" r="5"/>' for x, y in drawing.ends]
    parts += [
        "</svg>",
        f'<path d="M14 {h - 14:g}v6h{drawing.bar:g}v-6" fill="none" stroke="#16212a"/>',
        f'<text x="14" y="{h - 18:g}">{drawing.metres:g} m</text>',
        '<text x="380" y="16">N ↑</text>',
        f'<text x="14" y="{h + 16:g}">{_VIEWS}</text>',
        f'<text x="14" y="{h + 32:g}">broken line: shortest; blue: least seen</text>',
        "</svg>\n",
    ]
    return "\n".join(parts).encode()
