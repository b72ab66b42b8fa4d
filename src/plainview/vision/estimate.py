"""The seam of estimators: what any of them must say of one analysed frame."""

from typing import NamedTuple, Protocol

from plainview.vision.optics import Floats
from plainview.vision.plate import Luma


class Estimate(NamedTuple):
    """People in one frame as weighted points on the ground: n of them, without identity."""

    places: Floats
    """(n, 2) metres."""
    velocities: Floats
    """(n, 2) m/s."""
    weights: Floats
    """(n,) expected people at each point."""
    variance: float
    """Variance of the count in the area, people²."""
    missed: float
    """People that may be there beyond the weights: hidden in company, or moving unexplained."""
    noise: float | None
    """Noise floor of one velocity component, m/s; None when not measured."""
    settled: float = 0.0
    """Of `variance`, what is no larger while the plate is not yet well known, people²."""


class Estimator(Protocol):
    """One way to measure people in a calibrated view. Owns its plate and its state over time."""

    def frame(self, luma: Luma, dt: float, *, trusted: bool) -> Estimate:
        """Measure a working frame `luma` (h, w), `dt` seconds after the last.

        `trusted` is False while the camera's health forbids learning from what it shows.
        """
        ...
