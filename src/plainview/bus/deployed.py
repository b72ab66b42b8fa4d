"""Configuration of the NATS servers, as text: the centre's, and those of sites.

Two accounts with a wall between. CENTRE has the stream; SITES has nothing at all: what a site sends
passes as a request to CENTRE, so that an answer asked for at somebody else's subject stays in an
account where nobody listens. Within SITES, each key may send as its own site, and hear its inbox.
The centre's stop orders are answers to a site's own questions (`bus/orders.py`), so that they need
no way of their own through the wall.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from plainview.bus import Sender
from plainview.errors import ConfigError

PORT = 4222
_CLUSTER, _LEAVES = 2000, 3200
"""Above a server's port for clients: those for the other servers and for leaves (6222, 7422)."""
_MOST = 65_535 - max(_CLUSTER, _LEAVES)
_HOST = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
_KINDS = ("readings", "late", "orders")
"""What a site may send: what it measures, at once or later, and its questions for stop orders."""


class Host(NamedTuple):
    """A server of the centre."""

    name: str
    """DNS name or IPv4 address, by which everyone reaches it."""
    port: int = PORT

    @property
    def label(self) -> str:
        """What its folder and the server itself are called."""
        return self.name if self.port == PORT else f"{self.name}-{self.port}"

    @property
    def is_address(self) -> bool:
        """Whether its name is an IP address."""
        try:
            ipaddress.ip_address(self.name)
        except ValueError:
            return False
        return True

    def url(self, above: int = 0) -> str:
        """Where it listens, `above` its port for clients."""
        return f"tls://{self.name}:{self.port + above}"


def hosts_of(text: str) -> list[Host]:
    """The servers in `HOST[:PORT][,...]`: one, three or five. Raises ConfigError."""
    hosts = []
    for one in text.split(","):
        name, _, port = one.strip().partition(":")
        if not _HOST.match(name) or (port and not (port.isdecimal() and 0 < int(port) <= _MOST)):
            raise ConfigError(
                f"{one!r} is no server",
                where="--servers",
                mend="Write --servers a.example,b.example,c.example, each with :PORT or without",
            )
        hosts.append(Host(name, int(port) if port else PORT))
    if len({host.label for host in hosts}) < len(hosts) or len(hosts) not in {1, 3, 5}:
        raise ConfigError(
            f"{len(hosts)} servers, or one of them twice, cannot agree on what they have",
            where="--servers",
            mend="Name one, three or five",
        )
    return hosts


_TLS = 'cert_file: "server.pem", key_file: "server.key", ca_file: "ca.pem"'


def centre_config(host: Host, hosts: Sequence[Host], disk: int) -> str:
    """A server of the centre: its ports, its store of `disk` bytes, and the others.

    To be started in its own folder, where its certificate, accounts.conf and routes.conf are.
    """
    lines = [
        f'server_name: "{host.label}"',
        f'listen: "0.0.0.0:{host.port}"',
        f'jetstream {{ store_dir: "store", domain: "centre", max_file_store: {disk * 11 // 10} }}',
        f"tls {{ {_TLS} }}",
        "leafnodes {",
        f'  listen: "0.0.0.0:{host.port + _LEAVES}"',
        f"  tls {{ {_TLS} }}",
        # A leaf knows all servers by the names that their certificates have. Told of addresses, it
        # would try those too, in vain and each for the whole of its pause, when the link is back.
        "  no_advertise: true",
        "}",
    ]
    if len(hosts) > 1:
        lines += [
            "cluster {",
            '  name: "plainview"',
            f'  listen: "0.0.0.0:{host.port + _CLUSTER}"',
            f"  tls {{ {_TLS}, verify: true }}",
            '  include "routes.conf"',
            "}",
        ]
    return "\n".join([*lines, 'include "accounts.conf"', ""])


def routes_config(hosts: Sequence[Host], secret: str) -> str:
    """How the servers of the centre find each other, and the `secret` by which they believe it."""
    others = (f"tls://plainview:{secret}@{host.name}:{host.port + _CLUSTER}" for host in hosts)
    routes = ", ".join(f'"{url}"' for url in others)
    return f'routes: [{routes}]\nauthorization {{ user: "plainview", password: "{secret}" }}\n'


def accounts_config(intake: str, sites: Mapping[Sender, str]) -> str:
    """Who may do what, by public key: intake and the sites. The same file for every server."""
    exports = [f'      {{ service: "plainview.{kind}.*.*", accounts: [SITES] }}' for kind in _KINDS]
    imports = [
        f'      {{ service: {{ account: CENTRE, subject: "plainview.{kind}.*.*" }} }}'
        for kind in _KINDS
    ]
    users = [_site_user(sender, key) for sender, key in sorted(sites.items())]
    return "\n".join(
        [
            "accounts {",
            "  CENTRE {",
            "    jetstream: enabled",
            f'    users: [ {{ nkey: "{intake}" }} ]',
            "    exports: [",
            *exports,
            "    ]",
            "  }",
            "  SITES {",
            "    imports: [",
            *imports,
            "    ]",
            "    users: [",
            *users,
            "    ]",
            "  }",
            "}",
            "",
        ]
    )


def _site_user(sender: Sender, key: str) -> str:
    subjects = ", ".join(f'"plainview.{kind}.{sender.district}.{sender.site}"' for kind in _KINDS)
    inbox = f'"_INBOX.{sender.district}.{sender.site}.>"'
    return (
        f'      {{ nkey: "{key}", permissions: {{ publish: {{ allow: [{subjects}] }}, '
        f"subscribe: {{ allow: [{inbox}] }} }} }}"
    )


def leaf_config(sender: Sender, key: str, hosts: Sequence[Host], disk: int) -> str:
    """A site's own server: it hears this machine only, and keeps up to `disk` bytes.

    To be started in its own folder; key.conf there holds the site's seed.
    """
    urls = ", ".join(f'"{host.url(_LEAVES)}"' for host in hosts)
    store = f'store_dir: "store", domain: "site-{sender.site}", sync_interval: "10s"'
    store += f", max_file_store: {disk * 11 // 10}"
    return "\n".join(
        [
            f'server_name: "site-{sender.site}"',
            f'listen: "127.0.0.1:{PORT}"',
            f"jetstream {{ {store} }}",
            f'authorization {{ users: [ {{ nkey: "{key}" }} ] }}',
            "leafnodes {",
            '  reconnect: "1s"',
            "  remotes: [ {",
            f"    urls: [{urls}]",
            '    tls { ca_file: "ca.pem" }',
            '    include "key.conf"',
            "  } ]",
            "}",
            "",
        ]
    )
