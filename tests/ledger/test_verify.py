import hashlib
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.ledger import grown

from plainview.errors import LedgerError, LedgerLie
from plainview.ledger.checkpoint import Checkpoint
from plainview.ledger.cosignature import ED25519, Cosigner
from plainview.ledger.entry import Entry, EntryKind, encode_entry
from plainview.ledger.growth import Tree
from plainview.ledger.layout import encode_bundle, entries_path, tile_path
from plainview.ledger.note import Signer, add_signatures, sign_note
from plainview.ledger.policy import QuorumPolicy
from plainview.ledger.verify import MOST_LIES, MOST_REMARKS, Head, Report, verify

LOG = Signer("log.example/one", bytes(range(32)))
WITNESS = Cosigner("w.example", ED25519, bytes(32))
NOW = 1_700_000_000.0


@dataclass
class Held:
    """A ledger's files in memory."""

    files: dict[str, bytes] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        """The file, or LedgerError as any source raises it."""
        try:
            return self.files[path]
        except KeyError as error:
            raise LedgerError("not there", where=path) from error


def entry(n: int, *, t: int | None = None, what: str = "x") -> bytes:
    """The bytes of an entry that can stand at place `n`."""
    kind = EntryKind.LEDGER_OPENED if n == 0 else EntryKind.CONFIGURATION_CHANGED
    at = int(NOW * 1000) - 10_000_000 + n if t is None else t
    return encode_entry(Entry(at, kind, "city", detail={"digest": f"{what}{n}"}))


def entries(size: int, what: str = "x") -> list[bytes]:
    """The entries of a ledger of `size`."""
    return [entry(n, what=what) for n in range(size)]


def ledger(data: Sequence[bytes], signer: Signer = LOG) -> Held:
    """A ledger that holds `data`, with every tile and a signed checkpoint."""
    tree, files = Tree().grown(data)
    note = sign_note(Checkpoint(LOG.name, tree.size, tree.root()).text(), signer)
    return Held({**dict(files), "checkpoint": note.encode()})


def check(held: Held, **more: object) -> Report:
    """The report on `held`."""
    return verify(held, LOG.verifier, now=NOW, **more)  # type: ignore[arg-type]  # as verify takes


def head(size: int, what: str = "x") -> str:
    """The checkpoint as it was when the ledger had `size` entries."""
    return ledger(entries(size, what)).files["checkpoint"].decode()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 700])
def test_a_true_ledger_holds(size: int) -> None:
    """No lie, no remark; the root is that of the definition; every entry is given in order."""
    held = ledger(entries(size))
    seen: list[int] = []
    report = check(held, each=lambda index, _: seen.append(index))
    assert report.lies == ()
    assert report.remarks == ()
    assert report.held
    assert report.checkpoint is not None
    assert report.checkpoint.root == grown.root(
        [hashlib.sha256(b"\0" + one).digest() for one in entries(size)]
    )
    assert seen == list(range(size))
    assert any(f"{size} entries" in line for line in report.checked)


def test_a_ledger_with_tiles_of_tiles_holds() -> None:
    """65,793 entries have a tile of level 2, and a lie in it is found."""
    held = ledger(entries(65_793))
    assert check(held).lies == ()
    for path in (tile_path(1, 0), tile_path(2, 0, 1), tile_path(1, 1, 1)):
        changed = Held({**held.files, path: bytes(len(held.files[path]))})
        assert any(path in lie for lie in check(changed).lies)


