"""The city's page at 60 and at 60,000 cameras: time of an answer, as a ratio, and what keeps it up.

    python bench/city_page.py [--requests 400] [--cameras 60 60000]

Asks `/api/v1/city` of the real application, in this process (ASGI, no socket). Before each group of
ten requests a second's Readings of every camera are taken up, so that the first answer of a group
is made anew. Prints p50 and p99 at both sizes with their ratio, and CPU time per Reading taken up.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx
from litestar.types import ASGIApp

from plainview.clock import ManualClock
from plainview.evaluate.table import number, table
from plainview.geometry import Calibration, View
from plainview.record import Health, Reading, Stamped
from plainview.store import open_store
from plainview.web.api import create_app
from plainview.web.city.answer import City
from plainview.web.city.ground import CitySite
from plainview.web.city.totals import CityTotals
from plainview.web.views import CameraView, SiteView

LIMIT = 2.0
"""The most that p99 at the larger size may be beside the smaller one: it should cost the same."""
PER_SITE = 6
DISTRICTS = 10
"""At every size: a city does not get more of them by more cameras."""
BATCH = 4096
MATRIX = ((600.0, 320.0, 0.0, 0.0), (0.0, 180.0, -600.0, 3600.0), (0.0, 1.0, 0.0, 0.0))


class Measured(NamedTuple):
    """At one size."""

    cameras: int
    sites: int
    first: list[float]
    """Milliseconds of answers that were made anew."""
    all: list[float]
    taking: float
    """CPU microseconds for a Reading."""
    bytes: int


def sites_of(cameras: int) -> list[CitySite]:
    """`cameras` in sites of PER_SITE, these in DISTRICTS districts."""
    found = []
    for k in range(0, cameras, PER_SITE):
        names = tuple(f"c{n:05}" for n in range(k, min(k + PER_SITE, cameras)))
        site = k // PER_SITE
        district = f"District {site % DISTRICTS:02}"
        found.append(
            CitySite(f"s{site:05}", f"Site {site}", district, names, (320.0,) * len(names))
        )
    return found


def second_of(names: Sequence[str], t: int, chance: random.Random) -> list[Stamped]:
    """A second's Readings: most believed, one in two hundred dark."""
    readings = []
    for name in names:
        count = chance.randrange(16, 640)
        health = (Health.DARK,) if chance.random() < 0.005 else ()
        one = Reading(t, 1000, 5, 0, count, count - 16, count + 24, 9, 1, 20, (), (), health, ())
        readings.append(Stamped(name, one))
    return readings


async def ask(
    app: ASGIApp, requests: int, again: Callable[[], None]
) -> tuple[list[float], list[float], int]:
    """Milliseconds of `requests` answers, in groups of ten; before each group `again` is called."""
    first: list[float] = []
    every: list[float] = []
    size = 0
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # of another shape of the same
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for k in range(requests):
            if k % 10 == 0:
                again()
            begun = time.perf_counter()
            answer = await client.get("/api/v1/city")
            took = (time.perf_counter() - begun) * 1000
            answer.raise_for_status()
            size = len(answer.content)
            every.append(took)
            if k % 10 == 0:
                first.append(took)
    return first, every, size


def measure(cameras: int, requests: int) -> Measured:
    """One size."""
    clock, chance = ManualClock(), random.Random(4)  # noqa: S311 - a scene, not a secret
    sites = sites_of(cameras)
    totals = CityTotals(sites, clock)
    # The application is told of one place only: the rest of it does not ask how many there are.
    square = ((-5.0, 5.0), (5.0, 5.0), (5.0, 15.0), (-5.0, 15.0))
    view = View(calibration=Calibration((640, 360), MATRIX), polygon=square)
    place = SiteView("s00000", "Site 0", 4.8, 45.7, (CameraView("c00000", view),), simulated=True)
    spent: list[float] = []

    def again() -> None:
        clock.advance(1.0)
        readings = second_of(totals.cameras, round(clock.utc() * 1000), chance)
        begun = time.process_time()
        for k in range(0, len(readings), BATCH):
            totals.add(readings[k : k + BATCH])
        spent.append((time.process_time() - begun) / len(readings) * 1e6)

    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:{Path(folder) / 'city.db'}")
        app = create_app(sites=[place], store=store, clock=clock, city=City(totals, "Bench"))
        first, every, size = asyncio.run(ask(app, requests, again))
        store.close()
    return Measured(cameras, len(sites), first, every, statistics.median(spent), size)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie."""
    ranked = sorted(values)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)]


def main() -> None:
    """Measure both sizes and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--cameras", type=int, nargs=2, default=[60, 60_000])
    chosen = parser.parse_args()
    measure(chosen.cameras[0], 20)  # imports and first uses are not what is measured
    found = []
    for cameras in chosen.cameras:
        sys.stderr.write(f"{cameras:,} cameras\n")
        found.append(measure(cameras, chosen.requests))
    rows = []
    for what, pick, share in (
        ("any answer, p50", "all", 0.5),
        ("any answer, p99", "all", 0.99),
        ("made anew, p50", "first", 0.5),
        ("made anew, p99", "first", 0.99),
    ):
        few, many = (quantile(getattr(one, pick), share) for one in found)
        limit = f"{LIMIT:g}" if what.endswith("p99") else ""
        rows.append((what, number(few, 2), number(many, 2), f"{many / few:.2f}", limit))
    small, large = found
    rows.append(
        (
            "CPU µs to take up a Reading",
            number(small.taking, 2),
            number(large.taking, 2),
            f"{large.taking / small.taking:.2f}",
            "",
        )
    )
    rows.append(
        (
            "bytes of an answer",
            f"{small.bytes:,}",
            f"{large.bytes:,}",
            f"{large.bytes / small.bytes:.2f}",
            "",
        )
    )
    head = ("ms", f"{small.cameras:,} cameras", f"{large.cameras:,} cameras", "ratio", "limit")
    print(table(head, rows, words=1))
    share = large.taking * large.cameras / 1e4
    print(
        f"{small.sites:,} and {large.sites:,} sites. A second of all cameras is taken up before "
        f"every tenth request: at {large.cameras:,} cameras that takes {share:.1f} % of a core. "
        f"{DISTRICTS} districts at both sizes."
    )


if __name__ == "__main__":
    main()
