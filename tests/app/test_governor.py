"""The governor: what runs equals what is permitted, recorded before it starts."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs
from tests.governance.conftest import VIEW
from tests.governance.offices import (
    CONTROLLER,
    OFFICER,
    OPERATOR,
    SUPERVISOR,
    UTC,
    assessment_of,
    grant,
)

from plainview.app.cities import configuration_digest, configured
from plainview.app.governor import ELSEWHERE, MOVED_AFTER, CameraState, Governor
from plainview.clock import ManualClock
from plainview.config import CameraConfig, CityConfig, SiteConfig
from plainview.errors import LedgerError, PermitRefused
from plainview.geometry import View
from plainview.governance import approving, capability
from plainview.governance.attest import contradictions, read_state
from plainview.governance.cameras import Seen
from plainview.governance.capability import to_watch
from plainview.governance.office import Office
from plainview.governance.permit import Grant, permit_digest
from plainview.governance.switch import Switch
from plainview.ledger.entry import EntryKind, decode_entry
from plainview.record import Health, Reading
from plainview.vision.spec import LensSpec, TapSpec


class RecordedFleet:
    """A fleet that remembers, and that holds each start against the ledger's published files."""

    def __init__(self, office: Office) -> None:
        """Nothing runs."""
        self.office = office
        self.running: dict[str, Grant] = {}
        self.watched: dict[str, tuple[str, ...]] = {}
        self.starts = 0
        self.refuse = ""
        self.ended: dict[str, str] = {}

    def start(
        self,
        camera_id: str,
        tap: TapSpec,
        lens: LensSpec,
        grant: Grant,
        plate: bytes | None = None,
        admitted: bytes | None = None,
        looks: bytes | None = None,
    ) -> None:
        """Start, if the entry of this start is in the published ledger."""
        assert lens.view == VIEW or lens.view.cell
        assert tap.live
        assert plate is None
        assert (admitted is None and looks is None) or lens.picture
        if camera_id == self.refuse:
            raise PermitRefused("the gate does not admit it")
        entry = decode_entry(grant.entry)
        published = [one for _, one in self.office.ledger.entries()]
        assert entry in published
        assert entry.subject == f"camera:{camera_id}"
        assert entry.detail["permit"] == permit_digest(grant.permit)
        assert entry.detail["capabilities"] == [
            *to_watch(lens.events),
            *([capability.VIEW] if lens.picture else []),
        ]
        self.running[camera_id] = grant
        self.watched[camera_id] = tuple(kind.value for kind in lens.events)
        self.starts += 1

    def stop(self, camera_id: str) -> None:
        """Stop."""
        self.running.pop(camera_id, None)
        self.ended.pop(camera_id, None)

    def refused(self) -> dict[str, str]:
        """Those that the second wall ended."""
        return dict(self.ended)


class World:
    """A governor over a city of two cameras; turned by hand."""

    def __init__(self, state: Path) -> None:
        """Two cameras, no permit."""
        self.clock = ManualClock(UTC)
        self.state = state
        self.city = city()
        self.open()

    def open(self) -> None:
        """As `run` does."""
        self.office = Office(self.state, self.clock, software="0.2.0")
        self.switch = Switch(self.office, self.state)
        self.fleet = RecordedFleet(self.office)
        self.governor = Governor(
            self.office, self.switch, self.fleet, plate=lambda _: None, clock=self.clock
        )
        self.configure(self.city)
        self.governor.enable()

    def close(self) -> None:
        """In the order of `run`."""
        self.governor.close()
        self.switch.close()
        self.office.close()

    def configure(self, city: CityConfig) -> None:
        """Take up a city."""
        self.city = city
        self.governor.configure(configured(city), configuration_digest(city))

    def seen(self) -> dict[str, Seen]:
        """The cameras as they are."""
        return {name: one.seen for name, one in configured(self.city).items()}

    def grant(self, revision: int = 1) -> str:
        """Assess the cameras as they are."""
        return grant(self.office, assessment_of(self.seen(), revision=revision))

    def turn(self) -> set[str]:
        """One look; what runs after it."""
        self.governor.turn()
        return set(self.fleet.running)

    def honest(self) -> list[str]:
        """What the attested state and the ledger disagree in."""
        state = read_state(self.governor.attest("00"), self.office.state_key.verifier, nonce="00")
        return contradictions(state, self.office.standing())

    def told(self, kind: EntryKind) -> list[str]:
        """Subjects of the entries of a kind."""
        return [entry.subject for _, entry in self.office.ledger.entries() if entry.kind is kind]


