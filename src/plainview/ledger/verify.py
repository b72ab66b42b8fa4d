"""Everything that a ledger claims, derived again from its entries; each contradiction in words.

Nothing that is read is believed: the tree is hashed from the entries' own bytes and must be, hash
by hash, the one in the tiles and the one that was signed. Memory does not grow with the ledger.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from plainview.errors import LedgerError, LedgerLie
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.entry import Entry, EntryKind, decode_entry
from plainview.ledger.merkle import Edge, leaf_hash
from plainview.ledger.note import Verifier, open_note
from plainview.ledger.policy import AHEAD, QuorumPolicy, counted
from plainview.ledger.tiles import (
    CHECKPOINT,
    HEIGHT,
    WIDTH,
    TileSource,
    TreeReader,
    tile_path,
    tile_width,
)

MOST_LIES: Final = 50
"""So many are told; a ledger with more is not read on."""
MOST_REMARKS: Final = 20
WORKERS: Final = 4
"""Files read ahead at once: a ledger over HTTP waits for its round trips otherwise."""

Each = Callable[[int, Entry], None]


@dataclass(frozen=True, slots=True)
class Head:
    """A tree that someone vouched for: the ledger must begin with it."""

    size: int
    root: bytes
    what: str
    """Who vouched, for a person: `the checkpoint you remembered`."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked, and every lie that was found."""

    checkpoint: Checkpoint | None
    """The signed head; None if none could be believed."""
    note: str
    """The checkpoint as it was given, with its cosignatures."""
    checked: tuple[str, ...] = ()
    """What was checked, a line each, whether or not it held."""
    lies: tuple[str, ...] = ()
    """Every contradiction, a line each. Empty: all held."""
    remarks: tuple[str, ...] = ()
    """What is worth knowing and no lie, such as a clock that was set."""

    @property
    def held(self) -> bool:
        """Whether no lie was found."""
        return not self.lies


def verify(
    source: TileSource,
    verifier: Verifier,
    *,
    remembered: str | None = None,
    policy: QuorumPolicy | None = None,
    heads: Sequence[Head] = (),
    now: float | None = None,
    each: Each | None = None,
) -> Report:
    """Check all of the ledger in `source`, whose log signs as `verifier`.

    `remembered` is the signed checkpoint of an earlier visit, `policy` which witnesses must have
    cosigned, `heads` further trees that it must begin with, `now` (UTC seconds) bounds the times
    of entries and cosignatures. `each` is given every entry that could be read, in order.

    Raises LedgerError only if there is no checkpoint to be read, and LedgerLie only if
    `remembered` is not this log's.
    """
    findings = _Findings()
    known = [*heads, *_remembered(remembered, verifier)]
    try:
        note = source.read(CHECKPOINT).decode()
        checkpoint = _signed(note, verifier)
    except (UnicodeDecodeError, LedgerLie) as error:
        what = error.what if isinstance(error, LedgerLie) else "it is not text"
        findings.checked.append("the checkpoint's signature")
        findings.lie(f"the checkpoint is not {verifier.name}'s: {what}")
        return findings.report(None, "")
    findings.checked.append(
        f"the checkpoint is signed by {verifier.name}: {checkpoint.size} entries, root "
        f"{checkpoint.root.hex()}"
    )
    _check_witnesses(note, verifier, policy, now, findings)
    for head in known:
        if head.size > checkpoint.size:
            findings.lie(
                f"the ledger was rolled back: {head.what} has {head.size} entries, the ledger's "
                f"checkpoint now only {checkpoint.size}"
            )
    latest = None if now is None else round((now + AHEAD) * 1000)
    _Derivation(source, checkpoint, verifier.vkey, known, findings, latest, each).run()
    return findings.report(checkpoint, note)


@dataclass(slots=True)
class _Findings:
    """Collects what is told, within bounds."""

    checked: list[str] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unsaid: int = 0

    def lie(self, what: str) -> None:
        """One more lie."""
        self.lies.append(what)

    def remark(self, what: str) -> None:
        """One more remark, counted only where there are many."""
        if len(self.remarks) < MOST_REMARKS:
            self.remarks.append(what)
        else:
            self.unsaid += 1

    @property
    def enough(self) -> bool:
        """Whether no more need be found."""
        return len(self.lies) >= MOST_LIES

    def report(self, checkpoint: Checkpoint | None, note: str) -> Report:
        """All of it, frozen."""
        more = [f"and {self.unsaid} more remarks"] if self.unsaid else []
        return Report(
            checkpoint, note, tuple(self.checked), tuple(self.lies), (*self.remarks, *more)
        )


