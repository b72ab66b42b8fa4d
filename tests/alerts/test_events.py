import itertools
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.alerts.full_store import FullStore

from plainview.alerts.book import Book, Filter
from plainview.alerts.events import CALM, MOST_OPEN, MOST_SIGHTINGS, EventAlerts, Told, heard
from plainview.alerts.kinds import AlertKind
from plainview.alerts.lifecycle import SELF, Alert, State
from plainview.alerts.patience import UNSEEN
from plainview.alerts.thresholds import Level
from plainview.alerts.unseen import QUIET
from plainview.clock import ManualClock
from plainview.record import (
    CameraStatus,
    Event,
    EventKind,
    EventStanding,
    LensState,
    Phase,
    Reading,
    Stamped,
)
from plainview.store import Retention
from plainview.store.search import KeptEvent, Mark

SITES = {"north": "plaza", "south": "plaza", "quay-1": "quay"}
DOWN = EventKind.PERSON_DOWN
ALERTED = AlertKind.PERSON_DOWN
_days = itertools.count()


class City:
    """Three cameras of two sites; what they say is stored and looked at by hand."""

    def __init__(self, store: FullStore) -> None:
        """All is quiet."""
        # Tests share the store, so each has days of its own.
        self.store, self.clock = store, ManualClock(1.7e9 + 1e6 * next(_days))
        self._tokens = (f"{k:06d}" for k in itertools.count())
        self.restart()

    def restart(self) -> None:
        """Forget all that is only in memory."""
        self.book = Book(self.store, self.clock, lambda: next(self._tokens))
        self.events = EventAlerts(self.store, self.book, self.clock, SITES)

    def say(
        self,
        camera: str,
        at: tuple[float, float],
        *,
        kind: EventKind = DOWN,
        ended: bool = False,
        zone: str | None = None,
        standing: EventStanding = EventStanding.VALIDATED,
    ) -> None:
        """Something starts, or ends, at `at` (metres)."""
        t = round(self.clock.utc() * 1000)
        phase = Phase.END if ended else Phase.START
        event = Event(kind, phase, t, round(at[0] * 10), round(at[1] * 10), -1, 80)
        reading = Reading(t, 1000, 5, 0, 0, 0, 0, 8, 1, 10, (), (), (), ())
        self.store.append([Stamped(camera, reading)], [Mark(camera, event, zone, standing)])

    def open(self) -> list[Alert]:
        """Open alerts after a look, the oldest first."""
        self.events.look()
        self.book.tick()
        return [one.alert for one in self.book.open()][::-1]

    def after(self, seconds: float, *, silent: tuple[str, ...] = ()) -> list[Alert]:
        """Open alerts after that time, looked at often; all cameras see but those `silent`."""
        for k in range(int(seconds)):
            self.clock.advance(1)
            if k % 10 == 9:
                self.see([camera for camera in SITES if camera not in silent])
            self.open()
        return self.open()

    def see(self, cameras: Sequence[str]) -> None:
        """They tell that they see, and nothing else."""
        t = round(self.clock.utc() * 1000)
        reading = Reading(t, 1000, 5, 0, 0, 0, 0, 8, 1, 10, (), (), (), ())
        self.store.append([Stamped(camera, reading) for camera in cameras])

    def begin_anew(self, camera: str, times: int) -> None:
        """Its lens has died and begun anew so many times by now."""
        self.store.put_status(
            camera, CameraStatus(0, LensState.RUNNING, sealed=True, connected=True,
                                 restarts=times, reconnects=0, late=0, refused=0)
        )  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullStore]:
    """One store for all tests."""
    made = FullStore(tmp_path_factory.mktemp("events") / "x.db", Retention())
    yield made
    made.close()


@pytest.fixture
def city(store: FullStore) -> City:
    """Nothing is open, and nothing is news."""
    store.full = False
    made = City(store)
    for _ in range(20):
        made.events.look()
    for shown in made.book.open():
        made.book.decide(shown.alert.id, "clear", "a test", "it begins anew")
    return made


