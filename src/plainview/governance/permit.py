"""What an approved assessment grants, signed; and the gate that everything that runs must pass.

A permit is a C2SP signed note: the line `plainview.permit/v1`, one line of canonical JSON, and the
authority's Ed25519 signature. A `Grant` is a permit together with the proof that the ledger holds
the entry of what is about to start, so that `admit` can be asked anywhere: in the parent, and in
the process that forks, which trusts the parent for nothing but two public keys.
"""

import datetime as dt
import functools
import hashlib
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from plainview.errors import UNDECODED, LedgerError, PermitRefused
from plainview.governance.capability import CAPABILITIES
from plainview.ledger.entry import EntryKind, decode_entry
from plainview.ledger.note import Signer, Verifier, open_note, sign_note
from plainview.ledger.proof import check_proof
from plainview.schedule import Hours, spelled, within

HEADER: Final = "plainview.permit/v1"
MAX_BYTES: Final = 4_000_000
"""A permit of a whole phase of 20,000 cameras has about 2 MB."""

CHANGED: Final = "changed"
"""The camera's configuration is another one than that which was assessed."""
UPGRADED: Final = "upgraded"
"""Another version of Plainview runs than that which was assessed."""
OUTSIDE_HOURS: Final = "outside-hours"


class NotCovered(PermitRefused):
    """A permit does not cover what was asked; `reason` says in a word why, where that matters."""

    def __init__(self, what: str, *, where: str = "", mend: str = "", reason: str = "") -> None:
        """As PlainviewError; `reason` is CHANGED, UPGRADED, OUTSIDE_HOURS or empty."""
        super().__init__(what, where=where, mend=mend)
        self.reason = reason


_Hex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Permit(Struct, frozen=True, forbid_unknown_fields=True):
    """Capability x cameras x purpose x period (DESIGN.md section 2)."""

    id: Annotated[str, Meta(min_length=1, max_length=140)]
    """`ASSESSMENT@REVISION`."""
    assessment: _Hex
    """Digest of the assessment that grants it, as it was approved."""
    aims: tuple[str, ...]
    capabilities: dict[str, tuple[str, ...]]
    """Capability -> ids of the cameras that may do it."""
    cameras: dict[str, _Hex]
    """Camera -> fingerprint of its view (`governance.fingerprint`)."""
    begins: int
    """UTC milliseconds."""
    ends: int
    """UTC milliseconds; not in it."""
    software: str
    """Version it was assessed for; `0.2` covers every 0.2.x."""
    hours: tuple[Hours, ...] = ()
    """When it may be used; empty: always."""
    timezone: str = "UTC"
    retention: dict[str, float] = {}
    """Seconds by kind of data."""
    simulated: bool = False
    """A demonstration: nobody in it exists."""
    release: float = 0.0
    """Seconds of a camera's footage that one release may open at most."""

    def of_camera(self, camera: str) -> tuple[str, ...]:
        """The capabilities that `camera` may use, in their order."""
        return tuple(c for c in CAPABILITIES if camera in self.capabilities.get(c, ()))


class Grant(Struct, frozen=True, forbid_unknown_fields=True):
    """What is passed down to what is to start: the permit, and proof that the start is recorded."""

    permit: str
    """The permit's note."""
    entry: bytes
    """The ledger's entry of kind camera-started."""
    proof: str
    """tlog-proof of that entry."""


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Permit)


def _encoded(permit: Permit) -> str:
    """Canonical JSON; `release` came later, and is left out where it says nothing."""
    data = msgspec.to_builtins(permit)
    if not permit.release:
        del data["release"]
    return _encoder.encode(data).decode()


def sign_permit(permit: Permit, authority: Signer) -> str:
    """The signed note of `permit`."""
    return sign_note(f"{HEADER}\n{_encoded(permit)}\n", authority)


@functools.lru_cache(maxsize=4)  # many cameras start under one permit, of a whole city perhaps
def read_permit(note: str, authority: Verifier) -> Permit:
    """The permit in `note`. Raises PermitRefused unless the authority signed exactly this."""
    if len(note) > MAX_BYTES:
        raise PermitRefused("the permit is too large", where="permit")
    try:
        text = open_note(note, [authority]).text
    except LedgerError as error:
        raise PermitRefused(
            f"the permit's signature does not hold ({error.what})",
            where="permit",
            mend="Approve and publish the assessment again",
        ) from error
    header, _, body = text.partition("\n")
    try:
        permit = _decoder.decode(body)
    except UNDECODED as error:
        raise PermitRefused(f"this is no permit: {error}", where="permit") from error
    if header != HEADER or _encoded(permit) != body.removesuffix("\n"):
        raise PermitRefused("this is no permit", where="permit")
    return permit


