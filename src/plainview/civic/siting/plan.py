"""From a scheme to plans: what covers what, the front of plans, and why each camera would stand."""

import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import shapely
from msgspec import Struct
from scipy.sparse import csr_array

from plainview.civic.exposure.measure import WALKING
from plainview.civic.exposure.plane import Plane, plane_over
from plainview.civic.exposure.views import polygon_of, sector
from plainview.civic.siting.alternatives import Instead, alternatives
from plainview.civic.siting.optimise import Solution, solve
from plainview.civic.siting.problem import Chosen, Numbers, Problem
from plainview.civic.siting.scheme import Candidate, Scheme
from plainview.errors import InputError

PRICES: Final = (
    (1e-4, 1e-4),
    (0.5, 0.0),
    (0.0, 0.5),
    (2.0, 0.0),
    (0.0, 2.0),
    (2.0, 2.0),
    (6.0, 6.0),
)
"""What all candidates' exposure and all their cost weigh against all risk, plan by plan."""
SECONDS: Final = 55.0


class Phase(Struct, frozen=True):
    """What stands at the end of one phase."""

    most: int
    cameras: int
    new: int
    covered: float
    """Share of all risk that is covered, 0 to 1."""
    exposure: float
    """Person-hours a day in view, all cameras together."""
    cost: float


class Point(Struct, frozen=True):
    """One plan of the front."""

    exposure_price: float
    cost_price: float
    phases: tuple[Phase, ...]
    gap: float
    """Share by which any plan could be better at these prices."""
    optimal: bool


class Placement(Struct, frozen=True):
    """One camera of a plan, and why it would stand."""

    id: str
    phase: int
    """From 1."""
    running: bool
    covers: tuple[str, ...]
    only: tuple[str, ...]
    """What no other camera of the plan covers: what is lost without it."""
    lost: float
    """Share of all risk that is lost without it."""
    exposure: float
    cost: float
    instead: dict[str, tuple[Instead, ...]]
    """By need among `only`: what would help there without a camera."""


class Uncovered(Struct, frozen=True):
    """A need that the plan leaves without a camera."""

    id: str
    risk: float
    reachable: bool
    """Whether any candidate would cover it."""
    instead: tuple[Instead, ...]


class Plan(Struct, frozen=True):
    """The front of plans, and one of them told in full."""

    name: str
    candidates: int
    needs: int
    reachable: float
    """Share of all risk that all candidates together would cover."""
    weights: dict[str, float]
    currency: str
    front: tuple[Point, ...]
    """No plan of it is better than another in coverage, exposure and cost at once."""
    shown: int
    """Which point of the front is told below, from 0: the one that `knee` chooses unless asked."""
    placements: tuple[Placement, ...]
    uncovered: tuple[Uncovered, ...]
    v: str = "plainview.plan/v1"


def problem_of(scheme: Scheme) -> Problem:
    """Who covers what, at which exposure. Raises InputError for places and views that are none."""
    places = np.array(
        [
            (one.longitude, one.latitude)
            for table in (scheme.candidates, scheme.needs)
            for one in table
        ]
    )
    plane = plane_over(places, scheme.name)
    at = plane.metres(places)
    views = [
        _view(one, at[k], plane) if one.view or not one.covers or one.exposure is None else None
        for k, one in enumerate(scheme.candidates)
    ]
    exposure = np.array(
        [_exposure(one, view) for one, view in zip(scheme.candidates, views, strict=True)]
    )
    return Problem(
        covers=_covers(scheme, views, at[len(scheme.candidates) :]),
        risk=np.array([need.measured * scheme.weights.of(need.kind) for need in scheme.needs]),
        exposure=exposure,
        cost=np.array([one.cost for one in scheme.candidates]),
        standing=np.array([one.running for one in scheme.candidates], dtype=np.bool_),
        phases=scheme.phases,
        budgets=scheme.budget,
    )


