import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from plainview.alerts.book import Book, Filter
from plainview.alerts.ground import Ground, Zone, ground
from plainview.alerts.lifecycle import State
from plainview.alerts.measures import Moment, Spot, Window, reach, slope, time_to
from plainview.alerts.site import SiteWatch
from plainview.alerts.slow import looks
from plainview.alerts.thresholds import DEFAULTS, Level, Quantity, threshold, watched
from plainview.alerts.watch import WatchState
from plainview.clock import ManualClock
from plainview.crowd.field import Estimate, Field
from plainview.geometry import Grid, Line
from plainview.record import EventKind
from plainview.store import Store, open_store

GRID = Grid((0.0, 0.0), 1.0, (12, 9))
GATE = Zone("gate", ((0, 0), (4, 0), (4, 9), (0, 9)))
LINES = (Line(name="in", start=(4, 0), end=(4, 9)), Line(name="far", start=(9, 0), end=(9, 9)))


def field(t: float, density: float, *, known: bool | None = True, sigma: float = 0.2) -> Field:
    """Even ground, and `density` on the gate's side; `known` None: only the other side is."""
    plane = np.full((9, 12), 0.5)
    plane[:, :4] = density
    seen = np.ones((9, 12), dtype=np.bool_)
    if known is None:
        seen[:, :4] = False
    elif not known:
        seen[:] = False
    nought = np.zeros((9, 12))
    return Field(
        GRID, t, plane * seen, nought, nought, nought, nought + sigma, nought + 0.05, seen, nought
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new store."""
    opened = open_store(f"sqlite:{tmp_path / 'readings.db'}")
    yield opened
    opened.close()


@pytest.fixture
def plaza() -> Ground:
    """Ground that is covered whole, with a zone before its gate."""
    covered = np.ones((9, 12), dtype=np.bool_)
    return ground(grid=GRID, covered=covered, zones=(GATE,), lines=LINES)


class World:
    """A site under watch, on a clock that the test holds."""

    def __init__(self, store: Store, plaza: Ground) -> None:
        """Density alone is watched, on the whole site and at the gate."""
        self.clock = ManualClock()
        self.tokens = (f"{k}" for k in range(10**6))
        self.store, self.plaza = store, plaza
        self.thresholds = [
            one
            for one in watched([(GATE.name, GATE.kinds)], ())
            if one.quantity is Quantity.DENSITY
        ]
        self.start()

    def start(self) -> None:
        """As at each start."""
        self.book = Book(self.store, self.clock, lambda: next(self.tokens))
        self.watch = SiteWatch("plaza", self.plaza, self.thresholds, self.book, self.clock)

    def see(self, seconds: int, density: float, *, known: bool | None = True) -> None:
        """A field a second."""
        for _ in range(seconds):
            self.clock.advance(1)
            self.watch.look(field(self.clock.utc(), density, known=known), {})

    def states(self) -> dict[tuple[str | None, Level], WatchState]:
        """Where each threshold stands."""
        return {(w.threshold.zone, w.threshold.level): w.state for w in self.watch.watches()}


@pytest.fixture
def world(store: Store, plaza: Ground) -> World:
    """A site under watch."""
    return World(store, plaza)


def test_a_crowd_grows_and_leaves(world: World) -> None:
    """Warning, then alarm on the same alert, and an end by itself; one alert for each place."""
    world.see(20, 2.0)
    assert world.book.open() == []
    world.see(12, 4.2)
    assert [s.alert.level for s in world.book.open()] == [Level.WARNING] * 2
    world.see(5, 6.0)
    opened = [shown.alert for shown in world.book.open()]
    assert {alert.zone for alert in opened} == {None, "gate"}
    assert {alert.level for alert in opened} == {Level.ALARM}
    assert all(alert.at is not None and alert.at[0] < 5 for alert in opened)
    world.see(30, 1.0)
    assert world.book.open() == []
    over = world.book.page(Filter(("plaza",), nowhere=False), 10)
    assert [shown.alert.state for shown in over] == [State.CLEARED] * 2


@pytest.mark.parametrize("known", [False, None])
def test_a_camera_that_goes_blind_ends_nothing(world: World, *, known: bool | None) -> None:
    """Neither where all is dark, nor where only the crowded side is: the alert stays."""
    world.see(5, 6.0)
    world.see(120, 0.0, known=known)
    assert len(world.book.open()) == 2
    assert all(shown.alert.open for shown in world.book.open())
    reason = {watch.why for watch in world.watch.watches() if watch.threshold.zone == "gate"}
    assert any("seen" in why or "measured" in why for why in reason)


def test_watching_goes_on_after_a_restart(world: World) -> None:
    """The alert is not raised twice; it ends when it is over."""
    world.see(5, 6.0)
    names = {shown.alert.id for shown in world.book.open()}
    world.start()
    world.see(20, 6.0)
    assert {shown.alert.id for shown in world.book.open()} == names
    world.see(30, 1.0)
    assert world.book.open() == []


def test_what_a_person_clears_comes_back_only_after_it_was_below(world: World) -> None:
    """Also over a restart in between."""
    world.see(5, 6.0)
    for shown in world.book.open():
        world.book.decide(shown.alert.id, "clear", "Ada", "a drill")
    world.see(20, 6.0)
    world.start()
    world.see(20, 6.0)
    assert world.book.open() == []
    world.see(2, 1.0)
    world.see(5, 6.0)
    assert len(world.book.open()) == 2


def test_what_is_not_permitted_is_off(world: World) -> None:
    """And says why; what was open stays open, for nothing was seen to end it."""
    world.see(5, 6.0)
    for _ in range(60):
        world.clock.advance(1)
        world.watch.look(field(world.clock.utc(), 0.0), {EventKind.DENSITY: "no assessment"})
    assert {watch.state for watch in world.watch.watches()} == {WatchState.OFF}
    assert {watch.why for watch in world.watch.watches()} == {"no assessment"}
    assert len(world.book.open()) == 2
    world.see(30, 1.0)
    assert world.book.open() == []


def test_a_clock_that_was_set_back_starts_the_window_anew(world: World) -> None:
    """No field of the future stands beside those of the past."""
    world.see(5, 2.0)
    world.clock.step(-3600)
    world.see(5, 2.0)
    window = world.watch.window()
    assert window is not None
    assert [f.t for f in window.fields] == sorted(f.t for f in window.fields)
    assert len(window.fields) == 5


def test_borders_know_which_way_leads_in(plaza: Ground) -> None:
    """Forward is to the left of who walks from start to end."""
    whole, gate = plaza.places
    assert list(gate.border) == [1.0, 0.0]
    assert list(whole.border) == [0.0, 0.0]


def test_slow_quantities_say_why_they_cannot_be_told(plaza: Ground, world: World) -> None:
    """A few seconds of people who stand still are not enough for any of them."""
    world.see(5, 4.0)
    window = world.watch.window()
    assert window is not None
    wanted = [
        threshold(quantity, Level.ALARM, 0.5, 5, "a test")
        for quantity in (
            Quantity.OSCILLATION,
            Quantity.STOP_AND_GO,
            Quantity.SURGE,
            Quantity.DISPERSAL,
            Quantity.COUNTERFLOW,
        )
    ]
    found = looks(plaza, window, wanted)
    assert len(found) == len(wanted)
    assert all(look.why and not look.seen.known for look in found.values())


def test_own_thresholds_replace_defaults() -> None:
    """Of their zone, or, without one, everywhere; all others stay."""
    own = threshold(Quantity.DENSITY, Level.ALARM, 4.0, 3, "a test")
    found = watched([("gate", frozenset({EventKind.DENSITY}))], (own,))
    limits = {t.zone: t.limit for t in found if (t.quantity, t.level) == ("density", "alarm")}
    assert limits == {None: 4.0, "gate": 4.0}
    assert {t.quantity for t in found if t.zone == "gate"} == {Quantity.DENSITY, Quantity.REACH}
    assert {t.quantity for t in found if t.zone is None} == {d.quantity for d in DEFAULTS}


def test_a_trend_and_the_time_that_is_left() -> None:
    """A straight rise is found; 3 people/m² at 0.01 a second reach 5 in 200 s."""
    rate = slope(range(60), [3 + 0.01 * t for t in range(60)])
    assert rate.value == pytest.approx(0.01)
    left = time_to(now=Estimate(3, 2.8, 3.2), rate=rate, limit=5)
    assert left.value == pytest.approx(200)
    assert left.low < left.value < left.high
    assert not slope(range(5), [1.0] * 5).known


@pytest.mark.parametrize(("now", "told"), [(3.0, True), (2.0, False)])
def test_what_is_still_thin_is_not_foreseen_to_be_dense(now: float, *, told: bool) -> None:
    """Under half of the density of the alarm a rise is one of ordinary traffic."""
    whole = ground(grid=GRID, covered=np.ones((9, 12), dtype=np.bool_), zones=()).places[0]
    moments = [Moment(t, 20.0, now + 0.02 * (t - 60)) for t in range(61)]
    window = Window([field(60, now)], {whole.name: moments})
    found = reach(window, whole, Spot(Estimate(now, now - 0.1, now + 0.1), None), 5.0)
    assert math.isfinite(found.value.value) == told
    assert math.isfinite(found.value.low) == told
