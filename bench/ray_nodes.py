"""Forty lenses on two nodes of a real Ray cluster; one node is killed, and every camera comes back.

`python bench/ray_nodes.py [--cameras 40] [--seconds 30]`. Both nodes are on this machine, each with
a raylet, an actor, a zygote and its lenses: so the node that is left carries all on the same
cores. The lenses are the real ones, sealed, but their clips are small (96x64, 5 frames/s, one
frame analysed a second), because what is measured is the fleet and not the decoder. The second node
dies by SIGKILL of its raylet and of every process below it. Readings go over the in-machine bus and
through intake into SQLite; what is counted is what was stored.
"""

import argparse
import contextlib
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import structlog
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))

from tests.fleet.conftest import view  # noqa: E402 - found just now
from tests.fleet.grants import Issuer  # noqa: E402
from tests.fleet.raycluster import RayNodes  # noqa: E402

from plainview.bus import open_bus  # noqa: E402
from plainview.clock import SystemClock  # noqa: E402
from plainview.evaluate.table import number, table  # noqa: E402
from plainview.fleet.placed import PlacedFleet  # noqa: E402
from plainview.fleet.ray import RayCluster  # noqa: E402
from plainview.intake import Intake  # noqa: E402
from plainview.record import CameraStatus, Stamped  # noqa: E402
from plainview.store import open_store  # noqa: E402
from plainview.vision.encoder import encode_clip  # noqa: E402
from plainview.vision.spec import LensSpec, TapSpec  # noqa: E402

CORES = 4.0
"""That each node is said to have: room for all cameras by what they are taken to cost at first."""
BACK = GAP = 10.0
"""Seconds: the limits."""
PATIENCE = 180.0


class Kept(NamedTuple):
    """One Reading that was stored."""

    t: int
    """End of its interval, UTC milliseconds."""
    fence: int
    at: float
    """When it was stored, monotonic seconds."""
    seen: bool
    """Whether a picture was measured."""


class Bench:
    """Bus, intake, store and fleet, as they run in Plainview; owns what was stored and when."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        """Start all of it."""
        self.kept: dict[str, list[Kept]] = defaultdict(list)
        self.lock = threading.Lock()
        self.bus = open_bus("memory:")
        self.store = open_store(f"sqlite:{folder / 'readings.db'}")
        stack.callback(self.store.close)
        self.intake = Intake(self.bus, self.store, SystemClock(), written=self._written)
        stop = threading.Event()
        thread = threading.Thread(target=self.intake.run, args=(stop,))
        thread.start()
        stack.callback(thread.join)
        stack.callback(stop.set)
        stack.callback(self.bus.close)
        self.issuer = stack.enter_context(Issuer(folder))
        self.nodes = stack.enter_context(RayNodes([{}, {}], cpus=CORES))
        self.fleet = PlacedFleet(
            RayCluster("ray:auto", self.issuer.trust),
            on_reading=lambda one: self.bus.publish(one.camera, one),
            on_status=self._status,
            on_plate=lambda *_: None,
            trust=self.issuer.trust,
            next_fence=self.store.next_fence,
        )
        stack.callback(self.fleet.close)

    def _status(self, camera: str, status: CameraStatus, fence: int) -> None:
        self.bus.publish(camera, status, fence)

    def _written(self, readings: Sequence[Stamped], _events: int, _taken: float) -> None:
        now = time.monotonic()
        with self.lock:
            for one in readings:
                told = Kept(one.reading.t, one.fence, now, one.reading.frames > 0)
                self.kept[one.camera].append(told)

    def begin(self, names: Sequence[str], clip: Path) -> None:
        """Start the cameras, each under a permit of its own."""
        tap = TapSpec(source=str(clip), live=True, loop=True)
        lens = LensSpec(view=view(), every=1.0, rate=1.0)
        for name in names:
            self.fleet.start(name, tap, lens, self.issuer.grant(name, tap, lens))

    def back(self, names: Sequence[str], since: float, fences: dict[str, int]) -> dict[str, float]:
        """Seconds from `since` to the first Reading of a picture stored under a later token."""
        with self.lock:
            return {
                name: min(times)
                for name in names
                if (
                    times := [
                        one.at - since
                        for one in self.kept[name]
                        if one.seen and one.at > since and one.fence > fences.get(name, 0)
                    ]
                )
            }

    def wait(self, names: Sequence[str], since: float, fences: dict[str, int]) -> dict[str, float]:
        """As `back`, once it is so of all, or `PATIENCE` is over."""
        until = time.monotonic() + PATIENCE
        while True:
            found = self.back(names, since, fences)
            if len(found) == len(names) or time.monotonic() > until:
                return found
            time.sleep(0.05)


def street(frames: int) -> Iterator[NDArray[np.uint8]]:
    """A textured ground on which one bright patch goes to and fro."""
    ground = np.random.default_rng(1).integers(60, 140, (64, 96, 3), np.uint8)
    for k in range(frames):
        picture = ground.copy()
        at = abs(k % 80 - 40)
        picture[24:40, 20 + at : 28 + at] = 220
        yield picture


def below(pid: int) -> list[int]:
    """`pid` and every process below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += below(int(child))
    return found


