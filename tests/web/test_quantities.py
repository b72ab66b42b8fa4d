"""The numbers of each zone of a site, in the units that the page says."""

from collections.abc import Sequence

import numpy as np
import pytest
from msgspec import structs

from plainview.alerts.ground import Ground, Zone, ground
from plainview.alerts.measures import Moment, Window, patches
from plainview.crowd.field import field_of
from plainview.crowd.levels import Facility, Level, occupancy
from plainview.geometry import Line, View, cells_inside
from plainview.record import COUNT_STEP, CROSSING_STEP, Cell, Health, Reading, pack_cells
from plainview.synth.camera import hung
from plainview.web.alerts import ZoneQuantities
from plainview.web.flows import flows
from plainview.web.plan import SitePlan
from plainview.web.quantities import NO_BORDER, zone_quantities
from plainview.web.views import CameraView, SiteView

GATE = Line("gate", (6.0, 12.0), (6.0, 0.0))
"""Forward leads to larger x: into the yard."""
YARD = Zone("yard", ((6.0, 0.0), (12.0, 0.0), (12.0, 12.0), (6.0, 12.0)))
VIEW = View(
    hung("above", at=(6.0, -8.0), height=9.0, towards=(6.0, 6.0), hfov=70).calibration(),
    ((0.0, 0.0), (12.0, 0.0), (12.0, 12.0), (0.0, 12.0)),
    lines=(GATE,),
)
PLAN = SitePlan(SiteView("s", "S", 0.0, 0.0, (CameraView("north", VIEW),)))
PER_SECOND = 2


def reading(second: int, density: float, health: tuple[Health, ...] = ()) -> Reading:
    """PER_SECOND people go in, and as many out; `density` people/m² all over."""
    grid = VIEW.grid()
    nx, ny = grid.shape
    cells = [Cell(x, y, density, 0.5, 0.0, 0.0) for y in range(ny) for x in range(nx)]
    count, people = round(density * 144 / COUNT_STEP), round(PER_SECOND / CROSSING_STEP)
    return Reading(
        (second + 1) * 1000, 1000, 5, 0, count, count - 8, count + 8, 8, 1, nx,
        pack_cells(cells, nx), ((people, people),), health, (),
    )  # fmt: skip


def told(
    readings: Sequence[Reading], alarms: dict[str | None, float], zone: Zone = YARD
) -> ZoneQuantities:
    """Of the yard."""
    return all_told(readings, alarms, zone)[1]


def all_told(
    readings: Sequence[Reading], alarms: dict[str | None, float], zone: Zone = YARD
) -> list[ZoneQuantities]:
    """Of the whole site, and of the yard."""
    watched: Ground = ground(
        grid=VIEW.grid(),
        covered=cells_inside(VIEW.grid(), VIEW.polygon),
        zones=(zone,),
        lines=(GATE,),
    )
    fields = [field_of(one, VIEW) for one in readings if one.healthy]
    yard = watched.place("yard")
    assert yard is not None
    moments = [
        Moment(one.t, occupancy(field=one, cells=yard.cells).people.value, float(one.density.max()))
        for one in fields
    ]
    window = Window(fields, {"yard": moments}, patches(fields[-1]))
    return zone_quantities(PLAN, watched, window, {"north": readings}, alarms)


@pytest.mark.parametrize("seconds", [40, 60])
def test_flows_are_per_minute_however_long_was_looked(seconds: int) -> None:
    """Two a second are 120 a minute, after 40 s as after 60; and 36 people stay 18 s."""
    found = told([reading(k, 0.5) for k in range(seconds)], {})
    assert (found.inflow, found.outflow) == (120, 120)
    assert found.dwell == pytest.approx(18, rel=0.05)


def test_seconds_in_which_a_camera_was_blind_are_not_seconds_without_people() -> None:
    """A third of the minute was not seen: what crossed in the rest is told by the minute."""
    blind = (Health.BLIND,)
    found = told([reading(k, 0.5, blind if k % 3 == 1 else ()) for k in range(60)], {})
    assert (found.inflow, found.outflow) == (120, 120)


def test_flows_are_not_told_from_a_few_seconds() -> None:
    """One person in the first second is no sixty a minute."""
    found = told([reading(k, 0.5) for k in range(20)], {})
    assert (found.inflow, found.outflow, found.dwell) == (None, None, None)


def test_why_nobody_is_counted_in_and_out_is_said() -> None:
    """The gate is no border of the whole site: that is why, and not that a camera is blind."""
    site, yard = all_told([reading(k, 0.5) for k in range(60)], {})
    assert (site.inflow, site.outflow, site.dwell, site.why) == (None, None, None, NO_BORDER)
    assert yard.why is None


def test_the_time_that_is_left_is_to_the_places_own_alarm() -> None:
    """From 2.5/m² at 0.02/(m² s): 50 s to 3.5, and 125 s to the 5 of places without their own."""
    growing = [reading(k, 1.3125 + k // 3 * 0.0625) for k in range(60)]
    own, default = told(growing, {"yard": 3.5}).reach, told(growing, {}).reach
    assert own is not None
    assert default is not None
    assert own.value == pytest.approx(50, rel=0.1)
    assert default.value == pytest.approx(125, rel=0.1)


def test_who_leaves_a_zone_has_come_into_the_next() -> None:
    """The hall empties by 24 people; the gate into the yard counts none of them.

    Asked alone, the yard knows nothing of it. Together, both say the same of the gate.
    """
    hall = Zone("hall", ((0.0, 0.0), (6.0, 0.0), (6.0, 12.0), (0.0, 12.0)))
    people = {"yard": (36.0, 36.0), "hall": (60.0, 36.0)}
    alone, both = net_over_the_gate((YARD,), people), net_over_the_gate((YARD, hall), people)
    assert alone["yard"] == pytest.approx(0, abs=0.01)
    assert both["yard"] > 4
    assert both["hall"] == pytest.approx(-both["yard"], abs=0.01)


@pytest.mark.parametrize(
    ("facility", "level"),
    [(Facility.WALKWAY, Level.E), (Facility.STAIRS, Level.D), (Facility.QUEUE, Level.C)],
)
def test_a_level_of_service_is_that_of_the_kind_of_place(facility: Facility, level: Level) -> None:
    """1.5 people/m² crowd a walkway, are many on stairs, and usual where people queue."""
    found = told([reading(0, 1.5)], {}, structs.replace(YARD, facility=facility))
    assert (found.level, found.facility) == (level, facility)


def net_over_the_gate(
    zones: Sequence[Zone], people: dict[str, tuple[float, float]]
) -> dict[str | None, float]:
    """People/min into each zone less those out of it; `people` are its first and last count."""
    covered = cells_inside(VIEW.grid(), VIEW.polygon)
    watched = ground(grid=VIEW.grid(), covered=covered, zones=zones, lines=(GATE,))
    last = field_of(reading(59, 0.5), VIEW)
    moments: dict[str | None, list[Moment]] = {
        zone.name: [
            Moment(last.t - 59 + k, float(np.interp(k, (0, 59), people[zone.name])), 0.5)
            for k in range(60)
        ]
        for zone in zones
    }
    window = Window([last], moments)
    found = flows(window, watched.places, np.array([[2.0, 2.0]]))
    return {name: flow.into - flow.out for name, flow in found.items()}
