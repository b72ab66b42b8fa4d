"""`plainview evaluate alarms`: run-ups to a crush and ordinary days, through the real watch."""

import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import lru_cache
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np

from plainview.alerts.ground import Ground, ground
from plainview.alerts.thresholds import watched
from plainview.app.clips import tell
from plainview.app.evaluate import extra
from plainview.crowd.field import Field, Mask
from plainview.evaluate.alarms import (
    CRUSH_DENSITY,
    CRUSH_PRESSURE,
    CRUSH_SECONDS,
    TURBULENT,
    AlarmScore,
    Moments,
    Raised,
    RunUpTrial,
    alarm_scores,
    alarm_table,
    moments,
)
from plainview.evaluate.erring import Erring
from plainview.evaluate.error_model import (
    ErrorModel,
    exact_model,
    limit_model,
    measured_model,
)
from plainview.evaluate.simulated import Course, Moment, course, mixed, readings
from plainview.evaluate.table import has_places, json_text, write_between
from plainview.evaluate.truth import Truth
from plainview.evaluate.watching import Watching, true_pressure
from plainview.geometry import Point, View, cells_inside
from plainview.store import Retention
from plainview.store.open import open_store
from plainview.synth.busy import loops
from plainview.synth.camera import hung
from plainview.synth.crush import SECONDS, run_up
from plainview.synth.packed import Rect
from plainview.synth.trajectories import Trajectories

RUN_UPS = 20
"""Different simulated run-ups. Thresholds and estimators were set on those from 1000 on, and on the
normal days from 900 on; no number was ever set on these."""
CAMERAS = 3
"""Cameras, each with errors of its own, that each run-up is seen by."""
HOURS = 100.0
"""Camera-hours of busy normal traffic."""
SAMPLES = 2.5
"""Truth is sampled so many times a second."""
CROWDED = 5.0
"""people/m² from which the true pressure counts towards a crush."""
STAY = 1800
"""Seconds for which one kind of traffic lasts before it turns into another."""
BLEND = 60
"""Seconds over which it does."""
STRETCH = 2.5
"""Camera-hours for which one camera looks; each errs in its own lasting way."""
DAY = 10
"""Stretches in which the same simulated people are looked at, in an order and with errors anew."""
NORMAL_PLACE: Rect = (0.0, 0.0, 12.0, 10.0)
"""Metres: one ground for all ordinary traffic, on which each kind is laid with its corner first."""
EVERY = 2
"""Seconds between the Readings of normal days; those of run-ups are one second apart."""
_DAY = 86_400
_KEEP = Retention(readings=_DAY, minutes=_DAY, hours=_DAY, events=_DAY, disk_bytes=10**9)


Models = Sequence[ErrorModel]


class Spot(NamedTuple):
    """One place that a camera watches."""

    view: View
    ground: Ground
    inside: Mask


class Pressed(NamedTuple):
    """One run-up as it truly was."""

    seed: int
    rect: Rect
    """The ground, metres."""
    truth: Course
    when: Moments


class Size(NamedTuple):
    """How much is simulated."""

    hours: float = HOURS
    run_ups: int = RUN_UPS
    cameras: int = CAMERAS


def alarms(
    *,
    size: Size,
    limits: bool = False,
    write: Path | None = None,
    plots: Path | None = None,
    as_json: bool = False,
) -> None:
    """Print how run-ups and normal days are told from each other, per quantity, beside the limits.

    Errors are (with `limits` only) those of an estimator whose density just keeps to its limits,
    the measured ones, and none. `write` is a Markdown page that gets the tables between its
    `alarms-limits`, `alarms` and `alarms-exact` markers; `plots` a folder that gets a plot of each.
    Raises InputError for plots without Matplotlib.
    """
    if plots is not None:
        with extra():
            from plainview.evaluate import figures  # noqa: PLC0415 - an extra's, told at once
    models = {"alarms-limits": limit_model()}
    if not limits:
        models |= {"alarms": measured_model(), "alarms-exact": exact_model()}
    has_places(write, *models)
    found = dict(zip(models, judge(tuple(models.values()), size), strict=True))
    texts = {
        mark: f"{about(models[mark], size)}\n\n{alarm_table(scores)}"
        for mark, scores in found.items()
    }
    text = json_text(found) if as_json else "\n\n".join(texts.values())
    sys.stdout.write(f"{text}\n")
    if write is not None:
        for mark, part in texts.items():
            write_between(write, mark, part)
    if plots is not None:
        for mark, scores in found.items():
            figures.draw_alarms(scores, plots / f"{mark}.png")


