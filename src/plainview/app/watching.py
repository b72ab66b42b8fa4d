"""Alerts of a running Plainview: the thread that looks, and what the pages ask of it."""

import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import structlog
from msgspec import structs

from plainview.alerts.book import Book, Decision, Filter, Outgoing, Shown
from plainview.alerts.events import EventAlerts
from plainview.alerts.ground import Ground, ground
from plainview.alerts.measures import Window, density_alarms
from plainview.alerts.patience import Patience, Patiences
from plainview.alerts.site import SiteWatch, Watch
from plainview.alerts.thresholds import Threshold
from plainview.alerts.watch import WatchState
from plainview.clock import Clock
from plainview.config import SiteConfig
from plainview.errors import PlainviewError
from plainview.record import BY_THRESHOLDS, DENSITY_STEP, EventKind, Reading
from plainview.store import Store
from plainview.web.alerts import ZoneQuantities
from plainview.web.fuse import site_ground
from plainview.web.now import believed
from plainview.web.plan import SitePlan
from plainview.web.quantities import zone_quantities
from plainview.web.views import SiteView

ELSEWHERE: Final = "what is measured here is stored and watched at the centre"
UNWATCHED: Final = "not watched any more: its site, zone or threshold is not in the city's file"
"""Why an alert about a number is over that nothing is held against any more."""
WAIT: Final = 0.25
"""Seconds that one wait on the store lasts: how soon a camera that fell silent, an alert that
nobody heeds and a stop are noticed."""
PACE: Final = 0.1
"""Seconds from one look to the next, at least: a city's store changes hundreds of times a second,
and each look asks for all that is new."""
BUSY: Final = 0.25
"""Seconds that a look at all sites may take. Where it would take more, calm ones wait, so that no
alert does."""
CALM_FOR: Final = 5.0
"""Seconds that a calm site waits then, at least."""
_CALM_SHARE: Final = 2.0
"""And at least so many times what a look at all sites takes: others have half of the time."""
_MEMORY: Final = 0.05
"""Weight of the newest in the mean of what one site's look takes."""
PERMITTED_FOR: Final = 1.0
"""Seconds for which what is permitted is not asked for again."""
_SILENT = 1.0
"""Seconds after which a site is looked at although no camera of it said anything."""
_log = structlog.get_logger(__name__)

Permission = Callable[[str, EventKind], str]
"""(camera, kind) -> why it is not permitted now; empty where it is."""


class Watched(NamedTuple):
    """A site that is watched."""

    plan: SitePlan
    watch: SiteWatch


