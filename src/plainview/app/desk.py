"""Governance as the pages ask for it: the implementation of `web.desk.Desk`."""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from plainview.app import cities
from plainview.app.governor import CameraState, Governor
from plainview.app.orders import unheard
from plainview.app.scorecards import Scorecards
from plainview.config import CameraConfig, CityConfig
from plainview.durable import put, sync_folder
from plainview.errors import InputError, PlainviewError, StoreError
from plainview.governance import approving, draft
from plainview.governance.assessment import (
    AssessedCamera,
    Assessment,
    parse_assessment,
    say,
)
from plainview.governance.check import Finding
from plainview.governance.documents import digest_of
from plainview.governance.office import Office
from plainview.governance.orders import State, Told
from plainview.governance.person import Person, Role
from plainview.governance.standing import PermitRecord, Stop
from plainview.governance.switch import Switch
from plainview.ledger.entry import EntryKind
from plainview.record import BY_THRESHOLDS, CameraStatus, EventKind
from plainview.web.desk import (
    ApprovalEdge,
    CameraEdge,
    DraftEdge,
    DraftsEdge,
    EventStandingEdge,
    FindingEdge,
    OrderEdge,
    PurposeEdge,
    SiteAnswerEdge,
    StopEdge,
)

_log = structlog.get_logger(__name__)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FOLDER: Final = "governance/drafts"
LISTED: Final = 100
"""Files of drafts that a list reads: each takes some 15 ms, and it is made at each look. And the
sites that are told of one stop order."""
_UNKNOWN = CameraState("waiting", "Plainview has not looked at it yet", "", ())


