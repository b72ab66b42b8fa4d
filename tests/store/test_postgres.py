"""What the contract cannot say: two processes, a server that goes away, partitions, and moving."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine
from tests.contracts.test_store import MINUTE, NOON, kept, mark, one, status
from tests.servers.postgres import PostgresServer, postgres_server

from plainview.errors import ConfigError, StoreError, StoreFull
from plainview.store import Retention, Store, open_store
from plainview.store.moving import move
from plainview.store.pg import partitions, rolling, summing, writer
from plainview.store.pg.faults import explain
from plainview.store.pg.partitions import HOUR
from plainview.store.postgres import PostgresStore
from plainview.store.schema import metadata
from plainview.store.search import EventQuery, Place
from plainview.store.sheets import Sheet

FOREVER = Retention(readings=1e9, minutes=1e9, hours=1e9)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A real server with a database, `ready`, that has the schema."""
    with postgres_server() as running:
        running.run("CREATE DATABASE ready")
        open_store(running.url("ready")).close()
        yield running


@pytest.fixture
def url(server: PostgresServer) -> str:
    """The address of an empty store."""
    return server.emptied("ready")


def counts(store: Store, camera: str = "a") -> list[tuple[int, int, float | None]]:
    """Readings and mean of the minutes and the hours of `camera`."""
    return [
        (part.start, part.readings, part.mean)
        for resolution in ("minute", "hour")
        for part in store.roll_ups(camera, resolution, 0, NOON + 48 * HOUR)
    ]


def test_one_writes_and_others_read_beside_it(url: str) -> None:
    """A second writer is refused by name; a reader sees Readings, statuses and that there are news.

    Fences are given to anybody, and alerts have a writer of their own.
    """
    with closing(open_store(url, FOREVER)) as writer, closing(open_store(url)) as reader:
        writer.append([one("a", NOON + 1000, 3)])
        with pytest.raises(StoreError, match="another Plainview is writing"):
            open_store(url, FOREVER)
        with pytest.raises(StoreError, match="another Plainview is writing"):
            reader.append([one("a", NOON)])
        assert reader.latest(["a", "b"]) == writer.latest(["a"]) != {}
        seen = reader.version()
        for k in range(1, 100):
            writer.put_status("a", status(k))
            writer.append([one("a", NOON + 2 * MINUTE + k)])
            if reader.wait(seen, 0.1) > seen:
                break
        assert reader.version() > seen
        assert reader.statuses() == writer.statuses() != {}
        assert reader.latest(["a"]) == writer.latest(["a"])
        writer.roll_up(NOON)
        assert counts(reader) == counts(writer) != []
        assert [reader.next_fence("a"), writer.next_fence("a")] == [1, 2]
        reader.put_alerts([kept("1")])
        with pytest.raises(StoreError, match="another Plainview is writing"):
            writer.put_alerts([kept("2")])


def test_a_server_that_is_killed_and_comes_back_loses_nothing(
    server: PostgresServer, url: str
) -> None:
    """One clear line while it is away; then it goes on, with sums that hold all that is stored."""
    with closing(open_store(url, FOREVER)) as store:
        store.append([one("a", NOON + 1000, 3)])
        server.kill()
        try:
            for ask in (lambda: store.append([one("a", NOON + 2000)]), store.disk):
                with pytest.raises(StoreError, match=r"(cannot be reached|stopping)") as caught:
                    ask()
                assert url.rpartition("@")[2] in caught.value.line()
                assert "\n" not in caught.value.line()
        finally:
            server.start()
        assert store.append([one("a", NOON + 1000, 9), one("a", NOON + 2000, 5)]) == (1, 1)
        store.roll_up(NOON)
        assert counts(store) == [(NOON, 2, 4.0)] * 2
        # Only its connections are cut: what comes next may find out too late, once.
        server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'ready'")
        with suppress(StoreError):
            store.append([one("a", NOON + 3000, 7)])
        assert sum(store.append([one("a", NOON + 3000, 7)])) == 1
        store.roll_up(NOON)
        assert counts(store) == [(NOON, 3, 5.0)] * 2