class Watching:
    """Owns the thread that holds every new field against the thresholds, and the book of alerts.

    It wakes with what is stored, once in PACE at most. Where it fails it says so in `trouble`, is
    counted, and looks again; nothing else is held up by it.
    """

    def __init__(
        self,
        sites: Mapping[str, tuple[SiteView, SiteConfig]],
        store: Store,
        clock: Clock,
        permission: Permission,
        *,
        token: Callable[[], str] = lambda: secrets.token_hex(4),
        outgoing: Outgoing | None = None,
        here: bool = True,
    ) -> None:
        """Go on with the alerts of `store`; looks begin with `start`. Raises StoreError.

        Not `here`: what is measured is stored elsewhere, and so is watched there; never start it.
        """
        self._here = here
        self._store, self._clock, self._permission = store, clock, permission
        configs = {name: config for name, (_, config) in sites.items()}
        patience = patiences(configs)
        self.book = Book(store, clock, token, patience=patience, outgoing=outgoing)
        site_of = {camera.id: name for name, (view, _) in sites.items() for camera in view.cameras}
        timezones = {name: config.timezone for name, config in configs.items()}
        self._events = EventAlerts(store, self.book, clock, site_of, timezones)
        self._sites = {
            name: self._begin(name, view, config) for name, (view, config) in sites.items()
        }
        self._end_unwatched()
        self._seen: dict[str, tuple[tuple[str, int], ...]] = {}
        self._looked: dict[str, float] = {}
        self._cost = 0.0
        """Seconds that a look at one site takes, by the mean of the last ones."""
        self._asked: dict[tuple[str, EventKind], tuple[float, str]] = {}
        self.trouble = ""
        """Why the last look failed; empty while none does."""
        self.failed = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def _begin(self, name: str, view: SiteView, config: SiteConfig) -> Watched:
        plan = SitePlan(view)
        thresholds: tuple[Threshold, ...] = config.thresholds
        watch = SiteWatch(name, site_ground_of(plan, config), thresholds, self.book, self._clock)
        return Watched(plan, watch)

    def _end_unwatched(self) -> None:
        """Clear alerts about what has no threshold any more: nobody would ever see them end."""
        watched = {
            (name, one.threshold.zone, one.threshold.quantity.value)
            for name, site in self._sites.items()
            for one in site.watch.watches()
        }
        for shown in self.book.open():
            if shown.alert.quantity is not None and shown.alert.key not in watched:
                self.book.fall(shown.alert.key, UNWATCHED)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def close(self) -> None:
        """Look no more. May be called twice, and without a start."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        version = -1
        while not self._stop.is_set():
            began = self._clock.monotonic()
            try:
                version = self._store.wait(version, WAIT)
                self.look()
                self._stop.wait(min(max(began + PACE - self._clock.monotonic(), 0.0), PACE))
            except PlainviewError as error:
                self._fail(error.line())
                self._stop.wait(WAIT)
            except Exception as error:  # noqa: BLE001 - logged, counted and shown; see below
                # Without this thread nobody would be warned any more, so it outlives its errors.
                _log.exception("a look for alerts failed")
                self._fail(f"{type(error).__name__}: alerts may be missing, see the log")
                self._stop.wait(WAIT)

    def _fail(self, line: str) -> None:
        self.failed += 1
        if line != self.trouble:
            _log.error("alerts cannot be looked for", why=line)
        self.trouble = line

    def look(self) -> None:
        """Hear news of events, and look once at each site of which something new was said.

        A site of which nothing is said is looked at every second.
        """
        self._events.look()
        for name, site in self._sites.items():
            if not self._stop.is_set():
                self._look(name, site)
        self.book.tick()
        self.trouble = self.book.trouble

    def _look(self, name: str, site: Watched) -> None:
        now, moment = self._clock.utc(), self._clock.monotonic()
        readings = believed(site.plan, self._store, now)
        said = tuple(sorted((camera, reading.t) for camera, reading in readings.items()))
        waited = moment - self._looked.get(name, float("-inf"))
        if said == self._seen.get(name) and waited < _SILENT:
            return
        if waited < self._calm_for() and self._is_calm(name, site, readings):
            return
        refused, used = self._permitted(site.plan, readings)
        newest = max((reading.t / 1000 for reading in used.values()), default=now)
        field = site_ground(site.plan, used, newest).field
        site.watch.look(field, refused)
        self._seen[name], self._looked[name] = said, moment
        self._cost += _MEMORY * (self._clock.monotonic() - moment - self._cost)

    def _calm_for(self) -> float:
        """Seconds for which a calm site is not looked at again: 0 where there is time for all."""
        whole = self._cost * len(self._sites)
        return 0.0 if whole <= BUSY else max(CALM_FOR, _CALM_SHARE * whole)

    def _is_calm(self, name: str, site: Watched, readings: Mapping[str, Reading]) -> bool:
        """Whether nothing is, or can be since the last look, near any threshold of the site.

        Fused and taken over patches, a density is at most that of the densest cell of any camera.
        """
        below = site.watch.calm_below / DENSITY_STEP
        return (
            readings.keys() == {camera for camera, _ in self._seen.get(name, ())}
            and site.watch.calm
            and all(max(reading.cells[1::5], default=0) < below for reading in readings.values())
        )

    def _permitted(
        self, plan: SitePlan, readings: Mapping[str, Reading]
    ) -> tuple[dict[EventKind, str], dict[str, Reading]]:
        """Kinds that no camera of the site may be watched for, and why; the Readings to use.

        A Reading is used where its camera may do every kind that is watched: ground that only
        others see is unknown.
        """
        names = [camera.id for camera in plan.site.cameras]
        refused: dict[EventKind, str] = {}
        for kind in BY_THRESHOLDS:
            reasons = [self._why_not(camera, kind) for camera in names]
            if all(reasons):
                refused[kind] = reasons[0]
        kinds = [kind for kind in BY_THRESHOLDS if kind not in refused]
        used = {
            camera: reading
            for camera, reading in readings.items()
            if kinds and not any(self._why_not(camera, kind) for kind in kinds)
        }
        return refused, used

    def _why_not(self, camera: str, kind: EventKind) -> str:
        now = self._clock.monotonic()
        asked = self._asked.get((camera, kind))
        if asked is None or not 0 <= now - asked[0] < PERMITTED_FOR:
            asked = self._asked[camera, kind] = now, self._permission(camera, kind)
        return asked[1]

    @property
    def plans(self) -> dict[str, SitePlan]:
        """The ground of every site, by its id."""
        return {name: site.plan for name, site in self._sites.items()}

    # --- asked by the pages ----------------------------------------------------------------------

    def open(self, site: str | None = None) -> list[Shown]:
        """Open alerts about `site` (None: all, of no place too), newest first."""
        return self.book.open(site)

    def page(self, wanted: Filter, most: int) -> list[Shown]:
        """The newest `most` alerts that fit `wanted`, the newest first. Raises StoreError."""
        return self.book.page(wanted, most)

    def site_of(self, alert: str) -> str | None:
        """The site that an open alert is about; None: of no place."""
        found = self.book.find(alert)
        return None if found is None else found.place

    def decide(self, alert: str, decision: Decision, who: str, why: str) -> Shown:
        """What a person decides. Durable on return. Raises InputError, StoreError."""
        return Shown(self.book.decide(alert, decision, who, why), durable=True)

    def watches(self, site: str) -> list[Watch]:
        """Every threshold of `site` and where it stands; not of what is watched elsewhere."""
        found = self._sites[site].watch.watches()
        if self._here:
            return found
        return [structs.replace(one, state=WatchState.CANNOT_TELL, why=ELSEWHERE) for one in found]

    def window(self, site: str) -> Window | None:
        """What was seen of `site` lately; None before the first field."""
        return self._sites[site].watch.window()

    def quantities(self, site: str) -> list[ZoneQuantities]:
        """What is measured in each zone now, the whole site first. Raises StoreError."""
        plan, watch = self._sites[site]
        now = self._clock.utc()
        ended = int(now * 1000)
        readings = {
            camera.id: self._store.readings(camera.id, ended - 60_000, ended)
            for camera in plan.site.cameras
        }
        alarms = density_alarms(one.threshold for one in watch.watches())
        return zone_quantities(plan, watch.ground, watch.window(), readings, alarms)

    def stats(self) -> dict[str, float]:
        """Counts, for Prometheus and the console's line."""
        shown = self.open()
        return {
            "alerts_open_total": float(len(shown)),
            "alerts_not_durable": float(sum(not one.durable for one in shown)),
            "alerts_looks_failed": float(self.failed),
        }


def patiences(sites: Mapping[str, SiteConfig]) -> Patiences:
    """How long alerts may wait at each of `sites`, and in each zone with a patience of its own."""
    found: dict[tuple[str, str | None], Patience] = {}
    for name, one in sites.items():
        found[name, None] = Patience(one.escalate, one.unseen)
        found |= {(name, zone): held for zone, held in one.patience}
    return found


def site_ground_of(plan: SitePlan, config: SiteConfig) -> Ground:
    """The ground of a site as it is watched. A line of several cameras is one line."""
    lines = dict.fromkeys(line for camera in plan.site.cameras for line in camera.view.lines)
    return ground(grid=plan.grid, covered=plan.covered, zones=config.zones, lines=tuple(lines))
