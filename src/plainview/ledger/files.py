"""The few things the ledger does to its files, each of them a step at which it may be killed.

A seam: tests and benchmarks hand in a `Files` whose `before` fails or kills at a step of their
choice, and so meet every crash and every full disk there can be.

What is renamed into its place is not made by `durable.beside`: a hundred files become durable with
one sync of the journal here, where that syncs each; and a log has one writer, by its lock, so that
what a kill leaves has the name that the next try writes over, or goes with its folder.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from plainview.durable import sync_folder

Before = Callable[[str, Path], None]
"""Called with a step's name and its path before the step is taken; what it raises happens."""

STEPS: Final = ("folder", "write", "rename", "append", "cut", "sync", "sync-folder", "remove")
"""Names of the steps."""


def _nothing(_step: str, _path: Path) -> None:
    pass


class Files:
    """Changes to files. Every method raises OSError, and leaves old or new behind, never half.

    Only `append` may leave a part of what it was given; the journal's records tell.
    """

    def __init__(self, before: Before = _nothing) -> None:
        """Call `before(step, path)` before each step."""
        self._before = before

    def make_folder(self, path: Path, mode: int) -> None:
        """Make the folder, and those above it, unless it is there."""
        if not path.is_dir():
            self._before("folder", path)
            path.mkdir(mode=mode, parents=True, exist_ok=True)

    def write(self, path: Path, data: bytes, mode: int = 0o644, *, durably: bool = False) -> None:
        """Put `data` at `path` by renaming; the folder is made if need be.

        Nothing is durable yet, or with `durably` the content but not its name.
        """
        fresh = path.with_name(f".{path.name}.new")
        self._before("write", path)
        try:
            try:
                self._fill(fresh, data, mode)
            except FileNotFoundError:
                self.make_folder(path.parent, 0o755)
                self._fill(fresh, data, mode)
            if durably:
                self.sync(fresh)
            self._before("rename", path)
            fresh.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise

    def write_durably(self, path: Path, data: bytes, mode: int = 0o644) -> None:
        """Put `data` at `path` by renaming. When this returns, that is durable."""
        self.write(path, data, mode, durably=True)
        self.sync_folder(path.parent)

    def append(self, path: Path, data: bytes) -> None:
        """Add `data` to the end of the file, which is there. Not durable yet."""
        self._before("append", path)
        opened = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            _write_all(opened, data)
        finally:
            os.close(opened)

    def cut(self, path: Path, size: int) -> None:
        """Cut the file to `size` bytes. When this returns, that is durable."""
        self._before("cut", path)
        opened = os.open(path, os.O_WRONLY)
        try:
            os.ftruncate(opened, size)
            os.fsync(opened)
        finally:
            os.close(opened)

    def sync(self, path: Path) -> int:
        """Make the file's content durable; its inode, to know whether it is still the same file."""
        self._before("sync", path)
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fdatasync(opened)
            return os.fstat(opened).st_ino
        finally:
            os.close(opened)

    def sync_folder(self, path: Path) -> None:
        """Make the folder's names durable."""
        self._before("sync-folder", path)
        sync_folder(path)

    def remove_folder(self, path: Path) -> None:
        """Remove the folder and the files in it, if it is there. Not durable."""
        try:
            inside = list(path.iterdir())
        except FileNotFoundError:
            return
        self._before("remove", path)
        for file in inside:
            file.unlink(missing_ok=True)
        path.rmdir()

    def _fill(self, path: Path, data: bytes, mode: int) -> None:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
        try:
            _write_all(opened, data)
        finally:
            os.close(opened)


def _write_all(opened: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(opened, rest) :]
