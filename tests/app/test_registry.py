"""The register of a running Plainview: whatever happens, nothing runs that it does not show."""

import contextlib
import random
from pathlib import Path

import pytest
from msgspec import structs
from tests.app.test_governor import MOVED_VIEW, World, city
from tests.governance.offices import CONTROLLER, OFFICER, OPERATOR, SUPERVISOR

from plainview.app.registry import Registry
from plainview.errors import InputError, PlainviewError
from plainview.governance import approving
from plainview.governance.register import Register
from plainview.ledger.entry import decode_entry
from plainview.ledger.note import Verifier
from plainview.ledger.proof import check_proof
from plainview.store import Store, open_store

SCOPES = ("city", "site:plaza", "capability:count", "camera:north", "camera:south")


def registry_of(world: World, store: Store) -> Registry:
    """The registry over `world`."""
    return Registry(world.office, world.switch, world.governor, store, lambda: world.city)


def shown(register: Register) -> dict[str, set[str]]:
    """Camera -> capabilities that the register shows as running."""
    return {
        camera.id: {one.name for one in camera.capabilities if one.running}
        for camera in register.cameras
    }


def act(world: World, chance: random.Random) -> None:
    """One thing that may happen to a city."""
    scope = chance.choice(SCOPES)
    match chance.randrange(9):
        case 0 | 1:
            world.grant(revision=1 + len(world.office.standing().permits))
        case 2:
            world.switch.press(OPERATOR, scope, "by court order")
        case 3 | 4:
            for pressed in world.switch.stops():
                world.switch.lift(SUPERVISOR, pressed, "it is over")
                world.switch.lift(CONTROLLER, pressed, "it is over")
        case 5:
            world.configure(city(MOVED_VIEW) if chance.random() < 0.5 else city())
        case 6:
            (site,) = city().sites
            few = structs.replace(site, cameras=site.cameras[: chance.randrange(1, 3)])
            world.configure(structs.replace(world.city, sites=(few,)))
        case 7:
            world.clock.step(chance.choice((-40, 40)) * 86_400)
        case 8:
            permit = chance.choice([*world.office.standing().permits, "none@1"])
            approving.revoke(world.office, OFFICER, permit, "by court order")


@pytest.mark.parametrize("seed", range(4))
def test_nothing_runs_that_the_register_does_not_show(tmp_path: Path, seed: int) -> None:
    """After each of many steps in random order: what runs is shown, permitted and in the ledger."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable order of steps
    world = World(tmp_path)
    store = open_store(f"sqlite:{tmp_path / 'store.db'}")
    registry = registry_of(world, store)
    ran = 0
    try:
        for _ in range(40):
            # Some steps are refused, such as revoking what was never granted.
            with contextlib.suppress(PlainviewError):
                act(world, chance)
            running = world.turn()
            register = registry.register()
            found = shown(register)
            assert {name for name, what in found.items() if what} == running
            states = world.governor.states()
            for name in running:
                assert found[name] == set(states[name].capabilities) >= {"count", "flow"}
                (camera,) = (one for one in register.cameras if one.id == name)
                assert camera.assessment in world.office.standing().permits
            assert world.honest() == []
            ran += bool(running)
    finally:
        world.close()
        store.close()
    assert ran > 3


def test_entries_and_proofs_are_handed_out(tmp_path: Path) -> None:
    """Every entry with a proof that holds against the public key alone; none beyond the last."""
    world = World(tmp_path)
    store = open_store(f"sqlite:{tmp_path / 'store.db'}")
    registry = registry_of(world, store)
    try:
        world.grant()
        world.turn()
        verifier = Verifier.from_vkey(registry.ledger_vkey)
        size = world.office.ledger.size
        for index in range(size):
            data = registry.entry(index)
            decode_entry(data)
            assert check_proof(registry.proof(index), data, verifier) == index
        for index in (-1, size, 10**12):
            with pytest.raises(InputError, match="no entry"):
                registry.entry(index)
            with pytest.raises(InputError, match="no entry"):
                registry.proof(index)
        assert registry.assessment("market-square-uk", 1).id == "market-square-uk"
        with pytest.raises(InputError, match="no assessment"):
            registry.assessment("market-square-uk", 2)
    finally:
        world.close()
        store.close()
