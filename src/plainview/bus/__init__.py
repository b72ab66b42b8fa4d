"""What carries Readings from the fleet to intake: a Protocol and `open_bus(url)`."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from plainview.errors import ConfigError
from plainview.record import CameraStatus, Stamped


class Delivery(NamedTuple):
    """One message taken from the bus. It is delivered again unless it is acknowledged."""

    token: int
    camera: str
    message: Stamped | CameraStatus
    site: str | None = None
    """Whose key brought it, as the subject says; None within one machine, where nobody else is."""
    fence: int = 0
    """Of a status: the token of the lens's placement, as `Stamped.fence` is of a Reading."""


class BusStats(Struct, frozen=True):
    """Counts since the bus was opened."""

    published: int
    refused: int
    """Messages not taken because the bound was reached."""
    waiting: int
    """Messages not yet acknowledged."""
    bound: int
    closed: bool = False


class Bus(Protocol):
    """A bounded queue, delivered at least once, in order for each camera. Thread-safe."""

    def publish(self, camera: str, message: Stamped | CameraStatus) -> None:
        """Take `message`; when this returns it will be delivered. Raises BusFull at the bound."""
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


def open_bus(url: str) -> Bus:
    """The bus at `url`: `memory:` or `memory:BOUND` (messages). Raises ConfigError otherwise."""
    from plainview.bus.local import LocalBus  # noqa: PLC0415 - adapters load only when chosen

    scheme, _, rest = url.partition(":")
    if scheme == "memory" and (not rest or (rest.isdecimal() and int(rest) > 0)):
        return LocalBus(int(rest)) if rest else LocalBus()
    raise ConfigError(f"no bus speaks {url!r}", where="bus", mend="Use memory: or memory:BOUND")
