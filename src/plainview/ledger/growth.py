"""How a tree grows and which files of it change: pure, and the one place that knows it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath

from plainview.errors import LedgerLie
from plainview.ledger.layout import (
    HEIGHT,
    WIDTH,
    encode_bundle,
    entries_path,
    tile_path,
    tile_width,
)
from plainview.ledger.merkle import Edge, leaf_hash
from plainview.ledger.tiles import TreeReader

TileFile = tuple[str, bytes]
"""A path below the log's folder, and what belongs there."""


class Tree:
    """The right edge of a log: all that is needed to add entries to it and write their files."""

    def __init__(
        self,
        edge: Edge | None = None,
        tails: Iterable[Sequence[bytes]] = (),
        bundle: Iterable[bytes] = (),
    ) -> None:
        """Take the edge, the hashes of each level's last partial tile, and the last entries."""
        self._edge = edge or Edge()
        self._tails = [list(tail) for tail in tails]
        self._bundle = list(bundle)

    @classmethod
    def load(cls, reader: TreeReader, size: int) -> "Tree":
        """The edge of the tree of `size`, from the few files that hold it.

        Raises LedgerError if one cannot be read, LedgerLie if the last entries are not those of
        their hashes. Whether the root is the right one is for the caller to ask.
        """
        tails: list[list[bytes]] = []
        level = 0
        while size >> HEIGHT * level:
            number, width = divmod(size >> HEIGHT * level, WIDTH)
            tails.append(reader.tile(level, number) if width else [])
            level += 1
        bundle = reader.bundle(size // WIDTH) if size % WIDTH else []
        if [leaf_hash(entry) for entry in bundle] != (tails[0] if tails else []):
            raise LedgerLie(
                "the last entries are not those that were recorded",
                where=entries_path(size // WIDTH, size % WIDTH),
            )
        return cls(reader.edge(), tails, bundle)

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._edge.size

    def root(self) -> bytes:
        """The root hash over all entries."""
        return self._edge.root()

    def grown(self, entries: Iterable[bytes]) -> tuple["Tree", list[TileFile]]:
        """The tree with `entries` added, and the files that are new in it; this one stays."""
        tree = Tree(self._edge.copy(), self._tails, self._bundle)
        files = tree._grow(entries)
        for level, tail in enumerate(tree._tails):
            if tail and tree.size >> HEIGHT * level != self.size >> HEIGHT * level:
                number = tree.size >> HEIGHT * (level + 1)
                files.append((tile_path(level, number, len(tail)), b"".join(tail)))
        if tree._bundle and tree.size != self.size:
            path = entries_path(tree.size // WIDTH, len(tree._bundle))
            files.append((path, encode_bundle(tree._bundle)))
        return tree, files

    def _grow(self, entries: Iterable[bytes]) -> list[TileFile]:
        """Add entries; the full tiles and bundles that they completed."""
        files: list[TileFile] = []
        for entry in entries:
            self._bundle.append(entry)
            done = self._edge.push(leaf_hash(entry))
            for level, one in enumerate(done[::HEIGHT]):
                if level == len(self._tails):
                    self._tails.append([])
                tail = self._tails[level]
                tail.append(one)
                if len(tail) == WIDTH:
                    number = (self.size >> HEIGHT * (level + 1)) - 1
                    files.append((tile_path(level, number), b"".join(tail)))
                    tail.clear()
            if len(self._bundle) == WIDTH:
                number = self.size // WIDTH - 1
                files.append((entries_path(number), encode_bundle(self._bundle)))
                self._bundle.clear()
        return files


def changed_paths(old: int, new: int) -> Iterator[str]:
    """The paths of the files that `Tree.grown` gives when a tree grows from `old` to `new`."""
    level = 0
    while new >> HEIGHT * level:
        before, after = old >> HEIGHT * level, new >> HEIGHT * level
        for number in range(before // WIDTH, -(-after // WIDTH) if after > before else 0):
            width = tile_width(level, number, new)
            yield tile_path(level, number, width)
            if level == 0:
                yield entries_path(number, width)
        level += 1


def partial_folders(old: int, new: int) -> Iterator[str]:
    """The folders of partial tiles that full ones replaced when a tree grew from `old` to `new`."""
    level = 0
    while new >> HEIGHT * (level + 1):
        for number in range(old >> HEIGHT * (level + 1), new >> HEIGHT * (level + 1)):
            yield f"{tile_path(level, number)}.p"
            if level == 0:
                yield f"{entries_path(number)}.p"
        level += 1


def folders_of(paths: Iterable[str]) -> list[str]:
    """Every folder above `paths` within the log's own, the deepest first; the log's own is `.`."""
    folders = {str(above) for path in paths for above in PurePosixPath(path).parents}
    return sorted(folders, key=lambda folder: (-folder.count("/") - (folder != "."), folder))
