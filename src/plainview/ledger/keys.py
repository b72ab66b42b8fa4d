"""The private keys in `STATE/keys`: made once, readable by their owner alone, never overwritten."""

import os
import re
import stat
from pathlib import Path
from typing import Final

from plainview.durable import put, sync_folder
from plainview.errors import InputError, LedgerError
from plainview.ledger.note import Signer

FOLDER: Final = "keys"
MAX_KEY_BYTES: Final = 4096
"""No more than this of a key's file is read."""

_FILE = re.compile(r"[a-z][a-z0-9-]{0,63}\Z")


def key_path(state: Path, file: str) -> Path:
    """Where the key called `file` (`ledger`, `authority`, …) of a state folder is kept."""
    if not _FILE.match(file):
        raise InputError(f"'{file[:80]}' cannot be a key's file name", where=FOLDER)
    return state / FOLDER / f"{file}.key"


def load_or_make(state: Path, file: str, name: str) -> Signer:
    """The key in `STATE/keys/<file>.key`, made under the key name `name` if it is not there.

    When this returns, the key is durable. Raises LedgerError, as `load`; InputError for a name
    that no key can have.
    """
    return load(state, file) or _make(state, file, name)


def load(state: Path, file: str) -> Signer | None:
    """The key in `STATE/keys/<file>.key`, or None where there is none.

    Raises LedgerError if it is damaged, or if others than its owner may read or change it.
    """
    path = key_path(state, file)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
            found = os.fstat(opened.fileno())
            data = opened.read(MAX_KEY_BYTES) if stat.S_ISREG(found.st_mode) else b""
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerError(f"the key cannot be read: {error.strerror}", where=str(path)) from error
    folder = path.parent.stat()
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise LedgerError(
            "others than its owner may read this private key",
            where=str(path),
            mend=f"If no one else has had it: chmod 600 '{path}'. Otherwise it must be replaced",
        )
    if stat.S_IMODE(folder.st_mode) & 0o022:
        raise LedgerError(
            "others than its owner may put keys here",
            where=str(path.parent),
            mend=f"chmod 700 '{path.parent}'",
        )
    try:
        return Signer.from_text(data.decode("utf-8"))
    except (InputError, UnicodeDecodeError) as error:
        # What is in the file is not repeated: it may be most of a key.
        raise LedgerError(
            "the private key is damaged",
            where=str(path),
            mend="Put it back from a backup; a new key would be a new identity",
        ) from error


def _make(state: Path, file: str, name: str) -> Signer:
    path = key_path(state, file)
    signer = Signer.generate(name)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            put(path, f"{signer.text()}\n".encode(), over=False)
        except FileExistsError:
            # Another process has just made one, and may not have come to that yet.
            sync_folder(path.parent)
        sync_folder(state)
    except OSError as error:
        raise LedgerError(f"no key can be made: {error.strerror}", where=str(path)) from error
    made = load(state, file)
    if made is None:
        raise LedgerError("the key that was made is not there", where=str(path))
    return made
