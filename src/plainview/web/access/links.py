"""One-time local links: a file per link in the state folder, named by the hash of its token.

Whoever may write to the state folder can make one (`plainview login`); whoever first presents its
token within ten minutes signs in with it, once. Several processes may share the folder.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from plainview.clock import Clock
from plainview.errors import UNDECODED, InputError
from plainview.governance.person import Person
from plainview.web.access.sessions import fingerprint

LIFE: Final = 600.0
"""Seconds for which a link can be used."""
MOST: Final = 100
"""Links that wait at one time."""
TOKEN_CHARACTERS: Final = 43
"""256 random bits in URL-safe base64."""
_MAX_BYTES: Final = 4096


class Link(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom a link signs in, and until when."""

    person: Person
    expires: Annotated[float, Meta(ge=0)]
    """UTC seconds."""


class Links:
    """The links of one state folder; owns the files in it."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Keep them in `folder`, which is made when the first one is."""
        self._folder = folder
        self._clock = clock

    def make(self, person: Person) -> str:
        """A new link's token, for `person` alone. Raises InputError where it cannot be kept."""
        token = secrets.token_urlsafe(32)
        link = Link(person, self._clock.utc() + LIFE)
        try:
            for folder in (self._folder.parent, self._folder):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._sweep() >= MOST:
                raise InputError(
                    f"{MOST} sign-in links wait to be used",
                    where=str(self._folder),
                    mend="Use one of them, or wait ten minutes",
                )
            path = self._folder / fingerprint(token)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(link))
        except OSError as error:
            raise InputError(
                f"the sign-in link cannot be kept ({error.strerror or error})",
                where=str(self._folder),
                mend="Give a state folder that you may write to with --state",
            ) from error
        return token

    def look(self, token: str) -> Link | None:
        """The link of `token`, which can still be used afterwards; None where there is none."""
        path = self._path(token)
        return None if path is None else self._read(path)

    def use(self, token: str) -> Link | None:
        """The link of `token`, and nobody can use it again; None where there is none.

        Of several who try at once, one gets it: the file can be renamed only once.
        """
        path = self._path(token)
        if path is None:
            return None
        mine = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        try:
            path.rename(mine)
        except OSError:
            return None
        try:
            return self._read(mine)
        finally:
            mine.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget all links."""
        for path in self._files():
            path.unlink(missing_ok=True)

    def _path(self, token: str) -> Path | None:
        if len(token) != TOKEN_CHARACTERS or not token.isascii():
            return None
        return self._folder / fingerprint(token)

    def _read(self, path: Path) -> Link | None:
        try:
            with path.open("rb") as file:
                link = msgspec.json.decode(file.read(_MAX_BYTES), type=Link)
        except (OSError, *UNDECODED):
            return None
        # A clock that was set back must not let a link live longer than it may.
        return link if 0 < link.expires - self._clock.utc() <= LIFE else None

    def _files(self) -> list[Path]:
        with contextlib.suppress(FileNotFoundError):
            return [path for path in self._folder.iterdir() if path.is_file()]
        return []

    def _sweep(self) -> int:
        """Remove what can no longer be used; how many are left."""
        left = 0
        for path in self._files():
            if self._read(path) is None:
                path.unlink(missing_ok=True)
            else:
                left += 1
        return left
