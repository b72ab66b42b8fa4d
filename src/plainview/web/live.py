"""Live state for many pages from one watch on the store: bounded, paced, resumable."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import NamedTuple

import structlog
from litestar.response import ServerSentEventMessage

from plainview.errors import PlainviewError
from plainview.store import Store

_log = structlog.get_logger(__name__)

HEARTBEAT = 1.0
"""Seconds after which a state is sent although nothing came: cameras grow stale by themselves."""
_PACE = 0.1
"""Seconds between two states of one page at least."""
_POLL = 0.5
"""Seconds that one wait on the store lasts; bounds how long stopping takes."""


class State(NamedTuple):
    """A site's state as it goes out."""

    id: int
    """UTC milliseconds: a page that comes back names the last that it saw."""
    data: str
    """JSON on one line."""


class LiveFull(PlainviewError):
    """As many pages are live as may be."""


class Hub:
    """Owns the one waiting thread and the current state of each site, shared by all its pages."""

    def __init__(
        self,
        store: Store,
        states: Mapping[str, Callable[[], State]],
        *,
        alerts_of: Callable[[str], str] | None = None,
        most: int = 64,
    ) -> None:
        """`states` makes a site's state, in a worker thread; `most` pages may be live at once.

        `alerts_of` makes the JSON of a site's open alerts, quickly: nothing is read for it.
        """
        self._alerts_of = alerts_of
        self._store = store
        self._states = states
        self._most = most
        self._open = 0
        self._version = -1
        self._turn = asyncio.Condition()
        self._closing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watching: asyncio.Task[None] | None = None
        self._made: dict[str, tuple[float, int, State]] = {}
        self._making = {name: asyncio.Lock() for name in states}
        self._amiss: dict[str, float] = {}
        """Sites whose state cannot be made, and since when (the loop's time)."""

    @property
    def open(self) -> int:
        """Pages that are live now."""
        return self._open

    @property
    def closing(self) -> bool:
        """Whether live pages are to end."""
        return self._closing

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Pages may join while in this context."""
        self._loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            self._closing = True
            await self._wake()
            if self._watching is not None:
                await self._watching
            self._loop = None

    def close(self) -> None:
        """End every live page, from any thread, so that the server can stop at once."""
        self._closing = True
        loop = self._loop
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._wake(), loop)

    async def _wake(self) -> None:
        async with self._turn:
            self._turn.notify_all()

    async def _watch(self) -> None:
        """Follow the store's version while anyone is live."""
        while self._open and not self._closing:
            version = await asyncio.to_thread(self._store.wait, self._version, _POLL)
            if version != self._version:
                self._version = version
                await self._wake()
        self._watching = None

    async def _state(self, site: str) -> State:
        """The site's state, made once for all pages that ask at the same version and moment."""
        async with self._making[site]:
            now = asyncio.get_running_loop().time()
            made = self._made.get(site)
            if made and made[1] == self._version and now - made[0] < HEARTBEAT / 2:
                return made[2]
            version = self._version
            try:
                state = await asyncio.to_thread(self._states[site])
            except PlainviewError as error:
                # Pages ask each second for as long as it lasts: it is told once.
                if site not in self._amiss:
                    self._amiss[site] = now
                    _log.warning("a site's pages stand still", site=site, why=error.line())
                raise
            since = self._amiss.pop(site, None)
            if since is not None:
                _log.warning("a site's pages go on", site=site, after_seconds=round(now - since, 1))
            self._made[site] = (now, version, state)
            return state

    def join(self, site: str, missed: str | None) -> AsyncIterator[ServerSentEventMessage]:
        """The live events of `site`: first what was `missed`, then states until the page leaves.

        Raises LiveFull when as many pages are live as may be.
        """
        if self._open >= self._most:
            raise LiveFull(
                f"{self._open} pages are live, as many as may be",
                where="live",
                mend="Close some, or ask for the site's field every second instead",
            )
        return self._events(site, missed)

    async def _events(self, site: str, missed: str | None) -> AsyncIterator[ServerSentEventMessage]:
        self._open += 1
        if self._watching is None:
            self._version = self._store.version()
            self._watching = asyncio.create_task(self._watch())
        try:
            if missed is not None:
                yield ServerSentEventMessage(event="missed", data=missed)
            told = None
            while not self._closing:
                version = self._version
                # Before the state: an alert must not wait for a field to be put together.
                if self._alerts_of is not None and (alerts := self._alerts_of(site)) != told:
                    told = alerts
                    yield ServerSentEventMessage(event="alerts", data=alerts)
                try:
                    state = await self._state(site)
                except PlainviewError as error:
                    yield ServerSentEventMessage(event="problem", data=error.line())
                else:
                    yield ServerSentEventMessage(
                        event="state", id=state.id, data=state.data, retry=1000
                    )
                await asyncio.sleep(_PACE)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT), self._turn:
                        while not self._closing and self._version == version:
                            await self._turn.wait()
        finally:
            self._open -= 1
