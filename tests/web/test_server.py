import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from plainview.errors import InputError
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
    server = serve(create_app(sites=sites, store=world.store, clock=world.clock), port=0)
    assert httpx.get(f"{server.url}healthz").status_code == 200
    server.stop()
    server.stop()
    assert not server.alive
    again = bind(port=server.port)
    with Served(create_app(sites=sites, store=world.store, clock=world.clock), again) as second:
        assert second.port == server.port
        assert httpx.get(f"{second.url}healthz").status_code == 200


def test_answers_do_not_name_the_server(world: "World", sites: tuple[SiteView, ...]) -> None:
    """No software name or version in the headers; a proxy's headers are not believed."""
    app = create_app(sites=sites, store=world.store, clock=world.clock)
    with serve(app, port=0) as server:
        answer = httpx.get(f"{server.url}healthz", headers={"x-forwarded-host": "evil.example"})
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
    with serve(app, port=0) as server:
        with socket.create_connection((server.host, server.port), timeout=5) as connection:
            connection.sendall(request_bytes)
        assert httpx.get(f"{server.url}healthz").status_code == 200
