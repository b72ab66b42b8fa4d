"""A site as the city adds it up: its district, its cameras, and how much ground each sees."""

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from plainview.web.plan import SitePlan

Shares = Callable[[Sequence[bool]], Sequence[float]]
"""(which of the site's cameras are believed) -> the share of each one's count that the site takes;
0 for the others."""


class CitySite(Struct, frozen=True):
    """One site. `areas` are m² of ground, one for each of `cameras`."""

    id: str
    name: str
    district: str
    """What its numbers are added up into."""
    cameras: tuple[str, ...]
    areas: tuple[float, ...]
    shares: Shares | None = None
    """Where cameras of the site see the same ground; None: no two of them do."""


def city_site(plan: SitePlan, district: str) -> CitySite:
    """The site of `plan`, in `district`.

    Where cameras overlap, a count is shared out by ground: a camera counts with the mean, over the
    cells that it sees, of one over the number of believed cameras that see that cell. The field of
    the site's own page weighs by certainty instead (`web.fuse`): that needs every cell of every
    Reading, and would make the city's cost grow with the crowd.
    """
    cameras = tuple(camera.id for camera in plan.site.cameras)
    cell = plan.grid.cell**2
    areas = tuple(float(plan.covers[name].sum()) * cell for name in cameras)

    def shares(believed: Sequence[bool]) -> list[float]:
        layers = np.zeros(plan.covered.shape)
        for name, counts in zip(cameras, believed, strict=True):
            if counts:
                layers += plan.covers[name]
        one_over = 1 / np.maximum(layers, 1)
        return [
            float(one_over[plan.covers[name]].mean()) if counts else 0.0
            for name, counts in zip(cameras, believed, strict=True)
        ]

    return CitySite(
        id=plan.site.id,
        name=plan.site.name,
        district=district,
        cameras=cameras,
        areas=areas,
        shares=shares if plan.overlapping else None,
    )
