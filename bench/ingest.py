"""Readings ingested per second, nothing lost: bus, intake and SQLite beside bare SQLite.

Run: python bench/ingest.py [--seconds 100]. Generated Readings as a busy square gives them, one a
second from each of 2,000 cameras. Prints one table: wall and CPU rates, the budget, and the ratio
to `executemany` of the same bytes with nothing around it, as durable, in the same run. What shares
the core with it is timed too: roll-ups, and record.decode of a lens's bytes in the fleet.
"""

import argparse
import gc
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from plainview.bus.local import LocalBus
from plainview.clock import SystemClock
from plainview.intake import Intake
from plainview.record import Cell, Reading, Stamped, decode, encode, pack_cells
from plainview.store import Retention
from plainview.store.sqlite import SqliteStore

CAMERAS = 2000
BATCH = 4096
BUDGET = 60_000
"""Readings a second on one core's worth of CPU (DESIGN.md section 7)."""
START = round(time.time() * 1000) - 3_600_000
"""An hour ago: intake refuses what is older than Readings are kept, or still to come."""


class Rate(NamedTuple):
    """Seconds that a number of Readings took."""

    wall: float
    cpu: float


def generate(seconds: int) -> list[Stamped]:
    """Readings of `seconds` seconds: 4 to 8 people on a 20 x 16 m square, in order of time."""
    chance = random.Random(7)  # noqa: S311 - a scene, not a secret
    scenes = []
    for _ in range(500):
        people = chance.randrange(4, 9)
        places = sorted(chance.sample(range(320), people))
        cells = [
            Cell(p % 20, p // 20, chance.uniform(0.4, 1.2), chance.gauss(0, 1), 1.2, 0.1)
            for p in places
        ]
        scenes.append((people * 16, pack_cells(cells, 20)))
    readings = []
    for second in range(seconds):
        for camera in range(CAMERAS):
            count, packed = scenes[(second * 37 + camera) % len(scenes)]
            t = START + second * 1000 + camera % 10
            crossings = ((chance.randrange(64), 0), (0, 0))
            reading = Reading(
                t, 1000, 5, 0, count, count - 16, count + 24, 9, 1, 20, packed, crossings, (), ()
            )
            readings.append(Stamped(f"camera-{camera:04}", reading))
    return readings


def timed(work: Callable[[], None]) -> Rate:
    """Wall and CPU seconds of `work`."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Rate(time.perf_counter() - wall, time.process_time() - cpu)


def bare(folder: Path, key: str, rows: Sequence[tuple[int, int, bytes]]) -> Rate:
    """The peer: the same bytes through sqlite3 alone, as durable, in transactions as large."""
    connection = sqlite3.connect(folder / f"{key.replace(', ', '-')}.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute(
        "CREATE TABLE reading (t INTEGER NOT NULL, camera INTEGER NOT NULL, data BLOB NOT NULL, "
        f"PRIMARY KEY ({key})) WITHOUT ROWID"
    )

    def write() -> None:
        for k in range(0, len(rows), BATCH):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT OR IGNORE INTO reading VALUES (?, ?, ?)", rows[k : k + BATCH]
            )
            connection.execute("COMMIT")

    rate = timed(write)
    connection.close()
    return rate


class Rates(NamedTuple):
    """What was measured in one run."""

    n: int
    peer: Rate
    other: Rate
    ours: Rate
    rolling: Rate
    checking: Rate

    def table(self) -> Table:
        """Beside the budget and the peer."""
        both = Rate(
            self.ours.wall + self.rolling.wall + self.checking.wall,
            self.ours.cpu + self.rolling.cpu + self.checking.cpu,
        )
        table = Table(
            title=f"{self.n:,} Readings of {CAMERAS:,} cameras, {BATCH} a transaction, durable"
        )
        for column in (
            "what",
            "per second (wall)",
            "per CPU second",
            "budget",
            "of the peer (CPU)",
        ):
            table.add_column(column, justify="left" if column == "what" else "right")
        for what, rate, budget in (
            ("bare sqlite3, keyed (t, camera): the peer", self.peer, ""),
            ("bare sqlite3, keyed (camera, t)", self.other, ""),
            ("bus -> intake -> store", self.ours, f"{BUDGET:,}"),
            ("the same, with roll-ups and the fleet's decoding", both, f"{BUDGET:,}"),
            ("roll-ups alone", self.rolling, ""),
            ("record.decode alone", self.checking, ""),
        ):
            table.add_row(
                what,
                f"{self.n / rate.wall:,.0f}",
                f"{self.n / rate.cpu:,.0f}",
                budget,
                f"{self.peer.cpu / rate.cpu:.2f}",
            )
        return table


def main() -> None:
    """Run all three and print the table."""
    parser = argparse.ArgumentParser(description="Readings ingested per second.")
    parser.add_argument("--seconds", type=int, default=100, help="of 2,000 cameras' Readings")
    seconds: int = parser.parse_args().seconds
    readings = generate(seconds)
    data = [encode(one.reading) for one in readings]
    rows = [
        (one.reading.t, int(one.camera[7:]), raw) for one, raw in zip(readings, data, strict=True)
    ]
    n = len(readings)
    gc.collect()
    gc.freeze()  # nobody keeps a million Readings in memory: the collector must not walk them

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peer = bare(folder, "t, camera", rows)
        other = bare(folder, "camera, t", rows)

        def check_bytes() -> None:
            for raw in data:
                decode(raw, shape=(20, 16))

        checking = timed(check_bytes)

        bus = LocalBus(BATCH)
        retention = Retention(readings=1e9, minutes=1e9, hours=1e9, disk_bytes=10**11)
        store = SqliteStore(folder / "plainview.db", retention)
        intake = Intake(bus, store, SystemClock())

        def ingest() -> None:
            for k in range(0, n, BATCH):
                for one in readings[k : k + BATCH]:
                    bus.publish(one.camera, one)
                while intake.step(0.0):
                    pass

        ours = timed(ingest)
        rolling = timed(lambda: (store.roll_up(0), None)[1])
        stats = intake.stats()
        kept = sum(
            len(store.readings(f"camera-{c:04}", 0, 10**13, most=seconds)) for c in (0, 777, 1999)
        )
        hours = store.roll_ups("camera-0777", "hour", 0, 10**13)
        one_camera = timed(lambda: (store.readings("camera-0777", 0, 10**13), None)[1])
        store.close()
        with sqlite3.connect(folder / "plainview.db") as raw_store:
            (found,) = raw_store.execute("SELECT count(*) FROM reading").fetchone()
        raw_store.close()
    lost = n - found
    if lost or kept != 3 * seconds or sum(h.readings for h in hours) != seconds:
        raise SystemExit(f"lost {lost} of {n} Readings; {kept} read back, {hours}")

    rates = Rates(n, peer, other, ours, rolling, checking)
    console = Console(width=120)
    console.print(rates.table())
    console.print(
        f"lost: {lost}; refused: {stats.refused}; a Reading: median "
        f"{statistics.median(map(len, data)):.0f} B, largest {max(map(len, data))} B; one camera's "
        f"{seconds} Readings of {n:,}: {one_camera.wall * 1000:.0f} ms"
    )


if __name__ == "__main__":
    main()
