"""A site's own server: what the centre has not confirmed waits on its disk, and goes there later.

A batch is published once. The server beside keeps it in its stream and, being a leaf of the centre,
passes it on at once; both answer. What only the server beside has confirmed is the backlog: it
goes to the centre on a subject of its own, oldest first, a few a second, so that what is live never
waits for it.
"""

import asyncio
import contextlib

import msgspec
import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg

from plainview.bus import streams
from plainview.bus.link import Link
from plainview.bus.streams import PubAck
from plainview.bus.trouble import Trouble
from plainview.clock import Clock
from plainview.errors import UNDECODED

log = structlog.get_logger(__name__)

REPLAY = 10.0
"""Batches of a backlog a second, at most: ten times as fast as a site measures."""
GRACE = 3.0
"""Seconds that the centre has to confirm a live batch before it belongs to the backlog."""
_ANSWER = 5.0
"""Seconds that the centre has to confirm one of the backlog."""
_AGAIN = 1.0
"""Seconds between attempts while the centre does not answer."""
_LOOK = 1.0
"""Seconds between looks at the stream while there is no backlog."""
_FORGET = 10.0
"""Seconds between deletions of what the centre has confirmed."""

_MOST_EARLY = 1000

_FAILURES = (nats.errors.Error, OSError, TimeoutError)
_decode_ack = msgspec.json.Decoder(PubAck).decode


class Confirmed:
    """Which places of a site's stream the centre has confirmed, and how many were dropped."""

    def __init__(self, first: int) -> None:
        """Nothing yet, of a stream that begins with place `first`."""
        self.floor = first
        """All before it is confirmed or dropped."""
        self.dropped = 0
        self._beyond: set[int] = set()

    def add(self, place: int) -> None:
        """The centre has the batch at `place`."""
        if place >= self.floor:
            self._beyond.add(place)
            self._rise()

    def _rise(self) -> None:
        while self.floor in self._beyond:
            self._beyond.remove(self.floor)
            self.floor += 1

    def begins(self, first: int) -> None:
        """The stream begins with `first` now: what is before it and not confirmed was dropped."""
        if first > self.floor:
            before = {place for place in self._beyond if place < first}
            self.dropped += first - self.floor - len(before)
            self._beyond -= before
            self.floor = first
            self._rise()

    def __contains__(self, place: int) -> bool:
        """Whether the centre has the batch at `place`, or it was dropped."""
        return place < self.floor or place in self._beyond

    def backlog(self, end: int) -> int:
        """How many before place `end` are neither."""
        return max(end - self.floor - len(self._beyond), 0)


