"""The tap's end of the pipe to its lens: many small messages in few writes, never a blind wait."""

import fcntl
import os
import select
import time

import msgspec

from plainview.vision.packets import HEADER, Message

PIPE = 1 << 20
"""Bytes of a clip's pipe; the kernel may give less."""
BATCH = 1 << 17
"""Bytes worth a write of their own when there is no hurry."""
_ROOM = b"\0" * HEADER.size


class Outlet:
    """Owns what was framed and is not yet in the pipe `fd`, which it makes non-blocking."""

    def __init__(self, fd: int, size: int) -> None:
        """Take `fd`, the writing end of a pipe that is to hold `size` bytes (or less)."""
        self.fd = fd
        self._buffer = bytearray()
        self._sent = 0
        self._encoder = msgspec.msgpack.Encoder()
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)
        os.set_blocking(fd, False)
        try:
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, size)
        except (PermissionError, OSError):
            return  # more than /proc/sys/fs/pipe-max-size, or the user's share is used up

    @property
    def pending(self) -> int:
        """Bytes that were added and are not in the pipe."""
        return len(self._buffer) - self._sent

    def add(self, message: Message) -> None:
        """Frame `message` behind the others; nothing is written."""
        buffer = self._buffer
        start = len(buffer)
        buffer += _ROOM
        self._encoder.encode_into(message, buffer, -1)
        HEADER.pack_into(buffer, start, len(buffer) - start - HEADER.size)

    def write(self, wait: float = 0.0) -> bool:
        """Write what the pipe takes, waiting up to `wait` seconds for it to take more.

        True when nothing is left. Raises BrokenPipeError when the lens is gone.
        """
        until = time.monotonic() + wait if wait else 0.0
        with memoryview(self._buffer) as view:
            while self._sent < len(view):
                try:
                    self._sent += os.write(self.fd, view[self._sent :])
                except BlockingIOError:
                    left = until - time.monotonic() if wait else 0.0
                    if left <= 0 or not self._poll.poll(left * 1000):
                        return False
        self._buffer.clear()
        self._sent = 0
        return True
