"""The documents of a release: what is asked for, who approved it, and what custodians are to open.

Each is a C2SP signed note, as permits are: a line that says what it is, one line of canonical JSON,
and a signature: of an officer's own key, or of the authority for who signed in on a page. Names are
in none of them: who asked and who approved are salted commitments, as in the ledger's entries.
"""

import hashlib
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, InputError, LedgerError, LedgerLie, PermitRefused
from plainview.governance.person import Role
from plainview.ledger.note import Note, NoteSigner, SignatureVerifier, open_note, sign_note

MOST_CAMERAS: Final = 20
MOST_BYTES: Final = 1_000_000
"""Of one document."""
MOST_RECORDINGS: Final = 2000

_REQUEST: Final = "plainview.release-request/v1"
_APPROVAL: Final = "plainview.release-approval/v1"
_ORDER: Final = "plainview.release-order/v1"
_EXPORT: Final = "plainview.release-export/v1"

Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{10}\Z")]
Case = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ./_-]{0,59}\Z")]
"""Plain letters, since it is written on every picture."""
Public = Annotated[str, Meta(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
"""A text that everybody may read: no names."""
_Camera = Annotated[str, Meta(min_length=1, max_length=140)]
_Milliseconds = Annotated[int, Meta(ge=0, le=10_000_000_000_000)]


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of footage that somebody wants opened. What is approved is exactly this."""

    id: Id
    """Random; on every picture, in every entry."""
    case: Case
    """Not public: it could lead to a person."""
    purpose: Public
    basis: Public
    """The law, order or right by which it is asked."""
    cameras: Annotated[tuple[_Camera, ...], Meta(min_length=1, max_length=MOST_CAMERAS)]
    since: _Milliseconds
    until: _Milliseconds
    """UTC milliseconds; not in it."""
    unredacted: bool
    """Whether the pictures are asked for as they are."""
    visible: Annotated[int, Meta(ge=1, le=100)]
    """Percent of a picture that hand-drawn regions may show at most, at any moment."""
    role: Role
    who: Hex
    """Salted commitment to the requester's name."""
    how: str
    """`key` or `session`: see `governance.approval`."""
    t: _Milliseconds


class Approval(Struct, frozen=True, forbid_unknown_fields=True):
    """One person's approval of one request."""

    id: Id
    request: Hex
    """Digest of the request's note."""
    role: Role
    who: Hex
    how: str
    t: _Milliseconds


class Recording(Struct, frozen=True, forbid_unknown_fields=True):
    """One sealed recording of a camera-hour and its wrapped key."""

    ring: Annotated[str, Meta(max_length=60)]
    """The day, or the hold, under whose key its own is wrapped."""
    camera: _Camera
    hour: int
    """UTC seconds."""
    part: int
    key: Hex
    """SHA-256 of the wrapped key."""


class Order(Struct, frozen=True, forbid_unknown_fields=True):
    """What custodians are to open, and for whom alone: signed by the authority."""

    id: Id
    request: Hex
    approvals: Annotated[tuple[Hex, ...], Meta(min_length=2, max_length=2)]
    """Digests of both approvals."""
    permits: Annotated[tuple[Hex, ...], Meta(min_length=1, max_length=MOST_CAMERAS)]
    recipient: str
    """Age recipient whose identity was made for this release alone."""
    recordings: Annotated[tuple[Recording, ...], Meta(min_length=1, max_length=MOST_RECORDINGS)]
    rings: dict[str, str]
    """Public half (hex) of each day's or hold's key."""
    ends: _Milliseconds
    """UTC milliseconds from which it is void."""
    t: _Milliseconds


class ExportedFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One film of an export."""

    name: str
    sha256: Hex
    bytes: int
    camera: str
    frames: int
    since: int
    """UTC milliseconds of its first and last picture."""
    until: int


class Export(Struct, frozen=True, forbid_unknown_fields=True):
    """The manifest of an export: what was given out, by what right, made how."""

    id: Id
    number: int
    """1, 2, …: which export of this release."""
    case: Case
    request: Hex
    order: Hex
    granted: int
    """Place of the entry release-granted in the ledger."""
    opened: int
    """Place of the entry release-opened, which was there before the first picture."""
    files: tuple[ExportedFile, ...]
    redacted: bool
    region: str
    """SHA-256 of the file of hand-drawn regions; empty without."""
    software: str
    ledger: str
    """The ledger's verifier key."""
    t: int


_encoder = msgspec.json.Encoder(order="sorted")
_T = TypeVar("_T", Request, Approval, Order, Export)
_HEADERS: Final[dict[type, str]] = {
    Request: _REQUEST,
    Approval: _APPROVAL,
    Order: _ORDER,
    Export: _EXPORT,
}


def sign_document(document: Request | Approval | Order | Export, signer: NoteSigner) -> str:
    """The signed note of `document`."""
    header = _HEADERS[type(document)]
    return sign_note(f"{header}\n{_encoder.encode(document).decode()}\n", signer)


def read_document(note: str, kind: type[_T], keys: list[SignatureVerifier]) -> tuple[_T, Note]:
    """The document of that `kind` in `note`, and by which of `keys` it is signed.

    Raises LedgerLie unless one of them signed exactly this, as it must be written.
    """
    where = _HEADERS[kind].partition("/")[0].removeprefix("plainview.").replace("-", " ")
    if len(note) > MOST_BYTES:
        raise LedgerLie("too large", where=where)
    opened = open_note(note, keys)
    header, _, body = opened.text.partition("\n")
    try:
        document = msgspec.json.decode(body, type=kind)
    except UNDECODED as error:
        raise LedgerLie(f"is none: {error}", where=where) from error
    if header != _HEADERS[kind] or _encoder.encode(document).decode() != body.removesuffix("\n"):
        raise LedgerLie("is none", where=where)
    return document, opened


def note_digest(note: str) -> str:
    """SHA-256 of a note, hex: the name under which it is kept and recorded."""
    return hashlib.sha256(note.encode()).hexdigest()


def check_request(request: Request, now: int) -> None:
    """Raise InputError unless `request` makes sense at `now` (UTC milliseconds)."""
    where = "release request"
    try:
        msgspec.json.decode(_encoder.encode(request), type=Request)
    except msgspec.ValidationError as error:
        field = str(error).rpartition("$.")[2].rstrip("`")
        raise InputError(
            f"the {'legal basis' if field == 'basis' else field} cannot be taken as it is written",
            where=where,
            mend="A case is 1 to 60 plain letters and digits; purpose and basis 3 to 200 signs",
        ) from error
    if not request.since < request.until:
        raise InputError("the span holds nothing", where=where, mend="Give a later end")
    if request.until > now:
        raise InputError("the span is not over yet", where=where, mend="Ask when it is recorded")
    if len(set(request.cameras)) != len(request.cameras):
        raise InputError("a camera stands there twice", where=where)


def public(request: Request) -> dict[str, int | str | list[str]]:
    """What everybody may know of `request`: told in its entries, and checked by custodians."""
    return {
        "cameras": list(request.cameras),
        "since": request.since,
        "until": request.until,
        "purpose": request.purpose,
        "basis": request.basis,
        "unredacted": int(request.unredacted),
        "visible": request.visible,
    }


def refuse(what: str, mend: str = "") -> PermitRefused:
    """That a release is not as it must be: nothing is opened."""
    return PermitRefused(what, where="release", mend=mend)


def told(error: LedgerError) -> PermitRefused:
    """The same, of what did not hold in the ledger's files."""
    return PermitRefused(error.what, where=error.where or "release")
