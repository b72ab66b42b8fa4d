"""`[[routes]]` of CITY.toml -> where alerts are delivered to, checked once."""

import datetime as dt
import re
from collections.abc import Collection, Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from plainview.alerts.delivery.notice import ROUTE
from plainview.alerts.delivery.route import Quiet, Route, RouteKind, Secret, Wanted
from plainview.alerts.lifecycle import State
from plainview.alerts.thresholds import Level
from plainview.config.camera import Identifier
from plainview.config.duration import seconds
from plainview.document.toml import Document, KeyPath, nearest
from plainview.errors import ConfigError
from plainview.record import EventKind

GUIDE: Final = "docs/guide/delivery.md"
MOST_ROUTES: Final = 32
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_SCHEMES: Final = {
    RouteKind.CAP: ("https", "http"),
    RouteKind.WEBHOOK: ("https", "http"),
    RouteKind.MQTT: ("mqtts", "mqtt"),
    RouteKind.EMAIL: ("smtps", "smtp"),
}
"""The encrypted one first; the other is for this machine alone, but smtp, which has STARTTLS."""
_MOST_PATIENCE: Final = 3600.0
_INLINE: Final = ("password", "secret", "token")
_TIME = r"((?:[01][0-9]|2[0-3]):[0-5][0-9])"
_QUIET = re.compile(rf"^{_TIME}-{_TIME}\Z")
_SENDER = re.compile(r"^[^\s,<&]{1,200}\Z")
"""What CAP 1.2 lets a sender be (section 3.2.1)."""
_MAIL = re.compile(r"^[^\s@<>,;\"]{1,64}@[A-Za-z0-9.-]{1,190}\Z")
_TOPIC = re.compile(r"^[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*\Z")

_Text = Annotated[str, Meta(min_length=1, max_length=500)]
_Words = Annotated[tuple[_Text, ...], Meta(max_length=1000)]


class RouteTable(Struct, frozen=True, forbid_unknown_fields=True, rename={"sender": "from"}):
    """A route as written."""

    name: Identifier
    kind: RouteKind
    address: _Text | None = None
    user: _Text | None = None
    secret_file: _Text | None = None
    secret_env: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\Z")] | None = None
    password: Any = None
    """This and the next two are refused, with the way to mend it."""
    secret: Any = None
    token: Any = None
    sender: _Text | None = None
    to: _Words = ()
    topic: _Text | None = None
    discovery: str | None = None
    ca_file: _Text | None = None
    restriction: _Text | None = None
    scope: Literal["restricted", "public"] = "restricted"
    sites: _Words = ()
    zones: _Words = ()
    kinds: _Words = ()
    levels: tuple[Level, ...] = ()
    states: tuple[State, ...] = ()
    quiet: Annotated[tuple[_Text, ...], Meta(max_length=20)] = ()
    most_per_minute: Annotated[int, Meta(ge=0, le=10_000)] = 0
    patience: Annotated[str, Meta(min_length=1, max_length=32)] | None = None


def routes_from(
    document: Document,
    tables: Sequence[RouteTable],
    sites: Collection[str],
    zones: Collection[str],
    at: KeyPath = ("routes",),
) -> tuple[Route, ...]:
    """The routes that stand at `at` in `document`; `sites` and `zones` are those that there are.

    Raises ConfigError for an address that is not encrypted and leaves this machine, a secret that
    is written into the file, and whatever the kind of route lacks or cannot use.
    """
    places: dict[str, int] = {}
    for k, table in enumerate(tables):
        first = places.setdefault(table.name.lower(), k)
        if first != k:
            raise ConfigError(
                f"route {table.name!r} is there twice: also at "
                f"{document.where((*at, first, 'name'))}",
                where=document.where((*at, k, "name")),
                mend="Give each its own name",
            )
    return tuple(
        _Reader(document, (*at, k), table).route(sites, zones) for k, table in enumerate(tables)
    )


