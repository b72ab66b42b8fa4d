"""A whole city watched for alerts by one process: what a look costs, and how late an alert is.

Sites of two overlapping cameras measure once a second, as time goes by, and nearly all of them are
sparse. Every other second one of them fills up. The time runs from when its Readings are stored
until the alert is durable; the threshold's own minimum duration is set to 0. Where a look at all
sites would take longer than `watching.BUSY`, calm sites wait: the last columns say what the thread
that watches takes of a core, and how old the field of a site is at most.

    python bench/watch.py --sites 20 200 1000 3000 --seconds 40
"""

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from alert_latency import city, reading
from plainview.alerts.thresholds import Quantity
from plainview.app.watching import Watching
from plainview.clock import SystemClock
from plainview.record import Reading, Stamped
from plainview.store import Store, open_store

LIMIT = 1.0
SPARSE, FULL = 0.3, 6.0
EVERY = 2
"""Seconds between two sites that fill up."""
LASTS = 1.0


class Found(NamedTuple):
    """One run."""

    late: list[float]
    """Seconds to each alert."""
    missed: int
    core: float
    """Share of a core that the watch takes."""
    oldest: float
    """Seconds since the field of a site, at most."""


def run(sites: int, seconds: int, folder: Path) -> Found:
    """Watch `sites` sites for so long."""
    clock = SystemClock()
    store = open_store(f"sqlite:{folder}/{sites}.db")
    watched = city(sites)
    watching = Watching(watched, store, clock, lambda _camera, _kind: "")
    names = [[camera.id for camera in view.cameras] for view, _ in watched.values()]
    bare = {density: reading(0.0, density, 0.0, 0) for density in (SPARSE, FULL)}
    # Looked at once before anything is timed, so that all that is made once is made.
    for plan in watching.plans.values():
        for camera in plan.site.cameras:
            plan.sight(camera)
    _say(store, names, bare, clock.utc(), full=None)
    watching.look()
    watching.start()
    thread = next(one for one in threading.enumerate() if one.name == "alerts")
    used = time.pthread_getcpuclockid(thread.ident or 0)
    began, cpu = time.monotonic(), time.clock_gettime(used)
    late, missed, oldest = [], 0, 0.0
    for second in range(seconds):
        time.sleep(max(began + second - time.monotonic(), 0.0))
        full = second // EVERY % sites if second % EVERY == 0 and second > 5 else None
        now = clock.utc()
        _say(store, names, bare, now, full=full)
        if full is not None:
            took = _raised(watching, f"s{full}", time.monotonic(), LIMIT * 8)
            missed += took is None
            late += [] if took is None else [took]
        for name in [*watched][:: max(sites // 50, 1)]:
            window = watching.window(name)
            if window is not None:
                oldest = max(oldest, clock.utc() - window.field().t)
    core = (time.clock_gettime(used) - cpu) / (time.monotonic() - began)
    watching.close()
    store.close()
    return Found(late, missed, core, oldest)


def _say(
    store: Store,
    names: list[list[str]],
    bare: dict[float, Reading],
    now: float,
    *,
    full: int | None,
) -> None:
    t = round(now * 1000)
    said = {density: structs.replace(one, t=t) for density, one in bare.items()}
    store.append(
        [
            Stamped(camera, said[FULL if k == full else SPARSE])
            for k, cameras in enumerate(names)
            for camera in cameras
        ]
    )


def _raised(watching: Watching, site: str, began: float, patience: float) -> float | None:
    while time.monotonic() < began + patience:
        shown = watching.open(site)
        if any(one.durable and one.alert.quantity is Quantity.DENSITY for one in shown):
            return time.monotonic() - began
        time.sleep(0.005)
    return None


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, nargs="+", default=[20, 200, 1000])
    parser.add_argument("--seconds", type=int, default=30)
    given = parser.parse_args()
    heads = (
        "sites",
        "cameras",
        "alerts",
        "missed",
        "p50 s",
        "worst s",
        "limit",
        "core",
        "oldest s",
    )
    print(" ".join(f"{head:>8}" for head in heads))
    with tempfile.TemporaryDirectory() as folder:
        for sites in given.sites:
            found = run(sites, given.seconds, Path(folder))
            p50 = statistics.median(found.late) if found.late else float("nan")
            print(
                f"{sites:8} {2 * sites:8} {len(found.late):8} {found.missed:8} {p50:8.2f} "
                f"{max(found.late, default=float('nan')):8.2f} {LIMIT:8.1f} {found.core:8.2f} "
                f"{found.oldest:8.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
