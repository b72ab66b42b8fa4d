"""The ledger: adds entries for several threads and processes at once, and reads them back.

Files and crashes are the `writer`'s; here are the lock between processes, the gathering of what
several threads add at once into one batch, and what callers ask.
"""

import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final, Self

from plainview.clock import Clock
from plainview.errors import InputError, LedgerError, LedgerLie
from plainview.ledger import journal, lock
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.entry import Entry, EntryKind, decode_entry, encode_entry
from plainview.ledger.files import Files
from plainview.ledger.journal import RESTORE
from plainview.ledger.keys import key_path, load, load_or_make
from plainview.ledger.merkle import Edge, inclusion_ranges, leaf_hash, verify_inclusion
from plainview.ledger.note import open_note
from plainview.ledger.openings import NAME as OPENINGS
from plainview.ledger.openings import Opening, Openings
from plainview.ledger.proof import make_proof
from plainview.ledger.tiles import CHECKPOINT, WIDTH, DirectorySource, TreeReader, read_entries
from plainview.ledger.writer import Writer

PUBLIC: Final = "ledger"
"""Folder in the state folder with what is served to everyone, as it is."""
PRIVATE: Final = "ledger-private"
KEY: Final = "ledger"
MAX_BATCH: Final = 65_536
"""Most entries that one call may add."""


class _Waiting:
    """What one caller wants added. Its fields are written by whoever adds it."""

    __slots__ = ("entries", "error", "first")

    def __init__(self, entries: list[bytes]) -> None:
        self.entries = entries
        self.first: int | None = None
        self.error: LedgerError | None = None

    @property
    def done(self) -> bool:
        """Whether it is added or refused."""
        return self.first is not None or self.error is not None


