"""One suite that every store passes."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.servers.postgres import PostgresServer, postgres_server

from plainview.record import (
    COUNT_STEP,
    CameraStatus,
    Event,
    EventKind,
    EventStanding,
    Health,
    LensState,
    Phase,
    Reading,
    Stamped,
    encode,
)
from plainview.store import KeptAlert, KeptDelivery, Retention, Span, Store, open_store
from plainview.store.search import AlertQuery, Band, EventQuery, Mark, Place

MINUTE = 60_000
HOUR = 3_600_000
NOON = 1_700_049_600_000
"""A full hour, UTC milliseconds."""

OpenStore = Callable[[Retention], Store]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A real server with a database, `ready`, that has the schema."""
    with postgres_server() as running:
        running.run("CREATE DATABASE ready")
        open_store(running.url("ready")).close()
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens (and opens again) one store of each adapter; what is open is closed in the end."""
    stores: list[Store] = []
    if request.param == "sqlite":
        url = f"sqlite:{tmp_path / 'readings.db'}"
    else:
        url = request.getfixturevalue("server").emptied("ready")

    def again(retention: Retention) -> Store:
        for store in stores:
            store.close()
        stores.append(open_store(url, retention))
        return stores[-1]

    yield again
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: OpenStore) -> Store:
    """An empty store with the default retention."""
    return opened(Retention())


def one(camera: str, t: int, people: int = 1, **changes: object) -> Stamped:
    """A Reading of `camera` at `t` (milliseconds) with `people`, plus or minus one."""
    count = people * 16
    reading = Reading(
        t, 1000, 5, 0, count, max(count - 16, 0), count + 16, 8, 1, 10, (3, 16, 0, 0, 0), (), (), ()
    )
    return Stamped(camera, msgspec.structs.replace(reading, **changes))


def status(t: int, state: LensState = LensState.RUNNING) -> CameraStatus:
    """A camera's status at `t`."""
    return CameraStatus(t, state, sealed=True, connected=True, restarts=0, reconnects=0, late=0,
                        refused=0, note="all is well")  # fmt: skip


def test_what_was_appended_is_read_back(store: Store) -> None:
    """Readings come back equal, in order of time, whatever the order in which they came."""
    event = Event(EventKind.DENSITY, Phase.START, NOON, 1, 2, -1, 50)
    full = one("a", NOON + 3000, crossings=((64, 0),), health=(Health.DARK,), events=(event,))
    batch = [full, one("a", NOON + 1000), one("b", NOON + 1000, 7), one("a", NOON + 2000)]
    assert store.append(batch) == (4, 0)
    read = store.readings("a", NOON, NOON + HOUR)
    assert read == [batch[1].reading, batch[3].reading, full.reading]
    assert store.readings("b", NOON, NOON + HOUR) == [batch[2].reading]
    assert store.readings("nobody", NOON, NOON + HOUR) == []
    assert store.append([]) == (0, 0)


def test_bounds_of_time_are_half_open(store: Store) -> None:
    """Readings come from since < t <= until, and of too many, the newest."""
    store.append([one("a", NOON + k * 1000) for k in range(10)])
    times = [r.t - NOON for r in store.readings("a", NOON + 2000, NOON + 5000)]
    assert times == [3000, 4000, 5000]
    times = [r.t - NOON for r in store.readings("a", 0, NOON + HOUR, most=2)]
    assert times == [8000, 9000]


def test_appending_twice_stores_once(store: Store) -> None:
    """The same camera and time is a duplicate: counted, and the first one stays."""
    assert store.append([one("a", NOON), one("a", NOON, 5), one("b", NOON)]) == (2, 1)
    assert store.append([one("a", NOON, 9), one("a", NOON + 1)]) == (1, 1)
    assert [r.count for r in store.readings("a", 0, NOON)] == [16]


def test_everything_is_there_after_reopening(opened: OpenStore) -> None:
    """Readings, roll-ups and statuses outlive the process that wrote them."""
    store = opened(Retention())
    store.append([one("a", NOON + 1000, 3), one("b", NOON + 2000)])
    store.put_status("a", status(NOON))
    store.roll_up(NOON + 3000)
    minutes = store.roll_ups("a", "minute", 0, NOON + HOUR)
    store = opened(Retention())
    assert [r.count for r in store.readings("a", 0, NOON + HOUR)] == [48]
    assert store.roll_ups("a", "minute", 0, NOON + HOUR) == minutes != []
    assert store.statuses() == {"a": status(NOON)}
    assert {name: r.t for name, r in store.latest(["a", "b", "c"]).items()} == {
        "a": NOON + 1000,
        "b": NOON + 2000,
    }


