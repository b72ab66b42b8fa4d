"""A log in memory, grown and proven by the recursive definitions of RFC 9162 section 2.1."""

import hashlib

from plainview.ledger.checkpoint import Checkpoint
from plainview.ledger.note import Signer, sign_note
from plainview.ledger.witness import Request

LOG = Signer("log.example/one", bytes(range(32)))


def leaves(size: int, flavour: str = "") -> list[bytes]:
    """Hashes of the first `size` entries of the log of that flavour."""
    return [hashlib.sha256(b"\0" + f"{flavour}{n}".encode()).digest() for n in range(size)]


def root(hashes: list[bytes]) -> bytes:
    """The root over leaf hashes (section 2.1.1)."""
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = _split(len(hashes))
    return hashlib.sha256(b"\1" + root(hashes[:k]) + root(hashes[k:])).digest()


def consistency(old: int, hashes: list[bytes]) -> list[bytes]:
    """The consistency proof from the first `old` of `hashes` to all (section 2.1.4.1)."""
    return [] if old in {0, len(hashes)} else _subproof(old, hashes, whole=True)


def checkpoint(hashes: list[bytes], signer: Signer = LOG) -> str:
    """The signed checkpoint of the tree over `hashes`."""
    return sign_note(Checkpoint(signer.name, len(hashes), root(hashes)).text(), signer)


def request(old: int, hashes: list[bytes], signer: Signer = LOG) -> bytes:
    """A right request to cosign the tree over `hashes`, from `old` on."""
    return Request(old, tuple(consistency(old, hashes)), checkpoint(hashes, signer)).body()


def _split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def _subproof(m: int, hashes: list[bytes], *, whole: bool) -> list[bytes]:
    if m == len(hashes):
        return [] if whole else [root(hashes)]
    k = _split(len(hashes))
    if m <= k:
        return [*_subproof(m, hashes[:k], whole=whole), root(hashes[k:])]
    return [*_subproof(m - k, hashes[k:], whole=False), root(hashes[:k])]
