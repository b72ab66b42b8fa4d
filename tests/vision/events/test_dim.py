import numpy as np
import pytest
from tests.vision.events.stage import SIZE, Moment, Solid, Stage, box, standing

from plainview.synth.camera import hung
from plainview.vision.events.dim import WEIGHT, Dim

STAGE = Stage()


def found(*solids: Solid, bodies: int = 0) -> list[tuple[float, float]]:
    """Where Dim finds somebody of those who stand there, whom the measurement finds or not."""

    def what(_: float) -> Moment:
        return list(solids), [(1.0, 1.0, 0.0, 0.0)] * bodies

    dim, places = Dim(STAGE.optics), []
    for seen in STAGE.seen(1.2, what):
        all_ = dim.bodies(seen)
        places = [
            (float(x), float(y))
            for (x, y), weight in zip(all_.places, all_.weights, strict=True)
            if weight == WEIGHT
        ]
    return places


def test_a_figure_that_is_no_body_is_somebody_there() -> None:
    """Where it stands, to half a metre."""
    ((x, y),) = found(*standing(1.0, 1.0))
    assert np.hypot(x - 1.0, y - 1.0) < 0.5


@pytest.mark.parametrize(
    ("solids", "bodies"),
    [
        ([], 0),
        (standing(1.0, 1.0), 1),
        ([box(1.0, 1.0, (0.46, 0.28, 0.7))], 0),
        ([box(1.0, 1.0, (2.6, 1.0, 1.5))], 0),
    ],
    ids=["nothing", "a-body-already", "luggage", "a-car"],
)
def test_what_is_no_figure_is_nobody(solids: list[Solid], bodies: int) -> None:
    """Of somebody's height, and slim; whom the measurement finds is not found twice."""
    assert found(*solids, bodies=bodies) == []


def test_who_is_so_far_away_that_his_feet_are_uncertain_is_not_set_down() -> None:
    """A row of pixels is a third of a metre there: standing, he would seem to come and go."""
    mast = hung("mast", at=(0.0, -40.0), height=7.0, towards=(0.0, 0.0), hfov=14, size=SIZE)
    stage = Stage(mast)
    dim = Dim(stage.optics)
    seen = list(stage.seen(0.8, lambda _: (standing(1.0, 1.0), [])))
    assert all(len(dim.bodies(one).places) == 0 for one in seen)
    assert (seen[-1].evidence > 0).any()


def test_of_whom_nothing_was_known_a_look_before_it_is_not_known_that_he_stays() -> None:
    """He may be walking away; one who is seen at one place twice stays there."""
    dim = Dim(STAGE.optics)
    speeds = [
        np.hypot(*dim.bodies(seen).velocities.T)
        for seen in STAGE.seen(0.8, lambda _: (standing(1.0, 1.0), []))
    ]
    assert speeds[0].min() > 1.0
    assert speeds[1].max() < 0.4
