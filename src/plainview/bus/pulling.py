"""The loops that ask the centre for batches, and tell it what became of them."""

import asyncio
import contextlib
from collections import deque
from functools import partial

import nats.errors
import structlog
from nats.aio.msg import Msg

from plainview.bus import streams
from plainview.bus.address import NatsAddress
from plainview.bus.incoming import Incoming, Path, Raw, Verdict
from plainview.bus.link import Link
from plainview.bus.trouble import Trouble
from plainview.clock import Clock

log = structlog.get_logger(__name__)

_PULL = 256
"""Batches of one request, at most."""
_EXPIRES = 2.0
"""Seconds that a request waits at the server for something to come."""
_SPARE = 1.0
"""Seconds more after which a request without an end is forgotten."""
_AGAIN = 0.5
"""Seconds between attempts while the stream cannot be asked."""
_WORKING = 2.0
"""Seconds between two words about what is being worked on."""
_LOOK = 5.0
"""Seconds between questions how far behind intake is."""

_WORDS: dict[Verdict, bytes] = {"durable": b"+ACK", "poison": b"+TERM"}


class _Request:
    """One request for batches that is on its way."""

    def __init__(self, number: int) -> None:
        self.number, self.left = number, _PULL
        self.over = asyncio.Event()
        self.status = ""


class Pulling:
    """Owns the requests. All of it runs on the link's loop, but for `answer` and `hungry`."""

    def __init__(self, link: Link, address: NatsAddress, inbox: str, clock: Clock) -> None:
        """Ask over `link`; batches come to `inbox`.PATH.NUMBER."""
        self._link, self._address, self._inbox = link, address, inbox
        link.hear("live", partial(self._on_message, "live"))
        link.hear("late", partial(self._on_message, "late"))
        self._incoming: Incoming | None = None
        self._requests: dict[str, _Request] = {}
        self._number = 0
        self._room = asyncio.Event()
        self._answers: deque[tuple[str, Verdict]] = deque()
        self._ready = self._begun = False
        self._making = asyncio.Lock()
        self.draining = False
        self.behind = 0
        self._trouble = Trouble(clock, "the NATS server gives no batches")

    @property
    def trouble(self) -> str:
        """Why the server gives nothing at the moment; empty when all is well."""
        return self._trouble.why

    async def fill(self, incoming: Incoming) -> None:
        """Fill `incoming`, until it is drained."""
        self._incoming = incoming
        watch = asyncio.ensure_future(self._look())
        work = asyncio.ensure_future(self._keep(incoming))
        try:
            await asyncio.gather(self._pull(incoming, "live"), self._pull(incoming, "late"))
        finally:
            watch.cancel()
            work.cancel()
            incoming.ended()

    def hungry(self) -> None:
        """There is room for more. From any thread."""
        self._link.call(self._room.set)

    def drain(self) -> None:
        """End once the server has nothing more for us. On the loop's thread."""
        self.draining = True
        self._room.set()
        for request in self._requests.values():
            request.over.set()

    def answer(self, reply: str, verdict: Verdict) -> None:
        """Tell the server what became of a batch. From any thread."""
        if verdict == "poison":
            log.warning("a batch was no batch, and was thrown away")
        self._answers.append((reply, verdict))
        if len(self._answers) == 1:
            self._link.call(self._start_answers)

    def _start_answers(self) -> None:
        self._telling = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        await self._link.up.wait()
        while self._answers:
            reply, verdict = self._answers[0]
            try:
                await self._link.client.publish(reply, _WORDS[verdict])
            except (nats.errors.Error, OSError):
                # It comes again, and is acknowledged then.
                log.debug("a batch could not be acknowledged")
            self._answers.popleft()

    async def _pull(self, incoming: Incoming, path: Path) -> None:
        while True:
            await self._wait_for_link()
            if self.draining and not self._link.up.is_set():
                return
            while not incoming.has_room:
                self._room.clear()
                await self._room.wait()
            try:
                await self._make_streams()
                status = await self._ask(path)
            except (nats.errors.Error, OSError, TimeoutError) as error:
                self._trouble.note(str(error) or type(error).__name__)
                status = "failed"
            if self.draining and status in {"404", "503", "failed"}:
                return
            if status == "503":  # Nobody answers for the consumer: it may be gone.
                self._ready = False
            if status in {"503", "failed"}:
                await asyncio.sleep(_AGAIN)
            elif self._ready:
                self._trouble.note("")

    async def _wait_for_link(self) -> None:
        while not self._link.up.is_set() and not self.draining:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._link.up.wait(), _AGAIN)

    async def _make_streams(self) -> None:
        async with self._making:
            if not self._ready:
                await streams.ensure_intake(
                    self._link.client, self._address.disk, self._address.replicas
                )
                if not self._begun:
                    await streams.take_over(self._link.client)
                self._ready = self._begun = True
                self._trouble.note("")

    async def _ask(self, path: Path) -> str:
        """One request until it is over: its status, empty where all that was asked for came."""
        self._number += 1
        request = self._requests[path] = _Request(self._number)
        how = "" if self.draining else f', "expires": {round(_EXPIRES * 1e9)}'
        how += ', "no_wait": true' if self.draining else ""
        await self._link.client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{streams.CENTRE}.{streams.CONSUMERS[path]}",
            f'{{"batch": {_PULL}{how}}}'.encode(),
            reply=f"{self._inbox}.{path}.{request.number}",
        )
        lost = asyncio.ensure_future(self._link.lost.wait())
        over = asyncio.ensure_future(request.over.wait())
        try:
            await asyncio.wait(
                {lost, over}, timeout=_EXPIRES + _SPARE, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            lost.cancel()
            over.cancel()
        return request.status

    async def _on_message(self, path: Path, message: Msg) -> None:
        """A batch, or how a request ended."""
        request = self._requests.get(path)
        if not message.reply.startswith("$JS.ACK."):
            status = (message.headers or {}).get("Status", "")
            ours = request is not None and message.subject.endswith(f".{request.number}")
            if request is not None and ours and status != "100":
                request.status = status
                request.over.set()
            return
        fields = message.reply.split(".")
        # $JS.ACK.STREAM.CONSUMER.n.SEQUENCE...; with a domain and an account before the stream.
        at = 5 if len(fields) == 9 else 7
        if self._incoming is not None:
            again = fields[at - 1] != "1"
            raw = Raw(int(fields[at]), message.subject, message.reply, message.data, again)
            self._incoming.put(path, raw)
        # It comes under its own subject, so whose it is cannot be told; one is asked at a time.
        if request is not None:
            request.left -= 1
            if request.left == 0:
                request.over.set()

    async def _keep(self, incoming: Incoming) -> None:
        """Say again and again what is being worked on, so that nothing of it comes once more."""
        while True:
            await asyncio.sleep(_WORKING)
            await self._link.up.wait()
            # What cannot be said comes again, and is known then.
            with contextlib.suppress(nats.errors.Error, OSError):
                for reply in incoming.at_work():
                    await self._link.client.publish(reply, b"+WPI")

    async def _look(self) -> None:
        while not self.draining:
            await self._link.up.wait()
            with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
                self.behind = await streams.behind(self._link.client)
            await asyncio.sleep(_LOOK)
