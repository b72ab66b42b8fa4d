"""Errors that are measured are those that were made, and can be made again."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from plainview.errors import InputError
from plainview.evaluate.erring import Erring
from plainview.evaluate.error_model import (
    EDGES,
    ErrorModel,
    measured_model,
    model_of,
    write_model,
)
from plainview.evaluate.measured import Measured
from plainview.evaluate.truth import Truth
from plainview.geometry import View

Walking = Callable[..., Truth]
Perfect = Callable[[Truth, int], Measured]
BANDS = len(EDGES) - 1
EXACT = ErrorModel(
    ratio=(1.0,) * BANDS, spread=(0.0,) * BANDS, velocity=(0.0,) * BANDS, slope=(1.0,) * BANDS,
    camera=0.0, common=0.0, memory=0.5, neighbour=0.0, flow_memory=0.5, flow_neighbour=0.0,
    width=0.2, clips=1,
)  # fmt: skip


def test_a_perfect_camera_errs_in_nothing(view: View, walking: Walking, perfect: Perfect) -> None:
    """Ratio one, no spread, no velocity error."""
    crowd = [(2.2 + 0.5 * i, 1.2 + 0.5 * j, 0.5, 0.0) for i in range(24) for j in range(14)]
    truth = walking(crowd, 5, 5.0)
    model = model_of([(perfect(truth, 5), truth, view)])
    assert model.ratio == pytest.approx((1.0,) * BANDS)
    assert max(*model.spread, *model.velocity, model.camera, model.common) < 1e-9
    assert model.slope == pytest.approx((1.0,) * BANDS)


def test_an_under_count_is_found(view: View, walking: Walking, perfect: Perfect) -> None:
    """One camera that says half of everybody: the ratio is a half, and nothing else is wrong."""
    crowd = [(2.2 + 0.5 * i, 1.2 + 0.5 * j, 0.5, 0.0) for i in range(24) for j in range(14)]
    truth = walking(crowd, 5, 5.0)
    measured = perfect(truth, 5)
    half = [
        replace(i, count=i.count / 2, low=i.count / 4, high=i.count,
                cells=tuple((c[0], c[1], c[2] / 2, *c[3:]) for c in i.cells))
        for i in measured.intervals
    ]  # fmt: skip
    model = model_of([(measured._replace(intervals=tuple(half)), truth, view)])
    assert model.ratio == pytest.approx((0.5,) * BANDS)
    assert max(model.spread) < 1e-9
    assert model.width == pytest.approx(0.75)


def test_a_slow_flow_is_found(view: View, walking: Walking, perfect: Perfect) -> None:
    """A camera that says seven tenths of every velocity errs in its slope, and in nothing else."""
    crowd = [(2.2 + 0.5 * i, 1.2 + 0.5 * j, 0.5, 0.0) for i in range(24) for j in range(14)]
    truth = walking(crowd, 5, 5.0)
    measured = perfect(truth, 5)
    slow = [
        replace(i, cells=tuple((*c[:3], 0.7 * c[3], 0.7 * c[4], c[5]) for c in i.cells))
        for i in measured.intervals
    ]
    model = model_of([(measured._replace(intervals=tuple(slow)), truth, view)])
    assert model.slope[2:] == pytest.approx((0.7,) * (BANDS - 2))
    assert max(model.velocity) < 1e-6


def test_no_clip_is_no_model() -> None:
    """Errors cannot be measured on nothing."""
    with pytest.raises(InputError, match="no clip"):
        model_of([])


def test_the_exact_model_changes_nothing() -> None:
    """Without errors the field that is said is the true one."""
    generator = np.random.default_rng(0)
    density, velocity = generator.uniform(0, 5, (6, 7)), generator.normal(0, 1, (6, 7, 2))
    said, told = Erring(EXACT, (6, 7), generator).step(density, velocity)
    assert said == pytest.approx(density)
    assert told == pytest.approx(velocity)


def test_errors_are_as_large_as_the_model_says() -> None:
    """Spread, velocity error, their memory and their likeness in neighbours, over many seconds."""
    model = replace(
        EXACT, spread=(0.3,) * BANDS, velocity=(0.1,) * BANDS, memory=0.6, neighbour=0.4,
        flow_memory=0.3, flow_neighbour=0.5,
    )  # fmt: skip
    generator = np.random.default_rng(3)
    erring = Erring(model, (16, 16), generator)
    density, velocity = np.full((16, 16), 4.0), np.zeros((16, 16, 2))
    seen = [erring.step(density, velocity) for _ in range(400)]
    off = np.stack([said for said, _ in seen]) - 4.0
    assert off.std() == pytest.approx(0.3, rel=0.1)
    flow = np.stack([told for _, told in seen])
    assert flow.std() == pytest.approx(0.1, rel=0.1)
    assert np.corrcoef(flow[1:].ravel(), flow[:-1].ravel())[0, 1] == pytest.approx(0.3, abs=0.08)
    aside = np.corrcoef(flow[:, 1:].ravel(), flow[:, :-1].ravel())[0, 1]
    assert aside == pytest.approx(0.5, abs=0.08)
    assert np.corrcoef(off[1:].ravel(), off[:-1].ravel())[0, 1] == pytest.approx(0.6, abs=0.08)
    beside = np.corrcoef(off[:, 1:].ravel(), off[:, :-1].ravel())[0, 1]
    assert beside == pytest.approx(0.4, abs=0.08)
    assert erring.noise_floor(density) == pytest.approx(0.1)


def test_each_camera_has_its_own_factor() -> None:
    """A lasting factor differs from camera to camera and stays with each."""
    model = replace(EXACT, camera=0.2)
    density, velocity = np.full((4, 4), 3.0), np.zeros((4, 4, 2))
    factors = []
    for seed in range(200):
        erring = Erring(model, (4, 4), np.random.default_rng(seed))
        first, second = (erring.step(density, velocity)[0] for _ in range(2))
        assert first == pytest.approx(second)
        factors.append(float(first[0, 0] / 3))
    assert np.log(factors).std() == pytest.approx(0.2, abs=0.04)


def test_a_model_is_written_and_read(tmp_path: Path) -> None:
    """What is written is JSON that says the same, to four digits."""
    path = tmp_path / "model.json"
    write_model(replace(EXACT, camera=0.123456), path)
    text = path.read_text()
    assert '"camera": 0.1235' in text


def test_the_package_holds_a_measured_model() -> None:
    """It was measured on every dense scene, and is no perfect camera."""
    model = measured_model()
    assert model.clips >= 4
    assert max(model.spread) > 0
