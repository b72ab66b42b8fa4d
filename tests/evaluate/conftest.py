"""Truth fed in as if it had been measured, and small truths made by hand."""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import pytest

from plainview.evaluate.measured import Measured, parse_measured
from plainview.evaluate.score import true_crossings, true_fields
from plainview.evaluate.truth import Truth
from plainview.geometry import Calibration, Line, View

WIDE = ((0.0, 0.0), (20.0, 0.0), (20.0, 10.0), (0.0, 10.0))


@pytest.fixture
def view() -> View:
    """An area of 20 x 10 m seen from above, with one line across it; forward is towards -x."""
    calibration = Calibration(
        image_size=(200, 100),
        projection=((10.0, 0.0, -5.0, 0.0), (0.0, 10.0, -2.5, 0.0), (0.0, 0.0, -0.05, 1.0)),
    )
    return View(calibration, WIDE, 1.0, (Line("gate", (10.0, 0.0), (10.0, 10.0)),))


def walk(starts: Sequence[tuple[float, float, float, float]], seconds: float, rate: float) -> Truth:
    """People who each go straight on from (x, y) at (vx, vy), metres and m/s."""
    people = np.array(starts, dtype=np.float64).reshape(-1, 4)
    frames = np.arange(round(seconds * rate))
    place = people[None, :, :2] + frames[:, None, None] / rate * people[None, :, 2:]
    velocity = np.broadcast_to(people[None, :, 2:], place.shape)
    return Truth(
        np.repeat(frames, len(people)), place.reshape(-1, 2), velocity.reshape(-1, 2), rate
    )


@pytest.fixture
def walking() -> Callable[..., Truth]:
    """The function that makes a truth of people who go straight on."""
    return walk


@pytest.fixture
def perfect(view: View) -> Callable[..., Measured]:
    """The function that turns a truth into the measurement that a perfect camera would give."""

    def measure(truth: Truth, seconds: int) -> Measured:
        grid = view.grid()
        header = {
            "plainview": "0",
            "camera": "c",
            "every": 1.0,
            "grid": {"origin": grid.origin, "cell": grid.cell, "shape": grid.shape},
            "sealed": True,
        }
        lines = [msgspec.json.encode(header)]
        for k in range(seconds):
            density, velocity = true_fields(truth, grid, k, k + 1)
            rows, frames = truth.between(k, k + 1)
            x, y = truth.place[rows].T
            inside = (x > 0) & (x < 20) & (y > 0) & (y < 10)
            people = float(np.count_nonzero(inside) / frames)
            total = true_crossings(truth, view.lines[0]) if k == 0 else (0, 0)
            line = {
                "t": k + 1.0,
                "count": people,
                "low": people,
                "high": people,
                "cells": [
                    (int(ix), int(iy), float(density[iy, ix]), *velocity[iy, ix].tolist(), 0.0)
                    for iy, ix in np.argwhere(density > 0)
                ],
                "crossings": {"gate": total},
                "health": [],
                "events": [],
            }
            lines.append(msgspec.json.encode(line))
        return parse_measured(lines)

    return measure
