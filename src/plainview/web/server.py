"""uvicorn in this process, and a stop that does not wait."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

import uvicorn
from litestar.types import Receive, Scope, Send

from plainview.errors import PlainviewError
from plainview.web.address import base_url
from plainview.web.listening import bind
from plainview.web.prompt import PromptProtocol

__all__ = ["Servable", "Served", "bind"]

_LOOKS = 120
_LOOK = 1.0
"""The server's start is looked at so many times, so many seconds apart. Looks, not one long wait: a
process that was suspended meanwhile (a lid closed, a debugger) has not looked."""
_STOP = 5.0


class _CutShort(logging.Filter):
    """What a stop cuts short is no defect: a line for the log file, not a traceback for each."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Drop the traceback of an answer that was cut; say as information how many were."""
        if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
            return False
        if str(record.msg).startswith("Cancel %s running task"):
            record.msg = "answers that the stop cut short, which waits a second for them: %s"
            record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        return True


_CUT_SHORT = _CutShort()


class Servable(Protocol):
    """An ASGI application that can be told to end what would keep the server from stopping."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        ...

    def close(self) -> None:
        """End answers that have no end of their own, from any thread."""
        ...


class Served:
    """An application that answers on a socket, in a thread of its own. Owns both until `stop`."""

    def __init__(self, app: Servable, listener: socket.socket) -> None:
        """Start answering on `listener` (see `bind`); returns when it does.

        Raises PlainviewError if the server does not come up.
        """
        host, port = listener.getsockname()[:2]
        self.host: str = host
        self.port: int = port
        self._app = app
        self._listener = listener
        self._ready = threading.Event()
        logging.getLogger("uvicorn.error").addFilter(_CUT_SHORT)
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="none",
                lifespan="on",
                timeout_graceful_shutdown=1,
                limit_concurrency=512,
                h11_max_incomplete_event_size=16_384,
                http=PromptProtocol,
            ),
            self._ready.set,
        )
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()
        if not any(self._ready.wait(_LOOK) for _ in range(_LOOKS)) or not self._server.started:
            self.stop()
            raise PlainviewError(
                "the web server did not start",
                where=self.url,
                mend="See the log in the state folder; on a machine that is very busy, try again",
            )

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        return f"{base_url(self.host, self.port)}/"

    @property
    def alive(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive() and self._server.started

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._listener])
        finally:
            self._ready.set()

    def stop(self) -> None:
        """End live pages, finish what is being answered, close the socket. May be called twice."""
        self._app.close()
        self._server.should_exit = True
        self._thread.join(_STOP)
        if not self._thread.is_alive():
            # A server that is slow to end closes it itself, and trips over one closed before.
            self._listener.close()

    def __enter__(self) -> Self:
        """Answer while in this context."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()


class _Server(uvicorn.Server):
    """uvicorn that tells when it answers. Not on the main thread, so it takes no signals."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def serve(app: Servable, host: str = "127.0.0.1", port: int = 8765) -> Served:
    """Answer `app` on `host` and `port` in the background.

    Raises InputError as `bind` does, before anything starts; to take the port before other parts
    start, `bind` first and give the socket to `Served`.
    """
    return Served(app, bind(host, port))
