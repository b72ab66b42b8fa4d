"""What the console and the API ask of one site, among 30 days of 60,000 cameras' roll-ups.

Roll-ups are made in the server by SQL: hours of all cameras for all days (43 million rows); minutes
of all cameras for the last `--minutes-hours` hours and, for a share of the sites, of all days.
Minutes of all cameras for all days are 2.6 billion rows, 0.3 TB: more than this machine holds, so
they are not there. That a camera's minutes lie in 30 partitions, and are found among 60,000
cameras' in the newest, is. Rows lie as they come, minute by minute and hour by hour; their indexes
are made when all are there. Each question is of another site, 10 cameras each, and is answered as
the API does: from the store, added up over the site, as JSON. The server is started anew before:
its own cache is empty, the system's is not. CPU is this process's, and where it runs on this
machine that of the server's which answers. With `--url`, a server of your own keeps the roll-ups,
and the next run finds them made.

    python bench/store_queries.py
    python bench/store_queries.py --url postgresql://plainview@127.0.0.1/queries
    python bench/store_queries.py --days 3 --cameras 6000
"""

import argparse
import contextlib
import copy
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
import psycopg

from plainview.store import Retention, Store, open_store
from plainview.store.pg.partitions import DAY, HOUR
from plainview.synth import plaza
from plainview.web.plan import SitePlan
from plainview.web.series import count_series, counts_in_hours
from plainview.web.views import CameraView, SiteView

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
        link.execute("SET maintenance_work_mem = '1GB'")
        link.execute("INSERT INTO camera SELECT n, 's' || (n - 1) / %s || '-' || (n - 1) %% %s "
                     "FROM generate_series(1, %s) n", (SITE, SITE, cameras))  # fmt: skip
        link.execute("ALTER TABLE hour DROP CONSTRAINT hour_pkey")
        link.execute("ALTER TABLE minute DROP CONSTRAINT minute_pkey")
        with link.transaction():  # What is emptied and filled in one is not logged besides.
            link.execute("TRUNCATE hour")
            link.execute(
                f"INSERT INTO hour {_SUMS} FROM generate_series({BEGIN}::bigint, {last - 1}, "
                f"{HOUR}) t, generate_series(1, {cameras}) c"
            )
        for day in range(days):
            since = BEGIN + day * DAY
            name = f"minute_d{since // DAY}"
            with link.transaction():
                link.execute(f"CREATE TABLE {name} PARTITION OF minute "
                             f"FOR VALUES FROM ({since}) TO ({since + DAY})")  # fmt: skip
                # As they come: minute by minute, so one camera's lie far apart.
                link.execute(f"INSERT INTO minute {_SUMS} FROM generate_series({since}::bigint, "
                             f"{since + DAY - 1}, 60000) t, generate_series(1, {cameras}) c "
                             f"WHERE (c - 1) / {SITE} % {share} = 0 "
                             f"OR t >= {last - minute_hours * HOUR}")  # fmt: skip
        for table in ("hour", "minute"):
            link.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (camera, start)")
        link.execute("VACUUM ANALYZE")


class Site:
    """Owns the plan of a site of ten cameras over one square, under any site's name."""

    def __init__(self, cameras: int) -> None:
        """Of a city of so many cameras."""
        self._sites = cameras // SITE
        self._plan = self._named(SitePlan(self._view(0)), 0)

    @staticmethod
    def _view(number: int) -> SiteView:
        view = plaza.view(plaza.SOUTH)
        cameras = tuple(CameraView(f"s{number}-{k}", view) for k in range(SITE))
        return SiteView(f"s{number}", f"s{number}", 0.0, 0.0, cameras)

    def _named(self, plan: SitePlan, number: int) -> SitePlan:
        named, view = copy.copy(plan), self._view(number)
        named.site = view
        covers = zip(view.cameras, plan.covers.values(), strict=True)
        named.covers = {camera.id: cover for camera, cover in covers}
        return named

    def any(self, chance: random.Random, share: int = 1) -> SitePlan:
        """One of the sites, or of those that have all their minutes."""
        number = chance.randrange(self._sites)
        return self._named(self._plan, number - number % share)


Question = Callable[[SitePlan], int]
"""Asks it about a site; says how many bytes the answer has."""


