"""Deliveries on the pages: each route and how it does, a test of it, and feeds for machines."""

from typing import Annotated, Any, Final, Protocol

from litestar import Request, Response, get, post
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.params import PathParameter
from msgspec import Meta, Struct

from plainview.alerts.delivery import cap, feed
from plainview.alerts.delivery.courier import RouteState
from plainview.alerts.delivery.notice import Notice
from plainview.alerts.delivery.route import Route, RouteKind
from plainview.clock import Clock
from plainview.web.access.rules import PUBLIC, Action, rule

_SCHEME: Final = "bearer "
_CHALLENGE: Final = {"www-authenticate": 'Bearer realm="Plainview feeds"'}

Asked = Request[Any, Any, Any]
Name = Annotated[str, PathParameter(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
Key = Annotated[str, PathParameter(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._-]+$")]


class RouteNow(Struct, frozen=True):
    """A route, and how it does."""

    name: str
    kind: RouteKind
    address: Annotated[str, Meta(description="Where to; empty for a feed.")]
    waiting: Annotated[int, Meta(description="Notices that are not delivered yet.")]
    delivered: Annotated[int, Meta(description="Since the start.")]
    failed: Annotated[int, Meta(description="Tries that failed, since the start.")]
    last: Annotated[float | None, Meta(description="UTC seconds of the last delivery.")]
    retry: Annotated[float | None, Meta(description="UTC seconds of the next try.")]
    in_a_row: Annotated[int, Meta(description="Tries that failed since the last delivery.")]
    trouble: Annotated[str, Meta(description="Why the last try failed, and how to mend it.")]
    broken: bool
    takes: Annotated[str, Meta(description="Which alerts it takes, in words.")]


class Tested(Struct, frozen=True):
    """A test that arrived."""

    route: str
    id: str
    said: str


class Deliveries(Protocol):
    """Deliveries as the web layer sees them. Thread-safe."""

    def routes(self) -> list[RouteNow]:
        """Each route and how it does. Raises StoreError."""
        ...

    def test(self, name: str) -> Notice:
        """Send a test by the route `name`. Raises InputError, DeliveryFailed."""
        ...

    def feed(self, name: str, token: str) -> tuple[Route, list[Notice]] | None:
        """The feed `name` and what it holds, newest first; None unless `token` opens it."""
        ...


def route_now(route: Route, state: RouteState, waiting: int) -> RouteNow:
    """`route` for the pages; nothing of its secret."""
    return RouteNow(
        name=route.name,
        kind=route.kind,
        address=route.address,
        waiting=waiting,
        delivered=state.delivered,
        failed=state.failed,
        last=state.last,
        retry=state.retry,
        in_a_row=state.in_a_row,
        trouble=state.trouble,
        broken=state.broken,
        takes=takes(route),
    )


def takes(route: Route) -> str:
    """Which alerts `route` takes and when, in words."""
    wanted = route.wanted
    named = (
        ("of", wanted.sites),
        ("in", wanted.zones),
        ("about", wanted.kinds),
        ("at level", wanted.levels),
        ("when", wanted.states),
    )
    parts = [f"{word} {', '.join(sorted(names))}" for word, names in named if names]
    text = f"Alerts {'; '.join(parts)}" if parts else "All alerts"
    if route.quiet:
        hours = ", ".join(f"{one.since:%H:%M} to {one.until:%H:%M}" for one in route.quiet)
        text += f"; silent {hours}"
    if route.most_per_minute:
        text += f"; {route.most_per_minute} a minute at most"
    return text + ("; escalated ones always" if route.quiet or route.most_per_minute else "")


def delivery_handlers(deliveries: Deliveries, clock: Clock) -> list[Any]:
    """The handlers below /api/v1/routes and /feeds."""
    return [*_route_handlers(deliveries), *_feed_handlers(deliveries, clock)]


def _route_handlers(deliveries: Deliveries) -> list[Any]:
    asked: dict[str, Any] = {"tags": ["deliveries"], "sync_to_thread": True}

    @get("/api/v1/routes", opt=rule(Action.READ_STANDING), **asked)
    def list_routes() -> list[RouteNow]:
        """Each route by which alerts are delivered, and how it does."""
        return deliveries.routes()

    @post("/api/v1/routes/{route:str}/test", opt=rule(Action.TEST_ROUTE), status_code=200, **asked)
    def test_route(route: Name) -> Tested:
        """Send a notice that is marked as a test. 503 says why it did not arrive."""
        notice = deliveries.test(route)
        return Tested(route, notice.id, notice.headline)

    return [list_routes, test_route]


def _feed_handlers(deliveries: Deliveries, clock: Clock) -> list[Any]:
    def opened(request: Asked, name: str) -> tuple[Route, list[Notice]]:
        given = request.headers.get("authorization", "")
        token = given[len(_SCHEME) :].strip() if given.lower().startswith(_SCHEME) else ""
        found = deliveries.feed(name, token)
        if found is None:
            raise NotAuthorizedException(
                "There is no such feed, or this is not its secret: send it as "
                "'Authorization: Bearer SECRET'",
                headers=_CHALLENGE,
            )
        return found

    def address(request: Asked, name: str) -> str:
        return f"{str(request.base_url).rstrip('/')}/feeds/{name}"

    reads: dict[str, Any] = {"opt": PUBLIC, "tags": ["deliveries"], "sync_to_thread": True}

    @get("/feeds/{feed_name:str}", media_type=feed.MEDIA_TYPE, **reads)
    def get_feed(request: Asked, feed_name: Name) -> Response[bytes]:
        """An Atom feed of CAP 1.2 messages, for a machine that holds the feed's secret.

        The secret comes as `Authorization: Bearer SECRET`.
        """
        route, notices = opened(request, feed_name)
        body = feed.document(notices, route, address(request, feed_name), clock.utc())
        return Response(body, media_type=feed.MEDIA_TYPE, headers={"cache-control": "no-store"})

    @get("/feeds/{feed_name:str}/{key:str}", media_type=cap.MEDIA_TYPE, **reads)
    def get_message(request: Asked, feed_name: Name, key: Key) -> Response[bytes]:
        """One CAP 1.2 message of a feed."""
        route, notices = opened(request, feed_name)
        notice = next((one for one in notices if one.key == key), None)
        if notice is None:
            raise NotFoundException(f"The feed holds no message {key!r} (any more)")
        body = cap.document(notice, route)
        return Response(body, media_type=cap.MEDIA_TYPE, headers={"cache-control": "no-store"})

    return [get_feed, get_message]
