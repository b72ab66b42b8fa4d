"""What a custodian checks before a key is touched, from a file alone: no network, no state folder.

A `Bundle` holds a release's documents, the ledger's entries of each step with their proofs, and who
the people are. A custodian trusts none of it: only a policy file of their own (C2SP tlog-policy),
which names the ledger's key and the witnesses, and how many of those must have cosigned.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, InputError, LedgerError, LedgerLie, PermitRefused
from plainview.governance.approval import BY_KEY, BY_SESSION
from plainview.governance.capability import RELEASE
from plainview.governance.permit import Permit, permit_digest, read_permit
from plainview.governance.person import same_name
from plainview.governance.release import (
    Approval,
    Order,
    Request,
    note_digest,
    public,
    read_document,
    refuse,
    told,
)
from plainview.ledger.entry import Entry, EntryKind, decode_entry
from plainview.ledger.note import Verifier
from plainview.ledger.openings import commit_to
from plainview.ledger.policy import AHEAD, QuorumPolicy
from plainview.ledger.proof import open_proof, parse_proof

MOST_BYTES: Final = 16_000_000
"""Of a bundle; one permit of a large city has about 2 MB."""
LASTS: Final = 3600 + 120
"""Seconds from the beginning of an hour to the latest picture that can be in its recording: what
follows an hour's last key frame is in that hour's."""
FORM: Final = "plainview.release/v1"


class Proof(Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the ledger and its tlog-proof."""

    entry: bytes
    proof: str


class Name(Struct, frozen=True, forbid_unknown_fields=True):
    """Who somebody is, and the salt that makes their commitment of it."""

    name: Annotated[str, Meta(max_length=200)]
    salt: bytes


class Share(Struct, frozen=True, forbid_unknown_fields=True):
    """Both parties' sealed shares of one day's key."""

    operator: bytes
    commissioner: bytes


class Bundle(Struct, frozen=True, forbid_unknown_fields=True):
    """All that a custodian needs. Confidential: it names people and the case."""

    form: Annotated[str, Meta(pattern=r"^plainview\.release/v1\Z")]
    request: str
    approvals: tuple[str, str]
    order: str
    permits: Annotated[tuple[str, ...], Meta(max_length=20)]
    entries: Annotated[tuple[Proof, ...], Meta(max_length=40)]
    """Of the request, both approvals, the grant, the permits, the authority, and officers' keys."""
    names: tuple[Name, Name, Name]
    """Who asked, and who approved, in the order of `approvals`."""
    shares: dict[str, Share]
    """By ring."""
    keys: tuple[bytes, ...]
    """The wrapped keys of the order's recordings, in their order: 96 bytes each."""


class Checked(NamedTuple):
    """A release that holds."""

    request: Request
    order: Order
    digest: str
    """Of the order."""
    granted: int
    """Place of the entry release-granted."""
    names: tuple[str, str, str]
    roles: tuple[str, str, str]
    witnesses: tuple[str, ...]


def encode_bundle(bundle: Bundle) -> bytes:
    """`bundle` as a file."""
    return msgspec.json.encode(bundle)


def decode_bundle(data: bytes) -> Bundle:
    """The bundle in a file. Raises InputError."""
    if len(data) > MOST_BYTES:
        raise InputError("too large for a release", where="release file")
    try:
        return msgspec.json.decode(data, type=Bundle)
    except UNDECODED as error:
        raise InputError(f"this is no release file: {error}", where="release file") from error


def check_bundle(bundle: Bundle, policy: QuorumPolicy, now: float) -> Checked:
    """What `bundle` asks for, if every step of it is proved. `now` is UTC seconds.

    Holds on return: the ledger that the policy names holds, under a checkpoint that its quorum of
    witnesses cosigned, the entries of the request, of two approvals, of the permits and of the
    grant, in that order; they are of exactly these documents, each signed by who it says; requester
    and approvers are three people; the span is within what the permits allow, and every recording
    within the span; it has not ended. Raises PermitRefused, saying what does not hold.
    """
    try:
        return _check(bundle, policy, now)
    except LedgerError as error:
        raise told(error) from error


