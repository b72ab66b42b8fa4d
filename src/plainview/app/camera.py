"""`plainview camera check`: what a camera sees, in a person's terms, and what is amiss."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from plainview.config import CameraConfig, load_camera
from plainview.fleet.still import still
from plainview.fleet.zones import shallow
from plainview.geometry import (
    BODY_HEIGHT,
    Point,
    Points,
    View,
    Zone,
    camera_centre,
    cells_inside,
    project,
)

SMALL = 20.0
"""Pixels of a standing person below which counts become uncertain."""
WHOLE = 0.98
"""Share of a zone from which it counts as seen."""
OVERLAP = 0.5
"""m² that two zones of one kind may share: borders are drawn by hand."""
SHAPE = 0.01
"""Relative difference of width to height that scaling cannot explain."""
STEEP_HEIGHT = 60.0
"""Metres above the ground beyond which a camera on a building is unlikely."""


class Outline(NamedTuple):
    """A zone, and the kinds of event that it is for."""

    name: str
    kinds: frozenset[str]
    polygon: tuple[Point, ...]


class Sight(NamedTuple):
    """What of the area is seen, cell by cell; arrays are (n,) over the seen cells."""

    area: float
    """Ground inside the polygon, m² (cells whose centre lies inside)."""
    seen: float
    """Share of it that lies in the picture, feet and head, 0 to 1."""
    distance: NDArray[np.float64]
    """Metres from the camera."""
    person: NDArray[np.float64]
    """Pixels from feet to head of a person of BODY_HEIGHT."""
    scale: NDArray[np.float64]
    """Metres on the ground per pixel, in the direction in which a pixel covers most."""
    centre: Points
    """The camera's place, (3,) metres."""


def sight(view: View) -> Sight:
    """Measure `view` over its grid's cells."""
    matrix = view.matrix()
    grid = view.grid()
    ground = grid.centres()[cells_inside(grid, view.polygon)]
    if len(ground) == 0:
        ground = np.array(view.polygon, dtype=np.float64)
    feet, depth = project(matrix, np.column_stack((ground, np.zeros(len(ground)))))
    heads, head_depth = project(
        matrix, np.column_stack((ground, np.full(len(ground), BODY_HEIGHT)))
    )
    size = np.array(view.calibration.image_size, dtype=np.float64)
    inside = (depth > 0) & (head_depth > 0)
    for pixels in (feet, heads):
        inside &= np.all((pixels >= -0.5) & (pixels <= size - 0.5), axis=1)
    # A person needs not be seen whole to be measured: fall back to the feet alone.
    if not inside.any():
        inside = (depth > 0) & np.all((feet >= -0.5) & (feet <= size - 0.5), axis=1)
    step = 0.01
    jacobian = np.stack(
        [
            (project(matrix, np.column_stack((ground + offset, np.zeros(len(ground)))))[0] - feet)
            / step
            for offset in (np.array([step, 0.0]), np.array([0.0, step]))
        ],
        axis=-1,
    )[inside]
    least = np.linalg.svd(jacobian, compute_uv=False)[:, -1]
    centre = camera_centre(matrix)
    return Sight(
        area=len(ground) * view.cell**2,
        seen=float(np.count_nonzero(inside)) / len(ground),
        distance=np.hypot(np.linalg.norm(ground[inside] - centre[:2], axis=1), centre[2]),
        person=np.linalg.norm(heads[inside] - feet[inside], axis=1),
        scale=1.0 / np.maximum(least, 1e-9),
        centre=centre,
    )


def warnings(seen: Sight) -> list[str]:
    """What is likely amiss with what is `seen`, one line each."""
    found = []
    if seen.seen < 0.995:
        found.append(
            f"{1 - seen.seen:.0%} of the area has no whole person in the picture: "
            "make the polygon smaller, or turn the camera"
        )
    small = float(np.mean(seen.person < SMALL)) if len(seen.person) else 1.0
    if small > 0:
        found.append(
            f"on {small:.0%} of the area a person is less than {SMALL:.0f} pixels tall: "
            "counts there are uncertain"
        )
    height = float(seen.centre[2])
    if height <= BODY_HEIGHT:
        found.append(
            f"the calibration puts the camera {height:.1f} m above the ground: people hide each "
            "other; is z up and in metres?"
        )
    elif height > STEEP_HEIGHT:
        found.append(f"the calibration puts the camera {height:.0f} m high: is it in metres?")
    return found


def zone_warnings(view: View) -> list[str]:
    """What is amiss with the zones of `view`, one line each.

    Parts that are not seen, too little depth in the picture, and overlaps.
    """
    return zones_in(view, view.zones)


