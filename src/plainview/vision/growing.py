"""A file that somebody still writes: read as it grows, its end reached only when they let go of it.

Whoever writes such a file holds an exclusive lock on it (flock(2)), which the kernel takes back
when they end, however that happens. A file without such a lock is whole.
"""

import fcntl
import io
import os
import threading
import time

LOOK = 0.05
"""Seconds between two looks for more."""


def grows(descriptor: int) -> bool:
    """Whether the open file `descriptor` is still being written."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


class GrowingFile(io.RawIOBase):
    """Reads a growing file through `descriptor`, which stays its owner's.

    As FFmpeg looks about in a file before it plays it, the end is where it is until `wait` is set;
    from then on a read at the end waits for more.
    """

    def __init__(self, descriptor: int, cancelled: threading.Event) -> None:
        """Start at the file's beginning. No read waits once `cancelled` is set."""
        super().__init__()
        self._descriptor = descriptor
        self._cancelled = cancelled
        self._at = 0
        self.wait = False
        """Whether a read at the end waits."""
        self.waited = 0.0
        """Seconds spent waiting so far."""

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes from the beginning."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to `offset` bytes from the beginning, the place or the end so far."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        self._at = offset + (os.fstat(self._descriptor).st_size if start is None else start)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; none at the end."""
        begun = time.monotonic()
        while True:
            # Asked before reading: what is written before the lock goes is read afterwards.
            last = not (self.wait and not self._cancelled.is_set() and grows(self._descriptor))
            data = os.pread(self._descriptor, max(size, 0), self._at)
            if data or last:
                break
            self._cancelled.wait(LOOK)
        self._at += len(data)
        self.waited += time.monotonic() - begun
        return data
