"""Alerts, quantities and what is usual: answers put before a page, or kept as a server does."""

import itertools
import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route

from plainview.alerts.book import Book, Decision, Filter, Shown
from plainview.alerts.site import Watch
from plainview.alerts.thresholds import DEFAULTS, Quantity, Threshold
from plainview.alerts.watch import Look
from plainview.clock import Clock, SystemClock
from plainview.crowd.field import normal
from plainview.store import Store
from plainview.web.alerts import ZoneQuantities

Json = dict[str, Any]

STATES: Final = {"acknowledge": "acknowledged", "escalate": "escalated", "clear": "cleared"}
PRESSURE_SOURCE: Final = "Helbing, Johansson and Al-Abideen 2007, Phys. Rev. E 75, 046109"
DENSITY_SOURCE: Final = "Still 2014, Introduction to Crowd Science; Fruin 1993"


class StandinAlerts:
    """What one server would tell of its alerts. Answers the page that it is `put_before`."""

    def __init__(self, clock: Clock | None = None) -> None:
        """Nothing was raised yet."""
        self.clock = clock or SystemClock()
        self.alerts: list[Json] = []
        self.watches: list[Json] = []
        self.zones: list[Json] = []
        self.usual: Json | None = None
        self.fields: Callable[[float], Json] | None = None
        """The stored field at a moment; without, the server does not know `at`."""
        self.refusal: tuple[int, str] | None = None
        """Status and detail of every answer about alerts."""
        self.decided: list[tuple[str, str, str]] = []
        """Alert, decision and reason, as they came."""
        self._ids = itertools.count(1)

    def raise_one(self, **changes: Any) -> Json:  # noqa: ANN401 - any field of an alert
        """An alert that is raised now, unless `changes` say otherwise."""
        now = self.clock.utc()
        alert: Json = {
            "id": f"a{next(self._ids):04d}",
            "site": "plaza",
            "zone": "North gate",
            "kind": "density",
            "quantity": "density",
            "level": "alarm",
            "state": "raised",
            "raised_at": now,
            "updated_at": now,
            "cleared_at": None,
            "value": 6.1,
            "low": 5.4,
            "high": 6.8,
            "peak": 6.3,
            "unit": "people/m²",
            "threshold": 5.0,
            "source": DENSITY_SOURCE,
            "at": [4.0, 6.0],
            "cameras": [],
            "confidence": None,
            "unseen_since": None,
            "route": None,
            "message": "It is too dense at North gate to move freely.",
            "check": ["Can people leave at North gate?", "Is entry held back?"],
            "history": [{"at": now, "state": "raised", "who": "Plainview", "why": "over 5.0"}],
        }
        alert |= changes
        self.alerts.insert(0, alert)
        return alert

    def end(self, alert: Json, who: str = "Plainview", why: str = "below its threshold") -> None:
        """Clear it, as the server itself does."""
        self._step(alert, "cleared", who, why)

    def put_before(self, page: Page) -> None:
        """Answer in place of the server what is asked about alerts."""
        page.route("**/api/v1/alerts?*", self._listed)
        page.route("**/api/v1/alerts/*/*", self._decide)
        page.route("**/api/v1/sites/*/watch", lambda route: self._tell(route, self.watches))
        page.route("**/api/v1/sites/*/quantities", self._quantities)
        page.route("**/api/v1/sites/*/usual", self._usual)
        page.route("**/api/v1/sites/*/field?at=*", self._field)

    def _tell(self, route: Route, answer: Any) -> None:  # noqa: ANN401 - any JSON
        if self.refusal is not None:
            self._refuse(route, *self.refusal)
            return
        route.fulfill(status=200, content_type="application/json", body=json.dumps(answer))

    def _refuse(self, route: Route, status: int, detail: str) -> None:
        body = json.dumps({"status": status, "detail": detail})
        route.fulfill(status=status, content_type="application/problem+json", body=body)

    def _listed(self, route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        shown = [one for one in self.alerts if asked.get("site", [one["site"]]) == [one["site"]]]
        if asked["state"] == ["open"]:
            shown = [one for one in shown if one["state"] != "cleared"]
        if asked["state"] == ["cleared"]:
            shown = [one for one in shown if one["state"] == "cleared"]
        if "before" in asked:
            shown = [one for one in shown if one["id"] < asked["before"][0]]
        self._tell(route, shown[: int(asked.get("limit", ["100"])[0])])

    def _decide(self, route: Route) -> None:
        name, decision = urlsplit(route.request.url).path.split("/")[-2:]
        why = (route.request.post_data_json or {}).get("why", "")
        alert = next((one for one in self.alerts if one["id"] == name), None)
        if self.refusal is not None or alert is None or not 1 <= len(why) <= 500:
            self._refuse(route, *(self.refusal or (400, "why: say why in 1 to 500 letters")))
            return
        self.decided.append((name, decision, why))
        self._step(alert, STATES[decision], "demonstration", why)
        self._tell(route, alert)

    def _step(self, alert: Json, state: str, who: str, why: str) -> None:
        now = self.clock.utc()
        alert["state"], alert["updated_at"] = state, now
        alert["cleared_at"] = now if state == "cleared" else None
        alert["history"].append({"at": now, "state": state, "who": who, "why": why})

    def _quantities(self, route: Route) -> None:
        self._tell(route, {"t": self.clock.utc(), "zones": self.zones})

    def _usual(self, route: Route) -> None:
        if self.usual is None:
            self._refuse(route, 404, "Not Found")
        else:
            self._tell(route, self.usual)

    def _field(self, route: Route) -> None:
        if self.fields is None:
            route.continue_()
            return
        at = float(parse_qs(urlsplit(route.request.url).query)["at"][0])
        self._tell(route, self.fields(at))


def watch(state: str, **changes: Any) -> Json:  # noqa: ANN401 - any field of a watch
    """A density alarm at the north gate that is watched."""
    return {
        "zone": "North gate",
        "quantity": "density",
        "level": "alarm",
        "threshold": 5.0,
        "unit": "people/m²",
        "source": DENSITY_SOURCE,
        "state": state,
        "value": 2.1,
        "low": 1.8,
        "high": 2.4,
        "why": "",
    } | changes


def zone(name: str | None, **changes: Any) -> Json:  # noqa: ANN401 - any field of a zone
    """The quantities of a zone, all of them known."""
    return {
        "zone": name,
        "density": {"value": 4.2, "low": 3.8, "high": 4.7},
        "peak": {"value": 6.1, "low": 5.4, "high": 6.8},
        "level": "F",
        "speed": 0.42,
        "flow": 1.1,
        "pressure": {"value": 0.012, "low": 0.004, "high": 0.021},
        "occupancy": {"value": 153.0, "low": 141.2, "high": 166.0},
        "inflow": 34.0,
        "outflow": 12.0,
        "dwell": 410.0,
        "reach": {"value": 300.0, "low": 220.0, "high": 480.0},
        "why": None,
        "facility": "walkway",
    } | changes


class RealAlerts:
    """Alerts as the program keeps them, without what measures: the test says when one rises."""

    def __init__(self, store: Store) -> None:
        """Keep them in `store`."""
        ids = itertools.count()
        self.book = Book(store, SystemClock(), lambda: f"{next(ids):06d}")
        self.warning, self.alarm = (
            one for one in DEFAULTS if one.quantity is Quantity.DENSITY and one.zone is None
        )

    def rise(self, threshold: Threshold, people: float, site: str = "plaza") -> None:
        """A site holds `people`/m² somewhere, which is over `threshold`."""
        look = Look(SystemClock().utc(), normal(people, 0.3), (4.0, 6.0))
        self.book.rise(site, threshold, look)

    def open(self, site: str | None = None) -> list[Shown]:
        """Open alerts."""
        return self.book.open(site)

    def page(self, wanted: Filter, most: int) -> list[Shown]:
        """Those that fit."""
        return self.book.page(wanted, most)

    def site_of(self, alert: str) -> str | None:
        """Its site."""
        found = self.book.find(alert)
        return None if found is None else found.place

    def decide(self, alert: str, decision: Decision, who: str, why: str) -> Shown:
        """What a person decides."""
        return Shown(self.book.decide(alert, decision, who, why), durable=True)

    def watches(self, site: str) -> list[Watch]:
        """None is watched."""
        assert site
        return []

    def quantities(self, site: str) -> list[ZoneQuantities]:
        """None is measured."""
        assert site
        return []
