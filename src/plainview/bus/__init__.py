"""What carries Readings from the fleet to intake: a Protocol and `open_bus(url)`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, overload

import numpy as np
from msgspec import Struct

from plainview.errors import ConfigError, not_installed
from plainview.readings import Ints, Readings
from plainview.record import CameraStatus, Stamped


class Sender(NamedTuple):
    """In whose name a batch goes between machines: two tokens of its subject."""

    district: str
    site: str


SenderOf = Callable[[str], Sender]
"""In whose name a camera's messages are sent."""


class Delivery(NamedTuple):
    """One message taken from the bus. It is delivered again unless it is acknowledged."""

    token: int
    camera: str
    message: Stamped | CameraStatus
    site: str | None = None
    """Whose key brought it, as the subject says; None within one machine, where nobody else is."""
    fence: int = 0
    """Of a status: the token of the lens's placement, as `Stamped.fence` is of a Reading."""


class Deliveries(Sequence[Delivery]):
    """Messages taken from the bus: Readings by columns, then statuses. One is made when asked for.

    For whoever takes thousands of them: a city's intake.
    """

    __slots__ = ("readings", "sites", "statuses", "tokens")

    def __init__(
        self,
        tokens: Ints,
        readings: Readings,
        sites: Sequence[str | None],
        statuses: Sequence[Delivery] = (),
    ) -> None:
        """`tokens` and `sites` are of the `readings`, (n,) each."""
        self.tokens, self.readings, self.sites, self.statuses = tokens, readings, sites, statuses

    def __len__(self) -> int:
        """How many messages."""
        return len(self.readings) + len(self.statuses)

    @overload
    def __getitem__(self, index: int) -> Delivery: ...
    @overload
    def __getitem__(self, index: slice) -> "Deliveries": ...

    def __getitem__(self, index: int | slice) -> "Delivery | Deliveries":
        """One of them; or a stretch, in steps of one."""
        n = len(self.readings)
        if isinstance(index, slice):
            first, end, _ = index.indices(len(self))
            part = slice(min(first, n), min(end, n))
            rest = self.statuses[max(first - n, 0) : max(end - n, 0)]
            return Deliveries(self.tokens[part], self.readings[part], self.sites[part], rest)
        at = range(len(self))[index]
        if at >= n:
            return self.statuses[at - n]
        one = self.readings[at]
        return Delivery(int(self.tokens[at]), one.camera, one, self.sites[at])

    def all_tokens(self) -> Ints:
        """(len(self),) the tokens of all of them."""
        more = [one.token for one in self.statuses]
        return np.concatenate((self.tokens, np.array(more, np.int64))) if more else self.tokens


class BusStats(Struct, frozen=True):
    """Counts since the bus was opened."""

    published: int
    refused: int
    """Messages not taken because the bound was reached."""
    waiting: int
    """Messages not yet acknowledged."""
    bound: int
    closed: bool = False
    durable: bool = False
    """Whether what is not acknowledged outlives this process, at a broker."""
    unsent: int = 0
    """Messages published here that no broker has yet."""
    sent_bytes: int = 0
    """Of batches that a broker has, as they went over the wire."""
    received_bytes: int = 0
    resent: int = 0
    """Batches sent once more, because no broker had said that it has them."""
    redelivered: int = 0
    """Batches that came once more, because they were not acknowledged in time."""
    poison: int = 0
    """Batches that were none, or too large: thrown away."""
    unreadable: int = 0
    """Messages of good batches that were no Reading."""
    behind: int = 0
    """Batches at the broker that nobody has taken yet."""
    backlog: int = 0
    """Batches that a site keeps because the centre has not confirmed them."""
    late: int = 0
    """Batches of such a backlog that the centre has confirmed since."""
    dropped: int = 0
    """Batches of a backlog that were lost, the oldest first, because a site's disk was full."""
    trouble: str = ""
    """Why nothing goes through at the moment; empty when all is well."""


class Bus(Protocol):
    """A bounded queue, delivered at least once, in order for each camera. Thread-safe."""

    def publish(self, camera: str, message: Stamped | CameraStatus, fence: int = 0) -> None:
        """Take `message`; it will be delivered unless this process is killed first.

        `fence` is a status's, which has no place for it; a Reading's is in its `Stamped`.
        Raises BusFull at the bound.
        """
        ...

    def publish_many(self, cameras: Sequence[str], data: Sequence[bytes], fence: int = 0) -> int:
        """Take Readings of `cameras` by `data`, their encodings; how many, from the first on.

        As `publish` of each, for whoever speaks for many cameras at once and has made or strictly
        read these encodings. What is past the bound is not taken, and counted as refused.
        """
        ...

    def take(self, most: int, timeout: float) -> Sequence[Delivery]:
        """Up to `most` messages; waits up to `timeout` seconds for the first."""
        ...

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Forget `deliveries`: they are durable elsewhere."""
        ...

    def stats(self) -> BusStats:
        """Counts, for the console and Prometheus."""
        ...

    def close(self) -> None:
        """Refuse new messages and wake whoever waits in `take`."""
        ...


def open_bus(url: str, sender_of: SenderOf | None = None) -> Bus:
    """The bus at `url`: `memory:`, `memory:BOUND` (messages), `nats://...` or `tls://...`.

    `sender_of` tells in whose name a camera's messages are sent between machines, where one process
    speaks for several sites; without it the address says it. Raises ConfigError.
    """
    check_bus(url)
    if url.startswith("memory:"):
        from plainview.bus.local import LocalBus  # noqa: PLC0415 - adapters load only when chosen

        bound = url.removeprefix("memory:")
        return LocalBus(int(bound)) if bound else LocalBus()
    from plainview.bus.address import read_address  # noqa: PLC0415 - see above
    from plainview.bus.nats import NatsBus  # noqa: PLC0415 - see above

    return NatsBus(read_address(url), sender_of=sender_of)


def check_bus(url: str) -> None:
    """Raise ConfigError, one line, where `url` is no address of a bus. Connects to nothing."""
    scheme, _, rest = url.partition(":")
    if scheme == "memory" and (not rest or (rest.isdecimal() and int(rest) > 0)):
        return
    if scheme not in {"nats", "tls"}:
        # It may hold a password, so no more than its scheme is repeated.
        raise ConfigError(
            f"no bus speaks {scheme[:20]!r}",
            where="bus",
            mend="Use memory: or memory:BOUND, nats://HOST:PORT or tls://HOST:PORT",
        )
    try:
        from plainview.bus.address import read_address  # noqa: PLC0415 - only where it is chosen
    except ModuleNotFoundError as error:
        raise not_installed(error, use="this bus", where="bus", extra="city") from error
    read_address(url)


def located_bus(url: str, relative: Callable[[str], Path]) -> str:
    """`url`, checked, with the files that it names where `relative` says. Raises ConfigError."""
    if not url.startswith(("nats:", "tls:")):
        check_bus(url)
        return url
    try:
        from plainview.bus.address import located  # noqa: PLC0415 - only where it is chosen
    except ModuleNotFoundError as error:
        raise not_installed(error, use="this bus", where="bus", extra="city") from error
    found = located(url, relative)
    check_bus(found)
    return found
