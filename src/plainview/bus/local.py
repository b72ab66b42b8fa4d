"""The bus within one machine: a bounded queue in memory."""

import threading
from collections import deque
from collections.abc import Sequence
from itertools import count, repeat, takewhile

from plainview.bus import BusStats, Delivery
from plainview.clock import Clock, SystemClock
from plainview.errors import BusFull
from plainview.record import CameraStatus, Stamped, decoded_before


class LocalBus:
    """Owns the messages between `publish` and `acknowledge`. Thread-safe.

    At least once: what was taken and not acknowledged within `again_after` seconds is given out
    again, before anything newer. In order for each camera, as long as whoever takes acknowledges in
    the order of taking. The bound counts what waits and what was taken and not acknowledged.
    """

    def __init__(
        self, bound: int = 10_000, *, again_after: float = 30.0, clock: Clock | None = None
    ) -> None:
        """A bus for `bound` messages."""
        self._bound = bound
        self._again_after = again_after
        self._clock = clock or SystemClock()
        self._waiting: deque[Delivery] = deque()
        self._taken: dict[int, tuple[float, Delivery]] = {}
        """By token, in order of taking: when it is due again, and the message."""
        self._published = 0
        self._refused = 0
        self._closed = False
        self._changed = threading.Condition()

    def publish(self, camera: str, message: Stamped | CameraStatus, fence: int = 0) -> None:
        """Take `message`; when this returns it will be delivered.

        Raises BusFull at the bound and after `close`; the message is then counted as refused.
        """
        with self._changed:
            if self._closed:
                self._refused += 1
                raise BusFull("the bus is closed", where="bus")
            if len(self._waiting) + len(self._taken) >= self._bound:
                self._refused += 1
                raise BusFull(
                    f"the bus holds its bound of {self._bound} messages",
                    where="bus",
                    mend="Look at what keeps intake from writing: a full disk, or too little CPU",
                )
            self._published += 1
            self._waiting.append(Delivery(self._published, camera, message, fence=fence))
            self._changed.notify()

    def publish_many(self, cameras: Sequence[str], data: Sequence[bytes], fence: int = 0) -> int:
        """Take Readings by their encodings; how many, from the first on: see `Bus.publish_many`."""
        made = [*map(Stamped, cameras, map(decoded_before, data), repeat(fence), data)]
        with self._changed:
            room = 0 if self._closed else self._bound - len(self._waiting) - len(self._taken)
            taken = made[: max(room, 0)]
            tokens = count(self._published + 1)
            self._waiting += map(Delivery, tokens, cameras, taken)
            self._published += len(taken)
            self._refused += len(made) - len(taken)
            self._changed.notify()
        return len(taken)

    def _give_back_overdue(self, now: float) -> None:
        # Taken in order of time, so the overdue are the first ones.
        overdue = list(takewhile(lambda item: item[1][0] <= now, self._taken.items()))
        for token, (_, delivery) in sorted(overdue, reverse=True):
            del self._taken[token]
            self._waiting.appendleft(delivery)

    def take(self, most: int, timeout: float) -> Sequence[Delivery]:
        """Up to `most` messages; waits up to `timeout` seconds for the first.

        After `close`: what still waits, and then nothing, without waiting.
        """
        end = self._clock.monotonic() + timeout
        with self._changed:
            while True:
                now = self._clock.monotonic()
                self._give_back_overdue(now)
                if self._waiting or self._closed or now >= end:
                    break
                due = next((due for due, _ in self._taken.values()), end)
                # A held clock does not run while we wait, so one turn is all there is.
                if not self._changed.wait(min(end, due) - now) and self._clock.monotonic() == now:
                    break
            got = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            again = self._clock.monotonic() + self._again_after
            self._taken.update((delivery.token, (again, delivery)) for delivery in got)
            return got

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Forget `deliveries`. One that is due again by now may still come once more."""
        with self._changed:
            for delivery in deliveries:
                self._taken.pop(delivery.token, None)

    def stats(self) -> BusStats:
        """Counts, for the console and Prometheus."""
        with self._changed:
            return BusStats(
                published=self._published,
                refused=self._refused,
                waiting=len(self._waiting) + len(self._taken),
                bound=self._bound,
                closed=self._closed,
            )

    def close(self) -> None:
        """Refuse new messages and wake whoever waits in `take`. What is held can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
