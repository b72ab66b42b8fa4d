"""A stop order: the centre's word that something is to stop, which sites obey. It can only stop.

A C2SP signed note: the line `plainview.stop-order/v1`, one line of canonical JSON, and the Ed25519
signature of the centre's authority. Its number is the place of the stop's entry in the centre's
public ledger, so that it only grows, and anyone can look up what was ordered, why and when.
"""

import enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, InputError, LedgerError, PlainviewError
from plainview.governance.documents import digest_of
from plainview.governance.person import Role
from plainview.governance.standing import Ordered, Stop
from plainview.ledger.entry import plain
from plainview.ledger.note import Signer, Verifier, open_note, sign_note

HEADER: Final = "plainview.stop-order/v1"
MAX_BYTES: Final = 4096
"""Of one order. A reason of 512 signs, four bytes each, leaves as much again for the rest."""

Scope = Annotated[
    str, Meta(pattern=r"^(?:city|(?:site|camera|capability):[A-Za-z0-9][A-Za-z0-9._:-]{0,80})\Z")
]
"""What a stop switch is of."""
Number = Annotated[int, Meta(ge=0, le=1 << 53)]


class Refusal(enum.StrEnum):
    """Why an order was not obeyed."""

    MALFORMED = "malformed"
    """It is none: too large, not written as one, or written in another way than the one."""
    KEY = "key"
    """It is not signed with the key that this site obeys."""
    CENTRE = "centre"
    """It is another centre's, though signed with that key."""
    OLD = "old"
    """A later order was obeyed already."""
    UNKNOWN = "unknown"
    """It names nothing that is here."""


class OrderRefused(PlainviewError):
    """What came as a stop order was not obeyed; `reason` says in a word why."""

    def __init__(self, what: str, reason: Refusal) -> None:
        """As PlainviewError."""
        super().__init__(what, where="stop order")
        self.reason = reason


class StopOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed. There is no field by which it could start or lift anything."""

    centre: Annotated[str, Meta(min_length=1, max_length=255)]
    """Name of the centre's ledger, which is that of the key it is signed with."""
    number: Number
    """Place of the entry in the centre's ledger."""
    scope: Scope
    why: Annotated[str, Meta(min_length=3, max_length=512)]
    role: Role
    who: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
    """Who pressed, as the centre's ledger names them: a salted commitment."""
    t: Annotated[int, Meta(ge=0, le=10_000_000_000_000)]
    """UTC milliseconds at which it was recorded there."""


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(StopOrder)


def order_of(stop: Stop, centre: str) -> StopOrder:
    """The order of `centre` that is to be given for a `stop` in its ledger."""
    return StopOrder(
        centre, stop.index, stop.scope, stop.why, Role(stop.role), stop.who, stop.since
    )


def sign_order(order: StopOrder, authority: Signer) -> str:
    """The signed note of `order`. Raises InputError where it is larger than any site would read."""
    note = sign_note(f"{HEADER}\n{_encoder.encode(order).decode()}\n", authority)
    if len(note.encode()) > MAX_BYTES:
        raise InputError(f"a stop order of more than {MAX_BYTES} bytes", where=order.scope)
    return note


def note_of(stop: Stop, authority: Signer) -> str:
    """The signed note of the order that the centre of `authority` gives for `stop`."""
    return sign_order(order_of(stop, authority.name), authority)


def read_order(note: str, centre: Verifier) -> StopOrder:
    """The order in `note`. Raises OrderRefused unless `centre` signed exactly this and nobody else.

    There is one way to write an order: what is signed twice, or spelled otherwise, is none.
    """
    if len(note) > MAX_BYTES or len(note.encode("utf-8", "replace")) > MAX_BYTES:
        raise OrderRefused(f"it has more than {MAX_BYTES} bytes", Refusal.MALFORMED)
    try:
        opened = open_note(note, [centre])
    except (LedgerError, UnicodeEncodeError) as error:
        what = error.what if isinstance(error, LedgerError) else "it is no text"
        raise OrderRefused(f"the centre's signature does not hold ({what})", Refusal.KEY) from error
    lines = "".join(signature.line for _, signature in opened.signatures)
    header, _, body = opened.text.partition("\n")
    try:
        order = _decoder.decode(body)
    except UNDECODED as error:
        raise OrderRefused(f"this is no stop order: {error}", Refusal.MALFORMED) from error
    if (
        note != f"{opened.text}\n{lines}"
        or len(opened.signatures) > 1
        or header != HEADER
        or _encoder.encode(order).decode() != body.removesuffix("\n")
        or plain(order.why) != order.why
    ):
        raise OrderRefused("this is no stop order", Refusal.MALFORMED)
    if order.centre != centre.name:
        raise OrderRefused(
            f"it is of {order.centre!r}, and this site obeys {centre.name!r}", Refusal.CENTRE
        )
    return order


def ordered(order: StopOrder, note: str) -> Ordered:
    """What a site's ledger keeps of `order`, whose signed note is `note`."""
    return Ordered(order.centre, order.number, digest_of(note.encode()))
