"""Where a log's files stand and how they are written (C2SP tlog-tiles): paths and bytes, pure."""

import re
from collections.abc import Sequence
from typing import Final

from plainview.errors import LedgerError
from plainview.ledger.merkle import HASH_BYTES

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
"""Hashes of a full tile, entries of a full bundle."""
CHECKPOINT: Final = "checkpoint"
MAX_CHECKPOINT_BYTES: Final = 2**20
"""Bound on a checkpoint with all its cosignatures (100 of ML-DSA-44 have 330 kB)."""
MAX_ENTRY_BYTES: Final = 2**16 - 1
MAX_BUNDLE_BYTES: Final = WIDTH * (2 + MAX_ENTRY_BYTES)

_NUMBER = r"(?P<number>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
_PATH = re.compile(rf"tile/(?P<level>entries|0|[1-9][0-9]?)/{_NUMBER}\Z", re.ASCII)


def tile_path(level: int, number: int, width: int = WIDTH) -> str:
    """Where the tile `number` of `level` stands: `tile/<L>/<N>[.p/<W>]`."""
    return f"tile/{level}/{_number(number, width)}"


def entries_path(number: int, width: int = WIDTH) -> str:
    """Where the bundle `number` of entries stands: `tile/entries/<N>[.p/<W>]`."""
    return f"tile/entries/{_number(number, width)}"


def is_served(path: str) -> bool:
    """Whether `path` is one of a log's own: `checkpoint` or a tile in its one spelling.

    Only such paths are read or served, so that none leads anywhere else.
    """
    if path == CHECKPOINT:
        return True
    found = _PATH.match(path)
    if found is None or len(path) > 64:
        return False
    number = int(re.sub("[x/]", "", found["number"]))
    width = int(found["width"] or WIDTH)
    if found["width"] and width >= WIDTH:
        return False
    if found["level"] == "entries":
        return path == entries_path(number, width)
    level = int(found["level"])
    return level <= 63 and path == tile_path(level, number, width)


def most_bytes(path: str) -> int:
    """Bound on what `path` of a log may hold."""
    if path == CHECKPOINT:
        return MAX_CHECKPOINT_BYTES
    return MAX_BUNDLE_BYTES if path.startswith("tile/entries/") else WIDTH * HASH_BYTES


def tile_width(level: int, number: int, size: int) -> int:
    """Hashes of the tile `number` of `level` in a tree of `size`; 0 where it has none."""
    return max(0, min(WIDTH, (size >> HEIGHT * level) - number * WIDTH))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as a bundle: each behind its length in two bytes, big-endian.

    Raises LedgerError where one is longer than 65,535 bytes.
    """
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise LedgerError(f"an entry of {len(entry)} bytes, more than {MAX_ENTRY_BYTES}")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def decode_bundle(data: bytes, width: int, *, more: bool = False) -> list[bytes]:
    """The first `width` entries of a bundle, which holds no others unless `more` may follow.

    Raises LedgerError.
    """
    entries: list[bytes] = []
    at = 0
    while len(entries) < width:
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise LedgerError(f"an entry bundle that ends after {len(entries)} of {width} entries")
        entries.append(data[at + 2 : end])
        at = end
    if at != len(data) and not more:
        raise LedgerError(f"an entry bundle with more than its {width} entries")
    return entries


def _number(number: int, width: int) -> str:
    if number < 0 or not 1 <= width <= WIDTH:
        message = f"no tile {number} of width {width}"
        raise ValueError(message)
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    name = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return name if width == WIDTH else f"{name}.p/{width}"
