"""When a camera may be started, so that a thousand behind one switch do not reconnect at once.

Each address block (an IPv4 /24, an IPv6 /48, or a name) has a bucket: a few starts at once, then a
steady rate, each at a drawn instant of its slot (generic cell rate algorithm, ITU-T I.371).
"""

import ipaddress
import random
import re
from urllib.parse import urlsplit

RATE = 20.0
"""Starts a second in one address block."""
BURST = 20
"""Starts at once in a block that was quiet."""
_NETWORK = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def block_of(source: str) -> str:
    """The address block of `source`, without credentials; empty for a file or device."""
    if not _NETWORK.match(source) or source.lower().startswith("file:"):
        return ""
    try:
        host = urlsplit(source).hostname or ""
    except ValueError:
        return "?"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.lower()
    prefix = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, prefix), strict=False))


class Spread:
    """Owns each block's bucket. Times are monotonic seconds."""

    def __init__(self, generator: random.Random, *, rate: float = RATE, burst: int = BURST) -> None:
        """`rate` starts a second after the first `burst`; instants are drawn by `generator`."""
        self._random = generator
        self._slot = 1.0 / rate
        self._burst = burst
        self._next: dict[str, float] = {}

    def due(self, block: str, now: float) -> float:
        """When the next start in `block` may be; its slot is taken. At once where there is none.

        In any `w` seconds at most `burst + rate * w + 1` starts are due.
        """
        if not block:
            return now
        ahead = max(self._next.get(block, now), now)
        self._next[block] = ahead + self._slot
        wait = ahead - now - (self._burst - 1) * self._slot
        if wait < 1e-9:
            return now
        return now + wait + self._random.random() * self._slot

    def forget(self, now: float) -> None:
        """Let go of the blocks whose buckets are full again."""
        self._next = {block: free for block, free in self._next.items() if free > now}
