"""How deep a zone is as a camera sees it, and who is inside it for all that is known of his feet.

Pure geometry: nothing here holds or reads a picture, so that whoever draws a zone can be told
beforehand what the detector will not be able to judge.
"""

from typing import Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from plainview.geometry import BODY_HEIGHT, View, camera_centre
from plainview.vision.events.feet import Standing
from plainview.vision.optics import Floats, working

UNSURE: Final = 0.1
"""Heights of a body by which feet may be higher or lower in the picture than they are found: that
many for nine in ten of the passers-by of ordinary scenes, dry, under clouds and in rain at night
(0.12 to 0.25 for the rest)."""
PIXELS: Final = 2.7
"""Working pixels by which they may be, at least: for nine in ten of the passers-by of eleven
stretches of the development part 2.4 to 3.5, be they 12 or 30 tall. Who is in a zone that is hardly
twice as deep, nobody can tell."""
WITHIN: Final = 0.3
"""Of a zone's depth along the line of sight, the most that somebody must be in for that."""
_PLACES: Final = 100
"""Of a zone's ground that are looked at."""


class Depth(NamedTuple):
    """What of a zone can be judged from one camera."""

    pixels: float
    """Working pixels that it is deep along the line of sight, where it is deepest."""
    metres: float
    """The same on the ground, there."""
    enough: float
    """Metres that it would have to be deep there for anybody to be surely inside."""
    judged: float
    """Part of its ground of which it is known that who stands there is inside, 0 to 1."""


def depth_of(ground: Polygon, view: View) -> Depth:
    """What of the zone `ground` can be judged in pictures of `view`, of the calibrated size."""
    projection = working(view, *view.calibration.image_size).matrix()
    centre = camera_centre(projection)
    places = _places(ground)
    per_body = Standing(projection, places).tall
    far = np.maximum(np.hypot(*(places - centre[:2]).T), 1e-6)
    # Ground that a body's height in the picture covers behind it.
    behind = BODY_HEIGHT * far / max(float(centre[2]), BODY_HEIGHT)
    through = np.array([_through(place, ground, centre) for place in places])
    deepest = int(np.argmax(through * per_body / behind))
    sure = [
        deep(place, ground, centre, least=PIXELS / pixels)
        for place, pixels in zip(places, per_body.tolist(), strict=True)
    ]
    metre = float(per_body[deepest] / behind[deepest])
    return Depth(
        pixels=float(through[deepest]) * metre,
        metres=float(through[deepest]),
        enough=2 * PIXELS / metre,
        judged=float(np.mean(sure)),
    )


def deep(
    foot: Floats, ground: Polygon, centre: Floats, lift: float = 0.0, least: float = 0.0
) -> bool:
    """Whether `foot` (2,), seen from `centre` (3,), is inside `ground`, were it a little amiss.

    By `least` heights of a body in the picture, however shallow the zone; and by `lift` higher
    there, where nothing is seen of him below.
    """
    away = foot - centre[:2]
    far = max(float(np.hypot(*away)), 1e-6)
    # The zone is as deep as it is through its middle: at a corner every way through it is short.
    middle = np.array(ground.centroid.coords[0])
    sight = LineString([middle - 2 * away, middle + 2 * away])
    tall = BODY_HEIGHT * far / max(float(centre[2]), BODY_HEIGHT)
    amiss = min(UNSURE * tall, WITHIN * float(sight.intersection(ground).length))
    amiss = max(amiss, least * tall)
    steps = (-amiss, max(amiss, lift * tall))
    return all(shapely.contains_xy(ground, *(foot + step / far * away)) for step in steps)


def _through(place: Floats, ground: Polygon, centre: Floats) -> float:
    """Metres of `ground` before and behind `place` (2,), on the line of sight through it."""
    away = place - centre[:2]
    unit = away / max(float(np.hypot(*away)), 1e-6)
    x0, y0, x1, y1 = ground.bounds
    reach = float(np.hypot(x1 - x0, y1 - y0)) + 1.0
    cut = LineString([place - reach * unit, place + reach * unit]).intersection(ground)
    here = shapely.Point(place)
    parts = [part for part in getattr(cut, "geoms", [cut]) if part.distance(here) < 1e-6]
    return float(sum(part.length for part in parts))


def _places(ground: Polygon) -> Floats:
    """(n, 2) places all over `ground`, one at least."""
    step = max(float(ground.area) / _PLACES, 1e-6) ** 0.5
    x0, y0, x1, y1 = ground.bounds
    gx, gy = np.meshgrid(np.arange(x0 + step / 2, x1, step), np.arange(y0 + step / 2, y1, step))
    inside = shapely.contains_xy(ground, gx.ravel(), gy.ravel())
    places = np.column_stack((gx.ravel()[inside], gy.ravel()[inside]))
    middle = ground.representative_point()
    return np.vstack((places, [[middle.x, middle.y]]))
