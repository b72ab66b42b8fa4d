"""How much a vault takes, and whether there is room for more."""

import os
from pathlib import Path
from typing import Final

from plainview.clock import Clock

RESERVE: Final = 1_000_000_000
"""Bytes of the disk that recordings leave free, for what must go on measuring."""
_AGAIN: Final = 300.0
_WHEN_FULL: Final = 20.0
_BACK: Final = 0.99
"""Share of the bound below which a vault that was full takes more again."""


def taken(folder: Path) -> int:
    """Bytes of the files below `folder`; what vanishes meanwhile counts nothing."""
    total, folders = 0, [str(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue
    return total


class Room:
    """Owns the count of what was written, made anew from the disk from time to time."""

    def __init__(self, folder: Path, bound: int, clock: Clock, *, reserve: int = RESERVE) -> None:
        """`bound` bytes may be taken, and `reserve` must stay free."""
        self._folder = folder
        self._bound = bound
        self._reserve = reserve
        self._clock = clock
        self._next = float("-inf")
        self.taken = 0
        """Bytes, as far as known."""
        self.full = ""
        """Why there is no room; empty where there is."""

    def wrote(self, count: int) -> None:
        """So many bytes more are there."""
        self.taken += count
        if self.taken > self._bound:
            self._next = float("-inf")

    def refused(self) -> None:
        """The disk itself took no more."""
        self.full = "the disk is full"
        self._next = self._clock.monotonic() + _WHEN_FULL

    def why(self) -> str:
        """Why nothing more may be written; empty while there is room."""
        now = self._clock.monotonic()
        if now < self._next:
            return self.full
        self.taken = taken(self._folder)
        disk = os.statvfs(self._folder)
        bound = self._bound * _BACK if self.full else self._bound
        self.full = ""
        if self.taken > bound:
            self.full = f"recordings take the {self._bound / 1e9:.1f} GB that they may"
        elif disk.f_bavail * disk.f_frsize < self._reserve:
            self.full = f"less than {self._reserve / 1e9:.1f} GB of the disk are free"
        self._next = now + (_WHEN_FULL if self.full else _AGAIN)
        return self.full
