"""From a request to an order: one asks, two others agree, the ledger is told, and only then.

Each step is an entry; the signed documents are kept under their digests. Nothing here opens
anything: what custodians are asked to check is in `release_proof`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct, structs

from plainview.errors import AccessRefused, InputError, LedgerError, PermitRefused
from plainview.governance.approval import BY_KEY, BY_SESSION
from plainview.governance.capability import RELEASE
from plainview.governance.durations import in_words
from plainview.governance.office import LivePermit, Office
from plainview.governance.person import Person, Role, same_name
from plainview.governance.release import (
    Approval,
    Order,
    Recording,
    Request,
    check_request,
    note_digest,
    public,
    read_document,
    sign_document,
)
from plainview.governance.release_standing import ASKED, ENDED, GRANTED, FootageRelease
from plainview.governance.switch import reason
from plainview.ledger.entry import EntryKind
from plainview.ledger.note import Signer, Verifier

REQUESTERS: Final = (Role.OPERATOR, Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.CONTROLLER)
APPROVERS: Final = (Role.SUPERVISOR, Role.PRIVACY_OFFICER, Role.CONTROLLER)
"""Two people, in two of these roles, and neither is the one who asked."""
OPENERS: Final = REQUESTERS
STALE: Final = 30 * 86_400_000
"""Milliseconds after which a request that was not granted is void."""

Random = Callable[[int], bytes]


class Wish(Struct, frozen=True):
    """What somebody asks for."""

    case: str
    purpose: str
    basis: str
    cameras: tuple[str, ...]
    since: int
    """UTC milliseconds."""
    until: int
    unredacted: bool = False
    visible: int = 25
    """Percent of a picture that hand-drawn regions may show at most."""


def covering(
    office: Office, cameras: Sequence[str], span: float, now: int
) -> dict[str, LivePermit]:
    """The live permit of each of `cameras` by which `span` seconds of it may be released.

    Raises PermitRefused where one is missing, or allows less at once.
    """
    found: dict[str, LivePermit] = {}
    least = 0.0
    for live in office.live_permits(now, unsound=lambda _: None):
        for camera in set(cameras) & set(live.permit.capabilities.get(RELEASE, ())) - set(found):
            least = max(least, live.permit.release)
            if live.permit.release >= span:
                found[camera] = live
    lacking = [camera for camera in cameras if camera not in found]
    unknown = [camera for camera in lacking if camera not in office.standing().cameras]
    if unknown:
        known = ", ".join(sorted(office.standing().cameras)[:10]) or "none yet"
        raise PermitRefused(
            f"there is no camera {unknown[0]!r}", where="release", mend=f"Known are {known}"
        )
    if lacking:
        raise PermitRefused(
            f"no permit lets {in_words(span)} of {lacking[0]} be released at once"
            + (f", only {in_words(least)}" if least else ""),
            where="release",
            mend="Ask for less, or have 'release' assessed for it: see docs/guide/release.md",
        )
    return found


def ask(
    office: Office, person: Person, wish: Wish, random: Random, *, signer: Signer | None = None
) -> Request:
    """Record that `person` asks for `wish`; the request, which two others may now approve.

    `signer` is the person's own key; without, the authority signs for who signed in. Raises
    InputError, AccessRefused for a role that may not, PermitRefused, LedgerError.
    """
    if person.role not in REQUESTERS:
        raise AccessRefused(f"who is {person.role} does not ask for footage", where="release")
    identifier = random(5).hex()
    entry = office.entry(EntryKind.RELEASE_REQUESTED, f"release:{identifier}", person)
    request = Request(
        id=identifier,
        **structs.asdict(wish),
        role=person.role,
        who=entry.who,
        how=BY_KEY if signer else BY_SESSION,
        t=entry.t,
    )
    check_request(request, entry.t)
    covering(office, request.cameras, (request.until - request.since) / 1000, entry.t)
    note = sign_document(request, signer or office.authority)
    digest = office.documents.put(note.encode())
    office.record(
        structs.replace(entry, detail={"request": digest, "how": request.how, **public(request)})
    )
    return request


def find(office: Office, identifier: str, *states: str) -> FootageRelease:
    """The release `identifier`, in one of `states`. Raises InputError."""
    office.refresh()
    known = office.standing().footage.get(identifier)
    if known is None:
        raise InputError(
            f"there is no release {identifier[:40]!r}",
            where="release",
            mend="See 'plainview release list'",
        )
    if states and known.state not in states:
        raise InputError(f"release {known.id} is {known.state}", where="release")
    return known


def keys_of(office: Office) -> list[Verifier]:
    """Whose signatures count: the authority's, and each officer's own."""
    officers = (officer.key for officer in office.standing().officers.values())
    return [office.authority.verifier, *(Verifier.from_vkey(key) for key in officers)]


def request_of(office: Office, known: FootageRelease) -> Request:
    """What was asked for. Raises LedgerError, LedgerLie."""
    note = office.documents.get(known.request).decode()
    return read_document(note, Request, [*keys_of(office)])[0]


def approve(
    office: Office, person: Person, identifier: str, *, signer: Signer | None = None
) -> FootageRelease:
    """Record that `person` approves the request; the release with all approvals so far.

    Raises InputError where it is the requester or has approved already, AccessRefused for a role
    that may not, PermitRefused, LedgerError.
    """
    if person.role not in APPROVERS:
        raise AccessRefused(
            f"who is {person.role} does not approve the opening of footage",
            where="release",
            mend=f"It takes two people in two of the roles {', '.join(APPROVERS)}",
        )
    with office.lock:
        known = find(office, identifier, ASKED)
        now = office.now()
        if now - known.t > STALE:
            raise InputError("the request is older than 30 days", mend="Have it asked for anew")
        if office.same_person(known.who, person):
            raise InputError(
                "who asked for it cannot approve it",
                where=f"release {known.id}",
                mend="It takes two others",
            )
        for other in known.approvals:
            if other.role == person.role or office.same_person(other.who, person):
                raise InputError(
                    f"it is approved as {other.role} already: it takes two people in two roles",
                    where=f"release {known.id}",
                )
        covering(office, known.cameras, (known.until - known.since) / 1000, now)
        entry = office.entry(EntryKind.RELEASE_APPROVED, f"release:{known.id}", person)
        how = BY_KEY if signer else BY_SESSION
        approval = Approval(known.id, known.request, person.role, entry.who, how, entry.t)
        note = sign_document(approval, signer or office.authority)
        digest = office.documents.put(note.encode())
        detail = {"request": known.request, "approval": digest, "how": how}
        office.record(structs.replace(entry, detail=detail))
        return find(office, identifier)


def grant(
    office: Office,
    identifier: str,
    *,
    recordings: Sequence[Recording],
    rings: Mapping[str, str],
    recipient: str,
    ends: int,
) -> Order:
    """Sign the order of a release that two approved, and record it; nothing is opened.

    `ends` (UTC milliseconds) is when the footage itself is due at the latest. Raises InputError
    where approvals are missing or of one person, PermitRefused, LedgerError.
    """
    with office.lock:
        known = find(office, identifier, ASKED)
        if len(known.approvals) < 2:
            raise InputError(
                f"{len(known.approvals)} of 2 have approved it",
                where=f"release {known.id}",
                mend="See 'plainview release approve --help'",
            )
        _refuse_one_person(office, known)
        now = office.now()
        permits = covering(office, known.cameras, (known.until - known.since) / 1000, now)
        order = Order(
            id=known.id,
            request=known.request,
            approvals=(known.approvals[0].document, known.approvals[1].document),
            permits=tuple(sorted({live.record.digest for live in permits.values()})),
            recipient=recipient,
            recordings=tuple(recordings),
            rings=dict(rings),
            ends=min(ends, *(live.record.ends for live in permits.values())),
            t=now,
        )
        if order.ends <= now:
            raise InputError("the footage is due for deletion now", where=f"release {known.id}")
        request = request_of(office, known)
        digest = office.documents.put(sign_document(order, office.authority).encode())
        entry = office.entry(EntryKind.RELEASE_GRANTED, f"release:{known.id}")
        named = {"request": known.request, "order": digest, "ends": order.ends}
        office.record(structs.replace(entry, detail={**named, **public(request)}))
        return order


def _refuse_one_person(office: Office, known: FootageRelease) -> None:
    """Raise InputError unless requester and approvers are three people; names must be there."""
    names = [office.ledger.open(who) for who in (known.who, *(a.who for a in known.approvals))]
    told = [opening.value for opening in names if opening is not None]
    if len(told) != len(names):
        raise LedgerError("who asked or approved can no longer be told: the name was erased")
    alike = [(a, b) for k, a in enumerate(told) for b in told[k + 1 :] if same_name(a, b)]
    if alike:
        raise InputError(
            "it takes three people: one asks, two approve", where=f"release {known.id}"
        )


def order_of(office: Office, known: FootageRelease) -> Order:
    """The order that was granted. Raises LedgerError, LedgerLie."""
    note = office.documents.get(known.order).decode()
    return read_document(note, Order, [office.authority.verifier])[0]


def opening(
    office: Office, person: Person, identifier: str, *, region: str
) -> tuple[FootageRelease, int]:
    """Record that footage is about to be opened; (the release, which opening this is).

    When this returns, the entry is durable: only then may anything be decrypted. Raises InputError
    where it is not granted or over, AccessRefused, LedgerError.
    """
    if person.role not in OPENERS:
        raise AccessRefused(f"who is {person.role} does not open footage", where="release")
    with office.lock:
        known = find(office, identifier, GRANTED)
        if office.now() >= known.ends:
            raise InputError("it is over", where=f"release {known.id}", mend="Ask anew")
        number = len(known.opened) + 1
        office.record(
            office.entry(
                EntryKind.RELEASE_OPENED,
                f"release:{known.id}",
                person,
                order=known.order,
                export=number,
                cameras=list(known.cameras),
                since=known.since,
                until=known.until,
                region=region,
            )
        )
        return find(office, identifier, GRANTED), number


def exported(office: Office, known: FootageRelease, number: int, manifest: str, size: int) -> int:
    """Record that export `number` is finished; the entry's place. Raises LedgerError."""
    (place,) = office.record(
        office.entry(
            EntryKind.RELEASE_EXPORTED,
            f"release:{known.id}",
            order=known.order,
            export=number,
            manifest=note_digest(manifest),
            bytes=size,
        )
    )
    return place


def end(office: Office, identifier: str, why: str, person: Person | None = None) -> None:
    """Record that nothing is opened under a release any more. Raises InputError, LedgerError."""
    with office.lock:
        known = find(office, identifier)
        if known.state == ENDED:
            return
        office.record(
            office.entry(EntryKind.RELEASE_ENDED, f"release:{known.id}", person, why=reason(why))
        )
