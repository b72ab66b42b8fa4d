"""From a Reading on the bus to an alert that is durable and visible: p50 and p99 beside one second.

Many sites of two overlapping cameras measure at once. In each round every camera publishes one
Reading, and one site becomes dangerous: too dense, or under crowd pressure. The time runs from the
publishing of the Reading that passes the threshold until the alert can be read from the book, which
is after the store has it on disk. Thresholds' own minimum durations are set to 0: they are waiting
that was asked for.

    python bench/alert_latency.py                           # a few minutes on a busy machine
    python bench/alert_latency.py --sites 20 --rounds 100   # an hour
"""

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from msgspec import structs

from plainview.alerts.thresholds import DEFAULTS, Quantity
from plainview.app.watching import Watching
from plainview.bus import open_bus
from plainview.clock import ManualClock
from plainview.config import CameraConfig, SiteConfig
from plainview.geometry import cells_inside
from plainview.intake import Intake
from plainview.record import COUNT_STEP, Cell, Reading, Stamped, decode, fit_cells
from plainview.store import open_store
from plainview.synth import plaza
from plainview.web.views import CameraView, SiteView

BUDGET = 1.0
AIM = 0.25
WARM_UP = 30
"""Rounds before each danger: pressure is told from some seconds of field."""


def reading(t: float, density: float, swing: float, seed: int) -> Reading:
    """One camera's Reading at `t` s: `density` people/m² everywhere, pushed by `swing` m/s."""
    view = plaza.view(plaza.SOUTH)
    grid = view.grid()
    inside = cells_inside(grid, view.polygon)
    pushed = np.random.default_rng(seed).normal(0, swing, 2) if swing else (0.3, 0.0)
    cells = [
        Cell(int(ix), int(iy), density, float(pushed[0]), float(pushed[1]), 0.02)
        for iy, ix in np.argwhere(inside)
    ]
    count = round(density * len(cells) * grid.cell**2 / COUNT_STEP)
    doubt = max(count // 20, 8)
    bare = Reading(
        round(t * 1000), 1000, 5, 0, count, max(count - doubt, 0), count + doubt, 8, 1,
        grid.shape[0], (), (), (), (),
    )  # fmt: skip
    return decode(fit_cells(bare, cells, grid.shape))


def city(sites: int) -> dict[str, tuple[SiteView, SiteConfig]]:
    """`sites` plazas of two cameras each."""
    found = {}
    thresholds = tuple(structs.replace(one, lasts=0.0) for one in DEFAULTS)
    for k in range(sites):
        cameras = tuple(
            CameraConfig(id=f"s{k}-{camera.name}", view=plaza.view(camera))
            for camera in plaza.CAMERAS
        )
        views = tuple(CameraView(camera.id, camera.view) for camera in cameras)
        name = f"s{k}"
        found[name] = (
            SiteView(name, name, 0.0, 0.0, views),
            SiteConfig(name, name, (0.0, 0.0), cameras, thresholds=thresholds),
        )
    return found


class Bench:
    """Bus, intake, store and watch, as they run in Plainview, on a clock that is moved by hand."""

    def __init__(self, folder: Path, sites: int) -> None:
        """Start all of it."""
        self.clock = ManualClock()
        self.bus = open_bus("memory:")
        self.store = open_store(f"sqlite:{folder / 'readings.db'}")
        self.stop = threading.Event()
        self.intake = threading.Thread(
            target=Intake(self.bus, self.store, self.clock).run, args=(self.stop,)
        )
        self.intake.start()
        self.sites = city(sites)
        self.watching = Watching(self.sites, self.store, self.clock, lambda _camera, _kind: "")
        self.watching.start()

    def round(self, site: str, density: float, swing: float, seed: int) -> dict[Quantity, float]:
        """Let every camera say one Reading; seconds to each new alert of `site`, by quantity."""
        self.clock.advance(1)
        t = self.clock.utc()
        before = {shown.alert.quantity for shown in self.watching.open(site)}
        calm, danger = reading(t, 0.5, 0.0, seed), reading(t, density, swing, seed)
        said = {name: danger if name == site else calm for name in self.sites}
        began = time.perf_counter()
        for name, (view, _) in self.sites.items():
            for camera in view.cameras:
                self.bus.publish(camera.id, Stamped(camera.id, said[name]))
        found: dict[Quantity, float] = {}
        # The look that took the last field in may still be writing what it raised.
        left = 50
        while left:
            left -= self._all_at(t)
            for shown in self.watching.open(site):
                quantity = shown.alert.quantity
                if shown.durable and quantity is not None and quantity not in before:
                    found.setdefault(quantity, time.perf_counter() - began)
            time.sleep(0.001)
        return found

    def _all_at(self, t: float) -> bool:
        """Whether every site has been looked at as it was at `t`."""
        windows = [self.watching.window(name) for name in self.sites]
        return all(window is not None and window.field().t >= t - 1e-3 for window in windows)

    def close(self) -> None:
        """Stop all of it."""
        self.watching.close()
        self.bus.close()
        self.stop.set()
        self.intake.join()
        self.store.close()


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=6, help="dangers of each kind")
    asked = parser.parse_args()
    taken: dict[Quantity, list[float]] = {Quantity.DENSITY: [], Quantity.PRESSURE: []}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), asked.sites)
        try:
            for k in range(asked.rounds):
                _danger(bench, taken, k, f"s{k % asked.sites}")
        finally:
            bench.close()
    print(f"{asked.sites} sites of 2 cameras, one Reading a second each")
    print(f"{'alert':10} {'n':>4} {'p50 ms':>8} {'p99 ms':>8} {'budget ms':>10} {'aim ms':>8}")
    for quantity, seconds in taken.items():
        if len(seconds) < 2:
            print(f"{quantity:10} {len(seconds):4}  not raised")
            continue
        p50 = statistics.median(seconds) * 1000
        p99 = statistics.quantiles(seconds, n=100, method="inclusive")[98] * 1000
        print(
            f"{quantity:10} {len(seconds):4} {p50:8.0f} {p99:8.0f} "
            f"{BUDGET * 1000:10.0f} {AIM * 1000:8.0f}"
        )


def _danger(bench: Bench, taken: dict[Quantity, list[float]], k: int, site: str) -> None:
    """One site fills at once, is pushed about, and empties; what was raised is kept."""
    steps = [(6.0, 0.0)] * 12 + [(6.0, 0.6)] * WARM_UP + [(0.5, 0.0)] * 15
    for number, (density, swing) in enumerate(steps):
        found = bench.round(site, density, swing, 1000 * k + number)
        for quantity, seconds in found.items():
            if quantity in taken:
                taken[quantity].append(seconds)


if __name__ == "__main__":
    main()
