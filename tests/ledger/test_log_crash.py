import errno
import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plainview.errors import LedgerError
from plainview.ledger import writer
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.entry import Entry, encode_entry
from plainview.ledger.files import STEPS, Files
from plainview.ledger.log import Ledger
from plainview.ledger.merkle import leaf_hash, root_of
from plainview.ledger.note import Verifier, open_note

MakeEntries = Callable[..., list[Entry]]
OpenLedger = Callable[..., Ledger]
Killed = Callable[[Callable[[], object]], bool]
Steps = list[tuple[str, Path]]
Work = Callable[[Ledger], object]


class Recorder:
    """Notes every step that is taken."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.steps: Steps = []

    def __call__(self, step: str, path: Path) -> None:
        """Note it."""
        assert step in STEPS
        self.steps.append((step, path))


class KillAt:
    """Kills its process, as `kill -9` does, before the step of that number."""

    def __init__(self, number: int) -> None:
        """Let `number` steps pass."""
        self.left = number

    def __call__(self, step: str, path: Path) -> None:
        """Die when it is time."""
        if step == "rename" and path.name == "journal" and path.exists():
            shutil.copy(path, path.with_name("journal-before"))
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


class Torn(Files):
    """Dies when half of a record is in the journal."""

    def append(self, path: Path, data: bytes) -> None:
        """Write half and die."""
        super().append(path, data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)


def head(folder: Path, vkey: str) -> Checkpoint:
    """The published checkpoint, checked."""
    note = (folder / "checkpoint").read_text()
    return parse_checkpoint(open_note(note, [Verifier.from_vkey(vkey)]).text)


def inside(ledger: Ledger) -> list[Entry]:
    """All entries, after the whole log was checked against its signed root."""
    found = [entry for _, entry in ledger.entries()]
    signed = head(ledger.folder, ledger.vkey)
    assert signed.size == len(found)
    assert signed.root == root_of(leaf_hash(encode_entry(entry)) for entry in found)
    return found


def is_consistent(old: Checkpoint, found: list[Entry]) -> bool:
    """Whether the log that `old` was signed for is how `found` begins."""
    leaves = (leaf_hash(encode_entry(entry)) for entry in found[: old.size])
    return old.size <= len(found) and root_of(leaves) == old.root


@pytest.fixture(params=["one entry", "over a tile's end", "public files made durable", "closing"])
def case(
    request: pytest.FixtureRequest,
    entries: MakeEntries,
    open_ledger: OpenLedger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Path, list[Entry], Work]:
    """A ledger of some entries, what is added then, and what is done with it."""
    state = tmp_path / "base"
    added = entries(1, "new")
    with open_ledger(state) as ledger:
        ledger.append(entries(3))
    ledger = open_ledger(state)
    ledger.append(entries(2, "b"))

    def work(ledger: Ledger) -> object:
        return ledger.append(added)

    if request.param == "over a tile's end":
        ledger.append(entries(248, "c"))
        added = entries(300, "new")
    if request.param == "public files made durable":
        ledger.append(entries(249, "c"))
        monkeypatch.setattr(writer, "MOST_JOURNAL_BATCHES", 0)
    if request.param == "closing":

        def work(ledger: Ledger) -> object:
            ledger.append(added)
            ledger.close()
            return None

    # Not closed: what was added last is in the journal alone, as after a crash.
    return state, added, work


def test_killed_at_any_step_the_log_is_the_old_or_the_new_one(
    case: tuple[Path, list[Entry], Work],
    open_ledger: OpenLedger,
    killed: Killed,
    tmp_path: Path,
) -> None:
    """Kill -9 before every step of adding: what was visible stays, and nothing is half there."""
    base, added, work = case
    recorder = Recorder()
    state = tmp_path / "counted"
    shutil.copytree(base, state)
    ledger = open_ledger(state, files=Files(recorder))
    before = inside(ledger)
    opening = len(recorder.steps)
    work(ledger)
    total = len(recorder.steps)
    assert {"write", "rename", "append", "sync"} <= {step for step, _ in recorder.steps[opening:]}

    seen = set()
    for number in range(total):
        state = tmp_path / f"killed-{number}"
        shutil.copytree(base, state)
        files = Files(KillAt(number))

        def die(state: Path = state, files: Files = files) -> None:
            work(open_ledger(state, files=files))

        assert killed(die)
        at_crash = head(state / "ledger", ledger.vkey)
        again = open_ledger(state)
        found = inside(again)
        assert is_consistent(at_crash, found)
        assert found in (before, before + added)
        seen.add(len(found))
        again.append(added[:1])
        assert inside(again) == [*found, added[0]]
        shutil.rmtree(state)
    assert seen == {len(before), len(before) + len(added)}


@pytest.mark.parametrize("seed", range(2))
def test_power_that_fails_at_any_step_is_no_worse_than_a_kill(
    case: tuple[Path, list[Entry], Work],
    open_ledger: OpenLedger,
    killed: Killed,
    tmp_path: Path,
    seed: int,
) -> None:
    """What was not made durable by then may be lost, in the journal too: the log stays one log."""
    base, added, work = case
    chance = random.Random(seed)  # noqa: S311 - which files are lost, not a secret
    recorder = Recorder()
    counted = tmp_path / "counted"
    shutil.copytree(base, counted)
    ledger = open_ledger(counted, files=Files(recorder))
    before = inside(ledger)
    work(ledger)
    steps = [(step, path.relative_to(counted)) for step, path in recorder.steps]
    for number in range(len(steps)):
        state = tmp_path / f"failed-{number}"
        shutil.copytree(base, state)

        def die(state: Path = state, number: int = number) -> None:
            work(open_ledger(state, files=Files(KillAt(number))))

        assert killed(die)
        at_crash = head(state / "ledger", ledger.vkey)
        _fail_power(state, base, steps[:number], chance)
        found = inside(open_ledger(state))
        assert is_consistent(at_crash, found), "a checkpoint that was visible is contradicted"
        assert found in (before, before + added)
        shutil.rmtree(state)


def _fail_power(
    state: Path, base: Path, taken: list[tuple[str, Path]], chance: random.Random
) -> None:
    """Lose of `state`, which was `base` before the steps `taken`, what was not durable by then."""
    kept = {state / path.relative_to(base) for path in base.rglob("*")}
    journal = Path("ledger-private") / "journal"
    appended = renamed = False
    for step, path in taken:
        if step == "write":
            kept.discard(state / path)
        elif step == "sync":
            kept.add(state / path)
        if path == journal:
            appended = step == "append" or (appended and step != "sync")
            renamed |= step == "rename"
        elif step == "sync-folder" and path == journal.parent:
            renamed = False
    if appended:
        size = (base / journal).stat().st_size
        os.truncate(state / journal, chance.randrange(size, (state / journal).stat().st_size + 1))
    # The last step taken may be the renaming, not yet durable: the old one may be back.
    if renamed and chance.random() < 0.5:
        (state / journal).with_name("journal-before").replace(state / journal)
    _lose(state, base, kept, chance)


def test_a_record_torn_in_the_middle_is_as_if_it_never_was(
    entries: MakeEntries, open_ledger: OpenLedger, killed: Killed
) -> None:
    """Half a record in the journal was never acknowledged: it is cut off, and the log goes on."""
    with open_ledger() as ledger:
        ledger.append(entries(3))
    before = inside(ledger)
    assert killed(lambda: open_ledger(files=Torn()).append(entries(2, "torn")))
    again = open_ledger()
    assert inside(again) == before
    again.append(entries(2, "next"))
    assert inside(again) == before + entries(2, "next")
    assert inside(open_ledger()) == before + entries(2, "next")


def test_killed_at_any_step_of_its_beginning_it_begins_all_the_same(
    open_ledger: OpenLedger, killed: Killed, tmp_path: Path
) -> None:
    """A ledger whose making was ended at any step is made by the next who opens it."""
    recorder = Recorder()
    open_ledger(tmp_path / "counted", files=Files(recorder))
    assert len(recorder.steps) > 8
    for number in range(len(recorder.steps)):
        state = tmp_path / f"killed-{number}"
        files = Files(KillAt(number))

        def die(state: Path = state, files: Files = files) -> None:
            open_ledger(state, files=files)

        assert killed(die)
        assert len(inside(open_ledger(state))) == 1


class Full:
    """A disk that is full from the step of that number on, for `steps` steps."""

    def __init__(self, number: int, steps: int, spared: tuple[str, ...] = ()) -> None:
        """Let the steps `spared` through even then."""
        self.at = number
        self.steps = steps
        self.spared = spared
        self.count = 0
        self.failed: list[str] = []

    def __call__(self, step: str, _path: Path) -> None:
        """Fail if the disk is full now."""
        number = self.count
        self.count += 1
        if self.at <= number < self.at + self.steps and step not in self.spared:
            self.failed.append(step)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    "spared", [("cut", "sync", "sync-folder", "remove"), ()], ids=["needs space", "every step"]
)
def test_a_disk_full_at_any_step_adds_all_or_nothing(
    case: tuple[Path, list[Entry], Work],
    entries: MakeEntries,
    open_ledger: OpenLedger,
    tmp_path: Path,
    spared: tuple[str, ...],
) -> None:
    """What cannot be written raises, is not visible, and with space again all goes on."""
    base, added, work = case
    state = tmp_path / "counted"
    shutil.copytree(base, state)
    never = Full(10_000, 0)
    ledger = open_ledger(state, files=Files(never))
    before = inside(ledger)
    opening = never.count
    work(ledger)
    refused = 0
    for number in range(opening, never.count):
        state = tmp_path / f"full-{number}"
        shutil.copytree(base, state)
        disk = Full(number, 10_000, spared)
        ledger = open_ledger(state, files=Files(disk))
        old = (state / "ledger" / "checkpoint").read_bytes()
        told = None
        try:
            work(ledger)
        except LedgerError as error:
            told = error
        if told is None:
            assert inside(open_ledger(state)) == before + added
        else:
            refused += 1
            assert "cannot be written" in told.what
            assert (state / "ledger" / "checkpoint").read_bytes() == old
            disk.steps = 0
            ledger.append(entries(1, "later"))
            unknown = "shows when it can be written again" in told.mend
            assert not (unknown and spared), "taking back needs no space"
            expected = [before + entries(1, "later")]
            if unknown:
                expected.append(before + added + entries(1, "later"))
            assert inside(ledger) in expected
        shutil.rmtree(state)
    assert refused > 4


class Short(Files):
    """The disk fills up in the middle of a write, once, of a file of that name."""

    def __init__(self, name: str) -> None:
        """Fail at `name`."""
        super().__init__()
        self.name = name

    def _half(self, path: Path) -> bool:
        found = path.name == self.name
        self.name = "" if found else self.name
        return found

    def append(self, path: Path, data: bytes) -> None:
        """Half of it, then no space."""
        if not self._half(path):
            return super().append(path, data)
        super().append(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _fill(self, path: Path, data: bytes, mode: int) -> None:
        if not self._half(path):
            return super()._fill(path, data, mode)
        super()._fill(path, data[: len(data) // 2], mode)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("name", ["journal", ".checkpoint.new", ".7.new"])
def test_a_write_cut_short_leaves_nothing_behind(
    name: str, entries: MakeEntries, open_ledger: OpenLedger, tmp_path: Path
) -> None:
    """Half a record, checkpoint or tile is taken back, and the next batch is whole."""
    open_ledger().append(entries(3))
    ledger = open_ledger(files=Short(name))
    before = inside(ledger)
    with pytest.raises(LedgerError, match="No space left") as refused:
        ledger.append(entries(3, "short"))
    assert "Nothing was recorded" in refused.value.mend
    assert inside(ledger) == before
    assert not list((tmp_path / "state").rglob(".*.new"))
    assert ledger.append(entries(3, "next")) == [4, 5, 6]
    assert inside(open_ledger()) == before + entries(3, "next")


def test_after_a_sync_that_failed_the_files_are_written_anew(
    entries: MakeEntries, open_ledger: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel may drop what it could not write and call the next sync a success."""
    monkeypatch.setattr(writer, "MOST_JOURNAL_BATCHES", 0)
    failing: list[str] = []
    written: list[str] = []

    def fail(step: str, path: Path) -> None:
        if step == "sync" and path.name in failing:
            failing.remove(path.name)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if step == "write":
            written.append(path.name)

    ledger = open_ledger(files=Files(fail))
    failing.append("4")
    assert ledger.append(entries(3)) == [1, 2, 3]
    assert not failing, "the sync of the partial tile was not tried"
    written.clear()
    ledger.append(entries(1))
    assert {"4", "5"} <= set(written)
    assert len(inside(ledger)) == 5


