"""The mixed-integer program behind a plan: what to cover, phase by phase, at which price.

Maximal covering (Church & ReVelle, Papers of the Regional Science Association 32, 101, 1974) with
nested phases: what stands in one phase stands in the next. Solved by HiGHS (Huangfu & Hall,
Mathematical Programming Computation 10, 119, 2018), with a bound that says how far the best can be.

    max  sum_p ( sum_i r_i y_ip - sum_j b_j x_jp ) / P
    s.t. y_ip <= sum of x_jp over the j that cover i;  x_jp <= x_j(p+1);  sum_j x_jp <= n_p;
         sum_j c_j x_jp <= B_p;  x_jp = 1 for what runs already;  x binary, 0 <= y <= 1
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, eye_array, hstack, kron, vstack

from plainview.civic.siting.greedy import greedy, worth
from plainview.civic.siting.problem import Chosen, Numbers, Problem
from plainview.errors import InputError


class Solution(NamedTuple):
    """One plan."""

    chosen: Chosen
    """(phases, candidates)"""
    gap: float
    """How much better, as a share of its value, any plan could be for the same prices."""
    optimal: bool
    """False: the time was over first; the gap says what that may have cost."""


def solve(
    problem: Problem,
    *,
    exposure_price: float,
    cost_price: float,
    seconds: float,
    tolerance: float = 1e-4,
) -> Solution:
    """The best plan when exposure and cost weigh so much.

    Prices are shares: at 1, all candidates' exposure weighs as much as all risk. After `seconds` it
    is the best that was found, or the greedy plan if that is better, with its gap. Raises
    InputError where what stands already is more than a phase or its budget has room for.
    """
    _check(problem)
    burden = exposure_price * _share(problem.exposure) + cost_price * _share(problem.cost)
    kept = undominated(problem.covers, burden, problem.cost, problem.standing)
    covers = problem.covers[:, kept]
    needs, rows = np.unique(_row_keys(covers), return_inverse=True)
    first = np.zeros(len(needs), dtype=np.int64)
    first[rows[::-1]] = np.arange(len(rows))[::-1]
    merged = covers[first]
    reached = np.flatnonzero(np.diff(merged.indptr))
    summed = np.bincount(rows, weights=_share(problem.risk), minlength=len(needs))
    small = problem._replace(
        covers=csr_array(merged[reached]),
        risk=np.asarray(summed[reached], dtype=np.float64),
        cost=problem.cost[kept],
        standing=problem.standing[kept],
    )
    chosen = np.zeros((len(problem.phases), len(problem.cost)), dtype=np.bool_)
    if not len(kept):
        return Solution(chosen, 0.0, optimal=True)
    found, gap, optimal = _solve(small, burden[kept], seconds, tolerance)
    chosen[:, kept] = found
    return Solution(chosen, max(0.0, gap), optimal)


def undominated(
    covers: csr_array, burden: Numbers, cost: Numbers, standing: Chosen
) -> NDArray[np.int64]:
    """Candidates that a best plan may need.

    One that covers no more than another, and weighs and costs no less, can always be exchanged for
    it. What covers nothing is needed by nobody. What stands already is always kept.
    """
    by_candidate = csr_array(covers.T)
    sets = [
        frozenset(by_candidate.indices[a:b].tolist())
        for a, b in zip(by_candidate.indptr, by_candidate.indptr[1:], strict=False)
    ]
    order = sorted(
        range(len(sets)), key=lambda j: (not standing[j], -len(sets[j]), burden[j], cost[j])
    )
    by_need: dict[int, list[int]] = {}
    kept = []
    for j in order:
        mine = sets[j]
        if not standing[j]:
            if not mine:
                continue
            rivals = min((by_need.get(need, []) for need in mine), key=len)
            if any(
                (standing[k] or (burden[k] <= burden[j] and cost[k] <= cost[j])) and mine <= sets[k]
                for k in rivals
            ):
                continue
        kept.append(j)
        for need in mine:
            by_need.setdefault(need, []).append(j)
    return np.array(sorted(kept), dtype=np.int64)


def _solve(
    problem: Problem, burden: Numbers, seconds: float, tolerance: float
) -> tuple[Chosen, float, bool]:
    n, m = problem.covers.shape
    p = len(problem.phases)
    identity = eye_array(p, format="csr")
    weights = np.concatenate((np.tile(burden, p), np.tile(-problem.risk, p))) / p
    # Columns: x of phase 0, ..., x of the last phase, y of phase 0, ...
    covered = hstack(
        (coo_array(kron(identity, problem.covers)), coo_array(-eye_array(p * n))), format="csr"
    )
    room = [hstack((kron(identity, np.ones((1, m))), coo_array((p, p * n))), format="csr")]
    most = [np.array(problem.phases, dtype=np.float64)]
    if problem.budgets:
        costs = hstack((kron(identity, problem.cost[None, :]), coo_array((p, p * n))), format="csr")
        room.append(costs)
        most.append(np.array(problem.budgets))
    constraints = [
        LinearConstraint(covered, lb=0.0),
        LinearConstraint(vstack(room, format="csr"), ub=np.concatenate(most)),
    ]
    if p > 1:
        step = eye_array(p - 1, p, k=1) - eye_array(p - 1, p)
        nested = hstack((kron(step, eye_array(m)), coo_array(((p - 1) * m, p * n))), format="csr")
        constraints.append(LinearConstraint(nested, lb=0.0))
    low = np.concatenate((np.tile(problem.standing.astype(np.float64), p), np.zeros(p * n)))
    result = milp(
        weights,
        integrality=np.concatenate((np.ones(p * m), np.zeros(p * n))),
        bounds=Bounds(low, np.ones(p * (m + n))),
        constraints=constraints,
        options={"time_limit": seconds, "mip_rel_gap": tolerance},
    )
    if result.status == 2:
        raise InputError(
            "no plan keeps within these phases and budgets",
            where="phases, budget",
            mend="Allow more cameras or more money",
        )
    quick = greedy(problem, burden)
    plans = [(worth(problem, burden, quick), quick)]
    if result.x is not None:
        found = np.asarray(result.x[: p * m]).reshape(p, m) > 0.5
        plans.append((worth(problem, burden, found), found))
    value, best = max(plans, key=lambda plan: plan[0])
    bound = getattr(result, "mip_dual_bound", None)
    # Where not even the relaxation was solved: nothing covers more than all of the risk.
    limit = float(problem.risk.sum()) if bound is None or not np.isfinite(bound) else -float(bound)
    return best, max(limit - value, 0.0) / max(abs(value), 1e-9), result.status == 0


def _check(problem: Problem) -> None:
    standing = int(problem.standing.sum())
    if standing > problem.phases[0]:
        raise InputError(
            f"{standing:,} cameras stand already, and the first phase has room for "
            f"{problem.phases[0]:,}",
            where="phases",
            mend="Allow as many as stand, or leave out some that no longer earn their place",
        )
    spent = float(problem.cost[problem.standing].sum())
    if problem.budgets and spent > problem.budgets[0]:
        raise InputError(
            f"what stands already costs {spent:,.0f}, and the first phase has "
            f"{problem.budgets[0]:,.0f}",
            where="budget",
            mend="Allow what stands, or leave out some that no longer earn their place",
        )


def _share(values: Numbers) -> Numbers:
    total = float(values.sum())
    return values / total if total > 0 else np.zeros_like(values)


def _row_keys(matrix: csr_array) -> NDArray[np.bytes_ | np.object_]:
    """(rows,) equal where two rows have the same columns."""
    ends = matrix.indptr
    keys = np.empty(matrix.shape[0], dtype=object)
    for k in range(matrix.shape[0]):
        keys[k] = np.sort(matrix.indices[ends[k] : ends[k + 1]]).tobytes()
    return keys
