"""Real grants for tests: an authority, a ledger in a folder, permits and recorded starts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from msgspec import structs

from plainview import __version__
from plainview.clock import Clock, SystemClock
from plainview.fleet.local import LocalFleet
from plainview.governance.capability import MEASURING, to_watch
from plainview.governance.fingerprint import fingerprint
from plainview.governance.permit import Grant, Permit, permit_digest, sign_permit
from plainview.ledger.entry import Entry, EntryKind, encode_entry
from plainview.ledger.log import Ledger
from plainview.ledger.note import Signer
from plainview.vision.spec import LensSpec, TapSpec
from plainview.vision.task import Trust

FOREVER = 4_102_444_800_000
"""2100-01-01 UTC, in milliseconds."""


def permit_of(camera: str, tap: TapSpec, lens: LensSpec) -> Permit:
    """A permit for `camera` to measure and watch what it sees, always and for ever."""
    return Permit(
        id="test@1",
        assessment="a" * 64,
        aims=("safety",),
        capabilities=dict.fromkeys(to_watch(lens.events), (camera,)),
        cameras={camera: fingerprint(tap.source, lens.view)},
        begins=0,
        ends=FOREVER,
        software=__version__,
    )


class Issuer:
    """Owns a ledger in `state` and an authority's key: all that it takes to start a camera."""

    def __init__(self, state: Path, clock: Clock | None = None) -> None:
        """Open or create the ledger."""
        self.clock: Clock = clock or SystemClock()
        self.ledger = Ledger(state, clock=self.clock)
        self.authority = Signer.generate("authority.test")

    @property
    def trust(self) -> Trust:
        """The two public keys."""
        return Trust(authority=self.authority.vkey, ledger=self.ledger.vkey)

    def record(
        self, camera: str, note: str, view: str, needs: Sequence[str] = MEASURING
    ) -> tuple[bytes, str]:
        """Record a start; the entry and its proof."""
        entry = Entry(
            t=int(self.clock.utc() * 1000),
            kind=EntryKind.CAMERA_STARTED,
            subject=f"camera:{camera}",
            detail={
                "permit": permit_digest(note),
                "fingerprint": view,
                "capabilities": list(needs),
            },
        )
        (index,) = self.ledger.append([entry])
        return encode_entry(entry), self.ledger.proof(index)

    def grant(self, camera: str, tap: TapSpec, lens: LensSpec, **changes: object) -> Grant:
        """A grant for `camera`, of a permit with some fields changed."""
        permit = structs.replace(permit_of(camera, tap, lens), **changes)
        note = sign_permit(permit, self.authority)
        view, needs = fingerprint(tap.source, lens.view), to_watch(lens.events)
        entry, proof = self.record(camera, note, view, needs)
        return Grant(permit=note, entry=entry, proof=proof)

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()

    def __enter__(self) -> Self:
        """The issuer itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


class GrantedFleet(LocalFleet):
    """A fleet whose cameras get a grant of their own when they start."""

    def __init__(self, issuer: Issuer, **options: Any) -> None:  # noqa: ANN401 - LocalFleet's own
        """Trust `issuer`; `options` as for a LocalFleet."""
        self._issuer = issuer
        super().__init__(trust=issuer.trust, **options)

    def begin(self, camera: str, tap: TapSpec, lens: LensSpec, **changes: object) -> None:
        """Record and start `camera`, under a permit with some fields changed."""
        self.start(camera, tap, lens, self._issuer.grant(camera, tap, lens, **changes))
