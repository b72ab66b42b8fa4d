"""What every answer carries and every request must show, whatever handles it."""

import math
from collections.abc import Sequence

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from plainview.web.access.limits import Limits, plain_path

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing inline, nothing from elsewhere. data: pictures are the map controls' own icons."""

_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]

_HTTPS = (b"strict-transport-security", b"max-age=31536000")

_MOST_PORT = 65_535

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Names by which this machine calls itself."""


def host_name(header: str) -> str:
    """The name in a Host header, without port and brackets, in small letters; '' for none.

    There is none where the port is none: whoever asks for the request's address raises then.
    """
    header = header.strip().lower()
    if header.startswith("["):
        name, closed, rest = header[1:].partition("]")
        colon, port = rest[:1], rest[1:]
        named = closed and colon in {"", ":"}
    else:
        name, _, port = header.partition(":")
        named = True
    return name if named and (not port or _is_port(port)) else ""


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= _MOST_PORT


class Guard:
    """ASGI around the application. Holds only the names that may be asked for.

    The Host check stops a page elsewhere that had its own name resolve to this machine (DNS
    rebinding) from reading measurements through a visitor's browser.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Sequence[str],
        limits: Limits | None = None,
        secure: bool = False,
    ) -> None:
        """Answer only to `hosts` and the machine's own names; `*` answers to all.

        `limits` bounds how often each client may ask; `secure`: browsers come by https, and are
        told to keep to it.
        """
        self._app = app
        self._limits = limits
        self._always = [*_HEADERS, *([_HTTPS] if secure else [])]
        self._hosts = {*LOOPBACK, *(host.strip("[]").lower() for host in hosts)} - {""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a foreign Host, else pass on and add the headers to the answer."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                added = [pair for pair in self._always if pair[0] not in present]
                if (
                    plain_path(scope["path"]).startswith("/api/")
                    and b"cache-control" not in present
                ):
                    # What one may see now, another may not, nor the same person later.
                    added.append((b"cache-control", b"no-store"))
                message["headers"] = [*message["headers"], *added]
            await send(message)

        named = [value for name, value in scope["headers"] if name == b"host"]
        host = host_name(named[0].decode("latin-1")) if len(named) == 1 else ""
        if host not in self._hosts and "*" not in self._hosts:
            await _refuse(
                sending,
                421,
                "Misdirected Request",
                "Plainview does not answer to that name",
                "Use the address that 'plainview run' prints, or add the name to its hosts",
            )
            return
        wait = self._wait(scope)
        if wait:
            seconds = math.ceil(wait)
            await _refuse(
                sending,
                429,
                "Too Many Requests",
                "you ask too often",
                f"Ask again in {seconds} s",
                (b"retry-after", str(seconds).encode()),
            )
            return
        await self._app(scope, receive, sending)

    def _wait(self, scope: HTTPScope) -> float:
        if self._limits is None:
            return 0.0
        client = scope["client"]
        key = self._limits.clients.key(client[0] if client else "", scope["headers"])
        return self._limits.wait(scope["path"], key)


async def _refuse(
    send: Send, status: int, title: str, detail: str, mend: str, *headers: tuple[bytes, bytes]
) -> None:
    body = msgspec.json.encode(
        {"type": "about:blank", "title": title, "status": status, "detail": detail, "mend": mend}
    )
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"application/problem+json"),
                (b"content-length", str(len(body)).encode()),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
