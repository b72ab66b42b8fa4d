"""Where what lies in a vault's folder, and how its names are made durable.

keys/RING/             small: put it on a disk of its own if you like; never in a backup
data/RING/CAMERA/HH-PART.sealed
pending/               destructions that have begun
destroyed/             what was destroyed, to prove single camera-hours by
release/               one-time identities of releases, until these end
recorder.lock, sweeper.lock
"""

import contextlib
import datetime as dt
import fcntl
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from plainview.durable import put, sync_folder
from plainview.errors import VaultError
from plainview.vault.segment import SUFFIX

HOUR: Final = 3600
DAY: Final = 86_400
HOLD: Final = "hold-"
PARTIES: Final = ("operator", "commissioner")
"""Whose shares of a private half are both needed."""
CACHE_TAG: Final = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n# Keys of sealed recordings: keep no copy.\n"
)
"""https://bford.info/cachedir/: tar, restic, borg and others leave such folders out on request."""
_GET_FLAGS, _SET_FLAGS, _NO_COW = 0x8008_6601, 0x4008_6602, 0x0080_0000


class Layout:
    """Names in the vault below `root`. Holds nothing open."""

    def __init__(self, root: Path) -> None:
        """Nothing is made."""
        self.root = root
        self.keys = root / "keys"
        self.data = root / "data"
        self.pending = root / "pending"
        self.destroyed = root / "destroyed"

    def make(self) -> None:
        """Make what is missing. Raises VaultError."""
        try:
            for folder in (self.keys, self.data, self.pending, self.destroyed):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            sync_folder(self.root)
            with contextlib.suppress(PermissionError):  # a folder that may be entered, not read
                sync_folder(self.root.parent)
            self._identify()
            mark_no_copies(self.keys)
            tag = self.keys / "CACHEDIR.TAG"
            if not tag.exists():
                put(tag, CACHE_TAG)
        except OSError as error:
            raise VaultError(
                f"the vault cannot be made ({error.strerror})",
                where=str(self.root),
                mend="Give [recording] a folder that may be written to",
            ) from error

    def _identify(self) -> None:
        """Mark keys and data as each other's, so that neither is taken for lost when unmounted.

        Data first, durably: who finds only its mark, and nothing else, was cut off in between.
        """
        keys, data = (folder / "vault-id" for folder in (self.keys, self.data))
        if keys.exists() or self.rings() or any(self.data.rglob(f"*{SUFFIX}")):
            return
        told = data.read_bytes() if data.exists() else os.urandom(16).hex().encode()
        put(data, told)
        put(keys, told)

    def check_identity(self) -> None:
        """Raise VaultError unless keys and data are of one vault.

        Data without keys would be deleted as unreadable: not when a disk was only not mounted.
        """
        try:
            one, other = ((f / "vault-id").read_bytes() for f in (self.keys, self.data))
        except OSError as error:
            raise VaultError(
                "its keys or its data are not there",
                where=str(self.root),
                mend="Mount their disks; nothing is written or deleted before",
            ) from error
        if one != other:
            raise VaultError(
                "its keys and its data are not of one vault",
                where=str(self.root),
                mend="Mount the right disks; nothing is written or deleted before",
            )

    def rings(self) -> list[Path]:
        """The folders of rings, oldest day first, holds after them."""
        if not self.keys.is_dir():
            return []
        found = [p for p in self.keys.iterdir() if p.is_dir() and not p.name.startswith(".")]
        return sorted(found, key=lambda p: (p.name.startswith(HOLD), p.name))

    def recording(self, ring: str, camera: str, hour: int, part: int) -> Path:
        """The file of one recording."""
        if ring.startswith(HOLD):
            return self.data / ring / camera / f"{hour}-{part}{SUFFIX}"
        return self.data / ring / camera / f"{hour % DAY // HOUR:02d}-{part}{SUFFIX}"


def day_of(t: float) -> str:
    """The name of the ring of the UTC day in which `t` (seconds) lies."""
    return dt.datetime.fromtimestamp(t, dt.UTC).strftime("%Y-%m-%d")


def end_of(ring: str) -> int | None:
    """UTC seconds at which a day's ring takes no more recordings; None for a hold's."""
    try:
        day = dt.datetime.strptime(ring, "%Y-%m-%d").replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return round(day.timestamp()) + DAY


def mark_no_copies(folder: Path) -> None:
    """Ask the file system to overwrite in place what is made below `folder` (chattr +C)."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # only copy-on-write file systems know it
            flags = struct.unpack(
                "=l", fcntl.ioctl(opened, _GET_FLAGS, bytes(struct.calcsize("=l")))
            )[0]
            fcntl.ioctl(opened, _SET_FLAGS, struct.pack("=l", flags | _NO_COW))
    finally:
        os.close(opened)


@contextlib.contextmanager
def alone(path: Path, who: str) -> Iterator[None]:
    """Be the only `who` of this vault while the block runs. Raises VaultError if there is one."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise VaultError(f"another {who} is at work", where=str(path.parent)) from error
        yield
    finally:
        os.close(lock)
