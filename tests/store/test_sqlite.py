import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import deque
from pathlib import Path

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from msgspec import structs
from sqlalchemy import Connection, create_engine
from sqlalchemy.event import listen

from plainview.alerts.kinds import AlertKind
from plainview.alerts.lifecycle import packed, unpacked
from plainview.alerts.thresholds import Quantity
from plainview.errors import ConfigError, StoreError, StoreFull
from plainview.record import Event, EventKind, EventStanding, Phase, Reading, Stamped
from plainview.store import KeptDelivery, Retention, open_store
from plainview.store.migrate import migrate
from plainview.store.schema import alert_note, metadata
from plainview.store.search import AlertQuery, Band, EventQuery, Mark, Place
from plainview.store.sqlite import SqliteStore
from plainview.store.upkeep import Brief

CHILD = Path(__file__).with_name("appender.py")
CAMERAS = 7
MINUTE = 60_000
ROUNDS = 30


def one(camera: str, t: int, cells: int = 0) -> Stamped:
    """A Reading of `camera` at `t`, padded with `cells`."""
    return Stamped(
        camera, Reading(t, 1000, 5, 0, 16, 0, 32, 8, 1, 40, (0, 1, 200, 200, 9) * cells, (), (), ())
    )


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    """Thirty times a writer is killed at a random moment: every acknowledged batch is there.

    Whole batches only, the database is sound, and roll-ups agree with the Readings.
    """
    path = tmp_path / "readings.db"
    chance = random.Random(1)  # noqa: S311 - moments of death, not secrets
    with subprocess.Popen(
        [sys.executable, str(CHILD), "serve", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        acknowledged = -1
        for _ in range(ROUNDS):
            server.stdin.write(f"{acknowledged + 1}\n")
            child = 0
            wanted = chance.randrange(10)
            lines = iter(server.stdout.readline, "")
            for line in lines:
                if line.startswith("pid"):
                    child = int(line[4:])
                elif line == "dead\n":
                    break
                else:
                    acknowledged = max(acknowledged, int(line))
                    wanted -= 1
                if wanted <= 0 and child:
                    os.kill(child, signal.SIGKILL)
                    wanted = 10**9
            with sqlite3.connect(path) as raw:
                assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            raw.close()
            store = open_store(f"sqlite:{path}", Retention(readings=1e9, minutes=1e9, hours=1e9))
            assert isinstance(store, SqliteStore)
            for camera in range(CAMERAS):
                times = [r.t for r in store.readings(f"camera-{camera}", -1, 10**12, most=10**6)]
                # The batch that was under way may be there, whole, though nobody was told.
                assert times == [k * 1000 for k in range(len(times))]
                assert len(times) in {acknowledged + 1, acknowledged + 2}
            store.roll_up(0)
            hours = store.roll_ups("camera-0", "hour", 0, 10**12)
            assert sum(hour.readings for hour in hours) == len(times)
            acknowledged = len(times) - 1
            store.close()
        server.stdin.close()
        assert server.wait(30) == 0
    assert acknowledged > ROUNDS


def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """When the system takes no more bytes: StoreFull, nothing acknowledged is lost, nothing half
    kept, and writing goes on by itself when there is room.
    """  # noqa: D205 - one sentence
    ran = subprocess.run(
        [sys.executable, str(CHILD), "fill", str(tmp_path / "readings.db")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    numbers, refused = ran.stdout.splitlines()
    acknowledged, before, again, after = numbers.split()
    assert int(acknowledged) > 5
    assert int(before) == int(acknowledged)
    assert again == "refused"
    assert int(after) == int(acknowledged) + 10
    assert "no room to write" in refused
    assert "readings.db" in refused
    assert "Free disk space" in refused


def test_the_bound_drops_the_oldest_and_is_kept(tmp_path: Path) -> None:
    """At the bound the oldest Readings give way; files never pass it; roll-ups keep them all."""
    bound = 3_000_000
    store = SqliteStore(tmp_path / "readings.db", Retention(disk_bytes=bound))
    largest = 0
    for k in range(200):
        store.append([one(f"c{c}", k * 6000 + 1, cells=60) for c in range(50)])
        largest = max(largest, store.disk().used)
    assert bound // 3 < largest <= bound
    store.roll_up(0)
    times = [r.t for r in store.readings("c7", -1, 10**12)]
    assert times == [k * 6000 + 1 for k in range(200 - len(times), 200)]
    assert 10 < len(times) < 200
    assert sum(h.readings for h in store.roll_ups("c7", "hour", 0, 10**12)) == 200
    assert sum(m.readings for m in store.roll_ups("c7", "minute", 0, 10**12)) == 200
    store.close()


def test_a_bound_that_was_lowered_is_reached(tmp_path: Path) -> None:
    """A store that was larger shrinks to its new bound, and goes on taking Readings meanwhile."""
    path = tmp_path / "readings.db"
    store = SqliteStore(path, Retention())
    for k in range(60):
        store.append([one(f"c{c}", k * 30_000 + 1, cells=100) for c in range(200)])
    store.close()
    bound = 2_000_000
    assert path.stat().st_size > 3 * bound
    store = SqliteStore(path, Retention(disk_bytes=bound))
    assert store.append([one("c7", 1_800_001)]).stored == 1
    store.prune(0)
    assert store.disk().used <= bound
    assert store.latest(["c7"])["c7"].t == 1_800_001
    assert sum(m.readings for m in store.roll_ups("c7", "minute", 0, 10**9)) == 61
    store.close()


def test_a_camera_that_is_silent_for_long(tmp_path: Path) -> None:
    """A camera whose Readings are all deleted has no newest one, until it speaks again."""
    path = tmp_path / "readings.db"
    store = SqliteStore(path, Retention(readings=60))
    store.append([one("old", 5)])
    store.append([one("new", 1_000_000)])
    store.prune(1_000_000)
    store.close()
    store = SqliteStore(path, Retention(readings=60))
    for _ in range(2):
        assert list(store.latest(["old", "new"])) == ["new"]
    store.append([one("old", 1_000_001)])
    assert store.latest(["old"])["old"].t == 1_000_001
    store.close()


def test_a_bound_without_anything_older_is_full(tmp_path: Path) -> None:
    """When the newest minute alone fills the store, StoreFull says so and nothing is dropped."""
    store = SqliteStore(tmp_path / "readings.db", Retention(disk_bytes=1_000_000))
    batches = [[one("a", k * 10 + j + 1, cells=60) for j in range(10)] for k in range(1000)]
    with pytest.raises(StoreFull, match=r"no older Readings.*Raise 'disk' of \[retention\]"):
        deque(map(store.append, batches), maxlen=0)
    kept = store.readings("a", -1, 10**12, most=10**6)
    assert [r.t for r in kept] == list(range(1, len(kept) + 1))
    assert len(kept) > 100
    assert len(kept) % 10 == 0
    assert store.disk().used <= 1_000_000
    store.close()


def test_a_batch_larger_than_the_store_is_full(tmp_path: Path) -> None:
    """A batch that can never fit is refused as a whole."""
    store = SqliteStore(tmp_path / "readings.db", Retention(disk_bytes=1_000_000))
    with pytest.raises(StoreFull, match="too large"):
        store.append([one("a", k, cells=400) for k in range(1000)])
    assert store.latest(["a"]) == {}
    store.close()


def test_the_file_shrinks_when_much_was_deleted(tmp_path: Path) -> None:
    """Deleted Readings give their room back to the file system."""
    path = tmp_path / "readings.db"
    store = SqliteStore(path, Retention(readings=60))
    for k in range(40):
        store.append([one(f"c{c}", k * 1000 + 1, cells=60) for c in range(200)])
    store.prune(0)
    before = path.stat().st_size
    assert store.prune(10**9) == 8000
    assert path.stat().st_size < before / 2
    store.close()


def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path) -> None:
    """A file that is no database, or is damaged inside: one clear error, and not a byte changed."""
    path = tmp_path / "readings.db"
    path.write_bytes(b"this was never a database" * 1000)
    for _ in range(2):
        before = path.read_bytes()
        with pytest.raises(StoreError, match="damaged") as caught:
            SqliteStore(path, Retention())
        assert str(path) in caught.value.line()
        assert ".recover" in caught.value.line()
        assert path.read_bytes() == before
        path.unlink()
        store = SqliteStore(path, Retention())
        store.append([one("a", k) for k in range(5000)])
        store.close()
        content = bytearray(path.read_bytes())
        middle = len(content) // 2 // 4096 * 4096
        content[middle : middle + 8192] = os.urandom(8192)
        path.write_bytes(content)


def test_a_damaged_reading_is_an_error_not_a_number(tmp_path: Path) -> None:
    """A Reading whose bytes were changed in the file is never shown as a measurement."""
    path = tmp_path / "readings.db"
    store = SqliteStore(path, Retention())
    store.append([one("a", 5)])
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE reading SET data = ?", (b"\x93\x01\x02\x03",))
    raw.close()
    store = SqliteStore(path, Retention())
    with pytest.raises(StoreError, match="damaged"):
        store.readings("a", 0, 10)
    with pytest.raises(StoreError, match="damaged"):
        store.latest(["a"])
    store.recompute()
    (minute,) = store.roll_ups("a", "minute", 0, 10)
    assert (minute.readings, minute.unhealthy) == (0, 1)
    store.close()


def test_roll_ups_read_the_fields_of_a_reading() -> None:
    """What roll-ups decode is a Reading's beginning, field by field."""
    assert Brief.__struct_fields__ == Reading.__struct_fields__[: len(Brief.__struct_fields__)]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file where the folder should be; and a folder without the right to write."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"cannot be written.*Check that it is a folder"):
        SqliteStore(tmp_path / "file" / "readings.db", Retention())
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    if os.geteuid() == 0:
        closed = Path("/proc/self")  # where root cannot write either
    with pytest.raises(StoreError, match="cannot be written"):
        SqliteStore(closed / "readings.db", Retention())


def test_a_directory_in_the_files_place(tmp_path: Path) -> None:
    """A directory where the file should be is a clear error too."""
    (tmp_path / "readings.db").mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(tmp_path / "readings.db", Retention())


def test_a_database_from_a_newer_version_is_refused(tmp_path: Path) -> None:
    """An older program does not touch a newer program's database, and says what to do."""
    path = tmp_path / "readings.db"
    SqliteStore(path, Retention()).close()
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    with pytest.raises(StoreError, match=r"schema 9999.*newer version"):
        SqliteStore(path, Retention())


def test_migrations_make_the_schema(tmp_path: Path) -> None:
    """The tables that migrations make are the tables that the store uses; twice does nothing."""
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with engine.begin() as connection:
        migrate(connection, "x.db")
        migrate(connection, "x.db")
        options = {"include_name": lambda name, *_: not str(name).startswith(alert_note.name)}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_alerts_of_an_older_schema_are_kept(tmp_path: Path) -> None:
    """Alerts as schema 2 kept them come back whole, with their kind, and are found by their notes.

    One that cannot be read is left as it is.
    """
    path = tmp_path / "readings.db"
    steps = [(1.7e9, "raised", "Plainview", "above 5"), (1.7e9 + 5, "escalated", "Ada", "too full")]
    old = {
        "id": "1700000000000-ab",
        "site": "plaza",
        "zone": None,
        "quantity": "reach",
        "level": "alarm",
        "state": "escalated",
        "raised_at": 1.7e9,
        "updated_at": 1.7e9 + 5,
        "cleared_at": None,
        "value": 40.0,
        "low": 30.0,
        "high": None,
        "peak": 25.0,
        "threshold": 60.0,
        "source": "a test",
        "at": [1.5, 2.0],
        "history": [dict(zip(("at", "state", "who", "why"), step, strict=True)) for step in steps],
    }
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, str(path), "0002")
        for name, data in ((old["id"], msgspec.msgpack.encode(old)), ("0", b"damaged")):
            connection.exec_driver_sql(
                "INSERT INTO alert VALUES (?, 'plaza', 1700000005000, 1, ?)", (name, data)
            )
    engine.dispose()
    store = SqliteStore(path, Retention())
    kept, damaged = store.alerts()
    assert damaged.data == b"damaged"
    alert = unpacked(kept)
    assert (alert.kind, alert.quantity) == (AlertKind.DENSITY, Quantity.REACH)
    now = old | {"kind": "density", "sightings": [], "more": 0, "route": "", "unseen": None}
    assert msgspec.json.decode(msgspec.json.encode(alert)) == now
    assert msgspec.structs.replace(packed(alert), data=kept.data) == kept
    places = (Place("plaza", ()),)
    assert store.find_alerts(AlertQuery(places, 0, 1 << 60, words=("too f",))) == [kept]
    store.close()


def test_what_a_route_took_before_schema_0006_is_unknown_not_nothing(tmp_path: Path) -> None:
    """A step that waited over the upgrade still refers to the alert that its route may know."""
    path = tmp_path / "readings.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, str(path), "0005")
        for alert, revision, waiting in (("first", 1, 1), ("later", 9, 1), ("taken", 9, 0)):
            connection.exec_driver_sql(
                "INSERT INTO delivery (route, alert, revision, data, t, calm, waiting, due, tries, "
                "error) VALUES ('mail', ?, ?, x'', 5, 1, ?, 0, 0, '')",
                (alert, revision, waiting),
            )
    engine.dispose()
    store = SqliteStore(path, Retention())
    assert {one.alert: one.told for one in store.due_deliveries("mail", 9, 9)} == {
        "first": 0,
        "later": -1,
    }
    newer = [KeptDelivery("mail", alert, 20, b"", 9) for alert in ("first", "later", "taken")]
    store.put_alerts([], deliveries=newer)
    assert {one.alert: one.told for one in store.due_deliveries("mail", 9, 9)} == {
        "first": 0,
        "later": -1,
        "taken": 9,
    }
    store.close()


def test_only_one_process_writes(tmp_path: Path) -> None:
    """A second process is refused while the first has the store, and let in after it."""
    path = tmp_path / "readings.db"
    store = SqliteStore(path, Retention())
    code = (
        "import sys; from plainview.store import open_store; from plainview.errors import *\n"
        "try: open_store('sqlite:' + sys.argv[1]).close()\n"
        "except StoreError as error: sys.exit(error.line())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=False, capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert "another Plainview is writing" in ran.stderr
    store.close()
    ran = subprocess.run([sys.executable, "-c", code, str(path)], check=False, text=True)
    assert ran.returncode == 0


def test_a_deletion_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    """Readings that were to be deleted when the process died are not taken for late arrivals."""
    path = tmp_path / "readings.db"
    store = SqliteStore(path, Retention())
    store.append([one("a", k * 1000 + 1) for k in range(60)])
    store.roll_up(0)
    store.close()
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO mark VALUES ('readings_from', ?)", (MINUTE,))
    raw.close()
    store = SqliteStore(path, Retention())
    store.append([one("a", 1500)])
    store.roll_up(0)
    (minute,) = store.roll_ups("a", "minute", 0, MINUTE)
    assert minute.readings == 61
    assert store.readings("a", -1, 10**9) == []
    store.close()


def test_roll_ups_can_be_made_anew(tmp_path: Path) -> None:
    """Roll-ups that were spoilt are recomputed from the Readings."""
    path = tmp_path / "readings.db"
    store = SqliteStore(path, Retention())
    store.append([one(c, k * 30_000 + 1) for k in range(300) for c in "ab"])
    store.roll_up(0)
    good = [
        (store.roll_ups(c, "minute", 0, 10**9), store.roll_ups(c, "hour", 0, 10**9)) for c in "ab"
    ]
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE minute SET total = 7")
        raw.execute("UPDATE hour SET total = 7, readings = 1")
    raw.close()
    assert store.recompute() > 0
    assert good == [
        (store.roll_ups(c, "minute", 0, 10**9), store.roll_ups(c, "hour", 0, 10**9)) for c in "ab"
    ]
    store.close()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    """Closing twice is fine; writing after it is a clear error."""
    store = SqliteStore(tmp_path / "readings.db", Retention())
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.append([one("a", 1)])
    with pytest.raises(StoreError, match="closed"):
        store.disk()


@pytest.mark.parametrize(
    ("url", "retention"),
    [
        ("postgres:x", Retention()),
        ("sqlite:", Retention()),
        ("sqlite::memory:", Retention()),
        ("sqlite:x.db", Retention(readings=0)),
        ("sqlite:x.db", Retention(minutes=5)),
        ("sqlite:x.db", Retention(disk_bytes=10)),
    ],
)
def test_wrong_addresses_and_retentions_are_refused(url: str, retention: Retention) -> None:
    """What cannot be kept is wrong input, told before a file is made."""
    with pytest.raises(ConfigError):
        open_store(url, retention)


def test_events_are_looked_up_in_their_indexes(tmp_path: Path) -> None:
    """Whatever is asked: no page, and no end, reads through events that nobody asked for."""
    store = SqliteStore(tmp_path / "readings.db", Retention())
    looked: list[str] = []

    def explain(
        connection: Connection, _cursor: object, statement: str, given: object, *_: object
    ) -> None:
        if not statement.startswith("EXPLAIN"):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)  # type: ignore[arg-type]  # as they were
            looked.extend(row[3] for row in plan)

    start = Event(EventKind.FIRE, Phase.START, 5000, 1, 1, -1, 90)
    marks = [Mark("a", start, None, EventStanding.VALIDATED)]
    store.append([one("a", 5000)], marks)
    for engine in (store._readers, store._writer.engine):
        listen(engine, "before_cursor_execute", explain)
    wanted = EventQuery((Place("plaza", ("a",), (Band(1, 0, 0.0, 1.0),)),), 0, 9000)
    for query in (wanted, structs.replace(wanted, open=True), structs.replace(wanted, open=False)):
        looked.clear()
        assert len(store.find_events(query).events) == (query.open is not False)
        index = "event_open" if query.open else "event_camera"
        assert any(f"INDEX {index} (camera=? AND kind=? AND" in line for line in looked)
    looked.clear()
    end = structs.replace(start, phase=Phase.END, t=6000)
    store.append([one("a", 6000)], [Mark("a", end, None, EventStanding.VALIDATED)])
    assert sum("event USING INDEX event_open" in line for line in looked) == 2
    store.close()
