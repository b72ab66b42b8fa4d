"""Which lines and zones of a camera lie wholly where it sees nothing: quickly, for each start."""

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from plainview.geometry import BODY_HEIGHT, Points, View, project

_FINE = 48
"""Points along each side of the box around a shape at which it is looked for."""


def out_of_sight(view: View) -> list[str]:
    """`line 'gate'`, `zone 'tramway'`: each that is wholly out of the picture of `view`.

    Of zones also each wholly outside the area, for nothing is looked for there. What neither stands
    in the picture with its feet nor with its head is out of it. `app.camera` says how much is seen
    of what is seen in part.
    """
    area = Polygon(view.polygon)
    shapes: list[tuple[str, BaseGeometry]] = [
        (f"line {line.name!r}", LineString((line.start, line.end))) for line in view.lines
    ]
    shapes += [
        (f"zone {zone.name!r}", Polygon(zone.polygon).intersection(area)) for zone in view.zones
    ]
    return [name for name, shape in shapes if not _seen(view, shape)]


def _seen(view: View, shape: BaseGeometry) -> bool:
    """Whether somebody who stands anywhere on `shape` is in the picture, feet or head."""
    if shape.is_empty:
        return False
    matrix, ground = view.matrix(), _points(shape)
    size = np.array(view.calibration.image_size, dtype=np.float64)
    for height in (0.0, BODY_HEIGHT):
        pixels, depth = project(matrix, np.column_stack((ground, np.full(len(ground), height))))
        inside = np.all((pixels >= -0.5) & (pixels <= size - 0.5), axis=1)
        if np.any(inside & (depth > 0)):
            return True
    return False


def _points(shape: BaseGeometry) -> Points:
    """(n, 2) ground metres: points along the rim of `shape`, and through it where it has area."""
    rim = shapely.get_coordinates(shapely.segmentize(shape, max(shape.length, 1e-3) / (8 * _FINE)))
    if shape.area == 0:
        return rim
    west, south, east, north = shape.bounds
    x, y = np.meshgrid(np.linspace(west, east, _FINE), np.linspace(south, north, _FINE))
    within = shapely.contains_xy(shape, x, y)
    return np.vstack((rim, np.column_stack((x[within], y[within]))))