def test_latest_without_a_roll_up_after_reopening(opened: OpenStore) -> None:
    """The newest Reading is found even if the process died before any roll-up."""
    store = opened(Retention())
    store.append([one("a", NOON + 1000), one("b", NOON)])
    store.roll_up(NOON)
    store.append([one("a", NOON + 5 * MINUTE, 4)])
    store = opened(Retention())
    assert store.latest(["a"])["a"].count == 64


def test_latest_is_the_newest(store: Store) -> None:
    """However late others come: a site that was cut off sends hours of them beside what is live."""
    store.append([one("a", NOON + 5000, 1)])
    for late in (3000, -MINUTE, -HOUR):
        store.append([one("a", NOON + late, 2)])
        assert store.latest(["a"])["a"].t == NOON + 5000
    store.append([one("a", NOON + 6000, 3), one("a", NOON - MINUTE, 3)])
    assert store.latest(["a"])["a"].t == NOON + 6000


def test_latest_is_of_the_present_once_the_clock_was_set_back(store: Store) -> None:
    """What was measured while it was wrong lies in the future, and is no longer the newest."""
    now = round(time.time() * 1000)
    store.append([one("a", now + HOUR, 1)])
    assert store.latest(["a"])["a"].t == now + HOUR
    store.append([one("a", now, 2)])
    assert store.latest(["a"])["a"].t == now
    store.append([one("a", now + 1000, 3)])
    assert store.latest(["a"])["a"].t == now + 1000


def test_a_minute_is_rolled_up(store: Store) -> None:
    """Means, interval, peak and crossings of the healthy Readings; worked by hand.

    An hour is written once, or once for each of its minutes.
    """
    store.append(
        [
            one("a", NOON + 1000, 2, crossings=((64, 0), (0, 0))),
            one("a", NOON + 30_000, 6, crossings=((32, 16), (0, 128))),
            one("a", NOON + 60_000, 100, health=(Health.BLIND, Health.LATE)),
            one("a", NOON + 60_001, 3),
        ]
    )
    assert store.roll_up(NOON + 61_000) in {3, 4}
    first, second = store.roll_ups("a", "minute", NOON, NOON + HOUR)
    assert (first.start, first.readings, first.unhealthy) == (NOON, 2, 1)
    assert (first.mean, first.low, first.high, first.peak) == (4.0, 3.0, 5.0, 6.0)
    assert first.crossings == ((1.5, 0.25), (0.0, 2.0))
    assert first.health == (Health.BLIND, Health.LATE)
    assert (second.start, second.readings, second.mean) == (NOON + MINUTE, 1, 3.0)
    (hour,) = store.roll_ups("a", "hour", NOON, NOON + HOUR)
    assert (hour.start, hour.readings, hour.unhealthy, hour.peak) == (NOON, 3, 1, 6.0)
    assert hour.mean == pytest.approx(11 / 3)
    assert store.roll_ups("b", "hour", 0, NOON + HOUR) == []


def test_a_minute_without_healthy_readings_has_no_mean(store: Store) -> None:
    """A blind camera has no count: not zero, none."""
    store.append([one("a", NOON + 1000, 0, health=(Health.BLIND,))])
    store.roll_up(NOON)
    (minute,) = store.roll_ups("a", "minute", NOON, NOON + HOUR)
    assert (minute.readings, minute.unhealthy) == (0, 1)
    assert (minute.mean, minute.low, minute.high, minute.peak) == (None,) * 4


def test_late_arrivals_roll_their_minute_up_again(store: Store) -> None:
    """A Reading that comes late counts in its minute and hour; a duplicate does not count again."""
    store.append([one("a", NOON + 1000, 2), one("a", NOON + 5 * MINUTE, 1)])
    store.roll_up(NOON)
    assert store.roll_up(NOON) == 0
    store.append([one("a", NOON + 2000, 4), one("a", NOON + 1000, 2)])
    store.roll_up(NOON)
    minute = store.roll_ups("a", "minute", NOON, NOON + MINUTE)[0]
    assert (minute.readings, minute.mean, minute.peak) == (2, 3.0, 4.0)
    hour = store.roll_ups("a", "hour", NOON, NOON + HOUR)[0]
    assert (hour.readings, hour.peak) == (3, 4.0)
    assert hour.mean == pytest.approx(7 / 3)