def about(model: ErrorModel, size: Size) -> str:
    """What the table was made from."""
    if model.clips:
        errors = f"the errors that `plainview evaluate crowd` measured on {model.clips} dense clips"
    elif model == exact_model():
        errors = "no errors at all"
    else:
        errors = "the errors of a density that just keeps to its limits (velocity as measured)"
    crush = f"{CRUSH_DENSITY:g} people/m² under a kernel of 1 m"
    pushed = f"true pressure past {CRUSH_PRESSURE:g} /s²"
    return (
        f"{size.run_ups} run-ups, each seen by {size.cameras} cameras; {size.hours:g} camera-hours "
        "of busy normal traffic.\n"
        f"Readings are simulated truth with {errors};\n"
        "physics, thresholds and alerts are the real ones with their defaults.\n"
        f"Crush: {crush}, or {pushed} where more than {CROWDED:g} people/m² are, for "
        f"{CRUSH_SECONDS} s.\nTurbulence: the same with {TURBULENT:g} /s², or the density for 1 s."
    )


def judge(models: Models, size: Size) -> list[tuple[AlarmScore, ...]]:
    """The score of every default threshold with each of `models`. Runs on two processes."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        tell(f"{size.run_ups} run-ups")
        n = size.run_ups
        seen = list(pool.map(_run_up_trials, range(n), [models] * n, [size.cameras] * n))
        tell(f"{size.hours:g} hours of normal traffic")
        m = max(1, math.ceil(size.hours / STRETCH))
        found = list(
            pool.map(_normal_traffic, range(m), [models] * m, [size.hours / m] * m, chunksize=DAY)
        )
    return [
        alarm_scores(list(chain(*trials)), list(chain(*false)), size.hours, kinds())
        for trials, false in zip(zip(*seen, strict=True), zip(*found, strict=True), strict=True)
    ]


def kinds() -> list[tuple[str, str]]:
    """Quantity and level of every default threshold."""
    return [(one.quantity.value, one.level.value) for one in watched((), ())]


def _run_up_trials(seed: int, models: Models, cameras: int) -> list[list[RunUpTrial]]:
    pressed = run_up_truth(seed)
    return [run_up_trials(pressed, model, cameras) for model in models]


def _normal_traffic(stretch: int, models: Models, hours: float) -> list[list[Raised]]:
    courses = normal_truth(stretch // DAY)
    return [normal_traffic(courses, stretch, model, hours) for model in models]


def spot(rect: Rect) -> Spot:
    """A camera that watches all of `rect`, metres."""
    x0, y0, x1, y1 = rect
    corners: tuple[Point, ...] = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    camera = hung("above", at=(middle[0], y0 - 8.0), height=9.0, towards=middle, hfov=70)
    view = View(camera.calibration(), corners)
    grid = view.grid()
    inside = cells_inside(grid, corners)
    return Spot(view, ground(grid=grid, covered=inside, zones=()), inside)


def truth_of(walks: Trajectories, place: Spot, seconds: int) -> Course:
    """The true course of `walks` on the cells of `place`."""
    frames, places, moved = [], [], []
    for k in range(math.ceil(seconds * SAMPLES)):
        now = walks.at(k / SAMPLES)
        frames.append(np.full(len(now.rows), k))
        places.append(now.position)
        moved.append(now.velocity)
    truth = Truth(
        np.concatenate(frames).astype(np.int64), np.concatenate(places), np.concatenate(moved),
        SAMPLES,
    )  # fmt: skip
    return course(truth, place.view.grid(), seconds)


def run_up_truth(seed: int, seconds: int = round(SECONDS)) -> Pressed:
    """The run-up of `seed` up to `seconds`."""
    run = run_up(seed, float(seconds))
    place = spot(run.rect)
    truth = truth_of(run.walks, place, seconds)
    fields = [exact(truth.at(k), k + 1.0, place) for k in range(seconds)]
    when = moments(truth, np.array(true_pressure(fields, CROWDED)))
    return Pressed(seed, run.rect, truth, when)


def run_up_trials(pressed: Pressed, model: ErrorModel, cameras: int) -> list[RunUpTrial]:
    """What so many `cameras` tell of one run-up, each with the errors of `model` in its own way.

    All look until people are crushed.
    """
    place, (seed, _, truth, when) = spot(pressed.rect), pressed
    until = len(truth.density) if math.isnan(when.crush) else round(when.crush)
    return [
        RunUpTrial(when, tuple(_watched(map(truth.at, range(until)), place, model, (seed, camera))))
        for camera in range(cameras)
    ]


def exact(now: Moment, t: float, place: Spot) -> Field:
    """The true field of one moment at `t` seconds: nothing is in doubt, and there is no noise."""
    nothing = np.zeros(now.density.shape)
    return Field(
        place.view.grid(), t, now.density, now.velocity[..., 0], now.velocity[..., 1],
        now.variance, nothing, nothing, place.inside, nothing,
    )  # fmt: skip


def _watched(
    moments: Iterator[Moment], place: Spot, model: ErrorModel, seed: tuple[int, ...], every: int = 1
) -> list[Raised]:
    """What the watch raises over `moments`, `every` seconds apart, with the errors of `seed`."""
    erring = Erring(model, place.inside.shape, np.random.default_rng(seed))
    with (
        tempfile.TemporaryDirectory(prefix="plainview-evaluate-") as folder,
        closing(open_store(f"sqlite:{folder}/alerts.db", _KEEP)) as store,
    ):
        watch = Watching(place.ground, place.view, place.inside, store)
        told = readings(moments, place.view.grid(), erring, model.width, every)
        return [one for reading in told for one in watch.look(reading)]


@lru_cache(maxsize=1)
def normal_truth(day: int) -> tuple[Course, ...]:
    """Each kind of ordinary traffic, of one day's people, on NORMAL_PLACE."""
    place = spot(NORMAL_PLACE)
    return tuple(
        _laid(loop.walks, loop.rect, round(loop.period), place) for loop in loops(1000 * day)
    )


