"""The state folder: found, made, proved writable, and held by one running Plainview at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from plainview.config import load_state
from plainview.errors import InputError, PlainviewError

DEFAULT = Path(".state")
DEMO = DEFAULT / "demo"
_CITY = Path("city.toml")


@contextlib.contextmanager
def held(folder: Path) -> Iterator[Path]:
    """`folder`, made if need be, for this process alone while the block runs.

    The lock is the kernel's: it ends with the process, however that ends. Raises InputError when
    the folder cannot be made or written to, PlainviewError when another Plainview holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InputError(
            f"the state folder cannot be written ({error.strerror or error})",
            where=str(folder),
            mend="Give a folder that you may write to with --state",
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PlainviewError(
                "another Plainview is running on this state folder",
                where=str(folder),
                mend="Stop it, or give this one a folder of its own with --state",
            ) from error
        yield folder
    finally:
        os.close(descriptor)


def usual() -> Path:
    """The state folder of the city that is here, where no other is named.

    That is the one which `city.toml` in the working folder names, if there is such a file. Raises
    ConfigError when it cannot be read.
    """
    return (load_state(_CITY) if _CITY.is_file() else None) or DEFAULT


def likely() -> tuple[Path, ...]:
    """Where a state folder may be that nobody names: the city's before the demonstration's.

    Raises ConfigError as `usual` does.
    """
    return tuple(dict.fromkeys((usual(), DEFAULT, DEMO)))


def existing(folder: Path | None) -> Path:
    """The state folder that commands act on. Raises InputError if there is none.

    Where none is named, it is the first of the `likely` ones in which a city was begun.
    """
    if folder is None:
        places = likely()
        found = next((one for one in places if (one / "ledger").is_dir()), places[0])
    else:
        found = folder
    if not found.is_dir():
        raise InputError(
            "there is no state folder here",
            where=str(found),
            mend="Give the one of 'plainview run' with --state",
        )
    return found


def begun(folder: Path | None) -> Path:
    """The `existing` state folder in which a city was begun. Raises InputError if there is none.

    Opened as an office, any other folder would be given keys and a ledger of its own.
    """
    found = existing(folder)
    if not (found / "ledger").is_dir():
        raise InputError(
            "no city was begun in this folder",
            where=str(found),
            mend="Give the state folder of 'plainview run' with --state",
        )
    return found


def is_held(folder: Path) -> bool:
    """Whether a Plainview runs on the state folder `folder` now."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
