"""The gate before every handler: session, CSRF, policy, purpose, and the mark in the ledger.

A guard of the whole application, so that no route is reached without it. What is refused here was
neither shown nor changed; what passes and shows people's data is in the ledger already.
"""

import asyncio
import contextlib
import hmac
import math
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from litestar import Request
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from msgspec import structs

from plainview.clock import Clock
from plainview.errors import AccessRefused, PlainviewError
from plainview.governance.person import Role
from plainview.web.access.limits import Buckets
from plainview.web.access.policy import Decision, Policy, Resource, Worth
from plainview.web.access.purposes import Purposes, Recorder
from plainview.web.access.rules import (
    DATA,
    SAID,
    Action,
    Connection,
    Rule,
    SignInNeeded,
    Subject,
    Visit,
    is_preflight,
    remember,
    rule_for,
)
from plainview.web.access.service import Access, host_of
from plainview.web.access.sessions import Session
from plainview.web.desk import Desk
from plainview.web.views import SiteView

T = TypeVar("T")

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER: Final = "plainview-csrf"
CSRF_FIELD: Final = "csrf"
PURPOSE_HEADER: Final = "plainview-purpose"
AGAIN: Final = 5.0
"""Seconds after which a live page is looked at again: is it still signed in, is there still a
purpose."""
_FORM: Final = "application/x-www-form-urlencoded"


class TooMany(AccessRefused):
    """Asked too often: again after `wait` seconds."""

    def __init__(self, what: str, wait: float) -> None:
        """`what` there is too much of, which is over in `wait` seconds, more than none."""
        self.seconds = math.ceil(wait)
        super().__init__(what, mend=f"Wait {self.seconds} s")

    @property
    def headers(self) -> dict[str, str]:
        """What tells a program the same (RFC 9110, section 10.2.3)."""
        return {"retry-after": str(self.seconds)}