def city(view: View = VIEW) -> CityConfig:
    """Two cameras on a plaza; `view` is that of the one in the north."""
    cameras = (
        CameraConfig(id="north", view=view, source="rtsp://user:secret@camera.test/1"),
        CameraConfig(id="south", view=VIEW, source="rtsp://camera.test/2"),
    )
    site = SiteConfig(id="plaza", name="Plaza", cameras=cameras, location=(0.0, 0.0))
    return CityConfig(name="Test", sites=(site,))


MOVED_VIEW = structs.replace(VIEW, polygon=((-4.0, 0.0), (5.0, 0.0), (5.0, 10.0), (-5.0, 10.0)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Nothing is permitted yet."""
    world = World(tmp_path)
    yield world
    world.close()


def test_nothing_runs_without_a_permit_and_both_run_with_one(world: World) -> None:
    """Each camera says why it waits; after the grant nothing contradicts the ledger."""
    assert world.turn() == set()
    states = world.governor.states()
    assert {state.state for state in states.values()} == {"waiting"}
    assert states["north"].why == "no approved assessment covers this camera"
    assert "plainview assessment new" in states["north"].mend
    world.grant()
    assert world.turn() == {"north", "south"}
    assert world.honest() == []
    assert world.told(EntryKind.CAMERA_STARTED) == ["camera:north", "camera:south"]
    assert world.turn() == {"north", "south"}
    assert world.fleet.starts == 2


def test_a_lens_looks_only_for_events_that_are_granted(world: World) -> None:
    """Each kind by its own capability, written in the ledger; a stop of one kind stops that one."""
    assessed = assessment_of(world.seen())
    kinds = ("events:zone-intrusion", "events:fire")
    more = tuple(structs.replace(assessed.capabilities[0], name=name) for name in kinds)
    own = (*(c for c in assessed.capabilities if not c.name.startswith("events:")), *more)
    grant(world.office, structs.replace(assessed, capabilities=own))
    assert world.turn() == {"north", "south"}
    assert list(world.fleet.watched["north"]) == ["zone-intrusion", "fire"]
    world.switch.press(OPERATOR, "capability:events:fire", "steam from the fountain")
    assert world.turn() == {"north", "south"}
    assert list(world.fleet.watched["north"]) == ["zone-intrusion"]
    assert world.honest() == []


ENDS: dict[str, Callable[[World], object]] = {
    "revoked": lambda w: approving.revoke(
        w.office, OFFICER, "market-square-uk@1", "ordered by the court"
    ),
    "lapsed": lambda w: w.clock.step(365 * 86_400),
    "not yet": lambda w: w.clock.step(-365 * 86_400),
    "city stopped": lambda w: w.switch.press(OPERATOR, "city", "too full of police"),
    "site stopped": lambda w: w.switch.press(OPERATOR, "site:plaza", "by court order"),
    "capability stopped": lambda w: w.switch.press(OPERATOR, "capability:flow", "by court order"),
}


@pytest.mark.parametrize("end", ENDS)
def test_what_is_no_longer_permitted_stops(world: World, end: str) -> None:
    """At the next look, with the reason shown and the end in the ledger."""
    world.grant()
    assert world.turn() == {"north", "south"}
    ENDS[end](world)
    assert world.turn() == set()
    assert world.honest() == []
    assert len(world.told(EntryKind.CAMERA_STOPPED)) == 2
    assert all(state.why for state in world.governor.states().values())


def test_a_changed_view_is_suspended_until_it_is_assessed(world: World) -> None:
    """The other camera goes on; a new revision starts it again; so does the old view."""
    world.grant()
    world.turn()
    world.configure(city(MOVED_VIEW))
    assert world.turn() == {"south"}
    assert world.governor.states()["north"].state == "suspended"
    assert world.told(EntryKind.PERMIT_SUSPENDED) == ["camera:north"]
    assert world.told(EntryKind.CAMERA_MOVED) == ["camera:north"]
    world.configure(city())
    assert world.turn() == {"north", "south"}
    assert world.told(EntryKind.PERMIT_RESUMED) == ["camera:north"]
    world.configure(city(MOVED_VIEW))
    assert world.turn() == {"south"}
    world.grant(revision=2)
    assert world.turn() == {"north", "south"}
    assert world.honest() == []


def test_an_added_camera_waits_and_a_removed_one_stops(world: World) -> None:
    """Neither takes the others with it."""
    world.grant()
    world.turn()
    (site,) = world.city.sites
    more = structs.replace(site.cameras[1], id="west", source="rtsp://camera.test/3")
    with_west = structs.replace(site, cameras=(*site.cameras, more))
    world.configure(structs.replace(world.city, sites=(with_west,)))
    assert world.turn() == {"north", "south"}
    assert "no approved assessment" in world.governor.states()["west"].why
    world.configure(structs.replace(world.city, sites=(structs.replace(site, cameras=(more,)),)))
    assert world.turn() == set()
    assert world.told(EntryKind.CAMERA_REMOVED) == ["camera:north", "camera:south"]


def test_another_version_is_another_assessment(world: World) -> None:
    """An upgrade beyond what was assessed starts nothing."""
    world.grant()
    assert world.turn() == {"north", "south"}
    world.close()
    world.open()
    world.office.software = "0.3.0"
    world.configure(world.city)
    assert world.turn() == set()
    assert set(world.told(EntryKind.PERMIT_SUSPENDED)) == {"camera:north", "camera:south"}
    assert EntryKind.SOFTWARE_CHANGED in {e.kind for _, e in world.office.ledger.entries()}
    assert "assessed for Plainview 0.2" in world.governor.states()["north"].why


def reading(*health: Health) -> Reading:
    """What a camera says of its view."""
    return Reading(1, 1000, 5, 0, 0, 0, 0, 0, 1, 1, (), (), health, ())


def test_a_camera_that_looks_elsewhere_is_suspended_within_a_minute(world: World) -> None:
    """After it has said so for a while, and not when a Reading in between is well."""
    assert MOVED_AFTER <= 50
    world.grant()
    world.turn()
    world.governor.heard("north", reading(Health.MOVED))
    world.clock.advance(MOVED_AFTER - 1)
    world.governor.heard("north", reading())
    world.governor.heard("north", reading(Health.MOVED))
    world.clock.advance(MOVED_AFTER - 1)
    assert world.turn() == {"north", "south"}
    world.clock.advance(1)
    assert world.turn() == {"south"}
    assert world.governor.states()["north"].state == "suspended"
    world.clock.advance(600)
    assert world.turn() == {"south"}
    world.grant(revision=2)
    assert world.turn() == {"north", "south"}


def test_a_centre_starts_nothing_and_does_not_say_what_its_sites_run(world: World) -> None:
    """Each site's own office decides there: neither a permit nor a stop here changes what runs."""
    world.governor.close()
    with closing(
        Governor(
            world.office,
            world.switch,
            world.fleet,
            plate=lambda _: None,
            clock=world.clock,
            elsewhere=True,
        )
    ) as governor:
        governor.configure(configured(world.city), "")

        def told() -> CameraState:
            governor.turn()
            return governor.states()["north"]

        assert told().state == "elsewhere"
        assert "Here: no approved assessment" in told().why
        world.grant()
        assert (told().state, told().why) == ("elsewhere", ELSEWHERE)
        assert "count" in told().capabilities
        world.switch.press(OPERATOR, "city", "too full of police")
        assert told().state == "elsewhere"
        assert "Here: " in told().why
        assert world.fleet.starts == 0


def test_two_people_start_it_again(world: World) -> None:
    """The stop switch, as the governor sees it."""
    world.grant()
    world.turn()
    world.switch.press(OPERATOR, "camera:north", "aimed at a window")
    assert world.turn() == {"south"}
    assert world.governor.states()["north"].state == "stopped"
    world.switch.lift(SUPERVISOR, "camera:north", "aimed at the square")
    assert world.turn() == {"south"}
    world.switch.lift(CONTROLLER, "camera:north", "have seen it")
    assert world.turn() == {"north", "south"}


def test_a_ledger_that_cannot_be_written_starts_nothing_and_stops_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what could not be recorded is, once it can be."""
    world.grant()
    world.turn()
    world.fleet.stop("south")

    def full(_entries: object) -> list[int]:
        raise LedgerError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(world.office.ledger, "append", full)
        world.switch.press(OPERATOR, "camera:north", "aimed at a window")
        assert "north" not in world.turn()
        with pytest.raises(LedgerError):
            world.configure(city(MOVED_VIEW))
        starts = world.fleet.starts
        world.turn()
        assert world.fleet.starts == starts
    world.turn()
    assert "camera:north" in world.office.standing().stops
    assert world.honest() == []


def test_what_was_killed_is_ended_at_the_next_start(world: World) -> None:
    """The ledger of a killed Plainview says that cameras run; the next one mends that first."""
    world.grant()
    world.turn()
    # As after kill -9: nothing is told, nothing closed in order.
    world.fleet.running.clear()
    office, switch = world.office, world.switch
    world.governor._closing = True
    world.governor.wake()
    world.governor._running.clear()
    world.governor.close()
    switch.close()
    office.close()
    world.open()
    assert world.turn() == {"north", "south"}
    assert len(world.told(EntryKind.CAMERA_STOPPED)) == 2
    assert world.honest() == []


def test_a_start_that_the_gate_refuses_is_shown_and_ended(world: World) -> None:
    """The fleet has the last word; the ledger does not go on saying that it runs."""
    world.grant()
    world.fleet.refuse = "north"
    assert world.turn() == {"south"}
    assert "does not admit" in world.governor.states()["north"].why
    assert world.honest() == []
    world.fleet.refuse = ""
    assert world.turn() == {"south"}
    world.clock.advance(11)
    assert world.turn() == {"north", "south"}


def test_what_the_second_wall_ends_is_not_said_to_run(world: World) -> None:
    """The zygote judges by itself, a moment later: state and ledger follow it."""
    world.grant()
    world.turn()
    world.fleet.ended["north"] = "the permit's signature does not hold"
    assert world.turn() == {"south"}
    assert world.honest() == []
    assert world.told(EntryKind.CAMERA_STOPPED) == ["camera:north"]
    world.clock.advance(11)
    assert world.turn() == {"north", "south"}


def test_a_permit_whose_document_is_gone_grants_nothing_and_blocks_no_other(
    world: World,
) -> None:
    """What it covered stops; what another permit covers runs; why is shown."""
    seen = world.seen()
    north = assessment_of({"north": seen["north"]})
    south = structs.replace(assessment_of({"south": seen["south"]}), id="another")
    grant(world.office, north)
    grant(world.office, south)
    assert world.turn() == {"north", "south"}
    world.close()
    digest = Office(world.state, world.clock).standing().permits["market-square-uk@1"].digest
    (world.state / "governance" / "documents" / digest).unlink()
    world.open()
    assert world.turn() == {"south"}
    assert "cannot be read" in world.governor.turn()
    assert world.governor.states()["north"].state == "waiting"
    assert world.honest() == []


def test_what_cannot_be_told_is_shown_and_starts_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that cannot be read: each camera that does not run says so."""
    world.grant()

    def broken() -> bool:
        raise LedgerError("the ledger cannot be read")

    monkeypatch.setattr(world.office, "refresh", broken)
    world.governor._turn_safely()
    assert world.fleet.running == {}
    assert "cannot be read" in world.governor.states()["north"].why
    assert "cannot be read" in world.governor.trouble


def test_nothing_secret_is_recorded(world: World) -> None:
    """Not the address, nor the password in it."""
    world.grant()
    world.turn()
    public = b"".join(p.read_bytes() for p in (world.state / "ledger").rglob("*") if p.is_file())
    assert b"camera:north" in public
    assert b"secret" not in public
    assert b"camera.test" not in public