@pytest.mark.parametrize("at_once", [0, 1_000_000])
def test_sums_that_were_lost_are_found_again(
    url: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a minute that is written in part, with what comes while it is summed up anew."""
    monkeypatch.setattr(summing, "_AT_ONCE", at_once)
    with closing(open_store(url, FOREVER)) as store:
        assert isinstance(store, PostgresStore)
        store.append([one("a", NOON + 1000, 1), one("b", NOON + 1000, 9)])
        store.roll_up(NOON)
        store.append([one("a", NOON + 2000, 3, crossings=((64, 0),))])
        store._writer.link.drop()
        store.append([one("a", NOON + 3000, 8)])
        thread = store._writer.summing._thread
        assert (thread is None) == bool(at_once)
        if thread is not None:
            thread.join(30)
        store.roll_up(NOON)
        assert counts(store) == [(NOON, 3, 4.0)] * 2
        assert counts(store, "b") == [(NOON, 1, 9.0)] * 2
        assert store.roll_ups("a", "hour", NOON, NOON + 1)[0].crossings == ((1.0, 0.0),)


def test_sums_are_looked_for_again_where_the_server_could_not_even_read(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk fails who reads as well: to read a page, the server writes another one out."""
    monkeypatch.setattr(summing, "_AT_ONCE", 0)
    sums, tried = rolling.sums_in_minute, list[int]()

    def failing(connection: Connection, start: int, stop: Callable[[], bool] = bool) -> Sheet:
        tried.append(start)
        if len(tried) == 1:
            message = "could not write block 1"
            raise psycopg.errors.InternalError_(message)
        return sums(connection, start, stop)

    with closing(open_store(url, FOREVER)) as store:
        assert isinstance(store, PostgresStore)
        store.append([one("a", NOON + 1000, 1)])
        store._writer.link.drop()
        monkeypatch.setattr(rolling, "sums_in_minute", failing)
        for k in (2, 3):
            store.append([one("a", NOON + 1000 * k, k)])
            thread = store._writer.summing._thread
            assert thread is not None
            thread.join(30)
            assert store.unsummed() == (k == 2)
        store.roll_up(NOON)
        assert counts(store) == [(NOON, 3, 2.0)] * 2


def test_a_large_minute_is_written_in_pieces_and_a_cut_in_between_loses_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some cameras' minute and hour are written; the rest, and who comes late, after a new start.

    Meanwhile nothing is counted twice, and deletion of what is old writes one piece more at most.
    """
    monkeypatch.setattr(rolling, "LARGE", 4)
    monkeypatch.setattr(writer, "LARGE", 4)
    monkeypatch.setattr(rolling, "_PIECE", 2)
    names = "abcdefghi"
    with closing(open_store(url, FOREVER)) as store:
        assert isinstance(store, PostgresStore)
        store.append([one(name, NOON + 1000, k) for k, name in enumerate(names)])
        assert not store.roll_some(NOON + 30_000)  # it still runs: of so many it is not written yet
        later = NOON + 2 * MINUTE
        assert store.roll_some(later)
        written = [name for name in names if counts(store, name)]
        assert len(written) == 2
        store.append([one("a", NOON + 2000, 6), one("i", NOON + 2000, 6)])
        assert store.prune(later) == 0
        assert sum(bool(counts(store, name)) for name in names) == 4
        store._writer.link.drop()  # as if this process had died
        pieces = 1
        while store.roll_some(later):
            pieces += 1
        assert pieces > 1
        for k, name in enumerate(names):
            many, mean = (2, (k + 6) / 2) if name in "ai" else (1, float(k))
            assert counts(store, name) == [(NOON, many, mean)] * 2
        assert store.roll_up(later) == 0


def test_roll_ups_can_be_made_anew(url: str) -> None:
    """Roll-ups that were spoilt are recomputed from the Readings."""
    with closing(open_store(url, FOREVER)) as store:
        assert isinstance(store, PostgresStore)
        store.append([one(c, NOON + k * 30_000 + 1) for k in range(150) for c in "ab"])
        store.roll_up(NOON)
        good = counts(store)
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE minute SET total = 7")
            connection.execute("UPDATE hour SET total = 7, readings = 1")
        assert counts(store) != good
        assert store.recompute() > 0
        assert counts(store) == good


def partitions_of(url: str, table: str) -> int:
    """How many partitions `table` has."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = %s::regclass", (table,)
        ).fetchone()
    return found[0] if found else 0