class Gate:
    """Decides about each request. Owns nothing but what it recorded; safe for one event loop."""

    def __init__(
        self,
        sites: Sequence[SiteView],
        access: Access | None,
        desk: Desk | None,
        clock: Clock,
        policy: Policy | None = None,
        *,
        site_of_alert: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """Without `access` nobody can sign in; without `desk` there is no purpose.

        `site_of_alert` knows the site of an open alert.
        """
        self._site_of_alert = site_of_alert
        self.access = access
        self.policy = policy or Policy()
        self.purposes = Purposes(desk, clock)
        self._recorder = Recorder(desk, clock)
        self._clock = clock
        self._rate = Buckets(clock, rate=50, burst=1000)
        simulated = bool(sites) and all(site.simulated for site in sites)
        self.city = Resource("City", "city", simulated)
        self._sites = {s.id: Resource("Site", s.id, s.simulated) for s in sites}
        self._cameras = {
            camera.id: Resource("Camera", camera.id, site.simulated, site.id)
            for site in sites
            for camera in site.cameras
        }

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Let the request pass, or raise AccessRefused, LedgerError or a redirection to sign in."""
        if is_preflight(handler):
            return
        template = str(connection.scope.get("path_template", ""))
        method = str(connection.scope.get("method", ""))
        rule = rule_for(handler, template, (method,))
        if rule is None:
            raise AccessRefused("nobody may ask for this", where=template)
        unsafe = method not in SAFE
        active = unsafe or rule.page or _counts_as_use(connection, template)
        session = self.session(connection, active=active)
        if unsafe:
            check_origin(connection)
            # Signing in has no session yet: its form is tied to the browser by a ticket.
            if session is not None and rule.action is not None:
                await _check_csrf(connection, session)
        await self._enter(connection, rule, session)

    async def require(self, connection: Connection, action: Action, *, of: Subject) -> None:
        """Also ask for `action`, where an answer needs more than its route's own rule says.

        Raises as the gate does; what `visible` then says is about `action`.
        """
        await self._enter(connection, Rule(action, of), self.session(connection, active=False))

    def utc(self) -> float:
        """UTC seconds."""
        return self._clock.utc()

    def session(self, connection: Connection, *, active: bool) -> Session | None:
        """Whose session this is. Raises TooMany where it asks too often."""
        if self.access is None:
            return None
        session = self.access.session_of(connection, active=active)
        if session is not None and (wait := self._rate.take(session.key)):
            raise TooMany("this session asks too often", wait)
        return session

    def watched(self, connection: Connection, events: AsyncIterator[T]) -> AsyncGenerator[T, None]:
        """`events` for as long as they may still be seen; ends when they may not."""
        rule = rule_for(
            connection.scope["route_handler"], str(connection.scope.get("path_template", "")), ()
        )
        return self._watched(connection, rule or Rule(None), events)

    async def _watched(
        self, connection: Connection, rule: Rule, events: AsyncIterator[T]
    ) -> AsyncGenerator[T, None]:
        looked = self._clock.monotonic()
        async with contextlib.AsyncExitStack() as stack:
            if isinstance(events, AsyncGenerator):
                await stack.enter_async_context(contextlib.aclosing(events))
            async for event in events:
                now = self._clock.monotonic()
                if not 0 <= now - looked < AGAIN:
                    looked = now
                    try:
                        session = self.session(connection, active=False)
                        await self._enter(connection, rule, session)
                    except (PlainviewError, HTTPException):
                        return
                yield event

    def may(self, role: Role | None) -> tuple[str, ...]:
        """Actions that `role` may do to the city, a purpose given where one is needed."""
        return tuple(
            action.value
            for action in Action
            if self.policy.decide(role, action, self.city, Worth.COVERS).allowed
        )

    async def _enter(self, connection: Connection, rule: Rule, session: Session | None) -> None:
        person = session.person if session else None
        asked = connection.headers.get(PURPOSE_HEADER, "")[:400]
        purpose = asked or (session.purpose if session else "")
        visit = Visit(person, purpose)
        action = rule.action
        if action is not None:
            about = self._about(connection, rule)
            if session is None or action not in DATA:
                worths = dict.fromkeys(about, Worth.NONE)
            else:
                worths = await asyncio.to_thread(
                    lambda: {found: self._worth(purpose, found) for found in about}
                )
            role = person.role if person else None
            passed = []
            refused: list[tuple[Decision, Worth]] = []
            for found, worth in worths.items():
                decision = self.policy.decide(role, action, found, worth)
                if decision.allowed:
                    passed.append(found)
                else:
                    refused.append((decision, worth))
            if not passed:
                raise self._refusal(connection, rule, session, refused)
            real = [found for found in passed if not found.simulated]
            if real and action in DATA:
                if session is None:
                    # No policy may let in who cannot be recorded.
                    raise self._refusal(connection, rule, session, refused)
                reference = _reference(rule, real[0])
                await asyncio.to_thread(
                    self._recorder.record, session.key, session.person, purpose, action, reference
                )
            if rule.of == "sites":
                visit = structs.replace(visit, visible=frozenset(found.id for found in passed))
        remember(connection, visit)

    def _worth(self, purpose: str, resource: Resource) -> Worth:
        # Nobody is in it: no purpose is asked for.
        return Worth.NONE if resource.simulated else self.purposes.worth(purpose, resource)

    def _about(self, connection: Connection, rule: Rule) -> list[Resource]:
        """What the request is about. One that does not exist is told of only to who may ask."""
        if rule.of == "city":
            return [self.city]
        if rule.of == "sites":
            return list(self._sites.values())
        name = str(connection.path_params.get(rule.of, ""))
        if rule.of == "alert":
            return [self._sites.get(self._site_of_alert(name) or "", self.city)]
        known = self._sites if rule.of == "site" else self._cameras
        return [known.get(name, self.city)]

    def _refusal(
        self,
        connection: Connection,
        rule: Rule,
        session: Session | None,
        refused: Sequence[tuple[Decision, Worth]],
    ) -> Exception:
        action = rule.action or Action.OPEN_CONSOLE
        if self.access is None:
            return AccessRefused(
                "this is not public, and no sign-in is set up here",
                mend="Start Plainview with 'plainview run'",
            )
        if session is None:
            if rule.page:
                path = quote(str(connection.scope["path"]), safe="/")
                return HTTPException(
                    status_code=303, detail="Sign in", headers={"location": f"/login?next={path}"}
                )
            return SignInNeeded("this is not public: sign in first", mend="Sign in at /login")
        role = session.person.role
        with_purpose = self.policy.decide(role, action, self.city, Worth.COVERS)
        if not with_purpose.allowed or not any("purpose" in d.by for d, _ in refused):
            return AccessRefused(
                f"your role, {role.value.replace('-', ' ')}, may not {SAID[action]}",
                mend="Ask somebody whose role it is",
            )
        return purpose_refusal(refused[0][1])


def purpose_refusal(worth: Worth) -> AccessRefused:
    """Why a purpose does not do, and how to mend it."""
    what = {
        Worth.NONE: "no purpose was given, and nobody sees this without one",
        Worth.ENDED: "no live assessment has the purpose that was given (any more)",
        Worth.ELSEWHERE: "the live assessment with the purpose that was given does not cover this",
        Worth.COVERS: "a purpose does not help here",
    }[worth]
    return AccessRefused(
        what,
        where="purpose",
        mend="Choose a purpose at /login/purpose, or send one in the header Plainview-Purpose",
    )


def check_origin(connection: Connection) -> None:
    """Raise AccessRefused for a changing request that a page elsewhere sent.

    Sec-Fetch-Site where the browser says it; else Origin, which must be this very host. A client
    that is no browser says neither: it has no cookie that a page elsewhere could ride on.
    """
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    foreign = AccessRefused(
        "this came from a page elsewhere", mend="Begin at Plainview's own address"
    )
    if site is not None:
        if site != "same-origin":
            raise foreign
        if origin in {None, "null"}:
            return
    if origin is None:
        return
    try:
        parts = urlsplit(origin)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        raise foreign from None
    name, asked = host_of(connection)
    # Behind a proxy that speaks https the Host header names no port.
    ports = {asked, "443"} if ":" not in connection.headers.get("host", "") else {asked}
    if parts.scheme not in {"http", "https"} or parts.hostname != name or str(port) not in ports:
        raise foreign


async def _check_csrf(connection: Connection, session: Session) -> None:
    """Raise AccessRefused unless header or form carries the session's own token."""
    given = connection.headers.get(CSRF_HEADER, "")
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not given and kind == _FORM and isinstance(connection, Request):
        form: Any = await connection.form()
        field = form.get(CSRF_FIELD, "")
        given = field if isinstance(field, str) else ""
    if not hmac.compare_digest(given.encode(), session.csrf.encode()):
        raise AccessRefused(
            "the form is out of date or came from elsewhere",
            where=CSRF_HEADER,
            mend="Load the page again",
        )


def _counts_as_use(connection: Connection, template: str) -> bool:
    """Whether a reading request shows that somebody is there: a page polls without anyone."""
    return template == "/api/v1/session" or PURPOSE_HEADER in connection.headers


def _reference(rule: Rule, resource: Resource) -> str:
    if rule.of in {"city", "sites"} or resource.kind == "City":
        return "city"
    return f"site:{resource.site or resource.id}"
