"""The city added up while it runs: hears what intake writes, and hands the pages the totals."""

from collections.abc import Mapping
from typing import Final

from plainview.clock import Clock
from plainview.config import CityConfig
from plainview.intake import Written
from plainview.readings import Readings
from plainview.record import CameraStatus
from plainview.web.city.answer import City
from plainview.web.city.ground import city_site
from plainview.web.city.totals import CityTotals
from plainview.web.plan import SitePlan

NO_DISTRICT: Final = "No district"
"""What sites are added up into whose file names none."""


class Adding:
    """Owns the totals from `begin` on. What was said before is stale by the first page."""

    def __init__(self, also: Written) -> None:
        """Hand on to `also` whatever was written."""
        self._also = also
        self._totals: CityTotals | None = None

    def begin(self, city: CityConfig, plans: Mapping[str, SitePlan], clock: Clock) -> City | None:
        """Add up from now on; `plans` are of all sites of `city`.

        None where this process is a site's: what it measures is added up at the centre.
        """
        if city.role == "site":
            return None
        totals = CityTotals(
            [city_site(plans[site.id], site.district or NO_DISTRICT) for site in city.sites], clock
        )
        self._totals = totals
        expected = sum(1 / camera.every for camera in city.cameras())
        return City(totals, city.name, expected, simulated=city.simulated)

    def written(self, readings: Readings, events: int, taken: float) -> None:
        """As intake's `written`."""
        self._also(readings, events, taken)
        if self._totals is not None:
            self._totals.add(readings)

    def said(self, camera: str, status: CameraStatus) -> None:
        """As intake's `said`."""
        if self._totals is not None:
            self._totals.said(camera, status)
