"""The HTTP application: `/api/v1`, Prometheus, OpenAPI and the console's pages over one store."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar, Response, Router
from litestar.config.compression import CompressionConfig
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import License
from litestar.types import ASGIApp, Method, Receive, Scope, Send
from litestar.types.internal_types import PathParameterDefinition

from plainview import __version__
from plainview.clock import Clock, SystemClock
from plainview.store import Store
from plainview.web.access.gate import Gate
from plainview.web.access.handlers import login_handlers
from plainview.web.access.limits import Limits
from plainview.web.access.rules import check_routes
from plainview.web.access.service import Access
from plainview.web.alerts import Alerts, alert_edge
from plainview.web.alerts_api import alert_handlers
from plainview.web.city.answer import Answers, City
from plainview.web.city.handlers import city_handlers
from plainview.web.deliveries import Deliveries, delivery_handlers
from plainview.web.desk import Desk
from plainview.web.edge import Role, Trouble
from plainview.web.guard import Guard
from plainview.web.heads import Heads
from plainview.web.live import Hub, State
from plainview.web.measured_api import Parts, measured_handlers
from plainview.web.metrics import exposition
from plainview.web.now import site_field, site_place
from plainview.web.pages import STATIC, no_page, page_handlers
from plainview.web.plan import SitePlan
from plainview.web.problems import HANDLERS
from plainview.web.search_api import search_handlers
from plainview.web.view import Views
from plainview.web.view_api import view_handlers
from plainview.web.views import SiteView, check_sites

_DESCRIPTION = """\
Crowd measurements of public cameras, without knowing who anyone is.

Where people are, measurements are for who has signed in (`/login`) and gives a purpose that a live
assessment allows: chosen once, or in the header `Plainview-Purpose`. Each access is recorded. What
changes something carries the session's token in the header `Plainview-CSRF`. A place in which
nobody exists (a demonstration) is open to everyone.

Numbers are SI, times are UTC seconds, positions are metres on a site's ground plane. A count comes
with the ends of its 90 % interval. **A camera that is not healthy or not fresh is never read as an
empty scene**: its ground is listed as `unknown`, and a count is null where nothing is known.
Errors are RFC 9457 problems. No data about a person exists here, and no pixel of a live picture:
a camera's `view` is drawn from an approved picture of the empty scene and from its numbers.
"""


class Application:
    """The ASGI application, and the way to end its live pages before the server stops."""

    def __init__(self, app: ASGIApp, hub: Hub, litestar: Litestar) -> None:
        """Join the guarded `app` with the `hub` of its live pages."""
        self._app = app
        self._hub = hub
        self.litestar = litestar

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        await self._app(scope, receive, send)

    def close(self) -> None:
        """End the live pages, from any thread. The server can then stop without waiting."""
        self._hub.close()


def operation_id(_: object, method: Method, path: list[str | PathParameterDefinition]) -> str:
    """A name of its own for each method of each path: `get_api_v1_sites_by_site`.

    Litestar's own has neither the method nor the function of a handler that runs in a thread, so
    two on one path had one name, and the schema of the whole API was refused.
    """
    parts = [one if isinstance(one, str) else f"by_{one.name}" for one in path]
    return re.sub(r"\W+", "_", "_".join((method.lower(), *parts)))


def _described(answer: Response[Any]) -> Response[Any]:
    """What lies below /schema; what does not is told of as everywhere, not on Litestar's page."""
    if answer.status_code == HTTPStatus.NOT_FOUND:
        raise NotFoundException
    return answer


