import base64
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import LedgerLie
from plainview.ledger.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Edge,
    consistency_ranges,
    fold,
    inclusion_ranges,
    is_subtree,
    leaf_hash,
    node_hash,
    perfect_ranges,
    root_of,
    split_point,
    subtree_consistency_ranges,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "merkle-vectors"
NUMBERS = {"inclusion": 98, "consistency": 98, "subtreeinclusion": 204, "subtreeconsistency": 118}


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _check(kind: str, vector: dict[str, object]) -> None:
    def number(name: str) -> int:
        value = vector[name]
        assert isinstance(value, int)
        return value

    def text(name: str) -> bytes:
        value = vector[name]
        assert isinstance(value, str)
        return _bytes(value)

    proofs = vector["proof"] or []
    assert isinstance(proofs, list)
    proof = [_bytes(line) for line in proofs]
    if kind == "inclusion":
        verify_inclusion(
            number("leafIdx"), number("treeSize"), text("leafHash"), proof, text("root")
        )
    elif kind == "consistency":
        verify_consistency(number("size1"), number("size2"), proof, text("root1"), text("root2"))
    elif kind == "subtreeinclusion":
        verify_subtree_inclusion(
            number("leafIdx"),
            number("start"),
            number("end"),
            text("leafHash"),
            proof,
            text("root"),
        )
    else:
        verify_subtree_consistency(
            number("start"),
            number("end"),
            number("size"),
            proof,
            text("root1"),
            text("root2"),
        )


@pytest.mark.parametrize("kind", sorted(NUMBERS))
def test_every_published_vector_is_judged_as_it_says(kind: str) -> None:
    """All good proofs of the shared vectors verify, and each bad one is refused as a lie."""
    if not VECTORS.is_dir():
        pytest.skip(f"no Merkle proof vectors at {VECTORS}")
    wrong = []
    verdicts = {True: 0, False: 0}
    for path in sorted((VECTORS / kind).rglob("*.json")):
        vector = json.loads(path.read_text())
        try:
            _check(kind, vector)
            refused = False
        except LedgerLie:
            refused = True
        verdicts[refused] += 1
        if refused is not vector["wantErr"]:
            wrong.append(str(path.relative_to(VECTORS)))
    assert not wrong
    assert sum(verdicts.values()) == NUMBERS[kind]
    assert verdicts[True]
    assert verdicts[False]


