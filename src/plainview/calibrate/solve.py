"""From marks on a picture to a projection, with what each mark says of it, or why there is none.

Every mark gives residuals in units of its own expected error: a ground point with coordinates its
distance in pixels from where it should appear; a measured distance its error; a standing person
the error of the height and the lean. How the camera is sought: fit.py.
"""

import math
from typing import Literal

import numpy as np
from msgspec import Struct

from plainview.calibrate.fit import Fit, best_fit, freedom_of, heights_of, leave_out, scale_error
from plainview.calibrate.marks import Marks, check
from plainview.calibrate.problem import Problem, arrange, check_enough
from plainview.errors import CalibrationError
from plainview.geometry import Calibration

_HOPELESS = 12.0
"""Times the expected error from which on no camera is given out."""
_VAGUE = 0.25
"""Standard error of scale, as a share, from which on no camera is given out."""


class Residual(Struct, frozen=True):
    """How far one mark is from what the solved camera says."""

    mark: str
    kind: Literal["point", "distance", "person"]
    cm: float
    """On the ground for a point; of the length for a distance; of the height for a person."""
    left_out: bool = False
    """It disagreed with all others and was not used."""


class Solution(Struct, frozen=True):
    """A camera that explains the marks, and how well."""

    calibration: Calibration
    residuals: tuple[Residual, ...]
    rms_cm: float
    """Over the marks that were used."""
    scale_percent: float
    """Standard error of lengths on the ground among the marks, by the marks' own noise."""
    focal: float
    """Pixels."""
    height: float
    """Camera above the ground, metres."""
    tilt: float
    """Degrees below the horizon."""
    roll: float
    """Degrees clockwise."""
    notes: tuple[str, ...]
    """For the person: what was left out or assumed, and what would mend it."""


def _check_credible(problem: Problem, fit: Fit, scale: float) -> None:
    """Raise CalibrationError, naming what is missing, for a camera that the marks do not fix."""
    where = "marks"
    freedom = freedom_of(problem)
    off = math.sqrt(fit.cost / max(freedom, 1))
    if off > _HOPELESS and freedom:
        if len(problem.known) >= 4:
            mirrored, _ = best_fit(problem._replace(given=problem.given * [1.0, -1.0]))
            if mirrored.cost < 0.02 * fit.cost:
                raise CalibrationError(
                    "the coordinates are mirrored",
                    where=where,
                    mend="Seen from above, y must point to the left of x; change the sign of y",
                )
        raise CalibrationError(
            f"the marks contradict each other: on average {off:.0f} times what clicks and tape "
            "measures explain",
            where=where,
            mend="Check the pixels, the distances and the order of the points",
        )
    if not math.isfinite(scale) or scale > _VAGUE:
        feet = np.linalg.norm(fit.camera.ground(problem.pixels()), axis=1)
        if len(problem.feet) and not len(problem.known) and not len(problem.metres):
            near = float(np.max(feet) / max(np.min(feet), 1e-9)) < 1.5
            what = (
                "the people all stand at about the same distance from the camera"
                if near
                else "the people marked do not fix the camera"
            )
            mend = "Mark people both near and far, left and right, or measure a distance as well"
        else:
            what = "the points lie too close together or too nearly on a line to fix the camera"
            mend = "Spread them over the picture, near and far, or mark standing people as well"
        raise CalibrationError(what, where=where, mend=mend)


def _report(marks: Marks, problem: Problem, fit: Fit) -> tuple[tuple[Residual, ...], float]:
    camera, placement = fit.camera, fit.placement
    names = [n for n, p in zip(marks.names(), marks.points, strict=True) if p.ground is not None]
    names = names[: len(problem.known)] if len(problem.known) else []
    off = camera.ground(problem.known) - placement.apply(problem.given)
    a, b = camera.ground(problem.ends[0]), camera.ground(problem.ends[1])
    rows: list[tuple[str, Literal["point", "distance", "person"], float]] = [
        (name, "point", float(cm))
        for name, cm in zip(names, 100 * np.linalg.norm(off, axis=1), strict=True)
    ]
    lengths = 100 * (np.linalg.norm(a - b, axis=1) - problem.metres)
    rows += [
        (f"{d.between[0]} to {d.between[1]}", "distance", float(abs(cm)))
        for d, cm in zip(marks.distances, lengths, strict=True)
    ]
    tall = 100 * (heights_of(camera, problem) - problem.heights)
    rows += [(f"person {k}", "person", float(abs(cm))) for k, cm in enumerate(tall, start=1)]
    residuals = tuple(
        Residual(mark, kind, round(cm, 2), left_out=not bool(used))
        for (mark, kind, cm), used in zip(rows, problem.used, strict=True)
    )
    squares = [cm**2 for (_, _, cm), used in zip(rows, problem.used, strict=True) if used]
    return residuals, math.sqrt(sum(squares) / max(len(squares), 1))


def _notes(
    marks: Marks, residuals: tuple[Residual, ...], held: tuple[bool, bool], scale: float
) -> tuple[str, ...]:
    notes = [
        f"{r.mark} disagrees with all other marks by {_length(r.cm)} and was left out"
        for r in residuals
        if r.left_out
    ]
    if held[0]:
        notes.append(
            "The marks hardly say what lens this is; a usual one was taken into account. Marks "
            "near and far, left and right, would tell"
        )
    if held[1]:
        notes.append("The marks do not say whether the camera is level; it was taken as nearly so")
    if scale > 0.1:
        notes.append(f"Lengths may be off by {100 * scale:.0f} %. More marks would help")
    mentioned = {name for d in marks.distances for name in d.between}
    located = sum(p.ground is not None for p in marks.points)
    loose = [
        name
        for name, p in zip(marks.names(), marks.points, strict=True)
        if name not in mentioned and (p.ground is None or located < 2)
    ]
    if loose:
        notes.append(
            f"Ground points not used, for want of coordinates or distances: {', '.join(loose)}"
        )
    return tuple(notes)


def _length(cm: float) -> str:
    return f"{cm:.0f} cm" if cm < 100 else f"{cm / 100:.1f} m"


def solve(marks: Marks) -> Solution:
    """The camera that explains `marks` best.

    With two or more given coordinates the world is theirs; otherwise its origin is on the ground
    below the camera, y ahead, x to the right. Deterministic.

    Raises CalibrationError, naming what is missing and how to mend it, where the marks are too
    few, degenerate or contradict each other.
    """
    check(marks)
    problem = arrange(marks)
    check_enough(problem, spots=len(marks.points))
    fit, held = best_fit(problem)
    problem, fit, held = leave_out(problem, fit, held)
    scale = scale_error(fit, problem, held)
    _check_credible(problem, fit, scale)
    camera = fit.camera
    projection = camera.projection()
    if len(problem.known):
        projection = projection @ fit.placement.matrix()
    projection /= np.linalg.norm(projection[2, :3])
    rows = tuple(tuple(float(v) for v in row) for row in projection)
    residuals, rms = _report(marks, problem, fit)
    return Solution(
        calibration=Calibration(image_size=marks.image_size, projection=rows),  # type: ignore[arg-type]
        residuals=residuals,
        rms_cm=round(rms, 2),
        scale_percent=round(100 * scale, 2),
        focal=camera.focal,
        height=camera.height,
        tilt=math.degrees(camera.tilt),
        roll=math.degrees(camera.roll),
        notes=_notes(marks, residuals, held, scale),
    )
