"""People are conserved: occupancy of zones, and what crosses their borders, made to agree.

A zone that held 100 people and took in 20 holds 120. Cameras measure all three numbers with
errors; the most likely true ones are those that add up and lie nearest to what was measured.
"""

import numpy as np
from msgspec import Struct
from scipy.special import chdtrc

from plainview.crowd.field import Array
from plainview.errors import InputError

CONTRADICTION = 0.01
"""Probability below which measurements that do not add up are no accident of their errors."""


class Conserved(Struct, frozen=True, eq=False):
    """Numbers that add up, and whether what was measured could be believed at all."""

    occupancy: Array
    """(n + 1, zones) people at each moment."""
    occupancy_sigma: Array
    """Their standard deviations, never larger than those measured."""
    flow: Array
    """(n, lines) people over each line between one moment and the next, forward less backward."""
    flow_sigma: Array
    probability: float
    """That errors as large as told make measurements that disagree this much; 1 where nothing
    binds them."""
    worst: tuple[int, int]
    """Step and zone that disagree most, by their own errors."""

    @property
    def contradictory(self) -> bool:
        """Whether the data contradict each other: a camera or a line measures something else."""
        return self.probability < CONTRADICTION


def reconcile(
    *, occupancy: Array, occupancy_sigma: Array, flow: Array, flow_sigma: Array, border: Array
) -> Conserved:
    """Occupancies and flows that conserve people, by weighted least squares.

    `occupancy` (n + 1, zones) people at n + 1 moments, `flow` (n, lines) net people over each line
    in each of the n steps, both with standard deviations; infinite for what was not measured.
    `border` (zones, lines) is +1 where forward over the line leads into the zone, -1 where it leads
    out, 0 elsewhere. A zone without a line on its border is left alone.

    With x all numbers, S their covariance and A x = 0 the balances N(k+1) - N(k) - sum of border
    times flow = 0, the estimate is x - S A' (A S A')^-1 A x and its covariance S less the same
    matrix times A S (constrained least squares; Crowe, Garcia Campos & Hrymak, AIChE J. 29, 881,
    1983). r' (A S A')^-1 r with r = A x is chi-square with as many degrees of freedom as balances.
    Over several steps this is the Kalman smoother of the same model, solved at once.

    Raises InputError for arrays that do not belong together.
    """
    steps, zones = len(flow), border.shape[0]
    _check(occupancy, occupancy_sigma, flow, flow_sigma, border)
    bounded = [zone for zone in range(zones) if np.any(border[zone] != 0)]
    values = np.concatenate((occupancy.ravel(), flow.ravel()))
    sigma = np.concatenate((occupancy_sigma.ravel(), flow_sigma.ravel()))
    unmeasured = ~np.isfinite(sigma) | ~np.isfinite(values)
    scale = max(float(np.max(sigma[~unmeasured], initial=1.0)), 1.0)
    # What was not measured gets an error so large that it follows from the rest.
    variance = np.where(unmeasured, (1e4 * scale) ** 2, np.maximum(sigma, 1e-6) ** 2)
    x = np.where(unmeasured, 0.0, values)
    rows = [(step, zone) for step in range(steps) for zone in bounded]
    if not rows:
        return Conserved(occupancy, occupancy_sigma, flow, flow_sigma, 1.0, (0, 0))
    balance = np.zeros((len(rows), len(x)))
    first = occupancy.size
    for row, (step, zone) in zip(balance, rows, strict=True):
        row[(step + 1) * zones + zone] = 1.0
        row[step * zones + zone] = -1.0
        row[first + step * flow.shape[1] : first + (step + 1) * flow.shape[1]] = -border[zone]
    rest = balance @ x
    spread = balance * variance
    middle = spread @ balance.T
    gain = np.linalg.solve(middle, spread).T
    fitted = x - gain @ rest
    left = np.maximum(variance - np.einsum("ij,ji->i", gain, spread), 0.0)
    # A balance that an unmeasured number closes by itself tests nothing.
    tested = ~np.any((balance != 0) & unmeasured, axis=1)
    probability = 1.0
    if tested.any():
        inner = middle[np.ix_(tested, tested)]
        statistic = float(rest[tested] @ np.linalg.solve(inner, rest[tested]))
        probability = float(chdtrc(int(tested.sum()), statistic))
    worst = rows[int(np.argmax(np.abs(rest) / np.sqrt(np.diag(middle))))]
    deviation = np.sqrt(left)
    return Conserved(
        fitted[:first].reshape(occupancy.shape),
        deviation[:first].reshape(occupancy.shape),
        fitted[first:].reshape(flow.shape),
        deviation[first:].reshape(flow.shape),
        probability,
        worst,
    )


def _check(
    occupancy: Array, occupancy_sigma: Array, flow: Array, flow_sigma: Array, border: Array
) -> None:
    zones, lines = border.shape
    wanted = ((len(flow) + 1, zones), (len(flow) + 1, zones), (len(flow), lines))
    found = (occupancy.shape, occupancy_sigma.shape, flow.shape)
    if found != wanted or flow_sigma.shape != flow.shape:
        raise InputError(
            f"arrays of {found} do not belong to {zones} zones and {lines} lines",
            where="occupancy, flow",
            mend="Give one more moment of occupancy than steps of flow",
        )
    if np.any(occupancy_sigma < 0) or np.any(flow_sigma < 0):
        raise InputError("a standard deviation is negative", where="sigma", mend="Give 0 or more")
