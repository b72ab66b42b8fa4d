"""A plan in a moment: the next best camera, again and again. What there is when time is short."""

import heapq

import numpy as np
from scipy.sparse import csr_array

from plainview.civic.siting.problem import Chosen, Numbers, Problem


def greedy(problem: Problem, burden: Numbers) -> Chosen:
    """(phases, candidates) what a plan holds that takes whichever camera adds most, while it adds.

    A camera adds the risk that nothing chosen covers yet, less its `burden`. That sum has
    diminishing returns, so a gain that was worked out before is never too small (lazy evaluation:
    M. Minoux, 1978). Within each phase's room and budget; what stands already stays.
    """
    by_candidate = csr_array(problem.covers.T)
    ends = by_candidate.indptr
    needs = [by_candidate.indices[ends[j] : ends[j + 1]] for j in range(len(problem.cost))]
    left = problem.risk.copy()
    for k in np.flatnonzero(problem.standing):
        left[needs[k]] = 0.0
    waiting = [
        (float(burden[j] - left[needs[j]].sum()), int(j))
        for j in range(len(needs))
        if not problem.standing[j]
    ]
    heapq.heapify(waiting)
    chosen = np.zeros((len(problem.phases), len(needs)), dtype=np.bool_)
    now = problem.standing.copy()
    spent = float(problem.cost[now].sum())
    budgets = problem.budgets or (np.inf,) * len(problem.phases)
    for phase, (most, budget) in enumerate(zip(problem.phases, budgets, strict=True)):
        dear: list[tuple[float, int]] = []
        while waiting and now.sum() < most:
            _, j = heapq.heappop(waiting)
            gain = float(left[needs[j]].sum() - burden[j])
            if gain <= 0:
                continue
            if waiting and -waiting[0][0] > gain:
                heapq.heappush(waiting, (-gain, j))
            elif spent + problem.cost[j] > budget:
                dear.append((-gain, j))
            else:
                now[j] = True
                spent += float(problem.cost[j])
                left[needs[j]] = 0.0
        for one in dear:
            heapq.heappush(waiting, one)
        chosen[phase] = now
    return chosen


def worth(problem: Problem, burden: Numbers, chosen: Chosen) -> float:
    """Mean over the phases of the risk that is covered less the burden of what stands."""
    covered = problem.covers @ chosen.T.astype(np.float64) > 0
    return float((problem.risk @ covered - chosen @ burden).mean())
