"""Salted commitments to what the ledger must not say, and their openings, which can be erased.

The ledger holds a hash; what was hashed is here, in `STATE/ledger-private/openings.db`, until it
is erased. Then nobody can tell any more what the hash was of: its salt of 256 bits is gone.
"""

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct

from plainview.errors import LedgerError

NAME: Final = "openings.db"
DOMAIN: Final = b"plainview/commitment/v1\n"
SALT_BYTES: Final = 32
MAX_VALUE_BYTES: Final = 4096
MAX_ABOUT_BYTES: Final = 1024
_BUSY_SECONDS: Final = 10.0


class Opening(Struct, frozen=True):
    """What a commitment is to: shown to an auditor, it proves itself."""

    commitment: str
    """64 hexadecimal digits, as they stand in the ledger."""
    salt: bytes
    value: str
    about: str
    """What it was committed for. Not covered by the commitment."""

    def holds(self) -> bool:
        """Whether salt and value are what the commitment says."""
        return commit_to(self.salt, self.value) == self.commitment


def commit_to(salt: bytes, value: str) -> str:
    """SHA-256 over domain, then salt and value (UTF-8), each behind its length in 4 bytes; hex."""
    data = value.encode()
    sized = (len(part).to_bytes(4, "big") + part for part in (salt, data))
    return hashlib.sha256(DOMAIN + b"".join(sized)).hexdigest()


class Openings:
    """The openings of one ledger, in one SQLite file. Thread-safe; processes may share the file."""

    def __init__(self, path: Path) -> None:
        """Open the file, or begin it, readable by its owner alone. Raises LedgerError."""
        self._path = path
        self._lock = threading.Lock()
        with self._told():
            path.touch(mode=0o600, exist_ok=True)
            self._database = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            # No write-ahead log: in it an erased value would live on until it is folded in.
            # EXTRA: the removal of the rollback journal, which holds erased values, is durable too.
            for setting in (
                "journal_mode = DELETE",
                "synchronous = EXTRA",
                "secure_delete = ON",
                "trusted_schema = OFF",
            ):
                self._database.execute(f"PRAGMA {setting}")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS openings (commitment TEXT PRIMARY KEY, "
                "salt BLOB NOT NULL, value TEXT NOT NULL, about TEXT NOT NULL) "
                "STRICT, WITHOUT ROWID"
            )

    def commit(self, value: str, *, about: str) -> str:
        """A fresh commitment to `value`. When this returns, its opening is durable.

        Two commitments to the same value have nothing in common. Raises LedgerError.
        """
        if len(value.encode()) > MAX_VALUE_BYTES or len(about.encode()) > MAX_ABOUT_BYTES:
            raise LedgerError(
                f"a commitment to more than {MAX_VALUE_BYTES} bytes, or about more than "
                f"{MAX_ABOUT_BYTES}",
                where=str(self._path),
            )
        salt = secrets.token_bytes(SALT_BYTES)
        commitment = commit_to(salt, value)
        with self._told():
            self._database.execute(
                "INSERT INTO openings VALUES (?, ?, ?, ?)", (commitment, salt, value, about)
            )
        return commitment

    def open(self, commitment: str) -> Opening | None:
        """What `commitment` is to, or None where it was erased or never made here.

        Raises LedgerError if the file cannot be read or the opening does not fit its commitment.
        """
        with self._told():
            row = self._database.execute(
                "SELECT commitment, salt, value, about FROM openings WHERE commitment = ?",
                (commitment,),
            ).fetchone()
        if row is None:
            return None
        opening = Opening(*row)
        if not opening.holds():
            raise LedgerError(
                f"what is kept for the commitment {commitment[:16]}… is not what was committed to",
                where=str(self._path),
            )
        return opening

    def erase(self, commitment: str) -> bool:
        """Forget what `commitment` is to, for good; whether there was anything to forget.

        When this returns, neither the file nor any other of SQLite's holds it, and that is
        durable. Backups and the disk's own spare blocks are beyond reach. Raises LedgerError.
        """
        with self._told():
            return bool(
                self._database.execute(
                    "DELETE FROM openings WHERE commitment = ?", (commitment,)
                ).rowcount
            )

    def close(self) -> None:
        """Close the file. May be called twice."""
        with self._lock:
            self._database.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """One caller at a time; what fails is told as a LedgerError."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                raise LedgerError(
                    f"commitments cannot be kept or opened: {error}",
                    where=str(self._path),
                    mend="Look at the disk's free space and the folder's rights",
                ) from error
