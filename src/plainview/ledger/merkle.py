"""The Merkle tree of RFC 9162 section 2.1: hashes, ranges that proofs name, and their checking.

Pure: bytes and integers in, bytes or LedgerLie out. A proof is the hashes of a list of ranges of
leaves; who keeps the hashes (`tiles`) need not know what a proof is. Subtrees are those of
draft-ietf-plants-merkle-tree-certs section 4: `[start, end)` with `start` a multiple of the least
power of two that is not below `end - start`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from plainview.errors import LedgerLie

HASH_BYTES: Final = 32
"""Bytes of every hash here: SHA-256."""
MAX_SIZE: Final = 2**63 - 1
"""Bound on a tree's size: what a signed 64-bit integer holds."""
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""The root of the tree without leaves (RFC 9162 section 2.1.1)."""

Range = tuple[int, int]
"""Leaves `[start, end)` of one tree."""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry) (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right) (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def split_point(size: int) -> int:
    """The largest power of two below `size`, which is 2 or more: leaves of the left half."""
    return 1 << (size - 1).bit_length() - 1


def fold(perfect: Sequence[bytes]) -> bytes:
    """The root over neighbouring perfect subtrees, the largest first; EMPTY_ROOT over none."""
    if not perfect:
        return EMPTY_ROOT
    root = perfect[-1]
    for left in reversed(perfect[:-1]):
        root = node_hash(left, root)
    return root


class Edge:
    """The roots of the perfect subtrees that a tree of `size` leaves consists of, largest first.

    All that is needed to add leaves and to know the root: at most 63 hashes.
    """

    __slots__ = ("perfect", "size")

    def __init__(self, size: int = 0, perfect: Iterable[bytes] = ()) -> None:
        """Take the roots of a tree of `size`: one for each bit that is set in it."""
        self.size = size
        self.perfect = list(perfect)
        if len(self.perfect) != size.bit_count():
            message = f"a tree of {size} leaves has {size.bit_count()} perfect subtrees"
            raise ValueError(message)

    def copy(self) -> "Edge":
        """An edge that grows on its own."""
        return Edge(self.size, self.perfect)

    def push(self, leaf: bytes) -> list[bytes]:
        """Add a leaf's hash; roots of the perfect subtrees it completed, of 1, 2, 4, … leaves."""
        done = [leaf]
        rest = self.size
        while rest & 1:
            done.append(node_hash(self.perfect.pop(), done[-1]))
            rest >>= 1
        self.perfect.append(done[-1])
        self.size += 1
        return done

    def root(self) -> bytes:
        """The tree's root, in at most 62 hashes."""
        return fold(self.perfect)


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over leaves' hashes, in order (RFC 9162 section 2.1.1)."""
    edge = Edge()
    for leaf in leaf_hashes:
        edge.push(leaf)
    return edge.root()


