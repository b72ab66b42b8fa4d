"""Who may be there beyond those found: told by what the network reads and what sways."""

import numpy as np
import pytest

from plainview.geometry import View
from plainview.synth.camera import hung
from plainview.vision.cells import Cells
from plainview.vision.headplane import CELL, head_plane
from plainview.vision.optics import Floats, optics
from plainview.vision.overlooked import UNSEEN, VOUCHED, Overlooked

AREA = ((-4.0, -4.0), (4.0, -4.0), (4.0, 4.0), (-4.0, 4.0))
CAMERA = hung("mast", at=(0.0, -11.0), height=8.0, towards=(0.0, 0.0), hfov=60, size=(320, 180))
VIEW = View(calibration=CAMERA.calibration(), polygon=AREA)
GLASS = optics(VIEW, *CAMERA.size)
PLANE = head_plane(GLASS.projection, GLASS.size, AREA)
assert PLANE is not None
CELLS = Cells(PLANE, VIEW)
NOBODY = (np.empty((0, 2)), np.empty(0))
ALIVE, STILL = np.ones((9, 16), np.uint8), np.zeros((9, 16), np.uint8)


def read(*groups: tuple[float, float], people: float = 4.0) -> Floats:
    """What the network reads: as many `people` around each place of `groups`."""
    bare = np.zeros(CELLS.shape)
    for place in groups:
        near = np.exp(-np.square(CELLS.centres - place).sum(axis=1) / (2 * 0.5**2))
        bare += (people * near / near.sum()).reshape(CELLS.shape)
    return bare


def test_what_is_read_and_sways_may_be_people() -> None:
    """It widens the interval, and what nothing sways in does not; nobody is added to the count."""
    by, bare = Overlooked(CELLS, GLASS.size), read((1.0, 1.0))
    beyond = by.beyond(bare, NOBODY, NOBODY, ALIVE)
    leak = 0.04 * CELLS.inside.sum() * CELL**2
    assert 1 < beyond.missed < UNSEEN * (4.0 - leak)
    assert len(beyond.weights) == 0
    assert by.beyond(bare, NOBODY, NOBODY, STILL).missed == 0


def test_beside_those_who_stand_in_the_plate_others_are_believed() -> None:
    """On the ground of one who surely stands there, so many as one vouches for, and no more."""
    by, one = Overlooked(CELLS, GLASS.size), np.array([[1.0, 1.0]])
    bare = read((1.0, 1.0), (-2.5, -2.0))
    found = (one, np.ones(1))
    beyond = by.beyond(bare, found, found, ALIVE)
    assert beyond.weights.sum() == pytest.approx(VOUCHED)
    assert np.hypot(*(beyond.places - one).T).max() < 2.0
    alone = by.beyond(read((1.0, 1.0), people=1.0), found, found, ALIVE)
    assert alone.weights.sum() < 0.1


def test_nobody_comes_at_a_blow_where_somebody_is_found_in_the_plate() -> None:
    """He vouches for others by the weight that he has, from none on."""
    by, one = Overlooked(CELLS, GLASS.size), np.array([[1.0, 1.0]])
    bare = read((1.0, 1.0))
    said = []
    for weight in (0.05, 0.45, 0.55, 0.9):
        found = (one, np.array([weight]))
        said.append(by.beyond(bare, found, found, ALIVE).weights.sum())
    assert said == pytest.approx([VOUCHED * weight for weight in (0.05, 0.45, 0.55, 0.9)])


def test_what_does_not_sway_beside_them_is_allowed_for() -> None:
    """Not all of a group sway enough to be seen: the interval holds them, the count does not."""
    by, one = Overlooked(CELLS, GLASS.size), np.array([[1.0, 1.0]])
    found = (one, np.ones(1))
    beyond = by.beyond(read((1.0, 1.0), people=8.0), found, found, STILL)
    assert beyond.missed > 4
    assert len(beyond.weights) == 0


def test_the_network_finds_people_near_where_they_stand() -> None:
    """Within a metre, not at the other end of the area, nor off the plane."""
    by = Overlooked(CELLS, GLASS.size)
    places = np.array([[1.0, 1.0], [1.5, 1.0], [-3.0, -3.0], [90.0, 90.0]])
    assert by.finds(read((1.0, 1.0)), places).tolist() == [True, True, False, False]


def test_people_are_sorted_into_the_cells_they_stand_in() -> None:
    """None is lost inside, none is taken from outside."""
    places = np.concatenate((CELLS.centres[:50], [[90.0, 90.0]]))
    people = CELLS.binned(*CELLS.node(places), np.ones(51))
    assert people.sum() == 50
    assert (people.ravel()[:50] == 1).all()


def test_who_is_read_beside_where_he_was_found_is_nobody_else() -> None:
    """The network's spot is wider than a body and half a metre off; another is metres away."""
    by = Overlooked(CELLS, GLASS.size)
    found = (np.array([[1.0, 1.0], [-2.0, -1.0]]), np.full(2, 4.0))
    beside = by.beyond(read((1.3, 1.2), (-1.7, -1.3)), found, NOBODY, ALIVE)
    assert beside.missed == 0
    other = by.beyond(read((1.3, 1.2), (-2.0, 2.0)), found, NOBODY, ALIVE)
    assert other.missed > 0


def test_how_far_the_network_and_the_bodies_are_apart_is_said() -> None:
    """More people are read than were found, or fewer; those who are believed are not among them."""
    by, one = Overlooked(CELLS, GLASS.size), np.array([[1.0, 1.0]])
    leak = 0.04 * CELLS.inside.sum() * CELL**2
    bare = read((1.0, 1.0), people=10.0)
    few, many = (by.beyond(bare, (one, np.full(1, n)), NOBODY, STILL).apart for n in (2.0, 15.0))
    assert few == pytest.approx(8 - leak)
    assert many == pytest.approx(-5)
    assert by.beyond(bare, (one, np.full(1, 9.0)), NOBODY, STILL).apart == 0
    believed = by.beyond(bare, (one, np.full(1, 2.0)), (one, np.ones(1)), ALIVE)
    assert believed.apart == pytest.approx(8 - leak - VOUCHED)