def test_readings_go_and_roll_ups_stay(opened: OpenStore) -> None:
    """Past its term a Reading is gone, its minute is not; nothing younger is touched."""
    store = opened(Retention(readings=600, minutes=3600, hours=86_400))
    store.append([one("a", NOON + k * 1000) for k in range(1, 1201)])
    now = NOON + 1200 * 1000
    assert store.prune(now) == 600
    times = [r.t for r in store.readings("a", 0, now)]
    assert times == [NOON + k * 1000 for k in range(601, 1201)]
    minutes = store.roll_ups("a", "minute", 0, now)
    assert [m.readings for m in minutes] == [60] * 20
    assert store.prune(now) == 0
    assert store.disk().oldest == NOON + 601_000


def test_late_arrivals_for_deleted_minutes_are_added(opened: OpenStore) -> None:
    """A minute whose Readings are gone is not overwritten by a straggler, but grows by it."""
    store = opened(Retention(readings=600))
    store.append([one("a", NOON + k * 1000, 2) for k in range(1, 61)])
    now = NOON + HOUR
    store.prune(now)
    assert store.readings("a", 0, now) == []
    store.append([one("a", NOON + 1500, 63)])
    store.prune(now)
    store = opened(Retention(readings=600))
    store.prune(now)
    for resolution in ("minute", "hour"):
        (part,) = store.roll_ups("a", resolution, 0, now)
        assert (part.readings, part.mean, part.peak) == (61, 3.0, 63.0)
    assert store.readings("a", 0, now) == []


def test_roll_ups_go_at_their_own_terms(opened: OpenStore) -> None:
    """Minutes are deleted after theirs, hours after theirs."""
    store = opened(Retention(readings=60, minutes=HOUR / 1000, hours=3 * HOUR / 1000))
    store.append([one("a", NOON + 1000), one("a", NOON + 2 * HOUR)])
    now = NOON + 2 * HOUR
    store.prune(now)
    starts = [m.start - NOON for m in store.roll_ups("a", "minute", 0, now + HOUR)]
    assert starts == [2 * HOUR - MINUTE]
    assert [h.start - NOON for h in store.roll_ups("a", "hour", 0, now)] == [0, HOUR]
    store.prune(NOON + 4 * HOUR)
    assert [h.start - NOON for h in store.roll_ups("a", "hour", 0, now)] == [HOUR]


def test_statuses_replace_each_other(store: Store) -> None:
    """Only the last status of a camera is known."""
    store.put_status("a", status(1, LensState.STARTING))
    store.put_status("a", status(2))
    store.put_status("b", status(3))
    assert store.statuses() == {"a": status(2), "b": status(3)}


def test_waiting_ends_with_the_next_change(store: Store) -> None:
    """Whoever waits for a version wakes on an append, a status and an alert, or gives up."""
    seen = store.version()
    assert store.wait(seen, 0.0) == seen
    for change in (
        lambda: store.append([one("a", NOON)]),
        lambda: store.put_status("a", status(1)),
        lambda: store.put_alerts([kept("1")]),
    ):
        got: list[int] = []
        waiting = threading.Thread(target=lambda: got.append(store.wait(seen, 60.0)))  # noqa: B023 - joined within the turn
        waiting.start()
        change()
        waiting.join(10)
        assert got == [store.version()]
        assert got[0] > seen
        seen = got[0]


def test_readers_see_whole_batches_while_one_writes(store: Store) -> None:
    """Many readers beside the writer: each sees whole batches only, and nobody fails."""
    wrong: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.wait(0.005):
            count = len(store.readings("a", 0, NOON + HOUR))
            if count % 10:
                wrong.append(count)
            store.latest(["a", "b"])
            store.roll_ups("a", "minute", 0, NOON + HOUR)
            store.disk()

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for k in range(30):
        store.append([one("a", NOON + k * 10_000 + j) for j in range(10)])
        store.roll_up(NOON)
    done.set()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert len(store.readings("a", 0, NOON + HOUR)) == 300


def test_the_first_reading_of_a_clip_has_its_minute(store: Store) -> None:
    """Time may start at zero: such Readings belong to the first minute."""
    store.append([one("a", 0, 1), one("a", 60_000, 3)])
    store.roll_up(0)
    (minute,) = store.roll_ups("a", "minute", 0, HOUR)
    assert (minute.start, minute.readings, minute.mean) == (0, 2, 2.0)


