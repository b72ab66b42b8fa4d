"""From a checked assessment to a permit: two people approve, then the authority signs."""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec

from plainview.errors import AccessRefused, InputError
from plainview.governance.approval import (
    BY_DEMONSTRATION,
    BY_KEY,
    BY_SESSION,
    Statement,
    sign_approval,
)
from plainview.governance.assessment import Assessment
from plainview.governance.cameras import BY_COVER
from plainview.governance.capability import RELEASE
from plainview.governance.check import Finding, check
from plainview.governance.durations import minutes_of, seconds_of
from plainview.governance.office import Office
from plainview.governance.permit import Permit, permit_digest, sign_permit
from plainview.governance.person import APPROVERS, Person, Role, same_name
from plainview.governance.standing import Approval
from plainview.governance.switch import reason
from plainview.ledger.entry import EntryKind
from plainview.ledger.note import Signer
from plainview.schedule import Hours


def findings(office: Office, assessment: Assessment) -> list[Finding]:
    """What keeps `assessment` from being approved here and now, cameras included."""
    standing = office.standing()
    views = {name: c.fingerprint for name, c in standing.cameras.items() if not c.removed}
    today = dt.datetime.fromtimestamp(office.clock.utc(), tz=dt.UTC).date()
    found = check(assessment, today=today, views=views or None)
    newest = max(
        (
            int(name.rpartition("@")[2])
            for name, record in standing.permits.items()
            if name.rpartition("@")[0] == assessment.id and record.assessment != assessment.digest()
        ),
        default=0,
    )
    if newest >= assessment.revision:
        found.append(
            Finding(
                field="revision",
                what=f"revision {newest} was granted already; what was granted cannot be rewritten",
                clause="DESIGN.md section 2, permit",
                pack="plainview",
                mend=f"Give it revision {newest + 1}",
            )
        )
    return found


def recorded(office: Office, assessment: Assessment) -> tuple[Approval, ...]:
    """Who approved exactly this text so far, whomever it names: a permit may rest on them."""
    return office.standing().approvals.get(assessment.digest(), ())


def approvals(office: Office, assessment: Assessment) -> tuple[Approval, ...]:
    """Who approved exactly this text so far, of those whom it names: nobody else's counts.

    Nor does that of a person who can no longer be told, as the name was erased.
    """
    opened = [(one, office.ledger.open(one.who)) for one in recorded(office, assessment)]
    return tuple(
        one
        for one, name in opened
        if name is not None and is_named(assessment, Person(name.value, Role(one.role)))
    )


def is_named(assessment: Assessment, person: Person) -> bool:
    """Whether `assessment` names `person` as who approves it in their role."""
    return any(
        approver.role == person.role and same_name(approver.signs_as, person.name)
        for approver in assessment.approvers
    )


def approve(
    office: Office,
    person: Person,
    assessment: Assessment,
    *,
    signer: Signer | None = None,
    how: str | None = None,
) -> tuple[Approval, ...]:
    """Record that `person` approves `assessment`; all approvals of it so far.

    `signer` is the person's own key; without one the authority signs and the approval says how
    (`session`). Raises InputError while there are findings, AccessRefused for a role that may not
    and for whom the assessment does not name in it, LedgerError. That it names two different people
    is a finding's to see.
    """
    name = f"assessment {assessment.id}@{assessment.revision}"
    if person.role not in APPROVERS:
        raise AccessRefused(
            f"who is {person.role} does not approve assessments",
            where=name,
            mend="It takes the controller and the privacy officer",
        )
    if assessment.simulated and how != BY_DEMONSTRATION:
        raise InputError(
            "it says that nobody exists there, and only the demonstration can say so",
            where=f"{name}, simulated",
            mend="Write simulated = false",
        )
    refuse_findings(office, assessment)
    if not is_named(assessment, person):
        wanted = _wanted(assessment, [person.role])
        raise AccessRefused(
            f"it is {wanted} who approves it as {person.role}, and you are {person.name!r} here",
            where=f"{name}, approvers",
            mend=f"Let {wanted} approve it; or, if you are meant, write {person.name!r} there as"
            " name or account, and both approve the changed text",
        )
    with office.lock:
        office.refresh()
        given = approvals(office, assessment)
        if any(other.role == person.role for other in given):
            return given
        digest = office.documents.put(assessment.encoded())
        entry = office.entry(
            EntryKind.ASSESSMENT_APPROVED,
            f"assessment:{assessment.id}@{assessment.revision}",
            person,
            assessment=digest,
            approval="",
        )
        statement = Statement(
            assessment=digest,
            named=f"{assessment.id}@{assessment.revision}",
            role=person.role,
            who=entry.who,
            how=how or (BY_KEY if signer else BY_SESSION),
            t=entry.t,
        )
        note = sign_approval(statement, signer or office.authority)
        document = office.documents.put(note.encode())
        detail = {**entry.detail, "approval": document, "how": statement.how}
        office.record(msgspec.structs.replace(entry, detail=detail))
        return approvals(office, assessment)


def withdraw(office: Office, person: Person, assessment: Assessment) -> None:
    """Record that `assessment` is not to be granted: its approvals so far count no more.

    Where nobody has approved it nothing was decided, and nothing is recorded. Of what was granted
    it is the revocation that spends them. Raises LedgerError.
    """
    with office.lock:
        office.refresh()
        digest = assessment.digest()
        held = office.standing().permits.get(assessment.name)
        if not recorded(office, assessment) or (held is not None and held.assessment == digest):
            return
        office.record(
            office.entry(
                EntryKind.ASSESSMENT_WITHDRAWN,
                f"assessment:{assessment.name}",
                person,
                assessment=digest,
            )
        )


