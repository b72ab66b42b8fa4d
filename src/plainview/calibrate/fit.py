"""The camera that explains marks best: robust nonlinear least squares over a pinhole camera.

It is sought from many starts, with a soft loss that lets one bad mark stand out; that mark is then
left out. What the marks leave open (usually focal length or roll) is held by weak knowledge of how
cameras are mounted, and only then.

Source of the constraints: Hartley & Zisserman, 2nd ed., sections 8.6 to 8.8 (ground homography,
vertical vanishing point); people as verticals: Lv, Zhao & Nevatia, IEEE PAMI 28(9), 2006.
"""

import math
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from plainview.calibrate.pinhole import Pinhole, Placement, align
from plainview.calibrate.problem import Problem
from plainview.geometry import Points

TAPE_ERROR = (0.02, 0.01)
"""Standard error of a measured distance: metres, and share of the distance."""

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


class Fit(NamedTuple):
    """A camera, where the given coordinates lie before it, and the cost in standard errors."""

    parameters: Points
    camera: Pinhole
    placement: Placement
    cost: float
    """Sum of squared normalised residuals of the used marks."""
    score: float
    """Negative log likelihood under the soft loss, for comparing fits."""


def unpack(x: Points, problem: Problem) -> tuple[Pinhole, Placement]:
    """The camera and the placement that the parameters `x` say."""
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


def _distance_errors(camera: Pinhole, problem: Problem) -> Points:
    """Standard error (m,) in metres of each distance: the tape's and the two clicks'."""
    a, b = camera.ground(problem.ends[0]), camera.ground(problem.ends[1])
    along = (b - a) / np.maximum(np.linalg.norm(b - a, axis=1), 1e-9)[:, None]
    tape = TAPE_ERROR[0] + TAPE_ERROR[1] * problem.metres
    clicks = [_reach(camera, pixels, problem.sigma, along) for pixels in problem.ends]
    return np.asarray(np.sqrt(tape**2 + clicks[0] ** 2 + clicks[1] ** 2))


def _residuals(x: Points, problem: Problem, errors: Points) -> Points:
    """Normalised residuals (2n + m + 2p,) of all marks; those not used are zero."""
    camera, placement = unpack(x, problem)
    points, distances, people = problem.split()
    found: list[Points] = []
    if len(problem.known):
        placed = placement.apply(problem.given)
        at = camera.image(np.column_stack((placed, np.zeros(len(placed)))))
        found.append(((at - problem.known) / problem.sigma * points[:, None]).ravel())
    if len(problem.metres):
        a, b = camera.ground(problem.ends[0]), camera.ground(problem.ends[1])
        found.append((np.linalg.norm(b - a, axis=1) - problem.metres) / errors * distances)
    if len(problem.feet):
        tops = camera.image(np.column_stack((camera.ground(problem.feet), problem.heights)))
        upright = problem.heads - problem.feet
        length = np.linalg.norm(upright, axis=1)
        upright = upright / np.maximum(length, 1e-9)[:, None]
        off = tops - problem.heads
        click = 2 * problem.sigma**2
        along = np.sum(off * upright, axis=1) / np.sqrt(click + (problem.spread * length) ** 2)
        aside = off[:, 0] * upright[:, 1] - off[:, 1] * upright[:, 0]
        aside = aside / np.sqrt(click + (_SWAY * length) ** 2)
        found += [along * people, aside * people]
    out = np.concatenate(found)
    return np.asarray(np.clip(np.nan_to_num(out, nan=1e4), -1e4, 1e4))


def _priors(x: Points, problem: Problem, held: tuple[bool, bool]) -> Points:
    focal = (x[0] - math.log(problem.size[0]) - _PRIOR_FOCAL[0]) / _PRIOR_FOCAL[1]
    return np.array([focal * held[0], x[2] / _PRIOR_ROLL * held[1]])


def _starts(problem: Problem, most: int) -> list[Points]:
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
            tall = np.maximum(heights_of(unit, problem), 1e-3)
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


def heights_of(camera: Pinhole, problem: Problem) -> Points:
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


