"""Where cameras belong: 10,000 candidates, the whole front of plans, on one core.

Run: python bench/siting.py [--candidates 10000] [--needs 3000]. A city of 10 km with 60 crowded
places; half of the candidates near them, half anywhere, each seeing 67 m all round; four phases.
Prints one table: the time to read the scheme and to make the front, beside the limit of a minute,
and each plan's MIP gap: how much better, at most, any plan could be. Time is that of the CPU: HiGHS
uses one core.
"""

import argparse
import csv
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from plainview.civic.exposure.plane import Plane
from plainview.civic.siting.plan import Plan, make_plan
from plainview.civic.siting.scheme import load_scheme

LIMIT = 60.0
"""Seconds (issue 8: 10,000 candidates in under a minute)."""
SIDE, CROWDED = 10_000.0, 60


def write_city(folder: Path, candidates: int, needs: int) -> Path:
    """A generated scheme with its tables; the same for the same numbers."""
    chance = np.random.default_rng(8)
    plane = Plane(114.17, 22.30)
    crowded = chance.uniform(0, SIDE, (CROWDED, 2))
    near = crowded[chance.integers(0, CROWDED, candidates // 2)]
    near = near + chance.normal(0, 300, near.shape)
    away = chance.uniform(0, SIDE, (candidates - len(near), 2))
    spots = plane.degrees(np.vstack((near, away)))
    with (folder / "candidates.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "latitude", "longitude", "cost", "people_per_hour"])
        for k, (longitude, latitude) in enumerate(spots):
            cost, people = chance.uniform(3000, 9000), chance.gamma(2, 150)
            row = (f"{cost:.0f}", f"{people:.0f}")
            table.writerow([f"c{k}", latitude, longitude, *row])
    places = crowded[chance.integers(0, CROWDED, needs)] + chance.normal(0, 250, (needs, 2))
    kinds = chance.choice(
        ["level-of-service", "pressure", "entrance", "bottleneck", "hazard"], needs
    )
    with (folder / "needs.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "latitude", "longitude", "kind", "measured"])
        for k, (longitude, latitude) in enumerate(plane.degrees(places)):
            table.writerow([f"n{k}", latitude, longitude, kinds[k], f"{chance.gamma(1, 50):.1f}"])
    share = np.array((0.02, 0.1, 0.2, 0.4))
    phases = [max(int(candidates * part), 1) for part in share]
    path = folder / "city.toml"
    path.write_text(
        f'name = "generated city"\nphases = {phases}\n'
        'candidates = "candidates.csv"\nneeds = "needs.csv"\n'
    )
    return path


def table_of(plan: Plan, read: float, cpu: float, wall: float) -> Table:
    """One table: times beside the limit, then each plan with its gap."""
    table = Table(title=f"{plan.candidates:,} candidates, {plan.needs:,} needs", min_width=90)
    for name in ("what", "value", "limit", "covered", "person-h/day", "gap"):
        table.add_column(name, justify="left" if name == "what" else "right")
    table.add_row("reading and checking", f"{read:.1f} s", "", "", "", "")
    table.add_row("the whole front, CPU", f"{cpu:.1f} s", f"{LIMIT:.0f} s", "", "", "")
    table.add_row("the whole front, wall", f"{wall:.1f} s", "", "", "", "")
    for k, point in enumerate(plan.front):
        last = point.phases[-1]
        table.add_row(
            f"plan {k}" + (" (shown)" if k == plan.shown else ""),
            f"{last.cameras:,} cameras",
            f"{last.most:,}",
            f"{last.covered:.1%} of {plan.reachable:.1%}",
            f"{last.exposure:,.0f}",
            f"{point.gap:.3%}",
        )
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=10_000)
    parser.add_argument("--needs", type=int, default=3_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = write_city(Path(folder), given.candidates, given.needs)
        before = time.process_time()
        scheme = load_scheme(path)
        read = time.process_time() - before
        before, start = time.process_time(), time.perf_counter()
        # By the CPU's clock: what else runs on the machine is not the plan's.
        plan = make_plan(scheme, seconds=10 * LIMIT, clock=time.process_time)
        cpu, wall = time.process_time() - before, time.perf_counter() - start
    Console(width=100).print(table_of(plan, read, cpu, wall))


if __name__ == "__main__":
    main()
