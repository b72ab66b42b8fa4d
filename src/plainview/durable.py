"""Files that are there whole or not at all, and still are after a power cut."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


def put(path: Path, data: bytes | Iterator[bytes], *, mode: int = 0o600) -> None:
    """Put `data`, whole or in parts, at `path`, in place of what was there.

    When this returns, that is durable, its name included.
    Whoever reads `path` finds the old content or the new. Raises OSError; the old is there then.
    """
    fresh = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.new")
    try:
        opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with os.fdopen(opened, "wb") as file:
            file.writelines((data,) if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(opened)
        fresh.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Raises OSError."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
