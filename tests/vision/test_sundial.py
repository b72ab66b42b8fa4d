"""The direction of shadows is found from a plate's own frames, before anybody is measured."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from tests.vision.scenes import AREA, CAMERA, estimator, film, scaled, view
from tests.vision.test_shadow import PASSERS, taught, turn_between

from plainview.synth.light import OVERCAST, SUNNY, Light
from plainview.vision.bodies import NONE, BodyModel, update
from plainview.vision.foreground import Foreground
from plainview.vision.optics import optics
from plainview.vision.plate import Luma, Plate
from plainview.vision.shadow import DIRECTIONS, Sun, towards
from plainview.vision.sparse import SparseEstimator
from plainview.vision.sundial import END, Sundial, _Again

LENS = optics(view(CAMERA), *CAMERA.size)


@functools.cache
def passing(light: Light) -> tuple[Luma, ...]:
    """Frames, 2 s apart, of six who walk through the rendered scene."""
    looks = film(PASSERS, 24, light=light, rate=0.5)
    return tuple(scaled(luma, LENS.size) for _, luma in looks)


@functools.cache
def plate(light: Light) -> Plate:
    """The scene's plate without anybody."""
    return estimator(light=light).plate


def sun(azimuth: float) -> Light:
    """Light of a sun at `azimuth` degrees, half high."""
    return replace(SUNNY, azimuth=azimuth, elevation=40)


@pytest.mark.parametrize("azimuth", [30, 160, 300])
def test_the_direction_is_told_from_the_frames_alone(azimuth: float) -> None:
    """Shadows fall away from the rendered sun, within two steps of sixteen."""
    found = Sundial(LENS, plate(sun(azimuth))).read(passing(sun(azimuth)))
    assert found is not None
    assert 0.3 < found.factor < 0.9
    assert turn_between(found.way * 360 / DIRECTIONS, azimuth + 180) < 34


def test_clouds_tell_no_direction() -> None:
    """Without a sun the ground beside people is dark in no direction."""
    assert Sundial(LENS, plate(OVERCAST)).read(passing(OVERCAST)) is None


def test_fitting_again_is_fitting_anew() -> None:
    """What is kept from one fit to the next changes no bit of what is found."""
    light = sun(160)
    found = Foreground(LENS, plate(light))
    again = _Again(LENS)
    for luma in passing(light)[::8]:
        evidence = found.evidence(luma, None)
        again.begin(evidence)
        for k in range(0, DIRECTIONS, 3):
            again.restart(towards(k) * END)
            anew = BodyModel(LENS)
            anew.begin(evidence, towards(k) * END)
            for one, other in zip(update(again, NONE, 0.2), update(anew, NONE, 0.2), strict=True):
                assert np.array_equal(one, other)
            assert np.array_equal(again.closed(), anew.closed())
    assert again._near
    assert again._drawn


def test_few_bodies_prove_no_sun() -> None:
    """A part of the ground that is dark beside two dozen may be dark by somebody's dark clothes."""
    for people, way in ((28, None), (100, 6)):
        dial = Sundial(LENS, plate(OVERCAST))
        dial._looks += 1000
        dial._factors[:, 29] = 27
        dial._factors[6, 29] = 110
        dial._needed += people
        found = dial._vote()
        assert (found and found.way) == way


def test_nobody_tells_no_direction() -> None:
    """Where nobody stands there is nothing to tell a direction from."""
    quiet = [plate(sun(160)).luma] * 8
    assert Sundial(LENS, plate(sun(160))).read(quiet) is None


def test_shadows_are_known_before_the_first_frame_is_measured() -> None:
    """An estimator that gets its plate's frames knows at once where shadows fall."""
    light = sun(160)
    by = SparseEstimator(view(CAMERA, AREA), LENS, plate(light), frames=passing(light))
    cast = by._foreground.shadows.cast()
    assert cast is not None
    assert turn_between(float(np.degrees(np.arctan2(cast[1], cast[0]))), 340) < 34


def test_what_was_told_is_held_until_the_ground_says_no() -> None:
    """Told shadows are cast at once, and no longer once the ground around many is never dark."""
    model = taught(0.5, None)
    model.tell(Sun(3, 0.5))
    assert model.cast() is None
    again = taught(0.5, 3 * 2 * np.pi / DIRECTIONS)
    again.tell(Sun(3, 0.5))
    assert again.cast() is not None
