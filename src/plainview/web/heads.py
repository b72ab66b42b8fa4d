"""HEAD wherever there is GET (RFC 9110, section 9.1): the same answer without its content."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from plainview.web.access.limits import plain_path


def answers_head(path: str) -> bool:
    """Whether HEAD at `path` is answered as GET is.

    Not where the answer never ends, and nowhere below /login: who comes back from the city's
    sign-in service is let in once.
    """
    path = plain_path(path).rstrip("/")
    endless = path.startswith("/api/") and path.endswith("/live")
    return not (endless or path.startswith("/login/"))


def with_head(path: str, allowed: str) -> str:
    """Methods that are `allowed` at `path`, as `Allow` lists them, with HEAD where GET is."""
    methods = allowed.split(", ")
    if "GET" not in methods or "HEAD" in methods or not answers_head(path):
        return allowed
    at = methods.index("GET") + 1
    return ", ".join((*methods[:at], "HEAD", *methods[at:]))


class Heads:
    """The same application, that answers HEAD as well."""

    def __init__(self, app: ASGIApp) -> None:
        """Ask `app`, which knows GET."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer HEAD as GET, and leave the content out; all else goes on as it is."""
        if scope["type"] != ScopeType.HTTP or not answers_head(scope["path"]):
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    (name, with_head(scope["path"], value.decode("latin-1")).encode("latin-1"))
                    if name.lower() == b"allow"
                    else (name, value)
                    for name, value in message["headers"]
                ]
            elif head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        # The scope is copied: the server has to know still that nothing but a head was asked for.
        asked: Scope = {**scope, "method": "GET"} if head else scope
        await self._app(asked, receive, sending)
