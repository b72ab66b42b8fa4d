"""The one-time age identities of releases: on disk until the release ends, overwritten then.

`VAULT/release/ID-ENDS.key`: the end (UTC seconds) is in the name, so that whoever sweeps needs to
read nothing. Marked as the day keys are: no copies, in no backup.
"""

import contextlib
import os
import re
from pathlib import Path
from typing import Final, NamedTuple

import pyrage

from plainview.durable import put, sync_folder
from plainview.errors import InputError, VaultError
from plainview.vault.layout import CACHE_TAG, Layout, mark_no_copies

_NAME: Final = re.compile(r"([0-9a-f]{10})-([0-9]{1,11})\.key")


class ReleaseKey(NamedTuple):
    """One release's identity."""

    path: Path
    id: str
    ends: int
    """UTC seconds at which it must be gone."""


def folder_of(layout: Layout) -> Path:
    """Where they are."""
    return layout.root / "release"


def make(layout: Layout, identifier: str, ends: int) -> str:
    """Make the identity of the release `identifier`, durably; its recipient. Raises VaultError."""
    folder = folder_of(layout)
    own = pyrage.x25519.Identity.generate()
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        mark_no_copies(folder)
        tag = folder / "CACHEDIR.TAG"
        if not tag.exists():
            tag.write_bytes(CACHE_TAG)
        for old in found(layout):
            if old.id == identifier:
                destroy(old.path)
        put(folder / f"{identifier}-{ends}.key", f"{own}\n".encode())
        sync_folder(layout.root)
    except OSError as error:
        raise VaultError(f"no key can be made ({error.strerror})", where=str(folder)) from error
    return str(own.to_public())


def found(layout: Layout) -> list[ReleaseKey]:
    """Every identity that is there."""
    try:
        names = sorted(folder_of(layout).iterdir())
    except FileNotFoundError:
        return []
    told = [(path, _NAME.fullmatch(path.name)) for path in names]
    return [ReleaseKey(path, m[1], int(m[2])) for path, m in told if m is not None]


def load(layout: Layout, identifier: str) -> str:
    """The identity of the release `identifier`. Raises InputError where it is gone."""
    for one in found(layout):
        if one.id == identifier:
            return one.path.read_text(encoding="ascii").strip()
    raise InputError("its key is gone", where=f"release {identifier}", mend="Ask anew")


def destroy(path: Path) -> None:
    """Overwrite an identity and unlink it, durably. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fdatasync(file.fileno())
        path.unlink()
        sync_folder(path.parent)


def sweep(layout: Layout, now: float) -> list[str]:
    """Destroy the identities of releases that are over at `now` (UTC seconds); their ids."""
    over = [one for one in found(layout) if one.ends <= now]
    for one in over:
        destroy(one.path)
    return [one.id for one in over]
