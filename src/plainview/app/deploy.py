"""`plainview deploy nats`: everything that the servers of a city's bus need, as files.

What is secret and already there stays as it is, so that it can be run again for one site more.
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import msgspec
import nkeys

from plainview import durable
from plainview.app.certificates import Pair, new_authority, server_pair
from plainview.bus import Sender
from plainview.bus.address import sender_of
from plainview.bus.deployed import (
    Host,
    accounts_config,
    centre_config,
    hosts_of,
    leaf_config,
    routes_config,
)
from plainview.clock import Clock, SystemClock
from plainview.config import CityConfig, load_city
from plainview.document.given import read_given
from plainview.errors import InputError

_MOST_CERTIFICATE = 1_000_000
CENTRE_DISK = 100 * 10**9
LEAF_DISK = 10 * 10**9
"""Bytes that the centre, and each site, keep of what has not been stored yet."""


class Deployed(msgspec.Struct, frozen=True):
    """What was written, and what is to be said to Plainview itself. Holds no secret."""

    folder: Path
    intake: str
    """The bus address of the centre's CITY.toml, to be read in the folder of `keys`."""
    sites: dict[str, str]
    """The bus address of each site's CITY.toml, to be read in its folder."""
    kept: int
    """Keys and certificates that were there already."""
    stray: tuple[Path, ...] = ()
    """Folders of servers and sites that are named no more, and stay as they were, keys and all."""


def deploy_nats(
    city_file: Path,
    out: Path,
    *,
    servers: str = "127.0.0.1",
    ca: Path | None = None,
    clock: Clock | None = None,
) -> Deployed:
    """Write the configuration of a centre of `servers` and a leaf for each site, below `out`.

    With `ca` the certificates are an authority's of your own: its certificate (PEM) is handed on,
    and each server's folder lacks server.pem and server.key. Raises InputError.
    """
    # Its bus names keys that this makes.
    city = load_city(city_file, bus=False)
    hosts = hosts_of(servers)
    senders = {site.id: sender_of(site.district, site.id) for site in city.sites}
    try:
        writer = _Writer(out)
        intake = _key(writer, out / "keys" / "intake.seed")
        keys = {
            sender: _key(writer, out / "sites" / site / "site.seed")
            for site, sender in senders.items()
        }
        authority = _authority(writer, out, city, ca, clock or SystemClock())
        secret = writer.keep(out / "keys" / "cluster.secret", _secret).decode().strip()
        shared = {
            "accounts.conf": accounts_config(intake, keys).encode(),
            "routes.conf": routes_config(hosts, secret).encode(),
        }
        _write_centre(writer, out, hosts, shared, authority)
        for site, sender in senders.items():
            _write_site(writer, out / "sites" / site, sender, keys[sender], hosts, authority)
        writer.put(out / "keys" / "ca.pem", authority.certificate)
        address = ",".join(f"{host.name}:{host.port}" for host in hosts)
        deployed = Deployed(
            folder=out,
            intake=f"tls://{address}?creds=intake.seed&ca=ca.pem&replicas={len(hosts)}",
            sites={site: _site_address(sender) for site, sender in senders.items()},
            kept=writer.kept,
            stray=(
                *_stray(out / "centre", {host.label for host in hosts}),
                *_stray(out / "sites", set(senders)),
            ),
        )
        writer.put(out / "README.md", _readme(deployed, hosts, city).encode())
    except OSError as error:
        raise InputError(
            f"cannot write: {error.strerror}",
            where=str(error.filename or out),
            mend="Name a folder that can be written with --out",
        ) from error
    return deployed


def _stray(folder: Path, named: Collection[str]) -> list[Path]:
    there = folder.iterdir() if folder.is_dir() else ()
    return sorted(one for one in there if one.is_dir() and one.name not in named)


class _Writer:
    """Owns what is written below one folder."""

    def __init__(self, out: Path) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self.kept = 0

    def put(self, path: Path, data: bytes, *, secret: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if secret else 0o755)
        durable.put(path, data, mode=0o600 if secret else 0o644)

    def keep(self, path: Path, make: Callable[[], bytes]) -> bytes:
        """The secret at `path`, made now unless it is there."""
        if path.exists():
            self.kept += 1
            return path.read_bytes()
        made = make()
        self.put(path, made, secret=True)
        return made


