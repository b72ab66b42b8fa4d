"""Medians and quantiles are numpy's, to the last bit."""

import math

import numpy as np
import pytest

from plainview.vision.ranks import median, median_of_bytes, medians, ranked


@pytest.mark.parametrize("count", [1, 2, 5, 8, 31])
def test_ranks_are_numpys(count: int) -> None:
    """Of an odd and of an even count, of values of single and of double precision."""
    rng = np.random.default_rng(count)
    single = rng.normal(size=(count, 3)).astype(np.float32)
    double = rng.normal(size=(count, 4))
    for values in (single, double):
        assert median(values) == float(np.median(values))
    assert ranked(double.ravel(), 0.8) == pytest.approx(float(np.quantile(double, 0.8)), abs=1e-12)


@pytest.mark.parametrize("count", [1, 2, 5, 8, 31])
def test_the_median_of_bytes_is_numpys(count: int) -> None:
    """Between two of an even count."""
    values = np.random.default_rng(count).integers(0, 256, (count, 3)).astype(np.uint8)
    assert median_of_bytes(values) == float(np.median(values))


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 8, 10])
def test_the_median_picture_is_numpys(count: int) -> None:
    """Pixel by pixel; the pictures themselves stay as they are."""
    pictures = np.random.default_rng(count).normal(size=(count, 5, 7)).astype(np.float32)
    before = pictures.copy()
    assert np.array_equal(medians(pictures), np.median(pictures, axis=0))
    assert np.array_equal(pictures, before)


def test_nothing_has_no_median() -> None:
    """It is no number."""
    assert math.isnan(median(np.zeros(0, np.float32)))
