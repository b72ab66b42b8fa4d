"""Patches of light that drive over the ground are no people; shadows beside people are shadows."""

import numpy as np
from tests.vision.scenes import CAMERA, NOBODY, film, view, watch

from plainview.geometry import to_plane
from plainview.synth.camera import hung
from plainview.synth.light import Light
from plainview.vision.bodies import NONE, Bodies
from plainview.vision.detectability import shown
from plainview.vision.foreground import SHADOW
from plainview.vision.optics import optics
from plainview.vision.patches import AGAINST, FAINT, Patches
from plainview.vision.plate import Image, Plate
from plainview.vision.sparse import SparseEstimator

OPTICS = optics(view(), *CAMERA.size)
WIDTH, HEIGHT = OPTICS.size
ROW = Bodies(
    np.column_stack((np.linspace(-4.0, 4.0, 5), np.full(5, 1.0))),
    np.zeros((5, 2)),
    np.ones(5),
    np.ones(5),
)
FAR = hung("far", at=(0.8, -23.0), height=8.1, towards=(0.0, 0.0), hfov=67, size=(480, 270))
FAR_AREA = ((-7.0, -12.0), (8.0, -12.0), (28.0, 26.0), (-28.0, 24.0))
BROKEN = Light(
    sun=0.95, azimuth=170, elevation=61, sky=0.25, clouds=0.59, cloud_size=15.0, wind=(3.0, 1.0),
    brightness=0.5, noise=0.012,
)  # fmt: skip


def picture(share: float, value: float) -> Image:
    """Evidence `value` in the nearest `share` of the picture's rows, against all else."""
    evidence = np.full((HEIGHT, WIDTH), -1.0, np.float32)
    evidence[round((1 - share) * HEIGHT) :] = value
    return evidence


def looked(bodies: Bodies, evidence: Image, looks: int = 10) -> Patches:
    """What as many looks taught."""
    patches = Patches(OPTICS)
    for _ in range(looks):
        patches.look(bodies, evidence)
    return patches


def test_where_more_people_are_made_of_light_than_not_it_speaks_against_them() -> None:
    """And only what may be light alone does."""
    evidence = picture(1.0, SHADOW)
    evidence[0] = 1.0
    patches = looked(ROW, evidence)
    assert patches.passing
    weighed = patches.weighed(evidence)
    assert np.all(weighed[1:] == AGAINST)
    assert np.all(weighed[0] == 1.0)
    for _ in range(20):
        patches.look(NONE, picture(0.02, SHADOW))
    assert not patches.passing


def test_people_who_walk_among_patches_do_not_make_them_people() -> None:
    """Two who are nobody for each five who are somebody are enough: a crowd was counted twice."""
    evidence = picture(0.3, 1.0)
    evidence[: round(0.7 * HEIGHT)] = SHADOW
    bottom = [(x, HEIGHT - 1.0) for x in np.linspace(0.2, 0.8, 12) * WIDTH]
    near = to_plane(OPTICS.projection, bottom)
    assert np.all(shown(OPTICS, near, evidence) > FAINT)
    both = np.concatenate((ROW.places, near))
    bodies = Bodies(both, np.zeros_like(both), np.ones(len(both)), np.ones(len(both)))
    assert looked(bodies, evidence, 20).passing
    assert not looked(Bodies(*(part[1:] for part in bodies)), evidence, 20).passing
    # A bus in whose shade some are made out has passed by then.
    assert not looked(bodies, evidence, 5).passing


def test_clouds_that_pass_for_nobody_change_nothing() -> None:
    """Nor do one or two people in grey."""
    evidence = picture(1.0, SHADOW)
    for bodies in (NONE, Bodies(*(part[:2] for part in ROW))):
        patches = looked(bodies, evidence)
        assert not patches.passing
        assert patches.weighed(evidence) is evidence


def test_shadows_beside_people_change_nothing() -> None:
    """Half of what differs may be shadow, and some of the people in it hardly stand out."""
    evidence = picture(0.6, 1.0)
    evidence[HEIGHT - round(0.3 * HEIGHT) :] = SHADOW
    assert not looked(ROW, evidence).passing


def test_broken_clouds_over_an_empty_square_are_no_crowd() -> None:
    """Seen from far away ragged patches are as large as people are: up to ten were counted."""
    frames = list(film(NOBODY, 30.0, light=BROKEN, camera=FAR))
    seen = optics(view(FAR, FAR_AREA), *FAR.size)
    plate = Plate.learn([luma for _, luma in frames[::6]])
    by = SparseEstimator(view(FAR, FAR_AREA), seen, plate)
    counts = [one.people for one in watch(frames, by, area=FAR_AREA) if one.t >= 15.0]
    assert np.mean(counts) < 1.0
