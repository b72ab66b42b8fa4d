"""One connection to NATS servers, held up by a thread of its own for as long as it is wanted."""

import asyncio
import contextlib
import os
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from itertools import count, cycle
from typing import Any

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from plainview.bus.address import NatsAddress
from plainview.errors import ConfigError

log = structlog.get_logger(__name__)

_CONNECT = 2
"""Seconds in which one server must answer."""
_CLOSE = 0.5
"""Seconds that the end of a connection may take."""
_CHECK = 0.25
"""Seconds between looks whether the connection still is one."""
_AGAIN = (0.05, 2.0)
"""Seconds between attempts, at first and at most."""
_PING = 5
"""Seconds between questions whether the server is still there; two without an answer: it is not."""
_COMPLAIN_AFTER = 3
"""Attempts that fail before the log says so."""

_FAILURES = (nats.errors.Error, OSError, TimeoutError, ValueError)

OnMessage = Callable[[Msg], Awaitable[None]]


def _words(error: BaseException) -> str:
    """Why a server was not reached. What asyncio says repeats the address and a number of errno."""
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__


class Link:
    """Owns the thread, its loop, and the one connection. Servers are tried in turn, for ever.

    Every connection is a new one: what a broken one had half sent is sent again by whoever waits
    for its acknowledgement, and nothing hides in the client's own buffers.
    """

    def __init__(self, address: NatsAddress, inbox: str) -> None:
        """Hold a connection to one of `address`'s servers; answers come below `inbox`."""
        self._address, self._inbox = address, inbox
        self._hears: dict[str, OnMessage] = {}
        self.loop = asyncio.new_event_loop()
        self.up = asyncio.Event()
        self.lost = asyncio.Event()
        """Of the connection that there is; the next one has its own."""
        self.client = Client()
        self.trouble = "not connected yet"
        self.broken = ""
        self.connections = 0
        self.last: Callable[[], Coroutine[Any, Any, None]] | None = None
        """What is to be done before the connection is closed."""
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._first = threading.Event()
        self._thread = threading.Thread(target=self._work, name="bus", daemon=True)

    def hear(self, name: str, on_message: OnMessage) -> None:
        """Give what comes to `inbox`.NAME.* to `on_message`. To be said before `start`."""
        self.listen(f"{self._inbox}.{name}.*", on_message)

    def listen(self, subject: str, on_message: OnMessage) -> None:
        """Give what comes to `subject` to `on_message`. To be said before `start`."""
        self._hears[subject] = on_message

    def start(self, *jobs: Callable[[], Coroutine[Any, Any, None]], patience: float) -> None:
        """Start the thread and `jobs` on its loop; wait `patience` seconds for a connection.

        Raises ConfigError where a server answers that this key may not. A server that does not
        answer is no error: it is tried until it does.
        """
        self._thread.start()
        self.loop.call_soon_threadsafe(self._begin, jobs)
        self._first.wait(patience)
        if "uthorization" in self.trouble or "CERTIFICATE" in self.trouble:
            trouble = self.trouble
            self.stop()
            raise ConfigError(
                f"the NATS server refuses this connection: {trouble}",
                where="bus",
                mend="Check creds and ca in the bus address: see docs/guide/nats.md",
            )

    def _begin(self, jobs: tuple[Callable[[], Coroutine[Any, Any, None]], ...]) -> None:
        for job in (self._hold, *jobs):
            self._track(job())

    def _track(self, job: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(job)
        task.add_done_callback(self._look_at_end)
        self._tasks.append(task)

    def _look_at_end(self, task: "asyncio.Task[None]") -> None:
        """A job that ends by a mistake of ours is told, and shown as what is wrong."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken = f"the bus's own thread failed: {type(error).__name__}"
            log.error("the bus's own thread failed", exc_info=error)

    def _work(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()

    def spawn(self, job: Coroutine[Any, Any, None]) -> None:
        """Run `job` on the loop until it ends or the link does. From any thread."""
        try:
            self.loop.call_soon_threadsafe(self._track, job)
        except RuntimeError:  # It has stopped.
            job.close()

    def call(self, job: Callable[[], None]) -> None:
        """Run `job` on the loop's thread, soon; nothing once it has stopped."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(job)

    def stop(self) -> None:
        """Send what is buffered, close the connection, end the thread."""
        if not self._thread.is_alive() or self._stopping:
            return
        self._stopping = True
        asyncio.run_coroutine_threadsafe(self._end(), self.loop)
        self._thread.join(10)

    async def _end(self) -> None:
        if self.client.is_connected:
            with contextlib.suppress(*_FAILURES):
                if self.last is not None:
                    await self.last()
                await self.client.flush(timeout=1)
        await _ended(self._tasks)
        if self.connections:
            await _closed(self.client)
        # What the client leaves behind ends with it.
        await _ended([*(asyncio.all_tasks() - {asyncio.current_task()})])
        self.loop.stop()

    async def _hold(self) -> None:
        """Connect, wait until that breaks, and connect again."""
        wait, failed = _AGAIN[0], 0
        servers = cycle(self._address.servers)
        for _ in count():
            self.lost = lost = asyncio.Event()
            server = next(servers)
            try:
                await self._connect(server, lost)
            except _FAILURES as error:
                failed += 1
                self.trouble = f"{server}: {_words(error)}"
                if failed >= len(self._address.servers):
                    self._first.set()
                if failed == _COMPLAIN_AFTER:
                    log.warning("no NATS server can be reached", why=self.trouble)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _AGAIN[1])
                continue
            self.connections += 1
            if failed >= _COMPLAIN_AFTER or self.connections > 1:
                log.warning("the NATS server is reached again", server=server)
            wait, failed, self.trouble = _AGAIN[0], 0, ""
            self.up.set()
            self._first.set()
            await self._wait_until_lost()
            self.up.clear()
            self.trouble = self.trouble or "the connection broke"
            log.warning("the connection to the NATS server broke")

    async def _wait_until_lost(self) -> None:
        # The client does not always say so: where its last words fail, it goes without any.
        while self.client.is_connected and not self.lost.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.lost.wait(), _CHECK)
        self.lost.set()

    async def _connect(self, server: str, lost: asyncio.Event) -> None:
        async def on_closed() -> None:
            lost.set()

        async def on_error(error: Exception) -> None:
            self.trouble = str(error) or type(error).__name__
            if connecting:
                raise error  # It is this class that waits and goes on.

        client, connecting = Client(), True
        creds = self._address.creds
        kind = "user_credentials" if creds and _is_jwt(creds.read_text()) else "nkeys_seed"
        options: dict[str, Any] = {} if creds is None else {kind: str(creds)}
        if server.startswith("tls:"):
            options["tls"] = ssl.create_default_context(cafile=self._address.ca)
        try:
            attempt = client.connect(
                server,
                name="plainview",
                allow_reconnect=False,
                connect_timeout=_CONNECT,
                ping_interval=_PING,
                max_outstanding_pings=2,
                inbox_prefix=f"{self._inbox}.r",
                skip_subject_validation=True,
                error_cb=on_error,
                closed_cb=on_closed,
                **options,
            )
            await asyncio.wait_for(attempt, _CONNECT + 1)
            connecting = False
            for subject, on_message in self._hears.items():
                await client.subscribe(subject, cb=on_message)
        except BaseException:
            await _closed(client)
            raise
        self.client = client


async def _ended(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_CLOSE)


async def _closed(client: Client) -> None:
    # A broken TLS connection may never say that it is closed.
    with contextlib.suppress(*_FAILURES):
        await asyncio.wait_for(client.close(), _CLOSE)


def _is_jwt(text: str) -> bool:
    return "BEGIN NATS USER JWT" in text
