import pytest

from plainview.bus import open_bus
from plainview.errors import ConfigError


def test_open_bus_takes_the_documented_addresses() -> None:
    """`memory:` has the default bound, `memory:N` a bound of N."""
    assert open_bus("memory:").stats().bound == 10_000
    assert open_bus("memory:7").stats().bound == 7


@pytest.mark.parametrize("url", ["", "memory:-1", "memory:0", "memory:many", "amqp://x"])
def test_other_addresses_are_refused(url: str) -> None:
    """What no bus speaks is wrong input, and the message says what would be right."""
    with pytest.raises(ConfigError, match=r"Use memory: or memory:BOUND"):
        open_bus(url)
