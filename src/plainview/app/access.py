"""Who may sign in on the pages: from the configuration to the object that holds sessions."""

import getpass
import os
from pathlib import Path

from msgspec import Struct

from plainview.app.address import FOLDER, address, announced, announced_at
from plainview.app.state import is_held, likely
from plainview.clock import Clock, SystemClock
from plainview.config.access import AccessConfig, OidcConfig
from plainview.document import expanded
from plainview.errors import ConfigError, InputError
from plainview.governance.person import Person, Role
from plainview.web.access.agreement import OidcSettings
from plainview.web.access.links import Links
from plainview.web.access.service import Access, AccessSettings

_MAX_SECRET = 4096


class LocalLink(Struct, frozen=True):
    """A one-time link, ready to be opened."""

    url: str
    person: Person
    waits: str = ""
    """The state folder, where no Plainview runs on it that could be asked yet."""
    starting: bool = False
    """Whether one is starting there, so that its address is not known yet."""


def open_access(config: AccessConfig, state: Path, clock: Clock) -> Access:
    """The sign-in of the pages over the state folder `state`.

    Raises ConfigError where the client secret cannot be read or others may read it.
    """
    oidc = None if config.oidc is None else _oidc(config.oidc, config.url)
    settings = AccessSettings(url=config.url, links=config.links, oidc=oidc, proxies=config.proxies)
    return Access(settings, state / FOLDER, clock)


def local_link(
    state: Path | None, *, role: Role, name: str = "", clock: Clock | None = None
) -> LocalLink:
    """A new one-time link for `name` (the system's user name without) in `role`.

    Works for a Plainview that runs on the state folder or will within ten minutes. Raises
    InputError where the name is empty or unprintable, or the link cannot be kept.
    """
    folder = _state(state)
    wanted = name or _user()
    if not 0 < len(wanted) <= 200 or not wanted.isprintable() or wanted != wanted.strip():
        raise InputError("this is not a name", where="--name", mend="Give your name in plain text")
    person = Person(wanted, role)
    token = Links(folder / FOLDER / "links", clock or SystemClock()).make(person)
    runs = is_held(folder)
    return LocalLink(
        f"{address(folder)}/login/link?token={token}",
        person,
        "" if runs else str(folder),
        runs and not announced(folder),
    )


def end_all(state: Path | None) -> None:
    """End every session and link of the state folder; a running Plainview follows in a second.

    Raises InputError where it cannot be written.
    """
    folder = _state(state)
    if not folder.is_dir():
        raise InputError(
            "there is no state folder here",
            where=str(folder),
            mend="Give the one of 'plainview run' with --state",
        )
    try:
        Access(AccessSettings(), folder / FOLDER, SystemClock()).end_all()
    except OSError as error:
        raise InputError(
            f"sessions cannot be ended ({error.strerror or error})",
            where=str(folder / FOLDER),
            mend="Run this as the user that Plainview runs as",
        ) from error


def _state(state: Path | None) -> Path:
    """The folder that was asked for; without, one in which a Plainview runs or last ran."""
    if state is not None:
        return expanded(state)
    return max(likely(), key=lambda folder: (is_held(folder), announced_at(folder)))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"


def _oidc(config: OidcConfig, url: str) -> OidcSettings:
    return OidcSettings(
        issuer=config.issuer,
        client_id=config.client_id,
        redirect_uri=f"{url}/login/callback",
        roles=config.roles,
        client_secret=_secret(config.client_secret_file),
        role_claim=config.role_claim,
        scopes=config.scopes,
    )


def _secret(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read(_MAX_SECRET + 1)
    except OSError as error:
        raise ConfigError(
            f"the client secret cannot be read ({error.strerror or error})",
            where=str(path),
            mend="Check access.oidc.client_secret_file",
        ) from error
    if mode & 0o007:
        raise ConfigError(
            "everyone on this machine may read the client secret",
            where=str(path),
            mend=f"chmod 600 {path}",
        )
    try:
        text = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        text = ""
    if not text or len(raw) > _MAX_SECRET or not text.isprintable():
        raise ConfigError(
            "this is not a client secret",
            where=str(path),
            mend="The file holds the secret on one line and nothing else",
        )
    return text
