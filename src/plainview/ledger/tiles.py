"""The hashes, entries and proofs of a log that is kept as tiles (C2SP tlog-tiles).

What a source gives may be hostile: its size and shape are checked here, and whoever needs the
truth checks the hashes that come back against a signed root.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from plainview.errors import LedgerError
from plainview.ledger.layout import (
    CHECKPOINT,
    HEIGHT,
    WIDTH,
    decode_bundle,
    encode_bundle,
    entries_path,
    is_served,
    most_bytes,
    tile_path,
    tile_width,
)
from plainview.ledger.merkle import (
    HASH_BYTES,
    MAX_SIZE,
    Edge,
    Range,
    consistency_ranges,
    fold,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    perfect_ranges,
    subtree_consistency_ranges,
)
from plainview.ledger.source import DirectorySource, HttpSource, TileSource

__all__ = [
    "CHECKPOINT",
    "HEIGHT",
    "WIDTH",
    "DirectorySource",
    "HttpSource",
    "TileSource",
    "TreeReader",
    "consistency_proof",
    "decode_bundle",
    "encode_bundle",
    "entries_path",
    "inclusion_proof",
    "is_served",
    "leaf_hashes",
    "most_bytes",
    "read_entries",
    "subtree_consistency_proof",
    "tile_path",
    "tile_width",
    "tree_root",
]


MOST_KEPT: Final = 256
"""Tiles that a reader keeps, with the hashes above them: up to 12 MB."""


class TreeReader:
    """The hashes of a tree of `size`, from the tiles of a source. Keeps some tiles."""

    def __init__(self, source: TileSource, size: int) -> None:
        """Read tiles of the tree of `size` from `source`."""
        if not 0 <= size <= MAX_SIZE:
            raise LedgerError(f"a log of {size} entries")
        self._source = source
        self._size = size
        # By level and number: a tile's hashes, and above them those of its complete pairs.
        self._kept: dict[tuple[int, int], list[list[bytes]]] = {}

    @property
    def size(self) -> int:
        """Entries of the tree."""
        return self._size

    def tile(self, level: int, number: int) -> list[bytes]:
        """The hashes of one tile. Raises LedgerError if it has not exactly what it must have."""
        return self._tile(level, number)[0]

    def bundle(self, number: int) -> list[bytes]:
        """The entries of one bundle; they are not checked against their hashes here."""
        width = tile_width(0, number, self._size)
        data, full = _read_at_least(self._source, entries_path, number, width)
        return decode_bundle(data, width, more=full and width < WIDTH)

    def range(self, wanted: Range) -> bytes:
        """The hash over the leaves of a range that a proof names."""
        return fold([self._perfect(start, end) for start, end in perfect_ranges(*wanted)])

    def ranges(self, wanted: Sequence[Range]) -> list[bytes]:
        """The hashes over each of some ranges."""
        return [self.range(one) for one in wanted]

    def edge(self) -> Edge:
        """The roots of the perfect subtrees of the whole tree."""
        perfect = perfect_ranges(0, self._size)
        return Edge(self._size, [self._perfect(start, end) for start, end in perfect])

    def _perfect(self, start: int, end: int) -> bytes:
        height = (end - start).bit_length() - 1
        level, rest = divmod(height, HEIGHT)
        first = start >> HEIGHT * level
        layers = self._tile(level, first // WIDTH)
        while len(layers) <= rest:
            below = layers[-1]
            layers.append([node_hash(*pair) for pair in zip(below[::2], below[1::2], strict=False)])
        return layers[rest][first % WIDTH >> rest]

    def _tile(self, level: int, number: int) -> list[list[bytes]]:
        kept = self._kept.get((level, number))
        if kept is None:
            width = tile_width(level, number, self._size)

            def path(number: int, width: int) -> str:
                return tile_path(level, number, width)

            data, full = _read_at_least(self._source, path, number, width)
            if len(data) != (WIDTH if full else width) * HASH_BYTES:
                raise LedgerError(
                    f"a tile of {len(data)} bytes where {width} hashes belong",
                    where=path(number, width),
                )
            ends = range(HASH_BYTES, width * HASH_BYTES + 1, HASH_BYTES)
            kept = [[data[end - HASH_BYTES : end] for end in ends]]
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[level, number] = kept
        return kept


def inclusion_proof(source: TileSource, index: int, size: int) -> list[bytes]:
    """The proof that entry `index` is in the tree of `size`, leaf's sibling first.

    Raises LedgerError if there is no such entry or a tile cannot be read.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise LedgerError(f"there is no entry {index} among {size}")
    return TreeReader(source, size).ranges(inclusion_ranges(index, size))


