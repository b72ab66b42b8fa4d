"""What has come from the broker: batches as bytes, given out message by message, and whose turn."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from msgspec import Struct

from plainview.bus import Delivery, wire
from plainview.clock import Clock
from plainview.errors import ReadingRefused

Path = Literal["live", "late"]
Verdict = Literal["durable", "poison"]

Answer = Callable[[str, Verdict], None]
"""(reply subject, verdict): tells the broker what became of a batch."""

_LOW = 4_000_000
_HIGH = 16_000_000
"""Bytes of unread batches below which more are asked for, and above which nothing is."""
_INDEX_BITS = 12
"""A batch has at most 1,024 Readings and as many statuses."""
_LATE_SHARE = 4
"""One late batch may come with so many live ones, so that what is late moves at all."""


class Raw(NamedTuple):
    """A batch as the broker handed it over."""

    sequence: int
    """Its place in the stream: the same when it comes again."""
    subject: str
    reply: str
    packed: bytes
    again: bool


class _Held(Struct, gc=False):
    """A batch of which something was given out and not acknowledged."""

    reply: str
    left: set[int]
    given: int = 0
    """How many of its messages have been given out since it last came."""


class IncomingStats(NamedTuple):
    """Counts since the bus was opened."""

    messages: int
    wire_bytes: int
    redelivered: int
    poison: int
    unreadable: int


class Incoming:
    """Owns batches from the broker until they are acknowledged.

    Live batches go before late ones. Any thread may take; one at a time does. A batch is told
    `durable` to the broker when each of its messages was acknowledged, `poison` when it is none.
    """

    def __init__(self, clock: Clock, answer: Answer, hungry: Callable[[], None]) -> None:
        """`answer` and `hungry` (there is room again) are called from whichever thread it is."""
        self._clock, self._answer, self._hungry = clock, answer, hungry
        self._raw: dict[Path, deque[Raw]] = {"live": deque(), "late": deque()}
        self._bytes = 0
        self._ready: deque[Delivery] = deque()
        self._held: dict[int, _Held] = {}
        self._turn = threading.Lock()
        self._changed = threading.Condition()
        self._ending = self._ended = False
        self._per_batch = 1.0
        """Messages of a batch, as of late: how many batches are read for those that are wanted."""
        self._messages = self._wire = self._redelivered = self._poison = self._unreadable = 0

    def put(self, path: Path, raw: Raw) -> None:
        """Keep what the broker handed over."""
        with self._changed:
            self._raw[path].append(raw)
            self._bytes += len(raw.packed)
            self._wire += len(raw.packed)
            self._redelivered += raw.again
            self._changed.notify()

    @property
    def has_room(self) -> bool:
        """Whether more may be asked for."""
        return self._bytes < _HIGH

    def ending(self) -> None:
        """Whoever waits is woken; what still comes can be taken until `ended`."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()

    def ended(self) -> None:
        """Nothing more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def take(self, most: int, timeout: float) -> Sequence[Delivery]:
        """Up to `most` messages; waits up to `timeout` seconds for the first."""
        end = self._clock.monotonic() + timeout
        if not self._turn.acquire(timeout=max(timeout, 0.001)):
            return []
        try:
            while len(self._ready) < most:
                raws = self._next(most - len(self._ready), 0.0 if self._ready else end)
                if not raws:
                    break
                self._read(raws)
            given = [self._ready.popleft() for _ in range(min(most, len(self._ready)))]
            self._count_given(given)
            return given
        finally:
            self._turn.release()

    def _next(self, wanted: int, end: float) -> list[Raw]:
        """Batches with about `wanted` messages; waits for the first until `end`."""
        count = max(round(wanted / self._per_batch), 1)
        with self._changed:
            while not any(self._raw.values()):
                rest = end - self._clock.monotonic()
                if self._ended or rest <= 0 or not self._changed.wait(rest):
                    break
            live, late = self._raw["live"], self._raw["late"]
            raws = [live.popleft() for _ in range(min(count, len(live)))]
            share = max(count - len(raws), count // _LATE_SHARE, 1)
            raws += [late.popleft() for _ in range(min(share, len(late)))]
            before, self._bytes = self._bytes, self._bytes - sum(len(raw.packed) for raw in raws)
            hungry = before >= _LOW > self._bytes
        if hungry:
            self._hungry()
        return raws

    def _read(self, raws: Sequence[Raw]) -> None:
        read = wire.unpack_many([raw.packed for raw in raws])
        found = 0
        for raw, one in zip(raws, read, strict=True):
            if isinstance(one, ReadingRefused):
                self._refuse(raw)
            else:
                found += self._keep(raw, one)
        self._per_batch += (max(found / len(raws), 1.0) - self._per_batch) / 4

    def _refuse(self, raw: Raw) -> None:
        with self._changed:
            self._poison += 1
            self._held.pop(raw.sequence, None)
        self._answer(raw.reply, "poison")

    def _keep(self, raw: Raw, one: wire.Received) -> int:
        """Make those of `one` ready that were not acknowledged before; how many."""
        site = raw.subject.rpartition(".")[2]
        first = raw.sequence << _INDEX_BITS
        deliveries = [
            Delivery(first + k, stamped.camera, stamped, site)
            for k, stamped in enumerate(one.readings)
        ]
        deliveries += [
            Delivery(first + k, camera, status, site, fence)
            for k, (camera, fence, status) in enumerate(one.batch.statuses, len(deliveries))
        ]
        with self._changed:
            self._unreadable += len(one.refused)
            held = self._held.get(raw.sequence)
            if held is None:
                held = self._held[raw.sequence] = _Held(raw.reply, set(range(len(deliveries))))
            elif held.given < len(held.left):
                # It came again before all of it was given out: the rest is still ready.
                held.reply = raw.reply
                return 0
            else:
                held.reply, held.given = raw.reply, 0
                deliveries = [d for d in deliveries if d.token - first in held.left]
            if not deliveries:
                del self._held[raw.sequence]
        if not deliveries:
            self._answer(raw.reply, "durable")
        self._ready.extend(deliveries)
        return len(deliveries)

    def _count_given(self, given: Sequence[Delivery]) -> None:
        with self._changed:
            self._messages += len(given)
            for sequence, part in groupby(given, lambda d: d.token >> _INDEX_BITS):
                held = self._held.get(sequence)
                if held is not None:
                    held.given += sum(1 for _ in part)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Forget `deliveries`; the broker is told of each batch that is whole with them."""
        mask = (1 << _INDEX_BITS) - 1
        done = []
        with self._changed:
            for sequence, part in groupby(deliveries, lambda d: d.token >> _INDEX_BITS):
                held = self._held.get(sequence)
                if held is None:
                    continue
                before = len(held.left)
                held.left.difference_update([d.token & mask for d in part])
                held.given -= before - len(held.left)
                if not held.left:
                    del self._held[sequence]
                    done.append(held.reply)
        for reply in done:
            self._answer(reply, "durable")

    @property
    def held(self) -> int:
        """Messages that were read and not acknowledged."""
        with self._changed:
            return sum(len(one.left) for one in self._held.values())

    @property
    def finished(self) -> bool:
        """Whether nothing more will come, and nothing is left to take."""
        with self._changed:
            return self._ended and not self._ready and not any(self._raw.values())

    def stats(self) -> IncomingStats:
        """Counts, for the console and Prometheus."""
        with self._changed:
            return IncomingStats(
                messages=self._messages,
                wire_bytes=self._wire,
                redelivered=self._redelivered,
                poison=self._poison,
                unreadable=self._unreadable,
            )
