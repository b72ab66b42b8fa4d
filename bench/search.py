"""Searching many events: p50 and p99 of each kind of question beside 200 ms.

A month of events of a whole city is made by SQL in a store, then asked as the API asks: a page of a
hundred, for a random day and a random district. The store is an SQLite file; `--keep FILE` keeps
it, and uses it again where it is there already. `--postgres` asks a PostgreSQL server of its own
instead, which is started anew before: its own cache is empty, the system's is not.

CPU is the processor's time of one question, ms: on a machine that does other things too, that is
what tells; the later page's is that of all the pages before it as well.

    python bench/search.py --events 2000000
    python bench/search.py --events 100000000 --keep /big/disk/events.db
    python bench/search.py --events 10000000 --postgres
"""

import argparse
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from plainview.record import EventKind, EventStanding
from plainview.store import KeptAlert, Retention, Store, open_store
from plainview.store.search import AlertQuery, Band, EventQuery, Place

LIMIT = 0.2
"""Seconds: a day and a district, among 100 million events."""
SITES, CAMERAS = 500, 4
"""Sites of the city, and cameras of each."""
DISTRICT = 25
"""Sites of a district."""
ALERTS = 20_000
"""Alerts with notes: as many as people can write about in a month."""
DAY = 86_400_000
DAYS = 30
BEGIN = 1_700_000_000_000
PAGE = 100
DEEP = 20
"""Pages that are turned for the question about a later page."""
KEEP = Retention(readings=1e9, minutes=1e9, hours=1e9, events=1e9, disk_bytes=1_000_000_000_000)

_MAKE = """
WITH RECURSIVE n(k) AS (SELECT :first UNION ALL SELECT k + 1 FROM n WHERE k + 1 < :last)
INSERT OR IGNORE INTO event (t, camera, kind, x, y, zone, ended, confidence, standing)
SELECT
  :begin + k * :span / :events, abs(random()) % :cameras + 1,
  -- Most events are of three kinds; fire, weapons and the like are one in a thousand each.
  CASE abs(random()) % 1000 WHEN 0 THEN 0 WHEN 1 THEN 1 WHEN 2 THEN 5 WHEN 3 THEN 6 WHEN 4 THEN 7
    ELSE 2 + abs(random()) % 3 END,
  abs(random()) % 1000, abs(random()) % 1000, abs(random()) % 4,
  CASE abs(random()) % 5000 WHEN 0 THEN NULL ELSE :begin + k * :span / :events + 30000 END,
  abs(random()) % 60 + 40, abs(random()) % 10 = 0
FROM n
"""

_MAKE_IN_SERVER = """
INSERT INTO event (t, camera, kind, x, y, zone, ended, confidence, standing)
SELECT
  %(begin)s + k * %(span)s / %(events)s, floor(random() * %(cameras)s)::int + 1,
  CASE floor(random() * 1000)::int WHEN 0 THEN 0 WHEN 1 THEN 1 WHEN 2 THEN 5 WHEN 3 THEN 6
    WHEN 4 THEN 7 ELSE 2 + floor(random() * 3)::int END,
  floor(random() * 1000)::int, floor(random() * 1000)::int, floor(random() * 4)::int,
  CASE floor(random() * 5000)::int WHEN 0 THEN NULL
    ELSE %(begin)s + k * %(span)s / %(events)s + 30000 END,
  floor(random() * 60)::int + 40, CASE floor(random() * 10)::int WHEN 0 THEN 1 ELSE 0 END
FROM generate_series(%(first)s::bigint, %(last)s::bigint - 1) k
ON CONFLICT DO NOTHING
"""


def make(path: Path, events: int) -> None:
    """A store at `path` with `events` of a month, in order of time."""
    open_store(f"sqlite:{path}", KEEP).close()
    with sqlite3.connect(path, isolation_level=None) as raw:
        for line in ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF",
                     "PRAGMA cache_size = -400000", "DROP INDEX event_camera",
                     "INSERT INTO zone VALUES (1, 'a'), (2, 'b'), (3, 'c')"):  # fmt: skip
            raw.execute(line)
        raw.executemany(
            "INSERT INTO camera VALUES (?, ?)",
            ((n + 1, f"s{n // CAMERAS}-{n % CAMERAS}") for n in range(SITES * CAMERAS)),
        )
        step = 1_000_000
        for first in range(0, events, step):
            raw.execute(_MAKE, _step(first, min(first + step, events), events))
        raw.execute("CREATE INDEX event_camera ON event (camera, kind, standing, t)")
        raw.execute("INSERT INTO mark SELECT 'events', count(*) FROM event")
        raw.execute("PRAGMA journal_mode = WAL")
    raw.close()


