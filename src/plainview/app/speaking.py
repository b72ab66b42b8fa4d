"""Which site speaks for which camera on the bus: for sending, and for who may."""

from collections.abc import Callable

from plainview.bus import Sender
from plainview.config import CityConfig


class Speakers:
    """Owns the table of cameras, made anew when the city's files change. Thread-safe."""

    def __init__(self, city: Callable[[], CityConfig]) -> None:
        """Of `city`, asked each time. Raises ConfigError where a site's id cannot be sent."""
        self._city = city
        self._table = self._read(city(), {})

    @staticmethod
    def _read(
        city: CityConfig, before: dict[str, Sender]
    ) -> tuple[CityConfig, dict[str, Sender], dict[str, str]]:
        from plainview.bus.address import sender_of  # noqa: PLC0415 - only where it is chosen

        sites = {camera.id: site.id for site in city.sites for camera in site.cameras}
        senders = {
            camera.id: sender_of(site.district, site.id)
            for site in city.sites
            for camera in site.cameras
        }
        # A camera that was removed still has its last words.
        return city, before | senders, sites

    def _now(self) -> tuple[CityConfig, dict[str, Sender], dict[str, str]]:
        city = self._city()
        if city is not self._table[0]:
            self._table = self._read(city, self._table[1])
        return self._table

    def sender(self, camera: str) -> Sender:
        """In whose name a camera's messages are sent."""
        return self._now()[1][camera]

    def site(self, camera: str) -> str | None:
        """The site that may speak for a camera; None: nobody's."""
        return self._now()[2].get(camera)
