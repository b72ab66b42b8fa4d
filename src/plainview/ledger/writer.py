"""Adds to the log's files: whichever step a crash or a full disk ends, the log stays one log.

The order for a batch of entries, under the lock that the caller holds:

1. The tiles and bundles that it changes are put in place. No checkpoint speaks of them yet.
2. A record of the batch goes to the private journal and is made durable: the batch is decided.
3. Only then its tree is signed, and the checkpoint put in place by renaming: the batch is visible.

A failure in any of these takes the record back, and nothing was recorded. A crash before the
record is whole leaves no trace; one after it is finished by whoever opens the ledger next, from
the journal alone, with the same entries, tree and signature. So one fsync makes a batch durable.
Now and then the public files themselves are made durable and the journal begins anew.
"""

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from plainview.errors import LedgerError, LedgerLie
from plainview.ledger import journal
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.files import Files
from plainview.ledger.growth import (
    TileFile,
    Tree,
    changed_paths,
    folders_of,
    partial_folders,
)
from plainview.ledger.journal import RESTORE, Batch, Header, Journal
from plainview.ledger.note import Signer, open_note, sign_note
from plainview.ledger.tiles import CHECKPOINT, DirectorySource, TreeReader

MOST_JOURNAL_BYTES: Final = 4_000_000
MOST_JOURNAL_BATCHES: Final = 256
"""Past either, the public files are made durable and the journal begins anew."""


class Published(NamedTuple):
    """A checkpoint as it was found in its place."""

    note: bytes
    """With whatever cosignatures it has."""
    head: Checkpoint


