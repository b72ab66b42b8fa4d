"""`plainview evaluate`: measures clips exactly as a person would, and scores what was written."""

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from plainview.app.clips import RECORDED, Clip, Scored, faults_beside, measure_clip, pets, rendered
from plainview.errors import InputError, not_installed
from plainview.evaluate.error_model import model_of, write_model
from plainview.evaluate.score import score
from plainview.evaluate.strata import Strata, strata, strata_report
from plainview.evaluate.table import Result, has_places, json_text, report, write_between
from plainview.synth import blind
from plainview.synth.catalogue import SCENES, scene_named
from plainview.synth.crowded import CROWDED, REFERENCE

if TYPE_CHECKING:
    from plainview.evaluate.reference import Compared, Rect

DEFAULT_SCENES = (
    "plaza-sunny", "corridor-overhead", "street-low", "snow-bright", "night-lamps",
    "standing-crowd", "faults", "juelich-uo", "juelich-bo",
)  # fmt: skip
"""Geometries and lights unlike each other."""
CROWD_SCENES = tuple(scene.name for scene in CROWDED)
"""Dense scenes that no estimator was trained or set on."""


def count(
    video: Path,
    camera: Path,
    truth: Path,
    *,
    frame_rate: float | None = None,
    as_json: bool = False,
) -> None:
    """Measure `video`, score it against `truth` and print the tables (or JSON).

    Raises InputError for what was given wrongly, PlainviewError when measuring fails.
    """
    seen = measure_clip(Clip(video, camera, truth, frame_rate))
    result = Result(video.stem, str(video), score(*seen, faults_beside(truth)))
    _print(json_text([result]) if as_json else report([result]))


def all_scenes(
    *,
    data: Path,
    scenes: Sequence[str],
    write: Path | None,
    keep: Path | None,
    plots: Path | None = None,
    as_json: bool,
) -> None:
    """Measure and score the recordings under `data` and the rendered `scenes`; print the tables.

    `write` is a Markdown page that gets the tables between its `evaluate` markers; `keep` a folder
    where rendered clips stay and are found again; `plots` one that gets the plots. A recording that
    is not there is named and left out. Raises InputError for an unknown scene, or plots without
    Matplotlib; PlainviewError when measuring fails.
    """
    chosen = [scene_named(name).name for name in scenes or DEFAULT_SCENES]
    has_places(write, "evaluate")
    if plots is not None:
        with extra():
            from plainview.evaluate import figures  # noqa: F401, PLC0415 - told before it is long
    with tempfile.TemporaryDirectory(prefix="plainview-evaluate-") as scratch:
        real = pets(data)
        scored = [*([real] if real else []), *rendered(chosen, data, keep or Path(scratch))]
    results, found = _judged(scored, data)
    text = f"{report(results)}\n\n{strata_report(found, results)}"
    _print(json_text({"scenes": results, "strata": found}) if as_json else text)
    if write is not None:
        write_between(write, "evaluate", text)
    _draw(found, scored, plots)


class Outputs(NamedTuple):
    """What an evaluation of dense scenes leaves behind; None: not written."""

    write: Path | None = None
    """A Markdown page that gets the tables between its `crowd` markers."""
    plots: Path | None = None
    """A folder that gets the plots."""
    science: Path | None = None
    """A page that gets the fundamental diagram's table between its `fundamental` markers."""
    figure: Path | None = None
    """The PNG of the fundamental diagram."""
    model: Path | None = None
    """The JSON of the measured error model, for `plainview evaluate alarms`."""


def crowd(
    *, data: Path, scenes: Sequence[str], keep: Path | None, outputs: Outputs, as_json: bool
) -> None:
    """Measure and score dense scenes that nothing was trained on, with PedPy beside the fields.

    As `all_scenes`; among `scenes`, `blind` and `calibration` stand for all drawn scenes of that
    kind. Raises InputError also where the `evaluate` extra is not installed.
    """
    chosen = [scene_named(name).name for name in blind.chosen(scenes) or CROWD_SCENES]
    has_places(outputs.write, "crowd")
    has_places(outputs.science, "fundamental")
    with extra():
        from plainview.evaluate import figures, fundamental, reference  # noqa: PLC0415 - an extra's
    with tempfile.TemporaryDirectory(prefix="plainview-evaluate-") as scratch:
        scored = list(rendered(chosen, data, keep or Path(scratch)))
    results, found = _judged(scored, data)
    compared = [_compare(reference, one) for one in scored if one.scene in REFERENCE]
    recorded = [one for one in compared if one.scene.startswith(RECORDED)]
    curves = fundamental.curves(recorded)
    text = "\n\n".join(
        (
            report(results),
            strata_report(found, results),
            f"### Plainview from video beside PedPy from trajectories\n\n{_ABOUT_PEDPY}\n\n"
            + reference.compared_table(compared),
            f"### Fundamental diagram\n\n{fundamental.curve_table(curves)}",
        )
    )
    told = {
        "scenes": results,
        "strata": found,
        "pedpy": [one._asdict() | {"video": None, "reference": None} for one in compared],
        "fundamental": curves,
    }
    _print(json_text(told) if as_json else text)
    if outputs.write is not None:
        write_between(outputs.write, "crowd", text)
    if outputs.science is not None:
        diagram = fundamental.page(curves, outputs.figure, outputs.science)
        write_between(outputs.science, "fundamental", diagram)
    if outputs.figure is not None:
        figures.draw_fundamental(recorded, outputs.figure)
    if outputs.model is not None:
        write_model(model_of([one.seen for one in scored]), outputs.model)
    _draw(found, scored, outputs.plots)


_ABOUT_PEDPY = (
    "Ours / PedPy's mean over the clip; ratio; mean relative error second by second. Density in\n"
    "people/m² against Voronoi cells and against counting, speed in m/s, flow in people/s over\n"
    "the line, both ways. In two-way traffic a cell's velocity is the mean of both directions, so\n"
    "that its size is less than the people's own speed."
)


def _judged(scored: Sequence[Scored], data: Path) -> tuple[list[Result], Strata]:
    if not scored:
        raise InputError("there is nothing to evaluate", where=str(data), mend="Give --data")
    return [one.result for one in scored], strata([one.sight for one in scored])


def _compare(reference: ModuleType, one: Scored) -> "Compared":
    scene = SCENES[one.scene]
    walks = scene.walks(scene.seconds, scene.seed)
    area: Rect = REFERENCE[one.scene]
    # The passages end at their walls; a packed crowd goes on beyond what is measured.
    floor = (area[0], -4.0, area[2], 4.0) if area[0] == 0 else (-20.0, -20.0, 20.0, 20.0)
    found: Compared = reference.compare(
        one.result.scene,
        one.seen.measured,
        reference.Walks(
            np.repeat(walks.people, np.diff(walks.offset)),
            walks.frame,
            walks.x,
            walks.y,
            walks.rate,
        ),
        area,
        floor,
        scene.lines[0],
    )
    return found


def _draw(found: Strata, scored: Sequence[Scored], plots: Path | None) -> None:
    if plots is not None:
        with extra():
            from plainview.evaluate import figures  # noqa: PLC0415 - an extra's
        figures.draw_evaluation(
            found, [one.result for one in scored], [one.sight for one in scored], plots
        )


@contextlib.contextmanager
def extra() -> Iterator[None]:
    """Around imports that need the `evaluate` extra. Raises InputError where that is not."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise not_installed(
            error, use="this evaluation", where="plainview evaluate", extra="evaluate"
        ) from error


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
