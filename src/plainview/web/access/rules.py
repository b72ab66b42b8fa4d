"""What a route needs: each names its action and what it is about, or is public by name.

A handler says so in its `opt`; the path parameter that names a site, a camera or an alert is called
`site`, `camera` or `alert`:

    @get("/api/v1/sites/{site:str}/field", opt=rule(Action.READ_NOW, of="site"))
    @post("/api/v1/desk/stops", opt=rule(Action.STOP), request_max_body_size=10_000)
    @get("/healthz", opt=PUBLIC)

Before the handler runs, the gate has found the session, checked origin and CSRF token where the
method changes something, asked the policy, and put the access to data in the ledger.
"""

import enum
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.routes import HTTPRoute
from msgspec import Struct

from plainview.errors import AccessRefused, PlainviewError
from plainview.governance.person import Person

Connection = ASGIConnection[Any, Any, Any, Any]


class Action(enum.StrEnum):
    """Everything that can be asked of the pages. Who may do it stands in policies/*.cedar."""

    READ_NOW = "read-now"
    """What is measured at present."""
    READ_HISTORY = "read-history"
    """What was measured."""
    DECIDE_ALERT = "decide-alert"
    """Acknowledge, escalate or clear an alert."""
    ADMIT_PLATE = "admit-plate"
    """Look at the empty scene that a camera learned, and admit it to the redacted view."""
    READ_SYSTEM = "read-system"
    """How the program itself is doing."""
    READ_METRICS = "read-metrics"
    """The same, for Prometheus, with each camera's last count."""
    OPEN_CONSOLE = "open-console"
    """The console's page, which holds no data of its own."""
    READ_STANDING = "read-standing"
    """What is permitted, suspended, stopped and running, for which purposes, and which parts of the
    program do not do their work. No measurement."""
    READ_DRAFTS = "read-drafts"
    """Assessments that are being written."""
    ASSESS = "assess"
    """Write an assessment, or check one."""
    APPROVE = "approve"
    PUBLISH = "publish"
    STOP = "stop"
    """Press a stop switch."""
    RESUME = "resume"
    """Agree that what was stopped may start again."""
    READ_RELEASES = "read-releases"
    """Requests to open sealed footage, with their cases. No footage."""
    ASK_RELEASE = "ask-release"
    APPROVE_RELEASE = "approve-release"
    TEST_ROUTE = "test-route"
    """Send a notice that is marked as a test by a route of alerts."""
    OWN_SESSION = "own-session"
    """Choose one's purpose."""


SAID: Final[Mapping[Action, str]] = {
    Action.READ_NOW: "look at what is measured now",
    Action.READ_HISTORY: "look at what was measured",
    Action.DECIDE_ALERT: "decide about alerts",
    Action.ADMIT_PLATE: "look at a camera's empty scene or admit it to the redacted view",
    Action.READ_SYSTEM: "look at how the program is doing",
    Action.READ_METRICS: "read the metrics",
    Action.OPEN_CONSOLE: "open the console",
    Action.READ_STANDING: "look at what is permitted, stopped and running",
    Action.READ_DRAFTS: "look at assessments that are being written",
    Action.ASSESS: "write or check an assessment",
    Action.APPROVE: "approve an assessment",
    Action.PUBLISH: "publish an assessment",
    Action.STOP: "press a stop switch",
    Action.RESUME: "agree that what was stopped starts again",
    Action.READ_RELEASES: "look at requests to open sealed footage",
    Action.ASK_RELEASE: "ask that sealed footage be opened",
    Action.APPROVE_RELEASE: "approve that sealed footage is opened",
    Action.TEST_ROUTE: "test a route of alerts",
    Action.OWN_SESSION: "choose a purpose",
}
"""What each is in a sentence: somebody may not do that."""

DATA: Final = frozenset(
    {
        Action.READ_NOW,
        Action.READ_HISTORY,
        Action.READ_SYSTEM,
        Action.READ_METRICS,
        Action.DECIDE_ALERT,
        Action.ADMIT_PLATE,
    }
)
"""Reading these, or deciding about them, needs a purpose and is recorded, unless nobody in the data
exists."""

