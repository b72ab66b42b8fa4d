"""What is answered about the city: sums, alerts and capacity, once a second at most."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from plainview.alerts.book import Shown
from plainview.alerts.thresholds import Level
from plainview.clock import Clock
from plainview.store import Store
from plainview.web.alerts import CALLS, Alerts
from plainview.web.city.conditions import Fault, faults_in
from plainview.web.city.edge import (
    Bounds,
    Capacity,
    CityAlert,
    CityNow,
    Crowd,
    DistrictNow,
    HotSite,
    OpenAlerts,
    UnhealthyCamera,
)
from plainview.web.city.sums import (
    CORRELATION,
    Amount,
    Interval,
    each,
    interval,
    known_share,
    whole,
)
from plainview.web.city.totals import CityTotals, Part
from plainview.web.edge import CountPoint

FRESH: Final = 1.0
"""Seconds for which an answer stands."""
MOST_DISTRICTS: Final = 200
HOTTEST: Final = 10
UNHEALTHY: Final = 20
GRAVEST: Final = 10
_PURPOSES: Final = 64
"""Answers that are remembered: one for each purpose by which people look."""


class City(NamedTuple):
    """The city as the pages are given it."""

    totals: CityTotals
    name: str
    expected: float = 0.0
    """Readings a second if every camera measured."""
    simulated: bool = False


class Answers:
    """Owns the last answer for each purpose. Thread-safe."""

    def __init__(
        self,
        city: City,
        store: Store,
        stats: Callable[[], dict[str, float]],
        clock: Clock,
        alerts: Alerts | None,
    ) -> None:
        """Nothing is asked before the first answer."""
        self._city, self._store, self._stats = city, store, stats
        self._clock, self._alerts = clock, alerts
        self._lock = threading.Lock()
        self._made: dict[str, tuple[float, CityNow]] = {}
        self._names = {site.id: site for site in city.totals.sites}

    def now(self, purpose: str, sites: frozenset[str] | None) -> CityNow:
        """The answer for who looks for `purpose`, which covers `sites` (None: all).

        Raises StoreError. One thread makes it, the others wait for that.
        """
        key = "" if sites is None else purpose
        with self._lock:
            now = self._clock.monotonic()
            made = self._made.get(key)
            if made is None or not 0 <= now - made[0] < FRESH:
                only = None if sites is None else self._city.totals.part(sites)
                if len(self._made) >= _PURPOSES:
                    self._made.clear()
                made = self._made[key] = now, self._make(only)
            return made[1]

    def _make(self, only: Part | None) -> CityNow:
        totals = self._city.totals
        sums = totals.sums(only)
        city = whole(sums)
        found = interval(city)
        shown = self._open_alerts(only)
        districts = self._districts(each(sums), shown)
        return CityNow(
            t=self._clock.utc(),
            name=self._city.name,
            simulated=self._city.simulated,
            part=only is not None,
            sites=city.sites,
            crowd=_crowd(found, city),
            bounds=Bounds(
                CORRELATION,
                _told(found.low_independent),
                _told(found.high_independent),
                _told(found.low_together),
                _told(found.high_together),
            ),
            faults=_faults(city),
            districts=districts[:MOST_DISTRICTS],
            districts_left_out=max(len(districts) - MOST_DISTRICTS, 0),
            hottest=[
                HotSite(
                    id=(site := totals.sites[hot.site]).id,
                    name=site.name,
                    district=site.district,
                    count=round(hot.people, 1),
                    low=round(hot.low, 1),
                    high=round(hot.high, 1),
                    density=round(hot.density, 4),
                    known=round(hot.known, 4),
                )
                for hot in totals.hottest(HOTTEST, only)
            ],
            unhealthy=self._unhealthy(only),
            alerts=_count(shown),
            gravest_alerts=[self._alert(one) for one in sorted(shown, key=_heeded)[:GRAVEST]],
            capacity=self._capacity(),
            minutes=[] if only is not None else self._minutes(),
        )

    def _districts(self, amounts: list[Amount], shown: list[Shown]) -> list[DistrictNow]:
        """Those with any site in them, the fullest first; of which nothing is known, last."""
        mine: dict[str, list[Shown]] = {}
        for one in shown:
            site = self._names.get(one.alert.place or "")
            if site is not None:
                mine.setdefault(site.district, []).append(one)
        found = [
            DistrictNow(
                name=name,
                sites=amount.sites,
                crowd=_crowd(interval(amount), amount),
                faults=_faults(amount),
                alerts=_count(mine.get(name, [])),
            )
            for name, amount in zip(self._city.totals.districts, amounts, strict=True)
            if amount.sites
        ]
        found.sort(key=lambda one: (one.crowd.count is None, -(one.crowd.count or 0.0), one.name))
        return found

    def _unhealthy(self, only: Part | None) -> list[UnhealthyCamera]:
        totals = self._city.totals
        return [
            UnhealthyCamera(
                id=totals.cameras[k],
                site=(site := totals.site_of(k)).id,
                site_name=site.name,
                district=site.district,
                faults=list(faults_in(bits)),
                since=None if since < 0 else since / 1000,
                state=totals.lens(k),
            )
            for k, bits, since in totals.unhealthy(UNHEALTHY, only)
        ]

    def _open_alerts(self, only: Part | None) -> list[Shown]:
        """Those about the sites that are asked for, and those of no place (routes)."""
        shown = [] if self._alerts is None else self._alerts.open()
        if only is None:
            return shown
        wanted = {
            site.id for site, asked in zip(self._city.totals.sites, only, strict=True) if asked
        }
        return [one for one in shown if one.alert.place is None or one.alert.place in wanted]

    def _alert(self, shown: Shown) -> CityAlert:
        alert = shown.alert
        site = self._names.get(alert.place or "")
        return CityAlert(
            id=alert.id,
            site=alert.place,
            site_name=alert.place if site is None else site.name,
            zone=alert.zone,
            kind=alert.kind,
            level=alert.level,
            state=alert.state,
            raised_at=alert.raised_at,
            message=alert.message,
        )

    def _capacity(self) -> Capacity:
        numbers, disk, totals = self._stats(), self._store.disk(), self._city.totals
        lenses, unsealed = totals.lenses()
        return Capacity(
            readings_per_second=_told(numbers.get("readings_per_second")),
            readings_expected=round(self._city.expected, 1),
            lag=_told(totals.lag()),
            bus_waiting=numbers.get("bus_waiting"),
            bus_bound=numbers.get("bus_bound"),
            lenses=lenses,
            unsealed=unsealed,
            disk_used=disk.used,
            disk_bound=disk.bound,
            disk_free=disk.free,
            oldest=None if disk.oldest is None else disk.oldest / 1000,
        )

    def _minutes(self) -> list[CountPoint]:
        return [
            CountPoint(
                float(one.start), _told(one.people), _told(one.low), _told(one.high), one.known
            )
            for one in self._city.totals.minutes()
        ]


def _told(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _crowd(found: Interval, amount: Amount) -> Crowd:
    return Crowd(
        _told(found.people),
        _told(found.low),
        _told(found.high),
        round(known_share(amount), 4),
        amount.cameras,
        amount.believed,
    )


def _faults(amount: Amount) -> dict[str, int]:
    return {fault.value: n for fault, n in zip(Fault, amount.faults, strict=True) if n}


def _heeded(shown: Shown) -> tuple[bool, bool]:
    """What nobody has acknowledged goes first, of it alarms; the newest stay before the others."""
    return shown.alert.state not in CALLS, shown.alert.level is not Level.ALARM


def _count(shown: list[Shown]) -> OpenAlerts:
    levels = Counter(one.alert.level for one in shown)
    return OpenAlerts(levels[Level.ALARM], levels[Level.WARNING])
