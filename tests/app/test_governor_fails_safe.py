"""The governor where something beside it is broken: the rest goes on, and what is in doubt ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from tests.app.test_governor import World
from tests.governance.offices import CONTROLLER, OFFICER, assessment_of

from plainview.app.governor import Governor
from plainview.errors import InputError, LedgerError
from plainview.governance import approving
from plainview.ledger.entry import EntryKind


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Nothing is permitted yet."""
    world = World(tmp_path)
    yield world
    world.close()


def test_a_plate_that_cannot_be_read_holds_up_no_other_camera(world: World) -> None:
    """Its camera waits for the next try; it does not fill the ledger with starts."""

    def plate(camera: str) -> bytes | None:
        if camera == "north":
            raise InputError("the plate cannot be read")
        return None

    world.governor.close()
    world.governor = Governor(
        world.office, world.switch, world.fleet, plate=plate, clock=world.clock
    )
    world.configure(world.city)
    world.governor.enable()
    world.grant()
    for _ in range(3):
        assert world.turn() == {"south"}
    assert world.told(EntryKind.CAMERA_STARTED) == ["camera:north", "camera:south"]
    assert world.told(EntryKind.CAMERA_STOPPED) == ["camera:north"]
    assert "plate" in world.governor.states()["north"].why
    assert world.honest() == []


def test_a_lost_document_of_one_permit_keeps_no_other_from_being_revoked(world: World) -> None:
    """What cannot be read grants nothing; whatever else must stop stops."""
    world.grant()
    assert world.turn() == {"north", "south"}
    other = structs.replace(assessment_of(world.seen()), id="lost")
    approving.approve(world.office, CONTROLLER, other)
    approving.approve(world.office, OFFICER, other)
    approving.publish(world.office, CONTROLLER, other)
    digest = world.office.standing().permits["lost@1"].digest
    (world.state / "governance" / "documents" / digest).unlink()
    # Started anew: the governor looks by itself as well, and may have read it before it was lost.
    world.close()
    world.open()
    assert world.turn() == {"north", "south"}
    approving.revoke(world.office, OFFICER, "market-square-uk@1", "ordered by the court")
    assert world.turn() == set()
    assert world.honest() == []


def test_stops_that_cannot_be_told_stop_everything(world: World) -> None:
    """And the thread that stops cameras goes on after it."""
    world.grant()
    assert world.turn() == {"north", "south"}
    path = world.state / "governance" / "stops-unrecorded"
    path.write_bytes(b"torn")
    world.governor._turn_safely()
    assert not world.fleet.running
    assert world.governor.trouble
    path.write_bytes(bytes(65_536))
    world.governor._turn_safely()
    assert set(world.fleet.running) == {"north", "south"}


def test_an_error_that_nobody_foresaw_ends_no_control(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything stops, it is told, and the next turn is tried."""
    world.grant()
    assert world.turn() == {"north", "south"}

    def broken() -> None:
        message = "nobody foresaw this"
        raise RuntimeError(message)

    with monkeypatch.context() as once:
        once.setattr(world.governor, "turn", broken)
        world.governor._turn_safely()
    assert not world.fleet.running
    assert "RuntimeError" in world.governor.trouble
    assert world.turn() == {"north", "south"}


def test_a_ledger_that_cannot_be_read_stops_what_is_switched_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go on: nothing says that they may not."""
    world.grant()
    assert world.turn() == {"north", "south"}

    def unreadable() -> bool:
        raise LedgerError("the disk is gone")

    monkeypatch.setattr(world.office, "refresh", unreadable)
    monkeypatch.setattr(world.office.ledger, "append", lambda _: unreadable())
    world.switch.press(CONTROLLER, "camera:north", "aimed at a window")
    world.governor._turn_safely()
    assert set(world.fleet.running) == {"south"}
