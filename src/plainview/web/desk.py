"""What the pages may ask of governance and ledger; `app` gives an implementation."""

from pathlib import Path
from typing import Protocol

from msgspec import Struct

from plainview.governance.assessment import Assessment
from plainview.governance.person import Person, Role
from plainview.record import EventKind, EventStanding, LensState


class FindingEdge(Struct, frozen=True):
    """One thing that is wrong with an assessment, with the clause that asks for it."""

    field: str
    what: str
    clause: str
    pack: str
    mend: str = ""


class ApprovalEdge(Struct, frozen=True):
    """Who has approved, as others may know it: the role and when."""

    role: Role
    t: float
    """UTC seconds."""


class DraftEdge(Struct, frozen=True):
    """An assessment that is being written or waits for approval."""

    id: str
    revision: int
    title: str
    assessment: Assessment | None
    """What stands in it; None where it cannot be read."""
    digest: str
    """Of what would be approved; an approval of another digest does not count."""
    findings: tuple[FindingEdge, ...]
    approvals: tuple[ApprovalEdge, ...]
    published: bool
    fault: str = ""
    """Why the file that keeps it cannot be read, and how to mend it; `digest` is the file's own
    then, empty where it can only be removed by hand."""


class DraftsEdge(Struct, frozen=True):
    """What there is of assessments."""

    found: list[DraftEdge]
    """Those in force by their id, then what is being written, newest first."""
    later: int = 0
    """More that are in force, and end later than those in the list."""
    unread: int = 0
    """Older files of drafts that were left alone: there are more than a list shows."""
    folder: str = ""
    """Where these are, in the state folder."""


class SiteAnswerEdge(Struct, frozen=True):
    """What became of a stop order at one site that has not confirmed it."""

    site: str
    name: str
    state: str
    """waits, lifted, refused, silent (`governance.orders.State`)."""
    heard: float
    """UTC seconds at which the site last asked; 0: never."""
    refusal: str = ""
    """Why it is refused: malformed, key, centre, old, unknown (`governance.order.Refusal`)."""


class OrderEdge(Struct, frozen=True):
    """What became of a stop that was pressed at the centre, at the sites that it is for."""

    sites: int
    """How many it is for."""
    confirmed: int
    """How many have it in their ledger, and run nothing more that it names."""
    others: tuple[SiteAnswerEdge, ...]
    """The others, a hundred of them at most."""
    given: bool = True
    """False: it waits for the centre's ledger, and no site is told before."""
    unheard: int = 0
    """Of the confirmed, those that were not heard for two minutes: it may be otherwise there."""


class StopEdge(Struct, frozen=True):
    """One stop switch that is pressed."""

    scope: str
    """`city`, `site:ID`, `camera:ID` or `capability:NAME`."""
    since: float
    why: str
    agreed: tuple[Role, ...]
    """Roles of those who agreed so far that it may start again; two people are needed."""
    centre: bool = False
    """Whether it was pressed from the centre."""
    order: OrderEdge | None = None
    """Of a stop at the centre; null elsewhere."""


class EventStandingEdge(Struct, frozen=True):
    """What a camera's events of one kind are good for."""

    kind: EventKind
    standing: EventStanding
    why: str
    """One plain sentence, from its scorecard or the lack of one."""


class CameraEdge(Struct, frozen=True):
    """Whether one camera may run, and why not."""

    camera: str
    site: str
    state: str
    """running, waiting (no permit), suspended, stopped, outside-hours."""
    why: str
    capabilities: tuple[str, ...]
    permit: str
    """`ASSESSMENT@REVISION`; empty without."""
    name: str = ""
    """As people call it; empty: it has no other name than its id."""
    site_name: str = ""
    events: tuple[EventStandingEdge, ...] = ()
    """Of the kinds that it may look for, and of those that its file switches off."""
    lens: LensState | None = None
    """Where its pipeline stands on this machine; null: none was started here."""
    note: str = ""
    """Why that does not measure, and how to mend it; empty while it does."""


class PurposeEdge(Struct, frozen=True):
    """An aim of a live assessment: what a person may give as the purpose of an access."""

    id: str
    """`ASSESSMENT@REVISION/AIM`."""
    text: str
    sites: tuple[str, ...]
    """Sites with a camera under this permit."""


class Desk(Protocol):
    """Governance as the web layer sees it. Thread-safe; every method may take a few milliseconds.

    What changes something is in the ledger, durably, when the method returns; each raises
    InputError (nothing was changed), AccessRefused or LedgerError.
    """

    @property
    def ledger_folder(self) -> Path:
        """Public static files of the log, served as they are."""
        ...

    @property
    def ledger_vkey(self) -> str:
        """The log's verifier key."""
        ...

    def attest(self, nonce: str) -> str:
        """Signed note of what runs now (`governance.attest`); `nonce` is echoed in it."""
        ...

    def purposes(self) -> list[PurposeEdge]:
        """Purposes that live assessments allow."""
        ...

    def record_access(self, person: Person, purpose: str, what: str, reference: str = "") -> None:
        """Put an access to non-public data in the ledger. Durable on return, or it raises."""
        ...

    def cameras(self) -> list[CameraEdge]:
        """Whether each camera may run."""
        ...

    def drafts(self) -> DraftsEdge:
        """Published assessments that are live, and the newest of those that are being written."""
        ...

    def draft(self, name: str) -> tuple[DraftEdge | None, DraftEdge | None]:
        """What is being written of the assessment `name`, and what is live of it."""
        ...

    def check(self, text: str) -> list[FindingEdge]:
        """What is wrong with an assessment. Raises InputError if it cannot be read at all."""
        ...

    def new_draft(self, packs: tuple[str, ...]) -> str:
        """The text of a new assessment, with this city's cameras in it."""
        ...

    def write_draft(self, person: Person, text: str) -> DraftEdge:
        """Keep a draft under the id in it, replacing its last text (approvals lapse)."""
        ...

    def discard_draft(self, person: Person, draft: str, digest: str) -> None:
        """Delete a draft as it was read: whoever may write one may.

        A draft decides nothing; where somebody has approved it the ledger is told that these
        approvals count no more, also should exactly that be written again.
        """
        ...

    def approve(self, person: Person, draft: str, digest: str) -> DraftEdge:
        """Approve a draft as controller or privacy officer."""
        ...

    def publish(self, person: Person, draft: str) -> str:
        """Grant the permit of a draft that both have approved; the permit's id."""
        ...

    def stops(self) -> list[StopEdge]:
        """Stop switches that are pressed now."""
        ...

    def press_stop(self, person: Person, scope: str, why: str) -> None:
        """Stop at once what `scope` names. One person is enough."""
        ...

    def lift_stop(self, person: Person, scope: str, why: str) -> bool:
        """Agree that it may start again; True when the second person has agreed and it does."""
        ...
