"""Stop orders between a centre and its sites: which side this is, and what sites have answered."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from plainview.app.governor import Governor
from plainview.clock import Clock
from plainview.config import CityConfig
from plainview.durable import put
from plainview.errors import UNDECODED, LedgerError
from plainview.governance.office import Office
from plainview.governance.order import Refusal
from plainview.governance.orders import Heard, State, Told
from plainview.governance.standing import Stop
from plainview.governance.switch import Switch

_FILE: Final = Path("governance") / "orders.json"
"""What the sites have said, in the state folder of a centre; there is none in another."""
_MOST_FILE: Final = 64_000_000
LATELY: Final = 120.0
"""Seconds within which a site was heard lately. It asks every second; that is kept every thirty."""


class Kept(Struct, frozen=True, forbid_unknown_fields=True):
    """What is in the file."""

    sites: dict[str, Heard]
    """Of every site of the city, also of those that never asked."""


_kept = msgspec.json.Decoder(Kept)


def keep(state: Path, sites: dict[str, Heard]) -> None:
    """Keep what the sites have said to the centre with this state folder. Raises OSError."""
    put(state / _FILE, msgspec.json.encode(Kept(sites)))


def is_centre(state: Path) -> bool:
    """Whether a centre ran on this state folder: what is pressed there is an order to sites."""
    return (state / _FILE).exists()


def kept(state: Path) -> dict[str, Heard] | None:
    """What the sites have said to the centre with this state folder; None: it is no centre's.

    Raises LedgerError where it cannot be read.
    """
    path = state / _FILE
    try:
        with path.open("rb") as file:
            return _kept.decode(file.read(_MOST_FILE)).sites
    except FileNotFoundError:
        return None
    except (OSError, *UNDECODED) as error:
        raise LedgerError(
            f"what the sites have said of stop orders cannot be read ({error})",
            where=str(path),
            mend="Remove the file: each site says it again within seconds",
        ) from error


class Orders(Protocol):
    """This side of the stop orders. Thread-safe."""

    @property
    def trouble(self) -> str:
        """Why orders do not get through; empty when all is well."""
        ...

    def stats(self) -> dict[str, float]:
        """Counts, by name."""
        ...

    def told(self, stop: Stop) -> Sequence[Told] | None:
        """What became of the order that `stop` is, at each site; None where this is no centre."""
        ...

    def close(self) -> None:
        """Ask or answer no more."""
        ...


class NoOrders:
    """Neither a centre nor a site that obeys one."""

    trouble = ""

    def stats(self) -> dict[str, float]:
        """None."""
        return {}

    def told(self, stop: Stop) -> None:
        """Nothing is ordered here, `stop` neither."""

    def close(self) -> None:
        """Nothing is open."""


def open_orders(
    office: Office,
    switch: Switch,
    governor: Governor,
    city: Callable[[], CityConfig],
    state: Path,
    clock: Clock,
) -> Orders:
    """The side of `city`: a centre answers its sites, a site with a centre's key asks it.

    Raises ConfigError for a bus address that cannot be used, LedgerError.
    """
    now = city()
    if now.bus.startswith("memory:"):
        return NoOrders()
    from plainview.bus.address import read_address  # noqa: PLC0415 - an extra

    if now.role == "centre":
        from plainview.app.ordering import Ordering  # noqa: PLC0415 - an extra

        ordering = Ordering(office, city, state, clock)
        ordering.start(read_address(now.bus))
        return ordering
    if now.obeys is None:
        return NoOrders()
    from plainview.app.obeying import Obeying  # noqa: PLC0415 - an extra

    obeying = Obeying(switch, now.obeys, city, governor.states, governor.wake)
    obeying.start(read_address(now.bus))
    return obeying


def cameras_of(city: CityConfig) -> dict[str, str]:
    """The site of each camera."""
    return {camera.id: site.id for site in city.sites for camera in site.cameras}


def unheard(found: Iterable[Told], now: float) -> int:
    """How many that have confirmed an order were not heard lately: it may be otherwise there."""
    return sum(one.state is State.CONFIRMED and now - one.heard > LATELY for one in found)


def said(found: Sequence[Told], now: float, moment: Callable[[float], str]) -> str:
    """What became of an order, in one line; `moment` writes a time."""
    by: dict[State, list[str]] = {state: [] for state in State}
    for one in found:
        more = ""
        if one.state is State.WAITS:
            more = f" (last heard {moment(one.heard)})"
        elif one.refusal:
            more = f" ({_REFUSED[Refusal(one.refusal)]})"
        by[one.state].append(f"{one.site}{more}")
    count = sum(map(len, by.values()))
    old = unheard(found, now)
    lately = f" ({old} of them not heard for {LATELY:.0f} s)" if old else ""
    parts = [f"{len(by[State.CONFIRMED])} of {count} sites confirmed{lately}"]
    parts += [f"{words}: {', '.join(by[state])}" for state, words in _WORDS.items() if by[state]]
    return "; ".join(parts)


_WORDS: Final = {
    State.WAITS: "not yet",
    State.REFUSED: "refused",
    State.LIFTED: "lifted there since, by two people",
    State.SILENT: "never asked (not enrolled for orders, or never reached)",
}
_REFUSED: Final = {
    Refusal.MALFORMED: "it cannot read the order",
    Refusal.KEY: "it obeys another key than this centre's",
    Refusal.CENTRE: "it obeys another centre",
    Refusal.OLD: "it has obeyed a later order; press again",
    Refusal.UNKNOWN: "it knows nothing of that name",
}
