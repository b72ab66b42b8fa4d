"""`plainview release request | approve | list | grant | end`: from a wish to the custodians."""

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from plainview.app.officers import office_of, read_key
from plainview.app.output import replaced
from plainview.app.state import existing
from plainview.app.vault import moment_of, vault_of
from plainview.app.witnessing import WitnessAsker
from plainview.config import load_city
from plainview.config.ledger import LedgerConfig
from plainview.errors import InputError, LedgerError, LedgerLie
from plainview.governance import release_office
from plainview.governance.office import Office
from plainview.governance.release import Approval, Order, Request, read_document
from plainview.governance.release_office import Wish
from plainview.governance.release_proof import (
    FORM,
    Bundle,
    Name,
    Proof,
    check_bundle,
    encode_bundle,
)
from plainview.governance.release_standing import ASKED, GRANTED, FootageRelease, at
from plainview.ledger.entry import EntryKind, encode_entry
from plainview.ledger.note import SignatureVerifier, Verifier
from plainview.ledger.policy import QuorumPolicy
from plainview.ledger.proof import parse_proof
from plainview.vault import release_keys
from plainview.vault.layout import Layout
from plainview.vault.release import choose, packed, shares
from plainview.vault.ring import Ring

OPEN_FOR: Final = 7 * 86_400
"""Seconds after its grant in which a release is over, if its footage is not due before."""
_WITNESSES: Final = 60.0
_AGAIN: Final = 1.0


class Asked(NamedTuple):
    """A request as a person writes it; times in UTC."""

    case: str
    purpose: str
    basis: str
    cameras: Sequence[str]
    since: str
    until: str
    unredacted: bool
    visible: int
    key: Path


def request(asked: Asked, state: Path | None) -> str:
    """Ask for footage; one line that says what is next. Raises InputError, PermitRefused."""
    wish = Wish(
        asked.case,
        asked.purpose,
        asked.basis,
        tuple(asked.cameras),
        round(moment_of(asked.since) * 1000),
        round(moment_of(asked.until) * 1000),
        asked.unredacted,
        asked.visible,
    )
    signer = read_key(asked.key)
    with office_of(state) as office:
        person = office.person_of(signer)
        made = release_office.ask(office, person, wish, os.urandom, signer=signer)
    return f"{made.id}: asked for. Two others must approve it: plainview release approve {made.id}"


def approve(identifier: str, key: Path, state: Path | None) -> str:
    """Approve a request with one's own key; one line that says what is next."""
    signer = read_key(key)
    with office_of(state) as office:
        done = release_office.approve(office, office.person_of(signer), identifier, signer=signer)
    count = len(done.approvals)
    if count < 2:
        return f"{identifier}: {count} of 2 have approved it"
    return f"{identifier}: both have approved it. Next: plainview release grant {identifier}"


def listing(state: Path | None, *, as_json: bool) -> Iterator[str]:
    """Every release as the public may know it, a line each."""
    with office_of(state) as office:
        every = [at(one, office.now()) for one in office.standing().footage.values()]
    if as_json:
        yield msgspec.json.encode(every).decode()
        return
    yield from (line_of(one) for one in every) if every else ("nothing was ever asked for",)


def line_of(one: FootageRelease) -> str:
    """One release as a line for a person."""
    state = one.state
    if state == ASKED:
        state = f"asked for, {len(one.approvals)} of 2 have approved"
    elif state == GRANTED:
        state = f"granted until {_utc(one.ends)}"
    what = "as recorded" if one.unredacted else "redacted"
    return (
        f"{one.id}  {state}; {', '.join(one.cameras)} from {_utc(one.since)} to {_utc(one.until)}, "
        f"{what}; {one.purpose}; {one.basis}; opened {len(one.opened)} times, "
        f"{len(one.exported)} films given out"
    )


def shown(identifier: str, state: Path | None) -> Iterator[str]:
    """All of one request, its case too, for who is to approve it. Raises InputError."""
    with office_of(state) as office:
        known = release_office.find(office, identifier)
        asked = release_office.request_of(office, known)
    yield line_of(known)
    yield from words_of(asked)


def words_of(asked: Request) -> Iterator[str]:
    """What was asked for, a line for each thing."""
    yield f"case:     {asked.case}"
    yield f"purpose:  {asked.purpose}"
    yield f"basis:    {asked.basis}"
    yield f"cameras:  {', '.join(asked.cameras)}"
    yield f"from, to: {_utc(asked.since)}, {_utc(asked.until)}"
    yield (
        "pictures: AS RECORDED: everybody can be seen"
        if asked.unredacted
        else f"pictures: obscured, but for hand-drawn regions of {asked.visible} % at most"
    )


def grant(identifier: str, out: Path, *, city: Path, state: Path | None) -> str:
    """Sign and record the order, wait for witnesses, and write the file for the custodians.

    May be repeated: what is granted already is only written again. Raises InputError,
    PermitRefused, LedgerError, VaultError.
    """
    layout, _, folder = vault_of(city, state)
    layout.check_identity()
    config = load_city(city).ledger
    if not config.quorum:
        raise InputError(
            "no quorum of witnesses is configured, and no custodian opens without",
            where="[ledger]",
            mend="Add [[ledger.witnesses]] and quorum: see docs/guide/release.md",
        )
    with office_of(folder) as office:
        known = release_office.find(office, identifier, ASKED, GRANTED)
        if known.state == ASKED:
            order_new(office, layout, known)
        data = witnessed(office, layout, identifier, config)
    with replaced(out.resolve(), shown=out) as part:
        part.write_bytes(data)
    return (
        f"{out}: for both custodians, in the ledger and witnessed. Next, at one of them: "
        "plainview release unwrap --help"
    )


