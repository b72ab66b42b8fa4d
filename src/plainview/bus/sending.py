"""The loop that sends batches and waits for their acknowledgements, many at once."""

import asyncio
import contextlib
import threading
from collections.abc import Callable

import msgspec
import nats.errors
from nats.aio.msg import Msg

from plainview.bus.link import Link
from plainview.bus.outgoing import Outgoing, Sealed
from plainview.bus.streams import PubAck
from plainview.bus.trouble import Trouble
from plainview.clock import Clock
from plainview.errors import UNDECODED

_MOST_FLYING = 256
"""Batches sent and not acknowledged, at most; the others wait as they are."""
_RESEND = 2.5
"""Seconds without an acknowledgement after which a batch is sent again, under the same id."""
_REFUSED = 1.0
"""Seconds after which one is sent again that no stream took."""
_LOOK = 0.5
"""Seconds between looks at what is due, at most."""
_OVERDUE = 0.25
"""Seconds between looks at what was sent and not acknowledged, at least: there are hundreds of
those, and a city's machine is woken for each batch."""

OnAck = Callable[[int, PubAck], None]
"""(number of the batch, what a stream says): a leaf's and the centre's may both come."""

_decode_ack = msgspec.json.Decoder(PubAck).decode


class Sending:
    """Owns what is in flight. All of it runs on the link's loop, but for `wake` and `flushed`."""

    def __init__(
        self, link: Link, outgoing: Outgoing, inbox: str, clock: Clock, on_ack: OnAck
    ) -> None:
        """Send what `outgoing` seals; answers come to `inbox`.ack.NUMBER."""
        self._link, self._outgoing, self._clock, self._on_ack = link, outgoing, clock, on_ack
        self._inbox = inbox
        link.hear("ack", self.on_message)
        self._wake = asyncio.Event()
        self._connection = 0
        self._look_again = 0.0
        self.flushed = threading.Event()
        """Set once the bus takes nothing more and everything is at a server."""
        self._trouble = Trouble(clock, "the NATS server takes no batches")
        self.resent = self.sent = 0

    @property
    def trouble(self) -> str:
        """Why the server takes nothing at the moment; empty when all is well."""
        return self._trouble.why

    def wake(self) -> None:
        """Look again at once. From any thread."""
        self._link.call(self._wake.set)

    async def run(self) -> None:
        """Send, for ever."""
        while True:
            await self._link.up.wait()
            # What breaks here broke with the connection; the link makes a new one.
            with contextlib.suppress(nats.errors.Error, OSError):
                await self._send_due()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause())
            self._wake.clear()

    def _pause(self) -> float:
        due = self._outgoing.next_due()
        if due is None or self._outgoing.in_flight() >= _MOST_FLYING or not self._link.up.is_set():
            return _LOOK
        return min(max(due - self._clock.monotonic(), 0.0), _LOOK)

    async def _send_due(self) -> None:
        now = self._clock.monotonic()
        fresh = self._connection == self._link.connections
        self._connection = self._link.connections
        if now >= self._look_again or not fresh:
            self._look_again = now + _OVERDUE
            for sealed in self._outgoing.flying():
                # On a new connection at once: whatever the old one held is gone.
                if not fresh or now - sealed.sent > _RESEND:
                    self.resent += 1
                    await self._send(sealed, now)
        room = _MOST_FLYING - self._outgoing.in_flight()
        for sealed in self._outgoing.seal(now, max(room, 0)):
            await self._send(sealed, now)
        if self._outgoing.finished:
            self.flushed.set()

    async def _send(self, sealed: Sealed, now: float) -> None:
        sealed.sent = now
        self.sent += 1
        await self._link.client.publish(
            sealed.subject,
            sealed.packed,
            reply=f"{self._inbox}.ack.{sealed.number:x}",
            headers={"Nats-Msg-Id": sealed.id},
        )

    async def on_message(self, message: Msg) -> None:
        """A stream's answer, or that there is none."""
        number = int(message.subject.rpartition(".")[2], 16)
        try:
            answer = _decode_ack(message.data) if message.data else None
        except UNDECODED:
            answer = None
        if answer is None or answer.error is not None:
            self._refused(number, answer)
            return
        self._trouble.note("")
        self._outgoing.done(number)
        self._on_ack(number, answer)
        if self._outgoing.finished:
            self.flushed.set()
        if self._outgoing.in_flight() == _MOST_FLYING - 1:
            self._wake.set()

    def _refused(self, number: int, answer: PubAck | None) -> None:
        error = None if answer is None else answer.error
        self._trouble.note("no stream takes them yet" if error is None else error.description)
        sealed = self._outgoing.one_flying(number)
        if sealed is not None:
            sealed.sent = self._clock.monotonic() - _RESEND + _REFUSED
