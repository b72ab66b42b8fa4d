"""The dense estimator: crowds are found, empty floors stay empty, people are conserved."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from plainview.geometry import View
from plainview.synth.camera import hung
from plainview.synth.light import OVERCAST
from plainview.synth.packed import packed
from plainview.synth.render import Renderer
from plainview.synth.scenery import World
from plainview.synth.simulate import empty
from plainview.synth.trajectories import Trajectories
from plainview.vision import dense
from plainview.vision.blend import LEAST, share
from plainview.vision.dense import (
    COMPANY,
    EVERY,
    PACKED,
    SURER,
    Crowd,
    Dense,
    Gathering,
    gatherings,
    mirrored,
    window,
)
from plainview.vision.density import CHANNELS, Density
from plainview.vision.estimate import Estimate
from plainview.vision.headplane import CELL, HeadPlane
from plainview.vision.optics import Optics, optics
from plainview.vision.overlooked import Overlooked
from plainview.vision.plate import Image, Luma, Plate

AREA = ((-2.0, -2.0), (2.0, -2.0), (2.0, 2.0), (-2.0, 2.0))
CAMERA = hung("mast", at=(0.0, -9.0), height=7.0, towards=(0.0, 0.0), hfov=46, size=(320, 180))
VIEW = View(calibration=CAMERA.calibration(), polygon=AREA)
NOBODY = Estimate(np.empty((0, 2)), np.empty((0, 2)), np.empty(0), 0.0, 0.0, None)


def lens() -> Optics:
    """The geometry of CAMERA."""
    return optics(VIEW, *CAMERA.size)


def picture(walks: Trajectories, glass: Optics) -> Luma:
    """A working frame of `walks`."""
    frame = Renderer(World(seed=5), CAMERA, walks, OVERCAST, seed=2).frame(0.2)
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(luma, glass.size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


@pytest.fixture(scope="module")
def crowded() -> Luma:
    """4 people/m² all over the area."""
    return picture(packed((-3.0, -3.0, 3.0, 3.0), (4.0, 4.0), 1.0, 3), lens())


@pytest.fixture(scope="module")
def bare() -> Luma:
    """The floor."""
    return picture(empty(), lens())


def plate(luma: Luma) -> Plate:
    """A plate that shows `luma`."""
    return Plate(luma, np.full(luma.shape, 2.0, np.float32))


def looked(by: Dense, luma: Luma, of: Plate, times: int = 3) -> Crowd | None:
    """What `by` says after some looks at `luma`."""
    found = None
    for _ in range(times):
        found = by.frame(luma, of.luma, of.sharpness, EVERY, company=True)
    return found


def test_a_crowd_is_found_where_no_floor_was_seen(crowded: Luma) -> None:
    """A crowd that stands in the plate itself is still counted, within a half."""
    by = Dense(VIEW, lens())
    crowd = looked(by, crowded, plate(crowded))
    assert crowd is not None
    estimate = by.blended(NOBODY, crowd)
    inside = (np.abs(estimate.places) < 2).all(axis=1)
    assert estimate.weights[inside].sum() == pytest.approx(64, rel=0.5)
    assert estimate.variance > 25


def test_a_crowd_that_stands_keeps_its_density(crowded: Luma) -> None:
    """Ten minutes of the same picture give the same number at the end as at the beginning."""
    by, of = Dense(VIEW, lens()), plate(crowded)
    first = looked(by, crowded, of)
    assert first is not None
    by._since = 600.0
    last = looked(by, crowded, of)
    assert last is not None
    assert last.people.sum() == pytest.approx(first.people.sum(), rel=0.01)


def test_who_stands_in_the_plate_is_allowed_for(bare: Luma) -> None:
    """A few people whom the plate shows as well widen the interval; an empty floor does not."""
    few = picture(packed((-2.0, -2.0, 2.0, 2.0), (0.5, 0.5), 1.0, 3), lens())
    nobody = np.empty((0, 2)), np.empty(0)
    for luma, least, most in ((few, 2.0, 40.0), (bare, 0.0, 0.5)):
        by = Dense(VIEW, lens())
        looked(by, luma, plate(luma), times=1)
        assert by.cells is not None
        assert by.bare is not None
        overlooked, alive = Overlooked(by.cells, lens().size), np.ones((9, 16), np.uint8)
        assert least <= overlooked.beyond(by.bare, nobody, nobody, alive).missed <= most
        many = (by.cells.centres, np.full(len(by.cells.centres), 0.2))
        assert overlooked.beyond(by.bare, many, nobody, alive).missed == 0


def test_an_empty_floor_is_empty_and_seldom_looked_at(bare: Luma) -> None:
    """Nobody is found on the floor, with and without a plate, and the looks grow rare."""
    by = Dense(VIEW, lens())
    assert looked(by, bare, plate(bare), times=16) is None
    assert not by.crowded
    assert by._wait > 4


def test_between_rare_looks_what_they_take_is_given_back(
    bare: Luma, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once looks are more than some seconds apart, and not while people gather."""
    rests: list[int] = []
    monkeypatch.setattr(HeadPlane, "rest", lambda _: rests.append(1))
    by, of = Dense(VIEW, lens()), plate(bare)
    assert looked(by, bare, of, times=16) is None
    assert by._wait > 4
    assert rests == []
    while not by.fresh or not rests:
        by.frame(bare, of.luma, of.sharpness, EVERY, company=False)
        assert by._since < 64
    assert len(rests) == 1