class _Reader:
    """One table, and where it stands. Frozen."""

    def __init__(self, document: Document, at: KeyPath, table: RouteTable) -> None:
        self._document, self._at, self._table = document, at, table

    def _wrong(self, key: str, what: str, mend: str) -> ConfigError:
        at = (*self._at, key) if key else self._at
        return ConfigError(what, where=self._document.where(at), mend=mend)

    def route(self, sites: Collection[str], zones: Collection[str]) -> Route:
        table = self._table
        secret = self._secret()
        self._check_kind(secret)
        relative = self._document.relative
        default = Route("", table.kind)
        return Route(
            name=table.name,
            kind=table.kind,
            address=self._address(),
            user=table.user or "",
            secret=secret,
            sender=self._sender(),
            to=self._to(),
            topic=self._topic("topic", table.topic, default.topic),
            discovery=self._topic("discovery", table.discovery, default.discovery),
            ca_file=None if table.ca_file is None else relative(table.ca_file),
            restriction=table.restriction or default.restriction,
            public=table.scope == "public",
            wanted=Wanted(
                sites=self._known("sites", sites),
                zones=self._known("zones", zones),
                kinds=self._known("kinds", (*(kind.value for kind in EventKind), ROUTE)),
                levels=frozenset(table.levels),
                states=frozenset(table.states),
            ),
            quiet=tuple(self._quiet(k, text) for k, text in enumerate(table.quiet)),
            most_per_minute=table.most_per_minute,
            patience=self._patience(),
        )

    def _secret(self) -> Secret | None:
        table = self._table
        for key in _INLINE:
            if getattr(table, key) is not None:
                raise self._wrong(
                    key,
                    "a secret does not belong into this file",
                    "Put it into a file that only Plainview's user can read and name that with "
                    "secret_file, or into the environment and name that with secret_env",
                )
        if table.secret_file is not None and table.secret_env is not None:
            raise self._wrong("secret_env", "there are two places for one secret", "Keep one")
        if table.secret_file is not None:
            return Secret(file=self._document.relative(table.secret_file))
        return None if table.secret_env is None else Secret(env=table.secret_env)

    def _check_kind(self, secret: Secret | None) -> None:
        table, kind = self._table, self._table.kind
        if kind in {RouteKind.FEED, RouteKind.WEBHOOK} and secret is None:
            what = "whoever reads it" if kind is RouteKind.FEED else "whoever receives it"
            raise self._wrong(
                "",
                f"a {kind} has no secret, by which {what} is told from others",
                "Name its file with secret_file",
            )
        if (table.user is None) != (secret is None) and kind in {RouteKind.MQTT, RouteKind.EMAIL}:
            raise self._wrong(
                "user" if secret is None else "",
                "a user goes with a secret, and a secret with a user",
                "Give user and secret_file, or neither",
            )
        mine = {
            RouteKind.EMAIL: {"to", "sender"},
            RouteKind.MQTT: {"topic", "discovery"},
            RouteKind.CAP: {"sender", "restriction", "scope"},
            RouteKind.FEED: {"sender", "restriction", "scope"},
            RouteKind.WEBHOOK: set(),
        }
        defaults = RouteTable("", kind)
        for key in ("quiet", "most_per_minute"):
            if kind is RouteKind.FEED and getattr(table, key) != getattr(defaults, key):
                raise self._wrong(key, "a feed is read, not sent: it wakes nobody", "Remove it")
        for name in ("to", "sender", "topic", "discovery", "restriction", "scope"):
            if name not in mine[kind] and getattr(table, name) != getattr(defaults, name):
                key = "from" if name == "sender" else name
                raise self._wrong(key, f"{key!r} means nothing for a route by {kind}", "Remove it")

    def _patience(self) -> float:
        text = self._table.patience
        found = 0.0 if text is None else seconds(text, days=False)
        if found is None or found > _MOST_PATIENCE:
            raise self._wrong(
                "patience",
                f"{text!r} is not a usable time",
                'Write it as "30 s" or "5 min", at most an hour: how long it may fail',
            )
        return found

    def _address(self) -> str:
        table = self._table
        if table.kind is RouteKind.FEED:
            if table.address is not None:
                raise self._wrong(
                    "address", "a feed is served by Plainview itself", "Remove the address"
                )
            return ""
        safe, plain = _SCHEMES[table.kind]
        mend = f"Write {safe}://NAME" + ("/PATH" if safe == "https" else "")
        if table.address is None:
            raise self._wrong("", "the key 'address' is missing", mend)
        # The address may hold a password, so it is not repeated.
        try:
            parts = urlsplit(table.address)
            port = parts.port
        except ValueError as error:
            raise self._wrong("address", "this is no address", mend) from error
        if parts.username is not None or parts.password is not None:
            raise self._wrong(
                "address",
                "user and password do not belong into an address",
                "Give user and secret_file",
            )
        if parts.scheme not in {safe, plain} or not parts.hostname or port == 0:
            raise self._wrong("address", f"no route by {table.kind} speaks this address", mend)
        beyond = parts.hostname not in _LOOPBACK
        if parts.scheme == plain and beyond and table.kind is not RouteKind.EMAIL:
            raise self._wrong(
                "address", "alerts leave this machine encrypted only, and this is not", mend
            )
        bare = table.kind in {RouteKind.MQTT, RouteKind.EMAIL}
        if parts.fragment or not table.address.isprintable() or (bare and parts.path.strip("/")):
            raise self._wrong("address", "there is more in this address than it can have", mend)
        return table.address

    def _sender(self) -> str:
        table = self._table
        if table.kind not in {RouteKind.CAP, RouteKind.FEED, RouteKind.EMAIL}:
            return ""
        form = _MAIL if table.kind is RouteKind.EMAIL else _SENDER
        if table.sender is None or not form.match(table.sender):
            given = "the key 'from' is missing" if table.sender is None else "nobody can send so"
            raise self._wrong(
                "" if table.sender is None else "from",
                given,
                'Write from = "alerts@city.example": whom the alerts are from',
            )
        return table.sender

    def _to(self) -> tuple[str, ...]:
        table = self._table
        if table.kind is RouteKind.EMAIL and not table.to:
            raise self._wrong("", "the e-mail is for nobody", 'Write to = ["NAME@HOST"]')
        for k, one in enumerate(table.to):
            if not _MAIL.match(one):
                where = self._document.where((*self._at, "to", k))
                raise ConfigError(f"{one!r} is no e-mail address", where=where, mend="Correct it")
        return table.to

    def _topic(self, key: str, text: str | None, default: str) -> str:
        if text is None or (key == "discovery" and not text):
            return default if text is None else ""
        if not _TOPIC.match(text):
            raise self._wrong(
                key, f"{text!r} cannot begin a topic", "Use letters, digits, '_', '-' and '/'"
            )
        return text

    def _known(self, key: str, known: Collection[str]) -> frozenset[str]:
        given: tuple[str, ...] = getattr(self._table, key)
        for k, one in enumerate(given):
            if one not in known:
                guess = nearest(one, known)
                raise ConfigError(
                    f"there is no {key.removesuffix('s')} {one!r}",
                    where=self._document.where((*self._at, key, k)),
                    mend=f"Did you mean {guess!r}?" if guess else f"There are {_listed(known)}",
                )
        return frozenset(given)

    def _quiet(self, k: int, text: str) -> Quiet:
        found = _QUIET.match(text)
        if found is None or found[1] == found[2]:
            raise ConfigError(
                f"{text!r} is no time of day to be quiet in",
                where=self._document.where((*self._at, "quiet", k)),
                mend='Write it as "22:00-06:00", in the site\'s time zone',
            )
        return Quiet(dt.time.fromisoformat(found[1]), dt.time.fromisoformat(found[2]))


def _listed(names: Collection[str]) -> str:
    shown = sorted(names)[:10]
    return (", ".join(shown) + (" and more" if len(names) > 10 else "")) or "none"
