"""A process's end that the kernel keeps: at its moment, whatever the process does."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from plainview.vision import confine, syscalls
from plainview.vision.deadline import NUMBERS, end_at


def lived(deed: Callable[[], object], after: float) -> tuple[float, int]:
    """Fork a process that ends `after` seconds from now; seconds it lived, and its end."""
    begun = time.time()
    pid = os.fork()
    if pid == 0:
        try:
            end_at(round((begun + after) * 1000))
            deed()
            while True:
                pass
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    return time.time() - begun, os.waitstatus_to_exitcode(status)


def deaf() -> None:
    """Block and ignore every signal that can be."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


@pytest.mark.parametrize("deed", [lambda: None, deaf])
def test_it_comes_at_its_moment(deed: Callable[[], object]) -> None:
    """Not before, and within a second after; also to a process that listens to no signal."""
    seconds, code = lived(deed, 0.3)
    assert 0.299 <= seconds < 1.3
    assert code == -signal.SIGKILL


@pytest.mark.parametrize("after", [0.0, -1.0, -1e9, -1e11])
def test_a_moment_that_is_past_comes_at_once(after: float) -> None:
    """There is no time, however long ago, that would leave the process running."""
    seconds, code = lived(lambda: None, after)
    assert seconds < 1.0
    assert code == -signal.SIGKILL


def test_a_child_has_an_end_of_its_own() -> None:
    """A fork does not inherit it, so each child is given its own."""
    reading, writing = os.pipe()

    def fork() -> None:
        if os.fork() == 0:
            signal.sigtimedwait([], 1.2)
            os.write(writing, b"alive")
            os._exit(0)

    # Long enough for a busy machine to come to the fork.
    assert lived(fork, 0.8)[1] == -signal.SIGKILL
    os.close(writing)
    assert os.read(reading, 16) == b"alive"
    os.close(reading)


def test_neither_lens_nor_tap_can_take_it_away() -> None:
    """The calls that change a timer are not among a lens's, and are refused to a tap."""
    for machine, numbers in NUMBERS.items():
        assert not set(numbers) & {*syscalls.IO, *syscalls.ALLOWED}
        assert not set(numbers.values()) & set(syscalls.NUMBERS[machine].values())
        assert numbers.items() <= confine._NEVER[machine].items()
