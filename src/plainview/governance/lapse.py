"""Until when a start that is admitted may go on: the permit's end, or that of its hours."""

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from typing import Final, NamedTuple

from plainview.errors import InputError, PermitRefused
from plainview.governance.permit import Grant, Permit, admit, in_hours
from plainview.ledger.note import Verifier

_MINUTE: Final = 60_000
_QUARTER: Final = 15 * _MINUTE
_LOOK: Final = 8 * 24 * 4
"""Quarters of an hour that are looked ahead: a week, in which hours repeat, and a day."""


class Keys(NamedTuple):
    """The two public keys that a start is judged by."""

    authority: Verifier
    ledger: Verifier


class Admitted(NamedTuple):
    """A start that may be."""

    permit: Permit
    until: int
    """UTC milliseconds at which it must have ended."""


def keys(authority: str, ledger: str) -> Keys:
    """The keys of two verifier keys in text. Raises InputError."""
    return Keys(Verifier.from_vkey(authority), Verifier.from_vkey(ledger))


def admit_until(
    grant: Grant,
    trusted: Keys,
    *,
    camera: str,
    fingerprint: str,
    needs: Sequence[str],
    now: int,
    software: str,
) -> Admitted:
    """As `governance.permit.admit`, with the end. Raises PermitRefused, and nothing else.

    `now` is UTC milliseconds. A permit that is signed and yet makes no sense (a timezone that does
    not exist, a time beyond the calendar) is refused as well.
    """
    try:
        permit = admit(
            grant,
            authority=trusted.authority,
            ledger=trusted.ledger,
            camera=camera,
            fingerprint=fingerprint,
            needs=needs,
            now=now,
            software=software,
        )
        return Admitted(permit, until(permit, now))
    except (InputError, LookupError, ValueError, OverflowError, OSError) as error:
        raise PermitRefused(
            f"the permit makes no sense ({type(error).__name__})",
            where=f"camera {camera}",
            mend="Approve and publish the assessment again",
        ) from error


def until(permit: Permit, now: int) -> int:
    """UTC milliseconds at which `permit`, in force at `now`, is in force no more.

    Hours can end where a stretch's minute begins or where the zone's clock is set, which happens on
    quarters of an hour; each such moment within the next week is asked about, in order.
    """
    if not permit.hours:
        return permit.ends
    zone = zoneinfo.ZoneInfo(permit.timezone)
    edges = {0, *(m for stretch in permit.hours for m in (stretch.since, stretch.until))}
    quarter = now // _QUARTER * _QUARTER
    for start in range(quarter, quarter + _LOOK * _QUARTER, _QUARTER):
        local = dt.datetime.fromtimestamp(start / 1000, tz=zone)
        minute = local.hour * 60 + local.minute
        later = {(edge - minute) * _MINUTE for edge in edges if 0 <= edge - minute < 15}
        for moment in sorted(start + step for step in {0, *later}):
            if moment >= permit.ends:
                return permit.ends
            if moment > now and not in_hours(permit, moment):
                return moment
    return permit.ends
