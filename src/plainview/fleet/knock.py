"""Whether a machine that does not answer has lost its program: a port that nobody has says so.

Silence tells nothing: the machine may be slow, or its link cut. Where its kernel refuses a
connection to a port that was open, whoever had the port has ended (RFC 9293, section 3.5.2).
"""

import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait

from plainview.clock import Clock

_PATIENCE = 0.5
"""Seconds in which a refusal must come; what takes longer is no answer."""
_AGAIN = 0.5
"""Seconds between two knocks at one door."""
_THREADS = 4

Door = tuple[str, int]
"""(address, port)."""


class Knocks:
    """Owns the threads that knock, and what came of it. For use by one thread."""

    def __init__(self, clock: Clock) -> None:
        """No knock yet; the time between them is by `clock`."""
        self._clock = clock
        self._workers = ThreadPoolExecutor(_THREADS, thread_name_prefix="knock")
        self._next: dict[Door, float] = {}
        self._lock = threading.Lock()
        self._under_way: dict[Door, Future[None]] = {}
        self._refused: set[Door] = set()

    def refused(self, door: Door) -> bool:
        """Whether nobody has that port, as the last knock told. Knocks again; never waits."""
        now = self._clock.monotonic()
        self._under_way = {one: knock for one, knock in self._under_way.items() if not knock.done()}
        if door not in self._under_way and now >= self._next.get(door, now):
            self._next = {one: at for one, at in self._next.items() if at > now}
            self._next[door] = now + _AGAIN
            self._under_way[door] = self._workers.submit(self._knock, door)
        with self._lock:
            return door in self._refused

    def settle(self) -> None:
        """Wait for the knocks that are under way."""
        wait(self._under_way.values())

    def _knock(self, door: Door) -> None:
        shut = False
        try:
            socket.create_connection(door, _PATIENCE).close()
        except ConnectionRefusedError:
            shut = True
        except OSError:
            pass  # Too far, too slow or unknown: that is no word from its kernel.
        with self._lock:
            if shut:
                self._refused.add(door)
            else:
                self._refused.discard(door)

    def close(self) -> None:
        """Wait for the knocks that are under way."""
        self._workers.shutdown(cancel_futures=True)
