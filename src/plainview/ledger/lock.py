"""The lock between processes: whoever holds it may write the ledger."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from plainview.errors import LedgerError

NAME: Final = "lock"
WAIT_SECONDS: Final = 10.0


@contextmanager
def alone(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock on the file `path`, made if need be. Ends with its process.

    Raises LedgerError if it cannot be had within `seconds`.
    """
    try:
        # Opened anew each time, so that a forked child does not share it.
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise LedgerError(
            f"the ledger cannot be locked: {error.strerror}", where=str(path)
        ) from error
    try:
        _take(lock, path, seconds)
        try:
            yield
        finally:
            # Not by closing alone: a child forked meanwhile would hold it on.
            fcntl.flock(lock, fcntl.LOCK_UN)
    finally:
        os.close(lock)


def _take(lock: int, path: Path, seconds: float) -> None:
    # The machine's time, not the injected clock's: what holds the lock is another process.
    latest = time.monotonic() + seconds
    pause = 0.0002
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() > latest:
                raise LedgerError(
                    f"another process has had the ledger for {seconds:g} s",
                    where=str(path),
                    mend="See which one hangs, and end it",
                ) from error
        else:
            return
        time.sleep(pause)
        pause = min(pause * 1.5, 0.01)
