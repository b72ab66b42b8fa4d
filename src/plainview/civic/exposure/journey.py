"""A walk between two places: the shortest way, the least-seen one, and those between."""

from typing import Final

import numpy as np
from msgspec import Struct
from shapely.geometry import LineString

from plainview.civic.exposure.measure import WALKING, WalkExposure, seen_metres, walk_exposure
from plainview.civic.exposure.network import Metres, Network
from plainview.civic.exposure.plane import plane_over
from plainview.civic.exposure.route import ways
from plainview.civic.exposure.views import ASSUMED_ANGLE, ASSUMED_REACH, Sights, sights_of
from plainview.errors import InputError
from plainview.governance.places import LonLat
from plainview.governance.register import Register

DETOUR: Final = 1.0
"""A way may be this much longer than the shortest, as a share of it."""


class Alternative(Struct, frozen=True):
    """One way, beside the shortest."""

    walk: WalkExposure
    extra_metres: float
    """Longer than the shortest by so much."""
    less_camera_seconds: float
    """Fewer than on the shortest by so many."""


class Journey(Struct, frozen=True):
    """Ways between two places."""

    shortest: WalkExposure
    ways: tuple[Alternative, ...] = ()
    """Each longer and less seen than the one before; the last is the least seen. Empty where the
    shortest is the least seen."""
    straight: bool = False
    """No footpaths were given: the shortest is the straight line, whoever can walk it."""


class Assumptions(Struct, frozen=True):
    """What every number rests on."""

    walking: float = WALKING
    """m/s; Weidmann 1993."""
    angle: float = ASSUMED_ANGLE
    """Degrees and metres of the view of a camera without calibration."""
    reach: float = ASSUMED_REACH


class Ground:
    """One register over one network, with what is seen of each piece. Immutable."""

    def __init__(self, register: Register, network: Network, *, every: bool = False) -> None:
        """Work out what running cameras, or `every` one, see of each piece of path.

        Raises InputError as `sights_of` does.
        """
        self.network = network
        self.sights: Sights = sights_of(register, network.plane)
        self._every = every
        self._seen: Metres = seen_metres(network.pieces, self.sights, every=every)

    def journey(self, places: tuple[LonLat, LonLat], *, detour: float = DETOUR) -> Journey:
        """Ways from the first of `places` to the second. Raises InputError as `ways` does."""
        found = ways(
            self.network, self.sights, self._seen, places, detour=detour, every=self._every
        )
        names = ("shortest", *(f"way {k}" for k in range(2, len(found))), "least seen")
        walks = [
            walk_exposure(way.line, self.sights, name=name)
            for way, name in zip(found, names, strict=False)
        ]
        return Journey(
            walks[0],
            tuple(
                Alternative(
                    walk,
                    round(walk.metres - walks[0].metres, 1),
                    round(self._counted(walks[0]) - self._counted(walk), 1),
                )
                for walk in walks[1:]
            ),
        )

    def _counted(self, walk: WalkExposure) -> float:
        return (walk.registered if self._every else walk.running).camera_seconds


def straight_journey(register: Register, places: tuple[LonLat, LonLat]) -> Journey:
    """The straight line between two places, where no footpaths are known. Raises InputError."""
    plane = plane_over(np.array(places), "the two places")
    if places[0] == places[1]:
        raise InputError(
            "both places are the same", where="from, to", mend="Give two different places"
        )
    line = LineString(plane.metres(places))
    walk = walk_exposure(line, sights_of(register, plane), name="straight line")
    return Journey(walk, straight=True)