def make_in_server(url: str, events: int) -> None:
    """The same at the empty database `url`, vacuumed and known to the planner."""
    open_store(url, KEEP).close()
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("INSERT INTO zone VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        link.execute("INSERT INTO camera SELECT n + 1, 's' || n / %s || '-' || n %% %s "
                     "FROM generate_series(0, %s) n",
                     (CAMERAS, CAMERAS, SITES * CAMERAS - 1))  # fmt: skip
        link.execute("DROP INDEX event_camera")
        step = 1_000_000
        for first in range(0, events, step):
            link.execute(_MAKE_IN_SERVER, _step(first, min(first + step, events), events))
        link.execute("CREATE INDEX event_camera ON event (camera, kind, standing, t)")
        link.execute("VACUUM ANALYZE")


def _step(first: int, last: int, events: int) -> dict[str, int]:
    """What events number `first` up to `last` of so many are made with."""
    return {"first": first, "last": last, "events": events, "begin": BEGIN, "span": DAYS * DAY,
            "cameras": SITES * CAMERAS}  # fmt: skip


def write_notes(store: Store, chance: random.Random) -> None:
    """`ALERTS` alerts that people wrote about."""
    words = ("crowd", "gate", "stewards", "sent", "cleared", "delivery", "false", "lamp", "閘口")
    alerts = []
    for k in range(ALERTS):
        raised = BEGIN + k * DAYS * DAY // ALERTS
        note = " ".join(chance.choice(words) for _ in range(8))
        alerts.append(
            KeptAlert(
                f"{raised:013d}-{k}",
                f"s{chance.randrange(SITES)}",
                raised,
                open=False,
                data=b"",
                kind=EventKind.FIRE,
                raised=raised,
                at=(5.0, 5.0),
                note=note,
                state="cleared",
            )
        )
    store.put_alerts(alerts)


def place(site: int, bands: tuple[Band, ...] = ()) -> Place:
    """A site with its cameras."""
    return Place(f"s{site}", tuple(f"s{site}-{k}" for k in range(CAMERAS)), bands)


def district(chance: random.Random) -> tuple[Place, ...]:
    """Sites next to one another."""
    first = chance.randrange(SITES - DISTRICT)
    return tuple(place(first + k) for k in range(DISTRICT))


def questions(store: Store, chance: random.Random) -> Iterator[tuple[str, Callable[[], int]]]:
    """What is asked, and how: each call asks about another day and place, and says how many."""

    def asked(where: Callable[[], tuple[Place, ...]], days: int = 1, **more: object) -> int:
        since = BEGIN + chance.randrange(DAYS - days + 1) * DAY
        query = EventQuery(where(), since, since + days * DAY, most=PAGE, **more)  # type: ignore[arg-type]
        return len(store.find_events(query).events)

    def here() -> tuple[Place, ...]:
        return district(chance)

    def part() -> tuple[Place, ...]:
        bands = (Band(1, 0, 10.0, 20.0), Band(0, 1, 10.0, 20.0))
        return (place(chance.randrange(SITES), bands),)

    def city() -> tuple[Place, ...]:
        return tuple(map(place, range(SITES)))

    def deep() -> int:
        since = BEGIN + chance.randrange(DAYS) * DAY
        query = EventQuery(here(), since, since + DAY, most=PAGE)
        for _ in range(DEEP):
            page = store.find_events(query)
            if page.last is None:
                return len(page.events)
            query = EventQuery(query.places, since, since + DAY, before=page.last, most=PAGE)
        began = time.perf_counter()
        found = len(store.find_events(query).events)
        deep_seconds.append(time.perf_counter() - began)
        return found

    def notes() -> int:
        query = AlertQuery(here(), BEGIN, BEGIN + DAYS * DAY, words=("stewards", "閘口"), most=PAGE)
        return len(store.find_alerts(query))

    yield "a day, a district", lambda: asked(here)
    yield "a day, a district, fire only", lambda: asked(here, kinds=(EventKind.FIRE,))
    yield "a day, a district, validated", lambda: asked(here, standings=(EventStanding.VALIDATED,))
    yield "a day, a district, one zone", lambda: asked(here, zones=("a",))
    yield "a day, a district, not ended", lambda: asked(here, open=True)
    yield f"a day, a district, page {DEEP + 1}", deep
    yield "a day, the whole city", lambda: asked(city)
    yield "a day, the whole city, fire only", lambda: asked(city, kinds=(EventKind.FIRE,))
    yield "a month, 10 m by 10 m of a site", lambda: asked(part, DAYS)
    yield "a month, a district, notes of alerts", notes


