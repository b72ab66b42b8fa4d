"""Why a camera runs or does not: worked out from the ledger's standing and the permits it names."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from plainview.governance.assessment import Assessment
from plainview.governance.cameras import MOVED
from plainview.governance.permit import CHANGED, UPGRADED, Permit, in_hours, of_version
from plainview.governance.register import OUTSIDE_HOURS, RUNNING, STOPPED, SUSPENDED, WAITING
from plainview.governance.standing import PermitRecord, Standing, Started, stopped_by

_SUSPENDED: Final = {MOVED: "moved", CHANGED: "changed", UPGRADED: "software"}
"""Why the program suspends a camera -> key of the reason."""
Documents = Mapping[str, Assessment | Permit]
"""Digest, as entries name it -> the document. One that is missing hides no camera."""


class Granted(NamedTuple):
    """A permit that the ledger granted, with its documents as far as they can be read."""

    record: PermitRecord
    permit: Permit | None
    assessment: Assessment | None
    allowed: Mapping[str, frozenset[str]]
    """Capability -> cameras."""


class Moment(NamedTuple):
    """What the state of every camera is worked out from, at one time."""

    standing: Standing
    live: Mapping[str, Sequence[Granted]]
    """Camera -> permits that hold now and name it, the last granted first."""
    lapsed: Mapping[str, Granted]
    """Camera -> the last permit that named it and holds no more, or not yet."""
    by_digest: Mapping[str, Granted]
    t: int


def granted(record: PermitRecord, documents: Documents) -> Granted:
    """`record` with its documents."""
    permit, assessment = documents.get(record.digest), documents.get(record.assessment)
    allowed = (
        {name: frozenset(cameras) for name, cameras in permit.capabilities.items()}
        if isinstance(permit, Permit)
        else {}
    )
    return Granted(
        record,
        permit if isinstance(permit, Permit) else None,
        assessment if isinstance(assessment, Assessment) else None,
        allowed,
    )


def state_of(
    now: Moment, camera: str, started: Started | None, live: Sequence[Granted]
) -> tuple[str, str, str]:
    """(state, key of the reason, what was recorded as the reason)."""
    if started is not None:
        return RUNNING, "", ""
    return _halted(now, camera, live) or _idle(now, camera, live)


def _halted(now: Moment, camera: str, live: Sequence[Granted]) -> tuple[str, str, str] | None:
    """The state of what people or health stopped, though it may be permitted."""
    known = now.standing.cameras.get(camera)
    needs = [name for one in live for name, allowed in one.allowed.items() if camera in allowed]
    stop = stopped_by(now.standing.stops, camera, known.site if known else "", needs)
    if stop is not None:
        by = ".centre" if stop.centre else ""
        return STOPPED, f"stop.{stop.scope.partition(':')[0]}{by}", stop.why
    suspension = now.standing.suspensions.get(camera)
    if suspension is not None:
        reason = _SUSPENDED.get(suspension.reason)
        # What the program itself gave as the reason is English, and the key says it.
        return (SUSPENDED, reason, "") if reason else (SUSPENDED, "other", suspension.why)
    return None


def _idle(now: Moment, camera: str, live: Sequence[Granted]) -> tuple[str, str, str]:
    """The state of what nobody stopped and that does not run."""
    reasons = [_lacking(now, camera, one) for one in live]
    if not reasons:
        lapsed = now.lapsed.get(camera)
        return WAITING, _over(lapsed, now.t) if lapsed else "no-permit", ""
    if "" in reasons:
        return WAITING, "not-started", ""
    if "hours" in reasons:
        return OUTSIDE_HOURS, "hours", ""
    return WAITING, reasons[0], ""


def _lacking(now: Moment, camera: str, one: Granted) -> str:
    """What keeps `camera` from starting under a live permit that names it; empty for nothing."""
    known = now.standing.cameras.get(camera)
    if one.permit is None:
        return "no-permit"
    if known is None or one.permit.cameras[camera] != known.fingerprint:
        return "changed"
    if not of_version(now.standing.software, one.permit.software):
        return "software"
    return "" if in_hours(one.permit, now.t) else "hours"


def _over(one: Granted, now: int) -> str:
    if one.record.over == "revoked":
        return "revoked"
    return "future" if now < one.record.begins else "expired"


def permit_state(record: PermitRecord, now: int) -> str:
    """live, future, expired, superseded or revoked at `now` (UTC milliseconds)."""
    if record.over == "revoked":
        return "revoked"
    if record.over and now >= record.over_since:
        return "superseded"
    if now < record.begins:
        return "future"
    return "expired" if now >= record.ends else "live"