def _mth(leaves: Sequence[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, as the recursion that it is written as."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    middle = split_point(len(leaves))
    return node_hash(_mth(leaves[:middle]), _mth(leaves[middle:]))


def _leaves(size: int) -> list[bytes]:
    return [leaf_hash(index.to_bytes(4, "big")) for index in range(size)]


def _hashes(leaves: Sequence[bytes], ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    return [_mth(leaves[start:end]) for start, end in ranges]


def test_the_roots_of_rfc_9162_hold() -> None:
    """The root of nothing is SHA-256 of nothing; one leaf's root is its hash, domain-separated."""
    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c149afbf4c8996fb924")
    assert leaf_hash(b"").hex().startswith("6e340b9cffb37a989ca544e6bb780a2c")
    assert root_of([]) == EMPTY_ROOT
    assert root_of([leaf_hash(b"")]) == leaf_hash(b"")


@given(st.integers(0, 300))
def test_an_edge_grown_leaf_by_leaf_has_the_root_of_the_definition(size: int) -> None:
    """Growing needs only the perfect subtrees' roots, and gives the defined root."""
    leaves = _leaves(size)
    edge = Edge()
    for leaf in leaves:
        edge.push(leaf)
    assert edge.root() == _mth(leaves)
    assert edge.perfect == _hashes(leaves, list(perfect_ranges(0, size)))
    again = Edge(size, edge.perfect).copy()
    assert again.push(leaf_hash(b"more"))[0] == leaf_hash(b"more")
    assert edge.root() == _mth(leaves)


def test_an_edge_refuses_a_number_of_hashes_that_its_size_cannot_have() -> None:
    """The roots given for an edge must be as many as its size has bits."""
    with pytest.raises(ValueError, match="perfect subtrees"):
        Edge(3, [leaf_hash(b"")])


@given(st.data(), st.integers(1, 200))
def test_the_proof_of_each_leaf_verifies_and_any_change_of_it_is_refused(
    data: st.DataObject, size: int
) -> None:
    """Inclusion: the ranges' hashes prove the leaf, and no other leaf, place, size or root."""
    leaves = _leaves(size)
    root = _mth(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = _hashes(leaves, inclusion_ranges(index, size))
    verify_inclusion(index, size, leaves[index], proof, root)
    with pytest.raises(LedgerLie):
        verify_inclusion(index, size, leaf_hash(b"other"), proof, root)
    with pytest.raises(LedgerLie):
        verify_inclusion(index, size, leaves[index], [*proof, root], root)
    with pytest.raises(LedgerLie):
        verify_inclusion(size, size, leaves[index], proof, root)
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        with pytest.raises(LedgerLie):
            verify_inclusion(other, size, leaves[index], proof, root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        changed = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")
        with pytest.raises(LedgerLie):
            verify_inclusion(
                index, size, leaves[index], [*proof[:at], changed, *proof[at + 1 :]], root
            )


@given(st.data(), st.integers(1, 200))
def test_a_tree_that_grew_is_consistent_and_one_that_was_rewritten_is_not(
    data: st.DataObject, new: int
) -> None:
    """Consistency: proofs from each earlier size verify, but not to a tree with another history."""
    old = data.draw(st.integers(1, new))
    leaves = _leaves(new)
    root = _mth(leaves)
    proof = _hashes(leaves, consistency_ranges(old, new))
    verify_consistency(old, new, proof, _mth(leaves[:old]), root)
    at = data.draw(st.integers(0, old - 1))
    rewritten = [*leaves[:at], leaf_hash(b"rewritten"), *leaves[at + 1 :]]
    forged = _hashes(rewritten, consistency_ranges(old, new))
    with pytest.raises(LedgerLie):
        verify_consistency(old, new, forged, _mth(leaves[:old]), _mth(rewritten))
    with pytest.raises(LedgerLie):
        verify_consistency(old, new, proof, _mth(rewritten[:old]), root)


@given(st.data(), st.integers(1, 130))
def test_every_valid_subtree_is_provable(data: st.DataObject, size: int) -> None:
    """Subtrees: whole or cut by the tree's own shape, their proofs verify; others' do not."""
    leaves = _leaves(size)
    height = data.draw(st.integers(0, 7))
    start = data.draw(st.integers(0, (size - 1) >> height)) << height
    end = data.draw(st.integers(start + 1, min(size, start + (1 << height))))
    assert is_subtree(start, end)
    subtree, root = _mth(leaves[start:end]), _mth(leaves)
    proof = _hashes(leaves, subtree_consistency_ranges(start, end, size))
    verify_subtree_consistency(start, end, size, proof, subtree, root)
    with pytest.raises(LedgerLie):
        verify_subtree_consistency(start, end, size, proof, leaf_hash(b"other"), root)
    with pytest.raises(LedgerLie):
        verify_subtree_consistency(start, end, size, proof, subtree, leaf_hash(b"other"))
    assert subtree == fold(_hashes(leaves, list(perfect_ranges(start, end))))


@pytest.mark.parametrize(
    ("start", "end"), [(1, 3), (2, 5), (2, 6), (3, 2), (-1, 0), (0, MAX_SIZE + 1)]
)
def test_what_is_no_subtree_is_refused(start: int, end: int) -> None:
    """A range that no tree has as a subtree is a lie to check and a mistake to ask for."""
    assert not is_subtree(start, end)
    with pytest.raises(LedgerLie):
        verify_subtree_consistency(start, end, 100, [], EMPTY_ROOT, EMPTY_ROOT)
    with pytest.raises(ValueError, match="no subtree"):
        subtree_consistency_ranges(start, end, 100)


def test_an_empty_tree_proves_nothing() -> None:
    """Consistency from size 0 is refused even when all is as it would be: it shows nothing."""
    with pytest.raises(LedgerLie, match="shows nothing"):
        verify_consistency(0, 1, [], EMPTY_ROOT, leaf_hash(b""))
    with pytest.raises(ValueError, match="empty tree"):
        consistency_ranges(0, 1)
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_ranges(1, 1)


def test_proofs_in_the_largest_tree_stay_short() -> None:
    """Nothing loops over leaves: proofs of a tree of 2^63 - 1 entries have at most 63 hashes."""
    assert len(inclusion_ranges(12345, MAX_SIZE)) <= 63
    assert len(consistency_ranges(2**62 + 12345, MAX_SIZE)) <= 64