class Writer:
    """The writing side of one log. Owns what is known of its right edge; not thread-safe.

    Every method raises LedgerError, or LedgerLie where the files contradict what was signed.
    """

    def __init__(self, public: Path, private: Path, signer: Signer, files: Files) -> None:
        """Write to the folders `public` and `private`, which are there."""
        self._public = public
        self._signer = signer
        self._verifier = signer.verifier
        self._files = files
        self._source = DirectorySource(public)
        self._path = private / journal.NAME
        self._journal = Journal(self._path)
        self._tree = Tree()
        # Every tree signed since the public files were last made durable: size and root.
        self._roots: list[tuple[int, bytes]] = []
        self._published: Published | None = None
        self._distrusted = False

    @property
    def published(self) -> Published | None:
        """The checkpoint in place as of the last `settle` or `add`."""
        return self._published

    @staticmethod
    def begin(private: Path, origin: str, files: Files) -> None:
        """Begin the journal of a log without entries. Durable on return."""
        header = journal.new_header(origin, 0, Tree().root())
        try:
            files.write_durably(private / journal.NAME, journal.encode(header), 0o600)
        except OSError as error:
            raise _unwritable(error, private, "Nothing was begun") from error

    def settle(self) -> int:
        """Take in what other processes did, and finish what a crash left; the log's size.

        The checkpoint in place is then that of the last tree that was signed.
        """
        try:
            if not self._journal.is_same():
                self._load()
            files = self._take_in()
            self._finish(files)
        except BaseException as error:
            # Also when interrupted: half of what was read must not be built upon.
            self.forget()
            if isinstance(error, OSError):
                raise _unwritable(error, self._public, "Nothing was recorded") from error
            raise
        return self._tree.size

    def add(self, entries: Sequence[bytes]) -> int:
        """Add `entries` (settled before); the place of the first. They are durable and visible.

        Raises LedgerError; then none of them is in the log, nor will be, unless it says otherwise.
        """
        first, end = self._tree.size, self._journal.end
        tree, files = self._tree.grown(entries)
        record = journal.encode(Batch(tree.size, tree.root(), list(entries)))
        try:
            for path, data in files:
                self._files.write(self._public / path, data)
            self._files.append(self._path, record)
            self._files.sync(self._path)
            self._publish(tree)
            self._tree = tree
            self._journal.end += len(record)
            self._roots.append((tree.size, tree.root()))
        except BaseException as error:
            if isinstance(error, OSError):
                self._take_back(end, error)
            self.forget()
            raise
        return first

    def publish_cosigned(self, note: str) -> None:
        """Put `note`, the checkpoint in place with more signatures, in its place (settled before).

        Raises LedgerError if it is another checkpoint, for then the log has grown meanwhile.
        """
        head = parse_checkpoint(open_note(note, (self._verifier,)).text)
        if self._published is None or head != self._published.head:
            raise LedgerError("the ledger has grown since that checkpoint", where="checkpoint")
        try:
            self._files.write(self._public / CHECKPOINT, note.encode())
        except OSError as error:
            raise _unwritable(error, self._public, "The checkpoint stays as it was") from error
        self._published = Published(note.encode(), head)

    def behind(self) -> list[str] | None:
        """The public files to be made durable, if the journal has grown past its bounds."""
        long = len(self._roots) > MOST_JOURNAL_BATCHES or self._journal.end > MOST_JOURNAL_BYTES
        return self._undurable() if long and self._published is not None else None

    def sync(self, paths: Sequence[str]) -> dict[str, int]:
        """Make public files and the folders above them durable; their inodes.

        The one method that needs no lock: it may take seconds. Raises OSError.
        """
        synced = {path: self._files.sync(self._public / path) for path in paths}
        for folder in folders_of(paths):
            self._files.sync_folder(self._public / folder)
        return synced

    def keep_up(self, synced: Mapping[str, int]) -> None:
        """Make the public files durable and begin the journal anew (settled before).

        What is in `synced`, and still the same file, is durable already. Raises LedgerError;
        nothing is lost by that, and the next one does it.
        """
        (base, _), size = self._roots[0], self._tree.size
        if base == size:
            return
        try:
            paths = [path for path in self._undurable() if not self._is_same(path, synced)]
            self.sync([*paths, CHECKPOINT])
            header = journal.new_header(self._signer.name, size, self._tree.root())
            self._files.write_durably(self._path, journal.encode(header), 0o600)
            # The full tiles stand for good only now; what they replaced may go (tlog-tiles).
            for folder in partial_folders(base, size):
                self._files.remove_folder(self._public / folder)
        except OSError as error:
            self.distrust()
            raise _unwritable(error, self._public, "No entry was lost") from error
        finally:
            self.forget()

    def distrust(self) -> None:
        """A sync failed: what the kernel shows of a public file may never reach the disk.

        It may even call the next sync a success; so all is written anew.
        """
        self._distrusted = True
        self.forget()

    def _undurable(self) -> list[str]:
        """The public files that are new since the journal began, but for those due to go."""
        ends = [end for end, _ in self._roots]
        replaced = set(partial_folders(ends[0], ends[-1]))
        paths = {path for ends in itertools.pairwise(ends) for path in changed_paths(*ends)}
        return sorted(path for path in paths if path.rpartition("/")[0] not in replaced)

    def _is_same(self, path: str, synced: Mapping[str, int]) -> bool:
        return path in synced and (self._public / path).stat().st_ino == synced[path]

    def forget(self) -> None:
        """Know nothing: the next `settle` reads all anew."""
        self._journal = Journal(self._path)
        self._published = None

    def _load(self) -> None:
        """Begin again from the journal's header and the tiles at the edge of its tree."""
        self._journal = Journal(self._path)
        header = self._journal.begin()
        if header.origin != self._signer.name:
            raise LedgerLie(
                f"the key of {self._signer.name} beside the ledger of {header.origin}",
                where=str(self._path),
                mend=RESTORE,
            )
        self._tree = self._edge(header)
        self._roots = [(header.size, header.root)]
        self._published = None

    def _edge(self, header: Header) -> Tree:
        try:
            tree = Tree.load(TreeReader(self._source, header.size), header.size)
        except LedgerError as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and not isinstance(cause, FileNotFoundError):
                raise
            raise self._lie(f"entries that were signed are gone ({error.line()})") from error
        if tree.root() != header.root:
            raise self._lie("the tiles do not hold the tree that was signed")
        return tree

    def _take_in(self) -> list[TileFile]:
        """Take in the journal's batches that are not known yet; the files they changed."""
        fresh: list[TileFile] = []
        for batch in self._journal.more():
            self._tree, files = self._tree.grown(batch.entries)
            if (self._tree.size, self._tree.root()) != (batch.size, batch.root):
                raise self._lie("the ledger's private memory contradicts its tiles")
            self._roots.append((batch.size, batch.root))
            fresh += files
        if self._journal.size() > self._journal.end:
            self._files.cut(self._path, self._journal.end)
        return fresh

    def _finish(self, files: Iterable[TileFile]) -> None:
        """Put in place what a crash kept from being put there."""
        found = self._find()
        current = found is not None and self._roots[-1] == (found.head.size, found.head.root)
        # After a power failure tiles may be lost of which the checkpoint speaks already.
        for path, data in files:
            if self._distrusted or not _holds(self._public / path, data):
                self._files.write(self._public / path, data)
        self._distrusted = False
        if current:
            self._published = found
        elif self._tree.size:
            self._publish(self._tree)

    def _find(self) -> Published | None:
        """The checkpoint in place, or None where a crash may have kept it from being there.

        Raises LedgerLie where it is not one that was signed here since the public files were last
        made durable: forged, rolled back, or of a log that this one's memory does not know.
        """
        try:
            data = self._source.read(CHECKPOINT)
        except LedgerError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                raise
            data = b""
        if self._published is not None and data == self._published.note:
            return self._published
        (base, _), last = self._roots[0], self._roots[-1]
        if not data.strip(b"\0"):
            if base == last[0] and base:
                raise self._lie("the checkpoint is gone")
            return None
        try:
            head = parse_checkpoint(open_note(data.decode("utf-8"), (self._verifier,)).text)
        except (LedgerLie, UnicodeDecodeError) as error:
            raise self._lie("the checkpoint was not signed by this ledger") from error
        if head.origin == self._signer.name and (head.size, head.root) in self._roots:
            return Published(data, head)
        if head.size > last[0]:
            raise self._lie(
                f"the ledger has {head.size} entries, but its private memory knows of {last[0]}: "
                "the memory was rolled back"
            )
        raise self._lie(
            f"{last[0]} entries were signed, but the checkpoint says {head.size}: "
            "it was rolled back or replaced"
        )

    def _publish(self, tree: Tree) -> None:
        head = Checkpoint(self._signer.name, tree.size, tree.root())
        note = sign_note(head.text(), self._signer).encode()
        self._files.write(self._public / CHECKPOINT, note)
        self._published = Published(note, head)

    def _take_back(self, end: int, error: OSError) -> None:
        """Undo a batch that is not visible yet, and say so."""
        try:
            self._files.cut(self._path, end)
        except OSError:
            self.forget()
            raise _unwritable(
                error,
                self._public,
                "Whether these entries were recorded shows when it can be written again: "
                "they will be in it all, or none of them",
            ) from error
        raise _unwritable(error, self._public, "Nothing was recorded") from error

    def _lie(self, what: str) -> LedgerLie:
        return LedgerLie(what, where=str(self._public), mend=RESTORE)


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except FileNotFoundError:
        return False


def _unwritable(error: OSError, where: Path, consequence: str) -> LedgerError:
    return LedgerError(
        f"the ledger cannot be written: {error.strerror or os.strerror(error.errno or 0)}",
        where=str(where),
        mend=f"{consequence}. Look at the disk's free space and the folder's rights",
    )
