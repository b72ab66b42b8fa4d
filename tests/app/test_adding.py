"""The city added up while it runs: intake's writing reaches the totals, and who else hears it."""

from collections.abc import Sequence

from msgspec import structs

from plainview.app.adding import NO_DISTRICT, Adding
from plainview.clock import ManualClock
from plainview.config import CameraConfig, CityConfig, SiteConfig
from plainview.geometry import Calibration, View
from plainview.readings import gathered
from plainview.record import CameraStatus, LensState, Reading, Stamped
from plainview.web.plan import SitePlan
from plainview.web.views import CameraView, SiteView

VIEW = View(
    calibration=Calibration(
        (640, 360),
        ((600.0, 320.0, 0.0, 0.0), (0.0, 180.0, -600.0, 3600.0), (0.0, 1.0, 0.0, 0.0)),
    ),
    polygon=((-5.0, 5.0), (5.0, 5.0), (5.0, 15.0), (-5.0, 15.0)),
)


def test_what_is_written_is_added_up_once_there_is_a_city() -> None:
    """Before it begins others hear it all the same; sites without a district share one."""
    heard: list[int] = []

    def also(readings: Sequence[Stamped], _events: int, _taken: float) -> None:
        heard.append(len(readings))

    clock = ManualClock()
    now = round(clock.utc() * 1000)
    reading = Reading(now, 1000, 5, 0, 160, 144, 176, 9, 1, 10, (), (), (), ())
    status = CameraStatus(
        t=now,
        state=LensState.RUNNING,
        sealed=True,
        connected=True,
        restarts=0,
        reconnects=0,
        late=0,
        refused=0,
    )
    adding = Adding(also)
    adding.written(gathered([Stamped("a", reading)]), 0, clock.utc())
    adding.said("a", status)
    plan = SitePlan(SiteView("s", "S", 4.8, 45.7, (CameraView("a", VIEW),)))
    site = SiteConfig("s", "S", (4.8, 45.7), (CameraConfig("a", VIEW, every=0.5),))
    config = CityConfig("City", (site,))
    assert adding.begin(structs.replace(config, role="site"), {"s": plan}, clock) is None
    city = adding.begin(config, {"s": plan}, clock)
    assert city is not None
    assert city.expected == 2
    assert city.totals.districts == (NO_DISTRICT,)
    assert not city.totals.sums().believed.any()
    adding.written(gathered([Stamped("a", reading)]), 0, clock.utc())
    adding.said("a", status)
    assert heard == [1, 1]
    assert city.totals.sums().believed.tolist() == [1]
    assert city.totals.lenses()[0]["running"] == 1
