"""Record, then act: kill -9 and broken disks at every step; is there ever an act without its entry?

    python bench/record_then_act.py [--trials 10000] [--seed 1] [--json]

Each trial forks one or two processes that take turns at the real ledger (`ledger.log.Ledger`):
record an entry, then act. An act adds a line to a file, or starts a process that does. Meanwhile
they are killed with SIGKILL, at a step of the ledger's own work on its files or at a random moment,
or that work fails: the disk is full, a read or write error, a write cut short, a sync that fails.

After each trial, before anything is mended, every act must have its entry under the checkpoint
that is published at that moment. Then the ledger is opened anew: it must open, hold all that was
acknowledged and nothing that was refused for good, and grow from every checkpoint that was ever
seen (RFC 9162 consistency). A SIGKILL does not take the kernel's unwritten pages with it as a power
cut does: of those tells tests/ledger.
"""

import argparse
import errno
import json
import mmap
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from plainview.clock import SystemClock
from plainview.errors import LedgerError, LedgerLie
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.entry import Entry, EntryKind, decode_entry
from plainview.ledger.files import Files
from plainview.ledger.log import PUBLIC, Ledger
from plainview.ledger.merkle import verify_consistency
from plainview.ledger.note import Verifier, open_note
from plainview.ledger.tiles import CHECKPOINT, DirectorySource, consistency_proof, read_entries

EACH = 100
"""Trials on one ledger: some hundred entries, so that tiles are partial and full."""
MOST_ACTS = 6
STEPS = 45
"""A trial's trouble comes at one of its first so many steps, drawn evenly."""
PLANS = {
    "kill at a step": 40,
    "kill at a moment": 20,
    "disk full": 10,
    "input/output error": 10,
    "short write": 5,
    "short write, then kill": 5,
    "sync fails": 10,
}
_FAULT = {
    "disk full": errno.ENOSPC,
    "input/output error": errno.EIO,
    "short write": errno.ENOSPC,
    "sync fails": errno.EIO,
}
_DONE, _LIE, _BUG = 0, 9, 70
_NAME_BYTES = 32


PROMISES = (
    NO_ENTRY := "acts without their entry",
    RECORDED := "refused, yet recorded",
    FORK := "checkpoints that contradict",
    CLOSED := "ledgers that did not open again",
    OPENING := "commitments whose opening was lost",
    ERROR := "errors that are not the ledger's",
)


class Bug(Exception):
    """A promise was broken: which of PROMISES, and how."""

    def __init__(self, promise: str, how: str) -> None:
        """Count it under `promise`."""
        super().__init__(f"{promise}: {how}")
        self.promise = promise


class Trouble(Files):
    """The ledger's files, with a plan of what goes wrong at which step."""

    def __init__(self, plan: str, at: int, lasting: int, seen: mmap.mmap) -> None:
        """Trouble from step `at` on, for `lasting` steps; the last step is told in `seen`."""
        super().__init__(self.step)
        self._plan, self._at, self._lasting, self._seen = plan, at, lasting, seen
        self._count = 0
        self.struck = 0

    def step(self, name: str, _path: Path | None = None) -> None:
        """Be called before each step."""
        self._count += 1
        self._seen[:_NAME_BYTES] = name.encode().ljust(_NAME_BYTES, b"\0")
        if not self._at <= self._count < self._at + self._lasting:
            return
        if self._plan == "kill at a step":
            os.kill(os.getpid(), signal.SIGKILL)
        of_disk = name not in {"recorded", "acted"}
        if self._plan in {"disk full", "input/output error"} and of_disk and name != "sync":
            self._fail()
        if self._plan == "sync fails" and name in {"sync", "sync-folder", "cut"}:
            self._fail()

    def _fail(self) -> None:
        self.struck += 1
        self._seen[_NAME_BYTES] = min(self.struck, 255)
        code = _FAULT[self._plan]
        raise OSError(code, os.strerror(code))

    def append(self, path: Path, data: bytes) -> None:
        """Add `data`, or a part of it."""
        if self._plan.startswith("short write") and self._count + 1 >= self._at and not self.struck:
            with path.open("ab", buffering=0) as file:
                file.write(data[: self._at * 7 % len(data)])
            if self._plan.endswith("kill"):
                self._seen[:_NAME_BYTES] = b"append, cut short".ljust(_NAME_BYTES, b"\0")
                os.kill(os.getpid(), signal.SIGKILL)
            self._fail()
        super().append(path, data)


@dataclass
class Log:
    """One ledger, and all that was ever seen of it."""

    state: Path
    verifier: Verifier
    head: Checkpoint | None = None
    entries: list[str] = field(default_factory=list)
    """Subjects under `head`, by place."""
    roots: dict[int, bytes] = field(default_factory=dict)
    acts: list[tuple[str, int]] = field(default_factory=list)
    """(subject, the place that was acknowledged)."""
    refused: set[str] = field(default_factory=set)
    """Subjects of entries of which the ledger said that nothing was recorded."""
    whos: list[str] = field(default_factory=list)
    read: int = 0
    """Bytes of the acts' file that were looked at."""

    def seen(self, size: int, root: bytes) -> None:
        """A checkpoint was seen. Raises Bug if another was, of the same size."""
        if self.roots.setdefault(size, root) != root:
            raise Bug(FORK, f"two trees of {size} entries were signed: a fork")


