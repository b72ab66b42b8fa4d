"""The city as governance sees it: fingerprints, places, a digest; and changes to its files."""

import hashlib
from collections.abc import Mapping

import msgspec
import structlog

from plainview.app.governor import Configured
from plainview.clock import Clock
from plainview.config import CityConfig, load_city
from plainview.errors import PlainviewError
from plainview.governance.cameras import Seen
from plainview.governance.fingerprint import bare_source, fingerprint
from plainview.governance.places import Place

LOOK = 2.0
"""Seconds between looks at the city's files."""
_log = structlog.get_logger(__name__)
_encoder = msgspec.json.Encoder(order="sorted")


def configured(city: CityConfig) -> dict[str, Configured]:
    """Every camera of `city` with what a permit binds of it."""
    return {
        camera.id: Configured(camera, Seen(site.id, fingerprint(camera.source or "", camera.view)))
        for site in city.sites
        for camera in site.cameras
    }


def places(city: CityConfig) -> list[Place]:
    """Where each camera of `city` is."""
    return [
        Place(
            camera=camera.id,
            site=site.id,
            name=camera.id,
            view=camera.view,
            site_name=site.name,
            longitude=site.location[0],
            latitude=site.location[1],
            bearing=site.bearing,
        )
        for site in city.sites
        for camera in site.cameras
    ]


def configuration_digest(city: CityConfig) -> str:
    """SHA-256, hex, of what `city` says of cameras, sites and retention. Nothing secret."""
    told = [
        city.name,
        city.retention,
        [
            [
                site.id,
                site.name,
                site.location,
                site.bearing,
                site.cell,
                [
                    [
                        camera.id,
                        bare_source(camera.source or ""),
                        camera.view,
                        camera.every,
                        camera.rate,
                        camera.decode,
                    ]
                    for camera in site.cameras
                ],
                [[zone.name, zone.polygon, sorted(zone.kinds)] for zone in site.zones],
                site.thresholds,
                site.escalate,
            ]
            for site in city.sites
        ],
        *([city.obeys.vkey] if city.obeys else []),
    ]
    return hashlib.sha256(_encoder.encode(told)).hexdigest()


class CityFile:
    """Owns the memory of what the city's files were; for use by one thread."""

    def __init__(self, city: CityConfig, clock: Clock) -> None:
        """Watch the files that `city` was read from."""
        self._files = city.files
        self._clock = clock
        self._seen = self._state()
        self._due = 0.0
        self.trouble = ""
        """Why the files as they are now cannot be used; the last good ones hold."""

    def changed(self) -> CityConfig | None:
        """The city anew, if a file in its folders changed since the last look; None otherwise.

        Files that cannot be used are logged once and shown: the cameras go on as they were.
        """
        now = self._clock.monotonic()
        if now < self._due:
            return None
        self._due = now + LOOK
        state = self._state()
        if not self._files or state == self._seen:
            return None
        self._seen = state
        try:
            city = load_city(self._files[0])
        except (PlainviewError, OSError) as error:
            line = error.line() if isinstance(error, PlainviewError) else str(error)
            if line != self.trouble:
                _log.error("the city's file cannot be used; what ran goes on", why=line)
            self.trouble = line
            return None
        self.trouble = ""
        self._files = city.files
        self._seen = self._state()
        return city

    def _state(self) -> Mapping[str, tuple[int, int, int]]:
        """Size, time and number of each file."""
        found: dict[str, tuple[int, int, int]] = {}
        for path in self._files:
            try:
                status = path.stat()
            except OSError:
                continue
            found[str(path)] = (status.st_size, status.st_mtime_ns, status.st_ino)
        return found
