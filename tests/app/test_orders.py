"""Stop orders from a centre to its sites: in one process step by step, then over real servers."""

import contextlib
import json
import os
import select
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from msgspec import structs
from structlog.testing import capture_logs
from tests.app.permitted import permit
from tests.governance.offices import OFFICER, OPERATOR, SUPERVISOR
from tests.servers.deployed import City as Servers
from tests.servers.nats import SERVER, until

from plainview.app import officers, orders
from plainview.app.cities import configuration_digest, configured
from plainview.app.governor import CameraState
from plainview.app.obeying import Obeying
from plainview.app.ordering import Ordering
from plainview.app.running import Running
from plainview.bus import Sender
from plainview.clock import ManualClock, SystemClock
from plainview.config import CityConfig, load_city
from plainview.errors import ConfigError, InputError
from plainview.fleet.local import LocalFleet
from plainview.governance import cameras
from plainview.governance.office import Office
from plainview.governance.order import MAX_BYTES, order_of, sign_order
from plainview.governance.orders import Answer, Said, encode, read_answer
from plainview.governance.standing import Stop
from plainview.governance.switch import Switch
from plainview.ledger.entry import EntryKind
from plainview.ledger.note import Signer
from plainview.web.desk import OrderEdge

WHY = "aimed at a window"
YARD, QUAY = Sender("yard-site", "yard-site"), Sender("quay", "quay")


@pytest.fixture
def two(city: Path) -> Path:
    """The centre's file: the site that is here, and another that never asks."""
    text = city.read_text().replace('id = "gone"', 'id = "gone"', 1)
    more = '[[sites]]\nid = "quay"\nlocation = [4.1, 52.0]\n[[sites.cameras]]\nfile = "yard.toml"\n'
    path = city.parent / "centre.toml"
    path.write_text(f'{text}{more}id = "quay-1"\n', encoding="utf-8")
    return path


def registered(state: Path, city: CityConfig, clock: ManualClock) -> Office:
    """The office of `state`, with the cameras of `city`."""
    office = Office(state, clock)
    seen = {name: one.seen for name, one in configured(city).items()}
    cameras.register(office, seen, configuration=configuration_digest(city))
    return office


class Pair:
    """Owns a centre and one of its sites, which hear each other when `turn` says so."""

    def __init__(self, folder: Path, centre: Path, site: Path) -> None:
        """Both with their offices and switches."""
        self.folder = folder
        self.clock = ManualClock()
        self.city, own = load_city(centre), load_city(site)
        self.states: dict[str, CameraState] = {}
        self.woken = 0
        self.stack = contextlib.ExitStack()
        self.office = registered(folder / "centre", self.city, self.clock)
        self.stack.callback(self.office.close)
        self.switch = Switch(self.office, folder / "centre", orders=True)
        self.stack.callback(self.switch.close)
        self.ordering = Ordering(self.office, lambda: self.city, folder / "centre", self.clock)
        self.there = registered(folder / "site", own, self.clock)
        self.stack.callback(self.there.close)
        self.own = Switch(self.there, folder / "site")
        self.stack.callback(self.own.close)
        self.key = self.office.authority
        self.obeying = Obeying(
            self.own, self.key.verifier, lambda: own, lambda: self.states, self.wake
        )

    def wake(self) -> None:
        """Count."""
        self.woken += 1

    def press(self, scope: str) -> None:
        """Press at the centre."""
        self.switch.press(OPERATOR, scope, WHY)

    def turn(self) -> bool:
        """One question and its answer, then what that brought is told."""
        self.ordering.look()
        again = self.obeying.hear(self.ordering.answer(YARD, self.obeying.say()))
        self.ordering.answer(YARD, self.obeying.say())
        return again

    def answered(self, *notes: str) -> None:
        """What whoever sits between answers instead."""
        self.obeying.hear(encode(Answer(1, known=True, orders=notes)))

    def note(self, scope: str, number: int, signer: Signer | None = None, centre: str = "") -> str:
        """An order as it might be."""
        key = signer or self.key
        stop = structs.replace(self.stop(), scope=scope, index=number)
        return sign_order(order_of(stop, centre or key.name), key)

    def stop(self) -> Stop:
        """Some stop at the centre."""
        return next(iter(self.office.standing().stops.values()))

    def said(self) -> str:
        """What became of the first stop, in a line."""
        found = self.ordering.told(self.stop())
        return orders.said(found, self.clock.utc(), lambda t: f"{t:.0f}")

    def pressed(self) -> list[str]:
        """What the site's ledger says was stopped, in its order."""
        entries = [entry for _, entry in self.there.ledger.entries()]
        return [one.subject for one in entries if one.kind is EntryKind.STOP_PRESSED]


