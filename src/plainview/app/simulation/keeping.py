"""The centre's side of a simulation: intake, store and the watch for alerts, and their times."""

import threading
from collections import Counter
from collections.abc import Sequence

import numpy as np

from plainview.alerts.lifecycle import Alert, State
from plainview.alerts.thresholds import DEFAULTS, Quantity
from plainview.app.simulation.lines import BIN, Kept
from plainview.app.watching import Watching
from plainview.bus import Bus
from plainview.clock import Clock
from plainview.config import CameraConfig, SiteConfig
from plainview.intake import Intake
from plainview.intake.gate import Rules
from plainview.readings import Readings
from plainview.record import Event, EventStanding
from plainview.store import KeptDelivery, Store
from plainview.store.search import Mark
from plainview.synth import plaza
from plainview.synth.city.shape import City
from plainview.synth.city.voice import DENSE, MINUTE
from plainview.web.views import CameraView, SiteView

_LASTS = min(
    one.lasts for one in DEFAULTS if one.quantity is Quantity.DENSITY and one.limit <= DENSE
)
"""Seconds of measurement after which a square that is too full is an alert."""


class Keeping:
    """Owns intake's thread and the watch; bus and store are somebody else's."""

    def __init__(self, city: City, bus: Bus, store: Store, clock: Clock) -> None:
        """Store whatever comes, as a city does: held to its sites, fenced, events watched."""
        self._bus, self._store, self._clock = bus, store, clock
        self._lock = threading.Lock()
        self._latencies: Counter[int] = Counter()
        self._newest = self._worst = 0.0
        self._before: Counter[str] = Counter()
        self._watched = {city.name(camera) for camera in city.probes()}
        self.alerts = AlertTimes(city, clock)
        self._watching = Watching(
            sites(city), store, clock, lambda _camera, _kind: "", outgoing=self.alerts
        )
        self.intake = Intake(
            bus,
            store,
            clock,
            admit=self._admit,
            written=self._written,
            rules=Rules(city.site_of().get, store.fences()),
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self.intake.run, args=(self._stop,), name="intake", daemon=True
        )

    def begin(self, base: int) -> None:
        """Store from now on; the city speaks from `base` (UTC milliseconds) on."""
        self.alerts.base = base
        self._thread.start()
        self._watching.start()

    @property
    def thread(self) -> int:
        """The identifier of intake's thread."""
        return self._thread.ident or 0

    def _admit(self, camera: str, event: Event) -> Mark:
        validated = camera in self._watched
        standing = EventStanding.VALIDATED if validated else EventStanding.EXPERIMENTAL
        return Mark(camera, event, None, standing)

    def _written(self, readings: Readings, _events: int, _taken: float) -> None:
        now = self._clock.utc()
        times = readings.columns.t / 1000
        taken = np.maximum(now - times, 0.0)
        bins, counts = np.unique((taken / BIN).astype(np.int64), return_counts=True)
        with self._lock:
            for k, many in zip(bins.tolist(), counts.tolist(), strict=True):
                self._latencies[k] += many
            self._newest = max(self._newest, float(times.max()))
            self._worst = max(self._worst, float(taken.max()))

    def line(self) -> Kept:
        """What was stored since the last line."""
        stats = self.intake.stats()
        counts = Counter(
            stored=stats.stored,
            duplicates=stats.duplicates,
            malformed=stats.refused + stats.bus.unreadable,
            batches=stats.bus.poison,
            foreign=stats.foreign,
            fenced=stats.fenced,
            ahead=stats.ahead,
            expired=stats.expired,
        )
        new = counts - self._before
        self._before = counts
        with self._lock:
            latencies, self._latencies = dict(self._latencies), Counter()
            newest, worst, self._newest, self._worst = self._newest, self._worst, 0.0, 0.0
        stored, duplicates = new.pop("stored", 0), new.pop("duplicates", 0)
        return Kept(
            at=round(self._clock.utc(), 3),
            stored=stored,
            duplicates=duplicates,
            refused=dict(new),
            latencies=latencies,
            newest=newest,
            worst=round(worst, 3),
            alerts=self.alerts.taken(),
            behind=stats.bus.waiting + stats.bus.behind,
            unsummed=stats.unsummed,
            trouble=stats.trouble,
        )

    def close(self) -> None:
        """Store what the bus still gives, and end."""
        self._stop.set()
        self._thread.join()
        self._watching.close()


class AlertTimes:
    """Notes when each new alert is durable: what tells others of alerts, as far as the watch knows.

    The time runs from that of the Reading that made it: of the event's, or of the first one by
    which a square was too full for as long as its threshold asks.
    """

    def __init__(self, city: City, clock: Clock) -> None:
        """Of `city`, once `base` is set."""
        self.base = 0
        self._clock = clock
        phases = city.phases()
        self._probes = {city.site(c): (k, phases[c]) for k, c in enumerate(city.probes())}
        self._prepared: list[Alert] = []
        self._lock = threading.Lock()
        self._taken: list[tuple[str, float]] = []
        self._known: set[str] = set()

    def prepare(self, alert: Alert) -> Sequence[KeptDelivery]:
        """It is about to be written."""
        self._prepared.append(alert)
        return ()

    def take(self, deliveries: Sequence[KeptDelivery], *, durable: bool) -> None:
        """What was prepared is written, or could not be."""
        del deliveries
        prepared, self._prepared = self._prepared, []
        if not durable:
            return
        now = self._clock.utc()
        for alert in prepared:
            if alert.id in self._known or alert.state is not State.RAISED:
                continue
            self._known.add(alert.id)
            caused = self._caused(alert, now)
            if caused is not None:
                with self._lock:
                    self._taken.append((alert.about, round(now - caused, 3)))

    def _caused(self, alert: Alert, now: float) -> float | None:
        """UTC seconds of the Reading that made `alert`; None where that is not known."""
        if alert.sightings:
            return alert.sightings[0].since
        probe = self._probes.get(alert.site)
        if probe is None or alert.quantity is not Quantity.DENSITY or len(alert.history) > 1:
            return None
        number, phase = probe
        first = self.base / 1000 + phase / 1000 + number + 1 + _LASTS
        return None if now < first else first + (now - first) // MINUTE * MINUTE

    def taken(self) -> list[tuple[str, float]]:
        """(what about, seconds) of the alerts since this was last asked."""
        with self._lock:
            taken, self._taken = self._taken, []
            return taken


def sites(city: City) -> dict[str, tuple[SiteView, SiteConfig]]:
    """The sites that are watched for alerts, each with its first camera."""
    found = {}
    for camera in city.probes():
        name, view = city.site(camera), plaza.view(plaza.SOUTH)
        config = CameraConfig(id=city.name(camera), view=view)
        found[name] = (
            SiteView(name, name, 0.0, 0.0, (CameraView(config.id, view),)),
            SiteConfig(name, name, (0.0, 0.0), (config,)),
        )
    return found
