"""A city's rate: Readings a second through NATS, intake and PostgreSQL on this machine, none lost.

Run: python bench/city_rate.py [--seconds 60] [--find-rate] [--chaos] [--embedded] [--soak MINUTES].
Each line of the table is one run of `plainview simulate --cameras`: its own servers, its own count
of what is stored, the limit beside what was found. Without options: 60,000 cameras for 60 s and the
embedded default with 5,000 for 20 s, about three minutes in all.
"""

import argparse
import json
import subprocess
import sys
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

TEMPORARY = ("--bus", "nats:temporary", "--store", "postgresql:temporary")
LATENCY = 2.0
"""Seconds from reading to store, p99, at most."""
RAMP = (60_000, 90_000, 120_000, 160_000, 200_000, 240_000)


class Run(NamedTuple):
    """One simulation, and what it told."""

    name: str
    cameras: int
    found: dict[str, Any]
    whole: bool


def simulate(name: str, cameras: int, seconds: int, *more: str) -> Run:
    """Run `plainview simulate`; raise SystemExit where it says nothing."""
    command = [
        sys.executable, "-m", "plainview", "simulate", "--cameras", str(cameras),
        "--seconds", str(seconds), *more,
    ]  # fmt: skip
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"{' '.join(command)} failed")
    return Run(name, cameras, json.loads(done.stdout), done.returncode == 0)


def kept_pace(run: Run) -> bool:
    """Whether nothing was lost, and p99 is within its limit."""
    p99 = run.found["reading_to_store"]["p99"]
    return run.whole and p99 is not None and p99 <= LATENCY


def table(runs: list[Run]) -> Table:
    """All runs, with the limits in the first line."""
    shown = Table(title="Readings of a city, through bus, intake and store on this machine")
    columns = (
        "run",
        "cameras",
        "offered/s",
        "lost",
        "doubled",
        "p50 s",
        "p99 s",
        "alert p99 s",
        "cores",
    )
    for column in (*columns, "CPU s by process"):
        shown.add_column(column, justify="left" if column.startswith(("run", "CPU")) else "right")
    shown.add_row("limit", "", "60,000", "0", "0", "", f"{LATENCY:.1f}", "", "1.0", "")
    for run in runs:
        found = run.found
        alerts = [one["p99"] for one in found["reading_to_alert"].values()]
        cpu = ", ".join(f"{k} {v:.0f}" for k, v in found["cpu_seconds"].items() if v is not None)
        shown.add_row(
            run.name,
            f"{run.cameras:,}",
            f"{found['rate']:,.0f}",
            f"{found['lost']:,}",
            f"{found['duplicated']:,}",
            _number(found["reading_to_store"]["p50"]),
            _number(found["reading_to_store"]["p99"]),
            _number(max(alerts, default=None)),
            f"{found['cores']:.2f}",
            cpu,
        )
    return shown


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def find_rate(seconds: int) -> list[Run]:
    """Ever more cameras, until some Readings are lost or late."""
    runs = []
    for cameras in RAMP:
        runs.append(simulate("ramp", cameras, seconds, *TEMPORARY))
        if not kept_pace(runs[-1]):
            break
    return runs


def main() -> None:
    """Run what is asked for, and print one table."""
    parser = argparse.ArgumentParser(description="Readings of a city a second, none lost.")
    parser.add_argument("--seconds", type=int, default=60, help="of the main run")
    parser.add_argument("--cameras", type=int, default=60_000, help="of the main run")
    parser.add_argument("--find-rate", action="store_true", help="and the highest rate")
    parser.add_argument("--chaos", action="store_true", help="and the same with faults")
    parser.add_argument("--embedded", action="store_true", help="the embedded default only")
    parser.add_argument("--soak", type=int, default=0, help="minutes of 60,000 cameras more")
    asked = parser.parse_args()
    runs = []
    if not asked.embedded:
        runs.append(simulate("NATS, PostgreSQL", asked.cameras, asked.seconds, *TEMPORARY))
    runs.append(simulate("embedded", 5000, 20))
    if asked.find_rate:
        runs += find_rate(10)
    if asked.chaos:
        runs.append(simulate("with faults", asked.cameras, asked.seconds, "--chaos"))
    if asked.soak:
        runs.append(simulate("soak", asked.cameras, asked.soak * 60, *TEMPORARY))
    console = Console(width=150)
    console.print(table(runs))
    for run in runs:
        found = run.found
        memory = ", ".join(
            f"{name} {one['first']:.0f} -> {one['last']:.0f} (peak {one['peak']:.0f})"
            for name, one in found["memory_megabytes"].items()
        )
        console.print(f"{run.name}, {run.cameras:,}: MB of memory {memory}")
        console.print(
            f"  a Reading {found['reading_bytes']} B; MB of a camera's day: "
            f"wire {(found['wire_bytes_per_camera_day'] or 0) / 1e6:.1f}, "
            f"disk {found['disk_bytes_per_camera_day'] / 1e6:.1f}; refused {found['refused']}"
        )
        for fault in found["faults"]:
            console.print(f"  {fault['fault']}: recovered after {fault['recovered']} s (limit 15)")
    if not all(run.whole for run in runs if run.name != "ramp"):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