deep_seconds: list[float] = []
"""What the later page alone took."""


@contextmanager
def in_file(path: Path, events: int) -> Iterator[tuple[Store, int, float]]:
    """A store in the file `path`, made where it is not there; its events and gigabytes."""
    if not path.exists():
        began = time.perf_counter()
        make(path, events)
        print(f"made in {time.perf_counter() - began:.0f} s", flush=True)
    with sqlite3.connect(path) as raw:
        (rows,) = raw.execute("SELECT value FROM mark WHERE name = 'events'").fetchone()
    raw.close()
    store = open_store(f"sqlite:{path}", KEEP)
    yield store, rows, path.stat().st_size / 1e9
    store.close()


@contextmanager
def in_server(events: int) -> Iterator[tuple[Store, int, float]]:
    """The same in a PostgreSQL server of its own."""
    sys.path.append(str(Path(__file__).parents[1]))
    from tests.servers.postgres import postgres_server  # noqa: PLC0415 - found just now

    settings = ("shared_buffers=512MB", "max_wal_size=4GB", "wal_level=minimal",
                "max_wal_senders=0", "autovacuum=off", "maintenance_work_mem=512MB")  # fmt: skip
    with postgres_server(*settings) as server:
        began = time.perf_counter()
        make_in_server(server.url(), events)
        print(f"made in {time.perf_counter() - began:.0f} s", flush=True)
        server.stop()
        server.start()
        with psycopg.connect(server.url()) as link:
            row = link.execute(
                "SELECT count(*), pg_total_relation_size('event') / 1e9 FROM event"
            ).fetchone()
        store = open_store(server.url(), KEEP)
        yield store, *((0, 0.0) if row is None else (int(row[0]), float(row[1])))
        store.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--asked", type=int, default=200, help="how often each question is asked")
    parser.add_argument("--keep", type=Path, help="store file to use, made where it is not there")
    parser.add_argument("--postgres", action="store_true", help="ask PostgreSQL, not SQLite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.keep or Path(folder) / "events.db"
        opened = in_server(given.events) if given.postgres else in_file(path, given.events)
        with opened as (store, rows, size):
            ask_all(store, rows, size, given.asked)


def ask_all(store: Store, rows: int, size: float, asked: int) -> None:
    """Ask `store`, with `rows` events in `size` gigabytes, and print the table."""
    chance = random.Random(1)  # noqa: S311 - questions, not secrets
    write_notes(store, chance)
    print(
        f"{rows:,} events, {SITES * CAMERAS} cameras, {SITES} sites, {DAYS} days, "
        f"{size:.1f} GB; a district is {DISTRICT} sites, a page {PAGE}\n"
    )
    print(
        f"{'question':38} {'found':>6} {'p50 ms':>8} {'p99 ms':>8} {'limit':>9} "
        f"{'CPU p50':>8} {'CPU p99':>8}"
    )
    for name, ask in questions(store, chance):
        # A later page is reached through all before it.
        _print(name, ask, max(asked // DEEP, 5) if ask.__name__ == "deep" else asked)


def _print(name: str, ask: Callable[[], int], times: int) -> None:
    found, seconds, cpu = [], [], []
    for _ in range(times):
        began, began_cpu = time.perf_counter(), time.process_time()
        found.append(ask())
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
    if deep_seconds:
        seconds = list(deep_seconds)
        deep_seconds.clear()
    wall, work = (f"{_p50(taken)} {_p99(taken)}" for taken in (seconds, cpu))
    print(
        f"{name:38} {statistics.median(found):6.0f} {wall} {LIMIT * 1000:9.0f} {work}",
        flush=True,
    )


def _p50(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:8.1f}"


def _p99(seconds: list[float]) -> str:
    return f"{statistics.quantiles(seconds, n=100, method='inclusive')[98] * 1000:8.1f}"


if __name__ == "__main__":
    main()
