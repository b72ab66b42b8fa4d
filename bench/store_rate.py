"""What storing 60,000 Readings a second costs in PostgreSQL, beside bare COPY in the same run.

Each second's Readings of 60,000 cameras go through `Store.append`, as intake gives them, with
roll-ups every 20 s; then the same rows through one COPY into a table of the same shape, with
nothing around it. CPU is of this process (Python) and of all of the server's processes. As fast as
it goes: what counts is CPU for each second of Readings, of which there is one a second.

    python bench/store_rate.py --seconds 60
    python bench/store_rate.py --seconds 20 --url postgresql://plainview@db.example/bench
"""

import argparse
import contextlib
import os
import random
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from msgspec import structs

from plainview.record import Cell, Reading, Stamped, encode, pack_cells
from plainview.store import Retention, Store, open_store

CAMERAS = 60_000
START = 1_700_049_600_000
ROLL_UP = 20
"""Seconds between roll-ups, as intake does them."""
PYTHON, SERVER = 0.15, 0.35
"""Budgets, in cores, at 60,000 Readings a second."""
KEEP = Retention(readings=3600.0, disk_bytes=1 << 50)


class Cost(NamedTuple):
    """CPU seconds for some seconds of Readings."""

    python: float
    server: float


def scenes() -> list[Reading]:
    """Readings of 500 moments of a busy square: 4 to 8 people, two lines."""
    chance = random.Random(7)  # noqa: S311 - a scene, not a secret
    made = []
    for _ in range(500):
        people = chance.randrange(4, 9)
        cells = [
            Cell(p % 20, p // 20, chance.uniform(0.4, 1.2), chance.gauss(0, 1), 1.2, 0.1)
            for p in sorted(chance.sample(range(320), people))
        ]
        count, lines = people * 16, ((chance.randrange(64), 0), (0, chance.randrange(64)))
        made.append(Reading(START, 1000, 5, 0, count, count - 16, count + 24, 9, 1, 20,
                            pack_cells(cells, 20), lines, (), ()))  # fmt: skip
    return made


def second(scene: list[Reading], k: int) -> list[Stamped]:
    """What 60,000 cameras say in second `k`, as it comes from the bus."""
    batch = []
    for camera in range(CAMERAS):
        at = START + k * 1000 + camera % 10
        reading = structs.replace(scene[(k * 37 + camera) % len(scene)], t=at)
        batch.append(Stamped(f"s{camera // 10:04}-{camera % 10}", reading, data=encode(reading)))
    return batch


def server_cpu(pids: list[int]) -> float:
    """CPU seconds of the server's processes; what has ended counts in its parent."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):
            said = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(map(int, said[11:15] if pid == pids[0] else said[11:13])) / ticks
    return total


def processes(url: str) -> list[int]:
    """The server's processes, its first one first; empty where it runs elsewhere."""
    with psycopg.connect(url) as connection:
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    name, fields = (entry / "stat").read_text().rsplit(")", 1)
                    if "postgres" in name:
                        parents[int(entry.name)] = int(fields.split()[1])
        first = parents.get(connection.info.backend_pid)
    if first is None:
        return []
    return [first, *(pid for pid, parent in parents.items() if parent == first)]


class Peer:
    """Owns a table of the same shape and the connection that COPYs into it."""

    def __init__(self, url: str) -> None:
        """Make the table."""
        self.link: psycopg.Connection[Any] = psycopg.connect(url)
        self.link.execute("DROP TABLE IF EXISTS peer")
        self.link.execute("CREATE TABLE peer (t bigint NOT NULL, camera int NOT NULL, "
                          "data bytea NOT NULL, PRIMARY KEY (t, camera))")  # fmt: skip
        self.link.commit()

    def copy(self, batch: list[Stamped]) -> None:
        """One transaction; rows are packed and in order of their key before."""
        head = struct.Struct("!hiqiii")
        rows = sorted((one.reading.t, k, one.data) for k, one in enumerate(batch))
        parts = [b"PGCOPY\n\xff\r\n\0" + bytes(8)]
        for t, camera, data in rows:
            parts += (head.pack(3, 8, t, 4, camera, len(data)), data)
        self.blob = b"".join((*parts, b"\xff\xff"))

    def send(self) -> None:
        """What was packed."""
        with self.link.cursor().copy("COPY peer FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(self.blob)
        self.link.commit()


def measure(url: str, seconds: int, size: int) -> tuple[Cost, Cost, Cost]:
    """What append, roll-ups and bare COPY cost together in `seconds` seconds of Readings."""
    scene = scenes()
    store: Store = open_store(url, KEEP)
    peer = Peer(url)
    ours, rolled, bare = ([0.0, 0.0] for _ in range(3))

    @contextlib.contextmanager
    def counted(into: list[float]) -> Iterator[None]:
        pids = processes(url)
        cpu, server = time.process_time(), server_cpu(pids)
        yield
        into[0] += time.process_time() - cpu
        into[1] += server_cpu(pids) - server

    store.append(second(scene, -1))
    for k in range(seconds):
        batch = second(scene, k)
        with counted(ours):
            for first in range(0, len(batch), size):
                store.append(batch[first : first + size])
        peer.copy(batch)
        with counted(bare):
            peer.send()
        if k % ROLL_UP == ROLL_UP - 1:
            with counted(rolled):
                store.roll_up(START + k * 1000)
    with counted(rolled):
        store.close()
    peer.link.close()
    return Cost(*ours), Cost(*rolled), Cost(*bare)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--batch", type=int, default=CAMERAS, help="Readings of one append")
    parser.add_argument("--url", help="an empty database; without, a server of its own")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        url = given.url
        if url is None:
            sys.path.append(str(Path(__file__).parents[1]))
            from tests.servers.postgres import postgres_server  # noqa: PLC0415 - found just now

            # As a careful operator would have it, and not as the tests do: every commit is durable.
            settings = ("fsync=on", "full_page_writes=on", "shared_buffers=512MB",
                        "max_wal_size=4GB")  # fmt: skip
            url = stack.enter_context(postgres_server(*settings)).url()
        ours, rolled, bare = measure(url, given.seconds, given.batch)
    both = Cost(ours.python + rolled.python, ours.server + rolled.server)
    n = given.seconds
    print(f"{CAMERAS:,} Readings/s for {n} s, {given.batch:,} an append, durable; CPU in cores\n")
    print(f"{'what':34} {'Python':>8} {'budget':>7} {'server':>8} {'budget':>7} {'of COPY':>8}")
    for what, cost, limits in (
        ("bare COPY: the peer", bare, ("", "")),
        ("append", ours, ("", "")),
        ("roll-ups", rolled, ("", "")),
        ("append and roll-ups", both, (PYTHON, SERVER)),
    ):
        print(
            f"{what:34} {cost.python / n:8.3f} {limits[0]:>7} {cost.server / n:8.3f} "
            f"{limits[1]:>7} {cost.server / max(bare.server, 1e-9):8.2f}"
        )


if __name__ == "__main__":
    main()
