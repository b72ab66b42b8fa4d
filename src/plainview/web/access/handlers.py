"""The handlers below /login, /logout and /api/v1/session."""

import asyncio
import hmac
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, JSONBody, QueryParameter
from msgspec import Struct

from plainview.errors import AccessRefused, PlainviewError
from plainview.governance.person import Role
from plainview.web.access.agreement import ProviderError
from plainview.web.access.gate import Gate
from plainview.web.access.limits import Limits
from plainview.web.access.pages import FOLDER, Asked, Pages, local_path
from plainview.web.access.rules import PUBLIC, Action, rule
from plainview.web.access.service import host_of
from plainview.web.desk import PurposeEdge
from plainview.web.edge import Role as Machine

_FORM_BYTES: Final = 8192
_JSON_BYTES: Final = 2048

Form = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
Text = Annotated[str, QueryParameter(max_length=2048)]
Next = Annotated[str, QueryParameter(name="next")]


class SessionEdge(Struct, frozen=True):
    """Who asks, what they may do, and what a changing request must carry."""

    role: Role | None
    """None: not signed in."""
    name: str | None
    purpose: str | None
    """Id of the purpose that was chosen."""
    purposes: list[PurposeEdge]
    """Those that live assessments allow; empty unless signed in."""
    may: list[str]
    """Actions that the role may do, with a purpose where one is needed."""
    csrf: str | None
    """Send it in the header Plainview-CSRF with every POST, PUT, PATCH and DELETE."""
    expires: float | None
    """UTC seconds at which the session ends if nobody does anything."""
    sign_in: bool
    """Whether there is a way to sign in here."""
    machine: Machine
    """What of the city runs here: at a `site` nothing that is measured is stored or watched."""


class PurposeChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """The purpose from now on."""

    purpose: str


class SignedOut(Struct, frozen=True):
    """Where to go on after signing out."""

    login: str
    provider: str
    """Where one can sign out of the city's sign-in service too; empty without."""


def login_handlers(gate: Gate, limits: Limits, machine: Machine = "all") -> list[Any]:
    """The pages below /login, /logout, and /api/v1/session."""
    pages = Pages(gate, limits)
    refused: dict[Any, Any] = {PlainviewError: pages.problem}
    return [*_sign_in(pages, refused), *_link(pages, refused), *_session(pages, refused, machine)]


def _sign_in(pages: Pages, refused: dict[Any, Any]) -> list[Any]:
    page: dict[str, Any] = {"include_in_schema": False, "exception_handlers": refused}

    @get("/login", opt=PUBLIC, sync_to_thread=True, **page)
    def login(request: Asked, next_: Next = "/") -> Any:  # noqa: ANN401 - a page
        """How one can sign in; who has is shown as whom."""
        access = pages.access
        session = access.session_of(request, active=True)
        if session is not None:
            return pages.page(
                "signed_in.html",
                session=session,
                purpose=pages.gate.purposes.all().get(session.purpose),
                minutes=round(access.sessions.left(session) / 60),
            )
        return pages.page(
            "login.html",
            next=local_path(next_),
            oidc=urlsplit(access.oidc.issuer).hostname if access.oidc else "",
            links=access.settings.links != "off",
            insecure=access.secure(request) and not access.settings.secure,
            left="left" in request.query_params,
        )

    @get("/login/login.css", opt=PUBLIC, include_in_schema=False, sync_to_thread=True)
    def style() -> Response[bytes]:
        """How the pages look."""
        return Response(
            (FOLDER / "login.css").read_bytes(),
            media_type="text/css",
            headers={"cache-control": "max-age=3600"},
        )

    @get("/login/oidc", opt=PUBLIC, status_code=303, **page)
    async def begin(request: Asked, next_: Next = "/") -> Response[None]:
        """On to the city's sign-in service."""
        oidc, access = pages.oidc, pages.access
        then = local_path(next_)
        own = urlsplit(access.settings.url)
        port = str(own.port or {"http": 80, "https": 443}.get(own.scheme, 0))
        name, asked = host_of(request)
        if (own.hostname, port) not in {(name, asked), (name, "443")}:
            # The service sends people back to that address, where their cookie must be.
            return Response(
                None, status_code=303, headers={"location": f"{access.settings.url}/login"}
            )
        cookie = access.browser_cookie(request)
        url = await oidc.begin(cookie.value or "", then)
        headers = {"location": url, "cache-control": "no-store"}
        return Response(None, status_code=303, headers=headers, cookies=[cookie])

    @get("/login/callback", opt=PUBLIC, **page)
    async def finish(request: Asked) -> Response[str]:
        """Back from the city's sign-in service."""
        access = pages.access
        key = pages.slow_down(request)
        answer = {name: value for name, value in request.query_params.items() if len(value) < 4096}
        try:
            identity = await pages.oidc.finish(access.browser_of(request), answer)
        except AccessRefused as error:
            if not isinstance(error, ProviderError):
                pages.wrong(key, "oidc")
            raise
        token, session = access.sessions.open(identity.person, identity.shown, "oidc")
        return pages.enter(request, session, token, identity.then)

    return [login, style, begin, finish]