def test_disk_use_is_shown_beside_its_bound(store: Store) -> None:
    """How much is used, of how much, and how far back the Readings go."""
    assert store.disk().oldest is None
    store.append([one("a", NOON), one("a", NOON + 1)])
    disk = store.disk()
    assert disk.oldest == NOON
    assert 0 < disk.used <= disk.bound == Retention().disk_bytes
    assert disk.free is None or disk.free > 0


def kept(name: str, *, t: int = NOON, site: str = "plaza", over: bool = False) -> KeptAlert:
    """An alert of `site` that last changed at `t`."""
    data = f"{name} at {t}".encode()
    kind, at = EventKind.FIRE, (1.5, -2.0)
    note, state = f"wrote about {name}", "cleared" if over else "raised"
    return KeptAlert(name, site, t, not over, data, kind, NOON, "gate", at, note, state)


def test_alerts_are_there_after_reopening(opened: OpenStore) -> None:
    """What was put is read back, newest first, by site and by whether it is over."""
    store = opened(Retention())
    alerts = [kept("1"), kept("2", over=True), kept("3", site="quay"), kept("4")]
    store.put_alerts(alerts)
    store = opened(Retention())
    assert store.alerts() == alerts[::-1]
    assert [one.id for one in store.alerts(site="plaza")] == ["4", "2", "1"]
    assert [one.id for one in store.alerts(only_open=True)] == ["4", "3", "1"]
    assert [one.id for one in store.alerts(site="plaza", only_open=True, most=1)] == ["4"]
    assert store.alerts(site="nowhere") == []


def test_an_alert_takes_the_place_of_what_it_was(store: Store) -> None:
    """One id is one alert: the last that was put."""
    store.put_alerts([kept("1")])
    store.put_alerts([kept("1", t=NOON + 1, over=True)])
    assert store.alerts() == [kept("1", t=NOON + 1, over=True)]


def test_alerts_that_ended_go_at_their_term_and_open_ones_stay(opened: OpenStore) -> None:
    """However old: what is not over is never deleted."""
    store = opened(Retention(events=60))
    store.put_alerts([kept("1")])
    store.put_alerts([kept("2", over=True)])
    store.put_alerts([kept("3", t=NOON + 50_000, over=True)])
    store.prune(NOON + 61_000)
    assert [one.id for one in store.alerts()] == ["3", "1"]
    store.prune(NOON + 1000 * HOUR)
    assert [one.id for one in store.alerts()] == ["1"]


def delivery(alert: str, revision: int = 1, **changes: object) -> KeptDelivery:
    """A notice about `alert` that waits for the route `mail`."""
    return msgspec.structs.replace(
        KeptDelivery("mail", alert, revision, b"notice", NOON), **changes
    )


def test_deliveries_come_with_their_alerts_and_in_order(opened: OpenStore) -> None:
    """Written in one step, there after reopening; urgent ones first, each route its own."""
    store = opened(Retention())
    urgent, late = delivery("3", urgent=True), delivery("4", due=NOON + 1)
    other = msgspec.structs.replace(delivery("1"), route="hook")
    store.put_alerts([kept("1")], deliveries=[delivery("2"), delivery("1"), urgent, late, other])
    store = opened(Retention())
    due = [delivery("1"), delivery("2")]
    assert store.due_deliveries("mail", NOON, 10) == [urgent, *due]
    assert store.due_deliveries("mail", NOON, 2) == [urgent, due[0]]
    assert store.due_deliveries("mail", NOON + 1, 10) == [urgent, *due, late]
    assert store.waiting_deliveries() == {"mail": 4, "hook": 1}
    store.hurry_deliveries("mail")
    assert [one.alert for one in store.due_deliveries("mail", 0, 10)] == ["3", "1", "2", "4"]


