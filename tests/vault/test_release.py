"""Custodians and what they unwrap: nothing without proof, and never more than was asked for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pyrage
import pytest
from msgspec import structs
from tests.governance.offices import CONTROLLER, OFFICER, OPERATOR
from tests.vault.released import BEGIN, WITNESS, World

from plainview.app.release import order_new
from plainview.errors import AccessRefused, InputError, PlainviewError, VaultError
from plainview.governance import approving, release_office
from plainview.governance.person import Person, Role
from plainview.governance.release_proof import Bundle, check_bundle, decode_bundle, encode_bundle
from plainview.ledger.cosignature import ED25519, Cosigner
from plainview.ledger.policy import QuorumPolicy
from plainview.vault import custody, release_keys
from plainview.vault.check import check
from plainview.vault.release import choose, opened_keys, pictures
from plainview.vault.ring import Ring


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One release that two approved, granted and witnessed."""
    made = World(tmp_path_factory.mktemp("release"))
    made.granted()
    yield made
    made.office.close()


@pytest.fixture(scope="module")
def bundle(world: World) -> Bundle:
    """What custodians get of it."""
    return world.bundle(next(iter(world.office.standing().footage)))


def test_both_custodians_give_the_keys_of_what_was_asked_for(world: World, bundle: Bundle) -> None:
    """From the file alone: the pictures of that camera open, from the last key frame on."""
    assert decode_bundle(encode_bundle(bundle)) == bundle
    found = check_bundle(bundle, world.policy(), world.clock.utc())
    assert found.names == ("Cyd Example", "Ada Example", "Ben Sample")
    assert found.witnesses == ("w.example",)
    order = found.order
    identity = release_keys.load(world.layout, order.id)
    keys = opened_keys(world.keys(order.id), identity, order, found.digest)
    told = list(pictures(world.layout, order, keys, "north", (BEGIN + 1) * 1_000_000))
    times = [m.t for m in map(_packet, told) if m is not None]
    assert times[0] <= (BEGIN + 1) * 1_000_000 < (BEGIN + 3) * 1_000_000 <= times[-1]
    with pytest.raises(VaultError, match="not made for this release"):
        opened_keys(
            world.keys(order.id), str(pyrage.x25519.Identity.generate()), order, found.digest
        )


def _packet(body: bytes) -> "_Packet | None":
    try:
        return msgspec.msgpack.decode(body, type=_Packet)
    except msgspec.ValidationError:
        return None


class _Packet(msgspec.Struct, tag="packet"):
    t: int


def other(bundle: Bundle, **changed: object) -> Bundle:
    """`bundle` with something else in it."""
    return structs.replace(bundle, **changed)


def without(kind: str) -> Callable[[Bundle], Bundle]:
    """Leave the proofs of entries of that kind out."""
    return lambda b: other(b, entries=tuple(e for e in b.entries if kind.encode() not in e.entry))


def changed(field: str, old: str, new: str) -> Callable[[Bundle], Bundle]:
    """Change a document after it was signed."""
    return lambda b: other(b, **{field: getattr(b, field).replace(old, new)})