def test_every_flipped_bit_is_found() -> None:
    """Wherever one bit of one file is another, there is a lie to be told."""
    held = ledger(entries(600))
    chance = random.Random(3)  # noqa: S311 - which bits
    for path, data in held.files.items():
        for _ in range(12):
            place = chance.randrange(len(data) * 8)
            flipped = bytearray(data)
            flipped[place // 8] ^= 1 << place % 8
            report = check(Held({**held.files, path: bytes(flipped)}))
            assert not report.held, (path, place)


def test_every_missing_cut_or_lengthened_file_is_found() -> None:
    """A file that is gone, shorter or longer is told; without checkpoint there is no ledger."""
    held = ledger(entries(600))
    for path, data in held.files.items():
        for change in (None, data[:-1], data + b"x", b""):
            files = {k: v for k, v in held.files.items() if k != path}
            if change is not None:
                files[path] = change
            if path == "checkpoint" and change is None:
                with pytest.raises(LedgerError):
                    check(Held(files))
            else:
                assert not check(Held(files)).held, path


def test_a_partial_tile_may_have_become_a_full_one() -> None:
    """A log that grew while it was read is no liar."""
    small, large = ledger(entries(300)), ledger(entries(600))
    files = {**large.files, "checkpoint": small.files["checkpoint"]}
    files |= {path: small.files[path] for path in small.files if path.startswith("tile/1/")}
    assert check(Held(files)).lies == ()


def test_an_edited_entry_is_found_even_with_all_tiles_made_again() -> None:
    """Without the key, whoever rewrites the past cannot sign it."""
    data = entries(600)
    for place in (0, 5, 255, 256, 599):
        edited = [*data]
        edited[place] = entry(place, what="y")
        forged = ledger(edited)
        forged.files["checkpoint"] = ledger(data).files["checkpoint"]
        assert any("signed root" in lie for lie in check(forged).lies)
        other = ledger(edited, Signer(LOG.name, bytes(32)))
        assert any("is not log.example/one's" in lie for lie in check(other).lies)


def test_removed_doubled_and_reordered_entries_are_found() -> None:
    """The order and number of entries are what was signed."""
    data = entries(300)
    signed = ledger(data).files["checkpoint"]
    for changed in (
        [*data[:10], *data[11:], entry(300)],
        [*data[:10], data[9], *data[10:-1]],
        [*data[:10], data[11], data[10], *data[12:]],
        [*data[:-1]],
        [*data[:256]],
    ):
        forged = ledger(changed)
        forged.files["checkpoint"] = signed
        assert not check(forged).held


def test_a_rollback_is_found_by_who_remembers() -> None:
    """A ledger that is whole and signed, but smaller than the one remembered."""
    for size in (0, 1, 256, 299):
        report = check(ledger(entries(size)), remembered=head(300))
        assert any("rolled back" in lie for lie in report.lies)


def test_a_fork_is_found_by_who_remembers() -> None:
    """A ledger that is whole and signed with the right key, but with another past."""
    for size in (1, 2, 255, 256, 257, 300, 511, 512, 600):
        assert check(ledger(entries(600)), remembered=head(size)).lies == ()
        report = check(ledger(entries(600)), remembered=head(size, "y"))
        assert any("forked" in lie for lie in report.lies), size
        assert any(f"({size})" in line for line in report.checked)
    assert check(ledger(entries(5)), remembered=head(0)).lies == ()


def test_any_other_tree_that_was_vouched_for_is_compared() -> None:
    """`heads` work as the remembered checkpoint does, with their own words."""
    root = grown.root([hashlib.sha256(b"\0" + one).digest() for one in entries(7)])
    right = Head(7, root, "W")
    assert check(ledger(entries(9)), heads=[right]).lies == ()
    assert "of W" in check(ledger(entries(9)), heads=[Head(7, bytes(32), "W")]).lies[0]
    assert "W has 10" in check(ledger(entries(9)), heads=[Head(10, bytes(32), "W")]).lies[0]


def test_what_is_remembered_must_be_this_ledger() -> None:
    """Another log's checkpoint, or a changed one, is refused at once: it proves nothing here."""
    other = sign_note(Checkpoint("other", 3, bytes(32)).text(), Signer("other", bytes(32)))
    elsewhere = sign_note(Checkpoint("other", 3, bytes(32)).text(), LOG)
    for wrong in (other, elsewhere, head(3).replace("\n3\n", "\n4\n"), ""):
        with pytest.raises(LedgerLie, match="remembered"):
            check(ledger(entries(5)), remembered=wrong)


def test_a_checkpoint_of_another_origin_is_a_lie() -> None:
    """The log's key must not speak for another log."""
    held = ledger(entries(3))
    held.files["checkpoint"] = sign_note(Checkpoint("other", 3, bytes(32)).text(), LOG).encode()
    assert "of other" in check(held).lies[0]


def test_too_few_witnesses_are_a_lie() -> None:
    """A quorum that is asked for and not met is told; one that is met is told too."""
    held = ledger(entries(5))
    policy = QuorumPolicy.of(1, [WITNESS.verifier])
    assert any("too few witnesses" in lie for lie in check(held, policy=policy).lies)
    note = held.files["checkpoint"].decode()
    text = note.partition("\n\n")[0] + "\n"
    cosigned = add_signatures(note, [WITNESS.cosign(text, int(NOW))])
    report = check(Held({**held.files, "checkpoint": cosigned.encode()}), policy=policy)
    assert report.lies == ()
    assert "cosigned by: w.example" in report.checked


def test_a_policy_for_another_log_is_told() -> None:
    """A quorum on another log says nothing about this one."""
    other = QuorumPolicy(logs=(Signer("other", bytes(32)).verifier,))
    assert "another log" in check(ledger(entries(2)), policy=other).lies[0]
    assert check(ledger(entries(2)), policy=QuorumPolicy(logs=(LOG.verifier,))).held


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"not json",
        entry(5).replace(b'"v":1', b'"v":2'),
        entry(5).replace(b",", b", "),
        entry(5).replace(b'"x5"', b'"x\\u0035"'),
        b"[" * 3000,
        b"\xff",
    ],
)
def test_what_is_no_entry_is_found_although_it_is_signed(data: bytes) -> None:
    """The log's own key does not make an entry of what is none."""
    report = check(ledger([*entries(5), data, *entries(9)[6:]]))
    assert len(report.lies) == 1
    assert "entry 5 is" in report.lies[0]


