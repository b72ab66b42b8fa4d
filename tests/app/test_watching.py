import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from msgspec import structs

from plainview.alerts.book import Filter
from plainview.alerts.thresholds import DEFAULTS, Quantity
from plainview.alerts.watch import NOT_YET, Look, WatchState
from plainview.app.watching import BUSY, ELSEWHERE, UNWATCHED, Watching
from plainview.clock import ManualClock
from plainview.config import CameraConfig, SiteConfig
from plainview.crowd.field import normal
from plainview.geometry import cells_inside
from plainview.record import COUNT_STEP, Cell, EventKind, Health, Reading, Stamped, pack_cells
from plainview.store import Store, open_store
from plainview.synth import plaza
from plainview.web.api import create_app
from plainview.web.server import serve
from plainview.web.views import CameraView, SiteView

CAMERAS = tuple(
    CameraConfig(id=f"plaza-{camera.name}", view=plaza.view(camera)) for camera in plaza.CAMERAS
)
SITE = SiteConfig(
    "plaza",
    "Plaza",
    (0.0, 0.0),
    CAMERAS,
    thresholds=tuple(one for one in DEFAULTS if one.quantity is Quantity.DENSITY),
)
VIEW = SiteView(
    "plaza",
    "Plaza",
    0.0,
    0.0,
    tuple(CameraView(camera.id, camera.view) for camera in CAMERAS),
    simulated=True,
)