def test_partitions_go_with_their_term_and_are_made_ahead(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of Readings are dropped whole, what is left is out of sight; late ones only add up.

    A camera whose clock jumps about makes no more than some partitions, and is kept all the same.
    """
    monkeypatch.setattr(partitions, "_MOST", 8)
    with closing(open_store(url, Retention(readings=3600, minutes=1e9, hours=1e9))) as store:
        store.append([one("a", NOON + k * MINUTE * 10 + 1) for k in range(30)])
        assert partitions_of(url, "reading") == 5
        now = NOON + 5 * HOUR
        assert store.prune(now) == 24
        assert partitions_of(url, "reading") == 3  # the last hour, the running one, the next
        assert len(store.readings("a", 0, now)) == 6
        assert store.append([one("a", NOON + 500)]) == (1, 0)
        store.prune(now)
        assert store.readings("a", 0, NOON + HOUR) == []
        assert sum(h.readings for h in store.roll_ups("a", "hour", 0, now)) == 31
        far = [one("b", NOON + k * 400 * HOUR) for k in range(2, 12)]
        assert store.append(far) == (10, 0)
        assert partitions_of(url, "reading") == 9
        assert len(store.readings("b", 0, 1 << 50)) == 10


def test_the_bound_drops_the_oldest_readings(url: str) -> None:
    """At the bound the oldest give way, with their sums kept; where none are left it says so."""
    base = 0
    with closing(open_store(url)) as store:
        base = store.disk().used
    tight = Retention(readings=1e9, minutes=1e9, hours=1e9, disk_bytes=base + 6_000_000)
    with closing(open_store(url, tight)) as store:
        for hour in range(12):
            cells = (0, 1, 0, 0, 0) * 60
            store.append([one(f"c{k}", NOON + hour * HOUR + 1 + j * 1000, cells=cells)
                          for j in range(30) for k in range(50)])  # fmt: skip
        store.roll_up(NOON)
        kept_hours = {(r.t - NOON) // HOUR for r in store.readings("c7", 0, NOON + 24 * HOUR)}
        assert 11 in kept_hours
        assert 0 not in kept_hours
        assert sum(h.readings for h in store.roll_ups("c7", "hour", 0, NOON + 24 * HOUR)) == 360
    with (
        closing(open_store(url, Retention(disk_bytes=1_000_000))) as store,
        pytest.raises(StoreFull, match=r"no older Readings.*Raise 'disk' of \[retention\]"),
    ):
        store.append([one("a", NOON + 9 * HOUR)])


def test_errors_say_what_where_and_how_and_no_secret(server: PostgresServer, url: str) -> None:
    """A full disk, a wrong database, a server that is not there, an address that is none."""
    full = explain(psycopg.errors.DiskFull("could not extend file"), "postgresql://db")
    assert isinstance(full, StoreFull)
    assert "goes on by itself" in full.line()
    secret = "s3cret"  # noqa: S105 - it must not be seen
    wrong: list[tuple[str, type[Exception], str]] = [
        (f"postgresql://u:{secret}@127.0.0.1:1/x", StoreError, "cannot be reached"),
        (f"postgresql://postgres:{secret}@127.0.0.1:{server.port}/none", StoreError, "no such"),
        (f"postgresql://u:{secret}@[:::/x", ConfigError, "cannot be read"),
        (f"mysql://u:{secret}@h/x", ConfigError, "no store speaks"),
    ]
    for address, kind, said in wrong:
        with pytest.raises(kind, match=said) as caught:
            open_store(address)
        assert secret not in str(caught.value)
    with psycopg.connect(url, autocommit=True) as connection:
        with suppress(psycopg.errors.DuplicateObject):
            connection.execute("CREATE ROLE looker LOGIN")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker")
    with closing(open_store(server.url("ready", "looker"))) as store:
        assert store.latest(["a"]) == {}
        with pytest.raises(StoreError, match="may not do that"):
            store.append([one("a", NOON)])


def test_migrations_make_the_schema_and_newer_ones_are_refused(
    server: PostgresServer, url: str
) -> None:
    """The tables that migrations make are those of the store, but for what is PostgreSQL's own."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    own = ("alert_note", "newest", "straggler", "hour_start", "minute_start", "reading_key")
    with engine.begin() as connection:
        options = {"include_name": lambda name, *_: not str(name).startswith(own)}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    newer = server.fresh("ready")
    with psycopg.connect(newer) as link:
        link.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"schema 9999.*newer version"):
        open_store(newer)