WRONG: dict[str, Callable[[Bundle], Bundle]] = {
    "no grant": without("release-granted"),
    "no approval": without('kind":"release-approved'),
    "no request": without("release-requested"),
    "no permit": without("permit-granted"),
    "no officer": without("officer-enrolled"),
    "no authority": without("ledger-opened"),
    "nothing proved": lambda b: other(b, entries=()),
    "another order": changed("order", '"ends":', '"ends":9'),
    "another request": changed("request", "24-118", "24-119"),
    "one approval twice": lambda b: other(b, approvals=(b.approvals[0], b.approvals[0])),
    "another name": lambda b: other(
        b, names=(structs.replace(b.names[0], name="Eve"), *b.names[1:])
    ),
    "another key": lambda b: other(b, keys=(bytes(96), *b.keys[1:])),
    "no keys": lambda b: other(b, keys=()),
    "no permits": lambda b: other(b, permits=()),
    "an entry of another ledger": lambda b: other(
        b,
        entries=tuple(
            structs.replace(e, entry=e.entry.replace(b"north", b"south")) for e in b.entries
        ),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_proved_is_not_unwrapped(world: World, bundle: Bundle, name: str) -> None:
    """Refused before the custodian's identity is even read, in either role."""
    read: list[str] = []

    def identities() -> list[object]:
        read.append("identity")
        return [world.identities["operator"]]

    wrong = WRONG[name](bundle)
    assert wrong != bundle
    one = custody.Custodian("operator", world.policy(), identities)
    to = [str(world.identities["commissioner"].to_public())]
    with pytest.raises(PlainviewError):
        custody.hand(one, wrong, to, world.clock.utc())
    with pytest.raises(PlainviewError):
        custody.release(one, wrong, b"", world.clock.utc())
    assert read == []


def test_a_custodian_believes_their_own_witnesses_and_clock(world: World, bundle: Bundle) -> None:
    """Too few cosignatures, strangers' ones, no quorum at all, or after its end: refused."""
    now, policy = world.clock.utc(), world.policy()
    strangers = QuorumPolicy.of(1, [Cosigner("w.example", ED25519, bytes([9] * 32)).verifier])
    for wrong in (
        QuorumPolicy(strangers.witnesses, strangers.quorum, policy.logs),
        QuorumPolicy(policy.witnesses, None, policy.logs),
        QuorumPolicy(policy.witnesses, policy.quorum, ()),
    ):
        with pytest.raises(PlainviewError):
            check_bundle(bundle, wrong, now)
    for wrong_time in (now + 8 * 86_400, now - 3600):
        with pytest.raises(PlainviewError):
            check_bundle(bundle, policy, wrong_time)
    assert check_bundle(bundle, policy, now).granted
    assert WITNESS.verifier in policy.verifiers


def test_one_custodian_alone_opens_nothing(world: World, bundle: Bundle) -> None:
    """Neither with their own share twice, nor with one that was handed for another party."""
    now = world.clock.utc()
    own = str(world.identities["operator"].to_public())
    share = custody.hand(world.custodian("operator"), bundle, [own], now)
    with pytest.raises(VaultError, match="another release or party"):
        custody.release(world.custodian("operator"), bundle, share, now)
    lying = custody.Custodian(
        "commissioner", world.policy(), lambda: [world.identities["operator"]]
    )
    with pytest.raises(VaultError, match="does not open"):
        custody.hand(lying, bundle, [own], now)


def test_an_order_that_lies_about_a_key_opens_nothing(world: World) -> None:
    """Signed, recorded, witnessed, of the right day; but another camera's: the custodian sees."""
    (folder,) = world.layout.rings()
    ring = Ring(folder)
    ((_, slot),) = ring.live()
    copied = ring.add("south", slot.hour, 0, slot.due, slot.wrapped)
    identifier = world.granted(cameras=("south",))
    told = world.bundle(identifier)
    assert (
        check_bundle(told, world.policy(), world.clock.utc()).order.recordings[0].camera == "south"
    )
    with pytest.raises(VaultError, match="another recording"):
        world.keys(identifier)
    ring.destroy([copied])
    ring.close()


def test_who_asks_and_who_approves(tmp_path: Path) -> None:
    """Three people; two roles that may; within what a permit allows; once each."""
    world = World(tmp_path)
    office = world.office
    request = world.asked()
    for person, refused in (
        (OPERATOR, AccessRefused),
        (Person("Eve", Role.ADMINISTRATOR), AccessRefused),
        (Person("cyd  EXAMPLE", Role.SUPERVISOR), InputError),
    ):
        with pytest.raises(refused):
            release_office.approve(office, person, request.id)
    release_office.approve(office, CONTROLLER, request.id)
    for again in (CONTROLLER, Person("Ada Example", Role.PRIVACY_OFFICER)):
        with pytest.raises(InputError, match="two people"):
            release_office.approve(office, again, request.id)
    with pytest.raises(InputError, match="1 of 2"):
        order_new(office, world.layout, release_office.find(office, request.id))
    release_office.approve(office, OFFICER, request.id)
    approving.revoke(office, CONTROLLER, "market-square-uk@1", "a mistake")
    with pytest.raises(PlainviewError, match="no permit lets"):
        order_new(office, world.layout, release_office.find(office, request.id))
    assert office.standing().footage[request.id].granted == -1
    office.close()


def test_what_may_be_asked_for(world: World) -> None:
    """Not longer than the permit says, not what is to come, of no camera without release."""
    for wrong in (
        {"until": world.wish().since + 601_000, "since": world.wish().since - 1000},
        {"until": world.wish().since},
        {"until": round(world.clock.utc() * 1000) + 1},
        {"cameras": ("nowhere",)},
        {"cameras": ()},
        {"case": "24\n118"},
        {"purpose": ""},
        {"visible": 0},
    ):
        with pytest.raises(PlainviewError):
            world.asked(**wrong)
    with pytest.raises(AccessRefused):
        release_office.ask(world.office, Person("Eve", Role.COMMISSIONER), world.wish(), bytes)


def test_only_recordings_of_the_span_are_chosen(world: World) -> None:
    """Of that camera and those hours; nothing at all is an error."""
    day = BEGIN // 3600 * 3600
    found = choose(world.layout, ["north"], BEGIN, BEGIN + 10)
    assert [(r.camera, r.hour) for r in found.recordings] == [("north", day)]
    for cameras, since in ((["south"], BEGIN), (["north"], BEGIN + 7200), (["north"], BEGIN - 9e5)):
        with pytest.raises(InputError, match="nothing of that time"):
            choose(world.layout, cameras, since, since + 10)


def test_a_releases_key_goes_when_it_ends(world: World) -> None:
    """Overwritten by whoever sweeps, by its name alone; the check finds one that stayed."""
    ends = int(world.clock.utc()) + 60
    release_keys.make(world.layout, "00000000ff", ends)
    assert release_keys.sweep(world.layout, ends - 1) == []
    late = check(world.layout, ends + 3601.0).findings
    assert [f.invariant for f in late if "00000000ff" in f.what] == ["I10"]
    assert release_keys.sweep(world.layout, ends) == ["00000000ff"]
    with pytest.raises(InputError, match="gone"):
        release_keys.load(world.layout, "00000000ff")