class World:
    """Two cameras of one plaza, a store, and what watches; looks are made by hand."""

    def __init__(self, store: Store, site: SiteConfig = SITE) -> None:
        """All is permitted."""
        self.clock, self.store = ManualClock(), store
        self.refused: dict[tuple[str, EventKind], str] = {}
        tokens = (f"{k}" for k in itertools.count())
        self.watching = Watching(
            {"plaza": (VIEW, site)},
            store,
            self.clock,
            lambda camera, kind: self.refused.get((camera, kind), ""),
            token=lambda: next(tokens),
        )
        self.grid = CAMERAS[0].view.grid()
        self.inside = np.argwhere(cells_inside(self.grid, plaza.AREA))

    def reading(self, density: float, health: tuple[Health, ...] = ()) -> Reading:
        """`density` people/m² on all of the ground."""
        cells = [Cell(int(x), int(y), density, 0.2, 0.0, 0.02) for y, x in self.inside]
        count = round(density * len(cells) * self.grid.cell**2 / COUNT_STEP)
        doubt = max(count // 20, 8)
        t = round(self.clock.utc() * 1000)
        flat = pack_cells(cells, self.grid.shape[0]) if density else ()
        return Reading(
            t, 1000, 5, 0, count, max(count - doubt, 0), count + doubt, 8, 1,
            self.grid.shape[0], flat, (), health, (),
        )  # fmt: skip

    def see(self, seconds: int, density: float, health: tuple[Health, ...] = ()) -> None:
        """Both cameras say one Reading a second."""
        for _ in range(seconds):
            self.clock.advance(1)
            said = self.reading(density, health)
            self.store.append([Stamped(camera.id, said) for camera in CAMERAS])
            self.watching.look()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A plaza under watch."""
    store = open_store(f"sqlite:{tmp_path / 'readings.db'}")
    made = World(store)
    yield made
    made.watching.close()
    store.close()


def test_readings_raise_an_alert_and_blind_cameras_keep_it(world: World) -> None:
    """From the store to the book; no Reading, or a blind camera's, ends nothing."""
    world.see(5, 6.0)
    (shown,) = world.watching.open("plaza")
    assert shown.durable
    assert world.watching.site_of(shown.alert.id) == "plaza"
    world.see(60, 0.0, (Health.BLIND,))
    world.clock.advance(60)
    world.watching.look()
    assert [one.alert.id for one in world.watching.open()] == [shown.alert.id]
    world.see(20, 0.5)
    assert world.watching.open() == []


def test_an_alert_of_a_zone_that_is_gone_does_not_stay_for_ever(world: World) -> None:
    """After a start with another file nothing is held against it, so nobody would see it end."""
    gone = structs.replace(SITE.thresholds[-1], zone="stage")
    for threshold, site in ((gone, "plaza"), (SITE.thresholds[-1], "quay")):
        world.watching.book.rise(site, threshold, Look(0.0, normal(6.0, 0.2)))
    world.see(5, 6.0)
    assert len(world.watching.open()) == 3
    again = World(world.store)
    (kept,) = again.watching.open()
    assert (kept.alert.site, kept.alert.zone) == ("plaza", None)
    ended = [one.alert.history[-1].why for one in again.watching.page(Filter(), 10)[1:]]
    assert ended == [UNWATCHED, UNWATCHED]


def newest(world: World) -> float:
    """Seconds since the newest field of the site."""
    window = world.watching.window("plaza")
    assert window is not None
    return world.clock.utc() - window.field().t


def test_calm_sites_wait_where_a_look_at_all_takes_too_long(world: World) -> None:
    """And no other: one that fills up, holds an alert, or has a camera that fell silent does not.

    Where there is time for all, none waits.
    """
    world.see(3, 0.5)
    assert newest(world) == 0.0
    world.watching._cost = 10 * BUSY
    world.see(2, 0.5)
    assert newest(world) == 2.0
    world.see(5, 6.0)
    assert newest(world) == 0.0
    (alert,) = world.watching.open("plaza")
    world.see(5, 0.5)
    assert newest(world) == 0.0
    assert [one.alert.id for one in world.watching.open()] == [alert.alert.id]
    world.see(20, 0.5)
    assert world.watching.open() == []
    world.watching._cost = 10 * BUSY
    world.see(2, 0.5)
    assert newest(world) > 0.0
    world.see(1, 0.5, (Health.BLIND,))
    assert newest(world) == 0.0


def test_of_a_calm_site_that_waits_it_is_known_that_nobody_is_pushed(tmp_path: Path) -> None:
    """Looked at every few seconds, it has not the fields of a variance; it needs none."""
    thresholds = tuple(one for one in DEFAULTS if one.quantity is Quantity.PRESSURE)
    with closing(open_store(f"sqlite:{tmp_path / 'readings.db'}")) as store:
        world = World(store, structs.replace(SITE, thresholds=thresholds))
        for _ in range(30):
            world.watching._cost = 10 * BUSY
            world.see(1, 0.5)
        (warning, alarm) = world.watching.watches("plaza")
        assert (warning.state, alarm.state) == ("clear", "clear")
        assert alarm.seen.value == 0.0


def test_before_anything_was_measured_nothing_is_said_to_be_clear(world: World) -> None:
    """That nothing was seen is no all-clear."""
    assert {one.state for one in world.watching.watches("plaza")} == {WatchState.CANNOT_TELL}
    assert {one.why for one in world.watching.watches("plaza")} == {NOT_YET}


def test_what_is_watched_at_the_centre_is_not_said_to_be_clear_at_the_site(tmp_path: Path) -> None:
    """Nothing that is measured there is stored there."""
    with closing(open_store(f"sqlite:{tmp_path / 'readings.db'}")) as store:
        away = Watching({"plaza": (VIEW, SITE)}, store, ManualClock(), lambda *_: "", here=False)
        told = away.watches("plaza")
        assert {(one.state, one.why) for one in told} == {(WatchState.CANNOT_TELL, ELSEWHERE)}


def test_nothing_is_watched_without_permission(world: World) -> None:
    """Off, with why; one camera that may not is not used, and its ground is unknown."""
    for camera in CAMERAS:
        for kind in (EventKind.DENSITY, EventKind.CROWD_MOVEMENT):
            world.refused[camera.id, kind] = "no assessment"
    world.see(5, 6.0)
    assert {watch.state for watch in world.watching.watches("plaza")} == {"off"}
    assert {watch.why for watch in world.watching.watches("plaza")} == {"no assessment"}
    assert world.watching.open() == []
    for kind in (EventKind.DENSITY, EventKind.CROWD_MOVEMENT):
        del world.refused[CAMERAS[0].id, kind]
    world.clock.advance(2)
    world.see(5, 6.0)
    assert len(world.watching.open()) == 1


def asked(answer: httpx.Response) -> Any:  # noqa: ANN401 - any JSON
    """The JSON of an answer that went well."""
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_pages_see_alerts_and_people_decide(world: World) -> None:
    """All of the API over one alert: open, watched, acknowledged with a reason, cleared, past."""
    world.see(25, 6.0)
    then = world.clock.utc()
    app = create_app(sites=[VIEW], store=world.store, clock=world.clock, alerts=world.watching)
    with serve(app, port=0) as server, httpx.Client(base_url=f"{server.url}api/v1/") as client:
        (alert,) = asked(client.get("alerts", params={"state": "open"}))
        assert (alert["quantity"], alert["level"], alert["kind"]) == ("density", "alarm", "density")
        assert alert["low"] <= alert["value"] <= alert["high"]
        assert (alert["unit"], alert["threshold"], alert["zone"]) == ("people/m²", 5.0, None)
        assert alert["check"]
        assert alert["source"]
        watches = asked(client.get("sites/plaza/watch"))
        assert {watch["state"] for watch in watches} == {"raised"}
        (whole,) = asked(client.get("sites/plaza/quantities"))["zones"]
        assert whole["level"] == "F"
        assert whole["peak"]["value"] == pytest.approx(6.0, abs=0.1)
        assert whole["pressure"] is not None
        assert asked(client.get("sites/plaza/usual"))["usual"] is None
        world.see(2, 1.0)
        now = asked(client.get("sites/plaza/field"))
        past = asked(client.get("sites/plaza/field", params={"at": then}))
        assert past["count"] > 5 * now["count"]
        long_ago = asked(client.get("sites/plaza/field", params={"at": then - 4000}))
        assert long_ago["count"] is None
        for body in ({"why": ""}, {"why": "x" * 501}, {}, {"why": "ok", "who": "Eve"}):
            assert client.post(f"alerts/{alert['id']}/acknowledge", json=body).status_code == 400
        done = asked(client.post(f"alerts/{alert['id']}/acknowledge", json={"why": "camera 2"}))
        assert done["state"] == "acknowledged"
        assert done["history"][-1]["who"] == "demonstration"
        assert done["history"][-1]["why"] == "camera 2"
        cleared = asked(client.post(f"alerts/{alert['id']}/clear", json={"why": "a drill"}))
        assert cleared["cleared_at"] is not None
        assert client.post(f"alerts/{alert['id']}/clear", json={"why": "again"}).status_code == 400
        assert asked(client.get("alerts")) == []
        assert len(asked(client.get("alerts", params={"state": "all"}))) == 1
        assert asked(client.get("alerts", params={"state": "all", "site": "quay"})) == []
        assert client.get("sites/nowhere/watch").status_code == 404
        metrics = httpx.get(f"{server.url}metrics").text
        assert 'plainview_alerts_open{level="alarm",site="plaza",state="raised"} 0.0' in metrics
        foreign = {"origin": "https://elsewhere.example"}
        answer = client.post("alerts/x/clear", json={"why": "no"}, headers=foreign)
        assert answer.status_code == 403


def test_where_people_are_nobody_decides_without_signing_in(world: World) -> None:
    """A real site: neither seen nor changed by who has not signed in."""
    world.see(5, 6.0)
    real = structs.replace(VIEW, simulated=False)
    app = create_app(sites=[real], store=world.store, clock=world.clock, alerts=world.watching)
    (shown,) = world.watching.open()
    with serve(app, port=0) as server, httpx.Client(base_url=f"{server.url}api/v1/") as client:
        for path in ("alerts", "sites/plaza/watch", "sites/plaza/quantities"):
            assert client.get(path).status_code in {401, 403}
        answer = client.post(f"alerts/{shown.alert.id}/clear", json={"why": "no"})
        assert answer.status_code in {401, 403}
    assert world.watching.open() == [shown]