class _CutShort(Exception):
    """The process died."""


def test_a_store_is_moved_whole(url: str, tmp_path: Path) -> None:
    """Cut short and begun again: every Reading, roll-up, event, alert, notice, status and fence.

    Not while either is written, and not into one that holds something.
    """
    source = f"sqlite:{tmp_path / 'x.db'}"
    with closing(open_store(source, FOREVER)) as store:
        for k in range(40):
            store.append([one(c, NOON + k * 5000 + 1, k) for c in "abc"], [mark(NOON + k)])
        store.roll_up(NOON)
        store.append([one("a", NOON + 30 * MINUTE)])
        store.put_status("a", status(NOON))
        store.put_alerts([kept("1"), kept("2", over=True)], heard=3)
        store.next_fence("b")
    with closing(open_store(url, FOREVER)), pytest.raises(StoreError, match="another Plainview"):
        move(source, url)
    for cut in ("hour", "reading", "comparing event"):

        def told(what: str, _many: int, cut: str = cut) -> None:
            if what == cut:
                raise _CutShort

        with pytest.raises(_CutShort):
            move(source, url, told)
    moved = move(source, url)
    assert (moved.rows["reading"], moved.rows["alert"], moved.rows["event"]) == (121, 2, 40)
    with pytest.raises(StoreError, match="not empty"):
        move(source, url)
    with closing(open_store(source, FOREVER)) as old, closing(open_store(url, FOREVER)) as new:
        for store in (old, new):
            store.append([one("a", NOON + 31 * MINUTE)], [mark(NOON + 31 * MINUTE)])
            store.roll_up(NOON)
        query = EventQuery((Place("x", ("a",)),), 0, NOON + HOUR)
        for same in (
            lambda store: store.readings("a", 0, NOON + HOUR),
            lambda store: store.latest(["a", "b"]),
            counts,
            lambda store: store.statuses(),
            lambda store: store.alerts(),
            lambda store: store.find_events(query),
            lambda store: store.event_news(100),
            lambda store: store.fences(),
        ):
            assert same(old) == same(new)
    with pytest.raises(ConfigError, match="PostgreSQL only"):
        move(source, f"sqlite:{tmp_path / 'y.db'}")


def test_what_is_no_store_is_not_moved_and_not_changed(url: str, tmp_path: Path) -> None:
    """Another program's database, or an empty file, would be given our tables before it is read."""
    empty, other = tmp_path / "empty.db", tmp_path / "other.db"
    empty.touch()
    with closing(sqlite3.connect(other)) as made:
        made.execute("CREATE TABLE bookmark (name TEXT)")
        made.commit()
    for path in (empty, other):
        before = path.read_bytes()
        with pytest.raises(ConfigError, match="no store of Plainview"):
            move(f"sqlite:{path}", url)
        assert path.read_bytes() == before