def _lose(state: Path, durable: Path, kept: set[Path], chance: random.Random) -> None:
    """What a power failure may leave of files that were not made durable."""
    for path in sorted((state / "ledger").rglob("*")):
        if not path.is_file() or path in kept:
            continue
        old = durable / path.relative_to(state)
        data = path.read_bytes()
        fate = chance.choice(["kept", "gone", "empty", "zeros", "old"])
        if fate == "gone":
            path.unlink()
        elif fate == "empty":
            path.write_bytes(b"")
        elif fate == "zeros":
            path.write_bytes(bytes(len(data)))
        elif fate == "old":
            if old.is_file():
                shutil.copy(old, path)
            else:
                path.unlink()


def _sizes(chance: random.Random) -> Iterator[int]:
    while True:
        yield chance.choice([1, 1, 1, 2, 40, 260])


@pytest.mark.parametrize("seed", range(12))
def test_a_power_failure_loses_nothing_that_was_acknowledged(
    seed: int,
    entries: MakeEntries,
    open_ledger: OpenLedger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Public files that were not made durable may vanish, be empty, zeros or old: all comes back.

    Also right after the journal began anew, when only what was made durable may be relied on.
    """
    chance = random.Random(seed)  # noqa: S311 - which files are lost, not a secret
    monkeypatch.setattr(writer, "MOST_JOURNAL_BATCHES", 4)
    state, durable = tmp_path / "state", tmp_path / "durable"
    kept: set[Path] = set()
    rotated = False

    def watch(step: str, path: Path) -> None:
        nonlocal rotated
        if step == "sync":
            kept.add(path)
        elif step in {"write", "append"}:
            kept.discard(path)
        rotated |= step == "rename" and path.name == "journal"

    ledger = open_ledger(state, files=Files(watch))
    expected = inside(ledger)
    for count, size in zip(range(15), _sizes(chance), strict=False):
        ledger.append(entries(size, f"s{count}"))
        expected += entries(size, f"s{count}")
        if rotated or chance.random() < 0.3:
            _lose(state, durable, kept, chance)
            shutil.rmtree(durable, ignore_errors=True)
            shutil.copytree(state, durable)
            kept |= set((state / "ledger").rglob("*"))
            rotated = False
            ledger = open_ledger(state, files=Files(watch))
            assert inside(ledger) == expected
