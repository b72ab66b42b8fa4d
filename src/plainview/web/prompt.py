"""Connections that begin a request and do not finish it are closed: they hold others' places."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD = 15.0
"""Seconds in which a request's head comes whole."""
BODY = 60.0
"""Seconds in which its body does: no request to Plainview is large."""


class PromptProtocol(H11Protocol):
    """Owns, beside uvicorn's connection, the time by which what was begun must have come."""

    _due: asyncio.TimerHandle | None = None
    _awaited: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Whoever connects asks for something, soon."""
        super().connection_made(transport)
        self._await(h11.IDLE)

    def data_received(self, data: bytes) -> None:
        """Take `data`; head and body each have their time from when they began."""
        super().data_received(data)
        self._await(self.conn.their_state)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._await(None)
        super().connection_lost(exc)

    def _await(self, part: object) -> None:
        if part is self._awaited:
            return
        if self._due is not None:
            self._due.cancel()
        self._awaited, self._due = part, None
        if part in {h11.IDLE, h11.SEND_BODY}:
            seconds = HEAD if part is h11.IDLE else BODY
            self._due = self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        self.transport.close()