class RunningDesk:
    """The desk of a running Plainview. Thread-safe through the office."""

    def __init__(
        self,
        office: Office,
        switch: Switch,
        governor: Governor,
        city: Callable[[], CityConfig],
        cards: Scorecards | None = None,
        told: Callable[[Stop], Sequence[Told] | None] = lambda _: None,
        statuses: Callable[[], Mapping[str, CameraStatus]] = dict,
    ) -> None:
        """Over what runs; `city` gives the city as it is configured now, with its `cards`.

        `told` says what became of a stop of the centre's at its sites, `statuses` how the
        pipelines on this machine are.
        """
        self._statuses = statuses
        self._cards = cards or Scorecards(city)
        self._told = told
        self._office = office
        self._switch = switch
        self._governor = governor
        self._city = city

    @property
    def ledger_folder(self) -> Path:
        """Public static files of the log."""
        return self._office.ledger.folder

    @property
    def ledger_vkey(self) -> str:
        """The log's verifier key."""
        return self._office.ledger.vkey

    def attest(self, nonce: str) -> str:
        """Signed note of what runs now."""
        return self._governor.attest(nonce)

    def cameras(self) -> list[CameraEdge]:
        """Whether each camera may run."""
        states, statuses = self._governor.states(), self._statuses()
        return [
            CameraEdge(
                camera.id,
                site.id,
                s.state,
                s.why,
                s.capabilities,
                s.permit,
                site_name=site.name,
                events=self._events(camera, s.capabilities),
                lens=None if status is None else status.state,
                note="" if status is None else status.note,
            )
            for site in self._city().sites
            for camera in site.cameras
            for s in (states.get(camera.id, _UNKNOWN),)
            for status in (statuses.get(camera.id),)
        ]

    def _events(
        self, camera: CameraConfig, capabilities: Sequence[str]
    ) -> tuple[EventStandingEdge, ...]:
        """What the events of `camera` are good for: of kinds that it may look for, or are off.

        Not of what numbers tell: a threshold calls whatever is on a card.
        """
        found = {
            kind: self._cards.of(camera, kind)
            for kind in EventKind
            if kind not in BY_THRESHOLDS
            if f"events:{kind}" in capabilities or kind in camera.events.off
        }
        return tuple(EventStandingEdge(kind, one.standing, one.why) for kind, one in found.items())

    # --- access ----------------------------------------------------------------------------------

    def purposes(self) -> list[PurposeEdge]:
        """The aims of permits that hold now."""
        site_of = {camera.id: site.id for site in self._city().sites for camera in site.cameras}
        found = []
        for one in self._office.live_permits(self._office.now(), unsound=_unsound):
            assessment = self._office.assessment(one.record.assessment)
            sites = {site_of[camera] for camera in one.permit.cameras if camera in site_of}
            found += [
                PurposeEdge(
                    f"{one.permit.id}/{aim.id}",
                    say(aim.text, assessment.language) or aim.id,
                    tuple(sorted(sites)),
                )
                for aim in assessment.aims
            ]
        return found

    def record_access(self, person: Person, purpose: str, what: str, reference: str = "") -> None:
        """Put an access in the ledger. Raises LedgerError, and then nothing may be shown."""
        entry = self._office.entry(
            EntryKind.DATA_ACCESSED,
            _subject(reference),
            person,
            purpose=purpose[:300],
            what=what[:300],
            reference=reference[:300],
        )
        self._office.record(entry)

    # --- assessments -----------------------------------------------------------------------------

    def drafts(self) -> DraftsEdge:
        """The `LISTED` that are granted and end first, and the newest that are being written."""
        granted = self._granted()
        soon = sorted(granted, key=lambda name: (granted[name].ends, name))[:LISTED]
        kept = sorted(self._office.drafts.glob("*.toml"), key=_written_at, reverse=True)
        drafts = [one for path in kept[:LISTED] if (one := self._kept(path)) is not None]
        return DraftsEdge(
            found=[
                *(self._published(granted[name]) for name in sorted(soon)),
                *(one for one in drafts if not (one.published and one.id in granted)),
            ],
            later=len(granted) - len(soon),
            unread=max(len(kept) - LISTED, 0),
            folder=_FOLDER,
        )

    def draft(self, name: str) -> tuple[DraftEdge | None, DraftEdge | None]:
        """What is being written of the assessment `name`, and what is granted of it."""
        kept = self._kept(self._path(name)) if _NAME.fullmatch(name) else None
        live = self._granted(name).get(name)
        return (
            None if kept is None or kept.published else kept,
            None if live is None else self._published(live),
        )

    def _granted(self, only: str = "") -> dict[str, PermitRecord]:
        """What is granted, by the assessment's id: of all, or of `only` one.

        What is in force is shown before what is granted for later.
        """
        now = self._office.now()
        records = sorted(
            (
                one
                for one in self._office.standing().permits.values()
                if one.granted_still(now) and (not only or one.id.rpartition("@")[0] == only)
            ),
            key=lambda one: (one.holds(now), one.index),
        )
        return {record.id.rpartition("@")[0]: record for record in records}

    def check(self, text: str) -> list[FindingEdge]:
        """What is wrong with an assessment."""
        return [_finding(f) for f in approving.findings(self._office, _parse(text))]

    def new_draft(self, packs: tuple[str, ...]) -> str:
        """The text of a new assessment, with this city's cameras in it."""
        city = self._city()
        seen = [
            AssessedCamera(name, camera.seen.site, camera.seen.fingerprint)
            for name, camera in cities.configured(city).items()
        ]
        return draft.new(packs, seen, today=self._today())

    def write_draft(self, person: Person, text: str) -> DraftEdge:  # noqa: ARG002 - who may write is the policy's; a draft decides nothing
        """Keep a draft under the id in it."""
        assessment = _parse(text)
        path = self._path(assessment.id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            put(path, text.encode())
        except OSError as error:
            raise StoreError(
                f"the draft cannot be kept ({error.strerror})", where=str(path)
            ) from error
        return self._edge(assessment)

    def discard_draft(self, person: Person, draft: str, digest: str) -> None:
        """Delete a draft as it was read. Approvals of it count no more, which is recorded first."""
        path = self._path(draft)
        kept = self._kept(path)
        if kept is None:
            raise _missing(draft)
        if not digest or kept.digest != digest:
            raise _changed(draft, "delete")
        if kept.published:
            raise InputError(
                f"{draft}@{kept.revision} is in force or will be, and no draft any more",
                where=f"assessment {draft}",
                mend="Revoke its permit: see 'plainview assessment revoke --help'",
            )
        if kept.assessment is not None:
            approving.withdraw(self._office, person, kept.assessment)
        try:
            path.unlink()
            sync_folder(path.parent)
        except OSError as error:
            raise StoreError(
                f"the draft cannot be deleted ({error.strerror})", where=str(path)
            ) from error

    def approve(self, person: Person, draft: str, digest: str) -> DraftEdge:
        """Approve a draft as controller or privacy officer."""
        assessment = self._as_read(draft, digest, "approve")
        approving.approve(self._office, person, assessment)
        return self._edge(assessment)

    def publish(self, person: Person, draft: str) -> str:
        """Grant the permit of a draft that both have approved."""
        assessment = self._draft(draft)
        permit = approving.publish(self._office, person, assessment)
        self._governor.wake()
        return permit

    # --- stop switch -----------------------------------------------------------------------------

    def stops(self) -> list[StopEdge]:
        """Stop switches that are pressed now."""
        return [
            StopEdge(
                stop.scope,
                stop.since / 1000,
                stop.why,
                tuple(Role(role) for role, _ in stop.agreed),
                centre=stop.centre,
                order=self._order(stop),
            )
            for stop in self._switch.stops().values()
        ]

    def _order(self, stop: Stop) -> OrderEdge | None:
        """What became of `stop` at the sites; None where this is no centre."""
        found = self._told(stop)
        if found is None:
            return None
        names = {site.id: site.name for site in self._city().sites}
        others = [one for one in found if one.state is not State.CONFIRMED]
        return OrderEdge(
            len(found),
            len(found) - len(others),
            tuple(
                SiteAnswerEdge(
                    one.site, names.get(one.site, one.site), one.state.value, one.heard, one.refusal
                )
                for one in others[:LISTED]
            ),
            given=stop.index >= 0,
            unheard=unheard(found, self._office.clock.utc()),
        )

    def press_stop(self, person: Person, scope: str, why: str) -> None:
        """Stop at once what `scope` names."""
        try:
            self._switch.press(person, scope, why)
        finally:
            self._governor.wake()

    def lift_stop(self, person: Person, scope: str, why: str) -> bool:
        """Agree that it may start again; True when it does."""
        done = self._switch.lift(person, scope, why)
        self._governor.wake()
        return done

    # --- parts -----------------------------------------------------------------------------------

    def _today(self) -> dt.date:
        return dt.datetime.fromtimestamp(self._office.clock.utc(), tz=dt.UTC).date()

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise InputError(f"{name[:80]!r} is no assessment's id", where="assessments")
        return self._office.drafts / f"{name}.toml"

    def _draft(self, name: str) -> Assessment:
        path = self._path(name)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise _missing(name) from error
        return _read(path, data)

    def _kept(self, path: Path) -> DraftEdge | None:
        """The draft in the file `path`, with what is wrong where it cannot be read; None: gone."""
        digest = ""
        try:
            data = path.read_bytes()
            digest = digest_of(data)
            assessment = _read(path, data)
        except FileNotFoundError:
            return None
        except OSError as error:
            fault = f"{_shown(path)}: cannot be read ({error.strerror}). Mend its permissions"
        except InputError as error:
            fault = error.line()
        else:
            return self._edge(assessment)
        name = path.stem
        return DraftEdge(
            id=name,
            revision=0,
            title="",
            assessment=None,
            digest=digest if _NAME.fullmatch(name) else "",
            findings=(),
            approvals=(),
            published=False,
            fault=fault,
        )

    def _as_read(self, name: str, digest: str, wish: str) -> Assessment:
        """The draft, which must still be what somebody read who has the `wish`."""
        assessment = self._draft(name)
        if assessment.digest() != digest:
            raise _changed(name, wish)
        return assessment

    def _edge(self, assessment: Assessment) -> DraftEdge:
        record = self._office.standing().permits.get(assessment.name)
        published = (
            record is not None
            and record.assessment == assessment.digest()
            and record.granted_still(self._office.now())
        )
        return self._edge_of(assessment, published=published)

    def _published(self, record: PermitRecord) -> DraftEdge:
        return self._edge_of(self._office.assessment(record.assessment), published=True)

    def _edge_of(self, assessment: Assessment, *, published: bool) -> DraftEdge:
        findings: Sequence[Finding] = ()
        given = approving.recorded(self._office, assessment)
        if not published:
            findings = approving.findings(self._office, assessment)
            given = approving.approvals(self._office, assessment)
        return DraftEdge(
            id=assessment.id,
            revision=assessment.revision,
            title=say(assessment.title, assessment.language) or assessment.id,
            assessment=assessment,
            digest=assessment.digest(),
            findings=tuple(_finding(finding) for finding in findings),
            approvals=tuple(
                ApprovalEdge(Role(approval.role), approval.t / 1000) for approval in given
            ),
            published=published,
        )


def _unsound(error: PlainviewError) -> None:
    _log.error("a permit gives no purpose", why=error.line())


def _missing(name: str) -> InputError:
    return InputError(f"there is no draft {name!r}", where="assessments", mend="Save it first")


def _changed(name: str, wish: str) -> InputError:
    return InputError(
        "the draft was changed since it was read",
        where=f"assessment {name}",
        mend=f"Read it again before you {wish} it",
    )


def _shown(path: Path) -> str:
    return f"{_FOLDER}/{path.name}"


def _written_at(path: Path) -> tuple[float, str]:
    """When the file was written; what is gone by now was so before all others."""
    try:
        return path.stat().st_mtime, path.name
    except OSError:
        return 0.0, path.name


def _read(path: Path, data: bytes) -> Assessment:
    """The draft that the file `path` holds. Raises InputError; `where` is in the state folder."""
    where = _shown(path)
    if not _NAME.fullmatch(path.stem):
        raise InputError(
            "a draft has its assessment's id for a name, and this can be none",
            where=where,
            mend="Rename or remove the file",
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            "is no text in UTF-8", where=where, mend="Save the file as UTF-8, or delete the draft"
        ) from error
    assessment = parse_assessment(text, where)
    if assessment.id != path.stem:
        raise InputError(
            f"the assessment in it has the id {assessment.id!r}",
            where=where,
            mend=f"Name the file {assessment.id}.toml, or write id = {path.stem!r} in it",
        )
    return assessment


def _parse(text: str) -> Assessment:
    return parse_assessment(text, "draft.toml")


def _finding(finding: Finding) -> FindingEdge:
    return FindingEdge(finding.field, finding.what, finding.clause, finding.pack, finding.mend)


def _subject(reference: str) -> str:
    """What an access was about, as entries name it: `site:ID`, `camera:ID` or `city`."""
    kind, _, name = reference.partition(":")
    return f"{kind}:{name}"[:200] if kind in {"site", "camera"} and name else "city"
