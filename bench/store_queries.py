"""What the console and the API ask of one site, among 30 days of 60,000 cameras' roll-ups.

Roll-ups are made in the server by SQL: hours of all cameras for all days (43 million rows); minutes
of all cameras for the last `--minutes-hours` hours and, for a share of the sites, of all days.
Minutes of all cameras for all days are 2.6 billion rows, 0.3 TB: more than this machine holds, so
they are not there. That a camera's minutes lie in 30 partitions, and are found among 60,000
cameras' in the newest, is. Each question is of another site, 10 cameras each, through the store as
the API asks it; CPU is this process's. The server is started anew before: its own cache is empty,
the system's is not.

    python bench/store_queries.py
    python bench/store_queries.py --days 3 --cameras 6000
"""

import argparse
import contextlib
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import psycopg

from plainview.store import Retention, Store, open_store
from plainview.store.pg.partitions import DAY, HOUR

LIMIT = 0.1
"""Seconds, p99: what is asked for one site."""
SITE = 10
"""Cameras of a site."""
BEGIN = 19_700 * DAY
KEEP = Retention(readings=1e9, minutes=1e9, hours=1e9, disk_bytes=1 << 50)

_SUMS = """
SELECT c, t, 3600, 12, 100000 + (c * 7919 + t / 60000) % 50000, 90000, 120000, 64 + c % 90,
  '\\x92920708920102'::bytea, 0
"""


def make(url: str, cameras: int, days: int, minute_hours: int, share: int) -> None:
    """Roll-ups of `days` days; returns when they are vacuumed and known to the planner."""
    open_store(url, KEEP).close()
    last = BEGIN + days * DAY
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("INSERT INTO camera SELECT n, 's' || (n - 1) / %s || '-' || (n - 1) %% %s "
                     "FROM generate_series(1, %s) n", (SITE, SITE, cameras))  # fmt: skip
        for day in range(days):
            since = BEGIN + day * DAY
            hours = f"generate_series({since}::bigint, {since + DAY - 1}, {HOUR})"
            link.execute(
                f"INSERT INTO hour {_SUMS} FROM {hours} t, generate_series(1, {cameras}) c"
            )
            name = f"minute_d{since // DAY}"
            link.execute(f"CREATE TABLE {name} PARTITION OF minute "
                         f"FOR VALUES FROM ({since}) TO ({since + DAY})")  # fmt: skip
            # As they come: minute by minute, so one camera's lie far apart.
            link.execute(f"INSERT INTO minute {_SUMS} FROM generate_series({since}::bigint, "
                         f"{since + DAY - 1}, 60000) t, generate_series(1, {cameras}) c "
                         f"WHERE (c - 1) / {SITE} % {share} = 0 "
                         f"OR t >= {last - minute_hours * HOUR}")  # fmt: skip
        link.execute("VACUUM ANALYZE")


def questions(
    store: Store, chance: random.Random, cameras: int, days: int, minute_hours: int, share: int
) -> Iterator[tuple[str, Callable[[], int]]]:
    """What is asked, and how: each call asks about another site, and says how many rows came."""
    last = BEGIN + days * DAY

    def asked(
        resolution: Literal["minute", "hour"], since: int, until: int, *, kept: bool = False
    ) -> int:
        site = chance.randrange(cameras // SITE)
        site -= site % share if kept else 0
        found = (store.roll_ups(f"s{site}-{k}", resolution, since, until) for k in range(SITE))
        return sum(map(len, found))

    def some_day(length: int) -> tuple[int, int]:
        since = BEGIN + chance.randrange(days * DAY - length + 1) // HOUR * HOUR
        return since, since + length

    yield "an hour of minutes, the newest", lambda: asked("minute", last - HOUR, last)
    yield (
        f"{min(6, minute_hours)} hours of minutes, the newest",
        lambda: asked("minute", last - min(6, minute_hours) * HOUR, last),
    )
    yield "3 hours of minutes, any day", lambda: asked("minute", *some_day(3 * HOUR), kept=True)
    yield "a day of hours, any day", lambda: asked("hour", *some_day(DAY))
    yield f"{min(7, days)} days of hours", lambda: asked("hour", *some_day(min(7, days) * DAY))
    yield f"{days} days of hours", lambda: asked("hour", BEGIN, last)
    yield (
        "the same hour of 4 weeks (what is usual)",
        lambda: sum(
            asked("hour", last - week * 7 * DAY, last - week * 7 * DAY + HOUR)
            for week in range(1, min(days // 7, 4) + 1)
        ),
    )


def _print(name: str, ask: Callable[[], int], times: int) -> None:
    found, seconds, cpu = [], [], []
    for _ in range(times):
        began, began_cpu = time.perf_counter(), time.process_time()
        found.append(ask())
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
    p99 = statistics.quantiles(seconds, n=100, method="inclusive")[98]
    print(
        f"{name:42} {statistics.median(found):6.0f} {statistics.median(seconds) * 1000:8.1f} "
        f"{p99 * 1000:8.1f} {LIMIT * 1000:8.0f} {statistics.median(cpu) * 1000:8.1f}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=60_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--minutes-hours", type=int, default=6, help="minutes of all cameras")
    parser.add_argument(
        "--share", type=int, default=100, help="one site in so many has all its minutes"
    )
    parser.add_argument("--asked", type=int, default=200, help="how often each question is asked")
    given = parser.parse_args()
    shape = (given.cameras, given.days, given.minutes_hours, given.share)
    with contextlib.ExitStack() as stack:
        sys.path.append(str(Path(__file__).parents[1]))
        from tests.servers.postgres import postgres_server  # noqa: PLC0415 - found just now

        settings = ("shared_buffers=512MB", "max_wal_size=4GB", "wal_level=minimal",
                    "max_wal_senders=0", "autovacuum=off")  # fmt: skip
        server = stack.enter_context(postgres_server(*settings))
        began = time.perf_counter()
        make(server.url(), *shape)
        print(f"made in {time.perf_counter() - began:.0f} s", flush=True)
        server.stop()
        server.start()
        with psycopg.connect(server.url()) as link:
            row = link.execute("SELECT pg_total_relation_size('hour') / 1e9, (SELECT "
                "sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = "
                "'minute'::regclass) / 1e9, (SELECT count(*) FROM hour)").fetchone()  # fmt: skip
        if row is not None:
            print(f"{row[2]:,} hours ({row[0]:.1f} GB), minutes {row[1]:.1f} GB")
            print(f"a site is {SITE} cameras; each is asked {given.asked} times\n")
        chance = random.Random(1)  # noqa: S311 - questions, not secrets
        store = stack.enter_context(contextlib.closing(open_store(server.url())))
        print(
            f"{'question':42} {'rows':>6} {'p50 ms':>8} {'p99 ms':>8} {'limit':>8} {'CPU p50':>8}"
        )
        for name, ask in questions(store, chance, *shape):
            _print(name, ask, given.asked)


if __name__ == "__main__":
    main()
