import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vision.events.stage import Solid, Stage, hull, limb, lying, sitting, standing

from plainview.geometry import Point
from plainview.synth.camera import hung
from plainview.vision.events.figures import Fit, Shade, fit
from plainview.vision.events.limbs import Posture
from plainview.vision.events.silhouettes import Mask

STAGES = (
    Stage(),
    Stage(hung("steep", at=(0.0, -4.0), height=8.0, towards=(0, 0.5), hfov=70, size=(320, 180))),
)


def drawn(stage: Stage, solids: list[Solid]) -> Mask:
    """(h, w) 1 where `solids` are seen."""
    width, height = stage.optics.size
    mask = np.zeros((height, width), np.uint8)
    for solid in solids:
        cv2.fillPoly(mask, [hull(stage.optics, solid)], 1, cv2.LINE_8, 4)
    return mask


def shadows(solids: list[Solid], slope: Point) -> list[Solid]:
    """What `solids` throw on the ground, as flat as it gets: `slope` metres for each of height."""
    thrown = []
    for solid in solids:
        balls = solid.balls.copy()
        balls[:, :2] += balls[:, 2:3] * slope
        balls[:, 2] = 0.0
        thrown.append(solid._replace(balls=balls))
    return thrown


def fitted(stage: Stage, solids: list[Solid]) -> dict[Posture, Fit]:
    """How each posture explains the silhouette of `solids`."""
    mask = drawn(stage, solids)
    grown = cv2.dilate(mask, np.ones((3, 3), np.uint8)).astype(np.uint8)
    x, y, w, h = cv2.boundingRect(grown)
    x, y = max(x - 6, 0), max(y - 6, 0)
    return fit(stage.optics, grown[y : y + h + 12, x : x + w + 12], (x, y))


@given(
    stage=st.sampled_from(STAGES),
    x=st.floats(-1.5, 1.5),
    y=st.floats(-1.0, 2.0),
    angle=st.floats(0, 6.28),
)
@settings(max_examples=20, deadline=None)
def test_one_who_lies_is_found_where_it_lies(
    stage: Stage, x: float, y: float, angle: float
) -> None:
    """Anywhere and in any direction the silhouette overlaps well, and is put in its place.

    One who lies along the line of sight may look like one who stands (docs/guide/events.md).
    """
    best = fitted(stage, lying(x, y, angle))
    assert best[Posture.LYING].overlap > 0.58
    sight = np.array((x, y)) - stage.optics.centre[:2]
    if abs(np.sin(angle - np.arctan2(sight[1], sight[0]))) > 0.4:
        assert best[Posture.LYING].overlap > best[Posture.STANDING].overlap
    assert np.hypot(*(best[Posture.LYING].place - (x, y))) < 0.35


@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("angle", [0.3, 1.4, 2.6, 4.2])
def test_one_who_lies_on_the_side_with_drawn_up_knees_lies(side: float, angle: float) -> None:
    """As those who were helped are laid: shorter, and as high as shoulders are broad."""
    turn = np.array([[np.cos(angle), -side * np.sin(angle)], [np.sin(angle), side * np.cos(angle)]])

    def part(a: Point, b: Point, up: float, radius: float) -> Solid:
        return limb([*(turn @ a), up], [*(turn @ b), up], radius, 40)

    body = [
        part((-0.1, 0.0), (0.4, 0.05), 0.2, 0.17),
        part((-0.1, 0.05), (-0.28, 0.42), 0.16, 0.12),
        part((-0.28, 0.42), (-0.66, 0.25), 0.12, 0.08),
        part((0.35, 0.1), (0.25, 0.5), 0.2, 0.06),
        part((0.64, 0.08), (0.68, 0.08), 0.16, 0.1),
    ]
    best = fitted(STAGES[0], body)
    assert best[Posture.LYING].overlap > 0.72


def test_each_posture_explains_itself_best() -> None:
    """Somebody upright is upright, and somebody who sits does not lie."""
    for stage in STAGES:
        upright = fitted(stage, standing(0.5, 0.5))
        assert max(upright, key=lambda posture: upright[posture].overlap) is Posture.STANDING
        seated = fitted(stage, sitting(0.5, 0.5))
        others = max(seated[p].overlap for p in Posture if p is not Posture.LYING)
        assert others > seated[Posture.LYING].overlap


def test_nothing_and_the_sky_fit_no_posture() -> None:
    """An empty blob, or one above the horizon, is explained by nobody."""
    stage = Stage(
        hung("level", at=(0.0, -9.0), height=3.0, towards=(0, 1), hfov=60, size=(320, 180), aim=2.9)
    )
    empty = np.zeros((20, 20), np.uint8)
    assert fit(stage.optics, empty, (0, 0)) == {}
    empty[5:15, 5:10] = 1
    assert fit(stage.optics, empty, (50, 0)) == {}


def other(fits: dict[Posture, Fit]) -> Fit:
    """The best of any posture but lying."""
    return max((f for p, f in fits.items() if p is not Posture.LYING), key=lambda f: f.overlap)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("slope", [(1.6, 0.5), (-1.4, 0.2), (-1.0, -0.9)])
def test_who_sits_beside_his_shadow_is_explained_with_it(stage: Stage, slope: Point) -> None:
    """Both together look like one who lies, until the shadow that he must throw is drawn too."""
    body = sitting(0.5, 0.5)
    whole = drawn(stage, [*body, *shadows(body, slope)])
    dark = whole & (1 - drawn(stage, body))
    bare = fit(stage.optics, whole, (0, 0), partly=True)
    shade = Shade(np.array(slope), dark.astype(np.uint8))
    known = fit(stage.optics, whole, (0, 0), partly=True, shade=shade)
    assert other(known).overlap > other(bare).overlap + 0.04
    assert other(known).shaded
    gained = other(known).overlap - known[Posture.LYING].overlap
    assert gained > other(bare).overlap - bare[Posture.LYING].overlap + 0.02


@pytest.mark.parametrize("angle", [0.2, 2.9])
def test_a_shadow_explains_only_what_is_as_dark_and_where_it_falls(angle: float) -> None:
    """One who lies is no shadow: he is brighter, or lies where nobody's falls."""
    stage = STAGES[0]
    whole = drawn(stage, lying(0.5, 0.5, angle))
    bare = fit(stage.optics, whole, (0, 0), partly=True)
    aside = np.array([np.cos(angle + np.pi / 2), np.sin(angle + np.pi / 2)])
    for shade in (Shade(1.5 * aside, whole), Shade(np.array([1.5, 0.0]), 0 * whole)):
        known = fit(stage.optics, whole, (0, 0), partly=True, shade=shade)
        assert known[Posture.LYING].overlap > other(known).overlap + 0.05
        assert known[Posture.LYING].overlap >= bare[Posture.LYING].overlap
