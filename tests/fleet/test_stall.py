"""A lens that hangs is told from one that is only given no processor."""

import os
import subprocess
import time
from collections.abc import Iterator

import pytest

from plainview.fleet.stall import Stall


@pytest.fixture
def sleeper() -> Iterator[int]:
    """A process that waits for ever."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        yield child.pid


def test_one_that_sleeps_beside_its_packets_hangs(sleeper: int) -> None:
    """After as many seconds of idleness as are told, and anew after each packet that it takes."""
    stall = Stall(10.0)
    while stall.look(sleeper, 4.0) == "":
        pass
    assert stall.look(sleeper, 0.0) == "took no packet for 10 s"
    stall.taken()
    assert stall.look(sleeper, 4.0) == ""


def test_one_that_is_ready_to_run_does_not_hang_however_long_it_takes() -> None:
    """This very process runs whenever it looks: an hour on the wall is no verdict."""
    stall = Stall(10.0)
    assert [stall.look(os.getpid(), 3600.0) for _ in range(3)] == ["", "", ""]


def test_one_that_works_on_one_packet_for_too_long_hangs() -> None:
    """By its own processor time, at which no other load has a part."""
    stall = Stall(0.03)
    assert stall.look(os.getpid(), 0.0) == ""
    began = time.process_time()
    while time.process_time() - began < 0.06:
        pass
    assert stall.look(os.getpid(), 0.0) == "took no packet for 0.03 s of its processor time"


def test_one_that_has_ended_is_no_matter_of_this() -> None:
    """Its end is told by the zygote."""
    assert Stall(1.0).look(2**22 + 1, 5.0) == ""
