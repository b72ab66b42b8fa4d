"""Trajectories: interpolation, the Juelich format and the truth that is taken from them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import InputError
from plainview.geometry import Line
from plainview.synth.simulate import ditherer, side_by_side, walker
from plainview.synth.trajectories import (
    count_inside,
    crossings,
    joined,
    load_juelich,
    resampled,
    shifted,
    trajectories,
)

DATA = Path(__file__).parents[3] / "shared" / "data" / "trajectories"
LINE = Line(name="l", start=(0.0, -5.0), end=(0.0, 5.0))
"""Walked from south to north its left hand is west: forward is towards -x."""


@given(t=st.floats(0.3, 6.0), speed=st.floats(0.3, 2.5), angle=st.floats(0, 6.28))
def test_a_straight_walk_is_where_it_should_be(t: float, speed: float, angle: float) -> None:
    """Position and velocity of an even walk are exact between samples too."""
    way = np.array([np.cos(angle), np.sin(angle)])
    walk = walker((0.0, 0.0), (float(way[0] * 8 * speed), float(way[1] * 8 * speed)), speed)
    moment = walk.at(t)
    assert np.allclose(moment.position[0], way * speed * t, atol=1e-6)
    assert np.allclose(moment.velocity[0], way * speed, atol=1e-6)


def test_nobody_is_there_before_and_after() -> None:
    """A person is present from the first to the last sample only."""
    walk = walker((0.0, 0.0), (1.3, 0.0), 1.3, begin=2.0)
    assert [len(walk.at(t).rows) for t in (0.0, 1.9, 2.0, 2.96, 3.1)] == [0, 0, 1, 1, 0]


@given(st.lists(st.floats(-3, 3).filter(lambda x: abs(x) > 1e-6), min_size=2, max_size=30))
def test_crossings_agree_with_the_sides(xs: list[float]) -> None:
    """Forward less backward is the change of side, however a person goes to and fro."""
    n = len(xs)
    walk = trajectories(rate=10, person=[0] * n, frame=list(range(n)), x=xs, y=[0.0] * n)
    forward, backward = crossings(walk, LINE, -1.0, n / 10)
    assert forward - backward == int(xs[-1] < 0) - int(xs[0] < 0)
    assert abs(forward - backward) <= 1


def test_direction_pair_and_ditherer() -> None:
    """Walking west is forward; two abreast are two; one who dithers is zero net."""
    assert crossings(walker((3, 0), (-3, 0), 1.3), LINE, 0, 99) == (1, 0)
    assert crossings(walker((-3, 0), (3, 0), 1.3), LINE, 0, 99) == (0, 1)
    assert crossings(side_by_side((3, 0), (-3, 0), 1.3), LINE, 0, 99) == (2, 0)
    forward, backward = crossings(ditherer((0, 0), (1, 0), 24), LINE, 0, 99)
    assert forward == backward == 4
    assert crossings(walker((3, 6), (-3, 6), 1.3), LINE, 0, 99) == (0, 0), "past the line's end"


def test_crossings_of_intervals_add_up() -> None:
    """Each crossing is in exactly one of adjoining intervals."""
    walk = joined(*(walker((3, k / 9), (-3, k / 9), 0.7 + k / 10) for k in range(9)))
    whole = crossings(walk, LINE, 0, 20)
    parts = [crossings(walk, LINE, t, t + 0.5) for t in np.arange(0, 20, 0.5)]
    assert (sum(p[0] for p in parts), sum(p[1] for p in parts)) == whole == (9, 0)


def test_gaps_are_filled_and_clashes_refused() -> None:
    """A missing sample is interpolated; a person at two places at once is an error."""
    walk = trajectories(rate=1, person=[4, 4], frame=[0, 4], x=[0.0, 4.0], y=[0.0, 0.0])
    assert np.allclose(walk.x, [0, 1, 2, 3, 4])
    with pytest.raises(InputError, match="twice"):
        trajectories(rate=1, person=[4, 4], frame=[0, 0], x=[0.0, 4.0], y=[0.0, 0.0])
    with pytest.raises(InputError):
        trajectories(rate=0, person=[], frame=[], x=[], y=[])
    with pytest.raises(InputError):
        trajectories(rate=1, person=[1], frame=[0], x=[float("nan")], y=[0.0])


def test_resampling_and_shifting_keep_the_walk() -> None:
    """The walk is the same at another rate, and earlier by the seconds cut off."""
    walk = joined(walker((0, 0), (9, 0), 1.0), walker((0, 2), (9, 5), 1.4, begin=1.03))
    fine = resampled(walk, 25)
    late = shifted(walk, seconds=2.0)
    for t in (2.4, 3.3, 5.05):
        assert np.allclose(fine.at(t).position, walk.at(t).position, atol=1e-6)
        assert np.allclose(late.at(t - 2.0).position, walk.at(t).position, atol=1e-6)


def test_count_inside() -> None:
    """A walker through a square is counted while within."""
    square = ((2.0, -1.0), (4.0, -1.0), (4.0, 1.0), (2.0, 1.0))
    counts = count_inside(side_by_side((0, 0), (6, 0), 1.0), square, [1.0, 3.0, 5.0])
    assert counts.tolist() == [0, 2, 0]


def test_the_juelich_format(tmp_path: Path) -> None:
    """Centimetres become metres, z the height, comments are skipped; rows may come in any order."""
    path = tmp_path / "walk.txt"
    path.write_text("# id fr x y z\n2 1 100 50 180.5\n2 0 0 50 180.5 # late\n\n1 0 -10 0 150\n")
    walks = load_juelich(path)
    assert walks.rate == 16
    assert walks.height.tolist() == [1.5, 1.805]
    assert np.allclose(walks.at(1 / 16).position, [[1.0, 0.5]])


@pytest.mark.parametrize("text", ["1 2 3 4", "1 2 x 4 5", "1 2 nan 4 5", "\x00\x01"])
def test_a_wrong_file_names_its_line(tmp_path: Path, text: str) -> None:
    """What is not a trajectory file is refused with the line at fault."""
    path = tmp_path / "walk.txt"
    path.write_text("1 0 0 0 170\n" + text + "\n")
    with pytest.raises(InputError, match=":2"):
        load_juelich(path)
    with pytest.raises(InputError):
        load_juelich(tmp_path / "absent.txt")


def test_the_recorded_one_way_walk() -> None:
    """The published experiment reads whole: 148 people, up to 76 at once, all walking south."""
    path = DATA / "uo-180-180-070.txt"
    if not path.is_file():
        pytest.skip(f"{path} is missing")
    walks = load_juelich(path)
    assert len(walks.people) == 148
    assert max(len(walks.at(t).rows) for t in np.arange(20, 70, 5.0)) > 60
    gate = Line(name="g", start=(3.0, 0.0), end=(-1.0, 0.0))
    forward, backward = crossings(walks, gate, 0, walks.duration + 1)
    assert forward - backward == 148
    assert backward <= 3, "hardly anyone steps back in a one-way stream"
