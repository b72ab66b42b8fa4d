"""The API of alerts: which are open, what is watched, and what people decide about them."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody, PathParameter, QueryParameter

from plainview.alerts.book import Decision, Filter
from plainview.alerts.lifecycle import Alert
from plainview.clock import Clock
from plainview.web.access.gate import Gate
from plainview.web.access.rules import Action, rule, visible, visit_of
from plainview.web.alerts import (
    AlertEdge,
    Alerts,
    CallsEdge,
    Decided,
    QuantitiesEdge,
    WatchEdge,
    alert_edge,
    calls_edge,
    watch_edge,
)

NOBODY: Final = "demonstration"
"""Who decides where nobody has signed in: only where nobody in the data exists."""
_SMALL: Final = 10_000

Asked = Request[Any, Any, Any]
Site = Annotated[str, PathParameter(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
Id = Annotated[str, PathParameter(min_length=1, max_length=96, pattern=r"^[A-Za-z0-9._-]+$")]


def alert_handlers(alerts: Alerts, gate: Gate, clock: Clock, sites: Mapping[str, str]) -> list[Any]:
    """The handlers of alerts; `sites` are the names of those that there are, by id."""
    return [*_reading(alerts, gate, clock, sites), *_deciding(alerts)]


def _seen(request: Asked, alert: Alert) -> bool:
    """Whether who asks may see `alert`: what is of no place, whoever may see any."""
    return alert.place is None or visible(request, alert.place)


def _reading(alerts: Alerts, gate: Gate, clock: Clock, sites: Mapping[str, str]) -> list[Any]:
    reads: dict[str, Any] = {"tags": ["alerts"], "sync_to_thread": True}
    of_site = rule(Action.READ_NOW, of="site")

    def known(site: str) -> str:
        if site not in sites:
            raise NotFoundException(f"There is no site {site!r}: see /api/v1/sites")
        return site

    @get("/api/v1/alerts", opt=rule(Action.READ_NOW, of="sites"), tags=["alerts"])
    async def list_alerts(
        request: Asked,
        which: Annotated[Literal["open", "cleared", "all"], QueryParameter(name="state")] = "open",
        site: Annotated[str | None, QueryParameter(max_length=64)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 200,
        before: Annotated[
            str | None,
            QueryParameter(max_length=96, description="The last id of the page before this one."),
        ] = None,
    ) -> list[AlertEdge]:
        """Alerts, newest first: open ones (raised, acknowledged, escalated), those cleared, or all.

        A page with fewer than `limit` is the last. Those that are over are history: who may not
        read what was measured does not get them.
        """
        asked = sites if site is None else (site,)
        wanted = Filter(
            sites=tuple(one for one in asked if visible(request, one)),
            nowhere=site is None,
            over=which == "cleared",
            before=before,
        )
        if which == "open":
            found = await asyncio.to_thread(alerts.open, site)
            found = [one for one in found if wanted.fits(one.alert)][:limit]
        else:
            await gate.require(request, Action.READ_HISTORY, of="sites")
            found = await asyncio.to_thread(alerts.page, wanted, limit)
        return [alert_edge(one) for one in found]

    @get("/api/v1/alerts/calling", opt=rule(Action.READ_NOW, of="sites"), **reads)
    def list_calls(request: Asked) -> CallsEdge:
        """How many alerts are open, and the gravest of those that nobody has acknowledged."""
        shown = [one for one in alerts.open() if _seen(request, one.alert)]
        return calls_edge(shown, sites)

    @get("/api/v1/sites/{site:str}/watch", opt=of_site, **reads)
    def list_watches(site: Site) -> list[WatchEdge]:
        """Every threshold of the site: where it stands, and why it cannot be told or is off."""
        return [watch_edge(watch) for watch in alerts.watches(known(site))]

    @get("/api/v1/sites/{site:str}/quantities", opt=of_site, **reads)
    def get_quantities(site: Site) -> QuantitiesEdge:
        """What is measured in each zone now, the whole site first."""
        return QuantitiesEdge(clock.utc(), alerts.quantities(known(site)))

    return [list_alerts, list_calls, list_watches, get_quantities]


def _deciding(alerts: Alerts) -> list[Any]:
    def decide(request: Asked, name: str, decision: Decision, why: str) -> AlertEdge:
        person = visit_of(request).person
        who = NOBODY if person is None else person.name
        return alert_edge(alerts.decide(name, decision, who, why))

    changes: dict[str, Any] = {
        "opt": rule(Action.DECIDE_ALERT, of="alert"),
        "tags": ["alerts"],
        "sync_to_thread": True,
        "status_code": 200,
        "request_max_body_size": _SMALL,
    }

    @post("/api/v1/alerts/{alert:str}/acknowledge", **changes)
    def acknowledge(request: Asked, alert: Id, data: JSONBody[Decided]) -> AlertEdge:
        """Somebody looks at it. Its history says who and why."""
        return decide(request, alert, "acknowledge", data.why)

    @post("/api/v1/alerts/{alert:str}/escalate", **changes)
    def escalate(request: Asked, alert: Id, data: JSONBody[Decided]) -> AlertEdge:
        """It goes to those above."""
        return decide(request, alert, "escalate", data.why)

    @post("/api/v1/alerts/{alert:str}/clear", **changes)
    def clear(request: Asked, alert: Id, data: JSONBody[Decided]) -> AlertEdge:
        """It is over. Still past its threshold, it is raised again only after it was below."""
        return decide(request, alert, "clear", data.why)

    return [acknowledge, escalate, clear]
