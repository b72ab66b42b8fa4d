"""A solved camera as CAMERA.toml (DESIGN.md section 5) with its area, written whole or not."""

import json
import math
import re
from pathlib import Path

import numpy as np
from msgspec import UNSET

from plainview.durable import put
from plainview.errors import CalibrationError, InputError, PlainviewError
from plainview.geometry import (
    BODY_HEIGHT,
    Calibration,
    Point,
    Points,
    View,
    Zone,
    camera_centre,
    check_view,
)
from plainview.schedule import Hours, clock

FARTHEST = 80.0
"""Metres from the camera beyond which no area is proposed."""
SMALLEST = 0.05
"""Share of the picture's height that a standing person must fill for an area to be proposed."""
_MARGIN = 0.02
"""Share of the picture at its edges that is left out of a proposed area."""


def _clip(polygon: Points, inside: Points) -> Points:
    """The part of convex `polygon` (n, 2) where `inside` (3,) . (x, y, 1) >= 0.

    Sutherland & Hodgman, Communications of the ACM 17(1), 1974.
    """
    side = np.column_stack((polygon, np.ones(len(polygon)))) @ inside
    kept = []
    for k in range(len(polygon)):
        here, there = polygon[k - 1], polygon[k]
        a, b = side[k - 1], side[k]
        if (a < 0) != (b < 0):
            kept.append(here + (there - here) * (a / (a - b)))
        if b >= 0:
            kept.append(there)
    return np.array(kept, dtype=np.float64).reshape(-1, 2)


def visible_area(calibration: Calibration) -> tuple[Point, ...]:
    """The ground in the picture that is near enough to measure, a convex polygon in metres.

    Raises CalibrationError where there is none.
    """
    width, height = calibration.image_size
    p = calibration.matrix()
    across, down, depth = (row[[0, 1, 3]] for row in p)
    focal = float(np.linalg.norm(np.cross(p[0, :3], p[2, :3])))
    farthest = min(focal * BODY_HEIGHT / (SMALLEST * height), FARTHEST)
    centre = camera_centre(p)[:2]
    reach = 4 * FARTHEST
    square = centre + reach * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    left, right = _MARGIN * width, (1 - _MARGIN) * width
    top, bottom = _MARGIN * height, (1 - _MARGIN) * height
    polygon = np.asarray(square, dtype=np.float64)
    for edge in (
        depth - np.array([0, 0, 0.1]),
        np.array([0, 0, farthest]) - depth,
        across - left * depth,
        right * depth - across,
        down - top * depth,
        bottom * depth - down,
    ):
        polygon = _clip(polygon, edge)
        if len(polygon) < 3:
            raise CalibrationError(
                "no ground within reach is in the picture",
                where="calibration",
                mend="Check the marks: the camera seems to look at the sky or from very far",
            )
    corners: list[Point] = []
    for x, y in np.round(polygon, 2):
        if not corners or math.dist(corners[-1], (x, y)) > 0.05:
            corners.append((float(x), float(y)))
    if math.dist(corners[0], corners[-1]) <= 0.05:
        corners.pop()
    return tuple(corners)


def camera_name(path: Path) -> str:
    """An id for a camera whose file is `path`: its stem, in letters that an id may have."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")[:64] or "camera"


def _numbers(values: tuple[float, ...]) -> str:
    return "[" + ", ".join(repr(float(v)) for v in values) + "]"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def camera_toml(camera_id: str, view: View, *, source: str | None = None, note: str = "") -> str:
    """CAMERA.toml's text. Raises InputError or CalibrationError if `view` cannot be measured."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", camera_id):
        raise InputError(
            f"{camera_id!r} cannot be a camera's id",
            where="id",
            mend="Use up to 64 letters, digits, dots, dashes or underscores, no sign first",
        )
    check_view(view)
    lines = [f"# {line}" for line in note.splitlines()]
    lines.append(f"id = {_text(camera_id)}")
    if source is not None:
        lines.append(f"source = {_text(source)}")
    lines += ["", "[calibration]", f"image_size = {list(view.calibration.image_size)}"]
    lines += ["projection = ["]
    lines += [f"  {_numbers(row)}," for row in view.calibration.projection]
    lines += ["]", "", "[area]"]
    lines += [f"polygon = [{', '.join(_numbers(point) for point in view.polygon)}]"]
    lines += [f"cell = {float(view.cell)!r}"]
    for line in view.lines:
        lines += ["", "[[lines]]", f"name = {_text(line.name)}"]
        lines += [f"from = {_numbers(line.start)}", f"to = {_numbers(line.end)}"]
    for zone in view.zones:
        lines += ["", "[[zones]]", f"name = {_text(zone.name)}", f"kind = {_text(zone.kind)}"]
        lines += [f"polygon = [{', '.join(_numbers(point) for point in zone.polygon)}]"]
        if zone.direction is not None:
            lines += [f"direction = {_numbers(zone.direction)}"]
        lines += _conditions(zone)
    return "\n".join(lines) + "\n"


def _conditions(zone: Zone) -> list[str]:
    """For whom and when `zone` is, where that was said."""
    lines = []
    if zone.sizes is not UNSET:
        lines.append(f"sizes = [{', '.join(_text(size) for size in zone.sizes)}]")
    if zone.length is not UNSET:
        lines.append(f"length = {_numbers(zone.length)}")
    if zone.crossing is not UNSET:
        lines.append(f"crossing = {_numbers(zone.crossing)}")
    if zone.schedule is not UNSET:
        lines.append(f"schedule = [{', '.join(_hours(hours) for hours in zone.schedule)}]")
    if zone.timezone is not UNSET:
        lines.append(f"timezone = {_text(zone.timezone)}")
    return lines


def _hours(hours: Hours) -> str:
    since, until = clock(hours.since), clock(hours.until)
    days = ", ".join(_text(day) for day in hours.days)
    return f"{{ days = [{days}], since = {_text(since)}, until = {_text(until)} }}"


def write(out: Path, text: str, *, overwrite: bool) -> None:
    """Put `text` at `out`: all of it or nothing.

    Raises InputError if it exists and `overwrite` is false, and PlainviewError
    if it cannot be written.
    """
    if out.exists() and not out.is_file():
        raise InputError("this is not a file", where=str(out), mend="Choose another name")
    if out.exists() and not overwrite:
        raise InputError(
            "the file exists already",
            where=str(out),
            mend="Choose another name, or say that it is to be overwritten",
        )
    try:
        # A file that appeared in the meantime is refused too.
        put(out, text.encode(), mode=0o666, over=overwrite)
    except FileExistsError as error:
        raise InputError(
            "the file exists already", where=str(out), mend="Choose another name"
        ) from error
    except OSError as error:
        raise PlainviewError(
            f"cannot be written ({error.strerror})",
            where=str(out),
            mend="Check the folder, its rights and its free space",
        ) from error
