"""What has come from the broker: batches as bytes, given out message by message, and whose turn."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count, repeat
from typing import Literal, NamedTuple

from msgspec import Struct

from plainview.bus import Delivery, wire
from plainview.clock import Clock
from plainview.errors import ReadingRefused

Path = Literal["live", "late"]
Verdict = Literal["durable", "poison"]

Answer = Callable[[str, Verdict], None]
"""(reply subject, verdict): tells the broker what became of a batch."""

_LOW = 1_000_000
_HIGH = 4_000_000
"""Bytes of unread batches below which more are asked for, and above which nothing is: two seconds
of a city, so that intake has them stored before the broker gives them out again."""
_REMEMBERED = 50_000
"""Batches that are known to have been acknowledged: more than come in the time until they would be
given out again."""
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
    """A batch that was read and of which not all was acknowledged."""

    reply: str
    left: range | set[int]
    """Tokens that were not acknowledged; a range while none was."""
    given: int = 0
    """How many of them have been given out since the batch last came."""


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
        self._unread: dict[int, str] = {}
        """The newest reply of each batch in `_raw`, by its sequence."""
        self._durable: dict[int, None] = {}
        """Sequences that were acknowledged lately, the oldest first."""
        self._ready: deque[list[Delivery]] = deque()
        """Of one batch each."""
        self._waiting = 0
        """Messages in `_ready`."""
        self._held: dict[int, _Held] = {}
        self._turn = threading.Lock()
        self._changed = threading.Condition()
        self._ending = self._ended = False
        self._per_batch = 64.0
        """Messages of a batch, as of late: how many batches are read for those that are wanted."""
        self._messages = self._wire = self._redelivered = self._poison = self._unreadable = 0

    def put(self, path: Path, raw: Raw) -> None:
        """Keep what the broker handed over.

        What comes again while it waits unread, or was acknowledged a moment ago, is not read again:
        an intake that falls behind would only fall further behind by it.
        """
        with self._changed:
            self._wire += len(raw.packed)
            self._redelivered += raw.again
            if not raw.again:
                # A place that is given out for the first time: the stream was made anew.
                self._durable.pop(raw.sequence, None)
            durable = raw.sequence in self._durable
            if not durable and raw.sequence not in self._unread:
                self._raw[path].append(raw)
                self._bytes += len(raw.packed)
                self._changed.notify()
            if not durable:
                self._unread[raw.sequence] = raw.reply
        if durable:
            self._answer(raw.reply, "durable")

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
            while self._waiting < most:
                raws = self._next(most - self._waiting, 0.0 if self._waiting else end)
                if not raws:
                    break
                self._read(raws)
            return self._give(most)
        finally:
            self._turn.release()

    def _next(self, wanted: int, end: float) -> list[Raw]:
        """Batches with about `wanted` messages; waits for the first until `end`."""
        some = max(round(wanted / self._per_batch), 1)
        with self._changed:
            while not any(self._raw.values()):
                rest = end - self._clock.monotonic()
                if self._ended or rest <= 0 or not self._changed.wait(rest):
                    break
            live, late = self._raw["live"], self._raw["late"]
            raws = [live.popleft() for _ in range(min(some, len(live)))]
            share = max(some - len(raws), some // _LATE_SHARE, 1)
            raws += [late.popleft() for _ in range(min(share, len(late)))]
            raws = [raw._replace(reply=self._unread.pop(raw.sequence)) for raw in raws]
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
        deliveries = _deliveries(raw, one)
        first = raw.sequence << _INDEX_BITS
        with self._changed:
            self._unreadable += len(one.refused)
            held = self._held.get(raw.sequence)
            if held is None:
                if deliveries:
                    self._held[raw.sequence] = _Held(
                        raw.reply, range(first, first + len(deliveries))
                    )
            else:
                held.reply = raw.reply
                if held.given < len(held.left):
                    return 0  # It came again before all of it was given out: the rest is ready.
                held.given = 0
                deliveries = [d for d in deliveries if d.token in held.left]
        if not deliveries:
            self._answer(raw.reply, "durable")
            return 0
        self._ready.append(deliveries)
        self._waiting += len(deliveries)
        return len(deliveries)

    def _give(self, most: int) -> list[Delivery]:
        given: list[Delivery] = []
        with self._changed:
            while self._ready and len(given) < most:
                part = self._ready.popleft()
                room = most - len(given)
                if len(part) > room:
                    self._ready.appendleft(part[room:])
                    part = part[:room]
                given += part
                held = self._held.get(part[0].token >> _INDEX_BITS)
                if held is not None:
                    held.given += len(part)
            self._messages += len(given)
            self._waiting -= len(given)
        return given

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Forget `deliveries`; the broker is told of each batch that is whole with them."""
        tokens = [delivery.token for delivery in deliveries]
        done = []
        at = 0
        with self._changed:
            while at < len(tokens):
                sequence = tokens[at] >> _INDEX_BITS
                # Batches come in any order: what is late or comes again has a lower sequence.
                end = at + 1
                while end < len(tokens) and tokens[end] >> _INDEX_BITS == sequence:
                    end += 1
                part, at = tokens[at:end], end
                held = self._held.get(sequence)
                if held is not None and self._acknowledge(held, part):
                    del self._held[sequence]
                    done.append(held.reply)
                    self._durable[sequence] = None
            while len(self._durable) > _REMEMBERED:
                del self._durable[next(iter(self._durable))]
        for reply in done:
            self._answer(reply, "durable")

    @staticmethod
    def _acknowledge(held: _Held, tokens: list[int]) -> bool:
        """Whether the batch is whole with `tokens`."""
        if isinstance(held.left, range):
            if tokens == [*held.left]:
                return True
            held.left = set(held.left)
        before = len(held.left)
        held.left.difference_update(tokens)
        held.given -= before - len(held.left)
        return not held.left

    @property
    def held(self) -> int:
        """Messages that were read and not acknowledged."""
        with self._changed:
            return sum(len(one.left) for one in self._held.values())

    @property
    def finished(self) -> bool:
        """Whether nothing more will come, and nothing is left to take."""
        with self._changed:
            return self._ended and not self._waiting and not any(self._raw.values())

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


_delivery = partial(tuple.__new__, Delivery)
"""A Delivery from a tuple of all its fields: a third of what calling the class costs."""


def _deliveries(raw: Raw, one: wire.Received) -> list[Delivery]:
    """The messages of a batch, with the site that its subject names."""
    site = raw.subject.rpartition(".")[2]
    first = raw.sequence << _INDEX_BITS
    readings = one.readings
    cameras = [stamped.camera for stamped in readings]
    columns = zip(count(first), cameras, readings, repeat(site), repeat(0), strict=False)
    found: list[Delivery] = [*map(_delivery, columns)]
    found += [
        Delivery(token, camera, status, site, fence)
        for token, (camera, fence, status) in enumerate(one.batch.statuses, first + len(found))
    ]
    return found