def kill(raylet: int) -> int:
    """SIGKILL a node: its raylet and all below it, the sealed lenses too; how many."""
    found = below(raylet)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(found)


def main() -> None:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=40)
    parser.add_argument("--seconds", type=int, default=30, help="that it runs before and after")
    asked = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    names = [f"c{k:02}" for k in range(asked.cameras)]
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        clip = folder / "grey.mp4"
        encode_clip(street(150), clip, 5, gop=5)
        bench = Bench(folder, stack)
        began = time.monotonic()
        bench.begin(names, clip)
        first = bench.wait(names, began, {})
        time.sleep(asked.seconds)
        before = bench.fleet.placed()
        fences = {camera: fence for camera, (_, fence) in before.items()}
        dead = bench.nodes.nodes[1].node_id
        moved = [camera for camera, (node, _) in before.items() if node == dead]
        if not moved:
            raise SystemExit("nothing ran on the second node: it took too long to start")
        killed = kill(bench.nodes.raylet(1))
        at = time.monotonic()
        back = bench.wait(moved, at, fences)
        time.sleep(asked.seconds)
        after = bench.fleet.placed()
        stats, intake = bench.fleet.stats(), bench.intake.stats()
        with bench.lock:
            kept = {camera: list(told) for camera, told in bench.kept.items()}
        spare = [camera for camera in names if camera not in moved]
    gaps = {camera: gap(told) for camera, told in kept.items()}
    doubles = sum(len(told) - len({one.t for one in told}) for told in kept.values())
    backwards = sum(b.fence < a.fence for told in kept.values() for a, b in pairwise(told))
    restarted = sum(after.get(camera) != before[camera] for camera in spare)
    rows = [
        ("cameras that ran on two nodes", f"{len(first)} of {len(names)}", "all"),
        ("of them on the node that was killed", str(len(moved)), "about half"),
        ("processes killed", str(killed), "-"),
        ("cameras back", f"{len(back)} of {len(moved)}", "all"),
        ("back after, median s", number(statistics.median(back.values()), 1), "-"),
        ("back after, worst s", number(max(back.values()), 1), f"{BACK:.0f}"),
        ("longest gap in what is stored, s", number(max(gaps.values()), 1), f"{GAP:.0f}"),
        ("intervals stored twice", str(doubles), "0"),
        ("Readings of an earlier token after a later one", str(backwards), "0"),
        ("dropped by the head: of an earlier token", str(int(stats["fleet_fenced"])), "-"),
        ("dropped by the head: interval told before", str(int(stats["fleet_doubled"])), "-"),
        ("duplicates and refusals at intake", f"{intake.duplicates}, {intake.refused}", "0, 0"),
        ("cameras of the other node that were disturbed", str(restarted), "0"),
        ("times that a node did not hear the head", str(int(stats["fleet_lapses"])), "0"),
        ("Readings stored", str(sum(map(len, kept.values()))), "-"),
    ]
    print(table(("what", "ours", "limit"), rows))


def gap(told: Sequence[Kept]) -> float:
    """Seconds of the longest time between the ends of two intervals stored one after the other."""
    return max((b.t - a.t for a, b in pairwise(told)), default=0) / 1000


if __name__ == "__main__":
    main()
