from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import LedgerLie
from plainview.ledger.checkpoint import Checkpoint
from plainview.ledger.growth import Tree
from plainview.ledger.merkle import leaf_hash
from plainview.ledger.note import Signer, Verifier, add_signatures, encode64, sign_note
from plainview.ledger.proof import (
    HEADER,
    MAX_PROOF_BYTES,
    check_proof,
    make_proof,
    open_proof,
    parse_proof,
)
from plainview.ledger.tiles import inclusion_proof

LOG = Signer("log.example/1", bytes(range(32)))
WITNESS = Signer("witness.example/w", bytes(range(1, 33)))
ENTRIES = [f"entry {i}".encode() for i in range(300)]
TREE, FILES = Tree().grown(ENTRIES)


class _Source:
    def read(self, path: str) -> bytes:
        return dict(FILES)[path]


def note(*, origin: str = LOG.name, signer: Signer = LOG, size: int = TREE.size) -> str:
    """A checkpoint of the tree."""
    return sign_note(Checkpoint(origin, size, TREE.root()).text(), signer)


def proof_of(index: int, checkpoint: str | None = None, extra: bytes | None = None) -> str:
    """The proof of one entry."""
    hashes = inclusion_proof(_Source(), index, TREE.size)
    return make_proof(index, hashes, checkpoint or note(), extra=extra)


@given(st.integers(0, 299), st.none() | st.binary(max_size=50))
def test_each_entry_is_proved_by_its_text_alone(index: int, extra: bytes | None) -> None:
    """The proof, the entry and the log's key are all that is needed."""
    proof = proof_of(index, extra=extra)
    assert check_proof(proof, ENTRIES[index], LOG.verifier) == index
    parsed = parse_proof(proof)
    assert parsed.extra == extra
    assert make_proof(parsed.index, parsed.hashes, parsed.checkpoint, extra=extra) == proof
    with pytest.raises(LedgerLie):
        check_proof(proof, ENTRIES[index - 1], LOG.verifier)


def test_the_format_is_that_of_the_specification() -> None:
    """c2sp.org/tlog-proof@v1: header, index, a hash a line, an empty line, the checkpoint."""
    lines = proof_of(0).split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "index 0"
    assert lines[2] == encode64(leaf_hash(ENTRIES[1]))
    assert lines[lines.index("") + 1 :] == note().split("\n")


def test_who_signed_matters() -> None:
    """The log itself must have signed, under the origin that its key names; witnesses add."""
    cosigned = add_signatures(note(), [WITNESS.sign(note().split("\n\n")[0] + "\n")])
    proved = open_proof(proof_of(7, cosigned), ENTRIES[7], LOG.verifier, [WITNESS.verifier])
    assert proved.index == 7
    assert proved.checkpoint.size == 300
    assert proved.note.verified == (LOG.name, WITNESS.name)
    other = Signer.generate(LOG.name)
    for wrong in (note(signer=other), note(signer=WITNESS), note(origin="log.example/2")):
        with pytest.raises(LedgerLie):
            open_proof(proof_of(7, wrong), ENTRIES[7], LOG.verifier, [WITNESS.verifier])
    with pytest.raises(LedgerLie):
        check_proof(proof_of(7), ENTRIES[7], Verifier.from_vkey(other.vkey))


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: p[:0],
        lambda p: p.replace("@v1", "@v2"),
        lambda p: p.replace("index 7", "index 07"),
        lambda p: p.replace("index 7", "index -7"),
        lambda p: p.replace("index 7", "index 8"),
        lambda p: p.replace("index 7\n", ""),
        lambda p: p.replace("index 7", "extra !\nindex 7"),
        lambda p: p.replace("index 7", "extra AA==\nextra AA==\nindex 7"),
        lambda p: p.replace("\n\n", "\n", 1),
        lambda p: p.replace("\n\n", f"\n{encode64(bytes(31))}\n\n", 1),
        lambda p: p.replace("\n\n", f"\n{encode64(bytes(32))}\n\n", 1),
        lambda p: p.replace("\n\n", f"\n{encode64(bytes(32))}" * 64 + "\n\n", 1),
        lambda p: p.replace("\n300\n", "\n299\n"),
        lambda p: p + "\n",
        lambda p: p[:-1],
        lambda p: p + "x" * MAX_PROOF_BYTES,
        lambda p: HEADER + p[p.index("\n\n") :],
    ],
)
def test_a_proof_that_was_changed_proves_nothing(damage: Callable[[str], str]) -> None:
    """Any other spelling, index, hash, size or length is a lie."""
    proof = proof_of(7)
    assert check_proof(proof, ENTRIES[7], LOG.verifier) == 7
    assert damage(proof) != proof
    with pytest.raises(LedgerLie):
        check_proof(damage(proof), ENTRIES[7], LOG.verifier)


@given(st.data())
def test_no_single_character_can_be_changed(data: st.DataObject) -> None:
    """Every character of a proof without extra data is accounted for."""
    proof = proof_of(7)
    at = data.draw(st.integers(0, len(proof) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda sign: sign != proof[at]))
    with pytest.raises(LedgerLie):
        check_proof(proof[:at] + other + proof[at + 1 :], ENTRIES[7], LOG.verifier)
