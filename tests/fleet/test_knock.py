import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from plainview.clock import ManualClock
from plainview.fleet.knock import Door, Knocks


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands still."""
    return ManualClock()


@pytest.fixture
def knock(clock: ManualClock) -> Iterator[Callable[[Door], bool]]:
    """What is told of a door once its next knock is over."""
    with closing(Knocks(clock)) as knocks:

        def told(door: Door) -> bool:
            clock.advance(1.0)
            knocks.refused(door)
            knocks.settle()
            return knocks.refused(door)

        yield told


def test_a_port_that_nobody_has_is_told_from_one_that_is_open(
    knock: Callable[[Door], bool],
) -> None:
    """Refused while nobody listens, and not any more once somebody does again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        door = listener.getsockname()[:2]
        assert not knock(door)
    assert knock(door)
    with socket.create_server(door):
        assert not knock(door)


def test_a_door_is_not_knocked_at_without_end(clock: ManualClock) -> None:
    """However often it is asked for: once, until half a second has passed."""
    with socket.create_server(("127.0.0.1", 0)) as listener, closing(Knocks(clock)) as knocks:
        listener.settimeout(0)
        for _ in range(50):
            assert not knocks.refused(listener.getsockname()[:2])
            knocks.settle()
        listener.accept()[0].close()
        with pytest.raises(BlockingIOError):
            listener.accept()