def order_new(office: Office, layout: Layout, known: FootageRelease) -> Order:
    """Choose the recordings, make the release's own key, sign and record the order."""
    if len(known.approvals) < 2:
        raise InputError(
            f"{len(known.approvals)} of 2 have approved it", where=f"release {known.id}"
        )
    chosen = choose(layout, known.cameras, known.since / 1000, known.until / 1000)
    ends = min(chosen.due, int(office.clock.utc()) + OPEN_FOR)
    recipient = release_keys.make(layout, known.id, ends)
    return release_office.grant(
        office,
        known.id,
        recordings=chosen.recordings,
        rings=chosen.rings,
        recipient=recipient,
        ends=ends * 1000,
    )


def witnessed(
    office: Office,
    layout: Layout,
    identifier: str,
    config: LedgerConfig,
    *,
    seconds: float = _WITNESSES,
    sleep: Callable[[float], object] = time.sleep,
) -> bytes:
    """The custodians' file, its proofs under a checkpoint that the quorum cosigned.

    Asks the witnesses itself, beside a running Plainview or without one. Raises LedgerError where
    they do not answer within `seconds`.
    """
    log = Verifier.from_vkey(office.ledger.vkey)
    own = QuorumPolicy(config.policy.witnesses, config.policy.quorum, (log,))
    asker = WitnessAsker(office.ledger, log, config.policy, clock=office.clock)
    until = office.clock.monotonic() + seconds
    while True:
        bundle = bundle_of(office, layout, identifier)
        try:
            for one in bundle.entries:
                own.check(parse_proof(one.proof).checkpoint, log, now=office.clock.utc())
        except LedgerLie as error:
            if office.clock.monotonic() > until:
                raise LedgerError(
                    f"the witnesses have not cosigned it ({error.what})",
                    where=f"release {identifier}",
                    mend="Run it again: what is granted stays granted",
                ) from error
        else:
            check_bundle(bundle, own, office.clock.utc())
            return encode_bundle(bundle)
        if not asker.round():
            sleep(_AGAIN)


def bundle_of(office: Office, layout: Layout, identifier: str) -> Bundle:
    """All that custodians need of a granted release. Raises InputError, LedgerError, VaultError."""
    known = release_office.find(office, identifier, GRANTED)
    order = release_office.order_of(office, known)
    people = (known.who, *(one.who for one in known.approvals))
    openings = [office.ledger.open(who) for who in people]
    names = [Name(one.value, one.salt) for one in openings if one is not None]
    if len(names) != 3:
        raise LedgerError("who asked or approved can no longer be told: the name was erased")
    get = office.documents.get
    return Bundle(
        form=FORM,
        request=get(known.request).decode(),
        approvals=(get(order.approvals[0]).decode(), get(order.approvals[1]).decode()),
        order=get(known.order).decode(),
        permits=tuple(get(digest).decode() for digest in order.permits),
        entries=tuple(_proofs(office, known, order)),
        names=(names[0], names[1], names[2]),
        shares=shares(layout, list(order.rings)),
        keys=_wrapped(layout, order),
    )


def _proofs(office: Office, known: FootageRelease, order: Order) -> Iterator[Proof]:
    """Each entry that a custodian must see, with its proof; the earliest first."""
    places = {known.index, known.granted, *(one.index for one in known.approvals)}
    places.add(office.standing().authorities[office.authority.vkey])
    signers = _signers(office, known, order)
    for index, entry in office.ledger.entries(0, known.granted):
        enrolled = entry.kind is EntryKind.OFFICER_ENROLLED and entry.detail.get("key") in signers
        permitted = (
            entry.kind is EntryKind.PERMIT_GRANTED and entry.detail.get("permit") in order.permits
        )
        if enrolled or permitted:
            places.add(index)
    for index in sorted(places):
        ((_, entry),) = office.ledger.entries(index, index + 1)
        yield Proof(encode_entry(entry), office.ledger.proof(index))


def _signers(office: Office, known: FootageRelease, order: Order) -> set[str]:
    """The verifier keys that request and approvals are signed with."""
    keys: list[SignatureVerifier] = [*release_office.keys_of(office)]
    get = office.documents.get
    notes = [read_document(get(known.request).decode(), Request, keys)[1]]
    notes += [read_document(get(one).decode(), Approval, keys)[1] for one in order.approvals]
    return {one.vkey for note in notes for one in note.by if isinstance(one, Verifier)}


def _wrapped(layout: Layout, order: Order) -> tuple[bytes, ...]:
    """The order's wrapped keys, which may have been destroyed since. Raises InputError."""
    live: dict[tuple[str, str, int, int], bytes] = {}
    for name in order.rings:
        ring = Ring(layout.keys / name)
        try:
            for _, slot in ring.live():
                place = (name, ring.cameras[slot.camera], slot.hour, slot.part)
                live[place] = packed(slot.wrapped)
        finally:
            ring.close()
    try:
        return tuple(live[(r.ring, r.camera, r.hour, r.part)] for r in order.recordings)
    except KeyError as error:
        raise InputError(
            "a recording of it was destroyed since: it reached its term", where="release"
        ) from error


def end(identifier: str, why: str, key: Path, *, city: Path, state: Path | None) -> str:
    """Destroy the release's key and record that it is over. Raises InputError, LedgerError."""
    layout, _, folder = vault_of(city, state)
    with office_of(existing(folder)) as office:
        person = office.person_of(read_key(key))
        release_office.find(office, identifier)
        for one in release_keys.found(layout):
            if one.id == identifier:
                release_keys.destroy(one.path)
        release_office.end(office, identifier, why, person)
    return f"{identifier}: over; its key is destroyed"


def _utc(milliseconds: int) -> str:
    return f"{dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
