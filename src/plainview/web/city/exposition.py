"""Prometheus: the city's own families, a few for each district however many cameras there are."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from plainview.record import LensState
from plainview.web.city.conditions import Fault
from plainview.web.city.sums import each, interval, known_share, whole
from plainview.web.city.totals import CityTotals


def city_metrics(totals: CityTotals) -> Iterable[Metric]:
    """People, ground and cameras of each district, lenses by state, and how late the store is."""
    sums = totals.sums()
    people = GaugeMetricFamily(
        "plainview_district_people",
        "People on the known ground of the district; absent while nothing is known",
        labels=["district"],
    )
    known = GaugeMetricFamily(
        "plainview_district_known",
        "Share of the district's covered ground that a believed camera measures",
        labels=["district"],
    )
    cameras = GaugeMetricFamily(
        "plainview_cameras",
        "Cameras by district and health; one with two faults is in both, believed ones in none",
        labels=["district", "health"],
    )
    for name, amount in zip(totals.districts, each(sums), strict=True):
        found = interval(amount)
        if found.people is not None:
            people.add_metric([name], found.people)
        known.add_metric([name], known_share(amount))
        cameras.add_metric([name, "believed"], amount.believed)
        for fault, count in zip(Fault, amount.faults, strict=True):
            cameras.add_metric([name, fault.value], count)
    yield from (people, known, cameras)
    city = whole(sums)
    found = interval(city)
    for name, value, text in (
        ("people", found.people, "People on the known ground of the city"),
        ("people_low", found.low, "Lower end of the 90 % interval"),
        ("people_high", found.high, "Upper end of the 90 % interval"),
        ("known", known_share(city), "Share of the covered ground that is known"),
        ("cameras", float(city.cameras), "Cameras that the city's file names"),
        ("believed", float(city.believed), "Cameras that can be believed"),
    ):
        family = GaugeMetricFamily(f"plainview_city_{name}", text)
        if value is not None:
            family.add_metric([], value)
        yield family
    states, unsealed = totals.lenses()
    lenses = GaugeMetricFamily(
        "plainview_lenses", "Lenses by state, as the fleet last said", labels=["state"]
    )
    for state in LensState:
        lenses.add_metric([state.value], states[state.value])
    yield lenses
    yield GaugeMetricFamily(
        "plainview_lenses_unsealed", "Lenses that run without the kernel's seal", value=unsealed
    )
    lag = GaugeMetricFamily(
        "plainview_store_lag_seconds",
        "From an interval's end until it is durable: the slowest batch of ten seconds, by its "
        "middle Reading; absent while none comes",
    )
    slowest = totals.lag()
    if slowest is not None:
        lag.add_metric([], slowest)
    yield lag
