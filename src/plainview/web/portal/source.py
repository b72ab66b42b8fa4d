"""What the public's pages ask of the rest of the program; `app` gives an implementation."""

from pathlib import Path
from typing import Protocol

from plainview.governance.assessment import Assessment
from plainview.governance.register import Register


class PortalSource(Protocol):
    """Register, assessments and ledger as the portal sees them. Thread-safe.

    Every method may raise LedgerError where the ledger or a document cannot be read.
    """

    @property
    def ledger_folder(self) -> Path:
        """Public static files of the log (`checkpoint`, `tile/...`), served as they are."""
        ...

    @property
    def ledger_vkey(self) -> str:
        """The log's verifier key, as `plainview ledger verify --key` takes it."""
        ...

    @property
    def statistics_folder(self) -> Path:
        """Published statistics, a folder for each day; it need not be there."""
        ...

    def register(self) -> Register:
        """The register as of at most 2 s ago; the same object while nothing was made anew."""
        ...

    def assessment(self, name: str, revision: int) -> Assessment:
        """One approved assessment, as it was approved. Asked only for those in the register."""
        ...

    def attest(self, nonce: str) -> str:
        """Signed note of what runs now (`governance.attest`); `nonce` is echoed in it."""
        ...

    def proof(self, index: int) -> str:
        """The tlog-proof of the entry at `index`. Raises InputError where there is none."""
        ...

    def entry(self, index: int) -> bytes:
        """The entry at `index`, as it stands in the log. Raises InputError where there is none."""
        ...
