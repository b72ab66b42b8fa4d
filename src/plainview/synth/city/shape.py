"""Which cameras a simulated city has: their names, sites and districts, and when each speaks."""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

SITES_PER_DISTRICT = 50
MOST_PROBES = 20
_SECOND = 1000


class City(Struct, frozen=True):
    """`cameras` cameras in sites of `per_site`, drawn by `seed`."""

    cameras: int
    per_site: int = 60
    seed: int = 1

    @property
    def sites(self) -> int:
        """How many sites there are; the last may be smaller."""
        return -(-self.cameras // self.per_site)

    def site(self, camera: int) -> str:
        """The id of the site of the camera with that number."""
        return f"s{camera // self.per_site:05}"

    def name(self, camera: int) -> str:
        """Its id."""
        return f"{self.site(camera)}-{camera % self.per_site:04}"

    def names(self) -> list[str]:
        """The id of every camera, in the order of their numbers."""
        return [self.name(camera) for camera in range(self.cameras)]

    def site_of(self) -> dict[str, str]:
        """The site of each camera, by their ids."""
        return {self.name(camera): self.site(camera) for camera in range(self.cameras)}

    def districts(self) -> Iterator[tuple[str, str]]:
        """Each site with its district."""
        for site in range(self.sites):
            yield f"s{site:05}", f"d{site // SITES_PER_DISTRICT:03}"

    def phases(self) -> list[int]:
        """Milliseconds after the full second at which each camera's interval ends."""
        drawn = np.random.default_rng([self.seed, 0]).integers(0, _SECOND, self.cameras)
        return [int(phase) for phase in drawn]

    def probes(self) -> list[int]:
        """Cameras whose sites are watched for alerts, each the first of its site, spread evenly."""
        many = min(self.sites, MOST_PROBES)
        return [self.per_site * (self.sites * k // many) for k in range(many)]
