"""What the dense estimator is trained on can still be drawn, and is what it is said to be.

The network is trained seldom, and by what the renderer and the lens offer: both change, and
nothing else would notice that the training no longer runs.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

TRAIN = Path(__file__).parents[2] / "train"


@pytest.fixture(scope="module")
def scenes() -> Iterator[ModuleType]:
    """The scripts of train/ but for those that need a library for training."""
    before = set(sys.modules)
    sys.path.insert(0, str(TRAIN))
    yield import_module("scenes")
    sys.path.remove(str(TRAIN))
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == TRAIN:
            del sys.modules[name]


@pytest.mark.parametrize("paint", [False, True])
def test_a_scene_is_drawn_with_its_people(scenes: ModuleType, *, paint: bool) -> None:
    """Ten moments, on the head plane, with how many stand in each cell."""
    found = scenes.samples(3, paint=paint)
    assert len(found) == 10
    for one in found:
        assert one.planes.shape == (9, scenes.SIDE, scenes.SIDE)
        assert one.people.shape == (scenes.SIDE // 4, scenes.SIDE // 4)
        assert one.people.min() >= 0
        assert np.abs(one.planes[0]).max() > 0, "nothing is to be seen"


def test_the_same_seed_gives_the_same_scene(scenes: ModuleType) -> None:
    """To the bit."""
    first, again = (scenes.samples(5, paint=True) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.planes, other.planes)
        assert np.array_equal(one.people, other.people)


def test_people_are_painted_where_they_are_counted(scenes: ModuleType) -> None:
    """With its plate, a picture differs where people stand and, in the mean, not elsewhere."""
    there, elsewhere = [], []
    for seed in range(1, 6):
        for one in scenes.samples(seed, paint=True):
            differs = one.planes[1].astype(float)
            cells = differs.reshape(40, 4, 40, 4).mean(axis=(1, 3))
            there += cells[one.people > 0.5].tolist()
            if one.people.sum() == 0:
                elsewhere.append(cells.mean())
    assert len(there) > 10
    assert len(elsewhere) > 5
    assert np.mean(there) > 4 * np.mean(elsewhere)
