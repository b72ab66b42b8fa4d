"""Prometheus: what the API knows of sites, cameras, store and process, read when asked."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from plainview.alerts.lifecycle import State
from plainview.alerts.thresholds import Level
from plainview.clock import Clock
from plainview.record import CameraStatus, Health
from plainview.store import Store
from plainview.web.alerts import Alerts
from plainview.web.city.exposition import city_metrics
from plainview.web.city.totals import CityTotals
from plainview.web.deliveries import Deliveries
from plainview.web.now import site_cameras, site_now
from plainview.web.plan import SitePlan

MOST_CAMERAS = 2000
"""Beyond so many, cameras have no families of their own: the city's tell how many are how."""

_SITE = (
    ("count", "People on the known part of the ground; absent while nothing is known"),
    ("low", "Lower end of the count's 90 % interval"),
    ("high", "Upper end of the count's 90 % interval"),
    ("known", "Share of the covered ground that a believed camera measures"),
)
_ROUTE_COUNTERS = (
    ("delivered", "Notices that the route handed over since the start"),
    ("failed", "Tries that failed since the start"),
)
_ROUTE = (
    ("waiting", "Notices that are not delivered yet"),
    ("broken", "1: three tries in a row have failed"),
    ("last", "UTC seconds of the last delivery; absent before the first"),
)
_CAMERA_COUNTERS = (
    ("restarts", "Lens restarts since the fleet started"),
    ("reconnects", "Reconnections to the camera since the fleet started"),
    ("late", "Packets dropped as late since the fleet started"),
    ("refused", "Messages of the lens that were not a Reading"),
)


class _Sites(Collector):
    def __init__(
        self,
        plans: Sequence[SitePlan],
        store: Store,
        stats: Callable[[], dict[str, float]],
        clock: Clock,
        alerts: Alerts | None,
        deliveries: Deliveries | None,
        city: CityTotals | None,
    ) -> None:
        self._alerts, self._deliveries, self._city = alerts, deliveries, city
        self._plans, self._store, self._stats, self._clock = plans, store, stats, clock

    def collect(self) -> Iterable[Metric]:
        now = self._clock.utc()
        if self._city is not None:
            yield from city_metrics(self._city)
        statuses = self._store.statuses()
        yield from self._sites(now, statuses)
        many = sum(len(plan.site.cameras) for plan in self._plans)
        if many <= MOST_CAMERAS:
            yield from self._cameras(now, statuses)
        yield GaugeMetricFamily(
            "plainview_cameras_without_families",
            "Cameras without families of their own, as there are too many",
            value=0 if many <= MOST_CAMERAS else many,
        )
        yield from self._open_alerts()
        yield from self._routes()
        disk = self._store.disk()
        for name, size, text in (
            ("used", disk.used, "Bytes that the store uses on disk"),
            ("bound", disk.bound, "Bytes that the store may use"),
            ("free", disk.free, "Free bytes of the store's file system"),
        ):
            if size is not None:
                yield GaugeMetricFamily(f"plainview_store_{name}_bytes", text, value=size)
        for name, value in sorted(self._stats().items()):
            safe = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
            yield GaugeMetricFamily(f"plainview_{safe}", f"{name} of bus and intake", value=value)

    def _sites(self, now: float, statuses: dict[str, CameraStatus]) -> Iterable[Metric]:
        states = [site_now(plan, self._store, now, statuses) for plan in self._plans]
        for name, text in _SITE:
            family = GaugeMetricFamily(f"plainview_site_{name}", text, labels=["site"])
            for state in states:
                value = getattr(state, name)
                if value is not None:
                    family.add_metric([state.id], value)
            yield family

    def _open_alerts(self) -> Iterable[Metric]:
        if self._alerts is None:
            return
        family = GaugeMetricFamily(
            "plainview_alerts_open", "Alerts that are not over", labels=["site", "level", "state"]
        )
        found = Counter(
            (one.alert.place or "", one.alert.level, one.alert.state) for one in self._alerts.open()
        )
        # Empty: of no site, as a broken route is.
        for site in (*(plan.site.id for plan in self._plans), ""):
            for level in Level:
                for state in (State.RAISED, State.ACKNOWLEDGED, State.ESCALATED):
                    family.add_metric([site, level.value, state.value], found[site, level, state])
        yield family

    def _routes(self) -> Iterable[Metric]:
        rows = [] if self._deliveries is None else self._deliveries.routes()
        labels = ["route", "kind"]
        for name, text in _ROUTE_COUNTERS:
            counter = CounterMetricFamily(f"plainview_route_{name}", text, labels=labels)
            for row in rows:
                counter.add_metric([row.name, row.kind], getattr(row, name))
            yield counter
        for name, text in _ROUTE:
            gauge = GaugeMetricFamily(f"plainview_route_{name}", text, labels=labels)
            for row in rows:
                value = getattr(row, name)
                if value is not None:
                    gauge.add_metric([row.name, row.kind], float(value))
            yield gauge

    def _cameras(self, now: float, statuses: dict[str, CameraStatus]) -> Iterable[Metric]:
        rows = [
            (plan.site.id, camera)
            for plan in self._plans
            for camera in site_cameras(plan, self._store, now, statuses)
        ]
        labels = ["site", "camera"]
        believed = GaugeMetricFamily(
            "plainview_camera_believed", "1: healthy and fresh", labels=labels
        )
        sealed = GaugeMetricFamily(
            "plainview_camera_sealed", "1: the lens is sealed by the kernel", labels=labels
        )
        flags = GaugeMetricFamily(
            "plainview_camera_health", "1: the flag is raised", labels=[*labels, "flag"]
        )
        for site, camera in rows:
            believed.add_metric([site, camera.id], camera.believed)
            if camera.sealed is not None:
                sealed.add_metric([site, camera.id], camera.sealed)
            for flag in Health:
                flags.add_metric([site, camera.id, flag], flag in camera.health)
        yield from (believed, sealed, flags)
        for name, text in _CAMERA_COUNTERS:
            family = CounterMetricFamily(f"plainview_camera_{name}", text, labels=labels)
            for site, camera in rows:
                family.add_metric([site, camera.id], getattr(camera, name))
            yield family


def exposition(
    plans: Sequence[SitePlan],
    store: Store,
    stats: Callable[[], dict[str, float]],
    clock: Clock,
    alerts: Alerts | None = None,
    deliveries: Deliveries | None = None,
    city: CityTotals | None = None,
) -> Callable[[], bytes]:
    """A function that makes the text for Prometheus, from the store as it then is.

    `city` is what all sites add up to: given to who may see them all.
    """
    registry = CollectorRegistry(auto_describe=False)
    # Registered without being described, so that nothing is read before the first scrape.
    registry.register(_Sites(plans, store, stats, clock, alerts, deliveries, city))
    return lambda: generate_latest(registry)