def test_a_delivery_is_replaced_by_newer_revisions_only(store: Store) -> None:
    """What was delivered is told again only when there is more to tell; a late result harms not."""
    store.put_alerts([], deliveries=[delivery("1", 2)])
    done = delivery("1", 2, waiting=False, tries=1)
    store.settle_deliveries([done])
    store.put_alerts([], deliveries=[delivery("1", 2), delivery("1", 1)])
    assert store.waiting_deliveries() == {}
    assert store.delivered("mail", 10) == [done]
    store.put_alerts([], deliveries=[delivery("1", 3)])
    store.settle_deliveries([done])
    assert store.due_deliveries("mail", NOON, 10) == [delivery("1", 3, told=2)]
    failed = delivery("1", 3, tries=1, error="nobody answers", due=NOON + 5, told=2)
    store.settle_deliveries([failed])
    assert store.due_deliveries("mail", NOON + 5, 10) == [failed]
    # The third was never delivered: what was told last stays what it was.
    store.put_alerts([], deliveries=[delivery("1", 4)])
    assert store.due_deliveries("mail", NOON, 10) == [delivery("1", 4, told=2)]


def test_deliveries_go_at_the_term_of_events_but_not_of_open_alerts(opened: OpenStore) -> None:
    """Else an alert that stays open would be told anew."""
    store = opened(Retention(events=60))
    store.put_alerts([kept("1"), kept("2", over=True)], deliveries=[delivery("1"), delivery("2")])
    store.prune(NOON + 120_000)
    assert [one.alert for one in store.due_deliveries("mail", NOON, 10)] == ["1"]


def mark(
    t: int,
    phase: Phase = Phase.START,
    *,
    camera: str = "a",
    kind: EventKind = EventKind.LEFT_OBJECT,
    at: tuple[int, int] = (10, 20),
    zone: str | None = None,
    standing: EventStanding = EventStanding.VALIDATED,
) -> Mark:
    """A start or end at `t`; `at` in steps of the record."""
    return Mark(camera, Event(kind, phase, t, *at, -1, 80), zone, standing)


def put(store: Store, *marks: Mark) -> None:
    """Keep `marks` with the Reading that they came in."""
    store.append([one(mark.camera, mark.event.t) for mark in marks], marks)


def asked(store: Store, **changes: object) -> list[tuple[str, int, int | None]]:
    """Camera, start and end of the events that fit; all of a and b where nothing is changed."""
    place = Place("plaza", ("a", "b", "never seen"))
    wanted = msgspec.structs.replace(EventQuery((place,), 0, NOON + HOUR), **changes)
    return [
        (e.camera, e.start - NOON, e.end and e.end - NOON) for e in store.find_events(wanted)[0]
    ]


def test_an_event_is_one_from_its_start_to_its_end(opened: OpenStore) -> None:
    """Whatever comes twice, and over a reopening: one event, ended once; of the same place only."""
    store = opened(Retention())
    start, other = mark(NOON, zone="bench"), mark(NOON, at=(11, 20), zone="bench")
    for _ in range(2):
        put(store, start, other, mark(NOON + 1, zone="bench", camera="b"))
    store = opened(Retention())
    assert asked(store) == [("b", 1, None), ("a", 0, None), ("a", 0, None)]
    for t in (7000, 9000):
        put(store, mark(NOON + t, Phase.END, zone="bench"))
    put(store, start)
    put(store, mark(NOON + 5, Phase.END, kind=EventKind.FIRE))
    place = Place("plaza", ("a",))
    (first, second), last = store.find_events(EventQuery((place,), 0, NOON + HOUR))
    assert last is None
    assert (first.at, first.end) == ((1.1, 2.0), None)
    assert (second.at, second.end, second.zone, second.confidence) == (
        (1.0, 2.0),
        NOON + 7000,
        "bench",
        0.8,
    )
    assert first.id > second.id[:13]
    assert len({first.id, second.id}) == 2