@pytest.fixture
def pair(tmp_path: Path, two: Path, city: Path) -> Iterator[Pair]:
    """A centre of two sites, and one of them."""
    pair = Pair(tmp_path, two, city)
    with pair.stack:
        yield pair


def test_a_stop_of_the_centre_is_the_sites_own_and_confirmed_when_nothing_runs(pair: Pair) -> None:
    """What the centre says of it is true at each step."""
    pair.states = {"yard": CameraState("running", "", "", ("count",))}
    pair.press("camera:yard")
    assert "0 of 1 sites confirmed; never asked" in pair.said()
    pair.ordering.answer(YARD, pair.obeying.say())
    assert "0 of 1 sites confirmed; not yet: yard-site (last heard" in pair.said()
    assert pair.turn()
    assert (pair.pressed(), pair.woken) == (["camera:yard"], 1)
    assert "0 of 1 sites confirmed; not yet" in pair.said()
    pair.states = {"yard": CameraState("stopped", WHY, "", ())}
    pair.turn()
    assert pair.said() == "1 of 1 sites confirmed"
    assert not pair.turn()
    assert (pair.pressed(), pair.woken) == (["camera:yard"], 1)
    assert pair.ordering.stats()["orders_unconfirmed"] == 0


def test_an_order_is_for_the_sites_that_it_names(pair: Pair) -> None:
    """The others are neither told nor waited for."""
    pair.press("camera:quay-1")
    pair.turn()
    assert pair.pressed() == []
    assert (
        "0 of 1 sites confirmed; never asked (not enrolled for orders, or never reached): quay"
        in (pair.said())
    )
    pair.press("city")
    pair.press("capability:count")
    pair.turn()
    assert pair.pressed() == ["city", "capability:count"]
    assert pair.ordering.stats()["orders_unconfirmed"] == 3


def test_what_two_people_lift_at_the_site_stays_lifted_until_it_is_ordered_anew(pair: Pair) -> None:
    """The centre says so; what is lifted there is ordered of nobody any more, and lifts nothing."""
    pair.press("camera:yard")
    pair.turn()
    for person in (SUPERVISOR, OFFICER):
        pair.own.lift(person, "camera:yard", "all clear")
    pair.turn()
    pair.turn()
    assert pair.own.stops() == {}
    assert pair.said() == ("0 of 1 sites confirmed; lifted there since, by two people: yard-site")
    pair.press("camera:yard")
    pair.turn()
    assert [*pair.own.stops()] == ["camera:yard"]
    assert pair.said() == "1 of 1 sites confirmed"
    for person in (SUPERVISOR, OFFICER):
        pair.switch.lift(person, "camera:yard", "all clear")
    pair.turn()
    assert [*pair.own.stops()] == ["camera:yard"]
    assert read_answer(pair.ordering.answer(YARD, pair.obeying.say())).orders == ()


def test_more_orders_than_an_answer_holds_come_in_turn(pair: Pair) -> None:
    """Also after some that this site does not know, which keep coming last."""
    pair.city = _with_cameras(pair.city, 40)
    seen = {name: one.seen for name, one in configured(pair.city).items()}
    cameras.register(pair.office, seen, configuration="c" * 64)
    for number in range(40):
        pair.press(f"camera:new-{number}")
    pair.press("camera:yard")
    for _ in range(3):
        pair.turn()
    assert pair.pressed() == ["camera:yard"]
    assert "refused: yard-site (it knows nothing of that name)" in pair.said()


def _with_cameras(city: CityConfig, count: int) -> CityConfig:
    """`city` whose first site has more cameras, of which the site itself knows nothing."""
    first, *rest = city.sites
    more = tuple(structs.replace(first.cameras[0], id=f"new-{number}") for number in range(count))
    return structs.replace(
        city, sites=(structs.replace(first, cameras=(*first.cameras, *more)), *rest)
    )


