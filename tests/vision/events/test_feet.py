"""A body stands where something is seen to stand, down to the ground."""

import numpy as np
from tests.vision.events.traffic import SQUARE, hanging, moment

from plainview.geometry import View, project
from plainview.record import EventKind
from plainview.vision.bodies import Bodies
from plainview.vision.events.detector import Patience, Sighting
from plainview.vision.events.eyes import Eyes
from plainview.vision.events.feet import Standing, footed, lifts
from plainview.vision.events.movers import Movers
from plainview.vision.events.seen import Seen
from plainview.vision.foreground import SHADOW
from plainview.vision.optics import optics
from plainview.vision.plate import Image, Plate

SIZE = (320, 180)
VIEW = View(calibration=hanging(SIZE, 300.0, 7.0, 25.0), polygon=SQUARE)
OPTICS = optics(VIEW, *SIZE)
PLACE = (1.0, 15.0)
BODY = Bodies(np.array([PLACE]), np.zeros((1, 2)), np.ones(1), np.ones(1))


def shown(low: float, high: float, patches: float = -1.0) -> Image:
    """What differs is a body at PLACE from `low` to `high` metres above the ground.

    Two broad `patches` of that evidence lie on the ground besides.
    """
    evidence = np.full((SIZE[1], SIZE[0]), -1.0, dtype=np.float32)
    evidence[100:140, 20:90] = evidence[150:176, 20:90] = patches
    (foot, head), _ = project(VIEW.matrix(), [(*PLACE, low), (*PLACE, high)])
    top, bottom = int(head[1]), int(foot[1]) + 1
    evidence[max(top, 0) : bottom, int(foot[0]) - 4 : int(foot[0]) + 5] = 0.9
    return evidence


def test_a_body_whose_lower_half_is_bare_ground_stands_elsewhere() -> None:
    """Unless what is below cannot be seen."""
    assert len(footed(VIEW.matrix(), shown(0.0, 1.75), BODY).weights) == 1
    assert len(footed(VIEW.matrix(), shown(0.8, 2.6), BODY).weights) == 0
    below = Bodies(np.array([(0.0, 3.0)]), np.zeros((1, 2)), np.ones(1), np.ones(1))
    assert len(footed(VIEW.matrix(), shown(0.0, 1.75), below).weights) == 1


def test_feet_are_no_lower_than_anything_shows_of_somebody() -> None:
    """Whose head the dark hides may be found too low, where the ground is bare to his ankles."""
    standing = Standing(VIEW.matrix(), BODY.places)
    for bare in (0.0, 0.2, 0.35):
        (lift,) = lifts(shown(bare, 1.75), standing)
        assert abs(lift - bare / 1.75) <= 0.05
    (lift,) = lifts(shown(1.2, 1.75), standing)
    assert lift == 0.3


class Counting:
    """Owns how many bodies and movers it was shown."""

    kind = EventKind.WRONG_WAY
    patience = Patience(rise=0.2, fall=1.0, reach=1.0)

    def __init__(self) -> None:
        """Nothing was shown."""
        self.bodies = self.movers = -1

    def look(self, seen: Seen) -> list[Sighting]:
        """Count."""
        self.bodies, self.movers = len(seen.bodies.weights), len(seen.movers)
        return []


def test_bodies_that_hang_in_the_light_are_none_where_light_runs_over_the_ground() -> None:
    """Who has feet stays; and where no light runs, what is shown of somebody is enough."""
    assert counted(shown(0.8, 2.6, SHADOW)) == (0, 0)
    assert counted(shown(0.0, 1.75, SHADOW)) == (1, 1)
    assert counted(shown(0.8, 2.6)) == (1, 1)


def counted(evidence: Image) -> tuple[int, int]:
    """Bodies and movers that a detector of what moves is shown after some seconds of this."""
    detector = Counting()
    eyes = Eyes([detector], follow=Movers(OPTICS, [SQUARE]))
    grey = np.full(evidence.shape, 120, np.uint8)
    for k in range(10):
        eyes.frame(
            moment(0.4 * k, evidence=evidence)._replace(
                luma=grey,
                background=grey,
                mask=np.zeros_like(grey),
                bodies=BODY,
                plate=Plate(grey, np.full(evidence.shape, 2.0, np.float32)),
            )
        )
    return detector.bodies, detector.movers