def consistency_proof(source: TileSource, old: int, new: int) -> list[bytes]:
    """The proof that the tree of size `new` begins with that of size `old`; empty from size 0.

    Raises LedgerError if there are no such trees or a tile cannot be read.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise LedgerError(f"a log of {new} entries does not begin with one of {old}")
    return TreeReader(source, new).ranges(consistency_ranges(old, new)) if old else []


def subtree_consistency_proof(source: TileSource, start: int, end: int, size: int) -> list[bytes]:
    """The proof that the subtree `[start, end)` is one of the tree of `size`.

    Raises LedgerError if it is no subtree or a tile cannot be read.
    """
    try:
        wanted = subtree_consistency_ranges(start, end, size) if start < end else []
    except ValueError as error:
        raise LedgerError(str(error)) from error
    return TreeReader(source, size).ranges(wanted)


def tree_root(source: TileSource, size: int) -> bytes:
    """The root that the tiles say the tree of `size` has, from the few at its right edge."""
    return TreeReader(source, size).edge().root()


def leaf_hashes(
    source: TileSource, start: int, end: int, *, size: int | None = None
) -> Iterator[bytes]:
    """The leaves' hashes `[start, end)` that the tiles of the tree of `size` (or `end`) hold."""
    reader = TreeReader(source, end if size is None else size)
    for number, first, last in _parts(start, end):
        yield from reader.tile(0, number)[first:last]


def read_entries(
    source: TileSource, start: int, end: int, *, size: int | None = None
) -> Iterator[bytes]:
    """The entries `[start, end)` of the log of `size` (or `end`) entries, each checked.

    Each is checked against its leaf's hash in the tile beside it; whether that tile is the one
    that was signed is for `verify` to say. Raises LedgerError.
    """
    size = end if size is None else size
    for number, first, last in _parts(start, end):
        reader = TreeReader(source, size)
        entries = reader.bundle(number)[first:last]
        hashes = reader.tile(0, number)[first:last]
        for offset, (entry, hashed) in enumerate(zip(entries, hashes, strict=True)):
            if leaf_hash(entry) != hashed:
                raise LedgerError(
                    f"entry {number * WIDTH + first + offset} is not the one that was recorded",
                    where=entries_path(number, tile_width(0, number, size)),
                )
            yield entry


def _parts(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The tiles that hold the leaves `[start, end)`: number, first and last within it."""
    for number in range(start // WIDTH, -(-end // WIDTH) if end > start else 0):
        base = number * WIDTH
        yield number, max(start - base, 0), min(end - base, WIDTH)


class _Path(Protocol):
    def __call__(self, number: int, width: int, /) -> str: ...


def _read_at_least(source: TileSource, path: _Path, number: int, width: int) -> tuple[bytes, bool]:
    """A tile of `width`, or the full one where the partial one was removed; whether it is full."""
    if width < 1:
        raise LedgerError("it is beyond the end of the log", where=path(number, WIDTH))
    try:
        return source.read(path(number, width)), width == WIDTH
    except LedgerError:
        if width == WIDTH:
            raise
        # A log may delete a partial tile once the full one stands (tlog-tiles).
        try:
            return source.read(path(number, WIDTH)), True
        except LedgerError:
            pass
        raise