def work(state: Path, trial: str, rng: random.Random, files: Trouble, acts: int) -> int:
    """Be a process that records and acts; its exit code."""
    count = rng.randint(1, MOST_ACTS)
    try:
        ledger = Ledger(state, clock=SystemClock(), files=files)
    except LedgerLie as error:
        os.write(2, f"{trial}: {error.line()}\n".encode())
        return _LIE
    except LedgerError:
        return _DONE
    for number in range(count):
        name = f"camera:{trial}.{number}"
        try:
            who = ledger.commit(f"person {name}", about=name) if rng.random() < 0.1 else ""
            entry = Entry(t=1, kind=EntryKind.CAMERA_STARTED, subject=name, who=who)
            (place,) = ledger.append([entry])
        except LedgerLie as error:
            os.write(2, f"{trial}: {error.line()}\n".encode())
            return _LIE
        except LedgerError as error:
            said = "refused" if "Nothing was recorded" in error.line() else "unsure"
            os.write(acts, f"{said} {name}\n".encode())
            continue
        files.step("recorded")
        line = f"act {name} {place}\n".encode()
        if number % 2:
            pid = os.fork()
            if pid == 0:
                os.write(acts, line)
                os._exit(0)
            os.waitpid(pid, 0)
        else:
            os.write(acts, line)
        files.step("acted")
        note = open_note(ledger.checkpoint(), [Verifier.from_vkey(ledger.vkey)])
        head = parse_checkpoint(note.text)
        os.write(acts, f"saw {head.size} {head.root.hex()}\n".encode())
    if rng.random() < 0.3:
        ledger.close()
    return _DONE


