"""How a site hears the centre's stop orders: it asks for them, once a second, and is answered.

A question goes the way of a site's Readings, as a request in its own name; the answer comes to its
inbox. So the wall between the accounts stays as it is, a site that was cut off or started late asks
anew, and what is in force is kept in one place: the centre's ledger. Each side has a connection of
its own, so that no flood of Readings delays a stop. What is said is bytes here; what they mean
stands in `governance.orders`.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable

import nats.errors
import structlog
from nats.aio.msg import Msg

from plainview.bus import Sender
from plainview.bus.address import NatsAddress
from plainview.bus.link import Link
from plainview.errors import PlainviewError

log = structlog.get_logger(__name__)

EVERY = 1.0
"""Seconds between two questions."""
SOON = 0.25
"""Seconds likewise, where none was answered, and after an answer that brought something: whether
it is done is told with the next."""
_ANSWER = 1.0
"""Seconds that the centre has for an answer. A question that is lost costs as much of the five."""
_LOOK = 0.25
"""Seconds between looks at what is to be ordered."""
_PATIENCE = 0.0
"""Seconds that opening waits for a server: whether the key is good the bus itself has found out."""
_PREFIX = "plainview.orders"
_FAILURES = (nats.errors.Error, OSError, TimeoutError)


class _Side:
    """Owns the connection of one side, until `close`."""

    def __init__(self, address: NatsAddress, inbox: str, chance: random.Random | None) -> None:
        """Over the bus at `address`, with an inbox of its own below `inbox`."""
        number = (chance or random.SystemRandom()).getrandbits(53)
        self._link = Link(address, f"{inbox}.{number:x}")
        self._why = ""

    @property
    def trouble(self) -> str:
        """Why nothing gets through from here; empty while it does."""
        return self._link.broken or self._link.trouble or self._why

    def close(self) -> None:
        """Ask, or answer, no more."""
        self._link.stop()


class Asking(_Side):
    """Owns a site's connection and its questions, until `close`."""

    def __init__(
        self,
        address: NatsAddress,
        say: Callable[[], bytes],
        hear: Callable[[bytes], bool],
        *,
        chance: random.Random | None = None,
    ) -> None:
        """Ask in the name of `address`, with what `say` gives, and give the answers to `hear`.

        `hear` tells whether to ask again soon. Both may take their time: they run on threads of
        their own. What either raises is logged, and shown as the trouble.
        """
        district, site = address.sender
        super().__init__(address, f"_INBOX.{district}.{site}", chance)
        self._subject = f"{_PREFIX}.{district}.{site}"
        self._say, self._hear = say, hear
        self._link.start(self._run, patience=_PATIENCE)

    async def _run(self) -> None:
        while True:
            await self._link.up.wait()
            again = await self._turn()
            await asyncio.sleep(SOON if again else EVERY)

    async def _turn(self) -> bool:
        again, why = False, ""
        try:
            said = await asyncio.to_thread(self._say)
            answer = await self._link.client.request(self._subject, said, timeout=_ANSWER)
            again = await asyncio.to_thread(self._hear, answer.data)
        except _FAILURES:
            again, why = True, "the centre does not answer"
        except PlainviewError as error:
            why = error.line()
        except Exception as error:
            # Whoever asks no more hears of no stop: this outlives its errors, and tells of them.
            log.exception("a question for stop orders failed")
            why = f"{type(error).__name__}: what the centre orders cannot be told"
        if why and why != self._why:
            log.warning("stop orders of the centre do not come", why=why)
        self._why = why
        return again


class Answering(_Side):
    """Owns the centre's connection, and answers what sites ask, until `close`."""

    def __init__(
        self,
        address: NatsAddress,
        answer: Callable[[Sender, bytes], bytes],
        look: Callable[[], None],
        *,
        chance: random.Random | None = None,
    ) -> None:
        """Answer what comes with `answer`, which is quick: it runs on the connection's own thread.

        `look` is called four times a second on another thread: what may take its time.
        """
        super().__init__(address, "_INBOX", chance)
        self._answer, self._look = answer, look
        self._link.listen(f"{_PREFIX}.*.*", self._on_question)
        self._link.start(self._run, patience=_PATIENCE)

    async def _run(self) -> None:
        while True:
            await self._looked()
            await asyncio.sleep(_LOOK)

    async def _looked(self) -> None:
        why = ""
        try:
            await asyncio.to_thread(self._look)
        except (PlainviewError, OSError) as error:
            why = error.line() if isinstance(error, PlainviewError) else str(error)
        except Exception as error:
            # Without this loop no new order goes out: it outlives its errors, and tells of them.
            log.exception("the look for stop orders failed")
            why = f"{type(error).__name__}: what is ordered cannot be told"
        if why and why != self._why:
            log.error("stop orders are not kept up", why=why)
        self._why = why

    async def _on_question(self, message: Msg) -> None:
        _, _, district, site = message.subject.split(".", 3)
        answer = self._answer(Sender(district, site), message.data)
        if message.reply:
            # What breaks here broke with the connection; whoever asked asks again.
            with contextlib.suppress(*_FAILURES):
                await self._link.client.publish(message.reply, answer)
