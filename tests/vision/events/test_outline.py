import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.vision.events.stage import Solid, Stage, hull, limb, lying, sitting, standing

from plainview.vision.events import outline
from plainview.vision.events.extent import extents
from plainview.vision.events.fallen import Judged
from plainview.vision.events.figures import Fit, fit
from plainview.vision.events.limbs import Posture
from plainview.vision.events.outline import apart, held, shaded
from plainview.vision.events.stillness import Blob
from plainview.vision.plate import Image
from plainview.vision.shadow import Cast

STAGE = Stage()
Mask = NDArray[np.uint8]


def drawn(solids: list[Solid]) -> Mask:
    """(h, w) 1 where `solids` are seen."""
    width, height = STAGE.optics.size
    mask = np.zeros((height, width), np.uint8)
    for solid in solids:
        cv2.fillPoly(mask, [hull(STAGE.optics, solid)], 1, cv2.LINE_8, 4)
    return mask


def judged(mask: Mask, mean: Image, far: Image) -> Judged:
    """`mask` held against silhouettes, in a window as large as the picture."""
    blob = Blob((0, 0), mask, 0.0)
    (extent,) = extents(STAGE.optics, [blob])
    assert extent is not None
    found = held(STAGE.optics, blob, extent, mean, far)
    assert found is not None
    return found


def test_what_a_body_encloses_speaks_for_no_posture() -> None:
    """Clothes as bright as the ground leave a hole in who lies there: he is explained as well."""
    whole = drawn(lying(0.6, 1.0, 0.6))
    core = np.asarray(cv2.erode(whole, np.ones((5, 5), np.uint8)), np.uint8)
    assert core.sum() > 30
    faint = np.full(whole.shape, 0.05, np.float32)
    one, holed = (
        judged(mask, faint, 5.0 * mask.astype(np.float32)) for mask in (whole, whole - core)
    )
    assert holed.lies > 0.8 * one.lies
    assert holed.lies > holed.other


def test_what_differs_less_than_half_as_much_speaks_for_no_posture() -> None:
    """A soft shadow around who lies, joined to him, takes less from his overlap than before."""
    body = drawn(lying(0.6, 1.0, 0.6))
    shaded = np.asarray(cv2.dilate(body, np.ones((9, 9), np.uint8)), np.uint8)
    mean = np.where(shaded > 0, np.float32(0.5), np.float32(-0.3))
    alike = 9.0 * shaded.astype(np.float32)
    fainter = np.where(body > 0, np.float32(9), np.float32(3) * shaded)
    assert judged(shaded, mean, fainter).lies > judged(shaded, mean, alike).lies + 0.05


def test_a_faint_coat_is_no_ground() -> None:
    """What is faintly there above the legs of one who sits is not held against his sitting."""
    whole, legs = drawn(sitting(0.0, 1.0)), drawn(sitting(0.0, 1.0)[:1])
    mean = np.where(legs > 0, np.float32(0.9), np.float32(-0.3))
    bare = 9.0 * legs.astype(np.float32)
    coat = np.maximum(bare, 2.0 * whole.astype(np.float32))
    alone, faintly = judged(legs, mean, bare), judged(legs, mean, coat)
    assert faintly.other - faintly.lies > alone.other - alone.lies


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_a_trunk_above_a_dark_bench_is_of_one_who_sits(y: float) -> None:
    """Where the legs do not differ from what is behind them, who sits is explained as well."""
    trunk = drawn([limb((0.3, y, 0.55), (0.3, y, 1.0), 0.2, 30)])
    others = [posture for posture in Posture if posture is not Posture.LYING]
    alone, partly = (fit(STAGE.optics, trunk, (0, 0), partly=known) for known in (False, True))
    assert partly[Posture.LYING].overlap == alone[Posture.LYING].overlap
    assert max(partly[one].overlap for one in others) > alone[Posture.LYING].overlap + 0.05


@pytest.mark.parametrize(("angle", "along"), [(0.0, 0.0), (np.pi / 2, 1.0), (-np.pi / 2, 1.0)])
def test_how_far_one_lies_along_the_line_of_sight(angle: float, along: float) -> None:
    """0 across it, 1 along it, head or feet first."""
    mask = drawn(lying(0.0, 1.0, angle))
    mean = np.where(mask > 0, np.float32(0.5), np.float32(-0.3))
    assert judged(mask, mean, 9.0 * mask.astype(np.float32)).along == pytest.approx(along, abs=0.3)


def test_how_far_a_mean_gap_is_from_none() -> None:
    """In either direction, by the noise and a grey level."""
    mean = np.array([[0.0, -5.0, 10.0]], np.float32)
    assert apart(mean, np.full((1, 3), 2.0, np.float32)).tolist() == [[0.0, 1.25, 2.5]]


def test_what_is_as_dark_as_shadow() -> None:
    """By its part of the ground's luma: not what is darker still, hardly darker, or brighter."""
    mean = np.array([[-100.0, -60.0, -40.0, -2.0, 30.0]], np.float32)
    behind = np.full((1, 5), 119, np.uint8)
    shade = shaded(mean, behind, Cast(np.array([1.0, 0.0]), 0.45))
    assert shade is not None
    assert shade.mask.tolist() == [[0, 1, 1, 0, 0]]
    assert shade.within((slice(0, 1), slice(2, 4))).mask.tolist() == [[1, 0]]
    assert shaded(mean, behind, None) is None


def test_who_plainly_stands_is_held_against_silhouettes_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No sharper outline makes him one who lies; who may lie is held against them twice."""
    sharply: list[object] = []

    def counted(*given: object) -> dict[Posture, Fit]:
        sharply.append(given)
        return {}

    monkeypatch.setattr(outline, "_sharply", counted)
    for solids, times in ((standing(0.0, 1.0), 0), (lying(0.0, 1.0, 0.6), 1)):
        sharply.clear()
        mask = drawn(solids)
        mean = np.where(mask > 0, np.float32(0.5), np.float32(-0.3))
        judged(mask, mean, 9.0 * mask.astype(np.float32))
        assert len(sharply) == times
