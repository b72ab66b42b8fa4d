"""A picture that stands still: a stopped sensor behind an encoder that runs on.

A codec that skips blocks repeats an empty scene exactly, but not past a key frame; a stopped sensor
behind a running encoder repeats whole groups of pictures. And all that moves in a scene does not
stop at once: where much did until the last look, nothing that moves is soon none of the scene's,
though an encoder goes on to mend the picture and repeats none of them.
"""

import zlib
from collections import deque
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_MEMORY: Final = 12.0
"""Seconds of pictures that are remembered: the longest usual distance of two key frames."""
_WITH_KEY: Final = 5.0
_UNKNOWN: Final = 12.0
_ABRUPT: Final = 2.5
"""Seconds until a picture is frozen: by a key frame that repeats, without one, and after motion."""
_MOVING: Final = 12.0
"""Change of a small pixel, in luma levels, that is motion."""
_BLOCKS: Final = (8, 5)
"""(w, h) of the blocks in which motion is looked for."""
_SHARE: Final = 0.02
"""Part of a block that must move."""
_SPREAD: Final = 3
"""Blocks between the farthest that move: one who walks out of a door is not so wide."""
_LOOKS: Final = 5
"""Looks in a row that must show it."""
_QUIET: Final = 5.0
"""Largest change of a small pixel where nothing moves: noise, and what an encoder mends."""
_STILL: Final = 3.0
"""Largest change of a small pixel, in luma levels, in a picture that stands still."""


class Frozen:
    """Owns the digests of the last pictures, and since when all were seen before."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._digests: deque[tuple[float, int]] = deque()
        self._since: float | None = None
        self._keys = 0
        self._busy = 0
        """Looks in a row with motion here and there, the last before all was quiet."""
        self._quiet_since: float | None = None

    def clear(self) -> None:
        """Forget all: the pictures that come are of another size."""
        self._digests.clear()
        self._since, self._quiet_since, self._busy = None, None, 0

    def look(
        self,
        luma: NDArray[np.uint8],
        t: float,
        change: NDArray[np.float32] | None,
        *,
        key: bool | None,
        seen: bool = True,
    ) -> bool:
        """Whether the picture stands still: all that moved stopped at once, or it only repeats.

        `luma` (h, w) at `t` seconds; `change` from the last one, of a small copy, in luma levels;
        `key`: whether a key frame was decoded since, None if not known; `seen`: whether the scene
        is to be seen at all, as it is not behind a cover or in the dark.
        """
        most = np.inf if change is None else float(change.max())
        if change is None or most > _QUIET or not seen:
            self._quiet_since = None
            self._busy = self._busy + 1 if change is not None and seen and _busy(change) else 0
        elif self._quiet_since is None and self._busy >= _LOOKS:
            self._quiet_since = t
        repeats = self._repeats(luma, t, still=most <= _STILL, key=key)
        return repeats or (self._quiet_since is not None and t - self._quiet_since >= _ABRUPT)

    def _repeats(self, luma: NDArray[np.uint8], t: float, *, still: bool, key: bool | None) -> bool:
        """Whether every picture for some seconds stood `still` and was one seen before, by bits."""
        digest = zlib.crc32(np.ascontiguousarray(luma).data)
        while self._digests and not 0 <= t - self._digests[0][0] <= _MEMORY:
            self._digests.popleft()
        seen = any(old == digest for _, old in self._digests)
        self._digests.append((t, digest))
        # A key frame codes the same picture anew: it may differ by what the codec rounds.
        if not still or not (seen or key is True):
            self._since, self._keys = None, 0
            return False
        if self._since is None:
            self._since = t
        self._keys += key is True and seen
        return t - self._since >= (_WITH_KEY if self._keys else _UNKNOWN)


def _busy(change: NDArray[np.float32]) -> bool:
    """Whether much moves, here and there and not at the border, where it would be leaving."""
    margin = change.shape[0] // 10
    inner = (change[margin:-margin, margin:-margin] > _MOVING).astype(np.float32)
    rows, columns = np.nonzero(cv2.resize(inner, _BLOCKS, interpolation=cv2.INTER_AREA) > _SHARE)
    return len(rows) > 0 and max(int(np.ptp(rows)), int(np.ptp(columns))) >= _SPREAD