def publish(office: Office, person: Person | None, assessment: Assessment) -> str:
    """Grant the permit of an assessment that both have approved; the permit's id.

    What was suspended before it was approved, and is in it, starts again. Publishing the same twice
    changes nothing, whoever approved it. Raises InputError for findings or a missing approval,
    LedgerError.
    """
    name = f"{assessment.id}@{assessment.revision}"
    refuse_findings(office, assessment)
    with office.lock:
        office.refresh()
        digest = assessment.digest()
        held = office.standing().permits.get(name)
        if held is not None and held.assessment == digest and held.granted_still(office.now()):
            return name
        approved = approvals(office, assessment)
        given = {approval.role for approval in approved}
        lacking = [role for role in APPROVERS if role not in given]
        if lacking:
            raise InputError(
                f"the approval of the {' and the '.join(lacking)} is missing",
                where=f"assessment {name}",
                mend=f"It takes {_wanted(assessment, lacking)}:"
                " see 'plainview assessment approve --help'",
            )
        permit = permit_of(assessment)
        note = sign_permit(permit, office.authority)
        office.documents.put(note.encode())
        standing = office.standing()
        # Whoever approved before a camera moved has not assessed what it sees now.
        assessed = min(one.index for one in approved)
        office.record(
            office.entry(
                EntryKind.PERMIT_GRANTED,
                f"permit:{name}",
                person,
                permit=permit_digest(note),
                assessment=digest,
                capabilities=sorted(permit.capabilities),
                cameras=len(permit.cameras),
                begins=permit.begins,
                ends=permit.ends,
                simulated=int(permit.simulated),
            ),
            *(
                office.entry(
                    EntryKind.PERMIT_RESUMED, f"camera:{camera}", person, permit=permit_digest(note)
                )
                for camera, suspension in standing.suspensions.items()
                if camera in permit.cameras
                and (suspension.reason in BY_COVER or suspension.index < assessed)
            ),
        )
        return name


def _wanted(assessment: Assessment, roles: Sequence[str]) -> str:
    """Whom `assessment` names for `roles`, as people read it."""
    return " and ".join(
        f"{approver.name} (account {approver.account})" if approver.account else approver.name
        for approver in assessment.approvers
        if approver.role in roles
    )


def revoke(office: Office, person: Person, permit: str, why: str) -> None:
    """Take a permit back: what runs under it stops. Raises InputError, AccessRefused."""
    why = reason(why)
    if person.role not in {*APPROVERS, Role.ADMINISTRATOR}:
        raise AccessRefused(f"who is {person.role} does not revoke permits", where=permit)
    with office.lock:
        office.refresh()
        now = office.now()
        held = office.standing().permits.get(permit)
        if held is None or not held.granted_still(now):
            was = "" if held is None else f": it is {held.over}" if held.over else ": it is over"
            still = [p.id for p in office.standing().permits.values() if p.granted_still(now)]
            raise InputError(
                f"no permit {permit!r} is in force{was}",
                where="permits",
                mend=f"In force: {', '.join(sorted(still)) or 'none'}",
            )
        office.record(
            office.entry(
                EntryKind.PERMIT_REVOKED, f"permit:{permit}", person, permit=held.digest, why=why
            )
        )


def refuse_findings(office: Office, assessment: Assessment) -> None:
    """Raise InputError, naming the first finding and how many there are, if there is any."""
    found = findings(office, assessment)
    if found:
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise InputError(
            f"{first.field}: {first.what} [{first.clause}]{more}",
            where=f"assessment {assessment.id}@{assessment.revision}",
            mend="'plainview assessment check FILE' lists all that is missing; nothing was granted",
        )


def permit_of(assessment: Assessment) -> Permit:
    """What `assessment` asks for, as a permit. It has been checked before."""
    every = tuple(camera.id for camera in assessment.cameras)
    period = assessment.period
    return Permit(
        id=f"{assessment.id}@{assessment.revision}",
        assessment=assessment.digest(),
        aims=tuple(aim.id for aim in assessment.aims),
        capabilities={c.name: tuple(c.cameras) or every for c in assessment.capabilities},
        cameras={camera.id: camera.fingerprint for camera in assessment.cameras},
        begins=_midnight(period.begins, period.timezone),
        ends=_midnight(period.ends, period.timezone, after=1),
        software=assessment.software,
        hours=tuple(
            Hours(tuple(window.days), minutes_of(window.since), minutes_of(window.until))
            for window in period.hours
        ),
        timezone=period.timezone,
        retention={
            kind: seconds_of(text)
            for kind, text in msgspec.structs.asdict(assessment.retention).items()
            if isinstance(text, str) and text and kind in RETAINED
        },
        simulated=assessment.simulated,
        release=min(
            (seconds_of(c.longest) for c in assessment.capabilities if c.name == RELEASE),
            default=0.0,
        ),
    )


RETAINED = ("readings", "minutes", "hours", "events", "footage", "access")


def _midnight(day: dt.date | None, timezone: str, *, after: int = 0) -> int:
    """UTC milliseconds of the beginning of `day` (or so many days `after`) by that clock."""
    if day is None:
        raise InputError("a day is missing", where="period", mend="Give begins and ends")
    start = day + dt.timedelta(days=after)
    moment = dt.datetime.combine(start, dt.time(), tzinfo=ZoneInfo(timezone))
    return round(moment.timestamp() * 1000)