class Leaf:
    """Owns the backlog on the server beside. All of it runs on the link's loop."""

    def __init__(
        self, link: Link, disk: int, inbox: str, clock: Clock, replay: float = REPLAY
    ) -> None:
        """Keep up to `disk` bytes; send `replay` batches of it a second. Answers: `inbox`.sent."""
        self._link, self._disk, self._inbox, self._clock = link, disk, inbox, clock
        self._pause = 1.0 / replay
        link.hear("sent", self._on_sent)
        link.last = self._forget
        self._confirmed: Confirmed | None = None
        self._premature: list[int] = []
        """Places confirmed before the first look at the stream."""
        self._places: dict[int, int] = {}
        """By number, of live batches that the server beside has and the centre may have soon."""
        self._early: set[int] = set()
        """Numbers that the centre confirmed before the server beside did."""
        self._young: dict[int, float] = {}
        """By place: when the server beside got it."""
        self._end = 0
        self._ready_for = -1
        self._forgotten = 0.0
        self._answer: asyncio.Future[bool] | None = None
        self._asked = 0
        self.late = 0
        self._trouble = Trouble(clock, "what is measured here does not get to the centre")

    @property
    def trouble(self) -> str:
        """Why batches stay here; empty while the centre takes them."""
        return self._trouble.why

    @property
    def backlog(self) -> int:
        """Batches here that the centre has not confirmed, but for those of the last seconds."""
        confirmed = self._confirmed
        return 0 if confirmed is None else max(confirmed.backlog(self._end) - len(self._young), 0)

    @property
    def dropped(self) -> int:
        """Batches of the backlog that were lost, because the disk's share was full."""
        return 0 if self._confirmed is None else self._confirmed.dropped

    def on_ack(self, number: int, answer: PubAck) -> None:
        """Which stream has the live batch of that number, and where."""
        if answer.stream == streams.LEAF:
            if number in self._early:
                self._early.discard(number)
                self._confirm(answer.seq)
            else:
                self._places[number] = answer.seq
                self._young[answer.seq] = self._clock.monotonic()
            self._end = max(self._end, answer.seq + 1)
        elif (place := self._places.pop(number, None)) is not None:
            self._confirm(place)
        elif len(self._early) < _MOST_EARLY:
            self._early.add(number)

    def _confirm(self, place: int) -> None:
        self._young.pop(place, None)
        if self._confirmed is None:
            self._premature.append(place)
        else:
            self._confirmed.add(place)

    async def run(self) -> None:
        """Keep the stream, and send what the centre lacks, for ever."""
        while True:
            await self._link.up.wait()
            wait = _AGAIN
            # What breaks here broke with the connection; the link makes a new one.
            with contextlib.suppress(*_FAILURES):
                wait = await self._turn()
            await asyncio.sleep(wait)

    async def _turn(self) -> float:
        """One look, one batch of the backlog at most; seconds until the next."""
        confirmed = await self._look()
        self._grow_up()
        place = next((p for p in range(confirmed.floor, self._end) if self._is_due(p)), None)
        if self._clock.monotonic() - self._forgotten > _FORGET:
            await self._forget()
        if place is None:
            self._trouble.note("")
            return _LOOK
        if not await self._send(place):
            self._trouble.note("the centre cannot be reached; this site keeps its batches")
            return _AGAIN
        self._trouble.note("")
        self.late += 1
        confirmed.add(place)
        return self._pause

    def _is_due(self, place: int) -> bool:
        return place not in self._young and place not in (self._confirmed or ())

    def _grow_up(self) -> None:
        """What the centre has not confirmed in time is late, whatever comes of it."""
        limit = self._clock.monotonic() - GRACE
        for place in [place for place, since in self._young.items() if since < limit]:
            del self._young[place]
        old = {n for n, place in self._places.items() if place not in self._young}
        # Its confirmation may still come: it is worth remembering, for a while.
        for number in sorted(old)[: -int(10 * GRACE)]:
            del self._places[number]

    async def _look(self) -> Confirmed:
        client = self._link.client
        if self._ready_for != self._link.connections:
            await streams.ensure_stream(client, streams.leaf_stream(self._disk))
            self._ready_for = self._link.connections
        state = (await client.jsm().stream_info(streams.LEAF)).state
        first, self._end = state.first_seq, state.last_seq + 1
        if self._confirmed is None or self._end < self._confirmed.floor:
            # At the start; or the server has lost its store and counts anew.
            self._confirmed = Confirmed(max(first, 1))
            for place in self._premature:
                self._confirmed.add(place)
            self._premature.clear()
        self._confirmed.begins(max(first, 1))
        return self._confirmed

    async def _forget(self) -> None:
        """Delete what the centre has: what a process after this one finds is what it owes."""
        self._forgotten = self._clock.monotonic()
        if self._confirmed is not None and self._ready_for == self._link.connections:
            await self._link.client.jsm().purge_stream(streams.LEAF, seq=self._confirmed.floor)

    async def _send(self, place: int) -> bool:
        """Send the batch at `place` to the centre; whether it has it."""
        try:
            kept: RawStreamMsg = await self._link.client.jsm().get_msg(
                streams.LEAF, seq=place, direct=True
            )
        except nats.js.errors.NotFoundError:
            return True  # Dropped since the last look, which will be counted with the next.
        _, said, rest = (kept.subject or "").partition("plainview.readings.")
        if not said:
            return True
        self._asked = place
        self._answer = asyncio.get_running_loop().create_future()
        await self._link.client.publish(
            f"plainview.late.{rest}",
            kept.data or b"",
            reply=f"{self._inbox}.sent.{place}",
            headers={"Nats-Msg-Id": (kept.headers or {}).get("Nats-Msg-Id", f"leaf-{place}")},
        )
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._answer, _ANSWER)
        return False

    async def _on_sent(self, message: Msg) -> None:
        if message.subject.rpartition(".")[2] != str(self._asked):
            return
        has = False
        with contextlib.suppress(*UNDECODED):
            answer = _decode_ack(message.data)
            has = answer.stream == streams.CENTRE and answer.error is None
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(has)
