"""The real clips of roads: a guess of each camera, its zones, and what happens in them.

All is marked in pixels and comes to the ground by the guess, so that a zone lies where it is seen
whatever the guess is worth. The guesses are of 40 degrees and were chosen by the horizon, the lanes
and the height of who rides by.
"""

from typing import Final, NamedTuple

import numpy as np

from plainview.evaluate.event_truth import TrueEvent
from plainview.geometry import Point, View, Zone, to_plane
from plainview.record import EventKind
from plainview.synth.camera import Camera, hung

_SIZE: Final = (320, 240)
_AREA: Final = ((6, 234), (316, 234), (316, 50), (6, 50))
_ONE_WAY: Final = "one-way"


class Marked(NamedTuple):
    """A zone, in pixels."""

    name: str
    kind: str
    corners: tuple[Point, ...]
    way: tuple[Point, Point] | None = None
    """From where to where traffic goes."""


class Road(NamedTuple):
    """One clip's camera, and what its picture shows."""

    height: float
    """Metres."""
    away: float
    """Metres from below the camera to the ground that it looks at."""
    zones: tuple[Marked, ...]
    rider: tuple[tuple[float, float, float], ...] = ()
    """Seconds and pixels of the wheels of one who rides in the first zone."""
    passing: str = ""
    """The lane in which each car was noted."""
    passages: tuple[tuple[float, float], ...] = ()
    """Seconds from which and until which each of them is in that lane, to about 0.2 s."""

    def view(self) -> View:
        """What it measures."""
        camera = self._camera()
        zones = tuple(
            Zone(one.name, one.kind, self._ground(one.corners), one.way and self._way(*one.way))
            for one in self.zones
        )
        return View(camera.calibration(), self._ground(_AREA), zones=zones)

    def turned(self) -> "Road":
        """The same with its lanes turned round: what drives there goes the wrong way."""
        zones = tuple(
            one if one.way is None else one._replace(way=(one.way[1], one.way[0]))
            for one in self.zones
        )
        return self._replace(zones=zones)

    def kinds(self) -> tuple[EventKind, ...]:
        """Kinds of events that its zones are for."""
        kinds = {
            EventKind.WRONG_WAY if one.kind == _ONE_WAY else EventKind(one.kind)
            for one in self.zones
        }
        return tuple(sorted(kinds))

    def events(self) -> tuple[TrueEvent, ...]:
        """What happens."""
        if not self.rider:
            return ()
        places = self._ground(tuple((x, y) for _, x, y in self.rider))
        path = tuple((one[0], *at) for one, at in zip(self.rider, places, strict=True))
        zone = self.zones[0]
        return (
            TrueEvent(
                EventKind(zone.kind), path[0][0], places[0], path[-1][0], zone.name, path=path
            ),
        )

    def _camera(self) -> Camera:
        return hung(
            "guess", at=(0.0, -self.away), height=self.height, towards=(0.0, 0.0), hfov=40.0,
            size=_SIZE,
        )  # fmt: skip

    def _ground(self, pixels: tuple[Point, ...]) -> tuple[Point, ...]:
        ground = to_plane(self._camera().matrix(), pixels)
        return tuple((round(float(x), 2), round(float(y), 2)) for x, y in ground)

    def _way(self, start: Point, end: Point) -> Point:
        one, other = np.array(self._ground((start, end)))
        x, y = (other - one) / np.hypot(*(other - one))
        return round(float(x), 4), round(float(y), 4)


CYCLIST: Final = Road(
    8.0,
    28.0,
    (
        Marked(
            "shoulder",
            EventKind.ZONE_INTRUSION,
            ((231, 232), (242, 200), (281, 116), (292, 75),
             (309, 75), (302, 125), (289, 190), (278, 232)),
        ),
        Marked(
            "out", _ONE_WAY, ((60, 232), (226, 232), (278, 114), (288, 75), (232, 75)),
            ((150, 220), (262, 75)),
        ),
        Marked("in", _ONE_WAY, ((8, 160), (8, 105), (140, 60), (210, 60)), ((190, 62), (40, 130))),
    ),
    ((2.7, 256, 238), (5.0, 260, 218), (10.0, 285, 146), (15.0, 300, 100), (21.0, 308, 62)),
    "out",
    ((0.0, 1.1), (0.0, 1.6), (0.6, 3.4), (2.4, 5.1), (2.8, 5.3), (3.8, 6.5), (6.2, 8.5), (7.1, 9.8),
     (10.1, 12.5), (11.6, 14.5), (13.7, 16.1), (15.1, 18.0), (16.4, 19.0), (17.3, 21.3),
     (18.0, 20.6), (18.5, 20.9), (19.4, 21.7), (20.2, 23.3), (20.4, 22.6), (20.9, 24.0),
     (21.7, 24.9), (25.7, 28.1), (26.8, 29.7), (27.9, 30.0)),
)  # fmt: skip
"""A cyclist rides along the hard shoulder, away from the camera."""

MOTORWAY: Final = Road(
    6.0,
    19.0,
    (
        Marked(
            "lane", _ONE_WAY, ((40, 200), (110, 234), (250, 234), (268, 60), (160, 60)),
            ((225, 60), (150, 220)),
        ),
    ),
    passing="lane",
    passages=(
        (1.3, 2.8), (3.3, 4.8), (3.4, 5.0), (4.7, 6.3), (6.0, 7.4), (10.1, 11.6), (11.8, 13.4),
        (12.4, 13.9), (12.6, 14.1), (13.2, 14.6), (13.4, 14.9), (13.8, 15.2), (14.1, 15.6),
        (15.5, 17.0), (16.6, 17.9), (17.0, 18.4), (17.5, 18.9), (18.6, 20.0), (19.1, 20.6),
        (21.4, 22.9), (22.1, 23.7), (23.2, 24.8), (23.9, 25.5), (24.2, 25.8), (26.1, 27.5),
        (26.5, 27.9), (26.7, 28.3), (27.3, 28.3),
    ),
)  # fmt: skip
"""All traffic comes towards the camera."""
