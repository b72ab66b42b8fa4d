"""The in-machine bus, and which addresses there are."""

import pytest

from plainview.bus import check_bus, open_bus
from plainview.bus.local import LocalBus
from plainview.clock import ManualClock
from plainview.errors import BusFull, ConfigError
from plainview.record import Reading, Stamped


def stamped(t: int) -> Stamped:
    """A Reading at `t`."""
    return Stamped("a", Reading(t, 1000, 5, 0, 0, 0, 0, 0, 1, 1, (), (), (), ()))


def test_open_bus_takes_the_documented_addresses() -> None:
    """memory: has the default bound, memory:N its own."""
    assert open_bus("memory:").stats().bound == 10_000
    assert open_bus("memory:7").stats().bound == 7


@pytest.mark.parametrize("url", ["", "memory:-1", "memory:0", "memory:many", "amqp://u:secret@x"])
def test_other_addresses_are_refused(url: str) -> None:
    """One line that says what to write instead, without what may be a password."""
    with pytest.raises(ConfigError, match=r"no bus speaks .* Use memory: or") as refused:
        check_bus(url)
    assert "secret" not in refused.value.line()


def test_the_bound_counts_what_was_taken_and_not_acknowledged() -> None:
    """What intake holds is not durable yet, so it is still the bus's."""
    bus = LocalBus(3, clock=ManualClock())
    for t in range(3):
        bus.publish("a", stamped(t))
    held = bus.take(2, 1.0)
    with pytest.raises(BusFull):
        bus.publish("a", stamped(3))
    bus.acknowledge(held)
    bus.publish("a", stamped(4))
    stats = bus.stats()
    assert (stats.published, stats.refused, stats.waiting, stats.bound) == (4, 1, 2, 3)
