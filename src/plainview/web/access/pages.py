"""What the sign-in pages share: rendering without JavaScript, and the steps of signing in."""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import jinja2
import structlog
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie

from plainview.errors import AccessRefused, InputError, PlainviewError
from plainview.web.access.agreement import ProviderError
from plainview.web.access.gate import Gate, TooMany, purpose_refusal
from plainview.web.access.limits import Limits
from plainview.web.access.policy import Worth
from plainview.web.access.rules import Connection, SignInNeeded, person_of
from plainview.web.access.service import Access, client_key
from plainview.web.access.sessions import Session

if TYPE_CHECKING:
    from plainview.web.access.oidc import Oidc

_log = structlog.get_logger(__name__)

FOLDER: Final = Path(__file__).parent / "templates"
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

Asked = Request[Any, Any, Any]


def local_path(wanted: str) -> str:
    """`wanted` if it is a path on these pages, else `/`: nobody is sent elsewhere from here."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    fine = (
        wanted.startswith("/")
        and not wanted.startswith("//")
        and not (parts.scheme or parts.netloc)
        and len(wanted) <= 500
        and wanted.isascii()
        and wanted.isprintable()
        and "\\" not in wanted
        # Never into a path that does something by being asked for.
        and not parts.path.startswith(("/login/", "/logout"))
    )
    return wanted if fine else "/"


class Pages:
    """The templates, and the secret that ties a link's form to its browser."""

    def __init__(self, gate: Gate, limits: Limits) -> None:
        """Share the `gate`'s sessions, and how the `limits` tell clients apart."""
        self.gate, self.limits = gate, limits
        self._secret = secrets.token_bytes(32)
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @property
    def access(self) -> Access:
        """Raises AccessRefused where nobody can sign in."""
        if self.gate.access is None:
            raise AccessRefused(
                "no sign-in is set up here", mend="Everything that is shown here is public"
            )
        return self.gate.access

    @property
    def oidc(self) -> "Oidc":
        """Raises AccessRefused where there is no provider."""
        oidc = self.access.oidc
        if oidc is None:
            raise AccessRefused("no sign-in service is set up here", mend="Use a one-time link")
        return oidc

    def ticket(self, browser: str, token: str) -> str:
        """What the form of a link must carry: nobody else's browser can be made to send it."""
        text = f"{browser}\n{token}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()

    def page(
        self,
        name: str,
        *,
        status: int = 200,
        cookies: list[Cookie] | None = None,
        go: str = "",
        **values: object,
    ) -> Response[str]:
        """The page `name`; with `go` the browser then asks for that path by itself.

        A cookie that is Strict is not sent with a redirection from elsewhere; it is with that.
        """
        text = self._templates.get_template(name).render(go=go, **values)
        return Response(
            text,
            status_code=status,
            media_type=MediaType.HTML,
            cookies=cookies or [],
            headers={"content-security-policy": _POLICY, "cache-control": "no-store"},
        )

    def problem(self, _: Asked, error: PlainviewError) -> Response[str]:
        """One clear page for what went wrong."""
        status = 400 if isinstance(error, InputError) else 503
        if isinstance(error, AccessRefused):
            status = 403
        if isinstance(error, SignInNeeded):
            status = 401
        if isinstance(error, ProviderError):
            status = 502
        what = error.what[:1].upper() + error.what[1:]
        if isinstance(error, TooMany):
            page = self.page("problem.html", status=429, what=what, mend=error.mend)
            page.headers.update(error.headers)
            return page
        return self.page("problem.html", status=status, what=what, mend=error.mend)

    def enter(self, request: Asked, session: Session, token: str, then: str) -> Response[str]:
        """Sign in: a new id whatever the browser had, the old session ended."""
        access = self.access
        old = access.session_of(request, active=False)
        if old is not None:
            access.sessions.close(old)
        _log.info("access.signed_in", role=session.person.role.value, how=session.how)
        cookies = [access.session_cookie(request, token), access.browser_cookie(request, "")]
        return self.page(
            "signed_in.html", cookies=cookies, go=f"/login/purpose?next={quote(then, safe='')}"
        )

    def slow_down(self, request: Asked) -> str:
        """The client's key. Raises TooMany while it must pause after wrong tries."""
        key = client_key(self.limits, request)
        if wait := self.access.pauses.left(key):
            raise TooMany("too many wrong tries", wait)
        return key

    def wrong(self, key: str, how: str) -> None:
        """Count a wrong try of the client `key`."""
        self.access.pauses.failed(key)
        _log.warning("access.refused", how=how, client=key)

    def seen(self, connection: Connection) -> Session:
        """The session of who asks. Raises SignInNeeded."""
        person_of(connection)
        session = self.access.session_of(connection, active=True)
        if session is None:
            raise SignInNeeded("nobody is signed in", mend="Sign in at /login")
        return session

    def choose(self, session: Session, purpose: str) -> None:
        """Choose it. Raises AccessRefused for one that no live assessment has."""
        if purpose and purpose not in self.gate.purposes.all():
            raise purpose_refusal(Worth.ENDED)
        self.access.sessions.choose(session, purpose)
