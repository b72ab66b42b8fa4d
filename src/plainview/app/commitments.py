"""`plainview ledger open | erase`: what a salted commitment is to, for an auditor or for nobody."""

from collections.abc import Iterator
from pathlib import Path

from plainview.app.ledger import printable
from plainview.app.officers import office_of
from plainview.errors import InputError, LedgerLie
from plainview.governance.person import Person, Role
from plainview.ledger.entry import EntryKind


def open_commitment(
    commitment: str, *, name: str, role: Role, why: str, state: Path | None
) -> Iterator[str]:
    """Show an auditor what a commitment is to; that it was shown is recorded first.

    Raises InputError if it was erased or is unknown, LedgerError.
    """
    _require_reason(name, why)
    with office_of(state) as office:
        opening = office.ledger.open(_hash(commitment))
        if opening is None:
            raise _unknown(commitment)
        office.record(
            office.entry(
                EntryKind.DATA_ACCESSED,
                f"commitment:{opening.commitment}",
                Person(name, role),
                purpose=why,
                what="what the commitment is to",
            )
        )
        if not opening.holds():
            raise LedgerLie("what is kept for it is not what was committed to", where=commitment)
        yield printable(opening.value)
        yield printable(f"committed for: {opening.about}")
        yield f"salt: {opening.salt.hex()}"
        yield "held: salt and value are what the ledger's commitment says"


def erase_commitment(
    commitment: str, *, name: str, role: Role, why: str, state: Path | None
) -> str:
    """Forget for good what a commitment is to; recorded first.

    Raises InputError if it was erased or is unknown, LedgerError.
    """
    _require_reason(name, why)
    with office_of(state) as office:
        if office.ledger.open(_hash(commitment)) is None:
            raise _unknown(commitment)
        (index,) = office.record(
            office.entry(
                EntryKind.RETENTION_EXECUTED,
                f"commitment:{commitment}",
                Person(name, role),
                what="what the commitment is to",
                why=why,
            )
        )
        office.ledger.erase(commitment)
    return f"erased: nobody can tell any more what {commitment} is to (ledger entry {index})"


def _require_reason(name: str, why: str) -> None:
    if not name.strip() or not why.strip():
        raise InputError("who asks and why must both be said", where="--name, --why")


def _hash(commitment: str) -> str:
    if len(commitment) != 64 or set(commitment) - set("0123456789abcdef"):
        raise InputError(
            "a commitment is 64 hexadecimal digits", where=commitment[:80], mend="Copy it whole"
        )
    return commitment


def _unknown(commitment: str) -> InputError:
    return InputError(
        "what this is to is not known here: it was erased, or never made here", where=commitment
    )