def make_plan(
    scheme: Scheme,
    *,
    seconds: float = SECONDS,
    prices: Sequence[tuple[float, float]] = PRICES,
    show: int | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Plan:
    """The front of plans within about `seconds` of `clock`, and the `show`-th of it in full.

    Raises InputError where no candidate covers anything, a budget cannot hold or there is no such
    plan.
    """
    problem = problem_of(scheme)
    total = float(problem.risk.sum())
    covered_by_any = _covered(problem, np.ones(len(problem.cost), dtype=np.bool_))
    if not total > 0 or not covered_by_any.any():
        raise InputError(
            "no candidate covers any measured risk",
            where=scheme.name,
            mend="Check that candidates and needs are in the same place, and their reach",
        )
    end = clock() + seconds
    found: list[tuple[Point, Chosen]] = []
    for left, (exposure_price, cost_price) in zip(range(len(prices), 0, -1), prices, strict=True):
        solution = solve(
            problem,
            exposure_price=exposure_price,
            cost_price=cost_price,
            seconds=max((end - clock()) / left, 1.0),
        )
        found.append((_point(problem, solution, exposure_price, cost_price), solution.chosen))
    front = _front(found)
    shown = knee([point for point, _ in front]) if show is None else show
    if not 0 <= shown < len(front):
        raise InputError(
            f"the front has {len(front)} plans", where="--show", mend=f"Give 0 to {len(front) - 1}"
        )
    chosen = front[shown][1]
    return Plan(
        name=scheme.name,
        candidates=len(scheme.candidates),
        needs=len(scheme.needs),
        reachable=round(float(problem.risk[covered_by_any].sum()) / total, 4),
        weights={name: getattr(scheme.weights, name) for name in scheme.weights.__struct_fields__},
        currency=scheme.currency,
        front=tuple(point for point, _ in front),
        shown=shown,
        placements=_placements(scheme, problem, chosen),
        uncovered=_uncovered(scheme, problem, chosen[-1], covered_by_any),
    )


def knee(front: Sequence[Point]) -> int:
    """The plan of `front` that gives most coverage for its exposure and cost.

    Each of the three is scaled to 0..1 over the front; the plan with the largest coverage less the
    mean of exposure and cost. A start for the debate, not its end.
    """
    values = np.array(
        [(p.phases[-1].covered, p.phases[-1].exposure, p.phases[-1].cost) for p in front]
    )
    width = np.ptp(values, axis=0)
    scaled = (values - values.min(axis=0)) / np.where(width > 0, width, 1.0)
    return int(np.argmax(scaled[:, 0] - scaled[:, 1:].mean(axis=1)))


def _view(
    one: Candidate, at: np.ndarray[tuple[int], np.dtype[np.float64]], plane: Plane
) -> shapely.Polygon:
    if one.view:
        return polygon_of(one.view, plane, f"view of {one.id}")
    return sector(at, direction=one.direction, angle=one.angle, reach=one.reach)


def _exposure(one: Candidate, view: shapely.Polygon | None) -> float:
    """Person-hours a day in view.

    Without a figure: people an hour, 24 hours, each for the view's mean chord on foot, which is
    pi * area / perimeter if convex (Crofton; Santaló, Integral Geometry, 1976, chapter 3).
    """
    if one.exposure is not None or view is None:
        return one.exposure or 0.0
    seconds = np.pi * view.area / view.length / WALKING
    return float((one.people_per_hour or 0.0) * 24 * seconds / 3600)


def _covers(
    scheme: Scheme,
    views: Sequence[shapely.Polygon | None],
    needs: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> csr_array:
    number = {need.id: k for k, need in enumerate(scheme.needs)}
    rows: list[int] = []
    columns: list[int] = []
    by_view = [k for k, one in enumerate(scheme.candidates) if not one.covers]
    tree = shapely.STRtree([shapely.Point(place) for place in needs])
    which, inside = tree.query([views[k] for k in by_view], predicate="intersects")
    rows += inside.tolist()
    columns += [by_view[k] for k in which]
    for k, one in enumerate(scheme.candidates):
        listed = sorted({number[name] for name in one.covers})
        rows += listed
        columns += [k] * len(listed)
    shape = (len(scheme.needs), len(scheme.candidates))
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def _covered(problem: Problem, chosen: Chosen) -> Chosen:
    """(needs,) whether `chosen` (candidates,) cover each."""
    return np.asarray(problem.covers @ chosen.astype(np.float64) > 0)


def _point(problem: Problem, solution: Solution, exposure_price: float, cost_price: float) -> Point:
    total = float(problem.risk.sum())
    phases = []
    before = 0
    for most, chosen in zip(problem.phases, solution.chosen, strict=True):
        cameras = int(chosen.sum())
        phases.append(
            Phase(
                most,
                cameras,
                cameras - before,
                round(float(problem.risk[_covered(problem, chosen)].sum()) / total, 4),
                round(float(problem.exposure[chosen].sum()), 1),
                round(float(problem.cost[chosen].sum()), 2),
            )
        )
        before = cameras
    return Point(exposure_price, cost_price, tuple(phases), solution.gap, solution.optimal)


def _front(found: list[tuple[Point, Chosen]]) -> list[tuple[Point, Chosen]]:
    """Those that no other beats in coverage, exposure and cost at once; the most covering first."""

    def values(point: Point) -> Numbers:
        last = point.phases[-1]
        return np.array((-last.covered, last.exposure, last.cost))

    kept: list[tuple[Point, Chosen]] = []
    for k, (point, chosen) in enumerate(found):
        mine = values(point)
        beaten = any(
            (values(other) <= mine).all() and ((values(other) < mine).any() or j < k)
            for j, (other, _) in enumerate(found)
            if j != k
        )
        if not beaten:
            kept.append((point, chosen))
    return sorted(kept, key=lambda pair: -pair[0].phases[-1].covered)


def _placements(scheme: Scheme, problem: Problem, chosen: Chosen) -> tuple[Placement, ...]:
    last = chosen[-1]
    times = problem.covers @ last.astype(np.float64)
    total = float(problem.risk.sum())
    by_candidate = csr_array(problem.covers.T)
    found = []
    for j in np.flatnonzero(last):
        one = scheme.candidates[j]
        needs = np.sort(by_candidate.indices[by_candidate.indptr[j] : by_candidate.indptr[j + 1]])
        only = [int(i) for i in needs if times[i] == 1]
        instead = {
            scheme.needs[i].id: told
            for i in only
            if (told := alternatives(scheme.needs[i], scheme))
        }
        found.append(
            Placement(
                id=one.id,
                phase=int(np.argmax(chosen[:, j])) + 1,
                running=one.running,
                covers=tuple(scheme.needs[i].id for i in needs),
                only=tuple(scheme.needs[i].id for i in only),
                lost=float(problem.risk[only].sum()) / total,
                exposure=round(float(problem.exposure[j]), 1),
                cost=one.cost,
                instead=instead,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.phase, -one.lost, one.id)))


def _uncovered(
    scheme: Scheme, problem: Problem, last: Chosen, reachable: Chosen
) -> tuple[Uncovered, ...]:
    without = np.flatnonzero(~_covered(problem, last) & (problem.risk > 0))
    return tuple(
        Uncovered(
            scheme.needs[i].id,
            float(problem.risk[i]),
            bool(reachable[i]),
            alternatives(scheme.needs[i], scheme),
        )
        for i in sorted(without, key=lambda i: -problem.risk[i])
    )