def _signed(note: str, verifier: Verifier) -> Checkpoint:
    checkpoint = parse_checkpoint(open_note(note, [verifier]).text)
    if checkpoint.origin != verifier.name:
        raise LedgerLie(f"it says that it is of {checkpoint.origin}")
    return checkpoint


def _remembered(note: str | None, verifier: Verifier) -> Iterator[Head]:
    if note is None:
        return
    try:
        checkpoint = _signed(note, verifier)
    except LedgerLie as error:
        raise LedgerLie(
            f"the remembered checkpoint is not {verifier.name}'s: {error.what}",
            where="remembered checkpoint",
            mend="Give the file that an earlier visit to this very ledger wrote",
        ) from error
    yield Head(checkpoint.size, checkpoint.root, "the checkpoint you remembered")


def _check_witnesses(
    note: str,
    verifier: Verifier,
    policy: QuorumPolicy | None,
    now: float | None,
    findings: _Findings,
) -> None:
    if policy is None:
        return
    findings.checked.append(f"cosignatures: {policy.words()}")
    if policy.logs and verifier not in policy.logs:
        findings.lie("the policy is for another log than this one")
    try:
        opened = policy.check(note, verifier, now=now)
    except LedgerLie as error:
        findings.lie(error.what)
        return
    names = sorted({key.name for key, _ in counted(opened, now=now)})
    findings.checked.append(f"cosigned by: {', '.join(names) or 'nobody'}")


@dataclass(frozen=True, slots=True)
class _Part:
    """What was read of one bundle of entries and the tile of their hashes."""

    number: int
    width: int
    entries: list[bytes] | None
    hashes: list[bytes] | None
    faults: tuple[str, ...]