def _link(pages: Pages, refused: dict[Any, Any]) -> list[Any]:
    # Not sync_to_thread: Litestar 2.25 wraps it twice where two handlers share one path.
    page: dict[str, Any] = {"include_in_schema": False, "exception_handlers": refused}
    gone = AccessRefused(
        "this link is not valid: it was used, is older than ten minutes, or was mistyped",
        mend="Run 'plainview login' for another one",
    )

    @get("/login/link", opt=PUBLIC, **page)
    async def show(request: Asked, token: Text = "") -> Response[str]:
        """Whom a link signs in. Looking does not use it up."""
        access = pages.access
        access.check_link_client(request)
        key = pages.slow_down(request)
        link = await asyncio.to_thread(access.links.look, token)
        if link is None:
            pages.wrong(key, "link")
            raise gone
        cookie = access.browser_cookie(request)
        ticket = pages.ticket(cookie.value or "", token)
        return pages.page("link.html", cookies=[cookie], link=link, token=token, ticket=ticket)

    @post(
        "/login/link",
        opt=PUBLIC,
        status_code=200,
        request_max_body_size=_FORM_BYTES,
        **page,
    )
    async def use(request: Asked, data: Form) -> Response[str]:
        """Sign in, and use the link up."""
        access = pages.access
        access.check_link_client(request)
        key = pages.slow_down(request)
        token, ticket = data.get("token", ""), data.get("ticket", "")
        browser = access.browser_of(request)
        if not browser:
            raise AccessRefused(
                "your browser kept no cookie for this page",
                mend="Allow cookies; from another machine use the https address",
            )
        if not hmac.compare_digest(ticket, pages.ticket(browser, token)):
            pages.wrong(key, "link")
            raise AccessRefused("this form came from elsewhere", mend="Open the link again")
        link = await asyncio.to_thread(access.links.use, token)
        if link is None:
            pages.wrong(key, "link")
            raise gone
        fresh, session = access.sessions.open(link.person, link.person.name, "link")
        return pages.enter(request, session, fresh, "/")

    return [show, use]


def _session(pages: Pages, refused: dict[Any, Any], machine: Machine) -> list[Any]:
    gate = pages.gate
    page: dict[str, Any] = {"include_in_schema": False, "exception_handlers": refused}

    @get("/login/purpose", opt=rule(Action.OWN_SESSION, page=True), **page)
    async def ask(request: Asked, next_: Next = "/") -> Response[str]:
        """Which purposes there are."""
        return pages.page(
            "purpose.html",
            session=pages.seen(request),
            purposes=await asyncio.to_thread(gate.purposes.sorted),
            next=local_path(next_),
        )

    @post(
        "/login/purpose",
        opt=rule(Action.OWN_SESSION, page=True),
        status_code=303,
        request_max_body_size=_FORM_BYTES,
        **page,
    )
    async def choose(request: Asked, data: Form) -> Response[None]:
        """Choose one, and go on."""
        await asyncio.to_thread(pages.choose, pages.seen(request), data.get("purpose", ""))
        headers = {"location": local_path(data.get("next", "")), "cache-control": "no-store"}
        return Response(None, status_code=303, headers=headers)

    @post(
        "/logout",
        opt=rule(Action.OWN_SESSION),
        status_code=200,
        request_max_body_size=_FORM_BYTES,
        **page,
    )
    async def leave(request: Asked) -> Response[Any]:
        """End the session here, and say where the provider's own can be ended."""
        access = pages.access
        session = pages.seen(request)
        access.sessions.close(session)
        provider = ""
        if session.how == "oidc" and access.oidc is not None:
            provider = await access.oidc.end_session(f"{access.settings.url}/login?left=1")
        cookies = [access.session_cookie(request, "")]
        if "json" in request.headers.get("accept", ""):
            return Response(SignedOut("/login?left=1", provider), cookies=cookies)
        oidc = urlsplit(access.oidc.issuer).hostname if access.oidc else ""
        return pages.page("left.html", cookies=cookies, provider=provider, oidc=oidc)

    @get("/api/v1/session", tags=["session"], opt=PUBLIC, sync_to_thread=True)
    def get_session(request: Asked) -> SessionEdge:
        """Who is signed in here, what they may do, and for which purposes."""
        return _session_edge(pages, request, machine)

    @post(
        "/api/v1/session/purpose",
        tags=["session"],
        opt=rule(Action.OWN_SESSION),
        status_code=200,
        request_max_body_size=_JSON_BYTES,
        sync_to_thread=True,
    )
    def set_purpose(request: Asked, data: JSONBody[PurposeChoice]) -> SessionEdge:
        """Choose the purpose of what is asked for from now on; empty for none."""
        pages.choose(pages.seen(request), data.purpose)
        return _session_edge(pages, request, machine)

    return [ask, choose, leave, get_session, set_purpose]


def _session_edge(pages: Pages, request: Asked, machine: Machine) -> SessionEdge:
    gate, access = pages.gate, pages.gate.access
    session = None if access is None else access.session_of(request, active=True)
    if access is None or session is None:
        return SessionEdge(
            role=None,
            name=None,
            purpose=None,
            purposes=[],
            may=list(gate.may(None)),
            csrf=None,
            expires=None,
            sign_in=access is not None,
            machine=machine,
        )
    return SessionEdge(
        role=session.person.role,
        name=session.shown,
        purpose=session.purpose or None,
        purposes=gate.purposes.sorted(),
        may=list(gate.may(session.person.role)),
        csrf=session.csrf,
        expires=gate.utc() + access.sessions.left(session),
        sign_in=True,
        machine=machine,
    )
