"""The API of releases of sealed footage: what was asked for, asking, and approving. No picture."""

from typing import Annotated, Any, Final, Protocol

from litestar import Request, get, post
from litestar.params import JSONBody, PathParameter
from msgspec import Meta, Struct

from plainview.governance.person import Person
from plainview.web.access.rules import Action, person_of, rule

_SMALL: Final = 10_000
_FAR: Final = 4_000_000_000

Asked = Request[Any, Any, Any]
Id = Annotated[str, PathParameter(pattern=r"^[0-9a-f]{10}$")]
_Text = Annotated[str, Meta(max_length=200)]


class ReleaseEdge(Struct, frozen=True):
    """One release, for who works with it. No name of anybody."""

    id: str
    state: str
    """asked, granted or ended."""
    case: str
    purpose: str
    basis: str
    cameras: tuple[str, ...]
    since: Annotated[float, Meta(description="UTC seconds.")]
    until: float
    unredacted: bool
    visible: Annotated[int, Meta(description="Percent that hand-drawn regions may show.")]
    role: str
    """In which it was asked for."""
    t: float
    approved: tuple[str, ...]
    """Roles of those who agreed."""
    ends: float | None
    opened: int
    exported: int


class ReleasesNow(Struct, frozen=True):
    """All releases, and what may be asked for."""

    releases: list[ReleaseEdge]
    """Newest first."""
    cameras: dict[str, float]
    """Camera -> seconds of it that one request may open at most."""


class ReleaseWish(Struct, frozen=True, forbid_unknown_fields=True):
    """A request as a form sends it."""

    case: _Text
    purpose: _Text
    basis: _Text
    cameras: Annotated[tuple[_Text, ...], Meta(min_length=1, max_length=20)]
    since: Annotated[float, Meta(ge=0, le=_FAR)]
    until: Annotated[float, Meta(ge=0, le=_FAR)]
    unredacted: bool = False
    visible: Annotated[int, Meta(ge=1, le=100)] = 25


class Releases(Protocol):
    """Releases as the web layer sees them. Thread-safe.

    What changes something is in the ledger when the method returns; each raises InputError,
    AccessRefused, PermitRefused or LedgerError.
    """

    def now(self) -> ReleasesNow:
        """All of them, and what may be asked for now."""
        ...

    def ask(self, person: Person, wish: ReleaseWish) -> ReleaseEdge:
        """Ask for footage."""
        ...

    def approve(self, person: Person, release: str) -> ReleaseEdge:
        """Approve a request. It takes two people, and neither may have asked."""
        ...


def release_handlers(releases: Releases) -> list[Any]:
    """The handlers below /api/v1/releases. Nothing here opens anything: custodians do."""

    @get("/api/v1/releases", opt=rule(Action.READ_RELEASES), tags=["releases"], sync_to_thread=True)
    def listed() -> ReleasesNow:
        """Releases of sealed footage, the newest first, and which cameras may be asked for."""
        return releases.now()

    @post(
        "/api/v1/releases",
        opt=rule(Action.ASK_RELEASE),
        tags=["releases"],
        status_code=200,
        request_max_body_size=_SMALL,
        sync_to_thread=True,
    )
    def ask(request: Asked, data: JSONBody[ReleaseWish]) -> ReleaseEdge:
        """Ask for a stretch of sealed footage; the public log tells of it, without case or name."""
        return releases.ask(person_of(request), data)

    @post(
        "/api/v1/releases/{release:str}/approve",
        opt=rule(Action.APPROVE_RELEASE),
        tags=["releases"],
        status_code=200,
        request_max_body_size=_SMALL,
        sync_to_thread=True,
    )
    def approve(request: Asked, release: Id) -> ReleaseEdge:
        """Approve a request, in one of two roles; who asked cannot."""
        return releases.approve(person_of(request), release)

    return [listed, ask, approve]
