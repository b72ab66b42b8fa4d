"""The ledger's public files, exactly as they stand on the disk, and no other file."""

import re
from pathlib import Path
from typing import Final, NamedTuple

from plainview.errors import LedgerError

_TILE: Final = re.compile(
    r"tile/(?:(?:[0-9]|[1-5][0-9]|6[0-3])|entries)"
    r"/(?:x[0-9]{3}/){0,6}[0-9]{3}(?:\.p/(?:[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
)
"""Source: C2SP tlog-tiles, "Merkle Tree" and "Log entries": level, index in groups of three digits,
and the width of a partial tile."""
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,15}")


class LedgerFile(NamedTuple):
    """One file as it is served."""

    data: bytes
    media_type: str
    immutable: bool
    """A tile never changes; the checkpoint does with every append."""


def read_file(folder: Path, path: str) -> LedgerFile | None:
    """The file at `path` below `folder`, or None if that is no file of a ledger or is not there.

    A path is matched as a whole before it touches the disk, so nothing else can be reached.
    Raises LedgerError if it is there and cannot be read.
    """
    checkpoint = path == "checkpoint"
    if not checkpoint and not _TILE.fullmatch(path):
        return None
    try:
        data = (folder / path).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise LedgerError(
            f"a public file cannot be read ({error.strerror})", where=f"ledger {path}"
        ) from error
    if checkpoint:
        return LedgerFile(data, "text/plain", immutable=False)
    return LedgerFile(data, "application/octet-stream", immutable=True)


def entry_number(text: str) -> int | None:
    """The place of an entry as written in an address; None for what is no such number."""
    return int(text) if _INDEX.fullmatch(text) else None
