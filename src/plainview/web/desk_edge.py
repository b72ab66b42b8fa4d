"""JSON of the console's API over `Desk`: what it answers and what may be sent."""

from typing import Annotated

from msgspec import Meta, Struct

from plainview.web.desk import ApprovalEdge, CameraEdge, FindingEdge, StopEdge
from plainview.web.desk_documents import Data

Digest = Annotated[str, Meta(max_length=64)]


class StandingNow(Struct, frozen=True):
    """What runs, what does not and why, and which stop switches are pressed."""

    cameras: list[CameraEdge]
    stops: list[StopEdge]


class StopChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A stop switch to press, or to agree about."""

    scope: Annotated[str, Meta(min_length=1, max_length=100)]
    """`city`, `site:ID`, `camera:ID` or `capability:NAME`."""
    why: Annotated[str, Meta(max_length=2000)]


class Lifted(Struct, frozen=True):
    """What became of an agreement."""

    lifted: bool
    """False: one more person must agree."""
    standing: StandingNow


class PackChoice(Struct, frozen=True):
    """One policy pack."""

    id: str
    title: str
    rules: int


class Choices(Struct, frozen=True):
    """What can be chosen in an assessment."""

    capabilities: tuple[str, ...]
    packs: list[PackChoice]
    software: str
    """Version that runs here."""


class DraftRow(Struct, frozen=True, kw_only=True):
    """An assessment in the list."""

    id: str
    revision: int
    title: str
    published: bool
    findings: int
    approvals: tuple[ApprovalEdge, ...]
    begins: str | None = None
    """First day, `2026-03-31`."""
    ends: str | None = None
    """Last day; it still counts."""
    review: str | None = None
    simulated: bool = False
    cameras: int = 0
    packs: list[str] = []
    digest: str
    fault: str
    """Why it cannot be read, and how to mend it; empty where it is read."""


class DraftRows(Struct, frozen=True):
    """The list of assessments."""

    rows: list[DraftRow]
    """Those in force by their id, then what is being written, newest first."""
    later: int
    """More that are in force, and end later than those in the list."""
    unread: int
    """Older files of drafts that were left alone: there are more than the list shows."""
    folder: str
    """Where these are, in the state folder."""


class DraftForm(Struct, frozen=True):
    """An assessment as the form shows it."""

    id: str
    revision: int
    title: str
    digest: str
    findings: tuple[FindingEdge, ...]
    approvals: tuple[ApprovalEdge, ...]
    published: bool
    document: Data


class Drafted(Struct, frozen=True):
    """What there is of one assessment."""

    draft: DraftForm | None
    live: DraftForm | None


class NewDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """What to begin with."""

    packs: Annotated[tuple[str, ...], Meta(max_length=10)]


class Written(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the form."""

    document: Data
    over: Digest = ""
    """Digest of the draft that it was made from; empty for a new one."""


class Checked(Struct, frozen=True):
    """What is wrong with it; nothing if it may be approved."""

    findings: list[FindingEdge]
    readable: bool = True
    """False: these are answers that cannot be kept as they stand; rules were not asked yet."""


class AsRead(Struct, frozen=True, forbid_unknown_fields=True):
    """What was read, and is to be approved or deleted as it is."""

    digest: Digest


class Published(Struct, frozen=True):
    """The permit that was granted."""

    permit: str
