"""What the bus between machines costs: Readings over a real NATS server, by process.

Run: python bench/bus.py [--rate 60000] [--seconds 20] [--cameras 50]. One process publishes what
sites of so many cameras measure, one Reading a second each; a real nats-server keeps it on disk;
this process takes, decodes strictly and acknowledges, and stores nothing. Prints one table: cores
(CPU seconds per second) beside their limits, bytes per Reading, what was lost or came twice.
"""

import argparse
import contextlib
import gc
import json
import os
import random
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from plainview.bus import Bus, Sender, open_bus
from plainview.record import Cell, Reading, Stamped, encode, pack_cells

SCENES = 2000
RECEIVING = 0.35
SERVING = 0.1
"""Cores that 60,000 Readings a second may cost the receiver and the server (issue 7)."""


def scenes() -> list[tuple[int, tuple[int, ...]]]:
    """People and cells of quiet and busy places: from nobody to eight people on 20 x 16 m."""
    chance = random.Random(7)  # noqa: S311 - a scene, not a secret
    found = []
    for _ in range(SCENES):
        people = max(chance.randrange(-4, 9), 0)
        places = sorted(chance.sample(range(320), people))
        cells = [
            Cell(p % 20, p // 20, chance.uniform(0.4, 1.2), chance.gauss(0, 1), 1.2, 0.1)
            for p in places
        ]
        found.append((people * 16, pack_cells(cells, 20)))
    return found


def messages(cameras: int, second: int, started: int) -> list[Stamped]:
    """One Reading of each camera in that second."""
    made = []
    for camera in range(cameras):
        count, cells = _SCENES[(second * 37 + camera) % SCENES]
        t = started + second * 1000 + camera % 1000
        reading = Reading(
            t, 1000, 5, 0, count, max(count - 16, 0), count + 24, 9, 1, 20, cells, ((3, 0),), (), ()
        )
        made.append(Stamped(f"camera-{camera:06}", reading, data=encode(reading)))
    return made


_SCENES = scenes()


def publish(url: str, cameras: int, seconds: int, per_site: int) -> None:
    """The publishing process: what its lenses would hand over, spread over each second."""
    names = [f"camera-{k:06}" for k in range(cameras)]
    senders = {name: Sender("bench", f"site-{k // per_site}") for k, name in enumerate(names)}
    bus = open_bus(url, senders.__getitem__)
    started, began, cpu = time.time_ns() // 10**6, time.monotonic(), 0.0
    gc.freeze()
    for second in range(seconds):
        made = messages(cameras, second, started)
        for part in range(20):
            before = time.thread_time()
            for one in made[part::20]:
                bus.publish(one.camera, one)
            cpu += time.thread_time() - before
            time.sleep(max(began + second + (part + 1) / 20 - time.monotonic(), 0.0))
    making = time.thread_time() - cpu
    bus.close()
    spent = time.process_time() - making
    print(json.dumps({"cpu": spent, "sent": bus.stats().sent_bytes, "resent": bus.stats().resent}))


def receive(bus: Bus, expected: int, patience: float) -> tuple[Counter[str], float, float]:
    """Take and acknowledge until all has come: how often by camera, CPU seconds, worst delay."""
    counts: Counter[str] = Counter()
    got, worst, until = 0, 0.0, time.monotonic() + patience
    before = time.process_time()
    while got < expected and time.monotonic() < until:
        deliveries = bus.take(4096, 0.25)
        bus.acknowledge(deliveries)
        got += len(deliveries)
        if deliveries:
            first = deliveries[0].message
            worst = max(
                worst, time.time() - (first.reading.t if isinstance(first, Stamped) else 0) / 1e3
            )
            counts.update([delivery.camera for delivery in deliveries])
    return counts, time.process_time() - before, worst


def cpu_of(pid: int) -> float:
    """CPU seconds of a process until now (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def server(folder: Path) -> Iterator[tuple[str, int]]:
    """A real server with its store in `folder`: its address and process."""
    binary = shutil.which("nats-server", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if binary is None:
        raise SystemExit("nats-server is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [binary, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", folder],
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"nats://127.0.0.1:{port}", process.pid
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Run all three and print the table."""
    parser = argparse.ArgumentParser(description="What the bus between machines costs.")
    parser.add_argument("--rate", type=int, default=60_000, help="cameras, a Reading a second each")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--cameras", type=int, default=50, help="of one site")
    parser.add_argument("--publish", help=argparse.SUPPRESS)
    options = parser.parse_args()
    rate, seconds = options.rate, options.seconds
    if options.publish:
        publish(options.publish, rate, seconds, options.cameras)
        return
    with tempfile.TemporaryDirectory() as name, server(Path(name)) as (url, pid):
        bus = open_bus(url)
        bus.take(1, 1.0)
        gc.collect()
        gc.freeze()
        serving = cpu_of(pid)
        publisher = subprocess.Popen(
            [sys.executable, __file__, *sys.argv[1:], "--publish", url], stdout=subprocess.PIPE
        )
        counts, receiving, worst = receive(bus, rate * seconds, seconds + 60.0)
        said = json.loads(publisher.communicate()[0])
        serving = cpu_of(pid) - serving
        stats = bus.stats()
        bus.close()
        bus.take(1, 5.0)
    table = Table(title=f"{rate:,} Readings/s for {seconds} s, sites of {options.cameras} cameras")
    for column in ("what", "ours", "limit"):
        table.add_column(column, justify="left" if column == "what" else "right")
    scale = seconds * rate / 60_000
    lost = rate * seconds - sum(min(n, seconds) for n in counts.values())
    for what, ours, limit in (
        (
            "receiver: take, unpack, strict decode, acknowledge; cores",
            receiving / seconds,
            f"{RECEIVING * scale / seconds:.2f}",
        ),
        ("nats-server, on disk; cores", serving / seconds, f"{SERVING * scale / seconds:.2f}"),
        ("publisher: batch, pack, send; cores", said["cpu"] / seconds, ""),
        ("bytes on the wire per Reading", said["sent"] / (rate * seconds), ""),
        ("batches redelivered", stats.redelivered, "0"),
        ("longest from measured to taken, s", worst, "2"),
        ("lost", lost, "0"),
        ("came twice", sum(max(n - seconds, 0) for n in counts.values()), "0"),
        (
            "peak memory of the receiver, MB",
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "",
        ),
    ):
        table.add_row(what, f"{ours:,.2f}" if isinstance(ours, float) else f"{ours:,}", limit)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
