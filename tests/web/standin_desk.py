"""A desk in memory that really keeps what it is told: drafts, approvals of two people, stops.

The checks are the program's own; only the ledger and the cameras' processes are missing.
"""

import datetime as dt
import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path

from msgspec import structs

from plainview.clock import Clock
from plainview.errors import AccessRefused, InputError
from plainview.governance import draft as drafting
from plainview.governance.approving import is_named
from plainview.governance.assessment import (
    AssessedCamera,
    Assessment,
    load_assessment,
    parse_assessment,
    say,
)
from plainview.governance.capability import MEASURING
from plainview.governance.check import check
from plainview.governance.person import APPROVERS, RESUMERS, Person, Role
from plainview.record import LensState
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

TODAY = dt.date(2026, 9, 15)
"""The day on which the examples of tests/governance are checked."""
EXAMPLE = Path(__file__).parents[1] / "governance" / "examples" / "eu.toml"


class StandinDesk:
    """Owns drafts, approvals and stops. Thread-safe."""

    def __init__(self, cameras: tuple[CameraEdge, ...], clock: Clock, *, today: dt.date) -> None:
        """Of a city with these `cameras`, all of which run; each one's view is known."""
        self._cameras = {camera.camera: camera for camera in cameras}
        self.views = {
            camera.camera: hashlib.sha256(camera.camera.encode()).hexdigest() for camera in cameras
        }
        """Fingerprints of what each camera sees now."""
        self._clock = clock
        self._today = today
        self._drafts: dict[str, str] = {}
        self.broken: dict[str, DraftEdge] = {}
        self.later = 0
        self.unread = 0
        self._live: dict[str, str] = {}
        self._approvals: dict[str, dict[Role, tuple[str, float]]] = {}
        self._stops: dict[str, StopEdge] = {}
        self._agreed: dict[str, list[Person]] = {}
        self._lock = threading.RLock()

    @property
    def ledger_folder(self) -> Path:
        """There is none here."""
        raise AccessRefused("this desk has no ledger")

    @property
    def ledger_vkey(self) -> str:
        """There is none here."""
        raise AccessRefused("this desk has no ledger")

    def attest(self, nonce: str) -> str:
        """Nothing is attested here."""
        raise AccessRefused(f"this desk has no key to sign {nonce!r} with")

    def set_state(self, camera: str, state: str, why: str = "") -> None:
        """Let a camera be in `state`."""
        with self._lock:
            known = self._cameras[camera]
            self._cameras[camera] = structs.replace(known, state=state, why=why)

    def set_lens(self, camera: str, lens: LensState, note: str = "") -> None:
        """Let the pipeline of a camera be in the state `lens`."""
        with self._lock:
            known = self._cameras[camera]
            self._cameras[camera] = structs.replace(known, lens=lens, note=note)

    def judge(self, camera: str, *events: EventStandingEdge) -> None:
        """Let the events of a camera be worth that."""
        with self._lock:
            known = self._cameras[camera]
            self._cameras[camera] = structs.replace(known, events=events)

    def cameras(self) -> list[CameraEdge]:
        """The cameras; what is under a pressed switch does nothing, if it is run from here."""
        with self._lock:
            found = []
            for camera in self._cameras.values():
                scopes = {"city", f"site:{camera.site}", f"camera:{camera.camera}"}
                scopes |= {f"capability:{name}" for name in MEASURING}
                stop = next((s for s in self._stops.values() if s.scope in scopes), None)
                if camera.state == "elsewhere":
                    found.append(camera)
                elif stop is not None:
                    stopped = {"state": "stopped", "why": stop.why, "capabilities": ()}
                    found.append(structs.replace(camera, **stopped))
                else:
                    left = (one for one in camera.capabilities if not self._stopped(one))
                    found.append(structs.replace(camera, capabilities=tuple(left)))
            return found

    def _stopped(self, capability: str) -> bool:
        return f"capability:{capability}" in self._stops

    def permit(self, *capabilities: str) -> None:
        """Let every camera do `capabilities`, too."""
        with self._lock:
            self._cameras = {
                name: structs.replace(one, capabilities=(*one.capabilities, *capabilities))
                for name, one in self._cameras.items()
            }

    def purposes(self) -> list[PurposeEdge]:
        """The aims of what was published."""
        with self._lock:
            found = []
            for text in self._live.values():
                assessment = _parse(text)
                sites = tuple(sorted({camera.site for camera in assessment.cameras}))
                found += [
                    PurposeEdge(f"{assessment.name}/{aim.id}", say(aim.text, "en"), sites)
                    for aim in assessment.aims
                ]
            return found

    def record_access(self, person: Person, purpose: str, what: str, reference: str = "") -> None:
        """There is no ledger here: nothing is kept."""

    def drafts(self) -> DraftsEdge:
        """Live ones and drafts."""
        with self._lock:
            live = [self._edge(text, published=True) for text in self._live.values()]
            written = [self._edge(text) for text in self._drafts.values()]
            found = [*live, *written, *self.broken.values()]
            return DraftsEdge(found, self.later, self.unread, "governance/drafts")

    def draft(self, name: str) -> tuple[DraftEdge | None, DraftEdge | None]:
        """The draft, and the live one."""
        with self._lock:
            written = self._edge(self._drafts[name]) if name in self._drafts else None
            live = self._edge(self._live[name], published=True) if name in self._live else None
            return written or self.broken.get(name), live

    def check(self, text: str) -> list[FindingEdge]:
        """What the program's own check finds."""
        found = check(_parse(text), today=self._today, views=self.views)
        return [FindingEdge(f.field, f.what, f.clause, f.pack, f.mend) for f in found]

    def new_draft(self, packs: tuple[str, ...]) -> str:
        """The program's own new draft."""
        seen = [
            AssessedCamera(camera.camera, camera.site, self.views[camera.camera])
            for camera in self._cameras.values()
        ]
        return drafting.new(packs, seen, today=self._today)

    def publish_at_once(self, assessment: Assessment) -> None:
        """Have `assessment` in force from the beginning."""
        self._live[assessment.id] = drafting.written(assessment)

    def write_draft(self, person: Person, text: str) -> DraftEdge:  # noqa: ARG002 - the gate has asked
        """Keep it; approvals are of a digest, so that a change takes them back."""
        with self._lock:
            assessment = _parse(text)
            self._drafts[assessment.id] = text
            return self._edge(text)

    def discard_draft(self, person: Person, draft: str, digest: str) -> None:  # noqa: ARG002 - the gate has asked
        """Forget it, if it is still what was read."""
        with self._lock:
            if draft in self.broken and self.broken[draft].digest == digest:
                del self.broken[draft]
                return
            if _parse(self._draft(draft)).digest() != digest:
                raise InputError("the draft was changed since it was read")
            del self._drafts[draft]

    def approve(self, person: Person, draft: str, digest: str) -> DraftEdge:
        """Approve, once for each role and person."""
        with self._lock:
            text = self._draft(draft)
            if person.role not in APPROVERS:
                raise AccessRefused(f"who is {person.role} does not approve assessments")
            if _parse(text).digest() != digest:
                raise InputError("the draft was changed since it was read")
            if self.check(text):
                raise InputError("there are findings")
            if not is_named(_parse(text), person):
                raise AccessRefused(f"it names somebody else as {person.role}")
            given = self._approvals.setdefault(digest, {})
            given[person.role] = (person.name, self._clock.utc())
            return self._edge(text)

    def publish(self, person: Person, draft: str) -> str:  # noqa: ARG002 - the gate has asked
        """Publish what both have approved."""
        with self._lock:
            text = self._draft(draft)
            assessment = _parse(text)
            given = self._approvals.get(assessment.digest(), {})
            lacking = [role for role in APPROVERS if role not in given]
            if lacking:
                raise InputError(f"the approval of the {' and the '.join(lacking)} is missing")
            self._live[draft] = self._drafts.pop(draft)
            return assessment.name

    def stops(self) -> list[StopEdge]:
        """Those that are pressed."""
        with self._lock:
            return list(self._stops.values())

    def press_stop(self, person: Person, scope: str, why: str) -> None:
        """One person is enough."""
        if person.role is Role.COMMISSIONER:
            raise AccessRefused("oversight is read-only")
        if not why.strip():
            raise InputError("a reason is missing", where="why")
        with self._lock:
            stop = StopEdge(scope, self._clock.utc(), why, ())
            if any(camera.state == "elsewhere" for camera in self._cameras.values()):
                waits = SiteAnswerEdge("plaza", "Station plaza", "silent", 0.0)
                self._stops[scope] = structs.replace(stop, order=OrderEdge(1, 0, (waits,)))
            self._stops.setdefault(scope, stop)

    def set_stop(self, scope: str, **changes: object) -> None:
        """Let a stop that is pressed be otherwise: what became of it at the sites."""
        with self._lock:
            self._stops[scope] = structs.replace(self._stops[scope], **changes)

    def lift_stop(self, person: Person, scope: str, why: str) -> bool:
        """Two people, each in a role that may."""
        if person.role not in RESUMERS:
            raise AccessRefused(f"who is {person.role} does not start again what was stopped")
        if not why.strip():
            raise InputError("a reason is missing", where="why")
        with self._lock:
            if scope not in self._stops:
                raise InputError(f"the stop switch of {scope} is not pressed")
            agreed = self._agreed.setdefault(scope, [])
            if any(other.name == person.name for other in agreed):
                raise InputError("you have agreed already: another person must agree too")
            agreed.append(person)
            if len(agreed) >= 2:
                del self._stops[scope], self._agreed[scope]
                return True
            roles = tuple(other.role for other in agreed)
            self._stops[scope] = structs.replace(self._stops[scope], agreed=roles)
            return False

    def damage(self, name: str, fault: str) -> None:
        """Let there be a draft that cannot be read."""
        self.broken[name] = DraftEdge(
            name, 0, "", None, "d" * 64, (), (), published=False, fault=fault
        )

    def _draft(self, name: str) -> str:
        if name not in self._drafts:
            raise InputError(f"there is no draft {name!r}")
        return self._drafts[name]

    def _edge(self, text: str, *, published: bool = False) -> DraftEdge:
        assessment = _parse(text)
        given = self._approvals.get(assessment.digest(), {})
        return DraftEdge(
            id=assessment.id,
            revision=assessment.revision,
            title=say(assessment.title, "en") or assessment.id,
            assessment=assessment,
            digest=assessment.digest(),
            findings=() if published else tuple(self.check(text)),
            approvals=tuple(ApprovalEdge(role, t) for role, (_, t) in given.items()),
            published=published,
        )


def running(camera: str, site: str, name: str = "", site_name: str = "") -> CameraEdge:
    """A camera that runs and measures."""
    return CameraEdge(camera, site, "running", "", MEASURING, "plaza@1", name, site_name)


def in_force(desk: StandinDesk, cameras: Mapping[str, str]) -> Assessment:
    """An assessment of `cameras` (each one's site by its id), published at once."""
    example = load_assessment(EXAMPLE)
    first = example.cameras[0]
    assessment = structs.replace(
        example,
        cameras=tuple(
            structs.replace(first, id=camera, site=site, fingerprint=desk.views[camera])
            for camera, site in cameras.items()
        ),
        capabilities=tuple(structs.replace(one, cameras=()) for one in example.capabilities),
    )
    desk.publish_at_once(assessment)
    return assessment


def _parse(text: str) -> Assessment:
    return parse_assessment(text, "draft.toml")
