"""What a tap tells its parent: on change and at least once a second, never waiting for it."""

import contextlib
import os
import struct
import time

import msgspec

from plainview.errors import PlainviewError
from plainview.vision import sources
from plainview.vision.spec import TapStatus

BEAT = 0.5
"""Seconds between statuses at most (the contract is one second)."""
_LENGTH = struct.Struct(">I")


class Status:
    """Owns what the parent was last told, and the pipe to it."""

    def __init__(self, fd: int) -> None:
        """Take `fd`, the writing end of the status pipe, and make it non-blocking."""
        self._fd = fd
        self._sent = float("-inf")
        os.set_blocking(fd, False)
        self.now = TapStatus(connected=False, packets=0, late=0, broken=0, reconnects=0)

    def set(self, **changes: object) -> None:
        """Change the state and tell the parent at once."""
        self.count(**changes)
        self.tell()

    def count(self, **changes: object) -> None:
        """Change the state; the parent hears of it with the next status."""
        self.now = msgspec.structs.replace(self.now, **changes)

    def tell(self) -> None:
        """Tell the parent now. One that does not listen misses it, and hears the next."""
        self._sent = time.monotonic()
        body = msgspec.msgpack.encode(self.now)
        # Shorter than PIPE_BUF, so it goes whole or not at all (pipe(7)).
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self._fd, _LENGTH.pack(len(body)) + body)

    def due(self) -> bool:
        """Whether the parent is to be told again."""
        return time.monotonic() - self._sent >= BEAT

    def fail(self, error: PlainviewError) -> None:
        """Tell the parent that the source cannot work, and why."""
        self.set(connected=False, ended=True, failed=True, note=note(error))


def note(error: PlainviewError) -> str:
    """`error` as a status carries it: one line, bounded, without credentials."""
    return sources.redact(error.line())[:200]
