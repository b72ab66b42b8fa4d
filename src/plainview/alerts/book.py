"""The alerts that are open: durable before anybody sees them, and never lost by a restart."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, Protocol

import structlog

from plainview.alerts import lifecycle
from plainview.alerts.kinds import OF_NO_PLACE, AlertKind
from plainview.alerts.lifecycle import SELF, Alert, State
from plainview.alerts.patience import Patience, Patiences, patience_of
from plainview.alerts.thresholds import Threshold
from plainview.alerts.watch import Look
from plainview.clock import FOREVER, Clock
from plainview.errors import InputError, StoreError
from plainview.store import KeptDelivery, Store
from plainview.store.search import AlertQuery, Place

Decision = Literal["acknowledge", "escalate", "clear"]
Key = tuple[str, str | None, str]
"""Of `Alert.key`."""
Group = tuple[str, str]
"""A site, and a kind of alert: what one happening at least has in common."""
REMEMBERED: Final = 900.0
"""Seconds for which, over a restart, an alert that a person has cleared is not raised again before
its number was below. Longer ago, it is."""
_SAVE = 10.0
"""Seconds between two writings of a peak that grows."""
_MOST_OPEN = 10_000
_DECISIONS: Final[Mapping[Decision, Callable[[Alert, float, str, str], Alert]]] = {
    "acknowledge": lifecycle.acknowledged,
    "escalate": lifecycle.escalated,
    "clear": lifecycle.cleared,
}
_log = structlog.get_logger(__name__)


class Outgoing(Protocol):
    """Who tells others of alerts. Thread-safe, and never waits for anybody."""

    def prepare(self, alert: Alert) -> Sequence[KeptDelivery]:
        """What is to be told of `alert` as it stands: written in one step with it."""
        ...

    def take(self, deliveries: Sequence[KeptDelivery], *, durable: bool) -> None:
        """They are written, or (not `durable`) could not be and are to be told all the same."""
        ...


class _Nobody:
    def prepare(self, alert: Alert) -> Sequence[KeptDelivery]:
        del alert
        return ()

    def take(self, deliveries: Sequence[KeptDelivery], *, durable: bool) -> None:
        pass


class Shown(NamedTuple):
    """An alert, and whether it would be there after a power cut."""

    alert: Alert
    durable: bool


class Filter(NamedTuple):
    """Which alerts are asked for; all that is said must hold."""

    sites: tuple[str, ...] | None = None
    """Those that it may be about; None: any."""
    nowhere: bool = True
    """What is of no place, too."""
    over: bool = False
    """Only what is over."""
    before: str | None = None
    """Ids below this one: those that follow a page which ended with it."""

    def fits(self, alert: Alert) -> bool:
        """Whether it is one of them."""
        if alert.place is None:
            there = self.nowhere
        else:
            there = self.sites is None or alert.place in self.sites
        earlier = self.before is None or alert.id < self.before
        return there and earlier and not (self.over and alert.open)


def _query(wanted: Filter, most: int) -> AlertQuery:
    """What `wanted` is for the store."""
    return AlertQuery(
        places=None if wanted.sites is None else tuple(Place(site, ()) for site in wanted.sites),
        since=0,
        until=FOREVER,
        kinds=tuple(kind for kind in AlertKind if kind not in OF_NO_PLACE),
        anywhere=tuple(OF_NO_PLACE) if wanted.nowhere else (),
        states=(State.CLEARED,) if wanted.over else (),
        before=wanted.before,
        most=most,
    )


class Book:
    """Owns the open alerts of all sites, in memory and in the store. Thread-safe.

    What the program raises or clears is written first. Where the store takes nothing, an alert is
    shown all the same, marked as not durable, and written as soon as that can be: a full disk must
    not hide a crush. What a person decides is refused then, and nothing changes.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        token: Callable[[], str],
        *,
        patience: Patiences | None = None,
        outgoing: Outgoing | None = None,
    ) -> None:
        """Go on with what `store` holds. `token` makes the end of an id, of at most 32 signs.

        Where `patience` says nothing, its defaults hold. Without `outgoing` nobody else is told.
        Raises StoreError.
        """
        self._store, self._clock, self._token = store, clock, token
        self._patience = dict(patience or {})
        self._outgoing: Outgoing = _Nobody() if outgoing is None else outgoing
        self._lock = threading.RLock()
        self._open: dict[Key, Alert] = {}
        self._of_group: dict[Group, dict[str, Alert]] = {}
        """Those of them that are about no number, by id."""
        self._waiting: dict[str, Alert] = {}
        """Alerts by id that could not be written yet, the newest of each."""
        self._unheeded: dict[str, float] = {}
        """Monotonic seconds since which an alert waits to be acknowledged."""
        self._saved: dict[str, tuple[float, float | None]] = {}
        """When an open alert was last written, monotonic seconds, and its peak then."""
        self._handed: set[Key] = set()
        self.trouble = ""
        """Why not everything is durable; empty while it is."""
        self._load()

    def _load(self) -> None:
        utc, now = self._clock.utc(), self._clock.monotonic()
        for kept in self._store.alerts(only_open=True, most=_MOST_OPEN):
            alert = lifecycle.unpacked(kept)
            if alert.key not in self._open:
                self._keep(alert)
            waited = min(max(utc - lifecycle.since(alert), 0.0), self.patience(alert).escalate)
            if alert.state is State.RAISED:
                self._unheeded[alert.id] = now - waited
        for kept in self._store.alerts(most=1000):
            alert = lifecycle.unpacked(kept)
            end = alert.history[-1]
            recent = abs(utc - end.at) < REMEMBERED
            over = not alert.open and alert.quantity is not None and alert.key not in self._open
            if over and end.who != SELF and recent:
                self._handed.add(alert.key)

    def patience(self, alert: Alert) -> Patience:
        """How long `alert` may wait."""
        return patience_of(self._patience, alert.site, alert.zone)

    # --- asked -----------------------------------------------------------------------------------

    def open(self, site: str | None = None) -> list[Shown]:
        """Open alerts about `site` (None: all, of no place too), newest first."""
        with self._lock:
            found = [a for a in self._open.values() if site is None or a.place == site]
            return [
                Shown(alert, alert.id not in self._waiting)
                for alert in sorted(found, key=lambda alert: alert.id, reverse=True)
            ]

    def page(self, wanted: Filter, most: int) -> list[Shown]:
        """The newest `most` alerts that fit `wanted`, the newest first. Raises StoreError.

        Fewer only where there are no more: what does not fit is left out before it is cut.
        """
        with self._lock:
            kept = map(lifecycle.unpacked, self._store.find_alerts(_query(wanted, most)))
            found = {alert.id: Shown(alert, durable=True) for alert in kept}
            for alert in self._waiting.values():
                found[alert.id] = Shown(alert, durable=False)
            found |= {shown.alert.id: shown for shown in self.open()}
        fitting = (found[name] for name in sorted(found, reverse=True))
        return [shown for shown in fitting if wanted.fits(shown.alert)][:most]

    def find(self, name: str) -> Alert | None:
        """The open alert of that id."""
        with self._lock:
            return next((alert for alert in self._open.values() if alert.id == name), None)

    def of(self, key: Key) -> Alert | None:
        """The open alert about `key`."""
        with self._lock:
            return self._open.get(key)

    def handed_back(self, site: str) -> set[Key]:
        """What persons have cleared at `site` since this was last asked."""
        with self._lock:
            found = {key for key in self._handed if key[0] == site}
            self._handed -= found
            return found

    # --- told by what watches --------------------------------------------------------------------

    def rise(self, site: str, threshold: Threshold, look: Look) -> Alert:
        """A threshold was passed: raise an alert, or let the open one about the same call again."""
        now = self._clock.utc()
        with self._lock:
            before = self._open.get((site, threshold.zone, threshold.quantity))
            if before is None:
                alert = lifecycle.raised(
                    name=self.name(),
                    site=site,
                    threshold=threshold,
                    now=now,
                    seen=look.seen,
                    at=look.at,
                )
            else:
                alert = lifecycle.risen(
                    lifecycle.looked(before, now, look.seen, look.at), threshold, now
                )
            self._write([alert])
            self._keep(alert)
            return alert

    def name(self) -> str:
        """An id for an alert that is raised now."""
        return f"{round(self._clock.utc() * 1000):013d}-{self._token()}"

    def revise(
        self,
        groups: Iterable[Group],
        change: Callable[[list[Alert]], Sequence[Alert]],
        *,
        heard: int = 0,
    ) -> None:
        """Keep the alerts that `change` makes of the open ones of `groups`; none of them is over.

        They and all news of events up to number `heard` are one step: after a restart it was heard
        if, and only if, the alerts are there.
        """
        with self._lock:
            found = [a for group in groups for a in self._of_group.get(group, {}).values()]
            changed = change(found)
            self._write(changed, heard)
            for alert in changed:
                self._keep(alert)

    def looked(self, key: Key, look: Look) -> None:
        """The newest number of an open alert. Its peak is written now and then, not each time."""
        with self._lock:
            before = self._open.get(key)
            if before is None:
                return
            alert = lifecycle.looked(before, self._clock.utc(), look.seen, look.at)
            self._open[key] = alert
            at, peak = self._saved.get(alert.id, (float("-inf"), before.peak))
            if alert.peak != peak and self._clock.monotonic() - at >= _SAVE:
                self._write([alert])

    def step(self, key: Key, change: Callable[[Alert, float], Alert]) -> None:
        """Something is noticed about an open alert; `change` is given UTC seconds and ends none."""
        with self._lock:
            before = self._open.get(key)
            if before is not None:
                alert = change(before, self._clock.utc())
                self._write([alert])
                self._keep(alert)

    def fall(self, key: Key, why: str) -> None:
        """It is over."""
        with self._lock:
            before = self._open.get(key)
            if before is not None:
                alert = lifecycle.cleared(before, self._clock.utc(), SELF, why)
                self._write([alert])
                self._keep(alert)

    def tick(self) -> None:
        """Escalate what nobody heeds, and try again to write what could not be written."""
        now = self._clock.monotonic()
        with self._lock:
            for alert in list(self._open.values()):
                since = self._unheeded.get(alert.id)
                allowed = self.patience(alert).escalate
                if since is not None and now - since >= allowed:
                    why = f"nobody acknowledged it for {allowed:.0f} s"
                    done = lifecycle.escalated(alert, self._clock.utc(), SELF, why)
                    self._write([done])
                    self._keep(done)
            for alert in list(self._waiting.values()):
                if not self._write([alert]):
                    return
            self.trouble = ""

    # --- told by people --------------------------------------------------------------------------

    def decide(self, name: str, decision: Decision, who: str, why: str) -> Alert:
        """What a person decides about an open alert. Durable on return.

        Of two who decide at once both are in its history, in the order in which they came. Raises
        InputError where there is no open alert `name` or no reason is given, StoreError where it
        cannot be written; then nothing has changed.
        """
        with self._lock:
            before = self.find(name)
            if before is None:
                raise InputError(
                    "no open alert has this id: it may be over by now",
                    where=name,
                    mend="Load the page again",
                )
            alert = _DECISIONS[decision](before, self._clock.utc(), who, why)
            told = self._outgoing.prepare(alert)
            self._store.put_alerts([lifecycle.packed(alert)], deliveries=told)
            self._outgoing.take(told, durable=True)
            self._waiting.pop(alert.id, None)
            self._keep(alert)
            if not alert.open and alert.quantity is not None:
                self._handed.add(alert.key)
            return alert

    # --- kept ------------------------------------------------------------------------------------

    def _write(self, alerts: Sequence[Alert], heard: int = 0) -> bool:
        """Whether `alerts` are durable now. Where not, they wait, and the log says so once."""
        told = [
            one for alert in alerts if self._is_step(alert) for one in self._outgoing.prepare(alert)
        ]
        try:
            packed = [lifecycle.packed(alert) for alert in alerts]
            self._store.put_alerts(packed, heard=heard, deliveries=told)
        except StoreError as error:
            self._outgoing.take(told, durable=False)
            self._waiting |= {alert.id: alert for alert in alerts}
            if not self.trouble:
                _log.error("an alert is shown that is not durable yet", why=error.line())
            self.trouble = error.line()
            return False
        self._outgoing.take(told, durable=True)
        now = self._clock.monotonic()
        for alert in alerts:
            self._waiting.pop(alert.id, None)
            self._saved[alert.id] = (now, alert.peak)
        return True

    def _is_step(self, alert: Alert) -> bool:
        """Whether there is anything to tell of `alert`: a step, or one that may not be told yet."""
        before = self._open.get(alert.key)
        return before is None or before.history is not alert.history or alert.id in self._waiting

    def _keep(self, alert: Alert) -> None:
        key, group = alert.key, (alert.site, alert.kind)
        if alert.open:
            self._open[key] = alert
            if alert.quantity is None:
                self._of_group.setdefault(group, {})[alert.id] = alert
        else:
            self._open.pop(key, None)
            self._saved.pop(alert.id, None)
            self._of_group.get(group, {}).pop(alert.id, None)
        if alert.state is State.RAISED:
            self._unheeded.setdefault(alert.id, self._clock.monotonic())
        else:
            self._unheeded.pop(alert.id, None)