def test_one_happening_seen_by_two_cameras_is_one_alert(city: City) -> None:
    """With both named and the place of the first; over when both have been quiet for a while."""
    city.say("north", (3.0, 4.0))
    (first,) = city.open()
    assert (first.kind, first.quantity, first.level) == (ALERTED, None, Level.ALARM)
    assert (first.site, first.at, first.cameras) == ("plaza", (3.0, 4.0), ("north",))
    assert "camera north" in first.history[0].why
    city.clock.advance(2)
    city.say("south", (4.5, 5.0))
    city.say("quay-1", (3.0, 4.0))
    one, other = city.open()
    assert (one.id, one.cameras, one.at) == (first.id, ("north", "south"), (3.0, 4.0))
    assert (
        one.message == "Somebody on the ground at this site, seen by 2 cameras (80 % sure); alarm."
    )
    assert other.site == "quay"
    city.clock.advance(2)
    city.say("north", (3.0, 4.0), ended=True)
    assert len(city.after(CALM + 5)) == 2
    city.clock.advance(1)
    city.say("south", (4.5, 5.0), ended=True)
    assert len(city.after(CALM - 2)) == 2
    assert [alert.id for alert in city.after(4)] == [other.id]
    over = next(
        s.alert
        for s in city.book.page(Filter(("plaza",), nowhere=False), 5)
        if s.alert.id == one.id
    )
    assert over.history[-1].who == SELF
    assert over.message.startswith("Over: somebody on the ground")


def test_what_is_elsewhere_or_another_kind_or_zone_is_another_alert(city: City) -> None:
    """Far away, of another kind, in another zone of the same spot."""
    city.say("north", (3.0, 4.0), zone="stage")
    city.say("north", (30.0, 4.0), zone="stage")
    city.say("north", (3.0, 4.0), kind=EventKind.FIRE)
    city.say("north", (3.0, 4.1), zone="stairs")
    city.say("south", (3.2, 4.0))
    found = city.open()
    assert [(a.kind, a.zone, len(a.sightings)) for a in found] == [
        (ALERTED, "stage", 2),
        (ALERTED, "stage", 1),
        (AlertKind.FIRE, None, 1),
        (ALERTED, "stairs", 1),
    ]


def test_experimental_events_call_nobody(city: City) -> None:
    """Whatever they say; and neither do cameras that are not configured."""
    city.say("north", (3.0, 4.0), standing=EventStanding.EXPERIMENTAL)
    city.say("removed", (3.0, 4.0))
    assert city.open() == []


def test_what_a_person_cleared_stays_cleared(city: City) -> None:
    """Its end changes nothing, over a restart too; what starts there anew is a new alert."""
    city.say("north", (3.0, 4.0))
    (alert,) = city.open()
    city.book.decide(alert.id, "acknowledge", "Ada", "I go and see")
    city.book.decide(alert.id, "clear", "Ada", "she tied her shoe")
    city.restart()
    assert city.open() == []
    city.clock.advance(3)
    city.say("north", (3.0, 4.0), ended=True)
    assert city.open() == []
    city.say("north", (3.0, 4.0))
    assert [found.id == alert.id for found in city.open()] == [False]


def test_nobody_heeds_it_and_it_escalates(city: City) -> None:
    """The life of an alert is the same whatever it is about."""
    city.say("quay-1", (0.0, 0.0))
    city.open()
    (alert,) = city.after(121)
    assert [step.state for step in alert.history] == [State.RAISED, State.ESCALATED]


def test_what_nobody_sees_any_more_says_so_and_is_cleared_in_the_end(city: City) -> None:
    """A camera that is lost: first told, with the hour; taken back when it sees again."""
    city.say("north", (3.0, 4.0))
    (alert,) = city.after(50, silent=("north",))
    assert alert.unseen is None
    (alert,) = city.after(15, silent=("north",))
    assert alert.unseen is not None
    assert f"not seen since {alert.unseen.clock}" in alert.message
    assert "send somebody" in alert.check[0]
    assert "north" in alert.history[-1].why
    (alert,) = city.after(15)
    assert alert.unseen is None
    assert alert.history[-1].why == "it is seen again"
    city.after(65, silent=("north",))
    city.clock.advance(UNSEEN / 2)
    (alert,) = city.open()
    city.book.decide(alert.id, "acknowledge", "Ada", "I send somebody")
    city.clock.advance(UNSEEN - 20)
    assert [one.id for one in city.open()] == [alert.id]
    city.clock.advance(UNSEEN)
    assert city.open() == []
    over = next(
        s.alert
        for s in city.book.page(Filter(("plaza",), nowhere=False), 5)
        if s.alert.id == alert.id
    )
    assert over.history[-1].who == SELF
    assert "nobody saw it end" in over.history[-1].why
    assert "though nobody saw it end" in over.message


def test_another_camera_that_sees_it_keeps_it_in_sight(city: City) -> None:
    """One of two is lost, and nothing is to be said of that."""
    city.say("north", (3.0, 4.0))
    city.say("south", (3.5, 4.0))
    (alert,) = city.after(80, silent=("north",))
    assert alert.unseen is None