def test_events_are_found_by_what_is_asked_for(store: Store) -> None:
    """Time, kind, zone, standing, whether it ended, camera, and a part of the ground."""
    far = mark(NOON + 1000, camera="b", at=(500, 500), zone="exit")
    fire = mark(NOON + 2000, kind=EventKind.FIRE, standing=EventStanding.EXPERIMENTAL)
    put(store, mark(NOON), far, fire, mark(NOON + 3000, Phase.END), mark(NOON, camera="elsewhere"))
    everything = [("a", 2000, None), ("b", 1000, None), ("a", 0, 3000)]
    assert asked(store) == everything
    assert asked(store, since=NOON + 1000, until=NOON + 2000) == everything[1:2]
    assert asked(store, kinds=(EventKind.FIRE,)) == everything[:1]
    assert asked(store, kinds=(EventKind.WEAPON, EventKind.FIRE)) == everything[:1]
    assert asked(store, zones=("exit", "nowhere")) == everything[1:2]
    assert asked(store, zones=("nowhere",)) == []
    assert asked(store, standings=(EventStanding.VALIDATED,)) == everything[1:]
    assert asked(store, open=True) == everything[:2]
    assert asked(store, open=False) == everything[2:]
    assert asked(store, places=(Place("plaza", ("b",)),)) == everything[1:2]
    assert asked(store, places=()) == []
    near = (Band(1, 0, 0.0, 1.0), Band(0, 1, 0.0, 2.0))
    assert asked(store, places=(Place("plaza", ("a",), near),)) == [everything[0], everything[2]]
    aslant = (Band(0.5, 0.5, 49.9, 50.1),)
    assert asked(store, places=(Place("x", ("a", "b"), aslant),)) == everything[1:2]
    both = (Place("x", ("a",)), Place("y", ("b",), near))
    assert asked(store, places=both) == [everything[0], everything[2]]