Subject = Literal["city", "site", "camera", "alert", "sites"]


class Rule(Struct, frozen=True):
    """What one route needs."""

    action: Action | None
    """None: public."""
    of: Subject = "city"
    """What it is about. `sites`: every site that may be read; the handler asks `visible`. `alert`:
    the site of the open alert in its path."""
    page: bool = False
    """A page for people: who has not signed in is sent to the sign-in page."""


_KEY: Final = "access"


def rule(action: Action, *, of: Subject = "city", page: bool = False) -> dict[str, Rule]:
    """The `opt` of a handler that needs `action` on the city, site or camera of its path."""
    return {_KEY: Rule(action, of, page)}


PUBLIC: Final[dict[str, Rule]] = {_KEY: Rule(None)}
"""The `opt` of a handler that everyone may ask."""

PUBLIC_FOLDERS: Final = ("/portal", "/ledger", "/schema", "/assets")
"""Whatever is read (never changed) below these is public."""
PUBLIC_PATHS: Final = ("/favicon.svg", "/api/v1/attestation", "/healthz")

_READS = frozenset({"GET", "HEAD"})


class SignInNeeded(AccessRefused):
    """Nobody is signed in here, and that would be needed."""


class Visit(Struct, frozen=True):
    """Who asks, as the gate found it; the handler's view of the session."""

    person: Person | None
    """None: a visitor who has not signed in."""
    purpose: str
    """`ASSESSMENT@REVISION/AIM`; empty without."""
    visible: frozenset[str] | None = None
    """With a rule of `sites`: the ids of the sites that may be read."""


_VISIT: Final = "plainview.visit"


def remember(connection: Connection, visit: Visit) -> None:
    """Keep `visit` for the handler."""
    scope: dict[str, Any] = connection.scope  # type: ignore[assignment]  # it takes any key
    scope[_VISIT] = visit


def visit_of(connection: Connection) -> Visit:
    """Who asks. Raises AccessRefused where the gate was not passed: a route without a rule."""
    visit = connection.scope.get(_VISIT)
    if not isinstance(visit, Visit):
        raise AccessRefused("this request did not pass the gate")
    return visit


def person_of(connection: Connection) -> Person:
    """The person who asks. Raises SignInNeeded where nobody has signed in."""
    person = visit_of(connection).person
    if person is None:
        raise SignInNeeded("nobody is signed in", mend="Sign in at /login")
    return person


def visible(connection: Connection, site: str) -> bool:
    """Whether `site` may be shown in an answer about several sites."""
    allowed = visit_of(connection).visible
    return allowed is not None and site in allowed


def rule_for(handler: BaseRouteHandler, path: str, methods: Iterable[str]) -> Rule | None:
    """The rule of the route at `path`; None where there is none, and then nothing is answered."""
    found = handler.opt.get(_KEY)
    if isinstance(found, Rule):
        return found
    below = any(path == folder or path.startswith(f"{folder}/") for folder in PUBLIC_FOLDERS)
    if (below or path in PUBLIC_PATHS) and _READS.issuperset(methods):
        return Rule(None)
    return None


def check_routes(app: Litestar) -> None:
    """Raise PlainviewError, naming it, for a route that is neither public nor has an action."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            raise PlainviewError("a route of a kind that no rule covers", where=route.path)
        for handler in route.route_handlers:
            if is_preflight(handler):
                continue
            if rule_for(handler, route.path, handler.http_methods) is None:
                raise PlainviewError(
                    "a route that is neither public nor names its action",
                    where=f"{', '.join(sorted(handler.http_methods))} {route.path}",
                    mend="Give its handler opt=rule(Action....) or opt=PUBLIC",
                )


def is_preflight(handler: BaseRouteHandler) -> bool:
    """Whether this is the answer to OPTIONS that Litestar makes: it lists methods, no more."""
    return isinstance(handler, HTTPRouteHandler) and set(handler.http_methods) == {"OPTIONS"}
