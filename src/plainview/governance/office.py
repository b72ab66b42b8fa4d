"""Governance on one machine: the ledger, the documents beside it, and who may sign what.

`Office` owns them; what changes something goes through `record`, so that no decision is without its
entry. Several processes may have an office on the same state folder: each sees what the others
recorded at its next `refresh`.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from plainview import __version__
from plainview.clock import Clock
from plainview.durable import sweep
from plainview.errors import (
    AccessRefused,
    InputError,
    LedgerError,
    PermitRefused,
    PlainviewError,
)
from plainview.governance.assessment import Assessment, decode_assessment
from plainview.governance.documents import Documents
from plainview.governance.permit import Permit, read_permit
from plainview.governance.person import Person, Role, same_name
from plainview.governance.standing import Officer, PermitRecord, Standing
from plainview.ledger.entry import Detail, Entry, EntryKind, plain
from plainview.ledger.keys import load_or_make
from plainview.ledger.log import Ledger
from plainview.ledger.note import Signer

AUTHORITY = "authority"
STATE = "state"


class LivePermit(NamedTuple):
    """A permit that holds, ready to be asked."""

    record: PermitRecord
    permit: Permit
    note: str


class Office:
    """Owns the ledger's writing side, the documents and the signing keys. Thread-safe."""

    def __init__(
        self, state: Path, clock: Clock, *, origin: str | None = None, software: str = __version__
    ) -> None:
        """Open what is in the folder `state`, or begin it. Raises LedgerError, LedgerLie."""
        self.clock = clock
        self.software = software
        self.documents = Documents(state / "governance" / "documents")
        self.drafts = state / "governance" / "drafts"
        sweep(self.drafts)
        self.keys = state / "keys"
        self.ledger = Ledger(state, clock=clock, origin=origin)
        self.authority: Signer = load_or_make(state, AUTHORITY, self.ledger.origin)
        self.state_key: Signer = load_or_make(state, STATE, self.ledger.origin)
        self.lock = threading.RLock()
        self._standing = Standing()
        self._snapshot: Standing | None = None
        self._permits: dict[str, tuple[Permit, str]] = {}
        self.refresh()
        self._tell_keys()

    def close(self) -> None:
        """Close the ledger. May be called twice."""
        self.ledger.close()

    def __enter__(self) -> Self:
        """The office itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    # --- what stands ---------------------------------------------------------------------------

    def now(self) -> int:
        """UTC milliseconds."""
        return round(self.clock.utc() * 1000)

    def refresh(self) -> bool:
        """Fold what this or another process recorded since; whether anything was new."""
        with self.lock:
            size = self.ledger.refresh()
            if size == self._standing.size:
                return False
            for index, entry in self.ledger.entries(self._standing.size, size):
                self._standing.apply(index, entry)
            self._snapshot = None
            return True

    def standing(self) -> Standing:
        """A snapshot: later entries do not change it. Do not change it either."""
        with self.lock:
            if self._snapshot is None:
                self._snapshot = self._standing.copy()
            return self._snapshot

    def live_permits(
        self, now: int, *, unsound: Callable[[PlainviewError], None] | None = None
    ) -> Iterator[LivePermit]:
        """The permits that hold at `now` (UTC milliseconds), the one granted last first.

        A permit whose document is missing, changed or not signed by the authority grants nothing:
        `unsound` is told why, or, without it, LedgerError, LedgerLie or PermitRefused is raised.
        """
        records = sorted(self.standing().permits.values(), key=lambda r: r.index, reverse=True)
        for record in records:
            if not record.holds(now):
                continue
            try:
                permit, note = self.permit(record.digest)
            except (LedgerError, PermitRefused) as error:
                if unsound is None:
                    raise
                unsound(error)
            else:
                yield LivePermit(record, permit, note)

    def permit(self, digest: str) -> tuple[Permit, str]:
        """A permit and its note by digest. Raises LedgerError, LedgerLie or PermitRefused."""
        with self.lock:
            if digest not in self._permits:
                note = self.documents.get(digest).decode()
                self._permits[digest] = (read_permit(note, self.authority.verifier), note)
            return self._permits[digest]

    def assessment(self, digest: str) -> Assessment:
        """The assessment of that digest. Raises LedgerError, LedgerLie."""
        return decode_assessment(self.documents.get(digest))

    # --- recording -----------------------------------------------------------------------------

    def entry(
        self,
        kind: EntryKind,
        subject: str,
        person: Person | None = None,
        **detail: Detail,
    ) -> Entry:
        """An entry of now. The name of `person` enters as a salted commitment."""
        who = "" if person is None else self.ledger.commit(person.name, about=f"{kind} {subject}")
        role = "system" if person is None else person.role.value
        return Entry(self.now(), kind, subject, role, who, dict(detail))

    def record(self, *entries: Entry) -> list[int]:
        """Put `entries` in the ledger; their places. They are durable and in a signed checkpoint.

        Raises LedgerError; then what they tell of must not happen.
        """
        with self.lock:
            places = self.ledger.append(entries)
            self.refresh()
            return places

    def same_person(self, commitment: str, person: Person) -> bool:
        """Whether `commitment` is to the name of `person`. Raises LedgerError if it was erased."""
        opening = self.ledger.open(commitment)
        if opening is None:
            raise LedgerError(
                "who agreed before can no longer be told: the name was erased",
                where="ledger",
                mend="Both people must agree again",
            )
        return same_name(opening.value, person.name)

    # --- people --------------------------------------------------------------------------------

    def enrol(
        self, name: str, role: Role, keep: Callable[[Signer], object] = lambda _: None
    ) -> Signer:
        """A new officer's signing key; the ledger keeps only its public half.

        `keep` gets the key before the ledger hears of it: whose key could not be kept is no
        officer. Raises what `keep` does, InputError for a name that is enrolled, LedgerError.
        """
        name = plain(name)
        if not 1 <= len(name) <= 200:
            raise InputError("an officer needs a name", mend="Give 1 to 200 characters")
        for officer in self.standing().officers.values():
            if self.same_person(officer.who, Person(name, role)):
                raise InputError(
                    f"{name} is enrolled already, as {officer.role}",
                    mend="One person has one role: remove the old one first",
                )
        number = self.standing().size
        signer = Signer.generate(f"{self.ledger.origin}/officer/{number}")
        keep(signer)
        self.record(
            self.entry(
                EntryKind.OFFICER_ENROLLED,
                f"officer:{signer.name}",
                Person(name, role),
                key=signer.vkey,
            )
        )
        return signer

    def dismiss(self, key_name: str, why: str) -> None:
        """An officer's key counts no more. Raises InputError if there is none of that name."""
        if key_name not in self.standing().officers:
            raise InputError(f"no officer has the key {key_name!r}", where="officers")
        self.record(self.entry(EntryKind.OFFICER_REMOVED, f"officer:{key_name}", why=why))

    def officers(self) -> list[tuple[str, Officer, str]]:
        """(name of the key, officer, the person's name or '' where it was erased)."""
        return [
            (key, officer, opening.value if (opening := self.ledger.open(officer.who)) else "")
            for key, officer in self.standing().officers.items()
        ]

    def person_of(self, signer: Signer) -> Person:
        """Whose key this is. Raises AccessRefused if nobody's."""
        officer = self.standing().officers.get(signer.name)
        opening = None if officer is None else self.ledger.open(officer.who)
        if officer is None or opening is None or officer.key != signer.vkey:
            raise AccessRefused(
                "this key belongs to no officer here",
                where=signer.name,
                mend="See 'plainview officer list'",
            )
        return Person(opening.value, Role(officer.role))

    def _tell_keys(self) -> None:
        """The keys that permits and states are checked with stand in the ledger, once each."""
        told = self._told_keys()
        new = [key for key in (self.authority.vkey, self.state_key.vkey) if key not in told]
        if new:
            self.record(
                self.entry(
                    EntryKind.LEDGER_OPENED,
                    "city",
                    authority=self.authority.vkey,
                    state=self.state_key.vkey,
                )
            )

    def _told_keys(self) -> set[str]:
        return {*self._standing.authorities, *self._standing.state_keys}


def in_groups(entries: Iterable[Entry], most: int = 10_000) -> Iterator[Sequence[Entry]]:
    """`entries` in lists of at most `most`, to be recorded one list at a time."""
    group: list[Entry] = []
    for entry in entries:
        group.append(entry)
        if len(group) == most:
            yield group
            group = []
    if group:
        yield group
