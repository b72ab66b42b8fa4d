"""Velocity from pictures beside the walkers' own, by density, by speed and by camera; and its cost.

Recorded walks (Juelich) are rendered, laid on the head plane and measured with Piv. What a window
says is its middle's stream, so that the truth is the mean velocity of those whose bodies (squares
of 0.4 m) lie in its middle, each by how much; density and spread are those of a square of 1.5 m.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.evaluate.table import number, percent, table
from plainview.geometry import Point
from plainview.synth.camera import Camera, hung
from plainview.synth.catalogue import SCENES
from plainview.synth.recorded import juelich
from plainview.synth.render import Renderer
from plainview.synth.simulate import empty
from plainview.synth.trajectories import Trajectories
from plainview.vision.dense import window
from plainview.vision.headplane import SCALE, HeadPlane, head_plane
from plainview.vision.piv import Luma, Piv

LIMIT = 0.1
"""m/s, of issue 3."""
RATE = 10
"""Frames rendered a second."""
MIDDLE = 0.75
"""Metres a side of the middle of a window."""
WIDE = 1.5
"""Metres a side of the square in which people are counted, and go different ways."""
HALF_BODY = 0.2
"""Metres."""
HALF_A_BODY = 0.5
"""People in a window's middle from which it has a velocity."""
LEAST = 1.0
"""people/m² from which a window counts as crowd."""
LANES = 0.3
"""m/s of spread about the mean in a window from which people go different ways."""
BIG = (1280, 720)
_Floats = NDArray[np.float64]


class Case(NamedTuple):
    """One crowd before one camera."""

    name: str
    walks: str
    begin: float
    scene: str
    """Whose world and light."""
    camera: Camera
    area: tuple[Point, ...]


def _area(width: float, low: float = -3.5) -> tuple[Point, ...]:
    return ((0.0, low), (width, low), (width, 3.5), (0.0, 3.5))


_ONE, _TWO, _DENSE = "uo-180-180-070", "bo-360-120-120", "bot-360-160-160"
_HIGH = hung("high", at=(0.9, -8.5), height=7.5, towards=(0.9, 0.0), hfov=50, size=BIG)
_LOW = hung("low", at=(0.9, -10.0), height=4.5, towards=(0.9, 0.0), hfov=50, size=BIG)
_STEEP = hung("steep", at=(1.8, -3.5), height=9.0, towards=(1.8, 0.0), hfov=60, size=BIG)
_SIDE = hung("side", at=(-6.5, -7.0), height=7.0, towards=(1.8, 0.0), hfov=52, size=BIG)
CASES = (
    Case("one way, 7.5 m up", _ONE, 28.0, "juelich-uo", _HIGH, _area(1.8)),
    Case("one way, 4.5 m up", _ONE, 28.0, "juelich-uo", _LOW, _area(1.8)),
    Case("two ways mixed, 9 m up, steep", _DENSE, 30.0, "juelich-bo", _STEEP, _area(3.6, -2.0)),
    Case("two ways in lanes, 7 m up, aslant", _TWO, 30.0, "juelich-bo", _SIDE, _area(3.6)),
)


class Film(NamedTuple):
    """A case's pictures on the head plane."""

    case: Case
    plane: HeadPlane
    pictures: list[Luma]
    plate: Luma
    walks: Trajectories


class Found(NamedTuple):
    """Of n valid windows."""

    density: _Floats
    speed: _Floats
    """True, m/s."""
    spread: _Floats
    """m/s of those in the window about their mean."""
    error: _Floats
    """(n, 2) m/s."""
    noise: _Floats


def film(case: Case, seconds: float) -> Film:
    """Render `case`. Raises InputError where the recorded walks are not at hand."""
    scene = SCENES[case.scene]
    walks = juelich(case.walks, case.begin)(seconds, 1)
    plane = head_plane(case.camera.matrix(), case.camera.size, case.area)
    if plane is None:
        raise SystemExit(f"{case.name}: the camera does not see the head plane")
    shown, bare = (
        Renderer(scene.world, case.camera, one, scene.light, sensor=scene.sensor, seed=1)
        for one in (walks, empty())
    )
    pictures = [plane.seen(_grey(shown.frame(k / RATE))) for k in range(round(seconds * RATE))]
    return Film(case, plane, pictures, plane.seen(_grey(bare.frame(0.0))), walks)


def _grey(picture: NDArray[np.uint8]) -> Luma:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def measured(shot: Film, every: int, step: float, *, plate: bool) -> Iterator[Found]:
    """Each field with its truth, from every `every`-th picture."""
    plane = shot.plane
    piv = Piv(SCALE, window(plane.size), step, plate=shot.plate if plate else None)
    at = piv.centres(shot.pictures[0].shape).reshape(-1, 2)
    centres = np.column_stack((at, np.ones(len(at)))) @ plane.ground.T
    low, high = np.array(shot.case.area).min(axis=0), np.array(shot.case.area).max(axis=0)
    inside = ((centres >= low + 0.3) & (centres <= high - 0.3)).all(axis=1)
    # Windows lie along the plane's axes, and so must the bodies that are laid over them.
    axes = plane.ground[:, :2] / SCALE
    gap = every / RATE
    compared = min(round(1.25 * step / gap - 0.01), 99) * gap
    for k in range(0, len(shot.pictures), every):
        field = piv.measure(shot.pictures[k], gap, plane.valid)
        if k / RATE < max(compared, 1.0):
            continue
        moment = shot.walks.at(k / RATE - compared / 2)
        apart = np.abs((centres[:, None] - moment.position[None]) @ axes)
        share = _within(apart, WIDE)
        people = share.sum(axis=1)
        whole = _mean(share, moment.velocity)
        square = _mean(share, moment.velocity**2).sum(axis=1)
        spread = np.sqrt(np.maximum(square - (whole**2).sum(axis=1), 0))
        middle = _within(apart, MIDDLE)
        true = _mean(middle, moment.velocity)
        velocity = plane.turned(field.velocities).reshape(-1, 2)
        use = inside & field.valid.ravel() & (people / WIDE**2 >= LEAST)
        use &= middle.sum(axis=1) >= HALF_A_BODY
        yield Found(
            people[use] / WIDE**2, np.hypot(*true[use].T), spread[use],
            velocity[use] - true[use], field.noise.ravel()[use].astype(np.float64),
        )  # fmt: skip


