"""Crowd pressure: no alarm from flow noise alone, and intervals that hold the truth.

Run: python bench/pressure.py [--windows 100]. Fields of 5 people/m² on 20 x 20 m, one a second for
as long as the watch looks. Density and flow noise are off by as much as they are said to be. First
nobody moves and the flow has noise, as PIV windows of 1.5 m give it; in how many windows the worst
of all cells is over the alarm, as the watch decides it. Then the crowd is shaken with a known
variance on top of that noise: how the estimate stands to the shaking that there was, and how often
the 90 % interval holds that.
"""

import argparse
import math

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.ndimage import convolve

from plainview.alerts.measures import PRESSURE_WINDOW
from plainview.alerts.thresholds import SURE_OF_PRESSURE
from plainview.crowd.field import Array, Estimate, Series, Side
from plainview.crowd.pressure import ALARM, pressure, worst
from plainview.geometry import Grid

SIDE, FIELDS, DENSITY, ERROR = 20, round(PRESSURE_WINDOW), 5.0, 0.4
MISSTATED = 0.15
"""Relative error of the stated flow noise, drawn for each window; `pressure` allows for 0.2."""
GRID = Grid((0.0, 0.0), 1.0, (SIDE, SIDE))


def flow_noise(chance: np.random.Generator, sigma: float) -> Array:
    """(n, ny, nx) m/s: error of one component; cells side by side share a third, as windows do."""
    fine = chance.normal(size=(FIELDS, 2 * SIDE + 1, 2 * SIDE + 1))
    # Cells of 1 m in windows of 1.5 m: three half-metres a side, two steps apart.
    windowed = convolve(fine, np.ones((1, 3, 3)) / 3, mode="wrap")[:, 1::2, 1::2]
    return np.asarray(windowed[:, :SIDE, :SIDE] * sigma)


def shaking(chance: np.random.Generator, variance: float, memory: float) -> tuple[Array, Array]:
    """Two components (n, ny, nx) m/s: patches some metres wide, moved as one, AR(1) in time."""
    parts = []
    for _ in range(2):
        rough = chance.normal(size=(FIELDS + 20, SIDE, SIDE))
        steps = np.fft.fftfreq(SIDE) * SIDE
        blur = np.exp(-(steps[:, None] ** 2 + steps**2) / (2 * 3.0**2))
        smooth = np.fft.ifft2(np.fft.fft2(rough) * np.fft.fft2(blur)).real
        smooth /= math.sqrt(float((blur**2).sum()))
        for k in range(1, len(smooth)):
            smooth[k] = memory * smooth[k - 1] + math.sqrt(1 - memory**2) * smooth[k]
        parts.append(smooth[20:] * math.sqrt(variance / 2))
    return parts[0], parts[1]


def window(
    chance: np.random.Generator, sigma: float, variance: float, memory: float
) -> tuple[Series, Series]:
    """One window of fields, true and as seen: density and noise are off by as much as is said."""
    vx, vy = shaking(chance, variance, memory)
    true = sigma * math.exp(MISSTATED * chance.normal())
    seen = vx + flow_noise(chance, true), vy + flow_noise(chance, true)
    return (
        _series(DENSITY, (vx, vy), 0.0, 0.0),
        _series(DENSITY + ERROR * chance.normal(), seen, ERROR, sigma),
    )


def _series(density: float, flow: tuple[Array, Array], error: float, sigma: float) -> Series:
    full = np.ones((FIELDS, SIDE, SIDE))
    return Series(
        GRID, np.arange(FIELDS, dtype=np.float64), density * full, *flow, 0 * full, error * full,
        sigma * full, np.ones(full.shape, dtype=np.bool_), 0 * full,
    )  # fmt: skip


def kernel_share() -> float:
    """Share of the shaking's variance that the kernel of 1 m leaves: the truth is V's variance."""
    steps = np.arange(-30, 31) * 0.1
    kernel = np.exp(-(steps**2))
    kernel /= kernel.sum()
    apart = steps[:, None] - steps
    line = float(kernel @ np.exp(-(apart**2) / (4 * 3.0**2)) @ kernel)
    return line**2


def main() -> None:
    """Run both and print one table."""
    parser = argparse.ArgumentParser(description="Crowd pressure against flow noise and truth.")
    parser.add_argument("--windows", type=int, default=100, help="of 30 s, for each row")
    parser.add_argument("--seed", type=int, default=7, help="of all that is drawn")
    options = parser.parse_args()
    windows: int = options.windows
    chance = np.random.default_rng(options.seed)
    centres = GRID.centres()
    inner = np.zeros((SIDE, SIDE), dtype=np.bool_)
    inner[4:-4:4, 4:-4:4] = True
    table = Table(title=f"Crowd pressure at {DENSITY:g} people/m², {windows} windows of {FIELDS} s")
    for column in (
        "flow noise m/s",
        "P of the process /s²",
        "P that there was /s²",
        "noise alone reads /s²",
        "mean P /s²",
        "truth inside (85 to 95 %)",
        "cells over the alarm",
        "windows with an alarm (limit)",
    ):
        table.add_column(column, justify="right")
    for sigma, truth, memory in (
        (0.05, 0.0, 0.0),
        (0.1, 0.0, 0.0),
        (0.05, 0.02, 0.5),
        (0.05, 0.05, 0.5),
        (0.05, 0.1, 0.7),
        (0.1, 0.05, 0.3),
        (0.1, 0.1, 0.5),
    ):
        means, there, noises, held, over, alarms = [], [], [], [], [], 0
        for _ in range(windows):
            variance = truth / DENSITY / kernel_share()
            real, seen = window(chance, sigma, variance, memory)
            was, found = pressure(series=real).value[inner], pressure(series=seen)
            low, high, value = found.low[inner], found.high[inner], found.value[inner]
            means.append(float(value.mean()))
            noises.append(float(found.noise[inner].mean()))
            there.append(float(was.mean()))
            held.append(float(((low <= was) & (was <= high)).mean()))
            cells = map(Estimate, *(plane.ravel().tolist() for plane in found[:3]))
            sides = [cell.past(ALARM, sure=SURE_OF_PRESSURE) is Side.ABOVE for cell in cells]
            over.append(np.mean(sides))
            most, _ = worst(field=found, centres=centres)
            alarms += most.past(ALARM, sure=SURE_OF_PRESSURE) is Side.ABOVE
        table.add_row(
            f"{sigma:g}",
            f"{truth:g}",
            f"{np.mean(there):.4f}",
            f"{np.mean(noises):.4f}",
            f"{np.mean(means):.4f}",
            f"{np.mean(held):.1%}" if truth else "",
            f"{np.mean(over):.2%}",
            f"{alarms} of {windows}" + (" (0)" if truth == 0 else ""),
        )
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
