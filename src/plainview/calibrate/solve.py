"""From marks on a picture to a projection: robust nonlinear least squares over a pinhole camera.

Every mark gives residuals in units of its own expected error: a ground point with coordinates its
distance in pixels from where it should appear; a measured distance its error; a standing person
the error of the height and the lean. The camera is sought from many starts, with a soft loss that
lets one bad mark stand out; that mark is then left out and named. What the marks leave open
(usually focal length or roll) is held by weak knowledge of how cameras are mounted, and only then.

Source of the constraints: Hartley & Zisserman, 2nd ed., sections 8.6 to 8.8 (ground homography,
vertical vanishing point); people as verticals: Lv, Zhao & Nevatia, IEEE PAMI 28(9), 2006.
"""

import math
from itertools import combinations, product
from typing import Literal, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from scipy.optimize import least_squares

from plainview.calibrate.marks import Marks, check
from plainview.calibrate.pinhole import Pinhole, Placement, align
from plainview.errors import CalibrationError
from plainview.geometry import Calibration, Points

PIXEL_ERROR = 1.0
"""Standard error of a click in a picture 1000 pixels wide, in pixels; grows with the picture."""
TAPE_ERROR = (0.02, 0.01)
"""Standard error of a measured distance: metres, and share of the distance."""
HEIGHT_SPREAD = 0.04
"""Spread of adults' heights about the average, as a share of it (about 7 cm)."""

_FOCALS = (0.45, 0.7, 1.0, 1.4, 2.0, 2.9)
_TILTS = (6, 12, 20, 32, 48, 66, 82)
"""Starts: focal lengths in picture widths, tilts in degrees."""
_PRIOR_FOCAL = (0.0, 0.6)
"""Mean and deviation of log(focal / width): most cameras see 25 to 80 degrees."""
_PRIOR_ROLL = math.radians(1.5)
_OPEN = {"focal": 0.25, "roll": math.radians(3)}
"""Standard errors above which the marks are said to leave a quantity open."""


_SWAY = 0.025
"""Standard deviation of a standing person's lean, radians."""
_CONTRADICTION = 6.0
"""Squared error per degree of freedom from which on a bad mark is looked for."""
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