def _within(apart: _Floats, side: float) -> _Floats:
    """(n, people) parts of bodies, `apart` (n, people, 2) metres away, in squares of `side`."""
    return np.asarray(np.clip((side / 2 + HALF_BODY - apart) / (2 * HALF_BODY), 0, 1).prod(axis=-1))


def _mean(share: _Floats, values: _Floats) -> _Floats:
    """(n, 2) means of `values` (people, 2) by `share` (n, people)."""
    return np.asarray(share @ values / np.maximum(share.sum(axis=1), 1e-9)[:, None])


def joined(parts: Sequence[Found]) -> Found:
    """All windows of all fields."""
    return Found(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def picked(found: Found, use: NDArray[np.bool_]) -> Found:
    """The windows in `use` (n,)."""
    return Found(*(column[use] for column in found))


HEAD = ("crowd", "windows", "which", "n", "speed", "error, m/s", "limit", "bias", "noise",
        "error / noise", "beyond 2 (5 %)")  # fmt: skip


def row(name: str, windows: str, which: str, found: Found) -> tuple[str, ...]:
    """Mean error beside the limit, and how it compares with the noise floor of its component."""
    if len(found.noise) < 20:
        return (name, windows, which, str(len(found.noise)), *["-"] * 7)
    ratio = found.error / found.noise[:, None]
    return (
        name, windows, which, str(len(found.noise)), number(float(found.speed.mean())),
        number(float(np.hypot(*found.error.T).mean()), 3), f"{LIMIT}",
        number(float(np.hypot(*found.error.mean(axis=0))), 3),
        number(float(np.sqrt((found.noise**2).mean())), 3),
        number(float(np.sqrt((ratio**2).mean()))), percent(float(np.mean(np.abs(ratio) > 2))),
    )  # fmt: skip


def rows(case: str, found: Found) -> Iterator[tuple[str, ...]]:
    """By density and by speed, of windows in which all go one way; and those in which not."""
    for name, one in (("one way", found.spread < LANES), ("mixed", found.spread >= LANES)):
        part = picked(found, one)
        if len(part.noise) < 20:
            continue
        yield row(case, name, "all", part)
        for low, high in ((1, 2), (2, 3), (3, 4), (4, 9)):
            here = (part.density >= low) & (part.density < high)
            if here.sum() >= 20:
                yield row("", "", f"{low} to {high}/m²", picked(part, here))
        for slow, fast in ((0.0, 0.3), (0.3, 0.6), (0.6, 1.0), (1.0, 3.0)):
            here = (part.speed >= slow) & (part.speed < fast)
            if here.sum() >= 20:
                yield row("", "", f"{slow} to {fast} m/s", picked(part, here))


def cost(shot: Film) -> list[tuple[str, ...]]:
    """CPU milliseconds of one field and one picture in between, of 200 x 200 pixels."""
    pictures = [cv2.resize(one, (200, 200)) for one in shot.pictures[:24]]
    found: list[tuple[str, ...]] = []
    for name, gap in (("pictures every 0.2 s", 0.2), ("one a step, 0.5 s", 0.5)):
        piv = Piv(SCALE)
        seen: list[float] = []
        field: list[float] = []
        for k, picture in enumerate(pictures):
            begun = time.process_time()
            (piv.measure if k % 2 else piv.see)(np.asarray(picture), gap)
            (field if k % 2 else seen).append(1000 * (time.process_time() - begun))
        found.append((name, number(min(seen[2:]), 1), number(min(field[2:]), 1), "15"))
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    found: list[tuple[str, ...]] = []
    brief: list[tuple[str, ...]] = []
    shot = None
    for case in CASES:
        sys.stderr.write(f"rendering {case.name}\n")
        shot = film(case, chosen.seconds)
        found += rows(case.name, joined(list(measured(shot, 2, 0.5, plate=True))))
        for about, every, plate in (
            ("every 0.2 s, no plate", 2, False), ("every 0.5 s, plate", 5, True)
        ):  # fmt: skip
            brief.append(
                row(case.name, about, "all", joined(list(measured(shot, every, 0.5, plate=plate))))
            )
    print(
        "Rendered from recorded walks, in windows as a lens has them where at least one person/m² "
        "is; a picture "
        "every 0.2 s, plate known.\nError: mean length of measured less true velocity. "
        "Error / noise: root mean square for one component, 1 if the noise floor is honest;\n"
        "its three factors in vision/piv.py were fitted on the first three crowds, so that "
        "there it is no proof.\n"
    )
    print(table(HEAD, found, words=3))
    print("\nThe same with less known: all windows.\n")
    print(table(HEAD, brief, words=3))
    print("\nCPU time on one core for 200 x 200 pixels, ms, the least of several.\n")
    if shot is not None:
        print(table(("pictures", "a picture seen", "a field", "limit"), cost(shot)))


if __name__ == "__main__":
    main()
