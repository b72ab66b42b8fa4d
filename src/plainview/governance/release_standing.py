"""Releases of footage as the ledger knows them: a part of the fold in `governance.standing`."""

from typing import Final

from msgspec import Struct, structs

from plainview.ledger.entry import Entry, number_in, text_in, texts_in

ASKED: Final = "asked"
GRANTED: Final = "granted"
ENDED: Final = "ended"


class ReleaseApproval(Struct, frozen=True):
    """Somebody agreed that it may be opened."""

    role: str
    who: str
    document: str
    """Digest of the signed approval."""
    index: int
    """Of its entry."""


class FootageRelease(Struct, frozen=True):
    """One release, from the request on. What the public sees of it is all here."""

    id: str
    state: str
    """`asked`, `granted` or `ended`."""
    request: str
    """Digest of the signed request."""
    role: str
    """Of who asked."""
    who: str
    cameras: tuple[str, ...]
    since: int
    until: int
    purpose: str
    basis: str
    unredacted: bool
    visible: int
    """Percent of a picture that hand-drawn regions may show at most."""
    t: int
    """UTC milliseconds of the request."""
    index: int
    approvals: tuple[ReleaseApproval, ...] = ()
    order: str = ""
    """Digest of the signed order; empty until it is granted."""
    granted: int = -1
    """Place of that entry."""
    ends: int = 0
    opened: tuple[int, ...] = ()
    """Places of the entries before each decryption: how often it was opened."""
    exported: tuple[int, ...] = ()
    """Export numbers that were finished."""


Releases = dict[str, FootageRelease]


def at(release: FootageRelease, now: int) -> FootageRelease:
    """`release` as it is at `now` (UTC milliseconds): one whose order has ended is over."""
    if release.state == GRANTED and now >= release.ends:
        return structs.replace(release, state=ENDED)
    return release


def _id(entry: Entry) -> str:
    return entry.subject.removeprefix("release:")


def requested(releases: Releases, index: int, entry: Entry) -> None:
    """Fold release-requested. An id that is there already stays what it was."""
    releases.setdefault(
        _id(entry),
        FootageRelease(
            id=_id(entry),
            state=ASKED,
            request=text_in(entry, "request"),
            role=entry.role,
            who=entry.who,
            cameras=texts_in(entry, "cameras"),
            since=number_in(entry, "since"),
            until=number_in(entry, "until"),
            purpose=text_in(entry, "purpose"),
            basis=text_in(entry, "basis"),
            unredacted=bool(number_in(entry, "unredacted")),
            visible=number_in(entry, "visible"),
            t=entry.t,
            index=index,
        ),
    )


def approved(releases: Releases, index: int, entry: Entry) -> None:
    """Fold release-approved: one of each role counts."""
    known = releases.get(_id(entry))
    if known is None or known.state != ASKED or text_in(entry, "request") != known.request:
        return
    if any(one.role == entry.role for one in known.approvals):
        return
    one = ReleaseApproval(entry.role, entry.who, text_in(entry, "approval"), index)
    releases[known.id] = structs.replace(known, approvals=(*known.approvals, one))


def granted(releases: Releases, index: int, entry: Entry) -> None:
    """Fold release-granted; without two approvals before it, it changes nothing."""
    known = releases.get(_id(entry))
    if known is None or known.state != ASKED or len(known.approvals) < 2:
        return
    releases[known.id] = structs.replace(
        known,
        state=GRANTED,
        order=text_in(entry, "order"),
        granted=index,
        ends=number_in(entry, "ends"),
    )


def opened(releases: Releases, index: int, entry: Entry) -> None:
    """Fold release-opened."""
    known = releases.get(_id(entry))
    if known is not None and known.state == GRANTED:
        releases[known.id] = structs.replace(known, opened=(*known.opened, index))


def exported(releases: Releases, _index: int, entry: Entry) -> None:
    """Fold release-exported."""
    known = releases.get(_id(entry))
    if known is not None and known.opened:
        number = number_in(entry, "export")
        releases[known.id] = structs.replace(known, exported=(*known.exported, number))


def ended(releases: Releases, _index: int, entry: Entry) -> None:
    """Fold release-ended: nothing is opened under it any more."""
    known = releases.get(_id(entry))
    if known is not None:
        releases[known.id] = structs.replace(known, state=ENDED)
