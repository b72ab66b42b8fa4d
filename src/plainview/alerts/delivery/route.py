"""A route: where notices go, which of them, and when. Frozen values, and pure functions."""

import datetime as dt
import enum
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from plainview.alerts.delivery.notice import ROUTE, Notice
from plainview.alerts.lifecycle import Alert, State
from plainview.alerts.thresholds import Level
from plainview.document.given import read_given
from plainview.errors import DeliveryFailed

MOST_SECRET: Final = 4096
"""Bytes of a secret."""


class RouteKind(enum.StrEnum):
    """How a route hands a notice over."""

    CAP = "cap"
    """CAP 1.2, sent by HTTP POST."""
    FEED = "feed"
    """CAP 1.2 in an Atom feed that this program serves."""
    MQTT = "mqtt"
    WEBHOOK = "webhook"
    EMAIL = "email"


class Secret(Struct, frozen=True):
    """Where a secret stands; it is read when it is needed, so that it can be changed."""

    file: Path | None = None
    env: str = ""

    def read(self) -> str:
        """The secret without blanks around it. Raises DeliveryFailed where there is none."""
        where = f"${self.env}" if self.file is None else str(self.file)
        try:
            if self.file is None:
                found = os.environ.get(self.env, "")
            else:
                found = read_given(self.file, 4 * MOST_SECRET + 1).decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise DeliveryFailed(
                f"the secret cannot be read ({reason})",
                where=where,
                mend="Let Plainview's user read it",
            ) from error
        found = found.strip()
        if not 0 < len(found) <= MOST_SECRET:
            raise DeliveryFailed(
                f"the secret is empty or longer than {MOST_SECRET} signs",
                where=where,
                mend="Put the secret there, and nothing else",
            )
        return found


class Wanted(Struct, frozen=True):
    """Which notices a route takes. What is empty excludes nothing."""

    sites: frozenset[str] = frozenset()
    zones: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    levels: frozenset[Level] = frozenset()
    states: frozenset[State] = frozenset()


class Quiet(Struct, frozen=True):
    """A time of day in which a route says nothing, in the site's time zone."""

    since: dt.time
    until: dt.time
    """Not included. At or before `since`: of the next day."""


class Route(Struct, frozen=True):
    """One way out, as CITY.toml says it."""

    name: str
    kind: RouteKind
    address: str = ""
    """Without user, password or query; empty for a feed."""
    user: str = ""
    secret: Secret | None = None
    """Signs a webhook, opens a feed, or is the password at a broker or mail server."""
    sender: str = ""
    """Whom a CAP message or an e-mail is from."""
    to: tuple[str, ...] = ()
    """Whom an e-mail is for."""
    topic: str = "plainview"
    """What MQTT topics begin with."""
    discovery: str = "homeassistant"
    """What topics of Home Assistant's discovery begin with; empty: none are published."""
    ca_file: Path | None = None
    """Certificates to trust instead of the machine's own."""
    restriction: str = "For the control room of this city only"
    """To whom a CAP message is restricted."""
    public: bool = False
    """Whether CAP messages of actual alerts are for everyone."""
    wanted: Wanted = Wanted()
    quiet: tuple[Quiet, ...] = ()
    most_per_minute: int = 0
    """0: no limit."""
    patience: float = 0.0
    """Seconds for which it must have failed, besides three times in a row, to count as broken."""


class Sender(Protocol):
    """What hands notices over by one route. Owns its connection; used by one thread at a time."""

    def send(self, notice: Notice) -> None:
        """Hand `notice` over. When this returns, whoever is behind the route has taken it.

        Raises DeliveryFailed, or Refused where only this notice was not taken.
        """
        ...

    def tend(self, told: Callable[[], Sequence[Notice]]) -> None:
        """See that who is behind the route is there, where that can be seen without a notice.

        Called every second or so. One that keeps what holds now is given it again in each new
        connection: `told` is what the route has told, the newest alert first. Raises
        DeliveryFailed where nobody is there, StoreError where `told` does.
        """
        ...

    def close(self) -> None:
        """Let go of the connection. May be called twice."""
        ...


class Refused(DeliveryFailed):
    """The other side works, and does not take this one notice."""


def wants(route: Route, notice: Notice) -> bool:
    """Whether `notice` is for `route`.

    That another route is broken matters wherever this one looks, and its end as much as its
    beginning; no route is told that it is broken itself.
    """
    wanted = route.wanted
    if wanted.kinds and notice.kind not in wanted.kinds:
        return False
    if notice.kind == ROUTE:
        return notice.about != route.name
    return (
        (not wanted.sites or notice.site in wanted.sites)
        and (not wanted.zones or notice.zone in wanted.zones)
        and (not wanted.levels or notice.level in wanted.levels)
        and (not wanted.states or notice.state in wanted.states)
    )


def urgent(alert: Alert) -> bool:
    """Whether neither quiet hours nor a rate limit hold back what is told of `alert` now.

    It is escalated, or it is over and was: whoever was woken by it is told of its end.
    """
    was = any(step.state is State.ESCALATED for step in alert.history)
    return alert.state is State.ESCALATED or (was and not alert.open)


def quiet_until(route: Route, timezone: str, now: float) -> float | None:
    """UTC seconds at which the quiet hours that `now` lies in end; None outside of them.

    Hours are those of the site's clock, so that they shift with its summer time.
    """
    zone = ZoneInfo(timezone)
    local = dt.datetime.fromtimestamp(now, tz=zone)
    ends = [_end(quiet, local) for quiet in route.quiet]
    found = [end.timestamp() for end in ends if end is not None]
    # An hour that the clock skips or repeats must not end the quiet in the past.
    return max(*found, now + 1.0) if found else None


def _end(quiet: Quiet, local: dt.datetime) -> dt.datetime | None:
    time = local.time()
    over_night = quiet.until <= quiet.since
    if over_night:
        inside = time >= quiet.since or time < quiet.until
    else:
        inside = quiet.since <= time < quiet.until
    if not inside:
        return None
    day = local.date() + dt.timedelta(days=1 if over_night and time >= quiet.since else 0)
    return dt.datetime.combine(day, quiet.until, tzinfo=local.tzinfo)


def may_send(sent: Sequence[float], most: int, now: float) -> bool:
    """Whether a route that sent at the monotonic seconds `sent` may now, at `most` per minute."""
    return most == 0 or sum(now - at < 60.0 for at in sent) < most
