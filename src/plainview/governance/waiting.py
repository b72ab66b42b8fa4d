"""Stops that are in force and not yet in the ledger, shared by all processes of a state folder.

The file has its room from the start and is written in place, so that a stop can be handed on where
the disk is full. What cannot be read raises: nothing starts until a person has looked.
"""

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from plainview.errors import UNDECODED, LedgerError
from plainview.governance.person import Role
from plainview.governance.standing import Ordered

_ROOM = 65_536
_log = structlog.get_logger(__name__)


class Unrecorded(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A stop that is in force and not yet in the ledger."""

    scope: str
    why: str
    name: str
    """Of who pressed it; empty where the centre ordered it."""
    role: Role
    t: int
    """UTC milliseconds."""
    order: Ordered | None = None
    """The centre's order, where it was pressed by one."""
    who: str = ""
    """As the order names who pressed it."""
    given: int = 0
    """UTC milliseconds at which it was ordered."""
    again: bool = False
    """Whether it is to be recorded although its scope is stopped: it is an order of this centre."""


_decoder = msgspec.json.Decoder(list[Unrecorded])


class Waiting:
    """Owns the file, and in memory what could not even be written there."""

    def __init__(self, path: Path) -> None:
        """Make the file with its room, where there is none. Raises LedgerError."""
        self._path = path
        self._memory: list[Unrecorded] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if os.fstat(self._file).st_size < _ROOM:
                os.posix_fallocate(self._file, 0, _ROOM)
        except OSError as error:
            raise self._error(f"cannot be made ({error.strerror})") from error

    def close(self) -> None:
        """Close the file. May be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def read(self) -> list[Unrecorded]:
        """What waits, oldest first. Raises LedgerError if it cannot be read."""
        return list(dict.fromkeys([*self._stored(), *self._memory]))

    def add(self, stop: Unrecorded) -> None:
        """`stop` waits from now on. What the disk refuses is kept in memory, and logged."""
        self._change(lambda waiting: [*waiting, stop])

    def remove(self, stop: Unrecorded) -> None:
        """`stop` waits no more: it is recorded."""
        self._change(lambda waiting: [one for one in waiting if one != stop])

    def _change(self, how: Callable[[list[Unrecorded]], list[Unrecorded]]) -> None:
        """Replace what waits by what `how` makes of it, as one step for all processes."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            new = how(self.read())
            self._write(msgspec.json.encode(new))
            self._memory = []
        except OSError as error:
            self._memory = new
            _log.error("a stop in force would not survive a restart", why=error.strerror)
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _write(self, data: bytes) -> None:
        if len(data) > _ROOM:
            raise OSError(errno.ENOSPC, "more stops wait than the file holds")
        os.pwrite(self._file, data.ljust(_ROOM), 0)
        os.fsync(self._file)

    def _stored(self) -> list[Unrecorded]:
        try:
            data = os.pread(self._file, _ROOM, 0).strip(b"\0 ")
            return _decoder.decode(data) if data else []
        except (OSError, *UNDECODED) as error:
            raise self._error(f"cannot be read ({error})") from error

    def _error(self, what: str) -> LedgerError:
        return LedgerError(
            f"the stops that wait to be recorded: the file {what}",
            where=str(self._path),
            mend="See what should be stopped, remove the file, and press the stop switches again",
        )