def test_a_ledger_must_be_opened_under_its_own_key() -> None:
    """Its first entry opens it, and no entry names another key as the ledger's."""
    assert "entry 0 does not open" in check(ledger([entry(1), entry(2)])).lies[0]

    def opening(vkey: str) -> bytes:
        detail = {"ledger": vkey, "origin": LOG.name}
        return encode_entry(Entry(int(NOW * 1000), EntryKind.LEDGER_OPENED, "city", detail=detail))  # type: ignore[arg-type]  # invariant

    assert check(ledger([opening(LOG.vkey), opening(LOG.vkey)])).held
    other = Signer(LOG.name, bytes(32)).vkey
    assert "entry 0 names another key" in check(ledger([opening(other)])).lies[0]
    assert "entry 1 names another key" in check(ledger([entry(0), opening(other)])).lies[0]


def test_a_clock_that_was_set_is_told_and_is_no_lie() -> None:
    """Entries that are dated back or in the future are remarks; equal times are nothing."""
    t = int(NOW * 1000)
    report = check(ledger([entry(0, t=t), entry(1, t=t), entry(2, t=t - 5000), entry(3, t=t)]))
    assert report.held
    assert report.remarks == ("entry 2 is dated 5 s before an earlier one: the clock was set back",)
    (future,) = check(ledger([entry(0), entry(1, t=t + 3_600_000)])).remarks
    assert "future" in future
    many = [entry(0, t=t), *(entry(n, t=1) for n in range(1, 100))]
    remarks = check(ledger(many)).remarks
    assert len(remarks) == MOST_REMARKS + 1
    assert "79 more" in remarks[-1]


def test_a_ledger_of_nothing_but_lies_is_not_read_to_its_end() -> None:
    """A liar cannot keep its reader busy, nor with the size that it signs."""
    held = ledger([entry(0), *(b"lie %d" % n for n in range(5000))])
    report = check(held)
    assert MOST_LIES <= len(report.lies) <= MOST_LIES + 5
    begun = time.monotonic()
    huge = sign_note(Checkpoint(LOG.name, 2**62, bytes(32)).text(), LOG)
    report = check(Held({**held.files, "checkpoint": huge.encode()}))
    assert any("cannot be shown" in lie for lie in report.lies)
    assert time.monotonic() - begun < 5


def test_entries_that_do_not_fit_their_tile_are_named() -> None:
    """The report says which entry is not the recorded one."""
    held = ledger(entries(300))
    data = entries(300)[:256]
    data[17] = entry(17, what="y")
    held.files[entries_path(0)] = encode_bundle(data)
    lies = check(held).lies
    assert any(lie.startswith("entry 17 is not the one") for lie in lies)


def test_a_checkpoint_that_is_no_text_is_a_lie() -> None:
    """Bytes that are not UTF-8 do not stop the report."""
    assert "not text" in check(Held({"checkpoint": b"\xff"})).lies[0]


def test_the_benchmark_of_forgeries_finds_every_lie() -> None:
    """Seventeen ways to lie, three times each; and nothing true is called a lie."""
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, root / "bench/forgeries.py", "--entries", "700", "--trials", "3"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "all lies                               51     51" in result.stdout
