"""A picture that stands still, bit for bit: a stopped sensor behind an encoder that runs on.

A codec that skips blocks repeats an empty scene exactly, but not past a key frame; a stopped sensor
behind a running encoder repeats whole groups of pictures.
"""

import zlib
from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

_MEMORY: Final = 12.0
"""Seconds of pictures that are remembered: the longest usual distance of two key frames."""
_WITH_KEY: Final = 5.0
_UNKNOWN: Final = 12.0
_STILL: Final = 3.0
"""Largest change of a small pixel, in luma levels, in a picture that stands still."""


class Frozen:
    """Owns the digests of the last pictures, and since when all were seen before."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._digests: deque[tuple[float, int]] = deque()
        self._since: float | None = None
        self._keys = 0

    def clear(self) -> None:
        """Forget all: the pictures that come are of another size."""
        self._digests.clear()
        self._since = None

    def look(
        self,
        luma: NDArray[np.uint8],
        t: float,
        change: NDArray[np.float32] | None,
        *,
        key: bool | None,
    ) -> bool:
        """Whether every picture for some seconds stood still and was bit for bit one seen before.

        `luma` (h, w) at `t` seconds; `change` from the last one, of a small copy, in luma levels;
        `key`: whether a key frame was decoded since, None if not known.
        """
        digest = zlib.crc32(np.ascontiguousarray(luma).data)
        while self._digests and not 0 <= t - self._digests[0][0] <= _MEMORY:
            self._digests.popleft()
        seen = any(old == digest for _, old in self._digests)
        self._digests.append((t, digest))
        still = change is not None and float(change.max()) <= _STILL
        # A key frame codes the same picture anew: it may differ by what the codec rounds.
        if not still or not (seen or key is True):
            self._since, self._keys = None, 0
            return False
        if self._since is None:
            self._since = t
        self._keys += key is True and seen
        return t - self._since >= (_WITH_KEY if self._keys else _UNKNOWN)
