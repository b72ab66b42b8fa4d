"""Signing in and out: sessions, links and the provider, behind one object that `app` makes."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from litestar.datastructures import Cookie
from msgspec import Struct

from plainview.clock import Clock
from plainview.errors import AccessRefused
from plainview.web.access.agreement import OidcSettings
from plainview.web.access.limits import Limits, Pauses
from plainview.web.access.links import Links
from plainview.web.access.rules import Connection
from plainview.web.access.sessions import ABSOLUTE, Session, Sessions

if TYPE_CHECKING:
    from plainview.web.access.oidc import Oidc

LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_FORWARDED: Final = frozenset({"forwarded", "x-forwarded-for", "x-real-ip", "via"})
_BROWSER_LIFE: Final = 900


class AccessSettings(Struct, frozen=True):
    """How people sign in here."""

    url: str = ""
    """The pages' public address (`https://crowd.example`); empty for this machine alone."""
    links: str = "loopback"
    """Who may use a one-time link: `loopback`, `anywhere` or `off`."""
    oidc: OidcSettings | None = None
    proxies: tuple[str, ...] = ()
    """Addresses of reverse proxies that are believed about whom they ask for."""

    @property
    def secure(self) -> bool:
        """Whether browsers reach the pages by https."""
        return self.url.startswith("https:")


class Access:
    """Owns who is signed in. One for one application; its files are in `folder`."""

    def __init__(
        self,
        settings: AccessSettings,
        folder: Path,
        clock: Clock,
    ) -> None:
        """Nobody is signed in. `folder` is `STATE/access`."""
        self.settings = settings
        self.sessions = Sessions(clock)
        self.links = Links(folder / "links", clock)
        self.oidc = None if settings.oidc is None else _open_oidc(settings.oidc, clock)
        self.pauses = Pauses(clock)
        self._mark = folder / "ended"
        self._ended = self._mark_time()
        self._clock = clock
        self._looked = clock.monotonic()

    def session_of(self, connection: Connection, *, active: bool) -> Session | None:
        """The session whose cookie came with this request."""
        self._end_if_told()
        token = connection.cookies.get(self.cookie_name(connection), "")
        return self.sessions.find(token, active=active) if token else None

    def secure(self, connection: Connection) -> bool:
        """Whether a cookie for this request is for https only: all but this machine's own pages."""
        return self.settings.secure or host_of(connection)[0] not in {"localhost", *LOOPBACK}

    def cookie_name(self, connection: Connection) -> str:
        """`__Host-` binds the cookie to one host and https; on loopback the port tells apart."""
        if self.secure(connection):
            return "__Host-plainview"
        return f"plainview-{host_of(connection)[1]}"

    def session_cookie(self, connection: Connection, token: str) -> Cookie:
        """The cookie that carries `token`; empty ends it."""
        return Cookie(
            key=self.cookie_name(connection),
            value=token,
            path="/",
            httponly=True,
            secure=self.secure(connection),
            samesite="strict",
            max_age=int(ABSOLUTE) if token else 0,
        )

    def browser_name(self, connection: Connection) -> str:
        """Name of the cookie that ties a sign-in to the browser that began it."""
        return f"{self.cookie_name(connection)}-login"

    def browser_of(self, connection: Connection) -> str:
        """What that cookie holds; empty without."""
        return connection.cookies.get(self.browser_name(connection), "")

    def browser_cookie(self, connection: Connection, value: str | None = None) -> Cookie:
        """A new one; `Lax`, for the provider sends the browser back from elsewhere."""
        value = secrets.token_urlsafe(32) if value is None else value
        return Cookie(
            key=self.browser_name(connection),
            value=value,
            path="/",
            httponly=True,
            secure=self.secure(connection),
            samesite="lax",
            max_age=_BROWSER_LIFE if value else 0,
        )

    def check_link_client(self, connection: Connection) -> None:
        """Raise AccessRefused where one-time links are not for this client."""
        if self.settings.links == "off":
            raise AccessRefused(
                "one-time links are switched off here", mend="Sign in as your city does"
            )
        if self.settings.links == "loopback" and not on_this_machine(connection):
            raise AccessRefused(
                "a one-time link works on the machine on which Plainview runs, and nowhere else",
                mend="Open it there, or have the administrator set up the city's sign-in",
            )

    def end_all(self) -> None:
        """End all sessions and links, in this process and, by a mark, in the one that runs."""
        self.sessions.close_all()
        self.links.clear()
        self._mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._mark.touch(mode=0o600)

    def _mark_time(self) -> int:
        try:
            return self._mark.stat().st_mtime_ns
        except OSError:
            return 0

    def _end_if_told(self) -> None:
        now = self._clock.monotonic()
        if 0 <= now - self._looked < 1.0:
            return
        self._looked = now
        if (mark := self._mark_time()) != self._ended:
            self._ended = mark
            self.sessions.close_all()


def _open_oidc(settings: OidcSettings, clock: Clock) -> "Oidc":
    # A quarter of the pages' imports, which one-time links do not need.
    from plainview.web.access.oidc import Oidc  # noqa: PLC0415 - see above

    return Oidc(settings, clock)


def client_key(limits: Limits, connection: Connection) -> str:
    """One key for whoever asks."""
    peer = connection.client.host if connection.client else ""
    return limits.clients.key(peer, connection.scope["headers"])


def host_of(connection: Connection) -> tuple[str, str]:
    """Name and port of the Host header, in small letters; the port is 80 where none is said."""
    header = connection.headers.get("host", "").strip().lower()
    if header.startswith("["):
        name, _, rest = header[1:].partition("]")
        return name, rest.lstrip(":") or "80"
    name, _, port = header.partition(":")
    return name, port or "80"


def on_this_machine(connection: Connection) -> bool:
    """Whether the person sits at this machine: a loopback peer, asked by its name, no proxy."""
    peer = connection.client.host if connection.client else ""
    return (
        peer in LOOPBACK
        and host_of(connection)[0] in {"localhost", *LOOPBACK}
        and _FORWARDED.isdisjoint(connection.headers.keys())
    )
