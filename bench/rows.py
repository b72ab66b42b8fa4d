"""Bytes that a Reading, a minute and an hour take in the store's file, indexes included.

    python bench/rows.py [--cameras 300] [--minutes 240]

What a plan of disks needs (`plainview plan rollout`). Every camera measures once in six seconds,
as busy squares do; each table's pages are counted by SQLite itself (dbstat).
"""

import argparse
import random
import sqlite3
import tempfile
from pathlib import Path

from plainview.evaluate.table import number, table
from plainview.record import Cell, Reading, Stamped, pack_cells
from plainview.store import Retention, open_store

START = 1_700_000_400_000
EVERY = 6_000
"""Milliseconds between a camera's Readings here: a row's size does not depend on it."""
TABLES = {"reading": "a Reading", "minute": "a minute", "hour": "an hour"}


def readings(cameras: int, t: int, chance: random.Random) -> list[Stamped]:
    """One Reading of each camera: 4 to 8 people on 20 x 16 m, two lines."""
    found = []
    for camera in range(cameras):
        people = chance.randrange(4, 9)
        cells = [
            Cell(p % 20, p // 20, chance.uniform(0.4, 1.2), chance.gauss(0, 1), 1.2, 0.1)
            for p in sorted(chance.sample(range(320), people))
        ]
        n, crossed = people * 16, ((chance.randrange(64), 0), (0, 0))
        packed = pack_cells(cells, 20)
        one = Reading(t, 1000, 5, 0, n, n - 16, n + 24, 9, 1, 20, packed, crossed, (), ())
        found.append(Stamped(f"camera-{camera:04}", one))
    return found


def main() -> None:
    """Fill a store, roll it up and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=300)
    parser.add_argument("--minutes", type=int, default=240)
    chosen = parser.parse_args()
    chance = random.Random(11)  # noqa: S311 - a scene, not a secret
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.db"
        keep = Retention(readings=1e9, minutes=1e9, hours=1e9, disk_bytes=10**11)
        store = open_store(f"sqlite:{path}", keep)
        for k in range(chosen.minutes * 60_000 // EVERY):
            store.append(readings(chosen.cameras, START + (k + 1) * EVERY, chance))
        store.roll_up(START + chosen.minutes * 60_000 + 120_000)
        store.close()
        with sqlite3.connect(path) as database:
            sizes = dict(
                database.execute(
                    "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s "
                    "JOIN sqlite_master m ON m.name = s.name GROUP BY 1"
                )
            )
            rows = []
            for name, what in TABLES.items():
                (n,) = database.execute(f"SELECT count(*) FROM {name}").fetchone()  # noqa: S608 - ours
                rows.append((what, f"{n:,}", number(sizes[name] / max(n, 1), 1)))
        database.close()
    print(table(("row", "rows", "bytes of each"), rows, words=1))


if __name__ == "__main__":
    main()