def normal_traffic(
    courses: Sequence[Course], stretch: int, model: ErrorModel, hours: float = STRETCH
) -> list[Raised]:
    """What one camera raises over `hours` of ordinary traffic: all of it wrongly.

    `courses` come in an order drawn from the number `stretch`; one turns into another in a minute.
    """
    generator = np.random.default_rng((7, stretch))
    seconds = round(hours * 3600)
    order = generator.integers(0, len(courses), seconds // STAY + 2)

    def traffic() -> Iterator[Moment]:
        for k in range(0, seconds, EVERY):
            part, into = divmod(k, STAY)
            now = courses[order[part]].at(k)
            left = STAY - into
            if left <= BLEND:
                now = mixed(now, courses[order[part + 1]].at(k), 1 - left / BLEND)
            yield now

    return _watched(traffic(), spot(NORMAL_PLACE), model, (11, stretch), EVERY)


def _laid(walks: Trajectories, rect: Rect, seconds: int, place: Spot) -> Course:
    """The course of `walks` with the corner of `rect` laid on that of `place`."""
    moved = Trajectories(
        walks.rate, walks.frame, walks.x - rect[0], walks.y - rect[1], walks.people, walks.offset,
        walks.height,
    )  # fmt: skip
    whole = truth_of(moved, place, seconds)
    nx, ny = round(rect[2] - rect[0]), round(rect[3] - rect[1])
    on = np.zeros(place.inside.shape)
    on[:ny, :nx] = 1.0
    return Course(whole.density * on, whole.velocity * on[..., None], whole.variance * on)