def test_where_one_reading_is_far_from_a_crowd_there_is_no_second(
    crowded: Luma, bare: Luma, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty floor is read once a look, and still says who may stand there; a crowd is twice."""
    reads: list[int] = []
    people = Density.people

    def counted(by: Density, planes: Image) -> Image:
        reads.append(1)
        return people(by, planes)

    monkeypatch.setattr(Density, "people", counted)
    by, of = Dense(VIEW, lens()), plate(bare)
    assert looked(by, bare, of, times=1) is None
    assert by.bare is not None
    assert len(reads) == 1
    assert by._wait == dense.FIRST
    for _ in range(2):
        by.frame(crowded, of.luma, of.sharpness, EVERY, company=False)
    assert by.crowded
    assert len(reads) == 3


def test_a_crowd_that_comes_just_after_the_first_look_is_not_missed(
    crowded: Luma, bare: Luma
) -> None:
    """The second look comes after a second, though nobody was found close together before."""
    by, of = Dense(VIEW, lens()), plate(bare)
    assert looked(by, bare, of, times=1) is None
    found = [
        by.frame(crowded, of.luma, of.sharpness, EVERY, company=False) is not None for _ in range(2)
    ]
    assert found == [False, True]


def judged(
    crowded: Luma,
    monkeypatch: pytest.MonkeyPatch,
    *read: tuple[float, float],
    density: float = PACKED,
) -> list[bool]:
    """Whether there is a crowd after each of some looks that read (people, part that differs).

    `density`: people/m² of each, in the mean.
    """
    by, of = Dense(VIEW, lens()), plate(crowded)
    told = []
    for one in read:
        monkeypatch.setattr(
            dense, "gatherings", lambda *_, one=one: [Gathering(one[0], one[1], density)]
        )
        by.frame(crowded, of.luma, of.sharpness, 5.0, company=True)
        told.append(by.crowded)
    return told


def test_a_crowd_stays_one_while_it_is_read_a_little_small(
    crowded: Luma, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten people are no crowd, but what is left of one; six are not, and are looked at again."""
    read = [(people, 0.3) for people in (10.0, 13.0, 10.0, 6.0, 13.0)]
    assert judged(crowded, monkeypatch, *read) == [False, True, True, False, True]


@pytest.mark.parametrize("large", [False, True])
def test_velocity_follows_the_surface_in_every_frame(
    crowded: Luma, bare: Luma, monkeypatch: pytest.MonkeyPatch, *, large: bool
) -> None:
    """Between two readings of the crowd too; where the surface is not known, windows tell it.

    A `large` plane is looked at by its own pixels, and tells the same.
    """
    if large:
        monkeypatch.setattr(dense, "FINE", 0)
    by, of = Dense(VIEW, lens()), plate(bare)

    def speed(frame: int, step: int) -> float:
        moved = np.roll(crowded, step, axis=1)
        crowd = by.frame(moved, of.luma, of.sharpness, EVERY / 2.5, company=True)
        if crowd is None or frame < 8:
            return 0.0
        there = crowd.people > 0.3 * crowd.people.max()
        return float(crowd.velocities[there][:, 0].mean())

    # Two pixels of some 26 a metre in a fifth of a second, to the right; then it stops.
    walks = [speed(k, 2 * k) for k in range(11)]
    assert walks[-1] == pytest.approx(0.4, abs=0.12)
    stops = [(speed(k, 20), by.fresh) for k in range(11, 14)]
    between = [abs(found) for found, fresh in stops if not fresh]
    assert between
    assert max(between) < 0.05
    unknown = np.zeros(by._velocities.shape[:2], np.bool_).ravel()
    nothing = np.zeros((len(unknown), 2)), unknown
    monkeypatch.setattr(by._surface, "velocities", lambda _: nothing)
    surely = by.noise
    assert np.array_equal(by._steered(), by._velocities)
    # What windows tell is noisier, and so it is said.
    assert surely is not None
    assert by.noise is not None
    assert surely < by.noise < surely / SURER + 1e-9


def test_a_few_are_a_crowd_where_their_ground_differs_from_the_plate(
    crowded: Luma, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it is texture, unless it is very much; who came, and stands still by now, stays one."""
    assert judged(crowded, monkeypatch, (20.0, 0.02), (20.0, 0.2)) == [False, True]
    assert judged(crowded, monkeypatch, (40.0, 0.0)) == [True]
    assert judged(crowded, monkeypatch, (20.0, 0.2), (20.0, 0.0)) == [True, True]


def test_who_is_seen_stays_where_there_is_no_crowd(crowded: Luma) -> None:
    """A crowd of nobody changes nothing."""
    by = Dense(VIEW, lens())
    crowd = looked(by, crowded, plate(crowded))
    assert crowd is not None
    none = Crowd(0 * crowd.people, crowd.velocities, 0 * crowd.doubt)
    two = Estimate(np.array([[0.0, 0.0], [1.0, 1.5]]), np.ones((2, 2)), np.ones(2), 0.1, 0.0, 0.05)
    kept = by.blended(two, none)
    assert kept.weights == pytest.approx(two.weights)
    assert kept.variance == pytest.approx(two.variance)
    # In the middle of a crowd nobody asks for them: their doubt goes with them.
    sure = Crowd(crowd.people, crowd.velocities, 0 * crowd.doubt)
    there = by.blended(two._replace(variance=4.0, missed=9.0), sure)
    doubtless = by.blended(two._replace(variance=0.0), sure)
    assert there.variance == pytest.approx(doubtless.variance, rel=1e-3)
    assert there.missed == pytest.approx(0.0, abs=0.01)


def test_the_network_takes_every_size() -> None:
    """Planes of any sides that are multiples of 8 give a quarter as many cells, none below 0."""
    net = Density()
    for height, width in ((64, 96), (120, 56), (64, 96)):
        people = net.people(np.zeros((CHANNELS, height, width), dtype=np.float32))
        assert people.shape == (height // 4, width // 4)
        assert (people >= 0).all()


def test_what_is_mirrored_twice_is_as_it_was() -> None:
    """Right and left are exchanged, and the lean of a hanging body with them."""
    planes = np.random.default_rng(1).normal(size=(CHANNELS, 8, 16)).astype(np.float32)
    once = mirrored(planes)
    assert (once[0] == planes[0, :, ::-1]).all()
    assert (once[4] == -planes[4, :, ::-1]).all()
    assert (mirrored(once) == planes).all()


densities = arrays(np.float64, 6, elements=st.floats(0, 9))


@settings(deadline=None)
@given(sparse=densities, dense=densities)
def test_the_share_is_a_share(sparse: np.ndarray, dense: np.ndarray) -> None:
    """Between 0 and 1; nothing where there are few."""
    part = share(sparse, dense)
    assert ((part >= 0) & (part <= 1)).all()
    assert (part[np.maximum(sparse, dense) <= LEAST] == 0).all()
    assert (np.diff(share(np.zeros(9), np.linspace(0.9, 3.0, 9))) >= 0).all()


def test_a_few_close_together_are_no_crowd_and_many_are() -> None:
    """A dense spot of a car's size is below COMPANY, a large crowd above it, outside nothing."""
    people, shown = np.zeros((40, 40)), np.zeros((40, 40))
    inside = np.zeros(people.shape, dtype=np.bool_)
    inside[:, :20] = True

    def most(inside: np.ndarray) -> float:
        return max(one.people for one in gatherings(people, inside, shown))

    people[5:10, 5:10] = 4.0 * CELL**2
    assert 0 < most(inside) < COMPANY
    people[0:40, 26:40] = 4.0 * CELL**2
    shown[0:20, :] = 1.0
    assert most(inside) < COMPANY
    assert most(np.ones_like(inside)) > COMPANY
    assert [round(one.shown, 1) for one in gatherings(people, inside, shown)] == [1.0]
    people[20:24, 15:26] = 4.0 * CELL**2
    assert most(inside) > COMPANY
    assert 0.4 < max(gatherings(people, inside, shown)).shown < 0.5


def test_a_crowd_that_thins_stays_one_and_a_thin_one_is_none(
    crowded: Luma, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0.75 people/m² all over the area are no crowd, but are what is left of one."""
    by, of = Dense(VIEW, lens()), plate(crowded)
    assert by.cells is not None
    told = []
    for density in (0.75, 4.0, 0.75, 0.4, 0.75):
        people = np.full(by.cells.shape, density * CELL**2)
        monkeypatch.setattr(by, "_read", lambda *_, people=people: (people, 0 * people))
        by.frame(crowded, of.luma, of.sharpness, 5.0, company=True)
        told.append(by.crowded)
    assert told == [False, True, True, False, False]


def test_beside_a_crowd_the_network_alone_is_believed_from_four_fifths_on() -> None:
    """Where it is that dense the first estimator lacks a fifth of the people; on bare floor not."""
    assert share(np.zeros(4), np.array([0.3, 0.5, 0.65, 0.8])) == pytest.approx([0, 0, 0.5, 1])


@given(st.integers(1, 48), st.integers(1, 48))
def test_windows_are_narrow_where_there_is_cpu_for_them(width: int, height: int) -> None:
    """1 m over a passage, 1.5 at most; in between no more of them than 12 m square take."""
    size = (8 * width, 8 * height)
    side = window(size)
    area = 64 * width * height * 0.08**2
    assert 1.0 <= side <= 1.5
    assert side == 1.0 or area > 12**2
    assert area / side**2 <= max(12**2, area / 1.5**2) * 1.001


def test_much_that_is_no_denser_than_texture_is_a_crowd_only_where_it_was_seen_to_come(
    crowded: Luma, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ground of noise was read as hundreds of people, none of whom had come."""
    sparse = 0.9 * PACKED
    assert judged(crowded, monkeypatch, (250.0, 0.02), density=sparse) == [False]
    assert judged(crowded, monkeypatch, (250.0, 0.02)) == [True]
    assert judged(crowded, monkeypatch, (14.0, 0.3), density=0.5 * PACKED) == [True]


def test_ground_of_noise_is_nobody_or_few() -> None:
    """Whatever its grain and contrast: without a plate, texture alone was read as 1.3 a m²."""
    area = ((-5.0, -4.0), (5.0, -4.0), (5.0, 6.0), (-5.0, 6.0))
    view = View(calibration=CAMERA.calibration(), polygon=area)
    glass = optics(view, *CAMERA.size)
    width, height = glass.size
    found = []
    for seed in range(12):
        g = np.random.default_rng(seed)
        grain = float(np.exp(g.uniform(0, np.log(5))))
        noise = g.standard_normal((height, width)).astype(np.float32)
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2 * grain, sigmaY=grain))
        ground = 120 + g.uniform(3, 20) * noise / noise.std() + g.normal(0, 1.5, noise.shape)
        luma = np.clip(ground, 0, 255).astype(np.uint8)
        by = Dense(view, glass)
        looked(by, luma, plate(luma), times=1)
        assert by.cells is not None
        assert by.bare is not None
        found.append(by.bare[by.cells.inside].sum() / (by.cells.inside.sum() * CELL**2))
    assert np.mean(found) < 0.4
    assert max(found) < PACKED
