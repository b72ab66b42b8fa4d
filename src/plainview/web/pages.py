"""The console's built bundle, or a page that says how to build it."""

import re
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import HTTPException, NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.static_files import create_static_files_router

from plainview.web.access.rules import Action, rule
from plainview.web.problems import on_http

STATIC = Path(__file__).parent / "static"
"""Where Vite builds the console (not in version control)."""

_FILE = re.compile(r"[A-Za-z0-9_.-]{1,200}")
"""Names that Vite gives."""

_DESK = (
    "/events",
    "/stop",
    "/deliveries",
    "/releases",
    "/city",
    "/assessments",
    "/assessments/new",
    "/assessments/edit/{draft:str}",
)
"""The pages of search, stop switch, routes of alerts, releases, the city and assessments."""

_NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Plainview: console not built</title></head>
<body><main>
<h1>The console has not been built</h1>
<p>Measurements go on, and the API answers under <a href="/schema">/schema</a>.</p>
<p>To build the console: run <code>make console</code> in Plainview's folder, then start again.</p>
</main></body></html>
"""

_NO_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>There is no such page · Plainview</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/login/login.css"></head>
<body><header><p><a href="/">Plainview</a></p></header>
<main><h1>There is no such page</h1>
<p>Check the address, or go to <a href="/">all sites</a>.</p></main>
<footer><p><a href="/portal/">What runs here, and why: the public register</a></p></footer>
</body></html>
"""


def no_page(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """An address that leads nowhere: a page for who typed it, a problem (JSON) for a program."""
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api"):
        return Response(_NO_PAGE, status_code=error.status_code, media_type="text/html")
    return on_http(request, error)


def _named_so(request: Request[Any, Any, Any]) -> None:
    """Nothing is looked for that no file can be called: the system raises then."""
    if not _FILE.fullmatch(request.scope["path"].rpartition("/")[2]):
        raise NotFoundException


def _no_file(request: Request[Any, Any, Any], _: HTTPException) -> Response[Any]:
    return no_page(request, NotFoundException("The console has no such file"))


def _icon(static: Path) -> HTTPRouteHandler:
    @get("/favicon.svg", include_in_schema=False, sync_to_thread=True)
    def icon() -> Response[bytes]:
        """The mark in the browser's tab."""
        try:
            return Response((static / "favicon.svg").read_bytes(), media_type="image/svg+xml")
        except FileNotFoundError as error:
            raise NotFoundException("The console has not been built") from error

    return icon


def page_handlers(
    sites: frozenset[str], static: Path, cameras: frozenset[str] = frozenset()
) -> list[HTTPRouteHandler | Router]:
    """Handlers of the pages and their assets from the folder `static`."""
    index = static / "index.html"

    def page(status: int) -> Response[str]:
        try:
            text = index.read_text(encoding="utf-8")
        except FileNotFoundError:
            status, text = 503, _NOT_BUILT
        return Response(
            text, status_code=status, media_type="text/html", headers={"cache-control": "no-cache"}
        )

    console = rule(Action.OPEN_CONSOLE, page=True)

    @get("/", opt=console, include_in_schema=False, sync_to_thread=True)
    def home() -> Response[str]:
        """The page with all sites."""
        return page(200)

    def named(path: str, names: frozenset[str]) -> HTTPRouteHandler:
        @get(path, opt=console, include_in_schema=False, sync_to_thread=True)
        def one(name: FromPath[str]) -> Response[str]:
            """The page of one site or camera; it says so itself where there is none so called."""
            return page(200 if name in names else 404)

        return one

    def desk(path: str) -> HTTPRouteHandler:
        # One handler for each: Litestar wraps a handler with several paths once for each of them.
        @get(path, opt=console, include_in_schema=False, sync_to_thread=True)
        def shown() -> Response[str]:
            """One of these; the page itself says what it does not find."""
            return page(200)

        return shown

    places = (named("/sites/{name:str}", sites), named("/cameras/{name:str}", cameras))
    handlers: list[Any] = [home, *places, *(desk(path) for path in _DESK)]
    if (static / "assets").is_dir():
        handlers.append(
            create_static_files_router(
                path="/assets",
                directories=[static / "assets"],
                include_in_schema=False,
                # Vite puts a hash of the content into each name.
                cache_control=CacheControlHeader(max_age=31_536_000, immutable=True),
                before_request=_named_so,
                exception_handlers={404: _no_file},
            )
        )

    handlers.append(_icon(static))
    return handlers
