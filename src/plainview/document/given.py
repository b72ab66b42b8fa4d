"""Files that a person names: read to a bound, never endlessly, and no pipe waited on for ever."""

import errno
import os
import select
import stat
from pathlib import Path

PATIENCE = 30.0
"""Seconds that nothing may come through a pipe: somebody may be typing a passphrase for it."""
_PIECE = 1 << 20


def read_given(path: Path, most: int, *, patience: float = PATIENCE) -> bytes:
    """At most `most` bytes of the file or pipe at `path`.

    A pipe is what a shell makes of `<(…)`: a key can come from a program that way. Raises OSError
    for a folder, a device, and a pipe through which nothing comes for `patience` seconds, too.
    """
    # Not blocking: to open a pipe that nobody writes to would take for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            raise OSError(errno.EINVAL, "this is not a file", str(path))
        ready = select.poll()
        ready.register(descriptor, select.POLLIN)
        data = bytearray()
        while len(data) < most:
            if not ready.poll(patience * 1000):
                raise OSError(errno.ETIMEDOUT, "nothing comes through this pipe", str(path))
            part = os.read(descriptor, min(most - len(data), _PIECE))
            if not part:
                break
            data += part
        return bytes(data)
    finally:
        os.close(descriptor)
