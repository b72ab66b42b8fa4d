"""The documents that entries refer to, kept under their digest: written once, never changed."""

import hashlib
import re
from pathlib import Path

from plainview.durable import put, sweep
from plainview.errors import LedgerError, LedgerLie

_DIGEST = re.compile(r"[0-9a-f]{64}")


def digest_of(data: bytes) -> str:
    """SHA-256, hex: the name under which `data` is kept."""
    return hashlib.sha256(data).hexdigest()


class Documents:
    """Owns a folder of files, each named by the SHA-256 of what it holds."""

    def __init__(self, folder: Path) -> None:
        """Make `folder` if need be. Raises LedgerError."""
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise LedgerError(
                f"the folder of documents cannot be made ({error.strerror})", where=str(folder)
            ) from error
        sweep(folder)  # what is written once under its own name is not written again

    def put(self, data: bytes) -> str:
        """Keep `data`; its digest. When this returns it is durable. Raises LedgerError."""
        digest = digest_of(data)
        path = self._folder / digest
        if path.exists():
            return digest
        try:
            put(path, data)
        except OSError as error:
            raise LedgerError(
                f"a document cannot be kept ({error.strerror})",
                where=str(self._folder),
                mend="Free space there, or mend its permissions; nothing was recorded",
            ) from error
        return digest

    def get(self, digest: str) -> bytes:
        """The document of that digest. Raises LedgerError if missing, LedgerLie if changed."""
        if not _DIGEST.fullmatch(digest):
            raise LedgerError(f"{digest[:80]!r} is no digest", where="documents")
        path = self._folder / digest
        try:
            data = path.read_bytes()
        except OSError as error:
            raise LedgerError(
                f"a document that the ledger refers to cannot be read ({error.strerror})",
                where=str(path),
                mend="Restore it from a copy of the state folder",
            ) from error
        if digest_of(data) != digest:
            raise LedgerLie("a document was changed after it was recorded", where=str(path))
        return data
