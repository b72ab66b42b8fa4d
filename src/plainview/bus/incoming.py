"""What has come from the broker: batches as bytes, given out by their messages, and whose turn."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain, compress
from typing import Literal, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from plainview.bus import Deliveries, Delivery, wire
from plainview.bus.wire import Opened
from plainview.clock import Clock
from plainview.readings import Ints, joined
from plainview.rosters import Repeated

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
_A_WHILE = 3.0
"""Seconds after which the broker is told that a batch is being worked on: in good time before it
gives it out again."""
_STUCK = 60.0
"""Seconds after which it is told no more."""
_PIECE = 4096
"""Messages that are read at once ahead of who takes them: he waits for no more than that."""
_AHEAD = 16_384
"""Messages that are read ahead at most: as many as intake takes at once."""
_TURN = 0.1
"""Seconds that a taker waits, at least, for whoever reads at the moment."""
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

    def acknowledge(self, tokens: Ints) -> bool:
        """Whether the batch is whole with `tokens`, each of which is there once."""
        if isinstance(self.left, range):
            if len(tokens) == len(self.left):
                return True
            self.left = set(self.left)
        before = len(self.left)
        self.left.difference_update(tokens.tolist())
        self.given -= before - len(self.left)
        return not self.left


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
        self._came: dict[int, float] = {}
        """Monotonic seconds at which each unread or held batch came first, by its sequence."""
        self._durable: dict[int, None] = {}
        """Sequences that were acknowledged lately, the oldest first."""
        self._ready: deque[Deliveries] = deque()
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
                self._changed.notify_all()
            if not durable:
                self._unread[raw.sequence] = raw.reply
                self._came.setdefault(raw.sequence, self._clock.monotonic())
        if durable:
            self._answer(raw.reply, "durable")

    def at_work(self) -> list[str]:
        """The replies of batches that came a while ago and are being worked on.

        The broker is to be told, or it gives them out again, which makes more work of the same. Not
        told for ever: what is stuck comes again.
        """
        now = self._clock.monotonic()
        with self._changed:
            late = [k for k, came in self._came.items() if _A_WHILE <= now - came <= _STUCK]
            waiting = [reply for k in late if (reply := self._unread.get(k)) is not None]
            return waiting + [one.reply for k in late if (one := self._held.get(k)) is not None]

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
        if not self._turn.acquire(timeout=max(timeout, _TURN)):
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

    def read_ahead(self) -> None:
        """Read what waits in plenty while nobody takes, until nothing more will come.

        For a thread of its own: a taker waits for its store, and this uses that time.
        """
        while self._wait_for_plenty():
            with self._turn:
                if self._waiting < _AHEAD and (raws := self._next(_PIECE, 0.0)):
                    self._read(raws)

    def _wait_for_plenty(self) -> bool:
        """Wait until there is something to read ahead; False once nothing more will come."""
        with self._changed:
            while not self._ended:
                waiting = max(map(len, self._raw.values())) * self._per_batch
                if waiting >= _PIECE and self._waiting < _AHEAD:
                    return True
                self._changed.wait()
        return False

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
        """Make those messages of `raws` ready that were not acknowledged before."""
        got = wire.unpack([raw.packed for raw in raws])
        read = np.bincount(got.owners, minlength=len(raws))
        first = np.array([raw.sequence for raw in raws], np.int64) << _INDEX_BITS
        begins = np.cumsum(read) - read
        tokens = first[got.owners] + np.arange(len(got.owners)) - begins[got.owners]
        wanted: dict[int, Collection[int]] = {}
        with self._changed:
            self._unreadable += len(got.refused)
            for k, (raw, batch) in enumerate(zip(raws, got.batches, strict=True)):
                if isinstance(batch, Opened):
                    many = int(read[k]) + len(batch.statuses)
                    wanted[k] = self._hold(raw, range(int(first[k]), int(first[k]) + many))
                else:
                    self._poison += 1
                    self._held.pop(raw.sequence, None)
                    self._came.pop(raw.sequence, None)
        rows = np.ones(len(tokens), np.bool_)
        sites = [raw.subject.rpartition(".")[2] for raw in raws]
        statuses: list[Delivery] = []
        for k, (raw, batch) in enumerate(zip(raws, got.batches, strict=True)):
            if not isinstance(batch, Opened):
                self._answer(raw.reply, "poison")
                continue
            left, start = wanted[k], int(first[k] + read[k])
            if not isinstance(left, range) or not left:
                rows[begins[k] : begins[k] + read[k]] = [
                    token in left for token in range(int(first[k]), start)
                ]
            if not read[k] and not batch.statuses:
                self._answer(raw.reply, "durable")
            statuses += [
                Delivery(token, camera, status, sites[k], fence)
                for token, (camera, fence, status) in enumerate(batch.statuses, start)
                if token in left
            ]
        self._add(got, _Tokens(tokens, rows), Repeated(sites, read.tolist()), statuses)
        self._per_batch += (max(len(tokens) / len(raws), 1.0) - self._per_batch) / 4

    def _hold(self, raw: Raw, tokens: range) -> Collection[int]:
        """Keep that `tokens` of a batch are to be acknowledged; those that are to be given out."""
        held = self._held.get(raw.sequence)
        if held is None:
            if tokens:
                self._held[raw.sequence] = _Held(raw.reply, tokens)
            else:
                self._came.pop(raw.sequence, None)
            return tokens
        held.reply = raw.reply
        if held.given < len(held.left):
            return ()  # It came again before all of it was given out: the rest is ready.
        held.given = 0
        return held.left

    def _add(
        self, got: wire.Received, tokens: "_Tokens", sites: Sequence[str], statuses: list[Delivery]
    ) -> None:
        """`sites` are of the Readings that `got` holds, each."""
        readings, said = got.readings, tokens.said
        if not tokens.wanted.all():
            sites, said = [*compress(sites, tokens.wanted.tolist())], said[tokens.wanted]
            readings = readings.of(tokens.wanted)
        ready = Deliveries(said, readings, sites, statuses)
        if len(ready):
            self._ready.append(ready)
            self._waiting += len(ready)

    def _give(self, most: int) -> Sequence[Delivery]:
        parts: list[Deliveries] = []
        room = most
        while self._ready and room:
            part = self._ready.popleft()
            if len(part) > room:
                self._ready.appendleft(part[room:])
                part = part[:room]
            parts.append(part)
            room -= len(part)
        if not parts:
            return []
        given = _joined(parts)
        with self._changed:
            for sequence, many in _by_batch(given.all_tokens()):
                held = self._held.get(sequence)
                if held is not None:
                    held.given += many
            self._messages += len(given)
            self._waiting -= len(given)
            self._changed.notify_all()
        return given

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Forget `deliveries`; the broker is told of each batch that is whole with them."""
        if isinstance(deliveries, Deliveries):
            tokens = np.unique(deliveries.all_tokens())
        else:
            tokens = np.unique(np.array([one.token for one in deliveries], np.int64))
        done = []
        at = 0
        with self._changed:
            # Batches come in any order: what is late or comes again has a lower sequence.
            for sequence, many in _by_batch(tokens):
                held = self._held.get(sequence)
                if held is not None and held.acknowledge(tokens[at : at + many]):
                    del self._held[sequence]
                    self._came.pop(sequence, None)
                    done.append(held.reply)
                    self._durable[sequence] = None
                at += many
            while len(self._durable) > _REMEMBERED:
                del self._durable[next(iter(self._durable))]
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


class _Tokens(NamedTuple):
    """Of Readings that were read, one each."""

    said: Ints
    wanted: NDArray[np.bool_]
    """Whether it is to be given out: it was not acknowledged before, nor is it given out now."""


def _by_batch(tokens: Ints) -> Iterable[tuple[int, int]]:
    """(sequence, how many tokens) of each batch, the lowest sequence first."""
    sequences, many = np.unique(tokens >> _INDEX_BITS, return_counts=True)
    return zip(sequences.tolist(), many.tolist(), strict=True)


def _joined(parts: Sequence[Deliveries]) -> Deliveries:
    if len(parts) == 1:
        return parts[0]
    return Deliveries(
        np.concatenate([part.tokens for part in parts]),
        joined([part.readings for part in parts]),
        _of_all([part.sites for part in parts]),
        [*chain.from_iterable(part.statuses for part in parts)],
    )


def _of_all(parts: Sequence[Sequence[str | None]]) -> Sequence[str | None]:
    few = [part for part in parts if isinstance(part, Repeated)]
    if len(few) == len(parts):
        return Repeated(
            [*chain.from_iterable(part.values for part in few)],
            [*chain.from_iterable(part.counts for part in few)],
        )
    return [*chain.from_iterable(parts)]
