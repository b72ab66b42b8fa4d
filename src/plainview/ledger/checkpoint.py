"""The head of a log in three lines: origin, size, root. Source: C2SP tlog-checkpoint."""

import re
from dataclasses import dataclass
from typing import Final

from plainview.errors import LedgerLie
from plainview.ledger.note import decode64, encode64

HASH_BYTES: Final = 32
MAX_SIZE: Final = 2**63 - 1
"""Largest tree size that C2SP tlog-cosignature and RFC 9162 implementations can all carry."""

_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log claims to be at one moment: who, how many entries, which root."""

    origin: str
    """The log's name, never empty."""
    size: int
    """Number of entries."""
    root: bytes
    """32 bytes: RFC 9162 section 2.1.1 over all entries."""
    extensions: tuple[str, ...] = ()
    """Further lines, none empty. Nothing here writes any."""

    def text(self) -> str:
        """The text to be signed, with its final newline."""
        lines = (self.origin, str(self.size), encode64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that `text` (the text of an opened note) holds.

    Raises LedgerLie unless it is written exactly as `Checkpoint.text` would write it.
    """
    origin, size, root, *rest = [*text.split("\n"), "", "", ""]
    number = _SIZE.match(size)
    decoded = decode64(root)
    if not text.endswith("\n") or not origin or not number or decoded is None:
        raise _malformed("it needs a line of origin, a line of size and a line of root")
    checkpoint = Checkpoint(origin, int(size), decoded, tuple(line for line in rest if line))
    if len(decoded) != HASH_BYTES:
        raise _malformed(f"its root has {len(decoded)} bytes, not {HASH_BYTES}")
    if checkpoint.size > MAX_SIZE:
        raise _malformed("its size is beyond any log")
    if checkpoint.text() != text:
        raise _malformed("the same can be said in one way only")
    return checkpoint


def _malformed(what: str) -> LedgerLie:
    return LedgerLie(f"not a checkpoint: {what}", where="checkpoint")