@given(
    starts=st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 5_000_000), st.sampled_from(EventKind)),
        max_size=40,
        unique=True,
    ),
    most=st.integers(1, 9),
)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_pages_are_all_events_once(
    store: Store, starts: list[tuple[str, int, EventKind]], most: int
) -> None:
    """Page by page come all events, newest first, none twice, however many of one moment."""
    # Each example has cameras of its own in the one store.
    k = len(store.latest([f"{k}a" for k in range(40)]))
    a, b = f"{k}a", f"{k}b"
    store.append([one(a, NOON)])
    put(store, *(mark(NOON - t // 3 * 3, camera=a if c == "a" else b, kind=kind, at=(t, 0))
                 for c, t, kind in starts))  # fmt: skip
    wanted = EventQuery((Place("plaza", (a, b)),), 0, NOON + 1, most=most)
    found: list[tuple[int, str, EventKind, float]] = []
    while True:
        page = store.find_events(wanted)
        found += [(e.start, e.camera[-1], e.kind, e.at[0]) for e in page.events]
        if page.last is None:
            break
        assert len(page.events) == most
        wanted = msgspec.structs.replace(wanted, before=page.last)
    expected = {(NOON - t // 3 * 3, c, kind, round(t / 10, 1)) for c, t, kind in starts}
    assert len(found) == len(expected) == len(starts)
    assert set(found) == expected
    assert [one[0] for one in found] == sorted((one[0] for one in found), reverse=True)


def test_news_of_validated_events_waits_until_it_is_heard(opened: OpenStore) -> None:
    """Over a restart, start and end each once; experimental events are none; numbers only grow."""
    store = opened(Retention())
    quiet = mark(NOON, kind=EventKind.FIRE, standing=EventStanding.EXPERIMENTAL)
    put(store, mark(NOON), quiet)
    put(store, mark(NOON))
    store = opened(Retention())
    (start,) = store.event_news(10)
    assert (start.event.kind, start.event.end) == (EventKind.LEFT_OBJECT, None)
    put(store, mark(NOON + 1, Phase.END), mark(NOON + 1, Phase.END, kind=EventKind.FIRE))
    told = [(news.event.end, news.ended) for news in store.event_news(10)]
    assert told == [(NOON + 1, False), (NOON + 1, True)]
    assert len(store.event_news(1)) == 1
    assert [news.ended for news in store.event_news(9, after=start.number)] == [True]
    last = store.event_news(10)[-1].number
    store.put_alerts([kept("1")], heard=last)
    assert store.event_news(10) == []
    put(store, mark(NOON + 2))
    assert store.event_news(10)[0].number > last


def test_events_go_at_their_term(opened: OpenStore) -> None:
    """Old events and their news are deleted, ended or not; others stay, and can be ended."""
    store = opened(Retention(events=60))
    put(store, mark(NOON), mark(NOON + 1, camera="b"), mark(NOON + 50_000))
    store.prune(NOON + 61_000)
    assert asked(store) == [("a", 50_000, None)]
    assert len(store.event_news(10)) == 1
    store = opened(Retention(events=60))
    put(store, mark(NOON + 55_000, Phase.END))
    assert asked(store) == [("a", 50_000, 55_000)]


def test_alerts_are_found_by_what_is_asked_for(store: Store) -> None:
    """Site, part of the ground, time, kind, zone, state, and parts of words in any script."""
    notes = ("Ada: a café's chairs, 100%", "保安已到場", "")
    for k, note in enumerate(notes):
        alert = kept(f"{k}", site="quay" if k == 2 else "plaza", over=k == 1)
        store.put_alerts([msgspec.structs.replace(alert, note="was there before")])
        store.put_alerts([msgspec.structs.replace(alert, note=note, raised=NOON + k)])

    def found(**changes: object) -> list[str]:
        places = (Place("plaza", ()), Place("quay", ()))
        wanted = AlertQuery(places, 0, NOON + HOUR)
        return [a.id for a in store.find_alerts(msgspec.structs.replace(wanted, **changes))]

    assert found() == ["2", "1", "0"]
    assert found(places=(Place("plaza", ()),)) == ["1", "0"]
    near, far = Band(1, 0, 1.0, 2.0), Band(1, 0, 9.0, 9.5)
    assert found(places=(Place("plaza", (), (near,)), Place("quay", (), (far,)))) == ["1", "0"]
    assert found(since=NOON + 1, until=NOON + 2) == ["1"]
    assert found(kinds=(EventKind.WEAPON,)) == found(zones=("exit",)) == []
    assert found(kinds=(EventKind.FIRE,), zones=("gate", "exit")) == ["2", "1", "0"]
    assert found(states=("cleared",)) == ["1"]
    assert found(words=("CAFÉ", "hair")) == found(words=("0%",)) == ["0"]
    assert found(words=("已到場",)) == found(words=("保安",)) == found(words=("場",)) == ["1"]
    assert found(words=("before",)) == found(words=('"',)) == found(words=('x" OR "chairs',)) == []
    assert found(most=1) == ["2"]
    assert found(before="2", most=1) == ["1"]
    assert found(places=None) == ["2", "1", "0"]
    assert found(places=(), anywhere=(EventKind.FIRE,), words=("café",)) == ["0"]
    only = (EventKind.WEAPON,)
    assert found(places=(Place("quay", ()),), kinds=only, anywhere=only) == []
    assert found(kinds=only, anywhere=(EventKind.FIRE,), before="2") == ["1", "0"]


def test_fences_only_grow(opened: OpenStore) -> None:
    """Each placement of a camera gets a token above all that it had before, over restarts too."""
    store = opened(Retention())
    assert store.fences() == {}
    assert [store.next_fence("a"), store.next_fence("a"), store.next_fence("b")] == [1, 2, 1]
    store = opened(Retention())
    assert store.fences() == {"a": 2, "b": 1}
    assert store.next_fence("a") == 3


def test_an_encoding_at_hand_is_kept_as_it_is(store: Store) -> None:
    """A Reading that was decoded from its one encoding is not encoded anew."""
    stamped = one("a", NOON)
    store.append([msgspec.structs.replace(stamped, data=encode(stamped.reading))])
    assert store.readings("a", 0, NOON) == [stamped.reading]


def test_counts_of_many_cameras_are_found_at_once(store: Store) -> None:
    """Each camera's in any of the spans and in no other; one that was blind or unheard of has none.

    They are what `roll_ups` says, in columns.
    """
    for name in "acd":
        for k in range(4):
            health = (Health.BLIND,) if name == "d" else ()
            store.append([one(name, NOON + k * HOUR + s, s, health=health) for s in (1, 2, 3)])
    store.roll_up(NOON + 5 * HOUR)
    spans = [Span(NOON, NOON + 1), Span(NOON + 2 * HOUR, NOON + 3 * HOUR)]
    resolutions: tuple[Literal["minute", "hour"], ...] = ("minute", "hour")
    for resolution in resolutions:
        found = store.counts_of([*"cbad"], resolution, spans)
        assert sorted(found) == ["a", "c"]
        for name, counts in found.items():
            rows = [row for span in spans for row in store.roll_ups(name, resolution, *span)]
            assert counts.start.tolist() == [row.start for row in rows] == [NOON, NOON + 2 * HOUR]
            assert counts.readings.tolist() == [3, 3]
            for column, means in (
                (counts.total, [row.mean for row in rows]),
                (counts.low, [row.low for row in rows]),
                (counts.high, [row.high for row in rows]),
            ):
                assert (column / counts.readings * COUNT_STEP).tolist() == means
    assert store.counts_of([], "hour", spans) == store.counts_of(["a"], "hour", []) == {}
    assert store.counts_of(["a"], "hour", [Span(0, 1)]) == {}
