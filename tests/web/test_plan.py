from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from plainview.web.plan import SitePlan, runs
from plainview.web.views import SiteView

if TYPE_CHECKING:
    from tests.web.conftest import World


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=8))
def test_runs_name_exactly_the_true_cells(rows: list[list[bool]]) -> None:
    """Filling the stretches again gives the mask back."""
    mask = np.array(rows)
    again = np.zeros(mask.size, dtype=bool)
    for start, length in runs(mask):
        assert length > 0
        again[start : start + length] = True
    assert np.array_equal(again.reshape(mask.shape), mask)


@pytest.mark.parametrize("cell", [1.0, 0.7, 2.0, 3.3])
@pytest.mark.parametrize("coarse", [1, 2, 5])
def test_people_are_kept_when_cells_do_not_line_up(
    world: "World", sites: tuple[SiteView, ...], cell: float, coarse: int
) -> None:
    """Whatever the site's cells and the Reading's coarseness, the field's sum is the people."""
    site = structs.replace(sites[0], cell=cell)
    plan = SitePlan(site)
    people = [(-11.5, -3.5, 1, 0), (0.2, 4.0, 0, 1), (0.3, 4.1, 0, 1), (11.4, 9.6, 0, 0)]
    reading = world.reading("plaza-north", people, coarse=coarse)
    density, vx, vy, variance = plan.carry(site.cameras[0], reading)
    # A coarse grid may reach past the site's: what lies there is no ground of the site.
    slack = 0.15 if coarse == 1 else 1.5
    assert density.sum() * cell**2 == pytest.approx(len(people), abs=slack)
    assert density.shape == vx.shape == vy.shape == variance.shape == plan.inside.shape
    assert (density >= 0).all()


def test_a_velocity_survives_the_way_to_the_sites_grid(
    world: "World", sites: tuple[SiteView, ...]
) -> None:
    """Momentum over density is the person's velocity."""
    plan = SitePlan(sites[0])
    density, vx, vy, _ = plan.carry(
        sites[0].cameras[0], world.reading("plaza-north", [(0.5, 2.5, 1.25, -0.5)])
    )
    iy, ix = np.unravel_index(int(density.argmax()), density.shape)
    assert vx[iy, ix] / density[iy, ix] == pytest.approx(1.25)
    assert vy[iy, ix] / density[iy, ix] == pytest.approx(-0.5)


def test_ground_outside_a_picture_is_not_covered(sites: tuple[SiteView, ...]) -> None:
    """An area that is larger than what the camera sees does not make ground known."""
    site = sites[0]
    wide = structs.replace(site.cameras[0].view, polygon=((-60, -4), (60, -4), (60, 10), (-60, 10)))
    plan = SitePlan(structs.replace(site, cameras=(structs.replace(site.cameras[0], view=wide),)))
    covered = plan.covers["plaza-north"]
    middle = covered.shape[1] // 2
    assert covered[:, middle].all()
    assert not covered[:, 0].any()
    assert plan.inside[:, 0].all()


def test_a_camera_stands_where_its_projection_says(sites: tuple[SiteView, ...]) -> None:
    """Place and height come from the calibration; the wedge opens towards its area."""
    plan = SitePlan(sites[0])
    north = sites[0].cameras[0]
    assert plan.camera_place(north) == pytest.approx((0, -14, 9), abs=0.01)
    left, right = plan.camera_wedge(north)
    assert left[0] < 0 < right[0]
    assert min(left[1], right[1]) > -14
