"""What a bus address says: which servers, whose key, and in whose name batches are sent."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import Struct

from plainview.bus import Sender
from plainview.bus.wire import Name
from plainview.document import expanded
from plainview.errors import ConfigError

_OPTIONS = "creds, ca, district, site, leaf, disk, replicas, bound and linger"
_HOST = re.compile(r"^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\Z")
_SIZE = re.compile(r"^(\d+(?:\.\d+)?)(MB|GB|TB)\Z")
_BYTES = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_LEAST_DISK = 4 * 10**6
"""Bytes that a stream needs to be one: a few batches of the largest size."""
_MOST_BOUND = 10**8


class NatsAddress(Struct, frozen=True):
    """A `nats://` or `tls://` address, read strictly. Holds no secret, only the file of one."""

    servers: tuple[str, ...]
    sender: Sender = Sender("local", "local")
    creds: Path | None = None
    """Seed of an NKey, or NATS credentials."""
    ca: Path | None = None
    """Certificates (PEM) that the servers' own must come from; the system's without."""
    leaf: int = 0
    """Bytes that the server beside may keep for the centre; 0: the servers are the centre."""
    disk: int = 10 * 10**9
    """Bytes that the centre keeps of what intake has not stored yet."""
    replicas: int = 1
    bound: int = 600_000
    """Messages held in this process until a server has them."""
    linger: float = 1.0
    """Seconds of one batch."""


def token(text: str) -> str:
    """A token of a subject for a district's `text`: itself where that may be one.

    Otherwise its letters and digits, and eight digits of its SHA-256: two names stay two.
    """
    try:
        return msgspec.convert(text, Name)
    except msgspec.ValidationError:
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{re.sub(r'[^A-Za-z0-9]+', '-', text)[:48]}-{digest}"


def sender_of(district: str, site: str) -> Sender:
    """The name of site `site`, whose district is `district` or, where that is empty, itself.

    Raises ConfigError for a site's id with dots: intake compares it with the subject's token.
    """
    try:
        msgspec.convert(site, Name)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"site {site!r} cannot send over NATS",
            mend="Give it an id of letters, digits, _ and -, without dots",
        ) from error
    return Sender(token(district or site), site)


def located(url: str, relative: Callable[[str], Path]) -> str:
    """`url` with the files that it names where `relative` says, for one that stands in a file."""
    head, mark, query = url.partition("?")
    pairs = [
        (name, str(relative(value)) if name in {"creds", "ca"} else value)
        for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    return f"{head}{mark}{urlencode(pairs)}" if pairs else url


def read_address(url: str) -> NatsAddress:
    """`nats://HOST[:PORT][,HOST[:PORT]...][?OPTION=VALUE&...]` or `tls://...`, read strictly.

    Raises ConfigError, one line that does not repeat what may be a secret.
    """
    scheme, found, rest = url.partition("://")
    hosts, _, query = rest.partition("?")
    if scheme not in {"nats", "tls"} or not found:
        raise _wrong("it does not begin with nats:// or tls://")
    if "@" in hosts:
        raise _wrong("it holds a password", mend="Name a file that holds it: ?creds=FILE")
    servers = [_server(scheme, host) for host in hosts.rstrip("/").split(",")]
    options = _options(query)
    district, site = options.pop("district", "local"), options.pop("site", "local")
    return NatsAddress(
        servers=tuple(servers),
        sender=sender_of(district, site),
        creds=_path(options, "creds"),
        ca=_path(options, "ca"),
        leaf=_size(options, "leaf", 0),
        disk=_size(options, "disk", 10 * 10**9),
        replicas=_number(options, "replicas", 1, 1, 5),
        bound=_number(options, "bound", 600_000, 1, _MOST_BOUND),
        linger=_linger(options),
    )


def _wrong(what: str, *, mend: str = "") -> ConfigError:
    return ConfigError(
        f"this bus address cannot be used: {what}",
        where="bus",
        mend=mend or "Write nats://HOST:PORT or tls://HOST:PORT: see docs/guide/nats.md",
    )


def _server(scheme: str, host: str) -> str:
    found = _HOST.match(host)
    if not found or (found[1] and not 0 < int(found[1]) < 65_536):
        raise _wrong(f"{host!r} is no HOST:PORT")
    return f"{scheme}://{host}" if found[1] else f"{scheme}://{host}:4222"


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError as error:
        raise _wrong("what follows its ? is no list of OPTION=VALUE") from error
    options = dict(pairs)
    if len(options) < len(pairs):
        raise _wrong("an option is there twice")
    for name in options:
        if name not in _OPTIONS.replace(",", "").split():
            raise _wrong(f"there is no option {name!r}", mend=f"Use {_OPTIONS}")
    return options


def _path(options: dict[str, str], name: str) -> Path | None:
    if name not in options:
        return None
    path = expanded(Path(options[name]))
    if not path.is_file():
        raise _wrong(f"{name} is no file: {path}", mend="Make it with 'plainview deploy nats'")
    return path


def _size(options: dict[str, str], name: str, default: int) -> int:
    if name not in options:
        return default
    found = _SIZE.match(options[name])
    size = round(float(found[1]) * _BYTES[found[2]]) if found else 0
    if size < _LEAST_DISK:
        raise _wrong(f"{name} is no usable size", mend=f"Write it as {name}=10GB, at least 4MB")
    return size


def _number(options: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    text = options.get(name, str(default))
    if not text.isdecimal() or not least <= int(text) <= most:
        raise _wrong(f"{name} must be a whole number from {least} to {most}")
    return int(text)


def _linger(options: dict[str, str]) -> float:
    try:
        linger = float(options.get("linger", "1"))
    except ValueError:
        linger = -1.0
    if not 0.0 <= linger <= 60.0:
        raise _wrong("linger must be seconds from 0 to 60")
    return linger
