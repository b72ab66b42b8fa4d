"""How often something may be asked: token buckets and growing pauses, in bounded memory."""

import ipaddress
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from plainview.clock import Clock

_SLASHES: Final = re.compile("/{2,}")
_KEYS: Final = 4096
"""Clients remembered at once; the one that asked least recently is forgotten first."""


class Buckets:
    """A token bucket for each key: `burst` at once, then `rate` per second. Thread-safe."""

    def __init__(self, clock: Clock, *, rate: float, burst: float, most: int = _KEYS) -> None:
        """Empty table; a new key's bucket is full."""
        self._clock = clock
        self._rate, self._burst, self._most = rate, burst, most
        self._lock = threading.Lock()
        self._level: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one token: 0, or the seconds after which there is one again."""
        now = self._clock.monotonic()
        with self._lock:
            level, then = self._level.pop(key, (self._burst, now))
            level = min(level + (now - then) * self._rate, self._burst)
            wait = 0.0 if level >= 1 else (1 - level) / self._rate
            self._level[key] = (level if wait else level - 1, now)
            if len(self._level) > self._most:
                self._level.popitem(last=False)
        return wait

    def __len__(self) -> int:
        """Keys remembered."""
        return len(self._level)


class Pauses:
    """A pause after each wrong try that grows by itself: none for `free` tries, then 2, 4, 8 ... s.

    Thread-safe. A key is forgotten an hour after its last wrong try.
    """

    FREE: Final = 4
    LONGEST: Final = 900.0
    FORGET: Final = 3600.0

    def __init__(self, clock: Clock, *, most: int = _KEYS) -> None:
        """No key has failed yet."""
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def left(self, key: str) -> float:
        """Seconds for which `key` must still wait."""
        now = self._clock.monotonic()
        with self._lock:
            count, last = self._failed.get(key, (0, 0.0))
            if count <= self.FREE:
                return 0.0
            return max(last + min(2.0 ** min(count - self.FREE, 20), self.LONGEST) - now, 0.0)

    def failed(self, key: str) -> None:
        """`key` has tried and was wrong."""
        now = self._clock.monotonic()
        with self._lock:
            count, last = self._failed.pop(key, (0, now))
            self._failed[key] = (1 if now - last > self.FORGET else count + 1, now)
            if len(self._failed) > self._most:
                self._failed.popitem(last=False)

    def __len__(self) -> int:
        """Keys remembered."""
        return len(self._failed)


class Clients:
    """Tells clients apart by address; believes a proxy's word only if it was named."""

    def __init__(self, proxies: Sequence[str] = ()) -> None:
        """`proxies` are the addresses of reverse proxies whose X-Forwarded-For is true."""
        self._proxies = frozenset(str(ipaddress.ip_address(proxy)) for proxy in proxies)

    def key(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """One key for one client: its IPv4 address or its IPv6 /64."""
        address = peer
        if peer in self._proxies:
            said = [value for name, value in headers if name == b"x-forwarded-for"]
            hops = [hop.strip() for hop in b",".join(said).decode("latin-1").split(",")]
            # From the right: what stands further left was written by whoever asked.
            address = next((hop for hop in reversed(hops) if hop not in self._proxies), peer)
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return peer
        if found.version == 6 and found.ipv4_mapped is None:
            return str(ipaddress.ip_network((found, 64), strict=False))
        return str(found)


def plain_path(path: str) -> str:
    """`path` as the router takes it: several slashes are one, whoever hoped otherwise."""
    return _SLASHES.sub("/", path)


class Limits:
    """What each client may ask of each part of the pages."""

    def __init__(self, clock: Clock, proxies: Sequence[str] = ()) -> None:
        """Full buckets."""
        self.clients = Clients(proxies)
        self._general = Buckets(clock, rate=100, burst=2000)
        self._files = Buckets(clock, rate=2000, burst=20_000)
        self._login = Buckets(clock, rate=0.2, burst=20)
        self._attestation = Buckets(clock, rate=2, burst=20)

    def wait(self, path: str, client: str) -> float:
        """0 if `client` may ask for `path` now, else the seconds after which it may."""
        path = plain_path(path)
        if path.startswith(("/ledger/", "/assets/")):
            return self._files.take(client)
        if path.startswith(("/login/link", "/login/oidc", "/login/callback")):
            return self._login.take(client) or self._general.take(client)
        if path.startswith("/api/v1/attestation"):
            return self._attestation.take(client) or self._general.take(client)
        return self._general.take(client)