def questions(
    store: Store, chance: random.Random, days: int, minute_hours: int
) -> Iterator[tuple[str, Question, bool]]:
    """What is asked, how, and whether of a site that has all its minutes."""
    last = BEGIN + days * DAY

    def series(resolution: Literal["minute", "hour"], length: int, *, newest: bool) -> Question:
        def ask(plan: SitePlan) -> int:
            begin = chance.randrange(days * DAY - length + 1) // HOUR * HOUR
            since = last - length if newest else BEGIN + begin
            found = count_series(plan, store, since, since + length, resolution)
            return len(msgspec.json.encode(found)) if found.points else 0

        return ask

    def usual(plan: SitePlan) -> int:
        weeks = range(1, min(days // 7, 8) + 1)
        past = [last - week * 7 * DAY for week in weeks]
        found = counts_in_hours(plan, store, past, known=0.5)
        return len(msgspec.json.encode(found))

    hours, week = min(6, minute_hours), min(7, days)
    yield "an hour of minutes, the newest", series("minute", HOUR, newest=True), False
    yield (
        f"{hours} hours of minutes, the newest",
        series("minute", hours * HOUR, newest=True),
        False,
    )
    yield "3 hours of minutes, any day", series("minute", 3 * HOUR, newest=False), True
    yield "a day of minutes, any day", series("minute", DAY, newest=False), True
    yield "a day of hours, any day", series("hour", DAY, newest=False), False
    yield f"{week} days of hours", series("hour", week * DAY, newest=False), False
    yield f"{days} days of hours", series("hour", days * DAY, newest=True), False
    yield "the same hour of past weeks (usual)", usual, False


def _of_a_server(stack: contextlib.ExitStack, given: argparse.Namespace) -> str:
    """The address of a server that ends with `stack`, started anew since its roll-ups were made."""
    sys.path.append(str(Path(__file__).parents[1]))
    from tests.servers.postgres import postgres_server  # noqa: PLC0415 - found just now

    settings = ("shared_buffers=512MB", "max_wal_size=4GB", "wal_level=minimal",
                "max_wal_senders=0", "autovacuum=off")  # fmt: skip
    server = stack.enter_context(postgres_server(*settings))
    url = _made(server.url(), given)
    server.stop()
    server.start()
    return url


def _made(url: str, given: argparse.Namespace) -> str:
    """`url`, whose database holds the roll-ups: made now, unless they are there."""
    with psycopg.connect(url) as link:
        there = link.execute("SELECT to_regclass('hour')").fetchone() != (None,)
        if there and link.execute("SELECT EXISTS (SELECT FROM hour)").fetchone() == (True,):
            return url
    began = time.perf_counter()
    make(url, given.cameras, given.days, given.minutes_hours, given.share)
    print(f"made in {time.perf_counter() - began:.0f} s", flush=True)
    return url


def _print(name: str, ask: Question, sites: list[SitePlan], url: str) -> None:
    found, seconds, cpu = [], [], []
    ask(sites[0])
    began_there = _server_cpu(url)
    for plan in sites:
        began, began_cpu = time.perf_counter(), time.process_time()
        found.append(ask(plan))
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
    there = (_server_cpu(url) - began_there) / len(sites)
    p99 = statistics.quantiles(seconds, n=100, method="inclusive")[98]
    print(
        f"{name:38} {statistics.median(found):8.0f} {statistics.median(seconds) * 1000:8.1f} "
        f"{p99 * 1000:8.1f} {LIMIT * 1000:8.0f} {statistics.median(cpu) * 1000:8.1f} "
        f"{there * 1000:8.1f}",
        flush=True,
    )


def _server_cpu(url: str) -> float:
    """CPU seconds so far of the server's processes that answer clients; 0.0 where it is far."""
    with psycopg.connect(url) as link:
        found = link.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND pid <> pg_backend_pid()"
        ).fetchall()
    ticks = 0
    for (pid,) in found:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


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
    parser.add_argument("--url", default="", help="an empty database, or one of an earlier run")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        url = _made(given.url, given) if given.url else _of_a_server(stack, given)
        with psycopg.connect(url) as link:
            row = link.execute("SELECT pg_total_relation_size('hour') / 1e9, (SELECT "
                "sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = "
                "'minute'::regclass) / 1e9, (SELECT count(*) FROM hour)").fetchone()  # fmt: skip
        if row is not None:
            print(f"{row[2]:,} hours ({row[0]:.1f} GB), minutes {row[1]:.1f} GB")
            print(f"a site is {SITE} cameras; each is asked {given.asked} times\n")
        chance = random.Random(1)  # noqa: S311 - questions, not secrets
        store = stack.enter_context(contextlib.closing(open_store(url)))
        heads = ("bytes", "p50 ms", "p99 ms", "limit", "CPU ms", "server")
        print(f"{'question':38} {' '.join(f'{head:>8}' for head in heads)}")
        site = Site(given.cameras)
        for name, ask, kept in questions(store, chance, given.days, given.minutes_hours):
            share = given.share if kept else 1
            _print(name, ask, [site.any(chance, share) for _ in range(given.asked)], url)


if __name__ == "__main__":
    main()
