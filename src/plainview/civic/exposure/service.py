"""What the portal answers about exposure: one register and one set of files, worked out once.

Nothing of who asks or what they asked is kept: what stays in memory is the same for every visitor.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from plainview.civic.exposure.files import ExposureFiles
from plainview.civic.exposure.journey import Ground, Journey, straight_journey
from plainview.civic.exposure.measure import DistrictExposure, district_exposure
from plainview.civic.exposure.network import Network, read_districts, read_network
from plainview.civic.exposure.picture import Picture, picture
from plainview.civic.exposure.plane import plane_over
from plainview.civic.exposure.views import polygon_of, sights_of
from plainview.errors import PlainviewError
from plainview.governance.places import LonLat
from plainview.governance.register import Register

PATIENCE: Final = 10.0
"""Seconds that a reader waits while others are answered: a walk in a large city takes one."""
_Key = tuple[str, int]


class Occupied(PlainviewError):
    """Too many ask at once."""


class Walk(NamedTuple):
    """A journey and its map."""

    journey: Journey
    map: Picture


class District(NamedTuple):
    """One district and its map."""

    exposure: DistrictExposure
    map: Picture


class Exposures:
    """Owns the city's footpaths and districts, and what follows from the last register.

    Thread-safe. Works for one reader at a time, so that nobody can take the cores from the
    measurement by asking often.
    """

    def __init__(self, files: ExposureFiles | None = None, *, patience: float = PATIENCE) -> None:
        """Nothing is read before it is asked for; a reader waits for at most `patience` seconds."""
        self._patience = patience
        self.files = files or ExposureFiles()
        self._turn = threading.Lock()
        self._network: Network | None = None
        self._last: tuple[Register, _Key] | None = None
        self._grounds: dict[bool, tuple[_Key, Ground]] = {}
        self._districts: tuple[_Key, tuple[District, ...]] | None = None

    def walk(self, register: Register, places: tuple[LonLat, LonLat], *, every: bool) -> Walk:
        """Ways between two places, and the map of them.

        Counting running cameras, or `every` registered one. Raises InputError for places that
        cannot be joined and for files that cannot be used, Occupied where no turn comes.
        """
        with self._in_turn():
            network = self._read_network()
            if network is None:
                journey = straight_journey(register, places)
                sights = sights_of(register, plane_over(np.array(places), "the two places"))
                pieces = None
            else:
                ground = self._ground(register, network, every=every)
                journey, sights = ground.journey(places), ground.sights
                pieces = network.pieces
            kinds = ["shortest", *["between"] * (len(journey.ways) - 1), "least"]
            walks = [journey.shortest, *(way.walk for way in journey.ways)]
            drawn = [
                (kind, sights.plane.metres(walk.path))
                for kind, walk in zip(kinds, walks, strict=False)
            ]
            return Walk(journey, picture(sights, drawn, paths=pieces))

    def districts(self, register: Register) -> tuple[DistrictExposure, ...]:
        """How much of each of the city's districts is seen; none where none were given.

        Raises as `walk` does.
        """
        return tuple(one.exposure for one in self._all_districts(register))

    def district(self, register: Register, name: str) -> District | None:
        """The district of that name with its map, if there is one. Raises as `walk` does."""
        return next(
            (one for one in self._all_districts(register) if one.exposure.name == name), None
        )

    def _all_districts(self, register: Register) -> tuple[District, ...]:
        if self.files.districts is None:
            return ()
        with self._in_turn():
            key = self._key(register)
            if self._districts is None or self._districts[0] != key:
                self._districts = (key, self._work_out(register, self.files.districts))
            return self._districts[1]

    def _work_out(self, register: Register, file: Path) -> tuple[District, ...]:
        rings = read_districts(file)
        network = self._read_network()
        corners = np.array([place for _, ring in rings for place in ring])
        plane = network.plane if network else plane_over(corners, str(file))
        sights = sights_of(register, plane)
        found = []
        for name, ring in rings:
            shape = polygon_of(ring, plane, f"{file.name}, {name}")
            exposure = district_exposure(shape, sights, name=name, network=network)
            drawn = picture(sights, [("district", plane.metres(ring))], closed=True)
            found.append(District(exposure, drawn))
        return tuple(found)

    def _read_network(self) -> Network | None:
        if self._network is None and self.files.network is not None:
            self._network = read_network(self.files.network)
        return self._network

    def _ground(self, register: Register, network: Network, *, every: bool) -> Ground:
        key = self._key(register)
        known = self._grounds.get(every)
        if known is None or known[0] != key:
            known = self._grounds[every] = (key, Ground(register, network, every=every))
        return known[1]

    def _key(self, register: Register) -> _Key:
        if self._last is None or self._last[0] is not register:
            self._last = (register, _key(register))
        return self._last[1]

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=self._patience):
            raise Occupied("too many ask for walks at once", mend="Try again in a minute")
        try:
            yield
        finally:
            self._turn.release()


def _key(register: Register) -> _Key:
    """What exposure follows from, of `register`: the ledger grows without any of it changing."""
    told = tuple(
        (
            *(one.id, one.state, one.longitude, one.latitude, one.direction, one.area, one.view),
            *(capability.name for capability in one.capabilities if capability.running),
        )
        for one in register.cameras
    )
    places = tuple((site.id, site.longitude, site.latitude) for site in register.sites)
    return register.name, hash((told, places))
