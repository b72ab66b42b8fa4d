"""A site, an alert and its notice, for tests of deliveries."""

from plainview.alerts import lifecycle
from plainview.alerts.delivery.notice import Notice, Place, notice_of
from plainview.alerts.delivery.route import Route, RouteKind
from plainview.alerts.lifecycle import Alert
from plainview.alerts.thresholds import DEFAULTS, Level, Quantity, Threshold
from plainview.crowd.field import normal

BEGAN = 1_700_000_000.0
PLACE = Place("plaza", "Station plaza", (4.8357, 45.764), 20.0, "Europe/Paris")
BASE = "https://crowd.example"


def threshold(level: Level = Level.ALARM) -> Threshold:
    """The default of density."""
    return next(one for one in DEFAULTS if one.quantity is Quantity.DENSITY and one.level is level)


def alert(name: str = "1700000000000-a", now: float = BEGAN) -> Alert:
    """An alarm that is raised at `now`."""
    return lifecycle.raised(
        name=name,
        site="plaza",
        threshold=threshold(),
        now=now,
        seen=normal(6.1, 0.3),
        at=(4.0, 6.0),
    )


def notice(of: Alert | None = None, place: Place = PLACE) -> Notice:
    """The notice of an alert as it stands."""
    return notice_of(of or alert(), place, BASE)


def broken(name: str, place: Place, why: str, now: float) -> Notice:
    """The notice that the route `name` does not work."""
    return notice_of(lifecycle.stuck(f"{name}-1", place.id, name, now, why), place, BASE)


def route(kind: RouteKind = RouteKind.WEBHOOK, name: str = "out", **changes: object) -> Route:
    """A route from `alerts@city.example`."""
    fields: dict[str, object] = {"sender": "alerts@city.example"} | changes
    return Route(name, kind, **fields)  # type: ignore[arg-type]  # any field of a route
