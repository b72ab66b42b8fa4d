"""No route without a rule."""

from typing import Any

import pytest
from litestar import Litestar, WebSocket, asgi, get, post, websocket
from litestar.params import FromPath
from litestar.types import Receive, Scope, Send

from plainview.errors import PlainviewError
from plainview.web.access.gate import SAFE
from plainview.web.access.rules import (
    PUBLIC,
    SAID,
    Action,
    check_routes,
    is_preflight,
    rule,
    rule_for,
)
from plainview.web.api import Application

PUBLIC_HERE = {
    "/api/v1/session",
    "/favicon.svg",
    "/healthz",
    "/login",
    "/login/callback",
    "/login/link",
    "/login/login.css",
    "/login/oidc",
}


def refused(*handlers: Any) -> PlainviewError:  # noqa: ANN401 - Litestar's handlers
    """Why these handlers are not taken."""
    with pytest.raises(PlainviewError) as caught:
        check_routes(Litestar(route_handlers=list(handlers), openapi_config=None))
    return caught.value


def test_each_action_is_told_in_words() -> None:
    """Who may not do it reads no name that only the program has."""
    assert set(SAID) == set(Action)
    for action, words in SAID.items():
        assert words[0].islower()
        assert len(words.split()) > 2 or action is Action.OWN_SESSION
        assert "-" not in words


def test_a_route_without_an_action_keeps_the_program_from_starting() -> None:
    """The error names the route."""

    @get("/api/v1/secrets", sync_to_thread=False)
    def secrets() -> str:
        return "secret"

    error = refused(secrets)
    assert error.where == "GET /api/v1/secrets"
    assert "opt=rule" in error.mend


def test_a_public_folder_is_public_to_read_only() -> None:
    """A POST below /portal needs an action like any other."""

    @post("/portal/complaints", sync_to_thread=False)
    def complain() -> None:
        pass

    assert refused(complain).where == "POST /portal/complaints"

    @get("/portal/cameras", sync_to_thread=False)
    def cameras() -> str:
        return "public"

    check_routes(Litestar(route_handlers=[cameras], openapi_config=None))


def test_a_folder_that_only_begins_like_a_public_one_is_not_public() -> None:
    """/portal-secrets is not below /portal."""

    @get("/portal-secrets", sync_to_thread=False)
    def secrets() -> str:
        return "secret"

    assert refused(secrets).where == "GET /portal-secrets"


def test_sockets_and_bare_applications_are_not_taken() -> None:
    """They would pass beside what the gate knows."""

    @websocket("/api/v1/socket")
    async def socket(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()

    @asgi("/api/v1/mounted", is_mount=True, copy_scope=True)
    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive, send

    assert refused(socket).where == "/api/v1/socket"
    assert refused(mounted).where == "/api/v1/mounted"


def test_every_route_of_the_application_is_public_by_name_or_has_an_action(
    app: Application,
) -> None:
    """What is public here is this list and the public folders; all else names its action."""
    public: set[str] = set()
    named: set[str] = set()
    for route in app.litestar.routes:
        for handler in route.route_handlers:  # type: ignore[union-attr]  # HTTP routes only
            if is_preflight(handler):
                continue
            found = rule_for(handler, route.path, handler.http_methods)
            assert found is not None, route.path
            (public if found.action is None else named).add(route.path)
            if found.action is None and not SAFE.issuperset(handler.http_methods):
                assert route.path == "/login/link"
    inside = {path for path in public if not path.startswith(("/schema", "/assets"))}
    assert inside == PUBLIC_HERE
    assert {"/", "/metrics", "/api/v1/system", "/api/v1/sites"} <= named


def test_a_rule_says_what_it_is_about() -> None:
    """What a handler carries in its `opt`."""

    @get("/a/{site:str}", opt=rule(Action.READ_NOW, of="site"), sync_to_thread=False)
    def one(site: FromPath[str]) -> str:
        return site

    @get("/b", opt=PUBLIC, sync_to_thread=False)
    def two() -> str:
        return ""

    app = Litestar(route_handlers=[one, two], openapi_config=None)
    check_routes(app)
    rules = {
        route.path: rule_for(route.route_handlers[0], route.path, ("GET",))  # type: ignore[union-attr]
        for route in app.routes
    }
    site, public = rules["/a/{site:str}"], rules["/b"]
    assert site is not None
    assert (site.action, site.of) == (Action.READ_NOW, "site")
    assert public is not None
    assert public.action is None