def child(state: Path, trial: str, rng: random.Random, files: Trouble, acts: int) -> NoReturn:
    """Be a forked process, and never return."""
    code = _BUG
    try:
        code = work(state, trial, rng, files, acts)
    except BaseException:  # noqa: BLE001 - the last frame of a forked process
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def trial(log: Log, name: str, rng: random.Random, counts: Counter[str]) -> None:
    """One trial on `log`, and all that is checked after it. Raises Bug."""
    seen = mmap.mmap(-1, 2 * mmap.PAGESIZE)
    living, alive = os.pipe()  # its end is when the last process that could act is gone
    acts = os.open(log.state / "acts", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    plan = rng.choices(list(PLANS), list(PLANS.values()))[0]
    pids = []
    for number in range(2 if rng.random() < 0.2 else 1):
        # Two at once: one is in trouble, the other must come through it unharmed.
        own = plan if number == 0 else "none"
        files = Trouble(own, rng.randint(1, STEPS), rng.choice((1, 1, 5, 1000)), seen)
        own_rng = random.Random(rng.random())  # noqa: S311 - the same trials each time
        pid = os.fork()
        if pid == 0:
            child(log.state, f"{name}.{number}", own_rng, files, acts)
        pids.append(pid)
    os.close(alive)
    if plan == "kill at a moment":
        time.sleep(rng.uniform(0, 0.02))
        os.kill(pids[0], signal.SIGKILL)
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    os.read(living, 1)
    os.close(living)
    os.close(acts)
    _count(plan, codes[0], seen, counts)
    seen.close()
    if _LIE in codes:
        raise Bug(CLOSED, "one that only crashed was called a lie")
    if _BUG in codes:
        raise Bug(ERROR, "told on standard error")
    hear(log, counts)
    look(log, DirectorySource(log.state / PUBLIC))
    if rng.random() < 0.75:  # else the next trial's process opens it, in the midst of trouble
        reopen(log, close=rng.random() < 0.3)
        counts["reopened"] += 1


def _count(plan: str, code: int, seen: mmap.mmap, counts: Counter[str]) -> None:
    if code == -signal.SIGKILL:
        step = bytes(seen[:_NAME_BYTES]).rstrip(b"\0").decode() or "opening"
        counts["kills"] += 1
        counts[f"killed: {step}"] += 1
    if seen[_NAME_BYTES]:
        counts["faults"] += seen[_NAME_BYTES]
        counts[f"fault: {plan}"] += seen[_NAME_BYTES]


def hear(log: Log, counts: Counter[str]) -> None:
    """Take in what the processes did, as they wrote it."""
    data = (log.state / "acts").read_text()
    for line in data[log.read :].splitlines():
        kind, subject, *rest = line.split()
        if kind == "act":
            log.acts.append((subject, int(rest[0])))
            counts["acts"] += 1
        elif kind == "saw":
            log.seen(int(subject), bytes.fromhex(rest[0]))
        else:
            counts[kind] += 1
            if kind == "refused":
                log.refused.add(subject)
    log.read = len(data)


def look(log: Log, source: DirectorySource) -> None:
    """Check what is published as it lies there, mended by nobody. Raises Bug."""
    if not (log.state / PUBLIC / CHECKPOINT).exists():
        if log.head is not None or log.acts:
            raise Bug(FORK, "the checkpoint is gone")
        return
    try:
        head = _grow(log, source)
    except LedgerError as error:
        raise Bug(FORK, error.line()) from error
    log.seen(head.size, head.root)
    log.head = head
    for subject, place in log.acts:
        if place >= head.size or log.entries[place] != subject:
            raise Bug(NO_ENTRY, subject)
    recorded = log.refused & set(log.entries)
    if recorded:
        raise Bug(RECORDED, min(recorded))


def _grow(log: Log, source: DirectorySource) -> Checkpoint:
    """The checkpoint as it lies there, grown from the one before; its entries go into `log`."""
    note = open_note(source.read(CHECKPOINT).decode(), [log.verifier])
    head = parse_checkpoint(note.text)
    old = log.head
    if old is not None:
        if head.size < old.size:
            raise Bug(FORK, f"{old.size} entries were rolled back to {head.size}")
        proof = consistency_proof(source, old.size, head.size)
        verify_consistency(old.size, head.size, proof, old.root, head.root)
    for data in read_entries(source, len(log.entries), head.size, size=head.size):
        entry = decode_entry(data)
        log.entries.append(entry.subject)
        if entry.who:
            log.whos.append(entry.who)
    return head


def reopen(log: Log, *, close: bool) -> None:
    """Open the ledger anew and check that it is whole. Raises Bug."""
    try:
        ledger = Ledger(log.state, clock=SystemClock())
        look(log, DirectorySource(log.state / PUBLIC))
        if close:
            subjects = [entry.subject for _, entry in ledger.entries()]
            if subjects != log.entries:
                raise Bug(FORK, "the ledger reads back other entries than are published")
            for who in log.whos:
                if ledger.open(who) is None:
                    raise Bug(OPENING, who)
            ledger.close()
    except LedgerError as error:
        raise Bug(CLOSED, error.line()) from error


def begin(state: Path) -> Log:
    """A new ledger, with its first entry."""
    with Ledger(state, clock=SystemClock()) as ledger:
        log = Log(state, Verifier.from_vkey(ledger.vkey))
    look(log, DirectorySource(state / PUBLIC))
    return log


def run(trials: int, seed: int) -> Counter[str]:
    """Run all trials; the counts of the table. A ledger that broke a promise is left at that."""
    rng = random.Random(seed)  # noqa: S311 - the same trials each time
    counts: Counter[str] = Counter(dict.fromkeys(PROMISES, 0))
    with tempfile.TemporaryDirectory() as folder:
        for first in range(0, trials, EACH):
            state = Path(folder) / str(first)
            state.mkdir()
            log = begin(state)
            try:
                for number in range(first, min(first + EACH, trials)):
                    counts["trials"] += 1
                    trial(log, str(number), rng, counts)
                reopen(log, close=True)
            except Bug as bug:
                counts[bug.promise] += 1
                print(f"trial {number}: {bug}", file=sys.stderr)
            counts["ledgers"] += 1
            counts["entries"] += len(log.entries)
            counts["checkpoints"] += len(log.roots)
            shutil.rmtree(state)
    return counts


def table(counts: Counter[str], seconds: float) -> str:
    """The counts as a table; the last lines are the promises, each checked after every trial."""
    rows = [
        ("trials", counts["trials"]),
        ("ledgers", counts["ledgers"]),
        ("opened anew by the checker", counts["reopened"]),
        ("kill -9", counts["kills"]),
        *((f"  {key}", value) for key, value in sorted(counts.items()) if key[:7] == "killed:"),
        ("faults", counts["faults"]),
        *((f"  {key}", value) for key, value in sorted(counts.items()) if key[:6] == "fault:"),
        ("entries", counts["entries"]),
        ("acts", counts["acts"]),
        ("entries refused for good", counts["refused"]),
        ("entries of which it was unsure", counts["unsure"]),
        ("checkpoints seen", counts["checkpoints"]),
        *((f"{promise} (limit 0)", counts[promise]) for promise in PROMISES),
    ]
    lines = [f"{name:<44}{value:>9,}" for name, value in rows]
    return "\n".join([*lines, f"{'seconds':<44}{seconds:>9.0f}"])


def main() -> int:
    """Print the table; 0 if every promise was kept, else say which was not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the counts only")
    arguments = parser.parse_args()
    begun = time.monotonic()
    counts = run(arguments.trials, arguments.seed)
    seconds = time.monotonic() - begun
    print(json.dumps(counts) if arguments.json else table(counts, seconds))
    return 1 if any(counts[promise] for promise in PROMISES) else 0


if __name__ == "__main__":
    sys.exit(main())
