"""In ordinary life nobody enters what is closed, and nobody walks against the lane."""

import numpy as np
import pytest
from shapely import contains_xy
from shapely.geometry import Polygon

from plainview.synth.events.ordinary import ALONG
from plainview.synth.events.person import Person
from plainview.synth.events.suite import ORDINARY, event_scene


@pytest.mark.parametrize("number", [74, 98])
def test_whoever_comes_to_sit_goes_round_what_is_closed_and_over_the_lane(number: int) -> None:
    """A bench stands where it stands: one comes to it from where a way leads there."""
    scene = event_scene(ORDINARY, number).scene
    closed, lane = (Polygon(zone.polygon) for zone in scene.zones)
    direction = np.array(scene.zones[1].direction)
    people = [actor for actor in scene.actors if isinstance(actor, Person)]
    assert people
    for one in people:
        places = [one.place(t) for t in np.arange(0.0, scene.seconds, 0.5)]
        path = np.array([place for place in places if place is not None]).reshape(-1, 2)
        assert not contains_xy(closed, *path.T).any()
        inside = path[contains_xy(lane, *path.T)] @ direction
        assert not len(inside) or inside[0] - inside[-1] <= ALONG
