"""`/api/v1/city`: the city at this moment, for the sites that the visitor's purpose covers."""

from typing import Any

from litestar import Request, get
from litestar.exceptions import NotFoundException

from plainview.web.access.gate import Gate
from plainview.web.access.rules import Action, rule, visit_of
from plainview.web.city.answer import Answers
from plainview.web.city.edge import CityNow


def city_handlers(answers: Answers | None, gate: Gate) -> list[Any]:
    """The one handler; without `answers` it says that there is no city."""

    @get("/api/v1/city", opt=rule(Action.READ_NOW), tags=["city"], sync_to_thread=True)
    def get_city(request: Request[Any, Any, Any]) -> CityNow:
        """The city now: people with intervals by district, the densest sites, what is amiss.

        Costs the same however many cameras there are. A total never goes without the share of the
        ground that it is about: where a camera is not believed, its ground is not known, and nobody
        is counted there. Where cameras of a site overlap, each counts with its share of the ground;
        the site's own field weighs by certainty instead, so the two may differ a little there. The
        intervals of the totals assume that errors of two sites correlate (`bounds`). Who looks for
        a purpose that covers some sites is told of those alone (`part`).
        """
        if answers is None:
            raise NotFoundException("This server does not add up a city")
        purpose, sites = visit_of(request).purpose, None
        if not gate.city.simulated:
            found = gate.purposes.all().get(purpose)
            sites = frozenset(found.sites) if found else frozenset()
        return answers.now(purpose, sites)

    return [get_city]
