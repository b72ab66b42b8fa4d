"""What is told of an alert outside the program: pure functions from an alert to a frozen notice.

A notice is about a place and a number or a scene event. It names nobody, neither in the scene nor
among those who decided, and links to the plan, never to a picture.
"""

import enum
from functools import lru_cache
from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from plainview.alerts.kinds import AlertKind
from plainview.alerts.lifecycle import MOST_STEPS, Alert, State
from plainview.alerts.thresholds import Level
from plainview.errors import UNDECODED, StoreError
from plainview.geometry import Point, on_earth

MOST_EARLIER: Final = 20
"""Earlier revisions that a notice names."""
ROUTE: Final = AlertKind.ROUTE.value
"""The kind of a notice about a route; all others are event kinds."""


class Purpose(enum.StrEnum):
    """How serious a notice is."""

    ACTUAL = "actual"
    EXERCISE = "exercise"
    """The site is not switched to actual yet: nobody is to act on it outside the control room."""
    TEST = "test"
    """Somebody tries whether the route works."""


class Place(Struct, frozen=True):
    """A site as a notice needs it."""

    id: str
    name: str
    origin: tuple[float, float]
    """Longitude and latitude (WGS 84 degrees) of the ground plane's origin."""
    bearing: float = 0.0
    """Compass degrees of the ground plane's y axis."""
    timezone: str = "UTC"
    """Its name in the IANA database."""
    actual: bool = False
    """Whether an operator has switched its alerts from exercise to actual."""


class Earlier(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """An earlier notice about the same."""

    revision: int
    at: float
    """UTC seconds."""


class Notice(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What a route hands over: one step of one alert."""

    id: str
    """The alert's."""
    revision: int
    """Grows with each step of the alert; `id` and `revision` together never mean two things."""
    purpose: Purpose
    site: str
    site_name: str
    timezone: str
    zone: str | None
    """None: the whole site."""
    kind: str
    """An event kind, or ROUTE."""
    about: str
    """The quantity, the kind where it is not about a number, or the route. At most one alert of
    each quantity is open at a time in one zone of a site."""
    level: Level
    state: State
    headline: str
    check: tuple[str, ...]
    """What to check, in plain words."""
    at: Point | None
    """Ground metres, where it is worst."""
    position: tuple[float, float] | None
    """Longitude and latitude of `at`, or of the site; WGS 84 degrees."""
    raised_at: float
    """UTC seconds."""
    updated_at: float
    """UTC seconds of the step."""
    link: str
    """The plan view at that moment; empty where the pages have no address."""
    earlier: tuple[Earlier, ...] = ()
    """Oldest first."""

    @property
    def key(self) -> str:
        """The idempotency key: the same in every try, over restarts, and on every route."""
        return f"{self.id}-{self.revision}"

    @property
    def open(self) -> bool:
        """Whether it is not over."""
        return self.state is not State.CLEARED

    @property
    def where(self) -> str:
        """The place, for people."""
        return self.site_name if self.zone is None else f"{self.site_name}, {self.zone}"


def revision_of(alert: Alert) -> int:
    """The number of the alert's newest step, which grows with each.

    Steps so far plus milliseconds since the first: an alert forgets steps beyond MOST_STEPS, and
    then only time still tells two of its steps apart.
    """
    return _revision(alert, len(alert.history))


def _revision(alert: Alert, steps: int) -> int:
    """Of the alert as it was after `steps` steps of its history."""
    first, last = alert.history[0].at, alert.history[steps - 1].at
    return steps + round(last * 1000) - round(first * 1000)


def notice_of(alert: Alert, place: Place, base: str) -> Notice:
    """The notice about the newest step of `alert`, at `place`; `base` is the pages' address."""
    last = alert.history[-1]
    return Notice(
        id=alert.id,
        revision=revision_of(alert),
        purpose=Purpose.ACTUAL if place.actual else Purpose.EXERCISE,
        site=place.id,
        site_name=place.name,
        timezone=place.timezone,
        zone=alert.zone,
        kind=alert.kind.value,
        about=alert.about,
        level=alert.level,
        state=alert.state,
        headline=alert.message,
        check=alert.check,
        at=alert.at,
        position=on_earth(alert.at or (0.0, 0.0), place.origin, place.bearing),
        raised_at=alert.raised_at,
        updated_at=last.at,
        link=_page(base) if alert.route else link(base, place.id, last.at, alert.id),
        earlier=_earlier(alert),
    )


def _earlier(alert: Alert) -> tuple[Earlier, ...]:
    steps = len(alert.history)
    if steps >= MOST_STEPS:
        # Which steps were forgotten is not known, and so not what their revisions were.
        return (Earlier(1, alert.history[0].at),)
    first = max(steps - MOST_EARLIER, 1)
    return tuple(Earlier(_revision(alert, k), alert.history[k - 1].at) for k in range(first, steps))


def link(base: str, site: str, at: float, alert: str = "") -> str:
    """The address of the plan of `site` as it was at `at` (UTC seconds); empty without `base`."""
    if not base:
        return ""
    about = f"&alert={quote(alert, safe='')}" if alert else ""
    return f"{_plan(base, site)}?at={at:.3f}{about}"


def _page(base: str) -> str:
    """The address of the console's page of routes; empty without `base`."""
    return f"{base.rstrip('/')}/deliveries" if base else ""


@lru_cache(maxsize=1024)
def _plan(base: str, site: str) -> str:
    return f"{base.rstrip('/')}/sites/{quote(site, safe='')}"


def trial(route: str, place: Place, base: str, now: float) -> Notice:
    """A notice marked as a test, about nothing: whether `route` works."""
    return Notice(
        id=f"test-{round(now * 1000):013d}",
        revision=1,
        purpose=Purpose.TEST,
        site=place.id,
        site_name=place.name,
        timezone=place.timezone,
        zone=None,
        kind=ROUTE,
        about=route,
        level=Level.WARNING,
        state=State.RAISED,
        headline=f"Test of the route {route}: nothing has happened.",
        check=("Nothing is to be done: whoever reads this is reached",),
        at=None,
        position=place.origin,
        raised_at=now,
        updated_at=now,
        link=link(base, place.id, now),
    )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Notice)


def packed(notice: Notice) -> bytes:
    """`notice` as the store keeps it."""
    return _encoder.encode(notice)


def unpacked(data: bytes, where: str) -> Notice:
    """The notice that was kept. Raises StoreError where it cannot be read."""
    try:
        return _decoder.decode(data)
    except UNDECODED as error:
        raise StoreError(
            f"a kept notice cannot be read ({error})",
            where=where,
            mend="It was written by another version: go on with that one",
        ) from error
