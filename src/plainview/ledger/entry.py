"""What the ledger holds: one closed, bounded record for each decision that matters.

An entry is canonical JSON (RFC 8785 for what occurs here: keys sorted, no spaces, integers only),
so that anyone can read it and there is exactly one way to write it. It names no person: who
decided stands in it as a salted commitment (`ledger.commit`).
"""

import enum
import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, LedgerError

VERSION: Final = 1
MAX_ENTRY_BYTES: Final = 8192
"""Bound on one encoded entry. tlog-tiles would allow 65,535; a decision needs no more than this."""


class EntryKind(enum.StrEnum):
    """Every decision that matters. A kind that is not here cannot be recorded, nor then be done."""

    LEDGER_OPENED = "ledger-opened"
    OFFICER_ENROLLED = "officer-enrolled"
    OFFICER_REMOVED = "officer-removed"
    ASSESSMENT_APPROVED = "assessment-approved"
    ASSESSMENT_WITHDRAWN = "assessment-withdrawn"
    PERMIT_GRANTED = "permit-granted"
    PERMIT_SUSPENDED = "permit-suspended"
    PERMIT_RESUMED = "permit-resumed"
    PERMIT_REVOKED = "permit-revoked"
    CAMERA_REGISTERED = "camera-registered"
    CAMERA_MOVED = "camera-moved"
    CAMERA_REMOVED = "camera-removed"
    CAMERA_STARTED = "camera-started"
    CAMERA_STOPPED = "camera-stopped"
    CONFIGURATION_CHANGED = "configuration-changed"
    SOFTWARE_CHANGED = "software-changed"
    PLATE_ADMITTED = "plate-admitted"
    PLATE_WITHDRAWN = "plate-withdrawn"
    ALERT_ROUTED = "alert-routed"
    DATA_ACCESSED = "data-accessed"
    RETENTION_EXECUTED = "retention-executed"
    FOOTAGE_HELD = "footage-held"
    HOLD_ENDED = "hold-ended"
    RELEASE_REQUESTED = "release-requested"
    RELEASE_APPROVED = "release-approved"
    RELEASE_GRANTED = "release-granted"
    RELEASE_OPENED = "release-opened"
    RELEASE_EXPORTED = "release-exported"
    RELEASE_ENDED = "release-ended"
    STATISTICS_RELEASED = "statistics-released"
    STOP_PRESSED = "stop-pressed"
    STOP_LIFTED = "stop-lifted"


_Text = Annotated[str, Meta(max_length=512)]
_Number = Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]
Detail = _Text | _Number | Annotated[list[_Text], Meta(max_length=64)]
"""One value of an entry's detail: bounded text, a whole number, or a short list of texts."""

_Key = Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,31}\Z")]


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """One decision. Immutable once in the ledger."""

    t: Annotated[int, Meta(ge=0, le=10_000_000_000_000)]
    """UTC milliseconds at which it was recorded."""
    kind: EntryKind
    subject: Annotated[str, Meta(min_length=1, max_length=200)]
    """What it is about: `camera:ID`, `site:ID`, `assessment:ID@REVISION`, `permit:ID`, `city`."""
    role: Annotated[str, Meta(max_length=40)] = "system"
    """The role in which it was decided; `system` for what the program found by itself."""
    who: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    """Salted commitment to the person's name (`ledger.commit`); empty for the system."""
    detail: Annotated[dict[_Key, Detail], Meta(max_length=24)] = {}
    """By kind: see docs/reference/ledger.md. Never a person's data, never a credential."""
    v: Annotated[int, Meta(ge=VERSION, le=VERSION)] = VERSION


def text_in(entry: Entry, key: str) -> str:
    """The text `key` of the entry's detail; empty where there is none."""
    value = entry.detail.get(key, "")
    return value if isinstance(value, str) else ""


def number_in(entry: Entry, key: str) -> int:
    """The whole number `key` of the entry's detail; 0 where there is none."""
    value = entry.detail.get(key, 0)
    return value if isinstance(value, int) else 0


def texts_in(entry: Entry, key: str) -> tuple[str, ...]:
    """The list of texts `key` of the entry's detail; empty where there is none."""
    value = entry.detail.get(key)
    return tuple(value) if isinstance(value, list) else ()


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Entry)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of all that is read after it, on whichever page."""


def plain(text: str) -> str:
    """`text` as an entry can hold it: on one line, what no line of text holds taken out."""
    whole = text.encode("utf-8", "replace").decode("utf-8")  # of bytes that are no UTF-8: a "?"
    return " ".join(_CONTROL.sub(" ", _TURNS.sub("", whole)).split())


def legible(text: str) -> str:
    """`text` as `plain` makes it; empty where no sign of it is printed as anything at all."""
    said = plain(text)
    return said if any(sign.isprintable() and not sign.isspace() for sign in said) else ""


def encode_entry(entry: Entry) -> bytes:
    """The one encoding of `entry`. Raises LedgerError if it is out of bounds."""
    data = _encoder.encode(entry)
    if len(data) > MAX_ENTRY_BYTES:
        raise LedgerError(
            f"an entry of {len(data)} bytes, more than the {MAX_ENTRY_BYTES} it may have",
            where=f"ledger entry {entry.kind.value}",
        )
    try:
        decode_entry(data)
    except LedgerError as error:
        raise LedgerError(error.what, where=f"ledger entry {entry.kind.value}") from error
    return data


def decode_entry(data: bytes) -> Entry:
    """The entry in `data`, strictly: the bytes that `encode_entry` would give, and no other.

    Raises LedgerError.
    """
    if len(data) > MAX_ENTRY_BYTES:
        raise LedgerError(f"an entry of {len(data)} bytes, more than {MAX_ENTRY_BYTES}")
    try:
        entry = _decoder.decode(data)
    except UNDECODED as error:
        raise LedgerError(f"not an entry: {error}") from error
    if _encoder.encode(entry) != data:
        raise LedgerError("not an entry: the same can be said in one way only")
    for text in _texts(entry):
        if _CONTROL.search(text):
            raise LedgerError("not an entry: a text holds control characters")
    return entry


def _texts(entry: Entry) -> list[str]:
    texts = [entry.subject, entry.role]
    for value in entry.detail.values():
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, list):
            texts += value
    return texts
