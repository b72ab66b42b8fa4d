"""Published statistics: noise by c and d, which way of adding up is best, and an audit of epsilon.

Run: python bench/published_statistics.py [--releases 1000]. The first table gives the RMSE of one
zone-hour at epsilon 6 and delta 1e-6 for a person's day, beside the 5 people that are asked and
beside what Laplace noise of the same epsilon would do. The second gives the RMSE of a district or
a city of so many zones: the sum of noisy zones, its own noisy figure, and the fitted estimate that
is published. The third releases the worst pair of neighbouring days again and again and gives the
lower bound on epsilon that this shows at 95 %, beside the claim; the last row is broken on purpose,
so that it is seen that the audit would find it.
"""

import argparse
import math

import numpy as np
from rich.console import Console
from rich.table import Table

from plainview.civic.statistics.account import DELTA, LIMIT
from plainview.civic.statistics.audit import lower_bound, scores, worst_pair
from plainview.civic.statistics.crossings import release_crossings
from plainview.civic.statistics.noise import epsilon_of, rho_for
from plainview.civic.statistics.occupancy import (
    Bounds,
    Counted,
    Noisy,
    Scales,
    estimate,
    scales,
)

ASKED = 5.0
"""People: RMSE of a zone-hour."""
OVERLAPS, DETECTIONS = (1, 2, 3, 4), (1.0, 1.1, 1.25, 1.5, 2.0)
TREES = ((2, 1), (10, 1), (100, 10), (1000, 20), (60_000, 400))
"""(zones, districts) of a city."""
HOURS = 24


def noise_table() -> Table:
    """RMSE by c and d."""
    table = Table(title=f"RMSE of a zone-hour, people (asked: {ASKED:g}), epsilon {LIMIT:g}")
    for column in ("c", "d", "Gaussian", "Laplace", "within"):
        table.add_column(column, justify="right")
    for overlap in OVERLAPS:
        for detections in DETECTIONS:
            bounds = Bounds(HOURS, overlap, detections)
            gauss = scales(bounds, epsilon=LIMIT, delta=DELTA).zone
            laplace = math.sqrt(2) * bounds.total / LIMIT
            verdict = "yes" if gauss <= ASKED else "no"
            table.add_row(
                str(overlap), f"{detections:g}", f"{gauss:.2f}", f"{laplace:.2f}", verdict
            )
    return table


def tree_table() -> Table:
    """RMSE of sums, own figures and fitted ones, at c = d = 1."""
    table = Table(title="RMSE of an hour, people, at c = d = 1")
    for column in ("zones", "districts", "level", "sum of zones", "own noise", "published"):
        table.add_column(column, justify="right")
    scale = scales(Bounds(HOURS, 1, 1.0), epsilon=LIMIT, delta=DELTA)
    for zones, districts in TREES:
        found = estimate(*_empty(zones, districts), scale)
        for level, of in (
            ("zone", found.zones),
            ("district", found.districts),
            ("city", found.city),
        ):
            many = float(np.mean(of.zones))
            own = {"zone": scale.zone, "district": scale.district, "city": scale.city}[level]
            table.add_row(
                str(zones),
                str(districts),
                level,
                f"{scale.zone * math.sqrt(many):.1f}",
                f"{own:.1f}",
                f"{float(np.mean(of.deviation)):.1f}",
            )
    return table


def _empty(zones: int, districts: int) -> tuple[Noisy, Counted]:
    """One hour of such a city; only its shape matters."""
    nothing = np.zeros((zones, 1), dtype=np.int64)
    district = np.arange(zones, dtype=np.int64) % districts
    counted = Counted(nothing, np.ones((zones, 1)), district, districts)
    return Noisy(nothing, nothing[:districts], nothing[0], 0.0), counted


def audit_table(releases: int) -> Table:
    """Lower bounds on epsilon beside claims."""
    table = Table(title=f"Audit: lower bound on epsilon at 95 %, {releases} releases of each day")
    for column in ("what", "claim", "shown", "kept"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for claim, overlap in ((1.0, 1), (3.0, 2), (LIMIT, 1)):
        bounds = Bounds(HOURS, overlap, 1.0)
        scale = scales(bounds, epsilon=claim, delta=DELTA)
        shown = _shown(bounds, scale, releases)
        table.add_row(f"a person's day, c = {overlap}", *_verdict(claim, shown))
    shown = _shown_crossing(1.0, releases)
    table.add_row("one crossing", *_verdict(1.0, shown))
    bounds = Bounds(HOURS, 1, 1.0)
    honest = scales(bounds, epsilon=1.0, delta=DELTA)
    broken = Scales(honest.zone / 5, honest.district / 5, honest.city / 5)
    table.add_row(
        "noise a fifth of what is claimed", *_verdict(1.0, _shown(bounds, broken, releases))
    )
    return table


def _shown(bounds: Bounds, scale: Scales, releases: int) -> float:
    without, with_them = worst_pair(bounds)
    return lower_bound(
        scores(without, releases, bounds, scale),
        scores(with_them, releases, bounds, scale),
        delta=DELTA,
    )


def _shown_crossing(claim: float, releases: int) -> float:
    def drawn(crossings: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        units = np.full(releases, round(crossings * 64), dtype=np.int64)
        found = release_crossings(units, detections=1.0, epsilon=claim)
        return found.people.astype(np.float64)

    return lower_bound(drawn(0.0), drawn(1.0), delta=0.0)


def _verdict(claim: float, shown: float) -> tuple[str, str, str]:
    return f"{claim:g}", f"{shown:.2f}", "yes" if shown <= claim else "NO"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--releases", type=int, default=1000)
    given = parser.parse_args()
    console = Console(width=100)
    rho = rho_for(LIMIT, DELTA)
    console.print(f"rho = {rho:.4f} gives epsilon {epsilon_of(rho, DELTA):.4f} at delta {DELTA:g}")
    for table in (noise_table(), tree_table(), audit_table(given.releases)):
        console.print(table)


if __name__ == "__main__":
    main()
