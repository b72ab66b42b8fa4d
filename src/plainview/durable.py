"""Files and folders that are there whole or not at all, and still are after a power cut.

What is written stands beside its place under a hidden name until it is whole. Its writer holds
the kernel's lock on it, which ends with the process: what has such a name and nobody holds was
left by one that was killed, and whoever writes there next removes it.
"""

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

_FRESH = re.compile(r"\.(.+)\.[0-9a-f]{8}\.new", re.DOTALL)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DEVICES = "/dev"
_LONGEST = 200
"""Bytes of a name that its hidden one repeats: the whole must fit where the name itself does."""


def put(path: Path, data: bytes | Iterator[bytes], *, mode: int = 0o600, over: bool = True) -> None:
    """Put `data`, whole or in parts, at `path`, in place of what was there.

    When this returns, that is durable, its name included.
    Whoever reads `path` finds the old content or the new. Raises OSError; the old is there then.
    Without `over` nothing is replaced: FileExistsError is raised where something is there.
    """
    with beside(path, mode=mode, over=over) as fresh, fresh.open("wb") as file:
        file.writelines((data,) if isinstance(data, bytes) else data)
    sync_folder(path.parent)


def _refuse_device(path: Path) -> None:
    """Raise FileExistsError where a device, a pipe or a socket stands at `path`, or devices beside.

    A file in place of /dev/null would be there for every program of the machine.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        mode = stat.S_IFREG  # Nothing is there, or the next step says what is wrong.
    plain = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
    if not plain or os.path.realpath(path.parent) == _DEVICES:
        raise OSError(errno.EEXIST, "this is a device, not a file", str(path))


@contextlib.contextmanager
def beside(path: Path, *, mode: int = 0o600, over: bool = True) -> Iterator[Path]:
    """A new file beside `path` to write to; it becomes `path` only if the block succeeds.

    Its content is durable before it does; its name is after `sync_folder`. Raises as `put` does.
    """
    _refuse_device(path)
    sweep(path.parent, path.name)
    held = -1
    fresh = _fresh(path)
    # Made inside the try: a signal may end this between any two steps, and its name is ours alone.
    try:
        while True:
            held = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            # Where a file system has no locks nothing is swept either.
            with contextlib.suppress(OSError):
                fcntl.flock(held, fcntl.LOCK_EX)
            if os.fstat(held).st_nlink:
                break
            os.close(held)  # taken for a killed writer's before it was held
            held, fresh = -1, _fresh(path)
        yield fresh
        os.fsync(held)
        if over:
            fresh.replace(path)
        else:
            os.link(fresh, path)
    finally:
        # Where nothing could be made there is nothing to remove, and the first error tells why.
        with contextlib.suppress(OSError):
            fresh.unlink()
        if held >= 0:
            os.close(held)


@contextlib.contextmanager
def folder_beside(path: Path, *, mode: int = 0o755) -> Iterator[Path]:
    """A new folder beside `path` to put files into; it becomes `path` only if the block succeeds.

    When this returns, folder and files are durable, their names included. Raises OSError, as where
    `path` is there and holds something; nothing is left beside it then.
    """
    sweep(path.parent, path.name)
    held = -1
    fresh = _fresh(path)
    try:
        while True:
            fresh.mkdir(mode=mode)
            held = os.open(fresh, _FOLDER)
            with contextlib.suppress(OSError):  # as in `beside`
                fcntl.flock(held, fcntl.LOCK_EX)
            if os.fstat(held).st_nlink:
                break
            os.close(held)  # taken for a killed writer's before it was held
            held, fresh = -1, _fresh(path)
        yield fresh
        for one in fresh.iterdir():
            _sync(one, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        os.fsync(held)
        fresh.rename(path)
        sync_folder(path.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        if held >= 0:
            os.close(held)


def sweep(folder: Path, name: str = "") -> None:
    """Remove what killed writers left in `folder`: all, or what was to become `name`.

    What somebody is writing now stays; what cannot be removed does too, and harms nobody.
    """
    try:
        found = [one.name for one in os.scandir(folder)]
    except OSError:
        return
    for one in found:
        match = _FRESH.fullmatch(one)
        if match and (not name or match[1] == _short(name)):
            with contextlib.suppress(OSError):
                _remove_unheld(folder / one)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Raises OSError."""
    _sync(folder, _FOLDER)


def _sync(path: Path, flags: int) -> None:
    opened = os.open(path, flags)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _fresh(path: Path) -> Path:
    return path.with_name(f".{_short(path.name)}.{secrets.token_hex(4)}.new")


def _short(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[:_LONGEST])


def _remove_unheld(path: Path) -> None:
    folder = stat.S_ISDIR(path.lstat().st_mode)
    flags = _FOLDER if folder else os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC
    opened = os.open(path, flags | os.O_NOFOLLOW)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder:
            shutil.rmtree(path)
        else:
            path.unlink()
    finally:
        os.close(opened)
