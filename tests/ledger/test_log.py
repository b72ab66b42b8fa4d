import doctest
import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.clock import SystemClock
from plainview.errors import InputError, LedgerError, LedgerLie
from plainview.ledger import writer
from plainview.ledger.entry import Entry, EntryKind, encode_entry
from plainview.ledger.files import Files
from plainview.ledger.growth import Tree, changed_paths, folders_of, partial_folders
from plainview.ledger.log import MAX_BATCH, Ledger
from plainview.ledger.merkle import leaf_hash, root_of, verify_consistency
from plainview.ledger.note import Signer, Verifier, add_signatures, open_note
from plainview.ledger.proof import check_proof
from plainview.ledger.tiles import DirectorySource, consistency_proof, is_served, tree_root

MakeEntries = Callable[..., list[Entry]]
OpenLedger = Callable[..., Ledger]

PUBLIC = "ledger"


def test_a_new_ledger_opens_with_an_entry_that_names_itself(open_ledger: OpenLedger) -> None:
    """The first entry says origin and key; the checkpoint is signed by that key."""
    ledger = open_ledger()
    ((index, first),) = ledger.entries()
    assert (index, first.kind, first.subject) == (0, EntryKind.LEDGER_OPENED, "city")
    assert first.detail == {"origin": ledger.origin, "ledger": ledger.vkey}
    text = open_note(ledger.checkpoint(), [Verifier.from_vkey(ledger.vkey)]).text
    assert text.startswith(f"{ledger.origin}\n1\n")


def test_a_ledger_without_a_name_gets_one_of_its_own(tmp_path: Path) -> None:
    """Two ledgers that nobody named are never confused, and keep their names."""
    names = set()
    for state in (tmp_path / "a", tmp_path / "b"):
        with Ledger(state, clock=SystemClock()) as ledger:
            names.add(ledger.origin)
        with Ledger(state, clock=SystemClock()) as again:
            assert again.origin in names
    assert len(names) == 2


def test_what_was_appended_is_in_the_published_checkpoint_on_return(
    entries: MakeEntries, open_ledger: OpenLedger
) -> None:
    """Places come in order; anyone who reads the files sees the entries; proofs hold offline."""
    ledger = open_ledger()
    assert ledger.append(entries(2)) == [1, 2]
    assert ledger.append([]) == []
    assert ledger.append(entries(300, "b")) == list(range(3, 303))
    assert ledger.size == 303
    assert [entry for _, entry in ledger.entries(1)] == entries(2) + entries(300, "b")
    assert next(iter(ledger.entries(7, 8))) == (7, entries(300, "b")[4])
    key = Verifier.from_vkey(ledger.vkey)
    for index, entry in ledger.entries():
        assert check_proof(ledger.proof(index), encode_entry(entry), key) == index


def test_asking_for_what_is_not_there_is_an_error(
    entries: MakeEntries, open_ledger: OpenLedger
) -> None:
    """Entries and proofs beyond the end, and batches beyond the bound, are refused."""
    ledger = open_ledger()
    with pytest.raises(LedgerError, match="no entries"):
        list(ledger.entries(0, 2))
    with pytest.raises(LedgerError, match="no entry"):
        ledger.proof(1)
    with pytest.raises(LedgerError, match="at once"):
        ledger.append(entries(1) * (MAX_BATCH + 1))
    with pytest.raises(LedgerError, match="more than"):
        ledger.append([Entry(0, EntryKind.DATA_ACCESSED, "city", detail={"a": ["x" * 500] * 60})])
    assert ledger.size == 1


def test_a_closed_ledger_adds_nothing(entries: MakeEntries, open_ledger: OpenLedger) -> None:
    """After close, twice if need be, appending is an error; reading still works."""
    ledger = open_ledger()
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        ledger.append(entries(1))
    with pytest.raises(LedgerError, match="closed"):
        ledger.commit("x", about="y")
    assert len(list(ledger.entries())) == 1


