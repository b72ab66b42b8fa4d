"""Releases as the console asks for them: the implementation of `web.releases.Releases`."""

import contextlib
import os
from collections.abc import Iterator

import structlog

from plainview.errors import AccessRefused, LedgerError, PermitRefused
from plainview.governance import release_office
from plainview.governance.capability import RELEASE
from plainview.governance.office import Office
from plainview.governance.person import Person
from plainview.governance.release_office import Wish
from plainview.governance.release_standing import FootageRelease, at
from plainview.web.releases import ReleaseEdge, ReleasesNow, ReleaseWish

_MOST = 500
_log = structlog.get_logger(__name__)


@contextlib.contextmanager
def _refused() -> Iterator[None]:
    """What no permit covers is refused to who asks: the program itself is in order."""
    try:
        yield
    except PermitRefused as error:
        raise AccessRefused(error.what, where=error.where, mend=error.mend) from error


class RunningReleases:
    """The releases of a running Plainview. Thread-safe through the office."""

    def __init__(self, office: Office) -> None:
        """Of `office`."""
        self._office = office

    def now(self) -> ReleasesNow:
        """All of them, the newest first, and what may be asked for now."""
        self._office.refresh()
        known = sorted(self._office.standing().footage.values(), key=lambda one: -one.index)
        cameras: dict[str, float] = {}
        for live in self._office.live_permits(self._office.now(), unsound=lambda _: None):
            for camera in live.permit.capabilities.get(RELEASE, ()):
                cameras[camera] = max(cameras.get(camera, 0.0), live.permit.release)
        now = self._office.now()
        return ReleasesNow([self._edge(at(one, now)) for one in known[:_MOST]], cameras)

    def ask(self, person: Person, wish: ReleaseWish) -> ReleaseEdge:
        """Ask for footage, signed by the authority for who signed in."""
        asked = Wish(
            wish.case,
            wish.purpose,
            wish.basis,
            wish.cameras,
            round(wish.since * 1000),
            round(wish.until * 1000),
            wish.unredacted,
            wish.visible,
        )
        with _refused():
            made = release_office.ask(self._office, person, asked, os.urandom)
        return self._edge(release_office.find(self._office, made.id))

    def approve(self, person: Person, release: str) -> ReleaseEdge:
        """Approve a request."""
        with _refused():
            return self._edge(release_office.approve(self._office, person, release))

    def _edge(self, one: FootageRelease) -> ReleaseEdge:
        return ReleaseEdge(
            id=one.id,
            state=one.state,
            case=self._case(one),
            purpose=one.purpose,
            basis=one.basis,
            cameras=one.cameras,
            since=one.since / 1000,
            until=one.until / 1000,
            unredacted=one.unredacted,
            visible=one.visible,
            role=one.role,
            t=one.t / 1000,
            approved=tuple(approval.role for approval in one.approvals),
            ends=one.ends / 1000 if one.ends else None,
            opened=len(one.opened),
            exported=len(one.exported),
        )

    def _case(self, one: FootageRelease) -> str:
        """The case's number: it is in the request's document alone."""
        try:
            return release_office.request_of(self._office, one).case
        except LedgerError as error:
            _log.error("a request cannot be read", why=error.line())
            return ""