def _refine(x: Points, problem: Problem, held: tuple[bool, bool], *, soft: bool) -> Fit:
    width = problem.size[0]
    low = np.full(len(x), -np.inf)
    high = np.full(len(x), np.inf)
    low[:4] = math.log(0.2 * width), math.radians(-10), -0.6, math.log(0.3)
    high[:4] = math.log(12 * width), math.radians(90), 0.6, math.log(1000)
    x = np.clip(x, low + 1e-9, high - 1e-9)
    errors = _distance_errors(unpack(x, problem)[0], problem)

    def off(y: Points) -> Points:
        return np.concatenate((_residuals(y, problem, errors), _priors(y, problem, held)))

    # The distances' errors depend on the camera: fixed while solving, lest it flee to where they
    # are large, and renewed in between.
    tolerance = 1e-5 if soft else 1e-11
    for _ in range(1 if soft else 2):
        errors = _distance_errors(unpack(x, problem)[0], problem)
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
    camera, placement = unpack(x, problem)
    normal = _residuals(x, problem, errors)
    distances = problem.split()[1]
    score = float(result.cost + np.sum(np.log(errors[distances])))
    return Fit(x, camera, placement, float(np.sum(normal**2)), score)


def _jacobian(fit: Fit, problem: Problem) -> Points:
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


def _covariance(fit: Fit, problem: Problem, held: tuple[bool, bool]) -> Points:
    """Of the parameters; what is not determined at all is given a very large variance."""
    jacobian = _jacobian(fit, problem)
    information = jacobian.T @ jacobian + 1e-8 * np.eye(jacobian.shape[1])
    information[0, 0] += held[0] / _PRIOR_FOCAL[1] ** 2
    information[2, 2] += held[1] / _PRIOR_ROLL**2
    return np.asarray(np.linalg.inv(information))


def best_fit(problem: Problem) -> tuple[Fit, tuple[bool, bool]]:
    """The best camera, and whether focal length and roll had to be held by what is usual."""
    both = (True, True)
    fits = [_refine(x, problem, both, soft=True) for x in _starts(problem, 4)]
    fit = min(fits, key=lambda f: f.score)
    variance = np.diag(_covariance(fit, problem, (False, False)))
    # Rounding can turn the variance of what is not determined at all negative.
    free = np.sqrt(np.where(variance >= 0, variance, np.inf))
    held = (bool(free[0] > _OPEN["focal"]), bool(free[2] > _OPEN["roll"]))
    return _refine(fit.parameters, problem, held, soft=False), held


def _mark_errors(fit: Fit, problem: Problem) -> Points:
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


def freedom_of(problem: Problem) -> int:
    """Facts beyond the four numbers that are sought."""
    return max(problem.equations() - 4, 0)


def leave_out(
    problem: Problem, fit: Fit, held: tuple[bool, bool]
) -> tuple[Problem, Fit, tuple[bool, bool]]:
    """Leave out marks, one by one, without which all the others suddenly agree."""
    for _ in range(max(1, len(problem.used) // 6)):
        freedom = freedom_of(problem)
        if freedom < 2 or fit.cost / freedom < _CONTRADICTION:
            break
        errors = _mark_errors(fit, problem) * problem.used
        best: tuple[Problem, Fit, tuple[bool, bool]] | None = None
        for mark in np.argsort(errors)[::-1][:8]:
            fewer = problem.without(int(mark))
            if errors[mark] == 0 or fewer.equations() < 5:
                continue
            other, other_held = best_fit(fewer)
            if best is None or other.cost < best[1].cost:
                best = (fewer, other, other_held)
        if best is None or best[1].cost / max(freedom_of(best[0]), 1) > 0.25 * fit.cost / freedom:
            break
        problem, fit, held = best
    return problem, fit, held


def scale_error(fit: Fit, problem: Problem, held: tuple[bool, bool]) -> float:
    """Standard error of the logarithm of lengths between marks on the ground, median over pairs."""
    pixels = problem.pixels()
    pixels = pixels[:: max(1, len(pixels) // 12)]
    pairs = list(combinations(range(len(pixels)), 2))
    first, second = np.array(pairs).T

    def logs(x: Points) -> Points:
        ground = unpack(x, problem)[0].ground(pixels)
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
