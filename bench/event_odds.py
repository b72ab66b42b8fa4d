"""What tells smoke and flame from all else on rendered scenes, and the weights that it gives.

Each development scene that `plainview evaluate events --part tune --keep FOLDER` has left in FOLDER
is measured again; every plume and every place that flickers is noted with its measures (boil.py,
flicker.py). What is noted after a fire has begun in a scene is taken for that fire, everything in
scenes without one for none. Printed are the weights of a logistic regression on the noted measures,
beside those that are used: rounded, from 33 scenes (smoke) and 42 (flame), and kept from sums that
only looked at the places of the fires.

    python bench/event_odds.py FOLDER
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from plainview.app.specs import clip_specs
from plainview.config import load_camera
from plainview.evaluate.event_truth import read_event_truth
from plainview.record import EventKind
from plainview.vision.decoder import chroma, luma
from plainview.vision.events import boil, eyes, fire, flame, flicker, plume, veil
from plainview.vision.events.detector import Sighting
from plainview.vision.events.seen import Seen
from plainview.vision.measure import Measurer

RATE = 5.0
"""Frames a second that are measured."""
RIDGE = 0.3


class Noted(NamedTuple):
    """One look at one place."""

    t: float
    measures: tuple[float, ...]


class Notes:
    """Owns what was noted of smoke and of flame in one scene."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.t = 0.0
        self.smoke: list[Noted] = []
        self.flame: list[Noted] = []

    def watch(self) -> None:
        """Note from now on what the detectors ask of their measures."""
        notes = self

        class Boil(boil.Boil):
            def likely(self, core: veil.Mask) -> float:
                notes.smoke.append(Noted(notes.t, tuple(self.measures(core))))
                return super().likely(core)

        def flickering(stack: flicker.F32, over: float, soot: float) -> float:
            notes.flame.append(Noted(notes.t, tuple(flicker.measured(stack, over, soot))))
            return flicker.flickering(stack, over, soot)

        class Fire(fire.Fire):
            def look(self, seen: Seen) -> list[Sighting]:
                notes.t = seen.t
                return super().look(seen)

        vars(eyes)["Fire"] = Fire
        vars(plume)["Boil"] = Boil
        vars(flame)["flickering"] = flickering


def look(folder: Path) -> tuple[Notes, float]:
    """What was noted in the scene in `folder`, and the seconds at which a fire began in it."""
    _, spec = clip_specs(load_camera(folder / "camera.toml"), str(folder / "video.mp4"))
    measurer, notes = Measurer(spec), Notes()
    notes.watch()
    with av.open(str(folder / "video.mp4")) as film:
        rate = float(film.streams.video[0].average_rate or RATE)
        every = max(round(rate / RATE), 1)
        for k, frame in enumerate(film.decode(video=0)):
            if k % every == 0:
                measurer.frame(
                    np.ascontiguousarray(luma(frame)), k / rate, key=bool(frame.key_frame),
                    chroma=chroma(frame),
                )  # fmt: skip
    # What comes while the scene is learned is looked at when it is.
    measurer.finish()
    truth = read_event_truth(folder / "events.json")
    burns = [event.start for event in truth.events if event.kind is EventKind.FIRE]
    return notes, min(burns, default=np.inf)


def fit(x: NDArray[np.float64], y: NDArray[np.bool_], weight: NDArray[np.float64]) -> list[float]:
    """Bias and weights of a ridge logistic regression, both classes alike in sum (Newton)."""
    a = np.column_stack((np.ones(len(x)), x))
    for one in (y, ~y):
        weight = np.where(one, weight * 30 / max(float(weight[one].sum()), 1e-9), weight)
    w = np.zeros(a.shape[1])
    ridge = RIDGE * np.diag([0.0, *np.ones(a.shape[1] - 1)]) + 1e-6 * np.eye(a.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(a @ w, -50, 50)))
        hessian = (a * (weight * p * (1 - p))[:, None]).T @ a + ridge
        w -= np.linalg.solve(hessian, a.T @ (weight * (p - y)) + ridge @ w)
    return [float(one) for one in w]


def say(
    name: str,
    scenes: list[tuple[Notes, float]],
    of: Callable[[Notes], list[Noted]],
    used: tuple[tuple[str, ...], list[float]],
) -> None:
    """Print one table: the weights that these scenes give, beside those that are `used`."""
    rows: list[tuple[float, ...]] = []
    burns: list[bool] = []
    weights: list[float] = []
    for notes, start in scenes:
        noted = [one for one in of(notes) if start == np.inf or one.t > start + 1]
        rows += [one.measures for one in noted]
        burns += [start < np.inf] * len(noted)
        weights += [max(len(noted), 1) ** -0.5] * len(noted)
    y = np.array(burns, dtype=np.bool_)
    print(f"\n{name}: {np.count_nonzero(y)} looks with a fire, {np.count_nonzero(~y)} without")
    if not y.any() or y.all():
        print("both are needed")
        return
    fields, now = used
    print(f"{'':10} {'fitted':>8} {'used':>8}")
    fitted = fit(np.array(rows), y, np.array(weights))
    for field, ours, theirs in zip(("bias", *fields), fitted, now, strict=True):
        print(f"{field:10} {ours:8.2f} {theirs:8.2f}")


def main() -> None:
    """Look at each scene, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--most", type=int, default=1000, help="scenes")
    asked = parser.parse_args()
    if asked.folder is None:
        print(
            "Name a folder that 'plainview evaluate events --part tune --keep FOLDER' has filled."
        )
        return
    found = sorted(path.parent for path in asked.folder.glob("*/events.json"))[: asked.most]
    scenes = [look(folder) for folder in found]
    for_smoke = (boil.Measures._fields, [boil.BIAS, *boil.WEIGHTS])
    say("smoke", scenes, lambda notes: notes.smoke, for_smoke)
    for_flame = (flicker.Flicker._fields, [flicker.BIAS, *flicker.WEIGHTS])
    say("flame", scenes, lambda notes: notes.flame, for_flame)


if __name__ == "__main__":
    main()
