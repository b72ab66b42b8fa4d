import asyncio
import logging
import socket
import threading
from typing import TYPE_CHECKING, cast

import httpx
import pytest
import uvicorn
from litestar.types import Message, Receive, Scope, Send

from plainview.errors import InputError, PlainviewError
from plainview.web import prompt, server
from plainview.web.api import create_app
from plainview.web.server import Served, bind, serve
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World


def test_a_port_in_use_is_refused_before_anything_starts() -> None:
    """One line: which address, and to choose another port."""
    with bind(port=0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match="in use") as caught:
            bind(port=port)
    assert f"127.0.0.1:{port}" in caught.value.line()
    assert "--port" in caught.value.mend


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "", "x" * 300])
def test_an_address_that_is_not_this_machines_is_refused(host: str) -> None:
    """One line that says which address works; the empty one would mean all."""
    with pytest.raises(InputError) as caught:
        bind(host, 0)
    assert "127.0.0.1" in caught.value.line()


def test_it_answers_as_soon_as_it_is_made_and_stops_when_told(
    world: "World", sites: tuple[SiteView, ...]
) -> None:
    """No waiting in between; afterwards the port is free again, and stopping twice is no error."""
    first = serve(create_app(sites=sites, store=world.store, clock=world.clock), port=0)
    assert httpx.get(f"{first.url}healthz").status_code == 200
    first.stop()
    first.stop()
    assert not first.alive
    again = bind(port=first.port)
    with Served(create_app(sites=sites, store=world.store, clock=world.clock), again) as second:
        assert second.port == first.port
        assert httpx.get(f"{second.url}healthz").status_code == 200


def test_a_slow_start_is_waited_for_and_a_failed_one_is_told_at_once(
    world: "World", sites: tuple[SiteView, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is busy or was asleep is no fault of the server's; an error in it is."""
    monkeypatch.setattr(server, "_LOOK", 0.01)
    app = create_app(sites=sites, store=world.store, clock=world.clock)
    begun = uvicorn.Server.startup

    async def late(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.sleep(0.1)
        await begun(self, sockets)

    monkeypatch.setattr(uvicorn.Server, "startup", late)
    with serve(app, port=0) as slow:
        assert httpx.get(f"{slow.url}healthz").status_code == 200

    async def broken(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        assert sockets
        self.should_exit = True

    monkeypatch.setattr(uvicorn.Server, "startup", broken)
    monkeypatch.setattr(server, "_LOOK", 60.0)
    with pytest.raises(PlainviewError, match="did not start"):
        serve(app, port=0)


def test_a_slow_end_keeps_its_socket(
    world: "World", sites: tuple[SiteView, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is still ending when the patience is over ends without an error."""
    ended = threading.Event()
    shut = uvicorn.Server.shutdown

    async def late(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        await asyncio.sleep(0.2)
        await shut(self, sockets)
        ended.set()

    monkeypatch.setattr(uvicorn.Server, "shutdown", late)
    monkeypatch.setattr(server, "_STOP", 0.01)
    served = serve(create_app(sites=sites, store=world.store, clock=world.clock), port=0)
    served.stop()
    assert not ended.is_set()
    assert ended.wait(5)


class _Slow:
    """An application whose answers take longer than a stop waits."""

    def __init__(self) -> None:
        """Nobody has asked yet."""
        self.asked = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Come up at once; to a question, never answer."""
        if scope["type"] == "lifespan":  # type: ignore[comparison-overlap]  # litestar: never
            await receive()
            await send(cast("Message", {"type": "lifespan.startup.complete"}))
            await receive()
            await send(cast("Message", {"type": "lifespan.shutdown.complete"}))
            return
        self.asked.set()
        await asyncio.sleep(60)

    def close(self) -> None:
        """Nothing is live."""


def test_answers_that_a_stop_cuts_short_are_told_in_one_line_and_no_alarm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Ctrl-C with pages open on a busy machine filled the terminal with tracebacks."""
    caplog.set_level(logging.INFO)
    slow = _Slow()
    with (
        Served(slow, bind(port=0)) as served,
        socket.create_connection((served.host, served.port)) as asking,
    ):
        asking.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert slow.asked.wait(30)
        served.stop()
    assert not [one for one in caplog.records if one.exc_info or one.levelno >= logging.WARNING]
    assert "answers that the stop cut short" in caplog.text


def test_answers_do_not_name_the_server(world: "World", sites: tuple[SiteView, ...]) -> None:
    """No software name or version in the headers; a proxy's headers are not believed."""
    app = create_app(sites=sites, store=world.store, clock=world.clock)
    with serve(app, port=0) as served:
        answer = httpx.get(f"{served.url}healthz", headers={"x-forwarded-host": "evil.example"})
    assert answer.status_code == 200
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    "request_bytes",
    [b"", b"\x00\xff\x16\x03\x01" * 40, b"GET / HTTP/1.1\r\n" + b"a: " + b"x" * 40_000],
)
def test_garbage_on_the_socket_does_not_stop_it(
    world: "World", sites: tuple[SiteView, ...], request_bytes: bytes
) -> None:
    """Whatever one connection sends, the next is answered."""
    app = create_app(sites=sites, store=world.store, clock=world.clock)
    with serve(app, port=0) as served:
        with socket.create_connection((served.host, served.port), timeout=5) as connection:
            connection.sendall(request_bytes)
        assert httpx.get(f"{served.url}healthz").status_code == 200


def _answer(connection: socket.socket) -> bytes:
    """All that comes until the server closes."""
    connection.settimeout(10)
    return b"".join(iter(lambda: connection.recv(4096), b""))


def test_who_begins_a_request_and_does_not_finish_it_is_let_go(
    world: "World", sites: tuple[SiteView, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a head, half a body, half a second head: each is closed, and its place is free."""
    monkeypatch.setattr(prompt, "HEAD", 0.2)
    monkeypatch.setattr(prompt, "BODY", 0.2)
    whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    body = b"POST /api/v1/alerts/x/clear HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n{"
    with serve(create_app(sites=sites, store=world.store, clock=world.clock), port=0) as served:
        for half in (b"", b"GET /", whole[:-2], body, whole + b"GET /"):
            with socket.create_connection((served.host, served.port)) as connection:
                connection.sendall(half)
                answer = _answer(connection)
                assert answer.startswith(b"HTTP/1.1 200") == half.startswith(whole), half
        assert httpx.get(f"{served.url}healthz").status_code == 200