class _Problem(NamedTuple):
    """Marks as arrays, and which of them are used."""

    size: tuple[int, int]
    sigma: float
    """Standard error of a click, pixels."""
    known: Points
    """(n, 2) pixels of points with coordinates."""
    given: Points
    """(n, 2) their coordinates, metres."""
    ends: Points
    """(2, m, 2) pixels of the distances' ends."""
    metres: Points
    """(m,)"""
    feet: Points
    """(p, 2)"""
    heads: Points
    heights: Points
    """(p,) metres."""
    spread: Points
    """(p,) standard error of each height, as a share of it."""
    used: NDArray[np.bool_]
    """(n + m + p,) points, then distances, then people."""

    def centre(self) -> tuple[float, float]:
        """The principal point."""
        return (self.size[0] - 1) / 2, (self.size[1] - 1) / 2

    def pixels(self) -> Points:
        """(k, 2) every place on the ground that was marked."""
        return np.vstack((self.known, self.ends.reshape(-1, 2), self.feet))

    def without(self, mark: int) -> "_Problem":
        """The same with one mark left out."""
        used = self.used.copy()
        used[mark] = False
        return self._replace(used=used)

    def split(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """`used` for points, distances and people."""
        n, m = len(self.known), len(self.metres)
        return self.used[:n], self.used[n : n + m], self.used[n + m :]

    def equations(self) -> int:
        """Independent facts about the camera alone; four numbers are sought."""
        points, distances, people = (int(np.count_nonzero(u)) for u in self.split())
        return max(2 * points - 3, 0) + distances + 2 * people


class _Fit(NamedTuple):
    """A camera, where the given coordinates lie before it, and the cost in standard errors."""

    parameters: Points
    camera: Pinhole
    placement: Placement
    cost: float
    """Sum of squared normalised residuals of the used marks."""
    score: float
    """Negative log likelihood under the soft loss, for comparing fits."""


def _unpack(x: Points, problem: _Problem) -> tuple[Pinhole, Placement]:
    height = math.exp(x[3])
    camera = Pinhole(math.exp(x[0]), height, x[1], x[2], problem.centre())
    if len(x) < 7:
        return camera, Placement(0.0, 0.0, 0.0)
    return camera, Placement(x[4], x[5] * height, x[6] * height)


def _reach(camera: Pinhole, pixels: Points, sigma: float, towards: Points) -> Points:
    """Standard error (n,) along unit vectors `towards` (n, 2) of the ground under `pixels`."""
    ground = camera.ground(pixels)
    across = camera.ground(pixels + np.array([1.0, 0.0])) - ground
    down = camera.ground(pixels + np.array([0.0, 1.0])) - ground
    return np.asarray(
        sigma * np.hypot(np.sum(across * towards, axis=1), np.sum(down * towards, axis=1))
    )


def _distance_errors(camera: Pinhole, problem: _Problem) -> Points:
    """Standard error (m,) in metres of each distance: the tape's and the two clicks'."""
    a, b = camera.ground(problem.ends[0]), camera.ground(problem.ends[1])
    along = (b - a) / np.maximum(np.linalg.norm(b - a, axis=1), 1e-9)[:, None]
    tape = TAPE_ERROR[0] + TAPE_ERROR[1] * problem.metres
    clicks = [_reach(camera, pixels, problem.sigma, along) for pixels in problem.ends]
    return np.asarray(np.sqrt(tape**2 + clicks[0] ** 2 + clicks[1] ** 2))


def _residuals(x: Points, problem: _Problem, errors: Points) -> Points:
    """Normalised residuals (2n + m + 2p,) of all marks; those not used are zero."""
    camera, placement = _unpack(x, problem)
    points, distances, people = problem.split()
    placed = placement.apply(problem.given)
    at = camera.image(np.column_stack((placed, np.zeros(len(placed)))))
    off_points = (at - problem.known) / problem.sigma
    a, b = camera.ground(problem.ends[0]), camera.ground(problem.ends[1])
    off_distances = (np.linalg.norm(b - a, axis=1) - problem.metres) / errors
    tops = camera.image(np.column_stack((camera.ground(problem.feet), problem.heights)))
    upright = problem.heads - problem.feet
    length = np.linalg.norm(upright, axis=1)
    upright = upright / np.maximum(length, 1e-9)[:, None]
    off = tops - problem.heads
    click = 2 * problem.sigma**2
    along = np.sum(off * upright, axis=1) / np.sqrt(click + (problem.spread * length) ** 2)
    aside = off[:, 0] * upright[:, 1] - off[:, 1] * upright[:, 0]
    aside = aside / np.sqrt(click + (_SWAY * length) ** 2)
    out = np.concatenate(
        (
            (off_points * points[:, None]).ravel(),
            off_distances * distances,
            along * people,
            aside * people,
        )
    )
    return np.asarray(np.clip(np.nan_to_num(out, nan=1e4), -1e4, 1e4))


def _priors(x: Points, problem: _Problem, held: tuple[bool, bool]) -> Points:
    focal = (x[0] - math.log(problem.size[0]) - _PRIOR_FOCAL[0]) / _PRIOR_FOCAL[1]
    return np.array([focal * held[0], x[2] / _PRIOR_ROLL * held[1]])


def _starts(problem: _Problem, most: int) -> list[Points]:
    """Cameras on a coarse mesh of focal lengths and tilts that explain the marks best, best first.

    Given those two (and no roll) height and placement follow in closed form.
    """
    found: list[tuple[float, Points]] = []
    points, distances, people = problem.split()
    for share, degrees in product(_FOCALS, _TILTS):
        unit = Pinhole(share * problem.size[0], 1.0, math.radians(degrees), 0.0, problem.centre())
        heights, misfit = [], []
        if np.count_nonzero(points) >= 2:
            scale, _, residual = align(problem.given[points], unit.ground(problem.known[points]))
            heights.append(np.full(np.count_nonzero(points), -math.log(max(scale, 1e-9))))
            spread = float(np.std(problem.given[points])) * scale
            misfit.append(residual / max(spread, 1e-9))
        if np.any(distances):
            a, b = unit.ground(problem.ends[0]), unit.ground(problem.ends[1])
            length = np.maximum(np.linalg.norm(a - b, axis=1), 1e-9)
            heights.append(np.log(problem.metres / length)[distances])
        if np.any(people):
            tall = np.maximum(_heights(unit, problem), 1e-3)
            heights.append(np.log(problem.heights / tall)[people])
        logs = np.concatenate(heights)
        log_height = float(np.median(logs))
        misfit.append(float(np.mean(np.minimum(np.abs(logs - log_height), 1.0))))
        x = [math.log(unit.focal), unit.tilt, 0.0, log_height]
        if len(problem.known):
            _, placement, _ = align(
                problem.given[points] * math.exp(-log_height), unit.ground(problem.known[points])
            )
            x += [placement.turn, placement.x, placement.y]
        found.append((sum(misfit), np.array(x)))
    found.sort(key=lambda pair: pair[0])
    return [x for _, x in found[:most]]


def _heights(camera: Pinhole, problem: _Problem) -> Points:
    """Metres (p,) from each foot up to where its head is seen, along the picture of the upright."""
    foot = np.column_stack((camera.ground(problem.feet), np.zeros(len(problem.feet))))
    projection = camera.projection()
    base = foot @ projection[:, :3].T + projection[:, 3]
    up = projection[:, 2]
    way = problem.heads - problem.feet
    head = np.sum(way * problem.heads, axis=1)
    over = head * base[:, 2] - np.sum(way * base[:, :2], axis=1)
    under = way @ up[:2] - head * up[2]
    return np.asarray(over / np.where(np.abs(under) < 1e-12, 1e-12, under))


def _refine(x: Points, problem: _Problem, held: tuple[bool, bool], *, soft: bool) -> _Fit:
    width = problem.size[0]
    low = np.full(len(x), -np.inf)
    high = np.full(len(x), np.inf)
    low[:4] = math.log(0.2 * width), math.radians(-10), -0.6, math.log(0.3)
    high[:4] = math.log(12 * width), math.radians(90), 0.6, math.log(1000)
    x = np.clip(x, low + 1e-9, high - 1e-9)
    errors = _distance_errors(_unpack(x, problem)[0], problem)

    def off(y: Points) -> Points:
        return np.concatenate((_residuals(y, problem, errors), _priors(y, problem, held)))

    # The distances' errors depend on the camera: fixed while solving, lest it flee to where they
    # are large, and renewed in between.
    tolerance = 1e-5 if soft else 1e-11
    for _ in range(1 if soft else 2):
        errors = _distance_errors(_unpack(x, problem)[0], problem)
        result = least_squares(
            off,
            x,
            bounds=(low, high),
            loss="soft_l1" if soft else "linear",
            f_scale=2.0,
            x_scale="jac",
            max_nfev=25 if soft else 80,
            xtol=tolerance,
            ftol=tolerance,
            gtol=tolerance,
        )
        x = np.asarray(result.x, dtype=np.float64)
    camera, placement = _unpack(x, problem)
    normal = _residuals(x, problem, errors)
    distances = problem.split()[1]
    score = float(result.cost + np.sum(np.log(errors[distances])))
    return _Fit(x, camera, placement, float(np.sum(normal**2)), score)


def _jacobian(fit: _Fit, problem: _Problem) -> Points:
    """Central differences (residuals, parameters) of the data's residuals."""
    errors = _distance_errors(fit.camera, problem)
    columns = []
    for k in range(len(fit.parameters)):
        step = np.zeros(len(fit.parameters))
        step[k] = 1e-5
        ahead = _residuals(fit.parameters + step, problem, errors)
        behind = _residuals(fit.parameters - step, problem, errors)
        columns.append((ahead - behind) / 2e-5)
    return np.column_stack(columns)


def _covariance(fit: _Fit, problem: _Problem, held: tuple[bool, bool]) -> Points:
    """Of the parameters; what is not determined at all is given a very large variance."""
    jacobian = _jacobian(fit, problem)
    information = jacobian.T @ jacobian + 1e-8 * np.eye(jacobian.shape[1])
    information[0, 0] += held[0] / _PRIOR_FOCAL[1] ** 2
    information[2, 2] += held[1] / _PRIOR_ROLL**2
    return np.asarray(np.linalg.inv(information))


def _solve(problem: _Problem) -> tuple[_Fit, tuple[bool, bool]]:
    """The best camera, and whether focal length and roll had to be held by what is usual."""
    both = (True, True)
    fits = [_refine(x, problem, both, soft=True) for x in _starts(problem, 4)]
    fit = min(fits, key=lambda f: f.score)
    variance = np.diag(_covariance(fit, problem, (False, False)))
    # Rounding can turn the variance of what is not determined at all negative.
    free = np.sqrt(np.where(variance >= 0, variance, np.inf))
    held = (bool(free[0] > _OPEN["focal"]), bool(free[2] > _OPEN["roll"]))
    return _refine(fit.parameters, problem, held, soft=False), held


def _mark_errors(fit: _Fit, problem: _Problem) -> Points:
    """Normalised residual (n + m + p,) of every mark, used or not."""
    n, m, p = len(problem.known), len(problem.metres), len(problem.feet)
    every = problem._replace(used=np.ones(n + m + p, dtype=bool))
    off = _residuals(fit.parameters, every, _distance_errors(fit.camera, problem))
    people = off[2 * n + m :].reshape(2, p)
    return np.concatenate(
        (
            np.linalg.norm(off[: 2 * n].reshape(n, 2), axis=1) / math.sqrt(2),
            np.abs(off[2 * n : 2 * n + m]),
            np.linalg.norm(people, axis=0) / math.sqrt(2),
        )
    )


def _freedom(problem: _Problem) -> int:
    return max(problem.equations() - 4, 0)


def _leave_out(
    problem: _Problem, fit: _Fit, held: tuple[bool, bool]
) -> tuple[_Problem, _Fit, tuple[bool, bool]]:
    """Leave out marks, one by one, without which all the others suddenly agree."""
    for _ in range(max(1, len(problem.used) // 6)):
        freedom = _freedom(problem)
        if freedom < 2 or fit.cost / freedom < _CONTRADICTION:
            break
        errors = _mark_errors(fit, problem) * problem.used
        best: tuple[_Problem, _Fit, tuple[bool, bool]] | None = None
        for mark in np.argsort(errors)[::-1][:8]:
            fewer = problem.without(int(mark))
            if errors[mark] == 0 or fewer.equations() < 5:
                continue
            other, other_held = _solve(fewer)
            if best is None or other.cost < best[1].cost:
                best = (fewer, other, other_held)
        if best is None or best[1].cost / max(_freedom(best[0]), 1) > 0.25 * fit.cost / freedom:
            break
        problem, fit, held = best
    return problem, fit, held


def _scale_error(fit: _Fit, problem: _Problem, held: tuple[bool, bool]) -> float:
    """Standard error of the logarithm of lengths between marks on the ground, median over pairs."""
    pixels = problem.pixels()
    pixels = pixels[:: max(1, len(pixels) // 12)]
    pairs = list(combinations(range(len(pixels)), 2))
    first, second = np.array(pairs).T

    def logs(x: Points) -> Points:
        ground = _unpack(x, problem)[0].ground(pixels)
        lengths = np.linalg.norm(ground[first] - ground[second], axis=1)
        return np.asarray(np.log(np.maximum(lengths, 1e-9)))

    far = np.linalg.norm(pixels[first] - pixels[second], axis=1) > 0.02 * problem.size[0]
    covariance = _covariance(fit, problem, held)
    columns = []
    for k in range(len(fit.parameters)):
        step = np.zeros(len(fit.parameters))
        step[k] = 1e-5
        columns.append((logs(fit.parameters + step) - logs(fit.parameters - step)) / 2e-5)
    sensitivity = np.column_stack(columns)[far]
    variance = np.einsum("ij,jk,ik->i", sensitivity, covariance, sensitivity)
    middle = float(np.median(variance)) if np.any(far) else math.inf
    return math.sqrt(middle) if middle >= 0 else math.inf


def _arrange(marks: Marks) -> _Problem:
    pixel = dict(zip(marks.names(), (p.pixel for p in marks.points), strict=True))
    located = [p for p in marks.points if p.ground is not None]
    if len(located) < 2:  # one coordinate alone says nothing
        located = []
    ends = [[pixel[d.between[k]] for d in marks.distances] for k in (0, 1)]
    return _Problem(
        size=marks.image_size,
        sigma=PIXEL_ERROR * max(marks.image_size[0] / 1000, 0.5),
        known=np.array([p.pixel for p in located], dtype=np.float64).reshape(-1, 2),
        given=np.array([p.ground for p in located], dtype=np.float64).reshape(-1, 2),
        ends=np.array(ends, dtype=np.float64).reshape(2, -1, 2),
        metres=np.array([d.metres for d in marks.distances], dtype=np.float64),
        feet=np.array([p.foot for p in marks.people], dtype=np.float64).reshape(-1, 2),
        heads=np.array([p.head for p in marks.people], dtype=np.float64).reshape(-1, 2),
        heights=np.array([p.height or marks.height for p in marks.people], dtype=np.float64),
        spread=np.array([0.01 if p.height else HEIGHT_SPREAD for p in marks.people]),
        used=np.ones(len(located) + len(marks.distances) + len(marks.people), dtype=bool),
    )


def _check_enough(problem: _Problem) -> None:
    """Raise CalibrationError where the marks can never say enough."""
    points, distances, people = len(problem.known), len(problem.metres), len(problem.feet)
    where = "marks"
    if points + distances + people == 0:
        raise CalibrationError(
            "nothing is marked",
            where=where,
            mend="Mark four ground points with coordinates or distances, or three standing people",
        )
    if people and not points and not distances and people < 3:
        raise CalibrationError(
            f"{people} standing people are too few",
            where=where,
            mend="Mark at least three, better six, near and far, left and right",
        )
    if problem.equations() < 4 and not people:
        ask = (
            f"{points} points with coordinates are too few: mark at least four"
            if points
            else f"{distances} distances are too few: measure at least four among four points, "
            "better all six"
        )
        raise CalibrationError(ask, where=where, mend="Or mark standing people as well")
    ground = np.vstack((problem.known, problem.ends.reshape(-1, 2)))
    if not people and _collinear(ground, 0.03):
        raise CalibrationError(
            "all points lie on one line in the picture",
            where=where,
            mend="Add points well to the side of that line",
        )
    if points and not people and not distances and _collinear(problem.given, 0.01):
        raise CalibrationError(
            "all given coordinates lie on one line", where=where, mend="Check x and y of each point"
        )


def _collinear(points: Points, limit: float) -> bool:
    singular = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(singular[1] <= limit * max(singular[0], 1e-9))


def _check_credible(problem: _Problem, fit: _Fit, scale: float) -> None:
    """Raise CalibrationError, naming what is missing, for a camera that the marks do not fix."""
    where = "marks"
    freedom = _freedom(problem)
    off = math.sqrt(fit.cost / max(freedom, 1))
    if off > _HOPELESS and freedom:
        if len(problem.known) >= 4:
            mirrored, _ = _solve(problem._replace(given=problem.given * [1.0, -1.0]))
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


def _report(marks: Marks, problem: _Problem, fit: _Fit) -> tuple[tuple[Residual, ...], float]:
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
    tall = 100 * (_heights(camera, problem) - problem.heights)
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
        f"{r.mark} disagrees with all other marks by {r.cm:.0f} cm and was left out"
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
        notes.append(f"Not used, for want of coordinates or distances: {', '.join(loose)}")
    return tuple(notes)


def solve(marks: Marks) -> Solution:
    """The camera that explains `marks` best.

    With two or more given coordinates the world is theirs; otherwise its origin is on the ground
    below the camera, y ahead, x to the right. Deterministic.

    Raises CalibrationError, naming what is missing and how to mend it, where the marks are too
    few, degenerate or contradict each other.
    """
    check(marks)
    problem = _arrange(marks)
    _check_enough(problem)
    fit, held = _solve(problem)
    problem, fit, held = _leave_out(problem, fit, held)
    scale = _scale_error(fit, problem, held)
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