def _check(bundle: Bundle, policy: QuorumPolicy, now: float) -> Checked:
    if len(policy.logs) != 1 or policy.quorum is None:
        raise InputError(
            "a custodian's policy names one ledger and a quorum of witnesses",
            where="policy",
            mend="Write 'log KEY', 'witness NAME KEY' and 'quorum NAME': see docs/guide/release.md",
        )
    log = policy.logs[0]
    entries, witnesses = _proved(bundle.entries, log, policy, now)
    keys = _keys(entries)
    order, _ = read_document(bundle.order, Order, list(keys["authority"].values()))
    digest = note_digest(bundle.order)
    granted, entry = _one(entries, EntryKind.RELEASE_GRANTED, order=digest)
    if entry.t > (now + AHEAD) * 1000 or now * 1000 >= order.ends:
        raise refuse("the release is over, or not begun by this machine's clock")
    request = _request(bundle, order, entries, keys, granted)
    names = _people(bundle, request, order, entries, keys, granted)
    _permits(bundle, request, order, entries, keys, granted)
    _recordings(bundle, request, order)
    one, other = (
        _one(entries, EntryKind.RELEASE_APPROVED, approval=approval)[1].role
        for approval in order.approvals
    )
    return Checked(request, order, digest, granted, names, (request.role, one, other), witnesses)


_Entries = Mapping[int, Entry]


def _proved(
    proofs: Sequence[Proof], log: Verifier, policy: QuorumPolicy, now: float
) -> tuple[_Entries, tuple[str, ...]]:
    """The entries that hold, by place; all under checkpoints that the quorum cosigned."""
    entries: dict[int, Entry] = {}
    checked: dict[str, tuple[str, ...]] = {}
    for one in proofs:
        checkpoint = parse_proof(one.proof).checkpoint
        if checkpoint not in checked:
            checked[checkpoint] = policy.check(checkpoint, log, now=now).verified
        entries[open_proof(one.proof, one.entry, log).index] = decode_entry(one.entry)
    if not checked:
        raise refuse("no entry of the ledger is proved")
    names = {name for by in checked.values() for name in by} - {log.name}
    return entries, tuple(sorted(names))


def _keys(entries: _Entries) -> dict[str, dict[str, Verifier]]:
    """The authority's keys and the officers', by role, as the ledger tells them."""
    found: dict[str, dict[str, Verifier]] = {"authority": {}, "officer": {}}
    for entry in entries.values():
        key = entry.detail.get("authority")
        if entry.kind is EntryKind.LEDGER_OPENED and isinstance(key, str):
            found["authority"][key] = Verifier.from_vkey(key)
        key = entry.detail.get("key")
        if entry.kind is EntryKind.OFFICER_ENROLLED and isinstance(key, str):
            found["officer"][key] = Verifier.from_vkey(key)
    return found


def _one(entries: _Entries, kind: EntryKind, **detail: str) -> tuple[int, Entry]:
    for index, entry in entries.items():
        if entry.kind is kind and all(entry.detail.get(k) == v for k, v in detail.items()):
            return index, entry
    raise refuse(f"the ledger does not prove an entry {kind.value} of just this")


def _signed_as_said(
    how: str, signer: str, entry: Entry, entries: _Entries, keys: dict[str, dict[str, Verifier]]
) -> None:
    """Raise unless a document was signed by the authority, or an officer's key of that role."""
    if how == BY_SESSION and signer in keys["authority"]:
        return
    if how == BY_KEY and signer in keys["officer"]:
        enrolled = _one(entries, EntryKind.OFFICER_ENROLLED, key=signer)[1]
        if enrolled.role == entry.role:
            return
    raise refuse("a document is signed by another than it says")