class Ledger:
    """The one log of a state folder. Thread-safe; several processes may have it open."""

    def __init__(
        self, state: Path, *, clock: Clock, origin: str | None = None, files: Files | None = None
    ) -> None:
        """Open the ledger in the folder `state`, or begin it under the name `origin`.

        Without `origin` a new ledger gets a name of its own. `files` is for tests that kill.
        Raises LedgerError if it cannot be opened; LedgerLie if its files are not what was signed;
        InputError for a name that no ledger can have.
        """
        self.state = state
        self.folder = state / PUBLIC
        self._private = state / PRIVATE
        self._clock = clock
        self._files = files or Files()
        self._source = DirectorySource(self.folder)
        self._openings: Openings | None = None
        self._opening = threading.Lock()
        self._closed = False
        self._keeping_up = False
        self._queue: list[_Waiting] = []
        self._queueing = threading.Condition()
        self._adding = False
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._proving = threading.Lock()
        # The tiles of the last proof's tree: many are asked for one after the other.
        self._reader: TreeReader | None = None
        self._seen: tuple[bytes, Checkpoint] | None = None
        self._make_folders()
        with self._alone():
            self._open(origin)
        self.refresh()

    def close(self) -> None:
        """Make the public files durable by themselves, and close. May be called twice."""
        with self._writing:
            if not self._closed:
                self._closed = True
                # The journal holds all that was acknowledged: what fails here is only put off.
                with suppress(LedgerError), self._alone():
                    self._writer.settle()
                    self._writer.keep_up({})
        with self._opening:
            if self._openings is not None:
                self._openings.close()

    def __enter__(self) -> Self:
        """The ledger itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    # --- adding --------------------------------------------------------------------------------

    def append(self, entries: Sequence[Entry]) -> list[int]:
        """Add `entries`; their places. On return they are durable and in the published checkpoint.

        What several threads add at the same moment becomes durable at once, with one checkpoint.
        Raises LedgerError: then none of them is in the ledger or ever will be, except where the
        error says that this cannot be told yet. Raises LedgerLie if the ledger's files are no
        longer what was signed.
        """
        if len(entries) > MAX_BATCH:
            raise LedgerError(f"{len(entries)} entries at once, more than {MAX_BATCH}")
        if not entries:
            return []
        waiting = _Waiting([encode_entry(entry) for entry in entries])
        with self._queueing:
            self._queue.append(waiting)
            # Whoever is adding takes along what waits; what he left, one of those waiting adds.
            while self._adding and not waiting.done:
                self._queueing.wait()
            leads = not waiting.done
            self._adding |= leads
        behind = self._add_until(waiting) if leads else None
        if behind is not None:
            self._keep_up(behind)
        if waiting.first is None:
            raise waiting.error or LedgerError("nothing was added", where=str(self.folder))
        return list(range(waiting.first, waiting.first + len(entries)))

    def _add_until(self, waiting: _Waiting) -> list[str] | None:
        """Add what waits, `waiting` with it; the public files to be made durable, if it is time."""
        try:
            with self._writing:
                while not waiting.done:
                    self._add_queued()
                behind = None if self._keeping_up else self._writer.behind()
                self._keeping_up |= behind is not None
                return behind
        finally:
            with self._queueing:
                self._adding = False
                self._queueing.notify_all()

    def _add_queued(self) -> None:
        with self._queueing:
            batch: list[_Waiting] = []
            count = 0
            while self._queue and (not batch or count + len(self._queue[0].entries) <= MAX_BATCH):
                batch.append(self._queue.pop(0))
                count += len(batch[-1].entries)
        where = str(self.folder)
        error = LedgerError(
            "adding was interrupted: whether these were recorded shows in the ledger", where=where
        )
        try:
            with self._alone():
                self._require_open()
                self._writer.settle()
                first = self._writer.add([entry for one in batch for entry in one.entries])
                for one in batch:
                    one.first = first
                    first += len(one.entries)
                self._note_published()
        except LedgerError as found:
            error = found
        finally:
            for one in batch:
                if one.first is None:
                    one.error = type(error)(error.what, where=error.where, mend=error.mend)

    def _keep_up(self, behind: Sequence[str]) -> None:
        """Make the public files durable, most of them while others add on.

        All is recorded and visible before: the next one does what fails here.
        """
        try:
            synced = self._writer.sync(behind)
        except OSError:
            with self._writing:
                self._writer.distrust()
        else:
            with suppress(LedgerError), self._writing, self._alone():
                self._writer.settle()
                self._writer.keep_up(synced)
        finally:
            self._keeping_up = False

    # --- reading -------------------------------------------------------------------------------

    @property
    def origin(self) -> str:
        """The ledger's name: first line of its checkpoints, and its key's name."""
        return self._signer.name

    @property
    def vkey(self) -> str:
        """The public half of its key, as text to publish."""
        return self._signer.vkey

    @property
    def size(self) -> int:
        """Entries in it as of the last `append` or `refresh`."""
        with self._reading:
            return self._seen_size()

    def refresh(self) -> int:
        """See what other processes added; the number of entries. Raises LedgerError, LedgerLie."""
        return self._read_head()[1].size

    def checkpoint(self) -> str:
        """The published checkpoint: a signed note, with whatever cosignatures it has by now."""
        return self._read_head()[0].decode()

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[tuple[int, Entry]]:
        """The entries `[start, end)` with their places, each checked against its hash.

        All of them, from the first to the last, are also checked against the signed root, after
        the last one. Raises LedgerError for what cannot be read, LedgerLie for what was changed.
        """
        _, head = self._read_head()
        end = head.size if end is None else end
        if not 0 <= start <= end <= head.size:
            raise LedgerError(f"no entries {start} to {end} in a ledger of {head.size}")
        whole = Edge() if start == 0 and end == head.size else None
        data = read_entries(self._source, start, end, size=head.size)
        for index, entry in enumerate(data, start):
            if whole is not None:
                whole.push(leaf_hash(entry))
            yield index, decode_entry(entry)
        if whole is not None and whole.root() != head.root:
            raise LedgerLie(
                "its entries are not those that were signed", where=str(self.folder), mend=RESTORE
            )

    def proof(self, index: int) -> str:
        """The proof (C2SP tlog-proof) that entry `index` is in the ledger.

        Raises LedgerError if there is no such entry, LedgerLie if the tiles do not prove it.
        """
        note, head = self._read_head()
        if not 0 <= index < head.size:
            raise LedgerError(f"there is no entry {index} in a ledger of {head.size}")
        with self._proving:
            reader, self._reader = self._reader, None
            if reader is None or reader.size != head.size:
                reader = TreeReader(self._source, head.size)
            hashes = reader.ranges(inclusion_ranges(index, head.size))
            leaf = reader.tile(0, index // WIDTH)[index % WIDTH]
            verify_inclusion(index, head.size, leaf, hashes, head.root)
            # Kept only while it proves: a file put right again is read anew.
            self._reader = reader
        return make_proof(index, hashes, note.decode())

    def publish_cosigned(self, note: str) -> None:
        """Put a checkpoint that witnesses cosigned in the place of the same one without.

        Raises LedgerError if the ledger has grown since: then ask the witnesses again. Raises
        LedgerLie if `note` is not signed by this ledger.
        """
        with self._writing, self._alone():
            self._writer.settle()
            self._writer.publish_cosigned(note)
            self._note_published()

    # --- commitments ---------------------------------------------------------------------------

    def commit(self, name: str, *, about: str) -> str:
        """A salted commitment to `name`, for an entry's `who`. Its opening is durable on return.

        Raises LedgerError.
        """
        return self._opened_openings().commit(name, about=about)

    def open(self, commitment: str) -> Opening | None:
        """What a commitment is to; None if it was erased or not made here. Raises LedgerError."""
        return self._opened_openings().open(commitment)

    def erase(self, commitment: str) -> bool:
        """Forget for good what a commitment is to; whether it was known. Raises LedgerError."""
        return self._opened_openings().erase(commitment)

    def _opened_openings(self) -> Openings:
        with self._opening:
            self._require_open()
            if self._openings is None:
                self._openings = Openings(self._private / OPENINGS)
            return self._openings

    def _require_open(self) -> None:
        if self._closed:
            raise LedgerError("the ledger is closed", where=str(self.folder))

    # --- opening and the locks -----------------------------------------------------------------

    def _make_folders(self) -> None:
        try:
            self._files.make_folder(self._private, 0o700)
            self._files.make_folder(self.folder, 0o755)
            if not (self._private / journal.NAME).exists():
                self._files.sync_folder(self.state)
        except OSError as error:
            raise LedgerError(
                f"the ledger cannot be opened: {error.strerror}",
                where=str(self.state),
                mend="The state folder must be writable",
            ) from error

    def _open(self, origin: str | None) -> None:
        """Begin the ledger or recover it, and leave it with at least its first entry."""
        key = load(self.state, KEY)
        if not (self._private / journal.NAME).exists():
            if key is not None or (self.folder / CHECKPOINT).exists():
                raise LedgerLie(
                    "the ledger's private memory is gone: signing on could contradict what was "
                    "signed before",
                    where=str(self._private),
                    mend=f"{RESTORE}; or begin a new ledger under a new key: move away "
                    f"'{self.folder}' and '{key_path(self.state, KEY)}'",
                )
            name = origin or f"plainview.invalid/{secrets.token_hex(8)}"
            Writer.begin(self._private, name, self._files)
        memory = journal.Journal(self._private / journal.NAME)
        header = memory.begin()
        if origin is not None and origin != header.origin:
            raise InputError(
                f"the ledger here is called {header.origin}, not {origin}",
                where=str(self.state),
                mend="A ledger keeps its name; give no other",
            )
        if key is None and (header.size or next(memory.more(), None)):
            raise LedgerError(
                "the ledger's private key is gone",
                where=str(key_path(self.state, KEY)),
                mend="Put it back from a backup",
            )
        self._signer = load_or_make(self.state, KEY, header.origin)
        self._verifier = self._signer.verifier
        self._writer = Writer(self.folder, self._private, self._signer, self._files)
        if self._writer.settle() == 0:
            first = Entry(
                round(self._clock.utc() * 1000),
                EntryKind.LEDGER_OPENED,
                "city",
                detail={"origin": self._signer.name, "ledger": self._signer.vkey},
            )
            self._writer.add([encode_entry(first)])

    def _alone(self) -> AbstractContextManager[None]:
        return lock.alone(self._private / lock.NAME, lock.WAIT_SECONDS)

    def _note_published(self) -> None:
        published = self._writer.published
        with self._reading:
            if published is not None and published.head.size >= self._seen_size():
                self._seen = (published.note, published.head)

    def _seen_size(self) -> int:
        return self._seen[1].size if self._seen else 0

    def _read_head(self) -> tuple[bytes, Checkpoint]:
        """The published checkpoint as it is and as it says. Raises LedgerError, LedgerLie."""
        where = str(self.folder / CHECKPOINT)
        # Read under the lock: read before another thread's later one, it would seem rolled back.
        with self._reading:
            note = self._source.read(CHECKPOINT)
            if self._seen is not None and self._seen[0] == note:
                return self._seen
            try:
                text = open_note(note.decode("utf-8"), (self._verifier,)).text
            except UnicodeDecodeError as error:
                raise LedgerLie("not a checkpoint", where=where) from error
            head = parse_checkpoint(text)
            if head.size < self._seen_size() or head.origin != self.origin:
                raise LedgerLie(
                    f"the checkpoint of {self._seen_size()} entries was rolled back to "
                    f"{head.size} of {head.origin}",
                    where=where,
                    mend=RESTORE,
                )
            self._seen = (note, head)
            return self._seen