def test_what_is_forged_old_or_another_citys_stops_nothing_and_blocks_nothing(pair: Pair) -> None:
    """Each is counted and told once, however often it comes; what is good beside it is obeyed."""
    pair.press("camera:yard")
    thief = Signer(pair.key.name, b"\x07" * 32)
    stranger = Signer("other.example", b"\x07" * 32)
    bad = [
        pair.note("city", 50, thief),
        pair.note("city", 51, stranger),
        pair.note("city", 52, centre="other.example"),
        pair.note("city", 53).replace('"city"', '"site:yard-site"'),
        "x" * MAX_BYTES,
        "",
        "\u0000",
    ]
    with capture_logs() as told:
        for _ in range(3):
            pair.answered(*bad)
    assert pair.own.stops() == {}
    assert pair.obeying.stats() == {"orders_obeyed": 0, "orders_refused": len(bad)}
    assert len(told) == len(bad)
    assert "stop order" in pair.obeying.trouble
    pair.ordering.answer(YARD, pair.obeying.say())
    assert "refused: yard-site (it" in pair.said()
    pair.answered(*bad, pair.note("camera:gone", 60))
    assert [*pair.own.stops()] == ["camera:gone"]
    with capture_logs() as told:
        for _ in range(3):
            pair.answered(pair.note("camera:yard", 59), pair.note("city", 60))
    assert [*pair.own.stops()] == ["camera:gone"]
    assert len(told) == 2
    pair.turn()
    assert "press again" in pair.said()
    pair.answered()
    assert pair.obeying.trouble == ""


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{" * 9999, b" " * 400_000])
def test_an_answer_that_is_none_is_told_to_the_centre_and_counted_once(
    pair: Pair, data: bytes
) -> None:
    """And the next one is read again."""
    pair.press("camera:yard")
    for _ in range(2):
        with pytest.raises(InputError):
            pair.obeying.hear(data)
    assert pair.obeying.stats()["orders_refused"] == 1
    pair.ordering.answer(YARD, pair.obeying.say())
    assert "refused: yard-site (it cannot read the order)" in pair.said()
    pair.turn()
    assert pair.said() == "1 of 1 sites confirmed"


@pytest.mark.parametrize("data", [b"", b"[]", b'{"v":1,"x":1}', b" " * 100_000])
def test_a_question_that_is_none_confirms_nothing_and_is_answered(pair: Pair, data: bytes) -> None:
    """What a stolen key sends is counted; the orders are for its site all the same."""
    pair.press("camera:yard")
    pair.ordering.look()
    with capture_logs() as told:
        for _ in range(3):
            assert len(read_answer(pair.ordering.answer(YARD, data)).orders) == 1
    assert pair.ordering.stats()["orders_garbled"] == 3
    assert len(told) == 1
    assert pair.said().startswith("0 of 1 sites confirmed")


def test_a_centre_that_was_set_back_takes_no_old_answer_for_that_of_a_new_order(pair: Pair) -> None:
    """Its numbers begin again: the site refuses them as old, and never confirms another order."""
    pair.press("camera:gone")
    pair.turn()
    (before,) = pair.office.standing().stops.values()
    said = pair.obeying.say()
    # What the centre's ledger says now has the same number and names something else.
    other = structs.replace(before, scope="camera:yard")
    standing = pair.office.standing()
    standing.stops.clear()
    standing.stops[other.scope] = other
    pair.ordering = Ordering(pair.office, lambda: pair.city, pair.folder / "centre", pair.clock)
    answer = read_answer(pair.ordering.answer(YARD, said))
    assert len(answer.orders) == 1
    pair.obeying.hear(encode(answer))
    pair.ordering.answer(YARD, pair.obeying.say())
    assert [*pair.own.stops()] == ["camera:gone"]
    assert "0 of 1 sites confirmed; refused: yard-site (it has obeyed a later order" in pair.said()


def test_a_site_that_the_centre_does_not_know_is_told_so(pair: Pair) -> None:
    """It is given no order, and says what to mend."""
    pair.press("city")
    pair.ordering.look()
    answer = pair.ordering.answer(Sender("north", "yard-site"), pair.obeying.say())
    assert read_answer(answer) == Answer(1, known=False)
    assert pair.ordering.stats()["orders_foreign"] == 1
    with pytest.raises(ConfigError, match="is not in its CITY"):
        pair.obeying.hear(answer)
    assert pair.own.stops() == {}


def test_what_sites_have_said_outlives_the_centres_process(pair: Pair) -> None:
    """And the command line reads it, beside what is pressed."""
    pair.press("camera:yard")
    pair.turn()
    pair.clock.advance(60)
    pair.ordering.look()
    pair.ordering = Ordering(pair.office, lambda: pair.city, pair.folder / "centre", pair.clock)
    assert pair.said() == "1 of 1 sites confirmed"
    pair.clock.advance(100)
    assert pair.said() == "1 of 1 sites confirmed (1 of them not heard for 120 s)"
    lines = officers.stops(pair.folder / "centre")
    assert lines[0].startswith(f"camera:yard: {WHY} (0 of 2")
    assert lines[1].startswith("  1 of 1 sites confirmed")
    assert pair.key.vkey in lines[-1]
    there = officers.stops(pair.folder / "site")
    assert there == [f"camera:yard: from the centre: {WHY} (0 of 2 have agreed to start it again)"]


def test_a_torn_file_of_what_sites_said_keeps_nobody_from_stopping(pair: Pair) -> None:
    """It is told, and what was pressed is listed; the centre starts, and asks anew."""
    pair.press("camera:yard")
    pair.turn()
    centre = pair.folder / "centre"
    (centre / "governance" / "orders.json").write_text("{")
    lines = officers.stops(centre)
    assert lines[0].startswith("camera:yard")
    assert "cannot be read" in lines[-1]
    told = officers.stop("city", WHY, key=None, name="Ada", role=OPERATOR.role, state=centre)
    assert "Sites that obey" in told
    pair.office.refresh()
    pair.ordering = Ordering(pair.office, lambda: pair.city, centre, pair.clock)
    pair.turn()
    assert [*pair.own.stops()] == ["camera:yard", "city"]


def test_the_command_line_at_a_centre_presses_again_as_its_page_does(pair: Pair) -> None:
    """It is an order anew; without a centre's file it is not."""
    pair.ordering.look()
    for place, entries in (("centre", 2), ("site", 1)):
        folder = pair.folder / place
        for _ in range(2):
            said = officers.stop(
                "camera:yard", WHY, key=None, name="Ada", role=OPERATOR.role, state=folder
            )
        assert ("Sites that obey" in said) is (place == "centre")
        office = pair.office if place == "centre" else pair.there
        office.refresh()
        kinds = [entry.kind for _, entry in office.ledger.entries()]
        assert kinds.count(EntryKind.STOP_PRESSED) == entries


def test_a_fresh_question_costs_the_centre_no_new_answer(pair: Pair) -> None:
    """A thousand sites ask every second: what was said again is not read again."""
    pair.press("city")
    pair.ordering.look()
    asked = pair.obeying.say()
    first = pair.ordering.answer(YARD, asked)
    assert pair.ordering.answer(YARD, asked) is first
    pair.office.record(pair.office.entry(EntryKind.DATA_ACCESSED, "city", what="the page"))
    pair.ordering.look()
    assert pair.ordering.answer(YARD, asked) is first
    pair.press("camera:yard")
    pair.ordering.look()
    assert len(read_answer(pair.ordering.answer(YARD, asked)).orders) == 2
    assert pair.ordering.answer(YARD, encode(Said(1))) != first


# --- over real servers -------------------------------------------------------------------------


class Deployed:
    """Owns the servers of a city, and starts its centre and a site."""

    def __init__(self, folder: Path, two: Path, city: Path) -> None:
        """The servers, and the two configurations."""
        self.folder = folder
        self.servers = Servers(folder / "nats", two, site="yard-site")
        self.stack = contextlib.ExitStack()
        self.stack.callback(self.servers.close)
        permit(city, folder / "site")
        base = structs.replace(load_city(two), port=0)
        self.centre_city = structs.replace(base, role="centre", bus=self.servers.intake_url)
        self.site_city = structs.replace(
            load_city(city), port=0, role="site", bus=self.servers.site_url
        )

    def centre(self) -> Running:
        """The centre, running."""
        running = Running(self.centre_city, self.folder / "centre", SystemClock())
        return self.stack.enter_context(running)

    def site(self, key: str) -> Running:
        """The site, running, which obeys the centre with that key."""
        city = structs.replace(self.site_city, obeys=Signer.from_text(key).verifier)
        running = self.stack.enter_context(Running(city, self.folder / "site", SystemClock()))
        running.start_cameras()
        return running


@pytest.fixture
def deployed(tmp_path: Path, two: Path, city: Path) -> Iterator[Deployed]:
    """Servers as `plainview deploy nats` has them."""
    deployed = Deployed(tmp_path, two, city)
    with deployed.stack:
        yield deployed


def _pids(site: Running) -> tuple[int, int] | None:
    return cast("LocalFleet", site._fleet).running().get("yard")


def _order(centre: Running) -> OrderEdge:
    (stop,) = centre.desk.stops()
    assert stop.order is not None
    return stop.order


def _state(site: Running) -> str:
    return site.governor.states()["yard"].state


@contextlib.contextmanager
def _gone(site: Running) -> Iterator[Callable[[], bool]]:
    """Whether the camera's processes that run now are gone, as the kernel tells."""
    until(lambda: _pids(site) is not None)
    fds = [os.pidfd_open(pid) for pid in _pids(site) or ()]
    try:
        yield lambda: all(select.select([fd], [], [], 0)[0] for fd in fds)
    finally:
        for fd in fds:
            os.close(fd)


@pytest.mark.skipif(not SERVER.exists(), reason=f"no NATS server: {SERVER} is missing")
def test_pressed_at_the_centre_a_camera_stops_at_its_site(deployed: Deployed) -> None:
    """With its entry there, on its pages and in its register; the link's end delays it, no more."""
    centre = deployed.centre()
    site = deployed.site(centre.office.authority.text())
    with _gone(site) as gone:
        centre.desk.press_stop(OPERATOR, "camera:yard", WHY)
        until(gone)
    until(lambda: _order(centre).confirmed == 1)
    (stop,) = site.desk.stops()
    assert (stop.scope, stop.centre, stop.why) == ("camera:yard", True, WHY)
    assert "pressed from the centre" in site.governor.states()["yard"].why
    register = site.registry.register()
    (camera,) = (one for one in register.cameras if one.id == "yard")
    assert (camera.state, camera.reason, camera.why) == ("stopped", "stop.camera.centre", WHY)
    # Two people at the site start it again; the order that the centre still has does not stop it.
    for person in (SUPERVISOR, OFFICER):
        site.desk.lift_stop(person, "camera:yard", "all clear")
    until(lambda: [one.state for one in _order(centre).others] == ["lifted"])
    until(lambda: _state(site) == "running")
    # The link is cut; what is pressed meanwhile stops it when it is back.
    with _gone(site) as gone:
        deployed.servers.centre.kill()
        centre.desk.press_stop(OPERATOR, "city", WHY)
        until(lambda: "does not answer" in site.orders.trouble)
        assert _state(site) == "running"
        deployed.servers.centre.start()
        until(gone)

    def city_order() -> OrderEdge:
        found = {one.scope: one.order for one in centre.desk.stops()}["city"]
        assert found is not None
        return found

    until(lambda: city_order().confirmed == 1)
    assert [(one.site, one.state) for one in city_order().others] == [("quay", "silent")]
    assert site.orders.stats() == {"orders_obeyed": 2, "orders_refused": 0}
    assert centre.orders.stats()["orders_unconfirmed"] == 2


@pytest.mark.skipif(not SERVER.exists(), reason=f"no NATS server: {SERVER} is missing")
def test_a_site_that_starts_later_runs_nothing_that_was_stopped(deployed: Deployed) -> None:
    """What is in force waits at the centre; a site that obeys another key is told of as such."""
    centre = deployed.centre()
    centre.desk.press_stop(OPERATOR, "site:yard-site", WHY)
    other = deployed.site(Signer.generate("other.example").text())
    until(lambda: [one.refusal for one in _order(centre).others] == ["key"])
    assert other.desk.stops() == []
    assert "stop order" in other.orders.trouble
    other.__exit__()
    site = deployed.site(centre.office.authority.text())
    until(lambda: _order(centre).confirmed == 1)
    assert _state(site) == "stopped"
    kept = json.loads((deployed.folder / "centre" / "governance" / "orders.json").read_text())
    assert set(kept["sites"]) == {"yard-site", "quay"}


@pytest.mark.skipif(not SERVER.exists(), reason=f"no NATS server: {SERVER} is missing")
def test_a_video_that_is_over_at_its_site_is_told_so_at_the_centre(
    tmp_path: Path, two: Path, city: Path
) -> None:
    """With why; it is permitted and was started all the same, and neither says "running" alone."""
    camera = city.with_name("yard.toml")
    camera.write_text(camera.read_text().replace("loop = true\n", ""))
    deployed = Deployed(tmp_path, two, city)
    with deployed.stack:
        centre = deployed.centre()
        site = deployed.site(centre.office.authority.text())

        over = ("ended", "its video is over")

        def at_the_site() -> bool:
            (yard,) = (one for one in site.desk.cameras() if one.camera == "yard")
            return (yard.lens, yard.note) == over

        def at_the_centre() -> bool:
            status = centre.store.statuses().get("yard")
            return status is not None and (status.state, status.note) == over

        until(at_the_site)
        until(at_the_centre)
        assert _state(site) == "running"