def _request(
    bundle: Bundle,
    order: Order,
    entries: _Entries,
    keys: dict[str, dict[str, Verifier]],
    granted: int,
) -> Request:
    digest = note_digest(bundle.request)
    every = [*keys["authority"].values(), *keys["officer"].values()]
    request, note = read_document(bundle.request, Request, list(every))
    index, entry = _one(entries, EntryKind.RELEASE_REQUESTED, request=digest)
    _signed_as_said(request.how, _vkey(note.by[0]), entry, entries, keys)
    grant = entries[granted]
    said = {"request": digest, **public(request)}
    same = all(grant.detail.get(k) == v and entry.detail.get(k) == v for k, v in said.items())
    subject = f"release:{request.id}"
    if (
        not same
        or order.request != digest
        or {order.id, subject.partition(":")[2]} != {request.id}
        or {grant.subject, entry.subject} != {subject}
        or (entry.who, entry.role, entry.t) != (request.who, request.role, request.t)
        or index > granted
    ):
        raise refuse("what is to be opened is not what was asked for and published")
    return request


def _people(
    bundle: Bundle,
    request: Request,
    order: Order,
    entries: _Entries,
    keys: dict[str, dict[str, Verifier]],
    granted: int,
) -> tuple[str, str, str]:
    """The three names, each of whom the ledger's commitments say it is."""
    commitments, roles = [request.who], []
    every = [*keys["authority"].values(), *keys["officer"].values()]
    for text, digest in zip(bundle.approvals, order.approvals, strict=True):
        if note_digest(text) != digest:
            raise refuse("an approval is not the one that was recorded")
        approval, note = read_document(text, Approval, list(every))
        index, entry = _one(entries, EntryKind.RELEASE_APPROVED, approval=digest)
        _signed_as_said(approval.how, _vkey(note.by[0]), entry, entries, keys)
        if (
            (approval.id, approval.request) != (request.id, order.request)
            or entry.subject != f"release:{request.id}"
            or (entry.who, entry.role, entry.t) != (approval.who, approval.role, approval.t)
            or index > granted
        ):
            raise refuse("an approval is of another request")
        commitments.append(approval.who)
        roles.append(approval.role)
    names = bundle.names
    for one, commitment in zip(names, commitments, strict=True):
        if commit_to(one.salt, one.name) != commitment:
            raise refuse("somebody is not who the ledger's commitment says")
    if roles[0] == roles[1] or any(
        same_name(a.name, b.name) for k, a in enumerate(names) for b in names[k + 1 :]
    ):
        raise refuse("it takes three people: one asks, two others approve in two roles")
    return (names[0].name, names[1].name, names[2].name)


def _permits(
    bundle: Bundle,
    request: Request,
    order: Order,
    entries: _Entries,
    keys: dict[str, dict[str, Verifier]],
    granted: int,
) -> None:
    span, at = (request.until - request.since) / 1000, entries[granted].t
    permits: list[Permit] = []
    if sorted(map(permit_digest, bundle.permits)) != sorted(order.permits):
        raise refuse("the permits are not those of the order")
    for note in bundle.permits:
        index, _ = _one(entries, EntryKind.PERMIT_GRANTED, permit=permit_digest(note))
        permits.append(_permit(note, list(keys["authority"].values())))
        if index > granted:
            raise refuse("a permit was granted after the release")
    for camera in request.cameras:
        if not any(
            camera in permit.capabilities.get(RELEASE, ())
            and permit.begins <= at < permit.ends
            and span <= permit.release
            for permit in permits
        ):
            raise refuse(f"no permit lets so much of {camera} be released")


def _permit(note: str, authorities: Sequence[Verifier]) -> Permit:
    for authority in authorities:
        try:
            return read_permit(note, authority)
        except PermitRefused:
            continue
    raise refuse("a permit is not signed by the authority")


def _recordings(bundle: Bundle, request: Request, order: Order) -> None:
    if len(bundle.keys) != len(order.recordings):
        raise LedgerLie("the keys are not those of the order", where="release")
    for one, key in zip(order.recordings, bundle.keys, strict=True):
        if hashlib.sha256(key).hexdigest() != one.key:
            raise LedgerLie("a key is not that of the order", where="release")
        begins, ends = one.hour * 1000, (one.hour + LASTS) * 1000
        if (
            one.camera not in request.cameras
            or not (begins < request.until and ends > request.since)
            or one.ring not in order.rings
            or one.ring not in bundle.shares
        ):
            raise refuse(f"a recording of {one.camera} is outside of what was asked for")


def _vkey(verifier: object) -> str:
    return verifier.vkey if isinstance(verifier, Verifier) else ""
