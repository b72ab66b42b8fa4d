import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.vision.outlet import Outlet
from plainview.vision.packets import HEADER, Packet, length, parse


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 100_000), max_size=6), st.integers(2_000, 70_000))
def test_messages_come_out_whole_and_in_order(sizes: list[int], piece: int) -> None:
    """However little the reader takes at a time, every frame arrives as it was."""
    end, start = os.pipe()
    outlet = Outlet(start, 1 << 16)
    for number, size in enumerate(sizes):
        outlet.add(Packet(bytes([number]) * size, number))
    data = bytearray()
    while not outlet.write():
        data += os.read(end, piece)
    assert outlet.pending == 0
    os.close(start)
    while part := os.read(end, 1 << 20):
        data += part
    os.close(end)
    heard = []
    while data:
        size = HEADER.size + length(bytes(data[: HEADER.size]))
        heard.append(parse(bytes(data[HEADER.size : size])))
        del data[:size]
    assert heard == [Packet(bytes([n]) * size, n) for n, size in enumerate(sizes)]


def test_a_full_pipe_is_not_waited_for() -> None:
    """A write to a pipe that nobody reads returns, at once or after the wait, and loses nothing."""
    end, start = os.pipe()
    outlet = Outlet(start, 1 << 16)
    outlet.add(Packet(bytes(300_000), 0))
    assert not outlet.write()
    left = outlet.pending
    assert not outlet.write(0.05)
    assert outlet.pending == left > 0
    os.close(end)
    os.close(start)


def test_a_reader_that_comes_is_served_within_the_wait() -> None:
    """A waiting write goes on as soon as there is room."""
    end, start = os.pipe()
    outlet = Outlet(start, 1 << 16)
    outlet.add(Packet(bytes(100_000), 0))
    assert not outlet.write()
    reader = threading.Thread(target=lambda: os.read(end, 1 << 17))
    reader.start()
    assert outlet.write(10.0)
    reader.join()
    os.close(end)
    os.close(start)


def test_a_lens_that_is_gone_is_an_error() -> None:
    """Writing to nobody says so."""
    end, start = os.pipe()
    outlet = Outlet(start, 1 << 16)
    os.close(end)
    outlet.add(Packet(b"x", 0))
    with pytest.raises(BrokenPipeError):
        outlet.write()
    os.close(start)