def test_a_lens_that_began_anew_has_forgotten_what_it_saw(city: City) -> None:
    """Also where the camera goes on; unless the new lens tells of the same again, and its end."""
    for camera in SITES:
        city.begin_anew(camera, 0)
    city.say("north", (3.0, 4.0))
    city.say("quay-1", (0.0, 0.0))
    city.open()
    for camera in ("north", "quay-1"):
        city.begin_anew(camera, 1)
    city.after(5)
    city.say("north", (3.2, 4.0))
    here, quay = city.after(70)
    assert here.unseen is None
    assert quay.unseen is not None
    city.say("north", (3.2, 4.0), ended=True)
    assert [alert.site for alert in city.after(CALM + 2)] == ["quay"]


def test_after_a_start_what_was_seen_before_is_unseen_for_the_same_time(city: City) -> None:
    """The lenses are new, and the patience goes on where it was."""
    city.say("north", (3.0, 4.0))
    city.after(2)
    city.restart()
    (alert,) = city.after(65)
    assert alert.unseen is not None
    city.clock.advance(UNSEEN / 2)
    city.restart()
    assert len(city.open()) == 1
    city.clock.advance(QUIET)
    assert len(city.open()) == 1
    city.clock.advance(UNSEEN / 2)
    assert city.open() == []


@given(st.lists(st.sampled_from(["start", "end", "restart", "look", "full"]), max_size=14))
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_event_is_lost_or_told_twice(store: FullStore, turns: list[str]) -> None:
    """Whenever the process dies or the disk is full: each start is in one alert, and one only."""
    store.full = False
    city = City(store)
    while city.store.event_news(1):
        city.events.look()
    for shown in city.book.open():
        city.book.decide(shown.alert.id, "clear", "a test", "it begins anew")
    before = {shown.alert.id for shown in city.book.page(Filter(), 10_000)}
    starts = 0
    for turn in turns:
        city.clock.advance(1)
        if turn == "start":
            city.say("north", (starts * 50.0, 0.0))
            starts += 1
        elif turn == "end":
            city.say("north", (max(starts - 1, 0) * 50.0, 0.0), ended=True)
        elif turn == "restart":
            store.full = False
            city.restart()
        elif turn == "full":
            store.full = not store.full
        else:
            city.open()
    store.full = False
    city.open()
    after = [one.alert for one in city.book.page(Filter(), 10_000) if one.alert.id not in before]
    assert len(after) == starts
    assert len({sighting.at for alert in after for sighting in alert.sightings}) == starts


def test_a_flood_is_few_alerts_and_one_message(city: City) -> None:
    """Three thousand events at once: bounded alerts count them all, and one line is in the log."""
    t = round(city.clock.utc() * 1000)
    marks = [
        Mark("north", Event(DOWN, Phase.START, t, k % 500 * 100, k // 500 * 100, -1, 80), None,
             EventStanding.VALIDATED)
        for k in range(3000)
    ]  # fmt: skip
    reading = Reading(t, 1000, 5, 0, 0, 0, 0, 8, 1, 10, (), (), (), ())
    city.store.append([Stamped("north", reading)], marks)
    looks = 0
    with capture_logs() as lines:
        while city.store.event_news(1):
            city.events.look()
            looks += 1
    assert looks <= 4
    alerts = city.open()
    assert len(alerts) == MOST_OPEN
    assert sum(len(alert.sightings) + alert.more for alert in alerts) == 3000
    assert max(len(alert.sightings) for alert in alerts) <= MOST_SIGHTINGS
    assert [line["event"] for line in lines] == ["more events at once than alerts tell one by one"]
    assert "more like it" in alerts[-1].message


def test_many_events_of_one_place_are_counted() -> None:
    """An alert tells the newest one by one, and how many there were."""
    alerts: list[Alert] = []
    for k in range(MOST_SIGHTINGS + 3):
        event = KeptEvent("north", DOWN, k, k + 1, (3.0, 4.0), None, 0.8, EventStanding.VALIDATED)
        alerts = heard(alerts, [Told("plaza", event, ended=False)], float(k), lambda: "1")
    (alert,) = alerts
    assert (len(alert.sightings), alert.more) == (MOST_SIGHTINGS, 3)
    assert alert.sightings[0].since == 0.003


@pytest.mark.parametrize("seconds", [-90_000.0, 90_000.0])
def test_a_clock_that_is_set_ends_no_alert(city: City, seconds: float) -> None:
    """An alert lasts by the time that passes, whatever day it is said to be."""
    city.say("north", (3.0, 4.0))
    (alert,) = city.open()
    city.clock.advance(1)
    city.say("north", (3.0, 4.0), ended=True)
    city.open()
    city.clock.step(seconds)
    assert [found.id for found in city.after(CALM - 3)] == [alert.id]
    assert city.after(5) == []