def zones_in(view: View, zones: Sequence[Zone]) -> list[str]:
    """The same of those `zones` of `view` alone."""
    picture = seen_ground(view)
    found = [
        f"zone {zone.name!r}: {part} of it is outside the picture or the area, where nothing can "
        "be seen: make the polygon smaller, or turn the camera"
        for zone in zones
        if (part := unseen(Polygon(zone.polygon), picture))
    ]
    inside = [zone for zone in zones if Polygon(zone.polygon).intersects(picture)]
    outlines = [Outline(zone.name, frozenset({zone.kind}), zone.polygon) for zone in zones]
    return [*found, *shallow(view, inside), *overlaps(outlines)]


def unseen(shape: BaseGeometry, seen: BaseGeometry) -> str:
    """How much of `shape` lies outside the ground that is `seen`; empty where it is whole."""
    share = float(shape.intersection(seen).area / shape.area)
    if share >= WHOLE:
        return ""
    return "all" if share < 1 - WHOLE else f"{1 - share:.0%}"


def overlaps(zones: Sequence[Outline]) -> list[str]:
    """One line for each two of `zones` that are for one kind and share ground."""
    found = []
    shapes = [Polygon(zone.polygon) for zone in zones]
    for k, zone in enumerate(zones):
        for j in range(k):
            kinds = zones[j].kinds & zone.kinds
            shared = float(shapes[k].intersection(shapes[j]).area) if kinds else 0.0
            if shared > OVERLAP:
                found.append(
                    f"zones {zones[j].name!r} and {zone.name!r} are both for "
                    f"{' and '.join(sorted(kinds))} and share {shared:.1f} m²: what happens there "
                    "is told for each"
                )
    return found


def seen_ground(view: View) -> BaseGeometry:
    """The ground of the area that is in the picture."""
    grid = view.grid()
    centres = grid.centres()[cells_inside(grid, view.polygon)]
    if len(centres) == 0:
        return Polygon(view.polygon)
    pixels, depth = project(view.matrix(), np.column_stack((centres, np.zeros(len(centres)))))
    size = np.array(view.calibration.image_size, dtype=np.float64)
    inside = (depth > 0) & np.all((pixels >= -0.5) & (pixels <= size - 0.5), axis=1)
    half = grid.cell / 2
    x, y = centres[inside].T
    cells = shapely.box(x - half, y - half, x + half, y + half)
    # A cell on the border stands for what of it lies inside, and on a little beyond.
    return shapely.union_all(cells).buffer(half, join_style="mitre")


def report(camera: CameraConfig) -> list[str]:
    """Lines for a person: what `camera` sees, then its warnings."""
    view = camera.view
    seen = sight(view)
    near, far = int(np.argmin(seen.distance)), int(np.argmax(seen.distance))
    width, height = view.calibration.image_size
    nx, ny = view.grid().shape
    rows = [
        ("camera", camera.id),
        ("picture", f"{width} x {height} pixels"),
        ("stands", f"{seen.centre[2]:.1f} m high, at [{seen.centre[0]:.1f}, {seen.centre[1]:.1f}]"),
        ("ground", f"{seen.area:.0f} m² in {nx} x {ny} cells of {view.cell:g} m"),
        ("nearest", _place(seen, near)),
        ("farthest", _place(seen, far)),
        ("lines", ", ".join(line.name for line in view.lines) or "none"),
        ("zones", ", ".join(f"{z.name} ({z.kind})" for z in view.zones) or "none"),
    ]
    lines = [f"{name:<9} {text}" for name, text in rows]
    return lines + [f"warning   {text}" for text in warnings(seen) + zone_warnings(view)]


def _place(seen: Sight, k: int) -> str:
    return (
        f"{seen.distance[k]:.0f} m away: {seen.scale[k] * 100:.1f} cm per pixel, "
        f"a person is {seen.person[k]:.0f} pixels tall"
    )


def check(camera_file: Path, *, video: Path | None) -> list[str]:
    """The report on `camera_file`, and whether the pictures of `video` suit it.

    Raises InputError if the file is wrong or the video gives no picture.
    """
    camera = load_camera(camera_file)
    lines = report(camera)
    if video is None:
        return lines
    width, height = still(video).size
    wanted = camera.view.calibration.image_size
    lines.append(f"video     {width} x {height} pixels")
    if abs(width / height / (wanted[0] / wanted[1]) - 1) > SHAPE:
        lines.append(
            "warning   the video's pictures have another shape than those that were calibrated: "
            "is it cropped, or another camera?"
        )
    return lines
