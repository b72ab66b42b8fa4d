"""The `[access]` table of CITY.toml: who may sign in on the pages, and how."""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from plainview.document.toml import Document, KeyPath, nearest
from plainview.errors import ConfigError
from plainview.governance.person import Role

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

Links = Literal["loopback", "anywhere", "off"]


class OidcConfig(Struct, frozen=True):
    """What is agreed with the city's sign-in service (OpenID Connect)."""

    issuer: str
    client_id: str
    roles: tuple[tuple[str, Role], ...]
    """Values of the claim and the role that each gives; the first that a person has counts."""
    client_secret_file: Path | None = None
    role_claim: str = "groups"
    scopes: tuple[str, ...] = ("openid", "profile")


class AccessConfig(Struct, frozen=True):
    """How people sign in. The default: one-time links on this machine."""

    url: str = ""
    """The pages' public address without a path; empty for this machine alone."""
    links: Links = "loopback"
    oidc: OidcConfig | None = None
    proxies: tuple[str, ...] = ()


_Url = Annotated[str, Meta(min_length=1, max_length=500)]
_Word = Annotated[str, Meta(min_length=1, max_length=200)]


class OidcTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[access.oidc]` as written."""

    issuer: _Url
    client_id: _Word
    roles: Annotated[dict[_Word, str], Meta(min_length=1, max_length=100)]
    client_secret_file: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    role_claim: _Word = "groups"
    scopes: Annotated[tuple[_Word, ...], Meta(max_length=20)] = ("openid", "profile")


class AccessTable(Struct, frozen=True, forbid_unknown_fields=True):
    """`[access]` as written."""

    url: _Url | None = None
    links: Links | None = None
    oidc: OidcTable | None = None
    proxies: Annotated[tuple[_Word, ...], Meta(max_length=20)] = ()


def access_from(document: Document, table: AccessTable, at: KeyPath = ("access",)) -> AccessConfig:
    """What `table`, which stands at `at` in `document`, says.

    Raises ConfigError for an address that is neither https nor this machine's own, a role that
    does not exist, sign-in with a service without an address to come back to, and one-time links
    on the machine alone where the pages are reached through an address of their own: behind a
    proxy on this machine everyone would seem to sit at it.
    """
    url = "" if table.url is None else _address(document, table.url, (*at, "url"), bare=True)
    for k, proxy in enumerate(table.proxies):
        try:
            ipaddress.ip_address(proxy)
        except ValueError as error:
            raise ConfigError(
                f"{proxy!r} is not an address",
                where=document.where((*at, "proxies", k)),
                mend="Give the proxy's IP address as this machine sees it",
            ) from error
    public = bool(url) and urlsplit(url).hostname not in _LOOPBACK
    links = table.links or ("off" if public or table.oidc is not None else "loopback")
    if links == "loopback" and public:
        raise ConfigError(
            "one-time links for this machine alone do not go with a public address: through a "
            "proxy here everyone seems to sit at this machine",
            where=document.where((*at, "links")),
            mend='Write links = "off", or "anywhere" if a link may be used from anywhere',
        )
    oidc = None
    if table.oidc is not None:
        if not url:
            raise ConfigError(
                "a sign-in service needs the address to which it sends people back",
                where=document.where((*at, "oidc")),
                mend='Add url = "https://..." to [access]: the address of these pages',
            )
        oidc = _oidc(document, table.oidc, (*at, "oidc"))
    return AccessConfig(url=url, links=links, oidc=oidc, proxies=table.proxies)


def _oidc(document: Document, table: OidcTable, at: KeyPath) -> OidcConfig:
    known = {role.value: role for role in Role}
    roles = []
    for value, name in table.roles.items():
        if name not in known:
            guess = nearest(name, known)
            raise ConfigError(
                f"{name!r} is no role",
                where=document.where((*at, "roles", value)),
                mend=f"Did you mean {guess!r}?" if guess else f"They are {', '.join(known)}",
            )
        roles.append((value, known[name]))
    if "openid" not in table.scopes:
        raise ConfigError(
            "without the scope 'openid' the service does not say who signs in",
            where=document.where((*at, "scopes")),
            mend='Add "openid"',
        )
    secret = table.client_secret_file
    return OidcConfig(
        issuer=_address(document, table.issuer, (*at, "issuer"), bare=False),
        client_id=table.client_id,
        roles=tuple(roles),
        client_secret_file=None if secret is None else document.relative(secret),
        role_claim=table.role_claim,
        scopes=table.scopes,
    )


def _address(document: Document, url: str, at: KeyPath, *, bare: bool) -> str:
    """`url` if it is https or this machine's own; `bare`: without a path, and none at its end."""
    wrong = ConfigError(
        f"{url!r} is not an address to sign in at",
        where=document.where(at),
        mend="Write https://NAME" + (" without a path" if bare else ""),
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise wrong from error
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    if not (url.isascii() and url.isprintable() and parts.hostname and plain) or port == 0:
        raise wrong
    if not (parts.scheme == "https" or local) or (bare and parts.path not in {"", "/"}):
        raise wrong
    return url.rstrip("/") if bare else url
