"""Proof that an entry is in the ledger, to be checked offline: C2SP tlog-proof, version 1."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from plainview.errors import LedgerLie
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from plainview.ledger.note import Note, SignatureVerifier, decode64, encode64, open_note

HEADER: Final = "c2sp.org/tlog-proof@v1"
SUFFIX: Final = ".tlog-proof"
"""The file extension that the specification asks for."""
MAX_PROOF_BYTES: Final = 2**20
MAX_HASHES: Final = 63

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class LoggedProof:
    """A proof as it is written; nothing of it is checked yet."""

    index: int
    """The entry's place in the ledger."""
    hashes: tuple[bytes, ...]
    """The inclusion proof, the leaf's sibling first."""
    checkpoint: str
    """The signed note, as the log gave it."""
    extra: bytes | None = None
    """Whatever was put beside it. No one vouches for it."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What a proof that was checked shows."""

    index: int
    """The entry's place in the ledger."""
    checkpoint: Checkpoint
    """The tree that holds it."""
    note: Note
    """The checkpoint's note, and who of the trusted signed it."""


def make_proof(
    index: int, hashes: Sequence[bytes], checkpoint: str, *, extra: bytes | None = None
) -> str:
    """The proof as text, to be kept in a file that ends in `.tlog-proof`."""
    lines = [HEADER]
    if extra is not None:
        lines.append(f"extra {encode64(extra)}")
    lines += [f"index {index}", *(encode64(one) for one in hashes), "", checkpoint]
    return "\n".join(lines)


def parse_proof(proof: str) -> LoggedProof:
    """What `proof` says, not yet checked. Raises LedgerLie unless it is written as a proof is."""
    if len(proof) > MAX_PROOF_BYTES:
        raise _malformed("too long")
    head, empty, checkpoint = proof.partition("\n\n")
    header, *lines = head.split("\n")
    if header != HEADER or not empty or not lines:
        raise _malformed(f"it must begin with {HEADER}, and a checkpoint must follow")
    extra = None
    if lines[0].startswith("extra "):
        extra = decode64(lines.pop(0).removeprefix("extra "))
        if extra is None:
            raise _malformed("its extra data is not base64")
    index = _INDEX.match(lines[0]) if lines else None
    if index is None:
        raise _malformed("it has no line of index")
    if len(lines) - 1 > MAX_HASHES:
        raise _malformed(f"more than {MAX_HASHES} hashes")
    hashes = []
    for line in lines[1:]:
        one = decode64(line)
        if one is None or len(one) != HASH_BYTES:
            raise _malformed(f"a line that is not the base64 of a hash of {HASH_BYTES} bytes")
        hashes.append(one)
    return LoggedProof(int(index[1]), tuple(hashes), checkpoint, extra)


def open_proof(
    proof: str,
    entry: bytes,
    log: SignatureVerifier,
    witnesses: Sequence[SignatureVerifier] = (),
) -> Proved:
    """Check that `log` signed a tree in which `entry` (its bytes) is, and say which.

    The checkpoint's origin must be the name of the log's key, as this ledger's always is. Of
    `witnesses`, the note tells which cosigned; how many are enough is for a quorum policy to say.
    Raises LedgerLie.
    """
    logged = parse_proof(proof)
    note = open_note(logged.checkpoint, (log, *witnesses))
    if log not in note.by:
        raise LedgerLie(f"the log {log.name} did not sign this", where="ledger proof")
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != log.name:
        raise LedgerLie(
            f"a checkpoint of {checkpoint.origin}, signed by {log.name}", where="ledger proof"
        )
    verify_inclusion(
        logged.index, checkpoint.size, leaf_hash(entry), logged.hashes, checkpoint.root
    )
    return Proved(logged.index, checkpoint, note)


def check_proof(proof: str, entry: bytes, log: SignatureVerifier) -> int:
    """The index at which `proof` shows `entry` (its bytes) to be in the ledger of the key `log`.

    Needs nothing but its arguments: no network, no ledger. Raises LedgerLie.
    """
    return open_proof(proof, entry, log).index


def _malformed(what: str) -> LedgerLie:
    return LedgerLie(f"not a tlog-proof: {what}", where="ledger proof")