def perfect_ranges(start: int, end: int) -> Iterator[Range]:
    """The perfect subtrees, largest first, whose `fold` is the hash of the range `[start, end)`.

    Of a range that `inclusion_ranges`, `consistency_ranges` or a valid subtree names.
    """
    while start < end:
        width = 1 << (end - start).bit_length() - 1
        yield start, start + width
        start += width


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Whose hashes prove leaf `index` in a tree of `size`, leaf's sibling first.

    RFC 9162 section 2.1.3.1. Raises ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size <= MAX_SIZE:
        message = f"no leaf {index} in a tree of {size}"
        raise ValueError(message)
    ranges: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split_point(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(old_size: int, new_size: int) -> list[Range]:
    """Whose hashes prove that the tree of `new_size` begins with that of `old_size`.

    RFC 9162 section 2.1.4.1. Raises ValueError unless 0 < old_size <= new_size.
    """
    if old_size <= 0:
        message = "nothing is to be proved about an empty tree"
        raise ValueError(message)
    return subtree_consistency_ranges(0, old_size, new_size)


def subtree_consistency_ranges(start: int, end: int, size: int) -> list[Range]:
    """Whose hashes prove that the subtree `[start, end)` is one of the tree of `size`.

    Raises ValueError unless the subtree is valid, not empty, and within the tree.
    """
    if start == end or not is_subtree(start, end) or not end <= size <= MAX_SIZE:
        message = f"no subtree [{start}, {end}) in a tree of {size}"
        raise ValueError(message)
    ranges: list[Range] = []
    low, high = 0, size
    # The subtree's own root is known to who checks, unless the tree cuts through it.
    known = True
    while (low, high) != (start, end):
        middle = low + split_point(high - low)
        if end <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
            if start < middle:
                start = middle
                known = False
    if not known:
        ranges.append((start, end))
    return ranges[::-1]


def is_subtree(start: int, end: int) -> bool:
    """Whether `[start, end)` is a valid subtree: the empty ones are."""
    if not 0 <= start <= end <= MAX_SIZE:
        return False
    return start == end or start % (1 << (end - start - 1).bit_length()) == 0


def inclusion_root(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root of the tree of `size` in which `proof` puts `leaf` at `index`.

    RFC 9162 section 2.1.3.2. Raises LedgerLie if no tree has such a proof.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise _lie(f"there is no entry {index} among {size}")
    steps = inclusion_ranges(index, size)
    if len(proof) != len(steps):
        raise _lie(f"an inclusion proof of {len(proof)} hashes where {len(steps)} belong")
    _require_hashes(leaf, *proof)
    root = leaf
    for (start, _), other in zip(steps, proof, strict=True):
        root = node_hash(other, root) if start <= index else node_hash(root, other)
    return root


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that `leaf` (a leaf's hash) is at `index` of the tree of `size` with `root`.

    RFC 9162 section 2.1.3.2. Raises LedgerLie.
    """
    if inclusion_root(index, size, leaf, proof) != root:
        raise _lie(f"entry {index} is not in the tree of {size} that was signed")


def verify_subtree_inclusion(
    index: int, start: int, end: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that `leaf` is the leaf `index` of the subtree `[start, end)` with `root`.

    Raises LedgerLie.
    """
    if not is_subtree(start, end) or not start <= index < end:
        raise _lie(f"there is no entry {index} in a subtree [{start}, {end})")
    verify_inclusion(index - start, end - start, leaf, proof, root)


def verify_consistency(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check that the tree of `new_size` begins with the tree of `old_size`.

    RFC 9162 section 2.1.4.2. Raises LedgerLie; also where `old_size` is 0: every tree begins with
    the empty one, so that there is nothing a proof could show, and whoever may meet that case
    says so itself.
    """
    if old_size <= 0:
        raise _lie("a consistency proof from an empty tree shows nothing")
    verify_subtree_consistency(0, old_size, new_size, proof, old_root, new_root)


def verify_subtree_consistency(
    start: int, end: int, size: int, proof: Sequence[bytes], subtree: bytes, root: bytes
) -> None:
    """Check that the subtree `[start, end)` with root `subtree` is one of the tree with `root`.

    The empty subtree is in every tree. Raises LedgerLie.
    """
    if not is_subtree(start, end) or not end <= size <= MAX_SIZE:
        raise _lie(f"there is no subtree [{start}, {end}) in a tree of {size}")
    if start == end:
        if proof or subtree != EMPTY_ROOT:
            raise _lie("an empty subtree with something in it")
        return
    steps = subtree_consistency_ranges(start, end, size)
    if len(proof) != len(steps):
        raise _lie(f"a consistency proof of {len(proof)} hashes where {len(steps)} belong")
    if steps:
        _require_hashes(subtree, root, *proof)
    old, new = _replay(start, end, subtree, list(zip(steps, proof, strict=True)))
    if old != subtree:
        raise _lie(f"the subtree [{start}, {end}) is not the one that was signed")
    if new != root:
        raise _lie(f"the tree of {size} does not hold what the signed [{start}, {end}) did")


def _replay(
    start: int, end: int, subtree: bytes, steps: list[tuple[Range, bytes]]
) -> tuple[bytes, bytes]:
    """The roots of the subtree and of the tree that a consistency proof leads to."""
    low, old, new = start, subtree, subtree
    # Where the tree's shape cuts the subtree, the proof begins with its right part.
    if steps and steps[0][0][1] == end:
        (low, _), old = steps.pop(0)
        new = old
    for (left, _), other in steps:
        if left > low:
            new = node_hash(new, other)
            continue
        # What lies to the left is in the subtree too, as far as the subtree reaches.
        if left >= start:
            old = node_hash(other, old)
        new = node_hash(other, new)
        low = left
    return old, new


def _require_hashes(*hashes: bytes) -> None:
    if any(len(value) != HASH_BYTES for value in hashes):
        raise _lie(f"a hash that has not {HASH_BYTES} bytes")


def _lie(what: str) -> LedgerLie:
    return LedgerLie(what, where="Merkle proof")