class _Derivation:
    """Hashes the tree again from its entries. Owns how far it has come."""

    def __init__(
        self,
        source: TileSource,
        checkpoint: Checkpoint,
        vkey: str,
        heads: Sequence[Head],
        findings: _Findings,
        latest: int | None,
        each: Each | None,
    ) -> None:
        self._source = source
        self._size = checkpoint.size
        self._root = checkpoint.root
        self._findings = findings
        self._each = each
        self._vkey = vkey
        self._latest = latest
        self._edge = Edge()
        self._levels: list[list[bytes]] = []
        """Hashes of the tile being filled at each level above 0."""
        self._tiles = 0
        self._decoded = 0
        self._t = 0
        self._due: dict[int, list[Head]] = {}
        for head in heads:
            if head.size <= self._size:
                self._due.setdefault(head.size, []).append(head)

    def run(self) -> None:
        """Derive all; findings tell what came of it."""
        self._compare_heads()
        whole = True
        for part in self._parts():
            whole = self._take(part)
            if not whole or self._findings.enough:
                break
        if whole and self._edge.size == self._size:
            self._finish()
        else:
            self._findings.lie(
                f"the tree could not be derived beyond entry {self._edge.size} of {self._size}: "
                "what was signed cannot be shown"
            )

    def _parts(self) -> Iterator[_Part]:
        """Each part in turn, a few read ahead."""
        count = -(-self._size // WIDTH)
        with ThreadPoolExecutor(WORKERS) as pool:
            ahead: list[Future[_Part]] = []
            try:
                for number in range(count):
                    ahead.append(pool.submit(self._read, number))
                    if len(ahead) > 2 * WORKERS:
                        yield ahead.pop(0).result()
                while ahead:
                    yield ahead.pop(0).result()
            finally:
                for future in ahead:
                    future.cancel()

    def _read(self, number: int) -> _Part:
        reader = TreeReader(self._source, self._size)
        faults = []
        entries = hashes = None
        try:
            entries = reader.bundle(number)
        except LedgerError as error:
            faults.append(f"the entries from {number * WIDTH} on cannot be had: {error.line()}")
        try:
            hashes = reader.tile(0, number)
        except LedgerError as error:
            faults.append(f"the tile of entries from {number * WIDTH} on: {error.line()}")
        return _Part(number, tile_width(0, number, self._size), entries, hashes, tuple(faults))

    def _take(self, part: _Part) -> bool:
        """Check one part and add it to the tree; whether the tree can go on."""
        first = part.number * WIDTH
        for fault in part.faults:
            self._findings.lie(fault)
        if part.entries is not None:
            hashes = [leaf_hash(entry) for entry in part.entries]
            if part.hashes is not None and hashes != part.hashes:
                self._wrong_leaves(first, hashes, part.hashes)
            for offset, entry in enumerate(part.entries):
                self._check_entry(first + offset, entry)
        elif part.hashes is not None:
            hashes = part.hashes
        else:
            return False
        self._tiles += part.hashes is not None
        for one in hashes:
            self._grow(one)
        return True

    def _wrong_leaves(self, first: int, derived: list[bytes], said: list[bytes]) -> None:
        wrong = [first + k for k, (a, b) in enumerate(zip(derived, said, strict=True)) if a != b]
        many = "" if len(wrong) == 1 else f" and {len(wrong) - 1} more after it"
        self._findings.lie(
            f"entry {wrong[0]}{many} is not the one whose hash is in {tile_path(0, first // WIDTH)}"
        )

    def _check_entry(self, index: int, data: bytes) -> None:
        if self._findings.enough:
            return
        try:
            entry = decode_entry(data)
        except LedgerError as error:
            self._findings.lie(f"entry {index} is {error.what}")
            return
        self._decoded += 1
        opened = entry.kind is EntryKind.LEDGER_OPENED
        if index == 0 and not opened:
            self._findings.lie("entry 0 does not open the ledger")
        if opened and entry.detail.get("ledger", self._vkey) != self._vkey:
            self._findings.lie(f"entry {index} names another key as this ledger's")
        if entry.t < self._t:
            self._findings.remark(
                f"entry {index} is dated {(self._t - entry.t) / 1000:g} s before an earlier one: "
                "the clock was set back"
            )
        if self._latest is not None and entry.t > self._latest:
            self._findings.remark(f"entry {index} is dated in the future")
        self._t = max(self._t, entry.t)
        if self._each is not None:
            self._each(index, entry)

    def _grow(self, leaf: bytes) -> None:
        done = self._edge.push(leaf)
        for level in range(1, (len(done) - 1) // HEIGHT + 1):
            if len(self._levels) < level:
                self._levels.append([])
            filling = self._levels[level - 1]
            filling.append(done[HEIGHT * level])
            if len(filling) == WIDTH:
                number = (self._edge.size >> HEIGHT * (level + 1)) - 1
                self._compare_tile(level, number, filling)
                filling.clear()
        if self._edge.size in self._due:
            self._compare_heads()

    def _compare_tile(self, level: int, number: int, derived: list[bytes]) -> None:
        self._tiles += 1
        where = tile_path(level, number, len(derived))
        try:
            said = TreeReader(self._source, self._size).tile(level, number)
        except LedgerError as error:
            self._findings.lie(f"{where}: {error.line()}")
            return
        if said != derived:
            self._findings.lie(f"{where} holds other hashes than its entries have")

    def _compare_heads(self) -> None:
        """Compare the tree so far with what was vouched for at this very size."""
        for head in self._due.pop(self._edge.size, []):
            self._findings.checked.append(f"the ledger begins with {head.what} ({head.size})")
            if self._edge.root() != head.root:
                self._findings.lie(
                    f"the ledger was forked: its first {head.size} entries are not those of "
                    f"{head.what}"
                )

    def _finish(self) -> None:
        for level, filling in enumerate(self._levels, 1):
            if filling:
                number = self._size >> HEIGHT * (level + 1)
                self._compare_tile(level, number, filling)
        self._findings.checked += [
            f"{self._size} entries: each hash derived from the entry's bytes",
            f"{self._decoded} entries read strictly, times in order where nothing is remarked",
            f"{self._tiles} tiles of hashes derived again and compared",
            "the root derived again and compared with the signed one",
        ]
        if self._edge.root() != self._root:
            self._findings.lie(
                f"the signed root is not the root of the entries: signed {self._root.hex()}, "
                f"derived {self._edge.root().hex()}"
            )
