"""Plots of an evaluation, drawn by Matplotlib (the `evaluate` extra) into PNG files."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plainview.errors import PlainviewError
from plainview.evaluate.alarms import FALSE_LIMIT, AlarmScore
from plainview.evaluate.fundamental import points, traffic, weidmann
from plainview.evaluate.reference import Compared
from plainview.evaluate.samples import Sight
from plainview.evaluate.strata import (
    DENSITY_LIMITS,
    HONEST,
    VELOCITY_LIMIT,
    Layer,
    Strata,
    Stratum,
)
from plainview.evaluate.table import Result

_COLOURS = {"one way": "#1b6ca8", "two ways": "#c05a1c"}
_MOST = 6000
"""Points drawn of a scatter: more make a file large and show nothing else."""


_LEADS = ("lead", "least")
_DAYS = 24 / 100
"""From so many in 100 camera-hours to so many in a camera-day."""


def _save(figure: Figure, path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # No date and no program in the file: equal numbers make an equal file.
        figure.savefig(path, dpi=110, metadata={"Software": None})
    except OSError as error:
        raise PlainviewError(
            f"the plot cannot be written ({error.strerror})",
            where=str(path),
            mend="Name another place",
        ) from error
    return path


def draw_fundamental(found: Sequence[Compared], path: Path) -> Path:
    """Density against speed, each second a dot: video filled, PedPy from trajectories open."""
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axes = figure.subplots()
    for kind, colour in _COLOURS.items():
        chosen = [one for one in found if traffic(one.scene) == kind]
        if not chosen:
            continue
        axes.plot(
            *points(one.reference for one in chosen), "o", mfc="none", mec=colour, ms=5, alpha=0.6,
            label=f"{kind}: PedPy from trajectories",
        )  # fmt: skip
        axes.plot(
            *points(one.video for one in chosen), "o", color=colour, ms=4, alpha=0.7,
            label=f"{kind}: Plainview from video",
        )  # fmt: skip
    density = np.linspace(0.1, 5.0, 100)
    axes.plot(density, weidmann(density), "-", color="0.4", lw=1, label="Weidmann 1993")
    axes.set(xlabel="density, people/m²", ylabel="speed, m/s", xlim=(0, 5), ylim=(0, 1.8))
    axes.legend(fontsize=8, frameon=False)
    axes.set_title("Fundamental diagram: rendered video of recorded walks", fontsize=10)
    return _save(figure, path)


def draw_evaluation(
    found: Strata, results: Sequence[Result], sights: Sequence[Sight], folder: Path
) -> list[Path]:
    """Write the plots of one evaluation into `folder`; the files written.

    Raises PlainviewError where one cannot be written.
    """
    return [
        _density_plot(sights, folder / "density.png"),
        _bands_plot(found, folder / "error-by-density.png"),
        _layers_plot(found, folder / "error-by-view.png"),
        _coverage_plot(results, folder / "intervals.png"),
    ]


def draw_alarms(scores: Sequence[AlarmScore], path: Path) -> Path:
    """Write how long before a crush each alarm comes, and how often without any; the file.

    Raises PlainviewError where it cannot be written.
    """
    figure = Figure(figsize=(10, 0.4 * len(scores) + 1.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    names = [f"{one.quantity}, {one.level}: {100 * one.told:.0f} % in time" for one in scores][::-1]
    leads, least = (np.nan_to_num([getattr(one, name) for one in scores][::-1]) for name in _LEADS)
    left.barh(names, leads, height=0.55, color="0.75")
    left.plot(least, names, "k|", ms=12)
    left.set(xlabel="seconds from alarm to crush: median, and what 9 in 10 exceed (line)")
    left.tick_params(axis="y", labelsize=8)
    daily = [(_DAYS * one.low, _DAYS * one.rate, _DAYS * one.high) for one in scores][::-1]
    for name, (low, rate, high) in zip(names, daily, strict=True):
        right.plot((low, high), (name, name), "k-", lw=1)
        right.plot(rate, name, "ko", ms=4)
    right.axvline(_DAYS * FALSE_LIMIT, color="k", lw=0.8, ls=":")
    right.set(xlabel="false alarms per camera-day, 90 % interval", xlim=(0, None))
    return _save(figure, path)


def _density_plot(sights: Sequence[Sight], path: Path) -> Path:
    figure = Figure(figsize=(6.4, 5.4), layout="constrained")
    axes = figure.subplots()
    top = 1.0
    for k, group in enumerate(dict.fromkeys(sight.group for sight in sights)):
        true = np.concatenate([s.samples.true for s in sights if s.group == group])
        said = np.concatenate([s.samples.said for s in sights if s.group == group])
        step = max(1, len(true) // _MOST)
        axes.plot(true[::step], said[::step], ".", ms=2, alpha=0.35, color=f"C{k}", label=group)
        top = max(top, float(true.max(initial=0)), float(said.max(initial=0)))
    line = np.array((0.0, top))
    axes.plot(line, line, "k-", lw=1)
    axes.plot(line, 0.85 * line, "k:", line, 1.15 * line, "k:", lw=0.8)
    axes.set(xlabel="true local density, people/m²", ylabel="measured, people/m²")
    axes.legend(markerscale=5, frameon=False)
    return _save(figure, path)


def _lines(axes: Axes, rows: Sequence[Layer], value: Callable[[Stratum], float]) -> None:
    for row in rows:
        narrow = row.bands[: -len(DENSITY_LIMITS)]
        middle = [(band.low + band.high) / 2 for band in narrow]
        axes.plot(middle, [value(band) for band in narrow], "o-", ms=4, lw=1, label=row.name)
    axes.set_xlabel("true density, people/m²")
    axes.legend(fontsize=7, frameon=False)


def _bands_plot(found: Strata, path: Path) -> Path:
    figure = Figure(figsize=(10, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    _lines(left, found.scene, lambda band: 100 * band.relative)
    left.axhline(100 * DENSITY_LIMITS[0][0], color="k", lw=0.8, ls=":")
    left.set_ylabel("density error, %")
    _lines(right, found.scene, lambda band: band.velocity)
    right.axhline(VELOCITY_LIMIT, color="k", lw=0.8, ls=":")
    right.set_ylabel("velocity error, m/s")
    return _save(figure, path)


def _layers_plot(found: Strata, path: Path) -> Path:
    figure = Figure(figsize=(10, 4.0), layout="constrained")
    all_axes = figure.subplots(1, 3, sharey=True)
    named = (("distance", found.distance), ("tilt", found.tilt), ("light", found.light))
    for axes, (title, rows) in zip(all_axes, named, strict=True):
        axes.bar([row.name for row in rows], [100 * row.bands[-2].relative for row in rows])
        axes.axhline(100 * DENSITY_LIMITS[0][0], color="k", lw=0.8, ls=":")
        axes.set_title(title)
        axes.tick_params(axis="x", labelrotation=40, labelsize=8)
    all_axes[0].set_ylabel("density error, 0.5 to 5 people/m², %")
    return _save(figure, path)


def _coverage_plot(results: Sequence[Result], path: Path) -> Path:
    figure = Figure(figsize=(7, 0.32 * len(results) + 1.2), layout="constrained")
    axes = figure.subplots()
    names = [result.scene for result in results][::-1]
    shares = [100 * result.score.counts.coverage for result in results][::-1]
    axes.axvspan(100 * HONEST[0], 100 * HONEST[1], color="0.85")
    axes.barh(names, shares, height=0.55)
    axes.set(xlabel="truths inside the 90 % interval, %", xlim=(0, 100))
    axes.tick_params(axis="y", labelsize=8)
    return _save(figure, path)