def _key(writer: _Writer, path: Path) -> str:
    """The public key of the NKey whose seed is at `path`."""

    def make() -> bytes:
        seed: bytes = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
        return seed + b"\n"

    seed = writer.keep(path, make).strip()
    try:
        public: bytes = nkeys.from_seed(bytearray(seed)).public_key
    except (nkeys.NkeysError, ValueError) as error:
        raise InputError(
            "this is no seed of an NKey",
            where=str(path),
            mend="Delete it to have a new key made; its site then needs its new files",
        ) from error
    return public.decode()


def _secret() -> bytes:
    return secrets.token_urlsafe(24).encode() + b"\n"


class _Authority(msgspec.Struct):
    """Whose certificates the servers have."""

    certificate: bytes
    sign: Callable[[str], Pair] | None
    """None where somebody else signs."""


def _authority(
    writer: _Writer, out: Path, city: CityConfig, ca: Path | None, clock: Clock
) -> _Authority:
    if ca is not None:
        try:
            return _Authority(read_given(ca, _MOST_CERTIFICATE), None)
        except OSError as error:
            raise InputError(
                f"the certificate cannot be read ({error.strerror})",
                where=str(ca),
                mend="Give the authority's certificate (PEM) with --ca",
            ) from error
    made: list[Pair] = []

    def make() -> bytes:
        made.append(new_authority(f"{city.name} bus", clock))
        return made[0].certificate + made[0].key

    both = writer.keep(out / "keys" / "authority.pem", make)
    certificate, mark, key = both.partition(b"-----BEGIN PRIVATE KEY-----")
    pair = Pair(certificate, mark + key)
    return _Authority(certificate, lambda host: server_pair(host, authority=pair, clock=clock))


def _write_centre(
    writer: _Writer,
    out: Path,
    hosts: Sequence[Host],
    shared: Mapping[str, bytes],
    authority: _Authority,
) -> None:
    for host in hosts:
        folder = out / "centre" / host.label
        writer.put(folder / "server.conf", centre_config(host, hosts, CENTRE_DISK).encode())
        for name, data in shared.items():
            writer.put(folder / name, data, secret=True)
        writer.put(folder / "ca.pem", authority.certificate)
        if authority.sign is None:
            continue
        if (folder / "server.key").exists() and (folder / "server.pem").exists():
            writer.kept += 1
            continue
        pair = authority.sign(host.name)
        writer.put(folder / "server.key", pair.key, secret=True)
        writer.put(folder / "server.pem", pair.certificate)


def _write_site(
    writer: _Writer,
    folder: Path,
    sender: Sender,
    key: str,
    hosts: Sequence[Host],
    authority: _Authority,
) -> None:
    seed = (folder / "site.seed").read_text("ascii").strip()
    writer.put(folder / "key.conf", f'nkey: "{seed}"\n'.encode(), secret=True)
    writer.put(folder / "leaf.conf", leaf_config(sender, key, hosts, LEAF_DISK).encode())
    writer.put(folder / "ca.pem", authority.certificate)


def _site_address(sender: Sender) -> str:
    name = f"district={sender.district}&site={sender.site}"
    return f"nats://127.0.0.1:4222?creds=site.seed&{name}&leaf={LEAF_DISK // 10**9}GB"


def _readme(deployed: Deployed, hosts: Sequence[Host], city: CityConfig) -> str:
    centre = "\n".join(
        f"- `centre/{host.label}/` to {host.name}: there, `nats-server -c server.conf`"
        for host in hosts
    )
    sites = "\n".join(
        f'- `sites/{site}/`: there, `nats-server -c leaf.conf`; `bus = "{address}"`'
        for site, address in deployed.sites.items()
    )
    return f"""# The bus of {city.name}

Made by `plainview deploy nats`; run it again after a change of CITY.toml: keys stay as they are.
Start each server in its own folder: its paths are relative to it. What is in `keys/`, and every
`*.seed`, `*.key`, `key.conf` and `routes.conf`, is secret: keep it readable by its owner only.

Centre (to be open to intake: the port; to the sites: port + 3200; among themselves: port + 2000):

{centre}

Intake, on the machine of the store, with `keys/intake.seed` and `keys/ca.pem` beside its CITY.toml:
`bus = "{deployed.intake}"`

Sites, each with its own folder and nothing else:

{sites}

Stop orders: a site obeys the stop switch of the centre once its CITY.toml has the lines that
`plainview stop` prints at the centre, `[orders]` and `centre = "KEY"`.

After a change, copy `accounts.conf` to the centre's servers and tell each one to read it again:
`nats-server --signal reload`. To shut a stolen key out, delete its `site.seed`, and do the same.
"""
