"""The bus between machines: batches over NATS JetStream.

`publish` takes a message into memory; what it promises from then on is said there. The server has
it one batch (a second) later, and intake acknowledges it once it is stored.
"""

import random
import threading
from collections.abc import Sequence

from plainview.bus import BusStats, Delivery, SenderOf
from plainview.bus.address import NatsAddress
from plainview.bus.incoming import Incoming
from plainview.bus.leaf import Leaf
from plainview.bus.link import Link
from plainview.bus.outgoing import Lane, Outgoing
from plainview.bus.pulling import Pulling
from plainview.bus.sending import Sending
from plainview.bus.streams import PubAck
from plainview.clock import Clock, SystemClock
from plainview.record import CameraStatus, Stamped

_PATIENCE = 3.0
"""Seconds that opening waits for a server, before it goes on without."""
_GROUPS = 128
"""Groups of cameras whose lanes are remembered."""
_DRAIN = 5.0
"""Seconds that `close` waits for what was published to be at a server."""


class NatsBus:
    """Owns a connection, what was published and is not at a server, what was taken. Thread-safe.

    At least once: a batch is sent under one id until a server has it on disk, and comes again when
    intake has not acknowledged it in time. In order for each camera, except where a batch was sent
    again or comes late from a site that was cut off: whoever stores them goes by their time.
    """

    def __init__(
        self,
        address: NatsAddress,
        *,
        sender_of: SenderOf | None = None,
        clock: Clock | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """Connect to `address`; without an answer, go on trying. Raises ConfigError if refused.

        A process that only publishes never takes, and its key need not be allowed to.
        """
        self._clock = clock or SystemClock()
        self._address = address
        self._sender_of = sender_of or (lambda _camera: address.sender)
        publisher = (chance or random.SystemRandom()).getrandbits(53)
        # A site's key may hear its own inbox only, and each process has one of its own below it.
        inbox = f"_INBOX.{address.sender.district}.{address.sender.site}.{publisher:x}"
        self._outgoing = Outgoing(address.bound, address.linger, publisher)
        self._link = Link(address, inbox)
        self._leaf = Leaf(self._link, address.leaf, inbox, self._clock) if address.leaf else None
        on_ack = self._leaf.on_ack if self._leaf else _nothing
        self._sending = Sending(self._link, self._outgoing, inbox, self._clock, on_ack)
        self._pulling = Pulling(self._link, address, inbox, self._clock)
        self._incoming = Incoming(self._clock, self._pulling.answer, self._pulling.hungry)
        self._lock = threading.Lock()
        self._taking = self._closed = False
        self._spoken: dict[int, tuple[Sequence[str], Sequence[Lane]]] = {}
        """By their place in memory, which they keep: groups of cameras, and the lane of each."""
        jobs = [self._sending.run] if self._leaf is None else [self._sending.run, self._leaf.run]
        self._link.start(*jobs, patience=_PATIENCE)

    def publish(self, camera: str, message: Stamped | CameraStatus, fence: int = 0) -> None:
        """Take `message`; it will be delivered, unless this process is killed first.

        In memory until its batch is closed and a server has it on disk: about a second while the
        server answers, and as long as it does not. What a kill loses is a gap in the camera's
        measurements, and shown as one. Raises BusFull at the bound and after `close`.
        """
        wake = self._outgoing.add(
            self._sender_of(camera), camera, message, fence=fence, now=self._clock.monotonic()
        )
        if wake:
            self._sending.wake()

    def publish_many(self, cameras: Sequence[str], data: Sequence[bytes], fence: int = 0) -> int:
        """Take Readings by their encodings; how many, from the first on: see `Bus.publish_many`."""
        now = self._clock.monotonic()
        lanes = self._lanes_of(cameras)
        taken, wake = self._outgoing.add_many(lanes, cameras, data, fence=fence, now=now)
        if wake:
            self._sending.wake()
        return taken

    def _lanes_of(self, cameras: Sequence[str]) -> Sequence[Lane]:
        """Whose each of `cameras` is. Who speaks for many says the same tuple again and again."""
        known = self._spoken.get(id(cameras))
        if known is not None and known[0] is cameras:
            return known[1]
        lanes = self._outgoing.lanes(map(self._sender_of, cameras))
        if isinstance(cameras, tuple):
            with self._lock:
                while len(self._spoken) >= _GROUPS:
                    del self._spoken[next(iter(self._spoken))]
                self._spoken[id(cameras)] = (cameras, lanes)
        return lanes

    def take(self, most: int, timeout: float) -> Sequence[Delivery]:
        """Up to `most` messages; waits up to `timeout` seconds for the first.

        After `close`: what this process has sent and still waits at the server, then nothing.
        """
        if not self._taking:
            self._begin_taking()
        got = self._incoming.take(most, timeout)
        if not got and self._closed and self._incoming.finished:
            self._link.stop()
        return got

    def _begin_taking(self) -> None:
        with self._lock:
            if not self._taking and not self._closed:
                self._link.spawn(self._pulling.fill(self._incoming))
                reader = threading.Thread(
                    target=self._incoming.read_ahead, name="read ahead", daemon=True
                )
                reader.start()
            self._taking = True

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Forget `deliveries`; the server forgets a batch when all of it was acknowledged."""
        self._incoming.acknowledge(deliveries)

    def stats(self) -> BusStats:
        """Counts, for the console and Prometheus."""
        out, come, leaf = self._outgoing, self._incoming.stats(), self._leaf
        return BusStats(
            published=out.published,
            refused=out.refused,
            waiting=out.waiting + self._incoming.held,
            bound=out.bound,
            closed=self._closed,
            durable=True,
            unsent=out.waiting,
            sent_bytes=out.wire_bytes,
            received_bytes=come.wire_bytes,
            resent=self._sending.resent,
            redelivered=come.redelivered,
            poison=come.poison,
            unreadable=come.unreadable,
            behind=self._pulling.behind,
            backlog=leaf.backlog if leaf else 0,
            late=leaf.late if leaf else 0,
            dropped=leaf.dropped if leaf else 0,
            trouble=self._link.broken
            or self._link.trouble
            or self._sending.trouble
            or self._pulling.trouble
            or (leaf.trouble if leaf else ""),
        )

    def close(self) -> None:
        """Refuse new messages, send what is held, and wake whoever waits in `take`.

        Waits up to five seconds for the server to have it all. The connection ends with this, or
        where this process takes, with the first `take` that brings nothing.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._outgoing.end()
        self._sending.wake()
        self._incoming.ending()
        if not self._outgoing.finished:
            self._sending.flushed.wait(_DRAIN)
        if not self._taking:
            self._incoming.ended()
            self._link.stop()
        elif self._outgoing.published:
            self._link.call(self._pulling.drain)
        else:
            self._incoming.ended()


def _nothing(_number: int, _answer: PubAck) -> None:
    """One acknowledgement is all that there is to know."""
