"""Noise and its price, both by OpenDP: every draw comes from its secure sampler, and no other.

OpenDP is large and only publishing needs it, so it is an extra and loaded when first used.
"""

import functools
from collections.abc import Sequence
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plainview.errors import InputError

Whole = NDArray[np.int64]

_BISECTIONS: Final = 40


def _opendp() -> ModuleType:
    """OpenDP's prelude. Raises InputError where the extra is not installed."""
    try:
        import opendp.prelude as dp  # noqa: PLC0415 - an extra, and it takes a second to load
    except ModuleNotFoundError as error:
        raise InputError(
            "OpenDP is not installed, and no other noise will do",
            where="plainview publish",
            mend="Install plainview[publish]: uv sync --extra publish",
        ) from error
    dp.enable_features("contrib")
    prelude: ModuleType = dp
    return prelude


def gaussian(values: Whole, *, scale: float, sensitivity: float) -> tuple[Whole, float]:
    """`values` with discrete Gaussian noise of deviation `scale` on each, and what it costs.

    The cost is rho of zero-concentrated differential privacy for data sets whose values differ by
    at most `sensitivity` in L2: sensitivity² / (2 scale²) (Bun & Steinke, Concentrated Differential
    Privacy, TCC 2016; Canonne, Kamath & Steinke, The Discrete Gaussian, NeurIPS 2020).
    """
    dp = _opendp()
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float)
    mechanism = space >> dp.m.then_gaussian(scale=scale)
    noisy = np.array(mechanism(_plain(values)), dtype=np.int64).reshape(values.shape)
    return noisy, float(mechanism.map(sensitivity))


def laplace(values: Whole, *, scale: float, sensitivity: int) -> tuple[Whole, float]:
    """`values` with discrete Laplace noise of `scale` on each, and its epsilon.

    Pure differential privacy for data sets whose values differ by at most `sensitivity` in L1:
    sensitivity / scale (Dwork, McSherry, Nissim & Smith, TCC 2006; Ghosh et al., STOC 2009).
    """
    dp = _opendp()
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    mechanism = space >> dp.m.then_laplace(scale=scale)
    noisy = np.array(mechanism(_plain(values)), dtype=np.int64).reshape(values.shape)
    return noisy, float(mechanism.map(sensitivity))


def _plain(values: Whole) -> Sequence[int]:
    flat: list[int] = values.reshape(-1).tolist()
    return flat


def epsilon_of(rho: float, delta: float) -> float:
    """Epsilon at `delta` of what costs `rho`, by OpenDP's conversion. 0 for no cost."""
    if rho <= 0:
        return 0.0
    dp = _opendp()
    space = dp.atom_domain(T=float, nan=False), dp.absolute_distance(T=float)
    # A mechanism of this very cost, so that the conversion is OpenDP's own.
    mechanism = space >> dp.m.then_gaussian(scale=(1 / (2 * rho)) ** 0.5)
    return float(dp.c.make_zCDP_to_approxDP(mechanism).map(1.0).epsilon(delta))


@functools.lru_cache(maxsize=64)
def rho_for(epsilon: float, delta: float) -> float:
    """The largest rho whose epsilon at `delta` is at most `epsilon`."""
    low, high = 0.0, epsilon
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if epsilon_of(middle, delta) <= epsilon:
            low = middle
        else:
            high = middle
    return low
