"""Sums of the minutes that one process has stored from their beginning, so that it need not read
them back: what SQLite's writer keeps beside the file.
"""  # noqa: D205 - one sentence

from collections.abc import Iterable
from typing import Final

import numpy as np

from plainview.readings import Ints
from plainview.store.rollup import MINUTE, Sums
from plainview.store.sheets import Columns, Sheet

LARGE: Final = 5000
"""Cameras of a minute from which on it is written once, when it is over: each row of 60,000 written
three times would be three dead rows to clear away."""
GRACE: Final = 2000
"""Milliseconds after a minute's end in which its Readings still come."""
_HOT: Final = 3
"""Minutes, of the newest, whose sums stay in memory."""


class Lately:
    """Owns the sums in memory. They are a cache: of a minute that is not in it the file tells."""

    def __init__(self, last: int) -> None:
        """Where the file may have Readings of minutes up to the one at `last`."""
        self._last = last
        self._minutes: dict[int, Sheet] = {}

    def add(self, minutes: Ints, given: Columns) -> None:
        """Add Readings that are new and stored; `minutes` are the starts that they belong to."""
        starts = np.unique(minutes)
        for start in starts.tolist():
            sheet = self._minutes.get(start)
            if sheet is None:
                if start <= self._last:
                    continue
                sheet = self._minutes[start] = Sheet()
            sheet.add(given if len(starts) == 1 else given.of(minutes == start))
        for start in sorted(self._minutes)[:-_HOT]:
            self._forget(start)

    def tear(self, minutes: Ints) -> None:
        """Forget `minutes`: some of what came of them was stored, and it is not known which."""
        for start in np.unique(minutes).tolist():
            self._forget(start)

    def clear(self) -> None:
        """Forget all."""
        self.tear(np.fromiter(self._minutes, np.int64))

    def _forget(self, start: int) -> None:
        self._minutes.pop(start, None)
        self._last = max(self._last, start)

    @property
    def held(self) -> frozenset[int]:
        """The minutes whose sums are in memory."""
        return frozenset(self._minutes)

    def sums(self, start: int) -> dict[int, Sums] | None:
        """The sums of the minute at `start`, by camera; None where the file must be asked."""
        sheet = self._minutes.get(start)
        return None if sheet is None else sheet.parts()

    def due(self, starts: Iterable[int], now: int) -> list[int]:
        """Those of `starts` that are to be written at `now` (UTC milliseconds): all, but large ones
        that still run.
        """  # noqa: D205 - one sentence
        return [
            start
            for start in starts
            if (sheet := self._minutes.get(start)) is None
            or sheet.used < LARGE
            or start + MINUTE + GRACE <= now
            or start < max(self._minutes)
        ]