def create_app(  # noqa: PLR0913 - one keyword for each part that app joins
    *,
    sites: Sequence[SiteView],
    store: Store,
    stats: Callable[[], dict[str, float]] = dict,
    troubles: Callable[[], tuple[Trouble, ...]] = tuple,
    role: Role = "all",
    clock: Clock | None = None,
    hosts: Sequence[str] = (),
    static: Path = STATIC,
    most_live: int = 64,
    access: Access | None = None,
    desk: Desk | None = None,
    alerts: Alerts | None = None,
    deliveries: Deliveries | None = None,
    views: Views | None = None,
    city: City | None = None,
    more: Sequence[Any] = (),
) -> Application:
    """The application over `store` for `sites`.

    `stats` gives counters of bus and intake by name; `readings_per_second` among them is shown.
    `troubles` are the parts of the program that do not do their work now; `role` is what of the
    city runs here.
    `hosts` are names to answer to besides this machine's own; `static` is the built console.
    Without `access` nobody can sign in, and only simulated sites can be seen; `desk` knows the
    purposes and records accesses; `alerts` knows what is watched, `deliveries` where it is told;
    `views` has the redacted pictures; `city` is what all sites add up to. `more` are handlers of
    other parts (portal, ledger, desk); each lies in a public folder or names its action.
    Raises InputError for sites that cannot be shown, PlainviewError for access policies that are
    not valid and for a route that is neither public nor names its action.
    """
    check_sites(tuple(sites))
    clock = clock or SystemClock()
    plans = {site.id: SitePlan(site) for site in sites}
    places = {name: site_place(plan) for name, plan in plans.items()}

    def state_of(plan: SitePlan) -> Callable[[], State]:
        def state() -> State:
            field = site_field(plan, store, clock.utc())
            return State(round(field.t * 1000), msgspec.json.encode(field).decode())

        return state

    def alerts_of(site: str) -> str:
        found = [] if alerts is None else alerts.open(site)
        return msgspec.json.encode([alert_edge(one) for one in found]).decode()

    hub = Hub(
        store,
        {name: state_of(plan) for name, plan in plans.items()},
        alerts_of=None if alerts is None else alerts_of,
        most=most_live,
    )
    gate = Gate(
        tuple(sites),
        access,
        desk,
        clock,
        site_of_alert=(lambda _: None) if alerts is None else alerts.site_of,
    )
    limits = Limits(clock, access.settings.proxies if access else ())

    def metrics(shown: Sequence[SitePlan]) -> bytes:
        whole = city is not None and len(shown) == len(plans)
        totals = city.totals if whole and city is not None else None
        return exposition(shown, store, stats, clock, alerts, deliveries, totals)()

    parts = Parts(plans, places, store, stats, clock, hub, gate, metrics, troubles, role)
    names = {site.id: site.name for site in sites}
    about_alerts = [] if alerts is None else alert_handlers(alerts, gate, clock, names)
    answers = None if city is None else Answers(city, store, stats, clock, alerts)
    by_site = {site.id: site for site in sites}
    about_views = [] if views is None else view_handlers(views, gate, by_site, lambda: hub.closing)
    about_deliveries = [] if deliveries is None else delivery_handlers(deliveries, clock)

    def running(_: Litestar) -> AbstractAsyncContextManager[None]:
        return hub.running()

    litestar = Litestar(
        route_handlers=[
            *measured_handlers(parts),
            *about_alerts,
            *about_views,
            *search_handlers(plans, store, clock),
            *about_deliveries,
            *city_handlers(answers, gate),
            *page_handlers(frozenset(plans), static, frozenset(parts.cameras)),
            *login_handlers(gate, limits, role),
            *more,
        ],
        guards=[gate],
        lifespan=[running],
        exception_handlers={**HANDLERS, 404: no_page},  # type: ignore[dict-item]  # it is invariant
        openapi_config=OpenAPIConfig(
            title="Plainview",
            version=__version__,
            description=_DESCRIPTION,
            license=License(name="AGPL-3.0-or-later"),
            operation_id_creator=operation_id,
            use_handler_docstrings=True,
            openapi_router=Router(
                "/schema", route_handlers=[], include_in_schema=False, after_request=_described
            ),
            render_plugins=[
                JsonRenderPlugin(path=["/", "/openapi.json"]),
                YamlRenderPlugin(path="/openapi.yaml"),
            ],
        ),
        # A compressor would hold back live events.
        compression_config=CompressionConfig(backend="gzip", exclude=["/live$"]),
        logging_config=None,
        # Raised by the few handlers that take a body.
        request_max_body_size=0,
    )
    check_routes(litestar)
    secure = access is not None and access.settings.secure
    return Application(
        Guard(Heads(litestar), hosts=hosts, limits=limits, secure=secure), hub, litestar
    )
