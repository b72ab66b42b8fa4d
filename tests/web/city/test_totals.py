"""The city's sums: what is kept up must be what would be summed anew, whatever was said."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.clock import ManualClock
from plainview.record import COUNT_STEP, CameraStatus, Health, LensState, Reading, Stamped
from plainview.web.city.conditions import Fault, faults_in
from plainview.web.city.ground import CitySite, city_site
from plainview.web.city.sums import CORRELATION, Sums, each, interval, known_share, whole
from plainview.web.city.totals import CityTotals
from plainview.web.fuse import fuse_count
from plainview.web.plan import SitePlan
from plainview.web.views import SiteView


def site(name: str, district: str, cameras: int, area: float = 100.0) -> CitySite:
    """A site whose cameras see different ground."""
    names = tuple(f"{name}-{k}" for k in range(cameras))
    return CitySite(name, name, district, names, (area,) * cameras)


def halved(believed: Sequence[bool]) -> list[float]:
    """Two cameras of the same ground."""
    return [1.0 / max(sum(believed), 1) if one else 0.0 for one in believed]


SITES = (
    site("a", "North", 2),
    site("b", "North", 1, 50.0),
    CitySite("c", "c", "South", ("c-0", "c-1"), (80.0, 80.0), halved),
    site("d", "South", 3),
)


def said(
    camera: str,
    t: float,
    count: float = 0.0,
    low: float = 0.0,
    high: float = 0.0,
    health: tuple[Health, ...] = (),
    frames: int = 5,
) -> Stamped:
    """A Reading at `t` UTC seconds, `low` below and `high` above its count."""
    own, least, most = (round(v / COUNT_STEP) for v in (count, max(count - low, 0), count + high))
    reading = Reading(
        t=round(t * 1000),
        span=1000,
        frames=frames,
        dropped=0,
        count=own,
        low=least,
        high=most,
        noise=9,
        coarse=1,
        nx=20,
        cells=(),
        crossings=(),
        health=health,
        events=(),
    )
    return Stamped(camera, reading)


@given(st.data())
@settings(deadline=None, max_examples=20)
def test_what_is_kept_up_is_what_is_summed_anew(data: st.DataObject) -> None:
    """Batches in any order, replays, faults, silence and clocks that jump: exactly the same."""
    clock = ManualClock()
    totals = CityTotals(SITES, clock)
    flags = st.sampled_from([(), (), (), (Health.DARK,), (Health.DARK, Health.LOST)])
    for _ in range(data.draw(st.integers(1, 6))):
        clock.advance(data.draw(st.sampled_from([0.0, 0.4, 1.0, 30.0])))
        batch = [
            said(
                data.draw(st.sampled_from([*totals.cameras, "elsewhere"])),
                clock.utc() - data.draw(st.sampled_from([0.0, 0.5, 3.0, 4000.0, -4000.0])),
                data.draw(st.floats(0, 900)),
                data.draw(st.floats(0, 50)),
                data.draw(st.floats(0, 50)),
                data.draw(flags),
                data.draw(st.sampled_from([0, 5])),
            )
            for _ in range(data.draw(st.integers(0, 8)))
        ]
        totals.add(batch)
        kept = totals.sums()
        anew = totals.sums(np.ones(len(SITES), dtype=np.bool_))
        for name, one, other in zip(Sums._fields, kept, anew, strict=True):
            assert one.tolist() == other.tolist(), name
        unhealthy = {totals.cameras[k] for k, _, _ in totals.unhealthy(100)}
        assert len(unhealthy) == kept.cameras.sum() - kept.believed.sum()


def test_an_interval_is_between_independent_and_together() -> None:
    """One site alone has its own interval; of two, errors neither cancel nor add up wholly."""
    clock = ManualClock()
    totals = CityTotals((site("a", "x", 1), site("b", "x", 1)), clock)
    totals.add([said("a-0", clock.utc(), 40, 3, 4)])
    one = interval(whole(totals.sums()))
    assert (one.people, one.low, one.high) == (40, 37, 44)
    assert (one.low_independent, one.high_together) == (37, 44)
    totals.add([said("b-0", clock.utc(), 10, 3, 4)])
    both = interval(whole(totals.sums()))
    assert both.people == 50
    assert both.high == pytest.approx(50 + (0.8 * 32 + CORRELATION * 64) ** 0.5)
    assert both.high_independent == pytest.approx(50 + 32**0.5)
    assert (both.low_together, both.high_together) == (44, 58)
    assert both.low_together is not None
    assert both.low_independent is not None
    assert both.low is not None
    assert both.low_together < both.low < both.low_independent


def test_who_cannot_be_believed_is_never_nobody() -> None:
    """A dark, a silent and a blank camera take their ground with them; a total of none is None."""
    clock = ManualClock()
    totals = CityTotals(SITES, clock)
    assert interval(whole(totals.sums())).people is None
    totals.add([said("a-0", clock.utc(), 8), said("a-1", clock.utc(), 9)])
    assert known_share(each(totals.sums())[0]) == pytest.approx(200 / 250)
    totals.add([said("a-0", clock.utc() + 1, 0, health=(Health.DARK,))])
    found = totals.sums()
    assert interval(each(found)[0]).people == 9
    assert known_share(each(found)[0]) == pytest.approx(100 / 250)
    assert interval(each(found)[1]).people is None
    dark = list(Fault).index(Fault.DARK)
    assert found.faults[:, dark].tolist() == [1, 0]
    told = {totals.cameras[k]: (faults_in(bits), since) for k, bits, since in totals.unhealthy(9)}
    assert told["a-0"] == ((Fault.DARK,), round(clock.utc() * 1000))
    assert told["d-2"] == ((Fault.SILENT,), -1)
    clock.advance(7)
    assert interval(whole(totals.sums())).people is None
    last = [totals.cameras[k] for k, _, _ in totals.unhealthy(99)][-2:]
    assert last == ["a-0", "a-1"], "those that have not been believed for longest come first"


def test_a_camera_takes_over_the_ground_that_another_no_longer_sees() -> None:
    """Of two cameras of one ground each counts half; when one is blind the other counts wholly."""
    clock = ManualClock()
    totals = CityTotals((SITES[2],), clock)
    totals.add([said("c-0", clock.utc(), 10, 2, 2), said("c-1", clock.utc(), 12, 2, 2)])
    assert interval(whole(totals.sums())).people == pytest.approx(11)
    assert known_share(whole(totals.sums())) == 1
    totals.add([said("c-0", clock.utc() + 1, health=(Health.BLIND,))])
    found = interval(whole(totals.sums()))
    assert (found.people, found.low, found.high) == (12, 10, 14)
    assert known_share(whole(totals.sums())) == 1


def test_a_site_is_what_its_own_page_says(sites: tuple[SiteView, ...]) -> None:
    """Where no cameras overlap, count, interval and known ground are those of `web.fuse`."""
    clock = ManualClock()
    plan = SitePlan(sites[1])
    totals = CityTotals((city_site(plan, "x"),), clock)
    one = said("quay-east", clock.utc(), 7, 1.5, 2.5)
    totals.add([one])
    found, own = interval(whole(totals.sums())), fuse_count(plan, {"quay-east": one.reading})
    assert (found.people, found.low, found.high) == (own.people, own.low, own.high)
    shared = city_site(SitePlan(sites[0]), "x")
    assert shared.shares is not None
    both, north = shared.shares([True, True]), shared.shares([True, False])
    assert all(0.5 < share < 1 for share in both)
    assert north == [1.0, 0.0]


def test_the_hottest_are_the_densest_of_what_is_known() -> None:
    """People per m² of known ground; a site of which nothing is known is in no list."""
    clock = ManualClock()
    totals = CityTotals(SITES, clock)
    totals.add(
        [said("a-0", clock.utc(), 40), said("b-0", clock.utc(), 30), said("d-1", clock.utc(), 50)]
    )
    found = totals.hottest(10)
    assert [totals.sites[hot.site].id for hot in found] == ["b", "d", "a"]
    assert found[0].density == pytest.approx(0.6)
    assert found[1].known == pytest.approx(1 / 3)
    only = totals.part(frozenset({"a", "d"}))
    assert [totals.sites[hot.site].id for hot in totals.hottest(1, only)] == ["d"]
    assert interval(whole(totals.sums(only))).people == 90
    assert totals.part(frozenset(one.id for one in SITES)) is None


def test_minutes_are_means_and_lag_is_of_what_is_live() -> None:
    """A minute is over before it is told; the slowest batch of ten seconds is remembered."""
    clock = ManualClock(utc=1_700_000_040.0)
    totals = CityTotals((site("a", "x", 1),), clock)
    for k in range(61):
        totals.add([said("a-0", clock.utc() - 0.5, 10 if k < 30 else 20, 2, 2)])
        clock.advance(1)
    (minute,) = totals.minutes()
    assert minute.start == 1_700_000_040
    assert minute.people == pytest.approx(15, abs=0.5)
    assert minute.low == pytest.approx(13, abs=0.5)
    assert totals.lag() == pytest.approx(0.5)
    clock.advance(20)
    assert totals.lag() is None


def test_lenses_are_counted_as_the_fleet_says() -> None:
    """Each lens once, in its last state; one that runs unsealed is counted as such."""
    totals = CityTotals(SITES, ManualClock())
    running = CameraStatus(0, LensState.RUNNING, False, True, 0, 0, 0, 0)  # noqa: FBT003 - its own order
    stopped = CameraStatus(1, LensState.STOPPED, False, False, 0, 0, 0, 0)  # noqa: FBT003 - the same
    for camera in ("a-0", "a-1", "elsewhere"):
        totals.said(camera, running)
    assert (totals.lenses()[0]["running"], totals.lenses()[1]) == (2, 2)
    totals.said("a-0", stopped)
    counts, unsealed = totals.lenses()
    assert (counts["running"], counts["stopped"], unsealed) == (1, 1, 1)