def test_every_file_served_is_one_of_the_format_and_nothing_private_is_among_them(
    entries: MakeEntries, open_ledger: OpenLedger, tmp_path: Path
) -> None:
    """The public folder holds a checkpoint and tiles, readable by all; the rest is the owner's."""
    with open_ledger() as ledger:
        ledger.append(entries(700))
        ledger.commit("a name", about="a test")
    state = tmp_path / "state"
    served = [path for path in (state / PUBLIC).rglob("*") if path.is_file()]
    assert all(is_served(str(path.relative_to(state / PUBLIC))) for path in served)
    assert all(path.stat().st_mode & stat.S_IROTH for path in served)
    for private in ("ledger-private", "keys"):
        assert stat.S_IMODE((state / private).stat().st_mode) == 0o700
        for path in (state / private).iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@given(st.lists(st.integers(1, 700), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_a_tree_grown_in_any_batches_has_the_same_files_and_root(sizes: list[int]) -> None:
    """Tiles do not depend on how entries came; the paths that change are known beforehand."""
    data = [str(i).encode() for i in range(sum(sizes))]
    files: dict[str, bytes] = {}
    tree, done = Tree(), 0
    for size in sizes:
        old = tree.size
        tree, fresh = tree.grown(data[done : done + size])
        assert sorted(path for path, _ in fresh) == sorted(changed_paths(old, tree.size))
        files |= dict(fresh)
        done += size
    whole, at_once = Tree().grown(data)
    assert tree.root() == whole.root() == root_of(leaf_hash(entry) for entry in data)
    assert all(files[path] == content for path, content in at_once)
    full = [path for path in files if ".p/" not in path]
    replaced = set(partial_folders(0, tree.size))
    assert replaced == {f"{path}.p" for path in full}


def test_folders_are_made_durable_from_the_deepest_up() -> None:
    """A name is durable only when every folder above it is; the log's own folder comes last."""
    folders = folders_of(["tile/0/x001/067.p/3", "checkpoint"])
    assert folders == ["tile/0/x001/067.p", "tile/0/x001", "tile/0", "tile", "."]


def test_partial_tiles_go_only_when_the_full_one_stands_for_good(
    entries: MakeEntries, open_ledger: OpenLedger, tmp_path: Path
) -> None:
    """Every checkpoint's partial tiles can be had until the full tile is durable; then they go."""
    tiles = tmp_path / "state" / PUBLIC / "tile"
    ledger = open_ledger()
    for _ in range(5):
        ledger.append(entries(60))
    assert sorted(int(path.name) for path in (tiles / "0" / "000.p").iterdir()) == [
        1,
        61,
        121,
        181,
        241,
    ]
    assert (tiles / "0" / "000").stat().st_size == 8192
    ledger.close()
    assert not (tiles / "0" / "000.p").exists()
    assert not (tiles / "entries" / "000.p").exists()
    assert (tiles / "0" / "001.p" / "45").stat().st_size == 45 * 32


def test_several_threads_share_one_batch(entries: MakeEntries, open_ledger: OpenLedger) -> None:
    """What waits while one batch is being made durable becomes durable together."""
    under_way, go_on = threading.Event(), threading.Event()
    records = 0

    def slow(step: str, _path: Path) -> None:
        nonlocal records
        if step == "append":
            records += 1
            if records == 2:
                under_way.set()
                assert go_on.wait(20)

    ledger = open_ledger(files=Files(slow))
    assert records == 1
    places: dict[str, list[int]] = {}
    threads = [
        threading.Thread(
            target=lambda name=f"t{i}": places.update({name: ledger.append(entries(3, name))})
        )
        for i in range(9)
    ]
    threads[0].start()
    assert under_way.wait(20)
    for thread in threads[1:]:
        thread.start()
    while len(ledger._queue) < 8:
        assert all(thread.is_alive() for thread in threads)
    go_on.set()
    for thread in threads:
        thread.join()
    assert records == 3
    found = [entry for _, entry in ledger.entries()]
    for name, where in places.items():
        assert [found[place] for place in where] == entries(3, name)
    assert sorted(place for where in places.values() for place in where) == list(range(1, 28))


def test_while_public_files_are_made_durable_others_add_on(
    entries: MakeEntries,
    open_ledger: OpenLedger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A slow disk holds up the one who keeps up, nobody else; what changed meanwhile counts."""
    hanging, go_on = threading.Event(), threading.Event()
    tile = tmp_path / "state" / PUBLIC / "tile" / "0" / "000.p" / "2"
    synced: list[Path] = []

    def slow(step: str, path: Path) -> None:
        if step == "sync":
            synced.append(path)
            if path.parent.parent.name == "entries" and not hanging.is_set():
                hanging.set()
                assert go_on.wait(20)

    ledger = open_ledger(files=Files(slow))
    monkeypatch.setattr(writer, "MOST_JOURNAL_BATCHES", 1)
    one = threading.Thread(target=lambda: ledger.append(entries(1)))
    one.start()
    assert hanging.wait(20)
    assert ledger.append(entries(1, "b")) == [2]
    shutil.copy(tile, tmp_path / "same")
    (tmp_path / "same").replace(tile)
    go_on.set()
    one.join()
    assert synced.count(tile) == 2, "the file that took its place is another one"
    assert synced.count(tile.with_name("3")) == 1
    assert [entry for _, entry in open_ledger().entries(1)] == entries(1) + entries(1, "b")


def test_several_processes_append_to_one_log(
    entries: MakeEntries, open_ledger: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four processes at once: every entry is in it once, where its writer was told, in order."""
    monkeypatch.setattr(writer, "MOST_JOURNAL_BATCHES", 7)
    ledger = open_ledger()
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                own = ledger if number % 2 else open_ledger()
                for turn in range(25):
                    batch = entries(1 + turn % 3, f"p{number}-{turn}")
                    places = own.append(batch)
                    assert [entry for _, entry in own.entries(places[0], places[-1] + 1)] == batch
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert {os.waitpid(child, 0)[1] for child in children} == {0}
    assert ledger.size == 1
    assert ledger.refresh() == 1 + 4 * sum(1 + turn % 3 for turn in range(25))
    subjects = [entry.subject.rpartition("-")[0] for _, entry in ledger.entries(1)]
    for number in range(4):
        of_one = [subject for subject in subjects if subject.startswith(f"camera:p{number}-")]
        assert of_one == [
            f"camera:p{number}-{turn}" for turn in range(25) for _ in range(1 + turn % 3)
        ]
    ledger.append(entries(1, "last"))
    ledger.close()
    assert len(list(open_ledger().entries())) == ledger.size


def test_a_process_that_holds_the_ledger_too_long_is_named_as_the_reason(
    entries: MakeEntries, open_ledger: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever cannot have the lock in time gets an error, and has added nothing."""
    monkeypatch.setattr("plainview.ledger.lock.WAIT_SECONDS", 0.05)
    ledger, other = open_ledger(), open_ledger()
    with ledger._alone(), pytest.raises(LedgerError, match="another process"):
        other.append(entries(1))
    assert other.append(entries(1)) == [1]


def test_a_checkpoint_is_consistent_with_each_before_it(
    entries: MakeEntries, open_ledger: OpenLedger, tmp_path: Path
) -> None:
    """The files prove that every checkpoint so far is how the latest begins."""
    ledger = open_ledger()
    source = DirectorySource(tmp_path / "state" / PUBLIC)
    roots = {}
    for count in (1, 5, 249, 1, 300, 77):
        ledger.append(entries(count))
        roots[ledger.size] = tree_root(source, ledger.size)
    for size, root in roots.items():
        proof = consistency_proof(source, size, ledger.size)
        verify_consistency(size, ledger.size, proof, root, roots[ledger.size])


def test_cosignatures_join_the_checkpoint_until_the_ledger_grows(
    entries: MakeEntries, open_ledger: OpenLedger
) -> None:
    """A cosigned checkpoint takes the place of the same one, and of no other."""
    ledger = open_ledger()
    plain = ledger.checkpoint()
    text = open_note(plain, [Verifier.from_vkey(ledger.vkey)]).text
    witness = Signer.generate("witness.example/w")
    cosigned = add_signatures(plain, [witness.sign(text)])
    ledger.publish_cosigned(cosigned)
    assert ledger.checkpoint() == cosigned
    assert open_ledger().checkpoint() == cosigned
    ledger.append(entries(1))
    assert witness.name not in ledger.checkpoint()
    with pytest.raises(LedgerError, match="grown"):
        ledger.publish_cosigned(cosigned)
    with pytest.raises(LedgerLie):
        ledger.publish_cosigned(add_signatures(f"{text}\n{witness.sign(text)}", []))


def _closed(open_ledger: OpenLedger, entries: MakeEntries, state: Path) -> None:
    with open_ledger(state) as ledger:
        ledger.append(entries(300))
        ledger.append(entries(5))


def _swap(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


@pytest.mark.parametrize(
    ("what", "damage", "told"),
    [
        ("a tile was changed", lambda s: _flip(s / PUBLIC / "tile/0/001.p/50"), "not those|tree"),
        ("a tile is gone", lambda s: (s / PUBLIC / "tile/1/000.p/1").unlink(), "gone"),
        (
            "the last entry was changed",
            lambda s: _swap(s / PUBLIC / "tile/entries/001.p/50", b"camera:a-4", b"camera:b-4"),
            "not those",
        ),
        ("the checkpoint is gone", lambda s: (s / PUBLIC / "checkpoint").unlink(), "gone"),
        ("the checkpoint is empty", lambda s: (s / PUBLIC / "checkpoint").write_text(""), "gone"),
        (
            "the checkpoint is not ours",
            lambda s: _swap(s / PUBLIC / "checkpoint", b"\n306\n", b"\n305\n"),
            "not signed",
        ),
        ("the journal is gone", lambda s: (s / "ledger-private/journal").unlink(), "memory"),
        ("the journal is damaged", lambda s: _flip(s / "ledger-private/journal"), "memory"),
        ("the key is gone", lambda s: (s / "keys/ledger.key").unlink(), "key is gone"),
        ("all is gone but the key", lambda s: _remove(s, PUBLIC, "ledger-private"), "memory"),
    ],
)
def test_a_ledger_whose_files_were_tampered_with_is_refused(
    what: str,
    damage: Callable[[Path], object],
    told: str,
    entries: MakeEntries,
    open_ledger: OpenLedger,
    tmp_path: Path,
) -> None:
    """What was signed and what is there must agree, or nothing is signed any more."""
    assert what
    _closed(open_ledger, entries, tmp_path / "state")
    damage(tmp_path / "state")
    with pytest.raises(LedgerError, match=told) as refused:
        open_ledger()
    assert isinstance(refused.value, LedgerLie) or "key" in told
    assert refused.value.mend


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def _remove(state: Path, *names: str) -> None:
    for name in names:
        shutil.rmtree(state / name)


@pytest.mark.parametrize(
    ("folder", "told"), [(PUBLIC, "are gone"), ("ledger-private", "rolled back")]
)
def test_a_folder_that_was_rolled_back_is_refused(
    folder: str, told: str, entries: MakeEntries, open_ledger: OpenLedger, tmp_path: Path
) -> None:
    """An old copy of the public files, or of the private memory alone, cannot be signed on."""
    state = tmp_path / "state"
    _closed(open_ledger, entries, state)
    shutil.copytree(state / folder, tmp_path / "old")
    _closed(open_ledger, entries, state)
    shutil.rmtree(state / folder)
    shutil.copytree(tmp_path / "old", state / folder)
    with pytest.raises(LedgerLie, match=told):
        open_ledger()


def test_a_checkpoint_rolled_back_under_a_running_ledger_is_a_lie(
    entries: MakeEntries, open_ledger: OpenLedger, tmp_path: Path
) -> None:
    """Reading refuses an older checkpoint than it has seen; adding one that was never signed."""
    place = tmp_path / "state" / PUBLIC / "checkpoint"
    ledger = open_ledger()
    old = place.read_bytes()
    ledger.append(entries(1))
    place.write_bytes(old)
    with pytest.raises(LedgerLie, match="rolled back"):
        ledger.refresh()
    place.write_bytes(b"forged\n2\n")
    with pytest.raises(LedgerLie, match="not signed"):
        ledger.append(entries(1))


def test_an_entry_changed_deep_in_the_log_is_found_when_all_is_read(
    entries: MakeEntries, open_ledger: OpenLedger, tmp_path: Path
) -> None:
    """Opening reads a few tiles only; reading all entries compares them with the signed root."""
    state = tmp_path / "state"
    with open_ledger() as ledger:
        ledger.append(entries(600))
    bundle = state / PUBLIC / "tile/entries/000"
    _swap(bundle, b"camera:a-7", b"camera:a-8")
    ledger = open_ledger()
    with pytest.raises(LedgerError, match="not the one that was recorded"):
        list(ledger.entries())
    tile = state / PUBLIC / "tile/0/000"
    data = tile.read_bytes()
    forged = encode_entry(entries(9)[8])
    tile.write_bytes(data[: 8 * 32] + leaf_hash(forged.replace(b"0008", b"0007")) + data[9 * 32 :])
    with pytest.raises(LedgerError):
        list(ledger.entries())
    with pytest.raises(LedgerLie):
        ledger.proof(8)


def test_a_wrong_name_or_a_folder_that_cannot_be_written_is_an_error_with_its_mend(
    open_ledger: OpenLedger, tmp_path: Path
) -> None:
    """The two mistakes of those who set it up are told in one line each."""
    open_ledger().close()
    with pytest.raises(InputError, match="is called ledger"):
        Ledger(tmp_path / "state", clock=SystemClock(), origin="other.example")
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be opened"):
        open_ledger(tmp_path / "file")


def test_commitments_are_kept_beside_the_ledger(open_ledger: OpenLedger) -> None:
    """A name goes in as a commitment that only this state folder can open, until it is erased."""
    ledger = open_ledger()
    commitment = ledger.commit("Ada Lovelace", about="a decision")
    ledger.append([Entry(0, EntryKind.STOP_PRESSED, "city", "supervisor", commitment)])
    opening = ledger.open(commitment)
    assert opening is not None
    assert (opening.value, opening.about) == ("Ada Lovelace", "a decision")
    assert ledger.erase(commitment)
    assert not ledger.erase(commitment)
    assert ledger.open(commitment) is None
    assert next(iter(ledger.entries(1)))[1].who == commitment


def test_the_reference_shows_what_happens() -> None:
    """Every example in docs/reference/ledger.md does just what it says."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "ledger.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert (failed, tried > 10) == (0, True)


def test_the_reference_names_every_kind() -> None:
    """A kind of entry that is not explained cannot be added."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "ledger.md").read_text()
    assert all(f"`{kind.value}`" in page for kind in EntryKind)
