"""From a frame's arrival to the page: the whole way through tap, lens, bus, store and API, live.

Runs the demonstration, listens to the page's own event stream, and compares each new Reading's
time (the arrival of the last frame that went into it, by the tap's clock) with the moment at which
the page has it. What the first frame of an interval waits for its end has a column of its own.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from plainview.evaluate.table import number, table, write_between

BUDGET, AIM = 1.0, 0.25
"""Seconds, frame in to alert out, p99; DESIGN.md section 7."""
EVERY = 1.0
"""Seconds of one interval of the demonstration."""


@contextlib.contextmanager
def running(state: Path) -> Iterator[str]:
    """The demonstration's address while it runs. Raises SystemExit if it does not start."""
    command = [sys.executable, "-m", "plainview", "run", "--no-open", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, "--state", str(state)], stdout=subprocess.PIPE, text=True, env=environment
    ) as child:
        try:
            found = re.search(r"http://\S+", child.stdout.readline() if child.stdout else "")
            if found is None:
                raise SystemExit("'plainview run' gave no address")
            yield found[0].rstrip("/")
        finally:
            child.send_signal(signal.SIGTERM)


def states(address: str, seconds: float) -> Iterator[tuple[float, dict[str, Any]]]:
    """Each state of the page for that long, with the UTC second at which it came."""
    sites = httpx.get(f"{address}/api/v1/sites").raise_for_status().json()
    live = f"{address}/api/v1/sites/{sites[0]['id']}/live"
    end = time.monotonic() + seconds
    with httpx.stream("GET", live, timeout=30) as response:
        for line in response.iter_lines():
            if line.startswith("data: {"):
                yield time.time(), json.loads(line.removeprefix("data: "))
            if time.monotonic() > end:
                return


def latencies(address: str, warm: float, seconds: float) -> dict[str, list[float]]:
    """By camera: seconds from a Reading's last frame to the page, after `warm` seconds."""
    begun = time.monotonic()
    last: dict[str, float] = {}
    found: dict[str, list[float]] = {}
    for came, state in states(address, warm + seconds):
        for camera in state["cameras"]:
            name, measured = camera["id"], camera["measured"]
            if measured is not None and measured != last.get(name):
                fresh = name in last and time.monotonic() - begun > warm
                last[name] = measured
                if fresh:
                    found.setdefault(name, []).append(came - measured)
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--warm", type=float, default=20, help="seconds that are not counted")
    parser.add_argument("--write", type=Path, help="page with 'latency' markers for the table")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, running(Path(scratch)) as address:
        found = latencies(address, chosen.warm, chosen.seconds)
    if not found:
        raise SystemExit("no camera measured anything")
    rows = []
    for name, values in sorted(found.items()):
        p50, p99 = np.percentile(values, (50, 99))
        rows.append(
            (
                name,
                str(len(values)),
                f"{number(1000 * p50, 0)} ms",
                f"{number(1000 * p99, 0)} ms",
                f"{number(1000 * max(values), 0)} ms",
                f"{number(1000 * (p50 + EVERY), 0)} ms",
                f"{1000 * BUDGET:.0f} ms",
                f"{1000 * AIM:.0f} ms",
            )
        )
    head = ["camera", "Readings", "last frame in to page, median", "p99", "most"]
    head += ["first frame in to page, median", "limit of p99", "aim"]
    text = (
        f"The demonstration live for {chosen.seconds:.0f} s with all its cameras on this machine, "
        f"one Reading each {EVERY:g} s,\nheard by a page's event stream.\n\n" + table(head, rows)
    )
    print(text)
    if chosen.write:
        write_between(chosen.write, "latency", text)


if __name__ == "__main__":
    main()