def permit_digest(note: str) -> str:
    """The name under which a permit's note is kept and recorded: SHA-256, hex."""
    return hashlib.sha256(note.encode()).hexdigest()


def covers(
    permit: Permit,
    *,
    camera: str,
    fingerprint: str,
    needs: Sequence[str],
    now: int,
    software: str,
) -> None:
    """Raise NotCovered, saying why, unless `permit` lets `camera` do all of `needs` at `now`.

    `now` is UTC milliseconds; `fingerprint` is of the view as it is configured now.
    """
    where = f"camera {camera}, permit {permit.id}"
    mend = "Assess it again: see 'plainview assessment --help'"
    if permit.cameras.get(camera) is None:
        raise NotCovered("the camera is not in the permit", where=where, mend=mend)
    if permit.cameras[camera] != fingerprint:
        raise NotCovered(
            "the camera's source, calibration, area, lines or zones changed since it was assessed",
            where=where,
            mend=mend,
            reason=CHANGED,
        )
    lacking = [need for need in needs if camera not in permit.capabilities.get(need, ())]
    if lacking:
        named = ", ".join(one.replace("events:", "events of ").replace("-", " ") for one in lacking)
        raise NotCovered(f"its permit does not grant {named}", where=where, mend=mend)
    if not of_version(software, permit.software):
        raise NotCovered(
            f"it was assessed for Plainview {permit.software}, this is {software}",
            where=where,
            mend=mend,
            reason=UPGRADED,
        )
    if now < permit.begins:
        raise NotCovered(f"it begins {_day(permit.begins)}", where=where)
    if now >= permit.ends:
        raise NotCovered(f"it ended {_day(permit.ends)}", where=where, mend=mend)
    if not in_hours(permit, now):
        raise NotCovered(
            f"it is outside the hours that were assessed: {spelled(permit.hours)}, by the clock "
            f"of {permit.timezone}",
            where=where,
            reason=OUTSIDE_HOURS,
        )


def of_version(software: str, assessed: str) -> bool:
    """Whether `software` is the `assessed` version, or only mends it (0.2 -> 0.2.3)."""
    parts = assessed.split(".")
    return software.split(".")[: len(parts)] == parts


def in_hours(permit: Permit, now: int) -> bool:
    """Whether `now` (UTC milliseconds) lies in the permit's hours, by its own timezone."""
    if not permit.hours:
        return True
    zone = zoneinfo.ZoneInfo(permit.timezone)
    return within(permit.hours, dt.datetime.fromtimestamp(now / 1000, tz=zone))


def admit(
    grant: Grant,
    *,
    authority: Verifier,
    ledger: Verifier,
    camera: str,
    fingerprint: str,
    needs: Sequence[str],
    now: int,
    software: str,
) -> Permit:
    """The permit of `grant`, if `camera` may start now. Raises PermitRefused otherwise.

    It may when the authority signed the permit, the permit covers what is asked (see `covers`), and
    the ledger's own signed checkpoint proves an entry of kind camera-started for this camera, view,
    permit and capabilities. Nothing else is trusted, so that a start that no entry tells of cannot
    be asked for.
    """
    permit = read_permit(grant.permit, authority)
    covers(
        permit,
        camera=camera,
        fingerprint=fingerprint,
        needs=needs,
        now=now,
        software=software,
    )
    try:
        check_proof(grant.proof, grant.entry, ledger)
        entry = decode_entry(grant.entry)
    except LedgerError as error:
        raise PermitRefused(
            f"the ledger does not prove that this start was recorded ({error.what})",
            where=f"camera {camera}",
        ) from error
    told: Mapping[str, object] = entry.detail
    recorded = told.get("capabilities")
    if (
        entry.kind is not EntryKind.CAMERA_STARTED
        or entry.subject != f"camera:{camera}"
        or told.get("permit") != permit_digest(grant.permit)
        or told.get("fingerprint") != fingerprint
        or not isinstance(recorded, list)
        or not set(needs) <= set(recorded)
    ):
        raise PermitRefused("the ledger's entry is of another start", where=f"camera {camera}")
    return permit


def _day(milliseconds: int) -> str:
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC)
    return f"{moment:%Y-%m-%d %H:%M} UTC"
